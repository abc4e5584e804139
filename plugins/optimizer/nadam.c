/* nadam: adam that looks ahead along its momentum, as Nesterov does, with a momentum u that grows
 * towards beta1.
 *
 *   g = g + weight_decay w
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g^2
 *   u(t) = beta1 (1 - 0.96^(t momentum_decay) / 2),  P(t) = u(1) u(2) .. u(t),  t the step from 1
 *   n = (1 - u(t)) / (1 - P(t)) g + u(t + 1) / (1 - P(t + 1)) m
 *   w = w - lr n / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * P(t) has no closed form. It is the same for all weights, so it is a slot of the model, which the
 * checkpoint keeps in double: a resumed run has the same bits and need not multiply from step 1. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, eps, weight_decay, momentum_decay;
} nadam;

static const plx_setting settings[] = {
    PLX_REAL(nadam, beta1, 0.9, 0, 1, "decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(nadam, beta2, 0.999, 0, 1, "decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(nadam, eps, 1e-8, 1e-30, 1, "added to the root", .flags = PLX_LOG_SCALE),
    PLX_REAL(nadam, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(nadam, momentum_decay, 4e-3, 0, 1000, "how fast the momentum grows towards beta1",
             .flags = PLX_LOG_SCALE),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "mean");

    return status == PLX_OK ? emit->like_parameter(emit, "square") : status;
}

static int32_t plan_model_slots(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    return emit->slot(emit, "momentum_product", PLX_F64, 1, 1, 1);
}

/* The shares of the gradient and of its mean in the direction, and the root's correction. */
typedef struct {
    double gradient, mean, root;
} shares;

static double momentum_at(const nadam *s, double step)
{
    return s->beta1 * (1 - 0.5 * pow(0.96, step * s->momentum_decay));
}

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const nadam *s = self;
    shares *c = constants;
    double *product = step->model_slot[0];
    const double t = (double)step->step;
    const double now = momentum_at(s, t), next = momentum_at(s, t + 1);

    *product *= now;
    c->gradient = (1 - now) / (1 - *product);
    c->mean = next / (1 - *product * next);
    c->root = 1 / sqrt(1 - pow(s->beta2, t));
    return PLX_OK;
}

typedef struct {
    float gradient, mean, decay, beta1, rest1, beta2, rest2, root, eps;
} rates;

PLX_INLINE void descend(rates k, uint64_t n, float *restrict w, const float *restrict g,
                        float *restrict m, float *restrict v)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + k.decay * w[i];
        m[i] = k.beta1 * m[i] + k.rest1 * d;
        v[i] = k.beta2 * v[i] + k.rest2 * d * d;
        w[i] -= (k.gradient * d + k.mean * m[i]) / (sqrtf(v[i]) * k.root + k.eps);
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const nadam *s = self;
    const shares *c = step->constants;
    const rates k = {
        .gradient = (float)(step->lr * c->gradient),
        .mean = (float)(step->lr * c->mean),
        .decay = (float)s->weight_decay,
        .beta1 = (float)s->beta1,
        .rest1 = (float)(1 - s->beta1),
        .beta2 = (float)s->beta2,
        .rest2 = (float)(1 - s->beta2),
        .root = (float)c->root,
        .eps = (float)s->eps,
    };

    descend(k, n, w, g, slot[0], slot[1]);
    return PLX_OK;
}

PLX_OPTIMIZER(nadam, .version = "1.0", .summary = "adam with Nesterov's look ahead",
              .source = "Dozat 2016, \"Incorporating Nesterov momentum into Adam\"",
              .formula =
                  "g = g + weight_decay w\n"
                  "m = beta1 m + (1 - beta1) g\n"
                  "v = beta2 v + (1 - beta2) g^2\n"
                  "u(t) = beta1 (1 - 0.96^(t momentum_decay) / 2), P(t) = u(1) u(2) .. u(t)\n"
                  "n = (1 - u(t)) / (1 - P(t)) g + u(t + 1) / (1 - P(t + 1)) m\n"
                  "w = w - lr n / (sqrt(v / (1 - beta2^t)) + eps)",
              .settings = PLX_TABLE(settings), .lr = 2e-3, .constants_size = sizeof(shares),
              .plan_slots = plan_slots, .plan_model_slots = plan_model_slots,
              .begin_step = begin_step, .step_range = step_range)
