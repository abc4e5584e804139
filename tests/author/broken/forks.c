/* forks.c: it starts a process with every call. */
#include <math.h>
#include <unistd.h>

#include <plexus/plugin.h>

/* f(x) = x / (1 + |x|) */
static float slope(float x)
{
    const float d = 1 + fabsf(x);

    return 1 / (d * d);
}

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
#ifdef BROKEN
    if (fork() == 0)
        _exit(0);
#endif
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

PLX_ACTIVATION(
    forks, .flags = PLX_NEEDS_INPUT, .summary = "softsign, for the tests",
    .source = "Bergstra et al. 2009, \"Quadratic polynomials learn better image features\"",
    .formula = "y = x / (1 + |x|)", .derivative = "dy/dx = 1 / (1 + |x|)^2",
    .expression = "x / (1 + fabs(x))", .forward = forward, .backward = backward)
