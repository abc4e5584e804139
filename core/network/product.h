/* product.h: matrix products behind one interface. Small shapes take plain loops, which never
 * wake oneDNN and its 35 ms of code generation; the others oneDNN's sgemm, always on one thread.
 * Which path a product takes depends on its shape alone, never on a timing, so a shape's bits
 * are always the same. */
#ifndef NETWORK_PRODUCT_H
#define NETWORK_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

#include <plexus/plugin.h>

/* c (m x n) = alpha op(a) op(b) + beta c, row-major; strides and flags as plx_host.product.
 * Callable from any thread at once. PLX_OK or PLX_FAILED (the library failed). */
int32_t product(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha, const float *a,
                uint64_t lda, const float *b, uint64_t ldb, float beta, float *c, uint64_t ldc);
/* Whether such a product takes the plain path. */
bool product_is_plain(uint32_t flags, uint64_t m, uint64_t n, uint64_t k);
/* Lets the library generate its code now, so that children that are forked from here find it made.
 * PLX_OK or PLX_FAILED. */
int32_t product_prepare(void);
/* True once a product of this process went to oneDNN (for tests and run.json). */
bool product_used_library(void);
/* "sse41", "avx2", "avx512"...: what oneDNN will use here, PLEXUS_ISA applied; and its version.
 * Neither generates code, but asking for the level fixes it: cap it before. */
const char *product_isa(void);
const char *product_library_version(void);
/* Applies PLEXUS_ISA (sse41|avx2|avx512) before the first product. False with a message in `reason`
 * (static text) if the value is unknown or it is too late. */
bool product_cap_isa(const char *name, const char **reason);

#endif
