/* driver.c: see driver.h.
 *
 * All parameters are cut once into ranges, usually of DRIVER_RANGE elements; a range never crosses
 * a tensor's end. Clipping and elementwise optimizers work range by range on the pool. Whatever
 * has to be summed is summed per range and then in the order of the ranges, so the number of
 * threads changes no bit. Each range has its own array of slot pointers, made when the driver
 * is, since a step allocates nothing.
 *
 * With step_range and step_tensor each parameter group is a model of its own: it has its model
 * slots, its constants, and a step that its tensors' steps are copies of. With step_model there is
 * one set for all, made with the settings of the first group. */
#include "train/driver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/network.h"
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

/* What stands behind a driver_group. */
typedef struct group {
    const void *self;
    double lr_ratio;
    uint64_t parameters;
    slot_set model_slots;
    void *constants;
    plx_step step; /* of the group; its tensors' steps are copies of it                          */
} group;

struct driver {
    driver_spec spec; /* its lists are not looked at again                                       */
    const plugin *plugin;
    const plx_optimizer *optimizer;
    driver_tensor *tensor;
    size_t tensor_count;
    group *group;
    size_t group_count; /* with model slots and constants: one alone for step_model              */
    uint64_t parameters;
    slot_set *tensor_slots; /* one set a tensor                                                  */
    void *scratch;
    range *ranges;
    size_t range_count;
    void **range_slots;
    plx_parameter *parameter; /* what step_model is given, and pointers to it                    */
    const plx_parameter **parameter_list;
    float clip_factor;
    host_evaluate *closure;
    void *closure_context;
    bool in_step_model;
    int64_t evaluations;
};

/* --- planning --- */

static uint64_t elements_of(const driver_tensor *tensor)
{
    return tensor->rows * tensor->cols;
}

static bool copy_lists(driver *d, plx_error *error)
{
    const driver_spec *spec = &d->spec;

    d->tensor = memory_array(spec->tensor_count, sizeof(*d->tensor));
    d->group = memory_array(spec->group_count, sizeof(*d->group));
    if (d->tensor == NULL || d->group == NULL)
        return error_memory(error);
    for (size_t i = 0; i < spec->group_count; i++) {
        d->group[i].self = spec->groups[i].optimizer->values;
        d->group[i].lr_ratio = spec->groups[i].lr_ratio;
    }
    for (size_t i = 0; i < spec->tensor_count; i++) {
        d->tensor[i] = spec->tensors[i];
        d->group[d->tensor[i].group].parameters += elements_of(&d->tensor[i]);
        d->parameters += elements_of(&d->tensor[i]);
    }
    d->tensor_count = spec->tensor_count;
    d->group_count = d->optimizer->step_model != NULL ? 1 : spec->group_count;
    if (d->optimizer->step_model != NULL)
        d->group[0].parameters = d->parameters;
    return true;
}

static void copy_weights(driver *d, size_t index)
{
    const slot_set *set = &d->tensor_slots[index];

    for (size_t i = 0; i < set->count; i++)
        if (set->slot[i].plan.copies_weights)
            memcpy(set->slot[i].data, d->tensor[index].w,
                   elements_of(&d->tensor[index]) * sizeof(float));
}

static bool make_tensor_slots(driver *d, uint64_t *scratch, plx_error *error)
{
    d->tensor_slots = memory_array(d->tensor_count, sizeof(slot_set));
    if (d->tensor_slots == NULL)
        return error_memory(error);
    for (size_t i = 0; i < d->tensor_count; i++) {
        const driver_tensor *tensor = &d->tensor[i];
        const plx_tensor about = {
            .size = sizeof(about),
            .role = tensor->role,
            .id = (uint32_t)i,
            .layer = tensor->layer,
            .tensor_count = (uint32_t)d->tensor_count,
            .layer_count = d->spec.layer_count,
            .rows = tensor->rows,
            .cols = tensor->cols,
            .name = tensor->name,
        };
        if (!slot_set_make(&d->tensor_slots[i], d->spec.groups[tensor->group].optimizer, &about,
                           d->spec.host, &d->spec.memory, error))
            return false;
        copy_weights(d, i);
        if (d->tensor_slots[i].scratch > *scratch)
            *scratch = d->tensor_slots[i].scratch;
    }
    return true;
}

static bool make_model_slots(driver *d, uint64_t *scratch, plx_error *error)
{
    for (size_t i = 0; i < d->group_count; i++) {
        char name[32] = "model";
        const plx_tensor about = {
            .size = sizeof(about),
            .role = PLX_MODEL,
            .tensor_count = (uint32_t)d->tensor_count,
            .layer_count = d->spec.layer_count,
            .rows = 1,
            .cols = d->group[i].parameters,
            .name = name,
        };
        if (i > 0)
            snprintf(name, sizeof(name), "model.%zu", i);
        if (!slot_set_make(&d->group[i].model_slots, d->spec.groups[i].optimizer, &about,
                           d->spec.host, &d->spec.memory, error))
            return false;
        if (d->group[i].model_slots.scratch > *scratch)
            *scratch = d->group[i].model_slots.scratch;
    }
    return true;
}

/* The largest power of two that divides a struct's size, 64 at most: the struct needs no more. */
static size_t alignment_of(uint32_t size)
{
    const uint32_t lowest = size & -size;

    return lowest < 64 ? lowest : 64;
}

static bool make_memory(driver *d, plx_error *error)
{
    const uint32_t size = d->optimizer->constants_size;
    uint64_t scratch = 0;

    if (!make_tensor_slots(d, &scratch, error) || !make_model_slots(d, &scratch, error))
        return false;
    for (size_t i = 0; size > 0 && i < d->group_count; i++) {
        d->group[i].constants = driver_take(&d->spec.memory, size, alignment_of(size));
        if (d->group[i].constants == NULL)
            return error_memory(error);
    }
    if (scratch > 0)
        d->scratch = driver_take(&d->spec.memory, scratch, 64);
    return scratch == 0 || d->scratch != NULL || error_memory(error);
}

static size_t ranges_of(const driver *d, const driver_tensor *tensor)
{
    const uint64_t elements = elements_of(tensor);

    return elements / d->spec.range + (elements % d->spec.range > 0);
}

/* The ranges of one tensor; *next_slot is where their slot pointers go. */
static void cut_tensor(driver *d, size_t index, void ***next_slot)
{
    const driver_tensor *tensor = &d->tensor[index];
    const slot_set *set = &d->tensor_slots[index];
    uint64_t left = elements_of(tensor);

    for (uint64_t offset = 0; left > 0;) {
        range *piece = &d->ranges[d->range_count++];
        piece->tensor = index;
        piece->offset = offset;
        piece->n = left < d->spec.range ? left : d->spec.range;
        piece->w = tensor->w + offset;
        piece->g = tensor->g + offset;
        piece->slot = *next_slot;
        for (size_t k = 0; d->optimizer->step_range != NULL && k < set->count; k++)
            *(*next_slot)++ = (char *)set->data[k] + offset * slots_width(set->slot[k].plan.type);
        offset += piece->n;
        left -= piece->n;
    }
}

static bool cut_ranges(driver *d, plx_error *error)
{
    size_t pieces = 0, pointers = 0;

    for (size_t i = 0; i < d->tensor_count; i++) {
        pieces += ranges_of(d, &d->tensor[i]);
        pointers += ranges_of(d, &d->tensor[i]) * d->tensor_slots[i].count;
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
        const driver_tensor *tensor = &d->tensor[i];
        d->parameter[i] = (plx_parameter){
            .size = sizeof(plx_parameter),
            .role = tensor->role,
            .id = (uint32_t)i,
            .layer = tensor->layer,
            .rows = tensor->rows,
            .cols = tensor->cols,
            .name = tensor->name,
            .self = d->group[tensor->group].self,
            .w = tensor->w,
            .g = tensor->g,
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
    if (spec->range == 0)
        made->spec.range = DRIVER_RANGE;
    made->plugin = spec->groups[0].optimizer->plugin;
    made->optimizer = made->plugin->optimizer;
    spec->host->evaluate = evaluate;
    spec->host->evaluate_context = made;
    if (check_kind(made, error) && copy_lists(made, error) && make_memory(made, error) &&
        cut_ranges(made, error) && list_parameters(made, error))
        return made;
    driver_free(made);
    return NULL;
}

static void free_memory(driver *d)
{
    const driver_memory *memory = &d->spec.memory;

    for (size_t i = 0; d->tensor_slots != NULL && i < d->tensor_count; i++)
        slot_set_clear(&d->tensor_slots[i], memory);
    for (size_t i = 0; i < d->group_count; i++) {
        slot_set_clear(&d->group[i].model_slots, memory);
        driver_give(memory, d->group[i].constants);
    }
    driver_give(memory, d->scratch);
}

void driver_free(driver *d)
{
    if (d == NULL)
        return;
    if (d->spec.host->evaluate_context == d) {
        d->spec.host->evaluate = NULL;
        d->spec.host->evaluate_context = NULL;
    }
    free_memory(d);
    free(d->tensor_slots);
    free(d->tensor);
    free(d->group);
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
    if (d->parameters > d->spec.range) {
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

/* The group's step with what is particular to one tensor. */
static plx_step step_of(const driver *d, size_t index)
{
    const driver_tensor *tensor = &d->tensor[index];
    plx_step step = d->group[tensor->group].step;

    step.tensor = (uint32_t)index;
    step.role = tensor->role;
    step.layer = tensor->layer;
    step.rows = tensor->rows;
    step.cols = tensor->cols;
    return step;
}

/* Of a group whose rate is always 0. No optimizer is asked to leave its weights alone: one might
 * make something else of the rate than a factor. */
static bool is_frozen(const driver *d, size_t tensor)
{
    return d->group[d->tensor[tensor].group].lr_ratio == 0;
}

static void run_range(void *context, size_t task, int thread)
{
    driver *d = context;
    range *piece = &d->ranges[task];
    const void *self = d->group[d->tensor[piece->tensor].group].self;
    plx_step step = step_of(d, piece->tensor);

    step.offset = piece->offset;
    step.scratch = NULL;
    piece->status = PLX_OK;
    if (!is_frozen(d, piece->tensor))
        piece->status =
            d->optimizer->step_range(self, &step, piece->n, piece->w, piece->g, piece->slot);
    piece->finite = network_all_finite(piece->w, piece->n);
}

/* The worse of two statuses: a failure, else done, else all right. */
static int32_t worse(int32_t a, int32_t b)
{
    const bool a_failed = a != PLX_OK && a != PLX_DONE;
    return a_failed || b == PLX_OK ? a : b;
}

static int32_t step_ranges(driver *d)
{
    int32_t status = PLX_OK;

    over_ranges(d, run_range);
    for (size_t i = 0; i < d->range_count; i++)
        status = worse(status, d->ranges[i].status);
    return status;
}

static void look_at_range(void *context, size_t task, int thread)
{
    driver *d = context;
    range *piece = &d->ranges[task];

    piece->finite = network_all_finite(piece->w, piece->n);
}

static int32_t step_tensors(driver *d)
{
    int32_t status = PLX_OK;

    for (size_t i = 0; i < d->tensor_count && (status == PLX_OK || status == PLX_DONE); i++) {
        const driver_tensor *tensor = &d->tensor[i];
        if (is_frozen(d, i))
            continue;
        const plx_step step = step_of(d, i);
        const int32_t one = d->optimizer->step_tensor(
            d->group[tensor->group].self, &step, tensor->w, tensor->g, d->tensor_slots[i].data);
        status = worse(status, one);
    }
    over_ranges(d, look_at_range);
    return status;
}

static int32_t step_whole(driver *d, double lr)
{
    for (size_t i = 0; i < d->tensor_count; i++)
        d->parameter[i].lr = lr * d->group[d->tensor[i].group].lr_ratio;
    d->in_step_model = true;
    const int32_t status = d->optimizer->step_model(d->group[0].self, &d->group[0].step,
                                                    d->tensor_count, d->parameter_list);
    d->in_step_model = false;
    over_ranges(d, look_at_range);
    return status;
}

/* All groups begin before any tensor moves; the first that fails or is done is the last. */
static int32_t begin(driver *d, int64_t step, double lr, double loss)
{
    int32_t status = PLX_OK;

    for (size_t i = 0; i < d->group_count && status == PLX_OK; i++) {
        group *group = &d->group[i];
        group->step = (plx_step){
            .size = sizeof(plx_step),
            .role = PLX_MODEL,
            .tensor_count = (uint32_t)d->tensor_count,
            .layer_count = d->spec.layer_count,
            .step = step,
            .lr = lr * group->lr_ratio,
            .loss = loss,
            .rows = 1,
            .cols = group->parameters,
            .constants = group->constants,
            .model_slot = group->model_slots.data,
            .scratch = d->scratch,
            .host = &d->spec.host->table,
        };
        if (d->optimizer->begin_step != NULL)
            status = d->optimizer->begin_step(group->self, &group->step, group->constants);
    }
    return status;
}

static bool ranges_are_finite(const driver *d)
{
    for (size_t i = 0; i < d->range_count; i++)
        if (!d->ranges[i].finite)
            return false;
    return true;
}

bool driver_step(driver *d, int64_t step, double lr, double loss, driver_outcome *outcome,
                 plx_error *error)
{
    outcome->finite = true;
    clip(d);
    int32_t status = begin(d, step, lr, loss);
    if (status == PLX_OK) {
        status = d->optimizer->step_range != NULL    ? step_ranges(d)
                 : d->optimizer->step_tensor != NULL ? step_tensors(d)
                                                     : step_whole(d, lr);
        outcome->finite = ranges_are_finite(d);
    }
    outcome->done = status == PLX_DONE;
    if (status != PLX_OK && status != PLX_DONE)
        return host_failed(d->spec.host, d->plugin, status, error);
    if (d->spec.host->failure.code != ERROR_NONE) /* told, but not returned */
        return host_failed(d->spec.host, d->plugin, PLX_FAILED, error);
    return true;
}

/* --- what a checkpoint asks for --- */

/* Set `index` of all, tensor by tensor, then group by group; NULL past the end. */
static const slot_set *set_at(const driver *d, size_t index)
{
    if (index < d->tensor_count)
        return &d->tensor_slots[index];
    index -= d->tensor_count;
    return index < d->group_count ? &d->group[index].model_slots : NULL;
}

size_t driver_slots(const driver *d)
{
    const slot_set *set;
    size_t count = 0;

    for (size_t i = 0; (set = set_at(d, i)) != NULL; i++)
        count += set->count;
    return count;
}

const slot *driver_slot(const driver *d, size_t index)
{
    const slot_set *set;

    for (size_t i = 0; (set = set_at(d, i)) != NULL; i++) {
        if (index < set->count)
            return &set->slot[index];
        index -= set->count;
    }
    return NULL;
}

int64_t driver_evaluations(const driver *d)
{
    return d->evaluations;
}

void driver_set_evaluations(driver *d, int64_t count)
{
    d->evaluations = count;
}
