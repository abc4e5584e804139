/* columns.c: see columns.h. Every function here is one walk over the rows of a checked CSV file. */
#include "data/columns.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/split.h"
#include "support/memory.h"
#include "support/text.h"
#include "support/utf8.h"

enum { SHOWN = 40, SHOWN_SIZE = 4 * SHOWN + 4 };

/* --- what the fields are --- */

static bool is_used(const column_layout *layout, size_t c)
{
    return layout->input[c] != COLUMN_UNUSED || layout->target[c] != COLUMN_UNUSED;
}

static bool fits_float(double value)
{
    return fabs(value) <= (double)FLT_MAX;
}

/* A finite number that float32 can hold. */
static bool take_number(const csv_field *field, double *value)
{
    return csv_number(field, value) && fits_float(*value);
}

static void scan_one(const csv_field *field, column_scan *scan)
{
    double value;

    if (csv_is_missing(field)) {
        scan->missing++;
        return;
    }
    scan->values++;
    if (scan->text)
        return;
    if (!csv_number(field, &value) || isnan(value)) {
        scan->text = true;
        scan->text_at = field->at;
    } else if (!fits_float(value) && !scan->unfit) {
        scan->unfit = true;
        scan->unfit_at = field->at;
    }
}

column_scan *columns_scan(const csv_table *table, const column_layout *layout, plx_error *error)
{
    column_scan *scan = memory_array(table->columns, sizeof(*scan));
    csv_field field;

    if (scan == NULL) {
        error_memory(error);
        return NULL;
    }
    for (size_t r = 0; r < table->rows; r++) {
        size_t at = table->row[r];
        for (size_t c = 0; c < table->columns; c++) {
            at = csv_read(table, at, &field);
            if (is_used(layout, c))
                scan_one(&field, &scan[c]);
        }
    }
    for (size_t c = 0; c < table->columns; c++)
        if (is_used(layout, c) && scan[c].values == 0) {
            error_set(error, ERROR_DATA,
                      "%s: column '%s' has no value in any row; leave it out with `drop`",
                      table->path, text_show(table->names.text[c]).bytes);
            free(scan);
            return NULL;
        }
    return scan;
}

/* --- missing values --- */

static bool refuse_missing(const csv_table *table, size_t c, size_t at, bool target,
                           missing_rule rule, plx_error *error)
{
    const char *name = table->names.text[c];

    if (target && rule == MISSING_MEAN)
        return csv_error(table, at, error,
                         "the target '%s' has no value; `missing: mean` is for inputs, `missing: "
                         "drop` leaves such rows out",
                         text_show(name).bytes);
    if (rule == MISSING_DROP)
        return csv_error(table, at, error,
                         "column '%s' has no value; training left such rows out, but here every "
                         "row needs an answer",
                         text_show(name).bytes);
    if (target)
        return csv_error(table, at, error,
                         "the target '%s' has no value; fill it in, or say `missing: drop`",
                         text_show(name).bytes);
    return csv_error(table, at, error,
                     "column '%s' has no value; fill it in, or say `missing: drop` or `missing: "
                     "mean`",
                     text_show(name).bytes);
}

bool columns_missing(csv_table *table, const column_layout *layout, missing_rule rule,
                     bool answer_all, const logger *log, plx_error *error)
{
    size_t kept = 0;
    csv_field field;

    for (size_t r = 0; r < table->rows; r++) {
        bool drop = false;
        size_t at = table->row[r];
        for (size_t c = 0; c < table->columns; c++) {
            at = csv_read(table, at, &field);
            const bool target = layout->target[c] != COLUMN_UNUSED;
            if (!is_used(layout, c) || !csv_is_missing(&field))
                continue;
            if (rule == MISSING_ERROR || (rule == MISSING_DROP && answer_all) ||
                (rule == MISSING_MEAN && target))
                return refuse_missing(table, c, field.at, target, rule, error);
            drop = drop || rule == MISSING_DROP;
        }
        if (!drop)
            table->row[kept++] = table->row[r];
    }
    if (kept == 0)
        return error_set(error, ERROR_DATA,
                         "%s: every row lacks a value, so `missing: drop` leaves none",
                         table->path);
    if (kept < table->rows)
        log_line(log, LOG_INFO, "%s: left out %zu of %zu rows, which lack a value", table->path,
                 table->rows - kept, table->rows);
    table->rows = kept;
    return true;
}

/* --- fitting --- */

static bool mark_categorical(const csv_table *table, const column_layout *layout,
                             const data_config *config, bool *categorical, plx_error *error)
{
    for (size_t i = 0; i < config->categorical_count; i++) {
        const char *name = config->categorical[i];
        const size_t c = vocabulary_find(&table->names, name, strlen(name));
        if (c == VOCABULARY_NONE)
            return layout_no_column(&table->names, name, table->path, config->at, error);
        if (layout->input[c] == COLUMN_UNUSED)
            return error_at(error, ERROR_CONFIG, config->at,
                            "`categorical` names '%s', which is no input column",
                            text_show(name).bytes);
        categorical[layout->input[c]] = true;
    }
    return true;
}

static bool add_category(const csv_table *table, const csv_field *field, size_t c,
                         vocabulary *words, plx_error *error)
{
    const size_t before = words->count;
    char shown[SHOWN_SIZE];

    if (vocabulary_add(words, field->text, field->length) == VOCABULARY_NONE)
        return error_memory(error);
    if (words->count > MAX_CATEGORIES)
        return csv_error(table, field->at, error,
                         "column '%s' has more than %d categories; leave it out with `drop`",
                         text_show(table->names.text[c]).bytes, MAX_CATEGORIES);
    if (words->count > before && !utf8_is_valid(field->text, field->length))
        return csv_error(table, field->at, error,
                         "'%s' is not UTF-8; convert the file (iconv -t UTF-8)",
                         text_shown(shown, field->text, field->length, SHOWN));
    return true;
}

/* words: (inputs), used where categorical. */
static bool collect_categories(const csv_table *table, const column_layout *layout,
                               const bool *categorical, const uint8_t *parts, vocabulary *words,
                               plx_error *error)
{
    csv_field field;

    for (size_t r = 0; r < table->rows; r++) {
        size_t at = table->row[r];
        if (parts[r] != PART_TRAIN)
            continue;
        for (size_t c = 0; c < table->columns; c++) {
            at = csv_read(table, at, &field);
            const size_t input = layout->input[c];
            if (input == COLUMN_UNUSED || !categorical[input] || csv_is_missing(&field))
                continue;
            if (!add_category(table, &field, c, &words[input], error))
                return false;
        }
    }
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* Moves the words of a categorical column over, sorted. */
static bool set_column(input_column *column, const char *name, bool categorical, vocabulary *words)
{
    column->name = memory_string(name);
    if (!categorical)
        return column->name != NULL;
    column->category = words->text != NULL ? words->text : memory_array(0, sizeof(char *));
    column->categories = words->count;
    words->text = NULL;
    words->count = 0;
    if (column->category == NULL || column->name == NULL)
        return false;
    qsort(column->category, column->categories, sizeof(char *), by_bytes);
    return true;
}

static bool set_columns(const csv_table *table, const column_layout *layout,
                        const bool *categorical, vocabulary *words, encoding *fitted,
                        plx_error *error)
{
    size_t features = 0;

    fitted->column = memory_array(layout->inputs, sizeof(*fitted->column));
    if (fitted->column == NULL)
        return error_memory(error);
    fitted->column_count = layout->inputs;
    for (size_t c = 0; c < table->columns; c++) {
        const size_t i = layout->input[c];
        if (i == COLUMN_UNUSED)
            continue;
        input_column *column = &fitted->column[i];
        if (!set_column(column, table->names.text[c], categorical[i], &words[i]))
            return error_memory(error);
        column->first = features;
        features += categorical[i] ? column->categories : 1;
    }
    fitted->features = features;
    if (features == 0)
        return error_set(error, ERROR_DATA, "%s: no input column has a value to learn from",
                         table->path);
    return true;
}

/* A column of numbers must have only such that float32 can hold. */
static bool check_numbers(const csv_table *table, const column_layout *layout,
                          const column_scan *scan, bool *categorical, plx_error *error)
{
    for (size_t c = 0; c < table->columns; c++) {
        const size_t i = layout->input[c];
        if (i == COLUMN_UNUSED)
            continue;
        categorical[i] = categorical[i] || scan[c].text;
        if (!categorical[i] && scan[c].unfit)
            return csv_error(table, scan[c].unfit_at, error,
                             "the number in column '%s' is infinite as a 32-bit float; numbers "
                             "must be finite",
                             text_show(table->names.text[c]).bytes);
    }
    return true;
}

bool columns_fit(const csv_table *table, const column_layout *layout, const column_scan *scan,
                 const data_config *config, const uint8_t *parts, encoding *fitted,
                 plx_error *error)
{
    bool *categorical = memory_array(layout->inputs, sizeof(bool));
    vocabulary *words = memory_array(layout->inputs, sizeof(*words));
    bool ok;

    if (categorical == NULL || words == NULL)
        ok = error_memory(error);
    else
        ok = mark_categorical(table, layout, config, categorical, error) &&
             check_numbers(table, layout, scan, categorical, error) &&
             collect_categories(table, layout, categorical, parts, words, error) &&
             set_columns(table, layout, categorical, words, fitted, error);
    for (size_t i = 0; words != NULL && i < layout->inputs; i++)
        vocabulary_clear(&words[i]);
    free(words);
    free(categorical);
    return ok;
}

/* --- encoding --- */

/* Lookup of the categories of every column, and what was not found. */
typedef struct category_encoder {
    vocabulary *words; /* (column_count)                                                         */
    size_t *unseen;
    size_t *unseen_at;
} category_encoder;

static void free_encoder(category_encoder *encoder, size_t columns)
{
    for (size_t i = 0; encoder->words != NULL && i < columns; i++)
        vocabulary_clear(&encoder->words[i]);
    free(encoder->words);
    free(encoder->unseen);
    free(encoder->unseen_at);
}

static bool new_encoder(category_encoder *encoder, const encoding *fitted)
{
    const size_t columns = fitted->column_count;

    encoder->words = memory_array(columns, sizeof(*encoder->words));
    encoder->unseen = memory_array(columns, sizeof(size_t));
    encoder->unseen_at = memory_array(columns, sizeof(size_t));
    if (encoder->words == NULL || encoder->unseen == NULL || encoder->unseen_at == NULL)
        return false;
    for (size_t i = 0; i < columns; i++)
        for (size_t k = 0; k < fitted->column[i].categories; k++) {
            const char *word = fitted->column[i].category[k];
            if (vocabulary_add(&encoder->words[i], word, strlen(word)) == VOCABULARY_NONE)
                return false;
        }
    return true;
}

/* One field to its features, which are all 0 so far. */
static bool encode_field(const csv_table *table, const encoding *fitted, size_t i,
                         const csv_field *field, category_encoder *encoder, float *x,
                         plx_error *error)
{
    const input_column *column = &fitted->column[i];
    char shown[SHOWN_SIZE];
    double value;

    if (column->category == NULL) {
        if (csv_is_missing(field))
            x[column->first] = nanf("");
        else if (take_number(field, &value))
            x[column->first] = (float)value;
        else
            return csv_error(table, field->at, error,
                             "'%s' is not a finite number; column '%s' held numbers in training",
                             text_shown(shown, field->text, field->length, SHOWN),
                             text_show(column->name).bytes);
        return true;
    }
    if (csv_is_missing(field))
        return true;
    const size_t k = vocabulary_find(&encoder->words[i], field->text, field->length);
    if (k != VOCABULARY_NONE)
        x[column->first + k] = 1;
    else if (encoder->unseen[i]++ == 0)
        encoder->unseen_at[i] = field->at;
    return true;
}

static bool encode_rows(const csv_table *table, const column_layout *layout, const encoding *fitted,
                        category_encoder *encoder, float *x, plx_error *error)
{
    csv_field field;

    for (size_t r = 0; r < table->rows; r++, x += fitted->features) {
        size_t at = table->row[r];
        for (size_t c = 0; c < table->columns; c++) {
            at = csv_read(table, at, &field);
            if (layout->input[c] != COLUMN_UNUSED &&
                !encode_field(table, fitted, layout->input[c], &field, encoder, x, error))
                return false;
        }
    }
    return true;
}

/* The first columns one by one, as a line number takes a walk over the file; the others
 * together. */
static void tell_unseen(const csv_table *table, const encoding *fitted,
                        const category_encoder *encoder, const logger *log)
{
    enum { TOLD_ALONE = 8 };
    size_t told = 0;

    for (size_t i = 0; i < fitted->column_count; i++) {
        if (encoder->unseen[i] == 0 || ++told > TOLD_ALONE)
            continue;
        log_line(log, LOG_WARNING,
                 "%s: column '%s' has %zu value%s not seen in training (first in line %d), "
                 "taken as none of its categories",
                 table->path, text_show(fitted->column[i].name).bytes, encoder->unseen[i],
                 encoder->unseen[i] == 1 ? "" : "s", csv_line(table, encoder->unseen_at[i]));
    }
    if (told > TOLD_ALONE)
        log_line(log, LOG_WARNING,
                 "%s: %zu more column%s values not seen in training, taken as none of their "
                 "categories",
                 table->path, told - TOLD_ALONE, told - TOLD_ALONE == 1 ? " has" : "s have");
}

bool columns_encode(const csv_table *table, const column_layout *layout, const encoding *fitted,
                    dataset *data, const logger *log, plx_error *error)
{
    category_encoder encoder = {0};
    bool ok = false;

    if (!new_encoder(&encoder, fitted))
        error_memory(error);
    else
        ok = encode_rows(table, layout, fitted, &encoder, data->floats, error);
    if (ok)
        tell_unseen(table, fitted, &encoder, log);
    free_encoder(&encoder, fitted->column_count);
    return ok;
}

/* --- targets --- */

static bool unknown_label(const csv_table *table, const csv_field *field, const encoding *fitted,
                          plx_error *error)
{
    char shown[SHOWN_SIZE], list[512];
    char *word = memory_string_n(field->text, field->length);
    const char *near =
        word == NULL ? NULL
                     : text_nearest(word, (const char *const *)fitted->label, fitted->label_count);

    free(word);
    text_shown(shown, field->text, field->length, SHOWN);
    if (near != NULL)
        return csv_error(table, field->at, error,
                         "the label '%s' was not seen in training; did you mean '%s'?", shown,
                         text_show(near).bytes);
    return csv_error(table, field->at, error,
                     "the label '%s' was not seen in training, where the labels were %s", shown,
                     labels_list(fitted, list, sizeof(list)));
}

static bool add_label(const csv_table *table, const csv_field *field, label_set *set,
                      int32_t *label, plx_error *error)
{
    char shown[SHOWN_SIZE];

    if (!utf8_is_valid(field->text, field->length))
        return csv_error(table, field->at, error,
                         "the label '%s' is not UTF-8; convert the file (iconv -t UTF-8)",
                         text_shown(shown, field->text, field->length, SHOWN));
    *label = labels_add(set, field->text, field->length);
    if (*label != LABELS_NONE)
        return true;
    if (set->keys.count > LABELS_MAX)
        return csv_error(table, field->at, error,
                         "more than %d labels; take `as: number`, or another column as target",
                         LABELS_MAX);
    return error_memory(error);
}

bool columns_labels(const csv_table *table, const column_layout *layout, label_set *set, bool grow,
                    const encoding *fitted, dataset *data, plx_error *error)
{
    csv_field field;

    for (size_t r = 0; r < table->rows; r++) {
        size_t at = table->row[r];
        for (size_t c = 0; c < table->columns; c++) {
            at = csv_read(table, at, &field);
            if (layout->target[c] == COLUMN_UNUSED)
                continue;
            if (grow && !add_label(table, &field, set, &data->label[r], error))
                return false;
            if (grow)
                continue;
            data->label[r] = labels_find(set, field.text, field.length);
            if (data->label[r] == LABELS_NONE)
                return unknown_label(table, &field, fitted, error);
        }
    }
    return true;
}

bool columns_targets(const csv_table *table, const column_layout *layout, dataset *data,
                     plx_error *error)
{
    char shown[SHOWN_SIZE];
    csv_field field;
    double value;

    for (size_t r = 0; r < table->rows; r++) {
        size_t at = table->row[r];
        for (size_t c = 0; c < table->columns; c++) {
            at = csv_read(table, at, &field);
            const size_t t = layout->target[c];
            if (t == COLUMN_UNUSED)
                continue;
            if (!take_number(&field, &value))
                return csv_error(table, field.at, error,
                                 "'%s' is not a finite number, which the target '%s' needs",
                                 text_shown(shown, field.text, field.length, SHOWN),
                                 text_show(table->names.text[c]).bytes);
            data->target[r * data->target_count + t] = (float)value;
        }
    }
    return true;
}
