/* utf8.c: see utf8.h. */
#include "support/utf8.h"

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

bool utf8_is_valid(const char *bytes, size_t length)
{
    while (length > 0) {
        unsigned character = 0;
        const size_t width = utf8_character(bytes, length, &character);
        if (width == 0)
            return false;
        bytes += width;
        length -= width;
    }
    return true;
}
