/* batches.h: the training rows of an epoch in their order, batch by batch, with targets and
 * weights. The order depends on seed and epoch alone; the last, partial batch is kept. */
#ifndef TRAIN_BATCHES_H
#define TRAIN_BATCHES_H

#include "config/experiment.h"
#include "data/dataset.h"
#include "support/error.h"
#include "support/pool.h"

typedef struct batches {
    const data_part *part; /* borrowed, like encoding and code                                   */
    const encoding *encoding;
    const target_code *code;
    const double *class_weight; /* NULL: none; borrowed                                          */
    pool *pool;                 /* to gather with; NULL: none; borrowed                          */
    double smoothing;
    bool gives_labels; /* the loss may see class indexes: classes, not softened                  */
    size_t size;       /* rows of a whole batch                                                  */
    size_t count;      /* batches of an epoch                                                    */
    uint32_t *order;   /* the epoch's rows, positions in the part                                */
    bool loaded;       /* they are all in the batch at hand, which stays as it is                */
    /* the batch at hand */
    size_t rows;
    double weight; /* sum of its row weights                                                     */
    float *x, *target;
    int32_t *label;
    float *row_weight;
} batches;

/* batch 0: all rows. Clear it in either case. */
bool batches_init(batches *batches, const data_part *part, const encoding *encoding,
                  const target_code *code, const double *class_weight, double smoothing,
                  size_t batch, plx_error *error);
void batches_clear(batches *batches);
/* Orders the rows of an epoch, from 1. A batch of all rows is not shuffled: it is the same in any order. */
void batches_order(batches *batches, bool shuffle, uint64_t seed, int64_t epoch);
/* Gathers batch `index`, unless it is there already. No allocation. */
void batches_load(batches *batches, size_t index);
/* Bytes that are read and written to gather a row. */
typedef struct batches_traffic {
    size_t read, written;
} batches_traffic;

batches_traffic batches_row_traffic(const batches *batches);
/* What a loss is given: NULL where there is none. */
const int32_t *batches_label(const batches *batches);
const float *batches_row_weight(const batches *batches);
/* 1 / weight; 0 for a batch whose rows all weigh nothing. */
double batches_scale(const batches *batches);

#endif
