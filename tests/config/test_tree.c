/* YAML as a tree: shapes, places, limits, paths. */
#include <stdlib.h>
#include <string.h>

#include "config/tree.h"
#include "harness.h"
#include "support/text.h"

static node *parse(const char *yaml)
{
    plx_error error = {0};
    node *root = tree_parse("f.yaml", yaml, strlen(yaml), &error);

    ck_assert_msg(root != NULL, "%s", error.text);
    return root;
}

static void check_refused(const char *bytes, size_t length, const char *message)
{
    plx_error error = {0};

    ck_assert_ptr_null(tree_parse("f.yaml", bytes, length, &error));
    ck_assert_str_eq(error.text, message);
    ck_assert_int_eq(error.code, ERROR_CONFIG);
}

static void check_place(place at, int line, int column)
{
    ck_assert_str_eq(at.file, "f.yaml");
    ck_assert_int_eq(at.line, line);
    ck_assert_int_eq(at.column, column);
}

START_TEST(keeps_children_in_order)
{
    node *root = parse("b: 1\na: [x, y, z]\nc: {k: v}\n");

    ck_assert_int_eq(root->type, NODE_MAP);
    ck_assert_uint_eq(tree_count(root), 3);
    ck_assert_str_eq(root->first->key, "b");
    ck_assert_str_eq(root->last->key, "c");
    const node *list = tree_child(root, "a");
    ck_assert_int_eq(list->type, NODE_LIST);
    ck_assert_uint_eq(tree_count(list), 3);
    ck_assert_str_eq(tree_item(list, 2)->text, "z");
    ck_assert_ptr_null(tree_item(list, 3));
    ck_assert_str_eq(tree_child(tree_child(root, "c"), "k")->text, "v");
    tree_free(root);
}
END_TEST

START_TEST(finds_no_child_where_there_is_none)
{
    node *root = parse("a: [x]\n");

    ck_assert_ptr_null(tree_child(root, "x"));
    ck_assert_ptr_null(tree_child(tree_child(root, "a"), "x"));
    ck_assert_ptr_null(tree_child(NULL, "x"));
    tree_free(root);
}
END_TEST

START_TEST(knows_the_places_of_keys_and_values)
{
    node *root = parse("data:\n  train: a.csv\n  drop: [u, v]\n");
    const node *data = tree_child(root, "data"), *train = tree_child(data, "train");

    check_place(data->key_at, 1, 1);
    check_place(data->at, 2, 3);
    check_place(train->key_at, 2, 3);
    check_place(train->at, 2, 10);
    check_place(tree_item(tree_child(data, "drop"), 1)->at, 3, 13);
    tree_free(root);
}
END_TEST

START_TEST(counts_columns_in_characters)
{
    node *root = parse("{\xc3\xa4\xc3\xb6: 1, b: 2}\n");

    check_place(tree_child(root, "b")->at, 1, 12);
    tree_free(root);
}
END_TEST

START_TEST(strips_a_byte_order_mark)
{
    node *root = parse("\xef\xbb\xbf"
                       "a: 1\n");

    check_place(root->first->key_at, 1, 1);
    ck_assert_str_eq(root->first->key, "a");
    tree_free(root);
}
END_TEST

START_TEST(tells_quoted_from_bare)
{
    node *root = parse("a: 1\nb: '1'\nc: \"1\"\nd: |\n  1\n");

    ck_assert(!tree_child(root, "a")->quoted);
    ck_assert(tree_child(root, "b")->quoted);
    ck_assert(tree_child(root, "c")->quoted);
    ck_assert(tree_child(root, "d")->quoted);
    tree_free(root);
}
END_TEST

START_TEST(a_key_alone_is_an_empty_bare_scalar)
{
    node *root = parse("a:\n");

    ck_assert_str_eq(tree_child(root, "a")->text, "");
    ck_assert(!tree_child(root, "a")->quoted);
    tree_free(root);
}
END_TEST

START_TEST(reads_escapes)
{
    node *root = parse("a: \"\\t\\x41\\u00e4\\n\"\n");

    ck_assert_str_eq(tree_child(root, "a")->text, "\tA\xc3\xa4\n");
    tree_free(root);
}
END_TEST

START_TEST(reads_windows_line_ends)
{
    node *root = parse("a: 1\r\nb: 2\r\n");

    check_place(tree_child(root, "b")->at, 2, 4);
    tree_free(root);
}
END_TEST

START_TEST(names_the_path_of_a_node)
{
    node *root = parse("network:\n  layers:\n    - {units: 1}\n    - {units: 2}\n");
    const node *list = tree_child(tree_child(root, "network"), "layers");
    char *path = tree_path(tree_child(tree_item(list, 1), "units")), *top = tree_path(root);

    ck_assert_str_eq(path, "network.layers[1].units");
    ck_assert_str_eq(top, "");
    free(path);
    free(top);
    tree_free(root);
}
END_TEST

/* 31 lists in a map: a depth of 32. */
static char *nested(int lists)
{
    text yaml = {0};

    text_add(&yaml, "a: ");
    for (int i = 0; i < lists; i++)
        text_add(&yaml, "[");
    for (int i = 0; i < lists; i++)
        text_add(&yaml, "]");
    text_add(&yaml, "\n");
    return yaml.bytes;
}

START_TEST(takes_a_depth_of_32)
{
    char *yaml = nested(31);

    tree_free(parse(yaml));
    free(yaml);
}
END_TEST

START_TEST(refuses_a_depth_of_33)
{
    char *yaml = nested(32);

    check_refused(yaml, strlen(yaml), "f.yaml:1:35: lists and maps nested deeper than 32");
    free(yaml);
}
END_TEST

/* A file of `count` bytes all of one kind, as an attacker sends it. */
static void check_flood(const char *head, char fill, size_t count, const char *message)
{
    const size_t length = strlen(head);
    char *bytes = malloc(length + count);

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, head, length);
    memset(bytes + length, fill, count);
    check_refused(bytes, length + count, message);
    free(bytes);
}

START_TEST(refuses_floods_of_brackets)
{
    check_flood("a: ", '[', 1000000, "f.yaml:1:35: lists and maps nested deeper than 32");
}
END_TEST

START_TEST(refuses_floods_of_braces)
{
    check_flood("", '{', 1000000, "f.yaml:1:2: a map as a key; a key is a word");
}
END_TEST

START_TEST(refuses_more_than_a_mebibyte)
{
    check_flood("a: ", 'x', (1 << 20) - 2, "f.yaml: larger than 1 MiB; a config file is smaller");
}
END_TEST

START_TEST(takes_a_mebibyte)
{
    const size_t length = (size_t)1 << 20;
    plx_error error = {0};
    char *bytes = malloc(length);

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', length);
    memcpy(bytes, "a: ", 3);
    node *root = tree_parse("f.yaml", bytes, length, &error);
    ck_assert_msg(root != NULL, "%s", error.text);
    ck_assert_uint_eq(strlen(tree_child(root, "a")->text), length - 3);
    tree_free(root);
    free(bytes);
}
END_TEST

START_TEST(refuses_too_many_values)
{
    text yaml = {0};

    text_add(&yaml, "a: [");
    for (int i = 0; i < 50000; i++)
        text_add(&yaml, "1,");
    text_add(&yaml, "]\n");
    check_refused(yaml.bytes, yaml.length,
                  "f.yaml:1:100003: more than 50000 values; a config file has fewer");
    free(yaml.bytes);
}
END_TEST

START_TEST(finds_one_key_twice_among_many)
{
    text yaml = {0};

    for (int i = 0; i < 20000; i++)
        text_addf(&yaml, "k%d: 1\n", i);
    text_add(&yaml, "k777: 1\n");
    check_refused(yaml.bytes, yaml.length,
                  "f.yaml:20001:1: the key 'k777' a second time; the first is in line 778");
    free(yaml.bytes);
}
END_TEST

/* Whatever a good file is cut to or has a byte turned into, reading ends and leaks nothing. */
START_TEST(survives_damage)
{
    static const char good[] = "data: {train: \"a\\tb.csv\", drop: ['x', y]}\nnetwork:\n  layers:\n"
                               "    - {units: 2}\n  # c\nloss: |\n  text\n...\n";
    char bytes[sizeof(good)];

    for (size_t i = 0; i < strlen(good); i++) {
        plx_error error = {0};
        node *root = tree_parse("f.yaml", good, i, &error);
        ck_assert((root != NULL) == (error.code == ERROR_NONE));
        tree_free(root);
        for (int value = 0; value < 256; value += 5) {
            plx_error fault = {0};
            memcpy(bytes, good, sizeof(good));
            bytes[i] = (char)value;
            root = tree_parse("f.yaml", bytes, strlen(good), &fault);
            ck_assert((root != NULL) == (fault.code == ERROR_NONE));
            tree_free(root);
        }
    }
}
END_TEST

START_TEST(a_file_names_what_it_holds)
{
    static const char *const names[][2] = {
        {"iris.yaml", "iris"},      {"/a/iris.yml", "iris"}, {"a.b/iris", "iris"},
        {"a/iris.csv", "iris.csv"}, {".yaml", ".yaml"},      {"a.yaml.yaml", "a.yaml"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *name = tree_name(names[i][0]);
        ck_assert_str_eq(name, names[i][1]);
        free(name);
    }
}
END_TEST

START_TEST(reads_a_file)
{
    char *folder = harness_folder();
    char *path = harness_file(folder, "a.yaml", "a: 1\n");
    plx_error error = {0};
    node *root = tree_read(path, &error);

    ck_assert_msg(root != NULL, "%s", error.text);
    ck_assert_str_eq(root->at.file, path);
    tree_free(root);
    free(path);
    free(folder);
}
END_TEST

START_TEST(says_that_a_file_is_not_there)
{
    plx_error error = {0};

    ck_assert_ptr_null(tree_read("/nowhere/a.yaml", &error));
    ck_assert_int_eq(error.code, ERROR_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/a.yaml"));
}
END_TEST

START_TEST(says_that_a_folder_is_no_file)
{
    plx_error error = {0};

    ck_assert_ptr_null(tree_read("/", &error));
    ck_assert_int_eq(error.code, ERROR_CONFIG);
}
END_TEST

/* The parser would compare each with all before it. */
START_TEST(refuses_tag_directives)
{
    static const char *const files[] = {"%TAG !e! tag:e\n---\na: 1\n", "a: 1\n...\n%TAG ! b\n"};
    static const char *const messages[] = {
        "f.yaml:1:1: a line '%TAG'; tags are not used here, leave it out",
        "f.yaml:3:1: a line '%TAG'; tags are not used here, leave it out"};
    plx_error error = {0};

    ck_assert_ptr_null(tree_parse("f.yaml", files[_i], strlen(files[_i]), &error));
    ck_assert_str_eq(error.text, messages[_i]);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/tree");
    TCase *shape = tcase_create("shape"), *limits = tcase_create("limits");

    tcase_add_test(shape, keeps_children_in_order);
    tcase_add_test(shape, finds_no_child_where_there_is_none);
    tcase_add_test(shape, knows_the_places_of_keys_and_values);
    tcase_add_test(shape, counts_columns_in_characters);
    tcase_add_test(shape, strips_a_byte_order_mark);
    tcase_add_test(shape, tells_quoted_from_bare);
    tcase_add_test(shape, a_key_alone_is_an_empty_bare_scalar);
    tcase_add_test(shape, reads_escapes);
    tcase_add_test(shape, reads_windows_line_ends);
    tcase_add_test(shape, names_the_path_of_a_node);
    tcase_add_test(shape, a_file_names_what_it_holds);
    tcase_add_test(shape, reads_a_file);
    tcase_add_test(shape, says_that_a_file_is_not_there);
    tcase_add_test(shape, says_that_a_folder_is_no_file);
    suite_add_tcase(s, shape);
    tcase_add_test(limits, takes_a_depth_of_32);
    tcase_add_test(limits, refuses_a_depth_of_33);
    tcase_add_test(limits, refuses_floods_of_brackets);
    tcase_add_test(limits, refuses_floods_of_braces);
    tcase_add_test(limits, refuses_more_than_a_mebibyte);
    tcase_add_test(limits, takes_a_mebibyte);
    tcase_add_test(limits, refuses_too_many_values);
    tcase_add_test(limits, finds_one_key_twice_among_many);
    tcase_add_loop_test(limits, refuses_tag_directives, 0, 2);
    tcase_add_test(limits, survives_damage);
    suite_add_tcase(s, limits);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
