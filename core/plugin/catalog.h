/* catalog.h: finds, loads and verifies plug-ins. A catalog knows the folders to search, in order:
 * those of --plugin-dir, PLEXUS_PLUGIN_PATH (secure_getenv, absolute parts only), then the built-in
 * folder. For kind K and name N the file is <folder>/K/N.so, for --plugin-dir folders also
 * <folder>/N.so. The first file that exists is taken; if it is broken the search stops there, so a
 * broken plug-in is never silently replaced. Never the current directory. */
#ifndef PLUGIN_CATALOG_H
#define PLUGIN_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plexus/plugin.h>

#include "support/error.h"
#include "support/log.h"

/* A loaded and verified plug-in. The descriptors are the core's own copies, zero where the
 * plug-in's were shorter; exactly one of the last three is not NULL. Lives as long as its catalog;
 * the shared object itself is never unloaded. */
typedef struct plugin {
    uint32_t kind; /* PLX_KIND_...                                                               */
    const char *name;
    const char *version;
    const char *path; /* absolute                                                                */
    bool builtin;     /* found in the built-in folder                                            */
    bool shadows;     /* another folder further down the search has the same kind and name       */
    const plx_component *component; /* what all kinds share                                      */
    const plx_activation *activation;
    const plx_loss *loss;
    const plx_optimizer *optimizer;
} plugin;

typedef struct catalog catalog;

typedef struct catalog_options {
    const char *const *folders; /* of --plugin-dir; made absolute against the current directory  */
    size_t folder_count;
    bool environment;    /* also PLEXUS_PLUGIN_PATH                                              */
    const char *builtin; /* absolute; NULL for none                                              */
    const logger *log;   /* told when a built-in is shadowed; must outlive the catalog           */
} catalog_options;

/* NULL with ERROR_USAGE if one of `folders` does not exist. A catalog is for one thread at a time.
 */
catalog *catalog_new(const catalog_options *options, plx_error *error);
void catalog_free(catalog *catalog);

/* Lets catalog_find load what lies outside the built-in folder in a child process first, as a listing does:
 * for a process that has more to lose than one run. */
void catalog_probe_first(catalog *catalog, bool probe);

/* Loads (once) and returns the plug-in, or NULL with code ERROR_CONFIG if no folder has the name
 * (with the nearest name) and ERROR_PLUGIN if a file was found and refused: every path tried and
 * why each failed. */
const plugin *catalog_find(catalog *catalog, uint32_t kind, const char *name, plx_error *error);
/* Loads one file given by path, as `plexus describe FILE.so` does; any kind. */
const plugin *catalog_load_file(catalog *catalog, const char *path, plx_error *error);

/* One line of a listing. */
typedef struct catalog_entry {
    uint32_t kind;
    char *name, *path;
    const plugin *plugin; /* NULL: refused, and `reason` says why                                */
    char *reason;
} catalog_entry;
/* Every plug-in that the search would find, sorted by kind and name, each loaded; one from outside
 * the built-in folder is loaded in a child process first, so that one that crashes or hangs on
 * loading becomes a reason. Also every file that is refused for its name, which is then shown as
 * text_show does; kind 0 stands for a refused file directly in a --plugin-dir folder, whose kind
 * only loading it would tell. Returns an array to free with catalog_list_free, NULL on failure. */
catalog_entry *catalog_list(catalog *catalog, size_t *count, plx_error *error);
void catalog_list_free(catalog_entry *entries, size_t count);
/* The names of a kind, sorted, without loading anything: for "did you mean" and "what would fit".
 * An array of count strings; free with catalog_names_free. */
char **catalog_names(catalog *catalog, uint32_t kind, size_t *count);
void catalog_names_free(char **names, size_t count);

/* "activation", "loss", "optimizer"; "component" for anything else. */
const char *catalog_kind_name(uint32_t kind);
/* The reverse; 0 for an unknown word. */
uint32_t catalog_kind(const char *word);

/* A folder that belongs to the running program: `in_build` (absolute, or relative to build_root) if
 * the program lies in `build_root`, else `installed`, as it lies relative to `bindir`, so that an
 * installation may be moved. The last two are what the build configured, absolute. A new string. */
char *catalog_own_folder(const char *build_root, const char *in_build, const char *bindir,
                         const char *installed);

#endif
