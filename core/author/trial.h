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
#include "train/driver.h"

typedef struct trial_spec {
    const problem *problem;
    const settings *optimizer;
    host *host;
    pool *pool;     /* NULL: one thread                                                      */
    uint64_t range; /* as driver_spec                                                        */
    driver_memory memory;
    /* Where weights and gradients come from; NULL: the heap. Named "w of layers.0.weight", ... */
    void *(*array)(void *context, const char *name, uint64_t elements);
    void *array_context;
    double gradient_scale; /* the loss and its gradient times this; 0: 1                          */
    bool zero_gradient;    /* the gradient is zero everywhere                                     */
} trial_spec;

typedef struct trial trial;

/* At the problem's start. */
trial *trial_new(const trial_spec *spec, plx_error *error);
void trial_free(trial *trial);

/* One step at rate lr. False: the optimizer failed. *loss is the loss before the step; *done: it says it has converged.
 * A non-finite weight, loss or gradient makes *finite false and is no failure. */
typedef struct trial_outcome {
    double loss;
    bool done, finite;
} trial_outcome;
bool trial_step(trial *trial, double lr, trial_outcome *outcome, plx_error *error);
/* The loss at the weights as they are, without noise. */
double trial_loss(trial *trial);
/* All weights and all slots, in a fixed order, as bytes: to compare states bit for bit. */
bool trial_state(trial *trial, text *out);
/* Takes over weights, slots and the count of steps of another trial of the same spec, as a resumed
 * run does. */
bool trial_restore(trial *trial, const struct trial *from, plx_error *error);
float *trial_weights(trial *trial, size_t tensor);
driver *trial_driver(trial *trial);
int64_t trial_steps(const trial *trial);

#endif
