/* vocabulary.c: see vocabulary.h. Open addressing with linear steps; the table is at most half
 * full, so a search always meets a free place. */
#include "data/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

enum { FIRST_SLOTS = 64 };

/* FNV-1a. */
static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* Where the string is or would be. */
static size_t slot_of(const vocabulary *words, const char *text, size_t length)
{
    size_t at = (size_t)hash_of(text, length) & (words->slots - 1);

    while (words->slot[at] != 0) {
        const char *there = words->text[words->slot[at] - 1];
        if (strncmp(there, text, length) == 0 && there[length] == '\0')
            break;
        at = (at + 1) & (words->slots - 1);
    }
    return at;
}

size_t vocabulary_find(const vocabulary *words, const char *text, size_t length)
{
    if (words->slots == 0)
        return VOCABULARY_NONE;
    const uint32_t found = words->slot[slot_of(words, text, length)];
    return found == 0 ? VOCABULARY_NONE : found - 1;
}

/* Doubles the table and places every string anew. */
static int widen(vocabulary *words)
{
    const size_t slots = words->slots == 0 ? FIRST_SLOTS : words->slots * 2;
    uint32_t *slot = memory_array(slots, sizeof(*slot));

    if (slot == NULL)
        return 0;
    free(words->slot);
    words->slot = slot;
    words->slots = slots;
    for (size_t i = 0; i < words->count; i++)
        slot[slot_of(words, words->text[i], strlen(words->text[i]))] = (uint32_t)i + 1;
    return 1;
}

size_t vocabulary_add(vocabulary *words, const char *text, size_t length)
{
    const size_t found = vocabulary_find(words, text, length);

    if (found != VOCABULARY_NONE)
        return found;
    if (words->count >= UINT32_MAX - 1 || (words->count + 1 > words->slots / 2 && !widen(words)) ||
        memory_grow(&words->text, &words->capacity, words->count + 1, sizeof(char *)) == NULL)
        return VOCABULARY_NONE;
    char *copy = memory_string_n(text, length);
    if (copy == NULL)
        return VOCABULARY_NONE;
    words->text[words->count] = copy;
    words->slot[slot_of(words, text, length)] = (uint32_t)words->count + 1;
    return words->count++;
}

void vocabulary_clear(vocabulary *words)
{
    strings_free(words->text, words->count);
    free(words->slot);
    *words = (vocabulary){0};
}

void strings_free(char **strings, size_t count)
{
    if (strings == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        free(strings[i]);
    free(strings);
}
