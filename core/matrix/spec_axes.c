/* spec_axes.c: the section `axes`: what is compared, and what is searched in every cell. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/memory.h"
#include "support/text.h"

/* ---- intervals ------------------------------------------------------------------------------- */

/* The length of a whole number at the start of a text; 0: there is none. */
static size_t number_length(const char *text)
{
    const size_t sign = *text == '-' || *text == '+' ? 1 : 0;
    const size_t digits = strspn(text + sign, "0123456789");

    return digits > 0 ? sign + digits : 0;
}

bool spec_is_interval(const node *value)
{
    if (value->type != NODE_SCALAR || value->quoted)
        return false;
    const size_t length = number_length(value->text);
    return length > 0 && strncmp(value->text + length, "..", 2) == 0;
}

bool spec_interval(const reader *r, const node *value, size_t most, int64_t *lo, int64_t *hi)
{
    const size_t length = number_length(value->text);
    const char *end = value->text + length + 2;

    if (!text_is_integer(value->text, length, lo) || !text_is_integer(end, strlen(end), hi))
        return field_wrong(r, value, "whole numbers from one to another, such as 0..4");
    if (*lo > *hi)
        return spec_refuse(r, value, " is '%s'; the second number must not be the smaller one",
                           text_show(value->text).bytes);
    if ((uint64_t)*hi - (uint64_t)*lo >= most)
        return spec_refuse(r, value, " is '%s'; it must hold at most %zu numbers",
                           text_show(value->text).bytes, most);
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* A blank value at the end of the axis. */
static axis_value *append_value(const reader *r, axis *axis, size_t *capacity, const node *at)
{
    if (axis->value_count == SPEC_MOST_VALUES) {
        error_at(r->error, ERROR_CONFIG, at->at, "axes.%s has more than %d values", axis->path,
                 SPEC_MOST_VALUES);
        return NULL;
    }
    if (memory_grow(&axis->value, capacity, axis->value_count + 1, sizeof(*axis->value)) == NULL) {
        error_memory(r->error);
        return NULL;
    }
    axis_value *made = &axis->value[axis->value_count++];
    *made = (axis_value){.value = at, .at = at->at};
    return made;
}

/* A number of an interval: a node of its own, which says its path as the interval does. */
static bool append_number(const reader *r, axis *axis, size_t *capacity, const node *interval,
                          int64_t number)
{
    const node *place_of = interval->key != NULL ? interval : interval->parent;
    axis_value *value = append_value(r, axis, capacity, interval);

    if (value == NULL)
        return false;
    char *text = memory_format("%" PRId64, number);
    value->label = memory_string(text);
    value->made = memory_array(1, sizeof(*value->made));
    if (value->label == NULL || value->made == NULL) {
        free(text);
        return error_memory(r->error);
    }
    *value->made = (node){.type = NODE_SCALAR,
                          .at = interval->at,
                          .key_at = place_of->key_at,
                          .key = place_of->key,
                          .text = text,
                          .parent = place_of->parent};
    value->value = value->made;
    return true;
}

static bool read_value(const reader *r, axis *axis, size_t *capacity, const node *value)
{
    int64_t lo = 0, hi = 0;

    if (spec_is_interval(value)) {
        bool ok = spec_interval(r, value, SPEC_MOST_VALUES, &lo, &hi);
        for (int64_t i = 0; ok && i <= hi - lo; i++)
            ok = append_number(r, axis, capacity, value, lo + i);
        return ok;
    }
    if (value->type == NODE_SCALAR && !field_is_scalar(r, value, "a value"))
        return false;
    const node *seed = spec_below(value, axis->path, "train.seed");
    if (seed != NULL)
        return error_at(r->error, ERROR_CONFIG, seed->key_at, SPEC_NO_SEED);
    if (spec_is_range(value))
        return spec_refuse(r, value,
                           " is a range, which is no value; the axis itself may be one, "
                           "or a setting of a component");
    axis_value *made = append_value(r, axis, capacity, value);
    return made != NULL && spec_ranges_read(r, value, axis->path, &made->range, &made->range_count);
}

static bool values_differ(const reader *r, const axis *axis)
{
    const node **value = memory_array(axis->value_count, sizeof(const node *));

    if (value == NULL)
        return error_memory(r->error);
    for (size_t i = 0; i < axis->value_count; i++)
        value[i] = axis->value[i].value;
    const bool ok = spec_all_differ(r, value, axis->value_count);
    free(value);
    return ok;
}

static bool read_values(const reader *r, const node *entry, axis *axis)
{
    size_t capacity = 0;

    if (entry->type != NODE_LIST)
        return read_value(r, axis, &capacity, entry);
    if (!field_has_count(r, entry, 1, SPEC_MOST_VALUES, "values"))
        return false;
    for (const node *item = entry->first; item != NULL; item = item->next)
        if (!read_value(r, axis, &capacity, item))
            return false;
    return values_differ(r, axis);
}

static bool read_axis(const reader *r, const node *entry, spec *spec)
{
    if (!spec_check_path(r, entry, entry->key))
        return false;
    if (spec_is_range(entry))
        return spec_ranges_read(r, entry, entry->key, &spec->range, &spec->range_count);
    axis *axis = &spec->axis[spec->axis_count++];
    axis->path = memory_string(entry->key);
    if (axis->path == NULL)
        return error_memory(r->error);
    axis->repeats = strcmp(entry->key, "data.fold") == 0 || strcmp(entry->key, "data.seed") == 0;
    return read_values(r, entry, axis) && spec_label_values(axis, r->error);
}

/* ---- what would have no effect --------------------------------------------------------------- */

/* A setting below the axis in one of its values, which the path of another entry sets again. */
static const node *set_in_values(const axis *axis, const char *path)
{
    for (size_t i = 0; i < axis->value_count; i++) {
        const node *found = spec_below(axis->value[i].value, axis->path, path);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* Of two entries of `axes`, the first and one that stands after it. */
static bool check_two(const reader *r, const spec *spec, const node *first, const node *second)
{
    if (spec_covers(second->key, first->key))
        return error_at(r->error, ERROR_CONFIG, second->key_at,
                        "the axis %s replaces what %s sets in line %d; put it before that",
                        second->key, first->key, first->key_at.line);
    for (size_t i = 0; i < spec->axis_count; i++) {
        if (strcmp(spec->axis[i].path, first->key) != 0)
            continue;
        const node *found = set_in_values(&spec->axis[i], second->key);
        if (found != NULL)
            return error_at(r->error, ERROR_CONFIG, found->at,
                            "the axis %s sets this again in line %d; leave out one of the two",
                            second->key, second->key_at.line);
    }
    return !spec_is_range(first) || !spec_covers(first->key, second->key) ||
           error_at(r->error, ERROR_CONFIG, second->key_at,
                    "%s is searched in line %d, so nothing can be set below it", first->key,
                    first->key_at.line);
}

static bool check_changes(const reader *r, const node *entry, const spec_change *change,
                          size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (spec_covers(entry->key, change[i].path))
            return error_at(r->error, ERROR_CONFIG, change[i].value->key_at,
                            "the axis %s replaces this in line %d; leave out one of the two",
                            entry->key, entry->key_at.line);
    return true;
}

static bool check_entry(const reader *r, const node *entry, const spec *spec)
{
    for (const node *later = entry->next; later != NULL; later = later->next)
        if (!check_two(r, spec, entry, later))
            return false;
    for (size_t i = 0; i < spec->problem_count; i++)
        if (!check_changes(r, entry, spec->problem[i].change, spec->problem[i].change_count))
            return false;
    return check_changes(r, entry, spec->change, spec->change_count);
}

/* ---- the section ----------------------------------------------------------------------------- */

bool spec_axes_read(const reader *r, const node *section, spec *spec)
{
    if (section == NULL)
        return true;
    if (!field_is_map(r, section, "a map, such as {optimizer: [sgd, adam]}") ||
        !field_has_count(r, section, 0, SPEC_MOST_AXES, "axes"))
        return false;
    spec->axis = memory_array(SPEC_MOST_AXES, sizeof(*spec->axis));
    if (spec->axis == NULL)
        return error_memory(r->error);
    for (const node *entry = section->first; entry != NULL; entry = entry->next)
        if (!read_axis(r, entry, spec))
            return false;
    for (const node *entry = section->first; entry != NULL; entry = entry->next)
        if (!check_entry(r, entry, spec))
            return false;
    return spec_ranges_check(r, spec);
}
