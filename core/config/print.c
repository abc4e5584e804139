/* print.c: a resolved experiment as YAML that reads back to itself. Sections stand as blocks,
 * what is below them on one line each. A text is written bare only if nothing could take it for
 * anything else; all others stand in double quotes. Keys that mean nothing for what was chosen
 * are left out, as reading would refuse them. */
#include <stdlib.h>
#include <string.h>

#include "config/sections.h"
#include "support/text.h"
#include "support/utf8.h"

/* ---- words and numbers ----------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A text that needs no quotes: a letter, '_' or '/', then also digits and - . / _; not a word that
 * could be a flag, a number, or nothing. */
static bool is_bare(const char *string)
{
    static const char *const taken[] = {"true", "false", "yes",      "no",  "on", "off",
                                        "null", "inf",   "infinity", "nan", "y",  "n"};

    if (!is_letter(string[0]) && string[0] != '_' && string[0] != '/')
        return false;
    for (const char *c = string; *c != '\0'; c++)
        if (!is_letter(*c) && !(*c >= '0' && *c <= '9') && strchr("-./_", *c) == NULL)
            return false;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        if (strcasecmp(string, taken[i]) == 0)
            return false;
    return true;
}

/* A character inside double quotes: escaped if it is a control, a line end of any kind, or
 * something no eye can see. */
static void add_character(text *out, const char *bytes, size_t width, unsigned character)
{
    if (character == '"' || character == '\\')
        text_addf(out, "\\%c", (int)character);
    else if (character == '\n')
        text_add(out, "\\n");
    else if (character == '\t')
        text_add(out, "\\t");
    else if (character < 0x20 || (character >= 0x7f && character <= 0xa0))
        text_addf(out, "\\x%02x", character);
    else if (character == 0x2028 || character == 0x2029 || character == 0xfeff ||
             character == 0xfffe || character == 0xffff)
        text_addf(out, "\\u%04x", character);
    else
        text_add_n(out, bytes, width);
}

/* All texts are UTF-8, which reading has checked. */
static void add_quoted(text *out, const char *string)
{
    size_t left = strlen(string);

    text_add(out, "\"");
    while (left > 0) {
        unsigned character = 0;
        const size_t width = utf8_character(string, left, &character);
        if (width == 0)
            break;
        add_character(out, string, width, character);
        string += width;
        left -= width;
    }
    text_add(out, "\"");
}

static void add_word(text *out, const char *string)
{
    if (is_bare(string))
        text_add(out, string);
    else
        add_quoted(out, string);
}

static const char *flag(bool value)
{
    return value ? "true" : "false";
}

/* "key: " and a number; 0 is the word, if there is one. */
static void add_real(text *out, const char *key, double value, const char *word)
{
    text_add(out, key);
    if (value == 0 && word != NULL)
        text_add(out, word);
    else
        text_add_double(out, value);
}

static void add_size(text *out, const char *key, size_t value, const char *word)
{
    if (value == 0 && word != NULL)
        text_addf(out, "%s%s", key, word);
    else
        text_addf(out, "%s%zu", key, value);
}

static void line_real(text *out, const char *key, double value, const char *word)
{
    add_real(out, key, value, word);
    text_add(out, "\n");
}

static void line_size(text *out, const char *key, size_t value, const char *word)
{
    add_size(out, key, value, word);
    text_add(out, "\n");
}

/* ---- data ------------------------------------------------------------------------------------ */

static void add_source(text *out, const char *key, const data_source *source, print_scope scope)
{
    text_addf(out, "  %s: ", key);
    if (source->path == NULL) {
        text_add_double(out, source->fraction);
    } else if (scope == PRINT_CONTENT) {
        text_add(out, "file");
    } else if (source->targets == NULL) {
        add_word(out, source->path);
    } else {
        text_add(out, "{x: ");
        add_word(out, source->path);
        text_add(out, ", y: ");
        add_word(out, source->targets);
        text_add(out, "}");
    }
    text_add(out, "\n");
}

static void add_generator(text *out, const data_config *data)
{
    const generate_spec *generate = &data->generate;

    text_addf(out, "  generate: %s\n  samples: %zu\n", generate->name, generate->samples);
    if (data_section_uses(data, "noise"))
        line_real(out, "  noise: ", generate->noise, NULL);
    if (data_section_uses(data, "classes"))
        text_addf(out, "  classes: %zu\n", generate->classes);
    if (data_section_uses(data, "factor"))
        line_real(out, "  factor: ", generate->factor, NULL);
    if (data_section_uses(data, "turns"))
        line_real(out, "  turns: ", generate->turns, NULL);
    if (data_section_uses(data, "spread"))
        line_real(out, "  spread: ", generate->spread, NULL);
    if (data_section_uses(data, "features"))
        text_addf(out, "  features: %zu\n", generate->features);
}

static void add_target(text *out, const target_spec *target)
{
    if (target->as == AS_AUTO && target->column != NULL) {
        add_word(out, target->column);
        return;
    }
    text_add(out, "{");
    if (target->column != NULL) {
        text_add(out, "column: ");
        add_word(out, target->column);
        text_add(out, ", ");
    }
    text_addf(out, "as: %s}", data_target_readings.words[target->as]);
}

static void add_targets(text *out, const data_config *data)
{
    if (data->target_count == 0)
        return;
    text_add(out, "  target: ");
    if (data->target_count > 1)
        text_add(out, "[");
    for (size_t i = 0; i < data->target_count; i++) {
        text_add(out, i > 0 ? ", " : "");
        add_target(out, &data->target[i]);
    }
    text_add(out, data->target_count > 1 ? "]\n" : "\n");
}

static void add_texts(text *out, const char *key, char *const *texts, size_t count)
{
    text_addf(out, "  %s: [", key);
    for (size_t i = 0; i < count; i++) {
        text_add(out, i > 0 ? ", " : "");
        add_word(out, texts[i]);
    }
    text_add(out, "]\n");
}

static void add_file_keys(text *out, const data_config *data)
{
    text_addf(out, "  format: %s\n", data_formats.words[data->format]);
    add_targets(out, data);
    if (data_section_uses(data, "header")) {
        const char delimiter[2] = {data->delimiter, '\0'};
        text_addf(out, "  header: %s\n  delimiter: ", data_headers.words[data->header]);
        add_word(out, data->delimiter == '\0'   ? "auto"
                      : data->delimiter == '\t' ? "tab"
                                                : delimiter);
        text_add(out, "\n");
    }
    if (data_section_uses(data, "drop"))
        add_texts(out, "drop", data->drop, data->drop_count);
    if (data_section_uses(data, "categorical"))
        add_texts(out, "categorical", data->categorical, data->categorical_count);
    if (data_section_uses(data, "features"))
        line_size(out, "  features: ", data->features, "auto");
    if (data_section_uses(data, "missing"))
        text_addf(out, "  missing: %s\n", data_missing_rules.words[data->missing]);
}

static void add_data(text *out, const data_config *data, print_scope scope)
{
    text_add(out, "data:\n");
    if (data->generate.name != NULL)
        add_generator(out, data);
    else
        add_source(out, "train", &data->train, scope);
    add_source(out, "validation", &data->validation, scope);
    if (data->folds == 0)
        add_source(out, "test", &data->test, scope);
    if (data->generate.name == NULL)
        add_file_keys(out, data);
    text_addf(out, "  scale: %s\n  scale_target: %s\n  seed: %llu\n  stratify: %s\n",
              data_scales.words[data->scale], data_scales.words[data->scale_target],
              (unsigned long long)data->seed, flag(data->stratify));
    if (data->folds > 0)
        text_addf(out, "  folds: %zu\n  fold: %zu\n", data->folds, data->fold);
    else
        text_add(out, "  folds: none\n");
    add_real(out, "  label_smoothing: ", data->label_smoothing, NULL);
    text_add(out, "\n");
}

/* ---- components ------------------------------------------------------------------------------ */

/* ", name: value"; a choice is a word. */
static void add_setting(text *out, const settings *settings, size_t index)
{
    char buffer[32];
    const plx_setting *row = settings_row(settings->plugin, index);
    const char *value = settings_value(settings, index, buffer);

    text_addf(out, ", %s: ", row->name);
    if (row->type == PLX_TYPE_CHOICE)
        add_word(out, value);
    else
        text_add(out, value);
}

static void add_settings(text *out, const settings *settings)
{
    for (size_t i = 0; i < settings_count(settings->plugin); i++)
        add_setting(out, settings, i);
}

static void add_activation(text *out, const component *activation)
{
    const plugin *plugin = activation->settings->plugin;

    if (settings_count(plugin) == 0) {
        add_word(out, plugin->name);
        return;
    }
    text_add(out, "{name: ");
    add_word(out, plugin->name);
    add_settings(out, activation->settings);
    text_add(out, "}");
}

static void add_loss(text *out, const experiment *experiment)
{
    text_add(out, "loss: {name: ");
    add_word(out, experiment->loss.settings->plugin->name);
    text_addf(out, ", fused: %s", flag(experiment->fused));
    add_settings(out, experiment->loss.settings);
    text_add(out, "}\n");
}

/* The settings of a map as the file has them, the plug-in not being loaded. */
static void add_unloaded(text *out, const node *map)
{
    for (const node *key = map->first; key != NULL; key = key->next) {
        if (strcmp(key->key, "name") == 0 || strcmp(key->key, "match") == 0 ||
            strcmp(key->key, "lr") == 0 || key->type != NODE_SCALAR)
            continue;
        text_add(out, ", ");
        add_word(out, key->key);
        text_add(out, ": ");
        double number = 0;
        if (field_is_number(key, &number) || field_is_word(key, "true") ||
            field_is_word(key, "false"))
            text_add(out, key->text);
        else
            add_word(out, key->text);
    }
}

static void add_rule(text *out, const group_rule *rule)
{
    text_add(out, "{match: ");
    if (rule->match_count > 1)
        text_add(out, "[");
    for (size_t i = 0; i < rule->match_count; i++) {
        text_add(out, i > 0 ? ", " : "");
        add_word(out, rule->match[i]);
    }
    text_add(out, rule->match_count > 1 ? "]" : "");
    if (rule->has_lr)
        add_real(out, ", lr: ", rule->lr, NULL);
    if (rule->settings == NULL)
        add_unloaded(out, rule->keys);
    for (size_t i = 0; rule->settings != NULL && i < settings_count(rule->settings->plugin); i++)
        if (tree_child(rule->keys, settings_row(rule->settings->plugin, i)->name) != NULL)
            add_setting(out, rule->settings, i);
    text_add(out, "}");
}

/* A line each, with what the file gives and no more: the rest is the optimizer's. */
static void add_rules(text *out, const experiment *experiment)
{
    if (experiment->group_rule_count == 0)
        return;
    text_add(out, ", groups: [\n");
    for (size_t i = 0; i < experiment->group_rule_count; i++) {
        text_add(out, i > 0 ? ",\n    " : "    ");
        add_rule(out, &experiment->group_rules[i]);
    }
    text_add(out, "]");
}

static void add_optimizer(text *out, const experiment *experiment)
{
    const settings *chosen = experiment->optimizer.settings;
    const node *unloaded = tree_child(experiment->tree, "optimizer");

    text_add(out, "optimizer: {name: ");
    if (chosen == NULL) {
        add_word(out,
                 unloaded->type == NODE_MAP ? tree_child(unloaded, "name")->text : unloaded->text);
        add_unloaded(out, unloaded);
    } else {
        add_word(out, chosen->plugin->name);
    }
    add_real(out, ", lr: ", experiment->lr, NULL);
    if (chosen != NULL)
        add_settings(out, chosen);
    add_rules(out, experiment);
    text_add(out, "}\n");
}

/* ---- network --------------------------------------------------------------------------------- */

static void add_init(text *out, const init_spec *init, print_scope scope)
{
    if (init->rule == INIT_FROM && scope == PRINT_CONTENT) {
        text_add(out, "file");
    } else if (init->rule == INIT_FROM) {
        text_add(out, "{from: ");
        add_word(out, init->from);
        text_add(out, "}");
    } else if (init->rule == INIT_NORMAL) {
        add_real(out, "{name: normal, std: ", init->std, NULL);
        text_add(out, "}");
    } else {
        text_add(out, network_inits.words[init->rule]);
    }
}

static bool same_init(const init_spec *a, const init_spec *b)
{
    return a->rule == b->rule && (a->rule != INIT_NORMAL || a->std == b->std);
}

static void add_layer(text *out, const layer_config *layer, const init_spec *network,
                      print_scope scope)
{
    text_addf(out, "    - {units: %zu, activation: ", layer->units);
    add_activation(out, &layer->activation);
    add_real(out, ", dropout: ", layer->dropout, NULL);
    text_addf(out, ", bias: %s", flag(layer->bias));
    if (layer->bias)
        add_real(out, ", bias_init: ", layer->bias_init, NULL);
    if (!same_init(&layer->init, network)) {
        text_add(out, ", init: ");
        add_init(out, &layer->init, scope);
    }
    text_add(out, "}\n");
}

static void add_network(text *out, const experiment *experiment, print_scope scope)
{
    text_add(out, "network:\n  init: ");
    add_init(out, &experiment->init, scope);
    text_add(out, "\n  layers:\n");
    for (size_t i = 0; i < experiment->layer_count; i++)
        add_layer(out, &experiment->layers[i], &experiment->init, scope);
}

/* ---- training -------------------------------------------------------------------------------- */

static void add_schedule(text *out, const schedule_config *schedule)
{
    text_addf(out, "schedule: {name: %s, warmup: %zu", schedule_rules.words[schedule->rule],
              schedule->warmup);
    if (schedule_section_uses(schedule->rule, "gamma"))
        add_real(out, ", gamma: ", schedule->gamma, NULL);
    if (schedule_section_uses(schedule->rule, "every"))
        add_size(out, ", every: ", schedule->every, NULL);
    if (schedule_section_uses(schedule->rule, "patience"))
        add_size(out, ", patience: ", schedule->patience, NULL);
    if (schedule_section_uses(schedule->rule, "min_delta"))
        add_real(out, ", min_delta: ", schedule->min_delta, NULL);
    if (schedule_section_uses(schedule->rule, "lr_min"))
        add_real(out, ", lr_min: ", schedule->lr_min, NULL);
    if (schedule_section_uses(schedule->rule, "watch"))
        text_addf(out, ", watch: %s", schedule->watch_train ? "train_loss" : "val_loss");
    text_add(out, "}\n");
}

static void add_stopping(text *out, const stopping_config *stopping)
{
    text_add(out, "  early_stopping: ");
    if (!stopping->on) {
        text_add(out, "false\n");
        return;
    }
    add_size(out, "{patience: ", stopping->patience, NULL);
    add_real(out, ", min_delta: ", stopping->min_delta, NULL);
    text_addf(out, ", monitor: %s}\n", stopping->monitor);
}

static void add_weights(text *out, const class_weights_config *weights)
{
    text_add(out, "  class_weights:");
    if (weights->rule != WEIGHTS_GIVEN)
        text_add(out, weights->rule == WEIGHTS_NONE ? " none" : " balanced");
    text_add(out, "\n");
    for (size_t i = 0; i < weights->count; i++) {
        text_add(out, "    ");
        add_word(out, weights->label[i]);
        add_real(out, ": ", weights->weight[i], NULL);
        text_add(out, "\n");
    }
}

static void add_train(text *out, const train_config *train, print_scope scope)
{
    text_addf(out, "train:\n  epochs: %zu\n", train->epochs);
    add_size(out, "  batch: ", train->batch, "full");
    text_addf(out, "\n  seed: %llu\n  shuffle: %s\n", (unsigned long long)train->seed,
              flag(train->shuffle));
    if (scope == PRINT_ALL)
        text_addf(out, "  threads: %d\n", train->threads);
    text_addf(out, "  precision: %s\n", train->bf16 ? "bf16" : "float32");
    text_addf(out, "  log_steps: %s\n", flag(train->log_steps));
    add_real(out, "  clip_norm: ", train->clip_norm, "none");
    add_real(out, "\n  clip_value: ", train->clip_value, "none");
    add_size(out, "\n  top_k: ", train->top_k, "none");
    text_add(out, "\n");
    add_stopping(out, &train->early_stopping);
    add_weights(out, &train->class_weights);
}

bool experiment_print(const experiment *experiment, print_scope scope, text *out)
{
    add_data(out, &experiment->data, scope);
    add_network(out, experiment, scope);
    add_loss(out, experiment);
    add_optimizer(out, experiment);
    add_schedule(out, &experiment->schedule);
    add_train(out, &experiment->train, scope);
    return !out->failed;
}

bool experiment_print_data(const experiment *experiment, text *out)
{
    add_data(out, &experiment->data, PRINT_ALL);
    return !out->failed;
}
