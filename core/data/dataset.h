/* dataset.h: data in memory, its parts, and batches. A dataset keeps its inputs in their stored
 * type (bytes for images, float32 otherwise); a part is a list of its rows; a batch is gathered
 * from a part by position, converted and scaled on the way. Loading reads the files, splits, and
 * fits the encoding on the training part alone. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "data/encoding.h"
#include "support/log.h"

typedef struct dataset {
    char *name; /* file or generator, for messages                                               */
    size_t rows, features;
    uint8_t *bytes; /* rows x features; exactly one of bytes and floats is not NULL             */
    float *floats;  /* rows x features                                                          */
    int32_t *label; /* rows; NULL unless classes                                                */
    float *target;  /* rows x target_count, original units; NULL unless numbers                 */
    size_t target_count;
} dataset;

void dataset_free(dataset *dataset);

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

/* Reads one more file as `encoding` says, for eval (with_targets) and predict (targets are
 * optional: a CSV may have the target column or not). `targets` is y of a pair or NULL. The log is
 * told about categories not seen in training, columns that are not used, and rows left out. Rows
 * are left out only with_targets: without, each row is to be answered, and one that `missing:
 * drop` would leave out is an error. */
dataset *data_read(const encoding *encoding, const char *path, const char *targets,
                   bool with_targets, const logger *log, plx_error *error);

/* Inputs of the rows at positions[0 .. n-1] of a part, (n x features), converted and scaled.
 * No allocation. */
void data_inputs(const data_part *part, const encoding *encoding, const uint32_t *positions,
                 size_t n, float *x);
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
bool data_hash(const data_part *part, char hex[65]);

#endif
