/* matrix.c: see matrix.h. */
#include "data/matrix.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/memory.h"

/* --- targets inside --- */

/* Takes the columns of a matrix apart, into x and y. */
static bool part_columns(input_file *source, plx_error *error)
{
    const column_layout *layout = &source->layout;
    raw_matrix whole = source->x, x = {0}, y = {0};
    bool ok = raw_reserve(&x, source->path, whole.rows, layout->inputs, RAW_INPUTS, error) &&
              (layout->targets == 0 ||
               raw_reserve(&y, source->path, whole.rows, layout->targets, RAW_EXACT, error));

    for (size_t i = 0; ok && i < whole.rows * whole.cols; i++) {
        const size_t r = i / whole.cols, c = i % whole.cols;
        if (layout->input[c] != COLUMN_UNUSED)
            ok =
                raw_put(&x, source->path, r * x.cols + layout->input[c], raw_get(&whole, i), error);
        else if (layout->target[c] != COLUMN_UNUSED)
            ok = raw_put(&y, source->path, r * y.cols + layout->target[c], raw_get(&whole, i),
                         error);
    }
    x.integral = y.integral = whole.integral;
    raw_clear(&whole);
    source->x = x;
    source->y = y;
    return ok;
}

/* Names "0", "1", ... for the columns of a file without names. */
static bool number_names(vocabulary *names, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        char number[32];
        const int n = snprintf(number, sizeof(number), "%zu", c);
        if (vocabulary_add(names, number, (size_t)n) == VOCABULARY_NONE)
            return false;
    }
    return true;
}

/* Encoding columns named by number, each a number: of the columns of a file those that a layout
 * takes as inputs, or all. */
static bool number_columns(encoding *fitted, const column_layout *layout, size_t columns)
{
    const size_t count = layout != NULL ? layout->inputs : columns;

    fitted->column = memory_array(count, sizeof(*fitted->column));
    if (fitted->column == NULL)
        return false;
    fitted->column_count = count;
    for (size_t c = 0; c < columns; c++) {
        const size_t i = layout != NULL ? layout->input[c] : c;
        if (i == COLUMN_UNUSED)
            continue;
        fitted->column[i].first = i;
        fitted->column[i].name = memory_format("%zu", c);
        if (fitted->column[i].name == NULL)
            return false;
    }
    return true;
}

/* An NPY file that holds its targets as columns, chosen by number. */
static bool take_inner_targets(input_file *source, const data_config *config, encoding *fitted,
                               plx_error *error)
{
    vocabulary names = {0};
    bool ok = false;

    if (source->x.cols > CSV_MAX_COLUMNS)
        error_set(error, ERROR_DATA,
                  "%s: %zu columns; targets can be taken out of at most %d (give them as y)",
                  source->path, source->x.cols, CSV_MAX_COLUMNS);
    else if (!number_names(&names, source->x.cols))
        error_memory(error);
    else if (layout_plan(&source->layout, &names, config, source->path, error)) {
        ok = layout_name_targets(&source->layout, &names, fitted) &&
             number_columns(fitted, &source->layout, source->layout.columns);
        if (!ok)
            error_memory(error);
    }
    vocabulary_clear(&names);
    return ok && part_columns(source, error);
}

/* --- what may be asked of them --- */

static bool check_matrix_config(const input_file *source, const data_config *config,
                                plx_error *error)
{
    const char *name = raw_format_name(source->format);
    const bool pair = config->train.targets != NULL;

    if (source->format == FORMAT_IDX && !pair)
        return error_at(error, ERROR_CONFIG, config->train.at,
                        "an IDX file has no targets; give a pair, `{x: ..., y: ...}`");
    if (config->categorical_count > 0)
        return error_at(error, ERROR_CONFIG, config->at,
                        "`categorical` is for CSV files; this is %s", name);
    if (source->format == FORMAT_NPY && !pair)
        return true;
    if (config->drop_count > 0)
        return error_at(error, ERROR_CONFIG, config->at,
                        "`drop` is for CSV files and NPY files that hold their targets");
    for (size_t t = 0; t < config->target_count; t++)
        if (config->target[t].column != NULL)
            return error_at(error, ERROR_CONFIG, config->target[t].at,
                            "a target column has no meaning here; the targets are %s",
                            pair ? "the file y" : "the first word of each line");
    return true;
}

/* --- missing values --- */

/* Of a matrix that is used in its file, the first such row alone is known. */
static bool row_has_nan(const raw_matrix *matrix, size_t row, size_t *col)
{
    if (matrix->bytes != NULL || matrix->rows == 0)
        return false;
    if (matrix->map != NULL) {
        *col = matrix->nan % matrix->cols;
        return row == matrix->nan / matrix->cols;
    }
    for (*col = 0; *col < matrix->cols; ++*col)
        if (isnan(raw_get(matrix, row * matrix->cols + *col)))
            return true;
    return false;
}

static bool drop_flagged(input_file *source, const bool *drop, size_t dropped, const logger *log,
                         plx_error *error)
{
    const size_t rows = source->x.rows;

    if (dropped == rows)
        return error_set(error, ERROR_DATA,
                         "%s: every row lacks a value, so `missing: drop` leaves none",
                         source->path);
    if (dropped == 0)
        return true;
    raw_drop(&source->x, drop);
    if (source->y.rows > 0)
        raw_drop(&source->y, drop);
    log_line(log, LOG_INFO, "%s: left out %zu of %zu rows, which lack a value", source->path,
             dropped, rows);
    return true;
}

/* The rule as columns_missing has it, for NaN. Rows are left out and means filled in in memory: a
 * file with NaN in it is read then. */
static bool matrix_missing(input_file *source, missing_rule rule, bool answer_all,
                           const logger *log, plx_error *error)
{
    const raw_matrix *x = &source->x;
    const bool lacks = x->map != NULL && x->floats != NULL && x->nan < x->rows * x->cols;

    if (lacks && rule != MISSING_ERROR && !raw_take(&source->x, source->path, error))
        return false;
    bool *drop = memory_array(source->x.rows, sizeof(bool));
    size_t dropped = 0, col = 0;
    bool ok = drop != NULL || error_memory(error);

    for (size_t r = 0; ok && r < source->x.rows; r++) {
        const bool target = row_has_nan(&source->y, r, &col);
        if (!target && !row_has_nan(&source->x, r, &col))
            continue;
        drop[r] = rule == MISSING_DROP && !answer_all;
        dropped += drop[r] ? 1 : 0;
        if (rule == MISSING_ERROR || (rule == MISSING_DROP && answer_all) ||
            (rule == MISSING_MEAN && target))
            ok = error_set(error, ERROR_DATA,
                           "%s: row %zu, column %zu (from 0) of the %s is NaN, a missing value; %s",
                           source->path, r, col, target ? "targets" : "inputs",
                           target && rule == MISSING_MEAN
                               ? "`missing: mean` is for inputs, `missing: drop` leaves such rows "
                                 "out"
                           : rule == MISSING_DROP
                               ? "training left such rows out, but here every row needs an answer"
                           : target ? "say `missing: drop`"
                                    : "say `missing: drop` or `missing: mean`");
    }
    ok = ok && drop_flagged(source, drop, dropped, log, error);
    free(drop);
    return ok;
}

/* --- targets --- */

static bool whole_numbers(const input_file *source, place at, plx_error *error)
{
    for (size_t r = 0; r < source->y.rows; r++) {
        const double value = raw_get(&source->y, r);
        if (value != floor(value))
            return error_at(error, ERROR_CONFIG, at,
                            "`as: class` needs whole numbers, but row %zu (from 0) has %g", r,
                            value);
    }
    return true;
}

static bool matrix_target_kind(const input_file *source, const data_config *config,
                               encoding *fitted, plx_error *error)
{
    const target_as as = config->target_count == 0 ? AS_AUTO : config->target[0].as;
    const place at = config->target_count == 0 ? config->at : config->target[0].at;
    const raw_matrix *y = &source->y;

    fitted->targets = TARGETS_NUMBER;
    if (as == AS_CLASS && y->cols > 1)
        return error_at(error, ERROR_CONFIG, at,
                        "`as: class` with %zu target columns; several targets must all be numbers",
                        y->cols);
    if (as == AS_CLASS || (as == AS_AUTO && y->cols == 1 && y->integral))
        fitted->targets = TARGETS_CLASS;
    if (fitted->targets == TARGETS_CLASS && !y->integral && source->format != FORMAT_LIBSVM)
        return whole_numbers(source, at, error);
    return true;
}

/* The indexes of small whole numbers, as far as they are known: few files have other labels, and
 * the texts of numbers, by which labels are told apart, take their time. */
typedef struct small_labels {
    int32_t index[256];
} small_labels;

static int32_t label_of(label_set *set, bool grow, double value, small_labels *small)
{
    const bool is_small = value >= 0 && value < 256 && value == floor(value);

    if (is_small && small->index[(size_t)value] != LABELS_NONE)
        return small->index[(size_t)value];
    const int32_t index = grow ? labels_add_number(set, value) : labels_find_number(set, value);
    if (is_small)
        small->index[(size_t)value] = index;
    return index;
}

bool matrix_labels(const input_file *source, label_set *set, bool grow, const encoding *fitted,
                   dataset *data, plx_error *error)
{
    small_labels small;
    char list[512];

    for (size_t i = 0; i < sizeof(small.index) / sizeof(small.index[0]); i++)
        small.index[i] = LABELS_NONE;
    for (size_t r = 0; r < data->rows; r++) {
        const double value = raw_get(&source->y, r);
        data->label[r] = label_of(set, grow, value, &small);
        if (data->label[r] != LABELS_NONE)
            continue;
        if (!grow)
            return error_set(error, ERROR_DATA,
                             "%s: row %zu (from 0) has the label %g, which was not seen in "
                             "training, where the labels were %s",
                             source->path, r, value, labels_list(fitted, list, sizeof(list)));
        return set->keys.count > LABELS_MAX
                   ? error_set(error, ERROR_DATA, "%s: more than %d labels; take `as: number`",
                               source->path, LABELS_MAX)
                   : error_memory(error);
    }
    return true;
}

bool matrix_numbers(const input_file *source, dataset *data, plx_error *error)
{
    for (size_t i = 0; i < data->rows * data->target_count; i++) {
        data->target[i] = (float)raw_get(&source->y, i);
        if (!isfinite(data->target[i]))
            return error_set(error, ERROR_DATA,
                             "%s: target %zu of row %zu (from 0) does not fit a 32-bit float",
                             source->path, i % data->target_count, i / data->target_count);
    }
    return true;
}

/* --- for training --- */

/* Sets the encoding's target names to `name`, or, of several, to `name`0, `name`1, ... */
static bool invent_names(encoding *fitted, const char *name, size_t count)
{
    fitted->target_name = memory_array(count, sizeof(char *));
    if (fitted->target_name == NULL)
        return false;
    fitted->target_count = count;
    for (size_t t = 0; t < count; t++) {
        fitted->target_name[t] = count == 1 ? memory_string(name) : memory_format("%s%zu", name, t);
        if (fitted->target_name[t] == NULL)
            return false;
    }
    return true;
}

bool matrix_plan(input_file *source, const data_config *config, encoding *fitted, const logger *log,
                 plx_error *error)
{
    const bool inside = source->format == FORMAT_NPY && config->train.targets == NULL;

    if (!check_matrix_config(source, config, error) ||
        (inside && !take_inner_targets(source, config, fitted, error)) ||
        !matrix_missing(source, config->missing, false, log, error) ||
        !matrix_target_kind(source, config, fitted, error))
        return false;
    fitted->features = source->x.cols;
    if (inside)
        return true;
    const bool fills = fitted->missing == MISSING_MEAN && source->x.floats != NULL;
    const char *name = source->format == FORMAT_LIBSVM ? "label" : "y";
    return (invent_names(fitted, name, source->y.cols) &&
            (!fills || number_columns(fitted, NULL, source->x.cols))) ||
           error_memory(error);
}

/* --- for another file --- */

bool matrix_has_inner_targets(const encoding *fitted)
{
    return fitted->format == FORMAT_NPY && fitted->column != NULL && fitted->target_count > 0 &&
           fitted->target_name[0][0] >= '0' && fitted->target_name[0][0] <= '9';
}

static bool match_inner(input_file *source, const encoding *fitted, bool with_targets,
                        plx_error *error)
{
    vocabulary names = {0};
    size_t extra;
    bool ok = false;

    if (source->x.cols > CSV_MAX_COLUMNS)
        error_set(error, ERROR_DATA, "%s: %zu columns; at most %d can be matched", source->path,
                  source->x.cols, CSV_MAX_COLUMNS);
    else if (!number_names(&names, source->x.cols))
        error_memory(error);
    else
        ok = layout_match(&source->layout, &names, false, fitted, source->path, with_targets,
                          &extra, error);
    vocabulary_clear(&names);
    return ok && part_columns(source, error);
}

bool matrix_match(input_file *source, const encoding *fitted, bool has_y, bool with_targets,
                  const logger *log, plx_error *error)
{
    const size_t targets = fitted->targets == TARGETS_CLASS ? 1 : fitted->target_count;

    if (matrix_has_inner_targets(fitted) && !has_y && source->format != FORMAT_LIBSVM &&
        !match_inner(source, fitted, with_targets, error))
        return false;
    if (with_targets && source->y.rows == 0)
        return error_set(error, ERROR_DATA, "%s: its targets are missing; they are a second file",
                         source->path);
    if (!with_targets)
        raw_clear(&source->y);
    if (source->x.cols != fitted->features)
        return error_set(error, ERROR_DATA, "%s: %zu features; training had %zu", source->path,
                         source->x.cols, fitted->features);
    if (with_targets && source->y.cols != targets)
        return error_set(error, ERROR_DATA, "%s: %zu target columns; training had %zu",
                         source->path, source->y.cols, targets);
    const missing_rule rule =
        fitted->missing == MISSING_MEAN && fitted->column == NULL ? MISSING_ERROR : fitted->missing;
    return matrix_missing(source, rule, !with_targets, log, error);
}
