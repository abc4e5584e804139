/* job.c: see job.h.
 *
 * Parent and child share a board: memory in which the child notes its steps and its learning curve as it
 * goes, without a system call, so that what a run did before it died is known however it died.
 * Everything else is written to the channel at the end, one answer. The board is written by code that
 * may have gone wrong: what is read from it is bounded, and belongs to that run alone, as later
 * children do not inherit it. */
#include "matrix/job.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "support/memory.h"
#include "train/train.h"

typedef struct board {
    volatile int64_t steps;
    volatile size_t epochs;
    run_epoch epoch[]; /* as many as the experiment has epochs                                   */
} board;

struct job {
    job_maker *make; /* NULL: the next two are there                                             */
    void *context;
    experiment *experiment;
    const data_bundle *data;
    size_t epochs; /* that the board has room for                                                */
    catalog *catalog;
    sandbox_limits limits;
    sandbox_child *child;
    board *board;
    size_t board_bytes;
};

/* What the child answers. */
typedef struct answer {
    bool ok;
    train_status status;
    int64_t epochs, steps, evaluations, parameters, state_bytes, best_epoch;
    double seconds, train_loss;
    double value[RECORD_PARTS][METRIC_COUNT];
    char weights[65];
    char reason[512];
} answer;

/* ---- in the child ---- */

static void note_step(void *context, const train_progress *progress)
{
    board *board = context;

    board->steps = progress->step;
}

static void note_epoch(void *context, const train_epoch *epoch)
{
    board *board = context;
    run_epoch *noted = &board->epoch[epoch->progress.epoch - 1];

    *noted = (run_epoch){.epoch = epoch->progress.epoch,
                         .step = epoch->progress.step,
                         .evaluations = epoch->progress.evaluations,
                         .train_loss = epoch->train_loss,
                         .lr = epoch->progress.lr,
                         .seconds = epoch->progress.seconds};
    for (int m = 0; m < METRIC_COUNT; m++)
        noted->validation[m] =
            epoch->has_validation && epoch->has[m] ? epoch->value[m] : (double)NAN;
    board->epochs = (size_t)epoch->progress.epoch;
}

static void copy_figures(const metrics *from, double to[METRIC_COUNT])
{
    for (int m = 0; m < METRIC_COUNT; m++)
        if (from == NULL || !metrics_value(from, (metric)m, &to[m]))
            to[m] = (double)NAN;
}

static void fill_answer(answer *made, const train_result *result)
{
    made->status = result->status;
    made->epochs = result->epochs;
    made->steps = result->steps;
    made->evaluations = result->steps + result->evaluations;
    made->parameters = (int64_t)result->parameters;
    made->state_bytes = (int64_t)result->state_bytes;
    made->best_epoch = result->best_epoch;
    made->seconds = result->seconds;
    made->train_loss = result->train_loss;
    copy_figures(result->test, made->value[RECORD_TEST]);
    copy_figures(result->validation, made->value[RECORD_VALIDATION]);
    copy_figures(result->training, made->value[RECORD_TRAINING]);
    memcpy(made->weights, result->weights, sizeof(made->weights));
    memcpy(made->reason, result->reason, sizeof(made->reason));
}

/* What is to be run; false if it cannot be made, or is longer than the board. */
static bool open_experiment(job *job, plx_error *error)
{
    if (job->make == NULL)
        return true;
    job->experiment = job->make(job->context, &job->data, error);
    return job->experiment != NULL &&
           (job->experiment->train.epochs <= job->epochs ||
            error_set(error, ERROR_RUN,
                      "the experiment is longer than the one that was asked for"));
}

/* What it allocates goes with the process. */
static void train(void *context, int channel)
{
    job *job = context;
    const train_hooks hooks = {.context = job->board, .progress = note_step, .epoch = note_epoch};
    plx_error error = {0};
    train_result result;
    answer made = {0};

    if (open_experiment(job, &error)) {
        const train_options options = {.in_memory = true, .data = job->data};
        made.ok = train_run(job->experiment, job->catalog, &options, &hooks, &result, &error);
    }
    if (made.ok)
        fill_answer(&made, &result);
    else
        snprintf(made.reason, sizeof(made.reason), "%.500s", error.text);
    sandbox_write(channel, &made, sizeof(made));
}

/* ---- in the parent ---- */

static bool make_board(job *job)
{
    job->board_bytes = sizeof(board) + job->epochs * sizeof(run_epoch);
    void *memory = mmap(NULL, job->board_bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    job->board = memory == MAP_FAILED ? NULL : memory;
    return job->board != NULL;
}

void job_free(job *job)
{
    if (job->board != NULL)
        munmap(job->board, job->board_bytes);
    experiment_free(job->experiment);
    free(job);
}

/* A job with its process, from what is to be in it, which is taken over; NULL on failure. */
static job *start(const job *as, sandbox_child *const *siblings, size_t count, plx_error *error)
{
    job *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        experiment_free(as->experiment);
        error_memory(error);
        return NULL;
    }
    *made = *as;
    if (!make_board(made))
        error_memory(error);
    else
        made->child = sandbox_start(&made->limits, train, made, siblings, count, error);
    if (made->child != NULL) {
        madvise(made->board, made->board_bytes, MADV_DONTFORK);
        return made;
    }
    job_free(made);
    return NULL;
}

job *job_start(experiment *experiment, const data_bundle *data, catalog *catalog,
               const sandbox_limits *limits, sandbox_child *const *siblings, size_t count,
               plx_error *error)
{
    const job as = {.experiment = experiment,
                    .data = data,
                    .epochs = experiment->train.epochs,
                    .catalog = catalog,
                    .limits = *limits};

    return start(&as, siblings, count, error);
}

job *job_start_made(job_maker *make, void *context, size_t epochs, catalog *catalog,
                    const sandbox_limits *limits, sandbox_child *const *siblings, size_t count,
                    plx_error *error)
{
    const job as = {
        .make = make, .context = context, .epochs = epochs, .catalog = catalog, .limits = *limits};

    return start(&as, siblings, count, error);
}

sandbox_child *job_child(const job *job)
{
    return job->child;
}

/* A number that cannot be is what something has written over the board. */
int64_t job_steps(const job *job)
{
    const int64_t noted = job->board->steps;

    return noted >= 0 && noted < INT64_MAX ? noted : 0;
}

static size_t noted_epochs(const job *job)
{
    const size_t noted = job->board->epochs;

    return noted <= job->epochs ? noted : 0;
}

/* The learning curve as far as it was noted. The store tells epochs by their number. */
static void show_curve(const job *job, run_record *record)
{
    record->epoch = job->board->epoch;
    record->epoch_count = noted_epochs(job);
    for (size_t i = 0; i < record->epoch_count; i++)
        record->epoch[i].epoch = (int64_t)i + 1;
}

/* An optimizer, say, that could not get its memory tells so and is no less out of it than one that
 * died. */
static run_status status_of_error(const answer *answer)
{
    return strstr(answer->reason, "out of memory") != NULL ? RUN_OUT_OF_MEMORY : RUN_FAILED;
}

static void take_answer(const answer *answer, run_record *record)
{
    static const run_status statuses[] = {[TRAIN_COMPLETED] = RUN_COMPLETED,
                                          [TRAIN_EARLY_STOPPED] = RUN_EARLY_STOPPED,
                                          [TRAIN_DIVERGED] = RUN_DIVERGED,
                                          [TRAIN_INTERRUPTED] = RUN_FAILED};

    memcpy(record->reason, answer->reason, sizeof(record->reason));
    record->reason[sizeof(record->reason) - 1] = '\0';
    if (!answer->ok) {
        record->status = status_of_error(answer);
        return;
    }
    record->status = answer->status <= TRAIN_INTERRUPTED ? statuses[answer->status] : RUN_FAILED;
    record->epochs = answer->epochs;
    record->steps = answer->steps;
    record->evaluations = answer->evaluations;
    record->parameters = answer->parameters;
    record->state_bytes = answer->state_bytes;
    record->best_epoch = answer->best_epoch;
    record->seconds = answer->seconds;
    record->train_loss = answer->train_loss;
    memcpy(record->value, answer->value, sizeof(record->value));
    memcpy(record->weights, answer->weights, sizeof(record->weights));
    record->weights[sizeof(record->weights) - 1] = '\0';
}

/* The last words it printed, if any: what the C library or a plug-in said of its end. */
static void add_output(const sandbox_end *end, run_record *record)
{
    const size_t length = strlen(record->reason);
    const size_t room = sizeof(record->reason) - length;
    char shown[4 * 200 + 4];

    if (end->output.length == 0)
        return;
    const size_t tail = end->output.length > 200 ? 200 : end->output.length;
    text_shown(shown, end->output.bytes + end->output.length - tail, tail, 200);
    snprintf(record->reason + length, room, "; it printed: %s", shown);
}

/* How it died, in words that the step is added to. */
static void name_death(const job *job, const sandbox_end *end, char *out, size_t size)
{
    const char *name = sigabbrev_np(end->number);

    if (end->outcome == SANDBOX_TIMED_OUT)
        snprintf(out, size, "killed after %.6g s", job->limits.seconds);
    else if (end->out_of_memory)
        snprintf(out, size, "out of memory");
    else if (end->outcome == SANDBOX_SIGNALLED)
        snprintf(out, size, "died of SIG%s", name != NULL ? name : "?");
    else
        snprintf(out, size, "ended its process with status %d", end->number);
}

/* It did not come to answer. Where it died is what the board tells: one step beyond the last it did. */
static void tell_death(const job *job, const sandbox_end *end, run_record *record)
{
    char death[64];

    record->status = end->outcome == SANDBOX_TIMED_OUT ? RUN_TIMED_OUT
                     : end->out_of_memory              ? RUN_OUT_OF_MEMORY
                                                       : RUN_CRASHED;
    if (record->status == RUN_CRASHED && end->outcome == SANDBOX_SIGNALLED)
        record->signal = end->number;
    name_death(job, end, death, sizeof(death));
    snprintf(record->reason, sizeof(record->reason), "%s in step %lld", death,
             (long long)record->steps + 1);
    add_output(end, record);
}

void job_end(job *job, run_record *record)
{
    sandbox_end end;

    run_record_init(record);
    sandbox_finish(job->child, &end);
    job->child = NULL;
    record->peak_memory = end.peak_memory;
    record->seconds = end.seconds;
    record->steps = job_steps(job);
    record->epochs = (int64_t)noted_epochs(job);
    const bool answered = end.outcome == SANDBOX_RETURNED && end.message.length == sizeof(answer);
    if (answered)
        take_answer((const answer *)(const void *)end.message.bytes, record);
    else
        tell_death(job, &end, record);
    show_curve(job, record);
    sandbox_end_clear(&end);
}

bool job_finish(job *job, run_record *record, plx_error *error)
{
    job_end(job, record);
    const run_epoch *shown = record->epoch;
    record->epoch = memory_array(record->epoch_count, sizeof(*shown));
    if (record->epoch != NULL)
        memcpy(record->epoch, shown, record->epoch_count * sizeof(*shown));
    else
        record->epoch_count = 0;
    job_free(job);
    return record->epoch != NULL || error_memory(error);
}
