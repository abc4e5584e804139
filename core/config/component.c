/* component.c: a component of the file (an activation, a loss, an optimizer) becomes a plug-in
 * and its settings. The catalog knows the plug-ins and settings.h their tables; what is added
 * here is the place in the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/sections.h"
#include "support/memory.h"
#include "support/text.h"

/* "file:line:col: " before the text of an error that has no place yet. */
static void add_place(plx_error *error, place at)
{
    if (at.line > 0)
        error_prefix(error, "%s:%d:%d", at.file, at.line, at.column);
    else
        error_prefix(error, "%s", at.file);
}

/* The node that holds the component's name. */
static const node *name_of(const reader *r, const node *value, const char *kind)
{
    if (value->type == NODE_MAP) {
        char example[96];
        snprintf(example, sizeof(example), "{name: ...} with the name of an %s", kind);
        if (strcmp(kind, "loss") == 0)
            snprintf(example, sizeof(example), "{name: ...} with the name of a loss");
        value = field_required(r, value, "name", example);
    }
    if (value == NULL || !field_is_scalar(r, value, "a name, or a map with name and settings"))
        return NULL;
    if (text_is_name(value->text))
        return value;
    char shown[4 * 60 + 4];
    error_at(
        r->error, ERROR_CONFIG, value->at,
        "'%s' cannot be the name of a component, which is lower-case letters, digits and '_'; a "
        "folder with plug-ins is given by --plugin-dir",
        text_shown(shown, value->text, strlen(value->text), 60));
    return NULL;
}

/* The keys the map may have: the core's own, and the plug-in's settings, none of which bears one of
 * the core's names (a plug-in with such a setting does not load). */
static bool check_keys(const reader *r, const node *map, const plugin *plugin, word_list own)
{
    const size_t count = settings_count(plugin);
    const char **words = memory_array(own.count + count, sizeof(*words));

    if (words == NULL)
        return error_memory(r->error);
    for (size_t i = 0; i < own.count; i++)
        words[i] = own.words[i];
    for (size_t i = 0; i < count; i++)
        words[own.count + i] = settings_row(plugin, i)->name;
    const bool ok = field_known(r, map, (word_list){words, own.count + count});
    free(words);
    return ok;
}

static const plx_setting *row_of(const plugin *plugin, const char *name)
{
    for (size_t i = 0; i < settings_count(plugin); i++)
        if (strcmp(settings_row(plugin, i)->name, name) == 0)
            return settings_row(plugin, i);
    return NULL;
}

/* Fails unless the value could be one for the row: a scalar, in quotes for a choice alone. */
static bool check_value(const reader *r, const node *value, const plx_setting *row)
{
    const bool number = row->type == PLX_TYPE_REAL || row->type == PLX_TYPE_INTEGER;
    char *range = settings_range(row);
    text wanted = {0};

    text_add(&wanted, number ? "a number in " : "");
    text_add(&wanted, range != NULL ? range : "the setting's range");
    const char *shown = wanted.bytes != NULL ? wanted.bytes : "a value";
    const bool ok =
        field_is_scalar(r, value, shown) &&
        (!value->quoted || row->type == PLX_TYPE_CHOICE || field_wrong(r, value, shown));
    free(wanted.bytes);
    free(range);
    return ok;
}

bool component_set(const reader *r, const node *map, word_list own, settings *settings)
{
    if (!check_keys(r, map, settings->plugin, own))
        return false;
    for (const node *value = map->first; value != NULL; value = value->next) {
        const plx_setting *row = row_of(settings->plugin, value->key);
        if (row != NULL &&
            (!check_value(r, value, row) ||
             !settings_set(settings, value->key, value->key_at, value->text, value->at, r->error)))
            return false;
    }
    return true;
}

bool component_read(const reader *r, const node *value, uint32_t kind, word_list own,
                    component *component)
{
    const node *name = name_of(r, value, catalog_kind_name(kind));

    if (name == NULL)
        return false;
    component->at = name->at;
    if (kind == PLX_KIND_OPTIMIZER && r->without_optimizer)
        return true;
    plx_error cause = {0};
    const plugin *plugin = catalog_find(r->catalog, kind, name->text, &cause);
    if (plugin == NULL) {
        add_place(&cause, name->at);
        return error_set(r->error, cause.code, "%s", cause.text);
    }
    component->settings = settings_new(plugin, r->error);
    if (component->settings == NULL)
        return false;
    return (value->type != NODE_MAP || component_set(r, value, own, component->settings)) &&
           settings_validate(component->settings, name->at, r->error);
}

void component_free(component *component)
{
    settings_free(component->settings);
}
