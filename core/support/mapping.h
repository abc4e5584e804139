/* mapping.h: a large file that is used where it lies instead of being copied into memory. Its first
 * bytes, up to a bound, are mapped; what lies beyond, which only a file has that is larger than the
 * bound, is read each time it is asked for. So no more of the file than the bound is ever resident
 * in the process, however large it is, and a file within the bound is as fast as memory.
 *
 * A file that loses bytes or cannot be read any more raises SIGBUS where it is mapped; that is for
 * the program to catch. Beyond, it is noted, and mapping_intact tells. */
#ifndef SUPPORT_MAPPING_H
#define SUPPORT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "support/error.h"

/* Bytes that are mapped at least, whatever the bound: room for a header. */
#define MAPPING_LEAST ((size_t)2 << 20)

typedef struct mapping mapping;

/* Maps the first `bound` bytes. NULL if the file is none that can be mapped: a pipe, empty, not
 * there; reading it will tell what is wrong, if anything is. */
mapping *mapping_open(const char *path, size_t bound);
void mapping_close(mapping *mapping); /* NULL is fine */

size_t mapping_length(const mapping *mapping); /* of the file, as it was opened */
size_t mapping_near(const mapping *mapping);   /* how many bytes are mapped */
/* The mapped bytes; writing to them is a crash. */
unsigned char *mapping_bytes(const mapping *mapping);

/* Bytes offset .. offset + n - 1, all within the file: where they are mapped, or read into `buffer`
 * (n bytes). NULL if they could not be read. */
const void *mapping_at(mapping *mapping, size_t offset, size_t n, void *buffer);
/* Reads them; zeros if they could not be read. Safe in any thread. */
void mapping_read(mapping *mapping, size_t offset, size_t n, void *buffer);
/* Says that they will be read soon, so that the disk can fetch several places at once. Does nothing
 * for a file that memory can hold, as reading that costs no wait. */
void mapping_expect(const mapping *mapping, size_t offset, size_t n);

/* False, with ERROR_DATA, once something could not be read. Costs nothing. */
bool mapping_intact(const mapping *mapping, plx_error *error);
/* The same, and asks whether the file's size or time of modification are others than when it was
 * opened. */
bool mapping_unchanged(const mapping *mapping, plx_error *error);

#endif
