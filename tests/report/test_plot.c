/* test_plot.c: line plots: gaps, zones, bands, legends, tables; every string escaped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/plot.h"
#include "report/wellformed.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const double x[] = {1e-3, 1e-2, 1e-1, 1, 10};
static const double y[] = {1, 0.1, (double)NAN, 0.01, 0.001};
static const double rising[] = {1, 2, 3, 4, 5};

/* The part of a page that one call writes. */
static char *drawn(void (*draw)(html *, const plot *), const plot *plot)
{
    text t = {.bytes = NULL};
    html page = {.out = &t};

    draw(&page, plot);
    ck_assert(!t.failed);
    return t.bytes == NULL ? calloc(1, 1) : t.bytes;
}

static plot plot_of(const plot_series *series, size_t count)
{
    return (plot){.title = "a plot",
                  .x = {.label = "rate", .log = true},
                  .y = {.label = "loss", .log = true},
                  .series = series,
                  .series_count = count};
}

static void check_count(void (*draw)(html *, const plot *), const plot *plot, const char *piece,
                        size_t expected)
{
    char *page = drawn(draw, plot);
    const size_t count = wellformed_count(page, piece);

    ck_assert_msg(count == expected, "%zu times %s in %s", count, piece, page);
    free(page);
}

/* The first line's path of a picture. */
static char *path_of(const plot *plot)
{
    char *page = drawn(plot_picture, plot);
    char *from = strstr(page, "class=\"line\"");

    ck_assert_ptr_nonnull(from);
    from = strstr(from, " d=\"") + 4;
    char *path = strndup(from, strcspn(from, "\""));
    free(page);
    return path;
}

START_TEST(a_line_has_a_gap_where_nothing_is_known)
{
    const plot_series series = {.name = "a", .x = x, .y = y, .count = 5};
    const plot plot = plot_of(&series, 1);
    char *path = path_of(&plot);

    ck_assert_uint_eq(wellformed_count(path, "M"), 2);
    ck_assert_uint_eq(wellformed_count(path, "L"), 2);
    ck_assert_uint_eq(wellformed_count(path, "nan"), 0);
    free(path);
}
END_TEST

START_TEST(a_point_between_gaps_is_a_dot)
{
    static const double alone[] = {1, (double)NAN, 0.1, (double)NAN, 0.01};
    const plot_series series = {.name = "a", .x = x, .y = alone, .count = 5};
    const plot plot = plot_of(&series, 1);

    check_count(plot_picture, &plot, "a3.2 3.2 0 1 0 6.4 0", 3);
}
END_TEST

START_TEST(points_that_would_fall_together_are_drawn_once)
{
    enum { MANY = 20000 };
    double *many = malloc(sizeof(*many) * MANY), *flat = malloc(sizeof(*flat) * MANY);

    ck_assert(many != NULL && flat != NULL);
    for (int i = 0; i < MANY; i++) {
        many[i] = 1 + (double)i / MANY;
        flat[i] = 2;
    }
    const plot_series series = {.name = "a", .x = many, .y = flat, .count = MANY};
    const plot plot = plot_of(&series, 1);
    char *path = path_of(&plot);
    ck_assert_uint_lt(strlen(path), 50000);
    free(path);
    free(many);
    free(flat);
}
END_TEST

START_TEST(lines_differ_by_colour_and_dashes)
{
    const plot_series series[] = {{.name = "a", .x = x, .y = rising, .count = 5},
                                  {.name = "b", .x = x, .y = rising, .count = 5}};
    const plot plot = plot_of(series, 2);

    check_count(plot_picture, &plot, "stroke:var(--c0)\" stroke-dasharray=\"none\"", 1);
    check_count(plot_picture, &plot, "stroke:var(--c1)\" stroke-dasharray=\"7 3\"", 1);
}
END_TEST

START_TEST(a_band_is_there_and_back)
{
    static const double lo[] = {1, 1, (double)NAN, 1, 1}, hi[] = {3, 3, 3, 3, 3};
    const plot_series series = {.name = "a", .x = x, .y = rising, .lo = lo, .hi = hi, .count = 5};
    const plot plot = plot_of(&series, 1);

    check_count(plot_picture, &plot, "fill-opacity=\"0.2\"", 1);
    check_count(plot_picture, &plot, "Z", 2); /* one part on each side of the gap */
    check_count(plot_table, &plot, "<td", 20);
}
END_TEST

START_TEST(a_zone_is_shaded_within_the_axes)
{
    const plot_series series = {.name = "a", .x = x, .y = rising, .count = 5};
    const plot_zone zones[] = {{0.5, HUGE_VAL, "diverged"}, {1e6, 1e7, "outside"}};
    plot plot = plot_of(&series, 1);

    plot.zones = zones;
    plot.zone_count = 2;
    check_count(plot_picture, &plot, "class=\"zone\"", 1);
    check_count(plot_legend, &plot, "diverged", 1);
}
END_TEST

START_TEST(a_value_holds_until_the_next_where_it_steps)
{
    const plot_series series = {.name = "a", .x = x, .y = rising, .count = 5, .steps = true};
    const plot plot = plot_of(&series, 1);
    char *path = path_of(&plot);

    ck_assert_uint_eq(wellformed_count(path, "M"), 1);
    ck_assert_uint_eq(wellformed_count(path, "H"), 4);
    ck_assert_uint_eq(wellformed_count(path, "V"), 4);
    ck_assert_uint_eq(wellformed_count(path, "L"), 0);
    free(path);
}
END_TEST

START_TEST(points_apart_have_no_line)
{
    const plot_series series = {.name = "a", .x = x, .y = rising, .count = 5, .apart = true};
    const plot plot = plot_of(&series, 1);

    check_count(plot_picture, &plot, "class=\"line\"", 0);
    check_count(plot_picture, &plot, "a3.2 3.2 0 1 0 6.4 0", 5);
}
END_TEST

START_TEST(zones_of_one_kind_are_told_once)
{
    const plot_series series = {.name = "a", .x = x, .y = rising, .count = 5};
    const plot_zone zones[] = {{1e-3, 1e-2, "diverged"}, {1, 10, NULL}};
    plot plot = plot_of(&series, 1);

    plot.zones = zones;
    plot.zone_count = 2;
    check_count(plot_picture, &plot, "class=\"zone\"", 2);
    check_count(plot_legend, &plot, "class=\"zone\"", 1);
}
END_TEST

START_TEST(a_single_line_needs_no_legend)
{
    const plot_series series[] = {{.name = "a", .x = x, .y = rising, .count = 5},
                                  {.name = "b", .x = x, .y = rising, .count = 5}};
    const plot one = plot_of(series, 1), two = plot_of(series, 2);

    check_count(plot_legend, &one, "<li>", 0);
    check_count(plot_legend, &two, "<li>", 2);
}
END_TEST

START_TEST(nothing_to_draw_is_said)
{
    static const double nothing[] = {(double)NAN, HUGE_VAL};
    const plot_series series = {.name = "a", .x = x, .y = nothing, .count = 2};
    const plot empty = plot_of(NULL, 0), none = plot_of(&series, 1);

    check_count(plot_picture, &empty, "no data", 1);
    check_count(plot_picture, &none, "no data", 1);
}
END_TEST

START_TEST(lines_over_the_same_points_share_a_table)
{
    static const double other[] = {1, 2, 3, 4, 6};
    const plot_series same[] = {{.name = "a", .x = x, .y = y, .count = 5},
                                {.name = "b", .x = x, .y = rising, .count = 5}};
    const plot_series apart[] = {{.name = "a", .x = x, .y = y, .count = 5},
                                 {.name = "b", .x = other, .y = rising, .count = 5}};
    const plot wide = plot_of(same, 2), tall = plot_of(apart, 2);

    check_count(plot_table, &wide, "<tr>", 1 + 5);
    check_count(plot_table, &wide, "\xE2\x80\x93", 1); /* the gap */
    check_count(plot_table, &tall, "<tr>", 1 + 10);
}
END_TEST

START_TEST(a_long_table_is_thinned)
{
    enum { MANY = 1000 };
    double many[MANY];

    for (int i = 0; i < MANY; i++)
        many[i] = i;
    const plot_series series = {.name = "a", .x = many, .y = many, .count = MANY};
    const plot plot = plot_of(&series, 1);
    check_count(plot_table, &plot, "<tr>", 1 + 200);
}
END_TEST

START_TEST(a_figure_is_well_formed_whatever_it_is_called)
{
    static const char hostile[] = "\"><script>&'";
    const plot_series series[] = {{.name = hostile, .x = x, .y = y, .count = 5, .markers = true},
                                  {.name = hostile, .x = x, .y = rising, .count = 5}};
    const plot_zone zone = {1, 2, hostile};
    plot plot = plot_of(series, 2);
    text t = {.bytes = NULL};
    html page;

    plot.title = plot.x.label = plot.y.label = hostile;
    plot.zones = &zone;
    plot.zone_count = 1;
    html_open(&page, &t, hostile);
    plot_figure(&page, &plot);
    plot_figure(&page, &plot); /* twice, for the ids */
    html_close(&page);
    wellformed_check(t.bytes);
    ck_assert_uint_eq(wellformed_count(t.bytes, "<title id="), 2);
    ck_assert_uint_eq(wellformed_count(t.bytes, "<desc id="), 2);
    ck_assert_uint_eq(wellformed_count(t.bytes, "<details>"), 2);
    free(t.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: plot");
    TCase *tests = tcase_create("plot");

    tcase_add_test(tests, a_line_has_a_gap_where_nothing_is_known);
    tcase_add_test(tests, a_point_between_gaps_is_a_dot);
    tcase_add_test(tests, points_that_would_fall_together_are_drawn_once);
    tcase_add_test(tests, lines_differ_by_colour_and_dashes);
    tcase_add_test(tests, a_band_is_there_and_back);
    tcase_add_test(tests, a_zone_is_shaded_within_the_axes);
    tcase_add_test(tests, a_value_holds_until_the_next_where_it_steps);
    tcase_add_test(tests, points_apart_have_no_line);
    tcase_add_test(tests, zones_of_one_kind_are_told_once);
    tcase_add_test(tests, a_single_line_needs_no_legend);
    tcase_add_test(tests, nothing_to_draw_is_said);
    tcase_add_test(tests, lines_over_the_same_points_share_a_table);
    tcase_add_test(tests, a_long_table_is_thinned);
    tcase_add_test(tests, a_figure_is_well_formed_whatever_it_is_called);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
