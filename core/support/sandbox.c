/* The parent and the child share three things: two pipes, one for the channel and one for what is
 * printed, and a page of memory in which the child notes that its function returned, which tells
 * a return from an exit that the function made by itself.
 *
 * The parent reads both pipes while it waits, so that a child that writes much never stands still.
 * That a pipe ends is no proof that the child is gone, as it may have closed it; that the child is
 * gone is no proof that a pipe ends, as a process it started may hold it. So the parent looks in
 * short turns at the pipes and at the child. The child is taken off the list of processes last:
 * until then its number, which is that of its group, can belong to nobody else. */
#include "support/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    MESSAGE_LIMIT = 16 << 20,
    OUTPUT_LIMIT = 4 << 10,
    PIPE_LIMIT = 1 << 20, /* more than a pipe can hold                                            */
    TURN = 20,            /* milliseconds                                                         */
};

/* Where the parent stands with one of the pipes. */
typedef struct stream {
    int end; /* the parent's; -1 once there is nothing more to come                               */
    text *into;
    size_t limit;
} stream;

typedef struct sandbox {
    pid_t parent, child;
    int channel[2], output[2];
    volatile unsigned char *returned; /* in memory that both see                                  */
} sandbox;

bool sandbox_write(int channel, const void *bytes, size_t length)
{
    const char *rest = bytes;

    while (length > 0) {
        const ssize_t written = write(channel, rest, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            rest += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/* ---- the child ---- */

/* The address space that the process has now, as the limit counts it: with the address sanitizer
 * that alone is terabytes. */
static uint64_t address_space(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limit_itself(const sandbox_limits *limits)
{
    const uint64_t now = address_space();
    struct rlimit core = {0, 0}, space;

    setrlimit(RLIMIT_CORE, &core);
    if (limits->memory == 0 || now == 0 || getrlimit(RLIMIT_AS, &space) != 0)
        return;
    if (limits->memory < RLIM_INFINITY - now && now + limits->memory < space.rlim_cur) {
        space.rlim_cur = now + limits->memory;
        setrlimit(RLIMIT_AS, &space);
    }
}

/* Handlers that the parent has set would outlive the fork. */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void be_child(const sandbox *self, const sandbox_limits *limits,
                               void (*work)(void *context, int channel), void *context)
{
    const int empty = open("/dev/null", O_RDONLY);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self->parent)
        _exit(EXIT_FAILURE);
    reset_signals();
    dup2(empty, STDIN_FILENO);
    dup2(self->output[1], STDOUT_FILENO);
    dup2(self->output[1], STDERR_FILENO);
    limit_itself(limits);
    work(context, self->channel[1]);
    fflush(stdout);
    fflush(stderr);
    *self->returned = 1;
    _exit(EXIT_SUCCESS);
}

/* ---- the parent ---- */

static int64_t now_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes what the pipe holds at this moment, and keeps as much as the limit lets it. */
static void take(stream *from)
{
    char bytes[16384];

    for (size_t taken = 0; from->end >= 0 && taken < PIPE_LIMIT;) {
        const ssize_t got = read(from->end, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            from->end = -1;
            break;
        }
        const size_t room = from->limit - from->into->length;
        text_add_n(from->into, bytes, (size_t)got < room ? (size_t)got : room);
        taken += (size_t)got;
    }
}

/* Waits until there is something to read or `milliseconds` have passed. */
static void wait_a_turn(const stream streams[2], int milliseconds)
{
    struct pollfd ends[2] = {{.fd = streams[0].end, .events = POLLIN},
                             {.fd = streams[1].end, .events = POLLIN}};
    const bool gone = ends[0].fd < 0 && ends[1].fd < 0;

    /* As a rule both pipes end when the child does, a moment before it can be waited for. */
    poll(ends, 2, gone && milliseconds > 1 ? 1 : milliseconds);
}

/* Whether the child has ended; it stays on the list of processes. */
static bool has_ended(pid_t child, siginfo_t *how)
{
    *how = (siginfo_t){0};
    return waitid(P_PID, (id_t)child, how, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           how->si_pid == child;
}

/* Until the child has ended or the time is over; false: it is. */
static bool attend(const sandbox *self, double seconds, stream streams[2], siginfo_t *how)
{
    const int64_t limit = seconds > 0 && seconds < 1e9 ? (int64_t)(seconds * 1000) : INT64_MAX / 2;
    const int64_t deadline = now_milliseconds() + limit;

    for (;;) {
        const int64_t left = deadline - now_milliseconds();
        if (has_ended(self->child, how))
            return true;
        if (left <= 0)
            return false;
        wait_a_turn(streams, left < TURN ? (int)left : TURN);
        take(&streams[0]);
        take(&streams[1]);
    }
}

static void judge(const sandbox *self, const siginfo_t *how, sandbox_end *end)
{
    end->number = how->si_status;
    if (how->si_code != CLD_EXITED)
        end->outcome = SANDBOX_SIGNALLED;
    else if (*self->returned)
        end->outcome = SANDBOX_RETURNED;
    else
        end->outcome = SANDBOX_EXITED;
}

static void be_parent(const sandbox *self, double seconds, sandbox_end *end)
{
    stream streams[2] = {{self->channel[0], &end->message, MESSAGE_LIMIT},
                         {self->output[0], &end->output, OUTPUT_LIMIT}};
    siginfo_t how;
    const bool in_time = attend(self, seconds, streams, &how);

    kill(-self->child, SIGKILL);
    kill(self->child, SIGKILL);
    while (waitpid(self->child, NULL, 0) < 0 && errno == EINTR)
        continue;
    take(&streams[0]);
    take(&streams[1]);
    if (in_time)
        judge(self, &how, end);
    else
        *end = (sandbox_end){SANDBOX_TIMED_OUT, SIGKILL, end->message, end->output};
}

/* ---- both ---- */

static void shut(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

static bool prepare(sandbox *self)
{
    void *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return false;
    self->returned = page;
    return pipe2(self->channel, O_CLOEXEC) == 0 && pipe2(self->output, O_CLOEXEC) == 0 &&
           fcntl(self->channel[0], F_SETFL, O_NONBLOCK) == 0 &&
           fcntl(self->output[0], F_SETFL, O_NONBLOCK) == 0;
}

bool sandbox_run(const sandbox_limits *limits, void (*work)(void *context, int channel),
                 void *context, sandbox_end *end, plx_error *error)
{
    sandbox self = {.parent = getpid(), .child = -1, .channel = {-1, -1}, .output = {-1, -1}};
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    struct sigaction before;

    *end = (sandbox_end){0};
    sigaction(SIGCHLD, &usual, &before); /* a parent that ignores it could not wait for the child */
    fflush(NULL); /* else what is buffered now is written a second time, by the child             */
    if (prepare(&self))
        self.child = fork();
    if (self.child == 0)
        be_child(&self, limits, work, context);
    if (self.child < 0) {
        error_set(error, ERROR_RUN, "no child process: %s", strerror(errno));
    } else {
        setpgid(self.child, self.child); /* as the child does: who comes first is open            */
        shut(&self.channel[1]);
        shut(&self.output[1]);
        be_parent(&self, limits->seconds, end);
    }
    for (int i = 0; i < 2; i++) {
        shut(&self.channel[i]);
        shut(&self.output[i]);
    }
    if (self.returned != NULL)
        munmap((void *)(uintptr_t)self.returned, 1);
    sigaction(SIGCHLD, &before, NULL);
    return self.child > 0;
}

void sandbox_end_clear(sandbox_end *end)
{
    free(end->message.bytes);
    free(end->output.bytes);
    *end = (sandbox_end){0};
}
