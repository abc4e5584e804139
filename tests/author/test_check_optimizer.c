/* test_check_optimizer.c: the conformance suite on optimizers that are wrong in one way each, and
 * on their right twins (tests/author/broken): a wrong one has the one finding that is meant, and it
 * says what the fault is. What is measured of a right one is in its report. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author/check.h"
#include "harness.h"

/* A wrong plug-in: which test fails, and a piece of what was expected and of what came. */
typedef struct fault {
    const char *name, *id, *expected, *came;
} fault;

static const fault faults[] = {
    {"forgets_closure_flag", "runs", "the step succeeds", "without having set PLX_NEEDS_CLOSURE"},
    {"off_by_one_slot", "bounds", "", "a write just past the end of 'slot momentum of layers."},
    {"writes_gradient", "bounds", "", "'g of layers.0.weight'"},
    {"allocates_in_range", "allocation", "a [range] function allocates nothing", "taken"},
    {"counts_plans", "state", "own data is the same", ""},
    {"uses_random_without_host", "determinism", "the same bits", "rand"},
    {"unsplittable", "splitting", "the same bits in one call or in many", "in pieces of 1"},
    {"wrong_slot_plan", "slots", "a plan for any tensor", "for layers.0.weight of 7 x 1: "},
    {"zero_gradient_nan", "zero_gradient", "a gradient of zero leaves", " to NaN within"},
    {"decays_without_being_asked", "zero_gradient", "unless a setting asks", "every decay 0"},
    {"swallows_nan", "nonfinite", "NaN in a gradient shows", "is swallowed"},
    {"ignores_lr", "lr", "depend on the learning rate", "at lr 0.01 and at lr 0.005"},
    {"state_in_constants", "resume", "not interrupted", "interrupted after 12 of 24 steps"},
    {"ascends", "descent", "on quadratic_1 the loss falls", "uphill at every rate"},
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

static check_report *run(const char *folder, const char *name)
{
    const check_options options = {.builtin = BUILTIN};
    plx_error error = {.code = ERROR_NONE};
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s/%s.so", BROKEN, folder, name);
    check_report *report = check_run(path, &options, &error);
    ck_assert_msg(report != NULL, "%s: %s", path, error.text);
    return report;
}

/* All that failed, for messages. */
static char *failures(const check_report *report)
{
    text t = {.bytes = NULL};

    text_add(&t, report->path);
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].status == FINDING_FAILED)
            text_addf(&t, "\n%s: expected %s; came %s; look at %s", report->findings[i].id,
                      report->findings[i].expected, report->findings[i].came,
                      report->findings[i].look);
    return t.bytes;
}

START_TEST(a_wrong_optimizer_has_the_one_finding_that_is_meant)
{
    const fault *fault = &faults[_i];
    check_report *report = run("broken", fault->name);
    const finding *found = check_finding(report, fault->id);
    char *all = failures(report);

    ck_assert_msg(report->failed == 1, "%zu findings: %s", report->failed, all);
    ck_assert_msg(found != NULL && found->status == FINDING_FAILED, "not %s: %s", fault->id, all);
    ck_assert_msg(strstr(found->expected, fault->expected) != NULL, "not expected: %s", all);
    ck_assert_msg(strstr(found->came, fault->came) != NULL, "did not come: %s", all);
    free(all);
    check_report_free(report);
}
END_TEST

START_TEST(its_right_twin_passes)
{
    check_report *report = run("good", faults[_i].name);
    char *all = failures(report);

    ck_assert_msg(report->failed == 0, "%s", all);
    for (size_t i = 0; i < report->count; i++)
        ck_assert_msg(report->findings[i].status != FINDING_UNJUDGED, "%s: %s is not judged",
                      report->path, report->findings[i].id);
    free(all);
    check_report_free(report);
}
END_TEST

START_TEST(measures_say_what_the_optimizer_is_like)
{
    check_report *report = run("good", "zero_gradient_nan"); /* signs of the gradient alone */

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
    check_report *report = run("good", "ascends");
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
