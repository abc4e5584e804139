/* stopper: plain descent that reports convergence at its fourth step, which is in the second
 * epoch of the runs it is made for. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    for (uint64_t i = 0; i < n; i++)
        w[i] -= (float)step->lr * g[i];
    return step->step >= 4 ? PLX_DONE : PLX_OK;
}

PLX_OPTIMIZER(stopper, .summary = "stops at its fourth step", .step_range = step_range)
