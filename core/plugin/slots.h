/* slots.h: what an optimizer plans to remember: its plan_slots and plan_model_slots run against a
 * recorder that checks every request. The driver allocates from the record; `describe` prints it.
 */
#ifndef PLUGIN_SLOTS_H
#define PLUGIN_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plexus/plugin.h>

#include "plugin/host.h"
#include "plugin/settings.h"
#include "support/error.h"

typedef struct slot_plan {
    char name[33];
    uint32_t type; /* PLX_F32, PLX_F64, PLX_I64                                                  */
    uint64_t rows, cols;
    bool copies_weights; /* starts as a copy of the tensor's weights                             */
    double initial;
} slot_plan;

typedef struct slot_plans {
    slot_plan *slot;
    size_t count, capacity;
    uint64_t scratch; /* bytes, the largest asked for                                            */
} slot_plans;

/* Plans for one tensor, or with role PLX_MODEL for the model. Adds to nothing: `plans` is
 * overwritten; free its `slot`. Refuses invalid and duplicate names, unknown types, shapes whose
 * bytes overflow, first values that the type cannot hold, more than 4096 slots, for step_range
 * tensor slots that do not have the parameter's shape, and a plan that goes on after a refusal.
 * ERROR_PLUGIN. */
bool slots_plan(const settings *optimizer, host *host, const plx_tensor *tensor, slot_plans *plans,
                plx_error *error);
/* Bytes of one element of a type: 4 or 8. */
size_t slots_width(uint32_t type);

#endif
