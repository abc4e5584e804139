/* test_memory.c: sizes that overflow are refused, and what is given is zeroed, aligned or grown. */
#include "support/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness.h"

static void assert_zero(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(bytes[i], 0);
}

START_TEST(array_is_zeroed)
{
    unsigned char *bytes = memory_array(10, 3);

    ck_assert_ptr_nonnull(bytes);
    assert_zero(bytes, 30);
    free(bytes);
}
END_TEST

START_TEST(nothing_is_a_valid_pointer)
{
    void *array = memory_array(0, 8);
    void *aligned = memory_aligned(0, 8);

    ck_assert_ptr_nonnull(array);
    ck_assert_ptr_nonnull(aligned);
    free(array);
    free(aligned);
}
END_TEST

START_TEST(aligned_is_aligned_and_zeroed)
{
    for (size_t n = 1; n < 200; n += 33) {
        unsigned char *bytes = memory_aligned(n, 1);

        ck_assert_ptr_nonnull(bytes);
        ck_assert_uint_eq((uintptr_t)bytes % 64, 0);
        assert_zero(bytes, n);
        free(bytes);
    }
}
END_TEST

START_TEST(an_overflowing_size_is_refused)
{
    const size_t half = SIZE_MAX / 2 + 1;
    char *items = NULL;
    size_t capacity = 0;

    ck_assert_ptr_null(memory_array(half, 2));
    ck_assert_ptr_null(memory_aligned(half, 2));
    ck_assert_ptr_null(memory_aligned(SIZE_MAX, 1));
    ck_assert_ptr_null(memory_grow(&items, &capacity, SIZE_MAX, 1));
    ck_assert_ptr_null(memory_grow(&items, &capacity, half / 2, 16));
    ck_assert_ptr_null(items);
    ck_assert_uint_eq(capacity, 0);
    ck_assert_ptr_null(memory_string_n("x", SIZE_MAX));
}
END_TEST

START_TEST(grow_keeps_what_is_there)
{
    int *items = NULL;
    size_t capacity = 0;

    for (int i = 0; i < 1000; i++) {
        ck_assert_ptr_eq(memory_grow(&items, &capacity, (size_t)i + 1, sizeof(int)), items);
        ck_assert_uint_gt(capacity, (size_t)i);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(items[i], i);
    free(items);
}
END_TEST

START_TEST(a_refused_growth_changes_nothing)
{
    int *items = NULL;
    size_t capacity = 0;

    ck_assert_ptr_nonnull(memory_grow(&items, &capacity, 4, sizeof(int)));
    int *const before = items;
    const size_t had = capacity;
    items[3] = 7;
    ck_assert_ptr_null(memory_grow(&items, &capacity, SIZE_MAX / 2, sizeof(int)));
    ck_assert_ptr_eq(items, before);
    ck_assert_uint_eq(capacity, had);
    ck_assert_int_eq(items[3], 7);
    free(items);
}
END_TEST

START_TEST(strings_are_copied)
{
    char *whole = memory_string("relu");
    char *part = memory_string_n("relu", 2);
    char *printed = memory_format("%s-%d", "relu", 6);

    ck_assert_str_eq(whole, "relu");
    ck_assert_str_eq(part, "re");
    ck_assert_str_eq(printed, "relu-6");
    ck_assert_ptr_null(memory_string(NULL));
    free(whole);
    free(part);
    free(printed);
}
END_TEST

START_TEST(the_machine_has_memory)
{
    const size_t megabyte = 1 << 20;

    ck_assert_double_gt(memory_of_machine(), (double)megabyte);
    ck_assert_double_lt(memory_of_machine(), (double)PTRDIFF_MAX);
}
END_TEST

static const int limits[] = {RLIMIT_RSS, RLIMIT_AS};

START_TEST(a_limit_of_the_process_counts)
{
    struct rlimit before, limit;

    ck_assert_double_le(memory_limit(), memory_of_machine());
    ck_assert_int_eq(getrlimit(limits[_i], &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)1 << 30;
    ck_assert_int_eq(setrlimit(limits[_i], &limit), 0);
    const double now = memory_limit();
    ck_assert_int_eq(setrlimit(limits[_i], &before), 0); /* a sanitizer could not end under it */
    ck_assert_double_le(now, 0x1p30);
    ck_assert_double_gt(now, 0);
}
END_TEST

START_TEST(a_limit_of_nothing_counts)
{
    const struct rlimit limit = {0, RLIM_INFINITY};

    ck_assert_int_eq(setrlimit(RLIMIT_RSS, &limit), 0);
    ck_assert_double_eq(memory_limit(), 1);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("memory");
    TCase *cases = tcase_create("memory");

    tcase_add_test(cases, array_is_zeroed);
    tcase_add_test(cases, nothing_is_a_valid_pointer);
    tcase_add_test(cases, aligned_is_aligned_and_zeroed);
    tcase_add_test(cases, an_overflowing_size_is_refused);
    tcase_add_test(cases, grow_keeps_what_is_there);
    tcase_add_test(cases, a_refused_growth_changes_nothing);
    tcase_add_test(cases, strings_are_copied);
    tcase_add_test(cases, the_machine_has_memory);
    tcase_add_loop_test(cases, a_limit_of_the_process_counts, 0, 2);
    tcase_add_test(cases, a_limit_of_nothing_counts);
    suite_add_tcase(all, cases);
    return all;
}

int main(void)
{
    return harness_run(suite());
}
