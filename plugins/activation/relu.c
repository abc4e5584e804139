/* relu: the rectified linear unit.
 *
 *   f(x) = x if x > 0, else 0;  f'(x) = 1 if x > 0, else 0 (0 at the kink)
 *
 * Both are written so that NaN passes through: `x < 0 ? 0 : x` keeps it where `x > 0 ? x : 0` would
 * turn it into a healthy-looking zero. In backward an output that is not above 0 is 0 or NaN, and
 * is itself the factor wanted. */
#include <math.h>

#include <plexus/plugin.h>

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = 0;
    domain->hi = HUGE_VAL;
    domain->flags = PLX_OPEN_MAX;
    return PLX_OK;
}

/* E[f(z)^2] = 1/2 for a standard normal z. */
static double gain(const void *self)
{
    return sqrt(2.0);
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (y[i] > 0 ? 1 : y[i]);
    return PLX_OK;
}

PLX_ACTIVATION(relu, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
               .summary = "rectified linear unit, zero below zero",
               .source = "Nair, Hinton 2010, \"Rectified linear units improve restricted Boltzmann "
                         "machines\"; gain: He, Zhang, Ren, Sun 2015, \"Delving deep into "
                         "rectifiers\"",
               .formula = "y = max(x, 0)", .derivative = "dy/dx = 1 if x > 0, else 0",
               .semantic = "relu/1", .onnx = "Relu", .expression = "x < 0 ? 0 : x",
               .domain = domain, .gain = gain, .forward = forward, .backward = backward)
