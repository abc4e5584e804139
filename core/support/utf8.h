/* utf8.h: UTF-8, read strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef SUPPORT_UTF8_H
#define SUPPORT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes the character at bytes[0..length), length at least 1; stores it and returns how many
 * bytes it has, 0 if they are no UTF-8. */
size_t utf8_character(const char *bytes, size_t length, unsigned *character);
/* True if the bytes are UTF-8 throughout. */
bool utf8_is_valid(const char *bytes, size_t length);

#endif
