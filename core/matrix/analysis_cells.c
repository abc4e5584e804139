/* analysis_cells.c: the figures and scores of each cell, and which cells are the same. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

/* Steps that all bootstraps may take, a second or two; and the least replicates all the same. */
enum { MOST_STEPS = 100000000, LEAST_REPLICATES = 2000 };

/* No sum of squares of what is below it overflows. */
static const double as_good_as_infinite = 1e100;

/* ---- figures and scores ---------------------------------------------------------------------- */

bool figure_is_loss(metric metric)
{
    return metric_is_better(metric, 0, 1);
}

double figure_turn(metric metric, double value)
{
    return figure_is_loss(metric) ? -value : value;
}

statistics_interval figure_turn_interval(metric metric, statistics_interval interval)
{
    if (!figure_is_loss(metric))
        return interval;
    return (statistics_interval){-interval.hi, -interval.lo};
}

statistics_interval no_interval(void)
{
    return (statistics_interval){(double)NAN, (double)NAN};
}

size_t replicate_count(const work *w)
{
    return w->a->seeds * w->a->folds;
}

double score_at(const work *w, const score_sheet *sheet, size_t treatment, size_t block,
                size_t replicate)
{
    const size_t seeds = w->a->seeds;
    const size_t cell = cell_at(w, treatment, block, replicate / seeds);

    return cell == SIZE_MAX ? (double)NAN : sheet->score[cell * seeds + replicate % seeds];
}

/* ---- which figures there are ----------------------------------------------------------------- */

static size_t present_at(const work *w, run_phase phase, size_t problem, metric_name_at figure)
{
    const size_t row = (size_t)phase * w->a->spec->problem_count + problem;

    return (row * RECORD_PARTS + (size_t)figure.part) * METRIC_COUNT + (size_t)figure.metric;
}

bool figure_is_there(const work *w, run_phase phase, size_t problem, metric_name_at figure)
{
    return w->present[present_at(w, phase, problem, figure)];
}

static bool find_present(work *w, plx_error *error)
{
    const size_t row = (size_t)RECORD_PARTS * METRIC_COUNT;

    w->present = memory_array(RUN_PHASE_COUNT * w->a->spec->problem_count, row);
    if (w->present == NULL)
        return error_memory(error);
    for (size_t i = 0; i < w->run_count; i++) {
        const seen_run *run = &w->run[i];
        const size_t problem = w->a->cell[run->cell].problem;
        bool *present = &w->present[present_at(w, run->phase, problem, (metric_name_at){0})];
        const double *value = &run->value[0][0];
        for (size_t m = 0; m < row; m++)
            present[m] |= !isnan(value[m]);
    }
    return true;
}

metric figure_by_default(const work *w, run_phase phase, size_t problem, record_part part)
{
    static const metric preferred[] = {METRIC_ACCURACY, METRIC_R2, METRIC_LOSS};

    for (size_t i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++)
        if (figure_is_there(w, phase, problem, (metric_name_at){part, preferred[i]}))
            return preferred[i];
    return METRIC_COUNT;
}

static bool find_figure(const work *w, size_t problem, metric_name_at *figure)
{
    for (int part = 0; part < RECORD_PARTS; part++) {
        figure->part = (record_part)part;
        figure->metric = figure_by_default(w, RUN_FINAL, problem, figure->part);
        if (figure->metric != METRIC_COUNT)
            return true;
    }
    return false;
}

/* A problem that has not run yet is taken to have the figure of the first that has. */
static metric_name_at reported_figure(const work *w, size_t problem)
{
    metric_name_at figure;

    if (w->a->spec->stats.metric_given)
        return w->a->spec->stats.metric;
    if (find_figure(w, problem, &figure))
        return figure;
    for (size_t p = 0; p < w->a->spec->problem_count; p++)
        if (find_figure(w, p, &figure))
            return figure;
    return (metric_name_at){RECORD_TEST, METRIC_LOSS};
}

/* ---- one unit -------------------------------------------------------------------------------- */

static bool is_share(metric metric)
{
    return metric != METRIC_LOSS && metric != METRIC_MAE && metric != METRIC_RMSE;
}

bool axis_is_loss(const axis *axis)
{
    return strcmp(axis->path, "loss") == 0 || strncmp(axis->path, "loss.", strlen("loss.")) == 0;
}

static bool compares_losses(const spec *spec)
{
    for (size_t i = 0; i < spec->axis_count; i++)
        if (spec->axis[i].value_count > 1 && axis_is_loss(&spec->axis[i]))
            return true;
    return false;
}

static void find_units(const work *w, score_sheet *sheet)
{
    const analysis *a = w->a;
    const bool losses = compares_losses(a->spec);

    sheet->one_unit_overall = true;
    for (size_t p = 0; p < a->spec->problem_count; p++)
        sheet->one_unit[p] = sheet->figure[p].metric != METRIC_LOSS || !losses;
    for (size_t b = 0; b < a->block_count; b++) {
        const size_t problem = a->block_problem[b], first = a->block_problem[0];
        const metric_name_at figure = sheet->figure[problem];
        const bool same_figure = figure.part == sheet->figure[first].part &&
                                 figure.metric == sheet->figure[first].metric;
        if (!sheet->one_unit[problem] || !same_figure ||
            (problem != first && !is_share(figure.metric)))
            sheet->one_unit_overall = false;
    }
}

/* ---- sheets ---------------------------------------------------------------------------------- */

double run_score(const seen_run *run, metric_name_at figure)
{
    const double value = run->value[figure.part][figure.metric];

    if (run_status_is_failure(run->status) || fabs(value) > as_good_as_infinite)
        return -(double)INFINITY;
    return figure_turn(figure.metric, value);
}

void sheet_clear(score_sheet *sheet)
{
    free(sheet->figure);
    free(sheet->there);
    free(sheet->one_unit);
    free(sheet->score);
    *sheet = (score_sheet){0};
}

static void fill_scores(const work *w, score_sheet *sheet)
{
    const size_t seeds = w->a->seeds;

    for (size_t i = 0; i < w->a->cell_count * seeds; i++) {
        const size_t problem = w->a->cell[i / seeds].problem;
        const seen_run *run = w->final[i];
        double score = run == NULL ? (double)NAN : run_score(run, sheet->figure[problem]);
        if (run != NULL && isnan(score) && sheet->there[problem])
            score = -(double)INFINITY; /* others have a number there */
        sheet->score[i] = score;
    }
}

bool sheet_fill(const work *w, const metric_name_at *asked, score_sheet *sheet, plx_error *error)
{
    const size_t problems = w->a->spec->problem_count;

    *sheet = (score_sheet){
        .figure = memory_array(problems, sizeof(*sheet->figure)),
        .there = memory_array(problems, sizeof(*sheet->there)),
        .one_unit = memory_array(problems, sizeof(*sheet->one_unit)),
        .score = memory_array(w->a->cell_count, w->a->seeds * sizeof(*sheet->score)),
    };
    if (sheet->figure == NULL || sheet->there == NULL || sheet->one_unit == NULL ||
        sheet->score == NULL) {
        sheet_clear(sheet);
        return error_memory(error);
    }
    for (size_t p = 0; p < problems; p++) {
        sheet->figure[p] = asked != NULL ? *asked : reported_figure(w, p);
        sheet->there[p] = figure_is_there(w, RUN_FINAL, p, sheet->figure[p]);
    }
    find_units(w, sheet);
    fill_scores(w, sheet);
    return true;
}

/* ---- how many replicates --------------------------------------------------------------------- */

/* A replicate takes about as many steps as it draws values, and a few for the quantiles. */
static size_t affordable_replicates(const analysis *a)
{
    const double k = (double)a->treatment_count;
    const bool each = a->spec->stats.control < 0 && a->treatment_count <= ANALYSIS_MOST_COMPARED;
    const double pairs = (each ? k * (k - 1) / 2 : k) * (1 + (double)a->spec->problem_count) +
                         (double)a->spec->gate_count;
    const double draws = 2 * (double)a->runs[RUN_FINAL] /* cells, and treatments at most */
                         + pairs * (double)(a->seeds * a->folds);
    const double few = 4 * ((double)a->cell_count + k + pairs);
    const double asked = (double)a->spec->stats.replicates;

    return (size_t)fmin(asked, fmax(MOST_STEPS / (draws + few), LEAST_REPLICATES));
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* The scores that are there, into `out`; returns how many. */
static size_t present_scores(const double *score, size_t count, double *out)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (!isnan(score[i]))
            out[n++] = score[i];
    return n;
}

/* The mean of the scores that are finite, as a figure. */
static double finite_mean(const double *score, size_t n, metric metric)
{
    double sum = 0;
    size_t finite = 0;

    for (size_t i = 0; i < n; i++)
        if (isfinite(score[i])) {
            sum += score[i];
            finite++;
        }
    return finite == 0 ? (double)NAN : figure_turn(metric, sum / (double)finite);
}

/* Medians of what the runs of a cell took, over those that did not fail. */
static void fill_costs(const work *w, size_t index, double *room)
{
    const size_t seeds = w->a->seeds;
    analysis_cell *cell = &w->a->cell[index];

    for (int what = 0; what < 2; what++) {
        size_t n = 0;
        for (size_t s = 0; s < seeds; s++) {
            const seen_run *run = w->final[index * seeds + s];
            if (run != NULL && !run_status_is_failure(run->status))
                room[n++] = what == 0 ? run->seconds : (double)run->state_bytes;
        }
        *(what == 0 ? &cell->seconds : &cell->state_bytes) = statistics_quantile(room, n, 0.5);
    }
}

static bool fill_scores_of(const work *w, size_t index, double *room, plx_error *error)
{
    const size_t seeds = w->a->seeds;
    analysis_cell *cell = &w->a->cell[index];
    const metric metric = w->sheet.figure[cell->problem].metric;
    const spec_stats *stats = &w->a->spec->stats;

    memcpy(cell->score, w->sheet.score + index * seeds, seeds * sizeof(*cell->score));
    const size_t n = present_scores(cell->score, seeds, room);
    cell->mean = finite_mean(room, n, metric);
    cell->iqm = n == 0 ? (double)NAN : figure_turn(metric, statistics_iqm(room, n));
    cell->ci = no_interval();
    if (n < 2)
        return true;
    if (!statistics_bootstrap(room, &n, 1, STATISTICS_IQM, stats->alpha, w->a->replicates,
                              (uint64_t)index + 1, &cell->ci, error))
        return false;
    cell->ci = figure_turn_interval(metric, cell->ci);
    return true;
}

static bool fill_cell(const work *w, size_t index, double *room, plx_error *error)
{
    const size_t seeds = w->a->seeds;
    analysis_cell *cell = &w->a->cell[index];

    cell->same_as = cell->chosen = SIZE_MAX;
    cell->untuned_mean = cell->steps_to_target = cell->evaluations_to_target = (double)NAN;
    if ((cell->score = memory_array(seeds, sizeof(*cell->score))) == NULL)
        return error_memory(error);
    for (size_t s = 0; s < seeds; s++) {
        const seen_run *run = w->final[index * seeds + s];
        cell->runs += run != NULL;
        cell->failures += run != NULL && run_status_is_failure(run->status);
    }
    cell->state = cell->skipped != NULL ? CELL_SKIPPED
                  : cell->runs == 0     ? CELL_EMPTY
                  : cell->runs == seeds ? CELL_DONE
                                        : CELL_PARTIAL;
    fill_costs(w, index, room);
    return fill_scores_of(w, index, room, error);
}

/* ---- the same by mathematics ----------------------------------------------------------------- */

static size_t class_of(const analysis *a, size_t cell)
{
    return a->cell[cell].same_as == SIZE_MAX ? cell : a->cell[cell].same_as;
}

/* Equal weights for every seed that both have; with those of runs that failed, or of others. */
static bool weights_agree(const work *w, size_t a, size_t b, size_t *failed, size_t *others)
{
    const size_t seeds = w->a->seeds;

    *failed = *others = 0;
    for (size_t s = 0; s < seeds; s++) {
        const seen_run *left = w->final[a * seeds + s], *right = w->final[b * seeds + s];
        if (left == NULL || right == NULL)
            continue;
        if (strcmp(left->weights, right->weights) != 0 || left->status != right->status)
            return false;
        if (left->weights[0] != '\0')
            ++*(run_status_is_failure(left->status) ? failed : others);
    }
    return true;
}

likeness cells_compare(const work *w, size_t a, size_t b)
{
    size_t failed, others;

    if (class_of(w->a, a) == class_of(w->a, b))
        return CELLS_SAME;
    return weights_agree(w, a, b, &failed, &others) && failed > 0 && others == 0 ? CELLS_FAIL_ALIKE
                                                                                 : CELLS_DIFFER;
}

/* The weights of its first run that has any; "" without one. */
static const char *first_weights(const work *w, size_t cell)
{
    for (size_t s = 0; s < w->a->seeds; s++) {
        const seen_run *run = w->final[cell * w->a->seeds + s];
        if (run != NULL && run->weights[0] != '\0')
            return run->weights;
    }
    return "";
}

static int by_weights(const void *left, const void *right, void *context)
{
    const size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const int order = strcmp(first_weights(context, a), first_weights(context, b));

    return order == 0 ? (a > b) - (a < b) : order;
}

/* Equal weights for every seed that both have, at least one of a run that did not fail: what
 * diverges at once keeps the weights it began with, which are the same for all. Runs without
 * weights must have ended alike. */
static bool are_same(const work *w, size_t a, size_t b)
{
    size_t failed, others;

    return w->a->cell[a].problem == w->a->cell[b].problem && w->fold[a] == w->fold[b] &&
           weights_agree(w, a, b, &failed, &others) && others > 0;
}

/* cell[0 .. count - 1], in order, have the same first weights. */
static void find_same_among(const work *w, const size_t *cell, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i && w->a->cell[cell[i]].same_as == SIZE_MAX; j++)
            if (w->a->cell[cell[j]].same_as == SIZE_MAX && are_same(w, cell[j], cell[i]))
                w->a->cell[cell[i]].same_as = cell[j];
}

static bool find_same(work *w, plx_error *error)
{
    size_t *cell = memory_array(w->a->cell_count, sizeof(*cell));
    size_t n = 0;

    if (cell == NULL)
        return error_memory(error);
    for (size_t i = 0; i < w->a->cell_count; i++)
        if (first_weights(w, i)[0] != '\0')
            cell[n++] = i;
    qsort_r(cell, n, sizeof(*cell), by_weights, w);
    for (size_t first = 0, behind; first < n; first = behind) {
        behind = first + 1;
        while (behind < n &&
               strcmp(first_weights(w, cell[first]), first_weights(w, cell[behind])) == 0)
            behind++;
        find_same_among(w, cell + first, behind - first);
    }
    free(cell);
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool fill_final(work *w, plx_error *error)
{
    const size_t seeds = w->a->seeds;

    w->final = memory_array(w->a->cell_count, seeds * sizeof(*w->final));
    if (w->final == NULL)
        return error_memory(error);
    for (size_t i = 0; i < w->run_count; i++)
        if (w->run[i].phase == RUN_FINAL)
            w->final[w->run[i].cell * seeds + w->run[i].seed] = &w->run[i];
    return true;
}

static bool fill_cells(work *w, plx_error *error)
{
    double *room = memory_array(w->a->seeds, sizeof(*room));
    bool ok = room != NULL || error_memory(error);

    for (size_t i = 0; ok && i < w->a->cell_count; i++)
        ok = fill_cell(w, i, room, error);
    free(room);
    return ok;
}

bool analysis_cells(work *w, plx_error *error)
{
    analysis *a = w->a;

    if (!fill_final(w, error) || !find_present(w, error) || !sheet_fill(w, NULL, &w->sheet, error))
        return false;
    if ((a->reported = memory_array(a->spec->problem_count, sizeof(*a->reported))) == NULL)
        return error_memory(error);
    memcpy(a->reported, w->sheet.figure, a->spec->problem_count * sizeof(*a->reported));
    a->one_unit = w->sheet.one_unit_overall;
    a->replicates = affordable_replicates(a);
    return fill_cells(w, error) && find_same(w, error);
}
