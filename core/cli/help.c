/* help.c: `plexus help`, `plexus help VERB` and `plexus version`. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "network/product.h"

static void print_verb(const verb *verb)
{
    printf("usage: plexus %s%s%s\n\n%s\n", verb->name, *verb->arguments == '\0' ? "" : " ",
           verb->arguments, verb->summary);
    if (verb->help != NULL)
        printf("\n%s", verb->help);
    if (verb->takes != 0) {
        printf("\noptions:\n");
        options_help(verb->takes);
    }
}

bool verb_help(cli *context, plx_error *error)
{
    if (context->options.argument_count == 1) {
        const char *name = context->options.argument[0];
        const verb *verb = verbs_find(name);

        if (verb == NULL)
            return verbs_unknown(name, error);
        print_verb(verb);
        return true;
    }
    printf("Plexus trains and compares feed-forward networks whose activations, losses and\n"
           "optimizers are plug-ins.\n\nusage: plexus COMMAND [ARGUMENTS] [OPTIONS]\n\n");
    for (const verb *verb = verbs_all(); verb->name != NULL; verb++)
        printf("  %-9s %-27s %s\n", verb->name, verb->arguments, verb->summary);
    printf("\n`plexus help COMMAND` says more. Exit codes: 0 ok, 1 the run failed, 2 usage,\n"
           "3 config file, 4 plug-in, 5 data or model file.\n");
    return true;
}

/* One folder alone, for scripts. */
static bool print_folder(const cli *context, plx_error *error)
{
    const char *what = context->options.argument[0];
    const bool plugins = strcmp(what, "plugindir") == 0;

    if (!plugins && strcmp(what, "includedir") != 0)
        return error_set(error, ERROR_USAGE, "no folder '%s'; there are plugindir and includedir",
                         what);
    printf("%s\n", plugins ? context->plugindir : context->includedir);
    return true;
}

bool verb_version(cli *context, plx_error *error)
{
    if (context->options.argument_count == 1)
        return print_folder(context, error);
    if (context->options.json)
        printf("{\"plexus\":\"%s\",\"abi\":\"%d.%d\",\"isa\":\"%s\"}\n", PLEXUS_VERSION,
               PLX_ABI_MAJOR, PLX_MINOR, product_isa());
    else
        printf("plexus %s (plug-in ABI %d.%d, %s)\n", PLEXUS_VERSION, PLX_ABI_MAJOR, PLX_MINOR,
               product_isa());
    return true;
}
