/* test_groups.c: runs with parameter groups: each tensor is stepped with its group's rate and
 * settings, a frozen one stays, and nothing else of a run is different. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/safetensors.h"

/* layers.0.weight 6 x 2, layers.0.bias, layers.1.weight 1 x 6, layers.1.bias */
#define MOONS                                                                                      \
    "data: {generate: moons, samples: 30, noise: 0.2, validation: 0.2}\n"                          \
    "network: {layers: [{units: 6, activation: tanh}, {units: 1, activation: sigmoid}]}\n"         \
    "loss: cross_entropy\n"
#define BRIEFLY "train: {epochs: 3, batch: 10}\n"

static char *run_of(const char *text)
{
    char *run = fresh_run();

    outcome_free(plan_expect(&(plan){.text = text, .out = run, .plugins = TRAIN_TEST_PLUGINS},
                             TRAIN_COMPLETED));
    return run;
}

/* Copies `count` numbers of a run's model. */
static void read_tensor(const char *run, const char *name, size_t count, float *out)
{
    plx_error error = {0};
    char *path = file_join(run, "model.safetensors");
    tensor_file *file = tensor_file_read(path, &error);

    ck_assert_msg(file != NULL, "%s", error.text);
    const stored_tensor *tensor = tensor_file_find(file, name);
    ck_assert_ptr_nonnull(tensor);
    ck_assert_uint_eq(tensor->bytes, count * sizeof(float));
    memcpy(out, tensor->data, tensor->bytes);
    tensor_file_free(file);
    free(path);
}

/* --- what a group's tensors become --- */

/* Optimizers that would move weights at a rate of 0, or might. */
static const char *const restless[] = {
    "{name: sgd, momentum: 0.9, weight_decay: 0.5",
    "{name: adamw, weight_decay: 0.5",
    "{name: adam, weight_decay: 0.5",
    "{name: rprop",
    "{name: pacer, growth: 1",
    "{name: prodigy, weight_decay: 0.5",
    "{name: sam, weight_decay: 0.5",
    "{name: lbfgs",
};

START_TEST(frozen_tensors_stay)
{
    char *still = run_of(MOONS "optimizer: {name: sgd, lr: 1e-30}\n" BRIEFLY);
    char *text = memory_format("%soptimizer: %s, groups: [{match: 'layers.0.*', lr: 0}]}\n%s",
                               MOONS, restless[_i], BRIEFLY);
    char *run = run_of(text);
    float before[12], after[12];

    read_tensor(still, "layers.0.weight", 12, before);
    read_tensor(run, "layers.0.weight", 12, after);
    ck_assert_mem_eq(before, after, sizeof(before));
    read_tensor(run, "layers.0.bias", 6, after);
    for (size_t i = 0; i < 6; i++)
        ck_assert(after[i] == 0);
    read_tensor(still, "layers.1.weight", 6, before);
    read_tensor(run, "layers.1.weight", 6, after);
    for (size_t i = 0; i < 6; i++)
        ck_assert(before[i] != after[i]);
    free(text);
    free(still);
    free(run);
}
END_TEST

/* A line through three points, from slope 0 and height 0.5, by steps of the whole batch:
 *   p = a x + b;  da = 2/3 sum (p - y) x + decay a;  db = 2/3 sum (p - y)
 * with a rate of 0.1 for a and 0.02 for b, both halved behind every second epoch. */
START_TEST(two_groups_step_as_by_hand)
{
    static const double x[] = {1, 2, 4}, y[] = {2, 1, 3};
    char *folder = harness_folder();
    char *csv = harness_file(folder, "a.csv", "x,y\n1,2\n2,1\n4,3\n");
    char *text = memory_format(
        "data: {train: %s, target: y}\n"
        "network: {init: zeros, layers: [{units: 1, activation: identity, bias_init: 0.5}]}\n"
        "loss: mse\noptimizer: {name: sgd, lr: 0.1, weight_decay: 0.25,"
        " groups: [{match: '*.bias', lr: 0.02, weight_decay: 0}]}\n"
        "schedule: {name: step, every: 2, gamma: 0.5}\ntrain: {epochs: 5, batch: full}\n",
        csv);
    char *run = run_of(text);
    double a = 0, b = 0.5;
    float weight, bias;

    for (int epoch = 0; epoch < 5; epoch++) {
        double da = 0.25 * a, db = 0;
        for (size_t i = 0; i < 3; i++) {
            da += 2.0 / 3 * (a * x[i] + b - y[i]) * x[i];
            db += 2.0 / 3 * (a * x[i] + b - y[i]);
        }
        a -= 0.1 * pow(0.5, epoch / 2) * da;
        b -= 0.02 * pow(0.5, epoch / 2) * db;
    }
    read_tensor(run, "layers.0.weight", 1, &weight);
    read_tensor(run, "layers.0.bias", 1, &bias);
    ck_assert_double_eq_tol((double)weight, a, 1e-6);
    ck_assert_double_eq_tol((double)bias, b, 1e-6);
    free(text);
    free(csv);
    free(folder);
    free(run);
}
END_TEST

/* At zero gradient, decoupled decay alone moves a weight: by 1 - lr decay a step. */
START_TEST(biases_without_decay_do_not_shrink)
{
    char *folder = harness_folder();
    char *csv = harness_file(folder, "a.csv", "x,y\n0,0.5\n0,0.5\n");
    char *text = memory_format(
        "data: {train: %s, target: y}\n"
        "network: {init: zeros, layers: [{units: 1, activation: identity, bias_init: 0.5}]}\n"
        "loss: mse\noptimizer: {name: adamw, lr: 0.1, weight_decay: 0.5%s}\n"
        "train: {epochs: 1, batch: full}\n",
        csv, _i == 0 ? "" : ", groups: [{match: '*.bias', weight_decay: 0}]");
    char *run = run_of(text);
    float bias;

    read_tensor(run, "layers.0.bias", 1, &bias);
    ck_assert_double_eq_tol((double)bias, _i == 0 ? 0.475 : 0.5, 1e-6);
    free(text);
    free(csv);
    free(folder);
    free(run);
}
END_TEST

/* --- nothing else is different --- */

#define SLOW                                                                                       \
    "groups: [{match: '*.weight', lr: 0.0005, beta1: 0.8}, {match: 'layers.1.*', eps: 1e-6}]"

/* Groups that say what holds anyway. */
START_TEST(groups_alone_change_no_bit)
{
    char *a = run_of(MOONS "optimizer: {name: adam, lr: 0.05}\n" BRIEFLY);
    char *b = run_of(MOONS "optimizer: {name: adam, lr: 0.05, groups: [{match: '*.bias', lr: 0.05},"
                           " {match: 'layers.0.*', beta1: 0.9}]}\n" BRIEFLY);

    assert_same_run(a, b);
    free(a);
    free(b);
}
END_TEST

/* Wide enough that every thread has ranges of its own. */
#define WIDE                                                                                       \
    "data: {generate: moons, samples: 60, noise: 0.2}\n"                                           \
    "network: {layers: [{units: 200, activation: tanh}, {units: 200, activation: tanh},"           \
    " {units: 1, activation: sigmoid}]}\n"                                                         \
    "loss: cross_entropy\noptimizer: {name: adam, lr: 0.001, " SLOW "}\n"                          \
    "train: {epochs: 2, batch: 25, clip_norm: 0.5, threads: %d}\n"

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    char *one_text = memory_format(WIDE, 1), *text = memory_format(WIDE, _i);
    char *one = run_of(one_text), *many = run_of(text);

    assert_same_run(one, many);
    free(one_text);
    free(text);
    free(one);
    free(many);
}
END_TEST

/* --- resuming --- */

/* Slots of each tensor, and of each group. 3 batches an epoch. */
static const char *const resumed[] = {
    MOONS "optimizer: {name: adam, lr: 0.05, " SLOW "}\nschedule: cosine\n" BRIEFLY,
    MOONS "optimizer: {name: pacer, lr: 0.05, groups: [{match: '*.bias', growth: 0.3},"
          " {match: layers.0.weight, lr: 0.1}]}\n" BRIEFLY,
};

static char *stopped(const char *text, int64_t step)
{
    char *run = fresh_run();

    outcome_free(plan_expect(
        &(plan){.text = text, .out = run, .stop_at_step = step, .plugins = TRAIN_TEST_PLUGINS},
        TRAIN_INTERRUPTED));
    return run;
}

START_TEST(a_resumed_run_ends_with_the_same_bits)
{
    const char *text = resumed[_i % 2];
    char *expected = run_of(text), *run = stopped(text, 1 + _i / 2);

    outcome_free(
        plan_expect(&(plan){.resume = run, .plugins = TRAIN_TEST_PLUGINS}, TRAIN_COMPLETED));
    assert_same_run(expected, run);
    free(expected);
    free(run);
}
END_TEST

START_TEST(a_checkpoint_of_other_groups_is_refused)
{
    char *run = stopped(resumed[0], 4);
    outcome *refused = plan_run(
        &(plan){.text = MOONS "optimizer: {name: adam, lr: 0.05, groups: [{match: '*.weight', lr: "
                              "0.0005, beta1: 0.8}, {match: 'layers.1.*', eps: 1e-5}]}\n"
                              "schedule: cosine\n" BRIEFLY,
                .resume = run});
    char *expected = memory_format(
        "%s: the experiment has changed since the run began: under 'optimizer' it says '{match: "
        "\"layers.1.*\", eps: 1e-05}]}', but it said '{match: \"layers.1.*\", eps: 1e-06}]}'; a "
        "resumed run may only change train.threads",
        run);

    ck_assert(!refused->ok);
    ck_assert_str_eq(refused->error.text, expected);
    ck_assert_int_eq(refused->error.code, ERROR_CONFIG);
    free(expected);
    outcome_free(refused);
    free(run);
}
END_TEST

/* The line is long; it is shown from where it differs. */
START_TEST(a_checkpoint_without_groups_is_refused)
{
    char *run = stopped(MOONS "optimizer: {name: adamw, lr: 0.05}\n" BRIEFLY, 4);
    outcome *refused =
        plan_run(&(plan){.text = MOONS "optimizer: {name: adamw, lr: 0.05, groups: [{match: '*', "
                                       "lr: 0.1}]}\n" BRIEFLY,
                         .resume = run});
    char *expected = memory_format(
        "%s: the experiment has changed since the run began: under 'optimizer' it says 'amsgrad: "
        "false, groups: [', but it said 'amsgrad: false}'; a resumed run may only change "
        "train.threads",
        run);

    ck_assert(!refused->ok);
    ck_assert_str_eq(refused->error.text, expected);
    free(expected);
    outcome_free(refused);
    free(run);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("train/groups");
    TCase *steps = tcase_create("steps"), *same = tcase_create("the same"),
          *resuming = tcase_create("resuming");

    tcase_add_loop_test(steps, frozen_tensors_stay, 0, sizeof(restless) / sizeof(restless[0]));
    tcase_add_test(steps, two_groups_step_as_by_hand);
    tcase_add_loop_test(steps, biases_without_decay_do_not_shrink, 0, 2);
    tcase_add_test(same, groups_alone_change_no_bit);
    tcase_add_loop_test(same, any_number_of_threads_gives_the_same_bits, 2, 5);
    tcase_add_loop_test(resuming, a_resumed_run_ends_with_the_same_bits, 0, 16);
    tcase_add_test(resuming, a_checkpoint_of_other_groups_is_refused);
    tcase_add_test(resuming, a_checkpoint_without_groups_is_refused);
    suite_add_tcase(suite, steps);
    suite_add_tcase(suite, same);
    suite_add_tcase(suite, resuming);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
