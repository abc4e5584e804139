/* product_bf16.h: matrix products of numbers rounded to bfloat16 (to nearest, ties to even), summed in
 * float: see product_bf16.c. Only where product_bf16_lack says that nothing is lacking.
 *
 * A rounded matrix lies in memory as pairs, two numbers in the place of a float, with a 0 where one is
 * missing. The numbers of a pair follow each other along the k of the product, so there are two
 * layouts:
 *
 *   rows      (rows x bf16_half(cols)): pairs of neighbours in a row, for products along rows
 *   strips    bf16_half(rows) rows of pairs of what stands one below the other, for products along
 *             columns; laid out as in strips.h
 *
 * An element's bits depend on its k products alone: not on the other rows and columns, nor on their
 * places. */
#ifndef NETWORK_PRODUCT_BF16_H
#define NETWORK_PRODUCT_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL if these products can be had; else what is lacking, as a clause: "this CPU has no ...". */
const char *product_bf16_lack(void);

/* Pairs for n numbers. */
size_t bf16_half(size_t n);

/* Rounds x (rows x cols), rows contiguous and behind each other. */
void bf16_round_rows(size_t rows, size_t cols, const float *x, float *to);
/* The same into strips of `pairs` rows of pairs; `to` is the first one's place in the first strip. */
void bf16_round_strips(size_t rows, size_t cols, const float *x, size_t pairs, float *to);

/* c (m x n) = a op(b): a rounded in rows, b (k x n), or (n x k) if transposed, yet to be rounded; and
 * bias (n) added to each row, unless NULL. */
void bf16_product(bool transposed, size_t m, size_t n, size_t k, const float *a, const float *b,
                  size_t ldb, const float *bias, float *c, size_t ldc);
/* c (m x n) = a' b, from column `i` of a and `j` of b on, multiples of 16; both in strips of `pairs`. */
void bf16_product_strips(size_t m, size_t n, size_t pairs, const float *a, size_t i, const float *b,
                         size_t j, float *c, size_t ldc);

#endif
