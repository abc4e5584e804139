/* spec_rules.c: the section `rules`: which cells are left out, and why. */
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/file.h"
#include "support/memory.h"

/* Characters of a reason. */
#define WHY_SHOWN 200

/* Finders of the axes that rules have named so far. */
typedef struct finders {
    value_finder of[SPEC_MOST_AXES];
} finders;

/* ---- terms ----------------------------------------------------------------------------------- */

/* Marks what one node names. */
static bool mark(const reader *r, const node *value, const spec *spec, const value_finder *finder,
                 bool *marked)
{
    const name_entry *found = NULL;
    size_t count = 0;
    int problem = 0;

    if (value->type == NODE_SCALAR && !field_is_scalar(r, value, "a value"))
        return false;
    if (finder != NULL) {
        if (!value_finder_find(finder, r, value, &found, &count))
            return false;
        for (size_t i = 0; i < count; i++)
            marked[found[i].position] = true;
        return true;
    }
    if (!field_is_scalar(r, value, "the name of a problem") ||
        !spec_find_problem(r, spec, value, value->text, &problem))
        return false;
    marked[problem] = true;
    return true;
}

/* The node is what is named, or a list of such; a list that is itself a value of the axis is the
 * former. */
static bool mark_all(const reader *r, const node *value, const spec *spec,
                     const value_finder *finder, bool *marked)
{
    if (value->type != NODE_LIST)
        return mark(r, value, spec, finder, marked);
    if (finder != NULL && value_finder_has(finder, value))
        return mark(r, value, spec, finder, marked);
    if (value->first == NULL)
        return spec_refuse(r, value, " is an empty list; give a value or a list of values");
    for (const node *item = value->first; item != NULL; item = item->next)
        if (!mark(r, item, spec, finder, marked))
            return false;
    return true;
}

static bool keep_marked(const reader *r, const bool *marked, size_t count, rule_term *term)
{
    for (size_t i = 0; i < count; i++)
        term->value_count += marked[i];
    term->value = memory_array(term->value_count, sizeof(*term->value));
    if (term->value == NULL)
        return error_memory(r->error);
    for (size_t i = 0, kept = 0; i < count; i++)
        if (marked[i])
            term->value[kept++] = (uint32_t)i;
    return true;
}

/* The axis that a key names, -1 for `problem`; the key is known. */
static int axis_of(const spec *spec, const char *key)
{
    for (size_t i = 0; i < spec->axis_count; i++)
        if (strcmp(spec->axis[i].path, key) == 0)
            return (int)i;
    return -1;
}

static bool read_term(const reader *r, const node *value, const spec *spec, finders *finders,
                      rule_term *term)
{
    value_finder *finder = NULL;
    size_t count = spec->problem_count;

    term->axis = axis_of(spec, value->key);
    if (term->axis >= 0) {
        finder = &finders->of[term->axis];
        count = spec->axis[term->axis].value_count;
        if (finder->axis == NULL && !value_finder_make(finder, &spec->axis[term->axis], r->error))
            return false;
    }
    bool *marked = memory_array(count, sizeof(*marked));
    const bool ok = marked != NULL ? mark_all(r, value, spec, finder, marked) &&
                                         keep_marked(r, marked, count, term)
                                   : error_memory(r->error);
    free(marked);
    return ok;
}

static bool read_terms(const reader *r, const node *map, const spec *spec, finders *finders,
                       spec_rule *rule)
{
    const char *words[SPEC_MOST_AXES + 1] = {"problem"};

    for (size_t i = 0; i < spec->axis_count; i++)
        words[1 + i] = spec->axis[i].path;
    if (!field_is_map(r, map, "a map of axes and values, such as {optimizer: adam}") ||
        !field_known(r, map, (word_list){words, 1 + spec->axis_count}) ||
        !field_has_count(r, map, 1, 1 + SPEC_MOST_AXES, "axes"))
        return false;
    rule->term = memory_array(tree_count(map), sizeof(*rule->term));
    if (rule->term == NULL)
        return error_memory(r->error);
    for (const node *child = map->first; child != NULL; child = child->next)
        if (!read_term(r, child, spec, finders, &rule->term[rule->term_count++]))
            return false;
    return true;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool read_why(const reader *r, const node *why, spec_rule *rule)
{
    if (why != NULL && (!field_is_scalar(r, why, "a reason") || *why->text == '\0'))
        return field_wrong(r, why, "a reason");
    rule->why = why != NULL
                    ? spec_one_line(why->text, WHY_SHOWN)
                    : memory_format("%s at %s:%d", rule->exclude ? "excluded" : "not included",
                                    file_base(rule->at.file), rule->at.line);
    return rule->why != NULL || error_memory(r->error);
}

static bool read_rule(const reader *r, const node *map, const spec *spec, finders *finders,
                      spec_rule *rule)
{
    static const char *const words[] = {"exclude", "include", "why"};
    static const char wanted[] = "a map, such as {exclude: {optimizer: adam}, why: \"...\"}";
    const node *exclude = tree_child(map, "exclude"), *include = tree_child(map, "include");

    rule->at = map->at;
    rule->exclude = exclude != NULL;
    if (!field_is_map(r, map, wanted) || !field_known(r, map, (word_list){words, 3}))
        return false;
    if (exclude != NULL && include != NULL)
        return spec_refuse(r, map, " has both exclude and include; write two rules");
    if (exclude == NULL && include == NULL)
        return spec_refuse(r, map, " has neither exclude nor include; give one of them");
    return read_terms(r, exclude != NULL ? exclude : include, spec, finders, rule) &&
           read_why(r, tree_child(map, "why"), rule);
}

bool spec_rules_read(const reader *r, const node *section, spec *spec)
{
    finders finders = {0};
    bool ok = true;

    if (section == NULL)
        return true;
    if (section->type != NODE_LIST)
        return field_wrong(r, section, "a list, such as [{exclude: {optimizer: adam}}]");
    if (!field_has_count(r, section, 0, SPEC_MOST_RULES, "rules"))
        return false;
    spec->rule = memory_array(tree_count(section), sizeof(*spec->rule));
    if (spec->rule == NULL)
        return error_memory(r->error);
    for (const node *item = section->first; item != NULL && ok; item = item->next)
        ok = read_rule(r, item, spec, &finders, &spec->rule[spec->rule_count++]);
    for (size_t i = 0; i < spec->axis_count; i++)
        value_finder_free(&finders.of[i]);
    return ok;
}
