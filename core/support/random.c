/* random.c: Philox4x32-10 and what is drawn from it.
 *
 * One round multiplies two of the four counter words by odd constants, and mixes the high halves
 * with the other two words and the key; the key moves along a Weyl sequence (the golden ratio and
 * the square root of 3, minus 1) from round to round. Ten rounds pass every test of BigCrush.
 *
 * The words of a block are 0..3; as 64-bit numbers, words 0 and 1 are the first (0 the lower half)
 * and 2 and 3 the second. */
#include "support/random.h"

#include <math.h>

#define TWO_PI 6.283185307179586476925286766559

/* 128 bits hold the product of two 64-bit numbers. */
__extension__ typedef unsigned __int128 wide;

random_stream random_open(uint64_t seed, random_purpose purpose, uint64_t sub)
{
    const uint64_t below = (UINT64_C(1) << 56) - 1;

    return (random_stream){.seed = seed, .lane = (uint64_t)purpose << 56 | (sub & below)};
}

void random_block(random_stream stream, uint64_t index, uint32_t out[4])
{
    uint32_t key0 = (uint32_t)stream.seed, key1 = (uint32_t)(stream.seed >> 32);
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32);
    uint32_t c2 = (uint32_t)stream.lane, c3 = (uint32_t)(stream.lane >> 32);

    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t product1 = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)product0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static uint64_t first_half(const uint32_t block[4])
{
    return (uint64_t)block[1] << 32 | block[0];
}

static uint64_t second_half(const uint32_t block[4])
{
    return (uint64_t)block[3] << 32 | block[2];
}

double random_uniform(random_stream stream, uint64_t index)
{
    uint32_t block[4];

    random_block(stream, index, block);
    return (double)(first_half(block) >> 11) * 0x1p-53;
}

/* Box-Muller: sqrt(-2 ln u) cos(2 pi v), u in (0, 1] so that the logarithm is finite. */
double random_normal(random_stream stream, uint64_t index)
{
    uint32_t block[4];

    random_block(stream, index, block);
    const double u = (double)((first_half(block) >> 11) + 1) * 0x1p-53;
    const double v = (double)(second_half(block) >> 11) * 0x1p-53;
    return sqrt(-2.0 * log(u)) * cos(TWO_PI * v);
}

/* The high half of a 64-bit random number times the bound (Lemire 2019, without the rejection). */
uint64_t random_below(random_stream stream, uint64_t index, uint64_t bound)
{
    uint32_t block[4];

    random_block(stream, index, block);
    return (uint64_t)((wide)first_half(block) * bound >> 64);
}

void random_uniform_f32(random_stream stream, uint64_t first, size_t n, float *out)
{
    uint32_t block[4];

    for (size_t i = 0; i < n; i++) {
        const uint64_t number = first + i;

        if (i == 0 || number % 4 == 0)
            random_block(stream, number / 4, block);
        out[i] = (float)(block[number % 4] >> 8) * 0x1p-24f;
    }
}

void random_normal_f32(random_stream stream, uint64_t first, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)random_normal(stream, first + i);
}

void random_permutation(random_stream stream, size_t n, uint32_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)random_below(stream, i - 1, i);
        const uint32_t swapped = out[i - 1];

        out[i - 1] = out[j];
        out[j] = swapped;
    }
}
