/* ignores_lr: gradient descent.
 *   w = w - lr g
 * Broken: its rate is its own. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
#ifdef BROKEN
    const float lr = 0.01f;
#else
    const float lr = (float)step->lr;
#endif

    for (uint64_t i = 0; i < n; i++)
        w[i] -= lr * g[i];
    return PLX_OK;
}

PLX_OPTIMIZER(ignores_lr, .version = "1", .summary = "gradient descent",
              .source = "made up for a test", .formula = "w = w - lr g", .lr = 0.01,
              .step_range = step_range)
