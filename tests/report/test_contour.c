/* test_contour.c: contours: where they run, at which levels, and the paths over them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/contour.h"
#include "report/wellformed.h"

enum { SIDE = 41 };

static double bowl[SIDE * SIDE];

/* x^2 + y^2 on [-2, 2]^2. */
static contour bowl_contour(void)
{
    for (int r = 0; r < SIDE; r++)
        for (int c = 0; c < SIDE; c++) {
            const double px = -2 + 4.0 * c / (SIDE - 1), py = -2 + 4.0 * r / (SIDE - 1);
            bowl[r * SIDE + c] = px * px + py * py;
        }
    return (contour){.title = "a bowl",
                     .x_label = "x",
                     .y_label = "y",
                     .lo = {-2, -2},
                     .hi = {2, 2},
                     .field = bowl,
                     .columns = SIDE,
                     .rows = SIDE};
}

static char *picture(const contour *contour)
{
    text t = {.bytes = NULL};
    html page = {.out = &t};

    contour_picture(&page, contour);
    ck_assert(!t.failed);
    return t.bytes;
}

START_TEST(levels_rise_evenly_in_the_logarithm)
{
    contour contour = bowl_contour();
    double levels[CONTOUR_LEVELS];

    contour.base = 0;
    contour.levels = 10;
    ck_assert_uint_eq(contour_levels(&contour, levels), 10);
    for (size_t i = 2; i < 10; i++)
        ck_assert_double_eq_tol(log(levels[i] / levels[i - 1]), log(levels[1] / levels[0]), 1e-9);
    ck_assert_double_gt(levels[0], 0.01); /* the least value beside the minimum */
    ck_assert_double_lt(levels[9], 8);    /* the largest */
}
END_TEST

START_TEST(a_constant_field_has_no_levels)
{
    static const double flat[4] = {3, 3, 3, 3};
    const contour contour = {.field = flat, .columns = 2, .rows = 2, .base = 3};
    const struct contour above = {.field = flat, .columns = 2, .rows = 2, .base = 1};
    double levels[CONTOUR_LEVELS];

    ck_assert_uint_eq(contour_levels(&contour, levels), 0);
    ck_assert_uint_eq(contour_levels(&above, levels), 0);
}
END_TEST

/* The corners of the first contour, in units of the picture; returns how many. */
static size_t read_contour(const char *page, double px[], double py[], size_t room)
{
    const char *at = strstr(page, "stroke-width=\"1.2\" d=\"M");
    size_t count = 1;
    int used = 0;

    ck_assert_ptr_nonnull(at);
    at = strchr(at, 'M') + 1;
    ck_assert_int_eq(sscanf(at, "%lf %lfl%n", &px[0], &py[0], &used), 2);
    at += used;
    for (double dx, dy; count < room && sscanf(at, "%lf %lf%n", &dx, &dy, &used) == 2; count++) {
        px[count] = px[count - 1] + dx;
        py[count] = py[count - 1] + dy;
        at += used;
    }
    return count;
}

START_TEST(the_contours_of_a_bowl_are_round)
{
    enum { ROOM = 1000 };
    contour contour = bowl_contour();
    double levels[CONTOUR_LEVELS], px[ROOM], py[ROOM];

    contour.levels = 1;
    contour_levels(&contour, levels);
    char *page = picture(&contour);
    const size_t count = read_contour(page, px, py, ROOM);

    ck_assert_uint_gt(count, 20);
    /* the width of the rectangle is that of 4 units of x */
    const char *clip = strstr(page, "<clipPath");
    double left, top, width, height;
    ck_assert_int_eq(sscanf(strstr(clip, "<rect"),
                            "<rect x=\"%lf\" y=\"%lf\" width=\"%lf\" height=\"%lf\"", &left, &top,
                            &width, &height),
                     4);
    for (size_t i = 0; i < count; i++) {
        const double dx = (px[i] - left - width / 2) / width * 4;
        const double dy = (py[i] - top - height / 2) / height * 4;
        ck_assert_double_eq_tol(hypot(dx, dy), sqrt(levels[0]), 0.02);
    }
    free(page);
}
END_TEST

/* How many closed lines the next level has; *page moves on past it. */
static size_t lines_of_level(const char **page)
{
    const char *path = strstr(*page, "fill-rule=\"evenodd\" d=\"");

    ck_assert_ptr_nonnull(path);
    *page = strchr(path, '/');
    char *own = strndup(path, (size_t)(*page - path));
    const size_t count = wellformed_count(own, "z");
    free(own);
    return count;
}

START_TEST(what_leaves_the_picture_closes_along_its_edge)
{
    /* a plane that rises to the right: its only contour cuts the picture in two */
    static const double slope[9] = {1, 2, 3, 1, 2, 3, 1, 2, 3};
    const contour contour = {.title = "a slope",
                             .x_label = "x",
                             .y_label = "y",
                             .hi = {1, 1},
                             .field = slope,
                             .columns = 3,
                             .rows = 3,
                             .levels = 1,
                             .filled = true};
    char *page = picture(&contour);
    const char *at = page;

    ck_assert_uint_eq(lines_of_level(&at), 1);
    free(page);
}
END_TEST

START_TEST(a_saddle_is_told_apart_by_its_middle)
{
    /* roots 3 and 2 at opposite corners: below 2.5 the high ones are one area, above it two */
    static const double field[4] = {9, 4, 4, 9};
    const contour contour = {.title = "a saddle",
                             .x_label = "x",
                             .y_label = "y",
                             .hi = {1, 1},
                             .field = field,
                             .columns = 2,
                             .rows = 2,
                             .levels = 2,
                             .filled = true};
    double levels[CONTOUR_LEVELS];
    char *page = picture(&contour);
    const char *at = page;

    contour_levels(&contour, levels);
    ck_assert_double_lt(sqrt(levels[0]), 2.5);
    ck_assert_double_gt(sqrt(levels[1]), 2.5);
    ck_assert_uint_eq(lines_of_level(&at), 1);
    ck_assert_uint_eq(lines_of_level(&at), 2);
    free(page);
}
END_TEST

START_TEST(lines_end_at_the_edge_where_they_are_not_filled)
{
    static const double slope[9] = {1, 2, 3, 1, 2, 3, 1, 2, 3};
    const contour contour = {.title = "a slope",
                             .x_label = "x",
                             .y_label = "y",
                             .hi = {1, 1},
                             .field = slope,
                             .columns = 3,
                             .rows = 3,
                             .levels = 1};
    char *page = picture(&contour);
    double px[16], py[16];
    const size_t count = read_contour(page, px, py, 16);

    for (size_t i = 1; i < count; i++)
        ck_assert_double_eq_tol(px[i], px[0], 0.15);
    free(page);
}
END_TEST

START_TEST(a_field_with_holes_is_drawn)
{
    contour contour = bowl_contour();

    bowl[0] = (double)NAN;
    bowl[SIDE * SIDE / 2 + 3] = HUGE_VAL;
    bowl[SIDE + 1] = -HUGE_VAL;
    char *page = picture(&contour);
    ck_assert_uint_eq(wellformed_count(page, "nan"), 0);
    ck_assert_uint_eq(wellformed_count(page, "inf"), 0);
    free(page);
}
END_TEST

START_TEST(viridis_runs_from_dark_to_light)
{
    ck_assert_uint_eq(contour_colour(0), 0x440154);
    ck_assert_uint_eq(contour_colour(1), 0xfde725);
    ck_assert_uint_eq(contour_colour(-3), 0x440154);
    ck_assert_uint_eq(contour_colour(7), 0xfde725);
    ck_assert_uint_eq(contour_colour((double)NAN), 0x440154);
    ck_assert_uint_eq(contour_colour(1.0 / 3), 0x31688e);
}
END_TEST

static const double path_x[] = {-1, 0, 1, (double)NAN, 5};
static const double path_y[] = {-1, 0.5, 1, 2, 5};

START_TEST(a_path_ends_before_what_is_not_finite)
{
    const contour_path path = {"adam", path_x, path_y, 5};
    contour contour = bowl_contour();
    text t = {.bytes = NULL};
    html page = {.out = &t};

    contour.paths = &path;
    contour.path_count = 1;
    contour_table(&page, &contour);
    ck_assert_ptr_nonnull(strstr(t.bytes, "<td class=\"n\">3</td><td>(-1, -1)</td><td>(1, 1)</td>"
                                          "<td class=\"n\">2</td>"));
    free(t.bytes);
}
END_TEST

START_TEST(start_end_and_minimum_are_marked)
{
    static const double minimum[2] = {0, 0};
    const contour_path path = {"adam", path_x, path_y, 5};
    contour contour = bowl_contour();

    contour.paths = &path;
    contour.path_count = 1;
    contour.minimum = minimum;
    char *page = picture(&contour);
    ck_assert_uint_eq(wellformed_count(page, "<circle"), 2);
    ck_assert_uint_eq(wellformed_count(page, "l10 10m0 -10l-10 10"), 2);
    free(page);
}
END_TEST

START_TEST(a_figure_is_well_formed_whatever_it_is_called)
{
    static const char hostile[] = "\"><script>&'";
    static const double nowhere[] = {(double)NAN, HUGE_VAL};
    const contour_path paths[] = {{hostile, path_x, path_y, 5}, {hostile, nowhere, nowhere, 2}};
    contour contour = bowl_contour();
    text t = {.bytes = NULL};
    html page;

    contour.title = contour.x_label = contour.y_label = hostile;
    contour.paths = paths;
    contour.path_count = 2;
    contour.filled = true;
    html_open(&page, &t, hostile);
    contour_figure(&page, &contour);
    contour_figure(&page, &contour);
    html_close(&page);
    wellformed_check(t.bytes);
    free(t.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: contour");
    TCase *tests = tcase_create("contour");

    tcase_add_test(tests, levels_rise_evenly_in_the_logarithm);
    tcase_add_test(tests, a_constant_field_has_no_levels);
    tcase_add_test(tests, the_contours_of_a_bowl_are_round);
    tcase_add_test(tests, what_leaves_the_picture_closes_along_its_edge);
    tcase_add_test(tests, lines_end_at_the_edge_where_they_are_not_filled);
    tcase_add_test(tests, a_saddle_is_told_apart_by_its_middle);
    tcase_add_test(tests, a_field_with_holes_is_drawn);
    tcase_add_test(tests, viridis_runs_from_dark_to_light);
    tcase_add_test(tests, a_path_ends_before_what_is_not_finite);
    tcase_add_test(tests, start_end_and_minimum_are_marked);
    tcase_add_test(tests, a_figure_is_well_formed_whatever_it_is_called);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
