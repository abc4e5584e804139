/* ascends: gradient descent with momentum.
 *   m = 0.9 m + g,  w = w - lr m
 * Broken: the sign is the wrong way round. */
#include <plexus/plugin.h>

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = 0.9f * m[i] + g[i];
#ifdef BROKEN
        w[i] += lr * m[i];
#else
        w[i] -= lr * m[i];
#endif
    }
    return PLX_OK;
}

PLX_OPTIMIZER(ascends, .version = "1", .summary = "gradient descent with momentum",
              .source = "made up for a test", .formula = "m = 0.9 m + g\nw = w - lr m", .lr = 0.01,
              .plan_slots = plan_slots, .step_range = step_range)
