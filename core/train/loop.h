/* loop.h: the epochs of a run, from where its state stands to its end. */
#ifndef TRAIN_LOOP_H
#define TRAIN_LOOP_H

#include "train/session.h"

/* Trains until the epochs are over, early stopping or the optimizer ends it, it diverges, or a stop
 * is asked for; session->status and reason tell which. A checkpoint stands behind each epoch and
 * behind a stop. False: a plug-in or the disk failed. */
bool loop_run(session *session, plx_error *error);

#endif
