/* test_repro.c: stored runs done again. */
#include "matrix/repro.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filled.h"
#include "harness.h"
#include "planned.h"
#include "support/file.h"
#include "support/memory.h"

/* Over a file, so that data can change behind the runs. */
#define MATRIX                                                                                     \
    "base:\n"                                                                                      \
    "  data: {train: data.csv, target: class, validation: 0.25, test: 0.25}\n"                     \
    "  network: {layers: [{units: 3, activation: tanh}, {units: 1, activation: sigmoid}]}\n"       \
    "  loss: cross_entropy\n"                                                                      \
    "  optimizer: adam\n"                                                                          \
    "  train: {epochs: 4, batch: 6}\n"                                                             \
    "protocol: {final: {seeds: 1}}\n"

typedef struct stage {
    char *folder, *out;
    catalog *catalog;
    store *store;
    repro repro;
    plx_error error;
} stage;

/* A folder with results of that matrix file. */
static stage set_up(const char *matrix)
{
    stage made = {.folder = harness_memory_folder()};
    const char *const folders[] = {MATRIX_TEST_PLUGINS};
    const catalog_options places = {
        .folders = folders, .folder_count = 1, .builtin = PLEXUS_PLUGIN_BUILD_DIR};

    planned_write_data(made.folder);
    made.out = harness_memory_folder();
    planned_run_text(made.folder, matrix, made.out, 1);
    made.catalog = catalog_new(&places, &made.error);
    ck_assert_ptr_nonnull(made.catalog);
    return made;
}

static char *identity_of_run(const stage *stage)
{
    return filled_query(stage->out, "SELECT substr(identity, 1, 8) FROM runs LIMIT 1");
}

static bool run_again(stage *stage, const char *prefix)
{
    const sandbox_limits limits = {.seconds = 60};

    stage->store = filled_open(stage->out, false);
    return repro_run(stage->store, prefix, stage->catalog, &limits, NULL, &stage->repro,
                     &stage->error);
}

static void expect_differences(stage *stage, const char *expected)
{
    char *prefix = identity_of_run(stage);

    prefix[8] = '\0';
    ck_assert_msg(run_again(stage, prefix), "%s", stage->error.text);
    ck_assert_str_eq(stage->repro.differences.length > 0 ? stage->repro.differences.bytes : "",
                     expected);
    ck_assert_int_eq(stage->repro.same, expected[0] == '\0');
    free(prefix);
}

static void tear_down(stage *stage)
{
    repro_clear(&stage->repro);
    store_close(stage->store);
    catalog_free(stage->catalog);
    free(stage->folder);
    free(stage->out);
}

/* ---- the same -------------------------------------------------------------------------------- */

START_TEST(a_run_should_come_to_the_same_again)
{
    stage stage = set_up(MATRIX);

    expect_differences(&stage, "");
    ck_assert_int_eq(stage.repro.now.status, RUN_COMPLETED);
    ck_assert_str_eq(stage.repro.now.weights, stage.repro.before.record.weights);
    ck_assert_uint_eq(stage.repro.now.epoch_count, 4);
    tear_down(&stage);
}
END_TEST

/* Whatever way it ended. */
static const char *const ends[] = {
    "axes: {optimizer: [crasher]}\n",
    "axes: {optimizer: [hanger]}\nlimits: {seconds: 0.2}\n",
    "axes: {optimizer: [nanner]}\n",
    "axes: {optimizer: [refuser]}\n",
    "axes: {optimizer: [quitter]}\n",
    "set: {train.early_stopping: {patience: 1}, optimizer.lr: 1}\n",
};

START_TEST(a_run_that_ended_otherwise_should_end_so_again)
{
    char *matrix = memory_format("%s%s", MATRIX, ends[_i]);
    stage stage = set_up(matrix);
    const sandbox_limits limits = {.seconds = 0.3};
    char *prefix = identity_of_run(&stage);

    prefix[8] = '\0';
    stage.store = filled_open(stage.out, false);
    ck_assert_msg(repro_run(stage.store, prefix, stage.catalog,
                            _i == 1 ? &limits : &(sandbox_limits){0}, NULL, &stage.repro,
                            &stage.error),
                  "%s", stage.error.text);
    ck_assert_int_ne(stage.repro.now.status, RUN_COMPLETED);
    ck_assert_str_eq(stage.repro.differences.length > 0 ? stage.repro.differences.bytes : "", "");
    ck_assert(stage.repro.same);
    free(prefix);
    free(matrix);
    tear_down(&stage);
}
END_TEST

/* ---- not the same ---------------------------------------------------------------------------- */

/* What is stored is made another, so that exactly that is told. */
static const struct {
    const char *sql, *told;
} changes[] = {
    {"UPDATE runs SET epochs = 5", "epochs was 5, is 4\n"},
    {"UPDATE runs SET steps = 9", "steps was 9, is 8\n"},
    {"UPDATE runs SET evaluations = 9", "evaluations was 9, is 8\n"},
    {"UPDATE runs SET parameters = 1", "parameters was 1, is 13\n"},
    {"UPDATE runs SET state_bytes = 1", "state_bytes was 1, is 104\n"},
    {"UPDATE runs SET test_accuracy = 2", "test_accuracy was 2, is %test_accuracy\n"},
    {"UPDATE runs SET val_loss = NULL", "val_loss was absent, is %val_loss\n"},
    {"UPDATE runs SET train_accuracy = 0.5", "train_accuracy was 0.5, is absent\n"},
    {"DELETE FROM curves WHERE epoch = 4", "epochs of the learning curve was 3, is 4\n"},
    {"UPDATE curves SET lr = 1 WHERE epoch > 2", "epoch 3: lr was 1, is 0.001\n"},
    {"UPDATE curves SET seconds = 1000", ""},
    {"UPDATE runs SET seconds = 1000, peak_memory = 1", ""},
};

START_TEST(what_is_stored_otherwise_should_be_told)
{
    stage stage = set_up(MATRIX);
    const char *told = changes[_i].told, *figure = strchr(told, '%');

    char *expected = memory_string(told);
    if (figure != NULL) {
        char *sql = memory_format("SELECT printf('%%!.17g', %.*s) FROM runs",
                                  (int)strcspn(figure + 1, "\n"), figure + 1);
        char *was = filled_query(stage.out, sql), shortest[32];
        free(expected);
        expected = memory_format("%.*s%s\n", (int)(figure - told), told,
                                 text_of_double(shortest, strtod(was, NULL)));
        free(was);
        free(sql);
    }
    filled_exec(stage.out, changes[_i].sql);
    expect_differences(&stage, expected);
    free(expected);
    tear_down(&stage);
}
END_TEST

/* Other weights, and so other figures from the first epoch on. */
START_TEST(other_data_should_come_to_other_weights)
{
    stage stage = set_up(MATRIX);
    char *prefix = identity_of_run(&stage);

    free(harness_file(stage.folder, "data.csv",
                      "x,y,class\n1,2,big\n2,1,small\n3,1,small\n1,5,big\n2,2,big\n4,1,small\n"
                      "1,2,big\n2,1,small\n3,1,small\n1,5,big\n2,2,big\n4,1,small\n"
                      "1,2,big\n2,1,small\n3,1,small\n1,5,big\n2,2,big\n4,1,small\n"
                      "1,2,big\n2,1,small\n3,1,small\n1,5,big\n2,2,big\n4,1,small\n"));
    prefix[8] = '\0';
    ck_assert_msg(run_again(&stage, prefix), "%s", stage.error.text);
    ck_assert(!stage.repro.same);
    char *weights = memory_format("weights were %s, are %s\n", stage.repro.before.record.weights,
                                  stage.repro.now.weights);
    ck_assert_ptr_nonnull(strstr(stage.repro.differences.bytes, weights));
    ck_assert_ptr_nonnull(strstr(stage.repro.differences.bytes, "\nepoch 1: train_loss was "));
    ck_assert_ptr_null(strstr(stage.repro.differences.bytes, "epoch 2:"));
    free(weights);
    free(prefix);
    tear_down(&stage);
}
END_TEST

/* Another status is told alone: what a run that was cut short came to says nothing. */
START_TEST(another_end_should_be_told_with_its_reason)
{
    stage stage = set_up(MATRIX);

    filled_exec(stage.out, "UPDATE runs SET status = 'crashed', signal = 11, reason = 'died of "
                           "SIGSEGV in step 3'");
    expect_differences(&stage, "status was crashed (died of SIGSEGV in step 3), is completed\n"
                               "signal was 11, is 0\n");
    tear_down(&stage);
}
END_TEST

START_TEST(another_signal_should_be_told)
{
    stage stage = set_up(MATRIX "axes: {optimizer: [crasher]}\n");

    filled_exec(stage.out, "UPDATE runs SET signal = 6");
    expect_differences(&stage, "signal was 6, is 11\n");
    tear_down(&stage);
}
END_TEST

/* ---- what cannot be done --------------------------------------------------------------------- */

START_TEST(a_run_that_is_not_there_should_be_refused)
{
    stage stage = set_up(MATRIX);

    ck_assert(!run_again(&stage, "zzzz"));
    ck_assert_int_eq(stage.error.code, ERROR_USAGE);
    tear_down(&stage);
}
END_TEST

START_TEST(a_plugin_that_is_gone_should_be_told)
{
    stage stage = set_up(MATRIX "axes: {optimizer: [refuser]}\n");
    const catalog_options places = {.builtin = PLEXUS_PLUGIN_BUILD_DIR};
    char *prefix = identity_of_run(&stage);

    prefix[8] = '\0';
    catalog_free(stage.catalog);
    stage.catalog = catalog_new(&places, &stage.error);
    ck_assert(!run_again(&stage, prefix));
    char *begin = memory_format("config of run %s", prefix);
    ck_assert_int_eq(stage.error.code, ERROR_CONFIG);
    ck_assert_msg(strncmp(stage.error.text, begin, strlen(begin)) == 0, "%s", stage.error.text);
    ck_assert_ptr_nonnull(strstr(stage.error.text, "refuser"));
    free(begin);
    free(prefix);
    tear_down(&stage);
}
END_TEST

START_TEST(data_that_are_gone_should_be_told)
{
    stage stage = set_up(MATRIX);
    char *prefix = identity_of_run(&stage), *path = file_join(stage.folder, "data.csv");

    prefix[8] = '\0';
    remove(path);
    ck_assert(!run_again(&stage, prefix));
    ck_assert_int_eq(stage.error.code, ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(stage.error.text, path));
    free(path);
    free(prefix);
    tear_down(&stage);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/repro");
    TCase *t = tcase_create("repro");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_run_should_come_to_the_same_again);
    tcase_add_loop_test(t, a_run_that_ended_otherwise_should_end_so_again, 0,
                        sizeof(ends) / sizeof(ends[0]));
    tcase_add_loop_test(t, what_is_stored_otherwise_should_be_told, 0,
                        sizeof(changes) / sizeof(changes[0]));
    tcase_add_test(t, other_data_should_come_to_other_weights);
    tcase_add_test(t, another_end_should_be_told_with_its_reason);
    tcase_add_test(t, another_signal_should_be_told);
    tcase_add_test(t, a_run_that_is_not_there_should_be_refused);
    tcase_add_test(t, a_plugin_that_is_gone_should_be_told);
    tcase_add_test(t, data_that_are_gone_should_be_told);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
