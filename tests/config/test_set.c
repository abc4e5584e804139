/* --set: assignments to a tree, and what they do to an experiment. */
#include <stdlib.h>
#include <string.h>

#include "config/tree.h"
#include "fixture.h"
#include "harness.h"

static node *parse(const char *yaml)
{
    plx_error error = {0};
    node *root = tree_parse("f.yaml", yaml, strlen(yaml), &error);

    ck_assert_msg(root != NULL, "%s", error.text);
    return root;
}

static void set(node *root, const char *assignment)
{
    plx_error error = {0};

    ck_assert_msg(tree_set(root, assignment, &error), "%s", error.text);
}

static void check_refused(const char *yaml, const char *assignment, error_class code,
                          const char *message)
{
    node *root = parse(yaml);
    plx_error error = {0};

    ck_assert(!tree_set(root, assignment, &error));
    ck_assert_str_eq(error.text, message);
    ck_assert_int_eq(error.code, code);
    tree_free(root);
}

START_TEST(replaces_a_value)
{
    node *root = parse("a: {b: 1}\n");

    set(root, "a.b=2");
    ck_assert_str_eq(tree_child(tree_child(root, "a"), "b")->text, "2");
    ck_assert_uint_eq(tree_count(tree_child(root, "a")), 1);
    tree_free(root);
}
END_TEST

START_TEST(the_last_assignment_wins)
{
    node *root = parse("a: 1\n");

    set(root, "a=2");
    set(root, "a=3");
    ck_assert_str_eq(tree_child(root, "a")->text, "3");
    tree_free(root);
}
END_TEST

START_TEST(makes_missing_maps)
{
    node *root = parse("a: 1\n");

    set(root, "b.c.d=2");
    const node *c = tree_child(tree_child(root, "b"), "c");
    ck_assert_ptr_nonnull(c);
    ck_assert_str_eq(tree_child(c, "d")->text, "2");
    tree_free(root);
}
END_TEST

START_TEST(reaches_list_items)
{
    node *root = parse("a: [x, {b: 1}]\n");

    set(root, "a.1.b=2");
    set(root, "a.0=y");
    ck_assert_str_eq(tree_item(tree_child(root, "a"), 0)->text, "y");
    ck_assert_str_eq(tree_child(tree_item(tree_child(root, "a"), 1), "b")->text, "2");
    tree_free(root);
}
END_TEST

START_TEST(takes_lists_and_maps_as_values)
{
    node *root = parse("a: 1\n");

    set(root, "a={b: [1, 2], c: d}");
    const node *a = tree_child(root, "a");
    ck_assert_int_eq(a->type, NODE_MAP);
    ck_assert_uint_eq(tree_count(tree_child(a, "b")), 2);
    set(root, "a=x");
    ck_assert_int_eq(a->type, NODE_SCALAR);
    ck_assert_uint_eq(tree_count(a), 0);
    tree_free(root);
}
END_TEST

START_TEST(takes_an_equals_sign_in_the_value)
{
    node *root = parse("a: 1\n");

    set(root, "a=b=c");
    ck_assert_str_eq(tree_child(root, "a")->text, "b=c");
    tree_free(root);
}
END_TEST

START_TEST(widens_a_bare_name)
{
    node *root = parse("optimizer: adam\n");

    set(root, "optimizer.lr=0.1");
    const node *optimizer = tree_child(root, "optimizer");
    ck_assert_str_eq(tree_child(optimizer, "name")->text, "adam");
    ck_assert_str_eq(tree_child(optimizer, "lr")->text, "0.1");
    ck_assert_int_eq(tree_child(optimizer, "name")->at.line, 1);
    tree_free(root);
}
END_TEST

START_TEST(widens_false_into_an_empty_map)
{
    node *root = parse("train: {early_stopping: false}\n");

    set(root, "train.early_stopping.patience=3");
    const node *stopping = tree_child(tree_child(root, "train"), "early_stopping");
    ck_assert_uint_eq(tree_count(stopping), 1);
    ck_assert_str_eq(tree_child(stopping, "patience")->text, "3");
    tree_free(root);
}
END_TEST

START_TEST(an_empty_value_is_nothing)
{
    node *root = parse("a: 1\n");

    set(root, "a=");
    ck_assert_str_eq(tree_child(root, "a")->text, "");
    ck_assert(!tree_child(root, "a")->quoted);
    tree_free(root);
}
END_TEST

START_TEST(refuses_what_is_no_assignment)
{
    check_refused("a: 1\n", "a", ERROR_USAGE,
                  "--set a: no assignment; write --set optimizer.lr=0.01");
    check_refused("a: 1\n", "=1", ERROR_USAGE,
                  "--set =1: no assignment; write --set optimizer.lr=0.01");
}
END_TEST

START_TEST(refuses_an_empty_part)
{
    check_refused("a: {b: 1}\n", "a..b=1", ERROR_USAGE,
                  "--set a..b=1: an empty or overlong part in the key; a key is "
                  "written like optimizer.lr");
}
END_TEST

START_TEST(refuses_an_item_that_is_not_there)
{
    check_refused("a: {b: [x, y]}\n", "a.b.2=z", ERROR_CONFIG,
                  "--set a.b.2=z: '2' is no item of a.b; its items are 0 to 1");
    check_refused("a: {b: [x, y]}\n", "a.b.x=z", ERROR_CONFIG,
                  "--set a.b.x=z: 'x' is no item of a.b; its items are 0 to 1");
}
END_TEST

START_TEST(refuses_broken_values)
{
    check_refused("a: 1\n", "a=[1, 2", ERROR_CONFIG,
                  "--set a=[1, 2: a list '[' that is not closed; expected ',' or ']' here");
    check_refused("a: 1\n", "a=*x", ERROR_CONFIG,
                  "--set a=*x: an alias '*'; aliases are not used here, write the value itself");
    check_refused("a: 1\n", "a={b: 1, b: 2}", ERROR_CONFIG,
                  "--set a={b: 1, b: 2}: the key 'b' twice");
}
END_TEST

START_TEST(refuses_text_that_is_not_utf8)
{
    check_refused("a: 1\n", "a=\xff", ERROR_USAGE, "--set a=\\xff: the text is not UTF-8");
}
END_TEST

START_TEST(refuses_controls_without_a_line)
{
    check_refused("a: 1\n", "a=\x01", ERROR_CONFIG,
                  "--set a=\\x01: the control character U+0001; a config file is plain text");
}
END_TEST

START_TEST(refuses_endless_keys)
{
    text key = {0};
    node *root = parse("a: 1\n");
    plx_error error = {0};

    for (int i = 0; i < 1000; i++)
        text_add(&key, "a.");
    text_add(&key, "a=1");
    ck_assert(!tree_set(root, key.bytes, &error));
    ck_assert_ptr_nonnull(strstr(error.text, ": a key of more than 31 parts"));
    tree_free(root);
    free(key.bytes);
}
END_TEST

START_TEST(refuses_deep_values_at_deep_keys)
{
    node *root = parse("a: 1\n");
    plx_error error = {0};

    set(root, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=[[[[[[[[[[[[]]]]]]]]]]]]");
    ck_assert(!tree_set(root, "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=[[[[[[[[[[[[[]]]]]]]]]]]]]",
                        &error));
    ck_assert_ptr_nonnull(strstr(error.text, ": lists and maps nested deeper than 32"));
    tree_free(root);
}
END_TEST

/* ---- what an experiment makes of it ---------------------------------------------------------- */

START_TEST(sets_an_experiment)
{
    static const char *const sets[] = {"optimizer.lr=0.5", "network.layers.0.units=3",
                                       "train.epochs=7", "data.samples=50", NULL};
    plx_error error = {0};
    experiment *read = fixture_set(GOOD, sets, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    ck_assert_double_eq(read->lr, 0.5);
    ck_assert_uint_eq(read->layers[0].units, 3);
    ck_assert_uint_eq(read->train.epochs, 7);
    ck_assert_uint_eq(read->data.generate.samples, 50);
    experiment_free(read);
    fixture_end();
}
END_TEST

static const struct refused {
    const char *set, *message;
} refused[] = {
    {"network.layers.0.units=abc", "--set network.layers.0.units=abc: network.layers[0].units is "
                                   "'abc'; it must be a whole number from 1 to 1000000"},
    {"optimizer.lr=", "--set optimizer.lr=: optimizer.lr has no value; it must be a finite number "
                      "above 0"},
    {"trian.epochs=3", "--set trian.epochs=3: unknown key 'trian' in the file; did you mean "
                       "'train'?"},
    {"train.epoch=3", "--set train.epoch=3: unknown key 'epoch' in train; did you mean 'epochs'?"},
    {"optimizer.beta1=3", "--set optimizer.beta1=3: unknown key 'beta1' in optimizer; its keys are "
                          "name, lr, groups, momentum, dampening, nesterov, weight_decay"},
    {"optimizer.momentum=-1",
     "--set optimizer.momentum=-1: momentum is -1; it must be in 0 <= momentum < 1"},
    {"data.test=/a/long/folder/with/many/parts/in/it/and/a/file/at/the/end.csv",
     "--set data.test=/a/long/folder/with/many/parts/in/it/and/a/file/at...: data.test is a file, "
     "but the data are generated; it must be a fraction"},
};

START_TEST(refuses_a_wrong_setting_by_its_text)
{
    const char *const sets[] = {refused[_i].set, NULL};
    plx_error error = {0};

    ck_assert_ptr_null(fixture_set(GOOD, sets, &error));
    ck_assert_str_eq(error.text, refused[_i].message);
    fixture_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/set");
    TCase *tree = tcase_create("tree"), *whole = tcase_create("experiment");

    tcase_add_test(tree, replaces_a_value);
    tcase_add_test(tree, the_last_assignment_wins);
    tcase_add_test(tree, makes_missing_maps);
    tcase_add_test(tree, reaches_list_items);
    tcase_add_test(tree, takes_lists_and_maps_as_values);
    tcase_add_test(tree, takes_an_equals_sign_in_the_value);
    tcase_add_test(tree, widens_a_bare_name);
    tcase_add_test(tree, widens_false_into_an_empty_map);
    tcase_add_test(tree, an_empty_value_is_nothing);
    tcase_add_test(tree, refuses_what_is_no_assignment);
    tcase_add_test(tree, refuses_an_empty_part);
    tcase_add_test(tree, refuses_an_item_that_is_not_there);
    tcase_add_test(tree, refuses_broken_values);
    tcase_add_test(tree, refuses_text_that_is_not_utf8);
    tcase_add_test(tree, refuses_controls_without_a_line);
    tcase_add_test(tree, refuses_endless_keys);
    tcase_add_test(tree, refuses_deep_values_at_deep_keys);
    suite_add_tcase(s, tree);
    tcase_add_test(whole, sets_an_experiment);
    tcase_add_loop_test(whole, refuses_a_wrong_setting_by_its_text, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    suite_add_tcase(s, whole);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
