/* export.h: the entries of a matrix as one table, for spreadsheets and scripts: a row or an
 * object an entry of a current cell, in the order of store_visit.
 *
 * Columns, the same in both: cell, problem; for each axis its path, with the cell's label;
 * phase, trial, seed; for each searched setting its path, with the run's value; status, reason,
 * signal, epochs, steps, evaluations, parameters, state_bytes, peak_memory, seconds, best_epoch,
 * last_train_loss; test_, val_ and train_ figures that at least one of the runs has; weights,
 * identity. What there is not, or is not finite, is an empty field or null.
 *
 * CSV has a line of names first, fields quoted as in RFC 4180 where they need it, and lines that
 * end with \n. JSONL is one object a line, UTF-8: bytes that are none are shown as \xNN. There,
 * axes' labels are strings, values of settings are numbers where they are finite ones, and a
 * seed beyond 2^63 - 1 is a string, as in the database. */
#ifndef MATRIX_EXPORT_H
#define MATRIX_EXPORT_H

#include <stdbool.h>

#include "matrix/store.h"
#include "support/error.h"

/* To a file, which is replaced as a whole; NULL: to standard output. All rows are of one moment, so
 * not between store_begin and store_commit. */
bool export_csv(store *store, const char *path, plx_error *error);
bool export_jsonl(store *store, const char *path, plx_error *error);

#endif
