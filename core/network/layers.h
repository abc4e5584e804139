/* layers.h: the inside of a network, private to this folder.
 *
 * All that a pass touches lies in three arenas: weights, gradients, and the working memory of a
 * pass. A layer's matrices there are (capacity x units), rows contiguous, so a batch of fewer
 * rows uses the beginning of each.
 *
 *   z      pre-activations
 *   y      f(z); the same memory as z where the activation may run in place
 *   mask   0 or 1 / (1 - p) for each output; NULL without dropout
 *   a      y * mask; the same memory as y without dropout
 *   delta  the gradient by a, which the way back turns into that by y and then that by z, in place
 *
 * and, for dW, in strips (strips.h), of wide layers as they are, with bf16 of all layers and rounded:
 *
 *   x_strips, delta_strips   what the layer reads, and delta when it is dZ
 *
 * A pass is a handful of runs of the pool. Each run cuts a matrix into a grid of blocks, one
 * task each. */
#ifndef NETWORK_LAYERS_H
#define NETWORK_LAYERS_H

#include <stdatomic.h>

#include "network/network.h"
#include "network/profile.h"

enum {
    NO_TENSOR = -1,
    ACTIVATION_WORK = 16, /* multiplications that take as long as one activation or loss, roughly */
};

/* A matrix cut into blocks, numbered row by row of blocks. */
typedef struct grid {
    size_t rows, cols;         /* of the matrix                                                  */
    size_t row_step, col_step; /* of a block; those at the far edges may be smaller               */
    size_t across, blocks;     /* blocks beside each other, and all                              */
} grid;

typedef struct block {
    size_t row, col, rows, cols;
} block;

typedef struct layer {
    size_t units, fan_in;
    const plugin *plugin;
    const plx_activation *activation;
    const void *self;
    bool in_place;       /* y == z */
    int weight, bias;    /* tensor numbers; NO_TENSOR without a bias                             */
    float *w, *b;        /* (units x fan_in), (units); b is NULL without a bias                  */
    float *dw, *db;      /* the same of the gradient; NULL unless training                       */
    float dropout, kept; /* probability p, and 1 / (1 - p)                                       */
    float *z, *y, *mask, *a, *delta;
    float *x_strips, *delta_strips; /* NULL: this layer has none                                 */
    grid weight_grid, bias_grid;    /* how its gradients are cut                                 */
} layer;

/* One task of the run over all gradients. */
typedef struct gradient_part {
    double place;        /* of its middle in the grid: 0 is where that begins, 1 where it ends   */
    size_t layer, block; /* of weight_grid or, behind its blocks, of bias_grid                   */
} gradient_part;

struct network {
    pool *pool;
    host *host;
    layer *layers;
    size_t layer_count, inputs, capacity;
    network_tensor *tensors;
    size_t tensor_count, parameters, arena; /* arena: floats in it, gaps included                */
    float *weights, *gradients, *work;      /* gradients is NULL unless training                 */
    size_t gradient_tasks, block_size;      /* blocks of all gradients; floats of the largest    */
    gradient_part *gradient_parts;          /* in the order in which they are shared out         */
    float *block;                           /* one for each thread                            */
    bool training, bf16;
    double largest_input; /* 0: not known                                                        */
    float *rounded;   /* in rows: X or dZ of the layer at hand; NULL without bf16                */
    profile *profile; /* NULL: none                                                              */

    const settings *loss;
    const plx_fused *fused; /* NULL: loss on outputs                                             */
    uint32_t family;        /* of the outputs                                                    */
    double *row_loss;

    /* the pass so far */
    const float *x;
    size_t rows;
    bool dropping, rounding; /* rounding: its products are of bfloat16                           */
    bool has_output, has_loss, has_deltas, has_gradients;
    double last_loss;

    /* the first status other than PLX_OK of this run of the pool */
    atomic_int plugin_status;
};

/* Row blocks have exactly `most_rows` rows but for the last, so that a row's block, and with it
 * the row's bits, do not depend on the rows behind it. Columns are shared out evenly, in
 * multiples of 16. */
grid grid_cut(size_t rows, size_t cols, size_t most_rows, size_t most_cols);
/* Blocks for the output of a product over the rows of a batch. */
grid grid_of_batch(size_t rows, size_t cols);
/* Blocks of whole rows, for functions that need the whole row. */
grid grid_of_rows(size_t rows, size_t cols);
block grid_block(const grid *grid, size_t number);

/* What layer l reads, (rows x fan_in), and what it passed on in this pass, (rows x units). */
const float *layer_input(const network *network, size_t l);
const float *layer_output(const network *network, size_t l);
bool layer_is_rowwise(const layer *layer);
/* Whether this pass lays its X and dZ out in strips. */
bool layer_uses_strips(const network *network, const layer *layer);

/* Rounds what layer l reads, or its dZ, into network->rounded and its strips. */
bool round_input(network *network, size_t l, plx_error *error);
bool round_delta(network *network, size_t l, plx_error *error);
/* Fills the strips of all layers that have them, without rounding. */
bool fill_strips(network *network, plx_error *error);

/* Cuts the gradients of all layers, and sets the order of their blocks. */
bool cut_gradients(network *network, plx_error *error);

/* One run of the pool. */
typedef struct task_run {
    size_t count;
    double work; /* multiplications, roughly: a little is not worth waking threads for          */
    pool_task *task;
    void *context;
    const plugin *plugin; /* whose functions the tasks call; NULL if none's                      */
    int l;                /* its layer, for messages; NO_TENSOR for the loss                     */
} task_run;

/* False if a task noted a failure: of the plug-in, or of a product. */
bool run_tasks(network *network, const task_run *run, plx_error *error);
/* For tasks: remembers the first failure. */
void note_status(atomic_int *first, int32_t status);

#endif
