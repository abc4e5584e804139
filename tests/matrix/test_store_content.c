/* test_store_content.c: what is put into a store comes out of it: runs, entries, cells, notes;
 * views and the dump. The file itself: test_store.c. */
#include "matrix/store.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "filled.h"
#include "harness.h"
#include "support/memory.h"

/* Strings that would end a statement, a line or a column, if they were ever part of one. */
static const char *const odd[] = {
    "",
    "'; DROP TABLE runs; --",
    "\"quoted\" and 'quoted' and `quoted`",
    "two\nlines\r\nand a\ttab",
    "\xce\xb1 \xe2\x86\x92 \xe6\xbc\xa2 \xf0\x9f\x8c\xb1",
    "\xff\xfe no UTF-8",
    "? ?1 :name @name $name %s %n \\",
    "-1e999",
};
enum { ODD = sizeof(odd) / sizeof(odd[0]) };

static char *dump_of(store *store)
{
    plx_error error = {0};
    text out = {0};

    ck_assert_msg(store_dump(store, &out, &error), "%s", error.text);
    return out.bytes;
}

static void check_ok(bool ok, const plx_error *error)
{
    ck_assert_msg(ok, "%s", error->text);
}

static void check_message(const char *folder, const plx_error *error, error_class code,
                          const char *behind_the_path)
{
    char *expected = memory_format("%s/results.sqlite: %s", folder, behind_the_path);

    ck_assert_str_eq(error->text, expected);
    ck_assert_int_eq(error->code, code);
    free(expected);
}

/* A run of the record, without searched settings. */
static store_run run_of(const run_record *record, unsigned n)
{
    store_run run = {.config = "loss: mse\n", .started = "2026-01-02T03:04:05Z", .record = record};

    filled_identity(run.identity, n);
    return run;
}

/* --- runs --- */

/* Every member has a value of its own. */
static void fill_record(run_record *record, run_epoch *epoch, size_t epochs)
{
    run_record_init(record);
    record->status = RUN_CRASHED;
    record->signal = 11;
    strcpy(record->reason, "signal 11 in step 7");
    record->epochs = (int64_t)epochs;
    record->steps = 1LL << 40;
    record->evaluations = (1LL << 41) + 1;
    record->parameters = 101;
    record->state_bytes = 102;
    record->best_epoch = 2;
    record->peak_memory = 103;
    record->seconds = 0.1;
    record->train_loss = 1e-300;
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            record->value[part][m] = 1.0 / (3 + 10 * part + m);
    memset(record->weights, 'a', 64);
    record->epoch = epoch;
    record->epoch_count = epochs;
    for (size_t i = 0; i < epochs; i++) {
        const int64_t count = (int64_t)i;
        epoch[i] = (run_epoch){.epoch = count + 1,
                               .step = 10 * count,
                               .evaluations = 20 * count,
                               .train_loss = 0.3 * (double)i,
                               .lr = 0.7 * (double)i,
                               .seconds = 1.1 * (double)i};
        for (int m = 0; m < METRIC_COUNT; m++)
            epoch[i].validation[m] = (double)m / (double)(i + 1);
    }
}

/* NaN equals NaN here. */
static void check_number(double a, double b)
{
    ck_assert_msg((isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof(a)) == 0, "%g is not %g", a, b);
}

static void check_epochs(const run_record *a, const run_record *b)
{
    ck_assert_uint_eq(a->epoch_count, b->epoch_count);
    for (size_t i = 0; i < a->epoch_count; i++) {
        ck_assert_int_eq(a->epoch[i].epoch, b->epoch[i].epoch);
        ck_assert_int_eq(a->epoch[i].step, b->epoch[i].step);
        ck_assert_int_eq(a->epoch[i].evaluations, b->epoch[i].evaluations);
        check_number(a->epoch[i].train_loss, b->epoch[i].train_loss);
        check_number(a->epoch[i].lr, b->epoch[i].lr);
        check_number(a->epoch[i].seconds, b->epoch[i].seconds);
        for (int m = 0; m < METRIC_COUNT; m++)
            check_number(a->epoch[i].validation[m], b->epoch[i].validation[m]);
    }
}

static void check_records(const run_record *a, const run_record *b)
{
    ck_assert_int_eq(a->status, b->status);
    ck_assert_int_eq(a->signal, b->signal);
    ck_assert_str_eq(a->reason, b->reason);
    ck_assert_int_eq(a->epochs, b->epochs);
    ck_assert_int_eq(a->steps, b->steps);
    ck_assert_int_eq(a->evaluations, b->evaluations);
    ck_assert_int_eq(a->parameters, b->parameters);
    ck_assert_int_eq(a->state_bytes, b->state_bytes);
    ck_assert_int_eq(a->best_epoch, b->best_epoch);
    ck_assert_int_eq(a->peak_memory, b->peak_memory);
    check_number(a->seconds, b->seconds);
    check_number(a->train_loss, b->train_loss);
    for (int part = 0; part < RECORD_PARTS; part++)
        for (int m = 0; m < METRIC_COUNT; m++)
            check_number(a->value[part][m], b->value[part][m]);
    ck_assert_str_eq(a->weights, b->weights);
    check_epochs(a, b);
}

static void check_reads_back(const run_record *record)
{
    char *folder;
    store *store = filled_new(&folder);
    const store_run run = run_of(record, 1);
    store_found found;
    plx_error error = {0};

    check_ok(store_add_run(store, &run, &error), &error);
    check_ok(store_find(store, run.identity, &found, &error), &error);
    check_records(record, &found.record);
    ck_assert_str_eq(found.identity, run.identity);
    ck_assert_str_eq(found.config, run.config);
    ck_assert_str_eq(found.started, run.started);
    store_found_clear(&found);
    store_close(store);
    free(folder);
}

START_TEST(a_run_reads_back_as_it_was)
{
    run_record record;
    run_epoch epoch[3];

    fill_record(&record, epoch, 3);
    check_reads_back(&record);
}
END_TEST

START_TEST(a_blank_run_reads_back_as_it_was)
{
    run_record record;

    run_record_init(&record);
    check_reads_back(&record);
}
END_TEST

START_TEST(an_extreme_number_reads_back_as_it_was)
{
    static const double number[] = {(double)NAN, (double)INFINITY, (double)-INFINITY, 5e-324};
    run_record record;
    run_epoch epoch[2];

    fill_record(&record, epoch, 2);
    record.train_loss = record.value[RECORD_TEST][METRIC_LOSS] = number[_i];
    epoch[1].train_loss = epoch[0].validation[METRIC_R2] = number[_i];
    check_reads_back(&record);
}
END_TEST

START_TEST(a_status_tells_whether_a_run_is_there)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    char identity[65];
    run_status status;

    for (unsigned n = 0; n < 7; n++)
        check_ok(filled_add(store, n, 1, &error), &error);
    for (unsigned n = 0; n < 9; n++) {
        filled_identity(identity, n);
        check_ok(store_has_run(store, identity, &status, &error), &error);
        ck_assert_int_eq(status, n > 6 ? RUN_STATUS_COUNT : n == 6 ? RUN_DIVERGED : RUN_COMPLETED);
    }
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(a_run_is_there_once)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0}, again = {0};
    char identity[65];

    filled_identity(identity, 4);
    char *expected = memory_format("the run %s is there already", identity);
    check_ok(filled_add(store, 4, 1, &error), &error);
    ck_assert(!filled_add(store, 4, 1, &again));
    check_message(folder, &again, ERROR_DATA, expected);
    store_close(store);
    free(expected);
    free(folder);
}
END_TEST

static const char *const no_identity[] = {
    "", "abcd", "00000000000000000000000000000000000000000000000000000000000000zz",
    "ABCD000000000000000000000000000000000000000000000000000000000000"};

START_TEST(a_run_has_an_identity_and_a_status)
{
    char *folder;
    store *store = filled_new(&folder);
    run_record record;
    run_record_init(&record);
    store_run run = run_of(&record, 1);
    plx_error error = {0};

    if (_i < 4)
        strcpy(run.identity, no_identity[_i]);
    else
        record.status = RUN_STATUS_COUNT;
    ck_assert(!store_add_run(store, &run, &error));
    check_message(folder, &error, ERROR_DATA, "a run without an identity or a status");
    store_close(store);
    free(folder);
}
END_TEST

/* Two epochs of one number: the run itself is in by then. */
START_TEST(a_run_that_fails_halfway_leaves_nothing)
{
    char *folder;
    store *store = filled_new(&folder);
    run_record record;
    run_epoch epoch[2];
    plx_error error = {0}, fine = {0};

    fill_record(&record, epoch, 2);
    epoch[1].epoch = epoch[0].epoch;
    const store_run run = run_of(&record, 9);
    if (_i == 1) {
        check_ok(store_begin(store, &fine), &fine);
        check_ok(store_note(store, "before", "kept", &fine), &fine);
    }
    ck_assert(!store_add_run(store, &run, &error));
    check_message(folder, &error, ERROR_DATA, "UNIQUE constraint failed: curves.run, curves.epoch");
    if (_i == 1)
        check_ok(store_commit(store, &fine), &fine);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), 0);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM curves"), 0);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM provenance"), _i);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(dropping_a_run_takes_all_of_it_and_nothing_else)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    char identity[65];

    check_ok(filled_add(store, 0, 4, &error), &error);
    char *before = dump_of(store);
    check_ok(filled_add(store, 1, 4, &error), &error);
    filled_identity(identity, 1);
    check_ok(store_drop_run(store, identity, &error), &error);
    char *after = dump_of(store);
    ck_assert_str_eq(before, after);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM curves"), 4);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM run_values"), 1);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), 1);
    check_ok(store_drop_run(store, identity, &error), &error);
    check_ok(filled_add(store, 1, 4, &error), &error);
    store_close(store);
    free(before);
    free(after);
    free(folder);
}
END_TEST

/* --- transactions --- */

START_TEST(a_reader_sees_what_is_committed_alone)
{
    char *folder;
    store *writer = filled_new(&folder), *reader = filled_open(folder, false);
    plx_error error = {0};
    bool found;

    check_ok(store_begin(writer, &error), &error);
    check_ok(store_note(writer, "machine", "a", &error), &error);
    ck_assert_ptr_null(store_noted(reader, "machine", &found, &error));
    ck_assert(!found);
    check_ok(store_commit(writer, &error), &error);
    char *value = store_noted(reader, "machine", &found, &error);
    ck_assert_str_eq(value, "a");
    free(value);
    store_close(reader);
    store_close(writer);
    free(folder);
}
END_TEST

START_TEST(what_a_reader_reads_in_a_transaction_is_of_one_moment)
{
    char *folder;
    store *writer = filled_new(&folder), *reader = filled_open(folder, false);
    plx_error error = {0};

    check_ok(store_begin(reader, &error), &error);
    char *before = dump_of(reader);
    check_ok(filled_add(writer, 1, 3, &error), &error);
    char *during = dump_of(reader);
    store_rollback(reader);
    char *after = dump_of(reader);
    ck_assert_str_eq(before, during);
    ck_assert_str_ne(before, after);
    free(before);
    free(during);
    free(after);
    store_close(reader);
    store_close(writer);
    free(folder);
}
END_TEST

START_TEST(what_is_rolled_back_is_gone)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    bool found = true;

    check_ok(store_begin(store, &error), &error);
    check_ok(store_note(store, "machine", "a", &error), &error);
    store_rollback(store);
    ck_assert_ptr_null(store_noted(store, "machine", &found, &error));
    ck_assert(!found);
    store_rollback(store);
    store_close(store);
    free(folder);
}
END_TEST

/* --- notes --- */

START_TEST(a_note_is_replaced_and_taken_away)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    bool found = false;

    check_ok(store_note(store, "machine", "a", &error), &error);
    check_ok(store_note(store, "machine", "b", &error), &error);
    char *value = store_noted(store, "machine", &found, &error);
    ck_assert_str_eq(value, "b");
    ck_assert(found);
    check_ok(store_note(store, "machine", NULL, &error), &error);
    ck_assert_ptr_null(store_noted(store, "machine", &found, &error));
    ck_assert(!found);
    free(value);
    store_close(store);
    free(folder);
}
END_TEST

/* --- strings --- */

static bool one_odd_cell(void *context, store_cell *cell)
{
    const char **string = context;

    if (string[0] == NULL)
        return false;
    cell->label = cell->problem = cell->skipped = string[0];
    cell->value = (const char *const *)&string[1];
    string[0] = NULL;
    return true;
}

static bool check_odd_cell(void *context, const store_cell *cell, plx_error *error)
{
    const char *string = context;

    ck_assert_str_eq(cell->label, string);
    ck_assert_str_eq(cell->problem, string);
    ck_assert_str_eq(cell->skipped, string);
    ck_assert_str_eq(cell->value[0], string);
    return true;
}

static bool check_odd_result(void *context, const store_result *result, plx_error *error)
{
    const char *string = context;

    ck_assert_str_eq(result->cell, string);
    ck_assert_uint_eq(result->value_count, 1);
    ck_assert_str_eq(result->value[0].path, string);
    ck_assert_str_eq(result->value[0].value, string);
    ck_assert_str_eq(result->record->reason, string);
    return true;
}

static void check_odd_run(store *store, const char *string)
{
    const store_value value = {string, string};
    const store_entry entry = {.cell = string, .phase = RUN_FINAL, .seed = 1};
    run_record record;
    run_record_init(&record);
    store_run run = run_of(&record, 1);
    store_found found;
    plx_error error = {0};

    memccpy(record.reason, string, '\0', sizeof(record.reason) - 1);
    run.config = run.started = string;
    run.value = &value;
    run.value_count = 1;
    check_ok(store_add_run(store, &run, &error), &error);
    check_ok(store_add_entry(store, &entry, run.identity, &error), &error);
    check_ok(store_find(store, run.identity, &found, &error), &error);
    ck_assert_str_eq(found.config, string);
    ck_assert_str_eq(found.started, string);
    store_found_clear(&found);
}

START_TEST(any_string_reads_back_as_it_was)
{
    char *folder, **path;
    store *store = filled_new(&folder);
    const char *string = odd[_i];
    const char *cell[] = {string, string};
    plx_error error = {0};
    size_t count;
    bool found;
    text shown = {0};

    check_ok(store_set_axes(store, &string, 1, &error), &error);
    check_ok(store_axes(store, &path, &count, &error), &error);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(path[0], string);
    check_ok(store_set_cells(store, one_odd_cell, cell, &error), &error);
    text_add(&shown, string);
    check_ok(store_visit_cells(store, check_odd_cell, shown.bytes, &error), &error);
    check_odd_run(store, string);
    check_ok(store_visit(store, RUN_PHASE_COUNT, true, check_odd_result, shown.bytes, &error),
             &error);
    check_ok(store_note(store, string, string, &error), &error);
    char *value = store_noted(store, string, &found, &error);
    ck_assert_str_eq(value, string);
    free(value);
    free(path[0]);
    free(path);
    free(shown.bytes);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(long_strings_read_back_whole)
{
    char *folder, *long_one = memory_array(1 << 20, 1);
    store *store = filled_new(&folder);
    run_record record;
    run_record_init(&record);
    store_run run = run_of(&record, 1);
    store_found found;
    plx_error error = {0};

    memset(long_one, 'x', (1 << 20) - 1);
    memset(record.reason, 'y', sizeof(record.reason) - 1);
    run.config = long_one;
    check_ok(store_add_run(store, &run, &error), &error);
    check_ok(store_find(store, run.identity, &found, &error), &error);
    ck_assert_str_eq(found.config, long_one);
    ck_assert_str_eq(found.record.reason, record.reason);
    store_found_clear(&found);
    store_close(store);
    free(long_one);
    free(folder);
}
END_TEST

/* A reason that somebody else's program has written. */
START_TEST(a_text_that_is_too_long_is_cut)
{
    char *folder;
    store *store = filled_new(&folder);
    store_found found;
    plx_error error = {0};
    char identity[65];

    check_ok(filled_add(store, 1, 1, &error), &error);
    store_close(store);
    filled_exec(folder, "UPDATE runs SET reason = printf('%.4096c', 'z'), weights = reason");
    store = filled_open(folder, false);
    filled_identity(identity, 1);
    check_ok(store_find(store, identity, &found, &error), &error);
    ck_assert_uint_eq(strlen(found.record.reason), sizeof(found.record.reason) - 1);
    store_found_clear(&found);
    store_close(store);
    free(folder);
}
END_TEST

/* --- entries and visits --- */

/* A cell, phase, trial and seed a line. */
static bool list_entry(void *context, const store_result *result, plx_error *error)
{
    text_addf(context, "%s|%s|%zu|%" PRIu64 "\n", result->cell, run_phase_name(result->phase),
              result->trial, result->seed);
    return true;
}

static void check_entries(store *store, run_phase phase, const char *expected)
{
    plx_error error = {0};
    text out = {0};

    text_add(&out, "");
    check_ok(store_visit(store, phase, false, list_entry, &out, &error), &error);
    ck_assert_str_eq(out.bytes, expected);
    free(out.bytes);
}

/* Adds the run n, and as the answer to these entries. */
static void add_entries(store *store, unsigned n, const store_entry *entry, size_t count)
{
    run_record record;
    run_record_init(&record);
    const store_run run = run_of(&record, n);
    plx_error error = {0};

    check_ok(store_add_run(store, &run, &error), &error);
    for (size_t i = 0; i < count; i++)
        check_ok(store_add_entry(store, &entry[i], run.identity, &error), &error);
}

START_TEST(entries_come_by_cell_phase_trial_and_seed)
{
    static const store_entry entry[] = {
        {"digits sgd", RUN_FINAL, 0, 2},  {"iris adam", RUN_TUNE, 10, 1},
        {"iris adam", RUN_FINAL, 0, 10},  {"iris adam", RUN_TUNE, 2, 3},
        {"iris adam", RUN_UNTUNED, 0, 1}, {"iris adam", RUN_FINAL, 0, 9},
        {"iris adam", RUN_TUNE, 2, 1},    {"iris sgd", RUN_FINAL, 0, 1},
    };
    char *folder;
    store *store = filled_new(&folder);

    add_entries(store, 1, entry, sizeof(entry) / sizeof(entry[0]));
    check_entries(store, RUN_PHASE_COUNT,
                  "iris sgd|final|0|1\n"
                  "iris adam|tune|2|1\niris adam|tune|2|3\niris adam|tune|10|1\n"
                  "iris adam|untuned|0|1\niris adam|final|0|9\niris adam|final|0|10\n"
                  "digits sgd|final|0|2\n");
    check_entries(store, RUN_TUNE, "iris adam|tune|2|1\niris adam|tune|2|3\niris adam|tune|10|1\n");
    check_entries(store, RUN_UNTUNED, "iris adam|untuned|0|1\n");
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(seeds_of_64_bits_keep_their_value_and_order)
{
    static const store_entry entry[] = {
        {"iris sgd", RUN_FINAL, 0, UINT64_MAX},
        {"iris sgd", RUN_FINAL, 0, (uint64_t)INT64_MAX + 1},
        {"iris sgd", RUN_FINAL, 0, (uint64_t)INT64_MAX},
        {"iris sgd", RUN_FINAL, 0, 10000000000000000000U},
        {"iris sgd", RUN_FINAL, 0, 9},
        {"iris sgd", RUN_FINAL, 0, 0},
    };
    char *folder;
    store *store = filled_new(&folder);

    add_entries(store, 1, entry, sizeof(entry) / sizeof(entry[0]));
    check_entries(store, RUN_FINAL,
                  "iris sgd|final|0|0\niris sgd|final|0|9\n"
                  "iris sgd|final|0|9223372036854775807\n"
                  "iris sgd|final|0|9223372036854775808\n"
                  "iris sgd|final|0|10000000000000000000\n"
                  "iris sgd|final|0|18446744073709551615\n");
    char *types = filled_query(folder, "SELECT typeof(seed), count(*) FROM entries GROUP BY 1");
    ck_assert_str_eq(types, "integer|3\ntext|3\n");
    free(types);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(a_later_answer_replaces_the_earlier)
{
    static const store_entry entry[] = {{"iris sgd", RUN_FINAL, 0, 1},
                                        {"iris sgd", RUN_FINAL, 0, UINT64_MAX}};
    char *folder, identity[65];
    store *store = filled_new(&folder);

    add_entries(store, 1, entry, 2);
    add_entries(store, 2, entry, 2);
    filled_identity(identity, 2);
    char *now = filled_query(folder, "SELECT DISTINCT identity FROM results");
    ck_assert_uint_eq(strlen(now), 65);
    ck_assert_int_eq(strncmp(now, identity, 64), 0);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM entries"), 2);
    free(now);
    store_close(store);
    free(folder);
}
END_TEST

/* Those of cells that are not asked for now are nobody's answers anyway. */
START_TEST(forgetting_answers_leaves_runs_and_other_cells)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    size_t count = 0;

    for (unsigned n = 0; n < 6; n++)
        check_ok(filled_add(store, n, 1, &error), &error);
    filled_exec(folder, "UPDATE cells SET position = NULL WHERE label = 'iris adam'");
    check_ok(store_forget_entries(store, &count, &error), &error);
    ck_assert_uint_eq(count, 4);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM entries"), 2);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM runs"), 6);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(values_that_are_known_stay)
{
    static const store_value value[] = {{"optimizer.lr", "0.2"}, {"optimizer.beta1", "0.9"}};
    char *folder, identity[65];
    store *store = filled_new(&folder);
    plx_error error = {0};

    check_ok(filled_add(store, 0, 1, &error), &error);
    filled_identity(identity, 0);
    check_ok(store_add_values(store, identity, value, 2, &error), &error);
    char *known = filled_query(folder, "SELECT path, value FROM run_values ORDER BY 1");
    ck_assert_str_eq(known, "optimizer.beta1|0.9\noptimizer.lr|0.1\n");
    free(known);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(an_entry_needs_its_cell_and_its_run)
{
    char *folder;
    store *store = filled_new(&folder);
    const store_entry nowhere = {"iris muon", RUN_FINAL, 0, 1},
                      somewhere = {"iris sgd", RUN_FINAL, 0, 1};
    plx_error error = {0}, other = {0}, fine = {0};
    char identity[65];

    check_ok(filled_add(store, 1, 1, &fine), &fine);
    filled_identity(identity, 1);
    ck_assert(!store_add_entry(store, &nowhere, identity, &error));
    char *expected = memory_format("there is no cell iris muon or no run %.60s...", identity);
    check_message(folder, &error, ERROR_DATA, expected);
    free(expected);
    ck_assert(!store_add_entry(store, &somewhere, "abcd", &other));
    check_message(folder, &other, ERROR_DATA, "there is no cell iris sgd or no run abcd");
    store_close(store);
    free(folder);
}
END_TEST

typedef struct halting {
    int calls;
    bool fails;
} halting;

static bool halt_at_two(void *context, const store_result *result, plx_error *error)
{
    halting *halting = context;

    if (++halting->calls < 2)
        return true;
    return halting->fails ? error_set(error, ERROR_RUN, "enough") : false;
}

START_TEST(a_visitor_ends_the_visit)
{
    char *folder;
    store *store = filled_new(&folder);
    halting halting = {.fails = _i == 1};
    plx_error error = {0};

    for (unsigned n = 0; n < 6; n++)
        check_ok(filled_add(store, n, 1, &error), &error);
    ck_assert_int_eq(store_visit(store, RUN_PHASE_COUNT, false, halt_at_two, &halting, &error),
                     _i == 0);
    ck_assert_int_eq(halting.calls, 2);
    ck_assert_str_eq(error.text, _i == 0 ? "" : "enough");
    store_close(store);
    free(folder);
}
END_TEST

static bool visit_again(void *context, const store_result *result, plx_error *error)
{
    store *store = context;
    const size_t epochs = result->record->epoch_count;
    text out = {0};

    check_ok(store_visit(store, RUN_FINAL, true, list_entry, &out, error), error);
    ck_assert_uint_eq(result->record->epoch_count, epochs);
    ck_assert_uint_eq(epochs, (size_t)result->record->epochs);
    free(out.bytes);
    return true;
}

START_TEST(a_visitor_may_visit)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    for (unsigned n = 0; n < 6; n++)
        check_ok(filled_add(store, n, n, &error), &error);
    check_ok(store_visit(store, RUN_FINAL, true, visit_again, store, &error), &error);
    store_close(store);
    free(folder);
}
END_TEST

static bool check_made_up(void *context, const store_result *result, plx_error *error)
{
    unsigned *seen = context;
    unsigned n = 0;
    char identity[65];
    run_record record;

    for (filled_identity(identity, n); strcmp(identity, result->identity) != 0;)
        filled_identity(identity, ++n);
    filled_record(&record, n, n % 5);
    check_records(&record, result->record);
    run_record_clear(&record);
    ck_assert_uint_eq(result->value_count, 1);
    ck_assert_str_eq(result->value[0].path, "optimizer.lr");
    ck_assert_str_eq(result->value[0].value, "0.1");
    ck_assert_str_eq(result->cell, filled_entry(n).cell);
    ck_assert_uint_eq(result->seed, filled_entry(n).seed);
    *seen += 1U << n;
    return true;
}

START_TEST(a_visitor_is_shown_every_run_with_its_own_curve)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    unsigned seen = 0;

    for (unsigned n = 0; n < 12; n++)
        check_ok(filled_add(store, n, n % 5, &error), &error);
    check_ok(store_visit(store, RUN_FINAL, true, check_made_up, &seen, &error), &error);
    ck_assert_uint_eq(seen, (1U << 12) - 1);
    store_close(store);
    free(folder);
}
END_TEST

/* --- cells --- */

/* A plan of labels, "a b": each the problem a and one axis's value b. */
typedef struct labels {
    const char *const *label;
    size_t count, next;
    char problem[32];
    const char *value;
} labels;

static bool next_label(void *context, store_cell *cell)
{
    labels *labels = context;

    if (labels->next == labels->count)
        return false;
    cell->label = labels->label[labels->next++];
    const size_t length = strcspn(cell->label, " ");
    memcpy(labels->problem, cell->label, length);
    labels->problem[length] = '\0';
    labels->value = cell->label + length + 1;
    cell->problem = labels->problem;
    cell->value = &labels->value;
    return true;
}

static bool set_labels(store *store, const char *const *label, size_t count, plx_error *error)
{
    labels labels = {.label = label, .count = count};

    return store_set_cells(store, next_label, &labels, error);
}

static bool list_cell(void *context, const store_cell *cell, plx_error *error)
{
    text_addf(context, "%s|%s|%s|%s\n", cell->label, cell->problem, cell->value[0],
              cell->skipped == NULL ? "" : cell->skipped);
    return true;
}

static void check_cells(store *store, const char *expected)
{
    plx_error error = {0};
    text out = {0};

    text_add(&out, "");
    check_ok(store_visit_cells(store, list_cell, &out, &error), &error);
    ck_assert_str_eq(out.bytes, expected);
    free(out.bytes);
}

START_TEST(cells_come_in_the_order_of_the_plan)
{
    char *folder;
    store *store = filled_new(&folder);

    check_cells(store, "iris sgd|iris|sgd|\niris adam|iris|adam|\ndigits sgd|digits|sgd|\n"
                       "digits adam|digits|adam|adam takes no digits\n");
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(a_new_plan_takes_the_place_of_the_old)
{
    static const char *const fewer[] = {"digits adam", "iris sgd", "iris lion"};
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    for (unsigned n = 0; n < 3; n++)
        check_ok(filled_add(store, n, 1, &error), &error);
    check_ok(set_labels(store, fewer, 3, &error), &error);
    check_cells(store, "digits adam|digits|adam|\niris sgd|iris|sgd|\niris lion|iris|lion|\n");
    check_entries(store, RUN_PHASE_COUNT, "iris sgd|final|0|1\n");
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM results"), 1);
    filled_set_plan(store);
    check_entries(store, RUN_PHASE_COUNT,
                  "iris sgd|final|0|1\niris adam|final|0|1\ndigits sgd|final|0|1\n");
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM cells"), 4);
    ck_assert_int_eq(filled_count(folder, "SELECT count(*) FROM cell_values"), 4);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(axes_may_change)
{
    static const char *const path[] = {"loss", "optimizer"};
    char *folder, **now;
    store *store = filled_new(&folder);
    plx_error error = {0};
    size_t count;

    check_ok(filled_add(store, 1, 1, &error), &error);
    check_ok(store_set_axes(store, path, 2, &error), &error);
    check_ok(store_axes(store, &now, &count, &error), &error);
    ck_assert_uint_eq(count, 2);
    ck_assert_str_eq(now[0], "loss");
    ck_assert_str_eq(now[1], "optimizer");
    free(now[0]);
    free(now[1]);
    free(now);
    check_ok(set_labels(store, NULL, 0, &error), &error);
    check_ok(store_set_axes(store, path, 1, &error), &error);
    check_ok(set_labels(store, &filled_label[1], 1, &error), &error);
    check_cells(store, "iris adam|iris|adam|\n");
    char *labels = filled_query(folder, "SELECT labels FROM results");
    ck_assert_str_eq(labels, "loss=adam\n");
    free(labels);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(two_cells_of_one_name_are_refused)
{
    static const char *const twice[] = {"iris sgd", "iris lion", "iris sgd"};
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    ck_assert(!set_labels(store, twice, 3, &error));
    check_message(folder, &error, ERROR_DATA, "two cells are named iris sgd");
    check_cells(store, "iris sgd|iris|sgd|\niris adam|iris|adam|\ndigits sgd|digits|sgd|\n"
                       "digits adam|digits|adam|adam takes no digits\n");
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(two_axes_of_one_name_are_refused)
{
    static const char *const twice[] = {"loss", "loss"};
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    ck_assert(!store_set_axes(store, twice, 2, &error));
    check_message(folder, &error, ERROR_DATA, "two axes are named loss");
    store_close(store);
    free(folder);
}
END_TEST

/* --- finding --- */

/* Runs 0xabcd1.., 0xabcd2.. and 0xabce..; returns the folder. */
static store *store_to_find_in(char **folder)
{
    static const char *const begin[] = {"abcd1", "abcd2", "abce"};
    store *store = filled_new(folder);
    run_record record;
    plx_error error = {0};

    run_record_init(&record);
    for (size_t i = 0; i < 3; i++) {
        store_run run = run_of(&record, 0);
        memset(run.identity, 'f', 64);
        memcpy(run.identity, begin[i], strlen(begin[i]));
        check_ok(store_add_run(store, &run, &error), &error);
    }
    return store;
}

START_TEST(a_run_is_found_by_its_first_digits)
{
    static const char *const prefix[] = {"abcd1", "abcd1f", "ABCD1", "abce", "abcefff"};
    static const char *const begin[] = {"abcd1f", "abcd1f", "abcd1f", "abcef", "abcef"};
    char *folder;
    store *store = store_to_find_in(&folder);
    plx_error error = {0};
    store_found found;

    check_ok(store_find(store, prefix[_i], &found, &error), &error);
    ck_assert_int_eq(strncmp(found.identity, begin[_i], strlen(begin[_i])), 0);
    store_found_clear(&found);
    store_close(store);
    free(folder);
}
END_TEST

static const struct unfound {
    const char *prefix, *message;
    bool about_file;
} unfound[] = {
    {"abcd", "the identities of several runs begin with abcd; give more digits", true},
    {"abcf", "no run's identity begins with abcf", true},
    {"0000", "no run's identity begins with 0000", true},
    {"abc",
     "abc is no run: a run is named by the first hexadecimal digits of its identity, at least 4",
     false},
    {"", " is no run: a run is named by the first hexadecimal digits of its identity, at least 4",
     false},
    {"abcd%",
     "abcd% is no run: a run is named by the first hexadecimal digits of its identity, at least 4",
     false},
};
enum { UNFOUND = sizeof(unfound) / sizeof(unfound[0]) };

START_TEST(digits_of_no_run_or_of_several_are_told)
{
    char *folder;
    store *store = store_to_find_in(&folder);
    plx_error error = {0};
    store_found found;

    ck_assert(!store_find(store, unfound[_i].prefix, &found, &error));
    if (unfound[_i].about_file)
        check_message(folder, &error, ERROR_USAGE, unfound[_i].message);
    else
        ck_assert_str_eq(error.text, unfound[_i].message);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    store_found_clear(&found);
    store_close(store);
    free(folder);
}
END_TEST

/* --- the public schema --- */

/* A change here is a new STORE_SCHEMA, and one of docs/matrix.md. */
START_TEST(the_columns_are_those_of_schema_1)
{
    static const char figures[] =
        "identity started status signal reason epochs steps evaluations parameters state_bytes "
        "peak_memory best_epoch seconds last_train_loss test_loss test_accuracy test_top_k "
        "test_precision test_recall test_f1 test_mae test_rmse test_r2 val_loss val_accuracy "
        "val_top_k val_precision val_recall val_f1 val_mae val_rmse val_r2 train_loss "
        "train_accuracy train_top_k train_precision train_recall train_f1 train_mae train_rmse "
        "train_r2 weights";
    char *folder;
    store *store = filled_new(&folder);
    char *now = filled_query(folder, "SELECT m.name, group_concat(c.name, ' ') FROM sqlite_schema m"
                                     " JOIN pragma_table_info(m.name) c WHERE m.type IN ('table',"
                                     " 'view') GROUP BY m.name ORDER BY m.name");
    char *expected = memory_format(
        "axes|axis path position\ncell_values|cell axis label\n"
        "cells|cell label problem skipped position\n"
        "curves|run epoch step evaluations train_loss lr seconds val_loss val_accuracy val_top_k "
        "val_precision val_recall val_f1 val_mae val_rmse val_r2\n"
        "entries|cell phase trial seed run\n"
        "failures|cell problem phase trial seed status signal reason epochs steps identity run\n"
        "final_summary|cell problem skipped runs failures mean_test_accuracy min_test_accuracy "
        "max_test_accuracy mean_test_loss min_test_loss max_test_loss mean_test_r2 mean_val_loss "
        "mean_steps mean_seconds state_bytes\n"
        "provenance|key value\n"
        "results|cell problem labels phase trial seed run %s\n"
        "run_values|run path value\nruns|run %s config\n",
        figures, figures);

    ck_assert_str_eq(now, expected);
    ck_assert_int_eq(filled_count(folder, "PRAGMA user_version"), 1);
    ck_assert_int_eq(filled_count(folder, "PRAGMA application_id"), 0x506c784d);
    free(now);
    free(expected);
    store_close(store);
    free(folder);
}
END_TEST

/* Runs 0, 3, 6 (which diverged) of "iris sgd", and so on. */
static const struct view {
    const char *sql, *answer;
} views[] = {
    {"SELECT cell, problem, labels, phase, trial, seed, status FROM results"
     " WHERE cell = 'iris sgd' ORDER BY seed",
     "iris sgd|iris|optimizer=sgd|final|0|1|completed\n"
     "iris sgd|iris|optimizer=sgd|final|0|2|completed\n"
     "iris sgd|iris|optimizer=sgd|final|0|3|diverged\n"},
    {"SELECT cell, problem, phase, trial, seed, status, signal, reason, steps FROM failures",
     "iris sgd|iris|final|0|3|diverged||the loss is not finite|20\n"},
    {"SELECT cell, problem, skipped, runs, failures, mean_test_accuracy, min_test_accuracy,"
     " max_test_accuracy, mean_steps, state_bytes FROM final_summary",
     "iris sgd|iris||3|1|0.625|0.25|1.0|20.0|136\n"
     "iris adam|iris||2|0|0.35|0.2|0.5|20.0|136\n"
     "digits sgd|digits||2|0|0.25|0.166666666666667|0.333333333333333|20.0|136\n"
     "digits adam|digits|adam takes no digits|0|0|||||\n"},
    {"SELECT count(*), sum(train_loss IS NULL), sum(weights IS NULL), sum(reason IS NULL),"
     " sum(best_epoch IS NULL) FROM runs",
     "7|7|0|6|7\n"},
};
enum { VIEWS = sizeof(views) / sizeof(views[0]) };

START_TEST(users_may_query_views)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    for (unsigned n = 0; n < 7; n++)
        check_ok(filled_add(store, n, 2, &error), &error);
    char *answer = filled_query(folder, views[_i].sql);
    ck_assert_str_eq(answer, views[_i].answer);
    free(answer);
    store_close(store);
    free(folder);
}
END_TEST

/* --- the dump --- */

START_TEST(a_dump_tells_all_but_times)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    char identity[65], weights[65];

    filled_identity(identity, 1);
    filled_identity(weights, 1000001);
    check_ok(filled_add(store, 1, 2, &error), &error);
    char *dump = dump_of(store);
    char *expected = memory_format(
        "cell digits adam | digits | adam takes no digits | optimizer=adam\n"
        "cell digits sgd | digits |  | optimizer=sgd\ncell iris adam | iris |  | optimizer=adam\n"
        "cell iris sgd | iris |  | optimizer=sgd\n"
        "entry iris adam | final 0 1 %s\n  optimizer.lr=0.1\n"
        "  completed signal=0 epochs=2 steps=20 evaluations=20 parameters=17 state_bytes=136 "
        "best_epoch=0 last_train_loss=0.25 test_loss=0.1 test_accuracy=0.5 weights=%s\n"
        "  reason \n"
        "  epoch 1 step=10 evaluations=10 train_loss=0.25 lr=0.1 val_loss=0.3333333333333333\n"
        "  epoch 2 step=20 evaluations=20 train_loss=0.2 lr=0.1 val_loss=0.25\n",
        identity, weights);
    ck_assert_str_eq(dump, expected);
    free(dump);
    free(expected);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(the_same_runs_in_another_order_give_the_same_dump)
{
    enum { RUNS = 21 };
    char *forth_folder, *back_folder;
    store *forth = filled_new(&forth_folder), *back = filled_new(&back_folder);
    plx_error error = {0};

    for (unsigned n = 0; n < RUNS; n++) {
        check_ok(filled_add(forth, n, 4, &error), &error);
        check_ok(filled_add(back, (n * 8 + 5) % RUNS, 4, &error), &error);
        if (n % 5 == 4) {
            store_close(back);
            back = filled_open(back_folder, true);
            filled_set_plan(back);
        }
    }
    filled_exec(back_folder, "UPDATE runs SET started = 'later', seconds = 7, peak_memory = 8");
    filled_exec(back_folder, "UPDATE curves SET seconds = 9");
    filled_exec(back_folder, "UPDATE cells SET position = 10 - position");
    char *one = dump_of(forth), *other = dump_of(back);
    ck_assert_str_eq(one, other);
    free(one);
    free(other);
    store_close(forth);
    store_close(back);
    free(forth_folder);
    free(back_folder);
}
END_TEST

/* Each changes one thing that a dump is to tell. */
static const char *const changes[] = {
    "UPDATE runs SET identity = replace(identity, '9', '8')",
    "UPDATE runs SET status = 'failed'",
    "UPDATE runs SET signal = 9",
    "UPDATE runs SET reason = 'another'",
    "UPDATE runs SET epochs = epochs + 1",
    "UPDATE runs SET steps = steps + 1",
    "UPDATE runs SET evaluations = evaluations + 1",
    "UPDATE runs SET parameters = parameters + 1",
    "UPDATE runs SET state_bytes = state_bytes + 1",
    "UPDATE runs SET best_epoch = 1",
    "UPDATE runs SET last_train_loss = last_train_loss * (1 + 3e-16)",
    "UPDATE runs SET test_loss = NULL",
    "UPDATE runs SET val_r2 = 0",
    "UPDATE runs SET train_loss = 0",
    "UPDATE runs SET weights = NULL",
    "UPDATE run_values SET value = '0.10'",
    "UPDATE run_values SET path = 'optimizer.momentum'",
    "UPDATE curves SET epoch = epoch + 1 WHERE epoch = 2",
    "UPDATE curves SET step = step + 1 WHERE epoch = 2",
    "UPDATE curves SET evaluations = evaluations + 1 WHERE epoch = 2",
    "UPDATE curves SET train_loss = train_loss * (1 + 3e-16) WHERE epoch = 2",
    "UPDATE curves SET lr = 0.2 WHERE epoch = 2",
    "UPDATE curves SET val_loss = NULL WHERE epoch = 2",
    "DELETE FROM curves WHERE epoch = 2",
    "UPDATE entries SET trial = 1",
    "UPDATE entries SET seed = seed + 1",
    "UPDATE entries SET phase = 'untuned'",
    "DELETE FROM entries",
    "UPDATE cells SET position = NULL WHERE label = 'digits adam'",
    "UPDATE cells SET skipped = NULL",
    "UPDATE cells SET problem = 'iris'",
    "UPDATE cell_values SET label = 'lion'",
};
enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

START_TEST(a_dump_tells_each_difference)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    check_ok(filled_add(store, 1, 2, &error), &error);
    char *before = dump_of(store);
    filled_exec(folder, changes[_i]);
    char *after = dump_of(store);
    ck_assert_str_ne(before, after);
    free(before);
    free(after);
    store_close(store);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/store_content");
    TCase *runs = tcase_create("runs"), *whole = tcase_create("transactions"),
          *strings = tcase_create("strings"), *entries = tcase_create("entries"),
          *cells = tcase_create("cells"), *finding = tcase_create("finding"),
          *schema = tcase_create("schema"), *dump = tcase_create("dump");

    tcase_add_test(runs, a_run_reads_back_as_it_was);
    tcase_add_test(runs, a_blank_run_reads_back_as_it_was);
    tcase_add_loop_test(runs, an_extreme_number_reads_back_as_it_was, 0, 4);
    tcase_add_test(runs, a_status_tells_whether_a_run_is_there);
    tcase_add_test(runs, a_run_is_there_once);
    tcase_add_loop_test(runs, a_run_has_an_identity_and_a_status, 0, 5);
    tcase_add_loop_test(runs, a_run_that_fails_halfway_leaves_nothing, 0, 2);
    tcase_add_test(runs, dropping_a_run_takes_all_of_it_and_nothing_else);
    suite_add_tcase(suite, runs);
    tcase_add_test(whole, a_reader_sees_what_is_committed_alone);
    tcase_add_test(whole, what_a_reader_reads_in_a_transaction_is_of_one_moment);
    tcase_add_test(whole, what_is_rolled_back_is_gone);
    tcase_add_test(whole, a_note_is_replaced_and_taken_away);
    suite_add_tcase(suite, whole);
    tcase_add_loop_test(strings, any_string_reads_back_as_it_was, 0, ODD);
    tcase_add_test(strings, long_strings_read_back_whole);
    tcase_add_test(strings, a_text_that_is_too_long_is_cut);
    suite_add_tcase(suite, strings);
    tcase_add_test(entries, entries_come_by_cell_phase_trial_and_seed);
    tcase_add_test(entries, seeds_of_64_bits_keep_their_value_and_order);
    tcase_add_test(entries, a_later_answer_replaces_the_earlier);
    tcase_add_test(entries, forgetting_answers_leaves_runs_and_other_cells);
    tcase_add_test(entries, values_that_are_known_stay);
    tcase_add_test(entries, an_entry_needs_its_cell_and_its_run);
    tcase_add_loop_test(entries, a_visitor_ends_the_visit, 0, 2);
    tcase_add_test(entries, a_visitor_may_visit);
    tcase_add_test(entries, a_visitor_is_shown_every_run_with_its_own_curve);
    suite_add_tcase(suite, entries);
    tcase_add_test(cells, cells_come_in_the_order_of_the_plan);
    tcase_add_test(cells, a_new_plan_takes_the_place_of_the_old);
    tcase_add_test(cells, axes_may_change);
    tcase_add_test(cells, two_cells_of_one_name_are_refused);
    tcase_add_test(cells, two_axes_of_one_name_are_refused);
    suite_add_tcase(suite, cells);
    tcase_add_loop_test(finding, a_run_is_found_by_its_first_digits, 0, 5);
    tcase_add_loop_test(finding, digits_of_no_run_or_of_several_are_told, 0, UNFOUND);
    suite_add_tcase(suite, finding);
    tcase_add_test(schema, the_columns_are_those_of_schema_1);
    tcase_add_loop_test(schema, users_may_query_views, 0, VIEWS);
    suite_add_tcase(suite, schema);
    tcase_add_test(dump, a_dump_tells_all_but_times);
    tcase_add_test(dump, the_same_runs_in_another_order_give_the_same_dump);
    tcase_add_loop_test(dump, a_dump_tells_each_difference, 0, CHANGES);
    suite_add_tcase(suite, dump);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
