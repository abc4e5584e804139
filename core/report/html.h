/* html.h: one self-contained page, written from top to bottom into a text: one small style sheet,
 * no script, nothing fetched, light or dark as the reader's system is, and fit to be printed on
 * A4. What is written is well-formed XML as well as HTML. Every string is escaped here, so callers
 * pass plain text and never markup. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "support/text.h"

typedef struct html {
    text *out;
    unsigned ids; /* handed out so far: an id is unique in its page                              */
} html;

/* Begins a page in `out`, and ends it. An out of memory sticks in out->failed. */
void html_open(html *page, text *out, const char *title);
void html_close(html *page);
/* The next id: "n1", "n2", ... */
unsigned html_id(html *page);

/* `string` as text or as the value of an attribute. What is no UTF-8, and control characters
 * that a page may not hold, become U+FFFD. NULL is nothing. */
void html_escape(text *out, const char *string);

/* A number as people read it: at most `digits` significant digits, no zeroes that say nothing:
 * "0.1", "1e-4", "25", "1.5e9"; "inf", "-inf", and "nan" for NaN. Returns the buffer. */
char *html_number(char buffer[32], double value, int digits);

/* level 1 (the page's title, once) to 4 */
void html_heading(html *page, int level, const char *string);
void html_paragraph(html *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A paragraph that stands out: the verdict. */
typedef enum { HTML_NEUTRAL, HTML_GOOD, HTML_BAD, HTML_WARNING } html_tone;
void html_verdict(html *page, html_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A remark, beside the verdict: in its tone, but quieter. */
void html_note(html *page, html_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Several lines in a fixed-width font, as they stand: formulas, commands. */
void html_code(html *page, const char *string);

/* A list of terms, each with what belongs to it. */
void html_terms_open(html *page);
void html_term(html *page, const char *term, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void html_terms_close(html *page);

/* A table: its caption (NULL: none) and column titles; then rows of cells, one cell a column. */
void html_table_open(html *page, const char *caption, const char *const *titles, size_t columns);
void html_row_open(html *page);
void html_cell(html *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A cell of a sentence or more, which is given the room that takes; `code`, unless it is NULL,
 * stands below it in a fixed-width font. */
void html_cell_wide(html *page, const char *string, const char *code);
void html_cell_code(html *page, const char *string);
/* The cell that names its row. */
void html_cell_head(html *page, const char *string);
void html_cell_number(html *page, double value, int digits); /* NaN: a dash                       */
/* One that says how something ended, as a coloured word. */
void html_cell_tone(html *page, html_tone tone, const char *string);
void html_row_close(html *page);
void html_table_close(html *page);

/* Several figures side by side where there is room. */
void html_gallery_open(html *page);
void html_gallery_close(html *page);
/* The same for figures that have a width of their own. */
void html_shelf_open(html *page);
void html_shelf_close(html *page);
/* A figure: first its caption, then its picture, then perhaps details. */
void html_figure_open(html *page);
void html_caption(html *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void html_figure_close(html *page);
/* What a reader may open: the numbers under a plot. */
void html_details_open(html *page, const char *summary);
void html_details_close(html *page);

#endif
