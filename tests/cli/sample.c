/* sample.c: see sample.h. */
#include "sample.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "matrix/store.h"

static const char moons[] = "data: {generate: moons, samples: 60, noise: 0.1, test: 0.25,\n"
                            "       validation: 0.2}\n"
                            "network:\n"
                            "  layers:\n"
                            "    - {units: 6, activation: tanh, dropout: 0.1}\n"
                            "    - {units: 2, activation: softmax}\n"
                            "loss: cross_entropy\n"
                            "optimizer: {name: adam, lr: 0.02}\n"
                            "train: {epochs: 6, batch: 8, seed: 1}\n";

static const char kinds[] = "data: {train: kinds.csv, target: kind, scale: standard}\n"
                            "network:\n"
                            "  layers:\n"
                            "    - {units: 5, activation: tanh}\n"
                            "    - {units: 3, activation: softmax}\n"
                            "loss: cross_entropy\n"
                            "optimizer: {name: adam, lr: 0.05}\n"
                            "train: {epochs: 30, batch: 4, seed: 1}\n";

static const char kinds_rows[] = "length,width,kind\n"
                                 "1.0,0.2,ash\n1.1,0.3,ash\n0.9,0.1,ash\n1.2,0.2,ash\n"
                                 "3.0,1.1,beech\n3.2,1.0,beech\n2.9,1.2,beech\n3.1,0.9,beech\n"
                                 "5.0,2.1,cedar\n5.2,2.0,cedar\n4.9,2.2,cedar\n5.1,1.9,cedar\n";

static const char slope[] = "data: {train: slope.csv, target: y, test: 0.25, scale: standard,\n"
                            "       scale_target: standard}\n"
                            "network:\n"
                            "  layers:\n"
                            "    - {units: 1, activation: identity}\n"
                            "loss: mse\n"
                            "optimizer: {name: sgd, lr: 0.1}\n"
                            "train: {epochs: 8, batch: full, seed: 1}\n";

static const char slope_rows[] = "a,b,y\n"
                                 "0,0,100\n1,0,110\n2,0,120\n3,0,130\n0,1,105\n1,1,115\n"
                                 "2,1,125\n3,1,135\n0,2,110\n1,2,120\n2,2,130\n3,2,140\n";

char *sample_folder(void)
{
    static const struct {
        const char *name, *content;
    } files[] = {{"moons.yaml", moons},
                 {"kinds.yaml", kinds},
                 {"kinds.csv", kinds_rows},
                 {"slope.yaml", slope},
                 {"slope.csv", slope_rows}};
    char *folder = harness_memory_folder();

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        free(harness_file(folder, files[i].name, files[i].content));
    return folder;
}

char *sample_path(const char *folder, const char *format, ...)
{
    va_list arguments;
    char *name = NULL, *path = NULL;

    va_start(arguments, format);
    ck_assert_int_ge(vasprintf(&name, format, arguments), 0);
    va_end(arguments);
    ck_assert_int_ge(asprintf(&path, "%s/%s", folder, name), 0);
    free(name);
    return path;
}

void sample_matrix(const char *folder, const char *name, const char *rest)
{
    static const char base[] =
        "base:\n"
        "  data: {generate: xor, samples: 40, noise: 0.1, validation: 0.2, test: 0.2}\n"
        "  network: {layers: [{units: 4, activation: tanh}, {units: 1, activation: sigmoid}]}\n"
        "  loss: cross_entropy\n"
        "  optimizer: {name: sgd, lr: 0.1}\n"
        "  train: {epochs: 3, batch: 8}\n";
    char *file = NULL, *content = NULL;

    ck_assert_int_gt(asprintf(&file, "%s.yaml", name), 0);
    ck_assert_int_gt(asprintf(&content, "%s%s", base, rest), 0);
    free(harness_file(folder, file, content));
    free(content);
    free(file);
}

/* What results hold, as text. */
static char *dump_results(const char *folder, const char *out)
{
    char *path = sample_path(folder, "%s", out);
    plx_error error = {0};
    text dump = {0};
    store *opened = store_open(path, false, false, &error);

    ck_assert_msg(opened != NULL, "%s", error.text);
    ck_assert_msg(store_dump(opened, &dump, &error), "%s", error.text);
    store_close(opened);
    free(path);
    return dump.bytes;
}

void sample_same_results(const char *folder, const char *out, const char *other)
{
    char *a = dump_results(folder, out), *b = dump_results(folder, other);
    size_t same = 0, line = 0;

    for (; a[same] != '\0' && a[same] == b[same]; same++)
        if (a[same] == '\n')
            line = same + 1;
    ck_assert_msg(a[same] == b[same], "%s has\n%.400s\n%s has\n%.400s", out, a + line, other,
                  b + line);
    free(a);
    free(b);
}

void sample_copy(const char *from, const char *to)
{
    size_t length = 0;
    char *bytes = sample_read("", from, &length); /* an absolute path */
    FILE *file = fopen(to, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
    free(bytes);
}

char *sample_plugins(void)
{
    static const char *const names[] = {"lynx", "trip"};
    char *folder = harness_folder();
    char *inner = sample_path(folder, "optimizer");

    ck_assert_int_eq(mkdir(inner, 0755), 0);
    for (size_t i = 0; i < 2; i++) {
        char *from = sample_path(FIXTURES, "%s.so", names[i]);
        char *to = sample_path(inner, "%s.so", names[i]);
        sample_copy(from, to);
        ck_assert_int_eq(chmod(to, 0644), 0);
        free(from);
        free(to);
    }
    free(inner);
    return folder;
}

/* ---- files ----------------------------------------------------------------------------------- */

char *sample_read(const char *folder, const char *name, size_t *length)
{
    char *path = name[0] == '/' ? strdup(name) : sample_path(folder, "%s", name);
    FILE *file = fopen(path, "rb");

    ck_assert_msg(file != NULL, "%s cannot be read", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    ck_assert_int_ge(size, 0);
    rewind(file);
    char *bytes = calloc((size_t)size + 1, 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    free(path);
    if (length != NULL)
        *length = (size_t)size;
    return bytes;
}

bool sample_exists(const char *folder, const char *name)
{
    char *path = sample_path(folder, "%s", name);
    const bool there = access(path, F_OK) == 0;

    free(path);
    return there;
}

size_t sample_count(const char *folder)
{
    DIR *entries = opendir(folder);
    size_t count = 0;

    ck_assert_msg(entries != NULL, "%s is no folder", folder);
    for (const struct dirent *e = readdir(entries); e != NULL; e = readdir(entries))
        count += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(entries);
    return count;
}

void sample_same_file(const char *folder, const char *name, const char *other_folder,
                      const char *other_name)
{
    size_t length = 0, other_length = 0;
    char *bytes = sample_read(folder, name, &length);
    char *other = sample_read(other_folder, other_name, &other_length);

    ck_assert_msg(length == other_length && memcmp(bytes, other, length) == 0,
                  "%s/%s and %s/%s differ", folder, name, other_folder, other_name);
    free(bytes);
    free(other);
}

/* The log with what no two runs share taken out. */
static char *timeless_log(const char *folder, const char *run)
{
    json_t *lines = sample_log(folder, run);

    for (size_t i = 0; i < json_array_size(lines); i++) {
        json_object_del(json_array_get(lines, i), "seconds");
        json_object_del(json_array_get(lines, i), "samples_per_second");
    }
    char *text = json_dumps(lines, JSON_COMPACT | JSON_REAL_PRECISION(17));
    ck_assert_ptr_nonnull(text);
    json_decref(lines);
    return text;
}

void sample_same_run(const char *folder, const char *run, const char *other)
{
    char *here = sample_path(folder, "%s", run), *there = sample_path(folder, "%s", other);
    char *log = timeless_log(folder, run), *other_log = timeless_log(folder, other);

    sample_same_file(here, "model.safetensors", there, "model.safetensors");
    ck_assert_str_eq(log, other_log);
    free(here);
    free(there);
    free(log);
    free(other_log);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *parse(const char *bytes, size_t length)
{
    json_error_t why;
    json_t *object = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &why);

    ck_assert_msg(object != NULL, "%s: %.*s", why.text, (int)length, bytes);
    ck_assert_msg(json_is_object(object), "no object: %.*s", (int)length, bytes);
    return object;
}

json_t *sample_lines(const char *text)
{
    json_t *lines = json_array();

    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        ck_assert_msg(end != NULL, "the last line has no end: %s", text);
        json_array_append_new(lines, parse(text, (size_t)(end - text)));
        text = end + 1;
    }
    return lines;
}

json_t *sample_log(const char *folder, const char *run)
{
    char *path = sample_path(folder, "%s", run);
    char *text = sample_read(path, "metrics.jsonl", NULL);
    json_t *lines = sample_lines(text);

    free(path);
    free(text);
    return lines;
}

json_t *sample_object(const char *text)
{
    return parse(text, strlen(text));
}

double sample_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_number(value), "no number '%s'", key);
    return json_number_value(value);
}

const char *sample_string(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    ck_assert_msg(json_is_string(value), "no string '%s'", key);
    return json_string_value(value);
}
