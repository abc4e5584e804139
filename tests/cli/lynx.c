/* lynx.c: an optimizer as somebody outside this project writes one.
 *   c = beta1 m + (1 - beta1) g;   w -= lr (sign(c) + weight_decay w);
 *   m = beta2 m + (1 - beta2) g */
#include <math.h>
#include <plexus/plugin.h>

#ifdef OTHER_LYNX /* a later version that got its step wrong                                      */
static const float sign = -1;
#else
static const float sign = 1;
#endif

typedef struct {
    double beta1, beta2, weight_decay;
} lynx;

static const plx_setting settings[] = {
    PLX_REAL(lynx, beta1, 0.9, 0, 1, "share of the momentum in the direction"),
    PLX_REAL(lynx, beta2, 0.99, 0, 1, "decay of the momentum"),
    PLX_REAL(lynx, weight_decay, 0, 0, HUGE_VAL, "decoupled decay, times lr"),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const lynx *s = self;
    const float b1 = (float)s->beta1, b2 = (float)s->beta2;
    const float lr = (float)step->lr, decay = (float)s->weight_decay;
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        const float c = b1 * m[i] + (1 - b1) * g[i];
        w[i] -= lr * (sign * (float)((c > 0) - (c < 0)) + decay * w[i]);
        m[i] = b2 * m[i] + (1 - b2) * g[i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(lynx, .summary = "sign of an interpolated momentum", .settings = PLX_TABLE(settings),
              .plan_slots = plan_slots, .step_range = step_range)
