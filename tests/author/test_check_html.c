/* test_check_html.c: the page of a check's report, made from reports that are put together here,
 * so that no plug-in is run: well-formed, the verdict first, a figure for each curve, and nothing
 * where figures are absent or not what they should be. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "author/check.h"
#include "harness.h"
#include "report/wellformed.h"

static char path[] = "/somewhere/<lion>.so", name[] = "lion", version[] = "1.0";
static char hostile[] = "a < b & \"c\" <script>";

static char *page_of(uint32_t kind, finding *findings, size_t count)
{
    check_report report = {.path = path,
                           .kind = kind,
                           .name = kind == 0 ? NULL : name,
                           .version = kind == 0 ? NULL : version,
                           .summary = kind == 0 ? NULL : hostile,
                           .formula = kind == 0 ? NULL : hostile,
                           .findings = findings,
                           .count = count};
    text t = {.bytes = NULL};

    for (size_t i = 0; i < count; i++) {
        report.passed += findings[i].status == FINDING_PASSED;
        report.failed += findings[i].status == FINDING_FAILED;
    }
    ck_assert(check_html(&report, &t));
    wellformed_check(t.bytes);
    for (size_t i = 0; i < count; i++)
        json_decref(findings[i].figures);
    return t.bytes;
}

static void check_page(uint32_t kind, const char *test, const char *figures, const char *piece,
                       size_t expected)
{
    finding found = {.id = test,
                     .title = "a test",
                     .status = FINDING_MEASURED,
                     .figures = json_loads(figures, 0, NULL)};

    ck_assert_msg(found.figures != NULL, "%s", figures);
    char *page = page_of(kind, &found, 1);
    const size_t count = wellformed_count(page, piece);
    ck_assert_msg(count == expected, "%zu times %s in %s", count, piece, page);
    free(page);
}

START_TEST(a_failure_leads_the_page)
{
    finding findings[] = {
        {.id = "load", .title = "can be loaded", .status = FINDING_PASSED},
        {.id = "gradient",
         .title = "has a slope",
         .status = FINDING_FAILED,
         .expected = hostile,
         .came = hostile,
         .look = hostile},
        {.id = "minimum", .title = "is least", .status = FINDING_UNJUDGED, .says = hostile}};
    char *page = page_of(PLX_KIND_LOSS, findings, 3);
    const char *verdict = strstr(page, "1 of 2 tests failed: gradient.");
    const char *details = strstr(page, "<dt>expected</dt>");
    const char *table = strstr(page, "<table>");

    ck_assert(verdict != NULL && details != NULL && table != NULL);
    ck_assert(verdict < details);
    ck_assert(details < table);
    ck_assert_ptr_nonnull(strstr(page, "lion 1.0, a loss"));
    free(page);
}
END_TEST

START_TEST(a_good_plugin_is_told_so)
{
    finding findings[] = {{.id = "load", .title = "can be loaded", .status = FINDING_PASSED}};
    char *page = page_of(PLX_KIND_OPTIMIZER, findings, 1);

    ck_assert_ptr_nonnull(strstr(page, "Everything required holds: 1 test passed."));
    ck_assert_uint_eq(wellformed_count(page, "What failed"), 0);
    free(page);
}
END_TEST

START_TEST(what_did_not_load_has_a_page)
{
    finding findings[] = {
        {.id = "load", .title = "can be loaded", .status = FINDING_FAILED, .came = hostile}};
    char *page = page_of(0, findings, 1);

    ck_assert_ptr_nonnull(strstr(page, "<h1>/somewhere/&lt;lion&gt;.so</h1>"));
    free(page);
}
END_TEST

START_TEST(an_activation_has_its_curve)
{
    check_page(PLX_KIND_ACTIVATION, "derivative",
               "{\"curve\": {\"x\": [0, 1, 2], \"y\": [0, 1, null], \"dy\": [1, 1, 0]}}",
               "<figure>", 1);
}
END_TEST

START_TEST(a_loss_has_one_figure_for_itself_and_one_for_its_gradient)
{
    check_page(PLX_KIND_LOSS, "gradient",
               "{\"curve\": {\"prediction\": [0.1, 0.9], \"loss\": [2, 0.1], \"gradient\": [-10, "
               "-1], \"target\": 1}}",
               "for the target 1", 4); /* two captions and two titles */
}
END_TEST

START_TEST(figures_of_another_form_are_left_out)
{
    static const char *const odd[] = {
        "{\"curve\": {\"x\": [0, 1, 2], \"y\": [0, 1]}}",
        "{\"curve\": [1, 2]}",
        "{\"curve\": null}",
        "{\"curve\": {\"prediction\": \"x\", \"loss\": 3}}",
        "{\"sensitivity\": 4, \"trajectories\": {}, \"rivals\": [1, 2]}",
        "{\"sensitivity\": [4], \"trajectories\": [[]]}",
    };

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        for (uint32_t kind = 1; kind <= 3; kind++)
            check_page(kind, "sensitivity", odd[i], "<figure>", 0);
}
END_TEST

static const char sweeps[] =
    "{\"sensitivity\": [{\"problem\": \"rosenbrock\", \"steps\": 50, \"lr\": [0.01, 0.1, 1],"
    "                   \"loss\": [0.5, 0.1, null]}, {\"problem\": \"no such\"}],"
    " \"rival_sensitivity\": [{\"problem\": \"rosenbrock\", \"optimizer\": \"sgd\","
    "                         \"lr\": [0.01], \"loss\": [0]}],"
    " \"trajectories\": [{\"problem\": \"beale\", \"lr\": 0.1, \"x\": [1, 2], \"y\": [1, 0.2]},"
    "                    {\"problem\": \"logistic\", \"lr\": 0.1, \"x\": [1], \"y\": [1]}],"
    " \"rivals\": [{\"problem\": \"beale\", \"optimizer\": \"adam\", \"lr\": 0.2,"
    "               \"x\": [1, null], \"y\": [1, 0.2]}]}";

START_TEST(an_optimizer_has_a_figure_for_each_problem)
{
    check_page(PLX_KIND_OPTIMIZER, "sensitivity", sweeps, "<figure>", 2);
    check_page(PLX_KIND_OPTIMIZER, "sensitivity", sweeps, "a run of 50 steps", 1);
    check_page(PLX_KIND_OPTIMIZER, "sensitivity", sweeps, "adam, lr 0.2", 3); /* also in words */
}
END_TEST

START_TEST(rates_that_diverge_are_shaded)
{
    check_page(PLX_KIND_OPTIMIZER, "sensitivity", sweeps, "lion diverged", 1);
}
END_TEST

START_TEST(costs_are_told_beside_those_of_the_rivals)
{
    check_page(PLX_KIND_OPTIMIZER, "cost",
               "{\"bytes_per_parameter\": 4, \"ns_per_parameter\": 0.6, \"sgd_ns\": 0.3, "
               "\"adam_ns\": null}",
               "<td class=\"n\">0.6</td><td>2</td><td>4</td>", 1);
    check_page(PLX_KIND_OPTIMIZER, "cost", "{\"ns_per_parameter\": null}", "<h2>Cost", 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("author: check as a page");
    TCase *tests = tcase_create("html");

    tcase_add_test(tests, a_failure_leads_the_page);
    tcase_add_test(tests, a_good_plugin_is_told_so);
    tcase_add_test(tests, what_did_not_load_has_a_page);
    tcase_add_test(tests, an_activation_has_its_curve);
    tcase_add_test(tests, a_loss_has_one_figure_for_itself_and_one_for_its_gradient);
    tcase_add_test(tests, figures_of_another_form_are_left_out);
    tcase_add_test(tests, an_optimizer_has_a_figure_for_each_problem);
    tcase_add_test(tests, rates_that_diverge_are_shaded);
    tcase_add_test(tests, costs_are_told_beside_those_of_the_rivals);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
