/* settings.h: the hyper-parameters of one instance of a component: the plug-in's table turned into
 * its struct, by name, with types and ranges checked. */
#ifndef PLUGIN_SETTINGS_H
#define PLUGIN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "plugin/catalog.h"

typedef struct settings {
    const plugin *plugin;
    void *values; /* what the plug-in gets as `self`; NULL if it has no settings                 */
} settings;

/* All defaults. */
settings *settings_new(const plugin *plugin, plx_error *error);
void settings_free(settings *settings);

/* Number of rows and row i of the plug-in's table (stride taken care of). */
size_t settings_count(const plugin *plugin);
const plx_setting *settings_row(const plugin *plugin, size_t index);

/* Sets `name` from its text: numbers as in C (1e-3, inf), true/false (also yes/no, on/off), one of
 * the choices. Fails with file:line:col of the key (unknown name: nearest one) or of the value
 * (wrong type, out of range: says the range). code ERROR_CONFIG. */
bool settings_set(settings *settings, const char *name, place key_at, const char *value,
                  place value_at, plx_error *error);
/* Runs the plug-in's own validate, if any; its message is placed at `at`. */
bool settings_validate(const settings *settings, place at, plx_error *error);
/* True if every value equals its default. */
bool settings_are_default(const settings *settings);
/* Value of row i as text that settings_set reads back to the same bits; into a buffer of at least
 * 32 bytes or the choice's own string. */
const char *settings_value(const settings *settings, size_t index, char buffer[32]);
/* "0 <= x < 1", "x > 0", "one of a, b", "true or false": the range of a row, for messages and help.
 * A new string. */
char *settings_range(const plx_setting *row);

/* The domain and gain of an activation with these settings; defaults where the plug-in has none.
 * A domain that is no range is an error; a gain that is not a finite number above 0 counts as 1. */
bool settings_domain(const settings *activation, plx_domain *domain, plx_error *error);
double settings_gain(const settings *activation);
/* PLX_SIMPLEX, PLX_UNIT, PLX_POSITIVE or PLX_REALS of a domain; and its name for messages:
 * "rows that sum to one", "values in [0, 1]", ... */
uint32_t settings_family(const plx_domain *domain);
const char *settings_family_name(uint32_t family);
/* The fused partner that `loss` lists for `activation` if that one has its default settings; NULL
 * if there is none. */
const plx_fused *settings_fused(const settings *loss, const settings *activation);
/* Whether `loss` takes outputs of `activation` at all. If not: a misfit, ERROR_CONFIG at `at` with
 * the reason and which activations of the catalog would fit. */
bool settings_loss_fits(const settings *loss, const settings *activation, catalog *catalog,
                        place at, plx_error *error);

#endif
