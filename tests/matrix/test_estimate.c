/* test_estimate.c: how long a plan will take, from runs that are really made. */
#include "matrix/estimate.h"

#include <stdlib.h>

#include "harness.h"
#include "planned.h"
#include "support/memory.h"
#include "train/session.h"

/* A few runs that take no time, and the estimate of them. */
static estimate estimate_of(const char *rest, double seconds)
{
    char *folder = harness_memory_folder();
    char *text = memory_format("%s%s", PLANNED_XOR, rest);
    planned *made = planned_expect(folder, text);
    plx_error error = {0};
    estimate estimate;

    ck_assert_msg(estimate_make(made->plan, seconds, &estimate, &error), "%s", error.text);
    planned_free(made);
    free(text);
    free(folder);
    return estimate;
}

/* Problems by treatments, however many other axes and seeds there are. */
START_TEST(each_treatment_is_tried_on_each_problem)
{
    const estimate estimate = estimate_of("problems: {a: {}, b: {}}\n"
                                          "axes: {optimizer: [sgd, adam], train.batch: [4, 8]}\n",
                                          1);

    ck_assert_uint_eq(estimate.probes, 4);
    ck_assert_uint_eq(estimate.failed, 0);
    ck_assert(estimate.run_seconds > 0 && estimate.run_seconds < 1);
    ck_assert_double_eq_tol(estimate.all_seconds, 40 * estimate.run_seconds, 1e-9);
}
END_TEST

/* One treatment, where nothing is compared. */
START_TEST(a_plan_without_axes_is_tried_once)
{
    const estimate estimate = estimate_of("", 1);

    ck_assert_uint_eq(estimate.probes, 1);
    ck_assert_double_eq_tol(estimate.all_seconds, 5 * estimate.run_seconds, 1e-9);
}
END_TEST

/* Runs of all phases: 2 x 3 of tuning, 4 untuned, 4 final; and 4 of what is not searched. */
START_TEST(every_phase_counts)
{
    const estimate estimate = estimate_of(
        "axes: {optimizer: [sgd, {name: adam, lr: {log: [1e-4, 1]}}]}\n"
        "protocol: {tune: {trials: 2, seeds: 3}, final: {seeds: 4}, untuned_row: true}\n",
        1);

    ck_assert_uint_eq(estimate.probes, 2);
    ck_assert_double_eq_tol(estimate.all_seconds, 18 * estimate.run_seconds, 1e-9);
}
END_TEST

START_TEST(what_is_skipped_is_not_tried)
{
    const estimate estimate =
        estimate_of("axes: {optimizer: [lbfgs, sgd], train.clip_norm: [1]}\n", 1);

    ck_assert_uint_eq(estimate.probes, 1);
    ck_assert_double_eq_tol(estimate.all_seconds, 5 * estimate.run_seconds, 1e-9);
}
END_TEST

START_TEST(a_run_that_dies_counts_as_failed)
{
    const estimate estimate = estimate_of("axes: {optimizer: [crasher, refuser, sgd]}\n", 1);

    ck_assert_uint_eq(estimate.probes, 3);
    ck_assert_uint_eq(estimate.failed, 2);
}
END_TEST

/* A run of a million epochs is stopped, and its steps are counted. */
START_TEST(a_long_run_is_projected)
{
    const double begun = session_clock();
    const estimate estimate = estimate_of("set: {train.epochs: 1000000}\n", 0.2);

    ck_assert_uint_eq(estimate.probes, 1);
    ck_assert_uint_eq(estimate.failed, 0);
    ck_assert(estimate.run_seconds > 1);
    ck_assert(session_clock() - begun < 0.9 * estimate.run_seconds);
}
END_TEST

/* It has done 2 of its 9 steps when its moment is over. */
START_TEST(a_run_that_hangs_is_no_failure_yet)
{
    const estimate estimate = estimate_of("axes: {optimizer: [hanger]}\n", 0.2);

    ck_assert_uint_eq(estimate.failed, 0);
    ck_assert(estimate.run_seconds >= 0.9);
}
END_TEST

/* Of 40 treatments that each take their moment, as many are tried as fit into ten moments; the others are
 * taken to be like them. */
START_TEST(trying_ends_after_ten_moments)
{
    const estimate estimate =
        estimate_of("set: {train.epochs: 1000000}\n"
                    "axes: {train.batch: 1..20}\nstats: {compare: train.batch}\n"
                    "protocol: {final: {seeds: 1}}\n",
                    0.02);

    ck_assert_uint_ge(estimate.probes, 1);
    ck_assert_uint_lt(estimate.probes, 15);
    ck_assert_double_eq_tol(estimate.all_seconds, 20 * estimate.run_seconds,
                            1e-9 * estimate.all_seconds);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/estimate");
    TCase *t = tcase_create("estimate");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, each_treatment_is_tried_on_each_problem);
    tcase_add_test(t, a_plan_without_axes_is_tried_once);
    tcase_add_test(t, every_phase_counts);
    tcase_add_test(t, what_is_skipped_is_not_tried);
    tcase_add_test(t, a_run_that_dies_counts_as_failed);
    tcase_add_test(t, a_long_run_is_projected);
    tcase_add_test(t, a_run_that_hangs_is_no_failure_yet);
    tcase_add_test(t, trying_ends_after_ten_moments);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
