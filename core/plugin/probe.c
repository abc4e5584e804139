/* Loading runs a plug-in's constructors, and no check can come before them. So a parent that must
 * live, such as a listing of whatever lies in a folder, first has a child load the file: the child
 * writes what came of it to a pipe and ends without a word of its own. An end without a verdict
 * means that it died, no end within the time means that it hangs and is killed. */
#include "plugin/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the child sends: "+", or "-" and the reason. */
#define VERDICT_SIZE (sizeof(((plx_error *)NULL)->text) + 1)

/* No output, no core file, no life beyond the parent's. */
static void withdraw(void)
{
    const struct rlimit none = {0, 0};
    const int sink = open("/dev/null", O_RDWR);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &none);
    if (sink >= 0) {
        dup2(sink, STDIN_FILENO);
        dup2(sink, STDOUT_FILENO);
        dup2(sink, STDERR_FILENO);
    }
}

static void write_all(int pipe, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(pipe, bytes, length);
        if (written <= 0 && errno != EINTR)
            return;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
}

static _Noreturn void child(int pipe, const char *path, uint32_t kind, const char *name)
{
    plx_error error = {0};

    withdraw();
    if (load_plugin(path, kind, name, &error) != NULL) {
        write_all(pipe, "+", 1);
    } else {
        write_all(pipe, "-", 1);
        write_all(pipe, error.text, strnlen(error.text, sizeof(error.text)));
    }
    _exit(0);
}

static int64_t now_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads until the pipe ends, the buffer is full, or the time is over; returns how many bytes. */
static size_t read_verdict(int pipe, int64_t deadline, char *bytes, size_t room)
{
    size_t length = 0;

    while (length < room) {
        const int64_t left = deadline - now_milliseconds();
        struct pollfd wait = {.fd = pipe, .events = POLLIN};
        const int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        const ssize_t got = read(pipe, bytes + length, room - length);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        length += got > 0 ? (size_t)got : 0;
    }
    return length;
}

/* Waits for the child's end; false if it had to be killed. The end of the pipe is no proof that the
 * child is gone: what it loaded may have closed it. */
static bool reap(pid_t process, int64_t deadline, int *status)
{
    const struct timespec moment = {.tv_nsec = 1000000};

    *status = 0;
    for (;;) {
        const pid_t gone = waitpid(process, status, WNOHANG);
        if (gone == process || (gone < 0 && errno != EINTR))
            return true;
        if (now_milliseconds() >= deadline)
            break;
        nanosleep(&moment, NULL);
    }
    kill(process, SIGKILL);
    while (waitpid(process, status, 0) < 0 && errno == EINTR)
        continue;
    return false;
}

static bool died(int status, plx_error *error)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        return error_set(error, ERROR_PLUGIN, "it crashes while it is loaded (SIG%s)",
                         name != NULL ? name : "?");
    }
    return error_set(error, ERROR_PLUGIN, "it ends the process while it is loaded (exit status %d)",
                     WEXITSTATUS(status));
}

/* Watches the child until it is gone, and judges. */
static bool judge(pid_t process, int pipe, int milliseconds, plx_error *error)
{
    const int64_t deadline = now_milliseconds() + milliseconds;
    char verdict[VERDICT_SIZE];
    const size_t length = read_verdict(pipe, deadline, verdict, sizeof(verdict) - 1);
    int status;
    const bool in_time = reap(process, deadline, &status);

    verdict[length] = '\0';
    if (!in_time)
        return error_set(error, ERROR_PLUGIN, "it does not finish loading within %g s",
                         milliseconds / 1000.0);
    if (length == 0)
        return died(status, error);
    return verdict[0] == '+' || error_set(error, ERROR_PLUGIN, "%s", verdict + 1);
}

bool probe_plugin(const char *path, uint32_t kind, const char *name, int milliseconds,
                  plx_error *error)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set(error, ERROR_PLUGIN, "it cannot be tried: %s", strerror(errno));
    const pid_t process = fork();
    if (process == 0) {
        close(ends[0]);
        child(ends[1], path, kind, name);
    }
    close(ends[1]);
    const bool good =
        process > 0 ? judge(process, ends[0], milliseconds, error)
                    : error_set(error, ERROR_PLUGIN, "it cannot be tried: %s", strerror(errno));
    close(ends[0]);
    return good;
}
