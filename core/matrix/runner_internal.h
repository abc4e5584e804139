/* runner_internal.h: what stands beside the runner's loop: what is stored before the first run
 * (runner_announce.c), and who leads so far (runner_tally.c). */
#ifndef MATRIX_RUNNER_INTERNAL_H
#define MATRIX_RUNNER_INTERNAL_H

#include "matrix/plan.h"
#include "matrix/store.h"

/* Notes where the results come from, the axes and the cells of the plan, in the transaction at
 * hand. *changed: those before were of another plan, so what answers an entry may be another
 * run. */
bool runner_announce(const plan *plan, store *store, bool *changed, plx_error *error);

/* Means of the reported figure over the final runs of each treatment that this call has seen. */
typedef struct tally tally;
tally *tally_new(const plan *plan); /* NULL without memory                                       */
void tally_free(tally *tally);
void tally_add(tally *tally, const plan_run *run, const run_record *record);
/* The treatment with the fewest failures, and of these the best mean; NULL while there is none, or
 * where problems are measured by different figures. */
const char *tally_leader(const tally *tally, double *mean, metric_name_at *metric);

#endif
