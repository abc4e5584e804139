/* diagnose.c: see diagnose.h. */
#include "train/diagnose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RISING_AFTER = 3, FLAT_AFTER = 5 };

void diagnose_divergence(char *out, size_t size, int64_t step, int64_t epoch, const char *what,
                         double lr, bool lr_matters)
{
    const int n = snprintf(out, size, "step %lld (epoch %lld): %s %s not finite; ", (long long)step,
                           (long long)epoch, what, strstr(what, "activations of") ? "are" : "is");
    const size_t used = n < 0 || (size_t)n >= size ? size - 1 : (size_t)n;

    if (strcmp(what, "the input") == 0)
        snprintf(out + used, size - used, "the data holds values that no network can use");
    else if (lr_matters)
        snprintf(out + used, size - used,
                 "the learning rate %g is probably too high; try a tenth of it", lr);
    else
        snprintf(out + used, size - used,
                 "it happened before the first update, so the inputs or the initial weights are "
                 "probably too large; try data.scale: standard");
}

bool diagnose_progress(train_state *state, double train_loss, double lr, char *out, size_t size)
{
    if (state->epoch == 1)
        state->first_loss = train_loss;
    state->last_loss = train_loss;
    if (state->warned || state->epoch < RISING_AFTER)
        return false;
    const double first = state->first_loss;
    const double margin = 0.01 * fabs(first), start = state->start_loss;
    if (train_loss > start + fabs(start)) {
        snprintf(out, size,
                 "the run isn't converging: the training loss is %.4g after epoch %lld, and was "
                 "%.4g before the first update; the learning rate %g is probably too high",
                 train_loss, (long long)state->epoch, start, lr);
    } else if (train_loss > first + margin) {
        snprintf(out, size,
                 "the run isn't converging: the training loss is %.4g after epoch %lld, above the "
                 "%.4g of epoch 1; the learning rate %g is probably too high",
                 train_loss, (long long)state->epoch, first, lr);
    } else if (state->epoch >= FLAT_AFTER && train_loss > first - margin) {
        snprintf(out, size,
                 "the run isn't converging: after %lld epochs the training loss is %.4g, within 1 "
                 "%% of the %.4g of epoch 1; try another learning rate (it is %g), scaled inputs "
                 "or another activation",
                 (long long)state->epoch, train_loss, first, lr);
    } else {
        return false;
    }
    state->warned = 1;
    return true;
}

void diagnose_end(const train_state *state, char *out, size_t size)
{
    const double first = state->first_loss, last = state->last_loss;

    if (!state->warned || last < first - 0.01 * fabs(first))
        return;
    snprintf(
        out, size,
        "the training loss is %.4g at the end and was %.4g after epoch 1; try another learning "
        "rate, scaled inputs or another activation",
        last, first);
}
