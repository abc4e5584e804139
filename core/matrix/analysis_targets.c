/* analysis_targets.c: the second pass over the final runs, with their curves: when each reached its
 * problem's target, and the curves of the best block of each problem and treatment. A curve is
 * read, used and forgotten, but for those that are shown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

enum { MOST_POINTS = 500 }; /* of a curve: as many as can be told apart                           */

/* The points of one run. */
typedef struct series {
    double *step, *value;
    size_t count;
} series;

typedef struct second_pass {
    work *w;
    const spec_target **target; /* of each problem; NULL: none                                   */
    size_t *curve_of;           /* of each cell; SIZE_MAX: none                                  */
    series *of;                 /* of[curve * replicates + replicate]                            */
} second_pass;

/* ---- which target, which block --------------------------------------------------------------- */

/* The first that names the problem and whose figure is there, else the first that names none. */
static const spec_target *find_target(const work *w, size_t problem)
{
    const spec *spec = w->a->spec;

    for (int general = 0; general < 2; general++)
        for (size_t i = 0; i < spec->target_count; i++) {
            const spec_target *target = &spec->target[i];
            const metric_name_at figure = {RECORD_VALIDATION, target->metric};
            if (target->problem == (general ? -1 : (int)problem) &&
                figure_is_there(w, RUN_FINAL, problem, figure))
                return target;
        }
    return NULL;
}

/* How a treatment does in a block: its share of failures, and the mean of its other scores; false
 * without a run. */
typedef struct standing {
    double failures, mean;
} standing;

static bool standing_in(const work *w, size_t treatment, size_t block, standing *out)
{
    double sum = 0, failed = 0, finite = 0;

    for (size_t r = 0; r < replicate_count(w); r++) {
        const double score = score_at(w, &w->sheet, treatment, block, r);
        failed += isinf(score) ? 1 : 0;
        if (!isfinite(score))
            continue;
        sum += score;
        finite++;
    }
    if (failed + finite == 0)
        return false;
    out->failures = failed / (failed + finite);
    out->mean = finite == 0 ? -(double)INFINITY : sum / finite;
    return true;
}

static size_t best_block(const work *w, size_t problem, size_t treatment)
{
    size_t best = SIZE_MAX;
    standing top = {0, 0}, at;

    for (size_t b = 0; b < w->a->block_count; b++) {
        if (w->a->block_problem[b] != problem || !standing_in(w, treatment, b, &at))
            continue;
        if (best == SIZE_MAX || at.failures < top.failures ||
            (at.failures == top.failures && at.mean > top.mean)) {
            best = b;
            top = at;
        }
    }
    return best;
}

/* ---- the curves there will be ---------------------------------------------------------------- */

static void choose_figure(const work *w, analysis_curve *curve)
{
    const metric_name_at reported = {RECORD_VALIDATION, w->a->reported[curve->problem].metric};

    curve->metric = figure_is_there(w, RUN_FINAL, curve->problem, reported)
                        ? reported.metric
                        : figure_by_default(w, RUN_FINAL, curve->problem, RECORD_VALIDATION);
    curve->training = curve->metric == METRIC_COUNT;
    if (curve->training)
        curve->metric = METRIC_LOSS;
}

static void add_curve(second_pass *pass, size_t problem, size_t treatment, size_t block)
{
    analysis *a = pass->w->a;
    analysis_curve *curve = &a->curve[a->curve_count];

    *curve = (analysis_curve){.problem = problem, .treatment = treatment, .cell = SIZE_MAX};
    choose_figure(pass->w, curve);
    for (size_t f = 0; f < a->folds; f++) {
        const size_t cell = cell_at(pass->w, treatment, block, f);
        if (cell == SIZE_MAX)
            continue;
        pass->curve_of[cell] = a->curve_count;
        curve->cell = curve->cell == SIZE_MAX ? cell : curve->cell;
    }
    a->curve_count++;
}

static bool open_pass(second_pass *pass, plx_error *error)
{
    work *w = pass->w;
    analysis *a = w->a;
    const size_t problems = a->spec->problem_count;
    const size_t most = a->cell_count; /* each curve is of another cell */

    pass->target = memory_array(problems, sizeof(*pass->target));
    pass->curve_of = memory_array(a->cell_count, sizeof(*pass->curve_of));
    a->curve = memory_array(most, sizeof(*a->curve));
    if (pass->target == NULL || pass->curve_of == NULL || a->curve == NULL)
        return error_memory(error);
    for (size_t i = 0; i < a->cell_count; i++)
        pass->curve_of[i] = SIZE_MAX;
    for (size_t p = 0; p < problems; p++) {
        pass->target[p] = find_target(w, p);
        for (size_t t = 0; t < a->treatment_count; t++) {
            const size_t block = best_block(w, p, t);
            if (block != SIZE_MAX)
                add_curve(pass, p, t, block);
        }
    }
    pass->of = memory_array(a->curve_count, replicate_count(w) * sizeof(*pass->of));
    return pass->of != NULL || error_memory(error);
}

/* ---- a run ----------------------------------------------------------------------------------- */

static bool reaches(const spec_target *target, double value)
{
    return value == target->value || metric_is_better(target->metric, value, target->value);
}

static void find_cost(const second_pass *pass, size_t cell, size_t seed, const run_record *record)
{
    const work *w = pass->w;
    const spec_target *target = pass->target[w->a->cell[cell].problem];
    const size_t at = cell * w->a->seeds + seed;

    if (target == NULL)
        return;
    w->steps[at] = w->evaluations[at] = (double)INFINITY;
    for (size_t e = 0; e < record->epoch_count; e++)
        if (reaches(target, record->epoch[e].validation[target->metric])) {
            w->steps[at] = (double)record->epoch[e].step;
            w->evaluations[at] = (double)record->epoch[e].evaluations;
            return;
        }
}

static bool keep_series(const analysis_curve *curve, const run_record *record, series *series)
{
    series->step = memory_array(record->epoch_count, sizeof(*series->step));
    series->value = memory_array(record->epoch_count, sizeof(*series->value));
    if (series->step == NULL || series->value == NULL)
        return false;
    series->count = record->epoch_count;
    for (size_t e = 0; e < record->epoch_count; e++) {
        const run_epoch *epoch = &record->epoch[e];
        series->step[e] = (double)epoch->step;
        series->value[e] = curve->training ? epoch->train_loss : epoch->validation[curve->metric];
    }
    return true;
}

static bool visit_curve(void *context, const store_result *result, plx_error *error)
{
    second_pass *pass = context;
    const work *w = pass->w;
    size_t cell, seed;

    if (!analysis_asks_for(w, result, &cell, &seed))
        return true;
    find_cost(pass, cell, seed, result->record);
    const size_t curve = pass->curve_of[cell];
    if (curve == SIZE_MAX)
        return true;
    series *series = &pass->of[curve * replicate_count(w) + w->fold[cell] * w->a->seeds + seed];
    if (series->step != NULL) /* an entry stands once */
        return true;
    return keep_series(&w->a->curve[curve], result->record, series) || error_memory(error);
}

/* ---- curves ---------------------------------------------------------------------------------- */

/* Median and quartiles of the runs that came as far as that epoch; no point without one. */
static void add_point(analysis_curve *curve, const series *of, size_t runs, size_t epoch,
                      double *room)
{
    size_t n = 0;

    for (size_t i = 0; i < runs; i++)
        if (epoch < of[i].count && !isnan(of[i].value[epoch])) {
            room[n] = of[i].value[epoch];
            room[runs + n++] = of[i].step[epoch];
        }
    if (n == 0)
        return;
    const size_t at = curve->count++;
    curve->step[at] = statistics_quantile(room + runs, n, 0.5);
    curve->median[at] = statistics_quantile(room, n, 0.5);
    curve->lo[at] = statistics_quantile(room, n, 0.25);
    curve->hi[at] = statistics_quantile(room, n, 0.75);
}

/* Every epoch; of very many, each so many and the last. */
static bool finish_curve(analysis_curve *curve, const series *of, size_t runs, double *room)
{
    size_t epochs = 0;

    for (size_t i = 0; i < runs; i++)
        epochs = of[i].count > epochs ? of[i].count : epochs;
    const size_t stride = epochs <= MOST_POINTS ? 1 : (epochs + MOST_POINTS - 1) / MOST_POINTS;
    const size_t points = epochs / stride + 2;
    double **array[] = {&curve->step, &curve->median, &curve->lo, &curve->hi};
    for (size_t i = 0; i < 4; i++)
        if ((*array[i] = memory_array(points, sizeof(double))) == NULL)
            return false;
    for (size_t e = 0; e < epochs; e += stride)
        add_point(curve, of, runs, e, room);
    if (epochs > 0 && (epochs - 1) % stride != 0)
        add_point(curve, of, runs, epochs - 1, room);
    return true;
}

static bool finish_curves(const second_pass *pass, plx_error *error)
{
    const size_t runs = replicate_count(pass->w);
    double *room = memory_array(runs, 2 * sizeof(*room));
    bool ok = room != NULL;

    for (size_t c = 0; ok && c < pass->w->a->curve_count; c++)
        ok = finish_curve(&pass->w->a->curve[c], pass->of + c * runs, runs, room);
    free(room);
    return ok || error_memory(error);
}

/* ---- time to target -------------------------------------------------------------------------- */

static double median_there(const double *cost, size_t count, double *room)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (!isnan(cost[i]))
            room[n++] = cost[i];
    return n == 0 ? (double)NAN : statistics_quantile(room, n, 0.5);
}

static bool finish_costs(const work *w, plx_error *error)
{
    const size_t seeds = w->a->seeds;
    double *room = memory_array(seeds, sizeof(*room));

    if (room == NULL)
        return error_memory(error);
    for (size_t i = 0; i < w->a->cell_count; i++) {
        analysis_cell *cell = &w->a->cell[i];
        cell->steps_to_target = median_there(w->steps + i * seeds, seeds, room);
        cell->evaluations_to_target = median_there(w->evaluations + i * seeds, seeds, room);
    }
    free(room);
    return true;
}

static bool blank_costs(work *w, plx_error *error)
{
    const size_t n = w->a->cell_count * w->a->seeds;

    w->steps = memory_array(n, sizeof(*w->steps));
    w->evaluations = memory_array(n, sizeof(*w->evaluations));
    if (w->steps == NULL || w->evaluations == NULL)
        return error_memory(error);
    for (size_t i = 0; i < n; i++)
        w->steps[i] = w->evaluations[i] = (double)NAN;
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void close_pass(second_pass *pass)
{
    const size_t n = pass->of == NULL ? 0 : pass->w->a->curve_count * replicate_count(pass->w);

    for (size_t i = 0; i < n; i++) {
        free(pass->of[i].step);
        free(pass->of[i].value);
    }
    free(pass->of);
    free(pass->curve_of);
    free(pass->target);
}

bool analysis_targets(work *w, plx_error *error)
{
    const analysis_source *source = w->source;
    second_pass pass = {.w = w};
    const bool ok = blank_costs(w, error) && open_pass(&pass, error) &&
                    source->results(source->of, RUN_FINAL, true, visit_curve, &pass, error) &&
                    finish_curves(&pass, error) && finish_costs(w, error);

    close_pass(&pass);
    return ok;
}
