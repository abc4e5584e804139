/* How a child process can end, and that none of it reaches the parent or another child. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#include "support/sandbox.h"

static const sandbox_limits ample = {30, 0}, brief = {0.2, 0}, narrow = {30, 64 << 20};

static sandbox_end run(const sandbox_limits *limits, void (*work)(void *, int), void *context)
{
    plx_error error = {0};
    sandbox_end end;

    ck_assert_msg(sandbox_run(limits, work, context, &end, &error), "%s", error.text);
    return end;
}

/* A text as a string, "" for none. */
static const char *string_of(text *t)
{
    text_add_n(t, "", 1);
    return t->bytes;
}

static void expect_end(const sandbox_limits *limits, void (*work)(void *, int),
                       sandbox_outcome outcome, int number)
{
    sandbox_end end = run(limits, work, NULL);

    ck_assert_int_eq(end.outcome, outcome);
    ck_assert_int_eq(end.number, number);
    sandbox_end_clear(&end);
}

static void say_context(void *context, int channel)
{
    const char *word = context;
    sandbox_write(channel, word, strlen(word));
}

START_TEST(what_the_function_writes_to_its_channel_arrives)
{
    char word[] = "verdict";
    sandbox_end end = run(&ample, say_context, word);

    ck_assert_int_eq(end.outcome, SANDBOX_RETURNED);
    ck_assert_str_eq(string_of(&end.message), "verdict");
    sandbox_end_clear(&end);
}
END_TEST

static void leave(void *context, int channel)
{
    exit(3);
}

START_TEST(an_exit_is_told_with_its_status)
{
    expect_end(&ample, leave, SANDBOX_EXITED, 3);
}
END_TEST

static void leave_well(void *context, int channel)
{
    _exit(0);
}

START_TEST(an_exit_with_status_0_is_not_a_return)
{
    expect_end(&ample, leave_well, SANDBOX_EXITED, 0);
}
END_TEST

static void crash(void *context, int channel)
{
    raise(SIGSEGV);
}

START_TEST(a_death_is_told_with_its_signal)
{
    expect_end(&ample, crash, SANDBOX_SIGNALLED, SIGSEGV);
}
END_TEST

static void hang(void *context, int channel)
{
    for (;;)
        pause();
}

START_TEST(what_does_not_end_is_killed)
{
    expect_end(&brief, hang, SANDBOX_TIMED_OUT, SIGKILL);
}
END_TEST

static void hang_unseen(void *context, int channel)
{
    closefrom(0);
    hang(context, channel);
}

START_TEST(what_closes_everything_and_hangs_is_killed)
{
    expect_end(&brief, hang_unseen, SANDBOX_TIMED_OUT, SIGKILL);
}
END_TEST

static void refuse_to_go(void *context, int channel)
{
    signal(SIGTERM, SIG_IGN);
    sandbox_write(channel, "begun", 5);
    hang(context, channel);
}

START_TEST(what_was_written_before_the_time_was_over_is_kept)
{
    sandbox_end end = run(&brief, refuse_to_go, NULL);

    ck_assert_int_eq(end.outcome, SANDBOX_TIMED_OUT);
    ck_assert_str_eq(string_of(&end.message), "begun");
    sandbox_end_clear(&end);
}
END_TEST

/* Far more than a pipe holds, in both of them. */
static void talk_much(void *context, int channel)
{
    static char block[1 << 20];

    memset(block, 'm', sizeof(block));
    sandbox_write(STDOUT_FILENO, block, sizeof(block));
    sandbox_write(channel, block, sizeof(block));
    sandbox_write(STDERR_FILENO, block, sizeof(block));
    sandbox_write(channel, block, sizeof(block));
}

START_TEST(a_child_that_writes_much_does_not_stand_still)
{
    sandbox_end end = run(&ample, talk_much, NULL);

    ck_assert_int_eq(end.outcome, SANDBOX_RETURNED);
    ck_assert_uint_eq(end.message.length, 2 << 20);
    sandbox_end_clear(&end);
}
END_TEST

START_TEST(of_the_output_the_first_4_kib_are_kept)
{
    sandbox_end end = run(&ample, talk_much, NULL);

    ck_assert_uint_eq(end.output.length, 4 << 10);
    sandbox_end_clear(&end);
}
END_TEST

static void fill_channel(void *context, int channel)
{
    static char block[1 << 20];

    for (int i = 0; i < 17; i++)
        sandbox_write(channel, block, sizeof(block));
}

START_TEST(of_the_message_16_mib_are_kept)
{
    sandbox_end end = run(&ample, fill_channel, NULL);

    ck_assert_int_eq(end.outcome, SANDBOX_RETURNED);
    ck_assert_uint_eq(end.message.length, 16 << 20);
    sandbox_end_clear(&end);
}
END_TEST

static void print_both_ways(void *context, int channel)
{
    printf("out ");
    fflush(stdout);
    fprintf(stderr, "err ");
    printf("unflushed");
}

START_TEST(what_is_printed_is_caught)
{
    sandbox_end end = run(&ample, print_both_ways, NULL);

    ck_assert_str_eq(string_of(&end.output), "out err unflushed");
    sandbox_end_clear(&end);
}
END_TEST

static void read_input(void *context, int channel)
{
    char byte;
    const bool empty = read(STDIN_FILENO, &byte, 1) == 0;

    sandbox_write(channel, empty ? "empty" : "not empty", empty ? 5 : 9);
}

START_TEST(standard_input_is_empty)
{
    sandbox_end end = run(&ample, read_input, NULL);

    ck_assert_str_eq(string_of(&end.message), "empty");
    sandbox_end_clear(&end);
}
END_TEST

/* A child of the child that holds both pipes open and would outlive it. */
static void leave_a_child_behind(void *context, int channel)
{
    char digits[32];
    const pid_t behind = fork();

    if (behind == 0)
        hang(context, channel);
    sandbox_write(channel, digits, (size_t)snprintf(digits, sizeof(digits), "%d", (int)behind));
}

/* Whether the process is there and not merely waiting to be taken off the list. */
static bool is_alive(pid_t process)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "r");

    if (file == NULL)
        return false;
    const bool read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    const char *state = strrchr(line, ')');
    return read && state != NULL && state[2] != 'Z' && state[2] != 'X';
}

/* What was killed takes a moment to go. */
static void expect_gone(pid_t process)
{
    for (int i = 0; i < 2000 && is_alive(process); i++)
        usleep(1000);
    ck_assert(!is_alive(process));
}

START_TEST(what_the_child_forked_is_killed_and_holds_up_nothing)
{
    sandbox_end end = run(&ample, leave_a_child_behind, NULL);
    const pid_t behind = (pid_t)atoi(string_of(&end.message));

    ck_assert_int_eq(end.outcome, SANDBOX_RETURNED);
    ck_assert_int_gt(behind, 0);
    expect_gone(behind);
    sandbox_end_clear(&end);
}
END_TEST

/* Address space and not memory: nothing is touched. */
static void take_memory(void *context, int channel)
{
    const size_t *sizes = context;

    for (int i = 0; i < 2; i++) {
        void *got = mmap(NULL, sizes[i], PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        sandbox_write(channel, got != MAP_FAILED ? "y" : "n", 1);
    }
}

START_TEST(memory_is_limited_on_top_of_what_the_child_starts_with)
{
    size_t sizes[] = {32 << 20, 48 << 20};
    sandbox_end end = run(&narrow, take_memory, sizes);

    ck_assert_str_eq(string_of(&end.message), "yn");
    sandbox_end_clear(&end);
}
END_TEST

static void tell_core_limit(void *context, int channel)
{
    struct rlimit core;
    const bool none = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0;

    sandbox_write(channel, none ? "none" : "some", 4);
}

START_TEST(there_is_no_core_file)
{
    sandbox_end end = run(&ample, tell_core_limit, NULL);

    ck_assert_str_eq(string_of(&end.message), "none");
    sandbox_end_clear(&end);
}
END_TEST

static void ignore(int signal)
{
}

static void interrupt(void *context, int channel)
{
    raise(SIGINT);
}

START_TEST(handlers_of_the_parent_do_not_reach_the_child)
{
    signal(SIGINT, ignore);
    expect_end(&ample, interrupt, SANDBOX_SIGNALLED, SIGINT);
}
END_TEST

static void print_nothing(void *context, int channel)
{
    exit(0);
}

START_TEST(what_the_parent_had_buffered_is_written_once)
{
    char *folder = harness_folder(), *path = harness_file(folder, "buffered", "");
    FILE *file = fopen(path, "w");
    fputs("once", file);
    sandbox_end end = run(&ample, print_nothing, NULL);

    fclose(file);
    file = fopen(path, "r");
    char bytes[16] = "";
    ck_assert_uint_eq(fread(bytes, 1, sizeof(bytes) - 1, file), 4);
    fclose(file);
    sandbox_end_clear(&end);
    free(path);
    free(folder);
}
END_TEST

static int open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

START_TEST(nothing_is_left_open)
{
    const int before = open_files();

    expect_end(&brief, hang, SANDBOX_TIMED_OUT, SIGKILL);
    expect_end(&ample, leave, SANDBOX_EXITED, 3);
    ck_assert_int_eq(open_files(), before);
}
END_TEST

START_TEST(without_room_for_pipes_there_is_an_error)
{
    struct rlimit before, few;
    plx_error error = {0};
    sandbox_end end;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    const bool ran = sandbox_run(&ample, leave, NULL, &end, &error);
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert(!ran);
    ck_assert_int_eq(error.code, ERROR_RUN);
    ck_assert_str_eq(error.text, "no child process: Too many open files");
    sandbox_end_clear(&end);
}
END_TEST

/* Starts a child of its own that hangs, tells who that is, and dies. */
static void hang_telling(void *context, int channel)
{
    const int *outer = context;
    const pid_t self = getpid();

    sandbox_write(*outer, &self, sizeof(self));
    kill(getppid(), SIGKILL);
    hang(context, channel);
}

static void die_over_a_child(void *context, int channel)
{
    sandbox_end end;

    sandbox_run(&ample, hang_telling, &channel, &end, NULL);
}

START_TEST(a_child_dies_with_its_parent)
{
    sandbox_end end = run(&ample, die_over_a_child, NULL);
    pid_t inner = 0;

    ck_assert_int_eq(end.outcome, SANDBOX_SIGNALLED);
    ck_assert_uint_eq(end.message.length, sizeof(inner));
    memcpy(&inner, end.message.bytes, sizeof(inner));
    expect_gone(inner);
    sandbox_end_clear(&end);
}
END_TEST

START_TEST(a_channel_that_nobody_reads_is_an_error)
{
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert(!sandbox_write(ends[1], "word", 4));
    ck_assert_int_eq(errno, EPIPE);
    close(ends[1]);
}
END_TEST

/* As a program finds it that was started by one that waits for none of its children. */
START_TEST(an_end_is_told_though_the_parent_ignores_its_children)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, now;

    sigaction(SIGCHLD, &ignore, NULL);
    expect_end(&ample, leave, SANDBOX_EXITED, 3);
    sigaction(SIGCHLD, NULL, &now);
    ck_assert(now.sa_handler == SIG_IGN);
}
END_TEST

/* ---- what the end says of memory and time ---- */

/* More than half of the memory that narrow children may take, and then all of it down to pieces of
 * `least` bytes. */
static void use_up_memory(size_t least)
{
    for (size_t size = 40 << 20; size >= least; size /= 2)
        while (mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
            continue;
}

/* Fills a stack that has no memory to grow into. */
static int fill_stack(int depth)
{
    volatile char room[4096];

    for (size_t i = 0; i < sizeof(room); i++)
        room[i] = (char)depth;
    return depth == 0 ? room[7] : fill_stack(depth - 1) + room[11];
}

typedef enum { BY_SEGV, BY_BUS, BY_ABORT, BY_KILL, BY_STACK, BY_EXIT, BY_RETURN } way;

typedef struct death {
    way way;
    bool short_of_memory;
} death;

static void die(void *context, int channel)
{
    const struct rlimit usual_stack = {8 << 20, 8 << 20};
    const death *of = context;

    if (of->short_of_memory)
        use_up_memory(of->way == BY_STACK ? 4096 : 40 << 20);
    switch (of->way) {
    case BY_SEGV:
        raise(SIGSEGV);
        break;
    case BY_BUS:
        raise(SIGBUS);
        break;
    case BY_ABORT:
        abort();
    case BY_KILL:
        raise(SIGKILL);
        break;
    case BY_STACK:
        setrlimit(RLIMIT_STACK, &usual_stack);
        fill_stack(1 << 15);
        break;
    case BY_EXIT:
        exit(3);
    case BY_RETURN:
        break;
    }
}

static const struct {
    const sandbox_limits *limits;
    death death;
    sandbox_outcome outcome;
    int number;
    bool out_of_memory;
} deaths[] = {
    {&narrow, {BY_SEGV, true}, SANDBOX_SIGNALLED, SIGSEGV, true},
    {&narrow, {BY_BUS, true}, SANDBOX_SIGNALLED, SIGBUS, true},
    {&narrow, {BY_ABORT, true}, SANDBOX_SIGNALLED, SIGABRT, true},
    {&narrow, {BY_STACK, true}, SANDBOX_SIGNALLED, SIGSEGV, true},
    {&narrow, {BY_EXIT, true}, SANDBOX_EXITED, 3, true},
    {&narrow, {BY_RETURN, true}, SANDBOX_RETURNED, 0, false},
    {&narrow, {BY_SEGV, false}, SANDBOX_SIGNALLED, SIGSEGV, false},
    {&narrow, {BY_BUS, false}, SANDBOX_SIGNALLED, SIGBUS, false},
    {&narrow, {BY_ABORT, false}, SANDBOX_SIGNALLED, SIGABRT, false},
    {&narrow, {BY_STACK, false}, SANDBOX_SIGNALLED, SIGSEGV, false},
    {&narrow, {BY_EXIT, false}, SANDBOX_EXITED, 3, false},
    {&ample, {BY_SEGV, false}, SANDBOX_SIGNALLED, SIGSEGV, false},
    {&ample, {BY_EXIT, false}, SANDBOX_EXITED, 3, false},
    /* as the kernel ends what the machine has no memory for */
    {&ample, {BY_KILL, false}, SANDBOX_SIGNALLED, SIGKILL, true},
};

START_TEST(a_death_is_put_down_to_memory_where_that_had_run_out)
{
    death of = deaths[_i].death;
    sandbox_end end = run(deaths[_i].limits, die, &of);

    ck_assert_int_eq(end.outcome, deaths[_i].outcome);
    ck_assert_int_eq(end.number, deaths[_i].number);
    ck_assert_int_eq(end.out_of_memory, deaths[_i].out_of_memory);
    sandbox_end_clear(&end);
}
END_TEST

/* By default the address sanitizer ends the process where malloc would give NULL. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* As a plug-in does that looks at no answer of malloc. */
static void allocate_without_end(void *context, int channel)
{
    for (;;) {
        volatile char *block = malloc(1 << 20);
        *block = 1;
    }
}

START_TEST(allocating_without_end_is_running_out_of_memory)
{
    sandbox_end end = run(&narrow, allocate_without_end, NULL);

    ck_assert_int_eq(end.outcome, SANDBOX_SIGNALLED);
    ck_assert_int_eq(end.number, SIGSEGV);
    ck_assert(end.out_of_memory);
    sandbox_end_clear(&end);
}
END_TEST

/* The other one has handlers from its parent, which has used most of its memory, and no limit. */
static void run_another(void *context, int channel)
{
    void *volatile most = malloc(narrow.memory / 4 * 3);
    sandbox_end end = run(&ample, leave, NULL);

    sandbox_write(channel, most != NULL && !end.out_of_memory ? "ample" : "short", 5);
    sandbox_end_clear(&end);
    free(most);
}

START_TEST(a_child_of_a_limited_child_has_notes_of_its_own)
{
    sandbox_end end = run(&narrow, run_another, NULL);

    ck_assert_str_eq(string_of(&end.message), "ample");
    sandbox_end_clear(&end);
}
END_TEST

static void do_nothing(void *context, int channel)
{
}

static void touch_64_mib(void *context, int channel)
{
    const size_t size = 64 << 20;
    char *got = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (got != MAP_FAILED)
        memset(got, 1, size);
}

START_TEST(peak_memory_is_what_was_resident)
{
    sandbox_end idle = run(&ample, do_nothing, NULL), busy = run(&ample, touch_64_mib, NULL);

    ck_assert_int_gt(idle.peak_memory, 0);
    ck_assert_int_gt(busy.peak_memory, idle.peak_memory + (60 << 20));
    ck_assert_int_lt(busy.peak_memory, idle.peak_memory + (80 << 20));
    sandbox_end_clear(&idle);
    sandbox_end_clear(&busy);
}
END_TEST

START_TEST(seconds_run_from_start_to_end)
{
    sandbox_end end = run(&brief, hang, NULL);

    ck_assert_double_ge(end.seconds, 0.2);
    ck_assert_double_lt(end.seconds, 30);
    sandbox_end_clear(&end);
}
END_TEST

/* Its pipes would get the numbers of the standard streams, which the child gives to others. */
START_TEST(a_parent_may_have_closed_its_standard_streams)
{
    char word[] = "verdict";

    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        close(i);
    sandbox_end end = run(&ample, say_context, word), printed = run(&ample, print_both_ways, NULL);
    ck_assert_str_eq(string_of(&end.message), "verdict");
    ck_assert_str_eq(string_of(&printed.output), "out err unflushed");
    sandbox_end_clear(&end);
    sandbox_end_clear(&printed);
}
END_TEST

/* ---- many at once ---- */

static sandbox_child *start(const sandbox_limits *limits, void (*work)(void *, int), void *context,
                            sandbox_child *const *siblings, size_t count)
{
    plx_error error = {0};
    sandbox_child *child = sandbox_start(limits, work, context, siblings, count, &error);

    ck_assert_msg(child != NULL, "%s", error.text);
    return child;
}

/* Attends all of them until this one is over. */
static void await(const sandbox_child *one, sandbox_child *const *children, size_t count)
{
    while (!sandbox_is_over(one))
        sandbox_attend(children, count, -1);
}

static sandbox_end finish(sandbox_child *child)
{
    sandbox_end end;

    sandbox_finish(child, &end);
    return end;
}

static void expect_finish(sandbox_child *child, sandbox_outcome outcome, int number)
{
    sandbox_end end = finish(child);

    ck_assert_int_eq(end.outcome, outcome);
    ck_assert_int_eq(end.number, number);
    sandbox_end_clear(&end);
}

/* Until the parent closes its end. */
static void wait_at_gate(void *context, int channel)
{
    const int *gate = context;
    char byte;

    close(gate[1]);
    while (read(gate[0], &byte, 1) > 0)
        continue;
    sandbox_write(channel, "first", 5);
}

START_TEST(children_end_in_any_order)
{
    char word[] = "second";
    int gate[2];

    ck_assert_int_eq(pipe(gate), 0);
    sandbox_child *children[2] = {start(&ample, wait_at_gate, gate, NULL, 0), NULL};
    children[1] = start(&ample, say_context, word, children, 2);
    await(children[1], children, 2);
    ck_assert(!sandbox_is_over(children[0]));
    close(gate[1]);
    await(children[0], children, 2);
    sandbox_end first = finish(children[0]), second = finish(children[1]);
    ck_assert_str_eq(string_of(&first.message), "first");
    ck_assert_str_eq(string_of(&second.message), "second");
    sandbox_end_clear(&first);
    sandbox_end_clear(&second);
    close(gate[0]);
}
END_TEST

START_TEST(children_that_write_much_do_not_hold_up_each_other)
{
    sandbox_child *children[2] = {NULL, NULL};

    for (int i = 0; i < 2; i++)
        children[i] = start(&ample, talk_much, NULL, children, 2);
    for (int i = 0; i < 2; i++)
        await(children[i], children, 2);
    for (int i = 0; i < 2; i++) {
        sandbox_end end = finish(children[i]);
        ck_assert_int_eq(end.outcome, SANDBOX_RETURNED);
        ck_assert_uint_eq(end.message.length, 2 << 20);
        ck_assert_uint_eq(end.output.length, 4 << 10);
        sandbox_end_clear(&end);
    }
}
END_TEST

START_TEST(only_what_is_past_its_time_is_killed)
{
    sandbox_child *children[2] = {start(&brief, hang, NULL, NULL, 0), NULL};

    children[1] = start(&ample, hang, NULL, children, 1);
    await(children[0], children, 2);
    sandbox_attend(children, 2, -1); /* does not wait, as one is over */
    ck_assert(!sandbox_is_over(children[1]));
    expect_finish(children[0], SANDBOX_TIMED_OUT, SIGKILL);
    sandbox_end end = finish(children[1]);
    sandbox_end_clear(&end);
}
END_TEST

START_TEST(a_wait_has_an_end)
{
    sandbox_child *child = start(&ample, hang, NULL, NULL, 0);

    sandbox_attend(&child, 1, 10);
    ck_assert(!sandbox_is_over(child));
    sandbox_end end = finish(child);
    sandbox_end_clear(&end);
}
END_TEST

/* Nothing there, something, and nobody left to write. */
START_TEST(what_can_be_read_beside_the_children_ends_the_wait)
{
    sandbox_child *child = start(&ample, hang, NULL, NULL, 0);
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    for (size_t count = 0; count < 2; count++) {
        ck_assert(!sandbox_attend_beside(&child, count, ends[0], 10));
        ck_assert_int_eq(write(ends[1], "x", 1), 1);
        ck_assert(sandbox_attend_beside(&child, count, ends[0], -1));
        ck_assert_int_eq(read(ends[0], &(char){0}, 1), 1);
    }
    close(ends[1]);
    ck_assert(sandbox_attend_beside(&child, 1, ends[0], -1));
    ck_assert(!sandbox_is_over(child));
    sandbox_end end = finish(child);
    sandbox_end_clear(&end);
    close(ends[0]);
}
END_TEST

/* Of memory that a process shares with others. */
static int count_shared_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    char line[512];
    int count = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        count += strstr(line, "/dev/zero (deleted)") != NULL;
    if (file != NULL)
        fclose(file);
    return count;
}

static void tell_shared_mappings(void *context, int channel)
{
    dprintf(channel, "%d", count_shared_mappings());
}

static void pass_on(void *context, int channel)
{
    sandbox_end end = run(&ample, tell_shared_mappings, NULL);

    sandbox_write(channel, end.message.bytes, end.message.length);
    sandbox_end_clear(&end);
}

START_TEST(a_child_of_a_child_shares_nothing_with_its_grandparent)
{
    sandbox_end end = run(&ample, pass_on, NULL);

    ck_assert_str_eq(string_of(&end.message), "1");
    sandbox_end_clear(&end);
}
END_TEST

typedef struct holding {
    int files, mappings;
} holding;

static void tell_holding(void *context, int channel)
{
    const holding own = {open_files(), count_shared_mappings()};

    sandbox_write(channel, &own, sizeof(own));
}

/* Of a child that has so many siblings. */
static holding holding_beside(size_t count)
{
    holding told;
    sandbox_child *children[4] = {NULL};

    for (size_t i = 0; i < count; i++)
        children[i] = start(&ample, hang, NULL, children, 4);
    sandbox_child *child = start(&ample, tell_holding, NULL, children, 4);
    await(child, &child, 1);
    sandbox_end end = finish(child);
    ck_assert_uint_eq(end.message.length, sizeof(told));
    memcpy(&told, end.message.bytes, sizeof(told));
    sandbox_end_clear(&end);
    for (size_t i = 0; i < count; i++)
        expect_finish(children[i], SANDBOX_TIMED_OUT, SIGKILL);
    return told;
}

START_TEST(a_child_holds_nothing_of_its_siblings)
{
    const holding alone = holding_beside(0), beside = holding_beside(4);

    ck_assert_int_eq(alone.mappings, 1);
    ck_assert_int_eq(beside.mappings, 1);
    ck_assert_int_eq(beside.files, alone.files);
}
END_TEST

/* It and one it has forked tell who they are, and hang. */
static void hang_in_two(void *context, int channel)
{
    const int *out = context;

    sandbox_write(channel, "begun", 5);
    fork();
    const pid_t self = getpid();
    sandbox_write(*out, &self, sizeof(self));
    hang(context, channel);
}

static pid_t read_process(int from)
{
    pid_t process = 0;

    ck_assert_int_eq(read(from, &process, sizeof(process)), sizeof(process));
    ck_assert_int_gt(process, 0);
    return process;
}

START_TEST(finish_ends_what_still_runs_and_what_it_forked)
{
    int told[2];

    ck_assert_int_eq(pipe(told), 0);
    sandbox_child *child = start(&ample, hang_in_two, &told[1], NULL, 0);
    const pid_t some = read_process(told[0]), other = read_process(told[0]);
    sandbox_end end = finish(child);
    ck_assert_int_eq(end.outcome, SANDBOX_TIMED_OUT);
    ck_assert_int_eq(end.number, SIGKILL);
    ck_assert(!end.out_of_memory);
    ck_assert_str_eq(string_of(&end.message), "begun");
    expect_gone(some);
    expect_gone(other);
    sandbox_end_clear(&end);
    close(told[0]);
    close(told[1]);
}
END_TEST

START_TEST(an_end_that_was_not_attended_is_told)
{
    death of[] = {{BY_RETURN, false}, {BY_EXIT, false}, {BY_KILL, false}};
    const sandbox_outcome outcome[] = {SANDBOX_RETURNED, SANDBOX_EXITED, SANDBOX_SIGNALLED};
    const int number[] = {0, 3, SIGKILL};
    siginfo_t how;
    sandbox_child *child = start(&ample, die, &of[_i], NULL, 0);

    ck_assert_int_eq(waitid(P_ALL, 0, &how, WEXITED | WNOWAIT), 0);
    ck_assert(!sandbox_is_over(child));
    expect_finish(child, outcome[_i], number[_i]);
}
END_TEST

START_TEST(a_child_that_somebody_else_has_waited_for_is_over)
{
    sandbox_child *child = start(&ample, do_nothing, NULL, NULL, 0);

    ck_assert_int_gt(waitpid(-1, NULL, 0), 0);
    await(child, &child, 1);
    expect_finish(child, SANDBOX_RETURNED, 0);
}
END_TEST

static int count_mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    int count = 0, byte;

    ck_assert_ptr_nonnull(file);
    while ((byte = fgetc(file)) != EOF)
        count += byte == '\n';
    fclose(file);
    return count;
}

/* A few at a time, as they would be used. */
static void run_children(int total)
{
    sandbox_child *slot[3] = {NULL};

    for (int started = 0, ended = 0; ended < total;) {
        sandbox_attend(slot, 3, started > ended ? -1 : 0);
        for (int i = 0; i < 3; i++) {
            if (slot[i] != NULL && sandbox_is_over(slot[i])) {
                expect_finish(slot[i], SANDBOX_RETURNED, 0);
                slot[i] = NULL;
                ended++;
            }
            if (slot[i] == NULL && started < total) {
                slot[i] = start(&narrow, do_nothing, NULL, slot, 3);
                started++;
            }
        }
    }
}

START_TEST(children_leave_nothing_behind)
{
    run_children(20); /* fills what malloc keeps by for later, which counts as in use */
    const int files = open_files(), mappings = count_mappings();
    const size_t memory = mallinfo2().uordblks;
    run_children(100);
    ck_assert_int_eq(open_files(), files);
    ck_assert_int_eq(count_mappings(), mappings);
    ck_assert_uint_eq(mallinfo2().uordblks, memory);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

static void hang_telling_who(void *context, int channel)
{
    const int *out = context;
    const pid_t self = getpid();

    sandbox_write(*out, &self, sizeof(self));
    hang(context, channel);
}

START_TEST(children_die_with_a_parent_that_is_killed)
{
    int told[2];
    pid_t process[3];

    ck_assert_int_eq(pipe(told), 0);
    const pid_t middle = fork();
    if (middle == 0) {
        sandbox_child *children[3] = {NULL};
        for (int i = 0; i < 3; i++)
            children[i] = sandbox_start(&ample, hang_telling_who, &told[1], children, 3, NULL);
        for (;;)
            sandbox_attend(children, 3, -1);
    }
    for (int i = 0; i < 3; i++)
        process[i] = read_process(told[0]);
    kill(middle, SIGKILL);
    ck_assert_int_eq(waitpid(middle, NULL, 0), middle);
    for (int i = 0; i < 3; i++)
        expect_gone(process[i]);
    close(told[0]);
    close(told[1]);
}
END_TEST

static volatile sig_atomic_t caught;

static void note_signal(int signal)
{
    caught = 1;
}

/* Again and again: one that came before the wait would not end it. */
START_TEST(a_signal_ends_the_wait)
{
    const struct itimerval often = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    sandbox_child *child = start(&ample, hang, NULL, NULL, 0);

    signal(SIGALRM, note_signal);
    setitimer(ITIMER_REAL, &often, NULL);
    while (caught == 0)
        sandbox_attend(&child, 1, -1);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert(!sandbox_is_over(child));
    sandbox_end end = finish(child);
    sandbox_end_clear(&end);
}
END_TEST

/* From now on this process has a kernel that is too old. */
static void forbid_pidfd(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    ck_assert_int_eq(pidfd_open(getpid(), 0), -1);
}

static void leave_unseen(void *context, int channel)
{
    closefrom(0);
    _exit(3);
}

START_TEST(an_end_is_seen_whatever_the_kernel_has)
{
    const struct {
        const sandbox_limits *limits;
        void (*work)(void *context, int channel);
        sandbox_outcome outcome;
        int number;
    } cases[] = {
        {&ample, leave, SANDBOX_EXITED, 3},
        {&ample, leave_unseen, SANDBOX_EXITED, 3},
        {&ample, talk_much, SANDBOX_RETURNED, 0},
        {&brief, hang, SANDBOX_TIMED_OUT, SIGKILL},
        {&brief, hang_unseen, SANDBOX_TIMED_OUT, SIGKILL},
    };

    if (_i == 1)
        forbid_pidfd();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_end(cases[i].limits, cases[i].work, cases[i].outcome, cases[i].number);
}
END_TEST

START_TEST(where_ends_are_not_told_no_child_is_started)
{
    const struct sigaction action[] = {{.sa_handler = SIG_IGN},
                                       {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}};
    plx_error error = {0};

    sigaction(SIGCHLD, &action[_i], NULL);
    ck_assert_ptr_null(sandbox_start(&ample, leave, NULL, NULL, 0, &error));
    ck_assert_int_eq(error.code, ERROR_RUN);
    ck_assert_str_eq(error.text, "no child process: how it ends is not told to a program that "
                                 "ignores SIGCHLD");
}
END_TEST

START_TEST(a_handler_of_child_deaths_is_left_in_place)
{
    struct sigaction now;

    signal(SIGCHLD, note_signal);
    sandbox_child *child = start(&ample, leave, NULL, NULL, 0);
    await(child, &child, 1);
    expect_finish(child, SANDBOX_EXITED, 3);
    sigaction(SIGCHLD, NULL, &now);
    ck_assert(now.sa_handler == note_signal);
    ck_assert_int_eq(caught, 1);
}
END_TEST

static TCase *many_at_once(void)
{
    TCase *c = tcase_create("many");

    tcase_set_timeout(c, 120);
    tcase_add_test(c, children_end_in_any_order);
    tcase_add_test(c, children_that_write_much_do_not_hold_up_each_other);
    tcase_add_test(c, only_what_is_past_its_time_is_killed);
    tcase_add_test(c, a_wait_has_an_end);
    tcase_add_test(c, what_can_be_read_beside_the_children_ends_the_wait);
    tcase_add_test(c, a_child_of_a_child_shares_nothing_with_its_grandparent);
    tcase_add_test(c, a_child_holds_nothing_of_its_siblings);
    tcase_add_test(c, finish_ends_what_still_runs_and_what_it_forked);
    tcase_add_loop_test(c, an_end_that_was_not_attended_is_told, 0, 3);
    tcase_add_test(c, a_child_that_somebody_else_has_waited_for_is_over);
    tcase_add_test(c, children_leave_nothing_behind);
    tcase_add_test(c, children_die_with_a_parent_that_is_killed);
    tcase_add_test(c, a_signal_ends_the_wait);
    tcase_add_loop_test(c, where_ends_are_not_told_no_child_is_started, 0, 2);
    tcase_add_test(c, a_handler_of_child_deaths_is_left_in_place);
    return c;
}

static Suite *suite(void)
{
    Suite *s = suite_create("sandbox");
    TCase *c = tcase_create("ends");

    tcase_add_test(c, what_the_function_writes_to_its_channel_arrives);
    tcase_add_test(c, an_exit_is_told_with_its_status);
    tcase_add_test(c, an_exit_with_status_0_is_not_a_return);
    tcase_add_test(c, a_death_is_told_with_its_signal);
    tcase_add_test(c, what_does_not_end_is_killed);
    tcase_add_test(c, what_closes_everything_and_hangs_is_killed);
    tcase_add_test(c, what_was_written_before_the_time_was_over_is_kept);
    tcase_add_test(c, a_child_that_writes_much_does_not_stand_still);
    tcase_add_test(c, of_the_output_the_first_4_kib_are_kept);
    tcase_add_test(c, of_the_message_16_mib_are_kept);
    tcase_add_test(c, what_is_printed_is_caught);
    tcase_add_test(c, standard_input_is_empty);
    tcase_add_test(c, what_the_child_forked_is_killed_and_holds_up_nothing);
    tcase_add_test(c, memory_is_limited_on_top_of_what_the_child_starts_with);
    tcase_add_test(c, there_is_no_core_file);
    tcase_add_test(c, handlers_of_the_parent_do_not_reach_the_child);
    tcase_add_test(c, what_the_parent_had_buffered_is_written_once);
    tcase_add_test(c, nothing_is_left_open);
    tcase_add_test(c, without_room_for_pipes_there_is_an_error);
    tcase_add_test(c, a_child_dies_with_its_parent);
    tcase_add_test(c, a_channel_that_nobody_reads_is_an_error);
    tcase_add_test(c, an_end_is_told_though_the_parent_ignores_its_children);
    tcase_add_test(c, a_parent_may_have_closed_its_standard_streams);
    tcase_add_loop_test(c, a_death_is_put_down_to_memory_where_that_had_run_out, 0,
                        (int)(sizeof(deaths) / sizeof(deaths[0])));
    tcase_add_test(c, allocating_without_end_is_running_out_of_memory);
    tcase_add_test(c, a_child_of_a_limited_child_has_notes_of_its_own);
    tcase_add_test(c, peak_memory_is_what_was_resident);
    tcase_add_test(c, seconds_run_from_start_to_end);
    tcase_add_loop_test(c, an_end_is_seen_whatever_the_kernel_has, 0, 2);
    suite_add_tcase(s, c);
    suite_add_tcase(s, many_at_once());
    return s;
}

int main(void)
{
    return harness_run(suite());
}
