/* Scaling and missing values: fitted on the training rows alone. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/scale.h"
#include "fixture.h"

/* A training file with target y, and a test file unless it is NULL. */
typedef struct setup {
    char *folder, *train, *test;
    target_spec spec;
    data_config config;
} setup;

static setup set_up(const char *content, const char *test)
{
    setup s = {.folder = harness_folder()};

    s.train = harness_file(s.folder, "train.csv", content);
    s.test = test == NULL ? NULL : harness_file(s.folder, "test.csv", test);
    s.config = fixture_config(s.train, NULL, &s.spec, "y");
    s.config.test.path = s.test;
    return s;
}

/* config.target points into a struct that was returned by value. */
static data_bundle *load(setup *s)
{
    s->config.target = &s->spec;
    return fixture_load(&s->config);
}

static void tear_down(setup *s, data_bundle *bundle)
{
    data_free(bundle);
    free(s->spec.column);
    free(s->train);
    free(s->test);
    free(s->folder);
}

static double test_input(const data_bundle *bundle, uint32_t row, size_t f)
{
    return fixture_input(bundle, &bundle->test, row, f);
}

static double train_input(const data_bundle *bundle, uint32_t row, size_t f)
{
    return fixture_input(bundle, &bundle->train, row, f);
}

START_TEST(unit_maps_the_training_range_to_0_and_1)
{
    setup s = set_up("x,y\n2,a\n4,b\n10,a\n", NULL);

    s.config.scale = SCALE_UNIT;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(train_input(bundle, 0, 0), 0.0);
    ck_assert_double_eq(train_input(bundle, 1, 0), 0.25);
    ck_assert_double_eq(train_input(bundle, 2, 0), 1.0);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(a_test_row_may_lie_outside)
{
    setup s = set_up("x,y\n2,a\n10,b\n", "x,y\n18,a\n-6,b\n");

    s.config.scale = SCALE_UNIT;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(test_input(bundle, 0, 0), 2.0);
    ck_assert_double_eq(test_input(bundle, 1, 0), -1.0);
    tear_down(&s, bundle);
}
END_TEST

/* 2, 4, 4, 4, 5, 5, 7, 9: mean 5, population deviation 2. */
START_TEST(standard_takes_the_population_deviation)
{
    setup s = set_up("x,y\n2,a\n4,b\n4,a\n4,b\n5,a\n5,b\n7,a\n9,b\n", NULL);

    s.config.scale = SCALE_STANDARD;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(bundle->encoding.offset[0], 5);
    ck_assert_double_eq(bundle->encoding.factor[0], 0.5);
    ck_assert_double_eq(train_input(bundle, 7, 0), 2.0);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(a_constant_feature_is_only_centred)
{
    setup s = set_up("c,x,y\n0.1,1,a\n0.1,2,b\n0.1,3,b\n", "c,x,y\n1.1,1,a\n");

    s.config.scale = SCALE_STANDARD;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(train_input(bundle, 2, 0), 0.0);
    ck_assert_double_eq_tol(test_input(bundle, 0, 0), 1.0, 1e-6);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(one_hot_columns_are_left_alone)
{
    setup s = set_up("c,x,y\nred,1,a\nblue,2,b\nred,3,b\n", NULL);

    s.config.scale = SCALE_STANDARD;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(train_input(bundle, 0, 0), 0.0);
    ck_assert_double_eq(train_input(bundle, 0, 1), 1.0);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(held_out_rows_do_not_move_the_scale)
{
    setup s = set_up("x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n7,a\n8,b\n9,a\n10,b\n", NULL);
    double least = HUGE_VAL, most = -HUGE_VAL;

    s.config.scale = SCALE_UNIT;
    s.config.test.fraction = 0.5;
    data_bundle *bundle = load(&s);
    for (size_t i = 0; i < bundle->train.rows; i++) {
        const double x = bundle->train.row[i] + 1;
        least = fmin(least, x);
        most = fmax(most, x);
    }
    ck_assert(least > 1 || most < 10); /* a seed for which the extremes are not all in training */
    ck_assert_double_eq(bundle->encoding.offset[0], least);
    ck_assert_double_eq(bundle->encoding.factor[0], 1 / (most - least));
    tear_down(&s, bundle);
}
END_TEST

START_TEST(a_test_file_does_not_move_the_scale)
{
    setup s = set_up("x,y\n1,a\n3,b\n", "x,y\n1000,a\n");

    s.config.scale = SCALE_STANDARD;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(bundle->encoding.offset[0], 2);
    ck_assert_double_eq(bundle->encoding.factor[0], 1);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(no_scale_keeps_the_values)
{
    setup s = set_up("x,y\n1.5,a\n3,b\n", NULL);
    data_bundle *bundle = load(&s);

    ck_assert_ptr_null(bundle->encoding.offset);
    ck_assert_double_eq(train_input(bundle, 0, 0), 1.5);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(targets_are_standardised)
{
    setup s = set_up("x,y\n1,2\n2,4\n3,4\n4,4\n5,5\n6,5\n7,7\n8,9\n", "x,y\n1,100\n");

    s.config.scale_target = SCALE_STANDARD;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(bundle->encoding.target_mean[0], 5);
    ck_assert_double_eq(bundle->encoding.target_deviation[0], 2);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(a_constant_target_is_only_centred)
{
    setup s = set_up("x,y\n1,3\n2,3\n", NULL);

    s.config.scale_target = SCALE_STANDARD;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(bundle->encoding.target_mean[0], 3);
    ck_assert_double_eq(bundle->encoding.target_deviation[0], 1);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(refuses_to_scale_classes)
{
    setup s = set_up("x,y\n1,a\n2,b\n", NULL);

    s.config.scale_target = SCALE_STANDARD;
    s.config.target = &s.spec;
    fixture_refused(&s.config, s.folder, ERROR_CONFIG,
                    "x.yaml:1:1: `scale_target` is for numbers, but 'y' holds classes");
    tear_down(&s, NULL);
}
END_TEST

/* --- missing values --- */

START_TEST(drop_leaves_rows_out_and_says_so)
{
    setup s = set_up("x,z,y\n1,2,a\n,3,b\n4,5,b\n6,?,a\n", NULL);
    text lines = {0};
    const logger log = fixture_log(&lines);
    plx_error error = {0};

    s.config.target = &s.spec;
    s.config.missing = MISSING_DROP;
    data_bundle *bundle = data_load(&s.config, &log, &error);
    ck_assert_msg(bundle != NULL, "%s", error.text);
    ck_assert_uint_eq(bundle->train.rows, 2);
    ck_assert_double_eq(train_input(bundle, 1, 0), 4.0);
    char *said = fixture_message(lines.bytes, s.folder);
    ck_assert_str_eq(said, "info: @/train.csv: left out 2 of 4 rows, which lack a value\n");
    free(said);
    free(lines.bytes);
    tear_down(&s, bundle);
}
END_TEST

/* What a dropped row holds says nothing about the kind of a column, for its labels must be read the
 * same way by whoever has only the encoding. */
START_TEST(dropped_rows_do_not_decide_what_labels_are)
{
    setup s = set_up("x,y\n1,10\n2,9\n3,9.0\n,word\n", NULL);

    s.spec.as = AS_CLASS;
    s.config.missing = MISSING_DROP;
    data_bundle *bundle = load(&s);
    ck_assert_uint_eq(bundle->encoding.label_count, 2);
    ck_assert_str_eq(bundle->encoding.label[0], "9");
    ck_assert_str_eq(bundle->encoding.label[1], "10");
    tear_down(&s, bundle);
}
END_TEST

START_TEST(dropped_rows_do_not_decide_what_inputs_are)
{
    setup s = set_up("x,z,y\n1,2,a\nword,,b\n4,5,b\n", NULL);

    s.config.missing = MISSING_DROP;
    data_bundle *bundle = load(&s);
    ck_assert_uint_eq(bundle->encoding.features, 2);
    ck_assert_double_eq(train_input(bundle, 1, 0), 4.0);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(drop_ignores_columns_that_are_not_used)
{
    char note[] = "note", *drop[] = {note};
    setup s = set_up("x,note,y\n1,,a\n2,,b\n", NULL);

    s.config.missing = MISSING_DROP;
    s.config.drop = drop;
    s.config.drop_count = 1;
    data_bundle *bundle = load(&s);
    ck_assert_uint_eq(bundle->train.rows, 2);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(mean_fills_numbers_in)
{
    setup s = set_up("x,y\n1,a\n,b\n4,b\n", NULL);

    s.config.missing = MISSING_MEAN;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(train_input(bundle, 1, 0), 2.5);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(mean_of_training_fills_a_test_file_in)
{
    setup s = set_up("x,y\n1,a\n4,b\n", "x,y\n100,a\n,b\n");

    s.config.missing = MISSING_MEAN;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(test_input(bundle, 1, 0), 2.5);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(mean_is_of_the_training_rows)
{
    setup s = set_up("x,y\n1,a\n2,b\n4,a\n8,b\n16,a\n32,b\n64,a\n128,b\n", NULL);
    double sum = 0;

    s.config.missing = MISSING_MEAN;
    s.config.test.fraction = 0.5;
    data_bundle *bundle = load(&s);
    for (size_t i = 0; i < bundle->train.rows; i++)
        sum += ldexp(1, (int)bundle->train.row[i]);
    ck_assert_double_eq(bundle->encoding.column[0].mean, sum / 4);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(a_missing_category_is_all_zeros_under_mean)
{
    setup s = set_up("c,y\nu,a\n,b\nv,b\n", NULL);

    s.config.missing = MISSING_MEAN;
    data_bundle *bundle = load(&s);
    ck_assert_double_eq(train_input(bundle, 1, 0), 0.0);
    ck_assert_double_eq(train_input(bundle, 1, 1), 0.0);
    tear_down(&s, bundle);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: scale");
    TCase *tests = tcase_create("scale");

    tcase_add_test(tests, unit_maps_the_training_range_to_0_and_1);
    tcase_add_test(tests, a_test_row_may_lie_outside);
    tcase_add_test(tests, standard_takes_the_population_deviation);
    tcase_add_test(tests, a_constant_feature_is_only_centred);
    tcase_add_test(tests, one_hot_columns_are_left_alone);
    tcase_add_test(tests, held_out_rows_do_not_move_the_scale);
    tcase_add_test(tests, a_test_file_does_not_move_the_scale);
    tcase_add_test(tests, no_scale_keeps_the_values);
    tcase_add_test(tests, targets_are_standardised);
    tcase_add_test(tests, a_constant_target_is_only_centred);
    tcase_add_test(tests, refuses_to_scale_classes);
    tcase_add_test(tests, drop_leaves_rows_out_and_says_so);
    tcase_add_test(tests, dropped_rows_do_not_decide_what_labels_are);
    tcase_add_test(tests, dropped_rows_do_not_decide_what_inputs_are);
    tcase_add_test(tests, drop_ignores_columns_that_are_not_used);
    tcase_add_test(tests, mean_fills_numbers_in);
    tcase_add_test(tests, mean_of_training_fills_a_test_file_in);
    tcase_add_test(tests, mean_is_of_the_training_rows);
    tcase_add_test(tests, a_missing_category_is_all_zeros_under_mean);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
