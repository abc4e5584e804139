/* radam: adam that knows how little its mean square is worth in the first steps. r is the length of
 * the average that v amounts to; up to 5 its variance is not to be trusted, and the step is one of
 * plain momentum; above, the adaptive step is shortened by c.
 *
 *   g = g + weight_decay w
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g^2
 *   R = 2 / (1 - beta2) - 1,  r = R - 2 t beta2^t / (1 - beta2^t),  t the step from 1
 *   r > 5: c = sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r))
 *          w = w - lr c / (1 - beta1^t) m sqrt(1 - beta2^t) / (sqrt(v) + eps)
 *   else:  w = w - lr / (1 - beta1^t) m
 *
 * The paper trusts v from 4 on, its authors' program from 5. eps is added before the correction of
 * the root, where adam adds it after. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, eps, weight_decay;
} radam;

static const plx_setting settings[] = {
    PLX_REAL(radam, beta1, 0.9, 0, 1, "decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(radam, beta2, 0.999, 0, 1, "decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(radam, eps, 1e-8, 1e-30, 1, "added to the root", .flags = PLX_LOG_SCALE),
    PLX_REAL(radam, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "mean");

    return status == PLX_OK ? emit->like_parameter(emit, "square") : status;
}

/* Of this step: what m / (sqrt(v) + eps), or m alone, is multiplied by beside the rate. */
typedef struct {
    double factor;
    int32_t adaptive;
} rectification;

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const radam *s = self;
    rectification *c = constants;
    const double t = (double)step->step, fading = pow(s->beta2, t);
    const double longest = 2 / (1 - s->beta2) - 1;
    const double length = longest - 2 * t * fading / (1 - fading);

    c->adaptive = length > 5;
    c->factor = 1 / (1 - pow(s->beta1, t));
    if (c->adaptive)
        c->factor *= sqrt(1 - fading) * sqrt((length - 4) * (length - 2) * longest /
                                             ((longest - 4) * (longest - 2) * length));
    return PLX_OK;
}

typedef struct {
    float rate, decay, beta1, rest1, beta2, rest2, eps;
} rates;

/* The compiler makes a loop of its own for each call below, where `adaptive` is known. */
PLX_INLINE void descend(const rates k, int adaptive, uint64_t n, float *restrict w,
                        const float *restrict g, float *restrict m, float *restrict v)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + k.decay * w[i];
        m[i] = k.beta1 * m[i] + k.rest1 * d;
        v[i] = k.beta2 * v[i] + k.rest2 * d * d;
        if (adaptive)
            w[i] -= k.rate * m[i] / (sqrtf(v[i]) + k.eps);
        else
            w[i] -= k.rate * m[i];
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const radam *s = self;
    const rectification *c = step->constants;
    const rates k = {
        .rate = (float)(step->lr * c->factor),
        .decay = (float)s->weight_decay,
        .beta1 = (float)s->beta1,
        .rest1 = (float)(1 - s->beta1),
        .beta2 = (float)s->beta2,
        .rest2 = (float)(1 - s->beta2),
        .eps = (float)s->eps,
    };

    if (c->adaptive)
        descend(k, 1, n, w, g, slot[0], slot[1]);
    else
        descend(k, 0, n, w, g, slot[0], slot[1]);
    return PLX_OK;
}

PLX_OPTIMIZER(
    radam, .version = "1.0", .summary = "adam, rectified for the first steps",
    .source = "Liu, Jiang, He, Chen, Liu, Gao, Han 2019, \"On the variance of the adaptive "
              "learning rate and beyond\"",
    .formula = "g = g + weight_decay w\n"
               "m = beta1 m + (1 - beta1) g\n"
               "v = beta2 v + (1 - beta2) g^2\n"
               "R = 2 / (1 - beta2) - 1, r = R - 2 t beta2^t / (1 - beta2^t)\n"
               "r > 5: c = sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r)),\n"
               "       w = w - lr c / (1 - beta1^t) m sqrt(1 - beta2^t) / (sqrt(v) + eps)\n"
               "else:  w = w - lr / (1 - beta1^t) m",
    .settings = PLX_TABLE(settings), .lr = 1e-3, .constants_size = sizeof(rectification),
    .plan_slots = plan_slots, .begin_step = begin_step, .step_range = step_range)
