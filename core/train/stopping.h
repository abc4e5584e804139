/* stopping.h: early stopping. Watches one figure of each epoch and says whether it is the best
 * so far and whether the patience has run out. */
#ifndef TRAIN_STOPPING_H
#define TRAIN_STOPPING_H

#include <stdbool.h>

#include "config/experiment.h"
#include "support/error.h"
#include "train/metrics.h"
#include "train/state.h"

typedef struct stopping {
    const stopping_config *config;
    bool watch_train; /* the train loss; else a figure of the validation part                    */
    metric metric;
} stopping;

/* Works out what the monitor names. `validation` is what the validation part is measured with,
 * or NULL if there is none; a figure that does not apply is refused with those that do.
 * ERROR_CONFIG. */
bool stopping_init(stopping *stopping, const stopping_config *config, const metrics *validation,
                   plx_error *error);
/* After an epoch (from 1). Returns true if its weights are the best so far; state->stopping_stop
 * becomes 1 when `patience` epochs have brought nothing better. */
bool stopping_epoch(const stopping *stopping, double value, int64_t epoch, train_state *state);

#endif
