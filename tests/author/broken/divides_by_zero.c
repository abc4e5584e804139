/* divides_by_zero.c: the least value of its setting stops it. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    int64_t parts;
} divides_by_zero;

static const plx_setting settings[] = {
#ifdef BROKEN
    PLX_INTEGER(divides_by_zero, parts, 2, 0, 8, "into so many parts"),
#else
    PLX_INTEGER(divides_by_zero, parts, 2, 1, 8, "into so many parts"),
#endif
};

static float part(const void *self)
{
    const divides_by_zero *s = self;

    return (float)(64 / s->parts);
}

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    for (uint64_t i = 0; i < n; i++)
        y[i] = part(self) * x[i] / (1 + fabsf(x[i]));
    return PLX_OK;
}

static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx)
{
    for (uint64_t i = 0; i < n; i++)
        dx[i] = part(self) * dy[i] / ((1 + fabsf(x[i])) * (1 + fabsf(x[i])));
    return PLX_OK;
}

PLX_ACTIVATION(
    divides_by_zero, .flags = PLX_NEEDS_INPUT, .summary = "softsign, for the tests",
    .source = "Bergstra et al. 2009, \"Quadratic polynomials learn better image features\"",
    .formula = "y = x / (1 + |x|)", .derivative = "dy/dx = 1 / (1 + |x|)^2",
    .expression = "x / (1 + fabs(x))", .settings = PLX_TABLE(settings), .forward = forward,
    .backward = backward)
