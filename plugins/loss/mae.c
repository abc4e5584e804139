/* mae: the mean absolute error, the negative log-likelihood of a Laplace distribution but for
 * constants; an outlier pulls no harder than any other row.
 *
 *   L = 1/C sum_c |p_c - t_c|,  dL/dp_c = 1/C sign(p_c - t_c), sign(0) = 0 */
#include <math.h>

#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

/* -1, 0 or 1; NaN stays NaN. */
PLX_INLINE double sign(double d)
{
    return d != d ? d : (double)((d > 0) - (d < 0));
}

PLX_CLONES static int32_t rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        const float *p = b->prediction + r * b->cols, *t = b->target + r * b->cols;
        double sum = 0;

        for (uint64_t c = 0; c < b->cols; c++)
            sum += fabs((double)p[c] - (double)t[c]);
        b->loss[r] = sum / (double)b->cols;
        if (!b->gradient)
            continue;
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
        const double factor = b->scale * weight / (double)b->cols;
        float *g = b->gradient + r * b->cols;
        for (uint64_t c = 0; c < b->cols; c++)
            g[c] = (float)(factor * sign((double)p[c] - (double)t[c]));
    }
    return PLX_OK;
}

PLX_LOSS(mae, .version = "1.0", .summary = "mean absolute error, robust to outliers",
         .source = "Laplace 1774, \"Memoire sur la probabilite des causes par les evenements\"",
         .formula = "L = 1/C sum_c |p_c - t_c|",
         .derivative = "dL/dp_c = 1/C sign(p_c - t_c), 0 where p_c = t_c", .targets = targets,
         .rows = rows)
