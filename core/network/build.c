/* build.c: making a network, and what it tells about itself.
 *
 * Memory is laid out twice by the same function: first with no arenas, which only adds up sizes,
 * then with arenas of these sizes, which hands out the pointers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "network/layers.h"
#include "network/product_bf16.h"
#include "network/strips.h"
#include "support/memory.h"

enum {
    LINE = 16,   /* floats in 64 bytes                                                            */
    WIDE = 1024, /* units whose columns crowd each other out of the cache                         */
    STRIPS = 4,  /* strips of X at least that pay for laying out dZ                               */
};

/* --- laying out ------------------------------------------------------------------------------- */

/* A growing arena; without a base it only counts. */
typedef struct arena {
    float *base;
    size_t used; /* floats */
    bool overflow;
} arena;

/* The next rows x cols floats, from a 64-byte boundary on; NULL while counting. */
static float *carve(arena *arena, size_t rows, size_t cols)
{
    const size_t at = arena->used;
    size_t count, end;

    if (__builtin_mul_overflow(rows, cols, &count) ||
        __builtin_add_overflow(count, (size_t)LINE - 1, &count) ||
        __builtin_add_overflow(at, count / LINE * LINE, &end) ||
        end > PTRDIFF_MAX / sizeof(float)) {
        arena->overflow = true;
        return NULL;
    }
    arena->used = end;
    return arena->base == NULL ? NULL : arena->base + at;
}

static void place_tensor(network *self, int number, uint32_t role, size_t l, arena *weights)
{
    network_tensor *tensor = &self->tensors[number];
    const layer *layer = &self->layers[l];

    *tensor = (network_tensor){.role = role, .layer = (uint32_t)l, .offset = weights->used};
    tensor->rows = role == PLX_WEIGHT ? layer->units : 1;
    tensor->cols = role == PLX_WEIGHT ? layer->fan_in : layer->units;
    snprintf(tensor->name, sizeof(tensor->name), "layers.%" PRIu32 ".%s", tensor->layer,
             role == PLX_WEIGHT ? "weight" : "bias");
    carve(weights, tensor->rows, tensor->cols);
}

/* Numbers and places all parameters; false if the sizes overflow. */
static bool place_parameters(network *self)
{
    arena weights = {0};

    for (size_t l = 0; l < self->layer_count; l++) {
        layer *layer = &self->layers[l];
        place_tensor(self, layer->weight, PLX_WEIGHT, l, &weights);
        if (layer->bias != NO_TENSOR)
            place_tensor(self, layer->bias, PLX_BIAS, l, &weights);
    }
    for (size_t t = 0; t < self->tensor_count && !weights.overflow; t++)
        self->parameters += self->tensors[t].rows * self->tensors[t].cols;
    self->arena = weights.used;
    return !weights.overflow;
}

static void place_layer(network *self, size_t l, arena *work)
{
    layer *layer = &self->layers[l];
    const bool drops = self->training && layer->dropout > 0;

    layer->z = carve(work, self->capacity, layer->units);
    layer->y = layer->in_place ? layer->z : carve(work, self->capacity, layer->units);
    layer->mask = drops ? carve(work, self->capacity, layer->units) : NULL;
    layer->a = drops ? carve(work, self->capacity, layer->units) : layer->y;
    layer->delta = self->training ? carve(work, self->capacity, layer->units) : NULL;
}

static void place_strips(size_t rows, layer *layer, arena *work)
{
    layer->x_strips = carve(work, rows, strips_columns(layer->fan_in));
    layer->delta_strips = carve(work, rows, strips_columns(layer->units));
}

/* Without bf16 only where what is read of X and dZ for dW would not stay in the cache. */
static void place_wide(network *self, arena *work)
{
    for (size_t l = 0; l < self->layer_count; l++) {
        layer *layer = &self->layers[l];
        if (self->training && layer->units >= WIDE && layer->fan_in >= STRIPS * STRIP)
            place_strips(self->capacity, layer, work);
    }
}

/* What is rounded in rows is needed for one product only, so all share the place of the widest. */
static void place_rounded(network *self, arena *work)
{
    size_t widest = self->inputs;

    for (size_t l = 0; l < self->layer_count; l++) {
        layer *layer = &self->layers[l];
        widest = layer->units > widest ? layer->units : widest;
        place_strips(bf16_half(self->capacity), layer, work);
    }
    self->rounded = carve(work, self->capacity, bf16_half(widest));
}

/* Counts (base NULL) or hands out the working memory; floats used, or 0 if the sizes overflow. */
static size_t place_work(network *self, float *base)
{
    arena work = {.base = base};

    carve(&work, 1, 1);
    for (size_t l = 0; l < self->layer_count; l++)
        place_layer(self, l, &work);
    if (self->bf16)
        place_rounded(self, &work);
    else
        place_wide(self, &work);
    return work.overflow ? 0 : work.used;
}

static void point_at_parameters(network *self)
{
    for (size_t l = 0; l < self->layer_count; l++) {
        layer *layer = &self->layers[l];
        layer->w = network_weights(self, (size_t)layer->weight);
        layer->dw = network_gradients(self, (size_t)layer->weight);
        if (layer->bias == NO_TENSOR)
            continue;
        layer->b = network_weights(self, (size_t)layer->bias);
        layer->db = network_gradients(self, (size_t)layer->bias);
    }
}

/* --- checking and allocating ------------------------------------------------------------------ */

static bool check(const network_spec *spec, plx_error *error)
{
    if (spec->layer_count < 1 || spec->layer_count > NETWORK_MOST_LAYERS)
        return error_set(error, ERROR_CONFIG, "%zu layers; 1 to %d are possible", spec->layer_count,
                         NETWORK_MOST_LAYERS);
    if (spec->inputs < 1)
        return error_set(error, ERROR_CONFIG, "a network needs at least one input");
    for (size_t l = 0; l < spec->layer_count; l++) {
        const layer_spec *layer = &spec->layer[l];
        if (layer->units < 1)
            return error_set(error, ERROR_CONFIG, "layer %zu has no units; at least 1 is needed",
                             l);
        if (!(layer->dropout >= 0 && layer->dropout < 1))
            return error_set(error, ERROR_CONFIG,
                             "layer %zu: dropout %g; expected 0 or above and below 1", l,
                             layer->dropout);
    }
    return true;
}

/* Dropout after the last activation would stand between it and the loss, so such a pair is not
 * fused. */
static const plx_fused *partner(const network_spec *spec)
{
    const layer_spec *last = &spec->layer[spec->layer_count - 1];

    if (!spec->fused || spec->loss == NULL || last->dropout > 0)
        return NULL;
    return settings_fused(spec->loss, last->activation);
}

static void describe_layers(network *self, const network_spec *spec)
{
    int tensor = 0;

    for (size_t l = 0; l < spec->layer_count; l++) {
        const layer_spec *from = &spec->layer[l];
        const bool last = l + 1 == spec->layer_count;
        layer *to = &self->layers[l];
        to->units = from->units;
        to->fan_in = l == 0 ? spec->inputs : spec->layer[l - 1].units;
        to->plugin = from->activation->plugin;
        to->activation = to->plugin->activation;
        to->self = from->activation->values;
        to->in_place = !(to->activation->flags & PLX_NEEDS_INPUT) && !(last && self->fused != NULL);
        to->weight = tensor++;
        to->bias = from->bias ? tensor++ : NO_TENSOR;
        to->dropout = (float)from->dropout;
        to->kept = (float)(1 / (1 - from->dropout));
    }
    self->tensor_count = (size_t)tensor;
}

static bool too_large(plx_error *error)
{
    return error_set(error, ERROR_RUN,
                     "the network and its batch are too large: their sizes overflow; fewer units, "
                     "inputs or rows in a batch would fit");
}

/* Refuses what the machine cannot hold, before the kernel finds out the hard way. */
static bool fits_machine(const network *self, size_t work, plx_error *error)
{
    const double have = memory_of_machine();
    const double arenas = (self->training ? 2.0 : 1.0) * (double)self->arena + (double)work;
    const double need = arenas * (double)sizeof(float) + (double)self->capacity * 8;

    if (have <= 0 || need <= have)
        return true;
    return error_set(error, ERROR_RUN,
                     "the network needs %.1f GB of memory for batches of %zu rows; this machine "
                     "has %.1f GB; fewer units or rows in a batch would fit",
                     need / 1e9, self->capacity, have / 1e9);
}

static bool allocate(network *self, plx_error *error)
{
    if (!place_parameters(self))
        return too_large(error);
    const size_t work = place_work(self, NULL);
    if (work == 0 || self->capacity > PTRDIFF_MAX / sizeof(double))
        return too_large(error);
    if (!fits_machine(self, work, error))
        return false;
    self->weights = memory_aligned(self->arena, sizeof(float));
    self->work = memory_aligned(work, sizeof(float));
    self->row_loss = memory_array(self->capacity, sizeof(double));
    if (self->training)
        self->gradients = memory_aligned(self->arena, sizeof(float));
    if (self->weights == NULL || self->work == NULL || self->row_loss == NULL ||
        (self->training && self->gradients == NULL))
        return error_memory(error);
    place_work(self, self->work);
    point_at_parameters(self);
    return true;
}

/* How the gradients are cut, and the memory for those that are stepped on at once. */
static bool plan_gradients(network *self, plx_error *error)
{
    if (!cut_gradients(self, error))
        return false;
    self->block =
        memory_aligned((size_t)pool_threads(self->pool) * self->block_size, sizeof(float));
    return self->block != NULL || error_memory(error);
}

static bool find_family(network *self, const network_spec *spec, plx_error *error)
{
    plx_domain domain = {.size = sizeof(domain)};

    if (spec->loss == NULL)
        return true;
    if (!settings_domain(spec->layer[spec->layer_count - 1].activation, &domain, error))
        return false;
    self->family = settings_family(&domain);
    return true;
}

network *network_new(const network_spec *spec, pool *pool, host *host, plx_error *error)
{
    if (!check(spec, error))
        return NULL;
    network *self = memory_array(1, sizeof(*self));
    if (self == NULL || (self->layers = memory_array(spec->layer_count, sizeof(layer))) == NULL ||
        (self->tensors = memory_array(2 * spec->layer_count, sizeof(network_tensor))) == NULL) {
        error_memory(error);
        goto failed;
    }
    self->pool = pool;
    self->host = host;
    self->inputs = spec->inputs;
    self->layer_count = spec->layer_count;
    self->capacity = spec->capacity;
    self->training = spec->training;
    self->bf16 = spec->bf16 && spec->training;
    self->largest_input = spec->largest_input;
    self->loss = spec->loss;
    self->fused = partner(spec);
    describe_layers(self, spec);
    if (find_family(self, spec, error) && allocate(self, error) &&
        (!self->training || plan_gradients(self, error)))
        return self;
failed:
    network_free(self);
    return NULL;
}

void network_free(network *self)
{
    if (self == NULL)
        return;
    free(self->weights);
    free(self->gradients);
    free(self->work);
    free(self->row_loss);
    free(self->gradient_parts);
    free(self->block);
    free(self->tensors);
    free(self->layers);
    free(self);
}

void network_set_profile(network *self, profile *profile)
{
    self->profile = profile;
}

/* --- telling ---------------------------------------------------------------------------------- */

const network_tensor *network_tensors(const network *self, size_t *count)
{
    *count = self->tensor_count;
    return self->tensors;
}

float *network_weights(network *self, size_t tensor)
{
    return tensor < self->tensor_count ? self->weights + self->tensors[tensor].offset : NULL;
}

float *network_gradients(network *self, size_t tensor)
{
    if (self->gradients == NULL || tensor >= self->tensor_count)
        return NULL;
    return self->gradients + self->tensors[tensor].offset;
}

size_t network_parameters(const network *self)
{
    return self->parameters;
}

size_t network_inputs(const network *self)
{
    return self->inputs;
}

size_t network_outputs(const network *self)
{
    return self->layers[self->layer_count - 1].units;
}

size_t network_layers(const network *self)
{
    return self->layer_count;
}

bool network_is_fused(const network *self)
{
    return self->fused != NULL;
}
