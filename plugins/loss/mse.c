/* mse: the mean squared error, the negative log-likelihood of a normal distribution but for
 * constants. The mean is over all elements, so here over a row's columns.
 *
 *   L = 1/C sum_c (p_c - t_c)^2,  dL/dp_c = 2/C (p_c - t_c) */
#include <plexus/plugin.h>

#include "rows.h"

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

PLX_INLINE void elements(const void *self, uint64_t n, const float *restrict p,
                         const float *restrict t, double *restrict term, double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const double d = (double)p[i] - (double)t[i];
        term[i] = d * d;
        slope[i] = 2 * d;
    }
}

PLX_CLONES static int32_t rows(const void *self, const plx_rows *b)
{
    rows_of_elements(self, b, (double)b->cols, elements);
    return PLX_OK;
}

PLX_LOSS(mse, .version = "1.0", .summary = "mean squared error",
         .source = "Gauss 1809, \"Theoria motus corporum coelestium\"",
         .formula = "L = 1/C sum_c (p_c - t_c)^2", .derivative = "dL/dp_c = 2/C (p_c - t_c)",
         .targets = targets, .rows = rows)
