/* sigmoid: the logistic function, a Bernoulli probability from its log-odds.
 *
 *   f(x) = 1 / (1 + exp(-x)),  f'(x) = y (1 - y)
 *
 * Mathematically the ends 0 and 1 are never reached; in float32 both are. */
#include <math.h>

#include <plexus/plugin.h>

#include "../vector_math.h"

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = 0;
    domain->hi = 1;
    domain->flags = 0;
    return PLX_OK;
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = vector_sigmoidf(x[i]);
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (y[i] * (1 - y[i]));
    return PLX_OK;
}

PLX_ACTIVATION(sigmoid, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
               .summary = "logistic function, a probability for each unit",
               .source = "Rumelhart, Hinton, Williams 1986, \"Learning representations by "
                         "back-propagating errors\"",
               .formula = "y = 1 / (1 + exp(-x))", .derivative = "dy/dx = y (1 - y)",
               .semantic = "sigmoid/1", .onnx = "Sigmoid", .expression = "1 / (1 + exp(-x))",
               .domain = domain, .forward = forward, .backward = backward)
