/* selu: an elu scaled so that activations keep mean 0 and variance 1 from layer to layer.
 *
 *   f(x) = scale x if x > 0, else scale alpha (exp(x) - 1)
 *   f'(x) = scale if x > 0, else scale alpha exp(x) = y + scale alpha
 *
 * alpha and scale solve the fixed-point equations of the paper's appendix; E[f(z)^2] = 1 for a
 * standard normal z, so the gain is 1. Backward needs only the output. */
#include <math.h>

#include <plexus/plugin.h>

#include "../vector_math.h"

static const double alpha = 1.6732632423543772848170429916717;
static const double scale = 1.0507009873554804934193349852946;

/* The float32 product scale alpha, rounded as forward rounds it, so no output lies below. */
PLX_INLINE float floor_of_output(void)
{
    return (float)(scale * alpha);
}

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = -(double)floor_of_output();
    domain->hi = HUGE_VAL;
    domain->flags = PLX_OPEN_MAX;
    return PLX_OK;
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const float above = (float)scale, below = floor_of_output();

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] > 0 ? above * x[i] : below * vector_expm1f(x[i]);
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    const float above = (float)scale, below = floor_of_output();

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (y[i] > 0 ? above : y[i] + below);
    return PLX_OK;
}

PLX_ACTIVATION(selu, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
               .summary = "scaled elu, keeps activations at mean 0 and variance 1",
               .source = "Klambauer, Unterthiner, Mayr, Hochreiter 2017, \"Self-normalizing neural "
                         "networks\"",
               .formula = "y = scale x if x > 0, else scale alpha (exp(x) - 1)\n"
                          "scale = 1.0507009873554805, alpha = 1.6732632423543773",
               .derivative = "dy/dx = scale if x > 0, else scale alpha exp(x) = y + scale alpha",
               .semantic = "selu/1", .onnx = "Selu",
               .expression = "1.0507009873554805 * (x > 0 ? x : 1.6732632423543773 * expm1(x))",
               .domain = domain, .forward = forward, .backward = backward)
