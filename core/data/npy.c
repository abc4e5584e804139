/* npy.c: NumPy's array files. Six bytes of magic, a version, the length of a header, the header,
 * then the elements. The header is the text of a Python dictionary with three keys,
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (150, 4), }
 * and is read here by a small grammar of just that: it is never evaluated, and whatever else could
 * stand in a dictionary is refused. */
#include <stdlib.h>
#include <string.h>

#include "data/raw.h"
#include "support/text.h"

enum { NPY_MAX_RANK = 8, NPY_MAX_HEADER = 1 << 20 };

typedef enum { NPY_F4, NPY_F8, NPY_U1, NPY_I8, NPY_OTHER } npy_type;

typedef struct npy_header {
    const char *path;
    const char *text; /* what is left to read                                                    */
    size_t left;
    bool has_type, has_order, has_shape;
    npy_type type;
    bool fortran;
    int rank;
    uint64_t dims[NPY_MAX_RANK];
    plx_error *error;
} npy_header;

/* --- the dictionary --- */

static void skip_space(npy_header *header)
{
    while (header->left > 0 && (*header->text == ' ' || *header->text == '\n')) {
        header->text++;
        header->left--;
    }
}

/* Takes `word` if it comes next. */
static bool take(npy_header *header, const char *word)
{
    const size_t n = strlen(word);

    skip_space(header);
    if (header->left < n || memcmp(header->text, word, n) != 0)
        return false;
    header->text += n;
    header->left -= n;
    return true;
}

static bool refuse(npy_header *header)
{
    char shown[4 * 24 + 4];

    return error_set(header->error, ERROR_DATA,
                     "%s: its header is no plain array description, at '%s'; it should read like "
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (150, 4), }",
                     header->path, text_shown(shown, header->text, header->left, 24));
}

/* A quoted string without escapes: its content. */
static bool take_string(npy_header *header, const char **string, size_t *length)
{
    skip_space(header);
    const char quote = header->left > 0 ? *header->text : '\0';
    if (quote != '\'' && quote != '"')
        return refuse(header);
    const char *end = memchr(header->text + 1, quote, header->left - 1);
    if (end == NULL || memchr(header->text, '\\', (size_t)(end - header->text)) != NULL)
        return refuse(header);
    *string = header->text + 1;
    *length = (size_t)(end - *string);
    header->left -= *length + 2;
    header->text = end + 1;
    return true;
}

static bool read_type(npy_header *header)
{
    static const char *const types[] = {"<f4", "<f8", "|u1", "<i8"};
    const char *string;
    size_t length;
    char shown[4 * 24 + 4];

    skip_space(header);
    if (header->left > 0 && *header->text == '[')
        return error_set(header->error, ERROR_DATA,
                         "%s: an array of records; its type must be <f4, <f8, |u1 or <i8",
                         header->path);
    if (!take_string(header, &string, &length))
        return false;
    for (int i = 0; i < NPY_OTHER; i++)
        if (length == 3 && memcmp(string, types[i], 3) == 0) {
            header->type = (npy_type)i;
            return true;
        }
    return error_set(header->error, ERROR_DATA,
                     "%s: elements of type '%s'; the types read are <f4, <f8, |u1 and <i8 (in "
                     "NumPy: x.astype('<f4'))",
                     header->path, text_shown(shown, string, length, 24));
}

static bool read_order(npy_header *header)
{
    header->fortran = take(header, "True");
    return header->fortran || take(header, "False") || refuse(header);
}

static bool read_dimension(npy_header *header, uint64_t *dimension)
{
    const size_t before = header->left;

    *dimension = 0;
    while (header->left > 0 && *header->text >= '0' && *header->text <= '9') {
        if (__builtin_mul_overflow(*dimension, 10, dimension) ||
            __builtin_add_overflow(*dimension, (uint64_t)(*header->text - '0'), dimension))
            return error_set(header->error, ERROR_DATA, "%s: a dimension beyond 64 bits",
                             header->path);
        header->text++;
        header->left--;
    }
    return header->left < before || refuse(header);
}

/* "(150, 4)", "(150,)", "()". */
static bool read_tuple(npy_header *header)
{
    header->rank = 0;
    if (!take(header, "("))
        return refuse(header);
    while (!take(header, ")")) {
        if (header->rank == NPY_MAX_RANK)
            return error_set(header->error, ERROR_DATA,
                             "%s: more than %d dimensions; that is the most", header->path,
                             NPY_MAX_RANK);
        if (!read_dimension(header, &header->dims[header->rank]))
            return false;
        header->rank++;
        if (!take(header, ",")) {
            if (!take(header, ")") || header->rank == 1)
                return refuse(header);
            break;
        }
    }
    return true;
}

/* One key and its value; each key may stand once. */
static bool read_entry(npy_header *header)
{
    const char *key;
    size_t length;

    if (!take_string(header, &key, &length))
        return false;
    if (!take(header, ":"))
        return refuse(header);
    if (length == 5 && memcmp(key, "descr", 5) == 0 && !header->has_type) {
        header->has_type = true;
        return read_type(header);
    }
    if (length == 13 && memcmp(key, "fortran_order", 13) == 0 && !header->has_order) {
        header->has_order = true;
        return read_order(header);
    }
    if (length == 5 && memcmp(key, "shape", 5) == 0 && !header->has_shape) {
        header->has_shape = true;
        return read_tuple(header);
    }
    return refuse(header);
}

static bool read_dictionary(npy_header *header)
{
    if (!take(header, "{"))
        return refuse(header);
    while (!take(header, "}")) {
        if (!read_entry(header))
            return false;
        if (!take(header, ",")) {
            if (!take(header, "}"))
                return refuse(header);
            break;
        }
    }
    skip_space(header);
    if (header->left > 0)
        return refuse(header);
    if (header->has_type && header->has_order && header->has_shape)
        return true;
    return error_set(header->error, ERROR_DATA, "%s: its header lacks '%s'", header->path,
                     !header->has_type    ? "descr"
                     : !header->has_order ? "fortran_order"
                                          : "shape");
}

/* --- the file --- */

/* Reads magic, version and header: the offset of the first element, or 0. */
static size_t read_header(npy_header *header, const unsigned char *bytes, size_t length)
{
    if (length < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0) {
        error_set(header->error, ERROR_DATA, "%s: not an NPY file; one begins with \\x93NUMPY",
                  header->path);
        return 0;
    }
    if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0) {
        error_set(header->error, ERROR_DATA, "%s: NPY version %d.%d; 1.0, 2.0 and 3.0 are read",
                  header->path, bytes[6], bytes[7]);
        return 0;
    }
    size_t start = 10, size = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1) {
        start = 12;
        if (length < start) {
            error_set(
                header->error, ERROR_DATA,
                "%s: cut short within its header; version %d.0 needs %zu bytes before it, the "
                "file has %zu",
                header->path, bytes[6], start, length);
            return 0;
        }
        size |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    }
    if (size > length - start || size > NPY_MAX_HEADER) {
        error_set(header->error, ERROR_DATA,
                  "%s: its header should have %zu bytes, but %zu follow (and 1 MiB is the most)",
                  header->path, size, length - start);
        return 0;
    }
    header->text = (const char *)bytes + start;
    header->left = size;
    return read_dictionary(header) ? start + size : 0;
}

static double element(npy_type type, const unsigned char *p)
{
    float single;
    double full;
    int64_t whole;

    switch (type) {
    case NPY_F4:
        memcpy(&single, p, sizeof(single));
        return (double)single;
    case NPY_F8:
        memcpy(&full, p, sizeof(full));
        return full;
    case NPY_I8:
        memcpy(&whole, p, sizeof(whole));
        return (double)whole;
    default:
        return p[0];
    }
}

/* A whole number that a double cannot be trusted to hold; one just beyond 2^53 would be rounded to
 * it, so this is asked before it becomes a double. */
static bool is_too_large(npy_type type, const unsigned char *p, int64_t *whole)
{
    const int64_t most = (int64_t)1 << 53;

    if (type != NPY_I8)
        return false;
    memcpy(whole, p, sizeof(*whole));
    return *whole > most || *whole < -most;
}

/* Element i of the matrix stands at i in the file, or, columns first, at its transposed place. */
static bool convert(const npy_header *header, const unsigned char *from, size_t size,
                    raw_matrix *matrix)
{
    const size_t rows = matrix->rows, cols = matrix->cols;

    for (size_t i = 0; i < rows * cols; i++) {
        const size_t at = header->fortran ? i % cols * rows + i / cols : i;
        int64_t whole;
        if (is_too_large(header->type, from + at * size, &whole))
            return error_set(header->error, ERROR_DATA,
                             "%s: row %zu, column %zu (from 0): %lld; whole numbers beyond 2^53 "
                             "are not read",
                             header->path, i / cols, i % cols, (long long)whole);
        if (!raw_put(matrix, header->path, i, element(header->type, from + at * size),
                     header->error))
            return false;
    }
    return true;
}

static size_t element_size(npy_type type)
{
    static const size_t sizes[] = {[NPY_F4] = 4, [NPY_F8] = 8, [NPY_U1] = 1, [NPY_I8] = 8};

    return sizes[type];
}

/* The header, and whether what follows is what it promises: the first element's offset, or 0.
 * length: of the whole file; of `bytes` only the header is looked at. */
static size_t open_npy(npy_header *header, const unsigned char *bytes, size_t length,
                       raw_matrix *matrix)
{
    size_t rows, cols, all;

    const size_t start = read_header(header, bytes, length);
    if (start == 0 ||
        !raw_shape(header->path, header->rank, header->dims, &rows, &cols, header->error))
        return 0;
    if (header->fortran && header->rank > 2) {
        error_set(header->error, ERROR_DATA,
                  "%s: columns first with %d dimensions; save it row by row (in NumPy: "
                  "numpy.ascontiguousarray)",
                  header->path, header->rank);
        return 0;
    }
    const size_t size = element_size(header->type);
    if (__builtin_mul_overflow(rows * cols, size, &all) || all != length - start) {
        error_set(header->error, ERROR_DATA,
                  "%s: its shape promises %zu elements of %zu byte%s, but %zu bytes follow",
                  header->path, rows * cols, size, size == 1 ? "" : "s", length - start);
        return 0;
    }
    *matrix = (raw_matrix){.rows = rows,
                           .cols = cols,
                           .beside = matrix->beside,
                           .rank = header->rank,
                           .integral = header->type == NPY_U1 || header->type == NPY_I8};
    header->fortran = header->fortran && header->rank == 2;
    return start;
}

/* Floats that do not begin at a multiple of their size, as NumPy always lets them, are read. */
bool npy_map(const char *path, mapping *map, raw_matrix *matrix, bool *as_stored, plx_error *error)
{
    npy_header header = {.path = path, .error = error};
    unsigned char *bytes = mapping_bytes(map);

    *as_stored = false;
    const size_t start = open_npy(&header, bytes, mapping_length(map), matrix);
    if (start == 0)
        return false;
    if (header.fortran || (header.type != NPY_U1 && header.type != NPY_F4) ||
        start % element_size(header.type) != 0)
        return true;
    if (header.type == NPY_U1)
        matrix->bytes = bytes + start;
    else
        matrix->floats = (float *)(void *)(bytes + start);
    matrix->map = map;
    matrix->start = start;
    *as_stored = true;
    return header.type == NPY_U1 || raw_look(matrix, path, error);
}

bool npy_parse(const char *path, char **bytes, size_t length, raw_purpose purpose,
               raw_matrix *matrix, plx_error *error)
{
    npy_header header = {.path = path, .error = error};
    const unsigned char *from = (const unsigned char *)*bytes;
    const size_t start = open_npy(&header, from, length, matrix);

    if (start == 0)
        return false;
    if (header.type == NPY_U1 && !header.fortran) {
        memmove(*bytes, *bytes + start, matrix->rows * matrix->cols);
        matrix->bytes = (uint8_t *)*bytes;
        *bytes = NULL;
        return true;
    }
    return raw_reserve(matrix, path, matrix->rows, matrix->cols, purpose, error) &&
           convert(&header, from + start, element_size(header.type), matrix);
}
