/* Optimizers on functions whose minimum is known, driven as in training: a parabola and
 * Rosenbrock's valley, 10,000 steps each. Starting points, tolerances and learning rates are those of optax's
 * tests; adadelta is not among them. At a constant rate lion ends in a cycle around the minimum. */
#include <math.h>
#include <string.h>

#include "harness.h"

#include "train/driver.h"

enum { STEPS = 10000, MOST = 3 };

/* ---- the functions --------------------------------------------------------------------------- */

typedef double descent(const float *w, float *g);

/* The sum of (w - minimum)^2. */
static double parabola(const float *w, float *g)
{
    static const double minimum[3] = {1, -1, 1};
    double value = 0;

    for (int i = 0; i < 3; i++) {
        const double away = (double)w[i] - minimum[i];
        value += away * away;
        g[i] = (float)(2 * away);
    }
    return value;
}

/* (1 - x)^2 + 100 (y - x^2)^2: a narrow valley, bent and almost flat along its floor. */
static double rosenbrock(const float *w, float *g)
{
    const double x = (double)w[0], y = (double)w[1], off = y - x * x;

    g[0] = (float)(-2 * (1 - x) - 400 * x * off);
    g[1] = (float)(200 * off);
    return (1 - x) * (1 - x) + 100 * off * off;
}

static const struct {
    descent *function;
    uint64_t n;
    float start[MOST], minimum[MOST];
} problems[] = {
    {parabola, 3, {-1, 10, 1}, {1, -1, 1}},
    {rosenbrock, 2, {0, 0}, {1, 1}},
};

enum { PROBLEMS = sizeof(problems) / sizeof(problems[0]) };

/* ---- the optimizers -------------------------------------------------------------------------- */

static const struct {
    const char *name, *setting, *value; /* at most one setting that is not the default */
    double lr;
} optimizers[] = {
    {"sgd", "momentum", "0.9", 1e-3},
    {"adagrad", NULL, NULL, 1},
    {"adam", NULL, NULL, 0.1},
    {"adamax", NULL, NULL, 0.1},
    {"lion", "weight_decay", "1e-4", 1e-2},
    {"nadam", NULL, NULL, 1e-2},
    {"rmsprop", "alpha", "0.9", 5e-3},
    {"rprop", NULL, NULL, 0.1},
    {"radam", NULL, NULL, 5e-3},
    {"adadelta", NULL, NULL, 1}, /* the last: too slow for the valley's floor */
};

enum { OPTIMIZERS = sizeof(optimizers) / sizeof(optimizers[0]), CROSSING = OPTIMIZERS - 1 };

static settings *settings_of(int index, catalog *plugins)
{
    plx_error error = {0};
    const char *setting = optimizers[index].setting;
    const plugin *found = catalog_find(plugins, PLX_KIND_OPTIMIZER, optimizers[index].name, &error);

    ck_assert_msg(found != NULL, "%s", error.text);
    settings *made = settings_new(found, &error);
    ck_assert_msg(made != NULL, "%s", error.text);
    if (setting != NULL)
        ck_assert_msg(
            settings_set(made, setting, (place){0}, optimizers[index].value, (place){0}, &error),
            "%s", error.text);
    return made;
}

/* Drives w, one tensor of n elements, for STEPS steps. */
static void descend(const settings *optimizer, double lr, descent *function, uint64_t n, float *w)
{
    plx_error error = {0};
    float g[MOST] = {0};
    host host;
    pool *pool = pool_new(1, &error);
    const driver_tensor tensor = {
        .name = "layers.0.weight", .role = PLX_WEIGHT, .rows = 1, .cols = n, .w = w, .g = g};
    const driver_group group = {.optimizer = optimizer, .lr_ratio = 1};

    ck_assert_ptr_nonnull(pool);
    host_init(&host, NULL, 1);
    driver *driver = driver_new(&(driver_spec){.tensors = &tensor,
                                               .tensor_count = 1,
                                               .layer_count = 1,
                                               .groups = &group,
                                               .group_count = 1,
                                               .pool = pool,
                                               .host = &host},
                                &error);
    ck_assert_msg(driver != NULL, "%s", error.text);
    for (int64_t t = 1; t <= STEPS; t++) {
        driver_outcome outcome = {0};
        const double loss = function(w, g);
        ck_assert_msg(driver_step(driver, t, lr, loss, &outcome, &error), "%s", error.text);
        ck_assert(outcome.finite);
    }
    driver_free(driver);
    host_destroy(&host);
    pool_free(pool);
}

static void check_minimum(int index, int problem)
{
    plx_error error = {0};
    catalog *plugins = catalog_new(&(catalog_options){.builtin = PLEXUS_PLUGIN_BUILD_DIR}, &error);
    ck_assert_msg(plugins != NULL, "%s", error.text);
    settings *optimizer = settings_of(index, plugins);
    float w[MOST];

    memcpy(w, problems[problem].start, sizeof(w));
    descend(optimizer, optimizers[index].lr, problems[problem].function, problems[problem].n, w);
    for (uint64_t i = 0; i < problems[problem].n; i++) {
        const double minimum = (double)problems[problem].minimum[i];
        ck_assert_msg(fabs((double)w[i] - minimum) <= 3e-2 + 3e-2 * fabs(minimum),
                      "%s: w[%d] is %g, the minimum is at %g", optimizers[index].name, (int)i,
                      (double)w[i], minimum);
    }
    settings_free(optimizer);
    catalog_free(plugins);
}

START_TEST(finds_the_parabola_s_minimum)
{
    check_minimum(_i, 0);
}
END_TEST

START_TEST(finds_rosenbrock_s_minimum)
{
    check_minimum(_i, 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("plugins/analytic");
    TCase *c = tcase_create("minima");

    tcase_add_loop_test(c, finds_the_parabola_s_minimum, 0, OPTIMIZERS);
    tcase_add_loop_test(c, finds_rosenbrock_s_minimum, 0, CROSSING);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
