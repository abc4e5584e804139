/* problems.c: see problems.h.
 *
 * No minimum lies at the origin: an optimizer that merely shrinks its weights is not to look good.
 * Quadratics are turned against the axes, which an elementwise optimizer would have an easy life
 * with. The noise of a noisy problem is a random linear function added to it, a new one for each
 * step: so value and gradient go together within a step, as they do on the batch of a training
 * step, and the mean over all steps is the plain problem. */
#include "author/problems.h"

#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

#include "support/random.h"

enum { NOISE_SEED = 1 };

/* The weights of a problem with one tensor are g[0][i]. */
static void put(float *const *g, size_t tensor, size_t element, double value)
{
    if (g != NULL)
        g[tensor][element] = (float)value;
}

/* ---- quadratics in the plane ---- */

/* Adds the noise of `step` to the gradient (x, y); returns what it adds to the value at a distance
 * of (dx, dy) from the minimum. */
static double add_noise(const problem *p, int64_t step, double dx, double dy, double *x, double *y)
{
    if (p->noise <= 0 || step <= 0)
        return 0;
    const random_stream stream = random_open(NOISE_SEED, RANDOM_GENERATE, (uint64_t)step);
    const double nx = p->noise * random_normal(stream, 0);
    const double ny = p->noise * random_normal(stream, 1);
    *x += nx;
    *y += ny;
    return nx * dx + ny * dy;
}

/* (u^2 / sqrt(c) + sqrt(c) v^2) / 2, c the condition number, (u, v) the way from the minimum in
 * coordinates turned by 30 degrees. */
static double plane_quadratic(const problem *p, int64_t step, const float *const *w,
                              float *const *g)
{
    const double cosine = sqrt(0.75), sine = 0.5;
    const double high = sqrt(p->condition), low = 1 / high;
    const double dx = (double)w[0][0] - p->minimum_at[0];
    const double dy = (double)w[0][1] - p->minimum_at[1];
    const double u = cosine * dx + sine * dy, v = cosine * dy - sine * dx;
    double x = cosine * low * u - sine * high * v;
    double y = sine * low * u + cosine * high * v;
    const double noise = add_noise(p, step, dx, dy, &x, &y);

    put(g, 0, 0, x);
    put(g, 0, 1, y);
    return (low * u * u + high * v * v) / 2 + noise;
}

static void start_quadratic(const problem *p, size_t tensor, float *w)
{
    w[0] = -1.5f;
    w[1] = 2;
}

/* ---- a quadratic of 20 dimensions ---- */

enum { DIMENSIONS = 20 };

/* Where the minimum of element i lies: -0.6, -0.3, 0, 0.3 or 0.6, plus 0.1. */
static double centre_of(size_t i)
{
    return 0.3 * ((double)(i * 3 % 5) - 2) + 0.1;
}

/* x = x - 2 v (v'x) / (v'v) with v[i] = 1 + i / 10: a reflection, which is its own inverse. */
static void reflect(double *x)
{
    double along = 0, length = 0;

    for (size_t i = 0; i < DIMENSIONS; i++) {
        const double v = 1 + (double)i / 10;
        along += v * x[i];
        length += v * v;
    }
    for (size_t i = 0; i < DIMENSIONS; i++)
        x[i] -= 2 * (1 + (double)i / 10) * along / length;
}

/* Half the sum of k_i u_i^2, u the reflected way from the minimum, k_i from 1 / sqrt(c) to sqrt(c)
 * in equal ratios. */
static double turned_quadratic(const problem *p, int64_t step, const float *const *w,
                               float *const *g)
{
    const double ratio = pow(p->condition, 1.0 / (DIMENSIONS - 1));
    double u[DIMENSIONS], curvature = 1 / sqrt(p->condition), sum = 0;

    for (size_t i = 0; i < DIMENSIONS; i++)
        u[i] = (double)w[0][i] - centre_of(i);
    reflect(u);
    for (size_t i = 0; i < DIMENSIONS; i++) {
        sum += curvature * u[i] * u[i] / 2;
        u[i] *= curvature;
        curvature *= ratio;
    }
    reflect(u);
    for (size_t i = 0; i < DIMENSIONS; i++)
        put(g, 0, i, u[i]);
    return sum;
}

static void start_turned(const problem *p, size_t tensor, float *w)
{
    for (size_t i = 0; i < DIMENSIONS; i++)
        w[i] = (float)(centre_of(i) + (i % 3 == 0 ? -1 : 1));
}

/* ---- valleys ---- */

static double rosenbrock(const problem *p, int64_t step, const float *const *w, float *const *g)
{
    const double x = (double)w[0][0], y = (double)w[0][1];
    const double a = 1 - x, b = y - x * x;

    put(g, 0, 0, -2 * a - 400 * x * b);
    put(g, 0, 1, 200 * b);
    return a * a + 100 * b * b;
}

static void start_rosenbrock(const problem *p, size_t tensor, float *w)
{
    w[0] = -1.2f;
    w[1] = 1;
}

static double beale(const problem *p, int64_t step, const float *const *w, float *const *g)
{
    static const double constants[] = {1.5, 2.25, 2.625};
    const double x = (double)w[0][0], y = (double)w[0][1];
    double sum = 0, along_x = 0, along_y = 0, power = 1; /* y^k */

    for (int k = 0; k < 3; k++) {
        const double slope = (k + 1) * power; /* of y^(k+1) */
        power *= y;
        const double residual = constants[k] - x + x * power;
        sum += residual * residual;
        along_x += 2 * residual * (power - 1);
        along_y += 2 * residual * x * slope;
    }
    put(g, 0, 0, along_x);
    put(g, 0, 1, along_y);
    return sum;
}

static void start_beale(const problem *p, size_t tensor, float *w)
{
    w[0] = 1;
    w[1] = 1;
}

/* ---- logistic regression ---- */

enum { POINTS = 20, FEATURES = 3 };

typedef struct point {
    float x[FEATURES], sign; /* the class, -1 or 1                                               */
} point;

/* Drawn once from overlapping classes, so that the best weights are finite. */
static const point points[POINTS] = {
    {{0, 0.6f, -0.14f}, -1},       {{-0.89f, -0.91f, -0.5f}, -1},  {{0.06f, 2.68f, -0.25f}, 1},
    {{-0.62f, 0.98f, 0.18f}, -1},  {{0.11f, -1.86f, -0.01f}, 1},   {{0.7f, -2.69f, -0.23f}, 1},
    {{-1.9f, -2.58f, -0.92f}, 1},  {{-0.24f, -2.53f, 0.14f}, -1},  {{0.16f, -0.37f, -1.26f}, 1},
    {{-0.54f, -0.1f, 0.06f}, -1},  {{-1.53f, -0.96f, -0.49f}, -1}, {{-0.81f, 2.12f, -0.4f}, -1},
    {{-0.03f, 1.77f, -0.29f}, -1}, {{-0.11f, 0.22f, 0.03f}, 1},    {{-1.23f, 0.15f, 0.68f}, -1},
    {{-1.55f, 1.72f, 0.06f}, -1},  {{-0.64f, 4, 0.38f}, -1},       {{-1.2f, 0.15f, 0.29f}, -1},
    {{-0.19f, 1.37f, -0.03f}, 1},  {{0.67f, 2.88f, -0.34f}, 1},
};

/* The mean of log(1 + exp(-m)), m = sign (w'x + b). */
static double logistic(const problem *p, int64_t step, const float *const *w, float *const *g)
{
    double sum = 0, slope[FEATURES + 1] = {0};

    for (size_t i = 0; i < POINTS; i++) {
        const point *at = &points[i];
        double m = (double)w[1][0];
        for (size_t k = 0; k < FEATURES; k++)
            m += (double)w[0][k] * (double)at->x[k];
        m *= (double)at->sign;
        sum += m > 0 ? log1p(exp(-m)) : log1p(exp(m)) - m;
        const double pull = -(double)at->sign / (1 + exp(m));
        for (size_t k = 0; k < FEATURES; k++)
            slope[k] += pull * (double)at->x[k];
        slope[FEATURES] += pull;
    }
    for (size_t k = 0; k < FEATURES; k++)
        put(g, 0, k, slope[k] / POINTS);
    put(g, 1, 0, slope[FEATURES] / POINTS);
    return sum / POINTS;
}

static void start_logistic(const problem *p, size_t tensor, float *w)
{
    static const float first[FEATURES] = {-0.5f, 0.5f, 0.5f};

    for (size_t k = 0; k < FEATURES && tensor == 0; k++)
        w[k] = first[k];
    if (tensor == 1)
        w[0] = 0;
}

/* ---- a product of matrices ---- */

enum { INPUTS = 3, HIDDEN = 4, OUTPUTS = 2 };

static const double wanted[OUTPUTS][INPUTS] = {{1, -0.5, 0.25}, {-0.75, 0.5, 1}};
static const double wanted_bias[OUTPUTS] = {0.5, -0.25};

/* How far B A is from `wanted`, and B a + b from wanted_bias, which are a last column. */
static void residuals(const float *const *w, double out[OUTPUTS][INPUTS + 1])
{
    const float *a = w[0], *a_bias = w[1], *b = w[2], *b_bias = w[3];

    for (size_t o = 0; o < OUTPUTS; o++) {
        for (size_t i = 0; i <= INPUTS; i++) {
            out[o][i] = i < INPUTS ? -wanted[o][i] : (double)b_bias[o] - wanted_bias[o];
            for (size_t h = 0; h < HIDDEN; h++)
                out[o][i] += (double)b[o * HIDDEN + h] *
                             (double)(i < INPUTS ? a[h * INPUTS + i] : a_bias[h]);
        }
    }
}

/* Two linear layers that are to become one given linear function: the mean over standard normal
 * inputs of half the squared error is half the sum of all squared residuals. */
static double product_of_matrices(const problem *p, int64_t step, const float *const *w,
                                  float *const *g)
{
    const float *a = w[0], *a_bias = w[1], *b = w[2];
    double r[OUTPUTS][INPUTS + 1], sum = 0;

    residuals(w, r);
    for (size_t h = 0; h < HIDDEN; h++) {
        for (size_t i = 0; i <= INPUTS; i++) {
            double slope = 0;
            for (size_t o = 0; o < OUTPUTS; o++)
                slope += (double)b[o * HIDDEN + h] * r[o][i];
            put(g, i < INPUTS ? 0 : 1, i < INPUTS ? h * INPUTS + i : h, slope);
        }
    }
    for (size_t o = 0; o < OUTPUTS; o++) {
        for (size_t h = 0; h < HIDDEN; h++) {
            double slope = r[o][INPUTS] * (double)a_bias[h];
            for (size_t i = 0; i < INPUTS; i++)
                slope += r[o][i] * (double)a[h * INPUTS + i];
            put(g, 2, o * HIDDEN + h, slope);
        }
        put(g, 3, o, r[o][INPUTS]);
        for (size_t i = 0; i <= INPUTS; i++)
            sum += r[o][i] * r[o][i] / 2;
    }
    return sum;
}

static void start_matrices(const problem *p, size_t tensor, float *w)
{
    const uint64_t n = problems_elements(&p->tensor[tensor]);
    const bool weight = p->tensor[tensor].role == PLX_WEIGHT;

    /* without a pattern, between -0.6 and 0.6; biases at zero, as a network's are */
    for (uint64_t i = 0; i < n; i++)
        w[i] = weight ? (float)((double)((i * 7 + 3 * tensor + 2) % 13) / 10 - 0.6) : 0;
}

/* ---- the list ---- */

/* Two parameters are the weights of a single unit. */
#define PLANE .tensor = {{"layers.0.weight", PLX_WEIGHT, 0, 1, 2}}, .tensor_count = 1, .plane = true

#define QUADRATIC(number)                                                                          \
    PLANE, .condition = (number), .lo = {-2.5, -2}, .hi = {3.5, 3.5}, .minimum_at = {1, 0.5},      \
           .start = start_quadratic, .value = plane_quadratic

const problem problems_all[] = {
    {.id = "quadratic_1",
     .title = "a round bowl",
     .formula = "((x - 1)^2 + (y - 0.5)^2) / 2",
     QUADRATIC(1)},
    {.id = "quadratic_100",
     .title = "a quadratic of condition number 100",
     .formula = "(u^2 / 10 + 10 v^2) / 2, (u, v) = (x - 1, y - 0.5) turned by 30 degrees",
     QUADRATIC(1e2)},
    {.id = "quadratic_10000",
     .title = "a quadratic of condition number 10000",
     .formula = "(u^2 / 100 + 100 v^2) / 2, (u, v) = (x - 1, y - 0.5) turned by 30 degrees",
     QUADRATIC(1e4)},
    {.id = "quadratic_20d",
     .title = "a turned quadratic of 20 dimensions, condition number 100",
     .formula = "sum of k_i u_i^2 / 2, u = H (w - c), H a reflection, k_i from 0.1 to 10",
     .tensor = {{"layers.0.weight", PLX_WEIGHT, 0, 4, 5}},
     .tensor_count = 1,
     .condition = 100,
     .start = start_turned,
     .value = turned_quadratic},
    {.id = "rosenbrock",
     .title = "Rosenbrock's valley",
     .formula = "(1 - x)^2 + 100 (y - x^2)^2",
     .source = "Rosenbrock 1960, \"An automatic method for finding the greatest or least value of "
               "a function\"",
     PLANE,
     .lo = {-2, -1},
     .hi = {2, 3},
     .minimum_at = {1, 1},
     .start = start_rosenbrock,
     .value = rosenbrock},
    {.id = "beale",
     .title = "Beale's function",
     .formula = "(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2",
     .source = "Beale 1958, \"On an iterative method for finding a local minimum of a function of "
               "more than one variable\"; start: More, Garbow, Hillstrom 1981, \"Testing "
               "unconstrained optimization software\"",
     PLANE,
     .lo = {-1, -2},
     .hi = {4.5, 2},
     .minimum_at = {3, 0.5},
     .start = start_beale,
     .value = beale},
    {.id = "noisy_quadratic",
     .title = "a quadratic of condition number 10 with a noisy gradient",
     .formula = "(u^2 / sqrt(10) + sqrt(10) v^2) / 2 + n'(x - 1, y - 0.5), n normal, new each step",
     .noise = 0.5,
     QUADRATIC(10)},
    {.id = "logistic",
     .title = "logistic regression on 20 points",
     .formula = "mean of log(1 + exp(-s (w'x + b))), s the class, -1 or 1",
     .tensor = {{"layers.0.weight", PLX_WEIGHT, 0, 1, FEATURES},
                {"layers.0.bias", PLX_BIAS, 0, 1, 1}},
     .tensor_count = 2,
     .minimum = 0.39267246518052834, /* by Newton's method, in double */
     .start = start_logistic,
     .value = logistic},
    {.id = "matrices",
     .title = "two linear layers that are to become a given one",
     .formula = "(|B A - M|^2 + |B a + b - m|^2) / 2",
     .tensor = {{"layers.0.weight", PLX_WEIGHT, 0, HIDDEN, INPUTS},
                {"layers.0.bias", PLX_BIAS, 0, 1, HIDDEN},
                {"layers.1.weight", PLX_WEIGHT, 1, OUTPUTS, HIDDEN},
                {"layers.1.bias", PLX_BIAS, 1, 1, OUTPUTS}},
     .tensor_count = 4,
     .start = start_matrices,
     .value = product_of_matrices},
    {.id = NULL},
};

const problem *problems_find(const char *id)
{
    for (const problem *p = problems_all; p->id != NULL; p++)
        if (strcmp(p->id, id) == 0)
            return p;
    return NULL;
}

uint64_t problems_elements(const problem_tensor *tensor)
{
    return tensor->rows * tensor->cols;
}

uint64_t problems_parameters(const problem *problem)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < problem->tensor_count; i++)
        sum += problems_elements(&problem->tensor[i]);
    return sum;
}
