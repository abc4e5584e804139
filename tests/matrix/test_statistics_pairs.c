/* test_statistics_pairs.c: two treatments on the same problems, against published examples and
 * against counting by hand. */
#include <math.h>
#include <string.h>

#include "harness.h"
#include "matrix/statistics.h"
#include "support/random.h"

#define NONE   ((double)NAN)
#define FAILED (-HUGE_VAL)
#define BEST   HUGE_VAL

static statistics_wilcoxon_result wilcoxon(const double *difference, size_t n)
{
    statistics_wilcoxon_result result;
    plx_error error = {0};

    ck_assert(statistics_wilcoxon(difference, n, &result, &error));
    ck_assert_int_eq(error.code, ERROR_NONE);
    return result;
}

/* ---- Wilcoxon ---- */

START_TEST(published_examples_of_wilcoxon)
{
    const struct {
        size_t n;
        double d[15], plus, minus, p;
    } table[] = {
        {8, {-1, -2, -3, 4, 5, 6, 7, 8}, 30, 6, 0.109375},
        /* Darwin's maize, in Fisher 1935; p as in the manual of scipy */
        {15, {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48}, 96, 24, 0.041259765625},
        /* depression scores in Hollander and Wolfe 1973; R's wilcox.test: V = 40 */
        {9, {0.952, -0.147, 1.022, 0.43, 0.62, 0.59, 0.49, -0.08, 0.01}, 40, 5, 0.0390625},
    };

    for (size_t i = 0; i < 3; i++) {
        const statistics_wilcoxon_result result = wilcoxon(table[i].d, table[i].n);
        ck_assert_uint_eq(result.used, table[i].n);
        ck_assert_uint_eq(result.zeros, 0);
        ck_assert_double_eq(result.plus, table[i].plus);
        ck_assert_double_eq(result.minus, table[i].minus);
        ck_assert_double_eq(result.p, table[i].p);
        ck_assert(result.exact);
    }
}
END_TEST

/* C4.5+m less C4.5. Demsar keeps the 2 zeros: he gives both the rank 1.5, halves these between the
 * signs and ranks all others 2 higher, and so has 93 and 12. Of the 4096 sign patterns of the ranks
 * here 15 have a sum of at most 6.5. */
START_TEST(demsars_classifiers)
{
    const double c45[] = {.763, .599, .954, .628, .882, .936, .661,
                          .583, .775, 1.0,  .940, .619, .972, .957};
    const double c45_m[] = {.768, .591, .971, .661, .888, .931, .668,
                            .583, .838, 1.0,  .962, .666, .981, .978};
    double d[14];

    for (size_t i = 0; i < 14; i++)
        d[i] = c45_m[i] - c45[i];
    const statistics_wilcoxon_result result = wilcoxon(d, 14);
    ck_assert_uint_eq(result.used, 12);
    ck_assert_uint_eq(result.zeros, 2);
    ck_assert_double_eq(result.plus + 2 * 10 + 1.5, 93);
    ck_assert_double_eq(result.minus + 2 * 2 + 1.5, 12);
    ck_assert_double_eq(result.p, 2 * 15 / 4096.0);
}
END_TEST

START_TEST(the_least_p_is_that_of_one_pattern_and_its_mirror)
{
    double d[50];

    for (size_t n = 1; n <= 50; n++) {
        d[n - 1] = (double)(n * n);
        const statistics_wilcoxon_result result = wilcoxon(d, n);
        ck_assert_double_eq(result.p, ldexp(1, 1 - (int)n));
        ck_assert_double_eq(result.minus, 0);
    }
}
END_TEST

/* 2 P(W <= least), by writing down all sign patterns. */
static double p_by_patterns(const double *rank, size_t n, double least)
{
    size_t patterns = 0;

    for (size_t signs = 0; signs < (size_t)1 << n; signs++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (signs >> i & 1) != 0 ? rank[i] : 0;
        patterns += sum <= least ? 1 : 0;
    }
    return fmin(1, ldexp((double)patterns, 1 - (int)n));
}

START_TEST(ties_are_counted_as_they_are)
{
    for (uint64_t seed = 0; seed < 100; seed++) {
        const random_stream stream = random_open(seed, RANDOM_GENERATE, 0);
        const size_t n = 1 + (size_t)random_below(stream, 99, 11);
        double d[12], size[12], rank[12];
        for (size_t i = 0; i < n; i++) {
            d[i] = (double)random_below(stream, i, 5) + 1;
            size[i] = -d[i];
            d[i] = random_below(stream, 50 + i, 3) == 0 ? -d[i] : d[i];
        }
        statistics_ranks(size, n, rank);
        const statistics_wilcoxon_result result = wilcoxon(d, n);
        ck_assert_double_eq(result.plus + result.minus, (double)(n * (n + 1)) / 2);
        ck_assert_double_eq(result.p, p_by_patterns(rank, n, fmin(result.plus, result.minus)));
    }
}
END_TEST

/* 0.94 - 0.92, 0.96 - 0.94 and 0.1 - 0.08 are three different doubles. */
START_TEST(sizes_that_differ_by_rounding_are_tied)
{
    const double d[] = {0.94 - 0.92, 0.94 - 0.96, 0.1 - 0.08, 0.08};
    const statistics_wilcoxon_result result = wilcoxon(d, 4);

    ck_assert(d[0] != -d[1] && d[0] != d[2]);
    ck_assert_double_eq(result.minus, 2);
    ck_assert_double_eq(result.plus, 8);
}
END_TEST

START_TEST(sizes_that_differ_in_the_eighth_digit_are_not)
{
    const double d[] = {1, 1.0000001, -1.0000002};

    ck_assert_double_eq(wilcoxon(d, 3).minus, 3);
}
END_TEST

/* Accuracies on 30 rows: one more right, one more wrong. */
START_TEST(what_is_0_but_for_rounding_is_a_zero)
{
    const double noise = (20 / 30.0 - 21 / 30.0) + (23 / 30.0 - 22 / 30.0);
    const double accuracies[] = {noise, 1 / 30.0, -1 / 30.0, -noise, 2 / 30.0};
    const double one_far_off[] = {1e-6, -2e-6, 3e-6, 1e12};
    const double mostly_failed[] = {FAILED, 1e-6, 2, BEST, 3, FAILED, FAILED};
    const double all_noise[] = {noise, -noise, FAILED};

    ck_assert(noise != 0);
    ck_assert_uint_eq(wilcoxon(accuracies, 5).zeros, 2);
    ck_assert_double_eq(wilcoxon(accuracies, 5).plus, 4.5);
    ck_assert_double_eq(wilcoxon(accuracies, 5).minus, 1.5);
    ck_assert_uint_eq(wilcoxon(one_far_off, 4).zeros, 0);
    ck_assert_uint_eq(wilcoxon(mostly_failed, 7).zeros, 0);
    ck_assert_uint_eq(wilcoxon(all_noise, 3).zeros, 0); /* nothing tells it from a difference */
}
END_TEST

START_TEST(failures_take_the_largest_ranks)
{
    const double one[] = {1, 2, FAILED, 1e300, 4}, two[] = {BEST, -1, FAILED, 2};
    const double all[] = {BEST, BEST, BEST, BEST, BEST, BEST};

    ck_assert_double_eq(wilcoxon(one, 5).minus, 5);
    ck_assert_double_eq(wilcoxon(two, 4).plus, 2 + 3.5);
    ck_assert_double_eq(wilcoxon(two, 4).minus, 1 + 3.5);
    ck_assert_double_eq(wilcoxon(all, 6).plus, 21);
    ck_assert_double_eq(wilcoxon(all, 6).p, 2.0 / 64);
}
END_TEST

START_TEST(nothing_but_zeros_shows_nothing)
{
    const double d[] = {0, -0.0, NONE};

    for (size_t n = 0; n <= 3; n++) {
        const statistics_wilcoxon_result result = wilcoxon(d, n);
        ck_assert_uint_eq(result.used, 0);
        ck_assert_uint_eq(result.zeros, n);
        ck_assert_double_eq(result.p, 1);
        ck_assert_double_eq(result.z, 0);
    }
}
END_TEST

START_TEST(a_balance_has_a_p_of_1)
{
    const double d[] = {1, -1, 2, -2};

    ck_assert_double_eq(wilcoxon(d, 4).p, 1);
    ck_assert_double_eq(wilcoxon(d, 4).z, 0);
}
END_TEST

/* 1 .. 51, the negative ones adding up to 454: the exact p is 0.0500854, worked out apart. */
START_TEST(above_50_it_is_normal_and_close_to_exact)
{
    double d[51];

    for (size_t i = 0; i < 51; i++) {
        const size_t rank = i + 1;
        d[i] = (double)rank * (rank >= 44 || rank == 43 || rank == 31 ? -1 : 1);
    }
    const statistics_wilcoxon_result result = wilcoxon(d, 51);
    const double mean = 51 * 52 / 4.0, deviation = sqrt(51 * 52 * 103 / 24.0);
    ck_assert(!result.exact);
    ck_assert_double_eq(result.minus, 454);
    ck_assert_double_eq_tol(result.z, (mean - 454) / deviation, 1e-14);
    ck_assert_double_eq_tol(result.p, 0.05008539776708698, 5e-5);
    ck_assert(wilcoxon(d, 50).exact);
}
END_TEST

/* 60 ones and 20 minus ones: sign test, z = (60 - 20) / sqrt 80. */
START_TEST(the_normal_p_is_corrected_for_ties)
{
    double d[90] = {0};

    for (size_t i = 0; i < 80; i++)
        d[i] = i < 60 ? 1 : -1;
    const statistics_wilcoxon_result result = wilcoxon(d, 90);
    ck_assert_uint_eq(result.zeros, 10);
    ck_assert_double_eq_tol(result.z, 40 / sqrt(80), 1e-14);
    ck_assert_double_eq_tol(result.p, erfc(40 / sqrt(160)), 1e-18);
}
END_TEST

START_TEST(more_differences_than_memory_has_are_an_error)
{
    statistics_wilcoxon_result result;
    plx_error error = {0};

    ck_assert(!statistics_wilcoxon(NULL, SIZE_MAX / 4, &result, &error));
    ck_assert_int_eq(error.code, ERROR_RUN);
    ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

/* ---- Holm ---- */

START_TEST(holm_steps_down)
{
    const struct {
        size_t m;
        double p[4], adjusted[4];
    } table[] = {
        {4, {.01, .04, .03, .005}, {.03, .06, .06, .02}},
        {1, {.04}, {.04}},
        {2, {.6, .7}, {1, 1}},
        {3, {.02, .02, .02}, {.06, .06, .06}},
        {3, {1, 0, .5}, {1, 0, 1}},
        {0, {0}, {0}},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        double p[4];
        memcpy(p, table[i].p, sizeof(p));
        ck_assert(statistics_holm(p, table[i].m, NULL));
        for (size_t j = 0; j < table[i].m; j++)
            ck_assert_double_eq_tol(p[j], table[i].adjusted[j], 1e-16);
    }
}
END_TEST

START_TEST(more_comparisons_than_memory_has_are_an_error)
{
    double p = 1;
    plx_error error = {0};

    ck_assert(!statistics_holm(&p, SIZE_MAX / 4, &error));
    ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

/* ---- how many pairs ---- */

START_TEST(five_pairs_can_never_show_anything_at_5_percent)
{
    const struct {
        double alpha;
        size_t comparisons, least;
    } table[] = {
        {0.05, 0, 6}, {0.05, 1, 6}, {0.05, 2, 7},     {0.05, 3, 7},
        {0.05, 4, 8}, {0.01, 1, 8}, {0.0625, 1, 5},   {0.0625, 2, 6},
        {1, 1, 1},    {2, 1, 1},    {0, 1, SIZE_MAX}, {NONE, 1, SIZE_MAX},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        ck_assert_uint_eq(statistics_least_pairs(table[i].alpha, table[i].comparisons),
                          table[i].least);
}
END_TEST

START_TEST(a_clear_effect_needs_the_least)
{
    const double equal[] = {1, 1, 1, 1, 1}, rising[] = {1, 2, 3, 4, 5};
    const double against_failures[] = {BEST, BEST, BEST};

    ck_assert_uint_eq(statistics_pairs_needed(equal, 5, 0.05, 1), 6);
    ck_assert_uint_eq(statistics_pairs_needed(rising, 5, 0.05, 1), 6);
    ck_assert_uint_eq(statistics_pairs_needed(rising, 5, 0.05, 3), 7);
    ck_assert_uint_eq(statistics_pairs_needed(against_failures, 3, 0.05, 1), 6);
}
END_TEST

/* Half of all pairs show no difference: twice as many are needed. */
START_TEST(pairs_without_a_difference_do_not_count)
{
    const double d[] = {1, 0, 2, 0, 3, 0, 4, 0, 5, 0};

    ck_assert_uint_eq(statistics_pairs_needed(d, 10, 0.05, 1), 12);
}
END_TEST

START_TEST(no_number_is_in_sight_of_nothing)
{
    const double balance[] = {1, -1, 2, -2}, zeros[] = {0, 0, 0}, one[] = {3, 0};

    ck_assert_uint_eq(statistics_pairs_needed(balance, 4, 0.05, 1), SIZE_MAX);
    ck_assert_uint_eq(statistics_pairs_needed(zeros, 3, 0.05, 1), SIZE_MAX);
    ck_assert_uint_eq(statistics_pairs_needed(one, 2, 0.05, 1), SIZE_MAX);
    ck_assert_uint_eq(statistics_pairs_needed(NULL, 0, 0.05, 1), SIZE_MAX);
    ck_assert_uint_eq(statistics_pairs_needed(balance, 3, 0, 1), SIZE_MAX);
}
END_TEST

/* d from the signed ranks themselves; a failure is the largest of them, and no more than that. */
START_TEST(pairs_needed_follow_from_the_signed_ranks)
{
    const double difference[] = {1, 20, 3, FAILED, 9, -2, 8, 7, 6, 21};
    const double signed_rank[] = {1, 8, 3, -10, 7, -2, 6, 5, 4, 9};
    const double d = statistics_cohen_d(signed_rank, 10);

    for (size_t comparisons = 1; comparisons < 10; comparisons++) {
        const double root = statistics_normal_quantile(1 - 0.05 / (double)comparisons / 2) +
                            statistics_normal_quantile(0.8);
        const size_t expected = (size_t)ceil(root * root / (d * d));
        ck_assert_uint_gt(expected, 15);
        ck_assert_uint_eq(statistics_pairs_needed(difference, 10, 0.05, comparisons), expected);
    }
}
END_TEST

/* For normal numbers of mean 0.2 and deviation 1: ((1.960 + 0.842) / 0.2)^2 pi / 3 = 205.5. */
START_TEST(for_normal_numbers_it_is_the_t_tests_number_over_3_by_pi)
{
    double d[1999];

    for (size_t i = 0; i < 1999; i++)
        d[i] = 0.2 + statistics_normal_quantile((double)(i + 1) / 2000);
    ck_assert_double_eq_tol((double)statistics_pairs_needed(d, 1999, 0.05, 1), 205.5, 6);
}
END_TEST

/* ---- effect sizes ---- */

START_TEST(cohens_d_is_a_mean_in_deviations)
{
    const struct {
        size_t n;
        double x[4], d;
    } table[] = {
        {0, {0}, NONE},
        {1, {1}, NONE},
        {3, {1, 2, 3}, 2},
        {3, {-1, -2, -3}, -2},
        {3, {0, 0, 0}, 0},
        {3, {-1, 0, 1}, 0},
        {3, {0.1, 0.1, 0.1}, BEST},
        {3, {-0.1, -0.1, -0.1}, FAILED},
        {3, {1, NONE, 3}, NONE},
        /* of signs */
        {4, {1, FAILED, 3, 2}, -0.5},
        {4, {BEST, BEST, BEST, -9}, 1.5},
        {2, {FAILED, BEST}, 0},
        {3, {BEST, BEST, BEST}, BEST},
        {2, {FAILED, FAILED}, FAILED},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const double d = statistics_cohen_d(table[i].x, table[i].n);
        ck_assert_msg(d == table[i].d || (isnan(d) && isnan(table[i].d)) ||
                          fabs(d - table[i].d) < 1e-15,
                      "example %zu: %.17g", i, d);
    }
}
END_TEST

START_TEST(superiority_is_the_share_of_pairs_won)
{
    const double low[] = {1, 2, FAILED}, high[] = {2, 3}, failed[] = {FAILED, FAILED};

    ck_assert_double_eq(statistics_superiority(high, 2, low, 3), 5.5 / 6);
    ck_assert_double_eq(statistics_superiority(low, 3, high, 2), 0.5 / 6);
    ck_assert_double_eq(statistics_superiority(failed, 2, failed, 2), 0.5);
    ck_assert_double_eq(statistics_superiority(low, 3, failed, 2), 5.0 / 6);
    ck_assert(isnan(statistics_superiority(low, 0, high, 2)));
    ck_assert(isnan(statistics_superiority(low, 3, high, 0)));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/statistics_pairs");
    TCase *test = tcase_create("wilcoxon"), *several = tcase_create("holm");
    TCase *needed = tcase_create("pairs"), *effect = tcase_create("effect");

    tcase_add_test(test, published_examples_of_wilcoxon);
    tcase_add_test(test, demsars_classifiers);
    tcase_add_test(test, the_least_p_is_that_of_one_pattern_and_its_mirror);
    tcase_add_test(test, ties_are_counted_as_they_are);
    tcase_add_test(test, sizes_that_differ_by_rounding_are_tied);
    tcase_add_test(test, sizes_that_differ_in_the_eighth_digit_are_not);
    tcase_add_test(test, what_is_0_but_for_rounding_is_a_zero);
    tcase_add_test(test, failures_take_the_largest_ranks);
    tcase_add_test(test, nothing_but_zeros_shows_nothing);
    tcase_add_test(test, a_balance_has_a_p_of_1);
    tcase_add_test(test, above_50_it_is_normal_and_close_to_exact);
    tcase_add_test(test, the_normal_p_is_corrected_for_ties);
    tcase_add_test(test, more_differences_than_memory_has_are_an_error);
    tcase_add_test(several, holm_steps_down);
    tcase_add_test(several, more_comparisons_than_memory_has_are_an_error);
    tcase_add_test(needed, five_pairs_can_never_show_anything_at_5_percent);
    tcase_add_test(needed, a_clear_effect_needs_the_least);
    tcase_add_test(needed, pairs_without_a_difference_do_not_count);
    tcase_add_test(needed, no_number_is_in_sight_of_nothing);
    tcase_add_test(needed, pairs_needed_follow_from_the_signed_ranks);
    tcase_add_test(needed, for_normal_numbers_it_is_the_t_tests_number_over_3_by_pi);
    tcase_add_test(effect, cohens_d_is_a_mean_in_deviations);
    tcase_add_test(effect, superiority_is_the_share_of_pairs_won);
    suite_add_tcase(suite, test);
    suite_add_tcase(suite, several);
    suite_add_tcase(suite, needed);
    suite_add_tcase(suite, effect);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
