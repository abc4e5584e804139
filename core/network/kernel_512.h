/* kernel_512.h: what kernel_tiles.h asks for, of vectors of 512 bits and 32 registers; no header in the
 * usual sense either. The file that includes it says TARGET first. */
#include <immintrin.h>

#define LANES         16
#define STRIP_VECTORS 4
#define ROWS_1        12
#define ROWS_2        12
#define ROWS_3        8
#define ROWS_4        6
#define FOR_LANES(F)                                                                               \
    F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), F(9), F(10), F(11), F(12), F(13), F(14), \
        F(15)

#include "network/kernel_tiles.h"

ALWAYS vector load_part(const float *from, size_t count)
{
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1U << count) - 1), from);
}

ALWAYS void store_part(float *to, vector v, size_t count)
{
    _mm512_mask_storeu_ps(to, (__mmask16)((1U << count) - 1), (__m512)v);
}
