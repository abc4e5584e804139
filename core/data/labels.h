/* labels.h: the set of class labels of a training file. Labels that are all numbers are told apart
 * by their values ("1" and "1.0" are one label, written as it was first seen) and sorted by them;
 * others are told apart and sorted by their bytes. Private to data. */
#ifndef DATA_LABELS_H
#define DATA_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/encoding.h"
#include "data/vocabulary.h"
#include "support/error.h"

#define LABELS_MAX  100000
#define LABELS_NONE (-1)

/* Zero-initialise it, and set `numeric`. */
typedef struct label_set {
    bool numeric;
    vocabulary keys; /* the texts, or the shortest texts of the values                           */
    char **text;     /* as first seen, in the order of keys                                      */
    size_t texts, capacity;
} label_set;

/* The label's index so far, or LABELS_NONE: out of memory, or more than LABELS_MAX. */
int32_t labels_add(label_set *set, const char *text, size_t length);
int32_t labels_add_number(label_set *set, double value);
/* LABELS_NONE: not there. */
int32_t labels_find(const label_set *set, const char *text, size_t length);
int32_t labels_find_number(const label_set *set, double value);
/* Sorts, moves the texts into the encoding and renumbers the rows' labels. Refuses what is no set
 * of classes: a single label, or more than half as many labels as rows (and more than 100). */
bool labels_settle(label_set *set, encoding *fitted, const char *path, int32_t *label, size_t rows,
                   plx_error *error);
/* The labels of an encoding, for reading another file; false when out of memory. */
bool labels_open(label_set *set, const encoding *fitted);
void labels_clear(label_set *set);
/* "a, b, c ... (120 in all)" of an encoding's labels, for messages. Returns buffer. */
char *labels_list(const encoding *fitted, char *buffer, size_t size);

#endif
