/* repro.c: see repro.h.
 *
 * A run that crashed, ran out of time or out of memory has no weights and no figures, and how far it came
 * depends on the machine and the moment; it is the same again if it ends in the same way: status
 * and signal. Of every other run each number is compared, but for seconds and peak memory. */
#include "matrix/repro.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"
#include "matrix/job.h"
#include "matrix/spec.h"
#include "support/memory.h"

/* ---- running --------------------------------------------------------------------------------- */

/* Runs it in a process of its own until it ends. */
static bool run_now(experiment *experiment, const data_bundle *data, catalog *catalog,
                    const sandbox_limits *limits, run_record *record, plx_error *error)
{
    job *job = job_start(experiment, data, catalog, limits, NULL, 0, error);

    if (job == NULL)
        return false;
    sandbox_child *child = job_child(job);
    while (!sandbox_is_over(child))
        sandbox_attend(&child, 1, -1);
    return job_finish(job, record, error);
}

/* What the stored config describes, with the data that is there now. */
static bool run_config(const store_found *before, catalog *catalog, const sandbox_limits *limits,
                       const logger *log, run_record *record, plx_error *error)
{
    const experiment_options as_it_stands = {.sets = NULL};
    char *name = memory_format("config of run %.12s", before->identity);

    if (name == NULL)
        return error_memory(error);
    experiment *experiment = experiment_parse(name, "/", before->config, strlen(before->config),
                                              &as_it_stands, catalog, error);
    data_bundle *data = experiment == NULL ? NULL : data_load(&experiment->data, log, error);
    if (data == NULL)
        experiment_free(experiment);
    const bool good = data != NULL && run_now(experiment, data, catalog, limits, record, error);
    data_free(data);
    free(name);
    return good;
}

bool repro_limits(store *store, sandbox_limits *limits, plx_error *error)
{
    bool found = false;
    char *bytes = store_noted(store, "matrix.text", &found, error);

    if (bytes == NULL)
        return !found && error_set(error, ERROR_DATA,
                                   "there are no results of a matrix here; `plexus matrix run` "
                                   "makes them");
    spec *spec = spec_parse("the stored matrix file", "/", bytes, strlen(bytes), error);
    if (spec != NULL)
        *limits = (sandbox_limits){.seconds = spec->limits.seconds, .memory = spec->limits.memory};
    spec_free(spec);
    free(bytes);
    return spec != NULL;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void add_figure(text *out, double value)
{
    if (isnan(value))
        text_add(out, "absent");
    else
        text_add_double(out, value);
}

/* The same number, or both absent; a store does not keep the sign of a zero. */
static bool is_same(double was, double is)
{
    return was == is || (isnan(was) && isnan(is));
}

/* `where` is "", or "epoch 3: ". */
static bool compare(text *out, const char *where, const char *name, double was, double is)
{
    if (is_same(was, is))
        return true;
    text_addf(out, "%s%s was ", where, name);
    add_figure(out, was);
    text_add(out, ", is ");
    add_figure(out, is);
    text_add(out, "\n");
    return false;
}

static void compare_count(text *out, const char *name, int64_t was, int64_t is)
{
    if (was != is)
        text_addf(out, "%s was %lld, is %lld\n", name, (long long)was, (long long)is);
}

static void compare_part(text *out, const char *where, record_part part,
                         const double was[METRIC_COUNT], const double is[METRIC_COUNT])
{
    char name[32];

    for (int m = 0; m < METRIC_COUNT; m++)
        compare(out, where, spec_metric_name((metric_name_at){part, (metric)m}, name), was[m],
                is[m]);
}

static void compare_epoch(text *out, const run_epoch *was, const run_epoch *is)
{
    char where[48];

    snprintf(where, sizeof(where), "epoch %lld: ", (long long)was->epoch);
    compare(out, where, "epoch", (double)was->epoch, (double)is->epoch);
    compare(out, where, "step", (double)was->step, (double)is->step);
    compare(out, where, "evaluations", (double)was->evaluations, (double)is->evaluations);
    compare(out, where, "lr", was->lr, is->lr);
    compare(out, where, "train_loss", was->train_loss, is->train_loss);
    compare_part(out, where, RECORD_VALIDATION, was->validation, is->validation);
}

/* What the first epoch that differs differs in: those behind it follow from that. */
static void compare_curve(text *out, const run_record *was, const run_record *is)
{
    const size_t before = out->length;

    compare_count(out, "epochs of the learning curve", (int64_t)was->epoch_count,
                  (int64_t)is->epoch_count);
    for (size_t i = 0; i < was->epoch_count && i < is->epoch_count && out->length == before; i++)
        compare_epoch(out, &was->epoch[i], &is->epoch[i]);
}

static void compare_results(text *out, const run_record *was, const run_record *is)
{
    if (strcmp(was->weights, is->weights) != 0)
        text_addf(out, "weights were %s, are %s\n",
                  was->weights[0] != '\0' ? was->weights : "absent",
                  is->weights[0] != '\0' ? is->weights : "absent");
    compare_count(out, "epochs", was->epochs, is->epochs);
    compare_count(out, "steps", was->steps, is->steps);
    compare_count(out, "evaluations", was->evaluations, is->evaluations);
    compare_count(out, "parameters", was->parameters, is->parameters);
    compare_count(out, "state_bytes", was->state_bytes, is->state_bytes);
    compare_count(out, "best_epoch", was->best_epoch, is->best_epoch);
    compare(out, "", "final train_loss", was->train_loss, is->train_loss);
    for (int part = 0; part < RECORD_PARTS; part++)
        compare_part(out, "", (record_part)part, was->value[part], is->value[part]);
    compare_curve(out, was, is);
}

static void add_status(text *out, const run_record *record)
{
    text_add(out, run_status_name(record->status));
    if (record->reason[0] != '\0')
        text_addf(out, " (%s)", record->reason);
}

/* Died, or was killed, in the middle. */
static bool was_cut_short(run_status status)
{
    return status == RUN_CRASHED || status == RUN_TIMED_OUT || status == RUN_OUT_OF_MEMORY;
}

static void compare_records(text *out, const run_record *was, const run_record *is)
{
    if (was->status != is->status) {
        text_add(out, "status was ");
        add_status(out, was);
        text_add(out, ", is ");
        add_status(out, is);
        text_add(out, "\n");
    }
    compare_count(out, "signal", was->signal, is->signal);
    if (!was_cut_short(was->status) && !was_cut_short(is->status))
        compare_results(out, was, is);
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool repro_run(store *store, const char *prefix, catalog *catalog, const sandbox_limits *limits,
               const logger *log, repro *repro, plx_error *error)
{
    *repro = (struct repro){.same = false};
    run_record_init(&repro->now);
    if (!store_find(store, prefix, &repro->before, error) ||
        !run_config(&repro->before, catalog, limits, log, &repro->now, error))
        return false;
    compare_records(&repro->differences, &repro->before.record, &repro->now);
    repro->same = repro->differences.length == 0;
    return !repro->differences.failed || error_memory(error);
}

void repro_clear(repro *repro)
{
    store_found_clear(&repro->before);
    run_record_clear(&repro->now);
    free(repro->differences.bytes);
    repro->differences = (text){0};
}
