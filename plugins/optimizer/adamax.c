/* adamax: adam with the largest gradient of late, fading, in place of the root mean square.
 *
 *   g = g + weight_decay w
 *   m = beta1 m + (1 - beta1) g
 *   u = max(beta2 u, |g| + eps)
 *   w = w - lr / (1 - beta1^t) m / u,  t the step from 1
 *
 * u needs no correction for starting at zero: the first step makes it |g|. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, eps, weight_decay;
} adamax;

static const plx_setting settings[] = {
    PLX_REAL(adamax, beta1, 0.9, 0, 1, "decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(adamax, beta2, 0.999, 0, 1, "decay of the largest gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(adamax, eps, 1e-8, 1e-30, 1, "added to the gradient's size", .flags = PLX_LOG_SCALE),
    PLX_REAL(adamax, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "mean");

    return status == PLX_OK ? emit->like_parameter(emit, "largest") : status;
}

/* What corrects the mean for starting at zero: 1 - beta1^t. */
typedef struct {
    double mean;
} corrections;

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const adamax *s = self;
    corrections *c = constants;

    c->mean = 1 - pow(s->beta1, (double)step->step);
    return PLX_OK;
}

typedef struct {
    float rate, decay, beta1, rest1, beta2, eps;
} rates;

/* NaN in b is kept. */
PLX_INLINE float larger(float a, float b)
{
    return a > b ? a : b;
}

PLX_INLINE void descend(rates k, uint64_t n, float *restrict w, const float *restrict g,
                        float *restrict m, float *restrict u)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + k.decay * w[i];
        m[i] = k.beta1 * m[i] + k.rest1 * d;
        u[i] = larger(k.beta2 * u[i], fabsf(d) + k.eps);
        w[i] -= k.rate * m[i] / u[i];
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const adamax *s = self;
    const corrections *c = step->constants;
    const rates k = {
        .rate = (float)(step->lr / c->mean),
        .decay = (float)s->weight_decay,
        .beta1 = (float)s->beta1,
        .rest1 = (float)(1 - s->beta1),
        .beta2 = (float)s->beta2,
        .eps = (float)s->eps,
    };

    descend(k, n, w, g, slot[0], slot[1]);
    return PLX_OK;
}

PLX_OPTIMIZER(
    adamax, .version = "1.0", .summary = "adam with the largest gradient of late",
    .source = "Kingma, Ba 2014, \"Adam: A method for stochastic optimization\", section 7",
    .formula = "g = g + weight_decay w\n"
               "m = beta1 m + (1 - beta1) g\n"
               "u = max(beta2 u, |g| + eps)\n"
               "w = w - lr / (1 - beta1^t) m / u",
    .settings = PLX_TABLE(settings), .lr = 2e-3, .constants_size = sizeof(corrections),
    .plan_slots = plan_slots, .begin_step = begin_step, .step_range = step_range)
