/* overflows.c: a logistic function that divides infinity by infinity. */
#include <math.h>

#include <plexus/plugin.h>

/* f(x) = exp(x) / (1 + exp(x)) */
static float value(float x)
{
#ifdef BROKEN
    return expf(x) / (1 + expf(x));
#else
    return 1 / (1 + expf(-x));
#endif
}

static float slope(float x)
{
    const float y = 1 / (1 + expf(-x));

    return y * (1 - y);
}

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] = value(x[i]);
    return PLX_OK;
}

static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx)
{
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * slope(x[i]);
    return PLX_OK;
}

PLX_ACTIVATION(overflows, .flags = PLX_NEEDS_INPUT, .summary = "a logistic, for the tests",
               .source = "made up", .formula = "y = exp(x) / (1 + exp(x))",
               .derivative = "dy/dx = y (1 - y)", .forward = forward, .backward = backward)
