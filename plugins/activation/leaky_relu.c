/* leaky_relu: a rectifier that lets a little through below zero, so no unit ever stops learning.
 *
 *   f(x) = x if x > 0, else slope x;  f'(x) = 1 if x > 0, else slope (slope at the kink)
 *
 * The settings demand a slope above 0 (0 would be relu), so an output has its input's sign and
 * backward needs only the output. NaN passes through both functions. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double slope;
} leaky_relu;

static const plx_setting settings[] = {
    PLX_REAL(leaky_relu, slope, 0.01, 1e-6, 1, "derivative below zero", .flags = PLX_LOG_SCALE),
};

/* E[f(z)^2] = (1 + slope^2) / 2 for a standard normal z. */
static double gain(const void *self)
{
    const leaky_relu *s = self;
    return sqrt(2 / (1 + s->slope * s->slope));
}

PLX_CLONES static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const leaky_relu *s = self;
    const float slope = (float)s->slope;

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? slope * x[i] : x[i];
    return PLX_OK;
}

PLX_CLONES static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                                   const float *dy, float *dx)
{
    const leaky_relu *s = self;
    const float slope = (float)s->slope;

    PLX_INDEPENDENT
    for (uint64_t i = 0; i < n; i++) {
        const float derivative = y[i] > 0 ? 1 : slope;
        dx[i] = dy[i] * (y[i] != y[i] ? y[i] : derivative);
    }
    return PLX_OK;
}

PLX_ACTIVATION(leaky_relu, .version = "1.0", .flags = PLX_NEEDS_OUTPUT,
               .summary = "rectified linear unit with a small slope below zero",
               .source = "Maas, Hannun, Ng 2013, \"Rectifier nonlinearities improve neural network "
                         "acoustic models\"",
               .formula = "y = x if x > 0, else slope x",
               .derivative = "dy/dx = 1 if x > 0, else slope", .settings = PLX_TABLE(settings),
               .semantic = "leaky_relu/1", .onnx = "LeakyRelu",
               .expression = "x < 0 ? 0.01 * x : x", .gain = gain, .forward = forward,
               .backward = backward)
