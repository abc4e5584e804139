/* error.c: see error.h. The text has a fixed size, so that filling an error never needs memory and
 * never fails; what does not fit is cut. */
#include "support/error.h"

#include <stdio.h>
#include <string.h>

bool error_setv(plx_error *error, error_class code, const char *format, va_list arguments)
{
    if (error == NULL || error->code != ERROR_NONE)
        return false;
    error->code = code;
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    return false;
}

bool error_set(plx_error *error, error_class code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    error_setv(error, code, format, arguments);
    va_end(arguments);
    return false;
}

/* Puts `prefix` before the text; what no longer fits at the end is lost. */
static void insert_prefix(plx_error *error, const char *prefix)
{
    const size_t room = sizeof(error->text) - 1;
    const size_t old = strlen(error->text);
    size_t added = strlen(prefix);
    size_t kept = old;

    if (added > room)
        added = room;
    if (kept > room - added)
        kept = room - added;
    memmove(error->text + added, error->text, kept);
    memcpy(error->text, prefix, added);
    error->text[added + kept] = '\0';
}

/* "file:line:column: " without the parts that are unknown. */
static void describe_place(char *out, size_t size, place at)
{
    const char *file = at.file == NULL ? "" : at.file;
    const char *colon = at.file == NULL ? "" : ":";

    if (at.line > 0 && at.column > 0)
        snprintf(out, size, "%s%s%d:%d: ", file, colon, at.line, at.column);
    else if (at.line > 0)
        snprintf(out, size, "%s%s%d: ", file, colon, at.line);
    else if (at.file != NULL)
        snprintf(out, size, "%s: ", file);
    else
        out[0] = '\0';
}

bool error_at(plx_error *error, error_class code, place at, const char *format, ...)
{
    char prefix[sizeof(error->text)];
    va_list arguments;

    if (error == NULL || error->code != ERROR_NONE)
        return false;
    va_start(arguments, format);
    error_setv(error, code, format, arguments);
    va_end(arguments);
    describe_place(prefix, sizeof(prefix), at);
    insert_prefix(error, prefix);
    return false;
}

bool error_memory(plx_error *error)
{
    return error_set(error, ERROR_RUN, "out of memory");
}

bool error_misfit(plx_error *error)
{
    if (error != NULL)
        error->misfit = true;
    return false;
}

void error_prefix(plx_error *error, const char *format, ...)
{
    char prefix[sizeof(error->text)];
    va_list arguments;

    if (error == NULL || error->code == ERROR_NONE)
        return;
    va_start(arguments, format);
    vsnprintf(prefix, sizeof(prefix) - 2, format, arguments);
    va_end(arguments);
    memcpy(prefix + strlen(prefix), ": ", 3);
    insert_prefix(error, prefix);
}
