/* plan_text.c: see plan_text.h. */
#include "matrix/plan_text.h"

#include <jansson.h>
#include <stdlib.h>

#include "matrix/statistics.h"
#include "support/memory.h"

enum { MOST_VALUES = 12, MOST_SKIPS = 20 };

/* ---- runs of each treatment ------------------------------------------------------------------ */

typedef struct share {
    size_t cells, runs[RUN_PHASE_COUNT];
} share;

static size_t count_treatments(const spec *spec)
{
    return spec->stats.compare >= 0 ? spec->axis[spec->stats.compare].value_count : 1;
}

static const char *treatment_label(const spec *spec, size_t treatment)
{
    return spec->stats.compare >= 0 ? spec->axis[spec->stats.compare].value[treatment].label
                                    : "all";
}

/* What each treatment gets; a new array. NULL without memory. */
static share *share_out(const plan *plan)
{
    const spec *spec = plan_spec(plan);
    const spec_protocol *protocol = &spec->protocol;
    share *made = memory_array(count_treatments(spec), sizeof(*made));

    for (size_t cell = 0; made != NULL && cell < plan_cells(plan); cell++) {
        const plan_cell at = plan_cell_at(plan, cell);
        if (at.skipped != NULL)
            continue;
        share *own = &made[spec->stats.compare >= 0 ? at.value[spec->stats.compare] : 0];
        own->cells++;
        own->runs[RUN_FINAL] += protocol->final_seeds.count;
        if (!plan_searches(plan, cell))
            continue;
        own->runs[RUN_TUNE] += protocol->trials * protocol->tune_seeds.count;
        own->runs[RUN_UNTUNED] += protocol->untuned_row ? protocol->final_seeds.count : 0;
    }
    return made;
}

/* ---- power ----------------------------------------------------------------------------------- */

void plan_power(const spec *spec, size_t *pairs, size_t *least)
{
    const size_t k = count_treatments(spec);
    const size_t comparisons = spec->stats.control >= 0 ? k - 1 : k * (k - 1) / 2;

    *pairs = spec->protocol.final_seeds.count;
    for (size_t i = 0; i < spec->axis_count; i++)
        if (spec->axis[i].repeats)
            *pairs *= spec->axis[i].value_count;
    *least = comparisons > 0 ? statistics_least_pairs(spec->stats.alpha, comparisons) : 0;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void add_duration(text *out, double seconds)
{
    if (seconds < 1)
        text_addf(out, "%.0f ms", seconds * 1000);
    else if (seconds < 120)
        text_addf(out, "%.3g s", seconds);
    else if (seconds < 7200)
        text_addf(out, "%.3g minutes", seconds / 60);
    else if (seconds < 360000)
        text_addf(out, "%.3g hours", seconds / 3600);
    else
        text_addf(out, "%.0f days", seconds / 86400);
}

static void add_axes(text *out, const spec *spec)
{
    for (size_t i = 0; i < spec->axis_count; i++) {
        const axis *axis = &spec->axis[i];
        text_addf(out, "  %-18s ", axis->path);
        for (size_t k = 0; k < axis->value_count && k < MOST_VALUES; k++)
            text_addf(out, "%s%s", k == 0 ? "" : ", ", axis->value[k].label);
        if (axis->value_count > MOST_VALUES)
            text_addf(out, ", ... (%zu values)", axis->value_count);
        text_add(out, "\n");
    }
}

static void add_cells(text *out, const plan *plan)
{
    const spec *spec = plan_spec(plan);

    text_addf(out, "%s: %zu problem%s", spec->file, spec->problem_count,
              spec->problem_count == 1 ? "" : "s");
    for (size_t i = 0; i < spec->axis_count; i++)
        text_addf(out, " x %zu", spec->axis[i].value_count);
    text_addf(out, " = %zu cell%s, %zu of them run\n", plan_cells(plan),
              plan_cells(plan) == 1 ? "" : "s", plan_cells_run(plan));
    text_addf(out, "  %-18s ", "problem");
    for (size_t i = 0; i < spec->problem_count; i++)
        text_addf(out, "%s%s", i == 0 ? "" : ", ", spec->problem[i].name);
    text_add(out, "\n");
    add_axes(out, spec);
}

static void add_skips(text *out, const plan *plan)
{
    const char *reason;
    size_t cells, first, index = 0;

    if (plan_cells_run(plan) == plan_cells(plan))
        return;
    text_add(out, "\nskipped\n");
    for (; index < MOST_SKIPS && plan_skip(plan, index, &reason, &cells, &first); index++) {
        char *label = plan_label(plan, first);
        text_addf(out, "  %zu cell%s, such as %s:\n    %s\n", cells, cells == 1 ? "" : "s",
                  label != NULL ? label : "?", reason);
        free(label);
    }
    if (plan_skip(plan, index, &reason, &cells, &first))
        text_add(out, "  ... and more\n");
}

static void add_runs(text *out, const plan *plan, const share *shares)
{
    const spec *spec = plan_spec(plan);

    text_addf(out, "\n%-24s %8s %8s %8s %8s %8s\n", "runs of", "cells", "tune", "untuned", "final",
              "all");
    for (size_t i = 0; i < count_treatments(spec); i++) {
        const size_t *runs = shares[i].runs;
        text_addf(out, "%-24s %8zu %8zu %8zu %8zu %8zu\n", treatment_label(spec, i),
                  shares[i].cells, runs[RUN_TUNE], runs[RUN_UNTUNED], runs[RUN_FINAL],
                  runs[RUN_TUNE] + runs[RUN_UNTUNED] + runs[RUN_FINAL]);
    }
    text_addf(out, "%-24s %8zu %35zu\n", "", plan_cells_run(plan), plan_runs(plan));
}

static void add_estimate(text *out, const estimate *estimate, size_t workers)
{
    if (estimate->probes == 0)
        return;
    text_add(out, "\na run takes about ");
    add_duration(out, estimate->run_seconds);
    text_addf(out, " (%zu tried); all of them on %zu worker%s about ", estimate->probes, workers,
              workers == 1 ? "" : "s");
    add_duration(out, estimate->all_seconds / (double)workers);
    text_add(out, "\n");
    if (estimate->failed > 0)
        text_addf(out, "warning: %zu of the runs that were tried failed\n", estimate->failed);
}

static void add_power(text *out, const spec *spec)
{
    size_t pairs, least;

    plan_power(spec, &pairs, &least);
    if (pairs < least)
        text_addf(out,
                  "\nwarning: %zu paired run%s can never reach p <= %g with Holm's correction over "
                  "the comparisons; it takes %zu: set protocol.final.seeds to %zu or more\n",
                  pairs, pairs == 1 ? "" : "s", spec->stats.alpha, least,
                  (least * spec->protocol.final_seeds.count + pairs - 1) / pairs);
    else if (pairs < 5)
        text_addf(out,
                  "\nwarning: %zu run%s a cell; intervals of fewer than 5 are no more than a "
                  "hint\n",
                  pairs, pairs == 1 ? "" : "s");
}

bool plan_text(const plan *plan, const estimate *estimate, size_t workers, text *out)
{
    share *shares = share_out(plan);

    if (shares == NULL)
        return false;
    add_cells(out, plan);
    add_skips(out, plan);
    add_runs(out, plan, shares);
    add_estimate(out, estimate, workers);
    add_power(out, plan_spec(plan));
    free(shares);
    return !out->failed;
}

/* ---- for machines ---------------------------------------------------------------------------- */

static json_t *list_skips(const plan *plan)
{
    json_t *list = json_array();
    const char *reason;
    size_t cells, first;

    for (size_t i = 0; plan_skip(plan, i, &reason, &cells, &first); i++) {
        char *label = plan_label(plan, first);
        json_array_append_new(list, json_pack("{s:I, s:s?, s:s}", "cells", (json_int_t)cells,
                                              "first", label, "reason", reason));
        free(label);
    }
    return list;
}

static json_t *list_treatments(const plan *plan, const share *shares)
{
    const spec *spec = plan_spec(plan);
    json_t *list = json_array();

    for (size_t i = 0; i < count_treatments(spec); i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:I}", "name",
                                              treatment_label(spec, i), "cells",
                                              (json_int_t)shares[i].cells, "tune",
                                              (json_int_t)shares[i].runs[RUN_TUNE], "untuned",
                                              (json_int_t)shares[i].runs[RUN_UNTUNED], "final",
                                              (json_int_t)shares[i].runs[RUN_FINAL]));
    return list;
}

bool plan_json(const plan *plan, const estimate *estimate, size_t workers, text *out)
{
    share *shares = share_out(plan);
    size_t pairs, least;

    if (shares == NULL)
        return false;
    plan_power(plan_spec(plan), &pairs, &least);
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:I, s:o, s:o, s:I, s:I}", "matrix", plan_spec(plan)->file, "cells",
        (json_int_t)plan_cells(plan), "cells_run", (json_int_t)plan_cells_run(plan), "runs",
        (json_int_t)plan_runs(plan), "treatments", list_treatments(plan, shares), "skipped",
        list_skips(plan), "pairs", (json_int_t)pairs, "least_pairs", (json_int_t)least);
    if (estimate->probes > 0)
        json_object_set_new(object, "seconds", json_real(estimate->all_seconds / (double)workers));
    char *printed =
        object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(4));
    json_decref(object);
    free(shares);
    if (printed != NULL)
        text_addf(out, "%s\n", printed);
    free(printed);
    return printed != NULL && !out->failed;
}
