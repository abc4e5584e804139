/* wrong_slot_plan: a mean square for every two rows, or, of what is taller than wide, every two
 * columns.
 *   v = 0.9 v + 0.1 mean(g^2),  w = w - lr g / (sqrt(v) + 1e-8)
 * Broken: for what has a single column it plans none at all. */
#include <math.h>

#include <plexus/plugin.h>

static uint64_t at_least_one(uint64_t n)
{
    return n > 0 ? n : 1;
}

/* Groups of two; the last may have three, a lonely one is a group. */
static uint64_t groups_of(uint64_t rows, uint64_t cols)
{
#ifdef BROKEN
    return rows > cols ? cols / 2 : at_least_one(rows / 2);
#else
    return at_least_one((rows > cols ? cols : rows) / 2);
#endif
}

static int32_t plan_slots(const void *self, const plx_tensor *tensor, const plx_emit *emit)
{
    return emit->slot(emit, "square", PLX_F64, 1, groups_of(tensor->rows, tensor->cols), 0);
}

static uint64_t group_of(const plx_step *step, uint64_t i)
{
    const uint64_t last = groups_of(step->rows, step->cols) - 1;
    const uint64_t group = (step->rows > step->cols ? i % step->cols : i / step->cols) / 2;

    return group < last ? group : last;
}

static int32_t step_tensor(const void *self, const plx_step *step, float *w, const float *g,
                           void *const *slot)
{
    const uint64_t n = step->rows * step->cols, groups = groups_of(step->rows, step->cols);
    double *v = slot[0];

    for (uint64_t k = 0; k < groups; k++) {
        double sum = 0, count = 0;
        for (uint64_t i = 0; i < n; i++) {
            const double here = group_of(step, i) == k;
            sum += here > 0 ? (double)g[i] * (double)g[i] : 0;
            count += here;
        }
        v[k] = 0.9 * v[k] + 0.1 * sum / count;
    }
    for (uint64_t i = 0; i < n; i++)
        w[i] -= (float)(step->lr * (double)g[i] / (sqrt(v[group_of(step, i)]) + 1e-8));
    return PLX_OK;
}

PLX_OPTIMIZER(wrong_slot_plan, .version = "1", .summary = "mean squares of pairs of rows",
              .source = "made up for a test",
              .formula = "v = 0.9 v + 0.1 mean(g^2)\nw = w - lr g / (sqrt(v) + 1e-8)", .lr = 0.01,
              .plan_slots = plan_slots, .step_tensor = step_tensor)
