/* main.c: the `plexus` program. It finds the verb, reads its options, opens the plug-in catalog and runs
 * it. An error becomes one line on stderr and its class the exit code:
 *   0 ok, 1 the run failed, 2 usage, 3 config, 4 plug-in, 5 data or model file. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "network/product.h"
#include "support/text.h"

static const verb verbs[] = {
    {"train", "FILE.yaml | --resume DIR", "train the network an experiment file describes",
     "Writes a run directory (default runs/<name>-<n>): the resolved config, metrics.jsonl,\n"
     "model.safetensors, a checkpoint after each epoch, run.json. Ctrl-C stops at the next batch\n"
     "with a checkpoint; --resume goes on and ends with the bits of an undisturbed run.\n",
     OPTION_SET | OPTION_OUT | OPTION_THREADS | OPTION_JSON | OPTION_PROGRESS | OPTION_PLUGIN_DIR |
         OPTION_SEED | OPTION_RESUME,
     0, 1, true, verb_train},
    {"eval", "MODEL [DATA [TARGETS]]", "measure a model on a data file",
     "MODEL is a model.safetensors or a run directory. Without DATA, a run directory is measured\n"
     "on the test part of its own data. TARGETS is y of an IDX or NPY pair.\n",
     OPTION_THREADS | OPTION_JSON | OPTION_PLUGIN_DIR | OPTION_TOP_K, 1, 3, true, verb_eval},
    {"predict", "MODEL DATA", "write a model's answers for the rows of a data file",
     "CSV on standard output, or --out FILE (.csv or .npy). Class labels and units are restored.\n",
     OPTION_OUT | OPTION_THREADS | OPTION_PROBABILITIES | OPTION_PLUGIN_DIR, 2, 2, true,
     verb_predict},
    {"config", "FILE.yaml", "print the resolved experiment, every default shown", NULL,
     OPTION_SET | OPTION_SEED | OPTION_THREADS | OPTION_PLUGIN_DIR, 1, 1, true, verb_config},
    {"summary", "MODEL", "print a model's layers, parameters, scaling and labels", NULL,
     OPTION_JSON | OPTION_PLUGIN_DIR, 1, 1, true, verb_summary},
    {"plugins", "[activation|loss|optimizer]", "list the plug-ins: kind, name, version, path", NULL,
     OPTION_JSON | OPTION_PLUGIN_DIR, 0, 1, true, verb_plugins},
    {"describe", "KIND NAME | FILE.so", "a plug-in's formula, settings, state and source", NULL,
     OPTION_JSON | OPTION_PLUGIN_DIR, 1, 2, true, verb_describe},
    {"help", "[VERB]", "this text, or more about a verb", NULL, 0, 0, 1, false, verb_help},
    {"version", "", "versions of the program and what it runs on", NULL, OPTION_JSON, 0, 0, false,
     verb_version},
    {NULL, NULL, NULL, NULL, 0, 0, 0, false, NULL},
};

const verb *verbs_all(void)
{
    return verbs;
}

const verb *verbs_find(const char *name)
{
    for (const verb *v = verbs; v->name != NULL; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

static bool unknown_verb(const char *name, plx_error *error)
{
    const char *names[sizeof(verbs) / sizeof(verbs[0])];
    size_t count = 0;

    for (const verb *v = verbs; v->name != NULL; v++)
        names[count++] = v->name;
    const char *near = text_nearest(name, names, count);
    if (near != NULL)
        return error_set(error, ERROR_USAGE, "no command '%s'; did you mean '%s'?", name, near);
    return error_set(error, ERROR_USAGE, "no command '%s'; `plexus help` lists them", name);
}

static bool open_catalog(cli *context, plx_error *error)
{
    char *builtin = catalog_builtin_folder(PLEXUS_BUILD_ROOT, PLEXUS_BINDIR, PLEXUS_PLUGINDIR);
    const catalog_options options = {.folders = context->options.plugin_dir,
                                     .folder_count = context->options.plugin_dir_count,
                                     .environment = true,
                                     .builtin = builtin,
                                     .log = &context->log};

    if (builtin == NULL)
        return error_memory(error);
    context->catalog = catalog_new(&options, error);
    free(builtin);
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
        return error_set(error, ERROR_USAGE, "usage: plexus %s %s", verb->name, verb->arguments);
    if (!cap_isa(error))
        return false;
    if (verb->catalog && !open_catalog(context, error))
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
        return unknown_verb(name, error);
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

    signal(SIGPIPE, SIG_IGN);
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
    if (context.signal != 0) {
        signal(context.signal, SIG_DFL);
        raise(context.signal);
    }
    return context.exit_code;
}
