/* test_analysis_pairs.c: treatments against each other. p is that of the exact signed-rank test,
 * 2 / 2^n where all n differences have one sign. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

#define NEAR 1e-12
#define ALL  SIZE_MAX

static const char six_seeds[] = "axes: {optimizer: [sgd, adam]}\n"
                                "protocol: {final: {seeds: 6}}\n"
                                "stats: {control: sgd}\n";

/* ---- one block ------------------------------------------------------------------------------- */

START_TEST(treatments_are_paired_by_seed)
{
    made *m = made_new(six_seeds);
    made_finals(m, "b sgd", (double[]){0.8, 0.7, 0.6, 0.5, 0.4, 0.3}, 6);
    made_finals(m, "b adam", (double[]){0.81, 0.72, 0.63, 0.54, 0.45, 0.36}, 6);
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_uint_eq(a->pair_count, 1);
    ck_assert_uint_eq(pair->pairs, 6);
    ck_assert_uint_eq(pair->blocks, 1);
    ck_assert_double_eq_tol(pair->difference, 0.035, NEAR);
    ck_assert_double_eq_tol(pair->mean_a, 0.585, NEAR);
    ck_assert_double_eq_tol(pair->mean_b, 0.55, NEAR);
    ck_assert_double_eq(pair->p, 2.0 / 64);
    ck_assert_double_eq(pair->adjusted, 2.0 / 64);
    ck_assert_double_eq(pair->plus, 21);
    ck_assert_double_eq_tol(pair->cohen_d, 3.5 / sqrt(3.5), 1e-9); /* of 1 .. 6 */
    ck_assert(pair->ci.lo >= 0.01 && pair->ci.lo < 0.035);
    ck_assert(pair->ci.hi <= 0.06 && pair->ci.hi > 0.035);
    ck_assert_int_eq(pair->verdict, VERDICT_BETTER);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(of_a_loss_less_is_better)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 6}}\n"
                       "stats: {control: sgd, metric: test_loss}\n");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "b sgd", seed, 0.5)->value[RECORD_TEST][METRIC_LOSS] = 1;
        made_final(m, "b adam", seed, 0.5)->value[RECORD_TEST][METRIC_LOSS] = 1 + (double)seed;
    }
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_double_eq(pair->difference, -3.5);
    ck_assert_double_eq(pair->mean_a, 4.5);
    ck_assert_double_eq(pair->mean_b, 1);
    ck_assert_int_eq(pair->verdict, VERDICT_WORSE);
    ck_assert_double_eq(pair->superiority, 0);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(p_above_alpha_is_undecided_and_tells_how_many_seeds_are_missing)
{
    const double difference[] = {0.01, 0.02, 0.03, 0.04, -0.05, 0.06};
    made *m = made_new(six_seeds);
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_final(m, "b adam", seed, 0.5 + difference[seed - 1]);
    }
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_double_eq(pair->minus, 5); /* 10 of 64 patterns have a sum of at most 5 */
    ck_assert_double_eq(pair->p, 2 * 10.0 / 64);
    ck_assert_int_eq(pair->verdict, VERDICT_UNDECIDED);
    ck_assert_uint_eq(pair->more, statistics_pairs_needed(difference, 6, 0.05, 1) - 6);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_mean_against_the_ranks_is_no_verdict)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 12}}\n"
                       "stats: {control: sgd}\n");
    for (uint64_t seed = 1; seed <= 12; seed++) {
        made_final(m, "b sgd", seed, 100);
        made_final(m, "b adam", seed, seed == 12 ? 0 : 100 + (double)seed);
    }
    analysis *a = made_analysis(m); /* 11 gains of 6 on average, one loss of 100 */
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_double_eq(pair->plus, 66);
    ck_assert(pair->p < 0.05);
    ck_assert_double_eq_tol(pair->difference, -34.0 / 12, NEAR);
    ck_assert_int_eq(pair->verdict, VERDICT_UNDECIDED);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_any_difference_no_number_of_seeds_is_in_sight)
{
    made *m = made_new(six_seeds);
    made_finals(m, "b sgd", (double[]){0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 6);
    made_finals(m, "b adam", (double[]){0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 6);
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_double_eq(pair->p, 1);
    ck_assert_double_eq(pair->difference, 0);
    ck_assert_int_eq(pair->verdict, VERDICT_UNDECIDED);
    ck_assert_uint_eq(pair->more, SIZE_MAX);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- failures -------------------------------------------------------------------------------- */

START_TEST(failures_decide_a_pair_and_cancel_over_pairs)
{
    made *m = made_new(six_seeds);
    made_failed(m, "b adam", 1);
    made_final(m, "b sgd", 1, 0.1);
    made_final(m, "b adam", 2, 0.1);
    made_failed(m, "b sgd", 2);
    made_failed(m, "b adam", 3);
    made_failed(m, "b sgd", 3);
    for (uint64_t seed = 4; seed <= 6; seed++) {
        made_final(m, "b adam", seed, 0.1 * (double)seed);
        made_final(m, "b sgd", seed, 0.3);
    }
    analysis *a = made_analysis(m); /* -inf, inf, 0, 0.1, 0.2, 0.3 */
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_uint_eq(pair->pairs, 6);
    ck_assert_uint_eq(pair->won, 1);
    ck_assert_uint_eq(pair->lost, 1);
    ck_assert_double_eq_tol(pair->difference, 0.1, NEAR); /* 0.6 / 6 */
    ck_assert_double_eq_tol(pair->apart, 0.2, NEAR);      /* of the last three */
    ck_assert_double_eq_tol(pair->mean_a, 0.5, NEAR);
    ck_assert(isinf(pair->ci.lo) && isinf(pair->ci.hi));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(one_failure_more_makes_the_difference_infinite)
{
    made *m = made_new(six_seeds);
    for (uint64_t seed = 1; seed <= 6; seed++)
        made_final(m, "b adam", seed, 0.5);
    made_finals(m, "b sgd", (double[]){0.4, 0.4, 0.4, 0.4, 0.4}, 5);
    made_failed(m, "b sgd", 6);
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert(isinf(pair->difference) && pair->difference > 0);
    ck_assert_double_eq_tol(pair->apart, 0.1, NEAR);
    ck_assert_int_eq(pair->verdict, VERDICT_BETTER);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- several blocks -------------------------------------------------------------------------- */

static const char three_blocks[] = "axes: {hidden_activation: [tanh, relu, elu],\n"
                                   "  optimizer: [sgd, adam]}\n"
                                   "protocol: {final: {seeds: 3}}\n"
                                   "stats: {control: sgd}\n";

START_TEST(a_replicate_is_the_mean_over_blocks)
{
    made *m = made_new(three_blocks);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        made_final(m, "b tanh sgd", seed, 0.5);
        made_final(m, "b tanh adam", seed, 0.5 + 0.03 * (double)seed);
        made_final(m, "b relu sgd", seed, 0.5);
        made_final(m, "b relu adam", seed, 0.5 + 0.01 * (double)seed);
    }
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_uint_eq(pair->pairs, 3);
    ck_assert_uint_eq(pair->blocks, 3);
    ck_assert_double_eq_tol(pair->difference, 0.04, NEAR); /* mean of 0.02, 0.04, 0.06 */
    ck_assert_double_eq_tol(pair->mean_a, 0.54, NEAR);
    ck_assert_double_eq(pair->plus, 6);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_block_missing_in_one_is_left_out_of_that_replicate)
{
    made *m = made_new(three_blocks);
    made_final(m, "b tanh sgd", 1, 0.5);
    made_final(m, "b tanh adam", 1, 0.6);
    made_final(m, "b relu adam", 1, 0.9); /* sgd is not there yet */
    made_final(m, "b relu adam", 2, 0.9);
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_uint_eq(pair->pairs, 1);
    ck_assert_double_eq_tol(pair->difference, 0.1, NEAR);
    ck_assert(isnan(pair->ci.lo));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(as_many_failures_each_leave_the_blocks_where_neither_failed)
{
    made *m = made_new(three_blocks);
    made_failed(m, "b tanh sgd", 1);
    made_final(m, "b tanh adam", 1, 0.9);
    made_final(m, "b relu sgd", 1, 0.9);
    made_failed(m, "b relu adam", 1);
    made_final(m, "b elu sgd", 1, 0.5);
    made_final(m, "b elu adam", 1, 0.75);
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_double_eq(pair->difference, 0.25);
    ck_assert_uint_eq(pair->won + pair->lost, 0);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(what_rounding_leaves_of_equal_sums_is_no_difference)
{
    made *m = made_new(three_blocks);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        made_final(m, "b tanh sgd", seed, 0.1);
        made_final(m, "b relu sgd", seed, 0.2); /* 0.1 + 0.2 > 0.3 in doubles */
        made_final(m, "b tanh adam", seed, 0.3);
        made_final(m, "b relu adam", seed, 0);
    }
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_double_eq(pair->difference, 0);
    ck_assert_double_eq(pair->p, 1);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- the same by mathematics ----------------------------------------------------------------- */

static void add_same(made *m, const char *label, const char *weights, double accuracy)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, label, seed, accuracy);
        made_weights(m, weights);
    }
}

START_TEST(equal_weights_are_the_same_and_no_comparison)
{
    made *m = made_new("axes: {optimizer: [sgd, momentum, adam]}\n"
                       "protocol: {final: {seeds: 6}}\n"
                       "stats: {control: sgd}\n");
    add_same(m, "b sgd", "w", 0.5);
    add_same(m, "b momentum", "w", 0.5);
    for (uint64_t seed = 1; seed <= 6; seed++)
        made_final(m, "b adam", seed, 0.5 + 0.01 * (double)seed);
    analysis *a = made_analysis(m);

    ck_assert_int_eq(made_pair(a, "momentum", "sgd", ALL)->verdict, VERDICT_SAME);
    ck_assert_uint_eq(made_pair(a, "adam", "sgd", ALL)->comparisons, 1);
    ck_assert_double_eq(made_pair(a, "adam", "sgd", ALL)->adjusted, 2.0 / 64);
    ck_assert_int_eq(made_pair(a, "adam", "sgd", ALL)->verdict, VERDICT_BETTER);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_block_that_repeats_another_counts_once)
{
    made *m = made_new("axes: {loss: [cross_entropy, kl, mse], optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 6}}\n"
                       "stats: {control: sgd}\n");
    add_same(m, "b cross_entropy sgd", "s", 0.5);
    add_same(m, "b cross_entropy adam", "a", 0.6);
    add_same(m, "b kl sgd", "s", 0.5);
    add_same(m, "b kl adam", "a", 0.6);
    add_same(m, "b mse sgd", "other", 0.5);
    add_same(m, "b mse adam", "another", 0.5);
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_uint_eq(pair->blocks, 2);
    ck_assert_double_eq_tol(pair->difference, 0.05, NEAR); /* not 0.2 / 3 */
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_block_may_repeat_for_two_of_three)
{
    made *m = made_new("axes: {loss: [cross_entropy, kl], optimizer: [sgd, adam, lion]}\n"
                       "protocol: {final: {seeds: 6}}\n");
    add_same(m, "b cross_entropy sgd", "s", 0.5);
    add_same(m, "b cross_entropy adam", "a", 0.6);
    add_same(m, "b cross_entropy lion", "l", 0.6);
    add_same(m, "b kl sgd", "s", 0.5);
    add_same(m, "b kl adam", "a", 0.6);
    add_same(m, "b kl lion", "other", 0.7);
    analysis *a = made_analysis(m);

    ck_assert(!a->block_repeats[1]);
    ck_assert_uint_eq(made_pair(a, "sgd", "adam", ALL)->blocks, 1);
    ck_assert_uint_eq(made_pair(a, "sgd", "lion", ALL)->blocks, 2);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- many comparisons ------------------------------------------------------------------------ */

START_TEST(holm_corrects_for_every_comparison_with_the_control)
{
    made *m = made_new("axes: {optimizer: [sgd, adam, lion]}\n"
                       "protocol: {final: {seeds: 6}}\n"
                       "stats: {control: sgd}\n");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(m, "b sgd", seed, 0.5);
        made_final(m, "b adam", seed, 0.5 + 0.01 * (double)seed);
    }
    analysis *a = made_analysis(m); /* lion has not run yet, and is a comparison all the same */
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert_uint_eq(a->pair_count, 2);
    ck_assert_uint_eq(pair->comparisons, 2);
    ck_assert_double_eq(pair->p, 2.0 / 64);
    ck_assert_double_eq(pair->adjusted, 4.0 / 64);
    ck_assert_int_eq(pair->verdict, VERDICT_UNDECIDED);
    ck_assert_uint_eq(pair->more, 1); /* 7 in all: 4 / 2^7 < 0.05 */
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_a_control_each_meets_each_over_all_and_by_problem)
{
    made *m = made_new("problems: {x: {}, y: {}}\n"
                       "axes: {optimizer: [sgd, adam, lion]}\n");
    made_skip(m, "y lion", "no");
    made_final(m, "x sgd", 1, 0.5);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->pair_count, 3 + 3 + 1);
    ck_assert_uint_eq(a->pair[0].problem, ALL);
    ck_assert_uint_eq(a->pair[2].problem, ALL);
    ck_assert_uint_eq(a->pair[3].problem, 0);
    ck_assert_uint_eq(a->pair[6].problem, 1);
    ck_assert_uint_eq(a->pair[6].comparisons, 1);
    ck_assert_ptr_nonnull(made_pair(a, "adam", "lion", 0));
    ck_assert_ptr_null(made_pair(a, "adam", "lion", 1)); /* they never meet there */
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(of_very_many_only_the_best_is_compared)
{
    text yaml = {0};
    text_add(&yaml, "axes: {optimizer.lr: [1");
    for (int i = 2; i <= 51; i++)
        text_addf(&yaml, ", %d", i);
    text_add(&yaml, "]}\nprotocol: {final: {seeds: 12}}\nstats: {replicates: 1000}\n");
    made *m = made_new(yaml.bytes);
    for (uint64_t seed = 1; seed <= 12; seed++)
        for (int i = 1; i <= 51; i++) {
            char label[16];
            snprintf(label, sizeof(label), "b %d", i);
            made_final(m, label, seed, i == 7 ? 0.9 : 0.5);
        }
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->pair_count, 50);
    ck_assert_ptr_nonnull(made_pair(a, "7", "51", ALL));
    ck_assert_double_eq(a->pair[0].p, 2.0 / 4096);
    ck_assert_uint_eq(a->pair[0].comparisons, 51 * 50 / 2);
    ck_assert_double_eq(a->pair[0].adjusted, 1275 * 2.0 / 4096);
    analysis_free(a);
    made_free(m);
    free(yaml.bytes);
}
END_TEST

/* ---- folds ----------------------------------------------------------------------------------- */

START_TEST(a_pair_is_a_seed_and_a_fold)
{
    const double difference[] = {0.01, -0.02, 0.03, 0.04, 0.05, -0.06};
    made *m = made_new("axes: {data.fold: [0, 1, 2], optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 2}}\n"
                       "stats: {control: sgd}\n");
    for (uint64_t i = 0; i < 6; i++) {
        char label[16];
        snprintf(label, sizeof(label), "b %d sgd", (int)i / 2);
        made_final(m, label, i % 2 + 1, 0.5);
        snprintf(label, sizeof(label), "b %d adam", (int)i / 2);
        made_final(m, label, i % 2 + 1, 0.5 + difference[i]);
    }
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);
    const size_t more = statistics_pairs_needed(difference, 6, 0.05, 1) - 6;

    ck_assert_uint_eq(pair->pairs, 6);
    ck_assert_uint_eq(pair->blocks, 1);
    ck_assert_double_eq_tol(pair->difference, 0.05 / 6, NEAR);
    ck_assert_uint_eq(pair->more, (more + 2) / 3); /* a seed more is three pairs more */
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- units ----------------------------------------------------------------------------------- */

START_TEST(figures_of_different_units_are_compared_by_wins)
{
    made *m = made_new("problems: {x: {}, y: {}}\n"
                       "axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 2}}\n"
                       "stats: {control: sgd}\n");
    for (uint64_t seed = 1; seed <= 2; seed++) {
        made_final(m, "x sgd", seed, 0.5);
        made_final(m, "x adam", seed, 0.5001);
        made_final(m, "y sgd", seed, (double)NAN)->value[RECORD_TEST][METRIC_R2] = 0.9;
        made_final(m, "y adam", seed, (double)NAN)->value[RECORD_TEST][METRIC_R2] =
            seed == 1 ? -1000 : 0.9;
    }
    analysis *a = made_analysis(m);
    const analysis_pair *pair = made_pair(a, "adam", "sgd", ALL);

    ck_assert(!a->one_unit);
    ck_assert(pair->by_wins);
    ck_assert_double_eq(pair->difference, 0.25); /* 1 - 1 of 2 blocks, then 1 - 0 */
    ck_assert(isnan(pair->mean_a));
    ck_assert(!made_pair(a, "adam", "sgd", 1)->by_wins);
    ck_assert_double_eq_tol(made_pair(a, "adam", "sgd", 1)->difference, -500.45, NEAR);
    ck_assert(isnan(a->treatment[0].iqm));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_problem_that_has_not_run_is_taken_to_have_the_figure_of_others)
{
    made *m = made_new("problems: {x: {}, y: {}}\naxes: {optimizer: [sgd, adam]}\n");
    made_final(m, "y sgd", 1, 0.5);
    analysis *a = made_analysis(m);

    ck_assert_int_eq(a->reported[0].metric, METRIC_ACCURACY);
    ck_assert(a->one_unit);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* Whether there is one unit, by the figure and the axes. */
static const struct {
    const char *yaml, *metric;
    bool problem, overall;
} units[] = {
    {"problems: {x: {}, y: {}}\naxes: {optimizer: [sgd, adam]}\n", "test_accuracy", true, true},
    {"problems: {x: {}, y: {}}\naxes: {optimizer: [sgd, adam]}\n", "test_rmse", true, false},
    {"problems: {x: {}, y: {}}\naxes: {optimizer: [sgd, adam]}\n", "test_loss", true, false},
    {"problems: {x: {}}\naxes: {optimizer: [sgd, adam]}\n", "test_loss", true, true},
    {"problems: {x: {}}\naxes: {optimizer: [sgd, adam], loss: [mse, kl]}\n", "test_loss", false,
     false},
    {"problems: {x: {}}\naxes: {optimizer: [sgd, adam], loss: [mse, kl]}\n", "test_mae", true,
     true},
    {"problems: {x: {}}\naxes: {optimizer: [sgd, adam], loss: [mse]}\n", "test_loss", true, true},
};

START_TEST(there_is_one_unit_only_where_a_mean_makes_sense)
{
    text yaml = {0};
    text_addf(&yaml, "%sstats: {metric: %s}\n", units[_i].yaml, units[_i].metric);
    made *m = made_new(yaml.bytes);
    analysis *a = made_analysis(m);

    ck_assert_int_eq(a->one_unit, units[_i].overall);
    ck_assert_int_eq(a->pair[0].by_wins, !units[_i].overall);
    ck_assert_int_eq(a->pair[a->pair_count - 1].by_wins, !units[_i].problem);
    analysis_free(a);
    made_free(m);
    free(yaml.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/analysis_pairs");
    TCase *one = tcase_create("one block"), *several = tcase_create("several blocks");
    TCase *same = tcase_create("the same"), *many = tcase_create("many");
    TCase *unit = tcase_create("units");

    tcase_add_test(one, treatments_are_paired_by_seed);
    tcase_add_test(one, of_a_loss_less_is_better);
    tcase_add_test(one, p_above_alpha_is_undecided_and_tells_how_many_seeds_are_missing);
    tcase_add_test(one, a_mean_against_the_ranks_is_no_verdict);
    tcase_add_test(one, without_any_difference_no_number_of_seeds_is_in_sight);
    tcase_add_test(one, failures_decide_a_pair_and_cancel_over_pairs);
    tcase_add_test(one, one_failure_more_makes_the_difference_infinite);
    suite_add_tcase(suite, one);
    tcase_add_test(several, a_replicate_is_the_mean_over_blocks);
    tcase_add_test(several, a_block_missing_in_one_is_left_out_of_that_replicate);
    tcase_add_test(several, as_many_failures_each_leave_the_blocks_where_neither_failed);
    tcase_add_test(several, what_rounding_leaves_of_equal_sums_is_no_difference);
    tcase_add_test(several, a_pair_is_a_seed_and_a_fold);
    suite_add_tcase(suite, several);
    tcase_add_test(same, equal_weights_are_the_same_and_no_comparison);
    tcase_add_test(same, a_block_that_repeats_another_counts_once);
    tcase_add_test(same, a_block_may_repeat_for_two_of_three);
    suite_add_tcase(suite, same);
    tcase_add_test(many, holm_corrects_for_every_comparison_with_the_control);
    tcase_add_test(many, without_a_control_each_meets_each_over_all_and_by_problem);
    tcase_add_test(many, of_very_many_only_the_best_is_compared);
    suite_add_tcase(suite, many);
    tcase_add_test(unit, figures_of_different_units_are_compared_by_wins);
    tcase_add_test(unit, a_problem_that_has_not_run_is_taken_to_have_the_figure_of_others);
    tcase_add_loop_test(unit, there_is_one_unit_only_where_a_mean_makes_sense, 0,
                        sizeof(units) / sizeof(units[0]));
    suite_add_tcase(suite, unit);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
