/* matrix.c: `plexus matrix plan|run|status|report|repro|diff`: comparisons. Owns what belongs to a
 * terminal: signals, the line that shows how far it is, which files are written where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/signals.h"
#include "cli/verbs.h"
#include "matrix/analysis.h"
#include "matrix/diff.h"
#include "matrix/estimate.h"
#include "matrix/export.h"
#include "matrix/plan_text.h"
#include "matrix/repro.h"
#include "matrix/runner.h"
#include "matrix/status.h"
#include "matrix/summary.h"
#include "report/matrix_page.h"
#include "support/file.h"
#include "support/memory.h"

enum { WIDTH = 100, MOST_LABEL = 30 }; /* columns */

/* ---- shared ---------------------------------------------------------------------------------- */

static bool print_text(text *out, bool good, plx_error *error)
{
    good = good && !out->failed;
    if (good && out->bytes != NULL)
        fputs(out->bytes, stdout);
    free(out->bytes);
    return good || error_memory(error);
}

static bool write_text(const char *path, text *out, bool good, plx_error *error)
{
    good = good && !out->failed ? file_write(path, out->bytes, out->length, error)
                                : error_memory(error);
    free(out->bytes);
    return good;
}

/* Lines longer than that are hard to read. */
static int summary_width(void)
{
    const int columns = terminal_columns(STDOUT_FILENO, WIDTH);

    return columns < WIDTH ? columns : WIDTH;
}

static size_t workers_of(const cli *context)
{
    return context->options.workers > 0 ? context->options.workers : runner_processors();
}

static store *open_results(const char *folder, plx_error *error)
{
    char *path = file_absolute(folder);
    store *opened = NULL;

    if (path == NULL)
        error_memory(error);
    else
        opened = store_open(path, false, false, error);
    free(path);
    return opened;
}

static plan *read_plan(cli *context, const char *file, spec **spec, plx_error *error)
{
    catalog_probe_first(context->catalog, true);
    *spec = spec_read(file, error);
    return *spec == NULL ? NULL : plan_new(*spec, context->catalog, &context->log, error);
}

/* ---- plan ------------------------------------------------------------------------------------ */

static bool show_plan(cli *context, plx_error *error)
{
    spec *spec = NULL;
    plan *plan = read_plan(context, context->options.argument[1], &spec, error);
    estimate estimate;
    text out = {0};
    bool good = plan != NULL && estimate_make(plan, 1, &estimate, error);

    if (good) {
        const size_t workers = workers_of(context);
        good = print_text(&out,
                          context->options.json ? plan_json(plan, &estimate, workers, &out)
                                                : plan_text(plan, &estimate, workers, &out),
                          error);
    }
    plan_free(plan);
    spec_free(spec);
    return good;
}

/* ---- what results say ------------------------------------------------------------------------ */

/* Writes what the options ask for, and the page; prints the summary. */
static bool report(cli *context, store *store, const char *folder, plx_error *error)
{
    const cli_options *options = &context->options;
    analysis *made = analysis_new(store, error);
    char *page =
        options->html != NULL ? memory_string(options->html) : file_join(folder, "report.html");
    text out = {0}, html = {0}, junit = {0}, markdown = {0};

    bool good =
        made != NULL && (page != NULL || error_memory(error)) &&
        write_text(page, &html, matrix_page(made, folder, &html), error) &&
        (options->junit == NULL ||
         write_text(options->junit, &junit, summary_junit(made, &junit), error)) &&
        (options->markdown == NULL ||
         write_text(options->markdown, &markdown, summary_markdown(made, &markdown), error)) &&
        (options->csv == NULL || export_csv(store, options->csv, error)) &&
        (options->jsonl == NULL || export_jsonl(store, options->jsonl, error)) &&
        print_text(&out,
                   options->json ? summary_json(made, &out)
                                 : summary_text(made, summary_width(), &out),
                   error);
    if (good && !options->json)
        printf("report   %s\n", page);
    if (good && !analysis_passed(made))
        context->exit_code = ERROR_RUN;
    free(page);
    analysis_free(made);
    return good;
}

static bool report_on(cli *context, const char *folder, plx_error *error)
{
    store *store = open_results(folder, error);
    const bool good = store != NULL && report(context, store, folder, error);

    store_close(store);
    return good;
}

static bool show_report(cli *context, plx_error *error)
{
    return report_on(context, context->options.argument[1], error);
}

static bool show_status(cli *context, plx_error *error)
{
    store *store = open_results(context->options.argument[1], error);
    matrix_status status = {.file = NULL};
    text out = {0};
    bool good = store != NULL && status_read(store, &status, error);

    good = good && print_text(&out,
                              context->options.json ? status_json(&status, &out)
                                                    : status_text(&status, &out),
                              error);
    status_clear(&status);
    store_close(store);
    return good;
}

/* ---- run ------------------------------------------------------------------------------------- */

typedef struct view {
    cli *context;
    size_t told; /* tenths of the work that a line told of, where there is no bar                 */
} view;

/* A bar is drawn; else a line tells of every tenth. */
static void show_progress(void *context, const runner_progress *p)
{
    view *v = context;
    terminal *terminal = &v->context->terminal;
    const size_t tenths = p->all == 0 ? 10 : p->done * 10 / p->all;
    char leader[4 * MOST_LABEL + 64] = "";

    if (p->leader != NULL) {
        char label[4 * MOST_LABEL + 4], name[32];
        snprintf(leader, sizeof(leader), "  leads: %s, %s %.4g",
                 text_shown(label, p->leader, strlen(p->leader), MOST_LABEL),
                 spec_metric_name(p->leader_metric, name), p->leader_mean);
    }
    const runs_state state = {.done = p->done,
                              .all = p->all,
                              .failed = p->failed,
                              .running = p->running,
                              .eta = p->left,
                              .leader = leader};
    if (terminal->bar)
        terminal_runs(terminal, &state);
    else if (v->context->options.progress != PROGRESS_NEVER && tenths > v->told)
        terminal_line(terminal, "%zu of %zu runs done, %zu failed%s", p->done, p->all, p->failed,
                      leader);
    if (tenths > v->told)
        v->told = tenths;
}

/* Its folder: --out, or runs/<name of the file>. A new string. */
static char *results_folder(const cli *context, const spec *spec)
{
    char *given = context->options.out != NULL ? memory_string(context->options.out)
                                               : memory_format("runs/%s", spec->name);
    char *path = given == NULL ? NULL : file_absolute(given);

    free(given);
    return path;
}

static void tell_end(cli *context, const runner_result *result, const char *folder)
{
    terminal *t = &context->terminal;

    terminal_clear(t);
    if (result->outcome == RUNNER_STOPPED)
        terminal_line(t, "interrupted with %zu of %zu runs done; the same command goes on",
                      result->done, result->all);
    else if (result->outcome == RUNNER_OUT_OF_TIME)
        terminal_line(t,
                      "out of time (limits.total_seconds) with %zu of %zu runs done; the same "
                      "command goes on",
                      result->done, result->all);
    else if (context->options.progress != PROGRESS_NEVER && result->ran == 0)
        terminal_line(t, "nothing to do: all %zu runs are done, %zu of them failed; results in %s",
                      result->all, result->failed, folder);
    else if (context->options.progress != PROGRESS_NEVER)
        terminal_line(t, "%zu runs, %zu of them now, in %.3g s; %zu failed; results in %s",
                      result->all, result->ran, result->seconds, result->failed, folder);
}

static bool run_plan(cli *context, plan *plan, const char *folder, plx_error *error)
{
    view view = {.context = context};
    const runner_options how = {
        .folder = folder, .workers = workers_of(context), .retry = context->options.retry};
    const runner_hooks hooks = {
        .context = &view, .progress = show_progress, .log = &context->log, .stop = signals_flag()};
    runner_result result;

    if (context->options.progress != PROGRESS_AUTO)
        context->terminal.bar = context->options.progress == PROGRESS_ALWAYS;
    signals_catch();
    if (!runner_run(plan, &how, &hooks, &result, error))
        return false;
    tell_end(context, &result, folder);
    const bool good = result.outcome == RUNNER_STOPPED || report_on(context, folder, error);
    context->signal = *signals_flag();
    return good;
}

static bool run(cli *context, plx_error *error)
{
    spec *spec = NULL;
    plan *plan = read_plan(context, context->options.argument[1], &spec, error);
    char *folder = plan == NULL ? NULL : results_folder(context, spec);
    bool good = false;

    if (plan != NULL && folder == NULL)
        error_memory(error);
    else if (plan != NULL)
        good = run_plan(context, plan, folder, error);
    free(folder);
    plan_free(plan);
    spec_free(spec);
    return good;
}

/* ---- repro, diff ----------------------------------------------------------------------------- */

/* A run that was cut short has left no bits, only the way it ended. */
static const char *repro_words(const repro *made)
{
    if (!made->same)
        return "not the same";
    return made->now.weights[0] != '\0' ? "the same bits" : "the same end";
}

static bool reproduce(cli *context, plx_error *error)
{
    sandbox_limits limits;
    store *store = open_results(context->options.argument[1], error);
    repro made = {.same = false};
    bool good = false;

    if (store != NULL && repro_limits(store, &limits, error)) {
        good = repro_run(store, context->options.argument[2], context->catalog, &limits,
                         &context->log, &made, error);
        if (good) {
            printf("run %.12s: %s (%s)\n", made.before.identity, repro_words(&made),
                   run_status_name(made.now.status));
            if (made.differences.bytes != NULL)
                fputs(made.differences.bytes, stdout);
            context->exit_code = made.same ? 0 : ERROR_RUN;
        }
        repro_clear(&made);
    }
    store_close(store);
    return good;
}

static bool compare(cli *context, plx_error *error)
{
    store *a = open_results(context->options.argument[1], error);
    store *b = a == NULL ? NULL : open_results(context->options.argument[2], error);
    diff *made = b == NULL ? NULL : diff_new(a, b, error);
    text out = {0};
    const bool good =
        made != NULL &&
        print_text(&out, context->options.json ? diff_json(made, &out) : diff_text(made, &out),
                   error);

    if (good && !diff_is_empty(made))
        context->exit_code = ERROR_RUN;
    diff_free(made);
    store_close(a);
    store_close(b);
    return good;
}

/* ---- the verb -------------------------------------------------------------------------------- */

static const struct part {
    const char *name, *arguments;
    size_t count; /* of arguments, its own name among them                                       */
    unsigned takes;
    bool (*run)(cli *context, plx_error *error);
} parts[] = {
    {"plan", "FILE.yaml", 2, OPTION_WORKERS | OPTION_JSON, show_plan},
    {"run", "FILE.yaml", 2,
     OPTION_OUT | OPTION_WORKERS | OPTION_RETRY | OPTION_JSON | OPTION_PROGRESS | OPTION_HTML |
         OPTION_CSV | OPTION_JSONL | OPTION_JUNIT | OPTION_MARKDOWN,
     run},
    {"status", "DIR", 2, OPTION_JSON, show_status},
    {"report", "DIR", 2,
     OPTION_JSON | OPTION_HTML | OPTION_CSV | OPTION_JSONL | OPTION_JUNIT | OPTION_MARKDOWN,
     show_report},
    {"repro", "DIR RUN", 3, 0, reproduce},
    {"diff", "DIR DIR", 3, OPTION_JSON, compare},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static bool refuse_part(const char *name, plx_error *error)
{
    const char *names[PARTS];

    for (size_t i = 0; i < PARTS; i++)
        names[i] = parts[i].name;
    const char *near = text_nearest(name, names, PARTS);
    if (near != NULL)
        return error_set(error, ERROR_USAGE, "matrix has no '%s'; did you mean '%s'?", name, near);
    return error_set(error, ERROR_USAGE,
                     "matrix has no '%s'; there are plan, run, status, report, repro and diff",
                     name);
}

bool verb_matrix(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;

    for (size_t i = 0; i < PARTS; i++) {
        if (strcmp(parts[i].name, options->argument[0]) != 0)
            continue;
        if (options->argument_count != parts[i].count)
            return error_set(error, ERROR_USAGE, "usage: plexus matrix %s %s", parts[i].name,
                             parts[i].arguments);
        if (!options_allow(options, parts[i].takes | OPTION_PLUGIN_DIR, "matrix ", parts[i].name,
                           error))
            return false;
        return parts[i].run(context, error);
    }
    return refuse_part(options->argument[0], error);
}
