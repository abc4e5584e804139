/* fixture.h: what the tests of whole runs share: experiments from text, runs of them in fresh
 * folders with hooks that stop or kill, and files compared byte by byte. */
#ifndef TESTS_TRAIN_FIXTURE_H
#define TESTS_TRAIN_FIXTURE_H

#include "harness.h"
#include "train/train.h"

/* A run to be made. Zero means: nothing special. */
typedef struct plan {
    const char *text;   /* the experiment file                                                */
    const char *out;    /* run directory to make, or                                          */
    const char *resume; /* to go on with; with neither, in memory                             */
    const data_bundle *data; /* instead of what the experiment names                             */
    int threads;           /* instead of the experiment's                                        */
    int64_t stop_at_step;  /* the stop flag is raised behind this step                           */
    int64_t kill_at_epoch; /* SIGKILL in the epoch hook                                          */
    int64_t kill_at_step;  /* SIGKILL in the progress hook                                       */
    bool profile;          /* where the time goes, too                                           */
    void (*meddle)(void);  /* called behind step meddle_at_step                                  */
    int64_t meddle_at_step;
    bool few_checkpoints; /* as usual, instead of one behind each epoch                         */
    const char *plugins;  /* a folder searched before the built one                             */
} plan;

/* What came of it, with everything the hooks and the logger were told. */
typedef struct outcome {
    bool ok;
    plx_error error;
    train_result result;
    char warnings[4096]; /* a line each                                                          */
    int64_t progress_calls, epoch_calls, begin_calls;
    double val_loss[512]; /* of each epoch, from 1                                               */
} outcome;

/* Runs in this process; train_result_clear the result. */
outcome *plan_run(const plan *plan);
void outcome_free(outcome *outcome);
/* The same, which must succeed with that status. */
outcome *plan_expect(const plan *plan, train_status status);
/* Runs in a child; returns its wait status. */
int plan_run_in_child(const plan *plan);

/* A path below a fresh folder, which doesn't exist yet; free() it. */
char *fresh_run(void);
/* folder/name as one string of bytes; free() it. */
char *read_run_file(const char *folder, const char *name, size_t *length);
/* metrics.jsonl without the two figures that measure time; free() it. */
char *read_log(const char *folder);
/* Both model.safetensors and metrics.jsonl (but for time) are the same bytes. */
void assert_same_run(const char *expected, const char *actual);

#endif
