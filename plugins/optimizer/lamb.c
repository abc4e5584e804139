/* lamb: adam's direction, rescaled in each weight matrix to the length of the matrix itself, so
 * that every layer moves by the same share of its size however large the batch. Weight decay is
 * decoupled from the running squares but part of the direction whose length is measured.
 *
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g^2
 *   u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay w,  t the step from 1
 *   w = w - lr |w| / |u| u;   |w| / |u| is 1 where either norm is 0, and for biases
 *
 * The paper's phi, which may bound |w|, is the identity. A bias begins at zero, where a step
 * proportional to its norm would hold it; so the ratio is for matrices unless adapt_biases is
 * set. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, eps, weight_decay;
    int32_t adapt_biases;
} lamb;

static const plx_setting settings[] = {
    PLX_REAL(lamb, beta1, 0.9, 0, 1, "decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(lamb, beta2, 0.999, 0, 1, "decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(lamb, eps, 1e-6, 1e-30, 1, "added to the root", .flags = PLX_LOG_SCALE),
    PLX_REAL(lamb, weight_decay, 0.01, 0, 1000, "times the weight, added to the direction",
             .flags = PLX_LOG_SCALE),
    PLX_FLAG(lamb, adapt_biases, 0, "rescale the steps of biases too"),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    int32_t status = emit->like_parameter(emit, "mean");

    if (status == PLX_OK)
        status = emit->like_parameter(emit, "square");
    if (status == PLX_OK)
        status = emit->scratch(emit, tensor->rows * tensor->cols * sizeof(float));
    return status;
}

/* The bias corrections of this step, as factors: 1 / (1 - beta1^t) and
 * 1 / sqrt(1 - beta2^t). */
typedef struct {
    double mean, root;
} corrections;

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const lamb *s = self;
    corrections *c = constants;

    c->mean = 1 / (1 - pow(s->beta1, (double)step->step));
    c->root = 1 / sqrt(1 - pow(s->beta2, (double)step->step));
    return PLX_OK;
}

/* u, and the new m and v. */
PLX_INLINE void direction(const lamb *s, const plx_step *step, const float *w, const float *g,
                          float *restrict m, float *restrict v, float *restrict u)
{
    const corrections *c = step->constants;
    const float beta1 = (float)s->beta1, rest1 = (float)(1 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1 - s->beta2);
    const float mean = (float)c->mean, root = (float)c->root;
    const float eps = (float)s->eps, decay = (float)s->weight_decay;

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        m[i] = beta1 * m[i] + rest1 * g[i];
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
        u[i] = m[i] * mean / (sqrtf(v[i]) * root + eps) + decay * w[i];
    }
}

/* |w| / |u|. */
static double ratio(const lamb *s, const plx_step *step, const float *w, const float *u)
{
    const plx_host *host = step->host;
    const uint64_t n = step->rows * step->cols;

    if (step->role == PLX_BIAS && !s->adapt_biases)
        return 1;
    const double length = host->norm(host, n, w), stride = host->norm(host, n, u);
    return length == 0 || stride == 0 ? 1 : length / stride;
}

PLX_CLONES static int32_t step_tensor(const void *self, const plx_step *step, float *w,
                                      const float *g, void *const *slot)
{
    const lamb *s = self;
    float *u = step->scratch;

    direction(s, step, w, g, slot[0], slot[1], u);
    const double rate = step->lr * ratio(s, step, w, u); /* beyond float's range for a tiny u */
    for (uint64_t i = 0; i < step->rows * step->cols; i++)
        w[i] -= (float)(rate * (double)u[i]);
    return PLX_OK;
}

PLX_OPTIMIZER(
    lamb, .version = "1.0", .summary = "adam's direction at a length relative to the matrix's norm",
    .source = "You, Li, Reddi, Hseu, Kumar, Bhojanapalli, Song, Demmel, Keutzer, Hsieh "
              "2019, \"Large batch optimization for deep learning: Training BERT in 76 "
              "minutes\"",
    .formula = "m = beta1 m + (1 - beta1) g\n"
               "v = beta2 v + (1 - beta2) g^2\n"
               "u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay w\n"
               "w = w - lr |w| / |u| u; the ratio is 1 where a norm is 0 and for biases",
    .settings = PLX_TABLE(settings), .lr = 1e-3, .constants_size = sizeof(corrections),
    .plan_slots = plan_slots, .begin_step = begin_step, .step_tensor = step_tensor)
