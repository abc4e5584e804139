/* Loading runs a plug-in's constructors, and no check can come before them. So a parent that must
 * live, such as a listing of whatever lies in a folder, first has a child load the file: the child
 * writes what came of it to its channel. */
#include "plugin/probe.h"

#include <stdlib.h>
#include <string.h>

#include "support/sandbox.h"

typedef struct trial {
    const char *path;
    uint32_t kind;
    const char *name;
} trial;

/* Sends "+", or "-" and the reason. */
static void try_load(void *context, int channel)
{
    const trial *of = context;
    plx_error error = {0};
    const bool good = load_plugin(of->path, of->kind, of->name, &error) != NULL;

    sandbox_write(channel, good ? "+" : "-", 1);
    sandbox_write(channel, error.text, strlen(error.text));
}

static bool died(const sandbox_end *end, plx_error *error)
{
    const char *signal = sigabbrev_np(end->number);

    if (end->outcome == SANDBOX_SIGNALLED)
        return error_set(error, ERROR_PLUGIN, "it crashes while it is loaded (SIG%s)",
                         signal != NULL ? signal : "?");
    return error_set(error, ERROR_PLUGIN, "it ends the process while it is loaded (exit status %d)",
                     end->number);
}

static bool judge(const sandbox_end *end, double seconds, plx_error *error)
{
    const text *verdict = &end->message;

    if (end->outcome == SANDBOX_TIMED_OUT)
        return error_set(error, ERROR_PLUGIN, "it does not finish loading within %g s", seconds);
    if (end->outcome != SANDBOX_RETURNED)
        return died(end, error);
    if (verdict->length == 0)
        return error_set(error, ERROR_PLUGIN, "it closes files of the process while it is loaded");
    return verdict->bytes[0] == '+' ||
           error_set(error, ERROR_PLUGIN, "%.*s", (int)verdict->length - 1, verdict->bytes + 1);
}

bool probe_plugin(const char *path, uint32_t kind, const char *name, int milliseconds,
                  plx_error *error)
{
    const sandbox_limits limits = {.seconds = milliseconds / 1000.0};
    trial of = {path, kind, name};
    plx_error reason = {0};
    sandbox_end end;
    const bool good = sandbox_run(&limits, try_load, &of, &end, &reason)
                          ? judge(&end, limits.seconds, error)
                          : error_set(error, ERROR_PLUGIN, "it cannot be tried: %s", reason.text);

    sandbox_end_clear(&end);
    return good;
}
