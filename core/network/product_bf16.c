/* product_bf16.c: see product_bf16.h.
 *
 * As in product.c, k is cut into even parts, here of pairs, and tiles of a few rows of a go through a
 * strip of b with all their sums in registers. What is rounded once for many products is laid out by
 * the caller; a strip of b that only one product needs is rounded on the stack. */
#include "network/product_bf16.h"

#include "network/extent.h"
#include "network/kernel.h"
#include "network/product.h"
#include "network/strips.h"

#if defined(__x86_64__)
static const pair_kernel *const bf16 = &kernel_bf16;
#else
static const pair_kernel *const bf16 = NULL;
#endif

const char *product_bf16_lack(void)
{
    if (!product_allows_bf16())
        return "PLEXUS_ISA keeps its instructions (avx512_bf16) from being used";
    if (bf16 == NULL || !bf16->is_supported())
        return "this CPU has no instructions for it (avx512_bf16)";
    return NULL;
}

size_t bf16_half(size_t n)
{
    return divide_up(n, 2);
}

/* ---- rounding -------------------------------------------------------------------------------- */

void bf16_round_rows(size_t rows, size_t cols, const float *x, float *to)
{
    for (size_t i = 0; i < rows; i++)
        bf16->round_row(cols, x + i * cols, to + i * bf16_half(cols));
}

void bf16_round_strips(size_t rows, size_t cols, const float *x, size_t pairs, float *to)
{
    for (size_t j = 0; j < cols; j += STRIP)
        bf16->round_stacked(smaller(cols - j, STRIP), rows, x + j, cols, to + j * pairs, STRIP);
}

/* ---- products -------------------------------------------------------------------------------- */

/* Columns col .. col + width - 1 of op(b), from row `from` of it on, into a panel. */
static void fill_panel(bool transposed, size_t width, size_t k, const float *b, size_t ldb,
                       size_t from, size_t col, float *panel)
{
    if (transposed)
        bf16->round_transposed(width, k, b + col * ldb + from, ldb, panel, STRIP);
    else
        bf16->round_stacked(width, k, b + from * ldb + col, ldb, panel, STRIP);
}

void bf16_product(bool transposed, size_t m, size_t n, size_t k, const float *a, const float *b,
                  size_t ldb, const float *bias, float *c, size_t ldc)
{
    const size_t pairs = bf16_half(k), depth = even_part(pairs, DEPTH);
    float panel[STRIP * DEPTH] __attribute__((aligned(64)));

    for (size_t col = 0; col < n; col += STRIP) {
        const size_t width = smaller(n - col, STRIP);
        for (size_t p = 0; p < pairs; p += depth) {
            const size_t part = smaller(pairs - p, depth);
            fill_panel(transposed, width, smaller(k - 2 * p, 2 * part), b, ldb, 2 * p, col, panel);
            const target to = {c, ldc, 1, p > 0, p + depth < pairs ? NULL : bias};
            bf16->strip(m, width, part, (operand){a + p, pairs, 1}, panel, STRIP,
                        target_at(to, col));
        }
    }
}

void bf16_product_strips(size_t m, size_t n, size_t pairs, const float *a, size_t i, const float *b,
                         size_t j, float *c, size_t ldc)
{
    strips_multiply((strips_kernel){bf16->strip, STRIP}, m, n, pairs, a, i, b, j, c, ldc);
}
