/* contour.h: a function of two variables as nested contours, and paths over it: where optimizers
 * went, from a start towards a minimum. */
#ifndef REPORT_CONTOUR_H
#define REPORT_CONTOUR_H

#include <stdbool.h>
#include <stddef.h>

#include "report/html.h"

enum { CONTOUR_PATHS = 6, CONTOUR_LEVELS = 32 };

/* A path ends before its first point that is not finite. */
typedef struct contour_path {
    const char *name;
    const double *x, *y;
    size_t count;
} contour_path;

typedef struct contour {
    const char *title;
    const char *description; /* NULL: made of the names                                          */
    const char *x_label, *y_label;
    double lo[2], hi[2]; /* of x and of y                                                        */
    /* field[row * columns + column], the value at x = lo[0] + column * (hi[0] - lo[0]) / (columns -
     * 1), y likewise by rows; at least 2 x 2. What is not finite counts as very large. */
    const double *field;
    size_t columns, rows;
    double base;   /* what the levels are measured from: the function's minimum                   */
    size_t levels; /* at most CONTOUR_LEVELS; 0: 12                                              */
    bool filled;   /* areas from dark to light; else lines                                       */
    const contour_path *paths; /* at most CONTOUR_PATHS are drawn, the first on top               */
    size_t path_count;
    const double *minimum; /* a cross at x, y; NULL: none                                         */
} contour;

/* The figure: title as its caption, legend, picture, and the paths' ends to be opened. */
void contour_figure(html *page, const contour *contour);
void contour_legend(html *page, const contour *contour);
void contour_picture(html *page, const contour *contour);
/* Start, end, number of points and the value at the end (by interpolation) of each path. */
void contour_table(html *page, const contour *contour);

/* The levels that will be drawn, rising; even steps of log(value - base) from a little above the
 * least to a little below the largest value there is. Returns how many: none if the field is
 * constant. */
size_t contour_levels(const contour *contour, double levels[CONTOUR_LEVELS]);
/* The colour at t, from 0 to 1, of the viridis map as 0xRRGGBB. */
unsigned contour_colour(double t);

#endif
