/* trial.h: an optimizer plug-in at work on one of the problems, through the driver that training
 * uses: what the conformance suite and its report are made of. */
#ifndef AUTHOR_TRIAL_H
#define AUTHOR_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "author/problems.h"
#include "plugin/host.h"
#include "plugin/settings.h"
#include "support/pool.h"
#include "support/text.h"
#include "train/driver.h"

typedef struct trial_spec {
    const problem *problem;
    const settings *optimizer;
    const host *host; /* its seed, log and product; a trial has a host of its own                */
    pool *pool;       /* NULL: one thread                                                        */
    uint64_t range;   /* as driver_spec                                                          */
    driver_memory memory;
    /* Where weights and gradients come from; NULL: the heap. Named "w of layers.0.weight", ... What
     * comes from here is not given back by the trial. */
    void *(*array)(void *context, const char *name, uint64_t elements);
    /* Told that a gradient is for reading alone from now on, or to be written again; or NULL. */
    void (*protect)(void *context, void *array, bool read_only);
    void *array_context;
    double gradient_scale; /* the loss and its gradient times this; 0: 1                         */
    bool zero_gradient;    /* the gradient is zero everywhere, and the loss the start's          */
    bool any_gradient;     /* non-finite losses and gradients go to the optimizer, too           */
} trial_spec;

typedef struct trial trial;

/* At the problem's start. The spec's pointers are borrowed. */
trial *trial_new(const trial_spec *spec, plx_error *error);
void trial_free(trial *trial);

/* loss is that before the step, as the optimizer was told; done: it says it has converged. A
 * non-finite weight, loss or gradient makes finite false and is no failure; with such a loss or
 * gradient the optimizer is not asked. */
typedef struct trial_outcome {
    double loss;
    bool done, finite;
} trial_outcome;
/* One step at rate lr. False: the optimizer failed. */
bool trial_step(trial *trial, double lr, trial_outcome *outcome, plx_error *error);
/* The loss at the weights as they are, without noise and scale. */
double trial_loss(const trial *trial);
/* All weights and all slots, in a fixed order, as bytes: to compare states bit for bit. False: out
 * of memory. */
bool trial_state(const trial *trial, text *out);
/* Takes over weights, slots and the count of steps of another trial of the same spec, as a resumed
 * run does. ERROR_PLUGIN if the plans of the two differ. */
bool trial_restore(trial *trial, const struct trial *from, plx_error *error);
float *trial_weights(const trial *trial, size_t tensor);
driver *trial_driver(trial *trial);
int64_t trial_steps(const trial *trial);

#endif
