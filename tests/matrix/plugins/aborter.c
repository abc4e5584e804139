/* aborter: aborts in its third step. */
#include <stdlib.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    if (step->step == 3)
        abort();
    return PLX_OK;
}

PLX_OPTIMIZER(aborter, .summary = "aborts in its third step", .step_range = step_range)
