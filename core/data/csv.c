/* csv.c: see csv.h.
 *
 * The bytes of the file stay as they are; opening walks over them once, checks everything that can
 * be wrong, and notes where each row begins. Later passes read the same bytes with the same
 * function and cannot fail. A place in the file is worked out from the offset only when a message
 * needs it, so a large file costs its own size and eight bytes a row. */
#include "data/csv.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/text.h"
#include "support/utf8.h"

/* --- one field --- */

typedef enum { FIELD_NEXT, FIELD_LAST, FIELD_OPEN, FIELD_TRAILING, FIELD_CR } field_end;

/* A field as it stands in the file. */
typedef struct field_span {
    size_t at;            /* where it begins                                                     */
    size_t first, length; /* its content, quotes still doubled                                   */
    size_t doubled;       /* how many quotes are                                                 */
    size_t next;          /* where the next field begins; after a failure, what is wrong         */
    field_end end;
} field_span;

static bool is_space(const csv_table *table, size_t at)
{
    const char c = table->bytes[at];

    return (c == ' ' || c == '\t') && c != table->delimiter;
}

static size_t skip_space(const csv_table *table, size_t at)
{
    while (at < table->length && is_space(table, at))
        at++;
    return at;
}

/* What follows the content: a delimiter, a line end, or something that is wrong. */
static void end_field(const csv_table *table, size_t at, field_span *span)
{
    const char *bytes = table->bytes;

    span->next = at + 1;
    span->end = FIELD_LAST;
    if (at >= table->length) {
        span->next = table->length;
    } else if (bytes[at] == table->delimiter) {
        span->end = FIELD_NEXT;
    } else if (bytes[at] == '\r' && at + 1 < table->length && bytes[at + 1] == '\n') {
        span->next = at + 2;
    } else if (bytes[at] != '\n') {
        span->end = bytes[at] == '\r' ? FIELD_CR : FIELD_TRAILING;
        span->next = at;
    }
}

/* `at` is behind the opening quote. */
static void scan_quoted(const csv_table *table, size_t at, field_span *span)
{
    span->first = at;
    for (;;) {
        const char *quote =
            at < table->length ? memchr(table->bytes + at, '"', table->length - at) : NULL;
        if (quote == NULL) {
            span->end = FIELD_OPEN;
            span->next = span->first - 1;
            return;
        }
        at = (size_t)(quote - table->bytes) + 1;
        if (at >= table->length || table->bytes[at] != '"')
            break;
        span->doubled++;
        at++;
    }
    span->length = at - 1 - span->first;
    end_field(table, skip_space(table, at), span);
}

static void scan_field(const csv_table *table, size_t at, field_span *span)
{
    const char *bytes = table->bytes;
    const size_t start = skip_space(table, at);

    *span = (struct field_span){.at = start, .first = start};
    if (start < table->length && bytes[start] == '"') {
        scan_quoted(table, start + 1, span);
        return;
    }
    size_t end = start;
    while (end < table->length && bytes[end] != table->delimiter && bytes[end] != '\n' &&
           bytes[end] != '\r')
        end++;
    size_t last = end;
    while (last > start && is_space(table, last - 1))
        last--;
    span->length = last - start;
    end_field(table, end, span);
}

/* Content with each doubled quote taken once. */
static size_t unescape(const char *from, size_t length, char *out)
{
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        out[used++] = from[i];
        if (from[i] == '"')
            i++;
    }
    return used;
}

size_t csv_read(const csv_table *table, size_t at, csv_field *field)
{
    field_span span;

    scan_field(table, at, &span);
    field->at = span.at;
    field->text = table->bytes + span.first;
    field->length = span.length;
    if (span.doubled > 0) {
        field->length = unescape(field->text, span.length, table->scratch);
        field->text = table->scratch;
    }
    return span.next;
}

/* --- places --- */

/* Columns count characters, not bytes: continuation bytes of UTF-8 are left out. */
static place place_of(const csv_table *table, size_t at)
{
    size_t line = 1, column = 1, start = 0;

    if (at >= 3 && table->length >= 3 && memcmp(table->bytes, "\xEF\xBB\xBF", 3) == 0)
        start = 3;
    for (size_t i = 0; i < at && i < table->length; i++)
        if (table->bytes[i] == '\n') {
            line++;
            start = i + 1;
        }
    for (size_t i = start; i < at; i++)
        if (((unsigned char)table->bytes[i] & 0xC0) != 0x80)
            column++;
    return (place){table->path, line < INT_MAX ? (int)line : INT_MAX,
                   column < INT_MAX ? (int)column : INT_MAX};
}

int csv_line(const csv_table *table, size_t at)
{
    return place_of(table, at).line;
}

bool csv_error(const csv_table *table, size_t at, plx_error *error, const char *format, ...)
{
    plx_error said = {0};
    va_list arguments;

    va_start(arguments, format);
    error_setv(&said, ERROR_DATA, format, arguments);
    va_end(arguments);
    return error_at(error, ERROR_DATA, place_of(table, at), "%s", said.text);
}

/* --- what a field means --- */

bool csv_is_missing(const csv_field *field)
{
    static const char *const words[] = {"", "NA", "NaN", "nan", "NAN", "null", "?"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i]) == field->length && memcmp(words[i], field->text, field->length) == 0)
            return true;
    return false;
}

/* Up to 15 digits are exact in a double, and so is the power of ten they are divided by: one
 * correctly rounded division gives the nearest double. */
static bool short_number(const char *word, size_t length, double *value)
{
    static const double power[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool negative = length > 0 && word[0] == '-';
    size_t digits = 0, behind = 0;
    bool point = false;
    double whole = 0;

    for (size_t i = negative ? 1 : 0; i < length; i++) {
        if (word[i] == '.' && !point) {
            point = true;
        } else if (word[i] >= '0' && word[i] <= '9' && digits < 15) {
            whole = whole * 10 + (word[i] - '0');
            digits++;
            behind += point ? 1 : 0;
        } else {
            return false;
        }
    }
    if (digits == 0)
        return false;
    *value = (negative ? -whole : whole) / power[behind];
    return true;
}

bool csv_number(const csv_field *field, double *value)
{
    if (short_number(field->text, field->length, value) ||
        text_is_double(field->text, field->length, value))
        return true;
    if (!text_is_decimal(field->text, field->length))
        return false;
    *value = (double)INFINITY; /* a number all the same, and no word */
    return true;
}

/* --- opening --- */

const char *csv_delimiter_hint(char separator)
{
    if (separator == ';')
        return "; if ';' separates them, say `delimiter: \";\"`";
    return separator == '\t' ? "; if a tab separates them, say `delimiter: tab`" : "";
}

/* One row as the first pass sees it. */
typedef struct row_check {
    size_t fields;
    size_t longest; /* field with doubled quotes                                                 */
    bool number;    /* one of the fields is a finite number                                      */
    size_t next;
} row_check;

static bool refuse_field(const csv_table *table, const field_span *span, plx_error *error)
{
    if (span->end == FIELD_OPEN)
        return csv_error(table, span->next, error,
                         "a quote is opened here and never closed; it should end with \"");
    if (span->end == FIELD_CR)
        return csv_error(table, span->next, error,
                         "a carriage return without a line feed; rows end with LF or CR LF");
    return csv_error(table, span->next, error,
                     "text after a closing quote; a delimiter or a line end should follow (a quote "
                     "within quotes is written twice)%s",
                     csv_delimiter_hint(table->bytes[span->next]));
}

/* A first row of one field may be one whose delimiter is another. */
static bool refuse_count(const csv_table *table, size_t at, size_t fields, plx_error *error)
{
    char other = '\0';

    for (size_t i = table->row[0]; table->columns == 1 && table->bytes[i] != '\n'; i++)
        if (table->bytes[i] == ';' || table->bytes[i] == '\t')
            other = table->bytes[i];
    return error_at(error, ERROR_DATA, (place){table->path, csv_line(table, at), 0},
                    "%zu field%s; the first row has %zu%s", fields, fields == 1 ? "" : "s",
                    table->columns, csv_delimiter_hint(other));
}

static bool check_row(const csv_table *table, size_t at, row_check *row, plx_error *error)
{
    field_span span;

    *row = (row_check){0};
    do {
        double value;
        scan_field(table, at, &span);
        if (span.end != FIELD_NEXT && span.end != FIELD_LAST)
            return refuse_field(table, &span, error);
        if (row->fields == CSV_MAX_COLUMNS)
            return csv_error(table, span.at, error, "more than %d columns; that is the most",
                             CSV_MAX_COLUMNS);
        row->fields++;
        if (span.doubled > 0 && span.length > row->longest)
            row->longest = span.length;
        const csv_field field = {.text = table->bytes + span.first, .length = span.length};
        if (table->rows == 0 && csv_number(&field, &value) && isfinite(value))
            row->number = true;
        at = span.next;
    } while (span.end == FIELD_NEXT);
    row->next = at;
    return true;
}

/* Where the next row begins, blank lines skipped. */
static size_t skip_blank(const csv_table *table, size_t at)
{
    for (;;) {
        size_t end = skip_space(table, at);
        if (end < table->length && table->bytes[end] == '\r')
            end++;
        if (end >= table->length || table->bytes[end] != '\n')
            return end >= table->length ? table->length : at;
        at = end + 1;
    }
}

/* Notes where every row begins, the header's too. */
static bool find_rows(csv_table *table, size_t at, bool *number, size_t *longest, plx_error *error)
{
    row_check row;

    for (at = skip_blank(table, at); at < table->length; at = skip_blank(table, row.next)) {
        if (!check_row(table, at, &row, error))
            return false;
        if (table->rows == 0) {
            table->columns = row.fields;
            *number = row.number;
        }
        if (row.fields != table->columns)
            return refuse_count(table, at, row.fields, error);
        if (row.longest > *longest)
            *longest = row.longest;
        if (table->rows >= UINT32_MAX)
            return error_set(error, ERROR_DATA, "%s: more than %u rows; that is the most",
                             table->path, UINT32_MAX);
        if (memory_grow(&table->row, &table->capacity, table->rows + 1, sizeof(size_t)) == NULL)
            return error_memory(error);
        table->row[table->rows++] = at;
    }
    if (table->rows == 0)
        return error_set(error, ERROR_DATA, "%s: is empty; rows of data are needed", table->path);
    return true;
}

/* A name of the header, at `field`. */
static bool add_name(csv_table *table, const csv_field *field, size_t column, plx_error *error)
{
    char shown[256];

    if (field->length == 0)
        return csv_error(table, field->at, error,
                         "column %zu has no name; every column of a header needs one", column + 1);
    if (!utf8_is_valid(field->text, field->length))
        return csv_error(table, field->at, error,
                         "the column's name '%s' is not UTF-8; convert the file (iconv -t UTF-8)",
                         text_shown(shown, field->text, field->length, 40));
    if (vocabulary_find(&table->names, field->text, field->length) != VOCABULARY_NONE)
        return csv_error(table, field->at, error, "a second column named '%s'; names must differ",
                         text_shown(shown, field->text, field->length, 40));
    if (vocabulary_add(&table->names, field->text, field->length) == VOCABULARY_NONE)
        return error_memory(error);
    return true;
}

/* Takes the first row as names, or names the columns by their number. */
static bool name_columns(csv_table *table, plx_error *error)
{
    size_t at = table->row[0];
    csv_field field;

    for (size_t c = 0; c < table->columns; c++) {
        char number[32];
        at = csv_read(table, at, &field);
        if (!table->header) {
            const int n = snprintf(number, sizeof(number), "%zu", c);
            if (vocabulary_add(&table->names, number, (size_t)n) == VOCABULARY_NONE)
                return error_memory(error);
        } else if (!add_name(table, &field, c, error)) {
            return false;
        }
    }
    if (!table->header)
        return true;
    memmove(table->row, table->row + 1, (table->rows - 1) * sizeof(size_t));
    if (--table->rows == 0)
        return error_set(error, ERROR_DATA, "%s: has a header and no rows of data", table->path);
    return true;
}

static char default_delimiter(const char *path)
{
    const size_t length = strlen(path);

    if (length > 7 && strcmp(path + length - 7, ".tsv.gz") == 0)
        return '\t';
    return length > 4 && strcmp(path + length - 4, ".tsv") == 0 ? '\t' : ',';
}

bool csv_open(csv_table *table, const char *path, char *bytes, size_t length, char delimiter,
              header_rule header, plx_error *error)
{
    bool number = false;
    size_t longest = 0;

    *table = (csv_table){.path = path, .bytes = bytes, .length = length, .delimiter = delimiter};
    if (delimiter == '\0')
        table->delimiter = default_delimiter(path);
    const char *zero = length > 0 ? memchr(bytes, '\0', length) : NULL;
    if (zero != NULL) {
        csv_error(table, (size_t)(zero - bytes), error,
                  "a zero byte; a CSV file is text, in UTF-8");
        goto failed;
    }
    const size_t mark = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    if (!find_rows(table, mark, &number, &longest, error))
        goto failed;
    table->header = header == HEADER_YES || (header == HEADER_AUTO && !number);
    table->scratch = memory_array(longest + 1, 1);
    if (table->scratch == NULL) {
        error_memory(error);
        goto failed;
    }
    if (!name_columns(table, error))
        goto failed;
    return true;
failed:
    csv_close(table);
    return false;
}

void csv_close(csv_table *table)
{
    free(table->bytes);
    free(table->row);
    free(table->scratch);
    vocabulary_clear(&table->names);
    *table = (csv_table){0};
}
