/* gelu: the Gaussian error linear unit, the input times the share of a normal population below it.
 *
 *   exact:  f(x) = x P(x), P(x) = erfc(-x / sqrt(2)) / 2
 *           f'(x) = P(x) + x exp(-x^2/2) / sqrt(2 pi)
 *   tanh:   f(x) = x/2 (1 + tanh(u)), u = sqrt(2/pi) (x + 0.044715 x^3)
 *           f'(x) = (1 + tanh(u))/2 + x/2 (1 - tanh(u)^2) u'
 *
 * P keeps its digits in the lower tail, where 1 + erf would cancel to zero; for the same reason
 * (1 + tanh(u))/2 is taken as the sigmoid of 2u. Beyond |x| = 40 both forms have reached
 * their limits in float32; bounding x there spares the infinities the product with zero. */
#include <math.h>

#include <plexus/plugin.h>

#include "../vector_math.h"

typedef struct {
    int32_t approximate;
} gelu;

static const char *const approximations[] = {"none", "tanh"};

static const plx_setting settings[] = {
    PLX_CHOICE(gelu, approximate, 0, approximations, "none: the exact normal distribution; tanh"),
};

static const float density_at_zero = 0.39894228f; /* 1/sqrt(2 pi) */
static const float root_2_over_pi = 0.79788456f;  /* sqrt(2/pi)   */

/* The minimum: at x = -0.7517915 exactly, at -0.752461 by tanh. Rounded outwards, so that no
 * float32 output lies below. */
static int32_t domain(const void *self, plx_domain *domain)
{
    const gelu *s = self;

    domain->lo = s->approximate ? -0.17004078 : -0.16997123;
    domain->hi = HUGE_VAL;
    domain->flags = PLX_OPEN_MAX;
    return PLX_OK;
}

/* 1 / sqrt(E[f(z)^2]) for a standard normal z, integrated numerically. */
static double gain(const void *self)
{
    const gelu *s = self;

    return s->approximate ? 1.5335806 : 1.5335304;
}

PLX_INLINE float at_least(float x, float least)
{
    return x < least ? least : x;
}

PLX_INLINE float bounded(float x)
{
    const float above = at_least(x, -40);

    return above > 40 ? 40 : above;
}

PLX_INLINE float normal_share(float x)
{
    return vector_normalf(x, vector_bellf(x));
}

PLX_INLINE float derivative_exact(float x)
{
    const float bell = vector_bellf(x);

    return vector_normalf(x, bell) + x * density_at_zero * bell;
}

PLX_INLINE float twice_u(float x)
{
    return 2 * root_2_over_pi * (x + 0.044715f * x * x * x);
}

/* With s = (1 + tanh(u))/2, (1 - tanh(u)^2)/2 is 2 s (1 - s). */
PLX_INLINE float derivative_tanh(float x)
{
    const float u2 = twice_u(x);
    const float slope2 = 2 * root_2_over_pi * (1 + 3 * 0.044715f * x * x);
    const float s = vector_sigmoidf(u2);

    return s + x * s * vector_sigmoidf(-u2) * slope2;
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const gelu *s = self;

    if (s->approximate) {
        PLX_INDEPENDENT
        for (uint64_t i = 0; i < n; i++)
            y[i] = at_least(x[i], -40) * vector_sigmoidf(twice_u(bounded(x[i])));
    } else {
        PLX_INDEPENDENT
        for (uint64_t i = 0; i < n; i++)
            y[i] = at_least(x[i], -40) * normal_share(bounded(x[i]));
    }
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    const gelu *s = self;

    if (s->approximate) {
        PLX_INDEPENDENT
        for (uint64_t i = 0; i < n; i++)
            dx[i] = dy[i] * derivative_tanh(bounded(x[i]));
    } else {
        PLX_INDEPENDENT
        for (uint64_t i = 0; i < n; i++)
            dx[i] = dy[i] * derivative_exact(bounded(x[i]));
    }
    return PLX_OK;
}

PLX_ACTIVATION(gelu, .version = "1.0", .flags = PLX_NEEDS_INPUT,
               .summary = "input times the normal distribution function of it",
               .source = "Hendrycks, Gimpel 2016, \"Gaussian error linear units (GELUs)\"",
               .formula = "y = x P(x), P(x) = erfc(-x / sqrt(2)) / 2\n"
                          "approximate tanh: y = x/2 (1 + tanh(u)), "
                          "u = sqrt(2/pi) (x + 0.044715 x^3)",
               .derivative = "dy/dx = P(x) + x exp(-x^2/2) / sqrt(2 pi)\n"
                             "approximate tanh: dy/dx = (1 + tanh(u))/2 + x/2 (1 - tanh(u)^2) "
                             "sqrt(2/pi) (1 + 0.134145 x^2)",
               .settings = PLX_TABLE(settings), .semantic = "gelu/1", .onnx = "Gelu",
               .expression = "0.5 * x * erfc(-x * 0.70710678118654752)", .domain = domain,
               .gain = gain, .forward = forward, .backward = backward)
