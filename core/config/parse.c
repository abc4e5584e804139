/* parse.c: libyaml's events into nodes. The event interface tells where each value begins and
 * leaves scalars as text, which is all we want of YAML; what we do not want (anchors, aliases,
 * tags, several documents) is refused as its event arrives, and so is what grows too deep or too
 * large, before the parser reads on: it has no limits of its own. Its complaints are in the
 * words of a YAML grammar; a table below puts those that a person can meet into plain ones. */
#include "config/parse.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config/plain_text.h"
#include "support/memory.h"
#include "support/text.h"
#include "support/utf8.h"

typedef struct builder {
    yaml_parser_t parser;
    tree *owner;
    node *top, *open; /* what is being filled; the list or map now open                          */
    char *key;        /* read, its value still to come                                           */
    place key_at;
    size_t depth;
    int documents;
    const char *name;
    bool numbered;
    const char *bytes;
    size_t length;
    plx_error *error;
} builder;

static place place_of(const builder *b, yaml_mark_t mark)
{
    if (!b->numbered)
        return (place){b->name, 0, 0};
    return (place){b->name, (int)mark.line + 1, (int)mark.column + 1};
}

/* ---- what the parser complains about --------------------------------------------------------- */

/* `yaml` is libyaml's problem, `plain` ours; with `from_start` the place is where the construct
 * began, which is where the mistake mostly is. */
static const struct complaint {
    const char *yaml, *plain;
    bool from_start;
} complaints[] = {
    {"could not find expected ':'", "a key without ':'; write 'key: value'", true},
    {"mapping values are not allowed in this context",
     "a ':' where no key can be; indent the keys of a map alike, one 'key: value' a line, and put "
     "text that holds ': ' in quotes",
     false},
    {"mapping keys are not allowed in this context",
     "a key cannot begin here; put it on its own line", false},
    {"block sequence entries are not allowed in this context",
     "a list item '- ' cannot begin here; put it on its own line below the key", false},
    {"found unexpected end of stream", "a quote that is never closed", true},
    {"found unexpected document indicator", "a quote that is never closed", true},
    {"found unknown escape character",
     "an unknown escape in double quotes; write \\\\ for a backslash, or use single quotes", false},
    {"did not find expected hexdecimal number",
     "an escape without its hexadecimal digits; write \\\\ for a backslash, or use single quotes",
     false},
    {"found invalid Unicode character escape code", "an escape that is no Unicode character",
     false},
    {"found a tab character where an indentation space is expected",
     "a tab in the indentation; indent with spaces", false},
    {"found a tab character that violates indentation",
     "a tab in the indentation; indent with spaces", false},
    {"did not find expected ',' or ']'", "a list '[' that is not closed; expected ',' or ']' here",
     false},
    {"did not find expected ',' or '}'", "a map '{' that is not closed; expected ',' or '}' here",
     false},
    {"did not find expected '-' indicator",
     "something that is no item of the list; indent all its items alike, each beginning with '- '",
     false},
    {"did not find expected key", "something that is no key of the map; indent all its keys alike",
     false},
    {"did not find expected node content", "a value is missing here", false},
    {"did not find expected <document start>",
     "something after the end of the file's map; indent all its keys alike", false},
    {"did not find expected alphabetic or numeric character",
     "a value cannot begin with '&' or '*'; put it in quotes", false},
    {"found undefined tag handle", "a tag; tags are not used here, write the value alone", false},
};

/* The character at a mark; 0 at the end. */
static unsigned character_at(const builder *b, yaml_mark_t mark)
{
    size_t at = 0;
    unsigned character = 0;

    for (size_t i = 0; at < b->length; i++) {
        const size_t width = utf8_character(b->bytes + at, b->length - at, &character);
        if (i == mark.index || width == 0)
            return character;
        at += width;
    }
    return 0;
}

static bool complain_of_character(const builder *b)
{
    const unsigned character = character_at(b, b->parser.problem_mark);
    const place at = place_of(b, b->parser.problem_mark);

    if (character == '\t')
        return error_at(b->error, ERROR_CONFIG, at, "a tab in the indentation; indent with spaces");
    if (character > ' ' && character < 0x7f)
        return error_at(b->error, ERROR_CONFIG, at,
                        "a value cannot begin with '%c'; put it in quotes", (int)character);
    return error_at(b->error, ERROR_CONFIG, at, "a value cannot begin like this; put it in quotes");
}

static bool complain(const builder *b)
{
    const yaml_parser_t *parser = &b->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "this is no YAML";

    if (parser->error == YAML_MEMORY_ERROR)
        return error_memory(b->error);
    if (strcmp(problem, "found character that cannot start any token") == 0)
        return complain_of_character(b);
    for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
        if (strcmp(problem, complaints[i].yaml) != 0)
            continue;
        const bool from_start = complaints[i].from_start && parser->context != NULL;
        return error_at(b->error, ERROR_CONFIG,
                        place_of(b, from_start ? parser->context_mark : parser->problem_mark), "%s",
                        complaints[i].plain);
    }
    return error_at(b->error, ERROR_CONFIG, place_of(b, parser->problem_mark), "not valid YAML: %s",
                    problem);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

node *parse_append(tree *owner, node *parent, const char *key, place key_at, plx_error *error)
{
    if (owner->node_count >= PARSE_MAX_NODES) {
        error_at(error, ERROR_CONFIG, key_at, "more than %d values; a config file has fewer",
                 PARSE_MAX_NODES);
        return NULL;
    }
    node *added = memory_array(1, sizeof(*added));
    char *copy = memory_string(key);
    if (added == NULL || (key != NULL && copy == NULL)) {
        free(added);
        free(copy);
        error_memory(error);
        return NULL;
    }
    owner->node_count++;
    *added = (node){.at = key_at, .key_at = key_at, .key = copy, .parent = parent};
    if (parent->last != NULL)
        parent->last->next = added;
    else
        parent->first = added;
    parent->last = added;
    return added;
}

/* The node that the next value fills: the top, or a new child of the open list or map. */
static node *next_node(builder *b, place at)
{
    if (b->open == NULL)
        return b->top;
    node *added =
        parse_append(b->owner, b->open, b->key, b->key != NULL ? b->key_at : at, b->error);
    free(b->key);
    b->key = NULL;
    return added;
}

static bool refuse_extras(const builder *b, place at, const yaml_char_t *anchor,
                          const yaml_char_t *tag)
{
    if (anchor != NULL)
        return error_at(b->error, ERROR_CONFIG, at,
                        "an anchor '&'; anchors are not used here, write the value itself");
    if (tag != NULL)
        return error_at(b->error, ERROR_CONFIG, at,
                        "a tag '!'; tags are not used here, write the value alone");
    return true;
}

static bool expects_key(const builder *b)
{
    return b->open != NULL && b->open->type == NODE_MAP && b->key == NULL;
}

static bool take_key(builder *b, place at, const char *key, size_t length)
{
    if (length == 0)
        return error_at(b->error, ERROR_CONFIG, at, "an empty key; write 'key: value'");
    if (length > PARSE_MAX_KEY)
        return error_at(b->error, ERROR_CONFIG, at, "a key of %zu bytes; the longest has %d",
                        length, PARSE_MAX_KEY);
    b->key_at = at;
    b->key = memory_string_n(key, length);
    return b->key != NULL || error_memory(b->error);
}

static bool take_scalar(builder *b, const yaml_event_t *event)
{
    const place at = place_of(b, event->start_mark);
    const char *value = (const char *)event->data.scalar.value;
    const size_t length = event->data.scalar.length;

    if (!refuse_extras(b, at, event->data.scalar.anchor, event->data.scalar.tag))
        return false;
    if (memchr(value, '\0', length) != NULL)
        return error_at(b->error, ERROR_CONFIG, at, "a NUL character in a text; leave it out");
    if (expects_key(b))
        return take_key(b, at, value, length);
    node *scalar = next_node(b, at);
    if (scalar == NULL)
        return false;
    scalar->type = NODE_SCALAR;
    scalar->at = at;
    scalar->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    scalar->text = memory_string_n(value, length);
    return scalar->text != NULL || error_memory(b->error);
}

/* Opens a list or a map. */
static bool take_start(builder *b, const yaml_event_t *event, node_type type)
{
    const place at = place_of(b, event->start_mark);
    const bool list = type == NODE_LIST;

    if (!refuse_extras(b, at,
                       list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor,
                       list ? event->data.sequence_start.tag : event->data.mapping_start.tag))
        return false;
    if (expects_key(b))
        return error_at(b->error, ERROR_CONFIG, at, "a %s as a key; a key is a word",
                        list ? "list" : "map");
    if (b->depth >= PARSE_MAX_DEPTH)
        return error_at(b->error, ERROR_CONFIG, at, "lists and maps nested deeper than %d",
                        PARSE_MAX_DEPTH);
    node *opened = next_node(b, at);
    if (opened == NULL)
        return false;
    opened->type = type;
    opened->at = at;
    b->open = opened;
    b->depth++;
    return true;
}

static int compare_keys(const void *left, const void *right)
{
    const node *const *l = left, *const *r = right;
    const int order = strcmp((*l)->key, (*r)->key);

    if (order != 0)
        return order;
    if ((*l)->key_at.line != (*r)->key_at.line)
        return (*l)->key_at.line < (*r)->key_at.line ? -1 : 1;
    return ((*l)->key_at.column > (*r)->key_at.column) -
           ((*l)->key_at.column < (*r)->key_at.column);
}

/* Sorted first, so that a map of many keys costs no square. */
static bool check_duplicates(const builder *b, const node *map)
{
    const size_t count = tree_count(map);
    const node **sorted = memory_array(count, sizeof(const node *));
    bool ok = true;

    if (sorted == NULL)
        return error_memory(b->error);
    size_t filled = 0;
    for (const node *child = map->first; child != NULL; child = child->next)
        sorted[filled++] = child;
    qsort(sorted, count, sizeof(*sorted), compare_keys);
    for (size_t i = 1; i < count && ok; i++) {
        char shown[4 * 60 + 4];
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) != 0)
            continue;
        text_shown(shown, sorted[i]->key, strlen(sorted[i]->key), 60);
        ok = b->numbered
                 ? error_at(b->error, ERROR_CONFIG, sorted[i]->key_at,
                            "the key '%s' a second time; the first is in line %d", shown,
                            sorted[i - 1]->key_at.line)
                 : error_at(b->error, ERROR_CONFIG, sorted[i]->key_at, "the key '%s' twice", shown);
    }
    free(sorted);
    return ok;
}

static bool take_end(builder *b)
{
    node *closed = b->open;

    b->open = closed == b->top ? NULL : closed->parent;
    b->depth--;
    return closed->type != NODE_MAP || check_duplicates(b, closed);
}

static bool take(builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return b->documents++ == 0 ||
               error_at(b->error, ERROR_CONFIG, place_of(b, event->start_mark),
                        "a second document begins; a config file is one");
    case YAML_ALIAS_EVENT:
        return error_at(b->error, ERROR_CONFIG, place_of(b, event->start_mark),
                        "an alias '*'; aliases are not used here, write the value itself");
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return take_start(b, event, NODE_LIST);
    case YAML_MAPPING_START_EVENT:
        return take_start(b, event, NODE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return take_end(b);
    default:
        return true;
    }
}

/* Whether a line begins at bytes[at]; YAML ends lines in more ways than one. */
static bool begins_line(const char *bytes, size_t at)
{
    static const char *const breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        const size_t n = strlen(breaks[i]);
        if (at >= n && memcmp(bytes + at - n, breaks[i], n) == 0)
            return true;
    }
    return at == 0;
}

/* Tags are refused as they come, but the parser compares every %TAG line with all before it, before
 * it tells of any. */
static bool refuse_tag_lines(const builder *b)
{
    const char *bytes = b->bytes, *found = bytes;
    place at = {b->name, 1, 1};

    while ((found = memmem(found, b->length - (size_t)(found - bytes), "%TAG", 4)) != NULL &&
           !begins_line(bytes, (size_t)(found - bytes)))
        found++;
    if (found == NULL)
        return true;
    for (const char *c = bytes; c < found; c++)
        at.line += *c == '\n' || (*c == '\r' && c[1] != '\n') ? 1 : 0;
    return error_at(b->error, ERROR_CONFIG, b->numbered ? at : (place){b->name, 0, 0},
                    "a line '%%TAG'; tags are not used here, leave it out");
}

/* Pulls events until the stream ends. */
static bool pull(builder *b)
{
    for (bool more = true; more;) {
        yaml_event_t event;

        if (!yaml_parser_parse(&b->parser, &event))
            return complain(b);
        more = event.type != YAML_STREAM_END_EVENT;
        const bool ok = take(b, &event);
        yaml_event_delete(&event);
        if (!ok)
            return false;
    }
    return true;
}

const char *parse_keep_name(tree *owner, const char *name, plx_error *error)
{
    for (size_t i = 0; i < owner->name_count; i++)
        if (strcmp(owner->names[i], name) == 0)
            return owner->names[i];
    char *copy = memory_string(name);
    if (copy == NULL || memory_grow(&owner->names, &owner->name_capacity, owner->name_count + 1,
                                    sizeof(*owner->names)) == NULL) {
        free(copy);
        error_memory(error);
        return NULL;
    }
    owner->names[owner->name_count++] = copy;
    return copy;
}

bool parse_into(tree *owner, node *into, size_t depth, const char *name, bool numbered,
                const char *bytes, size_t length, plx_error *error)
{
    const size_t mark = plain_text_mark(bytes, length);
    builder b = {.owner = owner,
                 .top = into,
                 .depth = depth,
                 .name = name,
                 .numbered = numbered,
                 .bytes = bytes + mark,
                 .length = length - mark,
                 .error = error};

    if (length > PARSE_MAX_BYTES)
        return error_set(error, ERROR_CONFIG, "%s: larger than 1 MiB; a config file is smaller",
                         name);
    if (!plain_text_check(name, numbered, bytes, length, error) || !refuse_tag_lines(&b))
        return false;
    if (!yaml_parser_initialize(&b.parser))
        return error_memory(error);
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)b.bytes, b.length);
    const bool ok = pull(&b);
    yaml_parser_delete(&b.parser);
    free(b.key);
    if (ok && into->type == NODE_SCALAR && into->text == NULL)
        into->text = memory_string("");
    return ok && (into->type != NODE_SCALAR || into->text != NULL || error_memory(error));
}
