/* analysis_layout.c: which cell stands where. Axes fall into three kinds: the compared one, whose
 * values are the treatments; those that repeat, whose combinations are the folds; and the others,
 * whose combinations with the problems are the blocks. */
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

/* ---- groups of cells ------------------------------------------------------------------------- */

typedef enum { AXES_OF_BLOCKS, AXES_OF_FOLDS } axes_rule;

static bool is_of(const spec *spec, size_t axis, axes_rule rule)
{
    if ((int)axis == spec->stats.compare)
        return false;
    return spec->axis[axis].repeats == (rule == AXES_OF_FOLDS);
}

typedef struct group_order {
    const analysis *a;
    axes_rule rule;
} group_order;

static int three_way(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_group(const group_order *order, size_t left, size_t right)
{
    const spec *spec = order->a->spec;
    const analysis_cell *a = &order->a->cell[left], *b = &order->a->cell[right];

    if (order->rule == AXES_OF_BLOCKS && a->problem != b->problem)
        return three_way(a->problem, b->problem);
    for (size_t i = 0; i < spec->axis_count; i++)
        if (is_of(spec, i, order->rule) && a->value[i] != b->value[i])
            return three_way(a->value[i], b->value[i]);
    return 0;
}

static int by_group(const void *left, const void *right, void *context)
{
    const size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const int order = compare_group(context, a, b);

    return order == 0 ? three_way(a, b) : order;
}

/* Numbers groups of cells that are run in order of first appearance; group[cell] is SIZE_MAX for
 * skipped ones. `order` is room for as many as there are cells. */
static size_t number_groups(const analysis *a, axes_rule rule, size_t *order, size_t *group)
{
    group_order by = {a, rule};
    size_t n = 0, count = 0;

    for (size_t i = 0; i < a->cell_count; i++)
        if (a->cell[i].skipped == NULL)
            order[n++] = i;
    qsort_r(order, n, sizeof(*order), by_group, &by);
    for (size_t i = 0; i < a->cell_count; i++)
        group[i] = SIZE_MAX;
    for (size_t i = 0; i < n; i++) /* first its leader, which is the first of its cells */
        group[order[i]] = i > 0 && compare_group(&by, order[i - 1], order[i]) == 0
                              ? group[order[i - 1]]
                              : order[i];
    for (size_t i = 0; i < a->cell_count; i++)
        if (group[i] != SIZE_MAX)
            group[i] = group[i] == i ? count++ : group[group[i]];
    return count;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static char *block_label(const spec *spec, const analysis_cell *cell)
{
    text label = {0};

    text_add(&label, spec->problem[cell->problem].name);
    for (size_t i = 0; i < spec->axis_count; i++)
        if (is_of(spec, i, AXES_OF_BLOCKS))
            text_addf(&label, " / %s", spec->axis[i].value[cell->value[i]].label);
    if (!label.failed)
        return label.bytes;
    free(label.bytes);
    return NULL;
}

static bool name_blocks(analysis *a, size_t blocks, plx_error *error)
{
    a->block = memory_array(blocks, sizeof(*a->block));
    a->block_problem = memory_array(blocks, sizeof(*a->block_problem));
    a->block_repeats = memory_array(blocks, sizeof(*a->block_repeats));
    if (a->block == NULL || a->block_problem == NULL || a->block_repeats == NULL)
        return error_memory(error);
    a->block_count = blocks;
    for (size_t i = 0; i < a->cell_count; i++) {
        const analysis_cell *cell = &a->cell[i];
        if (cell->skipped != NULL || a->block[cell->block] != NULL)
            continue;
        a->block_problem[cell->block] = cell->problem;
        if ((a->block[cell->block] = block_label(a->spec, cell)) == NULL)
            return error_memory(error);
    }
    return true;
}

/* ---- treatments ------------------------------------------------------------------------------ */

static bool name_treatments(analysis *a, plx_error *error)
{
    const int compare = a->spec->stats.compare;
    const axis *axis = compare < 0 ? NULL : &a->spec->axis[compare];

    const size_t count = axis == NULL ? 1 : axis->value_count;
    a->treatment = memory_array(count, sizeof(*a->treatment));
    a->order = memory_array(count, sizeof(*a->order));
    if (a->treatment == NULL || a->order == NULL)
        return error_memory(error);
    a->treatment_count = count;
    for (size_t t = 0; t < a->treatment_count; t++)
        a->treatment[t].label = axis == NULL ? a->spec->name : axis->value[t].label;
    for (size_t i = 0; i < a->cell_count; i++)
        a->cell[i].treatment = axis == NULL ? 0 : a->cell[i].value[compare];
    return true;
}

/* ---- the table of cells ---------------------------------------------------------------------- */

size_t cell_at(const work *w, size_t treatment, size_t block, size_t fold)
{
    return w->at[(treatment * w->a->block_count + block) * w->a->folds + fold];
}

/* A matrix holds every combination, if only as skipped, so the table is no larger than it. */
static bool table_size(const work *w, size_t *size)
{
    const analysis *a = w->a;

    return !__builtin_mul_overflow(a->treatment_count, a->block_count, size) &&
           !__builtin_mul_overflow(*size, a->folds, size) && *size <= a->cell_count;
}

static bool fill_table(work *w, plx_error *error)
{
    const analysis *a = w->a;
    size_t size;

    if (!table_size(w, &size))
        return error_set(error, ERROR_DATA,
                         "the stored cells are not all of a matrix; `plexus "
                         "matrix run` sets them right");
    if ((w->at = memory_array(size, sizeof(*w->at))) == NULL)
        return error_memory(error);
    for (size_t i = 0; i < size; i++)
        w->at[i] = SIZE_MAX;
    for (size_t i = 0; i < a->cell_count; i++) {
        const analysis_cell *cell = &a->cell[i];
        if (cell->skipped != NULL)
            continue;
        size_t *place =
            &w->at[(cell->treatment * a->block_count + cell->block) * a->folds + w->fold[i]];
        if (*place != SIZE_MAX)
            return error_set(error, ERROR_DATA, "the cells '%s' and '%s' are the same",
                             text_show(a->cell[*place].label).bytes, text_show(cell->label).bytes);
        *place = i;
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool analysis_lay_out(work *w, plx_error *error)
{
    analysis *a = w->a;
    size_t *order = memory_array(a->cell_count, sizeof(*order));
    size_t *group = memory_array(a->cell_count, sizeof(*group));
    bool ok = order != NULL && group != NULL;

    w->fold = memory_array(a->cell_count, sizeof(*w->fold));
    ok = (ok && w->fold != NULL) || error_memory(error);
    if (ok) {
        const size_t blocks = number_groups(a, AXES_OF_BLOCKS, order, group);
        for (size_t i = 0; i < a->cell_count; i++)
            a->cell[i].block = group[i];
        a->folds = number_groups(a, AXES_OF_FOLDS, order, w->fold);
        a->seeds = a->spec->protocol.final_seeds.count;
        ok = name_blocks(a, blocks, error) && name_treatments(a, error) && fill_table(w, error);
    }
    free(order);
    free(group);
    return ok;
}
