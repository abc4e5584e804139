/* Losses against formulas in double precision written here on their own: values, and gradients by
 * central differences of those formulas, on probabilities and, fused, on pre-activations. Then
 * extreme predictions, NaN, weights, minima, targets accepted, and the rules of the ABI. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "load.h"

enum { ROWS = 4, COLS = 3 };

/* ---- the formulas, on one row ---------------------------------------------------------------- */

static double floored(double p)
{
    return fmax(p, (double)1e-12f);
}

static double squared(const double *p, const double *t, double delta)
{
    double sum = 0;

    for (int c = 0; c < COLS; c++)
        sum += pow(p[c] - t[c], 2) / COLS;
    return sum;
}

static double absolute(const double *p, const double *t, double delta)
{
    double sum = 0;

    for (int c = 0; c < COLS; c++)
        sum += fabs(p[c] - t[c]) / COLS;
    return sum;
}

static double huber(const double *p, const double *t, double delta)
{
    double sum = 0;

    for (int c = 0; c < COLS; c++) {
        const double inner = fmin(fabs(p[c] - t[c]), delta), outer = fabs(p[c] - t[c]) - inner;
        sum += (inner * inner / 2 + delta * outer) / COLS;
    }
    return sum;
}

/* a log a, 0 log 0 = 0. */
static double entropy_term(double a)
{
    return a > 0 ? a * log(a) : 0;
}

static double categorical_entropy(const double *p, const double *t, double delta)
{
    double sum = 0;

    for (int c = 0; c < COLS; c++)
        sum -= t[c] > 0 ? t[c] * log(floored(p[c])) : 0;
    return sum;
}

static double bernoulli_entropy(const double *p, const double *t, double delta)
{
    double sum = 0;

    for (int c = 0; c < COLS; c++)
        sum -= (t[c] * log(floored(p[c])) + (1 - t[c]) * log(floored(1 - p[c]))) / COLS;
    return sum;
}

static double categorical_kl(const double *p, const double *t, double delta)
{
    double sum = categorical_entropy(p, t, delta);

    for (int c = 0; c < COLS; c++)
        sum += entropy_term(t[c]);
    return sum;
}

static double bernoulli_kl(const double *p, const double *t, double delta)
{
    double sum = bernoulli_entropy(p, t, delta);

    for (int c = 0; c < COLS; c++)
        sum += (entropy_term(t[c]) + entropy_term(1 - t[c])) / COLS;
    return sum;
}

static double categorical_reverse(const double *p, const double *t, double delta)
{
    double sum = 0;

    for (int c = 0; c < COLS; c++)
        sum += entropy_term(p[c]) - p[c] * log(floored(t[c]));
    return sum;
}

static double bernoulli_reverse(const double *p, const double *t, double delta)
{
    double sum = 0;

    for (int c = 0; c < COLS; c++)
        sum += (entropy_term(p[c]) + entropy_term(1 - p[c]) - p[c] * log(floored(t[c])) -
                (1 - p[c]) * log(floored(1 - t[c]))) /
               COLS;
    return sum;
}

typedef double formula(const double *p, const double *t, double delta);

typedef struct {
    const char *name, *settings;
    uint32_t family;
    const char *partner; /* NULL: on predictions; else fused with this activation */
    formula *value;
} loss_case;

static const loss_case cases[] = {
    {"mse", "", PLX_REALS, NULL, squared},
    {"mse", "", PLX_SIMPLEX, NULL, squared},
    {"mse", "", PLX_UNIT, NULL, squared},
    {"mae", "", PLX_REALS, NULL, absolute},
    {"mae", "", PLX_UNIT, NULL, absolute},
    {"huber", "", PLX_REALS, NULL, huber},
    {"huber", "delta=0.25", PLX_REALS, NULL, huber},
    {"huber", "delta=0.25", PLX_UNIT, NULL, huber},
    {"cross_entropy", "", PLX_SIMPLEX, NULL, categorical_entropy},
    {"cross_entropy", "", PLX_UNIT, NULL, bernoulli_entropy},
    {"kl", "", PLX_SIMPLEX, NULL, categorical_kl},
    {"kl", "", PLX_UNIT, NULL, bernoulli_kl},
    {"kl", "reverse=1", PLX_SIMPLEX, NULL, categorical_reverse},
    {"kl", "reverse=1", PLX_UNIT, NULL, bernoulli_reverse},
    {"cross_entropy", "", PLX_SIMPLEX, "softmax/1", categorical_entropy},
    {"cross_entropy", "", PLX_UNIT, "sigmoid/1", bernoulli_entropy},
    {"kl", "", PLX_SIMPLEX, "softmax/1", categorical_kl},
    {"kl", "", PLX_UNIT, "sigmoid/1", bernoulli_kl},
    {"kl", "reverse=1", PLX_SIMPLEX, "softmax/1", categorical_reverse},
    {"kl", "reverse=1", PLX_UNIT, "sigmoid/1", bernoulli_reverse},
};

enum { FUSED = 14, CASES = sizeof(cases) / sizeof(cases[0]) };

/* ---- data: predictions or logits, and targets, by family ------------------------------------- */

static const float reals[ROWS][COLS] = {
    {0.5f, -1.25f, 2}, {3, 0.125f, -0.75f}, {-2, -2.5f, 1.5f}, {0.3f, 0.1f, -0.2f}};
static const float real_targets[ROWS][COLS] = {
    {0, 1, 0}, {1, 0, 0}, {-1, 2, 0.5f}, {0.2f, 0, 0.1f}};
static const float simplices[ROWS][COLS] = {
    {0.25f, 0.5f, 0.25f}, {0.7f, 0.2f, 0.1f}, {0.01f, 0.04f, 0.95f}, {0.3f, 0.3f, 0.4f}};
/* one-hot rows, then soft ones */
static const float simplex_targets[ROWS][COLS] = {
    {0, 1, 0}, {0, 0, 1}, {0.2f, 0.3f, 0.5f}, {0.6f, 0.4f, 0}};
static const float unit_targets[ROWS][COLS] = {
    {0, 1, 0}, {1, 1, 0}, {0.2f, 0.9f, 0.5f}, {1, 0.25f, 0.3f}};

static const float *prediction_of(const loss_case *k)
{
    return k->partner || k->family == PLX_REALS ? &reals[0][0] : &simplices[0][0];
}

static const float *target_of(const loss_case *k)
{
    return k->family == PLX_REALS     ? &real_targets[0][0]
           : k->family == PLX_SIMPLEX ? &simplex_targets[0][0]
                                      : &unit_targets[0][0];
}

/* What the formula says of one row of predictions or, fused, of pre-activations. */
static double expected_loss(const loss_case *k, const double *x, const double *t)
{
    double p[COLS], sum = 0;

    for (int c = 0; c < COLS; c++)
        sum += exp(x[c]);
    for (int c = 0; c < COLS; c++)
        p[c] = !k->partner                ? x[c]
               : k->family == PLX_SIMPLEX ? exp(x[c]) / sum
                                          : 1 / (1 + exp(-x[c]));
    return k->value(p, t, load_value(k->settings, "delta", 1));
}

/* ---- calling a loss -------------------------------------------------------------------------- */

typedef int32_t rows_function(const void *self, const plx_rows *rows);

static rows_function *function_of(const plx_loss *l, const char *partner)
{
    for (uint32_t i = 0; partner && i < l->fused_count; i++)
        if (strcmp(l->fused[i].semantic, partner) == 0)
            return l->fused[i].rows;
    ck_assert_msg(!partner, "%s has no partner %s", l->name, partner);
    return l->rows;
}

static plx_rows block(const loss_case *k, uint64_t rows, const float *x, const float *t,
                      double *loss, float *gradient)
{
    return (plx_rows){.size = sizeof(plx_rows),
                      .family = k->family,
                      .rows = rows,
                      .cols = COLS,
                      .prediction = x,
                      .target = t,
                      .scale = 1,
                      .loss = loss,
                      .gradient = gradient,
                      .host = &load_host};
}

static void call(const loss_case *k, const plx_rows *b)
{
    const plx_loss *l = load_loss(k->name);
    void *self = load_settings((const plx_component *)(const void *)l, k->settings);

    ck_assert_int_eq(function_of(l, k->partner)(self, b), PLX_OK);
    free(self);
}

/* One row, scale 1, no weights. */
static double call_row(const loss_case *k, const float *x, const float *t, float *gradient)
{
    double loss = -1;
    const plx_rows b = block(k, 1, x, t, &loss, gradient);

    call(k, &b);
    return loss;
}

/* ---- values and gradients -------------------------------------------------------------------- */

START_TEST(losses_agree_with_the_formula)
{
    const loss_case *k = &cases[_i];
    const float *x = prediction_of(k), *t = target_of(k);
    double loss[ROWS];
    const plx_rows b = block(k, ROWS, x, t, loss, NULL);

    call(k, &b);
    for (int r = 0; r < ROWS; r++) {
        double xd[COLS], td[COLS];
        for (int c = 0; c < COLS; c++) {
            xd[c] = (double)x[r * COLS + c];
            td[c] = (double)t[r * COLS + c];
        }
        const double expected = expected_loss(k, xd, td);
        ck_assert_msg(fabs(loss[r] - expected) <= 3e-7 * fmax(fabs(expected), 0.1),
                      "%s, row %d: %.9g, not %.9g", k->name, r, loss[r], expected);
    }
}
END_TEST

START_TEST(gradients_are_difference_quotients)
{
    const loss_case *k = &cases[_i];
    const float *x = prediction_of(k), *t = target_of(k);
    const float weight[ROWS] = {1, 0.5f, 3, 0.25f};
    const double h = 1e-6;
    double loss[ROWS];
    float gradient[ROWS * COLS];
    plx_rows b = block(k, ROWS, x, t, loss, gradient);

    b.row_weight = weight;
    b.scale = 0.2;
    call(k, &b);
    for (int i = 0; i < ROWS * COLS; i++) {
        double xd[COLS], td[COLS];
        for (int c = 0; c < COLS; c++) {
            xd[c] = (double)x[i / COLS * COLS + c];
            td[c] = (double)t[i / COLS * COLS + c];
        }
        xd[i % COLS] += h;
        const double up = expected_loss(k, xd, td);
        xd[i % COLS] -= 2 * h;
        const double slope = (up - expected_loss(k, xd, td)) / (2 * h);
        const double expected = 0.2 * (double)weight[i / COLS] * slope;
        ck_assert_msg(fabs((double)gradient[i] - expected) <= 1e-6 * fmax(fabs(expected), 0.1),
                      "%s %s, element %d: %.9g, not %.9g", k->name, k->settings, i,
                      (double)gradient[i], expected);
    }
}
END_TEST

START_TEST(weights_leave_the_losses_alone)
{
    const loss_case *k = &cases[_i];
    const float weight[ROWS] = {2, 0, 2, 2};
    double plain[ROWS], weighted[ROWS];
    float gradient[ROWS * COLS], gradient2[ROWS * COLS];
    plx_rows b = block(k, ROWS, prediction_of(k), target_of(k), plain, gradient);

    call(k, &b);
    b.row_weight = weight;
    b.scale = 0.5;
    b.loss = weighted;
    b.gradient = gradient2;
    call(k, &b);
    ck_assert_mem_eq(plain, weighted, sizeof(plain));
    for (int i = 0; i < ROWS * COLS; i++)
        ck_assert(gradient2[i] == (i / COLS == 1 ? 0 : gradient[i]));
}
END_TEST

START_TEST(splitting_changes_no_bit)
{
    const loss_case *k = &cases[_i];
    const float *x = prediction_of(k), *t = target_of(k);
    double loss[ROWS], loss2[ROWS];
    float gradient[ROWS * COLS], gradient2[ROWS * COLS];
    const plx_rows b = block(k, ROWS, x, t, loss, gradient);

    call(k, &b);
    for (int r = 0; r < ROWS; r++) {
        const plx_rows one =
            block(k, 1, x + r * COLS, t + r * COLS, loss2 + r, gradient2 + r * COLS);
        call(k, &one);
    }
    ck_assert_mem_eq(loss, loss2, sizeof(loss));
    ck_assert_mem_eq(gradient, gradient2, sizeof(gradient));
}
END_TEST

/* Rows of any length, in any number, are computed as each would be alone. */
START_TEST(rows_keep_to_themselves)
{
    enum { MOST = 3000 };
    static const uint64_t widths[] = {1, 2, 7, 8, 31, 255, 256, 257, 700};
    static float x[MOST], t[MOST], gradient[MOST], gradient2[MOST], weight[MOST];
    static double loss[MOST], loss2[MOST];
    const loss_case *k = &cases[_i];

    for (size_t i = 0; i < MOST; i++) {
        x[i] = (float)(i * 37 % 101 + 1) / 103;
        t[i] = (float)(i * 53 % 11) / 10;
        weight[i] = (float)(i % 5);
    }
    const plx_loss *l = load_loss(k->name);
    void *self = load_settings((const plx_component *)(const void *)l, k->settings);
    rows_function *compute = function_of(l, k->partner);
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
        for (int weighted = 0; weighted < 2; weighted++) {
            const uint64_t cols = widths[w], rows = MOST / cols;
            plx_rows b = block(k, rows, x, t, loss, gradient);
            b.cols = cols;
            b.row_weight = weighted ? weight : NULL;
            ck_assert_int_eq(compute(self, &b), PLX_OK);
            for (uint64_t r = 0; r < rows; r++) {
                plx_rows one =
                    block(k, 1, x + r * cols, t + r * cols, loss2 + r, gradient2 + r * cols);
                one.cols = cols;
                one.row_weight = weighted ? weight + r : NULL;
                ck_assert_int_eq(compute(self, &one), PLX_OK);
            }
            ck_assert_mem_eq(loss, loss2, rows * sizeof(*loss));
            ck_assert_mem_eq(gradient, gradient2, rows * cols * sizeof(*gradient));
        }
    free(self);
}
END_TEST

/* A row too long to be worked on at once: after a softmax its columns are COLS known ones far apart
 * and others that are masked; else the known ones again and again. */
START_TEST(a_long_row_is_summed_in_parts)
{
    enum { TIMES = 234, LONG = TIMES * COLS };
    const loss_case *k = &cases[_i];
    const int masked = k->partner && k->family == PLX_SIMPLEX, summed = k->family == PLX_SIMPLEX;
    const int padded = masked && strcmp(k->settings, "reverse=1") != 0;
    const float *x = prediction_of(k), *t = target_of(k);
    float known[COLS], gradient[LONG], long_x[LONG], long_t[LONG];
    double loss = 0;

    if (masked && !padded)
        return; /* reverse, a masked logit costs NaN */
    const double alone = call_row(k, x, t, known);
    for (int i = 0; i < LONG; i++) {
        const int own = i % TIMES == TIMES / 2;
        long_x[i] = padded ? (own ? x[i / TIMES] : -INFINITY) : x[i % COLS];
        long_t[i] = padded ? (own ? t[i / TIMES] : 0) : t[i % COLS];
    }
    plx_rows b = block(k, 1, long_x, long_t, &loss, gradient);
    b.cols = LONG;
    call(k, &b);
    const double times = padded || !summed || strstr("mse mae huber", k->name) ? 1 : TIMES;
    ck_assert_double_eq_tol(loss, times * alone, 1e-12 * fmax(fabs(times * alone), 1));
    for (int i = 0; i < LONG; i++) {
        const int own = i % TIMES == TIMES / 2;
        const double expected =
            padded ? (own ? (double)known[i / TIMES] : 0) : (double)known[i % COLS] * times / TIMES;
        if (fabs((double)gradient[i] - expected) > 2e-7 * fabs(expected) + 1e-9)
            ck_abort_msg("element %d: %.9g, not %.9g", i, (double)gradient[i], expected);
    }
}
END_TEST

START_TEST(losses_need_no_gradient)
{
    const loss_case *k = &cases[_i];
    double loss[ROWS], loss2[ROWS];
    float gradient[ROWS * COLS];
    plx_rows b = block(k, ROWS, prediction_of(k), target_of(k), loss, gradient);

    call(k, &b);
    b.loss = loss2;
    b.gradient = NULL;
    call(k, &b);
    ck_assert_mem_eq(loss, loss2, sizeof(loss));
}
END_TEST

START_TEST(no_rows_are_no_work)
{
    const loss_case *k = &cases[_i];
    double loss = 7;
    float gradient = 8;
    const plx_rows b = block(k, 0, prediction_of(k), target_of(k), &loss, &gradient);

    call(k, &b);
    ck_assert(loss == 7 && gradient == 8);
}
END_TEST

/* A NaN shows in the loss and in its own gradient, at a target of zero too. */
START_TEST(nan_comes_out_as_nan)
{
    const loss_case *k = &cases[_i];

    for (int c = 0; c < COLS; c++) {
        float x[COLS], gradient[COLS];
        memcpy(x, prediction_of(k), sizeof(x));
        x[c] = NAN;
        ck_assert(isnan(call_row(k, x, target_of(k), gradient)));
        ck_assert(isnan(gradient[c]));
    }
}
END_TEST

START_TEST(nan_in_the_target_comes_out_as_nan)
{
    const loss_case *k = &cases[_i];
    float t[COLS], gradient[COLS];

    memcpy(t, target_of(k), sizeof(t));
    t[1] = NAN;
    ck_assert(isnan(call_row(k, prediction_of(k), t, gradient)));
    ck_assert(isnan(gradient[1]));
}
END_TEST

/* ---- minima ---------------------------------------------------------------------------------- */

/* A target within the open simplex or interval, and where the loss should be least. */
static void put_minimum(const loss_case *k, float *x, float *t)
{
    const float target[COLS] = {0.125f, 0.375f, 0.5f};

    for (int c = 0; c < COLS; c++) {
        t[c] = target[c];
        x[c] = !k->partner                ? t[c]
               : k->family == PLX_SIMPLEX ? logf(t[c]) + 2
                                          : logf(t[c] / (1 - t[c]));
    }
}

START_TEST(the_target_is_the_minimum)
{
    const loss_case *k = &cases[_i];
    float x[COLS], t[COLS];

    put_minimum(k, x, t);
    const double least = call_row(k, x, t, NULL);
    if (strcmp(k->name, "cross_entropy") != 0)
        ck_assert_double_eq_tol(least, 0, 1e-12);
    for (int c = 0; c < COLS; c++) {
        /* one probability up, another down: the step stays on the simplex */
        float moved[COLS];
        memcpy(moved, x, sizeof(moved));
        moved[c] += 0.01f;
        moved[(c + 1) % COLS] -= 0.01f;
        ck_assert(call_row(k, moved, t, NULL) > least);
    }
}
END_TEST

START_TEST(the_gradient_is_zero_at_the_target)
{
    const loss_case *k = &cases[_i];
    float x[COLS], t[COLS], gradient[COLS];

    put_minimum(k, x, t);
    call_row(k, x, t, gradient);
    /* on the simplex the partial derivatives are equal there: no direction along it leads down */
    const int along = k->family == PLX_SIMPLEX && !k->partner;
    for (int c = 0; c < COLS; c++)
        ck_assert(fabsf(gradient[c] - (along ? gradient[0] : 0)) < 1e-7f);
}
END_TEST

/* ---- extremes -------------------------------------------------------------------------------- */

static const double least_probability = (double)PLX_PROBABILITY_FLOOR;

START_TEST(a_probability_of_zero_is_taken_as_the_floor)
{
    const float p[COLS] = {0, 1, 0}, t[COLS] = {1, 0, 0};
    const loss_case k = {_i ? "kl" : "cross_entropy", "", PLX_SIMPLEX, NULL, NULL};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(&k, p, t, g), -log(least_probability), 1e-6);
    ck_assert_double_eq_tol((double)g[0] * least_probability, -1, 1e-6);
    ck_assert(g[1] == 0 && g[2] == 0);
}
END_TEST

START_TEST(a_bernoulli_probability_is_floored_at_both_ends)
{
    const float p[COLS] = {0, 1, 0}, t[COLS] = {1, 0, 0};
    const loss_case k = {_i ? "kl" : "cross_entropy", "", PLX_UNIT, NULL, NULL};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(&k, p, t, g), -2 * log(least_probability) / 3, 1e-6);
    ck_assert_double_eq_tol((double)g[0] * least_probability, -1.0 / 3, 1e-6);
    ck_assert_double_eq_tol((double)g[1] * least_probability, 1.0 / 3, 1e-6);
    ck_assert_double_eq_tol((double)g[2], 1.0 / 3, 1e-6);
}
END_TEST

START_TEST(reverse_floors_predictions_and_targets)
{
    const float p[COLS] = {0, 1, 0}, t[COLS] = {1, 0, 0};
    const loss_case k = {"kl", "reverse=1", PLX_SIMPLEX, NULL, NULL};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(&k, p, t, g), -log(least_probability), 1e-6);
    ck_assert_double_eq_tol((double)g[0], 1 + log(least_probability), 1e-5);
    ck_assert_double_eq_tol((double)g[1], 1 - log(least_probability), 1e-5);
    ck_assert_double_eq_tol((double)g[2], 1, 1e-6);
}
END_TEST

START_TEST(right_and_certain_costs_nothing)
{
    const loss_case *k = &cases[_i];
    const float p[COLS] = {0, 1, 0}, z[COLS] = {-1000, 1000, -1000};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(k, k->partner ? z : p, p, g), 0, 1e-10);
    for (int c = 0; c < COLS; c++)
        ck_assert(isfinite(g[c]));
}
END_TEST

START_TEST(softmax_logits_may_be_extreme)
{
    const float z[COLS] = {-1000, 1000, 0}, t[COLS] = {1, 0, 0};
    const loss_case k = {_i ? "kl" : "cross_entropy", "", PLX_SIMPLEX, "softmax/1", NULL};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(&k, z, t, g), 2000, 1e-9);
    ck_assert(g[0] == -1 && g[1] == 1 && g[2] == 0);
}
END_TEST

/* Rounded soft targets never sum to one exactly; the gradient stays that of the loss. */
START_TEST(soft_targets_need_not_sum_to_one)
{
    const float z[COLS] = {1, 1, 1}, t[COLS] = {0.25f, 0.5f, 0};
    const loss_case k = {_i ? "kl" : "cross_entropy", "", PLX_SIMPLEX, "softmax/1", NULL};
    float g[COLS];

    call_row(&k, z, t, g);
    for (int c = 0; c < COLS; c++)
        ck_assert_double_eq_tol((double)g[c], 0.75 / 3 - (double)t[c], 1e-7);
}
END_TEST

/* Forward they differ by a constant, so runs with the one and with the other are the same run. */
START_TEST(kl_and_cross_entropy_have_the_same_gradient_to_the_bit)
{
    static const struct {
        uint32_t family;
        const char *partner;
    } ways[] = {
        {PLX_SIMPLEX, NULL}, {PLX_UNIT, NULL}, {PLX_SIMPLEX, "softmax/1"}, {PLX_UNIT, "sigmoid/1"}};
    const loss_case a = {"kl", "", ways[_i].family, ways[_i].partner, NULL};
    const loss_case b = {"cross_entropy", "", ways[_i].family, ways[_i].partner, NULL};
    float g[COLS], h[COLS];

    for (int row = 0; row < ROWS; row++) {
        const float *x = prediction_of(&a) + row * COLS, *t = target_of(&a) + row * COLS;
        call_row(&a, x, t, g);
        call_row(&b, x, t, h);
        ck_assert_mem_eq(g, h, sizeof(g));
    }
}
END_TEST

START_TEST(sigmoid_logits_may_be_extreme)
{
    const float z[COLS] = {-1000, 1000, 1000}, t[COLS] = {1, 0, 1};
    const loss_case k = {_i ? "kl" : "cross_entropy", "", PLX_UNIT, "sigmoid/1", NULL};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(&k, z, t, g), 2000.0 / 3, 1e-9);
    ck_assert(g[0] == -1.0f / 3 && g[1] == 1.0f / 3 && g[2] == 0);
}
END_TEST

START_TEST(reverse_logits_may_be_extreme)
{
    const float z[COLS] = {-1000, 1000, 0}, t[COLS] = {0.5f, 0.25f, 0.25f};
    const loss_case k = {"kl", "reverse=1", _i ? PLX_UNIT : PLX_SIMPLEX,
                         _i ? "sigmoid/1" : "softmax/1", NULL};
    float g[COLS];

    /* probabilities 0, 1 and, on its own, 1/2 */
    const double half = 0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75);
    ck_assert_double_eq_tol(call_row(&k, z, t, g),
                            _i ? (-log(0.5) - log(0.25) + half) / 3 : -log(0.25), 1e-9);
    ck_assert(g[0] == 0 && g[1] == 0);
    ck_assert_double_eq_tol((double)g[2], _i ? 0.25 * log(3) / 3 : 0, 1e-7);
}
END_TEST

START_TEST(a_masked_logit_costs_nothing)
{
    const float z[COLS] = {1, -INFINITY, 1}, t[COLS] = {1, 0, 0};
    const loss_case k = {_i ? "kl" : "cross_entropy", "", PLX_SIMPLEX, "softmax/1", NULL};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(&k, z, t, g), log(2), 1e-9);
    ck_assert(g[1] == 0);
    ck_assert_double_eq_tol((double)g[0], -0.5, 1e-7);
}
END_TEST

START_TEST(huge_errors_stay_finite)
{
    const loss_case *k = &cases[_i];
    const float p[COLS] = {FLT_MAX, -FLT_MAX, 0}, t[COLS] = {-FLT_MAX, FLT_MAX, 0};
    float g[COLS];

    ck_assert(isfinite(call_row(k, p, t, g)));
    ck_assert(g[0] > 0 && g[1] < 0 && g[2] == 0);
}
END_TEST

START_TEST(huber_changes_at_delta)
{
    const loss_case k = {"huber", "delta=0.5", PLX_REALS, NULL, NULL};
    const float t[COLS] = {0};
    const float inside[COLS] = {0.5f, 0, 0}, outside[COLS] = {-2, 0, 0};
    float g[COLS];

    ck_assert_double_eq_tol(call_row(&k, inside, t, g), 0.125 / 3, 1e-12);
    ck_assert_double_eq_tol((double)g[0], 0.5 / 3, 1e-7);
    ck_assert_double_eq_tol(call_row(&k, outside, t, g), 0.5 * (2 - 0.25) / 3, 1e-12);
    ck_assert_double_eq_tol((double)g[0], -0.5 / 3, 1e-7);
}
END_TEST

START_TEST(mae_is_flat_at_its_target)
{
    const loss_case k = {"mae", "", PLX_REALS, NULL, NULL};
    const float p[COLS] = {1, 1.5f, 0}, t[COLS] = {1, 1, 0.5f};
    float g[COLS];

    call_row(&k, p, t, g);
    ck_assert(g[0] == 0 && g[1] == 1.0f / 3 && g[2] == -1.0f / 3);
}
END_TEST

/* ---- fused or not, the same ------------------------------------------------------------------ */

/* dL/dz by the activation's own backward. */
static void chain(const loss_case *k, const float *z, const float *t, double *loss, float *dz)
{
    const plx_activation *a = load_activation(k->family == PLX_SIMPLEX ? "softmax" : "sigmoid");
    loss_case unfused = *k;
    float p[ROWS * COLS], dp[ROWS * COLS];

    unfused.partner = NULL;
    const plx_rows b = block(&unfused, ROWS, p, t, loss, dp);
    if (a->forward_rows)
        a->forward_rows(NULL, ROWS, COLS, z, COLS, p, COLS);
    else
        a->forward(NULL, ROWS * COLS, z, p);
    call(&unfused, &b);
    if (a->backward_rows)
        a->backward_rows(NULL, ROWS, COLS, NULL, 0, p, COLS, dp, COLS, dz, COLS);
    else
        a->backward(NULL, ROWS * COLS, NULL, p, dp, dz);
}

START_TEST(fused_agrees_with_the_chain)
{
    const loss_case *k = &cases[_i];
    const float *z = prediction_of(k), *t = target_of(k);
    double loss[ROWS], loss2[ROWS];
    float dz[ROWS * COLS], dz2[ROWS * COLS];
    const plx_rows b = block(k, ROWS, z, t, loss, dz);

    call(k, &b);
    chain(k, z, t, loss2, dz2);
    for (int r = 0; r < ROWS; r++)
        ck_assert_double_eq_tol(loss[r], loss2[r], 1e-6 * fmax(loss[r], 1));
    for (int i = 0; i < ROWS * COLS; i++)
        ck_assert(fabsf(dz[i] - dz2[i]) <= 2e-6f * fmaxf(fabsf(dz[i]), 1));
}
END_TEST

/* ---- targets --------------------------------------------------------------------------------- */

enum { PROBABLE = PLX_TARGET_LABELS, ANY = PLX_TARGET_REALS | PLX_TARGET_LABELS };

static const struct {
    const char *name;
    uint32_t reals, positive, unit, simplex;
} accepted[] = {
    {"mse", ANY, ANY, ANY, ANY},
    {"mae", ANY, ANY, ANY, ANY},
    {"huber", ANY, ANY, ANY, ANY},
    {"cross_entropy", 0, 0, PLX_TARGET_UNIT | PROBABLE, PLX_TARGET_SIMPLEX | PROBABLE},
    {"kl", 0, 0, PLX_TARGET_UNIT | PROBABLE, PLX_TARGET_SIMPLEX | PROBABLE},
};

START_TEST(targets_are_what_the_family_allows)
{
    const plx_loss *l = load_loss(accepted[_i].name);
    void *self = load_settings((const plx_component *)(const void *)l, "");

    ck_assert_uint_eq(l->targets(self, PLX_REALS), accepted[_i].reals);
    ck_assert_uint_eq(l->targets(self, PLX_POSITIVE), accepted[_i].positive);
    ck_assert_uint_eq(l->targets(self, PLX_UNIT), accepted[_i].unit);
    ck_assert_uint_eq(l->targets(self, PLX_SIMPLEX), accepted[_i].simplex);
    free(self);
}
END_TEST

START_TEST(a_family_that_does_not_fit_fails_with_a_reason)
{
    const loss_case k = {_i ? "kl" : "cross_entropy", "", PLX_REALS, NULL, NULL};
    const plx_loss *l = load_loss(k.name);
    void *self = load_settings((const plx_component *)(const void *)l, "");
    double loss[ROWS];
    const plx_rows b = block(&k, ROWS, &reals[0][0], &real_targets[0][0], loss, NULL);

    ck_assert_int_eq(l->rows(self, &b), PLX_FAILED);
    ck_assert_ptr_nonnull(strstr(load_error, "needs probabilities"));
    free(self);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/loss");
    TCase *c = tcase_create("every loss"), *e = tcase_create("extremes");

    tcase_add_loop_test(c, losses_agree_with_the_formula, 0, CASES);
    tcase_add_loop_test(c, gradients_are_difference_quotients, 0, CASES);
    tcase_add_loop_test(c, weights_leave_the_losses_alone, 0, CASES);
    tcase_add_loop_test(c, splitting_changes_no_bit, 0, CASES);
    tcase_add_loop_test(c, rows_keep_to_themselves, 0, CASES);
    tcase_add_loop_test(c, a_long_row_is_summed_in_parts, 0, CASES);
    tcase_add_loop_test(c, losses_need_no_gradient, 0, CASES);
    tcase_add_loop_test(c, no_rows_are_no_work, 0, CASES);
    tcase_add_loop_test(c, nan_comes_out_as_nan, 0, CASES);
    tcase_add_loop_test(c, nan_in_the_target_comes_out_as_nan, 0, CASES);
    tcase_add_loop_test(c, the_target_is_the_minimum, 0, CASES);
    tcase_add_loop_test(c, the_gradient_is_zero_at_the_target, 0, CASES);
    tcase_add_loop_test(c, fused_agrees_with_the_chain, FUSED, CASES);
    tcase_add_loop_test(c, targets_are_what_the_family_allows, 0,
                        sizeof(accepted) / sizeof(accepted[0]));
    tcase_add_loop_test(c, a_family_that_does_not_fit_fails_with_a_reason, 0, 2);
    tcase_add_loop_test(e, a_probability_of_zero_is_taken_as_the_floor, 0, 2);
    tcase_add_loop_test(e, a_bernoulli_probability_is_floored_at_both_ends, 0, 2);
    tcase_add_test(e, reverse_floors_predictions_and_targets);
    tcase_add_loop_test(e, right_and_certain_costs_nothing, 0, CASES);
    tcase_add_loop_test(e, softmax_logits_may_be_extreme, 0, 2);
    tcase_add_loop_test(e, soft_targets_need_not_sum_to_one, 0, 2);
    tcase_add_loop_test(e, kl_and_cross_entropy_have_the_same_gradient_to_the_bit, 0, 4);
    tcase_add_loop_test(e, sigmoid_logits_may_be_extreme, 0, 2);
    tcase_add_loop_test(e, reverse_logits_may_be_extreme, 0, 2);
    tcase_add_loop_test(e, a_masked_logit_costs_nothing, 0, 2);
    tcase_add_loop_test(e, huge_errors_stay_finite, 0, 8);
    tcase_add_test(e, huber_changes_at_delta);
    tcase_add_test(e, mae_is_flat_at_its_target);
    suite_add_tcase(s, c);
    suite_add_tcase(s, e);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
