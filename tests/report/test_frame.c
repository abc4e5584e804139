/* test_frame.c: axes: where ticks stand, what they are called, where values lie. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/frame.h"

/* The texts of an axis' ticks, parted by spaces. */
static const char *ticks_of(double lo, double hi, bool log, size_t about)
{
    static char line[256];
    const frame_axis axis = {.log = log, .lo = lo, .hi = hi};
    double ticks[FRAME_TICKS];
    const size_t count = frame_ticks(&axis, about, ticks);

    line[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char buffer[32];
        if (i > 0)
            strcat(line, " ");
        strcat(line, frame_tick_text(buffer, &axis, ticks, count, i));
    }
    return line;
}

START_TEST(linear_ticks_are_round)
{
    ck_assert_str_eq(ticks_of(0, 1, false, 5), "0 0.2 0.4 0.6 0.8 1");
    ck_assert_str_eq(ticks_of(-4, 4, false, 5), "-4 -2 0 2 4");
    ck_assert_str_eq(ticks_of(-0.07, 0.23, false, 6), "-0.05 0 0.05 0.1 0.15 0.2");
    ck_assert_str_eq(ticks_of(0, 2.5e6, false, 5), "0 5e5 1e6 1.5e6 2e6 2.5e6");
}
END_TEST

START_TEST(ticks_that_lie_close_have_digits_enough)
{
    ck_assert_str_eq(ticks_of(1000, 1000.4, false, 4), "1000 1000.1 1000.2 1000.3 1000.4");
    ck_assert_str_eq(ticks_of(0.4999, 0.5001, false, 4), "0.4999 0.49995 0.5 0.50005 0.5001");
}
END_TEST

START_TEST(logarithmic_ticks_are_powers_of_ten)
{
    ck_assert_str_eq(ticks_of(1e-4, 1, true, 8), "1e-4 0.001 0.01 0.1 1");
    ck_assert_str_eq(ticks_of(1e-12, 1, true, 6), "1e-12 1e-10 1e-8 1e-6 1e-4 0.01 1");
    ck_assert_str_eq(ticks_of(3e-7, 40, true, 5), "1e-6 1e-4 0.01 1");
}
END_TEST

START_TEST(short_logarithmic_axes_have_finer_ticks)
{
    ck_assert_str_eq(ticks_of(1, 10, true, 6), "1 2 5 10");
    ck_assert_str_eq(ticks_of(0.3, 9, true, 6), "0.5 1 2 5");
    ck_assert_str_eq(ticks_of(2.2, 4.1, true, 4), "2.5 3 3.5 4");
}
END_TEST

static frame_axis settled(bool log, const double *values, size_t count, bool room)
{
    frame_axis axis = {.log = log, .lo = HUGE_VAL, .hi = -HUGE_VAL};

    for (size_t i = 0; i < count; i++)
        frame_axis_take(&axis, values[i]);
    frame_axis_settle(&axis, room);
    return axis;
}

START_TEST(what_cannot_be_shown_does_not_stretch_an_axis)
{
    const double values[] = {(double)NAN, 2, HUGE_VAL, -HUGE_VAL, 5};
    const double positive[] = {0, -3, 0.01, 10, (double)NAN};
    const frame_axis plain = settled(false, values, 5, false);
    const frame_axis log = settled(true, positive, 5, false);

    ck_assert_double_eq(plain.lo, 2);
    ck_assert_double_eq(plain.hi, 5);
    ck_assert_double_eq_tol(log.lo, 0.01, 1e-12);
    ck_assert_double_eq_tol(log.hi, 10, 1e-9);
}
END_TEST

START_TEST(an_axis_always_has_an_extent)
{
    const double same[] = {3, 3}, zero[] = {0}, wide[] = {-1.7e308, 1.7e308}, tiny[] = {5e-324};

    for (int log = 0; log < 2; log++) {
        const frame_axis axes[] = {settled(log, NULL, 0, true), settled(log, same, 2, true),
                                   settled(log, zero, 1, true), settled(log, wide, 2, true),
                                   settled(log, tiny, 1, true)};
        for (size_t i = 0; i < sizeof(axes) / sizeof(axes[0]); i++) {
            double ticks[FRAME_TICKS];
            ck_assert_double_lt(axes[i].lo, axes[i].hi);
            ck_assert(isfinite(axes[i].lo) && isfinite(axes[i].hi));
            ck_assert_uint_ge(frame_ticks(&axes[i], 5, ticks), 2);
        }
    }
}
END_TEST

static frame sample_frame(bool log)
{
    return (frame){.left = 40,
                   .right = 240,
                   .top = 10,
                   .bottom = 110,
                   .x = {.log = log, .lo = 0.01, .hi = 100},
                   .y = {.log = log, .lo = 0.01, .hi = 100}};
}

START_TEST(values_lie_where_the_axis_says)
{
    const frame linear = sample_frame(false), log = sample_frame(true);

    ck_assert_double_eq_tol(frame_x(&log, 1), 140, 1e-9);
    ck_assert_double_eq_tol(frame_y(&log, 1), 60, 1e-9);
    ck_assert_double_eq_tol(frame_y(&log, 100), 10, 1e-9);
    ck_assert_double_eq_tol(frame_x(&linear, 0.01), 40, 1e-9);
    ck_assert_double_eq_tol(frame_x(&linear, 50.005), 140, 1e-9);
}
END_TEST

START_TEST(no_value_leads_out_of_what_a_picture_can_say)
{
    const double values[] = {(double)NAN, HUGE_VAL, -HUGE_VAL, 1e308, -1e308, 0, -1};
    const frame frames[] = {sample_frame(false), sample_frame(true)};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        for (size_t k = 0; k < 2; k++) {
            ck_assert_double_le(fabs(frame_x(&frames[k], values[i])), 1e5);
            ck_assert_double_le(fabs(frame_y(&frames[k], values[i])), 1e5);
        }
}
END_TEST

START_TEST(on_a_logarithmic_axis_zero_lies_at_the_low_end)
{
    const frame f = sample_frame(true);

    ck_assert_double_eq(frame_y(&f, 0), 110);
    ck_assert_double_eq(frame_y(&f, -5), 110);
}
END_TEST

START_TEST(no_two_of_many_lines_look_alike)
{
    enum { LINES = 4 * FRAME_COLOURS };

    for (size_t i = 0; i < LINES; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert(i % FRAME_COLOURS != k % FRAME_COLOURS ||
                      strcmp(frame_dashes(i), frame_dashes(k)) != 0);
    ck_assert_str_eq(frame_dashes(0), "none");
}
END_TEST

static void check_text(const char *string, double room, const char *expected)
{
    text t = {.bytes = NULL};
    html page = {.out = &t};

    frame_text(&page, 1, 2, "end", "soft", string, room);
    ck_assert_str_eq(t.bytes, expected);
    free(t.bytes);
}

START_TEST(a_text_that_is_too_long_is_cut_between_characters)
{
    check_text("a<b", 100,
               "<text x=\"1.0\" y=\"2.0\" text-anchor=\"end\" class=\"soft\">"
               "a&lt;b</text>\n");
    check_text("ab<cdefgh", 40,
               "<text x=\"1.0\" y=\"2.0\" text-anchor=\"end\" class=\"soft\">"
               "ab&lt;\xE2\x80\xA6<title>ab&lt;cdefgh</title></text>\n");
    check_text("\xC3\xA9\xC3\xA9\xC3\xA9", 35,
               "<text x=\"1.0\" y=\"2.0\" text-anchor=\"end\" class=\"soft\">"
               "\xC3\xA9\xE2\x80\xA6<title>\xC3\xA9\xC3\xA9\xC3\xA9</title></text>\n");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: frame");
    TCase *tests = tcase_create("frame");

    tcase_add_test(tests, linear_ticks_are_round);
    tcase_add_test(tests, ticks_that_lie_close_have_digits_enough);
    tcase_add_test(tests, logarithmic_ticks_are_powers_of_ten);
    tcase_add_test(tests, short_logarithmic_axes_have_finer_ticks);
    tcase_add_test(tests, what_cannot_be_shown_does_not_stretch_an_axis);
    tcase_add_test(tests, an_axis_always_has_an_extent);
    tcase_add_test(tests, values_lie_where_the_axis_says);
    tcase_add_test(tests, no_value_leads_out_of_what_a_picture_can_say);
    tcase_add_test(tests, on_a_logarithmic_axis_zero_lies_at_the_low_end);
    tcase_add_test(tests, no_two_of_many_lines_look_alike);
    tcase_add_test(tests, a_text_that_is_too_long_is_cut_between_characters);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
