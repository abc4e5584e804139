/* lion: Chen et al. 2023. The sign of an interpolated momentum; weight decay apart from it.
 *   c = beta1 m + (1 - beta1) g,  w = w - lr (sign(c) + weight_decay w)
 *   m = beta2 m + (1 - beta2) g */
#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, weight_decay;
} lion;

static const plx_setting settings[] = {
    PLX_REAL(lion, beta1, 0.9, 0, 1, "share of the momentum in the step", .flags = PLX_OPEN_MAX),
    PLX_REAL(lion, beta2, 0.99, 0, 1, "decay of the momentum", .flags = PLX_OPEN_MAX),
    PLX_REAL(lion, weight_decay, 0, 0, 1000, "shrinks w by lr times this", .flags = PLX_LOG_SCALE),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}
PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n,
                                     float *restrict w, const float *restrict g, void *const *slot)
{
    const lion *s = self;
    const float lr = (float)step->lr, decay = (float)s->weight_decay;
    const float beta1 = (float)s->beta1, rest1 = (float)(1 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1 - s->beta2);
    float *restrict m = slot[0];
    for (uint64_t i = 0; i < n; i++) {
        const float c = beta1 * m[i] + rest1 * g[i];
        w[i] -= lr * ((c > 0 ? 1 : c < 0 ? -1 : c) + decay * w[i]); /* the sign of NaN is NaN */
        m[i] = beta2 * m[i] + rest2 * g[i];
    }
    return PLX_OK;
}
PLX_OPTIMIZER(lion, .version = "1.0", .summary = "sign of an interpolated momentum",
              .source = "Chen et al. 2023, \"Symbolic discovery of optimization algorithms\"",
              .formula = "w = w - lr (sign(beta1 m + (1 - beta1) g) + weight_decay w)\n"
                         "m = beta2 m + (1 - beta2) g",
              .settings = PLX_TABLE(settings), .lr = 1e-4, .plan_slots = plan_slots,
              .step_range = step_range)
