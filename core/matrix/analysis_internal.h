/* analysis_internal.h: what the files behind analysis.h share. The analysis is worked out in this
 * order, each step from what the steps before it left:
 *
 *   analysis_read.c        cells and runs, out of a source (as a rule the store)
 *   analysis_layout.c      blocks, folds, treatments: which cell stands where
 *   analysis_cells.c       figures and scores of each cell; which cells are the same
 *   analysis_tuning.c      trials, which of them was chosen, and whether it lies at an edge
 *   analysis_targets.c     time to target and learning curves: the second pass over the runs
 *   analysis_treatments.c  figures over all cells, ranks, cost profiles
 *   analysis_pairs.c       treatments against each other
 *   analysis_gates.c       conditions of the matrix file
 *   analysis_words.c       sentences */
#ifndef MATRIX_ANALYSIS_INTERNAL_H
#define MATRIX_ANALYSIS_INTERNAL_H

#include "matrix/analysis.h"
#include "support/text.h"

/* Where an analysis is read from. The store is one; a test's arrays are another. The functions are
 * those of store.h. */
typedef bool (*source_visit_cell)(void *context, const store_cell *cell, plx_error *error);
typedef bool (*source_visit_result)(void *context, const store_result *result, plx_error *error);

typedef struct analysis_source {
    void *of;
    char *(*noted)(void *of, const char *key, bool *found, plx_error *error);
    bool (*axes)(void *of, char ***path, size_t *count, plx_error *error);
    bool (*cells)(void *of, source_visit_cell visit, void *context, plx_error *error);
    bool (*results)(void *of, run_phase phase, bool curves, source_visit_result visit,
                    void *context, plx_error *error);
} analysis_source;

analysis *analysis_from(const analysis_source *source, plx_error *error);

/* What is kept of a run. */
typedef struct seen_run {
    size_t cell;
    run_phase phase;
    size_t trial, seed; /* seed: its index among the seeds of its phase                          */
    run_status status;
    int signal;
    int64_t steps, state_bytes;
    double seconds;
    double value[RECORD_PARTS][METRIC_COUNT];
    char identity[65], weights[65];
    char *reason;   /* of a failure; else NULL                                                   */
    char **setting; /* of tuning: one for each range of its cell; else NULL                      */
    size_t setting_count;
} seen_run;

/* The scores of one figure a problem: score[cell * seeds + seed] is more-is-better, -INFINITY for a
 * run that failed or whose figure is not finite, NaN where there is none. */
typedef struct score_sheet {
    metric_name_at *figure; /* of each problem                                                   */
    bool *there;            /* of each problem: some run has that figure                         */
    bool *one_unit;         /* of each problem: differences may be averaged over its blocks      */
    bool one_unit_overall;
    double *score;
} score_sheet;

typedef struct work {
    analysis *a;
    const analysis_source *source;
    seen_run *run; /* by cell, phase, trial, seed                                                */
    size_t run_count, run_capacity, cell_capacity;
    size_t *by_label; /* cells in the order of their labels                                      */
    size_t *fold;     /* of each cell: which combination of values of repeating axes             */
    size_t *at;       /* the cell of each (treatment, block, fold), or SIZE_MAX: cell_at         */
    const seen_run **final; /* final[cell * seeds + seed], or NULL                               */
    bool *present;     /* of each (phase, problem, part, metric): figure_is_there                */
    score_sheet sheet; /* of the reported figures                                                */
    double *steps, *evaluations; /* to the target, [cell * seeds + seed]; NaN: no target, no run */
    size_t *played; /* treatments with a cell that repeat no other: a->ranked of them            */
    size_t
        *stands;  /* of each treatment: the one that it is ranked as, itself or an earlier one that
                       it repeats; SIZE_MAX: takes no part                                       */
    bool *counts; /* of each block: repeats no other                                           */
    bool *complete; /* of each block: counts, and holds every treatment that plays               */
    bool any_complete;
} work;

/* ---- small things ---------------------------------------------------------------------------- */

/* True where less is better. */
bool figure_is_loss(metric metric);
/* A figure as a score, or back: negated where less is better. */
double figure_turn(metric metric, double value);
statistics_interval figure_turn_interval(metric metric, statistics_interval interval);
/* Whether an axis varies the loss function, or a setting of it. */
bool axis_is_loss(const axis *axis);
/* NaN twice. */
statistics_interval no_interval(void);
/* Whether two cells are the same by mathematics; all whose runs diverged at once look alike, which
 * shows nothing and refutes nothing. */
typedef enum { CELLS_DIFFER, CELLS_FAIL_ALIKE, CELLS_SAME } likeness;
likeness cells_compare(const work *w, size_t a, size_t b);
/* The cell of a treatment in a block and fold; SIZE_MAX: none, or skipped. */
size_t cell_at(const work *w, size_t treatment, size_t block, size_t fold);
/* Replicates are numbered fold * seeds + seed. NaN where nothing is (yet). */
size_t replicate_count(const work *w);
double score_at(const work *w, const score_sheet *sheet, size_t treatment, size_t block,
                size_t replicate);

/* ---- the steps; each is false on failure ----------------------------------------------------- */

bool analysis_read(work *w, plx_error *error);
bool analysis_lay_out(work *w, plx_error *error);
bool analysis_cells(work *w, plx_error *error);
bool analysis_tuning(work *w, plx_error *error);
bool analysis_targets(work *w, plx_error *error);
bool analysis_treatments(work *w, plx_error *error);
bool analysis_pairs(work *w, plx_error *error);
bool analysis_gates(work *w, plx_error *error);
bool analysis_words(work *w, plx_error *error);

/* Whether the spec asks for such a run; stores its cell and the index of its seed. */
bool analysis_asks_for(const work *w, const store_result *result, size_t *cell, size_t *seed);

/* ---- scores (analysis_cells.c) --------------------------------------------------------------- */

/* A sheet of the reported figures, or of one that is asked for everywhere. */
bool sheet_fill(const work *w, const metric_name_at *asked, score_sheet *sheet, plx_error *error);
void sheet_clear(score_sheet *sheet);
/* The first of accuracy, r2 and loss that some run of the phase and problem has in that part;
 * METRIC_COUNT if none. */
metric figure_by_default(const work *w, run_phase phase, size_t problem, record_part part);
/* Whether some run of the phase and problem has that figure. */
bool figure_is_there(const work *w, run_phase phase, size_t problem, metric_name_at figure);
/* The score of a run: what a sheet holds of it. */
double run_score(const seen_run *run, metric_name_at figure);

/* ---- blocks and pairs ------------------------------------------------------------------------ */

/* True if the block says nothing new of these treatments: each has the same weights there as in an
 * earlier block. */
bool block_repeats(const work *w, size_t block, const size_t *treatment, size_t count);

/* What is to be compared. */
typedef struct pair_question {
    size_t a, b, problem; /* problem: SIZE_MAX for all                                            */
    size_t comparisons;   /* corrected for                                                       */
} pair_question;

/* True if they meet in some block. */
bool pair_meets(const work *w, size_t a, size_t b, size_t problem);
/* Fills a pair, but for what Holm's correction and the verdict add. */
bool pair_compute(const work *w, const score_sheet *sheet, const pair_question *question,
                  analysis_pair *pair, plx_error *error);
/* Whether only the best is compared, which was picked by looking. */
bool analysis_is_picked(const analysis *a);
/* The verdict at `p`. */
void pair_decide(analysis_pair *pair, double p, double alpha);

/* ---- words (analysis_words.c) ---------------------------------------------------------------- */

/* "test accuracy" */
void words_figure(text *t, metric_name_at figure);
/* At most `digits` significant ones: "0.963". */
void words_number(text *t, double value, int digits);
void words_interval(text *t, statistics_interval interval);
/* "3 seeds", "1 seed", "10 pairs of seed and fold" */
void words_pairs(const analysis *a, text *t, size_t pairs);

#endif
