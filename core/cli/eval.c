/* eval.c: `plexus eval MODEL [DATA [TARGETS]]`. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verbs.h"
#include "config/experiment.h"
#include "support/file.h"
#include "train/measure.h"

static bool print_metrics(const cli *context, const char *rows, const metrics *metrics,
                          plx_error *error)
{
    text out = {.bytes = NULL};
    const bool ok =
        context->options.json ? metrics_json(metrics, &out) : metrics_print(metrics, &out);

    if (ok && rows != NULL && !context->options.json)
        printf("%s\n", rows);
    if (ok)
        printf("%s%s", out.bytes, context->options.json ? "\n" : "");
    else
        error_memory(error);
    free(out.bytes);
    return ok;
}

bool verb_eval(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    const char *path = options->argument[0];
    const int threads = options->threads == 0 ? 1 : options->threads;
    const char *rows = NULL;
    metrics *metrics = NULL;

    model *model = model_read(path, context->catalog, &context->log, error);
    if (model == NULL)
        return false;
    if (options->argument_count == 1)
        metrics = measure_run(model, path, context->catalog, threads, options->top_k, &context->log,
                              &rows, error);
    else
        metrics = measure_file(model, options->argument[1],
                               options->argument_count > 2 ? options->argument[2] : NULL, threads,
                               options->top_k, &context->log, error);
    const bool ok = metrics != NULL && print_metrics(context, rows, metrics, error);
    metrics_free(metrics);
    model_free(model);
    return ok;
}
