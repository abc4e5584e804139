/* breaker: makes one weight infinite at its second step. */
#include <math.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    if (step->step == 2 && step->role == PLX_BIAS)
        w[n - 1] = INFINITY;
    return PLX_OK;
}

PLX_OPTIMIZER(breaker, .summary = "breaks a bias at its second step", .step_range = step_range)
