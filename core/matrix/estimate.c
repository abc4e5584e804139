/* estimate.c: see estimate.h. A run that does not end in its moment is stopped, and taken to need as much
 * longer as it has steps left. */
#include "matrix/estimate.h"

#include <stdlib.h>

#include "matrix/job.h"
#include "support/memory.h"
#include "train/session.h"

/* What a run costs beside its training: a process, a row in the results. */
static const double overhead = 0.002;

/* Runs that are alike: of one problem, with one treatment. */
typedef struct sort {
    size_t runs;
    size_t first; /* a cell of it; SIZE_MAX: none is run                                         */
    double seconds;
} sort;

typedef struct estimator {
    plan *plan;
    sort *sort;
    size_t count, treatments;
} estimator;

static size_t sort_of(const estimator *e, size_t cell)
{
    const int compare = plan_spec(e->plan)->stats.compare;
    const plan_cell at = plan_cell_at(e->plan, cell);

    return at.problem * e->treatments + (compare >= 0 ? at.value[compare] : 0);
}

static size_t runs_of_cell(const plan *plan, size_t cell)
{
    const spec_protocol *protocol = &plan_spec(plan)->protocol;
    const size_t final = protocol->final_seeds.count;

    if (!plan_searches(plan, cell))
        return final;
    return final + protocol->trials * protocol->tune_seeds.count +
           (protocol->untuned_row ? final : 0);
}

static bool count_sorts(estimator *e, plx_error *error)
{
    const spec *spec = plan_spec(e->plan);
    const int compare = spec->stats.compare;

    e->treatments = compare >= 0 ? spec->axis[compare].value_count : 1;
    e->count = spec->problem_count * e->treatments;
    e->sort = memory_array(e->count, sizeof(*e->sort));
    if (e->sort == NULL)
        return error_memory(error);
    for (size_t i = 0; i < e->count; i++)
        e->sort[i].first = SIZE_MAX;
    for (size_t cell = 0; cell < plan_cells(e->plan); cell++) {
        if (plan_cell_at(e->plan, cell).skipped != NULL)
            continue;
        sort *own = &e->sort[sort_of(e, cell)];
        own->runs += runs_of_cell(e->plan, cell);
        if (own->first == SIZE_MAX)
            own->first = cell;
    }
    return true;
}

static double all_steps(const experiment *experiment, const data_bundle *data)
{
    const size_t batch = experiment->train.batch > 0 ? experiment->train.batch : data->train.rows;

    return (double)experiment->train.epochs * (double)((data->train.rows + batch - 1) / batch);
}

/* Runs it until it ends or the time is over. *seconds: what it takes; *failed: it died. */
static bool probe(estimator *e, size_t cell, double most, double *seconds, bool *failed,
                  plx_error *error)
{
    const spec *spec = plan_spec(e->plan);
    const plan_run run = {.cell = cell,
                          .phase = plan_searches(e->plan, cell) ? RUN_TUNE : RUN_FINAL,
                          .seed = spec->protocol.final_seeds.seed[0]};
    const sandbox_limits limits = {.memory = spec->limits.memory};
    experiment *experiment = plan_experiment(e->plan, &run, error);
    const data_bundle *data = experiment == NULL ? NULL : plan_data(e->plan, experiment, error);
    run_record record;

    if (data == NULL) {
        experiment_free(experiment);
        return false;
    }
    const double steps = all_steps(experiment, data), begun = session_clock();
    job *job = job_start(experiment, data, plan_catalog(e->plan), &limits, NULL, 0, error);
    if (job == NULL)
        return false;
    sandbox_child *child = job_child(job);
    while (!sandbox_is_over(child) && session_clock() - begun < most)
        sandbox_attend(&child, 1, 20);
    const bool over = sandbox_is_over(child);
    const double spent = session_clock() - begun;
    const double done = (double)job_steps(job);
    if (!job_finish(job, &record, error))
        return false;
    *failed = over && run_status_is_failure(record.status);
    *seconds = over || done == 0 ? spent : spent * steps / done;
    run_record_clear(&record);
    return true;
}

/* Sorts that were not tried take as long as those that were. */
static void sum_up(const estimator *e, double probed, estimate *estimate)
{
    const double mean = probed / (double)estimate->probes;
    size_t runs = 0;

    for (size_t i = 0; i < e->count; i++) {
        const double each = e->sort[i].seconds > 0 ? e->sort[i].seconds : mean;
        runs += e->sort[i].runs;
        estimate->all_seconds += (double)e->sort[i].runs * (each + overhead);
    }
    estimate->run_seconds = estimate->all_seconds / (double)runs;
}

bool estimate_make(plan *plan, double seconds, estimate *estimate, plx_error *error)
{
    estimator e = {.plan = plan};
    const double begun = session_clock();
    double probed = 0;
    bool good = count_sorts(&e, error);

    *estimate = (struct estimate){.probes = 0};
    for (size_t i = 0; good && i < e.count; i++) {
        bool failed = false;
        if (e.sort[i].first == SIZE_MAX || session_clock() - begun > 4 * seconds)
            continue;
        good = probe(&e, e.sort[i].first, seconds, &e.sort[i].seconds, &failed, error);
        probed += e.sort[i].seconds;
        estimate->probes++;
        estimate->failed += failed;
    }
    if (good && estimate->probes > 0)
        sum_up(&e, probed, estimate);
    free(e.sort);
    return good;
}
