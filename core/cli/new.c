/* new.c: `plexus new KIND NAME`: the start of a plug-in, outside of this project. */
#include <stdio.h>
#include <stdlib.h>

#include "author/scaffold.h"
#include "cli/verbs.h"

bool verb_new(cli *context, plx_error *error)
{
    scaffold_spec spec = {.name = context->options.argument[1],
                          .folder = context->options.out,
                          .catalog = context->catalog};
    text told = {.bytes = NULL};

    const bool ok = verbs_kind(context->options.argument[0], &spec.kind, error) &&
                    scaffold_write(&spec, &told, error);
    if (ok)
        fputs(told.bytes, stdout);
    free(told.bytes);
    return ok;
}
