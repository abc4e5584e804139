/* intervals.h: estimates with their intervals, one a row: a dot, a whisker, the number. */
#ifndef REPORT_INTERVALS_H
#define REPORT_INTERVALS_H

#include <stddef.h>

#include "report/html.h"

typedef struct interval_row {
    const char *name;
    double value;  /* not finite: no dot, and `why` in its place                                  */
    double lo, hi; /* NaN: no whisker                                                            */
    const char *why;
    size_t colour; /* of lines, as in plots                                                      */
} interval_row;

typedef struct intervals {
    const char *title;
    const char *label; /* of the axis                                                            */
    const interval_row *row;
    size_t count;
    const char *mark_label; /* a vertical line at `mark`, said in the legend; NULL: none          */
    double mark;
} intervals;

/* Title, picture, and the numbers to be opened. */
void intervals_figure(html *page, const intervals *intervals);
void intervals_picture(html *page, const intervals *intervals);
void intervals_table(html *page, const intervals *intervals);

#endif
