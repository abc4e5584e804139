/* takes_nothing: the absolute error. Broken, its `squared` setting leaves no targets it takes.
 *
 *   L = 1/C sum_c |p_c - t_c|, or (p_c - t_c)^2 / 2;
 *   dL/dp_c = sign(p_c - t_c)/C, or (p_c - t_c)/C */
#include <math.h>

#include <plexus/plugin.h>

typedef struct {
    int32_t squared;
} takes;

static const plx_setting settings[] = {
    PLX_FLAG(takes, squared, 0, "half the square instead of the absolute value"),
};

static uint32_t targets(const void *self, uint32_t family)
{
#ifdef BROKEN
    if (((const takes *)self)->squared)
        return 0;
#endif
    return PLX_TARGET_REALS | PLX_TARGET_POSITIVE | PLX_TARGET_UNIT | PLX_TARGET_SIMPLEX |
           PLX_TARGET_LABELS;
}

static int32_t rows(const void *self, const plx_rows *b)
{
    const int squared = ((const takes *)self)->squared;

    for (uint64_t r = 0; r < b->rows; r++) {
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
        const double factor = b->scale * weight / (double)b->cols;
        double sum = 0;

        for (uint64_t i = r * b->cols; i < (r + 1) * b->cols; i++) {
            const double d = (double)b->prediction[i] - (double)b->target[i];
            sum += squared ? d * d / 2 : fabs(d);
            if (b->gradient)
                b->gradient[i] = (float)(factor * (squared ? d : d > 0 ? 1 : d < 0 ? -1 : d));
        }
        b->loss[r] = sum / (double)b->cols;
    }
    return PLX_OK;
}

PLX_LOSS(takes_nothing, .summary = "absolute or squared error", .source = "for the tests",
         .formula = "L = 1/C sum_c |p_c - t_c|, or (p_c - t_c)^2 / 2",
         .derivative = "dL/dp_c = sign(p_c - t_c)/C, or (p_c - t_c)/C",
         .settings = PLX_TABLE(settings), .targets = targets, .rows = rows)
