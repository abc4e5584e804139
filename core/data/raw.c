/* raw.c: see raw.h. */
#include "data/raw.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

void raw_clear(raw_matrix *matrix)
{
    if (matrix->map == NULL) {
        free(matrix->bytes);
        free(matrix->floats);
    }
    mapping_close(matrix->map);
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

/* Says why element i cannot be stored. */
static bool refuse_value(const raw_matrix *matrix, const char *path, size_t i, double value,
                         plx_error *error)
{
    return error_set(
        error, ERROR_DATA, "%s: row %zu, column %zu (from 0): %g; values must be finite%s", path,
        i / matrix->cols, i % matrix->cols, value, isinf(value) ? "" : " and fit 32-bit floats");
}

bool raw_put(raw_matrix *matrix, const char *path, size_t i, double value, plx_error *error)
{
    if (isinf(value) || (matrix->floats != NULL && fabs(value) > (double)FLT_MAX))
        return refuse_value(matrix, path, i, value, error);
    if (matrix->doubles != NULL)
        matrix->doubles[i] = value;
    else
        matrix->floats[i] = (float)value;
    return true;
}

/* --- used in the file --- */

/* Whether one of them is infinite or NaN: then all bits of its exponent are set. */
static bool any_special(const float *values, size_t n)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t found = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof(bits));
        found |= (bits & exponent) == exponent;
    }
    return found != 0;
}

/* Elements first .. first + n - 1. */
static bool look_at(raw_matrix *matrix, const char *path, const float *values, size_t first,
                    size_t n, plx_error *error)
{
    if (!any_special(values, n))
        return true;
    for (size_t i = 0; i < n; i++) {
        if (isinf(values[i]))
            return refuse_value(matrix, path, first + i, (double)values[i], error);
        if (isnan(values[i]) && first + i < matrix->nan)
            matrix->nan = first + i;
    }
    return true;
}

bool raw_look(raw_matrix *matrix, const char *path, plx_error *error)
{
    enum { AT_ONCE = 1 << 18 };
    const size_t count = matrix->rows * matrix->cols;
    float *buffer = memory_array(AT_ONCE, sizeof(float));
    bool ok = buffer != NULL || error_memory(error);

    matrix->nan = count;
    for (size_t i = 0; ok && i < count; i += AT_ONCE) {
        const size_t n = count - i < AT_ONCE ? count - i : AT_ONCE;
        const float *values =
            mapping_at(matrix->map, matrix->start + i * sizeof(float), n * sizeof(float), buffer);
        ok = values == NULL ? mapping_intact(matrix->map, error)
                            : look_at(matrix, path, values, i, n, error);
    }
    free(buffer);
    return ok;
}

bool raw_take(raw_matrix *matrix, const char *path, plx_error *error)
{
    raw_matrix taken = {
        .rank = matrix->rank, .integral = matrix->integral, .beside = matrix->beside};
    const size_t rows = matrix->rows, cols = matrix->cols;

    if (matrix->map == NULL)
        return true;
    if (!raw_reserve(&taken, path, rows, cols, RAW_INPUTS, error))
        return false;
    mapping_read(matrix->map, matrix->start, rows * cols * sizeof(float), taken.floats);
    const bool ok = mapping_intact(matrix->map, error);
    raw_clear(matrix);
    *matrix = taken;
    return ok;
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
