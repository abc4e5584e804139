/* static_at_times: gradient descent that pulls the weights towards zero in every fiftieth step.
 *   w = w - lr g,  w = 0.99 w where t mod 50 = 0
 * Broken: it counts these steps in a static variable, and pulls harder each time. */
#include <plexus/plugin.h>

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;
    float kept = 1;

    if (step->step % 50 == 0) {
#ifdef BROKEN
        static volatile int pulls;

        pulls = pulls + 1;
        kept = 1 - 0.0001f * (float)pulls;
#else
        kept = 0.99f;
#endif
    }
    for (uint64_t i = 0; i < n; i++)
        w[i] = kept * (w[i] - lr * g[i]);
    return PLX_OK;
}

PLX_OPTIMIZER(static_at_times, .version = "1", .summary = "gradient descent with a pull at times",
              .source = "made up for a test",
              .formula = "w = w - lr g\nw = 0.99 w where t mod 50 = 0", .lr = 0.01,
              .step_range = step_range)
