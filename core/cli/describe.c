/* describe.c: `plexus describe KIND NAME`, or of a file: what a plug-in says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "plugin/describe.h"

static const plugin *find(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;

    if (options->argument_count == 1) {
        if (strchr(options->argument[0], '/') != NULL ||
            strstr(options->argument[0], ".so") != NULL)
            return catalog_load_file(context->catalog, options->argument[0], error);
        error_set(error, ERROR_USAGE,
                  "usage: plexus describe KIND NAME, such as `plexus describe optimizer adam`, or "
                  "plexus describe FILE.so");
        return NULL;
    }
    uint32_t kind;
    if (!verbs_kind(options->argument[0], &kind, error))
        return NULL;
    return catalog_find(context->catalog, kind, options->argument[1], error);
}

bool verb_describe(cli *context, plx_error *error)
{
    text out = {.bytes = NULL};
    const plugin *plugin = find(context, error);

    if (plugin == NULL)
        return false;
    if (!(context->options.json ? describe_json(plugin, &out, error)
                                : describe_text(plugin, &out, error))) {
        free(out.bytes);
        return false;
    }
    fputs(out.bytes, stdout);
    free(out.bytes);
    return true;
}
