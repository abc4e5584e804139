/* Initial weights: the distribution of each rule, independence of streams, and model files that fit
 * or do not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "network/init.h"
#include "support/safetensors.h"

static const plan wide = {
    .inputs = 300, .layer = {{200, "relu", 0, false}, {120, "tanh", 0, false}}, .capacity = 1};

/* The config of the plan's layers, all with one rule. */
typedef struct rules {
    layer_config layer[MOST_LAYERS_IN_TESTS];
    init_spec init;
} rules;

static rules rules_of(fixture *fixture, const plan *plan, init_rule rule)
{
    rules made = {.init = {.rule = rule, .std = 0.05}};

    for (size_t l = 0; l < plan_layers(plan); l++)
        made.layer[l] =
            (layer_config){.units = plan->layer[l].units,
                           .bias = !plan->layer[l].no_bias,
                           .activation.settings = (settings *)(uintptr_t)fixture_component(
                               fixture, PLX_KIND_ACTIVATION, plan->layer[l].activation),
                           .init = made.init};
    return made;
}

static void init(network *network, const rules *rules, uint64_t seed)
{
    plx_error error = {0};

    ck_assert_msg(
        init_parameters(network, rules->layer, network_layers(network), &rules->init, seed, &error),
        "%s", error.text);
}

/* --- distributions ---------------------------------------------------------------------------- */

typedef struct moments {
    double mean, deviation, kurtosis, largest;
} moments;

static moments measure(size_t n, const float *w)
{
    moments m = {0};
    double fourth = 0;

    for (size_t i = 0; i < n; i++) {
        m.mean += (double)w[i] / (double)n;
        m.largest = fmax(m.largest, fabs((double)w[i]));
    }
    for (size_t i = 0; i < n; i++) {
        const double square = ((double)w[i] - m.mean) * ((double)w[i] - m.mean);
        m.deviation += square / (double)n;
        fourth += square * square / (double)n;
    }
    m.kurtosis = fourth / (m.deviation * m.deviation);
    m.deviation = sqrt(m.deviation);
    return m;
}

static const struct {
    init_rule rule;
    double deviation; /* of layer 0: 300 inputs, 200 units, relu (gain sqrt 2) */
    bool uniform;
} expected[] = {{INIT_AUTO, 0.081649658, false},          {INIT_NORMAL, 0.05, false},
                {INIT_LECUN_NORMAL, 0.057735027, false},  {INIT_XAVIER_NORMAL, 0.063245553, false},
                {INIT_XAVIER_UNIFORM, 0.063245553, true}, {INIT_HE_NORMAL, 0.081649658, false},
                {INIT_HE_UNIFORM, 0.081649658, true}};

/* Bounds of four standard errors for 60,000 weights. */
START_TEST(a_rule_has_its_distribution)
{
    const double deviation = expected[_i].deviation, root = sqrt(60000);
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &wide);
    const rules rules = rules_of(fixture, &wide, expected[_i].rule);

    init(network, &rules, 11);
    const moments m = measure(60000, network_weights(network, 0));
    ck_assert_double_eq_tol(m.mean, 0, 4 * deviation / root);
    ck_assert_double_eq_tol(m.deviation, deviation, 4 * deviation / (1.4142 * root));
    ck_assert_double_eq_tol(m.kurtosis, expected[_i].uniform ? 1.8 : 3, 0.08);
    if (expected[_i].uniform)
        ck_assert_double_eq_tol(m.largest, sqrt(3) * deviation, 0.001 * deviation);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* tanh has gain 1: N(0, 1/200). */
START_TEST(the_default_follows_the_activation)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &wide);
    const rules rules = rules_of(fixture, &wide, INIT_AUTO);

    init(network, &rules, 11);
    const moments m = measure(24000, network_weights(network, 2));
    ck_assert_double_eq_tol(m.deviation, sqrt(1.0 / 200), 4 * 0.0707 / (1.4142 * sqrt(24000)));
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(zeros_are_zeros)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &wide);
    const rules rules = rules_of(fixture, &wide, INIT_ZEROS);

    init(network, &rules, 11);
    ck_assert(measure(60000, network_weights(network, 0)).largest == 0);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(biases_are_what_they_are_told)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &wide);
    rules rules = rules_of(fixture, &wide, INIT_AUTO);

    rules.layer[1].bias_init = 0.25;
    init(network, &rules, 11);
    for (size_t i = 0; i < 200; i++)
        ck_assert(network_weights(network, 1)[i] == 0);
    for (size_t i = 0; i < 120; i++)
        ck_assert(network_weights(network, 3)[i] == 0.25f);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* --- orthogonal ------------------------------------------------------------------------------- */

/* The product of vectors a and b of a matrix's shorter side. */
static double inner(size_t rows, size_t cols, const float *w, size_t a, size_t b)
{
    const bool by_rows = rows <= cols;
    double sum = 0;

    for (size_t i = 0; i < (by_rows ? cols : rows); i++)
        sum += (double)(by_rows ? w[a * cols + i] : w[i * cols + a]) *
               (double)(by_rows ? w[b * cols + i] : w[i * cols + b]);
    return sum;
}

START_TEST(orthogonal_weights_are_orthogonal)
{
    static const size_t shapes[][2] = {{40, 40}, {30, 70}, {70, 30}, {1, 9}, {9, 1}, {1, 1}};
    const size_t rows = shapes[_i][0], cols = shapes[_i][1], side = rows < cols ? rows : cols;
    const plan plan = {.inputs = cols, .layer = {{rows, "relu", 0, false}}, .capacity = 1};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    const rules rules = rules_of(fixture, &plan, INIT_ORTHOGONAL);

    init(network, &rules, 11); /* relu's gain is sqrt 2, so squared lengths are 2 */
    for (size_t a = 0; a < side; a++)
        for (size_t b = 0; b <= a; b++)
            ck_assert_double_eq_tol(inner(rows, cols, network_weights(network, 0), a, b),
                                    a == b ? 2 : 0, 1e-6);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* Of a matrix drawn uniformly from the orthogonal ones, the trace has mean 0 and deviation 1. */
START_TEST(orthogonal_weights_prefer_no_direction)
{
    const plan plan = {.inputs = 5, .layer = {{5, "tanh", 0, false}}, .capacity = 1};
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &plan);
    const rules rules = rules_of(fixture, &plan, INIT_ORTHOGONAL);
    double sum = 0, squares = 0;

    for (uint64_t seed = 0; seed < 2000; seed++) {
        double trace = 0;
        init(network, &rules, seed);
        for (size_t i = 0; i < 5; i++)
            trace += (double)network_weights(network, 0)[6 * i];
        sum += trace / 2000;
        squares += trace * trace / 2000;
    }
    ck_assert_double_eq_tol(sum, 0, 4 / sqrt(2000));
    ck_assert_double_eq_tol(squares, 1, 4 * sqrt(2) / sqrt(2000));
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* --- streams ---------------------------------------------------------------------------------- */

static float *copy_of_weights(network *network, size_t tensor, size_t n)
{
    float *copy = malloc(n * sizeof(float));

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, network_weights(network, tensor), n * sizeof(float));
    return copy;
}

/* The correlation of two arrays of n normal weights is within four deviations of none. */
static void check_uncorrelated(size_t n, const float *a, const float *b)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    const double deviation = measure(n, a).deviation * measure(n, b).deviation;
    ck_assert_double_eq_tol(sum / (double)n / deviation, 0, 4 / sqrt((double)n));
}

START_TEST(seeds_and_tensors_are_independent)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &wide);
    const rules rules = rules_of(fixture, &wide, INIT_AUTO);

    init(network, &rules, 1);
    float *first = copy_of_weights(network, 0, 60000);
    check_uncorrelated(24000, first, network_weights(network, 2));
    init(network, &rules, 2);
    check_uncorrelated(60000, first, network_weights(network, 0));
    init(network, &rules, 1);
    ck_assert_mem_eq(network_weights(network, 0), first, 60000 * sizeof(float));
    free(first);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(other_rules_change_nothing_in_a_tensor)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &wide);
    rules rules = rules_of(fixture, &wide, INIT_AUTO);

    init(network, &rules, 1);
    float *second = copy_of_weights(network, 2, 24000);
    rules.layer[0].init.rule = INIT_ORTHOGONAL;
    init(network, &rules, 1);
    ck_assert_mem_eq(network_weights(network, 2), second, 24000 * sizeof(float));
    free(second);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(another_number_of_layers_is_refused)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &wide);
    const rules rules = rules_of(fixture, &wide, INIT_AUTO);
    plx_error error = {0};

    ck_assert(!init_parameters(network, rules.layer, 1, &rules.init, 1, &error));
    ck_assert_str_eq(error.text, "1 layers are described; the network has 2");
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* --- model files ------------------------------------------------------------------------------ */

static const plan tiny = {
    .inputs = 2, .layer = {{3, "tanh", 0, false}, {1, "sigmoid", 0, false}}, .capacity = 1};

/* A tensor of a model file. */
typedef struct stored {
    const char *name;
    tensor_type type;
    int rank;
    uint64_t shape[3];
} stored;

static const stored fitting[] = {{"layers.0.weight", TENSOR_F32, 2, {3, 2}},
                                 {"layers.0.bias", TENSOR_F32, 1, {3}},
                                 {"layers.1.weight", TENSOR_F32, 2, {1, 3}},
                                 {"layers.1.bias", TENSOR_F32, 1, {1}}};

/* Writes the tensors, all their bytes from `values`, and returns the file's path. */
static char *write_model(const stored *tensor, size_t count, const void *values)
{
    char *folder = harness_folder(), *path = harness_file(folder, "w.safetensors", "");
    tensor_file *file = tensor_file_new();
    plx_error error = {0};

    for (size_t i = 0; i < count; i++)
        tensor_file_add(file, tensor[i].name, tensor[i].type, tensor[i].rank, tensor[i].shape,
                        values);
    ck_assert_msg(tensor_file_write(file, path, &error), "%s", error.text);
    tensor_file_free(file);
    free(folder);
    return path;
}

/* Initialises the tiny network from the file; the error is empty if it fits. */
static plx_error read_model(network *network, const rules *from, const char *path)
{
    plx_error error = {0};
    rules rules = *from;

    rules.init.from = (char *)(uintptr_t)path;
    rules.init.at = (place){"e.yaml", 3, 5};
    const bool ok = init_parameters(network, rules.layer, 2, &rules.init, 1, &error);
    ck_assert(ok == (error.code == ERROR_NONE));
    return error;
}

START_TEST(a_model_file_fills_all_parameters)
{
    float numbers[16];
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &tiny);
    const rules rules = rules_of(fixture, &tiny, INIT_FROM);

    for (int i = 0; i < 16; i++)
        numbers[i] = (float)i + 0.5f;
    char *path = write_model(fitting, 4, numbers);
    const plx_error error = read_model(network, &rules, path);
    ck_assert_msg(error.code == ERROR_NONE, "%s", error.text);
    ck_assert_mem_eq(network_weights(network, 0), numbers, 6 * sizeof(float));
    ck_assert_mem_eq(network_weights(network, 1), numbers, 3 * sizeof(float));
    ck_assert_mem_eq(network_weights(network, 2), numbers, 3 * sizeof(float));
    ck_assert_mem_eq(network_weights(network, 3), numbers, 1 * sizeof(float));
    free(path);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* The layer with a rule of its own may even have another shape in the file. */
START_TEST(a_layer_with_its_own_rule_is_not_taken_from_the_file)
{
    const float numbers[16] = {1, 2, 3, 4, 5, 6, 7, 8};
    stored tensors[4];
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &tiny);
    rules rules = rules_of(fixture, &tiny, INIT_FROM);

    memcpy(tensors, fitting, sizeof(tensors));
    tensors[2].shape[0] = 2;
    rules.layer[1].init.rule = INIT_ZEROS;
    char *path = write_model(tensors, 4, numbers);
    const plx_error error = read_model(network, &rules, path);
    ck_assert_msg(error.code == ERROR_NONE, "%s", error.text);
    ck_assert_mem_eq(network_weights(network, 0), numbers, 6 * sizeof(float));
    ck_assert(network_weights(network, 2)[0] == 0);
    free(path);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

/* One tensor differs, or is another's; count tensors are written. */
static const struct {
    stored tensors[5];
    size_t count;
    float value;
    const char *text; /* after "e.yaml:3:5: PATH does not fit the network: " */
} misfits[] = {
    {{{"layers.0.weight", TENSOR_F32, 2, {3, 2}},
      {"layers.0.bias", TENSOR_F32, 1, {3}},
      {"layers.1.weight", TENSOR_F32, 2, {1, 3}}},
     3,
     1,
     "no tensor layers.1.bias (F32 (1) expected)"},
    {{{"layers.0.weight", TENSOR_F32, 2, {3, 2}},
      {"layers.0.bias", TENSOR_F32, 1, {3}},
      {"layers.1.weight", TENSOR_F32, 2, {1, 3}},
      {"layers.1.bias", TENSOR_F32, 1, {1}},
      {"layers.2.bias", TENSOR_F32, 1, {1}}},
     5,
     1,
     "the network has no tensor 'layers.2.bias'"},
    {{{"layers.0.weight", TENSOR_F32, 2, {2, 3}},
      {"layers.0.bias", TENSOR_F32, 1, {3}},
      {"layers.1.weight", TENSOR_F32, 2, {1, 3}},
      {"layers.1.bias", TENSOR_F32, 1, {1}}},
     4,
     1,
     "layers.0.weight is F32 (2, 3), expected F32 (3, 2)"},
    {{{"layers.0.weight", TENSOR_F32, 2, {3, 2}},
      {"layers.0.bias", TENSOR_F64, 1, {3}},
      {"layers.1.weight", TENSOR_F32, 2, {1, 3}},
      {"layers.1.bias", TENSOR_F32, 2, {1, 1}}},
     4,
     1,
     "layers.0.bias is F64 (3), expected F32 (3); layers.1.bias is F32 (1, 1), expected F32 (1)"},
    {{{"layers.0.weight", TENSOR_F32, 2, {3, 2}},
      {"layers.0.bias", TENSOR_F32, 1, {3}},
      {"layers.1.weight", TENSOR_F32, 2, {1, 3}},
      {"layers.1.bias", TENSOR_F32, 1, {1}}},
     4,
     INFINITY,
     "layers.0.weight is not finite at element 5; expected finite values"},
};

START_TEST(a_model_file_that_does_not_fit_is_refused)
{
    float numbers[16] = {1, 1, 1, 1, 1, misfits[_i].value};
    char want[512];
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &tiny);
    const rules rules = rules_of(fixture, &tiny, INIT_FROM);
    char *path = write_model(misfits[_i].tensors, misfits[_i].count, numbers);
    const plx_error error = read_model(network, &rules, path);

    snprintf(want, sizeof(want), "e.yaml:3:5: %s does not fit the network: %s", path,
             misfits[_i].text);
    ck_assert_str_eq(error.text, want);
    ck_assert_int_eq(error.code, ERROR_DATA);
    free(path);
    network_free(network);
    fixture_free(fixture);
}
END_TEST

START_TEST(a_model_file_that_is_missing_is_refused)
{
    fixture *fixture = fixture_new(1);
    network *network = fixture_network(fixture, &tiny);
    const rules rules = rules_of(fixture, &tiny, INIT_FROM);
    const plx_error error = read_model(network, &rules, "/nowhere/w.safetensors");

    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/w.safetensors"));
    network_free(network);
    fixture_free(fixture);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("init");
    TCase *one = tcase_create("init");

    tcase_add_loop_test(one, a_rule_has_its_distribution, 0,
                        sizeof(expected) / sizeof(expected[0]));
    tcase_add_test(one, the_default_follows_the_activation);
    tcase_add_test(one, zeros_are_zeros);
    tcase_add_test(one, biases_are_what_they_are_told);
    tcase_add_loop_test(one, orthogonal_weights_are_orthogonal, 0, 6);
    tcase_add_test(one, orthogonal_weights_prefer_no_direction);
    tcase_add_test(one, seeds_and_tensors_are_independent);
    tcase_add_test(one, other_rules_change_nothing_in_a_tensor);
    tcase_add_test(one, another_number_of_layers_is_refused);
    tcase_add_test(one, a_model_file_fills_all_parameters);
    tcase_add_test(one, a_layer_with_its_own_rule_is_not_taken_from_the_file);
    tcase_add_loop_test(one, a_model_file_that_does_not_fit_is_refused, 0,
                        sizeof(misfits) / sizeof(misfits[0]));
    tcase_add_test(one, a_model_file_that_is_missing_is_refused);
    suite_add_tcase(all, one);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
