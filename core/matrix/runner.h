/* runner.h: does the runs of a plan that are not done yet, as many at a time as there are workers, each
 * in a process of its own, and stores what they come to. One process writes the results; a run is there
 * whole or not at all, so the runner may be killed at any moment and started again: at most the
 * runs in flight are lost, and none that was stored is done again. Adding to the matrix file runs what is
 * new; a plug-in, data or a config that changed make other runs of theirs. */
#ifndef MATRIX_RUNNER_H
#define MATRIX_RUNNER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "matrix/plan.h"
#include "support/error.h"
#include "support/log.h"

typedef struct runner_progress {
    size_t all, done; /* runs of the plan; those that are stored, earlier ones included          */
    size_t failed;    /* of these                                                                */
    size_t running;
    double seconds; /* since the runner began                                                  */
    double left;    /* seconds; below 0: unknown                                               */
    const char *leader; /* the treatment with the best mean so far, over final runs; NULL: none  */
    double leader_mean;
    metric_name_at leader_metric;
} runner_progress;

typedef struct runner_hooks {
    void *context;
    /* After each run, and now and then while none ends. */
    void (*progress)(void *context, const runner_progress *progress);
    const logger *log;
    const volatile sig_atomic_t *stop; /* non-zero: ends, with what is stored                    */
} runner_hooks;

typedef struct runner_options {
    const char *folder; /* for the results, absolute                                             */
    size_t workers;     /* at least 1                                                            */
    bool retry;         /* do again what crashed, was killed or failed with an error             */
} runner_options;

typedef enum { RUNNER_COMPLETED, RUNNER_STOPPED, RUNNER_OUT_OF_TIME } runner_outcome;

typedef struct runner_result {
    runner_outcome outcome;
    size_t all, done, failed;
    size_t ran; /* of the done, by this call                                                     */
    double seconds;
} runner_result;

/* ERROR_USAGE if another process runs in the folder, ERROR_DATA for its disk, ERROR_RUN if there can be no
 * further process; what was stored before the failure stays. */
bool runner_run(plan *plan, const runner_options *options, const runner_hooks *hooks,
                runner_result *result, plx_error *error);

/* How many processors this process may use. */
size_t runner_processors(void);

#endif
