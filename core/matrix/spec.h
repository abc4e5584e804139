/* spec.h: a matrix file as typed structs. Reading it gives its words their meaning and finds all
 * that can be wrong with the file by itself; it opens no other file and loads no plug-in, so that
 * what was stored with results can be read again wherever they are. What depends on experiments and
 * plug-ins is the plan's (plan.h). Errors are `file:line:col: ...`, ERROR_CONFIG.
 *
 *     base: iris.yaml                      # an experiment file, or an experiment written here
 *     problems:                            # optional: several; else the base alone
 *       iris: {}                           # the base as it is
 *       digits: digits.yaml                # another file
 *       small: {base: iris.yaml, data.test: 0.5, train: {epochs: 20}}   # with changes
 *     set: {train.epochs: 100}             # changes that hold for every problem
 *     axes:
 *       hidden_activation: [tanh, relu]    # short for every hidden layer's activation
 *       loss: [mse, cross_entropy, kl]
 *       optimizer:
 *         - sgd
 *         - {name: adam, lr: {log: [1e-4, 1e-1]}}        # searched, if the protocol tunes
 *       data.fold: 0..4                    # whole numbers from 0 to 4
 *       train.batch: {uniform: [8, 64], whole: true}   # searched, not compared
 *     rules:
 *       - {exclude: {optimizer: adam, loss: [mse, kl]}, why: "..."}
 *       - include: {hidden_activation: relu}
 *     protocol:
 *       tune: {sampler: random, trials: 16, seeds: 3, select: val_accuracy}
 *       final: {seeds: 10, report: test_at_best_val}     # or test_at_end, the default
 *       untuned_row: true
 *     targets: {val_accuracy: 0.9, digits.val_loss: 0.3}
 *     limits: {seconds: 600, memory: 4GiB, total_seconds: 36000}
 *     stats: {metric: test_accuracy, compare: optimizer, control: sgd, alpha: 0.05}
 *     gate:
 *       - adam not_worse_than sgd on digits.test_accuracy by 0.005
 *       - every cell: final test_accuracy >= 0.9
 *
 * A key with dots is a path in the experiment, as with --set, and `hidden_activation` is the short
 * one everywhere.
 *
 * An experiment is its base, then `set`, then the problem's own changes, then the axes in order.
 * Changes (of `set` and of a problem) add to what is there: a map is the changes below it, so
 * `train: {epochs: 20}` is train.epochs alone. What replaces as a whole is a scalar, a list, a
 * component (a map with `name`), a map with `x` (a pair of files), `from` or `column`, an empty
 * map, and train.class_weights. A value of an axis always replaces what stands at the axis's path.
 * A setting whose effect something later in this order would take away is refused, wherever it
 * stands; only a problem may give another value for a path of `set`.
 *
 * A value is named by its label, or written out as in the axis, or, where neither fits, by the name
 * of its component: that names all values with it. In a gate a label of several words stands as it
 * is, or in '...'. */
#ifndef MATRIX_SPEC_H
#define MATRIX_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/tree.h"
#include "matrix/record.h"
#include "support/error.h"
#include "train/metrics.h"

enum {
    SPEC_MOST_AXES = 16,
    SPEC_MOST_VALUES = 100000, /* of an axis                                                     */
    SPEC_MOST_RANGES = 10,     /* of a cell                                                      */
    SPEC_MOST_PROBLEMS = 1000,
    SPEC_MOST_CHANGES = 1000, /* of a problem, and of `set`                                      */
    SPEC_MOST_RULES = 1000,   /* and targets, and gates                                          */
    SPEC_MOST_SEEDS = 100000,
    SPEC_MOST_TRIALS = 100000,
};

/* ---- what is compared ------------------------------------------------------------------------ */

/* A change to an experiment: the node, one of the spec's tree, stands at that path. */
typedef struct spec_change {
    char *path; /* "train.epochs"                                                                */
    const node *value;
} spec_change;

typedef struct spec_problem {
    char *name;       /* a name as in text_is_name, but '-' is allowed after the first character */
    char *file;       /* of its experiment, as written: relative to the matrix file; NULL: the
                           inline base                                                           */
    const node *base; /* the inline base, a map; NULL: `file`                                  */
    spec_change *change; /* its own, in order                                                    */
    size_t change_count;
    place at;
} spec_problem;

typedef enum { RANGE_LOG, RANGE_UNIFORM, RANGE_GRID } range_rule;

/* A setting that is searched: {log: [lo, hi]}, {uniform: [lo, hi]} or {grid: [v, w, ..]}, the first
 * two with `whole: true` for whole numbers (rounded to nearest). */
typedef struct search_range {
    char *path; /* in the experiment: "optimizer.lr"                                             */
    range_rule rule;
    double lo, hi; /* lo < hi, hi - lo is finite; log: 0 < lo                                    */
    bool whole;    /* then so are lo and hi                                                      */
    const node **value; /* grid: its values, two or more different scalars                       */
    size_t value_count;
    place at;
} search_range;

typedef struct axis_value {
    char *label;         /* unique in its axis: "adam"; "adam lr=0.1" where names repeat; of a
                           number its text                                                       */
    const node *value;   /* stands at the axis's path; ranges inside stand there as maps still    */
    search_range *range; /* those inside                                                         */
    size_t range_count;
    node *made; /* of an interval: the value, which is in no tree                                */
    place at;
} axis_value;

typedef struct axis {
    char *path;        /* as written: "optimizer", "hidden_activation", "data.fold"              */
    axis_value *value; /* one or more                                                            */
    size_t value_count;
    bool repeats; /* data.fold, data.seed: other rows, not another treatment; paired like seeds  */
    place at;
} axis;

/* ---- which cells ----------------------------------------------------------------------------- */

/* A cell matches if for every term its value is one of those named. */
typedef struct rule_term {
    int axis; /* -1: the problem                                                                 */
    uint32_t *value; /* indexes of values, of problems                                           */
    size_t value_count;
} rule_term;

/* Cells that match an exclude are skipped, with `why`; where there are includes, so are cells that
 * match none of them. */
typedef struct spec_rule {
    bool exclude;
    rule_term *term;
    size_t term_count;
    char *why; /* never NULL: "excluded at matrix.yaml:12" where the file gives none             */
    place at;
} spec_rule;

/* ---- how it is run --------------------------------------------------------------------------- */

typedef struct seed_list {
    uint64_t *seed; /* all different                                                             */
    size_t count;
} seed_list;

typedef enum { SAMPLER_GRID, SAMPLER_RANDOM, SAMPLER_SOBOL } sampler_rule;

typedef struct spec_protocol {
    bool tune;
    sampler_rule sampler;
    size_t trials;        /* of each cell, whatever it searches                                  */
    seed_list tune_seeds; /* default 3: 1000001, 1000002, 1000003; none of the final ones        */
    bool select_given;    /* else accuracy if there is one, else r2... by the problem: loss      */
    metric select;        /* of the validation rows, at its best epoch under test_at_best_val    */
    place tune_at;
    seed_list final_seeds; /* `seeds: 10` is 1 to 10; a list is itself; default 1 to 5            */
    bool at_best_val;      /* test_at_best_val: the weights of the epoch with the best validation
                              figure are kept; else the last ones                                */
    place report_at;       /* of `report`; line 0 where it is not given                          */
    bool untuned_row;      /* also with the searched settings left at their defaults              */
} spec_protocol;

typedef struct spec_limits {
    double seconds;       /* of a run; default 3600                                              */
    uint64_t memory;      /* bytes of a run; 0: none, the default. `memory: 512MiB` or a number  */
    double total_seconds; /* of one `matrix run`; 0: none                                        */
} spec_limits;

/* ---- what is asked --------------------------------------------------------------------------- */

typedef struct metric_name_at {
    record_part part;
    metric metric;
} metric_name_at;

typedef struct spec_target {
    int problem; /* -1: every problem                                                            */
    metric metric; /* of the validation rows: "val_accuracy"                                     */
    double value;
    place at;
} spec_target;

typedef struct spec_stats {
    bool metric_given; /* else by the problem: test_ (val_, train_ where there is no such part)
                          accuracy, else r2, else loss                                           */
    metric_name_at metric;
    int compare; /* the axis whose values are the treatments: `optimizer` if there is one, else the
                    first that does not repeat; -1: there is no axis, a single treatment         */
    int control; /* the value compared with; -1: every pair                                      */
    double alpha;
    size_t replicates; /* of the bootstrap, default 50000                                        */
    place at;
} spec_stats;

typedef enum { GATE_BETTER, GATE_WORSE, GATE_NOT_WORSE, GATE_EVERY_CELL } gate_rule;
typedef enum { GATE_AT_LEAST, GATE_ABOVE, GATE_AT_MOST, GATE_BELOW } gate_relation;

/* `A better_than B [on [P.]METRIC] [by M]`, worse_than and not_worse_than alike; `every cell:
 * [final] [P.]METRIC >= X`. */
typedef struct spec_gate {
    char *text; /* as written, on one line                                                       */
    gate_rule rule;
    uint32_t a, b; /* values of the compared axis                                                */
    int problem;   /* -1: all                                                                    */
    bool metric_given; /* else that of stats                                                     */
    metric_name_at metric;
    gate_relation relation; /* every cell                                                        */
    double value;           /* the bound, or the margin, which is 0 unless given                  */
    place at;
} spec_gate;

/* ---- all of it ------------------------------------------------------------------------------- */

typedef struct spec {
    char *file;   /* as given, for messages                                                      */
    char *name;   /* without folder and .yaml                                                    */
    char *folder; /* absolute: what its relative paths are taken against                          */
    char *bytes;  /* the file's text, to be stored with the results                              */
    size_t length;
    node *tree;
    spec_problem *problem;
    size_t problem_count;
    spec_change *change; /* of `set`                                                             */
    size_t change_count;
    axis *axis;
    size_t axis_count;
    search_range *range; /* of axes that are searched: of every cell                             */
    size_t range_count;
    spec_rule *rule;
    size_t rule_count;
    spec_protocol protocol;
    spec_limits limits;
    spec_target *target;
    size_t target_count;
    spec_stats stats;
    spec_gate *gate;
    size_t gate_count;
} spec;

/* On failure NULL; of a file that cannot be read, too, ERROR_CONFIG. */
spec *spec_read(const char *path, plx_error *error);
/* The same from bytes. */
spec *spec_parse(const char *name, const char *folder, const char *bytes, size_t length,
                 plx_error *error);
void spec_free(spec *spec);

/* The sampler grid: how many points each log and uniform range of a cell has, so that these and the
 * values of its `grid` ranges make exactly protocol.trials combinations. 1 where it has no such
 * range; 0 if there is no such number, which reading has refused for all that cells can search. */
size_t spec_grid_points(const spec *spec, const search_range *const *range, size_t count);

/* "test_accuracy": part and metric of a name; false if it is none. And back, into 32 bytes. */
bool spec_metric(const char *name, metric_name_at *metric);
const char *spec_metric_name(metric_name_at metric, char buffer[32]);

#endif
