/* plugins.c: `plexus plugins [KIND]`: every plug-in the search finds, and why a broken one is
 * refused. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verbs.h"
#include "plugin/describe.h"

bool verb_plugins(cli *context, plx_error *error)
{
    const cli_options *options = &context->options;
    uint32_t kind = 0;
    size_t count = 0;
    text out = {.bytes = NULL};

    if (options->argument_count == 1 && !verbs_kind(options->argument[0], &kind, error))
        return false;
    catalog_entry *entries = catalog_list(context->catalog, &count, error);
    if (entries == NULL)
        return false;
    if (options->json)
        describe_list_json(entries, count, kind, &out);
    else
        describe_list(entries, count, kind, &out);
    const bool ok = !out.failed || error_memory(error);
    if (ok && out.bytes != NULL)
        fputs(out.bytes, stdout);
    free(out.bytes);
    catalog_list_free(entries, count);
    return ok;
}
