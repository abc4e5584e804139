/* The catalog: search (search.c), load and verify (load.c, verify.c), and remember. A plug-in is
 * loaded once for a catalog; two catalogs of a process share the object that the system loaded and
 * have their own copies of its descriptor. What a failure says is put together here: a name that no
 * folder has is answered with the folders and the nearest name, a file that was refused with its
 * path, the reason, and the paths that were tried before it. A catalog is for one thread at a time.
 */
#include "plugin/catalog.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/catalog_internal.h"
#include "plugin/probe.h"

#include "support/file.h"
#include "support/memory.h"

#define PROBE_MILLISECONDS 5000

/* ---- kinds ---- */

static const char *const kind_names[] = {"activation", "loss", "optimizer"};

const char *catalog_kind_name(uint32_t kind)
{
    return kind >= PLX_KIND_ACTIVATION && kind <= PLX_KIND_OPTIMIZER
               ? kind_names[kind - PLX_KIND_ACTIVATION]
               : "component";
}

uint32_t catalog_kind(const char *word)
{
    for (uint32_t kind = PLX_KIND_ACTIVATION; kind <= PLX_KIND_OPTIMIZER; kind++)
        if (strcmp(word, catalog_kind_name(kind)) == 0)
            return kind;
    return 0;
}

/* ---- life ---- */

/* A folder named on the command line has to be there: a typing error would else look like a
 * plug-in that is missing. */
static bool add_option(search *self, const char *given, plx_error *error)
{
    char *path = file_absolute(given);
    bool good = false;

    if (path == NULL)
        error_memory(error);
    else if (!file_is_folder(path))
        error_set(error, ERROR_USAGE, "the plug-in folder %s does not exist", path);
    else
        good = search_add(self, path, true, false) || error_memory(error);
    free(path);
    return good;
}

catalog *catalog_new(const catalog_options *options, plx_error *error)
{
    catalog *self = memory_array(1, sizeof(*self));
    bool good = self != NULL || error_memory(error);

    if (!good)
        return NULL;
    self->log = options->log;
    self->probe_milliseconds = PROBE_MILLISECONDS;
    for (size_t i = 0; good && i < options->folder_count; i++)
        good = add_option(&self->search, options->folders[i], error);
    if (good && options->environment)
        good = search_add_environment(&self->search, options->log) || error_memory(error);
    if (good && options->builtin != NULL)
        good = search_add(&self->search, options->builtin, false, true) || error_memory(error);
    if (good)
        return self;
    catalog_free(self);
    return NULL;
}

void catalog_free(catalog *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->count; i++)
        loaded_free(self->items[i]);
    free(self->items);
    search_clear(&self->search);
    free(self);
}

/* ---- what is loaded already ---- */

static loaded *loaded_by_name(const catalog *self, uint32_t kind, const char *name)
{
    for (size_t i = 0; i < self->count; i++) {
        loaded *item = self->items[i];
        if (item->searched && item->plugin.kind == kind && strcmp(item->plugin.name, name) == 0)
            return item;
    }
    return NULL;
}

static loaded *loaded_by_path(const catalog *self, const char *path)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->items[i]->path, path) == 0)
            return self->items[i];
    return NULL;
}

/* Loads `path` unless it is loaded, and keeps it. The error is load_plugin's, a reason alone. */
static loaded *obtain(catalog *self, const char *path, uint32_t kind, const char *name,
                      plx_error *error)
{
    loaded *item = loaded_by_path(self, path);

    if (item != NULL && (kind == 0 || item->plugin.kind == kind))
        return item;
    loaded **grown = memory_grow(&self->items, &self->capacity, self->count + 1, sizeof(*grown));
    if (grown == NULL) {
        error_memory(error);
        return NULL;
    }
    self->items = grown;
    item = load_plugin(path, kind, name, error);
    if (item != NULL)
        grown[self->count++] = item;
    return item;
}

/* ---- finding ---- */

static void add_folders(text *t, const search *self)
{
    if (self->count == 0)
        text_add(t, "; there is no folder to search");
    for (size_t i = 0; i < self->count; i++)
        text_addf(t, "%s%s", i == 0 ? " in " : ", ", self->folders[i].path);
}

static void add_suggestion(text *t, const catalog *self, uint32_t kind, const char *name)
{
    size_t count = 0;
    char **names = search_names(&self->search, kind, true, &count);
    const char *nearest = text_nearest(name, (const char *const *)names, count);

    if (nearest != NULL) {
        text_addf(t, "; did you mean '%s'?", nearest);
    } else if (count > 0) {
        text_add(t, count == 1 ? "; there is " : "; there are ");
        search_join(t, (const char *const *)names, count, " and ");
        text_add(t, "; a folder with other plug-ins is given by --plugin-dir");
    }
    search_names_free(names, count);
}

/* "no optimizer 'adma' in /a, /b; did you mean 'adam'?" A name like no other is more likely one of
 * the user's own, whose folder a resumed run for one must be told again. */
static void not_found(const catalog *self, uint32_t kind, const char *name, plx_error *error)
{
    char shown[4 * 60 + 4];
    text t = {0};

    text_shown(shown, name, strlen(name), 60);
    add_folders(&t, &self->search);
    add_suggestion(&t, self, kind, name);
    if (t.failed)
        error_memory(error);
    else
        error_set(error, ERROR_CONFIG, "no %s '%s'%s", catalog_kind_name(kind), shown, t.bytes);
    free(t.bytes);
}

const plugin *catalog_take(catalog *self, uint32_t kind, const char *name,
                           const search_match *match, plx_error *error)
{
    loaded *item = obtain(self, match->path, kind, name, error);

    if (item == NULL)
        return NULL;
    plugin *found = &item->plugin;
    const bool first_time = !item->searched;
    item->searched = true;
    found->builtin = match->builtin;
    found->shadows = match->shadowed != NULL;
    if (first_time && match->shadows_builtin)
        log_line(self->log, LOG_WARNING, "%s '%s' is %s, which hides the built-in %s",
                 catalog_kind_name(kind), name, found->path, match->shadowed);
    return found;
}

/* "cannot load optimizer 'lion' from /a/lion.so: it ... (tried before: ...)" */
static void refused(uint32_t kind, const char *name, const search_match *match,
                    const plx_error *why, plx_error *error)
{
    const bool first = match->tried.length == 0;

    error_set(error, why->code, "cannot load %s '%s' from %s: %s%s%s%s", catalog_kind_name(kind),
              name, match->path, why->text,
              first ? "" : " (tried before: ", first ? "" : match->tried.bytes, first ? "" : ")");
}

void catalog_probe_first(catalog *self, bool probe)
{
    self->probes = probe;
}

const plugin *catalog_find(catalog *self, uint32_t kind, const char *name, plx_error *error)
{
    const loaded *item = loaded_by_name(self, kind, name);
    const plugin *found = NULL;
    search_match match = {0};
    plx_error why = {0};

    if (item != NULL)
        return &item->plugin;
    if (catalog_kind(catalog_kind_name(kind)) == 0 || !text_is_name(name)) {
        not_found(self, kind, name, error);
        return NULL;
    }
    if (!search_find(&self->search, kind, name, &match)) {
        error_memory(error);
    } else if (match.path == NULL) {
        not_found(self, kind, name, error);
    } else {
        if (!self->probes || match.builtin ||
            probe_plugin(match.path, kind, name, self->probe_milliseconds, &why))
            found = catalog_take(self, kind, name, &match, &why);
        if (found == NULL)
            refused(kind, name, &match, &why, error);
    }
    search_match_clear(&match);
    return found;
}

/* Whether a file lies below a folder of the search that is the built-in one. */
static bool is_builtin(const search *self, const char *path)
{
    for (size_t i = 0; i < self->count; i++) {
        const size_t length = strlen(self->folders[i].path);
        if (self->folders[i].builtin && strncmp(path, self->folders[i].path, length) == 0 &&
            path[length] == '/')
            return true;
    }
    return false;
}

const plugin *catalog_load_file(catalog *self, const char *path, plx_error *error)
{
    char *absolute = file_absolute(path);
    loaded *item = NULL;

    if (absolute == NULL) {
        error_memory(error);
        return NULL;
    }
    item = obtain(self, absolute, 0, NULL, error);
    if (item == NULL)
        error_prefix(error, "cannot load %s", absolute);
    else
        item->plugin.builtin = is_builtin(&self->search, absolute);
    free(absolute);
    return item != NULL ? &item->plugin : NULL;
}

char **catalog_names(catalog *self, uint32_t kind, size_t *count)
{
    return search_names(&self->search, kind, true, count);
}

void catalog_names_free(char **names, size_t count)
{
    search_names_free(names, count);
}

/* ---- the built-in folder ---- */

/* Length of the leading folders that two absolute paths share, without the / that ends them. */
static size_t shared_folders(const char *a, const char *b)
{
    size_t shared = 0;

    for (size_t i = 0;; i++) {
        const bool ends_a = a[i] == '\0' || a[i] == '/', ends_b = b[i] == '\0' || b[i] == '/';
        if (ends_a && ends_b)
            shared = i;
        if (a[i] != b[i] || a[i] == '\0')
            return shared;
    }
}

/* The path from folder `from` to folder `to`, both absolute: "../lib/plexus/plugins". */
static char *relative_path(const char *from, const char *to)
{
    const size_t shared = shared_folders(from, to);
    text t = {0};

    for (const char *rest = from + shared; *rest != '\0'; rest++)
        if (rest[0] == '/' && rest[1] != '/' && rest[1] != '\0')
            text_add(&t, "../");
    text_add(&t, to[shared] == '/' ? to + shared + 1 : to + shared);
    if (t.failed) {
        free(t.bytes);
        return NULL;
    }
    return t.bytes != NULL ? t.bytes : memory_string("");
}

/* Where an executable in `folder` has what was installed in `installed`; NULL if it isn't there. */
static char *installed_folder(const char *folder, const char *bindir, const char *installed)
{
    char *relative = relative_path(bindir, installed);
    char *joined = relative != NULL ? file_join(folder, relative) : NULL;
    char *path = joined != NULL ? file_absolute(joined) : NULL;

    free(relative);
    free(joined);
    if (path != NULL && !file_is_folder(path)) {
        free(path);
        path = NULL;
    }
    return path;
}

char *catalog_own_folder(const char *build_root, const char *in_build, const char *bindir,
                         const char *installed)
{
    char program[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *folder = NULL, *root = NULL, *found = NULL;

    if (length > 0) {
        program[length] = '\0';
        folder = file_folder(program);
        root = build_root != NULL ? realpath(build_root, NULL) : NULL;
    }
    if (folder != NULL && root != NULL && strcmp(folder, root) == 0)
        found = file_join(root, in_build);
    else if (folder != NULL)
        found = installed_folder(folder, bindir, installed);
    free(folder);
    free(root);
    return found != NULL ? found : memory_string(installed);
}
