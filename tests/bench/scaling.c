/* scaling.c: see scaling.h. */
#include "scaling.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "contest.h"

enum { CLASSES = 10, LEAST_ROWS = 256 };
static const double sizes[SCALING_SIZES] = {1e4, 1e5, 1e6, 1e7, 1e8};
static const size_t batches[SCALING_BATCHES] = {1, 4, 16, 64, 256, 1024, 4096};
static const double most_operations = 1e12; /* of a step: some ten seconds                       */

workload scaling_workload(double parameters, size_t batch)
{
    workload made = {.name = "scaling",
                     .layers = 3,
                     .hidden = "relu",
                     .output = "softmax",
                     .optimizer = "adam",
                     .lr = 1e-5,
                     .rows = batch > LEAST_ROWS ? batch : LEAST_ROWS,
                     .batch = batch};

    for (size_t n = 1; (double)workload_parameters(&made) < parameters; n++) {
        made.inputs = made.units[0] = made.units[1] = n;
        made.units[2] = CLASSES;
    }
    return made;
}

double scaling_unit_time(const scaling *scaling, size_t size, size_t batch)
{
    return scaling->seconds[size][batch] / (double)scaling->batch[batch] /
           (double)scaling->parameters[size];
}

double scaling_spread(const scaling *scaling, size_t first)
{
    double least = (double)NAN, most = (double)NAN;

    for (size_t s = 0; s < SCALING_SIZES; s++)
        for (size_t b = first; b < SCALING_BATCHES; b++) {
            least = fmin(least, scaling_unit_time(scaling, s, b)); /* which pass over NaN        */
            most = fmax(most, scaling_unit_time(scaling, s, b));
        }
    return most / least;
}

/* --- for people --- */

static void print_head(void)
{
    printf("time of a training step by rows and parameters, in picoseconds\n%12s", "parameters");
    for (size_t b = 0; b < SCALING_BATCHES; b++)
        printf("  batch %4zu", batches[b]);
    printf("\n");
}

static void print_cell(double value)
{
    if (isnan(value))
        printf(" %11s", "-");
    else
        printf(" %11.3g", value);
    fflush(stdout);
}

static void print_spreads(const scaling *scaling)
{
    printf("most by least, of this batch and all larger ones\n%12s", "");
    for (size_t b = 0; b < SCALING_BATCHES; b++)
        print_cell(scaling_spread(scaling, b));
    printf("\n");
}

/* --- for machines --- */

static json_t *json_of_cells(const scaling *scaling)
{
    json_t *cells = json_array();

    for (size_t s = 0; s < SCALING_SIZES; s++)
        for (size_t b = 0; b < SCALING_BATCHES; b++)
            if (!isnan(scaling->seconds[s][b]))
                json_array_append_new(cells, json_pack("{s:I, s:I, s:f}", "parameters",
                                                       (json_int_t)scaling->parameters[s], "batch",
                                                       (json_int_t)scaling->batch[b],
                                                       "seconds_per_step", scaling->seconds[s][b]));
    return cells;
}

static void print_json(const scaling *scaling)
{
    json_t *cells = json_of_cells(scaling);

    json_dumpf(cells, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    printf("\n");
    json_decref(cells);
}

/* --- measuring --- */

static bool measure_cell(scaling *scaling, size_t size, size_t batch, size_t repeat)
{
    const workload workload = scaling_workload(sizes[size], batches[batch]);
    finding found;

    scaling->parameters[size] = workload_parameters(&workload);
    scaling->batch[batch] = batches[batch];
    scaling->seconds[size][batch] = (double)NAN;
    if (workload_step_operations(&workload) > most_operations)
        return true;
    if (!contest_engine_alone(&workload, repeat, &found)) {
        fprintf(stderr, "bench: %s\n", found.error.text);
        return false;
    }
    scaling->seconds[size][batch] = (double)workload.batch / found.engine.median;
    return true;
}

bool scaling_run(size_t repeat, bool json)
{
    scaling scaling;

    if (!json)
        print_head();
    for (size_t s = 0; s < SCALING_SIZES; s++) {
        for (size_t b = 0; b < SCALING_BATCHES; b++) {
            if (!measure_cell(&scaling, s, b, repeat))
                return false;
            if (!json && b == 0)
                printf("%12zu", scaling.parameters[s]);
            if (!json)
                print_cell(1e12 * scaling_unit_time(&scaling, s, b));
        }
        if (!json)
            printf("\n");
    }
    if (json)
        print_json(&scaling);
    else
        print_spreads(&scaling);
    return true;
}
