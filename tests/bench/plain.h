/* plain.h: a workload done by a plain loop: what a careful programmer would write for this one
 * network on a free afternoon, without plug-ins, threads or checks. It is the yardstick that the
 * engine has to beat, and short enough to be seen to be right, so a test has it as its oracle. */
#ifndef TESTS_BENCH_PLAIN_H
#define TESTS_BENCH_PLAIN_H

#include "workloads.h"

typedef struct plain plain;

/* At the workload's first weights. The workload and the data are borrowed. */
plain *plain_new(const workload *workload, const workload_data *data, plx_error *error);
void plain_free(plain *plain);
/* The next `count` batches. */
bool plain_run(plain *plain, size_t count, plx_error *error);
/* As of the engine: see engine.h. */
size_t plain_samples(const plain *plain);
double plain_loss(const plain *plain);
const float *plain_output(const plain *plain);
const float *plain_weights(const plain *plain, size_t layer);
const float *plain_bias(const plain *plain, size_t layer);

#endif
