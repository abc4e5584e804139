/* driver.c: see driver.h.
 *
 * Clipping and elementwise optimizers work range by range on the pool. Whatever has to be summed is
 * summed per range and then in the order of the ranges, so the number of threads changes no bit.
 *
 * With step_range and step_tensor each parameter group is a model of its own, with a step that its
 * tensors' steps are copies of. With step_model there is one step for all. What all this works on
 * is made once, in driver_plan.c. */
#include "train/driver.h"

#include <math.h>
#include <stdlib.h>

#include "network/network.h"
#include "support/denormals.h"
#include "support/memory.h"
#include "train/driver_internal.h"

enum { PIECE = 2048 }; /* elements */

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
    if (driver_plan(made, error))
        return made;
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
    driver_plan_clear(d);
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
    profile_add(d->spec.profile, 0, 0, PROFILE_STEP, d->since);
    const int32_t status = d->closure(d->closure_context, loss);
    d->since = profile_now(d->spec.profile);
    return status;
}

/* --- clipping --- */

/* One call for each range, timed. */
typedef struct range_run {
    driver *driver;
    pool_task *task;
} range_run;

/* The step of a whole model belongs to no layer. */
static void timed_range(void *context, size_t task, int thread)
{
    const range_run *run = context;
    driver *d = run->driver;
    const bool whole = d->optimizer->step_model != NULL;
    const size_t layer = whole ? 0 : d->tensor[d->ranges[task].tensor].layer;
    const uint64_t time = profile_now(d->spec.profile);

    run->task(d, task, thread);
    profile_add(d->spec.profile, thread, layer, PROFILE_STEP, time);
}

/* A model of a single range's size is not worth waking threads for. */
static void over_ranges(driver *d, pool_task *task)
{
    range_run run = {d, task};

    if (d->parameters > d->spec.range) {
        pool_run(d->spec.pool, d->range_count, timed_range, &run);
        return;
    }
    for (size_t i = 0; i < d->range_count; i++)
        timed_range(&run, i, 0);
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

static int32_t step_elements(const driver *d, const plx_step *step, uint64_t n, float *w,
                             const float *g, void *const *slot)
{
    if (is_frozen(d, step->tensor))
        return PLX_OK;
    return d->optimizer->step_range(d->group[d->tensor[step->tensor].group].self, step, n, w, g,
                                    slot);
}

static void run_range(void *context, size_t task, int thread)
{
    driver *d = context;
    range *piece = &d->ranges[task];
    plx_step step = step_of(d, piece->tensor);

    const denormals before = denormals_off();

    step.offset = piece->offset;
    step.scratch = NULL;
    piece->status = step_elements(d, &step, piece->n, piece->w, piece->g, piece->slot);
    denormals_restore(before);
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
        const uint64_t time = profile_now(d->spec.profile);
        const int32_t one = d->optimizer->step_tensor(
            d->group[tensor->group].self, &step, tensor->w, tensor->g, d->tensor_slots[i].data);
        profile_add(d->spec.profile, 0, tensor->layer, PROFILE_STEP, time);
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
    d->since = profile_now(d->spec.profile);
    const int32_t status = d->optimizer->step_model(d->group[0].self, &d->group[0].step,
                                                    d->tensor_count, d->parameter_list);
    d->in_step_model = false;
    profile_add(d->spec.profile, 0, 0, PROFILE_STEP, d->since);
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

static int32_t take_step(driver *d)
{
    clip(d);
    if (d->optimizer->step_range != NULL)
        return step_ranges(d);
    return d->optimizer->step_tensor != NULL ? step_tensors(d) : step_whole(d, d->lr);
}

bool driver_begin(driver *d, int64_t step, double lr, double loss, plx_error *error)
{
    d->lr = lr;
    atomic_store(&d->broken, false);
    const int32_t status = begin(d, step, lr, loss);
    atomic_store(&d->status, status);
    return status == PLX_OK || status == PLX_DONE ||
           host_failed(d->spec.host, d->plugin, status, error);
}

bool driver_end(driver *d, bool stepped, driver_outcome *outcome, plx_error *error)
{
    int32_t status = atomic_load(&d->status);

    outcome->finite = !atomic_load(&d->broken);
    if (!stepped && status == PLX_OK) {
        status = take_step(d);
        outcome->finite = ranges_are_finite(d);
    }
    outcome->done = status == PLX_DONE;
    if (status != PLX_OK && status != PLX_DONE)
        return host_failed(d->spec.host, d->plugin, status, error);
    if (d->spec.host->failure.code != ERROR_NONE) /* told, but not returned */
        return host_failed(d->spec.host, d->plugin, PLX_FAILED, error);
    return true;
}

bool driver_step(driver *d, int64_t step, double lr, double loss, driver_outcome *outcome,
                 plx_error *error)
{
    outcome->finite = true;
    return driver_begin(d, step, lr, loss, error) && driver_end(d, false, outcome, error);
}

/* --- piece by piece --- */

bool driver_takes_pieces(const driver *d)
{
    return d->takes_pieces && atomic_load(&d->status) == PLX_OK;
}

static void note_worse(driver *d, int32_t status)
{
    int32_t before = atomic_load(&d->status);

    while (worse(before, status) != before &&
           !atomic_compare_exchange_weak(&d->status, &before, worse(before, status)))
        continue;
}

/* As many elements as stay in the nearest cache until their weights are looked at. */
static void step_piece(driver *d, plx_step *step, uint64_t n, const float *g)
{
    const size_t tensor = step->tensor;
    const slot_set *set = &d->tensor_slots[tensor];
    float *w = d->tensor[tensor].w + step->offset;
    void *slot[DRIVER_MOST_SLOTS];

    for (size_t k = 0; k < set->count; k++)
        slot[k] = (char *)set->data[k] + step->offset * slots_width(set->slot[k].plan.type);
    note_worse(d, step_elements(d, step, n, w, g, slot));
    if (!network_all_finite(w, n))
        atomic_store(&d->broken, true);
}

void driver_piece(void *context, size_t tensor, uint64_t offset, uint64_t n, const float *g)
{
    driver *d = context;
    const denormals before = denormals_off();
    plx_step step = step_of(d, tensor);

    step.scratch = NULL;
    for (uint64_t at = 0; at < n; at += PIECE) {
        const uint64_t left = n - at;
        step.offset = offset + at;
        step_piece(d, &step, left < PIECE ? left : PIECE, g + at);
    }
    denormals_restore(before);
}

/* --- what a profile asks for --- */

driver_traffic driver_layer_traffic(const driver *d, size_t layer)
{
    driver_traffic sum = {0};

    for (size_t i = 0; d->optimizer->step_range != NULL && i < d->tensor_count; i++) {
        const driver_tensor *tensor = &d->tensor[i];
        const slot_set *set = &d->tensor_slots[i];
        const uint64_t array = tensor->rows * tensor->cols * sizeof(float);
        if (tensor->layer != layer || is_frozen(d, i))
            continue;
        sum.held += 2 * array;
        sum.moved += 3 * array;
        for (size_t k = 0; k < set->count; k++) {
            sum.held += slot_bytes(&set->slot[k]);
            sum.moved += 2 * slot_bytes(&set->slot[k]);
        }
    }
    return sum;
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
