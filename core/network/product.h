/* product.h: matrix products of our own, for every shape and instruction set: see product.c and
 * kernel.h. An element's bits depend on k, alpha, beta and the instruction set alone: not on the
 * other rows and columns, strides, or alignment. The one exception: a product of at most
 * PRODUCT_FEW rows with a transposed b sums in another order, as it is bound by reading b. */
#ifndef NETWORK_PRODUCT_H
#define NETWORK_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include <plexus/plugin.h>

enum {
    PRODUCT_FEW = 4,
    /* Rows up to which a is laid out, and not the transposed b: then a product of many columns is
     * better than several of few. */
    PRODUCT_TURNED = 64,
};

/* c (m x n) = alpha op(a) op(b) + beta c, row-major; strides and flags as plx_host.product.
 * Callable from any thread at once; allocates nothing, but needs a quarter of a megabyte of stack.
 * Always PLX_OK: what plug-ins are handed (host.h) says whether it worked. */
int32_t product(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha, const float *a,
                uint64_t lda, const float *b, uint64_t ldb, float beta, float *c, uint64_t ldc);
/* Z (m x n) = X W' + bias, of a layer: X (m x k), W (n x k), bias (n) or NULL; k at least 1. The same bits
 * as product() and an addition. */
void product_with_bias(uint64_t m, uint64_t n, uint64_t k, const float *x, uint64_t ldx,
                       const float *w, uint64_t ldw, const float *bias, float *z, uint64_t ldz);
/* Rows of x (rows x cols) into strips (strips.h) of `height` rows; `to` is the first one's place in the
 * first strip. */
void product_fill_strips(size_t rows, size_t cols, const float *x, size_t height, float *to);
/* c (m x n) = a' b, from column `i` of a and `j` of b on, multiples of 16; both in strips of k rows. The
 * same bits as product(). */
void product_of_strips(size_t m, size_t n, size_t k, const float *a, size_t i, const float *b,
                       size_t j, float *c, size_t ldc);
/* c (m x n) = a' b, of a (k x m) and b (k x n) without gaps between their rows: the gradient of a small
 * layer. Its sums are product()'s but for their order, which depends on m and n. */
void product_of_narrow(size_t m, size_t n, size_t k, const float *a, const float *b, float *c,
                       size_t ldc);
/* "sse2", "avx2", "avx512"; "base" on machines of other kinds: what products use, PLEXUS_ISA
 * applied. */
const char *product_isa(void);
/* Applies PLEXUS_ISA (sse2|avx2|avx512|avx512_bf16): nothing above it is used from now on. False with
 * a message in `reason` (static text) if it is unknown. */
bool product_cap_isa(const char *name, const char **reason);
/* Whether that leaves avx512_bf16, which these products never use but those of product_bf16.h do. */
bool product_allows_bf16(void);

#endif
