/* matrix_sensitivity.c: what came of each value that was tried of each searched setting. The same
 * values are tried in every cell with the same search space, so a trial is one point for all of
 * them: the median of their scores, with a band from the worst to the best. Where any run of a
 * trial failed the setting's axis is shaded, half way to the next values: the zone of
 * divergence. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/matrix_sections.h"
#include "report/plot.h"
#include "support/memory.h"
#include "support/text.h"

/* A trial, over the cells of a group. */
typedef struct point {
    double x; /* NaN: a word                                                                     */
    const char *word;
    double median, lo, hi;
    size_t runs, failures, chosen;
} point;

/* Cells of one problem and treatment that search the same. */
typedef struct group {
    const analysis *analysis;
    size_t *cell;
    size_t count, trials;
    const search_range *range[SPEC_MOST_RANGES];
    size_t range_count;
} group;

/* ---- groups of cells ------------------------------------------------------------------------- */

static bool searches_same(const group *g, size_t cell)
{
    const search_range *range[SPEC_MOST_RANGES];
    const size_t count = analysis_cell_ranges(g->analysis, cell, range);

    return g->analysis->cell[cell].trial_count == g->trials && count == g->range_count &&
           memcmp(range, g->range, count * sizeof(*range)) == 0;
}

/* The group of cell `first` and all like it behind it; marks them. */
static void gather(group *g, size_t first, bool *done)
{
    const analysis_cell *own = &g->analysis->cell[first];

    g->trials = own->trial_count;
    g->range_count = analysis_cell_ranges(g->analysis, first, g->range);
    g->count = 0;
    for (size_t i = first; i < g->analysis->cell_count; i++) {
        const analysis_cell *cell = &g->analysis->cell[i];
        if (done[i] || cell->problem != own->problem || cell->treatment != own->treatment ||
            !searches_same(g, i))
            continue;
        done[i] = true;
        g->cell[g->count++] = i;
    }
}

/* ---- points ---------------------------------------------------------------------------------- */

static double middle_of(const double *sorted, size_t n)
{
    const double a = sorted[(n - 1) / 2], b = sorted[n / 2];

    return isinf(a) || isinf(b) ? a : (a + b) / 2;
}

/* A trial's scores over the cells; `score` has room for as many. Its word is "" in cells where it
 * is not there yet. */
static point point_of(const group *g, size_t trial, size_t setting, double *score)
{
    point p = {
        .x = (double)NAN, .word = "", .median = (double)NAN, .lo = (double)NAN, .hi = (double)NAN};
    size_t n = 0;

    for (size_t i = 0; i < g->count; i++) {
        const analysis_cell *cell = &g->analysis->cell[g->cell[i]];
        const analysis_trial *t = &cell->trial[trial];
        p.word = *p.word == '\0' ? t->value[setting] : p.word;
        p.runs += t->runs;
        p.failures += t->failures;
        p.chosen += cell->chosen == trial;
        if (!isnan(t->score))
            score[n++] = t->score;
    }
    if (!text_is_double(p.word, strlen(p.word), &p.x))
        p.x = (double)NAN;
    matrix_sort(score, n);
    if (n > 0) {
        p.median = middle_of(score, n);
        p.lo = score[0];
        p.hi = score[n - 1];
    }
    return p;
}

static int by_value(const void *a, const void *b)
{
    const point *x = a, *y = b;

    if (isnan(x->x) || isnan(y->x))
        return isnan(x->x) - isnan(y->x);
    return (x->x > y->x) - (x->x < y->x);
}

/* Those of trials that are there; NULL without memory. */
static point *points_of(const group *g, size_t setting, size_t *count)
{
    point *points = memory_array(g->trials, sizeof(*points));
    double *score = memory_array(g->count, sizeof(*score));

    *count = 0;
    for (size_t i = 0; points != NULL && score != NULL && i < g->trials; i++) {
        points[*count] = point_of(g, i, setting, score);
        *count += *points[*count].word != '\0';
    }
    if (points != NULL)
        qsort(points, *count, sizeof(*points), by_value);
    if (score == NULL) {
        free(points);
        points = NULL;
    }
    free(score);
    return points;
}

/* ---- the picture ----------------------------------------------------------------------------- */

static double half_way(double a, double b, bool log)
{
    return log ? sqrt(a) * sqrt(b) : a / 2 + b / 2;
}

/* Stretches of neighbouring trials in which runs failed. */
static size_t find_zones(const point *points, size_t count, bool log, plot_zone *zones)
{
    size_t n = 0;

    for (size_t from = 0, to; from < count; from = to + 1) {
        to = from;
        while (to < count && points[to].failures > 0)
            to++;
        if (to == from)
            continue;
        zones[n] =
            (plot_zone){from == 0 ? -HUGE_VAL : half_way(points[from - 1].x, points[from].x, log),
                        to == count ? HUGE_VAL : half_way(points[to - 1].x, points[to].x, log),
                        n == 0 ? "runs failed" : NULL};
        n++;
    }
    return n;
}

static void add_picture(html *page, const group *g, const char *title, size_t setting,
                        const point *points, size_t count, plot_zone *zones, double *column)
{
    double *const x = column, *const y = x + count, *const lo = y + count, *const hi = lo + count;
    const bool log = points[0].x > 0 && (g->range[setting]->rule == RANGE_LOG ||
                                         points[count - 1].x > 50 * points[0].x);
    plot_series series = {.name = g->count > 1 ? "median of cells" : "score",
                          .x = x,
                          .y = y,
                          .count = count,
                          .markers = true,
                          .apart = g->range_count > 1};

    for (size_t i = 0; i < count; i++) {
        x[i] = points[i].x;
        y[i] = points[i].median;
        lo[i] = points[i].lo;
        hi[i] = points[i].hi;
    }
    if (g->count > 1 && g->range_count == 1) {
        series.lo = lo;
        series.hi = hi;
    }
    const plot plot = {.title = title,
                       .x = {.label = g->range[setting]->path, .log = log},
                       .y = {.label = "score in tuning, more is better"},
                       .series = &series,
                       .series_count = 1,
                       .zones = zones,
                       .zone_count = find_zones(points, count, log, zones)};
    plot_legend(page, &plot);
    plot_picture(page, &plot);
}

static void add_table(html *page, const group *g, size_t setting, const point *points, size_t count)
{
    const char *const titles[] = {g->range[setting]->path, "median score", "worst", "best",
                                  "failed runs",           "chosen by"};

    html_details_open(page, "Numbers");
    html_table_open(page, NULL, titles, 6);
    for (size_t i = 0; i < count && i < MATRIX_MOST_ROWS; i++) {
        const point *p = &points[i];
        html_row_open(page);
        html_cell_head(page, p->word);
        matrix_cell_or(page, p->median, 4, "failed");
        matrix_cell_or(page, p->lo, 4, "failed");
        matrix_cell_or(page, p->hi, 4, "failed");
        html_cell(page, "%zu of %zu", p->failures, p->runs);
        html_cell(page, "%s", p->chosen == 0 ? "" : matrix_counted(p->chosen, "cell").bytes);
        html_row_close(page);
    }
    html_table_close(page);
    matrix_rest(page, count, MATRIX_MOST_ROWS, "trial");
    html_details_close(page);
}

/* "adam, iris: optimizer.lr" */
static char *title_of(const group *g, size_t setting)
{
    const analysis *analysis = g->analysis;
    const analysis_cell *cell = &analysis->cell[g->cell[0]];
    const char *problem = analysis->spec->problem[cell->problem].name;

    if (cell->treatment >= analysis->treatment_count)
        return memory_format("%s: %s", problem, g->range[setting]->path);
    return memory_format("%s, %s: %s", analysis->treatment[cell->treatment].label, problem,
                         g->range[setting]->path);
}

/* Words have no place on an axis: of them there is the table alone. */
static void add_setting(html *page, const group *g, size_t setting)
{
    char *title = title_of(g, setting);
    size_t count;
    point *points = points_of(g, setting, &count);
    plot_zone *zones = memory_array(g->trials, sizeof(*zones));
    double *column = memory_array(4 * g->trials, sizeof(*column));

    if (title != NULL && points != NULL && zones != NULL && column != NULL) {
        html_figure_open(page);
        html_caption(page, "%s", title);
        if (count > 0 && !isnan(points[count - 1].x))
            add_picture(page, g, title, setting, points, count, zones, column);
        add_table(page, g, setting, points, count);
        html_figure_close(page);
    } else {
        page->out->failed = true;
    }
    free(title);
    free(points);
    free(zones);
    free(column);
}

/* ---- the section ----------------------------------------------------------------------------- */

static bool searches_anything(const analysis *analysis)
{
    for (size_t i = 0; i < analysis->cell_count; i++)
        if (analysis->cell[i].trial_count > 0)
            return true;
    return false;
}

static void add_groups(html *page, group *g, bool *done)
{
    const analysis *analysis = g->analysis;
    size_t pictures = 0;

    html_gallery_open(page);
    for (size_t i = 0; i < analysis->cell_count; i++) {
        if (done[i] || analysis->cell[i].trial_count == 0)
            continue;
        gather(g, i, done);
        for (size_t k = 0; k < g->range_count; k++)
            if (pictures++ < MATRIX_MOST_PANELS)
                add_setting(page, g, k);
    }
    html_gallery_close(page);
    matrix_rest(page, pictures, MATRIX_MOST_PANELS, "picture");
}

void matrix_sensitivity(html *page, const analysis *analysis)
{
    if (!searches_anything(analysis))
        return;
    bool *done = memory_array(analysis->cell_count, sizeof(*done));
    group g = {.analysis = analysis, .cell = memory_array(analysis->cell_count, sizeof(*g.cell))};

    html_heading(page, 2, "Sensitivity to searched settings");
    html_paragraph(page,
                   "Each point is a trial of tuning: its mean score over the tuning seeds, "
                   "and the median over cells that search the same; the band reaches from "
                   "the worst cell to the best. Shaded: some run of the trials there failed.");
    if (analysis->spec->protocol.select_given && analysis->spec->protocol.select == METRIC_LOSS)
        matrix_note_losses(page, analysis);
    if (done != NULL && g.cell != NULL)
        add_groups(page, &g, done);
    page->out->failed |= done == NULL || g.cell == NULL;
    free(done);
    free(g.cell);
}
