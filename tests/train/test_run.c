/* test_run.c: whole runs: what they write, that threads and optimizers change nothing they
 * should not, and how they end. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

/* The seed of it all. */
#define XOR                                                                                        \
    "data: {generate: xor}\n"                                                                      \
    "network: {layers: [{units: 4, activation: tanh}, {units: 1, activation: sigmoid}]}\n"         \
    "loss: cross_entropy\n"

/* 24 training rows, 6 for validation. */
#define MOONS                                                                                      \
    "data: {generate: moons, samples: 30, noise: 0.2, validation: 0.2}\n"                          \
    "network: {layers: [{units: 6, activation: tanh}, {units: 1, activation: sigmoid}]}\n"         \
    "loss: cross_entropy\n"

/* --- reading a log --- */

/* Line `index` of metrics.jsonl, from 0; negative: from the end. NULL past the last. */
static json_t *log_line_at(const char *run, int index)
{
    size_t length, lines = 0;
    char *text = read_run_file(run, "metrics.jsonl", &length);
    json_t *found = NULL;

    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    if (index < 0)
        index += (int)lines;
    const char *at = text;
    for (int i = 0; i < index && *at != '\0'; i++)
        at += strcspn(at, "\n") + 1;
    if (index >= 0 && *at != '\0')
        found = json_loadb(at, strcspn(at, "\n"), 0, NULL);
    free(text);
    return found;
}

static double figure(const char *run, int line, const char *key)
{
    json_t *object = log_line_at(run, line);

    ck_assert_ptr_nonnull(json_object_get(object, key));
    const double value = json_number_value(json_object_get(object, key));
    json_decref(object);
    return value;
}

/* The keys of a line in order, "event epoch step". */
static void assert_keys(const char *run, int line, const char *expected)
{
    char keys[512] = "";
    const char *key;
    json_t *value, *object = log_line_at(run, line);

    ck_assert_ptr_nonnull(object);
    json_object_foreach(object, key, value)
    {
        strcat(keys, *keys == '\0' ? "" : " ");
        strcat(keys, key);
    }
    ck_assert_str_eq(keys, expected);
    json_decref(object);
}

static char *run_of(const char *text, train_status status)
{
    char *run = fresh_run();

    outcome_free(plan_expect(&(plan){.text = text, .out = run}, status));
    return run;
}

/* --- what is written --- */

START_TEST(the_seed_network_learns_xor)
{
    char *run = fresh_run();
    outcome *outcome = plan_expect(
        &(plan){.text = XOR "optimizer: {name: sgd, lr: 0.5}\ntrain: {epochs: 500, batch: full}\n",
                .out = run,
                .few_checkpoints = true},
        TRAIN_COMPLETED);

    ck_assert_double_lt(outcome->result.train_loss, 0.1);
    ck_assert_int_eq(outcome->result.epochs, 500);
    ck_assert_int_eq(outcome->result.steps, 500);
    ck_assert_str_eq(outcome->result.out, run);
    outcome_free(outcome);
    free(run);
}
END_TEST

START_TEST(lines_have_these_keys)
{
    char *run = run_of("data: {generate: blobs, samples: 60, validation: 0.2, test: 0.2}\n"
                       "network: {layers: [{units: 3, activation: softmax}]}\n"
                       "loss: cross_entropy\noptimizer: sgd\n"
                       "train: {epochs: 1, batch: full, log_steps: true, top_k: 2}\n",
                       TRAIN_COMPLETED);

    assert_keys(run, 0, "event step loss");
    assert_keys(run, 1,
                "event epoch step train_loss val_loss val_accuracy val_top_k val_precision "
                "val_recall val_f1 lr seconds samples_per_second");
    assert_keys(run, 2,
                "event status test_loss test_accuracy test_top_k test_precision test_recall "
                "test_f1 val_loss val_accuracy val_top_k val_precision val_recall val_f1");
    ck_assert_ptr_null(log_line_at(run, 3));
    free(run);
}
END_TEST

START_TEST(regression_lines_have_these_keys)
{
    char *folder = harness_folder();
    char *csv = harness_file(folder, "a.csv", "x,y\n1,2\n2,4\n3,6\n4,8\n5,10\n6,12\n");
    char *text = memory_format("data: {train: %s, target: y, validation: 0.33, test: 0.33}\n"
                               "network: {layers: [{units: 1, activation: identity}]}\n"
                               "loss: mse\noptimizer: {name: sgd, lr: 0.01}\n"
                               "train: {epochs: 1, batch: full}\n",
                               csv);
    char *run = run_of(text, TRAIN_COMPLETED);

    assert_keys(run, 0,
                "event epoch step train_loss val_loss val_mae val_rmse val_r2 lr seconds "
                "samples_per_second");
    assert_keys(run, 1,
                "event status test_loss test_mae test_rmse test_r2 val_loss val_mae val_rmse "
                "val_r2");
    free(run);
    free(text);
    free(csv);
    free(folder);
}
END_TEST

START_TEST(without_held_out_rows_the_training_rows_are_measured)
{
    char *run = run_of(XOR "optimizer: sgd\ntrain: {epochs: 2, batch: full}\n", TRAIN_COMPLETED);

    assert_keys(run, 1, "event epoch step train_loss lr seconds samples_per_second");
    assert_keys(run, 2,
                "event status train_loss train_accuracy train_precision train_recall train_f1");
    free(run);
}
END_TEST

START_TEST(train_loss_is_the_row_weighted_mean)
{
    char *run = run_of(MOONS "optimizer: {name: sgd, lr: 0.1}\n"
                             "train: {epochs: 1, batch: 10, log_steps: true}\n",
                       TRAIN_COMPLETED);
    const double mean =
        (10 * figure(run, 0, "loss") + 10 * figure(run, 1, "loss") + 4 * figure(run, 2, "loss")) /
        24;

    ck_assert_double_eq_tol(figure(run, 3, "train_loss"), mean, 1e-15);
    free(run);
}
END_TEST

static bool contains(const char *run, const char *name)
{
    char *path = file_join(run, name);
    const bool there = file_exists(path);

    free(path);
    return there;
}

START_TEST(a_run_directory_holds_five_files)
{
    char *run = run_of(XOR "optimizer: sgd\ntrain: {epochs: 1, batch: full}\n", TRAIN_COMPLETED);

    ck_assert(contains(run, "config.yaml"));
    ck_assert(contains(run, "metrics.jsonl"));
    ck_assert(contains(run, "model.safetensors"));
    ck_assert(contains(run, "checkpoint.safetensors"));
    ck_assert(contains(run, "run.json"));
    free(run);
}
END_TEST

START_TEST(run_json_tells_where_a_result_is_from)
{
    char *run =
        run_of(XOR "optimizer: sgd\ntrain: {epochs: 1, batch: full, seed: 7}\n", TRAIN_COMPLETED);
    size_t length;
    char *text = read_run_file(run, "run.json", &length);
    json_t *record = json_loadb(text, length, 0, NULL);
    json_t *plugin = json_array_get(json_object_get(record, "plugins"), 3);

    ck_assert_str_eq(json_string_value(json_object_get(record, "status")), "completed");
    ck_assert_int_eq(json_integer_value(json_object_get(record, "seed")), 7);
    ck_assert_int_eq(json_integer_value(json_object_get(record, "parameters")), 17);
    ck_assert_int_gt(json_integer_value(json_object_get(record, "peak_memory_bytes")), 0);
    ck_assert_uint_eq(json_string_length(json_object_get(record, "started")), 20);
    ck_assert_str_eq(json_string_value(json_object_get(plugin, "name")), "sgd");
    ck_assert_uint_eq(json_string_length(json_object_get(plugin, "sha256")), 64);
    ck_assert_ptr_nonnull(json_object_get(json_object_get(record, "versions"), "compiler"));
    json_decref(record);
    free(text);
    free(run);
}
END_TEST

/* Beyond what fits a signed number, which JSON does not mind. */
START_TEST(run_json_has_any_seed_as_it_is)
{
    char *run = fresh_run();
    static const char text[] =
        XOR "optimizer: sgd\ntrain: {epochs: 3, batch: full, seed: 18446744073709551615}\n";
    size_t length;

    outcome_free(
        plan_expect(&(plan){.text = text, .out = run, .stop_at_step = 1}, TRAIN_INTERRUPTED));
    char *before = read_run_file(run, "run.json", &length);
    ck_assert_ptr_nonnull(strstr(before, "\n  \"seed\": 18446744073709551615,\n"));
    json_t *record = json_loadb(before, strlen(before), JSON_DECODE_INT_AS_REAL, NULL);
    const char *started = json_string_value(json_object_get(record, "started"));
    ck_assert_ptr_nonnull(started);
    char *changed = memory_format("{\"started\": \"1999\", \"seed\": 18446744073709551615}");
    char *path = file_join(run, "run.json");
    ck_assert(file_write(path, changed, strlen(changed), NULL));
    outcome_free(plan_expect(&(plan){.resume = run}, TRAIN_COMPLETED));
    char *after = read_run_file(run, "run.json", &length);
    ck_assert_ptr_nonnull(strstr(after, "\"started\": \"1999\""));
    json_decref(record);
    free(before);
    free(changed);
    free(path);
    free(after);
    free(run);
}
END_TEST

/* A folder's name need not be text. */
START_TEST(run_json_lists_a_plugin_wherever_it_is)
{
    char *run = fresh_run(), *folder = harness_folder();
    char *odd = memory_format("%s/\xff", folder), *copy = file_join(odd, "stopper.so");
    plx_error error = {0};
    size_t length;
    char *bytes = read_run_file(TRAIN_TEST_PLUGINS, "stopper.so", &length);

    ck_assert_msg(file_make_folder(odd, &error) && file_write(copy, bytes, length, &error), "%s",
                  error.text);
    outcome_free(plan_expect(&(plan){.text = XOR "optimizer: {name: stopper, lr: 0.1}\n"
                                                 "train: {epochs: 1, batch: full}\n",
                                     .out = run,
                                     .plugins = odd},
                             TRAIN_COMPLETED));
    char *text = read_run_file(run, "run.json", &length);
    json_t *record = json_loadb(text, length, 0, NULL);
    const json_t *plugin = json_array_get(json_object_get(record, "plugins"), 3);
    const char *path = json_string_value(json_object_get(plugin, "path"));
    ck_assert_ptr_nonnull(path);
    ck_assert_ptr_nonnull(strstr(path, "/\\xff/stopper.so"));
    json_decref(record);
    free(text);
    free(bytes);
    free(copy);
    free(odd);
    free(folder);
    free(run);
}
END_TEST

START_TEST(hooks_are_told_each_batch_and_epoch)
{
    char *run = fresh_run();
    outcome *outcome = plan_expect(
        &(plan){.text = MOONS "optimizer: sgd\ntrain: {epochs: 2, batch: 10}\n", .out = run},
        TRAIN_COMPLETED);

    ck_assert_int_eq(outcome->begin_calls, 1);
    ck_assert_int_eq(outcome->progress_calls, 6);
    ck_assert_int_eq(outcome->epoch_calls, 2);
    outcome_free(outcome);
    free(run);
}
END_TEST

START_TEST(a_folder_that_is_not_empty_is_refused)
{
    char *folder = harness_folder();

    free(harness_file(folder, "thesis.tex", "years of work"));
    outcome *outcome = plan_run(
        &(plan){.text = XOR "optimizer: sgd\ntrain: {epochs: 1, batch: full}\n", .out = folder});
    char *expected = memory_format("%s is not empty; choose another folder", folder);
    ck_assert(!outcome->ok);
    ck_assert_int_eq(outcome->error.code, ERROR_USAGE);
    ck_assert_str_eq(outcome->error.text, expected);
    ck_assert(!contains(folder, "metrics.jsonl"));
    free(expected);
    outcome_free(outcome);
    free(folder);
}
END_TEST

/* A run that was killed before it had its config.yaml leaves this. */
START_TEST(a_folder_where_a_run_died_at_once_is_free)
{
    char *run = harness_folder();

    free(harness_file(run, "metrics.jsonl", ""));
    free(harness_file(run, ".plexus-0123456789abcdef.tmp", "half a file"));
    outcome_free(plan_expect(
        &(plan){.text = XOR "optimizer: sgd\ntrain: {epochs: 1, batch: full}\n", .out = run},
        TRAIN_COMPLETED));
    ck_assert(!contains(run, ".plexus-0123456789abcdef.tmp"));
    free(run);
}
END_TEST

/* --- what must not change a result --- */

/* Wide enough that every thread has tiles, in several ranges of the optimizer. */
#define WIDE                                                                                       \
    "data: {generate: blobs, samples: 600, features: 40, classes: 3, validation: 0.2}\n"           \
    "network: {layers: [{units: 500, activation: relu, dropout: 0.1},"                             \
    " {units: 3, activation: softmax}]}\n"                                                         \
    "loss: cross_entropy\noptimizer: {name: adam, lr: 0.001}\n"                                    \
    "train: {epochs: 2, batch: 128, log_steps: true, clip_norm: 0.5}\n"

START_TEST(threads_change_no_bit)
{
    char *one = fresh_run(), *many = fresh_run();

    outcome_free(plan_expect(&(plan){.text = WIDE, .out = one, .threads = 1}, TRAIN_COMPLETED));
    outcome_free(plan_expect(&(plan){.text = WIDE, .out = many, .threads = _i}, TRAIN_COMPLETED));
    assert_same_run(one, many);
    free(one);
    free(many);
}
END_TEST

#define STILL "train: {epochs: 2, batch: 10, log_steps: true}\n"

/* At a rate too small to move a weight, the losses show the initial weights and the order of
 * rows. */
START_TEST(the_optimizer_changes_neither_weights_nor_order)
{
    char *a = run_of(MOONS "optimizer: {name: sgd, lr: 1e-30}\n" STILL, TRAIN_COMPLETED);
    char *b = run_of(MOONS "optimizer: {name: adam, lr: 1e-30}\n" STILL, TRAIN_COMPLETED);

    for (int line = 0; line < 3; line++)
        ck_assert(figure(a, line, "loss") == figure(b, line, "loss"));
    for (int line = 4; line < 7; line++)
        ck_assert(figure(a, line, "loss") == figure(b, line, "loss"));
    free(a);
    free(b);
}
END_TEST

START_TEST(each_epoch_has_an_order_of_its_own)
{
    char *run = run_of(MOONS "optimizer: {name: sgd, lr: 1e-30}\n" STILL, TRAIN_COMPLETED);

    ck_assert(figure(run, 0, "loss") != figure(run, 4, "loss"));
    free(run);
}
END_TEST

START_TEST(without_shuffling_the_order_stays)
{
    char *run = run_of(MOONS "optimizer: {name: sgd, lr: 1e-30}\n"
                             "train: {epochs: 2, batch: 10, log_steps: true, shuffle: false}\n",
                       TRAIN_COMPLETED);

    ck_assert(figure(run, 0, "loss") == figure(run, 4, "loss"));
    ck_assert(figure(run, 2, "loss") == figure(run, 6, "loss"));
    free(run);
}
END_TEST

/* All rows are alike, so only dropout can tell one batch from the next, and not where there is
 * none. */
START_TEST(each_step_drops_anew)
{
    char *folder = harness_folder();
    char *csv = harness_file(folder, "a.csv", "x,y\n1,3\n1,3\n1,3\n1,3\n");
    char *text = memory_format("data: {train: %s, target: y}\n"
                               "network: {layers: [{units: 64, activation: identity, dropout: %s},"
                               " {units: 1, activation: identity}]}\n"
                               "loss: mse\noptimizer: {name: sgd, lr: 1e-30}\n"
                               "train: {epochs: 1, batch: 2, log_steps: true}\n",
                               csv, _i == 0 ? "0" : "0.5");
    char *run = run_of(text, TRAIN_COMPLETED);

    ck_assert((figure(run, 0, "loss") == figure(run, 1, "loss")) == (_i == 0));
    free(run);
    free(text);
    free(csv);
    free(folder);
}
END_TEST

START_TEST(labels_are_smoothed_in_training_alone)
{
    static const char network[] =
        "network: {layers: [{units: 2, activation: softmax}]}\n"
        "loss: cross_entropy\noptimizer: {name: sgd, lr: 1e-30}\ntrain: {epochs: 1, batch: full}\n";
    char *hard = memory_format("data: {generate: moons, validation: 0.2}\n%s", network);
    char *soft = memory_format("data: {generate: moons, validation: 0.2, label_smoothing: 0.5}\n%s",
                               network);
    char *a = run_of(hard, TRAIN_COMPLETED), *b = run_of(soft, TRAIN_COMPLETED);

    ck_assert_double_gt(fabs(figure(a, 0, "train_loss") - figure(b, 0, "train_loss")), 1e-6);
    ck_assert(figure(a, 0, "val_loss") == figure(b, 0, "val_loss"));
    free(a);
    free(b);
    free(hard);
    free(soft);
}
END_TEST

START_TEST(equal_class_weights_change_no_bit)
{
    char *a = run_of(MOONS "optimizer: {name: sgd, lr: 0.1}\ntrain: {epochs: 3, batch: 10}\n",
                     TRAIN_COMPLETED);
    char *b = run_of(MOONS "optimizer: {name: sgd, lr: 0.1}\n"
                           "train: {epochs: 3, batch: 10, class_weights: {0: 2, 1: 2}}\n",
                     TRAIN_COMPLETED);

    assert_same_run(a, b);
    free(a);
    free(b);
}
END_TEST

/* The train loss of six rows of class a and two of b, at a rate too small to move a weight. */
static double weighed(const char *class_weights)
{
    char *folder = harness_folder();
    char *csv = harness_file(folder, "a.csv", "x,y\n1,a\n2,a\n3,a\n4,a\n5,a\n6,a\n7,b\n8,b\n");
    char *text = memory_format("data: {train: %s, target: y}\n"
                               "network: {layers: [{units: 2, activation: softmax}]}\n"
                               "loss: cross_entropy\noptimizer: {name: sgd, lr: 1e-30}\n"
                               "train: {epochs: 1, batch: full, class_weights: %s}\n",
                               csv, class_weights);
    char *run = run_of(text, TRAIN_COMPLETED);
    const double loss = figure(run, 0, "train_loss");

    free(run);
    free(text);
    free(csv);
    free(folder);
    return loss;
}

/* With A and B the mean losses of the classes: p = (6A + 2B)/8, q = (6A + 6B)/12, r = (18A +
 * 2B)/20. */
START_TEST(class_weights_weigh_the_loss)
{
    const double p = weighed("none"), q = weighed("{a: 1, b: 3}"), r = weighed("{a: 3, b: 1}");

    ck_assert_double_gt(fabs(p - q), 1e-3);
    ck_assert_double_eq_tol(r, 1.6 * p - 0.6 * q, 1e-6);
}
END_TEST

START_TEST(a_class_without_a_weight_weighs_one)
{
    ck_assert(weighed("{b: 3}") == weighed("{a: 1, b: 3}"));
}
END_TEST

START_TEST(balanced_classes_weigh_alike)
{
    ck_assert_double_eq_tol(weighed("balanced"), weighed("{a: 1, b: 3}"), 1e-6);
}
END_TEST

START_TEST(a_stored_model_measures_the_same)
{
    static const char text[] =
        "data: {generate: moons, samples: 700, noise: 0.2, test: 0.5}\n"
        "network: {layers: [{units: 6, activation: tanh}, {units: 1, activation: sigmoid}]}\n"
        "loss: cross_entropy\noptimizer: adam\ntrain: {epochs: 2, batch: 10}\n";
    char *run = run_of(text, TRAIN_COMPLETED);
    plx_error error = {0};
    const catalog_options places = {.builtin = PLEXUS_PLUGIN_BUILD_DIR};
    const experiment_options nothing = {0};
    double value;

    catalog *catalog = catalog_new(&places, &error);
    experiment *experiment =
        experiment_parse("a.yaml", "/", text, strlen(text), &nothing, catalog, &error);
    data_bundle *data = data_load(&experiment->data, NULL, &error);
    model *model = model_read(run, catalog, NULL, &error);
    ck_assert_msg(model != NULL, "%s", error.text);
    metrics *measured = train_evaluate(model, &data->test, 3, 0, &error);
    ck_assert_msg(measured != NULL, "%s", error.text);
    ck_assert(metrics_value(measured, METRIC_LOSS, &value));
    ck_assert(value == figure(run, -1, "test_loss"));
    ck_assert(metrics_value(measured, METRIC_ACCURACY, &value));
    ck_assert(value == figure(run, -1, "test_accuracy"));
    metrics_free(measured);
    model_free(model);
    data_free(data);
    experiment_free(experiment);
    catalog_free(catalog);
    free(run);
}
END_TEST

/* --- how a run ends --- */

static const char diverging[] =
    "data: {generate: moons, samples: 30, test: 0.2}\n"
    "network: {layers: [{units: 4, activation: relu}, {units: 1, activation: identity}]}\n"
    "loss: mse\noptimizer: {name: sgd, lr: 1e20}\n"
    "train: {epochs: 3, batch: full, log_steps: true}\n";

START_TEST(a_diverged_run_says_where_and_why)
{
    char *run = fresh_run();
    outcome *outcome = plan_expect(&(plan){.text = diverging, .out = run}, TRAIN_DIVERGED);
    const char *reason = outcome->result.reason;

    ck_assert_msg(strncmp(reason, "step 2 (epoch 2): ", 18) == 0, "%s", reason);
    ck_assert_msg(strstr(reason, " is not finite; the learning rate 1e+20 is probably too high; "
                                 "try a tenth of it") != NULL,
                  "%s", reason);
    outcome_free(outcome);
    free(run);
}
END_TEST

static void assert_diverges(const char *text, const char *reason)
{
    char *run = fresh_run();
    outcome *outcome = plan_expect(&(plan){.text = text, .out = run, .plugins = TRAIN_TEST_PLUGINS},
                                   TRAIN_DIVERGED);

    ck_assert_str_eq(outcome->result.reason, reason);
    outcome_free(outcome);
    free(run);
}

#define ONE_LAYER                                                                                  \
    "data: {generate: moons, samples: 30}\n"                                                       \
    "network: {layers: [{units: 2, activation: softmax}]}\n"                                       \
    "train: {epochs: 2, batch: 10}\n"

START_TEST(nothing_steps_on_a_loss_that_is_no_number)
{
    assert_diverges(ONE_LAYER "loss: {name: broken, value: true}\noptimizer: sgd\n",
                    "step 1 (epoch 1): the loss ('broken') is not finite; it happened before the "
                    "first update, so the inputs or the initial weights are probably too large; "
                    "try data.scale: standard");
}
END_TEST

START_TEST(nothing_steps_on_a_gradient_that_is_no_number)
{
    assert_diverges(
        ONE_LAYER "loss: broken\noptimizer: sgd\n",
        "step 1 (epoch 1): the gradient of the loss ('broken') is not finite; it happened "
        "before the first update, so the inputs or the initial weights are probably "
        "too large; try data.scale: standard");
}
END_TEST

START_TEST(weights_that_an_update_breaks_end_the_run)
{
    assert_diverges(
        ONE_LAYER "loss: cross_entropy\noptimizer: {name: breaker, lr: 0.5}\n",
        "step 2 (epoch 1): layers.0.bias after the update by 'breaker' is not finite; the "
        "learning rate 0.5 is probably too high; try a tenth of it");
}
END_TEST

START_TEST(a_diverged_run_keeps_its_last_good_epoch)
{
    char *run = run_of(diverging, TRAIN_DIVERGED);
    char *good = run_of("data: {generate: moons, samples: 30, test: 0.2}\n"
                        "network: {layers: [{units: 4, activation: relu},"
                        " {units: 1, activation: identity}]}\n"
                        "loss: mse\noptimizer: {name: sgd, lr: 1e20}\n"
                        "train: {epochs: 1, batch: full, log_steps: true}\n",
                        TRAIN_COMPLETED);
    size_t a, b;
    char *model = read_run_file(run, "model.safetensors", &a);
    char *expected = read_run_file(good, "model.safetensors", &b);

    ck_assert_uint_eq(a, b);
    ck_assert_mem_eq(model, expected, a);
    json_t *end = log_line_at(run, -1);
    ck_assert_str_eq(json_string_value(json_object_get(end, "status")), "diverged");
    json_decref(end);
    free(model);
    free(expected);
    free(run);
    free(good);
}
END_TEST

START_TEST(a_resumed_divergence_ends_the_same)
{
    char *run = run_of(diverging, TRAIN_DIVERGED), *again = run_of(diverging, TRAIN_DIVERGED);

    outcome_free(plan_expect(&(plan){.resume = again}, TRAIN_DIVERGED));
    assert_same_run(run, again);
    free(run);
    free(again);
}
END_TEST

START_TEST(early_stopping_keeps_the_best)
{
    char *run = fresh_run();
    double kept, best = (double)INFINITY;
    outcome *outcome = plan_expect(
        &(plan){.text = "data: {generate: moons, samples: 40, noise: 0.6, validation: 0.5}\n"
                        "network: {layers: [{units: 30, activation: tanh},"
                        " {units: 1, activation: sigmoid}]}\n"
                        "loss: cross_entropy\noptimizer: {name: adam, lr: 0.05}\n"
                        "train: {epochs: 200, batch: 5, early_stopping: {patience: 7}}\n",
                .out = run},
        TRAIN_EARLY_STOPPED);
    int64_t at = 0;

    for (int64_t e = 1; e <= outcome->result.epochs; e++)
        if (outcome->val_loss[e] < best) {
            best = outcome->val_loss[e];
            at = e;
        }
    ck_assert_int_eq(outcome->result.epochs, at + 7);
    ck_assert(metrics_value(outcome->result.validation, METRIC_LOSS, &kept));
    ck_assert(kept == best);
    char *expected = memory_format("val_loss has not improved on the %.4g of epoch %lld for 7 "
                                   "epochs",
                                   best, (long long)at);
    ck_assert_str_eq(outcome->result.reason, expected);
    free(expected);
    outcome_free(outcome);
    free(run);
}
END_TEST

/* 300 rows of which only the last one's target is another: R2 is there, though not in a part. */
START_TEST(early_stopping_knows_what_all_rows_can_be_measured_by)
{
    char *run = fresh_run(), *folder = harness_folder();
    char *csv = file_join(folder, "late.csv");
    text rows = {0};
    plx_error error = {0};

    text_add(&rows, "x,y\n");
    for (int i = 0; i < 300; i++)
        text_addf(&rows, "%d,%d\n", i % 7, i == 299 ? 2 : 1);
    ck_assert_msg(file_write(csv, rows.bytes, rows.length, &error), "%s", error.text);
    char *text = memory_format("data: {train: %s, target: y, validation: %s}\n"
                               "network: {layers: [{units: 1, activation: identity}]}\n"
                               "loss: mse\noptimizer: sgd\n"
                               "train: {epochs: 1, batch: full,"
                               " early_stopping: {monitor: val_r2}}\n",
                               csv, csv);
    outcome_free(plan_expect(&(plan){.text = text, .out = run}, TRAIN_COMPLETED));
    free(text);
    free(rows.bytes);
    free(csv);
    free(folder);
    free(run);
}
END_TEST

START_TEST(an_optimizer_can_end_a_run)
{
    char *run = fresh_run();
    outcome *outcome =
        plan_expect(&(plan){.text = MOONS "optimizer: stopper\ntrain: {epochs: 9, batch: 10}\n",
                            .out = run,
                            .plugins = TRAIN_TEST_PLUGINS},
                    TRAIN_EARLY_STOPPED);

    ck_assert_int_eq(outcome->result.steps, 4);
    ck_assert_int_eq(outcome->result.epochs, 2);
    ck_assert_str_eq(outcome->result.reason, "the optimizer reports convergence");
    outcome_free(outcome);
    free(run);
}
END_TEST

START_TEST(a_closure_sees_the_same_batch_and_dropout)
{
    char *run = fresh_run();
    outcome *outcome = plan_expect(
        &(plan){.text = "data: {generate: moons, samples: 30}\n"
                        "network: {layers: [{units: 6, activation: tanh, dropout: 0.5},"
                        " {units: 1, activation: sigmoid}]}\n"
                        "loss: cross_entropy\noptimizer: closer\ntrain: {epochs: 2, batch: 10}\n",
                .out = run,
                .plugins = TRAIN_TEST_PLUGINS},
        TRAIN_COMPLETED);

    ck_assert_int_eq(outcome->result.evaluations, 6);
    outcome_free(outcome);
    free(run);
}
END_TEST

START_TEST(a_failing_optimizer_is_an_error)
{
    char *run = fresh_run();
    outcome *outcome =
        plan_run(&(plan){.text = MOONS "optimizer: failer\ntrain: {epochs: 9, batch: 10}\n",
                         .out = run,
                         .plugins = TRAIN_TEST_PLUGINS});

    ck_assert(!outcome->ok);
    ck_assert_int_eq(outcome->error.code, ERROR_PLUGIN);
    ck_assert_str_eq(outcome->error.text, "optimizer 'failer': I have had enough");
    size_t length;
    char *record = read_run_file(run, "run.json", &length);
    ck_assert_ptr_nonnull(strstr(record, "\"status\": \"failed\""));
    free(record);
    outcome_free(outcome);
    free(run);
}
END_TEST

START_TEST(an_interrupted_run_leaves_a_model_and_says_so)
{
    char *run = fresh_run();

    outcome_free(
        plan_expect(&(plan){.text = MOONS "optimizer: sgd\ntrain: {epochs: 9, batch: 10}\n",
                            .out = run,
                            .stop_at_step = 5},
                    TRAIN_INTERRUPTED));
    json_t *end = log_line_at(run, -1);
    ck_assert_str_eq(json_string_value(json_object_get(end, "status")), "interrupted");
    ck_assert(contains(run, "model.safetensors"));
    json_decref(end);
    free(run);
}
END_TEST

/* --- plain words --- */

START_TEST(a_run_that_stands_still_is_pointed_out_once)
{
    char *run = fresh_run();
    outcome *outcome = plan_expect(&(plan){.text = MOONS "optimizer: {name: sgd, lr: 1e-9}\n"
                                                         "train: {epochs: 8, batch: full}\n",
                                           .out = run},
                                   TRAIN_COMPLETED);
    const char *warning = strstr(outcome->warnings, "the run isn't converging: after 5 epochs");

    ck_assert_msg(warning != NULL, "%s", outcome->warnings);
    ck_assert_ptr_null(strstr(warning + 1, "the run isn't converging"));
    outcome_free(outcome);
    free(run);
}
END_TEST

/* What is warned of in a regression on two classes, and the reason that the run ends with. */
static void assert_warns(const char *lr, int epochs, const char *warning, const char *reason)
{
    char *run = fresh_run(), *text = NULL;

    ck_assert_int_gt(asprintf(&text,
                              "data: {generate: moons, samples: 30}\n"
                              "network: {layers: [{units: 1, activation: identity}]}\n"
                              "loss: mse\noptimizer: {name: sgd, lr: %s}\n"
                              "train: {epochs: %d, batch: full}\n",
                              lr, epochs),
                     0);
    outcome *outcome = plan_expect(&(plan){.text = text, .out = run}, TRAIN_COMPLETED);
    ck_assert_msg(strstr(outcome->warnings, warning) != NULL, "%s", outcome->warnings);
    ck_assert_msg(strncmp(outcome->result.reason, reason, strlen(reason)) == 0, "%s",
                  outcome->result.reason);
    outcome_free(outcome);
    free(text);
    free(run);
}

START_TEST(a_rising_loss_is_pointed_out)
{
    assert_warns("0.66", 4, "after epoch 4, above the ", "the training loss is 1.813 at the end");
}
END_TEST

START_TEST(a_loss_that_exploded_is_pointed_out)
{
    assert_warns("3", 4, "after epoch 3, and was 1.72 before the first update",
                 "the training loss is ");
}
END_TEST

START_TEST(an_update_of_the_first_step_blames_the_rate)
{
    assert_diverges(ONE_LAYER "loss: cross_entropy\noptimizer: {name: sgd, lr: 1e300}\n",
                    "step 1 (epoch 1): layers.0.weight after the update by 'sgd' is not finite; "
                    "the learning rate 1e+300 is probably too high; try a tenth of it");
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/run");
    TCase *written = tcase_create("what is written"), *same = tcase_create("what changes nothing");
    TCase *end = tcase_create("how it ends"), *words = tcase_create("plain words");

    tcase_add_test(written, the_seed_network_learns_xor);
    tcase_add_test(written, lines_have_these_keys);
    tcase_add_test(written, regression_lines_have_these_keys);
    tcase_add_test(written, without_held_out_rows_the_training_rows_are_measured);
    tcase_add_test(written, train_loss_is_the_row_weighted_mean);
    tcase_add_test(written, a_run_directory_holds_five_files);
    tcase_add_test(written, run_json_tells_where_a_result_is_from);
    tcase_add_test(written, run_json_has_any_seed_as_it_is);
    tcase_add_test(written, run_json_lists_a_plugin_wherever_it_is);
    tcase_add_test(written, hooks_are_told_each_batch_and_epoch);
    tcase_add_test(written, a_folder_that_is_not_empty_is_refused);
    tcase_add_test(written, a_folder_where_a_run_died_at_once_is_free);
    tcase_add_loop_test(same, threads_change_no_bit, 2, 5);
    tcase_add_test(same, the_optimizer_changes_neither_weights_nor_order);
    tcase_add_test(same, each_epoch_has_an_order_of_its_own);
    tcase_add_test(same, without_shuffling_the_order_stays);
    tcase_add_loop_test(same, each_step_drops_anew, 0, 2);
    tcase_add_test(same, labels_are_smoothed_in_training_alone);
    tcase_add_test(same, equal_class_weights_change_no_bit);
    tcase_add_test(same, class_weights_weigh_the_loss);
    tcase_add_test(same, a_class_without_a_weight_weighs_one);
    tcase_add_test(same, balanced_classes_weigh_alike);
    tcase_add_test(same, a_stored_model_measures_the_same);
    tcase_add_test(end, a_diverged_run_says_where_and_why);
    tcase_add_test(end, nothing_steps_on_a_loss_that_is_no_number);
    tcase_add_test(end, nothing_steps_on_a_gradient_that_is_no_number);
    tcase_add_test(end, weights_that_an_update_breaks_end_the_run);
    tcase_add_test(end, a_diverged_run_keeps_its_last_good_epoch);
    tcase_add_test(end, a_resumed_divergence_ends_the_same);
    tcase_add_test(end, early_stopping_keeps_the_best);
    tcase_add_test(end, early_stopping_knows_what_all_rows_can_be_measured_by);
    tcase_add_test(end, an_optimizer_can_end_a_run);
    tcase_add_test(end, a_closure_sees_the_same_batch_and_dropout);
    tcase_add_test(end, a_failing_optimizer_is_an_error);
    tcase_add_test(end, an_interrupted_run_leaves_a_model_and_says_so);
    tcase_add_test(words, a_run_that_stands_still_is_pointed_out_once);
    tcase_add_test(words, a_rising_loss_is_pointed_out);
    tcase_add_test(words, a_loss_that_exploded_is_pointed_out);
    tcase_add_test(words, an_update_of_the_first_step_blames_the_rate);
    suite_add_tcase(suite, written);
    suite_add_tcase(suite, same);
    suite_add_tcase(suite, end);
    suite_add_tcase(suite, words);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
