/* test_mapping.c: what is mapped and what is read are the same bytes, only files are mapped, and what
 * becomes of a file while it is in use is told. */
#include "support/mapping.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "support/memory.h"

#define LENGTH (MAPPING_LEAST + 10000)

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 2654435761U >> 13);
}

/* A file of LENGTH bytes, whose last 10000 are beyond what is mapped at least. */
static char *write_file(void)
{
    char *folder = harness_folder(), *path = memory_format("%s/data", folder);
    unsigned char *bytes = malloc(LENGTH);
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = byte_at(i);
    ck_assert_uint_eq(fwrite(bytes, 1, LENGTH, file), LENGTH);
    ck_assert_int_eq(fclose(file), 0);
    free(bytes);
    free(folder);
    return path;
}

/* A mapping that must come to be. */
static mapping *open_file(const char *path, size_t bound)
{
    mapping *made = mapping_open(path, bound);

    ck_assert_ptr_nonnull(made);
    return made;
}

static void assert_bytes(const unsigned char *bytes, size_t offset, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(bytes[i], byte_at(offset + i));
}

static const struct {
    size_t bound, near;
} bounds[] = {
    {0, MAPPING_LEAST},
    {MAPPING_LEAST + 5000, MAPPING_LEAST + 5000},
    {LENGTH, LENGTH},
    {SIZE_MAX, LENGTH},
};

START_TEST(no_more_than_the_bound_is_mapped)
{
    char *path = write_file();
    mapping *made = open_file(path, bounds[_i].bound);

    ck_assert_uint_eq(mapping_length(made), LENGTH);
    ck_assert_uint_eq(mapping_near(made), bounds[_i].near);
    mapping_close(made);
    free(path);
}
END_TEST

START_TEST(near_and_far_bytes_are_those_of_the_file)
{
    const size_t offsets[] = {
        0, 7, MAPPING_LEAST - 3000, MAPPING_LEAST - 1, MAPPING_LEAST, LENGTH - 3000};
    char *path = write_file();
    mapping *made = open_file(path, bounds[_i].bound);
    unsigned char buffer[3000];

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        const unsigned char *bytes = mapping_at(made, offsets[i], 3000, buffer);
        const bool near = offsets[i] + 3000 <= bounds[_i].near;
        ck_assert_ptr_eq(bytes, near ? mapping_bytes(made) + offsets[i] : buffer);
        assert_bytes(bytes, offsets[i], 3000);
        memset(buffer, 0, sizeof(buffer));
        mapping_read(made, offsets[i], 3000, buffer);
        assert_bytes(buffer, offsets[i], 3000);
    }
    ck_assert(mapping_intact(made, NULL));
    mapping_close(made);
    free(path);
}
END_TEST

START_TEST(a_small_file_is_mapped_whole)
{
    char *folder = harness_folder(), *path = harness_file(folder, "small", "abc");
    mapping *made = open_file(path, 0);

    ck_assert_uint_eq(mapping_near(made), 3);
    ck_assert_int_eq(memcmp(mapping_bytes(made), "abc", 3), 0);
    mapping_close(made);
    free(path);
    free(folder);
}
END_TEST

START_TEST(what_is_no_file_with_bytes_is_not_mapped)
{
    char *folder = harness_folder(), *empty = harness_file(folder, "empty", "");
    char *none = memory_format("%s/none", folder);

    ck_assert_ptr_null(mapping_open(folder, 0));
    ck_assert_ptr_null(mapping_open(empty, 0));
    ck_assert_ptr_null(mapping_open(none, 0));
    ck_assert_ptr_null(mapping_open("/dev/zero", 0));
    free(none);
    free(empty);
    free(folder);
}
END_TEST

/* Who writes to it waits for a reader; were it opened, it would not find nobody there, ENXIO. */
START_TEST(a_pipe_is_left_alone)
{
    char *folder = harness_folder(), *path = memory_format("%s/pipe", folder);

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    const pid_t child = fork();
    if (child == 0)
        _exit(open(path, O_WRONLY) < 0);
    usleep(20000);
    ck_assert_ptr_null(mapping_open(path, 0));
    usleep(20000);
    ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
    close(open(path, O_RDONLY));
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    free(path);
    free(folder);
}
END_TEST

/* The bytes of address space in use, which with a sanitizer are terabytes. */
static rlim_t address_space(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long long pages;

    ck_assert_int_eq(fscanf(file, "%llu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

START_TEST(where_the_address_space_is_short_the_least_is_mapped)
{
    const size_t large = (size_t)8 << 30;
    char *path = write_file();
    struct rlimit limit;

    ck_assert_int_eq(truncate(path, (off_t)large), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = address_space() + ((rlim_t)4 << 30);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    mapping *made = open_file(path, large);
    ck_assert_uint_eq(mapping_near(made), MAPPING_LEAST);
    mapping_close(made);
    free(path);
}
END_TEST

/* --- what becomes of the file --- */

static void assert_says(bool ok, const plx_error *error, const char *path, const char *words)
{
    char *expected = memory_format("%s: %s", path, words);

    ck_assert(!ok);
    ck_assert_str_eq(error->text, expected);
    ck_assert_int_eq(error->code, ERROR_DATA);
    free(expected);
}

START_TEST(far_bytes_that_are_gone_are_zeros_and_told)
{
    char *path = write_file();
    mapping *made = open_file(path, 0);
    unsigned char buffer[100];
    plx_error error = {0};

    ck_assert_int_eq(truncate(path, LENGTH - 50), 0);
    ck_assert(mapping_intact(made, NULL));
    mapping_read(made, LENGTH - 100, 100, buffer);
    assert_bytes(buffer, LENGTH - 100, 50);
    for (size_t i = 50; i < 100; i++)
        ck_assert_uint_eq(buffer[i], 0);
    assert_says(mapping_intact(made, &error), &error, path,
                "was cut short while it was in use; it had 2107152 bytes");
    ck_assert_ptr_null(mapping_at(made, LENGTH - 100, 100, buffer));
    mapping_close(made);
    free(path);
}
END_TEST

START_TEST(a_failed_read_is_told)
{
    char *path = write_file();
    mapping *made = open_file(path, 0);
    unsigned char buffer[100];
    plx_error error = {0};

    for (int fd = 3; fd < 64; fd++)
        close(fd); /* its own among them */
    mapping_read(made, LENGTH - 100, 100, buffer);
    assert_says(mapping_intact(made, &error), &error, path, "cannot read: Bad file descriptor");
    mapping_close(made);
    free(path);
}
END_TEST

START_TEST(a_file_left_alone_is_unchanged)
{
    char *path = write_file();
    mapping *made = open_file(path, 0);

    ck_assert(mapping_unchanged(made, NULL));
    mapping_close(made);
    free(path);
}
END_TEST

/* Another size, and another time alone. */
static void cut(const char *path)
{
    ck_assert_int_eq(truncate(path, LENGTH - 1), 0);
}

static void date_back(const char *path)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000}};

    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void (*const changes[])(const char *path) = {cut, date_back};

START_TEST(a_file_written_to_has_changed)
{
    char *path = write_file();
    mapping *made = open_file(path, 0);
    plx_error error = {0};

    changes[_i](path);
    assert_says(mapping_unchanged(made, &error), &error, path,
                "was written to while it was in use, so what was read before and after may differ; "
                "restore it and begin again (a run: resume it)");
    mapping_close(made);
    free(path);
}
END_TEST

START_TEST(a_file_that_was_replaced_is_unchanged)
{
    char *path = write_file(), *other = write_file();
    mapping *made = open_file(path, 0);

    ck_assert_int_eq(truncate(other, 1), 0);
    ck_assert_int_eq(rename(other, path), 0);
    ck_assert(mapping_unchanged(made, NULL));
    assert_bytes(mapping_bytes(made) + MAPPING_LEAST - 3000, MAPPING_LEAST - 3000, 3000);
    mapping_close(made);
    free(path);
    free(other);
}
END_TEST

static Suite *suite(void)
{
    const int count = (int)(sizeof(bounds) / sizeof(bounds[0]));
    Suite *all = suite_create("support: mapping");
    TCase *tests = tcase_create("mapping");

    tcase_add_loop_test(tests, no_more_than_the_bound_is_mapped, 0, count);
    tcase_add_loop_test(tests, near_and_far_bytes_are_those_of_the_file, 0, count);
    tcase_add_test(tests, a_small_file_is_mapped_whole);
    tcase_add_test(tests, what_is_no_file_with_bytes_is_not_mapped);
    tcase_add_test(tests, a_pipe_is_left_alone);
    tcase_add_test(tests, where_the_address_space_is_short_the_least_is_mapped);
    tcase_add_test(tests, far_bytes_that_are_gone_are_zeros_and_told);
    tcase_add_test(tests, a_failed_read_is_told);
    tcase_add_test(tests, a_file_left_alone_is_unchanged);
    tcase_add_loop_test(tests, a_file_written_to_has_changed, 0, 2);
    tcase_add_test(tests, a_file_that_was_replaced_is_unchanged);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
