/* The search path. A catalog's folders stand in the order in which they are searched; for kind K
 * and name N a folder offers <folder>/K/N.so and, if it is a flat one, <folder>/N.so. The first
 * path that exists is the match, whatever state it is in: a dangling link or an unreadable folder
 * counts as existing, so that a broken plug-in is reported and never silently replaced by another
 * of its name. */
#include "plugin/search.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/catalog.h"

#include "support/file.h"
#include "support/memory.h"

bool search_add(search *self, const char *path, bool flat, bool builtin)
{
    for (size_t i = 0; i < self->count; i++) {
        search_folder *folder = &self->folders[i];
        if (strcmp(folder->path, path) == 0) {
            folder->flat |= flat;
            folder->builtin |= builtin;
            return true;
        }
    }
    search_folder *grown =
        memory_grow(&self->folders, &self->capacity, self->count + 1, sizeof(*grown));
    if (grown == NULL)
        return false;
    self->folders = grown;
    grown[self->count].path = file_absolute(path);
    if (grown[self->count].path == NULL)
        return false;
    grown[self->count].flat = flat;
    grown[self->count].builtin = builtin;
    self->count++;
    return true;
}

bool search_add_environment(search *self, const logger *log)
{
    const char *rest = secure_getenv("PLEXUS_PLUGIN_PATH");

    while (rest != NULL && *rest != '\0') {
        const size_t length = strcspn(rest, ":");
        if (length > 0) {
            char *part = memory_string_n(rest, length);
            bool good = part != NULL;
            if (good && part[0] == '/')
                good = search_add(self, part, false, false);
            else if (good)
                log_line(log, LOG_WARNING,
                         "PLEXUS_PLUGIN_PATH: '%s' is ignored; its parts must be absolute", part);
            free(part);
            if (!good)
                return false;
        }
        rest += length + (rest[length] == ':');
    }
    return true;
}

void search_clear(search *self)
{
    for (size_t i = 0; i < self->count; i++)
        free(self->folders[i].path);
    free(self->folders);
    *self = (struct search){0};
}

/* Path number `form` (0: in the kind's folder, 1: flat) that a folder offers. */
static char *candidate(const search_folder *folder, int form, uint32_t kind, const char *name)
{
    if (form == 0)
        return memory_format("%s/%s/%s.so", folder->path, catalog_kind_name(kind), name);
    return memory_format("%s/%s.so", folder->path, name);
}

/* Anything but a plain "there is nothing of that name" counts as existing. */
static bool exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The next existing path at or after folder *at, form *form; both are left behind it. NULL with
 * *failed unset: there is none. */
static char *next_match(const search *self, uint32_t kind, const char *name, size_t *at, int *form,
                        text *tried, bool *failed)
{
    for (; *at < self->count; (*at)++, *form = 0) {
        const search_folder *folder = &self->folders[*at];
        for (; *form <= (folder->flat ? 1 : 0); (*form)++) {
            char *path = candidate(folder, *form, kind, name);
            if (path == NULL) {
                *failed = true;
                return NULL;
            }
            if (exists(path))
                return path;
            if (tried != NULL)
                text_addf(tried, "%s%s: no such file", tried->length > 0 ? "; " : "", path);
            free(path);
        }
    }
    return NULL;
}

bool search_find(const search *self, uint32_t kind, const char *name, search_match *match)
{
    size_t at = 0;
    int form = 0;
    bool failed = false;

    *match = (search_match){0};
    match->path = next_match(self, kind, name, &at, &form, &match->tried, &failed);
    if (match->path != NULL) {
        match->builtin = self->folders[at].builtin;
        form = 0;
        at++;
        match->shadowed = next_match(self, kind, name, &at, &form, NULL, &failed);
        match->shadows_builtin = match->shadowed != NULL && self->folders[at].builtin;
    }
    return !failed && !match->tried.failed;
}

void search_match_clear(search_match *match)
{
    free(match->path);
    free(match->shadowed);
    free(match->tried.bytes);
    *match = (search_match){0};
}

/* ---- names ---- */

typedef struct name_list {
    char **items;
    size_t count, capacity;
} name_list;

static bool add_name(name_list *list, const char *name)
{
    char **grown = memory_grow(&list->items, &list->capacity, list->count + 1, sizeof(*grown));

    if (grown == NULL)
        return false;
    list->items = grown;
    grown[list->count] = memory_string(name);
    return grown[list->count] != NULL && ++list->count > 0;
}

/* Adds N of every entry N.so of a folder whose N is a valid name, or is not and is not hidden. A
 * folder that cannot be read has none. */
static bool add_folder(name_list *list, const char *path, bool valid)
{
    DIR *folder = opendir(path);
    bool good = true;

    if (folder == NULL)
        return true;
    for (struct dirent *entry; good && (entry = readdir(folder)) != NULL;) {
        const size_t length = strlen(entry->d_name);
        if (length < 4 || entry->d_name[0] == '.' || strcmp(entry->d_name + length - 3, ".so") != 0)
            continue;
        entry->d_name[length - 3] = '\0';
        if (text_is_name(entry->d_name) == valid)
            good = add_name(list, entry->d_name);
    }
    closedir(folder);
    return good;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_once_each(name_list *list)
{
    size_t kept = 0;

    if (list->count == 0)
        return;
    qsort(list->items, list->count, sizeof(*list->items), compare_names);
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && strcmp(list->items[kept - 1], list->items[i]) == 0)
            free(list->items[i]);
        else
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
}

/* The sorted names, or NULL and nothing left behind. */
static char **finish(name_list *list, bool good, size_t *count)
{
    sort_once_each(list);
    if (!good) {
        search_names_free(list->items, list->count);
        *count = 0;
        return NULL;
    }
    *count = list->count;
    return list->items;
}

char **search_names(const search *self, uint32_t kind, bool flat, size_t *count)
{
    name_list list = {.items = memory_array(8, sizeof(char *)), .capacity = 8};
    bool good = list.items != NULL;

    for (size_t i = 0; good && i < self->count; i++) {
        const search_folder *folder = &self->folders[i];
        if (kind != 0) {
            char *path = file_join(folder->path, catalog_kind_name(kind));
            good = path != NULL && add_folder(&list, path, true);
            free(path);
        }
        if (good && flat && folder->flat)
            good = add_folder(&list, folder->path, true);
    }
    return finish(&list, good, count);
}

char **search_misnamed(const search_folder *folder, uint32_t kind, size_t *count)
{
    name_list list = {.items = memory_array(8, sizeof(char *)), .capacity = 8};
    char *path = file_join(folder->path, kind != 0 ? catalog_kind_name(kind) : ".");
    const bool good = list.items != NULL && path != NULL && add_folder(&list, path, false);

    free(path);
    return finish(&list, good, count);
}

void search_names_free(char **names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++)
        free(names[i]);
    free(names);
}

void search_join(text *t, const char *const *names, size_t count, const char *last)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add(t, i + 1 == count ? last : ", ");
        text_add(t, names[i]);
    }
}
