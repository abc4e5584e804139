/* Files that are used where they lie: the same numbers as a file that is read, wherever in the file a
 * row is, and memory that does not grow with the file. A compressed file is read, so it is what
 * mapped ones are compared with. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "support/memory.h"

/* How a file of inputs is stored. */
typedef enum { IDX, NPY_BYTES, NPY_FLOATS } stored_as;

/* Rows shorter and longer than the piece that far rows are read in, 16 KiB; all files are larger
 * than what is mapped at least, 2 MiB. */
static const struct {
    stored_as as;
    size_t rows, cols;
} shapes[] = {
    {IDX, 4000, 784},        {IDX, 130, 20000},       {NPY_BYTES, 4000, 784},
    {NPY_FLOATS, 1000, 784}, {NPY_FLOATS, 130, 5000},
};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

/* --- files --- */

static size_t put_header(char *out, stored_as as, size_t rows, size_t cols)
{
    if (as == IDX) {
        const char head[12] = {0,
                               0,
                               8,
                               2,
                               (char)(rows >> 24),
                               (char)(rows >> 16),
                               (char)(rows >> 8),
                               (char)rows,
                               (char)(cols >> 24),
                               (char)(cols >> 16),
                               (char)(cols >> 8),
                               (char)cols};
        memcpy(out, head, 12);
        return 12;
    }
    memcpy(out, "\x93NUMPY\x01\0\x76\0", 10);
    const int length =
        sprintf(out + 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }",
                as == NPY_BYTES ? "|u1" : "<f4", rows, cols);
    memset(out + 10 + length, ' ', (size_t)(118 - length));
    out[127] = '\n';
    return 128;
}

/* A file of the shape, as bytes. */
static char *make_file(stored_as as, size_t rows, size_t cols, size_t *length)
{
    const size_t count = rows * cols;
    char *bytes = memory_array(128 + count * sizeof(float), 1);
    const size_t start = put_header(bytes, as, rows, cols);

    for (size_t i = 0; i < count; i++) {
        const unsigned char byte = (unsigned char)(i * 2654435761U >> 13);
        const float value = (float)byte / 7 - 11;
        if (as == NPY_FLOATS)
            memcpy(bytes + start + i * sizeof(float), &value, sizeof(value));
        else
            bytes[start + i] = (char)byte;
    }
    *length = start + count * (as == NPY_FLOATS ? sizeof(float) : 1);
    return bytes;
}

/* The targets of that many rows, ten classes. */
static char *write_targets(const char *folder, size_t rows)
{
    char *bytes = memory_array(8 + rows, 1);

    memcpy(bytes, "\0\0\x08\x01", 4);
    for (int i = 0; i < 4; i++)
        bytes[4 + i] = (char)(rows >> (24 - 8 * i));
    for (size_t r = 0; r < rows; r++)
        bytes[8 + r] = (char)(r % 10);
    char *path = fixture_bytes(folder, "y.idx", bytes, 8 + rows);
    free(bytes);
    return path;
}

/* The same inputs as a file that is mapped and as one that is read. */
typedef struct pair {
    char *folder, *mapped, *read, *targets;
} pair;

static pair write_pair(const char *bytes, size_t length, size_t rows)
{
    char *folder = harness_folder();

    return (pair){.folder = folder,
                  .mapped = fixture_bytes(folder, "x.raw", bytes, length),
                  .read = fixture_gzip(folder, "x.gz", bytes, length),
                  .targets = write_targets(folder, rows)};
}

static pair make_pair(int shape)
{
    size_t length;
    char *bytes = make_file(shapes[shape].as, shapes[shape].rows, shapes[shape].cols, &length);
    const pair made = write_pair(bytes, length, shapes[shape].rows);

    free(bytes);
    return made;
}

static void free_pair(pair *pair)
{
    free(pair->folder);
    free(pair->mapped);
    free(pair->read);
    free(pair->targets);
}

/* Three quarters of what the process may have resident is what may be mapped. */
static void bound_mapping(size_t bytes)
{
    const struct rlimit limit = {(4 * bytes + 2) / 3, RLIM_INFINITY};

    ck_assert_int_eq(setrlimit(RLIMIT_RSS, &limit), 0);
}

/* --- the same numbers --- */

static void assert_same_inputs(const data_bundle *a, const data_bundle *b, const data_part *part_a,
                               const data_part *part_b)
{
    const size_t features = a->encoding.features, n = part_a->rows;
    uint32_t *position = memory_array(n, sizeof(*position));
    float *x = memory_array(n * features, sizeof(float));
    float *y = memory_array(n * features, sizeof(float));

    ck_assert_uint_eq(part_b->rows, n);
    for (int turn = 0; turn < 2; turn++) { /* in order, and from the last to the first */
        for (size_t i = 0; i < n; i++)
            position[i] = (uint32_t)(turn == 0 ? i : n - 1 - i);
        data_inputs(part_a, &a->encoding, position, n, x);
        data_inputs(part_b, &b->encoding, position, n, y);
        ck_assert_int_eq(memcmp(x, y, n * features * sizeof(float)), 0);
    }
    free(position);
    free(x);
    free(y);
}

static void assert_same_data(const data_bundle *a, const data_bundle *b)
{
    char hex_a[3][65] = {"", "", ""}, hex_b[3][65] = {"", "", ""};
    char *json_a = encoding_to_json(&a->encoding), *json_b = encoding_to_json(&b->encoding);

    ck_assert_str_eq(json_a, json_b);
    ck_assert(data_hash_parts(a, hex_a, NULL));
    ck_assert(data_hash_parts(b, hex_b, NULL));
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(hex_a[i], hex_b[i]);
    assert_same_inputs(a, b, &a->train, &b->train);
    assert_same_inputs(a, b, &a->test, &b->test);
    free(json_a);
    free(json_b);
}

/* Loads both, with a third of the rows as test rows, and compares. */
static void check_pair(const pair *pair, scale_rule scale, missing_rule missing, bool is_mapped,
                       size_t near)
{
    data_config config = fixture_config(pair->mapped, pair->targets, NULL, NULL);

    config.scale = scale;
    config.missing = missing;
    config.test.fraction = 0.3;
    data_bundle *mapped = fixture_load(&config);
    config.train.path = pair->read;
    data_bundle *read = fixture_load(&config);
    ck_assert_ptr_null(read->storage[0]->map);
    ck_assert_int_eq(mapped->storage[0]->map != NULL, is_mapped);
    if (near > 0)
        ck_assert_uint_eq(dataset_near(mapped->storage[0]), near);
    else
        ck_assert_uint_eq(dataset_near(mapped->storage[0]), mapped->storage[0]->rows);
    assert_same_data(mapped, read);
    ck_assert(dataset_intact(mapped->storage[0], NULL));
    data_free(mapped);
    data_free(read);
}

/* Each shape with each rule of scaling, and with all or only some of its rows mapped. */
START_TEST(mapped_is_the_same_as_read)
{
    const int shape = _i / 6;
    const bool some = _i / 3 % 2 == 1;
    const size_t start = shapes[shape].as == IDX ? 12 : 128;
    const size_t row = shapes[shape].cols * (shapes[shape].as == NPY_FLOATS ? 4 : 1);
    pair pair = make_pair(shape);

    if (some)
        bound_mapping(MAPPING_LEAST);
    check_pair(&pair, (scale_rule)(_i % 3), MISSING_ERROR, true,
               some ? (MAPPING_LEAST - start) / row : 0);
    free_pair(&pair);
}
END_TEST

/* Where means are to be filled in and there is nothing to fill, the file stays where it is. */
START_TEST(means_of_a_mapped_file_are_the_same)
{
    pair pair = make_pair(3);

    bound_mapping(MAPPING_LEAST);
    check_pair(&pair, SCALE_STANDARD, MISSING_MEAN, true, (MAPPING_LEAST - 128) / (784 * 4));
    free_pair(&pair);
}
END_TEST

/* In float32 files NaN stands for a missing value: rows are left out and means filled in in
 * memory. */
START_TEST(nan_is_dropped_or_filled_as_in_a_file_that_is_read)
{
    const missing_rule rules[] = {MISSING_DROP, MISSING_MEAN};
    const float none = (float)NAN;
    size_t length;
    char *bytes = make_file(NPY_FLOATS, 1000, 784, &length);

    memcpy(bytes + length - 100 * sizeof(float), &none, sizeof(none));
    memcpy(bytes + 128 + 5 * 784 * sizeof(float), &none, sizeof(none));
    pair pair = write_pair(bytes, length, 1000);
    bound_mapping(MAPPING_LEAST);
    check_pair(&pair, SCALE_STANDARD, rules[_i], false, 0);
    free_pair(&pair);
    free(bytes);
}
END_TEST

static void check_refused(float value, const char *expected)
{
    size_t length;
    char *bytes = make_file(NPY_FLOATS, 1000, 784, &length);

    memcpy(bytes + length - sizeof(float), &value, sizeof(value));
    pair pair = write_pair(bytes, length, 1000);
    bound_mapping(MAPPING_LEAST);
    data_config config = fixture_config(pair.mapped, pair.targets, NULL, NULL);
    fixture_refused(&config, pair.folder, ERROR_DATA, expected);
    free_pair(&pair);
    free(bytes);
}

START_TEST(infinity_far_into_a_file_is_refused)
{
    check_refused(-(float)INFINITY,
                  "@/x.raw: row 999, column 783 (from 0): -inf; values must be finite");
}
END_TEST

START_TEST(nan_far_into_a_file_is_refused)
{
    check_refused((float)NAN,
                  "@/x.raw: row 999, column 783 (from 0) of the inputs is NaN, a missing "
                  "value; say `missing: drop` or `missing: mean`");
}
END_TEST

/* No program writes a header of such a length, but one may: its floats cannot be used in place. */
START_TEST(floats_out_of_line_are_read)
{
    size_t length;
    char *bytes = make_file(NPY_FLOATS, 1000, 784, &length);

    bytes[8]--;
    memmove(bytes + 127, bytes + 128, length - 128);
    pair pair = write_pair(bytes, length - 1, 1000);
    check_pair(&pair, SCALE_NONE, MISSING_ERROR, false, 0);
    free_pair(&pair);
    free(bytes);
}
END_TEST

/* --- files larger than memory --- */

/* A line of /proc/self/status, in bytes. */
static size_t memory_now(const char *key)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    size_t kilobytes = 0;

    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            kilobytes = strtoul(line + strlen(key) + 1, NULL, 10);
    fclose(file);
    return kilobytes << 10;
}

/* A file of zeros that takes no space: 3 GiB of inputs, 4096 to a row. */
enum { LARGE_ROWS = 786432, LARGE_COLS = 4096, BATCH = 64 };

static char *write_large(const char *folder, stored_as as)
{
    char head[256];
    const size_t cols = as == NPY_FLOATS ? LARGE_COLS / 4 : LARGE_COLS;
    const size_t length = put_header(head, as, LARGE_ROWS, cols);
    char *path = fixture_bytes(folder, "large", head, length);

    ck_assert_int_eq(truncate(path, (off_t)(length + (size_t)LARGE_ROWS * LARGE_COLS)), 0);
    return path;
}

/* Batches from all over the file. The kernel maps 64 KiB around each row that is looked at in a
 * mapping: of these 1024 rows it would be eight times the bound. */
START_TEST(a_large_file_takes_no_memory)
{
    const size_t bound = (size_t)8 << 20, before = memory_now("RssAnon");
    char *folder = harness_folder();
    char *large = write_large(folder, IDX), *targets = write_targets(folder, LARGE_ROWS);
    data_config config = fixture_config(large, targets, NULL, NULL);
    float *x = memory_array((size_t)BATCH * LARGE_COLS, sizeof(float));
    uint32_t position[BATCH];

    bound_mapping(bound);
    const size_t files = memory_now("RssFile");
    config.scale = SCALE_UNIT;
    config.validation.fraction = 0.1;
    data_bundle *bundle = fixture_load(&config);
    for (uint32_t batch = 0; batch < 16; batch++) {
        for (uint32_t i = 0; i < BATCH; i++)
            position[i] = (batch * BATCH + i) * 2654435761U % bundle->train.rows;
        data_inputs(&bundle->train, &bundle->encoding, position, BATCH, x);
        ck_assert_double_eq((double)x[(size_t)BATCH * LARGE_COLS - 1], 0);
    }
    /* of a row: its label, its place in a part, and what splitting leaves with the allocator */
    ck_assert_uint_le(memory_now("RssAnon") - before, (size_t)LARGE_ROWS * 48 + (8 << 20));
    ck_assert_uint_le(memory_now("RssFile") - files, bound + (1 << 20));
    data_free(bundle);
    free(x);
    free(targets);
    free(large);
    free(folder);
}
END_TEST

/* Larger than may be read at all, of a type that is converted. */
START_TEST(a_large_file_that_has_to_be_converted_is_refused)
{
    char *folder = harness_folder(), *targets = write_targets(folder, 16);
    char *path = fixture_bytes(folder, "large", BYTES("\0\0\x0E\x02\0\0\0\x10\x08\0\0\0"));
    data_config config = fixture_config(path, targets, NULL, NULL);

    ck_assert_int_eq(truncate(path, 12 + (off_t)16 * 8 * 0x8000000), 0);
    fixture_refused(&config, folder, ERROR_DATA,
                    "@/large: 17179869196 bytes; an IDX file like this one is converted in memory, "
                    "which takes at most 17179869184; used where they lie, and so of any size, are "
                    "unsigned bytes (type 0x08)");
    free(path);
    free(targets);
    free(folder);
}
END_TEST

START_TEST(a_large_file_with_its_targets_inside_is_refused)
{
    target_spec spec;
    char *folder = harness_folder(), head[256];
    const size_t length = put_header(head, NPY_FLOATS, 1 << 20, 1 << 12);
    char *path = fixture_bytes(folder, "large.npy", head, length);
    data_config config = fixture_config(path, NULL, &spec, "0");

    ck_assert_int_eq(truncate(path, (off_t)(length + ((size_t)4 << 32))), 0);
    fixture_refused(&config, folder, ERROR_DATA,
                    "@/large.npy: 17179869312 bytes; an NPY file like this one is converted in "
                    "memory, which takes at most 17179869184; used where they lie, and so of any "
                    "size, are |u1 and <f4, row by row (in NumPy: numpy.ascontiguousarray(x, "
                    "'<f4')), with the targets in a file of their own");
    free(spec.column);
    free(path);
    free(folder);
}
END_TEST

/* --- what becomes of the file --- */

START_TEST(rows_that_are_gone_are_told)
{
    pair pair = make_pair(0);
    data_config config = fixture_config(pair.mapped, pair.targets, NULL, NULL);
    const uint32_t last = 3999;
    plx_error error = {0};
    float x[784];

    bound_mapping(MAPPING_LEAST);
    data_bundle *bundle = fixture_load(&config);
    ck_assert_int_eq(truncate(pair.mapped, 12 + 3999 * 784), 0);
    data_inputs(&bundle->train, &bundle->encoding, &last, 1, x);
    ck_assert(!dataset_intact(bundle->storage[0], &error));
    char *message = fixture_message(error.text, pair.folder);
    ck_assert_str_eq(message, "@/x.raw: was cut short while it was in use; it had 3136012 bytes");
    ck_assert(!data_unchanged(bundle, NULL));
    free(message);
    data_free(bundle);
    free_pair(&pair);
}
END_TEST

START_TEST(a_walk_over_rows_that_are_gone_fails)
{
    pair pair = make_pair(0);
    data_config config = fixture_config(pair.mapped, pair.targets, NULL, NULL);
    plx_error error = {0};
    char hex[3][65];

    bound_mapping(MAPPING_LEAST);
    data_bundle *bundle = fixture_load(&config);
    ck_assert(data_unchanged(bundle, NULL));
    ck_assert_int_eq(truncate(pair.mapped, 12 + 3999 * 784), 0);
    ck_assert(!data_hash_parts(bundle, hex, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    data_free(bundle);
    free_pair(&pair);
}
END_TEST

/* A validation file has what the training file has left of the bound. */
START_TEST(files_share_the_bound)
{
    pair pair = make_pair(0);
    data_config config = fixture_config(pair.mapped, pair.targets, NULL, NULL);

    config.validation.path = pair.mapped;
    config.validation.targets = pair.targets;
    bound_mapping((size_t)5 << 20);
    data_bundle *bundle = fixture_load(&config);
    ck_assert_uint_eq(dataset_near(bundle->storage[0]), 4000);
    ck_assert_uint_eq(dataset_near(bundle->storage[1]), ((5 << 20) - 3136012 - 12) / 784);
    data_free(bundle);
    free_pair(&pair);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: mapped");
    TCase *tests = tcase_create("mapped");

    tcase_add_loop_test(tests, mapped_is_the_same_as_read, 0, SHAPES * 6);
    tcase_add_test(tests, means_of_a_mapped_file_are_the_same);
    tcase_add_loop_test(tests, nan_is_dropped_or_filled_as_in_a_file_that_is_read, 0, 2);
    tcase_add_test(tests, infinity_far_into_a_file_is_refused);
    tcase_add_test(tests, nan_far_into_a_file_is_refused);
    tcase_add_test(tests, floats_out_of_line_are_read);
    tcase_add_test(tests, a_large_file_takes_no_memory);
    tcase_add_test(tests, a_large_file_that_has_to_be_converted_is_refused);
    tcase_add_test(tests, a_large_file_with_its_targets_inside_is_refused);
    tcase_add_test(tests, rows_that_are_gone_are_told);
    tcase_add_test(tests, a_walk_over_rows_that_are_gone_fails);
    tcase_add_test(tests, files_share_the_bound);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
