/* broken: a loss whose value, or else whose gradient, is NaN. */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    int32_t value;
} broken;

static const plx_setting settings[] = {
    PLX_FLAG(broken, value, 0, "NaN as the value, not the gradient"),
};

static uint32_t targets(const void *self, uint32_t family)
{
    return PLX_TARGET_REALS | PLX_TARGET_LABELS;
}

static int32_t rows(const void *self, const plx_rows *b)
{
    const broken *s = self;

    for (uint64_t r = 0; r < b->rows; r++)
        b->loss[r] = s->value ? (double)NAN : 1;
    for (uint64_t i = 0; b->gradient != NULL && i < b->rows * b->cols; i++)
        b->gradient[i] = s->value ? 0 : NAN;
    return PLX_OK;
}

PLX_LOSS(broken, .summary = "never a number", .settings = PLX_TABLE(settings), .targets = targets,
         .rows = rows)
