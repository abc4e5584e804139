/* newer: an optimizer written for the header that grow.sed makes, where every struct has a member
 * more from minor version 1 on. What it asks for, what it sees and what it uses are definitions:
 *   SEEN   the minor version whose members it sees        USED       what its descriptor has there
 *   ASKED  the one its entry demands of the core          ROW_USED   the row of its settings
 *
 * Plain descent, times the host's new member wherever the host has it. */
#define PLX_MINOR SEEN
#include <plexus/plugin.h>
#undef PLX_MINOR
#define PLX_MINOR ASKED

typedef struct {
    double factor;
} newer;

#if SEEN >= 1
#define MORE_ROW , .added_in_1_1 = ROW_USED
#define MORE     , .added_in_1_1 = USED
#else
#define MORE_ROW
#define MORE
#endif

static const plx_setting settings[] = {
    PLX_REAL(newer, factor, 1, 0, 10, "of the step" MORE_ROW),
};

/* What the header asks of those who read what an older core does not have. */
static float share_of(const plx_host *host)
{
#if SEEN >= 1
    if (host->size >= offsetof(plx_host, added_in_1_1) + sizeof(host->added_in_1_1))
        return (float)host->added_in_1_1;
#endif
    return 1;
}

static int32_t step_range(const void *self, const plx_step *step, uint64_t n, float *w,
                          const float *g, void *const *slot)
{
    const float rate =
        (float)step->lr * (float)((const newer *)self)->factor * share_of(step->host);

    for (uint64_t i = 0; i < n; i++)
        w[i] -= rate * g[i];
    return PLX_OK;
}

PLX_OPTIMIZER(newer, .summary = "descent as a later version has it",
              .settings = PLX_TABLE(settings), .step_range = step_range MORE)
