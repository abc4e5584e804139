/* test_analysis_targets.c: time to target and learning curves. A curve of made.h takes 10 steps and
 * 20 evaluations an epoch. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

#define NEAR 1e-12

static const char target[] = "axes: {optimizer: [sgd, adam]}\n"
                             "protocol: {final: {seeds: 3}}\n"
                             "targets: {val_accuracy: 0.5}\n";

static void add_curve(made *m, const char *label, uint64_t seed, const double *accuracy,
                      size_t epochs)
{
    made_final(m, label, seed, accuracy[epochs - 1]);
    made_curve(m, accuracy, epochs);
}

/* ---- time to target -------------------------------------------------------------------------- */

START_TEST(the_first_epoch_that_reaches_the_target_counts)
{
    made *m = made_new(target);
    add_curve(m, "b sgd", 1, (double[]){0.4, 0.5, 0.1, 0.9}, 4); /* equal is reached */
    add_curve(m, "b sgd", 2, (double[]){0.6}, 1);
    add_curve(m, "b sgd", 3, (double[]){0.1, 0.2, 0.3}, 3);
    analysis *a = made_analysis(m);
    const analysis_cell *cell = made_cell(a, "b sgd");

    ck_assert_double_eq(cell->steps_to_target, 20); /* of 20, 10, infinity */
    ck_assert_double_eq(cell->evaluations_to_target, 40);
    ck_assert(isnan(made_cell(a, "b adam")->steps_to_target));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_target_that_half_do_not_reach_is_infinitely_far)
{
    made *m = made_new(target);
    add_curve(m, "b sgd", 1, (double[]){0.6}, 1);
    add_curve(m, "b sgd", 2, (double[]){0.1}, 1);
    analysis *a = made_analysis(m);

    ck_assert(isinf(made_cell(a, "b sgd")->steps_to_target));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(what_comes_after_the_target_does_not_undo_it)
{
    made *m = made_new(target);
    add_curve(m, "b sgd", 1, (double[]){0.6, (double)NAN}, 2);
    run_record *record = made_final(m, "b sgd", 2, (double)NAN);
    record->status = RUN_DIVERGED;
    made_curve(m, (double[]){0.1, 0.7}, 2);
    analysis *a = made_analysis(m);

    ck_assert_double_eq(made_cell(a, "b sgd")->steps_to_target, 15); /* of 10 and 20 */
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_problem_has_the_target_that_names_it_or_else_the_general_one)
{
    made *m = made_new("problems: {x: {}, y: {}, z: {}}\n"
                       "axes: {optimizer: [sgd]}\n"
                       "protocol: {final: {seeds: 1}}\n"
                       "targets: {val_accuracy: 0.5, y.val_accuracy: 0.8}\n");
    add_curve(m, "x sgd", 1, (double[]){0.6, 0.9}, 2);
    add_curve(m, "y sgd", 1, (double[]){0.6, 0.9}, 2);
    made_final(m, "z sgd", 1, 0.5)->value[RECORD_VALIDATION][METRIC_R2] = 1; /* no accuracy */
    analysis *a = made_analysis(m);

    ck_assert_double_eq(made_cell(a, "x sgd")->steps_to_target, 10);
    ck_assert_double_eq(made_cell(a, "y sgd")->steps_to_target, 20);
    ck_assert(isnan(made_cell(a, "z sgd")->steps_to_target));
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_loss_reaches_its_target_from_above)
{
    made *m = made_new("axes: {optimizer: [sgd]}\n"
                       "protocol: {final: {seeds: 1}}\n"
                       "targets: {val_loss: 0.5}\n");
    run_record *record = made_final(m, "b sgd", 1, 0.5);
    made_curve(m, (double[]){0, 0, 0}, 3);
    for (int e = 0; e < 3; e++)
        record->epoch[e].validation[METRIC_LOSS] = 1 - 0.3 * e; /* 1, 0.7, 0.4 */
    record->value[RECORD_VALIDATION][METRIC_LOSS] = 0.4;
    analysis *a = made_analysis(m);

    ck_assert_double_eq(made_cell(a, "b sgd")->steps_to_target, 30);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- curves ---------------------------------------------------------------------------------- */

START_TEST(a_curve_has_median_and_quartiles_of_those_still_running)
{
    made *m = made_new(target);
    add_curve(m, "b sgd", 1, (double[]){0.1, 0.5}, 2);
    add_curve(m, "b sgd", 2, (double[]){0.2, 0.6, 0.9}, 3);
    run_record *record = made_final(m, "b sgd", 3, 0);
    record->status = RUN_DIVERGED;
    made_curve(m, (double[]){0.4}, 1);
    analysis *a = made_analysis(m);
    const analysis_curve *curve = a->curve;

    ck_assert_uint_eq(a->curve_count, 1);
    ck_assert(!curve->training);
    ck_assert_int_eq(curve->metric, METRIC_ACCURACY);
    ck_assert_uint_eq(curve->count, 3);
    ck_assert_double_eq(curve->step[1], 20);
    ck_assert_double_eq_tol(curve->median[0], 0.2, NEAR);
    ck_assert_double_eq_tol(curve->lo[0], 0.15, NEAR); /* of 0.1, 0.2, 0.4 by type 7 */
    ck_assert_double_eq_tol(curve->hi[0], 0.3, NEAR);
    ck_assert_double_eq_tol(curve->median[1], 0.55, NEAR);
    ck_assert_double_eq_tol(curve->lo[2], 0.9, NEAR);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(the_best_block_is_shown)
{
    made *m = made_new("axes: {hidden_activation: [tanh, relu, elu], optimizer: [sgd]}\n"
                       "protocol: {final: {seeds: 2}}\n");
    add_curve(m, "b tanh sgd", 1, (double[]){0.5}, 1);
    add_curve(m, "b tanh sgd", 2, (double[]){0.7}, 1);
    add_curve(m, "b relu sgd", 1, (double[]){0.65}, 1);
    add_curve(m, "b elu sgd", 1, (double[]){0.9}, 1); /* the best, but for a failure */
    made_failed(m, "b elu sgd", 2);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->curve_count, 1);
    ck_assert_str_eq(a->cell[a->curve[0].cell].label, "b relu sgd");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_curve_is_over_folds_as_well)
{
    made *m = made_new("axes: {optimizer: [sgd], data.fold: [0, 1]}\n"
                       "protocol: {final: {seeds: 1}}\n");
    add_curve(m, "b sgd 0", 1, (double[]){0.5}, 1);
    add_curve(m, "b sgd 1", 1, (double[]){0.7}, 1);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(a->curve_count, 1);
    ck_assert_double_eq_tol(a->curve[0].median[0], 0.6, NEAR);
    ck_assert_str_eq(a->cell[a->curve[0].cell].label, "b sgd 0");
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_validation_the_training_loss_is_shown)
{
    made *m = made_new(target);
    run_record *record = made_final(m, "b sgd", 1, 0.5);
    made_curve(m, (double[]){(double)NAN, (double)NAN}, 2);
    analysis *a = made_analysis(m);

    ck_assert_uint_eq(record->epoch_count, 2);
    ck_assert(a->curve[0].training);
    ck_assert_int_eq(a->curve[0].metric, METRIC_LOSS);
    ck_assert_double_eq(a->curve[0].median[1], 0.5);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_long_curve_is_thinned_and_keeps_its_last_epoch)
{
    enum { EPOCHS = 1205 };
    double accuracy[EPOCHS];
    made *m = made_new(target);
    for (int e = 0; e < EPOCHS; e++)
        accuracy[e] = e;
    add_curve(m, "b sgd", 1, accuracy, EPOCHS);
    analysis *a = made_analysis(m);
    const analysis_curve *curve = a->curve;

    ck_assert_uint_eq(curve->count, 403); /* every third from the first on, and the last */
    ck_assert_double_eq(curve->step[0], 10);
    ck_assert_double_eq(curve->step[1], 40);
    ck_assert_double_eq(curve->median[402], EPOCHS - 1);
    analysis_free(a);
    made_free(m);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/analysis_targets");
    TCase *targets = tcase_create("targets"), *curves = tcase_create("curves");

    tcase_add_test(targets, the_first_epoch_that_reaches_the_target_counts);
    tcase_add_test(targets, a_target_that_half_do_not_reach_is_infinitely_far);
    tcase_add_test(targets, what_comes_after_the_target_does_not_undo_it);
    tcase_add_test(targets, a_problem_has_the_target_that_names_it_or_else_the_general_one);
    tcase_add_test(targets, a_loss_reaches_its_target_from_above);
    suite_add_tcase(suite, targets);
    tcase_add_test(curves, a_curve_has_median_and_quartiles_of_those_still_running);
    tcase_add_test(curves, the_best_block_is_shown);
    tcase_add_test(curves, a_curve_is_over_folds_as_well);
    tcase_add_test(curves, without_validation_the_training_loss_is_shown);
    tcase_add_test(curves, a_long_curve_is_thinned_and_keeps_its_last_epoch);
    suite_add_tcase(suite, curves);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
