/* scribbler: in its third step writes over all memory that it shares with other processes, and
 * dies. */
#include <stdio.h>
#include <string.h>

#include <plexus/plugin.h>

static void scribble(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long from, behind;
    char line[512];

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL)
        if (strstr(line, " rw-s ") != NULL && strstr(line, "/dev/zero") != NULL &&
            sscanf(line, "%lx-%lx", &from, &behind) == 2)
            memset((void *)from, 0xff, behind - from);
    if (maps != NULL)
        fclose(maps);
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    volatile uintptr_t nowhere = 64;

    if (step->step != 3)
        return PLX_OK;
    scribble();
    *(volatile int *)nowhere = 1;
    return PLX_OK;
}

PLX_OPTIMIZER(scribbler, .summary = "writes over all shared memory in its third step",
              .step_range = step_range)
