/* plan_internal.h: what a plan is made of, for its parts: plan.c numbers cells and runs, plan_check.c finds
 * which cells can be run, plan_experiment.c makes their experiments and loads their data. */
#ifndef MATRIX_PLAN_INTERNAL_H
#define MATRIX_PLAN_INTERNAL_H

#include <sha2.h>

#include "matrix/plan.h"

enum { PLAN_HASH = 65 };

/* A problem's experiment before the axes: its base with its own changes and those of `set`. */
typedef struct plan_problem {
    char *file, *folder; /* of its base, for messages and relative paths                         */
    node *tree;
    bool settled;  /* the next two are known                                                     */
    metric select; /* of the validation rows                                                     */
    metric_name_at report;
} plan_problem;

/* Data that experiments share. */
typedef struct plan_dataset {
    char *key; /* the data section, resolved                                                     */
    data_bundle *data;
    char hash[3][PLAN_HASH]; /* train, validation, test; "" where there is none                  */
} plan_dataset;

/* A file that was hashed: of a plug-in, of initial weights. */
typedef struct plan_file {
    char *path;
    char hash[PLAN_HASH];
} plan_file;

typedef struct plan_reason {
    char *text;
    size_t cells, first;
} plan_reason;

struct plan {
    const spec *spec;
    catalog *catalog;
    const logger *log;
    plan_problem *problem; /* one for each of the spec                                           */
    plan_dataset *dataset;
    size_t dataset_count, dataset_capacity;
    plan_file *file;
    size_t file_count, file_capacity;

    size_t cell_count;
    uint32_t *reason_of; /* of each cell: 0, or 1 + the index of its reason                      */
    plan_reason *reason;
    size_t reason_count, reason_capacity;
    uint32_t *run_cell; /* the cells that are run, in order                                      */
    size_t run_count;
    uint32_t *search_cell; /* those of them that search something                                */
    size_t search_count;
    node *keep_best[METRIC_COUNT]; /* early stopping that never stops, on each metric             */
    SHA2_CTX checked;              /* the file, and the experiments that were checked             */
    char digest[PLAN_HASH];        /* of these                                                    */
};

/* The number of cells; 0 if it is more than a plan can hold. */
size_t plan_count_cells(const spec *spec);

/* ---- plan_experiment.c ----------------------------------------------------------------------- */

/* Reads the bases and makes their changes. */
bool plan_open_problems(plan *plan, plx_error *error);
void plan_close_problems(plan *plan);
/* With the first cell of a problem that can be run: which figures it is selected and reported by, and
 * whether these and the targets apply to it. */
bool plan_settle_metrics(plan *plan, uint32_t problem, const experiment *experiment,
                         const data_bundle *data, const plx_domain *output, const target_code *code,
                         plx_error *error);

/* The experiment of a run, but without clipping of gradients. */
experiment *plan_experiment_unclipped(const plan *plan, const plan_run *run, plx_error *error);

/* ---- plan_check.c ---------------------------------------------------------------------------- */

/* Fills reason_of, reason and digest. */
bool plan_check_cells(plan *plan, plx_error *error);

#endif
