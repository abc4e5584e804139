/* summary.c: `plexus summary MODEL`. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verbs.h"
#include "model/model.h"

bool verb_summary(cli *context, plx_error *error)
{
    text out = {.bytes = NULL};
    model *model = model_read(context->options.argument[0], context->catalog, &context->log, error);

    if (model == NULL)
        return false;
    const bool ok =
        context->options.json ? model_summary_json(model, &out) : model_summary(model, &out);
    if (ok)
        printf("%s%s", out.bytes, context->options.json ? "\n" : "");
    else
        error_memory(error);
    free(out.bytes);
    model_free(model);
    return ok;
}
