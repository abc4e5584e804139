/* The listing: for each kind every name that lies in a folder of that kind, answered by the search
 * as catalog_find would; then what lies directly in a flat folder, where only loading tells the
 * kind. What comes from outside the built-in folder is probed in a child first. Files that no
 * search can find for want of a valid name are listed with that reason, without a probe. */
#include <stdlib.h>
#include <string.h>

#include "plugin/catalog_internal.h"
#include "plugin/probe.h"

#include "support/memory.h"

typedef struct listing {
    catalog *catalog;
    catalog_entry *entries;
    size_t count, capacity;
} listing;

static bool listed(const listing *list, uint32_t kind, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->entries[i].kind == kind && strcmp(list->entries[i].name, name) == 0)
            return true;
    return false;
}

static bool listed_path(const listing *list, const char *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->entries[i].path, path) == 0)
            return true;
    return false;
}

/* Adds a line with copies of the strings; plugin NULL takes the reason from `why`. */
static bool add_entry(listing *list, uint32_t kind, const char *name, const char *path,
                      const plugin *found, const plx_error *why)
{
    catalog_entry *grown =
        memory_grow(&list->entries, &list->capacity, list->count + 1, sizeof(*grown));

    if (grown == NULL)
        return false;
    list->entries = grown;
    catalog_entry *entry = &grown[list->count++];
    *entry = (catalog_entry){.kind = kind,
                             .name = memory_string(name),
                             .path = memory_string(path),
                             .plugin = found,
                             .reason = found == NULL ? memory_string(why->text) : NULL};
    return entry->name != NULL && entry->path != NULL && (found != NULL || entry->reason != NULL);
}

/* The plug-in of a match, probed first unless it is built in. */
static const plugin *try_match(catalog *self, uint32_t kind, const char *name,
                               const search_match *match, plx_error *why)
{
    if (!match->builtin && !probe_plugin(match->path, kind, name, self->probe_milliseconds, why))
        return NULL;
    return catalog_take(self, kind, name, match, why);
}

static bool list_name(listing *list, uint32_t kind, const char *name)
{
    search_match match = {0};
    plx_error why = {0};
    bool good = search_find(&list->catalog->search, kind, name, &match);

    if (good && match.path != NULL) {
        const plugin *found = try_match(list->catalog, kind, name, &match, &why);
        good = add_entry(list, kind, name, match.path, found, &why);
    }
    search_match_clear(&match);
    return good;
}

/* A file directly in a flat folder: of the kind that it turns out to be, or refused and of none
 * unless it was already refused as the answer to a kind and name. */
static bool list_flat_file(listing *list, const search_folder *folder, uint32_t only,
                           const char *name)
{
    char *path = memory_format("%s/%s.so", folder->path, name);
    plx_error why = {0};
    const plugin *found = NULL;
    bool good = path != NULL;

    if (good && probe_plugin(path, 0, name, list->catalog->probe_milliseconds, &why))
        found = catalog_load_file(list->catalog, path, &why);
    if (good && found == NULL && only == 0 && !listed_path(list, path))
        good = add_entry(list, 0, name, path, NULL, &why);
    if (good && found != NULL && (only == 0 || only == found->kind) &&
        !listed(list, found->kind, name))
        good = list_name(list, found->kind, name);
    free(path);
    return good;
}

static bool list_flat(listing *list, const search_folder *folder, uint32_t only)
{
    search alone = {.folders = (search_folder[]){*folder}, .count = 1};
    size_t count = 0;
    char **names = search_names(&alone, 0, true, &count);
    bool good = names != NULL;

    for (size_t i = 0; good && i < count; i++)
        good = list_flat_file(list, folder, only, names[i]);
    search_names_free(names, count);
    return good;
}

static bool list_kind(listing *list, uint32_t kind)
{
    size_t count = 0;
    char **names = search_names(&list->catalog->search, kind, false, &count);
    bool good = names != NULL;

    for (size_t i = 0; good && i < count; i++)
        good = list_name(list, kind, names[i]);
    search_names_free(names, count);
    return good;
}

static bool list_misnamed_file(listing *list, const search_folder *folder, uint32_t kind,
                               const char *name)
{
    const shown_text shown = text_show(name);
    char *path = kind == 0
                     ? memory_format("%s/%s.so", folder->path, name)
                     : memory_format("%s/%s/%s.so", folder->path, catalog_kind_name(kind), name);
    plx_error why = {0};

    error_set(&why, ERROR_PLUGIN,
              "its file name '%s.so' is not valid; a name is a lower-case letter and up to 31 "
              "lower-case letters, digits and _",
              shown.bytes);
    const bool good = path != NULL && add_entry(list, kind, shown.bytes, path, NULL, &why);
    free(path);
    return good;
}

/* What has no valid name in any folder of a kind, or for kind 0 in any flat one. */
static bool list_misnamed(listing *list, uint32_t kind)
{
    const search *where = &list->catalog->search;
    bool good = true;

    for (size_t i = 0; good && i < where->count; i++) {
        const search_folder *folder = &where->folders[i];
        size_t count = 0;
        if (kind == 0 && !folder->flat)
            continue;
        char **names = search_misnamed(folder, kind, &count);
        good = names != NULL;
        for (size_t n = 0; good && n < count; n++)
            good = list_misnamed_file(list, folder, kind, names[n]);
        search_names_free(names, count);
    }
    return good;
}

/* By kind, those of unknown kind last, then by name. */
static int compare_entries(const void *a, const void *b)
{
    const catalog_entry *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind - 1 < y->kind - 1 ? -1 : 1;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->path, y->path);
}

catalog_entry *catalog_list_kind(catalog *self, uint32_t kind, size_t *count, plx_error *error)
{
    listing list = {
        .catalog = self, .entries = memory_array(8, sizeof(catalog_entry)), .capacity = 8};
    bool good = list.entries != NULL;

    for (uint32_t k = PLX_KIND_ACTIVATION; good && k <= PLX_KIND_OPTIMIZER; k++)
        if (kind == 0 || kind == k)
            good = list_kind(&list, k) && list_misnamed(&list, k);
    for (size_t i = 0; good && i < self->search.count; i++)
        if (self->search.folders[i].flat)
            good = list_flat(&list, &self->search.folders[i], kind);
    if (good && kind == 0)
        good = list_misnamed(&list, 0);
    if (!good) {
        catalog_list_free(list.entries, list.count);
        error_memory(error);
        return NULL;
    }
    if (list.count > 0)
        qsort(list.entries, list.count, sizeof(*list.entries), compare_entries);
    *count = list.count;
    return list.entries;
}

catalog_entry *catalog_list(catalog *self, size_t *count, plx_error *error)
{
    return catalog_list_kind(self, 0, count, error);
}

void catalog_list_free(catalog_entry *entries, size_t count)
{
    for (size_t i = 0; entries != NULL && i < count; i++) {
        free(entries[i].name);
        free(entries[i].path);
        free(entries[i].reason);
    }
    free(entries);
}
