/* diagnose.h: plain words for a run that goes wrong: why it diverged, and that it does not
 * converge. */
#ifndef TRAIN_DIAGNOSE_H
#define TRAIN_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "train/state.h"

/* "step 37 (epoch 2): the output of layer 1 (activation 'relu') is not finite; the learning rate
 * 10 is probably too high; try a tenth of it". what: what is not finite, without the words "is
 * not finite". lr_matters: the optimizer has stepped before, so that a smaller rate may help. */
void diagnose_divergence(char *out, size_t size, int64_t step, int64_t epoch, const char *what,
                         double lr, bool lr_matters);

/* After each epoch, with its train loss: takes note in the state, and returns true, once in a
 * run, with a warning if the loss has risen by 1 % since the first epoch or, from the fifth on,
 * is still within 1 % of it. */
bool diagnose_progress(train_state *state, double train_loss, double lr, char *out, size_t size);

/* At the end of a run that was warned of and has not fallen since: words for the result; else
 * nothing. */
void diagnose_end(const train_state *state, char *out, size_t size);

#endif
