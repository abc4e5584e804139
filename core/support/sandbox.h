/* sandbox.h: runs a function in a child process that may crash, hang, eat memory or print, and says
 * how it ended. */
#ifndef SUPPORT_SANDBOX_H
#define SUPPORT_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "support/error.h"
#include "support/text.h"

typedef struct sandbox_limits {
    double seconds; /* of the wall clock; past it the child and what it forked are killed; 0: any */
    uint64_t memory; /* bytes of address space it may take on top of what it starts with; 0: any  */
} sandbox_limits;

typedef enum {
    SANDBOX_RETURNED,  /* the function returned                                                   */
    SANDBOX_EXITED,    /* something in it ended the process; `number` is the exit status          */
    SANDBOX_SIGNALLED, /* it died; `number` is the signal                                         */
    SANDBOX_TIMED_OUT, /* it was killed                                                           */
} sandbox_outcome;

typedef struct sandbox_end {
    sandbox_outcome outcome;
    int number;
    text message; /* what the function wrote to its channel, at most 16 MiB; may be cut or absent
                     unless it returned                                                          */
    text output;  /* the first 4 KiB of what was written to standard output and standard error   */
} sandbox_end;

/* Runs work(context, channel) in a child in a process group of its own: standard input is empty,
 * standard output and error are caught, signals are as a new program finds them, there is no core
 * file, and it dies with the parent. `channel` is a file descriptor to write to. What the child
 * forked is killed when it ends. While it runs, SIGCHLD is as usual in the parent. False, with
 * ERROR_RUN, only if there could be no child. Clear the end in any case. */
bool sandbox_run(const sandbox_limits *limits, void (*work)(void *context, int channel),
                 void *context, sandbox_end *end, plx_error *error);
void sandbox_end_clear(sandbox_end *end);

/* Writes all of it, going on after interruptions; for a channel. Safe in a signal handler. */
bool sandbox_write(int channel, const void *bytes, size_t length);

#endif
