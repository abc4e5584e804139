/* Products of bfloat16 against the definition: rounding bit for bit, products in double precision on
 * operands that are rounded. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "network/product.h"
#include "network/product_bf16.h"
#include "network/strips.h"
#include "support/random.h"

/* --- rounding --------------------------------------------------------------------------------- */

static float of_bits(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

static uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits;
}

/* To nearest, ties to even; NaN stays NaN, quiet; what is below the normal numbers becomes 0. */
static uint16_t rounded_bits(uint32_t bits)
{
    const uint32_t magnitude = bits & 0x7fffffff;

    if (magnitude > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40);
    if (magnitude < 0x00800000)
        return (uint16_t)(bits >> 16 & 0x8000);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float rounded(float x)
{
    return of_bits((uint32_t)rounded_bits(bits_of(x)) << 16);
}

/* The number of each half of a pair. */
static uint16_t half_of(const float *pairs, size_t i)
{
    return (uint16_t)(bits_of(pairs[i / 2]) >> (i % 2 * 16));
}

START_TEST(rounding_is_to_nearest_and_ties_to_even)
{
    static const uint32_t low[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    enum { LOWS = sizeof(low) / sizeof(low[0]) };
    float x[LOWS], pairs[LOWS / 2];

    for (uint32_t high = 0; high < 0x10000; high++) {
        for (size_t i = 0; i < LOWS; i++)
            x[i] = of_bits(high << 16 | low[i]);
        bf16_round_rows(1, LOWS, x, pairs);
        for (size_t i = 0; i < LOWS; i++)
            ck_assert_msg(half_of(pairs, i) == rounded_bits(high << 16 | low[i]), "%08x gave %04x",
                          high << 16 | low[i], half_of(pairs, i));
    }
}
END_TEST

/* n numbers in [-1, 1) in a new block, freed by the caller. */
static float *numbers(uint64_t seed, size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof(float) + 127) / 64 * 64);

    ck_assert_ptr_nonnull(x);
    random_uniform_f32(random_open(seed, RANDOM_GENERATE, 0), 0, n, x);
    for (size_t i = 0; i < n; i++)
        x[i] = 2 * x[i] - 1;
    return x;
}

static const size_t widths[] = {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 129};

enum { WIDTHS = sizeof(widths) / sizeof(widths[0]), MOST_ROWS = 5 };

START_TEST(rows_are_pairs_of_neighbours)
{
    const size_t cols = widths[_i], half = bf16_half(cols);
    float *x = numbers(1, MOST_ROWS * cols), *to = numbers(2, MOST_ROWS * half + 1);
    const float behind = to[MOST_ROWS * half];

    bf16_round_rows(MOST_ROWS, cols, x, to);
    for (size_t r = 0; r < MOST_ROWS; r++)
        for (size_t j = 0; j < 2 * half; j++)
            ck_assert_uint_eq(half_of(to + r * half, j),
                              j < cols ? rounded_bits(bits_of(x[r * cols + j])) : 0);
    ck_assert(to[MOST_ROWS * half] == behind);
    free(x);
    free(to);
}
END_TEST

/* Rows 2 to 4 of a matrix, as a block of it is rounded. */
START_TEST(strips_are_pairs_of_rows)
{
    const size_t cols = widths[_i], pairs = bf16_half(MOST_ROWS);
    float *x = numbers(1, MOST_ROWS * cols), *to = numbers(2, pairs * strips_columns(cols));

    bf16_round_strips(2, cols, x, pairs, to);
    bf16_round_strips(MOST_ROWS - 2, cols, x + 2 * cols, pairs, to + STRIP);
    for (size_t r = 0; r < 2 * pairs; r++)
        for (size_t j = 0; j < cols; j++) {
            const float *strip = to + j / STRIP * pairs * STRIP;
            const float *pair = strip + r / 2 * STRIP + j % STRIP;
            ck_assert_uint_eq(half_of(pair, r % 2),
                              r < MOST_ROWS ? rounded_bits(bits_of(x[r * cols + j])) : 0);
        }
    free(x);
    free(to);
}
END_TEST

/* --- products --------------------------------------------------------------------------------- */

typedef struct shape {
    size_t m, n, k;
} shape;

/* a (m x k), b (k x n), or (n x k) transposed, with a gap behind each row, and c (m x n) as well. */
typedef struct operands {
    shape shape;
    bool transposed;
    size_t ldb, ldc;
    float *a, *b, *c;
} operands;

static operands operands_new(shape s, bool transposed, size_t gap)
{
    operands o = {.shape = s,
                  .transposed = transposed,
                  .ldb = (transposed ? s.k : s.n) + gap,
                  .ldc = s.n + gap,
                  .a = numbers(1, s.m * s.k)};

    o.b = numbers(2, (transposed ? s.n : s.k) * o.ldb);
    o.c = numbers(3, s.m * o.ldc);
    return o;
}

static void operands_free(operands *o)
{
    free(o->a);
    free(o->b);
    free(o->c);
}

static void run(const operands *o, float *c)
{
    const shape s = o->shape;
    float *a = numbers(4, s.m * bf16_half(s.k));

    bf16_round_rows(s.m, s.k, o->a, a);
    bf16_product(o->transposed, s.m, s.n, s.k, a, o->b, o->ldb, NULL, c, o->ldc);
    free(a);
}

/* Element (i, j) by the definition, and the sum of the magnitudes that bounds its rounding. */
static double exact(const operands *o, size_t i, size_t j, double *magnitude)
{
    double sum = 0;

    *magnitude = 0;
    for (size_t p = 0; p < o->shape.k; p++) {
        const float b = o->transposed ? o->b[j * o->ldb + p] : o->b[p * o->ldb + j];
        const double product = (double)rounded(o->a[i * o->shape.k + p]) * (double)rounded(b);
        sum += product;
        *magnitude += fabs(product);
    }
    return sum;
}

/* Every element, and that the gaps stay as they are. */
static void check_shape(shape s, bool transposed, size_t gap)
{
    operands o = operands_new(s, transposed, gap);
    float *before = numbers(3, s.m * o.ldc);
    double magnitude;

    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++)
            o.c[i * o.ldc + j] = NAN;
    run(&o, o.c);
    for (size_t i = 0; i < s.m; i++) {
        for (size_t j = 0; j < s.n; j++) {
            const double want = exact(&o, i, j, &magnitude);
            ck_assert_double_eq_tol((double)o.c[i * o.ldc + j], want, 2e-6 * magnitude + 1e-30);
        }
        for (size_t j = s.n; j < o.ldc; j++)
            ck_assert(o.c[i * o.ldc + j] == before[i * o.ldc + j]);
    }
    free(before);
    operands_free(&o);
}

START_TEST(products_agree_with_the_definition)
{
    static const size_t extents[] = {1, 3, 10, 16, 33, 64};
    const size_t count = sizeof(extents) / sizeof(extents[0]);

    for (size_t i = 0; i < count * count * count; i++) {
        const shape s = {extents[i / count / count], extents[i / count % count],
                         extents[i % count]};
        check_shape(s, _i == 1, i % 2 ? 3 : 0);
    }
}
END_TEST

/* Tiles of every number of rows, strips of every width, every end of k. */
START_TEST(every_edge_of_a_tile_is_right)
{
    for (size_t m = 5; m <= 24; m++)
        check_shape((shape){m, 150 - m, 19}, _i == 1, 0);
    for (size_t n = 1; n <= 70; n++)
        check_shape((shape){9, n, 21}, _i == 1, n % 4);
    for (size_t k = 1; k <= 70; k++)
        check_shape((shape){4, 35, k}, _i == 1, k % 4);
}
END_TEST

/* More steps of k than a part has. */
START_TEST(long_sums)
{
    static const shape shapes[] = {{4, 5, 2047}, {4, 70, 2048}, {7, 18, 2049}, {1, 1, 9000}};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
        check_shape(shapes[i], _i == 1, 1);
}
END_TEST

/* As a network's tasks cut it: the same elements from parts of the matrices. */
START_TEST(elements_do_not_depend_on_the_extents)
{
    operands o = operands_new((shape){40, 150, 2500}, _i == 1, 0), part = o;
    float some[7 * 9];

    run(&o, o.c);
    part.shape = (shape){7, 9, 2500};
    part.a += 5 * o.shape.k;
    part.b += o.transposed ? 61 * o.ldb : 61;
    part.ldc = 9;
    run(&part, some);
    for (size_t i = 0; i < 7; i++)
        ck_assert_mem_eq(some + i * 9, o.c + (5 + i) * o.ldc + 61, 9 * sizeof(float));
    operands_free(&o);
}
END_TEST

/* a' b from strips of a (k x m) and b (k x n), columns from i and j on. */
static void run_strips(shape s, const float *a, const float *b, size_t i, size_t j, shape part,
                       float *c)
{
    const size_t pairs = bf16_half(s.k);
    float *a_strips = numbers(5, pairs * strips_columns(s.m));
    float *b_strips = numbers(6, pairs * strips_columns(s.n));

    bf16_round_strips(s.k, s.m, a, pairs, a_strips);
    bf16_round_strips(s.k, s.n, b, pairs, b_strips);
    bf16_product_strips(part.m, part.n, pairs, a_strips, i, b_strips, j, c, part.n);
    free(a_strips);
    free(b_strips);
}

/* Both kinds of product come to the same bits; so one is as right as the other. */
static void check_strips(shape s, size_t i, size_t j, shape part)
{
    operands o = operands_new(s, false, 0);
    float *turned = numbers(7, s.k * s.m), *c = numbers(8, part.m * part.n);

    run(&o, o.c);
    for (size_t r = 0; r < s.m; r++)
        for (size_t p = 0; p < s.k; p++)
            turned[p * s.m + r] = o.a[r * s.k + p];
    run_strips(s, turned, o.b, i, j, part, c);
    for (size_t r = 0; r < part.m; r++)
        ck_assert_mem_eq(c + r * part.n, o.c + (i + r) * o.ldc + j, part.n * sizeof(float));
    free(turned);
    free(c);
    operands_free(&o);
}

START_TEST(products_of_strips_come_to_the_same_bits)
{
    static const size_t extents[] = {1, 10, 64, 65, 100};
    static const size_t ks[] = {1, 2, 33, 2051};

    for (size_t e = 0; e < 5 * 5 * 4; e++) {
        const shape s = {extents[e / 20], extents[e / 4 % 5], ks[e % 4]};
        check_strips(s, 0, 0, s);
    }
}
END_TEST

START_TEST(products_of_parts_of_strips_do_so_too)
{
    const shape s = {150, 200, 37};

    for (size_t i = 0; i < 150; i += 16)
        for (size_t j = 0; j < 200; j += 48) {
            check_strips(s, i, j, (shape){150 - i, 200 - j, 37});
            check_strips(s, i, j, (shape){i < 100 ? 33 : 3, j < 100 ? 97 : 7, 37});
        }
}
END_TEST

/* A NaN, and infinity times zero, must not be optimised away; nor may the filling of an odd k hide or
 * make one. */
START_TEST(non_finite_operands_stay_visible)
{
    operands o = operands_new((shape){3, 20, 5}, _i == 1, 0);

    o.a[4] = NAN;
    o.a[5 + 4] = 0;
    o.b[o.transposed ? o.ldb + 4 : 4 * o.ldb + 1] = INFINITY;
    run(&o, o.c);
    for (size_t j = 0; j < 20; j++)
        ck_assert(isnan(o.c[j]));
    ck_assert(isnan(o.c[o.ldc + 1]));
    ck_assert(isfinite(o.c[o.ldc]));
    ck_assert(isinf(o.c[2 * o.ldc + 1]));
    operands_free(&o);
}
END_TEST

/* What rounds up beyond the largest bfloat16 is infinite, with its sign. */
START_TEST(the_largest_numbers_round_to_infinity)
{
    const float x[] = {FLT_MAX, 1}, b[] = {-1, 0};
    float a[1], c[1];

    bf16_round_rows(1, 2, x, a);
    bf16_product(false, 1, 1, 2, a, b, 1, NULL, c, 1);
    ck_assert(isinf(c[0]) && c[0] < 0);
}
END_TEST

START_TEST(numbers_below_the_normal_ones_are_zero)
{
    const float x[] = {FLT_MIN / 2, FLT_MIN}, b[] = {0x1p100f, 0.5f};
    float a[1], c[1];

    bf16_round_rows(1, 2, x, a);
    bf16_product(false, 1, 1, 2, a, b, 1, NULL, c, 1);
    ck_assert(c[0] == 0);
}
END_TEST

START_TEST(a_cap_takes_them_away)
{
    const char *reason;

    ck_assert_ptr_null(product_bf16_lack());
    ck_assert(product_cap_isa("avx512", &reason));
    ck_assert_str_eq(product_bf16_lack(),
                     "PLEXUS_ISA keeps its instructions (avx512_bf16) from being used");
    ck_assert(product_cap_isa("avx512_bf16", &reason));
    ck_assert_ptr_null(product_bf16_lack());
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("product_bf16");
    TCase *one = tcase_create("product_bf16");

    tcase_set_timeout(one, 60);
    tcase_add_test(one, rounding_is_to_nearest_and_ties_to_even);
    tcase_add_loop_test(one, rows_are_pairs_of_neighbours, 0, WIDTHS);
    tcase_add_loop_test(one, strips_are_pairs_of_rows, 0, WIDTHS);
    tcase_add_loop_test(one, products_agree_with_the_definition, 0, 2);
    tcase_add_loop_test(one, every_edge_of_a_tile_is_right, 0, 2);
    tcase_add_loop_test(one, long_sums, 0, 2);
    tcase_add_loop_test(one, elements_do_not_depend_on_the_extents, 0, 2);
    tcase_add_test(one, products_of_strips_come_to_the_same_bits);
    tcase_add_test(one, products_of_parts_of_strips_do_so_too);
    tcase_add_loop_test(one, non_finite_operands_stay_visible, 0, 2);
    tcase_add_test(one, the_largest_numbers_round_to_infinity);
    tcase_add_test(one, numbers_below_the_normal_ones_are_zero);
    tcase_add_test(one, a_cap_takes_them_away);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    const char *lack = product_bf16_lack();

    return lack == NULL ? harness_run(suite()) : harness_skip(lack);
}
