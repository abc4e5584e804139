/* muon: the momentum of a hidden layer's matrix, replaced by the orthogonal matrix nearest to
 * it, so that rare directions count as much as the few that dominate a gradient. Of X = U S V'
 * that matrix is U V'. An odd polynomial of X, a X + b X X' X + c (X X')^2 X, acts on the
 * singular values alone; a few rounds of one with a steep start bring all but the tiniest to
 * between about 0.7 and 1.2, which does as well as 1, and take nothing but matrix products.
 *
 *   m = momentum m + g;   X = g + momentum m (nesterov), else m;   X = X / (|X| + 1e-7)
 *   ns_steps times:  A = X X',  X = a X + (b A + c A^2) X,  (a, b, c) = (3.4445, -4.7750, 2.0315)
 *   w = w (1 - lr weight_decay) - lr scale X
 *
 * A is taken on the shorter side: X (b A + c A^2) with A = X' X is the same matrix. `scale` is
 *   original         sqrt(max(1, rows / cols))
 *   match_rms_adam   0.2 sqrt(max(rows, cols)), a root mean square like that of adam's steps: with
 *                    it, adam's learning rates fit; set lr to 0.001 and adamw_rate to 1
 *
 * A bias is no map between spaces, and an output's rows are classes of their own: both step by
 * adamw, at adamw_rate times lr. So does, with adamw_first, the first layer's matrix, for inputs
 * that are one-hot; dense ones such as pixels do well as they are. A network's only layer is its
 * output.
 *
 *   m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2;   r = lr adamw_rate
 *   w = w (1 - r weight_decay) - r m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) */
#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

typedef struct {
    double momentum, weight_decay, adamw_rate, beta1, beta2, eps;
    int64_t ns_steps;
    int32_t nesterov, scale, adamw_first;
} muon;

enum { ORIGINAL, MATCH_RMS_ADAM };

static const char *const scales[] = {"original", "match_rms_adam"};

static const plx_setting settings[] = {
    PLX_REAL(muon, momentum, 0.95, 0, 1, "decay of the momentum", .flags = PLX_OPEN_MAX),
    PLX_FLAG(muon, nesterov, 1, "look one step ahead along the momentum"),
    PLX_INTEGER(muon, ns_steps, 5, 1, 100, "rounds of Newton-Schulz towards an orthogonal matrix"),
    PLX_CHOICE(muon, scale, ORIGINAL, scales, "how a step's length follows from a matrix's shape"),
    PLX_REAL(muon, weight_decay, 0, 0, 1000, "the weights shrink by their rate times this",
             .flags = PLX_LOG_SCALE),
    PLX_FLAG(muon, adamw_first, 0, "the first layer's matrix steps by adamw too"),
    PLX_REAL(muon, adamw_rate, 0.05, 0, 1000, "rate of what steps by adamw, as a share of lr",
             .flags = PLX_LOG_SCALE),
    PLX_REAL(muon, beta1, 0.9, 0, 1, "adamw's decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(muon, beta2, 0.999, 0, 1, "adamw's decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(muon, eps, 1e-8, 1e-30, 1, "added to adamw's root", .flags = PLX_LOG_SCALE),
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Whether a tensor is orthogonalised; the others step by adamw. */
static int is_hidden(const muon *s, uint32_t role, uint32_t layer, uint32_t layer_count)
{
    return role == PLX_WEIGHT && layer + 1 < layer_count && !(s->adamw_first && layer == 0);
}

/* Scratch: X and the next X, A and b A + c A^2. */
static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const uint64_t side = smaller(tensor->rows, tensor->cols);
    const uint64_t floats = 2 * tensor->rows * tensor->cols + 2 * side * side;
    int32_t status;

    if (is_hidden(self, tensor->role, tensor->layer, tensor->layer_count)) {
        status = emit->like_parameter(emit, "momentum");
        return status == PLX_OK ? emit->scratch(emit, floats * sizeof(float)) : status;
    }
    status = emit->like_parameter(emit, "mean");
    return status == PLX_OK ? emit->like_parameter(emit, "square") : status;
}

/* adamw's bias corrections of this step, as factors: 1 / (1 - beta1^t) and
 * 1 / sqrt(1 - beta2^t). */
typedef struct {
    double mean, root;
} corrections;

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const muon *s = self;
    corrections *c = constants;

    c->mean = 1 / (1 - pow(s->beta1, (double)step->step));
    c->root = 1 / sqrt(1 - pow(s->beta2, (double)step->step));
    return PLX_OK;
}

PLX_CLONES static void step_adamw(const muon *s, const plx_step *step, float *restrict w,
                                  const float *restrict g, float *restrict m, float *restrict v)
{
    const corrections *c = step->constants;
    const double lr = step->lr * s->adamw_rate;
    const float rate = (float)(lr * c->mean), shrink = (float)(1 - lr * s->weight_decay);
    const float beta1 = (float)s->beta1, rest1 = (float)(1 - s->beta1);
    const float beta2 = (float)s->beta2, rest2 = (float)(1 - s->beta2);
    const float root = (float)c->root, eps = (float)s->eps;

    for (uint64_t i = 0; i < step->rows * step->cols; i++) {
        m[i] = beta1 * m[i] + rest1 * g[i];
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
        w[i] = shrink * w[i] - rate * m[i] / (sqrtf(v[i]) * root + eps);
    }
}

/* m, and X of length 1. */
PLX_CLONES static void direction(const muon *s, const plx_step *step, const float *g, float *m,
                                 float *x)
{
    const uint64_t n = step->rows * step->cols;
    const float momentum = (float)s->momentum;

    for (uint64_t i = 0; i < n; i++) {
        m[i] = momentum * m[i] + g[i];
        x[i] = s->nesterov ? g[i] + momentum * m[i] : m[i];
    }
    const float length = (float)(step->host->norm(step->host, n, x) + 1e-7);
    for (uint64_t i = 0; i < n; i++)
        x[i] /= length;
}

/* One round, from x to next. */
static int32_t round_of(const plx_step *step, const float *x, float *next, float *a, float *b)
{
    const float first = 3.4445f, third = -4.7750f, fifth = 2.0315f;
    const uint64_t rows = step->rows, cols = step->cols, side = smaller(rows, cols);
    const plx_host *host = step->host;
    const int wide = rows <= cols;
    int32_t status = host->product(host, wide ? PLX_TRANSPOSE_B : PLX_TRANSPOSE_A, side, side,
                                   wide ? cols : rows, 1, x, cols, x, cols, 0, a, side);

    if (status != PLX_OK)
        return status;
    memcpy(b, a, side * side * sizeof(float));
    status = host->product(host, 0, side, side, side, fifth, a, side, a, side, third, b, side);
    if (status != PLX_OK)
        return status;
    memcpy(next, x, rows * cols * sizeof(float));
    if (wide)
        return host->product(host, 0, rows, cols, side, 1, b, side, x, cols, first, next, cols);
    return host->product(host, 0, rows, cols, side, 1, x, cols, b, side, first, next, cols);
}

PLX_CLONES static int32_t step_muon(const muon *s, const plx_step *step, float *w, const float *g,
                                    float *m)
{
    const double rows = (double)step->rows, cols = (double)step->cols;
    const uint64_t n = step->rows * step->cols, side = smaller(step->rows, step->cols);
    float *x = step->scratch, *next = x + n, *a = next + n, *b = a + side * side;

    direction(s, step, g, m, x);
    for (int64_t i = 0; i < s->ns_steps; i++) {
        const int32_t status = round_of(step, x, next, a, b);
        if (status != PLX_OK)
            return status;
        float *const done = next;
        next = x;
        x = done;
    }
    const double scale = s->scale == MATCH_RMS_ADAM ? 0.2 * sqrt(rows > cols ? rows : cols)
                                                    : sqrt(rows > cols ? rows / cols : 1);
    const float rate = (float)(step->lr * scale), shrink = (float)(1 - step->lr * s->weight_decay);
    for (uint64_t i = 0; i < n; i++)
        w[i] = shrink * w[i] - rate * x[i];
    return PLX_OK;
}

static int32_t step_tensor(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot)
{
    if (is_hidden(self, step->role, step->layer, step->layer_count))
        return step_muon(self, step, w, g, slot[0]);
    step_adamw(self, step, w, g, slot[0], slot[1]);
    return PLX_OK;
}

PLX_OPTIMIZER(
    muon, .version = "1.0",
    .summary = "orthogonalised momentum for hidden layers, adamw for the rest",
    .source = "Jordan, Jin, Boza, You, Cesista, Newhouse, Bernstein 2024, \"Muon: An optimizer for "
              "hidden layers in neural networks\"; match_rms_adam: Liu, Su and others 2025, "
              "\"Muon is scalable for LLM training\"",
    .formula = "m = momentum m + g; X = g + momentum m (nesterov), else m; X = X / (|X| + 1e-7)\n"
               "ns_steps times: A = X X', X = 3.4445 X + (-4.7750 A + 2.0315 A^2) X\n"
               "w = w (1 - lr weight_decay) - lr scale X; original: scale = sqrt(max(1, rows / "
               "cols)), match_rms_adam: 0.2 sqrt(max(rows, cols))\n"
               "biases, the output layer and with adamw_first the first: adamw at lr adamw_rate",
    .settings = PLX_TABLE(settings), .lr = 0.02, .constants_size = sizeof(corrections),
    .plan_slots = plan_slots, .begin_step = begin_step, .step_tensor = step_tensor)
