/* export.c: see export.h. The entries are walked twice: to see which settings and figures occur,
 * and to write. A row is a walk over the columns, in one order for both forms; only how a name
 * and a value look differs. */
#include "matrix/export.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/file.h"
#include "support/memory.h"
#include "train/shown.h"

enum { BLOCK = 1 << 16 };

typedef struct cell_row {
    char *label, *problem;
    char **value; /* of each axis                                                                */
} cell_row;

typedef enum { FORM_NAMES, FORM_CSV, FORM_JSON } form;

typedef struct table {
    form form;
    char **axis;
    size_t axes;
    cell_row *cell;
    size_t cells, cell_capacity;
    size_t at; /* the cell of the entry at hand: both come in the plan's order                   */
    char **setting; /* paths, sorted                                                             */
    size_t settings, setting_capacity;
    bool has[RECORD_PARTS][METRIC_COUNT];
    file_writer *file; /* NULL: standard output                                                  */
    text out;          /* not yet written                                                        */
    const char *separator;
} table;

/* --- the first walk --- */

static bool take_cell(void *context, const store_cell *cell, plx_error *error)
{
    table *table = context;

    if (memory_grow(&table->cell, &table->cell_capacity, table->cells + 1, sizeof(cell_row)) ==
        NULL)
        return error_memory(error);
    cell_row *row = &table->cell[table->cells++];
    *row = (cell_row){.label = memory_string(cell->label),
                      .problem = memory_string(cell->problem),
                      .value = memory_array(table->axes, sizeof(char *))};
    if (row->label == NULL || row->problem == NULL || row->value == NULL)
        return error_memory(error);
    for (size_t i = 0; i < table->axes; i++)
        if ((row->value[i] = memory_string(cell->value[i])) == NULL)
            return error_memory(error);
    return true;
}

/* Puts a path that is new where it belongs. */
static bool take_setting(table *table, const char *path, plx_error *error)
{
    size_t i = table->settings;

    while (i > 0 && strcmp(table->setting[i - 1], path) > 0)
        i--;
    if (i > 0 && strcmp(table->setting[i - 1], path) == 0)
        return true;
    char *copy = memory_string(path);
    if (copy == NULL || memory_grow(&table->setting, &table->setting_capacity, table->settings + 1,
                                    sizeof(char *)) == NULL) {
        free(copy);
        return error_memory(error);
    }
    memmove(&table->setting[i + 1], &table->setting[i], (table->settings - i) * sizeof(char *));
    table->setting[i] = copy;
    table->settings++;
    return true;
}

static bool take_columns(void *context, const store_result *result, plx_error *error)
{
    table *table = context;

    for (size_t i = 0; i < result->value_count; i++)
        if (!take_setting(table, result->value[i].path, error))
            return false;
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            table->has[part][m] |= !isnan(result->record->value[part][m]);
    return true;
}

static void clear_table(table *table)
{
    for (size_t c = 0; c < table->cells; c++) {
        for (size_t i = 0; table->cell[c].value != NULL && i < table->axes; i++)
            free(table->cell[c].value[i]);
        free(table->cell[c].value);
        free(table->cell[c].label);
        free(table->cell[c].problem);
    }
    for (size_t i = 0; i < table->axes; i++)
        free(table->axis[i]);
    for (size_t i = 0; i < table->settings; i++)
        free(table->setting[i]);
    free(table->cell);
    free(table->axis);
    free(table->setting);
    free(table->out.bytes);
}

/* --- how values look --- */

static void add_csv(text *out, const char *string)
{
    if (string[strcspn(string, ",\"\r\n")] == '\0') {
        text_add(out, string);
        return;
    }
    text_add(out, "\"");
    for (const char *at = string; *at != '\0';) {
        const size_t length = strcspn(at, "\"");
        text_add_n(out, at, length);
        if (at[length] == '"')
            text_add(out, "\"\"");
        at += length + (at[length] == '"' ? 1 : 0);
    }
    text_add(out, "\"");
}

/* What stands before a value. False for the line of names, where the name is the value. */
static bool begin_field(table *table, const char *name)
{
    text_add(&table->out, table->separator);
    table->separator = ",";
    if (table->form == FORM_NAMES)
        add_csv(&table->out, name);
    if (table->form == FORM_JSON) {
        json_add_shown(&table->out, name);
        text_add(&table->out, ":");
    }
    return table->form != FORM_NAMES;
}

static void add_none(table *table, const char *name)
{
    if (begin_field(table, name) && table->form == FORM_JSON)
        text_add(&table->out, "null");
}

/* NULL and "" are none. */
static void add_string(table *table, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        add_none(table, name);
    else if (begin_field(table, name) && table->form == FORM_JSON)
        json_add_shown(&table->out, value);
    else if (table->form == FORM_CSV)
        add_csv(&table->out, value);
}

static void add_real(table *table, const char *name, double value)
{
    if (!isfinite(value))
        add_none(table, name);
    else if (begin_field(table, name))
        text_add_double(&table->out, value);
}

static void add_whole(table *table, const char *name, int64_t value)
{
    if (begin_field(table, name))
        text_addf(&table->out, "%" PRId64, value);
}

/* Where 0 says that there is none. */
static void add_whole_or_none(table *table, const char *name, int64_t value)
{
    if (value == 0)
        add_none(table, name);
    else
        add_whole(table, name, value);
}

/* As in the database: beyond 2^63 - 1, where many readers of JSON have no number, it is a
 * string. */
static void add_seed(table *table, uint64_t seed)
{
    const char *quote = table->form == FORM_JSON && seed > INT64_MAX ? "\"" : "";

    if (begin_field(table, "seed"))
        text_addf(&table->out, "%s%" PRIu64 "%s", quote, seed, quote);
}

/* A number stays as it is written in CSV. */
static void add_setting(table *table, const char *path, const char *value)
{
    double number;

    if (table->form == FORM_JSON && value != NULL &&
        text_is_double(value, strlen(value), &number) && isfinite(number))
        add_real(table, path, number);
    else
        add_string(table, path, value);
}

/* --- a row --- */

static const char *value_of(const store_result *result, const char *path)
{
    for (size_t i = 0; i < result->value_count; i++)
        if (strcmp(result->value[i].path, path) == 0)
            return result->value[i].value;
    return NULL;
}

static void add_record(table *table, const run_record *record)
{
    add_string(table, "status", run_status_name(record->status));
    add_string(table, "reason", record->reason);
    add_whole_or_none(table, "signal", record->signal);
    add_whole(table, "epochs", record->epochs);
    add_whole(table, "steps", record->steps);
    add_whole(table, "evaluations", record->evaluations);
    add_whole(table, "parameters", record->parameters);
    add_whole(table, "state_bytes", record->state_bytes);
    add_whole(table, "peak_memory", record->peak_memory);
    add_real(table, "seconds", record->seconds);
    add_whole_or_none(table, "best_epoch", record->best_epoch);
    add_real(table, "last_train_loss", record->train_loss);
}

/* "test_accuracy" */
static void add_figure(table *table, record_part part, metric which, double value)
{
    char name[64];

    snprintf(name, sizeof(name), "%s%s", record_part_prefix(part), metric_name(which));
    add_real(table, name, value);
}

/* `cell` and `result` may be blank, for the names. */
static void add_columns(table *table, const cell_row *cell, const store_result *result)
{
    const run_record *record = result->record;

    add_string(table, "cell", cell->label);
    add_string(table, "problem", cell->problem);
    for (size_t i = 0; i < table->axes; i++)
        add_string(table, table->axis[i], cell->value == NULL ? NULL : cell->value[i]);
    add_string(table, "phase", run_phase_name(result->phase));
    add_whole(table, "trial", (int64_t)result->trial);
    add_seed(table, result->seed);
    for (size_t i = 0; i < table->settings; i++)
        add_setting(table, table->setting[i], value_of(result, table->setting[i]));
    add_record(table, record);
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            if (table->has[part][m])
                add_figure(table, (record_part)part, (metric)m, record->value[part][m]);
    add_string(table, "weights", record->weights);
    add_string(table, "identity", result->identity);
}

static void add_row(table *table, const cell_row *cell, const store_result *result)
{
    table->separator = "";
    if (table->form == FORM_JSON)
        text_add(&table->out, "{");
    add_columns(table, cell, result);
    text_add(&table->out, table->form == FORM_JSON ? "}\n" : "\n");
}

/* --- writing --- */

/* What is collected goes out; errors of standard output stick in its stream. */
static void flush(table *table)
{
    if (table->file != NULL)
        file_writer_put(table->file, table->out.bytes, table->out.length);
    else
        fwrite(table->out.bytes, 1, table->out.length, stdout);
    table->out.length = 0;
}

static bool write_entry(void *context, const store_result *result, plx_error *error)
{
    table *table = context;

    while (table->at < table->cells && strcmp(table->cell[table->at].label, result->cell) != 0)
        table->at++;
    if (table->at == table->cells)
        return error_set(error, ERROR_DATA, "a run belongs to no cell");
    add_row(table, &table->cell[table->at], result);
    if (table->out.failed)
        return error_memory(error);
    if (table->out.length >= BLOCK)
        flush(table);
    return true;
}

static void write_names(table *table)
{
    const cell_row cell = {0};
    run_record record;
    const store_result result = {.record = &record};

    run_record_init(&record);
    table->form = FORM_NAMES;
    add_row(table, &cell, &result);
    table->form = FORM_CSV;
}

/* Both walks. */
static bool write_rows(table *table, store *store, plx_error *error)
{
    if (!store_axes(store, &table->axis, &table->axes, error) ||
        !store_visit_cells(store, take_cell, table, error) ||
        !store_visit(store, RUN_PHASE_COUNT, false, take_columns, table, error))
        return false;
    if (table->form == FORM_CSV)
        write_names(table);
    if (!store_visit(store, RUN_PHASE_COUNT, false, write_entry, table, error))
        return false;
    flush(table);
    return !table->out.failed || error_memory(error);
}

static bool end_output(table *table, bool ok, plx_error *error)
{
    if (table->file != NULL && ok)
        return file_writer_commit(table->file, error);
    file_writer_abort(table->file);
    if (table->file != NULL || !ok)
        return ok;
    return fflush(stdout) == 0 && !ferror(stdout)
               ? true
               : error_set(error, ERROR_DATA, "standard output: cannot write: %s", strerror(errno));
}

static bool export(store *store, form form, const char *path, plx_error *error)
{
    table table = {.form = form};
    bool ok = store_begin(store, error);

    if (!ok)
        return false;
    if (path != NULL)
        ok = (table.file = file_writer_open(path, error)) != NULL;
    if (ok)
        ok = end_output(&table, write_rows(&table, store, error), error);
    store_rollback(store);
    clear_table(&table);
    return ok;
}

bool export_csv(store *store, const char *path, plx_error *error)
{
    return export(store, FORM_CSV, path, error);
}

bool export_jsonl(store *store, const char *path, plx_error *error)
{
    return export(store, FORM_JSON, path, error);
}
