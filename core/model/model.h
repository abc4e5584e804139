/* model.h: the model file: safetensors with `layers.N.weight` (out, in), `layers.N.bias` (out), and
 * in its metadata what is needed to use it: format version, layers with their activations (plug-in
 * names, versions, settings), the loss, the encoding with scaling and class labels. predict and
 * eval need nothing else, and no optimizer plug-in. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "data/dataset.h"
#include "network/network.h"
#include "plugin/catalog.h"
#include "support/safetensors.h"
#include "support/text.h"

typedef struct model {
    char *path;
    encoding encoding;
    size_t inputs;
    layer_spec *layer;
    settings **activation; /* of each layer; owned, the specs above borrow them                   */
    size_t layer_count;
    settings *loss;
    bool fused;
    target_code code;
    tensor_file *file; /* holds the tensors' data                                                */
} model;

/* What a model is made of, when it is written. All borrowed. */
typedef struct model_parts {
    const encoding *encoding;
    size_t inputs;
    const layer_spec *layer;
    size_t layer_count;
    const settings *loss;
    bool fused;
    const target_code *code;
} model_parts;

/* Puts metadata and tensors into a file: the model's own, or the first part of a checkpoint.
 * `weights` holds a pointer for each tensor of the network, or NULL for the network's own. */
bool model_store(tensor_file *file, const model_parts *parts, network *network,
                 const float *const *weights, plx_error *error);
bool model_write(const char *path, const model_parts *parts, network *network,
                 const float *const *weights, plx_error *error);
/* Reads and checks everything, loads activations and loss from the catalog with their settings. A
 * plug-in whose version differs from the one in the file is a warning. `path` may be a run
 * directory: then its model.safetensors. */
model *model_read(const char *path, catalog *catalog, const logger *log, plx_error *error);
void model_free(model *model);
/* A forward-only (or, with_loss, evaluating) network of `capacity` rows with the model's weights */
network *model_network(const model *model, bool with_loss, size_t capacity, pool *pool, host *host,
                       plx_error *error);
/* The table `plexus summary` prints: layers, shapes, parameters, activations, loss, scaling and
 * labels; and the same for machines, one JSON object without a line end. False: out of memory. */
bool model_summary(const model *model, text *out);
bool model_summary_json(const model *model, text *out);

#endif
