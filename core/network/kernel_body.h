/* kernel_body.h: what each set of kernels of floats is made from (see kernel.h); no header in the usual
 * sense. The file that includes it says what kernel_tiles.h asks for, but for add_product, and ISA
 * and KERNEL, the names of its level and of the set. */
#include "network/kernel_tiles.h"

/* One fused multiply-add where the instruction set has it. */
ALWAYS vector add_product(vector sum, float a, vector b)
{
    return sum + a * b;
}

/* ---- b laid out anew ------------------------------------------------------------------------- */

/* `rows` rows of `cols` floats, padded with zeros to a block. */
ALWAYS void load_block(size_t rows, size_t cols, const float *b, size_t b_down, vector block[LANES])
{
    for (size_t j = 0; j < LANES; j++) {
        if (j < rows) /* by the next block of these rows */
            __builtin_prefetch(b + j * b_down + LANES);
        if (j >= rows)
            block[j] = (vector){0};
        else if (cols == LANES)
            block[j] = load(b + j * b_down);
        else
            block[j] = load_part(b + j * b_down, cols);
    }
}

ALWAYS void transpose_one(size_t rows, size_t cols, const float *b, size_t b_down, float *to,
                          size_t width)
{
    vector block[LANES], turned[LANES];

    load_block(rows, cols, b, b_down, block);
    transpose_block(block, turned);
    for (size_t q = 0; q < LANES; q++)
        if (q < cols)
            store(to + q * width, turned[q]);
}

/* The two are kept apart: the addresses of the ragged one would crowd the other's registers. */
static TARGET __attribute__((noinline)) void transpose_whole(size_t cols, const float *b,
                                                             size_t b_down, float *to, size_t width)
{
    for (size_t j = 0; j < cols; j += LANES)
        transpose_one(LANES, LANES, b + j * b_down, b_down, to + j, width);
}

static TARGET __attribute__((noinline)) void
transpose_ragged(size_t rows, size_t cols, const float *b, size_t b_down, float *to, size_t width)
{
    transpose_one(rows, cols, b, b_down, to, width);
}

static TARGET void transpose(size_t cols, size_t k, const float *b, size_t b_down, float *to,
                             size_t width)
{
    for (size_t p = 0; p < k; p += LANES, to += LANES * width) {
        const size_t whole = k - p >= LANES ? cols / LANES * LANES : 0;
        transpose_whole(whole, b + p, b_down, to, width);
        for (size_t j = whole; j < cols; j += LANES)
            transpose_ragged(part_of(cols, j), part_of(k, p), b + j * b_down + p, b_down, to + j,
                             width);
    }
}

/* The same without transposing: to = b (k x cols). */
static TARGET void copy(size_t cols, size_t k, const float *b, size_t b_down, float *to,
                        size_t width)
{
    const size_t whole = cols / LANES * LANES, part = cols - whole;

    for (size_t p = 0; p < k; p++, b += b_down, to += width) {
        for (size_t j = 0; j < whole; j += LANES)
            store(to + j, load(b + j));
        if (part > 0)
            store(to + whole, load_part(b + whole, part));
    }
}

/* ---- few rows -------------------------------------------------------------------------------- */

/* One row of c, a vector of columns: each lane of sum[j] adds every LANES-th product of column j, and a
 * transposition turns the sums over lanes into sums of vectors. */
ALWAYS void dots_of(size_t cols, size_t k, const float *a, const float *b, size_t b_down, target to)
{
    const size_t whole = k / LANES * LANES, part = k - whole;
    vector sum[LANES], lane[LANES];

    for (size_t j = 0; j < LANES; j++)
        sum[j] = (vector){0};
    for (size_t p = 0; p < whole; p += LANES) {
        const vector x = load(a + p);
        for (size_t j = 0; j < LANES; j++)
            if (j < cols)
                sum[j] += x * load(b + j * b_down + p);
    }
    for (size_t j = 0; part > 0 && j < cols; j++)
        sum[j] += load_part(a + whole, part) * load_part(b + j * b_down + whole, part);
    transpose_block(sum, lane);
    for (size_t step = 1; step < LANES; step *= 2)
        for (size_t j = 0; j < LANES; j += 2 * step)
            lane[j] += lane[j + step];
    finish(to, 0, 0, lane[0], cols);
}

static TARGET void dots(size_t rows, size_t cols, size_t k, const float *a, size_t a_down,
                        const float *b, size_t b_down, target to)
{
    for (size_t j = 0; j < cols; j += LANES)
        for (size_t i = 0; i < rows; i++) {
            target at = target_at(to, j);
            at.c += i * to.ldc;
            if (cols - j >= LANES)
                dots_of(LANES, k, a + i * a_down, b + j * b_down, b_down, at);
            else
                dots_of(cols - j, k, a + i * a_down, b + j * b_down, b_down, at);
        }
}

static bool is_supported(void);

const kernel KERNEL = {.isa = ISA,
                       .is_supported = is_supported,
                       .lanes = LANES,
                       .width = STRIP_VECTORS * LANES,
                       .strip = strip,
                       .dots = dots,
                       .copy = copy,
                       .transpose = transpose};
