/* random.h: counter-based random numbers. Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011,
 * "Parallel random numbers: as easy as 1, 2, 3") turns a key and a 128-bit counter into 128 random
 * bits, so number i of a stream is a function of i: any thread may compute any part, nothing is to
 * be saved for a resume, and streams for different purposes never touch.
 *
 * key = seed; counter = (index, lane); lane = purpose * 2^56 + sub, sub the caller's (an epoch, a
 * step and layer, a column). */
#ifndef SUPPORT_RANDOM_H
#define SUPPORT_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    RANDOM_SPLIT = 1,    /* which rows are test and validation rows: from data.seed alone        */
    RANDOM_GENERATE = 2, /* generated data sets: from data.seed alone                            */
    RANDOM_INIT = 3,     /* initial weights; sub = tensor                                        */
    RANDOM_SHUFFLE = 4,  /* order of rows; sub = epoch                                           */
    RANDOM_DROPOUT = 5,  /* sub = step * 4096 + layer                                            */
    RANDOM_PLUGIN = 6,   /* host->uniform and normal                                             */
    RANDOM_RESAMPLE = 7, /* bootstrap; sub = replicate                                           */
    RANDOM_SEARCH = 8,   /* trials of a search; sub = setting                                    */
} random_purpose;

typedef struct random_stream {
    uint64_t seed, lane;
} random_stream;

/* sub must be below 2^56. */
random_stream random_open(uint64_t seed, random_purpose purpose, uint64_t sub);
/* Philox block `index` of the stream: 128 bits. */
void random_block(random_stream stream, uint64_t index, uint32_t out[4]);
/* Number `index` of the stream: uniform on [0, 1) with 53 bits; normal (Box-Muller, a block each);
 * an integer below `bound` (at least 1) without bias beyond 2^-64 * bound. */
double random_uniform(random_stream stream, uint64_t index);
double random_normal(random_stream stream, uint64_t index);
uint64_t random_below(random_stream stream, uint64_t index, uint64_t bound);
/* Numbers first .. first + n - 1 as float32 in [0, 1): the top 24 bits of word i % 4 of block
 * i / 4; normals as random_normal, rounded. Same bits however a range is split. */
void random_uniform_f32(random_stream stream, uint64_t first, size_t n, float *out);
void random_normal_f32(random_stream stream, uint64_t first, size_t n, float *out);
/* A permutation of 0 .. n-1 by Fisher-Yates. */
void random_permutation(random_stream stream, size_t n, uint32_t *out);

#endif
