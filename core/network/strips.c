/* strips.c: see strips.h. k is cut into even parts, as in product.c; a strip of b stays in the cache
 * while the rows of a pass by. */
#include "network/strips.h"

#include "network/extent.h"

size_t strips_columns(size_t cols)
{
    return divide_up(cols, STRIP) * STRIP;
}

/* The place of column j. */
static const float *in_strips(const float *x, size_t j, size_t k)
{
    return x + j / STRIP * STRIP * k + j % STRIP;
}

/* How many of the columns from .. end - 1 lie in the strip of the first. */
static size_t within_strip(size_t from, size_t end)
{
    return smaller(end - from, STRIP - from % STRIP);
}

static void multiply_one(strips_kernel kernel, size_t rows, size_t cols, size_t k, const float *a,
                         const float *b, float *c, size_t ldc)
{
    const size_t depth = even_part(k, DEPTH);

    for (size_t p = 0; p < k; p += depth)
        kernel.multiply(rows, cols, smaller(k - p, depth), (operand){a + p * STRIP, 1, STRIP},
                        b + p * STRIP, STRIP, (target){c, ldc, 1, p > 0, NULL});
}

void strips_multiply(strips_kernel kernel, size_t m, size_t n, size_t k, const float *a, size_t i,
                     const float *b, size_t j, float *c, size_t ldc)
{
    const size_t last_row = i + m, last_col = j + n;

    for (size_t col = j, cols; col < last_col; col += cols) {
        cols = smaller(within_strip(col, last_col), kernel.width);
        for (size_t row = i, rows; row < last_row; row += rows) {
            rows = within_strip(row, last_row);
            multiply_one(kernel, rows, cols, k, in_strips(a, row, k), in_strips(b, col, k),
                         c + (row - i) * ldc + col - j, ldc);
        }
    }
}
