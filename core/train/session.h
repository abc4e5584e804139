/* session.h: everything one run holds, from the loaded data to the open log, and how it is put
 * together for a new run or put back for a resumed one. */
#ifndef TRAIN_SESSION_H
#define TRAIN_SESSION_H

#include "train/batches.h"
#include "train/checkpoint.h"
#include "train/driver.h"
#include "train/evaluate.h"
#include "train/fingerprint.h"
#include "train/rundir.h"
#include "train/runlog.h"
#include "train/schedule.h"
#include "train/state.h"
#include "train/stopping.h"
#include "train/train.h"

typedef struct session {
    const experiment *experiment;
    const train_hooks *hooks; /* never NULL */
    rundir dir;
    bool profiling;
    bool in_memory; /* no run directory, no fingerprint                                          */
    runlog *log;
    fingerprint print;
    const data_bundle *data;
    data_bundle *loaded; /* `data`, if it is the session's own                                   */
    plx_domain output;
    target_code code;
    double *class_weight;
    pool *pool;
    host host;
    layer_spec *layer;
    bool has_dropout;
    network *network;
    driver *driver;
    batches batches;
    evaluation *validation, *test; /* NULL where there is no such part                           */
    evaluation *training; /* of the training rows, at the end of a run that has no others        */
    schedule schedule;
    stopping stopping;
    model_parts parts;
    float **kept; /* the weights model.safetensors would get, a tensor each                      */
    train_state state;
    double checkpoint_seconds;    /* least time between the checkpoints of epochs                */
    double checkpoint_time;       /* when the last one was written; 0: not yet                   */
    double begun, seconds_before; /* this process's beginning; wall time of those before it      */
    random_stream dropout;        /* of the step at hand                                         */
    profile *profile; /* NULL: none is asked for                                                 */
    uint64_t profiled_time, profiled_steps; /* nanoseconds of all batches, and those stepped on  */
    train_status status;
    char reason[512];
} session;

/* Loads, checks and builds; makes the run directory, or reopens it and puts the checkpoint back.
 * What is made so far is freed by session_close in either case. */
bool session_open(session *session, const experiment *experiment, catalog *catalog,
                  const train_options *options, const train_hooks *hooks, plx_error *error);
void session_close(session *session);

/* Seconds on a clock that is never set back. */
double session_clock(void);
/* Wall time of the run so far. */
double session_seconds(const session *session);
/* Makes the weights as they are the kept ones; puts the kept ones into the network. */
void session_keep(session *session);
void session_put_kept(session *session);
/* SHA-256 of the kept weights, tensor by tensor, as hex. */
void session_hash_kept(const session *session, char hex[65]);
/* Bytes of the optimizer's slots. */
uint64_t session_state_bytes(const session *session);

/* What is written to the run directory; in memory there is none, and these do nothing. */

/* Log to disk, then the checkpoint that notes its length. */
bool session_checkpoint(session *session, plx_error *error);
/* The same behind an epoch: if the last one is recent the log is only handed to the system. */
bool session_checkpoint_epoch(session *session, plx_error *error);
/* model.safetensors: the network's weights. */
bool session_write_model(session *session, plx_error *error);
/* run.json with that status. */
bool session_record(session *session, const char *status, plx_error *error);

#endif
