/* summary.c: what a model is, for people and for machines.
 *
 *     model       runs/iris-1/model.safetensors, written by Plexus 0.1.0
 *     inputs      4 features from 4 columns: sepal_length, sepal_width, petal_length, petal_width
 *     scaling     (x - offset) * factor, for each of 4 features
 *     classes     3 of species: setosa, versicolor, virginica
 *     loss        cross_entropy, fused with softmax
 *
 *     layer  shape    activation  bias  dropout  parameters
 *         0  4 -> 8   tanh        yes         -          40
 *         1  8 -> 3   softmax     yes         -          27
 *     total                                              67
 *
 *     memory      268 bytes of weights
 *
 * Names come from files, so they are shown with what would upset a terminal escaped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/metadata.h"
#include "model/model.h"
#include "support/memory.h"

enum { MOST_NAMES = 20, SHOWN = 40, SHOWN_BYTES = 4 * SHOWN + 4 };

static const char *show(char buffer[SHOWN_BYTES], const char *bytes)
{
    return text_shown(buffer, bytes, strlen(bytes), SHOWN);
}

static const char *written_by(const model *model)
{
    const char *version = tensor_file_value(model->file, "plexus_version");

    return version == NULL ? "unknown" : version;
}

static size_t layer_inputs(const model *model, size_t layer)
{
    return layer == 0 ? model->inputs : model->layer[layer - 1].units;
}

static uint64_t layer_parameters(const model *model, size_t layer)
{
    const layer_spec *spec = &model->layer[layer];

    return (uint64_t)spec->units * layer_inputs(model, layer) + (spec->bias ? spec->units : 0);
}

static uint64_t all_parameters(const model *model)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < model->layer_count; i++)
        sum += layer_parameters(model, i);
    return sum;
}

/* --- components --- */

/* "elu (alpha 0.5)": the name, and the settings that are not at their defaults. */
static void add_component(text *out, const settings *component)
{
    plx_error ignored = {.code = ERROR_NONE};
    settings *defaults = settings_new(component->plugin, &ignored);
    const char *lead = " (";

    text_add(out, component->plugin->name);
    for (size_t i = 0; defaults != NULL && i < settings_count(component->plugin); i++) {
        char here[32], there[32];
        const char *value = settings_value(component, i, here);
        if (strcmp(value, settings_value(defaults, i, there)) == 0)
            continue;
        text_addf(out, "%s%s %s", lead, settings_row(component->plugin, i)->name, value);
        lead = ", ";
    }
    text_add(out, lead[0] == ',' ? ")" : "");
    if (defaults == NULL)
        out->failed = true;
    settings_free(defaults);
}

/* --- the table of layers --- */

enum { COLUMNS = 6 };

static const char *const headings[COLUMNS] = {"layer", "shape",   "activation",
                                              "bias",  "dropout", "parameters"};
/* Numbers to the right, words to the left. */
static const bool to_right[COLUMNS] = {true, false, false, false, true, true};

static void fill_cell(const model *model, size_t layer, size_t column, text *out)
{
    const layer_spec *spec = &model->layer[layer];

    switch (column) {
    case 0:
        text_addf(out, "%zu", layer);
        break;
    case 1:
        text_addf(out, "%zu -> %zu", layer_inputs(model, layer), spec->units);
        break;
    case 2:
        add_component(out, spec->activation);
        break;
    case 3:
        text_add(out, spec->bias ? "yes" : "no");
        break;
    case 4:
        if (spec->dropout > 0)
            text_add_double(out, spec->dropout);
        else
            text_add(out, "-");
        break;
    default:
        text_addf(out, "%llu", (unsigned long long)layer_parameters(model, layer));
    }
}

static size_t column_width(const model *model, size_t column)
{
    size_t widest = strlen(headings[column]);

    for (size_t i = 0; i < model->layer_count; i++) {
        text cell = {0};
        fill_cell(model, i, column, &cell);
        widest = cell.length > widest ? cell.length : widest;
        free(cell.bytes);
    }
    return widest;
}

static void add_cell(text *out, const char *cell, size_t column, const size_t width[COLUMNS])
{
    const char *gap = column + 1 == COLUMNS ? "\n" : "  ";

    if (to_right[column])
        text_addf(out, "%*s%s", (int)width[column], cell, gap);
    else
        text_addf(out, "%-*s%s", (int)width[column], cell, gap);
}

static void add_layers(const model *model, text *out)
{
    size_t width[COLUMNS], before = 0;

    text_add(out, "\n");
    for (size_t c = 0; c < COLUMNS; c++) {
        width[c] = column_width(model, c);
        before += c + 1 < COLUMNS ? width[c] + 2 : 0;
        add_cell(out, headings[c], c, width);
    }
    for (size_t i = 0; i < model->layer_count; i++)
        for (size_t c = 0; c < COLUMNS; c++) {
            text cell = {0};
            fill_cell(model, i, c, &cell);
            out->failed = out->failed || cell.failed;
            add_cell(out, cell.bytes == NULL ? "" : cell.bytes, c, width);
            free(cell.bytes);
        }
    text_addf(out, "%-*s%*llu\n\n", (int)before, "total", (int)width[COLUMNS - 1],
              (unsigned long long)all_parameters(model));
}

/* --- data --- */

static void add_columns(const encoding *encoding, text *out)
{
    char shown[SHOWN_BYTES];

    text_addf(out, " from %zu column%s: ", encoding->column_count,
              encoding->column_count == 1 ? "" : "s");
    for (size_t i = 0; i < encoding->column_count && i < MOST_NAMES; i++) {
        const input_column *column = &encoding->column[i];
        text_addf(out, "%s%s", i > 0 ? ", " : "", show(shown, column->name));
        if (column->category != NULL)
            text_addf(out, " (%zu categories)", column->categories);
    }
    if (encoding->column_count > MOST_NAMES)
        text_addf(out, ", and %zu more", encoding->column_count - MOST_NAMES);
}

static void add_inputs(const encoding *encoding, text *out)
{
    text_addf(out, "inputs      %zu feature%s", encoding->features,
              encoding->features == 1 ? "" : "s");
    if (encoding->column != NULL && encoding->column_count > 0)
        add_columns(encoding, out);
    text_add(out, "\n");
}

/* Pictures are scaled alike everywhere, and then the numbers are worth showing. */
static void add_scaling(const encoding *encoding, text *out)
{
    const double *offset = encoding->offset, *factor = encoding->factor;

    if (offset == NULL || factor == NULL || encoding->features == 0)
        text_add(out, "scaling     none\n");
    else if (encoding->even)
        text_addf(out, "scaling     (x - %g) * %g for every feature\n", offset[0], factor[0]);
    else
        text_addf(out, "scaling     (x - offset) * factor, fitted for each of %zu features\n",
                  encoding->features);
}

static void add_classes(const model *model, text *out)
{
    const encoding *encoding = &model->encoding;
    const target_code *code = &model->code;
    char shown[SHOWN_BYTES];

    text_addf(out, "classes     %zu", encoding->label_count);
    if (encoding->target_count > 0)
        text_addf(out, " of %s", show(shown, encoding->target_name[0]));
    for (size_t i = 0; i < encoding->label_count && i < MOST_NAMES; i++)
        text_addf(out, "%s%s", i > 0 ? ", " : ": ", show(shown, encoding->label[i]));
    if (encoding->label_count > MOST_NAMES)
        text_addf(out, ", and %zu more", encoding->label_count - MOST_NAMES);
    if (code->units == 1 && encoding->label_count == 2)
        text_addf(out, "; at or above %g it is %s", ((double)code->low + (double)code->high) / 2,
                  show(shown, encoding->label[1]));
    text_add(out, "\n");
}

static void add_targets(const encoding *encoding, text *out)
{
    const bool scaled = encoding->target_deviation != NULL;
    char shown[SHOWN_BYTES];

    text_addf(out, "targets     %zu: ", encoding->target_count);
    for (size_t i = 0; i < encoding->target_count && i < MOST_NAMES; i++) {
        text_addf(out, "%s%s", i > 0 ? ", " : "", show(shown, encoding->target_name[i]));
        if (scaled)
            text_addf(out, " (mean %g, deviation %g)", encoding->target_mean[i],
                      encoding->target_deviation[i]);
    }
    if (encoding->target_count > MOST_NAMES)
        text_addf(out, ", and %zu more", encoding->target_count - MOST_NAMES);
    text_add(out, "\n");
}

/* --- the whole --- */

static void add_loss(const model *model, text *out)
{
    const settings *last = model->layer[model->layer_count - 1].activation;

    text_add(out, "loss        ");
    add_component(out, model->loss);
    if (model->fused && settings_fused(model->loss, last) != NULL)
        text_addf(out, ", fused with %s", last->plugin->name);
    text_add(out, "\n");
}

static void add_memory(const model *model, text *out)
{
    const double bytes = (double)all_parameters(model) * sizeof(float);

    text_add(out, "memory      ");
    if (bytes < 1024)
        text_addf(out, "%.0f bytes", bytes);
    else if (bytes < 1024 * 1024)
        text_addf(out, "%.1f KiB", bytes / 1024);
    else
        text_addf(out, "%.1f MiB", bytes / (1024 * 1024));
    text_add(out, " of weights\n");
}

bool model_summary(const model *model, text *out)
{
    char shown[SHOWN_BYTES];

    text_addf(out, "model       %s, written by Plexus %s\n", model->path,
              show(shown, written_by(model)));
    add_inputs(&model->encoding, out);
    add_scaling(&model->encoding, out);
    if (model->encoding.targets == TARGETS_CLASS)
        add_classes(model, out);
    else
        add_targets(&model->encoding, out);
    add_loss(model, out);
    add_layers(model, out);
    add_memory(model, out);
    return !out->failed;
}

/* The description of the file, with what follows from it added to each layer. */
static json_t *describe_network(const model *model)
{
    json_t *network = metadata_network(model->inputs, model->layer, model->layer_count);
    json_t *layers = json_object_get(network, "layers");

    for (size_t i = 0; i < model->layer_count; i++) {
        json_t *layer = json_array_get(layers, i);
        if (json_object_set_new(layer, "inputs",
                                json_integer((json_int_t)layer_inputs(model, i))) != 0 ||
            json_object_set_new(layer, "parameters",
                                json_integer((json_int_t)layer_parameters(model, i))) != 0) {
            json_decref(network);
            return NULL;
        }
    }
    return network;
}

static json_t *describe_encoding(const model *model)
{
    char *printed = encoding_to_json(&model->encoding);
    json_t *parsed = printed == NULL ? NULL : json_loads(printed, 0, NULL);

    free(printed);
    return parsed;
}

bool model_summary_json(const model *model, text *out)
{
    const uint64_t parameters = all_parameters(model);
    json_t *root = json_object();
    const bool ok =
        json_object_set_new(root, "model", json_string(model->path)) == 0 &&
        json_object_set_new(root, "plexus_version", json_string(written_by(model))) == 0 &&
        json_object_set_new(root, "parameters", json_integer((json_int_t)parameters)) == 0 &&
        json_object_set_new(root, "bytes",
                            json_integer((json_int_t)(parameters * sizeof(float)))) == 0 &&
        json_object_set_new(root, "network", describe_network(model)) == 0 &&
        json_object_set_new(root, "loss", metadata_loss(model->loss, model->fused)) == 0 &&
        json_object_set_new(root, "encoding", describe_encoding(model)) == 0;
    char *printed = ok ? json_dumps(root, JSON_COMPACT) : NULL;

    if (printed == NULL)
        out->failed = true;
    else
        text_add(out, printed);
    free(printed);
    json_decref(root);
    return !out->failed;
}
