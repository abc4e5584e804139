/* test_plan.c: from a matrix file to its cells, runs and experiments. */
#include "matrix/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "planned.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

/* ---- what is counted ------------------------------------------------------------------------- */

/* The linker (--wrap) hands calls from the plan to these. */
experiment *__real_experiment_resolve(const char *file, const char *folder, node *root,
                                      const experiment_options *options, catalog *catalog,
                                      plx_error *error);
experiment *__wrap_experiment_resolve(const char *file, const char *folder, node *root,
                                      const experiment_options *options, catalog *catalog,
                                      plx_error *error);
data_bundle *__real_data_load(const data_config *config, const logger *log, plx_error *error);
data_bundle *__wrap_data_load(const data_config *config, const logger *log, plx_error *error);

static size_t resolved, loaded;

experiment *__wrap_experiment_resolve(const char *file, const char *folder, node *root,
                                      const experiment_options *options, catalog *catalog,
                                      plx_error *error)
{
    resolved++;
    return __real_experiment_resolve(file, folder, root, options, catalog, error);
}

data_bundle *__wrap_data_load(const data_config *config, const logger *log, plx_error *error)
{
    loaded++;
    return __real_data_load(config, log, error);
}

/* ---- plans ----------------------------------------------------------------------------------- */

static planned *plan_of(const char *rest)
{
    char *folder = harness_memory_folder();
    char *text = memory_format("%s%s", PLANNED_XOR, rest);
    planned *made = planned_expect(folder, text);

    free(text);
    free(folder);
    return made;
}

/* The plan of such a file is refused, with "FOLDER/" and then that. */
static void expect_refusal(const char *text, const char *expected)
{
    char *folder = harness_memory_folder();
    planned_write_data(folder);
    free(harness_file(folder, "broken.yaml",
                      "data: {generate: xor}\nnetwork:\n  layers:\n"
                      "    - {units: 1, activation: sigmid}\n"
                      "loss: mse\noptimizer: sgd\n"));
    planned *made = planned_new(folder, text);
    char *wanted = memory_format("%s/%s", folder, expected);

    ck_assert_ptr_null(made->plan);
    ck_assert_str_eq(made->error.text, wanted);
    ck_assert_int_eq(made->error.code, ERROR_CONFIG);
    free(wanted);
    planned_free(made);
    free(folder);
}

static void expect_label(const plan *plan, size_t cell, const char *expected)
{
    char *label = plan_label(plan, cell);

    ck_assert_str_eq(label, expected);
    free(label);
}

/* ---- cells ----------------------------------------------------------------------------------- */

#define TWO_BY_THREE "axes: {hidden_activation: [tanh, relu], train.batch: [4, 8, 16]}\n"

START_TEST(cells_are_numbered_with_the_last_axis_fastest)
{
    planned *made = plan_of("problems: {a: {}, b: {data.noise: 0}}\n" TWO_BY_THREE);
    static const char *const labels[] = {"a / tanh / 4", "a / tanh / 8", "a / tanh / 16",
                                         "a / relu / 4", "a / relu / 8", "a / relu / 16",
                                         "b / tanh / 4", "b / tanh / 8", "b / tanh / 16",
                                         "b / relu / 4", "b / relu / 8", "b / relu / 16"};

    ck_assert_uint_eq(plan_cells(made->plan), 12);
    ck_assert_uint_eq(plan_cells_run(made->plan), 12);
    for (size_t cell = 0; cell < 12; cell++) {
        const plan_cell at = plan_cell_at(made->plan, cell);
        expect_label(made->plan, cell, labels[cell]);
        ck_assert_uint_eq(at.problem, cell / 6);
        ck_assert_uint_eq(at.value[0], cell / 3 % 2);
        ck_assert_uint_eq(at.value[1], cell % 3);
        ck_assert_ptr_null(at.skipped);
    }
    planned_free(made);
}
END_TEST

START_TEST(a_file_without_axes_is_one_cell)
{
    planned *made = plan_of("");

    ck_assert_uint_eq(plan_cells(made->plan), 1);
    ck_assert_uint_eq(plan_runs(made->plan), 5);
    expect_label(made->plan, 0, "base");
    planned_free(made);
}
END_TEST

/* ---- runs ------------------------------------------------------------------------------------ */

/* "0 tune 1 1000001" of a run. */
static void expect_run(const plan *plan, size_t run, const char *expected)
{
    const plan_run at = plan_run_at(plan, run);
    char shown[64];

    snprintf(shown, sizeof(shown), "%zu %s %zu %llu", at.cell, run_phase_name(at.phase), at.trial,
             (unsigned long long)at.seed);
    ck_assert_str_eq(shown, expected);
}

/* Cells 1 and 2 search something. */
START_TEST(tuning_comes_first_and_then_seed_by_seed)
{
    planned *made = plan_of("axes: {optimizer: [sgd, {name: adam, lr: {log: [1e-4, 1]}},"
                            " {name: rmsprop, lr: {log: [1e-3, 1]}}]}\n"
                            "protocol: {tune: {trials: 2, seeds: 2}, final: {seeds: 2},"
                            " untuned_row: true}\n");
    static const char *const runs[] = {
        "1 tune 0 1000001", "2 tune 0 1000001", "1 tune 0 1000002", "2 tune 0 1000002",
        "1 tune 1 1000001", "2 tune 1 1000001", "1 tune 1 1000002", "2 tune 1 1000002",
        "1 untuned 0 1",    "2 untuned 0 1",    "1 untuned 0 2",    "2 untuned 0 2",
        "0 final 0 1",      "1 final 0 1",      "2 final 0 1",      "0 final 0 2",
        "1 final 0 2",      "2 final 0 2",
    };
    size_t count[RUN_PHASE_COUNT];

    ck_assert_uint_eq(plan_runs(made->plan), sizeof(runs) / sizeof(runs[0]));
    for (size_t run = 0; run < sizeof(runs) / sizeof(runs[0]); run++)
        expect_run(made->plan, run, runs[run]);
    plan_count_runs(made->plan, count);
    ck_assert_uint_eq(count[RUN_TUNE], 8);
    ck_assert_uint_eq(count[RUN_UNTUNED], 4);
    ck_assert_uint_eq(count[RUN_FINAL], 6);
    planned_free(made);
}
END_TEST

/* ---- what is skipped ------------------------------------------------------------------------- */

static void expect_skip(const plan *plan, size_t index, size_t cells, size_t first,
                        const char *reason)
{
    const char *words;
    size_t count, where;

    ck_assert(plan_skip(plan, index, &words, &count, &where));
    ck_assert_str_eq(words, reason);
    ck_assert_uint_eq(count, cells);
    ck_assert_uint_eq(where, first);
    ck_assert_str_eq(plan_cell_at(plan, first).skipped, reason);
}

#define KL                                                                                         \
    "loss 'kl' does not fit the output of activation 'identity' (any real values): it needs "      \
    "values in [0, 1] or rows that sum to one; sigmoid or softmax would fit"
#define CLIP(which, name)                                                                          \
    which " with the optimizer " name ", which evaluates loss and gradient itself and would "      \
          "compare clipped gradients with a loss that is not; leave out " which

START_TEST(a_loss_that_does_not_fit_skips_the_cell)
{
    planned *made = plan_of("axes: {optimizer: [sgd, adam], loss: [kl, mse],"
                            " network.layers.1.activation: [sigmoid, identity]}\n");

    ck_assert_uint_eq(plan_cells_run(made->plan), 6);
    expect_skip(made->plan, 0, 2, 1, KL);
    ck_assert(!plan_skip(made->plan, 1, &(const char *){NULL}, &(size_t){0}, &(size_t){0}));
    ck_assert_uint_eq(plan_runs(made->plan), 30);
    planned_free(made);
}
END_TEST

START_TEST(clipping_does_not_go_with_closures)
{
    planned *made = plan_of("axes: {optimizer: [lbfgs, sgd, sam], train.clip_norm: [1, none]}\n");

    ck_assert_uint_eq(plan_cells_run(made->plan), 4);
    expect_skip(made->plan, 0, 1, 0, CLIP("clip_norm", "lbfgs"));
    expect_skip(made->plan, 1, 1, 4, CLIP("clip_norm", "sam"));
    planned_free(made);
}
END_TEST

/* The first cells are wrong for both reasons; neither takes down a cell that is right. */
START_TEST(each_misfit_is_blamed_on_its_part)
{
    planned *made =
        plan_of("axes: {optimizer: [lbfgs, sgd], train.clip_norm: [1, 2],"
                " loss: [kl, mse], network.layers.1.activation: [identity, sigmoid]}\n");

    ck_assert_uint_eq(plan_cells(made->plan), 16);
    for (size_t cell = 0; cell < 16; cell++) {
        const plan_cell at = plan_cell_at(made->plan, cell);
        const bool fits = at.value[0] == 1 && (at.value[2] == 1 || at.value[3] == 1);
        ck_assert_msg((at.skipped == NULL) == fits, "cell %zu: %s", cell,
                      at.skipped == NULL ? "runs" : at.skipped);
    }
    planned_free(made);
}
END_TEST

/* Asking what would fit loads every plug-in there is, in processes where they are foreign. */
START_TEST(a_shape_that_does_not_fit_is_tried_once)
{
    resolved = 0;
    planned *made = plan_of("axes: {loss: [kl, mse], network.layers.1.activation: [identity],"
                            " optimizer.lr: 1..300}\n");

    expect_skip(made->plan, 0, 300, 0, KL);
    ck_assert_uint_eq(plan_cells_run(made->plan), 300);
    ck_assert_uint_eq(resolved, 1 + 1 + 300); /* and once without clipping                        */
    planned_free(made);
}
END_TEST

START_TEST(rules_exclude_and_include)
{
    planned *made = plan_of("axes: {optimizer: [sgd, adam, rmsprop], train.batch: [4, 8]}\n"
                            "rules:\n"
                            "  - {exclude: {optimizer: adam, train.batch: 8}, why: too slow}\n"
                            "  - include: {optimizer: [sgd, adam]}\n");

    ck_assert_uint_eq(plan_cells_run(made->plan), 3);
    expect_skip(made->plan, 0, 1, 3, "too slow");
    const char *reason;
    size_t cells, first;
    ck_assert(plan_skip(made->plan, 1, &reason, &cells, &first));
    ck_assert_uint_eq(cells, 2);
    ck_assert_uint_eq(first, 4);
    ck_assert_str_eq(reason, "not included at m.yaml:10");
    planned_free(made);
}
END_TEST

START_TEST(a_plan_without_a_cell_to_run_is_refused)
{
    expect_refusal(PLANNED_XOR "axes: {network.layers.1.activation: [identity], loss: [kl]}\n",
                   "m.yaml: every cell is skipped; the first one because: " KL);
}
END_TEST

/* ---- mistakes -------------------------------------------------------------------------------- */

static const struct {
    const char *text, *expected;
} mistakes[] = {
    {PLANNED_XOR "axes: {optimizer: [sgd, admm]}\n",
     "m.yaml:7:25: no optimizer 'admm' in " MATRIX_TEST_PLUGINS ", " PLEXUS_PLUGIN_BUILD_DIR
     "; did you mean 'adam'?"},
    {PLANNED_XOR "axes: {optimizer: [sgd, adam], optimizer.foo: [1, 2]}\n",
     "m.yaml:7:48: unknown key 'foo' in optimizer; its keys are name, lr, groups, momentum, "
     "dampening, nesterov, weight_decay"},
    {PLANNED_XOR "axes: {train.epochs: [1, many]}\n",
     "m.yaml:7:26: train.epochs is 'many'; it must be a whole number from 1 to 1000000"},
    {PLANNED_XOR "set: {optimizer.lr: fast}\n",
     "m.yaml:7:21: optimizer.lr is 'fast'; it must be a finite number above 0"},
    {PLANNED_XOR "axes: {train.batch: [8, 4000]}\n",
     "m.yaml:7:25: batch 4000 is more than the 24 training rows; give at most 24, or batch: full"},
    {PLANNED_XOR "set: {network.layers: [{units: 1, activation: sigmoid}]}\n"
                 "axes: {hidden_activation: [tanh, relu]}\n",
     "m.yaml:8:28: hidden_activation: the network has no hidden layer"},
    {"base: gone.yaml\n", "m.yaml:1:7: problem 'gone': there is no experiment file %s/gone.yaml"},
    {"base: broken.yaml\n", "broken.yaml:4:30: no activation 'sigmid' in " MATRIX_TEST_PLUGINS
                            ", " PLEXUS_PLUGIN_BUILD_DIR "; did you mean 'sigmoid'?"},
    {PLANNED_XOR "set: {data.validation: 0}\n"
                 "axes: {optimizer: [sgd, {name: adam, lr: {log: [1e-4, 1]}}]}\n"
                 "protocol: {tune: {trials: 3}}\n",
     "m.yaml:9:18: problem 'base' has no rows for val_loss; give it some, such as "
     "set: {data.validation: 0.2}"},
    {PLANNED_XOR "set: {data.validation: 0}\nprotocol: {final: {report: test_at_best_val}}\n",
     "m.yaml:8:28: problem 'base' has no rows for val_loss; give it some, such as "
     "set: {data.validation: 0.2}"},
    {PLANNED_XOR "axes: {data.validation: [0.2, 0]}\n"
                 "protocol: {final: {report: test_at_best_val}}\n",
     "m.yaml:8:28: early stopping watches val_accuracy, but there are no validation rows; give "
     "data.validation, or monitor train_loss"},
    {PLANNED_XOR "set: {data.test: 0}\nstats: {metric: test_loss}\n",
     "m.yaml:8:8: problem 'base' has no rows for test_loss; give it some, such as "
     "set: {data.test: 0.2}"},
    {PLANNED_XOR "stats: {metric: test_r2}\n",
     "m.yaml:7:8: test_r2 does not apply to problem 'base'"},
    {PLANNED_XOR "axes: {optimizer: [{name: sgd, lr: {log: [1e-4, 1]}}]}\n"
                 "protocol: {tune: {trials: 3, select: val_r2}}\n",
     "m.yaml:8:18: val_r2 does not apply to problem 'base'"},
    {PLANNED_XOR "targets: {base.val_mae: 1}\n",
     "m.yaml:7:25: val_mae does not apply to problem 'base'"},
    /* in a later trial alone */
    {PLANNED_XOR "axes: {optimizer: [{name: sgd, momentum: {grid: [0.5, 0.9, 1]}}]}\n"
                 "protocol: {tune: {sampler: grid, trials: 3}}\n",
     "m.yaml:7:42: momentum is 1; it must be in 0 <= momentum < 1"},
    /* in the untuned row alone */
    {PLANNED_XOR "axes: {network.layers.0.units: {grid: [2, 3]}}\n"
                 "protocol: {tune: {sampler: grid, trials: 2}, untuned_row: true}\n",
     "m.yaml:3:22: the key 'units' is missing in network.layers[0]; write units: 10 (in the "
     "untuned row, which leaves out what is searched)"},
};

START_TEST(mistakes_are_told_with_their_place)
{
    if (strstr(mistakes[_i].expected, "%s") == NULL) {
        expect_refusal(mistakes[_i].text, mistakes[_i].expected);
        return;
    }
    char *folder = harness_memory_folder();
    planned *made = planned_new(folder, mistakes[_i].text);
    char *before = memory_format("%s/m.yaml:1:7: problem 'gone': there is no experiment file "
                                 "%s/gone.yaml",
                                 folder, folder);
    ck_assert_str_eq(made->error.text, before);
    free(before);
    planned_free(made);
    free(folder);
}
END_TEST

/* ---- experiments ----------------------------------------------------------------------------- */

static const char *activation_of(const experiment *experiment, size_t layer)
{
    return experiment->layers[layer].activation.settings->plugin->name;
}

START_TEST(hidden_activations_are_all_but_the_last)
{
    planned *made = plan_of("set: {network.layers: [{units: 3, activation: elu},"
                            " {units: 2, activation: relu}, {units: 1, activation: sigmoid}]}\n"
                            "axes: {hidden_activation: [tanh, softplus]}\n");
    experiment *first = planned_experiment(made, 0), *second = planned_experiment(made, 1);

    for (size_t layer = 0; layer < 2; layer++) {
        ck_assert_str_eq(activation_of(first, layer), "tanh");
        ck_assert_str_eq(activation_of(second, layer), "softplus");
    }
    ck_assert_str_eq(activation_of(first, 2), "sigmoid");
    ck_assert_str_eq(activation_of(second, 2), "sigmoid");
    experiment_free(first);
    experiment_free(second);
    planned_free(made);
}
END_TEST

/* `set` before a problem's own changes, and these before the axes. */
START_TEST(later_changes_win)
{
    planned *made = plan_of("set: {train: {epochs: 7}, data.noise: 0.5}\n"
                            "problems: {a: {}, b: {train.epochs: 9, data.samples: 60}}\n"
                            "axes: {train.batch: [6]}\n");
    experiment *a = planned_experiment(made, 0), *b = planned_experiment(made, 1);

    ck_assert_uint_eq(a->train.epochs, 7);
    ck_assert_uint_eq(b->train.epochs, 9);
    ck_assert_uint_eq(a->train.batch, 6);
    ck_assert_uint_eq(b->train.batch, 6);
    ck_assert_uint_eq(a->data.generate.samples, 40);
    ck_assert_uint_eq(b->data.generate.samples, 60);
    ck_assert(a->data.generate.noise == 0.5 && b->data.generate.noise == 0.5);
    experiment_free(a);
    experiment_free(b);
    planned_free(made);
}
END_TEST

static experiment *experiment_of(const planned *made, plan_run run)
{
    plx_error error = {0};
    experiment *experiment = plan_experiment(made->plan, &run, &error);

    ck_assert_msg(experiment != NULL, "%s", error.text);
    return experiment;
}

/* The base's own lr is neither a trial's nor the default. */
START_TEST(searched_values_and_seeds_land_in_the_experiment)
{
    planned *made = plan_of("axes: {optimizer.lr: {grid: [0.25, 0.5]},"
                            " hidden_activation: [relu, tanh]}\n"
                            "protocol: {tune: {sampler: grid, trials: 2}, untuned_row: true}\n");

    for (size_t trial = 0; trial < 2; trial++)
        for (int phase = 0; phase < 2; phase++) {
            experiment *tried = experiment_of(
                made, (plan_run){1, phase == 0 ? RUN_TUNE : RUN_FINAL, trial, 77 + trial});
            ck_assert(tried->lr == 0.25 * (double)(trial + 1));
            ck_assert_uint_eq(tried->train.seed, 77 + trial);
            experiment_free(tried);
        }
    experiment *untuned = experiment_of(made, (plan_run){1, RUN_UNTUNED, 0, 5});
    ck_assert(untuned->lr == 0.01); /* sgd's default                                              */
    ck_assert_str_eq(activation_of(untuned, 0), "tanh");
    ck_assert_uint_eq(untuned->train.seed, 5);
    experiment_free(untuned);
    planned_free(made);
}
END_TEST

/* Nobody gets luckier draws. */
START_TEST(cells_with_the_same_ranges_have_the_same_trials)
{
    planned *made = plan_of("axes: {optimizer: [{name: adam, lr: {log: [1e-4, 1]}},"
                            " {name: rmsprop, lr: {log: [1e-4, 1]}}], train.batch: [4, 8]}\n"
                            "protocol: {tune: {trials: 5}}\n");
    plx_error error = {0};

    for (size_t trial = 0; trial < 5; trial++) {
        char *first, *other;
        ck_assert(plan_trial_values(made->plan, 0, trial, &first, &error));
        for (size_t cell = 1; cell < 4; cell++) {
            ck_assert(plan_trial_values(made->plan, cell, trial, &other, &error));
            ck_assert_str_eq(first, other);
            free(other);
        }
        free(first);
    }
    planned_free(made);
}
END_TEST

#define BEST_VAL "protocol: {final: {report: test_at_best_val}}\n"

START_TEST(the_best_epoch_is_kept_and_never_stopped_at)
{
    planned *made = plan_of(BEST_VAL);
    experiment *best = planned_experiment(made, 0);

    ck_assert(best->train.early_stopping.on);
    ck_assert_str_eq(best->train.early_stopping.monitor, "val_accuracy");
    ck_assert_uint_ge(best->train.early_stopping.patience, best->train.epochs);
    experiment_free(best);
    planned_free(made);
}
END_TEST

static const struct {
    const char *own;
    size_t patience;
    const char *monitor;
} stoppings[] = {
    {"{patience: 2, monitor: train_loss}", 2, "train_loss"},
    {"false", 1000000, "val_accuracy"},
};

START_TEST(early_stopping_of_the_experiments_own_is_left_alone)
{
    char *rest = memory_format("set: {train.early_stopping: %s}\n%s", stoppings[_i].own, BEST_VAL);
    planned *made = plan_of(rest);
    experiment *own = planned_experiment(made, 0);

    ck_assert_uint_eq(own->train.early_stopping.patience, stoppings[_i].patience);
    ck_assert_str_eq(own->train.early_stopping.monitor, stoppings[_i].monitor);
    experiment_free(own);
    planned_free(made);
    free(rest);
}
END_TEST

/* What is selected by is what is watched. */
START_TEST(tuning_and_keeping_go_by_the_same_figure)
{
    planned *made = plan_of("axes: {optimizer.lr: {log: [1e-4, 1]}}\n"
                            "protocol: {tune: {trials: 2, select: val_loss},"
                            " final: {report: test_at_best_val}}\n");
    experiment *best = experiment_of(made, (plan_run){0, RUN_TUNE, 0, 1});

    ck_assert_int_eq(plan_select_metric(made->plan, 0), METRIC_LOSS);
    ck_assert_str_eq(best->train.early_stopping.monitor, "val_loss");
    experiment_free(best);
    planned_free(made);
}
END_TEST

/* ---- figures --------------------------------------------------------------------------------- */

static const struct {
    const char *rest, *report;
} reports[] = {
    {"", "test_accuracy"},
    {"set: {data.test: 0}\n", "val_accuracy"},
    {"set: {data.test: 0, data.validation: 0}\n", "train_accuracy"},
    {"stats: {metric: val_loss}\n", "val_loss"},
    {"problems: {base: numbers.yaml}\n", "test_r2"},
};

START_TEST(what_is_reported_is_what_applies)
{
    char *folder = harness_memory_folder(), name[32];
    char *text = memory_format("%s%s", PLANNED_XOR, reports[_i].rest);

    planned_write_data(folder);
    free(harness_file(folder, "numbers.yaml",
                      "data: {train: data.csv, target: y, drop: [class], test: 0.2}\n"
                      "network: {layers: [{units: 1, activation: identity}]}\n"
                      "loss: mse\noptimizer: sgd\ntrain: {epochs: 1, batch: full}\n"));
    planned *made = planned_expect(folder, text);
    ck_assert_str_eq(spec_metric_name(plan_report_metric(made->plan, 0), name), reports[_i].report);
    planned_free(made);
    free(text);
    free(folder);
}
END_TEST

/* ---- identity -------------------------------------------------------------------------------- */

#define OVER_FILE                                                                                  \
    "base:\n"                                                                                      \
    "  data: {train: data.csv, target: class, validation: 0.25}\n"                                 \
    "  network: {layers: [{units: 1, activation: sigmoid}]}\n"                                     \
    "  loss: cross_entropy\n  optimizer: {name: refuser, lr: 0.5}\n"                               \
    "  train: {epochs: 1, batch: 6, threads: 1}\n"

/* Of the first run of a plan with OVER_FILE and `rest` in the folder, with plug-ins from `plugins`. */
static void identify(const char *folder, const char *plugins, const char *rest, char hex[65])
{
    const char *const folders[] = {plugins};
    const catalog_options places = {
        .folders = folders, .folder_count = 1, .builtin = PLEXUS_PLUGIN_BUILD_DIR};
    plx_error error = {0};
    catalog *catalog = catalog_new(&places, &error);
    char *text = memory_format("%s%s", OVER_FILE, rest);
    char *file = harness_file(folder, "m.yaml", text);
    spec *spec = spec_read(file, &error);
    plan *plan = spec == NULL ? NULL : plan_new(spec, catalog, NULL, &error);

    ck_assert_msg(plan != NULL, "%s", error.text);
    const plan_run run = plan_run_at(plan, 0);
    experiment *experiment = plan_experiment(plan, &run, &error);
    ck_assert_msg(experiment != NULL && plan_identity(plan, experiment, hex, &error), "%s",
                  error.text);
    experiment_free(experiment);
    plan_free(plan);
    spec_free(spec);
    catalog_free(catalog);
    free(file);
    free(text);
}

START_TEST(where_things_lie_and_how_fast_they_go_changes_no_identity)
{
    char *one = harness_memory_folder(), *two = harness_memory_folder(), a[65], b[65];

    planned_write_data(one);
    planned_write_data(two);
    identify(one, MATRIX_TEST_PLUGINS, "", a);
    identify(two, MATRIX_TEST_PLUGINS,
             "set: {train.threads: 2}\naxes: {train.batch: [6]}\n"
             "limits: {seconds: 5}\n",
             b);
    ck_assert_str_eq(a, b);
    free(one);
    free(two);
}
END_TEST

static const char *const other_runs[] = {
    "protocol: {final: {seeds: [2]}}\n",
    "set: {optimizer.lr: 0.25}\n",
    "set: {train.epochs: 2}\n",
    "set: {data.seed: 1}\n",
    "set: {data.scale: standard}\n",
    "set: {optimizer: {name: sgd, lr: 0.5}}\n",
    "protocol: {final: {report: test_at_best_val}}\n",
};

START_TEST(what_decides_the_bits_changes_the_identity)
{
    char *folder = harness_memory_folder(), a[65], b[65];

    planned_write_data(folder);
    identify(folder, MATRIX_TEST_PLUGINS, "", a);
    identify(folder, MATRIX_TEST_PLUGINS, other_runs[_i], b);
    ck_assert_str_ne(a, b);
    free(folder);
}
END_TEST

START_TEST(other_data_change_the_identity)
{
    char *folder = harness_memory_folder(), a[65], b[65];
    text rows = {0};

    planned_write_data(folder);
    identify(folder, MATRIX_TEST_PLUGINS, "", a);
    text_add(&rows, "x,y,class\n");
    for (int i = 0; i < 24; i++)
        text_addf(&rows, "%d,%d,%s\n", i % 5, i % 7 + (i == 23),
                  (i % 5) + (i % 7) > 5 ? "big" : "small");
    free(harness_file(folder, "data.csv", rows.bytes));
    identify(folder, MATRIX_TEST_PLUGINS, "", b);
    ck_assert_str_ne(a, b);
    free(rows.bytes);
    free(folder);
}
END_TEST

/* The same plug-in elsewhere is the same; with one byte behind its end it is not. */
START_TEST(another_plugin_file_changes_the_identity)
{
    char *folder = harness_folder(), *path = file_join(folder, "refuser.so"), a[65], b[65];
    plx_error error = {0};
    size_t length;
    char *bytes = file_read(MATRIX_TEST_PLUGINS "/refuser.so", 1 << 24, false, &length, &error);

    ck_assert_ptr_nonnull(bytes);
    planned_write_data(folder);
    identify(folder, MATRIX_TEST_PLUGINS, "", a);
    ck_assert(file_write(path, bytes, length, &error));
    identify(folder, folder, "", b);
    ck_assert_str_eq(a, b);
    ck_assert(file_write(path, bytes, length + 1, &error)); /* the terminator, too                */
    identify(folder, folder, "", b);
    ck_assert_str_ne(a, b);
    free(bytes);
    free(path);
    free(folder);
}
END_TEST

/* ---- what a plan costs ----------------------------------------------------------------------- */

START_TEST(data_are_loaded_once)
{
    loaded = 0;
    planned *made = plan_of("problems: {a: {}, b: {}, c: {data.noise: 0.5}}\n" TWO_BY_THREE);
    ck_assert_uint_eq(loaded, 2);
    for (size_t run = 0; run < plan_runs(made->plan); run++) {
        const plan_run at = plan_run_at(made->plan, run);
        experiment *experiment = experiment_of(made, at);
        plx_error error = {0};
        ck_assert_ptr_nonnull(plan_data(made->plan, experiment, &error));
        experiment_free(experiment);
    }
    ck_assert_uint_eq(loaded, 2);
    planned_free(made);
}
END_TEST

/* A million runs of sixty cells: what is made is an experiment a cell. */
START_TEST(runs_are_made_when_they_are_asked_for)
{
    resolved = 0;
    planned *made = plan_of("axes: {optimizer: [sgd, adam, adamw, rmsprop],"
                            " hidden_activation: [tanh, relu, elu],"
                            " network.layers.0.units: 1..5}\n"
                            "protocol: {final: {seeds: 16667}}\n");

    ck_assert_uint_eq(plan_runs(made->plan), 60 * 16667);
    ck_assert_uint_eq(resolved, 60);
    ck_assert_uint_eq(plan_run_at(made->plan, 1000019).cell, 59);
    ck_assert_uint_eq(plan_run_at(made->plan, 1000019).seed, 16667);
    planned_free(made);
}
END_TEST

/* A million runs of 100,000 cells: an experiment for each value of a part that is new. */
static const struct {
    const char *axes;
    size_t resolved;
} larges[] = {
    {"axes: {network.layers.0.units: 1..316, train.epochs: 1..317}\n", 316 + 317 - 1},
    {"axes: {optimizer.lr: 1..316, train.epochs: 1..317}\n", 316 + 317 - 1},
    {"axes: {optimizer.momentum: [0, 0.5], optimizer.weight_decay: 1..158, train.epochs: 1..317}\n",
     316 + 317 - 1},
};

START_TEST(cells_share_what_is_known_of_their_parts)
{
    char *rest = memory_format("%sprotocol: {final: {seeds: 10}}\n", larges[_i].axes);

    resolved = loaded = 0;
    planned *made = plan_of(rest);
    ck_assert_uint_eq(plan_cells_run(made->plan), 100172);
    ck_assert_uint_eq(plan_runs(made->plan), 1001720);
    ck_assert_uint_eq(resolved, larges[_i].resolved);
    ck_assert_uint_eq(loaded, 1);
    planned_free(made);
    free(rest);
}
END_TEST

/* With every lbfgs that clips, of whatever shape, left out. */
START_TEST(misfits_of_a_large_plan_are_found)
{
    planned *made = plan_of("axes: {optimizer: [lbfgs, sgd], train.clip_norm: [1, 2, none],"
                            " network.layers.0.units: 1..4, train.epochs: 1..900,"
                            " network.layers.1.activation: [identity, sigmoid],"
                            " loss: [kl, mse]}\n");

    ck_assert_uint_eq(plan_cells(made->plan), 86400);
    for (size_t cell = 0; cell < 86400; cell++) {
        const plan_cell at = plan_cell_at(made->plan, cell);
        const bool clips = at.value[0] == 0 && at.value[1] < 2;
        const bool fits = at.value[4] == 1 || at.value[5] == 1;
        ck_assert_int_eq(at.skipped == NULL, fits && !clips);
    }
    planned_free(made);
}
END_TEST

START_TEST(more_cells_than_can_be_numbered_are_refused)
{
    expect_refusal(PLANNED_XOR "axes: {train.epochs: 1..99999, train.batch: 1..99999}\n",
                   "m.yaml: the axes make more than 2147483647 cells");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("matrix/plan");
    TCase *t = tcase_create("plan");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, cells_are_numbered_with_the_last_axis_fastest);
    tcase_add_test(t, a_file_without_axes_is_one_cell);
    tcase_add_test(t, tuning_comes_first_and_then_seed_by_seed);
    tcase_add_test(t, a_loss_that_does_not_fit_skips_the_cell);
    tcase_add_test(t, clipping_does_not_go_with_closures);
    tcase_add_test(t, each_misfit_is_blamed_on_its_part);
    tcase_add_test(t, a_shape_that_does_not_fit_is_tried_once);
    tcase_add_test(t, rules_exclude_and_include);
    tcase_add_test(t, a_plan_without_a_cell_to_run_is_refused);
    tcase_add_loop_test(t, mistakes_are_told_with_their_place, 0,
                        sizeof(mistakes) / sizeof(mistakes[0]));
    tcase_add_test(t, hidden_activations_are_all_but_the_last);
    tcase_add_test(t, later_changes_win);
    tcase_add_test(t, searched_values_and_seeds_land_in_the_experiment);
    tcase_add_test(t, cells_with_the_same_ranges_have_the_same_trials);
    tcase_add_test(t, the_best_epoch_is_kept_and_never_stopped_at);
    tcase_add_loop_test(t, early_stopping_of_the_experiments_own_is_left_alone, 0, 2);
    tcase_add_test(t, tuning_and_keeping_go_by_the_same_figure);
    tcase_add_loop_test(t, what_is_reported_is_what_applies, 0, 5);
    tcase_add_test(t, where_things_lie_and_how_fast_they_go_changes_no_identity);
    tcase_add_loop_test(t, what_decides_the_bits_changes_the_identity, 0,
                        sizeof(other_runs) / sizeof(other_runs[0]));
    tcase_add_test(t, other_data_change_the_identity);
    tcase_add_test(t, another_plugin_file_changes_the_identity);
    tcase_add_test(t, data_are_loaded_once);
    tcase_add_test(t, runs_are_made_when_they_are_asked_for);
    tcase_add_loop_test(t, cells_share_what_is_known_of_their_parts, 0, 3);
    tcase_add_test(t, misfits_of_a_large_plan_are_found);
    tcase_add_test(t, more_cells_than_can_be_numbered_are_refused);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
