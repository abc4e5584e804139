/* exam_optimizer_slots.c: an optimizer's plan for its memory: there is one for every tensor that a
 * network may have, and it depends on nothing but settings and tensor. */
#include "author/exam_optimizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/slots.h"
#include "support/memory.h"

static const problem_tensor made_up[] = {
    {"layers.0.weight", PLX_WEIGHT, 0, 1, 1},
    {"layers.1.weight", PLX_WEIGHT, 1, 1, 7},
    {"layers.0.weight", PLX_WEIGHT, 0, 7, 1},
    {"layers.1.weight", PLX_WEIGHT, 1, 5, 3},
    {"layers.0.bias", PLX_BIAS, 0, 1, 1},
    {"layers.1.bias", PLX_BIAS, 1, 1, 9},
    {"layers.0.weight", PLX_WEIGHT, 0, 64, 32},
    {"layers.0.weight", PLX_WEIGHT, 0, 1000, 2000},
    {"model", PLX_MODEL, 0, 1, 1},
    {"model", PLX_MODEL, 0, 1, 1000000},
};

static plx_tensor tensor_of(const problem_tensor *t, const char *name)
{
    return (plx_tensor){
        .size = sizeof(plx_tensor),
        .role = t->role,
        .layer = t->layer,
        .tensor_count = 4,
        .layer_count = 2,
        .rows = t->rows,
        .cols = t->cols,
        .name = name,
    };
}

static bool same_slot(const slot_plan *a, const slot_plan *b)
{
    return strcmp(a->name, b->name) == 0 && a->type == b->type && a->rows == b->rows &&
           a->cols == b->cols && a->copies_weights == b->copies_weights &&
           memcmp(&a->initial, &b->initial, sizeof(a->initial)) == 0;
}

static bool same_plans(const slot_plans *a, const slot_plans *b)
{
    for (size_t i = 0; a->count == b->count && i < a->count; i++)
        if (!same_slot(&a->slot[i], &b->slot[i]))
            return false;
    return a->count == b->count && a->scratch == b->scratch;
}

static uint64_t bytes_of(const slot_plans *plans)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < plans->count; i++)
        bytes += plans->slot[i].rows * plans->slot[i].cols * slots_width(plans->slot[i].type);
    return bytes;
}

/* The same plan with the tensor, its name and the host lying elsewhere. */
static bool plan_again(exam *exam, const settings *settings, const problem_tensor *t,
                       slot_plans *plans, plx_error *error)
{
    char *name = memory_string(t->name);
    plx_tensor *tensor = memory_array(1, sizeof(*tensor));
    host elsewhere;
    bool ok = false;

    host_init(&elsewhere, exam->host.log, exam->host.seed + 1);
    if (name == NULL || tensor == NULL) {
        error_memory(error);
    } else {
        *tensor = tensor_of(t, name);
        ok = slots_plan(settings, &elsewhere, tensor, plans, error);
    }
    host_destroy(&elsewhere);
    free(name);
    free(tensor);
    return ok;
}

static bool plans_alike(exam *exam, const variant *variant, const problem_tensor *t)
{
    const plx_tensor tensor = tensor_of(t, t->name);
    slot_plans first = {0}, second = {0};
    plx_error error = {.code = ERROR_NONE};
    char what[80];
    bool ok = false;

    snprintf(what, sizeof(what), "%s of %llu x %llu", t->name, (unsigned long long)t->rows,
             (unsigned long long)t->cols);
    exam_note(exam, "planning for %s, %s", what, variant->name);
    if (!slots_plan(variant->settings, &exam->host, &tensor, &first, &error) ||
        !plan_again(exam, variant->settings, t, &second, &error))
        exam_fail(exam, "plan_slots, plan_model_slots",
                  "a plan for any tensor a network may have, from settings and tensor alone",
                  "for %s: %s (%s)", what, error.text, variant->name);
    else if (!same_plans(&first, &second))
        exam_fail(exam, "plan_slots, plan_model_slots",
                  "the same plan whenever it is made, from settings and tensor alone",
                  "for %s: first %zu slots of %llu bytes and %llu of scratch, then %zu of %llu and "
                  "%llu (%s)",
                  what, first.count, (unsigned long long)bytes_of(&first),
                  (unsigned long long)first.scratch, second.count,
                  (unsigned long long)bytes_of(&second), (unsigned long long)second.scratch,
                  variant->name);
    else
        ok = true;
    free(first.slot);
    free(second.slot);
    return ok;
}

/* Adds what the defaults plan for a tensor; returns its bytes. */
static uint64_t add_plan(exam *exam, const problem_tensor *t, text *names)
{
    enum { MOST = 6 };
    const plx_tensor tensor = tensor_of(t, t->name);
    slot_plans plans = {0};
    uint64_t bytes = 0;

    if (slots_plan(exam->variants[0].settings, &exam->host, &tensor, &plans, NULL)) {
        for (size_t i = 0; i < plans.count && i < MOST; i++)
            text_addf(names, "%s%s", names->length > 0 ? ", " : "", plans.slot[i].name);
        if (plans.count > MOST)
            text_addf(names, " and %zu more", plans.count - MOST);
        bytes = bytes_of(&plans);
    }
    free(plans.slot);
    return bytes;
}

/* What a model of one large weight takes. */
static void say_slots(exam *exam)
{
    static const problem_tensor weight = {"layers.0.weight", PLX_WEIGHT, 0, 256, 256};
    static const problem_tensor model = {"model", PLX_MODEL, 0, 1, 65536};
    text names = {.bytes = NULL};
    const uint64_t bytes = add_plan(exam, &weight, &names) + add_plan(exam, &model, &names);

    if (names.length == 0)
        exam_say(exam, "no slots");
    else
        exam_say(exam, "for a 256 x 256 weight %s: %.3g bytes a parameter", names.bytes,
                 (double)bytes / 65536);
    free(names.bytes);
}

void optimizer_slots(exam *exam)
{
    for (size_t v = 0; v < exam->variant_count; v++)
        for (size_t i = 0; i < sizeof(made_up) / sizeof(made_up[0]); i++)
            if (!plans_alike(exam, &exam->variants[v], &made_up[i]))
                return;
    say_slots(exam);
}
