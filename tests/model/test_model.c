/* test_model.c: what is written is read back, bit for bit; a file inside a run's folder; versions
 * of plug-ins that differ; and the summary, byte for byte. (Files that lie: test_read.c.) */
#include "model/model.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fixture.h"
#include "harness.h"
#include "network/product.h"
#include "support/file.h"
#include "support/memory.h"

/* Two numbers and a colour go in, three kinds come out. */
static char x_name[] = "x", y_name[] = "y,\n", colour_name[] = "colour", kind_name[] = "kind";
static char red[] = "red", blue[] = "blue", ant[] = "ant", bee[] = "bee \"b\"", cow[] = "cow";
static char *colours[] = {blue, red}, *labels[] = {ant, bee, cow}, *targets[] = {kind_name};
static input_column columns[] = {
    {.name = x_name, .first = 0, .mean = 1.0 / 3},
    {.name = y_name, .first = 1, .mean = -1e-300},
    {.name = colour_name, .first = 2, .category = colours, .categories = 2}};
static double offset[] = {0.1, 2e20, 0, 0}, factor[] = {1.0 / 7, 3e-20, 1, 1};
static const encoding animals = {.format = FORMAT_CSV,
                                 .column = columns,
                                 .column_count = 3,
                                 .header = true,
                                 .delimiter = ';',
                                 .missing = MISSING_MEAN,
                                 .features = 4,
                                 .offset = offset,
                                 .factor = factor,
                                 .targets = TARGETS_CLASS,
                                 .target_name = targets,
                                 .target_count = 1,
                                 .label = labels,
                                 .label_count = 3};
static const target_code code3 = {.units = 3, .low = 0, .high = 1};

static catalog *plugins;
static char *folder, *path;
static settings *elu, *softmax, *loss;
static layer_spec layers[2];
static pool *workers;
static host services;
static network *original;

static settings *load(uint32_t kind, const char *name)
{
    plx_error error = {.code = ERROR_NONE};
    const plugin *plugin = catalog_find(plugins, kind, name, &error);

    ck_assert_msg(plugin != NULL, "%s", error.text);
    return settings_new(plugin, NULL);
}

static network *make_network(void)
{
    const network_spec spec = {.inputs = 4,
                               .layer = layers,
                               .layer_count = 2,
                               .loss = loss,
                               .fused = true,
                               .capacity = 8,
                               .training = true};
    plx_error error = {.code = ERROR_NONE};
    network *made = network_new(&spec, workers, &services, &error);
    size_t count;

    ck_assert_msg(made != NULL, "%s", error.text);
    const network_tensor *tensor = network_tensors(made, &count);
    for (size_t t = 0; t < count; t++)
        for (size_t i = 0; i < tensor[t].rows * tensor[t].cols; i++)
            network_weights(made, t)[i] = sinf((float)(17 * t + i + 1));
    return made;
}

static void setup(void)
{
    const place nowhere = {.file = NULL};

    plugins = fixture_catalog();
    folder = harness_folder();
    path = file_join(folder, "model.safetensors");
    elu = load(PLX_KIND_ACTIVATION, "elu");
    softmax = load(PLX_KIND_ACTIVATION, "softmax");
    loss = load(PLX_KIND_LOSS, "cross_entropy");
    ck_assert(settings_set(elu, "alpha", nowhere, "0.30000000000000004", nowhere, NULL));
    layers[0] = (layer_spec){.units = 5, .activation = elu, .dropout = 0.1, .bias = true};
    layers[1] = (layer_spec){.units = 3, .activation = softmax, .bias = false};
    workers = pool_new(1, NULL);
    host_init(&services, NULL, 0);
    services.product = product;
    original = make_network();
}

static void teardown(void)
{
    network_free(original);
    host_destroy(&services);
    pool_free(workers);
    settings_free(elu);
    settings_free(softmax);
    settings_free(loss);
    catalog_free(plugins);
    free(path);
    free(folder);
}

static model_parts parts(void)
{
    return (model_parts){.encoding = &animals,
                         .inputs = 4,
                         .layer = layers,
                         .layer_count = 2,
                         .loss = loss,
                         .fused = true,
                         .code = &code3};
}

static void write_model(const char *where)
{
    const model_parts all = parts();
    plx_error error = {.code = ERROR_NONE};

    ck_assert_msg(model_write(where, &all, original, NULL, &error), "%s", error.text);
}

static model *read_model(const char *where, const logger *log)
{
    plx_error error = {.code = ERROR_NONE};
    model *model = model_read(where, plugins, log, &error);

    ck_assert_msg(model != NULL, "%s", error.text);
    return model;
}

/* --- round trip --- */

START_TEST(layers_come_back)
{
    write_model(path);
    model *model = read_model(path, NULL);

    ck_assert_uint_eq(model->inputs, 4);
    ck_assert_uint_eq(model->layer_count, 2);
    ck_assert_uint_eq(model->layer[0].units, 5);
    ck_assert_uint_eq(model->layer[1].units, 3);
    ck_assert(model->layer[0].bias && !model->layer[1].bias);
    ck_assert_double_eq(model->layer[0].dropout, 0.1);
    ck_assert_double_eq(model->layer[1].dropout, 0);
    ck_assert_str_eq(model->layer[0].activation->plugin->name, "elu");
    ck_assert_str_eq(model->layer[1].activation->plugin->name, "softmax");
    model_free(model);
}
END_TEST

START_TEST(settings_come_back_to_the_bit)
{
    char buffer[32];

    write_model(path);
    model *model = read_model(path, NULL);
    ck_assert_str_eq(settings_value(model->layer[0].activation, 0, buffer), "0.30000000000000004");
    model_free(model);
}
END_TEST

START_TEST(loss_and_code_come_back)
{
    write_model(path);
    model *model = read_model(path, NULL);

    ck_assert_str_eq(model->loss->plugin->name, "cross_entropy");
    ck_assert(model->fused);
    ck_assert_uint_eq(model->code.units, 3);
    ck_assert(model->code.low == 0 && model->code.high == 1);
    model_free(model);
}
END_TEST

START_TEST(the_encoding_comes_back_to_the_bit)
{
    write_model(path);
    model *model = read_model(path, NULL);
    char *before = encoding_to_json(&animals), *after = encoding_to_json(&model->encoding);

    ck_assert_str_eq(before, after);
    ck_assert_mem_eq(model->encoding.offset, offset, sizeof(offset));
    ck_assert_mem_eq(model->encoding.factor, factor, sizeof(factor));
    ck_assert_str_eq(model->encoding.label[1], bee);
    free(before);
    free(after);
    model_free(model);
}
END_TEST

START_TEST(weights_come_back_to_the_bit)
{
    plx_error error = {.code = ERROR_NONE};
    size_t count;

    write_model(path);
    model *model = read_model(path, NULL);
    network *copy = model_network(model, true, 8, workers, &services, &error);
    ck_assert_msg(copy != NULL, "%s", error.text);
    const network_tensor *tensor = network_tensors(copy, &count);
    ck_assert_uint_eq(count, 3);
    for (size_t t = 0; t < count; t++)
        ck_assert_mem_eq(network_weights(copy, t), network_weights(original, t),
                         tensor[t].rows * tensor[t].cols * sizeof(float));
    network_free(copy);
    model_free(model);
}
END_TEST

static void assert_same_outputs(bool with_loss)
{
    float x[8 * 4];
    plx_error error = {.code = ERROR_NONE};

    for (int i = 0; i < 32; i++)
        x[i] = cosf((float)i);
    write_model(path);
    model *model = read_model(path, NULL);
    network *copy = model_network(model, with_loss, 8, workers, &services, &error);
    ck_assert_msg(copy != NULL, "%s", error.text);
    ck_assert(network_forward(original, 8, x, NULL, true, &error));
    ck_assert(network_forward(copy, 8, x, NULL, true, &error));
    ck_assert_mem_eq(network_output(copy), network_output(original), 8 * 3 * sizeof(float));
    network_free(copy);
    model_free(model);
}

START_TEST(a_forward_network_gives_the_same_outputs)
{
    assert_same_outputs(false);
}
END_TEST

START_TEST(an_evaluating_network_gives_the_same_outputs)
{
    assert_same_outputs(true);
}
END_TEST

/* The best weights of a run are not those its network has now. */
START_TEST(weights_may_be_others_than_the_networks)
{
    float weight[20], bias[5] = {9, 8, 7, 6, 5}, last[15] = {1};
    const float *const others[3] = {weight, bias, last};
    const model_parts all = parts();
    const uint64_t shape[1] = {5};
    float stored[5];

    for (int i = 0; i < 20; i++)
        weight[i] = (float)i;
    ck_assert(model_write(path, &all, original, others, NULL));
    tensor_file *file = tensor_file_read(path, NULL);
    ck_assert(tensor_file_copy(file, "layers.0.bias", TENSOR_F32, 1, shape, stored, NULL));
    ck_assert_mem_eq(stored, bias, sizeof(bias));
    tensor_file_free(file);
}
END_TEST

START_TEST(writing_what_was_read_gives_the_same_bytes)
{
    char *again = file_join(folder, "again.safetensors");
    size_t first_length, second_length;

    write_model(path);
    model *model = read_model(path, NULL);
    network *copy = model_network(model, false, 1, workers, &services, NULL);
    const model_parts all = {.encoding = &model->encoding,
                             .inputs = model->inputs,
                             .layer = model->layer,
                             .layer_count = model->layer_count,
                             .loss = model->loss,
                             .fused = model->fused,
                             .code = &model->code};
    ck_assert(model_write(again, &all, copy, NULL, NULL));
    char *first = fixture_read(path, &first_length), *second = fixture_read(again, &second_length);
    ck_assert_uint_eq(first_length, second_length);
    ck_assert_mem_eq(first, second, first_length);
    free(first);
    free(second);
    free(again);
    network_free(copy);
    model_free(model);
}
END_TEST

/* --- files --- */

START_TEST(a_folder_stands_for_the_model_in_it)
{
    write_model(path);
    model *model = read_model(folder, NULL);

    ck_assert_str_eq(model->path, path);
    model_free(model);
}
END_TEST

/* A checkpoint is a model file with more in it. */
START_TEST(a_checkpoint_is_read_as_a_model)
{
    const float slot[2] = {1, 2};
    const uint64_t shape[1] = {2};
    const model_parts all = parts();
    tensor_file *file = tensor_file_new();

    ck_assert(model_store(file, &all, original, NULL, NULL));
    tensor_file_metadata(file, "checkpoint", "{}");
    tensor_file_add(file, "slot.0.momentum", TENSOR_F32, 1, shape, slot);
    ck_assert(tensor_file_write(file, path, NULL));
    tensor_file_free(file);
    model_free(read_model(path, NULL));
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    const model_parts all = parts();
    plx_error error = {.code = ERROR_NONE};

    ck_assert(!model_write("/dev/full", &all, original, NULL, &error));
    ck_assert_str_eq(error.text, "/dev/full: cannot write: No space left on device");
}
END_TEST

/* --- versions --- */

static char warned[1024];

static void keep_line(void *context, log_level level, const char *line)
{
    ck_assert_int_eq(level, LOG_WARNING);
    strncpy(context, line, sizeof(warned) - 1);
}

static const logger keeper = {.line = keep_line, .context = warned};
static const char npy[] = "{\"format\":\"npy\",\"header\":false,\"delimiter\":\",\",\"missing\":"
                          "\"error\",\"features\":1,\"targets\":\"number\",\"target_names\":"
                          "[\"y\"],\"target_mean\":[3],\"target_deviation\":[0.5]}";

/* A model of one elu unit, said to be of version 0.9, with these settings. */
static model *old_model(const char *its_settings)
{
    const float weight[1] = {1};
    const fixture_layer layer = {.units = 1, .fan_in = 1, .weight = weight};
    char *network = memory_format(
        "{\"inputs\":1,\"layers\":[{\"units\":1,\"bias\":false,\"dropout\":0,\"activation\":"
        "{\"name\":\"elu\",\"version\":\"0.9\",\"settings\":%s}}]}",
        its_settings);
    const fixture_metadata metadata = {
        .format = "plexus-model-1",
        .plexus_version = "0.1.0",
        .network = network,
        .loss = "{\"name\":\"mse\",\"version\":\"1.0\",\"settings\":{},\"fused\":false}",
        .encoding = npy,
        .code = "{\"units\":1,\"low\":0,\"high\":1}"};
    char *file = fixture_write(folder, "old.safetensors", &metadata, &layer, 1);
    model *model = read_model(file, &keeper);

    free(file);
    free(network);
    return model;
}

START_TEST(another_version_is_a_warning)
{
    model *model = old_model("{\"alpha\":\"1\"}");
    char *expected = memory_format("%s/old.safetensors: network: layers[0]: activation: was "
                                   "trained with version 0.9 of activation 'elu'; this is version "
                                   "1.0 (%s/activation/elu.so)",
                                   folder, PLEXUS_PLUGIN_BUILD_DIR);

    ck_assert_str_eq(warned, expected);
    free(expected);
    model_free(model);
}
END_TEST

START_TEST(the_same_version_is_no_warning)
{
    write_model(path);
    model_free(read_model(path, &keeper));
    ck_assert_str_eq(warned, "");
}
END_TEST

/* A newer version may have gained the setting; at its default it means what it meant before. */
START_TEST(another_version_may_have_gained_a_setting)
{
    model *model = old_model("{}");

    ck_assert(settings_are_default(model->layer[0].activation));
    model_free(model);
}
END_TEST

/* --- summary --- */

static void assert_summary(model *model, const char *expected)
{
    char *first = memory_format("model       %s, written by Plexus 0.1.0\n", model->path);
    text out = {0};

    ck_assert(model_summary(model, &out));
    ck_assert_int_eq(strncmp(out.bytes, first, strlen(first)), 0);
    ck_assert_str_eq(out.bytes + strlen(first), expected);
    free(out.bytes);
    free(first);
    model_free(model);
}

START_TEST(summary_of_classes)
{
    write_model(path);
    assert_summary(read_model(path, NULL),
                   "inputs      4 features from 3 columns: x, y,\\x0a, colour (2 categories)\n"
                   "scaling     (x - offset) * factor, fitted for each of 4 features\n"
                   "classes     3 of kind: ant, bee \"b\", cow\n"
                   "loss        cross_entropy, fused with softmax\n"
                   "\n"
                   "layer  shape   activation                       bias  dropout  parameters\n"
                   "    0  4 -> 5  elu (alpha 0.30000000000000004)  yes       0.1          25\n"
                   "    1  5 -> 3  softmax                          no          -          15\n"
                   "total                                                                  40\n"
                   "\n"
                   "memory      160 bytes of weights\n");
}
END_TEST

START_TEST(summary_of_numbers)
{
    assert_summary(old_model("{\"alpha\":\"1\"}"),
                   "inputs      1 feature\n"
                   "scaling     none\n"
                   "targets     1: y (mean 3, deviation 0.5)\n"
                   "loss        mse\n"
                   "\n"
                   "layer  shape   activation  bias  dropout  parameters\n"
                   "    0  1 -> 1  elu         no          -           1\n"
                   "total                                              1\n"
                   "\n"
                   "memory      4 bytes of weights\n");
}
END_TEST

START_TEST(summary_of_one_unit_names_the_threshold)
{
    const float weight[1] = {1};
    const char *yes_no = "{\"format\":\"npy\",\"header\":false,\"delimiter\":\",\",\"missing\":"
                         "\"error\",\"features\":1,\"targets\":\"class\",\"target_names\":"
                         "[\"answer\"],\"labels\":[\"no\",\"yes\"],\"offset\":[0],"
                         "\"factor\":[0.25]}";
    model *model = fixture_model(plugins, "tanh", "mse", 1, 1, weight, yes_no,
                                 "{\"units\":1,\"low\":-1,\"high\":1}");
    text out = {0};

    ck_assert(model_summary(model, &out));
    ck_assert_ptr_nonnull(
        strstr(out.bytes, "classes     2 of answer: no, yes; at or above 0 it is yes\n"));
    ck_assert_ptr_nonnull(strstr(out.bytes, "scaling     (x - 0) * 0.25 for every feature\n"));
    free(out.bytes);
    model_free(model);
}
END_TEST

START_TEST(summary_for_machines)
{
    json_t *root = NULL;
    text out = {0};

    write_model(path);
    model *model = read_model(path, NULL);
    ck_assert(model_summary_json(model, &out));
    ck_assert_ptr_null(strchr(out.bytes, '\n'));
    root = json_loads(out.bytes, 0, NULL);
    ck_assert_ptr_nonnull(root);
    const json_t *network = json_object_get(root, "network");
    const json_t *layer = json_array_get(json_object_get(network, "layers"), 1);
    ck_assert_str_eq(json_string_value(json_object_get(root, "model")), path);
    ck_assert_str_eq(json_string_value(json_object_get(root, "plexus_version")), "0.1.0");
    ck_assert_int_eq(json_integer_value(json_object_get(root, "parameters")), 40);
    ck_assert_int_eq(json_integer_value(json_object_get(root, "bytes")), 160);
    ck_assert_int_eq(json_integer_value(json_object_get(layer, "inputs")), 5);
    ck_assert_int_eq(json_integer_value(json_object_get(layer, "parameters")), 15);
    ck_assert(json_is_true(json_object_get(json_object_get(root, "loss"), "fused")));
    ck_assert(json_is_object(json_object_get(root, "encoding")));
    json_decref(root);
    free(out.bytes);
    model_free(model);
}
END_TEST

static TCase *round_trip_cases(void)
{
    TCase *cases = tcase_create("round trip");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, layers_come_back);
    tcase_add_test(cases, settings_come_back_to_the_bit);
    tcase_add_test(cases, loss_and_code_come_back);
    tcase_add_test(cases, the_encoding_comes_back_to_the_bit);
    tcase_add_test(cases, weights_come_back_to_the_bit);
    tcase_add_test(cases, a_forward_network_gives_the_same_outputs);
    tcase_add_test(cases, an_evaluating_network_gives_the_same_outputs);
    tcase_add_test(cases, weights_may_be_others_than_the_networks);
    tcase_add_test(cases, writing_what_was_read_gives_the_same_bytes);
    tcase_add_test(cases, a_folder_stands_for_the_model_in_it);
    tcase_add_test(cases, a_checkpoint_is_read_as_a_model);
    tcase_add_test(cases, a_full_disk_is_an_error);
    return cases;
}

static TCase *version_cases(void)
{
    TCase *cases = tcase_create("versions");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, another_version_is_a_warning);
    tcase_add_test(cases, the_same_version_is_no_warning);
    tcase_add_test(cases, another_version_may_have_gained_a_setting);
    return cases;
}

static TCase *summary_cases(void)
{
    TCase *cases = tcase_create("summary");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, summary_of_classes);
    tcase_add_test(cases, summary_of_numbers);
    tcase_add_test(cases, summary_of_one_unit_names_the_threshold);
    tcase_add_test(cases, summary_for_machines);
    return cases;
}

static Suite *suite(void)
{
    Suite *suite = suite_create("model/model");

    suite_add_tcase(suite, round_trip_cases());
    suite_add_tcase(suite, version_cases());
    suite_add_tcase(suite, summary_cases());
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
