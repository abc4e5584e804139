/* test_heap.c: a heap full of holes has none any more, and fresh memory behind what is in use. Where malloc is
 * a sanitizer's, there is nothing to test. */
#include "support/heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

enum { CHUNKS = 4000, OWN = 16 << 10, SPARE = 4 << 20, PAGE = 4096, LARGE_PAGE = 2 << 20 };

static bool is_not_ours(void)
{
    return mallinfo2().arena == 0;
}

/* Of many sizes; every second one is free again. Returns the end of the highest that is in use. */
static uintptr_t make_holes(void)
{
    static char *chunk[CHUNKS];
    uintptr_t end = 0;

    for (size_t i = 0; i < CHUNKS; i++) {
        const size_t size = i % 100 == 0 ? 60000 + i : 1 + i * 7 % 3000;
        chunk[i] = malloc(size);
        ck_assert_ptr_nonnull(chunk[i]);
        if ((uintptr_t)chunk[i] + size > end)
            end = (uintptr_t)chunk[i] + size;
    }
    for (size_t i = 0; i < CHUNKS; i += 2)
        free(chunk[i]);
    return end;
}

START_TEST(what_is_allocated_comes_from_one_piece)
{
    if (is_not_ours())
        return;
    static uintptr_t chunk[CHUNKS + 1];
    chunk[0] = make_holes();
    heap_settle(OWN, SPARE);
    for (size_t i = 1; i <= CHUNKS; i++) /* no assertion here: it would allocate, too             */
        chunk[i] = (uintptr_t)malloc(1 + i * 11 % 2000);
    for (size_t i = 1; i <= CHUNKS; i++) {
        ck_assert_uint_gt(chunk[i], chunk[i - 1]);
        ck_assert_uint_lt(chunk[i] - chunk[i - 1], i == 1 ? 2 * LARGE_PAGE : PAGE);
    }
}
END_TEST

START_TEST(its_first_part_is_small_and_the_others_are_fresh)
{
    unsigned char resident[SPARE / PAGE];

    if (is_not_ours())
        return;
    make_holes();
    heap_settle(OWN, SPARE);
    const uintptr_t first = (uintptr_t)malloc(1);
    const uintptr_t fresh = (first + LARGE_PAGE - 1) & ~(uintptr_t)(LARGE_PAGE - 1);
    ck_assert_uint_le(fresh - first, OWN);
    ck_assert_uint_ge((uintptr_t)sbrk(0), fresh + SPARE);
    ck_assert_int_eq(mincore((void *)fresh, SPARE, resident), 0);
    for (size_t i = 0; i < sizeof(resident); i++)
        ck_assert_int_eq(resident[i] & 1, 0);
}
END_TEST

/* What a run needs at a time is used again by the next, without a system call. */
START_TEST(large_blocks_are_given_back_to_the_heap)
{
    if (is_not_ours())
        return;
    heap_settle(OWN, SPARE);
    void *const end = sbrk(0);
    for (size_t i = 0; i < 10; i++) {
        char *block = malloc(3 << 20);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_lt((uintptr_t)block, (uintptr_t)end);
        free(block);
    }
    ck_assert_ptr_eq(sbrk(0), end);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("support/heap");
    TCase *t = tcase_create("heap");

    tcase_add_test(t, what_is_allocated_comes_from_one_piece);
    tcase_add_test(t, its_first_part_is_small_and_the_others_are_fresh);
    tcase_add_test(t, large_blocks_are_given_back_to_the_heap);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
