/* raw.h: a matrix as it stands in a file without column names (IDX, NPY, LIBSVM), before anything
 * is encoded; and how the format of a file is told. Private to data. */
#ifndef DATA_RAW_H
#define DATA_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/experiment.h"
#include "support/error.h"
#include "support/mapping.h"

#define RAW_MAX_BYTES   ((size_t)16 << 30) /* of a file that is read, inflated                    */
#define RAW_MAX_STORAGE ((size_t)32 << 30) /* of a matrix in memory                               */

/* What a matrix is read into: bytes stay bytes; of all else inputs are made float32, targets
 * doubles, so that large whole numbers stay what they are. */
typedef enum { RAW_INPUTS, RAW_EXACT } raw_purpose;

typedef struct raw_matrix {
    size_t rows, cols;
    size_t beside; /* bytes that will be needed for each column, beside the matrix itself         */
    int rank;      /* in the file                                                             */
    bool integral; /* the file's type holds whole numbers only                                */
    uint8_t *bytes; /* exactly one of these three is not NULL; NaN: a value is missing         */
    float *floats;
    double *doubles;
    /* A matrix that is used in its file: bytes or floats is where it lies, at `start`, but only
     * what of it is mapped can be looked at there; NULL: it is in memory.                        */
    mapping *map;
    size_t start;
    size_t nan; /* of such a matrix the first element that is NaN; rows x cols: none              */
} raw_matrix;

void raw_clear(raw_matrix *matrix);
/* Reserves floats or doubles for rows x cols. Refuses, in words, what would not fit. */
bool raw_reserve(raw_matrix *matrix, const char *path, size_t rows, size_t cols,
                 raw_purpose purpose, plx_error *error);
/* Stores element i. Infinite values, and what float32 cannot hold, are errors that name the
 * place. */
bool raw_put(raw_matrix *matrix, const char *path, size_t i, double value, plx_error *error);
/* Looks at all floats of a matrix that is used in its file, in one pass: infinite ones are errors,
 * the first NaN is noted. */
bool raw_look(raw_matrix *matrix, const char *path, plx_error *error);
/* Reads such floats into memory. */
bool raw_take(raw_matrix *matrix, const char *path, plx_error *error);
/* Element i of a matrix in memory, whatever it is stored as. */
double raw_get(const raw_matrix *matrix, size_t i);
/* Drops the rows whose flag is set. */
void raw_drop(raw_matrix *matrix, const bool *drop);
/* Moves dims[1..] of a file's shape into rows and cols; refuses rank 0, empty shapes, overflow. */
bool raw_shape(const char *path, int rank, const uint64_t *dims, size_t *rows, size_t *cols,
               plx_error *error);

/* By the first bytes, else by the name (.gz left out): .csv .tsv .txt .npy .idx -ubyte .libsvm
 * .svm. FORMAT_AUTO if neither tells. */
data_format raw_detect(const char *path, const char *bytes, size_t length);
const char *raw_format_name(data_format format);

/* The readers. *bytes is a buffer of the file's content from malloc, with a NUL behind `length`; a
 * reader that keeps it sets *bytes to NULL. */
bool idx_parse(const char *path, char **bytes, size_t length, raw_purpose purpose,
               raw_matrix *matrix, plx_error *error);
bool npy_parse(const char *path, char **bytes, size_t length, raw_purpose purpose,
               raw_matrix *matrix, plx_error *error);
/* The same for inputs that can be used as they are stored, without a copy: bytes, and of NPY files
 * float32, row by row. The matrix takes the mapping over. *as_stored: whether that was so; if not,
 * nothing is taken, and the file is to be read. */
bool idx_map(const char *path, mapping *map, raw_matrix *matrix, bool *as_stored, plx_error *error);
bool npy_map(const char *path, mapping *map, raw_matrix *matrix, bool *as_stored, plx_error *error);
/* Fills inputs x (floats) and targets y (doubles, one column). features 0: the largest index of the
 * file; else an index above it is an error. */
bool libsvm_parse(const char *path, const char *bytes, size_t length, size_t features,
                  raw_matrix *x, raw_matrix *y, plx_error *error);

#endif
