/* analysis_tuning.c: what tuning tried in each cell, which trial won, and whether the winner lies
 * at an end of its range, where a better value may lie beyond. It does so
 *
 *   of a log or uniform range: in the outermost 5 % of it, on its own scale; sampled by a grid: if
 *   it is the smallest or the largest value that was tried, of at least 3;
 *   of a grid of numbers: if it is the smallest or the largest, of at least 3. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

static const double edge_share = 0.05;

size_t analysis_choose(const double *score, size_t trials, size_t seeds)
{
    size_t best = SIZE_MAX;
    double best_mean = -(double)INFINITY;

    for (size_t t = 0; t < trials; t++) {
        const double mean = statistics_mean(score + t * seeds, seeds);
        if (mean > best_mean) { /* NaN is not */
            best_mean = mean;
            best = t;
        }
    }
    return best;
}

/* ---- trials ---------------------------------------------------------------------------------- */

/* What tuning goes by in a problem; false if there is nothing. */
static bool selected_figure(const work *w, size_t problem, metric_name_at *figure)
{
    const spec_protocol *protocol = &w->a->spec->protocol;

    figure->part = RECORD_VALIDATION;
    figure->metric = protocol->select_given
                         ? protocol->select
                         : figure_by_default(w, RUN_TUNE, problem, RECORD_VALIDATION);
    return figure->metric != METRIC_COUNT && figure_is_there(w, RUN_TUNE, problem, *figure);
}

/* run[0 .. count - 1] are the tuning runs of a cell: their scores into score[trial * seeds + seed],
 * NaN for what is not there. */
static void fill_trial_scores(const work *w, const seen_run *run, size_t count, double *score,
                              size_t size)
{
    const size_t seeds = w->a->spec->protocol.tune_seeds.count;
    metric_name_at figure;
    const bool there = selected_figure(w, w->a->cell[run->cell].problem, &figure);

    for (size_t i = 0; i < size; i++)
        score[i] = (double)NAN;
    for (size_t i = 0; i < count; i++) {
        const bool failed = run_status_is_failure(run[i].status);
        double value = there ? run_score(&run[i], figure) : (double)NAN;
        if (failed || (there && isnan(value)))
            value = -(double)INFINITY;
        score[run[i].trial * seeds + run[i].seed] = value;
    }
}

/* The values of a trial as one of its runs has them; without a run, "" each. */
static bool keep_values(const seen_run *run, size_t settings, analysis_trial *trial)
{
    trial->value = memory_array(settings, sizeof(*trial->value));
    for (size_t i = 0; trial->value != NULL && i < settings; i++)
        if ((trial->value[i] = memory_string(run == NULL ? "" : run->setting[i])) == NULL)
            return false;
    return trial->value != NULL;
}

static bool keep_all_values(const seen_run *run, size_t count, const analysis_cell *cell)
{
    const size_t settings = run->setting_count;

    for (size_t i = 0; i < count; i++) {
        analysis_trial *trial = &cell->trial[run[i].trial];
        trial->runs++;
        trial->failures += run_status_is_failure(run[i].status);
        if (trial->runs == 1 && !keep_values(&run[i], settings, trial))
            return false;
    }
    for (size_t t = 0; t < cell->trial_count; t++)
        if (cell->trial[t].runs == 0 && !keep_values(NULL, settings, &cell->trial[t]))
            return false;
    return true;
}

/* The mean over what is there; one failure makes it -INFINITY. */
static double trial_score(const double *score, size_t seeds)
{
    double sum = 0;
    size_t n = 0;

    for (size_t s = 0; s < seeds; s++)
        if (!isnan(score[s])) {
            sum += score[s];
            n++;
        }
    return n == 0 ? (double)NAN : sum / (double)n;
}

static bool is_tuned(const work *w, const analysis_cell *cell)
{
    const spec_protocol *protocol = &w->a->spec->protocol;

    for (size_t t = 0; t < cell->trial_count; t++)
        if (cell->trial[t].runs < protocol->tune_seeds.count)
            return false;
    return cell->trial_count == protocol->trials;
}

static void choose(const work *w, analysis_cell *cell, const double *score)
{
    const size_t seeds = w->a->spec->protocol.tune_seeds.count;

    for (size_t t = 0; t < cell->trial_count; t++)
        cell->trial[t].score = trial_score(score + t * seeds, seeds);
    if (is_tuned(w, cell))
        cell->chosen = analysis_choose(score, cell->trial_count, seeds);
}

static bool fill_trials(const work *w, const seen_run *run, size_t count, plx_error *error)
{
    const size_t seeds = w->a->spec->protocol.tune_seeds.count;
    analysis_cell *cell = &w->a->cell[run->cell];
    const size_t trials = run[count - 1].trial + 1; /* they are in order */
    double *score = memory_array(trials, seeds * sizeof(*score));

    cell->trial = memory_array(trials, sizeof(*cell->trial));
    bool ok = score != NULL && cell->trial != NULL;
    if (ok) {
        cell->trial_count = trials;
        fill_trial_scores(w, run, count, score, trials * seeds);
        ok = keep_all_values(run, count, cell);
    }
    if (ok)
        choose(w, cell, score);
    free(score);
    return ok || error_memory(error);
}

/* ---- untuned rows ---------------------------------------------------------------------------- */

static void fill_untuned(const work *w, const seen_run *run, size_t count)
{
    analysis_cell *cell = &w->a->cell[run->cell];
    const metric_name_at figure = w->sheet.figure[cell->problem];
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        const double score = run_score(&run[i], figure);
        if (isfinite(score)) {
            sum += score;
            n++;
        }
    }
    if (n > 0)
        cell->untuned_mean = figure_turn(figure.metric, sum / (double)n);
}

/* ---- edges ----------------------------------------------------------------------------------- */

/* A number that was tried; NaN if it is none. */
static double tried(const analysis_cell *cell, size_t trial, size_t setting)
{
    const char *bytes = cell->trial[trial].value[setting];
    double value;

    return text_is_double(bytes, strlen(bytes), &value) ? value : (double)NAN;
}

/* The smallest and the largest that were tried. False if one is no number, or if there is none
 * between them: of two values each is at an end. */
static bool span_of(const analysis_cell *cell, size_t setting, double *lo, double *hi)
{
    bool between = false;

    *lo = (double)INFINITY;
    *hi = -(double)INFINITY;
    for (size_t t = 0; t < cell->trial_count; t++) {
        const double value = tried(cell, t, setting);
        if (isnan(value))
            return false;
        *lo = fmin(*lo, value);
        *hi = fmax(*hi, value);
    }
    for (size_t t = 0; t < cell->trial_count; t++)
        between |= tried(cell, t, setting) > *lo && tried(cell, t, setting) < *hi;
    return between;
}

/* Where a value lies in its range: 0 at its low end, 1 at its high one. */
static double share_of_range(const search_range *range, double value)
{
    if (range->rule == RANGE_LOG)
        return log(value / range->lo) / log(range->hi / range->lo);
    return (value - range->lo) / (range->hi - range->lo);
}

/* -1 at the low end, 1 at the high end, 0 elsewhere. */
static int edge_of(const work *w, const analysis_cell *cell, const search_range *range,
                   size_t setting)
{
    const double value = tried(cell, cell->chosen, setting);
    double lo, hi;

    if (isnan(value))
        return 0;
    if (range->rule != RANGE_GRID) {
        const double share = share_of_range(range, value);
        if (share <= edge_share || share >= 1 - edge_share)
            return share <= edge_share ? -1 : 1;
        if (w->a->spec->protocol.sampler != SAMPLER_GRID)
            return 0;
    }
    if (!span_of(cell, setting, &lo, &hi))
        return 0;
    return value <= lo ? -1 : value >= hi ? 1 : 0;
}

static bool add_edge(analysis *a, size_t *capacity, const analysis_edge *edge)
{
    if (memory_grow(&a->edge, capacity, a->edge_count + 1, sizeof(*a->edge)) == NULL)
        return false;
    analysis_edge *added = &a->edge[a->edge_count++];
    *added = *edge;
    added->value = memory_string(edge->value);
    return added->value != NULL;
}

static bool find_edges(const work *w, plx_error *error)
{
    const search_range *range[SPEC_MOST_RANGES];
    size_t capacity = 0;

    for (size_t i = 0; i < w->a->cell_count; i++) {
        const analysis_cell *cell = &w->a->cell[i];
        if (cell->trial_count == 0 || cell->chosen == SIZE_MAX)
            continue;
        const size_t settings = analysis_cell_ranges(w->a, i, range);
        for (size_t s = 0; s < settings; s++) {
            const int at = edge_of(w, cell, range[s], s);
            const analysis_edge edge = {i, range[s]->path, cell->trial[cell->chosen].value[s],
                                        at < 0};
            if (at != 0 && !add_edge(w->a, &capacity, &edge))
                return error_memory(error);
        }
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* run[0 .. count - 1] are those of one cell and phase. */
static bool fill_group(const work *w, const seen_run *run, size_t count, plx_error *error)
{
    if (run->phase == RUN_UNTUNED)
        fill_untuned(w, run, count);
    return run->phase != RUN_TUNE || fill_trials(w, run, count, error);
}

bool analysis_tuning(work *w, plx_error *error)
{
    for (size_t first = 0, behind; first < w->run_count; first = behind) {
        const seen_run *run = &w->run[first];
        behind = first + 1;
        while (behind < w->run_count && w->run[behind].cell == run->cell &&
               w->run[behind].phase == run->phase)
            behind++;
        if (!fill_group(w, run, behind - first, error))
            return false;
    }
    return find_edges(w, error);
}
