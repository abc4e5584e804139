/* The functions of plugins/vector_math.h against the C library's in the next wider type: the error
 * over a dense sweep of each one's whole range, denormals and both ends included, special values,
 * and sums of rows. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "vector_math.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- errors in float ------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    float (*function)(float x);
    double (*exact)(double x);
    float lo, hi;
    double units; /* the error allowed */
} function;

static float exponential(float x)
{
    return vector_expf(x);
}

static float exponential_less_one(float x)
{
    return vector_expm1f(x);
}

static float log_one_more(float x)
{
    return vector_log1pf(x);
}

static float hyperbolic_tangent(float x)
{
    return vector_tanhf(x);
}

static float sigmoid(float x)
{
    return vector_sigmoidf(x);
}

static float bell(float x)
{
    return vector_bellf(x);
}

static float normal(float x)
{
    return vector_normalf(x, vector_bellf(x));
}

static double exact_sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double exact_bell(double x)
{
    return exp(-x * x / 2);
}

static double exact_normal(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

static const function functions[] = {
    {"exp", exponential, exp, -INFINITY, 88, 1},
    {"expm1", exponential_less_one, expm1, -INFINITY, 0, 1},
    {"log1p", log_one_more, log1p, 0, 1, 2},
    {"tanh", hyperbolic_tangent, tanh, -INFINITY, INFINITY, 1.5},
    {"sigmoid", sigmoid, exact_sigmoid, -INFINITY, INFINITY, 2.5},
    {"bell", bell, exact_bell, -INFINITY, INFINITY, 1.5},
    {"normal", normal, exact_normal, -INFINITY, INFINITY, 5},
};

/* The last place of a float of this size. */
static double unit_of(double x)
{
    int exponent;

    frexp(x, &exponent);
    return ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

static float float_of(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

START_TEST(errors_stay_within_their_bound)
{
    const function *f = &functions[_i];
    double worst = 0;
    float at = 0;

    /* 4093: a prime, so that all low bits come up */
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 4093) {
        const float x = float_of((uint32_t)bits);
        if (!(x >= f->lo && x <= f->hi))
            continue;
        const double exact = f->exact((double)x);
        const double error = fabs((double)f->function(x) - exact) / unit_of(exact);
        if (!(error <= worst)) {
            worst = error;
            at = x;
        }
    }
    ck_assert_msg(worst <= f->units, "%s(%.9g) is %.9g, %.3g units from %.17g", f->name, (double)at,
                  (double)f->function(at), worst, f->exact((double)at));
    ck_assert_msg(worst > 0.4, "%s: nothing was measured", f->name);
}
END_TEST

START_TEST(nan_comes_out_as_nan)
{
    static const uint32_t bits[] = {0x7fc00000u, 0xffc00000u, 0x7fffffffu, 0xffffffffu,
                                    0x7f800001u};

    for (int i = 0; i < COUNT(bits); i++)
        ck_assert_msg(isnan(functions[_i].function(float_of(bits[i]))), "%s", functions[_i].name);
}
END_TEST

START_TEST(ends_are_reached_exactly)
{
    ck_assert(vector_expf(-INFINITY) == 0 && vector_expf(-FLT_MAX) == 0);
    ck_assert(vector_expf(0) == 1 && vector_expf(-0.0f) == 1);
    ck_assert(vector_expm1f(-INFINITY) == -1 && vector_expm1f(-FLT_MAX) == -1);
    ck_assert(vector_tanhf(INFINITY) == 1 && vector_tanhf(-INFINITY) == -1);
    ck_assert(vector_sigmoidf(INFINITY) == 1 && vector_sigmoidf(-INFINITY) == 0);
    ck_assert(vector_sigmoidf(0) == 0.5f);
    ck_assert(vector_log1pf(0) == 0);
    ck_assert(normal(-40) == 0 && normal(40) == 1 && normal(0) == 0.5f);
}
END_TEST

START_TEST(zeros_keep_their_sign)
{
    ck_assert(signbit(vector_tanhf(-0.0f)) && !signbit(vector_tanhf(0)));
    ck_assert(signbit(vector_expm1f(-0.0f)) && !signbit(vector_expm1f(0)));
}
END_TEST

/* Where the curve is flatter than a float can follow, it must not turn back. */
START_TEST(tanh_rises_to_one_and_stays)
{
    float before = 0;

    for (float x = 4; x < 12; x += 1.0f / 1024) {
        const float y = vector_tanhf(x);
        ck_assert_msg(y >= before && y <= 1, "tanh(%.9g)", (double)x);
        ck_assert(vector_tanhf(-x) == -y);
        before = y;
    }
    ck_assert(before == 1);
}
END_TEST

/* ---- errors in double ------------------------------------------------------------------------ */

static double exponential_double(double x)
{
    return vector_exp(x);
}

static double logarithm_double(double x)
{
    return vector_log(x);
}

static double log_one_more_double(double x)
{
    return vector_log1p(x);
}

static const struct {
    const char *name;
    double (*function)(double x);
    long double (*exact)(long double x);
    double lo, hi; /* of the sweep: x is between, or 2 to such a power */
    int of_exponent;
    double units;
} doubles[] = {
    {"exp", exponential_double, expl, -750, 709, 0, 1},
    {"exp, near 0", exponential_double, expl, -1, 1, 0, 1},
    {"log", logarithm_double, logl, -1022, 1024, 1, 2},
    {"log, near 1", logarithm_double, logl, 0.5, 2, 0, 2},
    {"log1p", log_one_more_double, log1pl, 0, 1, 0, 2},
    {"log1p, near 0", log_one_more_double, log1pl, -1000, 0, 1, 2},
};

START_TEST(errors_in_double_stay_within_their_bound)
{
    enum { POINTS = 200000 };
    double worst = 0, at = 0;

    for (int i = 0; i < POINTS; i++) {
        const double place =
            doubles[_i].lo + (doubles[_i].hi - doubles[_i].lo) * (i + 0.5) / POINTS;
        const double x = doubles[_i].of_exponent ? exp2(place) : place;
        const long double exact = doubles[_i].exact((long double)x);
        int exponent;
        frexpl(exact, &exponent);
        const long double unit = ldexpl(1, (exponent < -1021 ? -1021 : exponent) - 53);
        const double error = (double)(fabsl((long double)doubles[_i].function(x) - exact) / unit);
        if (!(error <= worst)) {
            worst = error;
            at = x;
        }
    }
    ck_assert_msg(worst <= doubles[_i].units, "%s(%.17g) is %.17g, %.3g units off",
                  doubles[_i].name, at, doubles[_i].function(at), worst);
    ck_assert_msg(worst > 0.4, "%s: nothing was measured", doubles[_i].name);
}
END_TEST

START_TEST(doubles_have_the_same_special_values)
{
    ck_assert(vector_exp(-HUGE_VAL) == 0 && vector_exp(0) == 1 && isnan(vector_exp((double)NAN)));
    ck_assert(vector_log(0) == -HUGE_VAL && vector_log(-0.0) == -HUGE_VAL);
    ck_assert(vector_log(1) == 0 && !signbit(vector_log(1)));
    ck_assert(vector_log(HUGE_VAL) == HUGE_VAL);
    ck_assert(isnan(vector_log(-1)) && isnan(vector_log(-HUGE_VAL)));
    ck_assert(isnan(vector_log((double)NAN)) && isnan(vector_log1p((double)NAN)));
    ck_assert(vector_log1p(0) == 0);
}
END_TEST

/* ---- rows ------------------------------------------------------------------------------------ */

START_TEST(rows_are_summed_whatever_their_length)
{
    float x[40], y[40];
    double z[40], sum = 0, product = 0;

    for (int n = 0; n <= 40; n++) {
        ck_assert(vector_sumf((uint64_t)n, x) == sum);
        ck_assert(vector_sum((uint64_t)n, z) == sum);
        ck_assert(vector_dotf((uint64_t)n, x, y) == product);
        if (n == 40)
            break;
        /* whole numbers, which double adds without an error */
        z[n] = (double)(x[n] = (float)(n * n % 23 - 7));
        y[n] = (float)(n % 5 - 2);
        sum += z[n];
        product += z[n] * (double)y[n];
    }
}
END_TEST

START_TEST(the_largest_of_a_row_is_found_anywhere)
{
    for (int n = 1; n <= 40; n++)
        for (int at = 0; at < n; at++) {
            float x[40];
            for (int i = 0; i < n; i++)
                x[i] = i == at ? -3.0f : i % 7 == 3 ? NAN : -4.0f - (float)i;
            if (vector_maximumf((uint64_t)n, x) != -3)
                ck_abort_msg("%d of %d", at, n);
        }
    ck_assert(vector_maximumf(0, NULL) == -INFINITY);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plugins/vector_math");
    TCase *f = tcase_create("float"), *d = tcase_create("double"), *r = tcase_create("rows");

    tcase_add_loop_test(f, errors_stay_within_their_bound, 0, COUNT(functions));
    tcase_add_loop_test(f, nan_comes_out_as_nan, 0, COUNT(functions));
    tcase_add_test(f, ends_are_reached_exactly);
    tcase_add_test(f, zeros_keep_their_sign);
    tcase_add_test(f, tanh_rises_to_one_and_stays);
    tcase_add_loop_test(d, errors_in_double_stay_within_their_bound, 0, COUNT(doubles));
    tcase_add_test(d, doubles_have_the_same_special_values);
    tcase_add_test(r, rows_are_summed_whatever_their_length);
    tcase_add_test(r, the_largest_of_a_row_is_found_anywhere);
    suite_add_tcase(s, f);
    suite_add_tcase(s, d);
    suite_add_tcase(s, r);
    return harness_run(s);
}
