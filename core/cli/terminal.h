/* terminal.h: what a person sees on stderr while a run goes on: log lines, and a progress bar
 * where stderr is a terminal. The bar is one line, redrawn at most ten times a second and cut to
 * the terminal's width. Colour only on a terminal and without NO_COLOR. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/log.h"

typedef struct terminal {
    bool bar; /* draw it                                                                  */
    bool colour;
    bool drawn;       /* a bar stands on the current line                                         */
    int64_t drawn_at; /* monotonic nanoseconds of the last drawing                               */
} terminal;

/* What a bar shows. */
typedef struct bar_state {
    int64_t epoch, epochs, batch, batches;
    double loss, lr;
    double eta; /* seconds; negative: unknown                                                    */
    double samples_per_second;
} bar_state;

/* What the bar of many runs shows. */
typedef struct runs_state {
    size_t done, all, failed, running;
    double eta;         /* seconds; negative: unknown                                            */
    const char *leader; /* a few words behind it, or ""                                          */
} runs_state;

/* Looks at stderr and NO_COLOR; no bar yet. */
void terminal_open(terminal *terminal);
/* How wide the terminal behind a descriptor is; `otherwise` where there is none. */
int terminal_columns(int descriptor, int otherwise);
/* A logger that writes lines to stderr above the bar; borrows the terminal. */
logger terminal_logger(terminal *terminal);
/* A line on stderr above the bar, without level. */
void terminal_line(terminal *terminal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Words in place of the bar, cut to the terminal's width. */
void terminal_words(terminal *terminal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void terminal_bar(terminal *terminal, const bar_state *state);
void terminal_runs(terminal *terminal, const runs_state *state);
/* Removes the bar. */
void terminal_clear(terminal *terminal);
/* "950", "36.2k", "2.7M": a number in at most three digits; returns the buffer. */
const char *terminal_format_rate(double rate, char buffer[16]);
/* The bar's text in at most `width` columns; for the tests too. Returns its length. */
int terminal_format_runs(const runs_state *state, int width, char *line, int size);
int terminal_format_bar(const bar_state *state, int width, char *line, int size);

#endif
