/* What a guard says about each way to touch what is not one's own. Every fault is in a child. */
#include <fnmatch.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "harness.h"

#include "author/guard.h"
#include "support/sandbox.h"

#if defined(__x86_64__)
#define READ  "a read"
#define WRITE "a write"
#else
#define READ  "a touch"
#define WRITE "a touch"
#endif

/* One deed in a child, and how it ends. */
typedef struct deed {
    void (*act)(guard *guard);
    int signal;
    const char *came; /* * stands for anything */
} deed;

static void work(void *context, int channel)
{
    const deed *of = context;
    guard *guard = guard_new(channel);

    if (guard != NULL)
        of->act(guard);
}

/* The guard's pages are not the sanitizer's to look at. */
#define UNCHECKED __attribute__((no_sanitize("address", "undefined"), noinline))

UNCHECKED static void store(volatile void *array, ptrdiff_t at)
{
    ((volatile unsigned char *)array)[at] = 1;
}

UNCHECKED static unsigned char load(const volatile void *array, ptrdiff_t at)
{
    return ((const volatile unsigned char *)array)[at];
}

/* Seven floats, which end at the forbidden page. */
static void *weights(guard *guard, guard_side side)
{
    return guard_array(guard, "weights", 28, 4, 4, side);
}

static void write_past_end(guard *guard)
{
    store(weights(guard, GUARD_END), 28);
}

static void write_further_past_end(guard *guard)
{
    store(weights(guard, GUARD_END), 32);
}

static void read_past_end(guard *guard)
{
    load(weights(guard, GUARD_END), 28);
}

static void read_before_start(guard *guard)
{
    load(weights(guard, GUARD_START), -4);
}

static void write_before_start(guard *guard)
{
    store(weights(guard, GUARD_START), -1);
}

static void write_among_several(guard *guard)
{
    guard_array(guard, "gradient", 28, 4, 4, GUARD_END);
    char *w = weights(guard, GUARD_END);
    guard_array(guard, "slot", 28, 4, 4, GUARD_END);
    store(w, 28 + 4096);
}

static void write_beyond_alignment(guard *guard)
{
    store(guard_array(guard, "row", 3, 1, 64, GUARD_END), 64);
}

static void write_nothing(guard *guard)
{
    store(guard_array(guard, "none", 0, 4, 4, GUARD_END), 0);
}

static void read_nothing_at_start(guard *guard)
{
    load(guard_array(guard, "none", 0, 4, 4, GUARD_START), 0);
}

static void write_what_is_for_reading(guard *guard)
{
    char *g = guard_array(guard, "gradient", 28, 4, 4, GUARD_END);

    guard_read_only(guard, g, true);
    store(g, 8);
}

static void write_beside_what_is_for_reading(guard *guard)
{
    char *g = guard_array(guard, "gradient", 28, 4, 4, GUARD_END);

    guard_read_only(guard, g, true);
    store(g, -4);
}

/* An address of its own far from every array. */
static void write_far_off(guard *guard)
{
    weights(guard, GUARD_END);
    store((void *)(uintptr_t)0x1230, 4);
}

static void read_null(guard *guard)
{
    load((void *)(uintptr_t)8, -8);
}

/* Within a megabyte, in a page that was nobody's. */
static void store_near(char *w)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

    for (ptrdiff_t far = 128 << 10; far < 1 << 20; far += 4096)
        for (int side = -1; side <= 1; side += 2)
            if (mmap(w + side * far, 4096, PROT_NONE, flags, -1, 0) == w + side * far)
                store(w, side * far);
}

/* The first arrays may fill gaps between mappings, with no such page in reach. */
static void write_near(guard *guard)
{
    for (int i = 0; i < 1000; i++)
        store_near(weights(guard, GUARD_START));
}

static void give_and_write(guard *guard)
{
    char *w = weights(guard, GUARD_END);

    guard_give(guard, w);
    store((void *)(uintptr_t)0x2000, 0);
}

static void name_with_quotes(guard *guard)
{
    store(guard_array(guard, "a \"b\\ \n", 4, 4, 4, GUARD_END), 4);
}

static void one_element(guard *guard)
{
    store(guard_array(guard, "bias", 8, 8, 8, GUARD_END), 8);
}

static void call_abort(guard *guard)
{
    abort();
}

static void send_signal(guard *guard)
{
    raise(SIGSEGV);
}

static void touch_beyond_a_file(guard *guard)
{
    FILE *file = tmpfile();
    char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);

    load(page, 0);
}

static void run_illegal(guard *guard)
{
    __builtin_trap();
}

#if defined(__x86_64__)
static void divide_by_zero(guard *guard)
{
    __asm__ volatile("xorl %%edx, %%edx\n movl $1, %%eax\n xorl %%ecx, %%ecx\n idivl %%ecx"
                     :
                     :
                     : "eax", "ecx", "edx");
}

static void load_unaligned(guard *guard)
{
    char *w = guard_array(guard, "weights", 36, 4, 4, GUARD_END);

    __asm__ volatile("movaps (%0), %%xmm0" : : "r"(w) : "xmm0");
}

static void jump_to_null(guard *guard)
{
    void (*volatile nowhere)(void) = NULL;
    nowhere();
}

UNCHECKED static int descend(volatile int depth)
{
    volatile char room[512];

    room[0] = (char)depth;
    return depth < 0 ? 0 : descend(depth + 1) + room[0];
}

static void overflow_the_stack(guard *guard)
{
    descend(0);
}

/* With the stack pointer at a place where nothing can be pushed. */
static void fault_without_a_stack(guard *guard)
{
    char *w = weights(guard, GUARD_END);

    __asm__ volatile("movq $0x1000, %%rsp\n movb $1, 28(%0)" : : "r"(w));
}
#endif

static const deed deeds[] = {
    {write_past_end, SIGSEGV, WRITE " just past the end of 'weights' (7 elements)"},
    {write_further_past_end, SIGSEGV, WRITE " 4 bytes past the end of 'weights' (7 elements)"},
    {read_past_end, SIGSEGV, READ " just past the end of 'weights' (7 elements)"},
    {read_before_start, SIGSEGV, READ " 4 bytes before the start of 'weights' (7 elements)"},
    {write_before_start, SIGSEGV, WRITE " 1 byte before the start of 'weights' (7 elements)"},
    {write_among_several, SIGSEGV, WRITE " 4096 bytes past the end of 'weights' (7 elements)"},
    {write_beyond_alignment, SIGSEGV, WRITE " 61 bytes past the end of 'row' (3 elements)"},
    {write_nothing, SIGSEGV, WRITE " just past the end of 'none' (0 elements)"},
    {read_nothing_at_start, SIGSEGV, READ " just past the end of 'none' (0 elements)"},
    {write_what_is_for_reading, SIGSEGV,
     WRITE " to element 2 of 'gradient' (7 elements), which is for reading alone"},
    {write_beside_what_is_for_reading, SIGSEGV,
     WRITE " 4 bytes before the start of 'gradient' (7 elements), which is for reading alone"},
    {write_far_off, SIGSEGV, WRITE " at address 0x1234"},
    {read_null, SIGSEGV, READ " at address 0x0"},
    {write_near, SIGSEGV, WRITE " * bytes * of 'weights' (7 elements)"},
    {give_and_write, SIGSEGV, WRITE " at address 0x2000"},
    {name_with_quotes, SIGSEGV, WRITE " just past the end of 'a ?b? ?' (1 element)"},
    {one_element, SIGSEGV, WRITE " just past the end of 'bias' (1 element)"},
    {call_abort, SIGABRT, "a call of abort"},
    {send_signal, SIGSEGV, "a signal that was sent"},
#if defined(__x86_64__)
    {touch_beyond_a_file, SIGBUS, READ " at address 0x*"},
    {run_illegal, SIGILL, "an instruction that the machine does not have"},
    {divide_by_zero, SIGFPE, "an integer divided by zero"},
    {load_unaligned, SIGSEGV,
     "an access to memory less aligned than its instruction needs, or to an address that cannot "
     "be"},
    {jump_to_null, SIGSEGV, "a jump at address 0x0"},
    {overflow_the_stack, SIGSEGV, "an overflow of the stack"},
    {fault_without_a_stack, SIGSEGV, WRITE " just past the end of 'weights' (7 elements)"},
#endif
};

START_TEST(a_fault_is_told_and_the_process_ends_by_its_signal)
{
    const sandbox_limits limits = {30, 0};
    deed of = deeds[_i];
    sandbox_end end;
    char line[600];

    ck_assert(sandbox_run(&limits, work, &of, &end, NULL));
    text_add_n(&end.message, "", 1);
    snprintf(line, sizeof(line), "{\"fault\": \"SIG%s\", \"came\": \"%s\"}\n",
             sigabbrev_np(of.signal), of.came);
    ck_assert_msg(fnmatch(line, end.message.bytes, 0) == 0, "%s", end.message.bytes);
    ck_assert_int_eq(end.outcome, SANDBOX_SIGNALLED);
    ck_assert_int_eq(end.number, of.signal);
    sandbox_end_clear(&end);
}
END_TEST

static guard *new_guard(void)
{
    guard *guard = guard_new(-1);

    ck_assert_ptr_nonnull(guard);
    return guard;
}

/* Changes bytes at [from, to) of the array, and expects these words about it. */
static void expect_changed(guard_side side, size_t alignment, ptrdiff_t from, ptrdiff_t to,
                           const char *words)
{
    guard *guard = new_guard();
    char *w = guard_array(guard, "weights", 26, 2, alignment, side);
    text came = {0};

    for (ptrdiff_t i = from; i < to; i++)
        ((volatile char *)w)[i] ^= 1;
    ck_assert(!guard_intact(guard, w, &came));
    text_add_n(&came, "", 1);
    ck_assert_str_eq(came.bytes, words);
    free(came.bytes);
    guard_free(guard);
}

START_TEST(what_the_page_cannot_catch_is_seen_before_an_array)
{
    expect_changed(GUARD_END, 2, -2, 0,
                   "2 bytes before the start of 'weights' (13 elements) were overwritten");
}
END_TEST

START_TEST(what_the_page_cannot_catch_is_seen_after_an_array)
{
    expect_changed(GUARD_START, 2, 26, 27,
                   "1 byte past the end of 'weights' (13 elements) was overwritten");
}
END_TEST

START_TEST(what_the_alignment_leaves_is_watched)
{
    expect_changed(GUARD_END, 64, 63, 64,
                   "1 byte past the end of 'weights' (13 elements) was overwritten");
}
END_TEST

START_TEST(an_array_is_zeroed_and_can_be_used_to_its_last_byte)
{
    guard *guard = new_guard();
    text came = {0};

    for (int i = 0; i < 2; i++) {
        const uint64_t bytes = 4096 * (uint64_t)i + 300;
        unsigned char *w = guard_array(guard, "w", bytes, 4, 4, _i == 0 ? GUARD_END : GUARD_START);
        for (uint64_t j = 0; j < bytes; j++)
            ck_assert_uint_eq(w[j], 0);
        memset(w, 255, bytes);
    }
    ck_assert(guard_all_intact(guard, &came));
    ck_assert_uint_eq(came.length, 0);
    guard_free(guard);
}
END_TEST

START_TEST(arrays_are_aligned_as_asked_and_no_better_at_the_end)
{
    guard *guard = new_guard();

    ck_assert_uint_eq((uintptr_t)guard_array(guard, "w", 28, 4, 4, GUARD_END) % 8, 4);
    ck_assert_uint_eq((uintptr_t)guard_array(guard, "w", 28, 4, 64, GUARD_END) % 64, 0);
    guard_free(guard);
}
END_TEST

START_TEST(every_array_is_looked_at)
{
    guard *guard = new_guard();
    text came = {0};

    guard_array(guard, "first", 28, 4, 4, GUARD_END);
    char *second = guard_array(guard, "second", 28, 4, 4, GUARD_END);
    guard_array(guard, "third", 28, 4, 4, GUARD_END);
    ((volatile char *)second)[-1] ^= 1;
    ck_assert(!guard_all_intact(guard, &came));
    ck_assert_uint_gt(came.length, 0);
    free(came.bytes);
    guard_free(guard);
}
END_TEST

START_TEST(what_was_for_reading_can_be_written_again)
{
    guard *guard = new_guard();
    char *w = weights(guard, GUARD_END);

    guard_read_only(guard, w, true);
    guard_read_only(guard, w, false);
    w[0] = 3;
    ck_assert_int_eq(w[0], 3);
    guard_free(guard);
}
END_TEST

START_TEST(an_array_given_back_is_not_looked_at)
{
    guard *guard = new_guard();
    text came = {0};
    char *w = weights(guard, GUARD_START);

    ((volatile char *)w)[30] ^= 1;
    guard_give(guard, w);
    ck_assert(guard_all_intact(guard, &came));
    guard_free(guard);
}
END_TEST

START_TEST(an_alignment_that_is_none_is_refused)
{
    guard *guard = new_guard();

    ck_assert_ptr_null(guard_array(guard, "w", 28, 4, 3, GUARD_END));
    ck_assert_ptr_null(guard_array(guard, "w", 28, 4, 1 << 20, GUARD_END));
    guard_free(guard);
}
END_TEST

START_TEST(more_memory_than_there_is_is_refused)
{
    guard *guard = new_guard();

    ck_assert_ptr_null(guard_array(guard, "w", UINT64_MAX - 4, 4, 4, GUARD_END));
    ck_assert_ptr_null(guard_array(guard, "w", (uint64_t)1 << 60, 4, 4, GUARD_END));
    guard_free(guard);
}
END_TEST

START_TEST(there_is_one_guard_at_a_time)
{
    guard *guard = new_guard();

    ck_assert_ptr_null(guard_new(-1));
    guard_free(guard);
    guard_free(new_guard());
}
END_TEST

START_TEST(without_a_guard_signals_are_as_they_were)
{
    struct sigaction before, after;

    sigaction(SIGSEGV, NULL, &before);
    guard_free(new_guard());
    sigaction(SIGSEGV, NULL, &after);
    ck_assert(before.sa_handler == after.sa_handler);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("guard");
    TCase *c = tcase_create("faults"), *d = tcase_create("arrays");

    tcase_add_loop_test(c, a_fault_is_told_and_the_process_ends_by_its_signal, 0,
                        (int)(sizeof(deeds) / sizeof(deeds[0])));
    suite_add_tcase(s, c);
    tcase_add_test(d, what_the_page_cannot_catch_is_seen_before_an_array);
    tcase_add_test(d, what_the_page_cannot_catch_is_seen_after_an_array);
    tcase_add_test(d, what_the_alignment_leaves_is_watched);
    tcase_add_loop_test(d, an_array_is_zeroed_and_can_be_used_to_its_last_byte, 0, 2);
    tcase_add_test(d, arrays_are_aligned_as_asked_and_no_better_at_the_end);
    tcase_add_test(d, every_array_is_looked_at);
    tcase_add_test(d, what_was_for_reading_can_be_written_again);
    tcase_add_test(d, an_array_given_back_is_not_looked_at);
    tcase_add_test(d, an_alignment_that_is_none_is_refused);
    tcase_add_test(d, more_memory_than_there_is_is_refused);
    tcase_add_test(d, there_is_one_guard_at_a_time);
    tcase_add_test(d, without_a_guard_signals_are_as_they_were);
    suite_add_tcase(s, d);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
