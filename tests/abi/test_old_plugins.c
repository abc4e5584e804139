/* test_old_plugins.c: plug-ins written for version 1.0, loaded and run by today's core. Each is a
 * twin of one that comes with the program, and a run with it ends with the same bits; only
 * old_softmax and old_cross_entropy, which take exponentials of the C library's, differ from theirs
 * in the last places. They are built in four ways: from the frozen header with the command that
 * plugin.h gives and as a project would, from today's header, and from a later one without asking
 * for more. All four train alike to the bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "train/fixture.h"

#include "support/file.h"
#include "support/memory.h"
#include "support/safetensors.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const builds[] = {"plain", "frozen", "rebuilt", "later"};
static const char *const plugins[] = {"old_range", "old_tensor",  "old_model",
                                      "old_leaky", "old_softmax", "old_cross_entropy"};

/* A folder with all plug-ins of one build under their own names; free() it. */
static char *folder_of(const char *build)
{
    char *folder = harness_folder();

    for (int i = 0; i < COUNT(plugins); i++) {
        char *target = memory_format("%s/%s_%s.so", MODULES, build, plugins[i]);
        char *link = memory_format("%s/%s.so", folder, plugins[i]);
        ck_assert_int_eq(symlink(target, link), 0);
        free(link);
        free(target);
    }
    return folder;
}

/* ---- runs ---- */

#define BLOBS "data: {generate: blobs, samples: 40, spread: 2, validation: 0.2}\n"
#define EXPERIMENT(hidden, output, loss, optimizer)                                                \
    BLOBS "network: {layers: [{units: 7, activation: " hidden "}, {units: 3, activation: " output  \
          "}]}\n"                                                                                  \
          "loss: " loss "\noptimizer: {name: " optimizer "}\n"                                     \
          "train: {epochs: 3, batch: 10, threads: 2}\n"

#define LEAKY     "{name: leaky_relu, slope: 0.2}"
#define OLD_LEAKY "{name: old_leaky, slope: 0.2}"
#define SGD       "sgd, momentum: 0.9, lr: 0.05"
#define TENSOR    "old_tensor, momentum: 0.9, checks: true, start: -3, "

typedef struct pair {
    const char *old, *twin;
    bool rounds; /* otherwise than its twin                                                      */
} pair;

static const pair pairs[] = {
    {EXPERIMENT("tanh", "softmax", "cross_entropy", "old_range, momentum: 0.9, lr: 0.05"),
     EXPERIMENT("tanh", "softmax", "cross_entropy", SGD), false},
    {EXPERIMENT("tanh", "softmax", "cross_entropy", TENSOR "lr: 0.05"),
     EXPERIMENT("tanh", "softmax", "cross_entropy", SGD), false},
    {EXPERIMENT("tanh", "softmax", "cross_entropy", TENSOR "mode: doubled, lr: 0.025"),
     EXPERIMENT("tanh", "softmax", "cross_entropy", SGD), false},
    {EXPERIMENT("tanh", "softmax", "cross_entropy", "old_model, momentum: 0.9, lr: 0.05"),
     EXPERIMENT("tanh", "softmax", "cross_entropy", SGD), false},
    {EXPERIMENT(OLD_LEAKY, "softmax", "cross_entropy", SGD),
     EXPERIMENT(LEAKY, "softmax", "cross_entropy", SGD), false},
    {EXPERIMENT("tanh", "old_softmax", "cross_entropy", SGD),
     EXPERIMENT("tanh", "softmax", "cross_entropy", SGD), false},
    {EXPERIMENT("tanh", "softmax", "old_cross_entropy", SGD),
     EXPERIMENT("tanh", "softmax", "cross_entropy", SGD), true},
    {EXPERIMENT("tanh", "old_softmax", "{name: old_cross_entropy, fused: false}", SGD),
     EXPERIMENT("tanh", "softmax", "{name: cross_entropy, fused: false}", SGD), true},
    {EXPERIMENT(OLD_LEAKY, "old_softmax", "old_cross_entropy", TENSOR "mode: halved, lr: 0.1"),
     EXPERIMENT(LEAKY, "softmax", "cross_entropy", SGD), true},
};

/* What a run leaves behind; compared to its twin's. */
typedef struct trained {
    tensor_file *model;
    double val_loss;
} trained;

static trained train(const char *text, const char *folder)
{
    plx_error error = {0};
    char *run = fresh_run();
    outcome *made =
        plan_expect(&(plan){.text = text, .out = run, .plugins = folder}, TRAIN_COMPLETED);
    char *path = file_join(run, "model.safetensors");
    const trained result = {tensor_file_read(path, &error), made->val_loss[3]};

    ck_assert_msg(result.model != NULL, "%s", error.text);
    outcome_free(made);
    free(path);
    free(run);
    return result;
}

/* Equal bits, or with `allowed` above 0 weights no further apart than that. */
static void expect_same_weights(const tensor_file *expected, const tensor_file *actual,
                                float allowed)
{
    ck_assert_uint_eq(tensor_file_count(expected), 4);
    for (size_t i = 0; i < tensor_file_count(expected); i++) {
        const stored_tensor *a = tensor_file_at(expected, i);
        const stored_tensor *b = tensor_file_find(actual, a->name);
        ck_assert_msg(b != NULL && b->bytes == a->bytes, "no such %s", a->name);
        ck_assert_msg(allowed > 0 || memcmp(a->data, b->data, a->bytes) == 0, "other bits in %s",
                      a->name);
        for (size_t k = 0; k < a->bytes / sizeof(float); k++) {
            float x, y;
            memcpy(&x, (const char *)a->data + k * sizeof(x), sizeof(x));
            memcpy(&y, (const char *)b->data + k * sizeof(y), sizeof(y));
            ck_assert_msg(fabsf(x - y) <= allowed, "%s[%zu]: %.9g and %.9g", a->name, k, (double)x,
                          (double)y);
        }
    }
}

START_TEST(trains_like_its_twin)
{
    const pair *pair = &pairs[_i % COUNT(pairs)];
    char *folder = folder_of(builds[_i / COUNT(pairs)]);
    trained old = train(pair->old, folder), twin = train(pair->twin, NULL);

    expect_same_weights(twin.model, old.model, pair->rounds ? 2e-6f : 0);
    ck_assert_double_le(fabs(old.val_loss - twin.val_loss), pair->rounds ? 2e-6 : 0);
    tensor_file_free(old.model);
    tensor_file_free(twin.model);
    free(folder);
}
END_TEST

START_TEST(all_builds_train_alike)
{
    char *first_folder = folder_of(builds[0]);
    trained first = train(pairs[_i].old, first_folder);

    for (int k = 1; k < COUNT(builds); k++) {
        char *folder = folder_of(builds[k]);
        trained other = train(pairs[_i].old, folder);
        expect_same_weights(first.model, other.model, 0);
        ck_assert_double_eq(first.val_loss, other.val_loss);
        tensor_file_free(other.model);
        free(folder);
    }
    tensor_file_free(first.model);
    free(first_folder);
}
END_TEST

/* The bits above say something: a run with another momentum has others. */
START_TEST(other_settings_train_otherwise)
{
    char *folder = folder_of(builds[_i]);
    trained some = train(pairs[0].old, folder);
    trained none =
        train(EXPERIMENT("tanh", "softmax", "cross_entropy", "old_range, lr: 0.05"), folder);

    ck_assert_double_ne(some.val_loss, none.val_loss);
    tensor_file_free(some.model);
    tensor_file_free(none.model);
    free(folder);
}
END_TEST

/* ---- what an old plug-in says, today's core passes on ---- */

static void expect_config_error(const char *folder, const char *text, const char *said)
{
    const catalog_options places = {
        .folders = &folder, .folder_count = 1, .builtin = PLEXUS_PLUGIN_BUILD_DIR};
    const experiment_options nothing = {0};
    plx_error error = {0};
    catalog *catalog = catalog_new(&places, &error);

    ck_assert_msg(catalog != NULL, "%s", error.text);
    ck_assert_ptr_null(
        experiment_parse("a.yaml", "/", text, strlen(text), &nothing, catalog, &error));
    ck_assert_str_eq(error.text, said);
    catalog_free(catalog);
}

START_TEST(validates_its_settings)
{
    char *folder = folder_of(builds[_i]);

    expect_config_error(folder,
                        EXPERIMENT("tanh", "softmax", "cross_entropy", "old_tensor, mode: doubled"),
                        "a.yaml:4:19: optimizer 'old_tensor': mode doubled needs checks, not 0");
    expect_config_error(
        folder, EXPERIMENT("tanh", "softmax", "cross_entropy", "old_tensor, start: 101"),
        "a.yaml:4:38: start is 101; it must be a whole number in -100 <= start <= 100");
    free(folder);
}
END_TEST

START_TEST(answers_what_it_takes)
{
    char *folder = folder_of(builds[_i]);
    const catalog_options places = {.folders = (const char *const *)&folder,
                                    .folder_count = 1,
                                    .builtin = PLEXUS_PLUGIN_BUILD_DIR};
    catalog *catalog = catalog_new(&places, NULL);
    const plugin *loss = catalog_find(catalog, PLX_KIND_LOSS, "old_cross_entropy", NULL);

    ck_assert_ptr_nonnull(loss);
    ck_assert_uint_eq(loss->loss->targets(NULL, PLX_SIMPLEX),
                      PLX_TARGET_SIMPLEX | PLX_TARGET_LABELS);
    ck_assert_uint_eq(loss->loss->targets(NULL, PLX_UNIT), 0);
    ck_assert_uint_eq(loss->loss->fused_count, 1);
    catalog_free(catalog);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("old plug-ins");
    TCase *runs = tcase_create("runs"), *words = tcase_create("words");

    tcase_set_timeout(runs, 60);
    tcase_add_loop_test(runs, trains_like_its_twin, 0, COUNT(builds) * COUNT(pairs));
    tcase_add_loop_test(runs, all_builds_train_alike, 0, COUNT(pairs));
    tcase_add_loop_test(runs, other_settings_train_otherwise, 0, COUNT(builds));
    tcase_add_loop_test(words, validates_its_settings, 0, COUNT(builds));
    tcase_add_loop_test(words, answers_what_it_takes, 0, COUNT(builds));
    suite_add_tcase(s, runs);
    suite_add_tcase(s, words);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
