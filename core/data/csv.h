/* csv.h: a CSV file, checked once and then walked field by field. Private to data.
 *
 * The dialect: fields are separated by one delimiter, rows by a line feed or CR LF; a field may be
 * quoted, with "" for a quote, and then hold delimiters and line ends (RFC 4180). Space around an
 * unquoted field is not part of it; blank lines are skipped; a byte-order mark is skipped. Every
 * row has the same number of fields. A quote inside an unquoted field is just a quote. */
#ifndef DATA_CSV_H
#define DATA_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "config/experiment.h"
#include "data/vocabulary.h"
#include "support/error.h"

#define CSV_MAX_COLUMNS 100000

typedef struct csv_table {
    const char *path; /* borrowed                                                                */
    char *bytes;      /* owned                                                                   */
    size_t length;
    char delimiter;
    bool header;
    size_t columns;
    vocabulary names; /* of the columns: the header's, or "0", "1", ...                          */
    size_t *row;      /* where each row of data begins                                           */
    size_t rows, capacity;
    char *scratch; /* room for the longest field with doubled quotes                             */
} csv_table;

typedef struct csv_field {
    const char *text; /* valid until the next field is read; not terminated                      */
    size_t length;
    size_t at; /* its place in the file, for csv_error                                           */
} csv_field;

/* Takes over `bytes` (length of them), also on failure. With HEADER_AUTO the first row is a header
 * unless one of its fields is a number. Delimiter 0: a tab if the path ends in .tsv, else a
 * comma. */
bool csv_open(csv_table *table, const char *path, char *bytes, size_t length, char delimiter,
              header_rule header, plx_error *error);
void csv_close(csv_table *table);
/* Reads the field that begins at `at`; returns where the next one begins. */
size_t csv_read(const csv_table *table, size_t at, csv_field *field);
/* "file:line:column: ..."; code ERROR_DATA. Returns false. */
bool csv_error(const csv_table *table, size_t at, plx_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* For the end of a message: advice if `separator` is one that CSV files use beside the comma, else
 * nothing. */
const char *csv_delimiter_hint(char separator);
int csv_line(const csv_table *table, size_t at);
/* Empty, NA, NaN, nan, NAN, null and ? say that a value is missing. */
bool csv_is_missing(const csv_field *field);
/* A number as text_is_double knows it, quickly for the short ones; one too large for a double is
 * infinite. */
bool csv_number(const csv_field *field, double *value);

#endif
