/* terminal.c: see terminal.h. */
#include "cli/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const int64_t redraw_nanoseconds = 100 * 1000 * 1000;

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int width_of_terminal(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void terminal_open(terminal *terminal)
{
    const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
    const bool dumb = kind == NULL || *kind == '\0' || strcmp(kind, "dumb") == 0;

    memset(terminal, 0, sizeof(*terminal));
    terminal->bar = isatty(STDERR_FILENO) == 1 && !dumb;
    terminal->colour = terminal->bar && (no_colour == NULL || *no_colour == '\0');
}

void terminal_clear(terminal *terminal)
{
    if (!terminal->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    terminal->drawn = false;
}

static void log_to_terminal(void *context, log_level level, const char *text)
{
    terminal *t = context;

    terminal_clear(t);
    if (level == LOG_WARNING)
        fprintf(stderr, "%swarning:%s %s\n", t->colour ? "\033[33m" : "",
                t->colour ? "\033[0m" : "", text);
    else
        fprintf(stderr, "%s\n", text);
}

logger terminal_logger(terminal *terminal)
{
    const logger log = {.line = log_to_terminal, .context = terminal};

    return log;
}

void terminal_line(terminal *terminal, const char *format, ...)
{
    va_list arguments;

    terminal_clear(terminal);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void terminal_words(terminal *terminal, const char *format, ...)
{
    const int width = width_of_terminal();
    char line[512];
    va_list arguments;

    if (!terminal->bar)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    fprintf(stderr, "\r%.*s\033[K", width > 1 ? width - 1 : 0, line);
    fflush(stderr);
    terminal->drawn = true;
}

/* "1:02", "2:03:04", or "-" when unknown. */
static void format_duration(double seconds, char *out, size_t size)
{
    if (!(seconds >= 0 && seconds <= 1e7)) {
        snprintf(out, size, "-");
        return;
    }
    const long s = (long)(seconds + 0.5);
    if (s >= 3600)
        snprintf(out, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(out, size, "%ld:%02ld", s / 60, s % 60);
}

const char *terminal_format_rate(double rate, char buffer[16])
{
    static const char *const units[] = {"", "k", "M", "G"};
    int unit = 0;

    while (unit < 3 && rate >= 999.5) {
        rate /= 1000;
        unit++;
    }
    snprintf(buffer, 16, "%.3g%s", rate, units[unit]);
    return buffer;
}

int terminal_format_bar(const bar_state *state, int width, char *line, int size)
{
    char left[64], right[128], eta[32], rate[16];
    const int64_t done = (state->epoch - 1) * state->batches + state->batch;
    const int64_t all = state->epochs * state->batches;

    format_duration(state->eta, eta, sizeof(eta));
    snprintf(left, sizeof(left), "epoch %lld/%lld ", (long long)state->epoch,
             (long long)state->epochs);
    snprintf(right, sizeof(right), " loss %.4g  %s rows/s  ETA %s", state->loss,
             terminal_format_rate(state->samples_per_second, rate), eta);

    int room = width - 1 - (int)strlen(left) - (int)strlen(right) - 2;
    if (room > 40)
        room = 40;
    if (room < 4) /* too narrow for a bar: the words alone, cut */
        return snprintf(line, (size_t)size, "%.*s", width > 1 ? width - 1 : 0, left);
    const int filled = all > 0 ? (int)(done * room / all) : 0;
    int at = snprintf(line, (size_t)size, "%s[", left);
    for (int i = 0; i < room && at < size - 1; i++)
        line[at++] = i < filled ? '#' : '.';
    return at + snprintf(line + at, (size_t)(size - at), "]%s", right);
}

void terminal_bar(terminal *terminal, const bar_state *state)
{
    const int64_t time = now();
    char line[512];

    if (!terminal->bar)
        return;
    if (terminal->drawn_at != 0 && time - terminal->drawn_at < redraw_nanoseconds)
        return;
    terminal_format_bar(state, width_of_terminal(), line, sizeof(line));
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    terminal->drawn = true;
    terminal->drawn_at = time;
}
