/* What a plug-in says of itself, for people and for machines: fixtures of each kind exactly, and
 * odd plug-ins, made here, that have little to say or fail while they are asked. */
#include "plugin/describe.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "stage.h"

#include "support/memory.h"

/* ---- fixtures, as they are found ---- */

/* Compares with `expected`, in which @ stands for the folder, and frees what was said. */
static void expect_text(text *said, const char *folder, const char *expected)
{
    text t = {0};

    for (const char *c = expected; *c != '\0'; c++)
        text_addf(&t, *c == '@' ? "%s" : "%.1s", *c == '@' ? folder : c);
    ck_assert(!said->failed);
    ck_assert_str_eq(said->bytes, t.bytes);
    free(t.bytes);
    free(said->bytes);
}

/* Describes one fixture, staged as subject.so (or as `name`), as text or as JSON. */
static void expect_description(const char *fixture, uint32_t kind, const char *name, bool json,
                               const char *expected)
{
    char *folder = harness_folder();
    char *file = memory_format("%s.so", name);
    char *path = stage_copy(folder, fixture, file);
    catalog *catalog = stage_catalog(folder);
    const plugin *found = stage_find(catalog, kind, name);
    plx_error error = {0};
    text said = {0};

    ck_assert_msg(json ? describe_json(found, &said, &error) : describe_text(found, &said, &error),
                  "%s", error.text);
    expect_text(&said, folder, expected);
    catalog_free(catalog);
    free(path);
    free(file);
    free(folder);
}

START_TEST(describes_an_optimizer)
{
    expect_description("sound", PLX_KIND_OPTIMIZER, "subject", false,
                       "optimizer subject, version 1: stands still\n"
                       "@/subject.so\n"
                       "\n"
                       "settings\n"
                       "  beta1                real     0.9        0 <= x < 1\n"
                       "                       a share\n"
                       "  history              integer  10         1 <= x <= 100\n"
                       "                       how many\n"
                       "  nesterov             flag     false      true or false\n"
                       "                       look ahead\n"
                       "  mode                 choice   mean       one of mean, sum\n"
                       "                       how to reduce\n"
                       "  weight_decay         real     0          x >= 0\n"
                       "                       decay\n"
                       "  eps                  real     1e-08      x > 0; search on a log scale\n"
                       "                       added to the root\n"
                       "\n"
                       "steps       elementwise (step_range)\n"
                       "lr          0.01 unless the config says another\n"
                       "\n"
                       "state\n"
                       "  none with these settings\n");
}
END_TEST

START_TEST(describes_an_optimizer_as_json)
{
    expect_description(
        "sound", PLX_KIND_OPTIMIZER, "subject", true,
        "{\"kind\":\"optimizer\",\"name\":\"subject\",\"version\":\"1\",\"path\":\"@/"
        "subject.so\",\"summary\":\"stands "
        "still\",\"formula\":null,\"derivative\":null,\"source\":null,\"settings\":[{\"name\":"
        "\"beta1\",\"type\":\"real\",\"help\":\"a "
        "share\",\"log_scale\":false,\"default\":0.90000000000000002,\"min\":0.0,\"max\":1.0,\"min_"
        "open\":false,\"max_open\":true},{\"name\":\"history\",\"type\":\"integer\",\"help\":\"how "
        "many\",\"log_scale\":false,\"default\":10,\"min\":1,\"max\":100,\"min_open\":false,\"max_"
        "open\":false},{\"name\":\"nesterov\",\"type\":\"flag\",\"help\":\"look "
        "ahead\",\"log_scale\":false,\"default\":false},{\"name\":\"mode\",\"type\":\"choice\","
        "\"help\":\"how to "
        "reduce\",\"log_scale\":false,\"default\":\"mean\",\"choices\":[\"mean\",\"sum\"]},{"
        "\"name\":\"weight_decay\",\"type\":\"real\",\"help\":\"decay\",\"log_scale\":false,"
        "\"default\":0.0,\"min\":0.0,\"max\":\"inf\",\"min_open\":false,\"max_open\":false},{"
        "\"name\":\"eps\",\"type\":\"real\",\"help\":\"added to the "
        "root\",\"log_scale\":true,\"default\":1e-8,\"min\":0.0,\"max\":\"inf\",\"min_open\":true,"
        "\"max_open\":false}],\"steps\":\"elementwise (step_range)\",\"lr\":0.01,\"state\":[]}\n");
}
END_TEST

START_TEST(describes_an_activation)
{
    expect_description("signed", PLX_KIND_ACTIVATION, "subject", false,
                       "activation subject, version 1: goes nowhere\n"
                       "@/subject.so\n"
                       "\n"
                       "settings\n"
                       "  alpha                real     1          any number\n"
                       "                       slope\n"
                       "\n"
                       "outputs     [-1, 1]\n"
                       "gain        2.5: weights start at N(0, gain^2 / fan_in)\n");
}
END_TEST

START_TEST(describes_an_activation_as_json)
{
    expect_description(
        "signed", PLX_KIND_ACTIVATION, "subject", true,
        "{\"kind\":\"activation\",\"name\":\"subject\",\"version\":\"1\",\"path\":\"@/"
        "subject.so\",\"summary\":\"goes "
        "nowhere\",\"formula\":null,\"derivative\":null,\"source\":null,\"settings\":[{\"name\":"
        "\"alpha\",\"type\":\"real\",\"help\":\"slope\",\"log_scale\":false,\"default\":1.0,"
        "\"min\":\"-inf\",\"max\":\"inf\",\"min_open\":false,\"max_open\":false}],\"domain\":{"
        "\"lo\":-1.0,\"hi\":1.0,\"lo_open\":false,\"hi_open\":false,\"rows_sum_to_one\":false},"
        "\"gain\":2.5,\"semantic\":\"subject/1\",\"onnx\":null,\"expression\":null}\n");
}
END_TEST

START_TEST(describes_a_loss)
{
    expect_description(
        "fits_unit", PLX_KIND_LOSS, "subject", false,
        "loss subject, version 1: costs nothing\n"
        "@/subject.so\n"
        "\n"
        "settings\n"
        "  reverse              flag     false      true or false\n"
        "                       the other way\n"
        "\n"
        "takes\n"
        "  outputs that are values in [0, 1]: targets that are numbers in [0, 1]\n"
        "  outputs that are rows that sum to one: targets that are numbers in [0, 1]\n"
        "  fused with subject/1\n");
}
END_TEST

START_TEST(describes_a_loss_as_json)
{
    expect_description(
        "fits_unit", PLX_KIND_LOSS, "subject", true,
        "{\"kind\":\"loss\",\"name\":\"subject\",\"version\":\"1\",\"path\":\"@/"
        "subject.so\",\"summary\":\"costs "
        "nothing\",\"formula\":null,\"derivative\":null,\"source\":null,\"settings\":[{\"name\":"
        "\"reverse\",\"type\":\"flag\",\"help\":\"the other "
        "way\",\"log_scale\":false,\"default\":false}],\"accepts\":{\"reals\":[],\"positive\":[],"
        "\"unit\":[\"unit\"],\"simplex\":[\"unit\"]},\"fused\":[\"subject/1\"]}\n");
}
END_TEST

START_TEST(describes_open_and_endless_ranges_of_outputs)
{
    expect_description("positive", PLX_KIND_ACTIVATION, "positive", false,
                       "activation positive, version 1: goes nowhere\n"
                       "@/positive.so\n"
                       "\n"
                       "settings\n"
                       "  alpha                real     1          any number\n"
                       "                       slope\n"
                       "\n"
                       "outputs     (0, inf)\n"
                       "gain        2.5: weights start at N(0, gain^2 / fan_in)\n");
}
END_TEST

/* ---- odd plug-ins ---- */

static int32_t step_tensor(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot)
{
    return PLX_OK;
}

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    int32_t status = emit->slot(emit, "row", PLX_F32, tensor->rows, 1, 1);

    if (status == PLX_OK)
        status = emit->slot(emit, "best", PLX_F64, 1, 1, HUGE_VAL);
    return status == PLX_OK ? emit->copy_of_weights(emit, "start") : status;
}

static int32_t plan_model_slots(const void *self, const plx_tensor *model, const plx_emit *emit)
{
    const int32_t status = emit->slot(emit, "history", PLX_F32, 2, model->cols, 0);

    return status == PLX_OK ? emit->slot(emit, "count", PLX_I64, 1, 1, 3) : status;
}

/* No version, formula, source or settings, and slots of every shape. */
static const plx_optimizer odd = {.size = sizeof(odd),
                                  .name = "odd",
                                  .summary = "says little",
                                  .plan_slots = plan_slots,
                                  .plan_model_slots = plan_model_slots,
                                  .step_tensor = step_tensor};

static plugin optimizer_plugin(const plx_optimizer *optimizer)
{
    return (plugin){.kind = PLX_KIND_OPTIMIZER,
                    .name = optimizer->name,
                    .version = "1",
                    .path = "/a/odd.so",
                    .component = (const plx_component *)(const void *)optimizer,
                    .optimizer = optimizer};
}

START_TEST(describes_what_says_little)
{
    const plugin found = optimizer_plugin(&odd);
    plx_error error = {0};
    text said = {0};

    ck_assert_msg(describe_text(&found, &said, &error), "%s", error.text);
    expect_text(&said, "",
                "optimizer odd, version 1: says little\n"
                "/a/odd.so\n"
                "\n"
                "settings: none\n"
                "\n"
                "steps       a tensor at a time (step_tensor)\n"
                "lr          0.001 unless the config says another\n"
                "\n"
                "state\n"
                "  weight  row                  float32  3 x 1 for 3 x 4, starts at 1\n"
                "  weight  best                 float64  1 x 1 for 3 x 4, starts at inf\n"
                "  weight  start                float32  like the parameter, starts as a copy of "
                "the weights\n"
                "  bias    row                  float32  1 x 1 for 1 x 3, starts at 1\n"
                "  bias    best                 float64  1 x 1 for 1 x 3, starts at inf\n"
                "  bias    start                float32  like the parameter, starts as a copy of "
                "the weights\n"
                "  model   history              float32  2 x 15 for 1 x 15, starts at 0\n"
                "  model   count                int64    1 x 1 for 1 x 15, starts at 3\n");
}
END_TEST

/* The description as one JSON object on one line. */
static json_t *parsed(const plugin *found)
{
    plx_error error = {0};
    json_error_t where;
    text said = {0};

    ck_assert_msg(describe_json(found, &said, &error), "%s", error.text);
    ck_assert_ptr_eq(strchr(said.bytes, '\n'), said.bytes + said.length - 1);
    json_t *object = json_loads(said.bytes, JSON_REJECT_DUPLICATES, &where);
    ck_assert_msg(json_is_object(object), "%s", where.text);
    free(said.bytes);
    return object;
}

START_TEST(says_null_where_there_is_nothing)
{
    static const char *const keys[] = {"formula", "derivative", "source"};
    const plugin found = optimizer_plugin(&odd);
    json_t *object = parsed(&found);

    ck_assert(json_is_null(json_object_get(object, keys[_i])));
    json_decref(object);
}
END_TEST

/* Slot `index` of an optimizer's state has these four, the last one as JSON text. */
static void check_state(const json_t *state, size_t index, const char *owner, const char *name,
                        const char *shape, const char *initial)
{
    const json_t *slot = json_array_get(state, index);
    char *value = json_dumps(json_object_get(slot, "initial"), JSON_ENCODE_ANY);

    ck_assert_str_eq(json_string_value(json_object_get(slot, "of")), owner);
    ck_assert_str_eq(json_string_value(json_object_get(slot, "name")), name);
    ck_assert_str_eq(json_string_value(json_object_get(slot, "shape")), shape);
    ck_assert_str_eq(value, initial);
    free(value);
}

START_TEST(lists_slots_of_every_shape_as_json)
{
    const plugin found = optimizer_plugin(&odd);
    json_t *object = parsed(&found);
    const json_t *state = json_object_get(object, "state");

    ck_assert_uint_eq(json_array_size(state), 8);
    check_state(state, 0, "weight", "row", "3 x 1 for 3 x 4", "1.0");
    check_state(state, 1, "weight", "best", "1 x 1 for 3 x 4", "\"inf\"");
    check_state(state, 2, "weight", "start", "like the parameter", "\"weights\"");
    check_state(state, 3, "bias", "row", "1 x 1 for 1 x 3", "1.0");
    check_state(state, 6, "model", "history", "2 x 15 for 1 x 15", "0.0");
    check_state(state, 7, "model", "count", "1 x 1 for 1 x 15", "3");
    json_decref(object);
}
END_TEST

/* ---- a state that depends on the layer ---- */

static int32_t plan_by_layer(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int hidden = tensor->role == PLX_WEIGHT && tensor->layer + 1 < tensor->layer_count;

    return emit->like_parameter(emit, hidden ? "momentum" : "mean");
}

static const plx_optimizer choosy = {.size = sizeof(choosy),
                                     .name = "odd",
                                     .summary = "chooses",
                                     .plan_slots = plan_by_layer,
                                     .step_tensor = step_tensor};

START_TEST(tells_hidden_weights_from_those_of_the_output)
{
    const plugin found = optimizer_plugin(&choosy);
    plx_error error = {0};
    text said = {0};

    ck_assert_msg(describe_text(&found, &said, &error), "%s", error.text);
    expect_text(&said, "",
                "optimizer odd, version 1: chooses\n"
                "/a/odd.so\n"
                "\n"
                "settings: none\n"
                "\n"
                "steps       a tensor at a time (step_tensor)\n"
                "lr          0.001 unless the config says another\n"
                "\n"
                "state\n"
                "  hidden weight  momentum             float32  like the parameter, starts at 0\n"
                "  output weight  mean                 float32  like the parameter, starts at 0\n"
                "  bias           mean                 float32  like the parameter, starts at 0\n");
}
END_TEST

START_TEST(tells_hidden_weights_from_those_of_the_output_as_json)
{
    const plugin found = optimizer_plugin(&choosy);
    json_t *object = parsed(&found);
    const json_t *state = json_object_get(object, "state");

    ck_assert_uint_eq(json_array_size(state), 3);
    check_state(state, 0, "hidden weight", "momentum", "like the parameter", "0.0");
    check_state(state, 1, "output weight", "mean", "like the parameter", "0.0");
    check_state(state, 2, "bias", "mean", "like the parameter", "0.0");
    json_decref(object);
}
END_TEST

/* How the hidden layers' slot of its two differs from the output's, by the test's number. */
static int difference;

static int32_t plan_nearly_alike(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    const int at = tensor->layer_count == 2 ? difference : -1;
    const int32_t status = emit->slot(emit, at == 0 ? "a" : "b", at == 1 ? PLX_F64 : PLX_F32,
                                      at == 2 ? 2 : 3, at == 3 ? 3 : 4, at == 4 ? 1 : 0);

    if (status != PLX_OK || at == 5)
        return status;
    return at == 6 ? emit->copy_of_weights(emit, "c") : emit->like_parameter(emit, "c");
}

START_TEST(tells_weights_apart_by_anything_of_a_slot)
{
    static const plx_optimizer finical = {.size = sizeof(finical),
                                          .name = "odd",
                                          .summary = "differs",
                                          .plan_slots = plan_nearly_alike,
                                          .step_tensor = step_tensor};
    const plugin found = optimizer_plugin(&finical);

    difference = _i;
    json_t *object = parsed(&found);
    const json_t *first = json_array_get(json_object_get(object, "state"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "of")),
                     _i < 7 ? "hidden weight" : "weight");
    json_decref(object);
}
END_TEST

/* Strings that no loading has checked: JSON is UTF-8 or nothing. */
START_TEST(says_null_for_what_is_no_utf8)
{
    plx_optimizer foreign = odd;
    foreign.summary = "caf\xe9";
    plugin found = optimizer_plugin(&foreign);
    found.path = "/caf\xe9/odd.so";
    json_t *object = parsed(&found);

    ck_assert(json_is_null(json_object_get(object, "summary")));
    ck_assert(json_is_null(json_object_get(object, "path")));
    ck_assert_str_eq(json_string_value(json_object_get(object, "name")), "odd");
    json_decref(object);
}
END_TEST

/* ---- settings of every type ---- */

typedef struct bounds {
    double open, endless;
    int64_t whole;
    int32_t flag, choice;
} bounds;

static const char *const words[] = {"mean", "sum"};
static const plx_setting rows[] = {
    PLX_REAL(bounds, open, 0.5, 0, 1, "between", .flags = PLX_OPEN_MIN | PLX_LOG_SCALE),
    PLX_REAL(bounds, endless, HUGE_VAL, -HUGE_VAL, HUGE_VAL, "any"),
    PLX_INTEGER(bounds, whole, 9007199254740992, -1, 9007199254740994, "a count"),
    PLX_FLAG(bounds, flag, 1, "yes or no"),
    PLX_CHOICE(bounds, choice, 1, words, "how"),
};

/* Row `index` of the settings, without its name and help, as JSON text. */
static void check_setting(size_t index, const char *expected)
{
    const plx_optimizer typed = {.size = sizeof(typed),
                                 .name = "odd",
                                 .summary = "has settings",
                                 .settings = PLX_TABLE(rows),
                                 .step_tensor = step_tensor};
    const plugin found = optimizer_plugin(&typed);
    json_t *object = parsed(&found);
    json_t *row = json_array_get(json_object_get(object, "settings"), index);

    ck_assert_str_eq(json_string_value(json_object_get(row, "name")), rows[index].name);
    ck_assert_str_eq(json_string_value(json_object_get(row, "help")), rows[index].help);
    json_object_del(row, "name");
    json_object_del(row, "help");
    char *rest = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_str_eq(rest, expected);
    free(rest);
    json_decref(object);
}

START_TEST(describes_a_setting_as_json)
{
    static const char *const expected[] = {
        "{\"default\":0.5,\"log_scale\":true,\"max\":1.0,\"max_open\":false,\"min\":0.0,"
        "\"min_open\":true,\"type\":\"real\"}",
        "{\"default\":\"inf\",\"log_scale\":false,\"max\":\"inf\",\"max_open\":false,"
        "\"min\":\"-inf\",\"min_open\":false,\"type\":\"real\"}",
        "{\"default\":9007199254740992,\"log_scale\":false,\"max\":9007199254740994,"
        "\"max_open\":false,\"min\":-1,\"min_open\":false,\"type\":\"integer\"}",
        "{\"default\":true,\"log_scale\":false,\"type\":\"flag\"}",
        "{\"choices\":[\"mean\",\"sum\"],\"default\":\"sum\",\"log_scale\":false,"
        "\"type\":\"choice\"}",
    };

    check_setting((size_t)_i, expected[_i]);
}
END_TEST

/* ---- failures ---- */

static int32_t fail_to_plan(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->host->error(emit->host, "no %s for me", tensor->name);
}

static const plx_optimizer failing = {.size = sizeof(failing),
                                      .name = "odd",
                                      .summary = "fails",
                                      .plan_model_slots = fail_to_plan,
                                      .step_tensor = step_tensor};

START_TEST(passes_on_a_plan_that_fails)
{
    const plugin found = optimizer_plugin(&failing);
    plx_error error = {0};
    text said = {0};

    ck_assert(!describe_text(&found, &said, &error));
    stage_expect(&error, ERROR_PLUGIN, "", "optimizer 'odd': no model for me");
    free(said.bytes);
}
END_TEST

START_TEST(says_no_half_of_json)
{
    const plugin found = optimizer_plugin(&failing);
    plx_error error = {0};
    text said = {0};

    ck_assert(!describe_json(&found, &said, &error));
    stage_expect(&error, ERROR_PLUGIN, "", "optimizer 'odd': no model for me");
    ck_assert_ptr_null(said.bytes);
}
END_TEST

START_TEST(passes_on_a_domain_that_is_none)
{
    char *folder = harness_folder();
    char *path = stage_copy(folder, "backwards", "backwards.so");
    catalog *catalog = stage_catalog(folder);
    const plugin *found = stage_find(catalog, PLX_KIND_ACTIVATION, "backwards");
    plx_error error = {0};
    text said = {0};

    ck_assert(
        !(_i == 0 ? describe_text(found, &said, &error) : describe_json(found, &said, &error)));
    stage_expect(&error, ERROR_PLUGIN, folder,
                 "activation 'backwards': its domain is not a range (from 1 to -1, flags 0x0)");
    free(said.bytes);
    catalog_free(catalog);
    free(path);
    free(folder);
}
END_TEST

/* ---- lists ---- */

static const plx_optimizer second = {.size = sizeof(second), .name = "odd", .summary = "brief"};

/* One of each: an optimizer that hides another, one with a shorter summary, a broken loss, and a
 * file so broken that it may be of any kind. */
static void list(bool json, uint32_t kind, const char *expected)
{
    plugin shadowing = optimizer_plugin(&odd), plain = optimizer_plugin(&second);
    char name[] = "odd", longer[] = "oddest", path[] = "/a/odd.so", bad[] = "bad";
    char reason[] = "it is broken", lost[] = "lost", words[] = "it is nothing";
    const catalog_entry entries[] = {
        {.kind = PLX_KIND_LOSS, .name = bad, .path = path, .reason = reason},
        {.kind = PLX_KIND_OPTIMIZER, .name = name, .path = path, .plugin = &shadowing},
        {.kind = PLX_KIND_OPTIMIZER, .name = longer, .path = path, .plugin = &plain},
        {.kind = 0, .name = lost, .path = path, .reason = words},
    };
    text said = {0};

    shadowing.shadows = true;
    plain.version = "10.2";
    if (json)
        describe_list_json(entries, 4, kind, &said);
    else
        describe_list(entries, 4, kind, &said);
    expect_text(&said, "", expected);
}

START_TEST(lists_in_columns)
{
    list(false, 0,
         "loss        bad     refused: it is broken\n"
         "optimizer   odd     1     says little  /a/odd.so (shadows another)\n"
         "optimizer   oddest  10.2  brief        /a/odd.so\n"
         "component   lost    refused: it is nothing\n");
}
END_TEST

START_TEST(lists_one_kind_and_what_may_be_of_it_in_its_own_columns)
{
    list(false, PLX_KIND_LOSS,
         "loss        bad   refused: it is broken\n"
         "component   lost  refused: it is nothing\n");
}
END_TEST

START_TEST(lists_one_json_object_a_line)
{
    list(
        true, 0,
        "{\"kind\":\"loss\",\"name\":\"bad\",\"path\":\"/a/odd.so\",\"refused\":\"it is broken\"}\n"
        "{\"kind\":\"optimizer\",\"name\":\"odd\",\"path\":\"/a/"
        "odd.so\",\"version\":\"1\",\"summary\":\"says little\",\"shadows\":true}\n"
        "{\"kind\":\"optimizer\",\"name\":\"oddest\",\"path\":\"/a/"
        "odd.so\",\"version\":\"10.2\",\"summary\":\"brief\",\"shadows\":false}\n"
        "{\"kind\":\"component\",\"name\":\"lost\",\"path\":\"/a/odd.so\",\"refused\":\"it is "
        "nothing\"}\n");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("describe");
    TCase *fixtures = tcase_create("fixtures"), *made = tcase_create("odd");
    TCase *failures = tcase_create("failures"), *lists = tcase_create("lists");

    tcase_add_test(fixtures, describes_an_optimizer);
    tcase_add_test(fixtures, describes_an_optimizer_as_json);
    tcase_add_test(fixtures, describes_an_activation);
    tcase_add_test(fixtures, describes_an_activation_as_json);
    tcase_add_test(fixtures, describes_a_loss);
    tcase_add_test(fixtures, describes_a_loss_as_json);
    tcase_add_test(fixtures, describes_open_and_endless_ranges_of_outputs);
    suite_add_tcase(s, fixtures);
    tcase_add_test(made, describes_what_says_little);
    tcase_add_loop_test(made, says_null_where_there_is_nothing, 0, 3);
    tcase_add_test(made, lists_slots_of_every_shape_as_json);
    tcase_add_test(made, tells_hidden_weights_from_those_of_the_output);
    tcase_add_test(made, tells_hidden_weights_from_those_of_the_output_as_json);
    tcase_add_loop_test(made, tells_weights_apart_by_anything_of_a_slot, 0, 8);
    tcase_add_test(made, says_null_for_what_is_no_utf8);
    tcase_add_loop_test(made, describes_a_setting_as_json, 0, 5);
    suite_add_tcase(s, made);
    tcase_add_test(failures, passes_on_a_plan_that_fails);
    tcase_add_test(failures, says_no_half_of_json);
    tcase_add_loop_test(failures, passes_on_a_domain_that_is_none, 0, 2);
    suite_add_tcase(s, failures);
    tcase_add_test(lists, lists_in_columns);
    tcase_add_test(lists, lists_one_kind_and_what_may_be_of_it_in_its_own_columns);
    tcase_add_test(lists, lists_one_json_object_a_line);
    suite_add_tcase(s, lists);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
