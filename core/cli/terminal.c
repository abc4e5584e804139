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

enum { LEAST_BAR = 4, MOST_BAR = 40 };

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int terminal_columns(int descriptor, int otherwise)
{
    struct winsize size;

    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return otherwise;
}

/* Two columns are for the "^C" that a terminal shows behind the cursor, and which would else break
 * the line, half of which would then stay. */
static int width_of_line(void)
{
    return terminal_columns(STDERR_FILENO, 80) - 2;
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
    const int width = width_of_line();
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

/* How long a bar may be between the two; below LEAST_BAR there is none. */
static int room_for_bar(const char *left, const char *right, int width)
{
    const int room = width - 1 - (int)strlen(left) - (int)strlen(right) - 2;

    return room > MOST_BAR ? MOST_BAR : room;
}

/* The words alone, cut where the terminal ends. */
static int format_words(const char *words, int width, char *line, int size)
{
    return snprintf(line, (size_t)size, "%.*s", width > 1 ? width - 1 : 0, words);
}

/* "LEFT[###...]RIGHT", in at most `width` columns. */
static int format_line(const char *left, const char *right, double done, double all, int width,
                       char *line, int size)
{
    const int room = room_for_bar(left, right, width);

    if (room < LEAST_BAR)
        return format_words(left, width, line, size);
    const int filled = all > 0 ? (int)(done * room / all) : 0;
    int at = snprintf(line, (size_t)size, "%s[", left);
    for (int i = 0; i < room && at < size - 1; i++)
        line[at++] = i < filled ? '#' : '.';
    return at + snprintf(line + at, (size_t)(size - at), "]%s", right);
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
    return format_line(left, right, (double)done, (double)all, width, line, size);
}

/* What a narrow terminal has no room for is left out: how many are running, the leader, the bar, and
 * then words from the right. */
int terminal_format_runs(const runs_state *state, int width, char *line, int size)
{
    char left[64], right[3][384], words[3][96], eta[32];

    format_duration(state->eta, eta, sizeof(eta));
    snprintf(left, sizeof(left), "%zu/%zu runs ", state->done, state->all);
    snprintf(right[0], sizeof(right[0]), " %zu running, %zu failed  ETA %s%s", state->running,
             state->failed, eta, state->leader);
    snprintf(right[1], sizeof(right[1]), " %zu failed  ETA %s%s", state->failed, eta,
             state->leader);
    snprintf(right[2], sizeof(right[2]), " %zu failed  ETA %s", state->failed, eta);
    for (size_t i = 0; i < 3; i++)
        if (room_for_bar(left, right[i], width) >= LEAST_BAR)
            return format_line(left, right[i], (double)state->done, (double)state->all, width, line,
                               size);

    snprintf(words[0], sizeof(words[0]), "%zu/%zu runs, %zu failed, ETA %s", state->done,
             state->all, state->failed, eta);
    snprintf(words[1], sizeof(words[1]), "%zu/%zu runs, %zu failed", state->done, state->all,
             state->failed);
    snprintf(words[2], sizeof(words[2]), "%zu/%zu runs", state->done, state->all);
    size_t form = 0;
    while (form < 2 && (int)strlen(words[form]) >= width)
        form++;
    return format_words(words[form], width, line, size);
}

/* Whether it is time to draw a bar again; then it counts as drawn. */
static bool is_due(terminal *terminal)
{
    const int64_t time = now();

    if (!terminal->bar ||
        (terminal->drawn_at != 0 && time - terminal->drawn_at < redraw_nanoseconds))
        return false;
    terminal->drawn = true;
    terminal->drawn_at = time;
    return true;
}

void terminal_runs(terminal *terminal, const runs_state *state)
{
    char line[512];

    if (!is_due(terminal))
        return;
    terminal_format_runs(state, width_of_line(), line, sizeof(line));
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
}

void terminal_bar(terminal *terminal, const bar_state *state)
{
    char line[512];

    if (!is_due(terminal))
        return;
    terminal_format_bar(state, width_of_line(), line, sizeof(line));
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
}
