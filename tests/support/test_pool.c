/* test_pool.c: every task runs once, whoever runs it. To see that threads really share the work, a
 * task waits until every thread holds one. */
#include "support/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "harness.h"

enum { TASKS = 1000 };

typedef struct tally {
    atomic_int runs[TASKS];
    atomic_int bad_thread;
    int threads;
} tally;

static void count_task(void *context, size_t task, int thread)
{
    tally *all = context;

    atomic_fetch_add(&all->runs[task], 1);
    if (thread < 0 || thread >= all->threads)
        atomic_store(&all->bad_thread, 1);
}

static pool *new_pool(int threads)
{
    plx_error error = {0};
    pool *made = pool_new(threads, &error);

    ck_assert_msg(made != NULL, "%s", error.text);
    return made;
}

START_TEST(each_task_runs_once)
{
    static const int threads[] = {1, 2, 3, 4, 16};
    tally all;
    pool *workers = new_pool(threads[_i]);
    size_t total = 0;

    memset(&all, 0, sizeof(all));
    all.threads = threads[_i];
    pool_run(workers, TASKS, count_task, &all);
    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(all.runs[i], 1);
    ck_assert_int_eq(all.bad_thread, 0);
    ck_assert_int_eq(pool_threads(workers), threads[_i]);
    for (int i = 0; i < threads[_i]; i++)
        total += pool_tasks_run(workers, i);
    ck_assert_uint_eq(total, TASKS);
    pool_free(workers);
}
END_TEST

typedef struct sums {
    int values[8];
    int round;
} sums;

static void set_value(void *context, size_t task, int thread)
{
    sums *all = context;

    all->values[task] = all->round + (int)task;
}

/* Plain (not atomic) data on both sides: a missing happens-before shows under a thread sanitizer,
 * a task left over from the round before shows as a wrong value. */
START_TEST(many_small_runs_follow_each_other)
{
    pool *workers = new_pool(4);
    sums all = {{0}, 0};

    for (all.round = 0; all.round < 3000; all.round++) {
        const size_t count = (size_t)all.round % 9;

        pool_run(workers, count, set_value, &all);
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(all.values[i], all.round + (int)i);
    }
    pool_free(workers);
}
END_TEST

typedef struct meeting {
    pthread_barrier_t barrier;
    atomic_int seen[4];
    int thread_of[8];
} meeting;

static void meet(void *context, size_t task, int thread)
{
    meeting *all = context;

    atomic_fetch_add(&all->seen[thread], 1);
    all->thread_of[task] = thread;
    pthread_barrier_wait(&all->barrier);
}

/* Four tasks that wait for each other can only end on four threads. */
START_TEST(all_threads_work)
{
    pool *workers = new_pool(4);
    meeting all = {.seen = {0}};

    pthread_barrier_init(&all.barrier, NULL, 4);
    pool_run(workers, 4, meet, &all);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(all.seen[i], 1);
        ck_assert_uint_eq(pool_tasks_run(workers, i), 1);
    }
    pthread_barrier_destroy(&all.barrier);
    pool_free(workers);
}
END_TEST

/* Nobody is through before the others, so nobody helps. */
START_TEST(each_thread_has_a_share_of_its_own)
{
    pool *workers = new_pool(4);
    meeting all = {.seen = {0}};

    pthread_barrier_init(&all.barrier, NULL, 4);
    for (int round = 0; round < 100; round++) {
        pool_run(workers, 8, meet, &all);
        for (int task = 0; task < 8; task++)
            ck_assert_int_eq(all.thread_of[task], task / 2);
    }
    pthread_barrier_destroy(&all.barrier);
    pool_free(workers);
}
END_TEST

typedef struct wait_for_others {
    atomic_int others;
    int thread_of_first;
} wait_for_others;

static void wait_in_first(void *context, size_t task, int thread)
{
    wait_for_others *all = context;

    if (task > 0) {
        atomic_fetch_add(&all->others, 1);
        return;
    }
    all->thread_of_first = thread;
    while (atomic_load(&all->others) < 7)
        sched_yield();
}

/* While one is held up by the first task of its share, the other does all of the rest. */
START_TEST(who_is_through_helps)
{
    pool *workers = new_pool(2);
    wait_for_others all = {.others = 0};

    pool_run(workers, 8, wait_in_first, &all);
    ck_assert_uint_eq(pool_tasks_run(workers, 1 - all.thread_of_first), 7);
    pool_free(workers);
}
END_TEST

/* Long after the spinning has ended, so that the workers have to be woken. */
START_TEST(sleeping_threads_wake)
{
    const struct timespec pause = {.tv_nsec = 30 * 1000 * 1000};
    pool *workers = new_pool(4);
    meeting all = {.seen = {0}};

    pthread_barrier_init(&all.barrier, NULL, 4);
    for (int i = 0; i < 3; i++) {
        nanosleep(&pause, NULL);
        pool_run(workers, 4, meet, &all);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(all.seen[i], 3);
    pthread_barrier_destroy(&all.barrier);
    pool_free(workers);
}
END_TEST

static void slow_on_workers(void *context, size_t task, int thread)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    meeting *all = context;

    pthread_barrier_wait(&all->barrier);
    if (thread != 0)
        nanosleep(&pause, NULL);
    atomic_fetch_add(&all->seen[thread], 1);
}

/* The caller runs out of work long before the others, sleeps, and is woken by the last. */
START_TEST(the_caller_waits_for_the_slowest)
{
    pool *workers = new_pool(2);
    meeting all = {.seen = {0}};

    pthread_barrier_init(&all.barrier, NULL, 2);
    pool_run(workers, 2, slow_on_workers, &all);
    ck_assert_int_eq(all.seen[0], 1);
    ck_assert_int_eq(all.seen[1], 1);
    pthread_barrier_destroy(&all.barrier);
    pool_free(workers);
}
END_TEST

static void ask_signals(void *context, size_t task, int thread)
{
    meeting *all = context;
    sigset_t mask;

    pthread_barrier_wait(&all->barrier);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    all->seen[thread] = sigismember(&mask, SIGINT) + 2 * sigismember(&mask, SIGTERM) +
                        4 * sigismember(&mask, SIGSEGV);
}

START_TEST(signals_are_blocked_in_workers_alone)
{
    pool *workers = new_pool(2);
    meeting all = {.seen = {0}};

    pthread_barrier_init(&all.barrier, NULL, 2);
    pool_run(workers, 2, ask_signals, &all);
    ck_assert_int_eq(all.seen[0], 0);
    ck_assert_int_eq(all.seen[1], 3);
    pthread_barrier_destroy(&all.barrier);
    pool_free(workers);
}
END_TEST

START_TEST(a_pool_that_never_ran_is_freed)
{
    pool *workers = new_pool(4);

    ck_assert_uint_eq(pool_tasks_run(workers, 0), 0);
    pool_free(workers);
    pool_free(NULL);
}
END_TEST

START_TEST(a_thread_that_does_not_exist_ran_nothing)
{
    pool *workers = new_pool(1);
    sums all = {{0}, 0};

    pool_run(workers, 3, set_value, &all);
    ck_assert_uint_eq(pool_tasks_run(workers, 0), 3);
    ck_assert_uint_eq(pool_tasks_run(workers, 1), 0);
    ck_assert_uint_eq(pool_tasks_run(workers, -1), 0);
    pool_free(workers);
}
END_TEST

START_TEST(a_wrong_number_of_threads_is_refused)
{
    static const int wrong[] = {-1, 0, 257};
    static const char *const texts[] = {"-1 threads; 1 to 256 are possible",
                                        "0 threads; 1 to 256 are possible",
                                        "257 threads; 1 to 256 are possible"};
    plx_error error = {0};

    ck_assert_ptr_null(pool_new(wrong[_i], &error));
    ck_assert_int_eq(error.code, ERROR_RUN);
    ck_assert_str_eq(error.text, texts[_i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("pool");
    TCase *cases = tcase_create("pool");

    tcase_add_loop_test(cases, each_task_runs_once, 0, 5);
    tcase_add_test(cases, many_small_runs_follow_each_other);
    tcase_add_test(cases, all_threads_work);
    tcase_add_test(cases, each_thread_has_a_share_of_its_own);
    tcase_add_test(cases, who_is_through_helps);
    tcase_add_test(cases, sleeping_threads_wake);
    tcase_add_test(cases, the_caller_waits_for_the_slowest);
    tcase_add_test(cases, signals_are_blocked_in_workers_alone);
    tcase_add_test(cases, a_pool_that_never_ran_is_freed);
    tcase_add_test(cases, a_thread_that_does_not_exist_ran_nothing);
    tcase_add_loop_test(cases, a_wrong_number_of_threads_is_refused, 0, 3);
    suite_add_tcase(all, cases);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
