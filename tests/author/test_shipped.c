/* test_shipped.c: every plug-in that comes with the program passes its own conformance suite. */
#include <stdio.h>
#include <stdlib.h>

#include "author/check.h"
#include "harness.h"

static catalog_entry *entries;
static size_t count;

START_TEST(it_passes)
{
    const check_options options = {.builtin = BUILTIN};
    plx_error error = {.code = ERROR_NONE};
    const catalog_entry *entry = &entries[_i];
    check_report *report = check_run(entry->path, &options, &error);

    ck_assert_msg(report != NULL, "%s", error.text);
    for (size_t i = 0; i < report->count; i++) {
        const finding *f = &report->findings[i];
        ck_assert_msg(f->status != FINDING_FAILED, "%s: %s: expected %s; came %s; look at %s",
                      entry->path, f->id, f->expected, f->came, f->look);
    }
    ck_assert_str_eq(report->name, entry->name);
    ck_assert_uint_gt(report->passed, 10);
    check_report_free(report);
}
END_TEST

START_TEST(there_are_some_of_each_kind)
{
    size_t of_kind[4] = {0};

    for (size_t i = 0; i < count; i++)
        if (entries[i].kind < 4)
            of_kind[entries[i].kind]++;
    ck_assert_uint_ge(of_kind[PLX_KIND_ACTIVATION], 11);
    ck_assert_uint_ge(of_kind[PLX_KIND_LOSS], 5);
    ck_assert_uint_ge(of_kind[PLX_KIND_OPTIMIZER], 12);
}
END_TEST

int main(void)
{
    const catalog_options options = {.builtin = BUILTIN};
    plx_error error = {.code = ERROR_NONE};
    catalog *catalog = catalog_new(&options, &error);
    Suite *s = suite_create("author/shipped");
    TCase *c = tcase_create("shipped");

    entries = catalog != NULL ? catalog_list(catalog, &count, &error) : NULL;
    if (entries == NULL) {
        printf("Bail out! %s\n", error.text);
        return 1;
    }
    tcase_set_timeout(c, 120);
    tcase_add_test(c, there_are_some_of_each_kind);
    tcase_add_loop_test(c, it_passes, 0, (int)count);
    suite_add_tcase(s, c);
    const int code = harness_run(s);
    catalog_list_free(entries, count);
    catalog_free(catalog);
    return code;
}
