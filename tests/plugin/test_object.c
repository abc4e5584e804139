/* Shared objects that are cut short or for another machine, each refused before dlopen would map
 * it: a page that is mapped beyond the end of its file ends the process when it is touched. */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "stage.h"

#include "plugin/load.h"

#include "support/file.h"
#include "support/memory.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A copy of a sound plug-in, its headers, and its file open for damage. */
typedef struct subject {
    char *folder, *path;
    int file;
    unsigned long long size;
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[32];
    unsigned count;
} subject;

static subject subject_new(void)
{
    subject s = {.folder = harness_folder()};
    struct stat status;

    s.path = stage_copy(s.folder, "sound", "subject.so");
    s.file = open(s.path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(s.file, 0);
    ck_assert_int_eq(fstat(s.file, &status), 0);
    s.size = (unsigned long long)status.st_size;
    ck_assert_int_eq(pread(s.file, &s.header, sizeof(s.header), 0), sizeof(s.header));
    s.count = s.header.e_phnum;
    ck_assert_uint_ge(s.count, 1);
    ck_assert_uint_le(s.count, COUNT(s.segments));
    const size_t table = s.count * sizeof(s.segments[0]);
    ck_assert_int_eq(pread(s.file, s.segments, table, (off_t)s.header.e_phoff), (ssize_t)table);
    return s;
}

static void subject_free(subject *s)
{
    close(s->file);
    free(s->path);
    free(s->folder);
}

static void cut(subject *s, unsigned long long size)
{
    ck_assert_uint_lt(size, s->size);
    ck_assert_int_eq(ftruncate(s->file, (off_t)size), 0);
    s->size = size;
}

static void write_headers(const subject *s)
{
    const size_t table = s->count * sizeof(s->segments[0]);

    ck_assert_int_eq(pwrite(s->file, s->segments, table, (off_t)s->header.e_phoff), (ssize_t)table);
    ck_assert_int_eq(pwrite(s->file, &s->header, sizeof(s->header), 0), sizeof(s->header));
}

/* Overwrites the header of the file alone; the segments stay where they were. */
static void write_header(const subject *s)
{
    ck_assert_int_eq(pwrite(s->file, &s->header, sizeof(s->header), 0), sizeof(s->header));
}

/* Loads it, expects the reason, which is freed, and frees the subject. */
static void expect_refused(subject *s, char *reason)
{
    plx_error error = {0};

    ck_assert_ptr_null(load_plugin(s->path, PLX_KIND_OPTIMIZER, "subject", &error));
    ck_assert_str_eq(error.text, reason);
    ck_assert_int_eq(error.code, ERROR_PLUGIN);
    free(reason);
    subject_free(s);
}

static void expect_loaded(subject *s)
{
    plx_error error = {0};
    loaded *item = load_plugin(s->path, PLX_KIND_OPTIMIZER, "subject", &error);

    ck_assert_msg(item != NULL, "%s", error.text);
    loaded_free(item);
    subject_free(s);
}

/* The index of the loaded segment whose bytes end last, from 0. */
static unsigned last_segment(const subject *s)
{
    unsigned last = s->count;

    for (unsigned i = 0; i < s->count; i++)
        if (s->segments[i].p_type == PT_LOAD &&
            (last == s->count || s->segments[i].p_offset + s->segments[i].p_filesz >
                                     s->segments[last].p_offset + s->segments[last].p_filesz))
            last = i;
    ck_assert_uint_lt(last, s->count);
    return last;
}

static unsigned first_segment(const subject *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->segments[i].p_type == PT_LOAD)
            return i;
    ck_abort_msg("no loaded segment");
    return 0;
}

static char *segment_reason(const subject *s, unsigned i)
{
    return memory_format("it is cut short: its segment %u is %llu bytes at byte %llu, but the file "
                         "has %llu",
                         i + 1, (unsigned long long)s->segments[i].p_filesz,
                         (unsigned long long)s->segments[i].p_offset, s->size);
}

static char *table_reason(const subject *s)
{
    return memory_format("it is cut short: its program headers are %u bytes at byte %llu, but the "
                         "file has %llu",
                         s->header.e_phnum * (unsigned)sizeof(ElfW(Phdr)),
                         (unsigned long long)s->header.e_phoff, s->size);
}

/* ---- cut short ---- */

START_TEST(refuses_less_than_a_magic_number)
{
    subject s = subject_new();

    cut(&s, (unsigned long long)_i);
    expect_refused(&s, memory_string("it is not a shared object (no ELF header)"));
}
END_TEST

START_TEST(refuses_less_than_a_header)
{
    static const unsigned lengths[] = {SELFMAG, EI_NIDENT - 1, EI_NIDENT, 40,
                                       sizeof(ElfW(Ehdr)) - 1};
    subject s = subject_new();

    cut(&s, lengths[_i]);
    expect_refused(&s, memory_format("it is cut short: its header is %zu bytes, but the file has "
                                     "%u",
                                     sizeof(ElfW(Ehdr)), lengths[_i]));
}
END_TEST

/* Just the header, then one byte less than the whole table. */
START_TEST(refuses_less_than_the_program_headers)
{
    subject s = subject_new();

    cut(&s, _i == 0 ? sizeof(s.header) : s.header.e_phoff + s.count * sizeof(s.segments[0]) - 1);
    expect_refused(&s, table_reason(&s));
}
END_TEST

START_TEST(refuses_the_headers_alone)
{
    subject s = subject_new();

    cut(&s, s.header.e_phoff + s.count * sizeof(s.segments[0]));
    expect_refused(&s, segment_reason(&s, first_segment(&s)));
}
END_TEST

START_TEST(refuses_all_but_the_last_byte)
{
    subject s = subject_new();
    const unsigned last = last_segment(&s);

    cut(&s, s.segments[last].p_offset + s.segments[last].p_filesz - 1);
    expect_refused(&s, segment_reason(&s, last));
}
END_TEST

/* What follows the segments, such as the section headers, isn't needed. */
START_TEST(accepts_all_that_is_loaded)
{
    subject s = subject_new();
    const unsigned last = last_segment(&s);

    cut(&s, s.segments[last].p_offset + s.segments[last].p_filesz);
    expect_loaded(&s);
}
END_TEST

/* ---- headers that lie ---- */

START_TEST(refuses_a_count_of_program_headers_beyond_the_file)
{
    subject s = subject_new();

    s.header.e_phnum = 0xffff;
    write_header(&s);
    expect_refused(&s, table_reason(&s));
}
END_TEST

START_TEST(refuses_program_headers_beyond_the_file)
{
    subject s = subject_new();
    const unsigned long long places[] = {s.size, s.size - 1, (ElfW(Off)) - 1, (ElfW(Off)) - 64};

    s.header.e_phoff = (ElfW(Off))places[_i];
    write_header(&s);
    expect_refused(&s, table_reason(&s));
}
END_TEST

START_TEST(refuses_no_program_headers)
{
    subject s = subject_new();

    s.header.e_phnum = 0;
    write_header(&s);
    expect_refused(&s, memory_string("it is not a shared object (no program headers)"));
}
END_TEST

START_TEST(refuses_program_headers_of_another_size)
{
    subject s = subject_new();

    s.header.e_phentsize = sizeof(ElfW(Phdr)) - 1;
    write_header(&s);
    expect_refused(&s, memory_format("it is not a shared object (a program header of %zu bytes, "
                                     "not %zu)",
                                     sizeof(ElfW(Phdr)) - 1, sizeof(ElfW(Phdr))));
}
END_TEST

/* Sums that wrap around would look small. */
START_TEST(refuses_a_segment_beyond_the_file)
{
    subject s = subject_new();
    const unsigned last = last_segment(&s);
    const struct {
        ElfW(Off) offset, size;
    } places[] = {
        {(ElfW(Off)) - 8, 16}, {s.size, 1}, {0, (ElfW(Off)) - 1}, {4096, (ElfW(Off)) - 4096}};

    s.segments[last].p_offset = places[_i].offset;
    s.segments[last].p_filesz = places[_i].size;
    write_headers(&s);
    expect_refused(&s, segment_reason(&s, last));
}
END_TEST

/* Only what is loaded counts: a stack header has no bytes, wherever it says they are. */
START_TEST(ignores_a_segment_that_is_not_loaded)
{
    subject s = subject_new();
    unsigned stack = 0;

    while (stack < s.count && s.segments[stack].p_type != PT_GNU_STACK)
        stack++;
    ck_assert_uint_lt(stack, s.count);
    s.segments[stack].p_offset = s.size + 1;
    write_headers(&s);
    expect_loaded(&s);
}
END_TEST

/* ---- of another kind or machine ---- */

START_TEST(refuses_what_is_no_shared_object)
{
    static const ElfW(Half) types[] = {ET_NONE, ET_REL, ET_EXEC, ET_CORE};
    subject s = subject_new();

    s.header.e_type = types[_i];
    write_header(&s);
    expect_refused(
        &s, memory_format("it is not a shared object (ELF type %u, not %u)", types[_i], ET_DYN));
}
END_TEST

START_TEST(refuses_another_class)
{
    subject s = subject_new();
    const unsigned own = s.header.e_ident[EI_CLASS], other = ELFCLASS32 + ELFCLASS64 - own;

    s.header.e_ident[EI_CLASS] = (unsigned char)other;
    write_header(&s);
    expect_refused(&s,
                   memory_format("it is for another machine (ELF class %u, not %u)", other, own));
}
END_TEST

START_TEST(refuses_another_byte_order)
{
    subject s = subject_new();
    const unsigned own = s.header.e_ident[EI_DATA], other = ELFDATA2LSB + ELFDATA2MSB - own;

    s.header.e_ident[EI_DATA] = (unsigned char)other;
    write_header(&s);
    expect_refused(
        &s, memory_format("it is for another machine (ELF byte order %u, not %u)", other, own));
}
END_TEST

START_TEST(refuses_another_machine)
{
    subject s = subject_new();
    const unsigned own = s.header.e_machine;

    s.header.e_machine++;
    write_header(&s);
    expect_refused(
        &s, memory_format("it is for another machine (ELF machine %u, not %u)", own + 1, own));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("object");
    TCase *short_ones = tcase_create("cut short"), *liars = tcase_create("liars");
    TCase *others = tcase_create("others");

    tcase_add_loop_test(short_ones, refuses_less_than_a_magic_number, 0, SELFMAG);
    tcase_add_loop_test(short_ones, refuses_less_than_a_header, 0, 5);
    tcase_add_loop_test(short_ones, refuses_less_than_the_program_headers, 0, 2);
    tcase_add_test(short_ones, refuses_the_headers_alone);
    tcase_add_test(short_ones, refuses_all_but_the_last_byte);
    tcase_add_test(short_ones, accepts_all_that_is_loaded);
    tcase_add_test(liars, refuses_a_count_of_program_headers_beyond_the_file);
    tcase_add_loop_test(liars, refuses_program_headers_beyond_the_file, 0, 4);
    tcase_add_test(liars, refuses_no_program_headers);
    tcase_add_test(liars, refuses_program_headers_of_another_size);
    tcase_add_loop_test(liars, refuses_a_segment_beyond_the_file, 0, 4);
    tcase_add_test(liars, ignores_a_segment_that_is_not_loaded);
    tcase_add_loop_test(others, refuses_what_is_no_shared_object, 0, 4);
    tcase_add_test(others, refuses_another_class);
    tcase_add_test(others, refuses_another_byte_order);
    tcase_add_test(others, refuses_another_machine);
    suite_add_tcase(s, short_ones);
    suite_add_tcase(s, liars);
    suite_add_tcase(s, others);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
