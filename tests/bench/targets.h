/* targets.h: what the engine has to reach, in one table (targets.c), and whether it does. */
#ifndef TESTS_BENCH_TARGETS_H
#define TESTS_BENCH_TARGETS_H

#include <stdbool.h>

#include "finding.h"
#include "support/text.h"

typedef enum {
    FIGURE_PEERS,    /* speed over that of the faster peer                                       */
    FIGURE_PLAIN,    /* speed over that of the plain loop                                        */
    FIGURE_ROOFLINE, /* share of the roofline                                                    */
    FIGURE_START_UP, /* seconds                                                                  */
    FIGURE_MEMORY,   /* bytes, at their peak                                                     */
    FIGURES
} figure;

typedef struct target {
    const char *workload;
    figure figure;
    double bound;
} target;

typedef enum { TARGET_HOLDS, TARGET_MISSED, TARGET_NOT_MEASURED } verdict;

/* The table. */
const target *target_list(size_t *count);

/* NaN: it was not measured. */
double finding_figure(const finding *finding, figure figure);
verdict target_judge(const target *target, double value);
/* "holds         W1: speed over the faster peer 3.41 (at least 3.20)" */
void target_add(text *out, const target *target, double value);
/* One line: which targets are missed, how many hold, and how many were not measured. True: none is
 * missed. value[i] belongs to target[i]. */
bool target_summary(text *out, const target *target, const double *value, size_t count);

#endif
