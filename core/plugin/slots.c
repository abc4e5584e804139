/* slots.c: see slots.h. The plx_emit table's `core` points to the recording; its functions refuse
 * what cannot be with the plug-in's own error service, so that a plan that goes wrong reads like
 * any other failure of that plug-in. A refusal sticks: a planner that takes no notice of it would
 * step on slots it does not have. */
#include "plugin/slots.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"

enum { MOST_SLOTS = 4096 };

typedef struct recording {
    const plx_tensor *tensor;
    bool elementwise; /* every tensor slot must have the tensor's shape                          */
    slot_plans *plans;
    bool refused;
} recording;

size_t slots_width(uint32_t type)
{
    return type == PLX_F32 ? 4 : 8;
}

static bool known(const slot_plans *plans, const char *name)
{
    for (size_t i = 0; i < plans->count; i++)
        if (strcmp(plans->slot[i].name, name) == 0)
            return true;
    return false;
}

/* Whether rows x cols elements of `type` can be counted in bytes at all. */
static bool countable(uint64_t rows, uint64_t cols, uint32_t type)
{
    uint64_t elements = 0, bytes = 0;

    return rows > 0 && cols > 0 && !__builtin_mul_overflow(rows, cols, &elements) &&
           !__builtin_mul_overflow(elements, (uint64_t)slots_width(type), &bytes) &&
           bytes <= SIZE_MAX / 2;
}

/* Whether every element can start at plan->initial: no NaN, which nothing would tell from a
 * mistake, and nothing beyond the type. */
static bool startable(const slot_plan *plan)
{
    if (plan->type == PLX_I64)
        return plan->initial >= -0x1p63 && plan->initial < 0x1p63 &&
               plan->initial == trunc(plan->initial);
    if (plan->type == PLX_F32 && isfinite(plan->initial))
        return fabs(plan->initial) <= (double)FLT_MAX;
    return !isnan(plan->initial);
}

/* Whether the slot itself is possible; who it belongs to is not looked at. */
static int32_t check_slot(const plx_emit *emit, const slot_plan *plan, const char *name)
{
    const plx_host *host = emit->host;
    const char *owner = ((const recording *)emit->core)->tensor->name;
    char number[32];

    if (plan->type < PLX_F32 || plan->type > PLX_I64)
        return host->error(host, "slot '%s' of %s has the unknown type %u", name, owner,
                           plan->type);
    if (!countable(plan->rows, plan->cols, plan->type))
        return host->error(host, "slot '%s' of %s has the impossible shape %llu x %llu", name,
                           owner, (unsigned long long)plan->rows, (unsigned long long)plan->cols);
    if (!startable(plan))
        return host->error(host, "slot '%s' of %s cannot start at %s with type %u", name, owner,
                           text_of_double(number, plan->initial), plan->type);
    return PLX_OK;
}

static int32_t check_place(const plx_emit *emit, const slot_plan *plan, const char *name)
{
    const recording *r = emit->core;
    const plx_tensor *t = r->tensor;

    if (known(r->plans, name))
        return emit->host->error(emit->host, "%s has two slots named '%s'", t->name, name);
    if (r->elementwise && (plan->rows != t->rows || plan->cols != t->cols))
        return emit->host->error(
            emit->host, "slot '%s' of %s is %llu x %llu; with step_range it must be %llu x %llu",
            name, t->name, (unsigned long long)plan->rows, (unsigned long long)plan->cols,
            (unsigned long long)t->rows, (unsigned long long)t->cols);
    if (r->plans->count >= MOST_SLOTS)
        return emit->host->error(emit->host, "%s has more than %d slots", t->name, MOST_SLOTS);
    return PLX_OK;
}

static int32_t try_record(const plx_emit *emit, const slot_plan *plan, const char *name)
{
    const recording *r = emit->core;
    slot_plans *plans = r->plans;

    if (name == NULL || !text_is_name(name))
        return emit->host->error(emit->host, "a slot of %s has no valid name", r->tensor->name);
    int32_t status = check_slot(emit, plan, name);
    if (status == PLX_OK)
        status = check_place(emit, plan, name);
    if (status != PLX_OK)
        return status;
    if (memory_grow(&plans->slot, &plans->capacity, plans->count + 1, sizeof(*plans->slot)) == NULL)
        return emit->host->error(emit->host, "out of memory");
    plans->slot[plans->count] = *plan;
    memcpy(plans->slot[plans->count++].name, name, strlen(name) + 1);
    return PLX_OK;
}

/* Remembers a refusal. */
static int32_t answer(const plx_emit *emit, int32_t status)
{
    recording *r = emit->core;

    r->refused = r->refused || status != PLX_OK;
    return status;
}

static int32_t record(const plx_emit *emit, const slot_plan *plan, const char *name)
{
    return answer(emit, try_record(emit, plan, name));
}

static int32_t emit_like_parameter(const plx_emit *emit, const char *name)
{
    const recording *r = emit->core;
    const slot_plan plan = {.type = PLX_F32, .rows = r->tensor->rows, .cols = r->tensor->cols};

    return record(emit, &plan, name);
}

static int32_t emit_slot(const plx_emit *emit, const char *name, uint32_t type, uint64_t rows,
                         uint64_t cols, double initial)
{
    const slot_plan plan = {.type = type, .rows = rows, .cols = cols, .initial = initial};

    return record(emit, &plan, name);
}

static int32_t emit_copy_of_weights(const plx_emit *emit, const char *name)
{
    const recording *r = emit->core;
    const slot_plan plan = {
        .type = PLX_F32, .rows = r->tensor->rows, .cols = r->tensor->cols, .copies_weights = true};

    if (r->tensor->role == PLX_MODEL)
        return answer(emit, emit->host->error(emit->host,
                                              "a slot of the model cannot start as a copy of "
                                              "weights; plan_slots may plan one for each tensor"));
    return record(emit, &plan, name);
}

static int32_t emit_scratch(const plx_emit *emit, uint64_t bytes)
{
    const recording *r = emit->core;

    if (bytes > SIZE_MAX / 2)
        return answer(emit,
                      emit->host->error(emit->host, "%llu bytes of scratch memory are impossible",
                                        (unsigned long long)bytes));
    if (bytes > r->plans->scratch)
        r->plans->scratch = bytes;
    return PLX_OK;
}

bool slots_plan(const settings *optimizer, host *host, const plx_tensor *tensor, slot_plans *plans,
                plx_error *error)
{
    const plx_optimizer *o = optimizer->plugin->optimizer;
    const bool model = tensor->role == PLX_MODEL;
    recording recording = {
        .tensor = tensor, .elementwise = !model && o->step_range != NULL, .plans = plans};
    const plx_emit emit = {.size = sizeof(emit),
                           .core = &recording,
                           .host = &host->table,
                           .like_parameter = emit_like_parameter,
                           .slot = emit_slot,
                           .copy_of_weights = emit_copy_of_weights,
                           .scratch = emit_scratch};
    int32_t status = PLX_OK;

    memset(plans, 0, sizeof(*plans));
    if (model && o->plan_model_slots != NULL)
        status = o->plan_model_slots(optimizer->values, tensor, &emit);
    if (!model && o->plan_slots != NULL)
        status = o->plan_slots(optimizer->values, tensor, &emit);
    if (status == PLX_OK && !recording.refused && host->failure.code == ERROR_NONE)
        return true;
    free(plans->slot);
    memset(plans, 0, sizeof(*plans));
    return host_failed(host, optimizer->plugin, status, error);
}
