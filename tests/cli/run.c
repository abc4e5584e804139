/* run.c: see run.h. The child gets pipes, or for stderr the other side of a pseudo terminal; the
 * parent reads both by poll until they end, and then collects the child. */
#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

enum { MOST_WORDS = 64, PATIENCE = 50 };

static double clock_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the child ------------------------------------------------------------------------------- */

/* Cuts the line at spaces, in place; word 0 is the program. */
static void cut_words(char *line, char *word[MOST_WORDS + 1])
{
    size_t count = 0;
    static char program[] = PLEXUS_PROGRAM;

    word[count++] = program;
    for (char *w = strtok(line, " "); w != NULL && count < MOST_WORDS; w = strtok(NULL, " ")) {
        if (strcmp(w, "''") == 0)
            *w = '\0';
        word[count++] = w;
    }
    word[count] = NULL;
}

/* What the program is told of the world: the sanitizers' options and what the test adds. */
static char **make_environment(const run_options *options)
{
    static const char *const kept[] = {"ASAN_", "LSAN_", "UBSAN_", "TSAN_", "LD_LIBRARY_PATH="};
    static char *made[64];
    static char terminal[] = "TERM=xterm";
    size_t count = 0;

    for (char **e = environ; *e != NULL && count < 32; e++)
        for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
            if (strncmp(*e, kept[i], strlen(kept[i])) == 0)
                made[count++] = *e;
    for (size_t i = 0; options->environment != NULL && options->environment[i] != NULL; i++)
        made[count++] = strdup(options->environment[i]);
    if (options->columns != 0)
        made[count++] = terminal; /* the first of a name counts */
    made[count] = NULL;
    return made;
}

/* Between fork and exec: a failure can only be told by the exit code 126. */
static void become_program(const run_options *options, char *line, int out, int err)
{
    char *word[MOST_WORDS + 1];
    const int nothing = open("/dev/null", O_RDONLY);
    const bool folder = chdir(options->folder != NULL ? options->folder : "/") == 0;

    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGCHLD, options->ignores_children ? SIG_IGN : SIG_DFL);
    if (options->file_limit != 0) {
        const struct rlimit limit = {options->file_limit, options->file_limit};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (options->columns != 0) {
        setsid();
        ioctl(err, TIOCSCTTY, 0);
    }
    if (!folder || nothing < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    cut_words(line, word);
    execve(PLEXUS_PROGRAM, word, make_environment(options));
    _exit(126);
}

/* Both sides of a terminal that hands on what is written as it is. */
static void open_terminal(int columns, int *master, int *slave)
{
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    struct termios raw;

    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(*master, 0);
    ck_assert_int_eq(grantpt(*master), 0);
    ck_assert_int_eq(unlockpt(*master), 0);
    *slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(*slave, 0);
    ck_assert_int_eq(tcgetattr(*slave, &raw), 0);
    cfmakeraw(&raw);
    ck_assert_int_eq(tcsetattr(*slave, TCSANOW, &raw), 0);
    ck_assert_int_eq(ioctl(*slave, TIOCSWINSZ, &size), 0);
}

static void open_output(const run_options *options, int *ours, int *theirs)
{
    int ends[2];

    *ours = -1;
    if (options->output != NULL) {
        *theirs = open(options->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        ck_assert_int_ge(*theirs, 0);
        return;
    }
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    *ours = ends[0];
    *theirs = ends[1];
    if (options->closed) {
        close(*ours);
        *ours = -1;
    }
}

static run *start(const run_options *options, const char *format, va_list arguments)
{
    static const run_options usual = {0};
    run *made = calloc(1, sizeof(*made));
    int out, err;

    ck_assert_ptr_nonnull(made);
    if (options == NULL)
        options = &usual;
    ck_assert_int_ge(vasprintf(&made->line, format, arguments), 0);
    made->out = calloc(1, 1);
    made->err = calloc(1, 1);
    open_output(options, &made->out_fd, &out);
    if (options->columns != 0) {
        open_terminal(options->columns, &made->err_fd, &err);
    } else {
        int ends[2];
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        made->err_fd = ends[0];
        err = ends[1];
    }
    made->patience = options->patience > 0 ? options->patience : PATIENCE;
    made->begun = clock_seconds();
    made->pid = fork();
    ck_assert_int_ge(made->pid, 0);
    if (made->pid == 0)
        become_program(options, made->line, out, err);
    close(out);
    close(err);
    return made;
}

run *run_start(const run_options *options, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    run *made = start(options, format, arguments);
    va_end(arguments);
    return made;
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* Appends what there is to read; closes *fd at its end, which for a terminal is EIO. */
static void take(int *fd, char **text, size_t *length)
{
    char block[4096];
    const ssize_t n = read(*fd, block, sizeof(block));

    if (n < 0 && errno == EINTR)
        return;
    if (n <= 0) {
        close(*fd);
        *fd = -1;
        return;
    }
    *text = realloc(*text, *length + (size_t)n + 1);
    ck_assert_ptr_nonnull(*text);
    memcpy(*text + *length, block, (size_t)n);
    *length += (size_t)n;
    (*text)[*length] = '\0';
}

/* Waits for something to read and takes it. A run that takes too long is killed and fails the
 * test. */
static void pump(run *self)
{
    struct pollfd ends[2] = {{.fd = self->out_fd, .events = POLLIN},
                             {.fd = self->err_fd, .events = POLLIN}};

    if (clock_seconds() - self->begun > self->patience) {
        kill(self->pid, SIGKILL);
        ck_abort_msg("plexus %s: still running after %d s\n%.2000s%.2000s", self->line,
                     self->patience, self->out, self->err);
    }
    if (poll(ends, 2, 1000) <= 0)
        return;
    if (self->out_fd >= 0 && ends[0].revents != 0)
        take(&self->out_fd, &self->out, &self->out_length);
    if (self->err_fd >= 0 && ends[1].revents != 0)
        take(&self->err_fd, &self->err, &self->err_length);
}

static void wait_for(run *self, char *const *written, const int *end, const char *text)
{
    while (strstr(*written, text) == NULL && *end >= 0)
        pump(self);
    run_expect_in(self, *written, text);
}

void run_wait_for(run *self, const char *text)
{
    wait_for(self, &self->out, &self->out_fd, text);
}

void run_wait_for_err(run *self, const char *text)
{
    wait_for(self, &self->err, &self->err_fd, text);
}

void run_finish(run *self)
{
    int status = 0;

    while (self->out_fd >= 0 || self->err_fd >= 0)
        pump(self);
    while (waitpid(self->pid, &status, 0) < 0)
        ck_assert_int_eq(errno, EINTR);
    self->seconds = clock_seconds() - self->begun;
    self->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    self->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ck_assert_msg(self->code != 126, "plexus %s: cannot be started", self->line);
}

run *run_line(const run_options *options, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    run *made = start(options, format, arguments);
    va_end(arguments);
    run_finish(made);
    return made;
}

void run_free(run *self)
{
    if (self == NULL)
        return;
    free(self->out);
    free(self->err);
    free(self->line);
    free(self);
}

/* ---- expectations ---------------------------------------------------------------------------- */

void run_expect(const run *self, int code)
{
    ck_assert_msg(self->code == code,
                  "plexus %s: exit code %d, signal %d; expected the code %d\n%.2000s%.2000s",
                  self->line, self->code, self->signal, code, self->out, self->err);
}

void run_expect_signal(const run *self, int signal)
{
    ck_assert_msg(self->signal == signal,
                  "plexus %s: exit code %d, signal %d; expected the signal %d\n%.2000s%.2000s",
                  self->line, self->code, self->signal, signal, self->out, self->err);
}

void run_expect_error(const run *self, int code, const char *err)
{
    ck_assert_msg(strcmp(self->err, err) == 0,
                  "plexus %s: stderr is\n%.2000s\nexpected was\n%.2000s", self->line, self->err,
                  err);
    run_expect(self, code);
    ck_assert_str_eq(self->out, "");
}

void run_expect_in(const run *self, const char *written, const char *text)
{
    ck_assert_msg(strstr(written, text) != NULL, "plexus %s: no '%s' in\n%.3000s", self->line, text,
                  written);
}

void run_well(const run_options *options, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    run *made = start(options, format, arguments);
    va_end(arguments);
    run_finish(made);
    run_expect(made, 0);
    run_free(made);
}

/* ---- processes ------------------------------------------------------------------------------- */

/* Whether /proc/PID/NAME holds the text; the words of a command line end with NULs, as spaces here. */
static bool proc_holds(const char *pid, const char *name, const char *text)
{
    char path[64], bytes[8192];

    snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t length = file < 0 ? 0 : read(file, bytes, sizeof(bytes) - 1);
    if (file >= 0)
        close(file);
    for (ssize_t i = 0; i < length; i++)
        if (bytes[i] == '\0')
            bytes[i] = ' ';
    bytes[length > 0 ? length : 0] = '\0';
    return strstr(bytes, text) != NULL;
}

/* How many have it, but for this one; each is sent `signal` unless that is 0. A zombie has no command
 * line anymore. */
static int count_processes(const char *text, int signal)
{
    DIR *list = opendir("/proc");
    int count = 0;

    ck_assert_ptr_nonnull(list);
    for (struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        const pid_t pid = (pid_t)atol(entry->d_name);
        if (pid <= 0 || pid == getpid() || !proc_holds(entry->d_name, "cmdline", text))
            continue;
        count++;
        if (signal != 0)
            kill(pid, signal);
    }
    closedir(list);
    return count;
}

void run_expect_no_process(const char *text)
{
    const double begun = clock_seconds();

    while (count_processes(text, 0) > 0 && clock_seconds() - begun < 10)
        usleep(2000);
    const int left = count_processes(text, SIGKILL);
    ck_assert_msg(left == 0, "%d processes went on with '%s'", left, text);
}
