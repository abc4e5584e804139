/* silu: the sigmoid-weighted linear unit, also called swish.
 *
 *   f(x) = x s(x),  f'(x) = s(x) (1 + x (1 - s(x))),  s(x) = 1 / (1 + exp(-x))
 *
 * Not monotonic, so backward needs the input. Far below zero f is -0 in float32; bounding x there
 * spares minus infinity the product of infinity and zero. 1 - s(x) is taken as s(-x), which keeps
 * its digits where s(x) is near 1. */
#include <math.h>

#include <plexus/plugin.h>

#include "../vector_math.h"

/* The minimum, at x = -1.2784645. Rounded outwards, so that no float32 output lies below. */
static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = -0.27846456;
    domain->hi = HUGE_VAL;
    domain->flags = PLX_OPEN_MAX;
    return PLX_OK;
}

/* 1 / sqrt(E[f(z)^2]) for a standard normal z, integrated numerically. */
static double gain(const void *self)
{
    return 1.6765325;
}

PLX_INLINE float value(float x)
{
    const float bounded = x < -200 ? -200 : x;

    return bounded * vector_sigmoidf(bounded);
}

PLX_INLINE float derivative(float x)
{
    const float above = x < -200 ? -200 : x;
    const float bounded = above > 200 ? 200 : above;
    const float s = vector_sigmoidf(bounded);

    return s + bounded * s * vector_sigmoidf(-bounded);
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = value(x[i]);
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * derivative(x[i]);
    return PLX_OK;
}

PLX_ACTIVATION(silu, .version = "1.0", .flags = PLX_NEEDS_INPUT,
               .summary = "input times its sigmoid, also called swish",
               .source = "Elfwing, Uchibe, Doya 2018, \"Sigmoid-weighted linear units for neural "
                         "network function approximation in reinforcement learning\"",
               .formula = "y = x s(x), s(x) = 1 / (1 + exp(-x))",
               .derivative = "dy/dx = s(x) (1 + x (1 - s(x)))", .semantic = "silu/1",
               .onnx = "Sigmoid, Mul", .expression = "x / (1 + exp(-x))", .domain = domain,
               .gain = gain, .forward = forward, .backward = backward)
