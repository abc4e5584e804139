/* runlog.h: metrics.jsonl, the run's figures, one JSON object a line:
 *
 *   {"event":"step","step":1,"loss":0.69}                                     with train.log_steps
 *   {"event":"epoch","epoch":1,"step":422,"train_loss":0.5,"val_loss":0.4,"val_accuracy":0.9,
 *    "lr":0.001,"seconds":1.5,"samples_per_second":36000}
 *   {"event":"end","status":"completed","test_loss":0.4,"test_accuracy":0.9}
 *
 * A run without test and validation rows ends with the training rows' figures instead,
 * train_loss and so on, measured with the final weights.
 *
 * Figures that do not apply are absent, what is not finite is null, and every number reads back
 * to the same double. `seconds` is the epoch's wall time with its evaluation, samples_per_second
 * counts training alone. The file is appended to; a checkpoint notes its length, and a resume
 * cuts it back to there. While it is open it is locked: one process trains in a folder. */
#ifndef TRAIN_RUNLOG_H
#define TRAIN_RUNLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "support/error.h"
#include "train/metrics.h"

typedef struct runlog runlog;

/* Opens or makes the file and locks it. A lock held by another process is ERROR_USAGE. Without a
 * path there is no file: lines go to who listens alone. */
runlog *runlog_open(const char *path, plx_error *error);
/* Writes what is pending, as far as that succeeds. */
void runlog_close(runlog *log);
/* Cuts the file to `length` bytes and goes on there. A shorter file is ERROR_DATA. */
bool runlog_cut(runlog *log, int64_t length, plx_error *error);

/* Shows every line from now on to `line` (NULL: nobody), as it is made, without its newline. */
void runlog_listen(runlog *log, void (*line)(void *context, const char *json), void *context);

/* A figure of an epoch or the end. */
typedef struct runlog_epoch {
    int64_t epoch, step;
    double train_loss, lr, seconds, samples_per_second;
    const metrics *validation; /* NULL: none */
} runlog_epoch;

/* Lines are kept until there are many, or a flush; errors show up there. */
void runlog_step(runlog *log, int64_t step, double loss);
void runlog_add_epoch(runlog *log, const runlog_epoch *epoch);
/* The figures of the kept model on each part; NULL where there is none. */
void runlog_end(runlog *log, const char *status, const metrics *test, const metrics *validation,
                const metrics *training);
/* Hands all lines to the system, so that a reader of the file sees them; with `sync` to the disk.
 * *length, unless NULL, gets the bytes of the file. ERROR_DATA. */
bool runlog_flush(runlog *log, bool sync, int64_t *length, plx_error *error);

#endif
