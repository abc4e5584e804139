/* matrix_cells.c: every cell of the matrix as heat maps. The axes that are not compared span a map,
 * the first its rows and the second its columns; there is one map for each value of the compared
 * axis and of whatever other axes there are. Where there are fewer than two such axes the compared
 * one takes the place of the missing one, so that what is compared stands side by side. Axes of a
 * single value are left out, and those that repeat (folds) come last. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/heat.h"
#include "report/matrix_sections.h"
#include "support/memory.h"

enum { MOST_MAP_ROWS = 40, MOST_MAP_COLUMNS = 24 };

/* Which axis of the spec does what; -1: none. */
typedef struct arrangement {
    int row, column;
    size_t panel[SPEC_MOST_AXES]; /* the others: one map for each of their values                */
    size_t panel_count;
    size_t rows, columns; /* shown                                                              */
} arrangement;

/* ---- which axis goes where ------------------------------------------------------------------- */

static void add_axes(const spec *spec, bool repeats, size_t *axis, size_t *count)
{
    for (size_t i = 0; i < spec->axis_count; i++)
        if ((int)i != spec->stats.compare && spec->axis[i].repeats == repeats &&
            spec->axis[i].value_count > 1)
            axis[(*count)++] = i;
}

static arrangement arrange(const spec *spec)
{
    arrangement to = {.row = -1, .column = -1, .rows = 1, .columns = 1};
    size_t axis[SPEC_MOST_AXES + 1], count = 0, used;
    const bool compares =
        spec->stats.compare >= 0 && spec->axis[spec->stats.compare].value_count > 1;

    add_axes(spec, false, axis, &count);
    add_axes(spec, true, axis, &count);
    if (compares && count < 2)
        axis[count++] = (size_t)spec->stats.compare;
    else if (compares)
        to.panel[to.panel_count++] = (size_t)spec->stats.compare;
    if (count == 1) {
        to.column = (int)axis[0];
    } else if (count > 1) {
        to.row = (int)axis[0];
        to.column = (int)axis[1];
    }
    used = count > 2 ? 2 : count;
    for (size_t i = used; i < count; i++)
        to.panel[to.panel_count++] = axis[i];
    if (to.row >= 0)
        to.rows = spec->axis[to.row].value_count;
    if (to.column >= 0)
        to.columns = spec->axis[to.column].value_count;
    to.rows = to.rows > MOST_MAP_ROWS ? MOST_MAP_ROWS : to.rows;
    to.columns = to.columns > MOST_MAP_COLUMNS ? MOST_MAP_COLUMNS : to.columns;
    return to;
}

/* How many maps a problem has; SIZE_MAX for more than that. */
static size_t panels_of(const spec *spec, const arrangement *to)
{
    size_t panels = 1;

    for (size_t i = 0; i < to->panel_count; i++) {
        const size_t values = spec->axis[to->panel[i]].value_count;
        panels = panels > SIZE_MAX / values ? SIZE_MAX : panels * values;
    }
    return panels;
}

/* The values of panel number `index`: the first of the panel axes changes slowest. */
static void panel_values(const spec *spec, const arrangement *to, size_t index, uint32_t *value)
{
    for (size_t i = to->panel_count; i-- > 0;) {
        const size_t values = spec->axis[to->panel[i]].value_count;
        value[i] = (uint32_t)(index % values);
        index /= values;
    }
}

/* ---- one map --------------------------------------------------------------------------------- */

static heat_cell shown_as(const analysis *analysis, const analysis_cell *cell)
{
    const bool same =
        cell->same_as < analysis->cell_count && &analysis->cell[cell->same_as] != cell;

    return (heat_cell){.label = cell->label,
                       .value = cell->iqm,
                       .runs = cell->runs,
                       .wanted = analysis->spec->protocol.final_seeds.count,
                       .failures = cell->failures,
                       .skipped = cell->state != CELL_SKIPPED ? NULL
                                  : cell->skipped != NULL     ? cell->skipped
                                                              : "no reason is recorded",
                       .same_as = same ? analysis->cell[cell->same_as].label : NULL};
}

static bool lies_in(const arrangement *to, const analysis_cell *cell, const uint32_t *value)
{
    for (size_t i = 0; i < to->panel_count; i++)
        if (cell->value[to->panel[i]] != value[i])
            return false;
    return true;
}

static void fill_map(const analysis *analysis, const arrangement *to, size_t problem,
                     const uint32_t *value, heat_cell *map)
{
    for (size_t i = 0; i < to->rows * to->columns; i++)
        map[i] = (heat_cell){
            .label = "a cell", .value = (double)NAN, .skipped = "the matrix does not have it"};
    for (size_t i = 0; i < analysis->cell_count; i++) {
        const analysis_cell *cell = &analysis->cell[i];
        if (cell->problem != problem || !lies_in(to, cell, value))
            continue;
        const size_t row = to->row < 0 ? 0 : cell->value[to->row];
        const size_t column = to->column < 0 ? 0 : cell->value[to->column];
        if (row < to->rows && column < to->columns)
            map[row * to->columns + column] = shown_as(analysis, cell);
    }
}

/* "adam, train.batch 32"; the problem's name where there is but one map. */
static void add_title(text *out, const analysis *analysis, const arrangement *to, size_t problem,
                      const uint32_t *value)
{
    const spec *spec = analysis->spec;

    for (size_t i = 0; i < to->panel_count; i++) {
        const axis *axis = &spec->axis[to->panel[i]];
        text_add(out, i > 0 ? ", " : "");
        if ((int)to->panel[i] != spec->stats.compare)
            text_addf(out, "%s ", axis->path);
        text_add(out, axis->value[value[i]].label);
    }
    if (to->panel_count == 0)
        text_add(out, spec->problem[problem].name);
}

/* The labels of an axis' first `count` values, into room for as many. */
static void labels_of(const spec *spec, int axis, size_t count, const char **label)
{
    for (size_t i = 0; i < count; i++)
        label[i] = axis < 0 ? "" : spec->axis[axis].value[i].label;
}

static void add_map(html *page, const analysis *analysis, const arrangement *to, size_t problem,
                    size_t panel, const heat_scale *scale, void (*draw)(html *, const heat *))
{
    const spec *spec = analysis->spec;
    heat_cell *map = memory_array(to->rows * to->columns, sizeof(*map));
    const char *row[MOST_MAP_ROWS], *column[MOST_MAP_COLUMNS];
    uint32_t value[SPEC_MOST_AXES] = {0};
    text title = {0};

    panel_values(spec, to, panel, value);
    labels_of(spec, to->row, to->rows, row);
    labels_of(spec, to->column, to->columns, column);
    add_title(&title, analysis, to, problem, value);
    if (map != NULL && !title.failed) {
        fill_map(analysis, to, problem, value, map);
        draw(page, &(heat){.title = title.bytes,
                           .row_label = to->row < 0 ? NULL : spec->axis[to->row].path,
                           .column_label = to->column < 0 ? NULL : spec->axis[to->column].path,
                           .row = row,
                           .column = column,
                           .rows = to->rows,
                           .columns = to->columns,
                           .cell = map,
                           .scale = scale});
    }
    page->out->failed |= map == NULL || title.failed;
    free(map);
    free(title.bytes);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void add_state(html *page, const analysis_cell *cell)
{
    static const char *const names[] = {[CELL_SKIPPED] = "skipped",
                                        [CELL_EMPTY] = "not run",
                                        [CELL_PARTIAL] = "partly run",
                                        [CELL_DONE] = "done"};
    const html_tone tone = cell->failures > 0            ? HTML_BAD
                           : cell->state == CELL_PARTIAL ? HTML_WARNING
                           : cell->state == CELL_DONE    ? HTML_GOOD
                                                         : HTML_NEUTRAL;

    html_cell_tone(page, tone, names[cell->state]);
}

static void add_row(html *page, const analysis *analysis, const analysis_cell *cell)
{
    html_row_open(page);
    html_cell_head(page, cell->label);
    add_state(page, cell);
    html_cell_number(page, (double)cell->runs, 12);
    html_cell_number(page, (double)cell->failures, 12);
    matrix_cell_interval(page, cell->iqm, cell->ci, 4);
    html_cell_number(page, cell->mean, 4);
    html_cell_number(page, cell->seconds, 3);
    html_cell(page, "%s",
              cell->same_as < analysis->cell_count ? analysis->cell[cell->same_as].label : "");
    html_row_close(page);
}

static void add_table(html *page, const analysis *analysis, size_t problem)
{
    char percent[32], interval[64], summary[96];
    const char *const titles[] = {"cell",    "state",          "runs",
                                  "failed",  interval,         "mean of those that did not fail",
                                  "seconds", "same weights as"};
    size_t count = 0;

    snprintf(interval, sizeof(interval), "IQM, %s %% interval",
             matrix_confidence(percent, analysis));
    snprintf(summary, sizeof(summary), "All cells of %.60s", analysis->spec->problem[problem].name);
    html_details_open(page, summary);
    html_table_open(page, NULL, titles, 8);
    for (size_t i = 0; i < analysis->cell_count; i++)
        if (analysis->cell[i].problem == problem && count++ < MATRIX_MOST_ROWS)
            add_row(page, analysis, &analysis->cell[i]);
    html_table_close(page);
    matrix_rest(page, count, MATRIX_MOST_ROWS, "cell");
    html_details_close(page);
}

/* ---- the section ----------------------------------------------------------------------------- */

static heat_scale scale_of(const analysis *analysis, size_t problem, const char *name)
{
    heat_scale scale =
        heat_scale_of(name, matrix_low_is_better(analysis->reported[problem].metric));

    for (size_t i = 0; i < analysis->cell_count; i++)
        if (analysis->cell[i].problem == problem) {
            const heat_cell cell = shown_as(analysis, &analysis->cell[i]);
            heat_scale_take(&scale, &cell);
        }
    heat_scale_settle(&scale);
    return scale;
}

static void scale_name(char figure[48], const analysis *analysis, size_t problem)
{
    char name[32];

    snprintf(figure, 48, "IQM of %s", spec_metric_name(analysis->reported[problem], name));
}

/* A problem of one map: figures that stand side by side. */
static void add_one(html *page, const analysis *analysis, const arrangement *to, size_t problem)
{
    char figure[48];

    scale_name(figure, analysis, problem);
    const heat_scale scale = scale_of(analysis, problem, figure);
    html_figure_open(page);
    html_caption(page, "%s", analysis->spec->problem[problem].name);
    heat_legend(page, &scale);
    add_map(page, analysis, to, problem, 0, &scale, heat_picture);
    add_table(page, analysis, problem);
    html_figure_close(page);
}

/* A problem of several maps with a scale in common. */
static void add_several(html *page, const analysis *analysis, const arrangement *to, size_t problem,
                        size_t panels)
{
    char figure[48];

    scale_name(figure, analysis, problem);
    if (analysis->spec->problem_count > 1)
        html_heading(page, 3, analysis->spec->problem[problem].name);
    if (panels > 0) {
        const heat_scale scale = scale_of(analysis, problem, figure);
        heat_legend(page, &scale);
        html_shelf_open(page);
        for (size_t i = 0; i < panels; i++)
            add_map(page, analysis, to, problem, i, &scale, heat_figure);
        html_shelf_close(page);
    }
    add_table(page, analysis, problem);
}

/* Returns how many maps there was no room for. */
static size_t add_problems(html *page, const analysis *analysis, const arrangement *to)
{
    const size_t each = panels_of(analysis->spec, to), count = analysis->spec->problem_count;
    size_t left = MATRIX_MOST_PANELS, missing = 0;
    const bool alone = to->panel_count == 0 && count <= left;

    if (alone)
        html_shelf_open(page);
    for (size_t p = 0; p < count; p++) {
        const size_t shown = each < left ? each : left;
        if (alone)
            add_one(page, analysis, to, p);
        else
            add_several(page, analysis, to, p, shown);
        left -= shown;
        missing += each - shown;
    }
    if (alone)
        html_shelf_close(page);
    return missing;
}

static bool reports_loss(const analysis *analysis)
{
    for (size_t i = 0; i < analysis->spec->problem_count; i++)
        if (analysis->reported[i].metric == METRIC_LOSS)
            return true;
    return false;
}

/* What the maps do not show. */
static void add_limits(html *page, const spec *spec, const arrangement *to)
{
    if (to->row >= 0 && spec->axis[to->row].value_count > to->rows)
        html_paragraph(page, "Maps show the first %zu of %zu values of %s.", to->rows,
                       spec->axis[to->row].value_count, spec->axis[to->row].path);
    if (to->column >= 0 && spec->axis[to->column].value_count > to->columns)
        html_paragraph(page, "Maps show the first %zu of %zu values of %s.", to->columns,
                       spec->axis[to->column].value_count, spec->axis[to->column].path);
}

void matrix_cells(html *page, const analysis *analysis)
{
    const spec *spec = analysis->spec;
    const arrangement to = arrange(spec);

    html_heading(page, 2, "Cells");
    if (analysis->cell_count == 0 || analysis->reported == NULL) {
        html_paragraph(page, "The matrix has no cells.");
        return;
    }
    if (reports_loss(analysis))
        matrix_note_losses(page, analysis);
    add_limits(page, spec, &to);
    const size_t missing = add_problems(page, analysis, &to);
    if (missing > 0)
        html_paragraph(page, "A further %s %s not drawn; the tables have their cells.",
                       matrix_counted(missing, "map").bytes, missing == 1 ? "is" : "are");
}
