#include "fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/model.h"
#include "support/file.h"
#include "support/memory.h"

/* What the hooks work with. */
typedef struct watch {
    const plan *plan;
    outcome *outcome;
    volatile sig_atomic_t stop;
} watch;

static void on_begin(void *context, const train_begin *begin)
{
    watch *watch = context;
    watch->outcome->begin_calls++;
}

static void on_progress(void *context, const train_progress *progress)
{
    watch *watch = context;

    watch->outcome->progress_calls++;
    if (progress->step == watch->plan->kill_at_step)
        kill(getpid(), SIGKILL);
    if (progress->step == watch->plan->stop_at_step)
        watch->stop = 1;
    if (progress->step == watch->plan->meddle_at_step && watch->plan->meddle != NULL)
        watch->plan->meddle();
}

static void on_epoch(void *context, const train_epoch *epoch)
{
    watch *watch = context;

    watch->outcome->epoch_calls++;
    if (epoch->progress.epoch < 512)
        watch->outcome->val_loss[epoch->progress.epoch] = epoch->value[METRIC_LOSS];
    if (epoch->progress.epoch == watch->plan->kill_at_epoch)
        kill(getpid(), SIGKILL);
}

static void on_line(void *context, log_level level, const char *text)
{
    char *lines = context;
    const size_t room = sizeof(((outcome *)NULL)->warnings) - 1;

    strncat(lines, text, room - strlen(lines));
    strncat(lines, "\n", room - strlen(lines));
}

static experiment *parse(const plan *plan, catalog *catalog, plx_error *error)
{
    const experiment_options nothing = {0};
    experiment *made;

    if (plan->resume == NULL || plan->text != NULL) {
        made = experiment_parse("experiment.yaml", "/", plan->text, strlen(plan->text), &nothing,
                                catalog, error);
    } else {
        char *path = file_join(plan->resume, "config.yaml");
        made = experiment_read(path, &nothing, catalog, error);
        free(path);
    }
    if (made != NULL && plan->threads > 0)
        made->train.threads = plan->threads;
    return made;
}

outcome *plan_run(const plan *plan)
{
    outcome *made = calloc(1, sizeof(*made));
    watch watch = {.plan = plan, .outcome = made};
    const logger log = {.line = on_line, .context = made->warnings};
    const train_hooks hooks = {.context = &watch,
                               .begin = on_begin,
                               .progress = on_progress,
                               .epoch = on_epoch,
                               .log = &log,
                               .stop = &watch.stop};
    const train_options options = {.out = plan->out,
                                   .resume = plan->resume,
                                   .in_memory = plan->out == NULL && plan->resume == NULL,
                                   .data = plan->data,
                                   .profile = plan->profile,
                                   .checkpoint_seconds = plan->few_checkpoints ? 0 : -1};
    const char *const folders[] = {plan->plugins};
    const catalog_options places = {.folders = folders,
                                    .folder_count = plan->plugins != NULL,
                                    .builtin = PLEXUS_PLUGIN_BUILD_DIR};

    catalog *catalog = catalog_new(&places, &made->error);
    ck_assert_msg(catalog != NULL, "%s", made->error.text);
    experiment *experiment = parse(plan, catalog, &made->error);
    ck_assert_msg(experiment != NULL, "%s", made->error.text);
    made->ok = train_run(experiment, catalog, &options, &hooks, &made->result, &made->error);
    experiment_free(experiment);
    catalog_free(catalog);
    return made;
}

void outcome_free(outcome *outcome)
{
    train_result_clear(&outcome->result);
    free(outcome);
}

outcome *plan_expect(const plan *plan, train_status status)
{
    outcome *made = plan_run(plan);

    ck_assert_msg(made->ok, "%s", made->error.text);
    ck_assert_str_eq(train_status_name(made->result.status), train_status_name(status));
    return made;
}

int plan_run_in_child(const plan *plan)
{
    int status = 0;
    const pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        outcome *made = plan_run(plan);
        _exit(made->ok ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

char *fresh_run(void)
{
    char *folder = harness_folder();
    char *run = memory_format("%s/run", folder);

    free(folder);
    return run;
}

char *read_run_file(const char *folder, const char *name, size_t *length)
{
    plx_error error = {0};
    char *path = file_join(folder, name);
    char *bytes = file_read(path, 1 << 24, false, length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    free(path);
    return bytes;
}

/* Removes ,"name":NUMBER wherever it stands. */
static void remove_figure(char *text, const char *name)
{
    char *at;

    while ((at = strstr(text, name)) != NULL) {
        const size_t n = strlen(name) + strcspn(at + strlen(name), ",}");
        memmove(at, at + n, strlen(at + n) + 1);
    }
}

char *read_log(const char *folder)
{
    size_t length;
    char *text = read_run_file(folder, "metrics.jsonl", &length);

    remove_figure(text, ",\"seconds\":");
    remove_figure(text, ",\"samples_per_second\":");
    return text;
}

void assert_same_run(const char *expected, const char *actual)
{
    size_t length_a, length_b;
    char *model_a = read_run_file(expected, "model.safetensors", &length_a);
    char *model_b = read_run_file(actual, "model.safetensors", &length_b);
    char *log_a = read_log(expected), *log_b = read_log(actual);

    ck_assert_str_eq(log_a, log_b);
    ck_assert_uint_eq(length_a, length_b);
    ck_assert_mem_eq(model_a, model_b, length_a);
    free(model_a);
    free(model_b);
    free(log_a);
    free(log_b);
}
