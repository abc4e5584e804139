/* `plexus eval`: the figures of a stored model. A run is trained once for all tests. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* Runs `moons`, `kinds` and `slope` of the experiments of those names. */
static char *folder, *plugins;
static run_options here;

static void train(void)
{
    folder = sample_folder();
    plugins = sample_plugins();
    here.folder = folder;
    run_well(&here, "train moons.yaml --out moons");
    run_well(&here, "train kinds.yaml --out kinds");
    run_well(&here, "train slope.yaml --out slope");
}

static void forget(void)
{
    free(folder);
    free(plugins);
}

/* ---- a run directory ------------------------------------------------------------------------- */

static const char *const runs[] = {"moons", "slope"};

/* To the bit: every digit of the log's last line. */
START_TEST(a_run_s_test_rows_give_the_figures_of_its_log)
{
    static const char *const names[] = {"loss", "accuracy", "precision", "recall",
                                        "f1",   "mae",      "rmse",      "r2"};
    run *run = run_line(&here, "eval %s --json", runs[_i]);

    run_expect(run, 0);
    json_t *log = sample_log(folder, runs[_i]), *figures = sample_object(run->out);
    const json_t *end = json_array_get(log, json_array_size(log) - 1);
    size_t compared = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char key[32];
        snprintf(key, sizeof(key), "test_%s", names[i]);
        const json_t *logged = json_object_get(end, key);
        ck_assert_int_eq(logged != NULL, json_object_get(figures, names[i]) != NULL);
        if (logged == NULL)
            continue;
        ck_assert_double_eq(json_number_value(logged), sample_number(figures, names[i]));
        compared++;
    }
    ck_assert_uint_ge(compared, 4);
    json_decref(figures);
    json_decref(log);
    run_free(run);
}
END_TEST

START_TEST(train_printed_the_same)
{
    run *trained = run_line(&here, "train moons.yaml --out again");
    run *measured = run_line(&here, "eval again");
    const size_t length = strlen(measured->out);

    run_expect(trained, 0);
    run_expect(measured, 0);
    ck_assert_int_eq(strncmp(measured->out, "test rows\n", 10), 0);
    ck_assert_int_eq(strncmp(trained->out, measured->out, length), 0);
    ck_assert_int_eq(strncmp(trained->out + length, "model ", 6), 0);
    run_free(trained);
    run_free(measured);
}
END_TEST

START_TEST(without_test_rows_the_validation_rows_count)
{
    run_well(&here, "train moons.yaml --out validated --set data.test=0");
    run *run = run_line(&here, "eval validated --json");
    run_expect(run, 0);
    json_t *log = sample_log(folder, "validated"), *figures = sample_object(run->out);
    ck_assert_double_eq(sample_number(json_array_get(log, 5), "val_loss"),
                        sample_number(figures, "loss"));
    json_decref(figures);
    json_decref(log);
    run_free(run);
}
END_TEST

START_TEST(the_working_directory_does_not_matter)
{
    run *one = run_line(&here, "eval slope"), *two = run_line(NULL, "eval %s/slope", folder);

    run_expect(two, 0);
    ck_assert_str_eq(one->out, two->out);
    run_free(one);
    run_free(two);
}
END_TEST

START_TEST(threads_do_not_matter)
{
    run *one = run_line(&here, "eval moons --json");
    run *two = run_line(&here, "eval moons --json --threads 3");

    run_expect(two, 0);
    ck_assert_str_eq(one->out, two->out);
    run_free(one);
    run_free(two);
}
END_TEST

/* ---- a data file ----------------------------------------------------------------------------- */

START_TEST(a_file_is_measured)
{
    run *run = run_line(&here, "eval kinds kinds.csv");

    run_expect(run, 0);
    run_expect_in(run, run->out, "\naccuracy    1\n");
    run_expect_in(run, run->out,
                  "\n            ash     beech     cedar\n"
                  "ash           4         0         0\n"
                  "beech         0         4         0\n"
                  "cedar         0         0         4\n");
    run_free(run);
}
END_TEST

START_TEST(the_model_file_does_as_well_as_its_run)
{
    run *one = run_line(&here, "eval kinds kinds.csv");
    run *two = run_line(&here, "eval kinds/model.safetensors kinds.csv");

    run_expect(two, 0);
    ck_assert_str_eq(one->out, two->out);
    run_free(one);
    run_free(two);
}
END_TEST

/* Columns are found by name; one that the model does not know is passed over. */
START_TEST(columns_may_come_in_any_order)
{
    free(harness_file(folder, "other.csv",
                      "kind,extra,width,length\n"
                      "ash,7,0.2,1.0\nbeech,8,1.1,3.0\ncedar,9,2.1,5.0\n"));
    run *run = run_line(&here, "eval kinds other.csv --json");
    run_expect(run, 0);
    json_t *figures = sample_object(run->out);
    ck_assert_double_eq(sample_number(figures, "accuracy"), 1);
    json_decref(figures);
    run_free(run);
}
END_TEST

/* The scaling is the model's own: a single row says nothing about its mean. */
START_TEST(the_file_is_scaled_as_in_training)
{
    free(harness_file(folder, "single.csv", "length,width,kind\n5.0,2.1,cedar\n"));
    run *run = run_line(&here, "eval kinds single.csv --json");
    run_expect(run, 0);
    json_t *figures = sample_object(run->out);
    ck_assert_double_lt(sample_number(figures, "loss"), 0.1);
    json_decref(figures);
    run_free(run);
}
END_TEST

START_TEST(figures_are_in_original_units)
{
    free(harness_file(folder, "off.csv", "a,b,y\n1,1,1115\n2,1,1125\n"));
    run *run = run_line(&here, "eval slope off.csv --json");
    run_expect(run, 0);
    json_t *figures = sample_object(run->out);
    ck_assert_double_eq_tol(sample_number(figures, "mae"), 1000, 5);
    json_decref(figures);
    run_free(run);
}
END_TEST

START_TEST(top_k_counts_the_likeliest)
{
    free(harness_file(folder, "wrong.csv", "length,width,kind\n3.0,1.1,cedar\n3.1,1.2,cedar\n"));
    run *run = run_line(&here, "eval kinds wrong.csv --top-k 2 --json");
    run_expect(run, 0);
    json_t *figures = sample_object(run->out);
    ck_assert_double_eq(sample_number(figures, "accuracy"), 0);
    ck_assert_double_eq(sample_number(figures, "top_k"), 1);
    json_decref(figures);
    run_free(run);
}
END_TEST

START_TEST(top_k_counts_the_likeliest_of_a_run_s_own_rows)
{
    run_well(&here, "train kinds.yaml --out tested --set data.test=0.25 --set train.batch=full");
    run *run = run_line(&here, "eval tested --top-k 2 --json");
    run_expect(run, 0);
    json_t *figures = sample_object(run->out);
    ck_assert_double_ge(sample_number(figures, "top_k"), sample_number(figures, "accuracy"));
    json_decref(figures);
    run_free(run);
}
END_TEST

START_TEST(a_pair_is_given_as_two_files)
{
    static const char images[] = "\0\0\x08\2\0\0\0\4\0\0\0\2\0\0\0\0\xff\xff\xff\xff";
    static const char labels[] = "\0\0\x08\1\0\0\0\4\0\0\1\1";
    char *x = sample_path(folder, "x.idx"), *y = sample_path(folder, "y.idx");
    FILE *file = fopen(x, "wb");

    fwrite(images, 1, 12, file);
    fwrite("\0\0\1\1\xff\xff\xfe\xfe", 1, 8, file);
    fclose(file);
    file = fopen(y, "wb");
    fwrite(labels, 1, 12, file);
    fclose(file);
    free(harness_file(folder, "pair.yaml",
                      "data: {train: {x: x.idx, y: y.idx}, scale: unit}\n"
                      "network: {layers: [{units: 2, activation: softmax}]}\n"
                      "loss: cross_entropy\noptimizer: {name: adam, lr: 0.1}\n"
                      "train: {epochs: 30, batch: full}\n"));
    run_well(&here, "train pair.yaml --out pair");
    run *run = run_line(&here, "eval pair x.idx y.idx --json");
    run_expect(run, 0);
    json_t *figures = sample_object(run->out);
    ck_assert_double_eq(sample_number(figures, "accuracy"), 1);
    json_decref(figures);
    run_free(run);
    free(x);
    free(y);
}
END_TEST

/* ---- what it does not need, and what it refuses ---------------------------------------------- */

START_TEST(the_optimizer_is_not_needed)
{
    run_well(&here,
             "train moons.yaml --out lynx --set optimizer.name=lynx --plugin-dir %s --set "
             "optimizer.beta1=0.5",
             plugins);
    run_well(&here, "eval lynx");
}
END_TEST

START_TEST(without_other_rows_the_training_rows_count)
{
    run *run = run_line(&here, "eval kinds");

    run_expect(run, 0);
    ck_assert_int_eq(strncmp(run->out, "training rows\n", 14), 0);
    run_free(run);
}
END_TEST

START_TEST(a_model_file_alone_is_refused)
{
    run *run = run_line(&here, "eval kinds/model.safetensors");

    run_expect_error(run, 2,
                     "plexus: kinds/model.safetensors is no run directory, so it needs a data "
                     "file: plexus eval kinds/model.safetensors DATA\n");
    run_free(run);
}
END_TEST

START_TEST(data_that_has_changed_since_is_refused)
{
    free(harness_file(folder, "shift.csv", "a,b,y\n0,0,1\n1,0,2\n2,0,3\n3,0,4\n4,1,5\n5,2,6\n"));
    run_well(&here,
             "train slope.yaml --out shift --set data.train=shift.csv --set data.test=0.5 --set "
             "train.epochs=1");
    free(harness_file(folder, "shift.csv", "a,b,y\n9,9,9\n1,0,2\n2,0,3\n3,0,4\n4,1,5\n5,5,6\n"));
    run *run = run_line(&here, "eval shift");
    run_expect_error(run, 5,
                     "shift: the data files have changed since this model was trained; name a data "
                     "file to measure it on\n");
    run_free(run);
}
END_TEST

START_TEST(a_label_never_seen_is_refused_with_its_place)
{
    free(harness_file(folder, "elm.csv", "length,width,kind\n1,2,ash\n3,4,elm\n"));
    run *run = run_line(&here, "eval kinds elm.csv");
    run_expect_error(run, 5,
                     "elm.csv:3:5: the label 'elm' was not seen in training, where the labels were "
                     "ash, beech, cedar\n");
    run_free(run);
}
END_TEST

START_TEST(a_file_without_the_target_is_refused)
{
    free(harness_file(folder, "blind.csv", "length,width\n1,2\n"));
    run *run = run_line(&here, "eval kinds blind.csv");
    run_expect_error(run, 5, "blind.csv: no column 'kind', the target; it must be there\n");
    run_free(run);
}
END_TEST

START_TEST(top_k_of_numbers_is_refused)
{
    run_well(&here, "train slope.yaml --out sloped");
    run *run = run_line(&here, "eval sloped --top-k 2");

    run_expect_error(run, 2,
                     "plexus: sloped/model.safetensors: top_k counts classes, but the targets are "
                     "numbers; leave it out\n");
    run_free(run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eval");
    TCase *directory = tcase_create("a run directory");
    TCase *file = tcase_create("a data file");
    TCase *needs = tcase_create("what it needs");

    tcase_add_loop_test(directory, a_run_s_test_rows_give_the_figures_of_its_log, 0, 2);
    tcase_add_test(directory, train_printed_the_same);
    tcase_add_test(directory, without_test_rows_the_validation_rows_count);
    tcase_add_test(directory, without_other_rows_the_training_rows_count);
    tcase_add_test(directory, the_working_directory_does_not_matter);
    tcase_add_test(directory, threads_do_not_matter);
    tcase_add_test(file, a_file_is_measured);
    tcase_add_test(file, the_model_file_does_as_well_as_its_run);
    tcase_add_test(file, columns_may_come_in_any_order);
    tcase_add_test(file, the_file_is_scaled_as_in_training);
    tcase_add_test(file, figures_are_in_original_units);
    tcase_add_test(file, top_k_counts_the_likeliest);
    tcase_add_test(file, top_k_counts_the_likeliest_of_a_run_s_own_rows);
    tcase_add_test(file, a_pair_is_given_as_two_files);
    tcase_add_test(needs, the_optimizer_is_not_needed);
    tcase_add_test(needs, a_model_file_alone_is_refused);
    tcase_add_test(needs, top_k_of_numbers_is_refused);
    tcase_add_test(needs, data_that_has_changed_since_is_refused);
    tcase_add_test(needs, a_label_never_seen_is_refused_with_its_place);
    tcase_add_test(needs, a_file_without_the_target_is_refused);
    TCase *const all[] = {directory, file, needs};
    for (size_t i = 0; i < 3; i++) {
        tcase_add_unchecked_fixture(all[i], train, forget);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return harness_run(suite);
}
