/* wrong_name.c: it calls itself something else than its file. */
#include <math.h>

#include <plexus/plugin.h>

/* f(x) = x / (1 + |x|) */
static float slope(float x)
{
    const float d = 1 + fabsf(x);

    return 1 / (d * d);
}

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] / (1 + fabsf(x[i]));
    return PLX_OK;
}

static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx)
{
    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * slope(x[i]);
    return PLX_OK;
}

#define DESCRIPTION                                                                                \
    .flags = PLX_NEEDS_INPUT, .summary = "softsign, for the tests", .source = "Bergstra 2009",     \
    .formula = "y = x / (1 + |x|)", .derivative = "dy/dx = 1 / (1 + |x|)^2", .forward = forward,   \
    .backward = backward

#ifdef BROKEN
PLX_ACTIVATION(right_name, DESCRIPTION)
#else
PLX_ACTIVATION(wrong_name, DESCRIPTION)
#endif
