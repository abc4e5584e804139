/* unsplittable: every other weight of a tensor moves half as far.
 *   w = w - lr g, for odd elements w = w - lr g / 2
 * Broken: it counts from the start of the range, not of the tensor. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;

    for (uint64_t i = 0; i < n; i++) {
#ifdef BROKEN
        const uint64_t at = i;
#else
        const uint64_t at = step->offset + i;
#endif
        w[i] -= (at % 2 == 0 ? lr : lr / 2) * g[i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(unsplittable, .version = "1", .summary = "every other weight at half the rate",
              .source = "made up for a test", .formula = "w = w - lr g, odd elements w - lr g / 2",
              .lr = 0.01, .step_range = step_range)
