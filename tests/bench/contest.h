/* contest.h: the engine and others at the same work, by turns.
 *
 * A machine's speed drifts by the minute, so only ratios within one run count: engine and rival
 * take turns, one short slice each, and so does the measurement of the roofline (roofline.h); a ratio
 * is taken in each pair, and the median of the ratios is reported. All are warm when the first slice
 * begins, and all run on the same core.
 *
 * A contest is a child process of its own: nothing one leaves behind (a heap, generated code) helps
 * or hurts the next. */
#ifndef TESTS_BENCH_CONTEST_H
#define TESTS_BENCH_CONTEST_H

#include "finding.h"
#include "workloads.h"

enum { CONTEST_MOST_REPEATS = 1000 };

/* `repeat` pairs with the plain loop, and with `peers` as many with each of them. Fills in the
 * finding's speeds, or its error. */
bool contest_run(const workload *workload, size_t repeat, bool peers, finding *found);
/* `repeat` slices of the engine alone. */
bool contest_engine_alone(const workload *workload, size_t repeat, finding *found);

#endif
