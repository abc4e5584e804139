/* safetensors.c: see safetensors.h.
 *
 * Reading takes the whole file into memory and parses the header with jansson; before that, a scan
 * refuses what nests deeper than the format can. Then each entry is checked by itself (keys, dtype,
 * shape, offsets, shape against offsets), the entries are sorted by their offsets, and one walk
 * checks that each begins where the one before it ends and that the last ends with the file. So
 * overlaps, holes and trailing bytes cannot pass, and every pointer handed out is inside the file.
 *
 * Writing orders the tensors by the size of their elements, largest first, so that each lies
 * aligned in the file. A file made elsewhere need not be: copy a tensor out before using it. */
#include "support/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"
#include "support/memory.h"
#include "support/text.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are stored little-endian");

static const uint64_t most_header_bytes = 100 * 1000 * 1000;
static const size_t most_file_bytes = (size_t)1 << 42;

enum { LENGTH_BYTES = 8, DEEPEST = 3, NAME_SHOWN = 60 };

/* A name from a file, made fit for a message. */
typedef struct shown_name {
    char bytes[4 * NAME_SHOWN + 4];
} shown_name;

typedef struct entry {
    char *name; /* this entry's own copy, which tensor.name points to */
    stored_tensor tensor;
    uint64_t begin, end; /* offsets into the data */
} entry;

struct tensor_file {
    entry *entries;
    size_t count, capacity;
    json_t *metadata;   /* an object of strings */
    char *path, *bytes; /* reading */
    bool no_memory;     /* writing: the first thing that went wrong in an adder */
    char *problem;
};

/* --- dtypes --- */

typedef struct dtype {
    const char *name;
    uint64_t size;
    tensor_type type;
} dtype;

static const dtype dtypes[] = {
    {"F32", 4, TENSOR_F32},       {"F64", 8, TENSOR_F64},       {"I64", 8, TENSOR_I64},
    {"U8", 1, TENSOR_U8},         {"BOOL", 1, TENSOR_OTHER},    {"I8", 1, TENSOR_OTHER},
    {"F8_E4M3", 1, TENSOR_OTHER}, {"F8_E5M2", 1, TENSOR_OTHER}, {"F8_E8M0", 1, TENSOR_OTHER},
    {"I16", 2, TENSOR_OTHER},     {"U16", 2, TENSOR_OTHER},     {"F16", 2, TENSOR_OTHER},
    {"BF16", 2, TENSOR_OTHER},    {"I32", 4, TENSOR_OTHER},     {"U32", 4, TENSOR_OTHER},
    {"U64", 8, TENSOR_OTHER},     {"C64", 8, TENSOR_OTHER},
};

static const dtype *dtype_named(const char *name)
{
    for (size_t i = 0; i < sizeof(dtypes) / sizeof(dtypes[0]); i++)
        if (strcmp(dtypes[i].name, name) == 0)
            return &dtypes[i];
    return NULL;
}

/* NULL for TENSOR_OTHER and what is no type. */
static const dtype *dtype_of(tensor_type type)
{
    for (size_t i = 0; i < sizeof(dtypes) / sizeof(dtypes[0]); i++)
        if (dtypes[i].type == type && type != TENSOR_OTHER)
            return &dtypes[i];
    return NULL;
}

/* size * product of the shape; false on overflow. */
static bool tensor_bytes(uint64_t size, int rank, const uint64_t *shape, uint64_t *bytes)
{
    bool has_zero = false;

    for (int i = 0; i < rank; i++)
        has_zero = has_zero || shape[i] == 0;
    *bytes = has_zero ? 0 : size;
    for (int i = 0; i < rank; i++)
        if (__builtin_mul_overflow(*bytes, shape[i], bytes))
            return false;
    return true;
}

/* "F32 [128, 784]" */
static void describe_shape(text *out, tensor_type type, int rank, const uint64_t *shape)
{
    const dtype *known = dtype_of(type);

    text_addf(out, "%s [", known == NULL ? "another type" : known->name);
    for (int i = 0; i < rank; i++)
        text_addf(out, "%s%llu", i > 0 ? ", " : "", (unsigned long long)shape[i]);
    text_add(out, "]");
}

static const char *show(shown_name *buffer, const char *name)
{
    return text_shown(buffer->bytes, name, strlen(name), NAME_SHOWN);
}

/* --- the object --- */

tensor_file *tensor_file_new(void)
{
    tensor_file *file = memory_array(1, sizeof(*file));

    if (file == NULL)
        return NULL;
    file->metadata = json_object();
    if (file->metadata == NULL) {
        free(file);
        return NULL;
    }
    return file;
}

void tensor_file_free(tensor_file *file)
{
    if (file == NULL)
        return;
    for (size_t i = 0; i < file->count; i++)
        free(file->entries[i].name);
    free(file->entries);
    json_decref(file->metadata);
    free(file->path);
    free(file->bytes);
    free(file->problem);
    free(file);
}

/* A zeroed entry with a copy of the name; NULL when out of memory. */
static entry *append(tensor_file *file, const char *name)
{
    char *copy = memory_string(name);

    if (copy == NULL ||
        memory_grow(&file->entries, &file->capacity, file->count + 1, sizeof(entry)) == NULL) {
        free(copy);
        return NULL;
    }
    entry *added = &file->entries[file->count++];
    memset(added, 0, sizeof(*added));
    added->name = copy;
    added->tensor.name = copy;
    return added;
}

/* --- writing --- */

/* Keeps the first problem for tensor_file_write to report. */
static void note_problem(tensor_file *file, const char *what, const char *name, const char *why)
{
    shown_name shown;

    if (file->problem != NULL)
        return;
    file->problem = memory_format("%s '%s' %s", what, show(&shown, name), why);
    file->no_memory = file->no_memory || file->problem == NULL;
}

void tensor_file_metadata(tensor_file *file, const char *key, const char *value)
{
    if (file == NULL)
        return;
    json_t *string = json_string(value);
    if (string == NULL || json_object_set_new(file->metadata, key, string) != 0)
        note_problem(file, "the metadata", key, "is not valid UTF-8");
}

void tensor_file_add(tensor_file *file, const char *name, tensor_type type, int rank,
                     const uint64_t *shape, const void *data)
{
    const dtype *known = dtype_of(type);
    uint64_t bytes;

    if (file == NULL)
        return;
    if (known == NULL || rank < 0 || rank > TENSOR_MAX_RANK) {
        note_problem(file, "the tensor", name, "has a type or rank that cannot be stored");
        return;
    }
    if (!tensor_bytes(known->size, rank, shape, &bytes) || bytes > most_file_bytes) {
        note_problem(file, "the tensor", name, "is too large to be stored");
        return;
    }
    entry *added = append(file, name);
    if (added == NULL) {
        file->no_memory = true;
        return;
    }
    added->tensor.type = type;
    added->tensor.rank = rank;
    if (rank > 0)
        memcpy(added->tensor.shape, shape, (size_t)rank * sizeof(*shape));
    added->tensor.bytes = bytes;
    added->tensor.data = data;
}

/* The header's object for one tensor; NULL when out of memory. */
static json_t *describe_tensor(const entry *one)
{
    json_t *shape = json_array();

    for (int i = 0; i < one->tensor.rank; i++)
        if (json_array_append_new(shape, json_integer((json_int_t)one->tensor.shape[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_of(one->tensor.type)->name, "shape",
                     shape, "data_offsets", (json_int_t)one->begin, (json_int_t)one->end);
}

/* Lays the tensors out one behind the other, those with the largest elements first, and describes
 * them in `header`. */
static bool lay_out(tensor_file *file, json_t *header, plx_error *error)
{
    uint64_t offset = 0;
    shown_name shown;

    for (uint64_t size = 8; size >= 1; size /= 2)
        for (size_t i = 0; i < file->count; i++) {
            entry *one = &file->entries[i];
            if (dtype_of(one->tensor.type)->size != size)
                continue;
            const char *name = one->tensor.name;
            one->begin = offset;
            one->end = offset += one->tensor.bytes;
            if (json_object_get(header, name) != NULL || strcmp(name, "__metadata__") == 0)
                return error_set(error, ERROR_DATA, "two tensors are named '%s'",
                                 show(&shown, name));
            json_t *description = describe_tensor(one);
            if (description == NULL)
                return error_memory(error);
            if (json_object_set_new(header, name, description) != 0)
                return error_set(error, ERROR_DATA, "the tensor name '%s' is not valid UTF-8",
                                 show(&shown, name));
        }
    return true;
}

/* The header as text, padded with spaces to a multiple of 8. */
static bool print_header(tensor_file *file, text *out, plx_error *error)
{
    json_t *header = json_object();
    bool ok = false;

    if (header == NULL)
        return error_memory(error);
    if (json_object_size(file->metadata) > 0 &&
        json_object_set(header, "__metadata__", file->metadata) != 0) {
        error_memory(error);
        goto done;
    }
    if (!lay_out(file, header, error))
        goto done;
    char *printed = json_dumps(header, JSON_COMPACT);
    if (printed != NULL)
        text_add(out, printed);
    free(printed);
    while (out->length % 8 != 0)
        text_add_n(out, " ", 1);
    ok = printed != NULL && !out->failed ? true : error_memory(error);
    if (ok && out->length > most_header_bytes)
        ok = error_set(error, ERROR_DATA,
                       "the header would have %zu bytes; at most %llu are allowed", out->length,
                       (unsigned long long)most_header_bytes);
done:
    json_decref(header);
    return ok;
}

/* The tensors in the order in which lay_out gave them their offsets. */
static void put_tensors(const tensor_file *file, file_writer *writer)
{
    for (uint64_t size = 8; size >= 1; size /= 2)
        for (size_t i = 0; i < file->count; i++) {
            const stored_tensor *tensor = &file->entries[i].tensor;
            if (dtype_of(tensor->type)->size == size)
                file_writer_put(writer, tensor->data, (size_t)tensor->bytes);
        }
}

bool tensor_file_write(tensor_file *file, const char *path, plx_error *error)
{
    text header = {0};
    bool ok = false;

    if (file == NULL || file->no_memory)
        return error_memory(error);
    if (file->problem != NULL)
        return error_set(error, ERROR_DATA, "%s: %s", path, file->problem);
    if (!print_header(file, &header, error)) {
        error_prefix(error, "%s", path);
        goto done;
    }
    file_writer *writer = file_writer_open(path, error);
    if (writer == NULL)
        goto done;
    const uint64_t length = header.length;
    file_writer_put(writer, &length, sizeof(length));
    file_writer_put(writer, header.bytes, header.length);
    put_tensors(file, writer);
    ok = file_writer_commit(writer, error);
done:
    free(header.bytes);
    return ok;
}

/* --- reading --- */

/* The header nests {name: {shape: []}}; what nests deeper is refused before it is parsed. */
static bool is_shallow(const char *header, size_t length)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < length && depth <= DEEPEST; i++) {
        const char c = header[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']'))
            depth--;
    }
    return depth <= DEEPEST;
}

/* The parsed header, an object; *data gets the place where the tensors begin. NULL on failure. */
static json_t *parse_header(const char *bytes, size_t length, size_t *data, plx_error *error)
{
    uint64_t size;
    json_error_t problem;

    if (length < LENGTH_BYTES) {
        error_set(error, ERROR_DATA, "%zu bytes; a safetensors file begins with 8 bytes of length",
                  length);
        return NULL;
    }
    memcpy(&size, bytes, sizeof(size));
    const char *header = bytes + LENGTH_BYTES;
    if (size > most_header_bytes)
        error_set(error, ERROR_DATA,
                  "a header of %llu bytes is announced; at most %llu are allowed (is this a "
                  "safetensors file?)",
                  (unsigned long long)size, (unsigned long long)most_header_bytes);
    else if (size > length - LENGTH_BYTES)
        error_set(error, ERROR_DATA,
                  "a header of %llu bytes is announced, but only %zu follow; the file is cut short",
                  (unsigned long long)size, length - LENGTH_BYTES);
    else if (size == 0 || header[0] != '{')
        error_set(error, ERROR_DATA, "the header does not begin with '{'");
    else if (!is_shallow(header, (size_t)size))
        error_set(error, ERROR_DATA, "the header nests deeper than %d levels", DEEPEST);
    else {
        *data = LENGTH_BYTES + (size_t)size;
        json_t *root = json_loadb(header, (size_t)size, JSON_REJECT_DUPLICATES, &problem);
        if (root == NULL)
            error_set(error, ERROR_DATA, "the header is not valid JSON: %s (line %d, column %d)",
                      problem.text, problem.line, problem.column);
        return root;
    }
    return NULL;
}

/* A JSON integer, at least 0. */
static bool is_count(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_shape(const json_t *shape, stored_tensor *tensor, plx_error *error)
{
    if (!json_is_array(shape))
        return error_set(error, ERROR_DATA, "'shape' is no array");
    if (json_array_size(shape) > TENSOR_MAX_RANK)
        return error_set(error, ERROR_DATA, "%zu dimensions; at most %d are supported",
                         json_array_size(shape), TENSOR_MAX_RANK);
    tensor->rank = (int)json_array_size(shape);
    for (int i = 0; i < tensor->rank; i++)
        if (!is_count(json_array_get(shape, (size_t)i), &tensor->shape[i]))
            return error_set(error, ERROR_DATA, "dimension %d of 'shape' is no count", i);
    return true;
}

static bool read_offsets(const json_t *offsets, entry *one, uint64_t available, plx_error *error)
{
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !is_count(json_array_get(offsets, 0), &one->begin) ||
        !is_count(json_array_get(offsets, 1), &one->end))
        return error_set(error, ERROR_DATA, "'data_offsets' must be two counts, begin and end");
    if (one->begin > one->end)
        return error_set(error, ERROR_DATA, "begins at %llu, after its end at %llu",
                         (unsigned long long)one->begin, (unsigned long long)one->end);
    if (one->end > available)
        return error_set(error, ERROR_DATA,
                         "ends at %llu, but the file holds %llu bytes of data; it is cut short",
                         (unsigned long long)one->end, (unsigned long long)available);
    return true;
}

/* Checks one description by itself. */
static bool read_entry(const json_t *description, entry *one, uint64_t available, plx_error *error)
{
    const json_t *name = json_object_get(description, "dtype");
    stored_tensor *tensor = &one->tensor;
    shown_name shown;

    if (!json_is_object(description))
        return error_set(error, ERROR_DATA, "its description is no object");
    if (!json_is_string(name) || json_object_size(description) != 3)
        return error_set(error, ERROR_DATA,
                         "must be described by 'dtype', 'shape' and 'data_offsets' alone");
    const dtype *type = dtype_named(json_string_value(name));
    if (type == NULL)
        return error_set(error, ERROR_DATA, "unknown dtype '%s'",
                         show(&shown, json_string_value(name)));
    if (!read_shape(json_object_get(description, "shape"), tensor, error) ||
        !read_offsets(json_object_get(description, "data_offsets"), one, available, error))
        return false;
    tensor->type = type->type;
    if (!tensor_bytes(type->size, tensor->rank, tensor->shape, &tensor->bytes))
        return error_set(error, ERROR_DATA, "the product of its shape overflows");
    if (tensor->bytes != one->end - one->begin)
        return error_set(error, ERROR_DATA, "its shape needs %llu bytes, its offsets span %llu",
                         (unsigned long long)tensor->bytes,
                         (unsigned long long)(one->end - one->begin));
    return true;
}

static bool read_metadata(tensor_file *file, json_t *metadata, plx_error *error)
{
    const char *key;
    json_t *value;
    shown_name shown;

    if (!json_is_object(metadata))
        return error_set(error, ERROR_DATA, "'__metadata__' is no object");
    json_object_foreach(metadata, key, value) if (!json_is_string(value)) return error_set(
        error, ERROR_DATA, "the metadata '%s' is no string", show(&shown, key));
    json_decref(file->metadata);
    file->metadata = json_incref(metadata);
    return true;
}

static bool read_entries(tensor_file *file, json_t *header, uint64_t available, plx_error *error)
{
    const char *name;
    json_t *value;
    shown_name shown;

    json_object_foreach(header, name, value)
    {
        if (strcmp(name, "__metadata__") == 0) {
            if (!read_metadata(file, value, error))
                return false;
            continue;
        }
        entry *one = append(file, name);
        if (one == NULL)
            return error_memory(error);
        if (!read_entry(value, one, available, error)) {
            error_prefix(error, "tensor '%s'", show(&shown, name));
            return false;
        }
    }
    return true;
}

static int by_offsets(const void *left, const void *right)
{
    const entry *a = left, *b = right;

    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

/* The tensors must cover the data from its first byte to its last. */
static bool place_tensors(tensor_file *file, const char *data, uint64_t available, plx_error *error)
{
    uint64_t covered = 0;
    shown_name shown;

    if (file->count > 1)
        qsort(file->entries, file->count, sizeof(entry), by_offsets);
    for (size_t i = 0; i < file->count; i++) {
        entry *one = &file->entries[i];
        if (one->begin != covered)
            return error_set(
                error, ERROR_DATA,
                "tensor '%s': begins at %llu, but the tensor before it ends at %llu; %s",
                show(&shown, one->tensor.name), (unsigned long long)one->begin,
                (unsigned long long)covered,
                one->begin < covered ? "tensors must not overlap" : "there must be no hole");
        one->tensor.data = data + one->begin;
        covered = one->end;
    }
    if (covered != available)
        return error_set(error, ERROR_DATA, "%llu bytes follow the last tensor; there must be none",
                         (unsigned long long)(available - covered));
    return true;
}

static bool read_all(tensor_file *file, size_t length, plx_error *error)
{
    size_t data = 0;
    json_t *header = parse_header(file->bytes, length, &data, error);

    if (header == NULL)
        return false;
    const bool ok = read_entries(file, header, length - data, error) &&
                    place_tensors(file, file->bytes + data, length - data, error);
    json_decref(header);
    return ok;
}

tensor_file *tensor_file_read(const char *path, plx_error *error)
{
    size_t length = 0;
    tensor_file *file = tensor_file_new();

    if (file == NULL || (file->path = memory_string(path)) == NULL) {
        error_memory(error);
        goto failed;
    }
    file->bytes = file_read(path, most_file_bytes, false, &length, error);
    if (file->bytes == NULL)
        goto failed;
    if (!read_all(file, length, error)) {
        error_prefix(error, "%s", path);
        goto failed;
    }
    return file;
failed:
    tensor_file_free(file);
    return NULL;
}

const char *tensor_file_value(const tensor_file *file, const char *key)
{
    return json_string_value(json_object_get(file->metadata, key));
}

size_t tensor_file_count(const tensor_file *file)
{
    return file->count;
}

const stored_tensor *tensor_file_at(const tensor_file *file, size_t index)
{
    return index < file->count ? &file->entries[index].tensor : NULL;
}

const stored_tensor *tensor_file_find(const tensor_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->entries[i].tensor.name, name) == 0)
            return &file->entries[i].tensor;
    return NULL;
}

/* Says what was expected under `name` and, unless `found` is NULL, what is there. */
static bool refuse_copy(const tensor_file *file, const char *name, const stored_tensor *found,
                        const stored_tensor *expected, plx_error *error)
{
    const char *path = file->path == NULL ? "" : file->path;
    text wanted = {0}, there = {0};

    describe_shape(&wanted, expected->type, expected->rank, expected->shape);
    if (found == NULL) {
        error_set(error, ERROR_DATA, "%s: no tensor '%s'; expected %s", path, name,
                  wanted.failed ? "it" : wanted.bytes);
    } else {
        describe_shape(&there, found->type, found->rank, found->shape);
        error_set(error, ERROR_DATA, "%s: tensor '%s' is %s; expected %s", path, name,
                  there.failed ? "of another kind" : there.bytes,
                  wanted.failed ? "another" : wanted.bytes);
    }
    free(wanted.bytes);
    free(there.bytes);
    return false;
}

bool tensor_file_copy(const tensor_file *file, const char *name, tensor_type type, int rank,
                      const uint64_t *shape, void *out, plx_error *error)
{
    const stored_tensor *found = tensor_file_find(file, name);
    stored_tensor expected = {.name = name, .type = type, .rank = rank};

    if (rank < 0 || rank > TENSOR_MAX_RANK)
        return error_set(error, ERROR_DATA, "tensor '%s': rank %d is not supported", name, rank);
    if (rank > 0)
        memcpy(expected.shape, shape, (size_t)rank * sizeof(*shape));
    if (found == NULL || found->type != type || found->rank != rank ||
        memcmp(found->shape, expected.shape, sizeof(expected.shape)) != 0)
        return refuse_copy(file, name, found, &expected, error);
    if (found->bytes > 0)
        memcpy(out, found->data, (size_t)found->bytes);
    return true;
}
