/* eater: takes memory without end in its third step. */
#include <stdlib.h>
#include <sys/mman.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    while (step->step == 3)
        if (mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
            MAP_FAILED)
            abort();
    return PLX_OK;
}

PLX_OPTIMIZER(eater, .summary = "takes memory without end in its third step",
              .step_range = step_range)
