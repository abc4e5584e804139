/* catalog_internal.h: what the files of this folder, and its tests, know of a catalog. */
#ifndef PLUGIN_CATALOG_INTERNAL_H
#define PLUGIN_CATALOG_INTERNAL_H

#include "plugin/load.h"
#include "plugin/search.h"

struct catalog {
    search search;
    loaded **items; /* every plug-in loaded so far                                                */
    size_t count, capacity;
    const logger *log;
    bool probes;            /* catalog_probe_first                                                */
    int probe_milliseconds; /* how long a plug-in from outside may take to load in a child        */
};

/* Loads what a search has found, if need be, marks it, and says so if it hides a built-in. The
 * error is the reason alone. */
const plugin *catalog_take(catalog *catalog, uint32_t kind, const char *name,
                           const search_match *match, plx_error *error);
/* catalog_list for one kind, or 0 for all of them. */
catalog_entry *catalog_list_kind(catalog *catalog, uint32_t kind, size_t *count, plx_error *error);

#endif
