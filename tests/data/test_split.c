/* Which rows are for training, validation and test. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

#include "data/split.h"

static uint8_t *split(const split_plan *plan)
{
    plx_error error = {0};
    uint8_t *parts = split_rows(plan, "rows", &error);

    ck_assert_msg(parts != NULL, "%s", error.text);
    return parts;
}

static size_t count(const uint8_t *parts, size_t rows, split_part part)
{
    size_t n = 0;

    for (size_t r = 0; r < rows; r++)
        n += parts[r] == part ? 1 : 0;
    return n;
}

/* How many rows of one label are in a part. */
static size_t count_label(const uint8_t *parts, const int32_t *label, size_t rows, split_part part,
                          int32_t wanted)
{
    size_t n = 0;

    for (size_t r = 0; r < rows; r++)
        n += parts[r] == part && label[r] == wanted ? 1 : 0;
    return n;
}

START_TEST(rounds_half_up)
{
    ck_assert_uint_eq(split_count(0.25, 10), 3);
    ck_assert_uint_eq(split_count(0.35, 10), 4);
    ck_assert_uint_eq(split_count(0.24, 10), 2);
    ck_assert_uint_eq(split_count(0.3, 150), 45);
}
END_TEST

START_TEST(rounds_half_up_as_decimals)
{
    ck_assert_uint_eq(split_count(0.145, 100), 15);
    ck_assert_uint_eq(split_count(0.285, 100), 29);
}
END_TEST

START_TEST(takes_at_least_one_row)
{
    ck_assert_uint_eq(split_count(0.001, 10), 1);
}
END_TEST

START_TEST(zero_takes_none)
{
    ck_assert_uint_eq(split_count(0, 10), 0);
}
END_TEST

START_TEST(fractions_are_of_all_rows)
{
    const split_plan plan = {.rows = 100, .test = 0.2, .validation = 0.5};
    uint8_t *parts = split(&plan);

    ck_assert_uint_eq(count(parts, 100, PART_TEST), 20);
    ck_assert_uint_eq(count(parts, 100, PART_VALIDATION), 50);
    ck_assert_uint_eq(count(parts, 100, PART_TRAIN), 30);
    free(parts);
}
END_TEST

START_TEST(validation_leaves_the_test_rows_as_they_are)
{
    const split_plan plan = {.rows = 100, .test = 0.2, .seed = 7};
    const split_plan more = {.rows = 100, .test = 0.2, .seed = 7, .validation = 0.3};
    uint8_t *a = split(&plan), *b = split(&more);

    for (size_t r = 0; r < 100; r++)
        ck_assert_int_eq(a[r] == PART_TEST, b[r] == PART_TEST);
    free(a);
    free(b);
}
END_TEST

START_TEST(one_seed_gives_one_split)
{
    const split_plan plan = {.rows = 500, .test = 0.3, .validation = 0.1, .seed = 5};
    uint8_t *a = split(&plan), *b = split(&plan);

    ck_assert_mem_eq(a, b, 500);
    free(a);
    free(b);
}
END_TEST

START_TEST(another_seed_gives_another_split)
{
    const split_plan plan = {.rows = 500, .test = 0.3, .seed = 5};
    const split_plan other = {.rows = 500, .test = 0.3, .seed = 6};
    uint8_t *a = split(&plan), *b = split(&other);

    ck_assert_int_ne(memcmp(a, b, 500), 0);
    free(a);
    free(b);
}
END_TEST

START_TEST(refuses_to_leave_no_training_row)
{
    const split_plan plan = {.rows = 10, .test = 0.5, .validation = 0.5};
    plx_error error = {0};

    ck_assert_ptr_null(split_rows(&plan, "a.csv", &error));
    ck_assert_str_eq(error.text,
                     "a.csv: 5 test and 5 validation rows of 10 leave none to train on");
}
END_TEST

START_TEST(refuses_a_test_part_of_all_rows)
{
    const split_plan plan = {.rows = 1, .test = 0.5};
    plx_error error = {0};

    ck_assert_ptr_null(split_rows(&plan, "a.csv", &error));
    ck_assert_str_eq(error.text, "a.csv: 1 test and 0 validation rows of 1 leave none to train on");
}
END_TEST

/* Every row is a test row in exactly one fold, whatever the number of rows. */
static void check_folds(size_t rows, size_t folds, const int32_t *label, size_t labels)
{
    uint8_t *seen = calloc(rows, 1);

    for (size_t fold = 0; fold < folds; fold++) {
        const split_plan plan = {.rows = rows,
                                 .folds = folds,
                                 .fold = fold,
                                 .seed = 3,
                                 .label = label,
                                 .label_count = labels};
        uint8_t *parts = split(&plan);
        const size_t size = count(parts, rows, PART_TEST);
        ck_assert(size == rows / folds || size == rows / folds + 1);
        for (size_t r = 0; r < rows; r++)
            seen[r] = (uint8_t)(seen[r] + (parts[r] == PART_TEST ? 1 : 0));
        free(parts);
    }
    for (size_t r = 0; r < rows; r++)
        ck_assert_int_eq(seen[r], 1);
    free(seen);
}

START_TEST(folds_share_the_rows_out)
{
    check_folds(100, 5, NULL, 0);
    check_folds(103, 5, NULL, 0);
    check_folds(7, 7, NULL, 0);
}
END_TEST

START_TEST(stratified_folds_share_the_rows_out)
{
    int32_t label[103];

    for (int32_t r = 0; r < 103; r++)
        label[r] = r % 10 == 0 ? 1 : 0;
    check_folds(103, 4, label, 2);
}
END_TEST

START_TEST(stratified_folds_share_the_classes_out)
{
    int32_t label[120];

    for (int32_t r = 0; r < 120; r++)
        label[r] = r < 20 ? 1 : 0;
    for (size_t fold = 0; fold < 5; fold++) {
        const split_plan plan = {
            .rows = 120, .folds = 5, .fold = fold, .label = label, .label_count = 2};
        uint8_t *parts = split(&plan);
        ck_assert_uint_eq(count_label(parts, label, 120, PART_TEST, 1), 4);
        free(parts);
    }
}
END_TEST

START_TEST(validation_beside_folds_is_taken_of_the_rest)
{
    const split_plan plan = {.rows = 100, .folds = 5, .fold = 2, .validation = 0.1};
    uint8_t *parts = split(&plan);

    ck_assert_uint_eq(count(parts, 100, PART_TEST), 20);
    ck_assert_uint_eq(count(parts, 100, PART_VALIDATION), 10);
    free(parts);
}
END_TEST

START_TEST(stratified_parts_have_the_shares_of_the_whole)
{
    int32_t label[150];

    for (int32_t r = 0; r < 150; r++)
        label[r] = r / 50;
    const split_plan plan = {
        .rows = 150, .test = 0.3, .validation = 0.1, .label = label, .label_count = 3};
    uint8_t *parts = split(&plan);
    for (int32_t k = 0; k < 3; k++) {
        ck_assert_uint_eq(count_label(parts, label, 150, PART_TEST, k), 15);
        ck_assert_uint_eq(count_label(parts, label, 150, PART_VALIDATION, k), 5);
    }
    free(parts);
}
END_TEST

/* 10 of 30 rows with classes of 7, 11, 12: exact shares 2.33, 3.67, 4: remainders give 2, 4, 4. */
START_TEST(largest_remainders_get_what_is_left)
{
    int32_t label[30];

    for (int32_t r = 0; r < 30; r++)
        label[r] = r < 7 ? 0 : r < 18 ? 1 : 2;
    const split_plan plan = {.rows = 30, .test = 1.0 / 3, .label = label, .label_count = 3};
    uint8_t *parts = split(&plan);
    ck_assert_uint_eq(count_label(parts, label, 30, PART_TEST, 0), 2);
    ck_assert_uint_eq(count_label(parts, label, 30, PART_TEST, 1), 4);
    ck_assert_uint_eq(count_label(parts, label, 30, PART_TEST, 2), 4);
    free(parts);
}
END_TEST

START_TEST(stratified_sizes_hold_with_classes_of_one_row)
{
    int32_t label[20];

    for (int32_t r = 0; r < 20; r++)
        label[r] = r;
    const split_plan plan = {
        .rows = 20, .test = 0.25, .validation = 0.25, .label = label, .label_count = 20};
    uint8_t *parts = split(&plan);
    ck_assert_uint_eq(count(parts, 20, PART_TEST), 5);
    ck_assert_uint_eq(count(parts, 20, PART_VALIDATION), 5);
    free(parts);
}
END_TEST

/* --- through data_load --- */

static data_bundle *load_moons(data_config *config)
{
    char name[] = "moons";

    config->generate = (generate_spec){.name = name, .samples = 40};
    return fixture_load(config);
}

/* Every class is due a third of a row more; a third of 40 is not a third of 10 in a double. */
START_TEST(equal_remainders_go_to_the_first_class)
{
    int32_t label[90];

    for (int r = 0; r < 90; r++)
        label[r] = r < 10 ? 0 : r < 50 ? 1 : 2;
    const split_plan plan = {.rows = 90, .test = 1.0 / 3, .label = label, .label_count = 3};
    uint8_t *parts = split(&plan);
    ck_assert_uint_eq(count_label(parts, label, 90, PART_TEST, 0), 4);
    free(parts);
}
END_TEST

/* Each class of two rows is due 0.8 of a row: the first four fifths of the classes give one. */
START_TEST(as_many_classes_as_can_be_are_shared_out)
{
    enum { CLASSES = 100000, ROWS = 2 * CLASSES };
    int32_t *label = calloc(ROWS, sizeof(*label));

    ck_assert_ptr_nonnull(label);
    for (int r = 0; r < ROWS; r++)
        label[r] = r % CLASSES;
    const split_plan plan = {.rows = ROWS, .test = 0.4, .label = label, .label_count = CLASSES};
    uint8_t *parts = split(&plan);
    for (int c = 0; c < CLASSES; c++)
        ck_assert_int_eq((parts[c] == PART_TEST) + (parts[c + CLASSES] == PART_TEST),
                         c < CLASSES / 5 * 4);
    free(parts);
    free(label);
}
END_TEST

START_TEST(parts_keep_the_order_of_the_file)
{
    data_config config = {.validation = {.fraction = 0.2}, .test = {.fraction = 0.2}};
    data_bundle *bundle = load_moons(&config);
    const data_part *parts[] = {&bundle->train, &bundle->validation, &bundle->test};

    for (int k = 0; k < 3; k++)
        for (size_t i = 1; i < parts[k]->rows; i++)
            ck_assert_uint_lt(parts[k]->row[i - 1], parts[k]->row[i]);
    data_free(bundle);
}
END_TEST

START_TEST(the_whole_file_needs_no_list)
{
    data_config config = {0};
    data_bundle *bundle = load_moons(&config);

    ck_assert_ptr_null(bundle->train.row);
    ck_assert_uint_eq(bundle->train.rows, 40);
    ck_assert_uint_eq(bundle->validation.rows, 0);
    ck_assert_uint_eq(bundle->test.rows, 0);
    data_free(bundle);
}
END_TEST

static void check_refused(data_config *config, const char *expected)
{
    char name[] = "moons";

    config->at = (place){"x.yaml", 1, 1};
    config->test.at = (place){"x.yaml", 4, 3};
    config->generate = (generate_spec){.name = name, .samples = 40};
    fixture_refused(config, "@", ERROR_CONFIG, expected);
}

START_TEST(refuses_a_fold_beyond_the_last)
{
    data_config config = {.folds = 5, .fold = 5};
    check_refused(&config, "x.yaml:1:1: fold 5 of 5; folds count from 0");
}
END_TEST

START_TEST(refuses_one_fold)
{
    data_config config = {.folds = 1};
    check_refused(&config, "x.yaml:1:1: 1 folds of 40 rows; there must be 2 to 40");
}
END_TEST

START_TEST(refuses_more_folds_than_rows)
{
    data_config config = {.folds = 41};
    check_refused(&config, "x.yaml:1:1: 41 folds of 40 rows; there must be 2 to 40");
}
END_TEST

START_TEST(refuses_folds_beside_a_test_fraction)
{
    data_config config = {.folds = 5, .test = {.fraction = 0.1}};
    check_refused(&config, "x.yaml:4:3: `test` beside `folds`; with folds the test part is fold 0");
}
END_TEST

START_TEST(refuses_to_stratify_numbers)
{
    target_spec spec;
    char *folder = harness_folder();
    char *path = harness_file(folder, "a.csv", "x,y\n1,2\n3,4\n5,6\n");
    data_config config = fixture_config(path, NULL, &spec, "y");

    config.stratify = true;
    fixture_refused(&config, folder, ERROR_CONFIG,
                    "x.yaml:1:1: `stratify` needs classes, but the target is a number");
    free(spec.column);
    free(path);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: split");
    TCase *tests = tcase_create("split");

    tcase_add_test(tests, rounds_half_up);
    tcase_add_test(tests, rounds_half_up_as_decimals);
    tcase_add_test(tests, takes_at_least_one_row);
    tcase_add_test(tests, zero_takes_none);
    tcase_add_test(tests, fractions_are_of_all_rows);
    tcase_add_test(tests, validation_leaves_the_test_rows_as_they_are);
    tcase_add_test(tests, one_seed_gives_one_split);
    tcase_add_test(tests, another_seed_gives_another_split);
    tcase_add_test(tests, refuses_to_leave_no_training_row);
    tcase_add_test(tests, refuses_a_test_part_of_all_rows);
    tcase_add_test(tests, folds_share_the_rows_out);
    tcase_add_test(tests, stratified_folds_share_the_rows_out);
    tcase_add_test(tests, stratified_folds_share_the_classes_out);
    tcase_add_test(tests, validation_beside_folds_is_taken_of_the_rest);
    tcase_add_test(tests, stratified_parts_have_the_shares_of_the_whole);
    tcase_add_test(tests, largest_remainders_get_what_is_left);
    tcase_add_test(tests, stratified_sizes_hold_with_classes_of_one_row);
    tcase_add_test(tests, equal_remainders_go_to_the_first_class);
    tcase_add_test(tests, as_many_classes_as_can_be_are_shared_out);
    tcase_add_test(tests, parts_keep_the_order_of_the_file);
    tcase_add_test(tests, the_whole_file_needs_no_list);
    tcase_add_test(tests, refuses_a_fold_beyond_the_last);
    tcase_add_test(tests, refuses_one_fold);
    tcase_add_test(tests, refuses_more_folds_than_rows);
    tcase_add_test(tests, refuses_folds_beside_a_test_fraction);
    tcase_add_test(tests, refuses_to_stratify_numbers);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
