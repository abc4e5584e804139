/* predict.c: `plexus predict MODEL DATA`. */
#include "model/predict.h"
#include <sys/stat.h>

#include "cli/verbs.h"

/* Predictions in the place of what they are made from would destroy it. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat left, right;

    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev &&
           left.st_ino == right.st_ino && S_ISREG(left.st_mode);
}

bool verb_predict(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    const predict_options how = {.out = options->out,
                                 .probabilities = options->probabilities,
                                 .threads = options->threads == 0 ? 1 : options->threads,
                                 .log = &context->log};

    if (options->out != NULL && is_same_file(options->out, options->argument[1]))
        return error_set(error, ERROR_USAGE, "--out %s is the data file itself; name another",
                         options->out);

    model *model = model_read(options->argument[0], context->catalog, &context->log, error);
    if (model == NULL)
        return false;
    dataset *data =
        data_read(&model->encoding, options->argument[1], NULL, false, &context->log, error);
    const bool ok = data != NULL && model_predict(model, data, &how, error);
    dataset_free(data);
    model_free(model);
    return ok;
}
