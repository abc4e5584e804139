/* workloads.c: see workloads.h.
 *
 * W1 to W4 train on data of Fashion-MNIST's shape, 60000 images of 28 x 28 bytes, from a small
 * network in small batches, where the optimizer and what surrounds the products count, to a large
 * one, where only products do. W5 and W6 are as small as a spreadsheet's problem: there the cost of
 * a call shows. I3-1 and I3-512 ask W3's network for answers, one row or 512 at a time. */
#include "workloads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/random.h"

enum { SEED = 1, IMAGE = 28 * 28, IMAGES = 60000 };
enum { DRAW_SHAPES, DRAW_PIXELS, DRAW_LABELS, DRAW_FLOATS }; /* sub-streams */

/* What the image workloads share. */
#define IMAGE_TRAINING                                                                             \
    .inputs = IMAGE, .hidden = "relu", .output = "softmax", .optimizer = "adam", .lr = 1e-3,       \
    .rows = IMAGES, .images = true, .shuffle = true

static const workload all[] = {
    {.name = "W1", .layers = 2, .units = {128, 10}, .batch = 32, IMAGE_TRAINING},
    {.name = "W2", .layers = 2, .units = {128, 10}, .batch = 256, IMAGE_TRAINING},
    {.name = "W3", .layers = 3, .units = {512, 512, 10}, .batch = 128, IMAGE_TRAINING},
    {.name = "W4", .layers = 3, .units = {2048, 2048, 10}, .batch = 512, IMAGE_TRAINING},
    {.name = "W5",
     .inputs = 2,
     .layers = 2,
     .units = {4, 1},
     .hidden = "tanh",
     .output = "sigmoid",
     .optimizer = "sgd",
     .lr = 0.1,
     .rows = 256,
     .batch = 256,
     .tiny = true},
    {.name = "W6",
     .inputs = 30,
     .layers = 3,
     .units = {64, 64, 2},
     .hidden = "relu",
     .output = "softmax",
     .optimizer = "adam",
     .lr = 1e-3,
     .rows = 569,
     .batch = 32,
     .shuffle = true},
    {.name = "I3-1",
     .inputs = IMAGE,
     .layers = 3,
     .units = {512, 512, 10},
     .hidden = "relu",
     .output = "softmax",
     .rows = 10000,
     .batch = 1,
     .images = true},
    {.name = "I3-512",
     .inputs = IMAGE,
     .layers = 3,
     .units = {512, 512, 10},
     .hidden = "relu",
     .output = "softmax",
     .rows = 10000,
     .batch = 512,
     .images = true},
};

const workload *workload_list(size_t *count)
{
    *count = sizeof(all) / sizeof(all[0]);
    return all;
}

const workload *workload_find(const char *name)
{
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    return NULL;
}

/* --- sizes --- */

size_t workload_fan_in(const workload *workload, size_t layer)
{
    return layer == 0 ? workload->inputs : workload->units[layer - 1];
}

size_t workload_parameters(const workload *workload)
{
    size_t sum = 0;

    for (size_t l = 0; l < workload->layers; l++)
        sum += (workload_fan_in(workload, l) + 1) * workload->units[l];
    return sum;
}

double workload_step_operations(const workload *workload)
{
    double sum = 0;

    for (size_t l = 0; l < workload->layers; l++) {
        const double product = 2 * (double)workload->batch * (double)workload_fan_in(workload, l) *
                               (double)workload->units[l];
        const int products = workload->optimizer == NULL ? 1 : l == 0 ? 2 : 3;
        sum += products * product;
    }
    return sum;
}

void workload_first_weights(const workload *workload, size_t layer, float *w)
{
    const size_t fan_in = workload_fan_in(workload, layer);
    const double gain = strcmp(workload->hidden, "relu") == 0 ? 2 : 1;
    const double deviation = sqrt(gain / (double)fan_in);
    const random_stream stream = random_open(SEED, RANDOM_INIT, layer);

    for (size_t i = 0; i < fan_in * workload->units[layer]; i++)
        w[i] = (float)(deviation * random_normal(stream, i));
}

/* --- data --- */

static size_t classes_of(const workload *workload)
{
    const size_t outputs = workload->units[workload->layers - 1];

    return outputs == 1 ? 2 : outputs;
}

/* n random bytes. */
static void draw_bytes(random_stream stream, uint64_t first_block, size_t n, uint8_t *bytes)
{
    uint32_t block[4];

    for (size_t i = 0; i < n; i += sizeof(block)) {
        const size_t left = n - i;
        random_block(stream, first_block + i / sizeof(block), block);
        memcpy(bytes + i, block, left < sizeof(block) ? left : sizeof(block));
    }
}

/* An image is its class's shape, black in about half of its pixels, under noise. */
static void draw_image(const uint8_t *shape, const uint8_t *noise, size_t n, uint8_t *image)
{
    for (size_t i = 0; i < n; i++)
        image[i] = shape[i] < 128 ? 0 : (uint8_t)((shape[i] + noise[i]) / 2);
}

static bool make_images(const workload *workload, dataset *rows)
{
    const size_t n = workload->inputs, classes = classes_of(workload);
    const size_t blocks = (n + 15) / 16; /* of 16 bytes, for a row's noise */
    uint8_t *shape = memory_array(classes + 1, n);
    uint8_t *noise = shape == NULL ? NULL : shape + classes * n;

    rows->bytes = memory_array(workload->rows, n);
    if (shape == NULL || rows->bytes == NULL) {
        free(shape);
        return false;
    }
    draw_bytes(random_open(SEED, RANDOM_GENERATE, DRAW_SHAPES), 0, classes * n, shape);
    for (size_t r = 0; r < workload->rows; r++) {
        draw_bytes(random_open(SEED, RANDOM_GENERATE, DRAW_PIXELS), r * blocks, n, noise);
        draw_image(shape + (size_t)rows->label[r] * n, noise, n, rows->bytes + r * n);
    }
    free(shape);
    return true;
}

/* Normal numbers around -1, 0 or 1, in a pattern of the features that differs from class to class.
 */
static bool make_floats(const workload *workload, dataset *rows)
{
    const size_t n = workload->inputs, classes = classes_of(workload);

    rows->floats = memory_array(workload->rows * n, sizeof(float));
    if (rows->floats == NULL)
        return false;
    random_normal_f32(random_open(SEED, RANDOM_GENERATE, DRAW_FLOATS), 0, workload->rows * n,
                      rows->floats);
    for (size_t i = 0; i < workload->rows * n; i++)
        if (i % n % classes == (size_t)rows->label[i / n])
            rows->floats[i] += i % 2 == 0 ? 1.0F : -1.0F;
    return true;
}

/* One row in ten becomes its predecessor's twin, of another class. No network can tell the two
 * apart, so the loss does not vanish: gradients that do become denormal numbers, and the time of a
 * step would depend on how long the network has been trained. */
static void make_twins(const workload *workload, dataset *rows)
{
    const size_t size = workload->inputs * (workload->images ? 1 : sizeof(float));
    unsigned char *inputs = workload->images ? rows->bytes : (unsigned char *)rows->floats;
    const int32_t classes = (int32_t)classes_of(workload);

    for (size_t r = 1; r < workload->rows; r += 10) {
        memcpy(inputs + r * size, inputs + (r - 1) * size, size);
        rows->label[r] = (rows->label[r - 1] + 1) % classes;
    }
}

static bool make_rows(const workload *workload, dataset *rows)
{
    const random_stream stream = random_open(SEED, RANDOM_GENERATE, DRAW_LABELS);

    rows->rows = workload->rows;
    rows->features = workload->inputs;
    rows->label = memory_array(workload->rows, sizeof(*rows->label));
    if (rows->label == NULL)
        return false;
    for (size_t r = 0; r < workload->rows; r++)
        rows->label[r] = (int32_t)random_below(stream, r, classes_of(workload));
    if (!(workload->images ? make_images(workload, rows) : make_floats(workload, rows)))
        return false;
    make_twins(workload, rows);
    return true;
}

static bool make_encoding(const workload *workload, encoding *made)
{
    made->features = workload->inputs;
    made->targets = TARGETS_CLASS;
    made->label_count = classes_of(workload);
    if (!workload->images)
        return true;
    made->offset = memory_array(workload->inputs, sizeof(double));
    made->factor = memory_array(workload->inputs, sizeof(double));
    if (made->offset == NULL || made->factor == NULL)
        return false;
    for (size_t i = 0; i < workload->inputs; i++)
        made->factor[i] = 1.0 / 255;
    encoding_look_at_scaling(made);
    return true;
}

bool workload_data_make(workload_data *data, const workload *workload, plx_error *error)
{
    memset(data, 0, sizeof(*data));
    data->rows = memory_array(1, sizeof(*data->rows));
    if (data->rows == NULL || !make_rows(workload, data->rows) ||
        !make_encoding(workload, &data->encoding))
        return error_memory(error);
    data->part = (data_part){.source = data->rows, .rows = workload->rows};
    data->code = (target_code){.units = workload->units[workload->layers - 1], .high = 1};
    return true;
}

void workload_data_clear(workload_data *data)
{
    dataset_free(data->rows);
    free(data->encoding.offset);
    free(data->encoding.factor);
    memset(data, 0, sizeof(*data));
}

void workload_order(const workload *workload, int64_t epoch, uint32_t *order)
{
    if (workload->shuffle) {
        random_permutation(random_open(SEED, RANDOM_SHUFFLE, (uint64_t)epoch), workload->rows,
                           order);
        return;
    }
    for (size_t i = 0; i < workload->rows; i++)
        order[i] = (uint32_t)i;
}
