/* Activations against double-precision formulas written here on their own, which are themselves
 * checked by central differences: values and derivatives over ordinary and extreme inputs, the
 * declared domain and gain, and the rules of the ABI: splitting, in place, strides, NaN, n = 0. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "load.h"

/* ---- the formulas ---------------------------------------------------------------------------- */

static double logistic(double x)
{
    return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

static double identity(double x, const char *s)
{
    return x;
}

static double identity_slope(double x, const char *s)
{
    return 1;
}

static double sigmoid(double x, const char *s)
{
    return logistic(x);
}

static double sigmoid_slope(double x, const char *s)
{
    return logistic(x) * logistic(-x);
}

static double tanh_value(double x, const char *s)
{
    const double e = expm1(-2 * fabs(x));

    return copysign(e / (2 + e), x);
}

static double tanh_slope(double x, const char *s)
{
    return 4 * logistic(2 * x) * logistic(-2 * x);
}

static double relu(double x, const char *s)
{
    return fmax(x, 0);
}

static double relu_slope(double x, const char *s)
{
    return x > 0;
}

static double leaky_relu(double x, const char *s)
{
    return x > 0 ? x : x * load_value(s, "slope", 0.01);
}

static double leaky_relu_slope(double x, const char *s)
{
    return x > 0 ? 1 : load_value(s, "slope", 0.01);
}

static double elu(double x, const char *s)
{
    return x > 0 ? x : load_value(s, "alpha", 1) * expm1(x);
}

static double elu_slope(double x, const char *s)
{
    return x > 0 ? 1 : load_value(s, "alpha", 1) * exp(x);
}

static double selu(double x, const char *s)
{
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
}

static double selu_slope(double x, const char *s)
{
    return 1.0507009873554805 * (x > 0 ? 1 : 1.6732632423543772 * exp(x));
}

static double softplus(double x, const char *s)
{
    const double beta = load_value(s, "beta", 1), u = beta * x;

    if (u > load_value(s, "threshold", 20))
        return x;
    return u < 0 ? log1p(exp(u)) / beta : x + log1p(exp(-u)) / beta;
}

static double softplus_slope(double x, const char *s)
{
    const double u = load_value(s, "beta", 1) * x;

    return u > load_value(s, "threshold", 20) ? 1 : logistic(u);
}

static double silu(double x, const char *s)
{
    return x < -740 ? 0 : x * logistic(x);
}

static double silu_slope(double x, const char *s)
{
    return fabs(x) > 700 ? x > 0 : logistic(x) + x * logistic(x) * logistic(-x);
}

static double gelu(double x, const char *s)
{
    return x < -50 ? 0 : x * erfc(-x / sqrt(2)) / 2;
}

static double gelu_slope(double x, const char *s)
{
    return fabs(x) > 50 ? x > 0 : erfc(-x / sqrt(2)) / 2 + x * exp(-x * x / 2) / sqrt(2 * M_PI);
}

static double gelu_tanh(double x, const char *s)
{
    if (fabs(x) > 50)
        return x > 0 ? x : 0;
    return x * logistic(2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
}

static double gelu_tanh_slope(double x, const char *s)
{
    if (fabs(x) > 50)
        return x > 0;
    const double u = sqrt(2 / M_PI) * (x + 0.044715 * pow(x, 3));
    const double du = sqrt(2 / M_PI) * (1 + 0.134145 * x * x);

    return (1 + tanh(u)) / 2 + x / 2 / (cosh(u) * cosh(u)) * du;
}

typedef struct {
    const char *name, *settings;
    double (*value)(double x, const char *settings);
    double (*slope)(double x, const char *settings);
    int has_kink;      /* at 0, of value or slope */
    double steepness;  /* relative error of the value per ulp of x grows as this times x^2  */
    int gain_is_known; /* 1 / sqrt(E[f(z)^2])                                               */
} elementwise;

static const elementwise cases[] = {
    {"identity", "", identity, identity_slope, 0, 0, 1},
    {"sigmoid", "", sigmoid, sigmoid_slope, 0, 0, 0},
    {"tanh", "", tanh_value, tanh_slope, 0, 0, 0},
    {"relu", "", relu, relu_slope, 1, 0, 1},
    {"leaky_relu", "", leaky_relu, leaky_relu_slope, 1, 0, 1},
    {"leaky_relu", "slope=0.3", leaky_relu, leaky_relu_slope, 1, 0, 1},
    {"elu", "", elu, elu_slope, 1, 0, 1},
    {"elu", "alpha=0.5", elu, elu_slope, 1, 0, 1},
    {"selu", "", selu, selu_slope, 1, 0, 1},
    {"softplus", "", softplus, softplus_slope, 0, 0, 1},
    {"softplus", "beta=2 threshold=5", softplus, softplus_slope, 0, 0, 1},
    {"silu", "", silu, silu_slope, 0, 0, 1},
    {"gelu", "", gelu, gelu_slope, 0, 2, 1},
    {"gelu", "approximate=1", gelu_tanh, gelu_tanh_slope, 0, 2, 1},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static const float points[] = {
    0.0f,  -0.0f,   1e-30f,   -1e-30f,      1e-3f,    -1e-3f,    0.3f, -0.3f, 0.7f,
    -0.7f, 1,       -1,       1.7f,         -1.7f,    3,         -3,   5,     -5,
    9,     -9,      19,       -19,          88,       -88,       100,  -100,  1e4f,
    -1e4f, FLT_MAX, -FLT_MAX, FLT_TRUE_MIN, INFINITY, -INFINITY,
};

enum { POINTS = sizeof(points) / sizeof(points[0]) };

/* An activation with its settings; passes NULL for what backward does not ask for. */
typedef struct {
    const plx_activation *a;
    void *self;
} loaded;

static loaded open_case(const elementwise *c)
{
    const plx_activation *a = load_activation(c->name);

    return (loaded){a, load_settings((const plx_component *)(const void *)a, c->settings)};
}

static void forward(const loaded *l, uint64_t n, const float *x, float *y)
{
    ck_assert_int_eq(l->a->forward(l->self, n, x, y), PLX_OK);
}

static void backward(const loaded *l, uint64_t n, const float *x, const float *y, const float *dy,
                     float *dx)
{
    ck_assert_int_eq(l->a->backward(l->self, n, l->a->flags & PLX_NEEDS_INPUT ? x : NULL,
                                    l->a->flags & PLX_NEEDS_OUTPUT ? y : NULL, dy, dx),
                     PLX_OK);
}

/* ---- values and derivatives ------------------------------------------------------------------ */

START_TEST(reference_slope_is_the_difference_quotient)
{
    const elementwise *c = &cases[_i];

    for (int i = 0; i < POINTS; i++) {
        const double x = (double)points[i], h = 1e-5;
        if (fabs(x) > 20 || (c->has_kink && fabs(x) <= h))
            continue;
        const double quotient =
            (c->value(x + h, c->settings) - c->value(x - h, c->settings)) / (2 * h);
        ck_assert_msg(fabs(quotient - c->slope(x, c->settings)) < 1e-8, "%s at %g", c->name, x);
    }
}
END_TEST

/* Beyond float32's range the answer is infinity. */
static int agrees(double y, double expected, double allowed)
{
    if (fabs(expected) > (double)FLT_MAX)
        return y == copysign(HUGE_VAL, expected);
    return fabs(y - expected) <= allowed;
}

START_TEST(values_agree_with_the_formula)
{
    const elementwise *c = &cases[_i];
    loaded l = open_case(c);

    for (int i = 0; i < POINTS; i++) {
        const double x = (double)points[i], expected = c->value(x, c->settings);
        float y;
        forward(&l, 1, &points[i], &y);
        const double ulps = 4 + c->steepness * fmin(x * x, 1e4);
        const double allowed = ulps * (double)FLT_EPSILON * fabs(expected) + 2e-38;
        ck_assert_msg(agrees((double)y, expected, allowed), "%s(%g) is %.9g, not %.9g", c->name, x,
                      (double)y, expected);
    }
    free(l.self);
}
END_TEST

START_TEST(derivatives_agree_with_the_formula)
{
    const elementwise *c = &cases[_i];
    loaded l = open_case(c);
    const float dy = -1.5f;

    for (int i = 0; i < POINTS; i++) {
        const double x = (double)points[i], expected = -1.5 * c->slope(x, c->settings);
        float y, dx;
        forward(&l, 1, &points[i], &y);
        backward(&l, 1, &points[i], &y, &dy, &dx);
        ck_assert_msg(fabs((double)dx - expected) <= 6e-7, "%s'(%g) is %.9g, not %.9g", c->name, x,
                      (double)dx / -1.5, expected / -1.5);
    }
    free(l.self);
}
END_TEST

START_TEST(nan_comes_out_as_nan)
{
    loaded l = open_case(&cases[_i]);
    float x[9], y[9], dy[9], dx[9];

    for (int i = 0; i < 9; i++) {
        x[i] = NAN;
        dy[i] = 1;
    }
    forward(&l, 9, x, y);
    backward(&l, 9, x, y, dy, dx);
    for (int i = 0; i < 9; i++) {
        ck_assert_msg(isnan(y[i]), "forward");
        if (strcmp(l.a->name, "identity") != 0)
            ck_assert_msg(isnan(dx[i]), "backward");
    }
    free(l.self);
}
END_TEST

START_TEST(nan_in_dy_comes_out_as_nan)
{
    loaded l = open_case(&cases[_i]);
    const float dy = NAN;

    for (int i = 0; i < POINTS; i++) {
        float y, dx;
        forward(&l, 1, &points[i], &y);
        backward(&l, 1, &points[i], &y, &dy, &dx);
        ck_assert(isnan(dx));
    }
    free(l.self);
}
END_TEST

/* ---- the rules of the ABI -------------------------------------------------------------------- */

enum { MANY = 1003 };

/* Values of all sizes and signs, the extreme ones among them. */
static void fill(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        const float uniform = (float)(seed >> 8) / 16777216.0f - 0.5f;
        x[i] = i % 16 == 3 ? points[(seed >> 8) % POINTS] : uniform * (i % 5 == 0 ? 100.0f : 8.0f);
    }
}

START_TEST(splitting_changes_no_bit)
{
    loaded l = open_case(&cases[_i]);
    float x[MANY + 1], dy[MANY], y[MANY], dx[MANY], y2[MANY + 1], dx2[MANY + 3];

    fill(x + 1, MANY, 1);
    fill(dy, MANY, 2);
    forward(&l, MANY, x + 1, y);
    backward(&l, MANY, x + 1, y, dy, dx);
    for (size_t at = 0, piece = 1; at < MANY; at += piece, piece = piece % 13 + 1) {
        const size_t n = piece < MANY - at ? piece : MANY - at;
        forward(&l, n, x + 1 + at, y2 + 1 + at);
        backward(&l, n, x + 1 + at, y + at, dy + at, dx2 + 3 + at);
    }
    ck_assert_mem_eq(y, y2 + 1, sizeof(y));
    ck_assert_mem_eq(dx, dx2 + 3, sizeof(dx));
    free(l.self);
}
END_TEST

START_TEST(backward_runs_in_place)
{
    loaded l = open_case(&cases[_i]);
    float x[MANY], y[MANY], dy[MANY], dx[MANY];

    fill(x, MANY, 3);
    fill(dy, MANY, 4);
    forward(&l, MANY, x, y);
    backward(&l, MANY, x, y, dy, dx);
    backward(&l, MANY, x, y, dy, dy);
    ck_assert_mem_eq(dx, dy, sizeof(dx));
    free(l.self);
}
END_TEST

START_TEST(forward_runs_in_place)
{
    loaded l = open_case(&cases[_i]);
    float x[MANY], y[MANY];

    fill(x, MANY, 5);
    forward(&l, MANY, x, y);
    forward(&l, MANY, x, x);
    ck_assert_mem_eq(x, y, sizeof(x));
    free(l.self);
}
END_TEST

START_TEST(no_elements_are_no_work)
{
    loaded l = open_case(&cases[_i]);
    float x = 1, y = 2, dx = 3;

    forward(&l, 0, &x, &y);
    backward(&l, 0, &x, &y, &x, &dx);
    ck_assert(y == 2);
    ck_assert(dx == 3);
    free(l.self);
}
END_TEST

/* ---- domain and gain ------------------------------------------------------------------------- */

static plx_domain domain_of(const loaded *l)
{
    plx_domain domain = {.size = sizeof(domain), .flags = PLX_OPEN_MIN | PLX_OPEN_MAX};

    domain.lo = -HUGE_VAL;
    domain.hi = HUGE_VAL;
    if (l->a->domain)
        ck_assert_int_eq(l->a->domain(l->self, &domain), PLX_OK);
    return domain;
}

START_TEST(outputs_lie_in_the_domain)
{
    loaded l = open_case(&cases[_i]);
    const plx_domain d = domain_of(&l);
    double least = HUGE_VAL, most = -HUGE_VAL;

    for (float x = -150; x <= 150; x += fabsf(x + 1) < 1 ? 1e-4f : 0.01f) {
        float y;
        forward(&l, 1, &x, &y);
        least = fmin(least, (double)y);
        most = fmax(most, (double)y);
    }
    ck_assert_msg(d.flags & PLX_OPEN_MIN ? least > d.lo : least >= d.lo, "%.9g < %.9g", least,
                  d.lo);
    ck_assert_msg(d.flags & PLX_OPEN_MAX ? most < d.hi : most <= d.hi, "%.9g > %.9g", most, d.hi);
    /* and the domain is no wider than it has to be */
    ck_assert_msg(isinf(d.lo) || least - d.lo < 1e-6, "%.9g, lo %.9g", least, d.lo);
    ck_assert_msg(isinf(d.hi) || d.hi - most < 1e-6, "%.9g, hi %.9g", most, d.hi);
    free(l.self);
}
END_TEST

/* 1 / sqrt(E[f(z)^2]) by the trapezoidal rule. */
static double inverse_root_moment(const elementwise *c)
{
    const double h = 1e-3;
    double sum = 0;

    for (double z = -12; z <= 12; z += h)
        sum += pow(c->value(z, c->settings), 2) * exp(-z * z / 2);
    return 1 / sqrt(sum * h / sqrt(2 * M_PI));
}

START_TEST(gain_keeps_the_variance)
{
    const elementwise *c = &cases[_i];
    loaded l = open_case(c);
    const double gain = l.a->gain ? l.a->gain(l.self) : 1;

    if (c->gain_is_known)
        ck_assert_double_eq_tol(gain, inverse_root_moment(c), 1e-6);
    else
        ck_assert_double_eq(gain, 1);
    free(l.self);
}
END_TEST

/* ---- softmax --------------------------------------------------------------------------------- */

enum { ROWS = 3, COLS = 5, STRIDE = 8 };

static const float logits[ROWS][STRIDE] = {
    {0.5f, -1.25f, 3, 0, 2.5f, 77, 77, 77},
    {-1000, 1000, 999, 0, 998.5f, 77, 77, 77},
    {-7, -7, -7, -7, -7, 77, 77, 77},
};

static void softmax_reference(const double *x, double *y)
{
    double sum = 0, maximum = x[0];

    for (int j = 1; j < COLS; j++)
        maximum = fmax(maximum, x[j]);
    for (int j = 0; j < COLS; j++)
        sum += exp(x[j] - maximum);
    for (int j = 0; j < COLS; j++)
        y[j] = exp(x[j] - maximum - log(sum));
}

START_TEST(softmax_agrees_with_the_formula)
{
    const plx_activation *a = load_activation("softmax");
    float y[ROWS][7];

    for (int r = 0; r < ROWS; r++)
        y[r][5] = y[r][6] = 55;
    ck_assert_int_eq(a->forward_rows(NULL, ROWS, COLS, logits[0], STRIDE, y[0], 7), PLX_OK);
    for (int r = 0; r < ROWS; r++) {
        double x[COLS], expected[COLS], sum = 0;
        for (int j = 0; j < COLS; j++)
            x[j] = (double)logits[r][j];
        softmax_reference(x, expected);
        for (int j = 0; j < COLS; j++) {
            ck_assert_double_eq_tol((double)y[r][j], expected[j], 3e-7 * expected[j] + 1e-38);
            sum += (double)y[r][j];
        }
        ck_assert_double_eq_tol(sum, 1, 3e-7);
        ck_assert(y[r][5] == 55 && y[r][6] == 55);
    }
}
END_TEST

START_TEST(softmax_backward_is_the_jacobian)
{
    const plx_activation *a = load_activation("softmax");
    const float dy[ROWS][6] = {{1, -2, 0.5f, 3, 0.25f}, {2, 1, 0, -1, 5}, {0, 0, 1, 0, 0}};
    const double h = 1e-6;
    float y[ROWS][7], dx[ROWS][9];

    for (int r = 0; r < ROWS; r++)
        dx[r][COLS] = dx[r][8] = 55;
    a->forward_rows(NULL, ROWS, COLS, logits[0], STRIDE, y[0], 7);
    ck_assert_int_eq(a->backward_rows(NULL, ROWS, COLS, NULL, 0, y[0], 7, dy[0], 6, dx[0], 9),
                     PLX_OK);
    for (int r = 0; r < ROWS; r++) {
        for (int j = 0; j < COLS; j++) {
            double x[COLS], up[COLS], down[COLS], expected = 0;
            for (int k = 0; k < COLS; k++)
                x[k] = (double)logits[r][k];
            x[j] += h;
            softmax_reference(x, up);
            x[j] -= 2 * h;
            softmax_reference(x, down);
            for (int k = 0; k < COLS; k++)
                expected += (double)dy[r][k] * (up[k] - down[k]) / (2 * h);
            ck_assert_double_eq_tol((double)dx[r][j], expected, 1e-6);
        }
        ck_assert(dx[r][COLS] == 55 && dx[r][8] == 55);
    }
}
END_TEST

START_TEST(softmax_splits_and_runs_in_place)
{
    const plx_activation *a = load_activation("softmax");
    float y[ROWS][STRIDE], y2[ROWS][STRIDE], dx[ROWS][STRIDE], dx2[ROWS][STRIDE];

    memcpy(y, logits, sizeof(y));
    memcpy(y2, logits, sizeof(y2));
    a->forward_rows(NULL, ROWS, COLS, logits[0], STRIDE, y[0], STRIDE);
    for (int r = 0; r < ROWS; r++)
        a->forward_rows(NULL, 1, COLS, y2[r], STRIDE, y2[r], STRIDE);
    ck_assert_mem_eq(y, y2, sizeof(y));

    memcpy(dx, logits, sizeof(dx));
    memcpy(dx2, logits, sizeof(dx2));
    a->backward_rows(NULL, ROWS, COLS, NULL, 0, y[0], STRIDE, logits[0], STRIDE, dx[0], STRIDE);
    for (int r = 0; r < ROWS; r++)
        a->backward_rows(NULL, 1, COLS, NULL, 0, y[r], STRIDE, dx2[r], STRIDE, dx2[r], STRIDE);
    ck_assert_mem_eq(dx, dx2, sizeof(dx));
}
END_TEST

/* However many rows there are, and however long: in one call or one by one, in place. */
START_TEST(softmax_rows_keep_to_themselves)
{
    enum { MOST = 3000 };
    static const uint64_t widths[] = {1, 2, 7, 8, 31, 255, 256, 257, 700};
    static float x[MOST], dy[MOST], y[MOST], y2[MOST], dx[MOST], dx2[MOST];
    const plx_activation *a = load_activation("softmax");
    const uint64_t cols = widths[_i], rows = MOST / cols;

    fill(x, MOST, 6);
    for (size_t i = 0; i < MOST; i++)
        x[i] = x[i] > -1e30f && x[i] < 1e30f ? x[i] : 0;
    fill(dy, MOST, 7);
    memcpy(y2, x, sizeof(y2));
    memcpy(dx2, dy, sizeof(dx2));
    a->forward_rows(NULL, rows, cols, x, cols, y, cols);
    a->backward_rows(NULL, rows, cols, NULL, 0, y, cols, dy, cols, dx, cols);
    for (uint64_t at = 0; at < rows * cols; at += cols) {
        double sum = 0;
        a->forward_rows(NULL, 1, cols, y2 + at, cols, y2 + at, cols);
        a->backward_rows(NULL, 1, cols, NULL, 0, y2 + at, cols, dx2 + at, cols, dx2 + at, cols);
        for (uint64_t j = 0; j < cols; j++)
            sum += (double)y[at + j];
        if (fabs(sum - 1) > 1e-6)
            ck_abort_msg("row at %d sums to %.9g", (int)at, sum);
    }
    ck_assert_mem_eq(y, y2, rows * cols * sizeof(*y));
    ck_assert_mem_eq(dx, dx2, rows * cols * sizeof(*dx));
}
END_TEST

START_TEST(softmax_of_no_rows_or_columns_is_no_work)
{
    const plx_activation *a = load_activation("softmax");
    float x = 1, y = 2;

    a->forward_rows(NULL, 0, 1, &x, 1, &y, 1);
    a->backward_rows(NULL, 0, 1, NULL, 0, &x, 1, &x, 1, &y, 1);
    a->forward_rows(NULL, 1, 0, &x, 1, &y, 1);
    a->backward_rows(NULL, 1, 0, NULL, 0, &x, 1, &x, 1, &y, 1);
    ck_assert(y == 2);
}
END_TEST

static const float bad_rows[][3] = {
    {-INFINITY, -INFINITY, -INFINITY}, {0, NAN, 1}, {NAN, NAN, NAN}, {0, INFINITY, 1},
    {NAN, INFINITY, -INFINITY},
};

START_TEST(softmax_of_a_bad_row_is_nan)
{
    const plx_activation *a = load_activation("softmax");
    const float dy[3] = {1, 2, 3};
    float y[3], dx[3];

    a->forward_rows(NULL, 1, 3, bad_rows[_i], 3, y, 3);
    a->backward_rows(NULL, 1, 3, NULL, 0, y, 3, dy, 3, dx, 3);
    for (int j = 0; j < 3; j++)
        ck_assert(isnan(y[j]) && isnan(dx[j]));
}
END_TEST

START_TEST(softmax_gives_a_masked_unit_nothing)
{
    const plx_activation *a = load_activation("softmax");
    const float x[3] = {1, -INFINITY, 1};
    float y[3];

    a->forward_rows(NULL, 1, 3, x, 3, y, 3);
    ck_assert(y[0] == 0.5f && y[1] == 0 && y[2] == 0.5f);
}
END_TEST

START_TEST(softmax_declares_a_distribution)
{
    const plx_activation *a = load_activation("softmax");
    plx_domain domain = {.size = sizeof(domain)};

    ck_assert_int_eq(a->domain(NULL, &domain), PLX_OK);
    ck_assert_uint_eq(domain.flags, PLX_ROWS_SUM_TO_ONE);
    ck_assert(domain.lo == 0 && domain.hi == 1);
    ck_assert_uint_eq(a->flags, PLX_NEEDS_OUTPUT);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/activation");
    TCase *c = tcase_create("elementwise"), *r = tcase_create("softmax");

    tcase_add_loop_test(c, reference_slope_is_the_difference_quotient, 0, CASES);
    tcase_add_loop_test(c, values_agree_with_the_formula, 0, CASES);
    tcase_add_loop_test(c, derivatives_agree_with_the_formula, 0, CASES);
    tcase_add_loop_test(c, nan_comes_out_as_nan, 0, CASES);
    tcase_add_loop_test(c, nan_in_dy_comes_out_as_nan, 0, CASES);
    tcase_add_loop_test(c, splitting_changes_no_bit, 0, CASES);
    tcase_add_loop_test(c, forward_runs_in_place, 0, CASES);
    tcase_add_loop_test(c, backward_runs_in_place, 0, CASES);
    tcase_add_loop_test(c, no_elements_are_no_work, 0, CASES);
    tcase_add_loop_test(c, outputs_lie_in_the_domain, 0, CASES);
    tcase_add_loop_test(c, gain_keeps_the_variance, 0, CASES);
    tcase_add_test(r, softmax_agrees_with_the_formula);
    tcase_add_test(r, softmax_backward_is_the_jacobian);
    tcase_add_test(r, softmax_splits_and_runs_in_place);
    tcase_add_loop_test(r, softmax_rows_keep_to_themselves, 0, 9);
    tcase_add_test(r, softmax_of_no_rows_or_columns_is_no_work);
    tcase_add_loop_test(r, softmax_of_a_bad_row_is_nan, 0, sizeof(bad_rows) / sizeof(bad_rows[0]));
    tcase_add_test(r, softmax_gives_a_masked_unit_nothing);
    tcase_add_test(r, softmax_declares_a_distribution);
    suite_add_tcase(s, c);
    suite_add_tcase(s, r);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
