/* analysis_read.c: cells and runs out of a source, checked against the spec that is stored with
 * them. Entries that the spec no longer asks for (a seed or a trial that was taken out of the
 * file, a cell that is skipped now) are passed over: they are no part of what is reported. */
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

/* What is noted of where results come from. */
static const char *const note_keys[] = {
    "matrix.file",    "matrix.folder", "plexus.version", "machine.cpu", "machine.isa",
    "machine.libc", "began", "latest",
};

/* ---- the spec and other notes ---------------------------------------------------------------- */

static char *noted(work *w, const char *key, bool *failed, plx_error *error)
{
    bool found = false;
    char *value = w->source->noted(w->source->of, key, &found, error);

    if (value == NULL && found)
        *failed = true;
    return value;
}

static bool read_spec(work *w, plx_error *error)
{
    bool failed = false;
    char *bytes = noted(w, "matrix.text", &failed, error);
    char *file = failed ? NULL : noted(w, "matrix.file", &failed, error);
    char *folder = failed ? NULL : noted(w, "matrix.folder", &failed, error);

    if (!failed && bytes == NULL)
        error_set(error, ERROR_DATA,
                  "there are no results of a matrix here; `plexus matrix run` "
                  "makes them");
    else if (!failed)
        w->a->spec = spec_parse(file == NULL ? "matrix.yaml" : file, folder == NULL ? "/" : folder,
                                bytes, strlen(bytes), error);
    free(bytes);
    free(file);
    free(folder);
    return w->a->spec != NULL;
}

static bool read_notes(work *w, plx_error *error)
{
    const size_t most = sizeof(note_keys) / sizeof(note_keys[0]);
    bool failed = false;

    w->a->note = memory_array(most, sizeof(*w->a->note));
    if (w->a->note == NULL)
        return error_memory(error);
    for (size_t i = 0; i < most; i++) {
        char *value = noted(w, note_keys[i], &failed, error);
        if (failed)
            return false;
        if (value == NULL)
            continue;
        analysis_note *note = &w->a->note[w->a->note_count++];
        *note = (analysis_note){memory_string(note_keys[i]), value};
        if (note->key == NULL)
            return error_memory(error);
    }
    return true;
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* The stored axes are those of the spec: a cell has a value for each. */
static bool check_axes(work *w, plx_error *error)
{
    const spec *spec = w->a->spec;
    char **path = NULL;
    size_t count = 0;

    if (!w->source->axes(w->source->of, &path, &count, error))
        return false;
    bool same = count == spec->axis_count;
    for (size_t i = 0; i < count; i++) {
        same = same && strcmp(path[i], spec->axis[i].path) == 0;
        free(path[i]);
    }
    free(path);
    return same || error_set(error, ERROR_DATA,
                             "the stored axes are not those of the stored matrix file; `plexus "
                             "matrix run` sets them right");
}

static bool not_this_matrix(const char *label, plx_error *error)
{
    return error_set(error, ERROR_DATA,
                     "the stored cell '%s' is none of the stored matrix file; `plexus matrix run` "
                     "sets it right",
                     text_show(label).bytes);
}

/* The index of a value, looked for from `hint` on: cells come in an order in which it is near. */
static bool find_value(const axis *axis, const char *label, uint32_t hint, uint32_t *found)
{
    for (size_t i = 0; i < axis->value_count; i++) {
        const size_t at = (hint + i) % axis->value_count;
        if (strcmp(axis->value[at].label, label) == 0) {
            *found = (uint32_t)at;
            return true;
        }
    }
    return false;
}

static bool find_problem(const spec *spec, const char *name, size_t *found)
{
    for (size_t i = 0; i < spec->problem_count; i++)
        if (strcmp(spec->problem[i].name, name) == 0) {
            *found = i;
            return true;
        }
    return false;
}

static bool fill_cell(const spec *spec, const store_cell *from, const analysis_cell *before,
                      analysis_cell *cell, plx_error *error)
{
    cell->label = memory_string(from->label);
    cell->skipped = memory_string(from->skipped);
    cell->value = memory_array(spec->axis_count, sizeof(*cell->value));
    if (cell->label == NULL || cell->value == NULL ||
        (from->skipped != NULL && cell->skipped == NULL))
        return error_memory(error);
    if (!find_problem(spec, from->problem, &cell->problem))
        return not_this_matrix(from->label, error);
    for (size_t i = 0; i < spec->axis_count; i++)
        if (!find_value(&spec->axis[i], from->value[i], before == NULL ? 0 : before->value[i],
                        &cell->value[i]))
            return not_this_matrix(from->label, error);
    return true;
}

static bool add_cell(void *context, const store_cell *from, plx_error *error)
{
    work *w = context;
    analysis *a = w->a;

    if (memory_grow(&a->cell, &w->cell_capacity, a->cell_count + 1, sizeof(*a->cell)) == NULL)
        return error_memory(error);
    analysis_cell *cell = &a->cell[a->cell_count++];
    memset(cell, 0, sizeof(*cell));
    if (from->skipped != NULL)
        a->skipped_cells++;
    return fill_cell(a->spec, from, a->cell_count > 1 ? cell - 1 : NULL, cell, error);
}

static int by_label(const void *left, const void *right, void *context)
{
    const analysis *a = context;

    return strcmp(a->cell[*(const size_t *)left].label, a->cell[*(const size_t *)right].label);
}

static bool sort_labels(work *w, plx_error *error)
{
    const size_t n = w->a->cell_count;

    w->by_label = memory_array(n, sizeof(*w->by_label));
    if (w->by_label == NULL)
        return error_memory(error);
    for (size_t i = 0; i < n; i++)
        w->by_label[i] = i;
    qsort_r(w->by_label, n, sizeof(*w->by_label), by_label, w->a);
    for (size_t i = 1; i < n; i++)
        if (by_label(&w->by_label[i - 1], &w->by_label[i], w->a) == 0)
            return error_set(error, ERROR_DATA, "the cell '%s' is stored twice",
                             text_show(w->a->cell[w->by_label[i]].label).bytes);
    return true;
}

/* SIZE_MAX if there is none of that label. */
static size_t find_cell(const work *w, const char *label)
{
    size_t first = 0, behind = w->a->cell_count;

    while (first < behind) {
        const size_t middle = first + (behind - first) / 2;
        const int order = strcmp(w->a->cell[w->by_label[middle]].label, label);
        if (order == 0)
            return w->by_label[middle];
        if (order < 0)
            first = middle + 1;
        else
            behind = middle;
    }
    return SIZE_MAX;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static size_t find_seed(const seed_list *list, uint64_t seed)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->seed[i] == seed)
            return i;
    return SIZE_MAX;
}

bool analysis_asks_for(const work *w, const store_result *result, size_t *cell, size_t *seed)
{
    const spec_protocol *protocol = &w->a->spec->protocol;
    const search_range *range[SPEC_MOST_RANGES];
    const bool tune = result->phase == RUN_TUNE;

    *cell = find_cell(w, result->cell);
    if (*cell == SIZE_MAX || w->a->cell[*cell].skipped != NULL)
        return false;
    *seed = find_seed(tune ? &protocol->tune_seeds : &protocol->final_seeds, result->seed);
    if (*seed == SIZE_MAX)
        return false;
    if (result->phase == RUN_FINAL)
        return true;
    if (!protocol->tune || analysis_cell_ranges(w->a, *cell, range) == 0)
        return false;
    return tune ? result->trial < protocol->trials
                : result->phase == RUN_UNTUNED && protocol->untuned_row;
}

/* The values of a trial, in the order of the cell's ranges; "" for what was not stored. */
static bool keep_settings(const work *w, const store_result *result, seen_run *run)
{
    const search_range *range[SPEC_MOST_RANGES];
    const size_t count = analysis_cell_ranges(w->a, run->cell, range);

    run->setting = memory_array(count, sizeof(*run->setting));
    if (run->setting == NULL)
        return false;
    run->setting_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *value = "";
        for (size_t v = 0; v < result->value_count; v++)
            if (strcmp(result->value[v].path, range[i]->path) == 0)
                value = result->value[v].value;
        if ((run->setting[i] = memory_string(value)) == NULL)
            return false;
    }
    return true;
}

static bool keep_run(const work *w, const store_result *result, seen_run *run)
{
    const run_record *record = result->record;

    run->phase = result->phase;
    run->trial = result->phase == RUN_TUNE ? result->trial : 0;
    run->status = record->status;
    run->signal = record->signal;
    run->steps = record->steps;
    run->state_bytes = record->state_bytes;
    run->seconds = record->seconds;
    memcpy(run->value, record->value, sizeof(run->value));
    memcpy(run->identity, result->identity, sizeof(run->identity));
    memcpy(run->weights, record->weights, sizeof(run->weights));
    run->identity[sizeof(run->identity) - 1] = run->weights[sizeof(run->weights) - 1] = '\0';
    if (run_status_is_failure(run->status) && (run->reason = memory_string(record->reason)) == NULL)
        return false;
    return run->phase != RUN_TUNE || keep_settings(w, result, run);
}

static bool add_run(void *context, const store_result *result, plx_error *error)
{
    work *w = context;
    size_t cell, seed;

    if (!analysis_asks_for(w, result, &cell, &seed))
        return true;
    if (memory_grow(&w->run, &w->run_capacity, w->run_count + 1, sizeof(*w->run)) == NULL)
        return error_memory(error);
    seen_run *run = &w->run[w->run_count++];
    memset(run, 0, sizeof(*run));
    run->cell = cell;
    run->seed = seed;
    w->a->runs[result->phase]++;
    return keep_run(w, result, run) || error_memory(error);
}

static int three_way(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *left, const void *right)
{
    const seen_run *a = left, *b = right;
    int order = three_way(a->cell, b->cell);

    if (order == 0)
        order = three_way((size_t)a->phase, (size_t)b->phase);
    if (order == 0)
        order = three_way(a->trial, b->trial);
    return order == 0 ? three_way(a->seed, b->seed) : order;
}

/* ---- what was planned ------------------------------------------------------------------------ */

/* What the spec comes to, where the runner did not note it: exact unless a grid has fewer trials
 * than the protocol allows. */
static size_t planned_by_spec(const analysis *a, run_phase phase)
{
    const spec_protocol *protocol = &a->spec->protocol;
    const search_range *range[SPEC_MOST_RANGES];
    size_t count = 0;

    for (size_t i = 0; i < a->cell_count; i++) {
        const bool searches = protocol->tune && analysis_cell_ranges(a, i, range) > 0;
        if (a->cell[i].skipped != NULL)
            continue;
        if (phase == RUN_FINAL)
            count += protocol->final_seeds.count;
        else if (searches && phase == RUN_TUNE)
            count += protocol->trials * protocol->tune_seeds.count;
        else if (searches && protocol->untuned_row)
            count += protocol->final_seeds.count;
    }
    return count;
}

static bool read_planned(work *w, plx_error *error)
{
    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++) {
        char key[32] = "planned.";
        bool failed = false;
        int64_t count;
        strcat(key, run_phase_name((run_phase)phase));
        char *value = noted(w, key, &failed, error);
        if (failed)
            return false;
        if (value != NULL && text_is_integer(value, strlen(value), &count) && count >= 0)
            w->a->planned[phase] = (size_t)count;
        else
            w->a->planned[phase] = planned_by_spec(w->a, (run_phase)phase);
        free(value);
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool analysis_read(work *w, plx_error *error)
{
    const analysis_source *source = w->source;

    if (!read_spec(w, error) || !read_notes(w, error))
        return false;
    if (!check_axes(w, error))
        return false;
    if (!source->cells(source->of, add_cell, w, error) || !sort_labels(w, error))
        return false;
    if (!source->results(source->of, RUN_PHASE_COUNT, false, add_run, w, error))
        return false;
    if (w->run_count > 0)
        qsort(w->run, w->run_count, sizeof(*w->run), by_place);
    return read_planned(w, error);
}
