/* store.c: the file of results, and what holds for all of it; see store.h.
 *
 * Made. The empty database is built in memory and written like every other file, to a temporary
 * that is renamed, so results.sqlite never exists without its tables: a file that is empty or has
 * none was spoiled by something else, and is refused.
 *
 * While it is written it is in WAL mode with synchronous = NORMAL: a commit is one write without a
 * sync, readers are not held up, and a process may die at any instant without harm. A power cut may
 * take the last commits, never the file. At the end it is turned back into a plain file, which can
 * be copied, and read from a folder that cannot be written to.
 *
 * Readers open it for writing where they may, but ask SQLite to refuse statements that write. So
 * they can recover what a killed writer has left (results.sqlite-wal), as the next writer would. */
#include "matrix/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "matrix/lock.h"
#include "matrix/store_internal.h"
#include "support/file.h"
#include "support/memory.h"

static const char FILE_NAME[] = "results.sqlite";

enum {
    MOST_BYTES = 1 << 28, /* of a value, of a statement                                          */
    PATIENCE = 10000,     /* milliseconds to wait for another program's lock                     */
};
/* Of a larger file only the pages that are needed are checked, when they are needed: a check reads
 * all of it, about a second for 100 MB. */
static const off_t MOST_CHECKED = (off_t)1 << 30;

/* --- the file --- */

/* Builds the empty database; the bytes are sqlite3_free's. */
static unsigned char *build(store *store, sqlite3_int64 *length, plx_error *error)
{
    unsigned char *bytes = NULL;
    text sql = {0};

    schema_make(&sql);
    if (sql.failed || sqlite3_open(":memory:", &store->db) != SQLITE_OK)
        error_memory(error);
    else if (store_exec(store, sql.bytes, error) &&
             (bytes = sqlite3_serialize(store->db, "main", length, 0)) == NULL)
        error_memory(error);
    sqlite3_close(store->db);
    store->db = NULL;
    free(sql.bytes);
    return bytes;
}

static bool remove_beside(const store *store, const char *suffix, plx_error *error)
{
    char *path = memory_format("%s%s", store->path, suffix);
    bool ok = path != NULL || error_memory(error);

    if (ok && unlink(path) != 0 && errno != ENOENT)
        ok = error_set(error, ERROR_DATA, "%s: cannot remove: %s", path, strerror(errno));
    free(path);
    return ok;
}

/* What is left beside a database that is lost would be taken for a part of the new one. */
static bool make_file(store *store, plx_error *error)
{
    sqlite3_int64 length = 0;

    if (!remove_beside(store, "-wal", error) || !remove_beside(store, "-shm", error) ||
        !remove_beside(store, "-journal", error))
        return false;
    unsigned char *bytes = build(store, &length, error);
    const bool ok = bytes != NULL && file_write(store->path, bytes, (size_t)length, error);
    sqlite3_free(bytes);
    return ok;
}

/* What SQLite would take for an empty database, wait for or not tell apart. */
static bool check_file(const store *store, plx_error *error)
{
    struct stat status;

    if (stat(store->path, &status) != 0) {
        if (errno == ENOTDIR)
            return error_set(error, ERROR_DATA, "%s: is no folder; results are in one",
                             store->folder);
        if (errno == ENOENT)
            return error_set(error, ERROR_DATA,
                             "%s: there is no such file; `plexus matrix run` makes it",
                             store->path);
        return error_set(error, ERROR_DATA, "%s: cannot read: %s", store->path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_DATA, "%s: is no regular file", store->path);
    if (status.st_size == 0)
        return error_set(error, ERROR_DATA,
                         "%s: is empty, so what it held is lost; remove it and run again",
                         store->path);
    return true;
}

/* --- the connection --- */

static bool has_log(const store *store)
{
    char *path = memory_format("%s-wal", store->path);
    const bool has = path == NULL || file_exists(path);

    free(path);
    return has;
}

/* "file:/a/b%20c?immutable=1": for a database in WAL mode whose folder cannot be written to, and to
 * which nobody is writing. */
static char *immutable_name(const store *store)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
    char *path = file_absolute(store->path);
    text name = {0};

    text_add(&name, "file:");
    for (const char *c = path == NULL ? "" : path; *c != '\0'; c++)
        if (strchr(plain, *c) != NULL)
            text_add_n(&name, c, 1);
        else
            text_addf(&name, "%%%02X", (unsigned)(unsigned char)*c);
    text_add(&name, "?immutable=1");
    if (path == NULL || name.failed) {
        free(name.bytes);
        name.bytes = NULL;
    }
    free(path);
    return name.bytes;
}

static void disconnect(store *store)
{
    for (size_t i = 0; i < KEPT_COUNT; i++) {
        sqlite3_finalize(store->kept[i]);
        store->kept[i] = NULL;
    }
    sqlite3_close(store->db);
    store->db = NULL;
}

/* Nothing is read yet, so a file that is none is found out later. */
static bool connect_to(store *store, const char *name, int flags, plx_error *error)
{
    const int code = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (store->db == NULL)
        return error_memory(error);
    if (code != SQLITE_OK)
        return store_fail(store, error);
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_busy_timeout(store->db, PATIENCE);
    sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, MOST_BYTES);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    store_trust(store, false);
    return true;
}

/* The one number or word that a pragma answers. */
static bool ask(store *store, const char *sql, int64_t *number, text *word, plx_error *error)
{
    sqlite3_stmt *statement = store_prepare(store, sql, error);
    row_reader reader = {.statement = statement};
    bool row = false;
    const bool ok = statement != NULL && store_step(store, statement, &row, error);

    if (row && number != NULL)
        *number = row_whole(&reader);
    else if (row)
        text_add(word, row_text(&reader));
    sqlite3_finalize(statement);
    return ok;
}

/* The first thing that is read of the file. */
static bool read_application(store *store, int64_t *application, plx_error *error)
{
    return ask(store, "PRAGMA application_id", application, NULL, error);
}

/* True for a reader who failed because WAL mode needs files that cannot be made, where there are
 * none to be read either. */
static bool is_barred(store *store)
{
    const int code = sqlite3_errcode(store->db) & 0xff;

    return store->lock < 0 && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY) &&
           !has_log(store);
}

static bool connect_as_unchanging(store *store, plx_error *error)
{
    char *name = immutable_name(store);
    const bool ok = (name != NULL || error_memory(error)) &&
                    connect_to(store, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error);

    free(name);
    return ok;
}

/* Connects, and reads what kind of database it is. */
static bool reach(store *store, int64_t *application, plx_error *error)
{
    plx_error first = {0};

    if (!connect_to(store, store->path, SQLITE_OPEN_READWRITE, error))
        return false;
    if (read_application(store, application, &first))
        return true;
    if (!is_barred(store))
        return error_set(error, first.code, "%s", first.text);
    disconnect(store);
    return connect_as_unchanging(store, error) && read_application(store, application, error);
}

static bool check_kind(store *store, int64_t application, plx_error *error)
{
    int64_t schema = 0;

    if (application != STORE_APPLICATION)
        return error_set(error, ERROR_DATA,
                         "%s: is a database of another program; choose another folder",
                         store->path);
    if (!ask(store, "PRAGMA user_version", &schema, NULL, error))
        return false;
    if (schema > STORE_SCHEMA)
        return error_set(error, ERROR_DATA,
                         "%s: was written by a newer plexus (its schema is %lld, this plexus knows "
                         "%d); use that one, or choose another folder",
                         store->path, (long long)schema, STORE_SCHEMA);
    return schema == STORE_SCHEMA || store_damaged(store, "it tells no schema", error);
}

static bool check_pages(store *store, plx_error *error)
{
    struct stat status;
    text answer = {0};

    if (stat(store->path, &status) == 0 && status.st_size > MOST_CHECKED)
        return true;
    bool ok = ask(store, "PRAGMA quick_check(1)", NULL, &answer, error);
    if (ok && (answer.failed || answer.bytes == NULL))
        ok = error_memory(error);
    if (ok && strcmp(answer.bytes, "ok") != 0) {
        answer.bytes[strcspn(answer.bytes, "\n")] = '\0';
        ok = store_damaged(store, answer.bytes, error);
    }
    free(answer.bytes);
    return ok;
}

/* A file system without shared memory has no WAL mode; there the file stays in its plain mode,
 * which is as safe and slower. */
static bool prepare_writing(store *store, plx_error *error)
{
    return store_exec(store,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                      "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384",
                      error);
}

static bool open_database(store *store, bool write, plx_error *error)
{
    int64_t application = 0;

    if (!reach(store, &application, error) || !check_kind(store, application, error))
        return false;
    if (write && !check_pages(store, error))
        return false;
    store_trust(store, true);
    return write ? prepare_writing(store, error)
                 : store_exec(store, "PRAGMA query_only = ON", error);
}

/* --- the store --- */

static store *new_store(const char *folder)
{
    store *made = memory_array(1, sizeof(*made));

    if (made == NULL)
        return NULL;
    made->lock = -1;
    made->folder = memory_string(folder);
    made->path = file_join(folder, FILE_NAME);
    if (made->folder != NULL && made->path != NULL)
        return made;
    store_close(made);
    return NULL;
}

/* Whether there is a file is looked for before the lock is taken: asking leaves no trace. */
static bool take_folder(store *store, bool create, plx_error *error)
{
    if (create ? !file_make_folder(store->folder, error) : !check_file(store, error))
        return false;
    store->lock = lock_folder(store->folder, error);
    return store->lock >= 0;
}

store *store_open(const char *folder, bool create, bool write, plx_error *error)
{
    store *made = new_store(folder);

    if (made == NULL) {
        error_memory(error);
        return NULL;
    }
    if ((!write || take_folder(made, create, error)) &&
        (!write || !create || file_exists(made->path) || make_file(made, error)) &&
        check_file(made, error) && open_database(made, write, error))
        return made;
    store_close(made);
    return NULL;
}

/* Turning it into a plain file fails while somebody reads, and what then lies beside it is as safe
 * there: no reason to wait, or to complain. */
void store_close(store *store)
{
    if (store == NULL)
        return;
    if (store->db != NULL)
        store_rollback(store);
    if (store->sound && store->lock >= 0) {
        sqlite3_busy_timeout(store->db, 0);
        sqlite3_exec(store->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    }
    disconnect(store);
    lock_release(store->folder, store->lock);
    free(store->folder);
    free(store->path);
    free(store);
}

/* --- transactions --- */

bool store_begin(store *store, plx_error *error)
{
    return store_exec(store, store->lock >= 0 ? "BEGIN IMMEDIATE" : "BEGIN", error);
}

bool store_commit(store *store, plx_error *error)
{
    if (store_exec(store, "COMMIT", error))
        return true;
    store_rollback(store);
    return false;
}

void store_rollback(store *store)
{
    for (size_t i = 0; i < KEPT_COUNT; i++)
        sqlite3_reset(store->kept[i]);
    if (sqlite3_get_autocommit(store->db) == 0)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* --- provenance --- */

static bool forget(store *store, const char *key, plx_error *error)
{
    sqlite3_stmt *statement = store_prepare(store, "DELETE FROM provenance WHERE key = ?", error);
    binder to = {.statement = statement};

    if (statement == NULL)
        return false;
    bind_text(&to, key);
    const bool ok = store_bound(store, &to, error) && store_run_through(store, statement, error);
    sqlite3_finalize(statement);
    return ok;
}

bool store_note(store *store, const char *key, const char *value, plx_error *error)
{
    if (value == NULL)
        return forget(store, key, error);
    binder to = {
        .statement = store_kept(
            store, KEPT_NOTE, "INSERT OR REPLACE INTO provenance(key, value) VALUES(?, ?)", error)};
    if (to.statement == NULL)
        return false;
    bind_text(&to, key);
    bind_text(&to, value);
    return store_bound(store, &to, error) && store_run_through(store, to.statement, error);
}

char *store_noted(store *store, const char *key, bool *found, plx_error *error)
{
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT value FROM provenance WHERE key = ?", error);
    binder to = {.statement = statement};
    row_reader from = {.statement = statement};
    char *value = NULL;
    bool row = false;

    *found = true;
    if (statement == NULL)
        return NULL;
    bind_text(&to, key);
    if (store_bound(store, &to, error) && store_step(store, statement, &row, error)) {
        *found = row;
        if (row && (value = memory_string(row_text(&from))) == NULL)
            error_memory(error);
    }
    sqlite3_finalize(statement);
    return value;
}
