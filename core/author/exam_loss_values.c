/* exam_loss_values.c: what a loss says at the edges of a family, of NaN, of weights, and beside
 * its fused partner.
 *
 * What may be asked at an edge follows from plugin.h. Of probabilities everything is finite, as
 * those below PLX_PROBABILITY_FLOOR are taken as it. Of other predictions a loss may be infinite,
 * as the logarithm of a rate of zero is, but no NaN, and not below every number. */
#include "author/exam_loss.h"

#include <math.h>
#include <string.h>

#include "support/memory.h"

/* A number for messages: float32 in full, NaN without a sign. */
static void add_number(text *out, double value)
{
    if (isfinite(value))
        text_addf(out, "%.9g", value);
    else
        text_add_double(out, value);
}

/* "0.25, 0.5, 0.25" of a row. */
static void add_row(text *out, const float *values, uint64_t cols)
{
    for (uint64_t c = 0; c < cols && c < 4; c++) {
        if (c > 0)
            text_add(out, ", ");
        add_number(out, (double)values[c]);
    }
    if (cols > 4)
        text_add(out, ", ...");
}

/* Fails the exam for row r: what came there, and for which inputs. */
static bool fail_row(loss_batch *b, uint64_t r, const char *expected, const char *what,
                     double value)
{
    char function[96], words[320];
    text line = {.bytes = NULL};

    text_addf(&line, "%s ", what);
    add_number(&line, value);
    text_addf(&line, " for %s ", b->of.partner == NULL ? "prediction" : "pre-activation");
    add_row(&line, b->prediction + r * b->cols, b->cols);
    text_add(&line, ", target ");
    add_row(&line, b->target + r * b->cols, b->cols);
    text_addf(&line, " (%s)", loss_case_text(&b->of, words));
    exam_fail(b->exam, loss_function(&b->of, function), expected, "%s",
              line.bytes == NULL ? what : line.bytes);
    free(line.bytes);
    return false;
}

/* ---- finite ---- */

static const float real_edges[] = {0,   1e-42f, -1e-42f, 1e-38f, 1,     -1,    5.5f,
                                   100, -100,   1e4f,    -1e4f,  1e18f, -1e18f};
static const float positive_edges[] = {0, 1e-42f, 1e-38f, 1e-7f, 1, 100, 1e4f, 1e18f};
static const float unit_edges[] = {0,     1e-42f, 1e-38f, 1e-20f, 1e-12f,      1e-7f,
                                   0.25f, 0.5f,   0.75f,  1,      0.99999994f, 0.9999f};
static const float simplex_edges[][3] = {{1, 0, 0},       {0, 1, 0},         {0, 0, 1},
                                         {1e-42f, 1, 0},  {1, 1e-38f, 0},    {0, 1e-20f, 1},
                                         {1e-7f, 0, 1},   {0.5f, 0.5f, 0},   {0.25f, 0.5f, 0.25f},
                                         {0, 0.5f, 0.5f}, {0.75f, 0.25f, 0}, {0.25f, 0.75f, 0}};
static const float logit_edges[] = {0, 1, -1, 15, -15, 30, -30, 100, -100, 1e4f, -1e4f};
static const float real_targets[] = {0, 1, -1, 5.5f};
static const float positive_targets[] = {1e-7f, 0.5f, 1, 50};
static const float unit_targets[] = {0, 1, 0.5f, 1e-7f};
static const float simplex_targets[][3] = {
    {1, 0, 0}, {0, 0, 1}, {0.25f, 0.5f, 0.25f}, {0, 0.5f, 0.5f}};

enum { TARGETS = 4, MOST_EDGES = 13 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t edges_of(const loss_case *of, const float **edges)
{
    if (of->partner != NULL) {
        *edges = logit_edges;
        return COUNT(logit_edges);
    }
    switch (of->family) {
    case PLX_POSITIVE:
        *edges = positive_edges;
        return COUNT(positive_edges);
    case PLX_UNIT:
        *edges = unit_edges;
        return COUNT(unit_edges);
    case PLX_SIMPLEX:
        *edges = simplex_edges[0];
        return COUNT(simplex_edges);
    default:
        *edges = real_edges;
        return COUNT(real_edges);
    }
}

static void set_edge_target(loss_batch *b, uint64_t row, size_t i)
{
    float *t = b->target + row * b->cols;
    const float *values = b->of.kind == PLX_TARGET_POSITIVE ? positive_targets
                          : b->of.kind == PLX_TARGET_UNIT   ? unit_targets
                                                            : real_targets;

    if (b->of.kind == PLX_TARGET_LABELS)
        loss_set_class(b, row, b->cols == 1 ? (int32_t)i % 2 : (int32_t)(i % b->cols));
    else if (b->of.kind == PLX_TARGET_SIMPLEX && b->cols == 1)
        t[0] = 1;
    else if (b->of.kind == PLX_TARGET_SIMPLEX)
        memcpy(t, simplex_targets[i], sizeof(simplex_targets[i]));
    else
        for (uint64_t c = 0; c < b->cols; c++)
            t[c] = values[(i + c) % TARGETS];
}

/* Every edge with every target, a row each. A pre-activation at an edge stands beside its
 * opposite. */
static void set_edges(loss_batch *b, const float *edges, size_t count)
{
    for (size_t i = 0; i < count * TARGETS; i++) {
        float *p = b->prediction + i * b->cols;
        const float *edge = edges + i / TARGETS * (b->of.partner == NULL ? b->cols : 1);

        for (uint64_t c = 0; c < b->cols; c++)
            p[c] = b->of.partner == NULL ? edge[c] : c == 0 ? edge[0] : c == 1 ? -edge[0] : 0;
        set_edge_target(b, i, i % TARGETS);
    }
}

static bool check_edges(loss_batch *b)
{
    const bool bounded = b->of.partner != NULL || b->of.family >= PLX_UNIT;
    const char *const expected =
        b->of.partner != NULL ? "a finite loss and gradient: fused, no probability is divided by"
        : bounded ? "a finite loss and gradient: a probability below PLX_PROBABILITY_FLOOR is "
                    "taken as that (of a Bernoulli, 1 - p too)"
                  : "a loss that is a number or +inf, a gradient that is not NaN";

    for (uint64_t r = 0; r < b->rows; r++) {
        const double loss = b->loss[r];
        if (isnan(loss) || (isinf(loss) && (bounded || loss < 0)))
            return fail_row(b, r, expected, "loss", loss);
        for (uint64_t c = 0; c < b->cols; c++) {
            const float g = b->gradient[r * b->cols + c];
            if (isnan(g) || (isinf(g) && bounded))
                return fail_row(b, r, expected, "gradient", (double)g);
        }
    }
    return true;
}

static bool probe_edges(exam *exam, const loss_case *which, void *context)
{
    const float *edges;
    const size_t count = edges_of(which, &edges);
    const loss_call call = {.gradient = true, .scale = 1};
    loss_batch b;

    const bool good = loss_batch_open(&b, exam, which, count * TARGETS,
                                      which->family == PLX_SIMPLEX ? 3 : 1, GUARD_END);
    if (good)
        set_edges(&b, edges, count);
    const bool holds = good && loss_batch_run(&b, &call) && check_edges(&b);
    loss_batch_close(&b);
    return holds;
}

/* ---- what was written, and NaN ---- */

void loss_test_finite(exam *exam)
{
    if (loss_each_case(exam, false, probe_edges, NULL))
        loss_each_case(exam, true, probe_edges, NULL);
}

enum { NAN_ROWS = 4, NAN_ROW = 1, NAN_COLUMNS = 3 };

static bool check_nan_row(loss_batch *b, const double *before, uint64_t column)
{
    if (!isnan(b->loss[NAN_ROW]))
        return fail_row(b, NAN_ROW, "NaN, as a number of its row is NaN (rule 3 of plugin.h)",
                        "loss", b->loss[NAN_ROW]);
    for (uint64_t r = 0; r < NAN_ROWS; r++)
        if (r != NAN_ROW && memcmp(&b->loss[r], &before[r], sizeof(before[r])) != 0)
            return fail_row(b, r, "the loss it has when no other row has a NaN", "loss",
                            b->loss[r]);
    return true;
}

/* NaN in each column in turn; infinities need only be survived. */
static bool probe_nan(exam *exam, const loss_case *which, void *context)
{
    const loss_call call = {.gradient = true, .scale = 1};
    double before[NAN_ROWS];
    loss_batch b;

    bool good = loss_batch_open(&b, exam, which, NAN_ROWS, NAN_COLUMNS, GUARD_END) &&
                loss_batch_run(&b, &call);
    if (good)
        memcpy(before, b.loss, sizeof(before));
    for (uint64_t c = 0; good && c < NAN_COLUMNS; c++) {
        float *at = b.prediction + NAN_ROW * NAN_COLUMNS + c;
        const float value = *at;

        *at = NAN;
        good = loss_batch_run(&b, &call) && check_nan_row(&b, before, c);
        *at = INFINITY;
        good = good && loss_batch_run(&b, &call);
        *at = -INFINITY;
        good = good && loss_batch_run(&b, &call);
        *at = value;
    }
    loss_batch_close(&b);
    return good;
}

void loss_test_nonfinite(exam *exam)
{
    if (loss_each_case(exam, false, probe_nan, NULL))
        loss_each_case(exam, true, probe_nan, NULL);
}

/* ---- weights ---- */

static bool close_to(double a, double b, double relative, double absolute)
{
    return fabs(a - b) <= absolute + relative * fmax(fabs(a), fabs(b)) || a == b;
}

/* Losses as they were in the first call. */
static bool check_losses(loss_batch *b, const double *before, const char *expected)
{
    for (uint64_t r = 0; r < b->rows; r++)
        if (!close_to(b->loss[r], before[r], 1e-6, 1e-30))
            return fail_row(b, r, expected, "loss", b->loss[r]);
    return true;
}

static bool check_scaled(loss_batch *b, const float *before, double scale)
{
    for (uint64_t i = 0; i < b->rows * b->cols; i++) {
        const double weight = (double)b->row_weight[i / b->cols];
        const double wanted = scale * weight * (double)before[i], came = (double)b->gradient[i];
        char expected[160];

        if (close_to(came, wanted, 1e-5, 1e-30))
            continue;
        snprintf(expected, sizeof(expected),
                 "gradient %g: scale %g times row_weight %g times the slope %g", wanted, scale,
                 weight, (double)before[i]);
        return fail_row(b, i / b->cols, expected, "gradient", came);
    }
    return true;
}

enum { WEIGHT_ROWS = 5, WEIGHT_COLUMNS = 3 };

static bool probe_weights(exam *exam, const loss_case *which, void *context)
{
    const loss_call plain = {.gradient = true, .scale = 1};
    const loss_call weighted = {.gradient = true, .scale = 0.375, .weighted = true};
    const loss_call bare = {.scale = 0.375, .weighted = true};
    float gradient[WEIGHT_ROWS * WEIGHT_COLUMNS];
    double loss[WEIGHT_ROWS];
    loss_batch b;

    bool good = loss_batch_open(&b, exam, which, WEIGHT_ROWS, WEIGHT_COLUMNS, GUARD_END) &&
                loss_batch_run(&b, &plain);
    if (good) {
        memcpy(gradient, b.gradient, sizeof(gradient));
        memcpy(loss, b.loss, sizeof(loss));
    }
    good = good && loss_batch_run(&b, &weighted) &&
           check_losses(&b, loss, "the loss of the row as it is, without row_weight and scale") &&
           check_scaled(&b, gradient, weighted.scale) && loss_batch_run(&b, &bare) &&
           check_losses(&b, loss, "the same loss when no gradient is wanted (gradient is NULL)");
    loss_batch_close(&b);
    return good;
}

void loss_test_weights(exam *exam)
{
    if (loss_each_case(exam, false, probe_weights, NULL))
        loss_each_case(exam, true, probe_weights, NULL);
}

/* ---- fused ---- */

enum { FUSED_ROWS = 6, FUSED_COLUMNS = 3, FUSED_ELEMENTS = FUSED_ROWS * FUSED_COLUMNS };

typedef struct chain {
    float z[FUSED_ELEMENTS], y[FUSED_ELEMENTS], dy[FUSED_ELEMENTS], dz[FUSED_ELEMENTS];
    double loss[FUSED_ROWS];
} chain;

static int32_t activate(const settings *activation, chain *k)
{
    const plx_activation *a = activation->plugin->activation;

    return a->forward != NULL ? a->forward(activation->values, FUSED_ELEMENTS, k->z, k->y)
                              : a->forward_rows(activation->values, FUSED_ROWS, FUSED_COLUMNS, k->z,
                                                FUSED_COLUMNS, k->y, FUSED_COLUMNS);
}

static int32_t deactivate(const settings *activation, chain *k)
{
    const plx_activation *a = activation->plugin->activation;
    const float *z = a->flags & PLX_NEEDS_INPUT ? k->z : NULL;
    const float *y = a->flags & PLX_NEEDS_OUTPUT ? k->y : NULL;

    return a->backward != NULL
               ? a->backward(activation->values, FUSED_ELEMENTS, z, y, k->dy, k->dz)
               : a->backward_rows(activation->values, FUSED_ROWS, FUSED_COLUMNS, z, FUSED_COLUMNS,
                                  y, FUSED_COLUMNS, k->dy, FUSED_COLUMNS, k->dz, FUSED_COLUMNS);
}

/* The same pre-activations and targets through the activation and the loss's own function. */
static bool run_chain(exam *exam, const loss_case *which, const loss_batch *fused, chain *k)
{
    const loss_call call = {.gradient = true, .scale = 1};
    loss_case own = *which;
    loss_batch b;

    own.partner = NULL;
    memcpy(k->z, fused->prediction, sizeof(k->z));
    if (activate(which->activation, k) != PLX_OK)
        return exam_skip(exam, "the built-in %s failed", which->activation->plugin->name);
    bool good = loss_batch_open(&b, exam, &own, FUSED_ROWS, FUSED_COLUMNS, GUARD_END);
    if (good) {
        memcpy(b.prediction, k->y, sizeof(k->y));
        memcpy(b.target, fused->target, sizeof(k->y));
        for (uint64_t r = 0; b.label != NULL && r < FUSED_ROWS; r++)
            b.label[r] = fused->label[r];
        good = loss_batch_run(&b, &call);
    }
    if (good) {
        memcpy(k->loss, b.loss, sizeof(k->loss));
        memcpy(k->dy, b.gradient, sizeof(k->dy));
    }
    return good && deactivate(which->activation, k) == PLX_OK;
}

static bool compare(loss_batch *b, const chain *k)
{
    double largest = 0;
    char expected[160];

    for (size_t i = 0; i < FUSED_ELEMENTS; i++)
        largest = fmax(largest, fabs((double)k->dz[i]));
    for (uint64_t r = 0; r < FUSED_ROWS; r++) {
        if (close_to(b->loss[r], k->loss[r], 1e-5, 1e-6))
            continue;
        snprintf(expected, sizeof(expected), "loss %.9g, as rows has it on the output of %s",
                 k->loss[r], b->of.activation->plugin->name);
        return fail_row(b, r, expected, "loss", b->loss[r]);
    }
    for (size_t i = 0; i < FUSED_ELEMENTS; i++) {
        if (close_to((double)b->gradient[i], (double)k->dz[i], 1e-4, 1e-5 * largest))
            continue;
        snprintf(expected, sizeof(expected),
                 "gradient %.9g in column %zu, as rows and the backward of %s have it",
                 (double)k->dz[i], i % FUSED_COLUMNS, b->of.activation->plugin->name);
        return fail_row(b, i / FUSED_COLUMNS, expected, "gradient", (double)b->gradient[i]);
    }
    return true;
}

static bool probe_fused(exam *exam, const loss_case *which, void *context)
{
    const loss_call call = {.gradient = true, .scale = 1};
    chain k;
    loss_batch b;

    bool good = loss_batch_open(&b, exam, which, FUSED_ROWS, FUSED_COLUMNS, GUARD_END);
    /* one after the other: closing a batch gives back the arrays of both */
    good = good && run_chain(exam, which, &b, &k) && loss_batch_run(&b, &call) && compare(&b, &k);
    loss_batch_close(&b);
    ++*(int *)context;
    return good;
}

void loss_test_fused(exam *exam)
{
    const plx_loss *loss = exam->plugin->loss;
    int cases = 0;

    if (loss->fused_count == 0)
        exam_skip(exam, "it has no fused partners");
    else if (loss_each_case(exam, true, probe_fused, &cases) && cases == 0)
        exam_skip(exam, "no built-in activation is one of its partners");
}
