/* dataset.h: data sets, their parts, and batches. A dataset keeps its inputs in their stored type
 * (bytes for images, float32 otherwise), in memory or in the file they come from (support/mapping.h);
 * a part is a list of its rows; a batch is gathered from a part by position, converted and scaled
 * on the way. Loading reads the files, splits, and fits the encoding on the training part alone. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "data/encoding.h"
#include "support/log.h"
#include "support/mapping.h"

typedef struct dataset {
    char *name; /* file or generator, for messages                                               */
    size_t rows, features;
    uint8_t *bytes; /* rows x features; exactly one of bytes and floats is not NULL             */
    float *floats;  /* rows x features                                                          */
    mapping *map;   /* NULL: bytes or floats are in memory; else they lie in this file from     */
    size_t start;   /* this offset on, and only the first dataset_near rows can be looked at    */
    int32_t *label; /* rows; NULL unless classes                                                */
    float *target;  /* rows x target_count, original units; NULL unless numbers                 */
    size_t target_count;
} dataset;

void dataset_free(dataset *dataset);
/* The bytes of one row's inputs as they are stored. */
size_t dataset_row_bytes(const dataset *dataset);
/* How many rows, from the first on, lie in memory: all, but for a file larger than may be mapped.
 */
size_t dataset_near(const dataset *dataset);
/* False, with ERROR_DATA, once rows could not be read and were taken as zeros. Costs nothing. */
bool dataset_intact(const dataset *dataset, plx_error *error);
/* The same, and false if the file that it is used in is no longer what was loaded. */
bool dataset_unchanged(const dataset *dataset, plx_error *error);

typedef struct data_part {
    const dataset *source;
    uint32_t *row; /* rows of source, in order; NULL: all                                        */
    size_t rows;   /* 0: there is no such part                                                   */
} data_part;

/* All that one experiment uses. */
typedef struct data_bundle {
    encoding encoding;
    dataset *storage[3]; /* train file, validation file, test file; NULL where there is none     */
    data_part train, validation, test;
} data_bundle;

/* Reads, splits, encodes, fits scaling. code ERROR_DATA (file:line:col where a file has lines) or
 * ERROR_CONFIG for a config that does not fit the files (no such column: nearest name). */
data_bundle *data_load(const data_config *config, const logger *log, plx_error *error);
void data_free(data_bundle *bundle);
/* Of all its datasets. */
bool data_unchanged(const data_bundle *bundle, plx_error *error);

/* Reads one more file as `encoding` says, for eval (with_targets) and predict (targets are
 * optional: a CSV may have the target column or not). `targets` is y of a pair or NULL. The log is
 * told about categories not seen in training, columns that are not used, and rows left out. Rows
 * are left out only with_targets: without, each row is to be answered, and one that `missing:
 * drop` would leave out is an error. */
dataset *data_read(const encoding *encoding, const char *path, const char *targets,
                   bool with_targets, const logger *log, plx_error *error);

/* Asks the memory for rows that data_inputs is soon to gather, which may lie anywhere in it; of many
 * rows for the first few. */
void data_expect(const data_part *part, const uint32_t *positions, size_t n);
/* Inputs of the rows at positions[0 .. n-1] of a part, (n x features), converted and scaled.
 * No allocation. Rows that cannot be read are zeros, and dataset_intact tells. */
void data_inputs(const data_part *part, const encoding *encoding, const uint32_t *positions,
                 size_t n, float *x);
/* What none of them exceeds in magnitude, in any row; 0: that is not known beforehand. */
double data_largest_input(const data_part *part, const encoding *encoding);
/* Their targets as the output layer should give them, (n x code->units), and, for classes, the
 * class index of each in label (may be NULL). smoothing 0 for anything but training. */
void data_targets(const data_part *part, const encoding *encoding, const target_code *code,
                  double smoothing, const uint32_t *positions, size_t n, float *target,
                  int32_t *label);
/* The kinds of target (PLX_TARGET_...) the part's targets are, coded and smoothed as above. */
uint32_t data_target_kinds(const data_part *part, const encoding *encoding, const target_code *code,
                           double smoothing);
/* Rows of each class in a part, (label_count). */
void data_class_counts(const data_part *part, const encoding *encoding, size_t *count);
/* SHA-256 over stored inputs and targets of a part in order, as hex: what a resume compares. */
bool data_hash(const data_part *part, char hex[65], plx_error *error);
/* Of training, validation and test rows, in one walk over each file; that of a part without rows is
 * left as it is. */
bool data_hash_parts(const data_bundle *bundle, char hex[3][65], plx_error *error);

#endif
