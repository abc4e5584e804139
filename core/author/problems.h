/* problems.h: the functions an optimizer is tried on, each with its gradient in closed form, a
 * start, and where its minimum lies. Parameters are tensors as a network's are, so that
 * per-tensor optimizers have rows and columns. Values and gradients are computed in double from
 * float32 weights. */
#ifndef AUTHOR_PROBLEMS_H
#define AUTHOR_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBLEM_TENSORS = 4 };

typedef struct problem_tensor {
    const char *name; /* "layers.0.weight"                                                       */
    uint32_t role, layer;
    uint64_t rows, cols;
} problem_tensor;

typedef struct problem {
    const char *id;      /* "rosenbrock"                                                         */
    const char *title;   /* "Rosenbrock's valley"                                                */
    const char *formula; /* "(1 - x)^2 + 100 (y - x^2)^2"                                        */
    const char *source;  /* NULL: nobody's in particular                                         */
    problem_tensor tensor[PROBLEM_TENSORS];
    size_t tensor_count;
    double condition;     /* condition number of a quadratic; else 0                             */
    double noise;         /* deviation of what is added to each element of the gradient          */
    bool plane;           /* of two parameters: can be drawn                                     */
    double lo[2], hi[2];  /* what to draw                                                        */
    double minimum;       /* of the value                                                        */
    double minimum_at[2]; /* if plane                                                            */
    /* The first weights of tensor i. */
    void (*start)(const struct problem *problem, size_t tensor, float *w);
    /* The value at w (one array a tensor) and, unless g is NULL, its gradient there; `step` counts
     * from 1 and makes the noise of a noisy problem, the same for the same step; step 0 is without
     * noise. The value is not finite where float32 weights are not. */
    double (*value)(const struct problem *problem, int64_t step, const float *const *w,
                    float *const *g);
} problem;

/* All of them, ended by one without an id: quadratics of condition number 1, 1e2, 1e4, one of 20
 * dimensions, Rosenbrock, Beale, a noisy quadratic, logistic regression, a product of matrices. */
extern const problem problems_all[];
const problem *problems_find(const char *id);

/* The elements of a tensor, and of all. */
uint64_t problems_elements(const problem_tensor *tensor);
uint64_t problems_parameters(const problem *problem);

#endif
