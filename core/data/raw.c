/* raw.c: see raw.h. */
#include "data/raw.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

void raw_clear(raw_matrix *matrix)
{
    free(matrix->bytes);
    free(matrix->floats);
    free(matrix->doubles);
    *matrix = (raw_matrix){0};
}

bool raw_reserve(raw_matrix *matrix, const char *path, size_t rows, size_t cols,
                 raw_purpose purpose, plx_error *error)
{
    const size_t size = purpose == RAW_EXACT ? sizeof(double) : sizeof(float);
    size_t count, bytes;

    if (__builtin_mul_overflow(rows, cols, &count) || __builtin_mul_overflow(count, size, &bytes) ||
        bytes > RAW_MAX_STORAGE)
        return error_set(error, ERROR_DATA,
                         "%s: %zu rows of %zu values need more than the %zu GiB a data set may "
                         "take in memory",
                         path, rows, cols, RAW_MAX_STORAGE >> 30);
    const double need = (double)bytes + (double)cols * (double)matrix->beside;
    const double have = memory_of_machine();
    if (have > 0 && need > have)
        return error_set(error, ERROR_DATA,
                         "%s: %zu rows of %zu values need %.1f GB of memory%s, this machine has "
                         "%.1f GB; fewer rows or features would fit",
                         path, rows, cols, need / 1e9,
                         matrix->beside > 0 ? " with `scale` and `missing`" : "", have / 1e9);
    void *storage = memory_array(count, size);
    if (storage == NULL)
        return error_set(error, ERROR_RUN, "%s: out of memory for %zu rows of %zu values", path,
                         rows, cols);
    if (purpose == RAW_EXACT)
        matrix->doubles = storage;
    else
        matrix->floats = storage;
    matrix->rows = rows;
    matrix->cols = cols;
    return true;
}

bool raw_put(raw_matrix *matrix, const char *path, size_t i, double value, plx_error *error)
{
    if (isinf(value) || (matrix->floats != NULL && fabs(value) > (double)FLT_MAX))
        return error_set(error, ERROR_DATA,
                         "%s: row %zu, column %zu (from 0): %g; values must be finite%s", path,
                         i / matrix->cols, i % matrix->cols, value,
                         isinf(value) ? "" : " and fit 32-bit floats");
    if (matrix->doubles != NULL)
        matrix->doubles[i] = value;
    else
        matrix->floats[i] = (float)value;
    return true;
}

double raw_get(const raw_matrix *matrix, size_t i)
{
    if (matrix->bytes != NULL)
        return matrix->bytes[i];
    return matrix->floats != NULL ? (double)matrix->floats[i] : matrix->doubles[i];
}

void raw_drop(raw_matrix *matrix, const bool *drop)
{
    const size_t cols = matrix->cols;
    size_t kept = 0;

    for (size_t r = 0; r < matrix->rows; r++) {
        if (drop[r])
            continue;
        if (matrix->bytes != NULL)
            memmove(matrix->bytes + kept * cols, matrix->bytes + r * cols, cols);
        else if (matrix->floats != NULL)
            memmove(matrix->floats + kept * cols, matrix->floats + r * cols, cols * sizeof(float));
        else
            memmove(matrix->doubles + kept * cols, matrix->doubles + r * cols,
                    cols * sizeof(double));
        kept++;
    }
    matrix->rows = kept;
}

bool raw_shape(const char *path, int rank, const uint64_t *dims, size_t *rows, size_t *cols,
               plx_error *error)
{
    uint64_t product = 1, all;

    if (rank == 0)
        return error_set(error, ERROR_DATA, "%s: a single value; rows of data are needed", path);
    for (int d = 0; d < rank; d++)
        if (dims[d] == 0)
            return error_set(error, ERROR_DATA,
                             "%s: dimension %d is 0, so there is no data; every dimension must be "
                             "at least 1",
                             path, d);
    for (int d = 1; d < rank; d++)
        if (__builtin_mul_overflow(product, dims[d], &product))
            return error_set(error, ERROR_DATA, "%s: its dimensions multiply beyond 64 bits", path);
    if (__builtin_mul_overflow(product, dims[0], &all) || all > SIZE_MAX / 8)
        return error_set(error, ERROR_DATA, "%s: its dimensions multiply beyond 64 bits", path);
    if (dims[0] >= UINT32_MAX)
        return error_set(error, ERROR_DATA, "%s: more than %u rows; that is the most", path,
                         UINT32_MAX);
    *rows = (size_t)dims[0];
    *cols = (size_t)product;
    return true;
}

/* --- the format --- */

static bool ends_with(const char *name, size_t length, const char *end)
{
    const size_t n = strlen(end);

    return length >= n && memcmp(name + length - n, end, n) == 0;
}

static bool is_idx_type(unsigned char type)
{
    return type == 0x08 || type == 0x09 || (type >= 0x0B && type <= 0x0E);
}

data_format raw_detect(const char *path, const char *bytes, size_t length)
{
    static const struct {
        const char *end;
        data_format format;
    } names[] = {{".csv", FORMAT_CSV},       {".tsv", FORMAT_CSV},   {".txt", FORMAT_CSV},
                 {".npy", FORMAT_NPY},       {".idx", FORMAT_IDX},   {"-ubyte", FORMAT_IDX},
                 {".libsvm", FORMAT_LIBSVM}, {".svm", FORMAT_LIBSVM}};
    size_t name = strlen(path);

    if (length >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0)
        return FORMAT_NPY;
    if (length >= 4 && bytes[0] == 0 && bytes[1] == 0 && is_idx_type((unsigned char)bytes[2]))
        return FORMAT_IDX;
    if (ends_with(path, name, ".gz"))
        name -= 3;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ends_with(path, name, names[i].end))
            return names[i].format;
    return FORMAT_AUTO;
}

const char *raw_format_name(data_format format)
{
    static const char *const names[] = {"auto", "CSV", "IDX", "NPY", "LIBSVM"};

    return names[format];
}
