/* Whole CSV data sets: columns, categories, labels, targets, other files, what is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/memory.h"

/* A training file with target y and, unless NULL, a test file. */
typedef struct setup {
    char *folder, *train, *test;
    target_spec spec;
    data_config config;
} setup;

static void set_up(setup *s, const char *content, const char *test)
{
    *s = (setup){.folder = harness_folder()};
    s->train = harness_file(s->folder, "train.csv", content);
    s->test = test == NULL ? NULL : harness_file(s->folder, "test.csv", test);
    s->config = fixture_config(s->train, NULL, &s->spec, "y");
    s->config.test.path = s->test;
}

static void tear_down(setup *s, data_bundle *bundle)
{
    data_free(bundle);
    free(s->spec.column);
    free(s->train);
    free(s->test);
    free(s->folder);
}

/* Refused at once, for that class and text. */
static void check_refused(const char *content, const char *test, error_class code,
                          const char *expected)
{
    setup s;

    set_up(&s, content, test);
    fixture_refused(&s.config, s.folder, code, expected);
    tear_down(&s, NULL);
}

/* Loads and requires what the log says, @ for the folder; NULL for nothing. */
static void check_log(const char *content, const char *test, const char *expected)
{
    setup s;
    text lines = {0};
    const logger log = fixture_log(&lines);
    plx_error error = {0};

    set_up(&s, content, test);
    data_bundle *bundle = data_load(&s.config, &log, &error);
    ck_assert_msg(bundle != NULL, "%s", error.text);
    char *said = fixture_message(lines.bytes == NULL ? "" : lines.bytes, s.folder);
    ck_assert_str_eq(said, expected);
    free(said);
    free(lines.bytes);
    tear_down(&s, bundle);
}

/* --- columns --- */

START_TEST(numbers_and_categories_are_told_apart)
{
    data_bundle *bundle = fixture_csv("a,b,c,y\n1,1,u,p\n2,x,v,q\n", "y");

    ck_assert_uint_eq(bundle->encoding.column_count, 3);
    ck_assert_ptr_null(bundle->encoding.column[0].category);
    ck_assert_ptr_nonnull(bundle->encoding.column[1].category);
    ck_assert_ptr_nonnull(bundle->encoding.column[2].category);
    ck_assert_uint_eq(bundle->encoding.features, 5);
    data_free(bundle);
}
END_TEST

START_TEST(categories_are_sorted_by_bytes)
{
    data_bundle *bundle = fixture_csv("c,y\nb,p\nB,q\n10,p\n9,q\na,p\n", "y");
    static const char *const expected[] = {"10", "9", "B", "a", "b"};

    ck_assert_uint_eq(bundle->encoding.column[0].categories, 5);
    for (size_t k = 0; k < 5; k++)
        ck_assert_str_eq(bundle->encoding.column[0].category[k], expected[k]);
    data_free(bundle);
}
END_TEST

START_TEST(categories_are_one_hot)
{
    data_bundle *bundle = fixture_csv("x,c,y\n5,v,p\n6,u,q\n", "y");
    const float expected[] = {5, 0, 1, 6, 1, 0};

    ck_assert_mem_eq(bundle->storage[0]->floats, expected, sizeof(expected));
    data_free(bundle);
}
END_TEST

START_TEST(the_target_may_stand_anywhere)
{
    data_bundle *bundle = fixture_csv("a,y,b\n1,p,2\n3,q,4\n", "y");
    const float expected[] = {1, 2, 3, 4};

    ck_assert_mem_eq(bundle->storage[0]->floats, expected, sizeof(expected));
    data_free(bundle);
}
END_TEST

START_TEST(columns_can_be_forced_to_categories)
{
    setup s;
    char name[] = "zip", *names[] = {name};

    set_up(&s, "zip,y\n10,p\n9,q\n", NULL);
    s.config.categorical = names;
    s.config.categorical_count = 1;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->encoding.column[0].categories, 2);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(columns_can_be_dropped)
{
    setup s;
    char name[] = "id", *names[] = {name};

    set_up(&s, "id,x,y\n1,5,p\n2,6,q\n", NULL);
    s.config.drop = names;
    s.config.drop_count = 1;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->encoding.column_count, 1);
    ck_assert_str_eq(bundle->encoding.column[0].name, "x");
    tear_down(&s, bundle);
}
END_TEST

static void check_name_refused(bool drop, const char *expected)
{
    setup s;
    char name[] = "colour", *names[] = {name};

    set_up(&s, "color,x,y\n1,5,p\n2,6,q\n", NULL);
    s.config.drop = s.config.categorical = names;
    s.config.drop_count = drop ? 1 : 0;
    s.config.categorical_count = drop ? 0 : 1;
    fixture_refused(&s.config, s.folder, ERROR_CONFIG, expected);
    tear_down(&s, NULL);
}

START_TEST(refuses_to_drop_an_unknown_column)
{
    check_name_refused(true,
                       "x.yaml:1:1: no column 'colour' in @/train.csv; did you mean 'color'?");
}
END_TEST

START_TEST(refuses_an_unknown_categorical_column)
{
    check_name_refused(false,
                       "x.yaml:1:1: no column 'colour' in @/train.csv; did you mean 'color'?");
}
END_TEST

START_TEST(refuses_to_drop_the_target)
{
    setup s;
    char name[] = "y", *names[] = {name};

    set_up(&s, "x,y\n5,p\n6,q\n", NULL);
    s.config.drop = names;
    s.config.drop_count = 1;
    fixture_refused(&s.config, s.folder, ERROR_CONFIG,
                    "x.yaml:1:1: column 'y' is both the target and dropped");
    tear_down(&s, NULL);
}
END_TEST

/* `count` rows, each with another word in the second column, and a target y that alternates. */
static char *many_words(const char *header, size_t count)
{
    text out = {0};

    text_add(&out, header);
    for (size_t i = 0; i < count; i++)
        text_addf(&out, "%zu,v%zu,%zu\n", i, i, i % 2);
    return out.bytes;
}

START_TEST(refuses_more_than_a_thousand_categories)
{
    char *content = many_words("x,v,y\n", 1001);

    check_refused(content, NULL, ERROR_DATA,
                  "@/train.csv:1002:6: column 'v' has more than 1000 categories; leave it out with "
                  "`drop`");
    free(content);
}
END_TEST

START_TEST(takes_a_thousand_categories)
{
    char *content = many_words("x,v,y\n", 1000);
    data_bundle *bundle = fixture_csv(content, "y");

    ck_assert_uint_eq(bundle->encoding.features, 1001);
    data_free(bundle);
    free(content);
}
END_TEST

START_TEST(refuses_a_label_for_each_row)
{
    char *content = many_words("x,y,z\n", 101);

    check_refused(
        content, NULL, ERROR_DATA,
        "@/train.csv: the target has 101 different labels in 101 rows, which is no set of "
        "classes; take another column as target");
    free(content);
}
END_TEST

/* Of 20 rows half are for testing; a category that only a test row has is no feature. */
START_TEST(categories_are_of_the_training_rows)
{
    setup s;
    text content = {0};

    text_add(&content, "c,y\n");
    for (int r = 0; r < 20; r++)
        text_addf(&content, "k%02d,%s\n", r, r % 2 == 0 ? "p" : "q");
    set_up(&s, content.bytes, NULL);
    s.config.test.fraction = 0.5;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->encoding.column[0].categories, 10);
    for (size_t i = 0; i < 10; i++) {
        char name[8];
        snprintf(name, sizeof(name), "k%02u", (unsigned)bundle->train.row[i]);
        ck_assert_str_eq(bundle->encoding.column[0].category[i], name);
    }
    free(content.bytes);
    tear_down(&s, bundle);
}
END_TEST

/* --- targets --- */

START_TEST(words_are_classes_sorted_by_bytes)
{
    data_bundle *bundle = fixture_csv("x,y\n1,yes\n2,no\n3,No\n", "y");
    const int32_t expected[] = {2, 1, 0};

    ck_assert_int_eq(bundle->encoding.targets, TARGETS_CLASS);
    ck_assert_str_eq(bundle->encoding.label[0], "No");
    ck_assert_mem_eq(bundle->storage[0]->label, expected, sizeof(expected));
    data_free(bundle);
}
END_TEST

START_TEST(numbers_are_numbers)
{
    data_bundle *bundle = fixture_csv("x,y\n1,2.5\n2,-3\n", "y");

    ck_assert_int_eq(bundle->encoding.targets, TARGETS_NUMBER);
    ck_assert_double_eq((double)bundle->storage[0]->target[1], -3);
    ck_assert_ptr_null(bundle->storage[0]->label);
    data_free(bundle);
}
END_TEST

START_TEST(numbers_as_classes_are_sorted_by_value)
{
    setup s;

    set_up(&s, "x,y\n1,10\n2,9\n3,-1\n", NULL);
    s.spec.as = AS_CLASS;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_str_eq(bundle->encoding.label[0], "-1");
    ck_assert_str_eq(bundle->encoding.label[1], "9");
    ck_assert_str_eq(bundle->encoding.label[2], "10");
    tear_down(&s, bundle);
}
END_TEST

START_TEST(numerically_equal_labels_are_one)
{
    setup s;
    const int32_t expected[] = {1, 1, 0, 0, 1};

    set_up(&s, "x,y\n1,1.0\n2,1\n3,0\n4,-0\n5,1e0\n", "x,y\n1,1.00\n");
    s.spec.as = AS_CLASS;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->encoding.label_count, 2);
    ck_assert_str_eq(bundle->encoding.label[1], "1.0");
    ck_assert_mem_eq(bundle->storage[0]->label, expected, sizeof(expected));
    ck_assert_int_eq(bundle->storage[2]->label[0], 1);
    tear_down(&s, bundle);
}
END_TEST

static void check_two_targets(const char *content, target_as as, const char *expected)
{
    char *folder = harness_folder(), *path = harness_file(folder, "train.csv", content);
    char first[] = "b", second[] = "a";
    target_spec specs[] = {{.column = first, .as = as, .at = {"x.yaml", 5, 3}},
                           {.column = second, .at = {"x.yaml", 6, 3}}};
    data_config config = fixture_config(path, NULL, NULL, NULL);

    config.target = specs;
    config.target_count = 2;
    if (expected != NULL) {
        fixture_refused(&config, folder, as == AS_CLASS ? ERROR_CONFIG : ERROR_DATA, expected);
    } else {
        data_bundle *bundle = fixture_load(&config);
        ck_assert_uint_eq(bundle->encoding.target_count, 2);
        ck_assert_str_eq(bundle->encoding.target_name[0], "b");
        ck_assert_double_eq((double)bundle->storage[0]->target[0], 3);
        ck_assert_double_eq((double)bundle->storage[0]->target[1], 2);
        data_free(bundle);
    }
    free(path);
    free(folder);
}

START_TEST(several_targets_are_in_the_order_of_the_config)
{
    check_two_targets("x,a,b\n1,2,3\n4,5,6\n", AS_AUTO, NULL);
}
END_TEST

START_TEST(refuses_words_among_several_targets)
{
    check_two_targets("x,a,b\n1,2,3\n4,u,6\n", AS_AUTO,
                      "@/train.csv:3:3: the target 'a' is not a number here; several targets must "
                      "all be numbers");
}
END_TEST

START_TEST(refuses_classes_among_several_targets)
{
    check_two_targets(
        "x,a,b\n1,2,3\n4,5,6\n", AS_CLASS,
        "x.yaml:5:3: `as: class` with 2 targets; several targets must all be numbers");
}
END_TEST

START_TEST(refuses_smoothing_of_numbers)
{
    setup s;

    set_up(&s, "x,y\n1,2\n3,4\n", NULL);
    s.config.label_smoothing = 0.1;
    fixture_refused(&s.config, s.folder, ERROR_CONFIG,
                    "x.yaml:1:1: `label_smoothing` needs classes, but the target is a number");
    tear_down(&s, NULL);
}
END_TEST

START_TEST(refuses_no_data_at_all)
{
    const data_config config = {.at = {"x.yaml", 1, 1}};

    fixture_refused(&config, "@", ERROR_CONFIG,
                    "x.yaml:1:1: no data to train on; name a file (`train`) or a generator "
                    "(`generate`)");
}
END_TEST

/* --- other files --- */

START_TEST(columns_are_matched_by_name)
{
    setup s;
    const float expected[] = {7, 8};

    set_up(&s, "a,b,y\n1,2,p\n3,4,q\n", "y,b,a\np,8,7\n");
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_mem_eq(bundle->storage[2]->floats, expected, sizeof(expected));
    tear_down(&s, bundle);
}
END_TEST

START_TEST(extra_columns_are_told)
{
    check_log("a,y\n1,p\n3,q\n", "y,note,a\np,hello,7\n",
              "info: @/test.csv: 1 column is not used\n");
}
END_TEST

#define UNSEEN(column)                                                                             \
    "warning: @/test.csv: column '" column                                                         \
    "' has 1 value not seen in training (first in line 2), taken as none of its categories\n"

START_TEST(unseen_categories_are_told)
{
    check_log(
        "c,y\nu,p\nv,q\n", "c,y\nu,p\nw,q\nw,p\n",
        "warning: @/test.csv: column 'c' has 2 values not seen in training (first in line 3), "
        "taken as none of its categories\n");
}
END_TEST

START_TEST(many_columns_with_unseen_categories_are_told_together)
{
    check_log(
        "a,b,c,d,e,f,g,h,i,j,k,l,y\n1,u,u,u,u,u,u,u,u,u,u,u,p\n2,v,v,v,v,v,v,v,v,v,v,v,q\n",
        "a,b,c,d,e,f,g,h,i,j,k,l,y\n1,w,u,w,w,w,w,w,w,w,w,w,q\n",
        UNSEEN("b") UNSEEN("d") UNSEEN("e") UNSEEN("f") UNSEEN("g") UNSEEN("h") UNSEEN("i")
            UNSEEN("j") "warning: @/test.csv: 2 more columns have values not seen in training, "
                        "taken as none of their categories\n");
}
END_TEST

START_TEST(a_quiet_load_says_nothing)
{
    check_log("c,y\nu,p\nv,q\n", "c,y\nu,p\n", "");
}
END_TEST

START_TEST(an_unseen_category_is_all_zeros)
{
    setup s;
    const float expected[] = {0, 0};

    set_up(&s, "c,y\nu,p\nv,q\n", "c,y\nw,p\n");
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_mem_eq(bundle->storage[2]->floats, expected, sizeof(expected));
    tear_down(&s, bundle);
}
END_TEST

START_TEST(refuses_a_file_without_an_input_column)
{
    check_refused("a,b,y\n1,2,p\n3,4,q\n", "a,y\n1,p\n", ERROR_DATA,
                  "@/test.csv: no column 'b', which training had; it must be there (columns are "
                  "found by name, in any order)");
}
END_TEST

START_TEST(refuses_a_test_file_without_the_target)
{
    check_refused("a,y\n1,p\n3,q\n", "a\n1\n", ERROR_DATA,
                  "@/test.csv: no column 'y', the target; it must be there");
}
END_TEST

START_TEST(refuses_a_label_not_seen_in_training)
{
    check_refused("a,y\n1,setosa\n3,virginica\n", "a,y\n1,setosa\n2,virginca\n", ERROR_DATA,
                  "@/test.csv:3:3: the label 'virginca' was not seen in training; did you mean "
                  "'virginica'?");
}
END_TEST

START_TEST(lists_the_labels_when_none_is_near)
{
    check_refused(
        "a,y\n1,setosa\n3,virginica\n", "a,y\n1,rose\n", ERROR_DATA,
        "@/test.csv:2:3: the label 'rose' was not seen in training, where the labels were "
        "setosa, virginica");
}
END_TEST

START_TEST(refuses_words_where_training_had_numbers)
{
    check_refused("a,y\n1,p\n3,q\n", "a,y\nmany,p\n", ERROR_DATA,
                  "@/test.csv:2:1: 'many' is not a finite number; column 'a' held numbers in "
                  "training");
}
END_TEST

START_TEST(refuses_a_second_file_beside_a_csv)
{
    setup s;

    set_up(&s, "a,y\n1,p\n3,q\n", "a,y\n1,p\n");
    s.config.test.targets = s.train;
    fixture_refused(&s.config, s.folder, ERROR_DATA,
                    "@/test.csv: a CSV file holds its targets; no second file is needed");
    tear_down(&s, NULL);
}
END_TEST

START_TEST(a_test_file_keeps_the_training_fraction_whole)
{
    setup s;

    set_up(&s, "a,y\n1,p\n3,q\n5,p\n7,q\n", "a,y\n1,p\n");
    s.config.validation.fraction = 0.25;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->train.rows, 3);
    ck_assert_uint_eq(bundle->validation.rows, 1);
    ck_assert_uint_eq(bundle->test.rows, 1);
    ck_assert_ptr_eq(bundle->test.source, bundle->storage[2]);
    tear_down(&s, bundle);
}
END_TEST

/* --- reading for predict and eval --- */

/* Trains on `content`, then reads `other`; what is expected of input 0 of its first row, or the
 * message. */
static void check_read(const char *content, const char *target, const char *other,
                       bool with_targets, double first, const char *expected)
{
    char *folder = harness_folder(), *path = harness_file(folder, "new.csv", other);
    data_bundle *bundle = fixture_csv(content, target);
    plx_error error = {0};
    dataset *data = data_read(&bundle->encoding, path, NULL, with_targets, NULL, &error);

    if (expected != NULL) {
        ck_assert_ptr_null(data);
        char *message = fixture_message(error.text, folder);
        ck_assert_str_eq(message, expected);
        free(message);
    } else {
        ck_assert_msg(data != NULL, "%s", error.text);
        ck_assert_double_eq((double)data->floats[0], first);
        ck_assert_int_eq(data->label != NULL, with_targets);
    }
    dataset_free(data);
    data_free(bundle);
    free(path);
    free(folder);
}

START_TEST(reads_with_targets)
{
    check_read("a,y\n1,p\n3,q\n", "y", "y,a\np,9\n", true, 9, NULL);
}
END_TEST

START_TEST(reads_without_targets)
{
    check_read("a,y\n1,p\n3,q\n", "y", "a\n9\n", false, 9, NULL);
}
END_TEST

START_TEST(does_not_look_at_targets_that_are_not_asked_for)
{
    check_read("a,y\n1,p\n3,q\n", "y", "y,a\nnever seen,9\n", false, 9, NULL);
}
END_TEST

START_TEST(a_header_is_a_header_even_of_numbers)
{
    check_read("a,y\n1,p\n3,q\n", "y", "1,9\n2,8\n", false, 0,
               "@/new.csv: no column 'a', which training had; it must be there (columns are found "
               "by name, in any order)");
}
END_TEST

START_TEST(without_a_header_columns_are_matched_by_number)
{
    check_read("p,1,2\nq,3,4\n", "0", "p,9,8\n", true, 9, NULL);
}
END_TEST

START_TEST(without_a_header_the_inputs_alone_will_do)
{
    check_read("p,1,2\nq,3,4\n", "0", "9,8\n", false, 9, NULL);
}
END_TEST

START_TEST(refuses_too_few_columns_without_a_header)
{
    check_read("p,1,2\nq,3,4\n", "0", "9\n", false, 0,
               "@/new.csv: no column '1', which training had; it must be there");
}
END_TEST

static void add_columns(Suite *all)
{
    TCase *tests = tcase_create("columns");

    tcase_add_test(tests, numbers_and_categories_are_told_apart);
    tcase_add_test(tests, categories_are_sorted_by_bytes);
    tcase_add_test(tests, categories_are_one_hot);
    tcase_add_test(tests, the_target_may_stand_anywhere);
    tcase_add_test(tests, columns_can_be_forced_to_categories);
    tcase_add_test(tests, columns_can_be_dropped);
    tcase_add_test(tests, refuses_to_drop_an_unknown_column);
    tcase_add_test(tests, refuses_an_unknown_categorical_column);
    tcase_add_test(tests, refuses_to_drop_the_target);
    tcase_add_test(tests, refuses_more_than_a_thousand_categories);
    tcase_add_test(tests, takes_a_thousand_categories);
    tcase_add_test(tests, refuses_a_label_for_each_row);
    tcase_add_test(tests, categories_are_of_the_training_rows);
    suite_add_tcase(all, tests);
}

static void add_targets(Suite *all)
{
    TCase *tests = tcase_create("targets");

    tcase_add_test(tests, words_are_classes_sorted_by_bytes);
    tcase_add_test(tests, numbers_are_numbers);
    tcase_add_test(tests, numbers_as_classes_are_sorted_by_value);
    tcase_add_test(tests, numerically_equal_labels_are_one);
    tcase_add_test(tests, several_targets_are_in_the_order_of_the_config);
    tcase_add_test(tests, refuses_words_among_several_targets);
    tcase_add_test(tests, refuses_classes_among_several_targets);
    tcase_add_test(tests, refuses_smoothing_of_numbers);
    tcase_add_test(tests, refuses_no_data_at_all);
    suite_add_tcase(all, tests);
}

static void add_other_files(Suite *all)
{
    TCase *tests = tcase_create("other files");

    tcase_add_test(tests, columns_are_matched_by_name);
    tcase_add_test(tests, extra_columns_are_told);
    tcase_add_test(tests, unseen_categories_are_told);
    tcase_add_test(tests, many_columns_with_unseen_categories_are_told_together);
    tcase_add_test(tests, a_quiet_load_says_nothing);
    tcase_add_test(tests, an_unseen_category_is_all_zeros);
    tcase_add_test(tests, refuses_a_file_without_an_input_column);
    tcase_add_test(tests, refuses_a_test_file_without_the_target);
    tcase_add_test(tests, refuses_a_label_not_seen_in_training);
    tcase_add_test(tests, lists_the_labels_when_none_is_near);
    tcase_add_test(tests, refuses_words_where_training_had_numbers);
    tcase_add_test(tests, refuses_a_second_file_beside_a_csv);
    tcase_add_test(tests, a_test_file_keeps_the_training_fraction_whole);
    tcase_add_test(tests, reads_with_targets);
    tcase_add_test(tests, reads_without_targets);
    tcase_add_test(tests, does_not_look_at_targets_that_are_not_asked_for);
    tcase_add_test(tests, a_header_is_a_header_even_of_numbers);
    tcase_add_test(tests, without_a_header_columns_are_matched_by_number);
    tcase_add_test(tests, without_a_header_the_inputs_alone_will_do);
    tcase_add_test(tests, refuses_too_few_columns_without_a_header);
    suite_add_tcase(all, tests);
}

static Suite *suite(void)
{
    Suite *all = suite_create("data: data sets");

    add_columns(all);
    add_targets(all);
    add_other_files(all);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
