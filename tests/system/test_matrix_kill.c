/* A matrix that is killed again and again, by SIGKILL, and then run to its end: it comes to what an
 * undisturbed one comes to, does nothing twice, and leaves no process and no file behind.
 *
 * A tenth of the kills comes some milliseconds after the start, while the program plans; a tenth while
 * it writes the report; the others while runs are in flight: the program is stopped when a number of
 * further runs is stored, when the database's log changes (which is in the midst of a commit), or some
 * milliseconds after the first run began, and killed if there are runs then. There are 100 kills, or
 * as many as the first argument says:
 *     build/tests/system/test_matrix_kill 1000 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../cli/run.h"
#include "../cli/sample.h"
#include "harness.h"

static int kills = 100;

/* 18 cells, 72 tuning runs, 360 final ones. */
static const char matrix[] = "set: {train.epochs: 10}\n"
                             "axes:\n"
                             "  hidden_activation: [tanh, relu, sigmoid]\n"
                             "  loss: [mse, cross_entropy]\n"
                             "  optimizer: [sgd, {name: adam, lr: {log: [0.001, 0.1]}}, rmsprop]\n"
                             "protocol:\n"
                             "  tune: {sampler: random, trials: 6, seeds: 2}\n"
                             "  final: {seeds: 20}\n";
enum { PLANNED = 72 + 360, PATIENCE = 600 /* seconds for a sitting */ };

/* ---- what is stored -------------------------------------------------------------------------- */

static bool ask(const char *folder, const char *sql, char **answer)
{
    char *path = sample_path(folder, "results.sqlite");
    sqlite3_stmt *statement = NULL;
    sqlite3 *db = NULL;

    bool good = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                sqlite3_busy_timeout(db, 10000) == SQLITE_OK &&
                sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    const unsigned char *text = good ? sqlite3_column_text(statement, 0) : NULL;
    if (answer != NULL)
        *answer = strdup(text == NULL ? "" : (const char *)text);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    free(path);
    return good;
}

/* 0 where there is no database yet. */
static int count_stored(const char *folder)
{
    char *answer = NULL;

    ask(folder, "SELECT count(*) FROM runs", &answer);
    const int count = atoi(answer);
    free(answer);
    return count;
}

/* A line a run in the order they were stored, with what would be another if it was done again. */
static char *list_stored(const char *folder)
{
    char *answer = NULL;

    ask(folder,
        "SELECT group_concat(line, '') FROM (SELECT id || ' ' || identity || ' ' || started || ' ' "
        "|| seconds || char(10) AS line FROM runs ORDER BY id)",
        &answer);
    return answer;
}

/* ---- a sitting ------------------------------------------------------------------------------- */

typedef struct stage {
    char *folder, *out; /* of the results: out                                                   */
    char *stored;       /* list_stored at the end of the last sitting                            */
    int killed, in_flight;
    unsigned random;
} stage;

static unsigned draw(stage *stage, unsigned below)
{
    stage->random = stage->random * 1664525u + 1013904223u;
    return (stage->random >> 8) % below;
}

static run *sit_down(const stage *stage)
{
    return run_start(&(run_options){.folder = stage->folder, .patience = PATIENCE},
                     "matrix run killed.yaml --workers 2 --out %s", stage->out);
}

/* How many children a process has; those that ended and were not waited for count. *last: one of them. */
static int count_children(pid_t parent, pid_t *last)
{
    DIR *list = opendir("/proc");
    int count = 0;

    ck_assert_ptr_nonnull(list);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        char path[64], state[512];
        long owner = 0;
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof(path), "/proc/%.20s/stat", entry->d_name);
        FILE *file = fopen(path, "re");
        const bool read = file != NULL && fgets(state, sizeof(state), file) != NULL;
        if (file != NULL)
            fclose(file);
        const char *behind = read ? strrchr(state, ')') : NULL; /* of the name                    */
        if (behind == NULL || sscanf(behind, ") %*c %ld", &owner) != 1 || owner != parent)
            continue;
        *last = (pid_t)atol(entry->d_name);
        count++;
    }
    closedir(list);
    return count;
}

/* The process that starts the runs: the only child of the program. 0: there is none. */
static pid_t find_launcher(const run *run)
{
    pid_t launcher = 0;

    return count_children(run->pid, &launcher) > 0 ? launcher : 0;
}

static int count_runs(const run *run)
{
    const pid_t launcher = find_launcher(run);
    pid_t last;

    return launcher == 0 ? 0 : count_children(launcher, &last);
}

/* It has still to be waited for. */
static bool has_ended(const run *run)
{
    siginfo_t how = {0};

    return waitid(P_PID, (id_t)run->pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           how.si_pid == run->pid;
}

/* 'T' for a process that is stopped; 0 for none. */
static char state_of(pid_t process)
{
    char path[64], state[512], letter = 0;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)process);
    FILE *file = fopen(path, "re");
    const bool read = file != NULL && fgets(state, sizeof(state), file) != NULL;
    const char *behind = read ? strrchr(state, ')') : NULL;
    if (behind != NULL)
        sscanf(behind, ") %c", &letter);
    if (file != NULL)
        fclose(file);
    return letter;
}

/* Stops the program, then what starts its runs, so that none of these is put away; false if it has ended. */
static bool stop(const run *run)
{
    siginfo_t how = {0};

    kill(run->pid, SIGSTOP);
    while (waitid(P_PID, (id_t)run->pid, &how, WSTOPPED | WEXITED | WNOWAIT) != 0)
        ck_assert_int_eq(errno, EINTR);
    const pid_t launcher = how.si_code == CLD_STOPPED ? find_launcher(run) : 0;
    if (launcher != 0)
        kill(launcher, SIGSTOP);
    while (launcher != 0 && strchr("TZ", state_of(launcher)) == NULL)
        usleep(100);
    return how.si_code == CLD_STOPPED;
}

static void go_on(const run *run)
{
    const pid_t launcher = find_launcher(run);

    if (launcher != 0)
        kill(launcher, SIGCONT);
    kill(run->pid, SIGCONT);
}

static void kill_now(stage *stage, run *run)
{
    stage->in_flight += count_runs(run) > 0;
    kill(run->pid, SIGKILL);
    run_finish(run);
    if (run->signal == SIGKILL)
        stage->killed++;
    else
        run_expect(run, 0);
}

/* What holds after each sitting, however it ended. */
static void stand_up(stage *stage, run *run)
{
    char *sound = NULL, *stored = NULL;

    run_free(run);
    run_expect_no_process(stage->out);
    if (ask(stage->out, "PRAGMA integrity_check", &sound))
        ck_assert_str_eq(sound, "ok");
    else
        ck_assert_str_eq(stage->stored, "");
    stored = list_stored(stage->out);
    ck_assert_msg(strncmp(stored, stage->stored, strlen(stage->stored)) == 0,
                  "stored runs are not what they were");
    free(sound);
    free(stage->stored);
    stage->stored = stored;
}

/* ---- when it is killed ----------------------------------------------------------------------- */

static void kill_soon(stage *stage)
{
    run *run = sit_down(stage);

    usleep(1000 * draw(stage, 40));
    stop(run);
    kill_now(stage, run);
    stand_up(stage, run);
}

/* The log's size and time, or 0. */
static struct stat look_at_log(const stage *stage)
{
    char *path = sample_path(stage->out, "results.sqlite-wal");
    struct stat status = {0};

    if (stat(path, &status) != 0)
        memset(&status, 0, sizeof(status));
    free(path);
    return status;
}

static void wait_for_log(const stage *stage, const run *run)
{
    const struct stat before = look_at_log(stage);
    struct stat now = before;

    while (!has_ended(run) && now.st_size == before.st_size &&
           now.st_mtim.tv_sec == before.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == before.st_mtim.tv_nsec) {
        usleep(50);
        now = look_at_log(stage);
    }
}

static void wait_for_stored(const stage *stage, const run *run, int count)
{
    while (!has_ended(run) && count_stored(stage->out) < count)
        usleep(2000);
}

/* Until it is stopped with runs in flight. */
static void kill_in_flight(stage *stage)
{
    const int before = count_stored(stage->out);
    const unsigned kind = draw(stage, 3);
    run *run = sit_down(stage);

    if (kind == 0) {
        wait_for_stored(stage, run, before + 1 + (int)draw(stage, 4));
    } else if (kind == 1) {
        const unsigned changes = 2 + draw(stage, 4);
        for (unsigned i = 0; i < changes; i++)
            wait_for_log(stage, run);
    } else {
        while (!has_ended(run) && count_runs(run) == 0)
            usleep(500);
        usleep(1000 * draw(stage, 10));
    }
    while (stop(run) && count_runs(run) == 0) {
        go_on(run);
        usleep(500);
    }
    kill_now(stage, run);
    stand_up(stage, run);
}

/* All runs are done. */
static void kill_in_report(stage *stage)
{
    run *run = sit_down(stage);

    run_wait_for_err(run, "nothing to do");
    usleep(1000 * draw(stage, 30));
    stop(run);
    kill_now(stage, run);
    stand_up(stage, run);
}

/* To its end: `left` runs are done. */
static void run_to_the_end(stage *stage, int left)
{
    run *run = sit_down(stage);
    char *expected = NULL;

    run_finish(run);
    run_expect(run, 0);
    if (left == 0)
        ck_assert_int_gt(
            asprintf(&expected, "nothing to do: all %d runs are done, 0 of them failed", PLANNED),
            0);
    else
        ck_assert_int_gt(asprintf(&expected, "%d runs, %d of them now, in ", PLANNED, left), 0);
    run_expect_in(run, run->err, expected);
    free(expected);
    stand_up(stage, run);
}

START_TEST(a_killed_matrix_comes_to_the_same_end)
{
    stage stage = {.folder = harness_memory_folder(), .stored = strdup(""), .random = 1};
    const int few = kills / 10;

    stage.out = sample_path(stage.folder, "killed");
    sample_matrix(stage.folder, "killed", matrix);
    run_well(&(run_options){.folder = stage.folder, .patience = PATIENCE},
             "matrix run killed.yaml --out whole");
    for (int i = 0; i < kills - few; i++)
        if (i % 9 == 0 && i / 9 < few)
            kill_soon(&stage);
        else
            kill_in_flight(&stage);
    const int stored = count_stored(stage.out);
    ck_assert_int_lt(stored, PLANNED);
    run_to_the_end(&stage, PLANNED - stored);
    for (int i = 0; i < few; i++)
        kill_in_report(&stage);
    run_to_the_end(&stage, 0);

    sample_same_results(stage.folder, "killed", "whole");
    ck_assert_int_eq(count_stored(stage.out), PLANNED);
    ck_assert_uint_eq(sample_count(stage.out), 2);
    fprintf(stderr, "%d kills, %d with runs in flight; %d of %d runs stored by killed sittings\n",
            stage.killed, stage.in_flight, stored, PLANNED);
    ck_assert_int_ge(stage.in_flight * 5, kills * 4);
    free(stage.stored);
    free(stage.out);
    free(stage.folder);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("matrix under SIGKILL");
    TCase *all = tcase_create("SIGKILL");

    if (argc > 1)
        kills = atoi(argv[1]);
    tcase_set_timeout(all, 60 + 10 * kills);
    tcase_add_test(all, a_killed_matrix_comes_to_the_same_end);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
