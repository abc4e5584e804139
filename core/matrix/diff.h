/* diff.h: what has changed between two sets of results: which runs only one of them has, which ended with
 * other weights, and what that did to the cells' figures. */
#ifndef MATRIX_DIFF_H
#define MATRIX_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "matrix/spec.h"
#include "matrix/store.h"
#include "support/error.h"
#include "support/text.h"

/* A cell some of whose final runs, of those that both have, differ. */
typedef struct diff_cell {
    char *label;
    metric_name_at figure; /* the first that both have of test accuracy, r2, loss; those of val;
                              those of train                                                     */
    double before, after;  /* its means over those that did not fail; NaN without any            */
    size_t changed;        /* runs that are not the same                                         */
    size_t failures_before, failures_after;
} diff_cell;

typedef struct diff {
    size_t both, same; /* entries that both have; with the same status, weights and figures      */
    size_t only_a, only_b;
    diff_cell *cell; /* by the size of the change, the largest first                            */
    size_t cell_count;
} diff;

/* Compares entries of the current cells: final, untuned and tuning runs by cell, phase, trial and
 * seed. Free it with diff_free. NULL on failure. */
diff *diff_new(store *a, store *b, plx_error *error);
void diff_free(diff *diff);
/* True if both hold the same entries with the same bits. */
bool diff_is_empty(const diff *diff);
bool diff_text(const diff *diff, text *out);
bool diff_json(const diff *diff, text *out);

#endif
