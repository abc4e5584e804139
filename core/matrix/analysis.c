/* analysis.c: see analysis.h; analysis_internal.h says which file works out what. */
#include "matrix/analysis.h"

#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

/* ---- freeing --------------------------------------------------------------------------------- */

static void free_cell(const analysis *a, size_t index)
{
    analysis_cell *cell = &a->cell[index];
    const search_range *range[SPEC_MOST_RANGES];
    const size_t settings = cell->trial_count > 0 ? analysis_cell_ranges(a, index, range) : 0;

    for (size_t t = 0; t < cell->trial_count; t++) {
        for (size_t i = 0; cell->trial[t].value != NULL && i < settings; i++)
            free(cell->trial[t].value[i]);
        free(cell->trial[t].value);
    }
    free(cell->trial);
    free(cell->label);
    free(cell->value);
    free(cell->skipped);
    free(cell->score);
}

static void free_curve(analysis_curve *curve)
{
    free(curve->step);
    free(curve->median);
    free(curve->lo);
    free(curve->hi);
}

/* What sentences, notes and the like hold. */
static void free_words(analysis *a)
{
    for (size_t i = 0; i < a->sentence_count; i++)
        free(a->sentence[i].text);
    for (size_t i = 0; i < a->note_count; i++) {
        free(a->note[i].key);
        free(a->note[i].value);
    }
    for (size_t i = 0; i < a->edge_count; i++)
        free(a->edge[i].value);
    for (size_t i = 0; i < a->failure_count; i++)
        free(a->failure[i].reason);
    for (size_t i = 0; i < a->gate_count; i++)
        free(a->gate[i].detail);
    free(a->sentence);
    free(a->note);
    free(a->edge);
    free(a->failure);
    free(a->gate);
}

void analysis_free(analysis *a)
{
    if (a == NULL)
        return;
    free_words(a);
    for (size_t i = 0; i < a->cell_count; i++)
        free_cell(a, i);
    for (size_t i = 0; a->block != NULL && i < a->block_count; i++)
        free(a->block[i]);
    for (size_t i = 0; i < a->treatment_count; i++)
        free(a->treatment[i].cost);
    for (size_t i = 0; i < a->curve_count; i++)
        free_curve(&a->curve[i]);
    free(a->cell);
    free(a->block);
    free(a->block_problem);
    free(a->block_repeats);
    free(a->treatment);
    free(a->pair);
    free(a->reported);
    free(a->order);
    free(a->group);
    free(a->reference);
    free(a->curve);
    spec_free(a->spec);
    free(a);
}

static void clear_work(work *w)
{
    for (size_t i = 0; i < w->run_count; i++) {
        for (size_t s = 0; w->run[i].setting != NULL && s < w->run[i].setting_count; s++)
            free(w->run[i].setting[s]);
        free(w->run[i].setting);
        free(w->run[i].reason);
    }
    free(w->run);
    free(w->by_label);
    free(w->fold);
    free(w->at);
    free(w->final);
    free(w->present);
    free(w->steps);
    free(w->evaluations);
    free(w->played);
    free(w->stands);
    free(w->counts);
    free(w->complete);
    sheet_clear(&w->sheet);
}

/* ---- failures -------------------------------------------------------------------------------- */

static uint64_t seed_of(const spec *spec, const seen_run *run)
{
    const spec_protocol *protocol = &spec->protocol;

    return run->phase == RUN_TUNE ? protocol->tune_seeds.seed[run->seed]
                                  : protocol->final_seeds.seed[run->seed];
}

/* The ledger, in the order of runs. Takes the reasons over. */
static bool list_failures(work *w, plx_error *error)
{
    analysis *a = w->a;
    size_t n = 0;

    for (size_t i = 0; i < w->run_count; i++)
        n += run_status_is_failure(w->run[i].status);
    if ((a->failure = memory_array(n, sizeof(*a->failure))) == NULL)
        return error_memory(error);
    for (size_t i = 0; i < w->run_count; i++) {
        seen_run *run = &w->run[i];
        if (!run_status_is_failure(run->status))
            continue;
        analysis_failure *failure = &a->failure[a->failure_count++];
        *failure = (analysis_failure){
            .cell = run->cell,
            .phase = run->phase,
            .trial = run->trial,
            .seed = seed_of(a->spec, run),
            .status = run->status,
            .signal = run->signal,
            .step = run->steps,
            .reason = run->reason,
        };
        memcpy(failure->identity, run->identity, sizeof(failure->identity));
        run->reason = NULL;
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

analysis *analysis_from(const analysis_source *source, plx_error *error)
{
    work w = {.a = memory_array(1, sizeof(analysis)), .source = source};
    bool ok = w.a != NULL || error_memory(error);

    ok = ok && analysis_read(&w, error) && analysis_lay_out(&w, error) &&
         analysis_cells(&w, error) && analysis_tuning(&w, error) && analysis_targets(&w, error) &&
         analysis_treatments(&w, error) && analysis_pairs(&w, error) && analysis_gates(&w, error) &&
         list_failures(&w, error) && analysis_words(&w, error);
    clear_work(&w);
    if (ok)
        return w.a;
    analysis_free(w.a);
    return NULL;
}

static char *noted_of(void *of, const char *key, bool *found, plx_error *error)
{
    return store_noted(of, key, found, error);
}

static bool axes_of(void *of, char ***path, size_t *count, plx_error *error)
{
    return store_axes(of, path, count, error);
}

static bool cells_of(void *of, source_visit_cell visit, void *context, plx_error *error)
{
    return store_visit_cells(of, visit, context, error);
}

static bool results_of(void *of, run_phase phase, bool curves, source_visit_result visit,
                       void *context, plx_error *error)
{
    return store_visit(of, phase, curves, visit, context, error);
}

/* In a transaction: a run that is added in between would be in one pass and not in the other. */
analysis *analysis_new(store *store, plx_error *error)
{
    const analysis_source source = {store, noted_of, axes_of, cells_of, results_of};

    if (!store_begin(store, error))
        return NULL;
    analysis *made = analysis_from(&source, error);
    store_rollback(store);
    return made;
}

size_t analysis_cell_ranges(const analysis *a, size_t cell, const search_range **out)
{
    const spec *spec = a->spec;
    size_t n = 0;

    for (size_t i = 0; i < spec->axis_count; i++) {
        const axis_value *value = &spec->axis[i].value[a->cell[cell].value[i]];
        for (size_t r = 0; r < value->range_count && n < SPEC_MOST_RANGES; r++)
            out[n++] = &value->range[r];
    }
    for (size_t r = 0; r < spec->range_count && n < SPEC_MOST_RANGES; r++)
        out[n++] = &spec->range[r];
    return n;
}

bool analysis_passed(const analysis *a)
{
    for (size_t i = 0; i < a->cell_count; i++)
        if (a->cell[i].state != CELL_SKIPPED && a->cell[i].state != CELL_DONE)
            return false;
    for (size_t i = 0; i < a->gate_count; i++)
        if (!a->gate[i].passed)
            return false;
    return true;
}
