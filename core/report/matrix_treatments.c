/* matrix_treatments.c: what each treatment came to over all its cells: the interquartile mean with
 * its interval, ranks, failures, and what the quality costs in seconds and bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/intervals.h"
#include "report/matrix_sections.h"
#include "support/memory.h"

enum { MOST_INTERVALS = 40 };

static const char decided_by_failures[] = "failures decide";

/* "IQM of test_accuracy, 95 % interval" */
static void axis_label(char label[96], const analysis *analysis, metric_name_at metric)
{
    char name[32], percent[32];

    snprintf(label, 96, "IQM of %s, %s %% interval", spec_metric_name(metric, name),
             matrix_confidence(percent, analysis));
}

/* The treatment in that place, the best first. */
static size_t in_place(const analysis *analysis, size_t place)
{
    return analysis->order == NULL ? place : analysis->order[place];
}

/* ---- all problems together ------------------------------------------------------------------- */

static void add_overall(html *page, const analysis *analysis, metric_name_at metric)
{
    const size_t count =
        analysis->treatment_count < MOST_INTERVALS ? analysis->treatment_count : MOST_INTERVALS;
    interval_row *rows = memory_array(count, sizeof(*rows));
    char label[96];

    page->out->failed |= rows == NULL;
    for (size_t i = 0; rows != NULL && i < count; i++) {
        const size_t own = in_place(analysis, i);
        const analysis_treatment *t = &analysis->treatment[own];
        rows[i] = (interval_row){
            t->label, t->iqm, t->ci.lo, t->ci.hi, isinf(t->iqm) ? decided_by_failures : NULL, own};
    }
    axis_label(label, analysis, metric);
    if (rows != NULL)
        intervals_figure(page, &(intervals){.title = "Over all of these blocks",
                                            .label = label,
                                            .row = rows,
                                            .count = count});
    free(rows);
}

/* ---- one problem ----------------------------------------------------------------------------- */

static bool is_shown(const analysis_cell *cell, size_t problem)
{
    return cell->problem == problem && cell->state != CELL_SKIPPED;
}

static size_t cells_of(const analysis *analysis, size_t problem)
{
    size_t count = 0;

    for (size_t i = 0; i < analysis->cell_count; i++)
        count += is_shown(&analysis->cell[i], problem);
    return count;
}

/* A cell's label without the name of its problem, which stands above. */
static const char *short_label(const char *label, const char *problem)
{
    static const char between[] = " / ";
    const size_t length = strlen(problem);

    if (strncmp(label, problem, length) != 0 ||
        strncmp(label + length, between, strlen(between)) != 0)
        return label;
    return label + length + strlen(between);
}

static void add_problem(html *page, const analysis *analysis, size_t problem, size_t count)
{
    const char *name = analysis->spec->problem[problem].name;
    interval_row *rows = memory_array(count, sizeof(*rows));
    size_t n = 0;
    char label[96];

    page->out->failed |= rows == NULL;
    for (size_t i = 0; rows != NULL && i < analysis->cell_count; i++) {
        const analysis_cell *cell = &analysis->cell[i];
        if (is_shown(cell, problem))
            rows[n++] = (interval_row){short_label(cell->label, name),
                                       cell->iqm,
                                       cell->ci.lo,
                                       cell->ci.hi,
                                       isinf(cell->iqm) ? decided_by_failures : NULL,
                                       cell->treatment};
    }
    axis_label(label, analysis, analysis->reported[problem]);
    if (rows != NULL)
        intervals_figure(page,
                         &(intervals){.title = name, .label = label, .row = rows, .count = n});
    free(rows);
}

/* Problems of so few cells that a picture can tell them apart. */
static void add_problems(html *page, const analysis *analysis)
{
    enum { MOST_CELLS = 16 };
    size_t shown = 0;

    if (analysis->reported == NULL ||
        (analysis->spec->problem_count < 2 && analysis->cell_count == analysis->treatment_count &&
         matrix_common_metric(analysis) != NULL))
        return;
    for (size_t p = 0; p < analysis->spec->problem_count && shown < MATRIX_MOST_PANELS; p++) {
        const size_t count = cells_of(analysis, p);
        if (count < 2 || count > MOST_CELLS)
            continue;
        if (shown++ == 0)
            html_gallery_open(page);
        add_problem(page, analysis, p, count);
    }
    if (shown > 0)
        html_gallery_close(page);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Quality for what it costs. There is no such ratio where it costs nothing, nor of a loss, which is
 * no quality. */
static double per(double quality, double cost)
{
    return isfinite(quality) && cost > 0 ? quality / cost : (double)NAN;
}

static void add_row(html *page, const analysis *analysis, const analysis_treatment *t)
{
    const metric_name_at *metric = matrix_common_metric(analysis);
    const bool is_quality = metric != NULL && !matrix_low_is_better(metric->metric);
    const double quality = is_quality ? t->iqm : (double)NAN;

    html_row_open(page);
    html_cell_head(page, t->label);
    html_cell_number(page, (double)t->runs, 12);
    html_cell_number(page, (double)t->failures, 12);
    matrix_cell_interval(page, t->iqm, t->ci, 4);
    html_cell_number(page, t->mean_rank, 3);
    html_cell_number(page, t->median_steps, 4);
    html_cell_number(page, t->median_seconds, 3);
    html_cell_number(page, per(quality, t->median_seconds), 3);
    html_cell_number(page, t->median_state_bytes, 7);
    html_cell_number(page, per(quality, t->median_state_bytes), 3);
    html_row_close(page);
}

static void add_table(html *page, const analysis *analysis)
{
    char percent[32], interval[64];
    const char *const titles[] = {matrix_compared(analysis),
                                  "runs",
                                  "failed",
                                  interval,
                                  "mean rank",
                                  "steps",
                                  "seconds",
                                  "IQM per second",
                                  "state bytes",
                                  "IQM per byte"};

    snprintf(interval, sizeof(interval), "IQM, %s %% interval",
             matrix_confidence(percent, analysis));
    html_table_open(page, "Steps, seconds and bytes of optimizer state: medians of a run", titles,
                    10);
    for (size_t i = 0; i < analysis->treatment_count && i < MATRIX_MOST_ROWS; i++)
        add_row(page, analysis, &analysis->treatment[in_place(analysis, i)]);
    html_table_close(page);
    matrix_rest(page, analysis->treatment_count, MATRIX_MOST_ROWS, "treatment");
}

void matrix_treatments(html *page, const analysis *analysis)
{
    const metric_name_at *metric = matrix_common_metric(analysis);
    const bool compares = analysis->spec->stats.compare >= 0;
    bool any = false;

    html_heading(page, 2, "Treatments");
    if (analysis->treatment_count == 0) {
        html_paragraph(page, "There is nothing to compare.");
        return;
    }
    if (compares)
        html_paragraph(page,
                       "The interquartile mean (IQM) leaves out the best and the worst quarter of "
                       "runs; a failed run counts as the worst. It is taken over the blocks that "
                       "hold every %s, where a block is a problem with one value of each other "
                       "axis, and so are mean ranks; a block that comes to the same weights as "
                       "an earlier one is left out. The best stands first.",
                       matrix_compared(analysis));
    else
        html_paragraph(page, "Nothing is compared. The interquartile mean (IQM) leaves out the "
                             "best and the worst quarter of runs; a failed run counts as the "
                             "worst.");
    for (size_t i = 0; i < analysis->treatment_count; i++)
        any |= !isnan(analysis->treatment[i].iqm);
    if (metric != NULL && any)
        add_overall(page, analysis, *metric);
    else if (!analysis->one_unit && analysis->runs[RUN_FINAL] > 0)
        html_paragraph(page, "The cells are not measured in one unit, so that there is no mean "
                             "over all of them: ranks compare across them.");
    add_problems(page, analysis);
    add_table(page, analysis);
}
