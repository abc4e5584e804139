/* sgd: stochastic gradient descent, with momentum (heavy ball or Nesterov) and coupled decay.
 *
 *   g = g + weight_decay w
 *   b = g in the first step, else momentum b + (1 - dampening) g
 *   w = w - lr b;   nesterov: w = w - lr (g + momentum b);   momentum 0: w = w - lr g
 *
 * Without momentum there is nothing to remember and no slot. */
#include <plexus/plugin.h>

typedef struct {
    double momentum, dampening, weight_decay;
    int32_t nesterov;
} sgd;

static const plx_setting settings[] = {
    PLX_REAL(sgd, momentum, 0, 0, 1, "share of the last direction that is kept",
             .flags = PLX_OPEN_MAX),
    PLX_REAL(sgd, dampening, 0, 0, 1, "share of the gradient kept out of the momentum"),
    PLX_FLAG(sgd, nesterov, 0, "look ahead along the momentum; needs momentum, no dampening"),
    PLX_REAL(sgd, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
};

static int32_t validate(const void *self, const plx_host *host)
{
    const sgd *s = self;

    if (s->nesterov && s->momentum <= 0)
        return host->error(host, "nesterov needs a momentum above 0, such as 0.9");
    if (s->nesterov && s->dampening != 0)
        return host->error(host, "nesterov needs a dampening of 0, not %g", s->dampening);
    return PLX_OK;
}

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const sgd *s = self;

    return s->momentum > 0 ? emit->like_parameter(emit, "momentum") : PLX_OK;
}

/* The numbers of a step as the loops use them: b = keep b + take g. */
typedef struct {
    float lr, decay, momentum, keep, take;
} rates;

PLX_INLINE void descend(rates k, uint64_t n, float *restrict w, const float *restrict g)
{
    for (uint64_t i = 0; i < n; i++)
        w[i] -= k.lr * (g[i] + k.decay * w[i]);
}

PLX_INLINE void descend_heavy_ball(rates k, uint64_t n, float *restrict w, const float *restrict g,
                                   float *restrict b)
{
    for (uint64_t i = 0; i < n; i++) {
        b[i] = k.keep * b[i] + k.take * (g[i] + k.decay * w[i]);
        w[i] -= k.lr * b[i];
    }
}

PLX_INLINE void descend_nesterov(rates k, uint64_t n, float *restrict w, const float *restrict g,
                                 float *restrict b)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + k.decay * w[i];
        b[i] = k.keep * b[i] + k.take * d;
        w[i] -= k.lr * (d + k.momentum * b[i]);
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const sgd *s = self;
    const int first = step->step == 1;
    const rates k = {
        .lr = (float)step->lr,
        .decay = (float)s->weight_decay,
        .momentum = (float)s->momentum,
        .keep = first ? 0 : (float)s->momentum,
        .take = first ? 1 : (float)(1 - s->dampening),
    };

    if (s->momentum <= 0)
        descend(k, n, w, g);
    else if (s->nesterov)
        descend_nesterov(k, n, w, g, slot[0]);
    else
        descend_heavy_ball(k, n, w, g, slot[0]);
    return PLX_OK;
}

PLX_OPTIMIZER(sgd, .version = "1.0", .summary = "stochastic gradient descent, with momentum",
              .source = "Robbins, Monro 1951, \"A stochastic approximation method\"; Polyak 1964, "
                        "\"Some methods of speeding up the convergence of iteration methods\"; "
                        "Sutskever, Martens, Dahl, Hinton 2013, \"On the importance of "
                        "initialization and momentum in deep learning\"",
              .formula = "g = g + weight_decay w\n"
                         "b = momentum b + (1 - dampening) g; in the first step b = g\n"
                         "w = w - lr b\n"
                         "nesterov: w = w - lr (g + momentum b)\n"
                         "momentum 0: w = w - lr g",
              .settings = PLX_TABLE(settings), .validate = validate, .lr = 0.01,
              .plan_slots = plan_slots, .step_range = step_range)
