/* test_large.c: runs on files that are used where they lie: what is resident stays within its bound,
 * and a file that does not stay what it was ends the run, which can be resumed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "support/mapping.h"
#include "support/memory.h"

#define REST                                                                                       \
    "network: {layers: [{units: 10, activation: softmax}]}\n"                                      \
    "loss: cross_entropy\n"                                                                        \
    "optimizer: {name: sgd, lr: 0.1}\n"

/* The files of a test, whose inputs some meddle with. */
static char *folder, *inputs;

static void remember_folder(void)
{
    folder = harness_folder();
    inputs = memory_format("%s/x.idx", folder);
}

static void forget_folder(void)
{
    free(inputs);
    free(folder);
}

static void put_file(const char *path, const unsigned char *head, size_t length, size_t zeros)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(head, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(truncate(path, (off_t)(length + zeros)), 0);
}

static void put_big32(unsigned char *out, size_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* Inputs of zeros that take no space, and targets, ten classes in turn; the text of an experiment
 * on them. */
static char *make_experiment(size_t rows, size_t cols, const char *train)
{
    unsigned char head[12] = {0, 0, 8, 2};
    unsigned char *targets = memory_array(8 + rows, 1);
    char *path = memory_format("%s/y.idx", folder);

    put_big32(head + 4, rows);
    put_big32(head + 8, cols);
    put_file(inputs, head, 12, rows * cols);
    memcpy(targets, "\0\0\x08\x01", 4);
    put_big32(targets + 4, rows);
    for (size_t r = 0; r < rows; r++)
        targets[8 + r] = (unsigned char)(r % 10);
    put_file(path, targets, 8 + rows, 0);
    char *text = memory_format("data: {train: {x: %s, y: %s}, scale: unit, validation: 0.1}\n" REST
                               "train: %s\n",
                               inputs, path, train);
    free(targets);
    free(path);
    return text;
}

/* Three quarters of what the process may have resident is what may be mapped. */
static void bound_mapping(size_t bytes)
{
    const struct rlimit limit = {(4 * bytes + 2) / 3, RLIM_INFINITY};

    ck_assert_int_eq(setrlimit(RLIMIT_RSS, &limit), 0);
}

/* A line of /proc/self/status, in bytes. */
static size_t memory_now(const char *key)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    size_t kilobytes = 0;

    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            kilobytes = strtoul(line + strlen(key) + 1, NULL, 10);
    fclose(file);
    return kilobytes << 10;
}

/* What of files is resident, the program's own among them. */
static size_t resident;

static void note_files(void)
{
    resident = memory_now("RssFile");
}

static size_t resident_at(const char *text, int64_t step)
{
    outcome_free(plan_expect(
        &(plan){.text = text, .meddle = note_files, .meddle_at_step = step, .stop_at_step = step},
        TRAIN_INTERRUPTED));
    return resident;
}

/* 32 MiB, of which 4 may be mapped; 231 steps are an epoch, in which a run looks at nine tenths of
 * the file. */
START_TEST(the_file_stays_within_its_bound)
{
    const size_t bound = (size_t)4 << 20;
    char *text = make_experiment(16384, 2048, "{epochs: 2, batch: 64}");

    bound_mapping(bound);
    const size_t first = resident_at(text, 1), last = resident_at(text, 230);
    ck_assert_uint_gt(last, first + bound / 4); /* it is mapped                                  */
    ck_assert_uint_le(last, first + bound + (1 << 20));
    free(text);
}
END_TEST

static void date_back(void)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000}};

    ck_assert_int_eq(utimensat(AT_FDCWD, inputs, times, 0), 0);
}

static void cut(void)
{
    ck_assert_int_eq(truncate(inputs, (off_t)MAPPING_LEAST), 0);
}

static char *complaint(const char *words)
{
    return memory_format("%s: %s", inputs, words);
}

static const char written_to[] =
    "was written to while it was in use, so what was read before and after may differ; restore it "
    "and begin again (a run: resume it)";

/* 80 steps make an epoch. The file is touched in the second: the run ends with that epoch, without
 * having stored it; as nothing but the date has changed, it can go on. */
START_TEST(a_file_written_to_ends_the_run_which_can_be_resumed)
{
    char *text = make_experiment(1000, 100, "{epochs: 4, batch: 9}");
    char *whole = fresh_run(), *out = fresh_run(), *expected = complaint(written_to);

    outcome_free(plan_expect(&(plan){.text = text, .out = whole}, TRAIN_COMPLETED));
    outcome *ended =
        plan_run(&(plan){.text = text, .out = out, .meddle = date_back, .meddle_at_step = 150});
    ck_assert(!ended->ok);
    ck_assert_str_eq(ended->error.text, expected);
    ck_assert_int_eq(ended->error.code, ERROR_DATA);
    ck_assert_int_eq(ended->epoch_calls, 1);
    outcome_free(ended);
    outcome_free(plan_expect(&(plan){.resume = out}, TRAIN_COMPLETED));
    assert_same_run(whole, out);
    free(expected);
    free(whole);
    free(out);
    free(text);
}
END_TEST

/* A run that writes nothing would otherwise give its result as if nothing had been. */
START_TEST(a_file_written_to_ends_a_run_in_memory)
{
    char *text = make_experiment(1000, 100, "{epochs: 1, batch: 9}");
    char *expected = complaint(written_to);
    outcome *ended = plan_run(&(plan){.text = text, .meddle = date_back, .meddle_at_step = 100});

    ck_assert(!ended->ok);
    ck_assert_str_eq(ended->error.text, expected);
    outcome_free(ended);
    free(expected);
    free(text);
}
END_TEST

/* At the step that meets a row that is gone, not at the end of the epoch. */
START_TEST(rows_that_are_gone_end_the_run_at_once)
{
    char *text = make_experiment(1000, 8000, "{epochs: 1, batch: 9, shuffle: false}");
    char *expected = complaint("was cut short while it was in use; it had 8000012 bytes");

    bound_mapping(0);
    outcome *ended = plan_run(&(plan){.text = text, .meddle = cut, .meddle_at_step = 40});
    ck_assert(!ended->ok);
    ck_assert_str_eq(ended->error.text, expected);
    ck_assert_int_eq(ended->progress_calls, 40);
    outcome_free(ended);
    free(expected);
    free(text);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/large");
    TCase *runs = tcase_create("runs");

    tcase_add_checked_fixture(runs, remember_folder, forget_folder);
    tcase_add_test(runs, the_file_stays_within_its_bound);
    tcase_add_test(runs, a_file_written_to_ends_the_run_which_can_be_resumed);
    tcase_add_test(runs, a_file_written_to_ends_a_run_in_memory);
    tcase_add_test(runs, rows_that_are_gone_end_the_run_at_once);
    suite_add_tcase(suite, runs);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
