/* search.h: the folders of a catalog and what lies in them, by name alone; nothing is loaded here.
 */
#ifndef PLUGIN_SEARCH_H
#define PLUGIN_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"
#include "support/log.h"
#include "support/text.h"

typedef struct search_folder {
    char *path;   /* absolute                                                                     */
    bool flat;    /* also <path>/<name>.so, as --plugin-dir has it                                */
    bool builtin; /* what comes with the program                                                  */
} search_folder;

typedef struct search {
    search_folder *folders;
    size_t count, capacity;
} search;

/* Appends a folder; one that is already there is not searched twice. False: out of memory. */
bool search_add(search *search, const char *path, bool flat, bool builtin);
/* Appends the absolute parts of PLEXUS_PLUGIN_PATH; a relative part is ignored and logged. */
bool search_add_environment(search *search, const logger *log);
void search_clear(search *search);

/* The first file that exists for a kind and name. */
typedef struct search_match {
    char *path; /* NULL: there is none                                                            */
    bool builtin;
    char *shadowed; /* the next file of the same kind and name in a further folder, or NULL       */
    bool shadows_builtin;
    text tried; /* "path: no such file; " for each path that was looked at before                 */
} search_match;

/* False only when out of memory. Free the match in any case. */
bool search_find(const search *search, uint32_t kind, const char *name, search_match *match);
void search_match_clear(search_match *match);

/* Every name of a kind, sorted, once each: those in the kind's own folders and, if `flat`, those
 * that lie directly in a flat folder and may be of any kind. kind 0: the flat ones alone. NULL: out
 * of memory. Free with search_names_free. */
char **search_names(const search *search, uint32_t kind, bool flat, size_t *count);
/* Every N for which the folder has a file N.so that no search can find, as N is no valid name: in
 * its folder of that kind, or directly in it for kind 0. Hidden files don't count. Likewise. */
char **search_misnamed(const search_folder *folder, uint32_t kind, size_t *count);
void search_names_free(char **names, size_t count);

/* "a, b or c" of the names; the conjunction is the caller's (" or ", " and ", ", "). */
void search_join(text *t, const char *const *names, size_t count, const char *last);

#endif
