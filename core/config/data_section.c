/* data_section.c: the `data` section. What the data come from (a generator by its name, or files
 * of a format) decides which keys mean something, so one table says for each key what it is for;
 * a key that would be ignored is refused, and printing shows only those that count. */
#include <stdlib.h>
#include <string.h>

#include "config/sections.h"
#include "support/memory.h"
#include "support/text.h"

static const char *const format_words[] = {"auto", "csv", "idx", "npy", "libsvm"};
static const char *const header_words[] = {"auto", "true", "false"};
static const char *const missing_words[] = {"error", "drop", "mean"};
static const char *const scale_words[] = {"none", "unit", "standard"};
static const char *const target_words[] = {"auto", "class", "number"};
const word_list data_formats = {format_words, 5};
const word_list data_headers = {header_words, 3};
const word_list data_missing_rules = {missing_words, 3};
const word_list data_scales = {scale_words, 3};
const word_list data_target_readings = {target_words, 3};

/* ---- which key is for what ------------------------------------------------------------------- */

/* Sources as bits: the formats in the order of data_format, then the generators. */
enum {
    SOURCE_AUTO = 1,
    SOURCE_CSV = 2,
    SOURCE_IDX = 4,
    SOURCE_NPY = 8,
    SOURCE_LIBSVM = 16,
    SOURCE_XOR = 32,
    SOURCE_MOONS = 64,
    SOURCE_CIRCLES = 128,
    SOURCE_SPIRALS = 256,
    SOURCE_BLOBS = 512,
    SOURCE_FILES = 31,
    SOURCE_GENERATED = 1023 - 31,
    SOURCE_ANY = 1023,
};

static const struct source {
    const char *name; /* for messages; the generators' are those of the file                     */
    unsigned bit;
} sources[] = {
    {"csv files", SOURCE_CSV},       {"idx files", SOURCE_IDX},   {"npy files", SOURCE_NPY},
    {"libsvm files", SOURCE_LIBSVM}, {"xor", SOURCE_XOR},         {"moons", SOURCE_MOONS},
    {"circles", SOURCE_CIRCLES},     {"spirals", SOURCE_SPIRALS}, {"blobs", SOURCE_BLOBS},
};

static const char *const generator_words[] = {"xor", "moons", "circles", "spirals", "blobs"};
static const word_list generators = {generator_words, 5};

static const char *const key_words[] = {
    "train",     "test",  "validation",  "generate",        "samples", "noise",        "classes",
    "factor",    "turns", "spread",      "features",        "target",  "format",       "header",
    "delimiter", "drop",  "categorical", "missing",         "scale",   "scale_target", "seed",
    "stratify",  "folds", "fold",        "label_smoothing",
};
static const word_list keys = {key_words, sizeof(key_words) / sizeof(key_words[0])};

/* Keys that are not for all sources. */
static const struct use {
    const char *key;
    unsigned sources;
} uses[] = {
    {"train", SOURCE_FILES},
    {"generate", SOURCE_GENERATED},
    {"samples", SOURCE_GENERATED},
    {"noise", SOURCE_XOR | SOURCE_MOONS | SOURCE_CIRCLES | SOURCE_SPIRALS},
    {"classes", SOURCE_SPIRALS | SOURCE_BLOBS},
    {"factor", SOURCE_CIRCLES},
    {"turns", SOURCE_SPIRALS},
    {"spread", SOURCE_BLOBS},
    {"features", SOURCE_BLOBS | SOURCE_AUTO | SOURCE_LIBSVM},
    {"target", SOURCE_FILES},
    {"format", SOURCE_FILES},
    {"header", SOURCE_AUTO | SOURCE_CSV},
    {"delimiter", SOURCE_AUTO | SOURCE_CSV},
    {"drop", SOURCE_AUTO | SOURCE_CSV | SOURCE_NPY},
    {"categorical", SOURCE_AUTO | SOURCE_CSV},
    {"missing", SOURCE_FILES},
};

static unsigned uses_of(const char *key)
{
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
        if (strcmp(uses[i].key, key) == 0)
            return uses[i].sources;
    return SOURCE_ANY;
}

static unsigned source_of(const data_config *data)
{
    if (data->generate.name == NULL)
        return 1u << data->format;
    for (unsigned i = 0; i < generators.count; i++)
        if (strcmp(data->generate.name, generators.words[i]) == 0)
            return (unsigned)SOURCE_XOR << i;
    return 0;
}

bool data_section_uses(const data_config *data, const char *key)
{
    return (uses_of(key) & source_of(data)) != 0;
}

static bool refuse_unused(const reader *r, const node *key, const data_config *data)
{
    const unsigned used_by = uses_of(key->key);
    const char *here = data->generate.name;
    text list = {0};

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if ((sources[i].bit & used_by) != 0) {
            text_add(&list, list.length == 0 ? "" : ", ");
            text_add(&list, sources[i].name);
        }
        if (here == NULL && sources[i].bit == source_of(data))
            here = sources[i].name;
    }
    error_at(r->error, ERROR_CONFIG, key->key_at, "data.%s means nothing for %s; it is for %s",
             key->key, here != NULL ? here : "files", list.bytes != NULL ? list.bytes : "others");
    free(list.bytes);
    return false;
}

static bool check_uses(const reader *r, const node *section, const data_config *data)
{
    for (const node *key = section->first; key != NULL; key = key->next)
        if (!data_section_uses(data, key->key))
            return refuse_unused(r, key, data);
    return true;
}

/* ---- where the rows come from ---------------------------------------------------------------- */

static bool read_pair(const reader *r, const node *pair, data_source *source)
{
    static const char *const words[] = {"x", "y"};

    if (!field_known(r, pair, (word_list){words, 2}))
        return false;
    const node *x = field_required(r, pair, "x", "{x: features, y: targets}");
    const node *y = x != NULL ? field_required(r, pair, "y", "{x: features, y: targets}") : NULL;
    return y != NULL && field_path(r, x, &source->path) && field_path(r, y, &source->targets);
}

/* A file or a pair of files; with `part` also a fraction. */
static bool read_source(const reader *r, const node *section, const char *key, bool part,
                        data_source *source)
{
    const node *value = tree_child(section, key);
    const char *wanted = part
                             ? "a file, a pair {x: file, y: file}, or a fraction of at least 0 and "
                               "below 1 (a file named like a number goes in quotes)"
                             : "a file or a pair {x: file, y: file}";
    double number = 0;

    if (value == NULL)
        return true;
    source->at = value->at;
    if (value->type == NODE_MAP)
        return read_pair(r, value, source);
    if (!field_is_scalar(r, value, wanted))
        return false;
    if (!field_is_number(value, &number))
        return field_path(r, value, &source->path);
    if (!part || !(number >= 0 && number < 1))
        return field_wrong(r, value, wanted);
    source->fraction = number + 0.0; /* no minus zero */
    return true;
}

/* The largest noise, spread and number of turns. */
enum { LARGEST = 1000000 };

static bool read_generator(const reader *r, const node *section, generate_spec *generate)
{
    const node *value = tree_child(section, "generate");
    const real_range deviation = {.min = 0, .max = LARGEST};
    int index = 0;

    if (!field_choose(r, value, generators, &index))
        return false;
    const bool is_xor = index == 0, is_blobs = index == 4;
    *generate = (generate_spec){.name = memory_string(generators.words[index]),
                                .samples = is_xor ? 4 : 200,
                                .noise = is_xor || is_blobs ? 0 : 0.1,
                                .classes = is_blobs ? 3 : 2,
                                .factor = 0.5,
                                .turns = 1,
                                .spread = 1,
                                .features = 2,
                                .at = value->at};
    if (generate->name == NULL)
        return error_memory(r->error);
    return field_size(r, section, "samples", 2, 100000000, NULL, &generate->samples) &&
           field_real(r, section, "noise", deviation, NULL, &generate->noise) &&
           field_size(r, section, "classes", 2, 1000, NULL, &generate->classes) &&
           field_real(r, section, "factor", (real_range){0, 1, .below = true}, NULL,
                      &generate->factor) &&
           field_real(r, section, "turns", (real_range){0, LARGEST, .above = true}, NULL,
                      &generate->turns) &&
           field_real(r, section, "spread", deviation, NULL, &generate->spread) &&
           (!is_blobs || field_size(r, section, "features", 1, 100000, NULL, &generate->features));
}

/* Generated rows have no file to be tested on. */
static bool check_generated(const reader *r, const data_source *source, const char *key)
{
    return source->path == NULL ||
           error_at(r->error, ERROR_CONFIG, source->at,
                    "data.%s is a file, but the data are generated; it must be a fraction", key);
}

static bool read_origin(const reader *r, const node *section, data_config *data)
{
    const node *train = tree_child(section, "train"), *generate = tree_child(section, "generate");

    if (train != NULL && generate != NULL)
        return error_at(r->error, ERROR_CONFIG, generate->key_at,
                        "data has both train and generate; give one of them");
    if (train == NULL && generate == NULL)
        return error_at(
            r->error, ERROR_CONFIG, data->at,
            "data has neither train nor generate; give a file as train, or the name of a "
            "generator as generate");
    if (!read_source(r, section, "validation", true, &data->validation) ||
        !read_source(r, section, "test", true, &data->test))
        return false;
    if (generate != NULL)
        return read_generator(r, section, &data->generate) &&
               check_generated(r, &data->validation, "validation") &&
               check_generated(r, &data->test, "test");
    int format = FORMAT_AUTO;
    if (!read_source(r, section, "train", false, &data->train) ||
        !field_choice(r, section, "format", data_formats, &format))
        return false;
    data->format = (data_format)format;
    return true;
}

/* ---- columns --------------------------------------------------------------------------------- */

/* The column may be left out where a format has one target only (libsvm, an npy pair); which
 * that is shows when the file is read. */
static bool read_target(const reader *r, const node *value, bool alone, target_spec *target)
{
    static const char *const words[] = {"column", "as"};
    const char *wanted = "a column, or {column: name, as: class}";
    int as = AS_AUTO;

    target->at = value->at;
    if (value->type != NODE_MAP)
        return field_text(r, value, wanted, &target->column);
    if (!field_known(r, value, (word_list){words, 2}))
        return false;
    const bool needed = !alone || tree_child(value, "as") == NULL;
    const node *column = needed ? field_required(r, value, "column", "{column: name, as: class}")
                                : tree_child(value, "column");
    if (needed && column == NULL)
        return false;
    if (column != NULL && !field_text(r, column, "a column", &target->column))
        return false;
    if (!field_choice(r, value, "as", data_target_readings, &as))
        return false;
    target->as = (target_as)as;
    return true;
}

/* Whether the targets are a column among others: they aren't a file of their own, nor the first
 * word of each line. With `format: auto` the file alone can tell. */
static bool has_columns(const data_config *data)
{
    if (data->format == FORMAT_NPY)
        return data->train.targets == NULL;
    return data->format != FORMAT_IDX && data->format != FORMAT_LIBSVM;
}

/* A column can't be two targets, or be dropped too. */
static bool check_target(const reader *r, const data_config *data, const target_spec *target)
{
    char shown[4 * 60 + 4];

    if (target->column == NULL)
        return true;
    if (!has_columns(data))
        return error_at(r->error, ERROR_CONFIG, target->at,
                        "a target column has no meaning here; the targets are %s (write {as: "
                        "class} or {as: number} to say what they are)",
                        data->format == FORMAT_LIBSVM ? "the first word of each line"
                                                      : "the file y");
    text_shown(shown, target->column, strlen(target->column), 60);
    for (const target_spec *other = data->target; other < target; other++)
        if (strcmp(other->column, target->column) == 0)
            return error_at(r->error, ERROR_CONFIG, target->at,
                            "the column '%s' is a target twice; name it once", shown);
    for (size_t i = 0; i < data->drop_count; i++)
        if (strcmp(data->drop[i], target->column) == 0)
            return error_at(r->error, ERROR_CONFIG, target->at,
                            "the column '%s' is a target and in data.drop; take it out of one",
                            shown);
    return true;
}

static bool read_targets(const reader *r, const node *section, data_config *data)
{
    const node *value = tree_child(section, "target");

    if (value == NULL)
        return true;
    const bool list = value->type == NODE_LIST;
    const size_t count = list ? tree_count(value) : 1;
    if (list && !field_has_count(r, value, 1, 1000, "columns"))
        return false;
    data->target = memory_array(count, sizeof(*data->target));
    if (data->target == NULL)
        return error_memory(r->error);
    data->target_count = count;
    const node *item = list ? value->first : value;
    for (size_t i = 0; i < count; i++, item = item->next)
        if (!read_target(r, item, !list, &data->target[i]) ||
            !check_target(r, data, &data->target[i]))
            return false;
    return true;
}

/* One character that no number or name has in it. */
static bool read_delimiter(const reader *r, const node *section, char *delimiter)
{
    const node *value = tree_child(section, "delimiter");
    const char *wanted =
        "one character such as \",\" or \";\", or tab, or auto (no letter, digit, quote, "
        "'.', '+' or '-')";

    if (value == NULL)
        return true;
    if (!field_is_scalar(r, value, wanted))
        return false;
    if (strcmp(value->text, "auto") == 0)
        return true;
    if (strcmp(value->text, "tab") == 0 || strcmp(value->text, "\t") == 0) {
        *delimiter = '\t';
        return true;
    }
    const char c = value->text[0];
    if (c < ' ' || c > '~' || value->text[1] != '\0' || strchr("\"'.+-", c) != NULL ||
        (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'))
        return field_wrong(r, value, wanted);
    *delimiter = c;
    return true;
}

/* Columns to leave out: of those of a file that holds its targets. */
static bool read_drop(const reader *r, const node *section, data_config *data)
{
    if (!field_texts(r, section, "drop", "a column", "columns", &data->drop, &data->drop_count))
        return false;
    return data->drop_count == 0 || has_columns(data) ||
           error_at(r->error, ERROR_CONFIG, tree_child(section, "drop")->key_at,
                    "data.drop means nothing for a pair of npy files; it is for csv files and npy "
                    "files that hold their targets");
}

static bool read_columns(const reader *r, const node *section, data_config *data)
{
    int header = HEADER_AUTO, missing = MISSING_ERROR;
    const bool ok = field_choice(r, section, "header", data_headers, &header) &&
                    read_delimiter(r, section, &data->delimiter) && read_drop(r, section, data) &&
                    field_texts(r, section, "categorical", "a column", "columns",
                                &data->categorical, &data->categorical_count) &&
                    field_choice(r, section, "missing", data_missing_rules, &missing) &&
                    (data->generate.name != NULL ||
                     field_size(r, section, "features", 1, 100000000, "auto", &data->features)) &&
                    read_targets(r, section, data);

    data->header = (header_rule)header;
    data->missing = (missing_rule)missing;
    return ok;
}

/* ---- splits, scaling ------------------------------------------------------------------------- */

static bool read_folds(const reader *r, const node *section, data_config *data)
{
    const node *fold = tree_child(section, "fold"), *test = tree_child(section, "test");

    if (!field_size(r, section, "folds", 2, 1000, "none", &data->folds))
        return false;
    if (data->folds == 0)
        return fold == NULL ||
               error_at(r->error, ERROR_CONFIG, fold->key_at,
                        "data.fold without data.folds; give the number of folds too");
    if (test != NULL)
        return error_at(r->error, ERROR_CONFIG, test->key_at,
                        "data has both test and folds; the fold is the test part, leave out test");
    return field_size(r, section, "fold", 0, data->folds - 1, NULL, &data->fold);
}

static bool check_fractions(const reader *r, const data_config *data)
{
    char sum[32];

    if (data->test.fraction + data->validation.fraction < 1)
        return true;
    text_of_double(sum, data->test.fraction + data->validation.fraction);
    return error_at(
        r->error, ERROR_CONFIG, data->test.at,
        "the fractions for test and validation sum to %s; they must leave rows to train "
        "on, so sum below 1",
        sum);
}

static bool read_scaling(const reader *r, const node *section, data_config *data)
{
    static const char *const words[] = {"none", "standard"};
    int scale = SCALE_NONE, target = 0;
    const bool ok = field_choice(r, section, "scale", data_scales, &scale) &&
                    field_choice(r, section, "scale_target", (word_list){words, 2}, &target) &&
                    field_real(r, section, "label_smoothing", (real_range){0, 1, .below = true},
                               NULL, &data->label_smoothing);

    data->scale = (scale_rule)scale;
    data->scale_target = target == 0 ? SCALE_NONE : SCALE_STANDARD;
    return ok;
}

bool data_section_read(const reader *r, const node *section, data_config *data)
{
    data->at = section->at;
    data->delimiter = '\0';
    return field_is_map(r, section, "a map of keys, such as {train: file.csv, target: column}") &&
           field_known(r, section, keys) && read_origin(r, section, data) &&
           check_uses(r, section, data) && read_columns(r, section, data) &&
           read_folds(r, section, data) && check_fractions(r, data) &&
           field_seed(r, section, "seed", &data->seed) &&
           field_flag(r, section, "stratify", &data->stratify) && read_scaling(r, section, data);
}

bool data_section_has_validation(const data_config *data)
{
    return data->validation.path != NULL || data->validation.fraction > 0;
}

/* ---- freeing --------------------------------------------------------------------------------- */

static void free_source(data_source *source)
{
    free(source->path);
    free(source->targets);
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void data_section_free(data_config *data)
{
    free_source(&data->train);
    free_source(&data->validation);
    free_source(&data->test);
    free(data->generate.name);
    for (size_t i = 0; i < data->target_count; i++)
        free(data->target[i].column);
    free(data->target);
    free_texts(data->drop, data->drop_count);
    free_texts(data->categorical, data->categorical_count);
}
