/* test_intervals.c: dots with whiskers: where they lie, and what stands where no number is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/intervals.h"
#include "report/wellformed.h"

static const interval_row rows[] = {
    {.name = "sgd", .value = 0.5, .lo = 0.25, .hi = 1, .colour = 0},
    {.name = "adam", .value = 0.75, .lo = (double)NAN, .hi = (double)NAN, .colour = 3},
    {.name = "lion", .value = -HUGE_VAL, .why = "failures decide", .colour = 1},
};

static char *drawn(void (*draw)(html *, const intervals *), const intervals *intervals)
{
    text t = {.bytes = NULL};
    html page = {.out = &t};

    draw(&page, intervals);
    ck_assert(!t.failed);
    return t.bytes;
}

static void check_count(const intervals *intervals, const char *piece, size_t expected)
{
    char *page = drawn(intervals_picture, intervals);
    const size_t count = wellformed_count(page, piece);

    ck_assert_msg(count == expected, "%zu times %s in %s", count, piece, page);
    free(page);
}

static intervals all_rows(void)
{
    return (intervals){.title = "quality", .label = "IQM", .row = rows, .count = 3};
}

START_TEST(a_dot_lies_within_its_whisker_as_its_number_does)
{
    const intervals one = {.title = "quality", .label = "IQM", .row = rows, .count = 1};
    char *page = drawn(intervals_picture, &one);
    const char *whisker = strstr(page, "class=\"line\""), *dot = strstr(page, "<circle");
    double from, y, to, cx;

    ck_assert(whisker != NULL && dot != NULL);
    ck_assert_int_eq(sscanf(strstr(whisker, " d=\""), " d=\"M%lf %lfH%lf", &from, &y, &to), 3);
    ck_assert_int_eq(sscanf(dot, "<circle cx=\"%lf\"", &cx), 1);
    ck_assert_double_eq_tol((cx - from) / (to - from), (0.5 - 0.25) / (1 - 0.25), 0.002);
    free(page);
}
END_TEST

START_TEST(what_has_no_interval_has_no_whisker)
{
    const intervals all = all_rows();

    check_count(&all, "class=\"line\"", 1);
    check_count(&all, "<circle", 2);
}
END_TEST

START_TEST(what_has_no_number_says_why)
{
    const intervals all = all_rows();

    check_count(&all, ">failures decide</text>", 1);
    check_count(&all, "inf", 0);
    check_count(&all, "nan", 0);
}
END_TEST

START_TEST(without_any_number_there_is_no_axis)
{
    const intervals none = {.title = "quality", .label = "IQM", .row = &rows[2], .count = 1};
    const intervals some = all_rows();

    check_count(&none, "class=\"grid\"", 0);
    check_count(&none, ">IQM</text>", 0);
    check_count(&some, ">IQM</text>", 1);
}
END_TEST

START_TEST(a_mark_is_drawn_and_told)
{
    intervals all = all_rows();

    check_count(&all, "stroke-dasharray=\"4 3\"", 0);
    all.mark_label = "no difference";
    check_count(&all, "stroke-dasharray=\"4 3\"", 1);
    char *page = drawn(intervals_figure, &all);
    ck_assert_ptr_nonnull(strstr(page, "<span>no difference</span>"));
    free(page);
}
END_TEST

START_TEST(numbers_are_in_the_table)
{
    const intervals all = all_rows();
    char *page = drawn(intervals_table, &all);

    ck_assert_ptr_nonnull(strstr(page, "<th scope=\"row\">sgd</th><td class=\"n\">0.5</td>"
                                       "<td class=\"n\">0.25</td><td class=\"n\">1</td>"));
    free(page);
}
END_TEST

START_TEST(a_figure_is_well_formed_whatever_it_is_called)
{
    static const char hostile[] = "\"><script>&' a name that is longer than there is room for";
    const interval_row row = {.name = hostile, .value = (double)NAN, .why = hostile};
    const intervals one = {
        .title = hostile, .label = hostile, .row = &row, .count = 1, .mark_label = hostile};
    text t = {.bytes = NULL};
    html page;

    html_open(&page, &t, hostile);
    intervals_figure(&page, &one);
    intervals_figure(&page, &one); /* twice, for the ids */
    html_close(&page);
    wellformed_check(t.bytes);
    free(t.bytes);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: intervals");
    TCase *tests = tcase_create("intervals");

    tcase_add_test(tests, a_dot_lies_within_its_whisker_as_its_number_does);
    tcase_add_test(tests, what_has_no_interval_has_no_whisker);
    tcase_add_test(tests, what_has_no_number_says_why);
    tcase_add_test(tests, without_any_number_there_is_no_axis);
    tcase_add_test(tests, a_mark_is_drawn_and_told);
    tcase_add_test(tests, numbers_are_in_the_table);
    tcase_add_test(tests, a_figure_is_well_formed_whatever_it_is_called);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
