/* store_sql.c: see store_internal.h. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/store_internal.h"

/* --- failures --- */

/* Closing a database puts what is in its log into its file. */
void store_trust(store *store, bool sound)
{
    store->sound = sound;
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, sound ? 0 : 1, NULL);
}

bool store_damaged(store *store, const char *what, plx_error *error)
{
    store_trust(store, false);
    return error_set(error, ERROR_DATA,
                     "%s: the database is damaged (%s); it is left as it is: move it away, with "
                     "the -wal and -shm files beside it if there are any, and run again, or try to "
                     "rescue what it holds with `sqlite3 %s .recover`",
                     store->path, what, store->path);
}

/* The system's reason where it is known, else SQLite's own words. SQLite keeps the number of a
 * failure to open, but not of one within a COMMIT, when it is still in errno. */
static const char *reason(const store *store, int number)
{
    const int kept = sqlite3_system_errno(store->db);

    if (kept != 0)
        return strerror(kept);
    return number != 0 ? strerror(number) : sqlite3_errmsg(store->db);
}

static bool fail_to(const store *store, const char *what, const char *why, plx_error *error)
{
    return error_set(error, ERROR_DATA, "%s: cannot %s: %s", store->path, what, why);
}

static bool fail_to_write(const store *store, const char *why, plx_error *error)
{
    return error_set(error, ERROR_DATA,
                     "%s: cannot write: %s; the runs that were stored before are safe", store->path,
                     why);
}

bool store_fail(store *store, plx_error *error)
{
    const int number = errno;
    const int code = sqlite3_extended_errcode(store->db);

    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return error_memory(error);
    case SQLITE_NOTADB:
        return error_set(error, ERROR_DATA,
                         "%s: is no database; move it away, or choose another folder", store->path);
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* the statements are right, so it is the tables that are not */
        return store_damaged(store, sqlite3_errmsg(store->db), error);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(error, ERROR_DATA,
                         "%s: another program has locked it; close that one and try again",
                         store->path);
    case SQLITE_CANTOPEN:
        return fail_to(store, "open", reason(store, number), error);
    case SQLITE_FULL: /* of which the system's number is not kept */
        return fail_to_write(store, sqlite3_errmsg(store->db), error);
    case SQLITE_READONLY:
        return fail_to_write(store, "it is read-only", error);
    case SQLITE_IOERR:
        if (code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ)
            return fail_to(store, "read", reason(store, number), error);
        return fail_to_write(store, reason(store, number), error);
    default:
        return error_set(error, ERROR_DATA, "%s: %s", store->path, sqlite3_errmsg(store->db));
    }
}

/* --- statements --- */

static sqlite3_stmt *prepare(store *store, const char *sql, unsigned flags, plx_error *error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v3(store->db, sql, -1, flags, &statement, NULL) != SQLITE_OK)
        store_fail(store, error);
    return statement;
}

sqlite3_stmt *store_prepare(store *store, const char *sql, plx_error *error)
{
    return prepare(store, sql, 0, error);
}

sqlite3_stmt *store_prepare_text(store *store, text *sql, plx_error *error)
{
    sqlite3_stmt *statement = NULL;

    if (sql->failed)
        error_memory(error);
    else
        statement = store_prepare(store, sql->bytes, error);
    free(sql->bytes);
    *sql = (text){0};
    return statement;
}

sqlite3_stmt *store_kept(store *store, kept_statement which, const char *sql, plx_error *error)
{
    if (store->kept[which] == NULL)
        store->kept[which] = prepare(store, sql, SQLITE_PREPARE_PERSISTENT, error);
    return store->kept[which];
}

bool store_step(store *store, sqlite3_stmt *statement, bool *row, plx_error *error)
{
    const int code = sqlite3_step(statement);

    *row = code == SQLITE_ROW;
    if (*row)
        return true;
    const bool ok = code == SQLITE_DONE || store_fail(store, error);
    sqlite3_reset(statement);
    return ok;
}

bool store_run_through(store *store, sqlite3_stmt *statement, plx_error *error)
{
    bool row = false;
    const bool ok = store_step(store, statement, &row, error);

    sqlite3_reset(statement);
    return ok;
}

bool store_exec(store *store, const char *sql, plx_error *error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK || store_fail(store, error);
}

/* A savepoint outside a transaction is a transaction. */
bool store_enter(store *store, plx_error *error)
{
    return store_exec(store, "SAVEPOINT whole", error);
}

/* What SQLite has rolled back by itself (a full disk) has no savepoint anymore, which is no failure
 * of its own. */
static void take_back(store *store)
{
    sqlite3_exec(store->db, "ROLLBACK TO whole", NULL, NULL, NULL);
    sqlite3_exec(store->db, "RELEASE whole", NULL, NULL, NULL);
}

bool store_leave(store *store, bool ok, plx_error *error)
{
    if (ok && store_exec(store, "RELEASE whole", error))
        return true;
    take_back(store);
    return false;
}

/* --- binding --- */

static void bound(binder *to, int code)
{
    if (to->failure == SQLITE_OK)
        to->failure = code;
}

void bind_none(binder *to)
{
    bound(to, sqlite3_bind_null(to->statement, ++to->count));
}

void bind_text(binder *to, const char *value)
{
    bound(to, sqlite3_bind_text(to->statement, ++to->count, value, -1, SQLITE_STATIC));
}

void bind_whole(binder *to, int64_t value)
{
    bound(to, sqlite3_bind_int64(to->statement, ++to->count, value));
}

void bind_size(binder *to, size_t value)
{
    if (value > INT64_MAX)
        bound(to, SQLITE_TOOBIG);
    bind_whole(to, (int64_t)value);
}

void bind_real(binder *to, double value)
{
    bound(to, sqlite3_bind_double(to->statement, ++to->count, value));
}

void bind_seed(binder *to, uint64_t value)
{
    char digits[24];

    if (value <= INT64_MAX) {
        bind_whole(to, (int64_t)value);
        return;
    }
    snprintf(digits, sizeof(digits), "%" PRIu64, value);
    bound(to, sqlite3_bind_text(to->statement, ++to->count, digits, -1, SQLITE_TRANSIENT));
}

bool store_bound(store *store, const binder *to, plx_error *error)
{
    if (to->failure == SQLITE_OK)
        return true;
    if (to->failure == SQLITE_NOMEM)
        return error_memory(error);
    return error_set(error, ERROR_DATA, "%s: cannot write: %s", store->path,
                     sqlite3_errstr(to->failure));
}

/* --- reading --- */

const char *row_text(row_reader *from)
{
    const char *value = (const char *)sqlite3_column_text(from->statement, from->count++);

    return value == NULL ? "" : value;
}

int64_t row_whole(row_reader *from)
{
    return sqlite3_column_int64(from->statement, from->count++);
}

double row_real(row_reader *from)
{
    const int column = from->count++;

    return sqlite3_column_type(from->statement, column) == SQLITE_NULL
               ? (double)NAN
               : sqlite3_column_double(from->statement, column);
}

size_t row_size(row_reader *from)
{
    const int64_t value = row_whole(from);

    from->odd = from->odd || value < 0;
    return (size_t)value;
}

uint64_t row_seed(row_reader *from)
{
    const char *digits = row_text(from);
    const bool plain = digits[0] != '\0' && strspn(digits, "0123456789") == strlen(digits);

    errno = 0;
    const uint64_t value = strtoull(digits, NULL, 10);
    from->odd = from->odd || !plain || errno != 0;
    return value;
}
