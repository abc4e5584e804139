/* strips.h: products a' b of matrices that are laid out for it in strips: k rows of STRIP columns, then
 * the next STRIP columns. All that a tile of the product reads lies together, where in rows as long
 * as a matrix is wide every element of a column would be a line of the cache and crowd out the one
 * above it. */
#ifndef NETWORK_STRIPS_H
#define NETWORK_STRIPS_H

#include <stddef.h>

#include "network/kernel.h"

enum {
    STRIP = 64,   /* columns                                                                      */
    DEPTH = 1024, /* most steps of k in one part, which c takes up at once: it decides the bits   */
};

/* STRIP or a part of it, as the kernel has it. */
typedef struct strips_kernel {
    strip_product *multiply;
    size_t width;
} strips_kernel;

/* Columns that the strips of so many columns have. */
size_t strips_columns(size_t cols);

/* c (m x n) = a' b, from column `i` of a and `j` of b on, multiples of 16; both in strips of k rows. */
void strips_multiply(strips_kernel kernel, size_t m, size_t n, size_t k, const float *a, size_t i,
                     const float *b, size_t j, float *c, size_t ldc);

#endif
