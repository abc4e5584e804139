/* old_cross_entropy: written for version 1.0 of the interface and left as it is. A categorical loss
 * with a fused partner; it computes what cross_entropy does after a softmax. */
#include <math.h>

#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    return family == PLX_SIMPLEX ? PLX_TARGET_SIMPLEX | PLX_TARGET_LABELS : 0;
}

static double row_factor(const plx_rows *b, uint64_t r)
{
    return b->scale * (b->row_weight != NULL ? (double)b->row_weight[r] : 1);
}

static double floored(double p)
{
    return p < (double)PLX_PROBABILITY_FLOOR ? (double)PLX_PROBABILITY_FLOOR : p;
}

static int32_t rows(const void *self, const plx_rows *b)
{
    if (b->size < sizeof(*b) || b->family != PLX_SIMPLEX)
        return b->host->error(b->host, "%u bytes of rows of family %u", b->size, b->family);
    for (uint64_t r = 0; r < b->rows; r++) {
        const float *p = b->prediction + r * b->cols, *t = b->target + r * b->cols;
        double sum = 0;
        for (uint64_t c = 0; c < b->cols; c++)
            sum += t[c] == 0 ? 0 * (double)p[c] : (double)t[c] * log(floored((double)p[c]));
        b->loss[r] = -sum;
        for (uint64_t c = 0; b->gradient != NULL && c < b->cols; c++)
            b->gradient[r * b->cols + c] =
                (float)(-row_factor(b, r) * (double)t[c] / floored((double)p[c]));
    }
    return PLX_OK;
}

/* The gradient's own memory holds the exponentials between the two loops. */
static void fused_row(uint64_t cols, const float *z, const float *t, double factor, double *loss,
                      float *gradient)
{
    float maximum = -INFINITY;
    double sum = 0, target_sum = 0, total = 0;

    for (uint64_t c = 0; c < cols; c++)
        maximum = z[c] > maximum ? z[c] : maximum;
    for (uint64_t c = 0; c < cols; c++) {
        const float e = expf(z[c] - maximum);
        sum += (double)e;
        target_sum += (double)t[c];
        if (gradient != NULL)
            gradient[c] = e;
    }
    for (uint64_t c = 0; c < cols; c++)
        total += t[c] == 0 ? 0 : (double)t[c] * (log(sum) - ((double)z[c] - (double)maximum));
    *loss = total;
    for (uint64_t c = 0; gradient != NULL && c < cols; c++)
        gradient[c] = (float)(factor * ((double)gradient[c] / sum * target_sum - (double)t[c]));
}

static int32_t fused_rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++)
        fused_row(b->cols, b->prediction + r * b->cols, b->target + r * b->cols, row_factor(b, r),
                  &b->loss[r], b->gradient != NULL ? b->gradient + r * b->cols : NULL);
    return PLX_OK;
}

static const plx_fused partners[] = {
    PLX_FUSED("softmax/1", fused_rows),
};

PLX_LOSS(old_cross_entropy, .version = "1.0", .summary = "negative log-likelihood of classes",
         .formula = "L = -sum_c t_c log p_c", .derivative = "dL/dp_c = -t_c / p_c",
         .targets = targets, .rows = rows, .fused = PLX_PARTNERS(partners))
