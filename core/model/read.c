/* read.c: model_read of model.h.
 *
 * A model file is believed only after everything in it was checked: the safetensors reader has seen
 * to the container; here each key of the metadata must be there, be JSON of the expected shape, and
 * hold values in their ranges; a key that is not known is refused, since what it changes is not
 * known either. Then the parts must agree: the network's inputs with the encoding's features, the
 * code with what follows from encoding and last layer, the loss with the last activation, every
 * tensor with its layer, and every weight must be finite. Each refusal names the file and the key
 * or tensor.
 *
 * Plug-ins come from the catalog, by name. What is wrong with them has code ERROR_PLUGIN, all else
 * ERROR_DATA. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "model/metadata.h"
#include "model/model.h"
#include "support/file.h"
#include "support/memory.h"

enum {
    MOST_UNITS = INT32_MAX,
    MOST_JSON = 64 * 1024 * 1024,
    LONGEST_VERSION = 64,
    SHOWN = 60,
    SHOWN_BYTES = 4 * SHOWN + 4,
    WHERE = 96,
};

typedef struct reader {
    model *model; /* being filled */
    catalog *catalog;
    const logger *log;
    plx_error *error;
} reader;

/* --- refusing --- */

__attribute__((format(printf, 2, 3))) static bool refuse(const reader *r, const char *format, ...)
{
    plx_error why = {.code = ERROR_NONE};
    va_list arguments;

    va_start(arguments, format);
    error_setv(&why, ERROR_DATA, format, arguments);
    va_end(arguments);
    return error_set(r->error, ERROR_DATA, "%s: %s", r->model->path, why.text);
}

/* Hands on what another part said, with the file and the key (NULL: it was named) before it. `code`
 * is the class it has here: that part speaks of config files or plug-ins. Out of memory stays what
 * it is. */
static bool pass_on(const reader *r, const char *where, const plx_error *why, error_class code)
{
    return error_set(r->error, why->code == ERROR_RUN ? ERROR_RUN : code, "%s: %s%s%s",
                     r->model->path, where == NULL ? "" : where, where == NULL ? "" : ": ",
                     why->text);
}

static const char *show(char buffer[SHOWN_BYTES], const char *bytes)
{
    return text_shown(buffer, bytes, strlen(bytes), SHOWN);
}

/* --- JSON --- */

/* The value of one key of the metadata, an object; NULL if there is none or it is not one. */
static json_t *parse(const reader *r, const char *key)
{
    const char *value = tensor_file_value(r->model->file, key);
    json_error_t problem;

    if (value == NULL) {
        refuse(r, "the metadata has no '%s'; a model file has one", key);
        return NULL;
    }
    if (strlen(value) > MOST_JSON) {
        refuse(r, "%s: %zu bytes; at most %d are allowed", key, strlen(value), MOST_JSON);
        return NULL;
    }
    json_t *parsed = json_loads(value, JSON_REJECT_DUPLICATES, &problem);
    if (parsed == NULL) {
        refuse(r, "%s: is not valid JSON: %s (line %d, column %d)", key, problem.text, problem.line,
               problem.column);
        return NULL;
    }
    if (!json_is_object(parsed)) {
        refuse(r, "%s: must be an object", key);
        json_decref(parsed);
        return NULL;
    }
    return parsed;
}

/* Requires exactly these keys; `keys` ends with NULL. */
static bool has_keys(const reader *r, json_t *object, const char *where, const char *const *keys)
{
    char shown[SHOWN_BYTES];
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return refuse(r, "%s: must be an object", where);
    for (size_t i = 0; keys[i] != NULL; i++)
        if (json_object_get(object, keys[i]) == NULL)
            return refuse(r, "%s: '%s' is missing", where, keys[i]);
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (keys[i] != NULL && strcmp(keys[i], key) != 0)
            i++;
        if (keys[i] == NULL)
            return refuse(r, "%s: unknown key '%s'", where, show(shown, key));
    }
    return true;
}

static bool get_count(const reader *r, const json_t *object, const char *where, const char *key,
                      size_t *out)
{
    const json_t *value = json_object_get(object, key);
    const json_int_t count = json_integer_value(value);

    if (!json_is_integer(value) || count < 1 || count > MOST_UNITS)
        return refuse(r, "%s: '%s' must be a whole number from 1 to %d", where, key, MOST_UNITS);
    *out = (size_t)count;
    return true;
}

static bool get_number(const reader *r, const json_t *object, const char *where, const char *key,
                       double *out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_number(value) || !isfinite(json_number_value(value)))
        return refuse(r, "%s: '%s' must be a finite number", where, key);
    *out = json_number_value(value);
    return true;
}

static bool get_flag(const reader *r, const json_t *object, const char *where, const char *key,
                     bool *out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_boolean(value))
        return refuse(r, "%s: '%s' must be true or false", where, key);
    *out = json_is_true(value);
    return true;
}

/* --- components --- */

/* Sets what the file names. A setting the file does not name keeps its default, but only under
 * another version of the plug-in, which may have gained it. */
static bool fill_settings(const reader *r, json_t *values, const char *where, bool same,
                          settings *settings)
{
    const place nowhere = {.file = NULL};
    plx_error why = {.code = ERROR_NONE};
    char shown[SHOWN_BYTES];
    const char *name;
    json_t *value;

    if (!json_is_object(values))
        return refuse(r, "%s: 'settings' must be an object", where);
    json_object_foreach(values, name, value)
    {
        if (!json_is_string(value))
            return refuse(r, "%s: the setting '%s' must be a string", where, show(shown, name));
        if (!settings_set(settings, name, nowhere, json_string_value(value), nowhere, &why))
            return pass_on(r, where, &why, ERROR_DATA);
    }
    for (size_t i = 0; same && i < settings_count(settings->plugin); i++) {
        const char *expected = settings_row(settings->plugin, i)->name;
        if (json_object_get(values, expected) == NULL)
            return refuse(r, "%s: the setting '%s' is missing", where, expected);
    }
    return settings_validate(settings, nowhere, &why) || pass_on(r, where, &why, ERROR_DATA);
}

static void warn_of_version(const reader *r, const char *where, const char *version,
                            const plugin *plugin)
{
    char shown[SHOWN_BYTES];

    log_line(r->log, LOG_WARNING,
             "%s: %s: was trained with version %s of %s '%s'; this is version %s (%s)",
             r->model->path, where, show(shown, version), catalog_kind_name(plugin->kind),
             plugin->name, plugin->version, plugin->path);
}

static const plugin *find_plugin(const reader *r, const char *where, uint32_t kind,
                                 const char *name)
{
    plx_error why = {.code = ERROR_NONE};
    char shown[SHOWN_BYTES];

    if (!text_is_name(name)) {
        refuse(r, "%s: '%s' is no name of a plug-in", where, show(shown, name));
        return NULL;
    }
    const plugin *found = catalog_find(r->catalog, kind, name, &why);
    if (found == NULL)
        pass_on(r, where, &why, ERROR_PLUGIN);
    return found;
}

/* The plug-in with its settings from {"name", "version", "settings"}, whose keys were checked. */
static settings *read_component(const reader *r, const json_t *object, const char *where,
                                uint32_t kind)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *version = json_string_value(json_object_get(object, "version"));
    plx_error why = {.code = ERROR_NONE};

    if (name == NULL || version == NULL) {
        refuse(r, "%s: '%s' must be a string", where, name == NULL ? "name" : "version");
        return NULL;
    }
    if (strlen(version) > LONGEST_VERSION) {
        refuse(r, "%s: 'version' has %zu bytes; at most %d are allowed", where, strlen(version),
               LONGEST_VERSION);
        return NULL;
    }
    const plugin *plugin = find_plugin(r, where, kind, name);
    if (plugin == NULL)
        return NULL;
    settings *made = settings_new(plugin, &why);
    if (made == NULL) {
        pass_on(r, where, &why, ERROR_PLUGIN);
        return NULL;
    }
    const bool same = strcmp(version, plugin->version) == 0;
    if (!fill_settings(r, json_object_get(object, "settings"), where, same, made)) {
        settings_free(made);
        return NULL;
    }
    if (!same)
        warn_of_version(r, where, version, plugin);
    return made;
}

/* --- the parts --- */

static bool read_layer(const reader *r, json_t *object, size_t index)
{
    static const char *const keys[] = {"units", "bias", "dropout", "activation", NULL};
    static const char *const component_keys[] = {"name", "version", "settings", NULL};
    json_t *activation = json_object_get(object, "activation");
    layer_spec *layer = &r->model->layer[index];
    char where[WHERE], inner[WHERE + 16];

    snprintf(where, sizeof(where), "network: layers[%zu]", index);
    snprintf(inner, sizeof(inner), "%s: activation", where);
    if (!has_keys(r, object, where, keys) || !get_count(r, object, where, "units", &layer->units) ||
        !get_flag(r, object, where, "bias", &layer->bias) ||
        !get_number(r, object, where, "dropout", &layer->dropout))
        return false;
    if (layer->dropout < 0 || layer->dropout >= 1)
        return refuse(r, "%s: 'dropout' must be at least 0 and below 1", where);
    if (!has_keys(r, activation, inner, component_keys))
        return false;
    r->model->activation[index] = read_component(r, activation, inner, PLX_KIND_ACTIVATION);
    layer->activation = r->model->activation[index];
    return layer->activation != NULL;
}

static bool read_layers(const reader *r, json_t *layers)
{
    const size_t count = json_array_size(layers);

    if (!json_is_array(layers) || count < 1 || count > NETWORK_MOST_LAYERS)
        return refuse(r, "network: 'layers' must be an array of 1 to %d layers",
                      NETWORK_MOST_LAYERS);
    r->model->layer = memory_array(count, sizeof(layer_spec));
    r->model->activation = memory_array(count, sizeof(settings *));
    if (r->model->layer == NULL || r->model->activation == NULL)
        return error_memory(r->error);
    r->model->layer_count = count;
    for (size_t i = 0; i < count; i++)
        if (!read_layer(r, json_array_get(layers, i), i))
            return false;
    return true;
}

static bool read_network(const reader *r)
{
    static const char *const keys[] = {"inputs", "layers", NULL};
    json_t *object = parse(r, "network");
    const bool ok = object != NULL && has_keys(r, object, "network", keys) &&
                    get_count(r, object, "network", "inputs", &r->model->inputs) &&
                    read_layers(r, json_object_get(object, "layers"));

    json_decref(object);
    return ok;
}

static bool read_loss(const reader *r)
{
    static const char *const keys[] = {"name", "version", "settings", "fused", NULL};
    json_t *object = parse(r, "loss");
    bool ok = object != NULL && has_keys(r, object, "loss", keys) &&
              get_flag(r, object, "loss", "fused", &r->model->fused);

    if (ok) {
        r->model->loss = read_component(r, object, "loss", PLX_KIND_LOSS);
        ok = r->model->loss != NULL;
    }
    json_decref(object);
    return ok;
}

static bool read_encoding(const reader *r)
{
    const char *json = tensor_file_value(r->model->file, "encoding");
    plx_error why = {.code = ERROR_NONE};

    if (json == NULL)
        return refuse(r, "the metadata has no 'encoding'; a model file has one");
    if (!encoding_from_json(json, &r->model->encoding, &why))
        return pass_on(r, NULL, &why, ERROR_DATA);
    if (r->model->encoding.targets == TARGETS_NONE)
        return refuse(r, "encoding: has no targets; a model predicts classes or numbers");
    if (r->model->encoding.features != r->model->inputs)
        return refuse(r, "network: 'inputs' is %zu, but the encoding has %zu features",
                      r->model->inputs, r->model->encoding.features);
    return true;
}

static bool read_code(const reader *r)
{
    static const char *const keys[] = {"units", "low", "high", NULL};
    target_code *code = &r->model->code;
    json_t *object = parse(r, "code");
    double low = 0, high = 0;
    const bool ok = object != NULL && has_keys(r, object, "code", keys) &&
                    get_count(r, object, "code", "units", &code->units) &&
                    get_number(r, object, "code", "low", &low) &&
                    get_number(r, object, "code", "high", &high);

    json_decref(object);
    code->low = (float)low;
    code->high = (float)high;
    return ok;
}

static bool read_format(const reader *r)
{
    const char *format = tensor_file_value(r->model->file, "format");
    const char *version = tensor_file_value(r->model->file, "plexus_version");
    char shown[SHOWN_BYTES];

    if (format == NULL)
        return refuse(r, "the metadata has no 'format', so this is no model file of Plexus");
    if (strcmp(format, METADATA_FORMAT) != 0)
        return refuse(r, "format: '%s' is not known; this version reads '%s'", show(shown, format),
                      METADATA_FORMAT);
    if (version == NULL)
        return refuse(r, "the metadata has no 'plexus_version'; a model file has one");
    return true;
}

/* --- whether the parts agree --- */

/* The code follows from the encoding and the last layer; the file's must be that one. */
static bool check_code(const reader *r)
{
    const layer_spec *last = &r->model->layer[r->model->layer_count - 1];
    const target_code *code = &r->model->code;
    const place nowhere = {.file = NULL};
    plx_error why = {.code = ERROR_NONE};
    target_code expected;
    plx_domain output;

    if (!settings_domain(last->activation, &output, &why))
        return pass_on(r, "network: the last activation", &why, ERROR_PLUGIN);
    if (!encoding_code(&r->model->encoding, last->units, &output, nowhere, &expected, &why))
        return pass_on(r, "encoding", &why, ERROR_DATA);
    if (code->units != expected.units)
        return refuse(r, "code: 'units' is %zu, but the last layer has %zu", code->units,
                      expected.units);
    if (code->low != expected.low || code->high != expected.high)
        return refuse(r,
                      "code: 'low' and 'high' are %g and %g; the last layer's outputs need %g "
                      "and %g",
                      (double)code->low, (double)code->high, (double)expected.low,
                      (double)expected.high);
    return true;
}

static bool check_loss(const reader *r)
{
    const layer_spec *last = &r->model->layer[r->model->layer_count - 1];
    const place nowhere = {.file = NULL};
    plx_error why = {.code = ERROR_NONE};

    return settings_loss_fits(r->model->loss, last->activation, r->catalog, nowhere, &why) ||
           pass_on(r, NULL, &why, ERROR_DATA);
}

/* A tensor's data need not be aligned in the file, so each number is copied out. */
static bool check_finite(const reader *r, const stored_tensor *tensor)
{
    const unsigned char *data = tensor->data;

    for (uint64_t i = 0; i < tensor->bytes / sizeof(float); i++) {
        float weight;
        memcpy(&weight, data + i * sizeof(weight), sizeof(weight));
        if (!isfinite(weight))
            return refuse(r, "tensor '%s': element %llu is %s; weights must be finite",
                          tensor->name, (unsigned long long)i,
                          isnan(weight) ? "not a number" : "infinite");
    }
    return true;
}

/* cols 0: a vector. */
static bool check_tensor(const reader *r, size_t layer, const char *part, size_t rows, size_t cols)
{
    char name[WHERE];

    snprintf(name, sizeof(name), "layers.%zu.%s", layer, part);
    const stored_tensor *tensor = tensor_file_find(r->model->file, name);
    if (tensor == NULL)
        return refuse(r, "no tensor '%s'; the network has it", name);
    if (tensor->type != TENSOR_F32)
        return refuse(r, "tensor '%s': must be of type F32", name);
    if (cols == 0 && (tensor->rank != 1 || tensor->shape[0] != rows))
        return refuse(r, "tensor '%s': its shape must be [%zu]", name, rows);
    if (cols != 0 && (tensor->rank != 2 || tensor->shape[0] != rows || tensor->shape[1] != cols))
        return refuse(r, "tensor '%s': its shape must be [%zu, %zu]", name, rows, cols);
    return check_finite(r, tensor);
}

/* Other names are a checkpoint's own, but a weight or bias that no layer has is a contradiction. */
static bool check_strays(const reader *r)
{
    for (size_t i = 0; i < tensor_file_count(r->model->file); i++) {
        const char *name = tensor_file_at(r->model->file, i)->name;
        char shown[SHOWN_BYTES], part[8], end;
        unsigned layer;

        if (sscanf(name, "layers.%9u.%7[a-z]%c", &layer, part, &end) != 2)
            continue;
        const bool is_weight = strcmp(part, "weight") == 0, is_bias = strcmp(part, "bias") == 0;
        const bool has_layer = layer < r->model->layer_count;
        if ((is_weight && !has_layer) || (is_bias && (!has_layer || !r->model->layer[layer].bias)))
            return refuse(r, "tensor '%s': the network has no such parameters", show(shown, name));
    }
    return true;
}

static bool check_tensors(const reader *r)
{
    size_t fan_in = r->model->inputs;

    for (size_t i = 0; i < r->model->layer_count; i++) {
        const layer_spec *layer = &r->model->layer[i];
        if (!check_tensor(r, i, "weight", layer->units, fan_in) ||
            (layer->bias && !check_tensor(r, i, "bias", layer->units, 0)))
            return false;
        fan_in = layer->units;
    }
    return check_strays(r);
}

/* --- the whole --- */

static char *resolve(const char *path, plx_error *error)
{
    if (!file_is_folder(path)) {
        char *copy = memory_string(path);
        if (copy == NULL)
            error_memory(error);
        return copy;
    }
    char *inside = file_join(path, "model.safetensors");
    if (inside == NULL) {
        error_memory(error);
    } else if (!file_exists(inside)) {
        error_set(error, ERROR_DATA,
                  "%s: has no model.safetensors; a model file or the folder of a run is wanted",
                  path);
        free(inside);
        return NULL;
    }
    return inside;
}

model *model_read(const char *path, catalog *catalog, const logger *log, plx_error *error)
{
    model *made = memory_array(1, sizeof(*made));
    const reader r = {.model = made, .catalog = catalog, .log = log, .error = error};

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->path = resolve(path, error);
    if (made->path == NULL)
        goto failed;
    made->file = tensor_file_read(made->path, error);
    if (made->file == NULL)
        goto failed;
    if (read_format(&r) && read_network(&r) && read_loss(&r) && read_encoding(&r) &&
        read_code(&r) && check_code(&r) && check_loss(&r) && check_tensors(&r))
        return made;
failed:
    model_free(made);
    return NULL;
}
