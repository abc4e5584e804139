/* hanger: never ends its third step. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    volatile int forever = 1;

    while (step->step == 3 && forever)
        continue;
    return PLX_OK;
}

PLX_OPTIMIZER(hanger, .summary = "never ends its third step", .step_range = step_range)
