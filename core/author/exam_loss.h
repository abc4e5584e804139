/* exam_loss.h: what the tests of losses share: batches in guarded arrays, and every case a loss
 * has to serve: its settings, the predictions' family, the kind of target, and whether its own
 * function or that of a fused partner is called. */
#ifndef AUTHOR_EXAM_LOSS_H
#define AUTHOR_EXAM_LOSS_H

#include "author/exam.h"
#include "support/pool.h"

typedef struct loss_case {
    const settings *settings;
    const char *variant;        /* their name                                                     */
    uint32_t family;            /* of the predictions                                             */
    uint32_t kind;              /* of the targets: one bit of PLX_TARGET_...                      */
    const plx_fused *partner;   /* NULL: the loss's own `rows`                                    */
    const settings *activation; /* the partner's, at its defaults; else NULL                      */
} loss_case;

/* Calls `probe` for every case until one returns false: of all variants, families and kinds of
 * target that the loss takes; with the loss's own function, or with `fused` for those partners
 * whose activation is among the built-in ones. False: a probe did. */
typedef bool loss_probe(exam *exam, const loss_case *which, void *context);
bool loss_each_case(exam *exam, bool fused, loss_probe *probe, void *context);
/* "rows", or "the fused function of softmax/1". */
const char *loss_function(const loss_case *which, char buffer[96]);
/* "targets that are classes, rows that sum to one, the defaults": the case in words. */
const char *loss_case_text(const loss_case *which, char buffer[320]);

/* A batch with ordinary values: predictions (for a partner pre-activations) and targets within
 * their family and kind, the same each time, all multiples of 1/1024 where the family allows it. */
typedef struct loss_batch {
    exam *exam;
    loss_case of;
    uint64_t rows, cols;
    float *prediction, *target, *row_weight, *gradient;
    int32_t *label; /* NULL unless the targets are classes                                       */
    double *loss;
    bool held; /* inputs are protected between calls, too                                        */
} loss_batch;

/* False: no memory, and the exam has failed. Close it in any case: that gives all arrays of the
 * exam's guard back. */
bool loss_batch_open(loss_batch *batch, exam *exam, const loss_case *of, uint64_t rows,
                     uint64_t cols, guard_side side);
void loss_batch_close(loss_batch *batch);
/* Makes the target of a row that class, as one-hot columns or, of one column, 0 or 1. */
void loss_set_class(loss_batch *batch, uint64_t row, int32_t label);

typedef struct loss_call {
    bool weighted, gradient;
    double scale;
    uint64_t cut; /* rows a call; 0: all                                                          */
    pool *pool;   /* NULL: this thread alone                                                      */
} loss_call;

/* Calls the function for all rows, inputs protected. False: the exam has failed. */
bool loss_batch_run(loss_batch *batch, const loss_call *how);

/* The tests, in exam_loss_values.c and exam_loss_slopes.c. */
void loss_test_finite(exam *exam);
void loss_test_nonfinite(exam *exam);
void loss_test_weights(exam *exam);
void loss_test_fused(exam *exam);
void loss_test_gradient(exam *exam);
void loss_test_minimum(exam *exam);

#endif
