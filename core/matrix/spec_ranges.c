/* spec_ranges.c: settings that are searched, {log: [1e-4, 1]}, and how many trials a grid of them
 * has. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/memory.h"
#include "support/text.h"

/* ---- recognising ----------------------------------------------------------------------------- */

bool spec_is_range(const node *value)
{
    return tree_child(value, "name") == NULL &&
           (tree_child(value, "log") != NULL || tree_child(value, "uniform") != NULL ||
            tree_child(value, "grid") != NULL);
}

const node *spec_first_range(const node *value)
{
    const node *found = spec_is_range(value) ? value : NULL;

    for (const node *child = value->first; child != NULL && found == NULL; child = child->next)
        found = spec_first_range(child);
    return found;
}

/* ---- one range ------------------------------------------------------------------------------- */

static bool read_grid(const reader *r, const node *list, search_range *range)
{
    if (list->type != NODE_LIST)
        return field_wrong(r, list, "a list of values, such as [16, 32, 64]");
    if (!field_has_count(r, list, 2, SPEC_MOST_TRIALS, "values"))
        return false;
    range->value = memory_array(tree_count(list), sizeof(*range->value));
    if (range->value == NULL)
        return error_memory(r->error);
    for (const node *item = list->first; item != NULL; item = item->next) {
        if (!field_is_scalar(r, item, "a single value"))
            return false;
        range->value[range->value_count++] = item;
    }
    return spec_all_differ(r, range->value, range->value_count);
}

/* Numbers that a double tells apart from their neighbours. */
static bool is_whole(double number)
{
    return fabs(number) <= 0x1p53 && number == floor(number);
}

static bool check_bounds(const reader *r, const node *list, const search_range *range)
{
    char lo[32], hi[32];

    text_of_double(lo, range->lo);
    text_of_double(hi, range->hi);
    if (!(range->lo < range->hi))
        return spec_refuse(r, list, " goes from %s to %s; the second must be larger", lo, hi);
    if (range->rule == RANGE_LOG && !(range->lo > 0))
        return spec_refuse(r, list, " begins at %s; a log range must begin above 0", lo);
    if (!isfinite(range->hi - range->lo))
        return spec_refuse(r, list, " goes from %s to %s, which is too wide", lo, hi);
    if (range->whole && (!is_whole(range->lo) || !is_whole(range->hi)))
        return spec_refuse(
            r, list, " goes from %s to %s; both must be whole numbers, as 'whole' is true", lo, hi);
    return true;
}

static bool read_bounds(const reader *r, const node *list, search_range *range)
{
    if (list->type != NODE_LIST)
        return field_wrong(r, list, "a list of two numbers, such as [1e-4, 1e-1]");
    if (tree_count(list) != 2)
        return spec_refuse(r, list,
                           " is a list of %zu; it must be two numbers, such as [1e-4, 1e-1]",
                           tree_count(list));
    if (!field_is_number(list->first, &range->lo) || !isfinite(range->lo))
        return field_wrong(r, list->first, "a finite number");
    if (!field_is_number(list->last, &range->hi) || !isfinite(range->hi))
        return field_wrong(r, list->last, "a finite number");
    range->lo += 0.0; /* no minus zero */
    range->hi += 0.0;
    return check_bounds(r, list, range);
}

static bool read_range(const reader *r, const node *map, search_range *range)
{
    static const char *const words[] = {"log", "uniform", "grid", "whole"};
    const node *found = NULL, *whole = tree_child(map, "whole");

    range->at = map->at;
    if (!field_known(r, map, (word_list){words, 4}) || !field_flag(r, map, "whole", &range->whole))
        return false;
    for (int rule = RANGE_LOG; rule <= RANGE_GRID; rule++) {
        const node *child = tree_child(map, words[rule]);
        if (child != NULL && found != NULL)
            return spec_refuse(r, map, " has both %s and %s; give one of them", found->key,
                               child->key);
        if (child == NULL)
            continue;
        found = child;
        range->rule = (range_rule)rule;
    }
    if (range->rule != RANGE_GRID)
        return read_bounds(r, found, range);
    if (whole != NULL)
        return error_at(r->error, ERROR_CONFIG, whole->key_at,
                        "'whole' is for log and uniform; a grid has the values it lists");
    return read_grid(r, found, range);
}

/* ---- those of a value ------------------------------------------------------------------------ */

/* What decides which rows judge may not be chosen by how well it does. */
static bool check_searchable(const reader *r, const search_range *range)
{
    static const char *const fixed[] = {"data.seed", "data.fold",  "data.folds",  "data.validation",
                                        "data.test", "data.train", "data.samples"};

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (strcmp(range->path, fixed[i]) == 0)
            return error_at(r->error, ERROR_CONFIG, range->at,
                            "%s cannot be searched, as it decides which rows there are; give a "
                            "list of values",
                            range->path);
    return true;
}

static bool append_range(const reader *r, const node *value, const char *path, search_range **range,
                         size_t *count)
{
    if (*count == SPEC_MOST_RANGES)
        return error_at(r->error, ERROR_CONFIG, value->at,
                        "more than %d settings to search in one cell", SPEC_MOST_RANGES);
    if (*range == NULL && (*range = memory_array(SPEC_MOST_RANGES, sizeof(**range))) == NULL)
        return error_memory(r->error);
    search_range *made = &(*range)[(*count)++];
    made->path = memory_string(path);
    if (made->path == NULL)
        return error_memory(r->error);
    return read_range(r, value, made) && check_searchable(r, made);
}

bool spec_ranges_read(const reader *r, const node *value, const char *path, search_range **range,
                      size_t *count)
{
    size_t index = 0;
    bool ok = true;

    if (spec_is_range(value))
        return append_range(r, value, path, range, count);
    for (const node *child = value->first; child != NULL && ok; child = child->next, index++) {
        if (child->type == NODE_SCALAR || spec_first_range(child) == NULL)
            continue;
        if (child->key != NULL && (!spec_is_plain(child->key) || strchr(child->key, '.') != NULL))
            return error_at(r->error, ERROR_CONFIG, child->key_at,
                            "'%s' is no key whose value could be searched",
                            text_show(child->key).bytes);
        char *below = child->key != NULL ? memory_format("%s.%s", path, child->key)
                                         : memory_format("%s.%zu", path, index);
        ok = below != NULL ? spec_ranges_read(r, child, below, range, count)
                           : error_memory(r->error);
        free(below);
    }
    return ok;
}

void spec_ranges_free(search_range *range, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(range[i].path);
        free(range[i].value);
    }
    free(range);
}

/* ---- those of a cell ------------------------------------------------------------------------- */

bool spec_ranges_check(const reader *r, const spec *spec)
{
    size_t sum = spec->range_count;

    for (size_t a = 0; a < spec->axis_count; a++) {
        const axis_value *most = spec->axis[a].value;
        for (size_t v = 1; v < spec->axis[a].value_count; v++)
            if (spec->axis[a].value[v].range_count > most->range_count)
                most = &spec->axis[a].value[v];
        sum += most->range_count;
        if (sum > SPEC_MOST_RANGES)
            return error_at(r->error, ERROR_CONFIG, most->range[0].at,
                            "more than %d settings to search in one cell", SPEC_MOST_RANGES);
    }
    return true;
}

/* ---- the grid -------------------------------------------------------------------------------- */

/* What some cells search: `listed` combinations of grid values times any number of points of each
 * of `free` ranges. */
typedef struct search_set {
    const search_range *range[SPEC_MOST_RANGES];
    size_t count;
    uint64_t listed; /* UINT64_MAX: too many                                                     */
    size_t free;
} search_set;

typedef struct search_sets {
    search_set *set;
    size_t count, capacity;
} search_sets;

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static void set_add(search_set *set, const search_range *range)
{
    set->range[set->count++] = range;
    if (range->rule == RANGE_GRID)
        set->listed = times(set->listed, range->value_count);
    else
        set->free++;
}

/* Trials of a set with k points of each free range. */
static uint64_t set_trials(const search_set *set, uint64_t k)
{
    uint64_t trials = set->listed;

    for (size_t i = 0; i < set->free; i++)
        trials = times(trials, k);
    return trials;
}

/* The largest k with at most that many trials; 1 if there is none of 2 or more. */
static uint64_t set_points(const search_set *set, uint64_t trials)
{
    uint64_t k = 1;

    if (set->free == 0 || set->listed > trials)
        return 1;
    if (set->free == 1)
        return trials / set->listed;
    while (set_trials(set, k + 1) <= trials)
        k++;
    return k;
}

static bool set_fits(const search_set *set, uint64_t trials)
{
    const uint64_t k = set_points(set, trials);

    return set_trials(set, k) == trials && (set->free == 0 || k >= 2);
}

size_t spec_grid_points(const spec *spec, const search_range *const *range, size_t count)
{
    search_set set = {.listed = 1};

    for (size_t i = 0; i < count && i < SPEC_MOST_RANGES; i++)
        set_add(&set, range[i]);
    return set_fits(&set, spec->protocol.trials) ? (size_t)set_points(&set, spec->protocol.trials)
                                                 : 0;
}

/* The numbers of trials next to the one given: those that can be asked for. */
static size_t set_suggest(const search_set *set, uint64_t trials, uint64_t suggested[2])
{
    const uint64_t k = set_points(set, trials);
    size_t count = 0;

    if (set->free == 0 || k >= 2)
        suggested[count++] = set_trials(set, k);
    if (set->free > 0)
        suggested[count++] = set_trials(set, k + 1);
    while (count > 0 && suggested[count - 1] > SPEC_MOST_TRIALS)
        count--;
    return count;
}

static bool refuse_trials(const reader *r, const node *node, const search_set *set, uint64_t trials)
{
    uint64_t suggested[2] = {0};
    const size_t count = set_suggest(set, trials, suggested);
    text over = {0}, more = {0};

    for (size_t i = 0; i < set->count; i++)
        text_addf(&over, "%s%s",
                  i == 0                ? ""
                  : i + 1 == set->count ? " and "
                                        : ", ",
                  set->range[i]->path);
    if (count == 0)
        text_add(&more, "there are too many; use sampler random or sobol");
    else if (count == 1)
        text_addf(&more, "write %" PRIu64, suggested[0]);
    else
        text_addf(&more, "write %" PRIu64 " or %" PRIu64, suggested[0], suggested[1]);
    spec_refuse(r, node, " is %" PRIu64 ", but no grid over %s has as many points; %s", trials,
                over.bytes != NULL ? over.bytes : "the settings",
                more.bytes != NULL ? more.bytes : "");
    free(over.bytes);
    free(more.bytes);
    return false;
}

static bool sets_hold(const search_sets *sets, const search_set *set)
{
    for (size_t i = 0; i < sets->count; i++)
        if (sets->set[i].listed == set->listed && sets->set[i].free == set->free)
            return true;
    return false;
}

static bool sets_append(search_sets *sets, const search_set *set)
{
    if (sets_hold(sets, set))
        return true;
    if (memory_grow(&sets->set, &sets->capacity, sets->count + 1, sizeof(*set)) == NULL)
        return false;
    sets->set[sets->count++] = *set;
    return true;
}

/* A cell of that set and of the first values of the axes from `a` on. */
static bool refuse_set(const reader *r, const node *node, const spec *spec, search_set set,
                       size_t a)
{
    for (; a < spec->axis_count; a++)
        for (size_t i = 0; i < spec->axis[a].value[0].range_count; i++)
            set_add(&set, &spec->axis[a].value[0].range[i]);
    return refuse_trials(r, node, &set, spec->protocol.trials);
}

/* What the values of an axis search, each kind once. */
static bool sets_of_axis(const axis *axis, search_sets *sets)
{
    for (size_t v = 0; v < axis->value_count; v++) {
        search_set set = {.listed = 1};
        for (size_t i = 0; i < axis->value[v].range_count; i++)
            set_add(&set, &axis->value[v].range[i]);
        if (!sets_append(sets, &set))
            return false;
    }
    return true;
}

/* Every set with every kind of the axis `a`. One whose grids do not divide the trials is refused at
 * once, which bounds how many there are. */
static bool sets_cross(const reader *r, const node *node, const spec *spec, size_t a,
                       search_sets *sets)
{
    search_sets kinds = {0}, crossed = {0};
    bool ok = sets_of_axis(&spec->axis[a], &kinds) || error_memory(r->error);

    for (size_t s = 0; s < sets->count && ok; s++) {
        for (size_t k = 0; k < kinds.count && ok; k++) {
            search_set set = sets->set[s];
            for (size_t i = 0; i < kinds.set[k].count; i++)
                set_add(&set, kinds.set[k].range[i]);
            if (set.listed > spec->protocol.trials || spec->protocol.trials % set.listed != 0)
                ok = refuse_set(r, node, spec, set, a + 1);
            else
                ok = sets_append(&crossed, &set) || error_memory(r->error);
        }
    }
    free(kinds.set);
    free(sets->set);
    *sets = crossed;
    return ok;
}

bool spec_grid_check(const reader *r, const node *trials, const spec *spec)
{
    search_sets sets = {0};
    search_set common = {.listed = 1};

    for (size_t i = 0; i < spec->range_count; i++)
        set_add(&common, &spec->range[i]);
    bool ok = sets_append(&sets, &common) || error_memory(r->error);
    for (size_t a = 0; a < spec->axis_count && ok; a++)
        ok = sets_cross(r, trials, spec, a, &sets);
    for (size_t s = 0; s < sets.count && ok; s++)
        if (sets.set[s].count > 0 && !set_fits(&sets.set[s], spec->protocol.trials))
            ok = refuse_trials(r, trials, &sets.set[s], spec->protocol.trials);
    free(sets.set);
    return ok;
}
