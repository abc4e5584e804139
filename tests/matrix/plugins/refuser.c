/* refuser: refuses its third step. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    if (step->step == 3)
        return step->host->error(step->host, "I have had enough");
    return PLX_OK;
}

PLX_OPTIMIZER(refuser, .summary = "refuses its third step", .step_range = step_range)
