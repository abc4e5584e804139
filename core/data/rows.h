/* rows.h: the stored inputs of a dataset, row after row, for passes over all of it: in memory, or,
 * far into a file, read a piece at a time. Private to data. */
#ifndef DATA_ROWS_H
#define DATA_ROWS_H

#include "data/dataset.h"

/* Close it in any case. */
typedef struct row_reader {
    const dataset *data;
    size_t row_bytes, near;
    unsigned char *buffer;     /* NULL while all rows so far were near                          */
    size_t first, count, room; /* the rows in the buffer; room for how many                      */
} row_reader;

row_reader rows_open(const dataset *data);
/* The bytes or floats of a row, until the next is asked for; rows that ascend are read in large
 * pieces. NULL on failure. */
const void *rows_at(row_reader *reader, size_t row, plx_error *error);
void rows_close(row_reader *reader);

#endif
