/* test_scaffold.c: what `plexus new` leaves in a folder, and what it refuses. That the projects
 * build and pass their own test is tested from an installation, in tests/system. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#include "author/scaffold.h"
#include "support/file.h"

static char *folder;
static catalog *builtin;

static void open_folder(void)
{
    const catalog_options options = {.builtin = BUILTIN};
    plx_error error = {0};

    folder = harness_folder();
    builtin = catalog_new(&options, &error);
    ck_assert_msg(builtin != NULL, "%s", error.text);
}

static void close_folder(void)
{
    catalog_free(builtin);
    free(folder);
}

/* Writes the project `below` the folder; the error's text, or "" if all went well. */
static plx_error write_new(uint32_t kind, const char *name, const char *below)
{
    char *path = file_join(folder, below);
    const scaffold_spec spec = {.kind = kind, .name = name, .folder = path, .catalog = builtin};
    plx_error error = {0};
    text told = {0};

    const bool ok = scaffold_write(&spec, &told, &error);
    ck_assert_int_eq(ok, error.code == ERROR_NONE);
    ck_assert_int_eq(ok, told.length > 0);
    free(told.bytes);
    free(path);
    return error;
}

static char *read_file(const char *below)
{
    char *path = file_join(folder, below);
    plx_error error = {0};
    size_t length;
    char *bytes = file_read(path, 1 << 20, false, &length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    free(path);
    return bytes;
}

static void expect_in(const char *file, const char *part)
{
    char *bytes = read_file(file);

    ck_assert_msg(strstr(bytes, part) != NULL, "%s lacks '%s':\n%s", file, part, bytes);
    free(bytes);
}

static void expect_no_mark(const char *file)
{
    char *bytes = read_file(file);

    ck_assert_msg(strchr(bytes, '@') == NULL, "%s", bytes);
    free(bytes);
}

static const struct {
    uint32_t kind;
    const char *macro, *set, *install;
} kinds[] = {
    {PLX_KIND_ACTIVATION, "PLX_ACTIVATION(demo,", "network.layers.0.activation=demo",
     "plugins / 'activation'"},
    {PLX_KIND_LOSS, "PLX_LOSS(demo,", "--set loss=demo", "plugins / 'loss'"},
    {PLX_KIND_OPTIMIZER, "PLX_OPTIMIZER(demo,", "--set optimizer.name=demo",
     "plugins / 'optimizer'"},
};

START_TEST(a_project_has_its_four_files_with_its_name_in_them)
{
    ck_assert_str_eq(write_new(kinds[_i].kind, "demo", "project").text, "");
    expect_in("project/demo.c", kinds[_i].macro);
    expect_in("project/meson.build", "project('demo'");
    expect_in("project/meson.build", kinds[_i].install);
    expect_in("project/README.md", kinds[_i].set);
    expect_in("project/.gitignore", "build/");
    expect_no_mark("project/demo.c");
    expect_no_mark("project/meson.build");
    expect_no_mark("project/README.md");
}
END_TEST

START_TEST(a_folder_has_the_usual_rights)
{
    char *path = file_join(folder, "project");
    struct stat status;

    umask(027);
    write_new(PLX_KIND_LOSS, "demo", "project/");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0750);
    free(path);
}
END_TEST

START_TEST(nothing_is_overwritten)
{
    char *path = file_join(folder, "project");
    char part[256];

    ck_assert_int_eq(mkdir(path, 0777), 0);
    free(harness_file(path, "demo.c", "mine\n"));
    const plx_error error = write_new(PLX_KIND_LOSS, "demo", "project");
    ck_assert_int_eq(error.code, ERROR_DATA);
    snprintf(part, sizeof(part), "%s: cannot be made: it exists, and nothing is overwritten", path);
    ck_assert_msg(strncmp(error.text, part, strlen(part)) == 0, "%s", error.text);
    char *kept = read_file("project/demo.c");
    ck_assert_str_eq(kept, "mine\n");
    free(kept);
    free(path);
}
END_TEST

START_TEST(an_empty_folder_is_filled)
{
    char *path = file_join(folder, "project");

    ck_assert_int_eq(mkdir(path, 0777), 0);
    ck_assert_str_eq(write_new(PLX_KIND_LOSS, "demo", "project").text, "");
    expect_in("project/demo.c", "PLX_LOSS");
    free(path);
}
END_TEST

START_TEST(a_failed_project_leaves_nothing)
{
    free(harness_file(folder, "project", "a file\n"));
    ck_assert_int_eq(write_new(PLX_KIND_LOSS, "demo", "project").code, ERROR_DATA);
    char *path = file_join(folder, "project");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0); /* so it was empty */
    ck_assert_int_eq(mkdir(folder, 0777), 0);
    free(path);
}
END_TEST

static const struct {
    const char *name, *says;
} bad_names[] = {
    {"", "'' cannot be the name of a plug-in"},
    {"Demo", "'Demo' cannot be the name of a plug-in"},
    {"../demo", "'../demo' cannot be the name of a plug-in"},
    {"a23456789012345678901234567890123", "cannot be the name of a plug-in"},
    {"test", "meson keeps the name 'test'"},
    {"adam", "there is a plug-in 'adam' of kind optimizer already"},
};

START_TEST(a_bad_name_is_refused)
{
    const plx_error error = write_new(PLX_KIND_OPTIMIZER, bad_names[_i].name, "project");
    char *path = file_join(folder, "project");

    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_msg(strstr(error.text, bad_names[_i].says) != NULL, "%s", error.text);
    ck_assert(!file_exists(path));
    free(path);
}
END_TEST

START_TEST(a_name_of_another_kind_is_free)
{
    ck_assert_str_eq(write_new(PLX_KIND_LOSS, "adam", "project").text, "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("author/scaffold");
    TCase *c = tcase_create("scaffold");

    tcase_add_checked_fixture(c, open_folder, close_folder);
    tcase_add_loop_test(c, a_project_has_its_four_files_with_its_name_in_them, 0,
                        sizeof(kinds) / sizeof(kinds[0]));
    tcase_add_test(c, a_folder_has_the_usual_rights);
    tcase_add_test(c, nothing_is_overwritten);
    tcase_add_test(c, an_empty_folder_is_filled);
    tcase_add_test(c, a_failed_project_leaves_nothing);
    tcase_add_loop_test(c, a_bad_name_is_refused, 0, sizeof(bad_names) / sizeof(bad_names[0]));
    tcase_add_test(c, a_name_of_another_kind_is_free);
    suite_add_tcase(s, c);
    return harness_run(s);
}
