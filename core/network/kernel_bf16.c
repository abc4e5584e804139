/* kernel_bf16.c: product kernels of bfloat16 for AVX512_BF16 (see kernel.h): the tiles of kernel_tiles.h
 * with vdpbf16ps, which adds two products to each of 16 sums in single precision; and the layouts
 * that it asks for, rounded to nearest, ties to even, on the way.
 *
 * The instruction takes numbers below 2^-126 as 0, and so do its sums; rounding takes them as 0 too. */
#if defined(__x86_64__)
#define TARGET __attribute__((target("avx512f,avx512bw,avx512bf16,fma")))

#include "network/kernel_512.h"

/* Each sum grows by the products of both numbers of a pair. Not by the intrinsic, around which gcc 12
 * writes every sum to memory. */
ALWAYS vector add_product(vector sum, float a, vector b)
{
    const __m512 pairs = _mm512_set1_ps(a);

    __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(pairs), "v"(b));
    return sum;
}

/* ---- rounding -------------------------------------------------------------------------------- */

ALWAYS vector load_up_to(const float *from, size_t count)
{
    return count >= LANES ? load(from) : load_part(from, count);
}

/* Pairs of neighbours: 32 numbers of a row, 0 behind the first `count`. */
ALWAYS vector neighbours(const float *from, size_t count)
{
    const vector low = load_up_to(from, count);
    const vector high = count > LANES ? load_up_to(from + LANES, count - LANES) : (vector){0};

    return (vector)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
}

/* Pairs of what stands one below the other in two rows. */
ALWAYS vector stack(vector above, vector below)
{
    typedef short words __attribute__((vector_size(64)));
    const words both = (words)_mm512_cvtne2ps_pbh((__m512)below, (__m512)above);

    return (vector)__builtin_shufflevector(both, both, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                           22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
                                           14, 30, 15, 31);
}

static TARGET void round_row(size_t cols, const float *from, float *to)
{
    for (; cols >= 2 * LANES; cols -= 2 * LANES, from += 2 * LANES, to += LANES)
        store(to, neighbours(from, 2 * LANES));
    if (cols > 0)
        store_part(to, neighbours(from, cols), (cols + 1) / 2);
}

static TARGET void round_stacked(size_t cols, size_t k, const float *b, size_t b_down, float *to,
                                 size_t width)
{
    const size_t whole = cols / LANES * LANES, part = cols - whole;

    for (size_t p = 0; p < k; p += 2, b += 2 * b_down, to += width) {
        const bool is_pair = p + 1 < k;
        for (size_t j = 0; j < whole; j += LANES)
            store(to + j, stack(load(b + j), is_pair ? load(b + b_down + j) : (vector){0}));
        if (part > 0)
            store(to + whole, stack(load_part(b + whole, part),
                                    is_pair ? load_part(b + b_down + whole, part) : (vector){0}));
    }
}

/* 32 numbers of each of 16 rows of b; 0 beyond the first `cols` rows and `count` numbers. */
ALWAYS void transpose_one(size_t cols, size_t count, const float *b, size_t b_down, float *to,
                          size_t width)
{
    vector block[LANES], turned[LANES];

    for (size_t j = 0; j < LANES; j++)
        block[j] = j < cols ? neighbours(b + j * b_down, count) : (vector){0};
    transpose_block(block, turned);
    for (size_t q = 0; q < LANES; q++)
        if (2 * q < count)
            store(to + q * width, turned[q]);
}

static TARGET __attribute__((noinline)) void transpose_whole(size_t cols, const float *b,
                                                             size_t b_down, float *to, size_t width)
{
    for (size_t j = 0; j < cols; j += LANES)
        transpose_one(LANES, 2 * LANES, b + j * b_down, b_down, to + j, width);
}

static TARGET __attribute__((noinline)) void
transpose_ragged(size_t cols, size_t count, const float *b, size_t b_down, float *to, size_t width)
{
    transpose_one(cols, count, b, b_down, to, width);
}

static TARGET void round_transposed(size_t cols, size_t k, const float *b, size_t b_down, float *to,
                                    size_t width)
{
    for (size_t p = 0; p < k; p += 2 * LANES, to += LANES * width) {
        const size_t count = k - p < 2 * LANES ? k - p : 2 * LANES;
        const size_t whole = count == 2 * LANES ? cols / LANES * LANES : 0;
        transpose_whole(whole, b + p, b_down, to, width);
        for (size_t j = whole; j < cols; j += LANES)
            transpose_ragged(part_of(cols, j), count, b + j * b_down + p, b_down, to + j, width);
    }
}

static bool is_supported(void)
{
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
}

const pair_kernel kernel_bf16 = {.is_supported = is_supported,
                                 .strip = strip,
                                 .round_row = round_row,
                                 .round_stacked = round_stacked,
                                 .round_transposed = round_transposed};
#endif
