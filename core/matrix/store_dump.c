/* store_dump.c: all that a matrix came to as text, in an order of its own. Numbers are written so
 * that they read back as the same, so equal dumps mean equal bits. */
#include <inttypes.h>
#include <math.h>

#include "matrix/store_internal.h"

static void add_number(text *out, const char *prefix, const char *name, double value)
{
    if (isnan(value)) /* there is none */
        return;
    text_addf(out, " %s%s=", prefix, name);
    text_add_double(out, value);
}

static void add_metrics(text *out, record_part part, const double value[METRIC_COUNT])
{
    for (int m = 0; m < METRIC_COUNT; m++)
        add_number(out, record_part_prefix(part), metric_name((metric)m), value[m]);
}

static void add_epoch(text *out, const run_epoch *epoch)
{
    text_addf(out, "  epoch %" PRId64 " step=%" PRId64 " evaluations=%" PRId64, epoch->epoch,
              epoch->step, epoch->evaluations);
    add_number(out, "", "train_loss", epoch->train_loss);
    add_number(out, "", "lr", epoch->lr);
    add_metrics(out, RECORD_VALIDATION, epoch->validation);
    text_add(out, "\n");
}

static void add_record(text *out, const run_record *record)
{
    text_addf(out,
              "  %s signal=%d epochs=%" PRId64 " steps=%" PRId64 " evaluations=%" PRId64
              " parameters=%" PRId64 " state_bytes=%" PRId64 " best_epoch=%" PRId64,
              run_status_name(record->status), record->signal, record->epochs, record->steps,
              record->evaluations, record->parameters, record->state_bytes, record->best_epoch);
    add_number(out, "", "last_train_loss", record->train_loss);
    for (int part = 0; part < RECORD_PARTS; part++)
        add_metrics(out, (record_part)part, record->value[part]);
    text_addf(out, " weights=%s\n  reason %s\n", record->weights, record->reason);
    for (size_t i = 0; i < record->epoch_count; i++)
        add_epoch(out, &record->epoch[i]);
}

static bool add_entry(void *context, const store_result *result, plx_error *error)
{
    text *out = context;

    text_addf(out, "entry %s | %s %zu %" PRIu64 " %s\n", result->cell,
              run_phase_name(result->phase), result->trial, result->seed, result->identity);
    for (size_t i = 0; i < result->value_count; i++)
        text_addf(out, "  %s=%s\n", result->value[i].path, result->value[i].value);
    add_record(out, result->record);
    return !out->failed || error_memory(error);
}

static sqlite3_stmt *cell_statement(store *store, plx_error *error)
{
    text sql = {0};

    text_addf(&sql,
              "SELECT c.label, c.problem, c.skipped, %s FROM cells c"
              " WHERE c.position IS NOT NULL ORDER BY c.label",
              schema_labels());
    return store_prepare_text(store, &sql, error);
}

static bool add_cells(store *store, text *out, plx_error *error)
{
    sqlite3_stmt *statement = cell_statement(store, error);
    bool row = true;
    bool ok = statement != NULL;

    while (ok && (ok = store_step(store, statement, &row, error)) && row) {
        row_reader from = {.statement = statement};
        text_addf(out, "cell %s", row_text(&from));
        while (from.count < sqlite3_column_count(statement))
            text_addf(out, " | %s", row_text(&from));
        text_add(out, "\n");
    }
    sqlite3_finalize(statement);
    return ok;
}

bool store_dump(store *store, text *out, plx_error *error)
{
    return add_cells(store, out, error) &&
           visit_entries(store, RUN_PHASE_COUNT, true, true, add_entry, out, error) &&
           (!out->failed || error_memory(error));
}
