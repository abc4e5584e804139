/* log.c: see log.h. */
#include "support/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void log_line(const logger *to, log_level level, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    if (to == NULL || to->line == NULL)
        return;
    va_start(arguments, format);
    const int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) { /* out of memory: the bare format still says what the line was about */
        to->line(to->context, level, format);
        return;
    }
    to->line(to->context, level, text);
    free(text);
}
