/* What `plexus matrix run` goes through: plug-ins that crash, hang and eat memory, signals, full disks,
 * damaged files, other processes. Whatever happens, what is stored stays, and the same command goes on
 * to what an undisturbed run comes to. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* In the third step of `trip` PLEXUS_TRIP raises a signal; under SIGSTOP its run stands still until
 * it is killed. Two workers then come to a state that does not depend on time: the first two runs of
 * sgd are done, and both workers are held by a run of trip. */
static const char trips[] = "axes: {optimizer: [sgd, trip]}\n"
                            "protocol: {final: {seeds: 3}}\n";
static const char *const standing[] = {"PLEXUS_TRIP=3 19 1", NULL};
static const char *const crashing[] = {"PLEXUS_TRIP=3 11 1", NULL};

/* A folder with trips.yaml, its undisturbed results in `whole`, and plug-ins. */
static char *folder, *plugins;

static void make_whole(void)
{
    folder = harness_memory_folder();
    plugins = sample_plugins();
    sample_matrix(folder, "trips", trips);
    run_well(&(run_options){.folder = folder}, "matrix run trips.yaml --out whole --plugin-dir %s",
             plugins);
}

static void free_whole(void)
{
    free(plugins);
    free(folder);
}

/* Runs until both workers stand still; its command line has folder/out in it. */
static run *stand_still(const char *out)
{
    run *run = run_start(&(run_options){.folder = folder, .environment = standing},
                         "matrix run trips.yaml --workers 2 --out %s/%s --plugin-dir %s", folder,
                         out, plugins);

    run_wait_for_err(run, "2 of 6 runs done");
    return run;
}

/* Goes on with a matrix of which `ran` runs are left, and compares. */
static void go_on(const char *out, int ran)
{
    char *expected = NULL;
    run *run = run_line(&(run_options){.folder = folder},
                        "matrix run trips.yaml --out %s --plugin-dir %s", out, plugins);

    run_expect(run, 0);
    ck_assert_int_gt(asprintf(&expected, "\n6 runs, %d of them now, in ", ran), 0);
    run_expect_in(run, run->err, expected);
    sample_same_results(folder, out, "whole");
    free(expected);
    run_free(run);
}

static void expect_no_orphan(const char *out)
{
    char *path = sample_path(folder, "%s", out);

    run_expect_no_process(path);
    free(path);
}

/* ---- plug-ins that are the end of their run -------------------------------------------------- */

static const struct {
    const char *optimizer, *failed, *reason;
} deaths[] = {
    {"crasher", "crasher 2 (crashed)", "died of SIGSEGV in step 3"},
    {"hanger", "hanger 2 (timed out)", "killed after 3 s in step 3"},
    {"eater", "eater 2 (out of memory)", "out of memory in step 3"},
    {"nanner", "nanner 2 (diverged)", "is not finite"},
};
enum { DEATHS = sizeof(deaths) / sizeof(deaths[0]) };

/* Whether a text has the words, however its lines were broken. */
static bool has_words(const char *text, const char *words)
{
    for (; *text != '\0'; text++) {
        const char *at = text, *word = words;
        while (*word != '\0' && (*word == *at || (*word == ' ' && *at == '\n'))) {
            at += *at == '\n' ? 1 + strspn(at + 1, " ") : 1;
            word++;
        }
        if (*word == '\0')
            return true;
    }
    return false;
}

/* The matrix ends, each death is named, and the other cells are what they are without them. */
START_TEST(a_matrix_outlives_its_plugins)
{
    static const char rest[] = "protocol: {final: {seeds: 2}}\n"
                               "limits: {seconds: 3, memory: 64MiB}\n";
    char *text = NULL;

    sample_matrix(folder, "good", "protocol: {final: {seeds: 2}}\naxes: {optimizer: [sgd]}\n");
    run_well(&(run_options){.folder = folder}, "matrix run good.yaml --out good");
    ck_assert_int_gt(
        asprintf(&text, "axes: {optimizer: [crasher, hanger, eater, nanner, sgd]}\n%s", rest), 0);
    sample_matrix(folder, "deaths", text);
    free(text);
    run *run = run_line(&(run_options){.folder = folder},
                        "matrix run deaths.yaml --out deaths --workers 4 --markdown deaths.md "
                        "--plugin-dir " ENDS);
    run_expect(run, 0);
    run_expect_in(run, run->out, "deaths: 10 of 10 final runs, 5 of 5 cells done\n");
    char *markdown = sample_read(folder, "deaths.md", NULL);
    char *page = sample_read(folder, "deaths/report.html", NULL);
    for (size_t i = 0; i < DEATHS; i++) {
        ck_assert_msg(has_words(run->out, deaths[i].failed), "no '%s' in\n%s", deaths[i].failed,
                      run->out);
        ck_assert_msg(strstr(markdown, deaths[i].reason) != NULL, "no '%s' in\n%s",
                      deaths[i].reason, markdown);
        ck_assert_msg(strstr(page, deaths[i].reason) != NULL, "no '%s' in the page",
                      deaths[i].reason);
    }
    free(page);
    free(markdown);
    run_free(run);
    run = run_line(&(run_options){.folder = folder}, "matrix diff good deaths");
    run_expect(run, 1);
    ck_assert_str_eq(run->out,
                     "2 runs in both, 2 the same; 0 only in the first, 8 only in the second\n");
    run_free(run);
}
END_TEST

START_TEST(what_crashed_is_done_again_if_one_asks_for_it)
{
    run_well(&(run_options){.folder = folder, .environment = crashing},
             "matrix run trips.yaml --out again --plugin-dir %s", plugins);
    run *run = run_line(&(run_options){.folder = folder},
                        "matrix run trips.yaml --out again --plugin-dir %s", plugins);
    run_expect(run, 0);
    run_expect_in(run, run->err, "\nnothing to do: all 6 runs are done, 3 of them failed; ");
    run_free(run);
    run = run_line(&(run_options){.folder = folder},
                   "matrix run trips.yaml --out again --plugin-dir %s --retry-failed", plugins);
    run_expect(run, 0);
    run_expect_in(run, run->err, "\n6 runs, 3 of them now, in ");
    run_expect_in(run, run->err, " s; 0 failed; ");
    run_free(run);
    sample_same_results(folder, "again", "whole");
}
END_TEST

/* Who starts it may not want to know of children; it does. */
START_TEST(a_parent_that_ignores_its_children_changes_nothing)
{
    run_well(&(run_options){.folder = folder, .ignores_children = true},
             "matrix run trips.yaml --out ignored --plugin-dir %s", plugins);
    sample_same_results(folder, "ignored", "whole");
}
END_TEST

/* ---- signals --------------------------------------------------------------------------------- */

static const int polite[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(a_signal_stops_the_matrix_and_keeps_what_is_stored)
{
    char out[32];

    snprintf(out, sizeof(out), "stopped-%d", _i);
    run *run = stand_still(out);
    ck_assert_int_eq(kill(run->pid, polite[_i]), 0);
    run_finish(run);
    run_expect_signal(run, polite[_i]);
    run_expect_in(run, run->err, "\ninterrupted with 2 of 6 runs done; the same command goes on\n");
    ck_assert_str_eq(run->out, "");
    run_free(run);
    expect_no_orphan(out);
    go_on(out, 4);
}
END_TEST

/* Both are there when it looks again, so the second is not one of later. */
START_TEST(a_second_signal_ends_it_at_once)
{
    run *run = stand_still("twice");

    kill(run->pid, SIGSTOP);
    kill(run->pid, SIGINT);
    kill(run->pid, SIGTERM);
    kill(run->pid, SIGCONT);
    run_finish(run);
    ck_assert_msg(run->signal == SIGTERM || run->signal == SIGINT, "signal %d", run->signal);
    ck_assert_ptr_null(strstr(run->err, "interrupted with"));
    run_free(run);
    expect_no_orphan("twice");
    go_on("twice", 4);
}
END_TEST

START_TEST(a_kill_loses_the_runs_in_flight_alone)
{
    run *run = stand_still("killed");

    kill(run->pid, SIGKILL);
    run_finish(run);
    run_expect_signal(run, SIGKILL);
    run_free(run);
    expect_no_orphan("killed");
    go_on("killed", 4);
}
END_TEST

/* The kernel ends what stands still when its parent is gone, but not what is busy. */
START_TEST(a_kill_ends_what_hangs)
{
    char *out = sample_path(folder, "hangs");

    sample_matrix(folder, "hangs",
                  "axes: {optimizer: [sgd, hanger]}\nprotocol: {final: {seeds: 3}}\n");
    run *run = run_start(&(run_options){.folder = folder},
                         "matrix run hangs.yaml --workers 2 --out %s --plugin-dir " ENDS, out);
    run_wait_for_err(run, "2 of 6 runs done");
    kill(run->pid, SIGKILL);
    run_finish(run);
    run_expect_signal(run, SIGKILL);
    run_expect_no_process(out);
    run_free(run);
    free(out);
}
END_TEST

/* ---- others ---------------------------------------------------------------------------------- */

START_TEST(a_second_process_in_the_folder_is_code_2)
{
    char *expected = NULL;
    run *first = stand_still("used");
    run *second = run_line(&(run_options){.folder = folder},
                           "matrix run trips.yaml --out used --plugin-dir %s", plugins);

    ck_assert_int_gt(asprintf(&expected,
                              "plexus: %s/used is in use: another process runs this matrix (pid "
                              "%ld); wait for it, or choose another folder\n",
                              folder, (long)first->pid),
                     0);
    run_expect_error(second, 2, expected);
    kill(first->pid, SIGINT);
    run_finish(first);
    run_expect_signal(first, SIGINT);
    run_free(second);
    run_free(first);
    free(expected);
    go_on("used", 4);
}
END_TEST

/* status and report while another process runs. */
START_TEST(results_can_be_read_while_they_grow)
{
    run *first = stand_still("grows");
    run *status = run_line(&(run_options){.folder = folder}, "matrix status grows");
    run *report = run_line(&(run_options){.folder = folder}, "matrix report grows");

    run_expect(status, 0);
    run_expect_in(status, status->out, "\nfinal           6        2        0\n");
    run_expect(report, 1); /* cells are missing */
    run_expect_in(report, report->out, "trips: 2 of 6 final runs, 0 of 2 cells done\n");
    kill(first->pid, SIGINT);
    run_finish(first);
    run_expect_signal(first, SIGINT);
    run_free(report);
    run_free(status);
    run_free(first);
}
END_TEST

/* ---- disks ----------------------------------------------------------------------------------- */

/* Under the first there is not even a database, under the second one that cannot grow. */
static const size_t limits[] = {20000, 70000};

START_TEST(a_full_disk_is_code_5_and_loses_nothing)
{
    char out[32];

    snprintf(out, sizeof(out), "full-%d", _i);
    run *run = run_line(&(run_options){.folder = folder, .file_limit = limits[_i]},
                        "matrix run trips.yaml --out %s --plugin-dir %s", out, plugins);
    run_expect(run, 5);
    run_expect_in(run, run->err, "/results.sqlite: cannot write: ");
    run_free(run);
    run_well(&(run_options){.folder = folder}, "matrix run trips.yaml --out %s --plugin-dir %s",
             out, plugins);
    sample_same_results(folder, out, "whole");
}
END_TEST

static const struct {
    const char *out, *err;
} barred[] = {
    {"/proc/none", "/proc/none: cannot make the folder /proc/none: No such file or directory\n"},
    {"/proc/self/none/none",
     "/proc/self/none/none: cannot make the folder /proc/self/none: No such file or directory\n"},
    {"/dev/null", "/dev/null: cannot make the folder /dev/null: Not a directory\n"},
};
enum { BARRED = sizeof(barred) / sizeof(barred[0]) };

START_TEST(a_folder_that_cannot_be_made_is_code_5)
{
    run *run = run_line(&(run_options){.folder = folder},
                        "matrix run trips.yaml --plugin-dir %s --out %s", plugins, barred[_i].out);

    run_expect_error(run, 5, barred[_i].err);
    run_free(run);
}
END_TEST

/* Nothing but reading: not for the super-user, whom no permission keeps from writing. */
START_TEST(results_can_be_read_where_nothing_can_be_written)
{
    char *copy = sample_path(folder, "sealed"), *from = sample_path(folder, "whole/results.sqlite");
    char *to = sample_path(folder, "sealed/results.sqlite");

    ck_assert_int_eq(mkdir(copy, 0755), 0);
    sample_copy(from, to);
    ck_assert_int_eq(chmod(copy, 0555), 0);
    run_well(&(run_options){.folder = folder}, "matrix status sealed");
    if (geteuid() != 0) {
        run *run = run_line(&(run_options){.folder = folder},
                            "matrix run trips.yaml --out sealed --plugin-dir %s", plugins);
        run_expect(run, 5);
        run_expect_in(run, run->err, "Permission denied\n");
        run_free(run);
    }
    ck_assert_int_eq(chmod(copy, 0755), 0);
    free(to);
    free(from);
    free(copy);
}
END_TEST

START_TEST(a_file_that_is_no_database_is_code_5_and_left_alone)
{
    static const char *const lines[] = {"run trips.yaml --out foreign", "status foreign",
                                        "report foreign"};
    char *path = sample_path(folder, "foreign"), *expected = NULL;

    mkdir(path, 0755);
    free(harness_file(path, "results.sqlite", "a letter to an aunt"));
    ck_assert_int_gt(asprintf(&expected,
                              "%s/results.sqlite: is no database; move it away, or choose another "
                              "folder\n",
                              path),
                     0);
    run *run =
        run_line(&(run_options){.folder = folder}, "matrix %s --plugin-dir %s", lines[_i], plugins);
    run_expect_error(run, 5, expected);
    char *left = sample_read(path, "results.sqlite", NULL);
    ck_assert_str_eq(left, "a letter to an aunt");
    ck_assert_uint_eq(sample_count(path), 1);
    free(left);
    run_free(run);
    free(expected);
    free(path);
}
END_TEST

START_TEST(a_damaged_database_is_code_5_and_left_alone)
{
    char *path = sample_path(folder, "damaged"), *to = sample_path(path, "results.sqlite");
    char *from = sample_path(folder, "whole/results.sqlite");
    size_t length = 0, left_length = 0;

    ck_assert_int_eq(mkdir(path, 0755), 0);
    sample_copy(from, to);
    FILE *file = fopen(to, "r+b");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 3 * 4096, SEEK_SET), 0);
    for (int i = 0; i < 5 * 4096; i++)
        fputc(i % 251, file);
    ck_assert_int_eq(fclose(file), 0);
    char *before = sample_read(path, "results.sqlite", &length);
    run *run = run_line(&(run_options){.folder = folder},
                        "matrix run trips.yaml --out damaged --plugin-dir %s", plugins);
    run_expect(run, 5);
    run_expect_in(run, run->err, "/damaged/results.sqlite: the database is damaged (");
    run_expect_in(run, run->err, "); it is left as it is: move it away, ");
    char *left = sample_read(path, "results.sqlite", &left_length);
    ck_assert_uint_eq(left_length, length);
    ck_assert_int_eq(memcmp(left, before, length), 0);
    free(left);
    run_free(run);
    free(before);
    free(from);
    free(to);
    free(path);
}
END_TEST

/* The runs are stored and the page is there; only the words went nowhere. */
START_TEST(a_full_disk_behind_stdout_is_code_5)
{
    run *run =
        run_line(&(run_options){.folder = folder, .output = "/dev/full"},
                 "matrix run trips.yaml --out unsaid --progress never --plugin-dir %s", plugins);

    run_expect_error(run, 5, "cannot write standard output\n");
    ck_assert(sample_exists(folder, "unsaid/report.html"));
    sample_same_results(folder, "unsaid", "whole");
    run_free(run);
}
END_TEST

START_TEST(a_reader_that_left_is_code_5_after_the_whole_matrix)
{
    run *run =
        run_line(&(run_options){.folder = folder, .closed = true},
                 "matrix run trips.yaml --out unheard --progress never --plugin-dir %s", plugins);

    run_expect_error(run, 5, "cannot write standard output\n");
    sample_same_results(folder, "unheard", "whole");
    run_free(run);
}
END_TEST

/* ---- the display ----------------------------------------------------------------------------- */

/* A run of trips.yaml into a folder of its own. */
static run *display(const char *out, int columns, const char *const *environment, const char *more)
{
    run *run =
        run_line(&(run_options){.folder = folder, .environment = environment, .columns = columns},
                 "matrix run trips.yaml --out %s --plugin-dir %s %s", out, plugins, more);

    run_expect(run, 0);
    return run;
}

START_TEST(a_terminal_gets_a_bar_that_goes_away)
{
    run *run = display("bar", 100, NULL, "");

    ck_assert_int_eq(strncmp(run->err, "\r0/6 runs [", 11), 0);
    run_expect_in(run, run->err, " 0 running, 0 failed  ETA -\033[K");
    ck_assert_ptr_null(strstr(run->err, " runs done"));
    const char *last = strrchr(run->err, '\r');
    ck_assert_int_eq(strncmp(last, "\r\033[K6 runs, 6 of them now, in ", 29), 0);
    run_free(run);
}
END_TEST

START_TEST(no_color_leaves_the_bar_alone)
{
    static const char *const environment[] = {"NO_COLOR=1", NULL};
    run *run = display("plain", 100, environment, "");

    ck_assert_int_eq(strncmp(run->err, "\r0/6 runs [", 11), 0);
    for (const char *at = run->err; (at = strstr(at, "\033[")) != NULL; at += 2)
        ck_assert_int_eq(at[2], 'K');
    run_free(run);
}
END_TEST

START_TEST(progress_never_is_silent)
{
    run *run = display("silent", 100, NULL, "--progress never");

    ck_assert_str_eq(run->err, "");
    run_free(run);
}
END_TEST

START_TEST(progress_always_draws_without_a_terminal)
{
    run *run = display("drawn", 0, NULL, "--progress always");

    ck_assert_int_eq(strncmp(run->err, "\r0/6 runs [", 11), 0);
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("matrix in trouble");
    TCase *dead = tcase_create("plug-ins that are the end of their run");
    TCase *stop = tcase_create("signals");
    TCase *others = tcase_create("others");
    TCase *disks = tcase_create("disks");
    TCase *shown = tcase_create("the display");

    tcase_add_test(dead, a_matrix_outlives_its_plugins);
    tcase_add_test(dead, what_crashed_is_done_again_if_one_asks_for_it);
    tcase_add_test(dead, a_parent_that_ignores_its_children_changes_nothing);
    tcase_add_loop_test(stop, a_signal_stops_the_matrix_and_keeps_what_is_stored, 0, 3);
    tcase_add_test(stop, a_second_signal_ends_it_at_once);
    tcase_add_test(stop, a_kill_loses_the_runs_in_flight_alone);
    tcase_add_test(stop, a_kill_ends_what_hangs);
    tcase_add_test(others, a_second_process_in_the_folder_is_code_2);
    tcase_add_test(others, results_can_be_read_while_they_grow);
    tcase_add_loop_test(disks, a_full_disk_is_code_5_and_loses_nothing, 0, 2);
    tcase_add_loop_test(disks, a_folder_that_cannot_be_made_is_code_5, 0, BARRED);
    tcase_add_test(disks, results_can_be_read_where_nothing_can_be_written);
    tcase_add_loop_test(disks, a_file_that_is_no_database_is_code_5_and_left_alone, 0, 3);
    tcase_add_test(disks, a_damaged_database_is_code_5_and_left_alone);
    tcase_add_test(disks, a_full_disk_behind_stdout_is_code_5);
    tcase_add_test(disks, a_reader_that_left_is_code_5_after_the_whole_matrix);
    tcase_add_test(shown, a_terminal_gets_a_bar_that_goes_away);
    tcase_add_test(shown, no_color_leaves_the_bar_alone);
    tcase_add_test(shown, progress_never_is_silent);
    tcase_add_test(shown, progress_always_draws_without_a_terminal);
    TCase *const all[] = {dead, stop, others, disks, shown};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        tcase_add_unchecked_fixture(all[i], make_whole, free_whole);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return harness_run(suite);
}
