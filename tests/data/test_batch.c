/* Batches: inputs, targets, smoothing, kinds of target, class counts, hashes. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

static int32_t label[] = {0, 1, 2, 1, 1};
static float target[] = {0.25f, 0.75f, 0.5f, 0.5f};
static uint8_t bytes[] = {0, 51, 102, 153, 204, 255};
static double offset[] = {0, 0, 0}, factor[] = {1 / 255.0, 1 / 255.0, 1 / 255.0};

static encoding classes(size_t count)
{
    return (encoding){.targets = TARGETS_CLASS, .label_count = count, .target_count = 1};
}

/* --- inputs --- */

START_TEST(bytes_become_floats)
{
    const dataset data = {.rows = 2, .features = 3, .bytes = bytes};
    const data_part part = {.source = &data, .rows = 2};
    const encoding fitted = {.features = 3};
    const uint32_t positions[] = {1, 0};
    const float expected[] = {153, 204, 255, 0, 51, 102};
    float x[6];

    data_inputs(&part, &fitted, positions, 2, x);
    ck_assert_mem_eq(x, expected, sizeof(x));
}
END_TEST

START_TEST(bytes_are_scaled_and_rounded_once)
{
    const dataset data = {.rows = 2, .features = 3, .bytes = bytes};
    const data_part part = {.source = &data, .rows = 2};
    const encoding fitted = {.features = 3, .offset = offset, .factor = factor};
    const uint32_t positions[] = {0, 1};
    float x[6];

    data_inputs(&part, &fitted, positions, 2, x);
    for (int i = 0; i < 6; i++) {
        const float expected = (float)((double)bytes[i] * (1 / 255.0));
        ck_assert_mem_eq(&x[i], &expected, sizeof(expected));
    }
}
END_TEST

static const double factors[] = {1.0 / 255, 1.0 / 256, 0.1, -3.7, 1e-30, 1e-45, 1e300};
enum { FACTORS = sizeof(factors) / sizeof(factors[0]) };

/* Whatever loop was found for the factor. */
START_TEST(every_byte_is_scaled_and_rounded_once)
{
    uint8_t all_bytes[256];
    double none[256] = {0}, same[256];
    float x[256];
    const dataset data = {.rows = 1, .features = 256, .bytes = all_bytes};
    const data_part part = {.source = &data, .rows = 1};
    encoding fitted = {.features = 256, .offset = none, .factor = same};
    const uint32_t position = 0;

    for (int i = 0; i < 256; i++) {
        all_bytes[i] = (uint8_t)i;
        same[i] = factors[_i];
    }
    encoding_look_at_scaling(&fitted);
    data_inputs(&part, &fitted, &position, 1, x);
    for (int i = 0; i < 256; i++) {
        const float expected = (float)(i * factors[_i]);
        ck_assert_mem_eq(&x[i], &expected, sizeof(expected));
    }
}
END_TEST

START_TEST(the_largest_input_is_known_of_bytes_alone)
{
    float values[] = {1, 2, 3};
    const dataset of_bytes = {.rows = 2, .features = 3, .bytes = bytes};
    const dataset of_floats = {.rows = 1, .features = 3, .floats = values};
    const data_part bytes_part = {.source = &of_bytes, .rows = 2};
    const data_part floats_part = {.source = &of_floats, .rows = 1};
    const encoding fitted = {.features = 3, .offset = offset, .factor = factor};

    ck_assert_double_eq(data_largest_input(&bytes_part, &fitted), 1);
    ck_assert_double_eq(data_largest_input(&floats_part, &fitted), 0);
}
END_TEST

START_TEST(positions_go_through_the_part)
{
    float values[] = {10, 20, 30, 40};
    uint32_t rows[] = {3, 1};
    const dataset data = {.rows = 4, .features = 1, .floats = values};
    const data_part part = {.source = &data, .row = rows, .rows = 2};
    const encoding fitted = {.features = 1};
    const uint32_t positions[] = {1, 0, 1};
    const float expected[] = {20, 40, 20};
    float x[3];

    data_inputs(&part, &fitted, positions, 3, x);
    ck_assert_mem_eq(x, expected, sizeof(x));
}
END_TEST

START_TEST(an_empty_batch_writes_nothing)
{
    const dataset data = {.rows = 2, .features = 3, .bytes = bytes};
    const data_part part = {.source = &data, .rows = 2};
    const encoding fitted = {.features = 3};
    float x = 7;

    data_inputs(&part, &fitted, NULL, 0, &x);
    ck_assert_double_eq((double)x, 7);
}
END_TEST

/* --- targets --- */

/* Targets of row `position` of the labels above. */
static void class_row(size_t count, const target_code *code, double smoothing, uint32_t position,
                      float *out)
{
    const dataset data = {.rows = 5, .features = 1, .label = label};
    const data_part part = {.source = &data, .rows = 5};
    const encoding fitted = classes(count);

    data_targets(&part, &fitted, code, smoothing, &position, 1, out, NULL);
}

START_TEST(classes_become_one_hot)
{
    const target_code code = {.units = 3, .low = 0, .high = 1};
    const float expected[] = {0, 0, 1};
    float out[3];

    class_row(3, &code, 0, 2, out);
    ck_assert_mem_eq(out, expected, sizeof(out));
}
END_TEST

START_TEST(one_hot_between_minus_one_and_one)
{
    const target_code code = {.units = 3, .low = -1, .high = 1};
    const float expected[] = {-1, 1, -1};
    float out[3];

    class_row(3, &code, 0, 1, out);
    ck_assert_mem_eq(out, expected, sizeof(out));
}
END_TEST

START_TEST(one_unit_gives_the_second_class_high)
{
    const target_code code = {.units = 1, .low = -1, .high = 1};
    float out[2];

    class_row(2, &code, 0, 0, &out[0]);
    class_row(2, &code, 0, 1, &out[1]);
    ck_assert_double_eq((double)out[0], -1);
    ck_assert_double_eq((double)out[1], 1);
}
END_TEST

/* (1 - 0.3) onehot + 0.3 / 3 */
START_TEST(smoothing_softens_one_hot)
{
    const target_code code = {.units = 3, .low = 0, .high = 1};
    float out[3];

    class_row(3, &code, 0.3, 0, out);
    ck_assert_double_eq_tol((double)out[0], 0.8, 1e-7);
    ck_assert_double_eq_tol((double)out[1], 0.1, 1e-7);
    ck_assert_double_eq_tol((double)out[2], 0.1, 1e-7);
}
END_TEST

/* With one unit there are two classes: 0.2 / 2 from each end. */
START_TEST(smoothing_softens_one_unit)
{
    const target_code code = {.units = 1, .low = 0, .high = 1};
    float out[2];

    class_row(2, &code, 0.2, 0, &out[0]);
    class_row(2, &code, 0.2, 1, &out[1]);
    ck_assert_double_eq_tol((double)out[0], 0.1, 1e-7);
    ck_assert_double_eq_tol((double)out[1], 0.9, 1e-7);
}
END_TEST

START_TEST(smoothing_keeps_between_low_and_high)
{
    const target_code code = {.units = 1, .low = -1, .high = 1};
    float out;

    class_row(2, &code, 0.2, 0, &out);
    ck_assert_double_eq_tol((double)out, -0.8, 1e-7);
}
END_TEST

START_TEST(labels_are_given_beside_targets)
{
    const dataset data = {.rows = 5, .features = 1, .label = label};
    const data_part part = {.source = &data, .rows = 5};
    const encoding fitted = classes(3);
    const target_code code = {.units = 3, .low = 0, .high = 1};
    const uint32_t positions[] = {2, 0, 4};
    const int32_t expected[] = {2, 0, 1};
    float out[9];
    int32_t found[3];

    data_targets(&part, &fitted, &code, 0, positions, 3, out, found);
    ck_assert_mem_eq(found, expected, sizeof(found));
}
END_TEST

START_TEST(numbers_are_standardised)
{
    double mean[] = {0.25, 0.5}, deviation[] = {0.5, 0.25};
    const dataset data = {.rows = 2, .features = 1, .target = target, .target_count = 2};
    const data_part part = {.source = &data, .rows = 2};
    const encoding fitted = {.targets = TARGETS_NUMBER,
                             .target_count = 2,
                             .target_mean = mean,
                             .target_deviation = deviation};
    const target_code code = {.units = 2, .low = 0, .high = 1};
    const uint32_t positions[] = {0, 1};
    const float expected[] = {0, 1, 0.5f, 0};
    float out[4];

    data_targets(&part, &fitted, &code, 0, positions, 2, out, NULL);
    ck_assert_mem_eq(out, expected, sizeof(out));
}
END_TEST

/* --- kinds --- */

static uint32_t class_kinds(const target_code *code, double smoothing)
{
    const dataset data = {.rows = 5, .features = 1, .label = label};
    const data_part part = {.source = &data, .rows = 5};
    const encoding fitted = classes(code->units == 1 ? 2 : code->units);

    return data_target_kinds(&part, &fitted, code, smoothing);
}

START_TEST(one_hot_is_all_but_positive)
{
    const target_code code = {.units = 3, .low = 0, .high = 1};

    ck_assert_uint_eq(class_kinds(&code, 0),
                      PLX_TARGET_REALS | PLX_TARGET_UNIT | PLX_TARGET_SIMPLEX | PLX_TARGET_LABELS);
}
END_TEST

START_TEST(smoothed_one_hot_is_positive_and_no_labels)
{
    const target_code code = {.units = 3, .low = 0, .high = 1};

    ck_assert_uint_eq(class_kinds(&code, 0.1), PLX_TARGET_REALS | PLX_TARGET_UNIT |
                                                   PLX_TARGET_SIMPLEX | PLX_TARGET_POSITIVE);
}
END_TEST

START_TEST(one_unit_is_no_simplex)
{
    const target_code code = {.units = 1, .low = 0, .high = 1};

    ck_assert_uint_eq(class_kinds(&code, 0),
                      PLX_TARGET_REALS | PLX_TARGET_UNIT | PLX_TARGET_LABELS);
}
END_TEST

START_TEST(minus_one_and_one_are_reals_and_labels)
{
    const target_code code = {.units = 2, .low = -1, .high = 1};

    ck_assert_uint_eq(class_kinds(&code, 0), PLX_TARGET_REALS | PLX_TARGET_LABELS);
}
END_TEST

static uint32_t number_kinds(float *values, size_t rows, size_t units)
{
    const dataset data = {.rows = rows, .features = 1, .target = values, .target_count = units};
    const data_part part = {.source = &data, .rows = rows};
    const encoding fitted = {.targets = TARGETS_NUMBER, .target_count = units};
    const target_code code = {.units = units, .low = 0, .high = 1};

    return data_target_kinds(&part, &fitted, &code, 0);
}

START_TEST(rows_that_sum_to_one_are_a_simplex)
{
    ck_assert_uint_eq(number_kinds(target, 2, 2), PLX_TARGET_REALS | PLX_TARGET_POSITIVE |
                                                      PLX_TARGET_UNIT | PLX_TARGET_SIMPLEX);
}
END_TEST

START_TEST(a_zero_is_not_positive)
{
    float values[] = {0, 0.5f};
    ck_assert_uint_eq(number_kinds(values, 2, 1), PLX_TARGET_REALS | PLX_TARGET_UNIT);
}
END_TEST

START_TEST(large_numbers_are_not_unit)
{
    float values[] = {0.5f, 3};
    ck_assert_uint_eq(number_kinds(values, 2, 1), PLX_TARGET_REALS | PLX_TARGET_POSITIVE);
}
END_TEST

START_TEST(negative_numbers_are_reals)
{
    float values[] = {-0.5f, 3};
    ck_assert_uint_eq(number_kinds(values, 2, 1), PLX_TARGET_REALS);
}
END_TEST

/* --- counts and hashes --- */

START_TEST(counts_the_classes_of_a_part)
{
    uint32_t rows[] = {1, 2, 4};
    const dataset data = {.rows = 5, .features = 1, .label = label};
    const data_part part = {.source = &data, .row = rows, .rows = 3};
    const encoding fitted = classes(3);
    size_t count[] = {9, 9, 9};

    data_class_counts(&part, &fitted, count);
    ck_assert_uint_eq(count[0], 0);
    ck_assert_uint_eq(count[1], 2);
    ck_assert_uint_eq(count[2], 1);
}
END_TEST

/* SHA-256 of (rows, features, targets) as u64, then byte row and label: worked out with
 * sha256sum. */
START_TEST(hashes_rows_and_targets)
{
    uint8_t values[] = {1, 2, 3};
    int32_t one[] = {1};
    const dataset data = {.rows = 1, .features = 3, .bytes = values, .label = one};
    const data_part part = {.source = &data, .rows = 1};
    char hex[65];

    ck_assert(data_hash(&part, hex, NULL));
    ck_assert_str_eq(hex, "5cf9e9db54c52c77816f58ff30c046f031eefdbb0190f402a743e9bf9b4c35f3");
}
END_TEST

static void hash_of(uint8_t first, int32_t of_label, uint32_t row, char hex[65])
{
    uint8_t values[] = {first, 2, 3};
    int32_t labels[] = {of_label, 0, 0};
    const dataset data = {.rows = 3, .features = 1, .bytes = values, .label = labels};
    const data_part part = {.source = &data, .row = &row, .rows = 1};

    ck_assert(data_hash(&part, hex, NULL));
}

START_TEST(a_changed_input_changes_the_hash)
{
    char a[65], b[65];

    hash_of(1, 1, 0, a);
    hash_of(9, 1, 0, b);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(a_changed_label_changes_the_hash)
{
    char a[65], b[65];

    hash_of(1, 1, 0, a);
    hash_of(1, 2, 0, b);
    ck_assert_str_ne(a, b);
}
END_TEST

START_TEST(rows_outside_the_part_do_not_change_the_hash)
{
    char a[65], b[65];

    hash_of(1, 1, 1, a);
    hash_of(9, 2, 1, b);
    ck_assert_str_eq(a, b);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: batch");
    TCase *tests = tcase_create("batch");

    tcase_add_test(tests, bytes_become_floats);
    tcase_add_test(tests, bytes_are_scaled_and_rounded_once);
    tcase_add_loop_test(tests, every_byte_is_scaled_and_rounded_once, 0, FACTORS);
    tcase_add_test(tests, the_largest_input_is_known_of_bytes_alone);
    tcase_add_test(tests, positions_go_through_the_part);
    tcase_add_test(tests, an_empty_batch_writes_nothing);
    tcase_add_test(tests, classes_become_one_hot);
    tcase_add_test(tests, one_hot_between_minus_one_and_one);
    tcase_add_test(tests, one_unit_gives_the_second_class_high);
    tcase_add_test(tests, smoothing_softens_one_hot);
    tcase_add_test(tests, smoothing_softens_one_unit);
    tcase_add_test(tests, smoothing_keeps_between_low_and_high);
    tcase_add_test(tests, labels_are_given_beside_targets);
    tcase_add_test(tests, numbers_are_standardised);
    tcase_add_test(tests, one_hot_is_all_but_positive);
    tcase_add_test(tests, smoothed_one_hot_is_positive_and_no_labels);
    tcase_add_test(tests, one_unit_is_no_simplex);
    tcase_add_test(tests, minus_one_and_one_are_reals_and_labels);
    tcase_add_test(tests, rows_that_sum_to_one_are_a_simplex);
    tcase_add_test(tests, a_zero_is_not_positive);
    tcase_add_test(tests, large_numbers_are_not_unit);
    tcase_add_test(tests, negative_numbers_are_reals);
    tcase_add_test(tests, counts_the_classes_of_a_part);
    tcase_add_test(tests, hashes_rows_and_targets);
    tcase_add_test(tests, a_changed_input_changes_the_hash);
    tcase_add_test(tests, a_changed_label_changes_the_hash);
    tcase_add_test(tests, rows_outside_the_part_do_not_change_the_hash);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
