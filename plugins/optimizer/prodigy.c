/* prodigy: Adam whose rate is an estimate d of the distance from the first weights to the solution.
 * A convex loss tells a lower bound of that distance in each step, from how far the gradients seen
 * so far point away from the start; d is the largest so far. lr only scales it and belongs at 1,
 * with a schedule that ends at 0 for the last digits.
 *
 *   m = beta1 m + (1 - beta1) d g
 *   v = beta2 v + (1 - beta2) d^2 g^2
 *   r = sqrt(beta2) r + (1 - sqrt(beta2)) lr d^2 <g, w0 - w>
 *   s = sqrt(beta2) s + (1 - sqrt(beta2)) lr d^2 g
 *   w = w - lr d (m / (sqrt(v) + d eps) + weight_decay w)
 *   d = max(d, d_coef r / |s|_1), at most growth_rate d
 *
 * use_bias_correction: lr times sqrt(1 - beta2^t) / (1 - beta1^t), t the step from 1, in all of it,
 * for the first steps are otherwise up to (1 - beta1) / sqrt(1 - beta2) times Adam's.
 * safeguard_warmup: s without lr, so that a warm-up's small rates don't make small estimates count.
 * The first rise above d0 is not held to growth_rate: d0 is a guess that is to be left at once.
 *
 * Numbers. d runs over many orders of magnitude, and d0^2 g^2 would not be a float32. So m, v, r
 * and s are kept with d / d0 in the place of d, and r and s without the common factor of
 * d0 (1 - sqrt(beta2)), which changes neither the steps nor the ratio. r and d are double.
 *
 * Parameter groups may differ in beta1, beta2, eps, weight_decay, the two flags and the rate; d,
 * and with it d0, d_coef, growth_rate and the memory of r, is the model's and follows the first
 * group. A group with rate 0 is left alone and takes no part in the estimate. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, eps, weight_decay, d0, d_coef, growth_rate;
    int32_t safeguard_warmup, use_bias_correction;
} prodigy;

static const plx_setting settings[] = {
    PLX_REAL(prodigy, beta1, 0.9, 0, 1, "decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(prodigy, beta2, 0.999, 0, 1, "decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(prodigy, eps, 1e-8, 1e-30, 1, "times the distance, added to the root",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(prodigy, weight_decay, 0, 0, 1000, "decoupled decay, times lr and the distance",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(prodigy, d0, 1e-6, 1e-12, 1, "first estimate of the distance", .flags = PLX_LOG_SCALE),
    PLX_REAL(prodigy, d_coef, 1, 0, 1000, "factor of all later estimates",
             .flags = PLX_OPEN_MIN | PLX_LOG_SCALE),
    PLX_REAL(prodigy, growth_rate, HUGE_VAL, 1, HUGE_VAL,
             "largest growth of the estimate in a step"),
    PLX_FLAG(prodigy, safeguard_warmup, 0, "keep lr out of the estimate's denominator"),
    PLX_FLAG(prodigy, use_bias_correction, 0, "correct the rate for means that start at zero"),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    int32_t status = emit->like_parameter(emit, "mean");

    if (status == PLX_OK)
        status = emit->like_parameter(emit, "square");
    if (status == PLX_OK)
        status = emit->like_parameter(emit, "path");
    return status == PLX_OK ? emit->copy_of_weights(emit, "start") : status;
}

static int32_t plan_model_slots(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    const prodigy *o = self;
    int32_t status = emit->slot(emit, "distance", PLX_F64, 1, 1, o->d0);

    if (status == PLX_OK)
        status = emit->slot(emit, "distance_max", PLX_F64, 1, 1, o->d0);
    if (status == PLX_OK)
        status = emit->slot(emit, "numerator", PLX_F64, 1, 1, 0);
    return status;
}

/* What the next estimate is made of, over all tensors. */
typedef struct {
    double along, size; /* this step's share of r, and |s|_1 */
} sums;

typedef struct {
    float beta1, mean, beta2, square, keep, path, eps, rate, decay;
} rates;

/* The factors of a tensor's loop; *along that of its <g, w0 - w>. `scale` is d / d0. */
static rates rates_of(const plx_parameter *p, int64_t t, double d, double scale, double *along)
{
    const prodigy *o = p->self;
    const double correction =
        o->use_bias_correction ? sqrt(1 - pow(o->beta2, (double)t)) / (1 - pow(o->beta1, (double)t))
                               : 1;
    const double rate = p->lr * d * correction;

    *along = scale * rate;
    return (rates){
        .beta1 = (float)o->beta1,
        .mean = (float)((1 - o->beta1) * scale),
        .beta2 = (float)o->beta2,
        .square = (float)((1 - o->beta2) * scale * scale),
        .keep = (float)sqrt(o->beta2),
        .path = (float)(o->safeguard_warmup ? scale * d : scale * rate),
        .eps = (float)(scale * o->eps),
        .rate = (float)rate,
        .decay = (float)(rate * o->weight_decay),
    };
}

PLX_CLONES static void step_one(const plx_parameter *p, int64_t t, double d, double scale,
                                sums *all)
{
    double along, moved = 0, size = 0;
    const rates k = rates_of(p, t, d, scale, &along);
    float *restrict w = p->w, *restrict mean = p->slot[0], *restrict square = p->slot[1];
    float *restrict path = p->slot[2];
    const float *restrict start = p->slot[3], *restrict g = p->g;

    for (uint64_t i = 0; i < p->rows * p->cols; i++) {
        mean[i] = k.beta1 * mean[i] + k.mean * g[i];
        square[i] = k.beta2 * square[i] + k.square * g[i] * g[i];
        path[i] = k.keep * path[i] + k.path * g[i];
        moved += (double)g[i] * ((double)start[i] - (double)w[i]);
        size += (double)fabsf(path[i]);
        w[i] -= k.rate * mean[i] / (sqrtf(square[i]) + k.eps) + k.decay * w[i];
    }
    all->along += along * moved;
    all->size += size;
}

/* The next estimate of the distance. There is none with a gradient of zero so far, nor in a step
 * whose rates are all 0, which s takes no part in, and so neither does r. */
static void estimate(const prodigy *o, void *const *slot, const sums *all)
{
    double *distance = slot[0], *most = slot[1], *numerator = slot[2];

    if (!(all->size > 0))
        return;
    *numerator = sqrt(o->beta2) * *numerator + all->along;
    const double found = o->d_coef * *numerator / all->size;
    if (*distance <= o->d0)
        *distance = fmax(*distance, found);
    *most = fmax(*most, found);
    *distance = fmin(*most, *distance * o->growth_rate);
}

static int32_t step_model(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *p)
{
    const prodigy *o = self;
    const double d = *(const double *)step->model_slot[0];
    sums all = {0};

    for (uint64_t i = 0; i < count; i++)
        if (p[i]->lr > 0)
            step_one(p[i], step->step, d, d / o->d0, &all);
    estimate(o, step->model_slot, &all);
    return PLX_OK;
}

PLX_OPTIMIZER(prodigy, .version = "1.0", .summary = "Adam that estimates its own learning rate",
              .source = "Mishchenko, Defazio 2023, \"Prodigy: An expeditiously adaptive "
                        "parameter-free learner\", algorithm 4",
              .formula = "m = beta1 m + (1 - beta1) d g\n"
                         "v = beta2 v + (1 - beta2) d^2 g^2\n"
                         "r = sqrt(beta2) r + (1 - sqrt(beta2)) lr d^2 <g, w0 - w>\n"
                         "s = sqrt(beta2) s + (1 - sqrt(beta2)) lr d^2 g\n"
                         "w = w - lr d (m / (sqrt(v) + d eps) + weight_decay w)\n"
                         "d = max(d, d_coef r / |s|_1), at most growth_rate d\n"
                         "use_bias_correction: lr times sqrt(1 - beta2^t) / (1 - beta1^t)",
              .settings = PLX_TABLE(settings), .lr = 1, .plan_slots = plan_slots,
              .plan_model_slots = plan_model_slots, .step_model = step_model)
