/* round.c: X and dZ of a layer, laid out once for all blocks of its products.
 *
 * A pass of training in bfloat16 rounds them, in rows for the product along them and in strips for dW
 * (product_bf16.h); W is rounded where it is multiplied, as each strip of it goes into few products.
 * Otherwise wide layers have them as they are in strips, for dW. */
#include "network/layers.h"
#include "network/product.h"
#include "network/product_bf16.h"
#include "network/strips.h"

enum {
    ROUND_WORK = 4,   /* multiplications that take as long as laying out one number               */
    STRIPS_FROM = 64, /* rows of a batch that are worth it                                        */
};

typedef struct round_job {
    network *network;
    size_t l;
    const float *from;
    float *strips;
    profile_kind kind;
    pool_task *task;
    grid grid;
} round_job;

/* Blocks begin at even rows, so no pair of rows is torn. */
static void round_task(void *context, size_t task, int thread)
{
    const round_job *job = context;
    network *network = job->network;
    const block at = grid_block(&job->grid, task);
    const float *from = job->from + at.row * at.cols;
    const uint64_t time = profile_now(network->profile);

    bf16_round_rows(at.rows, at.cols, from, network->rounded + at.row * bf16_half(at.cols));
    bf16_round_strips(at.rows, at.cols, from, bf16_half(network->rows),
                      job->strips + at.row / 2 * STRIP);
    profile_add(network->profile, thread, job->l, job->kind, time);
}

static void fill_task(void *context, size_t task, int thread)
{
    const round_job *job = context;
    network *network = job->network;
    const block at = grid_block(&job->grid, task);
    const uint64_t time = profile_now(network->profile);

    product_fill_strips(at.rows, at.cols, job->from + at.row * at.cols, network->rows,
                        job->strips + at.row * STRIP);
    profile_add(network->profile, thread, job->l, job->kind, time);
}

static bool round_matrix(round_job *job, size_t cols, plx_error *error)
{
    network *network = job->network;

    job->grid = grid_of_rows(network->rows, cols);
    const task_run run = {.count = job->grid.blocks,
                          .work = (double)network->rows * (double)cols * ROUND_WORK,
                          .task = job->task,
                          .context = job,
                          .l = NO_TENSOR};

    return run_tasks(network, &run, error);
}

bool round_input(network *network, size_t l, plx_error *error)
{
    const layer *layer = &network->layers[l];
    round_job job = {.network = network,
                     .l = l,
                     .from = layer_input(network, l),
                     .strips = layer->x_strips,
                     .kind = PROFILE_FORWARD,
                     .task = round_task};

    return round_matrix(&job, layer->fan_in, error);
}

bool round_delta(network *network, size_t l, plx_error *error)
{
    const layer *layer = &network->layers[l];
    round_job job = {.network = network,
                     .l = l,
                     .from = layer->delta,
                     .strips = layer->delta_strips,
                     .kind = PROFILE_GRADIENT,
                     .task = round_task};

    return round_matrix(&job, layer->units, error);
}

bool layer_uses_strips(const network *network, const layer *layer)
{
    return layer->x_strips != NULL &&
           (network->bf16 ? network->rounding : network->rows >= STRIPS_FROM);
}

static bool fill_layer(network *network, size_t l, plx_error *error)
{
    const layer *layer = &network->layers[l];
    round_job x = {.network = network,
                   .l = l,
                   .from = layer_input(network, l),
                   .strips = layer->x_strips,
                   .kind = PROFILE_GRADIENT,
                   .task = fill_task};
    round_job delta = x;

    delta.from = layer->delta;
    delta.strips = layer->delta_strips;
    return round_matrix(&x, layer->fan_in, error) && round_matrix(&delta, layer->units, error);
}

bool fill_strips(network *network, plx_error *error)
{
    bool good = true;

    for (size_t l = 0; good && l < network->layer_count; l++)
        good = !layer_uses_strips(network, &network->layers[l]) || fill_layer(network, l, error);
    return good;
}
