/* Experiments with plug-ins from elsewhere: closures, settings of every type, refused plug-ins, and
 * reading without the optimizer. */
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "harness.h"

/* The built plug-ins, and those of a folder. */
static catalog *catalog_with(const char *folder)
{
    const catalog_options options = {
        .folders = &folder, .folder_count = 1, .builtin = PLEXUS_PLUGIN_BUILD_DIR};
    plx_error error = {0};
    catalog *made = catalog_new(&options, &error);

    ck_assert_msg(made != NULL, "%s", error.text);
    return made;
}

static experiment *parse(catalog *plugins, const char *text, const experiment_options *options,
                         plx_error *error)
{
    return experiment_parse("experiment.yaml", FOLDER, text, strlen(text), options, plugins, error);
}

static void check_refused(const char *folder, const char *text, error_class code,
                          const char *message)
{
    catalog *plugins = catalog_with(folder);
    plx_error error = {0};

    ck_assert_ptr_null(parse(plugins, text, NULL, &error));
    ck_assert_str_eq(error.text, message);
    ck_assert_int_eq(error.code, code);
    catalog_free(plugins);
}

START_TEST(takes_the_learning_rate_of_the_plugin)
{
    catalog *plugins = catalog_with(FIXTURES);
    plx_error error = {0};
    experiment *read = parse(plugins, DATA NETWORK LOSS "optimizer: bisection\n", NULL, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    ck_assert_double_eq(read->lr, 0.25);
    experiment_free(read);
    catalog_free(plugins);
}
END_TEST

START_TEST(prints_settings_of_every_type)
{
    catalog *plugins = catalog_with(FIXTURES);
    plx_error error = {0};
    experiment *read = parse(
        plugins,
        DATA NETWORK LOSS "optimizer: {name: bisection, history: 3, strict: no, search: wolfe}\n",
        NULL, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    char *printed = fixture_print(read);
    ck_assert_ptr_nonnull(strstr(printed, "\noptimizer: {name: bisection, lr: 0.25, width: inf, "
                                          "history: 3, strict: false, search: wolfe}\n"));
    free(printed);
    experiment_free(read);
    catalog_free(plugins);
}
END_TEST

START_TEST(quotes_a_choice_that_looks_like_a_flag)
{
    catalog *plugins = catalog_with(FIXTURES);
    plx_error error = {0};
    experiment *read = parse(plugins, DATA NETWORK LOSS "optimizer: bisection\n", NULL, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    char *printed = fixture_print(read);
    ck_assert_ptr_nonnull(strstr(printed, "search: \"true\"}\n"));
    experiment *again = parse(plugins, printed, NULL, &error);
    ck_assert_msg(again != NULL, "%s", error.text);
    free(printed);
    experiment_free(read);
    experiment_free(again);
    catalog_free(plugins);
}
END_TEST

START_TEST(refuses_clipping_with_a_closure)
{
    check_refused(FIXTURES, DATA NETWORK LOSS "optimizer: bisection\ntrain: {clip_norm: 1}\n",
                  ERROR_CONFIG,
                  "experiment.yaml:5:9: clip_norm with the optimizer bisection, which evaluates "
                  "loss and gradient itself and would compare clipped gradients with a loss that "
                  "is not; leave out clip_norm");
}
END_TEST

START_TEST(places_the_refusal_of_a_plugin)
{
    char *folder = harness_folder();
    char *path = harness_file(folder, "broken.so", "this is no shared object");
    catalog *plugins = catalog_with(folder);
    plx_error error = {0};

    ck_assert_ptr_null(parse(plugins, DATA NETWORK LOSS "optimizer: broken\n", NULL, &error));
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
    ck_assert_int_eq(strncmp(error.text, "experiment.yaml:4:12: ", 22), 0);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    catalog_free(plugins);
    free(path);
    free(folder);
}
END_TEST

/* A model is evaluated without its optimizer, whose plug-in may be gone. */
START_TEST(reads_without_the_optimizer)
{
    const experiment_options options = {.without_optimizer = true};
    plx_error error = {0};
    experiment *read = parse(fixture_catalog(),
                             DATA NETWORK LOSS "optimizer: {name: gone, rate: 0.5, rule: 'a, b', "
                                               "lr: 0.125, on: true}\n",
                             &options, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    ck_assert_ptr_null(read->optimizer.settings);
    ck_assert_double_eq(read->lr, 0.125);
    char *printed = fixture_print(read);
    ck_assert_ptr_nonnull(strstr(printed, "\noptimizer: {name: gone, rate: 0.5, rule: \"a, b\", "
                                          "\"on\": true, lr: 0.125}\n"));
    free(printed);
    experiment_free(read);
    fixture_end();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("config/plugins");
    TCase *t = tcase_create("plugins");

    tcase_add_test(t, takes_the_learning_rate_of_the_plugin);
    tcase_add_test(t, prints_settings_of_every_type);
    tcase_add_test(t, quotes_a_choice_that_looks_like_a_flag);
    tcase_add_test(t, refuses_clipping_with_a_closure);
    tcase_add_test(t, places_the_refusal_of_a_plugin);
    tcase_add_test(t, reads_without_the_optimizer);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
