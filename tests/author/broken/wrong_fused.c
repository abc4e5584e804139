/* wrong_fused: the cross-entropy of probabilities of yes and no, with the sigmoid as its partner.
 * Broken, the fused gradient is that of another loss, the squared error.
 *
 *   L = -1/C sum_c (t_c log p_c + (1 - t_c) log(1 - p_c)),  fused dL/dz_c = 1/C (p_c - t_c) */
#include <math.h>

#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    return family == PLX_UNIT ? PLX_TARGET_UNIT | PLX_TARGET_LABELS : 0;
}

static double floored(double p)
{
    const double least = (double)PLX_PROBABILITY_FLOOR;

    return p < least ? least : p;
}

static double factor_of(const plx_rows *b, uint64_t r)
{
    return b->scale * (b->row_weight ? (double)b->row_weight[r] : 1) / (double)b->cols;
}

static int32_t rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        double sum = 0;

        for (uint64_t i = r * b->cols; i < (r + 1) * b->cols; i++) {
            const double t = (double)b->target[i];
            const double p = floored((double)b->prediction[i]);
            const double q = floored(1 - (double)b->prediction[i]);
            sum -= t * log(p) + (1 - t) * log(q);
            if (b->gradient)
                b->gradient[i] = (float)(factor_of(b, r) * ((1 - t) / q - t / p));
        }
        b->loss[r] = sum / (double)b->cols;
    }
    return PLX_OK;
}

static int32_t sigmoid_rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        double sum = 0;

        for (uint64_t i = r * b->cols; i < (r + 1) * b->cols; i++) {
            const double t = (double)b->target[i], z = (double)b->prediction[i];
            const double p = 1 / (1 + exp(-z));
            double slope = p - t;

#ifdef BROKEN
            slope *= p * (1 - p);
#endif
            sum += (z > 0 ? z : 0) - z * t + log1p(exp(-fabs(z)));
            if (b->gradient)
                b->gradient[i] = (float)(factor_of(b, r) * slope);
        }
        b->loss[r] = sum / (double)b->cols;
    }
    return PLX_OK;
}

static const plx_fused partners[] = {
    PLX_FUSED("sigmoid/1", sigmoid_rows),
    PLX_FUSED("no_such_activation/1", sigmoid_rows),
};

PLX_LOSS(wrong_fused, .summary = "binary cross-entropy", .source = "for the tests",
         .formula = "L = -1/C sum_c (t_c log p_c + (1 - t_c) log(1 - p_c))",
         .derivative = "dL/dz_c = 1/C (p_c - t_c)", .targets = targets, .rows = rows,
         .fused = PLX_PARTNERS(partners))
