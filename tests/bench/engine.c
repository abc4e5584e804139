/* engine.c: see engine.h. */
#include "engine.h"

#include <stdlib.h>

#include "model/predict.h"
#include "network/network.h"
#include "network/product.h"
#include "support/memory.h"
#include "train/batches.h"
#include "train/driver.h"

/* Components: the hidden and the last activation, the loss, the optimizer. */
enum { HIDDEN, OUTPUT, LOSS, OPTIMIZER, COMPONENTS };

struct engine {
    const workload *workload;
    catalog *catalog;
    settings *component[COMPONENTS];
    pool *pool;
    host host;
    batches batches;
    network *network;
    driver *driver;
    size_t batch; /* the next one, of the epoch at hand */
    int64_t epoch, step;
    size_t samples;
    double loss;
};

/* --- making one --- */

static bool find(engine *e, int which, uint32_t kind, const char *name, plx_error *error)
{
    const plugin *plugin = catalog_find(e->catalog, kind, name, error);

    e->component[which] = plugin == NULL ? NULL : settings_new(plugin, error);
    return e->component[which] != NULL;
}

static bool find_components(engine *e, const char *plugins, plx_error *error)
{
    const catalog_options places = {.builtin = plugins};
    const workload *w = e->workload;

    e->catalog = catalog_new(&places, error);
    return e->catalog != NULL && find(e, HIDDEN, PLX_KIND_ACTIVATION, w->hidden, error) &&
           find(e, OUTPUT, PLX_KIND_ACTIVATION, w->output, error) &&
           (w->optimizer == NULL || (find(e, LOSS, PLX_KIND_LOSS, "cross_entropy", error) &&
                                     find(e, OPTIMIZER, PLX_KIND_OPTIMIZER, w->optimizer, error)));
}

static bool build_network(engine *e, plx_error *error)
{
    const workload *w = e->workload;
    layer_spec layer[WORKLOAD_MOST_LAYERS];
    const network_spec spec = {.inputs = w->inputs,
                               .layer = layer,
                               .layer_count = w->layers,
                               .loss = e->component[LOSS],
                               .fused = true,
                               .capacity = w->batch > MODEL_CHUNK ? w->batch : MODEL_CHUNK,
                               .training = w->optimizer != NULL,
                               .largest_input =
                                   data_largest_input(e->batches.part, e->batches.encoding)};

    for (size_t l = 0; l < w->layers; l++)
        layer[l] = (layer_spec){.units = w->units[l],
                                .activation = e->component[l + 1 < w->layers ? HIDDEN : OUTPUT],
                                .bias = true};
    e->network = network_new(&spec, e->pool, &e->host, error);
    if (e->network == NULL)
        return false;
    for (size_t l = 0; l < w->layers; l++)
        workload_first_weights(w, l, network_weights(e->network, 2 * l));
    return true;
}

static bool build_driver(engine *e, plx_error *error)
{
    const driver_group group = {.optimizer = e->component[OPTIMIZER], .lr_ratio = 1};
    driver_tensor mine[2 * WORKLOAD_MOST_LAYERS];
    driver_spec spec = {.tensors = mine,
                        .layer_count = (uint32_t)e->workload->layers,
                        .groups = &group,
                        .group_count = 1,
                        .pool = e->pool,
                        .host = &e->host};
    const network_tensor *tensor = network_tensors(e->network, &spec.tensor_count);

    for (size_t i = 0; i < spec.tensor_count; i++)
        mine[i] = (driver_tensor){.name = tensor[i].name,
                                  .role = tensor[i].role,
                                  .layer = tensor[i].layer,
                                  .rows = tensor[i].rows,
                                  .cols = tensor[i].cols,
                                  .w = network_weights(e->network, i),
                                  .g = network_gradients(e->network, i)};
    e->driver = driver_new(&spec, error);
    return e->driver != NULL;
}

engine *engine_new(const workload *workload, const workload_data *data, const char *plugins,
                   plx_error *error)
{
    engine *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->workload = workload;
    host_init(&made->host, NULL, 1);
    made->host.product = product;
    made->pool = pool_new(1, error);
    if (made->pool != NULL && find_components(made, plugins, error) &&
        batches_init(&made->batches, &data->part, &data->encoding, &data->code, NULL, 0,
                     workload->batch, error) &&
        build_network(made, error) && (workload->optimizer == NULL || build_driver(made, error)))
        return made;
    engine_free(made);
    return NULL;
}

void engine_free(engine *engine)
{
    if (engine == NULL)
        return;
    driver_free(engine->driver);
    network_free(engine->network);
    batches_clear(&engine->batches);
    for (size_t i = 0; i < COMPONENTS; i++)
        settings_free(engine->component[i]);
    catalog_free(engine->catalog);
    pool_free(engine->pool);
    host_destroy(&engine->host);
    free(engine);
}

/* --- running it --- */

static void load_next(engine *e)
{
    if (e->batch == e->batches.count)
        e->batch = 0;
    if (e->batch == 0 && !e->batches.loaded)
        workload_order(e->workload, ++e->epoch, e->batches.order);
    batches_load(&e->batches, e->batch++);
    e->samples += e->batches.rows;
}

static bool answer(engine *e, plx_error *error)
{
    return network_forward(e->network, e->batches.rows, e->batches.x, NULL, true, error);
}

static bool learn(engine *e, plx_error *error)
{
    const batches *batch = &e->batches;
    driver_outcome outcome;
    bool stepped = false;

    if (!network_forward(e->network, batch->rows, batch->x, NULL, false, error) ||
        !network_loss(e->network, batch->target, batches_label(batch), batches_row_weight(batch),
                      batches_scale(batch), true, &e->loss, NULL, error) ||
        !driver_begin(e->driver, ++e->step, e->workload->lr, e->loss, error) ||
        !(driver_takes_pieces(e->driver)
              ? network_backward_step(e->network, driver_piece, e->driver, &stepped, error)
              : network_backward(e->network, error)))
        return false;
    if (!stepped && !network_gradients_finite(e->network))
        return error_set(error, ERROR_RUN, "%s: the gradient is not finite", e->workload->name);
    return driver_end(e->driver, stepped, &outcome, error);
}

bool engine_run(engine *engine, size_t count, plx_error *error)
{
    for (size_t i = 0; i < count; i++) {
        load_next(engine);
        if (!(engine->driver == NULL ? answer(engine, error) : learn(engine, error)))
            return false;
    }
    return true;
}

size_t engine_samples(const engine *engine)
{
    return engine->samples;
}

double engine_loss(const engine *engine)
{
    return engine->loss;
}

const float *engine_output(const engine *engine)
{
    return network_output(engine->network);
}

const float *engine_weights(const engine *engine, size_t layer)
{
    return network_weights(engine->network, 2 * layer);
}

const float *engine_bias(const engine *engine, size_t layer)
{
    return network_weights(engine->network, 2 * layer + 1);
}
