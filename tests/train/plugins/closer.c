/* closer: plain descent by closures. It fails unless evaluating again, at the same weights,
 * gives the loss of the batch and the same gradient: same rows, same dropout. */
#include <plexus/plugin.h>

static int32_t step_model(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *parameter)
{
    double loss = 0;
    const float before = parameter[0]->g[0];

    if (step->host->evaluate(step->host, &loss) != PLX_OK)
        return PLX_FAILED;
    if (loss != step->loss || parameter[0]->g[0] != before)
        return step->host->error(step->host, "another loss: %.17g instead of %.17g", loss,
                                 step->loss);
    for (uint64_t p = 0; p < count; p++)
        for (uint64_t i = 0; i < parameter[p]->rows * parameter[p]->cols; i++)
            parameter[p]->w[i] -= (float)step->lr * parameter[p]->g[i];
    return PLX_OK;
}

PLX_OPTIMIZER(closer, .summary = "descends by closures", .flags = PLX_NEEDS_CLOSURE,
              .step_model = step_model)
