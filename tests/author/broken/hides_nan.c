/* hides_nan: the pinball loss, whose minimum is a quantile of the targets. Broken, it is put
 * together by fmax, which takes the other number where one is NaN.
 *
 *   L = 1/C sum_c max(q d_c, (q - 1) d_c), d_c = t_c - p_c;  dL/dp_c = -q/C if d_c > 0, (1 - q)/C
 *   if d_c < 0, 0 at 0 */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    double quantile;
} pinball;

static const plx_setting settings[] = {
    PLX_REAL(pinball, quantile, 0.5, 0, 1, "the share of targets below the prediction",
             .flags = PLX_OPEN_MIN | PLX_OPEN_MAX),
};

static uint32_t targets(const void *self, uint32_t family)
{
    return family == PLX_REALS      ? PLX_TARGET_REALS
           : family == PLX_POSITIVE ? PLX_TARGET_REALS | PLX_TARGET_POSITIVE
                                    : 0;
}

static double value(double q, double d)
{
#ifdef BROKEN
    return fmax(0, q * d) + fmax(0, (q - 1) * d);
#else
    return d > 0 ? q * d : (q - 1) * d;
#endif
}

static int32_t rows(const void *self, const plx_rows *b)
{
    const double q = ((const pinball *)self)->quantile;

    for (uint64_t r = 0; r < b->rows; r++) {
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
        const double factor = b->scale * weight / (double)b->cols;
        double sum = 0;

        for (uint64_t i = r * b->cols; i < (r + 1) * b->cols; i++) {
            const double d = (double)b->target[i] - (double)b->prediction[i];
            sum += value(q, d);
            if (b->gradient)
                b->gradient[i] = (float)(factor * (d > 0 ? -q : d < 0 ? 1 - q : 0));
        }
        b->loss[r] = sum / (double)b->cols;
    }
    return PLX_OK;
}

PLX_LOSS(hides_nan, .summary = "pinball loss of a quantile",
         .source = "Koenker, Bassett 1978, \"Regression quantiles\"",
         .formula = "L = 1/C sum_c max(q d_c, (q - 1) d_c), d_c = t_c - p_c",
         .derivative = "dL/dp_c = -q/C if d_c > 0, (1 - q)/C if d_c < 0, 0 at 0",
         .settings = PLX_TABLE(settings), .targets = targets, .rows = rows)
