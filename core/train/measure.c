/* measure.c: see measure.h. The model's own encoding is used throughout, so a file is scaled by
 * what the training rows said and by nothing of its own. */
#include "train/measure.h"

#include <stdlib.h>
#include <string.h>

#include "config/experiment.h"
#include "support/file.h"
#include "train/train.h"

metrics *measure_file(const model *model, const char *path, const char *targets, int threads,
                      size_t top_k, const logger *log, plx_error *error)
{
    dataset *data = data_read(&model->encoding, path, targets, true, log, error);

    if (data == NULL)
        return NULL;
    const data_part part = {.source = data, .rows = data->rows};
    metrics *metrics = train_evaluate(model, &part, threads, top_k, error);
    dataset_free(data);
    return metrics;
}

/* The data may have changed since the run: then labels or columns would silently mean other
 * things. */
static bool same_encoding(const model *model, const encoding *now, const char *run,
                          plx_error *error)
{
    char *before = encoding_to_json(&model->encoding), *after = encoding_to_json(now);
    bool same = before != NULL && after != NULL;

    if (!same)
        error_memory(error);
    else if (strcmp(before, after) != 0)
        same = error_set(error, ERROR_DATA,
                         "%s: the data files have changed since this model was trained; name a "
                         "data file to measure it on",
                         run);
    free(before);
    free(after);
    return same;
}

static const data_part *choose_part(const data_bundle *bundle, const char **rows)
{
    if (bundle->test.rows > 0) {
        *rows = "test rows";
        return &bundle->test;
    }
    *rows = bundle->validation.rows > 0 ? "validation rows" : "training rows";
    return bundle->validation.rows > 0 ? &bundle->validation : &bundle->train;
}

metrics *measure_run(const model *model, const char *run, catalog *catalog, int threads,
                     size_t top_k, const logger *log, const char **rows, plx_error *error)
{
    const experiment_options options = {.without_optimizer = true};
    data_bundle *bundle = NULL;
    metrics *metrics = NULL;
    experiment *experiment = NULL;

    char *path = file_join(run, "config.yaml");
    if (path == NULL) {
        error_memory(error);
        goto done;
    }
    if (!file_exists(path)) {
        error_set(error, ERROR_USAGE,
                  "%s is no run directory, so it needs a data file: plexus eval %s DATA", run, run);
        goto done;
    }
    experiment = experiment_read(path, &options, catalog, error);
    if (experiment == NULL)
        goto done;
    bundle = data_load(&experiment->data, log, error);
    if (bundle != NULL && same_encoding(model, &bundle->encoding, run, error))
        metrics = train_evaluate(model, choose_part(bundle, rows), threads, top_k, error);
done:
    free(path);
    data_free(bundle);
    experiment_free(experiment);
    return metrics;
}
