/* @name@: a loss for Plexus. As it stands it is the logarithm of the hyperbolic cosine, squared
 * near the target and straight far from it: a starting point that works and passes `plexus check`.
 * Make it yours.
 *
 *   L = 1/C sum_c width^2 log(cosh(d_c)),  d_c = (p_c - t_c) / width
 *   dL/dp_c = 1/C width tanh(d_c)
 *
 * <plexus/plugin.h> is the manual of everything used here. */
#include <math.h>
#include <plexus/plugin.h>

/* The settings, and a row for each: its default, smallest and largest value, and help. A config
 * file sets them by name: `loss: {name: @name@, width: 2}`. */
typedef struct {
    double width;
} options;

static const plx_setting settings[] = {
    PLX_REAL(options, width, 1, 1e-3, 1e3, "where the square turns into a straight line",
             .flags = PLX_LOG_SCALE),
};

/* Which targets this loss takes for outputs of a family (PLX_REALS, PLX_POSITIVE, PLX_UNIT,
 * PLX_SIMPLEX); 0 would refuse the family. */
static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

/* log(cosh(d)) without an overflow. */
static double log_cosh(double d)
{
    const double size = fabs(d);

    return size + log1p(exp(-2 * size)) - log(2);
}

/* Any block of rows, from several threads at once: the loss of each row, unweighted, and the
 * gradient, weighted and scaled, if it is wanted. The core adds up the rows. */
static int32_t rows(const void *self, const plx_rows *b)
{
    const double width = ((const options *)self)->width;

    for (uint64_t r = 0; r < b->rows; r++) {
        const float *p = b->prediction + r * b->cols, *t = b->target + r * b->cols;
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
        const double factor = b->scale * weight / (double)b->cols * width;
        double sum = 0;

        for (uint64_t c = 0; c < b->cols; c++) {
            const double d = ((double)p[c] - (double)t[c]) / width;
            sum += log_cosh(d);
            if (b->gradient)
                b->gradient[r * b->cols + c] = (float)(factor * tanh(d));
        }
        b->loss[r] = width * width * sum / (double)b->cols;
    }
    return PLX_OK;
}

PLX_LOSS(@name@, .version = "1.0", .summary = "logarithm of the hyperbolic cosine",
         .source = "Green 1990, \"Bayesian reconstructions from emission tomography data using a "
                   "modified EM algorithm\"",
         .formula = "L = 1/C sum_c width^2 log(cosh((p_c - t_c) / width))",
         .derivative = "dL/dp_c = 1/C width tanh((p_c - t_c) / width)",
         .settings = PLX_TABLE(settings), .targets = targets, .rows = rows)
