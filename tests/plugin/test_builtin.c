/* Every plug-in that comes with the program loads, from the build's own folder. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "stage.h"

#include "plugin/settings.h"

#include "support/file.h"

/* Number of .so files of a kind. */
static size_t count_files(uint32_t kind)
{
    char *path = file_join(BUILTIN, catalog_kind_name(kind));
    DIR *folder = opendir(path);
    size_t count = 0;

    ck_assert_msg(folder != NULL, "no folder %s", path);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const size_t length = strlen(entry->d_name);
        count += length > 3 && strcmp(entry->d_name + length - 3, ".so") == 0;
    }
    closedir(folder);
    free(path);
    return count;
}

START_TEST(loads_every_plugin)
{
    catalog *catalog = stage_builtin(BUILTIN);
    const uint32_t kind = (uint32_t)_i;
    size_t count = 0;
    char **names = catalog_names(catalog, kind, &count);

    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(count, count_files(kind));
    for (size_t i = 0; i < count; i++) {
        plx_error error = {0};
        const plugin *found = catalog_find(catalog, kind, names[i], &error);
        ck_assert_msg(found != NULL, "%s", error.text);
        ck_assert(found->builtin);
    }
    catalog_names_free(names, count);
    catalog_free(catalog);
}
END_TEST

START_TEST(accepts_every_default)
{
    catalog *catalog = stage_builtin(BUILTIN);
    const uint32_t kind = (uint32_t)_i;
    size_t count = 0;
    char **names = catalog_names(catalog, kind, &count);

    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        plx_error error = {0};
        settings *defaults = settings_new(stage_find(catalog, kind, names[i]), &error);
        ck_assert_msg(defaults != NULL && settings_validate(defaults, (place){0}, &error), "%s",
                      error.text);
        settings_free(defaults);
    }
    catalog_names_free(names, count);
    catalog_free(catalog);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("builtin");
    TCase *loads = tcase_create("loads");

    tcase_add_loop_test(loads, loads_every_plugin, PLX_KIND_ACTIVATION, PLX_KIND_OPTIMIZER + 1);
    tcase_add_loop_test(loads, accepts_every_default, PLX_KIND_ACTIVATION, PLX_KIND_OPTIMIZER + 1);
    suite_add_tcase(s, loads);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
