/* rows.c: see rows.h. */
#include "data/rows.h"

#include <stdlib.h>

#include "support/memory.h"

enum { PIECE = 1 << 20 };

row_reader rows_open(const dataset *data)
{
    return (row_reader){
        .data = data, .row_bytes = dataset_row_bytes(data), .near = dataset_near(data)};
}

void rows_close(row_reader *reader)
{
    free(reader->buffer);
    *reader = (row_reader){.data = NULL};
}

/* Fills the buffer with the rows from `row` on. */
static bool read_piece(row_reader *reader, size_t row, plx_error *error)
{
    const size_t size = reader->row_bytes, left = reader->data->rows - row;

    if (reader->buffer == NULL) {
        reader->room = size < PIECE ? PIECE / size : 1;
        reader->buffer = memory_array(reader->room, size);
    }
    if (reader->buffer == NULL)
        return error_memory(error);
    reader->first = row;
    reader->count = left < reader->room ? left : reader->room;
    mapping_read(reader->data->map, reader->data->start + row * size, reader->count * size,
                 reader->buffer);
    return dataset_intact(reader->data, error);
}

const void *rows_at(row_reader *reader, size_t row, plx_error *error)
{
    const dataset *data = reader->data;

    if (row < reader->near)
        return data->bytes != NULL ? (const void *)(data->bytes + row * data->features)
                                   : (const void *)(data->floats + row * data->features);
    if ((row < reader->first || row - reader->first >= reader->count) &&
        !read_piece(reader, row, error))
        return NULL;
    return reader->buffer + (row - reader->first) * reader->row_bytes;
}
