/* test_graft.c: parts of one tree put into another, with their places, and what that does to an
 * experiment. */
#include <stdlib.h>
#include <string.h>

#include "config/tree.h"
#include "fixture.h"
#include "harness.h"
#include "support/file.h"
#include "support/memory.h"

static const place asked = {"matrix.yaml", 9, 3};

static node *parse(const char *name, const char *yaml)
{
    plx_error error = {0};
    node *root = tree_parse(name, yaml, strlen(yaml), &error);

    ck_assert_msg(root != NULL, "%s", error.text);
    return root;
}

static void graft(node *root, const char *path, const node *value)
{
    plx_error error = {0};

    ck_assert_msg(tree_graft(root, path, value, asked, &error), "%s", error.text);
}

static void check_place(place at, const char *file, int line, int column)
{
    ck_assert_str_eq(at.file, file);
    ck_assert_int_eq(at.line, line);
    ck_assert_int_eq(at.column, column);
}

START_TEST(a_copy_outlives_its_origin)
{
    plx_error error = {0};
    node *from = parse("a.yaml", "x: {y: [1, '2']}\n");
    node *copy = tree_copy(tree_child(from, "x"), &error);

    tree_free(from);
    ck_assert_msg(copy != NULL, "%s", error.text);
    const node *list = tree_child(copy, "y");
    ck_assert_uint_eq(tree_count(list), 2);
    ck_assert_str_eq(tree_item(list, 1)->text, "2");
    ck_assert(tree_item(list, 1)->quoted);
    check_place(list->key_at, "a.yaml", 1, 5);
    check_place(tree_item(list, 1)->at, "a.yaml", 1, 12);
    tree_free(copy);
}
END_TEST

START_TEST(a_graft_takes_the_place_of_what_stands_there)
{
    node *root = parse("a.yaml", "optimizer: {name: sgd, lr: 1}\n");
    node *other = parse("m.yaml", "axes:\n  optimizer: [adam]\n");

    graft(root, "optimizer", tree_item(tree_child(tree_child(other, "axes"), "optimizer"), 0));
    tree_free(other);
    const node *made = tree_child(root, "optimizer");
    ck_assert_int_eq(made->type, NODE_SCALAR);
    ck_assert_str_eq(made->text, "adam");
    check_place(made->at, "m.yaml", 2, 15);
    check_place(made->key_at, "a.yaml", 1, 1);
    tree_free(root);
}
END_TEST

START_TEST(the_way_is_made)
{
    node *root = parse("a.yaml", "optimizer: sgd\nlist: [{a: 1}]\n");
    node *other = parse("m.yaml", "v: 0.5\n");

    graft(root, "optimizer.lr", tree_child(other, "v"));
    graft(root, "train.epochs", tree_child(other, "v"));
    graft(root, "list.0.a", tree_child(other, "v"));
    ck_assert_str_eq(tree_child(tree_child(root, "optimizer"), "name")->text, "sgd");
    ck_assert_str_eq(tree_child(tree_child(root, "optimizer"), "lr")->text, "0.5");
    ck_assert_str_eq(tree_child(tree_child(root, "train"), "epochs")->text, "0.5");
    ck_assert_str_eq(tree_child(tree_item(tree_child(root, "list"), 0), "a")->text, "0.5");
    tree_free(root);
    tree_free(other);
}
END_TEST

START_TEST(a_path_that_leads_nowhere_is_refused)
{
    plx_error error = {0};
    node *root = parse("a.yaml", "list: [1]\n");

    ck_assert(!tree_graft(root, "list.4", root->first, asked, &error));
    ck_assert_str_eq(error.text, "matrix.yaml:9:3: '4' is no item of list; its items are 0 to 0");
    tree_free(root);
}
END_TEST

START_TEST(a_graft_is_not_nested_too_deep)
{
    plx_error error = {0};
    node *root = parse("a.yaml", "a: {b: {c: {d: 1}}}\n");
    node *deep =
        parse("m.yaml", "v: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n");

    ck_assert(!tree_graft(root, "a.b.c.d", tree_child(deep, "v"), asked, &error));
    ck_assert_str_eq(error.text, "m.yaml:1:32: nested more than 32 deep");
    tree_free(root);
    tree_free(deep);
}
END_TEST

static const struct {
    const char *path, *left; /* keys of the root that are left                                   */
} removals[] = {
    {"a", "bc"}, {"b", "ac"}, {"c", "ab"}, {"d", "abc"}, {"", "abc"}, {"b.x.y", "abc"},
};

START_TEST(what_is_removed_is_gone)
{
    node *root = parse("a.yaml", "a: 1\nb: {x: 1}\nc: [1, 2]\n");
    char keys[8] = "";

    tree_remove(root, removals[_i].path);
    for (const node *child = root->first; child != NULL; child = child->next)
        strcat(keys, child->key);
    ck_assert_str_eq(keys, removals[_i].left);
    tree_free(root);
}
END_TEST

START_TEST(a_part_further_down_is_removed_alone)
{
    node *root = parse("a.yaml", "b: {x: 1, y: 2}\nc: [1, 2, 3]\n");

    tree_remove(root, "b.y");
    tree_remove(root, "c.1");
    ck_assert_uint_eq(tree_count(tree_child(root, "b")), 1);
    ck_assert_str_eq(tree_item(tree_child(root, "c"), 1)->text, "3");
    node *other = parse("m.yaml", "v: 0.5\n");
    graft(root, "b.z", tree_child(other, "v")); /* behind what is the last one now */
    ck_assert_str_eq(tree_child(root, "b")->last->key, "z");
    tree_free(root);
    tree_free(other);
}
END_TEST

static experiment *resolve(node *tree, plx_error *error)
{
    return experiment_resolve("/here/a.yaml", "/here", tree, NULL, fixture_catalog(), error);
}

START_TEST(a_path_is_relative_to_the_file_it_stands_in)
{
    plx_error error = {0};
    node *root = parse("/here/a.yaml", "data: {train: a.csv, target: y}\n" REST);
    node *other = parse("/there/m.yaml", "v: b.csv\n");

    graft(root, "data.test", tree_child(other, "v"));
    tree_free(other);
    experiment *made = resolve(root, &error);
    ck_assert_msg(made != NULL, "%s", error.text);
    ck_assert_str_eq(made->data.train.path, "/here/a.csv");
    ck_assert_str_eq(made->data.test.path, "/there/b.csv");
    experiment_free(made);
    fixture_end();
}
END_TEST

START_TEST(an_error_names_the_file_a_value_is_from)
{
    plx_error error = {0};
    node *root = parse("/here/a.yaml", "data: {generate: xor}\n" REST);
    node *other = parse("/there/m.yaml", "v: 0\n");

    graft(root, "train.epochs", tree_child(other, "v"));
    tree_free(other);
    ck_assert_ptr_null(resolve(root, &error));
    ck_assert_str_eq(error.text,
                     "/there/m.yaml:1:4: train.epochs is '0'; it must be a whole number "
                     "from 1 to 1000000");
    fixture_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/graft");
    TCase *trees = tcase_create("trees"), *whole = tcase_create("whole");

    tcase_add_test(trees, a_copy_outlives_its_origin);
    tcase_add_test(trees, a_graft_takes_the_place_of_what_stands_there);
    tcase_add_test(trees, the_way_is_made);
    tcase_add_test(trees, a_path_that_leads_nowhere_is_refused);
    tcase_add_test(trees, a_graft_is_not_nested_too_deep);
    tcase_add_loop_test(trees, what_is_removed_is_gone, 0,
                        (int)(sizeof(removals) / sizeof(removals[0])));
    tcase_add_test(trees, a_part_further_down_is_removed_alone);
    suite_add_tcase(s, trees);
    tcase_add_test(whole, a_path_is_relative_to_the_file_it_stands_in);
    tcase_add_test(whole, an_error_names_the_file_a_value_is_from);
    suite_add_tcase(s, whole);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
