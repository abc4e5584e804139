/* writes_settings.c: it writes to its settings. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double a;
    double last;
} writes_settings;

static const plx_setting settings[] = {
    PLX_REAL(writes_settings, a, 1, 0.1, 10, "the slope at zero"),
};

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const writes_settings *s = self;
    const float a = (float)s->a;

#ifdef BROKEN
    if (n > 0)
        ((writes_settings *)(uintptr_t)self)->last = (double)x[n - 1];
#endif
    for (uint64_t i = 0; i < n; i++)
        y[i] = a * x[i] / (1 + fabsf(x[i]));
    return PLX_OK;
}

static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx)
{
    const writes_settings *s = self;
    const float a = (float)s->a;

    for (uint64_t i = 0; i < n; i++)
        dx[i] = a * dy[i] / ((1 + fabsf(x[i])) * (1 + fabsf(x[i])));
    return PLX_OK;
}

PLX_ACTIVATION(
    writes_settings, .flags = PLX_NEEDS_INPUT, .summary = "softsign, for the tests",
    .source = "Bergstra et al. 2009, \"Quadratic polynomials learn better image features\"",
    .formula = "y = x / (1 + |x|)", .derivative = "dy/dx = 1 / (1 + |x|)^2",
    .expression = "x / (1 + fabs(x))", .settings = PLX_TABLE(settings), .forward = forward,
    .backward = backward)
