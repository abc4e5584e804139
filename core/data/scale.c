/* scale.c: see scale.h. Rows are walked in their order and sums kept in double for all features at
 * once, so memory is read along its rows; the deviation takes a second walk around the mean, which
 * keeps its digits where one walk with squares would lose them. */
#include "data/scale.h"

#include <math.h>
#include <stdlib.h>

#include "data/rows.h"
#include "support/memory.h"

uint32_t part_row(const data_part *part, size_t position)
{
    return part->row == NULL ? (uint32_t)position : part->row[position];
}

/* --- figures of each feature --- */

typedef struct feature_figures {
    double *least, *most, *mean, *deviation;
} feature_figures;

static void free_figures(feature_figures *figures)
{
    free(figures->least);
    free(figures->most);
    free(figures->mean);
    free(figures->deviation);
}

static bool new_figures(feature_figures *figures, size_t features)
{
    figures->least = memory_array(features, sizeof(double));
    figures->most = memory_array(features, sizeof(double));
    figures->mean = memory_array(features, sizeof(double));
    figures->deviation = memory_array(features, sizeof(double));
    return figures->least != NULL && figures->most != NULL && figures->mean != NULL &&
           figures->deviation != NULL;
}

/* Gives the values of a row as doubles, for inputs or for targets. */
typedef bool values_of(row_reader *reader, size_t row, double *value, plx_error *error);

static bool input_values(row_reader *reader, size_t row, double *value, plx_error *error)
{
    const dataset *data = reader->data;
    const void *stored = rows_at(reader, row, error);
    const uint8_t *bytes = stored;
    const float *floats = stored;

    for (size_t f = 0; stored != NULL && f < data->features; f++)
        value[f] = data->bytes != NULL ? bytes[f] : (double)floats[f];
    return stored != NULL;
}

static bool target_values(row_reader *reader, size_t row, double *value, plx_error *error)
{
    const dataset *data = reader->data;

    for (size_t t = 0; t < data->target_count; t++)
        value[t] = (double)data->target[row * data->target_count + t];
    return true;
}

/* What becomes of row p's values. */
typedef void take_row(size_t p, size_t features, const double *x, feature_figures *out);

/* Least, most and sum. */
static void take_extent(size_t p, size_t features, const double *x, feature_figures *out)
{
    for (size_t f = 0; f < features; f++) {
        out->least[f] = p == 0 ? x[f] : fmin(out->least[f], x[f]);
        out->most[f] = p == 0 ? x[f] : fmax(out->most[f], x[f]);
        out->mean[f] += x[f];
    }
}

/* Sum of squares around the mean. */
static void take_square(size_t p, size_t features, const double *x, feature_figures *out)
{
    for (size_t f = 0; f < features; f++) {
        const double d = x[f] - out->mean[f];
        out->deviation[f] += d * d;
    }
}

static bool walk(const data_part *part, values_of *values, take_row *take, size_t features,
                 double *x, feature_figures *out, plx_error *error)
{
    row_reader reader = rows_open(part->source);
    bool ok = true;

    for (size_t p = 0; ok && p < part->rows; p++) {
        ok = values(&reader, part_row(part, p), x, error);
        if (ok)
            take(p, features, x, out);
    }
    rows_close(&reader);
    return ok;
}

/* Least, most, mean and population deviation: sqrt(sum (x - mean)^2 / n). Least and most alone take
 * one walk. */
static bool work_out(const data_part *part, values_of *values, size_t features, bool deviation,
                     feature_figures *out, plx_error *error)
{
    const double n = (double)part->rows;
    double *x = memory_array(features, sizeof(double));

    bool ok =
        x != NULL ? walk(part, values, take_extent, features, x, out, error) : error_memory(error);
    for (size_t f = 0; f < features; f++)
        out->mean[f] /= n;
    if (ok && deviation)
        ok = walk(part, values, take_square, features, x, out, error);
    for (size_t f = 0; f < features; f++)
        out->deviation[f] = sqrt(out->deviation[f] / n);
    free(x);
    return ok;
}

/* --- inputs --- */

/* A feature that is the same in every row is only centred. */
static void set_scale(encoding *fitted, size_t f, const feature_figures *figures, scale_rule rule)
{
    if (figures->least[f] == figures->most[f]) {
        fitted->offset[f] = figures->least[f];
        fitted->factor[f] = 1;
    } else if (rule == SCALE_UNIT) {
        fitted->offset[f] = figures->least[f];
        fitted->factor[f] = 1 / (figures->most[f] - figures->least[f]);
    } else {
        fitted->offset[f] = figures->mean[f];
        fitted->factor[f] = 1 / figures->deviation[f];
    }
}

static void leave_one_hot_alone(encoding *fitted)
{
    for (size_t c = 0; c < fitted->column_count; c++) {
        const input_column *column = &fitted->column[c];
        for (size_t k = 0; k < column->categories; k++) {
            fitted->offset[column->first + k] = 0;
            fitted->factor[column->first + k] = 1;
        }
    }
}

bool scale_fit(const data_part *train, scale_rule rule, encoding *fitted, plx_error *error)
{
    const size_t features = fitted->features;
    feature_figures figures = {0};

    if (rule == SCALE_NONE)
        return true;
    fitted->offset = memory_array(features, sizeof(double));
    fitted->factor = memory_array(features, sizeof(double));
    if (fitted->offset == NULL || fitted->factor == NULL)
        return error_memory(error);
    if (rule == SCALE_UNIT && train->source->bytes != NULL) {
        for (size_t f = 0; f < features; f++)
            fitted->factor[f] = 1.0 / 255;
        return true;
    }
    const bool ok =
        (new_figures(&figures, features) || error_memory(error)) &&
        work_out(train, input_values, features, rule == SCALE_STANDARD, &figures, error);
    for (size_t f = 0; ok && f < features; f++)
        set_scale(fitted, f, &figures, rule);
    if (ok)
        leave_one_hot_alone(fitted);
    free_figures(&figures);
    return ok;
}

bool scale_fit_targets(const data_part *train, encoding *fitted, plx_error *error)
{
    const size_t count = fitted->target_count;
    feature_figures figures = {0};

    if ((!new_figures(&figures, count) && !error_memory(error)) ||
        !work_out(train, target_values, count, true, &figures, error)) {
        free_figures(&figures);
        return false;
    }
    for (size_t t = 0; t < count; t++)
        if (figures.least[t] == figures.most[t]) {
            figures.mean[t] = figures.least[t];
            figures.deviation[t] = 1;
        }
    fitted->target_mean = figures.mean;
    fitted->target_deviation = figures.deviation;
    figures.mean = figures.deviation = NULL;
    free_figures(&figures);
    return true;
}

/* --- missing values --- */

/* Adds up each feature over the rows that have it. */
static bool add_up(const data_part *part, double *sum, size_t *there, plx_error *error)
{
    const size_t features = part->source->features;
    row_reader reader = rows_open(part->source);
    double *x = memory_array(features, sizeof(double));
    bool ok = x != NULL || error_memory(error);

    for (size_t p = 0; ok && p < part->rows; p++) {
        ok = input_values(&reader, part_row(part, p), x, error);
        for (size_t f = 0; ok && f < features; f++)
            if (!isnan(x[f])) {
                sum[f] += x[f];
                there[f]++;
            }
    }
    free(x);
    rows_close(&reader);
    return ok;
}

static bool set_means(const data_part *train, const double *sum, const size_t *there,
                      encoding *fitted, plx_error *error)
{
    for (size_t c = 0; c < fitted->column_count; c++) {
        input_column *column = &fitted->column[c];
        if (column->category != NULL)
            continue;
        if (there[column->first] == 0)
            return error_set(error, ERROR_DATA,
                             "%s: no training row has a value in column '%s', so there is no mean "
                             "to fill it with; leave it out with `drop`",
                             train->source->name, column->name);
        column->mean = sum[column->first] / (double)there[column->first];
    }
    return true;
}

bool fill_fit(const data_part *train, encoding *fitted, plx_error *error)
{
    double *sum = memory_array(fitted->features, sizeof(*sum));
    size_t *there = memory_array(fitted->features, sizeof(*there));
    bool ok = fitted->column_count == 0;

    if (sum == NULL || there == NULL)
        error_memory(error);
    else if (!ok)
        ok = add_up(train, sum, there, error) && set_means(train, sum, there, fitted, error);
    free(sum);
    free(there);
    return ok;
}

void fill_apply(dataset *data, const encoding *fitted)
{
    if (data->floats == NULL || data->map != NULL)
        return;
    for (size_t c = 0; c < fitted->column_count; c++) {
        const input_column *column = &fitted->column[c];
        if (column->category != NULL)
            continue;
        for (size_t r = 0; r < data->rows; r++) {
            float *x = &data->floats[r * data->features + column->first];
            if (isnan(*x))
                *x = (float)column->mean;
        }
    }
}
