/* kernel.h: the inner loops of a matrix product, for product.c. There is a set of them for each
 * instruction set, all made from kernel_body.h, which is included once by kernel_base.c, once by
 * kernel_avx2.c and once by kernel_avx512.c.
 *
 * Every element is summed over k in ascending order in a register lane of its own, with a fused
 * multiply-add where the instruction set has one; so its bits depend on k, alpha, beta and the
 * instruction set alone: not on m, n, strides, alignment, its place in the matrix, or which of
 * these loops came to it. Two of them sum in another order, as they say: dots and narrow.
 *
 * Those of bfloat16 (product_bf16.h) take their operands in pairs, two numbers that follow each other
 * along k in the place of one float, the first in its lower half; so they go through k by twos. */
#ifndef NETWORK_KERNEL_H
#define NETWORK_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

enum { MOST_NARROW = 4 };

/* An operand: element (i, j) is at[i * down + j * right]. */
typedef struct operand {
    const float *at;
    size_t down, right;
} operand;

/* Where a product goes, and how: c = beta c + alpha sum, and each row of it + bias (NULL: none); beta 0
 * does not read c. */
typedef struct target {
    float *c;
    size_t ldc;
    float alpha, beta;
    const float *bias;
} target;

/* The same from a column on. */
static inline target target_at(target to, size_t col)
{
    to.c += col;
    if (to.bias != NULL)
        to.bias += col;
    return to;
}

/* c (rows x cols) from a (rows x k) and b (k x cols), any rows, cols at most the widest strip. Rows of
 * b are contiguous and may be read up to the next multiple of lanes. */
typedef void strip_product(size_t rows, size_t cols, size_t k, operand a, const float *b,
                           size_t b_down, target to);

typedef void rows_product(size_t rows, size_t cols, size_t k, const float *a, operand b,
                          const float *bias, float *c);

typedef struct kernel {
    const char *isa;
    bool (*is_supported)(void);
    size_t lanes;
    size_t width; /* columns of the widest strip, a multiple of lanes                             */
    strip_product *strip;
    /* c (rows x cols) from a (rows x k) and b given as (cols x k), both with contiguous rows: for so
     * few rows that laying out b would take longer than the product. Here each lane sums every
     * lanes-th product, and the lanes are added last. */
    void (*dots)(size_t rows, size_t cols, size_t k, const float *a, size_t a_down, const float *b,
                 size_t b_down, target to);
    /* c = a' b, element (i, j) at c[i * c_down + j * c_right], of a (k x wide) and b (k x narrow)
     * without gaps between their rows; `wide` divides lanes, and narrow <= wide, MOST_NARROW. A
     * vector holds several rows of a, so that each lane sums some of the products; they are added
     * last. */
    void (*narrow)(size_t wide, size_t narrow, size_t k, const float *a, const float *b, float *c,
                   size_t c_down, size_t c_right);
    /* For c = a b + bias (NULL: none), of a (rows x k) and c (rows x cols) without gaps between
     * their rows; NULL where there is no such loop for that k and these cols. */
    rows_product *(*choose_rows)(size_t cols, size_t k);
    /* to (k x cols), rows `width` apart, from b (k x cols) or (cols x k); rows are padded with
     * zeros up to a multiple of lanes. */
    void (*copy)(size_t cols, size_t k, const float *b, size_t b_down, float *to, size_t width);
    void (*transpose)(size_t cols, size_t k, const float *b, size_t b_down, float *to,
                      size_t width);
} kernel;

/* In strips of at most 64 columns. Where k is odd the last pair is filled up with 0. */
typedef struct pair_kernel {
    bool (*is_supported)(void);
    strip_product *strip; /* of a (rows x pairs) and b (pairs x cols)                            */
    /* `to`: a row's pairs of neighbours. */
    void (*round_row)(size_t cols, const float *from, float *to);
    /* `to` (pairs x cols), rows `width` apart, from b (k x cols) or (cols x k); rows are padded with
     * zeros up to a multiple of 16. */
    void (*round_stacked)(size_t cols, size_t k, const float *b, size_t b_down, float *to,
                          size_t width);
    void (*round_transposed)(size_t cols, size_t k, const float *b, size_t b_down, float *to,
                             size_t width);
} pair_kernel;

extern const kernel kernel_base;
#if defined(__x86_64__)
extern const kernel kernel_avx2, kernel_avx512;
extern const pair_kernel kernel_bf16;
#endif

#endif
