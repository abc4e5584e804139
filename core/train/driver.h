/* driver.h: drives an optimizer plug-in. It plans the optimizer's memory, clips gradients, and
 * turns one training step into the calls that the plug-in's granularity asks for: fixed ranges
 * on all threads, one tensor after the other, or the whole model at once. */
#ifndef TRAIN_DRIVER_H
#define TRAIN_DRIVER_H

#include "network/network.h"
#include "plugin/host.h"
#include "plugin/settings.h"
#include "support/error.h"
#include "support/pool.h"
#include "train/slots.h"

/* Elements of a range: fixed, so that who runs what changes nothing. */
#define DRIVER_RANGE 16384

typedef struct driver_spec {
    const settings *optimizer;
    network *network; /* with its initial weights                                                */
    pool *pool;
    host *host;
    double clip_norm, clip_value; /* 0: off                                                      */
    place clip_at;                /* of the clipping in the config, for messages                 */
} driver_spec;

typedef struct driver driver;

/* Plans and allocates everything a step needs. What the spec points to is borrowed. While the
 * driver lives, the host's `evaluate` is the driver's. ERROR_PLUGIN for a plan that cannot be
 * met, ERROR_CONFIG for clipping with an optimizer that evaluates the loss itself. */
driver *driver_new(const driver_spec *spec, plx_error *error);
void driver_free(driver *driver);

/* What host->evaluate does: forward and backward on the batch at hand. */
void driver_set_closure(driver *driver, host_evaluate *evaluate, void *context);

typedef struct driver_outcome {
    bool done;   /* the optimizer reports convergence                                            */
    bool finite; /* all weights are                                                              */
} driver_outcome;

/* One step on the network's gradients, which must be finite and may be clipped in place. step
 * counts from 1; loss is the batch's. False: the optimizer failed, ERROR_PLUGIN with its name
 * and words; one that has told the host an error has failed, whatever it returned. */
bool driver_step(driver *driver, int64_t step, double lr, double loss, driver_outcome *outcome,
                 plx_error *error);

/* The root of the sum of all squared gradients, in double, in a fixed order. */
double driver_gradient_norm(driver *driver);

/* All slots, tensor by tensor, those of the model last; NULL past the end. */
size_t driver_slots(const driver *driver);
const slot *driver_slot(const driver *driver, size_t index);

/* Closures run so far; a resume sets it. */
int64_t driver_evaluations(const driver *driver);
void driver_set_evaluations(driver *driver, int64_t count);

#endif
