/* runner_tally.c: who leads so far, for a display; verdicts are the analysis's. */
#include <math.h>
#include <stdlib.h>

#include "matrix/runner_internal.h"
#include "support/memory.h"

typedef struct standing {
    double sum; /* of scores: more is better                                                     */
    size_t runs, failures;
} standing;

struct tally {
    const plan *plan;
    const axis *compared; /* NULL: nothing is compared                                           */
    size_t axis;
    standing *of; /* each treatment                                                              */
};

tally *tally_new(const plan *plan)
{
    const spec *spec = plan_spec(plan);
    tally *made = memory_array(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->plan = plan;
    if (spec->stats.compare >= 0) {
        made->axis = (size_t)spec->stats.compare;
        made->compared = &spec->axis[made->axis];
        made->of = memory_array(made->compared->value_count, sizeof(*made->of));
        if (made->of == NULL) {
            free(made);
            return NULL;
        }
    }
    return made;
}

void tally_free(tally *tally)
{
    if (tally != NULL)
        free(tally->of);
    free(tally);
}

void tally_add(tally *tally, const plan_run *run, const run_record *record)
{
    if (tally->compared == NULL || run->phase != RUN_FINAL)
        return;
    const plan_cell cell = plan_cell_at(tally->plan, run->cell);
    const metric_name_at figure = plan_report_metric(tally->plan, cell.problem);
    standing *own = &tally->of[cell.value[tally->axis]];
    const double score = run_record_score(record, figure.part, figure.metric);

    own->runs++;
    if (score > -HUGE_VAL)
        own->sum += score;
    else
        own->failures++;
}

/* Whether every problem is measured by the same figure. */
static bool is_one_figure(const plan *plan, metric_name_at *figure)
{
    *figure = plan_report_metric(plan, 0);
    for (uint32_t i = 1; i < plan_spec(plan)->problem_count; i++) {
        const metric_name_at other = plan_report_metric(plan, i);
        if (other.part != figure->part || other.metric != figure->metric)
            return false;
    }
    return true;
}

static double mean_of(const standing *standing)
{
    return standing->sum / (double)(standing->runs - standing->failures);
}

/* Whether a stands before b, which may have no runs. */
static bool leads(const standing *a, const standing *b)
{
    if (a->runs == a->failures)
        return false;
    if (b == NULL)
        return true;
    const double share_a = (double)a->failures / (double)a->runs;
    const double share_b = (double)b->failures / (double)b->runs;
    return share_a != share_b ? share_a < share_b : mean_of(a) > mean_of(b);
}

const char *tally_leader(const tally *tally, double *mean, metric_name_at *metric)
{
    const standing *best = NULL;

    if (tally->compared == NULL || !is_one_figure(tally->plan, metric))
        return NULL;
    for (size_t i = 0; i < tally->compared->value_count; i++)
        if (leads(&tally->of[i], best))
            best = &tally->of[i];
    if (best == NULL)
        return NULL;
    *mean = run_score_figure(mean_of(best), metric->metric);
    return tally->compared->value[best - tally->of].label;
}
