/* exam_activation_exercise.c: calls of an activation, and its exercise: a rowwise one gets rows
 * with room between them, so that a stride it forgets is seen. Outputs hold a mark before they
 * are written: one that is left unwritten shows. */
#include "author/exam_activation.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/pool.h"

bool activation_is_rowwise(const exam *exam)
{
    return exam->plugin->activation->forward_rows != NULL;
}

int32_t activation_forward(const span *s, uint64_t first, uint64_t count)
{
    const float *x = s->x + first * s->x_stride;
    float *y = s->y + first * s->y_stride;

    if (s->functions->forward != NULL)
        return s->functions->forward(s->self, count, x, y);
    return s->functions->forward_rows(s->self, count, s->cols, x, s->x_stride, y, s->y_stride);
}

int32_t activation_backward(const span *s, uint64_t first, uint64_t count)
{
    const uint32_t flags = s->functions->flags;
    const float *x = flags & PLX_NEEDS_INPUT ? s->x + first * s->x_stride : NULL;
    const float *y = flags & PLX_NEEDS_OUTPUT ? s->y + first * s->y_stride : NULL;
    const float *dy = s->dy + first * s->dy_stride;
    float *dx = s->dx + first * s->dx_stride;

    if (s->functions->backward != NULL)
        return s->functions->backward(s->self, count, x, y, dy, dx);
    return s->functions->backward_rows(s->self, count, s->cols, x, s->x_stride, y, s->y_stride, dy,
                                       s->dy_stride, dx, s->dx_stride);
}

bool activation_evaluate(exam *exam, const settings *settings, uint64_t rows, uint64_t cols,
                         const float *x, float *y, const float *dy, float *dx)
{
    const span s = {.functions = exam->plugin->activation,
                    .self = settings->values,
                    .rows = rows,
                    .cols = cols,
                    .x = x,
                    .y = y,
                    .dy = dy,
                    .dx = dx,
                    .x_stride = cols,
                    .y_stride = cols,
                    .dy_stride = cols,
                    .dx_stride = cols};

    return exam_called(exam, "forward", activation_forward(&s, 0, rows)) &&
           (dy == NULL || exam_called(exam, "backward", activation_backward(&s, 0, rows)));
}

/* ---- the exercise ---- */

/* A NaN that no computation makes. */
static const uint32_t unwritten = 0x7fc5a5a5u;

static uint64_t elements(uint64_t rows, uint64_t cols, uint64_t stride)
{
    return rows == 0 ? 0 : (rows - 1) * stride + cols;
}

static float *output(exam *exam, const exercise *how, const char *name, uint64_t count)
{
    float *array = guard_array(exam->guard, name, count * sizeof(float), sizeof(float),
                               sizeof(float), how->side);

    for (uint64_t i = 0; array != NULL && i < count; i++)
        memcpy(&array[i], &unwritten, sizeof(unwritten));
    return array;
}

/* Numbers from -4 to 4, zeros among them. */
static float *input(exam *exam, const exercise *how, const char *name, uint64_t count,
                    uint64_t step)
{
    float *array = guard_array(exam->guard, name, count * sizeof(float), sizeof(float),
                               sizeof(float), how->side);

    for (uint64_t i = 0; array != NULL && i < count; i++)
        array[i] = (float)((int)(i * step % 129) - 64) / 16;
    if (array != NULL)
        guard_read_only(exam->guard, array, true);
    return array;
}

static bool make_arrays(exam *exam, const exercise *how, span *s)
{
    const uint64_t room = activation_is_rowwise(exam); /* between the rows */

    s->functions = exam->plugin->activation;
    s->self = how->settings->values;
    s->cols = !activation_is_rowwise(exam) ? 1 : how->size > 0 && how->size < 7 ? how->size : 7;
    s->rows = how->size / s->cols;
    s->x_stride = s->cols + room;
    s->y_stride = s->cols + 2 * room;
    s->dy_stride = s->cols + 3 * room;
    s->dx_stride = s->cols + 4 * room;
    s->x = input(exam, how, "x", elements(s->rows, s->cols, s->x_stride), 37);
    s->y = output(exam, how, "y", elements(s->rows, s->cols, s->y_stride));
    s->dy = input(exam, how, "dy", elements(s->rows, s->cols, s->dy_stride), 53);
    s->dx = output(exam, how, "dx", elements(s->rows, s->cols, s->dx_stride));
    return s->x != NULL && s->y != NULL && s->dy != NULL && s->dx != NULL;
}

/* Every element written, the room between rows not. */
static bool check_output(exam *exam, const span *s, const char *function, const char *name,
                         const float *array, uint64_t stride)
{
    for (uint64_t i = 0; i < elements(s->rows, s->cols, stride); i++) {
        const bool own = i % stride < s->cols;
        const bool written = memcmp(&array[i], &unwritten, sizeof(unwritten)) != 0;
        if (own && !written)
            return exam_fail(exam, function, "every output is written", "%s[%llu] of %llu is not",
                             name, (unsigned long long)i, (unsigned long long)(s->rows * s->cols));
        if (!own && written && !exam->unguarded)
            return exam_fail(exam, function, "nothing is written between the rows",
                             "%s[%llu] was, with rows of %llu at a stride of %llu", name,
                             (unsigned long long)i, (unsigned long long)s->cols,
                             (unsigned long long)stride);
    }
    return true;
}

static void add_results(const span *s, const float *array, uint64_t stride, text *results)
{
    for (uint64_t r = 0; results != NULL && r < s->rows; r++)
        text_add_n(results, (const char *)(array + r * stride), s->cols * sizeof(float));
}

static bool use_setup(exam *exam, const settings *settings)
{
    const plx_activation *functions = exam->plugin->activation;
    const place nowhere = {.file = NULL};
    plx_error error = {.code = ERROR_NONE};
    plx_domain domain = {.size = sizeof(domain)};

    if (!settings_validate(settings, nowhere, &error))
        return exam_fail(exam, "validate", "PLX_OK, as it was before", "%s", error.text);
    if (functions->gain != NULL)
        functions->gain(settings->values);
    return functions->domain == NULL ||
           exam_called(exam, "domain", functions->domain(settings->values, &domain));
}

/* One [range] function over all rows, in pieces and on threads. */
typedef struct pieces {
    const span *span;
    int32_t (*function)(const span *span, uint64_t first, uint64_t count);
    uint64_t cut;
    int32_t *status; /* of each piece                                                             */
} pieces;

static void run_piece(void *context, size_t task, int thread)
{
    const pieces *p = context;
    const uint64_t first = task * p->cut, left = p->span->rows - first;

    p->status[task] = p->function(p->span, first, left < p->cut ? left : p->cut);
}

static bool run_pieces(exam *exam, const exercise *how, const span *s, const char *name,
                       int32_t (*function)(const span *, uint64_t, uint64_t), pool *pool)
{
    const uint64_t cut = how->cut > 0 && how->cut < s->rows ? how->cut : s->rows > 0 ? s->rows : 1;
    const uint64_t count = s->rows == 0 ? 1 : (s->rows + cut - 1) / cut;
    pieces pieces = {.span = s, .function = function, .cut = cut};
    bool good = true;

    pieces.status = memory_array(count, sizeof(*pieces.status));
    if (pieces.status == NULL)
        return exam_fail_memory(exam);
    if (pool != NULL)
        pool_run(pool, count, run_piece, &pieces);
    else
        for (uint64_t i = 0; i < count; i++)
            run_piece(&pieces, i, 0);
    for (uint64_t i = 0; good && i < count; i++)
        good = exam_called(exam, name, pieces.status[i]);
    free(pieces.status);
    return good;
}

bool activation_exercise(exam *exam, const exercise *how, text *results)
{
    const char *const forward_name = activation_is_rowwise(exam) ? "forward_rows" : "forward";
    const char *const backward_name = activation_is_rowwise(exam) ? "backward_rows" : "backward";
    pool *pool = NULL;
    span s = {.rows = 0};
    bool good = false;

    if (!use_setup(exam, how->settings))
        return false;
    if (how->threads > 1)
        pool = pool_new(how->threads, NULL);
    if (!make_arrays(exam, how, &s) || (how->threads > 1 && pool == NULL)) {
        exam_fail_memory(exam);
        goto done;
    }
    if (how->only_range)
        intercept_reset(exam->intercept);
    if (!run_pieces(exam, how, &s, forward_name, activation_forward, pool) ||
        !check_output(exam, &s, forward_name, "y", s.y, s.y_stride))
        goto done;
    guard_read_only(exam->guard, s.y, true);
    if (!run_pieces(exam, how, &s, backward_name, activation_backward, pool) ||
        !check_output(exam, &s, backward_name, "dx", s.dx, s.dx_stride))
        goto done;
    add_results(&s, s.y, s.y_stride, results);
    add_results(&s, s.dx, s.dx_stride, results);
    good = true;
done:
    pool_free(pool);
    guard_give_all(exam->guard);
    return good;
}
