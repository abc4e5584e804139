/* test_file.c: whole files in and out; that a reader of a replaced file sees the old one or the new
 * one; and that what is too large, broken or no file is refused with a message that says so. */
#include "support/file.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "harness.h"

static char *folder; /* made for each test */

static void set_up(void)
{
    folder = harness_folder();
}

static void tear_down(void)
{
    free(folder);
}

static char *path_of(const char *name)
{
    char *path = file_join(folder, name);

    ck_assert_ptr_nonnull(path);
    return path;
}

static void put_bytes(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    ck_assert_int_eq(fclose(file), 0);
}

/* The file has this content. */
static void assert_content(const char *path, const char *expected)
{
    plx_error error = {0};
    size_t length = 0;
    char *bytes = file_read(path, 1 << 20, false, &length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    ck_assert_uint_eq(length, strlen(expected));
    ck_assert_str_eq(bytes, expected);
    free(bytes);
}

/* Reading fails with "<path>: <message>". */
static void assert_unreadable(const char *path, size_t limit, bool inflate, const char *message)
{
    plx_error error = {0};
    size_t length = 7;
    char *expected = NULL;

    ck_assert_int_gt(asprintf(&expected, "%s: %s", path, message), 0);
    ck_assert_ptr_null(file_read(path, limit, inflate, &length, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, expected);
    ck_assert_uint_eq(length, 0);
    free(expected);
}

static int entries_in(const char *path)
{
    DIR *open_folder = opendir(path);
    int count = 0;

    ck_assert_ptr_nonnull(open_folder);
    while (readdir(open_folder) != NULL)
        count++;
    closedir(open_folder);
    return count - 2;
}

/* --- reading --- */

START_TEST(a_file_is_read_whole)
{
    const char bytes[] = "a\0b\nc";
    char *path = path_of("a.bin");
    size_t length = 0;
    plx_error error = {0};

    put_bytes(path, bytes, 5);
    char *read = file_read(path, 5, true, &length, &error);
    ck_assert_ptr_nonnull(read);
    ck_assert_uint_eq(length, 5);
    ck_assert_mem_eq(read, bytes, 6);
    free(read);
    free(path);
}
END_TEST

START_TEST(an_empty_file_is_an_empty_string)
{
    char *path = harness_file(folder, "empty", "");

    assert_content(path, "");
    free(path);
}
END_TEST

START_TEST(a_file_above_the_limit_is_refused)
{
    char *path = harness_file(folder, "six", "123456");

    assert_unreadable(path, 5, false, "more than 5 bytes; that is the most allowed");
    free(path);
}
END_TEST

START_TEST(a_missing_file_is_an_error)
{
    char *path = path_of("missing");

    assert_unreadable(path, 5, false, "cannot read: No such file or directory");
    free(path);
}
END_TEST

START_TEST(a_folder_is_an_error)
{
    assert_unreadable(folder, 5, false, "is a folder; a file is needed");
}
END_TEST

START_TEST(a_device_is_an_error)
{
    assert_unreadable("/dev/zero", 5, false, "is a device or socket; a file or a pipe is needed");
}
END_TEST

START_TEST(a_pipe_is_read)
{
    int ends[2];
    char name[64];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "from a pipe", 11), 11);
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    assert_content(name, "from a pipe");
    close(ends[0]);
}
END_TEST

START_TEST(a_pipe_is_bounded)
{
    int ends[2];
    char name[64];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "from a pipe", 11), 11);
    close(ends[1]);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    assert_unreadable(name, 10, false, "more than 10 bytes; that is the most allowed");
    close(ends[0]);
}
END_TEST

/* --- gzip --- */

/* Compresses n bytes as one gzip member; returns its size. */
static size_t compress_member(const void *bytes, size_t n, unsigned char *out, size_t room)
{
    z_stream stream = {0};

    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (unsigned char *)(uintptr_t)bytes;
    stream.avail_in = (unsigned)n;
    stream.next_out = out;
    stream.avail_out = (unsigned)room;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const size_t size = stream.total_out;
    deflateEnd(&stream);
    return size;
}

static void assert_inflates(const char *path, const char *expected)
{
    plx_error error = {0};
    size_t length = 0;
    char *bytes = file_read(path, 1000, true, &length, &error);

    ck_assert_msg(bytes != NULL, "%s", error.text);
    ck_assert_str_eq(bytes, expected);
    ck_assert_uint_eq(length, strlen(expected));
    free(bytes);
}

START_TEST(gzip_is_inflated_by_its_magic)
{
    unsigned char packed[200];
    char *path = path_of("no-suffix");

    put_bytes(path, packed, compress_member("hello, hello, hello", 19, packed, sizeof(packed)));
    assert_inflates(path, "hello, hello, hello");
    free(path);
}
END_TEST

START_TEST(gzip_is_left_alone_unless_asked)
{
    unsigned char packed[200];
    char *path = path_of("a.gz");
    size_t length = 0;
    const size_t size = compress_member("hello", 5, packed, sizeof(packed));

    put_bytes(path, packed, size);
    char *bytes = file_read(path, 1000, false, &length, NULL);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(length, size);
    ck_assert_mem_eq(bytes, packed, size);
    free(bytes);
    free(path);
}
END_TEST

START_TEST(gzip_members_follow_each_other)
{
    unsigned char packed[400];
    char *path = path_of("two.gz");
    size_t size = compress_member("one ", 4, packed, 200);

    size += compress_member("two", 3, packed + size, 200);
    put_bytes(path, packed, size);
    assert_inflates(path, "one two");
    free(path);
}
END_TEST

/* 8 MiB of zeros, packed into 8 KiB, is stopped at 1000 bytes. */
START_TEST(a_gzip_bomb_stops_at_the_limit)
{
    const size_t n = 8 << 20;
    char *zeros = calloc(1, n);
    unsigned char *packed = malloc(20000);
    char *path = path_of("bomb.gz");

    put_bytes(path, packed, compress_member(zeros, n, packed, 20000));
    assert_unreadable(path, 1000, true, "more than 1000 bytes; that is the most allowed");
    free(zeros);
    free(packed);
    free(path);
}
END_TEST

START_TEST(gzip_beyond_one_chunk_is_whole)
{
    const size_t n = 300000;
    char *text = malloc(n + 1);
    unsigned char *packed = malloc(n + 1000);
    char *path = path_of("large.gz");
    unsigned state = 1;
    size_t length = 0;

    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + ((state = state * 1664525u + 1013904223u) >> 24) % 26);
    put_bytes(path, packed, compress_member(text, n, packed, n + 1000));
    char *bytes = file_read(path, n, true, &length, NULL);
    ck_assert_uint_eq(length, n);
    ck_assert(memcmp(bytes, text, n) == 0);
    free(bytes);
    free(text);
    free(packed);
    free(path);
}
END_TEST

/* Cut after each of its bytes but the first, which make the magic. */
START_TEST(a_gzip_file_cut_short_is_an_error)
{
    unsigned char packed[200];
    char *path = path_of("cut.gz");
    const size_t size = compress_member("hello, world", 12, packed, sizeof(packed));

    for (size_t n = 2; n < size; n++) {
        put_bytes(path, packed, n);
        assert_unreadable(path, 1000, true, "the gzip data is cut short");
    }
    free(path);
}
END_TEST

START_TEST(a_wrong_checksum_is_an_error)
{
    unsigned char packed[200];
    char *path = path_of("sum.gz");
    const size_t size = compress_member("hello, world", 12, packed, sizeof(packed));

    packed[size - 6] ^= 1;
    put_bytes(path, packed, size);
    assert_unreadable(path, 1000, true, "broken gzip data: incorrect data check");
    free(path);
}
END_TEST

START_TEST(bytes_after_gzip_data_are_an_error)
{
    unsigned char packed[200];
    char *path = path_of("more.gz");
    const size_t size = compress_member("hello", 5, packed, sizeof(packed));

    memcpy(packed + size, "xyz", 3);
    put_bytes(path, packed, size + 3);
    assert_unreadable(path, 1000, true, "broken gzip data: incorrect header check");
    free(path);
}
END_TEST

/* --- writing --- */

START_TEST(a_file_is_written_and_replaced)
{
    char *path = path_of("out");

    ck_assert(file_write(path, "first", 5, NULL));
    assert_content(path, "first");
    ck_assert(file_write(path, "2nd", 3, NULL));
    assert_content(path, "2nd");
    ck_assert_int_eq(entries_in(folder), 1);
    free(path);
}
END_TEST

START_TEST(nothing_is_seen_before_the_commit)
{
    char *path = harness_file(folder, "out", "old");
    file_writer *writer = file_writer_open(path, NULL);

    file_writer_put(writer, "new", 3);
    assert_content(path, "old");
    ck_assert(file_writer_commit(writer, NULL));
    assert_content(path, "new");
    free(path);
}
END_TEST

START_TEST(an_aborted_writer_leaves_no_trace)
{
    char *path = harness_file(folder, "out", "old");
    file_writer *writer = file_writer_open(path, NULL);

    file_writer_put(writer, "new", 3);
    file_writer_abort(writer);
    file_writer_abort(NULL);
    assert_content(path, "old");
    ck_assert_int_eq(entries_in(folder), 1);
    free(path);
}
END_TEST

START_TEST(small_and_large_pieces_keep_their_order)
{
    const size_t large = 200000;
    char *path = path_of("out");
    char *piece = malloc(large), *expected = calloc(1, 2 * large + 10);
    file_writer *writer = file_writer_open(path, NULL);
    size_t length = 0;

    memset(piece, 'x', large);
    file_writer_put(writer, "abc", 3);
    file_writer_put(writer, piece, large);
    file_writer_put(writer, "", 0);
    for (size_t i = 0; i < 70000; i++)
        file_writer_put(writer, i % 2 == 0 ? "0" : "1", 1);
    ck_assert(file_writer_commit(writer, NULL));
    memcpy(expected, "abc", 3);
    memset(expected + 3, 'x', large);
    for (size_t i = 0; i < 70000; i++)
        expected[3 + large + i] = i % 2 == 0 ? '0' : '1';
    char *bytes = file_read(path, 1 << 20, false, &length, NULL);
    ck_assert_uint_eq(length, 3 + large + 70000);
    ck_assert(memcmp(bytes, expected, length) == 0);
    free(bytes);
    free(piece);
    free(expected);
    free(path);
}
END_TEST

/* A limit on the size of files stands for a full disk: write() fails in the middle. */
START_TEST(a_full_disk_leaves_the_old_file)
{
    char *path = harness_file(folder, "out", "old");
    char *large = calloc(1, 300000), *expected = NULL;
    plx_error error = {0};
    struct rlimit before, tight;

    ck_assert_int_gt(asprintf(&expected, "%s: cannot write: File too large", path), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = (struct rlimit){.rlim_cur = 100000, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const bool ok = file_write(path, large, 300000, &error);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert(!ok);
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, expected);
    assert_content(path, "old");
    ck_assert_int_eq(entries_in(folder), 1);
    free(expected);
    free(large);
    free(path);
}
END_TEST

START_TEST(the_first_write_error_sticks)
{
    char *large = calloc(1, 100000);
    plx_error error = {0};
    file_writer *writer = file_writer_open("/dev/full", NULL);

    ck_assert_ptr_nonnull(writer);
    file_writer_put(writer, large, 100000);
    file_writer_put(writer, "x", 1);
    ck_assert(!file_writer_commit(writer, &error));
    ck_assert_str_eq(error.text, "/dev/full: cannot write: No space left on device");
    free(large);
}
END_TEST

START_TEST(a_device_is_written_to_and_stays)
{
    struct stat status;

    ck_assert(file_write("/dev/null", "lost", 4, NULL));
    ck_assert_int_eq(stat("/dev/null", &status), 0);
    ck_assert(S_ISCHR(status.st_mode));
}
END_TEST

START_TEST(a_link_stays_a_link)
{
    char *path = harness_file(folder, "real", "old"), *link = path_of("link");
    struct stat status;

    ck_assert_int_eq(symlink("real", link), 0);
    ck_assert(file_write(link, "new", 3, NULL));
    ck_assert_int_eq(lstat(link, &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    assert_content(path, "new");
    free(path);
    free(link);
}
END_TEST

static unsigned mode_of(const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_mode & 07777;
}

START_TEST(a_new_file_obeys_the_umask)
{
    char *path = path_of("out");

    umask(027);
    ck_assert(file_write(path, "x", 1, NULL));
    ck_assert_uint_eq(mode_of(path), 0640);
    free(path);
}
END_TEST

START_TEST(a_replaced_file_keeps_its_permissions)
{
    char *path = harness_file(folder, "out", "secret");

    ck_assert_int_eq(chmod(path, 0600), 0);
    umask(022);
    ck_assert(file_write(path, "x", 1, NULL));
    ck_assert_uint_eq(mode_of(path), 0600);
    free(path);
}
END_TEST

static void assert_unwritable(const char *path, const char *reason)
{
    plx_error error = {0};
    char *expected = NULL;

    ck_assert_int_gt(asprintf(&expected, "%s: cannot write: %s", path, reason), 0);
    ck_assert(!file_write(path, "x", 1, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, expected);
    free(expected);
}

START_TEST(a_folder_is_not_replaced)
{
    assert_unwritable(folder, "Is a directory");
}
END_TEST

START_TEST(a_missing_folder_is_an_error)
{
    char *path = path_of("missing/out");

    assert_unwritable(path, "No such file or directory");
    free(path);
}
END_TEST

START_TEST(the_longest_name_can_be_written)
{
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    char *path = path_of(name);

    ck_assert(file_write(path, "x", 1, NULL));
    assert_content(path, "x");
    free(path);
}
END_TEST

/* --- paths --- */

static void assert_string(char *made, const char *expected)
{
    ck_assert_str_eq(made, expected);
    free(made);
}

START_TEST(paths_are_joined)
{
    assert_string(file_join("a", "b"), "a/b");
    assert_string(file_join("a/", "b"), "a/b");
    assert_string(file_join("/", "b"), "/b");
    assert_string(file_join("", "b"), "b");
    assert_string(file_join("a", "/b"), "/b");
}
END_TEST

START_TEST(the_folder_of_a_path)
{
    assert_string(file_folder("a/b"), "a");
    assert_string(file_folder("a//b"), "a");
    assert_string(file_folder("/a/b/c"), "/a/b");
    assert_string(file_folder("/a"), "/");
    assert_string(file_folder("//a"), "/");
    assert_string(file_folder("a"), ".");
    assert_string(file_folder(""), ".");
}
END_TEST

START_TEST(the_base_of_a_path)
{
    ck_assert_str_eq(file_base("a/b.csv"), "b.csv");
    ck_assert_str_eq(file_base("b.csv"), "b.csv");
    ck_assert_str_eq(file_base("/"), "");
}
END_TEST

START_TEST(absolute_paths_lose_their_dots)
{
    assert_string(file_absolute("/a/./b/../c"), "/a/c");
    assert_string(file_absolute("/../.."), "/");
    assert_string(file_absolute("/"), "/");
    assert_string(file_absolute("//a///b/"), "/a/b");
    assert_string(file_absolute("/a/..b/...c"), "/a/..b/...c");
    assert_string(file_absolute("/a/b/.."), "/a");
}
END_TEST

START_TEST(relative_paths_start_here)
{
    ck_assert_int_eq(chdir("/usr/lib"), 0);
    assert_string(file_absolute("x"), "/usr/lib/x");
    assert_string(file_absolute("../x"), "/usr/x");
    assert_string(file_absolute("."), "/usr/lib");
    assert_string(file_absolute(""), "/usr/lib");
    assert_string(file_absolute("../../../../x"), "/x");
}
END_TEST

/* --- the file system --- */

START_TEST(what_exists)
{
    char *path = harness_file(folder, "a", ""), *missing = path_of("b");

    ck_assert(file_exists(path));
    ck_assert(file_exists(folder));
    ck_assert(!file_exists(missing));
    ck_assert(file_is_folder(folder));
    ck_assert(!file_is_folder(path));
    ck_assert(!file_is_folder(missing));
    free(path);
    free(missing);
}
END_TEST

START_TEST(folders_are_made_with_their_parents)
{
    char *path = path_of("a/b//c/");

    ck_assert(file_make_folder(path, NULL));
    ck_assert(file_is_folder(path));
    ck_assert(file_make_folder(path, NULL));
    ck_assert(file_make_folder("/", NULL));
    free(path);
}
END_TEST

START_TEST(a_file_in_the_way_of_a_folder)
{
    char *way = harness_file(folder, "a", ""), *path = path_of("a/b"), *expected = NULL;
    plx_error error = {0};

    ck_assert_int_gt(
        asprintf(&expected, "%s: cannot make the folder %s: Not a directory", path, way), 0);
    ck_assert(!file_make_folder(path, &error));
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_str_eq(error.text, expected);
    free(expected);
    free(path);
    free(way);
}
END_TEST

/* What mkdir said is told, not what the look at the place afterwards says. */
START_TEST(a_link_to_nowhere_in_the_way_of_a_folder)
{
    char *way = path_of("nowhere"), *expected = NULL;
    plx_error error = {0};

    ck_assert_int_eq(symlink("missing", way), 0);
    ck_assert_int_gt(
        asprintf(&expected, "%s: cannot make the folder %s: Not a directory", way, way), 0);
    ck_assert(!file_make_folder(way, &error));
    ck_assert_str_eq(error.text, expected);
    free(expected);
    free(way);
}
END_TEST

START_TEST(empty_folders)
{
    char *missing = path_of("missing"), *hidden;

    ck_assert(file_folder_is_empty(folder));
    ck_assert(file_folder_is_empty(missing));
    hidden = harness_file(folder, ".hidden", "");
    ck_assert(!file_folder_is_empty(folder));
    ck_assert(!file_folder_is_empty(hidden));
    free(hidden);
    free(missing);
}
END_TEST

/* The two messages of FIPS 180-2's examples, and nothing. */
START_TEST(sha256_of_known_messages)
{
    static const char *const messages[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    char *path = harness_file(folder, "message", messages[_i][0]);
    char hex[65];

    ck_assert(file_sha256(path, hex, NULL));
    ck_assert_str_eq(hex, messages[_i][1]);
    free(path);
}
END_TEST

START_TEST(sha256_of_no_file)
{
    char *path = path_of("missing"), *expected = NULL;
    char hex[65];
    plx_error error = {0};

    ck_assert_int_gt(asprintf(&expected, "%s: cannot read: No such file or directory", path), 0);
    ck_assert(!file_sha256(path, hex, &error));
    ck_assert_str_eq(error.text, expected);
    free(expected);
    free(path);
}
END_TEST

static TCase *reading(void)
{
    TCase *cases = tcase_create("reading");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_file_is_read_whole);
    tcase_add_test(cases, an_empty_file_is_an_empty_string);
    tcase_add_test(cases, a_file_above_the_limit_is_refused);
    tcase_add_test(cases, a_missing_file_is_an_error);
    tcase_add_test(cases, a_folder_is_an_error);
    tcase_add_test(cases, a_device_is_an_error);
    tcase_add_test(cases, a_pipe_is_read);
    tcase_add_test(cases, a_pipe_is_bounded);
    tcase_add_test(cases, gzip_is_inflated_by_its_magic);
    tcase_add_test(cases, gzip_is_left_alone_unless_asked);
    tcase_add_test(cases, gzip_members_follow_each_other);
    tcase_add_test(cases, a_gzip_bomb_stops_at_the_limit);
    tcase_add_test(cases, gzip_beyond_one_chunk_is_whole);
    tcase_add_test(cases, a_gzip_file_cut_short_is_an_error);
    tcase_add_test(cases, a_wrong_checksum_is_an_error);
    tcase_add_test(cases, bytes_after_gzip_data_are_an_error);
    return cases;
}

static TCase *writing(void)
{
    TCase *cases = tcase_create("writing");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_file_is_written_and_replaced);
    tcase_add_test(cases, nothing_is_seen_before_the_commit);
    tcase_add_test(cases, an_aborted_writer_leaves_no_trace);
    tcase_add_test(cases, small_and_large_pieces_keep_their_order);
    tcase_add_test(cases, a_full_disk_leaves_the_old_file);
    tcase_add_test(cases, the_first_write_error_sticks);
    tcase_add_test(cases, a_device_is_written_to_and_stays);
    tcase_add_test(cases, a_link_stays_a_link);
    tcase_add_test(cases, a_new_file_obeys_the_umask);
    tcase_add_test(cases, a_replaced_file_keeps_its_permissions);
    tcase_add_test(cases, a_folder_is_not_replaced);
    tcase_add_test(cases, a_missing_folder_is_an_error);
    tcase_add_test(cases, the_longest_name_can_be_written);
    return cases;
}

static TCase *paths(void)
{
    TCase *cases = tcase_create("paths");

    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, paths_are_joined);
    tcase_add_test(cases, the_folder_of_a_path);
    tcase_add_test(cases, the_base_of_a_path);
    tcase_add_test(cases, absolute_paths_lose_their_dots);
    tcase_add_test(cases, relative_paths_start_here);
    tcase_add_test(cases, what_exists);
    tcase_add_test(cases, folders_are_made_with_their_parents);
    tcase_add_test(cases, a_file_in_the_way_of_a_folder);
    tcase_add_test(cases, a_link_to_nowhere_in_the_way_of_a_folder);
    tcase_add_test(cases, empty_folders);
    tcase_add_loop_test(cases, sha256_of_known_messages, 0, 3);
    tcase_add_test(cases, sha256_of_no_file);
    return cases;
}

static Suite *suite(void)
{
    Suite *all = suite_create("file");

    suite_add_tcase(all, reading());
    suite_add_tcase(all, writing());
    suite_add_tcase(all, paths());
    return all;
}

int main(void)
{
    return harness_run(suite());
}
