/* heap.c: see heap.h. Written for glibc's malloc, whose heap grows at its end, the top, and which takes
 * freed chunks of a fitting size before it takes from there. */
#include "support/heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    LARGE_PAGE = 2 << 20,
    LARGEST = 128 << 10, /* chunk that is looked for                                             */
    CACHED = 1040,       /* chunks up to that size are kept apart when they are freed,           */
    STEP = 16,           /* by size, of which there is one every so many bytes                   */
};

/* Where the top begins. */
static uintptr_t find_top(const struct mallinfo2 *info)
{
    return (uintptr_t)sbrk(0) - info->keepcost;
}

/* From large chunks to small ones; what is left of a hole is filled by the next. */
static size_t next_size(size_t size)
{
    if (size <= CACHED)
        return size - STEP;
    return size / 2 > CACHED ? size / 2 : CACHED;
}

/* Takes every free chunk. One beyond the top is none of them. */
static void fill_holes(uintptr_t top)
{
    for (size_t size = LARGEST; size > STEP; size = next_size(size)) {
        char *chunk = malloc(size - sizeof(size_t));
        while (chunk != NULL && (uintptr_t)chunk < top)
            chunk = malloc(size - sizeof(size_t));
        if (size > CACHED)
            free(chunk);
    }
}

/* Leaves out what lies between the top and the place. The pointer is volatile since the compiler would
 * leave out malloc. */
static void move_top(uintptr_t top, uintptr_t place)
{
    void *volatile left_out = malloc(place - top - STEP);

    (void)left_out;
}

/* Lets the heap grow by what is wanted on either side of the place, and keep it, in large pages and not
 * touched, if it is the heap that is there: it may not have grown in one piece. */
static void grow(uintptr_t place, size_t before, size_t behind)
{
    void *volatile chunk = malloc(before + behind);
    const uintptr_t first = (uintptr_t)chunk;
    const bool within = chunk != NULL && first <= place && place - first <= before;

    free(chunk);
    if (within) {
        madvise((void *)place, behind, MADV_DONTNEED);
        madvise((void *)place, behind, MADV_HUGEPAGE);
    }
}

void heap_settle(size_t own, size_t spare)
{
    struct mallinfo2 info = mallinfo2();

    if (info.arena == 0)
        return;
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
    fill_holes(find_top(&info));
    info = mallinfo2();
    const uintptr_t top = find_top(&info);
    const uintptr_t fresh = (top + own + LARGE_PAGE) & ~(uintptr_t)(LARGE_PAGE - 1);
    move_top(top, fresh - own);
    grow(fresh, own, spare);
}
