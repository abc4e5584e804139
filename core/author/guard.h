/* guard.h: arrays that notice who writes beside them. Each lies against a page that may not be
 * touched, at its end or at its start, and has known bytes on the other side. A touch of the page,
 * or a write to an array that is for reading, raises SIGSEGV; the handler, on a stack of its own,
 * finds the array, writes one line about it to the channel (a JSON object, see guard_new) and ends
 * the process. For a child process alone: the handler needs the one pointer of the process. */
#ifndef AUTHOR_GUARD_H
#define AUTHOR_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"
#include "support/text.h"

typedef enum { GUARD_END, GUARD_START } guard_side;

typedef struct guard guard;

/* On a fault the channel gets
 *   {"fault": "SIGSEGV", "came": "a write 4 bytes past the end of 'weights' (7 elements)"}
 * or "a read just past the end of ...", and where no array is near, "a read at address 0x0"; on
 * machines that do not tell reads from writes "a touch". Also for SIGBUS, SIGFPE, SIGILL and
 * SIGABRT. The process then ends by that signal. NULL when out of memory, or if there is a guard
 * already. */
guard *guard_new(int channel);
void guard_free(guard *guard);

/* `bytes` of zeroed memory. With GUARD_END the last byte touches the forbidden page as closely as
 * `alignment` (a power of two, at most a page) lets it; with GUARD_START the first byte does, which
 * is then aligned to a page. `name` (copied, 63 bytes at most) and `width`, the size of an element,
 * are for messages. 0 bytes are a pointer that may not be touched; NULL: out of memory. While other
 * threads work with arrays none may be made or given back. */
void *guard_array(guard *guard, const char *name, uint64_t bytes, size_t width, size_t alignment,
                  guard_side side);
/* From now on the array is for reading alone, or for both again. */
void guard_read_only(guard *guard, void *array, bool read_only);
/* Checks the known bytes beside one array (what the page could not catch). False: they changed;
 * `came` gets "2 bytes before the start of 'weights' (7 elements) were overwritten". */
bool guard_intact(guard *guard, const void *array, text *came);
/* The same for all arrays there are. */
bool guard_all_intact(guard *guard, text *came);
/* Gives one back, or all of them. */
void guard_give(guard *guard, void *array);
void guard_give_all(guard *guard);

#endif
