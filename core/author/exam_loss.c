/* exam_loss.c: how a loss is exercised, and the list of the tests that losses alone have.
 *
 * A loss is asked which targets it takes for each family of predictions, and is then called with
 * those alone. While it runs, the arrays it is to read are protected and those it is to write are
 * filled with a number that it can hardly have written: what is left of it was not written. */
#include "author/exam_loss.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/pool.h"
#include "support/random.h"

static const uint32_t families[] = {PLX_REALS, PLX_POSITIVE, PLX_UNIT, PLX_SIMPLEX};
static const uint32_t all_kinds = PLX_TARGET_REALS | PLX_TARGET_POSITIVE | PLX_TARGET_UNIT |
                                  PLX_TARGET_SIMPLEX | PLX_TARGET_LABELS;

enum {
    FAMILIES = 4,
    SLACK = 4096, /* bytes on either side of an array whose surroundings another test looks at    */
};

/* ---- cases ---- */

static const char *kind_text(uint32_t kind)
{
    switch (kind) {
    case PLX_TARGET_REALS:
        return "real targets";
    case PLX_TARGET_POSITIVE:
        return "targets above 0";
    case PLX_TARGET_UNIT:
        return "targets within [0, 1]";
    case PLX_TARGET_SIMPLEX:
        return "targets that sum to one";
    default:
        return "targets that are classes";
    }
}

const char *loss_function(const loss_case *which, char buffer[96])
{
    if (which->partner == NULL)
        return "rows";
    snprintf(buffer, 96, "the fused function of %.60s", which->partner->semantic);
    return buffer;
}

const char *loss_case_text(const loss_case *which, char buffer[320])
{
    snprintf(buffer, 320, "%s, predictions: %s, %.200s", kind_text(which->kind),
             settings_family_name(which->family), which->variant);
    return buffer;
}

/* The built-in activation with that semantic id, at its defaults; NULL: there is none. */
static settings *find_partner(exam *exam, const char *semantic)
{
    size_t count = 0;
    char **names =
        exam->builtin == NULL ? NULL : catalog_names(exam->builtin, PLX_KIND_ACTIVATION, &count);
    settings *found = NULL;

    for (size_t i = 0; i < count && found == NULL; i++) {
        const plugin *p = catalog_find(exam->builtin, PLX_KIND_ACTIVATION, names[i], NULL);
        if (p != NULL && p->activation->semantic != NULL &&
            strcmp(p->activation->semantic, semantic) == 0)
            found = settings_new(p, NULL);
    }
    if (names != NULL)
        catalog_names_free(names, count);
    return found;
}

static const plx_fused *partner_at(const plx_loss *loss, uint32_t index)
{
    return (const plx_fused *)(const void *)((const char *)loss->fused +
                                             (size_t)index * loss->fused_stride);
}

/* All kinds of target of one family. */
static bool each_kind(exam *exam, loss_case *which, uint32_t kinds, loss_probe *probe,
                      void *context)
{
    for (uint32_t kind = 1; kind <= PLX_TARGET_LABELS; kind *= 2) {
        char words[320];
        which->kind = kind;
        if ((kinds & kind) == 0)
            continue;
        exam_note(exam, "%s", loss_case_text(which, words));
        if (!probe(exam, which, context))
            return false;
    }
    return true;
}

static bool each_partner(exam *exam, loss_case *which, loss_probe *probe, void *context)
{
    const plx_loss *loss = exam->plugin->loss;
    bool good = true;

    for (uint32_t i = 0; good && i < loss->fused_count; i++) {
        which->partner = partner_at(loss, i);
        settings *activation = find_partner(exam, which->partner->semantic);
        plx_domain domain;
        if (activation != NULL && settings_domain(activation, &domain, NULL)) {
            which->activation = activation;
            which->family = settings_family(&domain);
            good = each_kind(exam, which, loss->targets(which->settings->values, which->family),
                             probe, context);
        }
        settings_free(activation);
    }
    return good;
}

bool loss_each_case(exam *exam, bool fused, loss_probe *probe, void *context)
{
    const plx_loss *loss = exam->plugin->loss;
    bool good = true;

    for (size_t v = 0; good && v < exam->variant_count; v++) {
        loss_case which = {.settings = exam->variants[v].settings,
                           .variant = exam->variants[v].name};
        if (fused) {
            good = each_partner(exam, &which, probe, context);
            continue;
        }
        for (int f = 0; good && f < FAMILIES; f++) {
            which.family = families[f];
            good = each_kind(exam, &which, loss->targets(which.settings->values, families[f]),
                             probe, context);
        }
    }
    return good;
}

/* ---- batches ---- */

/* One array. Where its surroundings are not looked at, it has room on both sides that is not
 * forbidden. */
static void *take(loss_batch *b, const char *name, uint64_t elements, size_t width, guard_side side)
{
    const size_t slack = b->exam->unguarded ? SLACK : 0;
    char *array =
        guard_array(b->exam->guard, name, elements * width + 2 * slack, width, width, side);

    if (array == NULL)
        exam_fail_memory(b->exam);
    return array == NULL ? NULL : array + slack;
}

static random_stream stream_of(uint64_t cols, uint64_t which)
{
    return random_open(1, RANDOM_GENERATE, 16 * cols + which);
}

/* A multiple of 1/1024 from lo to hi. */
static float on_grid(random_stream stream, uint64_t index, int lo, int hi)
{
    return (float)(lo * 1024 + (int)random_below(stream, index, (uint64_t)(hi - lo) * 1024 + 1)) /
           1024;
}

/* Cuts one into cols parts, each a multiple of 1/1024 and, up to 16 columns, at least 1/32. */
static void simplex_row(random_stream stream, uint64_t row, uint64_t cols, float *out)
{
    const int least = cols <= 16 ? 32 : 0;
    int left = 1024 - least * (int)cols;

    for (uint64_t c = 0; c < cols; c++) {
        const int part = c + 1 == cols
                             ? left
                             : (int)random_below(stream, row * cols + c, (uint64_t)left / 2 + 1);
        out[c] = (float)(least + part) / 1024;
        left -= part;
    }
}

/* Within [1/8, 7/8], so that there is room on both sides; reals from -4 to 4. */
static void fill_predictions(loss_batch *b)
{
    const random_stream stream = stream_of(b->cols, b->of.family);

    for (uint64_t i = 0; i < b->rows * b->cols; i++) {
        if (b->of.partner != NULL || b->of.family == PLX_REALS)
            b->prediction[i] = on_grid(stream, i, -4, 4);
        else if (b->of.family == PLX_POSITIVE)
            b->prediction[i] = 0.25f + on_grid(stream, i, 0, 4);
        else
            b->prediction[i] = 0.125f + 0.75f * on_grid(stream, i, 0, 1);
    }
    for (uint64_t r = 0; b->of.partner == NULL && b->of.family == PLX_SIMPLEX && r < b->rows; r++)
        simplex_row(stream, r, b->cols, b->prediction + r * b->cols);
}

void loss_set_class(loss_batch *b, uint64_t row, int32_t label)
{
    if (b->label != NULL)
        b->label[row] = label;
    for (uint64_t c = 0; c < b->cols; c++)
        b->target[row * b->cols + c] = b->cols == 1 && b->of.family != PLX_SIMPLEX
                                           ? (float)label
                                           : (float)(label == (int32_t)c);
}

static int32_t class_of_row(const loss_batch *b, uint64_t row)
{
    const uint64_t classes = b->cols > 1 || b->of.family == PLX_SIMPLEX ? b->cols : 2;

    return (int32_t)((3 * row + 1) % classes);
}

static void fill_targets(loss_batch *b)
{
    const random_stream stream = stream_of(b->cols, 8 + b->of.kind % 7);

    for (uint64_t i = 0; i < b->rows * b->cols; i++) {
        if (b->of.kind == PLX_TARGET_REALS)
            b->target[i] = on_grid(stream, i, -3, 3);
        else if (b->of.kind == PLX_TARGET_POSITIVE)
            b->target[i] = 0.25f + on_grid(stream, i, 0, 4);
        else /* both ends are legal */
            b->target[i] = i % 5 == 3 ? 0 : i % 5 == 4 ? 1 : on_grid(stream, i, 0, 1);
    }
    for (uint64_t r = 0; r < b->rows; r++) {
        if (b->of.kind == PLX_TARGET_LABELS || (b->of.kind == PLX_TARGET_SIMPLEX && r % 3 == 2))
            loss_set_class(b, r, class_of_row(b, r));
        else if (b->of.kind == PLX_TARGET_SIMPLEX)
            simplex_row(stream, r, b->cols, b->target + r * b->cols);
    }
}

bool loss_batch_open(loss_batch *b, exam *exam, const loss_case *of, uint64_t rows, uint64_t cols,
                     guard_side side)
{
    const uint64_t n = rows * cols;
    static const float weights[] = {1, 0.5f, 2, 0, 3};

    *b = (loss_batch){.exam = exam, .of = *of, .rows = rows, .cols = cols};
    b->prediction = take(b, of->partner == NULL ? "prediction" : "prediction (pre-activations)", n,
                         sizeof(float), side);
    b->target = take(b, "target", n, sizeof(float), side);
    b->row_weight = take(b, "row_weight", rows, sizeof(float), side);
    b->gradient = take(b, "gradient", n, sizeof(float), side);
    b->loss = take(b, "loss", rows, sizeof(double), side);
    if (of->kind == PLX_TARGET_LABELS)
        b->label = take(b, "label", rows, sizeof(int32_t), side);
    if (exam->failed)
        return false;
    fill_predictions(b);
    fill_targets(b);
    for (uint64_t r = 0; r < rows; r++)
        b->row_weight[r] = weights[r % 5];
    return true;
}

void loss_batch_close(loss_batch *b)
{
    guard_give_all(b->exam->guard);
}

/* ---- calls ---- */

typedef struct work {
    loss_batch *batch;
    const loss_call *how;
    atomic_int status; /* the worst                                                               */
} work;

static int32_t call_piece(loss_batch *b, const loss_call *how, uint64_t from, uint64_t count)
{
    const plx_rows rows = {
        .size = sizeof(rows),
        .family = b->of.family,
        .rows = count,
        .cols = b->cols,
        .prediction = b->prediction + from * b->cols,
        .target = b->target + from * b->cols,
        .label = b->label == NULL ? NULL : b->label + from,
        .row_weight = how->weighted ? b->row_weight + from : NULL,
        .scale = how->scale,
        .loss = b->loss + from,
        .gradient = how->gradient ? b->gradient + from * b->cols : NULL,
        .host = &b->exam->host.table,
    };

    return (b->of.partner == NULL ? b->exam->plugin->loss->rows
                                  : b->of.partner->rows)(b->of.settings->values, &rows);
}

static void run_piece(void *context, size_t task, int thread)
{
    work *w = context;
    const uint64_t rows = w->batch->rows, cut = w->how->cut == 0 ? rows : w->how->cut;
    const uint64_t from = task * cut, count = rows - from < cut ? rows - from : cut;
    const int32_t status = call_piece(w->batch, w->how, from, count);

    if (status != PLX_OK)
        atomic_store(&w->status, status);
}

static void protect(const loss_batch *b, bool read_only)
{
    if (b->exam->unguarded)
        return;
    guard_read_only(b->exam->guard, b->prediction, read_only);
    guard_read_only(b->exam->guard, b->target, read_only);
    guard_read_only(b->exam->guard, b->row_weight, read_only);
    if (b->label != NULL)
        guard_read_only(b->exam->guard, b->label, read_only);
}

/* A NaN that no computation makes. */
static const uint32_t unwritten = 0x7fc5a5a5u;
static const uint64_t unwritten_loss = 0x7ff8a5a5a5a5a5a5u;

static void mark(loss_batch *b)
{
    for (uint64_t r = 0; r < b->rows; r++)
        memcpy(&b->loss[r], &unwritten_loss, sizeof(unwritten_loss));
    for (uint64_t i = 0; i < b->rows * b->cols; i++)
        memcpy(&b->gradient[i], &unwritten, sizeof(unwritten));
}

/* Whether every number that was wanted was written. */
static bool check_marks(loss_batch *b, bool gradient)
{
    char name[96];

    for (uint64_t r = 0; r < b->rows; r++)
        if (memcmp(&b->loss[r], &unwritten_loss, sizeof(unwritten_loss)) == 0)
            return exam_fail(b->exam, loss_function(&b->of, name), "a loss is written for each row",
                             "none for row %d of %d, of %d columns", (int)r, (int)b->rows,
                             (int)b->cols);
    for (uint64_t i = 0; gradient && i < b->rows * b->cols; i++)
        if (memcmp(&b->gradient[i], &unwritten, sizeof(unwritten)) == 0)
            return exam_fail(b->exam, loss_function(&b->of, name),
                             "a gradient is written for each element",
                             "none in row %d, column %d of %d x %d", (int)(i / b->cols),
                             (int)(i % b->cols), (int)b->rows, (int)b->cols);
    return true;
}

bool loss_batch_run(loss_batch *b, const loss_call *how)
{
    const size_t tasks = how->cut == 0 || b->rows == 0 ? 1 : (b->rows + how->cut - 1) / how->cut;
    work w = {.batch = b, .how = how};
    char name[96];

    atomic_init(&w.status, PLX_OK);
    mark(b);
    if (!b->held)
        protect(b, true);
    if (how->pool != NULL)
        pool_run(how->pool, tasks, run_piece, &w);
    else
        for (size_t task = 0; task < tasks; task++)
            run_piece(&w, task, 0);
    if (!b->held)
        protect(b, false);
    return exam_called(b->exam, loss_function(&b->of, name), atomic_load(&w.status)) &&
           (b->exam->unguarded || check_marks(b, how->gradient));
}

/* ---- the exercise ---- */

typedef struct plan {
    const exercise *how;
    pool *pool;
    text *results;
} plan;

static void keep(const loss_batch *b, bool gradient, text *results)
{
    if (results == NULL)
        return;
    text_add_n(results, (const char *)b->loss, b->rows * sizeof(*b->loss));
    if (gradient)
        text_add_n(results, (const char *)b->gradient, b->rows * b->cols * sizeof(*b->gradient));
}

/* With and without weights, with and without a gradient. */
static bool exercise_batch(loss_batch *b, const plan *plan)
{
    protect(b, true);
    b->held = true;
    for (int bits = 0; bits < 4; bits++) {
        const loss_call call = {.weighted = bits & 1,
                                .gradient = !(bits & 2),
                                .scale = 0.25,
                                .cut = plan->how->cut,
                                .pool = plan->pool};
        if (!loss_batch_run(b, &call))
            return false;
        keep(b, call.gradient, plan->results);
    }
    return true;
}

static bool exercise_case(exam *exam, const loss_case *which, const plan *plan)
{
    static const uint64_t columns[] = {1, 2, 3, 10};

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        loss_batch batch;
        const bool good =
            loss_batch_open(&batch, exam, which, plan->how->size, columns[i], plan->how->side) &&
            exercise_batch(&batch, plan);
        loss_batch_close(&batch);
        if (!good)
            return false;
    }
    return true;
}

static bool exercise_kinds(exam *exam, loss_case *which, uint32_t kinds, const plan *plan)
{
    for (uint32_t kind = 1; kind <= PLX_TARGET_LABELS; kind *= 2) {
        which->kind = kind;
        if ((kinds & kind) != 0 && !exercise_case(exam, which, plan))
            return false;
    }
    return true;
}

static bool exercise_partners(exam *exam, loss_case *which, const uint32_t *kinds, const plan *plan)
{
    const plx_loss *loss = exam->plugin->loss;
    bool good = true;

    for (uint32_t i = 0; good && i < loss->fused_count; i++) {
        which->partner = partner_at(loss, i);
        settings *activation = find_partner(exam, which->partner->semantic);
        plx_domain domain;
        if (activation != NULL && settings_domain(activation, &domain, NULL)) {
            which->family = settings_family(&domain);
            good = exercise_kinds(exam, which, kinds[which->family], plan);
        }
        settings_free(activation);
    }
    return good;
}

static bool exercise_loss(exam *exam, const exercise *how, text *results)
{
    uint32_t kinds[PLX_SIMPLEX + 1] = {0};
    loss_case which = {.settings = how->settings, .variant = "these settings"};
    plan plan = {.how = how, .results = results};
    bool good = true;

    for (int f = 0; f < FAMILIES; f++)
        kinds[families[f]] =
            exam->plugin->loss->targets(how->settings->values, families[f]) & all_kinds;
    if (how->threads > 1 && (plan.pool = pool_new(how->threads, NULL)) == NULL)
        return exam_fail_memory(exam);
    if (how->only_range)
        intercept_reset(exam->intercept);
    for (int f = 0; good && f < FAMILIES; f++) {
        which.family = families[f];
        good = exercise_kinds(exam, &which, kinds[families[f]], &plan);
    }
    good = good && exercise_partners(exam, &which, kinds, &plan);
    pool_free(plan.pool);
    return good;
}

/* ---- targets ---- */

static bool check_targets(exam *exam, const variant *variant)
{
    uint32_t any = 0;

    for (int f = 0; f < FAMILIES; f++) {
        const char *name = settings_family_name(families[f]);
        const uint32_t kinds = exam->plugin->loss->targets(variant->settings->values, families[f]);
        if ((kinds & ~all_kinds) != 0)
            return exam_fail(exam, "targets", "a set of PLX_TARGET_... and no other bits",
                             "0x%x for predictions: %s (%s)", (unsigned)kinds, name, variant->name);
        if (exam->plugin->loss->targets(variant->settings->values, families[f]) != kinds)
            return exam_fail(exam, "targets", "the same answer each time",
                             "another one when asked again about predictions: %s (%s)", name,
                             variant->name);
        any |= kinds;
    }
    return any != 0 ||
           exam_fail(exam, "targets",
                     "at least one family of predictions for which it takes targets",
                     "0, not at all, for each of the four families (%s)", variant->name);
}

static void add_taken(exam *exam, text *said)
{
    for (int f = 0; f < FAMILIES; f++)
        if (exam->plugin->loss->targets(exam->variants[0].settings->values, families[f]) != 0)
            text_addf(said, "%s%s", said->length > 0 ? "; " : "",
                      settings_family_name(families[f]));
}

static void test_targets(exam *exam)
{
    text said = {.bytes = NULL};

    for (size_t v = 0; v < exam->variant_count; v++)
        if (!check_targets(exam, &exam->variants[v]))
            return;
    add_taken(exam, &said);
    if (said.bytes != NULL)
        exam_say(exam, "it takes %s", said.bytes);
    free(said.bytes);
}

static const exam_test tests[] = {
    {.id = "targets",
     .title = "takes predictions of some family",
     .after = {"runs", "determinism"},
     .run = test_targets},
    {.id = "finite",
     .title = "is finite at the edges of a family",
     .after = {"targets", "bounds", "state", "determinism"},
     .run = loss_test_finite},
    {.id = "nonfinite",
     .title = "NaN shows, in its own row alone",
     .after = {"targets", "bounds", "state", "determinism"},
     .run = loss_test_nonfinite},
    {.id = "gradient",
     .title = "has the loss's slope as its gradient",
     .after = {"finite"},
     .run = loss_test_gradient},
    {.id = "minimum",
     .title = "is least at the target",
     .after = {"gradient"},
     .run = loss_test_minimum},
    {.id = "weights",
     .title = "weighs the gradient, not the loss",
     .after = {"finite"},
     .run = loss_test_weights},
    {.id = "fused",
     .title = "is the same loss when fused",
     .after = {"gradient", "minimum"},
     .run = loss_test_fused},
    {.id = NULL},
};

const exam_kind exam_loss = {.exercise = exercise_loss, .tests = tests};
