/* train.h: one training run, from a resolved experiment to a run directory, or in memory, where all
 * that comes of it is its result. The run directory:
 *
 *   config.yaml             the resolved experiment
 *   metrics.jsonl           one object a line: epoch, step, end
 *   model.safetensors       best weights under early stopping, else the last
 *   checkpoint.safetensors  model, slots, counters: what a resume needs, written after each epoch
 *   run.json                versions, plug-in hashes, CPU, seed, wall time, peak memory
 *
 * The caller owns the terminal and the signals: it hands in hooks for progress and a flag that asks
 * for an orderly stop at the next batch. */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/experiment.h"
#include "data/dataset.h"
#include "model/model.h"
#include "plugin/catalog.h"
#include "support/error.h"
#include "support/log.h"
#include "train/breakdown.h"
#include "train/metrics.h"

typedef enum {
    TRAIN_COMPLETED,
    TRAIN_EARLY_STOPPED, /* early stopping, or the optimizer said PLX_DONE                       */
    TRAIN_DIVERGED,
    TRAIN_INTERRUPTED,
} train_status;

const char *train_status_name(train_status status); /* "completed", "early_stopped", ... */

/* What a hook is told. */
typedef struct train_progress {
    int64_t epoch, epochs;  /* from 1                                                           */
    int64_t batch, batches; /* of this epoch, done so far                                       */
    int64_t step;
    double loss; /* running train loss of this epoch                                 */
    double lr;
    int64_t evaluations; /* of loss and gradient so far: steps, and what closures added          */
    double seconds;      /* of this run so far, without what came before a resume            */
    double samples_per_second;
} train_progress;

typedef struct train_epoch {
    train_progress progress;
    double train_loss;
    bool has_validation;
    bool has[METRIC_COUNT]; /* of the validation part                                            */
    double value[METRIC_COUNT];
} train_epoch;

/* Told once, when data and network stand and the run directory is there. */
typedef struct train_begin {
    const char *out;     /* the run directory                                                   */
    int64_t first_epoch; /* 1, or where a resume goes on                                        */
    const char *data;    /* "105 training, 45 test rows, 4 features, 3 classes"                 */
    const char *network; /* "network 4-16-3 (relu, softmax), 131 parameters; cross_entropy
                             (fused); adam, lr 0.01"                                             */
} train_begin;

typedef struct train_hooks {
    void *context;
    void (*begin)(void *context, const train_begin *begin);
    void (*progress)(void *context, const train_progress *progress); /* after each batch          */
    void (*epoch)(void *context, const train_epoch *epoch);
    void (*line)(void *context, const char *json); /* each line of metrics.jsonl as it is written,
                                                      without its newline                        */
    const logger *log;
    const volatile sig_atomic_t *stop; /* non-zero: checkpoint and end as interrupted            */
} train_hooks;

typedef struct train_options {
    const char *out;    /* run directory, absolute; must not exist or be empty                   */
    const char *resume; /* run directory to go on with; then `out` is NULL                       */
    bool in_memory;     /* nothing is written; then both are NULL                                */
    const data_bundle *data;   /* what experiment->data describes, loaded already and borrowed;
                                  NULL: it is loaded                                             */
    double checkpoint_seconds; /* the least time from one epoch's checkpoint to the next: 0: 0.2, so
                                  that syncing the disk stays a small part of tiny epochs; below 0:
                                  one behind each epoch. A stop and the end always write one.    */
    bool profile; /* find out where the time of the steps goes                                   */
} train_options;

typedef struct train_result {
    train_status status;
    char *out;        /* the run directory, NULL in memory; the caller frees                  */
    char reason[512]; /* plain words for diverged and early stopped, else ""                  */
    int64_t epochs, steps;
    int64_t evaluations; /* of closures                                                          */
    int64_t best_epoch;  /* whose weights were kept, under early stopping; else 0                */
    size_t parameters;
    uint64_t state_bytes; /* of the optimizer's slots                                            */
    double train_loss;    /* of the last epoch                                                   */
    double seconds;
    char weights[65]; /* in memory: SHA-256 of the kept weights, tensor by tensor; else ""       */
    /* of the model that was kept, the caller's to free; training only where there is no other
     * part */
    metrics *test, *validation, *training;
    breakdown *profile; /* if it was asked for and a step was taken, else NULL; of this process's
                           steps, evaluations left out; train_result_clear frees it              */
} train_result;

/* Runs. A diverged or interrupted run is a result, not an error (true is returned); false is for
 * all that could not be done: data, plug-in failure, disk. What is written stays readable in
 * either case. */
bool train_run(const experiment *experiment, catalog *catalog, const train_options *options,
               const train_hooks *hooks, train_result *result, plx_error *error);
void train_result_clear(train_result *result);

/* Evaluates a part of data with a model, in the chunks that training's own evaluation uses, so the
 * figures are the same bits: what `plexus eval` does. NULL on failure. */
metrics *train_evaluate(const model *model, const data_part *part, int threads, size_t top_k,
                        plx_error *error);

#endif
