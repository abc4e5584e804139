/* driver_internal.h: what a driver is made of, for its two parts: driver_plan.c makes it, driver.c
 * steps with it. */
#ifndef TRAIN_DRIVER_INTERNAL_H
#define TRAIN_DRIVER_INTERNAL_H

#include <stdatomic.h>

#include "train/driver.h"

enum { DRIVER_MOST_SLOTS = 16 }; /* of a tensor that is stepped on piece by piece */

/* A piece of one tensor. */
typedef struct range {
    size_t tensor;
    uint64_t offset, n;
    float *w, *g;
    void **slot; /* each slot of the tensor, at the range's offset                               */
    int32_t status;
    bool finite;
    double squares;
} range;

/* What stands behind a driver_group. */
typedef struct group {
    const void *self;
    double lr_ratio;
    uint64_t parameters;
    slot_set model_slots;
    void *constants;
    plx_step step; /* of the group; its tensors' steps are copies of it                          */
} group;

struct driver {
    driver_spec spec; /* its lists are not looked at again                                       */
    const plugin *plugin;
    const plx_optimizer *optimizer;
    driver_tensor *tensor;
    size_t tensor_count;
    group *group;
    size_t group_count; /* with model slots and constants: one alone for step_model              */
    uint64_t parameters;
    slot_set *tensor_slots; /* one set a tensor                                                  */
    void *scratch;
    range *ranges;
    size_t range_count;
    void **range_slots;
    plx_parameter *parameter; /* what step_model is given, and pointers to it                    */
    const plx_parameter **parameter_list;
    float clip_factor;
    host_evaluate *closure;
    void *closure_context;
    bool in_step_model;
    uint64_t since; /* for the profile: when step_model began, or went on after a closure        */
    bool takes_pieces;
    double lr;          /* of the step at hand                                                   */
    atomic_int status;  /* the worst so far                                                      */
    atomic_bool broken; /* a piece's weights are not finite                                      */
    int64_t evaluations;
};

/* Fills in a driver of which the spec, the plug-in and its optimizer are known: lists, slots,
 * constants, scratch, ranges. What a failure leaves half made, driver_plan_clear gives back. */
bool driver_plan(driver *driver, plx_error *error);
void driver_plan_clear(driver *driver);

#endif
