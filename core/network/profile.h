/* profile.h: where the time of training steps goes. Whoever does a piece of the work adds its time
 * to a cell, for its thread, layer and kind, and may count the work done; without a profile (NULL)
 * nothing is measured, and the clock is not asked. */
#ifndef NETWORK_PROFILE_H
#define NETWORK_PROFILE_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    PROFILE_GATHER,     /* rows of a batch, converted                                            */
    PROFILE_FORWARD,    /* X W'                                                                  */
    PROFILE_ACTIVATION, /* bias, f(Z), dropout                                                   */
    PROFILE_LOSS,       /* and its gradient                                                      */
    PROFILE_BELOW,      /* dZ W                                                                  */
    PROFILE_DERIVATIVE, /* dZ of the layer from its dX                                           */
    PROFILE_CHECK,      /* whether all gradients are finite, or certain to be                    */
    PROFILE_GRADIENT,   /* dZ' X, and the bias's                                                 */
    PROFILE_STEP,       /* the optimizer, and clipping before it                                 */
    PROFILE_KINDS,
} profile_kind;

typedef struct profile profile;

/* NULL without memory. */
profile *profile_new(size_t layers, int threads);
void profile_free(profile *profile);
/* Nanoseconds of the monotonic clock; 0 without a profile. */
uint64_t profile_now(const profile *profile);
/* Adds the time since `since` to a cell; returns the time now. Threads do not share cells. What
 * belongs to no layer stands with layer 0. */
uint64_t profile_add(profile *profile, int thread, size_t layer, profile_kind kind, uint64_t since);
/* Adds to the work of a cell: floating-point operations of a product, rows of a gather. */
void profile_count(profile *profile, int thread, size_t layer, profile_kind kind, uint64_t work);
/* Nanoseconds, and work, of all threads together. */
uint64_t profile_time(const profile *profile, size_t layer, profile_kind kind);
uint64_t profile_work(const profile *profile, size_t layer, profile_kind kind);

#endif
