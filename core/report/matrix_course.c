/* matrix_course.c: how training went: time to target and performance profiles, and learning curves
 * with the quartiles of their runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/matrix_sections.h"
#include "report/plot.h"
#include "support/memory.h"

static size_t lines_of(const analysis *analysis)
{
    return analysis->treatment_count < MATRIX_MOST_LINES ? analysis->treatment_count
                                                         : MATRIX_MOST_LINES;
}

static void add_left_out(html *page, const analysis *analysis)
{
    if (analysis->treatment_count > MATRIX_MOST_LINES)
        html_paragraph(page, "Pictures show the first %d of %zu treatments.", MATRIX_MOST_LINES,
                       analysis->treatment_count);
}

/* ---- shares ---------------------------------------------------------------------------------- */

/* What a share is taken of: a cost in steps, or its ratio to the best cost. */
typedef enum { COST, RATIO } share_of;

/* Costs of a treatment as a rising line: the share of all pairs that costs at most so much. */
typedef struct staircase {
    double *x, *y;
    size_t count;
} staircase;

/* INFINITY where the target was not reached. A best cost of 0 leaves no ratio but 1 for those that
 * have it, too. */
static double value_of(const analysis *analysis, const double *cost, size_t i, share_of what)
{
    if (!isfinite(cost[i]))
        return HUGE_VAL;
    if (what == COST)
        return cost[i];
    return cost[i] == analysis->reference[i] ? 1 : cost[i] / analysis->reference[i];
}

static bool stair(const analysis *analysis, const double *cost, share_of what, staircase *line)
{
    const size_t count = analysis->cost_count;
    size_t n = 0;

    *line = (staircase){.x = memory_array(count + 2, sizeof(double)),
                        .y = memory_array(count + 2, sizeof(double))};
    if (line->x == NULL || line->y == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const double value = value_of(analysis, cost, i, what);
        if (isfinite(value))
            line->x[1 + n++] = value;
    }
    matrix_sort(line->x + 1, n);
    for (size_t i = 0; i < n; i++) { /* of equal costs one step, to the highest share */
        const bool last = i + 1 == n || line->x[i + 2] > line->x[i + 1];
        if (!last)
            continue;
        line->count++;
        line->x[line->count] = line->x[i + 1];
        line->y[line->count] = (double)(i + 1) / (double)count;
    }
    line->count++; /* the first is set by stair_ends */
    return true;
}

/* Lets all lines begin at `from` and end at `to`. */
static void stair_ends(staircase *line, double from, double to)
{
    line->x[0] = from;
    line->y[0] = 0;
    line->x[line->count] = to;
    line->y[line->count] = line->y[line->count - 1];
    line->count++;
}

static void stair_free(staircase *line)
{
    free(line->x);
    free(line->y);
}

/* Makes the lines of all treatments and finds where the cheapest and the dearest reached target
 * lie: hi is 0 where none was reached. */
static bool make_stairs(const analysis *analysis, share_of what, staircase *line, double *lo,
                        double *hi)
{
    *lo = HUGE_VAL;
    *hi = 0;
    for (size_t i = 0; i < lines_of(analysis); i++) {
        const double *cost = analysis->treatment[i].cost;
        if (cost != NULL && !stair(analysis, cost, what, &line[i]))
            return false;
        for (size_t k = 1; k < line[i].count; k++) {
            *lo = fmin(*lo, line[i].x[k]);
            *hi = fmax(*hi, line[i].x[k]);
        }
    }
    return true;
}

static void draw_shares(html *page, const analysis *analysis, share_of what, staircase *line,
                        double lo, double hi)
{
    static const char *const titles[] = {"Time to target", "Performance profile"};
    static const char *const labels[] = {"steps", "times the best (\xCF\x84)"};
    plot_series series[MATRIX_MOST_LINES];
    const bool log = lo > 0 && hi > 10 * lo;
    const double from = what == RATIO ? 1 : log ? lo / 1.5 : 0;
    const double to = what == RATIO ? fmax(1.1 * hi, 2) : log ? 1.2 * hi : 1.05 * hi;

    for (size_t i = 0; i < lines_of(analysis); i++) {
        if (line[i].count > 0)
            stair_ends(&line[i], from, to);
        series[i] = (plot_series){.name = analysis->treatment[i].label,
                                  .x = line[i].x,
                                  .y = line[i].y,
                                  .count = line[i].count,
                                  .steps = true};
    }
    plot_figure(page, &(plot){.title = titles[what],
                              .x = {.label = labels[what], .log = log},
                              .y = {"share of runs that reached it", false, 0, 1.04},
                              .series = series,
                              .series_count = lines_of(analysis)});
}

static void add_shares(html *page, const analysis *analysis, share_of what)
{
    staircase line[MATRIX_MOST_LINES] = {{0}};
    double lo, hi;

    if (!make_stairs(analysis, what, line, &lo, &hi))
        page->out->failed = true;
    else if (hi > 0)
        draw_shares(page, analysis, what, line, lo, hi);
    for (size_t i = 0; i < MATRIX_MOST_LINES; i++)
        stair_free(&line[i]);
}

static bool any_reached(const analysis *analysis)
{
    for (size_t i = 0; i < analysis->cost_count; i++)
        if (isfinite(analysis->reference[i]))
            return true;
    return false;
}

static void add_target_rows(html *page, const analysis *analysis)
{
    static const char *const titles[] = {"cell", "steps to target", "evaluations to target"};
    size_t count = 0;

    html_details_open(page, "Medians of each cell");
    html_table_open(page, NULL, titles, 3);
    for (size_t i = 0; i < analysis->cell_count; i++) {
        const analysis_cell *cell = &analysis->cell[i];
        if (isnan(cell->steps_to_target) || cell->state == CELL_SKIPPED ||
            count++ >= MATRIX_MOST_ROWS)
            continue;
        html_row_open(page);
        html_cell_head(page, cell->label);
        matrix_cell_or(page, cell->steps_to_target, 6, "not reached by half");
        matrix_cell_or(page, cell->evaluations_to_target, 6, "not reached by half");
        html_row_close(page);
    }
    html_table_close(page);
    matrix_rest(page, count, MATRIX_MOST_ROWS, "cell");
    html_details_close(page);
}

/* "val_accuracy 0.9; of digits val_loss 0.3" */
static void add_targets(html *page, const spec *spec)
{
    text list = {0};
    char number[32];

    for (size_t i = 0; i < spec->target_count; i++) {
        const spec_target *target = &spec->target[i];
        text_addf(&list, "%s%s%sval_%s %s", i > 0 ? "; " : "",
                  target->problem < 0 ? "" : spec->problem[target->problem].name,
                  target->problem < 0 ? "" : ": ", metric_name(target->metric),
                  html_number(number, target->value, 4));
    }
    html_paragraph(page,
                   "Targets: %s. First the share of runs that reached the target of their problem "
                   "within so many steps, then the share that did within so many times the steps "
                   "of the best treatment of the same block and seed. Seconds are not used: "
                   "beside other runs they are noise.",
                   list.bytes == NULL ? "" : list.bytes);
    page->out->failed |= list.failed;
    free(list.bytes);
}

static bool aims_at_loss(const spec *spec)
{
    for (size_t i = 0; i < spec->target_count; i++)
        if (spec->target[i].metric == METRIC_LOSS)
            return true;
    return false;
}

void matrix_targets(html *page, const analysis *analysis)
{
    bool any = false;

    for (size_t i = 0; i < analysis->treatment_count; i++)
        any |= analysis->treatment[i].cost != NULL;
    if (!any || analysis->cost_count == 0 || analysis->reference == NULL)
        return;
    html_heading(page, 2, "Time to target");
    add_targets(page, analysis->spec);
    if (aims_at_loss(analysis->spec))
        matrix_note_losses(page, analysis);
    if (!any_reached(analysis)) {
        html_paragraph(page, "No run reached its target.");
        return;
    }
    add_left_out(page, analysis);
    html_gallery_open(page);
    add_shares(page, analysis, COST);
    add_shares(page, analysis, RATIO);
    html_gallery_close(page);
    add_target_rows(page, analysis);
}

/* ---- learning curves ------------------------------------------------------------------------- */

static const analysis_curve *curve_of(const analysis *analysis, size_t problem, size_t treatment)
{
    for (size_t i = 0; i < analysis->curve_count; i++)
        if (analysis->curve[i].problem == problem && analysis->curve[i].treatment == treatment)
            return &analysis->curve[i];
    return NULL;
}

/* A loss that falls by more than two powers of ten is seen on a logarithmic axis alone. */
static bool wants_log(const plot_series *series, size_t count)
{
    double lo = HUGE_VAL, hi = -HUGE_VAL;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < series[i].count; k++)
            if (isfinite(series[i].y[k])) {
                lo = fmin(lo, series[i].y[k]);
                hi = fmax(hi, series[i].y[k]);
            }
    return lo > 0 && hi > 100 * lo;
}

/* Every treatment has its line's colour, whether it has a curve on this problem or not. */
static bool add_problem_curves(html *page, const analysis *analysis, size_t problem)
{
    plot_series series[MATRIX_MOST_LINES];
    const size_t count = lines_of(analysis);
    const analysis_curve *any = NULL;
    char label[40];

    for (size_t i = 0; i < count; i++) {
        const analysis_curve *curve = curve_of(analysis, problem, i);
        series[i] = (plot_series){.name = analysis->treatment[i].label};
        if (curve == NULL)
            continue;
        any = curve;
        series[i].x = curve->step;
        series[i].y = curve->median;
        series[i].lo = curve->lo;
        series[i].hi = curve->hi;
        series[i].count = curve->count;
    }
    if (any == NULL)
        return false;
    snprintf(label, sizeof(label), "%s%s", any->training ? "train_" : "val_",
             metric_name(any->metric));
    plot_figure(page, &(plot){.title = analysis->spec->problem[problem].name,
                              .x = {.label = "step"},
                              .y = {.label = label, .log = wants_log(series, count)},
                              .series = series,
                              .series_count = count});
    return true;
}

static bool any_loss(const analysis *analysis)
{
    for (size_t i = 0; i < analysis->curve_count; i++)
        if (analysis->curve[i].metric == METRIC_LOSS)
            return true;
    return false;
}

void matrix_curves(html *page, const analysis *analysis)
{
    size_t shown = 0;

    html_heading(page, 2, "Learning curves");
    if (analysis->curve_count == 0) {
        html_paragraph(page, "There are no learning curves.");
        return;
    }
    html_paragraph(page, "The median of the final runs of each treatment in its best block of the "
                         "problem; the band holds the middle half of them.");
    if (any_loss(analysis))
        matrix_note_losses(page, analysis);
    add_left_out(page, analysis);
    html_gallery_open(page);
    for (size_t p = 0; p < analysis->spec->problem_count && shown < MATRIX_MOST_PANELS; p++)
        shown += add_problem_curves(page, analysis, p);
    html_gallery_close(page);
    if (analysis->spec->problem_count > MATRIX_MOST_PANELS)
        html_paragraph(page, "There is a picture for the first %d problems that have curves.",
                       MATRIX_MOST_PANELS);
}
