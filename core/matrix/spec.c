/* spec.c: a matrix file from its tree to a spec. The sections are read one after the other, each by
 * a file of its own (spec_internal.h); here they are put in order. */
#include "matrix/spec.h"

#include <stdlib.h>

#include "config/parse.h"
#include "matrix/spec_internal.h"
#include "support/file.h"
#include "support/memory.h"

static bool read_sections(const reader *r, const node *root, spec *spec)
{
    static const char *const words[] = {"base",     "problems", "set",    "axes",  "rules",
                                        "protocol", "targets",  "limits", "stats", "gate"};

    return field_known(r, root, (word_list){words, 10}) && spec_problems_read(r, root, spec) &&
           spec_axes_read(r, tree_child(root, "axes"), spec) &&
           spec_rules_read(r, tree_child(root, "rules"), spec) &&
           spec_protocol_read(r, tree_child(root, "protocol"), spec) &&
           spec_limits_read(r, tree_child(root, "limits"), &spec->limits) &&
           spec_targets_read(r, tree_child(root, "targets"), spec) &&
           spec_stats_read(r, tree_child(root, "stats"), spec) &&
           spec_gates_read(r, tree_child(root, "gate"), spec);
}

spec *spec_parse(const char *name, const char *folder, const char *bytes, size_t length,
                 plx_error *error)
{
    spec *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    const reader r = {.folder = folder, .error = error};
    made->file = memory_string(name);
    made->name = tree_name(name);
    made->folder = file_absolute(folder);
    made->bytes = memory_string_n(bytes, length);
    made->length = length;
    if (made->file == NULL || made->name == NULL || made->folder == NULL || made->bytes == NULL)
        error_memory(error);
    else if ((made->tree = tree_parse(name, bytes, length, error)) != NULL &&
             read_sections(&r, made->tree, made))
        return made;
    spec_free(made);
    return NULL;
}

spec *spec_read(const char *path, plx_error *error)
{
    plx_error cause = {0};
    size_t length = 0;
    spec *made = NULL;
    char *folder = file_folder(path);
    char *bytes = file_read(path, PARSE_MAX_BYTES, false, &length, &cause);

    if (bytes == NULL)
        error_set(error, cause.code == ERROR_DATA ? ERROR_CONFIG : cause.code, "%s", cause.text);
    else if (folder == NULL)
        error_memory(error);
    else
        made = spec_parse(path, folder, bytes, length, error);
    free(bytes);
    free(folder);
    return made;
}

/* ---- freeing --------------------------------------------------------------------------------- */

static void free_changes(spec_change *change, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(change[i].path);
    free(change);
}

static void free_problems(spec *spec)
{
    for (size_t i = 0; i < spec->problem_count; i++) {
        free(spec->problem[i].name);
        free(spec->problem[i].file);
        free_changes(spec->problem[i].change, spec->problem[i].change_count);
    }
    free(spec->problem);
}

static void free_axis(axis *axis)
{
    for (size_t i = 0; i < axis->value_count; i++) {
        axis_value *value = &axis->value[i];
        free(value->label);
        spec_ranges_free(value->range, value->range_count);
        if (value->made != NULL)
            free(value->made->text);
        free(value->made);
    }
    free(axis->value);
    free(axis->path);
}

static void free_rules(spec *spec)
{
    for (size_t i = 0; i < spec->rule_count; i++) {
        spec_rule *rule = &spec->rule[i];
        for (size_t k = 0; k < rule->term_count; k++)
            free(rule->term[k].value);
        free(rule->term);
        free(rule->why);
    }
    free(spec->rule);
}

void spec_free(spec *spec)
{
    if (spec == NULL)
        return;
    free_problems(spec);
    free_changes(spec->change, spec->change_count);
    for (size_t i = 0; i < spec->axis_count; i++)
        free_axis(&spec->axis[i]);
    free(spec->axis);
    spec_ranges_free(spec->range, spec->range_count);
    free_rules(spec);
    free(spec->protocol.tune_seeds.seed);
    free(spec->protocol.final_seeds.seed);
    free(spec->target);
    for (size_t i = 0; i < spec->gate_count; i++)
        free(spec->gate[i].text);
    free(spec->gate);
    tree_free(spec->tree);
    free(spec->file);
    free(spec->name);
    free(spec->folder);
    free(spec->bytes);
    free(spec);
}
