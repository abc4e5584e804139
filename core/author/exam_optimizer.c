/* exam_optimizer.c: the tests that optimizers alone have.
 *
 * Whatever an optimizer computes, it plans its memory from settings and tensor alone, does nothing
 * where there is no slope, passes NaN on, goes as far as its rate says, keeps what it remembers in
 * its slots, and goes downhill. How fast it does is no question of right and wrong: a descent is
 * asked to reach a share of the start's loss that plain gradient descent reaches, too, at the best
 * of many rates. */
#include "author/exam_optimizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author/descent.h"
#include "author/trial.h"
#include "plugin/slots.h"
#include "support/memory.h"

enum { PARAMETERS = 60 };

static const settings *defaults(const exam *exam)
{
    return exam->variants[0].settings;
}

/* A trial with the exam's host on one thread. */
static trial_spec plain_spec(const exam *exam, const problem *problem, const settings *settings)
{
    return (trial_spec){.problem = problem, .optimizer = settings, .host = &exam->host};
}

/* ---- slots ---- */

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

/* What the defaults plan for a large weight, in words. */
static void say_slots(exam *exam)
{
    static const problem_tensor large = {"layers.0.weight", PLX_WEIGHT, 0, 256, 256};
    const plx_tensor tensor = tensor_of(&large, large.name);
    slot_plans plans = {0};
    text names = {.bytes = NULL};

    if (!slots_plan(defaults(exam), &exam->host, &tensor, &plans, NULL))
        return;
    for (size_t i = 0; i < plans.count && i < 6; i++)
        text_addf(&names, "%s%s", i > 0 ? ", " : "", plans.slot[i].name);
    if (plans.count > 6)
        text_addf(&names, ", and %zu more", plans.count - 6);
    if (plans.count == 0)
        exam_say(exam, "no slots for a weight");
    else
        exam_say(exam, "for a 256 x 256 weight %s: %.4g bytes a parameter", names.bytes,
                 (double)bytes_of(&plans) / (256 * 256));
    free(names.bytes);
    free(plans.slot);
}

static void test_slots(exam *exam)
{
    for (size_t v = 0; v < exam->variant_count; v++)
        for (size_t i = 0; i < sizeof(made_up) / sizeof(made_up[0]); i++)
            if (!plans_alike(exam, &exam->variants[v], &made_up[i]))
                return;
    say_slots(exam);
}

/* ---- a gradient of zero ---- */

/* Whether a setting by its name makes weights smaller without a gradient. */
static bool is_decay(const char *name)
{
    return strstr(name, "decay") != NULL || strstr(name, "l2") != NULL ||
           strstr(name, "l1") != NULL || strstr(name, "regular") != NULL ||
           strstr(name, "penalty") != NULL || strcmp(name, "wd") == 0;
}

/* The defaults with every decay at zero, as far as the plug-in lets it be. */
static settings *without_decay(const exam *exam)
{
    const place nowhere = {.file = NULL};
    settings *made = settings_new(exam->plugin, NULL);

    for (size_t i = 0; made != NULL && i < settings_count(exam->plugin); i++) {
        const plx_setting *row = settings_row(exam->plugin, i);
        char before[32];
        const char *value = settings_value(made, i, before);
        const bool number = row->type == PLX_TYPE_REAL || row->type == PLX_TYPE_INTEGER;
        if (number && is_decay(row->name) &&
            settings_set(made, row->name, nowhere, "0", nowhere, NULL) &&
            !settings_validate(made, nowhere, NULL))
            settings_set(made, row->name, nowhere, value, nowhere, NULL);
    }
    return made;
}

/* The first element that is not what the problem starts with: moved, or only if it is not finite. */
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

/* Several steps on a gradient of zero; `moved`: no weight may change at all. */
static bool stays(exam *exam, const settings *settings, const char *with, bool moved)
{
    const problem problem = optimizer_bowl(PARAMETERS);
    trial_spec spec = plain_spec(exam, &problem, settings);
    trial_outcome outcome = {.finite = true};
    plx_error error = {.code = ERROR_NONE};
    size_t t = 0;
    uint64_t i = 0;
    float before = 0;

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
                          "decay"
                        : "weights stay finite where the gradient is zero",
                  "element %llu of %s went from %.9g to %.9g within %lld steps (%s)",
                  (unsigned long long)i, problem.tensor[t].name, (double)before,
                  (double)trial_weights(trial, t)[i], (long long)trial_steps(trial), with);
    trial_free(trial);
    return !exam->failed;
}

static void test_zero_gradient(exam *exam)
{
    settings *still = without_decay(exam);

    if (still != NULL)
        stays(exam, still,
              settings_are_default(still) ? "the defaults" : "the defaults, but every decay 0",
              true);
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
    spoilt made = {.plain = optimizer_bowl(PARAMETERS), .tensor = tensor, .with = with};

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
    trial_spec spec = plain_spec(exam, &spoilt.problem, variant->settings);
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
                  "it is swallowed: with NaN in the gradient of %s (%s) all are finite or without "
                  "NaN after %lld steps",
                  spoilt.problem.tensor[tensor].name, variant->name, (long long)trial_steps(trial));
    trial_free(trial);
    return !exam->failed;
}

/* Gradients of this size; if `finite`, no weight may overflow. */
static bool bears(exam *exam, const variant *variant, double scale, bool finite)
{
    const problem problem = optimizer_bowl(PARAMETERS);
    trial_spec spec = plain_spec(exam, &problem, variant->settings);
    trial_outcome outcome = {.finite = true};
    plx_error error = {.code = ERROR_NONE};
    size_t t = 0;
    uint64_t i = 0;
    float before = 0;

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
                  "element %llu of %s went from %.9g to %g in step %lld, with gradients of about "
                  "%g (%s)",
                  (unsigned long long)i, problem.tensor[t].name, (double)before,
                  (double)trial_weights(trial, t)[i], (long long)trial_steps(trial), scale,
                  variant->name);
    trial_free(trial);
    return !exam->failed;
}

static void test_nonfinite(exam *exam)
{
    const size_t tensors = optimizer_bowl(PARAMETERS).tensor_count;

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

/* ---- the learning rate ---- */

/* The length of the way of all weights from the start after some steps; -1: the optimizer failed. */
static double way(exam *exam, const problem *problem, double lr, int steps, text *state,
                  plx_error *error)
{
    const trial_spec spec = plain_spec(exam, problem, defaults(exam));
    trial_outcome outcome = {.finite = true};
    trial *trial = trial_new(&spec, error);
    double sum = 0;
    bool ok = trial != NULL;

    for (int k = 0; ok && k < steps && !outcome.done; k++)
        ok = trial_step(trial, lr, &outcome, error);
    for (size_t t = 0; ok && t < problem->tensor_count; t++) {
        const uint64_t n = problems_elements(&problem->tensor[t]);
        float *start = memory_array(n, sizeof(*start));
        ok = start != NULL;
        if (ok)
            problem->start(problem, t, start);
        for (uint64_t i = 0; ok && i < n; i++)
            sum += pow((double)trial_weights(trial, t)[i] - (double)start[i], 2);
        if (ok)
            text_add_n(state, (const char *)trial_weights(trial, t), n * sizeof(float));
        free(start);
    }
    trial_free(trial);
    return ok ? sqrt(sum) : -1;
}

static void test_lr(exam *exam)
{
    enum { STEPS = 10 };
    const problem *problem = problems_find("logistic");
    const double lr = optimizer_rate(exam->plugin);
    plx_error error = {.code = ERROR_NONE};
    text at_lr = {.bytes = NULL}, at_half = {.bytes = NULL}, ignored = {.bytes = NULL};
    const double first = way(exam, problem, lr, 1, &ignored, &error);
    const double none = way(exam, problem, 0, 1, &ignored, &error);

    if (first < 0 || way(exam, problem, lr, STEPS, &at_lr, &error) < 0 ||
        way(exam, problem, lr / 2, STEPS, &at_half, &error) < 0)
        exam_fail(exam, optimizer_function(exam->plugin), "the step succeeds", "%s", error.text);
    else if (at_lr.length == at_half.length &&
             memcmp(at_lr.bytes, at_half.bytes, at_lr.length) == 0)
        exam_fail(exam, "step->lr; plugin.h: the rate is the core's, a step receives it",
                  "weights depend on the learning rate",
                  "the same bits after %d steps at lr %g and at lr %g", STEPS, lr, lr / 2);
    else if (none > 1e-3 * first)
        exam_fail(exam, "step->lr", "a learning rate of 0 leaves the weights alone",
                  "a first step of length %.3g, where lr %g makes one of %.3g", none, lr, first);
    else
        exam_say(exam, "the first step at lr %g is %.3g long", lr, first);
    free(at_lr.bytes);
    free(at_half.bytes);
    free(ignored.bytes);
}

/* ---- resuming ---- */

/* `steps` further steps; false: the optimizer failed. */
static bool go_on(exam *exam, trial *trial, int steps, plx_error *error)
{
    trial_outcome outcome = {.finite = true};

    for (int k = 0; k < steps && !outcome.done && outcome.finite; k++)
        if (!trial_step(trial, optimizer_rate(exam->plugin), &outcome, error))
            return false;
    return true;
}

static bool resumes(exam *exam, const variant *variant, const problem *problem)
{
    enum { STEPS = 12 };
    const trial_spec spec = plain_spec(exam, problem, variant->settings);
    plx_error error = {.code = ERROR_NONE};
    text straight = {.bytes = NULL}, resumed = {.bytes = NULL};

    exam_note(exam, "resuming on %s, %s", problem->id, variant->name);
    trial *first = trial_new(&spec, &error), *second = trial_new(&spec, &error);
    const bool ok = first != NULL && second != NULL && go_on(exam, first, STEPS, &error) &&
                    trial_restore(second, first, &error) && go_on(exam, first, STEPS, &error) &&
                    go_on(exam, second, STEPS, &error) && trial_state(first, &straight) &&
                    trial_state(second, &resumed);
    if (!ok && settings_are_default(variant->settings))
        exam_fail(exam, optimizer_function(exam->plugin), "steps succeed", "%s (on %s)", error.text,
                  problem->id);
    else if (ok && (straight.length != resumed.length ||
                    memcmp(straight.bytes, resumed.bytes, straight.length) != 0))
        exam_fail(exam,
                  "what begin_step writes to constants, or static variables; what is to last "
                  "belongs in slots",
                  "a run that goes on from its weights and slots ends with the same bits as one "
                  "that was not interrupted",
                  "other bits on %s, interrupted after %d of %d steps (%s)", problem->id, STEPS,
                  2 * STEPS, variant->name);
    trial_free(first);
    trial_free(second);
    free(straight.bytes);
    free(resumed.bytes);
    return !exam->failed;
}

static void test_resume(exam *exam)
{
    static const char *const on[] = {"matrices", "noisy_quadratic", "rosenbrock"};
    const problem bowl = optimizer_bowl(PARAMETERS);

    for (size_t v = 0; v < exam->variant_count; v++) {
        for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
            if (!resumes(exam, &exam->variants[v], problems_find(on[i])))
                return;
        if (!resumes(exam, &exam->variants[v], &bowl))
            return;
    }
}

/* ---- descent ---- */

/* How far a descent must come: the share of the start's loss, above the minimum, that may be left
 * at the best of the rates. Gradient descent without momentum and signs alone come this far. */
static const struct {
    const char *id;
    double share;
} goals[] = {
    {"quadratic_1", 0.05},    {"quadratic_100", 0.1}, {"quadratic_10000", 0.1},
    {"quadratic_20d", 0.3},   {"rosenbrock", 0.25},   {"beale", 0.3},
    {"noisy_quadratic", 0.2}, {"logistic", 0.6},      {"matrices", 0.3},
};

enum { DESCENT_STEPS = 300 };

/* The order in which rates are tried: the default, then further and further away. */
static int outwards(int turn)
{
    return DESCENT_RATES / 2 + (turn % 2 == 1 ? (turn + 1) / 2 : -turn / 2);
}

static void fail_descent(exam *exam, const problem *problem, double share, double lr,
                         const descended *best, bool up)
{
    const double base = optimizer_rate(exam->plugin);
    const double least = descent_rate(base, 0);
    const double most = descent_rate(base, DESCENT_RATES - 1);
    char expected[200];

    snprintf(expected, sizeof(expected),
             "on %s the loss falls to %g of the start's, above the minimum, within %d steps at "
             "some learning rate",
             problem->id, share, DESCENT_STEPS);
    if (best->failed)
        exam_fail(exam, optimizer_function(exam->plugin), expected,
                  "the optimizer fails at every rate from %g to %g", least, most);
    else if (up)
        exam_fail(exam, "the sign of the step", expected,
                  "it goes uphill at every rate from %g to %g: at best, with lr %g, the loss goes "
                  "from %.6g to %.6g",
                  least, most, lr, best->start, best->end);
    else
        exam_fail(exam, optimizer_function(exam->plugin), expected,
                  "at best, with lr %g, it goes from %.6g to %.6g; rates from %g to %g were tried",
                  lr, best->start, best->end, least, most);
}

static bool descends(exam *exam, const problem *problem, double share)
{
    descended best = {.share = INFINITY, .failed = true};
    double best_lr = 0;
    bool up = true;

    for (int turn = 0; turn < DESCENT_RATES; turn++) {
        const double lr = descent_rate(optimizer_rate(exam->plugin), outwards(turn));
        const descent how = {.problem = problem,
                             .optimizer = defaults(exam),
                             .host = &exam->host,
                             .lr = lr,
                             .steps = DESCENT_STEPS,
                             .enough = share};
        exam_note(exam, "on %s with lr %g", problem->id, lr);
        const descended came = descent_run(&how);
        if (came.share <= share)
            return true;
        up = up && came.share >= 1;
        if ((best.failed && !came.failed) || came.share < best.share) {
            best = came;
            best_lr = lr;
        }
    }
    fail_descent(exam, problem, share, best_lr, &best, up);
    return false;
}

static void test_descent(exam *exam)
{
    const size_t count = sizeof(goals) / sizeof(goals[0]);

    for (size_t i = 0; i < count; i++)
        if (!descends(exam, problems_find(goals[i].id), goals[i].share))
            return;
    exam_say(exam, "on %zu problems", count);
}

/* ---- the list ---- */

static const exam_test tests[] = {
    {.id = "slots",
     .title = "memory is planned from settings and tensor alone",
     .after = {"runs", "bounds", "state", "determinism"},
     .run = test_slots},
    {.id = "zero_gradient",
     .title = "a gradient of zero leaves the weights alone",
     .after = {"slots", "settings"},
     .run = test_zero_gradient},
    {.id = "nonfinite",
     .title = "NaN shows, and extreme gradients do no harm",
     .after = {"zero_gradient"},
     .run = test_nonfinite},
    {.id = "lr",
     .title = "steps depend on the learning rate",
     .after = {"zero_gradient"},
     .run = test_lr},
    {.id = "resume",
     .title = "a resumed run ends with the same bits",
     .after = {"slots", "settings"},
     .run = test_resume},
    {.id = "descent",
     .title = "the loss falls",
     .after = {"zero_gradient", "lr"},
     .run = test_descent},
    {.id = "scale",
     .title = "what the gradient's scale does",
     .after = {"zero_gradient", "lr"},
     .measure = true,
     .run = optimizer_scale},
    {.id = "sensitivity",
     .title = "learning rates that converge",
     .after = {"zero_gradient", "lr"},
     .measure = true,
     .run = optimizer_sensitivity},
    {.id = "cost",
     .title = "memory and time",
     .after = {"slots"},
     .measure = true,
     .run = optimizer_cost},
    {.id = NULL},
};

const exam_kind exam_optimizer = {.exercise = optimizer_exercise, .tests = tests};
