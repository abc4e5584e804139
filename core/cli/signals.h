/* signals.h: Ctrl-C and its like, for verbs that have something to lose: a first SIGINT, SIGTERM or
 * SIGHUP sets a flag that the work looks at, a second one ends the program at once. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <signal.h>

/* From now on they are caught. */
void signals_catch(void);
/* The number of the one that came, or 0. */
const volatile sig_atomic_t *signals_flag(void);

#endif
