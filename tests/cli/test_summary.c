/* `plexus summary`: a model's layers, parameters, scaling and labels. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* A run of kinds.yaml, `kinds`, and one of slope.yaml, `slope`; a plug-in folder. */
static char *folder, *plugins;
static run_options here;

static void train(void)
{
    folder = sample_folder();
    plugins = sample_plugins();
    here.folder = folder;
    run_well(&here, "train kinds.yaml --out kinds --set network.layers.0.bias=false --set "
                    "network.layers.0.dropout=0.25");
    run_well(&here, "train slope.yaml --out slope");
}

static void forget(void)
{
    free(folder);
    free(plugins);
}

START_TEST(a_classifier_is_shown)
{
    run *run = run_line(&here, "summary kinds");

    run_expect(run, 0);
    run_expect_in(run, run->out, "inputs      2 features from 2 columns: length, width\n");
    run_expect_in(run, run->out, "classes     3 of kind: ash, beech, cedar\n");
    run_expect_in(run, run->out, "loss        cross_entropy, fused with softmax\n");
    run_expect_in(run, run->out,
                  "\nlayer  shape   activation  bias  dropout  parameters\n"
                  "    0  2 -> 5  tanh        no       0.25          10\n"
                  "    1  5 -> 3  softmax     yes         -          18\n"
                  "total                                             28\n");
    ck_assert_str_eq(run->err, "");
    run_free(run);
}
END_TEST

START_TEST(a_regression_is_shown)
{
    run *run = run_line(&here, "summary slope");

    run_expect(run, 0);
    run_expect_in(run, run->out, "targets     1: y (mean ");
    run_expect_in(run, run->out, "\nloss        mse\n");
    run_expect_in(run, run->out, "total                                              3\n");
    run_free(run);
}
END_TEST

START_TEST(json_is_one_object)
{
    run *run = run_line(&here, "summary kinds --json");

    run_expect(run, 0);
    json_t *lines = sample_lines(run->out);
    ck_assert_uint_eq(json_array_size(lines), 1);
    const json_t *model = json_array_get(lines, 0);
    ck_assert_double_eq(sample_number(model, "parameters"), 28);
    const json_t *network = json_object_get(model, "network");
    ck_assert_double_eq(sample_number(network, "inputs"), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(network, "layers")), 2);
    ck_assert_str_eq(sample_string(json_object_get(model, "loss"), "name"), "cross_entropy");
    json_decref(lines);
    run_free(run);
}
END_TEST

START_TEST(the_model_file_does_as_well_as_its_run)
{
    run *one = run_line(&here, "summary kinds");
    run *two = run_line(&here, "summary kinds/model.safetensors");

    run_expect(two, 0);
    ck_assert_str_eq(one->out, two->out);
    run_free(one);
    run_free(two);
}
END_TEST

/* A checkpoint begins as a model of the weights as they are. */
START_TEST(a_checkpoint_is_a_model_too)
{
    run *run = run_line(&here, "summary kinds/checkpoint.safetensors");

    run_expect(run, 0);
    run_expect_in(run, run->out, "\ntotal                                             28\n");
    run_free(run);
}
END_TEST

START_TEST(the_optimizer_is_not_needed)
{
    run_well(&here, "train kinds.yaml --out lynx --plugin-dir %s --set optimizer=lynx", plugins);
    run_well(&here, "summary lynx");
}
END_TEST

START_TEST(a_folder_that_is_no_run_is_refused)
{
    run *run = run_line(&here, "summary .");

    run_expect_error(run, 5,
                     ".: has no model.safetensors; a model file or the folder of a run is "
                     "wanted\n");
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("summary");
    TCase *tests = tcase_create("summary");

    tcase_add_test(tests, a_classifier_is_shown);
    tcase_add_test(tests, a_regression_is_shown);
    tcase_add_test(tests, json_is_one_object);
    tcase_add_test(tests, the_model_file_does_as_well_as_its_run);
    tcase_add_test(tests, a_checkpoint_is_a_model_too);
    tcase_add_test(tests, the_optimizer_is_not_needed);
    tcase_add_test(tests, a_folder_that_is_no_run_is_refused);
    tcase_add_unchecked_fixture(tests, train, forget);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return harness_run(suite);
}
