/* kernel_base.c: product kernels for what every machine of its kind has: vectors of 4 floats (see
 * kernel.h). */
#define KERNEL kernel_base
#if defined(__x86_64__)
#define ISA "sse2"
#else
#define ISA "base"
#endif
#define LANES 4
#define TARGET
#define STRIP_VECTORS 2
#define ROWS_1        12
#define ROWS_2        6
#define FOR_LANES(F)  F(0), F(1), F(2), F(3)

#include "network/kernel_body.h"

ALWAYS vector load_part(const float *from, size_t count)
{
    vector v = {0};

    for (size_t i = 0; i < count; i++)
        v[i] = from[i];
    return v;
}

ALWAYS void store_part(float *to, vector v, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = v[i];
}

ALWAYS vector spread(vector v, places at)
{
    vector from;

    for (size_t i = 0; i < LANES; i++)
        from[i] = v[at[i]];
    return from;
}

static bool is_supported(void)
{
    return true;
}
