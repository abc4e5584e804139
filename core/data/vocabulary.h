/* vocabulary.h: distinct strings numbered in the order they were first seen, found by hashing. For
 * the labels, categories and column names of a file. Private to data. */
#ifndef DATA_VOCABULARY_H
#define DATA_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#define VOCABULARY_NONE SIZE_MAX

/* Zero-initialise it. */
typedef struct vocabulary {
    char **text; /* count of them, owned                                                         */
    size_t count, capacity;
    uint32_t *slot; /* index + 1 by hash; 0: free                                                */
    size_t slots;   /* a power of two                                                            */
} vocabulary;

/* The string's number, or VOCABULARY_NONE. */
size_t vocabulary_find(const vocabulary *words, const char *text, size_t length);
/* The same, taking a new string in; VOCABULARY_NONE: out of memory. */
size_t vocabulary_add(vocabulary *words, const char *text, size_t length);
void vocabulary_clear(vocabulary *words);

/* Frees `count` strings and their array; NULL is fine. */
void strings_free(char **strings, size_t count);

#endif
