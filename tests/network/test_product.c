/* Products against the definition in double precision, with the kernels of every instruction set. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "network/product.h"
#include "network/strips.h"
#include "support/random.h"

/* n numbers in [-1, 1) in a new, 64-byte aligned block, freed by the caller. */
static float *numbers(uint64_t seed, size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof(float) + 127) / 64 * 64);

    ck_assert_ptr_nonnull(x);
    random_uniform_f32(random_open(seed, RANDOM_GENERATE, 0), 0, n, x);
    for (size_t i = 0; i < n; i++)
        x[i] = 2 * x[i] - 1;
    return x;
}

typedef struct shape {
    size_t m, n, k;
} shape;

typedef struct operands {
    shape shape;
    uint32_t flags;
    size_t lda, ldb, ldc;
    float *a, *b, *c;
    float alpha, beta;
} operands;

static operands operands_new(shape s, uint32_t flags, size_t gap, float alpha, float beta)
{
    operands o = {.shape = s, .flags = flags, .alpha = alpha, .beta = beta};

    o.lda = (flags & PLX_TRANSPOSE_A ? s.m : s.k) + gap;
    o.ldb = (flags & PLX_TRANSPOSE_B ? s.k : s.n) + gap;
    o.ldc = s.n + gap;
    o.a = numbers(1, (flags & PLX_TRANSPOSE_A ? s.k : s.m) * o.lda);
    o.b = numbers(2, (flags & PLX_TRANSPOSE_B ? s.n : s.k) * o.ldb);
    o.c = numbers(3, s.m * o.ldc);
    return o;
}

static void operands_free(operands *o)
{
    free(o->a);
    free(o->b);
    free(o->c);
}

static int32_t run(const operands *o, float *c)
{
    return product(o->flags, o->shape.m, o->shape.n, o->shape.k, o->alpha, o->a, o->lda, o->b,
                   o->ldb, o->beta, c, o->ldc);
}

/* Element (i, j) by the definition, and the sum of the magnitudes that bounds its rounding. */
static double exact(const operands *o, size_t i, size_t j, double *magnitude)
{
    double sum = 0;

    *magnitude = 0;
    for (size_t p = 0; p < o->shape.k; p++) {
        const float a = o->flags & PLX_TRANSPOSE_A ? o->a[p * o->lda + i] : o->a[i * o->lda + p];
        const float b = o->flags & PLX_TRANSPOSE_B ? o->b[j * o->ldb + p] : o->b[p * o->ldb + j];
        sum += (double)a * (double)b;
        *magnitude += fabs((double)a * (double)b);
    }
    const double before = o->beta == 0 ? 0 : (double)o->beta * (double)o->c[i * o->ldc + j];
    *magnitude = *magnitude * fabs((double)o->alpha) + fabs(before);
    return (double)o->alpha * sum + before;
}

/* Computes a copy of c and compares it, the gaps behind its rows included. */
static void check(const operands *o)
{
    const size_t bytes = o->shape.m * o->ldc * sizeof(float);
    float *c = malloc(bytes);
    double magnitude;

    memcpy(c, o->c, bytes);
    for (size_t i = 0; o->beta == 0 && i < o->shape.m; i++)
        for (size_t j = 0; j < o->shape.n; j++)
            c[i * o->ldc + j] = NAN;
    ck_assert_int_eq(run(o, c), PLX_OK);
    for (size_t i = 0; i < o->shape.m; i++) {
        for (size_t j = 0; j < o->shape.n; j++) {
            const double want = exact(o, i, j, &magnitude);
            ck_assert_double_eq_tol((double)c[i * o->ldc + j], want, 2e-6 * magnitude + 1e-30);
        }
        for (size_t j = o->shape.n; j < o->ldc; j++)
            ck_assert(c[i * o->ldc + j] == o->c[i * o->ldc + j]);
    }
    free(c);
}

/* All four flags; `scales` picks alpha, beta and whether there are gaps between rows. */
static void check_shape(shape s, int scales)
{
    static const float alphas[] = {1, -0.75f}, betas[] = {0, 1, 0.5f};

    for (uint32_t flags = 0; flags < 4; flags++) {
        operands o =
            operands_new(s, flags, scales % 2 ? 3 : 0, alphas[scales / 3 % 2], betas[scales % 3]);
        check(&o);
        operands_free(&o);
    }
}

static const char *const levels[] = {
#if defined(__x86_64__)
    "avx512",
    "avx2",
    "sse2",
#else
    "base",
#endif
};

enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

/* Of a loop test: level `number`, or the best below it that the machine has. */
static void use_level(int number)
{
    const char *reason;

    ck_assert(product_cap_isa(levels[number], &reason));
}

START_TEST(products_agree_with_the_definition)
{
    static const size_t extents[] = {1, 3, 10, 16, 33, 64};
    const size_t count = sizeof(extents) / sizeof(extents[0]);

    use_level(_i);
    for (size_t i = 0; i < count * count * count; i++) {
        const shape s = {extents[i / count / count], extents[i / count % count],
                         extents[i % count]};
        check_shape(s, (int)(i % 6));
    }
}
END_TEST

/* Tiles of every number of rows, strips of every width. */
START_TEST(every_edge_of_a_tile_is_right)
{
    use_level(_i);
    for (size_t m = 5; m <= 24; m++)
        check_shape((shape){m, 150 - m, 19}, (int)(m % 6));
    for (size_t n = 1; n <= 70; n++)
        check_shape((shape){9, n, 21}, (int)(n % 6));
    for (size_t k = 1; k <= 40; k++)
        check_shape((shape){4, 35, k}, (int)(k % 6));
}
END_TEST

/* More steps of k than a part has; rows so far apart that they are laid out anew. */
START_TEST(long_sums_and_far_rows)
{
    static const shape shapes[] = {{4, 5, 1023},  {4, 5, 1024}, {7, 18, 1025}, {1, 1, 5000},
                                   {40, 2, 2049}, {500, 3, 2},  {2, 500, 3},   {33, 1100, 5},
                                   {40, 1024, 3}, {100, 70, 80}};

    use_level(_i);
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        check_shape(shapes[i], (int)(i % 6));
}
END_TEST

/* A network's tiles are read and written at offsets in larger matrices. */
static void check_offset(shape s)
{
    for (uint32_t flags = 0; flags < 4; flags++) {
        operands o = operands_new(s, flags, 0, 1, 0), moved = operands_new(s, flags, 5, 1, 0);
        const size_t a_rows = flags & PLX_TRANSPOSE_A ? s.k : s.m;
        const size_t b_rows = flags & PLX_TRANSPOSE_B ? s.n : s.k;
        for (size_t i = 0; i < a_rows; i++)
            memcpy(moved.a + 3 + i * moved.lda, o.a + i * o.lda, o.lda * sizeof(float));
        for (size_t i = 0; i < b_rows; i++)
            memcpy(moved.b + 1 + i * moved.ldb, o.b + i * o.ldb, o.ldb * sizeof(float));
        ck_assert_int_eq(run(&o, o.c), PLX_OK);
        ck_assert_int_eq(product(flags, s.m, s.n, s.k, 1, moved.a + 3, moved.lda, moved.b + 1,
                                 moved.ldb, 0, moved.c + 2, moved.ldc),
                         PLX_OK);
        for (size_t i = 0; i < s.m; i++)
            ck_assert_mem_eq(o.c + i * o.ldc, moved.c + 2 + i * moved.ldc, s.n * sizeof(float));
        operands_free(&o);
        operands_free(&moved);
    }
}

START_TEST(offsets_and_strides_change_no_bit)
{
    check_offset((shape){13, 21, 40});
    check_offset((shape){64, 64, 784});
    check_offset((shape){47, 208, 130});
}
END_TEST

/* Without gaps there are loops for few columns of c and few steps of k. */
START_TEST(narrow_rows_without_gaps_come_to_the_same_bits)
{
    use_level(_i);
    for (size_t n = 1; n <= 8; n++)
        for (size_t k = 1; k <= 5; k++)
            for (size_t m = PRODUCT_FEW + 1; m < 40; m += 3 + n % 3)
                check_offset((shape){m, n, k});
}
END_TEST

/* To the same bits as when it is added later. */
static void check_bias(shape s, size_t gap)
{
    operands o = operands_new(s, PLX_TRANSPOSE_B, gap, 1, 0);
    float *bias = numbers(4, s.n), *z = numbers(5, s.m * o.ldc);

    ck_assert_int_eq(run(&o, o.c), PLX_OK);
    product_with_bias(s.m, s.n, s.k, o.a, o.lda, o.b, o.ldb, bias, z, o.ldc);
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++)
            ck_assert(z[i * o.ldc + j] == o.c[i * o.ldc + j] + bias[j]);
    free(bias);
    free(z);
    operands_free(&o);
}

START_TEST(a_bias_is_added)
{
    static const size_t extents[] = {1, 2, 4, 8, 35};

    use_level(_i);
    for (size_t e = 0; e < 5 * 5 * 5; e++)
        check_bias((shape){extents[e / 25], extents[e / 5 % 5], extents[e % 5]}, e % 2 * 3);
}
END_TEST

/* Whatever the tile, the strip and the panel: for all products but those of few rows. */
START_TEST(elements_do_not_depend_on_the_extents)
{
    const uint32_t flags = (uint32_t)_i / LEVELS;
    operands o = operands_new((shape){40, 90, 1300}, flags, 0, 1, 0);
    const size_t a = flags & PLX_TRANSPOSE_A ? 5 : 5 * o.lda;
    const size_t b = flags & PLX_TRANSPOSE_B ? 11 * o.ldb : 11;
    float part[PRODUCT_FEW + 3][9];

    use_level(_i % LEVELS);
    ck_assert_int_eq(run(&o, o.c), PLX_OK);
    ck_assert_int_eq(
        product(flags, PRODUCT_FEW + 3, 9, 1300, 1, o.a + a, o.lda, o.b + b, o.ldb, 0, part[0], 9),
        PLX_OK);
    for (size_t i = 0; i < PRODUCT_FEW + 3; i++)
        ck_assert_mem_eq(part[i], o.c + (5 + i) * o.ldc + 11, sizeof(part[i]));
    operands_free(&o);
}
END_TEST

/* Few rows, and b transposed: any number of such rows comes to the same bits. */
START_TEST(few_rows_do_not_depend_on_each_other)
{
    operands o = operands_new((shape){PRODUCT_FEW, 21, 77}, PLX_TRANSPOSE_B, 0, 1, 0);
    float one[21];

    use_level(_i);
    ck_assert_int_eq(run(&o, o.c), PLX_OK);
    for (size_t i = 0; i < PRODUCT_FEW; i++) {
        product(o.flags, 1, 21, 77, 1, o.a + i * o.lda, o.lda, o.b, o.ldb, 0, one, 21);
        ck_assert_mem_eq(one, o.c + i * o.ldc, sizeof(one));
    }
    operands_free(&o);
}
END_TEST

/* The part of a' b from (i, j) on is the same from strips, which are filled a few rows at a time. */
static void check_strips(shape s, size_t i, size_t j)
{
    operands o = operands_new(s, PLX_TRANSPOSE_A, 0, 1, 0);
    const size_t m = s.m - i, n = s.n - j, first = s.k / 3;
    float *a = numbers(4, s.k * strips_columns(s.m)), *b = numbers(5, s.k * strips_columns(s.n));
    float *c = numbers(6, m * n);

    ck_assert_int_eq(run(&o, o.c), PLX_OK);
    product_fill_strips(first, s.m, o.a, s.k, a);
    product_fill_strips(s.k - first, s.m, o.a + first * o.lda, s.k, a + first * STRIP);
    product_fill_strips(s.k, s.n, o.b, s.k, b);
    product_of_strips(m, n, s.k, a, i, b, j, c, n);
    for (size_t r = 0; r < m; r++)
        ck_assert_mem_eq(c + r * n, o.c + (i + r) * o.ldc + j, n * sizeof(float));
    free(a);
    free(b);
    free(c);
    operands_free(&o);
}

START_TEST(products_of_strips_come_to_the_same_bits)
{
    static const size_t extents[] = {2, 10, 64, 65, 150};
    static const size_t ks[] = {1, 33, 1025};

    use_level(_i);
    for (size_t e = 0; e < 5 * 5 * 3; e++)
        check_strips((shape){extents[e / 15], extents[e / 3 % 5], ks[e % 3]}, 0, 0);
    for (size_t at = 0; at < 150; at += 48)
        check_strips((shape){150, 200, 37}, at, 192 - at);
}
END_TEST

/* Where there is a loop for them and where there is none; every rest of rows that do not fill a vector. */
START_TEST(narrow_products_agree_with_the_definition)
{
    use_level(_i);
    for (size_t m = 1; m <= 17; m += m < 5 ? 1 : 3)
        for (size_t n = 1; n <= 17; n += n < 5 ? 1 : 3)
            for (size_t k = 1; k < 40; k += 1 + (m + n) % 5) {
                operands o = operands_new((shape){m, n, k}, PLX_TRANSPOSE_A, 0, 1, 0);
                double magnitude;
                product_of_narrow(m, n, k, o.a, o.b, o.c, n);
                for (size_t e = 0; e < m * n; e++) {
                    const double want = exact(&o, e / n, e % n, &magnitude);
                    ck_assert_double_eq_tol((double)o.c[e], want, 2e-6 * magnitude + 1e-30);
                }
                operands_free(&o);
            }
}
END_TEST

START_TEST(empty_extents)
{
    float c[4] = {1, 2, 3, 4};

    ck_assert_int_eq(product(0, 0, 2, 2, 1, NULL, 2, c, 2, 0, NULL, 2), PLX_OK);
    ck_assert_int_eq(product(0, 2, 0, 2, 1, c, 2, NULL, 1, 0, NULL, 1), PLX_OK);
    ck_assert_int_eq(product(0, 2, 2, 0, 1, NULL, 1, NULL, 2, 0.5f, c, 2), PLX_OK);
    ck_assert(c[3] == 2);
    c[0] = NAN;
    ck_assert_int_eq(product(0, 2, 2, 0, 1, NULL, 1, NULL, 2, 0, c, 2), PLX_OK);
    for (int i = 0; i < 4; i++)
        ck_assert(c[i] == 0);
}
END_TEST

START_TEST(alpha_zero_reads_no_operand)
{
    static const shape shapes[] = {{3, 4, 5}, {80, 80, 80}};

    for (int s = 0; s < 2; s++) {
        operands o = operands_new(shapes[s], 0, 0, 0, 2);
        o.a[0] = NAN;
        const float before = o.c[0];
        ck_assert_int_eq(run(&o, o.c), PLX_OK);
        ck_assert(o.c[0] == 2 * before);
        operands_free(&o);
    }
}
END_TEST

/* A NaN, and infinity times zero, must not be optimised away. */
START_TEST(non_finite_operands_stay_visible)
{
    static const shape shapes[] = {{3, 20, 5}, {80, 80, 80}};

    for (int s = 0; s < 2; s++) {
        operands o = operands_new(shapes[s], 0, 0, 1, 0);
        o.a[0] = NAN;
        o.a[o.lda] = 0;
        o.b[1] = INFINITY;
        ck_assert_int_eq(run(&o, o.c), PLX_OK);
        for (size_t j = 0; j < o.shape.n; j++)
            ck_assert(isnan(o.c[j]));
        ck_assert(isnan(o.c[o.ldc + 1]));
        ck_assert(isfinite(o.c[o.ldc]));
        operands_free(&o);
    }
}
END_TEST

START_TEST(isa_is_capped)
{
    use_level(LEVELS - 1);
    ck_assert_str_eq(product_isa(), levels[LEVELS - 1]);
}
END_TEST

#if defined(__x86_64__)
START_TEST(what_only_bfloat16_needs_is_capped_too)
{
    const char *reason;

    ck_assert(product_allows_bf16());
    ck_assert(product_cap_isa("avx512", &reason));
    ck_assert(!product_allows_bf16());
    ck_assert(product_cap_isa("avx512_bf16", &reason));
    ck_assert(product_allows_bf16());
}
END_TEST
#endif

START_TEST(unknown_isa_is_refused)
{
    const char *reason = NULL;

    ck_assert(!product_cap_isa("avx3", &reason));
    ck_assert_str_eq(reason, "unknown instruction set; expected sse2, avx2, avx512 or avx512_bf16");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("product");
    TCase *one = tcase_create("product");

    tcase_set_timeout(one, 60);
    tcase_add_loop_test(one, products_agree_with_the_definition, 0, LEVELS);
    tcase_add_loop_test(one, every_edge_of_a_tile_is_right, 0, LEVELS);
    tcase_add_loop_test(one, long_sums_and_far_rows, 0, LEVELS);
    tcase_add_test(one, offsets_and_strides_change_no_bit);
    tcase_add_loop_test(one, elements_do_not_depend_on_the_extents, 0, 4 * LEVELS);
    tcase_add_loop_test(one, few_rows_do_not_depend_on_each_other, 0, LEVELS);
    tcase_add_loop_test(one, products_of_strips_come_to_the_same_bits, 0, LEVELS);
    tcase_add_loop_test(one, narrow_rows_without_gaps_come_to_the_same_bits, 0, LEVELS);
    tcase_add_loop_test(one, a_bias_is_added, 0, LEVELS);
    tcase_add_loop_test(one, narrow_products_agree_with_the_definition, 0, LEVELS);
    tcase_add_test(one, empty_extents);
    tcase_add_test(one, alpha_zero_reads_no_operand);
    tcase_add_test(one, non_finite_operands_stay_visible);
    tcase_add_test(one, isa_is_capped);
#if defined(__x86_64__)
    tcase_add_test(one, what_only_bfloat16_needs_is_capped_too);
#endif
    tcase_add_test(one, unknown_isa_is_refused);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
