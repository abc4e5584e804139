/* test_check_loss.c: the conformance suite on losses that are wrong in one way each, and on their
 * right twins (tests/author/broken): a wrong one has the one finding that is meant, and it says
 * what the fault is and for which numbers. The twins are of many sorts (kinks, float32, a loss of
 * classes alone, a floor that is left open, an unknown partner): they pass. */
#include <jansson.h>
#include <string.h>

#include "harness.h"
#include "verdict.h"

static const fault faults[] = {
    {"writes_target", "bounds", "", "'target'", 0},
    {"takes_nothing", "targets", "at least one family", "(squared true)", 0},
    {"loss_nan_at_zero", "finite", "PLX_PROBABILITY_FLOOR", "loss nan for prediction 1, 0, 0", 0},
    {"hides_nan", "nonfinite", "NaN", "for prediction nan, ", 0},
    {"wrong_gradient", "gradient", "the slope of the loss", "of 2 columns", 0},
    {"not_minimal", "minimum", "the loss at prediction", "values in [0, 1], the defaults", 0},
    {"ignores_row_weight", "weights", "scale 0.375 times row_weight 0.5", "gradient ", 0},
    {"wrong_fused", "fused", "the backward of sigmoid", "gradient ", 0},
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

START_TEST(a_wrong_loss_has_the_one_finding_that_is_meant)
{
    verdict_expect_fault(&faults[_i], BUILTIN);
}
END_TEST

START_TEST(its_right_twin_passes)
{
    verdict_expect_pass(faults[_i].name, BUILTIN);
}
END_TEST

START_TEST(a_setting_away_from_its_default_may_move_the_minimum)
{
    check_report *report = verdict_run("good", "not_minimal", BUILTIN);
    const finding *minimum = check_finding(report, "minimum");

    ck_assert_int_eq(minimum->status, FINDING_PASSED);
    ck_assert_str_eq(minimum->says, "with other settings the minimum lies elsewhere: liking 0.1");
    check_report_free(report);
}
END_TEST

START_TEST(scores_of_classes_have_no_minimum_to_look_for)
{
    check_report *report = verdict_run("good", "writes_target", BUILTIN); /* a hinge loss */

    ck_assert_ptr_nonnull(strstr(check_finding(report, "minimum")->says, "nothing to compare"));
    check_report_free(report);
}
END_TEST

START_TEST(without_its_partner_a_fused_loss_is_not_judged)
{
    check_report *report = verdict_run("broken", "wrong_fused", NULL);

    ck_assert_int_eq(check_finding(report, "fused")->status, FINDING_SKIPPED);
    ck_assert_uint_eq(report->failed, 0);
    check_report_free(report);
}
END_TEST

START_TEST(a_loss_without_partners_skips_fused)
{
    check_report *report = verdict_run("good", "wrong_gradient", BUILTIN);

    ck_assert_str_eq(check_finding(report, "fused")->says, "it has no fused partners");
    check_report_free(report);
}
END_TEST

START_TEST(its_curve_is_among_the_figures)
{
    check_report *report = verdict_run("good", "wrong_gradient", BUILTIN);
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
