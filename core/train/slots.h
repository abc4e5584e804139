/* slots.h: the memory an optimizer has planned for one tensor or for the model, owned by the
 * core and stored in checkpoints by its path. */
#ifndef TRAIN_SLOTS_H
#define TRAIN_SLOTS_H

#include "plugin/slots.h"

typedef struct slot {
    slot_plan plan;
    char *path; /* "slots.layers.0.weight.momentum"                                              */
    void *data; /* rows x cols, 64-byte aligned                                                  */
} slot;

typedef struct slot_set {
    slot *slot;
    size_t count;
    void **data;      /* each slot's data in order, as a step receives them                      */
    uint64_t scratch; /* the largest working memory asked for, in bytes                          */
} slot_set;

/* Asks the optimizer what `tensor` needs, allocates it and fills in the first values. What
 * starts as a copy of the weights is left to the caller. ERROR_PLUGIN for a plan that is
 * refused. On failure the set is to be cleared, too. */
bool slot_set_make(slot_set *set, const settings *optimizer, const plx_tensor *tensor,
                   host *services, plx_error *error);
void slot_set_clear(slot_set *set);

#endif
