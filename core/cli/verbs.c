/* verbs.c: the table of verbs: what each is called, takes and says of itself. */
#include "cli/verbs.h"

#include <string.h>

#include "support/text.h"

static const verb verbs[] = {
    {"train", "FILE.yaml | --resume DIR", "train the network an experiment file describes",
     "Writes a run directory (default runs/<name>-<n>): the resolved config, metrics.jsonl,\n"
     "model.safetensors, a checkpoint after each epoch, run.json. Ctrl-C stops at the next batch\n"
     "with a checkpoint; --resume goes on and ends with the bits of an undisturbed run.\n",
     OPTION_SET | OPTION_OUT | OPTION_THREADS | OPTION_JSON | OPTION_PROGRESS | OPTION_PLUGIN_DIR |
         OPTION_SEED | OPTION_RESUME | OPTION_PROFILE,
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
    {"check", "FILE.so | KIND NAME", "find out whether a plug-in keeps the rules",
     "Each test runs in a process of its own, so that a crash or a hang is a finding. A failure\n"
     "says what was expected, what came and where to look. The exit code is 0 if all that is\n"
     "required holds, 1 if a test failed, 4 if the file is no plug-in at all.\n",
     OPTION_JSON | OPTION_HTML | OPTION_TIME_LIMIT | OPTION_PROGRESS | OPTION_PLUGIN_DIR, 1, 2,
     true, verb_check},
    {"new", "KIND NAME", "write a new plug-in project that works as it stands",
     "KIND is activation, loss or optimizer. The project is a folder of that NAME, or --out PATH: "
     "one\n"
     "C file, a meson.build, a README. `meson test` in it runs `plexus check`.\n",
     OPTION_OUT | OPTION_PLUGIN_DIR, 2, 2, true, verb_new},
    {"matrix", "plan|run|status|report|repro|diff ...",
     "compare components: every cell of a matrix",
     "plan FILE.yaml           the cells, what is skipped and why, the runs, how long they take\n"
     "run FILE.yaml            do what is not done yet; --out DIR (default runs/<name>) keeps the\n"
     "                         results; run again goes on, whatever ended it\n"
     "status DIR               how far it is; may be asked while it runs\n"
     "report DIR               the verdict, and DIR/report.html\n"
     "repro DIR RUN            do one run again, by the first digits of its identity, and compare\n"
     "                         the bits\n"
     "diff DIR DIR             compare two sets of results\n"
     "The exit code is 1 if a gate fails, a cell is missing, bits or results differ.\n",
     OPTION_OUT | OPTION_WORKERS | OPTION_RETRY | OPTION_JSON | OPTION_PROGRESS | OPTION_HTML |
         OPTION_CSV | OPTION_JSONL | OPTION_JUNIT | OPTION_MARKDOWN | OPTION_PLUGIN_DIR,
     1, 3, true, verb_matrix},
    {"help", "[VERB]", "this text, or more about a verb", NULL, 0, 0, 1, false, verb_help},
    {"version", "[plugindir|includedir]", "versions of the program and what it runs on",
     "With an argument, the folder of the built-in plug-ins, or the one to compile plug-ins with "
     "-I.\n",
     OPTION_JSON, 0, 1, false, verb_version},
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

bool verbs_unknown(const char *name, plx_error *error)
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

bool verbs_kind(const char *word, uint32_t *kind, plx_error *error)
{
    *kind = catalog_kind(word);
    if (*kind != 0)
        return true;
    return error_set(error, ERROR_USAGE,
                     "no kind of plug-in '%s'; there are activation, loss and optimizer", word);
}
