/* model.c: see model.h; writing a model file, and using one that was read (read.c reads it).
 *
 * The tensors carry the numbers, the metadata what they mean; metadata.h lists its keys. Only what
 * the network computes goes in: a checkpoint adds its slots and counters to the same file. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "model/metadata.h"
#include "support/memory.h"

/* --- metadata --- */

json_t *metadata_component(const settings *settings)
{
    const plugin *plugin = settings->plugin;
    json_t *values = json_object();
    char buffer[32];

    for (size_t i = 0; values != NULL && i < settings_count(plugin); i++) {
        const char *value = settings_value(settings, i, buffer);
        if (json_object_set_new(values, settings_row(plugin, i)->name, json_string(value)) != 0) {
            json_decref(values);
            values = NULL;
        }
    }
    if (values == NULL)
        return NULL;
    return json_pack("{s:s, s:s, s:o}", "name", plugin->name, "version", plugin->version,
                     "settings", values);
}

json_t *metadata_loss(const settings *loss, bool fused)
{
    json_t *component = metadata_component(loss);

    if (component != NULL && json_object_set_new(component, "fused", json_boolean(fused)) == 0)
        return component;
    json_decref(component);
    return NULL;
}

static json_t *describe_layer(const layer_spec *layer)
{
    json_t *activation = metadata_component(layer->activation);

    if (activation == NULL)
        return NULL;
    return json_pack("{s:I, s:b, s:f, s:o}", "units", (json_int_t)layer->units, "bias",
                     (int)layer->bias, "dropout", layer->dropout, "activation", activation);
}

json_t *metadata_network(size_t inputs, const layer_spec *layer, size_t count)
{
    json_t *layers = json_array();

    for (size_t i = 0; layers != NULL && i < count; i++)
        if (json_array_append_new(layers, describe_layer(&layer[i])) != 0) {
            json_decref(layers);
            layers = NULL;
        }
    if (layers == NULL)
        return NULL;
    return json_pack("{s:I, s:o}", "inputs", (json_int_t)inputs, "layers", layers);
}

/* Takes the reference. */
static bool store_json(tensor_file *file, const char *key, json_t *value, plx_error *error)
{
    char *printed = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);

    json_decref(value);
    if (printed == NULL)
        return error_memory(error);
    tensor_file_metadata(file, key, printed);
    free(printed);
    return true;
}

static bool store_metadata(tensor_file *file, const model_parts *parts, plx_error *error)
{
    const target_code *code = parts->code;
    char *encoding = encoding_to_json(parts->encoding);

    if (encoding == NULL)
        return error_memory(error);
    tensor_file_metadata(file, "format", METADATA_FORMAT);
    tensor_file_metadata(file, "plexus_version", PLEXUS_VERSION);
    tensor_file_metadata(file, "encoding", encoding);
    free(encoding);
    return store_json(file, "network",
                      metadata_network(parts->inputs, parts->layer, parts->layer_count), error) &&
           store_json(file, "loss", metadata_loss(parts->loss, parts->fused), error) &&
           store_json(file, "code",
                      json_pack("{s:I, s:f, s:f}", "units", (json_int_t)code->units, "low",
                                (double)code->low, "high", (double)code->high),
                      error);
}

/* --- writing --- */

bool model_store(tensor_file *file, const model_parts *parts, network *network,
                 const float *const *weights, plx_error *error)
{
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    if (file == NULL)
        return error_memory(error);
    if (!store_metadata(file, parts, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        const bool is_bias = tensor[i].role == PLX_BIAS;
        const uint64_t matrix[2] = {tensor[i].rows, tensor[i].cols};
        const uint64_t vector[1] = {tensor[i].cols};
        const float *data = weights == NULL ? network_weights(network, i) : weights[i];

        tensor_file_add(file, tensor[i].name, TENSOR_F32, is_bias ? 1 : 2,
                        is_bias ? vector : matrix, data);
    }
    return true;
}

bool model_write(const char *path, const model_parts *parts, network *network,
                 const float *const *weights, plx_error *error)
{
    tensor_file *file = tensor_file_new();
    const bool ok =
        model_store(file, parts, network, weights, error) && tensor_file_write(file, path, error);

    tensor_file_free(file);
    return ok;
}

/* --- using --- */

void model_free(model *model)
{
    if (model == NULL)
        return;
    for (size_t i = 0; model->activation != NULL && i < model->layer_count; i++)
        settings_free(model->activation[i]);
    free(model->activation);
    free(model->layer);
    settings_free(model->loss);
    encoding_clear(&model->encoding);
    tensor_file_free(model->file);
    free(model->path);
    free(model);
}

/* Types and shapes are asked for again here: the network's idea of them is what gets filled. */
static bool fill_weights(const model *model, network *network, plx_error *error)
{
    size_t count;
    const network_tensor *tensor = network_tensors(network, &count);

    for (size_t i = 0; i < count; i++) {
        const bool is_bias = tensor[i].role == PLX_BIAS;
        const uint64_t matrix[2] = {tensor[i].rows, tensor[i].cols};
        const uint64_t vector[1] = {tensor[i].cols};

        if (!tensor_file_copy(model->file, tensor[i].name, TENSOR_F32, is_bias ? 1 : 2,
                              is_bias ? vector : matrix, network_weights(network, i), error))
            return false;
    }
    return true;
}

network *model_network(const model *model, bool with_loss, size_t capacity, pool *pool, host *host,
                       plx_error *error)
{
    const network_spec spec = {.inputs = model->inputs,
                               .layer = model->layer,
                               .layer_count = model->layer_count,
                               .loss = with_loss ? model->loss : NULL,
                               .fused = with_loss && model->fused,
                               .capacity = capacity,
                               .training = false};
    network *network = network_new(&spec, pool, host, error);

    if (network == NULL || fill_weights(model, network, error))
        return network;
    network_free(network);
    return NULL;
}
