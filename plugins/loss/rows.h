/* rows.h: what losses share: how a block of rows is worked through so that the compiler finds
 * vectors in it however few columns a row has, and the likelihood of targets under softmax and
 * sigmoid, whose gradient cross_entropy and kl must have to the bit.
 *
 * Rows are contiguous, so the elements of several are one array. What is computed of each alone
 * fills working memory on the stack; only then are rows summed, in double, in an order that their
 * length alone decides. Where a batch is cut does not show in a result. */
#ifndef PLUGINS_LOSS_ROWS_H
#define PLUGINS_LOSS_ROWS_H

#include <plexus/plugin.h>

#include "../vector_math.h"

enum { ROWS_ELEMENTS = 256 }; /* worked on at once: whole rows, or a part of a longer one */

PLX_INLINE uint64_t rows_least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How many rows from `first` on are worked on together. */
PLX_INLINE uint64_t rows_together(const plx_rows *b, uint64_t first)
{
    const uint64_t fit = b->cols > 0 ? ROWS_ELEMENTS / b->cols : 1;

    return rows_least(fit > 0 ? fit : 1, b->rows - first);
}

/* scale times the row's weight: what a row's own gradient is multiplied by. */
PLX_INLINE double rows_factor(const plx_rows *b, uint64_t r)
{
    return b->scale * (b->row_weight ? (double)b->row_weight[r] : 1);
}

/* ---- losses that are a sum over elements ----------------------------------------------------- */

/* What n elements add to their rows' losses, and the derivatives of that. */
typedef void rows_elements(const void *self, uint64_t n, const float *x, const float *t,
                           double *term, double *slope);

/* A part of the batch: `count` rows from `first` on, of each `width` columns from c on. If not all
 * columns, it is one row's. */
typedef struct {
    uint64_t first, count, c, width;
} rows_part;

PLX_INLINE uint64_t rows_at(const plx_rows *b, rows_part p)
{
    return p.first * b->cols + p.c;
}

PLX_INLINE void rows_add(const plx_rows *b, rows_part p, double count, const double *term)
{
    const int ends = p.c + p.width == b->cols;
    double *loss = b->loss + p.first;

    if (b->cols == 1) {
        for (uint64_t r = 0; r < p.count; r++)
            loss[r] = term[r] / count;
        return;
    }
    for (uint64_t r = 0; r < p.count; r++) {
        const double sum = vector_sum(p.width, term + r * p.width) + (p.c > 0 ? loss[r] : 0);
        loss[r] = ends ? sum / count : sum;
    }
}

PLX_INLINE void rows_put_gradient(const plx_rows *b, rows_part p, double count, const double *slope)
{
    float *restrict gradient = b->gradient + rows_at(b, p);

    if (!b->row_weight) {
        const double factor = b->scale / count;
        for (uint64_t i = 0; i < p.count * p.width; i++)
            gradient[i] = (float)(factor * slope[i]);
        return;
    }
    for (uint64_t r = 0; r < p.count; r++) {
        const double factor = rows_factor(b, p.first + r) / count;
        for (uint64_t i = r * p.width; i < (r + 1) * p.width; i++)
            gradient[i] = (float)(factor * slope[i]);
    }
}

/* The losses, each its elements' terms divided by `count`, and the gradients. */
PLX_INLINE void rows_of_elements(const void *self, const plx_rows *b, double count,
                                 rows_elements *elements)
{
    double term[ROWS_ELEMENTS], slope[ROWS_ELEMENTS];
    rows_part p = {0};

    for (p.first = 0; p.first < b->rows; p.first += p.count) {
        p.count = rows_together(b, p.first);
        for (p.c = 0; p.c < b->cols; p.c += p.width) {
            p.width = rows_least(ROWS_ELEMENTS, b->cols - p.c);
            const uint64_t at = rows_at(b, p);
            elements(self, p.count * p.width, b->prediction + at, b->target + at, term, slope);
            rows_add(b, p, count, term);
            if (b->gradient)
                rows_put_gradient(b, p, count, slope);
        }
    }
}

/* ---- sigmoid --------------------------------------------------------------------------------- */

/* The likelihood of t under the sigmoid of x: max(x, 0) - x t + log(1 + exp(-|x|)), whose slope is
 * p - t. With q the smaller of p and 1 - p, that is q - t or 1 - t - q, which keeps its digits
 * where p is next to t. */
PLX_INLINE void rows_sigmoid_likelihood(const void *self, uint64_t n, const float *restrict x,
                                        const float *restrict t, double *restrict term,
                                        double *restrict slope)
{
    for (uint64_t i = 0; i < n; i++) {
        const float e = vector_expf(-fabsf(x[i])), q = e / (1 + e), above = x[i] > 0 ? x[i] : 0;
        term[i] = ((double)above - (double)x[i] * (double)t[i]) + (double)vector_log1pf(e);
        slope[i] = (double)(x[i] > 0 ? (1 - t[i]) - q : q - t[i]);
    }
}

/* ---- softmax --------------------------------------------------------------------------------- */

/* Of some rows: what is summed over columns, and of the columns at hand what is computed alone. */
typedef struct {
    float maximum[ROWS_ELEMENTS]; /* of z                                                         */
    double sum[ROWS_ELEMENTS];    /* of exp(z_c - maximum)                                        */
    double target[ROWS_ELEMENTS]; /* of t_c                                                       */
    double along[ROWS_ELEMENTS];  /* of t_c (z_c - maximum)                                       */
    float below[ROWS_ELEMENTS];   /* z_c - maximum                                                */
    float exponential[ROWS_ELEMENTS];
} rows_softmax;

PLX_INLINE void rows_exponentials(const plx_rows *b, rows_part p, rows_softmax *s)
{
    for (uint64_t r = 0; r < p.count; r++) {
        const float *z = b->prediction + rows_at(b, p) + r * b->cols;
        for (uint64_t i = 0; i < p.width; i++)
            s->below[r * p.width + i] = z[i] - s->maximum[r];
    }
    for (uint64_t i = 0; i < p.count * p.width; i++)
        s->exponential[i] = vector_expf(s->below[i]);
}

/* A zero target asks for no logarithm, be it of zero. */
PLX_INLINE void rows_softmax_sums(const plx_rows *b, rows_part p, rows_softmax *s)
{
    const float *t = b->target + rows_at(b, p);
    double along[ROWS_ELEMENTS];

    for (uint64_t i = 0; i < p.count * p.width; i++) {
        const double product = (double)t[i] * (double)s->below[i];
        along[i] = t[i] == 0 ? 0 : product;
    }
    for (uint64_t r = 0; r < p.count; r++) {
        s->sum[r] += vector_sumf(p.width, s->exponential + r * p.width);
        s->target[r] += vector_sumf(p.width, t + r * p.width);
        s->along[r] += vector_sum(p.width, along + r * p.width);
    }
}

/* p_c sum_k t_k - t_c */
PLX_INLINE void rows_softmax_gradient(const plx_rows *b, rows_part p, const rows_softmax *s)
{
    for (uint64_t r = 0; r < p.count; r++) {
        const uint64_t at = rows_at(b, p) + r * b->cols;
        const double factor = rows_factor(b, p.first + r), share = s->target[r] / s->sum[r];
        const float *restrict t = b->target + at, *restrict e = s->exponential + r * p.width;
        float *restrict gradient = b->gradient + at;
        for (uint64_t i = 0; i < p.width; i++)
            gradient[i] = (float)(factor * ((double)e[i] * share - (double)t[i]));
    }
}

/* The likelihood of the targets under the softmax of z: sum_c t_c (log sum_k exp(z_k) - z_c), taken
 * about the row's maximum. Exponentials of a row longer than the working memory are computed a
 * second time for the gradient. */
PLX_INLINE void rows_softmax_likelihood(const plx_rows *b)
{
    rows_softmax s;
    rows_part p = {0};

    for (p.first = 0; p.first < b->rows; p.first += p.count) {
        p.count = rows_together(b, p.first);
        for (uint64_t r = 0; r < p.count; r++) {
            s.maximum[r] = vector_maximumf(b->cols, b->prediction + (p.first + r) * b->cols);
            s.sum[r] = s.target[r] = s.along[r] = 0;
        }
        for (p.c = 0; p.c < b->cols; p.c += p.width) {
            p.width = rows_least(ROWS_ELEMENTS, b->cols - p.c);
            rows_exponentials(b, p, &s);
            rows_softmax_sums(b, p, &s);
        }
        for (uint64_t r = 0; r < p.count; r++)
            b->loss[p.first + r] = vector_log(s.sum[r]) * s.target[r] - s.along[r];
        for (p.c = 0; b->gradient && p.c < b->cols; p.c += p.width) {
            p.width = rows_least(ROWS_ELEMENTS, b->cols - p.c);
            if (p.width < b->cols)
                rows_exponentials(b, p, &s);
            rows_softmax_gradient(b, p, &s);
        }
    }
}

#endif
