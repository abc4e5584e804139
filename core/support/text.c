/* text.c: see text.h.
 *
 * Numbers pass through the C locale by uselocale and strtod_l: the program's locale may write a
 * comma where a file must hold a point. (glibc answers newlocale("C") with a static object, so
 * nothing is allocated.) What is a number is decided by a small grammar here and not by strtod,
 * which would also take hexadecimal, leading space and "nan(...)". */
#include "support/text.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "support/memory.h"
#include "support/utf8.h"

enum { LONGEST_NAME = 255 };

static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* --- the growing string --- */

/* Makes room for n more bytes and the NUL. */
static bool reserve(text *t, size_t n)
{
    if (t->failed || n >= SIZE_MAX - t->length ||
        memory_grow(&t->bytes, &t->capacity, t->length + n + 1, 1) == NULL)
        t->failed = true;
    return !t->failed;
}

void text_add_n(text *t, const char *bytes, size_t n)
{
    if (!reserve(t, n))
        return;
    if (n > 0)
        memcpy(t->bytes + t->length, bytes, n);
    t->length += n;
    t->bytes[t->length] = '\0';
}

void text_add(text *t, const char *string)
{
    text_add_n(t, string, strlen(string));
}

__attribute__((format(printf, 3, 0))) static int print_in_c(char *out, size_t size,
                                                            const char *format, va_list arguments)
{
    const locale_t plain = c_locale();
    const locale_t before = uselocale(plain);
    const int length = vsnprintf(out, size, format, arguments);

    uselocale(before);
    freelocale(plain);
    return length;
}

void text_addf(text *t, const char *format, ...)
{
    va_list arguments, again;

    va_start(arguments, format);
    va_copy(again, arguments);
    const int length = print_in_c(NULL, 0, format, arguments);
    if (length < 0)
        t->failed = true;
    else if (reserve(t, (size_t)length)) {
        print_in_c(t->bytes + t->length, (size_t)length + 1, format, again);
        t->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

__attribute__((format(printf, 3, 4))) static void print_number(char *out, size_t size,
                                                               const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print_in_c(out, size, format, arguments);
    va_end(arguments);
}

static double read_number(const char *string)
{
    const locale_t plain = c_locale();
    const double value = strtod_l(string, NULL, plain);

    freelocale(plain);
    return value;
}

/* Prints with `digits` significant digits; true if that reads back as the same number. */
static bool prints_exactly(char *buffer, double value, int digits)
{
    print_number(buffer, 32, "%.*g", digits, value);
    return read_number(buffer) == value;
}

/* Whole numbers below 10^15 are written out (100, not 1e+02). Of the others nearly all that people
 * write have at most 15 digits, so those are tried before the two longer forms. */
char *text_of_double(char *buffer, double value)
{
    if (isnan(value))
        return strcpy(buffer, "nan");
    if (isinf(value))
        return strcpy(buffer, value < 0 ? "-inf" : "inf");
    if (fabs(value) < 1e15 && trunc(value) == value) {
        print_number(buffer, 32, "%.0f", value);
        return buffer;
    }
    int digits = prints_exactly(buffer, value, 15) ? 1 : 16;
    while (digits < 17 && !prints_exactly(buffer, value, digits))
        digits++;
    if (digits == 17)
        print_number(buffer, 32, "%.17g", value);
    return buffer;
}

void text_add_double(text *t, double value)
{
    char buffer[32];

    text_add(t, text_of_double(buffer, value));
}

/* --- strict numbers --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_sign(const char *s, size_t length)
{
    return length > 0 && (s[0] == '+' || s[0] == '-') ? 1 : 0;
}

static size_t skip_digits(const char *s, size_t length, size_t at)
{
    while (at < length && is_digit(s[at]))
        at++;
    return at;
}

/* [sign] digits [. digits] [e [sign] digits], with a digit on at least one side of the point. */
bool text_is_decimal(const char *s, size_t length)
{
    const size_t start = skip_sign(s, length);
    size_t at = skip_digits(s, length, start);
    size_t digits = at - start;

    if (at < length && s[at] == '.') {
        const size_t fraction = at + 1;
        at = skip_digits(s, length, fraction);
        digits += at - fraction;
    }
    if (digits == 0)
        return false;
    if (at < length && (s[at] == 'e' || s[at] == 'E')) {
        const size_t exponent = at + 1 + skip_sign(s + at + 1, length - at - 1);
        at = skip_digits(s, length, exponent);
        if (at == exponent)
            return false;
    }
    return at == length;
}

/* "inf", "infinity", "nan" in any case, with a sign. */
static bool is_special(const char *s, size_t length, double *value)
{
    const size_t sign = skip_sign(s, length);
    const char *word = s + sign;
    const size_t n = length - sign;

    if (n == 3 && strncasecmp(word, "nan", 3) == 0)
        *value = nan("");
    else if ((n == 3 && strncasecmp(word, "inf", 3) == 0) ||
             (n == 8 && strncasecmp(word, "infinity", 8) == 0))
        *value = s[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    else
        return false;
    return true;
}

bool text_is_double(const char *string, size_t length, double *value)
{
    char few[64];

    if (is_special(string, length, value))
        return true;
    if (!text_is_decimal(string, length))
        return false;
    char *copy = length < sizeof(few) ? few : malloc(length + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, string, length);
    copy[length] = '\0';
    const double number = read_number(copy);
    if (copy != few)
        free(copy);
    if (isinf(number))
        return false;
    *value = number;
    return true;
}

/* Counts down from zero for both signs, as the least int64 has no positive twin. */
bool text_is_integer(const char *string, size_t length, int64_t *value)
{
    const size_t start = skip_sign(string, length);
    int64_t number = 0;

    if (start == length || skip_digits(string, length, start) != length)
        return false;
    for (size_t i = start; i < length; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, string[i] - '0', &number))
            return false;
    if (string[0] != '-' && __builtin_sub_overflow(0, number, &number))
        return false;
    *value = number;
    return true;
}

/* --- names --- */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of two neighbours that turn a into b; no place is
 * edited twice (optimal string alignment). Both are at most LONGEST_NAME long. Rows of the usual
 * table, the last three of them in turn. */
static unsigned edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][LONGEST_NAME + 1];

    for (size_t j = 0; j <= b_length; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        const unsigned *above2 = rows[(i + 1) % 3], *above = rows[(i - 1) % 3];
        unsigned *row = rows[i % 3];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            const unsigned differs = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = least(above[j - 1] + differs, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a_length % 3][b_length];
}

/* The one candidate that begins with `name`; NULL if none does, or several. */
static const char *only_completion(const char *name, const char *const *candidates, size_t count)
{
    const size_t length = strlen(name);
    const char *found = NULL;

    if (length < 2)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (strncmp(name, candidates[i], length) != 0)
            continue;
        if (found != NULL)
            return NULL;
        found = candidates[i];
    }
    return found;
}

const char *text_nearest(const char *name, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    unsigned smallest = LONGEST_NAME + 1;

    if (name == NULL || strlen(name) > LONGEST_NAME)
        return NULL;
    const size_t length = strlen(name);
    for (size_t i = 0; i < count; i++) {
        const size_t other = strlen(candidates[i]);
        if (other > LONGEST_NAME)
            continue;
        const size_t longer = length > other ? length : other, third = longer / 3;
        const unsigned distance = edit_distance(name, length, candidates[i], other);
        const bool shares = distance == 0 || distance < longer; /* a character                   */
        if (shares && distance < smallest && distance <= (third > 1 ? third : 1)) {
            smallest = distance;
            nearest = candidates[i];
        }
    }
    return nearest != NULL ? nearest : only_completion(name, candidates, count);
}

bool text_is_name(const char *name)
{
    const size_t length = name == NULL ? 0 : strnlen(name, 33);

    if (length < 1 || length > 32 || name[0] < 'a' || name[0] > 'z')
        return false;
    for (size_t i = 1; i < length; i++)
        if (!((name[i] >= 'a' && name[i] <= 'z') || is_digit(name[i]) || name[i] == '_'))
            return false;
    return true;
}

/* Controls move the cursor; directional marks and line separators reorder what is around them. */
static bool is_showable(unsigned c)
{
    const bool control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    const bool direction =
        c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);

    return !control && !direction && c != 0xFEFF;
}

char *text_shown(char *buffer, const char *bytes, size_t length, size_t limit)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *s = (const unsigned char *)bytes;
    size_t at = 0, used = 0;

    for (size_t shown = 0; at < length && shown < limit; shown++) {
        unsigned character = 0;
        const size_t n = utf8_character(bytes + at, length - at, &character);
        if (n > 0 && is_showable(character)) {
            memcpy(buffer + used, bytes + at, n);
            used += n;
            at += n;
        } else {
            const char escape[4] = {'\\', 'x', digits[s[at] >> 4], digits[s[at] & 15]};
            memcpy(buffer + used, escape, 4);
            used += 4;
            at++;
        }
    }
    strcpy(buffer + used, at < length ? "..." : "");
    return buffer;
}

shown_text text_show(const char *string)
{
    shown_text out;

    text_shown(out.bytes, string, strlen(string), (sizeof(out.bytes) - 4) / 4);
    return out;
}
