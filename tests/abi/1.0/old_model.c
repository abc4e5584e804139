/* old_model: written for version 1.0 of the interface and left as it is. Heavy ball on the whole
 * model at once; before each step it evaluates the loss again where it stands and demands the same
 * loss and the same gradients. */
#include <string.h>

#include <plexus/plugin.h>

typedef struct {
    double momentum;
} old_model;

static const plx_setting settings[] = {
    PLX_REAL(old_model, momentum, 0, 0, 1, "share of the last direction", .flags = PLX_OPEN_MAX),
};

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "momentum");

    return status == PLX_OK ? emit->like_parameter(emit, "gradient") : status;
}

static void descend(const plx_parameter *p, float keep)
{
    float *m = p->slot[0];
    const float lr = (float)p->lr;

    for (uint64_t i = 0; i < p->rows * p->cols; i++) {
        m[i] = keep * m[i] + p->g[i];
        p->w[i] -= lr * m[i];
    }
}

static int32_t step_model(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *parameter)
{
    const plx_host *host = step->host;
    double loss = 0;

    for (uint64_t i = 0; i < count; i++)
        memcpy(parameter[i]->slot[1], parameter[i]->g,
               parameter[i]->rows * parameter[i]->cols * sizeof(float));
    const int32_t status = host->evaluate(host, &loss);
    if (status != PLX_OK)
        return status;
    if (loss != step->loss)
        return host->error(host, "a loss of %g, then of %g", step->loss, loss);
    for (uint64_t i = 0; i < count; i++) {
        const plx_parameter *p = parameter[i];
        if (memcmp(p->slot[1], p->g, p->rows * p->cols * sizeof(float)) != 0)
            return host->error(host, "other gradients of %s", p->name);
        descend(p, step->step == 1 ? 0 : (float)((const old_model *)p->self)->momentum);
    }
    return PLX_OK;
}

PLX_OPTIMIZER(old_model, .version = "1.0", .summary = "heavy ball, all tensors at once",
              .flags = PLX_NEEDS_CLOSURE, .settings = PLX_TABLE(settings), .lr = 0.01,
              .plan_slots = plan_slots, .step_model = step_model)
