/* record.c: see record.h. */
#include "matrix/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const statuses[RUN_STATUS_COUNT] = {
    [RUN_COMPLETED] = "completed", [RUN_EARLY_STOPPED] = "early_stopped",
    [RUN_DIVERGED] = "diverged",   [RUN_CRASHED] = "crashed",
    [RUN_TIMED_OUT] = "timed_out", [RUN_OUT_OF_MEMORY] = "out_of_memory",
    [RUN_FAILED] = "failed",
};

const char *run_status_name(run_status status)
{
    return status < RUN_STATUS_COUNT ? statuses[status] : "unknown";
}

run_status run_status_of(const char *name)
{
    run_status status = RUN_COMPLETED;

    while (status < RUN_STATUS_COUNT && strcmp(statuses[status], name) != 0)
        status++;
    return status;
}

bool run_status_is_failure(run_status status)
{
    return status != RUN_COMPLETED && status != RUN_EARLY_STOPPED;
}

const char *run_phase_name(run_phase phase)
{
    static const char *const names[RUN_PHASE_COUNT] = {"tune", "untuned", "final"};

    return phase < RUN_PHASE_COUNT ? names[phase] : "unknown";
}

const char *record_part_prefix(record_part part)
{
    static const char *const prefixes[RECORD_PARTS] = {"test_", "val_", "train_"};

    return part < RECORD_PARTS ? prefixes[part] : "";
}

double run_score_figure(double score, metric metric)
{
    return metric_is_better(metric, 1, 0) ? score : -score;
}

double run_record_score(const run_record *record, record_part part, metric metric)
{
    const double figure = record->value[part][metric];

    if (run_status_is_failure(record->status) || !isfinite(figure))
        return -HUGE_VAL;
    return metric_is_better(metric, 1, 0) ? figure : -figure;
}

void run_record_init(run_record *record)
{
    memset(record, 0, sizeof(*record));
    record->train_loss = (double)NAN;
    for (size_t part = 0; part < RECORD_PARTS; part++)
        for (size_t m = 0; m < METRIC_COUNT; m++)
            record->value[part][m] = (double)NAN;
}

void run_record_clear(run_record *record)
{
    free(record->epoch);
    run_record_init(record);
}
