/* adagrad: each weight has its own rate, which falls with the squares of all its gradients so far.
 *
 *   g = g + weight_decay w
 *   s = s + g^2
 *   w = w - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps),  t the step from 1 */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double lr_decay, initial_accumulator, eps, weight_decay;
} adagrad;

static const plx_setting settings[] = {
    PLX_REAL(adagrad, lr_decay, 0, 0, 1000, "the rate is divided by 1 + (step - 1) times this"),
    PLX_REAL(adagrad, initial_accumulator, 0, 0, 1e6, "what the sum of squares starts from"),
    PLX_REAL(adagrad, eps, 1e-10, 1e-30, 1, "added to the root", .flags = PLX_LOG_SCALE),
    PLX_REAL(adagrad, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const adagrad *s = self;

    return emit->slot(emit, "square_sum", PLX_F32, tensor->rows, tensor->cols,
                      s->initial_accumulator);
}

PLX_INLINE void descend(float rate, float decay, float eps, uint64_t n, float *restrict w,
                        const float *restrict g, float *restrict sum)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + decay * w[i];
        sum[i] += d * d;
        w[i] -= rate * d / (sqrtf(sum[i]) + eps);
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const adagrad *s = self;
    const double rate = step->lr / (1 + (double)(step->step - 1) * s->lr_decay);

    descend((float)rate, (float)s->weight_decay, (float)s->eps, n, w, g, slot[0]);
    return PLX_OK;
}

PLX_OPTIMIZER(adagrad, .version = "1.0", .summary = "rates that fall with each weight's gradients",
              .source = "Duchi, Hazan, Singer 2011, \"Adaptive subgradient methods for online "
                        "learning and stochastic optimization\"",
              .formula = "g = g + weight_decay w\n"
                         "s = s + g^2; s starts at initial_accumulator\n"
                         "w = w - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + eps)",
              .settings = PLX_TABLE(settings), .lr = 0.01, .plan_slots = plan_slots,
              .step_range = step_range)
