/* store_internal.h: what the files of the store share: the connection, and thin helpers around
 * SQLite that turn its result codes into the project's errors. Every value is bound; nothing from
 * outside ever becomes part of a statement's text.
 *
 *   store.c         the file: made, opened, checked, closed; transactions; provenance
 *   store_sql.c     the helpers declared here
 *   store_schema.c  tables and views
 *   store_cells.c   axes and cells
 *   store_runs.c    runs and entries, written one at a time
 *   store_visit.c   runs and entries, read in order
 *   store_dump.c    all of it as text, for comparing
 */
#ifndef MATRIX_STORE_INTERNAL_H
#define MATRIX_STORE_INTERNAL_H

#include <sqlite3.h>

#include "matrix/store.h"

/* "PlxM", by which a database says that it is one of these. */
enum { STORE_APPLICATION = 0x506c784d, STORE_SCHEMA = 1 };

/* Statements that are used again and again; each is prepared once, when it is first used. */
typedef enum {
    KEPT_NOTE,
    KEPT_ADD_CELL,
    KEPT_DROP_VALUES,
    KEPT_ADD_VALUE,
    KEPT_ADD_RUN,
    KEPT_ADD_RUN_VALUE,
    KEPT_ADD_EPOCH,
    KEPT_ADD_ENTRY,
    KEPT_STATUS,
    KEPT_COUNT,
} kept_statement;

struct store {
    sqlite3 *db;
    char *folder, *path; /* as given; of results.sqlite, for messages                           */
    int lock;            /* lock_folder; -1 for a reader                                         */
    bool sound;          /* store_trust                                                          */
    sqlite3_stmt *kept[KEPT_COUNT];
};

/* ---- failures: each returns false ------------------------------------------------------------ */

/* What SQLite said last, in the project's words. */
bool store_fail(store *store, plx_error *error);
/* The file is not what it should be; `what` says how that shows. It is not trusted anymore. */
bool store_damaged(store *store, const char *what, plx_error *error);

/* A file that is not known to be sound is not changed by closing it either. */
void store_trust(store *store, bool sound);

/* ---- statements ------------------------------------------------------------------------------ */

/* A statement for one use, the caller's to finalize. NULL on failure. */
sqlite3_stmt *store_prepare(store *store, const char *sql, plx_error *error);
/* The same of a text that was made for it, and is freed. */
sqlite3_stmt *store_prepare_text(store *store, text *sql, plx_error *error);
/* A kept one, ready to be bound. `sql` must be the same each time. */
sqlite3_stmt *store_kept(store *store, kept_statement which, const char *sql, plx_error *error);
/* Moves to the next row; *row is false behind the last one, and the statement is reset then. */
bool store_step(store *store, sqlite3_stmt *statement, bool *row, plx_error *error);
/* Runs a statement without rows and resets it. */
bool store_run_through(store *store, sqlite3_stmt *statement, plx_error *error);
/* Runs statements without parameters. */
bool store_exec(store *store, const char *sql, plx_error *error);

/* What is done between these is done as a whole or not at all, within a transaction or without.
 * store_leave(false) takes it back and returns false. */
bool store_enter(store *store, plx_error *error);
bool store_leave(store *store, bool ok, plx_error *error);

/* Binds parameters from left to right; a failure sticks and is told by store_bound. */
typedef struct binder {
    sqlite3_stmt *statement;
    int count;
    int failure;
} binder;
void bind_none(binder *to);
void bind_text(binder *to, const char *value); /* NULL: none. Must live until the step            */
void bind_whole(binder *to, int64_t value);
void bind_size(binder *to, size_t value);
void bind_real(binder *to, double value); /* NaN: none                                            */
/* An INTEGER up to 2^63 - 1 and a TEXT of decimal digits beyond, for which SQLite has no number. */
void bind_seed(binder *to, uint64_t value);
bool store_bound(store *store, const binder *to, plx_error *error);

/* Reads columns from left to right; what is no such value sticks in `odd`. */
typedef struct row_reader {
    sqlite3_stmt *statement;
    int count;
    bool odd;
} row_reader;
const char *row_text(row_reader *from); /* "" for none; SQLite's, until the next step           */
int64_t row_whole(row_reader *from);    /* 0 for none                                           */
double row_real(row_reader *from);      /* NaN for none                                         */
size_t row_size(row_reader *from); /* not below 0                                              */
uint64_t row_seed(row_reader *from);

/* ---- the schema ------------------------------------------------------------------------------ */

/* The statements that make it. */
void schema_make(text *out);
/* Adds the columns of `runs` from identity to weights, in order, each with `prefix` before it;
 * those of `curves` after (run, epoch). */
void schema_run_columns(text *out, const char *prefix);
void schema_curve_columns(text *out);
/* Adds "?, ?, ?": a parameter for each of the names, and so commas, that the text holds so far. */
void schema_parameters(text *out);
/* An expression for the labels of the cell c.cell: "optimizer=adam, loss=mse". */
const char *schema_labels(void);

/* ---- records --------------------------------------------------------------------------------- */

/* The columns of schema_run_columns, in a row that begins at identity. False with *error set if a
 * word is none of those that are known. `started` may be NULL. */
bool row_record(store *store, row_reader *from, char identity[65], const char **started,
                run_record *record, plx_error *error);

/* What a curve is read with; zero-initialise, sqlite3_finalize the statement in the end. */
typedef struct curve_reader {
    sqlite3_stmt *statement;
    size_t capacity; /* of record->epoch                                                         */
} curve_reader;
/* Reads the learning curve of a run into record->epoch, whose memory is used again. */
bool read_curve(store *store, curve_reader *reader, int64_t run, run_record *record,
                plx_error *error);

/* store_visit, with cells ordered by their labels if `by_label`. */
bool visit_entries(store *store, run_phase phase, bool curves, bool by_label,
                   bool (*visit)(void *context, const store_result *result, plx_error *error),
                   void *context, plx_error *error);

#endif
