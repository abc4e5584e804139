/* `plexus config`: the resolved experiment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

static run *config(const char *folder, const char *line)
{
    run *made = run_line(&(run_options){.folder = folder}, "config %s", line);

    run_expect(made, 0);
    ck_assert_str_eq(made->err, "");
    return made;
}

START_TEST(every_default_is_shown)
{
    char *folder = sample_folder(), *expected = NULL;
    run *run = config(folder, "kinds.yaml");

    ck_assert_int_gt(
        asprintf(&expected,
                 "data:\n"
                 "  train: %s/kinds.csv\n"
                 "  validation: 0\n"
                 "  test: 0\n"
                 "  format: auto\n"
                 "  target: kind\n"
                 "  header: auto\n"
                 "  delimiter: auto\n"
                 "  drop: []\n"
                 "  categorical: []\n"
                 "  features: auto\n"
                 "  missing: error\n"
                 "  scale: standard\n"
                 "  scale_target: none\n"
                 "  seed: 0\n"
                 "  stratify: false\n"
                 "  folds: none\n"
                 "  label_smoothing: 0\n"
                 "network:\n"
                 "  init: auto\n"
                 "  layers:\n"
                 "    - {units: 5, activation: tanh, dropout: 0, bias: true, bias_init: 0}\n"
                 "    - {units: 3, activation: softmax, dropout: 0, bias: true, bias_init: 0}\n"
                 "loss: {name: cross_entropy, fused: true}\n"
                 "optimizer: {name: adam, lr: 0.05, beta1: 0.9, beta2: 0.999, eps: 1e-08, "
                 "weight_decay: 0, amsgrad: false}\n"
                 "schedule: {name: constant, warmup: 0}\n"
                 "train:\n"
                 "  epochs: 30\n"
                 "  batch: 4\n"
                 "  seed: 1\n"
                 "  shuffle: true\n"
                 "  threads: 1\n"
                 "  precision: float32\n"
                 "  log_steps: false\n"
                 "  clip_norm: none\n"
                 "  clip_value: none\n"
                 "  top_k: none\n"
                 "  early_stopping: false\n"
                 "  class_weights: none\n",
                 folder),
        0);
    ck_assert_str_eq(run->out, expected);
    free(expected);
    run_free(run);
    free(folder);
}
END_TEST

static const char *const experiments[] = {"moons.yaml", "kinds.yaml", "slope.yaml"};

START_TEST(what_it_prints_reads_back_to_itself)
{
    char *folder = sample_folder(), *elsewhere = harness_memory_folder();
    run *first = config(folder, experiments[_i]);

    free(harness_file(elsewhere, "again.yaml", first->out));
    run *second = config(elsewhere, "again.yaml");
    ck_assert_str_eq(first->out, second->out);
    run_free(first);
    run_free(second);
    free(elsewhere);
    free(folder);
}
END_TEST

START_TEST(the_working_directory_does_not_matter)
{
    char *folder = sample_folder(),
         *path = sample_path(folder, "./../%s/%s", strrchr(folder, '/') + 1, experiments[_i]);
    run *here = config(folder, experiments[_i]), *there = config("/", path);

    ck_assert_str_eq(here->out, there->out);
    run_free(here);
    run_free(there);
    free(path);
    free(folder);
}
END_TEST

START_TEST(nothing_is_written)
{
    char *folder = sample_folder();
    const size_t before = sample_count(folder);

    run_free(config(folder, "moons.yaml"));
    ck_assert_uint_eq(sample_count(folder), before);
    free(folder);
}
END_TEST

/* ---- --set, --seed, --threads ---------------------------------------------------------------- */

static const struct {
    const char *options, *line;
} sets[] = {
    {"--set train.epochs=5", "\n  epochs: 5\n"},
    {"--set train.epochs=5 --set train.epochs=7", "\n  epochs: 7\n"},
    {"--set=train.epochs=5", "\n  epochs: 5\n"},
    {"--seed 3", "\n  seed: 3\n  shuffle"},
    {"--set train.seed=4 --seed 3", "\n  seed: 3\n  shuffle"},
    {"--seed 3 --set train.seed=4", "\n  seed: 3\n  shuffle"},
    {"--seed 0000000000000000000000000000000000000000000000003", "\n  seed: 3\n  shuffle"},
    {"--threads 2", "\n  threads: 2\n"},
    {"--set optimizer.name=sgd", "\noptimizer: {name: sgd, lr: 0.02, "},
    {"--set optimizer=adagrad", "\noptimizer: {name: adagrad, lr: 0.01, "},
    {"--set loss.name=kl", "\nloss: {name: kl, fused: true, reverse: false}\n"},
    {"--set loss.fused=false", "\nloss: {name: cross_entropy, fused: false}\n"},
    {"--set network.layers.0.units=9", "\n    - {units: 9, activation: tanh, dropout: 0.1, "},
    {"--set network.layers.0.activation.name=elu", "{units: 6, activation: {name: elu, alpha: 1}"},
    {"--set train.early_stopping.patience=4",
     "\n  early_stopping: {patience: 4, min_delta: 0, monitor: val_loss}\n"},
    {"--set schedule=cosine", "\nschedule: {name: cosine, warmup: 0, lr_min: 0}\n"},
};
enum { SETS = sizeof(sets) / sizeof(sets[0]) };

START_TEST(an_option_changes_one_line)
{
    char *folder = sample_folder(), options[256];

    snprintf(options, sizeof(options), "moons.yaml %s", sets[_i].options);
    run *run = config(folder, options);
    run_expect_in(run, run->out, sets[_i].line);
    run_free(run);
    free(folder);
}
END_TEST

START_TEST(a_plugin_from_elsewhere_is_resolved)
{
    char *folder = sample_folder(), *plugins = sample_plugins();
    run *run = run_line(&(run_options){.folder = folder},
                        "config moons.yaml --plugin-dir %s --set optimizer=lynx", plugins);

    run_expect(run, 0);
    run_expect_in(run, run->out,
                  "\noptimizer: {name: lynx, lr: 0.001, beta1: 0.9, beta2: 0.99, weight_decay: "
                  "0}\n");
    run_free(run);
    free(plugins);
    free(folder);
}
END_TEST

START_TEST(the_examples_resolve)
{
    static const char *const names[] = {
        "breast-cancer",      "diabetes", "diabetes-lbfgs", "fashion-mnist",
        "fashion-mnist-muon", "iris",     "moons",          "xor"};
    char line[64];

    snprintf(line, sizeof(line), "%s.yaml", names[_i]);
    run_free(config(EXAMPLES, line));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *printed = tcase_create("what it prints");
    TCase *changed = tcase_create("options");

    tcase_add_test(printed, every_default_is_shown);
    tcase_add_loop_test(printed, what_it_prints_reads_back_to_itself, 0, 3);
    tcase_add_loop_test(printed, the_working_directory_does_not_matter, 0, 3);
    tcase_add_test(printed, nothing_is_written);
    tcase_add_loop_test(printed, the_examples_resolve, 0, 8);
    tcase_add_loop_test(changed, an_option_changes_one_line, 0, SETS);
    tcase_add_test(changed, a_plugin_from_elsewhere_is_resolved);
    tcase_set_timeout(printed, 60);
    tcase_set_timeout(changed, 60);
    suite_add_tcase(suite, printed);
    suite_add_tcase(suite, changed);
    return harness_run(suite);
}
