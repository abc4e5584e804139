/* limits.h: what one thread of the machine at hand can do at best, measured here and now, for what
 * is to be judged by it. */
#ifndef TRAIN_LIMITS_H
#define TRAIN_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "support/error.h"

/* Working sets beyond this are taken for one of this size, which few caches hold. */
#define LIMITS_MOST_BYTES ((size_t)64 << 20)

/* Floating-point operations a second of the best of several square products, of bfloat16 or of floats.
 * Some 10 ms. False without memory, or if a product failed. */
bool limits_operations(bool bf16, double *rate, plx_error *error);
/* Bytes a second read and written by x = s x + y, over two arrays of `bytes` together that are gone
 * through again and again: so of the level of the memory hierarchy in which that many bytes lie. At
 * most some 80 ms. False without memory. */
bool limits_bandwidth(size_t bytes, double *rate, plx_error *error);

#endif
