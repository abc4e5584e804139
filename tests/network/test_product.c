/* Products against the definition in double precision, on both paths. */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "network/product.h"
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
static void check_shape(shape s, int scales, bool plain)
{
    static const float alphas[] = {1, -0.75f}, betas[] = {0, 1, 0.5f};

    for (uint32_t flags = 0; flags < 4; flags++) {
        operands o =
            operands_new(s, flags, scales % 2 ? 3 : 0, alphas[scales / 3 % 2], betas[scales % 3]);
        ck_assert(product_is_plain(flags, s.m, s.n, s.k) == plain);
        check(&o);
        operands_free(&o);
    }
}

START_TEST(plain_path_agrees_with_the_definition)
{
    static const size_t extents[] = {1, 2, 3, 10, 16, 17, 33};
    const size_t count = sizeof(extents) / sizeof(extents[0]);

    for (size_t i = 0; i < count * count * count; i++) {
        const shape s = {extents[i / count / count], extents[i / count % count],
                         extents[i % count]};
        check_shape(s, (int)(i % 6), true);
    }
}
END_TEST

START_TEST(plain_path_sums_long_rows)
{
    static const shape shapes[] = {{4, 5, 255},  {4, 5, 256}, {3, 18, 257}, {1, 1, 5000},
                                   {64, 64, 64}, {500, 3, 2}, {2, 500, 3}};

    for (int i = 0; i < 6 * 7; i++)
        check_shape(shapes[i % 7], i / 7 % 6, true);
    ck_assert(!product_used_library());
}
END_TEST

START_TEST(library_path_agrees_with_the_definition)
{
    static const shape shapes[] = {{65, 64, 64},  {100, 70, 80},  {1, 600, 500}, {300, 3, 400},
                                   {3, 300, 400}, {10, 128, 230}, {128, 129, 17}};

    for (int i = 0; i < 2 * 7; i++)
        check_shape(shapes[i % 7], i % 6, false);
    ck_assert(product_used_library());
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

START_TEST(plain_elements_do_not_depend_on_the_extents)
{
    operands o = operands_new((shape){20, 40, 300}, PLX_TRANSPOSE_B, 0, 1, 0);
    float part[7 * 9];

    ck_assert_int_eq(run(&o, o.c), PLX_OK);
    ck_assert_int_eq(
        product(o.flags, 7, 9, 300, 1, o.a + 5 * o.lda, o.lda, o.b + 11 * o.ldb, o.ldb, 0, part, 9),
        PLX_OK);
    for (size_t i = 0; i < 7; i++)
        ck_assert_mem_eq(part + 9 * i, o.c + (5 + i) * o.ldc + 11, 9 * sizeof(float));
    operands_free(&o);
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

static int threads_of_process(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;

    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *one = readdir(folder); one != NULL; one = readdir(folder))
        count += one->d_name[0] != '.';
    closedir(folder);
    return count;
}

START_TEST(library_path_makes_no_thread)
{
    operands o = operands_new((shape){256, 256, 256}, 0, 0, 1, 0);
    const int before = threads_of_process();

    ck_assert_int_eq(run(&o, o.c), PLX_OK);
    ck_assert(product_used_library());
    ck_assert_int_eq(threads_of_process(), before);
    operands_free(&o);
}
END_TEST

START_TEST(isa_is_capped)
{
    const char *reason = NULL;

    ck_assert(product_cap_isa("sse41", &reason));
    ck_assert_str_eq(product_isa(), "sse41");
    operands o = operands_new((shape){70, 70, 70}, 0, 0, 1, 0);
    check(&o);
    operands_free(&o);
}
END_TEST

START_TEST(unknown_isa_is_refused)
{
    const char *reason = NULL;

    ck_assert(!product_cap_isa("avx3", &reason));
    ck_assert_str_eq(reason, "unknown instruction set; expected sse41, avx2 or avx512");
}
END_TEST

START_TEST(isa_is_not_capped_after_use)
{
    const char *reason = NULL;
    operands o = operands_new((shape){70, 70, 70}, 0, 0, 1, 0);

    ck_assert_int_eq(run(&o, o.c), PLX_OK);
    ck_assert(!product_cap_isa("sse41", &reason));
    ck_assert_ptr_nonnull(strstr(reason, "before"));
    operands_free(&o);
}
END_TEST

START_TEST(preparing_wakes_the_library)
{
    ck_assert(!product_used_library());
    ck_assert_int_eq(product_prepare(), PLX_OK);
    ck_assert(product_used_library());
}
END_TEST

START_TEST(version_is_told)
{
    ck_assert_ptr_nonnull(strstr(product_library_version(), "oneDNN 2."));
    ck_assert(!product_used_library());
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("product");
    TCase *one = tcase_create("product");

    tcase_set_timeout(one, 60);
    tcase_add_test(one, plain_path_agrees_with_the_definition);
    tcase_add_test(one, plain_path_sums_long_rows);
    tcase_add_test(one, library_path_agrees_with_the_definition);
    tcase_add_test(one, offsets_and_strides_change_no_bit);
    tcase_add_test(one, plain_elements_do_not_depend_on_the_extents);
    tcase_add_test(one, empty_extents);
    tcase_add_test(one, alpha_zero_reads_no_operand);
    tcase_add_test(one, non_finite_operands_stay_visible);
    tcase_add_test(one, library_path_makes_no_thread);
    tcase_add_test(one, isa_is_capped);
    tcase_add_test(one, unknown_isa_is_refused);
    tcase_add_test(one, isa_is_not_capped_after_use);
    tcase_add_test(one, preparing_wakes_the_library);
    tcase_add_test(one, version_is_told);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
