#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

static catalog *plugins;

catalog *fixture_catalog(void)
{
    const catalog_options options = {.builtin = PLEXUS_PLUGIN_BUILD_DIR};
    plx_error error = {0};

    if (plugins == NULL)
        plugins = catalog_new(&options, &error);
    ck_assert_msg(plugins != NULL, "%s", error.text);
    return plugins;
}

experiment *fixture_parse_bytes(const char *bytes, size_t length, const experiment_options *options,
                                plx_error *error)
{
    return experiment_parse("experiment.yaml", FOLDER, bytes, length, options, fixture_catalog(),
                            error);
}

experiment *fixture_parse(const char *text, plx_error *error)
{
    return fixture_parse_bytes(text, strlen(text), NULL, error);
}

experiment *fixture_read(const char *text)
{
    plx_error error = {0};
    experiment *read = fixture_parse(text, &error);

    ck_assert_msg(read != NULL, "%s", error.text);
    return read;
}

experiment *fixture_set(const char *text, const char *const *sets, plx_error *error)
{
    experiment_options options = {.sets = sets};

    while (sets[options.set_count] != NULL)
        options.set_count++;
    return fixture_parse_bytes(text, strlen(text), &options, error);
}

char *fixture_print(const experiment *experiment)
{
    text out = {0};

    ck_assert(experiment_print(experiment, PRINT_ALL, &out));
    return out.bytes;
}

void fixture_end(void)
{
    catalog_free(plugins);
    plugins = NULL;
}
