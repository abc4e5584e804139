/* test_memory.c: a run in memory has the bits of one with a run directory, writes nothing, and
 * takes data that is loaded already. */
#include <dirent.h>
#include <math.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "support/memory.h"
#include "support/safetensors.h"

#define MOONS(seed)                                                                                \
    "data: {generate: moons, samples: 40, noise: 0.2, validation: 0.2, test: 0.2, seed: " #seed    \
    "}\n"
#define REST                                                                                       \
    "network: {layers: [{units: 6, activation: tanh, dropout: 0.1}, "                              \
    "{units: 1, activation: sigmoid}]}\n"                                                          \
    "loss: cross_entropy\n"                                                                        \
    "optimizer: {name: adam, lr: 0.05}\n"
#define TRAIN      "train: {epochs: 5, batch: 8, seed: 3}\n"
#define EXPERIMENT MOONS(0) REST TRAIN

static outcome *in_memory(const char *text)
{
    return plan_expect(&(plan){.text = text}, TRAIN_COMPLETED);
}

/* What result.weights is of a model file: its tensors in the network's order. */
static void hash_model(const char *run, char hex[65])
{
    static const char *const names[] = {"layers.0.weight", "layers.0.bias", "layers.1.weight",
                                        "layers.1.bias"};
    char *path = memory_format("%s/model.safetensors", run);
    tensor_file *file = tensor_file_read(path, NULL);
    SHA2_CTX hash;

    ck_assert_ptr_nonnull(file);
    SHA256Init(&hash);
    for (size_t i = 0; i < 4; i++) {
        const stored_tensor *tensor = tensor_file_find(file, names[i]);
        ck_assert_ptr_nonnull(tensor);
        SHA256Update(&hash, tensor->data, tensor->bytes);
    }
    SHA256End(&hash, hex);
    tensor_file_free(file);
    free(path);
}

static double value_of(const metrics *metrics, metric metric)
{
    double value = (double)NAN;

    ck_assert(metrics_value(metrics, metric, &value));
    return value;
}

START_TEST(it_has_the_bits_of_a_run_on_disk)
{
    char *out = fresh_run(), hex[65];
    outcome *stored = plan_expect(&(plan){.text = EXPERIMENT, .out = out}, TRAIN_COMPLETED);
    outcome *made = in_memory(EXPERIMENT);
    const train_result *a = &stored->result, *b = &made->result;

    hash_model(out, hex);
    ck_assert_str_eq(b->weights, hex);
    ck_assert(value_of(a->test, METRIC_LOSS) == value_of(b->test, METRIC_LOSS));
    ck_assert(value_of(a->validation, METRIC_LOSS) == value_of(b->validation, METRIC_LOSS));
    ck_assert(a->train_loss == b->train_loss);
    ck_assert_int_eq(made->epoch_calls, 5);
    ck_assert_int_eq(b->steps, a->steps);
    outcome_free(stored);
    outcome_free(made);
    free(out);
}
END_TEST

START_TEST(it_writes_nothing)
{
    char *folder = harness_folder();

    ck_assert_int_eq(chdir(folder), 0);
    outcome *made = in_memory(EXPERIMENT);
    ck_assert_ptr_null(made->result.out);
    DIR *entries = opendir(folder);
    int count = 0;
    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    ck_assert_int_eq(count, 2); /* . and .. */
    outcome_free(made);
    free(folder);
}
END_TEST

START_TEST(a_run_on_disk_tells_no_hash)
{
    char *out = fresh_run();
    outcome *stored = plan_expect(&(plan){.text = EXPERIMENT, .out = out}, TRAIN_COMPLETED);

    ck_assert_str_eq(stored->result.weights, "");
    outcome_free(stored);
    free(out);
}
END_TEST

START_TEST(other_seeds_end_with_other_weights)
{
    outcome *a = in_memory(EXPERIMENT);
    outcome *b = in_memory(MOONS(0) REST "train: {epochs: 5, batch: 8, seed: 4}\n");

    ck_assert_str_ne(a->result.weights, b->result.weights);
    outcome_free(a);
    outcome_free(b);
}
END_TEST

/* The data of another experiment in place of its own: as if its own were these. */
START_TEST(it_takes_data_that_is_loaded)
{
    plx_error error = {0};
    char name[] = "moons";
    data_config config = {.generate = {.name = name, .samples = 40, .noise = 0.2},
                          .validation = {.fraction = 0.2},
                          .test = {.fraction = 0.2},
                          .seed = 1};
    data_bundle *data = data_load(&config, NULL, &error);

    ck_assert_msg(data != NULL, "%s", error.text);
    outcome *given = plan_expect(&(plan){.text = EXPERIMENT, .data = data}, TRAIN_COMPLETED);
    outcome *own = in_memory(MOONS(1) REST TRAIN);
    ck_assert_str_eq(given->result.weights, own->result.weights);
    outcome_free(given);
    outcome_free(own);
    data_free(data);
}
END_TEST

/* 2 x 6 + 6 weights, 6 + 1 biases; adam has two float32 slots for each. */
START_TEST(it_tells_sizes)
{
    outcome *made = in_memory(EXPERIMENT);

    ck_assert_uint_eq(made->result.parameters, 25);
    ck_assert_uint_eq(made->result.state_bytes, 25 * 2 * sizeof(float));
    ck_assert_int_eq(made->result.best_epoch, 0);
    outcome_free(made);
}
END_TEST

START_TEST(it_tells_the_epoch_that_was_kept)
{
    outcome *made =
        plan_run(&(plan){.text = MOONS(0) REST
                         "train: {epochs: 9, batch: 8, seed: 3, early_stopping: {patience: 9}}\n"});
    int64_t best = 1;

    ck_assert_msg(made->ok, "%s", made->error.text);
    for (int64_t epoch = 2; epoch <= 9; epoch++)
        if (made->val_loss[epoch] < made->val_loss[best])
            best = epoch;
    ck_assert_int_eq(made->result.best_epoch, best);
    outcome_free(made);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/memory");
    TCase *runs = tcase_create("runs");

    tcase_add_test(runs, it_has_the_bits_of_a_run_on_disk);
    tcase_add_test(runs, it_writes_nothing);
    tcase_add_test(runs, a_run_on_disk_tells_no_hash);
    tcase_add_test(runs, other_seeds_end_with_other_weights);
    tcase_add_test(runs, it_takes_data_that_is_loaded);
    tcase_add_test(runs, it_tells_sizes);
    tcase_add_test(runs, it_tells_the_epoch_that_was_kept);
    suite_add_tcase(suite, runs);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
