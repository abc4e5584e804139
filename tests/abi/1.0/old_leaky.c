/* old_leaky: written for version 1.0 of the interface and left as it is. An elementwise activation
 * with a setting, a gain and a domain; every bit of it is leaky_relu's. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double slope;
} old_leaky;

static const plx_setting settings[] = {
    PLX_REAL(old_leaky, slope, 0.01, 1e-6, 1, "derivative below zero", .flags = PLX_LOG_SCALE),
};

static int32_t domain(const void *self, plx_domain *domain)
{
    domain->lo = (double)-INFINITY;
    domain->hi = (double)INFINITY;
    domain->flags = PLX_OPEN_MIN | PLX_OPEN_MAX;
    return domain->size >= sizeof(*domain) ? PLX_OK : PLX_FAILED;
}

static double gain(const void *self)
{
    const old_leaky *s = self;

    return sqrt(2 / (1 + s->slope * s->slope));
}

static int32_t forward(const void *self, uint64_t n, const float *x, float *y)
{
    const float slope = (float)((const old_leaky *)self)->slope;

    for (uint64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? slope * x[i] : x[i];
    return PLX_OK;
}

static int32_t backward(const void *self, uint64_t n, const float *x, const float *y,
                        const float *dy, float *dx)
{
    const float slope = (float)((const old_leaky *)self)->slope;

    for (uint64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (x[i] > 0 ? 1 : slope);
    return PLX_OK;
}

PLX_ACTIVATION(old_leaky, .version = "1.0", .flags = PLX_NEEDS_INPUT,
               .summary = "rectifier with a small slope below zero",
               .formula = "y = x if x > 0, else slope x",
               .derivative = "dy/dx = 1 if x > 0, else slope", .settings = PLX_TABLE(settings),
               .onnx = "LeakyRelu", .expression = "x < 0 ? 0.01 * x : x", .domain = domain,
               .gain = gain, .forward = forward, .backward = backward)
