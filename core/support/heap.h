/* heap.h: how memory is laid out that forked children will allocate from. */
#ifndef SUPPORT_HEAP_H
#define SUPPORT_HEAP_H

#include <stddef.h>

/* For a process that from now on does little but to fork children. A child that allocates is given the holes
 * that were freed before the fork, which are scattered, and the first write to each page makes a copy of
 * it. Afterwards there are no holes: what is allocated comes from the end of the heap, in one piece: first `own` bytes for
 * the process itself, then about `spare` bytes that are fresh and, where the kernel has them, in
 * large pages, which cost one fault each. The holes are not given back. Without effect where malloc is not
 * the C library's. */
void heap_settle(size_t own, size_t spare);

#endif
