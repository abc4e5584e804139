/* nanner: makes weights that are no numbers in its third step. */
#include <math.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    for (uint64_t i = 0; step->step == 3 && i < n; i++)
        w[i] = NAN;
    return PLX_OK;
}

PLX_OPTIMIZER(nanner, .summary = "makes weights that are no numbers in its third step",
              .step_range = step_range)
