/* verbs.h: what main.c and the verbs share. A verb is one file with one function: it reads its
 * arguments, calls the library and prints; it decides nothing else. It returns false with the
 * error set, or true and leaves the exit code in context->exit_code (0 unless it says
 * otherwise). */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/options.h"
#include "cli/terminal.h"
#include "plugin/catalog.h"
#include "support/log.h"

typedef struct cli {
    cli_options options;
    catalog *catalog; /* NULL for verbs that need none                                           */
    char *plugindir;  /* the built-in plug-ins                                                   */
    char *includedir; /* what <plexus/plugin.h> is found in                                      */
    terminal terminal;
    logger log; /* lines to stderr, above the progress bar if there is one                 */
    int exit_code;
    int signal; /* not 0: end by dying of this signal                                      */
} cli;

typedef struct verb {
    const char *name;
    const char *arguments; /* "FILE.yaml"; for usage lines                                       */
    const char *summary;
    const char *help; /* further lines, or NULL                                                  */
    unsigned takes;
    size_t least, most; /* number of arguments                                                   */
    bool catalog;       /* needs plug-ins                                                        */
    bool (*run)(cli *context, plx_error *error);
} verb;

/* The table, ended by a row without a name; and the row of a name, or NULL. */
const verb *verbs_all(void);
const verb *verbs_find(const char *name);
/* Says that there is no such verb, with the nearest name. Always false. */
bool verbs_unknown(const char *name, plx_error *error);
/* A kind of plug-in by its word. */
bool verbs_kind(const char *word, uint32_t *kind, plx_error *error);

bool verb_train(cli *context, plx_error *error);
bool verb_eval(cli *context, plx_error *error);
bool verb_predict(cli *context, plx_error *error);
bool verb_config(cli *context, plx_error *error);
bool verb_summary(cli *context, plx_error *error);
bool verb_plugins(cli *context, plx_error *error);
bool verb_describe(cli *context, plx_error *error);
bool verb_check(cli *context, plx_error *error);
bool verb_new(cli *context, plx_error *error);
bool verb_matrix(cli *context, plx_error *error);
bool verb_help(cli *context, plx_error *error);
bool verb_version(cli *context, plx_error *error);

#endif
