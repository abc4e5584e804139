/* writes_target: the hinge loss of classes, which are -1 and 1 to it. Broken, it makes them so in
 * the targets themselves, which are not its own.
 *
 *   L = 1/C sum_c max(0, 1 - s_c p_c), s_c = 2 t_c - 1;  dL/dp_c = -s_c/C where 1 > s_c p_c */
#include <plexus/plugin.h>

static uint32_t targets(const void *self, uint32_t family)
{
    return family == PLX_REALS ? PLX_TARGET_LABELS : 0;
}

static double sign_of(const float *target)
{
#ifdef BROKEN
    float *own = (float *)(uintptr_t)target;

    *own = *own > 0 ? 1 : -1;
    return (double)*own;
#else
    return *target > 0 ? 1 : -1;
#endif
}

static int32_t rows(const void *self, const plx_rows *b)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        const double weight = b->row_weight ? (double)b->row_weight[r] : 1;
        const double factor = b->scale * weight / (double)b->cols;
        double sum = 0;

        for (uint64_t i = r * b->cols; i < (r + 1) * b->cols; i++) {
            const double s = sign_of(&b->target[i]), gap = 1 - s * (double)b->prediction[i];
            /* in this order NaN stays NaN */
            sum += gap <= 0 ? 0 : gap;
            if (b->gradient)
                b->gradient[i] = (float)(gap <= 0 ? 0 : -factor * s);
        }
        b->loss[r] = sum / (double)b->cols;
    }
    return PLX_OK;
}

PLX_LOSS(writes_target, .summary = "hinge loss of classes", .source = "for the tests",
         .formula = "L = 1/C sum_c max(0, 1 - s_c p_c), s_c = 2 t_c - 1",
         .derivative = "dL/dp_c = -s_c/C where s_c p_c < 1, else 0", .targets = targets,
         .rows = rows)
