/* @name@: an optimizer for Plexus. As it stands it is gradient descent with momentum, a starting
 * point that works and passes `plexus check`. Make it yours.
 *
 *   m = beta m + g
 *   w = w - lr (m + weight_decay w)
 *
 * <plexus/plugin.h> is the manual of everything used here. */
#include <math.h>
#include <plexus/plugin.h>

/* The settings, and a row for each: its default, smallest and largest value, and help. A config
 * file sets them by name: `optimizer: {name: @name@, lr: 0.01, beta: 0.95}`. The learning rate is
 * not among them: its schedule is the core's, and each step receives it. */
typedef struct {
    double beta, weight_decay;
} options;

static const plx_setting settings[] = {
    PLX_REAL(options, beta, 0.9, 0, 1, "share of the momentum that is kept", .flags = PLX_OPEN_MAX),
    PLX_REAL(options, weight_decay, 0, 0, INFINITY, "decoupled decay, times lr"),
};

/* What is remembered of each weight between two steps. The core allocates it, zero at first, and
 * stores it in checkpoints by its name: a resumed run needs nothing more of this file. */
static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}

/* The update of n weights. Called for any piece of a tensor, from several threads at once: it
 * allocates nothing, keeps nothing, and treats each element alike. An update that needs a whole
 * matrix, or all of them, is a step_tensor or a step_model instead; see plugin.h. PLX_CLONES:
 * compiled for each width of vectors. */
PLX_CLONES static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                                     const float *g, void *const *slot)
{
    const options *o = self;
    const float beta = (float)o->beta, decay = (float)o->weight_decay, lr = (float)step->lr;
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = beta * m[i] + g[i];
        w[i] -= lr * (m[i] + decay * w[i]);
    }
    return PLX_OK;
}

/* .lr is the learning rate of a config that names none. */
PLX_OPTIMIZER(@name@, .version = "1.0", .summary = "gradient descent with momentum",
              .source = "Polyak 1964, \"Some methods of speeding up the convergence of iteration "
                        "methods\"",
              .formula = "m = beta m + g\nw = w - lr (m + weight_decay w)",
              .settings = PLX_TABLE(settings), .lr = 0.01, .plan_slots = plan_slots,
              .step_range = step_range)
