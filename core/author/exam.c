/* exam.c: an exam's life, its verdict, and the variants of a plug-in's settings.
 *
 * Variants are one step away from the defaults each, as a defect that hides in a flag or a
 * choice is found by turning that one alone. Where the plug-in refuses a lone change (nesterov
 * wants a momentum) the change is tried together with one other that was not refused. Values go
 * in as text, the way a config's do, so that what is examined is what a user can have. */
#include "author/exam.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/product.h"
#include "support/memory.h"
#include "support/sandbox.h"

/* ---- the verdict ---- */

static void add_formatted(text *t, const char *format, va_list arguments)
{
    char *line = NULL;

    if (vasprintf(&line, format, arguments) < 0) {
        t->failed = true;
        return;
    }
    text_add(t, line);
    free(line);
}

static void replace(text *t, const char *format, va_list arguments)
{
    t->length = 0;
    if (t->bytes != NULL)
        t->bytes[0] = '\0';
    add_formatted(t, format, arguments);
}

bool exam_fail(exam *exam, const char *look, const char *expected, const char *came, ...)
{
    va_list arguments;

    if (exam->failed)
        return false;
    exam->failed = true;
    text_add(&exam->look, look);
    text_add(&exam->expected, expected);
    va_start(arguments, came);
    add_formatted(&exam->came, came, arguments);
    va_end(arguments);
    return false;
}

bool exam_fail_memory(exam *exam)
{
    return exam_fail(exam, "what takes memory, and what is left on this machine",
                     "memory for the test", "none");
}

void exam_say(exam *exam, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    replace(&exam->says, format, arguments);
    va_end(arguments);
}

bool exam_skip(exam *exam, const char *format, ...)
{
    va_list arguments;

    exam->skipped = true;
    va_start(arguments, format);
    replace(&exam->says, format, arguments);
    va_end(arguments);
    return false;
}

void exam_note(exam *exam, const char *format, ...)
{
    char line[300];
    va_list arguments;

    if (exam->channel < 0)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    json_t *note = json_pack("{s:s}", "note", line);
    char *bytes = note != NULL ? json_dumps(note, JSON_COMPACT) : NULL;
    if (bytes != NULL)
        sandbox_write(exam->channel, bytes, strlen(bytes));
    free(bytes);
    json_decref(note);
}

bool exam_called(exam *exam, const char *function, int32_t status)
{
    plx_error error = {.code = ERROR_NONE};
    text came = {.bytes = NULL};

    if ((status != PLX_OK && status != PLX_DONE) || exam->host.failure.code != ERROR_NONE) {
        host_failed(&exam->host, exam->plugin, status, &error);
        return exam_fail(exam, function, "PLX_OK", "%s", error.text);
    }
    if (exam->unguarded || guard_all_intact(exam->guard, &came)) {
        free(came.bytes);
        return true;
    }
    char look[160];
    snprintf(look, sizeof(look), "%s; rule 1 of plugin.h: it writes only the arrays it is given",
             function);
    exam_fail(exam, look, "nothing is written outside the arrays", "%s",
              came.bytes != NULL ? came.bytes : "something was written beside an array");
    free(came.bytes);
    return false;
}

/* ---- variants ---- */

/* The text of a number, as a config would have it. */
static char *number_text(const plx_setting *row, double value)
{
    text t = {.bytes = NULL};

    if (row->type == PLX_TYPE_INTEGER)
        text_addf(&t, "%lld", (long long)value);
    else
        text_add_double(&t, value);
    return t.bytes;
}

static bool within(const plx_setting *row, double value)
{
    return value != row->initial && value >= row->min && value <= row->max &&
           !(value == row->min && (row->flags & PLX_OPEN_MIN)) &&
           !(value == row->max && (row->flags & PLX_OPEN_MAX)) && isfinite(value);
}

/* Another value of a number: near enough to the default to be an ordinary one. */
static char *other_number(const plx_setting *row)
{
    const double d = row->initial, middle = 0.5 * row->min + 0.5 * row->max;
    const double reals[] = {
        d == 0 ? 0.1 : 0.5 * d, 2 * d, 0.1, 1, -0.1, middle, row->max, row->min};
    const double integers[] = {d + 1, d - 1, row->max, row->min};
    const bool real = row->type == PLX_TYPE_REAL;
    const double *candidates = real ? reals : integers;
    const size_t count =
        real ? sizeof(reals) / sizeof(reals[0]) : sizeof(integers) / sizeof(integers[0]);

    for (size_t i = 0; i < count; i++)
        if (within(row, candidates[i]))
            return number_text(row, candidates[i]);
    return NULL;
}

/* Value `index` of a row away from its default; NULL: there is no such. */
static char *other_value(const plx_setting *row, uint32_t index)
{
    const uint32_t initial = (uint32_t)row->initial;

    if (row->type == PLX_TYPE_FLAG)
        return index == 0 ? memory_string(initial ? "false" : "true") : NULL;
    if (row->type != PLX_TYPE_CHOICE)
        return index == 0 ? other_number(row) : NULL;
    const uint32_t choice = index < initial ? index : index + 1;
    return choice < row->choice_count ? memory_string(row->choices[choice]) : NULL;
}

/* A change of one setting. */
typedef struct change {
    const plx_setting *row;
    char *value;
    bool taken; /* alone                                                                          */
} change;

static bool apply(settings *settings, const change *change)
{
    const place nowhere = {.file = NULL};

    return settings_set(settings, change->row->name, nowhere, change->value, nowhere, NULL);
}

/* A variant of one change or two, unless the plug-in refuses it. */
static bool add_variant(exam *exam, const change *first, const change *second)
{
    const place nowhere = {.file = NULL};
    settings *made = settings_new(exam->plugin, NULL);
    char *name = NULL;

    if (made == NULL || (first != NULL && !apply(made, first)) ||
        (second != NULL && !apply(made, second)) || !settings_validate(made, nowhere, NULL)) {
        settings_free(made);
        return false;
    }
    if (first == NULL)
        name = memory_string("the defaults");
    else if (second == NULL)
        name = memory_format("%s %s", first->row->name, first->value);
    else
        name = memory_format("%s %s, %s %s", first->row->name, first->value, second->row->name,
                             second->value);
    if (name == NULL) {
        settings_free(made);
        return false;
    }
    exam->variants[exam->variant_count++] = (variant){.name = name, .settings = made};
    return true;
}

/* Every change there is. The caller frees the values and the array. */
static change *list_changes(const plugin *plugin, size_t *count)
{
    change *changes = NULL;
    size_t capacity = 0;

    *count = 0;
    for (size_t i = 0; i < settings_count(plugin); i++) {
        const plx_setting *row = settings_row(plugin, i);
        char *value;
        for (uint32_t k = 0; (value = other_value(row, k)) != NULL; k++) {
            change *grown = memory_grow(&changes, &capacity, *count + 1, sizeof(*changes));
            if (grown == NULL) {
                free(value);
                return changes;
            }
            changes = grown;
            changes[(*count)++] = (change){.row = row, .value = value};
        }
    }
    return changes;
}

static void add_with_another(exam *exam, const change *changes, size_t count, size_t refused)
{
    for (size_t i = 0; i < count; i++)
        if (changes[i].row != changes[refused].row && changes[i].taken &&
            add_variant(exam, &changes[refused], &changes[i]))
            return;
}

static bool make_variants(exam *exam, plx_error *error)
{
    size_t count = 0;
    change *changes = list_changes(exam->plugin, &count);

    exam->variants = memory_array(count + 1, sizeof(*exam->variants));
    if (exam->variants == NULL)
        error_memory(error);
    else if (!add_variant(exam, NULL, NULL))
        error_set(error, ERROR_PLUGIN, "it refuses its own defaults");
    else
        for (size_t i = 0; i < count; i++)
            changes[i].taken = add_variant(exam, &changes[i], NULL);
    for (size_t i = 0; exam->variant_count > 0 && i < count; i++)
        if (!changes[i].taken)
            add_with_another(exam, changes, count, i);
    for (size_t i = 0; i < count; i++)
        free(changes[i].value);
    free(changes);
    return exam->variant_count > 0;
}

const char *exam_variant_name(const exam *exam, const settings *settings)
{
    for (size_t i = 0; i < exam->variant_count; i++)
        if (exam->variants[i].settings == settings)
            return exam->variants[i].name;
    return "other settings";
}

/* ---- life ---- */

exam *exam_new(const plugin *plugin, const char *builtin, guard *guard, int channel,
               plx_error *error)
{
    const catalog_options options = {.builtin = builtin};
    exam *exam = memory_array(1, sizeof(*exam));

    if (exam == NULL) {
        error_memory(error);
        guard_free(guard);
        return NULL;
    }
    exam->plugin = plugin;
    exam->guard = guard;
    exam->channel = channel;
    exam->figures = json_object();
    host_init(&exam->host, NULL, 1);
    exam->host.product = product;
    exam->builtin = builtin != NULL ? catalog_new(&options, error) : NULL;
    exam->intercept = intercept_new(plugin, error);
    if ((builtin != NULL && exam->builtin == NULL) || exam->intercept == NULL ||
        !make_variants(exam, error)) {
        exam_free(exam);
        return NULL;
    }
    return exam;
}

void exam_free(exam *exam)
{
    if (exam == NULL)
        return;
    for (size_t i = 0; i < exam->variant_count; i++) {
        free(exam->variants[i].name);
        settings_free(exam->variants[i].settings);
    }
    free(exam->variants);
    intercept_free(exam->intercept);
    guard_free(exam->guard);
    catalog_free(exam->builtin);
    host_destroy(&exam->host);
    json_decref(exam->figures);
    free(exam->expected.bytes);
    free(exam->came.bytes);
    free(exam->look.bytes);
    free(exam->says.bytes);
    free(exam);
}

const exam_kind *exam_kind_of(uint32_t kind)
{
    switch (kind) {
    case PLX_KIND_ACTIVATION:
        return &exam_activation;
    case PLX_KIND_LOSS:
        return &exam_loss;
    default:
        return &exam_optimizer;
    }
}
