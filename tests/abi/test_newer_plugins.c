/* test_newer_plugins.c: plug-ins built with a later header, in today's core. What they ask for and
 * use is in the names of their builds; see newer.c. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#include "plugin/host.h"
#include "plugin/load.h"
#include "plugin/settings.h"

#include "support/memory.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Loads one build of newer.c under its own name. */
static loaded *load(const char *build, plx_error *error)
{
    char *folder = harness_folder();
    char *target = memory_format("%s/%s.so", MODULES, build);
    char *path = memory_format("%s/newer.so", folder);

    ck_assert_int_eq(symlink(target, path), 0);
    loaded *item = load_plugin(path, PLX_KIND_OPTIMIZER, "newer", error);
    free(path);
    free(target);
    free(folder);
    return item;
}

typedef struct refusal {
    const char *build, *reason;
} refusal;

static const refusal refusals[] = {
    {"asks_for_1_1", "it needs version 1.1 of the plug-in interface; this program has 1.0"},
    {"asks_for_1_12", "it needs version 1.12 of the plug-in interface; this program has 1.0"},
    {"uses_1_1", "its descriptor uses byte 150, which this version does not know"},
    {"row_uses_1_1", "a row of its settings table uses byte 78, which this version does not know"},
    {"major_2",
     "it does not export plx_plugin_v1; PLX_ACTIVATION, PLX_LOSS or PLX_OPTIMIZER at the "
     "end of its source makes it a plug-in"},
};

START_TEST(refuses_what_needs_more)
{
    plx_error error = {0};

    ck_assert_ptr_null(load(refusals[_i].build, &error));
    ck_assert_str_eq(error.text, refusals[_i].reason);
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
}
END_TEST

/* asks_for_nothing does not see the new members, sees_1_1 does and leaves them zero, both_majors
 * has an entry for the next major version besides. */
START_TEST(runs_what_needs_no_more)
{
    static const char *const builds[] = {"asks_for_nothing", "sees_1_1", "both_majors"};
    plx_error error = {0};
    loaded *item = load(builds[_i], &error);
    ck_assert_msg(item != NULL, "%s", error.text);
    settings *settings = settings_new(&item->plugin, &error);
    float w[3] = {1, 2, 3}, g[3] = {4, 8, -4};
    host host;

    host_init(&host, NULL, 1);
    const plx_step step = {.size = sizeof(step), .step = 1, .lr = 0.25, .host = &host.table};
    ck_assert_int_eq(item->plugin.optimizer->step_range(settings->values, &step, 3, w, g, NULL),
                     PLX_OK);
    ck_assert(w[0] == 0 && w[1] == 0 && w[2] == 4);
    host_destroy(&host);
    settings_free(settings);
    loaded_free(item);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("newer plug-ins");
    TCase *newer = tcase_create("newer");

    tcase_add_loop_test(newer, refuses_what_needs_more, 0, COUNT(refusals));
    tcase_add_loop_test(newer, runs_what_needs_no_more, 0, 3);
    suite_add_tcase(s, newer);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
