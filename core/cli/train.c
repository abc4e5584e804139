/* train.c: `plexus train FILE.yaml` and `plexus train --resume DIR`. Owns what belongs to a
 * terminal: the name of a new run directory, the signals, the bar, the lines. A first SIGINT,
 * SIGTERM or SIGHUP asks the run to stop at the next batch, with a checkpoint; a second one ends
 * the program at once. */
#include "train/train.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/signals.h"
#include "cli/verbs.h"
#include "config/experiment.h"
#include "support/file.h"
#include "support/memory.h"

/* What the hooks share. */
typedef struct view {
    cli *cli;
    const char *name;
    bool lines;    /* epoch lines on stderr                                                      */
    int64_t first; /* epoch of this sitting, for the ETA                                         */
} view;

static double time_left(const view *view, const train_progress *p)
{
    const double done = (double)((p->epoch - view->first) * p->batches + p->batch);
    const double all = (double)((p->epochs - view->first + 1) * p->batches);

    return done > 0 ? p->seconds * (all - done) / done : -1;
}

static void show_begin(void *context, const train_begin *begin)
{
    view *v = context;

    signals_catch(); /* until now there was nothing to lose */
    v->first = begin->first_epoch;
    if (!v->lines)
        return;
    terminal_line(&v->cli->terminal, "%s: %s", v->name, begin->data);
    terminal_line(&v->cli->terminal, "%s", begin->network);
    terminal_line(&v->cli->terminal, "%s %s", begin->first_epoch > 1 ? "going on in" : "writing to",
                  begin->out);
}

static void show_progress(void *context, const train_progress *p)
{
    view *v = context;
    const bar_state state = {.epoch = p->epoch,
                             .epochs = p->epochs,
                             .batch = p->batch,
                             .batches = p->batches,
                             .loss = p->loss,
                             .lr = p->lr,
                             .eta = time_left(v, p),
                             .samples_per_second = p->samples_per_second};

    terminal_bar(&v->cli->terminal, &state);
}

/* Of the epochs 1, 2, 3, ... about sixty are shown, so that a long run of a tiny network stays
 * readable; all of them are in metrics.jsonl. */
static bool shown(const train_progress *p)
{
    const int64_t every = (p->epochs + 59) / 60;

    return p->epoch == p->epochs || p->epoch == 1 || p->epoch % every == 0;
}

static void show_epoch(void *context, const train_epoch *e)
{
    view *v = context;
    char line[256], rate[16];

    if (!v->lines || !shown(&e->progress))
        return;
    int at = snprintf(line, sizeof(line), "epoch %*lld/%lld  train loss %-9.5g",
                      (int)snprintf(NULL, 0, "%lld", (long long)e->progress.epochs),
                      (long long)e->progress.epoch, (long long)e->progress.epochs, e->train_loss);
    if (e->has_validation)
        for (int m = 0; m < METRIC_COUNT; m++)
            if (e->has[m] && (m == METRIC_LOSS || m == METRIC_ACCURACY || m == METRIC_R2))
                at += snprintf(line + at, sizeof(line) - (size_t)at, "  val %s %-8.5g",
                               metric_name((metric)m), e->value[m]);
    terminal_line(&v->cli->terminal, "%s %6s rows/s", line,
                  terminal_format_rate(e->progress.samples_per_second, rate));
}

static void show_json(void *context, const char *line)
{
    (void)context;
    puts(line);
    fflush(stdout);
}

/* runs/<name>-<n> with the first free n, made here so that two runs started at once get two
 * folders. */
static char *default_folder(const char *name, plx_error *error)
{
    char *runs = file_absolute("runs"), *folder = NULL;

    if (runs == NULL || !file_make_folder(runs, error))
        goto failed;
    for (int n = 1;; n++) {
        folder = memory_format("%s/%s-%d", runs, name, n);
        if (folder == NULL)
            goto failed;
        if (mkdir(folder, 0777) == 0)
            break;
        if (errno != EEXIST) {
            error_set(error, ERROR_DATA, "cannot make the folder %s: %s", folder, strerror(errno));
            goto failed;
        }
        free(folder);
    }
    free(runs);
    return folder;
failed:
    free(runs);
    free(folder);
    error_memory(error); /* unless something else has been said */
    return NULL;
}

/* The sentence that ends a run, and the figures of the model that was kept. */
static void show_result(cli *context, const train_result *result)
{
    static const char *const ends[] = {[TRAIN_COMPLETED] = "not converged",
                                       [TRAIN_EARLY_STOPPED] = "stopped early",
                                       [TRAIN_DIVERGED] = "diverged"};
    terminal *t = &context->terminal;
    text out = {.bytes = NULL};

    terminal_clear(t);
    if (result->status == TRAIN_INTERRUPTED)
        terminal_line(t, "interrupted after step %lld; `plexus train --resume %s` goes on",
                      (long long)result->steps, result->out);
    else if (result->reason[0] != '\0')
        terminal_line(t, "%s: %s", ends[result->status], result->reason);
    if (context->options.json || result->status == TRAIN_INTERRUPTED)
        return;
    const metrics *figures = result->test != NULL         ? result->test
                             : result->validation != NULL ? result->validation
                                                          : result->training;
    const char *rows = result->test != NULL         ? "test rows"
                       : result->validation != NULL ? "validation rows"
                                                    : "training rows";
    if (figures != NULL && metrics_print(figures, &out))
        printf("%s\n%s", rows, out.bytes);
    free(out.bytes);
    printf("model    %s/model.safetensors\n", result->out);
}

/* Where the time of the steps went, as a table or as one more line of JSON. */
static void show_profile(const cli *context, const breakdown *profile)
{
    text out = {.bytes = NULL};

    if (context->options.json && breakdown_json(profile, &out))
        puts(out.bytes);
    if (!context->options.json && breakdown_print(profile, &out))
        printf("\n%s", out.bytes);
    free(out.bytes);
}

/* The experiment: of the file, or of the run directory that is resumed. */
static experiment *read_experiment(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    const experiment_options how = {.sets = options->set, .set_count = options->set_count};

    if (options->resume == NULL) {
        if (options->argument_count != 1) {
            error_set(error, ERROR_USAGE, "usage: plexus train FILE.yaml, or --resume DIR");
            return NULL;
        }
        return experiment_read(options->argument[0], &how, context->catalog, error);
    }
    const size_t own = options->threads == 0 ? 0 : 1;
    if (options->argument_count != 0 || options->out != NULL || options->set_count != own) {
        error_set(error, ERROR_USAGE,
                  "--resume goes on with a run as it was; only --threads and --progress may "
                  "change");
        return NULL;
    }
    char *path = file_join(options->resume, "config.yaml");
    if (path == NULL) {
        error_memory(error);
        return NULL;
    }
    experiment *experiment = NULL;
    if (!file_exists(path))
        error_set(error, ERROR_USAGE, "%s is no run directory: it has no config.yaml",
                  options->resume);
    else
        experiment = experiment_read(path, &how, context->catalog, error);
    free(path);
    return experiment;
}

static bool run(cli *context, const experiment *experiment, const train_options *where,
                plx_error *error)
{
    const cli_options *options = &context->options;
    terminal *terminal = &context->terminal;
    view view = {.cli = context,
                 .name = where->resume != NULL ? file_base(where->resume) : experiment->name,
                 .lines = options->progress != PROGRESS_NEVER,
                 .first = 1};

    if (options->progress != PROGRESS_AUTO)
        terminal->bar = options->progress == PROGRESS_ALWAYS;
    const train_hooks hooks = {.context = &view,
                               .begin = show_begin,
                               .progress = terminal->bar ? show_progress : NULL,
                               .epoch = show_epoch,
                               .line = options->json ? show_json : NULL,
                               .log = &context->log,
                               .stop = signals_flag()};
    train_result result;

    if (!train_run(experiment, context->catalog, where, &hooks, &result, error))
        return false;
    show_result(context, &result);
    if (result.profile != NULL)
        show_profile(context, result.profile);
    if (result.status == TRAIN_DIVERGED)
        context->exit_code = ERROR_RUN;
    if (result.status == TRAIN_INTERRUPTED)
        context->signal = *signals_flag();
    train_result_clear(&result);
    return true;
}

bool verb_train(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    train_options where = {.profile = options->profile};
    char *folder = NULL;
    bool ok = false;

    experiment *experiment = read_experiment(context, error);
    if (experiment == NULL)
        return false;
    if (options->resume != NULL)
        folder = file_absolute(options->resume);
    else if (options->out != NULL)
        folder = file_absolute(options->out);
    else
        folder = default_folder(experiment->name, error);
    if (folder == NULL) {
        error_memory(error);
        goto done;
    }
    if (options->resume != NULL)
        where.resume = folder;
    else
        where.out = folder;
    ok = run(context, experiment, &where, error);
    if (!ok && options->resume == NULL && options->out == NULL)
        rmdir(folder); /* if nothing was written to it */
done:
    free(folder);
    experiment_free(experiment);
    return ok;
}
