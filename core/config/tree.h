/* tree.h: a YAML file as a tree of nodes with positions, by libyaml's event API. What a config file
 * may hold is bounded: 1 MiB, depth 32, 50,000 nodes, keys of 200 bytes; anchors, aliases, tags,
 * duplicate keys, keys that are empty or no scalars, and second documents are refused. Scalars stay
 * text: the schema types them. */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

typedef enum { NODE_SCALAR, NODE_LIST, NODE_MAP } node_type;

typedef struct node node;
struct node {
    node_type type;
    place at;     /* of the value                                                               */
    place key_at; /* of its key, in a map                                                       */
    char *key;    /* in a map, else NULL                                                        */
    char *text;   /* scalar: its text, NUL-free                                                 */
    bool quoted;  /* scalar: was quoted in the file, so it is a string whatever it looks like   */
    node *parent, *first, *last, *next; /* children in order                                     */
};

/* The root is a map. `name` is what messages call the file; the nodes keep a copy. NULL on failure,
 * code ERROR_CONFIG. */
node *tree_parse(const char *name, const char *bytes, size_t length, plx_error *error);
/* Reads at most 1 MiB and parses. A file that cannot be read is ERROR_CONFIG too. */
node *tree_read(const char *path, plx_error *error);
void tree_free(node *root);

node *tree_child(const node *map, const char *key); /* NULL: absent, or not a map */
size_t tree_count(const node *list_or_map);
node *tree_item(const node *list, size_t index);

/* Applies "key.path=value" (a --set) to the root of a tree: value is YAML (so lists and maps
 * work), path parts are keys or list indexes ("network.layers.0.units"); missing maps are made;
 * a component given by its bare name is widened into {name: ...} when a setting below it is set,
 * and a bare true, false, none or nothing into an empty map. The places of what it adds name the
 * assignment and have no line: messages begin "--set optimizer.lr=abc: ...". Fails with
 * ERROR_USAGE if the text is no assignment, else ERROR_CONFIG; the tree is then good for
 * tree_free only. */
bool tree_set(node *root, const char *assignment, plx_error *error);

/* A copy of a tree, or of a node (a map) as the root of one; places stay as they are. */
node *tree_copy(const node *from, plx_error *error);
/* Puts a copy of `value`, places and all, where a path such as "network.layers.0.units" leads, in place
 * of what stands there; the way is made as by tree_set. What is wrong with the path is said of the place
 * `at`. On failure, too, the tree is good for tree_free only. */
bool tree_graft(node *root, const char *path, const node *value, place at, plx_error *error);
/* Takes away what stands there, if anything does. */
void tree_remove(node *root, const char *path);

/* "network.layers[0].activation": the path of a node, for messages and the matrix. A new string. */
char *tree_path(const node *node);
/* "iris" of "examples/iris.yaml", the name of what a file holds. A new string. */
char *tree_name(const char *file);

#endif
