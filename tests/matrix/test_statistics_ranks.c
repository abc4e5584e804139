/* test_statistics_ranks.c: many treatments over many problems, against the example and the tables
 * of Demsar 2006. */
#include <math.h>

#include "harness.h"
#include "matrix/statistics.h"

#define NONE   ((double)NAN)
#define FAILED (-HUGE_VAL)

enum { PROBLEMS = 14, CLASSIFIERS = 4 };

/* Demsar's table 6: AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf. */
static const double auc[PROBLEMS * CLASSIFIERS] = {
    .763, .768, .771, .798, .599, .591, .590, .569, .954,  .971, .968, .967, .628, .661,
    .654, .657, .882, .888, .886, .898, .936, .931, .916,  .931, .661, .668, .609, .685,
    .583, .583, .563, .625, .775, .838, .866, .875, 1.0,   1.0,  1.0,  1.0,  .940, .962,
    .965, .962, .619, .666, .614, .669, .972, .981, .9751, .975, .957, .978, .946, .970,
};

static statistics_friedman_result friedman(const double *score, size_t problems, size_t k,
                                           double *mean_rank)
{
    statistics_friedman_result result;
    plx_error error = {0};

    ck_assert(statistics_friedman(score, problems, k, mean_rank, &result, &error));
    ck_assert_int_eq(error.code, ERROR_NONE);
    return result;
}

/* ---- ranks ---- */

START_TEST(the_largest_has_rank_1)
{
    const struct {
        size_t k;
        double x[5], rank[5];
    } table[] = {
        {1, {7}, {1}},
        {3, {1, 3, 2}, {3, 1, 2}},
        {4, {2, 2, 1, 3}, {2.5, 2.5, 4, 1}},
        {5, {0, 0, 0, 0, 0}, {3, 3, 3, 3, 3}},
        {5, {FAILED, 1, FAILED, -1e308, 1e308}, {4.5, 2, 4.5, 3, 1}},
        {3, {-HUGE_VAL, HUGE_VAL, 0}, {3, 1, 2}},
        {2, {-0.0, 0}, {1.5, 1.5}},
        {2, {-1, -2}, {1, 2}},
        {3, {1, 1 + 1e-11, 1 - 1e-11}, {2, 1, 3}},
        /* 0.9 + 0.8 + 0.7 and 0.7 + 0.8 + 0.9 */
        {2, {2.4000000000000004, 2.4}, {1.5, 1.5}},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        double rank[5];
        statistics_ranks(table[i].x, table[i].k, rank);
        for (size_t j = 0; j < table[i].k; j++)
            ck_assert_msg(rank[j] == table[i].rank[j], "example %zu: rank %g", i, rank[j]);
    }
}
END_TEST

/* ---- Friedman ---- */

START_TEST(demsars_example)
{
    const double expected[CLASSIFIERS] = {3.143, 2.000, 2.893, 1.964};
    double rank[CLASSIFIERS];
    const statistics_friedman_result result = friedman(auc, PROBLEMS, CLASSIFIERS, rank);

    for (size_t j = 0; j < CLASSIFIERS; j++)
        ck_assert_double_eq_tol(rank[j], expected[j], 0.0005);
    ck_assert_double_eq_tol(result.chi2, 9.279, 0.0005);
    ck_assert_double_eq_tol(result.chi2_p, 0.0258, 0.00005);
    ck_assert_double_eq_tol(result.f, 3.686, 0.0005);
    ck_assert_double_eq_tol(result.f_p, 0.0198, 0.00005);
    ck_assert_double_eq_tol(result.critical_difference, 1.254, 0.0005);
}
END_TEST

/* Chances 1 / (k!)^(N-1), and chi2 exactly N (k - 1). */
START_TEST(problems_that_all_agree_have_an_exact_p)
{
    double score[9 * 5], rank[5];

    for (size_t k = 2; k <= 5; k++)
        for (size_t problems = 2; problems <= 9; problems++) {
            for (size_t i = 0; i < problems * k; i++)
                score[i] = i % k == 0 ? FAILED : (double)(i % k);
            const statistics_friedman_result result = friedman(score, problems, k, rank);
            ck_assert_double_eq(result.chi2, (double)(problems * (k - 1)));
            ck_assert(result.f == HUGE_VAL);
            const double expected = pow(tgamma((double)k + 1), -(double)(problems - 1));
            ck_assert_double_eq_tol(result.f_p / expected, 1, 1e-12);
            ck_assert_double_eq(rank[0], (double)k);
        }
}
END_TEST

START_TEST(problems_that_are_all_ties_show_nothing)
{
    const double score[] = {1, 1, 1, FAILED, FAILED, FAILED};
    double rank[3];
    const statistics_friedman_result result = friedman(score, 2, 3, rank);

    ck_assert_double_eq(result.chi2, 0);
    ck_assert_double_eq(result.chi2_p, 1);
    ck_assert_double_eq(result.f, 0);
    ck_assert_double_eq(result.f_p, 1);
    ck_assert_double_eq(rank[1], 2);
}
END_TEST

/* Three problems of four for the one: ranks 1.25 and 1.75, chi2 = 12 * 4 / 6 (1.25^2 + 1.75^2 -
 * 4.5) = 1, F = 3 * 1 / (4 - 1). */
START_TEST(two_treatments)
{
    const double score[] = {2, 1, 2, 1, 2, 1, 1, 2};
    double rank[2];
    const statistics_friedman_result result = friedman(score, 4, 2, rank);

    ck_assert_double_eq(rank[0], 1.25);
    ck_assert_double_eq(rank[1], 1.75);
    ck_assert_double_eq(result.chi2, 1);
    ck_assert_double_eq(result.f, 1);
    ck_assert_double_eq_tol(result.chi2_p, erfc(sqrt(0.5)), 1e-15);
}
END_TEST

START_TEST(fewer_than_two_show_nothing)
{
    const double score[] = {3, 2, 1};
    double rank[3];

    for (size_t i = 0; i < 3; i++) {
        const size_t problems[] = {0, 1, 3}, k[] = {3, 3, 1};
        const statistics_friedman_result result = friedman(score, problems[i], k[i], rank);
        ck_assert(isnan(result.chi2) && isnan(result.chi2_p) && isnan(result.f));
        ck_assert(isnan(result.f_p) && isnan(result.critical_difference));
        ck_assert(problems[i] == 0 ? isnan(rank[0]) : rank[0] == 1);
    }
}
END_TEST

START_TEST(a_crowd_has_no_critical_difference)
{
    double score[2 * 21], rank[21];

    for (size_t i = 0; i < 42; i++)
        score[i] = (double)(i * i % 23);
    ck_assert(!isnan(friedman(score, 2, 20, rank).critical_difference));
    ck_assert(isnan(friedman(score, 2, 21, rank).critical_difference));
    ck_assert(!isnan(friedman(score, 2, 21, rank).f_p));
}
END_TEST

START_TEST(more_treatments_than_memory_has_are_an_error)
{
    statistics_friedman_result result;
    plx_error error = {0};
    double rank;

    ck_assert(!statistics_friedman(NULL, 2, SIZE_MAX / 4, &rank, &result, &error));
    ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

/* Counted over all orders, as in Friedman's own tables (1937): of 3 problems and 3 treatments 0.194
 * have a chi2 of at least 4.667, where F's p is 0.049. */
START_TEST(by_permutation_the_p_is_the_share_of_orders)
{
    static const struct {
        size_t problems, k;
        double score[24], p;
    } table[] = {
        {2, 3, {3, 2, 1, 3, 2, 1}, 1.0 / 6},
        {3, 3, {3, 2, 1, 3, 2, 1, 3, 1, 2}, 7.0 / 36},
        {4, 3, {3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 1, 2}, 0.041667},
        {4, 4, {4, 3, 2, 1, 4, 3, 2, 1, 4, 3, 2, 1, 3, 4, 2, 1}, 0.000940},
        {6, 3, {3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2, 1, 3, 1, 2}, 0.001672},
        {3, 3, {2, 2, 1, 2, 2, 1, 2, 2, 1}, 1.0 / 9}, /* ties: the last are alike by 1/3 each */
        {3, 2, {1, 1, 1, 1, 1, 1}, 1},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        double p, error_of_p = sqrt(table[i].p / 1e5);
        ck_assert(statistics_friedman_permuted(table[i].score, table[i].problems, table[i].k, 1, &p,
                                               NULL));
        ck_assert_double_eq_tol(p, table[i].p, 4 * error_of_p + 1e-5);
    }
}
END_TEST

START_TEST(of_too_many_or_too_few_there_is_no_p_by_permutation)
{
    double score[2001] = {0}, p;

    for (size_t i = 0; i < 3; i++) {
        const size_t problems[] = {1, 2, 667}, k[] = {3, 1, 3};
        ck_assert(statistics_friedman_permuted(score, problems[i], k[i], 1, &p, NULL));
        ck_assert(isnan(p));
    }
    ck_assert(statistics_friedman_permuted(score, 5, 4, 1, &p, NULL));
    ck_assert_double_eq(p, 1);
}
END_TEST

/* ---- Nemenyi ---- */

/* His last digit is not always rounded: 2.343 for 2.3437, 2.949 for 2.9483, 2.459 for 2.4595. */
START_TEST(q_is_that_of_demsars_table)
{
    const double at_5[] = {1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164};
    const double at_10[] = {1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920};

    for (size_t k = 2; k <= 10; k++) {
        ck_assert_double_eq_tol(statistics_nemenyi_q(k, 0.05), at_5[k - 2], 0.001);
        ck_assert_double_eq_tol(statistics_nemenyi_q(k, 0.10), at_10[k - 2], 0.001);
    }
}
END_TEST

/* Of two it is a normal quantile; the others are scipy's. */
START_TEST(q_is_right_to_twelve_digits)
{
    const struct {
        size_t k;
        double alpha, q;
    } table[] = {
        {2, 0.05, 1.95996398454005424}, {2, 0.001, 3.29052673149189820},
        {4, 0.05, 2.569031772546482},   {10, 0.05, 3.163683577053373},
        {10, 0.1, 2.9198888400615384},  {20, 0.05, 3.5437991315177815},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        ck_assert_double_eq_tol(statistics_nemenyi_q(table[i].k, table[i].alpha), table[i].q,
                                1e-12);
}
END_TEST

START_TEST(q_needs_two_treatments_and_an_alpha)
{
    ck_assert(isnan(statistics_nemenyi_q(0, 0.05)));
    ck_assert(isnan(statistics_nemenyi_q(1, 0.05)));
    ck_assert(isnan(statistics_nemenyi_q(3, 0)));
    ck_assert(isnan(statistics_nemenyi_q(3, 1)));
    ck_assert(isnan(statistics_nemenyi_q(3, NONE)));
    ck_assert(isnan(statistics_critical_difference(3, 0, 0.05)));
}
END_TEST

START_TEST(critical_differences)
{
    ck_assert_double_eq_tol(statistics_critical_difference(4, 14, 0.05), 1.254, 0.0005);
    ck_assert_double_eq_tol(statistics_critical_difference(4, 14, 0.10), 1.118, 0.0005);
    ck_assert_double_eq_tol(statistics_critical_difference(9, 5, 0.05), 5.37, 0.005);
}
END_TEST

/* ---- groups ---- */

typedef struct grouping {
    size_t k;
    double rank[5], cd;
    size_t order[5], groups, group[5][2];
} grouping;

START_TEST(groups_are_runs_of_ranks_within_the_difference)
{
    const grouping table[] = {
        /* Demsar's figure 1: at 10 % C4.5 is worse than C4.5+m and C4.5+m+cf, C4.5+cf undecided */
        {4, {3.143, 2.000, 2.893, 1.964}, 1.118, {3, 1, 2, 0}, 2, {{0, 2}, {2, 3}}},
        {4, {3.143, 2.000, 2.893, 1.964}, 1.254, {3, 1, 2, 0}, 1, {{0, 3}}},
        {4, {1, 2, 3, 4}, 1.5, {0, 1, 2, 3}, 3, {{0, 1}, {1, 2}, {2, 3}}},
        {4, {1, 2, 3, 4}, 1, {0, 1, 2, 3}, 3, {{0, 1}, {1, 2}, {2, 3}}},
        {3, {3, 1, 2}, 0.5, {1, 2, 0}, 3, {{0, 0}, {1, 1}, {2, 2}}},
        {5, {5, 1.5, 1.5, 3, 4}, 1, {1, 2, 3, 4, 0}, 3, {{0, 1}, {2, 3}, {3, 4}}},
        {3, {2, 2, 2}, 0, {0, 1, 2}, 1, {{0, 2}}},
        {3, {3, 1, 2}, NONE, {1, 2, 0}, 1, {{0, 2}}}, /* nothing is known to differ */
        {1, {1}, 1, {0}, 1, {{0, 0}}},
        {0, {0}, 1, {0}, 0, {{0, 0}}},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const grouping *of = &table[i];
        size_t order[5], group[5][2];
        ck_assert_uint_eq(statistics_rank_groups(of->rank, of->k, of->cd, order, group),
                          of->groups);
        for (size_t j = 0; j < of->k; j++)
            ck_assert_uint_eq(order[j], of->order[j]);
        for (size_t g = 0; g < of->groups; g++) {
            ck_assert_uint_eq(group[g][0], of->group[g][0]);
            ck_assert_uint_eq(group[g][1], of->group[g][1]);
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/statistics_ranks");
    TCase *ranks = tcase_create("ranks"), *test = tcase_create("friedman");
    TCase *differences = tcase_create("nemenyi");

    tcase_add_test(ranks, the_largest_has_rank_1);
    tcase_add_test(test, demsars_example);
    tcase_add_test(test, problems_that_all_agree_have_an_exact_p);
    tcase_add_test(test, problems_that_are_all_ties_show_nothing);
    tcase_add_test(test, two_treatments);
    tcase_add_test(test, fewer_than_two_show_nothing);
    tcase_add_test(test, a_crowd_has_no_critical_difference);
    tcase_add_test(test, more_treatments_than_memory_has_are_an_error);
    tcase_add_test(test, by_permutation_the_p_is_the_share_of_orders);
    tcase_add_test(test, of_too_many_or_too_few_there_is_no_p_by_permutation);
    tcase_add_test(differences, q_is_that_of_demsars_table);
    tcase_add_test(differences, q_is_right_to_twelve_digits);
    tcase_add_test(differences, q_needs_two_treatments_and_an_alpha);
    tcase_add_test(differences, critical_differences);
    tcase_add_test(differences, groups_are_runs_of_ranks_within_the_difference);
    suite_add_tcase(suite, ranks);
    suite_add_tcase(suite, test);
    suite_add_tcase(suite, differences);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
