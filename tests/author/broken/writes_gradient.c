/* writes_gradient: gradient descent with coupled decay.
 *   w = w - lr (g + weight_decay w)
 * Broken: it adds the decay to the gradient where that lies. */
#include <plexus/plugin.h>

typedef struct {
    double weight_decay;
} decay;

static const plx_setting settings[] = {
    PLX_REAL(decay, weight_decay, 0, 0, 10, "times the weight, added to the gradient"),
};

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr, share = (float)((const decay *)self)->weight_decay;

    for (uint64_t i = 0; i < n; i++) {
#ifdef BROKEN
        float *own = (float *)(uintptr_t)&g[i];
        *own += share * w[i];
        w[i] -= lr * *own;
#else
        w[i] -= lr * (g[i] + share * w[i]);
#endif
    }
    return PLX_OK;
}

PLX_OPTIMIZER(writes_gradient, .version = "1", .summary = "gradient descent with coupled decay",
              .source = "made up for a test", .formula = "w = w - lr (g + weight_decay w)",
              .settings = PLX_TABLE(settings), .lr = 0.01, .step_range = step_range)
