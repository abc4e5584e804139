/* slots.c: see slots.h. The plan itself is made and checked in plugin/slots.c; here it becomes
 * memory. */
#include "train/slots.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

void *driver_take(const driver_memory *memory, uint64_t bytes, size_t alignment)
{
    return memory->take != NULL ? memory->take(memory->context, bytes, alignment)
                                : memory_aligned(bytes, 1);
}

void driver_give(const driver_memory *memory, void *taken)
{
    if (taken != NULL && memory->give != NULL)
        memory->give(memory->context, taken);
    else
        free(taken);
}

static void fill(const slot *one, uint64_t n)
{
    float *f32 = one->data;
    double *f64 = one->data;
    int64_t *i64 = one->data;

    for (uint64_t i = 0; i < n; i++)
        if (one->plan.type == PLX_F32)
            f32[i] = (float)one->plan.initial;
        else if (one->plan.type == PLX_F64)
            f64[i] = one->plan.initial;
        else
            i64[i] = (int64_t)one->plan.initial;
}

static bool allocate(slot *one, const plx_tensor *tensor, const driver_memory *memory,
                     plx_error *error)
{
    const size_t width = slots_width(one->plan.type);
    uint64_t n;

    one->path = memory_format("slots.%s.%s", tensor->name, one->plan.name);
    if (one->path == NULL || __builtin_mul_overflow(one->plan.rows, one->plan.cols, &n))
        return error_memory(error);
    one->data = driver_take(memory, n * width, width); /* the plan is known to be countable */
    if (one->data == NULL)
        return error_memory(error);
    if (!one->plan.copies_weights)
        fill(one, n);
    return true;
}

uint64_t slot_bytes(const slot *slot)
{
    return slot->plan.rows * slot->plan.cols * slots_width(slot->plan.type);
}

bool slot_set_make(slot_set *set, const settings *optimizer, const plx_tensor *tensor,
                   host *services, const driver_memory *memory, plx_error *error)
{
    slot_plans plans = {0};
    bool ok = false;

    memset(set, 0, sizeof(*set));
    if (!slots_plan(optimizer, services, tensor, &plans, error))
        goto done;
    set->scratch = plans.scratch;
    set->slot = memory_array(plans.count, sizeof(slot));
    set->data = memory_array(plans.count, sizeof(*set->data));
    if (set->slot == NULL || set->data == NULL) {
        error_memory(error);
        goto done;
    }
    for (ok = true; ok && set->count < plans.count; set->count++) {
        slot *one = &set->slot[set->count];
        one->plan = plans.slot[set->count];
        ok = allocate(one, tensor, memory, error);
        set->data[set->count] = one->data;
    }
done:
    free(plans.slot);
    return ok;
}

void slot_set_clear(slot_set *set, const driver_memory *memory)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->slot[i].path);
        driver_give(memory, set->slot[i].data);
    }
    free(set->slot);
    free(set->data);
    memset(set, 0, sizeof(*set));
}
