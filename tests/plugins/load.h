/* load.h: a loader of plug-ins for their own tests, so that these tests need nothing of the core.
 * It opens the shared object of the build folder, checks the entry, and makes settings structs
 * from the plug-in's table. Every function ends the test on failure. */
#ifndef TESTS_PLUGINS_LOAD_H
#define TESTS_PLUGINS_LOAD_H

#include <plexus/plugin.h>

/* The first members that all three descriptors share. */
const plx_component *load_component(const char *kind, const char *name);
const plx_activation *load_activation(const char *name);
const plx_loss *load_loss(const char *name);
const plx_optimizer *load_optimizer(const char *name);

/* A settings struct with the defaults, then those of `changes`, "momentum=0.9 nesterov=1" (a choice
 * by its index). The caller's to free. */
void *load_settings(const plx_component *component, const char *changes);
/* The value of `name` in such a text, else `otherwise`. */
double load_value(const char *changes, const char *name, double otherwise);
/* A row of the table, or NULL. */
const plx_setting *load_row(const plx_component *component, uint32_t index);

/* A host whose error() keeps its text in load_error. */
extern const plx_host load_host;
extern char load_error[256];

#endif
