/* config.c: `plexus config FILE`: the resolved experiment, every default shown. What it prints
 * is an experiment file again. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verbs.h"
#include "config/experiment.h"

bool verb_config(cli *context, plx_error *error)
{
    const experiment_options options = {.sets = context->options.set,
                                        .set_count = context->options.set_count};
    text out = {.bytes = NULL};
    bool ok = false;

    experiment *experiment =
        experiment_read(context->options.argument[0], &options, context->catalog, error);
    if (experiment == NULL)
        return false;
    if (experiment_print(experiment, PRINT_ALL, &out)) {
        fputs(out.bytes, stdout);
        ok = true;
    } else {
        error_memory(error);
    }
    free(out.bytes);
    experiment_free(experiment);
    return ok;
}
