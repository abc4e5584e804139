/* scaffold.c: see scaffold.h. The files of a project are those of templates/, built into the
 * program line by line; a word between two @ stands for something of the project at hand. They are
 * written into a folder beside the new one, which then takes its name: a full disk leaves nothing,
 * and no half of a project ever stands where somebody would look for one. */
#include "author/scaffold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "author/scaffold_templates.h"
#include "support/file.h"
#include "support/memory.h"

/* A file of the project, its name with marks as its lines have them. */
typedef struct project_file {
    const char *name;
    const char *const *lines;
} project_file;

enum { FILES = 4 };

/* What a mark stands for. */
typedef struct mark {
    const char *name, *value;
} mark;

/* ---- names ----------------------------------------------------------------------------------- */

/* Names that meson keeps for targets of its own. */
static const char *const meson_names[] = {"all",   "benchmark",   "clean", "dist",      "install",
                                          "phony", "reconfigure", "test",  "uninstall", NULL};

static bool is_taken(const scaffold_spec *spec, plx_error *error)
{
    size_t count;
    char **names = catalog_names(spec->catalog, spec->kind, &count);
    bool taken = false;

    if (names == NULL)
        return !error_memory(error);
    for (size_t i = 0; i < count; i++)
        taken = taken || strcmp(names[i], spec->name) == 0;
    catalog_names_free(names, count);
    if (taken)
        error_set(error, ERROR_USAGE,
                  "there is a plug-in '%s' of kind %s already, which a new one would hide; choose "
                  "another name",
                  spec->name, catalog_kind_name(spec->kind));
    return taken;
}

static bool check_name(const scaffold_spec *spec, plx_error *error)
{
    if (!text_is_name(spec->name))
        return error_set(error, ERROR_USAGE,
                         "'%s' cannot be the name of a plug-in, which is a lower-case letter and "
                         "at most 31 further ones, digits or '_'",
                         text_show(spec->name).bytes);
    for (size_t i = 0; meson_names[i] != NULL; i++)
        if (strcmp(spec->name, meson_names[i]) == 0)
            return error_set(error, ERROR_USAGE,
                             "meson keeps the name '%s' for a target of its own; choose another",
                             spec->name);
    return !is_taken(spec, error);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Appends a line with every mark replaced. */
static void add_line(text *out, const char *line, const mark *marks)
{
    while (*line != '\0') {
        const mark *found = NULL;

        for (const mark *m = marks; found == NULL && m->name != NULL; m++)
            if (strncmp(line, m->name, strlen(m->name)) == 0)
                found = m;
        if (found != NULL)
            text_add(out, found->value);
        else
            text_add_n(out, line, 1);
        line += found != NULL ? strlen(found->name) : 1;
    }
}

static bool write_file(const char *folder, const project_file *file, const mark *marks,
                       plx_error *error)
{
    text name = {0}, content = {0};
    bool ok = false;

    add_line(&name, file->name, marks);
    for (const char *const *line = file->lines; *line != NULL; line++)
        add_line(&content, *line, marks);
    char *path = name.failed || content.failed ? NULL : file_join(folder, name.bytes);
    if (path == NULL)
        error_memory(error);
    else
        ok = file_write(path, content.bytes, content.length, error);
    free(path);
    free(name.bytes);
    free(content.bytes);
    return ok;
}

static void remove_files(const char *folder, const project_file *files, const mark *marks)
{
    for (size_t i = 0; i < FILES; i++) {
        text name = {0};
        add_line(&name, files[i].name, marks);
        char *path = name.failed ? NULL : file_join(folder, name.bytes);
        if (path != NULL)
            unlink(path);
        free(path);
        free(name.bytes);
    }
    rmdir(folder);
}

/* Writes all files into a folder of their own beside `folder` and renames that. rename replaces an
 * empty folder, and nothing else. */
static bool write_project(const char *folder, const project_file *files, const mark *marks,
                          plx_error *error)
{
    char *making = memory_format("%s.XXXXXX", folder);
    bool ok = false;

    if (making == NULL)
        return error_memory(error);
    if (mkdtemp(making) == NULL) {
        error_set(error, ERROR_DATA, "%s: cannot be made: %s", folder, strerror(errno));
        free(making);
        return false;
    }
    for (size_t i = 0; i < FILES; i++)
        if (!write_file(making, &files[i], marks, error))
            goto done;
    const mode_t mask = umask(0);
    umask(mask);
    if (chmod(making, 0777 & ~mask) != 0 || rename(making, folder) != 0) {
        const bool occupied = errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR;
        error_set(error, ERROR_DATA, "%s: cannot be made: %s%s", folder,
                  occupied ? "it exists" : strerror(errno),
                  occupied ? ", and nothing is overwritten; choose another place with --out" : "");
        goto done;
    }
    ok = true;
done:
    if (!ok)
        remove_files(making, files, marks);
    free(making);
    return ok;
}

/* ---- the project ----------------------------------------------------------------------------- */

static const char *const *source_of(uint32_t kind)
{
    return kind == PLX_KIND_ACTIVATION ? activation_c_lines
           : kind == PLX_KIND_LOSS     ? loss_c_lines
                                       : optimizer_c_lines;
}

/* The --set that puts a plug-in into an experiment. */
static const char *set_of(uint32_t kind)
{
    return kind == PLX_KIND_ACTIVATION ? "network.layers.0.activation"
           : kind == PLX_KIND_LOSS     ? "loss"
                                       : "optimizer.name";
}

/* The folder to be made, without slashes at its end. */
static char *folder_of(const scaffold_spec *spec)
{
    const char *given = spec->folder != NULL ? spec->folder : spec->name;
    size_t length = strlen(given);

    while (length > 1 && given[length - 1] == '/')
        length--;
    return memory_string_n(given, length);
}

static void tell(const scaffold_spec *spec, const char *folder, const char *set, text *told)
{
    const char *name = spec->name;

    text_addf(told,
              "%s/ holds a working %s: %s.c, meson.build, README.md\n\n"
              "  cd %s\n"
              "  meson setup build && meson test -C build    builds and checks it\n"
              "  plexus check build/%s.so --html report.html\n"
              "  plexus train experiment.yaml --plugin-dir build --set %s\n",
              folder, catalog_kind_name(spec->kind), name, folder, name, set);
}

bool scaffold_write(const scaffold_spec *spec, text *told, plx_error *error)
{
    const project_file files[FILES] = {{"@name@.c", source_of(spec->kind)},
                                       {"meson.build", meson_build_lines},
                                       {"README.md", README_md_lines},
                                       {".gitignore", gitignore_lines}};

    if (!check_name(spec, error))
        return false;
    char *folder = folder_of(spec);
    char *set = memory_format("%s=%s", set_of(spec->kind), spec->name);
    const mark marks[] = {{"@name@", spec->name},
                          {"@kind@", catalog_kind_name(spec->kind)},
                          {"@article@", spec->kind == PLX_KIND_LOSS ? "A" : "An"},
                          {"@set@", set},
                          {NULL, NULL}};
    const bool ok = folder != NULL && set != NULL ? write_project(folder, files, marks, error)
                                                  : error_memory(error);
    if (ok)
        tell(spec, folder, set, told);
    free(folder);
    free(set);
    return ok && (!told->failed || error_memory(error));
}
