/* wrong_gradient: the log-cosh loss. Broken, its gradient lacks the mean over the columns.
 *
 *   L = 1/C sum_c log cosh(p_c - t_c),  dL/dp_c = 1/C tanh(p_c - t_c) */
#include <math.h>

#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

/* log cosh(d) = |d| + log1p(exp(-2 |d|)) - log 2, which does not overflow. */
static double value(double d)
{
    return fabs(d) + log1p(exp(-2 * fabs(d))) - log(2);
}

static int32_t rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        const float *p = b->prediction + r * b->cols, *t = b->target + r * b->cols;
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
#ifdef BROKEN
        const double factor = b->scale * weight;
#else
        const double factor = b->scale * weight / (double)b->cols;
#endif
        double sum = 0;

        for (uint64_t c = 0; c < b->cols; c++) {
            const double d = (double)p[c] - (double)t[c];
            sum += value(d);
            if (b->gradient)
                b->gradient[r * b->cols + c] = (float)(factor * tanh(d));
        }
        b->loss[r] = sum / (double)b->cols;
    }
    return PLX_OK;
}

PLX_LOSS(wrong_gradient, .summary = "logarithm of the hyperbolic cosine of the error",
         .source = "for the tests", .formula = "L = 1/C sum_c log cosh(p_c - t_c)",
         .derivative = "dL/dp_c = 1/C tanh(p_c - t_c)", .targets = targets, .rows = rows)
