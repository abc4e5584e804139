/* ignores_row_weight: the squared error, in float32. Broken, it forgets the rows' weights.
 *
 *   L = 1/C sum_c (p_c - t_c)^2,  dL/dp_c = 2/C (p_c - t_c) */
#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

static int32_t rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        const float *p = b->prediction + r * b->cols, *t = b->target + r * b->cols;
        float factor = 2 * (float)b->scale / (float)b->cols, sum = 0;

#ifndef BROKEN
        if (b->row_weight)
            factor *= b->row_weight[r];
#endif
        for (uint64_t c = 0; c < b->cols; c++) {
            sum += (p[c] - t[c]) * (p[c] - t[c]);
            if (b->gradient)
                b->gradient[r * b->cols + c] = factor * (p[c] - t[c]);
        }
        b->loss[r] = (double)(sum / (float)b->cols);
    }
    return PLX_OK;
}

PLX_LOSS(ignores_row_weight, .summary = "mean squared error in float32", .source = "for the tests",
         .formula = "L = 1/C sum_c (p_c - t_c)^2", .derivative = "dL/dp_c = 2/C (p_c - t_c)",
         .targets = targets, .rows = rows)
