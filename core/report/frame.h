/* frame.h: what every plot stands in: two axes with ticks, a grid, labels, and a rectangle that
 * what is drawn is cut to. Lengths are units of the picture's own; it is scaled to the width there
 * is, and its texts are 12 units high, which stays readable where a narrow screen makes a unit a
 * little less than a pixel. */
#ifndef REPORT_FRAME_H
#define REPORT_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "report/html.h"

enum { FRAME_TICKS = 16, FRAME_COLOURS = 8 };

typedef struct frame_axis {
    const char *label; /* NULL: none                                                             */
    bool log;
    double lo, hi; /* finite, lo < hi; for a logarithmic axis above 0                           */
} frame_axis;

typedef struct frame {
    double width, height;            /* of the picture                                           */
    double left, top, right, bottom; /* of the rectangle                                         */
    frame_axis x, y;
    unsigned clip; /* the id of the rectangle's clip path                                        */
    bool fixed;    /* shown at its own size, in a box that scrolls, and not stretched            */
} frame;

/* Makes an axis fit values: those that it cannot show (not finite, or not above 0 on a logarithmic
 * axis) are left out. Start with lo = INFINITY, hi = -INFINITY; frame_axis_settle then widens what
 * is empty or has no extent, and leaves a little room at both ends if `room`. */
void frame_axis_take(frame_axis *axis, double value);
void frame_axis_settle(frame_axis *axis, bool room);

/* Where an axis has ticks: at most FRAME_TICKS values from lo to hi, rising; about `about` of them,
 * at least two where the axis has room for them. Steps are 1, 2 or 5 times a power of ten; on a
 * logarithmic axis that spans at least a decade ticks stand at powers of ten, then perhaps at twice
 * and five times these. */
size_t frame_ticks(const frame_axis *axis, size_t about, double ticks[FRAME_TICKS]);
/* The text of one of them, with as many digits as tell it from the others. */
char *frame_tick_text(char buffer[32], const frame_axis *axis, const double *ticks, size_t count,
                      size_t index);

/* Opens the picture: title and description for those who cannot see it, grid, ticks, labels; what
 * is drawn until frame_close is cut to the rectangle. `width`, `height`, `x` and `y` are filled in
 * before. */
void frame_open(html *page, frame *frame, const char *title, const char *description, bool grid);
void frame_close(html *page);

/* What frame_open is made of, for pictures with other axes: the picture alone, the horizontal axis
 * (`left`, `right`, `top` and `bottom` are filled in before), the rectangle that cuts. */
void frame_begin(html *page, const frame *frame, const char *title, const char *description);
void frame_horizontal(html *page, const frame *frame, bool grid);
void frame_cut(html *page, frame *frame);
void frame_uncut(html *page);
void frame_end(html *page, const frame *frame);
/* A text; `anchor` is "start", "middle" or "end", `look` a class or "". One that is wider than
 * `room` is cut, and is there as a whole when it is pointed at. */
void frame_text(html *page, double x, double y, const char *anchor, const char *look,
                const char *string, double room);

/* Where a value lies, never NaN and never beyond what a picture can say. */
double frame_x(const frame *frame, double value);
double frame_y(const frame *frame, double value);
/* The width of a text of 12 units' height, a little more than it is. */
double frame_text_width(const char *string);

/* The dashes of line number i, "none" for the first; lines differ by more than their colour. */
const char *frame_dashes(size_t index);

#endif
