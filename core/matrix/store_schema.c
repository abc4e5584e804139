/* store_schema.c: the tables and views of results.sqlite, described for users in docs/matrix.md.
 *
 * Columns of figures, "test_accuracy", are made from the metrics there are, so a new metric is a
 * new column and a new STORE_SCHEMA. Those of `runs` and `curves` are named here once, in the
 * order in which they are bound and read. */
#include <string.h>

#include "matrix/store_internal.h"

typedef struct column {
    const char *name, *type;
} column;

/* The weights' digest follows the figures. */
static const column run_columns[] = {
    {"identity", "TEXT NOT NULL UNIQUE"},
    {"started", "TEXT NOT NULL"},
    {"status", "TEXT NOT NULL"},
    {"signal", "INTEGER"},
    {"reason", "TEXT"},
    {"epochs", "INTEGER NOT NULL"},
    {"steps", "INTEGER NOT NULL"},
    {"evaluations", "INTEGER NOT NULL"},
    {"parameters", "INTEGER NOT NULL"},
    {"state_bytes", "INTEGER NOT NULL"},
    {"peak_memory", "INTEGER NOT NULL"},
    {"best_epoch", "INTEGER"},
    {"seconds", "REAL"},
    {"last_train_loss", "REAL"},
};
static const column curve_columns[] = {
    {"step", "INTEGER NOT NULL"}, {"evaluations", "INTEGER NOT NULL"},
    {"train_loss", "REAL"},       {"lr", "REAL"},
    {"seconds", "REAL"},
};
enum {
    RUN_COLUMNS = sizeof(run_columns) / sizeof(run_columns[0]),
    CURVE_COLUMNS = sizeof(curve_columns) / sizeof(curve_columns[0]),
};

/* --- lists of columns --- */

/* A list that is being written. */
typedef struct list {
    text *out;
    const char *prefix; /* of each name                                                          */
    bool types;         /* behind each name                                                      */
    const char *separator;
} list;

static void add_column(list *list, const char *part, const char *name, const char *type)
{
    text_addf(list->out, "%s%s%s%s", list->separator, list->prefix, part, name);
    if (list->types)
        text_addf(list->out, " %s", type);
    list->separator = ", ";
}

static void add_columns(list *list, const column *column, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_column(list, "", column[i].name, column[i].type);
}

static void add_metrics(list *list, record_part part)
{
    for (int m = 0; m < METRIC_COUNT; m++)
        add_column(list, record_part_prefix(part), metric_name((metric)m), "REAL");
}

static void add_run_columns(text *out, const char *prefix, bool types)
{
    list list = {.out = out, .prefix = prefix, .types = types, .separator = ""};

    add_columns(&list, run_columns, RUN_COLUMNS);
    for (int part = 0; part < RECORD_PARTS; part++)
        add_metrics(&list, (record_part)part);
    add_column(&list, "", "weights", "TEXT");
}

static void add_curve_columns(text *out, bool types)
{
    list list = {.out = out, .prefix = "", .types = types, .separator = ""};

    add_columns(&list, curve_columns, CURVE_COLUMNS);
    add_metrics(&list, RECORD_VALIDATION);
}

void schema_run_columns(text *out, const char *prefix)
{
    add_run_columns(out, prefix, false);
}

void schema_curve_columns(text *out)
{
    add_curve_columns(out, false);
}

void schema_parameters(text *out)
{
    size_t commas = 0;

    for (const char *at = out->failed ? "" : out->bytes; (at = strchr(at, ',')) != NULL; at++)
        commas++;
    text_add(out, "?");
    while (commas-- > 0)
        text_add(out, ", ?");
}

/* --- tables --- */

static void add_tables(text *out)
{
    text_add(out,
             "CREATE TABLE provenance(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
             "CREATE TABLE axes(axis INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE,"
             " position INTEGER);"
             "CREATE TABLE cells(cell INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE,"
             " problem TEXT NOT NULL, skipped TEXT, position INTEGER);"
             "CREATE TABLE cell_values(cell INTEGER NOT NULL REFERENCES cells,"
             " axis INTEGER NOT NULL REFERENCES axes, label TEXT NOT NULL,"
             " PRIMARY KEY(cell, axis)) WITHOUT ROWID;"
             "CREATE TABLE runs(run INTEGER PRIMARY KEY, ");
    add_run_columns(out, "", true);
    text_add(out,
             ", config TEXT NOT NULL);"
             "CREATE TABLE run_values(run INTEGER NOT NULL REFERENCES runs, path TEXT NOT NULL,"
             " value TEXT NOT NULL, PRIMARY KEY(run, path)) WITHOUT ROWID;"
             "CREATE TABLE curves(run INTEGER NOT NULL REFERENCES runs,"
             " epoch INTEGER NOT NULL, ");
    add_curve_columns(out, true);
    text_add(out, ", PRIMARY KEY(run, epoch)) WITHOUT ROWID;"
                  "CREATE TABLE entries(cell INTEGER NOT NULL REFERENCES cells,"
                  " phase TEXT NOT NULL, trial INTEGER NOT NULL, seed NOT NULL,"
                  " run INTEGER NOT NULL REFERENCES runs,"
                  " PRIMARY KEY(cell, phase, trial, seed)) WITHOUT ROWID;"
                  "CREATE INDEX entries_run ON entries(run);");
}

/* --- views --- */

const char *schema_labels(void)
{
    return "(SELECT group_concat(path || '=' || label, ', ') FROM"
           " (SELECT a.path, v.label FROM cell_values v JOIN axes a ON a.axis = v.axis"
           " WHERE v.cell = c.cell AND a.position IS NOT NULL ORDER BY a.position))";
}

static void add_results(text *out)
{
    text_addf(out,
              "CREATE VIEW results AS SELECT c.label AS cell, c.problem AS problem, %s AS labels,"
              " e.phase AS phase, e.trial AS trial, e.seed AS seed, e.run AS run, ",
              schema_labels());
    add_run_columns(out, "r.", false);
    text_add(out, " FROM entries e JOIN cells c ON c.cell = e.cell JOIN runs r ON r.run = e.run"
                  " WHERE c.position IS NOT NULL;");
}

/* "'completed', 'early_stopped'": the words for what is no failure. */
static void add_successes(text *out)
{
    const char *separator = "";

    for (int status = 0; status < RUN_STATUS_COUNT; status++)
        if (!run_status_is_failure((run_status)status)) {
            text_addf(out, "%s'%s'", separator, run_status_name((run_status)status));
            separator = ", ";
        }
}

static void add_failures(text *out)
{
    text_add(out,
             "CREATE VIEW failures AS SELECT cell, problem, phase, trial, seed, status, signal,"
             " reason, epochs, steps, identity, run FROM results WHERE status NOT IN (");
    add_successes(out);
    text_add(out, ");");
}

static void add_summary_of(text *out, const char *function, const char *figure, const char *name)
{
    text_addf(out, ", %s(r.%s) FILTER (WHERE r.status IN (", function, figure);
    add_successes(out);
    text_addf(out, ")) AS %s", name);
}

/* Figures are over the runs that did not fail; how many did stands beside them. */
static void add_final_summary(text *out)
{
    text_add(out, "CREATE VIEW final_summary AS SELECT c.label AS cell, c.problem AS problem,"
                  " c.skipped AS skipped, count(r.run) AS runs,"
                  " count(r.run) FILTER (WHERE r.status NOT IN (");
    add_successes(out);
    text_add(out, ")) AS failures");
    add_summary_of(out, "avg", "test_accuracy", "mean_test_accuracy");
    add_summary_of(out, "min", "test_accuracy", "min_test_accuracy");
    add_summary_of(out, "max", "test_accuracy", "max_test_accuracy");
    add_summary_of(out, "avg", "test_loss", "mean_test_loss");
    add_summary_of(out, "min", "test_loss", "min_test_loss");
    add_summary_of(out, "max", "test_loss", "max_test_loss");
    add_summary_of(out, "avg", "test_r2", "mean_test_r2");
    add_summary_of(out, "avg", "val_loss", "mean_val_loss");
    add_summary_of(out, "avg", "steps", "mean_steps");
    add_summary_of(out, "avg", "seconds", "mean_seconds");
    add_summary_of(out, "max", "state_bytes", "state_bytes");
    text_addf(out,
              " FROM cells c LEFT JOIN entries e ON e.cell = c.cell AND e.phase = '%s'"
              " LEFT JOIN runs r ON r.run = e.run"
              " WHERE c.position IS NOT NULL GROUP BY c.cell ORDER BY c.position;",
              run_phase_name(RUN_FINAL));
}

void schema_make(text *out)
{
    text_addf(out, "PRAGMA application_id = %d; PRAGMA user_version = %d;", STORE_APPLICATION,
              STORE_SCHEMA);
    add_tables(out);
    add_results(out);
    add_failures(out);
    add_final_summary(out);
}
