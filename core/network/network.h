/* network.h: a feed-forward network in memory: dense layers, each with its own activation and
 * dropout. Z = X W' + b, A = f(Z); backwards dZ = dA f'(Z), dW = dZ' X, db = column sums of dZ,
 * dX = dZ W.
 *
 * All parameters lie in one arena, all gradients in another, in the order layers.0.weight,
 * layers.0.bias, layers.1.weight, ... each tensor 64-byte aligned (the gaps are zero and stay
 * zero). Work is cut into tiles whose bounds depend on the shapes alone, so any number of
 * threads gives the same bits. Everything is allocated when the network is built; a pass
 * allocates nothing.
 *
 * With bf16, training rounds X, W and dZ to bfloat16 where they are multiplied (product_bf16.h). All
 * that is kept or that a plug-in sees stays float: weights, Z, A, their gradients, and db. */
#ifndef NETWORK_NETWORK_H
#define NETWORK_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plexus/plugin.h>

#include "network/profile.h"
#include "plugin/host.h"
#include "plugin/settings.h"
#include "support/error.h"
#include "support/pool.h"
#include "support/random.h"

enum { NETWORK_MOST_LAYERS = 4096 }; /* a dropout stream numbers steps by 4096s */

typedef struct layer_spec {
    size_t units;
    const settings *activation; /* borrowed                                                      */
    double dropout;
    bool bias;
} layer_spec;

typedef struct network_spec {
    size_t inputs;
    const layer_spec *layer;
    size_t layer_count;
    const settings *loss; /* borrowed; NULL: no loss, forward only                               */
    bool fused;           /* use the loss's fused partner where there is one                     */
    size_t capacity;      /* rows of the largest batch                                           */
    bool training;        /* allocate gradients and what backward needs                          */
    bool bf16;            /* round what a pass of training multiplies to bfloat16                */
    double largest_input; /* that no input exceeds in magnitude; 0: not known, it is looked for  */
} network_spec;

typedef struct network_tensor {
    char name[32]; /* "layers.0.weight"                                                          */
    uint32_t role; /* PLX_WEIGHT (rows = units, cols = fan_in) or PLX_BIAS (1 x units)           */
    uint32_t layer;
    size_t rows, cols;
    size_t offset; /* in elements, in both arenas                                                */
} network_tensor;

typedef struct network network;

/* The pool and host are borrowed. Refuses sizes that overflow or cannot be allocated. */
network *network_new(const network_spec *spec, pool *pool, host *host, plx_error *error);
void network_free(network *network);

const network_tensor *network_tensors(const network *network, size_t *count);
float *network_weights(network *network, size_t tensor);
float *network_gradients(network *network, size_t tensor);
size_t network_parameters(const network *network); /* without gaps */
size_t network_inputs(const network *network);
size_t network_outputs(const network *network);
size_t network_layers(const network *network);
bool network_is_fused(const network *network);

/* Forward. x is (rows x inputs), borrowed until backward has run. With `dropout` not NULL, each
 * layer's outputs are dropped with its probability and the rest scaled by 1 / (1 - p) (inverted
 * dropout); element (r, c) of layer l draws number r * units + c of {dropout->seed, lane + l}.
 * need_output false is for passes of training: a fused network may skip the last activation, and one
 * built for bf16 multiplies in it, here and backwards. False: a plug-in failed. */
bool network_forward(network *network, size_t rows, const float *x, const random_stream *dropout,
                     bool need_output, plx_error *error);
/* (rows x outputs) of the last forward; NULL if that one skipped the last activation. */
const float *network_output(const network *network);

/* The loss of the last forward. target (rows x outputs), label (rows) or NULL, row_weight (rows)
 * or NULL. *loss = scale * sum of row_weight * row loss, summed in double in row order; with
 * `gradient` also prepares backward. row_loss (rows) receives each row's loss, or NULL. */
bool network_loss(network *network, const float *target, const int32_t *label,
                  const float *row_weight, double scale, bool gradient, double *loss,
                  double *row_loss, plx_error *error);
/* Fills all gradients. */
bool network_backward(network *network, plx_error *error);

/* Steps on n elements of a tensor, from `offset` on; g is their gradient. Called once for every
 * element, for different ones at the same time. */
typedef void network_step(void *context, size_t tensor, uint64_t offset, uint64_t n,
                          const float *g);
/* The same with a step taken on each piece of a gradient while it is in the cache. The gradients are
 * not kept. Where it is not certain beforehand that all of them are finite, *stepped is false,
 * nothing was stepped on, and the gradients are filled as by network_backward. */
bool network_backward_step(network *network, network_step *step, void *context, bool *stepped,
                           plx_error *error);

/* Names the first thing that is not finite, walking input, then each layer's pre-activations,
 * outputs, then the loss; between the loss and backward the loss's gradient; after backward, from
 * the last layer down, the gradient by the pre-activations, then those of the parameters. Returns
 * false if all is finite. what: e.g. "the output of layer 1 (activation 'relu')", "the gradient of
 * the loss ('mse')", "the gradient of layers.0.weight". */
bool network_find_nonfinite(const network *network, char *what, size_t size);
/* The largest magnitude of n numbers; not finite if any of them is not. */
float network_largest(const float *x, size_t n);
/* True if each of n numbers is finite. */
bool network_all_finite(const float *x, size_t n);
/* True if every gradient (or weight) is finite; reduced over tiles, cheap. */
bool network_gradients_finite(network *network);
bool network_weights_finite(network *network);

/* Passes add to it from now on; NULL: to none. Borrowed. */
void network_set_profile(network *network, profile *profile);

/* For explaining a pass: layer l's pre-activations, outputs after activation and dropout, and
 * the gradients by them, (rows x units); NULL where the network did not keep them (in-place
 * activations). */
const float *network_pre_activations(const network *network, size_t layer);
const float *network_layer_output(const network *network, size_t layer);
/* After backward: dZ of layer l. */
const float *network_pre_activation_gradient(const network *network, size_t layer);

#endif
