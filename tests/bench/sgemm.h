/* sgemm.h: oneDNN's matrix product, as it is, on one thread: what the plain loop multiplies by, and
 * what the roofline takes for the machine's best. It knows nothing of the engine's products, so
 * neither moves when these do. */
#ifndef TESTS_BENCH_SGEMM_H
#define TESTS_BENCH_SGEMM_H

#include <stdbool.h>
#include <stddef.h>

/* c (m x n) = op(a) op(b), row-major and without gaps; op(a) is (m x k), op(b) is (k x n). False:
 * the library failed. */
bool sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
           const float *b, float *c);

#endif
