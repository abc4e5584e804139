/* trip.c: momentum that raises signals in the middle of a run, so that a test interrupts a program
 * at a batch of its choice: PLEXUS_TRIP is "STEP SIGNAL TIMES". Without it, it is just momentum. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <plexus/plugin.h>

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const char *order = getenv("PLEXUS_TRIP");
    long long at = 0;
    int number = 0, times = 0;

    if (order == NULL || sscanf(order, "%lld %d %d", &at, &number, &times) != 3)
        return PLX_OK;
    for (int i = 0; i < times && step->step == at; i++)
        raise(number);
    return PLX_OK;
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = 0.9f * m[i] + g[i];
        w[i] -= lr * m[i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(trip, .summary = "momentum that stumbles", .plan_slots = plan_slots,
              .begin_step = begin_step, .step_range = step_range)
