/* @name@: an activation for Plexus. As it stands it is a scaled arctangent, a starting point that
 * works and passes `plexus check`. Make it yours.
 *
 *   f(x) = 2/pi atan(u),  u = pi/2 slope x
 *   f'(x) = slope / (1 + u^2)
 *
 * <plexus/plugin.h> is the manual of everything used here. */
#include <math.h>
#include <plexus/plugin.h>

static const float half_pi = 1.57079633f;

/* The settings, and a row for each: its default, smallest and largest value, and help. A config
 * file sets them by name: `activation: {name: @name@, slope: 2}`. */
typedef struct {
    double slope;
} options;

static const plx_setting settings[] = {
    PLX_REAL(options, slope, 1, 0.01, 100, "of the function at zero", .flags = PLX_LOG_SCALE),
};

/* Where the outputs lie: the core derives from it which losses fit, and from rows that sum to one
 * that the outputs are a distribution. An output may round to the end of an open range. */
static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = -1;
    domain->hi = 1;
    return PLX_OK;
}

/* y[i] = f(x[i]), for any n, from several threads at once. */
static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const options *o = self;
    const float factor = half_pi * (float)o->slope;

    for (uint64_t i = 0; i < n; i++)
        y[i] = atanf(factor * x[i]) / half_pi;
    return PLX_OK;
}

/* dx[i] = dy[i] f'(x[i]); dx may be dy. The inputs x are here because .flags asks for them; y would
 * come with PLX_NEEDS_OUTPUT, and is NULL without. PLX_CLONES: compiled for each width of vectors,
 * which helps where nothing of <math.h> is called. */
PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    const options *o = self;
    const float slope = (float)o->slope, factor = half_pi * slope;

    for (uint64_t i = 0; i < n; i++) {
        const float u = factor * x[i];
        dx[i] = dy[i] * slope / (1 + u * u);
    }
    return PLX_OK;
}

PLX_ACTIVATION(@name@, .version = "1.0", .summary = "scaled arctangent", .flags = PLX_NEEDS_INPUT,
               .source = "Goodfellow, Bengio, Courville 2016, \"Deep learning\", section 6.3, on "
                         "sigmoidal units in general",
               .formula = "f(x) = 2/pi atan(pi/2 slope x)",
               .derivative = "f'(x) = slope / (1 + (pi/2 slope x)^2)",
               .expression = "atan(1.57079633 * x) / 1.57079633",
               .settings = PLX_TABLE(settings), .domain = domain, .forward = forward,
               .backward = backward)
