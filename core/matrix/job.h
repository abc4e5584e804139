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
/* Makes the experiment of a run, in its process, and says which data it is run on. NULL on failure. */
typedef experiment *job_maker(void *context, const data_bundle **data, plx_error *error);

/* The same of an experiment of `epochs` epochs that the child makes: the parent's memory stays as it is, and of
 * what it writes to after a fork the kernel has to make a copy. */
job *job_start_made(job_maker *make, void *context, size_t epochs, catalog *catalog,
                    const sandbox_limits *limits, sandbox_child *const *siblings, size_t count,
                    plx_error *error);
/* Its process, to be attended. */
sandbox_child *job_child(const job *job);
/* Steps it has done so far. */
int64_t job_steps(const job *job);
/* Says what came of it, kills it if it still runs, and frees it. The record is filled in any case; clear
 * it. False only without memory. */
bool job_finish(job *job, run_record *record, plx_error *error);
/* The same in two halves, without memory: the record's learning curve is the job's, so the record is not to be
 * cleared. No more can be asked of the job then but to be freed. */
void job_end(job *job, run_record *record);
void job_free(job *job);

#endif
