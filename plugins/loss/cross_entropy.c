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
#include <plexus/plugin.h>

#include "rows.h"

static uint32_t targets(const void *self, uint32_t family)
{
    if (family == PLX_SIMPLEX)
        return PLX_TARGET_SIMPLEX | PLX_TARGET_LABELS;
    if (family == PLX_UNIT)
        return PLX_TARGET_UNIT | PLX_TARGET_LABELS;
    return 0;
}

/* NaN stays NaN. */
PLX_INLINE double floored(double p)
{
    const double least = (double)PLX_PROBABILITY_FLOOR;

    return p < least ? least : p;
}

/* t log p. A zero target asks for no logarithm, but a NaN prediction must still show. */
PLX_INLINE double t_log_p(double t, double p)
{
    const double product = t * vector_log(floored(p));

    return t == 0 ? 0 * p : product;
}

PLX_INLINE void categorical(const void *self, uint64_t n, const float *restrict p,
                            const float *restrict t, double *restrict term, double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        term[i] = -t_log_p((double)t[i], (double)p[i]);
        slope[i] = -(double)t[i] / floored((double)p[i]);
    }
}

PLX_INLINE void bernoulli(const void *self, uint64_t n, const float *restrict p,
                          const float *restrict t, double *restrict term, double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const double yes = (double)t[i], no = 1 - yes, q = 1 - (double)p[i];
        term[i] = -(t_log_p(yes, (double)p[i]) + t_log_p(no, q));
        slope[i] = no / floored(q) - yes / floored((double)p[i]);
    }
}

PLX_CLONES static int32_t rows(const void *self, const plx_rows *b)
{
    if (b->family == PLX_SIMPLEX)
        rows_of_elements(self, b, 1, categorical);
    else if (b->family == PLX_UNIT)
        rows_of_elements(self, b, (double)b->cols, bernoulli);
    else
        return b->host->error(b->host, "cross_entropy needs probabilities: softmax or sigmoid");
    return PLX_OK;
}

PLX_CLONES static int32_t softmax_rows(const void *self, const plx_rows *b)
{
    rows_softmax_likelihood(b);
    return PLX_OK;
}

PLX_CLONES static int32_t sigmoid_rows(const void *self, const plx_rows *b)
{
    rows_of_elements(self, b, (double)b->cols, rows_sigmoid_likelihood);
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
