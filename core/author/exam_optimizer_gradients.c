/* exam_optimizer_gradients.c: what an optimizer makes of gradients out of the ordinary: of zero,
 * not finite, very large and very small. */
#include "author/exam_optimizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

/* ---- a gradient of zero ---- */

/* Whether a setting by its name moves weights without a gradient: shrinks them, or shakes them, as
 * Langevin dynamics do. */
static bool moves_without_gradient(const char *name)
{
    static const char *const parts[] = {"decay",  "l2",    "l1",          "regular", "penalty",
                                        "lambda", "noise", "temperature", "sigma"};
    bool found = strcmp(name, "wd") == 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        found = found || strstr(name, parts[i]) != NULL;
    return found;
}

settings *optimizer_without_decay(const exam *exam)
{
    const place nowhere = {.file = NULL};
    settings *made = settings_new(exam->plugin, NULL);

    for (size_t i = 0; made != NULL && i < settings_count(exam->plugin); i++) {
        const plx_setting *row = settings_row(exam->plugin, i);
        char before[32];
        const char *value = settings_value(made, i, before);
        const bool number = row->type == PLX_TYPE_REAL || row->type == PLX_TYPE_INTEGER;
        if (number && moves_without_gradient(row->name) &&
            settings_set(made, row->name, nowhere, "0", nowhere, NULL) &&
            !settings_validate(made, nowhere, NULL))
            settings_set(made, row->name, nowhere, value, nowhere, NULL);
    }
    return made;
}

/* The first element that moved from the problem's start, or else the first that is not finite. */
static bool finds_change(const trial *trial, const problem *problem, bool moved, size_t *tensor,
                         uint64_t *element, float *before)
{
    for (size_t t = 0; t < problem->tensor_count; t++) {
        const uint64_t n = problems_elements(&problem->tensor[t]);
        const float *w = trial_weights(trial, t);
        float *start = memory_array(n, sizeof(*start));
        if (start == NULL)
            return false;
        problem->start(problem, t, start);
        for (uint64_t i = 0; i < n; i++) {
            if (moved ? w[i] == start[i] : isfinite(w[i]))
                continue;
            *tensor = t;
            *element = i;
            *before = start[i];
            free(start);
            return true;
        }
        free(start);
    }
    return false;
}

/* NaN without a sign, which means nothing. */
static const char *show(char buffer[32], float value)
{
    snprintf(buffer, 32, "%.9g", isnan(value) ? (double)NAN : (double)value);
    return isnan(value) ? "NaN" : buffer;
}

/* Several steps on a gradient of zero; `moved`: no weight may change at all. */
static bool stays(exam *exam, const settings *settings, const char *with, bool moved)
{
    const problem problem = optimizer_bowl(OPTIMIZER_PARAMETERS);
    trial_spec spec = optimizer_trial(exam, &problem, settings);
    trial_outcome outcome = {.finite = true};
    plx_error error = {.code = ERROR_NONE};
    size_t t = 0;
    uint64_t i = 0;
    float before = 0;
    char from[32], to[32];

    exam_note(exam, "a gradient of zero, %s", with);
    spec.zero_gradient = true;
    trial *trial = trial_new(&spec, &error);
    for (int k = 0; trial != NULL && k < 5 && !outcome.done && error.code == ERROR_NONE; k++)
        trial_step(trial, optimizer_rate(exam->plugin), &outcome, &error);
    if (trial == NULL || error.code != ERROR_NONE)
        exam_fail(exam, optimizer_function(exam->plugin), "a step on a gradient of zero succeeds",
                  "%s (%s)", error.text, with);
    else if (finds_change(trial, &problem, moved, &t, &i, &before))
        exam_fail(exam, optimizer_function(exam->plugin),
                  moved ? "a gradient of zero leaves the weights alone, unless a setting asks for "
                          "decay or noise"
                        : "weights stay finite where the gradient is zero",
                  "element %llu of %s went from %s to %s within %lld steps (%s)",
                  (unsigned long long)i, problem.tensor[t].name, show(from, before),
                  show(to, trial_weights(trial, t)[i]), (long long)trial_steps(trial), with);
    trial_free(trial);
    return !exam->failed;
}

void optimizer_zero_gradient(exam *exam)
{
    settings *still = optimizer_without_decay(exam);

    if (still != NULL)
        stays(exam, still,
              settings_are_default(still) ? "the defaults"
                                          : "the defaults, but every decay and noise 0",
              true);
    else
        exam_fail_memory(exam);
    settings_free(still);
    for (size_t v = 0; v < exam->variant_count && !exam->failed; v++)
        stays(exam, exam->variants[v].settings, exam->variants[v].name, false);
}

/* ---- gradients that are not finite, or hardly ---- */

/* A bowl with something else in the middle of one tensor's gradient. */
typedef struct spoilt {
    problem problem; /* the first member, so that `value` finds the rest                          */
    problem plain;
    size_t tensor;
    float with;
} spoilt;

static double spoilt_value(const problem *p, int64_t step, const float *const *w, float *const *g)
{
    const spoilt *s = (const spoilt *)(const void *)p;
    const double loss = s->plain.value(&s->plain, step, w, g);

    if (g != NULL)
        g[s->tensor][problems_elements(&p->tensor[s->tensor]) / 2] = s->with;
    return loss;
}

static spoilt spoil(size_t tensor, float with)
{
    spoilt made = {.plain = optimizer_bowl(OPTIMIZER_PARAMETERS), .tensor = tensor, .with = with};

    made.problem = made.plain;
    made.problem.value = spoilt_value;
    return made;
}

static bool slot_has_nan(const slot *one)
{
    const float *f32 = one->data;
    const double *f64 = one->data;
    bool found = false;

    for (uint64_t i = 0; i < one->plan.rows * one->plan.cols && !found; i++)
        found = (one->plan.type == PLX_F32 && isnan(f32[i])) ||
                (one->plan.type == PLX_F64 && isnan(f64[i]));
    return found;
}

static bool has_nan(trial *trial, const problem *problem)
{
    for (size_t t = 0; t < problem->tensor_count; t++)
        for (uint64_t i = 0; i < problems_elements(&problem->tensor[t]); i++)
            if (isnan(trial_weights(trial, t)[i]))
                return true;
    for (size_t i = 0; i < driver_slots(trial_driver(trial)); i++)
        if (slot_has_nan(driver_slot(trial_driver(trial), i)))
            return true;
    return false;
}

/* Two steps on a spoilt gradient. An optimizer that evaluates again may back out of them. */
static bool passes_on(exam *exam, const variant *variant, size_t tensor, float with)
{
    const bool closure = (exam->plugin->optimizer->flags & PLX_NEEDS_CLOSURE) != 0;
    const spoilt spoilt = spoil(tensor, with);
    trial_spec spec = optimizer_trial(exam, &spoilt.problem, variant->settings);
    trial_outcome outcome = {.finite = true};
    plx_error error = {.code = ERROR_NONE};

    exam_note(exam, "%g in the gradient of %s, %s", (double)with,
              spoilt.problem.tensor[tensor].name, variant->name);
    spec.any_gradient = true;
    trial *trial = trial_new(&spec, &error);
    if (trial == NULL)
        return exam_fail(exam, "plan_slots", "a plan", "%s", error.text);
    bool refused = false;
    for (int k = 0; k < 2 && !outcome.done && !refused; k++)
        refused = !trial_step(trial, optimizer_rate(exam->plugin), &outcome, &error);
    const bool without_words = refused && strstr(error.text, "without a message") != NULL;
    if (without_words)
        exam_fail(exam, optimizer_function(exam->plugin),
                  "a step that fails says why with host->error", "%s", error.text);
    else if (isnan(with) && !refused && !closure && !has_nan(trial, &spoilt.problem))
        exam_fail(exam, "rule 3 of plugin.h; comparisons and fmax that lose NaN",
                  "NaN in a gradient shows in the weights or in a slot, or the step is refused",
                  "NaN in the gradient of %s is swallowed: no weight and no slot has it after %lld "
                  "steps (%s)",
                  spoilt.problem.tensor[tensor].name, (long long)trial_steps(trial), variant->name);
    trial_free(trial);
    return !exam->failed;
}

/* Gradients of this size; if `finite`, no weight may overflow. */
static bool bears(exam *exam, const variant *variant, double scale, bool finite)
{
    const problem problem = optimizer_bowl(OPTIMIZER_PARAMETERS);
    trial_spec spec = optimizer_trial(exam, &problem, variant->settings);
    trial_outcome outcome = {.finite = true};
    plx_error error = {.code = ERROR_NONE};
    size_t t = 0;
    uint64_t i = 0;
    float before = 0;
    char from[32], to[32];

    exam_note(exam, "gradients of about %g, %s", scale, variant->name);
    spec.gradient_scale = scale;
    spec.any_gradient = true;
    trial *trial = trial_new(&spec, &error);
    if (trial == NULL)
        return exam_fail(exam, "plan_slots", "a plan", "%s", error.text);
    for (int k = 0; k < 3 && !outcome.done && outcome.finite && error.code == ERROR_NONE; k++)
        trial_step(trial, optimizer_rate(exam->plugin), &outcome, &error);
    if (finite && error.code == ERROR_NONE && finds_change(trial, &problem, false, &t, &i, &before))
        exam_fail(exam, optimizer_function(exam->plugin),
                  "weights stay finite where the gradient and its square are",
                  "element %llu of %s went from %s to %s in step %lld, with gradients of about %g "
                  "(%s)",
                  (unsigned long long)i, problem.tensor[t].name, show(from, before),
                  show(to, trial_weights(trial, t)[i]), (long long)trial_steps(trial), scale,
                  variant->name);
    trial_free(trial);
    return !exam->failed;
}

void optimizer_nonfinite(exam *exam)
{
    const size_t tensors = optimizer_bowl(OPTIMIZER_PARAMETERS).tensor_count;

    for (size_t v = 0; v < exam->variant_count; v++) {
        const variant *variant = &exam->variants[v];
        for (size_t t = 0; t < tensors; t++)
            if (!passes_on(exam, variant, t, NAN) || !passes_on(exam, variant, t, INFINITY) ||
                !passes_on(exam, variant, t, -INFINITY))
                return;
        if (!bears(exam, variant, 1e30, false) || !bears(exam, variant, 1e-15, true) ||
            !bears(exam, variant, 1e-40, true))
            return;
    }
    for (double scale = 1e3; scale < 1e13; scale *= 1e3)
        if (!bears(exam, &exam->variants[0], scale, true))
            return;
}
