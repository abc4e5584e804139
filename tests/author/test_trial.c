/* test_trial.c: a trial is what training would do on that problem, may be watched and interrupted,
 * and goes on where it was. The optimizers are made here. */
#include "author/trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "author/descent.h"
#include "harness.h"

/* w -= lr m, m = m / 2 + g; the count of steps is in a slot of the model. */
static int32_t plan(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->like_parameter(emit, "momentum");
}

static int32_t plan_model(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->slot(emit, "count", PLX_I64, 1, 1, 0);
}

static int32_t count_step(const void *self, const plx_step *step, void *constants)
{
    ++*(int64_t *)step->model_slot[0];
    return PLX_OK;
}

static int32_t heavy_ball(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    float *m = slot[0];

    for (uint64_t i = 0; i < n; i++) {
        m[i] = 0.5f * m[i] + g[i];
        w[i] -= (float)step->lr * m[i];
    }
    return PLX_OK;
}

static const plx_optimizer ball = {
    .size = sizeof(ball),
    .name = "ball",
    .plan_slots = plan,
    .plan_model_slots = plan_model,
    .begin_step = count_step,
    .step_range = heavy_ball,
};

/* Evaluates twice, at the start and after a plain step, and is done if the loss says so. */
static int32_t look_twice(const void *self, const plx_step *step, uint64_t count,
                          const plx_parameter *const *parameter)
{
    double before = 0, after = 0;

    if (step->host->evaluate(step->host, &before) != PLX_OK)
        return PLX_FAILED;
    if (before != step->loss)
        return step->host->error(step->host, "the loss is %g, not %g", before, step->loss);
    for (uint64_t k = 0; k < count; k++)
        for (uint64_t i = 0; i < parameter[k]->rows * parameter[k]->cols; i++)
            parameter[k]->w[i] -= (float)step->lr * parameter[k]->g[i];
    if (step->host->evaluate(step->host, &after) != PLX_OK)
        return PLX_FAILED;
    return after < 1e-6 ? PLX_DONE : PLX_OK;
}

static const plx_optimizer twice = {
    .size = sizeof(twice),
    .flags = PLX_NEEDS_CLOSURE,
    .name = "twice",
    .step_model = look_twice,
};

static int32_t refuse(const void *self, const plx_step *step, uint64_t n, float *w, const float *g,
                      void *const *slot)
{
    return step->host->error(step->host, "not today");
}

static const plx_optimizer refusing = {
    .size = sizeof(refusing), .name = "refusing", .step_range = refuse};

/* Everything a trial needs. */
typedef struct rig {
    plugin plugin;
    plx_component component;
    settings settings;
    host host;
    trial_spec spec;
    plx_error error;
} rig;

static void set_up(rig *r, const plx_optimizer *optimizer, const char *problem)
{
    memset(r, 0, sizeof(*r));
    r->component.name = optimizer->name;
    r->plugin = (plugin){.kind = PLX_KIND_OPTIMIZER,
                         .name = optimizer->name,
                         .component = &r->component,
                         .optimizer = optimizer};
    r->settings.plugin = &r->plugin;
    host_init(&r->host, NULL, 1);
    r->spec = (trial_spec){
        .problem = problems_find(problem), .optimizer = &r->settings, .host = &r->host};
}

static trial *begin(rig *r)
{
    trial *made = trial_new(&r->spec, &r->error);

    ck_assert_msg(made != NULL, "%s", r->error.text);
    return made;
}

static trial_outcome steps(rig *r, trial *trial, double lr, int count)
{
    trial_outcome outcome = {0};

    for (int i = 0; i < count; i++)
        ck_assert_msg(trial_step(trial, lr, &outcome, &r->error), "%s", r->error.text);
    return outcome;
}

START_TEST(a_step_is_the_optimizers_on_the_problems_gradient)
{
    rig r;
    float start[2], g_of[2], *g[1] = {g_of};
    const float *w[1] = {start};

    set_up(&r, &ball, "rosenbrock");
    trial *trial = begin(&r);
    r.spec.problem->start(r.spec.problem, 0, start);
    const double loss = r.spec.problem->value(r.spec.problem, 1, w, g);
    const trial_outcome outcome = steps(&r, trial, 1e-3, 1);
    ck_assert(outcome.finite && !outcome.done);
    ck_assert_double_eq(outcome.loss, loss);
    for (int i = 0; i < 2; i++)
        ck_assert(trial_weights(trial, 0)[i] == start[i] - 1e-3f * g_of[i]);
    ck_assert_int_eq(trial_steps(trial), 1);
    trial_free(trial);
    host_destroy(&r.host);
}
END_TEST

START_TEST(each_tensor_has_its_weights_and_place)
{
    rig r;

    set_up(&r, &ball, "matrices");
    trial *trial = begin(&r);
    steps(&r, trial, 0.1, 3);
    ck_assert_uint_eq(driver_slots(trial_driver(trial)), 5);
    ck_assert_str_eq(driver_slot(trial_driver(trial), 2)->path, "slots.layers.1.weight.momentum");
    ck_assert_double_lt(trial_loss(trial), 2);
    trial_free(trial);
    host_destroy(&r.host);
}
END_TEST

START_TEST(closures_see_the_noise_of_their_step)
{
    rig r;

    set_up(&r, &twice, "noisy_quadratic");
    trial *trial = begin(&r);
    steps(&r, trial, 0.1, 4); /* fails if evaluate at the start gives another loss */
    ck_assert_int_eq(driver_evaluations(trial_driver(trial)), 8);
    trial_free(trial);
    host_destroy(&r.host);
}
END_TEST

START_TEST(two_trials_of_one_host_evaluate_each_its_own)
{
    rig r;

    set_up(&r, &twice, "rosenbrock");
    trial *first = begin(&r), *second = begin(&r);
    steps(&r, first, 1e-3, 2);
    steps(&r, second, 1e-4, 1);
    steps(&r, first, 1e-3, 1);
    ck_assert_int_eq(driver_evaluations(trial_driver(first)), 6);
    trial_free(first);
    steps(&r, second, 1e-4, 1);
    trial_free(second);
    host_destroy(&r.host);
}
END_TEST

START_TEST(an_optimizer_may_be_done)
{
    rig r;

    set_up(&r, &twice, "quadratic_1");
    trial *trial = begin(&r);
    ck_assert(steps(&r, trial, 1, 1).done);
    trial_free(trial);
    host_destroy(&r.host);
}
END_TEST

START_TEST(a_refusal_has_the_optimizers_words)
{
    rig r;
    trial_outcome outcome;

    set_up(&r, &refusing, "beale");
    trial *trial = begin(&r);
    ck_assert(!trial_step(trial, 1, &outcome, &r.error));
    ck_assert_int_eq(r.error.code, ERROR_PLUGIN);
    ck_assert_str_eq(r.error.text, "optimizer 'refusing': not today");
    trial_free(trial);
    host_destroy(&r.host);
}
END_TEST

START_TEST(what_diverges_is_not_finite_and_no_failure)
{
    rig r;

    set_up(&r, &ball, "rosenbrock");
    trial *trial = begin(&r);
    ck_assert(!steps(&r, trial, 1e6, 20).finite);
    trial_free(trial);
    host_destroy(&r.host);
}
END_TEST

START_TEST(a_gradient_of_zero_is_zero_in_closures_too)
{
    rig r;
    float start[2];

    set_up(&r, &twice, "rosenbrock");
    r.spec.zero_gradient = true;
    trial *trial = begin(&r);
    steps(&r, trial, 1, 3);
    r.spec.problem->start(r.spec.problem, 0, start);
    ck_assert_mem_eq(trial_weights(trial, 0), start, sizeof(start));
    trial_free(trial);
    host_destroy(&r.host);
}
END_TEST

START_TEST(loss_and_gradient_are_scaled_together)
{
    rig r;

    set_up(&r, &ball, "beale");
    trial *plain = begin(&r);
    r.spec.gradient_scale = 8;
    trial *scaled = begin(&r);
    const double loss = steps(&r, plain, 8e-3, 1).loss;
    ck_assert_double_eq(steps(&r, scaled, 1e-3, 1).loss, 8 * loss);
    ck_assert(fabsf(trial_weights(plain, 0)[1] - trial_weights(scaled, 0)[1]) < 1e-6f);
    ck_assert_double_eq_tol(trial_loss(plain), trial_loss(scaled), 1e-5);
    trial_free(plain);
    trial_free(scaled);
    host_destroy(&r.host);
}
END_TEST

START_TEST(a_restored_trial_goes_on_with_the_same_bits)
{
    rig r;
    text straight = {.bytes = NULL}, resumed = {.bytes = NULL};

    set_up(&r, &ball, "noisy_quadratic");
    trial *first = begin(&r), *second = begin(&r);
    steps(&r, first, 0.05, 5);
    ck_assert_msg(trial_restore(second, first, &r.error), "%s", r.error.text);
    ck_assert_int_eq(trial_steps(second), 5);
    steps(&r, first, 0.05, 5);
    steps(&r, second, 0.05, 5);
    ck_assert(trial_state(first, &straight) && trial_state(second, &resumed));
    ck_assert_uint_eq(straight.length, 2 * sizeof(float) + 2 * sizeof(float) + sizeof(int64_t));
    ck_assert_uint_eq(resumed.length, straight.length);
    ck_assert_mem_eq(straight.bytes, resumed.bytes, straight.length);
    trial_free(first);
    trial_free(second);
    free(straight.bytes);
    free(resumed.bytes);
    host_destroy(&r.host);
}
END_TEST

START_TEST(another_plan_is_not_restored)
{
    rig a, b;

    set_up(&a, &ball, "beale");
    set_up(&b, &refusing, "beale");
    trial *first = begin(&a), *second = begin(&b);
    ck_assert(!trial_restore(second, first, &b.error));
    ck_assert_str_eq(b.error.text, "a second plan for the same tensors has 0 slots, the first 2, "
                                   "and they differ at slot 0 ('slots.layers.0.weight.momentum')");
    trial_free(first);
    trial_free(second);
    host_destroy(&a.host);
    host_destroy(&b.host);
}
END_TEST

/* --- memory from elsewhere --- */

typedef struct store {
    char names[256];
    float *array[8];
    int taken, locked;
    bool wrong;
} store;

static void *take(void *context, const char *name, uint64_t elements)
{
    store *s = context;

    strncat(s->names, name, sizeof(s->names) - strlen(s->names) - 2);
    strcat(s->names, ";");
    return s->array[s->taken++] = calloc(elements, sizeof(float));
}

static void protect(void *context, void *array, bool read_only)
{
    store *s = context;

    s->wrong = s->wrong || array == NULL;
    s->locked += read_only ? 1 : -1;
}

START_TEST(gradients_are_read_only_while_the_optimizer_works)
{
    rig r;
    store s = {.taken = 0};

    set_up(&r, &ball, "logistic");
    r.spec.array = take;
    r.spec.protect = protect;
    r.spec.array_context = &s;
    trial *trial = begin(&r);
    ck_assert_str_eq(s.names, "w of layers.0.weight;g of layers.0.weight;"
                              "w of layers.0.bias;g of layers.0.bias;");
    steps(&r, trial, 0.1, 2);
    ck_assert_int_eq(s.locked, -4); /* two arrays, freed before and after each of two steps */
    ck_assert(!s.wrong);
    trial_free(trial);
    for (int i = 0; i < s.taken; i++) {
        ck_assert(isfinite(s.array[i][0])); /* it is the giver's still */
        free(s.array[i]);
    }
    host_destroy(&r.host);
}
END_TEST

/* --- a whole descent --- */

START_TEST(a_descent_comes_down_and_ends_when_it_is_enough)
{
    rig r;
    json_t *path = json_object();

    set_up(&r, &ball, "quadratic_1");
    const descent how = {.problem = r.spec.problem,
                         .optimizer = &r.settings,
                         .host = &r.host,
                         .lr = 0.1,
                         .steps = 100,
                         .enough = 0.5,
                         .path = path};
    const descended came = descent_run(&how);
    ck_assert(!came.failed);
    ck_assert_double_le(came.share, 0.5);
    ck_assert_double_gt(came.share, 0.2);
    ck_assert_double_eq(came.share, came.end / came.start);
    const size_t points = json_array_size(json_object_get(path, "loss"));
    ck_assert_uint_gt(points, 2);
    ck_assert_uint_lt(points, 10);
    ck_assert_double_eq(json_real_value(json_array_get(json_object_get(path, "x"), 0)), -1.5);
    json_decref(path);
    host_destroy(&r.host);
}
END_TEST

START_TEST(a_descent_that_diverges_has_no_share)
{
    rig r;

    set_up(&r, &ball, "rosenbrock");
    descent how = {.problem = r.spec.problem,
                   .optimizer = &r.settings,
                   .host = &r.host,
                   .lr = 1e3,
                   .steps = 50};
    ck_assert(isinf(descent_run(&how).share));
    ck_assert(!descent_run(&how).failed);
    host_destroy(&r.host);
}
END_TEST

START_TEST(a_descent_whose_optimizer_fails_says_so)
{
    rig r;

    set_up(&r, &refusing, "beale");
    const descent how = {
        .problem = r.spec.problem, .optimizer = &r.settings, .host = &r.host, .lr = 1, .steps = 5};
    ck_assert(descent_run(&how).failed);
    host_destroy(&r.host);
}
END_TEST

START_TEST(rates_go_three_decades_either_way)
{
    ck_assert_double_eq_tol(descent_rate(0.01, 0), 1e-5, 1e-15);
    ck_assert_double_eq(descent_rate(0.01, DESCENT_RATES / 2), 0.01);
    ck_assert_double_eq_tol(descent_rate(0.01, DESCENT_RATES - 1), 10, 1e-9);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("trial");
    TCase *c = tcase_create("trial");

    tcase_add_test(c, a_step_is_the_optimizers_on_the_problems_gradient);
    tcase_add_test(c, each_tensor_has_its_weights_and_place);
    tcase_add_test(c, closures_see_the_noise_of_their_step);
    tcase_add_test(c, two_trials_of_one_host_evaluate_each_its_own);
    tcase_add_test(c, an_optimizer_may_be_done);
    tcase_add_test(c, a_refusal_has_the_optimizers_words);
    tcase_add_test(c, what_diverges_is_not_finite_and_no_failure);
    tcase_add_test(c, a_gradient_of_zero_is_zero_in_closures_too);
    tcase_add_test(c, loss_and_gradient_are_scaled_together);
    tcase_add_test(c, a_restored_trial_goes_on_with_the_same_bits);
    tcase_add_test(c, another_plan_is_not_restored);
    tcase_add_test(c, gradients_are_read_only_while_the_optimizer_works);
    tcase_add_test(c, a_descent_comes_down_and_ends_when_it_is_enough);
    tcase_add_test(c, a_descent_that_diverges_has_no_share);
    tcase_add_test(c, a_descent_whose_optimizer_fails_says_so);
    tcase_add_test(c, rates_go_three_decades_either_way);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
