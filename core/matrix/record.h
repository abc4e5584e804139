/* record.h: what is known of a run once it is over, however it ended. The worker fills it, the
 * store keeps it, the analysis reads it. */
#ifndef MATRIX_RECORD_H
#define MATRIX_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/metrics.h"

typedef enum {
    RUN_COMPLETED,
    RUN_EARLY_STOPPED,
    RUN_DIVERGED,      /* loss, gradient or weight that is not finite                             */
    RUN_CRASHED,       /* its process died of a signal, or something in it ended it               */
    RUN_TIMED_OUT,     /* the limit in seconds                                                    */
    RUN_OUT_OF_MEMORY, /* the limit in bytes                                                      */
    RUN_FAILED,        /* an error: a plug-in's own, data, config                                 */
    RUN_STATUS_COUNT,
} run_status;

/* "completed", "early_stopped", "diverged", "crashed", "timed_out", "out_of_memory", "failed" */
const char *run_status_name(run_status status);
/* The reverse; RUN_STATUS_COUNT for an unknown word. */
run_status run_status_of(const char *name);
/* All but the first two: ranked last. */
bool run_status_is_failure(run_status status);

typedef enum { RUN_TUNE, RUN_UNTUNED, RUN_FINAL, RUN_PHASE_COUNT } run_phase;
const char *run_phase_name(run_phase phase); /* "tune", "untuned", "final"                       */

/* The parts that figures are of. */
typedef enum { RECORD_TEST, RECORD_VALIDATION, RECORD_TRAINING, RECORD_PARTS } record_part;
const char *record_part_prefix(record_part part); /* "test_", "val_", "train_"                   */

/* After an epoch. A value that does not apply is NaN. */
typedef struct run_epoch {
    int64_t epoch, step, evaluations; /* evaluations: of loss and gradient, so far                */
    double train_loss, lr, seconds;   /* seconds: since the run began                             */
    double validation[METRIC_COUNT];
} run_epoch;

typedef struct run_record {
    run_status status;
    int signal;       /* crashed: of which; else 0                                                */
    char reason[512]; /* plain words; "" where there is nothing to say                            */
    int64_t epochs, steps, evaluations;
    int64_t parameters, state_bytes; /* state: the optimizer's slots                              */
    int64_t best_epoch;  /* whose weights were kept, under early stopping; 0: the last */
    int64_t peak_memory; /* bytes                                                     */
    double seconds;
    double train_loss; /* of the last epoch                                   */
    double value[RECORD_PARTS]
                [METRIC_COUNT]; /* of the kept weights; NaN where it does not apply   */
    char weights[65];           /* SHA-256 of the kept weights; "" without any        */
    run_epoch *epoch;           /* the learning curve                                 */
    size_t epoch_count;
} run_record;

/* A figure as a score, more is better: negated where less is; -INFINITY for a run that failed and for a
 * figure that is not finite. And a score back as the figure. */
double run_record_score(const run_record *record, record_part part, metric metric);
double run_score_figure(double score, metric metric);

/* Blank: every figure NaN. */
void run_record_init(run_record *record);
void run_record_clear(run_record *record);

#endif
