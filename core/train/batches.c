/* batches.c: see batches.h. */
#include "train/batches.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/random.h"

enum {
    TASK_ROWS = 32,
    MANY = 65536, /* inputs, which take longer than to wake a thread                              */
};

bool batches_init(batches *batches, const data_part *part, const encoding *encoding,
                  const target_code *code, const double *class_weight, double smoothing,
                  size_t batch, plx_error *error)
{
    const size_t size = batch == 0 || batch > part->rows ? part->rows : batch;

    memset(batches, 0, sizeof(*batches));
    batches->part = part;
    batches->encoding = encoding;
    batches->code = code;
    batches->class_weight = class_weight;
    batches->smoothing = smoothing;
    batches->gives_labels =
        (data_target_kinds(part, encoding, code, smoothing) & PLX_TARGET_LABELS) != 0;
    batches->size = size;
    batches->count = (part->rows + size - 1) / size;
    batches->order = memory_array(part->rows, sizeof(uint32_t));
    batches->x = memory_aligned(size * encoding->features, sizeof(float));
    batches->target = memory_aligned(size * code->units, sizeof(float));
    batches->label = memory_array(size, sizeof(int32_t));
    batches->row_weight = memory_array(size, sizeof(float));
    if (batches->order == NULL || batches->x == NULL || batches->target == NULL ||
        batches->label == NULL || batches->row_weight == NULL)
        return error_memory(error);
    return true;
}

void batches_clear(batches *batches)
{
    free(batches->order);
    free(batches->x);
    free(batches->target);
    free(batches->label);
    free(batches->row_weight);
    memset(batches, 0, sizeof(*batches));
}

void batches_order(batches *batches, bool shuffle, uint64_t seed, int64_t epoch)
{
    if (batches->loaded)
        return;
    if (shuffle && batches->count > 1) {
        random_permutation(random_open(seed, RANDOM_SHUFFLE, (uint64_t)epoch), batches->part->rows,
                           batches->order);
        return;
    }
    for (size_t i = 0; i < batches->part->rows; i++)
        batches->order[i] = (uint32_t)i;
}

/* The rows of a batch; *rows tells how many. */
static const uint32_t *positions_of(const batches *batches, size_t index, size_t *rows)
{
    const size_t first = index * batches->size, left = batches->part->rows - first;

    *rows = left < batches->size ? left : batches->size;
    return batches->order + first;
}

/* While the batch at hand is learned from, the next one's rows come into the cache. */
static void expect_next(const batches *batches, size_t index)
{
    size_t rows;

    if (index + 1 < batches->count) {
        const uint32_t *next = positions_of(batches, index + 1, &rows);
        data_expect(batches->part, next, rows);
    }
}

/* Rows of a batch that one thread gathers at a time. */
typedef struct gathering {
    batches *batches;
    const uint32_t *position;
} gathering;

static void gather_task(void *context, size_t task, int thread)
{
    const gathering *job = context;
    batches *batches = job->batches;
    const size_t first = task * TASK_ROWS, left = batches->rows - first;

    (void)thread;
    data_inputs(batches->part, batches->encoding, job->position + first,
                left < TASK_ROWS ? left : TASK_ROWS,
                batches->x + first * batches->encoding->features);
}

/* Many rows on all threads, if all of them lie in memory. */
static void gather(batches *batches, const uint32_t *position)
{
    const dataset *data = batches->part->source;
    gathering job = {batches, position};

    if (batches->pool != NULL && batches->rows * batches->encoding->features >= MANY &&
        dataset_near(data) == data->rows)
        pool_run(batches->pool, (batches->rows + TASK_ROWS - 1) / TASK_ROWS, gather_task, &job);
    else
        data_inputs(batches->part, batches->encoding, position, batches->rows, batches->x);
}

void batches_load(batches *batches, size_t index)
{
    const bool classes = batches->encoding->targets == TARGETS_CLASS;
    const uint32_t *position = positions_of(batches, index, &batches->rows);

    if (batches->loaded)
        return;
    batches->loaded = batches->count == 1;
    gather(batches, position);
    data_targets(batches->part, batches->encoding, batches->code, batches->smoothing, position,
                 batches->rows, batches->target, classes ? batches->label : NULL);
    expect_next(batches, index);
    batches->weight = (double)batches->rows;
    if (batches->class_weight == NULL)
        return;
    batches->weight = 0;
    for (size_t r = 0; r < batches->rows; r++) {
        batches->row_weight[r] = (float)batches->class_weight[batches->label[r]];
        batches->weight += (double)batches->row_weight[r];
    }
}

batches_traffic batches_row_traffic(const batches *batches)
{
    const dataset *data = batches->part->source;
    const bool classes = batches->encoding->targets == TARGETS_CLASS;
    const size_t target = classes ? sizeof(int32_t) : data->target_count * sizeof(float);
    const size_t label = classes ? sizeof(int32_t) : 0;

    return (batches_traffic){
        .read = dataset_row_bytes(data) + target,
        .written = (data->features + batches->code->units) * sizeof(float) + label,
    };
}

const int32_t *batches_label(const batches *batches)
{
    return batches->gives_labels ? batches->label : NULL;
}

const float *batches_row_weight(const batches *batches)
{
    return batches->class_weight == NULL ? NULL : batches->row_weight;
}

double batches_scale(const batches *batches)
{
    return batches->weight > 0 ? 1 / batches->weight : 0;
}
