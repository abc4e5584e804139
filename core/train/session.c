/* session.c: see session.h.
 *
 * A new run makes its folder last, when nothing but the disk can go wrong any more. A resumed one
 * takes the folder's lock first, then compares: whether the run is over, the experiment, the
 * plug-ins, and once it is loaded the data. A run killed before its first checkpoint begins again
 * from nothing. */
#include "train/session.h"

#include <math.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/predict.h"
#include "network/init.h"
#include "network/product.h"
#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"
#include "train/preflight.h"

static const double usual_checkpoint_seconds = 0.2;

double session_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double session_seconds(const session *session)
{
    return session->seconds_before + session_clock() - session->begun;
}

/* --- building --- */

static bool load_data(session *session, plx_error *error)
{
    const experiment *experiment = session->experiment;
    bool ok;

    if (session->data == NULL)
        session->data = session->loaded = data_load(&experiment->data, session->hooks->log, error);
    if (session->data == NULL ||
        !preflight(experiment, session->data, &session->output, &session->code, error))
        return false;
    session->class_weight = preflight_class_weights(experiment, session->data, &ok, error);
    return ok &&
           (session->in_memory || fingerprint_add_data(&session->print, session->data, error));
}

static bool build_batches(session *session, plx_error *error)
{
    const experiment *experiment = session->experiment;

    if (!batches_init(&session->batches, &session->data->train, &session->data->encoding,
                      &session->code, session->class_weight, experiment->data.label_smoothing,
                      experiment->train.batch, error))
        return false;
    session->batches.pool = session->pool;
    return true;
}

static bool build_network(session *session, plx_error *error)
{
    const experiment *experiment = session->experiment;
    const size_t batch = session->batches.size;

    session->layer = memory_array(experiment->layer_count, sizeof(layer_spec));
    if (session->layer == NULL)
        return error_memory(error);
    for (size_t i = 0; i < experiment->layer_count; i++) {
        const layer_config *config = &experiment->layers[i];
        session->layer[i] = (layer_spec){.units = config->units,
                                         .activation = config->activation.settings,
                                         .dropout = config->dropout,
                                         .bias = config->bias};
        session->has_dropout = session->has_dropout || config->dropout > 0;
    }
    const network_spec spec = {
        .inputs = session->data->encoding.features,
        .layer = session->layer,
        .layer_count = experiment->layer_count,
        .loss = experiment->loss.settings,
        .fused = experiment->fused,
        .capacity = batch > MODEL_CHUNK ? batch : MODEL_CHUNK,
        .training = true,
        .bf16 = experiment->train.bf16,
        .largest_input = data_largest_input(session->batches.part, session->batches.encoding),
    };
    session->parts = (model_parts){
        .encoding = &session->data->encoding,
        .inputs = spec.inputs,
        .layer = session->layer,
        .layer_count = spec.layer_count,
        .loss = spec.loss,
        .fused = spec.fused,
        .code = &session->code,
    };
    session->network = network_new(&spec, session->pool, &session->host, error);
    return session->network != NULL;
}

/* The network's tensors as the driver wants them; a new array. */
static driver_tensor *list_tensors(session *session, size_t *count, plx_error *error)
{
    const network_tensor *tensor = network_tensors(session->network, count);
    driver_tensor *made = memory_array(*count, sizeof(*made));

    if (made == NULL)
        error_memory(error);
    for (size_t i = 0; made != NULL && i < *count; i++)
        made[i] = (driver_tensor){
            .name = tensor[i].name,
            .role = tensor[i].role,
            .layer = tensor[i].layer,
            .rows = tensor[i].rows,
            .cols = tensor[i].cols,
            .w = network_weights(session->network, i),
            .g = network_gradients(session->network, i),
            .group = session->experiment->tensor_group[i],
        };
    return made;
}

/* The parameter groups; a new array. */
static driver_group *list_groups(const experiment *experiment, plx_error *error)
{
    driver_group *made = memory_array(experiment->parameter_group_count, sizeof(*made));

    if (made == NULL)
        error_memory(error);
    for (size_t i = 0; made != NULL && i < experiment->parameter_group_count; i++) {
        const parameter_group *group = &experiment->parameter_groups[i];
        made[i] =
            (driver_group){.optimizer = group->settings, .lr_ratio = group->lr / experiment->lr};
    }
    return made;
}

/* The optimizer's memory may begin as a copy of the weights, so these come first. */
static bool build_driver(session *session, plx_error *error)
{
    const experiment *experiment = session->experiment;
    const train_config *train = &experiment->train;
    size_t count;
    driver_tensor *tensors = list_tensors(session, &count, error);
    driver_group *groups = list_groups(experiment, error);
    const driver_spec spec = {
        .tensors = tensors,
        .tensor_count = count,
        .layer_count = (uint32_t)network_layers(session->network),
        .groups = groups,
        .group_count = experiment->parameter_group_count,
        .pool = session->pool,
        .host = &session->host,
        .clip_norm = train->clip_norm,
        .clip_value = train->clip_value,
        .clip_at = preflight_place(experiment, train->clip_norm > 0 ? "clip_norm" : "clip_value"),
        .profile = session->profile,
    };

    session->driver = tensors != NULL && groups != NULL ? driver_new(&spec, error) : NULL;
    free(tensors);
    free(groups);
    return session->driver != NULL;
}

static bool build_profile(session *session, plx_error *error)
{
    if (!session->profiling)
        return true;
    session->profile = profile_new(network_layers(session->network), pool_threads(session->pool));
    return session->profile != NULL || error_memory(error);
}

static bool build_kept(session *session, plx_error *error)
{
    size_t count;
    const network_tensor *tensor = network_tensors(session->network, &count);

    session->kept = memory_array(count + 1, sizeof(*session->kept));
    for (size_t i = 0; session->kept != NULL && i < count; i++) {
        session->kept[i] = memory_aligned(tensor[i].rows * tensor[i].cols, sizeof(float));
        if (session->kept[i] == NULL)
            return error_memory(error);
    }
    if (session->kept == NULL)
        return error_memory(error);
    session_keep(session);
    return true;
}

static bool build_evaluation(session *session, const data_part *part, evaluation **made,
                             plx_error *error)
{
    const evaluation_spec spec = {
        .encoding = &session->data->encoding,
        .code = &session->code,
        .output = &session->output,
        .top_k = session->experiment->train.top_k,
    };

    if (part->rows == 0)
        return true;
    *made = evaluation_new(&spec, part, error);
    return *made != NULL;
}

static bool build_watchers(session *session, plx_error *error)
{
    const experiment *experiment = session->experiment;
    const int64_t batches = (int64_t)session->batches.count;
    train_state *state = &session->state;

    if (!build_evaluation(session, &session->data->validation, &session->validation, error) ||
        !build_evaluation(session, &session->data->test, &session->test, error))
        return false;
    if (session->validation == NULL && session->test == NULL &&
        !build_evaluation(session, &session->data->train, &session->training, error))
        return false;
    schedule_init(&session->schedule, &experiment->schedule, experiment->lr, batches,
                  batches * (int64_t)experiment->train.epochs);
    state->plateau_factor = session->schedule.state.factor;
    state->plateau_best = session->schedule.state.best;
    state->plateau_waited = session->schedule.state.waited;
    state->stopping_best = (double)NAN;
    return stopping_init(
        &session->stopping, &experiment->train.early_stopping,
        session->validation == NULL ? NULL : evaluation_metrics(session->validation), error);
}

/* `initialise`: with initial weights; else they are to come from a checkpoint, and what they
 * were made from, another model's file maybe, need not be there any more. */
static bool build(session *session, bool initialise, plx_error *error)
{
    const experiment *experiment = session->experiment;

    session->pool = pool_new(experiment->train.threads, error);
    return session->pool != NULL && load_data(session, error) && build_batches(session, error) &&
           build_watchers(session, error) && build_network(session, error) &&
           (!initialise ||
            init_parameters(session->network, experiment->layers, experiment->layer_count,
                            &experiment->init, experiment->train.seed, error)) &&
           build_profile(session, error) && build_driver(session, error) &&
           build_kept(session, error);
}

/* --- beginning and resuming --- */

static bool begin(session *session, const char *folder, plx_error *error)
{
    if (!rundir_init(&session->dir, folder, error) || !rundir_check_new(&session->dir, error) ||
        !fingerprint_make(&session->print, session->experiment, error) ||
        !build(session, true, error))
        return false;
    session->log = rundir_begin(&session->dir, session->experiment, error);
    return session->log != NULL;
}

static bool begin_in_memory(session *session, plx_error *error)
{
    if (!build(session, true, error))
        return false;
    session->log = runlog_open(NULL, error);
    return session->log != NULL;
}

/* Without a checkpoint the run's own config.yaml tells what it was. */
static bool check_config_file(session *session, catalog *catalog, plx_error *error)
{
    const experiment_options nothing = {0};
    text identity = {0};
    experiment *before = experiment_read(session->dir.config, &nothing, catalog, error);
    bool ok = before != NULL;

    if (ok && (!experiment_print(before, PRINT_IDENTITY, &identity) || identity.failed))
        ok = error_memory(error);
    ok = ok && fingerprint_check_config(session->print.config, identity.bytes, session->dir.folder,
                                        error);
    free(identity.bytes);
    experiment_free(before);
    return ok;
}

static bool check_finished(const session *session, const train_state *state, plx_error *error)
{
    if (state->finished == 0)
        return true;
    const train_status status = (train_status)(state->finished - 1);
    return error_set(error, ERROR_USAGE,
                     "%s: this run is over (%s after %lld epochs); there is nothing to resume",
                     session->dir.folder, train_status_name(status), (long long)state->epoch);
}

/* The counters must agree with each other and with the experiment. */
static bool check_counters(const session *session, const train_state *state, plx_error *error)
{
    const int64_t epochs = (int64_t)session->experiment->train.epochs;
    const int64_t batches = (int64_t)session->batches.count;
    const bool bounded = state->epoch <= epochs && state->batch <= batches;
    const int64_t most = bounded ? state->epoch * batches + state->batch : 0;

    if (bounded && (state->done ? state->step <= most : state->step == most))
        return true;
    return error_set(error, ERROR_DATA,
                     "%s: %lld epochs, %lld batches and %lld steps do not go together; the "
                     "checkpoint is damaged",
                     session->dir.checkpoint, (long long)state->epoch, (long long)state->batch,
                     (long long)state->step);
}

static bool restore(session *session, const tensor_file *file, plx_error *error)
{
    const checkpoint_parts parts = {.model = &session->parts,
                                    .network = session->network,
                                    .driver = session->driver,
                                    .kept = session->kept};
    train_state state;

    if (!checkpoint_read_state(file, session->dir.checkpoint, &state, error) ||
        !check_counters(session, &state, error) ||
        !fingerprint_check_data(&session->print, file, session->dir.folder, error) ||
        !checkpoint_restore(file, session->dir.checkpoint, &parts, error))
        return false;
    session->state = state;
    session->seconds_before = state.seconds;
    session->schedule.state.factor = state.plateau_factor;
    session->schedule.state.best = state.plateau_best;
    session->schedule.state.waited = state.plateau_waited;
    driver_set_evaluations(session->driver, state.evaluations);
    return true;
}

/* Another machine may well finish the run, only not with the same bits. */
static void point_out_machine(const session *session, const tensor_file *file)
{
    const char *before = fingerprint_other_machine(&session->print, file);
    char shown[4 * 120 + 4];

    if (before != NULL)
        log_line(session->hooks->log, LOG_WARNING,
                 "%s: the run began on %s, now on %s; it may end with other last digits than if "
                 "it had gone on there",
                 session->dir.folder, text_shown(shown, before, strlen(before), 120),
                 session->print.machine);
}

static bool resume(session *session, const char *folder, catalog *catalog, plx_error *error)
{
    tensor_file *file = NULL;
    train_state state = {0};
    bool ok = false;

    if (!rundir_init(&session->dir, folder, error))
        return false;
    session->log = rundir_reopen(&session->dir, error);
    if (session->log == NULL || !fingerprint_make(&session->print, session->experiment, error))
        return false;
    const bool has_checkpoint = file_exists(session->dir.checkpoint);
    if (has_checkpoint) {
        file = tensor_file_read(session->dir.checkpoint, error);
        ok = file != NULL && checkpoint_read_state(file, session->dir.checkpoint, &state, error) &&
             check_finished(session, &state, error) &&
             fingerprint_check(&session->print, file, session->dir.folder, error);
        if (ok)
            point_out_machine(session, file);
    } else {
        log_line(session->hooks->log, LOG_INFO, "%s has no checkpoint: starting from the beginning",
                 folder);
        ok = check_config_file(session, catalog, error);
    }
    ok = ok && build(session, !has_checkpoint, error) &&
         (!has_checkpoint || restore(session, file, error)) &&
         runlog_cut(session->log, session->state.log_offset, error);
    tensor_file_free(file);
    return ok;
}

bool session_open(session *session, const experiment *experiment, catalog *catalog,
                  const train_options *options, const train_hooks *hooks, plx_error *error)
{
    memset(session, 0, sizeof(*session));
    session->experiment = experiment;
    session->hooks = hooks;
    session->begun = session_clock();
    session->in_memory = options->in_memory;
    session->data = options->data;
    session->profiling = options->profile;
    session->checkpoint_seconds =
        options->checkpoint_seconds == 0 ? usual_checkpoint_seconds : options->checkpoint_seconds;
    host_init(&session->host, hooks->log, experiment->train.seed);
    session->host.product = product;
    const bool ok = options->in_memory        ? begin_in_memory(session, error)
                    : options->resume != NULL ? resume(session, options->resume, catalog, error)
                                              : begin(session, options->out, error);
    if (!ok)
        return false;
    runlog_listen(session->log, hooks->line, hooks->context);
    return session_record(session, "running", error);
}

void session_close(session *session)
{
    size_t count = 0;

    if (session->network != NULL)
        network_tensors(session->network, &count);
    for (size_t i = 0; session->kept != NULL && i < count; i++)
        free(session->kept[i]);
    free(session->kept);
    driver_free(session->driver);
    network_free(session->network);
    profile_free(session->profile);
    free(session->layer);
    evaluation_free(session->validation);
    evaluation_free(session->test);
    evaluation_free(session->training);
    batches_clear(&session->batches);
    free(session->class_weight);
    data_free(session->loaded);
    pool_free(session->pool);
    host_destroy(&session->host);
    fingerprint_clear(&session->print);
    runlog_close(session->log);
    rundir_clear(&session->dir);
}

/* --- while it runs --- */

void session_keep(session *session)
{
    size_t count;
    const network_tensor *tensor = network_tensors(session->network, &count);

    for (size_t i = 0; i < count; i++)
        memcpy(session->kept[i], network_weights(session->network, i),
               tensor[i].rows * tensor[i].cols * sizeof(float));
}

void session_put_kept(session *session)
{
    size_t count;
    const network_tensor *tensor = network_tensors(session->network, &count);

    for (size_t i = 0; i < count; i++)
        memcpy(network_weights(session->network, i), session->kept[i],
               tensor[i].rows * tensor[i].cols * sizeof(float));
}

void session_hash_kept(const session *session, char hex[65])
{
    SHA2_CTX hash;
    size_t count;
    const network_tensor *tensor = network_tensors(session->network, &count);

    SHA256Init(&hash);
    for (size_t i = 0; i < count; i++)
        SHA256Update(&hash, (const uint8_t *)session->kept[i],
                     tensor[i].rows * tensor[i].cols * sizeof(float));
    SHA256End(&hash, hex);
}

uint64_t session_state_bytes(const session *session)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < driver_slots(session->driver); i++)
        bytes += slot_bytes(driver_slot(session->driver, i));
    return bytes;
}

bool session_write_model(session *session, plx_error *error)
{
    return session->in_memory ||
           model_write(session->dir.model, &session->parts, session->network, NULL, error);
}

bool session_checkpoint(session *session, plx_error *error)
{
    train_state *state = &session->state;
    const checkpoint_parts parts = {.model = &session->parts,
                                    .network = session->network,
                                    .driver = session->driver,
                                    .kept = session->kept,
                                    .fingerprint = &session->print};

    if (!data_unchanged(session->data, error))
        return false;
    if (session->in_memory)
        return true;
    state->seconds = session_seconds(session);
    state->evaluations = driver_evaluations(session->driver);
    state->plateau_factor = session->schedule.state.factor;
    state->plateau_best = session->schedule.state.best;
    state->plateau_waited = session->schedule.state.waited;
    session->checkpoint_time = session_clock();
    return runlog_flush(session->log, true, &state->log_offset, error) &&
           checkpoint_write(session->dir.checkpoint, &parts, state, error);
}

bool session_checkpoint_epoch(session *session, plx_error *error)
{
    const double age = session_clock() - session->checkpoint_time;

    if (!data_unchanged(session->data, error))
        return false;
    if (session->checkpoint_time > 0 && age < session->checkpoint_seconds)
        return runlog_flush(session->log, false, NULL, error);
    return session_checkpoint(session, error);
}

bool session_record(session *session, const char *status, plx_error *error)
{
    const rundir_record record = {
        .status = status,
        .reason = session->reason,
        .seed = session->experiment->train.seed,
        .threads = session->experiment->train.threads,
        .epochs = session->state.epoch,
        .steps = session->state.step,
        .best_epoch = session->state.stopping_epoch,
        .evaluations = driver_evaluations(session->driver),
        .parameters = network_parameters(session->network),
        .seconds = session_seconds(session),
    };

    return session->in_memory ||
           rundir_write_record(&session->dir, &session->print, &record, error);
}
