/* state.h: where a run stands, apart from weights and slots: every number a resume needs to go
 * on as if nothing had happened. The checkpoint stores each member by name. */
#ifndef TRAIN_STATE_H
#define TRAIN_STATE_H

#include <stdint.h>

typedef struct train_state {
    int64_t epoch; /* whole epochs done                                                          */
    int64_t batch; /* batches done of the epoch at hand                                          */
    int64_t step;  /* steps done in all                                                          */
    int64_t evaluations;
    int64_t log_offset; /* bytes of metrics.jsonl that belong to this state                      */
    int64_t done;       /* 1: the optimizer reported convergence                                 */
    int64_t finished;   /* 0: not yet; else 1 + the train_status it ended with                   */
    double loss_sum, weight_sum; /* of the batches of the epoch at hand                          */
    double last_loss;            /* train loss of the last whole epoch                           */
    double seconds;              /* wall time so far                                             */
    double epoch_seconds;        /* training time of the epoch at hand                           */
    double plateau_factor, plateau_best;
    int64_t plateau_waited;
    double stopping_best; /* early stopping: the best watched value, NaN while there is none     */
    int64_t stopping_epoch, stopping_waited, stopping_stop;
    double start_loss; /* for the diagnosis: loss of the first batch, before any update           */
    double first_loss; /* for the diagnosis: train loss of the first epoch                       */
    int64_t warned;    /* it has been said that the run does not converge                        */
} train_state;

#endif
