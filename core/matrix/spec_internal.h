/* spec_internal.h: what the files spec*.c share. Readers take a node of the matrix file and fill
 * their part of the spec; on failure it is left so that spec_free is right. */
#ifndef MATRIX_SPEC_INTERNAL_H
#define MATRIX_SPEC_INTERNAL_H

#include "config/fields.h"
#include "matrix/spec.h"

/* ---- the sections; NULL: absent -------------------------------------------------------------- */

/* Reads `base`, `problems`, `set`. */
bool spec_problems_read(const reader *r, const node *root, spec *spec);
/* Reads `axes`. After the problems, whose changes it may not overwrite. */
bool spec_axes_read(const reader *r, const node *section, spec *spec);
bool spec_rules_read(const reader *r, const node *section, spec *spec);
/* After the axes: whether anything is searched. */
bool spec_protocol_read(const reader *r, const node *section, spec *spec);
bool spec_limits_read(const reader *r, const node *section, spec_limits *limits);
bool spec_targets_read(const reader *r, const node *section, spec *spec);
bool spec_stats_read(const reader *r, const node *section, spec *spec);
/* After the stats: which axis is compared. */
bool spec_gates_read(const reader *r, const node *section, spec *spec);

/* ---- spec_names.c: names and what they stand for --------------------------------------------- */

typedef struct name_entry {
    char *name; /* not always its own: see whoever made it                                       */
    size_t position;
} name_entry;

/* By name, equal ones by position. */
void names_sort(name_entry *entry, size_t count);
/* The first position whose name stands before it, too, and where; false if all differ. */
bool names_repeat(const name_entry *sorted, size_t count, size_t *first, size_t *second);
/* How many have that name; `found` is the first of them. */
size_t names_find(const name_entry *sorted, size_t count, const char *name,
                  const name_entry **found);

/* Fails: "PATH: 'TEXT' is no KIND; did you mean 'WORD'?" or, where none is near, "; LISTING WORD,
 * ..". The path is that of `at`. */
bool spec_unknown(const reader *r, const node *at, const char *text, const char *kind,
                  const char *listing, word_list words);
/* Fails: "PATH MESSAGE". */
bool spec_refuse(const reader *r, const node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The problem of that name. */
bool spec_find_problem(const reader *r, const spec *spec, const node *at, const char *name,
                       int *problem);
/* "[P.]METRIC"; `problem` -1 without P. Only figures of validation rows, if so asked. */
bool spec_find_metric(const reader *r, const spec *spec, const node *at, const char *name,
                      bool validation, int *problem, metric_name_at *metric);
/* What values the metric can have. */
real_range spec_metric_range(metric metric);
/* Text on one line: white space as single blanks, `limit` characters, nothing that steers a
 * terminal. A new string. */
char *spec_one_line(const char *text, size_t limit);

/* ---- spec_paths.c: paths in an experiment ---------------------------------------------------- */

#define SPEC_NO_SEED "train.seed is that of each run; give protocol.final.seeds instead"
/* Fails unless `path`, which ends in the key of `at`, can be one of an experiment. */
bool spec_check_path(const reader *r, const node *at, const char *path);
/* True for what is printable ASCII without blanks, as every key of an experiment is. */
bool spec_is_plain(const char *path);
/* True if setting `upper` replaces all of `lower`: "optimizer" of "optimizer.lr", or the same. */
bool spec_covers(const char *upper, const char *lower);
/* What a value that stands at `upper` holds at `lower`, which that covers, or NULL. */
const node *spec_below(const node *value, const char *upper, const char *lower);

/* ---- spec_ranges.c: what is searched --------------------------------------------------------- */

/* A map with `log`, `uniform` or `grid` and without `name`. */
bool spec_is_range(const node *value);
/* The first range in a value, at any depth; NULL: none. */
const node *spec_first_range(const node *value);
/* Appends the ranges in `value`, which stands at `path`, to a list of at most SPEC_MOST_RANGES. */
bool spec_ranges_read(const reader *r, const node *value, const char *path, search_range **range,
                      size_t *count);
void spec_ranges_free(search_range *range, size_t count);
/* Fails if a cell searches too many settings. */
bool spec_ranges_check(const reader *r, const spec *spec);
/* Fails at `trials` unless it can be that of a grid for each cell. */
bool spec_grid_check(const reader *r, const node *trials, const spec *spec);

/* ---- spec_axes.c ----------------------------------------------------------------------------- */

/* True for a bare "1..10", or something that begins so and would be one. */
bool spec_is_interval(const node *value);
/* Its ends; fails if it has none, does not rise, or holds more than `most`. */
bool spec_interval(const reader *r, const node *value, size_t most, int64_t *lo, int64_t *hi);

/* ---- spec_values.c: what values mean and what they are called -------------------------------- */

/* A new string, the same for two values if and only if they mean the same. NULL without memory. */
char *spec_meaning(const node *value);
/* Fails at the first of `count` values that means the same as one before it. */
bool spec_all_differ(const reader *r, const node *const *value, size_t count);
/* Gives each value of the axis its label. */
bool spec_label_values(axis *axis, plx_error *error);

/* For finding values of one axis. */
typedef struct value_finder {
    const axis *axis; /* NULL: not made yet                                                      */
    name_entry *label, *meaning, *name;
    size_t name_count;
} value_finder;

bool value_finder_make(value_finder *finder, const axis *axis, plx_error *error);
void value_finder_free(value_finder *finder);
/* The values that a node names; their positions. Fails if there are none. */
bool value_finder_find(const value_finder *finder, const reader *r, const node *value,
                       const name_entry **found, size_t *count);
/* True if the node as a whole is written as one of them. */
bool value_finder_has(const value_finder *finder, const node *value);
/* The only one that a text says, which stands somewhere in `at`. */
bool value_finder_one(const value_finder *finder, const reader *r, const node *at, const char *text,
                      size_t *position);

#endif
