/* test_check_loss.c: the conformance suite on losses that are wrong in one way each, and on their
 * right twins (tests/author/broken): a wrong one has the one finding that is meant, and it says
 * what the fault is and for which numbers. The twins are of many sorts (kinks, float32, a loss of
 * classes alone, a floor that is left open, an unknown partner): they pass. */
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
    {"writes_target", "bounds", "", "'target'"},
    {"takes_nothing", "targets", "at least one family", "(squared true)"},
    {"loss_nan_at_zero", "finite", "PLX_PROBABILITY_FLOOR", "loss nan for prediction 1, 0, 0"},
    {"hides_nan", "nonfinite", "NaN", "for prediction nan, "},
    {"wrong_gradient", "gradient", "the slope of the loss", "of 2 columns"},
    {"not_minimal", "minimum", "the loss at prediction", "values in [0, 1], the defaults"},
    {"ignores_row_weight", "weights", "scale 0.375 times row_weight 0.5", "gradient "},
    {"wrong_fused", "fused", "the backward of sigmoid", "gradient "},
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

static check_report *run(const char *folder, const char *name, const char *builtin)
{
    const check_options options = {.builtin = builtin};
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

START_TEST(a_wrong_loss_has_the_one_finding_that_is_meant)
{
    const fault *fault = &faults[_i];
    check_report *report = run("broken", fault->name, BUILTIN);
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
    check_report *report = run("good", faults[_i].name, BUILTIN);
    char *all = failures(report);

    ck_assert_msg(report->failed == 0, "%s", all);
    for (size_t i = 0; i < report->count; i++)
        ck_assert_msg(report->findings[i].status != FINDING_UNJUDGED, "%s: %s is not judged",
                      report->path, report->findings[i].id);
    free(all);
    check_report_free(report);
}
END_TEST

START_TEST(a_setting_away_from_its_default_may_move_the_minimum)
{
    check_report *report = run("good", "not_minimal", BUILTIN);
    const finding *minimum = check_finding(report, "minimum");

    ck_assert_int_eq(minimum->status, FINDING_PASSED);
    ck_assert_str_eq(minimum->says, "with other settings the minimum lies elsewhere: liking 0.1");
    check_report_free(report);
}
END_TEST

START_TEST(scores_of_classes_have_no_minimum_to_look_for)
{
    check_report *report = run("good", "writes_target", BUILTIN); /* a hinge loss */

    ck_assert_ptr_nonnull(strstr(check_finding(report, "minimum")->says, "nothing to compare"));
    check_report_free(report);
}
END_TEST

START_TEST(without_its_partner_a_fused_loss_is_not_judged)
{
    check_report *report = run("broken", "wrong_fused", NULL);

    ck_assert_int_eq(check_finding(report, "fused")->status, FINDING_SKIPPED);
    ck_assert_uint_eq(report->failed, 0);
    check_report_free(report);
}
END_TEST

START_TEST(a_loss_without_partners_skips_fused)
{
    check_report *report = run("good", "wrong_gradient", BUILTIN);

    ck_assert_str_eq(check_finding(report, "fused")->says, "it has no fused partners");
    check_report_free(report);
}
END_TEST

START_TEST(its_curve_is_among_the_figures)
{
    check_report *report = run("good", "wrong_gradient", BUILTIN);
    const json_t *curve = json_object_get(check_finding(report, "gradient")->figures, "curve");
    const json_t *loss = json_object_get(curve, "loss");

    ck_assert_uint_eq(json_array_size(json_object_get(curve, "prediction")), 121);
    ck_assert_uint_eq(json_array_size(json_object_get(curve, "gradient")), 121);
    ck_assert_uint_eq(json_array_size(loss), 121);
    /* log cosh of 0 and of 3 */
    ck_assert_double_eq_tol(json_real_value(json_array_get(loss, 60)), 0, 1e-12);
    ck_assert_double_eq_tol(json_real_value(json_array_get(loss, 120)), 2.309328504, 1e-8);
    check_report_free(report);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("author: check of losses");
    TCase *tests = tcase_create("check");

    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_wrong_loss_has_the_one_finding_that_is_meant, 0, FAULTS);
    tcase_add_loop_test(tests, its_right_twin_passes, 0, FAULTS);
    tcase_add_test(tests, a_setting_away_from_its_default_may_move_the_minimum);
    tcase_add_test(tests, scores_of_classes_have_no_minimum_to_look_for);
    tcase_add_test(tests, without_its_partner_a_fused_loss_is_not_judged);
    tcase_add_test(tests, a_loss_without_partners_skips_fused);
    tcase_add_test(tests, its_curve_is_among_the_figures);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
