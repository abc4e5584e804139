/* test_future_core.c: the other way round: core/plugin built with the header that grow.sed makes,
 * as version 1.1 of itself. What plug-ins of version 1.0 don't have reads as zero, they get longer
 * structs than they know and run, and plug-ins of version 1.1 get what they ask for. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#include "plugin/host.h"
#include "plugin/load.h"
#include "plugin/settings.h"
#include "plugin/slots.h"

#include "support/memory.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const builds[] = {"plain", "frozen", "rebuilt", "later"};

/* Loads a built module as the plug-in `name`. */
static loaded *load(const char *module, const char *name, plx_error *error)
{
    char *folder = harness_folder();
    char *target = memory_format("%s/%s.so", MODULES, module);
    char *path = memory_format("%s/%s.so", folder, name);

    ck_assert_int_eq(symlink(target, path), 0);
    loaded *item = load_plugin(path, 0, name, error);
    free(path);
    free(target);
    free(folder);
    return item;
}

static loaded *must_load(const char *module, const char *name)
{
    plx_error error = {0};
    loaded *item = load(module, name, &error);

    ck_assert_msg(item != NULL, "%s: %s", module, error.text);
    return item;
}

static loaded *load_old(int build, const char *name)
{
    char *module = memory_format("%s_%s", builds[build], name);
    loaded *item = must_load(module, name);

    free(module);
    return item;
}

/* ---- plug-ins of version 1.0 ---- */

START_TEST(old_optimizer_reads_as_zero)
{
    loaded *item = load_old(_i, "old_range");
    const plx_optimizer *o = item->plugin.optimizer;

    ck_assert_uint_lt(o->size, sizeof(*o));
    ck_assert(o->added_in_1_1 == 0);
    ck_assert_uint_eq(settings_count(&item->plugin), 1);
    ck_assert(settings_row(&item->plugin, 0)->added_in_1_1 == 0);
    loaded_free(item);
}
END_TEST

START_TEST(old_optimizer_steps)
{
    loaded *item = load_old(_i, "old_range");
    settings *settings = settings_new(&item->plugin, NULL);
    const plx_tensor tensor = {sizeof(tensor), PLX_BIAS, 0, 0, 1, 1, 1, 2, "layers.0.bias", 5};
    float w[2] = {1, 2}, m[2] = {0, 0};
    const float g[2] = {4, -8};
    void *const slot[] = {m};
    slot_plans plans;
    plx_error error = {0};
    host host;

    host_init(&host, NULL, 1);
    ck_assert_uint_eq(host.table.minor, 1);
    ck_assert(settings_set(settings, "momentum", (place){0}, "0.5", (place){0}, &error));
    ck_assert_msg(slots_plan(settings, &host, &tensor, &plans, &error), "%s", error.text);
    ck_assert_uint_eq(plans.count, 1);
    for (int64_t i = 1; i <= 2; i++) {
        const plx_step step = {.size = sizeof(step), .step = i, .lr = 0.25, .host = &host.table};
        ck_assert_int_eq(item->plugin.optimizer->step_range(settings->values, &step, 2, w, g, slot),
                         PLX_OK);
    }
    ck_assert(m[0] == 6 && m[1] == -12 && w[0] == -1.5F && w[1] == 7);
    free(plans.slot);
    host_destroy(&host);
    settings_free(settings);
    loaded_free(item);
}
END_TEST

START_TEST(old_activation_runs)
{
    loaded *item = load_old(_i, "old_leaky");
    const plx_activation *a = item->plugin.activation;
    settings *settings = settings_new(&item->plugin, NULL);
    plx_domain domain = {.size = sizeof(domain), .hi = 3, .added_in_1_1 = 7};
    const float x[2] = {-100, 2}, dy[2] = {100, 1};
    float y[2], dx[2];

    ck_assert(a->added_in_1_1 == 0);
    ck_assert_int_eq(a->domain(settings->values, &domain), PLX_OK);
    ck_assert(domain.hi > 1e300 && domain.added_in_1_1 == 7);
    ck_assert_int_eq(a->forward(settings->values, 2, x, y), PLX_OK);
    ck_assert_int_eq(a->backward(settings->values, 2, x, y, dy, dx), PLX_OK);
    ck_assert(y[0] == 0.01F * -100 && y[1] == 2 && dx[0] == 100 * 0.01F && dx[1] == 1);
    settings_free(settings);
    loaded_free(item);
}
END_TEST

START_TEST(old_loss_runs)
{
    loaded *item = load_old(_i, "old_cross_entropy");
    const float p[2] = {0.5F, 0.5F}, t[2] = {0, 1};
    double loss = 0;
    float gradient[2];
    host host;

    host_init(&host, NULL, 1);
    const plx_rows rows = {.size = sizeof(rows),
                           .family = PLX_SIMPLEX,
                           .rows = 1,
                           .cols = 2,
                           .prediction = p,
                           .target = t,
                           .scale = 1,
                           .loss = &loss,
                           .gradient = gradient,
                           .host = &host.table};
    ck_assert(item->plugin.loss->added_in_1_1 == 0);
    ck_assert_uint_eq(item->plugin.loss->fused_count, 1);
    ck_assert(item->plugin.loss->fused[0].added_in_1_1 == 0);
    ck_assert_int_eq(item->plugin.loss->rows(NULL, &rows), PLX_OK);
    ck_assert_double_eq_tol(loss, 0.693147180559945, 1e-15);
    ck_assert(gradient[0] == 0 && gradient[1] == -2);
    host_destroy(&host);
    loaded_free(item);
}
END_TEST

START_TEST(old_plug_ins_load)
{
    static const char *const names[] = {"old_tensor", "old_model", "old_softmax"};

    loaded_free(load_old(_i % COUNT(builds), names[_i / COUNT(builds)]));
}
END_TEST

/* ---- plug-ins of version 1.1 and later ---- */

START_TEST(newer_plug_ins_are_read_whole)
{
    static const struct {
        const char *build;
        double descriptor, row;
    } newer[] = {{"asks_for_nothing", 0, 0},
                 {"asks_for_1_1", 0, 0},
                 {"sees_1_1", 0, 0},
                 {"uses_1_1", 1, 0},
                 {"row_uses_1_1", 0, 1}};
    loaded *item = must_load(newer[_i].build, "newer");

    ck_assert(item->plugin.optimizer->added_in_1_1 == newer[_i].descriptor);
    ck_assert(settings_row(&item->plugin, 0)->added_in_1_1 == newer[_i].row);
    loaded_free(item);
}
END_TEST

/* The weight after a step of 1 at a gradient of 1, the host's new member 3. */
static float step_of(const char *build)
{
    loaded *item = must_load(build, "newer");
    settings *settings = settings_new(&item->plugin, NULL);
    float w = 10;
    const float g = 1;
    host host;

    host_init(&host, NULL, 1);
    host.table.added_in_1_1 = 3;
    const plx_step step = {.size = sizeof(step), .step = 1, .lr = 1, .host = &host.table};
    ck_assert_int_eq(item->plugin.optimizer->step_range(settings->values, &step, 1, &w, &g, NULL),
                     PLX_OK);
    host_destroy(&host);
    settings_free(settings);
    loaded_free(item);
    return w;
}

START_TEST(newer_plug_ins_find_what_they_see)
{
    ck_assert(step_of("asks_for_nothing") == 9);
    ck_assert(step_of("sees_1_1") == 7);
    ck_assert(step_of("asks_for_1_1") == 7);
}
END_TEST

START_TEST(refuses_what_is_newer_still)
{
    plx_error error = {0};

    ck_assert_ptr_null(load("asks_for_1_12", "newer", &error));
    ck_assert_str_eq(error.text,
                     "it needs version 1.12 of the plug-in interface; this program has 1.1");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("future core");
    TCase *old = tcase_create("old"), *newer = tcase_create("newer");

    tcase_add_loop_test(old, old_optimizer_reads_as_zero, 0, COUNT(builds));
    tcase_add_loop_test(old, old_optimizer_steps, 0, COUNT(builds));
    tcase_add_loop_test(old, old_activation_runs, 0, COUNT(builds));
    tcase_add_loop_test(old, old_loss_runs, 0, COUNT(builds));
    tcase_add_loop_test(old, old_plug_ins_load, 0, 3 * COUNT(builds));
    tcase_add_loop_test(newer, newer_plug_ins_are_read_whole, 0, 5);
    tcase_add_test(newer, newer_plug_ins_find_what_they_see);
    tcase_add_test(newer, refuses_what_is_newer_still);
    suite_add_tcase(s, old);
    suite_add_tcase(s, newer);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
