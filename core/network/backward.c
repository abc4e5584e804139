/* backward.c: the loss, and from it to gradients.
 *
 * The loss's function writes delta of the last layer: the gradient by its pre-activations where the
 * pair is fused, else by its outputs. Then for each layer from the last down, one run of the pool
 * holds three kinds of tasks, none of which reads what another writes:
 *
 *   dX = dZ W          blocks of the delta of the layer below, turned into its dZ right away;
 *   dW = dZ' X         blocks of the weight's gradient, each over all rows of the batch;
 *   db = sum over rows pieces of the bias's gradient, summed in double in row order.
 *
 * An activation that needs whole rows gets a run of its own to turn delta into dZ. */
#include "network/layers.h"
#include "network/product.h"

enum {
    LOSS_ROWS = 64,
    WEIGHT_ROWS = 64,
    WEIGHT_COLS = 1024,
    BIAS_COLS = 64,
};

/* --- loss ------------------------------------------------------------------------------------- */

typedef struct loss_job {
    network *network;
    const float *prediction, *target, *row_weight;
    const int32_t *label;
    double scale, *row_loss;
    float *gradient;
    grid grid;
} loss_job;

static void loss_task(void *context, size_t task, int thread)
{
    const loss_job *job = context;
    network *network = job->network;
    const plx_loss *loss = network->loss->plugin->loss;
    const block at = grid_block(&job->grid, task);
    const size_t from = at.row * at.cols;
    const plx_rows rows = {
        .size = sizeof(rows),
        .family = network->family,
        .rows = at.rows,
        .cols = at.cols,
        .prediction = job->prediction + from,
        .target = job->target + from,
        .label = job->label == NULL ? NULL : job->label + at.row,
        .row_weight = job->row_weight == NULL ? NULL : job->row_weight + at.row,
        .scale = job->scale,
        .loss = job->row_loss + at.row,
        .gradient = job->gradient == NULL ? NULL : job->gradient + from,
        .host = &network->host->table,
    };
    int32_t (*function)(const void *, const plx_rows *) =
        network->fused == NULL ? loss->rows : network->fused->rows;

    note_status(&network->plugin_status, function(network->loss->values, &rows));
}

static double weighted_sum(size_t rows, const double *row_loss, const float *row_weight)
{
    double sum = 0;

    for (size_t r = 0; r < rows; r++)
        sum += row_weight == NULL ? row_loss[r] : (double)row_weight[r] * row_loss[r];
    return sum;
}

static bool can_have_loss(const network *network, bool gradient, plx_error *error)
{
    if (network->loss == NULL)
        return error_set(error, ERROR_RUN, "the network was built without a loss");
    if (gradient && !network->training)
        return error_set(error, ERROR_RUN, "the network was not built for training");
    return true;
}

/* A loss that has told an error has failed, whatever it returned; one that an optimizer told before
 * its closure came here is the optimizer's own. No task runs when the host is looked at. */
static bool run_loss(loss_job *job, plx_error *error)
{
    network *network = job->network;
    const plugin *plugin = network->loss->plugin;
    const bool told_before = network->host->failure.code != ERROR_NONE;
    const task_run run = {.count = job->grid.blocks,
                          .work = (double)job->grid.rows * (double)job->grid.cols * ACTIVATION_WORK,
                          .task = loss_task,
                          .context = job,
                          .plugin = plugin,
                          .l = NO_TENSOR};

    if (!run_tasks(network, &run, error))
        return false;
    if (told_before || network->host->failure.code == ERROR_NONE)
        return true;
    return host_failed(network->host, plugin, PLX_FAILED, error);
}

bool network_loss(network *network, const float *target, const int32_t *label,
                  const float *row_weight, double scale, bool gradient, double *loss,
                  double *row_loss, plx_error *error)
{
    if (!can_have_loss(network, gradient, error))
        return false;
    const layer *last = &network->layers[network->layer_count - 1];
    loss_job job = {.network = network,
                    .prediction = network->fused != NULL
                                      ? last->z
                                      : layer_output(network, network->layer_count - 1),
                    .target = target,
                    .row_weight = row_weight,
                    .label = label,
                    .scale = scale,
                    .row_loss = row_loss == NULL ? network->row_loss : row_loss,
                    .gradient = gradient ? last->delta : NULL,
                    .grid = grid_cut(network->rows, last->units, LOSS_ROWS, last->units)};

    if (!run_loss(&job, error))
        return false;
    *loss = scale * weighted_sum(network->rows, job.row_loss, row_weight);
    network->last_loss = *loss;
    network->has_loss = true;
    network->has_deltas = gradient;
    network->has_gradients = false;
    return true;
}

/* --- from delta to dZ ------------------------------------------------------------------------- */

typedef struct unwind_job {
    network *network;
    size_t l;
    grid grid;
} unwind_job;

/* delta *= mask */
static void undo_dropout(const layer *layer, block at)
{
    for (size_t r = 0; r < at.rows; r++) {
        const size_t from = (at.row + r) * layer->units + at.col;
        const float *mask = layer->mask + from;
        float *delta = layer->delta + from;
        for (size_t j = 0; j < at.cols; j++)
            delta[j] *= mask[j];
    }
}

/* delta = delta f', in one piece if the block is as wide as the matrix, else row by row. */
static int32_t undo_activation(const layer *layer, block at)
{
    const bool whole = at.cols == layer->units;
    const size_t pieces = whole ? 1 : at.rows, length = whole ? at.rows * at.cols : at.cols;
    const uint32_t flags = layer->activation->flags;
    int32_t status = PLX_OK;

    for (size_t i = 0; i < pieces && status == PLX_OK; i++) {
        const size_t from = (at.row + i) * layer->units + at.col;
        status = layer->activation->backward(layer->self, length,
                                             flags & PLX_NEEDS_INPUT ? layer->z + from : NULL,
                                             flags & PLX_NEEDS_OUTPUT ? layer->y + from : NULL,
                                             layer->delta + from, layer->delta + from);
    }
    return status;
}

static int32_t undo_activation_rows(const layer *layer, block at)
{
    const size_t from = at.row * layer->units, stride = layer->units;
    const uint32_t flags = layer->activation->flags;

    return layer->activation->backward_rows(
        layer->self, at.rows, layer->units, flags & PLX_NEEDS_INPUT ? layer->z + from : NULL,
        stride, flags & PLX_NEEDS_OUTPUT ? layer->y + from : NULL, stride, layer->delta + from,
        stride, layer->delta + from, stride);
}

static void unwind_block(network *network, size_t l, block at)
{
    const layer *layer = &network->layers[l];

    if (network->dropping && layer->mask != NULL)
        undo_dropout(layer, at);
    note_status(&network->plugin_status, layer_is_rowwise(layer) ? undo_activation_rows(layer, at)
                                                                 : undo_activation(layer, at));
}

static void unwind_task(void *context, size_t task, int thread)
{
    const unwind_job *job = context;

    unwind_block(job->network, job->l, grid_block(&job->grid, task));
}

static bool unwind_layer(network *network, size_t l, plx_error *error)
{
    const layer *layer = &network->layers[l];
    unwind_job job = {network, l, grid_of_rows(network->rows, layer->units)};

    const task_run run = {.count = job.grid.blocks,
                          .work = (double)network->rows * (double)layer->units * ACTIVATION_WORK,
                          .task = unwind_task,
                          .context = &job,
                          .plugin = layer->plugin,
                          .l = (int)l};

    return run_tasks(network, &run, error);
}

/* --- from dZ to gradients --------------------------------------------------------------------- */

typedef struct backward_job {
    network *network;
    size_t l;
    const float *x;           /* what the layer read */
    grid below, weight, bias; /* dX, dW, db; tasks are numbered in this order */
} backward_job;

static void below_task(const backward_job *job, block at)
{
    network *network = job->network;
    const layer *layer = &network->layers[job->l], *below = layer - 1;

    product(0, at.rows, at.cols, layer->units, 1, layer->delta + at.row * layer->units,
            layer->units, layer->w + at.col, layer->fan_in, 0,
            below->delta + at.row * below->units + at.col, below->units);
    if (!layer_is_rowwise(below))
        unwind_block(network, job->l - 1, at);
}

static void weight_task(const backward_job *job, block at)
{
    network *network = job->network;
    const layer *layer = &network->layers[job->l];

    product(PLX_TRANSPOSE_A, at.rows, at.cols, network->rows, 1, layer->delta + at.row,
            layer->units, job->x + at.col, layer->fan_in, 0,
            layer->dw + at.row * layer->fan_in + at.col, layer->fan_in);
}

static void bias_task(const backward_job *job, block at)
{
    const layer *layer = &job->network->layers[job->l];
    double sum[BIAS_COLS] = {0};

    for (size_t r = 0; r < job->network->rows; r++) {
        const float *delta = layer->delta + r * layer->units + at.col;
        for (size_t j = 0; j < at.cols; j++)
            sum[j] += (double)delta[j];
    }
    for (size_t j = 0; j < at.cols; j++)
        layer->db[at.col + j] = (float)sum[j];
}

static void backward_task(void *context, size_t task, int thread)
{
    const backward_job *job = context;

    if (task < job->below.blocks) {
        below_task(job, grid_block(&job->below, task));
        return;
    }
    task -= job->below.blocks;
    if (task < job->weight.blocks)
        weight_task(job, grid_block(&job->weight, task));
    else
        bias_task(job, grid_block(&job->bias, task - job->weight.blocks));
}

static bool backward_layer(network *network, size_t l, plx_error *error)
{
    const layer *layer = &network->layers[l], *below = l == 0 ? NULL : layer - 1;
    backward_job job = {.network = network, .l = l, .x = layer_input(network, l)};

    if (below != NULL)
        job.below = grid_of_batch(network->rows, layer->fan_in);
    job.weight = grid_cut(layer->units, layer->fan_in, WEIGHT_ROWS, WEIGHT_COLS);
    if (layer->b != NULL)
        job.bias = grid_cut(1, layer->units, 1, BIAS_COLS);
    const task_run run = {.count = job.below.blocks + job.weight.blocks + job.bias.blocks,
                          .work = 2.0 * (double)network->rows * (double)layer->units *
                                  (double)layer->fan_in,
                          .task = backward_task,
                          .context = &job,
                          .plugin = below == NULL ? NULL : below->plugin,
                          .l = (int)l - 1};
    if (!run_tasks(network, &run, error))
        return false;
    if (below != NULL && layer_is_rowwise(below))
        return unwind_layer(network, l - 1, error);
    return true;
}

bool network_backward(network *network, plx_error *error)
{
    if (!network->has_deltas)
        return error_set(error, ERROR_RUN, "backward needs a loss with its gradient before it");
    network->has_deltas = false;
    if (network->fused == NULL && !unwind_layer(network, network->layer_count - 1, error))
        return false;
    for (size_t l = network->layer_count; l-- > 0;)
        if (!backward_layer(network, l, error))
            return false;
    network->has_gradients = true;
    return true;
}
