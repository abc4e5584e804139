/* Verification of a settings table. The core writes a plug-in's settings struct through the offsets
 * of this table, so a wrong row would be a wild write: every row is copied, zero-extended, and must
 * name a member of its own, inside the struct and aligned, with a default inside a range that makes
 * sense. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/verify.h"

#include "support/memory.h"
#include "support/text.h"

#define MAX_SETTINGS 64u
#define MAX_CHOICES  64u

static uint32_t width_of(uint32_t type)
{
    return type == PLX_TYPE_REAL || type == PLX_TYPE_INTEGER ? 8 : 4;
}

/* The keys that stand beside a component's settings in a config file. */
static bool is_taken(const char *name, uint32_t kind)
{
    return strcmp(name, "name") == 0 || (kind == PLX_KIND_LOSS && strcmp(name, "fused") == 0) ||
           (kind == PLX_KIND_OPTIMIZER &&
            (strcmp(name, "lr") == 0 || strcmp(name, "groups") == 0 || strcmp(name, "match") == 0));
}

/* "setting 'beta1'" cannot be said before the name is known to be one. */
static bool check_row_name(const plx_setting *rows, size_t index, uint32_t kind, plx_error *error)
{
    const char *name = rows[index].name;
    char what[96];

    if (name == NULL)
        return error_set(error, ERROR_PLUGIN, "its setting %zu has no name", index + 1);
    if (!text_is_name(name)) {
        char shown[4 * 40 + 4];
        text_shown(shown, name, strnlen(name, 41), 40);
        return error_set(error, ERROR_PLUGIN, "the name of its setting %zu, '%s', is not valid",
                         index + 1, shown);
    }
    if (is_taken(name, kind))
        return error_set(error, ERROR_PLUGIN,
                         "it has a setting '%s', a name that Plexus keeps for itself", name);
    for (size_t i = 0; i < index; i++)
        if (strcmp(rows[i].name, name) == 0)
            return error_set(error, ERROR_PLUGIN, "it has two settings '%s'", name);
    if (rows[index].help == NULL)
        return error_set(error, ERROR_PLUGIN, "its setting '%s' has no help text", name);
    snprintf(what, sizeof(what), "the help text of its setting '%s'", name);
    return verify_line(rows[index].help, what, error);
}

static bool check_place(const plx_setting *rows, size_t index, plx_error *error)
{
    const plx_setting *row = &rows[index];
    const uint32_t width = width_of(row->type);

    if (row->owner_size != rows[0].owner_size || row->owner_size > VERIFY_MAX_SIZE)
        return error_set(
            error, ERROR_PLUGIN,
            "the owner_size of its setting '%s' is %u; it must be the same in every row "
            "and at most %u",
            row->name, row->owner_size, VERIFY_MAX_SIZE);
    if (row->offset > row->owner_size || row->owner_size - row->offset < width)
        return error_set(error, ERROR_PLUGIN,
                         "its setting '%s' lies outside the settings struct (%u bytes at %u of %u)",
                         row->name, width, row->offset, row->owner_size);
    if (row->offset % width != 0)
        return error_set(error, ERROR_PLUGIN,
                         "its setting '%s' is at offset %u, which is not a multiple of %u",
                         row->name, row->offset, width);
    for (size_t i = 0; i < index; i++)
        if (row->offset < rows[i].offset + width_of(rows[i].type) &&
            rows[i].offset < row->offset + width)
            return error_set(error, ERROR_PLUGIN,
                             "its settings '%s' and '%s' overlap in the settings struct",
                             rows[i].name, row->name);
    return true;
}

static bool is_whole(double value)
{
    return value >= -9223372036854775808.0 && value < 9223372036854775808.0 &&
           value == nearbyint(value);
}

/* Bounds and default as numbers; what the type makes of them comes after. */
static bool check_range(const plx_setting *row, plx_error *error)
{
    char value[32], lo[32], hi[32];
    const bool open_min = row->flags & PLX_OPEN_MIN, open_max = row->flags & PLX_OPEN_MAX;

    if (isnan(row->initial) || isnan(row->min) || isnan(row->max))
        return error_set(error, ERROR_PLUGIN,
                         "the default, minimum or maximum of its setting '%s' is NaN", row->name);
    text_of_double(value, row->initial);
    text_of_double(lo, row->min);
    text_of_double(hi, row->max);
    if (row->min > row->max)
        return error_set(error, ERROR_PLUGIN,
                         "the minimum of its setting '%s', %s, is above the maximum, %s", row->name,
                         lo, hi);
    if (row->initial < row->min || row->initial > row->max ||
        (open_min && row->initial == row->min) || (open_max && row->initial == row->max))
        return error_set(error, ERROR_PLUGIN,
                         "the default of its setting '%s' is %s; it must be in %s %s %s %s %s",
                         row->name, value, lo, open_min ? "<" : "<=", row->name,
                         open_max ? "<" : "<=", hi);
    if (row->type != PLX_TYPE_REAL &&
        !(is_whole(row->initial) && is_whole(row->min) && is_whole(row->max)))
        return error_set(
            error, ERROR_PLUGIN,
            "the default, minimum and maximum of its setting '%s' must be whole 64-bit "
            "numbers",
            row->name);
    return true;
}

static bool check_choices(const plx_setting *row, plx_error *error)
{
    char what[96];

    if (row->choices == NULL || row->choice_count == 0 || row->choice_count > MAX_CHOICES)
        return error_set(error, ERROR_PLUGIN,
                         "its setting '%s' must list 1 to %u choices; it has %s", row->name,
                         MAX_CHOICES, row->choices == NULL ? "no table of them" : "another number");
    for (size_t i = 0; i < row->choice_count; i++) {
        snprintf(what, sizeof(what), "choice %zu of its setting '%s'", i + 1, row->name);
        if (row->choices[i] == NULL)
            return error_set(error, ERROR_PLUGIN, "%s has no text", what);
        if (!verify_line(row->choices[i], what, error))
            return false;
        for (size_t j = 0; j < i; j++)
            if (strcmp(row->choices[i], row->choices[j]) == 0)
                return error_set(error, ERROR_PLUGIN,
                                 "its setting '%s' lists the choice '%s' twice", row->name,
                                 row->choices[i]);
    }
    if (row->min != 0 || row->max != row->choice_count - 1.0)
        return error_set(error, ERROR_PLUGIN,
                         "the range of its setting '%s' must be that of its %u choices", row->name,
                         row->choice_count);
    return true;
}

static bool check_row(const plx_setting *rows, size_t index, uint32_t kind, plx_error *error)
{
    const plx_setting *row = &rows[index];
    const uint32_t known = PLX_OPEN_MIN | PLX_OPEN_MAX | PLX_LOG_SCALE;

    if (!check_row_name(rows, index, kind, error))
        return false;
    if (row->type < PLX_TYPE_REAL || row->type > PLX_TYPE_CHOICE)
        return error_set(error, ERROR_PLUGIN,
                         "the type of its setting '%s' is %u, which this version does not know",
                         row->name, row->type);
    if ((row->flags & ~known) != 0)
        return error_set(error, ERROR_PLUGIN,
                         "the flags of its setting '%s' are 0x%x; this version knows only 0x%x",
                         row->name, row->flags, known);
    if (!check_place(rows, index, error) || !check_range(row, error))
        return false;
    if (row->type == PLX_TYPE_FLAG && (row->min != 0 || row->max != 1))
        return error_set(error, ERROR_PLUGIN, "the range of its flag '%s' must be 0 to 1",
                         row->name);
    return row->type != PLX_TYPE_CHOICE || check_choices(row, error);
}

static bool check_table(const plx_component *component, plx_error *error)
{
    if (component->settings_count > MAX_SETTINGS)
        return error_set(error, ERROR_PLUGIN, "it has %u settings; at most %u are allowed",
                         component->settings_count, MAX_SETTINGS);
    if (component->settings_count > 0 && component->settings == NULL)
        return error_set(error, ERROR_PLUGIN, "it counts %u settings but has no table of them",
                         component->settings_count);
    if (component->settings_count > 0 && (component->settings_stride < VERIFY_SETTING_SIZE ||
                                          component->settings_stride > VERIFY_MAX_SIZE))
        return error_set(error, ERROR_PLUGIN,
                         "the stride of its settings table is %u; it must be %d to %u",
                         component->settings_stride, VERIFY_SETTING_SIZE, VERIFY_MAX_SIZE);
    return true;
}

bool verify_settings(loaded *item, plx_error *error)
{
    plx_component *component = &item->descriptor.component;
    const char *table = (const char *)component->settings;
    const uint32_t count = component->settings_count;

    if (!check_table(component, error))
        return false;
    item->settings = memory_array(count, sizeof(plx_setting));
    if (item->settings == NULL)
        return error_memory(error);
    for (size_t i = 0; i < count; i++)
        if (!verify_copy(&item->settings[i], sizeof(plx_setting),
                         table + i * component->settings_stride, VERIFY_SETTING_SIZE,
                         component->settings_stride, "a row of its settings table", error) ||
            !check_row(item->settings, i, item->plugin.kind, error))
            return false;
    component->settings = count > 0 ? item->settings : NULL;
    component->settings_stride = sizeof(plx_setting);
    return true;
}
