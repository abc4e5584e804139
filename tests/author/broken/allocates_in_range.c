/* allocates_in_range: gradient descent along a direction that is made first.
 *   d = 0.5 (g + clipped g),  w = w - lr d
 * Broken: the direction has memory of its own in each call. */
#include <stdlib.h>

#include <plexus/plugin.h>

static float direction(float g)
{
    return 0.5f * (g + (g > 1 ? 1 : g < -1 ? -1 : g));
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;
#ifdef BROKEN
    float *d = malloc((n + 1) * sizeof(*d));

    if (d == NULL)
        return step->host->error(step->host, "out of memory");
    for (uint64_t i = 0; i < n; i++)
        d[i] = direction(g[i]);
    for (uint64_t i = 0; i < n; i++)
        w[i] -= lr * d[i];
    free(d);
#else
    for (uint64_t i = 0; i < n; i++)
        w[i] -= lr * direction(g[i]);
#endif
    return PLX_OK;
}

PLX_OPTIMIZER(allocates_in_range, .version = "1", .summary = "a half clipped gradient",
              .source = "made up for a test", .formula = "w = w - lr (g + min(max(g, -1), 1)) / 2",
              .lr = 0.01, .step_range = step_range)
