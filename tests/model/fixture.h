/* fixture.h: small model files for the tests of core/model, written as raw metadata and tensors, so
 * that a test may say anything a hostile file may say. */
#ifndef TESTS_MODEL_FIXTURE_H
#define TESTS_MODEL_FIXTURE_H

#include "model/model.h"

/* The metadata a model file has, in text; NULL leaves a key out. */
typedef struct fixture_metadata {
    const char *format, *plexus_version, *network, *loss, *encoding, *code;
} fixture_metadata;

/* A dense layer's tensors; bias NULL: none. */
typedef struct fixture_layer {
    uint64_t units, fan_in;
    const float *weight, *bias;
} fixture_layer;

/* A catalog of the plug-ins built with the tests. */
catalog *fixture_catalog(void);
/* Writes folder/name; its path, the caller's to free. */
char *fixture_write(const char *folder, const char *name, const fixture_metadata *metadata,
                    const fixture_layer *layer, size_t layer_count);
/* Writes a model of one layer and reads it back; fails the test if it is refused. `activation` is
 * the plug-in's name; `encoding` and `code` are JSON. */
model *fixture_model(catalog *catalog, const char *activation, const char *loss, size_t units,
                     size_t inputs, const float *weight, const char *encoding, const char *code);
/* The whole file, terminated; *length without that. The caller's to free. */
char *fixture_read(const char *path, size_t *length);

#endif
