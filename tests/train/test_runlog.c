/* test_runlog.c: the lines of metrics.jsonl to the byte, cutting back, and the lock. */
#include "train/runlog.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness.h"
#include "support/file.h"

static char *log_path(void)
{
    char *folder = harness_folder();
    char *path = file_join(folder, "metrics.jsonl");

    free(folder);
    return path;
}

static runlog *open_log(const char *path)
{
    plx_error error = {0};
    runlog *log = runlog_open(path, &error);

    ck_assert_msg(log != NULL, "%s", error.text);
    return log;
}

static int64_t flush(runlog *log)
{
    plx_error error = {0};
    int64_t length = 0;

    ck_assert_msg(runlog_flush(log, true, &length, &error), "%s", error.text);
    return length;
}

static void assert_content(const char *path, const char *expected)
{
    plx_error error = {0};
    size_t length;
    char *bytes = file_read(path, 1 << 20, false, &length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    ck_assert_str_eq(bytes, expected);
    free(bytes);
}

START_TEST(numbers_read_back_to_the_same_double)
{
    char *path = log_path();
    runlog *log = open_log(path);

    runlog_step(log, 12, 0.1);
    runlog_step(log, 13, 1.0 / 3);
    flush(log);
    assert_content(path, "{\"event\":\"step\",\"step\":12,\"loss\":0.1}\n"
                         "{\"event\":\"step\",\"step\":13,\"loss\":0.3333333333333333}\n");
    runlog_close(log);
    free(path);
}
END_TEST

START_TEST(what_is_not_finite_is_null)
{
    char *path = log_path();
    runlog *log = open_log(path);

    runlog_step(log, 1, (double)NAN);
    runlog_step(log, 2, (double)-INFINITY);
    flush(log);
    assert_content(path, "{\"event\":\"step\",\"step\":1,\"loss\":null}\n"
                         "{\"event\":\"step\",\"step\":2,\"loss\":null}\n");
    runlog_close(log);
    free(path);
}
END_TEST

START_TEST(an_epoch_line_without_validation)
{
    char *path = log_path();
    runlog *log = open_log(path);
    const runlog_epoch epoch = {.epoch = 1,
                                .step = 422,
                                .train_loss = 0.5,
                                .lr = 0.001,
                                .seconds = 1.5,
                                .samples_per_second = 36000};

    runlog_add_epoch(log, &epoch);
    flush(log);
    assert_content(path, "{\"event\":\"epoch\",\"epoch\":1,\"step\":422,\"train_loss\":0.5,"
                         "\"lr\":0.001,\"seconds\":1.5,\"samples_per_second\":36000}\n");
    runlog_close(log);
    free(path);
}
END_TEST

START_TEST(an_end_line)
{
    char *path = log_path();
    runlog *log = open_log(path);

    runlog_end(log, "completed", NULL, NULL, NULL);
    flush(log);
    assert_content(path, "{\"event\":\"end\",\"status\":\"completed\"}\n");
    runlog_close(log);
    free(path);
}
END_TEST

static void remember(void *context, const char *json)
{
    strcat(context, json);
    strcat(context, "|");
}

START_TEST(a_listener_is_shown_each_line_without_its_newline)
{
    char *path = log_path(), seen[256] = "";
    runlog *log = open_log(path);

    runlog_step(log, 1, 0.5);
    runlog_listen(log, remember, seen);
    runlog_step(log, 2, 0.25);
    runlog_end(log, "completed", NULL, NULL, NULL);
    ck_assert_str_eq(seen, "{\"event\":\"step\",\"step\":2,\"loss\":0.25}|"
                           "{\"event\":\"end\",\"status\":\"completed\"}|");
    runlog_close(log);
    free(path);
}
END_TEST

START_TEST(closing_writes_what_is_pending)
{
    char *path = log_path();
    runlog *log = open_log(path);

    runlog_end(log, "completed", NULL, NULL, NULL);
    runlog_close(log);
    assert_content(path, "{\"event\":\"end\",\"status\":\"completed\"}\n");
    free(path);
}
END_TEST

START_TEST(an_opened_log_is_appended_to)
{
    char *path = log_path();
    runlog *log = open_log(path);

    runlog_step(log, 1, 1);
    runlog_close(log);
    log = open_log(path);
    runlog_step(log, 2, 2);
    runlog_close(log);
    assert_content(path, "{\"event\":\"step\",\"step\":1,\"loss\":1}\n"
                         "{\"event\":\"step\",\"step\":2,\"loss\":2}\n");
    free(path);
}
END_TEST

START_TEST(a_cut_log_goes_on_at_the_cut)
{
    char *path = log_path();
    plx_error error = {0};
    runlog *log = open_log(path);

    runlog_step(log, 1, 1);
    const int64_t length = flush(log);
    runlog_step(log, 2, 2);
    flush(log);
    ck_assert(runlog_cut(log, length, &error));
    runlog_step(log, 2, 3);
    flush(log);
    assert_content(path, "{\"event\":\"step\",\"step\":1,\"loss\":1}\n"
                         "{\"event\":\"step\",\"step\":2,\"loss\":3}\n");
    runlog_close(log);
    free(path);
}
END_TEST

START_TEST(a_log_cannot_be_cut_to_more_than_it_has)
{
    char *path = log_path();
    plx_error error = {0};
    runlog *log = open_log(path);

    ck_assert(!runlog_cut(log, 1, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    runlog_close(log);
    free(path);
}
END_TEST

START_TEST(a_second_opening_is_refused)
{
    char *path = log_path();
    plx_error error = {0};
    runlog *log = open_log(path);

    ck_assert_ptr_null(runlog_open(path, &error));
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "another process trains in this folder"));
    runlog_close(log);
    free(path);
}
END_TEST

START_TEST(a_closed_log_can_be_opened_again)
{
    char *path = log_path();

    runlog_close(open_log(path));
    runlog_close(open_log(path));
    free(path);
}
END_TEST

/* RLIMIT_FSIZE makes a disk of 64 bytes. */
START_TEST(a_full_disk_is_an_error)
{
    char *path = log_path();
    plx_error error = {0};
    runlog *log = open_log(path);
    const struct rlimit small = {.rlim_cur = 64, .rlim_max = 64};

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    runlog_step(log, 1, 1);
    runlog_step(log, 2, 2);
    ck_assert(!runlog_flush(log, false, NULL, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.text, "metrics.jsonl: cannot write: File too large"));
    runlog_close(log);
    free(path);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/runlog");
    TCase *lines = tcase_create("lines"), *file = tcase_create("file");

    tcase_add_test(lines, numbers_read_back_to_the_same_double);
    tcase_add_test(lines, what_is_not_finite_is_null);
    tcase_add_test(lines, an_epoch_line_without_validation);
    tcase_add_test(lines, an_end_line);
    tcase_add_test(file, closing_writes_what_is_pending);
    tcase_add_test(file, an_opened_log_is_appended_to);
    tcase_add_test(file, a_cut_log_goes_on_at_the_cut);
    tcase_add_test(file, a_log_cannot_be_cut_to_more_than_it_has);
    tcase_add_test(file, a_second_opening_is_refused);
    tcase_add_test(file, a_closed_log_can_be_opened_again);
    tcase_add_test(file, a_full_disk_is_an_error);
    tcase_add_test(file, a_listener_is_shown_each_line_without_its_newline);
    suite_add_tcase(suite, lines);
    suite_add_tcase(suite, file);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
