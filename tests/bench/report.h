/* report.h: findings for people, a row a workload, and for machines. */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include <jansson.h>

#include "finding.h"
#include "workloads.h"

/* With `peers` there are columns for them. */
void report_head(bool peers);
void report_row(const workload *workload, const finding *found, bool peers);
/* What was not measured is null. */
json_t *report_json(const workload *workload, const finding *found);
json_t *report_json_spread(const spread *spread);

#endif
