#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "support/memory.h"

char *fixture_bytes(const char *folder, const char *name, const char *bytes, size_t length)
{
    char *path = memory_format("%s/%s", folder, name);
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

char *fixture_gzip(const char *folder, const char *name, const char *bytes, size_t length)
{
    char *path = memory_format("%s/%s", folder, name);
    gzFile file = gzopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)length), (int)length);
    ck_assert_int_eq(gzclose(file), Z_OK);
    return path;
}

static void collect(void *context, log_level level, const char *line)
{
    text_addf(context, "%s: %s\n", level == LOG_INFO ? "info" : "warning", line);
}

logger fixture_log(text *lines)
{
    return (logger){.line = collect, .context = lines};
}

char *fixture_message(const char *message, const char *folder)
{
    const size_t length = strlen(folder);
    text out = {0};

    text_add(&out, "");
    while (*message != '\0') {
        const bool here = strncmp(message, folder, length) == 0;
        text_add_n(&out, here ? "@" : message, 1);
        message += here ? length : 1;
    }
    return out.bytes;
}

data_config fixture_config(char *path, char *targets, target_spec *spec, const char *column)
{
    data_config config = {.at = {"x.yaml", 1, 1},
                          .train = {.path = path, .targets = targets, .at = {"x.yaml", 2, 3}},
                          .validation = {.at = {"x.yaml", 3, 3}},
                          .test = {.at = {"x.yaml", 4, 3}}};

    if (column != NULL) {
        *spec = (target_spec){.column = memory_string(column), .at = {"x.yaml", 5, 3}};
        config.target = spec;
        config.target_count = 1;
    }
    return config;
}

data_bundle *fixture_load(const data_config *config)
{
    plx_error error = {0};
    data_bundle *bundle = data_load(config, NULL, &error);

    ck_assert_msg(bundle != NULL, "%s", error.text);
    return bundle;
}

data_bundle *fixture_csv(const char *content, const char *target)
{
    target_spec spec;
    char *folder = harness_folder();
    char *path = harness_file(folder, "data.csv", content);
    const data_config config = fixture_config(path, NULL, &spec, target);
    data_bundle *bundle = fixture_load(&config);

    free(spec.column);
    free(path);
    free(folder);
    return bundle;
}

void fixture_refused(const data_config *config, const char *folder, error_class code,
                     const char *expected)
{
    plx_error error = {0};
    data_bundle *bundle = data_load(config, NULL, &error);

    ck_assert_msg(bundle == NULL, "was loaded, but should say: %s", expected);
    char *message = fixture_message(error.text, folder);
    ck_assert_str_eq(message, expected);
    ck_assert_int_eq(error.code, code);
    free(message);
}

double fixture_input(const data_bundle *bundle, const data_part *part, uint32_t p, size_t f)
{
    float *x = memory_array(bundle->encoding.features, sizeof(float));

    data_inputs(part, &bundle->encoding, &p, 1, x);
    const double value = (double)x[f];
    free(x);
    return value;
}
