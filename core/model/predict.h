/* predict.h: a model's answers for the rows of a file, written as CSV or NPY, in original units,
 * with class labels restored. */
#ifndef MODEL_PREDICT_H
#define MODEL_PREDICT_H

#include "data/dataset.h"
#include "model/model.h"

typedef struct predict_options {
    const char *out;    /* NULL or "-": standard output (CSV only); ".npy" at the end: NPY       */
    bool probabilities; /* classes: a column (CSV: named after the label) for each class too     */
    int threads;
    const logger *log; /* told how many rows got no prediction; NULL: nobody                     */
} predict_options;

/* CSV: a header (the target's name, or "prediction"; then with probabilities a column for each
 * label), a line a row, fields quoted where CSV needs it, numbers in the shortest form that reads
 * back to the same float. NPY: classes int64 indices (n), or with probabilities float32 (n,
 * classes); numbers float32 (n, targets). A row of classes with a NaN among its outputs has no
 * prediction: the field is "", the index -1. Runs in the chunks that evaluation uses. SIGPIPE is
 * the caller's to ignore: then a closed pipe is an error (ERROR_DATA), as a full disk is. */
bool model_predict(const model *model, const dataset *data, const predict_options *options,
                   plx_error *error);

/* The class that a row of outputs stands for: of one unit the second if it is at or above the
 * middle of its two codes, of several the largest, of equal ones the first. -1 if an output is
 * NaN. */
int64_t predict_class(const target_code *code, const float *output);

/* Rows in one forward pass outside training: fixed, because the extent of a batch is part of a
 * row's bits. */
#define MODEL_CHUNK 256

#endif
