/* test_preflight.c: an experiment that does not fit its data is refused before a step is made
 * and before a run directory is, at the place to change and with what would fit. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "network/product.h"
#include "support/file.h"
#include "support/memory.h"

#define MOONS "data: {generate: moons, samples: 30}\n"
#define UNIT  "network: {layers: [{units: 1, activation: sigmoid}]}\n"
#define REST  "loss: cross_entropy\noptimizer: sgd\n"

/* A whole experiment and what is said of it. */
typedef struct refusal {
    const char *text, *expected;
} refusal;

static const refusal refusals[] = {
    {MOONS UNIT REST "train: {batch: 64}\n",
     "experiment.yaml:5:16: batch 64 is more than the 30 training rows; give at most 30, or batch: "
     "full"},
    {MOONS "network: {layers: [{units: 2, activation: softmax}]}\n" REST
           "train: {batch: full, top_k: 2}\n",
     "experiment.yaml:5:29: top_k 2 says nothing with 2 classes and 2 output units; it must be "
     "less than the classes, each with a unit of its own"},
    {MOONS "network: {layers: [{units: 2, activation: softmax}]}\n" REST
           "train: {batch: full, class_weights: {0: 2, l: 3}}\n",
     "experiment.yaml:5:37: class_weights: no class 'l' in the training rows; the first of the 2 "
     "classes is '0'"},
    {MOONS UNIT REST "train: {batch: full, class_weights: {setosa: 2}}\n",
     "experiment.yaml:5:37: class_weights: no class 'setosa' in the training rows; the first of "
     "the 2 classes is '0'"},
    {"data: {generate: moons, samples: 30, validation: 0.2}\n" UNIT REST
     "train: {batch: full, early_stopping: {patience: 2, monitor: val_r2}}\n",
     "experiment.yaml:5:38: early stopping cannot watch 'val_r2' here; did you mean 'val_f1'? it "
     "can watch val_loss, "
     "val_accuracy, val_precision, val_recall, val_f1, train_loss"},
    {"data: {generate: moons, samples: 30, validation: 0.2}\n" UNIT REST
     "train: {batch: full, early_stopping: {patience: 2, monitor: val_rmse}}\n",
     "experiment.yaml:5:38: early stopping cannot watch 'val_rmse' here; it can watch val_loss, "
     "val_accuracy, val_precision, val_recall, val_f1, train_loss"},
};

static void assert_refused(const char *text, bool misfit, const char *expected)
{
    char *run = fresh_run();
    outcome *outcome = plan_run(&(plan){.text = text, .out = run});

    ck_assert(!outcome->ok);
    ck_assert_str_eq(outcome->error.text, expected);
    ck_assert_int_eq(outcome->error.code, ERROR_CONFIG);
    ck_assert_int_eq(outcome->error.misfit, misfit);
    ck_assert(!file_exists(run));
    outcome_free(outcome);
    free(run);
}

START_TEST(what_does_not_fit_is_refused)
{
    assert_refused(refusals[_i].text, false, refusals[_i].expected);
}
END_TEST

#if defined(__x86_64__)
/* Capped, any machine is one that has no bfloat16. */
START_TEST(a_precision_that_the_machine_lacks_is_refused)
{
    const char *reason;

    ck_assert(product_cap_isa("avx512", &reason));
    assert_refused(MOONS UNIT REST "train: {batch: full, precision: bf16}\n", false,
                   "experiment.yaml:5:33: train.precision is bf16, but PLEXUS_ISA keeps its "
                   "instructions (avx512_bf16) from being used; float32 works everywhere");
}
END_TEST
#endif

/* Figures of a CSV file with a target of numbers, for a network and loss. */
static char *regression(const char *rest, char **csv)
{
    char *folder = harness_folder();

    *csv = harness_file(folder, "a.csv", "x,y\n1,2.5\n2,4\n3,6\n4,8\n5,-10\n6,0.5\n");
    char *text = memory_format("data: {train: %s, target: y}\n%s", *csv, rest);
    free(folder);
    return text;
}

START_TEST(targets_of_the_wrong_kind_are_refused)
{
    char *csv, *text = regression("network: {layers: [{units: 1, activation: sigmoid}]}\n"
                                  "loss: cross_entropy\noptimizer: sgd\ntrain: {batch: full}\n",
                                  &csv);

    assert_refused(text, true,
                   "experiment.yaml:3:7: the training targets are numbers, some at or below 0 or "
                   "above 1, but loss 'cross_entropy' with outputs that are values in [0, 1] needs "
                   "numbers within [0, 1] or classes; if they are classes, write target: "
                   "{column: y, as: class}; else choose a loss for numbers, such as mse");
    free(text);
    free(csv);
}
END_TEST

START_TEST(top_k_of_numbers_is_refused)
{
    char *folder = harness_folder();
    char *csv = harness_file(folder, "a.csv", "x,y,z\n1,2.5,1\n2,4,2\n3,6,3\n");
    char *text = memory_format("data: {train: %s, target: [y, z]}\n"
                               "network: {layers: [{units: 2, activation: identity}]}\nloss: mse\n"
                               "optimizer: sgd\ntrain: {batch: full, top_k: 1}\n",
                               csv);

    assert_refused(text, false,
                   "experiment.yaml:5:29: top_k counts classes, but the targets are numbers; "
                   "leave it out");
    free(text);
    free(csv);
    free(folder);
}
END_TEST

START_TEST(class_weights_of_numbers_are_refused)
{
    char *csv,
        *text = regression("network: {layers: [{units: 1, activation: identity}]}\nloss: mse\n"
                           "optimizer: sgd\ntrain: {batch: full, class_weights: balanced}\n",
                           &csv);

    assert_refused(text, false,
                   "experiment.yaml:5:37: class_weights needs classes, but the targets are "
                   "numbers; leave it out, or write target: {column: c, as: class}");
    free(text);
    free(csv);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/preflight");
    TCase *fits = tcase_create("fits");

    tcase_add_loop_test(fits, what_does_not_fit_is_refused, 0,
                        sizeof(refusals) / sizeof(refusals[0]));
    tcase_add_test(fits, targets_of_the_wrong_kind_are_refused);
    tcase_add_test(fits, top_k_of_numbers_is_refused);
#if defined(__x86_64__)
    tcase_add_test(fits, a_precision_that_the_machine_lacks_is_refused);
#endif
    tcase_add_test(fits, class_weights_of_numbers_are_refused);
    suite_add_tcase(suite, fits);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
