/* pacer: gradient descent that remembers its pace, one number for each parameter group: the pace
 * grows by a share of itself and of the rate with each step. For groups with slots of their own. */
#include <plexus/plugin.h>

typedef struct {
    double growth;
} pacer;

static const plx_setting settings[] = {
    PLX_REAL(pacer, growth, 0.1, 0, 1, "share by which the pace grows"),
};

static int32_t plan_model_slots(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    return emit->slot(emit, "pace", PLX_F64, 1, 1, 1);
}

static int32_t begin_step(const void *self, const plx_step *step, void *constants)
{
    const pacer *s = self;
    double *pace = step->model_slot[0];

    *pace += s->growth * (*pace + step->lr);
    *(double *)constants = *pace;
    return PLX_OK;
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float rate = (float)(step->lr * *(const double *)step->constants);

    for (uint64_t i = 0; i < n; i++)
        w[i] -= rate * g[i];
    return PLX_OK;
}

PLX_OPTIMIZER(pacer, .summary = "descent at a growing pace", .settings = PLX_TABLE(settings),
              .constants_size = sizeof(double), .plan_model_slots = plan_model_slots,
              .begin_step = begin_step, .step_range = step_range)
