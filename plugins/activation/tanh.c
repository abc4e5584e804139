/* tanh: the hyperbolic tangent, a sigmoid centred on zero.
 *
 *   f(x) = tanh(x),  f'(x) = 1 - y^2
 *
 * Its gain is 1: near zero, where a well-started network works, tanh(x) is x. */
#include <math.h>

#include <plexus/plugin.h>

#include "../vector_math.h"

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = -1;
    domain->hi = 1;
    domain->flags = 0;
    return PLX_OK;
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = vector_tanhf(x[i]);
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (1 - y[i] * y[i]);
    return PLX_OK;
}

PLX_ACTIVATION(tanh, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
               .summary = "hyperbolic tangent, centred on zero",
               .source = "LeCun, Bottou, Orr, Mueller 1998, \"Efficient BackProp\"",
               .formula = "y = tanh(x)", .derivative = "dy/dx = 1 - y^2", .semantic = "tanh/1",
               .onnx = "Tanh", .expression = "tanh(x)", .domain = domain, .forward = forward,
               .backward = backward)
