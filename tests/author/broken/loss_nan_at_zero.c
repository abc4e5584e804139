/* loss_nan_at_zero: the focal loss of classes. Broken, it takes the logarithm of a probability of
 * zero, without the floor.
 *
 *   L = -sum_c t_c (1 - p_c)^gamma log p_c
 *   dL/dp_c = t_c (gamma (1 - p_c)^(gamma - 1) log p_c - (1 - p_c)^gamma / p_c) */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double gamma;
} focal;

static const plx_setting settings[] = {
    PLX_REAL(focal, gamma, 2, 1, 5, "how little the rows that are right already count"),
};

static uint32_t targets(const void *self, uint32_t family)
{
    return family == PLX_SIMPLEX ? PLX_TARGET_LABELS : 0;
}

static double floored(double p)
{
#ifdef BROKEN
    return p;
#else
    const double least = (double)PLX_PROBABILITY_FLOOR;

    return p < least ? least : p;
#endif
}

static int32_t rows(const void *self, const plx_rows *b)
{
    const double gamma = ((const focal *)self)->gamma;

    for (uint64_t r = 0; r < b->rows; r++) {
        const double factor = b->scale * (b->row_weight ? (double)b->row_weight[r] : 1);
        double sum = 0;

        for (uint64_t i = r * b->cols; i < (r + 1) * b->cols; i++) {
            const double t = (double)b->target[i], p = floored((double)b->prediction[i]);
            const double q = 1 - (double)b->prediction[i];
            sum -= t * pow(q, gamma) * log(p);
            if (b->gradient)
                b->gradient[i] =
                    (float)(factor * t * (gamma * pow(q, gamma - 1) * log(p) - pow(q, gamma) / p));
        }
        b->loss[r] = sum;
    }
    return PLX_OK;
}

PLX_LOSS(loss_nan_at_zero, .summary = "cross-entropy that looks at the hard rows",
         .source = "Lin, Goyal, Girshick, He, Dollar 2017, \"Focal loss for dense object "
                   "detection\"",
         .formula = "L = -sum_c t_c (1 - p_c)^gamma log p_c",
         .derivative = "dL/dp_c = t_c (gamma (1 - p_c)^(gamma - 1) log p_c - (1 - p_c)^gamma / "
                       "p_c)",
         .settings = PLX_TABLE(settings), .targets = targets, .rows = rows)
