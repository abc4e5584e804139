/* evaluate.h: the figures of a network on a part of the data. Rows go through in chunks of a
 * fixed size, in order, dropout off, every row weighing the same, so that a model's figures have
 * the same bits during training, at its end and ever after. */
#ifndef TRAIN_EVALUATE_H
#define TRAIN_EVALUATE_H

#include "data/dataset.h"
#include "network/network.h"
#include "support/error.h"
#include "train/metrics.h"

typedef struct evaluation_spec {
    const encoding *encoding;
    const target_code *code;
    const plx_domain *output; /* of the last layer                                               */
    size_t top_k;             /* 0: off                                                          */
} evaluation_spec;

typedef struct evaluation evaluation;

/* What the spec points to and the part are borrowed. */
evaluation *evaluation_new(const evaluation_spec *spec, const data_part *part, plx_error *error);
void evaluation_free(evaluation *evaluation);
/* Measures the network, whose capacity must be at least MODEL_CHUNK. ERROR_PLUGIN. No
 * allocation. */
bool evaluation_run(evaluation *evaluation, network *network, plx_error *error);
/* Of the last run; before the first, those of a perfect answer: good for seeing which apply. */
const metrics *evaluation_metrics(const evaluation *evaluation);
/* Hands them over to the caller to free; the evaluation can then only be freed. */
metrics *evaluation_take(evaluation *evaluation);

#endif
