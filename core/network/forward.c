/* forward.c: from a batch to outputs.
 *
 * For each layer one run of the pool: a task computes a block of Z = X W' + b and, while it is
 * in the cache, applies the activation and dropout to it. An activation that needs whole rows
 * gets a second run, over blocks of rows. */
#include "network/layers.h"
#include "network/product.h"
#include "network/product_bf16.h"

typedef struct forward_job {
    network *network;
    size_t l;
    const float *x;
    grid grid;
    random_stream stream; /* of this layer's dropout */
    bool drop, activate;
} forward_job;

bool layer_is_rowwise(const layer *layer)
{
    return layer->activation->forward_rows != NULL;
}

const float *layer_output(const network *network, size_t l)
{
    const layer *layer = &network->layers[l];

    return network->dropping && layer->mask != NULL ? layer->a : layer->y;
}

const float *layer_input(const network *network, size_t l)
{
    return l == 0 ? network->x : layer_output(network, l - 1);
}

/* y = f(z): in one piece if the block is as wide as the matrix, else row by row. */
static int32_t activate(const layer *layer, block at)
{
    const bool whole = at.cols == layer->units;
    const size_t pieces = whole ? 1 : at.rows, length = whole ? at.rows * at.cols : at.cols;
    int32_t status = PLX_OK;

    for (size_t i = 0; i < pieces && status == PLX_OK; i++) {
        const size_t from = (at.row + i) * layer->units + at.col;
        status = layer->activation->forward(layer->self, length, layer->z + from, layer->y + from);
    }
    return status;
}

/* a = y mask; output (r, c) draws number r units + c, so blocks change nothing. */
static void drop_out(const layer *layer, random_stream stream, block at)
{
    for (size_t r = 0; r < at.rows; r++) {
        const size_t from = (at.row + r) * layer->units + at.col;
        const float *y = layer->y + from;
        float *mask = layer->mask + from, *a = layer->a + from;
        random_uniform_f32(stream, from, at.cols, mask);
        for (size_t j = 0; j < at.cols; j++) {
            mask[j] = mask[j] >= layer->dropout ? layer->kept : 0;
            a[j] = y[j] * mask[j];
        }
    }
}

static void finish_block(const forward_job *job, block at)
{
    network *network = job->network;
    const layer *layer = &network->layers[job->l];

    if (layer_is_rowwise(layer)) {
        const size_t from = at.row * layer->units;
        note_status(&network->plugin_status,
                    layer->activation->forward_rows(layer->self, at.rows, layer->units,
                                                    layer->z + from, layer->units, layer->y + from,
                                                    layer->units));
    } else {
        note_status(&network->plugin_status, activate(layer, at));
    }
    if (job->drop)
        drop_out(layer, job->stream, at);
}

/* A block of Z = X W' + b. */
static void multiply(const forward_job *job, const layer *layer, block at)
{
    const network *network = job->network;
    const size_t fan_in = layer->fan_in;
    const float *w = layer->w + at.col * fan_in;
    const float *bias = layer->b == NULL ? NULL : layer->b + at.col;
    float *z = layer->z + at.row * layer->units + at.col;

    if (network->rounding)
        bf16_product(true, at.rows, at.cols, fan_in, network->rounded + at.row * bf16_half(fan_in),
                     w, fan_in, bias, z, layer->units);
    else
        product_with_bias(at.rows, at.cols, fan_in, job->x + at.row * fan_in, fan_in, w, fan_in,
                          bias, z, layer->units);
}

static void product_task(void *context, size_t task, int thread)
{
    const forward_job *job = context;
    const layer *layer = &job->network->layers[job->l];
    const block at = grid_block(&job->grid, task);
    profile *profile = job->network->profile;
    uint64_t time = profile_now(profile);

    multiply(job, layer, at);
    time = profile_add(profile, thread, job->l, PROFILE_FORWARD, time);
    profile_count(profile, thread, job->l, PROFILE_FORWARD, 2 * at.rows * at.cols * layer->fan_in);
    if (job->activate && !layer_is_rowwise(layer))
        finish_block(job, at);
    profile_add(profile, thread, job->l, PROFILE_ACTIVATION, time);
}

static void rowwise_task(void *context, size_t task, int thread)
{
    const forward_job *job = context;
    const uint64_t time = profile_now(job->network->profile);

    finish_block(job, grid_block(&job->grid, task));
    profile_add(job->network->profile, thread, job->l, PROFILE_ACTIVATION, time);
}

static bool forward_layer(forward_job *job, plx_error *error)
{
    network *network = job->network;
    const layer *layer = &network->layers[job->l];

    const double outputs = (double)network->rows * (double)layer->units;

    job->grid = grid_of_batch(network->rows, layer->units);
    task_run run = {.count = job->grid.blocks,
                    .work = outputs * (double)layer->fan_in,
                    .task = product_task,
                    .context = job,
                    .plugin = layer->plugin,
                    .l = (int)job->l};
    if ((network->rounding && !round_input(network, job->l, error)) ||
        !run_tasks(network, &run, error))
        return false;
    if (!job->activate || !layer_is_rowwise(layer))
        return true;
    job->grid = grid_of_rows(network->rows, layer->units);
    run.count = job->grid.blocks;
    run.work = outputs * ACTIVATION_WORK;
    run.task = rowwise_task;
    return run_tasks(network, &run, error);
}

static bool begin(network *network, size_t rows, const float *x, bool dropping, bool rounding,
                  plx_error *error)
{
    network->has_output = network->has_loss = false;
    network->has_deltas = network->has_gradients = false;
    if (rows > network->capacity)
        return error_set(error, ERROR_RUN, "a batch of %zu rows; the network was built for %zu",
                         rows, network->capacity);
    if (dropping && !network->training)
        return error_set(error, ERROR_RUN, "dropout in a network that was not built for training");
    network->rows = rows;
    network->x = x;
    network->dropping = dropping;
    network->rounding = rounding && rows > 0;
    return true;
}

bool network_forward(network *network, size_t rows, const float *x, const random_stream *dropout,
                     bool need_output, plx_error *error)
{
    const bool to_the_end = need_output || network->fused == NULL;

    if (!begin(network, rows, x, dropout != NULL, network->bf16 && !need_output, error))
        return false;
    for (size_t l = 0; l < network->layer_count; l++) {
        forward_job job = {.network = network, .l = l, .x = layer_input(network, l)};
        job.activate = to_the_end || l + 1 < network->layer_count;
        job.drop = dropout != NULL && network->layers[l].mask != NULL;
        if (job.drop)
            job.stream = (random_stream){dropout->seed, dropout->lane + l};
        if (!forward_layer(&job, error))
            return false;
    }
    network->has_output = to_the_end;
    return true;
}

const float *network_output(const network *network)
{
    return network->has_output ? layer_output(network, network->layer_count - 1) : NULL;
}
