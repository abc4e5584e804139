/* workloads.h: what the benchmark measures: networks, batches and data, each named once, so that
 * everyone who runs one does the same work from the same first weights on the same rows. */
#ifndef TESTS_BENCH_WORKLOADS_H
#define TESTS_BENCH_WORKLOADS_H

#include <stdbool.h>
#include <stddef.h>

#include "data/dataset.h"
#include "support/error.h"

enum { WORKLOAD_MOST_LAYERS = 4 };

typedef struct workload {
    const char *name;
    size_t inputs, layers;
    size_t units[WORKLOAD_MOST_LAYERS];
    const char *hidden, *output; /* activations; the loss is the cross-entropy                   */
    const char *optimizer;       /* "adam" or "sgd", with its defaults; NULL: inference only     */
    double lr;
    size_t rows, batch;
    bool images;  /* rows of bytes, divided by 255 as they are gathered; else float32            */
    bool shuffle; /* a new order of the rows in each epoch                                       */
    bool tiny;    /* so small that products and the optimizer's traffic say nothing              */
} workload;

/* All of them, in the order of the report. */
const workload *workload_list(size_t *count);
/* NULL: there is none of that name. */
const workload *workload_find(const char *name);

size_t workload_fan_in(const workload *workload, size_t layer);
size_t workload_parameters(const workload *workload);
/* Multiplications and additions of the matrix products of one step: forward 2 rows fan_in units a
 * layer; in training as many for its weights' gradient and, but for the first layer, for its
 * inputs' gradient. */
double workload_step_operations(const workload *workload);

/* First parameters of a layer: normal weights (units x fan_in) of variance 2 / fan_in under relu,
 * else 1 / fan_in. Biases are zero. */
void workload_first_weights(const workload *workload, size_t layer, float *w);

/* The rows, with classes, as the engine takes them. Images are like photographs of things: each
 * class has its own shape on a black ground. Clear it in either case. */
typedef struct workload_data {
    dataset *rows;
    data_part part;
    encoding encoding;
    target_code code;
} workload_data;

bool workload_data_make(workload_data *data, const workload *workload, plx_error *error);
void workload_data_clear(workload_data *data);
/* The order of the rows in an epoch, from 1. */
void workload_order(const workload *workload, int64_t epoch, uint32_t *order);

#endif
