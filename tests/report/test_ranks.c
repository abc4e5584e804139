/* test_ranks.c: critical-difference diagrams, with the ranks of Demsar's example (2006): four
 * classifiers over fourteen data sets, CD 1.254. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/ranks.h"
#include "report/wellformed.h"

static const char *const names[] = {"C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"};
static const double mean_ranks[] = {3.143, 2.000, 2.893, 1.964};
static const size_t order[] = {3, 1, 2, 0};
static const size_t groups[][2] = {{0, 2}, {1, 3}, {3, 3}};

static ranks demsar(void)
{
    return (ranks){.title = "ranks",
                   .name = names,
                   .mean_rank = mean_ranks,
                   .order = order,
                   .count = 4,
                   .group = groups,
                   .group_count = 3,
                   .critical_difference = 1.254};
}

static char *drawn(void (*draw)(html *, const ranks *), const ranks *ranks)
{
    text t = {.bytes = NULL};
    html page = {.out = &t};

    draw(&page, ranks);
    ck_assert(!t.failed);
    return t.bytes == NULL ? calloc(1, 1) : t.bytes;
}

/* Where the first path after `from` that is drawn with `style` begins and ends. */
static const char *read_line(const char *from, const char *style, double *x0, double *x1)
{
    double y;
    const char *line = strstr(from, style);

    ck_assert_ptr_nonnull(line);
    const char *path = strstr(line, " d=\"");
    const char *h = strchr(path, 'H');
    ck_assert_int_eq(sscanf(strchr(path, 'M'), "M%lf %lf", x0, &y), 2);
    ck_assert_int_eq(sscanf(h, "H%lf", x1), 1);
    return h;
}

START_TEST(the_ruler_is_as_long_as_the_critical_difference)
{
    const ranks four = demsar();
    char *page = drawn(ranks_picture, &four);
    double axis_0, axis_1, ruler_0, ruler_1;

    read_line(page, "class=\"edge\"", &axis_0, &axis_1);
    read_line(page, "stroke-width:1.5", &ruler_0, &ruler_1);
    ck_assert_double_eq_tol((ruler_1 - ruler_0) / (axis_1 - axis_0), 1.254 / 3, 0.002);
    free(page);
}
END_TEST

START_TEST(a_bar_joins_what_is_not_told_apart)
{
    const ranks four = demsar();
    char *page = drawn(ranks_picture, &four);
    double axis_0, axis_1, bar_0, bar_1;

    ck_assert_uint_eq(wellformed_count(page, "stroke-width:4"), 2); /* none for a single one */
    read_line(page, "class=\"edge\"", &axis_0, &axis_1);
    const double unit = (axis_1 - axis_0) / 3;
    const char *next = read_line(page, "stroke-width:4", &bar_0, &bar_1);
    ck_assert_double_eq_tol((bar_1 - bar_0 - 6) / unit, 2.893 - 1.964, 0.005);
    read_line(next, "stroke-width:4", &bar_0, &bar_1);
    ck_assert_double_eq_tol((bar_1 - bar_0 - 6) / unit, 3.143 - 2.000, 0.005);
    free(page);
}
END_TEST

START_TEST(the_better_half_stands_on_the_left)
{
    const ranks four = demsar();
    char *page = drawn(ranks_picture, &four);

    ck_assert_ptr_nonnull(strstr(page, "text-anchor=\"end\">C4.5+m+cf</text>"));
    ck_assert_ptr_nonnull(strstr(page, "text-anchor=\"end\">C4.5+m</text>"));
    ck_assert_ptr_nonnull(strstr(page, "text-anchor=\"start\">C4.5+cf</text>"));
    ck_assert_ptr_nonnull(strstr(page, "text-anchor=\"start\">C4.5</text>"));
    free(page);
}
END_TEST

START_TEST(the_table_begins_with_the_best)
{
    const ranks four = demsar();
    char *page = drawn(ranks_table, &four);

    ck_assert_ptr_nonnull(strstr(page, "<tbody>\n<tr><th scope=\"row\">C4.5+m+cf</th>"
                                       "<td class=\"n\">1.964</td><td>1</td></tr>\n"
                                       "<tr><th scope=\"row\">C4.5+m</th>"
                                       "<td class=\"n\">2</td><td>1, 2</td></tr>"));
    free(page);
}
END_TEST

START_TEST(nothing_is_drawn_of_one)
{
    ranks one = demsar();

    one.count = 1;
    char *page = drawn(ranks_picture, &one);
    ck_assert_str_eq(page, "");
    free(page);
}
END_TEST

START_TEST(a_difference_that_is_no_number_has_no_ruler)
{
    ranks four = demsar();

    four.critical_difference = (double)NAN;
    char *page = drawn(ranks_picture, &four);
    ck_assert_uint_eq(wellformed_count(page, "stroke-width:1.5"), 0);
    ck_assert_uint_eq(wellformed_count(page, "\"nan"), 0);
    free(page);
}
END_TEST

START_TEST(a_figure_is_well_formed_whatever_it_is_called)
{
    static const char hostile[] = "\"><script>&' a name that is longer than there is room for";
    static const char *const hostiles[] = {hostile, hostile, hostile, hostile};
    ranks four = demsar();
    text t = {.bytes = NULL};
    html page;

    four.title = hostile;
    four.name = hostiles;
    html_open(&page, &t, hostile);
    ranks_figure(&page, &four);
    ranks_figure(&page, &four); /* twice, for the ids */
    html_close(&page);
    wellformed_check(t.bytes);
    free(t.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: ranks");
    TCase *tests = tcase_create("ranks");

    tcase_add_test(tests, the_ruler_is_as_long_as_the_critical_difference);
    tcase_add_test(tests, a_bar_joins_what_is_not_told_apart);
    tcase_add_test(tests, the_better_half_stands_on_the_left);
    tcase_add_test(tests, the_table_begins_with_the_best);
    tcase_add_test(tests, nothing_is_drawn_of_one);
    tcase_add_test(tests, a_difference_that_is_no_number_has_no_ruler);
    tcase_add_test(tests, a_figure_is_well_formed_whatever_it_is_called);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
