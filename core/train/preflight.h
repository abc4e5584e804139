/* preflight.h: does the experiment fit its data? All that can only be known when both are there is
 * checked here, before the first step and before a run directory is made. */
#ifndef TRAIN_PREFLIGHT_H
#define TRAIN_PREFLIGHT_H

#include "config/experiment.h"
#include "data/dataset.h"
#include "plugin/settings.h"
#include "support/error.h"

/* Whether `loss` takes the part's targets with outputs in that domain. If not: a misfit with
 * that code, at `at`, which kind they are, what the loss needs, what to do. `part_name`: "training". */
bool preflight_targets(const settings *loss, const plx_domain *output, const encoding *encoding,
                       const target_code *code, const data_part *part, double smoothing,
                       const char *part_name, error_class class_of_error, place at,
                       plx_error *error);
/* Everything: output layer, targets of every part, batch size, top_k, and whether this machine has
 * the precision. Fills *output and *code. ERROR_CONFIG at the place to change. */
bool preflight(const experiment *experiment, const data_bundle *data, plx_domain *output,
               target_code *code, plx_error *error);
/* The weight of each class, an array of label_count; NULL without class weights (then *ok is true)
 * or on failure. balanced: n / (classes * count of the class). */
double *preflight_class_weights(const experiment *experiment, const data_bundle *data, bool *ok,
                                plx_error *error);
/* The place of train.KEY in the file, or of the section if the key isn't written out. */
place preflight_place(const experiment *experiment, const char *key);

/* Whether counting the k likeliest classes says anything; k 0 is off. */
bool preflight_top_k(size_t k, const encoding *encoding, size_t units, error_class code, place at,
                     plx_error *error);

#endif
