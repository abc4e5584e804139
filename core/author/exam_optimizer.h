/* exam_optimizer.h: what the parts of an optimizer's exam share: a made-up problem of any size, the
 * exercise on it in guarded memory (exam_optimizer_exercise.c), the tests that stand in files of
 * their own, and the measures (exam_optimizer_measures.c). */
#ifndef AUTHOR_EXAM_OPTIMIZER_H
#define AUTHOR_EXAM_OPTIMIZER_H

#include "author/exam.h"
#include "author/problems.h"
#include "author/trial.h"

/* A bowl with this many parameters, at least one, as the weights and biases of a hidden and an
 * output layer: the first weight is taller than wide, the second the other way round, if there are
 * enough. Each element has a curvature, a centre and a start of its own. */
problem optimizer_bowl(uint64_t parameters);

exam_exercise optimizer_exercise;

/* The rate that the plug-in names, and "step_range", "step_tensor" or "step_model". */
double optimizer_rate(const plugin *optimizer);
const char *optimizer_function(const plugin *optimizer);

/* A trial with the exam's host on one thread. */
trial_spec optimizer_trial(const exam *exam, const problem *problem, const settings *settings);

enum { OPTIMIZER_PARAMETERS = 60 }; /* of the bowl that tests use                                */

/* The defaults with every decay at zero, as far as the plug-in lets it be; NULL: out of memory. */
settings *optimizer_without_decay(const exam *exam);

/* Tests. */
void optimizer_slots(exam *exam);
void optimizer_zero_gradient(exam *exam);
void optimizer_nonfinite(exam *exam);

/* Measures. */
void optimizer_scale(exam *exam);
void optimizer_sensitivity(exam *exam);
void optimizer_cost(exam *exam);

#endif
