/* The formats without column names: IDX, NPY, LIBSVM; alone, in pairs, compressed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/raw.h"
#include "fixture.h"
#include "support/memory.h"

/* --- IDX --- */

typedef bool parser(const char *path, char **bytes, size_t length, raw_purpose purpose,
                    raw_matrix *matrix, plx_error *error);

/* Parses a file that must be good. */
static raw_matrix parse(parser *read, const char *bytes, size_t length, raw_purpose purpose)
{
    raw_matrix matrix = {0};
    plx_error error = {0};
    char *copy = memory_string_n(bytes, length);

    ck_assert_msg(read("file", &copy, length, purpose, &matrix, &error), "%s", error.text);
    free(copy);
    return matrix;
}

static void check_values(parser *read, const char *bytes, size_t length, size_t rows, size_t cols,
                         const double *expected)
{
    for (int purpose = RAW_INPUTS; purpose <= RAW_EXACT; purpose++) {
        raw_matrix matrix = parse(read, bytes, length, (raw_purpose)purpose);
        ck_assert_uint_eq(matrix.rows, rows);
        ck_assert_uint_eq(matrix.cols, cols);
        for (size_t i = 0; i < rows * cols; i++)
            ck_assert_double_eq(raw_get(&matrix, i), expected[i]);
        raw_clear(&matrix);
    }
}

START_TEST(reads_idx_bytes)
{
    const double expected[] = {1, 2, 3, 255};
    check_values(idx_parse, BYTES("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02\x01\x02\x03\xFF"), 2,
                 2, expected);
}
END_TEST

START_TEST(reads_idx_signed_bytes)
{
    const double expected[] = {1, -1, -128};
    check_values(idx_parse, BYTES("\0\0\x09\x01\0\0\0\x03\x01\xFF\x80"), 3, 1, expected);
}
END_TEST

START_TEST(reads_idx_shorts)
{
    const double expected[] = {258, -2};
    check_values(idx_parse, BYTES("\0\0\x0B\x01\0\0\0\x02\x01\x02\xFF\xFE"), 2, 1, expected);
}
END_TEST

START_TEST(reads_idx_ints)
{
    const double expected[] = {16777216, -2};
    check_values(idx_parse, BYTES("\0\0\x0C\x01\0\0\0\x02\x01\0\0\0\xFF\xFF\xFF\xFE"), 2, 1,
                 expected);
}
END_TEST

START_TEST(reads_idx_floats)
{
    const double expected[] = {1, -2.5};
    check_values(idx_parse, BYTES("\0\0\x0D\x01\0\0\0\x02\x3F\x80\0\0\xC0\x20\0\0"), 2, 1,
                 expected);
}
END_TEST

START_TEST(reads_idx_doubles)
{
    const double expected[] = {1, -2.5};
    check_values(idx_parse, BYTES("\0\0\x0E\x01\0\0\0\x02\x3F\xF0\0\0\0\0\0\0\xC0\x04\0\0\0\0\0\0"),
                 2, 1, expected);
}
END_TEST

START_TEST(idx_bytes_stay_bytes)
{
    raw_matrix matrix = parse(idx_parse, BYTES("\0\0\x08\x01\0\0\0\x02\x07\x08"), RAW_INPUTS);

    ck_assert_ptr_nonnull(matrix.bytes);
    ck_assert_ptr_null(matrix.floats);
    raw_clear(&matrix);
}
END_TEST

/* --- NPY --- */

/* An NPY file, version 1 to 3, of that header and those elements. */
static char *npy(int version, const char *header, const char *elements, size_t bytes,
                 size_t *length)
{
    const size_t size = strlen(header), start = version == 1 ? 10 : 12;
    char *file = memory_array(start + size + bytes + 1, 1);

    memcpy(file, "\x93NUMPY", 6);
    file[6] = (char)version;
    file[8] = (char)size;
    memcpy(file + start, header, size);
    memcpy(file + start + size, elements, bytes);
    *length = start + size + bytes;
    return file;
}

static void check_npy(int version, const char *header, const char *elements, size_t bytes,
                      size_t rows, size_t cols, const double *expected)
{
    size_t length;
    char *file = npy(version, header, elements, bytes, &length);

    check_values(npy_parse, file, length, rows, cols, expected);
    free(file);
}

START_TEST(reads_npy_f4)
{
    const double expected[] = {1, -2.5, 0, 4};
    check_npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }  \n",
              BYTES("\0\0\x80\x3F\0\0\x20\xC0\0\0\0\0\0\0\x80\x40"), 2, 2, expected);
}
END_TEST

START_TEST(reads_npy_f8)
{
    const double expected[] = {1, -2.5};
    check_npy(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n",
              BYTES("\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\x04\xC0"), 2, 1, expected);
}
END_TEST

START_TEST(reads_npy_u1)
{
    const double expected[] = {1, 200, 3, 4, 5, 6};
    check_npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 3, 2), }\n",
              BYTES("\x01\xC8\x03\x04\x05\x06"), 1, 6, expected);
}
END_TEST

START_TEST(reads_npy_i8)
{
    const double expected[] = {-1, 256};
    check_npy(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n",
              BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\x01\0\0\0\0\0\0"), 2, 1, expected);
}
END_TEST

START_TEST(reads_npy_columns_first)
{
    const double expected[] = {1, 3, 5, 2, 4, 6};
    check_npy(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n",
              BYTES("\x01\x02\x03\x04\x05\x06"), 2, 3, expected);
}
END_TEST

START_TEST(reads_npy_versions_2_and_3)
{
    const double expected[] = {7};
    for (int version = 2; version <= 3; version++)
        check_npy(version, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }\n",
                  BYTES("\x07"), 1, 1, expected);
}
END_TEST

START_TEST(reads_npy_keys_in_any_order_and_quotes)
{
    const double expected[] = {7};
    check_npy(1, "{\"shape\":(1,1),'fortran_order':False,\"descr\":\"|u1\"}", BYTES("\x07"), 1, 1,
              expected);
}
END_TEST

static const struct {
    const char *bytes, *shown;
} too_large[] = {
    {"\0\0\0\0\0\0\x40\0", "18014398509481984"},
    {"\x01\0\0\0\0\0\x20\0", "9007199254740993"},
    {"\xFF\xFF\xFF\xFF\xFF\xFF\xDF\xFF", "-9007199254740993"},
};

START_TEST(refuses_whole_numbers_beyond_doubles)
{
    size_t length;
    raw_matrix matrix = {0};
    plx_error error = {0};
    char expected[128];
    char *file = npy(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n",
                     too_large[_i].bytes, 8, &length);

    snprintf(expected, sizeof(expected),
             "y.npy: row 0, column 0 (from 0): %s; whole numbers beyond 2^53 are not read",
             too_large[_i].shown);
    ck_assert(!npy_parse("y.npy", &file, length, RAW_EXACT, &matrix, &error));
    ck_assert_str_eq(error.text, expected);
    raw_clear(&matrix);
    free(file);
}
END_TEST

START_TEST(reads_the_largest_whole_number_of_doubles)
{
    size_t length;
    char *file = npy(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n",
                     BYTES("\0\0\0\0\0\0\x20\0"), &length);
    raw_matrix matrix = parse(npy_parse, file, length, RAW_EXACT);

    ck_assert_double_eq(raw_get(&matrix, 0), 9007199254740992.0);
    raw_clear(&matrix);
    free(file);
}
END_TEST

/* --- LIBSVM --- */

START_TEST(reads_libsvm)
{
    const char *content = "# two rows\n+1 1:0.5 3:-2 # the first\n\n-1\t2:1e2\r\n";
    const double expected[] = {0.5, 0, -2, 0, 100, 0};
    raw_matrix x = {0}, y = {0};
    plx_error error = {0};

    ck_assert_msg(libsvm_parse("a.svm", content, strlen(content), 0, &x, &y, &error), "%s",
                  error.text);
    ck_assert_uint_eq(x.rows, 2);
    ck_assert_uint_eq(x.cols, 3);
    for (size_t i = 0; i < 6; i++)
        ck_assert_double_eq(raw_get(&x, i), expected[i]);
    ck_assert_double_eq(y.doubles[0], 1);
    ck_assert_double_eq(y.doubles[1], -1);
    raw_clear(&x);
    raw_clear(&y);
}
END_TEST

START_TEST(libsvm_takes_more_features_than_it_has)
{
    const char *content = "1 1:1\n";
    raw_matrix x = {0}, y = {0};
    plx_error error = {0};

    ck_assert(libsvm_parse("a.svm", content, strlen(content), 5, &x, &y, &error));
    ck_assert_uint_eq(x.cols, 5);
    raw_clear(&x);
    raw_clear(&y);
}
END_TEST

/* --- telling the format --- */

START_TEST(tells_the_format)
{
    static const struct {
        const char *path, *bytes;
        size_t length;
        data_format format;
    } cases[] = {
        {"a.csv", BYTES("1,2"), FORMAT_CSV},
        {"a.tsv.gz", BYTES("1\t2"), FORMAT_CSV},
        {"a.txt", BYTES("1,2"), FORMAT_CSV},
        {"a.svm", BYTES("1 1:2"), FORMAT_LIBSVM},
        {"a.libsvm.gz", BYTES("1 1:2"), FORMAT_LIBSVM},
        {"a", BYTES("\x93NUMPY\x01\x00"), FORMAT_NPY},
        {"a.csv", BYTES("\x93NUMPY\x01\x00"), FORMAT_NPY},
        {"a", BYTES("\0\0\x08\x01\0\0\0\0"), FORMAT_IDX},
        {"train-images-idx3-ubyte.gz", BYTES(""), FORMAT_IDX},
        {"a", BYTES("1,2"), FORMAT_AUTO},
        {"csv", BYTES("1,2"), FORMAT_AUTO},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(raw_detect(cases[i].path, cases[i].bytes, cases[i].length) == cases[i].format,
                      "%s", cases[i].path);
}
END_TEST

/* --- as data sets --- */

typedef struct setup {
    char *folder, *x, *y;
    target_spec spec;
    data_config config;
} setup;

/* Two rows of two bytes, and labels 3 and 12. */
static setup images(bool compressed)
{
    setup s = {.folder = harness_folder()};

    if (compressed) {
        s.x =
            fixture_gzip(s.folder, "x", BYTES("\0\0\x08\x02\0\0\0\x02\0\0\0\x02\x00\x33\x66\xFF"));
        s.y = fixture_gzip(s.folder, "y", BYTES("\0\0\x08\x01\0\0\0\x02\x0C\x03"));
    } else {
        s.x =
            fixture_bytes(s.folder, "x", BYTES("\0\0\x08\x02\0\0\0\x02\0\0\0\x02\x00\x33\x66\xFF"));
        s.y = fixture_bytes(s.folder, "y", BYTES("\0\0\x08\x01\0\0\0\x02\x0C\x03"));
    }
    s.config = fixture_config(s.x, s.y, &s.spec, NULL);
    return s;
}

static void tear_down(setup *s, data_bundle *bundle)
{
    data_free(bundle);
    free(s->spec.column);
    free(s->x);
    free(s->y);
    free(s->folder);
}

START_TEST(labels_of_an_idx_pair_are_sorted_by_value)
{
    setup s = images(false);
    data_bundle *bundle = fixture_load(&s.config);

    ck_assert_uint_eq(bundle->encoding.label_count, 2);
    ck_assert_str_eq(bundle->encoding.label[0], "3");
    ck_assert_str_eq(bundle->encoding.label[1], "12");
    ck_assert_int_eq(bundle->storage[0]->label[0], 1);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(a_compressed_pair_is_the_same)
{
    setup plain = images(false), packed = images(true);
    data_bundle *a = fixture_load(&plain.config), *b = fixture_load(&packed.config);
    char hex_a[65], hex_b[65];

    data_hash(&a->train, hex_a, NULL);
    data_hash(&b->train, hex_b, NULL);
    ck_assert_str_eq(hex_a, hex_b);
    tear_down(&plain, a);
    tear_down(&packed, b);
}
END_TEST

/* 300, 255, 256, -1, 255, 0, -1 and 300 as 16-bit numbers. */
START_TEST(labels_around_a_byte_are_told_apart)
{
    const int32_t expected[] = {4, 2, 3, 0, 2, 1, 0, 4};
    setup s = {.folder = harness_folder()};

    s.x = fixture_bytes(s.folder, "x", BYTES("\0\0\x08\x01\0\0\0\x08\1\2\3\4\5\6\7\x08"));
    s.y = fixture_bytes(s.folder, "y",
                        BYTES("\0\0\x0B\x01\0\0\0\x08\x01\x2C\0\xFF\x01\0\xFF\xFF"
                              "\0\xFF\0\0\xFF\xFF\x01\x2C"));
    s.config = fixture_config(s.x, s.y, &s.spec, NULL);
    data_bundle *bundle = fixture_load(&s.config);
    for (size_t r = 0; r < 8; r++)
        ck_assert_int_eq(bundle->storage[0]->label[r], expected[r]);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(unit_divides_bytes_by_255)
{
    setup s = images(false);

    s.config.scale = SCALE_UNIT;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_double_eq(fixture_input(bundle, &bundle->train, 0, 0), 0);
    ck_assert_double_eq_tol(fixture_input(bundle, &bundle->train, 0, 1), 0.2, 1e-7);
    ck_assert_double_eq(fixture_input(bundle, &bundle->train, 1, 1), 1);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(standard_of_bytes_is_worked_out_from_them)
{
    setup s = images(false);

    s.config.scale = SCALE_STANDARD;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_double_eq(bundle->encoding.offset[0], 51);
    ck_assert_double_eq(bundle->encoding.factor[0], 1.0 / 51);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(idx_labels_can_be_numbers)
{
    setup s = images(false);

    s.spec = (target_spec){.as = AS_NUMBER};
    s.config.target = &s.spec;
    s.config.target_count = 1;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_int_eq(bundle->encoding.targets, TARGETS_NUMBER);
    ck_assert_double_eq((double)bundle->storage[0]->target[0], 12);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(refuses_an_idx_label_not_seen_in_training)
{
    setup s = images(false);
    char *y = fixture_bytes(s.folder, "y2", BYTES("\0\0\x08\x01\0\0\0\x02\x0C\x04"));

    s.config.test.path = s.x;
    s.config.test.targets = y;
    fixture_refused(&s.config, s.folder, ERROR_DATA,
                    "@/x: row 1 (from 0) has the label 4, which was not seen in training, where "
                    "the labels were 3, 12");
    free(y);
    tear_down(&s, NULL);
}
END_TEST

START_TEST(refuses_another_number_of_features)
{
    setup s = images(false);
    char *x = fixture_bytes(s.folder, "x2", BYTES("\0\0\x08\x02\0\0\0\x01\0\0\0\x03\1\2\3"));
    char *y = fixture_bytes(s.folder, "y2", BYTES("\0\0\x08\x01\0\0\0\x01\x0C"));

    s.config.test.path = x;
    s.config.test.targets = y;
    fixture_refused(&s.config, s.folder, ERROR_DATA, "@/x2: 3 features; training had 2");
    free(x);
    free(y);
    tear_down(&s, NULL);
}
END_TEST

START_TEST(refuses_a_test_file_without_targets)
{
    setup s = images(false);

    s.config.test.path = s.x;
    fixture_refused(&s.config, s.folder, ERROR_DATA,
                    "@/x: its targets are missing; they are a second file");
    tear_down(&s, NULL);
}
END_TEST

/* A file of two floats a row, three rows: values 1..6 unless `nan` puts one in. */
static setup matrix(const char *header_y, const char *y, size_t y_bytes, bool with_nan)
{
    float values[] = {1, 2, 3, with_nan ? nanf("") : 4, 5, 6};
    setup s = {.folder = harness_folder()};
    char elements[sizeof(values)];
    size_t length;

    memcpy(elements, values, sizeof(values));
    char *x = npy(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n", elements,
                  sizeof(elements), &length);
    s.x = fixture_bytes(s.folder, "x.npy", x, length);
    free(x);
    if (header_y != NULL) {
        char *file = npy(1, header_y, y, y_bytes, &length);
        s.y = fixture_bytes(s.folder, "y.npy", file, length);
        free(file);
    }
    s.config = fixture_config(s.x, s.y, &s.spec, NULL);
    return s;
}

static const char bytes_y[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }\n";
static const char floats_y[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n";

START_TEST(npy_whole_numbers_are_classes)
{
    setup s = matrix(bytes_y, BYTES("\x05\x01\x05"), false);
    data_bundle *bundle = fixture_load(&s.config);

    ck_assert_int_eq(bundle->encoding.targets, TARGETS_CLASS);
    ck_assert_str_eq(bundle->encoding.label[1], "5");
    tear_down(&s, bundle);
}
END_TEST

START_TEST(npy_floats_are_numbers)
{
    setup s = matrix(floats_y, BYTES("\0\0\x80\x3F\0\0\x80\x40\0\0\0\0"), false);
    data_bundle *bundle = fixture_load(&s.config);

    ck_assert_int_eq(bundle->encoding.targets, TARGETS_NUMBER);
    ck_assert_double_eq((double)bundle->storage[0]->target[1], 4);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(npy_whole_floats_can_be_classes)
{
    setup s = matrix(floats_y, BYTES("\0\0\x80\x3F\0\0\x80\x40\0\0\0\0"), false);

    s.spec = (target_spec){.as = AS_CLASS};
    s.config.target = &s.spec;
    s.config.target_count = 1;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->encoding.label_count, 3);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(refuses_broken_floats_as_classes)
{
    setup s = matrix(floats_y, BYTES("\0\0\x80\x3F\0\0\x20\x40\0\0\0\0"), false);

    s.spec = (target_spec){.as = AS_CLASS, .at = {"x.yaml", 5, 3}};
    s.config.target = &s.spec;
    s.config.target_count = 1;
    fixture_refused(&s.config, s.folder, ERROR_CONFIG,
                    "x.yaml:5:3: `as: class` needs whole numbers, but row 1 (from 0) has 2.5");
    tear_down(&s, NULL);
}
END_TEST

START_TEST(npy_columns_can_be_targets)
{
    setup s = matrix("{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }\n",
                     BYTES("\x01\x02\x03\x04\x05\x06"), false);
    data_bundle *bundle = fixture_load(&s.config);

    ck_assert_uint_eq(bundle->encoding.target_count, 2);
    ck_assert_str_eq(bundle->encoding.target_name[1], "y1");
    ck_assert_double_eq((double)bundle->storage[0]->target[3], 4);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(npy_can_hold_its_target)
{
    setup s = matrix(NULL, NULL, 0, false);

    s.config = fixture_config(s.x, NULL, &s.spec, "0");
    s.config.target = &s.spec;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->encoding.features, 1);
    ck_assert_str_eq(bundle->encoding.column[0].name, "1");
    ck_assert_double_eq((double)bundle->storage[0]->target[2], 5);
    ck_assert_double_eq((double)bundle->storage[0]->floats[2], 6);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(npy_with_its_target_can_be_read_again)
{
    setup s = matrix(NULL, NULL, 0, false);
    plx_error error = {0};

    s.config = fixture_config(s.x, NULL, &s.spec, "0");
    s.config.target = &s.spec;
    data_bundle *bundle = fixture_load(&s.config);
    dataset *with = data_read(&bundle->encoding, s.x, NULL, true, NULL, &error);
    ck_assert_msg(with != NULL, "%s", error.text);
    ck_assert_double_eq((double)with->target[2], 5);
    dataset *without = data_read(&bundle->encoding, s.x, NULL, false, NULL, &error);
    ck_assert_msg(without != NULL, "%s", error.text);
    ck_assert_ptr_null(without->target);
    ck_assert_double_eq((double)without->floats[2], 6);
    dataset_free(with);
    dataset_free(without);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(idx_can_be_read_where_npy_held_the_target)
{
    setup s = matrix(NULL, NULL, 0, false);
    plx_error error = {0};

    s.config = fixture_config(s.x, NULL, &s.spec, "0");
    s.config.target = &s.spec;
    data_bundle *bundle = fixture_load(&s.config);
    char *path =
        fixture_bytes(s.folder, "x.idx", BYTES("\0\0\x08\x02\0\0\0\x01\0\0\0\x02\x07\x09"));
    dataset *data = data_read(&bundle->encoding, path, NULL, true, NULL, &error);
    ck_assert_msg(data != NULL, "%s", error.text);
    ck_assert_double_eq((double)data->target[0], 7);
    ck_assert_double_eq((double)data->floats[0], 9);
    dataset_free(data);
    free(path);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(refuses_targets_beside_libsvm)
{
    setup s = images(false);
    plx_error error = {0};
    data_bundle *bundle = fixture_load(&s.config);
    char *path = harness_file(s.folder, "a.svm", "3 1:1 2:1\n12 2:1\n");

    ck_assert_ptr_null(data_read(&bundle->encoding, path, s.y, true, NULL, &error));
    char *message = fixture_message(error.text, s.folder);
    ck_assert_str_eq(message, "@/a.svm: a LIBSVM file holds its targets; no second file is needed");
    free(message);
    free(path);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(libsvm_can_be_read_where_idx_was_trained_on)
{
    setup s = images(false);
    plx_error error = {0};
    data_bundle *bundle = fixture_load(&s.config);
    char *path = harness_file(s.folder, "a.svm", "3 1:1 2:1\n12 2:1\n");
    dataset *data = data_read(&bundle->encoding, path, NULL, true, NULL, &error);

    ck_assert_msg(data != NULL, "%s", error.text);
    ck_assert_int_eq(data->label[1], 1);
    dataset_free(data);
    free(path);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(nan_rows_can_be_dropped)
{
    setup s = matrix(bytes_y, BYTES("\x05\x07\x01"), true);

    s.config.missing = MISSING_DROP;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->train.rows, 2);
    ck_assert_double_eq((double)bundle->storage[0]->floats[2], 5);
    ck_assert_str_eq(bundle->encoding.label[0], "1");
    ck_assert_str_eq(bundle->encoding.label[1], "5");
    tear_down(&s, bundle);
}
END_TEST

START_TEST(nan_can_be_filled_in)
{
    setup s = matrix(bytes_y, BYTES("\x05\x01\x01"), true);

    s.config.missing = MISSING_MEAN;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_double_eq(fixture_input(bundle, &bundle->train, 1, 1), 4);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(predict_refuses_a_row_that_drop_would_leave_out)
{
    setup s = matrix(bytes_y, BYTES("\x05\x01\x01"), true);
    plx_error error = {0};

    s.config.missing = MISSING_DROP;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_ptr_null(data_read(&bundle->encoding, s.x, NULL, false, NULL, &error));
    char *message = fixture_message(error.text, s.folder);
    ck_assert_str_eq(message, "@/x.npy: row 1, column 1 (from 0) of the inputs is NaN, a missing "
                              "value; training left such rows out, but here every row needs an "
                              "answer");
    free(message);
    tear_down(&s, bundle);
}
END_TEST

/* --- LIBSVM as a data set --- */

static setup libsvm(const char *content)
{
    setup s = {.folder = harness_folder()};

    s.x = harness_file(s.folder, "a.svm", content);
    s.config = fixture_config(s.x, NULL, &s.spec, NULL);
    return s;
}

START_TEST(libsvm_targets_are_numbers)
{
    setup s = libsvm("1.5 1:1\n-2 2:1\n");
    data_bundle *bundle = fixture_load(&s.config);

    ck_assert_int_eq(bundle->encoding.targets, TARGETS_NUMBER);
    ck_assert_double_eq((double)bundle->storage[0]->target[0], 1.5);
    tear_down(&s, bundle);
}
END_TEST

START_TEST(libsvm_targets_can_be_classes)
{
    setup s = libsvm("+1 1:1\n-1 2:1\n1 1:2\n");

    s.spec = (target_spec){.as = AS_CLASS};
    s.config.target = &s.spec;
    s.config.target_count = 1;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->encoding.label_count, 2);
    ck_assert_str_eq(bundle->encoding.label[0], "-1");
    ck_assert_str_eq(bundle->encoding.label[1], "1");
    tear_down(&s, bundle);
}
END_TEST

START_TEST(refuses_a_larger_index_in_a_test_file)
{
    setup s = libsvm("1 1:1\n2 2:1\n");
    char *test = harness_file(s.folder, "b.svm", "1 1:1\n2 3:1\n");

    s.config.test.path = test;
    fixture_refused(&s.config, s.folder, ERROR_DATA,
                    "@/b.svm:2:3: index 3, but there are 2 features");
    free(test);
    tear_down(&s, NULL);
}
END_TEST

START_TEST(a_smaller_index_in_a_test_file_is_fine)
{
    setup s = libsvm("1 1:1\n2 2:1\n");
    char *test = harness_file(s.folder, "b.svm", "1 1:1\n");

    s.config.test.path = test;
    data_bundle *bundle = fixture_load(&s.config);
    ck_assert_uint_eq(bundle->storage[2]->features, 2);
    free(test);
    tear_down(&s, bundle);
}
END_TEST

static void check_key_refused(setup *s, const char *expected)
{
    fixture_refused(&s->config, s->folder, ERROR_CONFIG, expected);
    tear_down(s, NULL);
}

START_TEST(refuses_a_header_of_libsvm)
{
    setup s = libsvm("1 1:1\n2 2:1\n");

    s.config.header = HEADER_YES;
    check_key_refused(&s, "x.yaml:1:1: `header` is for CSV files; this is LIBSVM");
}
END_TEST

START_TEST(refuses_a_delimiter_of_libsvm)
{
    setup s = libsvm("1 1:1\n2 2:1\n");

    s.config.delimiter = ';';
    check_key_refused(&s, "x.yaml:1:1: `delimiter` is for CSV files; this is LIBSVM");
}
END_TEST

START_TEST(refuses_a_number_of_features_of_npy)
{
    setup s = matrix(bytes_y, BYTES("\x05\x07\x01"), false);

    s.config.features = 2;
    check_key_refused(&s, "x.yaml:1:1: `features` is for LIBSVM files; this is NPY");
}
END_TEST

static void add_readers(Suite *all)
{
    TCase *tests = tcase_create("readers");

    tcase_add_test(tests, reads_idx_bytes);
    tcase_add_test(tests, reads_idx_signed_bytes);
    tcase_add_test(tests, reads_idx_shorts);
    tcase_add_test(tests, reads_idx_ints);
    tcase_add_test(tests, reads_idx_floats);
    tcase_add_test(tests, reads_idx_doubles);
    tcase_add_test(tests, idx_bytes_stay_bytes);
    tcase_add_test(tests, reads_npy_f4);
    tcase_add_test(tests, reads_npy_f8);
    tcase_add_test(tests, reads_npy_u1);
    tcase_add_test(tests, reads_npy_i8);
    tcase_add_test(tests, reads_npy_columns_first);
    tcase_add_test(tests, reads_npy_versions_2_and_3);
    tcase_add_test(tests, reads_npy_keys_in_any_order_and_quotes);
    tcase_add_loop_test(tests, refuses_whole_numbers_beyond_doubles, 0,
                        (int)(sizeof(too_large) / sizeof(too_large[0])));
    tcase_add_test(tests, reads_the_largest_whole_number_of_doubles);
    tcase_add_test(tests, reads_libsvm);
    tcase_add_test(tests, libsvm_takes_more_features_than_it_has);
    tcase_add_test(tests, tells_the_format);
    suite_add_tcase(all, tests);
}

static void add_data_sets(Suite *all)
{
    TCase *tests = tcase_create("data sets");

    tcase_add_test(tests, labels_of_an_idx_pair_are_sorted_by_value);
    tcase_add_test(tests, labels_around_a_byte_are_told_apart);
    tcase_add_test(tests, a_compressed_pair_is_the_same);
    tcase_add_test(tests, unit_divides_bytes_by_255);
    tcase_add_test(tests, standard_of_bytes_is_worked_out_from_them);
    tcase_add_test(tests, idx_labels_can_be_numbers);
    tcase_add_test(tests, refuses_an_idx_label_not_seen_in_training);
    tcase_add_test(tests, refuses_another_number_of_features);
    tcase_add_test(tests, refuses_a_test_file_without_targets);
    tcase_add_test(tests, npy_whole_numbers_are_classes);
    tcase_add_test(tests, npy_floats_are_numbers);
    tcase_add_test(tests, npy_whole_floats_can_be_classes);
    tcase_add_test(tests, refuses_broken_floats_as_classes);
    tcase_add_test(tests, npy_columns_can_be_targets);
    tcase_add_test(tests, npy_can_hold_its_target);
    tcase_add_test(tests, npy_with_its_target_can_be_read_again);
    tcase_add_test(tests, idx_can_be_read_where_npy_held_the_target);
    tcase_add_test(tests, refuses_targets_beside_libsvm);
    tcase_add_test(tests, libsvm_can_be_read_where_idx_was_trained_on);
    tcase_add_test(tests, nan_rows_can_be_dropped);
    tcase_add_test(tests, nan_can_be_filled_in);
    tcase_add_test(tests, predict_refuses_a_row_that_drop_would_leave_out);
    tcase_add_test(tests, libsvm_targets_are_numbers);
    tcase_add_test(tests, libsvm_targets_can_be_classes);
    tcase_add_test(tests, refuses_a_header_of_libsvm);
    tcase_add_test(tests, refuses_a_delimiter_of_libsvm);
    tcase_add_test(tests, refuses_a_number_of_features_of_npy);
    tcase_add_test(tests, refuses_a_larger_index_in_a_test_file);
    tcase_add_test(tests, a_smaller_index_in_a_test_file_is_fine);
    suite_add_tcase(all, tests);
}

static Suite *suite(void)
{
    Suite *all = suite_create("data: formats");

    add_readers(all);
    add_data_sets(all);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
