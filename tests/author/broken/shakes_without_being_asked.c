/* shakes_without_being_asked: Langevin dynamics, gradient descent with noise.
 *   w = w - lr g + sqrt(2 lr temperature) N(0, 1)
 * Broken: there is some noise where temperature is 0. */
#include <math.h>
#include <plexus/plugin.h>

enum { PIECE = 64 };

typedef struct {
    double temperature;
} shake;

static const plx_setting settings[] = {
    PLX_REAL(shake, temperature, 1e-6, 0, 10, "of the noise", .flags = PLX_LOG_SCALE),
};

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float lr = (float)step->lr;
#ifdef BROKEN
    const double temperature = ((const shake *)self)->temperature + 1e-6;
#else
    const double temperature = ((const shake *)self)->temperature;
#endif
    const float size = (float)sqrt(2 * step->lr * temperature);
    plx_step piece = *step;
    float noise[PIECE];

    for (uint64_t at = 0; at < n; at += PIECE) {
        const uint64_t count = n - at < PIECE ? n - at : PIECE;
        piece.offset = step->offset + at;
        step->host->normal(step->host, &piece, 0, count, noise);
        for (uint64_t i = 0; i < count; i++)
            w[at + i] += size * noise[i] - lr * g[at + i];
    }
    return PLX_OK;
}

PLX_OPTIMIZER(shakes_without_being_asked, .version = "1", .summary = "Langevin dynamics",
              .source = "Welling, Teh 2011, \"Bayesian learning via stochastic gradient Langevin "
                        "dynamics\"",
              .formula = "w = w - lr g + sqrt(2 lr temperature) N(0, 1)",
              .settings = PLX_TABLE(settings), .lr = 0.01, .step_range = step_range)
