/* failer: refuses its third step. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    return step->step < 3 ? PLX_OK : step->host->error(step->host, "I have had enough");
}

PLX_OPTIMIZER(failer, .summary = "refuses its third step", .step_range = step_range)
