/* scale.c: see scale.h. Rows are walked in their order and sums kept in double for all features at
 * once, so memory is read along its rows; the deviation takes a second walk around the mean, which
 * keeps its digits where one walk with squares would lose them. */
#include "data/scale.h"

#include <math.h>
#include <stdlib.h>

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

/* Feature f of a row, for inputs or for targets. */
typedef double value_of(const dataset *data, size_t row, size_t f);

static double input_value(const dataset *data, size_t row, size_t f)
{
    const size_t i = row * data->features + f;

    return data->bytes != NULL ? data->bytes[i] : (double)data->floats[i];
}

static double target_value(const dataset *data, size_t row, size_t f)
{
    return (double)data->target[row * data->target_count + f];
}

/* Least, most, mean and population deviation: sqrt(sum (x - mean)^2 / n). */
static void work_out(const data_part *part, value_of *value, size_t features, feature_figures *out)
{
    const double n = (double)part->rows;

    for (size_t p = 0; p < part->rows; p++)
        for (size_t f = 0; f < features; f++) {
            const double x = value(part->source, part_row(part, p), f);
            out->least[f] = p == 0 ? x : fmin(out->least[f], x);
            out->most[f] = p == 0 ? x : fmax(out->most[f], x);
            out->mean[f] += x;
        }
    for (size_t f = 0; f < features; f++)
        out->mean[f] /= n;
    for (size_t p = 0; p < part->rows; p++)
        for (size_t f = 0; f < features; f++) {
            const double d = value(part->source, part_row(part, p), f) - out->mean[f];
            out->deviation[f] += d * d;
        }
    for (size_t f = 0; f < features; f++)
        out->deviation[f] = sqrt(out->deviation[f] / n);
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
    const bool ok = new_figures(&figures, features);
    if (ok) {
        work_out(train, input_value, features, &figures);
        for (size_t f = 0; f < features; f++)
            set_scale(fitted, f, &figures, rule);
        leave_one_hot_alone(fitted);
    }
    free_figures(&figures);
    return ok || error_memory(error);
}

bool scale_fit_targets(const data_part *train, encoding *fitted, plx_error *error)
{
    const size_t count = fitted->target_count;
    feature_figures figures = {0};

    if (!new_figures(&figures, count)) {
        free_figures(&figures);
        return error_memory(error);
    }
    work_out(train, target_value, count, &figures);
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

/* The mean of one feature over the rows that have it; NaN if none has. */
static double mean_of(const data_part *part, size_t f)
{
    double sum = 0;
    size_t there = 0;

    for (size_t p = 0; p < part->rows; p++) {
        const double x = input_value(part->source, part_row(part, p), f);
        if (!isnan(x)) {
            sum += x;
            there++;
        }
    }
    return there == 0 ? nan("") : sum / (double)there;
}

bool fill_fit(const data_part *train, encoding *fitted, plx_error *error)
{

    for (size_t c = 0; c < fitted->column_count; c++) {
        input_column *column = &fitted->column[c];
        if (column->category != NULL)
            continue;
        column->mean = mean_of(train, column->first);
        if (isnan(column->mean))
            return error_set(error, ERROR_DATA,
                             "%s: no training row has a value in column '%s', so there is no mean "
                             "to fill it with; leave it out with `drop`",
                             train->source->name, column->name);
    }
    return true;
}

void fill_apply(dataset *data, const encoding *fitted)
{
    if (data->floats == NULL)
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
