/* exam_optimizer_exercise.c: an optimizer at work in guarded memory.
 *
 * The ordinary exercise is a trial on a bowl: the driver that training uses plans, cuts ranges and
 * steps, while weights, slots, constants and scratch memory come from the guard and gradients are
 * read-only while the optimizer works. Where step_range alone is to be watched, or is to be given a
 * range of no elements, it is called by hand. */
#include "author/exam_optimizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/slots.h"
#include "support/memory.h"

enum {
    STEPS = 24,
    FEW_STEPS = 4,         /* of what is large                                                    */
    LARGE = 300,           /* parameters                                                         */
    LARGEST_TENSORS = 600, /* without [range] functions more parameters tell nothing new          */
    SLACK = 256,           /* bytes on either side of an array whose surroundings do not matter   */
};

/* ---- the bowl ---- */

/* A number in [0, 1) that has no pattern: of element i of a tensor, the `which`th such number. */
static double scattered(size_t tensor, uint64_t i, unsigned which)
{
    uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + tensor * 0xbf58476d1ce4e5b9u + which;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (double)(x >> 40) / 0x1p24;
}

static void start_bowl(const problem *p, size_t tensor, float *w)
{
    for (uint64_t i = 0; i < problems_elements(&p->tensor[tensor]); i++)
        w[i] = (float)(2 * scattered(tensor, i, 0) - 1);
}

/* Half the sum of c (w - t)^2, c in [0.5, 1.5), t in [-1, 1) and another in each step, so that
 * gradients change their signs, as those of batches do. */
static double bowl(const problem *p, int64_t step, const float *const *w, float *const *g)
{
    double sum = 0;

    for (size_t t = 0; t < p->tensor_count; t++) {
        for (uint64_t i = 0; i < problems_elements(&p->tensor[t]); i++) {
            const double curvature = 0.5 + scattered(t, i, 1);
            const double off = (double)w[t][i] - (2 * scattered(t, i, 2 + (unsigned)step) - 1);
            sum += curvature * off * off / 2;
            if (g != NULL)
                g[t][i] = (float)(curvature * off);
        }
    }
    return sum;
}

static uint64_t root_of(uint64_t n)
{
    const uint64_t root = (uint64_t)sqrt((double)n);

    return root > 0 ? root : 1;
}

static void add_tensor(problem *p, const char *name, uint32_t role, uint32_t layer, uint64_t rows,
                       uint64_t cols)
{
    if (rows * cols > 0)
        p->tensor[p->tensor_count++] = (problem_tensor){
            .name = name, .role = role, .layer = layer, .rows = rows, .cols = cols};
}

problem optimizer_bowl(uint64_t parameters)
{
    problem made = {.id = "bowl", .title = "a bowl", .start = start_bowl, .value = bowl};
    const uint64_t hidden = parameters > 1 ? parameters * 3 / 5 : 1;
    uint64_t cols = root_of(hidden), rows = hidden / cols;
    uint64_t left;

    if (rows == cols && cols > 2)
        rows = hidden / --cols;
    left = parameters - rows * cols;
    const uint64_t bias = left < rows ? left : rows;
    add_tensor(&made, "layers.0.weight", PLX_WEIGHT, 0, rows, cols);
    add_tensor(&made, "layers.0.bias", PLX_BIAS, 0, 1, bias);
    left -= bias;
    rows = root_of(left);
    add_tensor(&made, "layers.1.weight", PLX_WEIGHT, 1, rows, left / rows);
    add_tensor(&made, "layers.1.bias", PLX_BIAS, 1, 1, left % rows);
    return made;
}

/* ---- guarded memory ---- */

/* Where the arrays of an exercise come from. The driver takes the slots of each tensor in the order
 * of their plan, those of the model, constants, scratch: so each gets its name. */
typedef struct source {
    exam *exam;
    const exercise *how;
    char **name;
    size_t names, capacity, taken;
} source;

static void add_name(source *s, char *name)
{
    if (name == NULL)
        return;
    if (memory_grow(&s->name, &s->capacity, s->names + 1, sizeof(*s->name)) != NULL)
        s->name[s->names++] = name;
    else
        free(name);
}

static plx_tensor describe(const problem *p, size_t index)
{
    const problem_tensor *t = &p->tensor[index];

    return (plx_tensor){
        .size = sizeof(plx_tensor),
        .role = t->role,
        .id = (uint32_t)index,
        .layer = t->layer,
        .tensor_count = (uint32_t)p->tensor_count,
        .layer_count = p->tensor[p->tensor_count - 1].layer + 1,
        .rows = t->rows,
        .cols = t->cols,
        .name = t->name,
    };
}

static plx_tensor describe_model(const problem *p)
{
    plx_tensor model = describe(p, 0);

    model.role = PLX_MODEL;
    model.rows = 1;
    model.cols = problems_parameters(p);
    model.name = "model";
    return model;
}

/* A plan that is refused is left to the driver to report. */
static void name_slots(source *s, const plx_tensor *tensor)
{
    slot_plans plans = {0};

    if (slots_plan(s->how->settings, &s->exam->host, tensor, &plans, NULL))
        for (size_t i = 0; i < plans.count; i++)
            add_name(s, memory_format("slot %s of %s", plans.slot[i].name, tensor->name));
    free(plans.slot);
}

static void name_all(source *s, const problem *p)
{
    const plx_tensor model = describe_model(p);

    for (size_t i = 0; i < p->tensor_count; i++) {
        const plx_tensor tensor = describe(p, i);
        name_slots(s, &tensor);
    }
    name_slots(s, &model);
    if (s->exam->plugin->optimizer->constants_size > 0)
        add_name(s, memory_string("constants"));
    add_name(s, memory_string("scratch"));
}

static void forget_names(source *s)
{
    for (size_t i = 0; i < s->names; i++)
        free(s->name[i]);
    free(s->name);
}

static void *take_guarded(source *s, const char *name, uint64_t bytes, size_t width,
                          size_t alignment)
{
    const uint64_t slack = s->exam->unguarded ? SLACK : 0;
    char *array =
        guard_array(s->exam->guard, name, bytes + 2 * slack, width, alignment, s->how->side);

    return array == NULL ? NULL : array + slack;
}

static void *take_memory(void *context, uint64_t bytes, size_t alignment)
{
    source *s = context;
    const char *name = s->taken < s->names ? s->name[s->taken] : "memory of the optimizer";

    s->taken++;
    return take_guarded(s, name, bytes, alignment < 8 ? 4 : 8, alignment);
}

static void *take_array(void *context, const char *name, uint64_t elements)
{
    return take_guarded(context, name, elements * sizeof(float), sizeof(float), sizeof(float));
}

/* All of it goes back at once, when the exercise is over. */
static void give_nothing(void *context, void *memory)
{
}

static void protect(void *context, void *array, bool read_only)
{
    source *s = context;

    if (!s->exam->unguarded)
        guard_read_only(s->exam->guard, array, read_only);
}

static driver_memory memory_of(source *s)
{
    return (driver_memory){.take = take_memory, .give = give_nothing, .context = s};
}

/* ---- the ordinary exercise ---- */

double optimizer_rate(const plugin *optimizer)
{
    return optimizer->optimizer->lr > 0 ? optimizer->optimizer->lr : 1e-3;
}

const char *optimizer_function(const plugin *optimizer)
{
    return optimizer->optimizer->step_range != NULL    ? "step_range"
           : optimizer->optimizer->step_tensor != NULL ? "step_tensor"
                                                       : "step_model";
}

/* Settings far from the defaults may make a step impossible, if the plug-in says why. */
static bool may_refuse(const settings *settings, const plx_error *error)
{
    return !settings_are_default(settings) && strstr(error->text, "without a message") == NULL;
}

static bool step_often(exam *exam, const exercise *how, trial *trial, int steps)
{
    const char *function = optimizer_function(exam->plugin);
    trial_outcome outcome = {.finite = true};
    plx_error error = {.code = ERROR_NONE};

    for (int i = 0; i < steps && outcome.finite && !outcome.done; i++) {
        const bool ok = trial_step(trial, optimizer_rate(exam->plugin), &outcome, &error);
        if (!ok && may_refuse(how->settings, &error))
            return true;
        if (!ok)
            return exam_fail(exam, function, "the step succeeds", "%s, in step %lld", error.text,
                             (long long)trial_steps(trial));
        if (!exam_called(exam, function, PLX_OK))
            return false;
    }
    return true;
}

static bool exercise_in_driver(source *s, const problem *problem, text *results)
{
    exam *exam = s->exam;
    const exercise *how = s->how;
    plx_error error = {.code = ERROR_NONE};
    trial *trial = NULL;
    bool ok = false;
    pool *pool = pool_new(how->threads > 1 ? how->threads : 1, &error);
    const trial_spec spec = {
        .problem = problem,
        .optimizer = how->settings,
        .host = &exam->host,
        .pool = pool,
        .range = how->cut,
        .memory = memory_of(s),
        .array = take_array,
        .protect = protect,
        .array_context = s,
    };

    if (pool == NULL || (trial = trial_new(&spec, &error)) == NULL)
        exam_fail(exam, "plan_slots, plan_model_slots", "memory for the step is planned", "%s",
                  error.text);
    else
        ok = step_often(exam, how, trial,
                        how->steps > 0                         ? how->steps
                        : problems_parameters(problem) > LARGE ? FEW_STEPS
                                                               : STEPS);
    if (ok && results != NULL)
        trial_state(trial, results);
    trial_free(trial);
    pool_free(pool);
    return ok;
}

/* ---- step_range by hand ---- */

typedef struct by_hand {
    source *source;
    const problem *problem;
    float *w[PROBLEM_TENSORS], *g[PROBLEM_TENSORS];
    slot_set tensor[PROBLEM_TENSORS], model;
    void *constants;
} by_hand;

static bool plan_by_hand(by_hand *h, plx_error *error)
{
    source *s = h->source;
    const driver_memory memory = memory_of(s);
    const uint32_t size = s->exam->plugin->optimizer->constants_size;
    const plx_tensor model = describe_model(h->problem);

    for (size_t i = 0; i < h->problem->tensor_count; i++) {
        const plx_tensor tensor = describe(h->problem, i);
        const uint64_t bytes = tensor.rows * tensor.cols * sizeof(float);
        h->w[i] = take_array(s, "w", tensor.rows * tensor.cols);
        h->g[i] = take_array(s, "g", tensor.rows * tensor.cols);
        if (h->w[i] == NULL || h->g[i] == NULL)
            return error_memory(error);
        h->problem->start(h->problem, i, h->w[i]);
        if (!slot_set_make(&h->tensor[i], s->how->settings, &tensor, &s->exam->host, &memory,
                           error))
            return false;
        for (size_t k = 0; k < h->tensor[i].count; k++)
            if (h->tensor[i].slot[k].plan.copies_weights)
                memcpy(h->tensor[i].data[k], h->w[i], bytes);
    }
    if (!slot_set_make(&h->model, s->how->settings, &model, &s->exam->host, &memory, error))
        return false;
    h->constants = size > 0 ? take_guarded(s, "constants", size, 8, size % 8 == 0 ? 8 : 4) : NULL;
    return size == 0 || h->constants != NULL || error_memory(error);
}

static plx_step first_step(const by_hand *h)
{
    return (plx_step){
        .size = sizeof(plx_step),
        .role = PLX_MODEL,
        .tensor_count = (uint32_t)h->problem->tensor_count,
        .layer_count = h->problem->tensor[h->problem->tensor_count - 1].layer + 1,
        .step = 1,
        .lr = optimizer_rate(h->source->exam->plugin),
        .loss = 1,
        .rows = 1,
        .cols = problems_parameters(h->problem),
        .constants = h->constants,
        .model_slot = h->model.data,
        .host = &h->source->exam->host.table,
    };
}

/* Elements offset .. offset + n - 1 of a tensor. */
static bool step_by_hand(by_hand *h, plx_step step, size_t index, uint64_t offset, uint64_t n)
{
    exam *exam = h->source->exam;
    const slot_set *set = &h->tensor[index];
    const problem_tensor *tensor = &h->problem->tensor[index];
    void **slot = memory_array(set->count, sizeof(*slot));

    if (slot == NULL)
        return exam_fail_memory(exam);
    for (size_t k = 0; k < set->count; k++)
        slot[k] = (char *)set->data[k] + offset * slots_width(set->slot[k].plan.type);
    step.tensor = (uint32_t)index;
    step.role = tensor->role;
    step.layer = tensor->layer;
    step.rows = tensor->rows;
    step.cols = tensor->cols;
    step.offset = offset;
    const int32_t status =
        exam->plugin->optimizer->step_range(h->source->how->settings->values, &step, n,
                                            h->w[index] + offset, h->g[index] + offset, slot);
    free(slot);
    return exam_called(exam, "step_range", status);
}

/* Every tensor in pieces; of an exercise of no elements, the empty range at each tensor's end. */
static bool ranges_by_hand(by_hand *h, const plx_step *step)
{
    const exercise *how = h->source->how;

    for (size_t i = 0; i < h->problem->tensor_count; i++) {
        const uint64_t all = problems_elements(&h->problem->tensor[i]);
        const uint64_t piece = how->cut > 0 ? how->cut : all;
        if (how->size == 0 && !step_by_hand(h, *step, i, all, 0))
            return false;
        for (uint64_t at = 0; how->size > 0 && at < all; at += piece)
            if (!step_by_hand(h, *step, i, at, all - at < piece ? all - at : piece))
                return false;
    }
    return true;
}

static bool begin_and_step(by_hand *h)
{
    exam *exam = h->source->exam;
    const plx_optimizer *optimizer = exam->plugin->optimizer;
    const plx_step step = first_step(h);
    int32_t status = PLX_OK;

    h->problem->value(h->problem, 1, (const float *const *)h->w, h->g);
    for (size_t i = 0; i < h->problem->tensor_count; i++)
        protect(h->source, h->g[i], true);
    if (optimizer->begin_step != NULL)
        status = optimizer->begin_step(h->source->how->settings->values, &step, h->constants);
    if (!exam_called(exam, "begin_step", status))
        return false;
    intercept_reset(exam->intercept);
    return status == PLX_DONE || ranges_by_hand(h, &step);
}

static bool exercise_by_hand(source *s, const problem *problem, text *results)
{
    by_hand h = {.source = s, .problem = problem};
    const driver_memory memory = memory_of(s);
    plx_error error = {.code = ERROR_NONE};
    bool ok = false;

    if (!plan_by_hand(&h, &error))
        exam_fail(s->exam, "plan_slots, plan_model_slots", "memory for the step is planned", "%s",
                  error.text);
    else
        ok = begin_and_step(&h);
    for (size_t i = 0; i < problem->tensor_count; i++) {
        if (ok && results != NULL)
            text_add_n(results, (const char *)h.w[i],
                       problems_elements(&problem->tensor[i]) * sizeof(float));
        slot_set_clear(&h.tensor[i], &memory);
    }
    slot_set_clear(&h.model, &memory);
    return ok;
}

/* ---- either ---- */

bool optimizer_exercise(exam *exam, const exercise *how, text *results)
{
    const bool ranges = exam->plugin->optimizer->step_range != NULL;
    uint64_t size = how->size > 0 ? how->size : 7;
    source source = {.exam = exam, .how = how};
    bool ok = true;

    if (!ranges && size > LARGEST_TENSORS)
        size = LARGEST_TENSORS;
    const problem problem = optimizer_bowl(size);
    name_all(&source, &problem);
    if (ranges && (how->only_range || how->size == 0))
        ok = exercise_by_hand(&source, &problem, results);
    else if (how->size > 0)
        ok = exercise_in_driver(&source, &problem, results);
    if (!ranges && how->only_range)
        intercept_reset(exam->intercept); /* there is no [range] function                         */
    forget_names(&source);
    guard_give_all(exam->guard);
    return ok;
}
