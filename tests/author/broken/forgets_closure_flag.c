/* forgets_closure_flag: the step is taken back if the loss rises.
 *   w = w - lr g, again with half of lr while the loss is higher, at most 10 times
 * Broken: it evaluates without having asked for closures. */
#include <plexus/plugin.h>

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int32_t status = emit->like_parameter(emit, "before");

    return status == PLX_OK ? emit->like_parameter(emit, "direction") : status;
}

static void keep(const plx_parameter *p)
{
    float *before = p->slot[0], *direction = p->slot[1];

    for (uint64_t i = 0; i < p->rows * p->cols; i++) {
        before[i] = p->w[i];
        direction[i] = p->g[i];
    }
}

static void move(const plx_parameter *p, double share)
{
    const float lr = (float)(p->lr * share);
    const float *before = p->slot[0], *direction = p->slot[1];

    for (uint64_t i = 0; i < p->rows * p->cols; i++)
        p->w[i] = before[i] - lr * direction[i];
}

static int32_t step_model(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *parameter)
{
    const plx_host *host = step->host;
    double share = 1, loss = 0;

    for (uint64_t k = 0; k < count; k++)
        keep(parameter[k]);
    for (int turn = 0; turn < 10; turn++, share /= 2) {
        for (uint64_t k = 0; k < count; k++)
            move(parameter[k], share);
        const int32_t status = host->evaluate(host, &loss);
        if (status != PLX_OK || loss <= step->loss)
            return status;
    }
    return PLX_OK;
}

#ifdef BROKEN
enum { FLAGS = 0 };
#else
enum { FLAGS = PLX_NEEDS_CLOSURE };
#endif

PLX_OPTIMIZER(forgets_closure_flag, .flags = FLAGS, .version = "1",
              .summary = "gradient descent that takes back", .source = "made up for a test",
              .formula = "w = w - lr g", .lr = 0.01, .plan_slots = plan_slots,
              .step_model = step_model)
