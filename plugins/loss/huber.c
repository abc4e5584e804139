/* huber: squared near the target, absolute far from it: smooth at its minimum and robust to
 * outliers.
 *
 *   L = 1/C sum_c h(p_c - t_c),  h(d) = d^2/2 if |d| <= delta, else delta (|d| - delta/2)
 *   dL/dp_c = 1/C min(max(p_c - t_c, -delta), delta) */
#include <plexus/plugin.h>

#include "rows.h"

typedef struct {
    double delta;
} huber;

static const plx_setting settings[] = {
    PLX_REAL(huber, delta, 1, 1e-6, 1e6, "where the square turns into a straight line",
             .flags = PLX_LOG_SCALE),
};

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

PLX_INLINE double value(double d, double delta)
{
    const double size = fabs(d);

    return size <= delta ? 0.5 * d * d : delta * (size - 0.5 * delta);
}

/* NaN stays NaN. */
PLX_INLINE double slope_of(double d, double delta)
{
    return d < -delta ? -delta : d > delta ? delta : d;
}

PLX_INLINE void elements(const void *self, uint64_t n, const float *restrict p,
                         const float *restrict t, double *restrict term, double *restrict slope)
{
    const double delta = ((const huber *)self)->delta;

    for (uint64_t i = 0; i < n; i++) {
        const double d = (double)p[i] - (double)t[i];
        term[i] = value(d, delta);
        slope[i] = slope_of(d, delta);
    }
}

PLX_CLONES static int32_t rows(const void *self, const plx_rows *b)
{
    rows_of_elements(self, b, (double)b->cols, elements);
    return PLX_OK;
}

PLX_LOSS(huber, .version = "1.0", .summary = "squared error near the target, absolute far from it",
         .source = "Huber 1964, \"Robust estimation of a location parameter\"",
         .formula = "L = 1/C sum_c h(p_c - t_c)\n"
                    "h(d) = d^2/2 if |d| <= delta, else delta (|d| - delta/2)",
         .derivative = "dL/dp_c = 1/C min(max(p_c - t_c, -delta), delta)",
         .settings = PLX_TABLE(settings), .targets = targets, .rows = rows)
