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

trial_spec optimizer_trial(const exam *exam, const problem *problem, const settings *settings)
{
    return (trial_spec){.problem = problem, .optimizer = settings, .host = &exam->host};
}

static const settings *defaults(const exam *exam)
{
    return exam->variants[0].settings;
}

/* ---- the learning rate ---- */

/* How far the weights are from the start after some steps; -1: the optimizer failed. */
static double way(exam *exam, const settings *settings, double lr, int steps, text *state,
                  plx_error *error)
{
    const problem *problem = problems_find("logistic");
    const trial_spec spec = optimizer_trial(exam, problem, settings);
    trial_outcome outcome = {.finite = true};
    trial *trial = trial_new(&spec, error);
    double sum = 0;
    float start[8];
    bool ok = trial != NULL;

    for (int k = 0; ok && k < steps && !outcome.done; k++)
        ok = trial_step(trial, lr, &outcome, error);
    for (size_t t = 0; ok && t < problem->tensor_count; t++) {
        const uint64_t n = problems_elements(&problem->tensor[t]);
        const float *w = trial_weights(trial, t);
        problem->start(problem, t, start);
        for (uint64_t i = 0; i < n; i++)
            sum += pow((double)w[i] - (double)start[i], 2);
        text_add_n(state, (const char *)w, n * sizeof(float));
    }
    trial_free(trial);
    return ok ? sqrt(sum) : -1;
}

/* With these settings, and so without a decay that may not depend on the rate. */
static void compare_rates(exam *exam, const settings *settings)
{
    enum { STEPS = 10 };
    const double lr = optimizer_rate(exam->plugin);
    plx_error error = {.code = ERROR_NONE};
    text at_lr = {.bytes = NULL}, at_half = {.bytes = NULL}, ignored = {.bytes = NULL};
    const double first = way(exam, settings, lr, 1, &ignored, &error);
    const double none = way(exam, settings, 0, 1, &ignored, &error);

    if (first < 0 || way(exam, settings, lr, STEPS, &at_lr, &error) < 0 ||
        way(exam, settings, lr / 2, STEPS, &at_half, &error) < 0)
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

static void test_lr(exam *exam)
{
    settings *settings = optimizer_without_decay(exam);

    if (settings != NULL)
        compare_rates(exam, settings);
    else
        exam_fail_memory(exam);
    settings_free(settings);
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
    const trial_spec spec = optimizer_trial(exam, problem, variant->settings);
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
    const problem bowl = optimizer_bowl(OPTIMIZER_PARAMETERS);

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

/* The best of all rates, and what all have in common. */
typedef struct attempts {
    descended best; /* the lowest share of those that stayed finite                               */
    double lr;
    bool ran, stayed; /* the optimizer did not fail, the loss stayed finite, at some rate         */
} attempts;

static bool fail_descent(exam *exam, const problem *problem, double share, const attempts *all)
{
    const double least = descent_rate(optimizer_rate(exam->plugin), 0);
    const double most = descent_rate(optimizer_rate(exam->plugin), DESCENT_RATES - 1);
    const char *function = optimizer_function(exam->plugin);
    char expected[200];

    snprintf(expected, sizeof(expected),
             "on %s the loss falls to %g of the start's, above the minimum, within %d steps at "
             "some learning rate",
             problem->id, share, DESCENT_STEPS);
    if (!all->ran)
        return exam_fail(exam, function, expected, "the optimizer fails at every rate, %g to %g",
                         least, most);
    if (!all->stayed)
        return exam_fail(exam, function, expected, "it diverges at every rate, %g to %g", least,
                         most);
    if (all->best.share >= 1)
        return exam_fail(exam, "the sign of the step", expected,
                         "it goes uphill at every rate, %g to %g: at best, with lr %g, the loss "
                         "goes from %.6g to %.6g",
                         least, most, all->lr, all->best.start, all->best.end);
    return exam_fail(exam, function, expected,
                     "at best, with lr %g, it goes from %.6g to %.6g; rates from %g to %g were "
                     "tried",
                     all->lr, all->best.start, all->best.end, least, most);
}

static bool descends(exam *exam, const problem *problem, double share)
{
    attempts all = {.best = {.share = HUGE_VAL}};

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
        all.ran = all.ran || !came.failed;
        all.stayed = all.stayed || isfinite(came.share);
        if (came.share < all.best.share) {
            all.best = came;
            all.lr = lr;
        }
    }
    return fail_descent(exam, problem, share, &all);
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
     .run = optimizer_slots},
    {.id = "zero_gradient",
     .title = "a gradient of zero leaves the weights alone",
     .after = {"slots", "settings"},
     .run = optimizer_zero_gradient},
    {.id = "nonfinite",
     .title = "NaN shows, and extreme gradients do no harm",
     .after = {"zero_gradient"},
     .run = optimizer_nonfinite},
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
