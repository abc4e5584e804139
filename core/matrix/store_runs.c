/* store_runs.c: runs and entries, written and looked up one at a time. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/store_internal.h"
#include "support/memory.h"

enum { IDENTITY_DIGITS = 64, LEAST_PREFIX = 4 };

/* --- adding a run --- */

/* Completes "INSERT INTO table(names", which is freed. */
static sqlite3_stmt *keep_insert(store *store, kept_statement which, text *sql, plx_error *error)
{
    text_add(sql, ") VALUES(");
    schema_parameters(sql);
    text_add(sql, ")");
    return store->kept[which] = store_prepare_text(store, sql, error);
}

static sqlite3_stmt *insert_run(store *store, plx_error *error)
{
    text sql = {0};

    if (store->kept[KEPT_ADD_RUN] != NULL)
        return store->kept[KEPT_ADD_RUN];
    text_add(&sql, "INSERT INTO runs(");
    schema_run_columns(&sql, "");
    text_add(&sql, ", config");
    return keep_insert(store, KEPT_ADD_RUN, &sql, error);
}

static sqlite3_stmt *insert_epoch(store *store, plx_error *error)
{
    text sql = {0};

    if (store->kept[KEPT_ADD_EPOCH] != NULL)
        return store->kept[KEPT_ADD_EPOCH];
    text_add(&sql, "INSERT INTO curves(run, epoch, ");
    schema_curve_columns(&sql);
    return keep_insert(store, KEPT_ADD_EPOCH, &sql, error);
}

static void bind_text_or_none(binder *to, const char *value)
{
    bind_text(to, value[0] == '\0' ? NULL : value);
}

static void bind_whole_or_none(binder *to, int64_t value)
{
    if (value == 0)
        bind_none(to);
    else
        bind_whole(to, value);
}

/* In the order of schema_run_columns, and the config. */
static void bind_run(binder *to, const store_run *run)
{
    const run_record *record = run->record;

    bind_text(to, run->identity);
    bind_text(to, run->started);
    bind_text(to, run_status_name(record->status));
    bind_whole_or_none(to, record->signal);
    bind_text_or_none(to, record->reason);
    bind_whole(to, record->epochs);
    bind_whole(to, record->steps);
    bind_whole(to, record->evaluations);
    bind_whole(to, record->parameters);
    bind_whole(to, record->state_bytes);
    bind_whole(to, record->peak_memory);
    bind_whole_or_none(to, record->best_epoch);
    bind_real(to, record->seconds);
    bind_real(to, record->train_loss);
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            bind_real(to, record->value[part][m]);
    bind_text_or_none(to, record->weights);
    bind_text(to, run->config);
}

bool store_add_values(store *store, const char *identity, const store_value *value, size_t count,
                      plx_error *error)
{
    for (size_t i = 0; i < count; i++) {
        binder to = {.statement = store_kept(store, KEPT_ADD_RUN_VALUE,
                                             "INSERT INTO run_values(run, path, value)"
                                             " SELECT run, ?, ? FROM runs WHERE identity = ?"
                                             " ON CONFLICT(run, path) DO NOTHING",
                                             error)};
        if (to.statement == NULL)
            return false;
        bind_text(&to, value[i].path);
        bind_text(&to, value[i].value);
        bind_text(&to, identity);
        if (!store_bound(store, &to, error) || !store_run_through(store, to.statement, error))
            return false;
    }
    return true;
}

/* In the order of schema_curve_columns, after the key. */
static void bind_epoch(binder *to, int64_t run, const run_epoch *epoch)
{
    bind_whole(to, run);
    bind_whole(to, epoch->epoch);
    bind_whole(to, epoch->step);
    bind_whole(to, epoch->evaluations);
    bind_real(to, epoch->train_loss);
    bind_real(to, epoch->lr);
    bind_real(to, epoch->seconds);
    for (int m = 0; m < METRIC_COUNT; m++)
        bind_real(to, epoch->validation[m]);
}

static bool add_curve(store *store, int64_t run, const run_record *record, plx_error *error)
{
    sqlite3_stmt *statement = insert_epoch(store, error);
    bool ok = statement != NULL;

    for (size_t i = 0; ok && i < record->epoch_count; i++) {
        binder to = {.statement = statement};
        bind_epoch(&to, run, &record->epoch[i]);
        ok = store_bound(store, &to, error) && store_run_through(store, statement, error);
    }
    return ok;
}

static bool add_run(store *store, const store_run *run, plx_error *error)
{
    binder to = {.statement = insert_run(store, error)};

    if (to.statement == NULL)
        return false;
    bind_run(&to, run);
    if (!store_bound(store, &to, error) || !store_run_through(store, to.statement, error))
        return false;
    const int64_t number = sqlite3_last_insert_rowid(store->db);
    return store_add_values(store, run->identity, run->value, run->value_count, error) &&
           add_curve(store, number, run->record, error);
}

static bool is_identity(const char *string)
{
    return strspn(string, "0123456789abcdef") == IDENTITY_DIGITS && string[IDENTITY_DIGITS] == '\0';
}

bool store_add_run(store *store, const store_run *run, plx_error *error)
{
    run_status status = RUN_STATUS_COUNT;

    if (!is_identity(run->identity) || (unsigned)run->record->status >= RUN_STATUS_COUNT)
        return error_set(error, ERROR_DATA, "%s: a run without an identity or a status",
                         store->path);
    if (!store_has_run(store, run->identity, &status, error))
        return false;
    if (status != RUN_STATUS_COUNT)
        return error_set(error, ERROR_DATA, "%s: the run %s is there already", store->path,
                         run->identity);
    return store_enter(store, error) && store_leave(store, add_run(store, run, error), error);
}

/* --- looking up --- */

/* A word that is none of ours is damage. */
static bool status_of(store *store, const char *word, run_status *status, plx_error *error)
{
    *status = run_status_of(word);
    return *status != RUN_STATUS_COUNT ||
           store_damaged(store, "a run has a status that is none", error);
}

bool store_has_run(store *store, const char *identity, run_status *status, plx_error *error)
{
    binder to = {.statement = store_kept(store, KEPT_STATUS,
                                         "SELECT status FROM runs WHERE identity = ?", error)};
    row_reader from = {.statement = to.statement};
    bool row = false;

    *status = RUN_STATUS_COUNT;
    if (to.statement == NULL)
        return false;
    bind_text(&to, identity);
    bool ok = store_bound(store, &to, error) && store_step(store, to.statement, &row, error);
    if (ok && row)
        ok = status_of(store, row_text(&from), status, error);
    sqlite3_reset(to.statement);
    return ok;
}

/* In the order of schema_run_columns. */
static void read_figures(row_reader *from, run_record *record)
{
    record->epochs = row_whole(from);
    record->steps = row_whole(from);
    record->evaluations = row_whole(from);
    record->parameters = row_whole(from);
    record->state_bytes = row_whole(from);
    record->peak_memory = row_whole(from);
    record->best_epoch = row_whole(from);
    record->seconds = row_real(from);
    record->train_loss = row_real(from);
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            record->value[part][m] = row_real(from);
}

static void copy_text(char *out, size_t size, const char *string)
{
    const size_t length = strnlen(string, size - 1);

    memcpy(out, string, length);
    out[length] = '\0';
}

bool row_record(store *store, row_reader *from, char identity[65], const char **started,
                run_record *record, plx_error *error)
{
    copy_text(identity, IDENTITY_DIGITS + 1, row_text(from));
    const char *when = row_text(from);
    if (started != NULL)
        *started = when;
    if (!status_of(store, row_text(from), &record->status, error))
        return false;
    record->signal = (int)row_whole(from);
    copy_text(record->reason, sizeof(record->reason), row_text(from));
    read_figures(from, record);
    copy_text(record->weights, sizeof(record->weights), row_text(from));
    return true;
}

/* --- taking away --- */

bool store_drop_run(store *store, const char *identity, plx_error *error)
{
    static const char *const sql[] = {
        "DELETE FROM entries WHERE run = (SELECT run FROM runs WHERE identity = ?)",
        "DELETE FROM curves WHERE run = (SELECT run FROM runs WHERE identity = ?)",
        "DELETE FROM run_values WHERE run = (SELECT run FROM runs WHERE identity = ?)",
        "DELETE FROM runs WHERE identity = ?",
    };
    bool ok = store_enter(store, error);

    if (!ok)
        return false;
    for (size_t i = 0; ok && i < sizeof(sql) / sizeof(sql[0]); i++) {
        binder to = {.statement = store_prepare(store, sql[i], error)};
        ok = to.statement != NULL;
        if (ok) {
            bind_text(&to, identity);
            ok = store_bound(store, &to, error) && store_run_through(store, to.statement, error);
        }
        sqlite3_finalize(to.statement);
    }
    return store_leave(store, ok, error);
}

/* --- entries --- */

bool store_add_entry(store *store, const store_entry *entry, const char *identity, plx_error *error)
{
    binder to = {.statement =
                     store_kept(store, KEPT_ADD_ENTRY,
                                "INSERT OR REPLACE INTO entries(cell, phase, trial, seed, run)"
                                " SELECT c.cell, ?, ?, ?, r.run FROM cells c, runs r"
                                " WHERE c.label = ? AND r.identity = ?",
                                error)};

    if (to.statement == NULL)
        return false;
    bind_text(&to, run_phase_name(entry->phase));
    bind_size(&to, entry->trial);
    bind_seed(&to, entry->seed);
    bind_text(&to, entry->cell);
    bind_text(&to, identity);
    if (!store_bound(store, &to, error) || !store_run_through(store, to.statement, error))
        return false;
    return sqlite3_changes(store->db) > 0 ||
           error_set(error, ERROR_DATA, "%s: there is no cell %s or no run %s", store->path,
                     text_show(entry->cell).bytes, text_show(identity).bytes);
}

bool store_forget_entries(store *store, size_t *count, plx_error *error)
{
    if (!store_exec(store,
                    "DELETE FROM entries WHERE cell IN"
                    " (SELECT cell FROM cells WHERE position IS NOT NULL)",
                    error))
        return false;
    *count = (size_t)sqlite3_changes64(store->db);
    return true;
}

/* --- finding --- */

/* Hexadecimal digits as the store has them, and their end in the order of texts: what begins with
 * "ab12" lies from "ab12" to "ab12g". */
static bool is_prefix(const char *prefix, char lo[65], char hi[66], plx_error *error)
{
    const size_t length = strlen(prefix);

    if (length < LEAST_PREFIX || length > IDENTITY_DIGITS ||
        strspn(prefix, "0123456789abcdefABCDEF") != length)
        return error_set(error, ERROR_USAGE,
                         "%s is no run: a run is named by the first hexadecimal digits of its "
                         "identity, at least %d",
                         text_show(prefix).bytes, LEAST_PREFIX);
    for (size_t i = 0; i <= length; i++)
        lo[i] = hi[i] = (char)tolower((unsigned char)prefix[i]);
    hi[length] = 'g';
    hi[length + 1] = '\0';
    return true;
}

static bool fill_found(store *store, row_reader *from, store_found *found, int64_t *run,
                       plx_error *error)
{
    const char *started = NULL;

    *run = row_whole(from);
    if (!row_record(store, from, found->identity, &started, &found->record, error))
        return false;
    found->started = memory_string(started);
    found->config = memory_string(row_text(from));
    return (found->started != NULL && found->config != NULL) || error_memory(error);
}

/* At most two rows are looked at. */
static bool find_one(store *store, sqlite3_stmt *statement, const char *prefix, store_found *found,
                     int64_t *run, plx_error *error)
{
    row_reader from = {.statement = statement};
    bool row;

    if (!store_step(store, statement, &row, error))
        return false;
    if (!row)
        return error_set(error, ERROR_USAGE, "%s: no run's identity begins with %s", store->path,
                         prefix);
    if (!fill_found(store, &from, found, run, error) || !store_step(store, statement, &row, error))
        return false;
    return !row || error_set(error, ERROR_USAGE,
                             "%s: the identities of several runs begin with %s; give more digits",
                             store->path, prefix);
}

static sqlite3_stmt *find_statement(store *store, plx_error *error)
{
    text sql = {0};

    text_add(&sql, "SELECT run, ");
    schema_run_columns(&sql, "");
    text_add(&sql, ", config FROM runs WHERE identity >= ? AND identity < ? LIMIT 2");
    return store_prepare_text(store, &sql, error);
}

static bool find(store *store, const char *prefix, store_found *found, plx_error *error)
{
    char lo[IDENTITY_DIGITS + 1], hi[IDENTITY_DIGITS + 2];
    curve_reader curve = {0};
    int64_t run = 0;

    if (!is_prefix(prefix, lo, hi, error))
        return false;
    binder to = {.statement = find_statement(store, error)};
    bool ok = to.statement != NULL;
    if (ok) {
        bind_text(&to, lo);
        bind_text(&to, hi);
        ok = store_bound(store, &to, error) &&
             find_one(store, to.statement, prefix, found, &run, error) &&
             read_curve(store, &curve, run, &found->record, error);
    }
    sqlite3_finalize(curve.statement);
    sqlite3_finalize(to.statement);
    return ok;
}

bool store_find(store *store, const char *prefix, store_found *found, plx_error *error)
{
    memset(found, 0, sizeof(*found));
    run_record_init(&found->record);
    if (find(store, prefix, found, error))
        return true;
    store_found_clear(found);
    return false;
}

void store_found_clear(store_found *found)
{
    free(found->config);
    free(found->started);
    run_record_clear(&found->record);
    memset(found, 0, sizeof(*found));
    run_record_init(&found->record);
}
