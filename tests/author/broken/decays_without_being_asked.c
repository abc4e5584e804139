/* decays_without_being_asked: gradient descent with decoupled decay.
 *   w = w - lr (g + weight_decay w)
 * Broken: some decay goes on where weight_decay is 0. */
#include <plexus/plugin.h>

typedef struct {
    double weight_decay;
} decay;

static const plx_setting settings[] = {
    PLX_REAL(decay, weight_decay, 0.01, 0, 10, "shrinks w by lr times this"),
};

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;
#ifdef BROKEN
    const float share = (float)(((const decay *)self)->weight_decay + 0.001);
#else
    const float share = (float)((const decay *)self)->weight_decay;
#endif

    for (uint64_t i = 0; i < n; i++)
        w[i] -= lr * (g[i] + share * w[i]);
    return PLX_OK;
}

PLX_OPTIMIZER(decays_without_being_asked, .version = "1",
              .summary = "gradient descent with decoupled decay", .source = "made up for a test",
              .formula = "w = w - lr (g + weight_decay w)", .settings = PLX_TABLE(settings),
              .lr = 0.01, .step_range = step_range)
