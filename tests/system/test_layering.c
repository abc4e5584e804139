/* test_layering.c: the folders are the architecture. A folder under core/ may include only
 * itself and the folders that stand above it in the list below; plug-ins include
 * <plexus/plugin.h>, the C library and two headers of their own, nothing of the core; plugin.h
 * includes two headers. Reads the sources themselves. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const char *const layers[] = {"support", "plugin", "config", "data",   "network", "model",
                                     "train",   "matrix", "report", "author", "cli"};
enum { LAYERS = sizeof(layers) / sizeof(layers[0]) };

/* Called for each #include line of a file, with what stands between the quotes or brackets. */
typedef void include_check(const char *file, const char *target, bool quoted, void *context);

static int level_of(const char *path)
{
    for (int i = 0; i < LAYERS; i++)
        if (strncmp(path, layers[i], strlen(layers[i])) == 0 && path[strlen(layers[i])] == '/')
            return i;
    return -1;
}

static int check_file(const char *path, include_check *check, void *context)
{
    FILE *file = fopen(path, "r");
    char line[1024], target[256], mark = 0;
    int count = 0;

    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, " # include %c%255[^\">]", &mark, target) == 2) {
            check(path, target, mark == '"', context);
            count++;
        }
    fclose(file);
    return count;
}

/* Every .c and .h of a folder; returns how many include lines were seen. */
static int check_folder(const char *folder, include_check *check, void *context)
{
    DIR *d = opendir(folder);
    char path[1024];
    int count = 0;

    ck_assert_msg(d != NULL, "no folder %s", folder);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        const size_t n = strlen(e->d_name);
        if (n < 3 || e->d_name[n - 2] != '.' || strchr("ch", e->d_name[n - 1]) == NULL)
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        count += check_file(path, check, context);
    }
    closedir(d);
    return count;
}

static void check_level(const char *file, const char *target, bool quoted, void *context)
{
    const int own = *(const int *)context, other = level_of(target);

    if (!quoted)
        return;
    ck_assert_msg(other >= 0, "%s includes \"%s\", which is in no folder of core/", file, target);
    ck_assert_msg(other <= own, "%s includes \"%s\": %s stands below %s", file, target,
                  layers[other], layers[own]);
}

START_TEST(a_folder_includes_only_what_stands_above_it)
{
    char folder[512];
    int own = _i;

    snprintf(folder, sizeof(folder), SOURCE_ROOT "/core/%s", layers[_i]);
    ck_assert_int_gt(check_folder(folder, check_level, &own), 0);
}
END_TEST

/* A folder that is not in the list would not be checked at all. */
START_TEST(every_folder_of_core_is_in_the_list)
{
    DIR *d = opendir(SOURCE_ROOT "/core");

    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[300];
        snprintf(path, sizeof(path), "%s/", e->d_name);
        if (e->d_name[0] != '.' && e->d_type == DT_DIR)
            ck_assert_msg(level_of(path) >= 0, "core/%s is not in the list of layers", e->d_name);
    }
    closedir(d);
}
END_TEST

static void check_plugin_include(const char *file, const char *target, bool quoted, void *context)
{
    static const char *const outside[] = {"plexus/plugin.h", "float.h",  "math.h",  "stdbool.h",
                                          "stddef.h",        "stdint.h", "string.h"};
    static const char *const own[] = {"../vector_math.h", "rows.h"};
    const char *const *allowed = quoted ? own : outside;
    const size_t count =
        quoted ? sizeof(own) / sizeof(own[0]) : sizeof(outside) / sizeof(outside[0]);
    bool known = false;

    (void)context;
    for (size_t i = 0; i < count; i++)
        known = known || strcmp(target, allowed[i]) == 0;
    ck_assert_msg(known, "%s includes %s", file, target);
}

START_TEST(plugins_include_nothing_of_the_core)
{
    static const char *const folders[] = {"", "/activation", "/loss", "/optimizer"};
    char folder[512];

    snprintf(folder, sizeof(folder), SOURCE_ROOT "/plugins%s", folders[_i]);
    ck_assert_int_gt(check_folder(folder, check_plugin_include, NULL), 0);
}
END_TEST

static void check_abi_include(const char *file, const char *target, bool quoted, void *context)
{
    (void)context;
    ck_assert_msg(!quoted && (strcmp(target, "stddef.h") == 0 || strcmp(target, "stdint.h") == 0),
                  "%s includes %s", file, target);
}

START_TEST(the_abi_includes_two_headers)
{
    ck_assert_int_eq(check_file(SOURCE_ROOT "/include/plexus/plugin.h", check_abi_include, NULL),
                     2);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("layering");
    TCase *c = tcase_create("includes");

    tcase_add_loop_test(c, a_folder_includes_only_what_stands_above_it, 0, LAYERS);
    tcase_add_test(c, every_folder_of_core_is_in_the_list);
    tcase_add_loop_test(c, plugins_include_nothing_of_the_core, 0, 4);
    tcase_add_test(c, the_abi_includes_two_headers);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
