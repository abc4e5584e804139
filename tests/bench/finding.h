/* finding.h: what is found out about a workload. A number that was not measured is NaN. */
#ifndef TESTS_BENCH_FINDING_H
#define TESTS_BENCH_FINDING_H

#include <stddef.h>

#include "support/error.h"

/* Who does the same work beside the engine. */
typedef enum { RIVAL_PLAIN, RIVAL_TORCH, RIVAL_SKLEARN, RIVALS } rival;

/* "plain", "torch", "sklearn" */
const char *rival_name(rival which);

typedef struct spread {
    double median, min, max;
} spread;

typedef struct finding {
    spread engine, rival[RIVALS]; /* samples a second                                            */
    double ratio[RIVALS];         /* engine / rival, the median of the pairs                     */
    double share; /* engine / roofline, the median of the pairs; NaN where it says nothing */
    double operations, bytes; /* of the roofline, a second, medians                              */
    spread start_up;          /* seconds from a process's start to its first step                */
    double peak_memory;       /* bytes                                                           */
    plx_error error;
} finding;

/* One in which nothing has been measured. */
void finding_clear(finding *finding);
/* Sorts the values. */
spread spread_of(double *value, size_t n);
/* Over the faster of the two peers: NaN unless both were measured. */
double finding_peer_ratio(const finding *finding);

#endif
