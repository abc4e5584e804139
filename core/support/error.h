/* error.h: the one error idiom. A function that can fail returns false or NULL and has filled the
 * plx_error it was given, with the class that becomes the program's exit code and one text that
 * says what is wrong and what would be right. The first error wins: filling an error that is
 * already set keeps the first text, so clean-up code may fail without hiding the cause. */
#ifndef SUPPORT_ERROR_H
#define SUPPORT_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/* The classes, equal to the exit codes of the program. */
typedef enum {
    ERROR_NONE = 0,
    ERROR_RUN = 1,    /* a run failed: diverged, a gate failed, out of memory                    */
    ERROR_USAGE = 2,  /* the command line                                                        */
    ERROR_CONFIG = 3, /* a config file                                                           */
    ERROR_PLUGIN = 4, /* a plug-in: not found, refused, failed                                   */
    ERROR_DATA = 5,   /* a data, model or checkpoint file; any file operation                    */
} error_class;

typedef struct plx_error {
    error_class code;
    bool misfit; /* components that do not go together: a comparison skips such a choice        */
    char text[4096];
} plx_error;

/* A place in a text file; line and column count from 1, 0 means unknown and is left out. */
typedef struct place {
    const char *file;
    int line, column;
} place;

/* Fills `error` unless it is NULL or already set. Returns false, for `return error_set(..)`. */
bool error_set(plx_error *error, error_class code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with "file:line:column: " before the text. */
bool error_at(plx_error *error, error_class code, place at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool error_setv(plx_error *error, error_class code, const char *format, va_list arguments);
/* error_set(ERROR_RUN, "out of memory") */
bool error_memory(plx_error *error);
/* Marks the error just set as a misfit. Returns false. */
bool error_misfit(plx_error *error);
/* Puts "prefix: " before the text of an error that is set; for adding context on the way up. */
void error_prefix(plx_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
