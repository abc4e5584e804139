/* Settings: a plug-in's table read as a set of names with types and ranges, and its struct written
 * through the offsets that verify_settings.c has checked. Text comes in, typed values go into the
 * struct, and every refusal says which range the table allows. */
#include "plugin/settings.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/host.h"
#include "plugin/search.h"

#include "support/memory.h"
#include "support/text.h"

/* ---- the table ---- */

size_t settings_count(const plugin *found)
{
    return found->component->settings_count;
}

const plx_setting *settings_row(const plugin *found, size_t index)
{
    const char *table = (const char *)found->component->settings;

    return (const void *)(table + index * found->component->settings_stride);
}

static const plx_setting *row_by_name(const plugin *found, const char *name)
{
    for (size_t i = 0; i < settings_count(found); i++)
        if (strcmp(settings_row(found, i)->name, name) == 0)
            return settings_row(found, i);
    return NULL;
}

/* ---- values ---- */

/* A value of any type; which member counts, the row's type says. */
typedef struct setting_value {
    double real;
    int64_t integer; /* also a flag's 0 or 1 and a choice's index                                 */
} setting_value;

static setting_value default_of(const plx_setting *row)
{
    if (row->type == PLX_TYPE_REAL)
        return (setting_value){.real = row->initial};
    return (setting_value){.integer = (int64_t)row->initial};
}

static void store(void *values, const plx_setting *row, setting_value value)
{
    void *at = (char *)values + row->offset;
    const int32_t small = (int32_t)value.integer;

    if (row->type == PLX_TYPE_REAL)
        memcpy(at, &value.real, sizeof(value.real));
    else if (row->type == PLX_TYPE_INTEGER)
        memcpy(at, &value.integer, sizeof(value.integer));
    else
        memcpy(at, &small, sizeof(small));
}

static setting_value fetch(const void *values, const plx_setting *row)
{
    const void *at = (const char *)values + row->offset;
    setting_value value = {0};
    int32_t small = 0;

    if (row->type == PLX_TYPE_REAL) {
        memcpy(&value.real, at, sizeof(value.real));
    } else if (row->type == PLX_TYPE_INTEGER) {
        memcpy(&value.integer, at, sizeof(value.integer));
    } else {
        memcpy(&small, at, sizeof(small));
        value.integer = small;
    }
    return value;
}

/* ---- life ---- */

settings *settings_new(const plugin *found, plx_error *error)
{
    const size_t count = settings_count(found);
    settings *self = memory_array(1, sizeof(*self));

    if (self == NULL) {
        error_memory(error);
        return NULL;
    }
    self->plugin = found;
    if (count == 0)
        return self;
    self->values = memory_aligned(settings_row(found, 0)->owner_size, 1);
    if (self->values == NULL) {
        error_memory(error);
        settings_free(self);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        store(self->values, settings_row(found, i), default_of(settings_row(found, i)));
    return self;
}

void settings_free(settings *self)
{
    if (self == NULL)
        return;
    free(self->values);
    free(self);
}

bool settings_are_default(const settings *self)
{
    for (size_t i = 0; i < settings_count(self->plugin); i++) {
        const plx_setting *row = settings_row(self->plugin, i);
        const setting_value now = fetch(self->values, row), initial = default_of(row);
        if (now.integer != initial.integer || now.real != initial.real)
            return false;
    }
    return true;
}

/* ---- ranges, as text ---- */

static bool has_min(const plx_setting *row)
{
    return isfinite(row->min) || (row->flags & PLX_OPEN_MIN);
}

static bool has_max(const plx_setting *row)
{
    return isfinite(row->max) || (row->flags & PLX_OPEN_MAX);
}

static void add_interval(text *t, const plx_setting *row, const char *name)
{
    const char *above = row->flags & PLX_OPEN_MIN ? "<" : "<=";
    const char *below = row->flags & PLX_OPEN_MAX ? "<" : "<=";

    if (has_min(row) && has_max(row)) {
        text_add_double(t, row->min);
        text_addf(t, " %s %s %s ", above, name, below);
        text_add_double(t, row->max);
    } else if (has_min(row)) {
        text_addf(t, "%s %s ", name, row->flags & PLX_OPEN_MIN ? ">" : ">=");
        text_add_double(t, row->min);
    } else if (has_max(row)) {
        text_addf(t, "%s %s ", name, below);
        text_add_double(t, row->max);
    } else {
        text_add(t, "any number");
    }
}

/* The values of a row whose values are words; false if they are numbers. */
static bool add_words(text *t, const plx_setting *row)
{
    if (row->type == PLX_TYPE_FLAG) {
        text_add(t, "true or false");
    } else if (row->type == PLX_TYPE_CHOICE) {
        text_add(t, "one of ");
        search_join(t, row->choices, row->choice_count, ", ");
    }
    return row->type == PLX_TYPE_FLAG || row->type == PLX_TYPE_CHOICE;
}

char *settings_range(const plx_setting *row)
{
    text t = {0};

    if (!add_words(&t, row))
        add_interval(&t, row, "x");
    if (t.failed) {
        free(t.bytes);
        return NULL;
    }
    return t.bytes;
}

/* What follows "it must be": "in 0 <= beta1 < 1", "above 0", "a whole number in 1 <= rank <= 8". */
static void add_demand(text *t, const plx_setting *row)
{
    const bool whole = row->type == PLX_TYPE_INTEGER;

    if (add_words(t, row))
        return;
    if (has_min(row) && has_max(row)) {
        text_add(t, whole ? "a whole number in " : "in ");
        add_interval(t, row, row->name);
    } else if (has_min(row)) {
        text_add(t, row->flags & PLX_OPEN_MIN ? "a number above " : "a number at or above ");
        text_add_double(t, row->min);
    } else if (has_max(row)) {
        text_add(t, row->flags & PLX_OPEN_MAX ? "a number below " : "a number at or below ");
        text_add_double(t, row->max);
    } else {
        text_add(t, "a number");
    }
}

/* ---- text to values ---- */

static bool parse_real(const plx_setting *row, const char *string, setting_value *value)
{
    const bool open_min = row->flags & PLX_OPEN_MIN, open_max = row->flags & PLX_OPEN_MAX;

    if (!text_is_double(string, strlen(string), &value->real) || isnan(value->real))
        return false;
    return value->real >= row->min && value->real <= row->max &&
           !(open_min && value->real == row->min) && !(open_max && value->real == row->max);
}

/* The bounds are whole numbers that fit, so they are compared as such and not as doubles. */
static bool parse_integer(const plx_setting *row, const char *string, setting_value *value)
{
    const int64_t min = (int64_t)row->min, max = (int64_t)row->max;
    const bool open_min = row->flags & PLX_OPEN_MIN, open_max = row->flags & PLX_OPEN_MAX;

    if (!text_is_integer(string, strlen(string), &value->integer))
        return false;
    return value->integer >= min && value->integer <= max && !(open_min && value->integer == min) &&
           !(open_max && value->integer == max);
}

static bool parse_word(const char *const *words, size_t count, const char *string,
                       setting_value *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], string) == 0) {
            value->integer = (int64_t)i;
            return true;
        }
    }
    return false;
}

static bool parse_flag(const char *string, setting_value *value)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

    if (!parse_word(words, sizeof(words) / sizeof(words[0]), string, value))
        return false;
    value->integer %= 2;
    return true;
}

static bool parse(const plx_setting *row, const char *string, setting_value *value)
{
    *value = (setting_value){0};
    switch (row->type) {
    case PLX_TYPE_REAL:
        return parse_real(row, string, value);
    case PLX_TYPE_INTEGER:
        return parse_integer(row, string, value);
    case PLX_TYPE_FLAG:
        return parse_flag(string, value);
    default:
        return parse_word(row->choices, row->choice_count, string, value);
    }
}

/* ---- refusals ---- */

/* "beta1 is 1.5; it must be in 0 <= beta1 < 1"; what is not a number stands in quotes. */
static bool refuse_value(const plx_setting *row, const char *value, place at, plx_error *error)
{
    char shown[4 * 60 + 4];
    double number;
    const bool numeric = text_is_double(value, strlen(value), &number);
    const char *quote = numeric ? "" : "'";
    text t = {0};

    text_shown(shown, value, strlen(value), 60);
    text_addf(&t, "%s is %s%s%s; it must be ", row->name, quote, shown, quote);
    if (!numeric && row->type == PLX_TYPE_REAL && has_min(row) && has_max(row))
        text_add(&t, "a number ");
    add_demand(&t, row);
    if (row->type == PLX_TYPE_CHOICE) {
        const char *nearest = text_nearest(value, row->choices, row->choice_count);
        if (nearest != NULL)
            text_addf(&t, "; did you mean '%s'?", nearest);
    }
    if (t.failed)
        error_memory(error);
    else
        error_at(error, ERROR_CONFIG, at, "%s", t.bytes);
    free(t.bytes);
    return false;
}

/* "optimizer 'adam' has no setting 'beta3'; did you mean 'beta1'?" or all that it has. */
static bool refuse_name(const plugin *found, const char *name, place at, plx_error *error)
{
    const size_t count = settings_count(found);
    const char **names = memory_array(count, sizeof(*names));
    char shown[4 * 60 + 4];
    text t = {0};

    if (names == NULL)
        return error_memory(error);
    for (size_t i = 0; i < count; i++)
        names[i] = settings_row(found, i)->name;
    const char *nearest = text_nearest(name, names, count);
    text_addf(&t, "%s '%s' has no setting '%s'; ", catalog_kind_name(found->kind), found->name,
              text_shown(shown, name, strlen(name), 60));
    if (nearest != NULL) {
        text_addf(&t, "did you mean '%s'?", nearest);
    } else {
        text_add(&t, count > 0 ? "it has " : "it has none");
        search_join(&t, names, count, " and ");
    }
    if (t.failed)
        error_memory(error);
    else
        error_at(error, ERROR_CONFIG, at, "%s", t.bytes);
    free(t.bytes);
    free(names);
    return false;
}

/* ---- the interface ---- */

bool settings_set(settings *self, const char *name, place key_at, const char *value, place value_at,
                  plx_error *error)
{
    const plx_setting *row = row_by_name(self->plugin, name);
    setting_value parsed;

    if (row == NULL)
        return refuse_name(self->plugin, name, key_at, error);
    if (!parse(row, value, &parsed))
        return refuse_value(row, value, value_at, error);
    store(self->values, row, parsed);
    return true;
}

bool settings_validate(const settings *self, place at, plx_error *error)
{
    const plugin *found = self->plugin;
    plx_error said = {0};
    host services;

    if (found->component->validate == NULL)
        return true;
    host_init(&services, NULL, 0);
    const int32_t status = found->component->validate(self->values, &services.table);
    const bool good = status == PLX_OK && services.failure.code == ERROR_NONE;
    if (!good) {
        host_failed(&services, found, status, &said);
        error_at(error, ERROR_CONFIG, at, "%s", said.text);
    }
    host_destroy(&services);
    return good;
}

const char *settings_value(const settings *self, size_t index, char buffer[32])
{
    const plx_setting *row = settings_row(self->plugin, index);
    const setting_value value = fetch(self->values, row);

    switch (row->type) {
    case PLX_TYPE_REAL:
        return text_of_double(buffer, value.real);
    case PLX_TYPE_INTEGER:
        snprintf(buffer, 32, "%" PRId64, value.integer);
        return buffer;
    case PLX_TYPE_FLAG:
        return value.integer ? "true" : "false";
    default:
        return row->choices[value.integer];
    }
}
