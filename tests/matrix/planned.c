#include "planned.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "matrix/store.h"
#include "support/memory.h"

planned *planned_new(const char *folder, const char *text)
{
    const char *const folders[] = {MATRIX_TEST_PLUGINS};
    const catalog_options places = {
        .folders = folders, .folder_count = 1, .builtin = PLEXUS_PLUGIN_BUILD_DIR};
    planned *made = calloc(1, sizeof(*made));
    char *file = harness_file(folder, "m.yaml", text);

    made->catalog = catalog_new(&places, &made->error);
    ck_assert_msg(made->catalog != NULL, "%s", made->error.text);
    made->spec = spec_read(file, &made->error);
    ck_assert_msg(made->spec != NULL, "%s", made->error.text);
    made->plan = plan_new(made->spec, made->catalog, NULL, &made->error);
    free(file);
    return made;
}

planned *planned_expect(const char *folder, const char *text)
{
    planned *made = planned_new(folder, text);

    ck_assert_msg(made->plan != NULL, "%s", made->error.text);
    return made;
}

void planned_free(planned *planned)
{
    plan_free(planned->plan);
    spec_free(planned->spec);
    catalog_free(planned->catalog);
    free(planned);
}

runner_result planned_run(const planned *planned, const char *out, size_t workers)
{
    const runner_options options = {.folder = out, .workers = workers};
    const runner_hooks hooks = {.context = NULL};
    plx_error error = {0};
    runner_result result;

    const bool good = runner_run(planned->plan, &options, &hooks, &result, &error);
    ck_assert_msg(good, "%s", error.text);
    return result;
}

runner_result planned_run_text(const char *folder, const char *text, const char *out,
                               size_t workers)
{
    planned *made = planned_expect(folder, text);
    const runner_result result = planned_run(made, out, workers);

    planned_free(made);
    return result;
}

char *planned_dump(const char *out)
{
    plx_error error = {0};
    text dump = {0};
    store *opened = store_open(out, false, false, &error);

    ck_assert_msg(opened != NULL, "%s", error.text);
    ck_assert_msg(store_dump(opened, &dump, &error), "%s", error.text);
    store_close(opened);
    return dump.bytes;
}

experiment *planned_experiment(const planned *planned, size_t cell)
{
    const plan_run run = {
        .cell = cell, .phase = RUN_FINAL, .seed = planned->spec->protocol.final_seeds.seed[0]};
    plx_error error = {0};
    experiment *made = plan_experiment(planned->plan, &run, &error);

    ck_assert_msg(made != NULL, "%s", error.text);
    return made;
}

void planned_write_data(const char *folder)
{
    text rows = {0};

    text_add(&rows, "x,y,class\n");
    for (int i = 0; i < 24; i++)
        text_addf(&rows, "%d,%d,%s\n", i % 5, i % 7, (i % 5) + (i % 7) > 5 ? "big" : "small");
    free(harness_file(folder, "data.csv", rows.bytes));
    free(rows.bytes);
}

/* ---- whole matrices -------------------------------------------------------------------------- */

matrix_place place_new(void)
{
    return (matrix_place){harness_memory_folder(), harness_memory_folder()};
}

void place_free(matrix_place *place)
{
    free(place->folder);
    free(place->out);
}

runner_result place_run(const matrix_place *place, const char *rest, size_t workers)
{
    char *text = memory_format("%s%s", PLANNED_XOR, rest);
    const runner_result result = planned_run_text(place->folder, text, place->out, workers);

    free(text);
    return result;
}

runner_result place_run_with(const matrix_place *place, const char *rest, runner_options options,
                             const runner_hooks *hooks, plx_error *error)
{
    char *text = memory_format("%s%s", PLANNED_XOR, rest);
    planned *made = planned_expect(place->folder, text);
    runner_result result;

    options.folder = place->out;
    options.workers = options.workers > 0 ? options.workers : 1;
    const bool good = runner_run(made->plan, &options, hooks, &result, error);
    ck_assert_int_eq(good, error->code == ERROR_NONE);
    planned_free(made);
    free(text);
    return result;
}

const runner_hooks place_no_hooks = {.context = NULL};

char *place_dump_of(const char *rest)
{
    matrix_place place = place_new();
    place_run(&place, rest, 1);
    char *dump = planned_dump(place.out);

    place_free(&place);
    return dump;
}

void place_expect_dump(const matrix_place *place, const char *expected)
{
    char *dump = planned_dump(place->out);

    ck_assert_str_eq(dump, expected);
    free(dump);
}

void place_on_progress(void *context, const runner_progress *progress)
{
    place_watch *watch = context;

    watch->calls++;
    watch->last = *progress;
    if (watch->stop_at > 0 && progress->done >= watch->stop_at)
        watch->stop = 1;
    if (watch->kill_at > 0 && progress->done >= watch->kill_at)
        kill(getpid(), SIGKILL);
}
