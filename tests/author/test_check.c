/* test_check.c: the conformance suite on plug-ins that are wrong in one way each, and on their
 * right twins (tests/author/broken). A wrong one has one failed finding, the one that is meant,
 * and it says what the fault is; a right one has none. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "verdict.h"

static const fault faults[] = {
    /* what all kinds share */
    {"wrong_name", "load", "", "it is called 'right_name', not 'wrong_name'", 0},
    {"bad_offsets", "load", "", "'a' lies outside the settings struct", 0},
    {"fast_math", "load", "", "-ffast-math", 0},
    {"prints_at_load", "load", "", "it wrote 'hello", 0},
    {"crashes_at_load", "load", "", "SIGABRT", 0},
    {"no_formula", "metadata", "", "no formula", 0},
    {"segfault", "runs", "", "SIGSEGV: a read at address 0x10 (size 7, the defaults)", 0},
    {"null_argument", "runs", "", "SIGSEGV: a read at address 0x0", 0},
    {"exits", "runs", "", "it ended the process with exit status 3", 0},
    {"infinite_loop", "runs", "", "it did not finish within 1 s (size 7, the defaults)", 1},
    {"fails", "runs", "", "returned status -1 without a message", 0},
    {"unwritten", "runs", "", "y[4] of 7 is not", 0},
    {"divides_by_zero", "settings", "", "SIGFPE", 0},
    {"off_by_one", "bounds", "", "a write just past the end of 'y' (7 elements)", 0},
    {"before_start", "bounds", "", "before the start of 'dx'", 0},
    {"writes_settings", "bounds", "the settings struct is as it was", "", 0},
    {"changes_rounding", "floating_point", "", "it rounds upward", 0},
    {"prints", "quiet", "", "printf", 0},
    {"forks", "quiet", "it starts no process", "calls of fork, with the defaults", 0},
    {"prints_raw", "quiet", "", "it wrote 'forward", 0},
    {"allocates", "allocation", "", "5 blocks taken and 5 given back", 0},
    {"leaks", "leaks", "", "40 blocks more after 40 uses", 0},
    {"static_state", "state", "", "calls", 0},
    {"thread_race", "state", "", "size", 0},
    {"clock_dependent", "determinism", "", "it calls time", 0},
    {"random_numbers", "determinism", "", "it calls rand", 0},
    {"position", "splitting", "", "in pieces of 1", 0},
    /* activations */
    {"forgets_stride", "runs", "every output is written", "", 0},
    {"nan_at_zero", "finite", "", "at x = 0", 0},
    {"overflows", "finite", "", "y = ", 0},
    {"finite_math", "nonfinite", "", "where x is NaN", 0},
    {"nan_hidden", "nonfinite", "", "dx = 0 where x is NaN", 0},
    {"wrong_domain", "domain", "y within [0, 1], as domain says", "", 0},
    {"just_above", "domain", "", "1.00000012 for x = ", 0},
    {"wrong_sum", "domain", "rows that sum to one", "", 0},
    {"wrong_derivative", "derivative", "the slope of forward", "", 0},
    {"wrong_jacobian", "derivative", "", "column 0 of 2", 0},
    {"not_linear", "derivative", "", "for dy = 2", 0},
    {"wrong_in_place", "in_place", "the same dx with dx == dy as apart", "", 0},
    {"bad_gain", "gain", "a finite number above 0", "", 0},
};
enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

START_TEST(a_wrong_plugin_has_the_one_finding_that_is_meant)
{
    verdict_expect_fault(&faults[_i], BUILTIN);
}
END_TEST

START_TEST(its_right_twin_passes)
{
    verdict_expect_pass(faults[_i].name, BUILTIN);
}
END_TEST

/* ---- reports ---- */

START_TEST(a_test_that_stands_on_a_failed_one_is_not_judged)
{
    check_report *report = verdict_run("broken", "static_state", BUILTIN);

    ck_assert_int_eq(check_finding(report, "determinism")->status, FINDING_UNJUDGED);
    ck_assert_str_eq(check_finding(report, "determinism")->says, "stands on state");
    ck_assert_int_eq(check_finding(report, "derivative")->status, FINDING_UNJUDGED);
    ck_assert_str_eq(check_finding(report, "derivative")->says, "stands on state");
    ck_assert_int_eq(check_finding(report, "leaks")->status, FINDING_PASSED);
    check_report_free(report);
}
END_TEST

START_TEST(a_report_says_what_the_plugin_is)
{
    check_report *report = verdict_run("good", "leaks", BUILTIN);

    ck_assert_uint_eq(report->kind, PLX_KIND_ACTIVATION);
    ck_assert_str_eq(report->name, "leaks");
    ck_assert_str_eq(report->version, "1");
    ck_assert_str_eq(report->formula, "y = x / (1 + |x|)");
    ck_assert_str_eq(check_finding(report, "domain")->says, "-1 to 1");
    check_report_free(report);
}
END_TEST

START_TEST(a_report_of_what_does_not_load_has_that_finding_alone)
{
    check_report *report = verdict_run("broken", "wrong_name", BUILTIN);

    ck_assert_uint_eq(report->count, 1);
    ck_assert_ptr_null(report->name);
    ck_assert_uint_eq(report->kind, 0);
    check_report_free(report);
}
END_TEST

START_TEST(a_curve_is_among_the_figures_of_an_activation)
{
    check_report *report = verdict_run("good", "wrong_derivative", BUILTIN);
    const json_t *curve = json_object_get(check_finding(report, "derivative")->figures, "curve");

    ck_assert_uint_gt(json_array_size(json_object_get(curve, "x")), 100);
    ck_assert_uint_eq(json_array_size(json_object_get(curve, "x")),
                      json_array_size(json_object_get(curve, "dy")));
    check_report_free(report);
}
END_TEST

START_TEST(text_keeps_to_its_width)
{
    check_report *report = verdict_run("broken", "wrong_domain", BUILTIN);
    text out = {.bytes = NULL};
    size_t lines = 0;

    ck_assert(check_text(report, 60, false, &out));
    for (const char *line = out.bytes; *line != '\0'; line += strcspn(line, "\n") + 1) {
        const size_t length = strcspn(line, "\n");
        ck_assert_msg(length <= 60 || *line == '/', "%.*s", (int)length, line);
        lines++;
    }
    ck_assert_uint_gt(lines, report->count);
    ck_assert_ptr_nonnull(strstr(out.bytes, "\n  FAILED      domain "));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\n  expected  y within [0, 1], as domain says\n"));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\n  look at   forward; domain\n"));
    ck_assert_ptr_nonnull(strstr(out.bytes, ", 1 failed"));
    free(out.bytes);
    check_report_free(report);
}
END_TEST

START_TEST(text_lists_what_is_not_judged_in_one_place)
{
    check_report *report = verdict_run("broken", "static_state", BUILTIN);
    text out = {.bytes = NULL};

    ck_assert(check_text(report, 200, false, &out));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\n  not judged  determinism, splitting, threads, "));
    ck_assert_ptr_nonnull(strstr(out.bytes, ", gain; what they stand on failed\n"));
    free(out.bytes);
    check_report_free(report);
}
END_TEST

START_TEST(text_has_colour_only_if_wanted)
{
    check_report *report = verdict_run("good", "leaks", BUILTIN);
    text plain = {.bytes = NULL}, coloured = {.bytes = NULL};

    ck_assert(check_text(report, 80, false, &plain) && check_text(report, 80, true, &coloured));
    ck_assert_ptr_null(strchr(plain.bytes, '\033'));
    ck_assert_ptr_nonnull(strstr(coloured.bytes, "\033[32mok"));
    free(plain.bytes);
    free(coloured.bytes);
    check_report_free(report);
}
END_TEST

START_TEST(json_has_an_object_for_each_test)
{
    check_report *report = verdict_run("broken", "wrong_domain", BUILTIN);
    text out = {.bytes = NULL};
    size_t tests = 0;

    ck_assert(check_json(report, &out));
    for (char *line = strtok(out.bytes, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        ck_assert_msg(json_is_object(object), "%s", line);
        const char *event = json_string_value(json_object_get(object, "event"));
        const char *id = json_string_value(json_object_get(object, "id"));
        tests += strcmp(event, "test") == 0;
        if (id != NULL && strcmp(id, "domain") == 0)
            ck_assert_str_eq(json_string_value(json_object_get(object, "status")), "failed");
        if (strcmp(event, "end") == 0)
            ck_assert(json_is_false(json_object_get(object, "ok")));
        json_decref(object);
    }
    ck_assert_uint_eq(tests, report->count);
    free(out.bytes);
    check_report_free(report);
}
END_TEST

/* ---- what is no plug-in ---- */

static void expect_no_report(const char *path, const char *piece)
{
    const check_options options = {.builtin = NULL};
    plx_error error = {.code = ERROR_NONE};

    ck_assert_ptr_null(check_run(path, &options, &error));
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
    ck_assert_msg(strstr(error.text, piece) != NULL, "%s", error.text);
}

START_TEST(a_missing_file_is_an_error)
{
    expect_no_report("/nowhere/lion.so", "/nowhere/lion.so cannot be read: No such file");
}
END_TEST

START_TEST(a_text_file_is_no_plugin)
{
    char *folder = harness_folder();
    char *path = harness_file(folder, "lion.so", "int main(void) { return 0; }\n");

    expect_no_report(path, "lion.so is no plug-in: it ");
    free(path);
    free(folder);
}
END_TEST

START_TEST(a_folder_is_no_plugin)
{
    char *folder = harness_folder();

    expect_no_report(folder, "is a folder");
    free(folder);
}
END_TEST

static void count_progress(void *context, size_t done, size_t count, const char *title)
{
    size_t *calls = context;

    ck_assert(title != NULL && (count == 0 || done < count));
    (*calls)++;
}

START_TEST(progress_is_told_before_each_test)
{
    size_t calls = 0;
    const check_options options = {
        .builtin = BUILTIN, .progress = count_progress, .context = &calls};
    plx_error error = {.code = ERROR_NONE};
    check_report *report = check_run(BROKEN "/good/leaks.so", &options, &error);

    ck_assert_msg(report != NULL, "%s", error.text);
    ck_assert_uint_eq(calls, report->count);
    check_report_free(report);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("author/check");
    TCase *c = tcase_create("faults");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, a_wrong_plugin_has_the_one_finding_that_is_meant, 0, FAULTS);
    tcase_add_loop_test(c, its_right_twin_passes, 0, FAULTS);
    suite_add_tcase(s, c);
    c = tcase_create("reports");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_test_that_stands_on_a_failed_one_is_not_judged);
    tcase_add_test(c, a_report_says_what_the_plugin_is);
    tcase_add_test(c, a_report_of_what_does_not_load_has_that_finding_alone);
    tcase_add_test(c, a_curve_is_among_the_figures_of_an_activation);
    tcase_add_test(c, text_keeps_to_its_width);
    tcase_add_test(c, text_lists_what_is_not_judged_in_one_place);
    tcase_add_test(c, text_has_colour_only_if_wanted);
    tcase_add_test(c, json_has_an_object_for_each_test);
    tcase_add_test(c, a_missing_file_is_an_error);
    tcase_add_test(c, a_text_file_is_no_plugin);
    tcase_add_test(c, a_folder_is_no_plugin);
    tcase_add_test(c, progress_is_told_before_each_test);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
