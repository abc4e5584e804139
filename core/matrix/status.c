/* status.c: see status.h. */
#include "matrix/status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

/* ---- reading --------------------------------------------------------------------------------- */

static bool count_cell(void *context, const store_cell *cell, plx_error *error)
{
    matrix_status *status = context;

    status->cells++;
    status->skipped += cell->skipped != NULL;
    return true;
}

static bool count_run(void *context, const store_result *result, plx_error *error)
{
    matrix_status *status = context;
    status_phase *phase = &status->phase[result->phase];

    phase->done++;
    phase->ended[result->record->status]++;
    return true;
}

/* A note that may be missing. */
static bool read_note(store *store, const char *key, char **value, plx_error *error)
{
    bool found = false;

    *value = store_noted(store, key, &found, error);
    return *value != NULL || !found;
}

static bool read_planned(store *store, matrix_status *status, plx_error *error)
{
    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++) {
        char key[32], *digits = NULL;
        int64_t count = 0;

        snprintf(key, sizeof(key), "planned.%s", run_phase_name((run_phase)phase));
        if (!read_note(store, key, &digits, error))
            return false;
        if (digits != NULL && text_is_integer(digits, strlen(digits), &count) && count > 0)
            status->phase[phase].planned = (size_t)count;
        free(digits);
    }
    return true;
}

bool status_read(store *store, matrix_status *status, plx_error *error)
{
    memset(status, 0, sizeof(*status));
    return read_note(store, "matrix.file", &status->file, error) &&
           read_note(store, "began", &status->began, error) &&
           read_note(store, "latest", &status->latest, error) &&
           read_planned(store, status, error) &&
           store_visit_cells(store, count_cell, status, error) &&
           store_visit(store, RUN_PHASE_COUNT, false, count_run, status, error);
}

void status_clear(matrix_status *status)
{
    free(status->file);
    free(status->began);
    free(status->latest);
    memset(status, 0, sizeof(*status));
}

/* ---- telling --------------------------------------------------------------------------------- */

static size_t count_failed(const status_phase *phase)
{
    size_t failed = 0;

    for (int status = 0; status < RUN_STATUS_COUNT; status++)
        if (run_status_is_failure((run_status)status))
            failed += phase->ended[status];
    return failed;
}

/* " (2 diverged, 1 crashed)" */
static void add_failures(text *out, const status_phase *phase)
{
    const char *before = " (";

    for (int status = 0; status < RUN_STATUS_COUNT; status++)
        if (run_status_is_failure((run_status)status) && phase->ended[status] > 0) {
            text_addf(out, "%s%zu %s", before, phase->ended[status],
                      run_status_name((run_status)status));
            before = ", ";
        }
    if (*before == ',')
        text_add(out, ")");
}

bool status_text(const matrix_status *status, text *out)
{
    text_addf(out, "%s: %zu cells, %zu of them skipped\n",
              status->file != NULL ? status->file : "a matrix", status->cells, status->skipped);
    text_addf(out, "%-8s %8s %8s %8s\n", "runs", "planned", "done", "failed");
    for (int i = 0; i < RUN_PHASE_COUNT; i++) {
        const status_phase *phase = &status->phase[i];
        if (phase->planned == 0 && phase->done == 0)
            continue;
        text_addf(out, "%-8s %8zu %8zu %8zu", run_phase_name((run_phase)i), phase->planned,
                  phase->done, count_failed(phase));
        add_failures(out, phase);
        text_add(out, "\n");
    }
    if (status->began != NULL && status->latest != NULL)
        text_addf(out, "began %s, last started %s\n", status->began, status->latest);
    return !out->failed;
}

static json_t *describe_phase(const status_phase *phase)
{
    json_t *object = json_pack("{s:I, s:I}", "planned", (json_int_t)phase->planned, "done",
                               (json_int_t)phase->done);

    for (int status = 0; status < RUN_STATUS_COUNT; status++)
        json_object_set_new(object, run_status_name((run_status)status),
                            json_integer((json_int_t)phase->ended[status]));
    return object;
}

bool status_json(const matrix_status *status, text *out)
{
    json_t *object = json_pack("{s:s?, s:I, s:I}", "matrix", status->file, "cells",
                               (json_int_t)status->cells, "skipped", (json_int_t)status->skipped);

    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++)
        json_object_set_new(object, run_phase_name((run_phase)phase),
                            describe_phase(&status->phase[phase]));
    char *printed = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (printed != NULL)
        text_addf(out, "%s\n", printed);
    free(printed);
    return printed != NULL && !out->failed;
}
