/* elu: the exponential linear unit, smooth below zero and saturating at -alpha.
 *
 *   f(x) = x if x > 0, else alpha (exp(x) - 1);  f'(x) = 1 if x > 0, else alpha exp(x)
 *
 * Below zero alpha exp(x) = y + alpha, so backward needs only the output; alpha >= 0 makes the
 * output's sign the input's. At x = 0 the derivative is alpha, the one from the left. */
#include <math.h>

#include <plexus/plugin.h>

#include "../vector_math.h"

typedef struct {
    double alpha;
} elu;

static const plx_setting settings[] = {
    PLX_REAL(elu, alpha, 1, 0, 1000, "the output falls to -alpha far below zero"),
};

static int32_t domain(const void *self, plx_domain *domain)
{
    const elu *s = self;

    domain->lo = -s->alpha;
    domain->hi = HUGE_VAL;
    domain->flags = PLX_OPEN_MAX;
    return PLX_OK;
}

/* E[f(z)^2] = 1/2 + alpha^2 E[(exp(z) - 1)^2; z < 0] for a standard normal z, whose second mean is
 * e^2 P(-2) - 2 sqrt(e) P(-1) + 1/2, P the normal distribution function. */
static double gain(const void *self)
{
    const elu *s = self;

    return 1 / sqrt(0.5 + s->alpha * s->alpha * 0.14494541749292383);
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const elu *s = self;
    const float alpha = (float)s->alpha;

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] > 0 ? x[i] : alpha * vector_expm1f(x[i]);
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    const elu *s = self;
    const float alpha = (float)s->alpha;

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (y[i] > 0 ? 1 : y[i] + alpha);
    return PLX_OK;
}

PLX_ACTIVATION(elu, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
               .summary = "exponential linear unit, saturates at -alpha",
               .source = "Clevert, Unterthiner, Hochreiter 2015, \"Fast and accurate deep network "
                         "learning by exponential linear units (ELUs)\"",
               .formula = "y = x if x > 0, else alpha (exp(x) - 1)",
               .derivative = "dy/dx = 1 if x > 0, else alpha exp(x) = y + alpha",
               .settings = PLX_TABLE(settings), .semantic = "elu/1", .onnx = "Elu",
               .expression = "x > 0 ? x : expm1(x)", .domain = domain, .gain = gain,
               .forward = forward, .backward = backward)
