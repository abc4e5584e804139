/* batch.c: rows of a part gathered into what a network takes: inputs converted and scaled, targets
 * as the output layer should give them. Nothing here allocates or fails; what of a file cannot be
 * read is zeros, and the file notes it. */
#include <math.h>
#include <string.h>

#include <plexus/plugin.h>

#include "data/dataset.h"
#include "data/scale.h"

enum {
    LINE = 64, /* bytes of the cache that are fetched together                                    */
    AHEAD = 8, /* rows                                                                            */
    EXPECTED = 256 << 10, /* bytes: with what a step needs besides they should stay in the cache  */
};

/* --- inputs --- */

PLX_CLONES static void plain_bytes(const uint8_t *from, size_t n, float *x)
{
    for (size_t f = 0; f < n; f++)
        x[f] = (float)from[f];
}

/* (x - offset) factor, in double, rounded once. */
PLX_CLONES static void scaled_bytes(const uint8_t *from, const double *offset, const double *factor,
                                    size_t n, float *x)
{
    for (size_t f = 0; f < n; f++)
        x[f] = (float)(((double)from[f] - offset[f]) * factor[f]);
}

/* The same with one offset and factor for all, as pixels have. */
PLX_CLONES static void evenly_scaled_bytes(const uint8_t *from, double offset, double factor,
                                           size_t n, float *x)
{
    for (size_t f = 0; f < n; f++)
        x[f] = (float)(((double)from[f] - offset) * factor);
}

/* With no offset, and in floats, where these come to the same bits (encoding.h). */
PLX_CLONES static void quickly_scaled_bytes(const uint8_t *from, float high, float low, size_t n,
                                            float *x)
{
    for (size_t f = 0; f < n; f++) {
        const float byte = (float)from[f];
        x[f] = byte * high + byte * low;
    }
}

PLX_CLONES static void scaled_floats(const float *from, const double *offset, const double *factor,
                                     size_t n, float *x)
{
    for (size_t f = 0; f < n; f++)
        x[f] = (float)(((double)from[f] - offset[f]) * factor[f]);
}

PLX_CLONES static void evenly_scaled_floats(const float *from, double offset, double factor,
                                            size_t n, float *x)
{
    for (size_t f = 0; f < n; f++)
        x[f] = (float)(((double)from[f] - offset) * factor);
}

/* Features first .. first + n - 1 of a row, which are stored at `from`. */
static void convert(const dataset *data, const encoding *fitted, const void *from, size_t first,
                    size_t n, float *x)
{
    const bool scaled = fitted->offset != NULL, bytes = data->bytes != NULL;
    const double *offset = scaled ? fitted->offset + first : NULL;
    const double *factor = scaled ? fitted->factor + first : NULL;

    if (bytes && fitted->high != 0)
        quickly_scaled_bytes(from, fitted->high, fitted->low, n, x);
    else if (bytes && fitted->even)
        evenly_scaled_bytes(from, *offset, *factor, n, x);
    else if (bytes && scaled)
        scaled_bytes(from, offset, factor, n, x);
    else if (bytes)
        plain_bytes(from, n, x);
    else if (fitted->even)
        evenly_scaled_floats(from, *offset, *factor, n, x);
    else if (scaled)
        scaled_floats(from, offset, factor, n, x);
    else
        memcpy(x, from, n * sizeof(float));
}

/* --- rows far into a file --- */

enum { PIECE = 1 << 14 };

/* A row larger than a piece. */
static void long_row(const dataset *data, const encoding *fitted, size_t row, void *piece, float *x)
{
    const size_t size = dataset_row_bytes(data), width = size / data->features;

    for (size_t f = 0; f < data->features; f += PIECE / width) {
        const size_t left = data->features - f, n = left < PIECE / width ? left : PIECE / width;
        mapping_read(data->map, data->start + row * size + f * width, n * width, piece);
        convert(data, fitted, piece, f, n, x + f);
    }
}

/* The first rows at `positions`, as many as follow one another in the file and fit into a piece,
 * at least one: how many. */
static size_t far_rows(const data_part *part, const encoding *fitted, const uint32_t *positions,
                       size_t n, float *x)
{
    float piece[PIECE / sizeof(float)];
    const dataset *data = part->source;
    const size_t size = dataset_row_bytes(data), row = part_row(part, positions[0]);
    size_t count = 1;

    if (size > PIECE) {
        long_row(data, fitted, row, piece, x);
        return 1;
    }
    while (count < n && (count + 1) * size <= PIECE &&
           part_row(part, positions[count]) == row + count)
        count++;
    mapping_read(data->map, data->start + row * size, count * size, piece);
    for (size_t i = 0; i < count; i++)
        convert(data, fitted, (const unsigned char *)piece + i * size, 0, data->features,
                x + i * data->features);
    return count;
}

static void expect_rows(const data_part *part, size_t near, const uint32_t *positions, size_t n)
{
    const dataset *data = part->source;
    const size_t size = dataset_row_bytes(data);

    for (size_t i = 0; i < n; i++) {
        const size_t row = part_row(part, positions[i]);
        if (row >= near)
            mapping_expect(data->map, data->start + row * size, size);
    }
}

/* --- all rows --- */

static const void *near_row(const dataset *data, size_t row)
{
    const size_t at = row * data->features;

    return data->bytes != NULL ? (const void *)(data->bytes + at)
                               : (const void *)(data->floats + at);
}

/* A row to come, which may be anywhere in memory as its target may, is asked for while others are
 * converted. */
static void ask_for(const data_part *part, uint32_t position, size_t near)
{
    const dataset *data = part->source;
    const size_t row = part_row(part, position), size = dataset_row_bytes(data);

    for (size_t at = 0; row < near && at < size; at += LINE)
        __builtin_prefetch((const char *)near_row(data, row) + at);
    if (data->label != NULL)
        __builtin_prefetch(data->label + row);
    else if (data->target != NULL)
        __builtin_prefetch(data->target + row * data->target_count);
}

void data_expect(const data_part *part, const uint32_t *positions, size_t n)
{
    const size_t near = dataset_near(part->source), size = dataset_row_bytes(part->source);

    for (size_t i = 0; i < n && (i + 1) * size <= EXPECTED; i++)
        ask_for(part, positions[i], near);
}

/* How many rows from positions[0] on lie behind each other and are converted alike: one call does. */
static size_t next_rows(const data_part *part, const encoding *fitted, const uint32_t *positions,
                        size_t n, size_t near)
{
    const size_t row = part_row(part, positions[0]);
    size_t count = 1;

    while ((fitted->even || fitted->offset == NULL) && count < n && row + count < near &&
           part_row(part, positions[count]) == row + count)
        count++;
    return count;
}

void data_inputs(const data_part *part, const encoding *fitted, const uint32_t *positions, size_t n,
                 float *x)
{
    const dataset *data = part->source;
    const size_t features = data->features, near = dataset_near(data);

    if (near < data->rows)
        expect_rows(part, near, positions, n);
    for (size_t i = 0; i < n && i < AHEAD; i++)
        ask_for(part, positions[i], near);
    for (size_t i = 0; i < n;) {
        const size_t row = part_row(part, positions[i]);
        if (row >= near) {
            i += far_rows(part, fitted, positions + i, n - i, x + i * features);
            continue;
        }
        const size_t run = next_rows(part, fitted, positions + i, n - i, near);
        if (run == 1 && i + AHEAD < n)
            ask_for(part, positions[i + AHEAD], near);
        convert(data, fitted, near_row(data, row), 0, run * features, x + i * features);
        i += run;
    }
}

double data_largest_input(const data_part *part, const encoding *fitted)
{
    return part->source->bytes != NULL ? encoding_largest_byte(fitted) : 0;
}

/* --- targets --- */

/* What units are to give for a class that is the row's, and for others:
 * t = (1 - s) onehot + s / classes, then from 0..1 to low..high. */
typedef struct class_levels {
    float on, off;
} class_levels;

static class_levels levels_of(size_t classes, const target_code *code, double smoothing)
{
    const double span = (double)code->high - (double)code->low;
    const double off = smoothing / (double)classes, on = 1 - smoothing + off;

    return (class_levels){.on = (float)((double)code->low + span * on),
                          .off = (float)((double)code->low + span * off)};
}

/* A single unit tells the second of two classes from the first. */
static void class_targets(int32_t label, size_t units, class_levels levels, float *target)
{
    if (units == 1) {
        target[0] = label == 1 ? levels.on : levels.off;
        return;
    }
    for (size_t k = 0; k < units; k++)
        target[k] = levels.off;
    target[label] = levels.on;
}

/* Target t of a row, scaled if the encoding says so. */
static float number_target(const dataset *data, const encoding *fitted, size_t row, size_t t)
{
    const float value = data->target[row * data->target_count + t];

    if (fitted->target_mean == NULL)
        return value;
    return (float)(((double)value - fitted->target_mean[t]) / fitted->target_deviation[t]);
}

void data_targets(const data_part *part, const encoding *fitted, const target_code *code,
                  double smoothing, const uint32_t *positions, size_t n, float *target,
                  int32_t *label)
{
    const dataset *data = part->source;
    const class_levels levels = levels_of(fitted->label_count, code, smoothing);

    for (size_t i = 0; i < n; i++, target += code->units) {
        const size_t row = part_row(part, positions[i]);
        if (fitted->targets == TARGETS_CLASS) {
            class_targets(data->label[row], code->units, levels, target);
            if (label != NULL)
                label[i] = data->label[row];
        } else {
            for (size_t t = 0; t < code->units; t++)
                target[t] = number_target(data, fitted, row, t);
        }
    }
}

/* Labels under smoothing are no labels any more: a loss that would look at nothing else is not
 * given them silently. */
static uint32_t class_kinds(const target_code *code, double smoothing)
{
    uint32_t kinds = PLX_TARGET_REALS;

    if (smoothing <= 0)
        kinds |= PLX_TARGET_LABELS;
    if (code->low >= 0) {
        kinds |= PLX_TARGET_UNIT;
        if (smoothing > 0)
            kinds |= PLX_TARGET_POSITIVE;
        if (code->units > 1)
            kinds |= PLX_TARGET_SIMPLEX;
    }
    return kinds;
}

/* Takes away the kinds that one row is not. */
static uint32_t row_kinds(const dataset *data, const encoding *fitted, size_t row, size_t units,
                          uint32_t kinds)
{
    double sum = 0;

    for (size_t t = 0; t < units; t++) {
        const float target = number_target(data, fitted, row, t);
        sum += (double)target;
        if (!(target > 0))
            kinds &= ~PLX_TARGET_POSITIVE;
        if (!(target >= 0 && target <= 1))
            kinds &= ~(PLX_TARGET_UNIT | PLX_TARGET_SIMPLEX);
    }
    return fabs(sum - 1) <= 1e-4 ? kinds : kinds & ~PLX_TARGET_SIMPLEX;
}

uint32_t data_target_kinds(const data_part *part, const encoding *fitted, const target_code *code,
                           double smoothing)
{
    const dataset *data = part->source;
    uint32_t kinds = PLX_TARGET_REALS | PLX_TARGET_POSITIVE | PLX_TARGET_UNIT | PLX_TARGET_SIMPLEX;

    if (fitted->targets == TARGETS_CLASS)
        return class_kinds(code, smoothing);
    if (data->target == NULL || part->rows == 0)
        return PLX_TARGET_REALS;
    for (size_t p = 0; p < part->rows && kinds != PLX_TARGET_REALS; p++)
        kinds = row_kinds(data, fitted, part_row(part, p), code->units, kinds);
    return kinds;
}

void data_class_counts(const data_part *part, const encoding *fitted, size_t *count)
{
    memset(count, 0, fitted->label_count * sizeof(*count));
    for (size_t p = 0; p < part->rows; p++)
        count[part->source->label[part_row(part, p)]]++;
}
