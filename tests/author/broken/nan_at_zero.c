/* nan_at_zero.c: sin(x)/x without a thought for 0. */
#include <math.h>

#include <plexus/plugin.h>

/* f(x) = sin(x) / x */
static float value(float x)
{
#ifndef BROKEN
    if (fabsf(x) < 0.01f)
        return 1 - x * x / 6;
#endif
    return sinf(x) / x;
}

static float slope(float x)
{
#ifndef BROKEN
    if (fabsf(x) < 0.01f)
        return -x / 3;
#endif
    return (cosf(x) - sinf(x) / x) / x;
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

PLX_ACTIVATION(nan_at_zero, .flags = PLX_NEEDS_INPUT, .summary = "sinc, for the tests",
               .source = "made up", .formula = "y = sin(x) / x",
               .derivative = "dy/dx = cos(x) / x - sin(x) / x^2", .forward = forward,
               .backward = backward)
