/* inspect.c: looking into a network: is everything finite, and if not, what came first; and the
 * matrices of a pass for those who explain it.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "network/layers.h"

enum {
    FINITE_BLOCK = 16384, /* floats tested by one task                                            */
    LANES = 64,           /* maxima at a time, so that none waits for the one before it           */
};

/* Without its sign a float compares like the integer of the same bits, and NaN lies above infinity. */
PLX_INLINE uint32_t magnitude_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof(bits));
    return bits & 0x7fffffff;
}

PLX_INLINE uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

PLX_CLONES static float largest(size_t n, const float *x)
{
    uint32_t most[LANES] = {0};
    const size_t whole = n / LANES * LANES;
    float magnitude;

    for (size_t i = 0; i < whole; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            most[j] = larger(most[j], magnitude_bits(x[i + j]));
    for (size_t i = whole; i < n; i++)
        most[0] = larger(most[0], magnitude_bits(x[i]));
    for (size_t j = 1; j < LANES; j++)
        most[0] = larger(most[0], most[j]);
    memcpy(&magnitude, &most[0], sizeof(magnitude));
    return magnitude;
}

/* Not a clone itself: clang 14 gives those names of their own, which other files do not find. */
float network_largest(const float *x, size_t n)
{
    return largest(n, x);
}

bool network_all_finite(const float *x, size_t n)
{
    return network_largest(x, n) <= FLT_MAX;
}

/* --- whole arenas ----------------------------------------------------------------------------- */

typedef struct finite_job {
    const float *x;
    grid grid;
    profile *profile;
    atomic_bool broken;
} finite_job;

static void finite_task(void *context, size_t task, int thread)
{
    finite_job *job = context;
    const block at = grid_block(&job->grid, task);
    const uint64_t time = profile_now(job->profile);

    if (!network_all_finite(job->x + at.col, at.cols))
        atomic_store(&job->broken, true);
    profile_add(job->profile, thread, 0, PROFILE_CHECK, time);
}

/* The gaps between tensors are zero, so an arena is tested as one array. */
static bool arena_is_finite(const network *network, const float *x)
{
    finite_job job = {
        .x = x, .grid = grid_cut(1, network->arena, 1, FINITE_BLOCK), .profile = network->profile};

    pool_run(network->pool, job.grid.blocks, finite_task, &job);
    return !atomic_load(&job.broken);
}

bool network_gradients_finite(network *network)
{
    return network->gradients == NULL || arena_is_finite(network, network->gradients);
}

bool network_weights_finite(network *network)
{
    return arena_is_finite(network, network->weights);
}

/* --- what came first -------------------------------------------------------------------------- */

static bool find_in_layer(const network *network, size_t l, char *what, size_t size)
{
    const layer *layer = &network->layers[l];
    const size_t count = network->rows * layer->units;
    const bool has_output = l + 1 < network->layer_count || network->has_output;

    if (!(layer->in_place && has_output) && !network_all_finite(layer->z, count)) {
        snprintf(what, size, "the pre-activations of layer %zu", l);
        return true;
    }
    if (has_output && !network_all_finite(layer_output(network, l), count)) {
        snprintf(what, size, "the output of layer %zu (activation '%s')", l, layer->plugin->name);
        return true;
    }
    return false;
}

static bool delta_is_finite(const network *network, size_t l)
{
    const layer *layer = &network->layers[l];

    return network_all_finite(layer->delta, network->rows * layer->units);
}

static bool blame_loss(const network *network, char *what, size_t size)
{
    snprintf(what, size, "the gradient of the loss ('%s')", network->loss->plugin->name);
    return true;
}

/* The way back through one layer: its dZ, which a fused loss wrote itself, then dW and db. */
static bool find_in_gradients(const network *network, size_t l, char *what, size_t size)
{
    if (!delta_is_finite(network, l)) {
        if (network->fused != NULL && l + 1 == network->layer_count)
            return blame_loss(network, what, size);
        snprintf(what, size, "the gradient by the pre-activations of layer %zu (activation '%s')",
                 l, network->layers[l].plugin->name);
        return true;
    }
    for (size_t t = 0; t < network->tensor_count; t++) {
        const network_tensor *tensor = &network->tensors[t];
        const float *gradient = network->gradients + tensor->offset;
        if (tensor->layer != l || network_all_finite(gradient, tensor->rows * tensor->cols))
            continue;
        snprintf(what, size, "the gradient of %s", tensor->name);
        return true;
    }
    return false;
}

bool network_find_nonfinite(const network *network, char *what, size_t size)
{
    if (network->x == NULL)
        return false;
    if (!network_all_finite(network->x, network->rows * network->inputs)) {
        snprintf(what, size, "the input");
        return true;
    }
    for (size_t l = 0; l < network->layer_count; l++)
        if (find_in_layer(network, l, what, size))
            return true;
    if (network->has_loss && !isfinite(network->last_loss)) {
        snprintf(what, size, "the loss ('%s')", network->loss->plugin->name);
        return true;
    }
    if (network->has_deltas && !delta_is_finite(network, network->layer_count - 1))
        return blame_loss(network, what, size);
    for (size_t l = network->has_gradients ? network->layer_count : 0; l-- > 0;)
        if (find_in_gradients(network, l, what, size))
            return true;
    return false;
}

/* --- the matrices of a pass ------------------------------------------------------------------- */

const float *network_pre_activations(const network *network, size_t l)
{
    if (l >= network->layer_count || network->layers[l].in_place)
        return NULL;
    return network->layers[l].z;
}

const float *network_layer_output(const network *network, size_t l)
{
    if (l >= network->layer_count || (l + 1 == network->layer_count && !network->has_output))
        return NULL;
    return layer_output(network, l);
}

const float *network_pre_activation_gradient(const network *network, size_t l)
{
    return l < network->layer_count && network->has_gradients ? network->layers[l].delta : NULL;
}
