/* quitter: ends the process in its third step. */
#include <stdlib.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    if (step->step == 3)
        exit(3);
    return PLX_OK;
}

PLX_OPTIMIZER(quitter, .summary = "ends the process in its third step", .step_range = step_range)
