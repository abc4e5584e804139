/* sandbox.h: runs functions in child processes that may crash, hang, eat memory or print, and says
 * how they ended. One child that is waited for is sandbox_run; many at once are started, attended
 * together and finished one by one:
 *
 *     slot[i] = sandbox_start(&limits, work, &job[i], slot, count, error);
 *     ...
 *     sandbox_attend(slot, count, 100);
 *     for each i with slot[i] != NULL && sandbox_is_over(slot[i])
 *         sandbox_finish(slot[i], &end), slot[i] = NULL;
 */
#ifndef SUPPORT_SANDBOX_H
#define SUPPORT_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
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
    SANDBOX_TIMED_OUT, /* it was killed, past its time or by sandbox_finish                       */
} sandbox_outcome;

typedef struct sandbox_end {
    sandbox_outcome outcome;
    int number;
    /* It died of SIGSEGV, SIGBUS or SIGABRT, or called exit, with more than half of the memory that
     * it may take in use; or it died of a SIGKILL that was not sent from here, as the kernel does
     * where the machine has no memory left. What returns has to tell by itself. */
    bool out_of_memory;
    text message; /* what the function wrote to its channel, at most 16 MiB; may be cut or absent
                     unless it returned                                                          */
    text output;  /* the first 4 KiB of what was written to standard output and standard error   */
    int64_t peak_memory; /* bytes that were resident, with what it shares with the parent        */
    double seconds;      /* of the wall clock, from its start until its end was seen             */
} sandbox_end;

/* Runs work(context, channel) in a child in a process group of its own: standard input is empty,
 * standard output and error are caught, signals are as a new program finds them (but for the three
 * named above where memory is limited), there is no core file, and it dies with the parent.
 * Children of a child find other signals as it has set them. `channel` is a file descriptor to write to.
 * What the child forked is killed when it ends. While it runs, SIGCHLD is as usual in the parent.
 * False, with ERROR_RUN, only if there could be no child. Clear the end in any case. */
bool sandbox_run(const sandbox_limits *limits, void (*work)(void *context, int channel),
                 void *context, sandbox_end *end, plx_error *error);
void sandbox_end_clear(sandbox_end *end);

/* ---- many at once ---- */

/* A child that was started: sandbox_finish ends it and frees it. */
typedef struct sandbox_child sandbox_child;

/* Starts a child as sandbox_run does, and returns. It dies with the thread that started it.
 * `siblings` are the parent's other children, NULLs among them are passed over: the new one gives
 * back what it inherits of theirs. How SIGCHLD is handled is left to the caller, who waits for
 * these children by no other means. NULL, with ERROR_RUN, if there could be no child, or if SIGCHLD
 * is ignored or has SA_NOCLDWAIT, as then nobody could tell how it ended. */
sandbox_child *sandbox_start(const sandbox_limits *limits, void (*work)(void *context, int channel),
                             void *context, sandbox_child *const *siblings, size_t count,
                             plx_error *error);

/* Waits until one of the children is over or has written something, a signal is caught, or
 * `milliseconds` have passed (-1: any number); it may return sooner, and does not wait if one is
 * over already. Takes what was written, without which a child that writes much stands still, and
 * kills those past their time. NULLs are passed over. A signal that comes just before the wait does
 * not end it: a caller that looks at a flag gives a number of milliseconds. */
void sandbox_attend(sandbox_child *const *children, size_t count, int milliseconds);

/* The same, but what can be read from `descriptor` ends the wait, too: whether there is something, or
 * nobody left to write it. */
bool sandbox_attend_beside(sandbox_child *const *children, size_t count, int descriptor,
                           int milliseconds);

/* Whether sandbox_attend has seen the child's end. */
bool sandbox_is_over(const sandbox_child *child);

/* Kills the child and what it forked if it still runs, says how it ended, and frees it. */
void sandbox_finish(sandbox_child *child, sandbox_end *end);

/* ---- in the child ---- */

/* Writes all of it, going on after interruptions; for a channel. Safe in a signal handler. */
bool sandbox_write(int channel, const void *bytes, size_t length);

#endif
