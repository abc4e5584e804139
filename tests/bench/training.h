/* training.h: a workload as a user trains it: `plexus train` in a process of its own, on files. */
#ifndef TESTS_BENCH_TRAINING_H
#define TESTS_BENCH_TRAINING_H

#include "finding.h"
#include "workloads.h"

/* Seconds from the start of the process to the end of its first step, reading of the files
 * included, over `repeat` runs; and the peak of its resident memory in a run of an epoch, which is
 * interrupted as by Ctrl-C if it takes longer than some seconds. For workloads that train. */
bool training_measure(const workload *workload, size_t repeat, finding *found);

#endif
