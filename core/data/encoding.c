/* encoding.c: the encoding as JSON and back, and how targets meet an output layer.
 *
 * The JSON is part of the model file and so comes from outside when it is read: each member has its
 * type and its bounds, counts have to agree with each other, and an unknown or missing member is an
 * error. Doubles are written with 17 digits, which is enough to read back the same bits. */
#include "data/encoding.h"

#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/labels.h"
#include "data/vocabulary.h"
#include "support/memory.h"
#include "support/text.h"

/* Of columns and targets too, of which a matrix can have more than a CSV file. */
#define MAX_FEATURES ((size_t)1 << 31)

static const char *const format_names[] = {"auto", "csv", "idx", "npy", "libsvm", NULL};
static const char *const missing_names[] = {"error", "drop", "mean", NULL};
static const char *const target_names[] = {"none", "class", "number", NULL};

void encoding_clear(encoding *fitted)
{
    if (fitted->column != NULL)
        for (size_t c = 0; c < fitted->column_count; c++) {
            free(fitted->column[c].name);
            strings_free(fitted->column[c].category, fitted->column[c].categories);
        }
    free(fitted->column);
    free(fitted->offset);
    free(fitted->factor);
    strings_free(fitted->target_name, fitted->target_count);
    strings_free(fitted->label, fitted->label_count);
    free(fitted->target_mean);
    free(fitted->target_deviation);
    *fitted = (struct encoding){0};
}

/* --- scaling --- */

static bool is_even(const encoding *fitted)
{
    const double *offset = fitted->offset, *factor = fitted->factor;

    if (offset == NULL)
        return false;
    for (size_t f = 1; f < fitted->features; f++)
        if (offset[f] != offset[0] || factor[f] != factor[0])
            return false;
    return true;
}

/* Whether x high + x low, whose first product is exact, and whose second may be fused with the addition
 * or not, is what x factor is, rounded once. Here all of it is exact but for the conversions. */
static bool has_same_bits(double factor, double high, double low)
{
    for (int x = 0; x <= UINT8_MAX; x++) {
        const float expected = (float)(x * factor);
        const float fused = (float)(x * high + x * low);
        const float apart = (float)(x * high + (double)(float)(x * low));
        if (fused != expected || apart != expected)
            return false;
    }
    return true;
}

/* A step takes smaller ones for zeros. */
static bool is_normal_or_zero(float x)
{
    return x == 0 || fabsf(x) >= FLT_MIN;
}

/* The first 16 bits of the factor, so that a byte times these fits into a float, and what is left; they
 * stay as they are if these will not do. */
static void split_factor(double factor, float *high, float *low)
{
    float first = (float)factor;
    uint32_t bits;

    memcpy(&bits, &first, sizeof(bits));
    bits &= ~(uint32_t)UINT8_MAX;
    memcpy(&first, &bits, sizeof(bits));
    const float rest = (float)(factor - (double)first);
    if (is_normal_or_zero(first) && is_normal_or_zero(rest) &&
        has_same_bits(factor, (double)first, (double)rest)) {
        *high = first;
        *low = rest;
    }
}

void encoding_look_at_scaling(encoding *fitted)
{
    fitted->even = is_even(fitted);
    fitted->high = fitted->low = 0;
    if (fitted->even && fitted->features > 0 && fitted->offset[0] == 0)
        split_factor(fitted->factor[0], &fitted->high, &fitted->low);
}

double encoding_largest_byte(const encoding *fitted)
{
    double largest = fitted->offset == NULL ? UINT8_MAX : 0;

    for (size_t f = 0; fitted->offset != NULL && f < fitted->features; f++) {
        const double offset = fitted->offset[f];
        const double farthest = fmax(fabs(offset), fabs(UINT8_MAX - offset));
        largest = fmax(largest, farthest * fabs(fitted->factor[f]));
    }
    return largest;
}

/* --- writing --- */

static json_t *strings_to_json(char *const *strings, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(array, json_string(strings[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *numbers_to_json(const double *numbers, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(array, json_real(numbers[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *column_to_json(const input_column *column)
{
    json_t *object = json_object();
    int failed = json_object_set_new(object, "name", json_string(column->name));

    if (column->category != NULL)
        failed |= json_object_set_new(object, "categories",
                                      strings_to_json(column->category, column->categories));
    else
        failed |= json_object_set_new(object, "mean", json_real(column->mean));
    if (failed == 0)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *columns_to_json(const encoding *fitted)
{
    json_t *array = json_array();

    for (size_t c = 0; c < fitted->column_count; c++)
        if (json_array_append_new(array, column_to_json(&fitted->column[c])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

/* Members that are absent are NULL in the encoding. */
static int set_optional(json_t *object, const encoding *fitted)
{
    int failed = 0;

    if (fitted->column != NULL)
        failed |= json_object_set_new(object, "columns", columns_to_json(fitted));
    if (fitted->offset != NULL) {
        failed |= json_object_set_new(object, "offset",
                                      numbers_to_json(fitted->offset, fitted->features));
        failed |= json_object_set_new(object, "factor",
                                      numbers_to_json(fitted->factor, fitted->features));
    }
    if (fitted->label != NULL)
        failed |= json_object_set_new(object, "labels",
                                      strings_to_json(fitted->label, fitted->label_count));
    if (fitted->target_mean != NULL) {
        failed |= json_object_set_new(object, "target_mean",
                                      numbers_to_json(fitted->target_mean, fitted->target_count));
        failed |=
            json_object_set_new(object, "target_deviation",
                                numbers_to_json(fitted->target_deviation, fitted->target_count));
    }
    return failed;
}

char *encoding_to_json(const encoding *fitted)
{
    const char delimiter[2] = {fitted->delimiter, '\0'};
    json_t *object = json_object();
    char *out = NULL;
    int failed = 0;

    failed |= json_object_set_new(object, "format", json_string(format_names[fitted->format]));
    failed |= json_object_set_new(object, "header", json_boolean(fitted->header));
    failed |= json_object_set_new(object, "delimiter", json_string(delimiter));
    failed |= json_object_set_new(object, "missing", json_string(missing_names[fitted->missing]));
    failed |= json_object_set_new(object, "features", json_integer((json_int_t)fitted->features));
    failed |= json_object_set_new(object, "targets", json_string(target_names[fitted->targets]));
    failed |= json_object_set_new(object, "target_names",
                                  strings_to_json(fitted->target_name, fitted->target_count));
    failed |= set_optional(object, fitted);
    if (failed == 0)
        out = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    return out;
}

/* --- reading --- */

/* What is wrong with the JSON, by member. Returns false. */
static bool bad(plx_error *error, const char *member, const char *wanted)
{
    return error_set(error, ERROR_DATA, "the encoding's \"%s\" is not %s", member, wanted);
}

static bool get_choice(const json_t *object, const char *member, const char *const *names,
                       int *choice, plx_error *error)
{
    const char *value = json_string_value(json_object_get(object, member));

    for (*choice = 0; value != NULL && names[*choice] != NULL; ++*choice)
        if (strcmp(names[*choice], value) == 0)
            return true;
    return bad(error, member, "one of the words it can be");
}

/* `strictly`: each string comes after the one before. */
static bool get_strings(const json_t *array, const char *member, size_t most, bool strictly,
                        char ***strings, size_t *count, plx_error *error)
{
    const size_t n = json_array_size(array);

    if (!json_is_array(array) || n > most)
        return bad(error, member, "a list of strings of the length it may have");
    *strings = memory_array(n, sizeof(char *));
    if (*strings == NULL)
        return error_memory(error);
    for (*count = 0; *count < n; ++*count) {
        const char *value = json_string_value(json_array_get(array, *count));
        if (value == NULL)
            return bad(error, member, "a list of strings");
        if (strictly && *count > 0 && strcmp((*strings)[*count - 1], value) >= 0)
            return bad(error, member, "sorted");
        (*strings)[*count] = memory_string(value);
        if ((*strings)[*count] == NULL)
            return error_memory(error);
    }
    return true;
}

/* A list of `count` finite numbers, or nothing; `positive`: all above 0. */
static bool get_numbers(const json_t *object, const char *member, size_t count, bool positive,
                        double **numbers, plx_error *error)
{
    const json_t *array = json_object_get(object, member);

    if (array == NULL)
        return true;
    if (!json_is_array(array) || json_array_size(array) != count)
        return bad(error, member, "a list with as many numbers as there are");
    *numbers = memory_array(count, sizeof(double));
    if (*numbers == NULL)
        return error_memory(error);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        const double number = json_number_value(value);
        if (!json_is_number(value) || !isfinite(number) || (positive && !(number > 0)))
            return bad(error, member, positive ? "positive and finite" : "finite");
        (*numbers)[i] = number;
    }
    return true;
}

static bool get_column(const json_t *object, input_column *column, plx_error *error)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    const json_t *categories = json_object_get(object, "categories");
    const json_t *mean = json_object_get(object, "mean");

    if (name == NULL || name[0] == '\0')
        return bad(error, "columns", "a list of objects with a name each");
    if ((categories == NULL) == (mean == NULL) || json_object_size(object) != 2)
        return bad(error, "columns", "a list of objects with either a mean or categories");
    column->name = memory_string(name);
    if (column->name == NULL)
        return error_memory(error);
    if (categories != NULL)
        return get_strings(categories, "categories", MAX_CATEGORIES, true, &column->category,
                           &column->categories, error);
    column->mean = json_number_value(mean);
    if (!json_is_number(mean) || !isfinite(column->mean))
        return bad(error, "mean", "a finite number");
    return true;
}

static bool get_columns(const json_t *array, encoding *fitted, plx_error *error)
{
    const size_t n = json_array_size(array);
    size_t features = 0;
    vocabulary seen = {0};
    bool ok = true;

    if (!json_is_array(array) || n > MAX_FEATURES)
        return bad(error, "columns", "a list of columns");
    fitted->column = memory_array(n, sizeof(*fitted->column));
    if (fitted->column == NULL)
        return error_memory(error);
    while (ok && fitted->column_count < n) {
        const size_t c = fitted->column_count++;
        input_column *column = &fitted->column[c];
        column->first = features;
        ok = get_column(json_array_get(array, c), column, error);
        features += column->category == NULL ? 1 : column->categories;
        if (ok && vocabulary_add(&seen, column->name, strlen(column->name)) != c)
            ok = bad(error, "columns", "a list of columns with different names");
    }
    vocabulary_clear(&seen);
    if (ok && features != fitted->features)
        return bad(error, "features", "the number of features its columns make");
    return ok;
}

static bool get_simple(const json_t *object, encoding *fitted, plx_error *error)
{
    const json_t *header = json_object_get(object, "header");
    const json_t *features = json_object_get(object, "features");
    const char *delimiter = json_string_value(json_object_get(object, "delimiter"));
    int format, missing, targets;

    if (!get_choice(object, "format", format_names, &format, error) ||
        !get_choice(object, "missing", missing_names, &missing, error) ||
        !get_choice(object, "targets", target_names, &targets, error))
        return false;
    if (!json_is_boolean(header))
        return bad(error, "header", "true or false");
    if (delimiter == NULL || strlen(delimiter) > 1 || strpbrk(delimiter, "\"\r\n") != NULL)
        return bad(error, "delimiter", "one character");
    if (!json_is_integer(features) || json_integer_value(features) < 1 ||
        (uint64_t)json_integer_value(features) > MAX_FEATURES)
        return bad(error, "features", "a number from 1 to 2147483648");
    fitted->format = (data_format)format;
    fitted->missing = (missing_rule)missing;
    fitted->targets = (target_kind)targets;
    fitted->header = json_is_true(header);
    fitted->delimiter = delimiter[0];
    fitted->features = (size_t)json_integer_value(features);
    return true;
}

/* Labels are told apart as labels.h says. */
static bool check_labels(const encoding *fitted, plx_error *error)
{
    label_set set;

    if (fitted->label_count < 2)
        return bad(error, "labels", "a list of at least two labels");
    const bool distinct = labels_open(&set, fitted);
    labels_clear(&set);
    return distinct || bad(error, "labels", "a list of different labels");
}

/* A name is that of one target or of one column: other files are read by their names. */
static bool check_target_names(const encoding *fitted, plx_error *error)
{
    vocabulary seen = {0};
    bool ok = true, distinct = true;

    for (size_t c = 0; ok && c < fitted->column_count; c++) {
        const char *name = fitted->column[c].name;
        ok = vocabulary_add(&seen, name, strlen(name)) != VOCABULARY_NONE;
    }
    for (size_t t = 0; ok && distinct && t < fitted->target_count; t++) {
        const char *name = fitted->target_name[t];
        const size_t before = seen.count, number = vocabulary_add(&seen, name, strlen(name));
        ok = number != VOCABULARY_NONE;
        distinct = number == before;
    }
    vocabulary_clear(&seen);
    if (!ok)
        return error_memory(error);
    return distinct ||
           bad(error, "target_names", "a list of names that no other target or column has");
}

static bool get_targets(const json_t *object, encoding *fitted, plx_error *error)
{
    const json_t *labels = json_object_get(object, "labels");
    const bool classes = fitted->targets == TARGETS_CLASS;

    if (!get_strings(json_object_get(object, "target_names"), "target_names", MAX_FEATURES, false,
                     &fitted->target_name, &fitted->target_count, error))
        return false;
    if ((fitted->target_count == 0) != (fitted->targets == TARGETS_NONE) ||
        (classes && fitted->target_count != 1))
        return bad(error, "target_names", "as long as its \"targets\" need");
    if (!check_target_names(fitted, error))
        return false;
    if ((labels != NULL) != classes)
        return bad(error, "labels", "there if and only if the targets are classes");
    if (classes && (!get_strings(labels, "labels", LABELS_MAX, false, &fitted->label,
                                 &fitted->label_count, error) ||
                    !check_labels(fitted, error)))
        return false;
    if (!get_numbers(object, "target_mean", fitted->target_count, false, &fitted->target_mean,
                     error) ||
        !get_numbers(object, "target_deviation", fitted->target_count, true,
                     &fitted->target_deviation, error))
        return false;
    if ((fitted->target_mean == NULL) != (fitted->target_deviation == NULL) ||
        (fitted->target_mean != NULL && fitted->targets != TARGETS_NUMBER))
        return bad(error, "target_mean", "there together with \"target_deviation\", for numbers");
    return true;
}

static bool check_members(json_t *object, plx_error *error)
{
    static const char *const known[] = {
        "format",  "header",       "delimiter", "missing",     "features",
        "targets", "target_names", "labels",    "target_mean", "target_deviation",
        "columns", "offset",       "factor"};
    const char *key;
    json_t *value;
    char shown[4 * 40 + 4];

    json_object_foreach(object, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            found = found || strcmp(known[i], key) == 0;
        if (!found)
            return error_set(error, ERROR_DATA, "the encoding has an unknown member '%s'",
                             text_shown(shown, key, strlen(key), 40));
    }
    return true;
}

static bool from_object(json_t *object, encoding *fitted, plx_error *error)
{
    const json_t *columns = json_object_get(object, "columns");

    if (!check_members(object, error) || !get_simple(object, fitted, error) ||
        (columns != NULL && !get_columns(columns, fitted, error)) ||
        !get_numbers(object, "offset", fitted->features, false, &fitted->offset, error) ||
        !get_numbers(object, "factor", fitted->features, true, &fitted->factor, error))
        return false;
    if ((fitted->offset == NULL) != (fitted->factor == NULL))
        return bad(error, "offset", "there together with \"factor\"");
    if (fitted->format == FORMAT_AUTO)
        return bad(error, "format", "the name of a format");
    if (fitted->format == FORMAT_CSV && columns == NULL)
        return bad(error, "columns", "there, as a CSV file needs them");
    encoding_look_at_scaling(fitted);
    return get_targets(object, fitted, error);
}

bool encoding_from_json(const char *json, encoding *fitted, plx_error *error)
{
    json_error_t wrong;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &wrong);

    *fitted = (struct encoding){0};
    if (object == NULL)
        return error_set(error, ERROR_DATA, "the encoding is not JSON: %s", wrong.text);
    bool ok = json_is_object(object)
                  ? from_object(object, fitted, error)
                  : error_set(error, ERROR_DATA, "the encoding is not a JSON object");
    json_decref(object);
    if (!ok)
        encoding_clear(fitted);
    return ok;
}

/* --- the output layer --- */

static bool classes_fit(const encoding *fitted, size_t units, const plx_domain *output, place at,
                        plx_error *error)
{
    const char *name = fitted->target_count > 0 ? fitted->target_name[0] : "the target";
    const size_t classes = fitted->label_count;
    char labels[512];

    if (units == 1 && classes == 2 && (output->flags & PLX_ROWS_SUM_TO_ONE) != 0)
        return error_at(error, ERROR_CONFIG, at,
                        "the last layer has 1 unit and outputs that sum to one, so its output is "
                        "always 1; 2 units, or 1 unit with sigmoid, would be right");
    if (units == classes || (units == 1 && classes == 2))
        return true;
    return error_at(error, ERROR_CONFIG, at,
                    "the last layer has %zu unit%s, but %.60s has %zu classes (%s); %zu units%s "
                    "would be right",
                    units, units == 1 ? "" : "s", name, classes,
                    labels_list(fitted, labels, sizeof(labels)), classes,
                    classes == 2 ? " or 1 unit" : "");
}

bool encoding_code(const encoding *fitted, size_t units, const plx_domain *output, place at,
                   target_code *code, plx_error *error)
{
    const bool centred = output->lo == -1 && output->hi == 1;

    *code = (target_code){.units = units, .low = centred ? -1 : 0, .high = 1};
    if (fitted->targets == TARGETS_CLASS)
        return classes_fit(fitted, units, output, at, error);
    if (fitted->targets == TARGETS_NONE)
        return error_at(error, ERROR_CONFIG, at, "the data has no target for the last layer");
    if (units == fitted->target_count)
        return true;
    return error_at(error, ERROR_CONFIG, at,
                    "the last layer has %zu unit%s, but there %s %zu target%s; %zu unit%s would be "
                    "right",
                    units, units == 1 ? "" : "s", fitted->target_count == 1 ? "is" : "are",
                    fitted->target_count, fitted->target_count == 1 ? "" : "s",
                    fitted->target_count, fitted->target_count == 1 ? "" : "s");
}
