/* exam_activation.h: calls of an activation, for its exercise and its tests. An elementwise
 * activation is taken as rows of one element each, so that the tests need not know the two sorts
 * apart. */
#ifndef AUTHOR_EXAM_ACTIVATION_H
#define AUTHOR_EXAM_ACTIVATION_H

#include "author/exam.h"

/* Arrays of an activation; strides in elements. */
typedef struct span {
    const plx_activation *functions;
    const void *self;
    uint64_t rows, cols;
    const float *x, *dy;
    float *y, *dx;
    uint64_t x_stride, y_stride, dy_stride, dx_stride;
} span;

bool activation_is_rowwise(const exam *exam);

/* The plug-in's function on `count` rows from `first` on; what it does not ask for is NULL. */
int32_t activation_forward(const span *s, uint64_t first, uint64_t count);
int32_t activation_backward(const span *s, uint64_t first, uint64_t count);

/* Both on contiguous arrays; dy NULL: forward alone. False: the exam has failed. */
bool activation_evaluate(exam *exam, const settings *settings, uint64_t rows, uint64_t cols,
                         const float *x, float *y, const float *dy, float *dx);

/* As exam_exercise. */
bool activation_exercise(exam *exam, const exercise *how, text *results);

#endif
