/* libsvm.c: the text format of LIBSVM: a row a line, `label index:value index:value ...`, indexes
 * from 1 and ascending, what is left out being 0; '#' begins a comment. The file is walked twice
 * by the same function: once to check it and learn its extent, once to fill the matrices. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/raw.h"
#include "support/text.h"

typedef struct svm_reader {
    const char *path;
    const char *bytes;
    size_t length;
    size_t at;
    size_t line;
    size_t line_start;
    size_t rows, largest; /* so far                                                              */
    size_t features;      /* 0: not known yet                                                    */
    raw_matrix *x, *y;    /* NULL in the first walk                                              */
    plx_error *error;
} svm_reader;

static place place_of(const svm_reader *reader, size_t at)
{
    const size_t column = at - reader->line_start + 1;

    return (place){reader->path, reader->line < INT_MAX ? (int)reader->line : INT_MAX,
                   column < INT_MAX ? (int)column : INT_MAX};
}

/* The next word of the line; false at its end or at a comment. */
static bool next_word(svm_reader *reader, size_t *start, size_t *length)
{
    const char *b = reader->bytes;
    size_t at = reader->at;

    while (at < reader->length && (b[at] == ' ' || b[at] == '\t' || b[at] == '\r'))
        at++;
    *start = at;
    if (at < reader->length && b[at] == '#')
        while (at < reader->length && b[at] != '\n')
            at++;
    else
        while (at < reader->length && strchr(" \t\r\n#", b[at]) == NULL)
            at++;
    reader->at = at;
    *length = b[*start] == '#' ? 0 : at - *start;
    return *length > 0;
}

static bool refuse_word(const svm_reader *reader, size_t start, size_t length, const char *wrong)
{
    char shown[4 * 32 + 4];

    return error_at(reader->error, ERROR_DATA, place_of(reader, start), "'%s' %s",
                    text_shown(shown, reader->bytes + start, length, 32), wrong);
}

/* One `index:value`; *last is the index before it on this line. */
static bool take_value(svm_reader *reader, size_t start, size_t length, int64_t *last)
{
    const char *word = reader->bytes + start;
    const char *colon = memchr(word, ':', length);
    const size_t n = colon == NULL ? 0 : (size_t)(colon - word);
    int64_t index;
    double value;

    if (colon == NULL)
        return refuse_word(reader, start, length, "is not index:value");
    if (n == 3 && memcmp(word, "qid", 3) == 0)
        return refuse_word(reader, start, length, "is a query for ranking, which is not read");
    if (!text_is_integer(word, n, &index) || index < 1 || index > INT32_MAX)
        return refuse_word(reader, start, length,
                           "has no index from 1 to 2147483647 before the colon");
    if (index <= *last)
        return refuse_word(reader, start, length, "does not ascend; indexes of a row must");
    if (!text_is_double(word + n + 1, length - n - 1, &value))
        return refuse_word(reader, start, length, "has no number after the colon");
    if (fabs(value) > (double)FLT_MAX)
        return refuse_word(reader, start, length, "is not finite as a 32-bit float");
    if (reader->features > 0 && (uint64_t)index > reader->features)
        return error_at(reader->error, ERROR_DATA, place_of(reader, start),
                        "index %lld, but there are %zu features", (long long)index,
                        reader->features);
    if ((size_t)index > reader->largest)
        reader->largest = (size_t)index;
    if (reader->x != NULL)
        reader->x->floats[reader->rows * reader->x->cols + (size_t)index - 1] = (float)value;
    *last = index;
    return true;
}

/* The rest of a row whose first word is its label. */
static bool take_row(svm_reader *reader, size_t start, size_t length)
{
    int64_t last = 0;
    double label;

    if (!text_is_double(reader->bytes + start, length, &label) || !isfinite(label))
        return refuse_word(reader, start, length, "is not a number; a row begins with its label");
    while (next_word(reader, &start, &length))
        if (!take_value(reader, start, length, &last))
            return false;
    if (reader->y != NULL)
        reader->y->doubles[reader->rows] = label;
    if (++reader->rows >= UINT32_MAX)
        return error_set(reader->error, ERROR_DATA, "%s: more than %u rows; that is the most",
                         reader->path, UINT32_MAX);
    return true;
}

static bool walk(svm_reader *reader)
{
    size_t start, length;

    reader->at = reader->line_start = reader->rows = 0;
    for (reader->line = 1; reader->at < reader->length; reader->line++) {
        reader->line_start = reader->at;
        if (next_word(reader, &start, &length) && !take_row(reader, start, length))
            return false;
        if (reader->at < reader->length)
            reader->at++;
    }
    return true;
}

bool libsvm_parse(const char *path, const char *bytes, size_t length, size_t features,
                  raw_matrix *x, raw_matrix *y, plx_error *error)
{
    svm_reader reader = {
        .path = path, .bytes = bytes, .length = length, .features = features, .error = error};

    const char *zero = length > 0 ? memchr(bytes, '\0', length) : NULL;
    if (zero != NULL)
        return error_set(error, ERROR_DATA, "%s: a zero byte at offset %zu; LIBSVM files are text",
                         path, (size_t)(zero - bytes));
    if (!walk(&reader))
        return false;
    if (reader.rows == 0)
        return error_set(error, ERROR_DATA, "%s: is empty; rows of data are needed", path);
    if (features == 0)
        features = reader.largest;
    if (features == 0)
        return error_set(error, ERROR_DATA, "%s: no row has a value; set data.features", path);
    if (!raw_reserve(x, path, reader.rows, features, RAW_INPUTS, error) ||
        !raw_reserve(y, path, reader.rows, 1, RAW_EXACT, error))
        return false;
    reader.x = x;
    reader.y = y;
    x->rank = 2;
    y->rank = 1;
    return walk(&reader);
}
