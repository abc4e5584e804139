/* slots.h: the memory an optimizer has planned for one tensor or for the model, owned by the
 * core and stored in checkpoints by its path; and where that memory comes from. */
#ifndef TRAIN_SLOTS_H
#define TRAIN_SLOTS_H

#include "plugin/slots.h"

/* Where slots, scratch and constants come from; all zero: the heap. `take` returns zeroed memory
 * aligned to `alignment` bytes, or NULL; `give` takes it back. */
typedef struct driver_memory {
    void *(*take)(void *context, uint64_t bytes, size_t alignment);
    void (*give)(void *context, void *memory);
    void *context;
} driver_memory;

/* Zeroed memory, from the heap always 64-byte aligned; NULL: there is none. */
void *driver_take(const driver_memory *memory, uint64_t bytes, size_t alignment);
void driver_give(const driver_memory *memory, void *taken); /* NULL is fine */

typedef struct slot {
    slot_plan plan;
    char *path; /* "slots.layers.0.weight.momentum"                                              */
    void *data; /* rows x cols, aligned to 64 bytes on the heap                                  */
} slot;

uint64_t slot_bytes(const slot *slot); /* of its data */

typedef struct slot_set {
    slot *slot;
    size_t count;
    void **data;      /* each slot's data in order, as a step receives them                      */
    uint64_t scratch; /* the largest working memory asked for, in bytes                          */
} slot_set;

/* Asks the optimizer what `tensor` needs, allocates it and fills in the first values. What
 * starts as a copy of the weights is left to the caller. ERROR_PLUGIN for a plan that is
 * refused. On failure the set is to be cleared, too, with the same memory. */
bool slot_set_make(slot_set *set, const settings *optimizer, const plx_tensor *tensor,
                   host *services, const driver_memory *memory, plx_error *error);
void slot_set_clear(slot_set *set, const driver_memory *memory);

#endif
