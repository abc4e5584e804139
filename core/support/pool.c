/* pool.c: see pool.h.
 *
 * A run is published by storing, for each thread's share, how many of its tasks are `left`. Whoever can take
 * that from r > 0 to r - 1 owns the task that is r before the share's end: success proves that
 * this run is alive, and it stays alive, with task, context and shares unchanged, until the owner
 * has added its tasks to `finished`; the caller does not leave before finished == count. (A plain
 * fetch-and-add would let a late thread take a number after the run had ended, and then read the
 * fields of the next one.)
 * `runs` is counted up behind that, so that a waiting thread finds its own share there.
 *
 * So the caller waits only for threads that took a task: one that sleeps, or is kept from running
 * by another process, delays nobody, and the caller does its share.
 *
 * Sleeping is the usual pair of flags in sequentially consistent order: a sleeper announces itself
 * and then looks for work, a publisher publishes and then looks for sleepers, so at least one sees
 * the other; the mutex covers the gap between the look and the wait. */
#include "support/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

enum { MOST_THREADS = 256, YIELDS_BEFORE_SLEEP = 1000 };

/* One per thread, a cache line each, so that counting does not move lines between cores. */
typedef struct worker {
    pool *pool;
    pthread_t handle;
    int thread;
    atomic_size_t tasks_run;
    size_t seen;        /* the run it has looked at last                                         */
    size_t end;         /* number of the task behind the last of its share                       */
    atomic_size_t left; /* tasks of the share that nobody has taken                              */
    char line[64 - sizeof(pool *) - sizeof(pthread_t) - sizeof(int) - 4 * sizeof(size_t) - 4];
} worker;

struct pool {
    int threads, started; /* `started` counts the workers to be joined, worker 1 first */
    worker *workers;

    /* the run: written by the caller before any share's `left`, as its end is before its own, read by
     * owners of a task */
    pool_task *task;
    void *context;
    size_t count;
    atomic_size_t runs, finished;

    atomic_int sleepers;
    atomic_bool caller_sleeps, stop;
    pthread_mutex_t mutex;
    pthread_cond_t published, done;
};

static size_t work_on(pool *self, worker *share, int thread)
{
    size_t run = 0;
    size_t left = atomic_load(&share->left);

    while (left > 0) {
        if (!atomic_compare_exchange_weak(&share->left, &left, left - 1))
            continue;
        self->task(self->context, share->end - left, thread);
        run++;
        left = atomic_load(&share->left);
    }
    return run;
}

/* Runs the tasks of its own share, then those of the others', until none is left; returns how many. */
static size_t work(pool *self, int thread)
{
    size_t run = 0;

    for (int i = 0; i < self->threads; i++)
        run += work_on(self, &self->workers[(thread + i) % self->threads], thread);
    if (run > 0)
        atomic_fetch_add_explicit(&self->workers[thread].tasks_run, run, memory_order_relaxed);
    return run;
}

static bool has_news(const worker *me)
{
    return atomic_load(&me->pool->runs) != me->seen || atomic_load(&me->pool->stop);
}

static void wait_for_news(worker *me)
{
    pool *self = me->pool;

    for (int i = 0; i < YIELDS_BEFORE_SLEEP; i++) {
        if (has_news(me))
            return;
        sched_yield();
    }
    pthread_mutex_lock(&self->mutex);
    atomic_fetch_add(&self->sleepers, 1);
    while (!has_news(me))
        pthread_cond_wait(&self->published, &self->mutex);
    atomic_fetch_sub(&self->sleepers, 1);
    pthread_mutex_unlock(&self->mutex);
}

/* After the addition the caller may be gone and begin the next run; the pool itself stays, as
 * pool_free joins the workers. */
static void report_finished(pool *self, size_t run)
{
    atomic_fetch_add(&self->finished, run);
    if (atomic_load(&self->caller_sleeps)) {
        pthread_mutex_lock(&self->mutex);
        pthread_cond_signal(&self->done);
        pthread_mutex_unlock(&self->mutex);
    }
}

static void *worker_main(void *argument)
{
    worker *me = argument;
    pool *self = me->pool;

    while (!atomic_load(&self->stop)) {
        wait_for_news(me);
        me->seen = atomic_load(&self->runs);
        const size_t run = work(self, me->thread);
        if (run > 0)
            report_finished(self, run);
    }
    return NULL;
}

static void wait_for_finish(pool *self)
{
    for (int i = 0; i < YIELDS_BEFORE_SLEEP; i++) {
        if (atomic_load(&self->finished) == self->count)
            return;
        sched_yield();
    }
    pthread_mutex_lock(&self->mutex);
    atomic_store(&self->caller_sleeps, true);
    while (atomic_load(&self->finished) != self->count)
        pthread_cond_wait(&self->done, &self->mutex);
    atomic_store(&self->caller_sleeps, false);
    pthread_mutex_unlock(&self->mutex);
}

static void wake(pool *self)
{
    pthread_mutex_lock(&self->mutex);
    pthread_cond_broadcast(&self->published);
    pthread_mutex_unlock(&self->mutex);
}

static void run_alone(pool *self, size_t count, pool_task *task, void *context)
{
    for (size_t i = 0; i < count; i++)
        task(context, i, 0);
    atomic_fetch_add_explicit(&self->workers[0].tasks_run, count, memory_order_relaxed);
}

static void publish(pool *self)
{
    const size_t threads = (size_t)self->threads;
    size_t begin = 0;

    for (size_t i = 0; i < threads; i++) {
        const size_t end = self->count * (i + 1) / threads;
        self->workers[i].end = end;
        atomic_store(&self->workers[i].left, end - begin);
        begin = end;
    }
    atomic_fetch_add(&self->runs, 1);
}

void pool_run(pool *self, size_t count, pool_task *task, void *context)
{
    if (self->threads == 1 || count <= 1) {
        run_alone(self, count, task, context);
        return;
    }
    self->task = task;
    self->context = context;
    self->count = count;
    atomic_store(&self->finished, 0);
    publish(self);
    if (atomic_load(&self->sleepers) > 0)
        wake(self);
    atomic_fetch_add(&self->finished, work(self, 0));
    wait_for_finish(self);
}

/* Starts the workers with the process's signals blocked: they belong to the main thread. Those a
 * fault raises in the thread itself stay open. 0 or an errno. */
static int start_workers(pool *self)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t blocked, before;
    int failure = 0;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    while (failure == 0 && self->started < self->threads - 1) {
        worker *next = &self->workers[self->started + 1];
        failure = pthread_create(&next->handle, NULL, worker_main, next);
        if (failure == 0)
            self->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

pool *pool_new(int threads, plx_error *error)
{
    if (threads < 1 || threads > MOST_THREADS) {
        error_set(error, ERROR_RUN, "%d threads; 1 to %d are possible", threads, MOST_THREADS);
        return NULL;
    }
    pool *self = memory_array(1, sizeof(*self));
    if (self == NULL || (self->workers = memory_aligned((size_t)threads, sizeof(worker))) == NULL) {
        free(self);
        error_memory(error);
        return NULL;
    }
    self->threads = threads;
    pthread_mutex_init(&self->mutex, NULL);
    pthread_cond_init(&self->published, NULL);
    pthread_cond_init(&self->done, NULL);
    for (int i = 0; i < threads; i++) {
        self->workers[i].pool = self;
        self->workers[i].thread = i;
    }
    const int failure = start_workers(self);
    if (failure != 0) {
        error_set(error, ERROR_RUN, "cannot start thread %d of %d: %s; fewer threads may do",
                  self->started + 2, threads, strerror(failure));
        pool_free(self);
        return NULL;
    }
    return self;
}

void pool_free(pool *self)
{
    if (self == NULL)
        return;
    atomic_store(&self->stop, true);
    wake(self);
    for (int i = 1; i <= self->started; i++)
        pthread_join(self->workers[i].handle, NULL);
    pthread_cond_destroy(&self->done);
    pthread_cond_destroy(&self->published);
    pthread_mutex_destroy(&self->mutex);
    free(self->workers);
    free(self);
}

int pool_threads(const pool *self)
{
    return self->threads;
}

size_t pool_tasks_run(const pool *self, int thread)
{
    if (thread < 0 || thread >= self->threads)
        return 0;
    return atomic_load_explicit(&self->workers[thread].tasks_run, memory_order_relaxed);
}
