#include "filled.h"

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "support/memory.h"

const char *const filled_label[FILLED_CELLS] = {"iris sgd", "iris adam", "digits sgd",
                                                "digits adam"};
static const char *const values[FILLED_CELLS] = {"sgd", "adam", "sgd", "adam"};

static bool next_cell(void *context, store_cell *cell)
{
    size_t *next = context;
    const size_t i = (*next)++;

    if (i == FILLED_CELLS)
        return false;
    cell->label = filled_label[i];
    cell->problem = i < 2 ? "iris" : "digits";
    cell->value = &values[i];
    cell->skipped = i < FILLED_RUN_CELLS ? NULL : "adam takes no digits";
    return true;
}

void filled_set_plan(store *store)
{
    const char *const axis = "optimizer";
    plx_error error = {0};
    size_t next = 0;

    ck_assert_msg(store_set_axes(store, &axis, 1, &error), "%s", error.text);
    ck_assert_msg(store_set_cells(store, next_cell, &next, &error), "%s", error.text);
}

store *filled_new(char **folder)
{
    plx_error error = {0};

    *folder = harness_memory_folder();
    store *made = store_open(*folder, true, true, &error);
    ck_assert_msg(made != NULL, "%s", error.text);
    filled_set_plan(made);
    return made;
}

store *filled_open(const char *folder, bool write)
{
    plx_error error = {0};
    store *opened = store_open(folder, false, write, &error);

    ck_assert_msg(opened != NULL, "%s", error.text);
    return opened;
}

void filled_identity(char identity[65], unsigned n)
{
    const unsigned mixed = n * 2654435761U; /* Knuth's multiplicative hash: no two alike */

    for (int i = 0; i < 8; i++)
        snprintf(identity + 8 * i, 9, "%08x", mixed);
}

void filled_record(run_record *record, unsigned n, size_t epochs)
{
    run_record_init(record);
    record->status = n % 7 == 6 ? RUN_DIVERGED : RUN_COMPLETED;
    if (n % 7 == 6)
        strcpy(record->reason, "the loss is not finite");
    record->epochs = (int64_t)epochs;
    record->steps = record->evaluations = 10 * (int64_t)epochs;
    record->parameters = 17;
    record->state_bytes = 136;
    record->peak_memory = 1000000 + (int64_t)n;
    record->seconds = 0.1 + n;
    record->train_loss = 1.0 / (3 + n);
    record->value[RECORD_TEST][METRIC_LOSS] = 0.1 * n;
    record->value[RECORD_TEST][METRIC_ACCURACY] = 1.0 / (1 + n);
    filled_identity(record->weights, n + 1000000);
    record->epoch = memory_array(epochs, sizeof(*record->epoch));
    ck_assert_ptr_nonnull(record->epoch);
    record->epoch_count = epochs;
    for (size_t i = 0; i < epochs; i++) {
        run_epoch *epoch = &record->epoch[i];
        *epoch = (run_epoch){.epoch = (int64_t)i + 1,
                             .step = 10 * ((int64_t)i + 1),
                             .evaluations = 10 * ((int64_t)i + 1),
                             .train_loss = 1.0 / (double)(i + 3 + n),
                             .lr = 0.1,
                             .seconds = 0.01 * (double)i};
        for (int m = 0; m < METRIC_COUNT; m++)
            epoch->validation[m] = (double)NAN;
        epoch->validation[METRIC_LOSS] = 1.0 / (double)(i + 2 + n);
    }
}

store_entry filled_entry(unsigned n)
{
    return (store_entry){.cell = filled_label[n % FILLED_RUN_CELLS],
                         .phase = RUN_FINAL,
                         .seed = 1 + n / FILLED_RUN_CELLS};
}

bool filled_add(store *store, unsigned n, size_t epochs, plx_error *error)
{
    const store_value value = {"optimizer.lr", "0.1"};
    const store_entry entry = filled_entry(n);
    run_record record;
    store_run run = {.config = "loss: mse\n",
                     .started = "2026-01-02T03:04:05Z",
                     .value = &value,
                     .value_count = 1,
                     .record = &record};

    filled_identity(run.identity, n);
    filled_record(&record, n, epochs);
    bool ok = store_begin(store, error);
    if (ok) {
        ok = store_add_run(store, &run, error) &&
             store_add_entry(store, &entry, run.identity, error);
        if (ok)
            ok = store_commit(store, error);
        else
            store_rollback(store);
    }
    run_record_clear(&record);
    return ok;
}

/* --- by a connection of its own --- */

static sqlite3 *connect_to(const char *folder)
{
    char *path = memory_format("%s/results.sqlite", folder);
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    free(path);
    return db;
}

static int add_row(void *context, int count, char **value, char **name)
{
    text *out = context;

    (void)name;
    for (int i = 0; i < count; i++)
        text_addf(out, "%s%s", i == 0 ? "" : "|", value[i] == NULL ? "" : value[i]);
    text_add(out, "\n");
    return 0;
}

char *filled_query(const char *folder, const char *sql)
{
    sqlite3 *db = connect_to(folder);
    text out = {0};

    text_add(&out, "");
    ck_assert_msg(sqlite3_exec(db, sql, add_row, &out, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(db));
    sqlite3_close(db);
    return out.bytes;
}

long long filled_count(const char *folder, const char *sql)
{
    char *answer = filled_query(folder, sql);
    const long long count = strtoll(answer, NULL, 10);

    free(answer);
    return count;
}

void filled_exec(const char *folder, const char *sql)
{
    free(filled_query(folder, sql));
}
