/* descent.h: a whole run of an optimizer on one of the problems at one learning rate, and the rates
 * that are tried. */
#ifndef AUTHOR_DESCENT_H
#define AUTHOR_DESCENT_H

#include <jansson.h>
#include <stdbool.h>

#include "author/problems.h"
#include "plugin/host.h"
#include "plugin/settings.h"

typedef struct descent {
    const problem *problem;
    const settings *optimizer;
    const host *host;
    double lr;
    int steps;
    double enough; /* it ends once the share is down to this; 0: never                           */
    json_t *path;  /* of a plane problem: an object that gets "x", "y" and "loss"; or NULL       */
} descent;

/* Losses are without noise. */
typedef struct descended {
    double start, end;
    double share; /* (end - minimum) / (start - minimum); infinite if it diverged or failed      */
    bool failed;  /* the optimizer said so, or could not be set up                               */
} descended;

descended descent_run(const descent *how);

/* The rates: 0 .. DESCENT_RATES - 1, in half decades from base / 1000 to base * 1000. */
enum { DESCENT_RATES = 13 };
double descent_rate(double base, int index);

#endif
