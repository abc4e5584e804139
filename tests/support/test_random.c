/* test_random.c: Philox against its published known answers; that a range may be split anywhere;
 * and the moments of what is drawn, for fixed seeds, within five standard errors. */
#include "support/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static void assert_block(random_stream stream, uint64_t index, const uint32_t expected[4])
{
    uint32_t block[4];

    random_block(stream, index, block);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(block[i], expected[i]);
}

START_TEST(philox_of_zeros)
{
    const uint32_t expected[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};

    assert_block((random_stream){0, 0}, 0, expected);
}
END_TEST

START_TEST(philox_of_ones)
{
    const uint32_t expected[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};

    assert_block((random_stream){UINT64_MAX, UINT64_MAX}, UINT64_MAX, expected);
}
END_TEST

/* Counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0: the digits of pi. */
START_TEST(philox_of_pi)
{
    const uint32_t expected[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    const random_stream stream = {.seed = 0x299f31d0a4093822, .lane = 0x0370734413198a2e};

    assert_block(stream, 0x85a308d3243f6a88, expected);
}
END_TEST

START_TEST(streams_differ_in_seed_purpose_and_sub)
{
    const random_stream streams[] = {
        random_open(1, RANDOM_INIT, 0),
        random_open(2, RANDOM_INIT, 0),
        random_open(1, RANDOM_SHUFFLE, 0),
        random_open(1, RANDOM_INIT, 1),
    };

    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            ck_assert_double_ne(random_uniform(streams[i], 0), random_uniform(streams[j], 0));
}
END_TEST

START_TEST(purpose_stands_above_sub)
{
    const random_stream stream = random_open(9, RANDOM_DROPOUT, (UINT64_C(1) << 56) - 1);

    ck_assert_uint_eq(stream.seed, 9);
    ck_assert_uint_eq(stream.lane, UINT64_C(0x05ffffffffffffff));
}
END_TEST

/* The first words of the block of zeros, by hand: 0xe169c58d6627e8d5 >> 11, times 2^-53. */
START_TEST(uniform_takes_53_bits)
{
    const double expected = (double)(UINT64_C(0xe169c58d6627e8d5) >> 11) / 9007199254740992.0;

    ck_assert(random_uniform((random_stream){0, 0}, 0) == expected);
}
END_TEST

START_TEST(uniform_has_its_moments)
{
    const random_stream stream = random_open(1, RANDOM_GENERATE, 0);
    const int n = 100000;
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++) {
        const double u = random_uniform(stream, (uint64_t)i);
        ck_assert(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    ck_assert_double_eq_tol(sum / n, 0.5, 5 * sqrt(1.0 / 12 / n));
    ck_assert_double_eq_tol(squares / n, 1.0 / 3, 5 * sqrt(4.0 / 45 / n));
}
END_TEST

START_TEST(normal_has_its_moments)
{
    const random_stream stream = random_open(2, RANDOM_INIT, 3);
    const int n = 100000;
    double sum = 0, squares = 0, fourths = 0;

    for (int i = 0; i < n; i++) {
        const double z = random_normal(stream, (uint64_t)i);
        ck_assert(isfinite(z));
        sum += z;
        squares += z * z;
        fourths += z * z * z * z;
    }
    ck_assert_double_eq_tol(sum / n, 0, 5 * sqrt(1.0 / n));
    ck_assert_double_eq_tol(squares / n, 1, 5 * sqrt(2.0 / n));
    ck_assert_double_eq_tol(fourths / n, 3, 5 * sqrt(96.0 / n));
}
END_TEST

/* The rounds run backwards from a block of zeros give this counter; its uniform is 0, whose
 * logarithm must not be taken. The largest normal there is: sqrt(2 * 53 * ln 2). */
START_TEST(normal_of_a_zero_block_is_finite)
{
    const random_stream stream = {.seed = 0, .lane = UINT64_C(0xd9f19ce4d942a9da)};
    const uint32_t zeros[4] = {0};

    assert_block(stream, UINT64_C(0x58dd724a86d9ccce), zeros);
    ck_assert_double_eq_tol(random_normal(stream, UINT64_C(0x58dd724a86d9ccce)), 8.571674348652905,
                            1e-12);
}
END_TEST

/* 97.5 of 100 lie below 1.96. */
START_TEST(normal_has_its_quantile)
{
    const random_stream stream = random_open(3, RANDOM_INIT, 0);
    const int n = 100000;
    int below = 0;

    for (int i = 0; i < n; i++)
        below += random_normal(stream, (uint64_t)i) < 1.959963984540054;
    ck_assert_double_eq_tol((double)below / n, 0.975, 5 * sqrt(0.975 * 0.025 / n));
}
END_TEST

START_TEST(below_reaches_every_number_equally)
{
    const random_stream stream = random_open(4, RANDOM_SPLIT, 0);
    int counts[7] = {0};
    double chi2 = 0;

    for (uint64_t i = 0; i < 70000; i++) {
        const uint64_t k = random_below(stream, i, 7);
        ck_assert_uint_lt(k, 7);
        counts[k]++;
    }
    for (int k = 0; k < 7; k++)
        chi2 += (counts[k] - 10000.0) * (counts[k] - 10000.0) / 10000.0;
    ck_assert_double_lt(chi2, 22.46); /* chi-squared, 6 degrees of freedom, p = .001 */
}
END_TEST

START_TEST(below_keeps_within_extreme_bounds)
{
    const random_stream stream = random_open(5, RANDOM_SPLIT, 0);

    for (uint64_t i = 0; i < 100; i++) {
        ck_assert_uint_eq(random_below(stream, i, 1), 0);
        ck_assert_uint_lt(random_below(stream, i, UINT64_MAX), UINT64_MAX);
    }
}
END_TEST

START_TEST(uniform_f32_takes_the_top_of_each_word)
{
    const random_stream stream = {0, 0};
    const float expected[4] = {(float)0x6627e8 / 16777216.0f, (float)0xe169c5 / 16777216.0f,
                               (float)0xbc57ac / 16777216.0f, (float)0x9b00db / 16777216.0f};
    float out[4];

    random_uniform_f32(stream, 0, 4, out);
    ck_assert_mem_eq(out, expected, sizeof(expected));
}
END_TEST

typedef void fill(random_stream stream, uint64_t first, size_t n, float *out);

/* Every split of 23 numbers, from an odd start, gives the same bits as one call. */
static void assert_splits(fill *fill_range)
{
    const random_stream stream = random_open(6, RANDOM_PLUGIN, 1);
    float whole[23], parts[23];

    fill_range(stream, 5, 23, whole);
    for (size_t cut = 0; cut <= 23; cut++) {
        fill_range(stream, 5, cut, parts);
        fill_range(stream, 5 + cut, 23 - cut, parts + cut);
        ck_assert_mem_eq(parts, whole, sizeof(whole));
    }
}

START_TEST(uniform_f32_may_be_split_anywhere)
{
    assert_splits(random_uniform_f32);
}
END_TEST

START_TEST(normal_f32_may_be_split_anywhere)
{
    assert_splits(random_normal_f32);
}
END_TEST

START_TEST(normal_f32_is_the_rounded_normal)
{
    const random_stream stream = random_open(7, RANDOM_INIT, 0);
    float out[10];

    random_normal_f32(stream, 100, 10, out);
    for (uint64_t i = 0; i < 10; i++)
        ck_assert(out[i] == (float)random_normal(stream, 100 + i));
}
END_TEST

START_TEST(permutation_has_each_number_once)
{
    enum { N = 1000 };
    uint32_t order[N];
    unsigned char seen[N] = {0};
    size_t fixed = 0;

    random_permutation(random_open(8, RANDOM_SHUFFLE, 0), N, order);
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_lt(order[i], N);
        ck_assert_uint_eq(seen[order[i]]++, 0);
        fixed += order[i] == i;
    }
    ck_assert_uint_lt(fixed, 10);
}
END_TEST

/* All 6 orders of 3 numbers, each about 1000 times in 6000. */
START_TEST(permutations_are_equally_likely)
{
    int counts[27] = {0};
    double chi2 = 0;
    uint32_t order[3];

    for (uint64_t epoch = 0; epoch < 6000; epoch++) {
        random_permutation(random_open(9, RANDOM_SHUFFLE, epoch), 3, order);
        counts[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    for (int i = 0; i < 27; i++)
        if (counts[i] > 0)
            chi2 += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
    ck_assert_int_gt(counts[5], 0);   /* 0 1 2, the identity, is one of them */
    ck_assert_double_lt(chi2, 20.52); /* 5 degrees of freedom, p = .001 */
}
END_TEST

START_TEST(permutations_of_nothing_and_of_one)
{
    uint32_t order[1] = {7};

    random_permutation(random_open(1, RANDOM_SHUFFLE, 0), 0, order);
    ck_assert_uint_eq(order[0], 7);
    random_permutation(random_open(1, RANDOM_SHUFFLE, 0), 1, order);
    ck_assert_uint_eq(order[0], 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("random");
    TCase *cases = tcase_create("random");

    tcase_add_test(cases, philox_of_zeros);
    tcase_add_test(cases, philox_of_ones);
    tcase_add_test(cases, philox_of_pi);
    tcase_add_test(cases, streams_differ_in_seed_purpose_and_sub);
    tcase_add_test(cases, purpose_stands_above_sub);
    tcase_add_test(cases, uniform_takes_53_bits);
    tcase_add_test(cases, uniform_has_its_moments);
    tcase_add_test(cases, normal_has_its_moments);
    tcase_add_test(cases, normal_of_a_zero_block_is_finite);
    tcase_add_test(cases, normal_has_its_quantile);
    tcase_add_test(cases, below_reaches_every_number_equally);
    tcase_add_test(cases, below_keeps_within_extreme_bounds);
    tcase_add_test(cases, uniform_f32_takes_the_top_of_each_word);
    tcase_add_test(cases, uniform_f32_may_be_split_anywhere);
    tcase_add_test(cases, normal_f32_may_be_split_anywhere);
    tcase_add_test(cases, normal_f32_is_the_rounded_normal);
    tcase_add_test(cases, permutation_has_each_number_once);
    tcase_add_test(cases, permutations_are_equally_likely);
    tcase_add_test(cases, permutations_of_nothing_and_of_one);
    suite_add_tcase(all, cases);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
