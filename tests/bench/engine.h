/* engine.h: a workload done by Plexus itself, with the built-in plug-ins, by the calls that a
 * training run makes for each batch: gather, forward, loss, backward, check, step. What a run does
 * once an epoch (evaluation, log, checkpoint) is not part of it. */
#ifndef TESTS_BENCH_ENGINE_H
#define TESTS_BENCH_ENGINE_H

#include "workloads.h"

typedef struct engine engine;

/* On one thread, at the workload's first weights. `plugins` is the folder of the built-in ones. The
 * workload and the data are borrowed. */
engine *engine_new(const workload *workload, const workload_data *data, const char *plugins,
                   plx_error *error);
void engine_free(engine *engine);
/* The next `count` batches. */
bool engine_run(engine *engine, size_t count, plx_error *error);
/* Rows gone through so far: the last batch of an epoch may be a partial one. */
size_t engine_samples(const engine *engine);
/* Loss of the last batch, before its step. */
double engine_loss(const engine *engine);
/* Outputs of the last batch (rows x units), for a workload of inference only. */
const float *engine_output(const engine *engine);
const float *engine_weights(const engine *engine, size_t layer); /* (units x fan_in) */
const float *engine_bias(const engine *engine, size_t layer);

#endif
