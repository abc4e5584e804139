/* exam_activation.c: the tests that activations alone have. */
#include "author/exam_activation.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "author/slope.h"

/* ---- points ---- */

/* Points from 0 outwards to the largest float32, dense where activations bend. */
enum { OUTWARD = 400 };

static size_t outward_points(float points[OUTWARD])
{
    static const float small[] = {0, 1.4e-45f, 1e-40f, FLT_MIN};
    static const float far[] = {32, 40, 60, 80, 85, 88, 90, 100, 200, 500, 700, 800};
    size_t n = 0;

    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        points[n++] = small[i];
    for (int e = -37; e < -1; e++)
        points[n++] = powf(10, (float)e);
    for (int i = 1; i <= 16; i++)
        points[n++] = (float)i / 16 - 0.01f;
    for (int i = 4; i <= 120; i++)
        points[n++] = (float)i / 4;
    for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
        points[n++] = far[i];
    for (int e = 3; e <= 38; e++) {
        points[n++] = powf(10, (float)e);
        if (e < 38)
            points[n++] = 5 * powf(10, (float)e);
    }
    points[n++] = FLT_MAX;
    return n;
}

/* Rows for rowwise activations: equal elements, ordinary ones, one far from the others. */
enum { ROW_SORTS = 8 };

static void make_row(int sort, uint64_t cols, float *x)
{
    static const float spread[ROW_SORTS] = {0, 0, 1, 1, 5, 30, 1, 1000};

    for (uint64_t c = 0; c < cols; c++) {
        const float pattern = (float)((int)(c * 37 + (uint64_t)sort * 11) % 17 - 8) / 8;
        x[c] = sort == 1 ? 2.5f : spread[sort] * pattern;
    }
    if (sort == 6)
        x[cols - 1] += 50;
}

static const uint64_t row_widths[] = {1, 2, 3, 10};
enum { WIDTHS = sizeof(row_widths) / sizeof(row_widths[0]), WIDEST = 10 };

/* ---- finite ---- */

/* Whether what is not finite is an overflow of something that grew towards it. */
static bool is_overflow(float value, float inward)
{
    return isinf(value) && signbit(value) == signbit(inward) && fabsf(inward) >= 1e3f;
}

/* One side, from 0 outwards: x, and the values there. */
static bool finite_or_grown(exam *exam, const char *function, const char *what, const variant *with,
                            size_t n, const float *x, const float *values, const float *y)
{
    const float far = 1e30f; /* products on the way may overflow at what no network ever sees */

    for (size_t i = 0; i < n && fabsf(x[i]) <= far; i++) {
        if (isfinite(values[i]) || (y != NULL && !isfinite(y[i])))
            continue;
        if (i > 0 && is_overflow(values[i], values[i - 1]))
            continue;
        return exam_fail(exam, function,
                         "a finite result for a finite x, or an infinite one that the function "
                         "grows to",
                         "%s = %g at x = %.9g, with %s", what, (double)values[i], (double)x[i],
                         with->name);
    }
    return true;
}

static bool finite_side(exam *exam, const variant *with, float sign)
{
    float x[OUTWARD], y[OUTWARD], dy[OUTWARD], dx[OUTWARD];
    const size_t n = outward_points(x);

    for (size_t i = 0; i < n; i++) {
        x[i] *= sign;
        dy[i] = 1;
    }
    return activation_evaluate(exam, with->settings, n, 1, x, y, dy, dx) &&
           finite_or_grown(exam, "forward", "y", with, n, x, y, NULL) &&
           finite_or_grown(exam, "backward", "the derivative", with, n, x, dx, y);
}

static bool finite_rows(exam *exam, const variant *with)
{
    for (int w = 0; w < WIDTHS; w++)
        for (int sort = 0; sort < ROW_SORTS; sort++) {
            const uint64_t cols = row_widths[w];
            float x[WIDEST], y[WIDEST], dy[WIDEST], dx[WIDEST];
            make_row(sort, cols, x);
            make_row(2, cols, dy);
            if (!activation_evaluate(exam, with->settings, 1, cols, x, y, dy, dx))
                return false;
            for (uint64_t c = 0; c < cols; c++)
                if (!isfinite(y[c]) || !isfinite(dx[c]))
                    return exam_fail(exam, isfinite(y[c]) ? "backward_rows" : "forward_rows",
                                     "finite results for finite rows",
                                     "y[%llu] = %g, dx[%llu] = %g in a row of %llu from %g to %g, "
                                     "with %s",
                                     (unsigned long long)c, (double)y[c], (unsigned long long)c,
                                     (double)dx[c], (unsigned long long)cols, (double)x[0],
                                     (double)x[cols - 1], with->name);
        }
    return true;
}

static void test_finite(exam *exam)
{
    for (size_t v = 0; v < exam->variant_count; v++) {
        const variant *with = &exam->variants[v];
        if (activation_is_rowwise(exam)
                ? !finite_rows(exam, with)
                : !finite_side(exam, with, 1) || !finite_side(exam, with, -1))
            return;
    }
    if (!activation_is_rowwise(exam))
        exam_say(exam, "from -1e30 to 1e30");
}

/* ---- nonfinite ---- */

enum { NAN_ROWS = 5, NAN_AT = 2 };

/* Three rows or more, of which the middle one holds a NaN; what comes out, with and without. */
typedef struct poisoned {
    uint64_t cols;
    float x[NAN_ROWS * WIDEST], dy[NAN_ROWS * WIDEST];
    float y[2][NAN_ROWS * WIDEST], dx[2][NAN_ROWS * WIDEST]; /* [1]: with the NaN                 */
} poisoned;

/* The NaN goes into x, or into dy. */
static bool poison(exam *exam, const settings *settings, bool into_x, poisoned *p)
{
    const uint64_t rows = NAN_ROWS, cols = p->cols;

    for (uint64_t i = 0; i < rows * cols; i++) {
        p->x[i] = (float)((int)(i * 5 % 13) - 6) / 4 + 0.1f;
        p->dy[i] = 1 - (float)(i % 3) / 4;
    }
    p->x[NAN_AT * cols] = 0.7f;
    if (!activation_evaluate(exam, settings, rows, cols, p->x, p->y[0], p->dy, p->dx[0]))
        return false;
    (into_x ? p->x : p->dy)[NAN_AT * cols] = NAN;
    return activation_evaluate(exam, settings, rows, cols, p->x, p->y[1], p->dy, p->dx[1]);
}

/* The poisoned row has a NaN, the others have the bits they had. */
static bool shows_nan(exam *exam, const char *function, const char *name, const poisoned *p,
                      const float *without, const float *with, const variant *variant,
                      const char *where)
{
    bool found = false;

    for (uint64_t c = 0; c < p->cols; c++)
        found = found || isnan(with[NAN_AT * p->cols + c]);
    if (!found)
        return exam_fail(exam, function,
                         "NaN comes out as NaN (rule 3 of plugin.h; -ffinite-math-only breaks it)",
                         "%s = %g where %s is NaN, with %s", name, (double)with[NAN_AT * p->cols],
                         where, variant->name);
    for (uint64_t i = 0; i < NAN_ROWS * p->cols; i++)
        if (i / p->cols != NAN_AT && memcmp(&with[i], &without[i], sizeof(float)) != 0)
            return exam_fail(exam, function, "a NaN changes no other element or row",
                             "%s[%llu] = %g became %g as %s[%llu] is NaN, with %s", name,
                             (unsigned long long)i, (double)without[i], (double)with[i], where,
                             (unsigned long long)(NAN_AT * p->cols), variant->name);
    return true;
}

static bool carries_nan(exam *exam, const variant *with, uint64_t cols)
{
    const char *const names[] = {activation_is_rowwise(exam) ? "forward_rows" : "forward",
                                 activation_is_rowwise(exam) ? "backward_rows" : "backward"};
    const bool sees = exam->plugin->activation->flags & (PLX_NEEDS_INPUT | PLX_NEEDS_OUTPUT);
    poisoned p = {.cols = cols};

    if (!poison(exam, with->settings, true, &p) ||
        !shows_nan(exam, names[0], "y", &p, p.y[0], p.y[1], with, "x") ||
        (sees && !shows_nan(exam, names[1], "dx", &p, p.dx[0], p.dx[1], with, "x")))
        return false;
    if (!poison(exam, with->settings, false, &p))
        return false;
    /* where the derivative is 0, a plug-in may well not look at dy */
    return p.dx[0][NAN_AT * cols] == 0 ||
           shows_nan(exam, names[1], "dx", &p, p.dx[0], p.dx[1], with, "dy");
}

/* Infinities may give whatever they give; how many NaN, is said. */
static bool takes_infinities(exam *exam, const variant *with, uint64_t cols, int *nans)
{
    float x[2 * WIDEST], y[2 * WIDEST], dy[2 * WIDEST], dx[2 * WIDEST];

    for (uint64_t i = 0; i < 2 * cols; i++) {
        x[i] = i == 0 ? HUGE_VALF : i == cols ? -HUGE_VALF : 0.25f * (float)i;
        dy[i] = 1;
    }
    if (!activation_evaluate(exam, with->settings, 2, cols, x, y, dy, dx))
        return false;
    for (uint64_t i = 0; i < 2 * cols; i++)
        *nans += isnan(y[i]) != 0;
    return true;
}

static void test_nonfinite(exam *exam)
{
    const uint64_t cols = activation_is_rowwise(exam) ? 4 : 1;
    int nans = 0;

    for (size_t v = 0; v < exam->variant_count; v++)
        if (!carries_nan(exam, &exam->variants[v], cols) ||
            !takes_infinities(exam, &exam->variants[v], cols, &nans))
            return;
    exam_say(exam, nans > 0 ? "NaN stays NaN; an infinite x gives NaN, too"
                            : "NaN stays NaN; an infinite x gives a number");
}

/* ---- domain ---- */

/* The least float32 that counts as at or above `bound`; a bound that is no float32 may be missed by
 * its rounding and one more. */
static float outmost(double bound, float towards)
{
    float nearest = (float)bound;

    for (int i = 0; i < 2 && (double)nearest != bound && isfinite(nearest); i++)
        nearest = nextafterf(nearest, towards);
    return nearest;
}

static bool within_domain(exam *exam, const variant *with, const plx_domain *domain, size_t n,
                          const float *x, const float *y)
{
    const float lo = outmost(domain->lo, -HUGE_VALF), hi = outmost(domain->hi, HUGE_VALF);
    char expected[120];

    for (size_t i = 0; i < n; i++) {
        if (isnan(y[i]) || (y[i] >= lo && y[i] <= hi))
            continue;
        snprintf(expected, sizeof(expected), "y within %c%.9g, %.9g%c, as domain says",
                 domain->flags & PLX_OPEN_MIN ? '(' : '[', domain->lo, domain->hi,
                 domain->flags & PLX_OPEN_MAX ? ')' : ']');
        return exam_fail(
            exam, activation_is_rowwise(exam) ? "forward_rows; domain" : "forward; domain",
            expected, "%.9g for x = %.9g (forward, %s)", (double)y[i], (double)x[i], with->name);
    }
    return true;
}

static bool domain_of_elements(exam *exam, const variant *with, const plx_domain *domain)
{
    float x[OUTWARD], y[OUTWARD];
    const size_t n = outward_points(x);

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; side == 1 && i < n; i++)
            x[i] = -x[i];
        if (!activation_evaluate(exam, with->settings, n, 1, x, y, NULL, NULL) ||
            !within_domain(exam, with, domain, n, x, y))
            return false;
    }
    for (int i = 0; i < OUTWARD; i++) /* where a minimum may hide */
        x[i] = (float)(i - OUTWARD / 2) * 0.0171f;
    return activation_evaluate(exam, with->settings, OUTWARD, 1, x, y, NULL, NULL) &&
           within_domain(exam, with, domain, OUTWARD, x, y);
}

static bool domain_of_rows(exam *exam, const variant *with, const plx_domain *domain)
{
    for (int w = 0; w < WIDTHS; w++)
        for (int sort = 0; sort < ROW_SORTS; sort++) {
            const uint64_t cols = row_widths[w];
            float x[WIDEST], y[WIDEST];
            double sum = 0;
            make_row(sort, cols, x);
            if (!activation_evaluate(exam, with->settings, 1, cols, x, y, NULL, NULL) ||
                !within_domain(exam, with, domain, cols, x, y))
                return false;
            for (uint64_t c = 0; c < cols; c++)
                sum += (double)y[c];
            if ((domain->flags & PLX_ROWS_SUM_TO_ONE) && !(fabs(sum - 1) <= 1e-5))
                return exam_fail(exam, "forward_rows; domain",
                                 "rows that sum to one within 1e-5, as domain says",
                                 "a row of %llu from %g to %g sums to %.9g, with %s",
                                 (unsigned long long)cols, (double)x[0], (double)x[cols - 1], sum,
                                 with->name);
        }
    return true;
}

static void say_domain(exam *exam, const plx_domain *domain)
{
    if (isinf(domain->lo) && isinf(domain->hi))
        exam_say(exam, "all real numbers%s",
                 exam->plugin->activation->domain == NULL ? ", as none is declared" : "");
    else
        exam_say(exam, "%g to %g%s", domain->lo, domain->hi,
                 domain->flags & PLX_ROWS_SUM_TO_ONE ? ", rows sum to one" : "");
}

static void test_domain(exam *exam)
{
    for (size_t v = exam->variant_count; v-- > 0;) {
        const variant *with = &exam->variants[v];
        plx_domain domain;
        plx_error error = {.code = ERROR_NONE};
        if (!settings_domain(with->settings, &domain, &error)) {
            exam_fail(exam, "domain", "a range: lo at or below hi, known flags", "%s, with %s",
                      error.text, with->name);
            return;
        }
        if (activation_is_rowwise(exam) ? !domain_of_rows(exam, with, &domain)
                                        : !domain_of_elements(exam, with, &domain))
            return;
        say_domain(exam, &domain);
    }
}

/* ---- derivative ---- */

/* The largest disagreement of slopes that passed, relative to slopes above 1, for `says`. */
typedef struct worst {
    double error;
    float at;
    size_t points, kinks;
} worst;

static bool judge_slope(exam *exam, const variant *with, const float *points, const double *values,
                        double scale, double claimed, const char *where, worst *worst)
{
    const slope_verdict verdict = slope_judge(points, values, scale, claimed);
    char expected[160];

    if (!verdict.known)
        return true;
    worst->points++;
    worst->kinks += verdict.kink;
    if (verdict.agrees) {
        const double error = fabs(claimed - verdict.slope) / fmax(1, fabs(verdict.slope));
        if (!verdict.kink && error > worst->error) {
            worst->error = error;
            worst->at = points[0];
        }
        return true;
    }
    snprintf(expected, sizeof(expected), "%.6g, the slope of forward by differences (to %.1g)",
             verdict.slope, verdict.error);
    return exam_fail(
        exam, activation_is_rowwise(exam) ? "backward_rows; .derivative" : "backward; .derivative",
        expected, "%.6g at x = %.9g%s, with %s", claimed, (double)points[0], where, with->name);
}

enum { SLOPE_POINTS = 420 };

/* Ordinary points, whole numbers and zero among them, and a few far away. */
static size_t slope_grid(float x[SLOPE_POINTS])
{
    static const float more[] = {-0.0f, 1e-30f, 1e-6f, 1e-3f, 15, 20.5f, 30, 50};
    size_t n = 0;

    for (int i = -96; i <= 96; i++) {
        x[n++] = (float)i / 8;
        x[n++] = (float)i / 8 + 0.0371f;
    }
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
        x[n++] = more[i];
        x[n++] = -more[i];
    }
    return n;
}

static bool slopes_of_elements(exam *exam, const variant *with, worst *worst)
{
    float x[SLOPE_POINTS], y[SLOPE_POINTS], dy[SLOPE_POINTS], dx[SLOPE_POINTS];
    float points[SLOPE_SAMPLES], samples[SLOPE_SAMPLES];
    double values[SLOPE_SAMPLES];
    const size_t n = slope_grid(x);

    for (size_t i = 0; i < n; i++)
        dy[i] = 1;
    if (!activation_evaluate(exam, with->settings, n, 1, x, y, dy, dx))
        return false;
    for (size_t i = 0; i < n; i++) {
        slope_points(x[i], points);
        if (!activation_evaluate(exam, with->settings, SLOPE_SAMPLES, 1, points, samples, NULL,
                                 NULL))
            return false;
        for (int k = 0; k < SLOPE_SAMPLES; k++)
            values[k] = (double)samples[k];
        if (!judge_slope(exam, with, points, values, 0, (double)dx[i], "", worst))
            return false;
    }
    return true;
}

/* The slope of sum_j dy_j y_j along x_k is element k of J' dy. */
static bool slope_of_column(exam *exam, const variant *with, uint64_t cols, const float *x,
                            const float *dy, uint64_t k, double claimed, worst *worst)
{
    float points[SLOPE_SAMPLES], rows[SLOPE_SAMPLES * WIDEST], y[SLOPE_SAMPLES * WIDEST];
    double values[SLOPE_SAMPLES] = {0}, scale = 0;
    char where[64];

    slope_points(x[k], points);
    for (int i = 0; i < SLOPE_SAMPLES; i++) {
        memcpy(rows + (uint64_t)i * cols, x, cols * sizeof(float));
        rows[(uint64_t)i * cols + k] = points[i];
    }
    if (!activation_evaluate(exam, with->settings, SLOPE_SAMPLES, cols, rows, y, NULL, NULL))
        return false;
    for (int i = 0; i < SLOPE_SAMPLES; i++)
        for (uint64_t c = 0; c < cols; c++) {
            const double term = (double)dy[c] * (double)y[(uint64_t)i * cols + c];
            values[i] += term;
            scale = fmax(scale, fabs(term));
        }
    snprintf(where, sizeof(where), ", column %llu of %llu, dy not all 1", (unsigned long long)k,
             (unsigned long long)cols);
    return judge_slope(exam, with, points, values, (double)cols * scale, claimed, where, worst);
}

static bool slopes_of_rows(exam *exam, const variant *with, worst *worst)
{
    for (int w = 0; w < WIDTHS; w++)
        for (int sort = 0; sort < ROW_SORTS; sort++) {
            const uint64_t cols = row_widths[w];
            float x[WIDEST], y[WIDEST], dy[WIDEST], dx[WIDEST];
            make_row(sort, cols, x);
            for (uint64_t c = 0; c < cols; c++)
                dy[c] = (float)((int)(c * 7 % 5) - 2) / 2 + 0.25f;
            if (!activation_evaluate(exam, with->settings, 1, cols, x, y, dy, dx))
                return false;
            for (uint64_t k = 0; k < cols; k++)
                if (!slope_of_column(exam, with, cols, x, dy, k, (double)dx[k], worst))
                    return false;
        }
    return true;
}

/* backward is linear in dy: dx for a dy is a dx. */
static bool is_linear(exam *exam, const variant *with)
{
    static const float factors[] = {2, -0.5f, 0.37f, 0};
    enum { N = 40, COLS = 4 };
    const uint64_t cols = activation_is_rowwise(exam) ? COLS : 1, rows = N / cols;
    float x[N], y[N], dy[N], once[N], dx[N];

    for (int f = 0; f < 4; f++) {
        for (int i = 0; i < N; i++) {
            x[i] = (float)(i - N / 2) / 5 + 0.03f;
            dy[i] = 1;
        }
        if (!activation_evaluate(exam, with->settings, rows, cols, x, y, dy, once))
            return false;
        for (int i = 0; i < N; i++)
            dy[i] = factors[f];
        if (!activation_evaluate(exam, with->settings, rows, cols, x, y, dy, dx))
            return false;
        for (int i = 0; i < N; i++) {
            const double wanted = (double)factors[f] * (double)once[i];
            char expected[96];
            if (fabs((double)dx[i] - wanted) <= 1e-6 * fmax(1e-2, fabs(wanted)))
                continue;
            snprintf(expected, sizeof(expected), "dx = %.9g, as dx grows in proportion to dy",
                     wanted);
            return exam_fail(exam, activation_is_rowwise(exam) ? "backward_rows" : "backward",
                             expected, "%.9g for dy = %g at x = %.9g, with %s", (double)dx[i],
                             (double)factors[f], (double)x[i], with->name);
        }
    }
    return true;
}

static json_t *numbers(const float *values, size_t count)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array,
                              isfinite(values[i]) ? json_real((double)values[i]) : json_null());
    return array;
}

static bool add_curve(exam *exam)
{
    enum { N = 241 };
    float x[N], y[N], dy[N], dx[N];

    for (int i = 0; i < N; i++) {
        x[i] = (float)(i - N / 2) / 20;
        dy[i] = 1;
    }
    if (!activation_evaluate(exam, exam->variants[0].settings, N, 1, x, y, dy, dx))
        return false;
    json_object_set_new(
        exam->figures, "curve",
        json_pack("{s:o, s:o, s:o}", "x", numbers(x, N), "y", numbers(y, N), "dy", numbers(dx, N)));
    return true;
}

static void test_derivative(exam *exam)
{
    worst worst = {.error = 0};

    if (!activation_is_rowwise(exam) && !add_curve(exam))
        return;
    for (size_t v = 0; v < exam->variant_count; v++) {
        const variant *with = &exam->variants[v];
        if (!(activation_is_rowwise(exam) ? slopes_of_rows : slopes_of_elements)(exam, with,
                                                                                 &worst) ||
            !is_linear(exam, with))
            return;
    }
    exam_say(exam, "largest error %.1g at x = %.3g; %zu points, %zu at a kink", worst.error,
             (double)worst.at, worst.points, worst.kinks);
}

/* ---- in place ---- */

static bool same_in_place(exam *exam, const variant *with, bool back)
{
    enum { N = 60, COLS = 6 };
    const uint64_t cols = activation_is_rowwise(exam) ? COLS : 1, rows = N / cols;
    float x[N], y[N], dy[N], dx[N], place[N];
    span s = {exam->plugin->activation,
              with->settings->values,
              rows,
              cols,
              x,
              dy,
              y,
              dx,
              cols,
              cols,
              cols,
              cols};

    for (int i = 0; i < N; i++) {
        x[i] = (float)(i * 7 % N - N / 2) / 8;
        dy[i] = (float)(i * 11 % N) / 16 - 1;
    }
    if (!exam_called(exam, "forward", activation_forward(&s, 0, rows)) ||
        !exam_called(exam, "backward", activation_backward(&s, 0, rows)))
        return false;
    memcpy(place, back ? dy : x, sizeof(place));
    if (back) {
        s.dy = s.dx = place;
    } else {
        s.x = s.y = place;
    }
    if (!exam_called(exam, back ? "backward" : "forward",
                     back ? activation_backward(&s, 0, rows) : activation_forward(&s, 0, rows)))
        return false;
    for (int i = 0; i < N; i++) {
        const float *apart = back ? dx : y;
        if (memcmp(&apart[i], &place[i], sizeof(float)) != 0)
            return exam_fail(exam,
                             back ? "backward; plugin.h: it may always be run in place"
                                  : "forward; PLX_NEEDS_INPUT, without which it runs in place",
                             back ? "the same dx with dx == dy as apart"
                                  : "the same y with y == x as apart",
                             "%.9g in place, %.9g apart, at x = %.9g, with %s", (double)place[i],
                             (double)apart[i], (double)x[i], with->name);
    }
    return true;
}

static void test_in_place(exam *exam)
{
    const bool needs_input = exam->plugin->activation->flags & PLX_NEEDS_INPUT;

    for (size_t v = 0; v < exam->variant_count; v++)
        if ((!needs_input && !same_in_place(exam, &exam->variants[v], false)) ||
            !same_in_place(exam, &exam->variants[v], true))
            return;
    exam_say(exam, needs_input ? "backward alone, as it needs the input" : "forward and backward");
}

/* ---- gain ---- */

/* The mean of f(z)^2 for a standard normal z, by the trapezoidal rule. */
static bool mean_square(exam *exam, double *mean)
{
    enum { N = 1601 };
    float x[N], y[N];
    const double root_2_pi = 2.5066282746310002;

    *mean = 0;
    for (int i = 0; i < N; i++)
        x[i] = (float)(i - N / 2) / 100;
    if (!activation_evaluate(exam, exam->variants[0].settings, N, 1, x, y, NULL, NULL))
        return false;
    for (int i = 0; i < N; i++)
        *mean +=
            (double)y[i] * (double)y[i] * exp(-0.5 * (double)x[i] * (double)x[i]) / 100 / root_2_pi;
    return true;
}

static void test_gain(exam *exam)
{
    const plx_activation *functions = exam->plugin->activation;
    double mean = 0, gain = 1;

    for (size_t v = exam->variant_count; v-- > 0;) {
        gain = functions->gain != NULL ? functions->gain(exam->variants[v].settings->values) : 1;
        if (!(isfinite(gain) && gain > 0)) {
            exam_fail(exam, "gain", "a finite number above 0", "%g, with %s", gain,
                      exam->variants[v].name);
            return;
        }
    }
    if (activation_is_rowwise(exam))
        exam_say(exam, "%.6g%s", gain, functions->gain == NULL ? ", as none is declared" : "");
    else if (mean_square(exam, &mean))
        exam_say(exam, "%.6g%s; times the mean square of f(z), z normal: %.4g", gain,
                 functions->gain == NULL ? ", as none is declared" : "", gain * gain * mean);
}

static const exam_test tests[] = {
    {"finite", "gives finite results for finite inputs", {"splitting"}, false, test_finite},
    {"nonfinite", "lets NaN through and survives infinities", {"finite"}, false, test_nonfinite},
    {"domain", "keeps its outputs in the declared domain", {"finite"}, false, test_domain},
    {"derivative", "its derivative is the slope", {"finite"}, false, test_derivative},
    {"in_place", "gives the same bits in place", {"splitting"}, false, test_in_place},
    {"gain", "names a usable gain", {"finite"}, false, test_gain},
    {.id = NULL},
};

const exam_kind exam_activation = {.exercise = activation_exercise, .tests = tests};
