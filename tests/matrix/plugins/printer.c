/* printer: says so in each step, and crashes in its third. */
#include <signal.h>
#include <stdio.h>

#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    if (step->tensor == 0)
        printf("step %d\n", (int)step->step);
    fflush(stdout);
    if (step->step == 3)
        raise(SIGFPE);
    return PLX_OK;
}

PLX_OPTIMIZER(printer, .summary = "says so in each step, and crashes in its third",
              .step_range = step_range)
