/* crasher: writes to where nothing is in its third step. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    volatile uintptr_t nowhere = 64; /* not 0, of which a sanitizer has something to say        */

    if (step->step == 3)
        *(volatile int *)nowhere = 1;
    return PLX_OK;
}

PLX_OPTIMIZER(crasher, .summary = "writes to where nothing is in its third step",
              .step_range = step_range)
