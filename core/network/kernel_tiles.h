/* kernel_tiles.h: the tiles that kernels multiply with, and transposition by shuffles; no header in the
 * usual sense. The file that includes it says:
 *
 *   LANES                    floats in a vector: 4, 8 or 16
 *   TARGET                   the attribute that lets a function use the instruction set
 *   STRIP_VECTORS            vectors in a row of the widest tile: 2 or 4
 *   ROWS_1, ROWS_2, ...      rows of a tile 1, 2, ... vectors wide, at most 12: its sums, a row of b and
 *                            one broadcast element have to fit into the registers
 *   FOR_LANES(F)             F(0), F(1), ... F(LANES - 1)
 *   load_part, store_part    of the first `count` floats of a vector, 0 < count <= LANES; what is
 *                            not loaded is 0
 *   add_product              sum + a b, lane by lane
 *
 * Sizes are constants where the loops are inlined, so the compiler unrolls them into straight code
 * that keeps all sums in registers. */
#ifndef NETWORK_KERNEL_TILES_H
#define NETWORK_KERNEL_TILES_H

#include "network/kernel.h"

#define ALWAYS static inline TARGET __attribute__((always_inline))

typedef float vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

ALWAYS vector load_part(const float *from, size_t count);
ALWAYS void store_part(float *to, vector v, size_t count);
ALWAYS vector add_product(vector sum, float a, vector b);

ALWAYS vector load(const float *from)
{
    return *(const vector *)from;
}

ALWAYS void store(float *to, vector v)
{
    *(vector *)to = v;
}

/* c = beta c + alpha sum + bias, for `count` floats from (row, col) on. */
ALWAYS void finish(target to, size_t row, size_t col, vector sum, size_t count)
{
    float *c = to.c + row * to.ldc + col;

    sum *= to.alpha;
    if (count == LANES) {
        if (to.beta != 0)
            sum += to.beta * load(c);
        if (to.bias != NULL)
            sum += load(to.bias + col);
        store(c, sum);
    } else {
        if (to.beta != 0)
            sum += to.beta * load_part(c, count);
        if (to.bias != NULL)
            sum += load_part(to.bias + col, count);
        store_part(c, sum, count);
    }
}

/* How many of `cols` columns the vector that begins at `col` has. */
ALWAYS size_t part_of(size_t cols, size_t col)
{
    return cols - col < LANES ? cols - col : LANES;
}

/* ---- tiles ----------------------------------------------------------------------------------- */

/* What becomes of a tile's sums where they do not just replace c. */
ALWAYS void finish_tile(size_t rows, size_t vectors, size_t cols, vector sum[12][4], target to)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < vectors; j++)
            finish(to, i, j * LANES, sum[i][j],
                   j + 1 < vectors ? LANES : cols - (vectors - 1) * LANES);
}

/* c's lines are asked for before they are needed. The sums have no address that anything but a loop
 * which is unrolled asks for; else the compiler would keep them in memory. */
ALWAYS void tile_of(size_t rows, size_t vectors, size_t cols, size_t k, operand a, const float *b,
                    size_t b_down, target to)
{
    vector sum[12][4], copy[12][4];

#pragma GCC unroll 12
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++) {
            __builtin_prefetch(to.c + i * to.ldc + j * LANES, 1);
            sum[i][j] = (vector){0};
        }
    for (size_t p = 0; p < k; p++) {
        vector row[4];
        for (size_t j = 0; j < vectors; j++)
            row[j] = load(b + j * LANES);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < vectors; j++)
                sum[i][j] = add_product(sum[i][j], a.at[i * a.down], row[j]);
        a.at += a.right;
        b += b_down;
    }
    const bool replaces = to.alpha == 1 && to.beta == 0 && to.bias == NULL;
    const bool is_whole = cols == vectors * LANES;
#pragma GCC unroll 12
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < vectors; j++)
            if (replaces && is_whole)
                store(to.c + i * to.ldc + j * LANES, sum[i][j]);
            else
                copy[i][j] = sum[i][j];
    if (!replaces || !is_whole)
        finish_tile(rows, vectors, cols, copy, to);
}

#define CASE(number, most, vectors)                                                                \
    case number:                                                                                   \
        if (number < (most))                                                                       \
            tile_of(number, vectors, cols, k, a, b, b_down, to);                                   \
        break;

/* Tiles below each other, and one of the rows that are left. */
#define TILES(vectors, most)                                                                       \
    static TARGET void tiles_##vectors(size_t rows, size_t cols, size_t k, operand a,              \
                                       const float *b, size_t b_down, target to)                   \
    {                                                                                              \
        for (; rows >= (most); rows -= (most)) {                                                   \
            tile_of(most, vectors, cols, k, a, b, b_down, to);                                     \
            a.at += (most)*a.down;                                                                 \
            to.c += (most)*to.ldc;                                                                 \
        }                                                                                          \
        switch (rows) {                                                                            \
            CASE(1, most, vectors)                                                                 \
            CASE(2, most, vectors)                                                                 \
            CASE(3, most, vectors)                                                                 \
            CASE(4, most, vectors)                                                                 \
            CASE(5, most, vectors)                                                                 \
            CASE(6, most, vectors)                                                                 \
            CASE(7, most, vectors)                                                                 \
            CASE(8, most, vectors)                                                                 \
            CASE(9, most, vectors)                                                                 \
            CASE(10, most, vectors)                                                                \
            CASE(11, most, vectors)                                                                \
        }                                                                                          \
    }

TILES(1, ROWS_1)
TILES(2, ROWS_2)
#if STRIP_VECTORS > 2
TILES(3, ROWS_3)
TILES(4, ROWS_4)
#endif

static void strip(size_t rows, size_t cols, size_t k, operand a, const float *b, size_t b_down,
                  target to)
{
    if (cols <= 1 * LANES)
        tiles_1(rows, cols, k, a, b, b_down, to);
    else if (cols <= 2 * LANES)
        tiles_2(rows, cols, k, a, b, b_down, to);
#if STRIP_VECTORS > 2
    else if (cols <= 3 * LANES)
        tiles_3(rows, cols, k, a, b, b_down, to);
    else
        tiles_4(rows, cols, k, a, b, b_down, to);
#endif
}

/* ---- transposed b ---------------------------------------------------------------------------- */

/* Places in a pair of vectors, the second one's from LANES on. Within quads, which is where shuffles
 * are cheap: the low or high halves of both, interleaved by one float or by two. */
#define QUAD(j)      ((j) / 4 * 4)
#define LOW_ONES(j)  (QUAD(j) + (j) % 4 / 2 + (j) % 2 * LANES)
#define HIGH_ONES(j) (LOW_ONES(j) + 2)
#define LOW_TWOS(j)  (QUAD(j) + (j) % 2 + (j) % 4 / 2 * LANES)
#define HIGH_TWOS(j) (LOW_TWOS(j) + 2)
/* And by whole quads: the even or odd ones of the first, then of the second. */
#define EVEN_QUADS(j)   (QUAD(j) * 2 % LANES + (j) % 4 + (j)*2 / LANES * LANES)
#define ODD_QUADS(j)    (EVEN_QUADS(j) + 4)
#define MERGE(a, b, by) __builtin_shufflevector(a, b, FOR_LANES(by))

/* Row i of `to` is column i of `from`: first within quads, four rows at a time, then by quads. */
ALWAYS void transpose_quads(const vector from[4], vector to[4])
{
    const vector low01 = MERGE(from[0], from[1], LOW_ONES);
    const vector low23 = MERGE(from[2], from[3], LOW_ONES);
    const vector high01 = MERGE(from[0], from[1], HIGH_ONES);
    const vector high23 = MERGE(from[2], from[3], HIGH_ONES);

    to[0] = MERGE(low01, low23, LOW_TWOS);
    to[1] = MERGE(low01, low23, HIGH_TWOS);
    to[2] = MERGE(high01, high23, LOW_TWOS);
    to[3] = MERGE(high01, high23, HIGH_TWOS);
}

ALWAYS void transpose_block(const vector from[LANES], vector to[LANES])
{
#if LANES == 4
    transpose_quads(from, to);
#else
    vector quads[LANES];
    for (size_t i = 0; i < LANES; i += 4)
        transpose_quads(from + i, quads + i);
#if LANES == 8
    for (size_t i = 0; i < 4; i++) {
        to[i] = MERGE(quads[i], quads[i + 4], EVEN_QUADS);
        to[i + 4] = MERGE(quads[i], quads[i + 4], ODD_QUADS);
    }
#else
    for (size_t i = 0; i < 4; i++) {
        const vector even1 = MERGE(quads[i], quads[i + 4], EVEN_QUADS);
        const vector odd1 = MERGE(quads[i], quads[i + 4], ODD_QUADS);
        const vector even2 = MERGE(quads[i + 8], quads[i + 12], EVEN_QUADS);
        const vector odd2 = MERGE(quads[i + 8], quads[i + 12], ODD_QUADS);
        to[i] = MERGE(even1, even2, EVEN_QUADS);
        to[i + 4] = MERGE(odd1, odd2, EVEN_QUADS);
        to[i + 8] = MERGE(even1, even2, ODD_QUADS);
        to[i + 12] = MERGE(odd1, odd2, ODD_QUADS);
    }
#endif
#endif
}

#endif
