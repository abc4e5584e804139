/* slope.c: a slope by differences, with its error.
 *
 * Central differences are taken at five steps, each half of the one before. An estimate is off by
 * what the next one differs from it (the truncation) and by the rounding of the values over the
 * step; the estimate with the least error counts. The rounding is that of a float32 of the value's
 * size, and what second differences of values close together show beyond it: a function computed
 * with cancellation is noisier than its value's last digit.
 *
 * Of a smooth function the slopes to the left and to the right approach each other in proportion to
 * the step. Where they keep apart there is a kink, and any slope between the two is as good. */
#include "author/slope.h"

#include <float.h>
#include <math.h>

void slope_points(float x, float points[SLOPE_SAMPLES])
{
    const float size = fabsf(x) > 1 ? fabsf(x) : 1;
    const float h = ldexpf(size, -8); /* about the cube root of the spacing of float32 */
    int n = 0;

    points[n++] = x;
    for (int k = 0; k < SLOPE_STEPS; k++) {
        points[n++] = x + ldexpf(h, -k);
        points[n++] = x - ldexpf(h, -k);
    }
    for (int place = -1; place <= 1; place++)
        for (int k = 0; k < SLOPE_NEAR; k++)
            points[n++] = x + (float)place * h + (float)k * ldexpf(h, -9);
}

static double noise_of(const double values[SLOPE_SAMPLES], double scale)
{
    double size = scale, bend = 0;

    for (int i = 0; i < SLOPE_SAMPLES; i++)
        size = fmax(size, fabs(values[i]));
    for (int place = 0; place < 3; place++) {
        const double *v = values + 1 + 2 * SLOPE_STEPS + place * SLOPE_NEAR;
        for (int k = 1; k + 1 < SLOPE_NEAR; k++)
            bend = fmax(bend, fabs(v[k - 1] - 2 * v[k] + v[k + 1]));
    }
    return 2 * (double)FLT_EPSILON * size + bend;
}

/* Differences at one step. */
typedef struct differences {
    double left, right, both;
    double error; /* of `both` by rounding alone */
} differences;

static differences at_step(const float *points, const double *values, double noise, int k)
{
    const double middle = (double)points[0];
    const double up = (double)points[1 + 2 * k] - middle;
    const double down = middle - (double)points[2 + 2 * k];
    const double rise = values[1 + 2 * k] - values[0], fall = values[0] - values[2 + 2 * k];

    return (differences){.left = fall / down,
                         .right = rise / up,
                         .both = (rise + fall) / (up + down),
                         .error = 2 * noise / (up + down)};
}

static bool is_between(double value, double a, double b, double margin)
{
    return value >= fmin(a, b) - margin && value <= fmax(a, b) + margin;
}

slope_verdict slope_judge(const float points[SLOPE_SAMPLES], const double values[SLOPE_SAMPLES],
                          double scale, double claimed)
{
    slope_verdict verdict = {.error = HUGE_VAL};

    for (int i = 0; i < SLOPE_SAMPLES; i++)
        if (!isfinite(values[i]))
            return verdict;
    verdict.known = true;
    const double noise = noise_of(values, scale);
    for (int k = 0; k + 1 < SLOPE_STEPS; k++) {
        const differences wide = at_step(points, values, noise, k);
        const differences narrow = at_step(points, values, noise, k + 1);
        const double error =
            fabs(wide.both - narrow.both) + narrow.error + 1e-4 * fabs(narrow.both);
        const double gap = fabs(narrow.right - narrow.left);
        const bool kink = gap > 0.75 * fabs(wide.right - wide.left) && gap > 8 * narrow.error;

        if (error < verdict.error) {
            verdict.error = error;
            verdict.slope = narrow.both;
        }
        if (kink && is_between(claimed, narrow.left, narrow.right, narrow.error + 1e-3 * gap)) {
            verdict.kink = verdict.agrees = true;
            verdict.left = narrow.left;
            verdict.right = narrow.right;
            return verdict;
        }
    }
    verdict.agrees = fabs(claimed - verdict.slope) <= verdict.error;
    return verdict;
}
