/* test_safetensors.c: what is written is read back, byte for byte as the format says; and a table
 * of hostile files, each with the message it gets. */
#include "support/safetensors.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness.h"
#include "support/file.h"
#include "support/memory.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static char *folder, *path;

static void set_up(void)
{
    folder = harness_folder();
    path = file_join(folder, "a.safetensors");
}

static void tear_down(void)
{
    free(path);
    free(folder);
}

/* Plainly: what the tests write by the hundred need not be synced. */
static void put_bytes(const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

/* Writes a file with this header and `data` zero bytes after it; the announced length differs from
 * the header's by `lie`. */
static void put_file(const char *header, size_t data, int64_t lie)
{
    const size_t length = strlen(header);
    const uint64_t announced = length + (uint64_t)lie;
    char *bytes = memory_array(8 + length + data, 1);

    memcpy(bytes, &announced, 8);
    memcpy(bytes + 8, header, length);
    put_bytes(bytes, 8 + length + data);
    free(bytes);
}

static tensor_file *read_back(void)
{
    plx_error error = {0};
    tensor_file *file = tensor_file_read(path, &error);

    ck_assert_msg(file != NULL, "%s", error.text);
    return file;
}

/* Reading `path` fails with "<path>: <message>". */
static void assert_refused(const char *message)
{
    plx_error error = {0};
    char *expected = memory_format("%s: %s", path, message);

    ck_assert_ptr_null(tensor_file_read(path, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, expected);
    free(expected);
}

/* Writing fails with "<path>: <message>" and leaves no file. */
static void assert_not_written(tensor_file *file, const char *message)
{
    plx_error error = {0};
    char *expected = memory_format("%s: %s", path, message);

    ck_assert(!tensor_file_write(file, path, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, expected);
    ck_assert(file_folder_is_empty(folder));
    free(expected);
}

/* --- round trip --- */

static const float weight[6] = {1, -2, 3.5f, 0, 1e-30f, 6};
static const double moment[2] = {0.1, -0.2};
static const int64_t step[1] = {INT64_MIN};
static const uint8_t flags[3] = {0, 128, 255};

static void write_sample(void)
{
    tensor_file *file = tensor_file_new();
    plx_error error = {0};

    tensor_file_metadata(file, "labels", "setosa\nb\"r\"\xc3\xbc");
    tensor_file_metadata(file, "format", "old");
    tensor_file_metadata(file, "format", "plexus/1");
    tensor_file_add(file, "flags", TENSOR_U8, 1, (uint64_t[]){3}, flags);
    tensor_file_add(file, "weight", TENSOR_F32, 2, (uint64_t[]){2, 3}, weight);
    tensor_file_add(file, "moment", TENSOR_F64, 1, (uint64_t[]){2}, moment);
    tensor_file_add(file, "step", TENSOR_I64, 0, NULL, step);
    tensor_file_add(file, "none", TENSOR_F32, 2, (uint64_t[]){0, 7}, NULL);
    ck_assert_msg(tensor_file_write(file, path, &error), "%s", error.text);
    tensor_file_free(file);
}

START_TEST(tensors_come_back)
{
    float w[6];
    double m[2];
    int64_t s[1];
    uint8_t f[3];

    write_sample();
    tensor_file *file = read_back();
    ck_assert_uint_eq(tensor_file_count(file), 5);
    ck_assert(tensor_file_copy(file, "weight", TENSOR_F32, 2, (uint64_t[]){2, 3}, w, NULL));
    ck_assert(tensor_file_copy(file, "moment", TENSOR_F64, 1, (uint64_t[]){2}, m, NULL));
    ck_assert(tensor_file_copy(file, "step", TENSOR_I64, 0, NULL, s, NULL));
    ck_assert(tensor_file_copy(file, "flags", TENSOR_U8, 1, (uint64_t[]){3}, f, NULL));
    ck_assert(tensor_file_copy(file, "none", TENSOR_F32, 2, (uint64_t[]){0, 7}, NULL, NULL));
    ck_assert_mem_eq(w, weight, sizeof(w));
    ck_assert_mem_eq(m, moment, sizeof(m));
    ck_assert_mem_eq(s, step, sizeof(s));
    ck_assert_mem_eq(f, flags, sizeof(f));
    tensor_file_free(file);
}
END_TEST

START_TEST(metadata_comes_back)
{
    write_sample();
    tensor_file *file = read_back();
    ck_assert_str_eq(tensor_file_value(file, "labels"), "setosa\nb\"r\"\xc3\xbc");
    ck_assert_str_eq(tensor_file_value(file, "format"), "plexus/1");
    ck_assert_ptr_null(tensor_file_value(file, "absent"));
    tensor_file_free(file);
}
END_TEST

START_TEST(tensors_lie_aligned)
{
    write_sample();
    tensor_file *file = read_back();
    ck_assert_uint_eq((uintptr_t)tensor_file_find(file, "moment")->data % 8, 0);
    ck_assert_uint_eq((uintptr_t)tensor_file_find(file, "step")->data % 8, 0);
    ck_assert_uint_eq((uintptr_t)tensor_file_find(file, "weight")->data % 4, 0);
    tensor_file_free(file);
}
END_TEST

START_TEST(tensors_are_found)
{
    write_sample();
    tensor_file *file = read_back();
    const stored_tensor *found = tensor_file_find(file, "weight");

    ck_assert_str_eq(found->name, "weight");
    ck_assert_int_eq(found->type, TENSOR_F32);
    ck_assert_int_eq(found->rank, 2);
    ck_assert_uint_eq(found->shape[0], 2);
    ck_assert_uint_eq(found->shape[1], 3);
    ck_assert_uint_eq(found->bytes, 24);
    ck_assert_ptr_null(tensor_file_find(file, "weigh"));
    ck_assert_ptr_null(tensor_file_at(file, 5));
    tensor_file_free(file);
}
END_TEST

/* The bytes of a file, worked out by hand from the format's description. */
START_TEST(the_file_is_as_the_format_says)
{
    const char header[] = "{\"__metadata__\":{\"k\":\"v\"},"
                          "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} ";
    const float values[2] = {1, -2};
    const unsigned char data[8] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0};
    const unsigned char length_bytes[8] = {sizeof(header) - 1};
    size_t length = 0;
    tensor_file *file = tensor_file_new();

    tensor_file_metadata(file, "k", "v");
    tensor_file_add(file, "b", TENSOR_F32, 1, (uint64_t[]){2}, values);
    ck_assert(tensor_file_write(file, path, NULL));
    tensor_file_free(file);
    char *bytes = file_read(path, 1000, false, &length, NULL);
    ck_assert_uint_eq((sizeof(header) - 1) % 8, 0);
    ck_assert_uint_eq(length, 8 + sizeof(header) - 1 + 8);
    ck_assert_mem_eq(bytes, length_bytes, 8);
    ck_assert_mem_eq(bytes + 8, header, sizeof(header) - 1);
    ck_assert_mem_eq(bytes + 8 + sizeof(header) - 1, data, 8);
    free(bytes);
}
END_TEST

START_TEST(an_empty_file_is_legal)
{
    tensor_file *file = tensor_file_new();

    ck_assert(tensor_file_write(file, path, NULL));
    tensor_file_free(file);
    file = read_back();
    ck_assert_uint_eq(tensor_file_count(file), 0);
    ck_assert_ptr_null(tensor_file_find(file, "w"));
    tensor_file_free(file);
}
END_TEST

/* --- what may stand in a file that others wrote --- */

typedef struct known_type {
    const char *name;
    int size;
    tensor_type type;
} known_type;

static const known_type types[] = {
    {"F32", 4, TENSOR_F32},    {"F64", 8, TENSOR_F64},       {"I64", 8, TENSOR_I64},
    {"U8", 1, TENSOR_U8},      {"BOOL", 1, TENSOR_OTHER},    {"I8", 1, TENSOR_OTHER},
    {"I16", 2, TENSOR_OTHER},  {"U16", 2, TENSOR_OTHER},     {"F16", 2, TENSOR_OTHER},
    {"BF16", 2, TENSOR_OTHER}, {"I32", 4, TENSOR_OTHER},     {"U32", 4, TENSOR_OTHER},
    {"U64", 8, TENSOR_OTHER},  {"F8_E4M3", 1, TENSOR_OTHER}, {"F8_E5M2", 1, TENSOR_OTHER},
};

START_TEST(every_dtype_has_its_size)
{
    const known_type *one = &types[_i];
    char *header = memory_format("{\"t\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%d]}}",
                                 one->name, 3 * one->size);

    put_file(header, 3 * (size_t)one->size, 0);
    tensor_file *file = read_back();
    ck_assert_int_eq(tensor_file_at(file, 0)->type, one->type);
    ck_assert_uint_eq(tensor_file_at(file, 0)->bytes, 3 * (uint64_t)one->size);
    tensor_file_free(file);
    free(header);
}
END_TEST

START_TEST(tensors_come_in_the_order_of_their_data)
{
    put_file("{\"late\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3,4]},"
             "\"none\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[3,3]},"
             "\"early\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}",
             4, 0);
    tensor_file *file = read_back();
    ck_assert_str_eq(tensor_file_at(file, 0)->name, "early");
    ck_assert_str_eq(tensor_file_at(file, 1)->name, "none");
    ck_assert_str_eq(tensor_file_at(file, 2)->name, "late");
    ck_assert_ptr_eq(tensor_file_at(file, 2)->data,
                     (const char *)tensor_file_at(file, 0)->data + 3);
    tensor_file_free(file);
}
END_TEST

/* Brackets and quotes inside strings do not count as nesting. */
START_TEST(names_may_hold_brackets)
{
    put_file("{\"[[[[{{\\\"[[\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1, 0);
    tensor_file *file = read_back();
    ck_assert_str_eq(tensor_file_at(file, 0)->name, "[[[[{{\"[[");
    tensor_file_free(file);
}
END_TEST

/* --- hostile files --- */

typedef struct hostile {
    const char *header;
    size_t data;
    int64_t lie;
    const char *message;
} hostile;

#define U8(name, shape, offsets)                                                                   \
    "\"" name "\":{\"dtype\":\"U8\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define PARTS_ALONE "tensor 'a': must be described by 'dtype', 'shape' and 'data_offsets' alone"
#define TWO_COUNTS  "tensor 'a': 'data_offsets' must be two counts, begin and end"

static const hostile files[] = {
    /* the length and the frame */
    {"{}", 0, 1, "a header of 3 bytes is announced, but only 2 follow; the file is cut short"},
    {"{}", 0, 99999998,
     "a header of 100000000 bytes is announced, but only 2 follow; the file is cut short"},
    {"{}", 0, 99999999,
     "a header of 100000001 bytes is announced; at most 100000000 are allowed (is this a "
     "safetensors file?)"},
    {"{}", 0, -3,
     "a header of 18446744073709551615 bytes is announced; at most 100000000 are allowed (is this "
     "a safetensors file?)"},
    {"", 0, 0, "the header does not begin with '{'"},
    {" {}", 0, 0, "the header does not begin with '{'"},
    {"[]", 0, 0, "the header does not begin with '{'"},
    {"\"a\"", 0, 0, "the header does not begin with '{'"},
    {"{", 0, 0,
     "the header is not valid JSON: string or '}' expected near end of file (line 1, column 1)"},
    {"{}x", 0, 0, "the header is not valid JSON: end of file expected near 'x' (line 1, column 3)"},
    {"{\"a\":{\"shape\":[[[[1]]]]}}", 0, 0, "the header nests deeper than 3 levels"},
    {"{\"a\":{\"b\":{\"c\":{}}}}", 0, 0, "the header nests deeper than 3 levels"},
    {"{\"\xff\":1}", 0, 0,
     "the header is not valid JSON: unable to decode byte 0xff near '\"' (line 1, column 2)"},
    {"{\"a\\u0000b\":1}", 0, 0,
     "the header is not valid JSON: NUL byte in object key not supported near '\"a\\u0000b\"' "
     "(line 1, column 11)"},
    {"{" U8("a", "[1]", "[0,1]") "," U8("a", "[1]", "[1,2]") "}", 2, 0,
     "the header is not valid JSON: duplicate object key near '\"a\"' (line 1, column 56)"},
    {"{}", 3, 0, "3 bytes follow the last tensor; there must be none"},

    /* the metadata */
    {"{\"__metadata__\":1}", 0, 0, "'__metadata__' is no object"},
    {"{\"__metadata__\":[\"a\"]}", 0, 0, "'__metadata__' is no object"},
    {"{\"__metadata__\":{\"epoch\":3}}", 0, 0, "the metadata 'epoch' is no string"},
    {"{\"__metadata__\":{\"e\\u001b\":null}}", 0, 0, "the metadata 'e\\x1b' is no string"},

    /* the parts of a description */
    {"{\"a\":1}", 0, 0, "tensor 'a': its description is no object"},
    {"{\"a\":[]}", 0, 0, "tensor 'a': its description is no object"},
    {"{\"a\":{}}", 0, 0, PARTS_ALONE},
    {"{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 0, PARTS_ALONE},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, 0, PARTS_ALONE},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, 0, PARTS_ALONE},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"offsets\":[0,1]}}", 1, 0, TWO_COUNTS},
    {"{\"a\":{\"dtype\":\"U8\",\"size\":[1],\"data_offsets\":[0,1]}}", 1, 0,
     "tensor 'a': 'shape' is no array"},
    {"{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 0,
     "tensor 'a': unknown dtype 'F31'"},
    {"{\"a\":{\"dtype\":\"f32\\n\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, 0,
     "tensor 'a': unknown dtype 'f32\\x0a'"},

    /* the shape */
    {"{" U8("a", "1", "[0,1]") "}", 1, 0, "tensor 'a': 'shape' is no array"},
    {"{" U8("a", "[-1]", "[0,1]") "}", 1, 0, "tensor 'a': dimension 0 of 'shape' is no count"},
    {"{" U8("a", "[1,1.0]", "[0,1]") "}", 1, 0, "tensor 'a': dimension 1 of 'shape' is no count"},
    {"{" U8("a", "[true]", "[0,1]") "}", 1, 0, "tensor 'a': dimension 0 of 'shape' is no count"},
    {"{" U8("a", "[\"1\"]", "[0,1]") "}", 1, 0, "tensor 'a': dimension 0 of 'shape' is no count"},
    {"{" U8("a", "[1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1, 0,
     "tensor 'a': 9 dimensions; at most 8 are supported"},
    {"{" U8("a", "[4294967296,4294967296]", "[0,0]") "}", 0, 0,
     "tensor 'a': the product of its shape overflows"},
    {"{\"a\":{\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]}}", 0, 0,
     "tensor 'a': the product of its shape overflows"},
    {"{" U8("a", "[18446744073709551617]", "[0,1]") "}", 1, 0,
     "the header is not valid JSON: too big integer near '18446744073709551617' (line 1, column "
     "48)"},

    /* the offsets */
    {"{" U8("a", "[1]", "0") "}", 1, 0, TWO_COUNTS},
    {"{" U8("a", "[1]", "[0]") "}", 1, 0, TWO_COUNTS},
    {"{" U8("a", "[1]", "[0,1,2]") "}", 1, 0, TWO_COUNTS},
    {"{" U8("a", "[1]", "[0,1.0]") "}", 1, 0, TWO_COUNTS},
    {"{" U8("a", "[1]", "[\"0\",1]") "}", 1, 0, TWO_COUNTS},
    {"{" U8("a", "[1]", "[-1,0]") "}", 1, 0, TWO_COUNTS},
    {"{" U8("a", "[1]", "[1,0]") "}", 1, 0, "tensor 'a': begins at 1, after its end at 0"},
    {"{" U8("a", "[2]", "[0,2]") "}", 1, 0,
     "tensor 'a': ends at 2, but the file holds 1 bytes of data; it is cut short"},
    {"{" U8("a", "[1]", "[9223372036854775807,9223372036854775807]") "}", 1, 0,
     "tensor 'a': ends at 9223372036854775807, but the file holds 1 bytes of data; it is cut "
     "short"},
    {"{" U8("a", "[2]", "[0,3]") "}", 3, 0,
     "tensor 'a': its shape needs 2 bytes, its offsets span 3"},
    {"{" U8("a", "[]", "[0,0]") "}", 0, 0,
     "tensor 'a': its shape needs 1 bytes, its offsets span 0"},

    /* one tensor against the next */
    {"{" U8("a", "[1]", "[1,2]") "}", 2, 0,
     "tensor 'a': begins at 1, but the tensor before it ends at 0; there must be no hole"},
    {"{" U8("a", "[2]", "[0,2]") "," U8("b", "[2]", "[1,3]") "}", 3, 0,
     "tensor 'b': begins at 1, but the tensor before it ends at 2; tensors must not overlap"},
    {"{" U8("a", "[2]", "[0,2]") "," U8("b", "[2]", "[0,2]") "}", 2, 0,
     "tensor 'b': begins at 0, but the tensor before it ends at 2; tensors must not overlap"},
    {"{" U8("a", "[1]", "[0,1]") "," U8("b", "[1]", "[2,3]") "}", 3, 0,
     "tensor 'b': begins at 2, but the tensor before it ends at 1; there must be no hole"},
    {"{" U8("a", "[1]", "[0,1]") "}", 2, 0, "1 bytes follow the last tensor; there must be none"},
};

START_TEST(hostile_files_are_refused)
{
    const hostile *one = &files[_i];

    put_file(one->header, one->data, one->lie);
    assert_refused(one->message);
}
END_TEST

START_TEST(fewer_than_eight_bytes_are_refused)
{
    put_bytes("\2\0\0\0\0\0\0", 7);
    assert_refused("7 bytes; a safetensors file begins with 8 bytes of length");
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
    assert_refused("cannot read: No such file or directory");
}
END_TEST

/* A good file, cut after each of its bytes, is never believed. */
START_TEST(every_truncation_is_refused)
{
    size_t length = 0;

    write_sample();
    char *bytes = file_read(path, 1 << 20, false, &length, NULL);
    for (size_t n = 0; n < length; n++) {
        plx_error error = {0};
        put_bytes(bytes, n);
        ck_assert_ptr_null(tensor_file_read(path, &error));
        ck_assert_int_eq(error.code, ERROR_DATA);
    }
    free(bytes);
}
END_TEST

/* Each byte of the header changed in turn: accepted or refused, but every tensor that is handed out
 * lies inside the file (read here, under the sanitizers). */
START_TEST(no_changed_byte_leads_astray)
{
    size_t length = 0, refused = 0;
    unsigned sum = 0;

    write_sample();
    char *bytes = file_read(path, 1 << 20, false, &length, NULL);
    for (size_t at = 0; at < length; at++) {
        bytes[at] ^= 1;
        put_bytes(bytes, length);
        bytes[at] ^= 1;
        tensor_file *file = tensor_file_read(path, NULL);
        refused += file == NULL;
        for (size_t i = 0; file != NULL && i < tensor_file_count(file); i++) {
            const stored_tensor *tensor = tensor_file_at(file, i);
            for (uint64_t b = 0; b < tensor->bytes; b++)
                sum += ((const unsigned char *)tensor->data)[b];
        }
        tensor_file_free(file);
    }
    ck_assert_uint_gt(refused, 100);
    ck_assert_uint_gt(sum, 0);
    free(bytes);
}
END_TEST

/* --- copying out --- */

static void assert_copy_refused(const char *name, tensor_type type, int rank, const uint64_t *shape,
                                const char *message)
{
    float out[6] = {42};
    plx_error error = {0};
    char *expected = memory_format("%s: %s", path, message);

    write_sample();
    tensor_file *file = read_back();
    ck_assert(!tensor_file_copy(file, name, type, rank, shape, out, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, expected);
    ck_assert(out[0] == 42);
    tensor_file_free(file);
    free(expected);
}

START_TEST(a_missing_tensor_is_named)
{
    assert_copy_refused("bias", TENSOR_F32, 1, (uint64_t[]){3},
                        "no tensor 'bias'; expected F32 [3]");
}
END_TEST

START_TEST(a_wrong_shape_is_shown)
{
    assert_copy_refused("weight", TENSOR_F32, 2, (uint64_t[]){3, 2},
                        "tensor 'weight' is F32 [2, 3]; expected F32 [3, 2]");
}
END_TEST

START_TEST(a_wrong_rank_is_shown)
{
    assert_copy_refused("weight", TENSOR_F32, 0, NULL,
                        "tensor 'weight' is F32 [2, 3]; expected F32 []");
}
END_TEST

START_TEST(a_wrong_type_is_shown)
{
    assert_copy_refused("moment", TENSOR_F32, 1, (uint64_t[]){2},
                        "tensor 'moment' is F64 [2]; expected F32 [2]");
}
END_TEST

/* --- what cannot be written --- */

START_TEST(two_tensors_of_one_name_are_not_written)
{
    tensor_file *file = tensor_file_new();

    tensor_file_add(file, "a", TENSOR_U8, 0, NULL, flags);
    tensor_file_add(file, "a", TENSOR_U8, 0, NULL, flags);
    assert_not_written(file, "two tensors are named 'a'");
    tensor_file_free(file);
}
END_TEST

START_TEST(a_tensor_of_no_type_is_not_written)
{
    tensor_file *file = tensor_file_new();

    tensor_file_add(file, "a", TENSOR_OTHER, 0, NULL, flags);
    assert_not_written(file, "the tensor 'a' has a type or rank that cannot be stored");
    tensor_file_free(file);
}
END_TEST

START_TEST(a_tensor_of_nine_dimensions_is_not_written)
{
    tensor_file *file = tensor_file_new();

    tensor_file_add(file, "a", TENSOR_U8, 9, (uint64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, flags);
    assert_not_written(file, "the tensor 'a' has a type or rank that cannot be stored");
    tensor_file_free(file);
}
END_TEST

START_TEST(an_overflowing_tensor_is_not_written)
{
    tensor_file *file = tensor_file_new();

    tensor_file_add(file, "a", TENSOR_F32, 2, (uint64_t[]){UINT64_C(1) << 32, UINT64_C(1) << 32},
                    weight);
    assert_not_written(file, "the tensor 'a' is too large to be stored");
    tensor_file_free(file);
}
END_TEST

START_TEST(metadata_must_be_utf8)
{
    tensor_file *file = tensor_file_new();

    tensor_file_metadata(file, "labels", "gr\xfc\xdf");
    assert_not_written(file, "the metadata 'labels' is not valid UTF-8");
    tensor_file_free(file);
}
END_TEST

START_TEST(names_must_be_utf8)
{
    tensor_file *file = tensor_file_new();

    tensor_file_add(file, "\xfc", TENSOR_U8, 0, NULL, flags);
    assert_not_written(file, "the tensor name '\\xfc' is not valid UTF-8");
    tensor_file_free(file);
}
END_TEST

START_TEST(no_object_is_out_of_memory)
{
    plx_error error = {0};

    tensor_file_metadata(NULL, "a", "b");
    tensor_file_add(NULL, "a", TENSOR_U8, 0, NULL, flags);
    ck_assert(!tensor_file_write(NULL, path, &error));
    ck_assert_str_eq(error.text, "out of memory");
    tensor_file_free(NULL);
}
END_TEST

/* A limit on the size of files stands for a full disk. */
START_TEST(a_full_disk_leaves_the_old_model)
{
    float *large = memory_array(100000, sizeof(float));
    tensor_file *file = tensor_file_new();
    struct rlimit before, tight;

    write_sample();
    tensor_file_add(file, "w", TENSOR_F32, 1, (uint64_t[]){100000}, large);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = (struct rlimit){.rlim_cur = 100000, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const bool ok = tensor_file_write(file, path, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert(!ok);
    tensor_file_free(file);
    file = read_back();
    ck_assert_ptr_nonnull(tensor_file_find(file, "weight"));
    tensor_file_free(file);
    free(large);
}
END_TEST

static TCase *good_files(void)
{
    TCase *cases = tcase_create("good files");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, tensors_come_back);
    tcase_add_test(cases, metadata_comes_back);
    tcase_add_test(cases, tensors_lie_aligned);
    tcase_add_test(cases, tensors_are_found);
    tcase_add_test(cases, the_file_is_as_the_format_says);
    tcase_add_test(cases, an_empty_file_is_legal);
    tcase_add_loop_test(cases, every_dtype_has_its_size, 0, COUNT(types));
    tcase_add_test(cases, tensors_come_in_the_order_of_their_data);
    tcase_add_test(cases, names_may_hold_brackets);
    return cases;
}

static TCase *hostile_files(void)
{
    TCase *cases = tcase_create("hostile files");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, hostile_files_are_refused, 0, COUNT(files));
    tcase_add_test(cases, fewer_than_eight_bytes_are_refused);
    tcase_add_test(cases, a_missing_file_is_an_error);
    tcase_add_test(cases, every_truncation_is_refused);
    tcase_add_test(cases, no_changed_byte_leads_astray);
    return cases;
}

static TCase *refusals(void)
{
    TCase *cases = tcase_create("refusals");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_missing_tensor_is_named);
    tcase_add_test(cases, a_wrong_shape_is_shown);
    tcase_add_test(cases, a_wrong_rank_is_shown);
    tcase_add_test(cases, a_wrong_type_is_shown);
    tcase_add_test(cases, two_tensors_of_one_name_are_not_written);
    tcase_add_test(cases, a_tensor_of_no_type_is_not_written);
    tcase_add_test(cases, a_tensor_of_nine_dimensions_is_not_written);
    tcase_add_test(cases, an_overflowing_tensor_is_not_written);
    tcase_add_test(cases, metadata_must_be_utf8);
    tcase_add_test(cases, names_must_be_utf8);
    tcase_add_test(cases, no_object_is_out_of_memory);
    tcase_add_test(cases, a_full_disk_leaves_the_old_model);
    return cases;
}

static Suite *suite(void)
{
    Suite *all = suite_create("safetensors");

    suite_add_tcase(all, good_files());
    suite_add_tcase(all, hostile_files());
    suite_add_tcase(all, refusals());
    return all;
}

int main(void)
{
    return harness_run(suite());
}
