/* Every key of an experiment file: its default, and what it sets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

/* An experiment whose data section is given. */
static experiment *with_data(const char *data)
{
    text file = {0};

    text_addf(&file, "data: %s\n" REST, data);
    experiment *read = fixture_read(file.bytes);
    free(file.bytes);
    return read;
}

static experiment *with_network(const char *network)
{
    text file = {0};

    text_addf(&file, DATA "network: %s\n" LOSS OPTIMIZER, network);
    experiment *read = fixture_read(file.bytes);
    free(file.bytes);
    return read;
}

/* A short file with validation rows, and what comes after. */
static experiment *with_more(const char *more)
{
    text file = {0};

    text_addf(&file, "data: {generate: moons, validation: 0.2}\n" REST "%s\n", more);
    experiment *read = fixture_read(file.bytes);
    free(file.bytes);
    return read;
}

static void end(experiment *experiment)
{
    experiment_free(experiment);
    fixture_end();
}

/* ---- data ------------------------------------------------------------------------------------ */

START_TEST(data_defaults)
{
    experiment *read = with_data("{train: a.csv}");
    const data_config *data = &read->data;

    ck_assert_str_eq(data->train.path, "/data/a.csv");
    ck_assert_ptr_null(data->train.targets);
    ck_assert_ptr_null(data->test.path);
    ck_assert_double_eq(data->test.fraction, 0);
    ck_assert_ptr_null(data->validation.path);
    ck_assert_double_eq(data->validation.fraction, 0);
    ck_assert_ptr_null(data->generate.name);
    ck_assert_int_eq(data->format, FORMAT_AUTO);
    ck_assert_uint_eq(data->target_count, 0);
    ck_assert_uint_eq(data->drop_count, 0);
    ck_assert_uint_eq(data->categorical_count, 0);
    ck_assert_int_eq(data->header, HEADER_AUTO);
    ck_assert_int_eq(data->delimiter, '\0');
    ck_assert_uint_eq(data->features, 0);
    ck_assert_int_eq(data->missing, MISSING_ERROR);
    ck_assert_int_eq(data->scale, SCALE_NONE);
    ck_assert_int_eq(data->scale_target, SCALE_NONE);
    ck_assert_uint_eq(data->seed, 0);
    ck_assert(!data->stratify);
    ck_assert_uint_eq(data->folds, 0);
    ck_assert_double_eq(data->label_smoothing, 0);
    end(read);
}
END_TEST

START_TEST(data_pairs_of_files)
{
    experiment *read = with_data("{train: {x: a, y: ../b}, test: {x: /c, y: d/./e}, "
                                 "validation: v.npy, format: npy}");
    const data_config *data = &read->data;

    ck_assert_str_eq(data->train.path, "/data/a");
    ck_assert_str_eq(data->train.targets, "/b");
    ck_assert_str_eq(data->test.path, "/c");
    ck_assert_str_eq(data->test.targets, "/data/d/e");
    ck_assert_str_eq(data->validation.path, "/data/v.npy");
    ck_assert_ptr_null(data->validation.targets);
    ck_assert_int_eq(data->format, FORMAT_NPY);
    end(read);
}
END_TEST

START_TEST(data_fractions)
{
    experiment *read = with_data("{train: a.csv, test: 0.25, validation: 0.5}");

    ck_assert_double_eq(read->data.test.fraction, 0.25);
    ck_assert_double_eq(read->data.validation.fraction, 0.5);
    end(read);
}
END_TEST

START_TEST(data_file_named_like_a_number)
{
    experiment *read = with_data("{train: '1', test: \"0.5\"}");

    ck_assert_str_eq(read->data.train.path, "/data/1");
    ck_assert_str_eq(read->data.test.path, "/data/0.5");
    end(read);
}
END_TEST

START_TEST(data_one_target)
{
    experiment *read = with_data("{train: a.csv, target: species}");

    ck_assert_uint_eq(read->data.target_count, 1);
    ck_assert_str_eq(read->data.target[0].column, "species");
    ck_assert_int_eq(read->data.target[0].as, AS_AUTO);
    ck_assert_int_eq(read->data.target[0].at.column, 30);
    end(read);
}
END_TEST

START_TEST(data_several_targets)
{
    experiment *read =
        with_data("{train: a.csv, target: [4, {column: b, as: class}, {column: c, as: number}]}");
    const target_spec *target = read->data.target;

    ck_assert_uint_eq(read->data.target_count, 3);
    ck_assert_str_eq(target[0].column, "4");
    ck_assert_str_eq(target[1].column, "b");
    ck_assert_int_eq(target[1].as, AS_CLASS);
    ck_assert_int_eq(target[2].as, AS_NUMBER);
    end(read);
}
END_TEST

START_TEST(data_csv_keys)
{
    experiment *read = with_data("{train: a, format: csv, header: false, delimiter: ';', "
                                 "drop: [id, 'my name'], categorical: zip, missing: mean}");
    const data_config *data = &read->data;

    ck_assert_int_eq(data->format, FORMAT_CSV);
    ck_assert_int_eq(data->header, HEADER_NO);
    ck_assert_int_eq(data->delimiter, ';');
    ck_assert_uint_eq(data->drop_count, 2);
    ck_assert_str_eq(data->drop[1], "my name");
    ck_assert_uint_eq(data->categorical_count, 1);
    ck_assert_str_eq(data->categorical[0], "zip");
    ck_assert_int_eq(data->missing, MISSING_MEAN);
    end(read);
}
END_TEST

START_TEST(data_target_without_column)
{
    experiment *read = with_data("{train: a.libsvm, target: {as: class}}");

    ck_assert_uint_eq(read->data.target_count, 1);
    ck_assert_ptr_null(read->data.target[0].column);
    ck_assert_int_eq(read->data.target[0].as, AS_CLASS);
    experiment_free(read);
}
END_TEST

START_TEST(data_tab_as_delimiter)
{
    experiment *word = with_data("{train: a, delimiter: tab, header: true, missing: drop}");
    experiment *escape = with_data("{train: a, delimiter: \"\\t\"}");

    ck_assert_int_eq(word->data.delimiter, '\t');
    ck_assert_int_eq(word->data.header, HEADER_YES);
    ck_assert_int_eq(word->data.missing, MISSING_DROP);
    ck_assert_int_eq(escape->data.delimiter, '\t');
    experiment_free(escape);
    end(word);
}
END_TEST

START_TEST(data_libsvm_features)
{
    experiment *read = with_data("{train: a, format: libsvm, features: 123}");

    ck_assert_int_eq(read->data.format, FORMAT_LIBSVM);
    ck_assert_uint_eq(read->data.features, 123);
    end(read);
}
END_TEST

START_TEST(data_idx_keys)
{
    experiment *read =
        with_data("{train: {x: a, y: b}, format: idx, target: {as: number}, missing: drop}");

    ck_assert_uint_eq(read->data.target_count, 1);
    ck_assert_ptr_null(read->data.target[0].column);
    ck_assert_int_eq(read->data.target[0].as, AS_NUMBER);
    ck_assert_int_eq(read->data.missing, MISSING_DROP);
    end(read);
}
END_TEST

START_TEST(data_npy_keys)
{
    experiment *read = with_data("{train: a, format: npy, target: 3, drop: [0], missing: mean}");

    ck_assert_str_eq(read->data.target[0].column, "3");
    ck_assert_uint_eq(read->data.drop_count, 1);
    ck_assert_str_eq(read->data.drop[0], "0");
    ck_assert_int_eq(read->data.missing, MISSING_MEAN);
    end(read);
}
END_TEST

START_TEST(data_libsvm_keys)
{
    experiment *read = with_data("{train: a, format: libsvm, target: {as: class}, missing: mean}");

    ck_assert_int_eq(read->data.target[0].as, AS_CLASS);
    ck_assert_int_eq(read->data.missing, MISSING_MEAN);
    end(read);
}
END_TEST

START_TEST(data_split_and_scale)
{
    experiment *read = with_data("{train: a, scale: standard, scale_target: standard, "
                                 "seed: 18446744073709551615, stratify: true, folds: 5, fold: 4, "
                                 "label_smoothing: 0.1}");
    const data_config *data = &read->data;

    ck_assert_int_eq(data->scale, SCALE_STANDARD);
    ck_assert_int_eq(data->scale_target, SCALE_STANDARD);
    ck_assert(data->seed == UINT64_MAX);
    ck_assert(data->stratify);
    ck_assert_uint_eq(data->folds, 5);
    ck_assert_uint_eq(data->fold, 4);
    ck_assert_double_eq(data->label_smoothing, 0.1);
    end(read);
}
END_TEST

START_TEST(data_scale_unit)
{
    experiment *read = with_data("{train: a, scale: unit, scale_target: none}");

    ck_assert_int_eq(read->data.scale, SCALE_UNIT);
    ck_assert_int_eq(read->data.scale_target, SCALE_NONE);
    end(read);
}
END_TEST

/* The defaults of each generator. */
static const struct made {
    const char *name;
    size_t samples;
    double noise;
    size_t classes;
} made[] = {{"xor", 4, 0, 2},
            {"moons", 200, 0.1, 2},
            {"circles", 200, 0.1, 2},
            {"spirals", 200, 0.1, 2},
            {"blobs", 200, 0, 3}};

START_TEST(generator_defaults)
{
    text data = {0};

    text_addf(&data, "{generate: %s}", made[_i].name);
    experiment *read = with_data(data.bytes);
    const generate_spec *generate = &read->data.generate;
    ck_assert_str_eq(generate->name, made[_i].name);
    ck_assert_uint_eq(generate->samples, made[_i].samples);
    ck_assert_double_eq(generate->noise, made[_i].noise);
    ck_assert_uint_eq(generate->classes, made[_i].classes);
    ck_assert_double_eq(generate->factor, 0.5);
    ck_assert_double_eq(generate->turns, 1);
    ck_assert_double_eq(generate->spread, 1);
    ck_assert_uint_eq(generate->features, 2);
    ck_assert_ptr_null(read->data.train.path);
    free(data.bytes);
    end(read);
}
END_TEST

START_TEST(generator_keys)
{
    experiment *circles = with_data("{generate: circles, samples: 10, noise: 0, factor: 0.25}");
    experiment *spirals = with_data("{generate: spirals, classes: 4, turns: 2.5, noise: 0.5}");
    experiment *blobs = with_data("{generate: blobs, classes: 7, spread: 0.5, features: 9}");

    ck_assert_uint_eq(circles->data.generate.samples, 10);
    ck_assert_double_eq(circles->data.generate.noise, 0);
    ck_assert_double_eq(circles->data.generate.factor, 0.25);
    ck_assert_uint_eq(spirals->data.generate.classes, 4);
    ck_assert_double_eq(spirals->data.generate.turns, 2.5);
    ck_assert_double_eq(spirals->data.generate.noise, 0.5);
    ck_assert_uint_eq(blobs->data.generate.classes, 7);
    ck_assert_double_eq(blobs->data.generate.spread, 0.5);
    ck_assert_uint_eq(blobs->data.generate.features, 9);
    ck_assert_uint_eq(blobs->data.features, 0);
    experiment_free(circles);
    experiment_free(spirals);
    end(blobs);
}
END_TEST

/* ---- network --------------------------------------------------------------------------------- */

START_TEST(layer_defaults)
{
    experiment *read = with_network("{layers: [{units: 2, activation: softmax}]}");
    const layer_config *layer = &read->layers[0];

    ck_assert_uint_eq(read->layer_count, 1);
    ck_assert_uint_eq(layer->units, 2);
    ck_assert_str_eq(layer->activation.settings->plugin->name, "softmax");
    ck_assert_int_eq(layer->activation.at.line, 2);
    ck_assert_int_eq(layer->activation.at.column, 43);
    ck_assert_double_eq(layer->dropout, 0);
    ck_assert(layer->bias);
    ck_assert_double_eq(layer->bias_init, 0);
    ck_assert_int_eq(layer->init.rule, INIT_AUTO);
    ck_assert_int_eq(read->init.rule, INIT_AUTO);
    end(read);
}
END_TEST

START_TEST(layer_keys)
{
    experiment *read = with_network(
        "{init: he_normal, layers: [{units: 8, activation: {name: elu, alpha: 0.5}, dropout: 0.25, "
        "bias_init: -0.5, init: zeros}, {units: 2, activation: softmax, bias: off}]}");
    char buffer[32];

    ck_assert_uint_eq(read->layer_count, 2);
    ck_assert_uint_eq(read->layers[0].units, 8);
    ck_assert_str_eq(settings_value(read->layers[0].activation.settings, 0, buffer), "0.5");
    ck_assert_double_eq(read->layers[0].dropout, 0.25);
    ck_assert_double_eq(read->layers[0].bias_init, -0.5);
    ck_assert_int_eq(read->layers[0].init.rule, INIT_ZEROS);
    ck_assert(!read->layers[1].bias);
    ck_assert_int_eq(read->layers[1].init.rule, INIT_HE_NORMAL);
    end(read);
}
END_TEST

static const struct named_init {
    const char *name;
    init_rule rule;
} inits[] = {{"auto", INIT_AUTO},
             {"normal", INIT_NORMAL},
             {"lecun_normal", INIT_LECUN_NORMAL},
             {"xavier_normal", INIT_XAVIER_NORMAL},
             {"xavier_uniform", INIT_XAVIER_UNIFORM},
             {"he_normal", INIT_HE_NORMAL},
             {"he_uniform", INIT_HE_UNIFORM},
             {"orthogonal", INIT_ORTHOGONAL},
             {"zeros", INIT_ZEROS}};

START_TEST(init_names)
{
    text network = {0};

    text_addf(&network, "{init: %s, layers: [{units: 2, activation: softmax}]}", inits[_i].name);
    experiment *read = with_network(network.bytes);
    ck_assert_int_eq(read->init.rule, inits[_i].rule);
    ck_assert_int_eq(read->layers[0].init.rule, inits[_i].rule);
    free(network.bytes);
    end(read);
}
END_TEST

START_TEST(init_deviation)
{
    experiment *bare = with_network("{init: normal, layers: [{units: 2, activation: softmax}]}");
    experiment *given =
        with_network("{init: {name: normal, std: 0.5}, layers: [{units: 2, activation: softmax}]}");

    ck_assert_double_eq(bare->init.std, 0.05);
    ck_assert_double_eq(given->layers[0].init.std, 0.5);
    experiment_free(bare);
    end(given);
}
END_TEST

START_TEST(init_from_a_file)
{
    experiment *read =
        with_network("{init: {from: w.safetensors}, layers: [{units: 2, activation: softmax}]}");

    ck_assert_int_eq(read->init.rule, INIT_FROM);
    ck_assert_str_eq(read->init.from, "/data/w.safetensors");
    ck_assert_int_eq(read->layers[0].init.rule, INIT_FROM);
    ck_assert_str_eq(read->layers[0].init.from, "/data/w.safetensors");
    end(read);
}
END_TEST

START_TEST(softmax_in_a_hidden_layer)
{
    experiment *read = with_network("{layers: [{units: 3, activation: softmax}, "
                                    "{units: 1, activation: sigmoid}]}");

    ck_assert_uint_eq(read->layer_count, 2);
    end(read);
}
END_TEST

/* ---- loss and optimizer ---------------------------------------------------------------------- */

START_TEST(loss_and_optimizer_defaults)
{
    experiment *read = fixture_read(GOOD);

    ck_assert_str_eq(read->loss.settings->plugin->name, "cross_entropy");
    ck_assert(read->fused);
    ck_assert_str_eq(read->optimizer.settings->plugin->name, "sgd");
    ck_assert(settings_are_default(read->optimizer.settings));
    ck_assert_double_gt(read->lr, 0);
    end(read);
}
END_TEST

START_TEST(loss_keys)
{
    experiment *read =
        fixture_read(DATA NETWORK "loss: {name: kl, fused: false, reverse: true}\n" OPTIMIZER);

    ck_assert_str_eq(read->loss.settings->plugin->name, "kl");
    ck_assert(!read->fused);
    ck_assert(!settings_are_default(read->loss.settings));
    end(read);
}
END_TEST

START_TEST(optimizer_keys)
{
    experiment *read = fixture_read(DATA NETWORK LOSS
                                    "optimizer: {lr: 1e-2, beta1: .5, name: adam, amsgrad: yes}\n");
    char buffer[32];

    ck_assert_double_eq(read->lr, 0.01);
    ck_assert_str_eq(settings_value(read->optimizer.settings, 0, buffer), "0.5");
    ck_assert(!settings_are_default(read->optimizer.settings));
    end(read);
}
END_TEST

/* ---- schedule -------------------------------------------------------------------------------- */

START_TEST(schedule_defaults)
{
    experiment *read = fixture_read(GOOD);

    ck_assert_int_eq(read->schedule.rule, SCHEDULE_CONSTANT);
    ck_assert_uint_eq(read->schedule.warmup, 0);
    end(read);
}
END_TEST

START_TEST(schedule_names)
{
    static const char *const names[] = {"constant", "step",   "exponential",
                                        "cosine",   "linear", "plateau"};
    text more = {0};

    text_addf(&more, "schedule: {name: %s, warmup: 5}", names[_i]);
    experiment *read = with_more(more.bytes);
    ck_assert_int_eq((int)read->schedule.rule, _i);
    ck_assert_uint_eq(read->schedule.warmup, 5);
    free(more.bytes);
    end(read);
}
END_TEST

START_TEST(schedule_defaults_of_the_rules)
{
    experiment *step = with_more("schedule: step");
    experiment *exponential = with_more("schedule: exponential");
    experiment *plateau = with_more("schedule: plateau");
    experiment *cosine = with_more("schedule: cosine");

    ck_assert_double_eq(step->schedule.gamma, 0.1);
    ck_assert_uint_eq(step->schedule.every, 10);
    ck_assert_double_eq(exponential->schedule.gamma, 0.95);
    ck_assert_double_eq(plateau->schedule.gamma, 0.1);
    ck_assert_uint_eq(plateau->schedule.patience, 10);
    ck_assert_double_eq(plateau->schedule.min_delta, 1e-4);
    ck_assert_double_eq(plateau->schedule.lr_min, 0);
    ck_assert(!plateau->schedule.watch_train);
    ck_assert_double_eq(cosine->schedule.lr_min, 0);
    experiment_free(step);
    experiment_free(exponential);
    experiment_free(plateau);
    end(cosine);
}
END_TEST

START_TEST(schedule_keys)
{
    experiment *step = with_more("schedule: {name: step, gamma: 0.5, every: 3}");
    experiment *plateau = with_more("schedule: {name: plateau, gamma: 0.2, patience: 4, min_delta: "
                                    "0, lr_min: 1e-6, watch: train_loss}");

    ck_assert_double_eq(step->schedule.gamma, 0.5);
    ck_assert_uint_eq(step->schedule.every, 3);
    ck_assert_double_eq(plateau->schedule.gamma, 0.2);
    ck_assert_uint_eq(plateau->schedule.patience, 4);
    ck_assert_double_eq(plateau->schedule.min_delta, 0);
    ck_assert_double_eq(plateau->schedule.lr_min, 1e-6);
    ck_assert(plateau->schedule.watch_train);
    experiment_free(step);
    end(plateau);
}
END_TEST

START_TEST(plateau_watches_training_without_validation_rows)
{
    experiment *read = fixture_read(GOOD "schedule: plateau\n");

    ck_assert(read->schedule.watch_train);
    end(read);
}
END_TEST

/* ---- train ----------------------------------------------------------------------------------- */

START_TEST(train_defaults)
{
    experiment *read = fixture_read(GOOD);
    const train_config *train = &read->train;

    ck_assert_uint_eq(train->epochs, 10);
    ck_assert_uint_eq(train->batch, 32);
    ck_assert_uint_eq(train->seed, 0);
    ck_assert(train->shuffle);
    ck_assert_int_eq(train->threads, 1);
    ck_assert(!train->bf16);
    ck_assert(!train->log_steps);
    ck_assert_double_eq(train->clip_norm, 0);
    ck_assert_double_eq(train->clip_value, 0);
    ck_assert_uint_eq(train->top_k, 0);
    ck_assert(!train->early_stopping.on);
    ck_assert_str_eq(train->early_stopping.monitor, "val_loss");
    ck_assert_int_eq(train->class_weights.rule, WEIGHTS_NONE);
    end(read);
}
END_TEST

START_TEST(train_keys)
{
    experiment *read = with_more("train: {epochs: 3, batch: 7, seed: 42, shuffle: false, threads: "
                                 "4, precision: bf16, log_steps: true, clip_norm: 2.5, top_k: 2}");
    const train_config *train = &read->train;

    ck_assert_uint_eq(train->epochs, 3);
    ck_assert_uint_eq(train->batch, 7);
    ck_assert_uint_eq(train->seed, 42);
    ck_assert(!train->shuffle);
    ck_assert_int_eq(train->threads, 4);
    ck_assert(train->bf16);
    ck_assert(train->log_steps);
    ck_assert_double_eq(train->clip_norm, 2.5);
    ck_assert_uint_eq(train->top_k, 2);
    end(read);
}
END_TEST

START_TEST(train_words)
{
    experiment *read =
        with_more("train: {batch: full, clip_norm: none, clip_value: 0.5, top_k: none, "
                  "precision: float32}");

    ck_assert_uint_eq(read->train.batch, 0);
    ck_assert(!read->train.bf16);
    ck_assert_double_eq(read->train.clip_norm, 0);
    ck_assert_double_eq(read->train.clip_value, 0.5);
    ck_assert_uint_eq(read->train.top_k, 0);
    end(read);
}
END_TEST

START_TEST(early_stopping_on)
{
    experiment *read = with_more("train: {early_stopping: true}");
    const stopping_config *stopping = &read->train.early_stopping;

    ck_assert(stopping->on);
    ck_assert_uint_eq(stopping->patience, 10);
    ck_assert_double_eq(stopping->min_delta, 0);
    ck_assert_str_eq(stopping->monitor, "val_loss");
    end(read);
}
END_TEST

START_TEST(early_stopping_keys)
{
    experiment *read =
        with_more("train: {early_stopping: {patience: 3, min_delta: 0.5, monitor: val_accuracy}}");
    const stopping_config *stopping = &read->train.early_stopping;

    ck_assert(stopping->on);
    ck_assert_uint_eq(stopping->patience, 3);
    ck_assert_double_eq(stopping->min_delta, 0.5);
    ck_assert_str_eq(stopping->monitor, "val_accuracy");
    end(read);
}
END_TEST

START_TEST(early_stopping_on_the_training_loss)
{
    experiment *read = fixture_read(GOOD "train: {early_stopping: {monitor: train_loss}}\n");

    ck_assert(read->train.early_stopping.on);
    ck_assert_str_eq(read->train.early_stopping.monitor, "train_loss");
    end(read);
}
END_TEST

START_TEST(class_weights_by_rule_and_by_label)
{
    experiment *balanced = with_more("train: {class_weights: balanced}");
    experiment *given = with_more("train: {class_weights: {0: 1, 'a b': 2.5}}");
    const class_weights_config *weights = &given->train.class_weights;

    ck_assert_int_eq(balanced->train.class_weights.rule, WEIGHTS_BALANCED);
    ck_assert_int_eq(weights->rule, WEIGHTS_GIVEN);
    ck_assert_uint_eq(weights->count, 2);
    ck_assert_str_eq(weights->label[0], "0");
    ck_assert_double_eq(weights->weight[0], 1);
    ck_assert_str_eq(weights->label[1], "a b");
    ck_assert_double_eq(weights->weight[1], 2.5);
    experiment_free(balanced);
    end(given);
}
END_TEST

/* ---- misfits --------------------------------------------------------------------------------- */

/* What a comparison skips, beside mistakes that it stops at. */
static const struct {
    const char *text;
    bool misfit;
} refused[] = {
    {DATA "network: {layers: [{units: 2, activation: tanh}]}\nloss: kl\n" OPTIMIZER, true},
    {DATA NETWORK LOSS "optimizer: lbfgs\ntrain: {batch: full, clip_norm: 1}\n", true},
    {DATA NETWORK "loss: kll\n" OPTIMIZER, false},
    {DATA NETWORK LOSS "optimizer: sgd\ntrain: {clip_norm: 1, clip_value: 1}\n", false},
};

START_TEST(tells_a_misfit_from_a_mistake)
{
    plx_error error = {0};

    ck_assert_ptr_null(fixture_parse(refused[_i].text, &error));
    ck_assert_int_eq(error.code, ERROR_CONFIG);
    ck_assert_int_eq(error.misfit, refused[_i].misfit);
    fixture_end();
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------- */

START_TEST(reads_a_file_and_its_folder)
{
    char *folder = harness_folder();
    char *path = harness_file(folder, "first.try.yaml", "data: {train: sub/a.csv}\n" REST);
    char *wanted = NULL;
    plx_error error = {0};
    experiment *read = experiment_read(path, NULL, fixture_catalog(), &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    ck_assert_str_eq(read->file, path);
    ck_assert_str_eq(read->name, "first.try");
    ck_assert_int_gt(asprintf(&wanted, "%s/sub/a.csv", folder), 0);
    ck_assert_str_eq(read->data.train.path, wanted);
    free(wanted);
    free(path);
    free(folder);
    end(read);
}
END_TEST

START_TEST(names_a_missing_file)
{
    plx_error error = {0};

    ck_assert_ptr_null(experiment_read("/nowhere/a.yaml", NULL, fixture_catalog(), &error));
    ck_assert_int_eq(error.code, ERROR_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/a.yaml"));
    fixture_end();
}
END_TEST

static TCase *data_case(void)
{
    TCase *t = tcase_create("data");

    tcase_add_test(t, data_defaults);
    tcase_add_test(t, data_pairs_of_files);
    tcase_add_test(t, data_fractions);
    tcase_add_test(t, data_file_named_like_a_number);
    tcase_add_test(t, data_one_target);
    tcase_add_test(t, data_several_targets);
    tcase_add_test(t, data_csv_keys);
    tcase_add_test(t, data_target_without_column);
    tcase_add_test(t, data_tab_as_delimiter);
    tcase_add_test(t, data_libsvm_features);
    tcase_add_test(t, data_idx_keys);
    tcase_add_test(t, data_npy_keys);
    tcase_add_test(t, data_libsvm_keys);
    tcase_add_test(t, data_split_and_scale);
    tcase_add_test(t, data_scale_unit);
    tcase_add_loop_test(t, generator_defaults, 0, (int)(sizeof(made) / sizeof(made[0])));
    tcase_add_test(t, generator_keys);
    return t;
}

static TCase *network_case(void)
{
    TCase *t = tcase_create("network");

    tcase_add_test(t, layer_defaults);
    tcase_add_test(t, layer_keys);
    tcase_add_loop_test(t, init_names, 0, (int)(sizeof(inits) / sizeof(inits[0])));
    tcase_add_test(t, init_deviation);
    tcase_add_test(t, init_from_a_file);
    tcase_add_test(t, softmax_in_a_hidden_layer);
    tcase_add_test(t, loss_and_optimizer_defaults);
    tcase_add_test(t, loss_keys);
    tcase_add_test(t, optimizer_keys);
    return t;
}

static TCase *training_case(void)
{
    TCase *t = tcase_create("training");

    tcase_add_test(t, schedule_defaults);
    tcase_add_loop_test(t, schedule_names, 0, 6);
    tcase_add_test(t, schedule_defaults_of_the_rules);
    tcase_add_test(t, schedule_keys);
    tcase_add_test(t, plateau_watches_training_without_validation_rows);
    tcase_add_test(t, train_defaults);
    tcase_add_test(t, train_keys);
    tcase_add_test(t, train_words);
    tcase_add_test(t, early_stopping_on);
    tcase_add_test(t, early_stopping_keys);
    tcase_add_test(t, early_stopping_on_the_training_loss);
    tcase_add_test(t, class_weights_by_rule_and_by_label);
    tcase_add_loop_test(t, tells_a_misfit_from_a_mistake, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_test(t, reads_a_file_and_its_folder);
    tcase_add_test(t, names_a_missing_file);
    return t;
}

static Suite *suite(void)
{
    Suite *s = suite_create("config/experiment");

    suite_add_tcase(s, data_case());
    suite_add_tcase(s, network_case());
    suite_add_tcase(s, training_case());
    return s;
}

int main(void)
{
    return harness_run(suite());
}
