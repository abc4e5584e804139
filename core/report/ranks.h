/* ranks.h: a critical-difference diagram (Demsar 2006): mean ranks on an axis, the best on the
 * left, and a bar over those that the test does not tell apart. */
#ifndef REPORT_RANKS_H
#define REPORT_RANKS_H

#include <stddef.h>

#include "report/html.h"

typedef struct ranks {
    const char *title;
    const char *const *name;
    const double *mean_rank;  /* of each, from 1 to count                                         */
    const size_t *order;      /* from the best to the worst                                       */
    size_t count;             /* two or more                                                      */
    const size_t (*group)[2]; /* first and last, as positions in that order                       */
    size_t group_count;
    double critical_difference;
} ranks;

/* Title, picture, and the numbers to be opened. */
void ranks_figure(html *page, const ranks *ranks);
void ranks_picture(html *page, const ranks *ranks);
void ranks_table(html *page, const ranks *ranks);

#endif
