/* plot.h: lines over two axes, as an inline picture. Its legend is text above the picture, which
 * wraps as the width has it and never lies on the data; its numbers are a table below it. */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "report/html.h"

/* Points in order of x. What is not finite is a gap; on a logarithmic axis what is not above 0 lies
 * on the axis' low end. */
typedef struct plot_series {
    const char *name;
    const double *x, *y;
    const double *lo, *hi; /* a band about the line; NULL: none                                  */
    size_t count;
    bool markers; /* at the points                                                               */
    bool apart;   /* markers alone, no line between them                                          */
    bool steps;   /* a value holds until the next point, where it jumps: shares, counts           */
} plot_series;

/* A stretch of the horizontal axis that is shaded. */
typedef struct plot_zone {
    double from, to; /* may be infinite                                                          */
    const char *label; /* in the legend; NULL: it is one more of those before                     */
} plot_zone;

/* lo == hi: from the data */
typedef struct plot_axis {
    const char *label;
    bool log;
    double lo, hi;
} plot_axis;

typedef struct plot {
    const char *title;
    const char *description; /* a sentence for those who cannot see it; NULL: made of the names  */
    plot_axis x, y;
    const plot_series *series;
    size_t series_count;
    const plot_zone *zones;
    size_t zone_count;
    double width, height; /* 0: 400 x 270                                                        */
} plot;

/* The figure: title as its caption, legend, picture, and the numbers to be opened. */
void plot_figure(html *page, const plot *plot);
/* Its parts. Of more than 200 points a table has every second, third, ... */
void plot_legend(html *page, const plot *plot);
void plot_picture(html *page, const plot *plot);
void plot_table(html *page, const plot *plot);

#endif
