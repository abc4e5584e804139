/* test_analysis_tuning.c: trials, which one is chosen, and winners at an end of their range. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

#define NEAR 1e-12
#define LOST (-(double)INFINITY)
#define NONE ((double)NAN)

/* ---- choosing -------------------------------------------------------------------------------- */

static const struct {
    double score[6];
    size_t trials, seeds, chosen;
} choices[] = {
    {{0.1, 0.3, 0.2}, 3, 1, 1},
    {{0.3, 0.3, 0.2}, 3, 1, 0},                /* ties: the first */
    {{0.9, 0.1, 0.4, 0.7, 0.5, 0.5}, 3, 2, 1}, /* means 0.5, 0.55, 0.5 */
    {{0.9, LOST, 0.1, 0.1}, 2, 2, 1},          /* a failure loses against anything */
    {{LOST, LOST}, 2, 1, SIZE_MAX},
    {{0.9, NONE, 0.1, 0.2}, 2, 2, 1}, /* what is not all there cannot win */
    {{NONE}, 1, 1, SIZE_MAX},
    {{-3, -2, -4}, 3, 1, 1}, /* losses */
    {{0}, 0, 3, SIZE_MAX},
    {{0}, 3, 0, SIZE_MAX},
};

START_TEST(the_highest_mean_over_seeds_is_chosen)
{
    ck_assert_uint_eq(analysis_choose(choices[_i].score, choices[_i].trials, choices[_i].seeds),
                      choices[_i].chosen);
}
END_TEST

/* ---- trials ---------------------------------------------------------------------------------- */

static const char tuned[] = "axes: {optimizer: [{name: sgd, lr: {log: [0.01, 100]}}, adam]}\n"
                            "protocol:\n"
                            "  tune: {sampler: random, trials: 3, seeds: 1}\n"
                            "  final: {seeds: 2}\n"
                            "  untuned_row: true\n";

static run_record *add_trial(made *m, size_t trial, const char *value, double accuracy)
{
    return made_trial(m, "b sgd", trial, "optimizer.lr", value, accuracy);
}

START_TEST(a_cell_knows_its_trials_and_the_winner)
{
    made *m = made_new(tuned);
    add_trial(m, 2, "5", 0.6);
    add_trial(m, 0, "0.5", 0.7);
    add_trial(m, 1, "1", 0.9);
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_uint_eq(cell->trial_count, 3);
    ck_assert_uint_eq(cell->chosen, 1);
    ck_assert_str_eq(cell->trial[1].value[0], "1");
    ck_assert_double_eq(cell->trial[2].score, 0.6);
    ck_assert_uint_eq(cell->trial[2].runs, 1);
    ck_assert_uint_eq(made_cell(a, "b adam")->trial_count, 0);
    ck_assert_uint_eq(made_treatment(a, "sgd")->trials, 3);
    ck_assert_uint_eq(made_treatment(a, "adam")->trials, 0);
    ck_assert_uint_eq(a->planned[RUN_TUNE], 3);
    ck_assert_uint_eq(a->planned[RUN_UNTUNED], 2);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(nothing_is_chosen_before_all_trials_are_there)
{
    made *m = made_new(tuned);
    add_trial(m, 0, "0.5", 0.7);
    add_trial(m, 2, "1", 0.9);
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_uint_eq(cell->trial_count, 3);
    ck_assert_uint_eq(cell->chosen, SIZE_MAX);
    ck_assert_str_eq(cell->trial[1].value[0], "");
    ck_assert(isnan(cell->trial[1].score));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_trial_that_failed_for_one_seed_has_failed)
{
    made *m = made_new("axes: {optimizer: [{name: sgd, lr: {log: [0.01, 100]}}]}\n"
                       "protocol: {tune: {sampler: random, trials: 2, seeds: 2}}\n");
    static const double accuracy[2][2] = {{0.9, 0.9}, {0.1, 0.2}};
    for (size_t trial = 0; trial < 2; trial++)
        for (size_t seed = 0; seed < 2; seed++) {
            run_record *record = made_run(m, "b sgd", RUN_TUNE, trial, 1000001 + seed, 0);
            record->value[RECORD_VALIDATION][METRIC_ACCURACY] = accuracy[trial][seed];
            if (trial == 0 && seed == 1)
                record->status = RUN_DIVERGED;
        }
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_double_eq(cell->trial[0].score, LOST);
    ck_assert_uint_eq(cell->trial[0].failures, 1);
    ck_assert_double_eq_tol(cell->trial[1].score, 0.15, NEAR);
    ck_assert_uint_eq(a->failure_count, 1);
    ck_assert_int_eq(a->failure[0].phase, RUN_TUNE);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(tuning_goes_by_the_figure_that_is_selected)
{
    made *m = made_new("axes: {optimizer: [{name: sgd, lr: {log: [0.01, 100]}}]}\n"
                       "protocol: {tune: {sampler: random, trials: 2, seeds: 1, "
                       "select: val_loss}}\n");
    add_trial(m, 0, "1", 0.9)->value[RECORD_VALIDATION][METRIC_LOSS] = 3;
    add_trial(m, 1, "2", 0.1)->value[RECORD_VALIDATION][METRIC_LOSS] = 2;
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(made_cell(a, "b sgd")->chosen, 1);
    ck_assert_double_eq(made_cell(a, "b sgd")->trial[0].score, -3);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(untuned_rows_have_a_mean_of_the_reported_figure)
{
    made *m = made_new(tuned);
    made_finals(m, "b sgd", (double[]){0.9, 0.8}, 2);
    made_run(m, "b sgd", RUN_UNTUNED, 0, 1, 0.5);
    made_run(m, "b sgd", RUN_UNTUNED, 0, 2, 0.6);
    analysis *a = made_analysis(m);

    ck_assert_double_eq_tol(made_cell(a, "b sgd")->untuned_mean, 0.55, NEAR);
    ck_assert_double_eq_tol(made_cell(a, "b sgd")->mean, 0.85, NEAR);
    ck_assert(isnan(made_cell(a, "b adam")->untuned_mean));
    ck_assert_uint_eq(a->runs[RUN_UNTUNED], 2);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- edges ----------------------------------------------------------------------------------- */

/* Four trials of which the first is the best; '<' and '>' are the ends, '-' is neither. Of the log
 * range 0.01 .. 100 the outermost 5 % are below 0.01 * 10^0.2 = 0.0158 and above 63.1. */
static const struct {
    const char *range, *sampler, *value[4];
    char edge;
} edges[] = {
    {"{log: [0.01, 100]}", "random", {"0.0157", "1", "2", "3"}, '<'},
    {"{log: [0.01, 100]}", "random", {"0.0159", "1", "2", "3"}, '-'},
    {"{log: [0.01, 100]}", "sobol", {"63.2", "1", "2", "3"}, '>'},
    {"{log: [0.01, 100]}", "sobol", {"63", "1", "2", "3"}, '-'},
    {"{uniform: [0, 1]}", "random", {"0.05", "0.5", "0.6", "0.7"}, '<'},
    {"{uniform: [0, 1]}", "random", {"0.06", "0.5", "0.6", "0.7"}, '-'},
    {"{uniform: [0, 1]}", "grid", {"0.2", "0.4", "0.6", "0.8"}, '<'},
    {"{uniform: [0, 1]}", "grid", {"0.4", "0.2", "0.6", "0.8"}, '-'},
    {"{uniform: [0, 1]}", "grid", {"0.8", "0.2", "0.6", "0.4"}, '>'},
    {"{uniform: [1, 8], whole: true}", "random", {"8", "5", "6", "3"}, '>'},
    {"{grid: [1, 2, 10, 3]}", "grid", {"10", "1", "2", "3"}, '>'}, /* numbers, not words */
    {"{grid: [1, 2, 10, 3]}", "random", {"2", "1", "10", "3"}, '-'},
    {"{grid: [1, 2, 10, 3]}", "random", {"1", "1", "2", "2"}, '-'}, /* of two each is at an end */
    {"{grid: [yes, no, maybe, never]}", "grid", {"yes", "no", "maybe", "never"}, '-'},
};

START_TEST(a_winner_at_an_end_of_its_range_is_reported)
{
    text yaml = {0};
    text_addf(&yaml,
              "axes: {optimizer: [{name: sgd, lr: %s}]}\n"
              "protocol: {tune: {sampler: %s, trials: 4, seeds: 1}}\n",
              edges[_i].range, edges[_i].sampler);
    made *m = made_new(yaml.bytes);
    for (size_t t = 0; t < 4; t++)
        add_trial(m, t, edges[_i].value[t], t == 0 ? 0.9 : 0.1);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->edge_count, edges[_i].edge == '-' ? 0 : 1);
    if (a->edge_count > 0) {
        ck_assert_int_eq(a->edge[0].low, edges[_i].edge == '<');
        ck_assert_str_eq(a->edge[0].path, "optimizer.lr");
        ck_assert_str_eq(a->edge[0].value, edges[_i].value[0]);
    }
    analysis_free(a);
    made_free(m);
    free(yaml.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/analysis_tuning");
    TCase *trials = tcase_create("trials"), *ends = tcase_create("edges");

    tcase_add_loop_test(trials, the_highest_mean_over_seeds_is_chosen, 0,
                        sizeof(choices) / sizeof(choices[0]));
    tcase_add_test(trials, a_cell_knows_its_trials_and_the_winner);
    tcase_add_test(trials, nothing_is_chosen_before_all_trials_are_there);
    tcase_add_test(trials, a_trial_that_failed_for_one_seed_has_failed);
    tcase_add_test(trials, tuning_goes_by_the_figure_that_is_selected);
    tcase_add_test(trials, untuned_rows_have_a_mean_of_the_reported_figure);
    suite_add_tcase(suite, trials);
    tcase_add_loop_test(ends, a_winner_at_an_end_of_its_range_is_reported, 0,
                        sizeof(edges) / sizeof(edges[0]));
    suite_add_tcase(suite, ends);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
