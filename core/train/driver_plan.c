/* driver_plan.c: everything a driver has before its first step, since a step allocates nothing.
 *
 * All parameters are cut once into ranges, usually of DRIVER_RANGE elements; a range never crosses
 * a tensor's end. Each range has its own array of slot pointers.
 *
 * With step_range and step_tensor each parameter group has model slots and constants of its own.
 * With step_model there is one set for all, made with the settings of the first group. */
#include "train/driver_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

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

static bool can_take_pieces(const driver *d)
{
    bool can =
        d->optimizer->step_range != NULL && !(d->spec.clip_norm > 0) && !(d->spec.clip_value > 0);

    for (size_t i = 0; can && i < d->tensor_count; i++)
        can = d->tensor_slots[i].count <= DRIVER_MOST_SLOTS;
    return can;
}

bool driver_plan(driver *d, plx_error *error)
{
    const bool good = check_kind(d, error) && copy_lists(d, error) && make_memory(d, error) &&
                      cut_ranges(d, error) && list_parameters(d, error);

    d->takes_pieces = good && can_take_pieces(d);
    return good;
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

void driver_plan_clear(driver *d)
{
    free_memory(d);
    free(d->tensor_slots);
    free(d->tensor);
    free(d->group);
    free(d->ranges);
    free(d->range_slots);
    free(d->parameter);
    free(d->parameter_list);
}
