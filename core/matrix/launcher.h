/* launcher.h: a process that starts the runs of a plan, apart from the one that plans and stores.
 *
 * A fork makes all memory of the parent shared until one of the two writes to it, page by page, so a parent that
 * works between forks pays for each page again and again. The launcher does next to nothing but to fork;
 * the process that asks it for runs forks once, for the launcher, and is not slowed down by what comes after.
 *
 * It dies with who started it, and the runs die with it. It is in a process group of its own: what a
 * terminal sends reaches neither it nor the runs. */
#ifndef MATRIX_LAUNCHER_H
#define MATRIX_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "matrix/plan.h"
#include "matrix/record.h"
#include "support/error.h"

typedef struct launcher launcher;

/* What is to be run. */
typedef struct launcher_order {
    plan_run run;
    size_t epochs; /* of its experiment                                                          */
} launcher_order;

typedef struct launcher_end {
    size_t slot; /* of the run that ended; SIZE_MAX: none did                                    */
    run_record record;
} launcher_end;

/* With that many slots for a run, of which `most` run at a time, in the order in which they were asked
 * for. The plan, its data and its plug-ins are those of this moment. NULL if there could be no process. */
launcher *launcher_start(plan *plan, size_t slots, size_t most, plx_error *error);

/* Has a run started in a slot that has none. If the machine has no room for it while others run, it waits until
 * one of them has ended. */
bool launcher_run(launcher *launcher, size_t slot, const launcher_order *order, plx_error *error);

/* Waits until a run has ended, a signal is caught, or `milliseconds` have passed. The record is to be cleared if
 * there is one. ERROR_RUN if runs cannot be started, or if the launcher has died. */
bool launcher_next(launcher *launcher, int milliseconds, launcher_end *end, plx_error *error);

/* Kills what still runs. */
void launcher_stop(launcher *launcher);

#endif
