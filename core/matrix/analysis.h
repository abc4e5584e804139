/* analysis.h: what the results of a matrix say: everything that the report, the summary, the gates and
 * the exit code are made of, worked out once. It reads the store and the spec that is stored with it,
 * and needs neither experiments nor plug-ins, so a report can be made wherever the results are.
 *
 * Words. A *treatment* is a value of the compared axis (as a rule an optimizer). A *block* is a problem
 * with one value of each other axis that does not repeat (as a rule an activation and a loss): the
 * treatments meet within blocks. A *replicate* is a seed, or a seed and a fold. Treatments are paired
 * by replicate, which gives them the same initial weights and rows. A run that failed scores
 * -INFINITY: it ranks last and is never dropped. Scores are "more is better": a loss is negated. */
#ifndef MATRIX_ANALYSIS_H
#define MATRIX_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "matrix/record.h"
#include "matrix/spec.h"
#include "matrix/statistics.h"
#include "matrix/store.h"
#include "support/error.h"

typedef enum { TONE_NEUTRAL, TONE_GOOD, TONE_BAD, TONE_WARNING } analysis_tone;

typedef struct analysis_sentence {
    analysis_tone tone;
    char *text;
} analysis_sentence;

/* ---- cells ----------------------------------------------------------------------------------- */

typedef enum { CELL_SKIPPED, CELL_EMPTY, CELL_PARTIAL, CELL_DONE } cell_state;

typedef struct analysis_cell {
    char *label;
    size_t problem;   /* index of a problem of the spec                                          */
    uint32_t *value;  /* of each axis of the spec                                                */
    size_t treatment; /* 0 where nothing is compared                                             */
    size_t block;     /* SIZE_MAX for skipped ones                                               */
    cell_state state;
    char *skipped;          /* why                                                               */
    size_t runs, failures;  /* final ones that are there; of these, failed                        */
    double *score;          /* one a replicate of this cell (its own seeds; folds are cells):
                               -INFINITY failed, NaN not there yet                               */
    double mean;            /* of the reported figure (not negated) over the runs that did not fail;
                               NaN without any                                                   */
    double iqm;             /* of scores turned back into figures; infinite where failures reach
                               into the middle half                                              */
    statistics_interval ci; /* of the IQM; NaN below 2 runs                                      */
    /* tuning; trial_count 0 where nothing was searched */
    size_t trial_count;
    size_t chosen; /* SIZE_MAX: not chosen yet, or every trial failed                    */
    struct analysis_trial *trial;
    double untuned_mean;    /* NaN: there is no untuned row                                      */
    double steps_to_target; /* medians over replicates; INFINITY: not reached by half; NaN: no
                               target for this problem                                           */
    double evaluations_to_target;
    double seconds; /* median of a run                                                   */
    double state_bytes;
    size_t same_as; /* the first cell with equal final weights for every seed; SIZE_MAX  */
} analysis_cell;

/* A trial of tuning. */
typedef struct analysis_trial {
    char **value; /* of each searched setting of the cell (analysis_cell_ranges)            */
    double score; /* mean over tuning seeds, more is better; -INFINITY if one failed         */
    size_t failures, runs;
} analysis_trial;

/* ---- treatments ------------------------------------------------------------------------------ */

typedef struct analysis_treatment {
    const char *label;
    size_t runs, failures;
    double iqm; /* over all its final runs, where every problem is measured by the same figure
                   (accuracy, r2); else NaN                                                      */
    statistics_interval ci; /* stratified by block                                               */
    double mean_rank;       /* over blocks that hold every treatment                             */
    double median_seconds, median_state_bytes, median_steps;
    size_t trials; /* spent on each of its cells; 0: nothing searched                            */
    /* performance profile and time to target, over (block, replicate) pairs: cost in steps,
     * INFINITY where the target was not reached; NULL without targets */
    double *cost;
} analysis_treatment;

/* Two treatments over all blocks they share. */
typedef enum { VERDICT_BETTER, VERDICT_WORSE, VERDICT_UNDECIDED, VERDICT_SAME } verdict;

typedef struct analysis_pair {
    size_t a, b;       /* treatments; the verdict is of a against b                              */
    size_t problem;    /* SIZE_MAX: over all                                                     */
    size_t pairs;      /* of replicates, each averaged over the blocks they share                 */
    double difference; /* mean of a - b in the reported figure's own direction of "better": above 0
                          is good; infinite if failures decide                                   */
    statistics_interval ci; /* bootstrap of the mean difference, 1 - alpha                       */
    double p, adjusted; /* Wilcoxon, exact; Holm over the comparisons of this problem          */
    double cohen_d, superiority;
    size_t more; /* undecided: how many more seeds would be needed; SIZE_MAX: no number
                               in sight                                                          */
    verdict verdict;
} analysis_pair;

/* ---- warnings, failures, gates --------------------------------------------------------------- */

/* The best trial lies at the end of a searched range. */
typedef struct analysis_edge {
    size_t cell;
    const char *path;
    char *value;
    bool low;
} analysis_edge;

typedef struct analysis_failure {
    char identity[65];
    size_t cell;
    run_phase phase;
    size_t trial;
    uint64_t seed;
    run_status status;
    int signal;
    int64_t step;
    char *reason;
} analysis_failure;

typedef struct analysis_gate {
    const spec_gate *gate;
    bool passed;
    char *detail; /* what was seen: "adam - sgd = 0.004 [0.001, 0.007] over 10 seeds"             */
} analysis_gate;

/* Where the results come from: versions, processor, file. */
typedef struct analysis_note {
    char *key, *value;
} analysis_note;

/* A learning curve: median and quartiles over the final runs of a treatment on a problem, in its best
 * block by the reported figure. */
typedef struct analysis_curve {
    size_t problem, treatment, cell;
    metric
        metric; /* of the validation rows; without any, train_loss: METRIC_LOSS and `training`  */
    bool training;
    size_t count;
    double *step, *median, *lo, *hi;
} analysis_curve;

/* ---- all of it ------------------------------------------------------------------------------- */

typedef struct analysis {
    spec *spec; /* as stored                                                                     */
    analysis_sentence *sentence; /* the verdict first, then warnings                             */
    size_t sentence_count;
    analysis_cell *cell;
    size_t cell_count;
    size_t block_count;
    char **block; /* label of each: "iris tanh mse"                                              */
    size_t *block_problem;
    analysis_treatment *treatment;
    size_t treatment_count;
    analysis_pair *pair; /* overall first, then problem by problem                                */
    size_t pair_count;
    metric_name_at *reported; /* the figure of each problem                                      */
    /* Friedman and Nemenyi over blocks; false where there are fewer than 2 complete blocks or 3
     * treatments */
    bool has_friedman;
    statistics_friedman_result friedman;
    size_t friedman_blocks;
    bool powered;               /* CD is small enough to tell anything: below k - 1, N >= 5       */
    size_t *order, (*group)[2]; /* by mean rank; statistics_rank_groups                           */
    size_t group_count;
    size_t cost_count; /* (block, replicate) pairs of treatment.cost                            */
    double *reference; /* the best cost of each                                                 */
    analysis_curve *curve;
    size_t curve_count;
    analysis_edge *edge;
    size_t edge_count;
    analysis_failure *failure;
    size_t failure_count;
    analysis_gate *gate;
    size_t gate_count;
    size_t runs[RUN_PHASE_COUNT]; /* that are there                                              */
    size_t planned[RUN_PHASE_COUNT];
    size_t skipped_cells;
    analysis_note *note; /* provenance                                                          */
    size_t note_count;
} analysis;

analysis *analysis_new(store *store, plx_error *error);
void analysis_free(analysis *analysis);

/* The settings that a cell searches, as plan_ranges; out has room for SPEC_MOST_RANGES. */
size_t analysis_cell_ranges(const analysis *analysis, size_t cell, const search_range **out);
/* True if all cells are done and all gates passed. */
bool analysis_passed(const analysis *analysis);

/* Which trial of a cell wins: the highest mean score over its seeds; ties: the first. SIZE_MAX if every
 * trial failed. Used by the runner, too. score[trial * seeds + seed]. */
size_t analysis_choose(const double *score, size_t trials, size_t seeds);

#endif
