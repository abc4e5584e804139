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
    size_t cols;
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

static bool lay_out(round_job *job, plx_error *error)
{
    network *network = job->network;

    job->grid = grid_of_rows(network->rows, job->cols);
    const task_run run = {.count = job->grid.blocks,
                          .work = (double)network->rows * (double)job->cols * ROUND_WORK,
                          .task = job->task,
                          .context = job,
                          .l = NO_TENSOR};

    return run_tasks(network, &run, error);
}

static round_job job_of_input(network *network, size_t l, profile_kind kind, pool_task *task)
{
    const layer *layer = &network->layers[l];

    return (round_job){.network = network,
                       .l = l,
                       .cols = layer->fan_in,
                       .from = layer_input(network, l),
                       .strips = layer->x_strips,
                       .kind = kind,
                       .task = task};
}

static round_job job_of_delta(network *network, size_t l, pool_task *task)
{
    const layer *layer = &network->layers[l];

    return (round_job){.network = network,
                       .l = l,
                       .cols = layer->units,
                       .from = layer->delta,
                       .strips = layer->delta_strips,
                       .kind = PROFILE_GRADIENT,
                       .task = task};
}

bool round_input(network *network, size_t l, plx_error *error)
{
    round_job job = job_of_input(network, l, PROFILE_FORWARD, round_task);

    return lay_out(&job, error);
}

bool round_delta(network *network, size_t l, plx_error *error)
{
    round_job job = job_of_delta(network, l, round_task);

    return lay_out(&job, error);
}

bool layer_uses_strips(const network *network, const layer *layer)
{
    return layer->x_strips != NULL &&
           (network->bf16 ? network->rounding : network->rows >= STRIPS_FROM);
}

static bool fill_layer(network *network, size_t l, plx_error *error)
{
    round_job x = job_of_input(network, l, PROFILE_GRADIENT, fill_task);
    round_job delta = job_of_delta(network, l, fill_task);

    return lay_out(&x, error) && lay_out(&delta, error);
}

bool fill_strips(network *network, plx_error *error)
{
    bool good = true;

    for (size_t l = 0; good && l < network->layer_count; l++)
        good = !layer_uses_strips(network, &network->layers[l]) || fill_layer(network, l, error);
    return good;
}
