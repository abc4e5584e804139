/* exam.c: verdicts and variants. */
#include "author/exam.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void add_v(text *t, const char *format, va_list arguments)
{
    char *line = NULL;

    if (vasprintf(&line, format, arguments) < 0) {
        t->failed = true;
        return;
    }
    text_add(t, line);
    free(line);
}

bool exam_fail(exam *exam, const char *look, const char *expected, const char *came, ...)
{
    va_list arguments;

    if (exam->failed)
        return false;
    exam->failed = true;
    text_add(&exam->look, look);
    text_add(&exam->expected, expected);
    va_start(arguments, came);
    add_v(&exam->came, came, arguments);
    va_end(arguments);
    return false;
}

void exam_say(exam *exam, const char *format, ...)
{
    va_list arguments;

    exam->says.length = 0;
    va_start(arguments, format);
    add_v(&exam->says, format, arguments);
    va_end(arguments);
}

bool exam_skip(exam *exam, const char *format, ...)
{
    va_list arguments;

    exam->skipped = true;
    exam->says.length = 0;
    va_start(arguments, format);
    add_v(&exam->says, format, arguments);
    va_end(arguments);
    return false;
}

const exam_kind *exam_kind_of(uint32_t kind)
{
    switch (kind) {
    case PLX_KIND_ACTIVATION:
        return &exam_activation;
    case PLX_KIND_LOSS:
        return &exam_loss;
    default:
        return &exam_optimizer;
    }
}
