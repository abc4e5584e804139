/* cross_entropy: the negative log-likelihood of the target under the predicted probabilities.
 * Targets may be soft.
 *
 * On a simplex a row is one categorical distribution:
 *   L = -sum_c t_c log p_c,  dL/dp_c = -t_c / p_c
 * On the unit interval each column is a Bernoulli probability, and L is their mean:
 *   L = -1/C sum_c (t_c log p_c + (1 - t_c) log(1 - p_c))
 *   dL/dp_c = 1/C ((1 - t_c) / (1 - p_c) - t_c / p_c)
 * with 0 log 0 = 0 and probabilities below PLX_PROBABILITY_FLOOR taken as the floor.
 *
 * Fused with the activation, z the pre-activations, nothing can be divided by zero:
 *   softmax  L = sum_c t_c (lse(z) - z_c),  dL/dz_c = p_c sum_k t_k - t_c
 *   sigmoid  L = 1/C sum_c max(z_c, 0) - z_c t_c + log(1 + exp(-|z_c|)),  dL/dz_c = (p_c - t_c)/C
 * where lse(z) = log sum_k exp(z_k), taken about the row's maximum. */
#include <math.h>

#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    if (family == PLX_SIMPLEX)
        return PLX_TARGET_SIMPLEX | PLX_TARGET_LABELS;
    if (family == PLX_UNIT)
        return PLX_TARGET_UNIT | PLX_TARGET_LABELS;
    return 0;
}

/* scale times the row's weight: what a row's own gradient is multiplied by. */
static double row_factor(const plx_rows *b, uint64_t r)
{
    return b->scale * (b->row_weight ? (double)b->row_weight[r] : 1);
}

/* NaN stays NaN. */
static double floored(double p)
{
    const double least = (double)PLX_PROBABILITY_FLOOR;

    return p < least ? least : p;
}

/* t log p. A zero target asks for no logarithm, but a NaN prediction must still show. */
static double t_log_p(double t, double p)
{
    return t == 0 ? 0 * p : t * log(floored(p));
}

static void categorical_row(uint64_t cols, const float *p, const float *t, double factor,
                            double *loss, float *gradient)
{
    double sum = 0;

    for (uint64_t c = 0; c < cols; c++)
        sum += t_log_p((double)t[c], (double)p[c]);
    *loss = -sum;
    for (uint64_t c = 0; gradient && c < cols; c++)
        gradient[c] = (float)(-factor * (double)t[c] / floored((double)p[c]));
}

static void bernoulli_row(uint64_t cols, const float *p, const float *t, double factor,
                          double *loss, float *gradient)
{
    double sum = 0;

    for (uint64_t c = 0; c < cols; c++)
        sum += t_log_p((double)t[c], (double)p[c]) + t_log_p(1 - (double)t[c], 1 - (double)p[c]);
    *loss = -sum / (double)cols;
    for (uint64_t c = 0; gradient && c < cols; c++) {
        const double yes = (double)t[c] / floored((double)p[c]);
        const double no = (1 - (double)t[c]) / floored(1 - (double)p[c]);
        gradient[c] = (float)(factor / (double)cols * (no - yes));
    }
}

static int32_t rows(const void *self, const plx_rows *b)
{
    if (b->family != PLX_SIMPLEX && b->family != PLX_UNIT)
        return b->host->error(b->host, "cross_entropy needs probabilities: softmax or sigmoid");
    for (uint64_t r = 0; r < b->rows; r++) {
        const float *p = b->prediction + r * b->cols, *t = b->target + r * b->cols;
        float *gradient = b->gradient ? b->gradient + r * b->cols : NULL;

        if (b->family == PLX_SIMPLEX)
            categorical_row(b->cols, p, t, row_factor(b, r), &b->loss[r], gradient);
        else
            bernoulli_row(b->cols, p, t, row_factor(b, r), &b->loss[r], gradient);
    }
    return PLX_OK;
}

/* The gradient's own memory holds the exponentials between the two loops. */
static void softmax_row(uint64_t cols, const float *z, const float *t, double factor, double *loss,
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
        if (gradient)
            gradient[c] = e;
    }
    const double log_sum = log(sum);
    for (uint64_t c = 0; c < cols; c++)
        total += t[c] == 0 ? 0 : (double)t[c] * (log_sum - ((double)z[c] - (double)maximum));
    *loss = sum == sum ? total : sum;
    for (uint64_t c = 0; gradient && c < cols; c++)
        gradient[c] = (float)(factor * ((double)gradient[c] / sum * target_sum - (double)t[c]));
}

static int32_t softmax_rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++)
        softmax_row(b->cols, b->prediction + r * b->cols, b->target + r * b->cols, row_factor(b, r),
                    &b->loss[r], b->gradient ? b->gradient + r * b->cols : NULL);
    return PLX_OK;
}

static void sigmoid_row(uint64_t cols, const float *z, const float *t, double factor, double *loss,
                        float *gradient)
{
    double sum = 0;

    for (uint64_t c = 0; c < cols; c++) {
        const double x = (double)z[c];
        sum += (x > 0 ? x : 0) - x * (double)t[c] + log1p(exp(-fabs(x)));
    }
    *loss = sum / (double)cols;
    for (uint64_t c = 0; gradient && c < cols; c++) {
        const double p = 1 / (1 + exp(-(double)z[c]));
        gradient[c] = (float)(factor / (double)cols * (p - (double)t[c]));
    }
}

static int32_t sigmoid_rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++)
        sigmoid_row(b->cols, b->prediction + r * b->cols, b->target + r * b->cols, row_factor(b, r),
                    &b->loss[r], b->gradient ? b->gradient + r * b->cols : NULL);
    return PLX_OK;
}

static const plx_fused partners[] = {
    PLX_FUSED("softmax/1", softmax_rows),
    PLX_FUSED("sigmoid/1", sigmoid_rows),
};

PLX_LOSS(cross_entropy, .version = "1.0",
         .summary = "negative log-likelihood of classes or probabilities",
         .source =
             "Bridle 1990, \"Training stochastic model recognition algorithms as networks can "
             "lead to maximum mutual information estimation of parameters\"; Good 1952, "
             "\"Rational decisions\"",
         .formula = "softmax: L = -sum_c t_c log p_c\n"
                    "sigmoid: L = -1/C sum_c (t_c log p_c + (1 - t_c) log(1 - p_c))",
         .derivative = "softmax: dL/dp_c = -t_c / p_c, dL/dz_c = p_c sum_k t_k - t_c\n"
                       "sigmoid: dL/dp_c = 1/C ((1 - t_c)/(1 - p_c) - t_c/p_c), "
                       "dL/dz_c = (p_c - t_c) / C",
         .targets = targets, .rows = rows, .fused = PLX_PARTNERS(partners))
