/* breakdown.c: makes what breakdown_text.c tells; see breakdown.h.
 *
 * The least time of a part is its operations by the best rate of a product, or its bytes by the
 * bandwidth of the level in which they lie. A step goes through the weights, gradients and slots of
 * all layers, so they lie together where that many bytes fit. A gather reads rows from anywhere in
 * the training part and writes a batch that is soon read again: each has a level of its own. */
#include "train/breakdown.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "train/limits.h"
#include "train/session.h"

/* In the order in which a layer's parts are told. */
static const profile_kind of_layer[] = {PROFILE_FORWARD,    PROFILE_ACTIVATION, PROFILE_BELOW,
                                        PROFILE_DERIVATIVE, PROFILE_GRADIENT,   PROFILE_STEP};
static const profile_kind of_network[] = {PROFILE_LOSS, PROFILE_CHECK};
enum {
    OF_LAYER = sizeof(of_layer) / sizeof(of_layer[0]),
    OF_NETWORK = sizeof(of_network) / sizeof(of_network[0]),
};

/* --- limits --- */

static bool measure_memory(breakdown_memory *memory, plx_error *error)
{
    return memory->bytes == 0 || limits_bandwidth(memory->bytes, &memory->rate, error);
}

static bool measure_limits(breakdown *made, const session *session, plx_error *error)
{
    const batches_traffic row = batches_row_traffic(&session->batches);

    for (size_t l = 0; l < made->layer_count; l++)
        made->step.bytes += driver_layer_traffic(session->driver, l).held;
    made->rows.bytes = session->batches.part->rows * row.read;
    made->batch.bytes = session->batches.size * row.written;
    return limits_operations(session->experiment->train.bf16, &made->operations, error) &&
           measure_memory(&made->step, error) && measure_memory(&made->rows, error) &&
           measure_memory(&made->batch, error);
}

/* --- parts --- */

/* A part with its time; one that took none is left out. `cell`: the layer it stands with. */
static breakdown_part *add_part(breakdown *made, const profile *profile, profile_kind kind,
                                size_t layer, size_t cell)
{
    breakdown_part *part = &made->part[made->part_count];

    *part = (breakdown_part){.kind = kind, .layer = layer};
    part->ns = profile_time(profile, cell, kind);
    if (part->ns > 0)
        made->part_count++;
    return part;
}

static void add_gather(breakdown *made, const session *session)
{
    const batches_traffic row = batches_row_traffic(&session->batches);
    breakdown_part *part = add_part(made, session->profile, PROFILE_GATHER, BREAKDOWN_NO_LAYER, 0);
    const uint64_t rows = profile_work(session->profile, 0, PROFILE_GATHER);

    part->bytes = rows * (row.read + row.written);
    part->least = (double)(rows * row.read) / made->rows.rate +
                  (double)(rows * row.written) / made->batch.rate;
}

static void add_step(breakdown *made, const session *session, size_t layer, size_t cell)
{
    breakdown_part *part = add_part(made, session->profile, PROFILE_STEP, layer, cell);

    part->bytes = made->steps * driver_layer_traffic(session->driver, cell).moved;
    if (part->bytes > 0)
        part->least = (double)part->bytes / made->step.rate;
}

static void add_layer(breakdown *made, const session *session, size_t l, bool steps_as_a_whole)
{
    for (size_t i = 0; i < OF_LAYER; i++) {
        const profile_kind kind = of_layer[i];
        if (kind == PROFILE_STEP) {
            if (!steps_as_a_whole)
                add_step(made, session, l, l);
            continue;
        }
        breakdown_part *part = add_part(made, session->profile, kind, l, l);
        part->operations = profile_work(session->profile, l, kind);
        part->least = (double)part->operations / made->operations;
    }
}

/* All parts, and what they leave of the threads' time. */
static void add_parts(breakdown *made, const session *session)
{
    const plugin *optimizer = session->experiment->optimizer.settings->plugin;
    const bool whole = optimizer->optimizer->step_model != NULL;

    add_gather(made, session);
    for (size_t l = 0; l < made->layer_count; l++)
        add_layer(made, session, l, whole);
    for (size_t i = 0; i < OF_NETWORK; i++)
        add_part(made, session->profile, of_network[i], BREAKDOWN_NO_LAYER, 0);
    if (whole)
        add_step(made, session, BREAKDOWN_NO_LAYER, 0);
    made->other = (uint64_t)made->threads * made->wall;
    for (size_t i = 0; i < made->part_count; i++)
        made->other -= made->part[i].ns;
}

/* --- all of it --- */

static void describe_layers(breakdown *made, const session *session)
{
    size_t fan_in = session->parts.inputs;

    for (size_t l = 0; l < made->layer_count; l++) {
        const layer_spec *spec = &session->layer[l];
        breakdown_layer *layer = &made->layer[l];
        layer->fan_in = fan_in;
        layer->units = fan_in = spec->units;
        strncpy(layer->activation, spec->activation->plugin->name, sizeof(layer->activation) - 1);
    }
}

breakdown *breakdown_new(const session *session, plx_error *error)
{
    breakdown *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->threads = pool_threads(session->pool);
    made->steps = session->profiled_steps;
    made->wall = session->profiled_time;
    made->layer_count = session->parts.layer_count;
    made->layer = memory_array(made->layer_count, sizeof(*made->layer));
    made->part = memory_array(made->layer_count * OF_LAYER + OF_NETWORK + 2, sizeof(*made->part));
    if (made->layer == NULL || made->part == NULL)
        error_memory(error);
    else if (measure_limits(made, session, error)) {
        describe_layers(made, session);
        add_parts(made, session);
        return made;
    }
    breakdown_free(made);
    return NULL;
}

void breakdown_free(breakdown *breakdown)
{
    if (breakdown == NULL)
        return;
    free(breakdown->layer);
    free(breakdown->part);
    free(breakdown);
}
