/* test_trajectories.c: 58 steps of training against PyTorch's losses and final weights, for
 * every pair of an activation with a loss and output, under every optimizer; with the fused loss
 * and without. Then wrong twins of adam (a wrong beta2, eps inside the root, no bias
 * correction), which must not pass.
 *
 * trajectories.txt has four lines a trajectory but for comments: what it is, losses, final
 * parameters. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/experiment.h"
#include "harness.h"
#include "support/file.h"
#include "support/safetensors.h"
#include "train/train.h"

enum { STEPS = 58, PARAMETERS = 83, TRAJECTORIES = 181 };

static const double tolerance = 2e-4; /* relative, of a loss                                     */

typedef struct trajectory {
    char activation[32], loss[32], output[32], optimizer[160];
    double losses[STEPS], parameters[PARAMETERS];
} trajectory;

/* The losses a run reports, in order of its steps. */
typedef struct recorder {
    double losses[STEPS];
    size_t count;
} recorder;

/* From the lines {"event":"step","step":1,"loss":..} of metrics.jsonl. */
static recorder read_losses(const char *run)
{
    recorder r = {.count = 0};
    char *path = file_join(run, "metrics.jsonl"), line[1024];
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        const char *loss = strstr(line, "\"loss\":");
        if (strstr(line, "\"event\":\"step\"") == NULL)
            continue;
        ck_assert_ptr_nonnull(loss);
        ck_assert_uint_lt(r.count, STEPS);
        r.losses[r.count++] = strtod(loss + strlen("\"loss\":"), NULL);
    }
    fclose(file);
    free(path);
    return r;
}

static void read_numbers(char *line, double *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *end = line;
        out[i] = strtod(line, &end);
        ck_assert_ptr_ne(end, line);
        line = end;
    }
    ck_assert_uint_eq(strspn(line, " \n"), strlen(line));
}

/* Trajectory `index` of the file. */
static trajectory read_trajectory(int index)
{
    trajectory t;
    FILE *file = fopen(GOLDEN_FOLDER "/trajectories.txt", "r");
    static char line[8192];
    int at = -1;

    ck_assert_ptr_nonnull(file);
    while (at < index) {
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
        if (line[0] == '#')
            continue;
        at++;
        ck_assert_int_eq(
            sscanf(line, "%31s %31s %31s %159[^\n]", t.activation, t.loss, t.output, t.optimizer),
            4);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
        if (at == index)
            read_numbers(line, t.losses, STEPS);
        ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
        if (at == index)
            read_numbers(line, t.parameters, PARAMETERS);
    }
    fclose(file);
    return t;
}

static char *experiment_text(const trajectory *t, bool fused)
{
    const bool real = strcmp(t->output, "identity") == 0;
    char *out = NULL;

    ck_assert_int_gt(asprintf(&out,
                              "data: {train: " GOLDEN_FOLDER
                              "/data.csv, target: [%s], drop: [%s]}\n"
                              "network:\n"
                              "  init: {from: " GOLDEN_FOLDER "/weights.safetensors}\n"
                              "  layers:\n"
                              "    - {units: 6, activation: %s}\n"
                              "    - {units: 5, activation: %s}\n"
                              "    - {units: 3, activation: %s}\n"
                              "loss: {name: %s, fused: %s}\n"
                              "optimizer: %s\n"
                              "train: {epochs: 29, batch: 16, shuffle: false, log_steps: true}\n",
                              real ? "r0, r1, r2" : "p0, p1, p2",
                              real ? "p0, p1, p2" : "r0, r1, r2", t->activation, t->activation,
                              t->output, t->loss, fused ? "true" : "false", t->optimizer),
                     0);
    return out;
}

static void read_parameters(const char *run, double *out)
{
    plx_error error = {.code = ERROR_NONE};
    char *path = file_join(run, "model.safetensors");
    tensor_file *file = tensor_file_read(path, &error);
    size_t count = 0;

    ck_assert_msg(file != NULL, "%s", error.text);
    for (int layer = 0; layer < 3; layer++)
        for (int part = 0; part < 2; part++) {
            char name[32];
            snprintf(name, sizeof(name), "layers.%d.%s", layer, part == 0 ? "weight" : "bias");
            const stored_tensor *tensor = tensor_file_find(file, name);
            ck_assert_ptr_nonnull(tensor);
            ck_assert_uint_le(count + tensor->bytes / 4, PARAMETERS);
            for (size_t i = 0; i < tensor->bytes / 4; i++)
                out[count++] = (double)((const float *)tensor->data)[i];
        }
    ck_assert_uint_eq(count, PARAMETERS);
    tensor_file_free(file);
    free(path);
}

/* Trains in a new folder; `plugins` is searched first, or NULL. */
static recorder train(const trajectory *t, bool fused, const char *plugins, double *parameters)
{
    plx_error error = {.code = ERROR_NONE};
    const catalog_options where = {
        .folders = &plugins, .folder_count = plugins != NULL, .builtin = PLEXUS_PLUGIN_BUILD_DIR};
    const train_hooks hooks = {.context = NULL};
    char *folder = harness_memory_folder();
    const train_options options = {.out = folder};
    char *text = experiment_text(t, fused);
    train_result result;

    catalog *catalog = catalog_new(&where, &error);
    ck_assert_msg(catalog != NULL, "%s", error.text);
    experiment *experiment =
        experiment_parse("golden.yaml", folder, text, strlen(text), NULL, catalog, &error);
    ck_assert_msg(experiment != NULL, "%s\n%s", error.text, text);
    const bool ok = train_run(experiment, catalog, &options, &hooks, &result, &error);
    ck_assert_msg(ok, "%s", error.text);
    ck_assert_int_eq(result.status, TRAIN_COMPLETED);
    const recorder r = read_losses(folder);
    ck_assert_uint_eq(r.count, STEPS);
    read_parameters(folder, parameters);
    train_result_clear(&result);
    experiment_free(experiment);
    catalog_free(catalog);
    free(text);
    free(folder);
    return r;
}

/* The largest relative difference of a loss. */
static double worst_loss(const trajectory *t, const recorder *r)
{
    double worst = 0;

    for (size_t i = 0; i < STEPS; i++)
        worst = fmax(worst, fabs(r->losses[i] / t->losses[i] - 1));
    return worst;
}

/* The largest difference of a final parameter, relative to the largest parameter. */
static double worst_parameter(const trajectory *t, const double *parameters)
{
    double worst = 0, largest = 0;

    for (size_t i = 0; i < PARAMETERS; i++) {
        worst = fmax(worst, fabs(parameters[i] - t->parameters[i]));
        largest = fmax(largest, fabs(t->parameters[i]));
    }
    return worst / largest;
}

static void check_trajectory(int index, bool fused)
{
    const trajectory t = read_trajectory(index);
    double parameters[PARAMETERS];
    const recorder r = train(&t, fused, NULL, parameters);
    const double loss = worst_loss(&t, &r), weight = worst_parameter(&t, parameters);

    /* the loss falls by a fifth or more: each of the two batches against itself */
    ck_assert_double_le(t.losses[STEPS - 2], 0.8 * t.losses[0]);
    ck_assert_double_le(t.losses[STEPS - 1], 0.8 * t.losses[1]);
    ck_assert_msg(loss <= tolerance, "%s, %s on %s, %s: a loss is off by %.3g", t.activation,
                  t.loss, t.output, t.optimizer, loss);
    ck_assert_msg(weight <= tolerance, "%s, %s on %s, %s: a final parameter is off by %.3g",
                  t.activation, t.loss, t.output, t.optimizer, weight);
}

START_TEST(fused_loss_follows_pytorch)
{
    check_trajectory(_i, true);
}
END_TEST

START_TEST(unfused_loss_follows_pytorch)
{
    check_trajectory(_i, false);
}
END_TEST

/* --- mutants --- */

/* A folder with MUTANT_FOLDER/mutant_<name>.so as adam.so. */
static char *mutant_folder(const char *name)
{
    plx_error error = {.code = ERROR_NONE};
    char *folder = harness_folder(), *from = NULL, *to = file_join(folder, "adam.so");
    size_t length = 0;

    ck_assert_int_gt(asprintf(&from, MUTANT_FOLDER "/mutant_%s.so", name), 0);
    char *bytes = file_read(from, 1 << 24, false, &length, &error);
    ck_assert_msg(bytes != NULL, "%s", error.text);
    ck_assert_msg(file_write(to, bytes, length, &error), "%s", error.text);
    free(bytes);
    free(from);
    free(to);
    return folder;
}

/* In how many of the adam trajectories the plug-in's losses leave the tolerance. */
static int caught(const char *mutant, int *tried)
{
    char *folder = mutant_folder(mutant);
    int count = 0;

    *tried = 0;
    for (int i = 0; i < TRAJECTORIES; i++) {
        double parameters[PARAMETERS];
        const trajectory t = read_trajectory(i);
        if (strncmp(t.optimizer, "{name: adam,", 12) != 0 || strstr(t.optimizer, "amsgrad") != NULL)
            continue;
        const recorder r = train(&t, true, folder, parameters);
        count += worst_loss(&t, &r) > tolerance;
        (*tried)++;
    }
    free(folder);
    return count;
}

static void check_mutant(const char *name)
{
    int tried = 0;
    const int count = caught(name, &tried);

    ck_assert_int_ge(tried, 30);
    ck_assert_msg(count == tried, "mutant '%s' passes %d of %d trajectories", name, tried - count,
                  tried);
}

START_TEST(wrong_beta2_is_caught)
{
    check_mutant("beta2");
}
END_TEST

START_TEST(eps_inside_the_root_is_caught)
{
    check_mutant("eps");
}
END_TEST

START_TEST(missing_bias_correction_is_caught)
{
    check_mutant("correction");
}
END_TEST

START_TEST(unchanged_twin_passes)
{
    int tried = 0;

    ck_assert_int_eq(caught("twin", &tried), 0);
    ck_assert_int_ge(tried, 30);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("trajectories");
    TCase *follow = tcase_create("follow"), *mutants = tcase_create("mutants");

    tcase_set_timeout(follow, 30);
    tcase_add_loop_test(follow, fused_loss_follows_pytorch, 0, TRAJECTORIES);
    tcase_add_loop_test(follow, unfused_loss_follows_pytorch, 0, TRAJECTORIES);
    suite_add_tcase(s, follow);
    tcase_set_timeout(mutants, 120);
    tcase_add_test(mutants, wrong_beta2_is_caught);
    tcase_add_test(mutants, eps_inside_the_root_is_caught);
    tcase_add_test(mutants, missing_bias_correction_is_caught);
    tcase_add_test(mutants, unchanged_twin_passes);
    suite_add_tcase(s, mutants);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
