/* test_predict.c: predictions of one-layer models whose weights are the identity, so that what goes
 * in is what the activation sees: labels, ties, probabilities, original units, CSV byte for byte,
 * NPY by its header's bytes, and outputs that fail. */
#include "model/predict.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "harness.h"
#include "support/file.h"

static const float identity1[1] = {1}, identity3[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
static const float identity2[4] = {1, 0, 0, 1};

#define NPY_BASE(features)                                                                         \
    "{\"format\":\"npy\",\"header\":false,\"delimiter\":\",\",\"missing\":\"error\","              \
    "\"features\":" features ","

static const char quoted3[] = NPY_BASE(
    "3") "\"targets\":\"class\",\"target_names\":[\"the, kind\"],\"labels\":[\"a,b\",\"plain\","
         "\"say \\\"x\\\"\"]}";
static const char yes_no[] = NPY_BASE(
    "1") "\"targets\":\"class\",\"target_names\":[\"answer\"],\"labels\":[\"no\",\"yes\"]}";
static const char two_numbers[] =
    NPY_BASE("2") "\"targets\":\"number\",\"target_names\":[\"u\",\"v\"]}";
static const char scaled_numbers[] =
    NPY_BASE("2") "\"targets\":\"number\",\"target_names\":[\"u\",\"v\"],\"target_mean\":[100,0],"
                  "\"target_deviation\":[10,0.5]}";

static const char code3[] = "{\"units\":3,\"low\":0,\"high\":1}";
static const char code1[] = "{\"units\":1,\"low\":0,\"high\":1}";
static const char code2[] = "{\"units\":2,\"low\":0,\"high\":1}";
static const char tanh_code[] = "{\"units\":1,\"low\":-1,\"high\":1}";

static catalog *plugins;
static char *folder, *out;

static void setup(void)
{
    plugins = fixture_catalog();
    folder = harness_folder();
    out = file_join(folder, "out.csv");
}

static void teardown(void)
{
    catalog_free(plugins);
    free(folder);
    free(out);
}

static model *quoted_classes(const char *activation)
{
    return fixture_model(plugins, activation,
                         strcmp(activation, "identity") == 0 ? "mse" : "cross_entropy", 3, 3,
                         identity3, quoted3, code3);
}

/* Predicts to `path`; the test goes on with what is in the file. */
static void predict(const model *model, const float *x, size_t rows, bool probabilities,
                    const char *path)
{
    float *copy = malloc(rows * model->inputs * sizeof(float) + 1);
    char name[] = "test.npy";
    plx_error error = {.code = ERROR_NONE};
    const predict_options options = {.out = path, .probabilities = probabilities, .threads = 1};

    if (rows > 0)
        memcpy(copy, x, rows * model->inputs * sizeof(float));
    const dataset data = {.name = name, .rows = rows, .features = model->inputs, .floats = copy};
    ck_assert_msg(model_predict(model, &data, &options, &error), "%s", error.text);
    free(copy);
}

static void assert_csv(model *model, const float *x, size_t rows, bool probabilities,
                       const char *expected)
{
    size_t length;

    predict(model, x, rows, probabilities, out);
    char *written = fixture_read(out, &length);
    ck_assert_str_eq(written, expected);
    free(written);
    model_free(model);
}

/* --- CSV --- */

START_TEST(labels_are_quoted_where_csv_needs_it)
{
    const float x[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};

    assert_csv(quoted_classes("identity"), x, 3, false,
               "\"the, kind\"\n\"a,b\"\nplain\n\"say \"\"x\"\"\"\n");
}
END_TEST

START_TEST(equal_outputs_go_to_the_first_label)
{
    const float x[6] = {0, 2, 2, 5, 5, 5};

    assert_csv(quoted_classes("identity"), x, 2, false, "\"the, kind\"\nplain\n\"a,b\"\n");
}
END_TEST

START_TEST(probabilities_have_a_column_for_each_label)
{
    const float x[3] = {7, 7, -1000};

    assert_csv(quoted_classes("softmax"), x, 1, true,
               "\"the, kind\",\"a,b\",plain,\"say \"\"x\"\"\"\n\"a,b\",0.5,0.5,0\n");
}
END_TEST

START_TEST(one_sigmoid_unit_is_the_second_label_from_a_half)
{
    model *model = fixture_model(plugins, "sigmoid", "mse", 1, 1, identity1, yes_no, code1);
    const float x[3] = {-1, 0, 1};

    assert_csv(model, x, 3, false, "answer\nno\nyes\nyes\n");
}
END_TEST

START_TEST(one_sigmoid_unit_has_two_probabilities)
{
    model *model = fixture_model(plugins, "sigmoid", "mse", 1, 1, identity1, yes_no, code1);
    const float x[3] = {-200, 0, 200};

    assert_csv(model, x, 3, true, "answer,no,yes\nno,1,0\nyes,0.5,0.5\nyes,0,1\n");
}
END_TEST

START_TEST(one_tanh_unit_is_mapped_to_probabilities)
{
    model *model = fixture_model(plugins, "tanh", "mse", 1, 1, identity1, yes_no, tanh_code);
    const float x[3] = {-200, 0, 200};

    assert_csv(model, x, 3, true, "answer,no,yes\nno,1,0\nyes,0.5,0.5\nyes,0,1\n");
}
END_TEST

START_TEST(a_row_with_nan_has_no_prediction)
{
    const float x[6] = {1, NAN, 0, 0, 1, 0};

    assert_csv(quoted_classes("identity"), x, 2, false, "\"the, kind\"\n\"\"\nplain\n");
}
END_TEST

START_TEST(numbers_are_in_original_units)
{
    model *model =
        fixture_model(plugins, "identity", "mse", 2, 2, identity2, scaled_numbers, code2);
    const float x[4] = {0, 0, -1.5f, 4};

    assert_csv(model, x, 2, false, "u,v\n100,0\n85,2\n");
}
END_TEST

START_TEST(numbers_are_written_in_their_shortest_form)
{
    model *model = fixture_model(plugins, "identity", "mse", 2, 2, identity2, two_numbers, code2);
    const float x[10] = {0.1f,          -3,     16777216,    1.0f / 3, 1e-8f, 1.5e-45f,
                         3.4028235e38f, -12.5f, 8.589974e9f, 123456.7f};

    assert_csv(model, x, 5, false,
               "u,v\n0.1,-3\n16777216,0.33333334\n1e-08,1e-45\n3.4028235e+38,-12.5\n"
               "8.589974e+09,123456.7\n");
}
END_TEST

/* Whatever is written reads back as the same float. */
START_TEST(numbers_read_back_as_the_same_float)
{
    model *model = fixture_model(plugins, "identity", "mse", 2, 2, identity2, two_numbers, code2);
    float x[400];
    uint32_t bits = 12345;
    size_t length;

    for (int i = 0; i < 400; i++) {
        do {
            bits = bits * 1664525u + 1013904223u;
            memcpy(&x[i], &bits, sizeof(bits));
        } while (!isfinite(x[i]));
    }
    predict(model, x, 200, false, out);
    char *written = fixture_read(out, &length);
    const char *at = strchr(written, '\n') + 1;
    for (int i = 0; i < 400; i++) {
        char *end;
        ck_assert(strtof(at, &end) == x[i]);
        at = end + 1;
    }
    free(written);
    model_free(model);
}
END_TEST

START_TEST(no_rows_make_a_header)
{
    assert_csv(quoted_classes("identity"), NULL, 0, false, "\"the, kind\"\n");
}
END_TEST

/* Row i of a file of several chunks is label i % 3. */
START_TEST(rows_keep_their_order_over_chunks)
{
    enum { ROWS = 2 * MODEL_CHUNK + 7 };
    static const char *const lines[3] = {"\"a,b\"", "plain", "\"say \"\"x\"\"\""};
    model *model = quoted_classes("identity");
    static float x[3 * ROWS];
    size_t length, row = 0;

    for (size_t i = 0; i < ROWS; i++)
        x[3 * i + i % 3] = 1;
    predict(model, x, ROWS, false, out);
    char *written = fixture_read(out, &length);
    strtok(written, "\n");
    for (char *line = strtok(NULL, "\n"); line != NULL; line = strtok(NULL, "\n"), row++)
        ck_assert_str_eq(line, lines[row % 3]);
    ck_assert_uint_eq(row, ROWS);
    free(written);
    model_free(model);
}
END_TEST

/* --- refusals --- */

static void assert_refused(model *model, const dataset *data, const predict_options *options,
                           error_class code, const char *text)
{
    plx_error error = {.code = ERROR_NONE};

    ck_assert(!model_predict(model, data, options, &error));
    ck_assert_int_eq(error.code, code);
    const char *at = error.text;
    const size_t length = strlen(model->path);
    if (strncmp(at, model->path, length) == 0)
        at += length;
    ck_assert_str_eq(at, text);
    model_free(model);
}

static float none[3] = {0, 0, 0};
static char data_name[] = "test.npy";
static const dataset three = {.name = data_name, .rows = 1, .features = 3, .floats = none};

START_TEST(probabilities_of_an_identity_are_refused)
{
    const predict_options options = {.out = out, .probabilities = true, .threads = 1};

    assert_refused(quoted_classes("identity"), &three, &options, ERROR_USAGE,
                   ": the outputs of its last activation, 'identity', are no probabilities: they "
                   "lie in [-inf, inf], not in [0, 1]; softmax or sigmoid give probabilities");
    ck_assert(!file_exists(out));
}
END_TEST

START_TEST(probabilities_of_numbers_are_refused)
{
    model *model = fixture_model(plugins, "identity", "mse", 2, 2, identity2, two_numbers, code2);
    const predict_options options = {.out = out, .probabilities = true, .threads = 1};

    assert_refused(model, &three, &options, ERROR_USAGE,
                   ": predicts numbers, not classes, so there are no probabilities; leave "
                   "--probabilities out");
}
END_TEST

START_TEST(data_of_another_width_is_refused)
{
    model *model = fixture_model(plugins, "identity", "mse", 2, 2, identity2, two_numbers, code2);
    const predict_options options = {.out = out, .threads = 1};
    char *expected = NULL;

    ck_assert_int_gt(
        asprintf(&expected, "test.npy: has 3 features; the model %s takes 2", model->path), 0);
    assert_refused(model, &three, &options, ERROR_DATA, expected);
    free(expected);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    const predict_options options = {.out = "/dev/full", .threads = 1};

    assert_refused(quoted_classes("identity"), &three, &options, ERROR_DATA,
                   "/dev/full: cannot write: No space left on device");
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    const predict_options options = {.out = "/nowhere/out.csv", .threads = 1};

    assert_refused(quoted_classes("identity"), &three, &options, ERROR_DATA,
                   "/nowhere/out.csv: cannot write: No such file or directory");
}
END_TEST

/* --- standard output --- */

/* Runs one prediction with standard output going to `fd`. */
static bool predict_to(int fd, const char *path, plx_error *error)
{
    const predict_options options = {.out = path, .threads = 1};
    model *model = quoted_classes("identity");

    fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
    const bool ok = model_predict(model, &three, &options, error);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    model_free(model);
    return ok;
}

static void assert_goes_to_stdout(const char *path)
{
    const int fd = open(out, O_RDWR | O_CREAT, 0600);
    plx_error error = {.code = ERROR_NONE};
    size_t length;

    ck_assert_msg(predict_to(fd, path, &error), "%s", error.text);
    close(fd);
    char *written = fixture_read(out, &length);
    ck_assert_str_eq(written, "\"the, kind\"\n\"a,b\"\n");
    free(written);
}

START_TEST(without_a_path_it_goes_to_stdout)
{
    assert_goes_to_stdout(NULL);
}
END_TEST

START_TEST(a_dash_is_stdout)
{
    assert_goes_to_stdout("-");
}
END_TEST

START_TEST(a_full_disk_behind_stdout_is_an_error)
{
    const int fd = open("/dev/full", O_WRONLY);
    plx_error error = {.code = ERROR_NONE};

    ck_assert(!predict_to(fd, NULL, &error));
    close(fd);
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, "standard output: cannot write: No space left on device");
}
END_TEST

START_TEST(a_closed_pipe_is_an_error)
{
    plx_error error = {.code = ERROR_NONE};
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert(!predict_to(ends[1], NULL, &error));
    close(ends[1]);
    ck_assert_str_eq(error.text, "standard output: cannot write: Broken pipe");
}
END_TEST

/* --- NPY --- */

/* Checks magic, version, length, dict and padding byte by byte; returns where the data begins. */
static const char *npy_data(const char *bytes, size_t length, const char *dict, size_t data_bytes)
{
    ck_assert_uint_ge(length, 64);
    ck_assert_mem_eq(bytes, "\x93NUMPY\x01\x00", 8);
    const size_t header = (unsigned char)bytes[8] + 256 * (size_t)(unsigned char)bytes[9];
    ck_assert_uint_eq((10 + header) % 64, 0);
    ck_assert_uint_eq(length, 10 + header + data_bytes);
    ck_assert_int_eq(strncmp(bytes + 10, dict, strlen(dict)), 0);
    for (size_t i = 10 + strlen(dict); i < 10 + header - 1; i++)
        ck_assert_int_eq(bytes[i], ' ');
    ck_assert_int_eq(bytes[10 + header - 1], '\n');
    return bytes + 10 + header;
}

/* Predicts to a .npy file and compares its data. */
static void assert_npy(model *model, const float *x, size_t rows, bool probabilities,
                       const char *dict, const void *expected, size_t expected_bytes)
{
    char *path = file_join(folder, "out.npy");
    size_t length;

    predict(model, x, rows, probabilities, path);
    char *bytes = fixture_read(path, &length);
    const char *data = npy_data(bytes, length, dict, expected_bytes);
    ck_assert_mem_eq(data, expected, expected_bytes);
    free(bytes);
    free(path);
    model_free(model);
}

START_TEST(npy_of_classes_holds_indices)
{
    const float x[12] = {0, 0, 1, 1, 0, 0, 0, 1, 0, 0, NAN, 0};
    const int64_t expected[4] = {2, 0, 1, -1};

    assert_npy(quoted_classes("identity"), x, 4, false,
               "{'descr': '<i8', 'fortran_order': False, 'shape': (4,), }", expected,
               sizeof(expected));
}
END_TEST

START_TEST(npy_of_probabilities_is_a_matrix)
{
    const float x[6] = {0, 0, -1000, -1000, 3, -1000};
    const float expected[6] = {0.5f, 0.5f, 0, 0, 1, 0};

    assert_npy(quoted_classes("softmax"), x, 2, true,
               "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", expected,
               sizeof(expected));
}
END_TEST

START_TEST(npy_of_one_unit_has_both_probabilities)
{
    model *model = fixture_model(plugins, "sigmoid", "mse", 1, 1, identity1, yes_no, code1);
    const float x[2] = {0, 200};
    const float expected[4] = {0.5f, 0.5f, 0, 1};

    assert_npy(model, x, 2, true, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }",
               expected, sizeof(expected));
}
END_TEST

START_TEST(npy_of_numbers_is_a_matrix_in_original_units)
{
    model *model =
        fixture_model(plugins, "identity", "mse", 2, 2, identity2, scaled_numbers, code2);
    const float x[2] = {1, 3}, expected[2] = {110, 1.5f};

    assert_npy(model, x, 1, false, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }",
               expected, sizeof(expected));
}
END_TEST

static TCase *csv_cases(void)
{
    TCase *cases = tcase_create("csv");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, labels_are_quoted_where_csv_needs_it);
    tcase_add_test(cases, equal_outputs_go_to_the_first_label);
    tcase_add_test(cases, probabilities_have_a_column_for_each_label);
    tcase_add_test(cases, one_sigmoid_unit_is_the_second_label_from_a_half);
    tcase_add_test(cases, one_sigmoid_unit_has_two_probabilities);
    tcase_add_test(cases, one_tanh_unit_is_mapped_to_probabilities);
    tcase_add_test(cases, a_row_with_nan_has_no_prediction);
    tcase_add_test(cases, numbers_are_in_original_units);
    tcase_add_test(cases, numbers_are_written_in_their_shortest_form);
    tcase_add_test(cases, numbers_read_back_as_the_same_float);
    tcase_add_test(cases, no_rows_make_a_header);
    tcase_add_test(cases, rows_keep_their_order_over_chunks);
    return cases;
}

static TCase *refusal_cases(void)
{
    TCase *cases = tcase_create("refusals");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, probabilities_of_an_identity_are_refused);
    tcase_add_test(cases, probabilities_of_numbers_are_refused);
    tcase_add_test(cases, data_of_another_width_is_refused);
    tcase_add_test(cases, a_full_disk_is_an_error);
    tcase_add_test(cases, a_folder_that_is_not_there_is_an_error);
    return cases;
}

static TCase *stdout_cases(void)
{
    TCase *cases = tcase_create("stdout");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, without_a_path_it_goes_to_stdout);
    tcase_add_test(cases, a_dash_is_stdout);
    tcase_add_test(cases, a_full_disk_behind_stdout_is_an_error);
    tcase_add_test(cases, a_closed_pipe_is_an_error);
    return cases;
}

static TCase *npy_cases(void)
{
    TCase *cases = tcase_create("npy");

    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, npy_of_classes_holds_indices);
    tcase_add_test(cases, npy_of_probabilities_is_a_matrix);
    tcase_add_test(cases, npy_of_one_unit_has_both_probabilities);
    tcase_add_test(cases, npy_of_numbers_is_a_matrix_in_original_units);
    return cases;
}

static Suite *suite(void)
{
    Suite *suite = suite_create("model/predict");

    suite_add_tcase(suite, csv_cases());
    suite_add_tcase(suite, refusal_cases());
    suite_add_tcase(suite, stdout_cases());
    suite_add_tcase(suite, npy_cases());
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
