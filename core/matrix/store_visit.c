/* store_visit.c: what the entries came to, in order. Cells are walked one by one and the entries of
 * each are sorted by themselves, so that a million of them need no more memory than a hundred. All
 * statements of a visit are its own: a visitor may start another. */
#include <stdlib.h>
#include <string.h>

#include "matrix/store_internal.h"
#include "support/memory.h"

/* --- curves --- */

static sqlite3_stmt *curve_statement(store *store, plx_error *error)
{
    text sql = {0};

    text_add(&sql, "SELECT epoch, ");
    schema_curve_columns(&sql);
    text_add(&sql, " FROM curves WHERE run = ? ORDER BY epoch");
    return store_prepare_text(store, &sql, error);
}

/* In the order of schema_curve_columns, after the epoch. */
static void read_epoch(sqlite3_stmt *statement, run_epoch *epoch)
{
    row_reader from = {.statement = statement};

    epoch->epoch = row_whole(&from);
    epoch->step = row_whole(&from);
    epoch->evaluations = row_whole(&from);
    epoch->train_loss = row_real(&from);
    epoch->lr = row_real(&from);
    epoch->seconds = row_real(&from);
    for (int m = 0; m < METRIC_COUNT; m++)
        epoch->validation[m] = row_real(&from);
}

bool read_curve(store *store, curve_reader *reader, int64_t run, run_record *record,
                plx_error *error)
{
    bool row = true;

    record->epoch_count = 0;
    if (reader->statement == NULL)
        reader->statement = curve_statement(store, error);
    if (reader->statement == NULL)
        return false;
    binder to = {.statement = reader->statement};
    bind_whole(&to, run);
    bool ok = store_bound(store, &to, error);
    while (ok && (ok = store_step(store, reader->statement, &row, error)) && row) {
        ok = memory_grow(&record->epoch, &reader->capacity, record->epoch_count + 1,
                         sizeof(*record->epoch)) != NULL ||
             error_memory(error);
        if (ok)
            read_epoch(reader->statement, &record->epoch[record->epoch_count++]);
    }
    sqlite3_reset(reader->statement);
    return ok;
}

/* --- values of searched settings --- */

typedef struct value_list {
    store_value *value; /* both strings are new                                                  */
    size_t count, capacity;
} value_list;

static void clear_values(value_list *values)
{
    for (size_t i = 0; i < values->count; i++) {
        free((void *)(uintptr_t)values->value[i].path);
        free((void *)(uintptr_t)values->value[i].value);
    }
    values->count = 0;
}

static bool add_value(value_list *values, row_reader *from, plx_error *error)
{
    if (memory_grow(&values->value, &values->capacity, values->count + 1, sizeof(store_value)) ==
        NULL)
        return error_memory(error);
    store_value *added = &values->value[values->count++];
    added->path = memory_string(row_text(from));
    added->value = memory_string(row_text(from));
    return (added->path != NULL && added->value != NULL) || error_memory(error);
}

static bool read_values(store *store, sqlite3_stmt *statement, int64_t run, value_list *values,
                        plx_error *error)
{
    binder to = {.statement = statement};
    bool row = true;

    clear_values(values);
    bind_whole(&to, run);
    bool ok = store_bound(store, &to, error);
    while (ok && (ok = store_step(store, statement, &row, error)) && row) {
        row_reader from = {.statement = statement};
        ok = add_value(values, &from, error);
    }
    sqlite3_reset(statement);
    return ok;
}

/* --- the walk --- */

typedef struct walk {
    store *store;
    run_phase phase; /* RUN_PHASE_COUNT: all                                                     */
    bool curves;
    bool (*visit)(void *context, const store_result *result, plx_error *error);
    void *context;
    sqlite3_stmt *cells, *entries, *values;
    curve_reader curve;
    value_list list;
    run_record record;
} walk;

/* "CASE e.phase WHEN 'tune' THEN 0 ..": the order of phases. */
static void add_phase_order(text *out)
{
    text_add(out, "CASE e.phase");
    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++)
        text_addf(out, " WHEN '%s' THEN %d", run_phase_name((run_phase)phase), phase);
    text_add(out, " END");
}

/* A seed that is a TEXT is longer than those that are an INTEGER, or sorts behind them. */
static sqlite3_stmt *entry_statement(const walk *walk, plx_error *error)
{
    text sql = {0};

    text_add(&sql, "SELECT e.phase, e.trial, e.seed, e.run, ");
    schema_run_columns(&sql, "r.");
    text_add(&sql, " FROM entries e JOIN runs r ON r.run = e.run WHERE e.cell = ?");
    if (walk->phase != RUN_PHASE_COUNT)
        text_add(&sql, " AND e.phase = ?");
    text_add(&sql, " ORDER BY ");
    add_phase_order(&sql);
    text_add(&sql, ", e.trial, length(e.seed), e.seed");
    return store_prepare_text(walk->store, &sql, error);
}

static bool phase_of(store *store, const char *word, run_phase *phase, plx_error *error)
{
    for (*phase = RUN_TUNE; *phase < RUN_PHASE_COUNT; (*phase)++)
        if (strcmp(run_phase_name(*phase), word) == 0)
            return true;
    return store_damaged(store, "an entry has a phase that is none", error);
}

static bool read_result(walk *walk, store_result *result, plx_error *error)
{
    row_reader from = {.statement = walk->entries};

    if (!phase_of(walk->store, row_text(&from), &result->phase, error))
        return false;
    result->trial = row_size(&from);
    result->seed = row_seed(&from);
    result->run = row_whole(&from);
    if (from.odd)
        return store_damaged(walk->store, "an entry has a trial or a seed that is no number",
                             error);
    return row_record(walk->store, &from, result->identity, NULL, &walk->record, error) &&
           read_values(walk->store, walk->values, result->run, &walk->list, error) &&
           (!walk->curves ||
            read_curve(walk->store, &walk->curve, result->run, &walk->record, error));
}

/* `go` becomes false when the visitor has seen enough. */
static bool show_entry(walk *walk, const char *cell, bool *go, plx_error *error)
{
    store_result result = {.cell = cell, .record = &walk->record};

    if (!read_result(walk, &result, error))
        return false;
    result.value = walk->list.value;
    result.value_count = walk->list.count;
    *go = walk->visit(walk->context, &result, error);
    return *go || error == NULL || error->code == ERROR_NONE;
}

static bool show_cell(walk *walk, bool *go, plx_error *error)
{
    row_reader from = {.statement = walk->cells};
    binder to = {.statement = walk->entries};
    const int64_t number = row_whole(&from);
    const char *cell = row_text(&from);
    bool row = true;

    bind_whole(&to, number);
    if (walk->phase != RUN_PHASE_COUNT)
        bind_text(&to, run_phase_name(walk->phase));
    bool ok = store_bound(walk->store, &to, error);
    while (ok && *go && (ok = store_step(walk->store, walk->entries, &row, error)) && row)
        ok = show_entry(walk, cell, go, error);
    sqlite3_reset(walk->entries);
    return ok;
}

static bool prepare(walk *walk, bool by_label, plx_error *error)
{
    walk->cells = store_prepare(
        walk->store,
        by_label ? "SELECT cell, label FROM cells WHERE position IS NOT NULL ORDER BY label"
                 : "SELECT cell, label FROM cells WHERE position IS NOT NULL ORDER BY position",
        error);
    walk->entries = entry_statement(walk, error);
    walk->values = store_prepare(
        walk->store, "SELECT path, value FROM run_values WHERE run = ? ORDER BY path", error);
    return walk->cells != NULL && walk->entries != NULL && walk->values != NULL;
}

static void finish(walk *walk)
{
    sqlite3_finalize(walk->cells);
    sqlite3_finalize(walk->entries);
    sqlite3_finalize(walk->values);
    sqlite3_finalize(walk->curve.statement);
    clear_values(&walk->list);
    free(walk->list.value);
    run_record_clear(&walk->record);
}

static bool go_through(walk *walk, bool by_label, plx_error *error)
{
    bool row = true, go = true;

    run_record_init(&walk->record);
    bool ok = prepare(walk, by_label, error);
    while (ok && go && (ok = store_step(walk->store, walk->cells, &row, error)) && row)
        ok = show_cell(walk, &go, error);
    finish(walk);
    return ok;
}

bool visit_entries(store *store, run_phase phase, bool curves, bool by_label,
                   bool (*visit)(void *context, const store_result *result, plx_error *error),
                   void *context, plx_error *error)
{
    walk walk = {
        .store = store, .phase = phase, .curves = curves, .visit = visit, .context = context};

    return go_through(&walk, by_label, error);
}

bool store_visit(store *store, run_phase phase, bool curves,
                 bool (*visit)(void *context, const store_result *result, plx_error *error),
                 void *context, plx_error *error)
{
    return visit_entries(store, phase, curves, false, visit, context, error);
}
