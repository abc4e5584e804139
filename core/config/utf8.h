/* utf8.h: is a config file plain UTF-8 text? Asked before the YAML parser sees a byte, because
 * then the answer can name a line and a column. */
#ifndef CONFIG_UTF8_H
#define CONFIG_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "support/error.h"

/* Bytes of a UTF-8 byte-order mark at the start: 0 or 3. */
size_t utf8_mark(const char *bytes, size_t length);
/* Refuses UTF-16 and UTF-32 marks, NUL bytes, bytes that are not UTF-8, and characters that YAML
 * does not allow (controls other than tab and line ends), each at its place in the file `name`;
 * without `numbered` the place has no line. */
bool utf8_check(const char *name, bool numbered, const char *bytes, size_t length,
                plx_error *error);
/* Decodes the character at bytes[0..length), length at least 1; stores it and returns how many
 * bytes it has, 0 if they are no UTF-8. */
size_t utf8_character(const char *bytes, size_t length, unsigned *character);
/* True if the string is UTF-8 throughout. */
bool utf8_is_valid(const char *string);

#endif
