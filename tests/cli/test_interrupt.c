/* Stopping a run and going on with it. The optimizer `trip` raises a signal in the middle of a
 * step of the test's choice; another test sends one from outside, as Ctrl-C and kill do. What
 * counts is the end: the same model and the same log, times left out, as a run nobody disturbed. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* The training rows of moons.yaml, 33, make 5 batches: step 13 is in the midst of epoch 3, step 15
 * at its end, step 30 the last of all. */
enum { STEPS = 30 };

/* A folder with the experiment and an undisturbed run `whole`, made once for all tests. */
static char *folder, *plugins, *other_plugins;

static const char train[] =
    "train moons.yaml --set optimizer.name=trip --set train.log_steps=true --plugin-dir";

/* Wide enough that its products are the library's, and nearly all of its time. */
static const char wide[] = "data: {generate: blobs, samples: 500, features: 784, classes: 4}\n"
                           "network:\n"
                           "  layers:\n"
                           "    - {units: 1000, activation: relu}\n"
                           "    - {units: 1000, activation: relu}\n"
                           "    - {units: 4, activation: softmax}\n"
                           "loss: cross_entropy\n"
                           "optimizer: {name: sgd, lr: 1e-6}\n"
                           "train: {epochs: 100000, batch: full, threads: 2}\n";

static void make_whole(void)
{
    folder = sample_folder();
    free(harness_file(folder, "wide.yaml", wide));
    plugins = sample_plugins();
    other_plugins = sample_plugins();
    run_well(&(run_options){.folder = folder}, "%s %s --out whole", train, plugins);
}

static void free_whole(void)
{
    free(folder);
    free(plugins);
    free(other_plugins);
}

/* Runs until the optimizer trips: `times` signals in one step. */
static run *trip(const char *out, int step, int signal, int times)
{
    char order[64];
    const char *const environment[] = {order, NULL};

    snprintf(order, sizeof(order), "PLEXUS_TRIP=%d %d %d", step, signal, times);
    return run_line(&(run_options){.folder = folder, .environment = environment}, "%s %s --out %s",
                    train, plugins, out);
}

static void resume(const char *out)
{
    run_well(&(run_options){.folder = folder}, "train --resume %s --plugin-dir %s", out, plugins);
}

static const char *last_status(const json_t *log)
{
    return sample_string(json_array_get(log, json_array_size(log) - 1), "status");
}

/* ---- SIGINT and SIGTERM ---------------------------------------------------------------------- */

static const int polite[] = {SIGINT, SIGTERM, SIGHUP};
static const int steps[] = {1, 4, 5, 13, 15, 29};

/* One of polite[] at one of steps[]. */
START_TEST(a_run_stopped_at_a_batch_goes_on_to_the_same_end)
{
    const int signal = polite[_i % 3], step = steps[_i / 3];
    char out[32];

    snprintf(out, sizeof(out), "stopped-%d", _i);
    run *run = trip(out, step, signal, 1);
    run_expect_signal(run, signal);
    json_t *log = sample_log(folder, out);
    ck_assert_str_eq(last_status(log), "interrupted");
    json_decref(log);
    run_free(run);
    resume(out);
    sample_same_run(folder, "whole", out);
}
END_TEST

START_TEST(an_interrupted_run_says_how_to_go_on)
{
    run *run = trip("says", 13, SIGINT, 1);
    char *expected = NULL;

    run_expect_signal(run, SIGINT);
    ck_assert_int_gt(asprintf(&expected,
                              "\ninterrupted after step 13; `plexus train --resume %s/says` goes "
                              "on\n",
                              folder),
                     0);
    run_expect_in(run, run->err, expected);
    free(expected);
    run_free(run);
}
END_TEST

START_TEST(an_interrupted_run_leaves_a_checkpoint_a_model_and_a_log)
{
    run *run = trip("leaves", 13, SIGTERM, 1);

    run_expect_signal(run, SIGTERM);
    ck_assert(sample_exists(folder, "leaves/checkpoint.safetensors"));
    ck_assert(sample_exists(folder, "leaves/model.safetensors"));
    json_t *log = sample_log(folder, "leaves");
    ck_assert_uint_eq(json_array_size(log), 13 + 2 + 1); /* steps, epochs, end */
    ck_assert_str_eq(last_status(log), "interrupted");
    json_decref(log);
    run_free(run);
}
END_TEST

START_TEST(a_run_that_goes_on_is_profiled_from_there)
{
    run_free(trip("profiled", 13, SIGINT, 1));
    run *run = run_line(&(run_options){.folder = folder},
                        "train --resume profiled --profile --plugin-dir %s", plugins);

    run_expect(run, 0);
    run_expect_in(run, run->out, "\nprofile  17 steps in ");
    run_free(run);
}
END_TEST

START_TEST(run_json_says_interrupted)
{
    run *run = trip("recorded", 7, SIGINT, 1);

    run_expect_signal(run, SIGINT);
    char *text = sample_read(folder, "recorded/run.json", NULL);
    json_t *record = sample_object(text);
    ck_assert_str_eq(sample_string(record, "status"), "interrupted");
    ck_assert_double_eq(sample_number(record, "steps"), 7);
    json_decref(record);
    free(text);
    run_free(run);
}
END_TEST

START_TEST(a_signal_in_the_last_step_is_no_loss)
{
    run *run = trip("last", STEPS, SIGINT, 1);

    run_expect_signal(run, SIGINT);
    run_free(run);
    resume("last");
    sample_same_run(folder, "whole", "last");
}
END_TEST

/* The second signal comes in the same step, which would else be finished. */
START_TEST(a_second_sigint_kills_at_once)
{
    run *run = trip("twice", 13, SIGINT, 2);

    run_expect_signal(run, SIGINT);
    ck_assert_ptr_null(strstr(run->err, "interrupted after"));
    json_t *log = sample_log(folder, "twice");
    for (size_t i = 0; i < json_array_size(log); i++)
        ck_assert_str_ne(sample_string(json_array_get(log, i), "event"), "end");
    json_decref(log);
    run_free(run);
    resume("twice");
    sample_same_run(folder, "whole", "twice");
}
END_TEST

/* The second one of another kind. */
START_TEST(sigterm_after_sigint_kills_at_once)
{
    run *run = run_start(&(run_options){.folder = folder},
                         "train moons.yaml --set train.epochs=1000000 --json --out both");

    run_wait_for(run, "\"epoch\":2");
    kill(run->pid, SIGSTOP);
    kill(run->pid, SIGINT);
    kill(run->pid, SIGTERM);
    kill(run->pid, SIGCONT);
    run_finish(run);
    ck_assert_msg(run->signal == SIGTERM || run->signal == SIGINT, "signal %d", run->signal);
    ck_assert_ptr_null(strstr(run->err, "interrupted after"));
    run_free(run);
}
END_TEST

/* Wherever the signal comes, its handler must harm nothing that lies on a stack or heap. */
START_TEST(a_signal_in_a_matrix_product_harms_nothing)
{
    run *run =
        run_start(&(run_options){.folder = folder}, "train wide.yaml --json --out wide-%d", _i);

    run_wait_for(run, "\"epoch\":2");
    usleep(10000 + 7000 * (unsigned)_i); /* into the products of the next epoch */
    kill(run->pid, SIGTERM);
    run_finish(run);
    run_expect_signal(run, SIGTERM);
    run_free(run);
}
END_TEST

START_TEST(a_run_without_a_checkpoint_says_that_it_begins_anew)
{
    run_well(&(run_options){.folder = folder}, "train moons.yaml --out lost");
    char *path = sample_path(folder, "lost/checkpoint.safetensors");
    ck_assert_int_eq(unlink(path), 0);
    run *run = run_line(&(run_options){.folder = folder}, "train --resume lost");

    run_expect(run, 0);
    run_expect_in(run, run->err, "/lost has no checkpoint: starting from the beginning\n");
    free(path);
    run_free(run);
}
END_TEST

START_TEST(a_run_interrupted_twice_comes_to_the_same_end)
{
    const char *const environment[] = {"PLEXUS_TRIP=22 15 1", NULL};
    run *first = trip("often", 8, SIGINT, 1);

    run_expect_signal(first, SIGINT);
    run *second = run_line(&(run_options){.folder = folder, .environment = environment},
                           "train --resume often --plugin-dir %s", plugins);
    run_expect_signal(second, SIGTERM);
    resume("often");
    sample_same_run(folder, "whole", "often");
    run_free(first);
    run_free(second);
}
END_TEST

START_TEST(a_resumed_run_may_have_other_threads)
{
    run *run = trip("threads", 8, SIGINT, 1);

    run_expect_signal(run, SIGINT);
    run_well(&(run_options){.folder = folder},
             "train --resume threads --plugin-dir %s --threads 3 --progress never", plugins);
    sample_same_run(folder, "whole", "threads");
    run_free(run);
}
END_TEST

START_TEST(a_run_is_resumed_from_any_folder)
{
    run *run = trip("elsewhere", 8, SIGINT, 1);

    run_expect_signal(run, SIGINT);
    run_well(NULL, "train --resume %s/elsewhere --plugin-dir %s", folder, plugins);
    sample_same_run(folder, "whole", "elsewhere");
    run_free(run);
}
END_TEST

START_TEST(a_resumed_run_says_where_it_goes_on)
{
    run *run = trip("goes", 13, SIGINT, 1);
    char *expected = NULL;

    run_expect_signal(run, SIGINT);
    run_free(run);
    run =
        run_line(&(run_options){.folder = folder}, "train --resume goes --plugin-dir %s", plugins);
    run_expect(run, 0);
    ck_assert_int_gt(asprintf(&expected, "\ngoing on in %s/goes\nepoch 3/6 ", folder), 0);
    ck_assert_int_eq(strncmp(run->err, "goes: ", 6), 0);
    run_expect_in(run, run->err, expected);
    free(expected);
    run_free(run);
}
END_TEST

/* An epoch of this run is short and there are many of them, so it is still at it when the signal
 * comes; had it ended, the test would fail. */
START_TEST(a_signal_from_outside_stops_a_run)
{
    run *run = run_start(&(run_options){.folder = folder},
                         "train moons.yaml --set train.epochs=1000000 --out outside --json");

    run_wait_for(run, "\"epoch\":3,");
    ck_assert_int_eq(kill(run->pid, SIGINT), 0);
    run_finish(run);
    run_expect_signal(run, SIGINT);
    run_expect_in(run, run->err, "\ninterrupted after step ");
    run_expect_in(run, run->out, "{\"event\":\"end\",\"status\":\"interrupted\"}\n");
    run_free(run);
}
END_TEST

/* ---- SIGKILL --------------------------------------------------------------------------------- */

START_TEST(a_killed_run_goes_on_to_the_same_end)
{
    char out[32];

    snprintf(out, sizeof(out), "killed-%d", _i);
    run *run = trip(out, _i, SIGKILL, 1);
    run_expect_signal(run, SIGKILL);
    run_free(run);
    resume(out);
    sample_same_run(folder, "whole", out);
}
END_TEST

/* Whoever reads the lines of a pipe has all that came before the kill. */
START_TEST(json_lines_are_out_as_they_come)
{
    static const char *const environment[] = {"PLEXUS_TRIP=13 9 1", NULL};
    run *run = run_line(&(run_options){.folder = folder, .environment = environment},
                        "%s %s --out lines --json", train, plugins);

    run_expect_signal(run, SIGKILL);
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_eq(json_array_size(lines), 13 + 2); /* steps, epochs */
    json_decref(lines);
    run_free(run);
}
END_TEST

START_TEST(a_killed_run_leaves_no_temporary_after_a_resume)
{
    char *path = sample_path(folder, "clean");
    run *run = trip("clean", 12, SIGKILL, 1);

    run_expect_signal(run, SIGKILL);
    run_free(run);
    free(harness_file(path, ".plexus-left.tmp", "half a file"));
    resume("clean");
    ck_assert_uint_eq(sample_count(path), 5);
    free(path);
}
END_TEST

/* ---- a full disk ----------------------------------------------------------------------------- */

/* Under the first run.json does not fit, under the second no checkpoint. */
static const size_t limits[] = {1000, 3000};

START_TEST(a_run_on_a_full_disk_goes_on_when_there_is_room)
{
    char out[32];

    snprintf(out, sizeof(out), "full-%d", _i);
    run *run = run_line(&(run_options){.folder = folder, .file_limit = limits[_i]},
                        "%s %s --out %s", train, plugins, out);
    run_expect(run, 5);
    run_expect_in(run, run->err, ": cannot write: File too large\n");
    run_free(run);
    resume(out);
    sample_same_run(folder, "whole", out);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------- */

START_TEST(a_finished_run_is_not_resumed)
{
    char *expected = NULL;
    run *run =
        run_line(&(run_options){.folder = folder}, "train --resume whole --plugin-dir %s", plugins);

    ck_assert_int_gt(asprintf(&expected,
                              "plexus: %s/whole: this run is over (completed after 6 epochs); "
                              "there is nothing to resume\n",
                              folder),
                     0);
    run_expect_error(run, 2, expected);
    free(expected);
    run_free(run);
}
END_TEST

START_TEST(a_changed_plugin_is_refused)
{
    char *object = sample_path(other_plugins, "optimizer/trip.so"), *expected = NULL;
    run *run = trip("changed", 8, SIGINT, 1);

    run_expect_signal(run, SIGINT);
    run_free(run);
    FILE *file = fopen(object, "ab");
    ck_assert_ptr_nonnull(file);
    fputs("something more", file);
    ck_assert_int_eq(fclose(file), 0);
    run = run_line(&(run_options){.folder = folder}, "train --resume changed --plugin-dir %s",
                   other_plugins);
    ck_assert_int_gt(asprintf(&expected,
                              "%s/changed: optimizer 'trip' has changed since the run began: %s is "
                              "version 1, another file than the version 1 that was used; put that "
                              "one back, or start the run anew\n",
                              folder, object),
                     0);
    run_expect_error(run, 4, expected);
    run_free(run);
    free(expected);
    free(object);
}
END_TEST

START_TEST(a_run_in_use_is_refused)
{
    run *first = run_start(&(run_options){.folder = folder},
                           "train moons.yaml --set train.epochs=1000000 --out used --json");

    run_wait_for(first, "\"epoch\":2,");
    run *second = run_line(&(run_options){.folder = folder}, "train --resume used");
    run_expect(second, 2);
    run_expect_in(second, second->err, "another process trains in this folder");
    ck_assert_int_eq(kill(first->pid, SIGKILL), 0);
    run_finish(first);
    run_free(first);
    run_free(second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interrupt");
    TCase *stop = tcase_create("SIGINT and SIGTERM");
    TCase *dead = tcase_create("SIGKILL");
    TCase *full = tcase_create("a full disk");
    TCase *refused = tcase_create("what is refused");

    tcase_add_loop_test(stop, a_run_stopped_at_a_batch_goes_on_to_the_same_end, 0, 18);
    tcase_add_test(stop, an_interrupted_run_says_how_to_go_on);
    tcase_add_test(stop, an_interrupted_run_leaves_a_checkpoint_a_model_and_a_log);
    tcase_add_test(stop, a_run_that_goes_on_is_profiled_from_there);
    tcase_add_test(stop, run_json_says_interrupted);
    tcase_add_test(stop, a_signal_in_the_last_step_is_no_loss);
    tcase_add_test(stop, a_second_sigint_kills_at_once);
    tcase_add_test(stop, sigterm_after_sigint_kills_at_once);
    tcase_add_loop_test(stop, a_signal_in_a_matrix_product_harms_nothing, 0, 8);
    tcase_add_test(stop, a_run_without_a_checkpoint_says_that_it_begins_anew);
    tcase_add_test(stop, a_run_interrupted_twice_comes_to_the_same_end);
    tcase_add_test(stop, a_resumed_run_may_have_other_threads);
    tcase_add_test(stop, a_run_is_resumed_from_any_folder);
    tcase_add_test(stop, a_resumed_run_says_where_it_goes_on);
    tcase_add_test(stop, a_signal_from_outside_stops_a_run);
    tcase_add_loop_test(dead, a_killed_run_goes_on_to_the_same_end, 1, STEPS + 1);
    tcase_add_test(dead, json_lines_are_out_as_they_come);
    tcase_add_test(dead, a_killed_run_leaves_no_temporary_after_a_resume);
    tcase_add_loop_test(full, a_run_on_a_full_disk_goes_on_when_there_is_room, 0, 2);
    tcase_add_test(refused, a_finished_run_is_not_resumed);
    tcase_add_test(refused, a_changed_plugin_is_refused);
    tcase_add_test(refused, a_run_in_use_is_refused);
    TCase *const all[] = {stop, dead, full, refused};
    for (size_t i = 0; i < 4; i++) {
        tcase_add_unchecked_fixture(all[i], make_whole, free_whole);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return harness_run(suite);
}
