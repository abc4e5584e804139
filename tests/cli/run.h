/* run.h: the program as a user runs it: a command line in a folder, with what it wrote and how it
 * ended. Nothing of the tester's own environment reaches it but what sanitizers want. Any trouble
 * of the runner itself, and a program that outlives its time, fails the test. */
#ifndef TESTS_CLI_RUN_H
#define TESTS_CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All zero is the usual run. */
typedef struct run_options {
    const char *folder;             /* working directory; NULL: the root                         */
    const char *const *environment; /* "NAME=value" ..., ended by NULL; NULL: none               */
    const char *output;             /* a file to be stdout; what is written there isn't captured */
    bool closed;                    /* nobody reads stdout                                       */
    bool ignores_children;          /* it inherits a SIGCHLD that is ignored                     */
    size_t file_limit;              /* not 0: no file grows beyond, as on a full disk            */
    int columns;                    /* not 0: stderr is a terminal of that width                 */
    int patience;                   /* seconds until it is killed and the test fails; 0: 50       */
} run_options;

typedef struct run {
    int code;   /* exit code, -1 after a signal                                                  */
    int signal; /* that ended it, or 0                                                           */
    char *out;  /* stdout, NUL at the end                                                        */
    char *err;  /* stderr, NUL at the end                                                        */
    double seconds; /* from start to end                                                         */
    char *line;     /* the command line, for messages                                            */
    /* the runner's own */
    pid_t pid;
    int out_fd, err_fd;
    size_t out_length, err_length;
    double begun;
    int patience;
} run;

/* Runs `plexus <line>` to its end. The line is cut at spaces, so no argument has any; the argument
 * '' is the empty one. options may be NULL. */
run *run_line(const run_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void run_free(run *run);

/* The same in steps: start, wait until stdout holds a text, finish. */
run *run_start(const run_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void run_wait_for(run *run, const char *text);
void run_wait_for_err(run *run, const char *text); /* the same of stderr                          */
void run_finish(run *run);

/* Fail the test, showing what was written, unless the run ended like that. */
void run_expect(const run *run, int code);
void run_expect_signal(const run *run, int signal);
/* Unless it ended with the code, with nothing on stdout and exactly these lines on stderr. */
void run_expect_error(const run *run, int code, const char *err);
/* Unless the text stands in what was written. */
void run_expect_in(const run *run, const char *written, const char *text);

/* Runs it, frees it, and fails the test unless it ended well. */
void run_well(const run_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Waits until no process but the caller has that text in its command line, which forked children have
 * from their parent: the name of a new folder, as they are killed, and the test fails, after ten
 * seconds. */
void run_expect_no_process(const char *text);

#endif
