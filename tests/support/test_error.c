/* test_error.c: what an error says, and that the first one wins. */
#include "support/error.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

START_TEST(set_fills_class_and_text)
{
    plx_error error = {0};

    ck_assert(!error_set(&error, ERROR_CONFIG, "%d layers; 1 is the least", 0));
    ck_assert_int_eq(error.code, ERROR_CONFIG);
    ck_assert_str_eq(error.text, "0 layers; 1 is the least");
}
END_TEST

START_TEST(first_error_wins)
{
    plx_error error = {0};

    error_set(&error, ERROR_DATA, "the cause");
    error_set(&error, ERROR_RUN, "a consequence");
    error_at(&error, ERROR_USAGE, (place){"f", 1, 2}, "another");
    error_memory(&error);
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, "the cause");
}
END_TEST

START_TEST(a_null_error_is_fine)
{
    ck_assert(!error_set(NULL, ERROR_RUN, "lost"));
    ck_assert(!error_at(NULL, ERROR_RUN, (place){NULL, 0, 0}, "lost"));
    ck_assert(!error_memory(NULL));
    error_prefix(NULL, "lost");
}
END_TEST

static void assert_place(place at, const char *expected)
{
    plx_error error = {0};

    error_at(&error, ERROR_CONFIG, at, "no");
    ck_assert_str_eq(error.text, expected);
}

START_TEST(a_place_leaves_out_what_is_unknown)
{
    assert_place((place){"a.yaml", 9, 12}, "a.yaml:9:12: no");
    assert_place((place){"a.yaml", 9, 0}, "a.yaml:9: no");
    assert_place((place){"a.yaml", 0, 0}, "a.yaml: no");
    assert_place((place){NULL, 9, 12}, "9:12: no");
    assert_place((place){NULL, 0, 0}, "no");
}
END_TEST

START_TEST(memory_is_a_failed_run)
{
    plx_error error = {0};

    error_memory(&error);
    ck_assert_int_eq(error.code, ERROR_RUN);
    ck_assert_str_eq(error.text, "out of memory");
}
END_TEST

START_TEST(prefixes_stack_up)
{
    plx_error error = {0};

    error_set(&error, ERROR_DATA, "no number");
    error_prefix(&error, "column '%s'", "age");
    error_prefix(&error, "people.csv");
    ck_assert_str_eq(error.text, "people.csv: column 'age': no number");
}
END_TEST

START_TEST(a_prefix_on_no_error_does_nothing)
{
    plx_error error = {0};

    error_prefix(&error, "people.csv");
    ck_assert_int_eq(error.code, ERROR_NONE);
    ck_assert_str_eq(error.text, "");
}
END_TEST

START_TEST(long_texts_are_cut_inside_the_buffer)
{
    plx_error error = {0};
    const size_t most = sizeof(error.text) - 1;
    char *word = malloc(2 * sizeof(error.text));

    memset(word, 'x', 2 * sizeof(error.text) - 1);
    word[2 * sizeof(error.text) - 1] = '\0';
    error_set(&error, ERROR_DATA, "%s", word);
    ck_assert_uint_eq(strlen(error.text), most);
    error_prefix(&error, "%.*s", (int)most / 2, word);
    ck_assert_uint_eq(strlen(error.text), most);
    ck_assert_int_eq(error.text[most / 2], ':');
    error_prefix(&error, "%s", word);
    ck_assert_uint_eq(strlen(error.text), most);
    free(word);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("error");
    TCase *cases = tcase_create("error");

    tcase_add_test(cases, set_fills_class_and_text);
    tcase_add_test(cases, first_error_wins);
    tcase_add_test(cases, a_null_error_is_fine);
    tcase_add_test(cases, a_place_leaves_out_what_is_unknown);
    tcase_add_test(cases, memory_is_a_failed_run);
    tcase_add_test(cases, prefixes_stack_up);
    tcase_add_test(cases, a_prefix_on_no_error_does_nothing);
    tcase_add_test(cases, long_texts_are_cut_inside_the_buffer);
    suite_add_tcase(all, cases);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
