/* rprop: resilient backpropagation. Only the gradient's sign counts. Each weight has a step size of
 * its own, which grows while the sign stays and shrinks when it turns.
 *
 *   g p > 0: a = min(eta_plus a, step_max)
 *   g p < 0: a = max(eta_minus a, step_min), g = 0
 *   w = w - sign(g) a
 *   p = g
 *
 * p is the gradient of the step before, 0 at first and where g was made 0. That a step is left out
 * where the sign turns, and not taken back, is iRprop-; the first paper takes it back. The learning
 * rate is the step size that all weights begin with, within step_min and step_max; what a schedule
 * makes of it after the first step does not matter.
 * It wants whole batches: with small ones the sign turns by chance. */
#include <plexus/plugin.h>

typedef struct {
    double eta_minus, eta_plus, step_min, step_max;
} rprop;

static const plx_setting settings[] = {
    PLX_REAL(rprop, eta_minus, 0.5, 0, 1, "times the step size when the sign turns",
             .flags = PLX_OPEN_MIN | PLX_OPEN_MAX),
    PLX_REAL(rprop, eta_plus, 1.2, 1, 100, "times the step size while the sign stays",
             .flags = PLX_OPEN_MIN),
    PLX_REAL(rprop, step_min, 1e-6, 1e-30, 1e6, "the smallest step size", .flags = PLX_LOG_SCALE),
    PLX_REAL(rprop, step_max, 50, 1e-30, 1e6, "the largest step size", .flags = PLX_LOG_SCALE),
};

static int32_t validate(const void *self, const plx_host *host)
{
    const rprop *s = self;

    if (s->step_min > s->step_max)
        return host->error(host, "step_min must be at most step_max, which is %g, not %g",
                           s->step_max, s->step_min);
    return PLX_OK;
}

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "gradient");

    return status == PLX_OK ? emit->like_parameter(emit, "step_size") : status;
}

typedef struct {
    float minus, plus, least, most;
} rates;

/* -1, 0 or 1; NaN of NaN. */
PLX_INLINE float sign(float x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

PLX_INLINE void descend(rates k, uint64_t n, float *restrict w, const float *restrict g,
                        float *restrict before, float *restrict size)
{
    for (uint64_t i = 0; i < n; i++) {
        const float agree = sign(g[i]) * before[i]; /* not g p, which may underflow */
        const float grown = size[i] * (agree > 0 ? k.plus : agree < 0 ? k.minus : 1);
        const float d = agree < 0 ? 0 : g[i];
        const float above = grown < k.least ? k.least : grown;
        size[i] = above > k.most ? k.most : above;
        before[i] = d;
        w[i] -= sign(d) * size[i];
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const rprop *s = self;
    const rates k = {
        .minus = (float)s->eta_minus,
        .plus = (float)s->eta_plus,
        .least = (float)s->step_min,
        .most = (float)s->step_max,
    };
    float *size = slot[1];

    for (uint64_t i = 0; step->step == 1 && i < n; i++)
        size[i] = (float)step->lr;
    descend(k, n, w, g, slot[0], size);
    return PLX_OK;
}

PLX_OPTIMIZER(rprop, .version = "1.0", .summary = "step sizes by the gradient's sign alone",
              .source = "Riedmiller, Braun 1993, \"A direct adaptive method for faster "
                        "backpropagation learning: The RPROP algorithm\"; iRprop-: Igel, "
                        "Hüsken 2000, \"Improving the Rprop learning algorithm\"",
              .formula = "g p > 0: a = min(eta_plus a, step_max)\n"
                         "g p < 0: a = max(eta_minus a, step_min), g = 0\n"
                         "w = w - sign(g) a; a = lr at first, within step_min and step_max\n"
                         "p = g, 0 at first",
              .settings = PLX_TABLE(settings), .validate = validate, .lr = 0.01,
              .plan_slots = plan_slots, .step_range = step_range)
