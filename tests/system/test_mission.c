/* The whole of examples/mission-matrix.yaml, 60 cells with ten runs each, as anybody runs it: its gate
 * holds, and all runs are there and came to their end. The report and the JUnit file are left in the
 * build folder, tests/system/mission, for whoever wants to look. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../cli/run.h"
#include "../cli/sample.h"
#include "harness.h"
#include "matrix/store.h"

enum { CELLS = 60, SEEDS = 10 };

typedef struct census {
    char *cell; /* that was seen last                                                            */
    int cells, seeds; /* seeds: of that cell                                                     */
} census;

/* Results come cell by cell, seed by seed. */
static bool count_result(void *context, const store_result *result, plx_error *error)
{
    census *census = context;

    ck_assert_msg(!run_status_is_failure(result->record->status), "%s, seed %llu: %s", result->cell,
                  (unsigned long long)result->seed, result->record->reason);
    if (census->cell == NULL || strcmp(census->cell, result->cell) != 0) {
        ck_assert(census->cell == NULL || census->seeds == SEEDS);
        free(census->cell);
        census->cell = strdup(result->cell);
        census->cells++;
        census->seeds = 0;
    }
    census->seeds++;
    ck_assert_uint_eq(result->seed, (uint64_t)census->seeds);
    return true;
}

START_TEST(every_cell_learns_from_every_seed)
{
    char *out = harness_memory_folder();
    plx_error error = {0};
    census census = {0};

    mkdir(MISSION, 0755);
    run *run = run_line(&(run_options){.patience = 1500},
                        "matrix run %s --out %s --junit %s/junit.xml --html %s/report.html",
                        EXAMPLES "/mission-matrix.yaml", out, MISSION, MISSION);
    run_expect(run, 0);
    run_expect_in(
        run, run->out,
        "mission-matrix: 600 of 600 final runs, 60 of 60 cells done, 1 of 1 gates hold\n");
    char *junit = sample_read(MISSION, "junit.xml", NULL);
    ck_assert_ptr_nonnull(strstr(
        junit,
        "<testsuite name=\"cells\" tests=\"60\" failures=\"0\" errors=\"0\" skipped=\"0\">"));
    ck_assert_ptr_nonnull(strstr(
        junit, "<testsuite name=\"gates\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">"));

    store *store = store_open(out, false, false, &error);
    ck_assert_msg(store != NULL, "%s", error.text);
    ck_assert_msg(store_visit(store, RUN_FINAL, false, count_result, &census, &error), "%s",
                  error.text);
    ck_assert_int_eq(census.cells, CELLS);
    ck_assert_int_eq(census.seeds, SEEDS);
    store_close(store);
    free(census.cell);
    free(junit);
    free(out);
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mission");
    TCase *all = tcase_create("the mission matrix");

    tcase_set_timeout(all, 1500);
    tcase_add_test(all, every_cell_learns_from_every_seed);
    suite_add_tcase(suite, all);
    return harness_run(suite);
}
