/* runner.c: see runner.h.
 *
 * A worker is a slot of the launcher: its run, and which entries of the plan the run will answer, several if
 * cells come to the same run. The loop fills free slots with the plan's next runs, waits for
 * one to end, stores what ended. The launcher is there before the database is opened, which no other process may
 * inherit. Final runs of cells that search a setting need the best trial, so they wait
 * until the last tuning run is stored. */
#include "matrix/runner.h"

#include <math.h>
#include <sched.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "matrix/analysis.h"
#include "matrix/launcher.h"
#include "matrix/runner_internal.h"
#include "support/memory.h"
#include "support/text.h"
#include "train/rundir.h"
#include "train/session.h"

enum {
    WAIT = 200, /* milliseconds until the stop flag is looked at again                           */
    TURN = 500, /* runs that are taken before ends and progress are looked after                 */
};

/* Not all of a cell's trials have been run. */
static const uint32_t NO_TRIAL = UINT32_MAX;

typedef struct slot_entry {
    plan_run run;
    char *label;
} slot_entry;

typedef struct worker {
    bool busy;
    char identity[65];
    char *config;
    slot_entry *entry;
    size_t entry_count, entry_capacity;
} worker;

typedef struct runner {
    plan *plan;
    const runner_options *options;
    const runner_hooks *hooks;
    store *store;
    launcher *launcher;
    worker *worker;
    size_t slots; /* runs that are ordered at a time: those that run, and as many that wait for one
                       to end, so that no processor does                                         */
    size_t running; /* the ordered ones                                                          */
    size_t next; /* run of the plan                                                              */
    bool chosen; /* the best trials are known                                                    */
    uint32_t *choice; /* of each cell; NO_TRIAL                                                  */
    void *failed;     /* identities whose failure is of this call: a tree of tsearch's           */
    double begun;
    runner_result result;
    tally *tally;
} runner;

size_t runner_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
        return (size_t)CPU_COUNT(&set);
    return 1;
}

/* ---- workers --------------------------------------------------------------------------------- */

static void clear_worker(worker *worker)
{
    for (size_t i = 0; i < worker->entry_count; i++)
        free(worker->entry[i].label);
    free(worker->config);
    worker->entry_count = 0;
    worker->config = NULL;
    worker->busy = false;
}

static bool add_entry(runner *r, worker *worker, const plan_run *run, plx_error *error)
{
    char *label = plan_label(r->plan, run->cell);

    if (label == NULL || memory_grow(&worker->entry, &worker->entry_capacity,
                                     worker->entry_count + 1, sizeof(*worker->entry)) == NULL) {
        free(label);
        return error_memory(error);
    }
    worker->entry[worker->entry_count++] = (slot_entry){*run, label};
    return true;
}

static worker *find_free(runner *r)
{
    for (size_t i = 0; i < r->slots; i++)
        if (!r->worker[i].busy)
            return &r->worker[i];
    return NULL;
}

static worker *find_running(runner *r, const char *identity)
{
    for (size_t i = 0; i < r->slots; i++)
        if (r->worker[i].busy && strcmp(r->worker[i].identity, identity) == 0)
            return &r->worker[i];
    return NULL;
}

/* ---- which trial is best --------------------------------------------------------------------- */

/* Walks through the tuning results, which come cell by cell in the plan's order. */
typedef struct chooser {
    runner *runner;
    size_t cell; /* whose scores are being collected; SIZE_MAX: none yet                         */
    char *label;
    double *score; /* trials x seeds                                                             */
    size_t scores; /* of these, so far                                                           */
} chooser;

static void conclude(chooser *c)
{
    const spec_protocol *protocol = &plan_spec(c->runner->plan)->protocol;
    const size_t trials = protocol->trials, seeds = protocol->tune_seeds.count;

    if (c->cell == SIZE_MAX || c->scores < trials * seeds)
        return;
    const size_t best = analysis_choose(c->score, trials, seeds);
    c->runner->choice[c->cell] = best == SIZE_MAX ? 0 : (uint32_t)best;
}

/* Moves on to the cell of that label. */
static bool move_to(chooser *c, const char *label, plx_error *error)
{
    const plan *plan = c->runner->plan;
    const spec_protocol *protocol = &plan_spec(plan)->protocol;

    if (c->label != NULL && strcmp(c->label, label) == 0)
        return true;
    conclude(c);
    do {
        free(c->label);
        c->cell = c->cell == SIZE_MAX ? 0 : c->cell + 1;
        c->label = c->cell < plan_cells(plan) ? plan_label(plan, c->cell) : NULL;
        if (c->label == NULL)
            return error_set(error, ERROR_DATA, "the stored tuning runs are not those of the plan");
    } while (strcmp(c->label, label) != 0);
    for (size_t i = 0; i < protocol->trials * protocol->tune_seeds.count; i++)
        c->score[i] = -(double)INFINITY;
    c->scores = 0;
    return true;
}

static bool visit_trial(void *context, const store_result *result, plx_error *error)
{
    chooser *c = context;
    const spec_protocol *protocol = &plan_spec(c->runner->plan)->protocol;
    const seed_list *seeds = &protocol->tune_seeds;

    if (!move_to(c, result->cell, error))
        return false;
    const uint32_t problem = plan_cell_at(c->runner->plan, c->cell).problem;
    for (size_t i = 0; i < seeds->count && result->trial < protocol->trials; i++)
        if (seeds->seed[i] == result->seed) {
            c->score[result->trial * seeds->count + i] = run_record_score(
                result->record, RECORD_VALIDATION, plan_select_metric(c->runner->plan, problem));
            c->scores++;
        }
    return true;
}

static bool choose_trials(runner *r, plx_error *error)
{
    const spec_protocol *protocol = &plan_spec(r->plan)->protocol;
    chooser c = {.runner = r, .cell = SIZE_MAX};

    for (size_t i = 0; i < plan_cells(r->plan); i++)
        r->choice[i] = NO_TRIAL;
    c.score = memory_array(protocol->trials * protocol->tune_seeds.count + 1, sizeof(*c.score));
    bool good = c.score != NULL || error_memory(error);
    good = good && store_visit(r->store, RUN_TUNE, false, visit_trial, &c, error);
    if (good)
        conclude(&c);
    free(c.label);
    free(c.score);
    r->chosen = good;
    return good;
}

/* Says which trial a final run takes its values from; NO_TRIAL while that is open. */
static bool settle_trial(runner *r, plan_run *run, plx_error *error)
{
    if (run->phase == RUN_TUNE)
        return true;
    if (!r->chosen && !choose_trials(r, error))
        return false;
    if (run->phase == RUN_FINAL && plan_searches(r->plan, run->cell))
        run->trial = r->choice[run->cell];
    return true;
}

/* A final run is trial 0: which trial it took its values from is chosen anew from the tuning runs. */
static store_entry entry_of(const plan_run *run, const char *label)
{
    return (store_entry){label, run->phase, run->phase == RUN_TUNE ? run->trial : 0, run->seed};
}

/* ---- starting -------------------------------------------------------------------------------- */

static void tell_progress(runner *r)
{
    if (r->hooks->progress == NULL)
        return;
    runner_progress progress = {.all = r->result.all,
                                .done = r->result.done,
                                .failed = r->result.failed,
                                .running = r->running < r->options->workers ? r->running
                                                                            : r->options->workers,
                                .seconds = session_clock() - r->begun,
                                .left = -1};
    const size_t ran = r->result.ran;
    if (ran > 0)
        progress.left = progress.seconds / (double)ran * (double)(progress.all - progress.done);
    progress.leader = tally_leader(r->tally, &progress.leader_mean, &progress.leader_metric);
    r->hooks->progress(r->hooks->context, &progress);
}

/* Counts a run of the plan that is answered. */
static void count(runner *r, run_status status)
{
    r->result.done++;
    if (run_status_is_failure(status))
        r->result.failed++;
}

static bool start(runner *r, const plan_run *run, const experiment *experiment,
                  const char *identity, plx_error *error)
{
    worker *worker = find_free(r);
    const data_bundle *data = plan_data(r->plan, experiment, error);
    text config = {0};

    if (data == NULL || !experiment_print(experiment, PRINT_ALL, &config) ||
        !add_entry(r, worker, run, error)) {
        free(config.bytes);
        return error_memory(error);
    }
    const launcher_order order = {.run = *run, .epochs = experiment->train.epochs};
    memcpy(worker->identity, identity, sizeof(worker->identity));
    worker->config = config.bytes;
    worker->busy = true;
    r->running++;
    return launcher_run(r->launcher, (size_t)(worker - r->worker), &order, error);
}

static int compare_identities(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Notes that a run failed now, so that no further cell has it done again. */
static bool note_failure(runner *r, const char *identity, plx_error *error)
{
    char *copy = memory_string(identity);
    char **found = copy == NULL ? NULL : tsearch(copy, &r->failed, compare_identities);

    if (found == NULL || *found != copy)
        free(copy);
    return found != NULL || error_memory(error);
}

/* Whether a stored run of that status is to be done again: a failure of an earlier call, but what
 * diverged would diverge. */
static bool is_to_be_retried(const runner *r, const char *identity, run_status status)
{
    return r->options->retry && run_status_is_failure(status) && status != RUN_DIVERGED &&
           tfind(identity, &r->failed, compare_identities) == NULL;
}

/* The searched settings of a run, for the store: values are new strings. */
static bool list_values(const runner *r, const plan_run *run, store_value *value, size_t *count,
                        plx_error *error)
{
    const search_range *range[SPEC_MOST_RANGES];
    char *texts[SPEC_MOST_RANGES];

    *count = 0;
    if (!plan_searches(r->plan, run->cell) || run->phase == RUN_UNTUNED)
        return true;
    if (!plan_trial_values(r->plan, run->cell, run->trial, texts, error))
        return false;
    *count = plan_ranges(r->plan, run->cell, range);
    for (size_t i = 0; i < *count; i++)
        value[i] = (store_value){range[i]->path, texts[i]};
    return true;
}

/* The stored run of that identity is what `run`, of a cell with that label, comes to. */
static bool answer(runner *r, const plan_run *run, const char *label, const char *identity,
                   plx_error *error)
{
    const store_entry entry = entry_of(run, label);
    store_value value[SPEC_MOST_RANGES];
    size_t count = 0;

    if (!list_values(r, run, value, &count, error))
        return false;
    const bool good = store_add_values(r->store, identity, value, count, error) &&
                      store_add_entry(r->store, &entry, identity, error);
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)value[i].value);
    return good;
}

/* The same of a cell whose label is not at hand. */
static bool answer_unlabelled(runner *r, const plan_run *run, const char *identity,
                              plx_error *error)
{
    char *label = plan_label(r->plan, run->cell);
    const bool good = label != NULL ? answer(r, run, label, identity, error) : error_memory(error);

    free(label);
    return good;
}

/* A run of that identity is there: the entry is answered, unless it is to be done again. */
static bool reuse(runner *r, const plan_run *run, const char *identity, bool *reused,
                  plx_error *error)
{
    run_status status;

    *reused = false;
    if (!store_has_run(r->store, identity, &status, error))
        return false;
    if (status == RUN_STATUS_COUNT)
        return true;
    if (is_to_be_retried(r, identity, status))
        return store_drop_run(r->store, identity, error);
    *reused = true;
    count(r, status);
    return answer_unlabelled(r, run, identity, error);
}

/* Has the run done: by what is stored, by one that is running, or by a new process. */
static bool take(runner *r, const plan_run *run, plx_error *error)
{
    char identity[65];
    bool reused = false;
    experiment *experiment = plan_experiment(r->plan, run, error);

    if (experiment == NULL)
        return false;
    bool good = plan_identity(r->plan, experiment, identity, error) &&
                reuse(r, run, identity, &reused, error);
    worker *same = good && !reused ? find_running(r, identity) : NULL;
    if (same != NULL)
        good = add_entry(r, same, run, error);
    if (good && !reused && same == NULL)
        good = start(r, run, experiment, identity, error);
    experiment_free(experiment);
    return good;
}

static bool is_tuning(const runner *r)
{
    for (size_t i = 0; i < r->slots; i++)
        for (size_t e = 0; r->worker[i].busy && e < r->worker[i].entry_count; e++)
            if (r->worker[i].entry[e].run.phase == RUN_TUNE)
                return true;
    return false;
}

static bool is_told_to_stop(const runner *r)
{
    return r->hooks->stop != NULL && *r->hooks->stop != 0;
}

static bool should_stop(runner *r)
{
    const double most = plan_spec(r->plan)->limits.total_seconds;

    if (is_told_to_stop(r))
        r->result.outcome = RUNNER_STOPPED;
    else if (most > 0 && session_clock() - r->begun > most)
        r->result.outcome = RUNNER_OUT_OF_TIME;
    return r->result.outcome != RUNNER_COMPLETED;
}

/* Fills the free slots, as far as a turn goes: what is stored needs none. *goes_on: the turn is over with
 * slots free and runs left. */
static bool fill(runner *r, bool *goes_on, plx_error *error)
{
    const size_t left = r->result.all - r->next;
    const size_t end = r->next + (left < TURN ? left : TURN);
    bool good = store_begin(r->store, error);

    while (good && r->running < r->slots && r->next < end && !should_stop(r)) {
        plan_run run = plan_run_at(r->plan, r->next);
        if (run.phase != RUN_TUNE && !r->chosen && is_tuning(r))
            break;
        good = settle_trial(r, &run, error) && take(r, &run, error);
        r->next++;
    }
    *goes_on = r->next == end && end < r->result.all && r->running < r->slots;
    if (good)
        return store_commit(r->store, error);
    store_rollback(r->store);
    return false;
}

/* ---- storing --------------------------------------------------------------------------------- */

static bool store_worker(runner *r, const worker *worker, const run_record *record,
                         plx_error *error)
{
    char started[32];
    store_run run = {.config = worker->config, .started = started, .record = record};

    rundir_ago(record->seconds, started);
    memcpy(run.identity, worker->identity, sizeof(run.identity));
    bool good = store_add_run(r->store, &run, error);
    for (size_t i = 0; good && i < worker->entry_count; i++) {
        const slot_entry *entry = &worker->entry[i];
        good = answer(r, &entry->run, entry->label, worker->identity, error);
    }
    return good;
}

/* A worker whose run is over. */
static bool finish(runner *r, worker *worker, const run_record *record, plx_error *error)
{
    bool good = store_worker(r, worker, record, error);

    if (good && r->options->retry && run_status_is_failure(record->status))
        good = note_failure(r, worker->identity, error);
    for (size_t i = 0; good && i < worker->entry_count; i++) {
        count(r, record->status);
        tally_add(r->tally, &worker->entry[i].run, record);
    }
    r->result.ran += good;
    r->running--;
    clear_worker(worker);
    return good;
}

/* Waits for an end, and stores all that ended, as a whole. */
static bool collect(runner *r, int milliseconds, plx_error *error)
{
    launcher_end end;
    bool begun = false;
    bool good = launcher_next(r->launcher, milliseconds, &end, error);

    while (good && end.slot != SIZE_MAX) {
        good = begun || store_begin(r->store, error);
        begun = true;
        good = good && finish(r, &r->worker[end.slot], &end.record, error);
        run_record_clear(&end.record);
        good = good && launcher_next(r->launcher, 0, &end, error);
    }
    if (good)
        return !begun || store_commit(r->store, error);
    store_rollback(r->store);
    return false;
}

/* ---- what was there before ------------------------------------------------------------------- */

/* Answers the entry if its run is there and is not to be done again. */
static bool find_answer(runner *r, const plan_run *run, plx_error *error)
{
    char identity[65];
    run_status status;
    experiment *experiment = plan_experiment(r->plan, run, error);

    if (experiment == NULL)
        return false;
    bool good = plan_identity(r->plan, experiment, identity, error) &&
                store_has_run(r->store, identity, &status, error);
    if (good && status != RUN_STATUS_COUNT && !is_to_be_retried(r, identity, status))
        good = answer_unlabelled(r, run, identity, error);
    experiment_free(experiment);
    return good;
}

/* Entries of a plan before may be answered by runs that this plan would not make: they are answered
 * anew. */
static bool find_answers(runner *r, plx_error *error)
{
    size_t before = 0;
    bool good = store_forget_entries(r->store, &before, error);

    for (size_t i = 0; good && before > 0 && i < r->result.all && !is_told_to_stop(r); i++) {
        plan_run run = plan_run_at(r->plan, i);
        good = settle_trial(r, &run, error);
        if (good && run.trial != NO_TRIAL)
            good = find_answer(r, &run, error);
    }
    r->chosen = false;
    return good;
}

/* Makes the results those of this plan, or leaves them as they are. */
static bool announce(runner *r, plx_error *error)
{
    bool changed = false;

    if (!store_begin(r->store, error))
        return false;
    bool good = runner_announce(r->plan, r->store, &changed, error);
    if (good && (changed || r->options->retry))
        good = find_answers(r, error);
    if (good && !is_told_to_stop(r))
        return store_commit(r->store, error);
    store_rollback(r->store);
    return good;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool loop(runner *r, plx_error *error)
{
    bool good = true, goes_on = false;

    tell_progress(r);
    while (good && !should_stop(r) && (r->running > 0 || r->next < r->result.all)) {
        good = fill(r, &goes_on, error);
        if (good && r->running > 0)
            good = collect(r, goes_on ? 0 : WAIT, error);
        tell_progress(r);
    }
    return good;
}

static bool open_runner(runner *r, plx_error *error)
{
    const size_t workers = r->options->workers;

    r->slots = 2 * workers;
    r->worker = memory_array(r->slots, sizeof(*r->worker));
    r->choice = memory_array(plan_cells(r->plan), sizeof(*r->choice));
    r->tally = tally_new(r->plan);
    if (r->worker == NULL || r->choice == NULL || r->tally == NULL)
        return error_memory(error);
    r->launcher = launcher_start(r->plan, r->slots, workers, error);
    if (r->launcher == NULL)
        return false;
    r->store = store_open(r->options->folder, true, true, error);
    return r->store != NULL && announce(r, error);
}

static void close_runner(runner *r)
{
    launcher_stop(r->launcher);
    for (size_t i = 0; r->worker != NULL && i < r->slots; i++) {
        clear_worker(&r->worker[i]);
        free(r->worker[i].entry);
    }
    free(r->worker);
    free(r->choice);
    tally_free(r->tally);
    tdestroy(r->failed, free);
    store_close(r->store);
}

bool runner_run(plan *plan, const runner_options *options, const runner_hooks *hooks,
                runner_result *result, plx_error *error)
{
    runner r = {.plan = plan, .options = options, .hooks = hooks, .begun = session_clock()};

    r.result.all = plan_runs(plan);
    const bool good = open_runner(&r, error) && loop(&r, error);
    r.result.seconds = session_clock() - r.begun;
    if (r.result.done == r.result.all)
        r.result.outcome = RUNNER_COMPLETED;
    *result = r.result;
    close_runner(&r);
    return good;
}
