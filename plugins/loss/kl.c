/* kl: the Kullback-Leibler divergence from the target to the prediction, KL(t || p); with
 * `reverse` from the prediction to the target, KL(p || t), which seeks one mode of the target
 * instead of covering all. Forward it differs from the cross-entropy by the target's own entropy,
 * a constant, so it is zero at the target and has the same gradients.
 *
 * On a simplex a row is one categorical distribution, on the unit interval each column is a
 * Bernoulli probability and L is the mean of
 *   KL(a || b) = a log(a/b) + (1 - a) log((1 - a)/(1 - b))
 * over the columns. 0 log 0 = 0. Probabilities below PLX_PROBABILITY_FLOOR are taken as the floor
 * where they are divided by or their logarithm is taken: reversed, the targets too.
 *
 *             simplex                               unit interval
 *   forward   L = sum_c t_c log(t_c/p_c)            dL/dp_c = 1/C ((1-t_c)/(1-p_c) - t_c/p_c)
 *             dL/dp_c = -t_c/p_c
 *   reverse   L = sum_c p_c log(p_c/t_c)            dL/dp_c = 1/C (log(p_c/t_c)
 *             dL/dp_c = log(p_c/t_c) + 1                           - log((1-p_c)/(1-t_c)))
 *
 * Fused with the activation, on pre-activations z, log p comes from z itself:
 *   softmax   log p_c = z_c - lse(z);  forward dL/dz_c = p_c sum_k t_k - t_c
 *             reverse dL/dz_c = p_c (l_c - sum_k p_k l_k), l_c = log p_c - log t_c
 *   sigmoid   log p_c = -log(1 + exp(-z_c)), log(1 - p_c) = -log(1 + exp(z_c))
 *             forward dL/dz_c = (p_c - t_c)/C
 *             reverse dL/dz_c = p_c (1 - p_c) (z_c - log(t_c/(1 - t_c)))/C */
#include <plexus/plugin.h>

#include "rows.h"

typedef struct {
    int32_t reverse;
} kl;

static const plx_setting settings[] = {
    PLX_FLAG(kl, reverse, 0, "KL(prediction || target) instead of KL(target || prediction)"),
};

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

/* ---- on probabilities ------------------------------------------------------------------------ */

/* a log(a/b) with a as it is and b floored. Where a is zero b must still show a NaN. */
PLX_INLINE double divergence(double a, double b)
{
    const double product = a * (vector_log(a) - vector_log(floored(b)));

    return a == 0 ? 0 * b : product;
}

PLX_INLINE void categorical_forward(const void *self, uint64_t n, const float *restrict p,
                                    const float *restrict t, double *restrict term,
                                    double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        term[i] = divergence((double)t[i], (double)p[i]);
        slope[i] = -(double)t[i] / floored((double)p[i]);
    }
}

PLX_INLINE void bernoulli_forward(const void *self, uint64_t n, const float *restrict p,
                                  const float *restrict t, double *restrict term,
                                  double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const double yes = (double)t[i], no = 1 - yes, q = 1 - (double)p[i];
        term[i] = divergence(yes, (double)p[i]) + divergence(no, q);
        slope[i] = no / floored(q) - yes / floored((double)p[i]);
    }
}

/* log p/t, both floored. */
PLX_INLINE double log_ratio(double p, double t)
{
    return vector_log(floored(p)) - vector_log(floored(t));
}

PLX_INLINE void categorical_reverse(const void *self, uint64_t n, const float *restrict p,
                                    const float *restrict t, double *restrict term,
                                    double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const double ratio = log_ratio((double)p[i], (double)t[i]);
        term[i] = (double)p[i] * ratio;
        slope[i] = ratio + 1;
    }
}

PLX_INLINE void bernoulli_reverse(const void *self, uint64_t n, const float *restrict p,
                                  const float *restrict t, double *restrict term,
                                  double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const double q = 1 - (double)p[i];
        const double yes = log_ratio((double)p[i], (double)t[i]);
        const double no = log_ratio(q, 1 - (double)t[i]);
        term[i] = (double)p[i] * yes + q * no;
        slope[i] = yes - no;
    }
}

PLX_CLONES static int32_t rows(const void *self, const plx_rows *b)
{
    const kl *s = self;
    const double cols = (double)b->cols;

    if (b->family != PLX_SIMPLEX && b->family != PLX_UNIT)
        return b->host->error(b->host, "kl needs probabilities: softmax or sigmoid");
    if (b->family == PLX_SIMPLEX && s->reverse)
        rows_of_elements(self, b, 1, categorical_reverse);
    else if (b->family == PLX_SIMPLEX)
        rows_of_elements(self, b, 1, categorical_forward);
    else if (s->reverse)
        rows_of_elements(self, b, cols, bernoulli_reverse);
    else
        rows_of_elements(self, b, cols, bernoulli_forward);
    return PLX_OK;
}

/* ---- on pre-activations of a softmax --------------------------------------------------------- */

/* In double throughout, unlike the likelihood of rows.h: a divergence is next to zero where both
 * distributions are nearly the same. First what is kept of a row, then of each element at hand. */
typedef struct {
    double maximum[ROWS_ELEMENTS], log_sum[ROWS_ELEMENTS], target[ROWS_ELEMENTS];
    double sum[ROWS_ELEMENTS], total[ROWS_ELEMENTS];
    double below[ROWS_ELEMENTS]; /* z_c - maximum, then log p_c                                   */
    double p[ROWS_ELEMENTS], ratio[ROWS_ELEMENTS], term[ROWS_ELEMENTS];
} divergences;

/* z_c - maximum - log_sum */
PLX_INLINE void find_below(const plx_rows *b, rows_part part, divergences *d)
{
    for (uint64_t r = 0; r < part.count; r++) {
        const float *z = b->prediction + rows_at(b, part) + r * b->cols;
        for (uint64_t i = 0; i < part.width; i++)
            d->below[r * part.width + i] = (double)z[i] - d->maximum[r] - d->log_sum[r];
    }
}

/* Adds to each row's sums: of exp(z_c - maximum), of t_c, and of t_c (log t_c - (z_c - maximum)).
 * log_sum is still 0. */
PLX_INLINE void add_part(const plx_rows *b, rows_part part, divergences *d)
{
    const float *t = b->target + rows_at(b, part);

    find_below(b, part, d);
    for (uint64_t i = 0; i < part.count * part.width; i++) {
        const double goal = (double)t[i], product = goal * (vector_log(goal) - d->below[i]);
        d->p[i] = vector_exp(d->below[i]);
        d->term[i] = goal == 0 ? 0 : product;
    }
    for (uint64_t r = 0; r < part.count; r++) {
        d->sum[r] += vector_sum(part.width, d->p + r * part.width);
        d->target[r] += vector_sumf(part.width, t + r * part.width);
        d->total[r] += vector_sum(part.width, d->term + r * part.width);
    }
}

/* p_c, log p_c/t_c and their product. */
PLX_INLINE void find_ratios(const plx_rows *b, rows_part part, divergences *d)
{
    const float *t = b->target + rows_at(b, part);

    find_below(b, part, d);
    for (uint64_t i = 0; i < part.count * part.width; i++) {
        d->p[i] = vector_exp(d->below[i]);
        d->ratio[i] = d->below[i] - vector_log(floored((double)t[i]));
        d->term[i] = d->p[i] * d->ratio[i];
    }
}

PLX_INLINE void put_reverse_gradient(const plx_rows *b, rows_part part, const divergences *d)
{
    for (uint64_t r = 0; r < part.count; r++) {
        const double factor = rows_factor(b, part.first + r);
        float *gradient = b->gradient + rows_at(b, part) + r * b->cols;
        for (uint64_t i = 0; i < part.width; i++) {
            const uint64_t at = r * part.width + i;
            gradient[i] = (float)(factor * d->p[at] * (d->ratio[at] - b->loss[part.first + r]));
        }
    }
}

/* The sums of whole rows, and with them log_sum. */
PLX_INLINE void add_rows(const plx_rows *b, rows_part part, divergences *d)
{
    for (uint64_t r = 0; r < part.count; r++) {
        d->maximum[r] =
            (double)vector_maximumf(b->cols, b->prediction + (part.first + r) * b->cols);
        d->log_sum[r] = d->target[r] = d->sum[r] = d->total[r] = 0;
    }
    for (part.c = 0; part.c < b->cols; part.c += part.width) {
        part.width = rows_least(ROWS_ELEMENTS, b->cols - part.c);
        add_part(b, part, d);
    }
    for (uint64_t r = 0; r < part.count; r++)
        d->log_sum[r] = vector_log(d->sum[r]);
}

/* Only the losses. */
PLX_INLINE void softmax_forward(const plx_rows *b)
{
    divergences d;
    rows_part part = {0};

    for (; part.first < b->rows; part.first += part.count) {
        part.count = rows_together(b, part.first);
        add_rows(b, part, &d);
        for (uint64_t r = 0; r < part.count; r++)
            b->loss[part.first + r] = d.total[r] + d.log_sum[r] * d.target[r];
    }
}

PLX_INLINE void softmax_reverse(const plx_rows *b)
{
    divergences d;
    rows_part part = {0};

    for (; part.first < b->rows; part.first += part.count) {
        part.count = rows_together(b, part.first);
        add_rows(b, part, &d);
        for (uint64_t r = 0; r < part.count; r++)
            b->loss[part.first + r] = 0;
        for (part.c = 0; part.c < b->cols; part.c += part.width) {
            part.width = rows_least(ROWS_ELEMENTS, b->cols - part.c);
            find_ratios(b, part, &d);
            for (uint64_t r = 0; r < part.count; r++)
                b->loss[part.first + r] += vector_sum(part.width, d.term + r * part.width);
        }
        for (part.c = 0; b->gradient && part.c < b->cols; part.c += part.width) {
            part.width = rows_least(ROWS_ELEMENTS, b->cols - part.c);
            if (part.width < b->cols)
                find_ratios(b, part, &d);
            put_reverse_gradient(b, part, &d);
        }
    }
}

/* Forward, the gradient is that of cross_entropy to the bit: two runs with the one and the other
 * loss end with equal weights, which shows that they are one. */
PLX_CLONES static int32_t softmax_rows(const void *self, const plx_rows *b)
{
    const kl *s = self;

    if (s->reverse) {
        softmax_reverse(b);
    } else {
        rows_softmax_likelihood(b);
        softmax_forward(b);
    }
    return PLX_OK;
}

/* ---- on pre-activations of sigmoids ---------------------------------------------------------- */

/* log(1 + exp(x)) */
PLX_INLINE double softplus(double x)
{
    return (x > 0 ? x : 0) + vector_log1p(vector_exp(-fabs(x)));
}

/* 1 / (1 + exp(-x)) */
PLX_INLINE double sigmoid(double x)
{
    const double e = vector_exp(-fabs(x));

    return (x < 0 ? e : 1) / (1 + e);
}

/* t log t */
PLX_INLINE double t_log_t(double t)
{
    const double product = t * vector_log(t);

    return t == 0 ? 0 : product;
}

/* The slope is that of cross_entropy to the bit. */
PLX_INLINE void sigmoid_forward(const void *self, uint64_t n, const float *restrict x,
                                const float *restrict t, double *restrict term,
                                double *restrict slope)
{
    rows_sigmoid_likelihood(self, n, x, t, term, slope);
    for (uint64_t i = 0; i < n; i++) {
        const double z = (double)x[i], yes = (double)t[i];
        term[i] = softplus(z) - z * yes + t_log_t(yes) + t_log_t(1 - yes);
    }
}

PLX_INLINE void sigmoid_reverse(const void *self, uint64_t n, const float *restrict x,
                                const float *restrict t, double *restrict term,
                                double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const double z = (double)x[i], p = sigmoid(z), q = sigmoid(-z);
        const double log_t = vector_log(floored((double)t[i]));
        const double log_not_t = vector_log(floored(1 - (double)t[i]));
        term[i] = p * (-softplus(-z) - log_t) + q * (-softplus(z) - log_not_t);
        slope[i] = p * q * (z - (log_t - log_not_t));
    }
}

PLX_CLONES static int32_t sigmoid_rows(const void *self, const plx_rows *b)
{
    const kl *s = self;

    if (s->reverse)
        rows_of_elements(self, b, (double)b->cols, sigmoid_reverse);
    else
        rows_of_elements(self, b, (double)b->cols, sigmoid_forward);
    return PLX_OK;
}

static const plx_fused partners[] = {
    PLX_FUSED("softmax/1", softmax_rows),
    PLX_FUSED("sigmoid/1", sigmoid_rows),
};

PLX_LOSS(
    kl, .version = "1.0", .summary = "Kullback-Leibler divergence between target and prediction",
    .source = "Kullback, Leibler 1951, \"On information and sufficiency\"",
    .formula = "softmax: L = sum_c t_c log(t_c/p_c)\n"
               "sigmoid: L = 1/C sum_c (t_c log(t_c/p_c) + (1 - t_c) log((1 - t_c)/(1 - p_c)))\n"
               "reverse: t and p change places",
    .derivative = "softmax: dL/dp_c = -t_c/p_c, dL/dz_c = p_c sum_k t_k - t_c\n"
                  "sigmoid: dL/dp_c = 1/C ((1 - t_c)/(1 - p_c) - t_c/p_c), "
                  "dL/dz_c = (p_c - t_c)/C\n"
                  "reverse softmax: dL/dp_c = log(p_c/t_c) + 1\n"
                  "reverse sigmoid: dL/dp_c = 1/C (log(p_c/t_c) - log((1 - p_c)/(1 - t_c)))",
    .settings = PLX_TABLE(settings), .targets = targets, .rows = rows,
    .fused = PLX_PARTNERS(partners))
