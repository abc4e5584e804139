/* filled.h: stores with made-up cells and runs. Run number n is the same wherever it is made: its
 * identity, its figures and its entry follow from n alone. */
#ifndef TESTS_MATRIX_FILLED_H
#define TESTS_MATRIX_FILLED_H

#include "matrix/store.h"

/* Cells "iris sgd", "iris adam", "digits sgd", "digits adam", the last one skipped. */
enum { FILLED_CELLS = 4, FILLED_RUN_CELLS = 3 };
extern const char *const filled_label[FILLED_CELLS];

/* A new folder with a store open for writing, its axis and its cells set. */
store *filled_new(char **folder);
store *filled_open(const char *folder, bool write); /* what is there; fails the test if it cannot */
void filled_set_plan(store *store);

/* 64 digits that are like no other number's from the first on, mostly. */
void filled_identity(char identity[65], unsigned n);
/* Of the run n, with a curve of so many epochs; run_record_clear it. */
void filled_record(run_record *record, unsigned n, size_t epochs);
/* Entries walk through the seeds of a cell, then through the cells that are run. */
store_entry filled_entry(unsigned n);
/* Adds the run and its entry in one transaction. */
bool filled_add(store *store, unsigned n, size_t epochs, plx_error *error);

/* The number that a query of the file results.sqlite answers, asked by a connection of its own. */
long long filled_count(const char *folder, const char *sql);
/* The same as text, "|" between columns and a line end behind rows; a new string. */
char *filled_query(const char *folder, const char *sql);
/* Runs statements. */
void filled_exec(const char *folder, const char *sql);

#endif
