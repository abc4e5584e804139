/* store.h: the results of a matrix in one SQLite file, results.sqlite, which the user's own
 * tools may query while it grows. One process writes (a lock beside the file sees to that), in
 * WAL mode; each commit is whole or not there, whenever the process dies.
 *
 * A run is known by its identity, the SHA-256 of all that decides its bits; it stands in `runs`
 * once, however many cells come to the same thing. An entry says which cell, phase, trial and
 * seed a run was the answer to. The tables and views are described in docs/matrix.md. */
#ifndef MATRIX_STORE_H
#define MATRIX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "matrix/record.h"
#include "support/error.h"
#include "support/text.h"

typedef struct store store;

/* Opens DIR/results.sqlite. With `write` takes the lock of the folder (ERROR_USAGE if another
 * process has it; a process must not open a folder for writing twice), and with `create`, too,
 * makes what is not there, DIR included. A file that is no database of this kind, of a newer
 * schema, or damaged (PRAGMA quick_check, when it is to be written) is ERROR_DATA with what to
 * do, and is left as it is. A reader needs no lock and no folder that can be written to.
 *
 * A store belongs to one process and one thread at a time: a forked child must not touch it, nor
 * close it. */
store *store_open(const char *folder, bool create, bool write, plx_error *error);
/* Takes back what is not committed. Behind a writer only results.sqlite remains, unless somebody
 * still reads it. NULL is fine. */
void store_close(store *store);

/* What is written between these is there as a whole or not at all; what is read between them is of
 * one moment. They do not nest. A commit that fails is rolled back. Outside of them each function
 * that writes is a transaction of its own. */
bool store_begin(store *store, plx_error *error);
bool store_commit(store *store, plx_error *error);
void store_rollback(store *store);

/* ---- provenance ------------------------------------------------------------------------------ */

/* Key and value: "matrix.text", "plexus.version", "machine", ... Replaces. NULL takes it away. */
bool store_note(store *store, const char *key, const char *value, plx_error *error);
/* A new string; NULL with *found false if there is none, NULL with it true on failure. */
char *store_noted(store *store, const char *key, bool *found, plx_error *error);

/* ---- cells ----------------------------------------------------------------------------------- */

/* The cells of the plan at hand take the place of those before: entries whose cell is no longer
 * there stay, but belong to no current cell. A cell is known by its label, "iris / tanh / mse /
 * adam". */
typedef struct store_cell {
    const char *label;
    const char *problem;
    const char *const *value; /* a label for each axis                                           */
    const char *skipped;      /* why; NULL: it is run                                            */
} store_cell;
/* Two axes or cells of one name are an error. Axes first: a cell has a value for each. */
bool store_set_axes(store *store, const char *const *path, size_t count, plx_error *error);
/* The paths of the axes, in order, each a new string, as is the list. */
bool store_axes(store *store, char ***path, size_t *count, plx_error *error);
/* `next` fills a cell and returns false behind the last one. */
bool store_set_cells(store *store, bool (*next)(void *context, store_cell *cell), void *context,
                     plx_error *error);

/* ---- runs ------------------------------------------------------------------------------------ */

/* Which of the plan's runs. */
typedef struct store_entry {
    const char *cell; /* its label                                                               */
    run_phase phase;
    size_t trial; /* from 0; 0 in the other phases                                               */
    uint64_t seed;
} store_entry;

/* Settings that were searched, and what this run had: "optimizer.lr", "0.01". */
typedef struct store_value {
    const char *path, *value;
} store_value;

typedef struct store_run {
    char identity[65];
    const char *config; /* the resolved experiment, its seed included: what `repro` runs          */
    const char *started; /* ISO 8601, UTC                                                        */
    const store_value *value;
    size_t value_count;
    const run_record *record;
} store_run;

/* Adds a finished run with its learning curve; an identity that is there already is an error. It
 * reads back as it was, but for the sign of a zero. */
bool store_add_run(store *store, const store_run *run, plx_error *error);
/* Says what the run of that identity had for settings that are searched; what is known of it
 * stays. */
bool store_add_values(store *store, const char *identity, const store_value *value, size_t count,
                      plx_error *error);
/* The status of the run of that identity; RUN_STATUS_COUNT if there is none. */
bool store_has_run(store *store, const char *identity, run_status *status, plx_error *error);
/* Takes a run, its curve and its entries away, so that it is done again. */
bool store_drop_run(store *store, const char *identity, plx_error *error);
/* Says that the run of that identity is the answer to the entry; replaces an older answer. */
bool store_add_entry(store *store, const store_entry *entry, const char *identity,
                     plx_error *error);

/* Takes away what is said to be the answer to entries of current cells; the runs stay. `count`: how
 * many answers there were. */
bool store_forget_entries(store *store, size_t *count, plx_error *error);

/* What an entry's run came to. */
typedef struct store_result {
    int64_t run; /* its row                                                                     */
    char identity[65];
    const char *cell;
    run_phase phase;
    size_t trial;
    uint64_t seed;
    const store_value *value;
    size_t value_count;
    const run_record *record; /* with its curve only if asked for                                */
} store_result;
/* Every entry of a current cell (a phase, or RUN_PHASE_COUNT for all), ordered by cell, phase,
 * trial, seed; what the visitor is handed is the store's and gone afterwards. A visitor that
 * returns false ends it, which is a failure only if it set the error. It may read the store, and
 * must not write. */
bool store_visit(store *store, run_phase phase, bool curves,
                 bool (*visit)(void *context, const store_result *result, plx_error *error),
                 void *context, plx_error *error);
/* Every current cell with its values, in the plan's order. */
bool store_visit_cells(store *store,
                       bool (*visit)(void *context, const store_cell *cell, plx_error *error),
                       void *context, plx_error *error);

/* The run whose identity begins so, at least 4 hex digits: ERROR_USAGE if none or several do. The
 * strings and the record's curve are the caller's: store_found_clear. */
typedef struct store_found {
    char identity[65];
    char *config, *started;
    run_record record;
} store_found;
bool store_find(store *store, const char *prefix, store_found *found, plx_error *error);
void store_found_clear(store_found *found);

/* ---- comparing ------------------------------------------------------------------------------- */

/* Appends what the current cells are and what their entries came to, curves included, as text: the
 * same for the same results, in whatever order, by however many processes and over however many
 * interruptions they were made. Hence without times, peak memory, row numbers, configs and
 * provenance; sorted by label, phase, trial, seed. */
bool store_dump(store *store, text *out, plx_error *error);

#endif
