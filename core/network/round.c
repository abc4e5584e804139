/* round.c: what a pass of training in bfloat16 rounds once for the products of a layer: X and dZ, each
 * in rows for the product along them and in strips for dW (product_bf16.h). W is rounded where it is
 * multiplied, as each strip of it goes into few products. */
#include "network/layers.h"
#include "network/product_bf16.h"

enum { ROUND_WORK = 4 }; /* multiplications that take as long as rounding one number             */

typedef struct round_job {
    network *network;
    size_t l;
    const float *from;
    float *strips;
    profile_kind kind;
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
                      job->strips + at.row / 2 * BF16_STRIP);
    profile_add(network->profile, thread, job->l, job->kind, time);
}

static bool round_matrix(round_job *job, size_t cols, plx_error *error)
{
    network *network = job->network;

    job->grid = grid_of_rows(network->rows, cols);
    const task_run run = {.count = job->grid.blocks,
                          .work = (double)network->rows * (double)cols * ROUND_WORK,
                          .task = round_task,
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
                     .kind = PROFILE_FORWARD};

    return round_matrix(&job, layer->fan_in, error);
}

bool round_delta(network *network, size_t l, plx_error *error)
{
    const layer *layer = &network->layers[l];
    round_job job = {.network = network,
                     .l = l,
                     .from = layer->delta,
                     .strips = layer->delta_strips,
                     .kind = PROFILE_GRADIENT};

    return round_matrix(&job, layer->units, error);
}
