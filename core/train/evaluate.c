/* evaluate.c: see evaluate.h. */
#include "train/evaluate.h"

#include <stdlib.h>

#include "model/predict.h"
#include "plugin/settings.h"
#include "support/memory.h"
#include "support/pool.h"
#include "train/preflight.h"
#include "train/train.h"

struct evaluation {
    evaluation_spec spec;
    data_part part;
    metrics *metrics;
    uint32_t position[MODEL_CHUNK];
    float *x, *target;
    int32_t label[MODEL_CHUNK];
    double row_loss[MODEL_CHUNK];
};

/* Fills position, target and label for the chunk that begins at row `first`; returns its rows. */
static size_t load_targets(evaluation *evaluation, size_t first)
{
    const size_t left = evaluation->part.rows - first;
    const size_t rows = left < MODEL_CHUNK ? left : MODEL_CHUNK;

    for (size_t i = 0; i < rows; i++)
        evaluation->position[i] = (uint32_t)(first + i);
    data_targets(&evaluation->part, evaluation->spec.encoding, evaluation->spec.code, 0,
                 evaluation->position, rows, evaluation->target, evaluation->label);
    return rows;
}

/* Whether numbers are really decisions: each 0 or 1 where outputs lie within [0, 1], each -1 or
 * 1 where they lie within [-1, 1]. */
static bool targets_are_binary(evaluation *evaluation)
{
    const plx_domain *output = evaluation->spec.output;
    const size_t units = evaluation->spec.code->units;
    const bool unit = output->lo >= 0 && output->hi <= 1;
    const bool symmetric = output->lo >= -1 && output->hi <= 1;

    if (evaluation->spec.encoding->targets != TARGETS_NUMBER || (!unit && !symmetric))
        return false;
    const float low = unit ? 0.0F : -1.0F;
    for (size_t first = 0; first < evaluation->part.rows; first += MODEL_CHUNK) {
        const size_t rows = load_targets(evaluation, first);
        for (size_t i = 0; i < rows * units; i++)
            if (evaluation->target[i] != low && evaluation->target[i] != 1.0F)
                return false;
    }
    return true;
}

static bool make_metrics(evaluation *evaluation, plx_error *error)
{
    const metrics_spec spec = {
        .encoding = evaluation->spec.encoding,
        .code = evaluation->spec.code,
        .output = evaluation->spec.output,
        .top_k = evaluation->spec.top_k,
        .binary_targets = targets_are_binary(evaluation),
    };
    const bool classes = evaluation->spec.encoding->targets == TARGETS_CLASS;

    evaluation->metrics = metrics_new(&spec, error);
    if (evaluation->metrics == NULL)
        return false;
    for (size_t first = 0; first < evaluation->part.rows; first += MODEL_CHUNK) {
        const size_t rows = load_targets(evaluation, first);
        metrics_add(evaluation->metrics, rows, evaluation->target, evaluation->target,
                    classes ? evaluation->label : NULL, evaluation->row_loss, NULL);
    }
    return true;
}

evaluation *evaluation_new(const evaluation_spec *spec, const data_part *part, plx_error *error)
{
    evaluation *made = memory_array(1, sizeof(*made));

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    made->spec = *spec;
    made->part = *part;
    made->x = memory_aligned(MODEL_CHUNK * spec->encoding->features, sizeof(float));
    made->target = memory_aligned(MODEL_CHUNK * spec->code->units, sizeof(float));
    if (made->x == NULL || made->target == NULL)
        error_memory(error);
    else if (make_metrics(made, error))
        return made;
    evaluation_free(made);
    return NULL;
}

void evaluation_free(evaluation *evaluation)
{
    if (evaluation == NULL)
        return;
    metrics_free(evaluation->metrics);
    free(evaluation->x);
    free(evaluation->target);
    free(evaluation);
}

bool evaluation_run(evaluation *evaluation, network *network, plx_error *error)
{
    const bool classes = evaluation->spec.encoding->targets == TARGETS_CLASS;
    const int32_t *label = classes ? evaluation->label : NULL;
    double loss;

    metrics_reset(evaluation->metrics);
    for (size_t first = 0; first < evaluation->part.rows; first += MODEL_CHUNK) {
        const size_t rows = load_targets(evaluation, first);
        data_inputs(&evaluation->part, evaluation->spec.encoding, evaluation->position, rows,
                    evaluation->x);
        if (!dataset_intact(evaluation->part.source, error) ||
            !network_forward(network, rows, evaluation->x, NULL, true, error) ||
            !network_loss(network, evaluation->target, label, NULL, 1.0 / (double)rows, false,
                          &loss, evaluation->row_loss, error))
            return false;
        metrics_add(evaluation->metrics, rows, network_output(network), evaluation->target, label,
                    evaluation->row_loss, NULL);
    }
    return true;
}

const metrics *evaluation_metrics(const evaluation *evaluation)
{
    return evaluation->metrics;
}

metrics *evaluation_take(evaluation *evaluation)
{
    metrics *taken = evaluation->metrics;

    evaluation->metrics = NULL;
    return taken;
}

/* --- a stored model --- */

/* Whether the loss takes the part's targets at all. */
static bool check_part(const model *model, const plx_domain *output, const data_part *part,
                       plx_error *error)
{
    const place nowhere = {.file = part->source->name};

    return preflight_targets(model->loss, output, &model->encoding, &model->code, part, 0, "given",
                             ERROR_DATA, nowhere, error);
}

metrics *train_evaluate(const model *model, const data_part *part, int threads, size_t top_k,
                        plx_error *error)
{
    host services;
    network *network = NULL;
    evaluation *measured = NULL;
    metrics *taken = NULL;
    plx_domain output;

    host_init(&services, NULL, 0);
    pool *workers = pool_new(threads, error);
    if (workers == NULL || part->rows == 0)
        goto done;
    if (!preflight_top_k(top_k, &model->encoding, model->code.units, ERROR_USAGE,
                         (place){.file = model->path}, error) ||
        !settings_domain(model->layer[model->layer_count - 1].activation, &output, error) ||
        !check_part(model, &output, part, error))
        goto done;
    const evaluation_spec spec = {
        .encoding = &model->encoding, .code = &model->code, .output = &output, .top_k = top_k};
    network = model_network(model, true, MODEL_CHUNK, workers, &services, error);
    measured = network == NULL ? NULL : evaluation_new(&spec, part, error);
    if (measured != NULL && evaluation_run(measured, network, error) &&
        dataset_unchanged(part->source, error))
        taken = evaluation_take(measured);
done:
    if (taken == NULL)
        error_set(error, ERROR_DATA, "%s: has no rows to measure", part->source->name);
    evaluation_free(measured);
    network_free(network);
    pool_free(workers);
    host_destroy(&services);
    return taken;
}
