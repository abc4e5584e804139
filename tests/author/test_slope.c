/* test_slope.c: slopes by differences: what is accepted, and what is not. */
#include <math.h>

#include "author/slope.h"
#include "harness.h"

static slope_verdict judge(float (*function)(float), float x, double claimed)
{
    float points[SLOPE_SAMPLES];
    double values[SLOPE_SAMPLES];

    slope_points(x, points);
    for (int i = 0; i < SLOPE_SAMPLES; i++)
        values[i] = (double)function(points[i]);
    return slope_judge(points, values, 0, claimed);
}

static float wave(float x)
{
    return sinf(30 * x);
}

static float rectifier(float x)
{
    return x > 0 ? x : 0;
}

/* Values below the last digit of 1 are lost. */
static float rough(float x)
{
    return logf(1 + expf(x));
}

static float steps(float x)
{
    return floorf(x);
}

static float root(float x)
{
    return sqrtf(x);
}

static float bowls(float x)
{
    const float part = x - floorf(x);

    return floorf(x) + part * part;
}

START_TEST(the_slope_of_a_smooth_function_agrees)
{
    for (int i = -40; i <= 40; i++) {
        const float x = (float)i / 4;
        const double y = tanh((double)x);
        ck_assert_msg(judge(tanhf, x, 1 - y * y).agrees, "x = %g", (double)x);
    }
}
END_TEST

START_TEST(a_slope_off_by_a_thousandth_does_not)
{
    const double y = tanh(0.5);

    ck_assert(!judge(tanhf, 0.5f, 1.001 * (1 - y * y)).agrees);
    ck_assert(!judge(tanhf, 0.5f, 0.999 * (1 - y * y)).agrees);
}
END_TEST

START_TEST(a_wave_is_followed_far_from_zero)
{
    for (int i = 0; i < 40; i++) {
        const float x = 20 + (float)i / 4;
        const double phase = (double)(30 * x);
        ck_assert_msg(judge(wave, x, 30 * cos(phase)).agrees, "x = %g", (double)x);
        ck_assert_msg(!judge(wave, x, 30 * cos(phase) + 3).agrees, "x = %g", (double)x);
    }
}
END_TEST

START_TEST(at_a_kink_any_slope_between_agrees)
{
    ck_assert(judge(rectifier, 0, 0).agrees);
    ck_assert(judge(rectifier, 0, 0.5).agrees);
    ck_assert(judge(rectifier, 0, 1).agrees);
    ck_assert(judge(rectifier, 0, 1).kink);
    ck_assert(!judge(rectifier, 0, 1.1).agrees);
    ck_assert(!judge(rectifier, 0, -0.1).agrees);
}
END_TEST

START_TEST(near_a_kink_only_the_own_slope_agrees)
{
    ck_assert(judge(rectifier, 0.003f, 1).agrees);
    ck_assert(!judge(rectifier, 0.003f, 0).agrees);
    ck_assert(judge(rectifier, -0.003f, 0).agrees);
    ck_assert(!judge(rectifier, -0.003f, 1).agrees);
}
END_TEST

START_TEST(a_kink_may_be_bent_on_one_side)
{
    ck_assert(judge(bowls, 15, 0).agrees);
    ck_assert(judge(bowls, 15, 2).agrees);
    ck_assert(!judge(bowls, 15, 2.5).agrees);
}
END_TEST

START_TEST(a_function_with_few_digits_is_not_blamed)
{
    for (int i = 0; i < 60; i++) {
        const float x = -14 + (float)i / 5;
        const double slope = 1 / (1 + exp(-(double)x));
        ck_assert_msg(judge(rough, x, slope).agrees, "x = %g", (double)x);
    }
}
END_TEST

START_TEST(between_jumps_a_slope_other_than_zero_does_not_agree)
{
    ck_assert(judge(steps, 0.5f, 0).agrees);
    ck_assert(!judge(steps, 0.5f, 1).agrees);
}
END_TEST

START_TEST(where_a_value_is_not_finite_nothing_is_known)
{
    ck_assert(!judge(root, 0, 0).known);
    ck_assert(judge(root, 1, 0.5).known);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("author/slope");
    TCase *c = tcase_create("slope");

    tcase_add_test(c, the_slope_of_a_smooth_function_agrees);
    tcase_add_test(c, a_slope_off_by_a_thousandth_does_not);
    tcase_add_test(c, a_wave_is_followed_far_from_zero);
    tcase_add_test(c, at_a_kink_any_slope_between_agrees);
    tcase_add_test(c, near_a_kink_only_the_own_slope_agrees);
    tcase_add_test(c, a_kink_may_be_bent_on_one_side);
    tcase_add_test(c, a_function_with_few_digits_is_not_blamed);
    tcase_add_test(c, between_jumps_a_slope_other_than_zero_does_not_agree);
    tcase_add_test(c, where_a_value_is_not_finite_nothing_is_known);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
