/* describe.h: what a plug-in says of itself, for people and for machines: `plexus plugins` and
 * `plexus describe`. */
#ifndef PLUGIN_DESCRIBE_H
#define PLUGIN_DESCRIBE_H

#include "plugin/catalog.h"
#include "support/error.h"
#include "support/text.h"

/* A table of a listing, or one JSON object a line; kind 0 means all kinds, and
 * what is refused without a kind is in the list of each. */
void describe_list(const catalog_entry *entries, size_t count, uint32_t kind, text *out);
void describe_list_json(const catalog_entry *entries, size_t count, uint32_t kind, text *out);

/* Formula, derivative, settings with defaults and ranges, what it takes or gives, state per
 * parameter, source, path. False if memory ran out or a plug-in function failed; `out` may then
 * hold a part of the text, but never a part of the JSON. */
bool describe_text(const plugin *plugin, text *out, plx_error *error);
bool describe_json(const plugin *plugin, text *out, plx_error *error);

#endif
