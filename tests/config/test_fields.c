/* The getters of single values: what they take and in which words they refuse. Most are tested
 * where sections use them (test_bad_configs.c); here are those that need more cases, or are for
 * others. */
#include "config/fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* The map {key: TEXT}. */
static node *parse(const char *value)
{
    plx_error error = {0};
    text yaml = {0};

    text_addf(&yaml, "key: %s\n", value);
    node *root = tree_parse("f.yaml", yaml.bytes, yaml.length, &error);
    ck_assert_msg(root != NULL, "%s", error.text);
    free(yaml.bytes);
    return root;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    uint64_t bytes;
} sizes[] = {
    {"100", 100},           {"100B", 100},          {"2KB", 2000},       {"2KiB", 2048},
    {"3MB", 3000000},       {"3MiB", 3 << 20},      {"1GB", 1000000000}, {"4 GiB", 4LL << 30},
    {"1.5GiB", 3 << 29},    {"1TB", 1000000000000}, {"2TiB", 2LL << 40}, {"none", 0},
    {"8192TiB", 1LL << 53},
};

START_TEST(a_size_has_a_unit_or_none)
{
    plx_error error = {0};
    const reader r = {.error = &error};
    node *root = parse(sizes[_i].text);
    uint64_t bytes = 7;

    ck_assert_msg(field_bytes(&r, root, "key", 100, "none", &bytes), "%s", error.text);
    ck_assert_uint_eq(bytes, sizes[_i].bytes);
    tree_free(root);
}
END_TEST

static const char *const no_sizes[] = {
    "99",    "1e3",     "0.09KB", "-1GiB",   "+1GiB", "GiB", "1gib",   "1G",     "1  GiB",
    "1GiBB", "1.2.3MB", "1e3MB",  "9000TiB", "nan",   "inf", "[1GiB]", "{a: 1}",
};

START_TEST(what_is_no_size_is_refused)
{
    plx_error error = {0};
    const reader r = {.error = &error};
    node *root = parse(no_sizes[_i]);
    uint64_t bytes = 7;

    ck_assert(!field_bytes(&r, root, "key", 100, NULL, &bytes));
    ck_assert_uint_eq(bytes, 7);
    ck_assert_ptr_nonnull(
        strstr(error.text, "; it must be a size of at least 100 bytes, such as 512MiB or 4GiB"));
    tree_free(root);
}
END_TEST

static const struct {
    const char *text;
    uint64_t min;
    const char *word, *message;
} refused_sizes[] = {
    {"1", 16 << 20, "none",
     "f.yaml:1:6: key is '1'; it must be a size of at least 16MiB, such as 512MiB or 4GiB, or "
     "none"},
    {"none", 1, NULL,
     "f.yaml:1:6: key is 'none'; it must be a size of at least 1 bytes, such as 512MiB or 4GiB"},
    {"'4GiB'", 16 << 20, NULL,
     "f.yaml:1:6: key is the text \"4GiB\"; it must be a size of at least 16MiB, such as 512MiB or "
     "4GiB"},
    {"", 16 << 20, NULL,
     "f.yaml:1:5: key has no value; it must be a size of at least 16MiB, such as 512MiB or 4GiB"},
};

START_TEST(a_wrong_size_is_refused_in_words)
{
    plx_error error = {0};
    const reader r = {.error = &error};
    node *root = parse(refused_sizes[_i].text);
    uint64_t bytes = 7;

    ck_assert(!field_bytes(&r, root, "key", refused_sizes[_i].min, refused_sizes[_i].word, &bytes));
    ck_assert_str_eq(error.text, refused_sizes[_i].message);
    ck_assert_int_eq(error.code, ERROR_CONFIG);
    tree_free(root);
}
END_TEST

START_TEST(a_size_that_is_not_there_is_left)
{
    plx_error error = {0};
    const reader r = {.error = &error};
    node *root = parse("1");
    uint64_t bytes = 7;

    ck_assert(field_bytes(&r, root, "other", 100, NULL, &bytes));
    ck_assert_uint_eq(bytes, 7);
    tree_free(root);
}
END_TEST

/* ---- ranges ---------------------------------------------------------------------------------- */

static const struct {
    real_range range;
    const char *words;
} ranges[] = {
    {{0, 1, false, false}, "a number from 0 to 1"},
    {{0, 1, true, false}, "a number above 0 and at most 1"},
    {{0, 1, false, true}, "a number of at least 0 and below 1"},
    {{0, HUGE_VAL, true, false}, "a finite number above 0"},
    {{0, HUGE_VAL, false, false}, "a finite number of at least 0"},
    {{-HUGE_VAL, 1, false, false}, "a number of at most 1"},
    {{-HUGE_VAL, 1, false, true}, "a number below 1"},
    {{-HUGE_VAL, HUGE_VAL, false, false}, "a finite number"},
};

START_TEST(a_range_has_words)
{
    text words = {0};

    real_range_describe(ranges[_i].range, &words);
    ck_assert_str_eq(words.bytes, ranges[_i].words);
    free(words.bytes);
}
END_TEST

START_TEST(a_range_holds_its_ends_unless_excluded)
{
    const real_range whole = {0, 1, false, false}, inside = {0, 1, true, true};
    const real_range any = {-HUGE_VAL, HUGE_VAL, false, false};

    ck_assert(real_range_holds(whole, 0) && real_range_holds(whole, 1));
    ck_assert(!real_range_holds(inside, 0) && !real_range_holds(inside, 1));
    ck_assert(real_range_holds(inside, 0.5) && !real_range_holds(whole, -0.5));
    ck_assert(!real_range_holds(any, HUGE_VAL) && !real_range_holds(any, (double)NAN));
}
END_TEST

/* ---- seeds and keys -------------------------------------------------------------------------- */

START_TEST(a_seed_is_read_from_its_node)
{
    plx_error error = {0};
    const reader r = {.error = &error};
    node *root = parse("[18446744073709551615, 1.5]");
    const node *list = tree_child(root, "key");
    uint64_t seed = 0;

    ck_assert(field_read_seed(&r, list->first, &seed));
    ck_assert_uint_eq(seed, UINT64_MAX);
    ck_assert(!field_read_seed(&r, list->last, &seed));
    ck_assert_str_eq(error.text,
                     "f.yaml:1:29: key[1] is '1.5'; it must be a whole number from 0 to "
                     "18446744073709551615");
    tree_free(root);
}
END_TEST

START_TEST(a_part_of_a_key_can_be_unknown)
{
    static const char *const words[] = {"data", "train"};
    plx_error error = {0};
    const reader r = {.error = &error};
    node *root = parse("{trian.epochs: 3}");

    ck_assert(!field_unknown(&r, tree_child(root, "key")->first, "trian", (word_list){words, 2}));
    ck_assert_str_eq(error.text, "f.yaml:1:7: unknown key 'trian' in key; did you mean 'train'?");
    tree_free(root);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("config/fields");
    TCase *bytes = tcase_create("sizes"), *others = tcase_create("others");

    tcase_add_loop_test(bytes, a_size_has_a_unit_or_none, 0,
                        (int)(sizeof(sizes) / sizeof(sizes[0])));
    tcase_add_loop_test(bytes, what_is_no_size_is_refused, 0,
                        (int)(sizeof(no_sizes) / sizeof(no_sizes[0])));
    tcase_add_loop_test(bytes, a_wrong_size_is_refused_in_words, 0,
                        (int)(sizeof(refused_sizes) / sizeof(refused_sizes[0])));
    tcase_add_test(bytes, a_size_that_is_not_there_is_left);
    suite_add_tcase(suite, bytes);
    tcase_add_loop_test(others, a_range_has_words, 0, (int)(sizeof(ranges) / sizeof(ranges[0])));
    tcase_add_test(others, a_range_holds_its_ends_unless_excluded);
    tcase_add_test(others, a_seed_is_read_from_its_node);
    tcase_add_test(others, a_part_of_a_key_can_be_unknown);
    suite_add_tcase(suite, others);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
