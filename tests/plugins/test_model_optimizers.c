/* Optimizers that step the whole model at once, driven as in training, on functions of a few
 * weights. sam and prodigy are compared with their papers' formulas in numpy, lbfgs with what any
 * sound line search must reach: the minima of Rosenbrock and Beale, and as low a loss as PyTorch's.
 * Then what each does where there is no gradient, no number, no way down, and after a resume. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "plugin/slots.h"
#include "train/driver.h"

enum { WEIGHTS = 6, STOPS = 4 };

typedef struct {
    const char *name, *settings, *others; /* of the two tensors */
    double lr, ratio;
    double w[STOPS][WEIGHTS]; /* after 1, 2, 10 and 20 steps */
} reference;

#include "reference_model_steps.h"

enum { REFERENCES = sizeof(references) / sizeof(references[0]) };

/* ---- functions to minimise ------------------------------------------------------------------- */

/* Writes the gradient, returns the value. */
typedef double function(const float *w, float *g);

typedef struct {
    function *f;
    size_t n, cut; /* weights, of these in the first tensor */
    float start[WEIGHTS];
} problem;

static double rosenbrock_of(const float *w, float *g)
{
    const double x = (double)w[0], y = (double)w[1], off = y - x * x;

    g[0] = (float)(-2 * (1 - x) - 400 * x * off);
    g[1] = (float)(200 * off);
    return (1 - x) * (1 - x) + 100 * off * off;
}

static double beale_of(const float *w, float *g)
{
    const double x = (double)w[0], y = (double)w[1], wanted[3] = {1.5, 2.25, 2.625};
    double sum = 0, dx = 0, dy = 0;

    for (int i = 1; i <= 3; i++) {
        const double off = wanted[i - 1] - x + x * pow(y, i);
        sum += off * off;
        dx += 2 * off * (pow(y, i) - 1);
        dy += 2 * off * x * i * pow(y, i - 1);
    }
    g[0] = (float)dx;
    g[1] = (float)dy;
    return sum;
}

/* That of reference_model_steps.py. */
static double bowl_of(const float *w, float *g)
{
    const double centre[WEIGHTS] = {0.25, 1, -1, 2, 1, -0.5};
    const double curvature[WEIGHTS] = {1, 0.5, 2, 0.125, 4, 1};
    const double a = (double)w[0], b = (double)w[4];
    double sum = a * a * b * b / 10;

    for (int i = 0; i < WEIGHTS; i++) {
        const double off = (double)w[i] - centre[i];
        sum += curvature[i] * off * off / 2;
        g[i] = (float)(curvature[i] * off);
    }
    g[0] += (float)(a * b * b / 5);
    g[4] += (float)(b * a * a / 5);
    return sum;
}

/* w - log(w) of both weights: no number at or below 0, the minimum at 1. */
static double barrier_of(const float *w, float *g)
{
    double sum = 0;

    for (int i = 0; i < 2; i++) {
        sum += (double)w[i] - log((double)w[i]);
        g[i] = w[i] > 0 ? 1 - 1 / w[i] : NAN;
    }
    return sum;
}

static const problem rosenbrock = {rosenbrock_of, 2, 1, {-1.2f, 1}};
static const problem beale = {beale_of, 2, 1, {1.5f, 1.5f}};
static const problem bowl = {bowl_of, 6, 4, {1, -2, 0.5f, 3, 0, 1.5f}};
static const problem bowl_from_zero = {bowl_of, 6, 4, {0}};
static const problem barrier = {barrier_of, 2, 1, {0.01f, 5}};

/* ---- one optimizer at work ------------------------------------------------------------------- */

typedef struct {
    const problem *problem;
    catalog *catalog;
    settings *settings[2]; /* one a tensor, the second NULL if both are one group */
    logger logger;
    host host;
    pool *pool;
    driver *driver;
    plx_error error;
    char lines[512]; /* logged */
    float w[WEIGHTS], g[WEIGHTS];
    int64_t step, evaluations;
    double lr, loss;   /* loss of the last step before it */
    double lie;        /* added to what a closure finds */
    int32_t status;    /* of a closure */
    int64_t costliest; /* evaluations of a step */
} rig;

static void keep_line(void *context, log_level level, const char *text)
{
    rig *rig = context;

    strncat(rig->lines, text, sizeof(rig->lines) - 1 - strlen(rig->lines));
}

/* Settings as "rho=0.5 adaptive=1". */
static settings *settings_of(catalog *catalog, const char *name, const char *changes)
{
    plx_error error = {0};
    const plugin *found = catalog_find(catalog, PLX_KIND_OPTIMIZER, name, &error);
    ck_assert_msg(found != NULL, "%s", error.text);
    settings *made = settings_new(found, &error);
    char key[33], value[33];
    int used;

    for (const char *at = changes; sscanf(at, " %32[^=]=%32s%n", key, value, &used) == 2;
         at += used) {
        const int flag = strchr("01", value[0]) != NULL && value[1] == '\0';
        const char *word = flag && value[0] == '1' ? "true" : flag ? "false" : value;
        ck_assert_msg(settings_set(made, key, (place){0}, value, (place){0}, &error) ||
                          settings_set(made, key, (place){0}, word, (place){0}, &error),
                      "%s", error.text);
    }
    return made;
}

static int32_t closure(void *context, double *loss)
{
    rig *rig = context;

    rig->evaluations++;
    *loss = rig->problem->f(rig->w, rig->g) + rig->lie;
    return rig->status;
}

static void make_driver(rig *rig, double ratio)
{
    const size_t n = rig->problem->n, cut = rig->problem->cut;
    const driver_tensor tensors[2] = {
        {"layers.0.weight", PLX_WEIGHT, 0, 1, cut, rig->w, rig->g, 0},
        {"layers.0.bias", PLX_BIAS, 0, 1, n - cut, rig->w + cut, rig->g + cut,
         rig->settings[1] != NULL},
    };
    const driver_group groups[2] = {{rig->settings[0], 1}, {rig->settings[1], ratio}};
    const driver_spec spec = {.tensors = tensors,
                              .tensor_count = 2,
                              .layer_count = 1,
                              .groups = groups,
                              .group_count = rig->settings[1] != NULL ? 2 : 1,
                              .pool = rig->pool,
                              .host = &rig->host};

    rig->driver = driver_new(&spec, &rig->error);
    ck_assert_msg(rig->driver != NULL, "%s", rig->error.text);
    driver_set_closure(rig->driver, closure, rig);
}

/* `others`: the settings of the second tensor as a group of its own, whose rate is `ratio` times
 * the first's; NULL: one group. */
static rig *rig_of(const problem *problem, const char *name, const char *changes,
                   const char *others, double ratio)
{
    rig *made = calloc(1, sizeof(*made));

    ck_assert_ptr_nonnull(made);
    made->problem = problem;
    made->catalog =
        catalog_new(&(catalog_options){.builtin = PLEXUS_PLUGIN_BUILD_DIR}, &made->error);
    made->settings[0] = settings_of(made->catalog, name, changes);
    if (others != NULL)
        made->settings[1] = settings_of(made->catalog, name, others);
    made->logger = (logger){.line = keep_line, .context = made};
    host_init(&made->host, &made->logger, 1);
    made->pool = pool_new(1, &made->error);
    memcpy(made->w, problem->start, sizeof(made->w));
    made->lr = made->settings[0]->plugin->optimizer->lr;
    make_driver(made, ratio);
    return made;
}

static rig *rig_new(const problem *problem, const char *name, const char *changes)
{
    return rig_of(problem, name, changes, NULL, 1);
}

static void rig_free(rig *rig)
{
    driver_free(rig->driver);
    pool_free(rig->pool);
    host_destroy(&rig->host);
    settings_free(rig->settings[0]);
    settings_free(rig->settings[1]);
    catalog_free(rig->catalog);
    free(rig);
}

/* One step on a gradient that is there already. */
static bool step_on(rig *rig, driver_outcome *outcome)
{
    const int64_t before = rig->evaluations;
    const bool ok = driver_step(rig->driver, ++rig->step, rig->lr, rig->loss, outcome, &rig->error);

    if (rig->evaluations - before > rig->costliest)
        rig->costliest = rig->evaluations - before;
    return ok;
}

/* Up to `steps` steps, fewer if the optimizer is done, which it returns. */
static bool run(rig *rig, int64_t steps)
{
    driver_outcome outcome = {0};

    for (int64_t i = 0; i < steps && !outcome.done; i++) {
        rig->loss = rig->problem->f(rig->w, rig->g);
        ck_assert_msg(step_on(rig, &outcome), "%s", rig->error.text);
        ck_assert(outcome.finite);
    }
    return outcome.done;
}

static double loss_of(rig *rig)
{
    return rig->problem->f(rig->w, rig->g);
}

static void *slot_of(const rig *rig, const char *path)
{
    for (size_t i = 0; i < driver_slots(rig->driver); i++)
        if (strcmp(driver_slot(rig->driver, i)->path, path) == 0)
            return driver_slot(rig->driver, i)->data;
    ck_abort_msg("no slot %s", path);
    return NULL;
}

/* What a checkpoint does. */
static void copy_state(rig *to, const rig *from)
{
    memcpy(to->w, from->w, sizeof(to->w));
    to->step = from->step;
    for (size_t i = 0; i < driver_slots(from->driver); i++) {
        const slot *source = driver_slot(from->driver, i), *target = driver_slot(to->driver, i);
        ck_assert_str_eq(source->path, target->path);
        memcpy(target->data, source->data,
               source->plan.rows * source->plan.cols * slots_width(source->plan.type));
    }
}

static void assert_near(const float *w, const double *expected, size_t n, double tolerance,
                        const char *what)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)w[i] - expected[i]) <= tolerance, "%s: w[%d] is %.9g, not %.9g",
                      what, (int)i, (double)w[i], expected[i]);
}

/* ---- sam and prodigy against their formulas -------------------------------------------------- */

START_TEST(steps_agree_with_the_papers)
{
    const reference *r = &references[_i];
    const int64_t stops[STOPS] = {1, 2, 10, 20};
    const problem *from = strcmp(r->name, "prodigy") == 0 ? &bowl_from_zero : &bowl;
    rig *rig = rig_of(from, r->name, r->settings, r->others, r->ratio);
    char what[200];

    rig->lr = r->lr;
    for (int i = 0; i < STOPS; i++) {
        run(rig, stops[i] - rig->step);
        snprintf(what, sizeof(what), "%s %s, %s: step %d", r->name, r->settings, r->others,
                 (int)stops[i]);
        assert_near(rig->w, r->w[i], WEIGHTS, 1e-5, what);
    }
    rig_free(rig);
}
END_TEST

/* ---- lbfgs: how far and how fast ------------------------------------------------------------- */

/* In float32 to the last bit: Rosenbrock's function is 0 at (1, 1), and tells losses apart that are
 * far below what it has on the way. */
START_TEST(lbfgs_reaches_the_minimum_of_rosenbrock)
{
    rig *rig = rig_new(&rosenbrock, "lbfgs", "");

    ck_assert(run(rig, 60));
    ck_assert_double_le(loss_of(rig), 1e-12);
    assert_near(rig->w, (const double[]){1, 1}, 2, 1e-6, "rosenbrock");
    rig_free(rig);
}
END_TEST

START_TEST(lbfgs_reaches_the_minimum_of_beale)
{
    rig *rig = rig_new(&beale, "lbfgs", "");

    ck_assert(run(rig, 40));
    assert_near(rig->w, (const double[]){3, 0.5}, 2, 1e-5, "beale");
    rig_free(rig);
}
END_TEST

/* Its memory holds what the model of the Hessian needs: curvature above 0 in every pair, also where
 * the function has negative curvature. */
START_TEST(lbfgs_keeps_pairs_of_positive_curvature)
{
    rig *rig = rig_new(&beale, "lbfgs", "history=5");

    run(rig, 12);
    const double *rho = slot_of(rig, "slots.model.rho");
    ck_assert_int_ge(*(int64_t *)slot_of(rig, "slots.model.count"), 5);
    for (int i = 0; i < 5; i++)
        ck_assert(isfinite(rho[i]) && rho[i] > 0);
    rig_free(rig);
}
END_TEST

/* The searches of both meet the same conditions but need not find the same points; here they do,
 * as far as float32 goes. */
START_TEST(lbfgs_descends_as_pytorch_does)
{
    rig *rig = rig_new(&bowl, "lbfgs", "");

    for (size_t i = 0; i < sizeof(pytorch_losses) / sizeof(pytorch_losses[0]); i++) {
        ck_assert_double_eq_tol(loss_of(rig), pytorch_losses[i], 1e-5 * pytorch_losses[i]);
        run(rig, 1);
    }
    rig_free(rig);
}
END_TEST

/* ---- lbfgs: the search ----------------------------------------------------------------------- */

/* A first step of 100 leads to where there are no numbers. */
START_TEST(lbfgs_shortens_a_step_to_where_there_are_numbers)
{
    rig *rig = rig_new(&barrier, "lbfgs", "");

    rig->lr = 100;
    ck_assert(run(rig, 100));
    assert_near(rig->w, (const double[]){1, 1}, 2, 1e-4, "barrier");
    rig_free(rig);
}
END_TEST

START_TEST(lbfgs_keeps_to_its_evaluations)
{
    rig *rig = rig_new(&rosenbrock, "lbfgs", "max_evals=3 tolerance_change=0");

    rig->lr = 0.1; /* one search goes back from its last trial */
    run(rig, 30);
    ck_assert_int_eq(rig->costliest, 3);
    ck_assert_int_eq(driver_evaluations(rig->driver), rig->evaluations);
    rig_free(rig);
}
END_TEST

/* Each trial seems to be worse than the start. */
START_TEST(lbfgs_gives_up_when_no_step_leads_down_twice)
{
    rig *rig = rig_new(&rosenbrock, "lbfgs", "");

    run(rig, 4);
    const float before[2] = {rig->w[0], rig->w[1]};
    rig->lie = 1000;
    ck_assert(!run(rig, 1));
    ck_assert_mem_eq(rig->w, before, sizeof(before));
    ck_assert_int_eq(*(int64_t *)slot_of(rig, "slots.model.count"), 0);
    ck_assert_str_eq(rig->lines, "");
    ck_assert(run(rig, 1));
    ck_assert_mem_eq(rig->w, before, sizeof(before));
    ck_assert_ptr_nonnull(strstr(rig->lines, "no step lowers the loss"));
    rig_free(rig);
}
END_TEST

START_TEST(lbfgs_goes_on_after_one_failure)
{
    rig *rig = rig_new(&rosenbrock, "lbfgs", "");

    run(rig, 4);
    rig->lie = 1000;
    run(rig, 1);
    rig->lie = 0;
    ck_assert(run(rig, 60));
    ck_assert_double_le(loss_of(rig), 1e-6);
    ck_assert_str_eq(rig->lines, "");
    rig_free(rig);
}
END_TEST

START_TEST(lbfgs_refuses_conditions_that_cannot_both_hold)
{
    rig *rig = rig_new(&rosenbrock, "lbfgs", "c1=0.3 c2=0.2");
    plx_error error = {0};

    ck_assert(!settings_validate(rig->settings[0], (place){0}, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "c1 must be below c2, but 0.3 is not below 0.2"));
    rig_free(rig);
}
END_TEST

/* ---- lbfgs: rates ---------------------------------------------------------------------------- */

START_TEST(lbfgs_leaves_a_group_of_rate_0_alone)
{
    rig *rig = rig_of(&bowl, "lbfgs", "", "", 0);

    ck_assert(run(rig, 60));
    ck_assert(rig->w[4] == 0 && rig->w[5] == 1.5f);
    assert_near(rig->w, (const double[]){0.25, 1, -1, 2}, 4, 1e-3, "the other group");
    rig_free(rig);
}
END_TEST

/* Without pairs a step is along the gradient, times each group's rate. */
START_TEST(lbfgs_scales_each_group_by_its_rate)
{
    rig *rig = rig_of(&bowl, "lbfgs", "", "", 0.5);
    float g[WEIGHTS];
    double moved[WEIGHTS];

    bowl_of(bowl.start, g);
    run(rig, 1);
    for (int i = 0; i < WEIGHTS; i++)
        moved[i] = (double)(rig->w[i] - bowl.start[i]) / (double)g[i];
    ck_assert_double_eq_tol(moved[3] / moved[0], 1, 1e-4);
    ck_assert_double_eq_tol(moved[5] / moved[0], 0.5, 1e-4);
    ck_assert(run(rig, 100));
    ck_assert_double_le(loss_of(rig), 0.0052); /* the minimum is 0.00519892 */
    rig_free(rig);
}
END_TEST

START_TEST(lbfgs_takes_a_rate_of_0_for_a_pause)
{
    rig *rig = rig_new(&rosenbrock, "lbfgs", "");

    rig->lr = 0;
    ck_assert(!run(rig, 3));
    ck_assert_mem_eq(rig->w, rosenbrock.start, 2 * sizeof(float));
    rig_free(rig);
}
END_TEST

/* ---- sam ------------------------------------------------------------------------------------- */

static double flat_of(const float *w, float *g)
{
    g[0] = 0;
    g[1] = w[0] == 0.1f ? 1 : 0; /* where the weights are, and nowhere near */
    return 0;
}

/* The gradient that counts is 0, so the step must be nothing at all, whatever the ascent rounds. */
START_TEST(sam_restores_weights_to_the_bit)
{
    const problem flat = {flat_of, 2, 1, {0.1f, 1e-3f}};
    rig *rig = rig_new(&flat, "sam", "rho=3.7 adaptive=1");
    driver_outcome outcome;

    rig->g[0] = rig->g[1] = 1;
    ck_assert(step_on(rig, &outcome));
    ck_assert_int_eq(rig->evaluations, 1);
    ck_assert_mem_eq(rig->w, flat.start, 2 * sizeof(float));
    rig_free(rig);
}
END_TEST

/* The bowl's first four weights, while the last two stay where their coupling is 0. */
START_TEST(sam_ascends_along_trained_weights_alone)
{
    const double centre[] = {0.25, 1, -1, 2}, curvature[] = {1, 0.5, 2, 0.125};
    rig *rig = rig_of(&bowl, "sam", "rho=0.5 momentum=0", "momentum=0", 0);
    double g[4], squares = 0;
    driver_outcome outcome;

    loss_of(rig);
    ck_assert(step_on(rig, &outcome));
    for (int i = 0; i < 4; i++) {
        g[i] = curvature[i] * ((double)bowl.start[i] - centre[i]);
        squares += g[i] * g[i];
    }
    for (int i = 0; i < 4; i++) {
        const double there = g[i] + curvature[i] * 0.5 * g[i] / sqrt(squares);
        ck_assert_double_eq_tol((double)rig->w[i], (double)bowl.start[i] - rig->lr * there, 1e-6);
    }
    ck_assert_mem_eq(rig->w + 4, bowl.start + 4, 2 * sizeof(float));
    rig_free(rig);
}
END_TEST

START_TEST(sam_fails_with_words_where_the_loss_is_endless)
{
    rig *rig = rig_new(&bowl, "sam", "");
    driver_outcome outcome;

    loss_of(rig);
    rig->lie = HUGE_VAL;
    ck_assert(!step_on(rig, &outcome));
    ck_assert_str_eq(
        rig->error.text,
        "optimizer 'sam': the loss is inf where the ascent ends; a smaller rho might do");
    ck_assert_mem_eq(rig->w, bowl.start, sizeof(rig->w));
    rig_free(rig);
}
END_TEST

START_TEST(sam_refuses_nesterov_without_momentum)
{
    rig *rig = rig_new(&bowl, "sam", "momentum=0 nesterov=1");
    plx_error error = {0};

    ck_assert(!settings_validate(rig->settings[0], (place){0}, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "nesterov needs a momentum above 0, such as 0.9"));
    ck_assert_uint_eq(driver_slots(rig->driver), 0);
    rig_free(rig);
}
END_TEST

/* ---- prodigy --------------------------------------------------------------------------------- */

/* From a guess of a millionth to the order of the distance itself, which is 4.3. */
START_TEST(prodigy_finds_the_distance)
{
    rig *rig = rig_new(&bowl, "prodigy", "");
    const double *distance = slot_of(rig, "slots.model.distance");

    ck_assert_double_eq(*distance, 1e-6);
    run(rig, 300);
    ck_assert_double_gt(*distance, 0.1);
    ck_assert_double_lt(*distance, 4.3);
    ck_assert_double_lt(loss_of(rig), 0.02);
    rig_free(rig);
}
END_TEST

START_TEST(prodigy_leaves_a_group_of_rate_0_alone)
{
    rig *rig = rig_of(&bowl, "prodigy", "d0=0.01", "weight_decay=1", 0);

    run(rig, 5);
    ck_assert_mem_eq(rig->w + 4, bowl.start + 4, 2 * sizeof(float));
    ck_assert(rig->w[0] != bowl.start[0]);
    rig_free(rig);
}
END_TEST

/* A rate of 0 for all, as at the end of a schedule, tells nothing of the distance. */
START_TEST(prodigy_takes_a_rate_of_0_for_a_pause)
{
    rig *rig = rig_new(&bowl, "prodigy", "d0=0.01");
    const double *numerator = slot_of(rig, "slots.model.numerator");

    run(rig, 5);
    const double before = *numerator;
    ck_assert_double_ne(before, 0);
    rig->lr = 0;
    run(rig, 5);
    ck_assert_double_eq(*numerator, before);
    rig_free(rig);
}
END_TEST

/* ---- all three ------------------------------------------------------------------------------- */

static const char *const names[] = {"lbfgs", "sam", "prodigy"};
enum { NAMES = 3 };

START_TEST(a_zero_gradient_moves_nothing)
{
    rig *rig = rig_new(&bowl, names[_i], _i == 1 ? "adaptive=1 eta=0" : "");
    driver_outcome outcome = {0};

    for (int i = 0; i < 3; i++)
        ck_assert(step_on(rig, &outcome));
    ck_assert_int_eq(outcome.done, _i == 0);
    ck_assert(outcome.finite);
    ck_assert_int_eq(rig->evaluations, 0);
    ck_assert_mem_eq(rig->w, bowl.start, sizeof(rig->w));
    rig_free(rig);
}
END_TEST

START_TEST(nan_in_the_gradient_is_not_lost)
{
    rig *rig = rig_new(&bowl, names[_i], "");
    driver_outcome outcome = {.finite = true};

    loss_of(rig);
    rig->g[1] = NAN;
    const bool ok = step_on(rig, &outcome);
    ck_assert_int_eq(ok, _i == 2);
    if (_i == 2)
        ck_assert(!outcome.finite && isnan(rig->w[1]) && isfinite(rig->w[0]));
    else
        ck_assert_ptr_nonnull(strstr(rig->error.text, "not finite where the step begins"));
    rig_free(rig);
}
END_TEST

START_TEST(a_closure_that_fails_ends_the_step_where_it_began)
{
    rig *rig = rig_new(&bowl, names[_i], "");
    driver_outcome outcome;

    rig->loss = loss_of(rig);
    rig->status = PLX_FAILED;
    ck_assert(!step_on(rig, &outcome));
    ck_assert_int_eq(rig->evaluations, 1);
    ck_assert_mem_eq(rig->w, bowl.start, sizeof(rig->w));
    rig_free(rig);
}
END_TEST

/* The slots are all that there is to remember. */
START_TEST(a_resumed_run_has_the_same_bits)
{
    const char *const settings[NAMES] = {"history=3", "adaptive=1 nesterov=1", "growth_rate=3"};
    rig *whole = rig_new(&rosenbrock, names[_i], settings[_i]);
    rig *first = rig_new(&rosenbrock, names[_i], settings[_i]);
    rig *second = rig_new(&rosenbrock, names[_i], settings[_i]);

    whole->lr = first->lr = second->lr = _i == 1 ? 1e-3 : 1;
    run(whole, 16);
    run(first, 9);
    copy_state(second, first);
    ck_assert_mem_ne(second->w, whole->w, 2 * sizeof(float));
    run(second, 7);
    ck_assert_mem_eq(second->w, whole->w, 2 * sizeof(float));
    rig_free(whole);
    rig_free(first);
    rig_free(second);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/model_optimizers");
    TCase *lbfgs = tcase_create("lbfgs"), *others = tcase_create("sam and prodigy");
    TCase *all = tcase_create("all");

    tcase_add_test(lbfgs, lbfgs_reaches_the_minimum_of_rosenbrock);
    tcase_add_test(lbfgs, lbfgs_reaches_the_minimum_of_beale);
    tcase_add_test(lbfgs, lbfgs_keeps_pairs_of_positive_curvature);
    tcase_add_test(lbfgs, lbfgs_descends_as_pytorch_does);
    tcase_add_test(lbfgs, lbfgs_shortens_a_step_to_where_there_are_numbers);
    tcase_add_test(lbfgs, lbfgs_keeps_to_its_evaluations);
    tcase_add_test(lbfgs, lbfgs_gives_up_when_no_step_leads_down_twice);
    tcase_add_test(lbfgs, lbfgs_goes_on_after_one_failure);
    tcase_add_test(lbfgs, lbfgs_refuses_conditions_that_cannot_both_hold);
    tcase_add_test(lbfgs, lbfgs_leaves_a_group_of_rate_0_alone);
    tcase_add_test(lbfgs, lbfgs_scales_each_group_by_its_rate);
    tcase_add_test(lbfgs, lbfgs_takes_a_rate_of_0_for_a_pause);
    suite_add_tcase(s, lbfgs);
    tcase_add_loop_test(others, steps_agree_with_the_papers, 0, REFERENCES);
    tcase_add_test(others, sam_restores_weights_to_the_bit);
    tcase_add_test(others, sam_ascends_along_trained_weights_alone);
    tcase_add_test(others, sam_fails_with_words_where_the_loss_is_endless);
    tcase_add_test(others, sam_refuses_nesterov_without_momentum);
    tcase_add_test(others, prodigy_finds_the_distance);
    tcase_add_test(others, prodigy_leaves_a_group_of_rate_0_alone);
    tcase_add_test(others, prodigy_takes_a_rate_of_0_for_a_pause);
    suite_add_tcase(s, others);
    tcase_add_loop_test(all, a_zero_gradient_moves_nothing, 0, NAMES);
    tcase_add_loop_test(all, nan_in_the_gradient_is_not_lost, 0, NAMES);
    tcase_add_loop_test(all, a_closure_that_fails_ends_the_step_where_it_began, 0, 2);
    tcase_add_loop_test(all, a_resumed_run_has_the_same_bits, 0, NAMES);
    suite_add_tcase(s, all);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
