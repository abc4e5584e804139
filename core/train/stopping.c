/* stopping.c: see stopping.h. An epoch is better if it beats the best value by more than
 * min_delta; NaN never does. Until a value that is a number has been seen, each epoch counts as
 * the best. */
#include "train/stopping.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/text.h"

enum { MOST_NAMES = METRIC_COUNT + 1, NAME = 40 };

/* The names that can be watched here. */
static size_t monitors(const metrics *validation, char name[MOST_NAMES][NAME])
{
    size_t count = 0;
    double value;

    for (int m = 0; validation != NULL && m < METRIC_COUNT; m++) {
        if (!metrics_value(validation, (metric)m, &value))
            continue;
        strcpy(name[count], "val_");
        strncat(name[count++], metric_name((metric)m), NAME - 5);
    }
    strcpy(name[count++], "train_loss");
    return count;
}

static bool refuse(const stopping_config *config, char name[MOST_NAMES][NAME], size_t count,
                   plx_error *error)
{
    const char *candidate[MOST_NAMES];
    text list = {0};

    for (size_t i = 0; i < count; i++) {
        candidate[i] = name[i];
        text_addf(&list, "%s%s", i == 0 ? "" : ", ", name[i]);
    }
    const char *nearest = text_nearest(config->monitor, candidate, count);
    error_at(error, ERROR_CONFIG, config->at,
             "early stopping cannot watch '%s' here;%s%s%s it can watch %s", config->monitor,
             nearest == NULL ? "" : " did you mean '", nearest == NULL ? "" : nearest,
             nearest == NULL ? "" : "'?", list.failed ? "less" : list.bytes);
    free(list.bytes);
    return false;
}

bool stopping_init(stopping *stopping, const stopping_config *config, const metrics *validation,
                   plx_error *error)
{
    char name[MOST_NAMES][NAME];

    stopping->config = config;
    stopping->watch_train = true;
    stopping->metric = METRIC_LOSS;
    if (!config->on)
        return true;
    const size_t count = monitors(validation, name);
    stopping->watch_train = strcmp(config->monitor, "train_loss") == 0;
    if (stopping->watch_train)
        return true;
    for (size_t i = 0; i < count; i++)
        if (strcmp(name[i], config->monitor) == 0) {
            for (int m = 0; m < METRIC_COUNT; m++)
                if (strcmp(metric_name((metric)m), config->monitor + 4) == 0)
                    stopping->metric = (metric)m;
            return true;
        }
    return refuse(config, name, count, error);
}

/* Whether a beats b by more than delta. */
static bool beats(metric metric, double a, double b, double delta)
{
    const bool lower_is_better = metric_is_better(metric, 0, 1);
    return metric_is_better(metric, a, lower_is_better ? b - delta : b + delta);
}

bool stopping_epoch(const stopping *stopping, double value, int64_t epoch, train_state *state)
{
    const stopping_config *config = stopping->config;

    if (!config->on)
        return true;
    if (isnan(state->stopping_best) ||
        beats(stopping->metric, value, state->stopping_best, config->min_delta)) {
        state->stopping_best = value;
        state->stopping_epoch = epoch;
        state->stopping_waited = isnan(value) ? state->stopping_waited + 1 : 0;
    } else {
        state->stopping_waited++;
    }
    if (state->stopping_waited > 0 && state->stopping_waited >= (int64_t)config->patience)
        state->stopping_stop = 1;
    return state->stopping_epoch == epoch;
}
