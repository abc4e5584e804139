/* summary_json.c: see summary.h. Figures are as reported, not negated; differences are above 0
 * where the first is better. Indexes count from 0, in the order of the arrays. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/summary.h"
#include "train/shown.h"

/* ---- values ---------------------------------------------------------------------------------- */

/* Each takes the reference of the value over; NULL, out of memory, makes `failed` true. */
typedef struct writer {
    bool failed;
} writer;

static void put(writer *w, json_t *object, const char *key, json_t *value)
{
    if (value == NULL || object == NULL || json_object_set_new(object, key, value) != 0)
        w->failed = true;
}

static void append(writer *w, json_t *array, json_t *value)
{
    if (value == NULL || array == NULL || json_array_append_new(array, value) != 0)
        w->failed = true;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *string(const char *value)
{
    return value == NULL ? json_null() : json_shown(value);
}

/* SIZE_MAX, which stands for none, is null. */
static json_t *whole(size_t value)
{
    return value == SIZE_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *interval(writer *w, statistics_interval of)
{
    json_t *pair = json_array();

    append(w, pair, number(of.lo));
    append(w, pair, number(of.hi));
    return pair;
}

static json_t *score(double value)
{
    return isnan(value) ? json_null() : isinf(value) ? json_string("failed") : json_real(value);
}

/* As in the database: beyond what an integer holds a string of digits. */
static json_t *seed(uint64_t value)
{
    if (value <= INT64_MAX)
        return json_integer((json_int_t)value);
    return json_sprintf("%llu", (unsigned long long)value);
}

static json_t *figure(metric_name_at of)
{
    char name[32];

    return json_string(spec_metric_name(of, name));
}

/* ---- cells ----------------------------------------------------------------------------------- */

static json_t *trials(writer *w, const analysis *a, size_t index)
{
    const analysis_cell *cell = &a->cell[index];
    const search_range *range[SPEC_MOST_RANGES];
    const size_t settings = analysis_cell_ranges(a, index, range);
    json_t *array = json_array();

    for (size_t t = 0; t < cell->trial_count; t++) {
        json_t *trial = json_object(), *values = json_object();
        for (size_t i = 0; i < settings; i++)
            put(w, values, range[i]->path, string(cell->trial[t].value[i]));
        put(w, trial, "values", values);
        put(w, trial, "score", score(cell->trial[t].score));
        put(w, trial, "runs", whole(cell->trial[t].runs));
        put(w, trial, "failures", whole(cell->trial[t].failures));
        append(w, array, trial);
    }
    return array;
}

static json_t *cell_values(writer *w, const analysis *a, const analysis_cell *cell)
{
    json_t *object = json_object();

    for (size_t i = 0; i < a->spec->axis_count; i++)
        put(w, object, a->spec->axis[i].path, string(a->spec->axis[i].value[cell->value[i]].label));
    return object;
}

static void put_scores(writer *w, const analysis *a, const analysis_cell *cell, json_t *object)
{
    json_t *scores = json_array();

    for (size_t s = 0; s < a->seeds; s++)
        append(w, scores, score(cell->score[s]));
    put(w, object, "scores", scores);
    put(w, object, "mean", number(cell->mean));
    put(w, object, "iqm", number(cell->iqm));
    put(w, object, "interval", interval(w, cell->ci));
    put(w, object, "untuned_mean", number(cell->untuned_mean));
    put(w, object, "steps_to_target", number(cell->steps_to_target));
    put(w, object, "evaluations_to_target", number(cell->evaluations_to_target));
    put(w, object, "seconds", number(cell->seconds));
    put(w, object, "state_bytes", number(cell->state_bytes));
}

static json_t *cell_object(writer *w, const analysis *a, size_t index)
{
    static const char *const states[] = {"skipped", "empty", "partial", "done"};
    const analysis_cell *cell = &a->cell[index];
    json_t *object = json_object();

    put(w, object, "label", string(cell->label));
    put(w, object, "problem", string(a->spec->problem[cell->problem].name));
    put(w, object, "values", cell_values(w, a, cell));
    put(w, object, "state", json_string(states[cell->state]));
    if (cell->state == CELL_SKIPPED) {
        put(w, object, "why", string(cell->skipped));
        return object;
    }
    put(w, object, "block", whole(cell->block));
    put(w, object, "treatment", whole(cell->treatment));
    put(w, object, "runs", whole(cell->runs));
    put(w, object, "failures", whole(cell->failures));
    put(w, object, "same_as", whole(cell->same_as));
    put_scores(w, a, cell, object);
    if (cell->trial_count > 0) {
        put(w, object, "chosen", whole(cell->chosen));
        put(w, object, "trials", trials(w, a, index));
    }
    return object;
}

static json_t *cells(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t i = 0; i < a->cell_count; i++)
        append(w, array, cell_object(w, a, i));
    return array;
}

/* ---- blocks, treatments, pairs --------------------------------------------------------------- */

static json_t *blocks(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t b = 0; b < a->block_count; b++) {
        json_t *object = json_object();
        put(w, object, "label", string(a->block[b]));
        put(w, object, "problem", string(a->spec->problem[a->block_problem[b]].name));
        put(w, object, "repeats", json_boolean(a->block_repeats[b]));
        append(w, array, object);
    }
    return array;
}

static json_t *treatments(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t t = 0; t < a->treatment_count; t++) {
        const analysis_treatment *treatment = &a->treatment[t];
        json_t *object = json_object();
        put(w, object, "label", string(treatment->label));
        put(w, object, "runs", whole(treatment->runs));
        put(w, object, "failures", whole(treatment->failures));
        put(w, object, "repeats", json_boolean(treatment->repeats));
        put(w, object, "iqm", number(treatment->iqm));
        put(w, object, "iqm_runs", whole(treatment->counted));
        put(w, object, "interval", interval(w, treatment->ci));
        put(w, object, "mean_rank", number(treatment->mean_rank));
        put(w, object, "trials", whole(treatment->trials));
        put(w, object, "seconds", number(treatment->median_seconds));
        put(w, object, "state_bytes", number(treatment->median_state_bytes));
        put(w, object, "steps", number(treatment->median_steps));
        append(w, array, object);
    }
    return array;
}

static void put_tests(writer *w, const analysis_pair *pair, json_t *object)
{
    put(w, object, "p", number(pair->p));
    put(w, object, "adjusted_p", number(pair->adjusted));
    put(w, object, "comparisons", whole(pair->comparisons));
    put(w, object, "cohen_d", number(pair->cohen_d));
    put(w, object, "superiority", number(pair->superiority));
    put(w, object, "more_seeds", whole(pair->more));
}

static json_t *pair_object(writer *w, const analysis *a, const analysis_pair *pair)
{
    static const char *const words[] = {"better", "worse", "undecided", "same"};
    json_t *object = json_object();

    put(w, object, "a", string(a->treatment[pair->a].label));
    put(w, object, "b", string(a->treatment[pair->b].label));
    put(w, object, "problem",
        pair->problem == SIZE_MAX ? json_null() : string(a->spec->problem[pair->problem].name));
    put(w, object, "verdict", json_string(words[pair->verdict]));
    put(w, object, "pairs", whole(pair->pairs));
    put(w, object, "blocks", whole(pair->blocks));
    put(w, object, "by_wins", json_boolean(pair->by_wins));
    put(w, object, "difference", number(pair->difference));
    put(w, object, "difference_without_failures", number(pair->apart));
    put(w, object, "interval", interval(w, pair->ci));
    put(w, object, "mean_a", number(pair->mean_a));
    put(w, object, "mean_b", number(pair->mean_b));
    put(w, object, "a_failed_more", whole(pair->lost));
    put(w, object, "b_failed_more", whole(pair->won));
    put_tests(w, pair, object);
    return object;
}

static json_t *pairs(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t i = 0; i < a->pair_count; i++)
        append(w, array, pair_object(w, a, &a->pair[i]));
    return array;
}

static json_t *friedman(writer *w, const analysis *a)
{
    if (!a->has_friedman)
        return json_null();
    json_t *object = json_object();
    put(w, object, "blocks", whole(a->friedman_blocks));
    put(w, object, "problems", whole(a->friedman_problems));
    put(w, object, "p", number(a->friedman_p));
    put(w, object, "chi2", number(a->friedman.chi2));
    put(w, object, "chi2_p", number(a->friedman.chi2_p));
    put(w, object, "f", number(a->friedman.f));
    put(w, object, "f_p", number(a->friedman.f_p));
    put(w, object, "critical_difference", number(a->friedman.critical_difference));
    put(w, object, "powered", json_boolean(a->powered));
    return object;
}

/* ---- sentences, gates, failures, provenance -------------------------------------------------- */

static json_t *sentences(writer *w, const analysis *a)
{
    static const char *const tones[] = {"neutral", "good", "bad", "warning"};
    json_t *array = json_array();

    for (size_t i = 0; i < a->sentence_count; i++) {
        json_t *object = json_object();
        put(w, object, "tone", json_string(tones[a->sentence[i].tone]));
        put(w, object, "text", string(a->sentence[i].text));
        append(w, array, object);
    }
    return array;
}

static json_t *gates(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t i = 0; i < a->gate_count; i++) {
        json_t *object = json_object();
        put(w, object, "gate", string(a->gate[i].gate->text));
        put(w, object, "passed", json_boolean(a->gate[i].passed));
        put(w, object, "detail", string(a->gate[i].detail));
        append(w, array, object);
    }
    return array;
}

static json_t *failures(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t i = 0; i < a->failure_count; i++) {
        const analysis_failure *failure = &a->failure[i];
        json_t *object = json_object();
        put(w, object, "run", string(failure->identity));
        put(w, object, "cell", string(a->cell[failure->cell].label));
        put(w, object, "phase", json_string(run_phase_name(failure->phase)));
        put(w, object, "trial", whole(failure->trial));
        put(w, object, "seed", seed(failure->seed));
        put(w, object, "status", json_string(run_status_name(failure->status)));
        put(w, object, "signal", json_integer(failure->signal));
        put(w, object, "step", json_integer(failure->step));
        put(w, object, "reason", string(failure->reason));
        append(w, array, object);
    }
    return array;
}

static json_t *edges(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t i = 0; i < a->edge_count; i++) {
        json_t *object = json_object();
        put(w, object, "cell", string(a->cell[a->edge[i].cell].label));
        put(w, object, "setting", string(a->edge[i].path));
        put(w, object, "value", string(a->edge[i].value));
        put(w, object, "end", json_string(a->edge[i].low ? "low" : "high"));
        append(w, array, object);
    }
    return array;
}

static json_t *counts(writer *w, const size_t *count)
{
    json_t *object = json_object();

    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++)
        put(w, object, run_phase_name((run_phase)phase), whole(count[phase]));
    return object;
}

static json_t *reported(writer *w, const analysis *a)
{
    json_t *object = json_object();

    for (size_t p = 0; p < a->spec->problem_count; p++)
        put(w, object, a->spec->problem[p].name, figure(a->reported[p]));
    return object;
}

static json_t *provenance(writer *w, const analysis *a)
{
    json_t *object = json_object();

    for (size_t i = 0; i < a->note_count; i++)
        put(w, object, a->note[i].key, string(a->note[i].value));
    return object;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static json_t *order(writer *w, const analysis *a)
{
    json_t *array = json_array();

    for (size_t t = 0; t < a->treatment_count; t++)
        append(w, array, whole(a->order[t]));
    return array;
}

static json_t *whole_analysis(writer *w, const analysis *a)
{
    json_t *object = json_object();

    put(w, object, "matrix", string(a->spec->name));
    put(w, object, "passed", json_boolean(analysis_passed(a)));
    put(w, object, "runs", counts(w, a->runs));
    put(w, object, "planned", counts(w, a->planned));
    put(w, object, "skipped_cells", whole(a->skipped_cells));
    put(w, object, "seeds", whole(a->seeds));
    put(w, object, "folds", whole(a->folds));
    put(w, object, "alpha", number(a->spec->stats.alpha));
    put(w, object, "replicates", whole(a->replicates));
    put(w, object, "reported", reported(w, a));
    put(w, object, "sentences", sentences(w, a));
    put(w, object, "gates", gates(w, a));
    put(w, object, "treatments", treatments(w, a));
    put(w, object, "order", order(w, a));
    put(w, object, "friedman", friedman(w, a));
    put(w, object, "pairs", pairs(w, a));
    put(w, object, "blocks", blocks(w, a));
    put(w, object, "cells", cells(w, a));
    put(w, object, "edges", edges(w, a));
    put(w, object, "failures", failures(w, a));
    put(w, object, "provenance", provenance(w, a));
    return object;
}

bool summary_json(const analysis *a, text *out)
{
    writer writer = {false};
    json_t *object = whole_analysis(&writer, a);
    char *bytes = writer.failed ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

    if (bytes == NULL)
        out->failed = true;
    else
        text_add(out, bytes);
    free(bytes);
    json_decref(object);
    return !out->failed;
}
