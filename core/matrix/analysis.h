/* analysis.h: what the results of a matrix say: everything that the report, the summary, the gates
 * and the exit code are made of, worked out once. It reads the store and the spec that is stored
 * with it, and needs neither experiments nor plug-ins, so a report can be made wherever the results
 * are.
 *
 * Words. A *treatment* is a value of the compared axis (as a rule an optimizer). A *block* is a
 * problem with one value of each other axis that does not repeat (as a rule an activation and a
 * loss): the treatments meet within blocks. A *replicate* is a seed, or a seed and a fold.
 * Treatments are paired by replicate, which gives them the same initial weights and rows. Scores
 * are "more is better": a loss is negated. A run that failed scores -INFINITY: it ranks last and is
 * never dropped. A run that came to its end scores the same if its figure is no number, or beyond
 * 1e100, where other runs of its problem have one.
 *
 * Pairs. The difference of two treatments in a replicate is the mean of their differences over the
 * blocks for which both have a run of it. If one of them failed more often there, that decides:
 * -INFINITY or INFINITY; if they failed equally often it is the mean over the blocks where neither
 * failed, 0 if there is none. Over pairs, as many infinite differences of each sign cancel.
 *
 * One unit. Such means make sense only in one unit: accuracy, top-k, precision, recall, F1 and R2
 * have one everywhere; MAE and RMSE within a problem; the loss within a problem unless `loss` is an
 * axis with several values; and problems must be measured by the same figure. Otherwise a
 * difference is the share of blocks won less the share of blocks lost, from -1 to 1 (`by_wins`).
 * It says nothing of size, but a win is a win in any unit.
 *
 * Evidence counts once. Two cells with equal final weights for every seed are the same by
 * mathematics (kl and cross_entropy on one-hot targets). A block whose cells are all the same as an
 * earlier block's is left out of IQMs, ranks and cost profiles, and of a pair's mean where it is so
 * for the two of them. Two treatments that are the same in every block they share are VERDICT_SAME
 * and no comparison that Holm's correction counts. A treatment that is the same as an earlier one
 * in every block of either is ranked with it: a third that all blocks put below "both" is not
 * beaten twice.
 *
 * The decision. A verdict holds if Holm's adjusted p of the exact signed-rank test is at most alpha
 * and the mean difference and the rank sums have the same sign. Holm's correction is over all pairs
 * of the same problem (or over all) that meet in some block, whether runs are there yet or not.
 * Without a control and with more than ANALYSIS_MOST_COMPARED treatments, only the best is
 * compared with each other, and p is multiplied by k (k - 1) / 2 instead, as the best was picked by
 * looking. Gates are corrected for nothing: all of them have to hold for the matrix to pass.
 *
 * Friedman's blocks take the order of treatments within a block from (failures, mean) over the
 * replicates that every treatment has. Treatments that are skipped everywhere take no part. Blocks
 * of one problem share its rows and seeds: with several of them p is smaller than it should be,
 * which the sentence says.
 *
 * Work. All bootstraps together draw at most about 1e8 values, as many replicates for each as that
 * allows: at least 2,000, at most what the spec asks for. */
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

enum { ANALYSIS_MOST_COMPARED = 50 };

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
    double mean;            /* of the reported figure (not negated) over the runs that have a score
                               above -INFINITY; NaN without any                                  */
    double iqm;             /* of scores turned back into figures; infinite where failures reach
                               into the middle half                                              */
    statistics_interval ci; /* of the IQM; NaN below 2 runs                                      */
    /* tuning; trial_count 0 where nothing was searched */
    size_t trial_count;
    size_t chosen; /* SIZE_MAX: not chosen yet, or every trial failed                    */
    struct analysis_trial *trial;
    double untuned_mean;    /* as mean; NaN: there is no untuned row                             */
    double steps_to_target; /* medians over its runs of the first epoch that reached the target,
                               whatever came after; INFINITY: not reached by half; NaN: no target
                               for this problem                                                  */
    double evaluations_to_target;
    double seconds; /* median of a run                                                   */
    double state_bytes;
    size_t same_as; /* the first cell with equal final weights for every seed; SIZE_MAX  */
} analysis_cell;

/* A trial of tuning; "" and NaN where it is not there yet. */
typedef struct analysis_trial {
    char **value; /* of each searched setting of the cell (analysis_cell_ranges)            */
    double score; /* mean over tuning seeds, more is better; -INFINITY if one failed         */
    size_t failures, runs;
} analysis_trial;

/* ---- treatments ------------------------------------------------------------------------------ */

typedef struct analysis_treatment {
    const char *label;
    size_t runs, failures;
    bool repeats; /* its cells are the same as those of an earlier one, block by block           */
    double iqm;   /* where there is one unit; else NaN. Over its final runs in the blocks that hold
                   every treatment, or in all of its own if there is none                        */
    size_t counted; /* runs that the IQM is over                                                 */
    statistics_interval ci; /* stratified by block                                               */
    double mean_rank; /* over blocks that hold every treatment; one that repeats another has its  */
    double median_seconds, median_state_bytes, median_steps;
    size_t trials; /* spent on each of its cells; 0: nothing searched                            */
    /* performance profile and time to target, over the (block, replicate) pairs that every
     * treatment has run: cost in steps, INFINITY where the target was not reached; NULL without */
    double *cost;
} analysis_treatment;

/* Two treatments over all blocks they share. */
typedef enum { VERDICT_BETTER, VERDICT_WORSE, VERDICT_UNDECIDED, VERDICT_SAME } verdict;

typedef struct analysis_pair {
    size_t a, b;       /* treatments; the verdict is of a against b                              */
    size_t problem;    /* SIZE_MAX: over all                                                     */
    size_t pairs;      /* of replicates, each averaged over the blocks they share                 */
    size_t blocks;     /* that they share and that count                                         */
    bool by_wins;      /* there is no one unit: differences are net shares of blocks won         */
    double difference; /* mean of a - b in the reported figure's own direction of "better": above 0
                          is good; infinite if failures decide; NaN without pairs                */
    double apart;      /* the mean over pairs where neither failed more often; NaN without any    */
    /* of the figure (not negated), over the pairs and blocks of `apart`; NaN by wins */
    double mean_a, mean_b;
    size_t won, lost; /* pairs in which b, in which a failed more often                          */
    statistics_interval ci; /* bootstrap of the mean difference, 1 - alpha                       */
    double plus, minus; /* Wilcoxon's rank sums                                                  */
    double p, adjusted; /* Wilcoxon, exact; Holm over the comparisons of this problem            */
    size_t comparisons; /* that were corrected for                                               */
    double cohen_d, superiority;
    size_t more; /* undecided, with p above alpha: how many more seeds would be needed; SIZE_MAX: no
                    number in sight, or nothing that seeds would decide                          */
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

/* A learning curve: median and quartiles over the final runs of a treatment on a problem, in its
 * best block by the reported figure (fewest failures, then the best mean); each epoch over the runs
 * that came as far. `cell` is the first of that block. At most about 500 points. */
typedef struct analysis_curve {
    size_t problem, treatment, cell;
    /* of the validation rows; without any, train_loss: METRIC_LOSS and `training` */
    metric metric;
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
    char **block; /* label of each: "iris / tanh / mse" */
    size_t *block_problem;
    bool *block_repeats; /* all its cells are the same as those of an earlier block               */
    size_t seeds, folds; /* final seeds; combinations of values of repeating axes, or 1           */
    analysis_treatment *treatment;
    size_t treatment_count, ranked; /* ranked: those with a cell that is not skipped, and that
                                       repeat no other                                           */
    analysis_pair *pair; /* overall first; then, of several problems, problem by problem: against
                            the control, or each with each. Pairs that never meet are left out    */
    size_t pair_count;
    metric_name_at *reported; /* the figure of each problem                                      */
    bool one_unit;            /* over all problems                                               */
    /* Friedman and Nemenyi over blocks; false where there are fewer than 2 complete blocks or 3
     * treatments */
    bool has_friedman;
    statistics_friedman_result friedman; /* its critical difference is at the alpha of the spec   */
    double friedman_p; /* by permutation; of very many blocks that of F                          */
    size_t friedman_blocks, friedman_problems; /* the blocks, and of how many problems they are   */
    bool powered;       /* CD is small enough to tell anything: below k - 1, N >= 5       */
    size_t *order;      /* from best to worst: by mean rank, else by IQM                  */
    size_t (*group)[2]; /* statistics_rank_groups of `order`, without those that repeat another or
                           have no rank; if powered                                              */
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
    size_t replicates;   /* of each bootstrap                                                    */
    analysis_note *note; /* provenance: what is noted under the keys that analysis_read.c lists   */
    size_t note_count;
} analysis;

/* NULL on failure: ERROR_DATA where the store holds no matrix, or cells of another one. */
analysis *analysis_new(store *store, plx_error *error);
void analysis_free(analysis *analysis);

/* The settings that a cell searches, as plan_ranges; out has room for SPEC_MOST_RANGES. */
size_t analysis_cell_ranges(const analysis *analysis, size_t cell, const search_range **out);
/* True if all cells are done and all gates passed. */
bool analysis_passed(const analysis *analysis);

/* Which trial of a cell wins: the highest mean score over its seeds; ties: the first. SIZE_MAX if
 * every trial failed for some seed, or has no score (NaN) for one. Used by the runner, too.
 * score[trial * seeds + seed]. */
size_t analysis_choose(const double *score, size_t trials, size_t seeds);

#endif
