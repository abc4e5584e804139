/* metadata.h: what a model file says about its network, as JSON, shared by the writer of model
 * files and the summary. Internal to core/model.
 *
 *   "format"          "plexus-model-1"
 *   "plexus_version"  of the program that wrote the file
 *   "network"         {"inputs": 4, "layers": [{"units": 8, "bias": true, "dropout": 0.0,
 *                      "activation": COMPONENT}, ...]}
 *   "loss"            COMPONENT with one member more, "fused": true
 *   "encoding"        as data/encoding.h writes it
 *   "code"            {"units": 3, "low": 0.0, "high": 1.0}
 *
 * COMPONENT is {"name": "elu", "version": "1.0", "settings": {"alpha": "1"}}, each value the text
 * that settings_set reads back to the same bits. */
#ifndef MODEL_METADATA_H
#define MODEL_METADATA_H

#include <jansson.h>

#include "network/network.h"
#include "plugin/settings.h"

#define METADATA_FORMAT "plexus-model-1"

/* A new reference each; NULL when out of memory. */
json_t *metadata_component(const settings *settings);
json_t *metadata_loss(const settings *loss, bool fused);
json_t *metadata_network(size_t inputs, const layer_spec *layer, size_t count);

#endif
