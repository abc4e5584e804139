/* options.c: see options.h. The table below is the only place that knows an option's spelling. */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"

typedef struct option_row {
    const char *name;  /* without the two dashes                                                  */
    const char *value; /* what stands for its value in help; NULL: a switch                      */
    unsigned bit;
    const char *help;
} option_row;

static const option_row rows[] = {
    {"set", "KEY=VALUE", OPTION_SET, "override a config key, such as train.epochs=5"},
    {"seed", "N", OPTION_SEED, "sets train.seed"},
    {"threads", "N", OPTION_THREADS, "worker threads, 1 to 256; changes no result"},
    {"out", "PATH", OPTION_OUT, "where to write"},
    {"resume", "DIR", OPTION_RESUME, "go on with an interrupted run"},
    {"probabilities", NULL, OPTION_PROBABILITIES, "a column for the probability of each class"},
    {"top-k", "K", OPTION_TOP_K, "also count a row as right if its class is among the K likeliest"},
    {"json", NULL, OPTION_JSON, "one JSON object a line on standard output"},
    {"profile", NULL, OPTION_PROFILE, "also say where the time of the steps went"},
    {"workers", "N", OPTION_WORKERS, "runs at a time, 1 to 256; default: one a processor"},
    {"retry-failed", NULL, OPTION_RETRY,
     "do again what crashed, was killed or ended with an error"},
    {"html", "FILE", OPTION_HTML, "also write the report as an HTML page"},
    {"csv", "FILE", OPTION_CSV, "also write a row a run"},
    {"jsonl", "FILE", OPTION_JSONL, "also write an object a run"},
    {"junit", "FILE", OPTION_JUNIT, "also write cells and gates as JUnit XML"},
    {"markdown", "FILE", OPTION_MARKDOWN, "also write a summary in Markdown"},
    {"time-limit", "SECONDS", OPTION_TIME_LIMIT, "of each test, 0.1 to 3600; default 30"},
    {"progress", "WHEN", OPTION_PROGRESS, "the progress bar: auto, always or never"},
    {"plugin-dir", "DIR", OPTION_PLUGIN_DIR, "search this folder for plug-ins first (repeatable)"},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const option_row *find_row(const char *name, size_t length)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
            return &rows[i];
    return NULL;
}

static bool unknown_option(const char *argument, const char *verb, unsigned takes, plx_error *error)
{
    const char *names[ROWS];
    size_t count = 0;
    char name[64];

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].bit & takes)
            names[count++] = rows[i].name;
    const char *near = text_nearest(name, names, count);
    if (near != NULL)
        return error_set(error, ERROR_USAGE, "%s has no option '--%s'; did you mean '--%s'?", verb,
                         name, near);
    return error_set(error, ERROR_USAGE,
                     "%s has no option '--%s'; `plexus help %s` lists its options", verb, name,
                     verb);
}

static bool whole_number(const char *text, int64_t low, int64_t high, const char *name,
                         int64_t *value, plx_error *error)
{
    if (text_is_integer(text, strlen(text), value) && *value >= low && *value <= high)
        return true;
    return error_set(error, ERROR_USAGE, "--%s takes a whole number from %lld to %lld, not '%s'",
                     name, (long long)low, (long long)high, text);
}

static bool take_progress(const char *value, cli_options *options, plx_error *error)
{
    static const char *const words[] = {"auto", "always", "never"};

    for (size_t i = 0; i < 3; i++)
        if (strcmp(words[i], value) == 0) {
            options->progress = (progress_mode)i;
            return true;
        }
    return error_set(error, ERROR_USAGE, "--progress takes auto, always or never, not '%s'", value);
}

/* All 64 bits, as train.seed takes them. */
static bool take_seed(const char *value, cli_options *options, plx_error *error)
{
    errno = 0;
    const unsigned long long seed = strtoull(value, NULL, 10);
    const size_t digits = strspn(value, "0123456789");

    if (digits == 0 || value[digits] != '\0' || errno != 0)
        return error_set(error, ERROR_USAGE,
                         "--seed takes a whole number from 0 to 18446744073709551615, not '%s'",
                         value);
    snprintf(options->seed_set, sizeof(options->seed_set), "train.seed=%llu", seed);
    return true;
}

static bool take_time_limit(const char *value, cli_options *options, plx_error *error)
{
    if (text_is_double(value, strlen(value), &options->time_limit) && options->time_limit >= 0.1 &&
        options->time_limit <= 3600)
        return true;
    return error_set(error, ERROR_USAGE, "--time-limit takes seconds from 0.1 to 3600, not '%s'",
                     value);
}

/* Where an option's text is kept as it stands; NULL: it is more than that. */
static const char **text_of_option(unsigned bit, cli_options *options)
{
    switch (bit) {
    case OPTION_OUT:
        return &options->out;
    case OPTION_RESUME:
        return &options->resume;
    case OPTION_HTML:
        return &options->html;
    case OPTION_CSV:
        return &options->csv;
    case OPTION_JSONL:
        return &options->jsonl;
    case OPTION_JUNIT:
        return &options->junit;
    case OPTION_MARKDOWN:
        return &options->markdown;
    default:
        return NULL;
    }
}

static bool take_option(const option_row *row, const char *value, cli_options *options,
                        plx_error *error)
{
    const char **kept = text_of_option(row->bit, options);
    int64_t number = 0;

    if (kept != NULL) {
        *kept = value;
        return true;
    }
    switch (row->bit) {
    case OPTION_SET:
        options->set[options->set_count++] = value;
        return true;
    case OPTION_SEED:
        options->seed_given = true;
        return take_seed(value, options, error);
    case OPTION_THREADS:
        if (!whole_number(value, 1, 256, row->name, &number, error))
            return false;
        options->threads = (int)number;
        snprintf(options->threads_set, sizeof(options->threads_set), "train.threads=%lld",
                 (long long)number);
        return true;
    case OPTION_WORKERS:
        if (!whole_number(value, 1, 256, row->name, &number, error))
            return false;
        options->workers = (size_t)number;
        return true;
    case OPTION_TOP_K:
        if (!whole_number(value, 1, 100000, row->name, &number, error))
            return false;
        options->top_k = (size_t)number;
        return true;
    case OPTION_RETRY:
        options->retry = true;
        return true;
    case OPTION_TIME_LIMIT:
        return take_time_limit(value, options, error);
    case OPTION_PLUGIN_DIR:
        options->plugin_dir[options->plugin_dir_count++] = value;
        return true;
    case OPTION_JSON:
        options->json = true;
        return true;
    case OPTION_PROFILE:
        options->profile = true;
        return true;
    case OPTION_PROBABILITIES:
        options->probabilities = true;
        return true;
    default:
        return take_progress(value, options, error);
    }
}

/* One argument that begins with two dashes; *at moves past a value taken from the next argument. */
static bool read_option(int argc, char **argv, int *at, const char *verb, unsigned takes,
                        cli_options *options, plx_error *error)
{
    const char *name = argv[*at] + 2;
    const size_t length = strcspn(name, "=");
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    const option_row *row = find_row(name, length);

    if (row == NULL || !(row->bit & takes))
        return unknown_option(argv[*at], verb, takes, error);
    if (row->value == NULL && value != NULL)
        return error_set(error, ERROR_USAGE, "--%s takes no value", row->name);
    if (row->value != NULL && value == NULL && *at + 1 < argc)
        value = argv[++*at];
    if (row->value != NULL && (value == NULL || *value == '\0'))
        return error_set(error, ERROR_USAGE, "--%s needs a value: --%s %s", row->name, row->name,
                         row->value);
    options->given |= row->bit;
    return take_option(row, value, options, error);
}

bool options_read(int argc, char **argv, const char *verb, unsigned takes, cli_options *options,
                  plx_error *error)
{
    bool only_arguments = false;

    memset(options, 0, sizeof(*options));
    options->argument = memory_array((size_t)argc + 1, sizeof(char *));
    options->set = memory_array((size_t)argc + 3, sizeof(char *));
    options->plugin_dir = memory_array((size_t)argc + 1, sizeof(char *));
    if (options->argument == NULL || options->set == NULL || options->plugin_dir == NULL)
        return error_memory(error);

    for (int i = 2; i < argc; i++) {
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments &&
                   (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            options->help = true;
        } else if (!only_arguments && strncmp(argv[i], "--", 2) == 0) {
            if (!read_option(argc, argv, &i, verb, takes, options, error))
                return false;
        } else if (!only_arguments && argv[i][0] == '-' && argv[i][1] != '\0') {
            return error_set(error, ERROR_USAGE, "no option '%s'; options begin with two dashes",
                             argv[i]);
        } else if (argv[i][0] == '\0') {
            return error_set(error, ERROR_USAGE, "argument %d of %s is empty; an unset variable?",
                             i - 1, verb);
        } else {
            options->argument[options->argument_count++] = argv[i];
        }
    }
    if (options->seed_given)
        options->set[options->set_count++] = options->seed_set;
    if (options->threads != 0)
        options->set[options->set_count++] = options->threads_set;
    return true;
}

bool options_allow(const cli_options *options, unsigned takes, const char *verb, const char *part,
                   plx_error *error)
{
    for (size_t i = 0; i < ROWS; i++)
        if (options->given & rows[i].bit & ~takes)
            return error_set(error, ERROR_USAGE, "%s%s takes no option '--%s'", verb, part,
                             rows[i].name);
    return true;
}

void options_clear(cli_options *options)
{
    free(options->argument);
    free(options->set);
    free(options->plugin_dir);
    memset(options, 0, sizeof(*options));
}

void options_help(unsigned takes)
{
    for (size_t i = 0; i < ROWS; i++) {
        char left[40];

        if (!(rows[i].bit & takes))
            continue;
        snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].value == NULL ? "" : " ",
                 rows[i].value == NULL ? "" : rows[i].value);
        printf("  %-20s  %s\n", left, rows[i].help);
    }
}
