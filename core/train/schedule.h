/* schedule.h: the learning rate of a step. All rules but plateau are functions of the step
 * alone; plateau keeps three numbers, which the checkpoint stores. Warm-up multiplies by step /
 * warmup for steps 1 .. warmup, with any rule; the rule's own clock starts at step 1 all the
 * same, so warm-up changes only the first steps. */
#ifndef TRAIN_SCHEDULE_H
#define TRAIN_SCHEDULE_H

#include <stdint.h>

#include "config/experiment.h"

typedef struct schedule_state { /* plateau */
    double factor; /* 1 at first                                                                 */
    double best;   /* infinity at first                                                          */
    int64_t waited;
} schedule_state;

typedef struct schedule {
    const schedule_config *config;
    double lr;
    int64_t steps_per_epoch, total_steps;
    schedule_state state;
} schedule;

void schedule_init(schedule *schedule, const schedule_config *config, double lr,
                   int64_t steps_per_epoch, int64_t total_steps);
/* lr of step 1 .. total_steps. The formulas stand beside the code. */
double schedule_lr(const schedule *schedule, int64_t step);
/* After an epoch, with the watched loss. Returns true if plateau lowered the rate. */
bool schedule_epoch(schedule *schedule, double loss);

#endif
