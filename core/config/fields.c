/* fields.c: one getter for each type of value, and the words in which a wrong value is refused. All
 * messages are made here, so that they read alike. */
#include "config/fields.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"
#include "support/utf8.h"

#define SHOWN 60

/* ---- messages -------------------------------------------------------------------------------- */

/* A bare nothing: `key:` alone, `~` or `null`. */
static bool is_nothing(const node *value)
{
    return field_is_word(value, "") || field_is_word(value, "~") || field_is_word(value, "null");
}

/* "is a list", "has no value", "is 'abc'": what stands there. */
static void describe(const node *value, char *buffer, size_t size)
{
    char shown[4 * SHOWN + 4];

    if (value->type != NODE_SCALAR) {
        snprintf(buffer, size, "is a %s", value->type == NODE_LIST ? "list" : "map");
    } else if (is_nothing(value)) {
        snprintf(buffer, size, "has no value");
    } else {
        text_shown(shown, value->text, strlen(value->text), SHOWN);
        snprintf(buffer, size, value->quoted ? "is the text \"%s\"" : "is '%s'", shown);
    }
}

/* As field_wrong, with something after the text. */
static bool wrong(const reader *r, const node *value, const char *wanted, const char *more)
{
    char found[4 * SHOWN + 32];
    char *path = tree_path(value);

    describe(value, found, sizeof(found));
    error_at(r->error, ERROR_CONFIG, value->at, "%s %s; it must be %s%s",
             path != NULL ? path : "the value", found, wanted, more);
    free(path);
    return false;
}

bool field_wrong(const reader *r, const node *value, const char *wanted)
{
    return wrong(r, value, wanted, "");
}

static void list_words(text *out, word_list words)
{
    for (size_t i = 0; i < words.count; i++) {
        text_add(out, i == 0 ? "" : ", ");
        text_add(out, words.words[i]);
    }
}

bool field_unknown(const reader *r, const node *value, const char *name, word_list keys)
{
    const char *nearest = text_nearest(name, keys.words, keys.count);
    char shown[4 * SHOWN + 4];
    char *path = tree_path(value->parent);
    const char *where = path == NULL || *path == '\0' ? "the file" : path;
    text list = {0};

    text_shown(shown, name, strlen(name), SHOWN);
    list_words(&list, keys);
    if (nearest != NULL)
        error_at(r->error, ERROR_CONFIG, value->key_at,
                 "unknown key '%s' in %s; did you mean '%s'?", shown, where, nearest);
    else if (keys.count == 1)
        error_at(r->error, ERROR_CONFIG, value->key_at,
                 "unknown key '%s' in %s; its only key is %s", shown, where, keys.words[0]);
    else
        error_at(r->error, ERROR_CONFIG, value->key_at, "unknown key '%s' in %s; its keys are %s",
                 shown, where, list.bytes != NULL ? list.bytes : "none");
    free(list.bytes);
    free(path);
    return false;
}

/* ---- looking at nodes ------------------------------------------------------------------------ */

bool field_is_word(const node *value, const char *word)
{
    return value->type == NODE_SCALAR && !value->quoted && strcmp(value->text, word) == 0;
}

bool field_is_number(const node *value, double *number)
{
    return value->type == NODE_SCALAR && !value->quoted &&
           text_is_double(value->text, strlen(value->text), number);
}

bool field_has_count(const reader *r, const node *value, size_t min, size_t max, const char *items)
{
    const size_t count = tree_count(value);

    if (count >= min && count <= max)
        return true;
    char *path = tree_path(value);
    error_at(r->error, ERROR_CONFIG, value->at, "%s has %zu %s; it must have %zu to %zu",
             path != NULL ? path : "the list", count, items, min, max);
    free(path);
    return false;
}

bool field_is_map(const reader *r, const node *value, const char *wanted)
{
    return value->type == NODE_MAP || field_wrong(r, value, wanted);
}

bool field_is_scalar(const reader *r, const node *value, const char *wanted)
{
    return (value->type == NODE_SCALAR && !is_nothing(value)) || field_wrong(r, value, wanted);
}

bool field_known(const reader *r, const node *map, word_list keys)
{
    for (const node *child = map->first; child != NULL; child = child->next) {
        bool known = false;
        for (size_t i = 0; i < keys.count && !known; i++)
            known = strcmp(child->key, keys.words[i]) == 0;
        if (!known)
            return field_unknown(r, child, child->key, keys);
    }
    return true;
}

node *field_required(const reader *r, const node *map, const char *key, const char *example)
{
    node *value = tree_child(map, key);

    if (value != NULL)
        return value;
    char *path = tree_path(map);
    error_at(r->error, ERROR_CONFIG, map->at, "the key '%s' is missing in %s; write %s", key,
             path == NULL || *path == '\0' ? "the file" : path, example);
    free(path);
    return NULL;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* "a number from 0 to 1", "a finite number above 0", "a number of at least 0 and below 1", "a
 * number of at most 1". */
void real_range_describe(real_range range, text *out)
{
    text_add(out, isfinite(range.max) ? "a number" : "a finite number");
    if (!range.above && !range.below && isfinite(range.min) && isfinite(range.max)) {
        text_add(out, " from ");
        text_add_double(out, range.min);
        text_add(out, " to ");
        text_add_double(out, range.max);
    } else if (isfinite(range.min)) {
        text_add(out, range.above ? " above " : " of at least ");
        text_add_double(out, range.min);
        if (isfinite(range.max)) {
            text_add(out, range.below ? " and below " : " and at most ");
            text_add_double(out, range.max);
        }
    } else if (isfinite(range.max)) {
        text_add(out, range.below ? " below " : " of at most ");
        text_add_double(out, range.max);
    }
}

bool real_range_holds(real_range range, double number)
{
    return isfinite(number) && (range.above ? number > range.min : number >= range.min) &&
           (range.below ? number < range.max : number <= range.max);
}

bool field_real(const reader *r, const node *map, const char *key, real_range range,
                const char *word, double *value)
{
    const node *found = tree_child(map, key);
    double number = 0;
    text wanted = {0};

    if (found == NULL)
        return true;
    if (word != NULL && field_is_word(found, word)) {
        *value = 0;
        return true;
    }
    if (field_is_number(found, &number) && real_range_holds(range, number)) {
        *value = number + 0.0; /* no minus zero */
        return true;
    }
    real_range_describe(range, &wanted);
    if (word != NULL)
        text_addf(&wanted, ", or %s", word);
    field_wrong(r, found, wanted.bytes != NULL ? wanted.bytes : "a number");
    free(wanted.bytes);
    return false;
}

bool field_size(const reader *r, const node *map, const char *key, size_t min, size_t max,
                const char *word, size_t *value)
{
    const node *found = tree_child(map, key);
    int64_t number = 0;
    char wanted[128];

    if (found == NULL)
        return true;
    if (word != NULL && field_is_word(found, word)) {
        *value = 0;
        return true;
    }
    if (found->type == NODE_SCALAR && !found->quoted &&
        text_is_integer(found->text, strlen(found->text), &number) && number >= 0 &&
        (uint64_t)number >= min && (uint64_t)number <= max) {
        *value = (size_t)number;
        return true;
    }
    snprintf(wanted, sizeof(wanted), "a whole number from %zu to %zu%s%s", min, max,
             word != NULL ? ", or " : "", word != NULL ? word : "");
    return field_wrong(r, found, wanted);
}

/* Decimal digits alone; false on overflow. */
static bool is_unsigned(const char *digits, uint64_t *value)
{
    uint64_t sum = 0;

    if (*digits == '\0')
        return false;
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9')
            return false;
        const uint64_t digit = (uint64_t)(*digits - '0');
        if (sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

bool field_read_seed(const reader *r, const node *value, uint64_t *seed)
{
    if (value->type == NODE_SCALAR && !value->quoted && is_unsigned(value->text, seed))
        return true;
    return field_wrong(r, value, "a whole number from 0 to 18446744073709551615");
}

bool field_seed(const reader *r, const node *map, const char *key, uint64_t *value)
{
    const node *found = tree_child(map, key);

    return found == NULL || field_read_seed(r, found, value);
}

/* "MiB" is 1048576; 0 if it is no unit. None at all is bytes. */
static double unit_of(const char *unit)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {
        {"", 1},      {"B", 1},        {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
        {"TB", 1e12}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].name) == 0)
            return units[i].bytes;
    return 0;
}

/* Below 2^53, where a double tells every byte. */
static bool is_bytes(const char *string, uint64_t *bytes)
{
    const size_t digits = strspn(string, "0123456789.");
    const char *unit = string + digits + (string[digits] == ' ');
    double number = 0;

    if (!text_is_double(string, digits, &number))
        return false;
    const double product = number * unit_of(unit);
    if (!(product >= 1 && product <= 0x1p53))
        return false;
    *bytes = (uint64_t)product;
    return true;
}

bool field_bytes(const reader *r, const node *map, const char *key, uint64_t min, const char *word,
                 uint64_t *bytes)
{
    const node *found = tree_child(map, key);
    uint64_t number = 0;
    char wanted[128];

    if (found == NULL)
        return true;
    if (word != NULL && field_is_word(found, word)) {
        *bytes = 0;
        return true;
    }
    if (found->type == NODE_SCALAR && !found->quoted && is_bytes(found->text, &number) &&
        number >= min) {
        *bytes = number;
        return true;
    }
    const bool mib = min >= 0x100000 && min % 0x100000 == 0;
    snprintf(wanted, sizeof(wanted), "a size of at least %" PRIu64 "%s, such as 512MiB or 4GiB%s%s",
             mib ? min / 0x100000 : min, mib ? "MiB" : " bytes", word != NULL ? ", or " : "",
             word != NULL ? word : "");
    return field_wrong(r, found, wanted);
}

/* ---- words ----------------------------------------------------------------------------------- */

bool field_flag(const reader *r, const node *map, const char *key, bool *value)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    const node *found = tree_child(map, key);

    if (found == NULL)
        return true;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (field_is_word(found, yes[i]) || field_is_word(found, no[i])) {
            *value = field_is_word(found, yes[i]);
            return true;
        }
    }
    return field_wrong(r, found, "true or false");
}

bool field_choose(const reader *r, const node *value, word_list words, int *index)
{
    text wanted = {0}, more = {0};

    for (size_t i = 0; i < words.count && value->type == NODE_SCALAR; i++) {
        if (strcmp(value->text, words.words[i]) == 0) {
            *index = (int)i;
            return true;
        }
    }
    const char *nearest =
        value->type == NODE_SCALAR ? text_nearest(value->text, words.words, words.count) : NULL;
    text_add(&wanted, "one of ");
    list_words(&wanted, words);
    if (nearest != NULL)
        text_addf(&more, "; did you mean '%s'?", nearest);
    wrong(r, value, wanted.bytes != NULL ? wanted.bytes : "one of the known words",
          more.bytes != NULL ? more.bytes : "");
    free(wanted.bytes);
    free(more.bytes);
    return false;
}

bool field_choice(const reader *r, const node *map, const char *key, word_list words, int *index)
{
    const node *found = tree_child(map, key);

    return found == NULL || field_choose(r, found, words, index);
}

bool field_text(const reader *r, const node *value, const char *wanted, char **string)
{
    if (!field_is_scalar(r, value, wanted))
        return false;
    if (*value->text == '\0')
        return field_wrong(r, value, wanted);
    *string = memory_string(value->text);
    return *string != NULL || error_memory(r->error);
}

bool field_texts(const reader *r, const node *map, const char *key, const char *one,
                 const char *many, char ***texts, size_t *count)
{
    const node *found = tree_child(map, key);
    char wanted[128];

    if (found == NULL)
        return true;
    snprintf(wanted, sizeof(wanted), "%s or a list of %s", one, many);
    if (found->type == NODE_MAP)
        return field_wrong(r, found, wanted);
    const bool list = found->type == NODE_LIST;
    *texts = memory_array(list ? tree_count(found) : 1, sizeof(**texts));
    if (*texts == NULL)
        return error_memory(r->error);
    if (!list)
        return field_text(r, found, wanted, &(*texts)[(*count)++]);
    for (const node *item = found->first; item != NULL; item = item->next)
        if (!field_text(r, item, one, &(*texts)[(*count)++]))
            return false;
    return true;
}

bool field_path(const reader *r, const node *value, char **path)
{
    if (!field_is_scalar(r, value, "a file") || *value->text == '\0')
        return field_wrong(r, value, "a file");
    const bool own = value->at.line == 0 || strcmp(value->at.file, r->file) == 0;
    char *folder = own ? memory_string(r->folder) : file_folder(value->at.file);
    char *joined = folder != NULL ? file_join(folder, value->text) : NULL;
    *path = joined != NULL ? file_absolute(joined) : NULL;
    free(folder);
    free(joined);
    if (*path == NULL)
        return error_memory(r->error);
    if (!utf8_is_valid(*path, strlen(*path)))
        return error_at(r->error, ERROR_CONFIG, value->at,
                        "the file lies in a folder whose name is not UTF-8; rename the folder");
    return true;
}
