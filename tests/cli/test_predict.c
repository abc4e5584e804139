/* `plexus predict`: a model's answers as CSV and NPY. The runs are trained once for all tests. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* Runs `kinds` and `slope` of the experiments of those names. */
static char *folder;
static run_options here;

static void train(void)
{
    folder = sample_folder();
    here.folder = folder;
    run_well(&here, "train kinds.yaml --out kinds");
    run_well(&here, "train slope.yaml --out slope");
    free(harness_file(folder, "new.csv", "width,length\n0.2,1.0\n1.1,3.0\n2.1,5.0\n"));
}

static void forget(void)
{
    free(folder);
}

/* ---- CSV ------------------------------------------------------------------------------------- */

START_TEST(classes_are_named)
{
    run *run = run_line(&here, "predict kinds new.csv");

    run_expect(run, 0);
    ck_assert_str_eq(run->out, "kind\nash\nbeech\ncedar\n");
    ck_assert_str_eq(run->err, "");
    run_free(run);
}
END_TEST

START_TEST(the_model_file_does_as_well_as_its_run)
{
    run *run = run_line(&here, "predict kinds/model.safetensors new.csv");

    run_expect(run, 0);
    ck_assert_str_eq(run->out, "kind\nash\nbeech\ncedar\n");
    run_free(run);
}
END_TEST

START_TEST(probabilities_have_a_column_each_and_sum_to_one)
{
    run *run = run_line(&here, "predict kinds new.csv --probabilities");
    const char *line = run->out;

    run_expect(run, 0);
    ck_assert_int_eq(strncmp(line, "kind,ash,beech,cedar\n", 21), 0);
    for (int row = 0; row < 3; row++) {
        char label[16];
        double p[3];
        line = strchr(line, '\n') + 1;
        ck_assert_int_eq(sscanf(line, "%15[^,],%lf,%lf,%lf", label, &p[0], &p[1], &p[2]), 4);
        ck_assert_double_eq_tol(p[0] + p[1] + p[2], 1, 1e-6);
        ck_assert_double_gt(p[row], 0.9);
    }
    ck_assert_str_eq(strchr(line, '\n'), "\n");
    run_free(run);
}
END_TEST

START_TEST(numbers_are_in_original_units)
{
    run *run = run_line(&here, "predict slope slope.csv");
    const char *line = run->out;
    static const double expected[] = {100, 110, 120, 130, 105, 115, 125, 135, 110, 120, 130, 140};

    run_expect(run, 0);
    ck_assert_int_eq(strncmp(line, "y\n", 2), 0);
    for (int row = 0; row < 12; row++) {
        line = strchr(line, '\n') + 1;
        ck_assert_double_eq_tol(strtod(line, NULL), expected[row], 4);
    }
    run_free(run);
}
END_TEST

START_TEST(a_label_with_a_comma_is_quoted)
{
    free(harness_file(folder, "odd.csv", "a,name\n0,\"x, y\"\n0,\"x, y\"\n9,z\n9,z\n"));
    run_well(&here, "train kinds.yaml --out odd --set data.train=odd.csv --set data.target=name "
                    "--set network.layers.1.units=2 --set train.epochs=60");
    run *run = run_line(&here, "predict odd odd.csv");
    run_expect(run, 0);
    ck_assert_str_eq(run->out, "name\n\"x, y\"\n\"x, y\"\nz\nz\n");
    run_free(run);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    run *one = run_line(&here, "predict kinds kinds.csv --probabilities");
    run *two = run_line(&here, "predict kinds kinds.csv --probabilities --threads 4");

    run_expect(two, 0);
    ck_assert_str_eq(one->out, two->out);
    run_free(one);
    run_free(two);
}
END_TEST

/* ---- --out ----------------------------------------------------------------------------------- */

START_TEST(out_gets_the_same_bytes)
{
    run *printed = run_line(&here, "predict kinds new.csv --probabilities");
    run *written = run_line(&here, "predict kinds new.csv --probabilities --out answers.csv");

    run_expect(written, 0);
    ck_assert_str_eq(written->out, "");
    char *file = sample_read(folder, "answers.csv", NULL);
    ck_assert_str_eq(file, printed->out);
    free(file);
    run_free(printed);
    run_free(written);
}
END_TEST

START_TEST(a_dash_is_stdout)
{
    run *run = run_line(&here, "predict kinds new.csv --out -");

    run_expect(run, 0);
    ck_assert_str_eq(run->out, "kind\nash\nbeech\ncedar\n");
    run_free(run);
}
END_TEST

/* A header of 128 bytes, then the data. */
static char *npy(const char *name, const char *dictionary, size_t data)
{
    size_t length = 0;
    char *bytes = sample_read(folder, name, &length);

    ck_assert_uint_eq(length, 128 + data);
    ck_assert_int_eq(memcmp(bytes, "\x93NUMPY\1\0\x76\0", 10), 0);
    ck_assert_int_eq(memcmp(bytes + 10, dictionary, strlen(dictionary)), 0);
    ck_assert_int_eq(bytes[127], '\n');
    return bytes;
}

START_TEST(npy_holds_class_indexes)
{
    run_well(&here, "predict kinds new.csv --out answers.npy");
    char *bytes =
        npy("answers.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", 24);
    int64_t answers[3];
    memcpy(answers, bytes + 128, sizeof(answers));
    for (int64_t i = 0; i < 3; i++)
        ck_assert_int_eq(answers[i], i);
    free(bytes);
}
END_TEST

START_TEST(npy_holds_probabilities)
{
    run_well(&here, "predict kinds new.csv --out likely.npy --probabilities");
    char *bytes =
        npy("likely.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }", 36);
    float p[9];
    memcpy(p, bytes + 128, sizeof(p));
    for (int i = 0; i < 3; i++)
        ck_assert_double_gt((double)p[4 * i], 0.9);
    free(bytes);
}
END_TEST

START_TEST(npy_holds_numbers_in_original_units)
{
    run_well(&here, "predict slope slope.csv --out numbers.npy");
    char *bytes =
        npy("numbers.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 1), }", 48);
    float first;
    memcpy(&first, bytes + 128, sizeof(first));
    ck_assert_double_eq_tol((double)first, 100, 4);
    free(bytes);
}
END_TEST

/* ---- what it refuses ------------------------------------------------------------------------- */

START_TEST(a_column_that_is_missing_is_refused)
{
    free(harness_file(folder, "half.csv", "length\n1\n"));
    run *run = run_line(&here, "predict kinds half.csv");
    run_expect_error(run, 5,
                     "half.csv: no column 'width', which training had; it must be there (columns "
                     "are found by name, in any order)\n");
    run_free(run);
}
END_TEST

START_TEST(probabilities_of_numbers_are_refused)
{
    run *run = run_line(&here, "predict slope slope.csv --probabilities");

    run_expect_error(run, 2,
                     "plexus: slope/model.safetensors: predicts numbers, not classes, so there are "
                     "no probabilities; leave --probabilities out\n");
    run_free(run);
}
END_TEST

START_TEST(a_folder_as_out_is_refused)
{
    run *run = run_line(&here, "predict kinds new.csv --out kinds");

    run_expect(run, 5);
    run_expect_in(run, run->err, "kinds");
    run_free(run);
}
END_TEST

START_TEST(a_folder_that_is_a_file_is_refused)
{
    run *run = run_line(&here, "predict kinds new.csv --out new.csv/answers.csv");

    run_expect(run, 5);
    run_expect_in(run, run->err, "Not a directory");
    run_free(run);
}
END_TEST

START_TEST(a_bad_row_leaves_the_old_file)
{
    free(harness_file(folder, "old.csv", "what was there\n"));
    free(harness_file(folder, "bad.csv", "length,width\n1,2\n1,wide\n"));
    run *run = run_line(&here, "predict kinds bad.csv --out old.csv");
    run_expect(run, 5);
    char *bytes = sample_read(folder, "old.csv", NULL);
    ck_assert_str_eq(bytes, "what was there\n");
    free(bytes);
    run_free(run);
}
END_TEST

START_TEST(a_full_disk_is_code_5)
{
    run *run =
        run_line(&(run_options){.folder = folder, .output = "/dev/full"}, "predict kinds new.csv");

    run_expect_error(run, 5, "standard output: cannot write: No space left on device\n");
    run_free(run);
}
END_TEST

START_TEST(a_full_file_is_code_5)
{
    run *run = run_line(&here, "predict kinds new.csv --out /dev/full");

    run_expect_error(run, 5, "/dev/full: cannot write: No space left on device\n");
    run_free(run);
}
END_TEST

START_TEST(a_reader_that_left_is_code_5)
{
    run *run = run_line(&(run_options){.folder = folder, .closed = true}, "predict kinds new.csv");

    run_expect_error(run, 5, "standard output: cannot write: Broken pipe\n");
    run_free(run);
}
END_TEST

START_TEST(the_data_file_itself_is_refused_as_out)
{
    run *run = run_line(&here, "predict kinds new.csv --out ./new.csv");

    run_expect_error(run, 2, "plexus: --out ./new.csv is the data file itself; name another\n");
    run_free(run);
}
END_TEST

/* Columns of small deviation: scaled, values near the largest float become infinities of both
 * signs, and their sum no number. */
START_TEST(rows_without_a_prediction_are_told)
{
    free(harness_file(folder, "tight.csv",
                      "x,y,kind\n0.01,0.01,a\n0.02,0.01,a\n0.02,0.03,b\n"
                      "0.01,0.03,b\n"));
    free(harness_file(folder, "huge.csv", "x,y\n3e38,-3e38\n0.01,0.01\n"));
    run_well(&here,
             "train kinds.yaml --set data.train=%s/tight.csv "
             "--set network.layers.1.units=2 --out tight",
             folder);
    run *run = run_line(&here, "predict tight huge.csv");

    run_expect(run, 0);
    ck_assert_str_eq(run->out, "kind\n\"\"\na\n");
    ck_assert_str_eq(run->err, "warning: 1 of 2 rows got no prediction: the network's outputs "
                               "there are no numbers\n");
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("predict");
    TCase *csv = tcase_create("CSV");
    TCase *out = tcase_create("--out");
    TCase *refused = tcase_create("what it refuses");

    tcase_add_test(csv, classes_are_named);
    tcase_add_test(csv, the_model_file_does_as_well_as_its_run);
    tcase_add_test(csv, probabilities_have_a_column_each_and_sum_to_one);
    tcase_add_test(csv, numbers_are_in_original_units);
    tcase_add_test(csv, a_label_with_a_comma_is_quoted);
    tcase_add_test(csv, rows_without_a_prediction_are_told);
    tcase_add_test(csv, threads_do_not_matter);
    tcase_add_test(out, out_gets_the_same_bytes);
    tcase_add_test(out, a_dash_is_stdout);
    tcase_add_test(out, npy_holds_class_indexes);
    tcase_add_test(out, npy_holds_probabilities);
    tcase_add_test(out, npy_holds_numbers_in_original_units);
    tcase_add_test(refused, a_column_that_is_missing_is_refused);
    tcase_add_test(refused, probabilities_of_numbers_are_refused);
    tcase_add_test(refused, a_folder_as_out_is_refused);
    tcase_add_test(refused, a_folder_that_is_a_file_is_refused);
    tcase_add_test(refused, the_data_file_itself_is_refused_as_out);
    tcase_add_test(refused, a_bad_row_leaves_the_old_file);
    tcase_add_test(refused, a_full_disk_is_code_5);
    tcase_add_test(refused, a_full_file_is_code_5);
    tcase_add_test(refused, a_reader_that_left_is_code_5);
    TCase *const all[] = {csv, out, refused};
    for (size_t i = 0; i < 3; i++) {
        tcase_add_unchecked_fixture(all[i], train, forget);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return harness_run(suite);
}
