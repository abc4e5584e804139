/* plain_text.c: see plain_text.h. Columns count characters, as the YAML parser's do. */
#include "config/plain_text.h"

#include <string.h>

#include "support/utf8.h"

size_t plain_text_mark(const char *bytes, size_t length)
{
    return length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The characters a YAML file may hold. */
static bool is_allowed(unsigned c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    if (c < 0xa0)
        return c < 0x7f || c == 0x85;
    return c != 0xfeff && c != 0xfffe && c != 0xffff;
}

/* Fails with what is wrong with the character at `bytes`; width 0: it is no character. */
static bool refuse(place at, const char *bytes, size_t width, unsigned character, plx_error *error)
{
    if (width == 0)
        return error_at(error, ERROR_CONFIG, at,
                        "the byte \\x%02x is not UTF-8 here; save the file as UTF-8",
                        (unsigned)(unsigned char)bytes[0]);
    if (character == 0)
        return error_at(error, ERROR_CONFIG, at, "a NUL byte; a config file is plain text");
    return error_at(error, ERROR_CONFIG, at,
                    "the control character U+%04X; a config file is plain text", character);
}

static bool has_wide_mark(const char *bytes, size_t length)
{
    return length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);
}

bool plain_text_check(const char *name, bool numbered, const char *bytes, size_t length,
                      plx_error *error)
{
    place at = {name, 1, 1};

    if (has_wide_mark(bytes, length))
        return error_at(error, ERROR_CONFIG, at, "the file is UTF-16; save it as UTF-8");
    for (size_t i = plain_text_mark(bytes, length); i < length;) {
        unsigned character = 0;
        const size_t width = utf8_character(bytes + i, length - i, &character);

        if (width == 0 || !is_allowed(character))
            return refuse(numbered ? at : (place){name, 0, 0}, bytes + i, width, character, error);
        i += width;
        if (character == '\n' || (character == '\r' && (i == length || bytes[i] != '\n'))) {
            at.line++;
            at.column = 1;
        } else {
            at.column++;
        }
    }
    return true;
}
