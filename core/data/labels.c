/* labels.c: see labels.h. */
#include "data/labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"

/* The text a label is told apart by. */
static const char *key_of(const label_set *set, const char *word, size_t *length, char buffer[32])
{
    double value;

    if (!set->numeric || !text_is_double(word, *length, &value))
        return word;
    text_of_double(buffer, value == 0 ? 0.0 : value);
    *length = strlen(buffer);
    return buffer;
}

int32_t labels_add(label_set *set, const char *word, size_t length)
{
    char buffer[32];
    size_t key_length = length;

    const char *key = key_of(set, word, &key_length, buffer);
    const size_t before = set->keys.count;
    const size_t index = vocabulary_add(&set->keys, key, key_length);
    if (index == VOCABULARY_NONE || index >= LABELS_MAX)
        return LABELS_NONE;
    if (index < before)
        return (int32_t)index;
    if (memory_grow(&set->text, &set->capacity, index + 1, sizeof(char *)) == NULL)
        return LABELS_NONE;
    set->text[index] = memory_string_n(word, length);
    if (set->text[index] == NULL)
        return LABELS_NONE;
    set->texts = index + 1;
    return (int32_t)index;
}

int32_t labels_add_number(label_set *set, double value)
{
    char buffer[32];

    text_of_double(buffer, value == 0 ? 0.0 : value);
    return labels_add(set, buffer, strlen(buffer));
}

int32_t labels_find(const label_set *set, const char *word, size_t length)
{
    char buffer[32];

    const char *key = key_of(set, word, &length, buffer);
    const size_t index = vocabulary_find(&set->keys, key, length);
    return index == VOCABULARY_NONE ? LABELS_NONE : (int32_t)index;
}

int32_t labels_find_number(const label_set *set, double value)
{
    char buffer[32];

    text_of_double(buffer, value == 0 ? 0.0 : value);
    return labels_find(set, buffer, strlen(buffer));
}

/* --- sorting --- */

typedef struct ranked {
    double value;
    char *text;
    int32_t index;
} ranked;

static int by_value(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    return (x->value > y->value) - (x->value < y->value);
}

static int by_bytes(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    return strcmp(x->text, y->text);
}

static bool check_count(const label_set *set, const char *path, size_t rows, plx_error *error)
{
    const size_t count = set->keys.count, most = rows / 2 > 100 ? rows / 2 : 100;

    if (count > most)
        return error_set(error, ERROR_DATA,
                         "%s: the target has %zu different labels in %zu rows, which is no set of "
                         "classes; take %sanother column as target",
                         path, count, rows, set->numeric ? "`as: number`, or " : "");
    if (count < 2)
        return error_set(error, ERROR_DATA,
                         "%s: every row has the label '%s'; classes need at least two", path,
                         text_show(count == 0 ? "" : set->text[0]).bytes);
    return true;
}

bool labels_settle(label_set *set, encoding *fitted, const char *path, int32_t *label, size_t rows,
                   plx_error *error)
{
    const size_t count = set->keys.count;

    if (!check_count(set, path, rows, error))
        return false;
    ranked *order = memory_array(count, sizeof(*order));
    int32_t *moved = memory_array(count, sizeof(*moved));
    fitted->label = memory_array(count, sizeof(char *));
    if (order == NULL || moved == NULL || fitted->label == NULL) {
        free(order);
        free(moved);
        return error_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = (ranked){.text = set->text[i], .index = (int32_t)i};
        if (set->numeric)
            text_is_double(order[i].text, strlen(order[i].text), &order[i].value);
    }
    qsort(order, count, sizeof(*order), set->numeric ? by_value : by_bytes);
    fitted->label_count = count;
    for (size_t i = 0; i < count; i++) {
        fitted->label[i] = order[i].text;
        set->text[order[i].index] = NULL;
        moved[order[i].index] = (int32_t)i;
    }
    for (size_t r = 0; r < rows; r++)
        label[r] = moved[label[r]];
    free(order);
    free(moved);
    return true;
}

bool labels_open(label_set *set, const encoding *fitted)
{
    *set = (label_set){.numeric = true};
    for (size_t i = 0; i < fitted->label_count; i++) {
        double value;
        if (!text_is_double(fitted->label[i], strlen(fitted->label[i]), &value) || isnan(value))
            set->numeric = false;
    }
    for (size_t i = 0; i < fitted->label_count; i++)
        if (labels_add(set, fitted->label[i], strlen(fitted->label[i])) != (int32_t)i) {
            labels_clear(set);
            return false;
        }
    return true;
}

void labels_clear(label_set *set)
{
    strings_free(set->text, set->texts);
    vocabulary_clear(&set->keys);
    *set = (label_set){0};
}

char *labels_list(const encoding *fitted, char *buffer, size_t size)
{
    enum { SHOWN = 10 };
    size_t used = 0;

    buffer[0] = '\0';
    for (size_t i = 0; i < fitted->label_count && i < SHOWN; i++) {
        char shown[4 * 24 + 4];
        text_shown(shown, fitted->label[i], strlen(fitted->label[i]), 24);
        const int n = snprintf(buffer + used, size - used, "%s%s", i > 0 ? ", " : "", shown);
        if (n < 0 || (size_t)n >= size - used)
            return buffer;
        used += (size_t)n;
    }
    if (fitted->label_count > SHOWN)
        snprintf(buffer + used, size - used, " ... (%zu in all)", fitted->label_count);
    return buffer;
}
