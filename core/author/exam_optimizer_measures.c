/* exam_optimizer_measures.c: what is neither right nor wrong about an optimizer but good to know:
 * what the gradient's scale does to its steps, which learning rates work on which problem, what it
 * costs. sgd and adam stand beside it where they are to be had. */
#include "author/exam_optimizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "author/descent.h"
#include "plugin/slots.h"
#include "support/memory.h"

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* sgd or adam at its defaults; NULL if there is none, or it is the file that is examined. */
static settings *rival(const exam *exam, const char *name)
{
    const plugin *found = NULL;

    if (exam->builtin != NULL)
        found = catalog_find(exam->builtin, PLX_KIND_OPTIMIZER, name, NULL);
    if (found == NULL || strcmp(exam->plugin->path, found->path) == 0)
        return NULL;
    return settings_new(found, NULL);
}

/* ---- scale ---- */

/* How far the weights go within some steps; negative: it failed. */
static double way(exam *exam, double scale, int steps)
{
    const problem *problem = problems_find("matrices");
    const trial_spec spec = {.problem = problem,
                             .optimizer = exam->variants[0].settings,
                             .host = &exam->host,
                             .gradient_scale = scale};
    trial_outcome outcome = {.finite = true};
    trial *trial = trial_new(&spec, NULL);
    double sum = trial == NULL ? -1 : 0;
    float start[64];

    for (int k = 0; sum >= 0 && k < steps && !outcome.done; k++)
        if (!trial_step(trial, optimizer_rate(exam->plugin), &outcome, NULL) || !outcome.finite)
            sum = -1;
    for (size_t t = 0; sum >= 0 && t < problem->tensor_count; t++) {
        problem->start(problem, t, start);
        for (uint64_t i = 0; i < problems_elements(&problem->tensor[t]); i++)
            sum += pow((double)trial_weights(trial, t)[i] - (double)start[i], 2);
    }
    trial_free(trial);
    return sum < 0 ? sum : sqrt(sum);
}

void optimizer_scale(exam *exam)
{
    enum { STEPS = 20 };
    const double times = 1024;
    const double first = way(exam, times, 1) / way(exam, 1, 1);
    const double small = way(exam, 1, STEPS), large = way(exam, times, STEPS);
    const double later = small > 0 && large >= 0 ? large / small : HUGE_VAL;

    json_object_set_new(exam->figures, "scale", number(first));
    if (fabs(first - 1) < 0.05 && fabs(later - 1) < 0.05)
        exam_say(exam, "steps are invariant to the gradient's scale");
    else if (fabs(first - 1) < 0.05)
        exam_say(exam, "a first step is invariant to the gradient's scale, later ones are not");
    else if (fabs(first / times - 1) < 0.05)
        exam_say(exam, "a first step grows in proportion to the gradient");
    else
        exam_say(exam, "1024 times the gradient makes a first step %.3g times as long", first);
}

/* ---- sensitivity ---- */

enum { RUN_STEPS = 200 };

/* One optimizer on one problem at all rates. */
typedef struct sweep {
    double lr[DESCENT_RATES], share[DESCENT_RATES];
    int best;
} sweep;

static sweep run_sweep(exam *exam, const settings *optimizer, const problem *problem)
{
    const double base = optimizer_rate(optimizer->plugin);
    sweep out = {.best = 0};

    for (int i = 0; i < DESCENT_RATES; i++) {
        out.lr[i] = descent_rate(base, i);
        const descent how = {.problem = problem,
                             .optimizer = optimizer,
                             .host = &exam->host,
                             .lr = out.lr[i],
                             .steps = RUN_STEPS};
        exam_note(exam, "%s on %s with lr %g", optimizer->plugin->name, problem->id, out.lr[i]);
        out.share[i] = descent_run(&how).share;
        if (out.share[i] < out.share[out.best])
            out.best = i;
    }
    return out;
}

static json_t *sweep_object(const problem *problem, const sweep *sweep)
{
    json_t *lr = json_array(), *loss = json_array();

    for (int i = 0; i < DESCENT_RATES; i++) {
        json_array_append_new(lr, number(sweep->lr[i]));
        json_array_append_new(loss, number(sweep->share[i]));
    }
    return json_pack("{s:s, s:i, s:o, s:o}", "problem", problem->id, "steps", RUN_STEPS, "lr", lr,
                     "loss", loss);
}

/* The way that the best rate takes through the plane. */
static json_t *trajectory(exam *exam, const settings *optimizer, const problem *problem, double lr)
{
    json_t *path = json_object();
    const descent how = {.problem = problem,
                         .optimizer = optimizer,
                         .host = &exam->host,
                         .lr = lr,
                         .steps = RUN_STEPS,
                         .path = path};

    json_object_set_new(path, "problem", json_string(problem->id));
    json_object_set_new(path, "lr", number(lr));
    descent_run(&how);
    return path;
}

/* Two digits, none of them an exponent's where there need be none. */
static void add_rate(text *says, double rate)
{
    text_addf(says, rate >= 99 && rate < 1e6 ? "%.0f" : "%.2g", rate);
}

/* The range of rates that come to less than a tenth of the start, in words. */
static void say_range(text *says, const problem *problem, const sweep *sweep)
{
    int first = -1, last = -1;

    for (int i = 0; i < DESCENT_RATES; i++) {
        if (sweep->share[i] >= 0.1)
            continue;
        first = first < 0 ? i : first;
        last = i;
    }
    text_addf(says, "%s%s ", says->length > 0 ? ", " : "", problem->id);
    if (first < 0) {
        text_add(says, "at none");
        return;
    }
    add_rate(says, sweep->lr[first]);
    if (first < last) {
        text_add(says, " to ");
        add_rate(says, sweep->lr[last]);
    }
}

/* All problems; entries go to the two arrays, with the optimizer's name if it is a rival's. */
static void sweep_all(exam *exam, const settings *optimizer, const char *name, json_t *curves,
                      json_t *paths, text *says)
{
    for (const problem *problem = problems_all; problem->id != NULL; problem++) {
        const sweep sweep = run_sweep(exam, optimizer, problem);
        json_t *curve = sweep_object(problem, &sweep);
        if (name != NULL)
            json_object_set_new(curve, "optimizer", json_string(name));
        json_array_append_new(curves, curve);
        if (says != NULL)
            say_range(says, problem, &sweep);
        if (!problem->plane || !isfinite(sweep.share[sweep.best]))
            continue;
        json_t *path = trajectory(exam, optimizer, problem, sweep.lr[sweep.best]);
        if (name != NULL)
            json_object_set_new(path, "optimizer", json_string(name));
        json_array_append_new(paths, path);
    }
}

void optimizer_sensitivity(exam *exam)
{
    static const char *const rivals[] = {"sgd", "adam"};
    json_t *curves = json_array(), *paths = json_array();
    json_t *rival_curves = json_array(), *rival_paths = json_array();
    text says = {.bytes = NULL};

    sweep_all(exam, exam->variants[0].settings, NULL, curves, paths, &says);
    for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++) {
        settings *other = rival(exam, rivals[i]);
        if (other != NULL)
            sweep_all(exam, other, rivals[i], rival_curves, rival_paths, NULL);
        settings_free(other);
    }
    json_object_set_new(exam->figures, "sensitivity", curves);
    json_object_set_new(exam->figures, "trajectories", paths);
    json_object_set_new(exam->figures, "rivals", rival_paths);
    json_object_set_new(exam->figures, "rival_sensitivity", rival_curves);
    exam_say(exam, "rates at which the loss falls to a tenth in %d steps: %s", RUN_STEPS,
             says.bytes != NULL ? says.bytes : "");
    free(says.bytes);
}

/* ---- cost ---- */

enum { SIDE = 256, MOST_RUNS = 15, LEAST_RUNS = 3, STEPS_A_RUN = 10, CONTENDERS = 3 };

/* A gradient that costs little to make, so that closures weigh little. */
static double cheap(const problem *p, int64_t step, const float *const *w, float *const *g)
{
    for (uint64_t i = 0; g != NULL && i < SIDE * SIDE; i++)
        g[0][i] = 0.01f * w[0][i] + (i % 2 == 0 ? 0.001f : -0.001f);
    if (g != NULL)
        g[1][0] = 0.01f;
    return 1;
}

static void start_cheap(const problem *p, size_t tensor, float *w)
{
    for (uint64_t i = 0; i < problems_elements(&p->tensor[tensor]); i++)
        w[i] = (float)((double)(i * 2654435761u % 1024) / 512 - 1) / 16;
}

/* The weight is a hidden layer's. */
static const problem large_weight = {
    .id = "weight",
    .tensor = {{"layers.0.weight", PLX_WEIGHT, 0, SIDE, SIDE},
               {"layers.1.bias", PLX_BIAS, 1, 1, 1}},
    .tensor_count = 2,
    .start = start_cheap,
    .value = cheap,
};

/* One of those who run in turns. */
typedef struct contender {
    trial *trial;
    double lr;
    double seconds[MOST_RUNS]; /* of driver_step alone                                            */
    int runs;
    int64_t step;
} contender;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Some steps on the gradient that the first step left; false: it failed. */
static bool run_turn(contender *c)
{
    driver *driver = trial_driver(c->trial);
    const double began = now();

    for (int k = 0; k < STEPS_A_RUN; k++) {
        driver_outcome outcome;
        if (!driver_step(driver, ++c->step, c->lr, 1, &outcome, NULL))
            return false;
    }
    c->seconds[c->runs++] = now() - began;
    return true;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Nanoseconds a parameter and step, the median of the runs; NaN without runs. */
static double cost_of(contender *c)
{
    if (c->runs == 0)
        return (double)NAN;
    qsort(c->seconds, (size_t)c->runs, sizeof(double), by_size);
    return c->seconds[c->runs / 2] * 1e9 / STEPS_A_RUN / (SIDE * SIDE);
}

static void enter(exam *exam, contender *c, const settings *optimizer)
{
    const trial_spec spec = {.problem = &large_weight, .optimizer = optimizer, .host = &exam->host};
    trial_outcome outcome;

    *c = (contender){.trial = NULL};
    if (optimizer == NULL)
        return;
    c->lr = 1e-3 * optimizer_rate(optimizer->plugin);
    c->trial = trial_new(&spec, NULL);
    c->step = 1;
    if (c->trial != NULL && !trial_step(c->trial, c->lr, &outcome, NULL)) {
        trial_free(c->trial);
        c->trial = NULL;
    }
}

static double bytes_per_parameter(trial *trial)
{
    driver *driver = trial_driver(trial);
    double bytes = 0;

    for (size_t i = 0; i < driver_slots(driver); i++) {
        const slot_plan *plan = &driver_slot(driver, i)->plan;
        bytes += (double)plan->rows * (double)plan->cols * (double)slots_width(plan->type);
    }
    return bytes / (SIDE * SIDE);
}

/* In turns, so that a busy moment of the machine meets all alike. */
static void compete(contender *contenders)
{
    const double most_seconds = 1.5, began = now();

    for (int run = 0; run < MOST_RUNS; run++) {
        if (run >= LEAST_RUNS && now() - began > most_seconds)
            return;
        for (int i = 0; i < CONTENDERS; i++)
            if (contenders[i].trial != NULL && !run_turn(&contenders[i]))
                return;
    }
}

static void add_rival(text *beside, const char *name, double ns)
{
    if (isfinite(ns))
        text_addf(beside, "; %s %.3g ns", name, ns);
}

void optimizer_cost(exam *exam)
{
    settings *sgd = rival(exam, "sgd"), *adam = rival(exam, "adam");
    contender contenders[CONTENDERS];

    enter(exam, &contenders[0], exam->variants[0].settings);
    enter(exam, &contenders[1], sgd);
    enter(exam, &contenders[2], adam);
    if (contenders[0].trial == NULL) {
        exam_say(exam, "no step on a 256 x 256 weight succeeds");
    } else {
        compete(contenders);
        const double bytes = bytes_per_parameter(contenders[0].trial);
        const double own = cost_of(&contenders[0]);
        const double sgd_ns = cost_of(&contenders[1]), adam_ns = cost_of(&contenders[2]);
        json_object_set_new(exam->figures, "bytes_per_parameter", number(bytes));
        json_object_set_new(exam->figures, "ns_per_parameter", number(own));
        json_object_set_new(exam->figures, "sgd_ns", number(sgd_ns));
        json_object_set_new(exam->figures, "adam_ns", number(adam_ns));
        text beside = {.bytes = NULL};
        add_rival(&beside, "sgd", sgd_ns);
        add_rival(&beside, "adam", adam_ns);
        exam_say(exam, "%.3g bytes and %.3g ns a parameter and step%s", bytes, own,
                 beside.bytes != NULL ? beside.bytes : "");
        free(beside.bytes);
    }
    for (int i = 0; i < CONTENDERS; i++)
        trial_free(contenders[i].trial);
    settings_free(sgd);
    settings_free(adam);
}
