/* test_summary.c: the same analysis as text, Markdown, JSON and JUnit XML. */
#include "matrix/summary.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "made.h"

static const char yaml[] = "axes: {optimizer: [sgd, adam, lion]}\n"
                           "protocol: {final: {seeds: 6}}\n"
                           "stats: {control: sgd}\n"
                           "gate: ['every cell: test_accuracy >= 0.5', adam better_than sgd]\n";

/* adam is done and better, sgd failed once, lion is skipped. */
static analysis *small(made **m)
{
    *m = made_new(yaml);
    made_skip(*m, "b lion", "no <lion> & no \"cub\"");
    for (uint64_t seed = 1; seed <= 6; seed++) {
        made_final(*m, "b adam", seed, 0.75)->seconds = 0.5;
        if (seed == 3)
            made_failed(*m, "b sgd", seed);
        else
            made_final(*m, "b sgd", seed, 0.625)->seconds = 0.25;
    }
    return made_analysis(*m);
}

/* ---- text ------------------------------------------------------------------------------------ */

START_TEST(a_terminal_gets_verdict_table_and_gates)
{
    made *m;
    analysis *a = small(&m);
    text out = {0};

    ck_assert(summary_text(a, 72, &out));
    ck_assert_str_eq(out.bytes,
                     "m: 12 of 12 final runs, 2 of 2 cells done, 1 of 2 gates hold, 1 cell\n"
                     "  skipped\n"
                     "\n"
                     "+ adam is better than sgd: sgd failed more often in 1 of 6 seeds;\n"
                     "  otherwise test accuracy 0.75 against 0.625, difference 0.125 over 5\n"
                     "  seeds, p = 0.031.\n"
                     "! 1 of 12 final runs failed: sgd 1 (diverged). They rank last.\n"
                     "\n"
                     "treatment  test accuracy (IQM)  95 % interval  mean rank  failed  seconds\n"
                     "adam       0.75                 [0.75, 0.75]   1          0 of 6  0.5\n"
                     "sgd        0.625                [-inf, 0.625]  2          1 of 6  0.25\n"
                     "lion       -                    -              -          0 of 0  -\n"
                     "\n"
                     "FAILS  every cell: test_accuracy >= 0.5: 1 of 2 cells; the worst is b\n"
                     "       sgd with 0.625; 1 with failed runs; the first of these is b sgd\n"
                     "holds  adam better_than sgd: adam - sgd = inf [0.125, inf] over 6 seeds,\n"
                     "       p = 0.031\n");
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(nothing_steers_the_terminal)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n");
    analysis *a = made_analysis(m);
    text out = {0};

    free(a->sentence[0].text);
    a->sentence[0].text = strdup("a\033[31mred\nline");
    ck_assert(summary_text(a, 80, &out));
    ck_assert_ptr_null(strchr(out.bytes, '\033'));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\n! a\\x1b[31mred\\x0aline\n"));
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(without_runs_there_is_no_table)
{
    made *m = made_new("axes: {optimizer: [sgd, adam]}\n");
    analysis *a = made_analysis(m);
    text out = {0};

    ck_assert(summary_text(a, 80, &out));
    ck_assert_str_eq(out.bytes, "m: 0 of 10 final runs, 0 of 2 cells done\n"
                                "\n"
                                "! There is no verdict yet: 0 of 10 final runs are there.\n"
                                "! Incomplete: 0 of 10 final runs are there.\n");
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- Markdown -------------------------------------------------------------------------------- */

START_TEST(markdown_has_all_of_it_and_the_failed_runs)
{
    made *m;
    analysis *a = small(&m);
    text out = {0};

    ck_assert(summary_markdown(a, &out));
    ck_assert_str_eq(
        out.bytes,
        "## m: not passed\n"
        "\n"
        "12 of 12 final runs, 2 of 2 cells done, 1 of 2 gates hold, 1 cell skipped.\n"
        "\n"
        "- **Better.** adam is better than sgd: sgd failed more often in 1 of 6 seeds; otherwise "
        "test accuracy 0.75 against 0.625, difference 0.125 over 5 seeds, p = 0.031.\n"
        "- **Warning.** 1 of 12 final runs failed: sgd 1 (diverged). They rank last.\n"
        "\n"
        "### Treatments\n"
        "\n"
        "| treatment | test accuracy (IQM) | 95 % interval | mean rank | failed | seconds |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |\n"
        "| adam | 0.75 | \\[0.75, 0.75\\] | 1 | 0 of 6 | 0.5 |\n"
        "| sgd | 0.625 | \\[-inf, 0.625\\] | 2 | 1 of 6 | 0.25 |\n"
        "| lion | - | - | - | 0 of 0 | - |\n"
        "\n"
        "### Gates\n"
        "\n"
        "| gate | | what was seen |\n"
        "| --- | --- | --- |\n"
        "| every cell: test\\_accuracy &gt;= 0.5 | **fails** | 1 of 2 cells; the worst is b sgd "
        "with 0.625; 1 with failed runs; the first of these is b sgd |\n"
        "| adam better\\_than sgd | holds | adam - sgd = inf \\[0.125, inf\\] over 6 seeds, p = "
        "0.031 |\n"
        "\n"
        "### Failed runs\n"
        "\n"
        "| run | cell | phase | seed | how |\n"
        "| --- | --- | --- | ---: | --- |\n"
        "| `000000000000` | b sgd | final | 3 | diverged at step 7: the loss is nan |\n");
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* Labels that would be something else in the one format or the other. */
static const char hostile_label[] = "<b>|`x`&\"' ![](javascript:1)";

static analysis *hostile(made **m)
{
    *m = made_new("axes: {data.train: [\"<b>|`x`&\\\"' ![](javascript:1)\", \"two\\nlines\"]}\n"
                  "stats: {compare: data.train}\n"
                  "protocol: {final: {seeds: 1}}\n");
    made_failed(*m, made_label(*m, 0), 1);
    made_final(*m, made_label(*m, 1), 1, 0.5);
    return made_analysis(*m);
}

START_TEST(markdown_reads_labels_as_they_are)
{
    made *m;
    analysis *a = hostile(&m);
    text out = {0};

    ck_assert(summary_markdown(a, &out));
    ck_assert_ptr_null(strstr(out.bytes, "<b>"));
    ck_assert_ptr_null(strstr(out.bytes, "two\nlines"));
    ck_assert_ptr_nonnull(
        strstr(out.bytes, "| &lt;b&gt;\\|\\`x\\`&amp;\"' \\!\\[\\](javascript:1) |"));
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(markdown_lists_the_first_failures_final_ones_first)
{
    made *m = made_new("axes: {optimizer: [{name: sgd, lr: {log: [0.01, 100]}}]}\n"
                       "protocol: {tune: {sampler: random, trials: 30, seeds: 1}}\n");
    for (size_t t = 0; t < 30; t++)
        made_trial(m, "b sgd", t, "optimizer.lr", "1", 0)->status = RUN_TIMED_OUT;
    made_failed(m, "b sgd", 2);
    analysis *a = made_analysis(m);
    text out = {0};

    ck_assert(summary_markdown(a, &out));
    const char *final = strstr(out.bytes, "| b sgd | final | 2 | diverged at step 7");
    const char *tune = strstr(out.bytes, "| b sgd | tune 0 | 1000001 | timed out at step 0 |");
    ck_assert(final != NULL && tune != NULL && final < tune);
    ck_assert_ptr_nonnull(strstr(out.bytes, "tune 18 |"));
    ck_assert_ptr_null(strstr(out.bytes, "tune 19 |"));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\n11 more are in the report.\n"));
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *as_json(const analysis *a)
{
    text out = {0};
    json_error_t error;

    ck_assert(summary_json(a, &out));
    ck_assert_ptr_null(strchr(out.bytes, '\n'));
    json_t *root = json_loads(out.bytes, 0, &error);
    ck_assert_msg(root != NULL, "%s", error.text);
    free(out.bytes);
    return root;
}

START_TEST(json_has_cells_pairs_and_gates)
{
    made *m;
    analysis *a = small(&m);
    json_t *root = as_json(a);
    const char *cell, *state, *why, *verdict, *figure;
    json_t *scores, *difference;
    int passed, gate, planned;
    double mean_a;

    ck_assert_int_eq(
        json_unpack(root, "{s:b, s:{s:i}, s:{s:s}, s:[{s:s, s:s, s:o}, {}, {s:s}], s:[{s:b}]}",
                    "passed", &passed, "planned", "final", &planned, "reported", "b", &figure,
                    "cells", "label", &cell, "state", &state, "scores", &scores, "why", &why,
                    "gates", "passed", &gate),
        0);
    ck_assert(!passed && !gate);
    ck_assert_int_eq(planned, 12);
    ck_assert_str_eq(figure, "test_accuracy");
    ck_assert_str_eq(cell, "b sgd");
    ck_assert_str_eq(state, "done");
    ck_assert_double_eq(json_real_value(json_array_get(scores, 0)), 0.625);
    ck_assert_str_eq(json_string_value(json_array_get(scores, 2)), "failed");
    ck_assert_str_eq(why, "no <lion> & no \"cub\"");
    ck_assert_int_eq(json_unpack(root, "{s:[{s:s, s:o, s:f}]}", "pairs", "verdict", &verdict,
                                 "difference", &difference, "mean_a", &mean_a),
                     0);
    ck_assert_str_eq(verdict, "better");
    ck_assert(json_is_null(difference)); /* infinite */
    ck_assert_double_eq(mean_a, 0.75);
    ck_assert(json_is_null(json_object_get(json_array_get(json_object_get(root, "pairs"), 0),
                                           "more_seeds"))); /* it is decided */
    json_decref(root);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(json_has_seeds_that_are_no_integers_of_sql_as_digits)
{
    made *m = made_new("protocol: {final: {seeds: [9223372036854775807, 18446744073709551615]}}\n");
    made_failed(m, "b", INT64_MAX);
    made_failed(m, "b", UINT64_MAX);
    analysis *a = made_analysis(m);
    json_t *root = as_json(a);
    json_int_t first;
    const char *second;

    ck_assert_int_eq(
        json_unpack(root, "{s:[{s:I}, {s:s}]}", "failures", "seed", &first, "seed", &second), 0);
    ck_assert_int_eq(first, INT64_MAX);
    ck_assert_str_eq(second, "18446744073709551615");
    json_decref(root);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(a_terminal_says_failed_for_an_iqm_of_failures)
{
    made *m = made_new("protocol: {final: {seeds: 2}}\n");
    made_failed(m, "b", 1);
    made_failed(m, "b", 2);
    analysis *a = made_analysis(m);
    text out = {0};

    ck_assert(summary_text(a, 72, &out));
    ck_assert_ptr_nonnull(strstr(out.bytes, "interquartile mean of test loss decided by failures"));
    ck_assert_ptr_nonnull(strstr(out.bytes, "  failed "));
    ck_assert_ptr_null(strstr(out.bytes, "inf"));
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(json_has_trials_edges_and_failures)
{
    made *m = made_new("axes: {optimizer: [{name: sgd, lr: {log: [0.01, 100]}}]}\n"
                       "protocol: {tune: {sampler: random, trials: 2, seeds: 1}}\n");
    made_trial(m, "b sgd", 0, "optimizer.lr", "100", 0.5);
    made_trial(m, "b sgd", 1, "optimizer.lr", "1", 0)->status = RUN_DIVERGED;
    analysis *a = made_analysis(m);
    json_t *root = as_json(a);
    const char *value, *end, *lost, *status;
    int chosen, trial;

    ck_assert_int_eq(
        json_unpack(root, "{s:[{s:i, s:[{s:{s:s}}, {s:s}]}], s:[{s:s}], s:[{s:i, s:s}]}", "cells",
                    "chosen", &chosen, "trials", "values", "optimizer.lr", &value, "score", &lost,
                    "edges", "end", &end, "failures", "trial", &trial, "status", &status),
        0);
    ck_assert_int_eq(chosen, 0);
    ck_assert_str_eq(value, "100");
    ck_assert_str_eq(lost, "failed");
    ck_assert_str_eq(end, "high");
    ck_assert_int_eq(trial, 1);
    ck_assert_str_eq(status, "diverged");
    json_decref(root);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(json_holds_any_label)
{
    made *m;
    analysis *a = hostile(&m);
    json_t *root = as_json(a);
    const char *label;

    ck_assert_int_eq(json_unpack(root, "{s:[{s:s}]}", "treatments", "label", &label), 0);
    ck_assert_str_eq(label, hostile_label);
    json_decref(root);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* ---- JUnit ----------------------------------------------------------------------------------- */

START_TEST(junit_has_a_case_for_each_cell_and_gate)
{
    made *m;
    analysis *a = small(&m);
    text out = {0};

    ck_assert(summary_junit(a, &out));
    ck_assert_str_eq(
        out.bytes,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"m\">\n"
        "  <testsuite name=\"cells\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">\n"
        "    <testcase classname=\"matrix.m.cells\" name=\"b sgd\" time=\"0.250000\">\n"
        "      <failure message=\"1 of 6 runs failed; the first, seed 3, diverged at step 7: the "
        "loss is nan\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"matrix.m.cells\" name=\"b adam\" time=\"0.500000\"/>\n"
        "    <testcase classname=\"matrix.m.cells\" name=\"b lion\" time=\"0.000000\">\n"
        "      <skipped message=\"no &#60;lion&#62; &#38; no &#34;cub&#34;\"/>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "  <testsuite name=\"gates\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n"
        "    <testcase classname=\"matrix.m.gates\" name=\"every cell: test_accuracy &#62;= 0.5\" "
        "time=\"0.000000\">\n"
        "      <failure message=\"1 of 2 cells; the worst is b sgd with 0.625; 1 with failed runs; "
        "the first of these is b sgd\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"matrix.m.gates\" name=\"adam better_than sgd\" "
        "time=\"0.000000\"/>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

START_TEST(junit_calls_what_is_missing_an_error)
{
    made *m = made_new("axes: {optimizer: [sgd]}\n");
    made_final(m, "b sgd", 1, 0.5);
    analysis *a = made_analysis(m);
    text out = {0};

    ck_assert(summary_junit(a, &out));
    ck_assert_ptr_nonnull(strstr(out.bytes, "failures=\"0\" errors=\"1\""));
    ck_assert_ptr_nonnull(
        strstr(out.bytes, "<error message=\"incomplete: 1 of 5 runs are there\"/>"));
    free(out.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

/* A reason for skipping, and what it is in an attribute. */
static const char *const escapes[][2] = {
    {"a<b>&\"'", "a&#60;b&#62;&#38;&#34;&#39;"},
    {"two\nlines\t", "two&#10;lines&#9;"},
    {"\001\033[31m", "\xEF\xBF\xBD\xEF\xBF\xBD[31m"},
    {"\xFF\xC3\xA9", "\xEF\xBF\xBD\xC3\xA9"}, /* no UTF-8, then e acute */
    {"\xEF\xBF\xBE\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
};

START_TEST(junit_escapes_what_xml_does_not_hold)
{
    made *m = made_new("axes: {optimizer: [sgd]}\n");
    made_skip(m, "b sgd", escapes[_i][0]);
    analysis *a = made_analysis(m);
    text out = {0}, wanted = {0};

    text_addf(&wanted, "<skipped message=\"%s\"/>", escapes[_i][1]);
    ck_assert(summary_junit(a, &out));
    ck_assert_msg(strstr(out.bytes, wanted.bytes) != NULL, "%s", out.bytes);
    free(out.bytes);
    free(wanted.bytes);
    analysis_free(a);
    made_free(m);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/summary");
    TCase *plain = tcase_create("text"), *markdown = tcase_create("markdown");
    TCase *json = tcase_create("json"), *junit = tcase_create("junit");

    tcase_add_test(plain, a_terminal_gets_verdict_table_and_gates);
    tcase_add_test(plain, a_terminal_says_failed_for_an_iqm_of_failures);
    tcase_add_test(plain, nothing_steers_the_terminal);
    tcase_add_test(plain, without_runs_there_is_no_table);
    suite_add_tcase(suite, plain);
    tcase_add_test(markdown, markdown_has_all_of_it_and_the_failed_runs);
    tcase_add_test(markdown, markdown_reads_labels_as_they_are);
    tcase_add_test(markdown, markdown_lists_the_first_failures_final_ones_first);
    suite_add_tcase(suite, markdown);
    tcase_add_test(json, json_has_cells_pairs_and_gates);
    tcase_add_test(json, json_has_trials_edges_and_failures);
    tcase_add_test(json, json_has_seeds_that_are_no_integers_of_sql_as_digits);
    tcase_add_test(json, json_holds_any_label);
    suite_add_tcase(suite, json);
    tcase_add_test(junit, junit_has_a_case_for_each_cell_and_gate);
    tcase_add_test(junit, junit_calls_what_is_missing_an_error);
    tcase_add_loop_test(junit, junit_escapes_what_xml_does_not_hold, 0,
                        sizeof(escapes) / sizeof(escapes[0]));
    suite_add_tcase(suite, junit);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
