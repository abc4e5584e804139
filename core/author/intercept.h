/* intercept.h: watches what a loaded plug-in does besides computing. Its own imports of the C
 * library's memory, clock, random and output functions are pointed at counting ones, which pass the
 * call on (it was loaded with RTLD_NOW, so all are there); those that start a process are refused,
 * as no limit would hold for it. Its writable data can be compared with a copy. Nothing else in the process is touched. What it does through libraries it is linked
 * to, or by names it looks up while running, is not seen. For a child process alone: the counting
 * functions have no argument to carry their counts, so there is one set of them a process. */
#ifndef AUTHOR_INTERCEPT_H
#define AUTHOR_INTERCEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/catalog.h"
#include "support/error.h"
#include "support/text.h"

typedef struct intercept intercept;

typedef struct intercept_counts {
    int64_t taken;          /* blocks of memory taken by malloc, calloc, realloc, strdup, ...     */
    int64_t given;          /* and given back                                                     */
    int64_t clock;          /* calls of time, clock_gettime, gettimeofday, clock, ...             */
    int64_t chance;         /* calls of rand, random, drand48, getrandom, ...                     */
    int64_t output;         /* calls of printf, puts, fputs, fwrite, write, perror, ...           */
    int64_t process;        /* calls of fork, system, posix_spawn, ..., all refused, setlocale    */
    const char *last_clock; /* the name of the function called last, or NULL                      */
    const char *last_chance;
    const char *last_memory;
    const char *last_output;
    const char *last_process;
} intercept_counts;

/* Points the plug-in's imports at the counting functions; counts and shift begin at zero.
 * ERROR_PLUGIN if its tables cannot be read. */
intercept *intercept_new(const plugin *plugin, plx_error *error);
void intercept_free(intercept *intercept);

/* Counts since the last reset. */
intercept_counts intercept_counted(const intercept *intercept);
void intercept_reset(intercept *intercept);
/* From now on the clock the plug-in sees runs `seconds` ahead, and chance functions are given other
 * numbers: what depends on either comes out differently. */
void intercept_shift(intercept *intercept, double seconds);

/* Copies the plug-in's writable data (.data, .bss, this thread's thread-local data; not what the
 * linker has made read-only, nor what compilers count lines or profile in), and says whether it
 * still is as it was. `came` gets "4 bytes changed, the first in 'counter'", or "at offset 0x4010
 * of its image" where the file has no symbols. */
bool intercept_copy_data(intercept *intercept, plx_error *error);
bool intercept_same_data(const intercept *intercept, text *came);

#endif
