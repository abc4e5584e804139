/* check.c: `plexus check FILE.so` or `KIND NAME`: the conformance suite on one plug-in. The plug-in
 * is never loaded here: a name is only searched for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "author/check.h"
#include "cli/verbs.h"
#include "plugin/search.h"
#include "support/file.h"
#include "support/memory.h"

/* ---- which file ---- */

/* The folders that the catalog searches. */
static bool add_folders(const cli *context, search *search, plx_error *error)
{
    const cli_options *options = &context->options;
    bool good = true;

    for (size_t i = 0; good && i < options->plugin_dir_count; i++) {
        char *path = file_absolute(options->plugin_dir[i]);
        good = path != NULL && search_add(search, path, true, false);
        free(path);
    }
    good = good && search_add_environment(search, NULL) &&
           search_add(search, context->plugindir, false, true);
    return good || error_memory(error);
}

/* Where the plug-in of that kind and name lies, a new string. */
static char *path_by_name(cli *context, uint32_t kind, const char *name, plx_error *error)
{
    search search = {.folders = NULL};
    search_match match = {.path = NULL};
    char *path = NULL;

    if (add_folders(context, &search, error)) {
        if (text_is_name(name) && !search_find(&search, kind, name, &match))
            error_memory(error);
        else if (match.path == NULL)
            catalog_find(context->catalog, kind, name, error); /* to say what there is instead */
        else if ((path = memory_string(match.path)) == NULL)
            error_memory(error);
    }
    search_match_clear(&match);
    search_clear(&search);
    return path;
}

static char *find_path(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    const char *first = options->argument[0];
    uint32_t kind;
    char *path = NULL;

    if (options->argument_count == 2)
        return verbs_kind(first, &kind, error)
                   ? path_by_name(context, kind, options->argument[1], error)
                   : NULL;
    if (strchr(first, '/') == NULL && strstr(first, ".so") == NULL)
        error_set(error, ERROR_USAGE,
                  "usage: plexus check FILE.so, or plexus check KIND NAME, such as `plexus check "
                  "optimizer adam`");
    else if ((path = memory_string(first)) == NULL)
        error_memory(error);
    return path;
}

/* ---- what is shown ---- */

static void show_progress(void *context, size_t done, size_t count, const char *title)
{
    terminal *terminal = context;

    if (count > 0)
        terminal_words(terminal, "[%zu/%zu] %s", done + 1, count, title);
    else
        terminal_words(terminal, "%s", title);
}

static int width_of_output(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col < 100 ? size.ws_col : 100;
    return 80;
}

static bool is_coloured(void)
{
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");

    return isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || *no_colour == '\0') &&
           kind != NULL && *kind != '\0' && strcmp(kind, "dumb") != 0;
}

static bool print_report(const check_report *report, bool json, plx_error *error)
{
    text out = {.bytes = NULL};
    const bool good = json ? check_json(report, &out)
                           : check_text(report, width_of_output(), is_coloured(), &out);

    if (good)
        fputs(out.bytes, stdout);
    free(out.bytes);
    return good || error_memory(error);
}

static bool write_page(const check_report *report, const char *path, plx_error *error)
{
    text page = {.bytes = NULL};
    const bool good = check_html(report, &page) ? file_write(path, page.bytes, page.length, error)
                                                : error_memory(error);

    free(page.bytes);
    return good;
}

bool verb_check(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    const check_options how = {.limits = {.seconds = options->time_limit},
                               .builtin = context->plugindir,
                               .progress = show_progress,
                               .context = &context->terminal};
    char *path = find_path(context, error);

    if (options->progress != PROGRESS_AUTO)
        context->terminal.bar = options->progress == PROGRESS_ALWAYS;
    check_report *report = path != NULL ? check_run(path, &how, error) : NULL;
    free(path);
    terminal_clear(&context->terminal);
    if (report == NULL)
        return false;
    const bool good = print_report(report, options->json, error) &&
                      (options->html == NULL || write_page(report, options->html, error));
    context->exit_code = report->failed > 0 ? ERROR_RUN : 0;
    check_report_free(report);
    return good;
}
