/* plain_text.h: is a config file plain UTF-8 text? Asked before the YAML parser sees a byte,
 * because then the answer can name a line and a column. */
#ifndef CONFIG_PLAIN_TEXT_H
#define CONFIG_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "support/error.h"

/* Bytes of a UTF-8 byte-order mark at the start: 0 or 3. */
size_t plain_text_mark(const char *bytes, size_t length);
/* Refuses UTF-16 and UTF-32 marks, NUL bytes, bytes that are not UTF-8, and characters that YAML
 * does not allow (controls other than tab and line ends), each at its place in the file `name`;
 * without `numbered` the place has no line. */
bool plain_text_check(const char *name, bool numbered, const char *bytes, size_t length,
                      plx_error *error);

#endif
