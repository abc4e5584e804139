/* plan_text.h: a plan for people and for machines: its cells, what is skipped and why, the runs each
 * treatment gets, how long it will take, and whether it can come to a verdict at all. */
#ifndef MATRIX_PLAN_TEXT_H
#define MATRIX_PLAN_TEXT_H

#include "matrix/estimate.h"
#include "matrix/plan.h"
#include "support/text.h"

/* `workers` share the work. False without memory. */
bool plan_text(const plan *plan, const estimate *estimate, size_t workers, text *out);
/* One JSON object. */
bool plan_json(const plan *plan, const estimate *estimate, size_t workers, text *out);

/* How many pairs of runs a verdict has, and how many it takes at least: Holm's correction over the
 * comparisons of the spec. */
void plan_power(const spec *spec, size_t *pairs, size_t *least);

#endif
