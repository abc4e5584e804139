/* slope.c: a slope by differences, with its error.
 *
 * Central differences are taken at seven steps, each half of the one before. An estimate is off by
 * what its neighbours differ from it (the truncation, or a wave that the step is too long for) and
 * by the rounding of the values over the step; the estimate with the least error counts. The
 * rounding is that of a float32 of the value's size, and how far values close together lie from a
 * straight line: a function computed with cancellation is noisier than its value's last digit.
 * Where values repeat, the function comes in stairs, and their height counts as well.
 *
 * Of a smooth function the slopes to the left and to the right approach each other in proportion
 * to the step. Where they keep apart there is a kink, and any slope between the two is as good. */
#include "author/slope.h"

#include <float.h>
#include <math.h>

void slope_points(float x, float points[SLOPE_SAMPLES])
{
    const float size = fabsf(x) > 1 ? fabsf(x) : 1;
    const float h = ldexpf(size, -8); /* about the cube root of the spacing of float32 */
    static const float uneven[SLOPE_NEAR] = {0, 0.9f, 2.3f, 3.1f, 4.6f, 5.2f, 6.7f, 7.4f};
    int n = 0;

    points[n++] = x;
    for (int k = 0; k < SLOPE_STEPS; k++) {
        points[n++] = x + ldexpf(h, -k);
        points[n++] = x - ldexpf(h, -k);
    }
    for (int place = -1; place <= 1; place++)
        for (int k = 0; k < SLOPE_NEAR; k++)
            points[n++] = x + (float)place * h + uneven[k] * ldexpf(h, -9);
}

/* The least difference of two values if others repeat; 0 if none do. */
static double stair_of(const float points[SLOPE_SAMPLES], const double values[SLOPE_SAMPLES])
{
    double least = HUGE_VAL;
    bool repeats = false;

    for (int i = 0; i < SLOPE_SAMPLES; i++)
        for (int j = 0; j < i; j++) {
            repeats = repeats || (values[i] == values[j] && points[i] != points[j]);
            if (values[i] != values[j])
                least = fmin(least, fabs(values[i] - values[j]));
        }
    return repeats && isfinite(least) ? least : 0;
}

static double noise_of(const float points[SLOPE_SAMPLES], const double values[SLOPE_SAMPLES],
                       double scale)
{
    double size = scale, bend = 0;

    for (int i = 0; i < SLOPE_SAMPLES; i++)
        size = fmax(size, fabs(values[i]));
    for (int place = 0; place < 3; place++) {
        const int first = 1 + 2 * SLOPE_STEPS + place * SLOPE_NEAR, last = first + SLOPE_NEAR - 1;
        const double width = (double)points[last] - (double)points[first];
        for (int k = first; k < last && width > 0; k++) {
            const double share = ((double)points[k] - (double)points[first]) / width;
            const double line = values[first] + share * (values[last] - values[first]);
            bend = fmax(bend, 2 * fabs(values[k] - line));
        }
    }
    return 2 * (double)FLT_EPSILON * size + (double)FLT_MIN + bend + stair_of(points, values);
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

/* The least difference from its neighbours that speaks for an estimate. */
static double truncation(const differences d[SLOPE_STEPS], int k)
{
    const double before = fabs(d[k - 1].both - d[k].both);

    return k + 1 < SLOPE_STEPS ? fmax(before, fabs(d[k].both - d[k + 1].both)) : before;
}

static double gap_of(const differences *d)
{
    return fabs(d->right - d->left);
}

/* Whether the slopes of three steps from d on keep apart, and `claimed` is between them. A kink
 * beside the middle is seen at wide steps alone, but then the narrow ones find the slope. */
static bool is_of_kink(const differences d[3], double claimed)
{
    const double gap = gap_of(&d[2]);
    const double margin =
        fabs(d[1].left - d[2].left) + fabs(d[1].right - d[2].right) + d[2].error + 1e-3 * gap;

    return gap_of(&d[1]) > 0.75 * gap_of(&d[0]) && gap > 0.75 * gap_of(&d[1]) &&
           gap > 8 * d[2].error && is_between(claimed, d[2].left, d[2].right, margin);
}

slope_verdict slope_judge(const float points[SLOPE_SAMPLES], const double values[SLOPE_SAMPLES],
                          double scale, double claimed)
{
    slope_verdict verdict = {.error = HUGE_VAL};
    differences d[SLOPE_STEPS];
    const double least = 1e-6; /* what is lost where 1 was added to it */

    for (int i = 0; i < SLOPE_SAMPLES; i++)
        if (!isfinite(values[i]))
            return verdict;
    verdict.known = true;
    const double noise = noise_of(points, values, scale);
    for (int k = 0; k < SLOPE_STEPS; k++)
        d[k] = at_step(points, values, noise, k);
    for (int k = 1; k < SLOPE_STEPS; k++) {
        const double error = truncation(d, k) + d[k].error + 1e-4 * fabs(d[k].both) + least;
        if (error < verdict.error) {
            verdict.error = error;
            verdict.slope = d[k].both;
        }
    }
    verdict.agrees = fabs(claimed - verdict.slope) <= verdict.error;
    for (int k = 1; !verdict.agrees && k + 2 < SLOPE_STEPS; k++)
        verdict.agrees = verdict.kink = is_of_kink(&d[k], claimed);
    return verdict;
}
