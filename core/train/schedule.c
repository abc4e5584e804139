/* schedule.c: see schedule.h.
 *
 * With s the step from 1, S the steps of an epoch, T the steps of the whole run, e = floor((s-1)/S)
 * the epochs done before step s, lr the base rate, lr_min the lowest, g = gamma:
 *
 *   constant      lr
 *   step          lr g^floor(e / every)
 *   exponential   lr g^((s-1) / S)                           g per epoch, moving with each step
 *   cosine        lr_min + (lr - lr_min)/2 (1 + cos(pi (s-1) / T))
 *                 Loshchilov and Hutter 2017, "SGDR: stochastic gradient descent with warm
 *                 restarts"
 *   linear        lr + (lr_min - lr) (s-1) / T
 *   plateau       max(lr factor, lr_min) and never above lr; factor is 1 at first and is multiplied
 *                 by g whenever `patience` epochs in a row brought no improvement
 *
 * So the first step has the rate lr under every rule, and the last one, s = T, stands one step
 * short of lr_min: a rate of 0 would be a step spent for nothing.
 *
 * With warm-up of w steps, all of it times min(1, s / w): the gradual warm-up of Goyal et al. 2017,
 * "Accurate, large minibatch SGD: training ImageNet in 1 hour", from lr / w at step 1 to lr at step
 * w.
 *
 * Plateau: an epoch improves if its loss is below best - min_delta (an absolute threshold); then it
 * is the new best and the count starts anew. A NaN loss is no improvement. When the count of epochs
 * without improvement reaches patience (a patience of 0 reads as 1), the rate is lowered and the
 * count starts anew. PyTorch's ReduceLROnPlateau(threshold_mode="abs", patience=p) lowers when its
 * count exceeds p, so it does what is done here with patience p + 1. */
#include "train/schedule.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

void schedule_init(schedule *plan, const schedule_config *config, double lr,
                   int64_t steps_per_epoch, int64_t total_steps)
{
    plan->config = config;
    plan->lr = lr;
    plan->steps_per_epoch = steps_per_epoch > 0 ? steps_per_epoch : 1;
    plan->total_steps = total_steps > 0 ? total_steps : 1;
    plan->state.factor = 1;
    plan->state.best = HUGE_VAL;
    plan->state.waited = 0;
}

static double step_rate(const schedule *plan, int64_t done)
{
    const schedule_config *config = plan->config;
    const int64_t epoch = done / plan->steps_per_epoch;
    const int64_t every = config->every > 0 ? (int64_t)config->every : 1;

    return plan->lr * pow(config->gamma, (double)(epoch / every));
}

static double plateau_rate(const schedule *plan)
{
    const double lowered = plan->lr * plan->state.factor;
    const double floor = fmin(plan->lr, plan->config->lr_min);

    return fmax(lowered, floor);
}

/* The rule's rate after `done` steps, before warm-up. */
static double rule_rate(const schedule *plan, int64_t done)
{
    const double lr = plan->lr, lr_min = plan->config->lr_min;
    const double progress = (double)done / (double)plan->total_steps;

    switch (plan->config->rule) {
    case SCHEDULE_STEP:
        return step_rate(plan, done);
    case SCHEDULE_EXPONENTIAL:
        return lr * pow(plan->config->gamma, (double)done / (double)plan->steps_per_epoch);
    case SCHEDULE_COSINE:
        return lr_min + (lr - lr_min) / 2 * (1 + cos(pi * progress));
    case SCHEDULE_LINEAR:
        return lr + (lr_min - lr) * progress;
    case SCHEDULE_PLATEAU:
        return plateau_rate(plan);
    case SCHEDULE_CONSTANT:
        break;
    }
    return lr;
}

double schedule_lr(const schedule *plan, int64_t step)
{
    const size_t warmup = plan->config->warmup;
    const double rate = rule_rate(plan, step - 1);

    if (warmup == 0 || (uint64_t)step >= warmup)
        return rate;
    return rate * ((double)step / (double)warmup);
}

bool schedule_epoch(schedule *plan, double loss)
{
    const schedule_config *config = plan->config;
    schedule_state *state = &plan->state;

    if (config->rule != SCHEDULE_PLATEAU)
        return false;
    if (loss < state->best - config->min_delta) {
        state->best = loss;
        state->waited = 0;
        return false;
    }
    state->waited++;
    if ((uint64_t)state->waited < config->patience)
        return false;
    const double before = plateau_rate(plan);
    state->waited = 0;
    state->factor *= config->gamma;
    return plateau_rate(plan) < before;
}
