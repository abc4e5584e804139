/* main.c: the `plexus` program. It finds the verb, reads its options, opens the plug-in catalog
 * and runs it. An error becomes one line on stderr and its class the exit code:
 *   0 ok, 1 the run failed, 2 usage, 3 config, 4 plug-in, 5 data or model file. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/signals.h"
#include "cli/verbs.h"
#include "network/product.h"

/* Where this program's plug-ins and header lie. */
static bool find_own(cli *context, plx_error *error)
{
    context->plugindir =
        catalog_own_folder(PLEXUS_BUILD_ROOT, "plugins", PLEXUS_BINDIR, PLEXUS_PLUGINDIR);
    context->includedir = catalog_own_folder(PLEXUS_BUILD_ROOT, PLEXUS_SOURCE_ROOT "/include",
                                             PLEXUS_BINDIR, PLEXUS_INCLUDEDIR);
    return (context->plugindir != NULL && context->includedir != NULL) || error_memory(error);
}

static bool open_catalog(cli *context, plx_error *error)
{
    const catalog_options options = {.folders = context->options.plugin_dir,
                                     .folder_count = context->options.plugin_dir_count,
                                     .environment = true,
                                     .builtin = context->plugindir,
                                     .log = &context->log};

    context->catalog = catalog_new(&options, error);
    return context->catalog != NULL;
}

static bool cap_isa(plx_error *error)
{
    const char *level = getenv("PLEXUS_ISA"), *reason = NULL;

    if (level == NULL || *level == '\0' || product_cap_isa(level, &reason))
        return true;
    return error_set(error, ERROR_USAGE, "PLEXUS_ISA is '%s': %s", level, reason);
}

/* The verb's own arguments and options, then the verb. */
static bool run_verb(cli *context, const verb *verb, int argc, char **argv, plx_error *error)
{
    if (!options_read(argc, argv, verb->name, verb->takes, &context->options, error))
        return false;
    if (context->options.help) {
        context->options.argument[0] = verb->name;
        context->options.argument_count = 1;
        return verb_help(context, error);
    }
    if (context->options.argument_count < verb->least ||
        context->options.argument_count > verb->most)
        return error_set(error, ERROR_USAGE, "usage: plexus %s%s%s", verb->name,
                         *verb->arguments == '\0' ? "" : " ", verb->arguments);
    if (!cap_isa(error))
        return false;
    if (!find_own(context, error) || (verb->catalog && !open_catalog(context, error)))
        return false;
    return verb->run(context, error);
}

static bool dispatch(cli *context, int argc, char **argv, plx_error *error)
{
    const char *name = argc < 2 ? "help" : argv[1];

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    const verb *verb = verbs_find(name);
    if (verb == NULL)
        return verbs_unknown(name, error);
    return run_verb(context, verb, argc, argv, error);
}

/* A result that could not be written is a failure, not a success with a hole. */
static bool flush_output(plx_error *error)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return error_set(error, ERROR_DATA, "cannot write standard output");
}

int main(int argc, char **argv)
{
    plx_error error = {.code = ERROR_NONE};
    cli context = {.exit_code = 0};

    signals_watch_files();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* who started it may have ignored its own children                */
    terminal_open(&context.terminal);
    context.log = terminal_logger(&context.terminal);
    bool ok = dispatch(&context, argc, argv, &error);
    ok = flush_output(&error) && ok;
    terminal_clear(&context.terminal);
    if (!ok) {
        fprintf(stderr, "%s%s\n", error.code == ERROR_USAGE ? "plexus: " : "", error.text);
        context.exit_code = error.code;
    }
    catalog_free(context.catalog);
    options_clear(&context.options);
    free(context.plugindir);
    free(context.includedir);
    if (context.signal != 0) {
        signal(context.signal, SIG_DFL);
        raise(context.signal);
    }
    return context.exit_code;
}
