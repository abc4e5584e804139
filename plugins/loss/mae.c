/* mae: the mean absolute error, the negative log-likelihood of a Laplace distribution but for
 * constants; an outlier pulls no harder than any other row.
 *
 *   L = 1/C sum_c |p_c - t_c|,  dL/dp_c = 1/C sign(p_c - t_c), sign(0) = 0 */
#include <plexus/plugin.h>

#include "rows.h"

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

/* -1, 0 or 1; NaN stays NaN. */
PLX_INLINE double sign(double d)
{
    return d != d ? d : (double)((d > 0) - (d < 0));
}

PLX_INLINE void elements(const void *self, uint64_t n, const float *restrict p,
                         const float *restrict t, double *restrict term, double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const double d = (double)p[i] - (double)t[i];
        term[i] = fabs(d);
        slope[i] = sign(d);
    }
}

PLX_CLONES static int32_t rows(const void *self, const plx_rows *b)
{
    rows_of_elements(self, b, (double)b->cols, elements);
    return PLX_OK;
}

PLX_LOSS(mae, .version = "1.0", .summary = "mean absolute error, robust to outliers",
         .source = "Laplace 1774, \"Memoire sur la probabilite des causes par les evenements\"",
         .formula = "L = 1/C sum_c |p_c - t_c|",
         .derivative = "dL/dp_c = 1/C sign(p_c - t_c), 0 where p_c = t_c", .targets = targets,
         .rows = rows)
