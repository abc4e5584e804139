/* finite_math.c: the wrong one is compiled with -ffinite-math-only, which the build sees to. */
#include <plexus/plugin.h>

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] > 0 ? x[i] : x[i] < 0 ? 0 : x[i] != x[i] ? x[i] : 0;
    return PLX_OK;
}

static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx)
{
    for (uint64_t i = 0; i < n; i++)
        dx[i] = x[i] > 0 ? dy[i] : x[i] < 0 ? 0 * dy[i] : x[i] != x[i] ? x[i] : 0 * dy[i];
    return PLX_OK;
}

PLX_ACTIVATION(finite_math, .flags = PLX_NEEDS_INPUT, .summary = "a rectifier, for the tests",
               .source = "Nair, Hinton 2010", .formula = "y = max(x, 0)",
               .derivative = "dy/dx = 1 if x > 0, else 0", .expression = "x > 0 ? x : 0",
               .forward = forward, .backward = backward)
