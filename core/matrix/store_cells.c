/* store_cells.c: the axes and cells of the plan at hand. Both keep their number for as long as
 * something speaks of them: those of plans before, which have no position anymore, stay if they
 * hold entries, and are current again when a plan names them again. */
#include <stdlib.h>
#include <string.h>

#include "matrix/store_internal.h"
#include "support/memory.h"

/* --- lists of strings --- */

typedef struct string_list {
    char **string;
    size_t count, capacity;
} string_list;

/* Leaves the list's memory, to be used again. */
static void clear_strings(string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->string[i]);
    list->count = 0;
}

static bool add_string(string_list *list, const char *string, plx_error *error)
{
    char *copy = memory_string(string);

    if (copy == NULL || memory_grow(&list->string, &list->capacity, list->count + 1,
                                    sizeof(*list->string)) == NULL) {
        free(copy);
        return error_memory(error);
    }
    list->string[list->count++] = copy;
    return true;
}

/* Adds the first column of every row; resets the statement. */
static bool read_strings(store *store, sqlite3_stmt *statement, string_list *list, plx_error *error)
{
    bool row = true, ok = true;

    while (ok && (ok = store_step(store, statement, &row, error)) && row) {
        row_reader from = {.statement = statement};
        ok = add_string(list, row_text(&from), error);
    }
    sqlite3_reset(statement);
    return ok;
}

/* --- axes --- */

static bool set_axis(store *store, sqlite3_stmt *statement, const char *path, size_t position,
                     plx_error *error)
{
    binder to = {.statement = statement};
    bool row;

    bind_text(&to, path);
    bind_size(&to, position);
    if (!store_bound(store, &to, error) || !store_step(store, statement, &row, error))
        return false;
    sqlite3_reset(statement);
    return row || error_set(error, ERROR_DATA, "%s: two axes are named %s", store->path,
                            text_show(path).bytes);
}

/* A row comes back unless the path is current already. */
static bool set_axes(store *store, const char *const *path, size_t count, plx_error *error)
{
    if (!store_exec(store, "UPDATE axes SET position = NULL", error))
        return false;
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO axes(path, position) VALUES(?, ?) ON CONFLICT(path) DO UPDATE SET"
        " position = excluded.position WHERE position IS NULL RETURNING axis",
        error);
    bool ok = statement != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = set_axis(store, statement, path[i], i, error);
    sqlite3_finalize(statement);
    return ok;
}

bool store_set_axes(store *store, const char *const *path, size_t count, plx_error *error)
{
    return store_enter(store, error) &&
           store_leave(store, set_axes(store, path, count, error), error);
}

/* The numbers of the current axes, in their order. */
typedef struct axis_list {
    int64_t *axis;
    size_t count, capacity;
} axis_list;

static bool read_axes(store *store, axis_list *axes, plx_error *error)
{
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT axis FROM axes WHERE position IS NOT NULL ORDER BY position", error);
    bool row = true;
    bool ok = statement != NULL;

    while (ok && (ok = store_step(store, statement, &row, error)) && row) {
        row_reader from = {.statement = statement};
        ok = memory_grow(&axes->axis, &axes->capacity, axes->count + 1, sizeof(*axes->axis)) !=
                 NULL ||
             error_memory(error);
        if (ok)
            axes->axis[axes->count++] = row_whole(&from);
    }
    sqlite3_finalize(statement);
    return ok;
}

bool store_axes(store *store, char ***path, size_t *count, plx_error *error)
{
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT path FROM axes WHERE position IS NOT NULL ORDER BY position", error);
    string_list list = {0};
    const bool ok = statement != NULL && read_strings(store, statement, &list, error);

    sqlite3_finalize(statement);
    if (!ok) {
        clear_strings(&list);
        free(list.string);
        list.string = NULL;
    }
    *path = list.string;
    *count = list.count;
    return ok;
}

/* --- writing cells --- */

/* Gives the cell's number. */
static bool add_cell(store *store, const store_cell *cell, size_t position, int64_t *number,
                     plx_error *error)
{
    binder to = {.statement = store_kept(
                     store, KEPT_ADD_CELL,
                     "INSERT INTO cells(label, problem, skipped, position) VALUES(?, ?, ?, ?)"
                     " ON CONFLICT(label) DO UPDATE SET problem = excluded.problem,"
                     " skipped = excluded.skipped, position = excluded.position"
                     " WHERE position IS NULL RETURNING cell",
                     error)};
    row_reader from = {.statement = to.statement};
    bool row;

    if (to.statement == NULL)
        return false;
    bind_text(&to, cell->label);
    bind_text(&to, cell->problem);
    bind_text(&to, cell->skipped);
    bind_size(&to, position);
    if (!store_bound(store, &to, error) || !store_step(store, to.statement, &row, error))
        return false;
    *number = row ? row_whole(&from) : 0;
    sqlite3_reset(to.statement);
    return row || error_set(error, ERROR_DATA, "%s: two cells are named %s", store->path,
                            text_show(cell->label).bytes);
}

static bool drop_values(store *store, int64_t cell, plx_error *error)
{
    binder to = {.statement = store_kept(store, KEPT_DROP_VALUES,
                                         "DELETE FROM cell_values WHERE cell = ?", error)};

    if (to.statement == NULL)
        return false;
    bind_whole(&to, cell);
    return store_bound(store, &to, error) && store_run_through(store, to.statement, error);
}

static bool add_value(store *store, int64_t cell, int64_t axis, const char *label, plx_error *error)
{
    binder to = {.statement = store_kept(
                     store, KEPT_ADD_VALUE,
                     "INSERT INTO cell_values(cell, axis, label) VALUES(?, ?, ?)", error)};

    if (to.statement == NULL)
        return false;
    bind_whole(&to, cell);
    bind_whole(&to, axis);
    bind_text(&to, label);
    return store_bound(store, &to, error) && store_run_through(store, to.statement, error);
}

static bool set_cell(store *store, const axis_list *axes, const store_cell *cell, size_t position,
                     plx_error *error)
{
    int64_t number = 0;

    if (!add_cell(store, cell, position, &number, error) || !drop_values(store, number, error))
        return false;
    for (size_t i = 0; i < axes->count; i++)
        if (!add_value(store, number, axes->axis[i], cell->value[i], error))
            return false;
    return true;
}

/* Cells that no plan names and no run belongs to. */
static bool drop_idle(store *store, plx_error *error)
{
    return store_exec(store,
                      "DELETE FROM cells WHERE position IS NULL"
                      " AND NOT EXISTS (SELECT 1 FROM entries e WHERE e.cell = cells.cell);"
                      "DELETE FROM cell_values WHERE cell NOT IN (SELECT cell FROM cells);"
                      "DELETE FROM axes WHERE position IS NULL"
                      " AND axis NOT IN (SELECT axis FROM cell_values)",
                      error);
}

static bool set_cells(store *store, bool (*next)(void *context, store_cell *cell), void *context,
                      plx_error *error)
{
    axis_list axes = {0};
    store_cell cell = {0};
    bool ok = read_axes(store, &axes, error) &&
              store_exec(store, "UPDATE cells SET position = NULL", error);

    for (size_t i = 0; ok && next(context, &cell); i++) {
        ok = set_cell(store, &axes, &cell, i, error);
        memset(&cell, 0, sizeof(cell));
    }
    free(axes.axis);
    return ok && drop_idle(store, error);
}

bool store_set_cells(store *store, bool (*next)(void *context, store_cell *cell), void *context,
                     plx_error *error)
{
    return store_enter(store, error) &&
           store_leave(store, set_cells(store, next, context, error), error);
}

/* --- reading cells --- */

static bool read_labels(store *store, sqlite3_stmt *statement, int64_t cell, string_list *labels,
                        plx_error *error)
{
    binder to = {.statement = statement};

    clear_strings(labels);
    bind_whole(&to, cell);
    return store_bound(store, &to, error) && read_strings(store, statement, labels, error);
}

typedef struct cell_visit {
    sqlite3_stmt *cells, *labels;
    string_list list;
    size_t axes;
    bool (*visit)(void *context, const store_cell *cell, plx_error *error);
    void *context;
} cell_visit;

/* `go` becomes false when the visitor has seen enough. */
static bool show_cell(store *store, cell_visit *to, bool *go, plx_error *error)
{
    row_reader from = {.statement = to->cells};
    const int64_t number = row_whole(&from);
    store_cell cell = {0};

    cell.label = row_text(&from);
    cell.problem = row_text(&from);
    if (sqlite3_column_type(to->cells, from.count) != SQLITE_NULL)
        cell.skipped = row_text(&from);
    if (!read_labels(store, to->labels, number, &to->list, error))
        return false;
    if (to->list.count != to->axes)
        return store_damaged(store, "a cell lacks a label of an axis", error);
    cell.value = (const char *const *)to->list.string;
    *go = to->visit(to->context, &cell, error);
    return *go || error == NULL || error->code == ERROR_NONE;
}

static bool show_cells(store *store, cell_visit *to, plx_error *error)
{
    bool row = true, go = true;
    bool ok = to->cells != NULL && to->labels != NULL;

    while (ok && go && (ok = store_step(store, to->cells, &row, error)) && row)
        ok = show_cell(store, to, &go, error);
    return ok;
}

bool store_visit_cells(store *store,
                       bool (*visit)(void *context, const store_cell *cell, plx_error *error),
                       void *context, plx_error *error)
{
    cell_visit to = {.visit = visit, .context = context};
    axis_list axes = {0};
    bool ok = read_axes(store, &axes, error);

    to.axes = axes.count;
    free(axes.axis);
    if (ok) {
        to.cells = store_prepare(store,
                                 "SELECT cell, label, problem, skipped FROM cells"
                                 " WHERE position IS NOT NULL ORDER BY position",
                                 error);
        to.labels = store_prepare(store,
                                  "SELECT v.label FROM cell_values v JOIN axes a ON a.axis = v.axis"
                                  " WHERE v.cell = ? AND a.position IS NOT NULL"
                                  " ORDER BY a.position",
                                  error);
        ok = show_cells(store, &to, error);
    }
    sqlite3_finalize(to.cells);
    sqlite3_finalize(to.labels);
    clear_strings(&to.list);
    free(to.list.string);
    return ok;
}
