/* driver.h: drives an optimizer plug-in on a list of parameter tensors, wherever these come from.
 * It plans the optimizer's memory, clips gradients, and turns one training step into the calls that
 * the plug-in's granularity asks for: fixed ranges on all threads, one tensor after the other, or
 * the whole model at once. */
#ifndef TRAIN_DRIVER_H
#define TRAIN_DRIVER_H

#include "network/profile.h"
#include "plugin/host.h"
#include "plugin/settings.h"
#include "support/error.h"
#include "support/pool.h"
#include "train/slots.h"

/* Elements of a range: fixed, so that who runs what changes nothing. */
#define DRIVER_RANGE 16384

/* A parameter tensor: where it stands in the network, its weights and its gradient (rows x cols,
 * contiguous), and the parameter group it belongs to. */
typedef struct driver_tensor {
    const char *name; /* "layers.0.weight"                                                       */
    uint32_t role;    /* PLX_WEIGHT or PLX_BIAS                                                  */
    uint32_t layer;
    uint64_t rows, cols;
    float *w, *g;
    size_t group;
} driver_tensor;

/* Tensors that share settings and rate. With a rate of 0 they are frozen: step_range and
 * step_tensor are not called for them, and step_model is told their rate. */
typedef struct driver_group {
    const settings *optimizer; /* the same plug-in in all groups                                 */
    double lr_ratio;           /* its rate, as a multiple of the one that driver_step is given   */
} driver_group;

typedef struct driver_spec {
    const driver_tensor *tensors; /* with their initial weights; copied                          */
    size_t tensor_count;
    uint32_t layer_count;
    const driver_group *groups; /* at least one, each with a tensor or more; copied              */
    size_t group_count;
    pool *pool;
    host *host;
    double clip_norm, clip_value; /* 0: off                                                      */
    place clip_at;                /* of the clipping in the config, for messages                 */
    uint64_t range;               /* elements of a range; 0: DRIVER_RANGE                        */
    profile *profile; /* of the steps that are not taken piece by piece; NULL: none; borrowed     */
    driver_memory memory;
} driver_spec;

typedef struct driver driver;

/* Plans and allocates everything a step needs. What the spec points to is borrowed unless it says
 * otherwise. While the driver lives, the host's `evaluate` is the driver's. ERROR_PLUGIN for a plan
 * that cannot be met, ERROR_CONFIG for clipping with an optimizer that evaluates the loss itself.
 */
driver *driver_new(const driver_spec *spec, plx_error *error);
void driver_free(driver *driver);

/* What host->evaluate does: forward and backward on the batch at hand. */
void driver_set_closure(driver *driver, host_evaluate *evaluate, void *context);

typedef struct driver_outcome {
    bool done;   /* the optimizer reports convergence                                            */
    bool finite; /* all weights are                                                              */
} driver_outcome;

/* One step on the tensors' gradients, which must be finite and may be clipped in place. step counts
 * from 1; lr is the optimizer's, from which each group has its own; loss is the batch's. False: the
 * optimizer failed, ERROR_PLUGIN with its name and words; one that has told the host an error has
 * failed, whatever it returned. */
bool driver_step(driver *driver, int64_t step, double lr, double loss, driver_outcome *outcome,
                 plx_error *error);

/* The same in parts, for an optimizer whose steps go hand in hand with the way back: begin; then, if
 * driver_takes_pieces, driver_piece for every element of every tensor, concurrently for different ones,
 * as soon as its gradient is there; then the end, which without `stepped` takes the step on the
 * tensors' gradients. Both ways come to the same bits. What failed is told at the end. */
bool driver_begin(driver *driver, int64_t step, double lr, double loss, plx_error *error);
/* Whether steps are element by element, and no gradient has to be clipped before. */
bool driver_takes_pieces(const driver *driver);
/* A network_step: context is the driver, g the gradient of the n elements from `offset` on. */
void driver_piece(void *context, size_t tensor, uint64_t offset, uint64_t n, const float *g);
bool driver_end(driver *driver, bool stepped, driver_outcome *outcome, plx_error *error);

/* What a step moves for a layer's tensors, frozen ones left out: weights and slots are read and
 * written, gradients read. Nothing if the optimizer is not one of step_range, which alone goes
 * through all of that once. */
typedef struct driver_traffic {
    uint64_t moved; /* bytes                                                                     */
    uint64_t held;  /* bytes of these weights, gradients and slots                               */
} driver_traffic;

driver_traffic driver_layer_traffic(const driver *driver, size_t layer);

/* The root of the sum of all squared gradients, in double, in a fixed order. */
double driver_gradient_norm(driver *driver);

/* All slots, tensor by tensor, those of the model last, group by group; NULL past the end. */
size_t driver_slots(const driver *driver);
const slot *driver_slot(const driver *driver, size_t index);

/* Closures run so far; a resume sets it. */
int64_t driver_evaluations(const driver *driver);
void driver_set_evaluations(driver *driver, int64_t count);

#endif
