/* made.c: see made.h. */
#include "made.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

enum { MOST_NOTES = 16 };

typedef struct made_run_of {
    char *label;
    run_phase phase;
    size_t trial;
    uint64_t seed;
    store_value value;
    size_t value_count;
    run_record record;
} made_run_of;

struct made {
    char *yaml;
    spec *spec;
    char **label; /* of each cell                                                                */
    const char **skipped;
    size_t *problem, *value; /* value[cell * axes + axis]                                        */
    size_t cells;
    made_run_of *run;
    size_t runs, capacity;
    struct {
        const char *key, *value;
    } note[MOST_NOTES];
    size_t notes;
    const char *const *axes;
    size_t axis_count;
    bool other_axes;
};

/* ---- cells ----------------------------------------------------------------------------------- */

static void make_cell(made *m, size_t index)
{
    const spec *spec = m->spec;
    text label = {0};
    size_t rest = index;

    for (size_t i = spec->axis_count; i-- > 0;) {
        m->value[index * spec->axis_count + i] = rest % spec->axis[i].value_count;
        rest /= spec->axis[i].value_count;
    }
    m->problem[index] = rest;
    text_add(&label, spec->problem[rest].name);
    for (size_t i = 0; i < spec->axis_count; i++)
        text_addf(&label, " %s", spec->axis[i].value[m->value[index * spec->axis_count + i]].label);
    m->label[index] = label.bytes;
}

made *made_new(const char *yaml)
{
    made *m = memory_array(1, sizeof(*m));
    plx_error error = {0};
    text whole = {0};

    text_addf(&whole, "base: b.yaml\n%s", yaml);
    m->yaml = whole.bytes;
    m->spec = spec_parse("m.yaml", "/", m->yaml, strlen(m->yaml), &error);
    ck_assert_msg(m->spec != NULL, "%s", error.text);
    m->cells = m->spec->problem_count;
    for (size_t i = 0; i < m->spec->axis_count; i++)
        m->cells *= m->spec->axis[i].value_count;
    m->label = memory_array(m->cells, sizeof(*m->label));
    m->skipped = memory_array(m->cells, sizeof(*m->skipped));
    m->problem = memory_array(m->cells, sizeof(*m->problem));
    m->value = memory_array(m->cells * (m->spec->axis_count + 1), sizeof(*m->value));
    for (size_t i = 0; i < m->cells; i++)
        make_cell(m, i);
    return m;
}

void made_free(made *m)
{
    for (size_t i = 0; i < m->cells; i++)
        free(m->label[i]);
    for (size_t i = 0; i < m->runs; i++) {
        free(m->run[i].label);
        run_record_clear(&m->run[i].record);
    }
    free(m->run);
    free(m->label);
    free(m->skipped);
    free(m->problem);
    free(m->value);
    spec_free(m->spec);
    free(m->yaml);
    free(m);
}

const char *made_label(const made *m, size_t cell)
{
    return m->label[cell];
}

void made_skip(made *m, const char *label, const char *why)
{
    for (size_t i = 0; i < m->cells; i++)
        if (strcmp(m->label[i], label) == 0) {
            m->skipped[i] = why;
            return;
        }
    ck_abort_msg("no cell '%s'", label);
}

void made_note(made *m, const char *key, const char *value)
{
    ck_assert(m->notes < MOST_NOTES);
    m->note[m->notes].key = key;
    m->note[m->notes++].value = value;
}

void made_axes(made *m, const char *const *path, size_t count)
{
    m->axes = path;
    m->axis_count = count;
    m->other_axes = true;
}

/* ---- runs ------------------------------------------------------------------------------------ */

run_record *made_run(made *m, const char *label, run_phase phase, size_t trial, uint64_t seed,
                     double accuracy)
{
    ck_assert_ptr_nonnull(memory_grow(&m->run, &m->capacity, m->runs + 1, sizeof(*m->run)));
    made_run_of *run = &m->run[m->runs++];
    *run =
        (made_run_of){.label = memory_string(label), .phase = phase, .trial = trial, .seed = seed};
    run_record_init(&run->record);
    run->record.status = RUN_COMPLETED;
    run->record.value[RECORD_TEST][METRIC_ACCURACY] = accuracy;
    snprintf(run->record.weights, sizeof(run->record.weights), "%064zu", m->runs);
    return &run->record;
}

run_record *made_final(made *m, const char *label, uint64_t seed, double accuracy)
{
    return made_run(m, label, RUN_FINAL, 0, seed, accuracy);
}

void made_finals(made *m, const char *label, const double *accuracy, size_t count)
{
    for (size_t i = 0; i < count; i++)
        made_final(m, label, i + 1, accuracy[i]);
}

void made_failed(made *m, const char *label, uint64_t seed)
{
    run_record *record = made_final(m, label, seed, (double)NAN);

    record->status = RUN_DIVERGED;
    record->steps = 7;
    record->weights[0] = '\0';
    strcpy(record->reason, "the loss is nan");
}

run_record *made_trial(made *m, const char *label, size_t trial, const char *path,
                       const char *value, double accuracy)
{
    run_record *record = made_run(m, label, RUN_TUNE, trial, 1000001, (double)NAN);

    record->value[RECORD_VALIDATION][METRIC_ACCURACY] = accuracy;
    m->run[m->runs - 1].value = (store_value){path, value};
    m->run[m->runs - 1].value_count = 1;
    return record;
}

void made_curve(made *m, const double *accuracy, size_t epochs)
{
    run_record *record = &m->run[m->runs - 1].record;

    record->epoch = memory_array(epochs, sizeof(*record->epoch));
    ck_assert_ptr_nonnull(record->epoch);
    record->epoch_count = epochs;
    for (size_t e = 0; e < epochs; e++) {
        run_epoch *epoch = &record->epoch[e];
        epoch->epoch = (int64_t)e + 1;
        epoch->step = 10 * epoch->epoch;
        epoch->evaluations = 20 * epoch->epoch;
        epoch->train_loss = 1 / (double)(e + 1);
        for (int metric = 0; metric < METRIC_COUNT; metric++)
            epoch->validation[metric] = (double)NAN;
        epoch->validation[METRIC_ACCURACY] = accuracy[e];
    }
    if (epochs > 0)
        record->value[RECORD_VALIDATION][METRIC_ACCURACY] = accuracy[epochs - 1];
}

void made_weights(made *m, const char *name)
{
    snprintf(m->run[m->runs - 1].record.weights, 65, "%s", name);
}

/* ---- the source ------------------------------------------------------------------------------ */

static char *noted(void *of, const char *key, bool *found, plx_error *error)
{
    const made *m = of;
    const char *value = strcmp(key, "matrix.text") == 0 ? m->yaml : NULL;

    if (strcmp(key, "matrix.file") == 0)
        value = "m.yaml";
    for (size_t i = 0; i < m->notes; i++)
        if (strcmp(m->note[i].key, key) == 0)
            value = m->note[i].value;
    *found = value != NULL;
    return memory_string(value);
}

static bool axes(void *of, char ***path, size_t *count, plx_error *error)
{
    const made *m = of;

    *count = m->other_axes ? m->axis_count : m->spec->axis_count;
    *path = memory_array(*count, sizeof(**path));
    for (size_t i = 0; i < *count; i++)
        (*path)[i] = memory_string(m->other_axes ? m->axes[i] : m->spec->axis[i].path);
    return true;
}

static bool cells(void *of, source_visit_cell visit, void *context, plx_error *error)
{
    const made *m = of;
    const char *value[SPEC_MOST_AXES];

    for (size_t c = 0; c < m->cells; c++) {
        for (size_t i = 0; i < m->spec->axis_count; i++)
            value[i] = m->spec->axis[i].value[m->value[c * m->spec->axis_count + i]].label;
        const store_cell cell = {.label = m->label[c],
                                 .problem = m->spec->problem[m->problem[c]].name,
                                 .value = value,
                                 .skipped = m->skipped[c]};
        if (!visit(context, &cell, error))
            return false;
    }
    return true;
}

static bool results(void *of, run_phase phase, bool curves, source_visit_result visit,
                    void *context, plx_error *error)
{
    const made *m = of;

    for (size_t i = 0; i < m->runs; i++) {
        const made_run_of *run = &m->run[i];
        run_record record = run->record;
        if (phase != RUN_PHASE_COUNT && phase != run->phase)
            continue;
        if (!curves)
            record.epoch_count = 0;
        store_result result = {.cell = run->label,
                               .phase = run->phase,
                               .trial = run->trial,
                               .seed = run->seed,
                               .value = &run->value,
                               .value_count = run->value_count,
                               .record = &record};
        snprintf(result.identity, sizeof(result.identity), "%064zx", i + 1);
        if (!visit(context, &result, error))
            return false;
    }
    return true;
}

static analysis *analyse(made *m, plx_error *error)
{
    const analysis_source source = {m, noted, axes, cells, results};

    return analysis_from(&source, error);
}

analysis *made_analysis(made *m)
{
    plx_error error = {0};
    analysis *a = analyse(m, &error);

    ck_assert_msg(a != NULL, "%s", error.text);
    return a;
}

plx_error made_refused(made *m)
{
    plx_error error = {0};

    ck_assert_ptr_null(analyse(m, &error));
    return error;
}

/* ---- looking things up ----------------------------------------------------------------------- */

const analysis_cell *made_cell(const analysis *a, const char *label)
{
    for (size_t i = 0; i < a->cell_count; i++)
        if (strcmp(a->cell[i].label, label) == 0)
            return &a->cell[i];
    ck_abort_msg("no cell '%s'", label);
    return NULL;
}

const analysis_treatment *made_treatment(const analysis *a, const char *label)
{
    for (size_t i = 0; i < a->treatment_count; i++)
        if (strcmp(a->treatment[i].label, label) == 0)
            return &a->treatment[i];
    ck_abort_msg("no treatment '%s'", label);
    return NULL;
}

const analysis_pair *made_pair(const analysis *a, const char *left, const char *right,
                               size_t problem)
{
    for (size_t i = 0; i < a->pair_count; i++)
        if (a->pair[i].problem == problem && strcmp(a->treatment[a->pair[i].a].label, left) == 0 &&
            strcmp(a->treatment[a->pair[i].b].label, right) == 0)
            return &a->pair[i];
    return NULL;
}

const analysis_sentence *made_sentence(const analysis *a, const char *beginning)
{
    for (size_t i = 0; i < a->sentence_count; i++)
        if (strncmp(a->sentence[i].text, beginning, strlen(beginning)) == 0)
            return &a->sentence[i];
    return NULL;
}
