/* Files that are broken or hostile, each with the exact message it gets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support/memory.h"

/* One file, or a pair, or a training and a test file; @ stands for the folder. */
typedef struct bad_file {
    const char *name, *bytes;
    size_t length;
    const char *column;           /* the target                                                  */
    const char *y_name, *y_bytes; /* y of a pair                                                 */
    size_t y_length;
    const char *expected;
    error_class code; /* 0: ERROR_DATA                                                           */
    target_as as;
    missing_rule missing;
    scale_rule scale;
    data_format format;
} bad_file;

#define ONE(file, literal, target, message)                                                        \
    {                                                                                              \
        .name = file, .bytes = literal, .length = sizeof(literal) - 1, .column = target,           \
        .expected = message                                                                        \
    }
#define PAIR(file, literal, y_file, y_literal, message)                                            \
    {                                                                                              \
        .name = file, .bytes = literal, .length = sizeof(literal) - 1, .y_name = y_file,           \
        .y_bytes = y_literal, .y_length = sizeof(y_literal) - 1, .expected = message               \
    }
#define BYTES_FIELDS(literal) .bytes = literal, .length = sizeof(literal) - 1
#define IMAGES                "\0\0\x08\x02\0\0\0\x02\0\0\0\x02\x01\x02\x03\x04"
#define LABELS                "\0\0\x08\x01\0\0\0\x02\x00\x01"
#define NPY(length, header)   "\x93NUMPY\x01\x00" length "\0" header
#define PLAIN                 "its header is no plain array description, at "
#define SHOULD                "; it should read like {'descr': '<f4', 'fortran_order': False, 'shape': (150, 4), }"

static const bad_file csv_files[] = {
    ONE("a.csv", "", "y", "@/a.csv: is empty; rows of data are needed"),
    ONE("a.csv", "\n\r\n  \n", "y", "@/a.csv: is empty; rows of data are needed"),
    ONE("a.csv", "\xEF\xBB\xBF", "y", "@/a.csv: is empty; rows of data are needed"),
    ONE("a.csv", "x,y\n", "y", "@/a.csv: has a header and no rows of data"),
    ONE("a.csv", "x,y\n1,a\n2,\"b\n3,c\n", "y",
        "@/a.csv:3:3: a quote is opened here and never closed; it should end with \""),
    ONE("a.csv", "x,y\n1,\"a\"b\n", "y",
        "@/a.csv:2:6: text after a closing quote; a delimiter or a line end should follow (a quote "
        "within quotes is written twice)"),
    ONE("a.csv", "x,y\n1,a\n2\n", "y", "@/a.csv:3: 1 field; the first row has 2"),
    ONE("a.csv", "x,y\n1,a\n\"2\n2\",b\n3,4,5\n", "y", "@/a.csv:5: 3 fields; the first row has 2"),
    ONE("a.csv", "x;y\n1,5;a\n", "y",
        "@/a.csv:2: 2 fields; the first row has 1; if ';' separates them, say `delimiter: \";\"`"),
    ONE("a.csv", "x\ty\n1,5\ta\n", "y",
        "@/a.csv:2: 2 fields; the first row has 1; if a tab separates them, say `delimiter: tab`"),
    ONE("a.csv", "x\n1,5\n", "y", "@/a.csv:2: 2 fields; the first row has 1"),
    ONE("a.csv", "\"x\";\"y\"\n1;a\n", "y",
        "@/a.csv:1:4: text after a closing quote; a delimiter or a line end should follow (a quote "
        "within quotes is written twice); if ';' separates them, say `delimiter: \";\"`"),
    ONE("a.csv", "x,y\n1,\0a\n", "y", "@/a.csv:2:3: a zero byte; a CSV file is text, in UTF-8"),
    ONE("a.csv", "\xFF\xFEx\0,\0y\0\n\0", "y",
        "@/a.csv:1:4: a zero byte; a CSV file is text, in UTF-8"),
    ONE("a.csv", "x,y\r1,a\r2,b\r", "y",
        "@/a.csv:1:4: a carriage return without a line feed; rows end with LF or CR LF"),
    ONE("a.csv", "x,x,y\n1,2,a\n", "y",
        "@/a.csv:1:3: a second column named 'x'; names must differ"),
    ONE("a.csv", "x,,y\n1,2,a\n", "y",
        "@/a.csv:1:3: column 2 has no name; every column of a header needs one"),
    ONE("a.csv",
        "x,gr\xF6\xDF"
        "e\n1,a\n",
        "x",
        "@/a.csv:1:3: the column's name 'gr\\xf6\\xdfe' is not UTF-8; convert the file (iconv -t "
        "UTF-8)"),
    ONE("a.csv", "x,y\n1,\xE9\n2,b\n", "y",
        "@/a.csv:2:3: the label '\\xe9' is not UTF-8; convert the file (iconv -t UTF-8)"),
    ONE("a.csv", "c,y\nu,1\n\xC0\x80,2\n", "y",
        "@/a.csv:3:1: '\\xc0\\x80' is not UTF-8; convert the file (iconv -t UTF-8)"),
    ONE("a.csv", "x,y\n1,a\n,b\n", "y",
        "@/a.csv:3:1: column 'x' has no value; fill it in, or say `missing: drop` or `missing: "
        "mean`"),
    ONE("a.csv", "z,x,y\n1,NA,a\n2,,b\n", "y",
        "@/a.csv: column 'x' has no value in any row; leave it out with `drop`"),
    ONE("a.csv", "\x1B[2Jx,y\n1,a\n,b\n", "y",
        "@/a.csv:3:1: column '\\x1b[2Jx' has no value; fill it in, or say `missing: drop` or "
        "`missing: mean`"),
    ONE("a.csv", "x,y\n1,a\ninf,b\n", "y",
        "@/a.csv:3:1: the number in column 'x' is infinite as a 32-bit float; numbers must be "
        "finite"),
    ONE("a.csv", "x,y\n1,a\n1e39,b\n", "y",
        "@/a.csv:3:1: the number in column 'x' is infinite as a 32-bit float; numbers must be "
        "finite"),
    ONE("a.csv", "x,y\n1,a\n1e999,b\n", "y",
        "@/a.csv:3:1: the number in column 'x' is infinite as a 32-bit float; numbers must be "
        "finite"),
    ONE("a.csv", "x,y\n1,2\n2,inf\n", "y",
        "@/a.csv:3:3: 'inf' is not a finite number, which the target 'y' needs"),
    ONE("a.csv", "x,y\n1,a\n2,a\n", "y",
        "@/a.csv: every row has the label 'a'; classes need at least two"),
    {.name = "a.csv",
     .bytes = "x,y\n1,3\n2,four\n",
     .length = 15,
     .column = "y",
     .as = AS_NUMBER,
     .expected = "@/a.csv:3:3: 'four' is not a finite number, which the target 'y' needs"},
    {.name = "a.csv",
     .bytes = "x,y\n1,3\n2,\n",
     .length = 11,
     .column = "y",
     .missing = MISSING_MEAN,
     .expected = "@/a.csv:3:3: the target 'y' has no value; `missing: mean` is for inputs, "
                 "`missing: drop` leaves such rows out"},
    ONE("a.csv", "x,y\n1,a\n2,\n", "y",
        "@/a.csv:3:3: the target 'y' has no value; fill it in, or say `missing: drop`"),
    {.name = "a.csv",
     .bytes = "x,y\n1,?\n,a\n",
     .length = 11,
     .column = "y",
     .missing = MISSING_DROP,
     .expected = "@/a.csv: every row lacks a value, so `missing: drop` leaves none"},
    {.name = "a.csv",
     .bytes = "x,y\n1,a\n",
     .length = 8,
     .code = ERROR_CONFIG,
     .expected = "x.yaml:1:1: no target: name the column to be learned, such as `target: y`; the "
                 "columns of @/a.csv are x, y"},
    {.name = "a.csv",
     .bytes = "x,weight\n1,a\n",
     .length = 13,
     .column = "wieght",
     .code = ERROR_CONFIG,
     .expected = "x.yaml:5:3: no column 'wieght' in @/a.csv; did you mean 'weight'?"},
    {.name = "a.csv",
     .bytes = "a,x\n3,4\n",
     .length = 8,
     .column = "y",
     .code = ERROR_CONFIG,
     .expected = "x.yaml:5:3: no column 'y' in @/a.csv; the columns are a, x"},
    {.name = "a.csv",
     .bytes = "a;y\n3;4\n",
     .length = 8,
     .column = "y",
     .code = ERROR_CONFIG,
     .expected = "x.yaml:5:3: no column 'y' in @/a.csv; the columns are a;y; if ';' separates "
                 "them, say `delimiter: \";\"`"},
    {.name = "a.csv",
     .bytes = "1,2\n3,4\n",
     .length = 8,
     .column = "y",
     .code = ERROR_CONFIG,
     .expected = "x.yaml:5:3: no column 'y' in @/a.csv, whose columns have no names (it has "
                 "no header line); they are 0, 1"},
    {.name = "a.csv",
     .bytes = "y\na\nb\n",
     .length = 6,
     .column = "y",
     .code = ERROR_CONFIG,
     .expected = "x.yaml:1:1: @/a.csv has no column left as input"},
    ONE("a.bin", "x,y\n1,a\n", "y",
        "@/a.bin: neither its name nor its first bytes tell its format; set `format:` to csv, idx, "
        "npy or libsvm"),
    ONE("a.csv.gz", "\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b", "y",
        "@/a.csv.gz: the gzip data is cut short"),
    ONE("a.csv.gz", "\x1f\x8b garbage, not deflated", "y",
        "@/a.csv.gz: broken gzip data: unknown compression method"),
    {.name = "a.csv",
     .bytes = "x,y\n1,a\n",
     .length = 8,
     .y_name = "b.csv",
     .y_bytes = "y\n1\n",
     .y_length = 4,
     .code = ERROR_CONFIG,
     .expected = "x.yaml:2:3: a CSV file holds its targets; give its path alone, and the column as "
                 "`target`"},
};

static const bad_file idx_files[] = {
    PAIR("x.idx", "\0\0", "y.idx", LABELS,
         "@/x.idx: not an IDX file; one begins with two zero bytes, a type and a rank"),
    PAIR("x-ubyte", "\x01\0\x08\x02", "y.idx", LABELS,
         "@/x-ubyte: not an IDX file; one begins with two zero bytes, a type and a rank"),
    PAIR("x.idx", "\0\0\x0A\x02\0\0\0\x02", "y.idx", LABELS,
         "@/x.idx: no IDX element type 0x0a; the types are 0x08 (u8), 0x09 (i8), 0x0b (i16), 0x0c "
         "(i32), 0x0d (f32) and 0x0e (f64)"),
    PAIR("x.idx", "\0\0\x08\xFF\0\0\0\x02", "y.idx", LABELS,
         "@/x.idx: rank 255; at most 8 dimensions are read"),
    PAIR("x.idx", "\0\0\x08\x00\x05", "y.idx", LABELS,
         "@/x.idx: a single value; rows of data are needed"),
    PAIR("x.idx", "\0\0\x08\x03\0\0\0\x02\0\0", "y.idx", LABELS,
         "@/x.idx: cut short within its header; rank 3 needs 16 bytes, the file has 10"),
    PAIR("x.idx", "\0\0\x08\x02\0\0\0\x02\0\0\0\x02\x01\x02\x03", "y.idx", LABELS,
         "@/x.idx: its header promises 4 elements of 1 byte, but 3 bytes follow"),
    PAIR("x.idx", "\0\0\x08\x02\0\0\0\x02\0\0\0\x02\x01\x02\x03\x04\x05", "y.idx", LABELS,
         "@/x.idx: its header promises 4 elements of 1 byte, but 5 bytes follow"),
    PAIR("x.idx", "\0\0\x08\x02\0\0\0\x00\0\0\0\x02", "y.idx", LABELS,
         "@/x.idx: dimension 0 is 0, so there is no data; every dimension must be at least 1"),
    PAIR("x.idx", "\0\0\x08\x03\xFF\xFF\xFF\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "y.idx", LABELS,
         "@/x.idx: its dimensions multiply beyond 64 bits"),
    PAIR("x.idx", "\0\0\x0E\x03\0\0\x80\0\0\x80\0\0\0\0\x01\0", "y.idx", LABELS,
         "@/x.idx: its header promises 70368744177664 elements of 8 bytes, but 0 bytes follow"),
    PAIR("x.idx", "\0\0\x0D\x02\0\0\0\x02\0\0\0\x01\x3f\x80\0\0\x7f\x80\0\0", "y.idx", LABELS,
         "@/x.idx: row 1, column 0 (from 0): inf; values must be finite"),
    PAIR("x.idx", "\0\0\x0D\x02\0\0\0\x02\0\0\0\x01\x3f\x80\0\0\x7f\xC0\0\0", "y.idx", LABELS,
         "@/x.idx: row 1, column 0 (from 0) of the inputs is NaN, a missing value; say `missing: "
         "drop` or `missing: mean`"),
    PAIR("x.idx", IMAGES, "y.idx", "\0\0\x0D\x01\0\0\0\x02\x3f\x80\0\0\x7f\xC0\0\0",
         "@/x.idx: row 1, column 0 (from 0) of the targets is NaN, a missing value; say `missing: "
         "drop`"),
    PAIR("x.idx", IMAGES, "y.idx", "\0\0\x08\x01\0\0\0\x03\x00\x01\x02",
         "@/y.idx has 3 rows, but @/x.idx has 2; they must agree"),
    PAIR("x.idx", IMAGES, "y.idx", "\0\0\x08\x01\0\0\0\x02\x05\x05",
         "@/x.idx: every row has the label '5'; classes need at least two"),
    PAIR("x.idx", IMAGES, "y.idx", "",
         "@/y.idx: not an IDX file; one begins with two zero bytes, a type and a rank"),
    PAIR("x.idx", IMAGES, "y.csv", "y\n1\n2\n",
         "@/y.csv: not an IDX file; one begins with two zero bytes, a type and a rank"),
    {.name = "x.idx",
     .bytes = IMAGES,
     .length = 16,
     .code = ERROR_CONFIG,
     .expected = "x.yaml:2:3: an IDX file has no targets; give a pair, `{x: ..., y: ...}`"},
    {.name = "x.idx",
     .bytes = IMAGES,
     .length = 16,
     .y_name = "y.idx",
     .y_bytes = LABELS,
     .y_length = 10,
     .column = "y",
     .code = ERROR_CONFIG,
     .expected = "x.yaml:5:3: a target column has no meaning here; the targets are the file y"},
};

static const bad_file npy_files[] = {
    PAIR("x.npy", "hello, world", "y.idx", LABELS,
         "@/x.npy: not an NPY file; one begins with \\x93NUMPY"),
    PAIR("x.npy", "\x93NUMPY\x04\x00\x02\0{}", "y.idx", LABELS,
         "@/x.npy: NPY version 4.0; 1.0, 2.0 and 3.0 are read"),
    PAIR("x.npy", "\x93NUMPY\x01\x00\xFF\xFF{}", "y.idx", LABELS,
         "@/x.npy: its header should have 65535 bytes, but 2 follow (and 1 MiB is the most)"),
    PAIR("x.npy", "\x93NUMPY\x02\x00\xFF\xFF\xFF\xFF{}", "y.idx", LABELS,
         "@/x.npy: its header should have 4294967295 bytes, but 2 follow (and 1 MiB is the most)"),
    PAIR("x.npy", "\x93NUMPY\x02\0\x02\0", "y.idx", LABELS,
         "@/x.npy: cut short within its header; version 2.0 needs 12 bytes before it, the file has "
         "10"),
    PAIR("x.npy", NPY("\x02", "{}"), "y.idx", LABELS, "@/x.npy: its header lacks 'descr'"),
    PAIR("x.npy", NPY("\x28", "{'descr': '<f4', 'fortran_order': False}"), "y.idx", LABELS,
         "@/x.npy: its header lacks 'shape'"),
    PAIR("x.npy", NPY("\x1f", "{'descr': '<f4', 'shape': (1,)}"), "y.idx", LABELS,
         "@/x.npy: its header lacks 'fortran_order'"),
    PAIR("x.npy", NPY("\x11", "{'descr': '|O', }"), "y.idx", LABELS,
         "@/x.npy: elements of type '|O'; the types read are <f4, <f8, |u1 and <i8 (in NumPy: "
         "x.astype('<f4'))"),
    PAIR("x.npy", NPY("\x11", "{'descr': '>f4',}"), "y.idx", LABELS,
         "@/x.npy: elements of type '>f4'; the types read are <f4, <f8, |u1 and <i8 (in NumPy: "
         "x.astype('<f4'))"),
    PAIR("x.npy", NPY("\x1b", "{'descr': [('a', '<f4')], }"), "y.idx", LABELS,
         "@/x.npy: an array of records; its type must be <f4, <f8, |u1 or <i8"),
    PAIR("x.npy", NPY("\x21", "__import__('os').system('reboot')"), "y.idx", LABELS,
         "@/x.npy: " PLAIN "'__import__('os').system(...'" SHOULD),
    PAIR("x.npy", NPY("\x16", "{'shape': (1+1, eval)}"), "y.idx", LABELS,
         "@/x.npy: " PLAIN "'+1, eval)}'" SHOULD),
    PAIR("x.npy", NPY("\x10", "{'shape': (-1,)}"), "y.idx", LABELS,
         "@/x.npy: " PLAIN "'-1,)}'" SHOULD),
    PAIR("x.npy", NPY("\x0e", "{'shape': (2)}"), "y.idx", LABELS, "@/x.npy: " PLAIN "'}'" SHOULD),
    PAIR("x.npy", NPY("\x1c", "{'descr':'<f4','descr':'<f4'"), "y.idx", LABELS,
         "@/x.npy: " PLAIN "''<f4''" SHOULD),
    PAIR("x.npy", NPY("\x09", "{'extra':1"), "y.idx", LABELS, "@/x.npy: " PLAIN "''" SHOULD),
    PAIR("x.npy", NPY("\x1e", "{'shape':(99999999999999999999"), "y.idx", LABELS,
         "@/x.npy: a dimension beyond 64 bits"),
    PAIR("x.npy", NPY("\x22", "{'shape':(1,1,1,1,1,1,1,1,1,1,1,)}"), "y.idx", LABELS,
         "@/x.npy: more than 8 dimensions; that is the most"),
    PAIR("x.npy",
         NPY("\x4d", "{'descr':'<f4','fortran_order':False,'shape':(4294967296,4294967296,1024,"
                     ")}\n\n\n\n"),
         "y.idx", LABELS, "@/x.npy: its dimensions multiply beyond 64 bits"),
    PAIR("x.npy",
         NPY("\x34", "{'descr':'<f4','fortran_order':False,'shape':(2,2)}\n"
                     "\0\0\0\0"),
         "y.idx", LABELS, "@/x.npy: its shape promises 4 elements of 4 bytes, but 4 bytes follow"),
    PAIR("x.npy", NPY("\x32", "{'descr':'<f4','fortran_order':False,'shape':(0,)}"), "y.idx",
         LABELS,
         "@/x.npy: dimension 0 is 0, so there is no data; every dimension must be at least "
         "1"),
    PAIR("x.npy", NPY("\x30", "{'descr':'<f4','fortran_order':False,'shape':()}"), "y.idx", LABELS,
         "@/x.npy: a single value; rows of data are needed"),
    PAIR("x.npy", NPY("\x35", "{'descr':'<f4','fortran_order':True,'shape':(1,1,1)}\n\0\0\0\0"),
         "y.idx", LABELS,
         "@/x.npy: columns first with 3 dimensions; save it row by row (in NumPy: "
         "numpy.ascontiguousarray)"),
    {.name = "x.npy",
     BYTES_FIELDS(NPY("\x34", "{'descr':'|u1','fortran_order':False,'shape':(2,2)}"
                              "\n\1\2\3\4")),
     .column = "2",
     .code = ERROR_CONFIG,
     .expected = "x.yaml:5:3: no column '2' in @/x.npy, whose columns have no names (it has "
                 "no header line); they are 0, 1"},
};

static const bad_file libsvm_files[] = {
    ONE("a.svm", "", NULL, "@/a.svm: is empty; rows of data are needed"),
    ONE("a.svm", "# nothing\n\n", NULL, "@/a.svm: is empty; rows of data are needed"),
    ONE("a.svm", "1\n2\n", NULL, "@/a.svm: no row has a value; set data.features"),
    ONE("a.svm", "1 1:2\nb 1:2\n", NULL,
        "@/a.svm:2:1: 'b' is not a number; a row begins with its label"),
    ONE("a.svm", "nan 1:2\n", NULL,
        "@/a.svm:1:1: 'nan' is not a number; a row begins with its label"),
    ONE("a.svm", "1 0:2\n", NULL,
        "@/a.svm:1:3: '0:2' has no index from 1 to 2147483647 before the colon"),
    ONE("a.svm", "1 -3:2\n", NULL,
        "@/a.svm:1:3: '-3:2' has no index from 1 to 2147483647 before the colon"),
    ONE("a.svm", "1 99999999999999999999:2\n", NULL,
        "@/a.svm:1:3: '99999999999999999999:2' has no index from 1 to 2147483647 before the "
        "colon"),
    ONE("a.svm", "1 :2\n", NULL,
        "@/a.svm:1:3: ':2' has no index from 1 to 2147483647 before the colon"),
    ONE("a.svm", "1 2:1 2:3\n", NULL, "@/a.svm:1:7: '2:3' does not ascend; indexes of a row must"),
    ONE("a.svm", "1 2:1\t1:3\n", NULL, "@/a.svm:1:7: '1:3' does not ascend; indexes of a row must"),
    ONE("a.svm", "1 2:\n", NULL, "@/a.svm:1:3: '2:' has no number after the colon"),
    ONE("a.svm", "1 2:0x10\n", NULL, "@/a.svm:1:3: '2:0x10' has no number after the colon"),
    ONE("a.svm", "1 2:1e300\n", NULL, "@/a.svm:1:3: '2:1e300' is not finite as a 32-bit float"),
    ONE("a.svm", "1 2\n", NULL, "@/a.svm:1:3: '2' is not index:value"),
    ONE("a.svm", "1 qid:7 1:2\n", NULL,
        "@/a.svm:1:3: 'qid:7' is a query for ranking, which is not read"),
    ONE("a.svm", "1 1:2\0\n", NULL, "@/a.svm: a zero byte at offset 5; LIBSVM files are text"),
    ONE("a.svm", "1 2147483647:1\n2 1:1\n3 1:1\n4 1:1\n5 1:1\n", NULL,
        "@/a.svm: 5 rows of 2147483647 values need more than the 32 GiB a data set may take in "
        "memory"),
    {.name = "a.svm",
     .bytes = "1 1:1\n2 1:2\n",
     .length = 12,
     .y_name = "y.idx",
     .y_bytes = LABELS,
     .y_length = 10,
     .code = ERROR_CONFIG,
     .expected = "x.yaml:2:3: a LIBSVM file holds its targets; give its path alone"},
};

static void check(const bad_file *bad)
{
    char *folder = harness_folder();
    char *path = fixture_bytes(folder, bad->name, bad->bytes, bad->length);
    char *targets = bad->y_name == NULL
                        ? NULL
                        : fixture_bytes(folder, bad->y_name, bad->y_bytes, bad->y_length);
    target_spec spec = {0};
    data_config config = fixture_config(path, targets, &spec, bad->column);

    spec.as = bad->as;
    config.missing = bad->missing;
    config.scale = bad->scale;
    config.format = bad->format;
    fixture_refused(&config, folder, bad->code == 0 ? ERROR_DATA : bad->code, bad->expected);
    free(spec.column);
    free(targets);
    free(path);
    free(folder);
}

START_TEST(refuses_csv)
{
    check(&csv_files[_i]);
}
END_TEST

START_TEST(refuses_idx)
{
    check(&idx_files[_i]);
}
END_TEST

START_TEST(refuses_npy)
{
    check(&npy_files[_i]);
}
END_TEST

/* Rows whose largest index makes of each nearly 8 GiB: as many as a matrix may take, or one more on
 * a machine that has room for those. */
START_TEST(refuses_more_than_the_machine_holds)
{
    const char *rows = "1 2147483647:1\n2 1:1\n3 1:1\n4 1:1\n5 1:1\n";
    const double need = 4 * 2147483647.0 * 4, have = memory_of_machine();
    const bool holds = have >= need;
    char *said = memory_format("@/a.svm: 4 rows of 2147483647 values need 34.4 GB of memory, this "
                               "machine has %.1f GB; fewer rows or features would fit",
                               have / 1e9);
    const bad_file bad = {
        .name = "a.svm",
        .bytes = rows,
        .length = strlen(rows) - (holds ? 0 : strlen("5 1:1\n")),
        .expected = holds ? "@/a.svm: 5 rows of 2147483647 values need more than the 32 GiB a data "
                            "set may take in memory"
                          : said};

    check(&bad);
    free(said);
}
END_TEST

/* One such row has room where its scaling hasn't; where that has too, too many rows are refused. */
START_TEST(refuses_more_to_scale_than_the_machine_holds)
{
    const double scaled = 2147483647.0 * (4 + 48);
    const double have = memory_of_machine();
    const bool holds = have >= scaled;
    const char *rows = "1 2147483647:1\n2 1:1\n3 1:1\n4 1:1\n5 1:1\n";
    char *said = memory_format("@/a.svm: 1 rows of 2147483647 values need %.1f GB of memory with "
                               "`scale` and `missing`, this machine has %.1f GB; fewer rows or "
                               "features would fit",
                               scaled / 1e9, have / 1e9);
    const bad_file bad = {
        .name = "a.svm",
        .bytes = rows,
        .length = holds ? strlen(rows) : strlen("1 2147483647:1\n"),
        .scale = SCALE_STANDARD,
        .expected = holds ? "@/a.svm: 5 rows of 2147483647 values need more than the 32 GiB a data "
                            "set may take in memory"
                          : said};

    check(&bad);
    free(said);
}
END_TEST

START_TEST(refuses_libsvm)
{
    check(&libsvm_files[_i]);
}
END_TEST

/* A file of another kind than a file. */
static void check_path(const char *name, const char *expected)
{
    target_spec spec = {0};
    char *folder = harness_folder();
    char *path = name[0] == '\0' ? strdup(folder) : NULL;

    if (path == NULL)
        ck_assert_int_gt(asprintf(&path, "%s/%s", folder, name), 0);
    const data_config config = fixture_config(path, NULL, &spec, "y");
    fixture_refused(&config, folder, ERROR_DATA, expected);
    free(spec.column);
    free(path);
    free(folder);
}

START_TEST(refuses_a_missing_file)
{
    check_path("none.csv", "@/none.csv: cannot read: No such file or directory");
}
END_TEST

START_TEST(refuses_a_folder)
{
    check_path("", "@: is a folder; a file is needed");
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("data: broken and hostile files");
    TCase *files = tcase_create("files");

    tcase_add_loop_test(files, refuses_csv, 0, sizeof(csv_files) / sizeof(csv_files[0]));
    tcase_add_loop_test(files, refuses_idx, 0, sizeof(idx_files) / sizeof(idx_files[0]));
    tcase_add_loop_test(files, refuses_npy, 0, sizeof(npy_files) / sizeof(npy_files[0]));
    tcase_add_loop_test(files, refuses_libsvm, 0, sizeof(libsvm_files) / sizeof(libsvm_files[0]));
    tcase_add_test(files, refuses_more_than_the_machine_holds);
    tcase_add_test(files, refuses_more_to_scale_than_the_machine_holds);
    tcase_add_test(files, refuses_a_missing_file);
    tcase_add_test(files, refuses_a_folder);
    suite_add_tcase(all, files);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
