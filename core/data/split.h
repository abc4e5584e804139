/* split.h: which rows are for training, validation and test. Private to data.
 *
 * A fraction is of all the rows of the training file, rounded half up, at least one row; 0 means
 * none. Test rows are taken first, then validation rows from what is left. With folds, the test
 * rows are those of one fold; the folds share the rows out, so that each row is a test row once.
 * Rows are drawn by data.seed alone. Stratified parts have the shares of the classes that the
 * whole file has, to within a row. */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

typedef struct split_plan {
    size_t rows;
    uint64_t seed;
    double test, validation; /* fractions                                                        */
    size_t folds, fold;      /* folds 0: none                                                    */
    const int32_t *label;    /* of each row, to stratify by; NULL: do not stratify               */
    size_t label_count;
} split_plan;

typedef enum { PART_TRAIN, PART_VALIDATION, PART_TEST } split_part;

/* The part of each row, (rows), a new array; NULL on failure: out of memory, no row left to train
 * on. `name` is the file's, for messages. */
uint8_t *split_rows(const split_plan *plan, const char *name, plx_error *error);
/* How many rows a fraction is. */
size_t split_count(double fraction, size_t rows);

#endif
