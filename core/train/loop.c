/* loop.c: see loop.h.
 *
 * One batch: forward, loss, backward, step. Nothing steps on a loss or gradient that is not
 * finite: the run ends as diverged, and what is kept are the weights of the last good epoch. The
 * state always stands between two batches when it is stored; a state with all batches of an
 * epoch done goes on with the end of that epoch. */
#include "train/loop.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/random.h"
#include "train/diagnose.h"

/* How a batch ended. */
typedef enum { BATCH_FINE, BATCH_DIVERGED, BATCH_FAILED } batch_end;

/* --- one batch --- */

static bool forward(session *session, double *loss, plx_error *error)
{
    const batches *batch = &session->batches;

    return network_forward(session->network, batch->rows, batch->x,
                           session->has_dropout ? &session->dropout : NULL, false, error) &&
           network_loss(session->network, batch->target, batches_label(batch),
                        batches_row_weight(batch), batches_scale(batch), true, loss, NULL, error);
}

/* host->evaluate: the batch at hand once more, at the weights as they are now. */
static int32_t evaluate_again(void *context, double *loss)
{
    session *session = context;
    plx_error error = {0};

    if (forward(session, loss, &error) && network_backward(session->network, &error))
        return PLX_OK;
    return session->host.table.error(&session->host.table, "%s", error.text);
}

static batch_end diverge(session *session, const char *what, double lr, bool updated)
{
    const train_state *state = &session->state;

    session->status = TRAIN_DIVERGED;
    diagnose_divergence(session->reason, sizeof(session->reason), state->step, state->epoch + 1,
                        what, lr, updated);
    return BATCH_DIVERGED;
}

/* The loss is not finite. */
static batch_end diverge_forwards(session *session, double lr)
{
    char what[256] = "the loss";

    network_find_nonfinite(session->network, what, sizeof(what));
    return diverge(session, what, lr, session->state.step > 1);
}

/* The gradient is not finite. The way back went over the loss's own gradient, so it is made once
 * more, with a look at each half. */
static batch_end diverge_backwards(session *session, double lr, plx_error *error)
{
    char what[256] = "the gradient";
    double loss;

    if (!forward(session, &loss, error))
        return BATCH_FAILED;
    if (network_find_nonfinite(session->network, what, sizeof(what)))
        return diverge(session, what, lr, session->state.step > 1);
    if (!network_backward(session->network, error))
        return BATCH_FAILED;
    network_find_nonfinite(session->network, what, sizeof(what));
    return diverge(session, what, lr, session->state.step > 1);
}

static batch_end diverge_in_step(session *session, double lr)
{
    const char *optimizer = session->experiment->optimizer.settings->plugin->name;
    const char *where = "a weight";
    char what[128];
    size_t count;
    const network_tensor *tensor = network_tensors(session->network, &count);

    for (size_t i = count; i-- > 0;)
        if (!network_all_finite(network_weights(session->network, i),
                                tensor[i].rows * tensor[i].cols))
            where = tensor[i].name;
    snprintf(what, sizeof(what), "%s after the update by '%s'", where, optimizer);
    return diverge(session, what, lr, true);
}

/* The gradients, and with an optimizer that allows it the step on them, too. */
static bool go_back(session *session, double lr, double loss, bool *stepped, plx_error *error)
{
    driver *driver = session->driver;

    *stepped = false;
    if (!driver_begin(driver, session->state.step, lr, loss, error))
        return false;
    if (driver_takes_pieces(driver))
        return network_backward_step(session->network, driver_piece, driver, stepped, error);
    return network_backward(session->network, error);
}

static void load(session *session)
{
    const uint64_t begun = profile_now(session->profile);

    batches_load(&session->batches, (size_t)session->state.batch);
    profile_add(session->profile, 0, 0, PROFILE_GATHER, begun);
    profile_count(session->profile, 0, 0, PROFILE_GATHER, session->batches.rows);
}

static batch_end train_batch(session *session, double lr, plx_error *error)
{
    train_state *state = &session->state;
    driver_outcome outcome;
    bool stepped;
    double loss;

    load(session);
    state->step++;
    session->dropout = random_open(session->experiment->train.seed, RANDOM_DROPOUT,
                                   (uint64_t)state->step * NETWORK_MOST_LAYERS);
    if (!dataset_intact(session->data->train.source, error) || !forward(session, &loss, error))
        return BATCH_FAILED;
    if (session->experiment->train.log_steps)
        runlog_step(session->log, state->step, loss);
    if (!isfinite(loss))
        return diverge_forwards(session, lr);
    if (!go_back(session, lr, loss, &stepped, error))
        return BATCH_FAILED;
    if (!stepped && !network_gradients_finite(session->network))
        return diverge_backwards(session, lr, error);
    if (!driver_end(session->driver, stepped, &outcome, error))
        return BATCH_FAILED;
    if (!outcome.finite)
        return diverge_in_step(session, lr);
    if (state->step == 1)
        state->start_loss = loss;
    state->loss_sum += loss * session->batches.weight;
    state->weight_sum += session->batches.weight;
    state->batch++;
    state->done = outcome.done;
    return BATCH_FINE;
}

/* Evaluations run on the same network, and are not profiled. */
static batch_end train_batch_profiled(session *session, double lr, plx_error *error)
{
    const uint64_t begun = profile_now(session->profile);

    network_set_profile(session->network, session->profile);
    const batch_end end = train_batch(session, lr, error);
    network_set_profile(session->network, NULL);
    session->profiled_time += profile_now(session->profile) - begun;
    session->profiled_steps += end == BATCH_FINE;
    return end;
}

/* --- one epoch --- */

static double samples_per_second(const session *session)
{
    const size_t rows = (size_t)session->state.batch * session->batches.size;
    const size_t all = session->data->train.rows;

    return (double)(rows < all ? rows : all) / fmax(session->state.epoch_seconds, 1e-9);
}

static train_progress progress_of(const session *session, double lr)
{
    const train_state *state = &session->state;

    return (train_progress){
        .epoch = state->epoch + 1,
        .epochs = (int64_t)session->experiment->train.epochs,
        .batch = state->batch,
        .batches = (int64_t)session->batches.count,
        .step = state->step,
        .loss = state->loss_sum / state->weight_sum,
        .lr = lr,
        .evaluations = state->step + driver_evaluations(session->driver),
        .seconds = session_clock() - session->begun,
        .samples_per_second = samples_per_second(session),
    };
}

static bool stop_is_asked_for(const session *session)
{
    return session->hooks->stop != NULL && *session->hooks->stop != 0;
}

/* Trains the rest of the epoch. *stopped: a stop was asked for. */
static batch_end train_batches(session *session, bool *stopped, plx_error *error)
{
    const train_hooks *hooks = session->hooks;
    const train_config *train = &session->experiment->train;
    train_state *state = &session->state;
    double before = session_clock();

    batches_order(&session->batches, train->shuffle, train->seed, state->epoch + 1);
    *stopped = false;
    while (!state->done && !*stopped && (size_t)state->batch < session->batches.count) {
        const double lr = schedule_lr(&session->schedule, state->step + 1);
        const batch_end end = session->profile == NULL ? train_batch(session, lr, error)
                                                       : train_batch_profiled(session, lr, error);
        if (end != BATCH_FINE)
            return end;
        const double now = session_clock();
        state->epoch_seconds += now - before;
        before = now;
        if (hooks->progress != NULL) {
            const train_progress progress = progress_of(session, lr);
            hooks->progress(hooks->context, &progress);
        }
        *stopped = stop_is_asked_for(session);
    }
    return BATCH_FINE;
}

/* What the epoch's hook is told. */
static train_epoch epoch_of(const session *session, const train_progress *progress,
                            double train_loss)
{
    train_epoch epoch = {.progress = *progress, .train_loss = train_loss};

    epoch.has_validation = session->validation != NULL;
    for (int m = 0; epoch.has_validation && m < METRIC_COUNT; m++)
        epoch.has[m] =
            metrics_value(evaluation_metrics(session->validation), (metric)m, &epoch.value[m]);
    return epoch;
}

/* The epoch's figures have come in: schedule, early stopping, diagnosis. The state moves on to
 * the next epoch. */
static void conclude(session *session, const train_epoch *epoch)
{
    const stopping *stopping = &session->stopping;
    const schedule_config *schedule = session->schedule.config;
    train_state *state = &session->state;
    const double watched =
        stopping->watch_train ? epoch->train_loss : epoch->value[stopping->metric];
    char words[512];

    state->epoch++;
    state->batch = 0;
    state->loss_sum = state->weight_sum = state->epoch_seconds = 0;
    schedule_epoch(&session->schedule,
                   schedule->watch_train ? epoch->train_loss : epoch->value[METRIC_LOSS]);
    if (stopping_epoch(stopping, watched, state->epoch, state))
        session_keep(session);
    if (diagnose_progress(state, epoch->train_loss, epoch->progress.lr, words, sizeof(words)))
        log_line(session->hooks->log, LOG_WARNING, "%s", words);
}

/* All batches are done: evaluates, logs, stores. */
static bool end_epoch(session *session, plx_error *error)
{
    const train_hooks *hooks = session->hooks;
    const train_state *state = &session->state;
    const double begun = session_clock();
    train_progress progress = progress_of(session, schedule_lr(&session->schedule, state->step));

    if (session->validation != NULL &&
        !evaluation_run(session->validation, session->network, error))
        return false;
    const runlog_epoch line = {
        .epoch = progress.epoch,
        .step = state->step,
        .train_loss = progress.loss,
        .lr = progress.lr,
        .seconds = state->epoch_seconds + session_clock() - begun,
        .samples_per_second = progress.samples_per_second,
        .validation = session->validation == NULL ? NULL : evaluation_metrics(session->validation),
    };
    runlog_add_epoch(session->log, &line);
    progress.seconds = session_clock() - session->begun;
    const train_epoch epoch = epoch_of(session, &progress, progress.loss);
    conclude(session, &epoch);
    if (!session_checkpoint_epoch(session, error))
        return false;
    if (hooks->epoch != NULL)
        hooks->epoch(hooks->context, &epoch);
    return true;
}

/* --- the run --- */

/* Whether the state is one that no further epoch follows; then status and reason say why. */
static bool is_over(session *session)
{
    const train_state *state = &session->state;
    const stopping_config *stopping = session->stopping.config;

    session->status = TRAIN_EARLY_STOPPED;
    if (state->done && state->batch == 0) {
        snprintf(session->reason, sizeof(session->reason), "the optimizer reports convergence");
        return true;
    }
    if (state->stopping_stop) {
        snprintf(session->reason, sizeof(session->reason),
                 "%s has not improved on the %.4g of epoch %lld for %zu epochs", stopping->monitor,
                 state->stopping_best, (long long)state->stopping_epoch, stopping->patience);
        return true;
    }
    session->status = TRAIN_COMPLETED;
    if (state->epoch < (int64_t)session->experiment->train.epochs)
        return false;
    diagnose_end(state, session->reason, sizeof(session->reason));
    return true;
}

bool loop_run(session *session, plx_error *error)
{
    bool stopped = false;

    driver_set_closure(session->driver, evaluate_again, session);
    while (!is_over(session)) {
        if (stopped) {
            session->status = TRAIN_INTERRUPTED;
            return session_checkpoint(session, error);
        }
        const batch_end end = train_batches(session, &stopped, error);
        if (end != BATCH_FINE)
            return end == BATCH_DIVERGED;
        if (stopped && !session->state.done) {
            session->status = TRAIN_INTERRUPTED;
            return session_checkpoint(session, error);
        }
        if (!end_epoch(session, error))
            return false;
        stopped = stop_is_asked_for(session);
    }
    return true;
}
