/* test_runner_stopped.c: matrices that are stopped, killed or get into the way of each other, and go on. */
#include "matrix/runner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "filled.h"
#include "harness.h"
#include "planned.h"
#include "support/memory.h"

/* ---- stopping -------------------------------------------------------------------------------- */

START_TEST(a_stopped_matrix_goes_on_where_it_was)
{
    char *expected = place_dump_of(SEARCH);
    matrix_place place = place_new();
    size_t ran = 0, all = 0;

    for (size_t stop_at = 1; stop_at <= 10; stop_at += 3) {
        place_watch watch = {.stop_at = stop_at};
        const runner_hooks hooks = {
            .context = &watch, .progress = place_on_progress, .stop = &watch.stop};
        plx_error error = {0};
        const runner_result result =
            place_run_with(&place, SEARCH, (runner_options){.workers = 2}, &hooks, &error);
        ck_assert_int_eq(result.outcome,
                         result.done == result.all ? RUNNER_COMPLETED : RUNNER_STOPPED);
        ck_assert_uint_ge(result.done, stop_at < result.all ? stop_at : result.all);
        ran += result.ran;
        all = result.all;
    }
    ran += place_run(&place, SEARCH, 2).ran;
    ck_assert_uint_eq(ran, all);
    place_expect_dump(&place, expected);
    free(expected);
    place_free(&place);
}
END_TEST

START_TEST(time_that_is_over_ends_it)
{
    matrix_place place = place_new();
    const runner_result result =
        place_run(&place, "axes: {optimizer: [sgd, hanger]}\nlimits: {total_seconds: 0.3}\n", 1);

    ck_assert_int_eq(result.outcome, RUNNER_OUT_OF_TIME);
    ck_assert_uint_eq(result.ran, 1);
    ck_assert(result.seconds >= 0.3);
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM runs"), 1);
    place_free(&place);
}
END_TEST

/* ---- being killed ---------------------------------------------------------------------------- */

/* Runs in a child until `kill_at` runs are done; returns its wait status. */
static int run_and_die(const matrix_place *place, const char *rest, size_t kill_at)
{
    int status;
    const pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        place_watch watch = {.kill_at = kill_at};
        const runner_hooks hooks = {.context = &watch, .progress = place_on_progress};
        plx_error error = {0};
        place_run_with(place, rest, (runner_options){.workers = 2}, &hooks, &error);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(a_killed_matrix_comes_to_the_same_in_the_end)
{
    char *expected = place_dump_of(SEARCH);
    matrix_place place = place_new();

    for (size_t kill_at = 1; kill_at <= 10; kill_at += 3) {
        const int status = run_and_die(&place, SEARCH, kill_at);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    const runner_result rest = place_run(&place, SEARCH, 2);
    ck_assert_uint_lt(rest.ran, rest.all - 5);
    place_expect_dump(&place, expected);
    free(expected);
    place_free(&place);
}
END_TEST

/* Orphans come to this process, which waits for them: for ever, if one lived on. Runs are killed; what
 * starts them may have come to end by itself. */
START_TEST(no_worker_outlives_the_runner)
{
    matrix_place place = place_new();
    size_t killed = 0, ended = 0;
    int status;

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    run_and_die(&place, "axes: {optimizer: [hanger, sgd]}\n", 1);
    while (waitpid(-1, &status, 0) > 0) {
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        ended += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    ck_assert_uint_ge(killed + ended, 1);
    ck_assert_uint_le(ended, 1);
    place_free(&place);
}
END_TEST

/* Kills the only child of this process, which starts the runs, when two are done. */
static void kill_launcher(void *context, const runner_progress *progress)
{
    FILE *file = progress->done == 2 ? fopen("/proc/thread-self/children", "re") : NULL;
    long child = 0;

    if (file != NULL && fscanf(file, "%ld", &child) == 1)
        kill((pid_t)child, SIGKILL);
    if (file != NULL)
        fclose(file);
}

START_TEST(a_matrix_whose_runs_are_no_longer_started_goes_on_where_it_was)
{
    char *expected = place_dump_of(SEARCH);
    matrix_place place = place_new();
    const runner_hooks hooks = {.progress = kill_launcher};
    plx_error error = {0};

    place_run_with(&place, SEARCH, (runner_options){.workers = 1}, &hooks, &error);
    ck_assert_int_eq(error.code, ERROR_RUN);
    ck_assert_str_eq(error.text, "the process that starts the runs died of SIGKILL; what is stored "
                                 "stays, and the same command goes on");
    ck_assert_int_eq(filled_count(place.out, "SELECT count(*) FROM runs"), 2);
    ck_assert_uint_eq(place_run(&place, SEARCH, 2).ran, 8);
    place_expect_dump(&place, expected);
    free(expected);
    place_free(&place);
}
END_TEST

/* ---- what stands in its way ------------------------------------------------------------------ */

typedef struct rival {
    const matrix_place *place;
    int code; /* the rival's exit status; -1: not tried yet                                      */
} rival;

/* Tries to run in the same folder, once. */
static void try_to_run_too(void *context, const runner_progress *progress)
{
    rival *rival = context;
    int status;

    if (rival->code >= 0)
        return;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        plx_error error = {0};
        char *begin = memory_format("%s is in use: another process runs this matrix (pid %ld)",
                                    rival->place->out, (long)getppid());
        place_run_with(rival->place, "", (runner_options){.workers = 1}, &place_no_hooks, &error);
        const bool told = strncmp(error.text, begin, strlen(begin)) == 0;
        _exit(told ? (int)error.code : 99);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    rival->code = WEXITSTATUS(status);
}

START_TEST(a_second_runner_in_the_folder_is_refused)
{
    matrix_place place = place_new();
    rival rival = {&place, -1};
    const runner_hooks hooks = {.context = &rival, .progress = try_to_run_too};
    plx_error error = {0};

    place_run_with(&place, "", (runner_options){.workers = 1}, &hooks, &error);
    ck_assert_int_eq(rival.code, ERROR_USAGE);
    place_free(&place);
}
END_TEST

#define MANY_SEEDS QUICK "protocol: {final: {seeds: 30}}\n"

/* Files may not grow beyond that: as on a disk that fills up. Exits with the error's class. */
static int run_on_full_disk(const matrix_place *place, size_t bytes, char message[4096])
{
    int ends[2], status;

    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const struct rlimit most = {bytes, bytes};
        plx_error error = {0};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &most);
        place_run_with(place, MANY_SEEDS, (runner_options){.workers = 1}, &place_no_hooks, &error);
        _exit(write(ends[1], error.text, strlen(error.text)) >= 0 ? (int)error.code : 99);
    }
    close(ends[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    const ssize_t length = read(ends[0], message, 4095);
    message[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(a_full_disk_is_told_and_takes_nothing_away)
{
    char *expected = place_dump_of(MANY_SEEDS), message[4096];
    matrix_place place = place_new();

    place_run(&place, QUICK "protocol: {final: {seeds: 5}}\n", 1);
    char *database = memory_format("%s/results.sqlite", place.out);
    char *stored = filled_query(place.out, "SELECT identity, weights FROM runs ORDER BY 1");
    const int code = run_on_full_disk(&place, 150000, message);
    ck_assert_msg(code == ERROR_DATA, "%d: %s", code, message);
    ck_assert_msg(strncmp(message, database, strlen(database)) == 0, "%s", message);
    char *left = filled_query(place.out, "SELECT identity, weights FROM runs ORDER BY run");
    ck_assert_uint_ge(strlen(left), strlen(stored));
    const runner_result result = place_run(&place, MANY_SEEDS, 1);
    ck_assert_uint_le(result.ran, 25);
    place_expect_dump(&place, expected);
    free(left);
    free(stored);
    free(database);
    free(expected);
    place_free(&place);
}
END_TEST

/* There is room for a dozen at a time. */
START_TEST(more_workers_than_there_are_descriptors_for_wait)
{
    const struct rlimit few = {40, 40};
    char *expected = place_dump_of(MANY_SEEDS);
    matrix_place place = place_new();

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    ck_assert_uint_eq(place_run(&place, MANY_SEEDS, 30).ran, 30);
    place_expect_dump(&place, expected);
    free(expected);
    place_free(&place);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/runner_stopped");
    TCase *t = tcase_create("runner_stopped");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_stopped_matrix_goes_on_where_it_was);
    tcase_add_test(t, time_that_is_over_ends_it);
    tcase_add_test(t, a_killed_matrix_comes_to_the_same_in_the_end);
    tcase_add_test(t, no_worker_outlives_the_runner);
    tcase_add_test(t, a_matrix_whose_runs_are_no_longer_started_goes_on_where_it_was);
    tcase_add_test(t, a_second_runner_in_the_folder_is_refused);
    tcase_add_test(t, a_full_disk_is_told_and_takes_nothing_away);
    tcase_add_test(t, more_workers_than_there_are_descriptors_for_wait);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
