/* summary_internal.h: what the summaries for people share: a table, filled once and laid out by
 * each, and how many cells and runs there are. */
#ifndef MATRIX_SUMMARY_INTERNAL_H
#define MATRIX_SUMMARY_INTERNAL_H

#include "matrix/summary.h"

/* A table; zero-initialise it. The first row holds the titles. */
typedef struct grid {
    char **cell; /* cell[row * columns + column]                                                 */
    size_t columns, count, capacity;
    bool failed;
} grid;

/* Adds a cell, row by row; takes the text over. */
void grid_add(grid *grid, text *cell);
void grid_clear(grid *grid);
/* Treatments from best to worst. */
void grid_of_treatments(const analysis *analysis, grid *grid);

size_t summary_cells(const analysis *analysis, cell_state state);
size_t summary_gates_passed(const analysis *analysis);
/* "600 of 600 final runs, 58 of 60 cells done, 2 of 3 gates hold, 4 cells skipped" */
void summary_counts(const analysis *analysis, text *out);
/* "diverged at step 31: ..", "crashed of signal 11 at step 0" */
void summary_failure(const analysis_failure *failure, text *out);

#endif
