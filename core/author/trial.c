/* trial.c: see trial.h.
 *
 * A trial has a host of its own, since a driver makes its host's `evaluate` its own: so several
 * trials may be under way at once. A closure computes loss and gradient for the step at hand, with
 * that step's noise, into the arrays that the optimizer reads; only then may these be written. */
#include "author/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

struct trial {
    trial_spec spec;
    host host;
    pool *pool; /* made here, or NULL                                                            */
    driver_tensor tensor[PROBLEM_TENSORS];
    const float *w[PROBLEM_TENSORS];
    float *g[PROBLEM_TENSORS];
    driver *driver;
    int64_t steps;
    double start_loss;
};

/* ---- making one ---- */

static float *take_array(const trial *t, char of, const problem_tensor *tensor)
{
    const uint64_t elements = problems_elements(tensor);

    if (t->spec.array == NULL)
        return memory_aligned(elements, sizeof(float));
    char *name = memory_format("%c of %s", of, tensor->name);
    float *taken = name == NULL ? NULL : t->spec.array(t->spec.array_context, name, elements);
    free(name);
    return taken;
}

static bool make_tensors(trial *t, plx_error *error)
{
    const problem *problem = t->spec.problem;

    for (size_t i = 0; i < problem->tensor_count; i++) {
        const problem_tensor *of = &problem->tensor[i];
        float *w = take_array(t, 'w', of);
        t->w[i] = w;
        t->g[i] = take_array(t, 'g', of);
        t->tensor[i] = (driver_tensor){
            .name = of->name,
            .role = of->role,
            .layer = of->layer,
            .rows = of->rows,
            .cols = of->cols,
            .w = w,
            .g = t->g[i],
        };
        if (w == NULL || t->g[i] == NULL)
            return error_memory(error);
        problem->start(problem, i, w);
    }
    t->start_loss = trial_loss(t);
    return true;
}

static int32_t evaluate(void *context, double *loss);

static bool make_driver(trial *t, plx_error *error)
{
    const driver_group group = {.optimizer = t->spec.optimizer, .lr_ratio = 1};
    uint32_t layers = 1;

    for (size_t i = 0; i < t->spec.problem->tensor_count; i++)
        if (t->tensor[i].layer >= layers)
            layers = t->tensor[i].layer + 1;
    if (t->spec.pool == NULL)
        t->pool = pool_new(1, error);
    if (t->spec.pool == NULL && t->pool == NULL)
        return false;
    const driver_spec spec = {
        .tensors = t->tensor,
        .tensor_count = t->spec.problem->tensor_count,
        .layer_count = layers,
        .groups = &group,
        .group_count = 1,
        .pool = t->spec.pool != NULL ? t->spec.pool : t->pool,
        .host = &t->host,
        .range = t->spec.range,
        .memory = t->spec.memory,
    };
    t->driver = driver_new(&spec, error);
    if (t->driver != NULL)
        driver_set_closure(t->driver, evaluate, t);
    return t->driver != NULL;
}

trial *trial_new(const trial_spec *spec, plx_error *error)
{
    trial *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->spec = *spec;
    host_init(&made->host, spec->host->log, spec->host->seed);
    made->host.product = spec->host->product;
    if (make_tensors(made, error) && make_driver(made, error))
        return made;
    trial_free(made);
    return NULL;
}

void trial_free(trial *t)
{
    if (t == NULL)
        return;
    driver_free(t->driver);
    pool_free(t->pool);
    host_destroy(&t->host);
    for (size_t i = 0; t->spec.array == NULL && i < t->spec.problem->tensor_count; i++) {
        free(t->tensor[i].w);
        free(t->g[i]);
    }
    free(t);
}

/* ---- loss and gradient ---- */

static void protect(trial *t, bool read_only)
{
    for (size_t i = 0; t->spec.protect != NULL && i < t->spec.problem->tensor_count; i++)
        t->spec.protect(t->spec.array_context, t->g[i], read_only);
}

static void scale_gradient(trial *t, float factor)
{
    for (size_t i = 0; i < t->spec.problem->tensor_count; i++)
        for (uint64_t k = 0; k < problems_elements(&t->spec.problem->tensor[i]); k++)
            t->g[i][k] *= factor;
}

/* Of step t->steps, at the weights as they are. */
static double loss_and_gradient(trial *t)
{
    const double scale = t->spec.gradient_scale > 0 ? t->spec.gradient_scale : 1;

    protect(t, false);
    double loss = t->spec.problem->value(t->spec.problem, t->steps, t->w, t->g) * scale;
    if (t->spec.zero_gradient) {
        loss = t->start_loss;
        scale_gradient(t, 0);
    } else if (scale != 1) {
        scale_gradient(t, (float)scale);
    }
    protect(t, true);
    return loss;
}

static int32_t evaluate(void *context, double *loss)
{
    *loss = loss_and_gradient(context);
    return PLX_OK;
}

double trial_loss(const trial *t)
{
    return t->spec.problem->value(t->spec.problem, 0, t->w, NULL);
}

static bool gradient_is_finite(const trial *t)
{
    for (size_t i = 0; i < t->spec.problem->tensor_count; i++)
        for (uint64_t k = 0; k < problems_elements(&t->spec.problem->tensor[i]); k++)
            if (!isfinite(t->g[i][k]))
                return false;
    return true;
}

bool trial_step(trial *t, double lr, trial_outcome *outcome, plx_error *error)
{
    driver_outcome stepped = {0};

    t->steps++;
    outcome->loss = loss_and_gradient(t);
    outcome->done = false;
    outcome->finite = isfinite(outcome->loss) && gradient_is_finite(t);
    if (!outcome->finite && !t->spec.any_gradient)
        return true;
    const bool ok = driver_step(t->driver, t->steps, lr, outcome->loss, &stepped, error);
    protect(t, false);
    outcome->done = stepped.done;
    outcome->finite = outcome->finite && stepped.finite;
    return ok;
}

/* ---- states ---- */

static size_t bytes_of(const slot *one)
{
    return one->plan.rows * one->plan.cols * slots_width(one->plan.type);
}

bool trial_state(const trial *t, text *out)
{
    for (size_t i = 0; i < t->spec.problem->tensor_count; i++)
        text_add_n(out, (const char *)t->w[i],
                   problems_elements(&t->spec.problem->tensor[i]) * sizeof(float));
    for (size_t i = 0; i < driver_slots(t->driver); i++) {
        const slot *one = driver_slot(t->driver, i);
        text_add_n(out, one->data, bytes_of(one));
    }
    return !out->failed;
}

static bool same_plan(const slot *a, const slot *b)
{
    return a != NULL && b != NULL && strcmp(a->path, b->path) == 0 && bytes_of(a) == bytes_of(b);
}

bool trial_restore(trial *t, const trial *from, plx_error *error)
{
    const size_t count = driver_slots(from->driver);

    for (size_t i = 0; i < count || i < driver_slots(t->driver); i++) {
        const slot *old = driver_slot(from->driver, i), *new = driver_slot(t->driver, i);
        if (!same_plan(old, new))
            return error_set(error, ERROR_PLUGIN,
                             "a second plan for the same tensors has %zu slots, the first %zu, "
                             "and they differ at slot %zu ('%s')",
                             driver_slots(t->driver), count, i,
                             new != NULL ? new->path : old->path);
        memcpy(new->data, old->data, bytes_of(old));
    }
    for (size_t i = 0; i < t->spec.problem->tensor_count; i++)
        memcpy(t->tensor[i].w, from->w[i],
               problems_elements(&t->spec.problem->tensor[i]) * sizeof(float));
    t->steps = from->steps;
    driver_set_evaluations(t->driver, driver_evaluations(from->driver));
    return true;
}

/* ---- what it is made of ---- */

float *trial_weights(const trial *t, size_t tensor)
{
    return t->tensor[tensor].w;
}

driver *trial_driver(trial *t)
{
    return t->driver;
}

int64_t trial_steps(const trial *t)
{
    return t->steps;
}
