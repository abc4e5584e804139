/* encoding.h: what turns the rows of a file into the numbers a network sees, and its outputs back
 * into what the user knows. It is fitted on the training part alone, kept in the model file, and
 * used for every later file, so that predict treats a row exactly as training did. */
#ifndef DATA_ENCODING_H
#define DATA_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plexus/plugin.h>

#include "config/experiment.h"
#include "support/error.h"

enum { MAX_CATEGORIES = 1000 }; /* of one column                                                 */

/* An input column of a CSV file. */
typedef struct input_column {
    char *name;
    size_t first;      /* its first feature                                                       */
    char **category;   /* sorted by bytes; NULL: a number, one feature                            */
    size_t categories; /* features of its own, one-hot; a category not seen in training: all 0    */
    double mean;       /* of the training rows, for missing: mean                                 */
} input_column;

typedef enum { TARGETS_NONE, TARGETS_CLASS, TARGETS_NUMBER } target_kind;

typedef struct encoding {
    data_format format;   /* of the training file                                                */
    input_column *column; /* CSV; NULL for formats without names                                 */
    size_t column_count;
    bool header;
    char delimiter;
    missing_rule missing;
    size_t features;
    double *offset, *factor; /* (x - offset) * factor of each feature; NULL: as it is            */
    /* found by encoding_look_at_scaling */
    bool even;       /* all features have one offset and one factor, as pixels do                */
    float high, low; /* x high + x low in float has the bits of x factor for each byte x; else 0 */
    target_kind targets;
    char **target_name; /* one for classes, one per target for numbers; invented where unnamed   */
    size_t target_count;
    char **label; /* TARGETS_CLASS: sorted numerically if all are numbers, else by bytes         */
    size_t label_count;
    double *target_mean, *target_deviation; /* scale_target: standard; else NULL                 */
} encoding;

void encoding_clear(encoding *encoding);
/* Is to be called when offset and factor have been set; till then rows are scaled more slowly. */
void encoding_look_at_scaling(encoding *encoding);
/* What no byte exceeds in magnitude once it is scaled. */
double encoding_largest_byte(const encoding *encoding);
/* As one JSON object, and back: every byte of it is checked. A new string; NULL: out of memory. */
char *encoding_to_json(const encoding *encoding);
bool encoding_from_json(const char *json, encoding *encoding, plx_error *error);

/* How targets are presented to the output layer. With one output unit and two classes the second
 * class is `high` and the first `low`; with as many units as classes, one-hot between low and high,
 * softened by label smoothing: t = (1 - s) onehot + s / classes. Numbers are taken as they are. */
typedef struct target_code {
    size_t units;
    float low, high; /* 0 and 1; -1 and 1 if the output's domain is [-1, 1] (tanh)               */
} target_code;

/* Works out the code for an output layer, or says (code ERROR_CONFIG, at `at`) why the number of
 * units does not fit the data: "the last layer has 5 units, but species has 3 classes (...)". */
bool encoding_code(const encoding *encoding, size_t units, const plx_domain *output, place at,
                   target_code *code, plx_error *error);

#endif
