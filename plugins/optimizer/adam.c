/* adam: momentum over a running root mean square, both corrected for starting at zero. Weight decay
 * is coupled: it is part of the gradient (adamw has it decoupled).
 *
 *   g = g + weight_decay w
 *   m = beta1 m + (1 - beta1) g
 *   v = beta2 v + (1 - beta2) g^2;   amsgrad: u = max(u, v), used for v below
 *   w = w - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps),  t the step from 1 */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double beta1, beta2, eps, weight_decay;
    int32_t amsgrad;
} adam;

static const plx_setting settings[] = {
    PLX_REAL(adam, beta1, 0.9, 0, 1, "decay of the mean gradient", .flags = PLX_OPEN_MAX),
    PLX_REAL(adam, beta2, 0.999, 0, 1, "decay of the mean square", .flags = PLX_OPEN_MAX),
    PLX_REAL(adam, eps, 1e-8, 1e-30, 1, "added to the root", .flags = PLX_LOG_SCALE),
    PLX_REAL(adam, weight_decay, 0, 0, 1000, "times the weight, added to the gradient",
             .flags = PLX_LOG_SCALE),
    PLX_FLAG(adam, amsgrad, 0, "divide by the largest mean square so far"),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const adam *s = self;
    int32_t status = emit->like_parameter(emit, "mean");

    if (status == PLX_OK)
        status = emit->like_parameter(emit, "square");
    if (status == PLX_OK && s->amsgrad)
        status = emit->like_parameter(emit, "square_max");
    return status;
}

/* The bias corrections of this step, as factors: 1 / (1 - beta1^t) and
 * 1 / sqrt(1 - beta2^t). */
typedef struct {
    double mean, root;
} corrections;

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const adam *s = self;
    corrections *c = constants;

    c->mean = 1 / (1 - pow(s->beta1, (double)step->step));
    c->root = 1 / sqrt(1 - pow(s->beta2, (double)step->step));
    return PLX_OK;
}

typedef struct {
    float rate, decay, beta1, rest1, beta2, rest2, root, eps;
} rates;

/* NaN in b is kept. */
PLX_INLINE float larger(float a, float b)
{
    return a > b ? a : b;
}

/* `top` is the slot of amsgrad, or NULL; the compiler makes a loop of its own for each call. */
PLX_INLINE void descend(const rates k, uint64_t n, float *restrict w, const float *restrict g,
                        float *restrict m, float *restrict v, float *restrict top)
{
    for (uint64_t i = 0; i < n; i++) {
        const float d = g[i] + k.decay * w[i];
        m[i] = k.beta1 * m[i] + k.rest1 * d;
        v[i] = k.beta2 * v[i] + k.rest2 * d * d;
        float square = v[i];
        if (top)
            square = top[i] = larger(top[i], square);
        w[i] -= k.rate * m[i] / (sqrtf(square) * k.root + k.eps);
    }
}

PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const adam *s = self;
    const corrections *c = step->constants;
    const rates k = {
        .rate = (float)(step->lr * c->mean),
        .decay = (float)s->weight_decay,
        .beta1 = (float)s->beta1,
        .rest1 = (float)(1 - s->beta1),
        .beta2 = (float)s->beta2,
        .rest2 = (float)(1 - s->beta2),
        .root = (float)c->root,
        .eps = (float)s->eps,
    };

    if (s->amsgrad)
        descend(k, n, w, g, slot[0], slot[1], slot[2]);
    else
        descend(k, n, w, g, slot[0], slot[1], NULL);
    return PLX_OK;
}

PLX_OPTIMIZER(
    adam, .version = "1.0", .summary = "adaptive moment estimation",
    .source = "Kingma, Ba 2014, \"Adam: A method for stochastic optimization\"; amsgrad: Reddi, "
              "Kale, Kumar 2018, \"On the convergence of Adam and beyond\"",
    .formula = "g = g + weight_decay w\n"
               "m = beta1 m + (1 - beta1) g\n"
               "v = beta2 v + (1 - beta2) g^2; amsgrad: the largest v so far\n"
               "w = w - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps)",
    .settings = PLX_TABLE(settings), .lr = 1e-3, .constants_size = sizeof(corrections),
    .plan_slots = plan_slots, .begin_step = begin_step, .step_range = step_range)
