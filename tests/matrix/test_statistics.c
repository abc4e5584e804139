/* test_statistics.c: location, spread, the bootstrap and profiles, against worked examples, plain
 * sorting, and what a failure must do to each of them. */
#include "matrix/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "support/random.h"

#define NONE   ((double)NAN)
#define FAILED (-HUGE_VAL)
#define BEST   HUGE_VAL

/* Equal, NaN and NaN being equal too. */
static void assert_same(double value, double expected)
{
    ck_assert_msg(value == expected || (isnan(value) && isnan(expected)), "%.17g is not %.17g",
                  value, expected);
}

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

/* n values, of both signs and many sizes, some of them equal or infinite. */
static void fill(double *x, size_t n, uint64_t seed)
{
    const random_stream stream = random_open(seed, RANDOM_GENERATE, 0);

    for (size_t i = 0; i < n; i++) {
        const double number = random_normal(stream, 2 * i);
        const uint64_t kind = random_below(stream, 2 * i + 1, 8);
        x[i] = kind == 0 ? FAILED : kind == 1 ? round(number) : ldexp(number, (int)kind * 20 - 80);
    }
}

/* ---- mean and deviation ---- */

typedef struct example {
    size_t n;
    double x[9], expected;
} example;

static void check(const example *table, size_t count, double (*function)(const double *, size_t))
{
    for (size_t i = 0; i < count; i++) {
        const double value = function(table[i].x, table[i].n);
        ck_assert_msg(value == table[i].expected || (isnan(value) && isnan(table[i].expected)),
                      "example %zu: %.17g", i, value);
    }
}

START_TEST(a_mean_knows_no_number_beyond_a_failure)
{
    const example table[] = {
        {0, {0}, NONE},
        {1, {7}, 7},
        {3, {1, 2, 6}, 3},
        {3, {0.1, 0.1, 0.1}, 0.1},
        {3, {1, FAILED, 3}, FAILED},
        {2, {FAILED, FAILED}, FAILED},
        {2, {1, BEST}, BEST},
        {3, {FAILED, BEST, FAILED}, FAILED},
        {4, {BEST, 3, FAILED, 5}, 2}, /* these two cancel */
        {4, {3, BEST, FAILED, 5}, 2},
        {3, {1, NONE, 2}, NONE},
    };

    check(table, sizeof(table) / sizeof(table[0]), statistics_mean);
}
END_TEST

START_TEST(a_deviation_divides_by_one_less)
{
    const example table[] = {
        {0, {0}, NONE},
        {1, {7}, NONE},
        {2, {1, 3}, 1.4142135623730951},
        {8, {2, 4, 4, 4, 5, 5, 7, 9}, 2.138089935299395},
        {3, {0.1, 0.1, 0.1}, 0},
        {2, {FAILED, FAILED}, 0},
        {3, {1, FAILED, 3}, BEST},
        {2, {FAILED, BEST}, BEST},
        {3, {1, NONE, 2}, NONE},
    };

    check(table, sizeof(table) / sizeof(table[0]), statistics_deviation);
}
END_TEST

/* ---- quantiles ---- */

START_TEST(quantiles_lie_between_order_statistics)
{
    const struct {
        size_t n;
        double x[4], q, expected;
    } table[] = {
        {0, {0}, 0.5, NONE},         {1, {7}, 0.3, 7},
        {4, {4, 2, 1, 3}, 0, 1},     {4, {4, 2, 1, 3}, 0.25, 1.75},
        {4, {4, 2, 1, 3}, 0.5, 2.5}, {4, {4, 2, 1, 3}, 1, 4},
        {2, {-1, 3}, 0.75, 2},       {2, {1, 2}, -0.5, NONE},
        {2, {1, 2}, 1.5, NONE},      {2, {1, 2}, NONE, NONE},
        {2, {1, NONE}, 0, NONE},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_same(statistics_quantile(table[i].x, table[i].n, table[i].q), table[i].expected);
}
END_TEST

START_TEST(a_quantile_is_infinite_only_if_it_takes_infinity_in)
{
    const struct {
        size_t n;
        double x[5], q, expected;
    } table[] = {
        {5, {FAILED, 1, 2, 3, 4}, 0.25, 1},   {5, {FAILED, 1, 2, 3, 4}, 0.2, FAILED},
        {5, {FAILED, 1, 2, 3, 4}, 0, FAILED}, {3, {1, 2, BEST}, 0.5, 2},
        {3, {1, 2, BEST}, 0.75, BEST},        {3, {FAILED, FAILED, 1}, 0.25, FAILED},
        {2, {FAILED, BEST}, 0.25, FAILED},    {2, {FAILED, BEST}, 0.75, BEST},
        {2, {FAILED, BEST}, 0.5, 0},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_same(statistics_quantile(table[i].x, table[i].n, table[i].q), table[i].expected);
}
END_TEST

/* 100 * 0.29 is 28.999999999999996. */
START_TEST(a_place_that_is_whole_but_for_rounding_is_whole)
{
    double x[101];

    for (size_t i = 0; i < 101; i++)
        x[i] = i < 29 ? FAILED : (double)i;
    ck_assert_double_eq(statistics_quantile(x, 101, 0.29), 29);
}
END_TEST

START_TEST(quantiles_at_whole_places_are_the_values_in_order)
{
    double x[130], sorted[130];

    for (size_t n = 2; n < 130; n++) {
        fill(x, n, n);
        memcpy(sorted, x, sizeof(x));
        qsort(sorted, n, sizeof(*sorted), ascending);
        for (size_t i = 0; i < n; i++)
            assert_same(statistics_quantile(x, n, (double)i / (double)(n - 1)), sorted[i]);
    }
}
END_TEST

/* ---- the interquartile mean ---- */

START_TEST(an_iqm_is_the_mean_of_the_middle_half)
{
    const example table[] = {
        {0, {0}, NONE},
        {1, {7}, 7},
        {2, {1, 2}, 1.5},
        {3, {1, 2, 6}, 3},
        {4, {9, 2, 3, -9}, 2.5},
        {8, {1, 2, 2, 2, 1, 1, 2, 1}, 1.5}, /* Agarwal et al.'s own test */
        {5, {1, 2, 3, 4, 100}, 3},
        {8, {1, 1, 1, 1, 1, 2, 2, 2}, 1.25},
        {8, {2, 2, 2, 2, 1, 3, 3, 3}, 2.25},
        {5, {0.1, 0.1, 0.1, 0.1, 9}, 0.1},
        {5, {1, NONE, 2, 3, 4}, NONE},
    };

    check(table, sizeof(table) / sizeof(table[0]), statistics_iqm);
}
END_TEST

START_TEST(an_iqm_fails_where_failures_reach_into_the_middle_half)
{
    const example table[] = {
        {1, {FAILED}, FAILED},
        {3, {1, FAILED, 2}, FAILED},
        {4, {1, FAILED, 2, 3}, 1.5},
        {4, {FAILED, FAILED, 2, 3}, FAILED},
        {4, {FAILED, FAILED, FAILED, FAILED}, FAILED},
        {8, {4, FAILED, 1, FAILED, 2, 3, 5, 6}, 2.5},
        {8, {4, FAILED, 1, FAILED, 2, 3, 5, FAILED}, FAILED},
        {4, {1, 2, 3, BEST}, 2.5},
        {4, {1, 2, BEST, BEST}, BEST},
        {4, {FAILED, FAILED, BEST, BEST}, 0},
        {8, {FAILED, FAILED, FAILED, 1, 5, BEST, BEST, BEST}, 1.5},
        {8, {FAILED, FAILED, FAILED, FAILED, 5, BEST, BEST, BEST}, FAILED},
    };

    check(table, sizeof(table) / sizeof(table[0]), statistics_iqm);
}
END_TEST

/* By sorting; without INFINITY among the values. */
static double iqm_by_sorting(const double *x, size_t n)
{
    double sorted[256], sum = 0;
    const size_t g = n / 4;

    memcpy(sorted, x, n * sizeof(*x));
    qsort(sorted, n, sizeof(*sorted), ascending);
    for (size_t i = g; i < n - g; i++)
        sum += sorted[i];
    return sum / (double)(n - 2 * g);
}

static void assert_near(double value, double expected)
{
    if (isinf(expected))
        ck_assert_msg(value == expected, "%.17g is not infinite", value);
    else
        ck_assert_msg(fabs(value - expected) <= 1e-13 * fmax(1, fabs(expected)),
                      "%.17g is not %.17g", value, expected);
}

START_TEST(an_iqm_is_that_of_the_sorted_values)
{
    double x[200];

    for (size_t n = 1; n < 200; n++) {
        fill(x, n, n);
        for (size_t i = 0; i < n; i++)
            x[i] = isinf(x[i]) ? x[i] : remainder(x[i], 4);
        assert_near(statistics_iqm(x, n), iqm_by_sorting(x, n));
    }
}
END_TEST

/* ---- the bootstrap ---- */

static statistics_interval bootstrap(const double *x, const size_t *count, size_t strata,
                                     statistics_rule rule, size_t replicates, uint64_t seed)
{
    statistics_interval interval;
    plx_error error = {0};

    ck_assert(
        statistics_bootstrap(x, count, strata, rule, 0.05, replicates, seed, &interval, &error));
    ck_assert_int_eq(error.code, ERROR_NONE);
    return interval;
}

/* The 2.5 % and 97.5 % quantiles of the distribution over all n^n resamples of n values. */
static statistics_interval all_resamples(const double *x, size_t n, statistics_rule rule)
{
    size_t count = 1;
    double drawn[5], *mean;

    for (size_t i = 0; i < n; i++)
        count *= n;
    ck_assert_ptr_nonnull(mean = calloc(count, sizeof(*mean)));
    for (size_t which = 0; which < count; which++) {
        for (size_t i = 0, rest = which; i < n; i++, rest /= n)
            drawn[i] = x[rest % n];
        mean[which] = rule == STATISTICS_IQM ? statistics_iqm(drawn, n) : statistics_mean(drawn, n);
    }
    qsort(mean, count, sizeof(*mean), ascending);
    const statistics_interval interval = {mean[(size_t)(0.025 * (double)count)],
                                          mean[(size_t)(0.975 * (double)count)]};
    free(mean);
    return interval;
}

START_TEST(the_interval_of_few_values_is_that_of_all_their_resamples)
{
    const double x[][5] = {
        {1, 2, 3}, {0, 1, 1, 8}, {3, 1, 4, 1, 5}, {FAILED, 1, 2, 4, 8}, {FAILED, FAILED, 1}};
    const size_t n[] = {3, 4, 5, 5, 3};

    for (size_t i = 0; i < 5; i++)
        for (statistics_rule rule = STATISTICS_MEAN; rule <= STATISTICS_IQM; rule++) {
            const statistics_interval all = all_resamples(x[i], n[i], rule);
            const statistics_interval some = bootstrap(x[i], &n[i], 1, rule, 50000, 1);
            assert_near(some.lo, all.lo);
            assert_near(some.hi, all.hi);
        }
}
END_TEST

START_TEST(the_mean_of_1_2_3_lies_between_1_and_3)
{
    const double x[] = {1, 2, 3};
    const size_t n = 3;
    const statistics_interval interval = bootstrap(x, &n, 1, STATISTICS_MEAN, 50000, 0);

    ck_assert_double_eq(interval.lo, 1);
    ck_assert_double_eq(interval.hi, 3);
}
END_TEST

START_TEST(runs_are_drawn_within_their_stratum)
{
    const double x[] = {0, 0, 0, 0, 5, 5, 5, 5, 5};
    const size_t apart[] = {4, 0, 5}, together = 9;
    const statistics_interval one = bootstrap(x, apart, 3, STATISTICS_MEAN, 1000, 1);
    const statistics_interval other = bootstrap(x, &together, 1, STATISTICS_MEAN, 1000, 1);

    ck_assert_double_eq_tol(one.lo, 25.0 / 9, 1e-15);
    ck_assert_double_eq_tol(one.hi, 25.0 / 9, 1e-15);
    ck_assert(other.lo < 2 && other.hi > 3);
}
END_TEST

/* The IQM or mean of one replicate, from the same random words, by the plain functions. A word gives
 * as many draws of one among `count`, four at most, as count to that power stays within 2^16. */
static double replicate(const double *x, const size_t *count, size_t strata, statistics_rule rule,
                        uint64_t seed)
{
    const random_stream stream = random_open(seed, RANDOM_RESAMPLE, 0);
    double drawn[400];
    uint32_t block[4], word = 0;
    size_t n = 0, words = 0;

    for (size_t s = 0; s < strata; x += count[s++]) {
        const size_t draws = count[s] <= 16 ? 4 : count[s] <= 40 ? 3 : count[s] <= 256 ? 2 : 1;
        for (size_t i = 0; i < count[s]; i++, n++) {
            if (i % draws == 0) {
                random_block(stream, words / 4, block);
                word = block[words++ % 4];
            }
            drawn[n] = x[(uint64_t)word * count[s] >> 32];
            word *= (uint32_t)count[s];
        }
    }
    return rule == STATISTICS_IQM ? statistics_iqm(drawn, n) : statistics_mean(drawn, n);
}

START_TEST(a_replicate_is_the_figure_of_what_was_drawn)
{
    double x[400];

    for (size_t n = 3; n < 400; n += n < 200 ? 1 : 99) {
        const size_t count[] = {1, n / 3, n - 1 - n / 3};
        fill(x, n, n);
        for (size_t i = 0; i < n; i++)
            x[i] = n % 5 == 0 && i % 7 == 0 ? BEST : isinf(x[i]) ? x[i] : remainder(x[i], 4);
        for (statistics_rule rule = STATISTICS_MEAN; rule <= STATISTICS_IQM; rule++) {
            const statistics_interval one = bootstrap(x, count, 3, rule, 1, n);
            assert_near(one.lo, replicate(x, count, 3, rule, n));
            assert_near(one.hi, one.lo);
        }
    }
}
END_TEST

/* The figures are those of exact fractions, with random words worked out apart from this code. */
START_TEST(the_same_seed_gives_the_same_bits)
{
    double x[100];
    const size_t count[] = {40, 60};
    const random_stream stream = random_open(1, RANDOM_GENERATE, 0);

    for (size_t i = 0; i < 100; i++)
        x[i] = (double)random_below(stream, i, 1000);
    const statistics_interval one = bootstrap(x, count, 2, STATISTICS_IQM, 500, 7);
    const statistics_interval other = bootstrap(x, count, 2, STATISTICS_IQM, 500, 8);
    ck_assert(one.lo != other.lo && one.hi != other.hi);
    const statistics_interval again = bootstrap(x, count, 2, STATISTICS_IQM, 500, 7);
    ck_assert(one.lo == again.lo && one.hi == again.hi);
    assert_near(one.lo, 454.2635);
    assert_near(one.hi, 603.0415);
}
END_TEST

START_TEST(a_smaller_alpha_gives_a_wider_interval)
{
    double x[50];
    const size_t n = 50;
    statistics_interval narrow, wide;

    for (size_t i = 0; i < n; i++)
        x[i] = (double)(i * i % 50);
    ck_assert(statistics_bootstrap(x, &n, 1, STATISTICS_IQM, 0.5, 2000, 1, &narrow, NULL));
    ck_assert(statistics_bootstrap(x, &n, 1, STATISTICS_IQM, 0.01, 2000, 1, &wide, NULL));
    ck_assert(wide.lo < narrow.lo && narrow.lo < narrow.hi && narrow.hi < wide.hi);
}
END_TEST

START_TEST(intervals_of_what_does_not_vary)
{
    const example table[] = {
        {0, {0}, NONE},
        {1, {0.3}, 0.3},
        {3, {0.1, 0.1, 0.1}, 0.1},
        {5, {FAILED, FAILED, FAILED, FAILED, FAILED}, FAILED},
        {3, {1, NONE, 2}, NONE},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        for (statistics_rule rule = STATISTICS_MEAN; rule <= STATISTICS_IQM; rule++) {
            const statistics_interval of = bootstrap(table[i].x, &table[i].n, 1, rule, 200, 1);
            assert_same(of.lo, table[i].expected);
            assert_same(of.hi, table[i].expected);
        }
    const size_t n = 1;
    const double x = 1;
    assert_same(bootstrap(&x, &n, 1, STATISTICS_MEAN, 0, 1).lo, NONE);
    assert_same(bootstrap(NULL, NULL, 0, STATISTICS_MEAN, 100, 1).hi, NONE);
}
END_TEST

START_TEST(more_replicates_than_memory_has_are_an_error)
{
    const double x[] = {1, 2};
    const size_t n = 2;
    statistics_interval interval;
    plx_error error = {0};

    ck_assert(
        !statistics_bootstrap(x, &n, 1, STATISTICS_MEAN, 0.05, SIZE_MAX / 2, 1, &interval, &error));
    ck_assert_int_eq(error.code, ERROR_RUN);
    ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

/* ---- profiles ---- */

START_TEST(a_profile_counts_what_was_solved_in_time)
{
    const double cost[] = {10, 20, 31, BEST, BEST, 0};
    const double reference[] = {10, 10, 10, 10, BEST, 0};

    ck_assert_double_eq(statistics_profile(cost, reference, 4, 1), 0.25);
    ck_assert_double_eq(statistics_profile(cost, reference, 4, 2), 0.5);
    ck_assert_double_eq(statistics_profile(cost, reference, 4, 3), 0.5);
    ck_assert_double_eq(statistics_profile(cost, reference, 4, 3.1), 0.75);
    ck_assert_double_eq(statistics_profile(cost, reference, 4, BEST), 0.75);
    ck_assert_double_eq(statistics_profile(cost + 4, reference + 4, 1, 5), 0);
    ck_assert_double_eq(statistics_profile(cost + 5, reference + 5, 1, 1), 1);
    assert_same(statistics_profile(cost, reference, 0, 1), NONE);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/statistics");
    TCase *location = tcase_create("location"), *resampling = tcase_create("bootstrap");
    TCase *profiles = tcase_create("profiles");

    tcase_add_test(location, a_mean_knows_no_number_beyond_a_failure);
    tcase_add_test(location, a_deviation_divides_by_one_less);
    tcase_add_test(location, quantiles_lie_between_order_statistics);
    tcase_add_test(location, a_quantile_is_infinite_only_if_it_takes_infinity_in);
    tcase_add_test(location, a_place_that_is_whole_but_for_rounding_is_whole);
    tcase_add_test(location, quantiles_at_whole_places_are_the_values_in_order);
    tcase_add_test(location, an_iqm_is_the_mean_of_the_middle_half);
    tcase_add_test(location, an_iqm_fails_where_failures_reach_into_the_middle_half);
    tcase_add_test(location, an_iqm_is_that_of_the_sorted_values);
    tcase_add_test(resampling, the_interval_of_few_values_is_that_of_all_their_resamples);
    tcase_add_test(resampling, the_mean_of_1_2_3_lies_between_1_and_3);
    tcase_add_test(resampling, runs_are_drawn_within_their_stratum);
    tcase_add_test(resampling, a_replicate_is_the_figure_of_what_was_drawn);
    tcase_add_test(resampling, the_same_seed_gives_the_same_bits);
    tcase_add_test(resampling, a_smaller_alpha_gives_a_wider_interval);
    tcase_add_test(resampling, intervals_of_what_does_not_vary);
    tcase_add_test(resampling, more_replicates_than_memory_has_are_an_error);
    tcase_add_test(profiles, a_profile_counts_what_was_solved_in_time);
    suite_add_tcase(suite, location);
    suite_add_tcase(suite, resampling);
    suite_add_tcase(suite, profiles);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
