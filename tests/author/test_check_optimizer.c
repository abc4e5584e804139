/* test_check_optimizer.c: the conformance suite on optimizers that are wrong in one way each, and
 * on their right twins (tests/author/broken): a wrong one has the one finding that is meant, and it
 * says what the fault is. What is measured of a right one is in its report. */
#include <jansson.h>
#include <string.h>

#include "harness.h"
#include "verdict.h"

static const fault faults[] = {
    {"forgets_closure_flag", "runs", "the step succeeds", "without having set PLX_NEEDS_CLOSURE",
     0},
    {"off_by_one_slot", "bounds", "", "a write just past the end of 'slot momentum of layers.", 0},
    {"writes_gradient", "bounds", "", "'g of layers.0.weight'", 0},
    {"allocates_in_range", "allocation", "a [range] function allocates nothing", "taken", 0},
    {"counts_plans", "state", "own data is the same", "", 0},
    {"static_at_times", "state", "own data is the same", "pulls", 0},
    {"uses_random_without_host", "determinism", "the same bits", "rand", 0},
    {"unsplittable", "splitting", "the same bits in one call or in many", "in pieces of 1", 0},
    {"wrong_slot_plan", "slots", "a plan for any tensor", "for layers.0.weight of 7 x 1: ", 0},
    {"zero_gradient_nan", "zero_gradient", "a gradient of zero leaves", " to NaN within", 0},
    {"decays_without_being_asked", "zero_gradient", "unless a setting asks",
     "every decay and noise 0", 0},
    {"shakes_without_being_asked", "zero_gradient", "unless a setting asks",
     "every decay and noise 0", 0},
    {"swallows_nan", "nonfinite", "NaN in a gradient shows", "is swallowed", 0},
    {"ignores_lr", "lr", "depend on the learning rate", "at lr 0.01 and at lr 0.005", 0},
    {"state_in_constants", "resume", "not interrupted", "interrupted after 12 of 24 steps", 0},
    {"ascends", "descent", "on quadratic_1 the loss falls", "uphill at every rate", 0},
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

START_TEST(a_wrong_optimizer_has_the_one_finding_that_is_meant)
{
    verdict_expect_fault(&faults[_i], BUILTIN);
}
END_TEST

START_TEST(its_right_twin_passes)
{
    verdict_expect_pass(faults[_i].name, BUILTIN);
}
END_TEST

START_TEST(measures_say_what_the_optimizer_is_like)
{
    check_report *report =
        verdict_run("good", "zero_gradient_nan", BUILTIN); /* signs of the gradient alone */

    ck_assert_str_eq(check_finding(report, "slots")->says, "no slots");
    ck_assert_str_eq(check_finding(report, "scale")->says,
                     "steps are invariant to the gradient's scale");
    ck_assert_int_eq(check_finding(report, "scale")->status, FINDING_MEASURED);
    ck_assert_ptr_nonnull(strstr(check_finding(report, "sensitivity")->says, "rosenbrock"));
    const json_t *cost = check_finding(report, "cost")->figures;
    ck_assert_double_eq(json_real_value(json_object_get(cost, "bytes_per_parameter")), 0);
    ck_assert_double_gt(json_real_value(json_object_get(cost, "ns_per_parameter")), 0);
    ck_assert_double_gt(json_real_value(json_object_get(cost, "adam_ns")), 0);
    check_report_free(report);
}
END_TEST

START_TEST(curves_and_trajectories_are_among_the_figures)
{
    check_report *report = verdict_run("good", "ascends", BUILTIN);
    const json_t *figures = check_finding(report, "sensitivity")->figures;
    const json_t *curve = json_array_get(json_object_get(figures, "sensitivity"), 0);
    const json_t *path = json_array_get(json_object_get(figures, "trajectories"), 0);
    const json_t *rival = json_array_get(json_object_get(figures, "rivals"), 0);

    ck_assert_str_eq(json_string_value(json_object_get(curve, "problem")), "quadratic_1");
    ck_assert_uint_eq(json_array_size(json_object_get(curve, "lr")), 13);
    ck_assert_uint_eq(json_array_size(json_object_get(curve, "loss")), 13);
    ck_assert(json_is_null(json_array_get(json_object_get(curve, "loss"), 12))); /* diverged */
    ck_assert_str_eq(json_string_value(json_object_get(path, "problem")), "quadratic_1");
    ck_assert_uint_eq(json_array_size(json_object_get(path, "x")), 201);
    ck_assert_uint_eq(json_array_size(json_object_get(path, "loss")), 201);
    ck_assert_str_eq(json_string_value(json_object_get(rival, "optimizer")), "sgd");
    ck_assert_uint_eq(json_array_size(json_object_get(figures, "sensitivity")), 9);
    ck_assert_uint_eq(json_array_size(json_object_get(figures, "trajectories")), 6);
    ck_assert_uint_eq(json_array_size(json_object_get(figures, "rivals")), 12);
    check_report_free(report);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("author/check_optimizer");
    TCase *c = tcase_create("optimizers");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, a_wrong_optimizer_has_the_one_finding_that_is_meant, 0, FAULTS);
    tcase_add_loop_test(c, its_right_twin_passes, 0, FAULTS);
    tcase_add_test(c, measures_say_what_the_optimizer_is_like);
    tcase_add_test(c, curves_and_trajectories_are_among_the_figures);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
