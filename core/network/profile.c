/* profile.c: see profile.h. */
#include "network/profile.h"

#include <stdlib.h>
#include <time.h>

#include "support/memory.h"

struct profile {
    size_t layers;
    size_t stride; /* cells of a thread: whole cache lines                                       */
    int threads;
    uint64_t *cell;
};

profile *profile_new(size_t layers, int threads)
{
    profile *made = memory_array(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->layers = layers;
    made->threads = threads;
    made->stride = (layers * PROFILE_KINDS + 7) / 8 * 8;
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
        profile->cell[(size_t)thread * profile->stride + layer * PROFILE_KINDS + kind] +=
            now - since;
    return now;
}

uint64_t profile_time(const profile *profile, size_t layer, profile_kind kind)
{
    uint64_t sum = 0;

    for (int thread = 0; thread < profile->threads; thread++)
        sum += profile->cell[(size_t)thread * profile->stride + layer * PROFILE_KINDS + kind];
    return sum;
}
