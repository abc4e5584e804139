/* test_resume.c: a run that is stopped or killed anywhere and resumed ends with the bytes of one
 * that was not disturbed; what has changed in between is refused. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "network/product.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/safetensors.h"

/* Everything that has state: momentum, dropout, shuffling, a plateau, early stopping, step lines, a
 * partial batch. 24 training rows, 3 batches an epoch, 4 epochs. */
#define DATA "data: {generate: moons, samples: 30, noise: 0.2, validation: 0.2}\n"
#define NETWORK                                                                                    \
    "network: {layers: [{units: 6, activation: tanh, dropout: 0.25},"                              \
    " {units: 1, activation: sigmoid}]}\n"
#define LOSS      "loss: cross_entropy\n"
#define OPTIMIZER "optimizer: {name: adam, lr: 0.05}\n"
#define SCHEDULE  "schedule: {name: plateau, gamma: 0.5, patience: 1}\n"
#define TRAIN                                                                                      \
    "train: {epochs: 4, batch: 10, seed: 3, log_steps: true,"                                      \
    " early_stopping: {patience: 3}}\n"
#define WHOLE DATA NETWORK LOSS OPTIMIZER SCHEDULE TRAIN

enum { EPOCHS = 4, BATCHES = 3, STEPS = EPOCHS * BATCHES };

/* An undisturbed run of WHOLE. */
static char *undisturbed(void)
{
    char *run = fresh_run();

    outcome_free(
        plan_expect(&(plan){.text = WHOLE, .out = run, .few_checkpoints = true}, TRAIN_COMPLETED));
    return run;
}

/* A run of `text` that was stopped behind a step. */
static char *stopped(const char *text, int64_t step)
{
    char *run = fresh_run();
    const plan plan = {.text = text, .out = run, .stop_at_step = step, .few_checkpoints = true};

    outcome_free(plan_expect(&plan, TRAIN_INTERRUPTED));
    return run;
}

static void finish(const char *run)
{
    outcome_free(plan_expect(&(plan){.resume = run, .few_checkpoints = true}, TRAIN_COMPLETED));
}

/* --- the same bytes --- */

START_TEST(stopped_at_any_batch)
{
    char *expected = undisturbed(), *run = stopped(WHOLE, _i);

    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

START_TEST(stopped_twice)
{
    char *expected = undisturbed(), *run = stopped(WHOLE, 4);

    outcome_free(plan_expect(&(plan){.resume = run, .stop_at_step = 8}, TRAIN_INTERRUPTED));
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

START_TEST(stopped_twice_in_the_same_epoch)
{
    char *expected = undisturbed(), *run = stopped(WHOLE, 4);

    outcome_free(plan_expect(&(plan){.resume = run, .stop_at_step = 5}, TRAIN_INTERRUPTED));
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

/* nadam has a slot of the model, rprop and radam first steps unlike the others. */
static const char *const others[] = {"nadam", "radam", "rprop", "adadelta", "adamax", "lion"};

START_TEST(stopped_with_another_optimizer)
{
    char *text = memory_format(DATA NETWORK LOSS "optimizer: %s\n" SCHEDULE TRAIN, others[_i]);
    char *expected = fresh_run(), *run = stopped(text, 5);

    outcome_free(plan_expect(&(plan){.text = text, .out = expected, .few_checkpoints = true},
                             TRAIN_COMPLETED));
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
    free(text);
}
END_TEST

START_TEST(resumed_with_other_threads)
{
    char *expected = undisturbed(), *run = stopped(WHOLE, 5);

    outcome_free(plan_expect(&(plan){.resume = run, .threads = 3}, TRAIN_COMPLETED));
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

START_TEST(killed_at_any_epoch)
{
    char *expected = undisturbed(), *run = fresh_run();
    const int status = plan_run_in_child(&(plan){.text = WHOLE, .out = run, .kill_at_epoch = _i});

    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

START_TEST(killed_within_any_epoch)
{
    char *expected = undisturbed(), *run = fresh_run();
    const int status =
        plan_run_in_child(&(plan){.text = WHOLE, .out = run, .kill_at_step = _i * BATCHES + 2});

    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

START_TEST(stopped_then_killed)
{
    char *expected = undisturbed(), *run = stopped(WHOLE, 5);
    const int status = plan_run_in_child(&(plan){.resume = run, .kill_at_step = 6});

    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

/* As if it had been killed behind config.yaml, with a temporary left behind. */
START_TEST(killed_before_the_first_checkpoint)
{
    char *expected = undisturbed(), *run = stopped(WHOLE, 1);
    const char *const gone[] = {"checkpoint.safetensors", "model.safetensors", "run.json"};

    for (size_t i = 0; i < 3; i++) {
        char *path = file_join(run, gone[i]);
        ck_assert_int_eq(unlink(path), 0);
        free(path);
    }
    free(harness_file(run, ".plexus-0123456789abcdef.tmp", "half a file"));
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

/* As if it had been killed between the log's last line and the checkpoint's. */
START_TEST(killed_while_it_ended)
{
    char *expected = undisturbed(), *run = fresh_run();

    plan_run_in_child(&(plan){.text = WHOLE, .out = run, .kill_at_epoch = EPOCHS});
    char *path = file_join(run, "metrics.jsonl");
    FILE *log = fopen(path, "ab");
    ck_assert_ptr_nonnull(log);
    free(path);
    fputs("{\"event\":\"end\",\"sta", log);
    fclose(log);
    finish(run);
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

/* Ends by early stopping in its sixth epoch, with the rate lowered twice. */
#define EARLY                                                                                      \
    "data: {generate: moons, samples: 40, noise: 0.6, validation: 0.5}\n"                          \
    "network: {layers: [{units: 30, activation: tanh}, {units: 1, activation: sigmoid}]}\n"        \
    "loss: cross_entropy\noptimizer: {name: adam, lr: 0.1}\n"                                      \
    "schedule: {name: plateau, gamma: 0.5, patience: 2}\n"                                         \
    "train: {epochs: 50, batch: 5, early_stopping: {patience: 5}}\n"

START_TEST(stopped_while_it_waits_for_better)
{
    char *expected = fresh_run(), *run = stopped(EARLY, _i);
    outcome *whole = plan_expect(&(plan){.text = EARLY, .out = expected, .few_checkpoints = true},
                                 TRAIN_EARLY_STOPPED);
    outcome *resumed =
        plan_expect(&(plan){.resume = run, .few_checkpoints = true}, TRAIN_EARLY_STOPPED);

    assert_same_run(expected, run);
    ck_assert_str_eq(whole->result.reason, resumed->result.reason);
    outcome_free(whole);
    outcome_free(resumed);
    free(expected);
    free(run);
}
END_TEST

START_TEST(the_result_counts_what_was_before)
{
    static const char text[] = "data: {generate: moons, samples: 30}\n" NETWORK LOSS
                               "optimizer: closer\ntrain: {epochs: 2, batch: 10}\n";
    char *run = fresh_run();

    outcome_free(plan_expect(
        &(plan){.text = text, .out = run, .stop_at_step = 4, .plugins = TRAIN_TEST_PLUGINS},
        TRAIN_INTERRUPTED));
    outcome *resumed =
        plan_expect(&(plan){.resume = run, .plugins = TRAIN_TEST_PLUGINS}, TRAIN_COMPLETED);
    ck_assert_int_eq(resumed->result.evaluations, 6);
    ck_assert_int_eq(resumed->result.steps, 6);
    ck_assert_int_eq(resumed->result.epochs, 2);
    outcome_free(resumed);
    free(run);
}
END_TEST

/* Only the end is left to do; the last epoch's loss comes from the checkpoint. */
START_TEST(the_result_knows_the_last_epoch)
{
    char *run = fresh_run(), *expected = fresh_run();

    outcome *whole = plan_expect(&(plan){.text = WHOLE, .out = expected}, TRAIN_COMPLETED);
    plan_run_in_child(&(plan){.text = WHOLE, .out = run, .kill_at_epoch = EPOCHS});
    outcome *resumed = plan_expect(&(plan){.resume = run}, TRAIN_COMPLETED);
    ck_assert(resumed->result.train_loss == whole->result.train_loss);
    outcome_free(whole);
    outcome_free(resumed);
    free(run);
    free(expected);
}
END_TEST

START_TEST(the_first_epoch_is_remembered_for_the_diagnosis)
{
    char *run = stopped("data: {generate: moons, samples: 30}\n"
                        "network: {layers: [{units: 1, activation: identity}]}\n"
                        "loss: mse\noptimizer: {name: sgd, lr: 1e-30}\n"
                        "train: {epochs: 6, batch: full}\n",
                        2);
    outcome *resumed = plan_expect(&(plan){.resume = run}, TRAIN_COMPLETED);

    ck_assert_msg(strstr(resumed->warnings, "within 1 % of the ") != NULL, "%s", resumed->warnings);
    outcome_free(resumed);
    free(run);
}
END_TEST

START_TEST(initial_weights_from_a_file_are_read_once)
{
    char *other = undisturbed(), *run = fresh_run();
    char *model = file_join(other, "model.safetensors");
    char *text = memory_format("data: {generate: moons, samples: 30, noise: 0.2}\n"
                               "network: {init: {from: %s}, layers: [{units: 6, activation: tanh},"
                               " {units: 1, activation: sigmoid}]}\n" LOSS OPTIMIZER
                               "train: {epochs: 2, batch: 10}\n",
                               model);

    outcome_free(
        plan_expect(&(plan){.text = text, .out = run, .stop_at_step = 2}, TRAIN_INTERRUPTED));
    ck_assert_int_eq(unlink(model), 0);
    finish(run);
    free(text);
    free(model);
    free(other);
    free(run);
}
END_TEST

/* The first part runs in a child, so that the level can still be capped here. */
START_TEST(another_instruction_set_is_pointed_out)
{
    char *run = fresh_run();
    const char *reason;
    size_t length;

    ck_assert_int_eq(plan_run_in_child(&(plan){.text = WHOLE, .out = run, .stop_at_step = 4}), 0);
    char *record = read_run_file(run, "run.json", &length);
    const bool lowest = strstr(record, "\"isa\": \"sse2\"") != NULL;
    if (!lowest && product_cap_isa("sse2", &reason)) {
        outcome *outcome = plan_expect(&(plan){.resume = run}, TRAIN_COMPLETED);
        ck_assert_msg(strstr(outcome->warnings, ", now on sse2, libc ") != NULL, "%s",
                      outcome->warnings);
        outcome_free(outcome);
    }
    free(record);
    free(run);
}
END_TEST

START_TEST(the_same_machine_is_not_pointed_out)
{
    char *run = stopped(WHOLE, 4);
    outcome *outcome = plan_expect(&(plan){.resume = run}, TRAIN_COMPLETED);

    ck_assert_ptr_null(strstr(outcome->warnings, "now on"));
    outcome_free(outcome);
    free(run);
}
END_TEST

START_TEST(temporaries_are_cleared_away)
{
    char *run = stopped(WHOLE, 4);
    char *left = harness_file(run, ".plexus-0123456789abcdef.tmp", "half a file");

    finish(run);
    ck_assert(!file_exists(left));
    free(left);
    free(run);
}
END_TEST

/* --- refusals --- */

static void assert_refused(const plan *plan, error_class code, const char *format, const char *run)
{
    outcome *refused = plan_run(plan);
    char *expected = memory_array(1, 4096);

    snprintf(expected, 4096, "%s%s", run, format);
    ck_assert(!refused->ok);
    ck_assert_str_eq(refused->error.text, expected);
    ck_assert_int_eq(refused->error.code, code);
    free(expected);
    outcome_free(refused);
}

START_TEST(a_finished_run_says_so)
{
    char *run = undisturbed();

    assert_refused(&(plan){.resume = run}, ERROR_USAGE,
                   ": this run is over (completed after 4 epochs); there is nothing to resume",
                   run);
    free(run);
}
END_TEST

START_TEST(another_experiment_is_refused)
{
    char *run = stopped(WHOLE, 4);

    assert_refused(
        &(plan){.text = DATA NETWORK LOSS "optimizer: {name: adam, lr: 0.1}\n" SCHEDULE TRAIN,
                .resume = run},
        ERROR_CONFIG,
        ": the experiment has changed since the run began: under 'optimizer' it says 'optimizer: "
        "{name: adam, lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-08, weight_decay: 0, amsgrad: "
        "false}', but it said 'optimizer: {name: adam, lr: 0.05, beta1: 0.9, beta2: 0.999, eps: "
        "1e-08, weight_decay: 0, amsgrad: false}'; a resumed run may only change train.threads",
        run);
    free(run);
}
END_TEST

START_TEST(another_experiment_is_refused_without_a_checkpoint)
{
    char *run = stopped(WHOLE, 1);
    char *checkpoint = file_join(run, "checkpoint.safetensors");

    unlink(checkpoint);
    assert_refused(&(plan){.text = DATA NETWORK LOSS OPTIMIZER SCHEDULE
                           "train: {epochs: 5, batch: 10, seed: 3, log_steps: true,"
                           " early_stopping: {patience: 3}}\n",
                           .resume = run},
                   ERROR_CONFIG,
                   ": the experiment has changed since the run began: under 'train' it says "
                   "'epochs: 5', but it said 'epochs: 4'; a resumed run may only change "
                   "train.threads",
                   run);
    free(checkpoint);
    free(run);
}
END_TEST

START_TEST(other_data_is_refused)
{
    char *folder = harness_folder(), *run = fresh_run();
    char *csv = harness_file(folder, "a.csv", "x,y\n1,2\n2,4\n3,6\n4,8\n5,10\n");
    char *text = memory_format("data: {train: %s, target: y, test: 0.2}\n"
                               "network: {layers: [{units: 1, activation: identity}]}\n"
                               "loss: mse\noptimizer: sgd\ntrain: {epochs: 2, batch: 2}\n",
                               csv);

    outcome_free(
        plan_expect(&(plan){.text = text, .out = run, .stop_at_step = 1}, TRAIN_INTERRUPTED));
    free(harness_file(folder, "a.csv", "x,y\n1,3\n2,5\n3,7\n4,9\n5,11\n"));
    assert_refused(&(plan){.resume = run}, ERROR_DATA,
                   ": the training rows have changed since the run began; restore the data, or "
                   "start the run anew",
                   run);
    free(text);
    free(csv);
    free(folder);
    free(run);
}
END_TEST

/* The same optimizer from another file: a byte behind its end makes it one. */
START_TEST(a_changed_plugin_is_refused)
{
    char *run = stopped(WHOLE, 4), *folder = harness_folder();
    size_t length;
    char *bytes = read_run_file(PLEXUS_PLUGIN_BUILD_DIR, "optimizer/adam.so", &length);
    char *changed = memory_format("%s/adam.so", folder);
    plx_error error = {0};

    ck_assert_msg(file_write(changed, bytes, length + 1, &error), "%s", error.text);
    char *expected = memory_format(": optimizer 'adam' has changed since the run began: %s is "
                                   "version 1.0, another file than the version 1.0 that was used; "
                                   "put that one back, or start the run anew",
                                   changed);
    assert_refused(&(plan){.resume = run, .plugins = folder}, ERROR_PLUGIN, expected, run);
    free(expected);
    free(changed);
    free(bytes);
    free(folder);
    free(run);
}
END_TEST

START_TEST(a_folder_without_a_run_is_refused)
{
    char *run = harness_folder();

    assert_refused(&(plan){.text = WHOLE, .resume = run}, ERROR_USAGE,
                   ": is no run directory: it has no config.yaml", run);
    free(run);
}
END_TEST

START_TEST(a_log_that_is_too_short_is_refused)
{
    char *run = stopped(WHOLE, 4);
    char *log = file_join(run, "metrics.jsonl");

    ck_assert_int_eq(truncate(log, 10), 0);
    outcome *refused = plan_run(&(plan){.resume = run});
    ck_assert(!refused->ok);
    ck_assert_int_eq(refused->error.code, ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(refused->error.text, "metrics.jsonl: has 10 bytes, but the "
                                                      "checkpoint was written when it had "));
    outcome_free(refused);
    free(log);
    free(run);
}
END_TEST

START_TEST(a_run_in_use_is_refused)
{
    char *run = stopped(WHOLE, 4);
    char *log = file_join(run, "metrics.jsonl");
    const int held = open(log, O_RDWR);

    ck_assert_int_eq(flock(held, LOCK_EX), 0);
    assert_refused(&(plan){.resume = run}, ERROR_USAGE,
                   "/metrics.jsonl is in use: another process trains in this folder; wait for it, "
                   "or choose another folder",
                   run);
    close(held);
    free(log);
    free(run);
}
END_TEST

/* --- damaged checkpoints --- */

/* What is done to a checkpoint of a stopped run. */
typedef struct damage {
    const char *drop;     /* a tensor or metadata key to leave out                               */
    const char *reshape;  /* a tensor to give one row less                                       */
    const char *key;      /* metadata to set ...                                                 */
    const char *value;    /* ... to this                                                         */
    const char *add;      /* a tensor to add                                                     */
    const char *expected; /* the error, behind the run directory                                 */
    error_class code;
} damage;

/* All metadata keys a checkpoint has are known by reading the header's text. */
static void copy_metadata(const tensor_file *from, tensor_file *to, const char *header,
                          const damage *damage)
{
    char key[256];

    for (const char *at = strchr(header, '"'); at != NULL; at = strchr(at + 1, '"')) {
        const size_t n = strcspn(at + 1, "\"");
        if (n >= sizeof(key))
            continue;
        memcpy(key, at + 1, n);
        key[n] = '\0';
        const char *value = tensor_file_value(from, key);
        if (value != NULL && (damage->drop == NULL || strcmp(key, damage->drop) != 0))
            tensor_file_metadata(to, key, value);
    }
    if (damage->key != NULL)
        tensor_file_metadata(to, damage->key, damage->value);
}

static void inflict(const char *run, const damage *damage)
{
    static const float one[1] = {0};
    static const uint64_t shape[1] = {1};
    plx_error error = {0};
    size_t length;
    char *path = file_join(run, "checkpoint.safetensors");
    char *bytes = read_run_file(run, "checkpoint.safetensors", &length);
    tensor_file *from = tensor_file_read(path, &error), *to = tensor_file_new();

    ck_assert_msg(from != NULL, "%s", error.text);
    copy_metadata(from, to, bytes + 8, damage);
    for (size_t i = 0; i < tensor_file_count(from); i++) {
        stored_tensor tensor = *tensor_file_at(from, i);
        if (damage->drop != NULL && strcmp(tensor.name, damage->drop) == 0)
            continue;
        if (damage->reshape != NULL && strcmp(tensor.name, damage->reshape) == 0)
            tensor.shape[0]--;
        tensor_file_add(to, tensor.name, tensor.type, tensor.rank, tensor.shape, tensor.data);
    }
    if (damage->add != NULL)
        tensor_file_add(to, damage->add, TENSOR_F32, 1, shape, one);
    ck_assert_msg(tensor_file_write(to, path, &error), "%s", error.text);
    tensor_file_free(from);
    tensor_file_free(to);
    free(bytes);
    free(path);
}

static const damage damages[] = {
    {.drop = "slots.layers.0.weight.mean",
     .expected =
         "/checkpoint.safetensors: no tensor 'slots.layers.0.weight.mean'; expected F32 [6, 2]",
     .code = ERROR_DATA},
    {.drop = "layers.0.weight",
     .expected = "/checkpoint.safetensors: no tensor 'layers.0.weight'; expected F32 [6, 2]",
     .code = ERROR_DATA},
    {.drop = "kept.layers.1.bias",
     .expected = "/checkpoint.safetensors: no tensor 'kept.layers.1.bias'; expected F32 [1, 1]",
     .code = ERROR_DATA},
    {.reshape = "layers.0.bias",
     .expected = "/checkpoint.safetensors: tensor 'layers.0.bias' is F32 [5]; expected F32 [6]",
     .code = ERROR_DATA},
    {.add = "slots.layers.0.weight.more",
     .expected =
         "/checkpoint.safetensors: holds 9 slots, but the optimizer has 8; it is of another "
         "run",
     .code = ERROR_DATA},
    {.drop = "train.state.step",
     .expected = "/checkpoint.safetensors: is no checkpoint: it has no 'train.state.step'",
     .code = ERROR_DATA},
    {.key = "train.state.step",
     .value = "-4",
     .expected = "/checkpoint.safetensors: 'train.state.step' is no count; the checkpoint is "
                 "damaged",
     .code = ERROR_DATA},
    {.key = "train.state.loss_sum",
     .value = "much",
     .expected = "/checkpoint.safetensors: 'train.state.loss_sum' is no number; the checkpoint is "
                 "damaged",
     .code = ERROR_DATA},
    {.key = "train.state.epoch",
     .value = "9223372036854775807",
     .expected = "/checkpoint.safetensors: 9223372036854775807 epochs, 1 batches and 4 steps do "
                 "not go together; the checkpoint is damaged",
     .code = ERROR_DATA},
    {.key = "train.state.batch",
     .value = "2",
     .expected = "/checkpoint.safetensors: 1 epochs, 2 batches and 4 steps do not go together; "
                 "the checkpoint is damaged",
     .code = ERROR_DATA},
    {.key = "train.state_version",
     .value = "7",
     .expected = ": the optimizer keeps its slots in version 0, but the checkpoint has them in "
                 "version 7; use the plug-in of that time, or start the run anew",
     .code = ERROR_PLUGIN},
    {.drop = "train.plugin.optimizer.adam",
     .expected = ": the checkpoint says nothing of optimizer 'adam'; it is damaged",
     .code = ERROR_PLUGIN},
    {.drop = "train.config",
     .expected = ": the checkpoint does not say what run it is of",
     .code = ERROR_DATA},
    {.key = "train.data.validation",
     .value = "",
     .expected = ": the validation rows have changed since the run began; restore the data, or "
                 "start the run anew",
     .code = ERROR_DATA},
};

START_TEST(a_damaged_checkpoint_is_refused)
{
    char *run = stopped(WHOLE, 4);

    inflict(run, &damages[_i]);
    assert_refused(&(plan){.resume = run}, damages[_i].code, damages[_i].expected, run);
    free(run);
}
END_TEST

START_TEST(a_truncated_checkpoint_is_refused)
{
    char *run = stopped(WHOLE, 4);
    char *path = file_join(run, "checkpoint.safetensors");

    ck_assert_int_eq(truncate(path, 100), 0);
    outcome *refused = plan_run(&(plan){.resume = run});
    ck_assert(!refused->ok);
    ck_assert_int_eq(refused->error.code, ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(refused->error.text, "the file is cut short"));
    outcome_free(refused);
    free(path);
    free(run);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/resume");
    TCase *bytes = tcase_create("the same bytes"), *refusals = tcase_create("refusals");
    TCase *damaged = tcase_create("damaged checkpoints");

    tcase_add_loop_test(bytes, stopped_at_any_batch, 1, STEPS);
    tcase_add_test(bytes, stopped_twice);
    tcase_add_test(bytes, stopped_twice_in_the_same_epoch);
    tcase_add_loop_test(bytes, stopped_with_another_optimizer, 0,
                        sizeof(others) / sizeof(others[0]));
    tcase_add_test(bytes, resumed_with_other_threads);
    tcase_add_loop_test(bytes, killed_at_any_epoch, 1, EPOCHS + 1);
    tcase_add_loop_test(bytes, killed_within_any_epoch, 0, EPOCHS);
    tcase_add_test(bytes, stopped_then_killed);
    tcase_add_test(bytes, killed_before_the_first_checkpoint);
    tcase_add_test(bytes, killed_while_it_ended);
    tcase_add_loop_test(bytes, stopped_while_it_waits_for_better, 5, 24);
    tcase_add_test(bytes, the_result_counts_what_was_before);
    tcase_add_test(bytes, the_result_knows_the_last_epoch);
    tcase_add_test(bytes, the_first_epoch_is_remembered_for_the_diagnosis);
    tcase_add_test(bytes, initial_weights_from_a_file_are_read_once);
    tcase_add_test(bytes, another_instruction_set_is_pointed_out);
    tcase_add_test(bytes, the_same_machine_is_not_pointed_out);
    tcase_add_test(bytes, temporaries_are_cleared_away);
    tcase_add_test(refusals, a_finished_run_says_so);
    tcase_add_test(refusals, another_experiment_is_refused);
    tcase_add_test(refusals, another_experiment_is_refused_without_a_checkpoint);
    tcase_add_test(refusals, other_data_is_refused);
    tcase_add_test(refusals, a_changed_plugin_is_refused);
    tcase_add_test(refusals, a_folder_without_a_run_is_refused);
    tcase_add_test(refusals, a_log_that_is_too_short_is_refused);
    tcase_add_test(refusals, a_run_in_use_is_refused);
    tcase_add_loop_test(damaged, a_damaged_checkpoint_is_refused, 0,
                        sizeof(damages) / sizeof(damages[0]));
    tcase_add_test(damaged, a_truncated_checkpoint_is_refused);
    suite_add_tcase(suite, bytes);
    suite_add_tcase(suite, refusals);
    suite_add_tcase(suite, damaged);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
