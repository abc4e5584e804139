/* kernel_avx512.c: product kernels for AVX-512, 32 registers of 16 floats (see kernel.h). */
#if defined(__x86_64__)
#define KERNEL kernel_avx512
#define ISA    "avx512"
#define TARGET __attribute__((target("avx512f,fma")))

#include "network/kernel_512.h"
#include "network/kernel_body.h"

ALWAYS vector spread(vector v, places at)
{
    return (vector)_mm512_permutexvar_ps((__m512i)at, (__m512)v);
}

static bool is_supported(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
}
#endif
