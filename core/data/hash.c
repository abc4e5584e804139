/* hash.c: what rows are, as a hash. The walk is over rows, not over parts: of those that want the
 * next row, each takes it, so that a large file is read once for all. */
#include <sha2.h>

#include "data/dataset.h"
#include "data/rows.h"
#include "data/scale.h"

/* A part on the way. */
typedef struct hashing {
    const data_part *part;
    SHA2_CTX context;
    size_t position;
} hashing;

static void begin(hashing *one, const data_part *part)
{
    const uint64_t extent[3] = {part->rows, part->source->features, part->source->target_count};

    one->part = part;
    one->position = 0;
    SHA256Init(&one->context);
    SHA256Update(&one->context, (const uint8_t *)extent, sizeof(extent));
}

static void take_row(hashing *one, size_t row, const void *inputs)
{
    const dataset *data = one->part->source;

    SHA256Update(&one->context, inputs, dataset_row_bytes(data));
    if (data->label != NULL)
        SHA256Update(&one->context, (const uint8_t *)(data->label + row), sizeof(int32_t));
    if (data->target != NULL)
        SHA256Update(&one->context, (const uint8_t *)(data->target + row * data->target_count),
                     data->target_count * sizeof(float));
    one->position++;
}

/* The least of the rows that the parts want next; false: none wants any. */
static bool next_row(const hashing *parts, size_t count, size_t *row)
{
    bool found = false;

    for (size_t i = 0; i < count; i++) {
        const hashing *one = &parts[i];
        if (one->position == one->part->rows)
            continue;
        const size_t wanted = part_row(one->part, one->position);
        if (!found || wanted < *row)
            *row = wanted;
        found = true;
    }
    return found;
}

/* Parts of one dataset. */
static bool walk(hashing *parts, size_t count, plx_error *error)
{
    row_reader reader = rows_open(parts[0].part->source);
    size_t row = 0;
    bool ok = true;

    while (ok && next_row(parts, count, &row)) {
        const void *inputs = rows_at(&reader, row, error);
        ok = inputs != NULL;
        for (size_t i = 0; ok && i < count; i++)
            if (parts[i].position < parts[i].part->rows &&
                part_row(parts[i].part, parts[i].position) == row)
                take_row(&parts[i], row, inputs);
    }
    rows_close(&reader);
    return ok;
}

bool data_hash(const data_part *part, char hex[65], plx_error *error)
{
    hashing one;

    begin(&one, part);
    if (!walk(&one, 1, error))
        return false;
    SHA256End(&one.context, hex);
    return true;
}

bool data_hash_parts(const data_bundle *bundle, char hex[3][65], plx_error *error)
{
    const data_part *part[3] = {&bundle->train, &bundle->validation, &bundle->test};

    for (int s = 0; s < 3; s++) {
        hashing parts[3];
        size_t which[3], count = 0;
        for (size_t i = 0; i < 3; i++)
            if (part[i]->rows > 0 && part[i]->source == bundle->storage[s]) {
                begin(&parts[count], part[i]);
                which[count++] = i;
            }
        if (count > 0 && !walk(parts, count, error))
            return false;
        for (size_t i = 0; i < count; i++)
            SHA256End(&parts[i].context, hex[which[i]]);
    }
    return true;
}
