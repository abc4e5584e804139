/* profile.c: see profile.h. */
#include "network/profile.h"

#include <stdlib.h>
#include <time.h>

#include "support/memory.h"

enum { CELLS_OF_LINE = 4 }; /* in a cache line of 64 bytes */

typedef struct cell {
    uint64_t time, work;
} cell;

struct profile {
    size_t stride; /* cells of a thread: whole cache lines                                       */
    int threads;
    cell *cell;
};

profile *profile_new(size_t layers, int threads)
{
    const size_t lines = (layers * PROFILE_KINDS + CELLS_OF_LINE - 1) / CELLS_OF_LINE;
    profile *made = memory_array(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->threads = threads;
    made->stride = lines * CELLS_OF_LINE;
    made->cell = memory_aligned(made->stride * (size_t)threads, sizeof(*made->cell));
    if (made->cell != NULL)
        return made;
    free(made);
    return NULL;
}

void profile_free(profile *profile)
{
    if (profile == NULL)
        return;
    free(profile->cell);
    free(profile);
}

static cell *cell_of(const profile *profile, int thread, size_t layer, profile_kind kind)
{
    return &profile->cell[(size_t)thread * profile->stride + layer * PROFILE_KINDS + kind];
}

uint64_t profile_now(const profile *profile)
{
    struct timespec time;

    if (profile == NULL)
        return 0;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t profile_add(profile *profile, int thread, size_t layer, profile_kind kind, uint64_t since)
{
    const uint64_t now = profile_now(profile);

    if (profile != NULL)
        cell_of(profile, thread, layer, kind)->time += now - since;
    return now;
}

void profile_count(profile *profile, int thread, size_t layer, profile_kind kind, uint64_t work)
{
    if (profile != NULL)
        cell_of(profile, thread, layer, kind)->work += work;
}

uint64_t profile_time(const profile *profile, size_t layer, profile_kind kind)
{
    uint64_t sum = 0;

    for (int thread = 0; thread < profile->threads; thread++)
        sum += cell_of(profile, thread, layer, kind)->time;
    return sum;
}

uint64_t profile_work(const profile *profile, size_t layer, profile_kind kind)
{
    uint64_t sum = 0;

    for (int thread = 0; thread < profile->threads; thread++)
        sum += cell_of(profile, thread, layer, kind)->work;
    return sum;
}
