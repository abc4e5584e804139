/* predict.c: `plexus predict MODEL DATA`. */
#include "model/predict.h"
#include "cli/verbs.h"

bool verb_predict(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    const predict_options how = {.out = options->out,
                                 .probabilities = options->probabilities,
                                 .threads = options->threads == 0 ? 1 : options->threads};

    model *model = model_read(options->argument[0], context->catalog, &context->log, error);
    if (model == NULL)
        return false;
    dataset *data =
        data_read_log(&model->encoding, options->argument[1], NULL, false, &context->log, error);
    const bool ok = data != NULL && model_predict(model, data, &how, error);
    dataset_free(data);
    model_free(model);
    return ok;
}
