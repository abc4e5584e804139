/* diff.c: see diff.h. Both sides are read once, sorted, and walked through side by side. */
#include "matrix/diff.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

enum { MOST_CELLS = 40, MOST_LABEL = 60 };

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct entry {
    const char *label; /* one of the side's                                                      */
    run_phase phase;
    size_t trial;
    uint64_t seed;
    run_status status;
    int signal;
    char weights[65];
    double value[RECORD_PARTS][METRIC_COUNT];
} entry;

typedef struct side {
    entry *entry;
    size_t count, capacity;
    char **label; /* of its cells                                                                */
    size_t label_count, label_capacity;
} side;

static void clear_side(side *side)
{
    for (size_t i = 0; i < side->label_count; i++)
        free(side->label[i]);
    free(side->label);
    free(side->entry);
}

/* The label as the side has it; entries come cell by cell. NULL without memory. */
static const char *keep_label(side *side, const char *label)
{
    if (side->label_count > 0 && strcmp(side->label[side->label_count - 1], label) == 0)
        return side->label[side->label_count - 1];
    if (memory_grow(&side->label, &side->label_capacity, side->label_count + 1,
                    sizeof(*side->label)) == NULL)
        return NULL;
    char *copy = memory_string(label);
    if (copy != NULL)
        side->label[side->label_count++] = copy;
    return copy;
}

static bool visit_entry(void *context, const store_result *result, plx_error *error)
{
    side *side = context;
    const run_record *record = result->record;
    const char *label = keep_label(side, result->cell);

    if (label == NULL ||
        memory_grow(&side->entry, &side->capacity, side->count + 1, sizeof(*side->entry)) == NULL)
        return error_memory(error);
    entry *made = &side->entry[side->count++];
    *made = (entry){.label = label,
                    .phase = result->phase,
                    .trial = result->trial,
                    .seed = result->seed,
                    .status = record->status,
                    .signal = record->signal};
    memcpy(made->weights, record->weights, sizeof(made->weights));
    memcpy(made->value, record->value, sizeof(made->value));
    return true;
}

static int compare_entries(const void *left, const void *right)
{
    const entry *a = left, *b = right;
    const int label = strcmp(a->label, b->label);

    if (label != 0)
        return label;
    if (a->phase != b->phase)
        return a->phase < b->phase ? -1 : 1;
    if (a->trial != b->trial)
        return a->trial < b->trial ? -1 : 1;
    return (a->seed > b->seed) - (a->seed < b->seed);
}

static bool read_side(store *store, side *side, plx_error *error)
{
    if (!store_visit(store, RUN_PHASE_COUNT, false, visit_entry, side, error))
        return false;
    if (side->count > 0)
        qsort(side->entry, side->count, sizeof(*side->entry), compare_entries);
    return true;
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* Two runs that answer the same entry. */
typedef struct pair {
    const entry *a, *b;
} pair;

/* The same number, or both absent. */
static bool is_same_figure(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Figures, too: other test rows are another result of the same weights. */
static bool is_same(const pair *pair)
{
    const entry *a = pair->a, *b = pair->b;

    if (a->status != b->status || a->signal != b->signal || strcmp(a->weights, b->weights) != 0)
        return false;
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            if (!is_same_figure(a->value[part][m], b->value[part][m]))
                return false;
    return true;
}

/* The figure of a run that did not fail; else NaN. */
static double figure_of(const entry *entry, metric_name_at figure)
{
    return run_status_is_failure(entry->status) ? (double)NAN
                                                : entry->value[figure.part][figure.metric];
}

/* The means of the runs that have the figure; NaN where none has. */
static void take_means(const pair *pair, size_t count, metric_name_at figure, double *before,
                       double *after)
{
    double sum[2] = {0, 0};
    size_t runs[2] = {0, 0};

    for (size_t i = 0; i < count; i++) {
        const double value[2] = {figure_of(pair[i].a, figure), figure_of(pair[i].b, figure)};
        for (int k = 0; k < 2; k++)
            if (!isnan(value[k])) {
                sum[k] += value[k];
                runs[k]++;
            }
    }
    *before = runs[0] > 0 ? sum[0] / (double)runs[0] : (double)NAN;
    *after = runs[1] > 0 ? sum[1] / (double)runs[1] : (double)NAN;
}

/* Fills figure, before and after with the first figure that both sides have, else that one of them
 * has. */
static void choose_figure(const pair *pair, size_t count, diff_cell *cell)
{
    static const metric metrics[] = {METRIC_ACCURACY, METRIC_R2, METRIC_LOSS};
    bool one = false;

    cell->figure = (metric_name_at){RECORD_TEST, METRIC_LOSS};
    cell->before = cell->after = (double)NAN;
    for (int part = 0; part < RECORD_PARTS; part++)
        for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
            const metric_name_at figure = {(record_part)part, metrics[m]};
            double before, after;
            take_means(pair, count, figure, &before, &after);
            const bool both = !isnan(before) && !isnan(after);
            if (!both && (one || (isnan(before) && isnan(after))))
                continue;
            cell->figure = figure;
            cell->before = before;
            cell->after = after;
            if (both)
                return;
            one = true;
        }
}

/* The final runs of one cell, `count` of them, at least 1. */
static bool add_cell(diff *diff, size_t *capacity, const pair *pair, size_t count, plx_error *error)
{
    diff_cell made = {.changed = 0};

    for (size_t i = 0; i < count; i++) {
        made.changed += !is_same(&pair[i]);
        made.failures_before += run_status_is_failure(pair[i].a->status);
        made.failures_after += run_status_is_failure(pair[i].b->status);
    }
    if (made.changed == 0)
        return true;
    choose_figure(pair, count, &made);
    made.label = memory_string(pair->a->label);
    if (made.label == NULL ||
        memory_grow(&diff->cell, capacity, diff->cell_count + 1, sizeof(*diff->cell)) == NULL) {
        free(made.label);
        return error_memory(error);
    }
    diff->cell[diff->cell_count++] = made;
    return true;
}

/* Where one side has no figure the change has no size, and none is larger. */
static double size_of_change(const diff_cell *cell)
{
    if (is_same_figure(cell->before, cell->after))
        return 0;
    const double change = fabs(cell->after - cell->before);
    return isnan(change) ? (double)INFINITY : change;
}

static int compare_cells(const void *left, const void *right)
{
    const diff_cell *a = left, *b = right;
    const double size_a = size_of_change(a), size_b = size_of_change(b);

    if (size_a != size_b)
        return size_a > size_b ? -1 : 1;
    return strcmp(a->label, b->label);
}

/* ---- both sides ------------------------------------------------------------------------------ */

/* Pairs up what both have; a new array. NULL without memory. */
static pair *pair_up(diff *diff, const side *a, const side *b)
{
    pair *made = memory_array(a->count < b->count ? a->count : b->count, sizeof(*made));
    size_t i = 0, k = 0;

    while (made != NULL && i < a->count && k < b->count) {
        const int order = compare_entries(&a->entry[i], &b->entry[k]);
        if (order == 0)
            made[diff->both++] = (pair){&a->entry[i], &b->entry[k]};
        i += order <= 0;
        k += order >= 0;
    }
    diff->only_a = a->count - diff->both;
    diff->only_b = b->count - diff->both;
    return made;
}

static bool is_of_cell(const pair *pair, const char *label)
{
    return pair->a->phase == RUN_FINAL && strcmp(pair->a->label, label) == 0;
}

static bool compare_pairs(diff *diff, const pair *pair, plx_error *error)
{
    size_t capacity = 0, behind;

    for (size_t i = 0; i < diff->both; i++)
        diff->same += is_same(&pair[i]);
    for (size_t i = 0; i < diff->both; i = behind) {
        behind = i + 1;
        if (pair[i].a->phase != RUN_FINAL)
            continue;
        while (behind < diff->both && is_of_cell(&pair[behind], pair[i].a->label))
            behind++;
        if (!add_cell(diff, &capacity, &pair[i], behind - i, error))
            return false;
    }
    if (diff->cell_count > 0)
        qsort(diff->cell, diff->cell_count, sizeof(*diff->cell), compare_cells);
    return true;
}

diff *diff_new(store *a, store *b, plx_error *error)
{
    side before = {.count = 0}, after = {.count = 0};
    diff *made = memory_array(1, sizeof(*made));
    pair *pair = NULL;
    bool good = made != NULL || error_memory(error);

    good = good && read_side(a, &before, error) && read_side(b, &after, error);
    if (good) {
        pair = pair_up(made, &before, &after);
        good = pair != NULL ? compare_pairs(made, pair, error) : error_memory(error);
    }
    free(pair);
    clear_side(&before);
    clear_side(&after);
    if (good)
        return made;
    diff_free(made);
    return NULL;
}

void diff_free(diff *diff)
{
    if (diff == NULL)
        return;
    for (size_t i = 0; i < diff->cell_count; i++)
        free(diff->cell[i].label);
    free(diff->cell);
    free(diff);
}

bool diff_is_empty(const diff *diff)
{
    return diff->same == diff->both && diff->only_a == 0 && diff->only_b == 0;
}

/* ---- for people ------------------------------------------------------------------------------ */

/* A label as it is shown; a store may come from anywhere. */
typedef struct shown_label {
    char bytes[4 * MOST_LABEL + 4];
} shown_label;

static shown_label show_label(const char *label)
{
    shown_label shown;

    text_shown(shown.bytes, label, strlen(label), MOST_LABEL);
    return shown;
}

static size_t width_of(const char *shown)
{
    size_t width = 0;

    for (const char *at = shown; *at != '\0'; at++)
        width += (*at & 0xc0) != 0x80; /* what continues a character takes no room              */
    return width;
}

static void add_padded(text *out, const char *shown, size_t width)
{
    text_add(out, shown);
    for (size_t i = width_of(shown); i < width; i++)
        text_add(out, " ");
}

static void add_mean(text *out, const char *format, double value)
{
    if (isnan(value))
        text_addf(out, " %11s", "-");
    else
        text_addf(out, format, value);
}

static void add_row(text *out, const diff_cell *cell, size_t width)
{
    char name[32];
    const double change = cell->after - cell->before;

    add_padded(out, show_label(cell->label).bytes, width);
    text_addf(out, "  %-14s", spec_metric_name(cell->figure, name));
    add_mean(out, " %11.6g", cell->before);
    add_mean(out, " %11.6g", cell->after);
    add_mean(out, " %+11.4g", change);
    text_addf(out, " %8zu  %zu -> %zu\n", cell->changed, cell->failures_before,
              cell->failures_after);
}

static void add_rows(text *out, const diff *diff)
{
    const size_t shown = diff->cell_count < MOST_CELLS ? diff->cell_count : MOST_CELLS;
    size_t width = strlen("cell");

    for (size_t i = 0; i < shown; i++) {
        const size_t own = width_of(show_label(diff->cell[i].label).bytes);
        width = own > width ? own : width;
    }
    text_add(out, "\n");
    add_padded(out, "cell", width);
    text_addf(out, "  %-14s %11s %11s %11s %8s  %s\n", "mean of", "before", "after", "change",
              "runs", "failures");
    for (size_t i = 0; i < shown; i++)
        add_row(out, &diff->cell[i], width);
    if (shown < diff->cell_count)
        text_addf(out, "... and %zu more cells\n", diff->cell_count - shown);
}

bool diff_text(const diff *diff, text *out)
{
    text_addf(out, "%zu run%s in both, %zu the same", diff->both, diff->both == 1 ? "" : "s",
              diff->same);
    text_addf(out, "; %zu only in the first, %zu only in the second\n", diff->only_a, diff->only_b);
    if (diff->cell_count > 0)
        add_rows(out, diff);
    return !out->failed;
}

/* ---- for machines ---------------------------------------------------------------------------- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *list_cells(const diff *diff)
{
    json_t *list = json_array();

    for (size_t i = 0; i < diff->cell_count; i++) {
        const diff_cell *cell = &diff->cell[i];
        char name[32];
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I}", "cell", cell->label, "figure",
                            spec_metric_name(cell->figure, name), "before", number(cell->before),
                            "after", number(cell->after), "changed", (json_int_t)cell->changed,
                            "failures_before", (json_int_t)cell->failures_before, "failures_after",
                            (json_int_t)cell->failures_after));
    }
    return list;
}

bool diff_json(const diff *diff, text *out)
{
    json_t *object =
        json_pack("{s:b, s:I, s:I, s:I, s:I, s:o}", "same", diff_is_empty(diff), "runs_in_both",
                  (json_int_t)diff->both, "runs_the_same", (json_int_t)diff->same, "runs_only_in_a",
                  (json_int_t)diff->only_a, "runs_only_in_b", (json_int_t)diff->only_b, "cells",
                  list_cells(diff));
    char *printed = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);

    json_decref(object);
    if (printed != NULL)
        text_addf(out, "%s\n", printed);
    free(printed);
    return printed != NULL && !out->failed;
}
