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
#include <math.h>

#include <plexus/plugin.h>

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

/* One row as the functions below see it; gradient may be NULL, factor is scale times its weight. */
typedef struct {
    uint64_t cols;
    const float *p, *t;
    double factor;
    double *loss;
    float *gradient;
} row;

static row row_at(const plx_rows *b, uint64_t r)
{
    const double weight = b->row_weight ? (double)b->row_weight[r] : 1;

    return (row){
        .cols = b->cols,
        .p = b->prediction + r * b->cols,
        .t = b->target + r * b->cols,
        .factor = b->scale * weight,
        .loss = &b->loss[r],
        .gradient = b->gradient ? b->gradient + r * b->cols : NULL,
    };
}

/* NaN stays NaN. */
static double floored(double p)
{
    const double least = (double)PLX_PROBABILITY_FLOOR;

    return p < least ? least : p;
}

/* a log(a/b) with a as it is and b floored. Where a is zero b must still show a NaN. */
static double divergence(double a, double b)
{
    return a == 0 ? 0 * b : a * (log(a) - log(floored(b)));
}

/* ---- on probabilities ------------------------------------------------------------------------ */

static void categorical_forward(row x)
{
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++)
        sum += divergence((double)x.t[c], (double)x.p[c]);
    *x.loss = sum;
    for (uint64_t c = 0; x.gradient && c < x.cols; c++)
        x.gradient[c] = (float)(-x.factor * (double)x.t[c] / floored((double)x.p[c]));
}

static void bernoulli_forward(row x)
{
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++) {
        const double t = (double)x.t[c], p = (double)x.p[c];
        sum += divergence(t, p) + divergence(1 - t, 1 - p);
        if (x.gradient)
            x.gradient[c] =
                (float)(x.factor / (double)x.cols * ((1 - t) / floored(1 - p) - t / floored(p)));
    }
    *x.loss = sum / (double)x.cols;
}

/* log p/t, both floored. */
static double log_ratio(double p, double t)
{
    return log(floored(p)) - log(floored(t));
}

static void categorical_reverse(row x)
{
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++) {
        const double p = (double)x.p[c], ratio = log_ratio(p, (double)x.t[c]);
        sum += p * ratio;
        if (x.gradient)
            x.gradient[c] = (float)(x.factor * (ratio + 1));
    }
    *x.loss = sum;
}

static void bernoulli_reverse(row x)
{
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++) {
        const double p = (double)x.p[c], t = (double)x.t[c];
        const double yes = log_ratio(p, t), no = log_ratio(1 - p, 1 - t);
        sum += p * yes + (1 - p) * no;
        if (x.gradient)
            x.gradient[c] = (float)(x.factor / (double)x.cols * (yes - no));
    }
    *x.loss = sum / (double)x.cols;
}

static int32_t rows(const void *self, const plx_rows *b)
{
    const kl *s = self;

    if (b->family != PLX_SIMPLEX && b->family != PLX_UNIT)
        return b->host->error(b->host, "kl needs probabilities: softmax or sigmoid");
    const int categorical = b->family == PLX_SIMPLEX;
    for (uint64_t r = 0; r < b->rows; r++) {
        if (s->reverse)
            (categorical ? categorical_reverse : bernoulli_reverse)(row_at(b, r));
        else
            (categorical ? categorical_forward : bernoulli_forward)(row_at(b, r));
    }
    return PLX_OK;
}

/* ---- on pre-activations, which row.p holds now ----------------------------------------------- */

/* log sum_c exp(z_c), taken about the maximum; NaN if the row has a NaN or no finite value. */
static double log_sum_exp(uint64_t cols, const float *z)
{
    double maximum = -HUGE_VAL, sum = 0;

    for (uint64_t c = 0; c < cols; c++)
        maximum = (double)z[c] > maximum ? (double)z[c] : maximum;
    for (uint64_t c = 0; c < cols; c++)
        sum += exp((double)z[c] - maximum);
    return maximum + log(sum);
}

/* Computed as cross_entropy computes it, so that the bits are the same: two runs with the one and the
 * other loss end with equal weights, which shows that they are one. The gradient's memory holds the
 * exponentials between the two loops. */
static void softmax_gradient(row x)
{
    float maximum = -INFINITY;
    double sum = 0, target_sum = 0;

    for (uint64_t c = 0; c < x.cols; c++)
        maximum = x.p[c] > maximum ? x.p[c] : maximum;
    for (uint64_t c = 0; c < x.cols; c++) {
        x.gradient[c] = expf(x.p[c] - maximum);
        sum += (double)x.gradient[c];
        target_sum += (double)x.t[c];
    }
    for (uint64_t c = 0; c < x.cols; c++)
        x.gradient[c] =
            (float)(x.factor * ((double)x.gradient[c] / sum * target_sum - (double)x.t[c]));
}

static void softmax_forward(row x)
{
    const double lse = log_sum_exp(x.cols, x.p);
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++) {
        const double t = (double)x.t[c];
        sum += t == 0 ? 0 : t * (log(t) - ((double)x.p[c] - lse));
    }
    *x.loss = lse == lse ? sum : lse;
    if (x.gradient)
        softmax_gradient(x);
}

static void softmax_reverse(row x)
{
    const double lse = log_sum_exp(x.cols, x.p);
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++) {
        const double log_p = (double)x.p[c] - lse;
        sum += exp(log_p) * (log_p - log(floored((double)x.t[c])));
    }
    *x.loss = sum;
    for (uint64_t c = 0; x.gradient && c < x.cols; c++) {
        const double log_p = (double)x.p[c] - lse;
        const double ratio = log_p - log(floored((double)x.t[c]));
        x.gradient[c] = (float)(x.factor * exp(log_p) * (ratio - sum));
    }
}

static int32_t softmax_rows(const void *self, const plx_rows *b)
{
    const kl *s = self;

    for (uint64_t r = 0; r < b->rows; r++)
        (s->reverse ? softmax_reverse : softmax_forward)(row_at(b, r));
    return PLX_OK;
}

/* log(1 + exp(x)) */
static double softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* t log t + (1 - t) log(1 - t) */
static double negative_entropy(double t)
{
    return (t == 0 ? 0 : t * log(t)) + (t == 1 ? 0 : (1 - t) * log(1 - t));
}

static void sigmoid_forward(row x)
{
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++) {
        const double z = (double)x.p[c], t = (double)x.t[c];
        sum += softplus(z) - z * t + negative_entropy(t);
        if (x.gradient)
            x.gradient[c] = (float)(x.factor / (double)x.cols * (sigmoid(z) - t));
    }
    *x.loss = sum / (double)x.cols;
}

static void sigmoid_reverse(row x)
{
    double sum = 0;

    for (uint64_t c = 0; c < x.cols; c++) {
        const double z = (double)x.p[c], t = (double)x.t[c];
        const double p = sigmoid(z), q = sigmoid(-z);
        const double log_t = log(floored(t)), log_not_t = log(floored(1 - t));
        sum += p * (-softplus(-z) - log_t) + q * (-softplus(z) - log_not_t);
        if (x.gradient)
            x.gradient[c] = (float)(x.factor / (double)x.cols * p * q * (z - (log_t - log_not_t)));
    }
    *x.loss = sum / (double)x.cols;
}

static int32_t sigmoid_rows(const void *self, const plx_rows *b)
{
    const kl *s = self;

    for (uint64_t r = 0; r < b->rows; r++)
        (s->reverse ? sigmoid_reverse : sigmoid_forward)(row_at(b, r));
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
