/* test_heat.c: heat maps: which colours figures get, what can be read on them, what marks say. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/contour.h"
#include "report/heat.h"
#include "report/wellformed.h"

static const char *const names[] = {"tanh", "relu"};

/* Four cells: a plain one, one with failures, a skipped one, one that failed altogether. */
static const heat_cell cells[] = {
    {.label = "first", .value = 0.5, .runs = 10, .wanted = 10},
    {.label = "second", .value = 0.9, .runs = 10, .wanted = 10, .failures = 2},
    {.label = "third", .value = (double)NAN, .wanted = 10, .skipped = "kl needs a simplex"},
    {.label = "fourth", .value = -HUGE_VAL, .runs = 10, .wanted = 10, .failures = 9},
};

static heat_scale scale_of(const heat_cell *cell, size_t count, bool low_is_better)
{
    heat_scale scale = heat_scale_of("test_accuracy", low_is_better);

    for (size_t i = 0; i < count; i++)
        heat_scale_take(&scale, &cell[i]);
    heat_scale_settle(&scale);
    return scale;
}

static heat heat_of(const heat_cell *cell, const heat_scale *scale)
{
    return (heat){.title = "adam",
                  .row_label = "activation",
                  .column_label = "loss",
                  .row = names,
                  .column = names,
                  .rows = 2,
                  .columns = 2,
                  .cell = cell,
                  .scale = scale};
}

static char *picture(const heat *heat)
{
    text t = {.bytes = NULL};
    html page = {.out = &t};

    heat_picture(&page, heat);
    ck_assert(!t.failed);
    return t.bytes;
}

static char *picture_of_cells(void)
{
    const heat_scale scale = scale_of(cells, 4, false);
    const heat heat = heat_of(cells, &scale);

    return picture(&heat);
}

static void check_piece(char *page, const char *piece, size_t expected)
{
    const size_t count = wellformed_count(page, piece);

    ck_assert_msg(count == expected, "%zu times %s in %s", count, piece, page);
    free(page);
}

static double light(unsigned channel)
{
    const double c = channel / 255.0;

    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(unsigned colour)
{
    return 0.2126 * light(colour >> 16) + 0.7152 * light(colour >> 8 & 255) +
           0.0722 * light(colour & 255);
}

START_TEST(figures_can_be_read_on_every_colour)
{
    for (int i = 0; i <= 1000; i++) {
        const unsigned colour = contour_colour(i / 1000.0);
        const double a = luminance(colour) + 0.05, b = luminance(heat_ink(colour)) + 0.05;
        ck_assert_double_ge(fmax(a, b) / fmin(a, b), 4.5);
    }
    ck_assert_uint_eq(heat_ink(0xffffff), 0x000000);
    ck_assert_uint_eq(heat_ink(0x000000), 0xffffff);
}
END_TEST

START_TEST(better_is_brighter_whichever_way_a_figure_goes)
{
    const heat_scale high = scale_of(cells, 4, false), low = scale_of(cells, 4, true);

    ck_assert_double_eq(heat_share(&high, 0.9), 1);
    ck_assert_double_eq(heat_share(&high, 0.5), 0);
    ck_assert_double_eq_tol(heat_share(&high, 0.6), 0.25, 1e-12);
    ck_assert_double_eq(heat_share(&low, 0.9), 0);
    ck_assert_double_eq(heat_share(&low, 0.5), 1);
}
END_TEST

START_TEST(figures_over_decades_are_coloured_by_their_logarithm)
{
    const heat_cell wide[] = {{.value = 1e-4}, {.value = 1}};
    const heat_cell negative[] = {{.value = -1}, {.value = 1000}};
    const heat_scale scale = scale_of(wide, 2, false);

    ck_assert(scale.log);
    ck_assert_double_eq_tol(heat_share(&scale, 1e-2), 0.5, 1e-12);
    ck_assert(!scale_of(cells, 4, false).log);
    ck_assert(!scale_of(negative, 2, false).log);
}
END_TEST

START_TEST(cells_that_are_all_alike_are_as_good_as_the_best)
{
    const heat_scale scale = scale_of(cells, 1, false);

    ck_assert_double_eq(heat_share(&scale, 0.5), 1);
}
END_TEST

START_TEST(a_cell_holds_its_figure)
{
    check_piece(picture_of_cells(), ">0.9</text>", 1);
}
END_TEST

START_TEST(a_skipped_cell_is_hatched_and_says_why)
{
    check_piece(picture_of_cells(), "<title>third: skipped: kl needs a simplex</title>", 1);
    check_piece(picture_of_cells(), "fill=\"url(#n", 1);
}
END_TEST

START_TEST(failures_are_counted)
{
    check_piece(picture_of_cells(), ">2 failed</text>", 1);
    check_piece(picture_of_cells(), ">9 of 10</text>", 1);
    check_piece(picture_of_cells(), "class=\"failed\"", 1);
}
END_TEST

START_TEST(a_cell_that_came_to_the_same_is_marked)
{
    const heat_cell same[4] = {{.label = "a", .value = 0.25},
                               {.label = "b", .value = 0.25, .same_as = "a"},
                               {.label = "c", .value = 0.5},
                               {.label = "d", .value = (double)NAN, .wanted = 5}};
    const heat_scale scale = scale_of(same, 4, false);
    const heat heat = heat_of(same, &scale);

    check_piece(picture(&heat), ">= 0.25</text>", 1);
    check_piece(picture(&heat), "the same final weights as a</title>", 1);
    check_piece(picture(&heat), ">0/5</text>", 1);
}
END_TEST

static void check_legend(const heat_cell *cell, size_t count, const char *piece, size_t expected)
{
    const heat_scale scale = scale_of(cell, count, false);
    text t = {.bytes = NULL};
    html page = {.out = &t};

    heat_legend(&page, &scale);
    check_piece(t.bytes, piece, expected);
}

START_TEST(the_legend_tells_of_what_there_is)
{
    check_legend(cells, 4, "n failed", 1);
    check_legend(cells, 4, "skipped", 1);
    check_legend(cells, 4, "the same final weights", 0);
    check_legend(cells, 1, "n failed", 0);
    check_legend(cells, 1, "skipped", 0);
    check_legend(cells, 4, "<linearGradient", 1);
    check_legend(cells, 1, "<linearGradient", 0); /* no scale from a figure to itself */
}
END_TEST

START_TEST(a_map_of_failures_is_drawn)
{
    const heat_cell failed[4] = {{.label = "a", .value = HUGE_VAL, .runs = 3, .failures = 3},
                                 {.label = "b", .value = -HUGE_VAL, .runs = 3, .failures = 3},
                                 {.label = "c", .value = (double)NAN},
                                 {.label = "d", .value = (double)NAN}};
    const heat_scale scale = scale_of(failed, 4, false);
    const heat heat = heat_of(failed, &scale);

    check_piece(picture(&heat), "nan", 0);
    check_piece(picture(&heat), "inf", 0);
    check_piece(picture(&heat), ">3 of 3</text>", 2);
}
END_TEST

START_TEST(a_map_of_one_row_has_no_labels_of_rows)
{
    const heat_scale scale = scale_of(cells, 2, false);
    heat one = heat_of(cells, &scale);

    one.rows = 1;
    one.row_label = NULL;
    check_piece(picture(&one), "activation", 0);
}
END_TEST

START_TEST(a_map_is_well_formed_whatever_it_is_called)
{
    static const char hostile[] = "\"><script>&'";
    static const char *const hostiles[] = {hostile, hostile};
    const heat_cell cell[4] = {{.label = hostile, .value = 1, .same_as = hostile},
                               {.label = hostile, .value = 2},
                               {.label = hostile, .skipped = hostile},
                               {.label = hostile, .skipped = hostile}};
    heat_scale scale = scale_of(cell, 4, false);
    heat heat = heat_of(cell, &scale);
    text t = {.bytes = NULL};
    html page;

    scale.name = heat.title = heat.row_label = heat.column_label = hostile;
    heat.row = heat.column = hostiles;
    html_open(&page, &t, hostile);
    heat_legend(&page, &scale);
    heat_figure(&page, &heat);
    heat_figure(&page, &heat); /* twice, for the ids */
    html_close(&page);
    wellformed_check(t.bytes);
    free(t.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: heat");
    TCase *tests = tcase_create("heat");

    tcase_add_test(tests, figures_can_be_read_on_every_colour);
    tcase_add_test(tests, better_is_brighter_whichever_way_a_figure_goes);
    tcase_add_test(tests, figures_over_decades_are_coloured_by_their_logarithm);
    tcase_add_test(tests, cells_that_are_all_alike_are_as_good_as_the_best);
    tcase_add_test(tests, a_cell_holds_its_figure);
    tcase_add_test(tests, a_skipped_cell_is_hatched_and_says_why);
    tcase_add_test(tests, failures_are_counted);
    tcase_add_test(tests, a_cell_that_came_to_the_same_is_marked);
    tcase_add_test(tests, the_legend_tells_of_what_there_is);
    tcase_add_test(tests, a_map_of_failures_is_drawn);
    tcase_add_test(tests, a_map_of_one_row_has_no_labels_of_rows);
    tcase_add_test(tests, a_map_is_well_formed_whatever_it_is_called);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
