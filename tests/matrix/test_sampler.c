/* test_sampler.c: where the trials of a search lie. */
#include "matrix/sampler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "support/text.h"

/* ---- Sobol' ---------------------------------------------------------------------------------- */

/* The sequence as published is in Gray code order, in which point n is this one. */
static uint32_t gray(uint32_t n)
{
    return n ^ (n >> 1);
}

/* The first ten points in three dimensions, as printed by Joe and Kuo's own program (sobol.cc, `sobol 10 3
 * new-joe-kuo-6.21201`), times 16. */
START_TEST(the_first_points_are_those_published)
{
    static const uint32_t published[10][3] = {{0, 0, 0},  {8, 8, 8},   {12, 4, 4},  {4, 12, 12},
                                              {6, 6, 10}, {14, 14, 2}, {10, 2, 14}, {2, 10, 6},
                                              {3, 5, 15}, {11, 13, 7}};

    for (uint32_t n = 0; n < 10; n++)
        for (size_t d = 0; d < 3; d++)
            ck_assert_uint_eq(sampler_sobol(d, gray(n)), published[n][d] << 28);
}
END_TEST

/* The first dimension is van der Corput's: the digits of the index, mirrored. */
START_TEST(the_first_dimension_mirrors_digits)
{
    for (unsigned bit = 0; bit < 32; bit++)
        ck_assert_uint_eq(sampler_sobol(0, (uint32_t)1 << bit), (uint32_t)1 << (31 - bit));
    ck_assert_uint_eq(sampler_sobol(0, UINT32_MAX), UINT32_MAX);
}
END_TEST

/* Any 2^k points from a multiple of 2^k on: one in each of the 2^k slices of a dimension. */
START_TEST(every_dimension_is_even)
{
    for (unsigned k = 1; k <= 10; k++)
        for (uint32_t block = 0; block < 3; block++) {
            bool hit[1024] = {false};
            for (uint32_t i = 0; i < (uint32_t)1 << k; i++) {
                const uint32_t slice = sampler_sobol((size_t)_i, (block << k) + i) >> (32 - k);
                ck_assert_msg(!hit[slice], "dimension %d, 2^%u points, block %u", _i, k, block);
                hit[slice] = true;
            }
        }
}
END_TEST

/* The first two dimensions are a (0, m, 2)-net: 2^m points, one in each box of 2^-a by 2^-(m-a). */
START_TEST(the_first_two_dimensions_are_even_in_all_boxes)
{
    const unsigned m = 8;

    for (unsigned a = 0; a <= m; a++) {
        bool hit[256] = {false};
        for (uint32_t i = 0; i < (uint32_t)1 << m; i++) {
            const uint32_t x = a == 0 ? 0 : sampler_sobol(0, i) >> (32 - a);
            const uint32_t y = a == m ? 0 : sampler_sobol(1, i) >> (32 - (m - a));
            const uint32_t box = (x << (m - a)) | y;
            ck_assert(!hit[box]);
            hit[box] = true;
        }
    }
}
END_TEST

/* Any two dimensions are even in some partition: of 2^10 points no box of 4 by 4 is far from 64. */
START_TEST(any_two_dimensions_are_even_in_boxes)
{
    for (size_t a = 0; a < SPEC_MOST_RANGES; a++)
        for (size_t b = a + 1; b < SPEC_MOST_RANGES; b++) {
            int count[4][4] = {{0}};
            for (uint32_t i = 0; i < 1024; i++)
                count[sampler_sobol(a, i) >> 30][sampler_sobol(b, i) >> 30]++;
            for (int x = 0; x < 4; x++)
                for (int y = 0; y < 4; y++)
                    ck_assert_int_eq(count[x][y], 64);
        }
}
END_TEST

/* ---- values ---------------------------------------------------------------------------------- */

static const search_range lr = {.rule = RANGE_LOG, .lo = 1e-4, .hi = 1};
static const search_range momentum = {.rule = RANGE_UNIFORM, .lo = -1, .hi = 3};
static const search_range units = {.rule = RANGE_UNIFORM, .lo = 1, .hi = 4, .whole = true};
static const search_range batch = {.rule = RANGE_LOG, .lo = 1, .hi = 1e7, .whole = true};

START_TEST(ranges_begin_and_end_where_they_say)
{
    static const search_range *const range[] = {&lr, &momentum, &units, &batch};

    for (size_t i = 0; i < 4; i++) {
        ck_assert(sampler_value(range[i], 0) == range[i]->lo);
        ck_assert(sampler_value(range[i], 1) == range[i]->hi);
    }
}
END_TEST

START_TEST(a_value_lies_evenly_or_evenly_in_the_logarithm)
{
    ck_assert(sampler_value(&momentum, 0.5) == 1);
    ck_assert(sampler_value(&momentum, 0.25) == 0);
    ck_assert(sampler_value(&lr, 0.5) == 0.01);
    ck_assert(sampler_value(&lr, 0.25) == 0.001);
    ck_assert(sampler_value(&batch, 3.0 / 7) == 1000);
}
END_TEST

/* Six digits, and never beyond an end that has more. */
START_TEST(values_have_six_digits)
{
    const search_range third = {.rule = RANGE_UNIFORM, .lo = 0, .hi = 1.0 / 3};
    const search_range narrow = {.rule = RANGE_UNIFORM, .lo = 0.12345678, .hi = 0.12345679};

    ck_assert(sampler_value(&third, 0.5) == 0.166667);
    ck_assert(sampler_value(&third, 1) == 1.0 / 3);
    ck_assert(sampler_value(&narrow, 0) == narrow.lo);
    ck_assert(sampler_value(&narrow, 1) >= narrow.lo && sampler_value(&narrow, 1) <= narrow.hi);
    ck_assert(sampler_value(&lr, 1.0 / 3) == 0.00215443);
}
END_TEST

START_TEST(whole_numbers_are_the_nearest)
{
    ck_assert(sampler_value(&units, 0.1) == 1);
    ck_assert(sampler_value(&units, 0.2) == 2);
    ck_assert(sampler_value(&units, 0.9) == 4);
    ck_assert(sampler_value(&batch, 0.2) == nearbyint(exp(0.2 * log(1e7))));
}
END_TEST

/* Beyond six digits, too; and read as a whole number, without an exponent. */
START_TEST(large_whole_numbers_are_written_out)
{
    const search_range big = {.rule = RANGE_UNIFORM, .lo = 0, .hi = 12345678, .whole = true};
    const spec_protocol grid = {.sampler = SAMPLER_GRID, .trials = 3};
    const search_range *const range[] = {&big};
    static const char *const expected[] = {"0", "6172839", "12345678"};

    for (size_t trial = 0; trial < 3; trial++) {
        char *value;
        ck_assert(sampler_trial(&grid, range, 1, 3, trial, &value));
        ck_assert_str_eq(value, expected[trial]);
        free(value);
    }
}
END_TEST

/* ---- trials ---------------------------------------------------------------------------------- */

static char relu[] = "relu", tanh_[] = "tanh", elu[] = "elu";
static node word[] = {{.type = NODE_SCALAR, .text = relu},
                      {.type = NODE_SCALAR, .text = tanh_},
                      {.type = NODE_SCALAR, .text = elu}};
static const node *words[] = {&word[0], &word[1], &word[2]};
static const search_range choice = {.rule = RANGE_GRID, .value = words, .value_count = 3};

/* "a b" of a trial. */
static void write_trial(const spec_protocol *protocol, const search_range *const *range,
                        size_t count, size_t points, size_t trial, char out[128])
{
    char *value[SPEC_MOST_RANGES];

    out[0] = '\0';
    ck_assert(sampler_trial(protocol, range, count, points, trial, value));
    for (size_t i = 0; i < count; i++) {
        snprintf(out + strlen(out), 128 - strlen(out), "%s%s", i == 0 ? "" : " ", value[i]);
        free(value[i]);
    }
}

START_TEST(a_grid_is_every_combination_in_order)
{
    const spec_protocol grid = {.sampler = SAMPLER_GRID, .trials = 9};
    const search_range *const range[] = {&choice, &lr};
    static const char *const expected[] = {"relu 0.0001", "relu 0.01", "relu 1",
                                           "tanh 0.0001", "tanh 0.01", "tanh 1",
                                           "elu 0.0001",  "elu 0.01",  "elu 1"};
    char seen[128];

    for (size_t trial = 0; trial < 9; trial++) {
        write_trial(&grid, range, 2, 3, trial, seen);
        ck_assert_str_eq(seen, expected[trial]);
    }
}
END_TEST

/* One point of a range is its beginning. */
START_TEST(a_grid_of_one_point_begins_the_range)
{
    const spec_protocol grid = {.sampler = SAMPLER_GRID, .trials = 3};
    const search_range *const range[] = {&lr, &choice};
    char seen[128];

    write_trial(&grid, range, 2, 1, 2, seen);
    ck_assert_str_eq(seen, "0.0001 elu");
}
END_TEST

/* Whatever stands around it, and however many trials there are in all. */
START_TEST(random_trials_depend_on_number_and_place_alone)
{
    const spec_protocol few = {.sampler = SAMPLER_RANDOM, .trials = 4};
    const spec_protocol many = {.sampler = SAMPLER_RANDOM, .trials = 1000};
    const search_range *const one[] = {&lr}, *const two[] = {&lr, &momentum};
    char a[128], b[128];

    for (size_t trial = 0; trial < 4; trial++) {
        write_trial(&few, one, 1, 0, trial, a);
        write_trial(&many, two, 2, 0, trial, b);
        ck_assert_msg(strncmp(a, b, strlen(a)) == 0 && b[strlen(a)] == ' ', "%s, %s", a, b);
    }
}
END_TEST

static const sampler_rule samplers[] = {SAMPLER_RANDOM, SAMPLER_SOBOL};

/* All of them in the range, of each value of a grid about as many, and no two trials alike. */
START_TEST(trials_spread_over_the_ranges)
{
    const spec_protocol protocol = {.sampler = samplers[_i], .trials = 300};
    const search_range *const range[] = {&lr, &choice, &units};
    size_t words_seen[3] = {0}, units_seen[5] = {0}, below = 0;
    double before = 0;

    for (size_t trial = 0; trial < 300; trial++) {
        char *value[3];
        ck_assert(sampler_trial(&protocol, range, 3, 0, trial, value));
        const double rate = strtod(value[0], NULL);
        ck_assert(rate >= 1e-4 && rate <= 1 && rate != before);
        before = rate;
        below += rate < 0.01;
        for (size_t i = 0; i < 3; i++)
            words_seen[i] += strcmp(value[1], word[i].text) == 0;
        units_seen[strtol(value[2], NULL, 10)]++;
        for (size_t i = 0; i < 3; i++)
            free(value[i]);
    }
    ck_assert_uint_eq(words_seen[0] + words_seen[1] + words_seen[2], 300);
    for (size_t i = 0; i < 3; i++)
        ck_assert(words_seen[i] > 70 && words_seen[i] < 130); /* 100, more than 3.6 deviations    */
    ck_assert(below > 118 && below < 182);                    /* 150, as many                     */
    ck_assert_uint_eq(units_seen[0], 0);
    ck_assert(units_seen[1] > 22 && units_seen[1] < 78); /* an end has half a slice: 50           */
}
END_TEST

/* As many trials as there are: each in a slice of its own, in the middle of it. */
START_TEST(sobol_trials_lie_in_the_middle_of_boxes)
{
    const spec_protocol protocol = {.sampler = SAMPLER_SOBOL, .trials = 8};
    const search_range unit = {.rule = RANGE_UNIFORM, .lo = 0, .hi = 1};
    const search_range *const range[] = {&unit, &unit, &unit, &unit, &unit,
                                         &unit, &unit, &unit, &unit, &unit};
    bool hit[SPEC_MOST_RANGES][8] = {{false}};

    for (size_t trial = 0; trial < 8; trial++) {
        char *value[SPEC_MOST_RANGES];
        ck_assert(sampler_trial(&protocol, range, SPEC_MOST_RANGES, 0, trial, value));
        for (size_t d = 0; d < SPEC_MOST_RANGES; d++) {
            const double slice = strtod(value[d], NULL) * 8 - 0.5;
            ck_assert(slice == floor(slice) && slice >= 0 && slice < 8);
            ck_assert(!hit[d][(int)slice]);
            hit[d][(int)slice] = true;
            free(value[d]);
        }
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/sampler");
    TCase *t = tcase_create("sampler");

    tcase_add_test(t, the_first_points_are_those_published);
    tcase_add_test(t, the_first_dimension_mirrors_digits);
    tcase_add_loop_test(t, every_dimension_is_even, 0, SPEC_MOST_RANGES);
    tcase_add_test(t, the_first_two_dimensions_are_even_in_all_boxes);
    tcase_add_test(t, any_two_dimensions_are_even_in_boxes);
    tcase_add_test(t, ranges_begin_and_end_where_they_say);
    tcase_add_test(t, a_value_lies_evenly_or_evenly_in_the_logarithm);
    tcase_add_test(t, values_have_six_digits);
    tcase_add_test(t, whole_numbers_are_the_nearest);
    tcase_add_test(t, large_whole_numbers_are_written_out);
    tcase_add_test(t, a_grid_is_every_combination_in_order);
    tcase_add_test(t, a_grid_of_one_point_begins_the_range);
    tcase_add_test(t, random_trials_depend_on_number_and_place_alone);
    tcase_add_loop_test(t, trials_spread_over_the_ranges, 0, 2);
    tcase_add_test(t, sobol_trials_lie_in_the_middle_of_boxes);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
