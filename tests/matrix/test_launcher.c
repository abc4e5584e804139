/* test_launcher.c: runs that another process starts: what they come to, how many there are room for, and
 * who dies with whom. */
#include "matrix/launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "matrix/job.h"
#include "planned.h"
#include "support/memory.h"

enum { SLOTS = 4, EPOCHS = 3 /* of PLANNED_XOR */, STEPS = 9 };

#define FEW "axes: {optimizer: [sgd, crasher, adam, hanger]}\nprotocol: {final: {seeds: 1}}\n"
enum { SGD, CRASHER, ADAM, HANGER }; /* cells, and runs                                          */

typedef struct stage {
    char *folder;
    planned *planned;
    launcher *launcher;
    plx_error error;
} stage;

static stage set_up_for(const char *rest, size_t slots, size_t most)
{
    stage made = {.folder = harness_memory_folder()};
    char *text = memory_format("%s%s", PLANNED_XOR, rest);

    made.planned = planned_expect(made.folder, text);
    made.launcher = launcher_start(made.planned->plan, slots, most, &made.error);
    ck_assert_msg(made.launcher != NULL, "%s", made.error.text);
    free(text);
    return made;
}

static stage set_up(const char *rest, size_t slots)
{
    return set_up_for(rest, slots, slots);
}

static void tear_down(stage *stage)
{
    launcher_stop(stage->launcher);
    planned_free(stage->planned);
    free(stage->folder);
}

static launcher_order order_of(const stage *stage, size_t run)
{
    return (launcher_order){.run = plan_run_at(stage->planned->plan, run), .epochs = EPOCHS};
}

static void order(stage *stage, size_t slot, size_t run)
{
    const launcher_order order = order_of(stage, run);

    ck_assert_msg(launcher_run(stage->launcher, slot, &order, &stage->error), "%s",
                  stage->error.text);
}

/* Waits for an end. */
static launcher_end next(stage *stage)
{
    launcher_end end;

    do
        ck_assert_msg(launcher_next(stage->launcher, 60000, &end, &stage->error), "%s",
                      stage->error.text);
    while (end.slot == SIZE_MAX);
    return end;
}

/* The only child of a process; fails where there is none. */
static pid_t child_of(pid_t parent)
{
    char path[64];
    long child = 0;

    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%ld", &child), 1);
    fclose(file);
    return (pid_t)child;
}

/* ---- what runs come to ----------------------------------------------------------------------- */

/* The same as where it is started from here, curve and all. */
START_TEST(a_run_comes_to_what_it_comes_to_anywhere)
{
    stage stage = set_up(FEW, SLOTS);
    experiment *experiment = planned_experiment(stage.planned, ADAM);
    const data_bundle *data = plan_data(stage.planned->plan, experiment, &stage.error);
    job *job = job_start(experiment, data, stage.planned->catalog, &(sandbox_limits){.seconds = 60},
                         NULL, 0, &stage.error);
    sandbox_child *child = job_child(job);
    run_record here;

    while (!sandbox_is_over(child))
        sandbox_attend(&child, 1, -1);
    ck_assert(job_finish(job, &here, &stage.error));
    order(&stage, 2, ADAM);
    launcher_end there = next(&stage);
    ck_assert_uint_eq(there.slot, 2);
    ck_assert_int_eq(there.record.status, RUN_COMPLETED);
    ck_assert_str_eq(there.record.weights, here.weights);
    ck_assert_int_eq(there.record.steps, STEPS);
    ck_assert_uint_eq(there.record.epoch_count, EPOCHS);
    for (size_t i = 0; i < EPOCHS; i++)
        ck_assert(there.record.epoch[i].train_loss == here.epoch[i].train_loss);
    run_record_clear(&here);
    run_record_clear(&there.record);
    tear_down(&stage);
}
END_TEST

START_TEST(each_end_is_told_with_its_slot)
{
    stage stage = set_up(FEW, SLOTS);
    static const run_status expected[] = {RUN_COMPLETED, RUN_CRASHED, RUN_COMPLETED};
    unsigned seen = 0;

    for (size_t i = 0; i < 3; i++)
        order(&stage, i, i);
    for (size_t i = 0; i < 3; i++) {
        launcher_end end = next(&stage);
        ck_assert_uint_lt(end.slot, 3);
        ck_assert_int_eq(end.record.status, expected[end.slot]);
        if (end.slot == CRASHER)
            ck_assert_str_eq(end.record.reason, "died of SIGSEGV in step 3");
        seen |= 1u << end.slot;
        run_record_clear(&end.record);
    }
    ck_assert_uint_eq(seen, 7);
    tear_down(&stage);
}
END_TEST

/* One that waits is told nothing, and goes on. */
START_TEST(a_slot_can_be_used_again_beside_one_that_hangs)
{
    stage stage = set_up(FEW, 2);
    launcher_end end;

    order(&stage, 0, HANGER);
    for (size_t i = 0; i < 5; i++) {
        order(&stage, 1, SGD);
        end = next(&stage);
        ck_assert_uint_eq(end.slot, 1);
        run_record_clear(&end.record);
    }
    ck_assert(launcher_next(stage.launcher, 10, &end, &stage.error));
    ck_assert_uint_eq(end.slot, SIZE_MAX);
    tear_down(&stage);
}
END_TEST

START_TEST(runs_begin_in_the_order_in_which_they_were_asked_for)
{
    static const size_t slot[] = {2, 0, 3, 1};
    stage stage = set_up_for(FEW, SLOTS, 1);

    for (size_t i = 0; i < SLOTS; i++)
        order(&stage, slot[i], i % 2 == 0 ? SGD : ADAM);
    for (size_t i = 0; i < SLOTS; i++) {
        launcher_end end = next(&stage);
        ck_assert_uint_eq(end.slot, slot[i]);
        run_record_clear(&end.record);
    }
    tear_down(&stage);
}
END_TEST

START_TEST(no_more_run_at_a_time_than_was_said)
{
    stage stage = set_up_for(FEW, 2, 1);
    launcher_end end;

    order(&stage, 0, HANGER);
    order(&stage, 1, SGD);
    ck_assert(launcher_next(stage.launcher, 200, &end, &stage.error));
    ck_assert_uint_eq(end.slot, SIZE_MAX);
    tear_down(&stage);
}
END_TEST

/* Else it would write beyond its board. */
START_TEST(a_run_that_is_longer_than_was_said_fails)
{
    stage stage = set_up(FEW, SLOTS);
    launcher_order shorter = order_of(&stage, SGD);

    shorter.epochs = EPOCHS - 1;
    ck_assert(launcher_run(stage.launcher, 0, &shorter, &stage.error));
    launcher_end end = next(&stage);
    ck_assert_int_eq(end.record.status, RUN_FAILED);
    ck_assert_str_eq(end.record.reason, "the experiment is longer than the one that was asked for");
    run_record_clear(&end.record);
    tear_down(&stage);
}
END_TEST

/* ---- room ------------------------------------------------------------------------------------ */

static void allow_descriptors(rlim_t count)
{
    const struct rlimit most = {count, count};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &most), 0);
}

/* Each takes three descriptors: not all find room at a time. */
START_TEST(runs_without_room_wait_for_others)
{
    enum { MANY = 32 };
    static const char many[] = "protocol: {final: {seeds: 32}}\n";

    allow_descriptors(24);
    stage stage = set_up(many, MANY);
    for (size_t i = 0; i < MANY; i++)
        order(&stage, i, i);
    for (size_t i = 0; i < MANY; i++) {
        launcher_end end = next(&stage);
        ck_assert_int_eq(end.record.status, RUN_COMPLETED);
        run_record_clear(&end.record);
    }
    tear_down(&stage);
}
END_TEST

/* Who asks for an end is told, and who orders another run. */
START_TEST(without_room_for_one_there_is_an_error)
{
    stage stage = set_up(FEW, SLOTS);
    const launcher_order late = order_of(&stage, SGD);
    const struct rlimit few = {5, 5};
    launcher_end end;

    ck_assert_int_eq(prlimit(child_of(getpid()), RLIMIT_NOFILE, &few, NULL), 0);
    order(&stage, 0, SGD);
    while (_i == 0 && launcher_next(stage.launcher, 60000, &end, &stage.error))
        ck_assert_uint_eq(end.slot, SIZE_MAX);
    while (_i == 1 && launcher_run(stage.launcher, 1, &late, &stage.error))
        continue;
    ck_assert_int_eq(stage.error.code, ERROR_RUN);
    ck_assert_str_eq(stage.error.text, "no child process: Too many open files");
    tear_down(&stage);
}
END_TEST

/* ---- who dies with whom ---------------------------------------------------------------------- */

static void expect_no_child(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
    ck_assert_int_eq(errno, ECHILD);
}

/* Orphans would come to this process. */
START_TEST(a_launcher_that_is_stopped_leaves_nothing)
{
    stage stage = set_up(FEW, 2);

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    order(&stage, 0, HANGER);
    order(&stage, 1, SGD);
    launcher_end end = next(&stage);
    run_record_clear(&end.record);
    tear_down(&stage);
    expect_no_child();
}
END_TEST

START_TEST(a_launcher_that_is_killed_is_told_and_takes_its_runs_with_it)
{
    stage stage = set_up(FEW, 2);
    const launcher_order late = order_of(&stage, SGD);
    launcher_end end;
    int status;

    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    order(&stage, 0, HANGER);
    order(&stage, 1, SGD);
    end = next(&stage);
    run_record_clear(&end.record);
    const pid_t launcher = child_of(getpid()), run = child_of(launcher);
    kill(launcher, SIGKILL);
    if (_i == 0)
        ck_assert(!launcher_next(stage.launcher, 60000, &end, &stage.error));
    while (_i == 1 && launcher_run(stage.launcher, 1, &late, &stage.error))
        continue;
    ck_assert_int_eq(stage.error.code, ERROR_RUN);
    ck_assert_str_eq(stage.error.text, "the process that starts the runs died of SIGKILL; what is "
                                       "stored stays, and the same command goes on");
    tear_down(&stage);
    ck_assert_int_eq(waitpid(run, &status, 0), run);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    expect_no_child();
}
END_TEST

/* Ctrl-C is a signal to the group of whoever was started in the terminal. */
START_TEST(neither_launcher_nor_runs_are_in_this_group)
{
    stage stage = set_up(FEW, 1);

    order(&stage, 0, HANGER);
    const pid_t launcher = child_of(getpid());
    ck_assert_int_eq(getpgid(launcher), launcher);
    tear_down(&stage);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/launcher");
    TCase *t = tcase_create("launcher");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_run_comes_to_what_it_comes_to_anywhere);
    tcase_add_test(t, each_end_is_told_with_its_slot);
    tcase_add_test(t, a_slot_can_be_used_again_beside_one_that_hangs);
    tcase_add_test(t, runs_begin_in_the_order_in_which_they_were_asked_for);
    tcase_add_test(t, no_more_run_at_a_time_than_was_said);
    tcase_add_test(t, a_run_that_is_longer_than_was_said_fails);
    tcase_add_test(t, runs_without_room_wait_for_others);
    tcase_add_loop_test(t, without_room_for_one_there_is_an_error, 0, 2);
    tcase_add_test(t, a_launcher_that_is_stopped_leaves_nothing);
    tcase_add_loop_test(t, a_launcher_that_is_killed_is_told_and_takes_its_runs_with_it, 0, 2);
    tcase_add_test(t, neither_launcher_nor_runs_are_in_this_group);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
