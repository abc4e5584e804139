/* repro.h: does a stored run again and compares the bits: final weights, figures, how it ended. */
#ifndef MATRIX_REPRO_H
#define MATRIX_REPRO_H

#include <stdbool.h>

#include "matrix/store.h"
#include "plugin/catalog.h"
#include "support/error.h"
#include "support/log.h"
#include "support/sandbox.h"
#include "support/text.h"

typedef struct repro {
    bool same;
    store_found before;
    run_record now;
    text differences; /* a line each: "test_accuracy was 0.95, is 0.93"; empty if it is the same  */
} repro;

/* Those that the stored matrix file sets its runs: one that hung hangs again. */
bool repro_limits(store *store, sandbox_limits *limits, plx_error *error);

/* `prefix`: the first digits of the run's identity, 4 or more. The run is done by what its resolved
 * config says and the files and plug-ins that are there now. Clear it in any case. False: no such
 * run, or it cannot be done at all. */
bool repro_run(store *store, const char *prefix, catalog *catalog, const sandbox_limits *limits,
               const logger *log, repro *repro, plx_error *error);
void repro_clear(repro *repro);

#endif
