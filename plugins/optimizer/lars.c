/* lars: layer-wise adaptive rate scaling: momentum whose rate, in each weight matrix, is
 * proportional to the matrix's norm over its gradient's. One rate for all layers moves some of
 * them by a thousandth of their length and others by a tenth, which large batches do not
 * survive; here every matrix moves by about lr times `trust` of its length. Biases, which begin
 * at zero, keep the plain rate.
 *
 *   rate = lr trust |w| / (|g| + weight_decay |w| + eps);   lr where |w| is 0, and for biases
 *   v = momentum v + rate (g + weight_decay w)
 *   w = w - v
 *
 * As in the paper, v holds steps and not gradients: a change of lr does not rescale the past.
 * The paper leaves `trust` open; it is small because lr is to stay in the range of a plain rate. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double momentum, trust, eps, weight_decay;
    int32_t adapt_biases;
} lars;

static const plx_setting settings[] = {
    PLX_REAL(lars, momentum, 0.9, 0, 1, "share of the last step that is kept",
             .flags = PLX_OPEN_MAX),
    PLX_REAL(lars, trust, 0.02, 0, 1000, "times lr: the share of its norm a matrix moves by",
             .flags = PLX_OPEN_MIN | PLX_LOG_SCALE),
    PLX_REAL(lars, eps, 1e-8, 1e-30, 1, "added to the gradient's norm", .flags = PLX_LOG_SCALE),
    PLX_REAL(lars, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
    PLX_FLAG(lars, adapt_biases, 0, "scale the rate of biases too"),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "step");
}

/* The rate of this tensor in this step; it may leave float's range where the gradient is next to
 * nothing. */
static double rate_of(const lars *s, const plx_step *step, const float *w, const float *g)
{
    const plx_host *host = step->host;
    const uint64_t n = step->rows * step->cols;

    if (step->role == PLX_BIAS && !s->adapt_biases)
        return step->lr;
    const double length = host->norm(host, n, w);
    if (length == 0)
        return step->lr;
    return step->lr * s->trust * length /
           (host->norm(host, n, g) + s->weight_decay * length + s->eps);
}

PLX_CLONES static int32_t step_tensor(const void *self, const plx_step *step, float *w,
                                      const float *g, void *const *slot)
{
    const lars *s = self;
    const double rate = rate_of(s, step, w, g);
    const float momentum = (float)s->momentum, decay = (float)s->weight_decay;
    float *v = slot[0];

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        v[i] = momentum * v[i] + (float)(rate * (double)(g[i] + decay * w[i]));
        w[i] -= v[i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(lars, .version = "1.0",
              .summary = "momentum with a rate for each matrix, relative to its norm",
              .source = "You, Gitman, Ginsburg 2017, \"Large batch training of convolutional "
                        "networks\"",
              .formula = "rate = lr trust |w| / (|g| + weight_decay |w| + eps); lr where |w| is 0 "
                         "and for biases\n"
                         "v = momentum v + rate (g + weight_decay w)\n"
                         "w = w - v",
              .settings = PLX_TABLE(settings), .lr = 0.1, .plan_slots = plan_slots,
              .step_tensor = step_tensor)
