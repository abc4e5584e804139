/* swallows_nan: gradient descent, each element of the gradient at most 1.
 *   w = w - lr min(max(g, -1), 1)
 * Broken: fmaxf makes a number of NaN. */
#include <math.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;

    for (uint64_t i = 0; i < n; i++) {
#ifdef BROKEN
        w[i] -= lr * fminf(fmaxf(g[i], -1), 1);
#else
        w[i] -= lr * (g[i] > 1 ? 1 : g[i] < -1 ? -1 : g[i]);
#endif
    }
    return PLX_OK;
}

PLX_OPTIMIZER(swallows_nan, .version = "1", .summary = "gradient descent, clipped",
              .source = "made up for a test", .formula = "w = w - lr min(max(g, -1), 1)",
              .lr = 0.01, .step_range = step_range)
