/* train.c: see train.h. A run is opened (session.c), goes through its epochs (loop.c), and is
 * ended here: the kept weights are measured and written, the log gets its last line, run.json
 * its figures, and last of all the checkpoint notes that the run is over. Killed anywhere
 * between, a resume finds the checkpoint of the last epoch and ends the run again, with the same
 * bytes. */
#include "train/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "train/introduce.h"
#include "train/loop.h"
#include "train/session.h"

const char *train_status_name(train_status status)
{
    switch (status) {
    case TRAIN_COMPLETED:
        return "completed";
    case TRAIN_EARLY_STOPPED:
        return "early_stopped";
    case TRAIN_DIVERGED:
        return "diverged";
    case TRAIN_INTERRUPTED:
        return "interrupted";
    }
    return "unknown";
}

/* --- the end --- */

static const metrics *figures_of(const evaluation *evaluation)
{
    return evaluation == NULL ? NULL : evaluation_metrics(evaluation);
}

static bool log_end(session *session, bool measured, plx_error *error)
{
    runlog_end(session->log, train_status_name(session->status),
               measured ? figures_of(session->test) : NULL,
               measured ? figures_of(session->validation) : NULL,
               measured ? figures_of(session->training) : NULL);
    return runlog_flush(session->log, true, NULL, error);
}

/* The checkpoint is written already; it noted the log's length without the line that ends it
 * here. The model is the best one under early stopping, else the weights as they are. */
static bool end_interrupted(session *session, plx_error *error)
{
    if (session->state.stopping_epoch > 0)
        session_put_kept(session);
    return session_write_model(session, error) && log_end(session, false, error) &&
           session_record(session, train_status_name(session->status), error);
}

static bool measure(session *session, evaluation *evaluation, plx_error *error)
{
    return evaluation == NULL || evaluation_run(evaluation, session->network, error);
}

/* A diverged run keeps the checkpoint of its last good epoch. */
static bool end_for_good(session *session, plx_error *error)
{
    session_put_kept(session);
    if (!measure(session, session->test, error) || !measure(session, session->validation, error) ||
        !measure(session, session->training, error) || !data_unchanged(session->data, error) ||
        !session_write_model(session, error) || !log_end(session, true, error) ||
        !session_record(session, train_status_name(session->status), error))
        return false;
    if (session->status == TRAIN_DIVERGED)
        return true;
    session->state.finished = 1 + (int64_t)session->status;
    return session_checkpoint(session, error);
}

static bool fill_result(session *session, train_result *result, plx_error *error)
{
    const train_state *state = &session->state;

    result->status = session->status;
    memcpy(result->reason, session->reason, sizeof(result->reason));
    result->epochs = state->epoch;
    result->steps = state->step;
    result->evaluations = driver_evaluations(session->driver);
    result->best_epoch = state->stopping_epoch;
    result->parameters = network_parameters(session->network);
    result->state_bytes = session_state_bytes(session);
    result->train_loss = state->epoch > 0 ? state->last_loss : state->loss_sum / state->weight_sum;
    result->seconds = session_seconds(session);
    if (session->status != TRAIN_INTERRUPTED) {
        result->test = session->test == NULL ? NULL : evaluation_take(session->test);
        result->validation =
            session->validation == NULL ? NULL : evaluation_take(session->validation);
        result->training = session->training == NULL ? NULL : evaluation_take(session->training);
    }
    if (session->profiled_steps > 0) {
        result->profile = breakdown_new(session, error);
        if (result->profile == NULL)
            return false;
    }
    if (session->in_memory) {
        session_hash_kept(session, result->weights);
        return true;
    }
    result->out = memory_string(session->dir.folder);
    return result->out != NULL || error_memory(error);
}

/* run.json should not go on saying "running" when the run has failed; that it can be written is not
 * certain, and the failure itself is what matters. */
static void record_failure(session *session, const plx_error *error)
{
    if (session->log == NULL || session->driver == NULL)
        return;
    snprintf(session->reason, sizeof(session->reason), "%.500s", error->text);
    session_record(session, "failed", NULL);
}

static bool introduce(session *session, plx_error *error)
{
    const train_hooks *hooks = session->hooks;
    text data = {0}, network = {0};

    if (hooks->begin == NULL)
        return true;
    introduce_data(session->data, &data);
    introduce_network(session, &network);
    const bool ok = !data.failed && !network.failed;
    if (ok)
        hooks->begin(hooks->context, &(train_begin){.out = session->dir.folder,
                                                    .first_epoch = session->state.epoch + 1,
                                                    .data = data.bytes,
                                                    .network = network.bytes});
    free(data.bytes);
    free(network.bytes);
    return ok ? true : error_memory(error);
}

static bool run(session *session, plx_error *error)
{
    if (!introduce(session, error) || !loop_run(session, error))
        return false;
    return session->status == TRAIN_INTERRUPTED ? end_interrupted(session, error)
                                                : end_for_good(session, error);
}

bool train_run(const experiment *experiment, catalog *catalog, const train_options *options,
               const train_hooks *hooks, train_result *result, plx_error *error)
{
    static const train_hooks no_hooks = {0};
    plx_error failure = {0};
    session session;

    memset(result, 0, sizeof(*result));
    bool ok = session_open(&session, experiment, catalog, options,
                           hooks == NULL ? &no_hooks : hooks, &failure);
    if (ok) {
        ok = run(&session, &failure) && fill_result(&session, result, &failure);
        if (!ok)
            record_failure(&session, &failure);
    }
    session_close(&session);
    if (!ok) {
        train_result_clear(result);
        error_set(error, failure.code, "%s", failure.text);
        if (failure.misfit)
            error_misfit(error);
    }
    return ok;
}

void train_result_clear(train_result *result)
{
    free(result->out);
    metrics_free(result->test);
    metrics_free(result->validation);
    metrics_free(result->training);
    breakdown_free(result->profile);
    memset(result, 0, sizeof(*result));
}
