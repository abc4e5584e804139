/* kernel_body.h: what each set of kernels of floats is made from (see kernel.h); no header in the usual
 * sense. The file that includes it says what kernel_tiles.h asks for, but for add_product, and ISA
 * and KERNEL, the names of its level and of the set. */
#include <stdint.h>
#include <string.h>

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

/* ---- narrow matrices ------------------------------------------------------------------------- */

typedef int32_t places __attribute__((vector_size(4 * LANES)));

/* Lane i is lane at[i] of v. */
ALWAYS vector spread(vector v, places at);

/* Lane i belongs to column i % wide of row i / wide; the number there of a row of b. */
ALWAYS places places_of(size_t wide, size_t narrow, size_t col)
{
    places at;

    for (size_t i = 0; i < LANES; i++)
        at[i] = (int32_t)(i / wide * narrow + col);
    return at;
}

/* Lane i of sum[j] is for element (i % wide, j) of c: one of those that are added last. */
ALWAYS void narrow_of(size_t wide, size_t narrow, size_t k, const float *a, const float *b,
                      float *c, size_t c_down, size_t c_right)
{
    const size_t rows = LANES / wide;
    vector sum[MOST_NARROW];
    places at[MOST_NARROW];

#pragma GCC unroll 4
    for (size_t j = 0; j < narrow; j++) {
        sum[j] = (vector){0};
        at[j] = places_of(wide, narrow, j);
    }
    for (size_t p = 0; p < k; p += rows, a += rows * wide, b += rows * narrow) {
        const size_t part = k - p < rows ? k - p : rows;
        const vector x = load_part(a, part * wide), y = load_part(b, part * narrow);
#pragma GCC unroll 4
        for (size_t j = 0; j < narrow; j++)
            sum[j] += x * spread(y, at[j]);
    }
    for (size_t j = 0; j < narrow; j++)
        for (size_t i = 0; i < wide; i++) {
            float total = sum[j][i];
            for (size_t r = 1; r < rows; r++)
                total += sum[j][r * wide + i];
            c[i * c_down + j * c_right] = total;
        }
}

static TARGET void narrow(size_t wide, size_t narrow, size_t k, const float *a, const float *b,
                          float *c, size_t c_down, size_t c_right)
{
    switch (narrow) {
    case 1:
        narrow_of(wide, 1, k, a, b, c, c_down, c_right);
        break;
    case 2:
        narrow_of(wide, 2, k, a, b, c, c_down, c_right);
        break;
    case 3:
        narrow_of(wide, 3, k, a, b, c, c_down, c_right);
        break;
    default:
        narrow_of(wide, MOST_NARROW, k, a, b, c, c_down, c_right);
    }
}

/* Where a vector of c has several rows, which all need the same numbers of b and of the bias. */
ALWAYS void spread_rows(size_t rows, size_t cols, size_t k, const float *a, operand b,
                        const float *bias, float *c)
{
    const size_t at_once = LANES / cols;
    vector w[MOST_NARROW], add = {0};
    places at[MOST_NARROW];

    for (size_t i = 0; bias != NULL && i < LANES; i++)
        add[i] = bias[i % cols];
#pragma GCC unroll 4
    for (size_t p = 0; p < k; p++) {
        at[p] = places_of(cols, k, p);
        for (size_t i = 0; i < LANES; i++)
            w[p][i] = b.at[p * b.down + i % cols * b.right];
    }
    for (size_t r = 0; r < rows; r += at_once, a += at_once * k, c += LANES) {
        const size_t part = rows - r < at_once ? rows - r : at_once;
        const vector x = load_part(a, part * k);
        vector sum = {0};
#pragma GCC unroll 4
        for (size_t p = 0; p < k; p++)
            sum += spread(x, at[p]) * w[p];
        if (bias != NULL)
            sum += add;
        if (part == at_once)
            store(c, sum);
        else
            store_part(c, sum, part * cols);
    }
}

#define EVENS(j) (2 * (j))
#define ODDS(j)  (2 * (j) + 1)

/* Of LANES rows of k = 2 or 4 floats, one after the other: column i in col[i]. */
ALWAYS void columns_of(size_t k, const float *from, vector col[4])
{
    const vector first = load(from), second = load(from + LANES);

    col[0] = MERGE(first, second, EVENS);
    col[1] = MERGE(first, second, ODDS);
    if (k == 2)
        return;
    const vector third = load(from + 2 * LANES), fourth = load(from + 3 * LANES);
    const vector evens = MERGE(third, fourth, EVENS), odds = MERGE(third, fourth, ODDS);
    const vector first_evens = col[0], first_odds = col[1];
    col[0] = MERGE(first_evens, evens, EVENS);
    col[1] = MERGE(first_odds, odds, EVENS);
    col[2] = MERGE(first_evens, evens, ODDS);
    col[3] = MERGE(first_odds, odds, ODDS);
}

ALWAYS vector sum_columns(size_t k, const float *from, operand b, const float *bias)
{
    vector col[4], sum = {0};

    columns_of(k, from, col);
#pragma GCC unroll 4
    for (size_t p = 0; p < k; p++)
        sum += col[p] * b.at[p * b.down];
    if (bias != NULL)
        sum += bias[0];
    return sum;
}

/* Of a single column of c. */
ALWAYS void turn_rows(size_t rows, size_t k, const float *a, operand b, const float *bias, float *c)
{
    const size_t whole = rows / LANES * LANES, part = rows - whole;
    float rest[4 * LANES] = {0};

    for (size_t r = 0; r < whole; r += LANES)
        store(c + r, sum_columns(k, a + r * k, b, bias));
    if (part == 0)
        return;
    memcpy(rest, a + whole * k, part * k * sizeof(*rest));
    store_part(c + whole, sum_columns(k, rest, b, bias), part);
}

#define ROWS_PRODUCT(name, call)                                                                   \
    static TARGET void name(size_t rows, size_t cols, size_t k, const float *a, operand b,         \
                            const float *bias, float *c)                                           \
    {                                                                                              \
        call;                                                                                      \
    }

ROWS_PRODUCT(spread_1, spread_rows(rows, cols, 1, a, b, bias, c))
ROWS_PRODUCT(spread_2, spread_rows(rows, cols, 2, a, b, bias, c))
ROWS_PRODUCT(spread_3, spread_rows(rows, cols, 3, a, b, bias, c))
ROWS_PRODUCT(spread_4, spread_rows(rows, cols, 4, a, b, bias, c))
ROWS_PRODUCT(turn_2, turn_rows(rows, 2, a, b, bias, c))
ROWS_PRODUCT(turn_4, turn_rows(rows, 4, a, b, bias, c))

static rows_product *choose_rows(size_t cols, size_t k)
{
    static rows_product *const spreads[] = {NULL, spread_1, spread_2, spread_3, spread_4};

    if (cols == 1 && (k == 2 || k == 4))
        return k == 2 ? turn_2 : turn_4;
    return k <= MOST_NARROW && k <= cols && cols < LANES && LANES % cols == 0 ? spreads[k] : NULL;
}

static bool is_supported(void);

const kernel KERNEL = {.isa = ISA,
                       .is_supported = is_supported,
                       .lanes = LANES,
                       .width = STRIP_VECTORS * LANES,
                       .strip = strip,
                       .dots = dots,
                       .narrow = narrow,
                       .choose_rows = choose_rows,
                       .copy = copy,
                       .transpose = transpose};
