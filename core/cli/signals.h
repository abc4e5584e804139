/* signals.h: Ctrl-C and its like, for verbs that have something to lose: a first SIGINT, SIGTERM or
 * SIGHUP sets a flag that the work looks at, a second one ends the program at once. And the end of
 * a file that is in use where it lies: SIGBUS. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>

/* From now on they are caught. */
void signals_catch(void);
/* The number of the one that came, or 0. */
const volatile sig_atomic_t *signals_flag(void);

/* From now on a mapped file that is cut short, or whose disk fails, ends the program with one line
 * that names it and the exit code of a data file. */
void signals_watch_files(void);

#endif
