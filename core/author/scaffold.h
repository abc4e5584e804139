/* scaffold.h: writes a new plug-in project: one C file that compiles, works and passes the
 * conformance suite as it stands, with what builds, checks and explains it. */
#ifndef AUTHOR_SCAFFOLD_H
#define AUTHOR_SCAFFOLD_H

#include <stdint.h>

#include "plugin/catalog.h"
#include "support/error.h"
#include "support/text.h"

typedef struct scaffold_spec {
    uint32_t kind;      /* PLX_KIND_...                                                         */
    const char *name;   /* of the plug-in                                                       */
    const char *folder; /* to be made; NULL: the name, in the current directory                 */
    catalog *catalog;   /* whose built-in names are not to be hidden                            */
} scaffold_spec;

/* All files or none: the folder appears whole. `told` gets its name and files, and what to do
 * next. ERROR_USAGE for a name that cannot be one or is taken, ERROR_DATA where the folder exists
 * with something in it or cannot be written. */
bool scaffold_write(const scaffold_spec *spec, text *told, plx_error *error);

#endif
