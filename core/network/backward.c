/* backward.c: the loss, and from it to gradients.
 *
 * The loss's function writes delta of the last layer: the gradient by its pre-activations where the
 * pair is fused, else by its outputs. From there on in two parts:
 *
 *   dX = dZ W          layer by layer from the last down, each block of it turned into the dZ of the
 *                      layer below right away (an activation that needs whole rows gets a run of
 *                      its own);
 *   dW = dZ' X         then all gradients in one run of the pool: blocks of the weights' gradients,
 *   db = sum over rows each over all rows of the batch, and pieces of the biases', summed in double.
 *
 * No weight is needed any more in the second part. So an optimizer that works element by element may
 * step on a block's weights as soon as its gradient is there, which then never leaves the cache. That
 * is only done where all gradients are known to be finite before the first of them is computed:
 * |dW| <= rows max|dZ| max|X|, so a look at dZ and X tells. */
#include <float.h>
#include <stdlib.h>

#include "network/layers.h"
#include "network/product.h"
#include "network/product_bf16.h"
#include "support/memory.h"

enum {
    LOSS_ROWS = 64,
    WEIGHT_ROWS = 64,
    STRIP_ROWS = 128, /* where they are read from strips                                          */
    WEIGHT_COLS = 1024,
    BIAS_COLS = 64,
    NARROW = 16, /* units, of which several rows' are summed at a time                           */
    SUMS = 4,
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

    const uint64_t time = profile_now(network->profile);

    note_status(&network->plugin_status, function(network->loss->values, &rows));
    profile_add(network->profile, thread, 0, PROFILE_LOSS, time);
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

    const uint64_t time = profile_now(job->network->profile);

    unwind_block(job->network, job->l, grid_block(&job->grid, task));
    profile_add(job->network->profile, thread, job->l, PROFILE_DERIVATIVE, time);
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

/* --- from dZ to that of the layer below ------------------------------------------------------ */

typedef struct below_job {
    network *network;
    size_t l;
    grid grid;
} below_job;

/* A block of dX = dZ W. */
static void multiply_below(const network *network, const layer *layer, block at)
{
    const size_t units = layer->units, fan_in = layer->fan_in;
    float *dx = (layer - 1)->delta + at.row * fan_in + at.col;

    if (network->rounding)
        bf16_product(false, at.rows, at.cols, units, network->rounded + at.row * bf16_half(units),
                     layer->w + at.col, fan_in, NULL, dx, fan_in);
    else
        product(0, at.rows, at.cols, units, 1, layer->delta + at.row * units, units,
                layer->w + at.col, fan_in, 0, dx, fan_in);
}

static void below_task(void *context, size_t task, int thread)
{
    const below_job *job = context;
    network *network = job->network;
    const layer *layer = &network->layers[job->l], *below = layer - 1;
    const block at = grid_block(&job->grid, task);
    uint64_t time = profile_now(network->profile);

    multiply_below(network, layer, at);
    time = profile_add(network->profile, thread, job->l, PROFILE_BELOW, time);
    profile_count(network->profile, thread, job->l, PROFILE_BELOW,
                  2 * at.rows * at.cols * layer->units);
    if (layer_is_rowwise(below))
        return;
    unwind_block(network, job->l - 1, at);
    profile_add(network->profile, thread, job->l - 1, PROFILE_DERIVATIVE, time);
}

static bool reach_below(network *network, size_t l, plx_error *error)
{
    const layer *layer = &network->layers[l], *below = layer - 1;
    below_job job = {network, l, grid_of_batch(network->rows, layer->fan_in)};
    const task_run run = {.count = job.grid.blocks,
                          .work =
                              (double)network->rows * (double)layer->units * (double)layer->fan_in,
                          .task = below_task,
                          .context = &job,
                          .plugin = below->plugin,
                          .l = (int)l - 1};

    return run_tasks(network, &run, error) &&
           (!layer_is_rowwise(below) || unwind_layer(network, l - 1, error));
}

/* dZ of all layers. */
static bool unwind(network *network, plx_error *error)
{
    bool good = network->fused != NULL || unwind_layer(network, network->layer_count - 1, error);

    for (size_t l = network->layer_count; good && l-- > 0;)
        good = (!network->rounding || round_delta(network, l, error)) &&
               (l == 0 || reach_below(network, l, error));
    return good;
}

/* --- from dZ to gradients --------------------------------------------------------------------- */

typedef struct gradient_job {
    network *network;
    network_step *step; /* NULL: gradients are kept                                              */
    void *context;
} gradient_job;

/* Returns into how many blocks. */
static size_t cut_layer(layer *layer)
{
    layer->weight_grid = grid_cut(layer->units, layer->fan_in,
                                  layer->x_strips == NULL ? WEIGHT_ROWS : STRIP_ROWS, WEIGHT_COLS);
    layer->bias_grid = grid_cut(1, layer->b == NULL ? 0 : layer->units, 1, BIAS_COLS);
    return layer->weight_grid.blocks + layer->bias_grid.blocks;
}

/* Floats in the largest block of the weights' gradient. */
static size_t largest_block(const layer *layer)
{
    const grid *grid = &layer->weight_grid;

    return (grid->rows < grid->row_step ? grid->rows : grid->row_step) * grid->col_step;
}

static gradient_part *add_parts(gradient_part *next, size_t l, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *next++ = (gradient_part){((double)i + 0.5) / (double)count, l, first + i};
    return next;
}

static int compare_parts(const void *a, const void *b)
{
    const gradient_part *left = a, *right = b;

    if (left->place != right->place)
        return left->place < right->place ? -1 : 1;
    if (left->layer != right->layer)
        return left->layer < right->layer ? -1 : 1;
    return left->block < right->block ? -1 : left->block > right->block;
}

/* For several threads the same part of each layer follows on the same part of the one before it, as a
 * run of the pool over one layer's units shares them out: weights and their slots stay in the cache of
 * one core. A single thread goes layer by layer. */
bool cut_gradients(network *network, plx_error *error)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        network->gradient_tasks += cut_layer(&network->layers[l]);
        const size_t size = largest_block(&network->layers[l]);
        network->block_size = size > network->block_size ? size : network->block_size;
    }
    network->gradient_parts = memory_array(network->gradient_tasks, sizeof(gradient_part));
    if (network->gradient_parts == NULL)
        return error_memory(error);
    gradient_part *next = network->gradient_parts;
    for (size_t l = 0; l < network->layer_count; l++) {
        const size_t weights = network->layers[l].weight_grid.blocks;
        next = add_parts(next, l, 0, weights);
        next = add_parts(next, l, weights, network->layers[l].bias_grid.blocks);
    }
    if (pool_threads(network->pool) > 1)
        qsort(network->gradient_parts, network->gradient_tasks, sizeof(gradient_part),
              compare_parts);
    return true;
}

/* The block's rows lie one after the other in g; in the tensor only if they are whole. */
static void step_block(const gradient_job *job, const layer *layer, block at, const float *g)
{
    const bool whole = at.cols == layer->fan_in;
    const size_t pieces = whole ? 1 : at.rows, length = whole ? at.rows * at.cols : at.cols;

    for (size_t i = 0; i < pieces; i++)
        job->step(job->context, (size_t)layer->weight, (at.row + i) * layer->fan_in + at.col,
                  length, g + i * at.cols);
}

/* A block of dW = dZ' X, the rows of g `stride` apart. */
static void multiply_gradient(const network *network, const layer *layer, block at, float *g,
                              size_t stride)
{
    const size_t l = (size_t)(layer - network->layers);

    if (network->rounding)
        bf16_product_strips(at.rows, at.cols, bf16_half(network->rows), layer->delta_strips, at.row,
                            layer->x_strips, at.col, g, stride);
    else if (layer_uses_strips(network, layer))
        product_of_strips(at.rows, at.cols, network->rows, layer->delta_strips, at.row,
                          layer->x_strips, at.col, g, stride);
    else if (layer->weight_grid.blocks == 1)
        product_of_narrow(at.rows, at.cols, network->rows, layer->delta, layer_input(network, l), g,
                          stride);
    else
        product(PLX_TRANSPOSE_A, at.rows, at.cols, network->rows, 1, layer->delta + at.row,
                layer->units, layer_input(network, l) + at.col, layer->fan_in, 0, g, stride);
}

static void weight_task(const gradient_job *job, const layer *layer, block at, int thread)
{
    network *network = job->network;
    const size_t l = (size_t)(layer - network->layers);
    const bool stepping = job->step != NULL;
    float *g = stepping ? network->block + (size_t)thread * network->block_size
                        : layer->dw + at.row * layer->fan_in + at.col;
    uint64_t time = profile_now(network->profile);

    multiply_gradient(network, layer, at, g, stepping ? at.cols : layer->fan_in);
    time = profile_add(network->profile, thread, l, PROFILE_GRADIENT, time);
    profile_count(network->profile, thread, l, PROFILE_GRADIENT,
                  2 * at.rows * at.cols * network->rows);
    if (!stepping)
        return;
    step_block(job, layer, at, g);
    profile_add(network->profile, thread, l, PROFILE_STEP, time);
}

/* Columns of a matrix that has no others: as many rows at a time as make BIAS_COLS numbers, which lie
 * together, each to a sum of its own; then the halves of the sums are added until one of each column is
 * left. */
PLX_CLONES static void sum_narrow(size_t rows, size_t cols, const float *from, float *to)
{
    double sum[BIAS_COLS] = {0};
    size_t height = 1, r = 0;

    while (2 * height * cols <= BIAS_COLS)
        height *= 2;
    const size_t length = height * cols;
    for (; r + height <= rows; r += height, from += length)
        for (size_t k = 0; k < length; k++)
            sum[k] += (double)from[k];
    for (size_t k = 0; k < (rows - r) * cols; k++)
        sum[k] += (double)from[k];
    for (; height > 1; height /= 2)
        for (size_t k = 0; k < height / 2 * cols; k++)
            sum[k] += sum[height / 2 * cols + k];
    for (size_t j = 0; j < cols; j++)
        to[j] = (float)sum[j];
}

/* In SUMS sums that take turns, so that one does not wait for the other. */
PLX_CLONES static void sum_columns(size_t rows, size_t cols, const float *from, size_t stride,
                                   float *to)
{
    double sum[SUMS][BIAS_COLS] = {0};
    size_t r = 0;

    for (; r + SUMS <= rows; r += SUMS)
        for (size_t i = 0; i < SUMS; i++)
            for (size_t j = 0; j < cols; j++)
                sum[i][j] += (double)from[(r + i) * stride + j];
    for (; r < rows; r++)
        for (size_t j = 0; j < cols; j++)
            sum[0][j] += (double)from[r * stride + j];
    for (size_t j = 0; j < cols; j++)
        to[j] = (float)((sum[0][j] + sum[1][j]) + (sum[2][j] + sum[3][j]));
}

static void bias_task(const gradient_job *job, const layer *layer, block at, int thread)
{
    const size_t l = (size_t)(layer - job->network->layers);
    profile *profile = job->network->profile;
    uint64_t time = profile_now(profile);
    float own[BIAS_COLS], *g = job->step != NULL ? own : layer->db + at.col;

    if (layer->units <= NARROW)
        sum_narrow(job->network->rows, layer->units, layer->delta, g);
    else
        sum_columns(job->network->rows, at.cols, layer->delta + at.col, layer->units, g);
    time = profile_add(profile, thread, l, PROFILE_GRADIENT, time);
    if (job->step == NULL)
        return;
    job->step(job->context, (size_t)layer->bias, at.col, at.cols, g);
    profile_add(profile, thread, l, PROFILE_STEP, time);
}

static void gradient_task(void *context, size_t task, int thread)
{
    const gradient_job *job = context;
    const gradient_part *part = &job->network->gradient_parts[task];
    const layer *layer = &job->network->layers[part->layer];
    const size_t weights = layer->weight_grid.blocks;

    if (part->block < weights)
        weight_task(job, layer, grid_block(&layer->weight_grid, part->block), thread);
    else
        bias_task(job, layer, grid_block(&layer->bias_grid, part->block - weights), thread);
}

static bool fill_gradients(network *network, gradient_job *job, plx_error *error)
{
    const task_run run = {.count = network->gradient_tasks,
                          .work = (double)network->rows * (double)network->parameters,
                          .task = gradient_task,
                          .context = job,
                          .l = NO_TENSOR};

    return (network->bf16 || fill_strips(network, error)) && run_tasks(network, &run, error);
}

/* NaN stays, where fmax would lose it. */
static double at_least_one(double x)
{
    return x < 1 ? 1 : x;
}

static double largest_input(const network *network, size_t l)
{
    if (l == 0 && network->largest_input > 0)
        return network->largest_input;
    return (double)network_largest(layer_input(network, l),
                                   network->rows * network->layers[l].fan_in);
}

/* Whether no gradient can overflow, whatever the order of its sums; nor a number that is rounded, which
 * makes it larger by a 256th at most. */
static bool is_bounded(const network *network)
{
    for (size_t l = 0; l < network->layer_count; l++) {
        const layer *layer = &network->layers[l];
        const double delta = (double)network_largest(layer->delta, network->rows * layer->units);
        const double x = at_least_one(largest_input(network, l));
        if (!(2 * (double)network->rows * at_least_one(delta) * x <= (double)FLT_MAX))
            return false;
    }
    return true;
}

static bool has_no_deltas(const network *network, plx_error *error)
{
    if (network->has_deltas)
        return false;
    error_set(error, ERROR_RUN, "backward needs a loss with its gradient before it");
    return true;
}

bool network_backward(network *network, plx_error *error)
{
    gradient_job job = {.network = network};

    if (has_no_deltas(network, error))
        return false;
    network->has_deltas = false;
    network->has_gradients = unwind(network, error) && fill_gradients(network, &job, error);
    return network->has_gradients;
}

bool network_backward_step(network *network, network_step *step, void *context, bool *stepped,
                           plx_error *error)
{
    gradient_job job = {network, step, context};

    *stepped = false;
    if (has_no_deltas(network, error))
        return false;
    network->has_deltas = false;
    if (!unwind(network, error))
        return false;
    const uint64_t time = profile_now(network->profile);
    *stepped = is_bounded(network);
    profile_add(network->profile, 0, 0, PROFILE_CHECK, time);
    if (!*stepped)
        job.step = NULL;
    network->has_gradients = fill_gradients(network, &job, error) && !*stepped;
    return network->has_gradients || *stepped;
}
