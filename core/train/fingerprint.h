/* fingerprint.h: what must be the same when a run is resumed, so that it ends with the bits of an
 * undisturbed one: the experiment, the data, the plug-ins' files. A checkpoint carries it. */
#ifndef TRAIN_FINGERPRINT_H
#define TRAIN_FINGERPRINT_H

#include "config/experiment.h"
#include "data/dataset.h"
#include "support/error.h"
#include "support/safetensors.h"

enum { FINGERPRINT_PARTS = 3 };

typedef struct fingerprint_plugin {
    const plugin *plugin;
    char *key; /* "train.plugin.activation.relu"                                                 */
    char sha256[65];
} fingerprint_plugin;

typedef struct fingerprint {
    char *config;                     /* the experiment as text, without train.threads           */
    char data[FINGERPRINT_PARTS][65]; /* train, validation, test; "" where there is none         */
    fingerprint_plugin *plugin;
    size_t plugin_count;
    uint32_t state_version; /* of the optimizer                                                  */
    char machine[128];      /* "avx2, libc 2.36": what rounding depends on                       */
} fingerprint;

/* Of config and plug-ins; then of the data, once it is loaded. Clear it in either case. */
bool fingerprint_make(fingerprint *print, const experiment *experiment, plx_error *error);
bool fingerprint_add_data(fingerprint *print, const data_bundle *data, plx_error *error);
void fingerprint_clear(fingerprint *print);

void fingerprint_store(const fingerprint *print, tensor_file *file);
/* Compares with what a checkpoint carries. ERROR_CONFIG for the experiment, ERROR_PLUGIN for a
 * plug-in, ERROR_DATA for data, each saying what changed. `run` is the run directory, for
 * messages. */
bool fingerprint_check_config(const char *now, const char *before, const char *run,
                              plx_error *error);
bool fingerprint_check(const fingerprint *print, const tensor_file *file, const char *run,
                       plx_error *error);
bool fingerprint_check_data(const fingerprint *print, const tensor_file *file, const char *run,
                            plx_error *error);

/* The instruction-set level and libraries that the checkpoint was written with, if they are not
 * those at hand; else NULL. */
const char *fingerprint_other_machine(const fingerprint *print, const tensor_file *file);

#endif
