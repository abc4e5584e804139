/* rundir.h: the folder a run leaves behind: its paths, its beginning, and run.json. */
#ifndef TRAIN_RUNDIR_H
#define TRAIN_RUNDIR_H

#include "config/experiment.h"
#include "support/error.h"
#include "train/fingerprint.h"
#include "train/runlog.h"

typedef struct rundir {
    char *folder, *config, *log, *model, *checkpoint, *record;
    char started[32]; /* ISO 8601, UTC                                                           */
} rundir;

/* Names the files of a run directory; touches none. Clear it in either case. */
bool rundir_init(rundir *dir, const char *folder, plx_error *error);
void rundir_clear(rundir *dir);

/* ERROR_USAGE unless a new run may begin there: nothing there, an empty folder, or one with no more
 * than a run leaves that was killed before it began. */
bool rundir_check_new(const rundir *dir, plx_error *error);
/* Makes the folder, opens and locks the log, writes config.yaml. NULL on failure. */
runlog *rundir_begin(const rundir *dir, const experiment *experiment, plx_error *error);
/* Opens and locks the log of an existing run and removes temporaries that a kill left behind. */
runlog *rundir_reopen(rundir *dir, plx_error *error);

typedef struct rundir_record {
    const char *status; /* "running", "completed", ..., "failed"                                 */
    const char *reason; /* "" : none                                                             */
    uint64_t seed;
    int threads;
    int64_t epochs, steps, best_epoch; /* best_epoch 0: no early stopping                        */
    int64_t evaluations;
    size_t parameters;
    double seconds; /* wall time, what came before a resume included                             */
} rundir_record;

/* The time as ISO 8601, UTC. */
void rundir_now(char out[32]);
/* The time so many seconds ago; now, if that cannot be. */
void rundir_ago(double seconds, char out[32]);

/* The processor's name; "unknown" where the machine does not tell. */
void rundir_cpu_model(char *out, size_t size);

/* Writes run.json: the record, versions, plug-in files, CPU, memory. */
bool rundir_write_record(const rundir *dir, const fingerprint *print, const rundir_record *record,
                         plx_error *error);

#endif
