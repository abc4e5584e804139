/* job.h: one run in a process of its own, forked from one that has data and plug-ins loaded: so a
 * run costs a fork and no reading, and whatever it does costs itself alone. What it comes to, its
 * figures or the way it died, is a run_record. */
#ifndef MATRIX_JOB_H
#define MATRIX_JOB_H

#include "config/experiment.h"
#include "data/dataset.h"
#include "matrix/record.h"
#include "plugin/catalog.h"
#include "support/error.h"
#include "support/sandbox.h"

typedef struct job job;

/* Starts the run. Experiment (taken over, also on failure), data and catalog are those of the parent;
 * `siblings` are its other children. NULL if there could be no process. */
job *job_start(experiment *experiment, const data_bundle *data, catalog *catalog,
               const sandbox_limits *limits, sandbox_child *const *siblings, size_t count,
               plx_error *error);
/* Its process, to be attended. */
sandbox_child *job_child(const job *job);
/* Steps it has done so far. */
int64_t job_steps(const job *job);
/* Says what came of it, kills it if it still runs, and frees it. The record is filled in any case; clear
 * it. False only without memory. */
bool job_finish(job *job, run_record *record, plx_error *error);

#endif
