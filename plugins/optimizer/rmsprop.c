/* rmsprop: the gradient divided by a running root mean square of itself; centered, by a running
 * standard deviation.
 *
 *   g = g + weight_decay w
 *   v = alpha v + (1 - alpha) g^2
 *   centered: a = alpha a + (1 - alpha) g,  d = sqrt(v - a^2) + eps;   else d = sqrt(v) + eps
 *   momentum: b = momentum b + g / d,  w = w - lr b;                   else w = w - lr g / d
 *
 * v - a^2 is a variance and cannot be below 0, but its rounded value can (a gradient that stays
 * the same for long), and its root would be NaN: it is taken as 0 then. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double alpha, eps, momentum, weight_decay;
    int32_t centered;
} rmsprop;

static const plx_setting settings[] = {
    PLX_REAL(rmsprop, alpha, 0.99, 0, 1, "decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(rmsprop, eps, 1e-8, 1e-30, 1, "added to the root", .flags = PLX_LOG_SCALE),
    PLX_REAL(rmsprop, momentum, 0, 0, 1, "share of the last direction that is kept",
             .flags = PLX_OPEN_MAX),
    PLX_FLAG(rmsprop, centered, 0, "divide by the deviation instead of the root mean square"),
    PLX_REAL(rmsprop, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
};

/* Slots in this order: square, then mean if centered, then momentum if there is any. */
static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const rmsprop *s = self;
    int32_t status = emit->like_parameter(emit, "square");

    if (status == PLX_OK && s->centered)
        status = emit->like_parameter(emit, "mean");
    if (status == PLX_OK && s->momentum > 0)
        status = emit->like_parameter(emit, "momentum");
    return status;
}

typedef struct {
    float lr, decay, alpha, rest, eps, momentum;
} rates;

/* The variants differ in what `mean` and `ball` are: NULL for what is not wanted. The compiler
 * makes a loop of its own for each call below, where that is known. */
PLX_INLINE void descend(const rates k, uint64_t n, float *restrict w, const float *restrict g,
                        float *restrict square, float *restrict mean, float *restrict ball)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + k.decay * w[i];
        float variance = square[i] = k.alpha * square[i] + k.rest * d * d;
        if (mean) {
            mean[i] = k.alpha * mean[i] + k.rest * d;
            variance -= mean[i] * mean[i];
            variance = variance < 0 ? 0 : variance;
        }
        const float root = sqrtf(variance) + k.eps;
        if (ball) {
            ball[i] = k.momentum * ball[i] + d / root;
            w[i] -= k.lr * ball[i];
        } else {
            w[i] -= k.lr * d / root;
        }
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const rmsprop *s = self;
    const rates k = {
        .lr = (float)step->lr,
        .decay = (float)s->weight_decay,
        .alpha = (float)s->alpha,
        .rest = (float)(1 - s->alpha),
        .eps = (float)s->eps,
        .momentum = (float)s->momentum,
    };

    if (s->centered && s->momentum > 0)
        descend(k, n, w, g, slot[0], slot[1], slot[2]);
    else if (s->centered)
        descend(k, n, w, g, slot[0], slot[1], NULL);
    else if (s->momentum > 0)
        descend(k, n, w, g, slot[0], NULL, slot[1]);
    else
        descend(k, n, w, g, slot[0], NULL, NULL);
    return PLX_OK;
}

PLX_OPTIMIZER(rmsprop, .version = "1.0", .summary = "gradient over its running root mean square",
              .source = "Tieleman, Hinton 2012, \"Lecture 6.5: RMSProp\" (Coursera); centered: "
                        "Graves 2013, \"Generating sequences with recurrent neural networks\"",
              .formula = "g = g + weight_decay w\n"
                         "v = alpha v + (1 - alpha) g^2\n"
                         "d = sqrt(v) + eps\n"
                         "centered: a = alpha a + (1 - alpha) g, d = sqrt(v - a^2) + eps\n"
                         "w = w - lr g / d\n"
                         "momentum: b = momentum b + g / d, w = w - lr b",
              .settings = PLX_TABLE(settings), .lr = 0.01, .plan_slots = plan_slots,
              .step_range = step_range)
