/* uses_random_without_host: gradient descent in steps of random length.
 *   w = w - lr g (0.5 + u), u uniform on [0, 1)
 * Broken: u comes from rand, which goes on wherever it is. */
#include <stdlib.h>

#include <plexus/plugin.h>

enum { PIECE = 64 };

static void draw(const plx_step *step, uint64_t at, uint64_t n, float *u)
{
#ifdef BROKEN
    for (uint64_t i = 0; i < n; i++)
        u[i] = (float)(rand() / (RAND_MAX + 1.0));
#else
    plx_step here = *step;

    here.offset += at;
    step->host->uniform(step->host, &here, 0, n, u);
#endif
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;
    float u[PIECE];

    for (uint64_t at = 0; at < n; at += PIECE) {
        const uint64_t some = n - at < PIECE ? n - at : PIECE;
        draw(step, at, some, u);
        for (uint64_t i = 0; i < some; i++)
            w[at + i] -= lr * g[at + i] * (0.5f + u[i]);
    }
    return PLX_OK;
}

PLX_OPTIMIZER(uses_random_without_host, .version = "1",
              .summary = "gradient descent in steps of random length",
              .source = "made up for a test", .formula = "w = w - lr g (0.5 + u), u uniform",
              .lr = 0.01, .step_range = step_range)
