/* state_in_constants: a mean gradient, corrected for starting at zero.
 *   m = 0.9 m + 0.1 g,  w = w - lr m / (1 - 0.9^t)
 * Broken: the power is carried on from step to step in the constants, which no checkpoint keeps. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double power;
} constants_of_step;

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "mean");
}

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    constants_of_step *c = constants;

#ifdef BROKEN
    c->power = step->step == 1 ? 0.9 : 0.9 * c->power;
#else
    c->power = pow(0.9, (double)step->step);
#endif
    return PLX_OK;
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const constants_of_step *c = step->constants;
    const float rate = (float)(step->lr / (1 - c->power));
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = 0.9f * m[i] + 0.1f * g[i];
        w[i] -= rate * m[i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(state_in_constants, .version = "1", .summary = "a corrected mean gradient",
              .source = "made up for a test",
              .formula = "m = 0.9 m + 0.1 g\nw = w - lr m / (1 - 0.9^t)", .lr = 0.01,
              .constants_size = sizeof(constants_of_step), .plan_slots = plan_slots,
              .begin_step = begin_step, .step_range = step_range)
