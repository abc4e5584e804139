/* spec_protocol.c: the sections `protocol` (how cells are tuned and run), `limits`, `targets` and
 * `stats`. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/memory.h"
#include "support/text.h"

enum {
    FINAL_SEEDS = 5, /* where none are given                                                     */
    TUNE_SEEDS = 3,
    TUNE_FIRST = 1000001, /* far from where final seeds begin                                    */
};

/* ---- seeds ----------------------------------------------------------------------------------- */

static bool count_seeds(const reader *r, uint64_t first, size_t count, seed_list *seeds)
{
    seeds->seed = memory_array(count, sizeof(*seeds->seed));
    if (seeds->seed == NULL)
        return error_memory(r->error);
    for (seeds->count = 0; seeds->count < count; seeds->count++)
        seeds->seed[seeds->count] = first + seeds->count;
    return true;
}

static int compare_seeds(const void *a, const void *b)
{
    const uint64_t l = *(const uint64_t *)a, r = *(const uint64_t *)b;

    return (l > r) - (l < r);
}

/* A sorted copy; NULL without memory. */
static uint64_t *sorted_seeds(const seed_list *seeds)
{
    uint64_t *sorted = memory_array(seeds->count, sizeof(*sorted));

    for (size_t i = 0; i < seeds->count && sorted != NULL; i++)
        sorted[i] = seeds->seed[i];
    if (sorted != NULL)
        qsort(sorted, seeds->count, sizeof(*sorted), compare_seeds);
    return sorted;
}

static bool list_seeds(const reader *r, const node *list, seed_list *seeds)
{
    bool ok = true;

    if (!field_has_count(r, list, 1, SPEC_MOST_SEEDS, "seeds"))
        return false;
    seeds->seed = memory_array(tree_count(list), sizeof(*seeds->seed));
    if (seeds->seed == NULL)
        return error_memory(r->error);
    for (const node *item = list->first; item != NULL; item = item->next)
        if (!field_read_seed(r, item, &seeds->seed[seeds->count++]))
            return false;
    uint64_t *sorted = sorted_seeds(seeds);
    if (sorted == NULL)
        return error_memory(r->error);
    for (size_t i = 1; i < seeds->count && ok; i++)
        if (sorted[i - 1] == sorted[i])
            ok = spec_refuse(r, list, " holds the seed %" PRIu64 " twice", sorted[i]);
    free(sorted);
    return ok;
}

/* `seeds` of a map: how many, which ones, or from where to where. */
static bool read_seeds(const reader *r, const node *map, uint64_t first, size_t count,
                       seed_list *seeds)
{
    static const char wanted[] =
        "a number of seeds from 1 to 100000, a list of seeds, or an interval such as 1..10";
    const node *value = tree_child(map, "seeds");
    int64_t lo = 0, hi = 0;

    if (value == NULL)
        return count_seeds(r, first, count, seeds);
    if (value->type == NODE_LIST)
        return list_seeds(r, value, seeds);
    if (spec_is_interval(value)) {
        if (!spec_interval(r, value, SPEC_MOST_SEEDS, &lo, &hi))
            return false;
        return lo >= 0 ? count_seeds(r, (uint64_t)lo, (size_t)(hi - lo) + 1, seeds)
                       : field_wrong(r, value, wanted);
    }
    if (value->type != NODE_SCALAR || value->quoted ||
        !text_is_integer(value->text, strlen(value->text), &hi) || hi < 1 || hi > SPEC_MOST_SEEDS)
        return field_wrong(r, value, wanted);
    return count_seeds(r, first, (size_t)hi, seeds);
}

/* What is reported may not be run on seeds that were tuned on. */
static bool check_seeds_apart(const reader *r, const node *at, const spec_protocol *protocol)
{
    uint64_t *tune = sorted_seeds(&protocol->tune_seeds);
    uint64_t *final = sorted_seeds(&protocol->final_seeds);
    bool ok = (tune != NULL && final != NULL) || error_memory(r->error);

    for (size_t t = 0, f = 0;
         ok && t < protocol->tune_seeds.count && f < protocol->final_seeds.count;) {
        if (tune[t] == final[f])
            ok =
                spec_refuse(r, at,
                            " shares the seed %" PRIu64 " with protocol.%s.seeds; tuning and final "
                            "runs must have seeds of their own",
                            tune[t], strcmp(at->parent->key, "tune") == 0 ? "final" : "tune");
        else if (tune[t] < final[f])
            t++;
        else
            f++;
    }
    free(tune);
    free(final);
    return ok;
}

/* ---- protocol -------------------------------------------------------------------------------- */

/* The first range there is; NULL: nothing is searched. */
static const search_range *first_range(const spec *spec)
{
    if (spec->range_count > 0)
        return &spec->range[0];
    for (size_t a = 0; a < spec->axis_count; a++)
        for (size_t v = 0; v < spec->axis[a].value_count; v++)
            if (spec->axis[a].value[v].range_count > 0)
                return &spec->axis[a].value[v].range[0];
    return NULL;
}

static bool read_select(const reader *r, const node *value, spec *spec)
{
    metric_name_at found;
    int problem = -1;

    if (value == NULL)
        return true;
    if (!field_is_scalar(r, value, "a figure of the validation rows, such as val_accuracy"))
        return false;
    if (strchr(value->text, '.') != NULL)
        return field_wrong(r, value, "a figure of the validation rows, such as val_accuracy");
    if (!spec_find_metric(r, spec, value, value->text, true, &problem, &found))
        return false;
    spec->protocol.select_given = true;
    spec->protocol.select = found.metric;
    return true;
}

static bool read_tune(const reader *r, const node *map, spec *spec)
{
    static const char *const words[] = {"sampler", "trials", "seeds", "select"};
    static const char *const samplers[] = {"grid", "random", "sobol"};
    spec_protocol *protocol = &spec->protocol;
    int sampler = SAMPLER_RANDOM;

    protocol->tune = true;
    protocol->tune_at = map->at;
    if (!field_is_map(r, map, "a map, such as {sampler: random, trials: 16}") ||
        !field_known(r, map, (word_list){words, 4}) ||
        !field_choice(r, map, "sampler", (word_list){samplers, 3}, &sampler) ||
        field_required(r, map, "trials", "trials: 16") == NULL ||
        !field_size(r, map, "trials", 1, SPEC_MOST_TRIALS, NULL, &protocol->trials) ||
        !read_seeds(r, map, TUNE_FIRST, TUNE_SEEDS, &protocol->tune_seeds) ||
        !read_select(r, tree_child(map, "select"), spec))
        return false;
    protocol->sampler = (sampler_rule)sampler;
    if (first_range(spec) == NULL)
        return spec_refuse(r, map,
                           " is given, but nothing is searched; give a setting a range such as "
                           "{log: [1e-4, 1e-1]} under axes, or leave tune out");
    return protocol->sampler != SAMPLER_GRID || spec_grid_check(r, tree_child(map, "trials"), spec);
}

static bool read_final(const reader *r, const node *map, spec_protocol *protocol)
{
    static const char *const words[] = {"seeds", "report"};
    static const char *const reports[] = {"test_at_end", "test_at_best_val"};
    const node *report = tree_child(map, "report");
    int index = 0;

    if (map != NULL && (!field_is_map(r, map, "a map, such as {seeds: 10}") ||
                        !field_known(r, map, (word_list){words, 2}) ||
                        !field_choice(r, map, "report", (word_list){reports, 2}, &index)))
        return false;
    protocol->at_best_val = index == 1;
    if (report != NULL)
        protocol->report_at = report->at;
    return read_seeds(r, map, 1, FINAL_SEEDS, &protocol->final_seeds);
}

/* What is searched and what tunes need each other. */
static bool check_tuning(const reader *r, const node *section, const spec *spec)
{
    const search_range *range = first_range(spec);
    const node *tune = tree_child(section, "tune"), *untuned = tree_child(section, "untuned_row");
    const node *seeds = tree_child(tune, "seeds");

    if (spec->protocol.untuned_row && tune == NULL)
        return spec_refuse(r, untuned, " is true, but nothing is tuned; give protocol.tune too");
    if (range != NULL && tune == NULL)
        return error_at(r->error, ERROR_CONFIG, range->at,
                        "%s is searched, but nothing tunes it; write protocol: {tune: {trials: "
                        "16}}, or give values instead of a range",
                        range->path);
    if (tune == NULL)
        return true;
    if (seeds == NULL)
        seeds = tree_child(tree_child(section, "final"), "seeds");
    return seeds == NULL || check_seeds_apart(r, seeds, &spec->protocol);
}

bool spec_protocol_read(const reader *r, const node *section, spec *spec)
{
    static const char *const words[] = {"tune", "final", "untuned_row"};
    const node *tune = tree_child(section, "tune");

    if (section != NULL && (!field_is_map(r, section, "a map, such as {final: {seeds: 10}}") ||
                            !field_known(r, section, (word_list){words, 3}) ||
                            !field_flag(r, section, "untuned_row", &spec->protocol.untuned_row)))
        return false;
    return (tune == NULL || read_tune(r, tune, spec)) &&
           read_final(r, tree_child(section, "final"), &spec->protocol) &&
           check_tuning(r, section, spec);
}

/* ---- limits ---------------------------------------------------------------------------------- */

bool spec_limits_read(const reader *r, const node *section, spec_limits *limits)
{
    static const char *const words[] = {"seconds", "memory", "total_seconds"};
    const real_range positive = {.min = 0, .max = 1e9, .above = true};

    limits->seconds = 3600;
    return section == NULL ||
           (field_is_map(r, section, "a map, such as {seconds: 600, memory: 4GiB}") &&
            field_known(r, section, (word_list){words, 3}) &&
            field_real(r, section, "seconds", positive, NULL, &limits->seconds) &&
            field_bytes(r, section, "memory", 16 << 20, "none", &limits->memory) &&
            field_real(r, section, "total_seconds", positive, "none", &limits->total_seconds));
}

/* ---- targets --------------------------------------------------------------------------------- */

static bool read_target(const reader *r, const node *value, const spec *spec, spec_target *target)
{
    metric_name_at found;

    target->at = value->at;
    if (!spec_find_metric(r, spec, value, value->key, true, &target->problem, &found))
        return false;
    target->metric = found.metric;
    target->value = (double)NAN;
    return field_real(r, value->parent, value->key, spec_metric_range(found.metric), NULL,
                      &target->value);
}

bool spec_targets_read(const reader *r, const node *section, spec *spec)
{
    if (section == NULL)
        return true;
    if (!field_is_map(r, section, "a map, such as {val_accuracy: 0.9}") ||
        !field_has_count(r, section, 0, SPEC_MOST_RULES, "targets"))
        return false;
    spec->target = memory_array(tree_count(section), sizeof(*spec->target));
    if (spec->target == NULL)
        return error_memory(r->error);
    for (const node *child = section->first; child != NULL; child = child->next)
        if (!read_target(r, child, spec, &spec->target[spec->target_count++]))
            return false;
    return true;
}

/* ---- stats ----------------------------------------------------------------------------------- */

/* The optimizer, else the first axis that makes treatments; -1: none. */
static int default_compare(const spec *spec)
{
    int first = -1;

    for (size_t i = spec->axis_count; i-- > 0;) {
        if (strcmp(spec->axis[i].path, "optimizer") == 0)
            return (int)i;
        if (!spec->axis[i].repeats)
            first = (int)i;
    }
    return first;
}

static bool read_compare(const reader *r, const node *value, const spec *spec, int *compare)
{
    const char *words[SPEC_MOST_AXES];
    int index[SPEC_MOST_AXES], chosen = 0;
    size_t count = 0;

    *compare = default_compare(spec);
    if (value == NULL)
        return true;
    for (size_t i = 0; i < spec->axis_count; i++) {
        if (spec->axis[i].repeats)
            continue;
        words[count] = spec->axis[i].path;
        index[count++] = (int)i;
    }
    if (count == 0)
        return spec_refuse(r, value, " is given, but there is no axis to compare");
    if (!field_choose(r, value, (word_list){words, count}, &chosen))
        return false;
    *compare = index[chosen];
    return true;
}

static bool read_control(const reader *r, const node *value, const spec *spec, spec_stats *stats)
{
    value_finder finder = {0};
    const name_entry *found = NULL;
    size_t count = 0, position = 0;

    stats->control = -1;
    if (value == NULL)
        return true;
    if (stats->compare < 0)
        return spec_refuse(r, value, " is given, but there is no axis to compare");
    bool ok = value_finder_make(&finder, &spec->axis[stats->compare], r->error);
    if (ok && value->type == NODE_SCALAR)
        ok = value_finder_one(&finder, r, value, value->text, &position);
    else if (ok && (ok = value_finder_find(&finder, r, value, &found, &count)))
        position = found->position; /* what is written out is one value */
    value_finder_free(&finder);
    stats->control = (int)position;
    return ok;
}

static bool read_stats_metric(const reader *r, const node *value, const spec *spec,
                              spec_stats *stats)
{
    static const char wanted[] = "a figure, such as test_accuracy";
    int problem = -1;

    if (value == NULL)
        return true;
    if (!field_is_scalar(r, value, wanted))
        return false;
    if (strchr(value->text, '.') != NULL)
        return field_wrong(r, value, wanted);
    stats->metric_given = true;
    return spec_find_metric(r, spec, value, value->text, false, &problem, &stats->metric);
}

bool spec_stats_read(const reader *r, const node *section, spec *spec)
{
    static const char *const words[] = {"metric", "compare", "control", "alpha", "replicates"};
    const real_range half = {.min = 0, .max = 0.5, .above = true};
    spec_stats *stats = &spec->stats;

    stats->alpha = 0.05;
    stats->replicates = 50000;
    if (section != NULL) {
        stats->at = section->at;
        if (!field_is_map(r, section, "a map, such as {control: sgd}") ||
            !field_known(r, section, (word_list){words, 5}) ||
            !field_real(r, section, "alpha", half, NULL, &stats->alpha) ||
            !field_size(r, section, "replicates", 1000, 1000000, NULL, &stats->replicates))
            return false;
    }
    return read_stats_metric(r, tree_child(section, "metric"), spec, stats) &&
           read_compare(r, tree_child(section, "compare"), spec, &stats->compare) &&
           read_control(r, tree_child(section, "control"), spec, stats);
}
