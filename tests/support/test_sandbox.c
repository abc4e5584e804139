/* How a child process can end, and that none of it reaches the parent. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"

#include "support/sandbox.h"

static const sandbox_limits ample = {30, 0}, brief = {0.2, 0};

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

START_TEST(what_the_child_forked_is_killed_and_holds_up_nothing)
{
    sandbox_end end = run(&ample, leave_a_child_behind, NULL);
    const pid_t behind = (pid_t)atoi(string_of(&end.message));

    ck_assert_int_eq(end.outcome, SANDBOX_RETURNED);
    ck_assert_int_gt(behind, 0);
    for (int i = 0; i < 1000 && is_alive(behind); i++)
        usleep(1000);
    ck_assert(!is_alive(behind));
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
    const sandbox_limits limits = {30, 64 << 20};
    size_t sizes[] = {32 << 20, 48 << 20};
    sandbox_end end = run(&limits, take_memory, sizes);

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
    for (int i = 0; i < 1000 && is_alive(inner); i++)
        usleep(1000);
    ck_assert(!is_alive(inner));
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
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
