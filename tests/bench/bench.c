/* bench.c: how fast the engine is, beside the plain loop, the machine's own limit and its peers.
 *
 *   bench [--workload NAME]... [--repeat N] [--peers] [--check] [--json]
 *   bench --scaling [--repeat N] [--json]
 *
 *   --peers    beside PyTorch and scikit-learn, too
 *   --check    says which of the targets (targets.c) hold; exit code 1 if one is missed
 *   --scaling  instead: time over the sizes of networks and batches (scaling.h)
 *
 * Speeds are measured by turns (contest.h), start-up and memory on a training process (training.h).
 * Exit code 2: the command line is wrong, or a peer is not installed. */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "contest.h"
#include "peers.h"
#include "report.h"
#include "scaling.h"
#include "support/memory.h"
#include "targets.h"
#include "training.h"

enum { MOST_WORKLOADS = 32, USAGE = 2 };

typedef struct options {
    const workload *chosen[MOST_WORKLOADS];
    size_t count;
    size_t repeat;
    bool peers, check, scaling, json;
} options;

/* --- the command line --- */

static bool choose(options *options, const char *name)
{
    const workload *found = workload_find(name);
    size_t count;
    const workload *list = workload_list(&count);

    if (found == NULL) {
        fprintf(stderr, "bench: there is no workload '%s'; there are", name);
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, " %s", list[i].name);
        fprintf(stderr, "\n");
        return false;
    }
    if (options->count == MOST_WORKLOADS) {
        fprintf(stderr, "bench: at most %d workloads at once\n", MOST_WORKLOADS);
        return false;
    }
    options->chosen[options->count++] = found;
    return true;
}

static bool read_repeat(options *options, const char *word)
{
    char *end;
    const long value = strtol(word, &end, 10);

    if (end == word || *end != '\0' || value < 1 || value > CONTEST_MOST_REPEATS) {
        fprintf(stderr, "bench: --repeat %s: expected a number from 1 to %d\n", word,
                CONTEST_MOST_REPEATS);
        return false;
    }
    options->repeat = (size_t)value;
    return true;
}

/* False: `letter` stands for no option, or its value is wrong. */
static bool take_option(options *options, int letter, const char *value)
{
    switch (letter) {
    case 'w':
        return choose(options, value);
    case 'r':
        return read_repeat(options, value);
    case 'p':
        return options->peers = true;
    case 'c':
        return options->check = true;
    case 's':
        return options->scaling = true;
    case 'j':
        return options->json = true;
    default:
        return false;
    }
}

static bool read_options(int argc, char **argv, options *options)
{
    static const struct option known[] = {{"workload", required_argument, NULL, 'w'},
                                          {"repeat", required_argument, NULL, 'r'},
                                          {"peers", no_argument, NULL, 'p'},
                                          {"check", no_argument, NULL, 'c'},
                                          {"scaling", no_argument, NULL, 's'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    size_t count;
    const workload *list = workload_list(&count);
    bool ok = true;
    int letter;

    *options = (struct options){.repeat = 7};
    while (ok && (letter = getopt_long(argc, argv, "", known, NULL)) != -1)
        ok = take_option(options, letter, optarg);
    if (options->scaling && (options->peers || options->check || options->count > 0))
        ok = false;
    if (!ok || optind < argc) {
        fprintf(stderr, "usage: bench [--workload NAME]... [--repeat N] [--peers] [--check] "
                        "[--json]\n"
                        "       bench --scaling [--repeat N] [--json]\n");
        return false;
    }
    for (size_t i = 0; options->count == 0 && i < count; i++)
        options->chosen[i] = &list[i];
    options->count = options->count == 0 ? count : options->count;
    return true;
}

/* False, and says so, unless all that the peers need is installed. */
static bool has_peers(void)
{
    text packages = {0};
    plx_error error = {0};
    const bool asked = peers_missing(&packages, &error);
    const bool ok = asked && packages.length == 0;

    if (!asked)
        fprintf(stderr, "bench: %s\n", error.text);
    else if (!ok)
        fprintf(stderr,
                "bench: --peers needs these packages: %s; install them with "
                "`script/setup %s`\n",
                packages.bytes, packages.bytes);
    free(packages.bytes);
    return ok;
}

/* --- the workloads --- */

static bool measure(const workload *workload, const options *options, finding *found)
{
    return contest_run(workload, options->repeat, options->peers, found) &&
           (workload->optimizer == NULL || training_measure(workload, options->repeat, found));
}

/* Hands the finding's figures to the targets that are about this workload. */
static void note_figures(const workload *workload, const finding *found, double *value)
{
    size_t count;
    const target *target = target_list(&count);

    for (size_t i = 0; i < count; i++)
        if (workload == workload_find(target[i].workload))
            value[i] = finding_figure(found, target[i].figure);
}

/* True: all could be measured. */
static bool measure_all(const options *options, json_t *rows, double *value)
{
    bool ok = true;

    for (size_t i = 0; i < options->count; i++) {
        const workload *workload = options->chosen[i];
        finding found;
        if (!measure(workload, options, &found)) {
            fprintf(stderr, "bench: %s\n", found.error.text);
            ok = false;
            continue;
        }
        note_figures(workload, &found, value);
        if (options->json)
            json_array_append_new(rows, report_json(workload, &found));
        else
            report_row(workload, &found, options->peers);
    }
    return ok;
}

/* A line for each target, and one that says it all. The JSON's reader finds them on the standard
 * error. */
static bool check(FILE *to, const double *value)
{
    size_t count;
    const target *target = target_list(&count);
    text out = {0};

    for (size_t i = 0; i < count; i++) {
        target_add(&out, &target[i], value[i]);
        text_add(&out, "\n");
    }
    const bool ok = target_summary(&out, target, value, count) && !out.failed;
    fflush(stdout);
    fprintf(to, "\n%s\n", out.failed ? "out of memory" : out.bytes);
    free(out.bytes);
    return ok;
}

static bool run(const options *options)
{
    size_t count;
    json_t *rows = json_array();

    target_list(&count);
    double *value = memory_array(count, sizeof(*value));
    if (value == NULL || rows == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        value[i] = (double)NAN;
    if (!options->json)
        report_head(options->peers);
    bool ok = measure_all(options, rows, value);
    if (options->json) {
        json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        printf("\n");
    }
    if (options->check)
        ok = check(options->json ? stderr : stdout, value) && ok;
    json_decref(rows);
    free(value);
    return ok;
}

int main(int argc, char **argv)
{
    options options;

    if (!read_options(argc, argv, &options) || (options.peers && !has_peers()))
        return USAGE;
    if (options.scaling)
        return scaling_run(options.repeat, options.json) ? EXIT_SUCCESS : EXIT_FAILURE;
    return run(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
