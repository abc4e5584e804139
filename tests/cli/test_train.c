/* `plexus train` as a user types it: what it says, what it leaves behind, and what changes a
 * result. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* Of the lines of a log those with "event" EVENT; borrowed. */
static size_t count_events(const json_t *log, const char *event)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(log); i++)
        count += strcmp(sample_string(json_array_get(log, i), "event"), event) == 0;
    return count;
}

static const json_t *last_line(const json_t *log)
{
    return json_array_get(log, json_array_size(log) - 1);
}

/* ---- what it leaves and says ----------------------------------------------------------------- */

START_TEST(leaves_a_run_directory)
{
    static const char *const files[] = {"config.yaml", "metrics.jsonl", "model.safetensors",
                                        "checkpoint.safetensors", "run.json"};
    char *folder = sample_folder();
    char *out = sample_path(folder, "a/b/run");

    run_well(&(run_options){.folder = folder}, "train moons.yaml --out a/b/run");
    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(sample_exists(out, files[i]), "no %s", files[i]);
    ck_assert_uint_eq(sample_count(out), 5);
    free(out);
    free(folder);
}
END_TEST

START_TEST(logs_each_epoch_and_the_end)
{
    char *folder = sample_folder();

    run_well(&(run_options){.folder = folder}, "train moons.yaml --out run");
    json_t *log = sample_log(folder, "run");
    ck_assert_uint_eq(json_array_size(log), 7);
    for (size_t i = 0; i < 6; i++) {
        const json_t *epoch = json_array_get(log, i);
        ck_assert_str_eq(sample_string(epoch, "event"), "epoch");
        ck_assert_double_eq(sample_number(epoch, "epoch"), (double)i + 1);
        ck_assert(sample_number(epoch, "train_loss") > 0);
        ck_assert(sample_number(epoch, "val_loss") > 0);
        ck_assert(sample_number(epoch, "val_accuracy") <= 1);
        ck_assert_double_eq(sample_number(epoch, "lr"), 0.02);
    }
    ck_assert_str_eq(sample_string(last_line(log), "event"), "end");
    ck_assert_str_eq(sample_string(last_line(log), "status"), "completed");
    ck_assert(sample_number(last_line(log), "test_loss") > 0);
    json_decref(log);
    free(folder);
}
END_TEST

START_TEST(says_what_it_trains)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder}, "train slope.yaml --out run");
    char *expected = NULL;

    run_expect(run, 0);
    ck_assert_int_gt(asprintf(&expected,
                              "slope: 9 training, 3 test rows, 2 features, 1 target\n"
                              "network 2-1 (identity), 3 parameters; mse; sgd, lr 0.1\n"
                              "writing to %s/run\n"
                              "epoch 1/8  train loss ",
                              folder),
                     0);
    ck_assert_msg(strncmp(run->err, expected, strlen(expected)) == 0, "%s\nis not\n%s", run->err,
                  expected);
    free(expected);
    run_free(run);
    free(folder);
}
END_TEST

/* The figures at the end are those of the log's last line. */
START_TEST(prints_the_test_figures)
{
    char *folder = sample_folder(), figure[64];
    run *run = run_line(&(run_options){.folder = folder}, "train moons.yaml --out run");

    run_expect(run, 0);
    json_t *log = sample_log(folder, "run");
    snprintf(figure, sizeof(figure), "test rows\nloss        %g\n",
             sample_number(last_line(log), "test_loss"));
    ck_assert_msg(strncmp(run->out, figure, strlen(figure)) == 0, "%s\nis not\n%s", run->out,
                  figure);
    run_expect_in(run, run->out, "/run/model.safetensors\n");
    json_decref(log);
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(json_is_the_log_line_by_line)
{
    char *folder = sample_folder();
    char *out = sample_path(folder, "run");
    run *run = run_line(&(run_options){.folder = folder}, "train moons.yaml --out run --json");

    run_expect(run, 0);
    char *log = sample_read(out, "metrics.jsonl", NULL);
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_eq(json_array_size(lines), 7);
    ck_assert_str_eq(run->out, log);
    json_decref(lines);
    free(log);
    run_free(run);
    free(out);
    free(folder);
}
END_TEST

/* Behind the figures and the model's place, as there. */
START_TEST(a_profile_is_a_table_at_the_end)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder},
                        "train moons.yaml --out run --profile --threads 2");

    run_expect(run, 0);
    const char *table = strstr(run->out, "/run/model.safetensors\n\nprofile  30 steps in ");
    ck_assert_msg(table != NULL, "%s", run->out);
    run_expect_in(run, table, " us each, on 2 threads; below, times\n");
    run_expect_in(run, table, "\nlayer 0  2 -> 6 tanh ");
    run_expect_in(run, table, "\nlayer 1  6 -> 2 softmax ");
    run_expect_in(run, table, " 100.0%\nlimits ");
    run_free(run);
    free(folder);
}
END_TEST

/* The log and the model do not know of it. */
START_TEST(a_profile_is_one_more_line_of_json)
{
    char *folder = sample_folder();
    run *run =
        run_line(&(run_options){.folder = folder}, "train moons.yaml --out run --json --profile");
    json_int_t sum = 0;
    size_t i;
    json_t *part;

    run_expect(run, 0);
    run_well(&(run_options){.folder = folder}, "train moons.yaml --out plain");
    sample_same_run(folder, "run", "plain");
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_eq(json_array_size(lines), 8);
    const json_t *profile = last_line(lines);
    ck_assert_str_eq(sample_string(profile, "event"), "profile");
    json_array_foreach(json_object_get(profile, "parts"), i, part) sum +=
        json_integer_value(json_object_get(part, "ns"));
    sum += json_integer_value(json_object_get(profile, "other_ns"));
    ck_assert_int_eq(sum, json_integer_value(json_object_get(profile, "total_ns")));
    json_decref(lines);
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(progress_never_is_silent)
{
    char *folder = sample_folder();
    run *run =
        run_line(&(run_options){.folder = folder}, "train moons.yaml --out run --progress=never");

    run_expect(run, 0);
    ck_assert_str_eq(run->err, "");
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(shows_some_sixty_epochs_of_many)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder},
                        "train slope.yaml --out run --set train.epochs=300");
    size_t shown = 0;

    run_expect(run, 0);
    for (const char *at = run->err; (at = strstr(at, "\nepoch ")) != NULL; at++)
        shown++;
    ck_assert_uint_eq(shown, 61);
    run_expect_in(run, run->err, "\nepoch 300/300 ");
    json_t *log = sample_log(folder, "run");
    ck_assert_uint_eq(count_events(log, "epoch"), 300);
    json_decref(log);
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(run_json_names_seed_threads_and_plugins)
{
    char *folder = sample_folder();
    char *out = sample_path(folder, "run");

    run_well(&(run_options){.folder = folder}, "train moons.yaml --out run --seed 9 --threads 2");
    char *text = sample_read(out, "run.json", NULL);
    json_t *record = sample_object(text);
    ck_assert_str_eq(sample_string(record, "status"), "completed");
    ck_assert_double_eq(sample_number(record, "seed"), 9);
    ck_assert_double_eq(sample_number(record, "threads"), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(record, "plugins")), 4);
    json_decref(record);
    free(text);
    free(out);
    free(folder);
}
END_TEST

START_TEST(log_steps_adds_a_line_for_each_batch)
{
    char *folder = sample_folder();

    run_well(&(run_options){.folder = folder},
             "train kinds.yaml --out run --set train.log_steps=true --set train.epochs=2");
    json_t *log = sample_log(folder, "run");
    ck_assert_uint_eq(count_events(log, "step"), 6);
    ck_assert_str_eq(sample_string(json_array_get(log, 3), "event"), "epoch");
    json_decref(log);
    free(folder);
}
END_TEST

START_TEST(early_stopping_says_why)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder},
                        "train moons.yaml --out run --set train.epochs=500 --set "
                        "optimizer.lr=1e-12 --set train.early_stopping.patience=3");

    run_expect(run, 0);
    run_expect_in(run, run->err, "\nstopped early: val_loss has not improved on the ");
    run_expect_in(run, run->err, " for 3 epochs\n");
    json_t *log = sample_log(folder, "run");
    ck_assert_str_eq(sample_string(last_line(log), "status"), "early_stopped");
    json_decref(log);
    run_free(run);
    free(folder);
}
END_TEST

/* ---- going wrong ----------------------------------------------------------------------------- */

START_TEST(divergence_is_code_1_in_plain_words)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder},
                        "train slope.yaml --out run --set optimizer.lr=1e30");

    run_expect(run, 1);
    run_expect_in(run, run->err, "\ndiverged: step 2 (epoch 2): ");
    run_expect_in(run, run->err,
                  " is not finite; the learning rate 1e+30 is probably too high; try a tenth of "
                  "it\n");
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(divergence_ends_the_log)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder},
                        "train slope.yaml --out run --json --set optimizer.lr=1e30");

    run_expect(run, 1);
    json_t *lines = sample_lines(run->out);
    ck_assert_str_eq(sample_string(last_line(lines), "status"), "diverged");
    json_decref(lines);
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(warns_of_a_run_that_does_not_converge)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder},
                        "train slope.yaml --out run --set optimizer.lr=1e-9");

    run_expect(run, 0);
    run_expect_in(run, run->err, "\nwarning: the run isn't converging: after 5 epochs ");
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(a_run_that_cannot_begin_leaves_no_folder)
{
    char *folder = sample_folder();
    char *runs = sample_path(folder, "runs");
    run *run = run_line(&(run_options){.folder = folder}, "train kinds.yaml --set train.batch=13");

    run_expect(run, 3);
    ck_assert(!sample_exists(folder, "runs") || sample_count(runs) == 0);
    run_free(run);
    free(runs);
    free(folder);
}
END_TEST

#if defined(__x86_64__)
START_TEST(a_precision_that_the_machine_lacks_is_code_3)
{
    static const char *const environment[] = {"PLEXUS_ISA=avx512", NULL};
    char *folder = sample_folder();
    const run_options capped = {.folder = folder, .environment = environment};
    run *run = run_line(&capped, "train moons.yaml --out run --set train.precision=bf16");

    run_expect_error(
        run, 3,
        "--set train.precision=bf16: train.precision is bf16, but PLEXUS_ISA keeps its "
        "instructions (avx512_bf16) from being used; float32 works everywhere\n");
    ck_assert(!sample_exists(folder, "run"));
    run_free(run);
    run_well(&capped, "train moons.yaml --out run");
    free(folder);
}
END_TEST
#endif

START_TEST(a_full_disk_behind_stdout_is_code_5)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder, .output = "/dev/full"},
                        "train moons.yaml --out run --progress never");

    run_expect_error(run, 5, "cannot write standard output\n");
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(a_reader_that_left_is_code_5_after_the_whole_run)
{
    char *folder = sample_folder();
    run *run = run_line(&(run_options){.folder = folder, .closed = true},
                        "train moons.yaml --out run --progress never --json");

    run_expect_error(run, 5, "cannot write standard output\n");
    json_t *log = sample_log(folder, "run");
    ck_assert_str_eq(sample_string(last_line(log), "status"), "completed");
    json_decref(log);
    run_free(run);
    free(folder);
}
END_TEST

/* ---- what changes a result, and what doesn't ------------------------------------------------- */

START_TEST(the_same_experiment_gives_the_same_bytes)
{
    char *folder = sample_folder();
    const run_options here = {.folder = folder};

    run_well(&here, "train moons.yaml --out one");
    run_well(&here, "train moons.yaml --out two --progress never --json");
    sample_same_run(folder, "one", "two");
    free(folder);
}
END_TEST

/* The network is large enough for its products to be split over threads. */
START_TEST(threads_change_no_bit)
{
    char *folder = sample_folder();
    const run_options here = {.folder = folder};
    static const char wide[] = "data: {generate: spirals, samples: 300, test: 0.3}\n"
                               "network:\n"
                               "  layers:\n"
                               "    - {units: 200, activation: relu, dropout: 0.2}\n"
                               "    - {units: 150, activation: gelu}\n"
                               "    - {units: 2, activation: softmax}\n"
                               "loss: cross_entropy\n"
                               "optimizer: {name: adamw, lr: 0.01}\n"
                               "train: {epochs: 2, batch: 64, seed: 1}\n";

    free(harness_file(folder, "wide.yaml", wide));
    for (int threads = 1; threads <= 4; threads++)
        run_well(&here, "train wide.yaml --out threads-%d --threads %d", threads, threads);
    sample_same_run(folder, "threads-1", "threads-2");
    sample_same_run(folder, "threads-1", "threads-3");
    sample_same_run(folder, "threads-1", "threads-4");
    free(folder);
}
END_TEST

START_TEST(seed_is_train_seed)
{
    char *folder = sample_folder();
    const run_options here = {.folder = folder};

    run_well(&here, "train moons.yaml --out one --seed 7");
    run_well(&here, "train moons.yaml --out two --set train.seed=7");
    sample_same_run(folder, "one", "two");
    sample_same_file(folder, "one/config.yaml", folder, "two/config.yaml");
    free(folder);
}
END_TEST

START_TEST(another_seed_gives_another_model)
{
    char *folder = sample_folder();
    const run_options here = {.folder = folder};
    size_t length = 0, other_length = 0;

    run_well(&here, "train moons.yaml --out one --seed 1");
    run_well(&here, "train moons.yaml --out two --seed 2");
    char *model = sample_read(folder, "one/model.safetensors", &length);
    char *other = sample_read(folder, "two/model.safetensors", &other_length);
    ck_assert_uint_eq(length, other_length);
    ck_assert_int_ne(memcmp(model, other, length), 0);
    free(model);
    free(other);
    free(folder);
}
END_TEST

START_TEST(set_overrides_the_file)
{
    char *folder = sample_folder();

    run_well(&(run_options){.folder = folder},
             "train moons.yaml --out run --set train.epochs=2 --set optimizer.name=rmsprop");
    json_t *log = sample_log(folder, "run");
    char *config = sample_read(folder, "run/config.yaml", NULL);
    ck_assert_uint_eq(count_events(log, "epoch"), 2);
    ck_assert_ptr_nonnull(strstr(config, "optimizer: {name: rmsprop, lr: 0.02,"));
    free(config);
    json_decref(log);
    free(folder);
}
END_TEST

START_TEST(the_run_s_config_trains_the_same_again)
{
    char *folder = sample_folder();
    const run_options here = {.folder = folder};

    run_well(&here, "train kinds.yaml --out one --seed 3 --set train.epochs=4");
    run_well(&here, "train one/config.yaml --out two");
    sample_same_run(folder, "one", "two");
    sample_same_file(folder, "one/config.yaml", folder, "two/config.yaml");
    free(folder);
}
END_TEST

START_TEST(the_working_directory_changes_nothing)
{
    char *folder = sample_folder(), *elsewhere = harness_memory_folder();

    run_well(&(run_options){.folder = folder}, "train kinds.yaml --out one");
    run_well(&(run_options){.folder = elsewhere}, "train %s/kinds.yaml --out %s/two", folder,
             folder);
    sample_same_run(folder, "one", "two");
    sample_same_file(folder, "one/config.yaml", folder, "two/config.yaml");
    ck_assert_uint_eq(sample_count(elsewhere), 0);
    free(folder);
    free(elsewhere);
}
END_TEST

static const char *const examples[] = {"breast-cancer", "diabetes", "diabetes-lbfgs",
                                       "iris",          "moons",    "xor"};

START_TEST(each_example_runs_as_it_stands)
{
    char *folder = harness_memory_folder();

    run_well(&(run_options){.folder = folder},
             "train " EXAMPLES "/%s.yaml --set train.epochs=2 --json", examples[_i]);
    free(folder);
}
END_TEST

/* ---- where it writes ------------------------------------------------------------------------- */

START_TEST(default_folders_are_numbered)
{
    char *folder = sample_folder();
    const run_options here = {.folder = folder};

    for (int i = 0; i < 3; i++)
        run_well(&here, "train kinds.yaml --set train.epochs=1");
    run_well(&here, "train slope.yaml --set train.epochs=1");
    ck_assert(sample_exists(folder, "runs/kinds-1/model.safetensors"));
    ck_assert(sample_exists(folder, "runs/kinds-2/model.safetensors"));
    ck_assert(sample_exists(folder, "runs/kinds-3/model.safetensors"));
    ck_assert(sample_exists(folder, "runs/slope-1/model.safetensors"));
    free(folder);
}
END_TEST

START_TEST(a_number_that_is_taken_is_passed_over)
{
    char *folder = sample_folder();
    char *runs = sample_path(folder, "runs"), *taken = sample_path(folder, "runs/kinds-1");

    ck_assert_int_eq(mkdir(runs, 0755), 0);
    ck_assert_int_eq(mkdir(taken, 0755), 0);
    run_well(&(run_options){.folder = folder}, "train kinds.yaml --set train.epochs=1");
    ck_assert(sample_exists(folder, "runs/kinds-2/model.safetensors"));
    ck_assert_uint_eq(sample_count(taken), 0);
    free(taken);
    free(runs);
    free(folder);
}
END_TEST

START_TEST(a_file_called_runs_is_in_the_way)
{
    char *folder = sample_folder();

    free(harness_file(folder, "runs", "to the shop and back"));
    run *run = run_line(&(run_options){.folder = folder}, "train kinds.yaml");
    run_expect(run, 5);
    run_expect_in(run, run->err, "/runs: Not a directory\n");
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(an_empty_folder_may_be_out)
{
    char *folder = sample_folder();
    char *empty = sample_path(folder, "empty");

    ck_assert_int_eq(mkdir(empty, 0755), 0);
    run_well(&(run_options){.folder = folder}, "train kinds.yaml --out empty");
    ck_assert(sample_exists(empty, "model.safetensors"));
    free(empty);
    free(folder);
}
END_TEST

/* ---- plug-ins from elsewhere ----------------------------------------------------------------- */

START_TEST(an_optimizer_from_elsewhere_trains)
{
    char *folder = sample_folder(), *plugins = sample_plugins();
    run *run = run_line(&(run_options){.folder = folder},
                        "train kinds.yaml --out run --plugin-dir %s --set optimizer.name=lynx "
                        "--set optimizer.lr=0.01 --set optimizer.beta1=0.8 --json",
                        plugins);

    run_expect(run, 0);
    json_t *lines = sample_lines(run->out);
    ck_assert_double_lt(sample_number(json_array_get(lines, 29), "train_loss"),
                        0.5 * sample_number(json_array_get(lines, 0), "train_loss"));
    char *config = sample_read(folder, "run/config.yaml", NULL);
    ck_assert_ptr_nonnull(strstr(
        config, "optimizer: {name: lynx, lr: 0.01, beta1: 0.8, beta2: 0.99, weight_decay: 0}"));
    free(config);
    json_decref(lines);
    run_free(run);
    free(plugins);
    free(folder);
}
END_TEST

START_TEST(a_flat_plugin_folder_named_relatively_does)
{
    char *folder = sample_folder(), *plugins = sample_plugins();
    char *inner = sample_path(plugins, "optimizer");

    run_well(&(run_options){.folder = inner},
             "train %s/kinds.yaml --out %s/run --plugin-dir . --set optimizer.name=lynx", folder,
             folder);
    free(inner);
    free(plugins);
    free(folder);
}
END_TEST

START_TEST(the_environment_names_plugin_folders)
{
    char *folder = sample_folder(), *plugins = sample_plugins(), *path = NULL;

    ck_assert_int_gt(asprintf(&path, "PLEXUS_PLUGIN_PATH=%s", plugins), 0);
    const char *const environment[] = {path, NULL};
    run_well(&(run_options){.folder = folder, .environment = environment},
             "train kinds.yaml --out run --set optimizer.name=lynx");
    free(path);
    free(plugins);
    free(folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train");
    TCase *files = tcase_create("what it leaves and says");
    TCase *wrong = tcase_create("going wrong");
    TCase *same = tcase_create("what changes a result");
    TCase *where = tcase_create("where it writes, what it loads");

    tcase_add_test(files, leaves_a_run_directory);
    tcase_add_test(files, logs_each_epoch_and_the_end);
    tcase_add_test(files, says_what_it_trains);
    tcase_add_test(files, prints_the_test_figures);
    tcase_add_test(files, json_is_the_log_line_by_line);
    tcase_add_test(files, a_profile_is_a_table_at_the_end);
    tcase_add_test(files, a_profile_is_one_more_line_of_json);
    tcase_add_test(files, progress_never_is_silent);
    tcase_add_test(files, shows_some_sixty_epochs_of_many);
    tcase_add_test(files, run_json_names_seed_threads_and_plugins);
    tcase_add_test(files, log_steps_adds_a_line_for_each_batch);
    tcase_add_test(files, early_stopping_says_why);
    tcase_add_test(wrong, divergence_is_code_1_in_plain_words);
    tcase_add_test(wrong, divergence_ends_the_log);
    tcase_add_test(wrong, warns_of_a_run_that_does_not_converge);
    tcase_add_test(wrong, a_run_that_cannot_begin_leaves_no_folder);
#if defined(__x86_64__)
    tcase_add_test(wrong, a_precision_that_the_machine_lacks_is_code_3);
#endif
    tcase_add_test(wrong, a_full_disk_behind_stdout_is_code_5);
    tcase_add_test(wrong, a_reader_that_left_is_code_5_after_the_whole_run);
    tcase_add_test(same, the_same_experiment_gives_the_same_bytes);
    tcase_add_test(same, threads_change_no_bit);
    tcase_add_test(same, seed_is_train_seed);
    tcase_add_test(same, another_seed_gives_another_model);
    tcase_add_test(same, set_overrides_the_file);
    tcase_add_test(same, the_run_s_config_trains_the_same_again);
    tcase_add_test(same, the_working_directory_changes_nothing);
    tcase_add_loop_test(same, each_example_runs_as_it_stands, 0, 6);
    tcase_add_test(where, default_folders_are_numbered);
    tcase_add_test(where, a_number_that_is_taken_is_passed_over);
    tcase_add_test(where, a_file_called_runs_is_in_the_way);
    tcase_add_test(where, an_empty_folder_may_be_out);
    tcase_add_test(where, an_optimizer_from_elsewhere_trains);
    tcase_add_test(where, a_flat_plugin_folder_named_relatively_does);
    tcase_add_test(where, the_environment_names_plugin_folders);
    TCase *const all[] = {files, wrong, same, where};
    for (size_t i = 0; i < 4; i++) {
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return harness_run(suite);
}
