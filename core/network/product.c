/* product.c: see product.h.
 *
 * The product is cut along k into even parts of at most DEPTH, and along n into strips as wide as the
 * kernels' widest tile (kernel.h). Of op(b), a strip of a part is laid out on the stack as a panel, k
 * rows of a strip's floats, unless its rows are contiguous already and not too far apart; then tiles
 * of a few rows of op(a) go through it with all their sums in registers, and add to c once.
 *
 * Which kernels: the best that the machine has, at most the level that PLEXUS_ISA names. */
#include "network/product.h"

#include <stdatomic.h>
#include <string.h>

#include "network/extent.h"
#include "network/kernel.h"
#include "network/strips.h"

enum {
    FAR = 1024,  /* floats from row to row: from here on they crowd each other out of the cache  */
    REUSED = 32, /* rows of op(a) that pay for a panel                                           */
};

/* The best first. */
static const kernel *const kernels[] = {
#if defined(__x86_64__)
    &kernel_avx512,
    &kernel_avx2,
#endif
    &kernel_base,
};

/* The level that only products of bfloat16 need; a machine of another kind has none by that name. */
#if defined(__x86_64__)
static const char above_kernels[] = "avx512_bf16";
#else
static const char above_kernels[] = "";
#endif

enum { KERNELS = sizeof(kernels) / sizeof(kernels[0]) };

/* The first of the kernels that may be used: what PLEXUS_ISA says is said of the process. */
static atomic_size_t first_allowed;
static atomic_bool bf16_is_barred;

static const kernel *choose(void)
{
    size_t i = atomic_load_explicit(&first_allowed, memory_order_relaxed);

    while (i + 1 < KERNELS && !kernels[i]->is_supported())
        i++;
    return kernels[i];
}

/* ---- one part of k --------------------------------------------------------------------------- */

static operand moved(operand x, size_t down, size_t right)
{
    return (operand){x.at + down * x.down + right * x.right, x.down, x.right};
}

/* Columns col .. col + width - 1 of b (k x ...) as rows that tiles can read: *stride apart. */
static const float *open_panel(const kernel *kernel, size_t k, operand b, size_t col, size_t width,
                               bool is_reused, float *panel, size_t *stride)
{
    const operand from = moved(b, 0, col);

    *stride = b.down;
    if (b.right == 1 && width % kernel->lanes == 0 && !(is_reused && b.down >= FAR))
        return from.at;
    *stride = kernel->width;
    if (b.right != 1)
        kernel->transpose(width, k, from.at, b.right, panel, kernel->width);
    else
        kernel->copy(width, k, from.at, b.down, panel, kernel->width);
    return panel;
}

static void multiply(const kernel *kernel, size_t m, size_t n, size_t k, operand a, operand b,
                     target to)
{
    float panel[STRIP * DEPTH] __attribute__((aligned(64)));
    size_t stride;

    for (size_t col = 0; col < n; col += kernel->width) {
        const size_t width = smaller(n - col, kernel->width);
        const float *strip = open_panel(kernel, k, b, col, width, m >= REUSED, panel, &stride);
        kernel->strip(m, width, k, a, strip, stride, target_at(to, col));
    }
}

/* c = beta c + sums + bias, with beta 0 or 1, where c (m x n); so with the bits that kernels give. */
PLX_CLONES static void add_sums(size_t m, size_t n, const float *restrict sums, target to)
{
    for (size_t i = 0; i < m; i++, sums += STRIP, to.c += to.ldc)
        if (to.beta != 0 && to.bias != NULL)
            for (size_t j = 0; j < n; j++)
                to.c[j] = to.c[j] + sums[j] + to.bias[j];
        else if (to.beta != 0)
            for (size_t j = 0; j < n; j++)
                to.c[j] += sums[j];
        else if (to.bias != NULL)
            for (size_t j = 0; j < n; j++)
                to.c[j] = sums[j] + to.bias[j];
        else
            memcpy(to.c, sums, n * sizeof(*sums));
}

/* c' = b a', for m rows of a, at most the kernel's width: a is the smaller one to lay out. */
static void multiply_turned(const kernel *kernel, size_t m, size_t n, size_t k, operand a,
                            operand b, target to)
{
    float panel[STRIP * DEPTH] __attribute__((aligned(64)));
    float sums[STRIP * STRIP] __attribute__((aligned(64)));
    float turned[STRIP * STRIP] __attribute__((aligned(64)));

    kernel->transpose(m, k, a.at, a.down, panel, kernel->width);
    for (size_t col = 0; col < n; col += STRIP) {
        const size_t cols = smaller(n - col, STRIP);
        kernel->strip(cols, m, k, (operand){b.at + col * b.right, b.right, 1}, panel, kernel->width,
                      (target){sums, STRIP, 1, 0, NULL});
        kernel->transpose(cols, m, sums, STRIP, turned, STRIP);
        add_sums(m, cols, turned, target_at(to, col));
    }
}

/* The loop for few columns of c and steps of k, if there is one for this product. */
static rows_product *find_rows(const kernel *kernel, size_t m, size_t n, size_t k, operand a,
                               target to)
{
    const bool replaces = to.alpha == 1 && to.beta == 0;
    const bool without_gaps = a.right == 1 && a.down == k && to.ldc == n;

    return m > PRODUCT_FEW && replaces && without_gaps ? kernel->choose_rows(n, k) : NULL;
}

static void do_part(const kernel *kernel, size_t m, size_t n, size_t k, operand a, operand b,
                    target to)
{
    const bool along_rows = a.right == 1 && b.down == 1;
    const bool adds = to.alpha == 1 && (to.beta == 0 || to.beta == 1);
    rows_product *rows = find_rows(kernel, m, n, k, a, to);

    if (rows != NULL)
        rows(m, n, k, a.at, b, to.bias, to.c);
    else if (m <= PRODUCT_FEW && along_rows)
        kernel->dots(m, n, k, a.at, a.down, b.at, b.right, to);
    else if (m <= PRODUCT_TURNED && n >= 2 * m && along_rows && adds)
        for (size_t i = 0; i < m; i += kernel->width, to.c += kernel->width * to.ldc)
            multiply_turned(kernel, smaller(m - i, kernel->width), n, k, moved(a, i, 0), b, to);
    else
        multiply(kernel, m, n, k, a, b, to);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* c = beta c, without reading c if beta is 0. */
static void scale(size_t m, size_t n, float beta, float *c, size_t ldc)
{
    for (size_t i = 0; i < m && beta != 1; i++) {
        float *row = c + i * ldc;
        if (beta == 0)
            memset(row, 0, n * sizeof(*row));
        else
            for (size_t j = 0; j < n; j++)
                row[j] *= beta;
    }
}

/* The first part takes up beta, the last one the bias. */
static void do_parts(size_t m, size_t n, size_t k, operand left, operand right, target to)
{
    const kernel *kernel = choose();
    const size_t depth = even_part(k, DEPTH);
    const float *bias = to.bias;

    for (size_t p = 0; p < k; p += depth) {
        to.bias = k - p <= depth ? bias : NULL;
        do_part(kernel, m, n, smaller(k - p, depth), moved(left, 0, p), moved(right, p, 0), to);
        to.beta = 1;
    }
}

int32_t product(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha, const float *a,
                uint64_t lda, const float *b, uint64_t ldb, float beta, float *c, uint64_t ldc)
{
    const operand left = flags & PLX_TRANSPOSE_A ? (operand){a, 1, lda} : (operand){a, lda, 1};
    const operand right = flags & PLX_TRANSPOSE_B ? (operand){b, 1, ldb} : (operand){b, ldb, 1};

    if (m == 0 || n == 0)
        return PLX_OK;
    if (k == 0 || alpha == 0)
        scale(m, n, beta, c, ldc);
    else
        do_parts(m, n, k, left, right, (target){c, ldc, alpha, beta, NULL});
    return PLX_OK;
}

void product_with_bias(uint64_t m, uint64_t n, uint64_t k, const float *x, uint64_t ldx,
                       const float *w, uint64_t ldw, const float *bias, float *z, uint64_t ldz)
{
    if (m > 0 && n > 0 && k > 0)
        do_parts(m, n, k, (operand){x, ldx, 1}, (operand){w, 1, ldw}, (target){z, ldz, 1, 0, bias});
}

/* The wider one is gone through by vectors of whole rows, where there are such. */
void product_of_narrow(size_t m, size_t n, size_t k, const float *a, const float *b, float *c,
                       size_t ldc)
{
    const kernel *kernel = choose();
    const size_t wide = m < n ? n : m, narrow = m < n ? m : n;

    if (narrow == 0 || narrow > MOST_NARROW || kernel->lanes % wide != 0)
        product(PLX_TRANSPOSE_A, m, n, k, 1, a, m, b, n, 0, c, ldc);
    else if (m < n)
        kernel->narrow(n, m, k, b, a, c, 1, ldc);
    else
        kernel->narrow(m, n, k, a, b, c, ldc, 1);
}

/* ---- strips ---------------------------------------------------------------------------------- */

void product_fill_strips(size_t rows, size_t cols, const float *x, size_t height, float *to)
{
    const kernel *kernel = choose();

    for (size_t j = 0; j < cols; j += STRIP)
        kernel->copy(smaller(cols - j, STRIP), rows, x + j, cols, to + j * height, STRIP);
}

void product_of_strips(size_t m, size_t n, size_t k, const float *a, size_t i, const float *b,
                       size_t j, float *c, size_t ldc)
{
    const kernel *kernel = choose();

    strips_multiply((strips_kernel){kernel->strip, kernel->width}, m, n, k, a, i, b, j, c, ldc);
}

/* ---- the instruction set --------------------------------------------------------------------- */

const char *product_isa(void)
{
    return choose()->isa;
}

bool product_allows_bf16(void)
{
    return !atomic_load_explicit(&bf16_is_barred, memory_order_relaxed);
}

bool product_cap_isa(const char *name, const char **reason)
{
    const bool highest = strcmp(name, above_kernels) == 0;

    for (size_t i = 0; i < KERNELS; i++)
        if (highest || strcmp(name, kernels[i]->isa) == 0) {
            atomic_store(&first_allowed, i);
            atomic_store(&bf16_is_barred, !highest);
            return true;
        }
#if defined(__x86_64__)
    *reason = "unknown instruction set; expected sse2, avx2, avx512 or avx512_bf16";
#else
    *reason = "unknown instruction set; this machine has base";
#endif
    return false;
}
