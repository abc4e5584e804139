/* test_check.c: `plexus check`: what is printed, written and returned for a plug-in that is
 * right, one that is wrong, and what is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

START_TEST(a_right_plugin_is_code_0)
{
    run *r = run_line(NULL, "check activation tanh");

    run_expect(r, 0);
    run_expect_in(r, r->out, "tanh 1.0, an activation: ");
    run_expect_in(r, r->out, BUILTIN "/activation/tanh.so\n");
    run_expect_in(r, r->out, "\n  ok          derivative ");
    run_expect_in(r, r->out, "18 passed, 1 skipped\n");
    ck_assert_str_eq(r->err, "");
    run_free(r);
}
END_TEST

/* The gradients of an exercise change their signs, without which beta1 would not matter to lion. */
START_TEST(a_setting_that_matters_is_seen_to)
{
    run *r = run_line(NULL, "check optimizer lion");

    run_expect(r, 0);
    run_expect_in(r, r->out, "4 variants, 6 extreme values\n");
    run_free(r);
}
END_TEST

START_TEST(a_wrong_plugin_is_code_1)
{
    run *r = run_line(NULL, "check " BROKEN "/broken/wrong_domain.so");

    run_expect(r, 1);
    run_expect_in(r, r->out, "\n  FAILED      domain ");
    run_expect_in(r, r->out, "\n  expected  y within [0, 1], as domain says\n");
    run_expect_in(r, r->out, "1 failed");
    ck_assert_str_eq(r->err, "");
    run_free(r);
}
END_TEST

START_TEST(a_plugin_that_does_not_load_is_code_1)
{
    run *r = run_line(NULL, "check " BROKEN "/broken/wrong_name.so");

    run_expect(r, 1);
    run_expect_in(r, r->out, "\n  FAILED      load ");
    run_expect_in(r, r->out, "the file must be");
    run_free(r);
}
END_TEST

START_TEST(a_plugin_that_hangs_meets_the_time_limit)
{
    run *r = run_line(NULL, "check --time-limit 0.5 " BROKEN "/broken/infinite_loop.so");

    run_expect(r, 1);
    run_expect_in(r, r->out, "it did not finish within 0.5 s");
    ck_assert(r->seconds < 20);
    run_free(r);
}
END_TEST

START_TEST(json_is_an_object_a_line)
{
    run *r = run_line(NULL, "check --json " BROKEN "/broken/wrong_domain.so");

    run_expect(r, 1);
    json_t *lines = sample_lines(r->out);
    const json_t *first = json_array_get(lines, 0);
    const json_t *last = json_array_get(lines, json_array_size(lines) - 1);
    ck_assert_str_eq(sample_string(first, "event"), "plugin");
    ck_assert_str_eq(sample_string(first, "kind"), "activation");
    ck_assert_str_eq(sample_string(first, "name"), "wrong_domain");
    ck_assert_str_eq(sample_string(json_array_get(lines, 1), "id"), "load");
    ck_assert_str_eq(sample_string(last, "event"), "end");
    ck_assert_double_eq(sample_number(last, "failed"), 1);
    ck_assert_double_eq(sample_number(last, "tests"), (double)json_array_size(lines) - 2);
    ck_assert(json_is_false(json_object_get(last, "ok")));
    json_decref(lines);
    run_free(r);
}
END_TEST

START_TEST(html_is_written_beside_the_text)
{
    char *folder = harness_memory_folder();
    const run_options options = {.folder = folder};
    run *r = run_line(&options, "check activation relu --html relu.html");
    size_t length = 0;

    run_expect(r, 0);
    run_expect_in(r, r->out, "18 passed");
    char *page = sample_read(folder, "relu.html", &length);
    ck_assert_ptr_nonnull(strcasestr(page, "<!doctype html>"));
    ck_assert_uint_eq(sample_count(folder), 1);
    free(page);
    run_free(r);
    free(folder);
}
END_TEST

START_TEST(a_page_that_cannot_be_written_is_code_5)
{
    run *r = run_line(NULL, "check activation relu --html /nowhere/relu.html");

    run_expect(r, 5);
    run_expect_in(r, r->err, "/nowhere/relu.html");
    run_free(r);
}
END_TEST

START_TEST(progress_is_shown_on_a_terminal)
{
    const char *const environment[] = {"TERM=xterm", NULL};
    const run_options options = {.columns = 32, .environment = environment};
    run *r = run_line(&options, "check activation tanh");

    run_expect(r, 0);
    run_expect_in(r, r->err, "\r[2/19] says what it computes \033[K");
    ck_assert_msg(strcmp(r->err + strlen(r->err) - 4, "\r\033[K") == 0, "it is not cleared: %s",
                  r->err);
    ck_assert_ptr_null(strchr(r->out, '\033'));
    run_free(r);
}
END_TEST

START_TEST(a_name_is_looked_up_in_plugin_dirs_first)
{
    char *folder = sample_plugins();
    run *r = run_line(NULL, "check optimizer lynx --plugin-dir %s", folder);

    run_expect_in(r, r->out, folder);
    run_expect_in(r, r->out, "ok          load ");
    run_free(r);
    free(folder);
}
END_TEST

START_TEST(what_is_no_plugin_is_code_4)
{
    char *folder = harness_folder();
    char *path = harness_file(folder, "lynx.so", "int lynx;\n");
    char *expected =
        sample_path(folder, "lynx.so is no plug-in: it is not a shared object (no ELF header)\n");
    run *r = run_line(NULL, "check %s", path);

    run_expect_error(r, 4, expected);
    run_free(r);
    free(expected);
    free(path);
    free(folder);
}
END_TEST

START_TEST(a_missing_file_is_code_4)
{
    run *r = run_line(NULL, "check /nowhere/lynx.so");

    run_expect_error(r, 4, "/nowhere/lynx.so cannot be read: No such file or directory\n");
    run_free(r);
}
END_TEST

START_TEST(an_unknown_name_is_code_3)
{
    run *r = run_line(NULL, "check optimizer adma");

    run_expect_error(r, 3, "no optimizer 'adma' in " BUILTIN "; did you mean 'adam'?\n");
    run_free(r);
}
END_TEST

static const struct {
    const char *line, *err;
} misuses[] = {
    {"check", "plexus: usage: plexus check FILE.so | KIND NAME\n"},
    {"check tanh", "plexus: usage: plexus check FILE.so, or plexus check KIND NAME, such as "
                   "`plexus check optimizer adam`\n"},
    {"check activaton tanh",
     "plexus: no kind of plug-in 'activaton'; there are activation, loss and optimizer\n"},
    {"check activation tanh --time-limit 0",
     "plexus: --time-limit takes seconds from 0.1 to 3600, not '0'\n"},
    {"check activation tanh --time-limit nan",
     "plexus: --time-limit takes seconds from 0.1 to 3600, not 'nan'\n"},
    {"check activation tanh --html", "plexus: --html needs a value: --html FILE\n"},
    {"train --html x", "plexus: train has no option '--html'; `plexus help train` lists its "
                       "options\n"},
};

START_TEST(misuse_is_code_2)
{
    run *r = run_line(NULL, "%s", misuses[_i].line);

    run_expect_error(r, 2, misuses[_i].err);
    run_free(r);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("cli/check");
    TCase *c = tcase_create("check");

    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_right_plugin_is_code_0);
    tcase_add_test(c, a_setting_that_matters_is_seen_to);
    tcase_add_test(c, a_wrong_plugin_is_code_1);
    tcase_add_test(c, a_plugin_that_does_not_load_is_code_1);
    tcase_add_test(c, a_plugin_that_hangs_meets_the_time_limit);
    tcase_add_test(c, json_is_an_object_a_line);
    tcase_add_test(c, html_is_written_beside_the_text);
    tcase_add_test(c, a_page_that_cannot_be_written_is_code_5);
    tcase_add_test(c, progress_is_shown_on_a_terminal);
    tcase_add_test(c, a_name_is_looked_up_in_plugin_dirs_first);
    tcase_add_test(c, what_is_no_plugin_is_code_4);
    tcase_add_test(c, a_missing_file_is_code_4);
    tcase_add_test(c, an_unknown_name_is_code_3);
    tcase_add_loop_test(c, misuse_is_code_2, 0, sizeof(misuses) / sizeof(misuses[0]));
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
