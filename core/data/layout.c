/* layout.c: see layout.h. A config names the columns it means; an encoding knows those it was
 * fitted on, and finds them again in another file. */
#include "data/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/csv.h"
#include "data/labels.h"
#include "support/memory.h"
#include "support/text.h"

enum { SHOWN = 40, SHOWN_SIZE = 4 * SHOWN + 4 };

void layout_clear(column_layout *layout)
{
    free(layout->input);
    free(layout->target);
    *layout = (struct column_layout){0};
}

static bool new_layout(column_layout *layout, size_t columns, plx_error *error)
{
    *layout = (struct column_layout){.columns = columns};
    layout->input = memory_array(columns, sizeof(size_t));
    layout->target = memory_array(columns, sizeof(size_t));
    if (layout->input == NULL || layout->target == NULL)
        return error_memory(error);
    for (size_t c = 0; c < columns; c++)
        layout->input[c] = layout->target[c] = COLUMN_UNUSED;
    return true;
}

/* "a, b, c ... (14 in all)". */
static char *list_names(const vocabulary *names, char *buffer, size_t size)
{
    encoding as_labels = {.label = names->text, .label_count = names->count};

    return labels_list(&as_labels, buffer, size);
}

/* Whether the columns are "0", "1", ...: their numbers, as the file has no names. */
static bool are_numbers(const vocabulary *names)
{
    for (size_t c = 0; c < names->count; c++) {
        char number[32];
        snprintf(number, sizeof(number), "%zu", c);
        if (strcmp(names->text[c], number) != 0)
            return false;
    }
    return true;
}

bool layout_no_column(const vocabulary *names, const char *column, const char *path, place at,
                      plx_error *error)
{
    char list[512], shown[SHOWN_SIZE];
    const char *near = text_nearest(column, (const char *const *)names->text, names->count);

    text_shown(shown, column, strlen(column), SHOWN);
    if (are_numbers(names))
        return error_at(error, ERROR_CONFIG, at,
                        "no column '%s' in %s, whose columns have no names (it has no header "
                        "line); they are %s",
                        shown, path, list_names(names, list, sizeof(list)));
    if (near != NULL)
        return error_at(error, ERROR_CONFIG, at, "no column '%s' in %s; did you mean '%s'?", shown,
                        path, text_show(near).bytes);
    const char *other = names->count == 1 ? strpbrk(names->text[0], ";\t") : NULL;
    return error_at(error, ERROR_CONFIG, at, "no column '%s' in %s; the columns are %s%s", shown,
                    path, list_names(names, list, sizeof(list)),
                    csv_delimiter_hint(other != NULL ? *other : '\0'));
}

/* --- from a config --- */

static bool plan_targets(column_layout *layout, const vocabulary *names, const data_config *config,
                         const char *path, plx_error *error)
{
    char list[512];

    if (config->target_count == 0)
        return error_at(error, ERROR_CONFIG, config->at,
                        "no target: name the column to be learned, such as `target: %s`; the "
                        "columns of %s are %s",
                        text_show(names->text[names->count - 1]).bytes, path,
                        list_names(names, list, sizeof(list)));
    for (size_t t = 0; t < config->target_count; t++) {
        const target_spec *spec = &config->target[t];
        if (spec->column == NULL)
            return error_at(error, ERROR_CONFIG, spec->at,
                            "the target needs its `column`; the columns of %s are %s", path,
                            list_names(names, list, sizeof(list)));
        const size_t c = vocabulary_find(names, spec->column, strlen(spec->column));
        if (c == VOCABULARY_NONE)
            return layout_no_column(names, spec->column, path, spec->at, error);
        if (layout->target[c] != COLUMN_UNUSED)
            return error_at(error, ERROR_CONFIG, spec->at, "'%s' is a target already",
                            text_show(spec->column).bytes);
        layout->target[c] = layout->targets++;
    }
    return true;
}

bool layout_plan(column_layout *layout, const vocabulary *names, const data_config *config,
                 const char *path, plx_error *error)
{
    if (!new_layout(layout, names->count, error) ||
        !plan_targets(layout, names, config, path, error))
        return false;
    for (size_t c = 0; c < names->count; c++)
        layout->input[c] = layout->target[c] == COLUMN_UNUSED ? 0 : COLUMN_UNUSED;
    for (size_t d = 0; d < config->drop_count; d++) {
        const size_t c = vocabulary_find(names, config->drop[d], strlen(config->drop[d]));
        if (c == VOCABULARY_NONE)
            return layout_no_column(names, config->drop[d], path, config->at, error);
        if (layout->target[c] != COLUMN_UNUSED)
            return error_at(error, ERROR_CONFIG, config->at,
                            "column '%s' is both the target and dropped",
                            text_show(config->drop[d]).bytes);
        layout->input[c] = COLUMN_UNUSED;
    }
    for (size_t c = 0; c < names->count; c++)
        if (layout->input[c] != COLUMN_UNUSED)
            layout->input[c] = layout->inputs++;
    if (layout->inputs == 0)
        return error_at(error, ERROR_CONFIG, config->at, "%s has no column left as input", path);
    return true;
}

bool layout_name_targets(const column_layout *layout, const vocabulary *names, encoding *fitted)
{
    fitted->target_name = memory_array(layout->targets, sizeof(char *));
    if (fitted->target_name == NULL)
        return false;
    fitted->target_count = layout->targets;
    for (size_t c = 0; c < names->count; c++)
        if (layout->target[c] != COLUMN_UNUSED) {
            char **name = &fitted->target_name[layout->target[c]];
            *name = memory_string(names->text[c]);
            if (*name == NULL)
                return false;
        }
    return true;
}

/* --- from an encoding --- */

/* Without a header, a file that has just the inputs: they are in their order. */
static bool is_inputs_alone(const vocabulary *names, bool header, const encoding *fitted)
{
    if (header || names->count != fitted->column_count)
        return false;
    for (size_t i = 0; i < fitted->column_count; i++) {
        const char *name = fitted->column[i].name;
        if (vocabulary_find(names, name, strlen(name)) == VOCABULARY_NONE)
            return true;
    }
    return false;
}

static bool match_targets(column_layout *layout, const vocabulary *names, const encoding *fitted,
                          const char *path, bool with_targets, size_t *used, plx_error *error)
{
    for (size_t t = 0; t < fitted->target_count; t++) {
        const char *name = fitted->target_name[t];
        const size_t c = vocabulary_find(names, name, strlen(name));
        if (c == VOCABULARY_NONE && with_targets)
            return error_set(error, ERROR_DATA, "%s: no column '%s', the target; it must be there",
                             path, text_show(name).bytes);
        if (c == VOCABULARY_NONE)
            continue;
        ++*used;
        if (with_targets)
            layout->target[c] = layout->targets++;
    }
    return true;
}

bool layout_match(column_layout *layout, const vocabulary *names, bool header,
                  const encoding *fitted, const char *path, bool with_targets, size_t *extra,
                  plx_error *error)
{
    const bool in_order = !with_targets && is_inputs_alone(names, header, fitted);
    size_t used = fitted->column_count;

    if (!new_layout(layout, names->count, error))
        return false;
    for (size_t i = 0; i < fitted->column_count; i++) {
        const char *name = fitted->column[i].name;
        const size_t c = in_order ? i : vocabulary_find(names, name, strlen(name));
        if (c == VOCABULARY_NONE)
            return error_set(error, ERROR_DATA,
                             "%s: no column '%s', which training had; it must be there%s", path,
                             text_show(name).bytes,
                             header ? " (columns are found by name, in any order)" : "");
        layout->input[c] = i;
    }
    layout->inputs = fitted->column_count;
    if (!in_order && !match_targets(layout, names, fitted, path, with_targets, &used, error))
        return false;
    *extra = names->count - used;
    return true;
}
