/* utf8.c: UTF-8, decoded by hand, strictly: no overlong forms, no surrogates, nothing above
 * U+10FFFF. Columns count characters, as the YAML parser's do. */
#include "config/utf8.h"

#include <string.h>

size_t utf8_mark(const char *bytes, size_t length)
{
    return length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

size_t utf8_character(const char *bytes, size_t length, unsigned *character)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = (unsigned char)bytes[0];
    const size_t width = first < 0x80             ? 1
                         : (first & 0xe0) == 0xc0 ? 2
                         : (first & 0xf0) == 0xe0 ? 3
                         : (first & 0xf8) == 0xf0 ? 4
                                                  : 0;

    if (width == 0 || width > length)
        return 0;
    unsigned value = width == 1 ? first : first & (0x7fu >> width);
    for (size_t i = 1; i < width; i++) {
        const unsigned char next = (unsigned char)bytes[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3f);
    }
    if (value < least[width] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *character = value;
    return width;
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

bool utf8_check(const char *name, bool numbered, const char *bytes, size_t length, plx_error *error)
{
    place at = {name, 1, 1};

    if (has_wide_mark(bytes, length))
        return error_at(error, ERROR_CONFIG, at, "the file is UTF-16; save it as UTF-8");
    for (size_t i = utf8_mark(bytes, length); i < length;) {
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

bool utf8_is_valid(const char *string)
{
    size_t left = strlen(string);

    while (left > 0) {
        unsigned character = 0;
        const size_t width = utf8_character(string, left, &character);
        if (width == 0)
            return false;
        string += width;
        left -= width;
    }
    return true;
}
