/* batch.c: rows of a part gathered into what a network takes: inputs converted and scaled, targets
 * as the output layer should give them. Nothing here allocates or fails. */
#include <math.h>
#include <sha2.h>
#include <string.h>

#include <plexus/plugin.h>

#include "data/dataset.h"
#include "data/scale.h"

enum {
    LINE = 64, /* bytes of the cache that are fetched together                                    */
    AHEAD = 4, /* rows                                                                            */
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

PLX_CLONES static void scaled_floats(const float *from, const double *offset, const double *factor,
                                     size_t n, float *x)
{
    for (size_t f = 0; f < n; f++)
        x[f] = (float)(((double)from[f] - offset[f]) * factor[f]);
}

static bool is_even(const encoding *fitted, size_t n)
{
    for (size_t f = 1; f < n; f++)
        if (fitted->offset[f] != fitted->offset[0] || fitted->factor[f] != fitted->factor[0])
            return false;
    return true;
}

static void byte_inputs(const encoding *fitted, bool even, const uint8_t *from, size_t n, float *x)
{
    if (fitted->offset == NULL)
        plain_bytes(from, n, x);
    else if (even)
        evenly_scaled_bytes(from, fitted->offset[0], fitted->factor[0], n, x);
    else
        scaled_bytes(from, fitted->offset, fitted->factor, n, x);
}

static void float_inputs(const encoding *fitted, const float *from, size_t n, float *x)
{
    if (fitted->offset == NULL)
        memcpy(x, from, n * sizeof(*x));
    else
        scaled_floats(from, fitted->offset, fitted->factor, n, x);
}

/* A row to come, which may be anywhere in memory, is asked for while others are converted. */
static void ask_for(const void *row, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += LINE)
        __builtin_prefetch((const char *)row + at);
}

void data_inputs(const data_part *part, const encoding *fitted, const uint32_t *positions, size_t n,
                 float *x)
{
    const dataset *data = part->source;
    const size_t features = data->features;
    const bool even = data->bytes != NULL && fitted->offset != NULL && is_even(fitted, features);
    const size_t width = features * (data->bytes != NULL ? 1 : sizeof(float));
    const char *rows = data->bytes != NULL ? (const char *)data->bytes : (const char *)data->floats;

    for (size_t i = 0; i < n && i < AHEAD; i++)
        ask_for(rows + part_row(part, positions[i]) * width, width);
    for (size_t i = 0; i < n; i++, x += features) {
        const size_t at = (size_t)part_row(part, positions[i]) * features;
        if (i + AHEAD < n)
            ask_for(rows + part_row(part, positions[i + AHEAD]) * width, width);
        if (data->bytes != NULL)
            byte_inputs(fitted, even, data->bytes + at, features, x);
        else
            float_inputs(fitted, data->floats + at, features, x);
    }
}

/* --- targets --- */

/* t = (1 - s) onehot + s / classes, then from 0..1 to low..high. */
static void class_targets(int32_t label, size_t classes, const target_code *code, double smoothing,
                          float *target)
{
    const double span = (double)code->high - (double)code->low;
    const double off = smoothing / (double)classes, on = 1 - smoothing + off;

    if (code->units == 1) {
        target[0] = (float)((double)code->low + span * (label == 1 ? on : off));
        return;
    }
    const float rest = (float)((double)code->low + span * off);
    for (size_t k = 0; k < code->units; k++)
        target[k] = rest;
    target[label] = (float)((double)code->low + span * on);
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

    for (size_t i = 0; i < n; i++, target += code->units) {
        const size_t row = part_row(part, positions[i]);
        if (fitted->targets == TARGETS_CLASS) {
            class_targets(data->label[row], fitted->label_count, code, smoothing, target);
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

/* --- identity --- */

bool data_hash(const data_part *part, char hex[65])
{
    const dataset *data = part->source;
    const uint64_t extent[3] = {part->rows, data->features, data->target_count};
    SHA2_CTX context;

    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)extent, sizeof(extent));
    for (size_t p = 0; p < part->rows; p++) {
        const size_t row = part_row(part, p), at = row * data->features;
        if (data->bytes != NULL)
            SHA256Update(&context, data->bytes + at, data->features);
        else
            SHA256Update(&context, (const uint8_t *)(data->floats + at),
                         data->features * sizeof(float));
        if (data->label != NULL)
            SHA256Update(&context, (const uint8_t *)(data->label + row), sizeof(int32_t));
        if (data->target != NULL)
            SHA256Update(&context, (const uint8_t *)(data->target + row * data->target_count),
                         data->target_count * sizeof(float));
    }
    return SHA256End(&context, hex) != NULL;
}
