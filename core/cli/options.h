/* options.h: the command line, read by one table. Options may stand anywhere after the verb;
 * each verb says which it takes, and any other is an error with the nearest name. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

/* One bit for each option, for a verb's `takes`. */
typedef enum {
    OPTION_SET = 1 << 0,
    OPTION_OUT = 1 << 1,
    OPTION_THREADS = 1 << 2,
    OPTION_JSON = 1 << 3,
    OPTION_PROGRESS = 1 << 4,
    OPTION_PLUGIN_DIR = 1 << 5,
    OPTION_SEED = 1 << 6,
    OPTION_RESUME = 1 << 7,
    OPTION_PROBABILITIES = 1 << 8,
    OPTION_TOP_K = 1 << 9,
    OPTION_HTML = 1 << 10,
    OPTION_TIME_LIMIT = 1 << 11,
    OPTION_WORKERS = 1 << 12,
    OPTION_RETRY = 1 << 13,
    OPTION_CSV = 1 << 14,
    OPTION_JSONL = 1 << 15,
    OPTION_JUNIT = 1 << 16,
    OPTION_MARKDOWN = 1 << 17,
    OPTION_PROFILE = 1 << 18,
} option_bit;

typedef enum { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER } progress_mode;

typedef struct cli_options {
    const char **argument; /* what is not an option, the verb left out                           */
    size_t argument_count;
    const char **set; /* in order; --seed and --threads are appended as assignments              */
    size_t set_count;
    const char **plugin_dir;
    size_t plugin_dir_count;
    const char *out, *resume, *html, *csv, *jsonl, *junit, *markdown;
    double time_limit; /* seconds; 0: not given                                                  */
    int threads; /* 0: not given                                                                 */
    size_t top_k, workers; /* 0: not given                                                       */
    bool json, probabilities, retry, profile, help, seed_given;
    unsigned given; /* bits of all that stand there                                              */
    progress_mode progress;
    char seed_set[48], threads_set[48];
} cli_options;

/* Reads argv[2 ..]. `verb` and `takes` are the verb's name and option bits. code ERROR_USAGE. */
bool options_read(int argc, char **argv, const char *verb, unsigned takes, cli_options *options,
                  plx_error *error);
/* Refuses an option that stands there and is not in `takes`, for a part of a verb: `verb` is "matrix ",
 * `part` "plan". ERROR_USAGE. */
bool options_allow(const cli_options *options, unsigned takes, const char *verb, const char *part,
                   plx_error *error);
void options_clear(cli_options *options);
/* For help: "  --set KEY=VALUE   ...\n" lines of the options in `takes`, printed to stdout. */
void options_help(unsigned takes);

#endif
