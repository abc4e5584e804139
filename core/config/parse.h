/* parse.h: YAML bytes into nodes; what tree.c is made with. */
#ifndef CONFIG_PARSE_H
#define CONFIG_PARSE_H

#include "config/tree.h"

#define PARSE_MAX_BYTES ((size_t)1 << 20)
#define PARSE_MAX_DEPTH 32
#define PARSE_MAX_NODES 50000
#define PARSE_MAX_KEY   200

/* A tree owns the strings that the places of its nodes name. The root is its first member, so
 * that a pointer to the root is a pointer to the tree. */
typedef struct tree {
    node root;
    char **names;
    size_t name_count, name_capacity;
    size_t node_count;
} tree;

/* Keeps a copy of `name` as long as the tree lives, for the places of its nodes. */
const char *parse_keep_name(tree *owner, const char *name, plx_error *error);
/* Fills `into`, a blank node of `owner` at depth `depth` (the root's is 0), from one YAML document;
 * no document at all gives an empty scalar. `name` (a kept one) is the file of the places; without
 * `numbered` they have no line. On failure `into` is good for tree_free only. */
bool parse_into(tree *owner, node *into, size_t depth, const char *name, bool numbered,
                const char *bytes, size_t length, plx_error *error);
/* A blank node appended to `parent`, with a copy of `key` unless that is NULL. */
node *parse_append(tree *owner, node *parent, const char *key, place key_at, plx_error *error);

#endif
