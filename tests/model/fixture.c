/* fixture.c: see fixture.h. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "support/file.h"
#include "support/memory.h"

catalog *fixture_catalog(void)
{
    const catalog_options options = {.builtin = PLEXUS_PLUGIN_BUILD_DIR};
    plx_error error = {.code = ERROR_NONE};
    catalog *catalog = catalog_new(&options, &error);

    ck_assert_msg(catalog != NULL, "%s", error.text);
    return catalog;
}

static void put(tensor_file *file, const char *key, const char *value)
{
    if (value != NULL)
        tensor_file_metadata(file, key, value);
}

static void put_layer(tensor_file *file, size_t index, const fixture_layer *layer)
{
    const uint64_t shape[2] = {layer->units, layer->fan_in};
    char name[64];

    snprintf(name, sizeof(name), "layers.%zu.weight", index);
    tensor_file_add(file, name, TENSOR_F32, 2, shape, layer->weight);
    snprintf(name, sizeof(name), "layers.%zu.bias", index);
    if (layer->bias != NULL)
        tensor_file_add(file, name, TENSOR_F32, 1, shape, layer->bias);
}

char *fixture_write(const char *folder, const char *name, const fixture_metadata *metadata,
                    const fixture_layer *layer, size_t layer_count)
{
    tensor_file *file = tensor_file_new();
    char *path = file_join(folder, name);
    plx_error error = {.code = ERROR_NONE};

    put(file, "format", metadata->format);
    put(file, "plexus_version", metadata->plexus_version);
    put(file, "network", metadata->network);
    put(file, "loss", metadata->loss);
    put(file, "encoding", metadata->encoding);
    put(file, "code", metadata->code);
    for (size_t i = 0; i < layer_count; i++)
        put_layer(file, i, &layer[i]);
    ck_assert_msg(tensor_file_write(file, path, &error), "%s", error.text);
    tensor_file_free(file);
    return path;
}

model *fixture_model(catalog *catalog, const char *activation, const char *loss, size_t units,
                     size_t inputs, const float *weight, const char *encoding, const char *code)
{
    const fixture_layer layer = {.units = units, .fan_in = inputs, .weight = weight};
    char *network = memory_format(
        "{\"inputs\":%zu,\"layers\":[{\"units\":%zu,\"bias\":false,\"dropout\":0,\"activation\":"
        "{\"name\":\"%s\",\"version\":\"1.0\",\"settings\":{}}}]}",
        inputs, units, activation);
    char *wanted_loss = memory_format(
        "{\"name\":\"%s\",\"version\":\"1.0\",\"settings\":{},\"fused\":false}", loss);
    const fixture_metadata metadata = {.format = "plexus-model-1",
                                       .plexus_version = "0.1.0",
                                       .network = network,
                                       .loss = wanted_loss,
                                       .encoding = encoding,
                                       .code = code};
    char *folder = harness_folder();
    char *path = fixture_write(folder, "model.safetensors", &metadata, &layer, 1);
    plx_error error = {.code = ERROR_NONE};
    model *model = model_read(path, catalog, NULL, &error);

    ck_assert_msg(model != NULL, "%s", error.text);
    free(path);
    free(folder);
    free(network);
    free(wanted_loss);
    return model;
}

char *fixture_read(const char *path, size_t *length)
{
    plx_error error = {.code = ERROR_NONE};
    char *bytes = file_read(path, 1 << 24, false, length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    return bytes;
}
