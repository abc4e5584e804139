/* mse: the mean squared error, the negative log-likelihood of a normal distribution but for
 * constants. The mean is over all elements, so here over a row's columns.
 *
 *   L = 1/C sum_c (p_c - t_c)^2,  dL/dp_c = 2/C (p_c - t_c) */
#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

PLX_CLONES static int32_t rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        const float *p = b->prediction + r * b->cols, *t = b->target + r * b->cols;
        double sum = 0;

        for (uint64_t c = 0; c < b->cols; c++) {
            const double d = (double)p[c] - (double)t[c];
            sum += d * d;
        }
        b->loss[r] = sum / (double)b->cols;
        if (!b->gradient)
            continue;
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
        const double factor = 2 * b->scale * weight / (double)b->cols;
        float *g = b->gradient + r * b->cols;
        for (uint64_t c = 0; c < b->cols; c++)
            g[c] = (float)(factor * ((double)p[c] - (double)t[c]));
    }
    return PLX_OK;
}

PLX_LOSS(mse, .version = "1.0", .summary = "mean squared error",
         .source = "Gauss 1809, \"Theoria motus corporum coelestium\"",
         .formula = "L = 1/C sum_c (p_c - t_c)^2", .derivative = "dL/dp_c = 2/C (p_c - t_c)",
         .targets = targets, .rows = rows)
