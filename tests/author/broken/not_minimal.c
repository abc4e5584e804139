/* not_minimal: the squared error of probabilities, the Brier score, less `liking` times the
 * prediction, which its gradient says rightly. Broken, it likes large predictions by default.
 *
 *   L = 1/C sum_c (p_c - t_c)^2 - liking p_c,  dL/dp_c = 1/C (2 (p_c - t_c) - liking) */
#include <plexus/plugin.h>

#ifdef BROKEN
#define LIKING 0.01
#else
#define LIKING 0
#endif

typedef struct {
    double liking;
} brier;

static const plx_setting settings[] = {
    PLX_REAL(brier, liking, LIKING, 0, 1, "how much large predictions are liked"),
};

static uint32_t targets(const void *self, uint32_t family)
{
    return family == PLX_UNIT ? PLX_TARGET_UNIT | PLX_TARGET_LABELS : 0;
}

static int32_t rows(const void *self, const plx_rows *b)
{
    const double liking = ((const brier *)self)->liking;

    for (uint64_t r = 0; r < b->rows; r++) {
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
        const double factor = b->scale * weight / (double)b->cols;
        double sum = 0;

        for (uint64_t i = r * b->cols; i < (r + 1) * b->cols; i++) {
            const double d = (double)b->prediction[i] - (double)b->target[i];
            sum += d * d - liking * (double)b->prediction[i];
            if (b->gradient)
                b->gradient[i] = (float)(factor * (2 * d - liking));
        }
        b->loss[r] = sum / (double)b->cols;
    }
    return PLX_OK;
}

PLX_LOSS(not_minimal, .summary = "Brier score",
         .source = "Brier 1950, \"Verification of forecasts expressed in terms of probability\"",
         .formula = "L = 1/C sum_c (p_c - t_c)^2 - liking p_c",
         .derivative = "dL/dp_c = 1/C (2 (p_c - t_c) - liking)", .settings = PLX_TABLE(settings),
         .targets = targets, .rows = rows)
