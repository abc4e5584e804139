/* breakdown.h: where the time of a run's steps went: what was measured (network/profile.h), the
 * work done, and how near that came to what the machine can do (limits.h); told as a table for
 * people and as an object for machines.
 *
 * Times are nanoseconds of all threads added up, so the parts and `other`, which is what is left
 * of all threads' time, make up threads * wall. With several threads, other holds their waiting. */
#ifndef TRAIN_BREAKDOWN_H
#define TRAIN_BREAKDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/profile.h"
#include "support/error.h"
#include "support/text.h"

#define BREAKDOWN_NO_LAYER SIZE_MAX

typedef struct breakdown_layer {
    size_t fan_in, units;
    char activation[33];
} breakdown_layer;

/* Memory that is gone through again and again, and how fast that can be done; 0 bytes: none. */
typedef struct breakdown_memory {
    uint64_t bytes;
    double rate; /* bytes a second                                                               */
} breakdown_memory;

typedef struct breakdown_part {
    profile_kind kind;
    size_t layer; /* BREAKDOWN_NO_LAYER: of the whole network                                    */
    uint64_t ns;
    uint64_t operations; /* floating-point ones, of a product; 0: it is none                     */
    uint64_t bytes;      /* read and written; 0: it is not bound by memory                       */
    double least;        /* seconds that operations and bytes take at their limits               */
} breakdown_part;

typedef struct breakdown {
    int threads;
    uint64_t steps;
    uint64_t wall, other; /* nanoseconds                                                         */
    breakdown_layer *layer;
    size_t layer_count;
    breakdown_part *part; /* gather, then layer by layer, then what follows them                 */
    size_t part_count;
    double operations; /* a second, of one thread, like all limits                               */
    /* what steps go through; the stored rows that gathers read; the batch that they write */
    breakdown_memory step, rows, batch;
} breakdown;

struct session;

/* Of the steps that a session has taken so far; measures the limits, which takes up to a fifth of a
 * second. NULL on failure. */
breakdown *breakdown_new(const struct session *session, plx_error *error);
void breakdown_free(breakdown *breakdown);

/* A table of at most 80 columns, unless figures are enormous. */
bool breakdown_print(const breakdown *breakdown, text *out);
/* {"event":"profile","steps":..,"threads":..,"wall_ns":..,"total_ns":..,
 *  "parts":[{"part":"forward","layer":0,"ns":..,"operations":..,"share_of_limit":..},..],
 *  "other_ns":..,"limits":{"operations_per_second":..,"step_bytes_per_second":..,..}} */
bool breakdown_json(const breakdown *breakdown, text *out);

#endif
