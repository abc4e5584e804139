/* sgemm.c: see sgemm.h. */
#include "sgemm.h"

#include <oneapi/dnnl/dnnl.h>

/* From <omp.h>, which belongs to the compiler and not to the library that is linked. */
void omp_set_num_threads(int threads);

bool sgemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, const float *a,
           const float *b, float *c)
{
    const dnnl_dim_t lda = (dnnl_dim_t)(transpose_a ? m : k),
                     ldb = (dnnl_dim_t)(transpose_b ? k : n);

    omp_set_num_threads(1);
    return dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', (dnnl_dim_t)m,
                      (dnnl_dim_t)n, (dnnl_dim_t)k, 1, a, lda, b, ldb, 0, c,
                      (dnnl_dim_t)n) == dnnl_success;
}
