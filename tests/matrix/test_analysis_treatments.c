/* test_analysis_treatments.c: treatments over all their cells: figures, ranks, what it cost to
 * reach the target. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

#define NEAR 1e-12

static const char two_blocks[] = "axes: {hidden_activation: [tanh, relu], optimizer: [sgd, adam]}\n"
                                 "protocol: {final: {seeds: 2}}\n";

/* ---- figures --------------------------------------------------------------------------------- */

START_TEST(the_iqm_is_over_all_blocks_that_are_complete)
{
    made *m = made_new(two_blocks);
    made_finals(m, "b tanh sgd", (double[]){0.1, 0.9}, 2);
    made_finals(m, "b relu sgd", (double[]){0.2, 0.4}, 2);
    analysis *a = made_analysis(m);

    ck_assert_double_eq_tol(made_treatment(a, "sgd")->iqm, 0.3, NEAR); /* of 0.2 and 0.4 */
    ck_assert(made_treatment(a, "sgd")->ci.lo >= 0.1 && made_treatment(a, "sgd")->ci.lo < 0.3);
    ck_assert(isnan(made_treatment(a, "adam")->iqm));
    ck_assert_uint_eq(made_treatment(a, "sgd")->runs, 4);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_block_that_a_treatment_lacks_is_left_out_for_all)
{
    made *m = made_new(two_blocks);
    made_skip(m, "b relu adam", "no");
    made_finals(m, "b tanh sgd", (double[]){0.1, 0.3}, 2);
    made_finals(m, "b relu sgd", (double[]){0.9, 0.9}, 2);
    made_finals(m, "b tanh adam", (double[]){0.2, 0.3}, 2);
    analysis *a = made_analysis(m);

    ck_assert_double_eq_tol(made_treatment(a, "sgd")->iqm, 0.2, NEAR);
    ck_assert_double_eq(made_treatment(a, "sgd")->mean_rank, 2);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_a_complete_block_each_has_the_figure_of_its_own)
{
    made *m = made_new(two_blocks);
    made_skip(m, "b relu adam", "no");
    made_skip(m, "b tanh sgd", "no");
    made_finals(m, "b relu sgd", (double[]){0.8, 0.9}, 2);
    made_finals(m, "b tanh adam", (double[]){0.2, 0.3}, 2);
    analysis *a = made_analysis(m);

    ck_assert_double_eq_tol(made_treatment(a, "sgd")->iqm, 0.85, NEAR);
    ck_assert(isnan(made_treatment(a, "sgd")->mean_rank));
    ck_assert_uint_eq(a->order[0], 0); /* by IQM */
    ck_assert_uint_eq(a->pair_count, 0);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(failures_that_reach_the_middle_half_make_the_iqm_infinite)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 4}}\n"
                       "stats: {metric: test_loss}\n");
    for (uint64_t seed = 1; seed <= 4; seed++) {
        made_final(m, "b sgd", seed, 0)->value[RECORD_TEST][METRIC_LOSS] = (double)seed;
        if (seed > 1)
            made_final(m, "b adam", seed, 0)->value[RECORD_TEST][METRIC_LOSS] = (double)seed;
    }
    made_failed(m, "b adam", 1);
    analysis *a = made_analysis(m);

    ck_assert_double_eq(made_treatment(a, "sgd")->iqm, 2.5);
    ck_assert_double_eq(made_treatment(a, "adam")->iqm, 3.5); /* 2, 3, 4, inf */
    ck_assert(isinf(made_treatment(a, "adam")->ci.hi) && made_treatment(a, "adam")->ci.hi > 0);
    ck_assert_uint_eq(made_treatment(a, "adam")->failures, 1);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- ranks ----------------------------------------------------------------------------------- */

START_TEST(in_a_block_fewer_failures_rank_first_then_the_mean)
{
    made *m = made_new("axes: {optimizer: [sgd, adam, lion, rprop]}\n"
                       "protocol: {final: {seeds: 2}}\n");
    made_finals(m, "b sgd", (double[]){0.5, 0.7}, 2);
    made_finals(m, "b adam", (double[]){0.7, 0.5}, 2);
    made_final(m, "b lion", 1, 0.99);
    made_failed(m, "b lion", 2);
    made_failed(m, "b rprop", 1);
    made_failed(m, "b rprop", 2);
    analysis *a = made_analysis(m);

    ck_assert_double_eq(made_treatment(a, "sgd")->mean_rank, 1.5);
    ck_assert_double_eq(made_treatment(a, "adam")->mean_rank, 1.5);
    ck_assert_double_eq(made_treatment(a, "lion")->mean_rank, 3);
    ck_assert_double_eq(made_treatment(a, "rprop")->mean_rank, 4);
    ck_assert(!a->has_friedman); /* a single block */
    ck_assert_uint_eq(a->friedman_blocks, 1);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(ranks_are_over_the_replicates_that_all_have)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 2}}\n");
    made_finals(m, "b sgd", (double[]){0.5, 0.0}, 2);
    made_finals(m, "b adam", (double[]){0.4}, 1);
    analysis *a = made_analysis(m);

    ck_assert_double_eq(made_treatment(a, "sgd")->mean_rank, 1);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_treatment_that_is_skipped_everywhere_takes_no_part)
{
    made *m = made_new("axes: {hidden_activation: [tanh, relu], optimizer: [lion, sgd, adam]}\n"
                       "protocol: {final: {seeds: 1}}\n"
                       "targets: {val_accuracy: 0.5}\n");
    made_skip(m, "b tanh lion", "no");
    made_skip(m, "b relu lion", "no");
    made_final(m, "b tanh sgd", 1, 0.5);
    made_curve(m, (double[]){0.6}, 1);
    made_final(m, "b tanh adam", 1, 0.6);
    made_curve(m, (double[]){0.1}, 1);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->ranked, 2);
    ck_assert_double_eq(made_treatment(a, "adam")->mean_rank, 1);
    ck_assert(isnan(made_treatment(a, "lion")->mean_rank));
    ck_assert_uint_eq(a->order[2], 0);
    ck_assert_uint_eq(a->cost_count, 1);
    ck_assert_double_eq(made_treatment(a, "sgd")->cost[0], 10);
    ck_assert(isinf(made_treatment(a, "lion")->cost[0]));
    analysis_free(a);
    made_free(m);
}
END_TEST

static const char five_blocks[] =
    "axes: {hidden_activation: [tanh, relu, elu, silu, gelu], optimizer: [sgd, adam, lion]}\n"
    "protocol: {final: {seeds: 1}}\n";
static const char *const activation[] = {"tanh", "relu", "elu", "silu", "gelu"};

static void fill_blocks(made *m, const double (*accuracy)[3], size_t blocks)
{
    static const char *const optimizer[] = {"sgd", "adam", "lion"};

    for (size_t b = 0; b < blocks; b++)
        for (size_t t = 0; t < 3; t++) {
            char label[32];
            snprintf(label, sizeof(label), "b %s %s", activation[b], optimizer[t]);
            made_final(m, label, 1, accuracy[b][t]);
        }
}

START_TEST(friedman_is_over_complete_blocks)
{
    /* ranks sgd 3 3 3 2 3, adam 1 1 2 1 1, lion 2 2 1 3 2: means 2.8, 1.2, 2;
     * chi2 = 12 * 5 / 12 * (7.84 + 1.44 + 4 - 12) = 6.4; F = 4 * 6.4 / (10 - 6.4) = 64 / 9 */
    const double accuracy[5][3] = {
        {0.1, 0.3, 0.2}, {0.1, 0.3, 0.2}, {0.1, 0.2, 0.3}, {0.2, 0.3, 0.1}, {0.1, 0.3, 0.2}};
    made *m = made_new(five_blocks);
    fill_blocks(m, accuracy, 5);
    analysis *a = made_analysis(m);

    ck_assert(a->has_friedman);
    ck_assert_uint_eq(a->friedman_blocks, 5);
    ck_assert_double_eq_tol(a->treatment[0].mean_rank, 2.8, NEAR);
    ck_assert_double_eq_tol(a->friedman.chi2, 6.4, 1e-9);
    ck_assert_double_eq_tol(a->friedman.f, 64.0 / 9, 1e-9);
    ck_assert_double_eq_tol(a->friedman.critical_difference, 2.344 * sqrt(12.0 / 30), 1e-3);
    ck_assert(a->powered);
    ck_assert_uint_eq(a->order[0], 1);
    ck_assert_uint_eq(a->order[1], 2);
    ck_assert_uint_eq(a->order[2], 0);
    ck_assert_uint_eq(a->group_count, 2); /* 1.2 and 2, 2 and 2.8 are within 1.48 */
    ck_assert_uint_eq(a->group[1][0], 1);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* lion ends with adam's weights: that sgd ranks behind "both" is no second finding. */
START_TEST(a_treatment_that_repeats_another_is_ranked_with_it)
{
    const double accuracy[5][3] = {
        {0.1, 0.3, 0.3}, {0.1, 0.3, 0.3}, {0.1, 0.3, 0.3}, {0.1, 0.3, 0.3}, {0.1, 0.3, 0.3}};
    static const char *const optimizer[] = {"sgd", "adam", "lion"};
    text yaml = {0};
    text_addf(&yaml, "%stargets: {val_accuracy: 0.2}\n", five_blocks);
    made *m = made_new(yaml.bytes);
    for (size_t b = 0; b < 5; b++)
        for (size_t t = 0; t < 3; t++) {
            char label[32], weights[16];
            snprintf(label, sizeof(label), "b %s %s", activation[b], optimizer[t]);
            snprintf(weights, sizeof(weights), "w%zu%d", b, t > 0);
            made_final(m, label, 1, accuracy[b][t]);
            made_weights(m, weights);
            made_curve(m, &accuracy[b][t], 1);
        }
    analysis *a = made_analysis(m);

    ck_assert(!made_treatment(a, "adam")->repeats && made_treatment(a, "lion")->repeats);
    ck_assert_uint_eq(a->ranked, 2);
    ck_assert_double_eq(made_treatment(a, "sgd")->mean_rank, 2);
    ck_assert_double_eq(made_treatment(a, "adam")->mean_rank, 1);
    ck_assert_double_eq(made_treatment(a, "lion")->mean_rank, 1);
    ck_assert(!a->has_friedman); /* two are left; of three the p would be 1 / 3^4 by ties */
    ck_assert_uint_eq(a->cost_count, 5);
    ck_assert_double_eq(made_treatment(a, "lion")->cost[4], 10);
    analysis_free(a);
    made_free(m);
    free(yaml.bytes);
}
END_TEST

START_TEST(the_critical_difference_is_at_the_alpha_of_the_file)
{
    const double accuracy[5][3] = {{0.1, 0.3, 0.2}, {0.1, 0.3, 0.2}};
    text yaml = {0};
    text_addf(&yaml, "%sstats: {alpha: 0.1}\n", five_blocks);
    made *m = made_new(yaml.bytes);
    fill_blocks(m, accuracy, 2);
    analysis *a = made_analysis(m);

    ck_assert_double_eq_tol(a->friedman.critical_difference,
                            statistics_critical_difference(3, 2, 0.1), NEAR);
    ck_assert(!a->powered); /* two blocks */
    ck_assert_uint_eq(a->group_count, 0);
    analysis_free(a);
    made_free(m);
    free(yaml.bytes);
}
END_TEST

/* ---- what it cost ---------------------------------------------------------------------------- */

START_TEST(costs_are_over_the_pairs_that_all_have_run)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n"
                       "protocol: {final: {seeds: 3}}\n"
                       "targets: {val_accuracy: 0.5}\n");
    made_final(m, "b sgd", 1, 0);
    made_curve(m, (double[]){0.1, 0.4, 0.5}, 3);
    made_final(m, "b adam", 1, 0);
    made_curve(m, (double[]){0.6, 0.4}, 2);
    made_final(m, "b sgd", 2, 0);
    made_curve(m, (double[]){0.1}, 1);
    made_final(m, "b adam", 2, 0);
    made_curve(m, (double[]){0.1, 0.2}, 2);
    made_final(m, "b sgd", 3, 0); /* adam's is not there yet */
    made_curve(m, (double[]){0.9}, 1);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->cost_count, 2);
    ck_assert_double_eq(made_treatment(a, "sgd")->cost[0], 30);
    ck_assert_double_eq(made_treatment(a, "adam")->cost[0], 10);
    ck_assert_double_eq(a->reference[0], 10);
    ck_assert(isinf(made_treatment(a, "sgd")->cost[1]));
    ck_assert(isinf(a->reference[1]));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_targets_there_are_no_costs)
{
    made *m = made_new(two_blocks);
    made_finals(m, "b tanh sgd", (double[]){0.1, 0.3}, 2);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->cost_count, 0);
    ck_assert_ptr_null(a->treatment[0].cost);
    ck_assert_ptr_null(a->reference);
    analysis_free(a);
    made_free(m);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/analysis_treatments");
    TCase *figures = tcase_create("figures"), *ranks = tcase_create("ranks");
    TCase *costs = tcase_create("costs");

    tcase_add_test(figures, the_iqm_is_over_all_blocks_that_are_complete);
    tcase_add_test(figures, a_block_that_a_treatment_lacks_is_left_out_for_all);
    tcase_add_test(figures, without_a_complete_block_each_has_the_figure_of_its_own);
    tcase_add_test(figures, failures_that_reach_the_middle_half_make_the_iqm_infinite);
    suite_add_tcase(suite, figures);
    tcase_add_test(ranks, in_a_block_fewer_failures_rank_first_then_the_mean);
    tcase_add_test(ranks, ranks_are_over_the_replicates_that_all_have);
    tcase_add_test(ranks, a_treatment_that_is_skipped_everywhere_takes_no_part);
    tcase_add_test(ranks, friedman_is_over_complete_blocks);
    tcase_add_test(ranks, a_treatment_that_repeats_another_is_ranked_with_it);
    tcase_add_test(ranks, the_critical_difference_is_at_the_alpha_of_the_file);
    suite_add_tcase(suite, ranks);
    tcase_add_test(costs, costs_are_over_the_pairs_that_all_have_run);
    tcase_add_test(costs, without_targets_there_are_no_costs);
    suite_add_tcase(suite, costs);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
