/* product.c: see product.h.
 *
 * The plain path cuts the product into panels of 16 columns and 256 steps of k. A panel of op(b)
 * that is not already 16 wide and contiguous by rows is copied into a small buffer on the stack,
 * padded with zeros; then two rows of op(a) at a time go through it with eight vectors of sums
 * in registers. Every element is the sum over k in ascending order, one partial sum for each 256
 * steps, so its bits depend on k, alpha and beta alone: not on m, n, strides, alignment, or its
 * place in the matrix.
 *
 * The library path is oneDNN's sgemm, which is row-major and JIT-compiled for the machine at its
 * first call. There the bits of a row may change with m and n, so callers cut their work into tiles
 * whose extents follow from the problem alone.
 *
 * Debian builds oneDNN with OpenMP. Its threads would change the order of summation, spin beside
 * our own, and hang in a child forked later; so every thread tells OpenMP, once, that it is
 * alone. The number of threads is a control variable of the calling thread, hence the
 * thread-local flag. Only this one function of libgomp is used, and no OpenMP pragma: a
 * compiler's own OpenMP switch could bring in a second runtime that oneDNN does not listen to. */
#include "network/product.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>

enum {
    PANEL = 16,  /* columns of a panel: four vectors of four                                 */
    DEPTH = 256, /* steps of k in one partial sum                                            */
    EDGE = 64,   /* products of at most EDGE^3 multiplications take the plain path           */
};

/* From <omp.h>, which belongs to the compiler and not to the library that is linked. */
void omp_set_num_threads(int threads);

static atomic_bool library_used;

/* --- the plain path --------------------------------------------------------------------------- */

typedef float four __attribute__((vector_size(16)));

static inline four load(const float *from)
{
    four v;

    memcpy(&v, from, sizeof(v));
    return v;
}

static inline void store(float *to, four v)
{
    memcpy(to, &v, sizeof(v));
}

/* An operand as the loops see it: element (i, j) of op(x) is at[i * down + j * right]. */
typedef struct operand {
    const float *at;
    size_t down, right;
} operand;

/* A panel of op(b): element (p, j) is at[p * stride + j], 16 columns readable. */
typedef struct panel {
    const float *at;
    size_t stride;
} panel;

/* sum[0] and sum[1] (16 each) = `depth` elements of the rows a0 and a1 times the panel. */
static void two_rows(size_t depth, const float *a0, const float *a1, size_t step, panel b,
                     float sum[2][PANEL])
{
    const float *row = b.at;
    four s00 = {0}, s01 = {0}, s02 = {0}, s03 = {0};
    four s10 = {0}, s11 = {0}, s12 = {0}, s13 = {0};

    for (size_t p = 0; p < depth; p++, row += b.stride) {
        const float x0 = a0[p * step], x1 = a1[p * step];
        const four v0 = {x0, x0, x0, x0}, v1 = {x1, x1, x1, x1};
        const four b0 = load(row), b1 = load(row + 4), b2 = load(row + 8), b3 = load(row + 12);
        s00 += v0 * b0;
        s01 += v0 * b1;
        s02 += v0 * b2;
        s03 += v0 * b3;
        s10 += v1 * b0;
        s11 += v1 * b1;
        s12 += v1 * b2;
        s13 += v1 * b3;
    }
    store(&sum[0][0], s00);
    store(&sum[0][4], s01);
    store(&sum[0][8], s02);
    store(&sum[0][12], s03);
    store(&sum[1][0], s10);
    store(&sum[1][4], s11);
    store(&sum[1][8], s12);
    store(&sum[1][12], s13);
}

/* Rows first .. first + depth - 1 and columns col .. col + width - 1 of op(b) as a panel. */
static panel open_panel(operand b, size_t first, size_t depth, size_t col, size_t width,
                        float *buffer)
{
    const float *from = b.at + first * b.down + col * b.right;

    if (b.right == 1 && width == PANEL)
        return (panel){from, b.down};
    for (size_t p = 0; p < depth; p++) {
        float *to = buffer + p * PANEL;
        for (size_t j = 0; j < width; j++)
            to[j] = from[p * b.down + j * b.right];
        for (size_t j = width; j < PANEL; j++)
            to[j] = 0;
    }
    return (panel){buffer, PANEL};
}

static void add_row(size_t width, float alpha, const float *sum, float *c)
{
    if (width == PANEL)
        for (size_t j = 0; j < PANEL; j++)
            c[j] += alpha * sum[j];
    else
        for (size_t j = 0; j < width; j++)
            c[j] += alpha * sum[j];
}

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

static void plain(size_t m, size_t n, size_t k, float alpha, operand a, operand b, float *c,
                  size_t ldc)
{
    float buffer[DEPTH * PANEL], sum[2][PANEL];

    for (size_t first = 0; first < k; first += DEPTH) {
        const size_t depth = k - first < DEPTH ? k - first : DEPTH;
        for (size_t col = 0; col < n; col += PANEL) {
            const size_t width = n - col < PANEL ? n - col : PANEL;
            const panel strip = open_panel(b, first, depth, col, width, buffer);
            for (size_t i = 0; i < m; i += 2) {
                const bool pair = i + 1 < m; /* else the last row is simply done twice */
                const float *a0 = a.at + i * a.down + first * a.right;
                two_rows(depth, a0, pair ? a0 + a.down : a0, a.right, strip, sum);
                add_row(width, alpha, sum[0], c + i * ldc + col);
                if (pair)
                    add_row(width, alpha, sum[1], c + (i + 1) * ldc + col);
            }
        }
    }
}

/* --- the choice ------------------------------------------------------------------------------- */

bool product_is_plain(uint32_t flags, uint64_t m, uint64_t n, uint64_t k)
{
    return (double)m * (double)n * (double)k <= (double)EDGE * EDGE * EDGE;
}

static int32_t library(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha,
                       const float *a, uint64_t lda, const float *b, uint64_t ldb, float beta,
                       float *c, uint64_t ldc)
{
    static _Thread_local bool alone;

    if (!alone) {
        omp_set_num_threads(1);
        atomic_store(&library_used, true);
        alone = true;
    }
    const dnnl_status_t status =
        dnnl_sgemm(flags & PLX_TRANSPOSE_A ? 'T' : 'N', flags & PLX_TRANSPOSE_B ? 'T' : 'N',
                   (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, alpha, a, (dnnl_dim_t)lda, b,
                   (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
    return status == dnnl_success ? PLX_OK : PLX_FAILED;
}

int32_t product(uint32_t flags, uint64_t m, uint64_t n, uint64_t k, float alpha, const float *a,
                uint64_t lda, const float *b, uint64_t ldb, float beta, float *c, uint64_t ldc)
{
    if (m == 0 || n == 0)
        return PLX_OK;
    if (k == 0 || alpha == 0) {
        scale(m, n, beta, c, ldc);
        return PLX_OK;
    }
    if (!product_is_plain(flags, m, n, k))
        return library(flags, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    const operand left = flags & PLX_TRANSPOSE_A ? (operand){a, 1, lda} : (operand){a, lda, 1};
    const operand right = flags & PLX_TRANSPOSE_B ? (operand){b, 1, ldb} : (operand){b, ldb, 1};
    scale(m, n, beta, c, ldc);
    plain(m, n, k, alpha, left, right, c, ldc);
    return PLX_OK;
}

/* One product of each kind that the code differs for. */
int32_t product_prepare(void)
{
    static const uint32_t kinds[] = {0, PLX_TRANSPOSE_A, PLX_TRANSPOSE_B};
    enum { SIDE = 16 };
    float a[SIDE * SIDE] = {0}, c[SIDE * SIDE];
    int32_t status = PLX_OK;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (int beta = 0; beta < 2 && status == PLX_OK; beta++) {
            memset(c, 0, sizeof(c));
            status = library(kinds[i], SIDE, SIDE, SIDE, 1, a, SIDE, a, SIDE, (float)beta, c, SIDE);
        }
    return status;
}

bool product_used_library(void)
{
    return atomic_load(&library_used);
}

/* --- the library's state ---------------------------------------------------------------------- */

/* Levels above avx512 differ in integer and half-precision instructions, which sgemm does not
 * use. */
const char *product_isa(void)
{
    const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();

    switch (isa) {
    case dnnl_cpu_isa_sse41:
        return "sse41";
    case dnnl_cpu_isa_avx:
        return "avx";
    case dnnl_cpu_isa_avx2:
    case dnnl_cpu_isa_avx2_vnni:
        return "avx2";
    case dnnl_cpu_isa_avx512_core:
    case dnnl_cpu_isa_avx512_core_vnni:
    case dnnl_cpu_isa_avx512_core_bf16:
    case dnnl_cpu_isa_avx512_core_amx:
        return "avx512";
    default:
        return dnnl_cpu_isa2str(isa);
    }
}

const char *product_library_version(void)
{
    static _Thread_local char text[48];
    const dnnl_version_t *version = dnnl_version();

    snprintf(text, sizeof(text), "oneDNN %d.%d.%d", version->major, version->minor, version->patch);
    return text;
}

bool product_cap_isa(const char *name, const char **reason)
{
    static const struct {
        const char *name;
        dnnl_cpu_isa_t isa;
    } levels[] = {{"sse41", dnnl_cpu_isa_sse41},
                  {"avx2", dnnl_cpu_isa_avx2},
                  {"avx512", dnnl_cpu_isa_avx512_core}};

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(name, levels[i].name) != 0)
            continue;
        if (dnnl_set_max_cpu_isa(levels[i].isa) == dnnl_success)
            return true;
        *reason = "the instruction set was asked for or used before it was capped";
        return false;
    }
    *reason = "unknown instruction set; expected sse41, avx2 or avx512";
    return false;
}
