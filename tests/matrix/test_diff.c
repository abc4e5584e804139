/* test_diff.c: two sets of results side by side. */
#include "matrix/diff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filled.h"
#include "harness.h"
#include "support/memory.h"

/* Of the run that answers an entry. */
typedef struct came_to {
    run_status status;
    char weights; /* 64 times this digit                                                         */
    double test_accuracy, val_loss;
} came_to;

static void add(store *store, store_entry entry, came_to what)
{
    static const store_value none = {"", ""};
    plx_error error = {0};
    run_record record;
    store_run run = {.config = "loss: mse\n",
                     .started = "2026-01-02T03:04:05Z",
                     .value = &none,
                     .record = &record};

    run_record_init(&record);
    record.status = what.status;
    memset(record.weights, what.weights, 64);
    record.value[RECORD_TEST][METRIC_ACCURACY] = what.test_accuracy;
    record.value[RECORD_VALIDATION][METRIC_LOSS] = what.val_loss;
    filled_identity(run.identity, (unsigned)(entry.seed + 1000 * entry.trial +
                                             100000 * entry.phase + 10000000 * strlen(entry.cell)));
    ck_assert_msg(store_add_run(store, &run, &error) &&
                      store_add_entry(store, &entry, run.identity, &error),
                  "%s", error.text);
}

static store_entry final_run(size_t cell, uint64_t seed)
{
    return (store_entry){filled_label[cell], RUN_FINAL, 0, seed};
}

static const came_to usual = {RUN_COMPLETED, '1', 0.5, 2};

typedef struct sides {
    char *folder[2];
    store *a, *b;
} sides;

static sides open_sides(void)
{
    sides made;

    made.a = filled_new(&made.folder[0]);
    made.b = filled_new(&made.folder[1]);
    return made;
}

/* What is different, to be freed; the sides are closed. */
static diff *compare(sides *sides)
{
    plx_error error = {0};
    diff *made = diff_new(sides->a, sides->b, &error);

    ck_assert_msg(made != NULL, "%s", error.text);
    store_close(sides->a);
    store_close(sides->b);
    free(sides->folder[0]);
    free(sides->folder[1]);
    return made;
}

static void expect_text(const diff *diff, const char *expected)
{
    text out = {0};

    ck_assert(diff_text(diff, &out));
    ck_assert_str_eq(out.bytes, expected);
    free(out.bytes);
}

static void expect_json(const diff *diff, const char *expected)
{
    text out = {0};

    ck_assert(diff_json(diff, &out));
    ck_assert_str_eq(out.bytes, expected);
    free(out.bytes);
}

/* ---- what is the same ------------------------------------------------------------------------ */

START_TEST(empty_stores_are_the_same)
{
    sides sides = open_sides();
    diff *diff = compare(&sides);

    ck_assert(diff_is_empty(diff));
    expect_text(diff, "0 runs in both, 0 the same; 0 only in the first, 0 only in the second\n");
    expect_json(diff, "{\"same\":true,\"runs_in_both\":0,\"runs_the_same\":0,\"runs_only_in_a\":0,"
                      "\"runs_only_in_b\":0,\"cells\":[]}\n");
    diff_free(diff);
}
END_TEST

/* In whatever order they were stored; and a figure that is absent from both is no difference. */
START_TEST(the_same_runs_are_no_difference)
{
    sides sides = open_sides();

    for (uint64_t seed = 1; seed <= 3; seed++) {
        add(sides.a, final_run(0, seed), usual);
        add(sides.b, final_run(0, 4 - seed), usual);
    }
    diff *diff = compare(&sides);
    ck_assert(diff_is_empty(diff));
    expect_text(diff, "3 runs in both, 3 the same; 0 only in the first, 0 only in the second\n");
    diff_free(diff);
}
END_TEST

/* ---- what is not ----------------------------------------------------------------------------- */

/* Each makes one run of the second side another. */
static const came_to others[] = {
    {RUN_COMPLETED, '2', 0.5, 2},         {RUN_EARLY_STOPPED, '1', 0.5, 2},
    {RUN_COMPLETED, '1', 0.75, 2},        {RUN_COMPLETED, '1', 0.5, 3},
    {RUN_COMPLETED, '1', (double)NAN, 2}, {RUN_DIVERGED, '1', 0.5, 2},
};

START_TEST(whatever_differs_makes_another_run)
{
    sides sides = open_sides();

    add(sides.a, final_run(0, 1), usual);
    add(sides.a, final_run(0, 2), usual);
    add(sides.b, final_run(0, 1), usual);
    add(sides.b, final_run(0, 2), others[_i]);
    diff *diff = compare(&sides);
    ck_assert(!diff_is_empty(diff));
    ck_assert_uint_eq(diff->both, 2);
    ck_assert_uint_eq(diff->same, 1);
    ck_assert_uint_eq(diff->cell_count, 1);
    ck_assert_str_eq(diff->cell[0].label, "iris sgd");
    ck_assert_uint_eq(diff->cell[0].changed, 1);
    ck_assert_uint_eq(diff->cell[0].failures_before, 0);
    ck_assert_uint_eq(diff->cell[0].failures_after, others[_i].status == RUN_DIVERGED);
    diff_free(diff);
}
END_TEST

START_TEST(a_run_that_one_side_has_alone_is_counted)
{
    sides sides = open_sides();

    add(sides.a, final_run(0, 1), usual);
    add(sides.a, final_run(1, 1), usual);
    add(sides.a, final_run(2, 1), usual);
    add(sides.b, final_run(1, 1), usual);
    add(sides.b, final_run(1, 2), usual);
    diff *diff = compare(&sides);
    ck_assert(!diff_is_empty(diff));
    ck_assert_uint_eq(diff->both, 1);
    ck_assert_uint_eq(diff->same, 1);
    ck_assert_uint_eq(diff->only_a, 2);
    ck_assert_uint_eq(diff->only_b, 1);
    ck_assert_uint_eq(diff->cell_count, 0);
    diff_free(diff);
}
END_TEST

/* Same cell and seed, but another phase or trial. */
START_TEST(phases_and_trials_are_told_apart)
{
    sides sides = open_sides();

    add(sides.a, (store_entry){filled_label[0], RUN_TUNE, 0, 1}, usual);
    add(sides.a, (store_entry){filled_label[0], RUN_UNTUNED, 0, 1}, usual);
    add(sides.b, (store_entry){filled_label[0], RUN_TUNE, 1, 1}, usual);
    add(sides.b, (store_entry){filled_label[0], RUN_FINAL, 0, 1}, usual);
    diff *diff = compare(&sides);
    ck_assert_uint_eq(diff->both, 0);
    ck_assert_uint_eq(diff->only_a, 2);
    ck_assert_uint_eq(diff->only_b, 2);
    diff_free(diff);
}
END_TEST

/* A tuning run that changed is no final run that changed. */
START_TEST(cells_list_final_runs_alone)
{
    sides sides = open_sides();
    const store_entry tune = {filled_label[0], RUN_TUNE, 0, 7};

    add(sides.a, tune, usual);
    add(sides.b, tune, others[0]);
    diff *diff = compare(&sides);
    ck_assert(!diff_is_empty(diff));
    ck_assert_uint_eq(diff->cell_count, 0);
    diff_free(diff);
}
END_TEST

/* ---- figures --------------------------------------------------------------------------------- */

/* One run of each cell: the test accuracy where both have it, else the next that both have, else
 * one that one of them has. */
START_TEST(a_cell_shows_the_first_figure_that_both_have)
{
    const double no = (double)NAN;
    const came_to before[] = {{RUN_COMPLETED, '1', 0.5, 2},
                              {RUN_COMPLETED, '1', 0.5, no},
                              {RUN_COMPLETED, '1', no, 2},
                              {RUN_DIVERGED, '1', 0.5, 2},
                              {RUN_DIVERGED, '1', 0.5, 2}};
    const came_to after[] = {{RUN_COMPLETED, '2', 0.75, 3},
                             {RUN_COMPLETED, '2', no, 3},
                             {RUN_COMPLETED, '2', 0.5, 3},
                             {RUN_COMPLETED, '2', 0.5, 2},
                             {RUN_CRASHED, '2', 0.5, 2}};
    static const struct {
        const char *name;
        double before, after;
    } expected[] = {{"test_accuracy", 0.5, 0.75},
                    {"test_accuracy", 0.5, (double)NAN},
                    {"val_loss", 2, 3},
                    {"test_accuracy", (double)NAN, 0.5},
                    {"test_loss", (double)NAN, (double)NAN}};
    sides sides = open_sides();
    char name[32];

    add(sides.a, final_run(0, 1), before[_i]);
    add(sides.b, final_run(0, 1), after[_i]);
    diff *diff = compare(&sides);
    ck_assert_uint_eq(diff->cell_count, 1);
    const diff_cell *cell = &diff->cell[0];
    ck_assert_str_eq(spec_metric_name(cell->figure, name), expected[_i].name);
    ck_assert(cell->before == expected[_i].before ||
              (isnan(cell->before) && isnan(expected[_i].before)));
    ck_assert(cell->after == expected[_i].after ||
              (isnan(cell->after) && isnan(expected[_i].after)));
    diff_free(diff);
}
END_TEST

/* Means over what both have: the failed run counts on the side where it did not fail. */
START_TEST(cells_are_listed_by_the_size_of_the_change)
{
    sides sides = open_sides();
    const came_to better = {RUN_COMPLETED, '2', 0.75, 2}, failed = {RUN_DIVERGED, '1', 0.5, 2},
                  slightly = {RUN_COMPLETED, '2', 0.625, 2}, high = {RUN_COMPLETED, '1', 1, 2};

    for (size_t cell = 0; cell < 3; cell++)
        add(sides.a, final_run(cell, 1), usual);
    add(sides.a, final_run(1, 2), high);
    add(sides.a, final_run(1, 3), high); /* the second side has no such run */
    add(sides.b, final_run(0, 1), slightly);
    add(sides.b, final_run(1, 1), usual);
    add(sides.b, final_run(1, 2), failed);
    add(sides.b, final_run(2, 1), better);
    diff *diff = compare(&sides);
    expect_text(
        diff, "4 runs in both, 1 the same; 1 only in the first, 0 only in the second\n\n"
              "cell        mean of             before       after      change     runs  failures\n"
              "digits sgd  test_accuracy          0.5        0.75       +0.25        1  0 -> 0\n"
              "iris adam   test_accuracy         0.75         0.5       -0.25        1  0 -> 1\n"
              "iris sgd    test_accuracy          0.5       0.625      +0.125        1  0 -> 0\n");
    expect_json(
        diff, "{\"same\":false,\"runs_in_both\":4,\"runs_the_same\":1,\"runs_only_in_a\":1,"
              "\"runs_only_in_b\":0,\"cells\":["
              "{\"cell\":\"digits sgd\",\"figure\":\"test_accuracy\",\"before\":0.5,\"after\":0.75,"
              "\"changed\":1,\"failures_before\":0,\"failures_after\":0},"
              "{\"cell\":\"iris adam\",\"figure\":\"test_accuracy\",\"before\":0.75,\"after\":0.5,"
              "\"changed\":1,\"failures_before\":0,\"failures_after\":1},"
              "{\"cell\":\"iris sgd\",\"figure\":\"test_accuracy\",\"before\":0.5,\"after\":0.625,"
              "\"changed\":1,\"failures_before\":0,\"failures_after\":0}]}\n");
    diff_free(diff);
}
END_TEST

/* One that has no figure anymore has changed the most. */
START_TEST(a_cell_that_has_failed_altogether_comes_first)
{
    sides sides = open_sides();
    const came_to failed = {RUN_CRASHED, '1', (double)NAN, (double)NAN};

    add(sides.a, final_run(0, 1), usual);
    add(sides.a, final_run(1, 1), usual);
    add(sides.b, final_run(0, 1), others[2]);
    add(sides.b, final_run(1, 1), failed);
    diff *diff = compare(&sides);
    expect_text(diff,
                "2 runs in both, 0 the same; 0 only in the first, 0 only in the second\n\n"
                "cell       mean of             before       after      change     runs  failures\n"
                "iris adam  test_accuracy          0.5           -           -        1  0 -> 1\n"
                "iris sgd   test_accuracy          0.5        0.75       +0.25        1  0 -> 0\n");
    diff_free(diff);
}
END_TEST

/* ---- many ------------------------------------------------------------------------------------ */

enum { MANY = 45, SEEDS = 223 }; /* 10,035 runs a side                                           */

static bool next_of_many(void *context, store_cell *cell)
{
    static const char *const value = "sgd";
    static char label[32];
    int *next = context;

    if (*next == MANY)
        return false;
    snprintf(label, sizeof(label), "cell %02d", (*next)++);
    *cell = (store_cell){label, "iris", &value, NULL};
    return true;
}

static void fill_many(store *store, char weights, double accuracy)
{
    plx_error error = {0};
    int next = 0;

    ck_assert(store_set_cells(store, next_of_many, &next, &error));
    ck_assert(store_begin(store, &error));
    for (uint64_t i = 0; i < MANY * SEEDS; i++) {
        char label[32];
        run_record record;
        store_run run = {.config = "", .started = "", .record = &record};
        snprintf(label, sizeof(label), "cell %02d", (int)(i / SEEDS));
        const store_entry entry = {label, RUN_FINAL, 0, i % SEEDS};
        run_record_init(&record);
        memset(record.weights, weights, 64);
        record.value[RECORD_TEST][METRIC_ACCURACY] = accuracy;
        filled_identity(run.identity, (unsigned)i);
        ck_assert(store_add_run(store, &run, &error));
        ck_assert(store_add_entry(store, &entry, run.identity, &error));
    }
    ck_assert(store_commit(store, &error));
}

START_TEST(of_many_cells_forty_are_shown)
{
    sides sides = open_sides();
    text out = {0};
    size_t lines = 0;

    fill_many(sides.a, '1', 0.5);
    fill_many(sides.b, '2', 0.75);
    diff *diff = compare(&sides);
    ck_assert_uint_eq(diff->both, MANY * SEEDS);
    ck_assert_uint_eq(diff->cell_count, MANY);
    ck_assert_uint_eq(diff->cell[MANY - 1].changed, SEEDS);
    ck_assert(diff_text(diff, &out));
    for (const char *at = out.bytes; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(lines, 3 + 40 + 1);
    ck_assert_ptr_nonnull(strstr(out.bytes, "\n... and 5 more cells\n"));
    ck_assert_ptr_nonnull(strstr(out.bytes, "\ncell 39 "));
    ck_assert_ptr_null(strstr(out.bytes, "cell 40"));
    free(out.bytes);
    diff_free(diff);
}
END_TEST

/* ---- failures -------------------------------------------------------------------------------- */

START_TEST(a_store_that_cannot_be_read_is_an_error)
{
    sides sides = open_sides();
    plx_error error = {0};

    add(sides.a, final_run(0, 1), usual);
    filled_exec(sides.folder[_i], "DROP TABLE entries");
    ck_assert_ptr_null(diff_new(sides.a, sides.b, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    store_close(sides.a);
    store_close(sides.b);
    free(sides.folder[0]);
    free(sides.folder[1]);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/diff");
    TCase *t = tcase_create("diff");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, empty_stores_are_the_same);
    tcase_add_test(t, the_same_runs_are_no_difference);
    tcase_add_loop_test(t, whatever_differs_makes_another_run, 0,
                        sizeof(others) / sizeof(others[0]));
    tcase_add_test(t, a_run_that_one_side_has_alone_is_counted);
    tcase_add_test(t, phases_and_trials_are_told_apart);
    tcase_add_test(t, cells_list_final_runs_alone);
    tcase_add_loop_test(t, a_cell_shows_the_first_figure_that_both_have, 0, 5);
    tcase_add_test(t, cells_are_listed_by_the_size_of_the_change);
    tcase_add_test(t, a_cell_that_has_failed_altogether_comes_first);
    tcase_add_test(t, of_many_cells_forty_are_shown);
    tcase_add_loop_test(t, a_store_that_cannot_be_read_is_an_error, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
