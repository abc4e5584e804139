/* kernel_avx2.c: product kernels for AVX2 with FMA, 16 registers of 8 floats (see kernel.h). */
#if defined(__x86_64__)
#include <immintrin.h>

#define KERNEL        kernel_avx2
#define ISA           "avx2"
#define LANES         8
#define TARGET        __attribute__((target("avx2,fma")))
#define STRIP_VECTORS 2
#define ROWS_1        12
#define ROWS_2        6
#define FOR_LANES(F)  F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7)

#include "network/kernel_body.h"

/* -1 in the first `count` lanes. */
ALWAYS __m256i mask_of(size_t count)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);

    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane);
}

ALWAYS vector load_part(const float *from, size_t count)
{
    return (vector)_mm256_maskload_ps(from, mask_of(count));
}

ALWAYS void store_part(float *to, vector v, size_t count)
{
    _mm256_maskstore_ps(to, mask_of(count), (__m256)v);
}

ALWAYS vector spread(vector v, places at)
{
    return (vector)_mm256_permutevar8x32_ps((__m256)v, (__m256i)at);
}

static bool is_supported(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif
