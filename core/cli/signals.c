/* signals.c: see signals.h. A signal handler can reach nothing but a global: the one here holds the
 * signal's number. */
#include "cli/signals.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "support/error.h"
#include "support/sandbox.h"

static volatile sig_atomic_t caught;

/* A second signal, of either kind, ends the program at once. */
static void on_signal(int number)
{
    if (caught != 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    caught = number;
}

const volatile sig_atomic_t *signals_flag(void)
{
    return &caught;
}

/* Handlers get a stack of their own, as where a plug-in or a library has the stack pointer is not for
 * us to know. Only the calling thread takes signals; the pool's workers block them. */
static bool use_own_stack(void)
{
    static char handler_stack[1 << 16];
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};

    return sigaltstack(&stack, NULL) == 0;
}

void signals_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, before;

    sigemptyset(&action.sa_mask);
    if (use_own_stack()) {
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup */
            sigaction(SIGHUP, &action, NULL);
    }
}

/* --- files --- */

/* The number that hexadecimal digits are; *text is moved behind them. */
static uintptr_t take_hex(const char **text)
{
    uintptr_t number = 0;

    for (;; ++*text) {
        const char c = **text;
        if (c >= '0' && c <= '9')
            number = number << 4 | (uintptr_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            number = number << 4 | (uintptr_t)(c - 'a' + 10);
        else
            return number;
    }
}

/* The path of the file that a line of /proc/self/maps says is mapped at the address, or NULL:
 *     7f2c3e000000-7f2c3f000000 r--p 00000000 fe:00 1234       /data/x.idx */
static const char *path_in_line(const char *line, uintptr_t address)
{
    const uintptr_t begin = take_hex(&line);
    const uintptr_t end = *line == '-' ? (line++, take_hex(&line)) : 0;

    return address >= begin && address < end ? strchr(line, '/') : NULL;
}

/* What is mapped at the address, by the kernel's own list; a line that does not fit into `line` is
 * cut. NULL if it is no file. Nothing here but system calls: the program may be anywhere. */
static const char *mapped_file(uintptr_t address, char *line, size_t size)
{
    const int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    const char *path = NULL;
    char chunk[4096];
    size_t length = 0;
    ssize_t n;

    while (path == NULL && maps >= 0 && (n = read(maps, chunk, sizeof(chunk))) > 0)
        for (ssize_t i = 0; path == NULL && i < n; i++) {
            if (chunk[i] != '\n') {
                line[length] = chunk[i];
                length += length + 1 < size ? 1 : 0;
                continue;
            }
            line[length] = '\0';
            length = 0;
            path = path_in_line(line, address);
        }
    if (maps >= 0)
        close(maps);
    return path;
}

static void complain(const char *words)
{
    sandbox_write(STDERR_FILENO, words, strlen(words));
}

/* Anything else is what it would be without this handler, which is gone by now. */
static void on_lost_file(int number, siginfo_t *info, void *context)
{
    char line[8192];
    const char *path = info->si_code == BUS_ADRERR
                           ? mapped_file((uintptr_t)info->si_addr, line, sizeof(line))
                           : NULL;

    (void)context;
    if (path == NULL) {
        raise(number);
        return;
    }
    complain(path);
    complain(": was cut short, or could not be read, while it was in use; restore it and begin "
             "again (a run: resume it)\n");
    _exit(ERROR_DATA);
}

void signals_watch_files(void)
{
    struct sigaction action = {.sa_sigaction = on_lost_file,
                               .sa_flags = SA_ONSTACK | SA_SIGINFO | (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    if (use_own_stack())
        sigaction(SIGBUS, &action, NULL);
}
