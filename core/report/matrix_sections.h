/* matrix_sections.h: the parts that matrix_page.h is made of, in their order on the page, and what
 * they share. Each writes a heading of its own and what belongs below it; one that has nothing to
 * show says so in a sentence, or leaves itself out where there was nothing to be expected.
 *
 * A page stays of a size that can be read whatever the matrix: how many rows a table has and how
 * many pictures there are is limited, and what is left out is counted. */
#ifndef REPORT_MATRIX_SECTIONS_H
#define REPORT_MATRIX_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "matrix/analysis.h"
#include "report/html.h"

enum {
    MATRIX_MOST_ROWS = 1000,    /* of a table                                                    */
    MATRIX_MOST_FAILURES = 200, /* of the ledger                                                 */
    MATRIX_MOST_PANELS = 60,    /* pictures of a section                                         */
    MATRIX_MOST_LINES = 16,     /* of a plot                                                     */
};

void matrix_verdict(html *page, const analysis *analysis);
void matrix_protocol(html *page, const analysis *analysis);
void matrix_treatments(html *page, const analysis *analysis);
void matrix_cells(html *page, const analysis *analysis);
void matrix_targets(html *page, const analysis *analysis);
void matrix_sensitivity(html *page, const analysis *analysis);
void matrix_curves(html *page, const analysis *analysis);
void matrix_pairs(html *page, const analysis *analysis);
void matrix_failures(html *page, const analysis *analysis, const char *folder);
void matrix_skipped(html *page, const analysis *analysis);
void matrix_provenance(html *page, const analysis *analysis);

/* ---- shared ---------------------------------------------------------------------------------- */

/* What the treatments are values of: "optimizer"; "treatment" where nothing is compared. */
const char *matrix_compared(const analysis *analysis);
bool matrix_low_is_better(metric metric);
/* The one figure that every problem is measured by, or NULL where they differ. */
const metric_name_at *matrix_common_metric(const analysis *analysis);
/* The level of confidence as a percentage: "95" */
char *matrix_confidence(char buffer[32], const analysis *analysis);
/* "0.934 [0.921, 0.947]"; a dash where nothing is known. */
void matrix_cell_interval(html *page, double value, statistics_interval ci, int digits);
/* A cell of a table: a number, or `word` where it is infinite. */
void matrix_cell_or(html *page, double value, int digits, const char *word);
/* Rising; none is NaN. */
void matrix_sort(double *numbers, size_t count);
/* "1 run", "2 runs" */
typedef struct matrix_count {
    char bytes[64];
} matrix_count;
matrix_count matrix_counted(size_t count, const char *noun);
/* Warns, where a loss is shown and loss functions are varied, that they have no scale in common. */
void matrix_note_losses(html *page, const analysis *analysis);
/* Says how many of `count` are not shown, if any. */
void matrix_rest(html *page, size_t count, size_t shown, const char *noun);

#endif
