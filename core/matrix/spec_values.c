/* spec_values.c: what the values of an axis mean, what they are called, and which of them a rule or
 * a gate names.
 *
 * Two values mean the same if an experiment would read the same from them: the order of a map's
 * keys, the way a number is written and whether a word is quoted do not matter, and {name: adam} is
 * adam. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/memory.h"
#include "support/text.h"

/* Characters of a label. */
#define SHOWN 60

/* ---- meaning --------------------------------------------------------------------------------- */

/* With its length before it, so that no text can look like the end of another. */
static void add_text_meaning(text *out, const char *string)
{
    text_addf(out, "s%zu:", strlen(string));
    text_add(out, string);
}

/* Whole numbers that a double does not hold stay as they are. */
static void add_scalar_meaning(text *out, const node *scalar)
{
    double number = 0;
    int64_t whole = 0;

    if (!field_is_number(scalar, &number)) {
        add_text_meaning(out, scalar->text);
    } else if (text_is_integer(scalar->text, strlen(scalar->text), &whole) &&
               fabs(number) >= 1e15) {
        text_addf(out, "n%" PRId64 ";", whole);
    } else {
        text_add(out, "n");
        text_add_double(out, number + 0.0);
        text_add(out, ";");
    }
}

static int compare_keys(const void *a, const void *b)
{
    const node *const *l = a, *const *r = b;

    return strcmp((*l)->key, (*r)->key);
}

static void add_meaning(text *out, const node *value);

static void add_map_meaning(text *out, const node *map)
{
    const size_t count = tree_count(map);
    const node **sorted = memory_array(count, sizeof(const node *));
    size_t filled = 0;

    if (sorted == NULL) {
        out->failed = true;
        return;
    }
    for (const node *child = map->first; child != NULL; child = child->next)
        sorted[filled++] = child;
    qsort(sorted, count, sizeof(*sorted), compare_keys);
    text_add(out, "{");
    for (size_t i = 0; i < count; i++) {
        add_text_meaning(out, sorted[i]->key);
        add_meaning(out, sorted[i]);
    }
    text_add(out, "}");
    free(sorted);
}

/* The depth is bounded by the parser. */
static void add_meaning(text *out, const node *value)
{
    const node *name = tree_child(value, "name");

    if (value->type == NODE_SCALAR) {
        add_scalar_meaning(out, value);
    } else if (name != NULL && name->type == NODE_SCALAR && tree_count(value) == 1) {
        add_scalar_meaning(out, name);
    } else if (value->type == NODE_MAP) {
        add_map_meaning(out, value);
    } else {
        text_add(out, "[");
        for (const node *item = value->first; item != NULL; item = item->next)
            add_meaning(out, item);
        text_add(out, "]");
    }
}

char *spec_meaning(const node *value)
{
    text meaning = {0};

    add_meaning(&meaning, value);
    if (!meaning.failed)
        return meaning.bytes;
    free(meaning.bytes);
    return NULL;
}

/* ---- meanings of many ------------------------------------------------------------------------ */

static void free_meanings(name_entry *entry, size_t count)
{
    for (size_t i = 0; i < count && entry != NULL; i++)
        free(entry[i].name);
    free(entry);
}

bool spec_all_differ(const reader *r, const node *const *value, size_t count)
{
    name_entry *entry = memory_array(count, sizeof(*entry));
    size_t first = 0, second = 0;
    bool ok = entry != NULL;

    for (size_t i = 0; i < count && ok; i++) {
        entry[i] = (name_entry){spec_meaning(value[i]), i};
        ok = entry[i].name != NULL;
    }
    if (!ok) {
        error_memory(r->error);
    } else {
        names_sort(entry, count);
        if (names_repeat(entry, count, &first, &second))
            ok = spec_refuse(r, value[second], " is the same value again; the first is in line %d",
                             value[first]->at.line);
    }
    free_meanings(entry, count);
    return ok;
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* As YAML would have it on one line. */
static void add_compact(text *out, const node *value)
{
    if (value->type == NODE_SCALAR) {
        text_add(out, value->text);
        return;
    }
    text_add(out, value->type == NODE_LIST ? "[" : "{");
    for (const node *child = value->first; child != NULL; child = child->next) {
        if (child->key != NULL)
            text_addf(out, "%s: ", child->key);
        add_compact(out, child);
        text_add(out, child->next != NULL ? ", " : "");
    }
    text_add(out, value->type == NODE_LIST ? "]" : "}");
}

/* The bare name of a component, its own or in a map. */
static char *name_of(const node *value)
{
    const node *name = value->type == NODE_MAP ? tree_child(value, "name") : value;

    return name != NULL && name->type == NODE_SCALAR ? name->text : NULL;
}

/* Takes what was written over. */
static bool set_label(axis_value *value, text *label)
{
    char shown[4 * SHOWN + 4];
    const bool blank = label->length == 0;

    text_shown(shown, blank ? "''" : label->bytes, blank ? 2 : label->length, SHOWN);
    free(value->label);
    value->label = label->failed ? NULL : memory_string(shown);
    free(label->bytes);
    return value->label != NULL;
}

/* Labels of values that have not got theirs otherwise: the text or the name, or the whole of it. */
static bool label_alone(axis_value *value)
{
    const char *name = name_of(value->value);
    text label = {0};

    if (name != NULL)
        text_add(&label, name);
    else
        add_compact(&label, value->value);
    return set_label(value, &label);
}

/* Values of an axis with the same name. */
typedef struct namesakes {
    axis *axis;
    const name_entry *entry;
    size_t count;
    name_entry *common; /* settings that all of them have alike, sorted                          */
    size_t common_count;
} namesakes;

static const node *setting_of(const namesakes *group, size_t member, const char *key)
{
    return tree_child(group->axis->value[group->entry[member].position].value, key);
}

/* Whether all have the setting as the first has it. */
static bool find_common(namesakes *group, const node *setting)
{
    char *meaning = spec_meaning(setting);
    bool same = true, ok = meaning != NULL;

    for (size_t i = 1; i < group->count && same && ok; i++) {
        const node *other = setting_of(group, i, setting->key);
        char *other_meaning = other != NULL ? spec_meaning(other) : NULL;
        ok = other == NULL || other_meaning != NULL;
        same = other != NULL && ok && strcmp(meaning, other_meaning) == 0;
        free(other_meaning);
    }
    free(meaning);
    if (same && ok)
        group->common[group->common_count++] = (name_entry){setting->key, 0};
    return ok;
}

static bool is_common(const namesakes *group, const char *key)
{
    const name_entry *found = NULL;

    return names_find(group->common, group->common_count, key, &found) > 0;
}

/* "adam lr=0.1 beta1=*": the name and the settings that tell it from its namesakes. */
static bool label_member(const namesakes *group, size_t member, bool with_ranges)
{
    axis_value *value = &group->axis->value[group->entry[member].position];
    text label = {0};

    text_add(&label, name_of(value->value));
    for (const node *child = value->value->first; child != NULL; child = child->next) {
        if (child->key == NULL || strcmp(child->key, "name") == 0 || is_common(group, child->key))
            continue;
        text_addf(&label, " %s=", child->key);
        if (spec_is_range(child) && !with_ranges)
            text_add(&label, "*");
        else
            add_compact(&label, child);
    }
    return set_label(value, &label);
}

/* False if two labels of the group are the same, and without memory. */
static bool group_differs(const namesakes *group, bool *memory)
{
    name_entry *entry = memory_array(group->count, sizeof(*entry));
    size_t first, second;

    *memory = entry != NULL;
    if (entry == NULL)
        return false;
    for (size_t i = 0; i < group->count; i++)
        entry[i] = (name_entry){group->axis->value[group->entry[i].position].label, i};
    names_sort(entry, group->count);
    const bool differs = !names_repeat(entry, group->count, &first, &second);
    free(entry);
    return differs;
}

static bool label_members(const namesakes *group, bool with_ranges)
{
    for (size_t i = 0; i < group->count; i++)
        if (!label_member(group, i, with_ranges))
            return false;
    return true;
}

static bool label_namesakes(axis *axis, const name_entry *entry, size_t count)
{
    const node *first = axis->value[entry->position].value;
    namesakes group = {axis, entry, count, memory_array(tree_count(first), sizeof(name_entry)), 0};
    bool ok = group.common != NULL;

    for (const node *child = first->first; child != NULL && ok; child = child->next)
        ok = child->key == NULL || find_common(&group, child);
    if (ok)
        names_sort(group.common, group.common_count);
    ok = ok && label_members(&group, false);
    if (ok && !group_differs(&group, &ok) && ok)
        ok = label_members(&group, true);
    free(group.common);
    return ok;
}

/* Labels that are still the same get the number of their value, which no two share. */
static bool number_labels(axis *axis, name_entry *entry)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < axis->value_count; i++)
            entry[i] = (name_entry){axis->value[i].label, i};
        names_sort(entry, axis->value_count);
        for (size_t i = axis->value_count; i-- > 1;) {
            axis_value *value = &axis->value[entry[i].position];
            if (strcmp(entry[i - 1].name, entry[i].name) != 0)
                continue;
            char *numbered = memory_format("%s (%zu)", value->label, entry[i].position + 1);
            if (numbered == NULL)
                return false;
            free(value->label);
            value->label = numbered;
            changed = true;
        }
    }
    return true;
}

bool spec_label_values(axis *axis, plx_error *error)
{
    name_entry *entry = memory_array(axis->value_count, sizeof(*entry));
    size_t named = 0;
    bool ok = entry != NULL;

    for (size_t i = 0; i < axis->value_count && ok; i++) {
        char *name = name_of(axis->value[i].value);
        if (name != NULL)
            entry[named++] = (name_entry){name, i};
        /* an interval's numbers have theirs */
        ok = axis->value[i].label != NULL || label_alone(&axis->value[i]);
    }
    if (ok)
        names_sort(entry, named);
    for (size_t i = 0, run = 0; i < named && ok; i += run) {
        for (run = 1; i + run < named && strcmp(entry[i].name, entry[i + run].name) == 0; run++)
            ;
        ok = run == 1 || label_namesakes(axis, entry + i, run);
    }
    ok = ok && number_labels(axis, entry);
    free(entry);
    return ok || error_memory(error);
}

/* ---- finding --------------------------------------------------------------------------------- */

bool value_finder_make(value_finder *finder, const axis *axis, plx_error *error)
{
    const size_t count = axis->value_count;
    bool ok = true;

    *finder = (value_finder){.axis = axis,
                             .label = memory_array(count, sizeof(name_entry)),
                             .meaning = memory_array(count, sizeof(name_entry)),
                             .name = memory_array(count, sizeof(name_entry))};
    if (finder->label == NULL || finder->meaning == NULL || finder->name == NULL)
        return error_memory(error);
    for (size_t i = 0; i < count && ok; i++) {
        char *name = name_of(axis->value[i].value);
        finder->label[i] = (name_entry){axis->value[i].label, i};
        finder->meaning[i] = (name_entry){spec_meaning(axis->value[i].value), i};
        if (name != NULL)
            finder->name[finder->name_count++] = (name_entry){name, i};
        ok = finder->meaning[i].name != NULL;
    }
    if (!ok)
        return error_memory(error);
    names_sort(finder->label, count);
    names_sort(finder->meaning, count);
    names_sort(finder->name, finder->name_count);
    return true;
}

void value_finder_free(value_finder *finder)
{
    if (finder->axis == NULL)
        return;
    free(finder->label);
    free_meanings(finder->meaning, finder->axis->value_count);
    free(finder->name);
    *finder = (value_finder){0};
}

/* By label, by meaning, by name; how many. */
static bool look_up(const value_finder *finder, const node *value, const name_entry **found,
                    size_t *count, plx_error *error)
{
    const size_t values = finder->axis->value_count;

    *count = value->type == NODE_SCALAR ? names_find(finder->label, values, value->text, found) : 0;
    if (*count > 0)
        return true;
    char *meaning = spec_meaning(value);
    if (meaning == NULL)
        return error_memory(error);
    *count = names_find(finder->meaning, values, meaning, found);
    free(meaning);
    if (*count == 0 && value->type == NODE_SCALAR)
        *count = names_find(finder->name, finder->name_count, value->text, found);
    return true;
}

/* Fails with the labels there are. */
static bool unknown_value(const reader *r, const node *at, const char *text_of, const axis *axis)
{
    const char **words = memory_array(axis->value_count, sizeof(*words));
    char *kind = memory_format("value of the axis %s", axis->path);

    if (words == NULL || kind == NULL) {
        error_memory(r->error);
    } else {
        for (size_t i = 0; i < axis->value_count; i++)
            words[i] = axis->value[i].label;
        spec_unknown(r, at, text_of, kind, "its values are", (word_list){words, axis->value_count});
    }
    free(words);
    free(kind);
    return false;
}

bool value_finder_find(const value_finder *finder, const reader *r, const node *value,
                       const name_entry **found, size_t *count)
{
    text compact = {0};

    if (!look_up(finder, value, found, count, r->error))
        return false;
    if (*count > 0)
        return true;
    add_compact(&compact, value);
    unknown_value(r, value, compact.bytes != NULL ? compact.bytes : "", finder->axis);
    free(compact.bytes);
    return false;
}

bool value_finder_has(const value_finder *finder, const node *value)
{
    const name_entry *found = NULL;
    size_t count = 0;

    return look_up(finder, value, &found, &count, NULL) && count > 0;
}

bool value_finder_one(const value_finder *finder, const reader *r, const node *at, const char *text,
                      size_t *position)
{
    char *copy = memory_string(text);
    const node scalar = {.type = NODE_SCALAR, .at = at->at, .text = copy};
    const name_entry *found = NULL;
    size_t count = 0;

    const bool ok =
        copy != NULL ? look_up(finder, &scalar, &found, &count, r->error) : error_memory(r->error);
    free(copy);
    if (!ok)
        return false;
    if (count == 0)
        return unknown_value(r, at, text, finder->axis);
    *position = found->position;
    return count == 1 ||
           spec_refuse(r, at,
                       ": '%s' is %zu values of the axis %s; give the label of one, such "
                       "as '%s'",
                       text_show(text).bytes, count, finder->axis->path,
                       finder->axis->value[found->position].label);
}
