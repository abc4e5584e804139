/* metrics.h: loss, accuracy, top-k, confusion matrix, precision, recall, F1; MAE, RMSE, R2.
 * Collected over an evaluation in chunks, in double, in row order; then finished once. A metric
 * that does not apply is absent (`has` false), a non-finite one stays non-finite and is written
 * as null. */
#ifndef TRAIN_METRICS_H
#define TRAIN_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/encoding.h"
#include "support/error.h"
#include "support/text.h"

typedef enum {
    METRIC_LOSS,
    METRIC_ACCURACY,
    METRIC_TOP_K,
    METRIC_PRECISION, /* macro means over the classes                                            */
    METRIC_RECALL,
    METRIC_F1,
    METRIC_MAE,
    METRIC_RMSE,
    METRIC_R2,
    METRIC_COUNT,
} metric;

const char *metric_name(metric metric); /* "loss", "accuracy", "top_k", ..., "r2"      */
bool metric_is_better(metric metric, double a, double b); /* a better than b; NaN never is        */

typedef struct metrics metrics;

typedef struct metrics_spec {
    const encoding *encoding;
    const target_code *code;
    const plx_domain *output; /* of the last layer                                               */
    size_t top_k;             /* 0: off                                                          */
    bool binary_targets;      /* TARGETS_NUMBER whose values are all 0 or 1, output within [0, 1]
                                 (or beyond 0 within [-1, 1], with -1 and 1): accuracy per element
                                 applies                                                         */
} metrics_spec;

metrics *metrics_new(const metrics_spec *spec, plx_error *error);
void metrics_free(metrics *metrics);
void metrics_reset(metrics *metrics);
/* One chunk: outputs and targets (rows x units) as the network gives and gets them, labels or
 * NULL, each row's loss and weight (NULL: 1). Loss is the weighted mean over all rows. Accuracy:
 * one unit, at or above the middle of low and high; several with classes, argmax, lowest index
 * on ties; several binary targets, per element. Regression metrics are in original units (target
 * scaling undone), over all elements; R2 is 1 - SSE / SST per target, averaged over the targets.
 * No allocation. */
void metrics_add(metrics *metrics, size_t rows, const float *output, const float *target,
                 const int32_t *label, const double *row_loss, const float *row_weight);
/* Value of one metric; false if it does not apply or no row was added. */
bool metrics_value(const metrics *metrics, metric metric, double *value);
/* The confusion matrix, (classes x classes), row = true class; NULL unless classes. */
const uint64_t *metrics_confusion(const metrics *metrics, size_t *classes);
/* precision, recall, F1 and support of one class; a ratio with denominator 0 is 0. */
bool metrics_class(const metrics *metrics, size_t class_index, double *precision, double *recall,
                   double *f1, uint64_t *support);
/* For people: the values, and for classes a table per class and the confusion matrix (up to 20
 * classes). For machines: {"loss":..,"accuracy":..,"classes":[{"label":..,"precision":..}],
 * "confusion":[[..]]}. */
bool metrics_print(const metrics *metrics, text *out);
bool metrics_json(const metrics *metrics, text *out);

#endif
