/* bench.c: how fast the engine is, beside the plain loop and the machine's own limit.
 *
 *   bench [--workload NAME]... [--repeat N] [--json]
 *
 * A machine's speed drifts by the minute, so only ratios within one run count: for each workload
 * engine and plain loop take turns, one short slice each, and so does the measurement of the
 * roofline (roofline.h); a ratio is taken in each pair, and the median of the ratios is reported.
 * Both are warm when the first slice begins.
 *
 * Each workload runs in a child process of its own: nothing one leaves behind (a heap, generated
 * code) helps or hurts the next. Peak memory is that of another child, which makes the data and
 * trains with the engine alone. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"
#include "plain.h"
#include "roofline.h"

enum { MOST_REPEATS = 1000, MOST_WORKLOADS = 32 };
static const double slice_seconds = 0.2;

typedef struct spread {
    double median, min, max;
} spread;

/* What a child finds out. Numbers are absent where they are 0. */
typedef struct finding {
    spread engine, plain; /* samples a second                                                    */
    double ratio;         /* engine / plain, the median of the pairs                             */
    double share;         /* engine / roofline, the median of the pairs; 0: it says nothing      */
    double operations, bytes; /* of the roofline, a second, medians                              */
    double peak_memory;       /* bytes                                                           */
    plx_error error;
} finding;

typedef struct options {
    const workload *chosen[MOST_WORKLOADS];
    size_t count;
    size_t repeat;
    bool json;
} options;

/* --- what runs in a child --- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts the values. */
static spread spread_of(double *value, size_t n)
{
    qsort(value, n, sizeof(*value), compare);
    return (spread){.median = n % 2 == 1 ? value[n / 2] : (value[n / 2 - 1] + value[n / 2]) / 2,
                    .min = value[0],
                    .max = value[n - 1]};
}

typedef struct contest {
    const workload *workload;
    workload_data data;
    engine *engine;
    plain *plain;
    roofline *roofline;
    size_t slice; /* steps of a slice                                                            */
} contest;

static bool contest_open(contest *contest, const workload *workload, plx_error *error)
{
    *contest = (struct contest){.workload = workload};
    if (!workload_data_make(&contest->data, workload, error))
        return false;
    contest->engine = engine_new(workload, &contest->data, BENCH_PLUGINS, error);
    contest->plain = plain_new(workload, &contest->data, error);
    contest->roofline = roofline_new(workload, error);
    return contest->engine != NULL && contest->plain != NULL && contest->roofline != NULL;
}

static void contest_close(contest *contest)
{
    engine_free(contest->engine);
    plain_free(contest->plain);
    roofline_free(contest->roofline);
    workload_data_clear(&contest->data);
}

static size_t samples_of(const contest *contest, bool by_engine)
{
    return by_engine ? engine_samples(contest->engine) : plain_samples(contest->plain);
}

/* Samples a second of a slice by one of the two. */
static bool time_slice(contest *contest, bool by_engine, double *rate, plx_error *error)
{
    const size_t before = samples_of(contest, by_engine);
    const double begun = roofline_clock();
    const bool ok = by_engine ? engine_run(contest->engine, contest->slice, error)
                              : plain_run(contest->plain, contest->slice, error);
    const double seconds = roofline_clock() - begun;

    *rate = (double)(samples_of(contest, by_engine) - before) / seconds;
    return ok;
}

/* Warms both up, and finds out how many steps take the time of a slice. */
static bool warm_up(contest *contest, plx_error *error)
{
    double rate, seconds = 0;

    for (contest->slice = 1; seconds < slice_seconds / 2; contest->slice *= 2) {
        if (!time_slice(contest, true, &rate, error))
            return false;
        seconds = (double)(contest->slice * contest->workload->batch) / rate;
    }
    return time_slice(contest, false, &rate, error);
}

/* `repeat` pairs. Who goes first alternates. */
static bool compete(contest *contest, size_t repeat, finding *found, plx_error *error)
{
    double engine[MOST_REPEATS], plain[MOST_REPEATS], ratio[MOST_REPEATS], share[MOST_REPEATS];
    double operations[MOST_REPEATS], bytes[MOST_REPEATS];

    for (size_t i = 0; i < repeat; i++) {
        const bool first = i % 2 == 0;
        roofline_limit limit;
        if (!time_slice(contest, first, first ? &engine[i] : &plain[i], error) ||
            !time_slice(contest, !first, first ? &plain[i] : &engine[i], error) ||
            !roofline_measure(contest->roofline, &limit, error))
            return false;
        ratio[i] = engine[i] / plain[i];
        share[i] = engine[i] / limit.samples;
        operations[i] = limit.operations;
        bytes[i] = limit.bytes;
    }
    found->engine = spread_of(engine, repeat);
    found->plain = spread_of(plain, repeat);
    found->ratio = spread_of(ratio, repeat).median;
    found->share = contest->workload->tiny ? 0 : spread_of(share, repeat).median;
    found->operations = spread_of(operations, repeat).median;
    found->bytes = spread_of(bytes, repeat).median;
    return true;
}

static void find_speed(const workload *workload, size_t repeat, finding *found)
{
    contest contest;

    if (contest_open(&contest, workload, &found->error) && warm_up(&contest, &found->error))
        compete(&contest, repeat, found, &found->error);
    contest_close(&contest);
}

/* A few steps of the engine alone, whose memory the parent asks the system for. */
static void find_memory(const workload *workload, size_t repeat, finding *found)
{
    workload_data data;
    engine *engine = NULL;

    if (workload_data_make(&data, workload, &found->error))
        engine = engine_new(workload, &data, BENCH_PLUGINS, &found->error);
    if (engine != NULL)
        engine_run(engine, 3, &found->error);
    engine_free(engine);
    workload_data_clear(&data);
}

/* --- children --- */

typedef void find(const workload *workload, size_t repeat, finding *found);

/* A finding is longer than what a pipe is sure to hand over in one piece. */
static bool read_all(int from, void *bytes, size_t size)
{
    ssize_t got = 1;

    for (size_t done = 0; done < size && got > 0; done += (size_t)got)
        got = read(from, (char *)bytes + done, size - done);
    return got > 0;
}

/* Runs `find` in a child, which writes what it finds into a pipe; *peak is the child's memory. */
static bool in_child(find *find, const workload *workload, size_t repeat, finding *found,
                     double *peak)
{
    struct rusage usage = {0};
    int ends[2], status = 0;

    memset(found, 0, sizeof(*found));
    if (pipe(ends) != 0)
        return error_set(&found->error, ERROR_RUN, "no pipe to be had");
    const pid_t child = fork();
    if (child == 0) {
        find(workload, repeat, found);
        _exit(write(ends[1], found, sizeof(*found)) == (ssize_t)sizeof(*found) ? 0 : 1);
    }
    close(ends[1]);
    const bool told = child > 0 && read_all(ends[0], found, sizeof(*found));
    close(ends[0]);
    if (child > 0)
        wait4(child, &status, 0, &usage);
    *peak = (double)usage.ru_maxrss * 1024;
    if (!told || status != 0)
        return error_set(&found->error, ERROR_RUN, "%s: the process that ran it died",
                         workload->name);
    return found->error.code == ERROR_NONE;
}

static bool measure(const workload *workload, size_t repeat, finding *found)
{
    finding nothing;
    double peak, ignored;

    if (!in_child(find_memory, workload, repeat, &nothing, &peak)) {
        *found = nothing;
        return false;
    }
    if (!in_child(find_speed, workload, repeat, found, &ignored))
        return false;
    found->peak_memory = peak;
    return true;
}

/* --- the report --- */

static void print_head(void)
{
    printf("%-8s %-18s %6s %12s %12s %12s %12s %7s %9s %8s %7s %8s\n", "", "network", "batch",
           "samples/s", "least", "most", "plain loop", "ratio", "roofline", "GFLOP/s", "GB/s",
           "peak MB");
}

static void print_row(const workload *workload, const finding *found)
{
    char network[64], share[16] = "-";
    int length = snprintf(network, sizeof(network), "%zu", workload->inputs);

    for (size_t l = 0; l < workload->layers; l++)
        length += snprintf(network + length, sizeof(network) - (size_t)length, "-%zu",
                           workload->units[l]);
    if (found->share > 0)
        snprintf(share, sizeof(share), "%.1f %%", 100 * found->share);
    printf("%-8s %-18s %6zu %12.0f %12.0f %12.0f %12.0f %7.2f %9s %8.1f %7.1f %8.1f\n",
           workload->name, network, workload->batch, found->engine.median, found->engine.min,
           found->engine.max, found->plain.median, found->ratio, share, found->operations / 1e9,
           found->bytes / 1e9, found->peak_memory / 1e6);
    fflush(stdout);
}

static json_t *json_of_spread(const spread *spread)
{
    return json_pack("{s:f, s:f, s:f}", "median", spread->median, "min", spread->min, "max",
                     spread->max);
}

static json_t *json_of(const workload *workload, const finding *found)
{
    json_t *share = found->share > 0 ? json_real(found->share) : json_null();

    return json_pack("{s:s, s:i, s:o, s:o, s:f, s:o, s:f, s:f, s:I}", "workload", workload->name,
                     "batch", (int)workload->batch, "samples_per_second",
                     json_of_spread(&found->engine), "plain_samples_per_second",
                     json_of_spread(&found->plain), "ratio", found->ratio, "roofline_share", share,
                     "gflops", found->operations / 1e9, "gbytes_per_second", found->bytes / 1e9,
                     "peak_memory_bytes", (json_int_t)found->peak_memory);
}

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

    if (end == word || *end != '\0' || value < 1 || value > MOST_REPEATS) {
        fprintf(stderr, "bench: --repeat %s: expected a number from 1 to %d\n", word, MOST_REPEATS);
        return false;
    }
    options->repeat = (size_t)value;
    return true;
}

static bool read_options(int argc, char **argv, options *options)
{
    static const struct option known[] = {{"workload", required_argument, NULL, 'w'},
                                          {"repeat", required_argument, NULL, 'r'},
                                          {"json", no_argument, NULL, 'j'},
                                          {0}};
    size_t count;
    const workload *list = workload_list(&count);
    bool ok = true;
    int letter;

    *options = (struct options){.repeat = 7};
    while (ok && (letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (letter == 'w')
            ok = choose(options, optarg);
        else if (letter == 'r')
            ok = read_repeat(options, optarg);
        else if (letter == 'j')
            options->json = true;
        else
            ok = false;
    }
    if (!ok || optind < argc) {
        fprintf(stderr, "usage: bench [--workload NAME]... [--repeat N] [--json]\n");
        return false;
    }
    for (size_t i = 0; options->count == 0 && i < count; i++)
        options->chosen[i] = &list[i];
    options->count = options->count == 0 ? count : options->count;
    return true;
}

int main(int argc, char **argv)
{
    options options;
    json_t *rows = json_array();
    bool ok = true;

    if (!read_options(argc, argv, &options)) {
        json_decref(rows);
        return 2;
    }
    if (!options.json)
        print_head();
    for (size_t i = 0; i < options.count; i++) {
        const workload *workload = options.chosen[i];
        finding found;
        if (!measure(workload, options.repeat, &found)) {
            fprintf(stderr, "bench: %s\n", found.error.text);
            ok = false;
        } else if (options.json) {
            json_array_append_new(rows, json_of(workload, &found));
        } else {
            print_row(workload, &found);
        }
    }
    if (options.json) {
        json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        printf("\n");
    }
    json_decref(rows);
    return ok ? 0 : 1;
}
