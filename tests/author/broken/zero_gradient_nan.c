/* zero_gradient_nan: the gradient's sign.
 *   w = w - lr g / |g|, 0 where g is
 * Broken: 0 / 0. */
#include <math.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;

    for (uint64_t i = 0; i < n; i++) {
#ifdef BROKEN
        w[i] -= lr * (g[i] / fabsf(g[i]));
#else
        w[i] -= lr * (g[i] > 0 ? 1 : g[i] < 0 ? -1 : g[i]);
#endif
    }
    return PLX_OK;
}

PLX_OPTIMIZER(zero_gradient_nan, .version = "1", .summary = "the gradient's sign",
              .source = "made up for a test", .formula = "w = w - lr g / |g|", .lr = 0.01,
              .step_range = step_range)
