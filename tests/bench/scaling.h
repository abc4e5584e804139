/* scaling.h: how the time of a training step grows with the network and the batch. The time of a
 * step, divided by rows and parameters, would be the same everywhere if nothing but the products
 * counted; what a step costs in itself shows on small networks, and what the optimizer moves, which
 * is the same for any number of rows, on small batches. */
#ifndef TESTS_BENCH_SCALING_H
#define TESTS_BENCH_SCALING_H

#include <stddef.h>

#include "workloads.h"

enum { SCALING_SIZES = 5, SCALING_BATCHES = 7 };

/* Seconds of a step; NaN: not measured, as it would take too long. */
typedef struct scaling {
    size_t parameters[SCALING_SIZES];
    size_t batch[SCALING_BATCHES];
    double seconds[SCALING_SIZES][SCALING_BATCHES];
} scaling;

/* Prints the table, or JSON. False: a step failed, and the standard error says why. */
bool scaling_run(size_t repeat, bool json);

/* A network whose layers are as wide as its input, n-n-n-10, of at least that many parameters. */
workload scaling_workload(double parameters, size_t batch);
/* Seconds of a cell by rows and parameters. */
double scaling_unit_time(const scaling *scaling, size_t size, size_t batch);
/* The largest unit time over the smallest, of batches from number `first` on. NaN: there is none. */
double scaling_spread(const scaling *scaling, size_t first);

#endif
