/* roofline.h: what the machine could do at best, measured in the same run as what is judged by it.
 * One step of a workload takes at least
 *
 *   training   operations of its products / best rate of a matrix product
 *              + bytes that the optimizer moves / bandwidth of memory for such a traffic
 *   inference  the larger of products' time and of the time for reading all weights once
 *
 * Bandwidth is that of the level of the memory hierarchy in which arrays of as many elements as the
 * network has parameters lie when they are gone through again and again. */
#ifndef TESTS_BENCH_ROOFLINE_H
#define TESTS_BENCH_ROOFLINE_H

#include "workloads.h"

typedef struct roofline roofline;

/* For a workload, which is borrowed. */
roofline *roofline_new(const workload *workload, plx_error *error);
void roofline_free(roofline *roofline);

typedef struct roofline_limit {
    double operations; /* of products, a second                                                  */
    double bytes;      /* a second                                                               */
    double samples;    /* of the workload, a second                                              */
} roofline_limit;

/* Measures; takes some 20 ms. False: a product failed. */
bool roofline_measure(roofline *roofline, roofline_limit *limit, plx_error *error);

/* Seconds on a clock that is never set back. */
double roofline_clock(void);

#endif
