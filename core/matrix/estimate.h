/* estimate.h: how long a plan will take, from runs that are really made: of each problem with each
 * treatment one, for a moment. */
#ifndef MATRIX_ESTIMATE_H
#define MATRIX_ESTIMATE_H

#include <stdbool.h>
#include <stddef.h>

#include "matrix/plan.h"
#include "support/error.h"

typedef struct estimate {
    size_t probes;      /* runs that were tried; 0: there is no estimate                         */
    size_t failed;      /* of these                                                              */
    double run_seconds; /* of a mean run, its process included                                   */
    double all_seconds; /* of all runs, one after the other                                      */
} estimate;

/* Tries runs, each at most `seconds` long and as many as fit into four times that. False only without memory
 * or processes, or for a mistake in the matrix file. */
bool estimate_make(plan *plan, double seconds, estimate *estimate, plx_error *error);

#endif
