/* measure.h: the figures of a stored model: on a data file, or on the data its run was trained
 * from. */
#ifndef TRAIN_MEASURE_H
#define TRAIN_MEASURE_H

#include "model/model.h"
#include "train/metrics.h"

/* On one more file, encoded as the model says. `targets` is y of a pair or NULL. */
metrics *measure_file(const model *model, const char *path, const char *targets, int threads,
                      size_t top_k, const logger *log, plx_error *error);
/* `run` is a run directory: its config.yaml says where the data is; measured on its test part,
 * without one on its validation part, without either on its training part; *rows says which
 * ("test rows"). Refuses data that is encoded differently than in training. */
metrics *measure_run(const model *model, const char *run, catalog *catalog, int threads,
                     size_t top_k, const logger *log, const char **rows, plx_error *error);

#endif
