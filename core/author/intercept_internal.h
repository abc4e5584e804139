/* intercept_internal.h: what the parts of intercept.c share: the counting functions
 * (intercept_calls.c) and the copy of the plug-in's data (intercept_data.c). */
#ifndef AUTHOR_INTERCEPT_INTERNAL_H
#define AUTHOR_INTERCEPT_INTERNAL_H

#include <link.h>

#include "author/intercept.h"

/* One function of the C library and what stands in for it. */
typedef struct counted_call {
    const char *name;
    void (*stand_in)(void);
    void *real; /* NULL, or where the stand-in looks for the address of what it stands in for     */
} counted_call;

/* NULL for a name that is not watched. */
const counted_call *calls_find(const char *name);
intercept_counts calls_counted(void);
void calls_reset(void);
void calls_shift(double seconds);

/* The plug-in as it lies in memory. */
typedef struct image {
    const char *path;
    void *handle; /* of dlopen                                                                    */
    uintptr_t base;
    const ElfW(Phdr) * segments;
    size_t segment_count;
    uintptr_t relro_start, relro_end; /* what the linker has made read-only; equal: nothing       */
} image;

typedef struct data_copy data_copy;
data_copy *data_copy_new(const image *of, plx_error *error);
void data_copy_free(data_copy *copy);
bool data_copy_same(const data_copy *copy, text *came);

#endif
