/* The parent and a child share three things: two pipes, one for the channel and one for what is
 * printed, and some memory in which the child notes that its function returned, which tells a
 * return from an exit that the function made by itself, and that memory was short when it ended.
 * Memory, since a pipe would be gone where a plug-in closes all files.
 *
 * The parent reads the pipes while it waits, so that a child that writes much never stands still.
 * That a pipe ends is no proof that the child is gone, as it may have closed it; that the child is
 * gone is no proof that a pipe ends, as a process it started may hold it. So the parent watches a
 * third descriptor, which stands for the child itself (pidfd_open(2)); where the kernel has none,
 * it looks at the child in short turns. The child is taken off the list of processes last: until
 * then its number, which is that of its group, can belong to nobody else.
 *
 * A fork hands on all descriptors and mappings of the parent, those of its other children too.
 * Mappings can be kept from that; descriptors cannot, so each child closes what it inherits.
 *
 * Memory: a limit on the address space makes malloc answer NULL, and what happens then is up to the
 * plug-in: as a rule it writes through it, aborts or exits. Handlers of the deadly signals and of
 * exit look how much is in use at that moment: nobody else could, as the address space is gone
 * before the parent sees the end. */
#include "support/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/memory.h"

enum {
    MESSAGE_LIMIT = 16 << 20,
    OUTPUT_LIMIT = 4 << 10,
    PIPE_LIMIT = 1 << 20, /* more than a pipe can hold                                            */
    TURN = 20,            /* milliseconds                                                         */
    HANDLER_STACK = 1 << 16,
};

/* What both see. */
typedef struct notes {
    pid_t parent;
    /* the child's to write, as true or false; no bool, which not every byte is */
    volatile unsigned char returned, out_of_memory;
    uint64_t half_way; /* address space with half of the memory in use                            */
    unsigned char stack[HANDLER_STACK]; /* the child's own may be what has overflowed             */
} notes;

/* Where the parent stands with one of the pipes. */
typedef struct stream {
    int end; /* the parent's; -1 once there is nothing more to come                               */
    size_t limit;
    text taken;
} stream;

enum { CHANNEL, OUTPUT, STREAMS };

struct sandbox_child {
    pid_t process; /* -1 if somebody else has waited for it                                       */
    int pidfd;     /* -1: the kernel has none                                                     */
    stream streams[STREAMS];
    notes *notes;
    double started, deadline; /* of now_in_seconds(); HUGE_VAL: none                              */
    bool killed, over;
    /* once it is over */
    int status; /* as of waitpid */
    double seconds;
    int64_t peak_memory;
};

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

static void shut(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* What this process holds of the child. */
static void shut_ends(sandbox_child *self)
{
    for (int i = 0; i < STREAMS; i++)
        shut(&self->streams[i].end);
    shut(&self->pidfd);
}

/* ---- the child ---- */

/* A child's own, for its handlers, which have no other way to it; NULL in what is no child. */
static notes *own_notes;

/* The address space that the process has now, as the limit counts it: with the address sanitizer
 * that alone is terabytes. 0: it is not told. Safe in a signal handler. */
static uint64_t address_space(void)
{
    char digits[24];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    const ssize_t length = file >= 0 ? read(file, digits, sizeof(digits)) : 0;
    uint64_t pages = 0;

    for (ssize_t i = 0; i < length && digits[i] >= '0' && digits[i] <= '9'; i++)
        pages = 10 * pages + (uint64_t)(digits[i] - '0');
    shut(&file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void note_memory(void)
{
    if (address_space() > own_notes->half_way)
        own_notes->out_of_memory = true;
}

/* The signal is back at its default action by then, and not blocked. */
static void note_death(int number)
{
    note_memory();
    raise(number);
}

/* What is looked at for lack of memory. */
static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT};
enum { DEADLY = sizeof(deadly) / sizeof(deadly[0]) };

static void watch_memory(uint64_t half_way)
{
    const stack_t stack = {.ss_sp = own_notes->stack, .ss_size = HANDLER_STACK};
    const struct sigaction action = {.sa_handler = note_death,
                                     .sa_flags = SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER};
    own_notes->half_way = half_way;
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < DEADLY; i++)
        sigaction(deadly[i], &action, NULL);
    atexit(note_memory);
}

static void limit_itself(const sandbox_limits *limits)
{
    const uint64_t now = limits->memory > 0 ? address_space() : 0;
    struct rlimit core = {0, 0}, space;

    setrlimit(RLIMIT_CORE, &core);
    if (now == 0 || getrlimit(RLIMIT_AS, &space) != 0)
        return;
    if (limits->memory < RLIM_INFINITY - now && now + limits->memory < space.rlim_cur) {
        space.rlim_cur = now + limits->memory;
        setrlimit(RLIMIT_AS, &space);
    }
    watch_memory(now / 2 + space.rlim_cur / 2);
}

/* Handlers that the parent has set would outlive the fork. A parent that is a child of a sandbox itself
 * has none but those for its memory. */
static void reset_signals(bool nested)
{
    sigset_t none;

    for (size_t i = 0; i < DEADLY; i++)
        signal(deadly[i], SIG_DFL);
    for (int number = 1; number < NSIG && !nested; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void redirect(int output)
{
    const int empty = open("/dev/null", O_RDONLY);

    dup2(empty, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close(output);
    if (empty > STDERR_FILENO)
        close(empty);
}

/* `ends` are the child's ends of the pipes; nested: the parent is a child of a sandbox. */
static _Noreturn void be_child(const int ends[STREAMS], const sandbox_limits *limits, bool nested,
                               void (*work)(void *context, int channel), void *context)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != own_notes->parent)
        _exit(EXIT_FAILURE);
    reset_signals(nested);
    redirect(ends[OUTPUT]);
    limit_itself(limits);
    work(context, ends[CHANNEL]);
    fflush(stdout);
    fflush(stderr);
    own_notes->returned = true;
    _exit(EXIT_SUCCESS);
}

/* What the fork has handed on and is the parent's alone, which may be a child itself. */
static void leave_parent(sandbox_child *self, sandbox_child *const *siblings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (siblings[i] != NULL)
            shut_ends(siblings[i]);
    shut_ends(self);
    if (own_notes != NULL)
        munmap(own_notes, sizeof(*own_notes));
    own_notes = self->notes;
    free(self);
}

/* ---- the parent: start ---- */

static double now_in_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Leaves the numbers of the standard streams to these, where the parent has closed them. */
static int move_up(int end)
{
    if (end > STDERR_FILENO)
        return end;
    const int moved = fcntl(end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(end);
    return moved;
}

static bool open_pipe(int *parent_end, int *child_end)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    *parent_end = move_up(ends[0]);
    *child_end = move_up(ends[1]);
    return *parent_end >= 0 && *child_end >= 0 && fcntl(*parent_end, F_SETFL, O_NONBLOCK) == 0;
}

static bool can_wait(void)
{
    struct sigaction now;

    return sigaction(SIGCHLD, NULL, &now) == 0 && now.sa_handler != SIG_IGN &&
           (now.sa_flags & SA_NOCLDWAIT) == 0;
}

static void free_child(sandbox_child *self)
{
    shut_ends(self);
    if (self->notes != NULL)
        munmap(self->notes, sizeof(*self->notes));
    free(self);
}

static sandbox_child *new_child(void)
{
    sandbox_child *self = memory_array(1, sizeof(*self));

    if (self == NULL)
        return NULL;
    self->process = self->pidfd = -1;
    self->streams[CHANNEL] = (stream){.end = -1, .limit = MESSAGE_LIMIT};
    self->streams[OUTPUT] = (stream){.end = -1, .limit = OUTPUT_LIMIT};
    self->started = now_in_seconds();
    return self;
}

/* What the two will share; false, with errno, if there is no room for it. */
static bool prepare(sandbox_child *self, int child_ends[STREAMS])
{
    void *memory =
        mmap(NULL, sizeof(notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return false;
    self->notes = memory;
    self->notes->parent = getpid();
    self->notes->half_way = UINT64_MAX;
    return open_pipe(&self->streams[CHANNEL].end, &child_ends[CHANNEL]) &&
           open_pipe(&self->streams[OUTPUT].end, &child_ends[OUTPUT]);
}

static void adopt(sandbox_child *self, const sandbox_limits *limits)
{
    setpgid(self->process, self->process); /* as the child does: who comes first is open          */
    madvise(self->notes, sizeof(notes), MADV_DONTFORK); /* to later children                      */
    self->pidfd = pidfd_open(self->process, 0);
    self->deadline = limits->seconds > 0 ? self->started + limits->seconds : HUGE_VAL;
}

sandbox_child *sandbox_start(const sandbox_limits *limits, void (*work)(void *context, int channel),
                             void *context, sandbox_child *const *siblings, size_t count,
                             plx_error *error)
{
    int child_ends[STREAMS] = {-1, -1};

    if (!can_wait()) {
        error_set(error, ERROR_RUN,
                  "no child process: how it ends is not told to a program that ignores SIGCHLD");
        return NULL;
    }
    sandbox_child *self = new_child();
    if (self == NULL) {
        error_memory(error);
        return NULL;
    }
    fflush(NULL); /* else what is buffered now is written a second time, by the child             */
    if (prepare(self, child_ends))
        self->process = fork();
    if (self->process == 0) {
        const bool nested = own_notes != NULL;
        leave_parent(self, siblings, count);
        be_child(child_ends, limits, nested, work, context);
    }
    if (self->process > 0)
        adopt(self, limits);
    else
        error_set(error, ERROR_RUN, "no child process: %s", strerror(errno));
    for (int i = 0; i < STREAMS; i++)
        shut(&child_ends[i]);
    if (self->process > 0)
        return self;
    free_child(self);
    return NULL;
}

/* ---- the parent: attend ---- */

/* Takes what the pipe holds at this moment, and keeps as much as the limit lets it. */
static void take(stream *from)
{
    char bytes[4096]; /* more would be more of the stack to copy after a fork                     */

    for (size_t taken = 0; from->end >= 0 && taken < PIPE_LIMIT;) {
        const ssize_t got = read(from->end, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            break;
        if (got <= 0) {
            shut(&from->end);
            break;
        }
        const size_t room = from->limit - from->taken.length;
        text_add_n(&from->taken, bytes, (size_t)got < room ? (size_t)got : room);
        taken += (size_t)got;
    }
}

static void kill_all(const sandbox_child *self)
{
    kill(-self->process, SIGKILL);
    kill(self->process, SIGKILL);
}

/* Whether the child has ended; it stays on the list of processes. Of one that somebody else has
 * waited for no more is known, and its number may be another's by now. */
static bool has_ended(sandbox_child *self)
{
    siginfo_t how = {0};

    if (waitid(P_PID, (id_t)self->process, &how, WEXITED | WNOHANG | WNOWAIT) == 0)
        return how.si_pid == self->process;
    self->process = -1;
    return true;
}

/* Waits for a child that has ended or was killed, takes what is left of it and closes its ends. */
static void bury(sandbox_child *self)
{
    struct rusage used = {.ru_maxrss = 0};

    if (self->process > 0) {
        kill_all(self);
        while (wait4(self->process, &self->status, 0, &used) < 0 && errno == EINTR)
            continue;
    }
    for (int i = 0; i < STREAMS; i++)
        take(&self->streams[i]);
    shut_ends(self);
    self->seconds = now_in_seconds() - self->started;
    self->peak_memory = (int64_t)used.ru_maxrss * 1024;
    self->over = true;
}

/* How many milliseconds the child can be left alone as long as none of its ends says a thing. */
static double patience(const sandbox_child *self, double now)
{
    const double left = fmax(self->deadline - now, 0) * 1000;
    const bool silent = self->streams[CHANNEL].end < 0 && self->streams[OUTPUT].end < 0;

    if (self->over)
        return 0;
    if (self->pidfd >= 0)
        return left;
    /* As a rule both pipes end when the child does, a moment before it can be waited for. */
    return fmin(left, silent ? 1 : TURN);
}

enum { ENDS = STREAMS + 1 };

static void list_ends(const sandbox_child *self, struct pollfd ends[ENDS])
{
    for (int i = 0; i < STREAMS; i++)
        ends[i] = (struct pollfd){.fd = self->streams[i].end, .events = POLLIN};
    ends[STREAMS] = (struct pollfd){.fd = self->pidfd, .events = POLLIN};
}

/* `ends` say which of them has something to tell; NULL: any may. */
static void look_after(sandbox_child *self, const struct pollfd *ends)
{
    for (int i = 0; i < STREAMS; i++)
        if (ends == NULL || ends[i].revents != 0)
            take(&self->streams[i]);
    if ((ends == NULL || self->pidfd < 0 || ends[STREAMS].revents != 0) && has_ended(self)) {
        bury(self);
    } else if (now_in_seconds() >= self->deadline) {
        kill_all(self);
        self->killed = true;
        self->deadline = HUGE_VAL;
    }
}

static bool is_running(const sandbox_child *self)
{
    return self != NULL && !self->over;
}

bool sandbox_attend_beside(sandbox_child *const *children, size_t count, int descriptor,
                           int milliseconds)
{
    struct pollfd *ends = memory_array(ENDS * count + 1, sizeof(*ends)), alone;
    struct pollfd *beside = ends != NULL ? ends : &alone;
    double most = milliseconds < 0 ? INT_MAX : milliseconds;
    const double now = now_in_seconds();
    size_t listed = 0;

    if (ends == NULL) /* no memory to watch them in: turns                                        */
        most = fmin(most, TURN);
    *beside = (struct pollfd){.fd = descriptor, .events = POLLIN};
    for (size_t i = 0; i < count; i++) {
        if (children[i] != NULL)
            most = fmin(most, patience(children[i], now));
        if (is_running(children[i]) && ends != NULL)
            list_ends(children[i], &ends[1 + ENDS * listed++]);
    }
    poll(beside, 1 + ENDS * listed, (int)ceil(most));
    const bool readable = beside->revents != 0;
    listed = 0;
    for (size_t i = 0; i < count; i++)
        if (is_running(children[i]))
            look_after(children[i], ends != NULL ? &ends[1 + ENDS * listed++] : NULL);
    free(ends);
    return readable;
}

void sandbox_attend(sandbox_child *const *children, size_t count, int milliseconds)
{
    sandbox_attend_beside(children, count, -1, milliseconds);
}

bool sandbox_is_over(const sandbox_child *child)
{
    return child->over;
}

/* ---- the parent: finish ---- */

static void judge(const sandbox_child *self, sandbox_end *end)
{
    const bool signalled = WIFSIGNALED(self->status);

    end->number = signalled ? WTERMSIG(self->status) : WEXITSTATUS(self->status);
    if (signalled && self->killed && end->number == SIGKILL)
        end->outcome = SANDBOX_TIMED_OUT;
    else if (signalled)
        end->outcome = SANDBOX_SIGNALLED;
    else
        end->outcome = self->notes->returned ? SANDBOX_RETURNED : SANDBOX_EXITED;
    end->out_of_memory = (end->outcome == SANDBOX_SIGNALLED && end->number == SIGKILL) ||
                         (end->outcome != SANDBOX_RETURNED && self->notes->out_of_memory);
}

void sandbox_finish(sandbox_child *child, sandbox_end *end)
{
    if (!child->over) {
        child->killed = child->killed || !has_ended(child);
        bury(child);
    }
    *end = (sandbox_end){.message = child->streams[CHANNEL].taken,
                         .output = child->streams[OUTPUT].taken,
                         .peak_memory = child->peak_memory,
                         .seconds = child->seconds};
    judge(child, end);
    free_child(child);
}

bool sandbox_run(const sandbox_limits *limits, void (*work)(void *context, int channel),
                 void *context, sandbox_end *end, plx_error *error)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    struct sigaction before;

    *end = (sandbox_end){0};
    sigaction(SIGCHLD, &usual, &before); /* a parent that ignores it could not wait for the child */
    sandbox_child *child = sandbox_start(limits, work, context, NULL, 0, error);
    const bool started = child != NULL;

    while (started && !sandbox_is_over(child))
        sandbox_attend(&child, 1, -1);
    if (started)
        sandbox_finish(child, end);
    sigaction(SIGCHLD, &before, NULL);
    return started;
}

void sandbox_end_clear(sandbox_end *end)
{
    free(end->message.bytes);
    free(end->output.bytes);
    *end = (sandbox_end){0};
}
