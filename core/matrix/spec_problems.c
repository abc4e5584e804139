/* spec_problems.c: `base`, `problems` and `set`: which experiments are compared on, and what is
 * changed in them. A nested map of changes is taken apart into its leaves, so that it adds to what
 * is there. */
#include <stdlib.h>
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/memory.h"
#include "support/text.h"

/* What an inline base alone is called. */
#define INLINE_NAME "base"

/* ---- changes --------------------------------------------------------------------------------- */

/* Where changes go: those of `set` or of a problem. */
typedef struct change_list {
    spec_change **change;
    size_t *count, capacity;
} change_list;

/* What replaces as a whole: see spec.h. */
static bool stands_whole(const node *value, const char *path)
{
    static const char *const keys[] = {"name", "x", "from", "column"};

    if (value->type != NODE_MAP || value->first == NULL || strcmp(path, "train.class_weights") == 0)
        return true;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (tree_child(value, keys[i]) != NULL)
            return true;
    return false;
}

/* No change may take away the effect of one before it. */
static bool check_order(const reader *r, const node *value, const char *path,
                        const change_list *list)
{
    for (size_t i = 0; i < *list->count; i++) {
        const spec_change *other = &(*list->change)[i];
        if (strcmp(other->path, path) == 0)
            return error_at(r->error, ERROR_CONFIG, value->key_at,
                            "%s is set a second time; the first is in line %d", path,
                            other->value->key_at.line);
        if (spec_covers(path, other->path))
            return error_at(r->error, ERROR_CONFIG, value->key_at,
                            "%s replaces what %s sets in line %d; put it before that", path,
                            other->path, other->value->key_at.line);
    }
    return true;
}

static bool append_change(const reader *r, const node *value, const char *path, change_list *list)
{
    if (!check_order(r, value, path, list))
        return false;
    if (*list->count == SPEC_MOST_CHANGES)
        return error_at(r->error, ERROR_CONFIG, value->key_at, "more than %d changes",
                        SPEC_MOST_CHANGES);
    if (memory_grow(list->change, &list->capacity, *list->count + 1, sizeof(**list->change)) ==
        NULL)
        return error_memory(r->error);
    spec_change *made = &(*list->change)[*list->count];
    *made = (spec_change){memory_string(path), value};
    if (made->path == NULL)
        return error_memory(r->error);
    ++*list->count;
    return true;
}

/* The change at `path`, or those below it. */
static bool read_change(const reader *r, const node *value, const char *path, change_list *list)
{
    bool ok = true;

    if (!spec_check_path(r, value, path))
        return false;
    if (stands_whole(value, path))
        return append_change(r, value, path, list);
    for (const node *child = value->first; child != NULL && ok; child = child->next) {
        char *below = memory_format("%s.%s", path, child->key);
        ok = below != NULL ? read_change(r, child, below, list) : error_memory(r->error);
        free(below);
    }
    return ok;
}

/* What is searched is an axis. */
static bool check_no_range(const reader *r, const node *value)
{
    const node *range = spec_first_range(value);

    return range == NULL ||
           spec_refuse(r, range, " is a range, which can stand under axes alone; move it there");
}

/* Those of a map, but for what is the problem's base. */
static bool read_changes(const reader *r, const node *map, const node *base, spec_change **change,
                         size_t *count)
{
    change_list list = {change, count, 0};

    for (const node *child = map->first; child != NULL; child = child->next)
        if (child != base &&
            (!check_no_range(r, child) || !read_change(r, child, child->key, &list)))
            return false;
    return true;
}

/* ---- problems -------------------------------------------------------------------------------- */

/* As text_is_name, with '-' too: a problem is often named as its file. */
static bool is_problem_name(const char *name)
{
    char plain[34] = "";

    for (size_t i = 0; name[i] != '\0' && i < sizeof(plain) - 1; i++)
        plain[i] = name[i] == '-' && i > 0 ? '_' : name[i];
    return text_is_name(plain);
}

#define NAME_WANTED "a name has lower-case letters, digits, '_' and '-', a letter first, 32 at most"

static const char base_wanted[] = "an experiment file or an experiment";

/* A file or an experiment that searches nothing. */
static bool check_base(const reader *r, const node *base)
{
    return base->type == NODE_MAP ? check_no_range(r, base) : field_is_scalar(r, base, base_wanted);
}

/* Takes what has been checked. */
static bool read_base(const reader *r, const node *base, spec_problem *problem)
{
    if (base->type != NODE_MAP)
        return field_text(r, base, base_wanted, &problem->file);
    problem->base = base;
    return true;
}

static spec_problem *append_problem(const node *value, spec *spec)
{
    spec_problem *made = &spec->problem[spec->problem_count++];

    made->at = value->at;
    return made;
}

/* Names a problem after its file. */
static bool name_by_file(const reader *r, const node *value, spec_problem *problem)
{
    problem->name = tree_name(problem->file);
    if (problem->name == NULL)
        return error_memory(r->error);
    return is_problem_name(problem->name) ||
           spec_refuse(r, value,
                       " is '%s', whose name '%s' cannot be a problem's (" NAME_WANTED
                       "); write problems: {name: file}",
                       text_show(problem->file).bytes, text_show(problem->name).bytes);
}

/* The base is the only problem. */
static bool read_base_alone(const reader *r, const node *base, spec *spec)
{
    spec->problem = memory_array(1, sizeof(*spec->problem));
    if (spec->problem == NULL)
        return error_memory(r->error);
    spec_problem *problem = append_problem(base, spec);
    if (!read_base(r, base, problem))
        return false;
    if (problem->file != NULL)
        return name_by_file(r, base, problem);
    problem->name = memory_string(INLINE_NAME);
    return problem->name != NULL || error_memory(r->error);
}

static bool read_listed(const reader *r, const node *list, spec *spec)
{
    for (const node *item = list->first; item != NULL; item = item->next) {
        spec_problem *problem = append_problem(item, spec);
        if (!field_text(r, item,
                        "an experiment file; write problems as a map, {name: {..}}, to change "
                        "something",
                        &problem->file) ||
            !name_by_file(r, item, problem))
            return false;
        for (size_t i = 0; i + 1 < spec->problem_count; i++)
            if (strcmp(spec->problem[i].name, problem->name) == 0)
                return spec_refuse(r, item,
                                   " is a second problem '%s'; the first is in line %d; write "
                                   "problems: {name: file}",
                                   problem->name, spec->problem[i].at.line);
    }
    return true;
}

/* The base of a problem that is a map: its own, or that of all. */
static bool read_own_base(const reader *r, const node *value, const node *base,
                          spec_problem *problem)
{
    const node *own = tree_child(value, "base");

    if (own == NULL && base == NULL)
        return spec_refuse(r, value, " has no base; write 'base: iris.yaml' here or at the top");
    if (own != NULL && !check_base(r, own))
        return false;
    return read_base(r, own != NULL ? own : base, problem);
}

static bool read_named(const reader *r, const node *value, const node *base, spec *spec)
{
    spec_problem *problem = append_problem(value, spec);

    if (!is_problem_name(value->key))
        return error_at(r->error, ERROR_CONFIG, value->key_at,
                        "'%s' cannot be a problem's name; " NAME_WANTED,
                        text_show(value->key).bytes);
    problem->name = memory_string(value->key);
    if (problem->name == NULL)
        return error_memory(r->error);
    if (value->type != NODE_MAP)
        return field_text(r, value, "an experiment file or a map of changes, {} for none",
                          &problem->file);
    return read_own_base(r, value, base, problem) &&
           read_changes(r, value, tree_child(value, "base"), &problem->change,
                        &problem->change_count);
}

static bool read_problems(const reader *r, const node *section, const node *base, spec *spec)
{
    if (section->type == NODE_SCALAR)
        return field_wrong(r, section,
                           "a list of experiment files or a map, such as {iris: iris.yaml}");
    if (!field_has_count(r, section, 1, SPEC_MOST_PROBLEMS, "problems"))
        return false;
    spec->problem = memory_array(tree_count(section), sizeof(*spec->problem));
    if (spec->problem == NULL)
        return error_memory(r->error);
    if (section->type == NODE_LIST)
        return read_listed(r, section, spec);
    for (const node *child = section->first; child != NULL; child = child->next)
        if (!read_named(r, child, base, spec))
            return false;
    return true;
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool read_set(const reader *r, const node *section, spec *spec)
{
    if (section == NULL)
        return true;
    if (!field_is_map(r, section, "a map of changes, such as {train.epochs: 100}"))
        return false;
    return read_changes(r, section, NULL, &spec->change, &spec->change_count);
}

/* A problem may give another value for a path of `set`, but not take it away with all around it. */
static bool check_set(const reader *r, const spec_problem *problem, const spec *spec)
{
    for (size_t i = 0; i < problem->change_count; i++) {
        const spec_change *own = &problem->change[i];
        for (size_t k = 0; k < spec->change_count; k++)
            if (spec_covers(own->path, spec->change[k].path) &&
                strcmp(own->path, spec->change[k].path) != 0)
                return error_at(r->error, ERROR_CONFIG, own->value->key_at,
                                "%s replaces %s, which set gives every problem in line %d; leave "
                                "out one of the two",
                                own->path, spec->change[k].path,
                                spec->change[k].value->key_at.line);
    }
    return true;
}

bool spec_problems_read(const reader *r, const node *root, spec *spec)
{
    const node *base = tree_child(root, "base"), *problems = tree_child(root, "problems");

    if (base == NULL && problems == NULL)
        return field_required(r, root, "base", "base: iris.yaml") != NULL;
    if (base != NULL && !check_base(r, base))
        return false;
    if (!(problems != NULL ? read_problems(r, problems, base, spec)
                           : read_base_alone(r, base, spec)) ||
        !read_set(r, tree_child(root, "set"), spec))
        return false;
    for (size_t i = 0; i < spec->problem_count; i++)
        if (!check_set(r, &spec->problem[i], spec))
            return false;
    return true;
}
