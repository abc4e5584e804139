/* pool.h: a small pthread pool. pool_run calls a function for task 0 .. count-1; the calling thread
 * works too. Each thread begins with a share of its own, tasks that follow each other, the same in every
 * run of as many: what a task has left in a cache is found there by the task of the same number. Whoever is
 * through helps the others, so who runs which task is open; tasks must be cut by the problem's shape and
 * never by the number of threads: then the result has the same bits for any number. Waiting threads
 * spin briefly with sched_yield, then sleep. */
#ifndef SUPPORT_POOL_H
#define SUPPORT_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "support/error.h"

typedef struct pool pool;
typedef void pool_task(void *context, size_t task, int thread); /* thread: 0 .. threads-1 */

/* threads 1 .. 256; with 1 no thread is made and pool_run is a plain loop. Signals are blocked in
 * the workers. NULL on failure. */
pool *pool_new(int threads, plx_error *error);
void pool_free(pool *pool);
int pool_threads(const pool *pool);
/* Returns after every task has run. Not reentrant: a task may not call it on the same pool.
 * No allocation, and no system call with one thread. */
void pool_run(pool *pool, size_t count, pool_task *task, void *context);
/* How many tasks each thread has run so far, for tests and the profile. */
size_t pool_tasks_run(const pool *pool, int thread);

#endif
