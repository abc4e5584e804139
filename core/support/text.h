/* text.h: a growing string, strict numbers, and the nearest name for "did you mean". Numbers are
 * read and written as in the C locale whatever the program's locale is. */
#ifndef SUPPORT_TEXT_H
#define SUPPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string; zero-initialise it, free(t.bytes) at the end. `failed` sticks once memory ran
 * out, so a caller may append freely and look once. `bytes` is NULL while nothing was appended. */
typedef struct text {
    char *bytes;
    size_t length, capacity;
    bool failed;
} text;

void text_add(text *t, const char *string);
void text_add_n(text *t, const char *bytes, size_t n);
void text_addf(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The fewest digits that read back as the same double ("0.1", "1e-08", "inf", "nan"); an integer
 * below 10^15 is written out ("100"). */
void text_add_double(text *t, double value);
/* The same into a buffer of at least 32 bytes; returns it. */
char *text_of_double(char *buffer, double value);

/* A whole string as a number, no space around, nothing after. Accepts inf, infinity, nan in any
 * case with a sign (text_is_double), decimal integers with a sign (text_is_integer, false also on
 * overflow). Hexadecimal is refused. An underflow to a denormal or zero is accepted, an overflow is
 * not. */
bool text_is_double(const char *string, size_t length, double *value);
bool text_is_decimal(const char *string, size_t length); /* its form alone, of whatever size */
bool text_is_integer(const char *string, size_t length, int64_t *value);

/* The candidate with the smallest Damerau-Levenshtein distance to `name` if that is at most a third
 * of the longer length (at least 1 is allowed) and they share a character; else the only candidate
 * that begins with `name`, of two characters or more; else NULL. Ties: the first. */
const char *text_nearest(const char *name, const char *const *candidates, size_t count);
/* True for [a-z][a-z0-9_]{0,31}: component, setting and slot names. */
bool text_is_name(const char *name);
/* Copies `bytes` for showing inside a message: control and non-ASCII invalid bytes as \xNN, cut
 * with "..." after `limit` shown characters. buffer has room for 4 * limit + 4 bytes. Returns it. A
 * character that moves the cursor or reorders text is shown as its bytes, too. */
char *text_shown(char *buffer, const char *bytes, size_t length, size_t limit);
/* The same of a string, 60 characters at most, for use within one call: text_show(name).bytes. */
typedef struct shown_text {
    char bytes[4 * 60 + 4];
} shown_text;
shown_text text_show(const char *string);

#endif
