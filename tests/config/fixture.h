/* fixture.h: what the tests of config share: the built plug-ins, experiments from text, and a file
 * that is as short as one can be. */
#ifndef TESTS_CONFIG_FIXTURE_H
#define TESTS_CONFIG_FIXTURE_H

#include <stddef.h>

#include "config/experiment.h"

/* The sections of a short, good file, so that a test may replace one. */
#define DATA      "data: {generate: moons}\n"
#define NETWORK   "network: {layers: [{units: 2, activation: softmax}]}\n"
#define LOSS      "loss: cross_entropy\n"
#define OPTIMIZER "optimizer: sgd\n"
#define REST      NETWORK LOSS OPTIMIZER
#define GOOD      DATA REST

/* Relative paths in the texts are taken against this. */
#define FOLDER "/data"

/* The built plug-ins. */
catalog *fixture_catalog(void);
/* The experiment of a text called experiment.yaml; NULL with the error. The catalog is one for the
 * whole test and is freed by fixture_end. */
experiment *fixture_parse(const char *text, plx_error *error);
experiment *fixture_parse_bytes(const char *bytes, size_t length, const experiment_options *options,
                                plx_error *error);
/* The same, which must succeed: fails the test with the error's text. */
experiment *fixture_read(const char *text);
/* With --set texts up to a NULL. */
experiment *fixture_set(const char *text, const char *const *sets, plx_error *error);
/* As experiment_print, which must succeed. A string to free. */
char *fixture_print(const experiment *experiment);
void fixture_end(void);

#endif
