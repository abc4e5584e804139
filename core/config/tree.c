/* tree.c: the tree of a config file: reading one, walking it, and --set, which edits it before
 * it is given a meaning. How YAML becomes nodes is in parse.c. */
#include "config/tree.h"

#include <stdlib.h>
#include <string.h>

#include "config/parse.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"
#include "support/utf8.h"

/* ---- reading --------------------------------------------------------------------------------- */

/* The root must be a map; nothing at all is an empty file. */
static bool check_root(const node *root, const char *name, plx_error *error)
{
    const place start = {name, 1, 1};

    if (root->type == NODE_MAP)
        return true;
    if (root->type == NODE_SCALAR && !root->quoted && *root->text == '\0')
        return error_at(error, ERROR_CONFIG, start,
                        "the file is empty; a config file is a map of keys, such as 'data: ...'");
    return error_at(error, ERROR_CONFIG, root->at,
                    "the file is a %s; a config file is a map of keys, such as 'data: ...'",
                    root->type == NODE_LIST ? "list" : "single value");
}

/* A tree with a blank root. */
static tree *new_tree(plx_error *error)
{
    tree *made = memory_array(1, sizeof(*made));

    if (made == NULL)
        error_memory(error);
    return made;
}

node *tree_parse(const char *name, const char *bytes, size_t length, plx_error *error)
{
    tree *made = new_tree(error);

    if (made == NULL)
        return NULL;
    const char *kept = parse_keep_name(made, name, error);
    if (kept != NULL && parse_into(made, &made->root, 0, kept, true, bytes, length, error) &&
        check_root(&made->root, kept, error))
        return &made->root;
    tree_free(&made->root);
    return NULL;
}

node *tree_read(const char *path, plx_error *error)
{
    size_t length = 0;
    plx_error cause = {0};
    char *bytes = file_read(path, PARSE_MAX_BYTES, false, &length, &cause);

    if (bytes == NULL) {
        error_set(error, cause.code == ERROR_DATA ? ERROR_CONFIG : cause.code, "%s", cause.text);
        return NULL;
    }
    node *root = tree_parse(path, bytes, length, error);
    free(bytes);
    return root;
}

/* Frees what a node holds and leaves it blank where it stands. Depth is bounded by the parser. */
static void empty_node(node *emptied)
{
    for (node *child = emptied->first; child != NULL;) {
        node *next = child->next;
        empty_node(child);
        free(child->key);
        free(child);
        child = next;
    }
    free(emptied->text);
    emptied->type = NODE_SCALAR;
    emptied->text = NULL;
    emptied->quoted = false;
    emptied->first = emptied->last = NULL;
}

void tree_free(node *root)
{
    tree *owner = (tree *)root;

    if (root == NULL)
        return;
    empty_node(root);
    for (size_t i = 0; i < owner->name_count; i++)
        free(owner->names[i]);
    free(owner->names);
    free(owner);
}

/* ---- walking --------------------------------------------------------------------------------- */

node *tree_child(const node *map, const char *key)
{
    if (map == NULL || map->type != NODE_MAP)
        return NULL;
    for (node *child = map->first; child != NULL; child = child->next)
        if (strcmp(child->key, key) == 0)
            return child;
    return NULL;
}

size_t tree_count(const node *list_or_map)
{
    size_t count = 0;

    for (const node *child = list_or_map->first; child != NULL; child = child->next)
        count++;
    return count;
}

node *tree_item(const node *list, size_t index)
{
    node *item = list->first;

    while (item != NULL && index-- > 0)
        item = item->next;
    return item;
}

static size_t index_of(const node *item)
{
    size_t index = 0;

    for (const node *other = item->parent->first; other != item; other = other->next)
        index++;
    return index;
}

static void add_path(text *path, const node *to)
{
    if (to->parent == NULL)
        return;
    add_path(path, to->parent);
    if (to->key == NULL) {
        text_addf(path, "[%zu]", index_of(to));
        return;
    }
    char shown[4 * 60 + 4];
    if (path->length > 0)
        text_add(path, ".");
    text_add(path, text_shown(shown, to->key, strlen(to->key), 60));
}

char *tree_path(const node *node)
{
    text path = {0};

    text_add(&path, "");
    add_path(&path, node);
    if (path.failed) {
        free(path.bytes);
        return NULL;
    }
    return path.bytes != NULL ? path.bytes : memory_string("");
}

char *tree_name(const char *file)
{
    const char *base = file_base(file);
    const char *dot = strrchr(base, '.');
    const bool cut =
        dot != NULL && dot != base && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);

    return cut ? memory_string_n(base, (size_t)(dot - base)) : memory_string(base);
}

/* ---- a place in a tree, by its path ---------------------------------------------------------- */

/* A bare word that says "nothing to speak of", which a map may replace. */
static bool is_blank(const node *scalar)
{
    static const char *const blank[] = {"", "~", "null", "true", "false", "none"};

    if (scalar->text == NULL)
        return true;
    for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]) && !scalar->quoted; i++)
        if (strcmp(scalar->text, blank[i]) == 0)
            return true;
    return false;
}

/* A scalar becomes a map: `adam` becomes {name: adam}. */
static bool widen(tree *owner, node *scalar, plx_error *error)
{
    const bool blank = is_blank(scalar), quoted = scalar->quoted;
    char *name = scalar->text;

    scalar->text = NULL;
    scalar->quoted = false;
    scalar->type = NODE_MAP;
    if (blank) {
        free(name);
        return true;
    }
    node *child = parse_append(owner, scalar, "name", scalar->at, error);
    if (child == NULL) {
        free(name);
        return false;
    }
    child->text = name;
    child->quoted = quoted;
    return true;
}

static node *step_into_list(const node *list, const char *part, place at, plx_error *error)
{
    int64_t index = -1;
    const size_t count = tree_count(list);

    if (text_is_integer(part, strlen(part), &index) && index >= 0 && (uint64_t)index < count)
        return tree_item(list, (size_t)index);
    char *path = tree_path(list);
    error_at(error, ERROR_CONFIG, at, "'%s' is no item of %s; its items are 0 to %zu", part,
             path != NULL ? path : "the list", count > 0 ? count - 1 : 0);
    free(path);
    return NULL;
}

/* The child of `from` that one part of a path names, made if a map has none. */
static node *step_into(tree *owner, node *from, const char *part, place at, plx_error *error)
{
    if (*part == '\0' || strlen(part) > PARSE_MAX_KEY) {
        error_at(error, ERROR_USAGE, at,
                 "an empty or overlong part in the key; a key is written like optimizer.lr");
        return NULL;
    }
    if (from->type == NODE_LIST)
        return step_into_list(from, part, at, error);
    if (from->type == NODE_SCALAR && !widen(owner, from, error))
        return NULL;
    node *child = tree_child(from, part);
    return child != NULL ? child : parse_append(owner, from, part, at, error);
}

/* Follows `path` (which it cuts into parts) from the root; stores how deep the found node
 * stands. */
static node *follow(tree *owner, char *path, place at, size_t *depth, plx_error *error)
{
    node *found = &owner->root;

    for (char *part = path; part != NULL && found != NULL;) {
        char *dot = strchr(part, '.');
        if (dot != NULL)
            *dot++ = '\0';
        if (++*depth >= PARSE_MAX_DEPTH) {
            error_at(error, ERROR_CONFIG, at, "a key of more than %d parts", PARSE_MAX_DEPTH - 1);
            return NULL;
        }
        found = step_into(owner, found, part, at, error);
        part = dot;
    }
    return found;
}

/* ---- --set ----------------------------------------------------------------------------------- */

/* Fills the node that the path leads to. `label` is what messages call the assignment. */
static bool assign(tree *owner, const char *label, char *path, const char *value, plx_error *error)
{
    const place at = {parse_keep_name(owner, label, error), 0, 0};
    size_t depth = 0;

    if (at.file == NULL)
        return false;
    node *found = follow(owner, path, at, &depth, error);
    if (found == NULL)
        return false;
    empty_node(found);
    found->at = at;
    return parse_into(owner, found, depth, at.file, false, value, strlen(value), error);
}

bool tree_set(node *root, const char *assignment, plx_error *error)
{
    const char *equals = strchr(assignment, '=');
    char shown[4 * 60 + 4];

    text_shown(shown, assignment, strlen(assignment), 60);
    if (equals == NULL || equals == assignment)
        return error_set(error, ERROR_USAGE,
                         "--set %s: no assignment; write --set optimizer.lr=0.01", shown);
    char *label = memory_format("--set %s", shown);
    char *path = memory_string_n(assignment, (size_t)(equals - assignment));
    bool ok = false;
    if (label == NULL || path == NULL)
        error_memory(error);
    else if (!utf8_is_valid(assignment, strlen(assignment)))
        error_set(error, ERROR_USAGE, "%s: the text is not UTF-8", label);
    else
        ok = assign((tree *)root, label, path, equals + 1, error);
    free(label);
    free(path);
    return ok;
}

/* ---- copies and grafts ----------------------------------------------------------------------- */

/* The same place, its file's name kept by `owner`. */
static bool copy_place(tree *owner, place *to, place from, plx_error *error)
{
    *to = from;
    to->file = from.file == NULL ? NULL : parse_keep_name(owner, from.file, error);
    return from.file == NULL || to->file != NULL;
}

/* Fills `into`, a blank node of `owner`, with what `from` is. Depth is bounded by the parser, and by
 * `depth` where a graft stands deeper than what it was taken from. */
static bool copy_node(tree *owner, node *into, size_t depth, const node *from, plx_error *error)
{
    if (depth >= PARSE_MAX_DEPTH)
        return error_at(error, ERROR_CONFIG, from->at, "nested more than %d deep", PARSE_MAX_DEPTH);
    into->type = from->type;
    into->quoted = from->quoted;
    into->text = memory_string(from->text);
    if (from->text != NULL && into->text == NULL)
        return error_memory(error);
    if (!copy_place(owner, &into->at, from->at, error))
        return false;
    for (const node *child = from->first; child != NULL; child = child->next) {
        place key_at;
        if (!copy_place(owner, &key_at, child->key_at, error))
            return false;
        node *added = parse_append(owner, into, child->key, key_at, error);
        if (added == NULL || !copy_node(owner, added, depth + 1, child, error))
            return false;
    }
    return true;
}

node *tree_copy(const node *from, plx_error *error)
{
    tree *made = new_tree(error);

    if (made != NULL && copy_node(made, &made->root, 0, from, error))
        return &made->root;
    tree_free(made == NULL ? NULL : &made->root);
    return NULL;
}

bool tree_graft(node *root, const char *path, const node *value, place at, plx_error *error)
{
    tree *owner = (tree *)root;
    char *parts = memory_string(path);
    place kept;
    size_t depth = 0;

    if (parts == NULL || !copy_place(owner, &kept, at, error)) {
        free(parts);
        return error_memory(error);
    }
    node *found = follow(owner, parts, kept, &depth, error);
    free(parts);
    if (found == NULL)
        return false;
    empty_node(found);
    return copy_node(owner, found, depth, value, error);
}

/* Takes a child out of its parent's list and frees it. */
static void detach(node *child)
{
    node *parent = child->parent, *before = NULL;

    for (node *other = parent->first; other != child; other = other->next)
        before = other;
    if (before == NULL)
        parent->first = child->next;
    else
        before->next = child->next;
    if (parent->last == child)
        parent->last = before;
    empty_node(child);
    free(child->key);
    free(child);
}

void tree_remove(node *root, const char *path)
{
    node *found = root;

    while (found != NULL && *path != '\0') {
        const size_t length = strcspn(path, ".");
        node *child = found->first;
        int64_t index = -1;
        if (found->type == NODE_LIST) {
            child = text_is_integer(path, length, &index) && index >= 0
                        ? tree_item(found, (size_t)index)
                        : NULL;
        } else {
            while (child != NULL &&
                   (strncmp(child->key, path, length) != 0 || child->key[length] != '\0'))
                child = child->next;
        }
        found = child;
        path += length + (path[length] == '.');
    }
    if (found != NULL && found != root)
        detach(found);
}
