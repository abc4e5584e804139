/* Finding: the order of the search, what stops it, what hides what, and what a failure says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "stage.h"

#include "support/file.h"
#include "support/memory.h"

/* Collects the lines of a log. */
static void collect(void *context, log_level level, const char *line)
{
    char *lines = context;

    snprintf(lines + strlen(lines), 2000 - strlen(lines), "%s%s\n",
             level == LOG_WARNING ? "warning: " : "", line);
}

static void expect_not_found(const char *folder, catalog *catalog, const char *name,
                             const char *text)
{
    plx_error error = {0};

    ck_assert_ptr_null(catalog_find(catalog, PLX_KIND_OPTIMIZER, name, &error));
    stage_expect(&error, ERROR_CONFIG, folder, text);
    catalog_free(catalog);
}

/* ---- the order ---- */

START_TEST(finds_by_kind_and_name)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "optimizer/subject.so");
    catalog *catalog = stage_catalog(folder);
    const plugin *found = stage_find(catalog, PLX_KIND_OPTIMIZER, "subject");

    ck_assert_str_eq(found->path, path);
    ck_assert_uint_eq(found->kind, PLX_KIND_OPTIMIZER);
    ck_assert(!found->builtin);
    ck_assert(!found->shadows);
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

START_TEST(finds_directly_in_a_plugin_dir)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "subject.so");
    catalog *catalog = stage_catalog(folder);

    ck_assert_str_eq(stage_find(catalog, PLX_KIND_OPTIMIZER, "subject")->path, path);
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

START_TEST(prefers_the_folder_of_the_kind)
{
    char *folder = harness_folder();
    char *direct = stage_copy(folder, "sound", "subject.so");
    char *path = stage_copy(folder, "sound", "optimizer/subject.so");
    catalog *catalog = stage_catalog(folder);

    ck_assert_str_eq(stage_find(catalog, PLX_KIND_OPTIMIZER, "subject")->path, path);
    catalog_free(catalog);
    free(path);
    free(direct);
    free(folder);
}
END_TEST

START_TEST(ignores_what_lies_directly_in_the_builtin_folder)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "subject.so");

    expect_not_found(folder, stage_builtin(folder), "subject", "no optimizer 'subject' in @");
    free(path);
    free(folder);
}
END_TEST

START_TEST(makes_a_relative_folder_absolute)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "deep/optimizer/subject.so");

    ck_assert_int_eq(chdir(folder), 0);
    catalog *catalog = stage_catalog("deep");
    ck_assert_str_eq(stage_find(catalog, PLX_KIND_OPTIMIZER, "subject")->path, path);
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

/* The same plug-in in three places; those from `first` on are there. */
START_TEST(searches_options_then_environment_then_builtin)
{
    static const char *const places[] = {"given", "environment", "builtin"};
    char *folder = harness_folder();
    char *paths[3] = {NULL};
    char *folders[3];

    for (int i = 0; i < 3; i++) {
        char *place = memory_format("%s/optimizer/subject.so", places[i]);
        folders[i] = file_join(folder, places[i]);
        ck_assert_int_eq(mkdir(folders[i], 0755), 0);
        if (i >= _i)
            paths[i] = stage_copy(folder, "sound", place);
        free(place);
    }
    ck_assert_int_eq(setenv("PLEXUS_PLUGIN_PATH", folders[1], 1), 0);
    catalog *catalog = catalog_new(&(catalog_options){.folders = (const char *[]){folders[0]},
                                                      .folder_count = 1,
                                                      .environment = true,
                                                      .builtin = folders[2]},
                                   NULL);
    const plugin *found = stage_find(catalog, PLX_KIND_OPTIMIZER, "subject");
    ck_assert_str_eq(found->path, paths[_i]);
    ck_assert_int_eq(found->builtin, _i == 2);
    ck_assert_int_eq(found->shadows, _i < 2);
    catalog_free(catalog);
    for (int i = 0; i < 3; i++) {
        free(paths[i]);
        free(folders[i]);
    }
    free(folder);
}
END_TEST

START_TEST(ignores_the_environment_unless_told)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "optimizer/subject.so");

    ck_assert_int_eq(setenv("PLEXUS_PLUGIN_PATH", folder, 1), 0);
    expect_not_found(folder, catalog_new(&(catalog_options){0}, NULL), "subject",
                     "no optimizer 'subject'; there is no folder to search");
    free(path);
    free(folder);
}
END_TEST

START_TEST(ignores_relative_parts_of_the_environment)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "near/optimizer/subject.so");
    char lines[2000] = "";
    const logger log = {collect, lines};

    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(setenv("PLEXUS_PLUGIN_PATH", ":near::./near:", 1), 0);
    expect_not_found(folder,
                     catalog_new(&(catalog_options){.environment = true, .log = &log}, NULL),
                     "subject", "no optimizer 'subject'; there is no folder to search");
    ck_assert_str_eq(
        lines, "warning: PLEXUS_PLUGIN_PATH: 'near' is ignored; its parts must be absolute\n"
               "warning: PLEXUS_PLUGIN_PATH: './near' is ignored; its parts must be absolute\n");
    free(path);
    free(folder);
}
END_TEST

/* ---- what stops a search ---- */

/* `first` is tried before `second`, where the plug-in is sound. */
static void expect_stopped(const char *folder, const char *reason)
{
    char *first = file_join(folder, "first"), *second = file_join(folder, "second");
    const char *const folders[] = {first, second};
    plx_error error = {0};
    catalog *catalog =
        catalog_new(&(catalog_options){.folders = folders, .folder_count = 2}, &error);

    ck_assert_msg(catalog != NULL, "%s", error.text);
    ck_assert_ptr_null(catalog_find(catalog, PLX_KIND_OPTIMIZER, "subject", &error));
    stage_expect(&error, ERROR_PLUGIN, folder, reason);
    catalog_free(catalog);
    free(first);
    free(second);
}

START_TEST(stops_at_a_broken_match)
{
    char *folder = harness_folder();
    char *broken = stage_copy(folder, "minor_99", "first/subject.so");
    char *sound = stage_copy(folder, "sound", "second/optimizer/subject.so");

    expect_stopped(folder, "cannot load optimizer 'subject' from @/first/subject.so: it needs "
                           "version 1.99 of the plug-in interface; this program has 1.0 (tried "
                           "before: @/first/optimizer/subject.so: no such file)");
    free(broken);
    free(sound);
    free(folder);
}
END_TEST

START_TEST(stops_at_a_dangling_link)
{
    char *folder = harness_folder();
    char *sound = stage_copy(folder, "sound", "second/optimizer/subject.so");
    char *first = file_join(folder, "first/optimizer");
    char *link = file_join(first, "subject.so");

    ck_assert(file_make_folder(first, NULL));
    ck_assert_int_eq(symlink("nowhere", link), 0);
    expect_stopped(folder, "cannot load optimizer 'subject' from @/first/optimizer/subject.so: it "
                           "cannot be opened: No such file or directory");
    free(link);
    free(first);
    free(sound);
    free(folder);
}
END_TEST

START_TEST(stops_at_another_kind)
{
    char *folder = harness_folder();
    char *broken = stage_copy(folder, "fits_unit", "first/optimizer/subject.so");
    char *sound = stage_copy(folder, "sound", "second/optimizer/subject.so");

    expect_stopped(folder,
                   "cannot load optimizer 'subject' from @/first/optimizer/subject.so: it is "
                   "a loss, not an optimizer");
    free(broken);
    free(sound);
    free(folder);
}
END_TEST

START_TEST(a_probing_catalog_survives_a_crash)
{
    char *folder = harness_folder();
    char *broken = stage_copy(folder, "aborts", "optimizer/subject.so");
    catalog *catalog = stage_catalog(folder);
    plx_error error = {0};

    catalog_probe_first(catalog, true);
    ck_assert_ptr_null(catalog_find(catalog, PLX_KIND_OPTIMIZER, "subject", &error));
    stage_expect(&error, ERROR_PLUGIN, folder,
                 "cannot load optimizer 'subject' from @/optimizer/subject.so: it crashes while it "
                 "is loaded (SIGABRT)");
    catalog_free(catalog);
    free(broken);
    free(folder);
}
END_TEST

START_TEST(a_probing_catalog_loads_what_is_sound)
{
    char *folder = harness_folder();
    char *sound = stage_copy(folder, "sound", "optimizer/subject.so");
    catalog *catalog = stage_catalog(folder);
    plx_error error = {0};

    catalog_probe_first(catalog, true);
    const plugin *found = catalog_find(catalog, PLX_KIND_OPTIMIZER, "subject", &error);
    ck_assert_msg(found != NULL, "%s", error.text);
    ck_assert_str_eq(found->path, sound);
    catalog_free(catalog);
    free(sound);
    free(folder);
}
END_TEST

START_TEST(says_that_a_builtin_is_hidden)
{
    char *folder = harness_folder();
    char *builtin = file_join(folder, "builtin"), *given = file_join(folder, "given");
    char *hidden = stage_copy(folder, "sound", "builtin/optimizer/subject.so");
    char *path = stage_copy(folder, "sound", "given/subject.so");
    char lines[2000] = "";
    const logger log = {collect, lines};
    char *expected = memory_format(
        "warning: optimizer 'subject' is %s, which hides the built-in %s\n", path, hidden);
    catalog *catalog = catalog_new(
        &(catalog_options){
            .folders = (const char *[]){given}, .folder_count = 1, .builtin = builtin, .log = &log},
        NULL);

    ck_assert(stage_find(catalog, PLX_KIND_OPTIMIZER, "subject")->shadows);
    stage_find(catalog, PLX_KIND_OPTIMIZER, "subject");
    ck_assert_str_eq(lines, expected);
    catalog_free(catalog);
    free(expected);
    free(path);
    free(hidden);
    free(given);
    free(builtin);
    free(folder);
}
END_TEST

START_TEST(hides_nothing_when_given_the_builtin_folder)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "optimizer/subject.so");
    catalog *catalog = catalog_new(&(catalog_options){.folders = (const char *[]){folder},
                                                      .folder_count = 1,
                                                      .builtin = folder},
                                   NULL);
    const plugin *found = stage_find(catalog, PLX_KIND_OPTIMIZER, "subject");

    ck_assert(!found->shadows);
    ck_assert(found->builtin);
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

/* ---- what is not there ---- */

START_TEST(offers_the_nearest_name)
{
    char *folder = harness_folder();
    char *first = harness_file(folder, "momentum.so", "never opened");
    char *second = stage_copy(folder, "sound", "optimizer/subject.so");

    expect_not_found(folder, stage_catalog(folder), "subjcet",
                     "no optimizer 'subjcet' in @; did you mean 'subject'?");
    free(first);
    free(second);
    free(folder);
}
END_TEST

START_TEST(lists_the_names_if_none_is_near)
{
    char *folder = harness_folder();
    char *first = stage_copy(folder, "sound", "optimizer/subject.so");
    char *second = stage_copy(folder, "sound", "optimizer/another.so");
    char *other_kind = stage_copy(folder, "sound", "loss/mse.so");

    expect_not_found(folder, stage_builtin(folder), "xyzzy",
                     "no optimizer 'xyzzy' in @; there are another and subject; a folder with "
                     "other plug-ins is given by --plugin-dir");
    free(first);
    free(second);
    free(other_kind);
    free(folder);
}
END_TEST

START_TEST(names_every_folder)
{
    char *folder = harness_folder();
    char *other = file_join(folder, "other");
    const char *const folders[] = {folder};

    expect_not_found(
        folder,
        catalog_new(&(catalog_options){.folders = folders, .folder_count = 1, .builtin = other},
                    NULL),
        "adam", "no optimizer 'adam' in @, @/other");
    free(other);
    free(folder);
}
END_TEST

/* A name is never taken for a path. */
START_TEST(refuses_names_that_are_none)
{
    static const struct {
        const char *name, *text;
    } names[] = {
        {"../subject", "no optimizer '../subject' in @/inner"},
        {"subject.so", "no optimizer 'subject.so' in @/inner"},
        {"", "no optimizer '' in @/inner"},
        {"Sub\n", "no optimizer 'Sub\\x0a' in @/inner"},
    };
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "subject.so");
    char *inner = file_join(folder, "inner");

    ck_assert_int_eq(mkdir(inner, 0755), 0);
    expect_not_found(folder, stage_catalog(inner), names[_i].name, names[_i].text);
    free(inner);
    free(path);
    free(folder);
}
END_TEST

START_TEST(refuses_a_plugin_dir_that_is_not_there)
{
    char *folder = harness_folder();
    char *missing = file_join(folder, "missing");
    const char *const folders[] = {missing};
    plx_error error = {0};

    ck_assert_ptr_null(
        catalog_new(&(catalog_options){.folders = folders, .folder_count = 1}, &error));
    stage_expect(&error, ERROR_USAGE, folder, "the plug-in folder @/missing does not exist");
    free(missing);
    free(folder);
}
END_TEST

/* ---- one object, many users ---- */

START_TEST(loads_once)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "optimizer/subject.so");
    catalog *catalog = stage_catalog(folder);

    ck_assert_ptr_eq(stage_find(catalog, PLX_KIND_OPTIMIZER, "subject"),
                     stage_find(catalog, PLX_KIND_OPTIMIZER, "subject"));
    ck_assert_ptr_eq(stage_find(catalog, PLX_KIND_OPTIMIZER, "subject"),
                     catalog_load_file(catalog, path, NULL));
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

START_TEST(serves_two_catalogs)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "sound", "optimizer/subject.so");
    catalog *first = stage_catalog(folder), *second = stage_catalog(folder);
    const plugin *mine = stage_find(first, PLX_KIND_OPTIMIZER, "subject");
    const plugin *yours = stage_find(second, PLX_KIND_OPTIMIZER, "subject");

    ck_assert_ptr_ne(mine, yours);
    ck_assert(mine->optimizer->step_range == yours->optimizer->step_range);
    catalog_free(first);
    ck_assert_str_eq(yours->component->settings[0].name, "beta1");
    ck_assert_str_eq(yours->component->summary, "stands still");
    catalog_free(second);
    free(path);
    free(folder);
}
END_TEST

START_TEST(loads_a_file_of_any_kind)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "fits_unit", "subject.so");
    plx_error error = {0};
    catalog *catalog = catalog_new(&(catalog_options){0}, &error);
    const plugin *found = catalog_load_file(catalog, path, &error);

    ck_assert_msg(found != NULL, "%s", error.text);
    ck_assert_uint_eq(found->kind, PLX_KIND_LOSS);
    ck_assert_ptr_nonnull(found->loss);
    ck_assert(!found->builtin);
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

START_TEST(says_which_file_it_refuses)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "wrong_magic", "subject.so");
    plx_error error = {0};
    catalog *catalog = catalog_new(&(catalog_options){0}, &error);

    ck_assert_ptr_null(catalog_load_file(catalog, path, &error));
    stage_expect(
        &error, ERROR_PLUGIN, folder,
        "cannot load @/subject.so: the magic number of its entry is 0x12345678; it must be "
        "0x31584c50");
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

/* ---- words and folders ---- */

START_TEST(knows_the_kinds)
{
    ck_assert_str_eq(catalog_kind_name(PLX_KIND_ACTIVATION), "activation");
    ck_assert_str_eq(catalog_kind_name(PLX_KIND_LOSS), "loss");
    ck_assert_str_eq(catalog_kind_name(PLX_KIND_OPTIMIZER), "optimizer");
    ck_assert_str_eq(catalog_kind_name(0), "component");
    ck_assert_str_eq(catalog_kind_name(4), "component");
    ck_assert_uint_eq(catalog_kind("loss"), PLX_KIND_LOSS);
    ck_assert_uint_eq(catalog_kind("component"), 0);
}
END_TEST

/* This program's own folder. */
static char *program_folder(void)
{
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    ck_assert_int_gt(length, 0);
    path[length] = '\0';
    return file_folder(path);
}

START_TEST(finds_the_builtin_folder_of_a_build)
{
    char *root = program_folder();
    char *expected = file_join(root, "plugins");
    char *found = catalog_own_folder(root, "plugins", "/usr/bin", "/usr/lib/plexus/plugins");

    ck_assert_str_eq(found, expected);
    free(found);
    free(expected);
    free(root);
}
END_TEST

/* bindir is to plugindir as this program's folder is to the fixtures. */
START_TEST(finds_the_builtin_folder_of_a_moved_installation)
{
    char *folder = program_folder();
    char *above = file_folder(folder);
    char *found = catalog_own_folder("/nowhere", "plugins", "/opt/plexus/plugin",
                                     "/opt/plexus/plugin/fixtures");
    char *sibling =
        catalog_own_folder("/nowhere", "plugins", "/opt/plexus/bin/deep", "/opt/plexus/bin/plugin");
    char *expected = file_join(folder, "fixtures");
    char *expected_sibling = file_join(above, "plugin");

    ck_assert_str_eq(found, expected);
    ck_assert_str_eq(sibling, expected_sibling);
    free(expected_sibling);
    free(expected);
    free(sibling);
    free(found);
    free(above);
    free(folder);
}
END_TEST

START_TEST(falls_back_to_the_configured_folder)
{
    char *found = catalog_own_folder("/nowhere", "plugins", "/opt/bin", "/opt/lib/none/plugins");

    ck_assert_str_eq(found, "/opt/lib/none/plugins");
    free(found);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("catalog");
    TCase *order = tcase_create("order");
    TCase *stops = tcase_create("stops");
    TCase *missing = tcase_create("missing");
    TCase *sharing = tcase_create("sharing");

    tcase_add_test(order, finds_by_kind_and_name);
    tcase_add_test(order, finds_directly_in_a_plugin_dir);
    tcase_add_test(order, prefers_the_folder_of_the_kind);
    tcase_add_test(order, ignores_what_lies_directly_in_the_builtin_folder);
    tcase_add_test(order, makes_a_relative_folder_absolute);
    tcase_add_loop_test(order, searches_options_then_environment_then_builtin, 0, 3);
    tcase_add_test(order, ignores_the_environment_unless_told);
    tcase_add_test(order, ignores_relative_parts_of_the_environment);
    tcase_add_test(stops, stops_at_a_broken_match);
    tcase_add_test(stops, stops_at_a_dangling_link);
    tcase_add_test(stops, stops_at_another_kind);
    tcase_add_test(stops, a_probing_catalog_survives_a_crash);
    tcase_add_test(stops, a_probing_catalog_loads_what_is_sound);
    tcase_add_test(stops, says_that_a_builtin_is_hidden);
    tcase_add_test(stops, hides_nothing_when_given_the_builtin_folder);
    tcase_add_test(missing, offers_the_nearest_name);
    tcase_add_test(missing, lists_the_names_if_none_is_near);
    tcase_add_test(missing, names_every_folder);
    tcase_add_loop_test(missing, refuses_names_that_are_none, 0, 4);
    tcase_add_test(missing, refuses_a_plugin_dir_that_is_not_there);
    tcase_add_test(sharing, loads_once);
    tcase_add_test(sharing, serves_two_catalogs);
    tcase_add_test(sharing, loads_a_file_of_any_kind);
    tcase_add_test(sharing, says_which_file_it_refuses);
    tcase_add_test(sharing, knows_the_kinds);
    tcase_add_test(sharing, finds_the_builtin_folder_of_a_build);
    tcase_add_test(sharing, finds_the_builtin_folder_of_a_moved_installation);
    tcase_add_test(sharing, falls_back_to_the_configured_folder);
    suite_add_tcase(s, order);
    suite_add_tcase(s, stops);
    suite_add_tcase(s, missing);
    suite_add_tcase(s, sharing);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
