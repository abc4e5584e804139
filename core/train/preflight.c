/* preflight.c: see preflight.h. */
#include "train/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "network/product_bf16.h"
#include "support/memory.h"
#include "support/text.h"

place preflight_place(const experiment *experiment, const char *key)
{
    const node *section = experiment->tree == NULL ? NULL : tree_child(experiment->tree, "train");
    const node *found = section == NULL ? NULL : tree_child(section, key);

    return found == NULL ? experiment->train.at : found->at;
}

/* --- targets --- */

/* The narrowest words for what a part's targets are. */
static const char *kind_of(uint32_t kinds)
{
    if (kinds & PLX_TARGET_LABELS)
        return "classes";
    if (kinds & PLX_TARGET_SIMPLEX)
        return "rows within [0, 1] that sum to one";
    if (kinds & PLX_TARGET_UNIT)
        return "numbers within [0, 1]";
    if (kinds & PLX_TARGET_POSITIVE)
        return "numbers above 0";
    return "numbers, some at or below 0 or above 1";
}

static void describe_needs(text *out, uint32_t kinds)
{
    static const struct {
        uint32_t kind;
        const char *words;
    } known[] = {
        {PLX_TARGET_REALS, "any numbers"},
        {PLX_TARGET_POSITIVE, "numbers above 0"},
        {PLX_TARGET_UNIT, "numbers within [0, 1]"},
        {PLX_TARGET_SIMPLEX, "rows within [0, 1] that sum to one"},
        {PLX_TARGET_LABELS, "classes"},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (kinds & known[i].kind)
            text_addf(out, "%s%s", out->length == 0 ? "" : " or ", known[i].words);
    if (out->length == 0)
        text_add(out, "another output layer");
}

/* What to change, as a clause; `column` is the target's name. */
static void advise(text *out, uint32_t needs, const encoding *encoding)
{
    const char *column = encoding->target_count > 0 && encoding->target_name != NULL
                             ? encoding->target_name[0]
                             : "c";
    const bool classes_help =
        (needs & (PLX_TARGET_LABELS | PLX_TARGET_SIMPLEX | PLX_TARGET_UNIT)) != 0;

    if (encoding->targets == TARGETS_CLASS)
        text_add(out, "choose a loss that takes classes, such as cross_entropy");
    else if (classes_help && encoding->target_count == 1)
        text_addf(out,
                  "if they are classes, write target: {column: %s, as: class}; else choose "
                  "a loss for numbers, such as mse",
                  column);
    else
        text_add(out, "choose a loss for such numbers, such as mse");
}

bool preflight_targets(const settings *loss, const plx_domain *output, const encoding *encoding,
                       const target_code *code, const data_part *part, double smoothing,
                       const char *part_name, error_class class_of_error, place at,
                       plx_error *error)
{
    if (loss->plugin->loss->targets == NULL)
        return true;
    const uint32_t family = settings_family(output);
    const uint32_t needs = loss->plugin->loss->targets(loss->values, family);
    const uint32_t kinds = data_target_kinds(part, encoding, code, smoothing);
    if (needs & kinds)
        return true;
    text wanted = {0}, advice = {0};
    describe_needs(&wanted, needs);
    advise(&advice, needs, encoding);
    if (wanted.failed || advice.failed) {
        error_memory(error);
    } else {
        error_at(error, class_of_error, at,
                 "the %s targets are %s, but loss '%s' with outputs that are %s needs %s; %s",
                 part_name, kind_of(kinds), loss->plugin->name, settings_family_name(family),
                 wanted.bytes, advice.bytes);
        error_misfit(error);
    }
    free(wanted.bytes);
    free(advice.bytes);
    return false;
}

/* --- the rest --- */

static bool check_parts(const experiment *experiment, const data_bundle *data,
                        const plx_domain *output, const target_code *code, plx_error *error)
{
    const struct {
        const data_part *part;
        const char *name;
        double smoothing;
    } parts[] = {
        {&data->train, "training", experiment->data.label_smoothing},
        {&data->validation, "validation", 0},
        {&data->test, "test", 0},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].part->rows > 0 &&
            !preflight_targets(experiment->loss.settings, output, &data->encoding, code,
                               parts[i].part, parts[i].smoothing, parts[i].name, ERROR_CONFIG,
                               experiment->loss.at, error))
            return false;
    return true;
}

static bool check_batch(const experiment *experiment, size_t rows, plx_error *error)
{
    const size_t batch = experiment->train.batch;

    if (rows == 0)
        return error_at(error, ERROR_DATA, experiment->data.at, "there are no training rows");
    if (batch > rows)
        return error_at(error, ERROR_CONFIG, preflight_place(experiment, "batch"),
                        "batch %zu is more than the %zu training rows; give at most %zu, or "
                        "batch: full",
                        batch, rows, rows);
    return true;
}

/* Not before it is run: the file itself is as good on this machine as on any. */
static bool check_precision(const experiment *experiment, plx_error *error)
{
    const char *lack = product_bf16_lack();

    return !experiment->train.bf16 || lack == NULL ||
           error_at(error, ERROR_CONFIG, preflight_place(experiment, "precision"),
                    "train.precision is bf16, but %s; float32 works everywhere", lack);
}

bool preflight_top_k(size_t k, const encoding *encoding, size_t units, error_class code, place at,
                     plx_error *error)
{
    if (k == 0)
        return true;
    if (encoding->targets != TARGETS_CLASS)
        return error_at(error, code, at,
                        "top_k counts classes, but the targets are numbers; leave it out");
    if (units < 2 || k >= encoding->label_count)
        return error_at(error, code, at,
                        "top_k %zu says nothing with %zu classes and %zu output unit%s; it must be "
                        "less than the classes, each with a unit of its own",
                        k, encoding->label_count, units, units == 1 ? "" : "s");
    return true;
}

bool preflight(const experiment *experiment, const data_bundle *data, plx_domain *output,
               target_code *code, plx_error *error)
{
    const layer_config *last = &experiment->layers[experiment->layer_count - 1];

    return check_precision(experiment, error) &&
           settings_domain(last->activation.settings, output, error) &&
           check_batch(experiment, data->train.rows, error) &&
           encoding_code(&data->encoding, last->units, output, last->at, code, error) &&
           check_parts(experiment, data, output, code, error) &&
           preflight_top_k(experiment->train.top_k, &data->encoding, last->units, ERROR_CONFIG,
                           preflight_place(experiment, "top_k"), error);
}

/* --- class weights --- */

static bool balance(const data_bundle *data, double *weight, plx_error *error)
{
    const size_t classes = data->encoding.label_count;
    size_t *count = memory_array(classes, sizeof(*count));

    if (count == NULL)
        return error_memory(error);
    data_class_counts(&data->train, &data->encoding, count);
    for (size_t c = 0; c < classes; c++)
        weight[c] =
            count[c] == 0 ? 1 : (double)data->train.rows / ((double)classes * (double)count[c]);
    free(count);
    return true;
}

/* The index of a label; label_count if there is none. */
static size_t label_index(const encoding *encoding, const char *label)
{
    size_t c = 0;

    while (c < encoding->label_count && strcmp(encoding->label[c], label) != 0)
        c++;
    return c;
}

static bool give(const class_weights_config *config, const encoding *encoding, double *weight,
                 plx_error *error)
{
    for (size_t c = 0; c < encoding->label_count; c++)
        weight[c] = 1;
    for (size_t i = 0; i < config->count; i++) {
        const size_t c = label_index(encoding, config->label[i]);
        if (c < encoding->label_count) {
            weight[c] = config->weight[i];
            continue;
        }
        const char *nearest = text_nearest(config->label[i], (const char *const *)encoding->label,
                                           encoding->label_count);
        if (nearest != NULL)
            return error_at(error, ERROR_CONFIG, config->at,
                            "class_weights: no class '%s' in the training rows; did you mean '%s'?",
                            config->label[i], nearest);
        return error_at(error, ERROR_CONFIG, config->at,
                        "class_weights: no class '%s' in the training rows; the first of the %zu "
                        "classes is '%s'",
                        config->label[i], encoding->label_count, encoding->label[0]);
    }
    return true;
}

double *preflight_class_weights(const experiment *experiment, const data_bundle *data, bool *ok,
                                plx_error *error)
{
    const class_weights_config *config = &experiment->train.class_weights;

    *ok = config->rule == WEIGHTS_NONE;
    if (*ok)
        return NULL;
    if (data->encoding.targets != TARGETS_CLASS) {
        error_at(error, ERROR_CONFIG, config->at,
                 "class_weights needs classes, but the targets are numbers; leave it out, or write "
                 "target: {column: c, as: class}");
        return NULL;
    }
    double *weight = memory_array(data->encoding.label_count, sizeof(*weight));
    if (weight == NULL)
        error_memory(error);
    else
        *ok = config->rule == WEIGHTS_BALANCED ? balance(data, weight, error)
                                               : give(config, &data->encoding, weight, error);
    if (!*ok) {
        free(weight);
        return NULL;
    }
    return weight;
}
