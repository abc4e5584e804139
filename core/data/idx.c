/* idx.c: IDX files, the format of MNIST and its relatives: two zero bytes, the type of the
 * elements, the number of dimensions, each dimension as a big-endian 32-bit number, then the
 * elements, row-major and big-endian. The first dimension counts the rows; the others are one
 * row's features. */
#include <stdlib.h>
#include <string.h>

#include "data/raw.h"

enum { IDX_MAX_RANK = 8 };

static uint32_t big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Bytes of one element; 0 for a type that does not exist. */
static size_t element_size(unsigned char type)
{
    switch (type) {
    case 0x08:
    case 0x09:
        return 1;
    case 0x0B:
        return 2;
    case 0x0C:
    case 0x0D:
        return 4;
    case 0x0E:
        return 8;
    default:
        return 0;
    }
}

static double element(unsigned char type, const unsigned char *p)
{
    const uint32_t word = type >= 0x0C ? big32(p) : 0;
    const uint64_t wide = type == 0x0E ? (uint64_t)word << 32 | big32(p + 4) : 0;
    float single;
    double full;

    switch (type) {
    case 0x08:
        return p[0];
    case 0x09:
        return (int8_t)p[0];
    case 0x0B:
        return (int16_t)(uint16_t)(p[0] << 8 | p[1]);
    case 0x0C:
        return (int32_t)word;
    case 0x0D:
        memcpy(&single, &word, sizeof(single));
        return (double)single;
    default:
        memcpy(&full, &wide, sizeof(full));
        return full;
    }
}

/* Reads the header up to the first element: its offset, or 0 on failure. */
static size_t read_header(const char *path, const unsigned char *bytes, size_t length,
                          raw_matrix *shape, plx_error *error)
{
    uint64_t dims[IDX_MAX_RANK];

    if (length < 4 || bytes[0] != 0 || bytes[1] != 0) {
        error_set(error, ERROR_DATA,
                  "%s: not an IDX file; one begins with two zero bytes, a type and a rank", path);
        return 0;
    }
    if (element_size(bytes[2]) == 0) {
        error_set(error, ERROR_DATA,
                  "%s: no IDX element type 0x%02x; the types are 0x08 (u8), 0x09 (i8), 0x0b (i16), "
                  "0x0c (i32), 0x0d (f32) and 0x0e (f64)",
                  path, (unsigned)bytes[2]);
        return 0;
    }
    shape->rank = bytes[3];
    if (shape->rank > IDX_MAX_RANK) {
        error_set(error, ERROR_DATA, "%s: rank %d; at most %d dimensions are read", path,
                  shape->rank, IDX_MAX_RANK);
        return 0;
    }
    const size_t start = 4 + 4 * (size_t)shape->rank;
    if (length < start) {
        error_set(error, ERROR_DATA,
                  "%s: cut short within its header; rank %d needs %zu bytes, the file has %zu",
                  path, shape->rank, start, length);
        return 0;
    }
    for (int d = 0; d < shape->rank; d++)
        dims[d] = big32(bytes + 4 + 4 * (size_t)d);
    return raw_shape(path, shape->rank, dims, &shape->rows, &shape->cols, error) ? start : 0;
}

/* The header, and whether what follows is what it promises: the first element's offset, or 0.
 * length: of the whole file; of `bytes` only the header is looked at. */
static size_t open_idx(const char *path, const unsigned char *bytes, size_t length,
                       raw_matrix *matrix, plx_error *error)
{
    size_t all;

    *matrix = (raw_matrix){.beside = matrix->beside};
    const size_t start = read_header(path, bytes, length, matrix, error);
    if (start == 0)
        return 0;
    const size_t size = element_size(bytes[2]), count = matrix->rows * matrix->cols;
    matrix->integral = bytes[2] <= 0x0C;
    if (!__builtin_mul_overflow(count, size, &all) && all == length - start)
        return start;
    error_set(error, ERROR_DATA,
              "%s: its header promises %zu elements of %zu byte%s, but %zu bytes follow", path,
              count, size, size == 1 ? "" : "s", length - start);
    return 0;
}

bool idx_map(const char *path, mapping *map, raw_matrix *matrix, bool *as_stored, plx_error *error)
{
    unsigned char *bytes = mapping_bytes(map);
    const size_t start = open_idx(path, bytes, mapping_length(map), matrix, error);

    *as_stored = start > 0 && bytes[2] == 0x08;
    if (!*as_stored)
        return start > 0;
    matrix->bytes = bytes + start;
    matrix->map = map;
    matrix->start = start;
    return true;
}

bool idx_parse(const char *path, char **bytes, size_t length, raw_purpose purpose,
               raw_matrix *matrix, plx_error *error)
{
    const unsigned char *from = (const unsigned char *)*bytes;
    const size_t start = open_idx(path, from, length, matrix, error);

    if (start == 0)
        return false;
    const unsigned char type = from[2];
    const size_t size = element_size(type), count = matrix->rows * matrix->cols;
    if (type == 0x08) {
        memmove(*bytes, *bytes + start, count);
        matrix->bytes = (uint8_t *)*bytes;
        *bytes = NULL;
        return true;
    }
    if (!raw_reserve(matrix, path, matrix->rows, matrix->cols, purpose, error))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!raw_put(matrix, path, i, element(type, from + start + i * size), error))
            return false;
    return true;
}
