/* checkpoint.h: checkpoint.safetensors, all that a resume needs. It begins as a model file of
 * the weights as they are; added are the optimizer's slots ("slots.layers.0.weight.momentum",
 * "slots.model.NAME"), the weights that model.safetensors would get ("kept.layers.0.weight"),
 * and as metadata the state and the fingerprint. */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "model/model.h"
#include "train/driver.h"
#include "train/fingerprint.h"
#include "train/state.h"

/* What goes in and comes out. All borrowed. */
typedef struct checkpoint_parts {
    const model_parts *model;
    network *network;
    driver *driver;
    float *const *kept; /* a tensor each                                                         */
    const fingerprint *fingerprint;
} checkpoint_parts;

/* Temporary file, sync, rename. */
bool checkpoint_write(const char *path, const checkpoint_parts *parts, const train_state *state,
                      plx_error *error);

/* Reads the state and checks each number; `file` is the open checkpoint. ERROR_DATA. */
bool checkpoint_read_state(const tensor_file *file, const char *path, train_state *state,
                           plx_error *error);
/* Puts weights, slots and kept weights back. A tensor that is missing, of another shape or not
 * known is ERROR_DATA. */
bool checkpoint_restore(const tensor_file *file, const char *path, const checkpoint_parts *parts,
                        plx_error *error);

#endif
