/* test_read.c: model files that lie. Each case is one change to a file that is right, and the whole
 * message it gets, after the file's name. */
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"
#include "support/file.h"
#include "support/memory.h"

static const char network_text[] =
    "{\"inputs\":2,\"layers\":["
    "{\"units\":3,\"bias\":true,\"dropout\":0.25,\"activation\":"
    "{\"name\":\"elu\",\"version\":\"1.0\",\"settings\":{\"alpha\":\"0.5\"}}},"
    "{\"units\":2,\"bias\":false,\"dropout\":0.0,\"activation\":"
    "{\"name\":\"softmax\",\"version\":\"1.0\",\"settings\":{}}}]}";
static const char loss_text[] =
    "{\"name\":\"cross_entropy\",\"version\":\"1.0\",\"settings\":{},\"fused\":true}";
static const char encoding_text[] =
    "{\"format\":\"csv\",\"header\":true,\"delimiter\":\",\",\"missing\":\"error\",\"features\":2,"
    "\"targets\":\"class\",\"target_names\":[\"kind\"],\"columns\":[{\"name\":\"x\",\"mean\":0.0},"
    "{\"name\":\"y\",\"mean\":0.0}],\"labels\":[\"no\",\"yes\"]}";
static const char code_text[] = "{\"units\":2,\"low\":0.0,\"high\":1.0}";

static const float weight0[6] = {1, 2, 3, 4, 5, 6}, bias0[3] = {1, 2, 3};
static const float weight1[6] = {6, 5, 4, 3, 2, 1};

/* The text `key` has in a file that is right. */
static const char *right_text(const char *key)
{
    if (strcmp(key, "format") == 0)
        return "plexus-model-1";
    if (strcmp(key, "plexus_version") == 0)
        return "0.1.0";
    if (strcmp(key, "network") == 0)
        return network_text;
    if (strcmp(key, "loss") == 0)
        return loss_text;
    return strcmp(key, "encoding") == 0 ? encoding_text : code_text;
}

/* One lie. In the text of `key`, the first `find` becomes `put`; find NULL: the whole text, and
 * then put NULL leaves the key out. */
typedef struct text_case {
    const char *key, *find, *put;
    error_class code;
    const char *message;
} text_case;

static const text_case text_cases[] = {
    {"format", NULL, NULL, ERROR_DATA,
     "the metadata has no 'format', so this is no model file of Plexus"},
    {"format", NULL, "plexus-model-2", ERROR_DATA,
     "format: 'plexus-model-2' is not known; this version reads 'plexus-model-1'"},
    {"format", NULL, "\x1b[2J", ERROR_DATA,
     "format: '\\x1b[2J' is not known; this version reads 'plexus-model-1'"},
    {"plexus_version", NULL, NULL, ERROR_DATA,
     "the metadata has no 'plexus_version'; a model file has one"},
    {"network", NULL, NULL, ERROR_DATA, "the metadata has no 'network'; a model file has one"},
    {"network", NULL, "{", ERROR_DATA,
     "network: is not valid JSON: string or '}' expected near end of file (line 1, column 1)"},
    {"network", NULL, "[]", ERROR_DATA, "network: must be an object"},
    {"network", "\"inputs\"", "\"input\"", ERROR_DATA, "network: 'inputs' is missing"},
    {"network", "{\"inputs\"", "{\"extra\":1,\"inputs\"", ERROR_DATA,
     "network: unknown key 'extra'"},
    {"network", "{\"inputs\"", "{\"inputs\":2,\"inputs\"", ERROR_DATA,
     "network: is not valid JSON: duplicate object key near '\"inputs\"' (line 1, column 20)"},
    {"network", "\"inputs\":2", "\"inputs\":0", ERROR_DATA,
     "network: 'inputs' must be a whole number from 1 to 2147483647"},
    {"network", "\"inputs\":2", "\"inputs\":2.5", ERROR_DATA,
     "network: 'inputs' must be a whole number from 1 to 2147483647"},
    {"network", "\"inputs\":2", "\"inputs\":3", ERROR_DATA,
     "network: 'inputs' is 3, but the encoding has 2 features"},
    {"network", NULL, "{\"inputs\":2,\"layers\":[]}", ERROR_DATA,
     "network: 'layers' must be an array of 1 to 4096 layers"},
    {"network", NULL, "{\"inputs\":2,\"layers\":{}}", ERROR_DATA,
     "network: 'layers' must be an array of 1 to 4096 layers"},
    {"network", NULL, "{\"inputs\":2,\"layers\":[7]}", ERROR_DATA,
     "network: layers[0]: must be an object"},
    {"network", "\"units\":3", "\"units\":-3", ERROR_DATA,
     "network: layers[0]: 'units' must be a whole number from 1 to 2147483647"},
    {"network", "\"units\":3", "\"units\":99999999999999999999", ERROR_DATA,
     "network: is not valid JSON: too big integer near '99999999999999999999' (line 1, column 51)"},
    {"network", "\"units\":3", "\"units\":2147483647", ERROR_DATA,
     "tensor 'layers.0.weight': its shape must be [2147483647, 2]"},
    {"network", "\"bias\":true", "\"bias\":1", ERROR_DATA,
     "network: layers[0]: 'bias' must be true or false"},
    {"network", "\"bias\":false", "\"bias\":true", ERROR_DATA,
     "no tensor 'layers.1.bias'; the network has it"},
    {"network", "\"bias\":true", "\"bias\":false", ERROR_DATA,
     "tensor 'layers.0.bias': the network has no such parameters"},
    {"network", "0.25", "1", ERROR_DATA,
     "network: layers[0]: 'dropout' must be at least 0 and below 1"},
    {"network", "0.25", "\"0.25\"", ERROR_DATA,
     "network: layers[0]: 'dropout' must be a finite number"},
    {"network", "\"name\":\"elu\"", "\"name\":\"../../evil\"", ERROR_DATA,
     "network: layers[0]: activation: '../../evil' is no name of a plug-in"},
    {"network", "\"name\":\"elu\"", "\"name\":null", ERROR_DATA,
     "network: layers[0]: activation: 'name' must be a string"},
    {"network", "\"name\":\"elu\"", "\"name\":\"ellu\"", ERROR_PLUGIN,
     "network: layers[0]: activation: no activation 'ellu' in @; did you mean 'elu'?"},
    {"network", "\"version\":\"1.0\"", "\"version\":1.0", ERROR_DATA,
     "network: layers[0]: activation: 'version' must be a string"},
    {"network", "\"1.0\"", "\"1.000000000000000000000000000000000000000000000000000000000000000\"",
     ERROR_DATA, "network: layers[0]: activation: 'version' has 65 bytes; at most 64 are allowed"},
    {"network", "{\"alpha\":\"0.5\"}", "[]", ERROR_DATA,
     "network: layers[0]: activation: 'settings' must be an object"},
    {"network", "\"0.5\"", "0.5", ERROR_DATA,
     "network: layers[0]: activation: the setting 'alpha' must be a string"},
    {"network", "\"0.5\"", "\"nan\"", ERROR_DATA,
     "network: layers[0]: activation: alpha is nan; it must be in 0 <= alpha <= 1000"},
    {"network", "\"alpha\"", "\"alpa\"", ERROR_DATA,
     "network: layers[0]: activation: activation 'elu' has no setting 'alpa'; did you mean "
     "'alpha'?"},
    {"network", "\"alpha\":\"0.5\"", "", ERROR_DATA,
     "network: layers[0]: activation: the setting 'alpha' is missing"},
    {"network", "\"name\":\"softmax\"", "\"name\":\"tanh\"", ERROR_DATA,
     "code: 'low' and 'high' are 0 and 1; the last layer's outputs need -1 and 1"},
    {"network", "\"name\":\"softmax\"", "\"name\":\"identity\"", ERROR_DATA,
     "loss 'cross_entropy' does not fit the output of activation 'identity' (any real values): it "
     "needs values in [0, 1] or rows that sum to one; sigmoid or softmax would fit"},
    {"loss", NULL, NULL, ERROR_DATA, "the metadata has no 'loss'; a model file has one"},
    {"loss", "true", "\"yes\"", ERROR_DATA, "loss: 'fused' must be true or false"},
    {"loss", "cross_entropy", "cross_entrope", ERROR_PLUGIN,
     "loss: no loss 'cross_entrope' in @; did you mean 'cross_entropy'?"},
    {"encoding", NULL, NULL, ERROR_DATA, "the metadata has no 'encoding'; a model file has one"},
    {"encoding", NULL, "{}", ERROR_DATA,
     "the encoding's \"format\" is not one of the words it can be"},
    {"encoding", "[\"no\",\"yes\"]", "[\"a\",\"b\",\"c\"]", ERROR_DATA,
     "encoding: the last layer has 2 units, but kind has 3 classes (a, b, c); 3 units would be "
     "right"},
    {"encoding", NULL,
     "{\"format\":\"npy\",\"header\":false,\"delimiter\":\",\",\"missing\":\"error\",\"features\":"
     "2,"
     "\"targets\":\"none\",\"target_names\":[]}",
     ERROR_DATA, "encoding: has no targets; a model predicts classes or numbers"},
    {"code", NULL, NULL, ERROR_DATA, "the metadata has no 'code'; a model file has one"},
    {"code", "\"units\":2", "\"units\":3", ERROR_DATA,
     "code: 'units' is 3, but the last layer has 2"},
    {"code", "\"low\":0.0", "\"low\":-1", ERROR_DATA,
     "code: 'low' and 'high' are -1 and 1; the last layer's outputs need 0 and 1"},
    {"code", "\"high\":1.0", "\"high\":true", ERROR_DATA, "code: 'high' must be a finite number"},
};

static catalog *plugins;
static char *folder;

static void setup(void)
{
    plugins = fixture_catalog();
    folder = harness_folder();
}

static void teardown(void)
{
    catalog_free(plugins);
    free(folder);
}

/* --- texts --- */

/* The text with the case's change; NULL: left out. The caller's to free. */
static char *changed_text(const text_case *lie)
{
    const char *right = right_text(lie->key);

    if (lie->find == NULL)
        return memory_string(lie->put);
    const char *at = strstr(right, lie->find);
    ck_assert_msg(at != NULL, "'%s' is not in %s", lie->find, right);
    return memory_format("%.*s%s%s", (int)(at - right), right, lie->put, at + strlen(lie->find));
}

static const char *text_for(const char *key, const text_case *lie, const char *changed)
{
    return strcmp(key, lie->key) == 0 ? changed : right_text(key);
}

/* A file with the right tensors and one changed text. */
static char *write_texts(const text_case *lie, const char *changed)
{
    const fixture_metadata metadata = {
        .format = text_for("format", lie, changed),
        .plexus_version = text_for("plexus_version", lie, changed),
        .network = text_for("network", lie, changed),
        .loss = text_for("loss", lie, changed),
        .encoding = text_for("encoding", lie, changed),
        .code = text_for("code", lie, changed),
    };
    const fixture_layer layer[2] = {{.units = 3, .fan_in = 2, .weight = weight0, .bias = bias0},
                                    {.units = 2, .fan_in = 3, .weight = weight1}};

    return fixture_write(folder, "model.safetensors", &metadata, layer, 2);
}

/* An @ in the message stands for the folder of the plug-ins. */
static void assert_error(const char *path, const plx_error *error, error_class code,
                         const char *message)
{
    const char *at = strchr(message, '@');
    char *expected = at == NULL ? memory_format("%s: %s", path, message)
                                : memory_format("%s: %.*s%s%s", path, (int)(at - message), message,
                                                PLEXUS_PLUGIN_BUILD_DIR, at + 1);

    ck_assert_str_eq(error->text, expected);
    ck_assert_int_eq(error->code, code);
    free(expected);
}

START_TEST(a_text_that_lies)
{
    const text_case *lie = &text_cases[_i];
    plx_error error = {.code = ERROR_NONE};
    char *changed = changed_text(lie);
    char *path = write_texts(lie, changed);

    ck_assert_ptr_null(model_read(path, plugins, NULL, &error));
    assert_error(path, &error, lie->code, lie->message);
    free(path);
    free(changed);
}
END_TEST

/* Without a change the same file is read. */
START_TEST(the_truth_is_believed)
{
    const text_case nothing = {.key = "format", .find = "plexus", .put = "plexus"};
    plx_error error = {.code = ERROR_NONE};
    char *path = write_texts(&nothing, right_text("format"));
    model *model = model_read(path, plugins, NULL, &error);

    ck_assert_msg(model != NULL, "%s", error.text);
    ck_assert_str_eq(model->path, path);
    model_free(model);
    free(path);
}
END_TEST

/* --- tensors --- */

typedef struct tensor_case {
    const char *name; /* added, with this type and shape */
    tensor_type type;
    int rank;
    uint64_t shape[3];
    float first;      /* its first element; the others are 1 */
    const char *skip; /* of the right tensors, this one is left out */
    const char *message;
} tensor_case;

static const tensor_case tensor_cases[] = {
    {.skip = "layers.0.weight", .message = "no tensor 'layers.0.weight'; the network has it"},
    {.skip = "layers.0.bias", .message = "no tensor 'layers.0.bias'; the network has it"},
    {.skip = "layers.0.weight",
     .name = "layers.0.weight",
     .rank = 2,
     .shape = {2, 3},
     .message = "tensor 'layers.0.weight': its shape must be [3, 2]"},
    {.skip = "layers.0.weight",
     .name = "layers.0.weight",
     .rank = 1,
     .shape = {6},
     .message = "tensor 'layers.0.weight': its shape must be [3, 2]"},
    {.skip = "layers.0.bias",
     .name = "layers.0.bias",
     .rank = 2,
     .shape = {1, 3},
     .message = "tensor 'layers.0.bias': its shape must be [3]"},
    {.skip = "layers.1.weight",
     .name = "layers.1.weight",
     .rank = 3,
     .shape = {2, 3, 1},
     .message = "tensor 'layers.1.weight': its shape must be [2, 3]"},
    {.skip = "layers.1.weight",
     .name = "layers.1.weight",
     .type = TENSOR_F64,
     .rank = 2,
     .shape = {2, 3},
     .message = "tensor 'layers.1.weight': must be of type F32"},
    {.skip = "layers.1.weight",
     .name = "layers.1.weight",
     .rank = 2,
     .shape = {2, 3},
     .first = NAN,
     .message = "tensor 'layers.1.weight': element 0 is not a number; weights must be finite"},
    {.skip = "layers.0.bias",
     .name = "layers.0.bias",
     .rank = 1,
     .shape = {3},
     .first = -INFINITY,
     .message = "tensor 'layers.0.bias': element 0 is infinite; weights must be finite"},
    {.name = "layers.1.bias",
     .rank = 1,
     .shape = {2},
     .message = "tensor 'layers.1.bias': the network has no such parameters"},
    {.name = "layers.2.weight",
     .rank = 2,
     .shape = {2, 2},
     .message = "tensor 'layers.2.weight': the network has no such parameters"},
};

static void add_right(tensor_file *file, const char *skip)
{
    const uint64_t shape0[2] = {3, 2}, shape1[2] = {2, 3};

    if (skip == NULL || strcmp(skip, "layers.0.weight") != 0)
        tensor_file_add(file, "layers.0.weight", TENSOR_F32, 2, shape0, weight0);
    if (skip == NULL || strcmp(skip, "layers.0.bias") != 0)
        tensor_file_add(file, "layers.0.bias", TENSOR_F32, 1, shape0, bias0);
    if (skip == NULL || strcmp(skip, "layers.1.weight") != 0)
        tensor_file_add(file, "layers.1.weight", TENSOR_F32, 2, shape1, weight1);
}

/* A file with the right texts and the tensors of the case. */
static char *write_tensors(const tensor_case *lie)
{
    static const char *const keys[] = {"format", "plexus_version", "network",
                                       "loss",   "encoding",       "code"};
    float data[16] = {lie->first, 1, 1, 1, 1, 1};
    char *path = file_join(folder, "model.safetensors");
    tensor_file *file = tensor_file_new();
    plx_error error = {.code = ERROR_NONE};

    for (int i = 0; i < 6; i++)
        tensor_file_metadata(file, keys[i], right_text(keys[i]));
    add_right(file, lie->skip);
    if (lie->name != NULL)
        tensor_file_add(file, lie->name, lie->type, lie->rank, lie->shape, data);
    ck_assert_msg(tensor_file_write(file, path, &error), "%s", error.text);
    tensor_file_free(file);
    return path;
}

START_TEST(a_tensor_that_lies)
{
    plx_error error = {.code = ERROR_NONE};
    char *path = write_tensors(&tensor_cases[_i]);

    ck_assert_ptr_null(model_read(path, plugins, NULL, &error));
    assert_error(path, &error, ERROR_DATA, tensor_cases[_i].message);
    free(path);
}
END_TEST

/* What a checkpoint stores besides is no business of the model's. */
START_TEST(tensors_of_other_names_are_left_alone)
{
    const tensor_case other = {.name = "layers.0.weight.momentum", .rank = 1, .shape = {3}};
    plx_error error = {.code = ERROR_NONE};
    char *path = write_tensors(&other);
    model *model = model_read(path, plugins, NULL, &error);

    ck_assert_msg(model != NULL, "%s", error.text);
    model_free(model);
    free(path);
}
END_TEST

/* --- files --- */

START_TEST(a_file_that_is_no_model)
{
    plx_error error = {.code = ERROR_NONE};
    char *path = harness_file(folder, "iris.csv", "sepal_length,species\n5.1,setosa\n");

    ck_assert_ptr_null(model_read(path, plugins, NULL, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.text, "(is this a safetensors file?)"));
    free(path);
}
END_TEST

START_TEST(a_file_that_is_not_there)
{
    plx_error error = {.code = ERROR_NONE};

    ck_assert_ptr_null(model_read("/nowhere/m.safetensors", plugins, NULL, &error));
    ck_assert_str_eq(error.text, "/nowhere/m.safetensors: cannot read: No such file or directory");
    ck_assert_int_eq(error.code, ERROR_DATA);
}
END_TEST

START_TEST(a_folder_without_a_model)
{
    plx_error error = {.code = ERROR_NONE};

    ck_assert_ptr_null(model_read(folder, plugins, NULL, &error));
    assert_error(folder, &error, ERROR_DATA,
                 "has no model.safetensors; a model file or the folder of a run is wanted");
}
END_TEST

/* However the file is cut, it is refused and nothing is read beyond it. */
START_TEST(a_file_cut_anywhere)
{
    const tensor_case nothing = {.name = NULL};
    char *path = write_tensors(&nothing);
    size_t length;
    char *bytes = fixture_read(path, &length);

    for (size_t kept = 0; kept < length; kept += 37) {
        plx_error error = {.code = ERROR_NONE};
        ck_assert(file_write(path, bytes, kept, &error));
        ck_assert_ptr_null(model_read(path, plugins, NULL, &error));
        ck_assert_int_eq(error.code, ERROR_DATA);
    }
    free(bytes);
    free(path);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("model/read");
    TCase *cases = tcase_create("hostile");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, the_truth_is_believed);
    tcase_add_loop_test(cases, a_text_that_lies, 0, sizeof(text_cases) / sizeof(text_cases[0]));
    tcase_add_loop_test(cases, a_tensor_that_lies, 0,
                        sizeof(tensor_cases) / sizeof(tensor_cases[0]));
    tcase_add_test(cases, tensors_of_other_names_are_left_alone);
    tcase_add_test(cases, a_file_that_is_no_model);
    tcase_add_test(cases, a_file_that_is_not_there);
    tcase_add_test(cases, a_folder_without_a_model);
    tcase_add_test(cases, a_file_cut_anywhere);
    suite_add_tcase(suite, cases);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
