/* sam: the gradient is taken where the loss is worst nearby, and the step made from where the
 * weights were, by stochastic gradient descent with momentum. What is minimised is then the worst
 * loss within rho of the weights, which is low in flat valleys and high in sharp ones.
 *
 *   e = rho g / |g|, the norm over all parameters;  nothing if |g| is 0
 *   adaptive: e = rho T^2 g / |T g|, T = |w| + eta for each weight, so that scaling weights up and
 *             down again between layers changes nothing
 *   g = gradient at w + e;  w = what it was, to the bit
 *   g = g + weight_decay w
 *   b = momentum b + g
 *   w = w - lr b;   nesterov: w = w - lr (g + momentum b);   momentum 0: w = w - lr g
 *
 * A step costs two evaluations, the caller's and this. Parameter groups may differ in all settings;
 * the norm is over all groups but those with rate 0, which are not trained and take no part. Adaptive ascent is measured in the weights' own size and wants a
 * larger rho: the paper has 0.5 to 2 where the plain one has 0.05 to 0.1. */
#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

typedef struct {
    double rho, eta, momentum, weight_decay;
    int32_t adaptive, nesterov;
} sam;

static const plx_setting settings[] = {
    PLX_REAL(sam, rho, 0.05, 0, 100, "distance of the ascent",
             .flags = PLX_OPEN_MIN | PLX_LOG_SCALE),
    PLX_FLAG(sam, adaptive, 0, "measure the distance in the weights' own size"),
    PLX_REAL(sam, eta, 0.01, 0, 100, "added to that size, so that a weight of 0 moves; adaptive"),
    PLX_REAL(sam, momentum, 0.9, 0, 1, "share of the last direction that is kept",
             .flags = PLX_OPEN_MAX),
    PLX_FLAG(sam, nesterov, 0, "look ahead along the momentum; needs momentum"),
    PLX_REAL(sam, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
};

static int32_t validate(const void *self, const plx_host *host)
{
    const sam *s = self;

    if (s->nesterov && s->momentum <= 0)
        return host->error(host, "nesterov needs a momentum above 0, such as 0.9");
    return PLX_OK;
}

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const sam *s = self;

    return s->momentum > 0 ? emit->like_parameter(emit, "momentum") : PLX_OK;
}

/* The weights as they were, while the gradient is taken elsewhere. */
static int32_t plan_model_slots(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    return emit->scratch(emit, model->cols * sizeof(float));
}

PLX_INLINE uint64_t length(const plx_parameter *p)
{
    return p->rows * p->cols;
}

/* T of one weight. */
PLX_INLINE double size_of(const sam *s, float w)
{
    return s->adaptive ? fabs((double)w) + s->eta : 1;
}

/* |T g|^2 of one tensor; 0 of a frozen one. */
static double squares(const plx_host *host, const plx_parameter *p)
{
    const sam *s = p->self;
    double sum = 0;

    if (!(p->lr > 0))
        return 0;
    if (!s->adaptive)
        return host->dot(host, length(p), p->g, p->g);
    for (uint64_t k = 0; k < length(p); k++) {
        const double x = size_of(s, p->w[k]) * (double)p->g[k];
        sum += x * x;
    }
    return sum;
}

/* w = w + rho T^2 g / norm */
PLX_CLONES static void climb(const plx_parameter *p, double norm)
{
    const sam *s = p->self;

    for (uint64_t k = 0; p->lr > 0 && k < length(p); k++) {
        const double size = size_of(s, p->w[k]);
        p->w[k] += (float)(s->rho * size * size * ((double)p->g[k] / norm));
    }
}

/* One step of stochastic gradient descent. */
PLX_CLONES static void descend(const plx_parameter *p)
{
    const sam *s = p->self;
    const float lr = (float)p->lr, decay = (float)s->weight_decay, momentum = (float)s->momentum;
    float *b = s->momentum > 0 ? p->slot[0] : NULL;

    for (uint64_t k = 0; k < length(p); k++) {
        const float g = p->g[k] + decay * p->w[k];
        if (b)
            b[k] = momentum * b[k] + g;
        p->w[k] -= lr * (!b ? g : s->nesterov ? g + momentum * b[k] : b[k]);
    }
}

/* Renews the gradient: that of the worst place nearby. The weights are as before, come what may. */
static int32_t look_around(const plx_step *step, uint64_t count, const plx_parameter *const *p,
                           double norm)
{
    float *before = step->scratch;
    double loss = 0;

    for (uint64_t i = 0, at = 0; i < count; at += length(p[i]), i++) {
        memcpy(before + at, p[i]->w, length(p[i]) * sizeof(float));
        climb(p[i], norm);
    }
    const int32_t status = step->host->evaluate(step->host, &loss);
    for (uint64_t i = 0, at = 0; i < count; at += length(p[i]), i++)
        memcpy(p[i]->w, before + at, length(p[i]) * sizeof(float));
    if (status == PLX_OK && !isfinite(loss))
        return step->host->error(
            step->host, "the loss is %g where the ascent ends; a smaller rho might do", loss);
    return status;
}

static int32_t step_model(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *p)
{
    const plx_host *host = step->host;
    double sum = 0;

    for (uint64_t i = 0; i < count; i++)
        sum += squares(host, p[i]);
    if (!isfinite(sum))
        return host->error(host, "the gradient is not finite where the step begins");
    if (sum > 0) {
        const int32_t status = look_around(step, count, p, sqrt(sum));
        if (status != PLX_OK)
            return status;
    }
    for (uint64_t i = 0; i < count; i++)
        descend(p[i]);
    return PLX_OK;
}

PLX_OPTIMIZER(sam, .flags = PLX_NEEDS_CLOSURE, .version = "1.0",
              .summary = "sharpness-aware minimisation over SGD with momentum",
              .source = "Foret, Kleiner, Mobahi, Neyshabur 2020, \"Sharpness-aware minimization "
                        "for efficiently improving generalization\"; adaptive: Kwon, Kim, Park, "
                        "Choi 2021, \"ASAM: Adaptive sharpness-aware minimization for "
                        "scale-invariant learning of deep neural networks\"",
              .formula = "e = rho g / |g|; adaptive: e = rho T^2 g / |T g|, T = |w| + eta\n"
                         "g = gradient at w + e\n"
                         "g = g + weight_decay w\n"
                         "b = momentum b + g\n"
                         "w = w - lr b\n"
                         "nesterov: w = w - lr (g + momentum b)\n"
                         "momentum 0: w = w - lr g",
              .settings = PLX_TABLE(settings), .validate = validate, .lr = 0.01,
              .plan_slots = plan_slots, .plan_model_slots = plan_model_slots,
              .step_model = step_model)
