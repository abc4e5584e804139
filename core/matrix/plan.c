/* plan.c: see plan.h. A cell's number is its digits, the problem first, then each axis, the last one
 * changing fastest; so a cell needs no memory but for whether it is run and why not. */
#include "matrix/plan.h"

#include <stdlib.h>
#include <string.h>

#include "matrix/plan_internal.h"
#include "matrix/sampler.h"
#include "support/memory.h"
#include "support/text.h"

const spec *plan_spec(const plan *plan)
{
    return plan->spec;
}

catalog *plan_catalog(const plan *plan)
{
    return plan->catalog;
}

/* ---- cells ----------------------------------------------------------------------------------- */

size_t plan_count_cells(const spec *spec)
{
    size_t count = spec->problem_count;

    for (size_t i = 0; i < spec->axis_count; i++) {
        if (count > UINT32_MAX / 2 / spec->axis[i].value_count)
            return 0;
        count *= spec->axis[i].value_count;
    }
    return count;
}

size_t plan_cells(const plan *plan)
{
    return plan->cell_count;
}

plan_cell plan_cell_at(const plan *plan, size_t cell)
{
    plan_cell made = {.problem = 0};
    size_t rest = cell;

    for (size_t i = plan->spec->axis_count; i-- > 0;) {
        made.value[i] = (uint32_t)(rest % plan->spec->axis[i].value_count);
        rest /= plan->spec->axis[i].value_count;
    }
    made.problem = (uint32_t)rest;
    if (plan->reason_of[cell] > 0)
        made.skipped = plan->reason[plan->reason_of[cell] - 1].text;
    return made;
}

char *plan_label(const plan *plan, size_t cell)
{
    const plan_cell at = plan_cell_at(plan, cell);
    text label = {0};

    text_add(&label, plan->spec->problem[at.problem].name);
    for (size_t i = 0; i < plan->spec->axis_count; i++)
        text_addf(&label, " / %s", plan->spec->axis[i].value[at.value[i]].label);
    if (!label.failed)
        return label.bytes;
    free(label.bytes);
    return NULL;
}

bool plan_skip(const plan *plan, size_t index, const char **reason, size_t *cells,
               size_t *first_cell)
{
    if (index >= plan->reason_count)
        return false;
    *reason = plan->reason[index].text;
    *cells = plan->reason[index].cells;
    *first_cell = plan->reason[index].first;
    return true;
}

size_t plan_cells_run(const plan *plan)
{
    return plan->run_count;
}

/* ---- what is searched ------------------------------------------------------------------------ */

size_t plan_ranges(const plan *plan, size_t cell, const search_range **out)
{
    const plan_cell at = plan_cell_at(plan, cell);
    size_t count = 0;

    for (size_t i = 0; i < plan->spec->axis_count; i++) {
        const axis_value *value = &plan->spec->axis[i].value[at.value[i]];
        for (size_t k = 0; k < value->range_count && count < SPEC_MOST_RANGES; k++)
            out[count++] = &value->range[k];
    }
    for (size_t k = 0; k < plan->spec->range_count && count < SPEC_MOST_RANGES; k++)
        out[count++] = &plan->spec->range[k];
    return count;
}

bool plan_searches(const plan *plan, size_t cell)
{
    const search_range *range[SPEC_MOST_RANGES];

    return plan->spec->protocol.tune && plan_ranges(plan, cell, range) > 0;
}

bool plan_trial_values(const plan *plan, size_t cell, size_t trial, char **out, plx_error *error)
{
    const search_range *range[SPEC_MOST_RANGES];
    const size_t count = plan_ranges(plan, cell, range);

    return sampler_trial(&plan->spec->protocol, range, count,
                         spec_grid_points(plan->spec, range, count), trial, out) ||
           error_memory(error);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static size_t tune_runs(const plan *plan)
{
    const spec_protocol *protocol = &plan->spec->protocol;

    return plan->search_count * protocol->trials * protocol->tune_seeds.count;
}

static size_t untuned_runs(const plan *plan)
{
    const spec_protocol *protocol = &plan->spec->protocol;

    return protocol->untuned_row ? plan->search_count * protocol->final_seeds.count : 0;
}

void plan_count_runs(const plan *plan, size_t runs[RUN_PHASE_COUNT])
{
    runs[RUN_TUNE] = tune_runs(plan);
    runs[RUN_UNTUNED] = untuned_runs(plan);
    runs[RUN_FINAL] = plan->run_count * plan->spec->protocol.final_seeds.count;
}

size_t plan_runs(const plan *plan)
{
    size_t runs[RUN_PHASE_COUNT];

    plan_count_runs(plan, runs);
    return runs[RUN_TUNE] + runs[RUN_UNTUNED] + runs[RUN_FINAL];
}

plan_run plan_run_at(const plan *plan, size_t run)
{
    const spec_protocol *protocol = &plan->spec->protocol;
    const uint64_t *final = protocol->final_seeds.seed;

    if (run < tune_runs(plan)) {
        const size_t seeds = protocol->tune_seeds.count, rest = run / plan->search_count;
        return (plan_run){.cell = plan->search_cell[run % plan->search_count],
                          .phase = RUN_TUNE,
                          .trial = rest / seeds,
                          .seed = protocol->tune_seeds.seed[rest % seeds]};
    }
    run -= tune_runs(plan);
    if (run < untuned_runs(plan))
        return (plan_run){.cell = plan->search_cell[run % plan->search_count],
                          .phase = RUN_UNTUNED,
                          .seed = final[run / plan->search_count]};
    run -= untuned_runs(plan);
    return (plan_run){.cell = plan->run_cell[run % plan->run_count],
                      .phase = RUN_FINAL,
                      .seed = final[run / plan->run_count]};
}

const char *plan_digest(const plan *plan)
{
    return plan->digest;
}

metric plan_select_metric(const plan *plan, uint32_t problem)
{
    return plan->problem[problem].select;
}

metric_name_at plan_report_metric(const plan *plan, uint32_t problem)
{
    return plan->problem[problem].report;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Lists the cells that are run, and those that search something. */
static bool list_cells(plan *plan, plx_error *error)
{
    plan->run_cell = memory_array(plan->cell_count, sizeof(*plan->run_cell));
    plan->search_cell = memory_array(plan->cell_count, sizeof(*plan->search_cell));
    if (plan->run_cell == NULL || plan->search_cell == NULL)
        return error_memory(error);
    for (size_t cell = 0; cell < plan->cell_count; cell++) {
        if (plan->reason_of[cell] > 0)
            continue;
        plan->run_cell[plan->run_count++] = (uint32_t)cell;
        if (plan_searches(plan, cell))
            plan->search_cell[plan->search_count++] = (uint32_t)cell;
    }
    if (plan->run_count > 0)
        return true;
    return error_set(error, ERROR_CONFIG, "%s: every cell is skipped; the first one because: %s",
                     plan->spec->file, plan->reason[plan->reason_of[0] - 1].text);
}

plan *plan_new(const spec *spec, catalog *catalog, const logger *log, plx_error *error)
{
    plan *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    *made = (plan){.spec = spec, .catalog = catalog, .log = log};
    made->cell_count = plan_count_cells(spec);
    made->reason_of = memory_array(made->cell_count, sizeof(*made->reason_of));
    if (made->cell_count == 0)
        error_set(error, ERROR_CONFIG, "%s: the axes make more than %u cells", spec->file,
                  UINT32_MAX / 2);
    else if (made->reason_of == NULL)
        error_memory(error);
    else if (plan_open_problems(made, error) && plan_check_cells(made, error) &&
             list_cells(made, error))
        return made;
    plan_free(made);
    return NULL;
}

void plan_free(plan *plan)
{
    if (plan == NULL)
        return;
    plan_close_problems(plan);
    for (size_t i = 0; i < plan->reason_count; i++)
        free(plan->reason[i].text);
    free(plan->reason);
    free(plan->reason_of);
    free(plan->run_cell);
    free(plan->search_cell);
    free(plan);
}
