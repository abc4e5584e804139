/* old_range: written for version 1.0 of the interface and left as it is. Heavy ball, the momentum
 * kept out of the first step; every bit of it is sgd's. Settings of one type, one slot. */
#include <plexus/plugin.h>

typedef struct {
    double momentum;
} old_range;

static const plx_setting settings[] = {
    PLX_REAL(old_range, momentum, 0, 0, 1, "share of the last direction", .flags = PLX_OPEN_MAX),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const old_range *s = self;
    const float lr = (float)step->lr, keep = step->step == 1 ? 0 : (float)s->momentum;
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = keep * m[i] + g[i];
        w[i] -= lr * m[i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(old_range, .version = "1.0", .summary = "heavy ball, element by element",
              .source = "Polyak 1964", .formula = "m = momentum m + g\nw = w - lr m",
              .settings = PLX_TABLE(settings), .lr = 0.01, .plan_slots = plan_slots,
              .step_range = step_range)
