/* exam_loss_slopes.c: whether a gradient is the slope of its loss, and whether the loss is least
 * at the target.
 *
 * Slopes are central differences D(h) = (L(p + h) - L(p - h)) / 2h for h = H, H/2, H/4, ... with
 * every p and h a multiple of a power of two, so that the steps taken are the steps meant.
 * Richardson's (4 D(h/2) - D(h)) / 3 is free of the error of order h^2. Of these estimates the
 * pair that agree best is taken, and how much they differ is how much is believed: so a loss may
 * be computed in double or in float32. Near a kink they may agree on a wrong slope; a right
 * gradient then still lies between the slopes to the left and to the right that the shortest
 * steps find, which are as close together as the loss is smooth. Either is enough.
 *
 * Rows that sum to one do so after a step too: one column rises and the next falls. The gradient
 * along such a step is the difference of the two columns'. The rest of it has no meaning: no
 * activation whose rows sum to one can follow it. */
#include "author/exam_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

enum {
    ROWS = 10,
    MOST_COLUMNS = 3,
    STEPS = 8, /* halvings of the first step                                                      */
};

/* The slopes of all rows along one column, for each step. */
typedef struct slopes {
    double at[ROWS]; /* L(p)                                             */
    double left[STEPS][ROWS], right[STEPS][ROWS]; /* of L(p) - L(p - h) and L(p + h) - L(p)       */
} slopes;

/* What a probe found out of one slope. */
typedef struct estimate {
    double slope, uncertain;
    double low, high; /* between the slopes on both sides, within rounding                        */
} estimate;

static double first_step(const loss_case *of)
{
    return of->family == PLX_SIMPLEX ? 1.0 / 64 : 1.0 / 16;
}

/* The gradient along a step in column c: see above. */
static double along(const loss_batch *b, const float *gradient, uint64_t r, uint64_t c)
{
    const float *g = gradient + r * b->cols;

    return (double)g[c] - (b->of.family == PLX_SIMPLEX ? (double)g[(c + 1) % b->cols] : 0);
}

/* Whether row r stays within the family as column c moves by h. */
static bool stays_within(const loss_batch *b, uint64_t r, uint64_t c, double h)
{
    const float *p = b->prediction + r * b->cols;
    const double one = (double)p[c] + h, other = (double)p[(c + 1) % b->cols] - h;

    if (b->of.family == PLX_REALS)
        return true;
    if (one < 0 || (b->of.family != PLX_POSITIVE && one > 1))
        return false;
    return b->of.family != PLX_SIMPLEX || (b->cols > 1 && other >= 0 && other <= 1);
}

/* Moves column c by h where that stays within the family. */
static void move(loss_batch *b, uint64_t c, double h)
{
    for (uint64_t r = 0; r < b->rows; r++) {
        float *p = b->prediction + r * b->cols;
        if (!stays_within(b, r, c, h))
            continue;
        p[c] = (float)((double)p[c] + h);
        if (b->of.family == PLX_SIMPLEX)
            p[(c + 1) % b->cols] = (float)((double)p[(c + 1) % b->cols] - h);
    }
}

/* The losses with column c moved by h; the batch is as it was afterwards. */
static bool losses_at(loss_batch *b, uint64_t c, double h, double out[ROWS])
{
    const loss_call call = {.scale = 1};
    float before[ROWS * MOST_COLUMNS];

    memcpy(before, b->prediction, b->rows * b->cols * sizeof(*before));
    move(b, c, h);
    const bool good = loss_batch_run(b, &call);
    memcpy(b->prediction, before, b->rows * b->cols * sizeof(*before));
    for (uint64_t r = 0; good && r < b->rows; r++)
        out[r] = b->loss[r];
    return good;
}

static bool find_slopes(loss_batch *b, uint64_t c, slopes *s)
{
    double h = first_step(&b->of);

    if (!losses_at(b, c, 0, s->at))
        return false;
    for (size_t k = 0; k < STEPS; k++, h /= 2) {
        double low[ROWS], high[ROWS];
        if (!losses_at(b, c, -h, low) || !losses_at(b, c, h, high))
            return false;
        for (uint64_t r = 0; r < b->rows; r++) {
            s->left[k][r] = (s->at[r] - low[r]) / h;
            s->right[k][r] = (high[r] - s->at[r]) / h;
        }
    }
    return true;
}

static double central(const slopes *s, size_t k, uint64_t r)
{
    return (s->left[k][r] + s->right[k][r]) / 2;
}

static double extrapolated(const slopes *s, size_t k, uint64_t r)
{
    return (4 * central(s, k + 1, r) - central(s, k, r)) / 3;
}

/* What rounding to float32 may do to a slope over a step of h. */
static double noise_of(const slopes *s, uint64_t r, double h)
{
    return 2e-7 * fabs(s->at[r]) / h;
}

static estimate estimate_of(const slopes *s, uint64_t r, double first)
{
    const double left = s->left[STEPS - 1][r], right = s->right[STEPS - 1][r];
    const double noise = 4 * noise_of(s, r, first / (1 << (STEPS - 1)));
    estimate e = {
        .uncertain = HUGE_VAL, .low = fmin(left, right) - noise, .high = fmax(left, right) + noise};

    for (size_t k = 0; k + 2 < STEPS; k++) {
        const double one = extrapolated(s, k, r), two = extrapolated(s, k + 1, r);
        const double uncertain = fabs(one - two) + noise_of(s, r, first / (4 << k));
        if (uncertain < e.uncertain) {
            e.slope = two;
            e.uncertain = uncertain;
        }
    }
    return e;
}

/* ---- gradient ---- */

static bool fail_slope(loss_batch *b, uint64_t r, uint64_t c, const estimate *e, double came)
{
    const bool pair = b->of.family == PLX_SIMPLEX;
    const uint64_t i = r * b->cols + c, other = r * b->cols + (c + 1) % b->cols;
    char expected[200], words[320], partner[64] = "";

    snprintf(expected, sizeof(expected), "%.6g, the slope of the loss%s", e->slope,
             pair ? " as one probability rises and another falls" : "");
    if (pair)
        snprintf(partner, sizeof(partner), " minus that at %.9g with target %.9g",
                 (double)b->prediction[other], (double)b->target[other]);
    return exam_fail(b->exam, "the gradient that rows writes", expected,
                     "%.6g: the gradient at prediction %.9g with target %.9g%s, of %d columns (%s)",
                     came, (double)b->prediction[i], (double)b->target[i], partner, (int)b->cols,
                     loss_case_text(&b->of, words));
}

/* Compares column c of all rows; *worst is the largest error relative to the largest gradient. */
static bool compare_column(loss_batch *b, const float *gradient, uint64_t c, double *worst)
{
    slopes s;
    double largest = 0;

    if (!find_slopes(b, c, &s))
        return false;
    for (uint64_t r = 0; r < b->rows; r++)
        largest = fmax(largest, fabs(along(b, gradient, r, c)));
    for (uint64_t r = 0; r < b->rows; r++) {
        const estimate e = estimate_of(&s, r, first_step(&b->of));
        const double g = along(b, gradient, r, c), wrong = fabs(g - e.slope);
        const double allowed = 1e-3 * fabs(g) + 1e-5 * largest;

        if (isfinite(e.uncertain) && wrong <= allowed + 4 * e.uncertain)
            *worst = fmax(*worst, largest > 0 ? wrong / largest : 0);
        else if (!(g >= e.low - allowed && g <= e.high + allowed))
            return fail_slope(b, r, c, &e, g);
    }
    return true;
}

static bool probe_gradient(exam *exam, const loss_case *which, void *context)
{
    static const uint64_t columns[] = {1, 2, 3};
    const loss_call call = {.gradient = true, .scale = 1};
    float gradient[ROWS * MOST_COLUMNS];
    bool good = true;

    for (size_t i = 0; good && i < 3; i++) {
        loss_batch b;
        if (which->family == PLX_SIMPLEX && columns[i] == 1)
            continue;
        good = loss_batch_open(&b, exam, which, ROWS, columns[i], GUARD_END) &&
               loss_batch_run(&b, &call);
        for (size_t k = 0; good && k < ROWS * columns[i]; k++)
            gradient[k] = b.gradient[k];
        for (uint64_t c = 0; good && c < columns[i]; c++)
            good = compare_column(&b, gradient, c, context);
        loss_batch_close(&b);
    }
    return good;
}

/* ---- the curve of a report ---- */

enum { CURVE = 121 };

static void set_number(json_t *array, double value)
{
    json_array_append_new(array, isfinite(value) ? json_real(value) : json_null());
}

/* Target 0 for reals, 1 for positive numbers and for probabilities. */
static void set_curve(loss_batch *b)
{
    for (size_t i = 0; i < CURVE; i++) {
        const double t = (double)i / (CURVE - 1);
        float *p = b->prediction + i * b->cols;

        p[0] = b->of.family == PLX_REALS      ? (float)(6 * t - 3)
               : b->of.family == PLX_POSITIVE ? (float)(0.02 + 3.98 * t)
                                              : (float)(0.01 + 0.98 * t);
        if (b->cols == 2)
            p[1] = 1 - p[0];
        for (uint64_t c = 0; c < b->cols; c++)
            b->target[i * b->cols + c] = c == 0 && b->of.family != PLX_REALS;
        if (b->label != NULL)
            b->label[i] = b->cols == 2 ? 0 : (int32_t)b->target[i];
    }
}

static bool draw_curve(exam *exam, const loss_case *which, void *context)
{
    const loss_call call = {.gradient = true, .scale = 1};
    json_t *x = json_array(), *loss = json_array(), *slope = json_array();
    loss_batch b;

    const bool good =
        loss_batch_open(&b, exam, which, CURVE, which->family == PLX_SIMPLEX ? 2 : 1, GUARD_END);
    if (good)
        set_curve(&b);
    if (good && loss_batch_run(&b, &call))
        for (size_t i = 0; i < CURVE; i++) {
            set_number(x, (double)b.prediction[i * b.cols]);
            set_number(loss, b.loss[i]);
            set_number(slope, along(&b, b.gradient, i, 0));
        }
    json_object_set_new(exam->figures, "curve",
                        json_pack("{s:o, s:o, s:o, s:f}", "prediction", x, "loss", loss, "gradient",
                                  slope, "target", which->family == PLX_REALS ? 0.0 : 1.0));
    loss_batch_close(&b);
    return false; /* of the first case alone */
}

void loss_test_gradient(exam *exam)
{
    double worst = 0;

    if (!loss_each_case(exam, false, probe_gradient, &worst))
        return;
    exam_say(exam, "largest difference %.1g of the largest gradient", worst);
    loss_each_case(exam, false, draw_curve, NULL);
}

/* ---- minimum ---- */

/* Whether the loss's own minimum is to be looked for in this case: predictions and targets are of
 * a kind, so that the target is a prediction. A class is so only as a probability: of scores that
 * are any number the best for a class may lie anywhere. Of several kinds one that fits is
 * enough. */
static bool is_comparable(const loss_case *of, uint32_t kinds)
{
    const uint32_t own = of->family == PLX_REALS      ? PLX_TARGET_REALS
                         : of->family == PLX_POSITIVE ? PLX_TARGET_POSITIVE
                         : of->family == PLX_UNIT     ? PLX_TARGET_UNIT
                                                      : PLX_TARGET_SIMPLEX;

    if (of->kind == PLX_TARGET_LABELS)
        return of->family == PLX_UNIT || of->family == PLX_SIMPLEX;
    return of->kind == own || (of->kind == PLX_TARGET_REALS && (kinds & own) == 0);
}

/* Targets become the ordinary predictions, which lie within the family, or stay the classes; then
 * predictions become the targets. */
static void set_targets(loss_batch *b)
{
    for (uint64_t i = 0; i < b->rows * b->cols; i++) {
        if (b->label == NULL)
            b->target[i] = b->prediction[i];
        b->prediction[i] = b->target[i];
    }
}

/* What a test of the minimum found: one place with less loss than at the target. */
typedef struct lower {
    bool found;
    double target, prediction, loss, least;
} lower;

static bool seek_lower(loss_batch *b, uint64_t c, double h, const double *at, lower *found)
{
    double near[ROWS];

    if (!losses_at(b, c, h, near))
        return false;
    for (uint64_t r = 0; r < b->rows && !found->found; r++) {
        const double noise = 1e-6 * fmax(fabs(at[r]), fabs(near[r])) + 1e-300;
        if (stays_within(b, r, c, h) && near[r] < at[r] - noise)
            *found = (lower){.found = true,
                             .target = (double)b->target[r * b->cols + c],
                             .prediction = (double)b->prediction[r * b->cols + c] + h,
                             .loss = near[r],
                             .least = at[r]};
    }
    return true;
}

/* Looks about the targets at several distances. */
static bool look_about(loss_batch *b, lower *found)
{
    double at[ROWS];

    if (!losses_at(b, 0, 0, at))
        return false;
    for (uint64_t c = 0; c < b->cols; c++)
        for (double h = 1.0 / 8; h > 1.0 / 3000; h /= 4)
            if (!seek_lower(b, c, h, at, found) || !seek_lower(b, c, -h, at, found))
                return false;
    return true;
}

typedef struct minimum_state {
    int cases;
    text elsewhere; /* settings that move the minimum                                            */
} minimum_state;

static bool judge_minimum(exam *exam, const loss_case *which, const lower *found,
                          minimum_state *state)
{
    char words[320], expected[160];

    if (!found->found)
        return true;
    if (which->settings != exam->variants[0].settings) {
        if (state->elsewhere.bytes == NULL ||
            strstr(state->elsewhere.bytes, which->variant) == NULL)
            text_addf(&state->elsewhere, "%s%s", state->elsewhere.length > 0 ? ", " : "",
                      which->variant);
        return true;
    }
    snprintf(expected, sizeof(expected),
             "at least %.9g, the loss at prediction %.9g, which is the target", found->least,
             found->target);
    return exam_fail(exam, "rows; a setting may move the minimum, but not by default", expected,
                     "loss %.9g at prediction %.9g with target %.9g (%s)", found->loss,
                     found->prediction, found->target, loss_case_text(which, words));
}

static bool probe_minimum(exam *exam, const loss_case *which, void *context)
{
    minimum_state *state = context;
    const uint32_t kinds = exam->plugin->loss->targets(which->settings->values, which->family);
    const uint64_t cols = which->family == PLX_SIMPLEX ? 3 : 1;
    lower found = {.found = false};
    loss_batch b;

    if (!is_comparable(which, kinds))
        return true;
    bool good = loss_batch_open(&b, exam, which, ROWS, cols, GUARD_END);
    if (good)
        set_targets(&b);
    good = good && look_about(&b, &found);
    loss_batch_close(&b);
    state->cases++;
    return good && judge_minimum(exam, which, &found, state);
}

void loss_test_minimum(exam *exam)
{
    minimum_state state = {.cases = 0};

    if (loss_each_case(exam, false, probe_minimum, &state)) {
        if (state.cases == 0)
            exam_say(exam, "nothing to compare: none of its targets could be a prediction");
        else if (state.elsewhere.bytes != NULL)
            exam_say(exam, "with other settings the minimum lies elsewhere: %s",
                     state.elsewhere.bytes);
    }
    free(state.elsewhere.bytes);
}
