/* plan.h: which runs a matrix file asks for. A plan holds the cells, problem x axes, a few bytes each,
 * and knows why some are skipped; a run is a number, and what it is (its cell, phase, trial, seed, the
 * values of its searched settings, its experiment) is worked out when it is asked for. So a plan of a
 * million runs is made in seconds.
 *
 * A cell whose components do not go together (a loss that does not take these outputs or these
 * targets) is skipped with that reason; everything else that is wrong with a cell's experiment is an
 * error of the matrix file, with its place. */
#ifndef MATRIX_PLAN_H
#define MATRIX_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/experiment.h"
#include "data/dataset.h"
#include "matrix/record.h"
#include "matrix/spec.h"
#include "plugin/catalog.h"
#include "support/error.h"
#include "support/log.h"

typedef struct plan plan;

/* Reads the experiments, loads data and plug-ins, checks the cells. The spec and the catalog must
 * outlive the plan. NULL on failure. */
plan *plan_new(const spec *spec, catalog *catalog, const logger *log, plx_error *error);
void plan_free(plan *plan);
const spec *plan_spec(const plan *plan);
catalog *plan_catalog(const plan *plan);

/* ---- cells ----------------------------------------------------------------------------------- */

typedef struct plan_cell {
    uint32_t problem;
    uint32_t value[SPEC_MOST_AXES]; /* of each axis                                              */
    const char *skipped;            /* why, or NULL; the plan's                                  */
} plan_cell;

size_t plan_cells(const plan *plan);
plan_cell plan_cell_at(const plan *plan, size_t cell);
/* "iris / tanh / mse / adam": unique, and the same whatever else the matrix holds. A new string. */
char *plan_label(const plan *plan, size_t cell);
/* Reasons for skipping with how many cells each, in order of first appearance; false behind the
 * last. */
bool plan_skip(const plan *plan, size_t index, const char **reason, size_t *cells,
               size_t *first_cell);
size_t plan_cells_run(const plan *plan); /* those that are not skipped                           */

/* ---- runs ------------------------------------------------------------------------------------ */

/* Runs in the order they are best done in: all tuning first; then seed by seed through all cells, so
 * that what a killed matrix leaves behind is balanced. */
typedef struct plan_run {
    size_t cell;
    run_phase phase;
    size_t trial;
    uint64_t seed;
} plan_run;

size_t plan_runs(const plan *plan);
void plan_count_runs(const plan *plan, size_t runs[RUN_PHASE_COUNT]); /* of each phase           */
plan_run plan_run_at(const plan *plan, size_t run);
bool plan_searches(const plan *plan, size_t cell);
/* The settings that a cell searches: those of its values, then those of searched axes. Returns how
 * many; out has room for SPEC_MOST_RANGES. */
size_t plan_ranges(const plan *plan, size_t cell, const search_range **out);
/* The value of each in a trial, as text that a config file could hold; texts are new strings. The same
 * for every cell with the same ranges: nobody gets luckier draws. */
bool plan_trial_values(const plan *plan, size_t cell, size_t trial, char **out, plx_error *error);

/* The experiment of a run: of a trial, of the defaults (RUN_UNTUNED), or final with trial `trial`'s
 * values (the one that was chosen). The caller frees. */
experiment *plan_experiment(const plan *plan, const plan_run *run, plx_error *error);
/* The data of that experiment, loaded once; the plan's. */
const data_bundle *plan_data(plan *plan, const experiment *experiment, plx_error *error);
/* SHA-256 over all that decides the bits of a run of `experiment`: resolved config without threads and
 * without where files lie, data, plug-in files, engine version. */
bool plan_identity(plan *plan, const experiment *experiment, char hex[65], plx_error *error);

/* A hash of the matrix file and of the identities of the experiments by which its cells were
 * checked: while it stays the same, the runs of the plan are what they were. */
const char *plan_digest(const plan *plan);

/* Which figure of the validation rows tuning goes by, and which figure is reported, for a
 * problem. */
metric plan_select_metric(const plan *plan, uint32_t problem);
metric_name_at plan_report_metric(const plan *plan, uint32_t problem);

#endif
