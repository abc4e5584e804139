/* driver.c: see driver.h.
 *
 * All parameters are cut once into ranges of DRIVER_RANGE elements; a range never crosses a
 * tensor's end. Clipping and elementwise optimizers work range by range on the pool. Whatever
 * has to be summed is summed per range and then in the order of the ranges, so the number of
 * threads changes no bit. Each range has its own array of slot pointers, made when the driver
 * is, since a step allocates nothing. */
#include "train/driver.h"

#include <math.h>
#include <stdlib.h>

#include "support/memory.h"

/* A piece of one tensor. */
typedef struct range {
    size_t tensor;
    uint64_t offset, n;
    float *w, *g;
    void **slot; /* each slot of the tensor, at the range's offset                               */
    int32_t status;
    bool finite;
    double squares;
} range;

struct driver {
    driver_spec spec;
    const plugin *plugin;
    const plx_optimizer *optimizer;
    const void *self;
    const network_tensor *tensor;
    size_t tensor_count, parameters;
    slot_set *tensor_slots; /* one set a tensor */
    slot_set model_slots;
    void *constants, *scratch;
    range *ranges;
    size_t range_count;
    void **range_slots;
    plx_parameter *parameter; /* what step_model is given, and pointers to it */
    const plx_parameter **parameter_list;
    plx_step step; /* of the model; the parts' steps are copies of it */
    float clip_factor;
    host_evaluate *closure;
    void *closure_context;
    bool in_step_model;
    int64_t evaluations;
};

/* --- planning --- */

static void copy_weights(driver *d, size_t index)
{
    const network_tensor *tensor = &d->tensor[index];
    const slot_set *set = &d->tensor_slots[index];
    const float *w = network_weights(d->spec.network, index);

    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; set->slot[i].plan.copies_weights && k < tensor->rows * tensor->cols; k++)
            ((float *)set->slot[i].data)[k] = w[k];
}

static bool make_slots(driver *d, plx_error *error)
{
    const uint32_t layers = (uint32_t)network_layers(d->spec.network);
    uint64_t scratch = 0;

    d->tensor_slots = memory_array(d->tensor_count, sizeof(slot_set));
    if (d->tensor_slots == NULL)
        return error_memory(error);
    plx_tensor about = {
        .size = sizeof(about), .tensor_count = (uint32_t)d->tensor_count, .layer_count = layers};
    for (size_t i = 0; i < d->tensor_count; i++) {
        const network_tensor *tensor = &d->tensor[i];
        about.role = tensor->role;
        about.id = (uint32_t)i;
        about.layer = tensor->layer;
        about.rows = tensor->rows;
        about.cols = tensor->cols;
        about.name = tensor->name;
        if (!slot_set_make(&d->tensor_slots[i], d->spec.optimizer, &about, d->spec.host, error))
            return false;
        copy_weights(d, i);
        if (d->tensor_slots[i].scratch > scratch)
            scratch = d->tensor_slots[i].scratch;
    }
    about.role = PLX_MODEL;
    about.id = about.layer = 0;
    about.rows = 1;
    about.cols = d->parameters;
    about.name = "model";
    if (!slot_set_make(&d->model_slots, d->spec.optimizer, &about, d->spec.host, error))
        return false;
    if (d->model_slots.scratch > scratch)
        scratch = d->model_slots.scratch;
    d->scratch = scratch == 0 ? NULL : memory_aligned(scratch, 1);
    return scratch == 0 || d->scratch != NULL ? true : error_memory(error);
}

static size_t ranges_of(const network_tensor *tensor)
{
    return (tensor->rows * tensor->cols + DRIVER_RANGE - 1) / DRIVER_RANGE;
}

/* The ranges of one tensor; *next_slot is where their slot pointers go. */
static void cut_tensor(driver *d, size_t index, void ***next_slot)
{
    const uint64_t elements = d->tensor[index].rows * d->tensor[index].cols;
    const slot_set *set = &d->tensor_slots[index];

    for (uint64_t offset = 0; offset < elements; offset += DRIVER_RANGE) {
        range *piece = &d->ranges[d->range_count++];
        piece->tensor = index;
        piece->offset = offset;
        piece->n = elements - offset < DRIVER_RANGE ? elements - offset : DRIVER_RANGE;
        piece->w = network_weights(d->spec.network, index) + offset;
        piece->g = network_gradients(d->spec.network, index) + offset;
        piece->slot = *next_slot;
        for (size_t k = 0; d->optimizer->step_range != NULL && k < set->count; k++)
            *(*next_slot)++ = (char *)set->data[k] + offset * slots_width(set->slot[k].plan.type);
    }
}

static bool cut_ranges(driver *d, plx_error *error)
{
    size_t pieces = 0, pointers = 0;

    for (size_t i = 0; i < d->tensor_count; i++) {
        pieces += ranges_of(&d->tensor[i]);
        pointers += ranges_of(&d->tensor[i]) * d->tensor_slots[i].count;
    }
    d->ranges = memory_array(pieces, sizeof(range));
    d->range_slots = memory_array(pointers, sizeof(void *));
    if (d->ranges == NULL || d->range_slots == NULL)
        return error_memory(error);
    void **next_slot = d->range_slots;
    for (size_t i = 0; i < d->tensor_count; i++)
        cut_tensor(d, i, &next_slot);
    return true;
}

/* What step_model is given; only lr changes from step to step. */
static bool list_parameters(driver *d, plx_error *error)
{
    d->parameter = memory_array(d->tensor_count, sizeof(plx_parameter));
    d->parameter_list = memory_array(d->tensor_count, sizeof(plx_parameter *));
    if (d->parameter == NULL || d->parameter_list == NULL)
        return error_memory(error);
    for (size_t i = 0; i < d->tensor_count; i++) {
        const network_tensor *tensor = &d->tensor[i];
        d->parameter[i] = (plx_parameter){
            .size = sizeof(plx_parameter),
            .role = tensor->role,
            .id = (uint32_t)i,
            .layer = tensor->layer,
            .rows = tensor->rows,
            .cols = tensor->cols,
            .name = tensor->name,
            .self = d->self,
            .w = network_weights(d->spec.network, i),
            .g = network_gradients(d->spec.network, i),
            .slot = d->tensor_slots[i].data,
        };
        d->parameter_list[i] = &d->parameter[i];
    }
    return true;
}

static bool check_kind(const driver *d, plx_error *error)
{
    const plx_optimizer *optimizer = d->optimizer;
    const int kinds = (optimizer->step_range != NULL) + (optimizer->step_tensor != NULL) +
                      (optimizer->step_model != NULL);
    const bool closure = (optimizer->flags & PLX_NEEDS_CLOSURE) != 0;

    if (kinds != 1)
        return error_set(error, ERROR_PLUGIN,
                         "optimizer '%s' has %d of step_range, step_tensor and step_model; it must "
                         "have exactly one",
                         d->plugin->name, kinds);
    if (closure && optimizer->step_model == NULL)
        return error_set(error, ERROR_PLUGIN,
                         "optimizer '%s' needs closures, which only step_model can run",
                         d->plugin->name);
    if (closure && (d->spec.clip_norm > 0 || d->spec.clip_value > 0))
        return error_at(error, ERROR_CONFIG, d->spec.clip_at,
                        "gradient clipping does not go with optimizer '%s', which evaluates loss "
                        "and gradient itself; remove clip_norm and clip_value",
                        d->plugin->name);
    return true;
}

static int32_t evaluate(void *context, double *loss);

driver *driver_new(const driver_spec *spec, plx_error *error)
{
    driver *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->spec = *spec;
    made->plugin = spec->optimizer->plugin;
    made->optimizer = made->plugin->optimizer;
    made->self = spec->optimizer->values;
    made->tensor = network_tensors(spec->network, &made->tensor_count);
    made->parameters = network_parameters(spec->network);
    spec->host->evaluate = evaluate;
    spec->host->evaluate_context = made;
    if (!check_kind(made, error) || !make_slots(made, error) || !cut_ranges(made, error) ||
        !list_parameters(made, error))
        goto failed;
    if (made->optimizer->constants_size > 0) {
        made->constants = memory_aligned(made->optimizer->constants_size, 1);
        if (made->constants == NULL) {
            error_memory(error);
            goto failed;
        }
    }
    return made;
failed:
    driver_free(made);
    return NULL;
}

void driver_free(driver *d)
{
    if (d == NULL)
        return;
    if (d->spec.host->evaluate_context == d) {
        d->spec.host->evaluate = NULL;
        d->spec.host->evaluate_context = NULL;
    }
    for (size_t i = 0; d->tensor_slots != NULL && i < d->tensor_count; i++)
        slot_set_clear(&d->tensor_slots[i]);
    free(d->tensor_slots);
    slot_set_clear(&d->model_slots);
    free(d->constants);
    free(d->scratch);
    free(d->ranges);
    free(d->range_slots);
    free(d->parameter);
    free(d->parameter_list);
    free(d);
}

/* --- closures --- */

void driver_set_closure(driver *d, host_evaluate *closure, void *context)
{
    d->closure = closure;
    d->closure_context = context;
}

/* What host->evaluate comes to. */
static int32_t evaluate(void *context, double *loss)
{
    driver *d = context;
    const plx_host *table = &d->spec.host->table;

    if ((d->optimizer->flags & PLX_NEEDS_CLOSURE) == 0)
        return table->error(table, "called evaluate without having set PLX_NEEDS_CLOSURE");
    if (!d->in_step_model || d->closure == NULL)
        return table->error(table, "called evaluate outside of step_model");
    d->evaluations++;
    return d->closure(d->closure_context, loss);
}

/* --- clipping --- */

/* One call for each range. A model of a single range's size is not worth waking threads for. */
static void over_ranges(driver *d, pool_task *task)
{
    if (d->parameters > DRIVER_RANGE) {
        pool_run(d->spec.pool, d->range_count, task, d);
        return;
    }
    for (size_t i = 0; i < d->range_count; i++)
        task(d, i, 0);
}

static void sum_squares(void *context, size_t task, int thread)
{
    driver *d = context;
    range *piece = &d->ranges[task];

    piece->squares = host_dot(piece->n, piece->g, piece->g);
}

double driver_gradient_norm(driver *d)
{
    double sum = 0;

    over_ranges(d, sum_squares);
    for (size_t i = 0; i < d->range_count; i++)
        sum += d->ranges[i].squares;
    return sqrt(sum);
}

static void scale_gradient(void *context, size_t task, int thread)
{
    const driver *d = context;
    const range *piece = &d->ranges[task];

    for (uint64_t i = 0; i < piece->n; i++)
        piece->g[i] *= d->clip_factor;
}

static void bound_gradient(void *context, size_t task, int thread)
{
    const driver *d = context;
    const range *piece = &d->ranges[task];
    const float most = (float)d->spec.clip_value;

    for (uint64_t i = 0; i < piece->n; i++) {
        const float g = piece->g[i];
        piece->g[i] = g > most ? most : g < -most ? -most : g;
    }
}

/* By value: g = min(max(g, -v), v). By norm, as PyTorch has it: g *= min(1, c / (norm + 1e-6)). */
static void clip(driver *d)
{
    if (d->spec.clip_value > 0)
        over_ranges(d, bound_gradient);
    if (d->spec.clip_norm > 0) {
        const double factor = d->spec.clip_norm / (driver_gradient_norm(d) + 1e-6);
        if (factor >= 1)
            return;
        d->clip_factor = (float)factor;
        over_ranges(d, scale_gradient);
    }
}

/* --- stepping --- */

/* The model's step with what is particular to one tensor. */
static plx_step step_of(const driver *d, size_t index)
{
    plx_step step = d->step;

    step.tensor = (uint32_t)index;
    step.role = d->tensor[index].role;
    step.layer = d->tensor[index].layer;
    step.rows = d->tensor[index].rows;
    step.cols = d->tensor[index].cols;
    return step;
}

static void run_range(void *context, size_t task, int thread)
{
    driver *d = context;
    range *piece = &d->ranges[task];
    plx_step step = step_of(d, piece->tensor);

    step.offset = piece->offset;
    step.scratch = NULL;
    piece->status =
        d->optimizer->step_range(d->self, &step, piece->n, piece->w, piece->g, piece->slot);
    piece->finite = network_all_finite(piece->w, piece->n);
}

/* The worse of two statuses: a failure, else done, else all right. */
static int32_t worse(int32_t a, int32_t b)
{
    const bool a_failed = a != PLX_OK && a != PLX_DONE;
    return a_failed || b == PLX_OK ? a : b;
}

static int32_t step_ranges(driver *d, bool *finite)
{
    int32_t status = PLX_OK;

    over_ranges(d, run_range);
    *finite = true;
    for (size_t i = 0; i < d->range_count; i++) {
        status = worse(status, d->ranges[i].status);
        *finite = *finite && d->ranges[i].finite;
    }
    return status;
}

static int32_t step_tensors(driver *d, bool *finite)
{
    int32_t status = PLX_OK;

    for (size_t i = 0; i < d->tensor_count && (status == PLX_OK || status == PLX_DONE); i++) {
        const plx_step step = step_of(d, i);
        const int32_t one = d->optimizer->step_tensor(
            d->self, &step, network_weights(d->spec.network, i),
            network_gradients(d->spec.network, i), d->tensor_slots[i].data);
        status = worse(status, one);
    }
    *finite = network_weights_finite(d->spec.network);
    return status;
}

static int32_t step_whole(driver *d, bool *finite)
{
    for (size_t i = 0; i < d->tensor_count; i++)
        d->parameter[i].lr = d->step.lr;
    d->in_step_model = true;
    const int32_t status =
        d->optimizer->step_model(d->self, &d->step, d->tensor_count, d->parameter_list);
    d->in_step_model = false;
    *finite = network_weights_finite(d->spec.network);
    return status;
}

bool driver_step(driver *d, int64_t step, double lr, double loss, driver_outcome *outcome,
                 plx_error *error)
{
    const plx_optimizer *optimizer = d->optimizer;
    int32_t status = PLX_OK;

    outcome->finite = true;
    clip(d);
    d->step = (plx_step){
        .size = sizeof(plx_step),
        .role = PLX_MODEL,
        .tensor_count = (uint32_t)d->tensor_count,
        .layer_count = (uint32_t)network_layers(d->spec.network),
        .step = step,
        .lr = lr,
        .loss = loss,
        .rows = 1,
        .cols = d->parameters,
        .constants = d->constants,
        .model_slot = d->model_slots.data,
        .scratch = d->scratch,
        .host = &d->spec.host->table,
    };
    if (optimizer->begin_step != NULL)
        status = optimizer->begin_step(d->self, &d->step, d->constants);
    if (status == PLX_OK)
        status = optimizer->step_range != NULL    ? step_ranges(d, &outcome->finite)
                 : optimizer->step_tensor != NULL ? step_tensors(d, &outcome->finite)
                                                  : step_whole(d, &outcome->finite);
    outcome->done = status == PLX_DONE;
    if (status != PLX_OK && status != PLX_DONE)
        return host_failed(d->spec.host, d->plugin, status, error);
    if (d->spec.host->failure.code != ERROR_NONE) /* told, but not returned */
        return host_failed(d->spec.host, d->plugin, PLX_FAILED, error);
    return true;
}

/* --- what a checkpoint asks for --- */

size_t driver_slots(const driver *d)
{
    size_t count = d->model_slots.count;

    for (size_t i = 0; i < d->tensor_count; i++)
        count += d->tensor_slots[i].count;
    return count;
}

const slot *driver_slot(const driver *d, size_t index)
{
    for (size_t i = 0; i < d->tensor_count; i++) {
        const slot_set *set = &d->tensor_slots[i];
        if (index < set->count)
            return &set->slot[index];
        index -= set->count;
    }
    return index < d->model_slots.count ? &d->model_slots.slot[index] : NULL;
}

int64_t driver_evaluations(const driver *d)
{
    return d->evaluations;
}

void driver_set_evaluations(driver *d, int64_t count)
{
    d->evaluations = count;
}
