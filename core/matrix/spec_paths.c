/* spec_paths.c: paths in an experiment, "train.epochs": whether one can be, and which covers which.
 * A path that is set after another that it covers takes its effect away; nothing in a matrix file
 * may be without effect. */
#include <string.h>

#include "matrix/spec_internal.h"
#include "support/text.h"

/* As deep as a config file may be. */
#define MOST_PARTS 31

static const char *const first_words[] = {
    "data", "network", "loss", "optimizer", "schedule", "train", "hidden_activation"};
static const word_list first_parts = {first_words, 7};

/* ---- one path -------------------------------------------------------------------------------- */

static bool is_first_part(const char *part, size_t length)
{
    for (size_t i = 0; i < first_parts.count; i++)
        if (strlen(first_words[i]) == length && strncmp(first_words[i], part, length) == 0)
            return true;
    return false;
}

bool spec_is_plain(const char *path)
{
    for (; *path != '\0'; path++)
        if (*path <= ' ' || *path >= 0x7f)
            return false;
    return true;
}

bool spec_check_path(const reader *r, const node *at, const char *path)
{
    const size_t first = strcspn(path, ".");
    size_t parts = 1;
    char part[256] = "";

    for (const char *dot = path; (dot = strchr(dot, '.')) != NULL; dot++, parts++)
        if (dot == path || dot[1] == '.' || dot[1] == '\0')
            return error_at(r->error, ERROR_CONFIG, at->key_at,
                            "'%s' has an empty part; write a path such as optimizer.lr",
                            text_show(path).bytes);
    if (!spec_is_plain(path))
        return error_at(r->error, ERROR_CONFIG, at->key_at,
                        "'%s' is no path in an experiment; write a path such as optimizer.lr",
                        text_show(path).bytes);
    if (parts > MOST_PARTS)
        return error_at(r->error, ERROR_CONFIG, at->key_at, "a path of more than %d parts",
                        MOST_PARTS);
    if (!is_first_part(path, first)) {
        memcpy(part, path, first < sizeof(part) ? first : sizeof(part) - 1);
        return field_unknown(r, at, part, first_parts);
    }
    return strcmp(path, "train.seed") != 0 ||
           error_at(r->error, ERROR_CONFIG, at->key_at, SPEC_NO_SEED);
}

/* ---- two paths ------------------------------------------------------------------------------- */

/* "a.b" begins with "a", not with "a.bc". */
static bool begins(const char *path, const char *with)
{
    const size_t length = strlen(with);

    return strncmp(path, with, length) == 0 && (path[length] == '\0' || path[length] == '.');
}

bool spec_covers(const char *upper, const char *lower)
{
    /* the short name means activations in layers */
    if (begins(lower, "hidden_activation") &&
        (strcmp(upper, "network") == 0 || strcmp(upper, "network.layers") == 0))
        return true;
    return begins(lower, upper);
}

/* The child that the first part of `path` names. */
static const node *step_down(const node *value, const char *path, size_t length)
{
    size_t index = 0;

    for (const node *child = value->first; child != NULL; child = child->next, index++) {
        char number[32];
        const char *key = child->key;
        if (key == NULL) {
            text_of_double(number, (double)index);
            key = number;
        }
        if (strlen(key) == length && strncmp(key, path, length) == 0)
            return child;
    }
    return NULL;
}

const node *spec_below(const node *value, const char *upper, const char *lower)
{
    const char *rest = lower + strlen(upper);

    if (!begins(lower, upper))
        return NULL;
    while (*rest == '.' && value != NULL) {
        const size_t length = strcspn(++rest, ".");
        /* a component's bare name stands for {name: ..} */
        if (value->type == NODE_SCALAR && strncmp(rest, "name", length) == 0 && length == 4)
            return value;
        value = step_down(value, rest, length);
        rest += length;
    }
    return value;
}
