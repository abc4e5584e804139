/* test_job.c: single runs in processes of their own, good ones and such as end in every other way. */
#include "matrix/job.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "support/memory.h"
#include "train/train.h"

/* 24 training rows, so three steps an epoch. */
#define XOR(optimizer)                                                                             \
    "data: {generate: xor, samples: 40, noise: 0.1, validation: 0.2, test: 0.2}\n"                 \
    "network: {layers: [{units: 4, activation: tanh}, {units: 1, activation: sigmoid}]}\n"         \
    "loss: cross_entropy\n"                                                                        \
    "train: {epochs: 3, batch: 8}\n"                                                               \
    "optimizer: " optimizer "\n"

typedef struct stage {
    catalog *catalog;
    experiment *experiment;
    data_bundle *data;
    plx_error error;
} stage;

static stage set_up(const char *text)
{
    const char *const folders[] = {MATRIX_TEST_PLUGINS};
    const catalog_options places = {
        .folders = folders, .folder_count = 1, .builtin = PLEXUS_PLUGIN_BUILD_DIR};
    const experiment_options as_it_stands = {.sets = NULL};
    stage made = {.catalog = catalog_new(&places, &made.error)};

    ck_assert_ptr_nonnull(made.catalog);
    made.experiment = experiment_parse("a.yaml", "/", text, strlen(text), &as_it_stands,
                                       made.catalog, &made.error);
    ck_assert_msg(made.experiment != NULL, "%s", made.error.text);
    made.data = data_load(&made.experiment->data, NULL, &made.error);
    ck_assert_msg(made.data != NULL, "%s", made.error.text);
    return made;
}

/* The experiment is gone with the job. */
static void tear_down(stage *stage)
{
    data_free(stage->data);
    catalog_free(stage->catalog);
}

static job *start(stage *stage, const sandbox_limits *limits)
{
    job *made =
        job_start(stage->experiment, stage->data, stage->catalog, limits, NULL, 0, &stage->error);

    ck_assert_msg(made != NULL, "%s", stage->error.text);
    return made;
}

static run_record finish(stage *stage, job *job)
{
    sandbox_child *child = job_child(job);
    run_record record;

    while (!sandbox_is_over(child))
        sandbox_attend(&child, 1, -1);
    ck_assert_msg(job_finish(job, &record, &stage->error), "%s", stage->error.text);
    return record;
}

static void wait_for_steps(job *job, int64_t steps)
{
    while (job_steps(job) < steps) {
        sandbox_child *child = job_child(job);
        sandbox_attend(&child, 1, 1);
    }
}

/* ---- good ones ------------------------------------------------------------------------------- */

/* The same bits as a run in this process. */
START_TEST(a_run_comes_to_what_it_comes_to_anywhere)
{
    stage stage = set_up(XOR("adam"));
    const train_options options = {.in_memory = true, .data = stage.data};
    train_result here;
    double value;

    ck_assert(train_run(stage.experiment, stage.catalog, &options, NULL, &here, &stage.error));
    run_record record = finish(&stage, start(&stage, &(sandbox_limits){.seconds = 60}));
    ck_assert_int_eq(record.status, RUN_COMPLETED);
    ck_assert_str_eq(record.reason, "");
    ck_assert_str_eq(record.weights, here.weights);
    ck_assert_uint_eq(strlen(record.weights), 64);
    ck_assert_int_eq(record.signal, 0);
    ck_assert_int_eq(record.epochs, 3);
    ck_assert_int_eq(record.steps, 9);
    ck_assert_int_eq(record.evaluations, 9);
    ck_assert_int_eq(record.parameters, (int64_t)here.parameters);
    ck_assert_int_eq(record.state_bytes, (int64_t)here.state_bytes);
    ck_assert(record.train_loss == here.train_loss);
    ck_assert(record.seconds > 0 && record.peak_memory > 0);
    for (int m = 0; m < METRIC_COUNT; m++) {
        ck_assert(metrics_value(here.test, (metric)m, &value)
                      ? record.value[RECORD_TEST][m] == value
                      : isnan(record.value[RECORD_TEST][m]));
        ck_assert(metrics_value(here.validation, (metric)m, &value)
                      ? record.value[RECORD_VALIDATION][m] == value
                      : isnan(record.value[RECORD_VALIDATION][m]));
        ck_assert(isnan(record.value[RECORD_TRAINING][m]));
    }
    run_record_clear(&record);
    train_result_clear(&here);
    tear_down(&stage);
}
END_TEST

START_TEST(the_learning_curve_has_every_epoch)
{
    stage stage = set_up(XOR("sgd"));
    run_record record = finish(&stage, start(&stage, &(sandbox_limits){.seconds = 60}));

    ck_assert_uint_eq(record.epoch_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(record.epoch[i].epoch, (int64_t)i + 1);
        ck_assert_int_eq(record.epoch[i].step, 3 * ((int64_t)i + 1));
        ck_assert_int_eq(record.epoch[i].evaluations, 3 * ((int64_t)i + 1));
        ck_assert(record.epoch[i].lr == 0.01);
        ck_assert(isfinite(record.epoch[i].train_loss));
        ck_assert(isfinite(record.epoch[i].validation[METRIC_ACCURACY]));
        ck_assert(isnan(record.epoch[i].validation[METRIC_R2]));
    }
    ck_assert(record.epoch[2].train_loss == record.train_loss);
    ck_assert(record.epoch[2].validation[METRIC_LOSS] ==
              record.value[RECORD_VALIDATION][METRIC_LOSS]);
    run_record_clear(&record);
    tear_down(&stage);
}
END_TEST

/* ---- ends of all kinds ----------------------------------------------------------------------- */

static const struct {
    const char *text;
    sandbox_limits limits;
    run_status status;
    int signal;
    int64_t steps;
    const char *reason;
} ends[] = {
    {XOR("crasher"), {0, 0}, RUN_CRASHED, SIGSEGV, 2, "died of SIGSEGV in step 3"},
    {XOR("aborter"), {0, 0}, RUN_CRASHED, SIGABRT, 2, "died of SIGABRT in step 3"},
    {XOR("quitter"), {0, 0}, RUN_CRASHED, 0, 2, "ended its process with status 3 in step 3"},
    {XOR("printer"),
     {0, 0},
     RUN_CRASHED,
     SIGFPE,
     2,
     "died of SIGFPE in step 3; it printed: step 1\\x0astep 2\\x0astep 3\\x0a"},
    {XOR("hanger"), {0.5, 0}, RUN_TIMED_OUT, 0, 2, "killed after 0.5 s in step 3"},
    {XOR("eater"), {0, 64 << 20}, RUN_OUT_OF_MEMORY, 0, 2, "out of memory in step 3"},
    {XOR("refuser"), {0, 0}, RUN_FAILED, 0, 2, "optimizer 'refuser': I have had enough"},
    {XOR("nanner"),
     {0, 0},
     RUN_DIVERGED,
     0,
     3,
     "step 3 (epoch 1): layers.0.weight after the update by 'nanner' is not finite; the learning "
     "rate 0.001 is probably too high; try a tenth of it"},
};

START_TEST(each_end_is_told_with_its_step)
{
    stage stage = set_up(ends[_i].text);
    run_record record = finish(&stage, start(&stage, &ends[_i].limits));

    ck_assert_str_eq(run_status_name(record.status), run_status_name(ends[_i].status));
    ck_assert_str_eq(record.reason, ends[_i].reason);
    ck_assert_int_eq(record.signal, ends[_i].signal);
    ck_assert_int_eq(record.steps, ends[_i].steps);
    ck_assert(isnan(record.value[RECORD_TEST][METRIC_LOSS]) || record.status == RUN_DIVERGED);
    ck_assert(record.seconds > 0);
    run_record_clear(&record);
    tear_down(&stage);
}
END_TEST

/* What came before the end is there. */
START_TEST(the_curve_of_a_run_that_died_goes_as_far_as_it_did)
{
    stage stage = set_up("data: {generate: xor, samples: 40}\n"
                         "network: {layers: [{units: 1, activation: sigmoid}]}\n"
                         "loss: cross_entropy\noptimizer: crasher\n"
                         "train: {epochs: 9, batch: full}\n");
    run_record record = finish(&stage, start(&stage, &(sandbox_limits){.seconds = 60}));

    ck_assert_int_eq(record.status, RUN_CRASHED);
    ck_assert_int_eq(record.epochs, 2);
    ck_assert_uint_eq(record.epoch_count, 2);
    ck_assert_int_eq(record.epoch[1].step, 2);
    run_record_clear(&record);
    tear_down(&stage);
}
END_TEST

START_TEST(a_run_that_is_not_over_is_killed)
{
    stage stage = set_up(XOR("hanger"));
    job *job = start(&stage, &(sandbox_limits){.seconds = 60});
    run_record record;

    wait_for_steps(job, 2);
    ck_assert(job_finish(job, &record, &stage.error));
    ck_assert_int_eq(record.status, RUN_TIMED_OUT);
    ck_assert_int_eq(record.steps, 2);
    run_record_clear(&record);
    tear_down(&stage);
}
END_TEST

/* Neither its curve, which would be anything, nor the run beside it. */
START_TEST(what_a_run_writes_over_is_not_believed)
{
    const sandbox_limits limits = {.seconds = 60};
    stage beside = set_up(XOR("hanger")), stage = set_up(XOR("scribbler"));
    job *first = start(&beside, &limits);
    run_record record;

    wait_for_steps(first, 2);
    record = finish(&stage, start(&stage, &limits));
    ck_assert(run_status_is_failure(record.status));
    ck_assert_int_eq(record.steps, 0);
    ck_assert_int_eq(record.epochs, 0);
    ck_assert_uint_eq(record.epoch_count, 0);
    run_record_clear(&record);
    ck_assert_int_eq(job_steps(first), 2);
    ck_assert(job_finish(first, &record, &beside.error));
    ck_assert_int_eq(record.steps, 2);
    run_record_clear(&record);
    tear_down(&beside);
    tear_down(&stage);
}
END_TEST

START_TEST(without_a_way_to_wait_there_is_no_job)
{
    stage stage = set_up(XOR("sgd"));

    signal(SIGCHLD, SIG_IGN);
    ck_assert_ptr_null(job_start(stage.experiment, stage.data, stage.catalog,
                                 &(sandbox_limits){.seconds = 60}, NULL, 0, &stage.error));
    ck_assert_int_eq(stage.error.code, ERROR_RUN);
    tear_down(&stage);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/job");
    TCase *t = tcase_create("job");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_run_comes_to_what_it_comes_to_anywhere);
    tcase_add_test(t, the_learning_curve_has_every_epoch);
    tcase_add_loop_test(t, each_end_is_told_with_its_step, 0, sizeof(ends) / sizeof(ends[0]));
    tcase_add_test(t, the_curve_of_a_run_that_died_goes_as_far_as_it_did);
    tcase_add_test(t, a_run_that_is_not_over_is_killed);
    tcase_add_test(t, what_a_run_writes_over_is_not_believed);
    tcase_add_test(t, without_a_way_to_wait_there_is_no_job);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
