/* adadelta: steps as large as the running root mean square of the steps before, per unit of the
 * gradient's own. The rate is a plain factor, 1 in the paper.
 *
 *   g = g + weight_decay w
 *   v = rho v + (1 - rho) g^2
 *   d = sqrt(a + eps) / sqrt(v + eps) g
 *   a = rho a + (1 - rho) d^2
 *   w = w - lr d
 *
 * Both means start at zero, so the first steps are about sqrt(eps) in size. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double rho, eps, weight_decay;
} adadelta;

static const plx_setting settings[] = {
    PLX_REAL(adadelta, rho, 0.9, 0, 1, "decay of both mean squares", .flags = PLX_OPEN_MAX),
    PLX_REAL(adadelta, eps, 1e-6, 1e-30, 1, "added to both mean squares, under the root",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(adadelta, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "square");

    return status == PLX_OK ? emit->like_parameter(emit, "step_square") : status;
}

typedef struct {
    float lr, decay, rho, rest, eps;
} rates;

PLX_INLINE void descend(rates k, uint64_t n, float *restrict w, const float *restrict g,
                        float *restrict square, float *restrict step_square)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + k.decay * w[i];
        square[i] = k.rho * square[i] + k.rest * d * d;
        const float change = sqrtf(step_square[i] + k.eps) / sqrtf(square[i] + k.eps) * d;
        step_square[i] = k.rho * step_square[i] + k.rest * change * change;
        w[i] -= k.lr * change;
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const adadelta *s = self;
    const rates k = {
        .lr = (float)step->lr,
        .decay = (float)s->weight_decay,
        .rho = (float)s->rho,
        .rest = (float)(1 - s->rho),
        .eps = (float)s->eps,
    };

    descend(k, n, w, g, slot[0], slot[1]);
    return PLX_OK;
}

PLX_OPTIMIZER(adadelta, .version = "1.0",
              .summary = "gradient scaled to the running size of the steps before",
              .source = "Zeiler 2012, \"ADADELTA: An adaptive learning rate method\"",
              .formula = "g = g + weight_decay w\n"
                         "v = rho v + (1 - rho) g^2\n"
                         "d = sqrt(a + eps) / sqrt(v + eps) g\n"
                         "a = rho a + (1 - rho) d^2\n"
                         "w = w - lr d",
              .settings = PLX_TABLE(settings), .lr = 1.0, .plan_slots = plan_slots,
              .step_range = step_range)
