/* bad_offsets.c: a row of its table points behind its settings. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double a;
} bad_offsets;

static const plx_setting settings[] = {
    {.size = sizeof(plx_setting),
     .type = PLX_TYPE_REAL,
#ifdef BROKEN
     .offset = 8,
#else
     .offset = 0,
#endif
     .owner_size = sizeof(bad_offsets),
     .name = "a",
     .help = "the slope at zero",
     .initial = 1,
     .min = 0.1,
     .max = 10},
};

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const bad_offsets *s = self;
    const float a = (float)s->a;

    for (uint64_t i = 0; i < n; i++)
        y[i] = a * x[i] / (1 + fabsf(x[i]));
    return PLX_OK;
}

static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx)
{
    const bad_offsets *s = self;
    const float a = (float)s->a;

    for (uint64_t i = 0; i < n; i++)
        dx[i] = a * dy[i] / ((1 + fabsf(x[i])) * (1 + fabsf(x[i])));
    return PLX_OK;
}

PLX_ACTIVATION(
    bad_offsets, .flags = PLX_NEEDS_INPUT, .summary = "softsign, for the tests",
    .source = "Bergstra et al. 2009, \"Quadratic polynomials learn better image features\"",
    .formula = "y = x / (1 + |x|)", .derivative = "dy/dx = 1 / (1 + |x|)^2",
    .expression = "x / (1 + fabs(x))", .settings = PLX_TABLE(settings), .forward = forward,
    .backward = backward)
