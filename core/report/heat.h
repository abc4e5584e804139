/* heat.h: a heat map: rows by columns, one figure a cell, on a scale from dark to bright (viridis)
 * that is the same for all maps of one figure. Brighter is better, whichever way the figure goes.
 * The figure stands in its cell, in black or white, whichever can be read there; what else there
 * is to say of a cell stands below it, so that nothing depends on colour alone. */
#ifndef REPORT_HEAT_H
#define REPORT_HEAT_H

#include <stdbool.h>
#include <stddef.h>

#include "report/html.h"

typedef struct heat_cell {
    const char *label;   /* what it is, for those who point at it                                */
    double value;        /* NaN: nothing is known; infinite: failures decide                     */
    size_t runs, wanted; /* how many there are and how many there will be                        */
    size_t failures;     /* of runs                                                              */
    const char *skipped; /* why it is not run; NULL: it is                                       */
    const char *same_as; /* the label of a cell that came to the same; NULL: none did            */
} heat_cell;

/* Colours of a figure. Taken from all cells of all maps that share it, then settled; what was
 * met is kept for the legend. */
typedef struct heat_scale {
    const char *name; /* of the figure                                                           */
    bool low_is_better;
    bool log; /* set by heat_scale_settle where figures above 0 span more than two decades       */
    double lo, hi;
    size_t wanted; /* runs of a cell                                                            */
    double widest; /* text of a figure, in units of the picture                                 */
    bool skipped, failed, unfinished, same, empty; /* met                                        */
} heat_scale;

heat_scale heat_scale_of(const char *name, bool low_is_better);
void heat_scale_take(heat_scale *scale, const heat_cell *cell);
void heat_scale_settle(heat_scale *scale);
/* From 0, the worst, to 1, the best. */
double heat_share(const heat_scale *scale, double value);
/* Black or white, 0xRRGGBB: what contrasts with `colour` more, by WCAG 2's relative luminance at
 * least 4.5 to 1. */
unsigned heat_ink(unsigned colour);

typedef struct heat {
    const char *title;
    const char *row_label, *column_label; /* NULL: none                                          */
    const char *const *row, *const *column;
    size_t rows, columns;
    const heat_cell *cell; /* cell[row * columns + column]                                       */
    const heat_scale *scale;
} heat;

/* The scale's colours and what the marks in cells mean. */
void heat_legend(html *page, const heat_scale *scale);
void heat_picture(html *page, const heat *heat);
/* Title and picture; its numbers are the caller's to give, one table for all maps of a scale. */
void heat_figure(html *page, const heat *heat);

#endif
