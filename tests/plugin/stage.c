#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness.h"

#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

char *stage_fixture(const char *fixture)
{
    return memory_format("%s/%s.so", FIXTURES, fixture);
}

char *stage_copy(const char *folder, const char *fixture, const char *place)
{
    plx_error error = {0};
    size_t length = 0;
    char *source = stage_fixture(fixture);
    char *target = memory_format("%s/%s", folder, place);
    char *parent = file_folder(target);
    char *bytes = file_read(source, 1u << 26, false, &length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    ck_assert(file_make_folder(parent, &error));
    ck_assert_msg(file_write(target, bytes, length, &error), "%s", error.text);
    ck_assert_int_eq(chmod(target, 0644), 0);
    free(bytes);
    free(parent);
    free(source);
    return target;
}

static catalog *make(const catalog_options *options)
{
    plx_error error = {0};
    catalog *made = catalog_new(options, &error);

    ck_assert_msg(made != NULL, "%s", error.text);
    return made;
}

catalog *stage_catalog(const char *folder)
{
    return make(&(catalog_options){.folders = &folder, .folder_count = 1});
}

catalog *stage_builtin(const char *folder)
{
    return make(&(catalog_options){.builtin = folder});
}

const plugin *stage_find(catalog *catalog, uint32_t kind, const char *name)
{
    plx_error error = {0};
    const plugin *found = catalog_find(catalog, kind, name, &error);

    ck_assert_msg(found != NULL, "%s", error.text);
    return found;
}

void stage_expect(const plx_error *error, error_class code, const char *folder,
                  const char *expected)
{
    text t = {0};

    for (const char *c = expected; *c != '\0'; c++) {
        if (*c == '@')
            text_add(&t, folder);
        else
            text_add_n(&t, c, 1);
    }
    ck_assert_str_eq(error->text, t.bytes != NULL ? t.bytes : "");
    ck_assert_int_eq(error->code, code);
    free(t.bytes);
}
