/* Listings, which must live through plug-ins that do not. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "stage.h"

#include "plugin/catalog_internal.h"

#include "support/file.h"
#include "support/memory.h"

/* The whole listing as text, a line for each entry. */
static char *list_text(catalog *catalog)
{
    plx_error error = {0};
    size_t count = 0;
    catalog_entry *entries = catalog_list(catalog, &count, &error);
    text t = {0};

    ck_assert_msg(entries != NULL, "%s", error.text);
    text_add(&t, "");
    for (size_t i = 0; i < count; i++)
        text_addf(&t, "%s %s %s\n", catalog_kind_name(entries[i].kind), entries[i].name,
                  entries[i].plugin != NULL ? entries[i].plugin->component->summary
                                            : entries[i].reason);
    catalog_list_free(entries, count);
    return t.bytes;
}

static void expect_list(catalog *catalog, const char *expected)
{
    char *listed = list_text(catalog);

    ck_assert_str_eq(listed != NULL ? listed : "", expected);
    free(listed);
    catalog_free(catalog);
}

/* A folder whose only plug-in is the fixture, listed with little patience. */
static void expect_reason(const char *fixture, const char *expected)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, fixture, "optimizer/subject.so");
    catalog *catalog = stage_catalog(folder);

    catalog->probe_milliseconds = 300;
    expect_list(catalog, expected);
    free(path);
    free(folder);
}

START_TEST(lists_nothing)
{
    char *folder = harness_folder();

    expect_list(stage_catalog(folder), "");
    free(folder);
}
END_TEST

START_TEST(sorts_by_kind_and_name)
{
    static const char *const places[][2] = {{"sound", "optimizer/subject.so"},
                                            {"fits_unit", "loss/subject.so"},
                                            {"unit", "activation/unit.so"},
                                            {"signed", "activation/subject.so"},
                                            {"sound", "optimizer/ignored.txt"}};
    char *folder = harness_folder();

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        free(stage_copy(folder, places[i][0], places[i][1]));
    expect_list(stage_builtin(folder), "activation subject goes nowhere\n"
                                       "activation unit goes nowhere\n"
                                       "loss subject costs nothing\n"
                                       "optimizer subject stands still\n");
    free(folder);
}
END_TEST

START_TEST(lists_flat_files_under_their_own_kind)
{
    char *folder = harness_folder();

    free(stage_copy(folder, "unit", "unit.so"));
    free(stage_copy(folder, "sound", "subject.so"));
    free(harness_file(folder, "broken.so", "text"));
    expect_list(stage_catalog(folder),
                "activation unit goes nowhere\n"
                "optimizer subject stands still\n"
                "component broken it is not a shared object (no ELF header)\n");
    free(folder);
}
END_TEST

START_TEST(gives_the_reason_of_a_refusal)
{
    expect_reason("minor_99",
                  "optimizer subject it needs version 1.99 of the plug-in interface; this "
                  "program has 1.0\n");
}
END_TEST

#define NOT_VALID                                                                                  \
    " is not valid; a name is a lower-case letter and up to 31 lower-case letters, digits and _\n"

/* No search can find them, so none is loaded, whatever it would do. */
START_TEST(lists_files_that_no_search_can_find)
{
    static const char *const places[] = {"optimizer/my-lion.so", "optimizer/Lion.so",  "loss/2.so",
                                         "lion.v2.so",           "optimizer/.lion.so", ".so"};
    char *folder = harness_folder();

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        free(stage_copy(folder, "aborts", places[i]));
    expect_list(stage_catalog(folder), "loss 2 its file name '2.so'" NOT_VALID
                                       "optimizer Lion its file name 'Lion.so'" NOT_VALID
                                       "optimizer my-lion its file name 'my-lion.so'" NOT_VALID
                                       "component lion.v2 its file name 'lion.v2.so'" NOT_VALID);
    free(folder);
}
END_TEST

/* Nothing that a terminal would obey. */
START_TEST(shows_a_file_name_harmlessly)
{
    char *folder = harness_folder();

    free(stage_copy(folder, "sound", "optimizer/\x1b[31mred.so"));
    expect_list(stage_catalog(folder),
                "optimizer \\x1b[31mred its file name '\\x1b[31mred.so'" NOT_VALID);
    free(folder);
}
END_TEST

/* A flat file that is the answer to a kind and name is not listed again as one of no kind. */
START_TEST(lists_a_refused_file_once)
{
    char *folder = harness_folder(), *other = harness_folder();
    const char *const folders[] = {folder, other};
    plx_error error = {0};

    free(harness_file(folder, "subject.so", "text"));
    free(stage_copy(other, "sound", "optimizer/subject.so"));
    catalog *both = catalog_new(&(catalog_options){.folders = folders, .folder_count = 2}, &error);
    ck_assert_msg(both != NULL, "%s", error.text);
    expect_list(both, "optimizer subject it is not a shared object (no ELF header)\n");
    free(other);
    free(folder);
}
END_TEST

START_TEST(gives_the_reason_of_a_builtin)
{
    char *folder = harness_folder();

    free(stage_copy(folder, "no_summary", "optimizer/subject.so"));
    expect_list(stage_builtin(folder),
                "optimizer subject it has no summary; one line is required\n");
    free(folder);
}
END_TEST

START_TEST(survives_a_crash)
{
    expect_reason("aborts", "optimizer subject it crashes while it is loaded (SIGABRT)\n");
}
END_TEST

START_TEST(survives_an_exit)
{
    expect_reason("exits",
                  "optimizer subject it ends the process while it is loaded (exit status 3)\n");
}
END_TEST

START_TEST(survives_a_hang)
{
    expect_reason("hangs", "optimizer subject it does not finish loading within 0.3 s\n");
}
END_TEST

/* Its end of the pipe is closed, as if it were gone. */
START_TEST(survives_a_hang_behind_a_closed_pipe)
{
    expect_reason("hangs_unseen", "optimizer subject it does not finish loading within 0.3 s\n");
}
END_TEST

START_TEST(tells_a_load_that_closes_files)
{
    expect_reason("closes_files",
                  "optimizer subject it closes files of the process while it is loaded\n");
}
END_TEST

START_TEST(lists_one_kind)
{
    char *folder = harness_folder();
    size_t count = 0;

    free(stage_copy(folder, "unit", "activation/unit.so"));
    free(stage_copy(folder, "aborts", "optimizer/subject.so"));
    catalog *catalog = stage_catalog(folder);
    catalog_entry *entries = catalog_list_kind(catalog, PLX_KIND_ACTIVATION, &count, NULL);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(entries[0].name, "unit");
    catalog_list_free(entries, count);
    catalog_free(catalog);
    free(folder);
}
END_TEST

START_TEST(names_without_loading)
{
    char *folder = harness_folder();
    size_t count = 0;

    free(stage_copy(folder, "aborts", "optimizer/zeta.so"));
    free(stage_copy(folder, "aborts", "optimizer/alpha.so"));
    free(stage_copy(folder, "aborts", "alpha.so"));
    free(stage_copy(folder, "aborts", "loss/other.so"));
    free(stage_copy(folder, "aborts", "optimizer/No_Name.so"));
    catalog *catalog = stage_catalog(folder);
    char **names = catalog_names(catalog, PLX_KIND_OPTIMIZER, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(names[0], "alpha");
    ck_assert_str_eq(names[1], "zeta");
    catalog_names_free(names, count);
    catalog_free(catalog);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("listing");
    TCase *lists = tcase_create("lists");

    tcase_add_test(lists, lists_nothing);
    tcase_add_test(lists, sorts_by_kind_and_name);
    tcase_add_test(lists, lists_flat_files_under_their_own_kind);
    tcase_add_test(lists, gives_the_reason_of_a_refusal);
    tcase_add_test(lists, lists_files_that_no_search_can_find);
    tcase_add_test(lists, shows_a_file_name_harmlessly);
    tcase_add_test(lists, lists_a_refused_file_once);
    tcase_add_test(lists, gives_the_reason_of_a_builtin);
    tcase_add_test(lists, survives_a_crash);
    tcase_add_test(lists, survives_an_exit);
    tcase_add_test(lists, survives_a_hang);
    tcase_add_test(lists, survives_a_hang_behind_a_closed_pipe);
    tcase_add_test(lists, tells_a_load_that_closes_files);
    tcase_add_test(lists, lists_one_kind);
    tcase_add_test(lists, names_without_loading);
    suite_add_tcase(s, lists);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
