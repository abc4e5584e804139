/* runner_announce.c: what stands in the results before the first run: the matrix file itself, so that a
 * report can be made wherever the results are, the versions and the machine, and the cells. */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/runner_internal.h"
#include "network/product.h"
#include "support/memory.h"
#include "train/rundir.h"

static bool note_count(store *store, const char *key, size_t count, plx_error *error)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%zu", count);
    return store_note(store, key, digits, error);
}

static bool note_plan(const plan *plan, store *store, plx_error *error)
{
    size_t planned[RUN_PHASE_COUNT];
    const spec *spec = plan_spec(plan);

    plan_count_runs(plan, planned);
    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++) {
        char key[32];
        snprintf(key, sizeof(key), "planned.%s", run_phase_name((run_phase)phase));
        if (!note_count(store, key, planned[phase], error))
            return false;
    }
    return store_note(store, "matrix.file", spec->file, error) &&
           store_note(store, "matrix.folder", spec->folder, error) &&
           store_note(store, "matrix.text", spec->bytes, error);
}

/* *changed: the results are of another plan, or of none yet. */
static bool note_digest(const plan *plan, store *store, bool *changed, plx_error *error)
{
    bool found = false;
    char *before = store_noted(store, "matrix.digest", &found, error);

    if (before == NULL && found)
        return false;
    *changed = !found || strcmp(before, plan_digest(plan)) != 0;
    free(before);
    return store_note(store, "matrix.digest", plan_digest(plan), error);
}

static bool note_machine(store *store, plx_error *error)
{
    char cpu[256], now[32];
    bool began = false;
    char *first = store_noted(store, "began", &began, error);

    free(first);
    if (first == NULL && began)
        return false;
    rundir_cpu_model(cpu, sizeof(cpu));
    rundir_now(now);
    return (began || store_note(store, "began", now, error)) &&
           store_note(store, "latest", now, error) &&
           store_note(store, "plexus.version", PLEXUS_VERSION, error) &&
           store_note(store, "machine.cpu", cpu, error) &&
           store_note(store, "machine.isa", product_isa(), error) &&
           store_note(store, "machine.libc", gnu_get_libc_version(), error);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* Goes through the plan's cells for the store; the label is freed at the next one. */
typedef struct cell_walk {
    const plan *plan;
    size_t next;
    char *label;
    bool failed;
    const char *value[SPEC_MOST_AXES];
} cell_walk;

static bool next_cell(void *context, store_cell *cell)
{
    cell_walk *walk = context;
    const spec *spec = plan_spec(walk->plan);

    free(walk->label);
    walk->label = NULL;
    if (walk->next >= plan_cells(walk->plan))
        return false;
    const plan_cell at = plan_cell_at(walk->plan, walk->next);
    walk->label = plan_label(walk->plan, walk->next++);
    walk->failed = walk->label == NULL;
    for (size_t i = 0; i < spec->axis_count; i++)
        walk->value[i] = spec->axis[i].value[at.value[i]].label;
    *cell = (store_cell){walk->label, spec->problem[at.problem].name, walk->value, at.skipped};
    return !walk->failed;
}

static bool set_cells(const plan *plan, store *store, plx_error *error)
{
    const spec *spec = plan_spec(plan);
    const char *path[SPEC_MOST_AXES];
    cell_walk walk = {.plan = plan};

    for (size_t i = 0; i < spec->axis_count; i++)
        path[i] = spec->axis[i].path;
    const bool good = store_set_axes(store, path, spec->axis_count, error) &&
                      store_set_cells(store, next_cell, &walk, error);
    free(walk.label);
    return good && (!walk.failed || error_memory(error));
}

bool runner_announce(const plan *plan, store *store, bool *changed, plx_error *error)
{
    return note_plan(plan, store, error) && note_digest(plan, store, changed, error) &&
           note_machine(store, error) && set_cells(plan, store, error);
}
