/* softplus: a smooth rectifier, and its inverse temperature.
 *
 *   f(x) = log(1 + exp(beta x)) / beta,  f'(x) = 1 / (1 + exp(-beta x))
 *   f(x) = x, f'(x) = 1 where beta x > threshold
 *
 * The logarithm is taken as max(u, 0) + log1p(exp(-|u|)), which neither overflows nor loses the
 * small values. Above the default threshold the two branches are the same float32. */
#include <math.h>

#include <plexus/plugin.h>

#include "../vector_math.h"

typedef struct {
    double beta, threshold;
} softplus;

static const plx_setting settings[] = {
    PLX_REAL(softplus, beta, 1, 1e-3, 1000, "sharpness; towards a rectifier as it grows",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(softplus, threshold, 20, 0, 1e6, "the identity where beta x is above this"),
};

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = 0;
    domain->hi = HUGE_VAL;
    domain->flags = PLX_OPEN_MAX;
    return PLX_OK;
}

PLX_INLINE float value(float x, float beta, float threshold)
{
    const float u = beta * x;

    const float smooth = (u > 0 ? u : 0) + vector_log1pf(vector_expf(-fabsf(u)));

    return u > threshold ? x : smooth / beta;
}

/* 1 / sqrt(E[f(z)^2]) for a standard normal z, by the trapezoidal rule on [-10, 10]. */
static double gain(const void *self)
{
    const softplus *s = self;
    const double h = 1.0 / 512, root_2_pi = 2.5066282746310002;
    double sum = 0;

    for (int i = -5120; i <= 5120; i++) {
        const double z = i * h;
        const double y = (double)value((float)z, (float)s->beta, (float)s->threshold);
        sum += y * y * exp(-z * z / 2);
    }
    return 1 / sqrt(sum * h / root_2_pi);
}

PLX_INLINE float derivative(float x, float beta, float threshold)
{
    const float u = beta * x;

    return u > threshold ? 1 : vector_sigmoidf(u);
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const softplus *s = self;
    const float beta = (float)s->beta, threshold = (float)s->threshold;

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = value(x[i], beta, threshold);
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    const softplus *s = self;
    const float beta = (float)s->beta, threshold = (float)s->threshold;

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * derivative(x[i], beta, threshold);
    return PLX_OK;
}

PLX_ACTIVATION(softplus, .version = "1.0", .flags = PLX_NEEDS_INPUT,
               .summary = "smooth rectifier, above zero everywhere",
               .source =
                   "Dugas, Bengio, Belisle, Nadeau, Garcia 2001, \"Incorporating second-order "
                   "functional knowledge for better option pricing\"",
               .formula = "y = log(1 + exp(beta x)) / beta; y = x where beta x > threshold",
               .derivative = "dy/dx = 1 / (1 + exp(-beta x)); 1 where beta x > threshold",
               .settings = PLX_TABLE(settings), .semantic = "softplus/1", .onnx = "Softplus",
               .expression = "fmax(x, 0) + log1p(exp(-fabs(x)))", .domain = domain, .gain = gain,
               .forward = forward, .backward = backward)
