/* test_export.c: the entries as CSV and as JSON, to the letter, and read back by a reader of
 * each. */
#include "matrix/export.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filled.h"
#include "harness.h"
#include "support/file.h"
#include "support/memory.h"

typedef bool export_function(store *store, const char *path, plx_error *error);

/* What is written, read back; a new string. */
static char *exported(store *store, const char *folder, export_function *export)
{
    char *path = memory_format("%s/out", folder);
    plx_error error = {0};
    size_t length;

    ck_assert_msg(export(store, path, &error), "%s", error.text);
    char *bytes = file_read(path, 1 << 24, false, &length, &error);
    ck_assert_msg(bytes != NULL, "%s", error.text);
    free(path);
    return bytes;
}

/* An entry of "iris adam" with one run. */
static void add_one(store *store, const run_record *record, const store_value *value, size_t count)
{
    const store_entry entry = {"iris adam", RUN_TUNE, 3, UINT64_MAX};
    store_run run = {
        .config = "", .started = "", .value = value, .value_count = count, .record = record};
    plx_error error = {0};

    memset(run.identity, 'e', 64);
    ck_assert_msg(store_add_run(store, &run, &error), "%s", error.text);
    ck_assert_msg(store_add_entry(store, &entry, run.identity, &error), "%s", error.text);
}

/* Every member that a column is made of. */
static void fill_record(run_record *record)
{
    run_record_init(record);
    record->status = RUN_CRASHED;
    record->signal = 11;
    strcpy(record->reason, "it \"fell\", and\nnever rose");
    record->epochs = 1;
    record->steps = 2;
    record->evaluations = 3;
    record->parameters = 4;
    record->state_bytes = 5;
    record->peak_memory = 6;
    record->seconds = 0.5;
    record->best_epoch = 7;
    record->train_loss = (double)INFINITY;
    record->value[RECORD_TEST][METRIC_ACCURACY] = 0.1;
    record->value[RECORD_VALIDATION][METRIC_LOSS] = 1e-10;
    record->value[RECORD_TRAINING][METRIC_LOSS] = (double)-INFINITY;
    strcpy(record->weights, "abc");
}

static const store_value some[] = {{"optimizer.lr", "1e-3"}, {"optimizer.rule", "a,b"}};

START_TEST(csv_has_names_and_a_line_an_entry)
{
    char *folder;
    store *store = filled_new(&folder);
    run_record record;

    fill_record(&record);
    add_one(store, &record, some, 2);
    char *csv = exported(store, folder, export_csv);
    ck_assert_str_eq(
        csv,
        "cell,problem,optimizer,phase,trial,seed,optimizer.lr,optimizer.rule,status,reason,signal,"
        "epochs,steps,evaluations,parameters,state_bytes,peak_memory,seconds,best_epoch,"
        "last_train_loss,test_accuracy,val_loss,train_loss,weights,identity\n"
        "iris adam,iris,adam,tune,3,18446744073709551615,1e-3,\"a,b\",crashed,"
        "\"it \"\"fell\"\", and\nnever rose\",11,1,2,3,4,5,6,0.5,7,,0.1,1e-10,,abc,"
        "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\n");
    free(csv);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(jsonl_has_an_object_an_entry)
{
    char *folder;
    store *store = filled_new(&folder);
    run_record record;

    fill_record(&record);
    add_one(store, &record, some, 2);
    char *json = exported(store, folder, export_jsonl);
    ck_assert_str_eq(
        json,
        "{\"cell\":\"iris adam\",\"problem\":\"iris\",\"optimizer\":\"adam\",\"phase\":\"tune\","
        "\"trial\":3,\"seed\":\"18446744073709551615\",\"optimizer.lr\":0.001,"
        "\"optimizer.rule\":\"a,b\",\"status\":\"crashed\","
        "\"reason\":\"it \\\"fell\\\", and\\nnever rose\",\"signal\":11,\"epochs\":1,\"steps\":2,"
        "\"evaluations\":3,\"parameters\":4,\"state_bytes\":5,\"peak_memory\":6,\"seconds\":0.5,"
        "\"best_epoch\":7,\"last_train_loss\":null,\"test_accuracy\":0.1,\"val_loss\":1e-10,"
        "\"train_loss\":null,\"weights\":\"abc\",\"identity\":"
        "\"eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee\"}\n");
    free(json);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(what_there_is_not_is_empty_or_null)
{
    char *folder;
    store *store = filled_new(&folder);
    run_record record;

    run_record_init(&record);
    add_one(store, &record, NULL, 0);
    char *csv = exported(store, folder, export_csv), *json = exported(store, folder, export_jsonl);
    ck_assert_ptr_nonnull(strstr(csv, ",completed,,,0,0,0,0,0,0,0,,,,eeee"));
    ck_assert_ptr_nonnull(strstr(json, "\"reason\":null,\"signal\":null,\"epochs\":0,"));
    ck_assert_ptr_nonnull(strstr(json, "\"best_epoch\":null,\"last_train_loss\":null,"
                                       "\"weights\":null,\"identity\":"));
    free(csv);
    free(json);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(an_empty_store_is_a_line_of_names_or_nothing)
{
    char *folder;
    store *store = filled_new(&folder);
    char *csv = exported(store, folder, export_csv), *json = exported(store, folder, export_jsonl);

    ck_assert_str_eq(csv, "cell,problem,optimizer,phase,trial,seed,status,reason,signal,epochs,"
                          "steps,evaluations,parameters,state_bytes,peak_memory,seconds,"
                          "best_epoch,last_train_loss,weights,identity\n");
    ck_assert_str_eq(json, "");
    free(csv);
    free(json);
    store_close(store);
    free(folder);
}
END_TEST

/* --- many rows --- */

static size_t lines_of(const char *string)
{
    size_t lines = 0;

    for (const char *at = string; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

/* Longer than what is collected before it is written. */
START_TEST(every_line_is_a_whole_object)
{
    enum { RUNS = 200 };
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    for (unsigned n = 0; n < RUNS; n++)
        ck_assert_msg(filled_add(store, n, 0, &error), "%s", error.text);
    char *json = exported(store, folder, export_jsonl);
    ck_assert_uint_gt(strlen(json), 1 << 16);
    ck_assert_uint_eq(lines_of(json), RUNS);
    size_t seen = 0;
    for (char *line = strtok(json, "\n"); line != NULL; line = strtok(NULL, "\n"), seen++) {
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        const char *cell = filled_label[seen < 67 ? 0 : seen < 134 ? 1 : 2];
        ck_assert_msg(object != NULL, "%s", line);
        ck_assert_str_eq(json_string_value(json_object_get(object, "cell")), cell);
        ck_assert_str_eq(json_string_value(json_object_get(object, "optimizer")),
                         strchr(cell, ' ') + 1);
        json_decref(object);
    }
    ck_assert_uint_eq(seen, RUNS);
    free(json);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(settings_of_different_runs_have_columns_side_by_side)
{
    char *folder;
    store *store = filled_new(&folder);
    run_record record;
    const store_value value = {"optimizer.beta", "2"};
    plx_error error = {0};

    run_record_init(&record);
    ck_assert(filled_add(store, 0, 0, &error));
    add_one(store, &record, &value, 1);
    char *csv = exported(store, folder, export_csv), *json = exported(store, folder, export_jsonl);
    ck_assert_ptr_nonnull(strstr(csv, ",seed,optimizer.beta,optimizer.lr,status,"));
    ck_assert_ptr_nonnull(strstr(csv, "\niris sgd,iris,sgd,final,0,1,,0.1,completed,"));
    ck_assert_ptr_nonnull(
        strstr(csv, "\niris adam,iris,adam,tune,3,18446744073709551615,2,,completed,"));
    ck_assert_ptr_nonnull(strstr(json, "\"optimizer.beta\":null,\"optimizer.lr\":0.1,"));
    ck_assert_ptr_nonnull(strstr(json, "\"optimizer.beta\":2,\"optimizer.lr\":null,"));
    free(csv);
    free(json);
    store_close(store);
    free(folder);
}
END_TEST

/* --- strings --- */

/* A field as RFC 4180 reads it; moves behind its comma or line end. A new string. */
static char *read_field(const char **at)
{
    text field = {0};
    bool quoted = **at == '"';

    text_add(&field, "");
    if (quoted)
        (*at)++;
    for (; **at != '\0'; (*at)++) {
        if (quoted && **at == '"' && (*at)[1] == '"')
            (*at)++;
        else if (quoted && **at == '"') {
            quoted = false;
            continue;
        } else if (!quoted && (**at == ',' || **at == '\n'))
            break;
        text_add_n(&field, *at, 1);
    }
    (*at)++;
    return field.bytes;
}

static const struct odd {
    const char *string, *in_json;
} odd[] = {
    {"plain", "plain"},
    {"a,b", "a,b"},
    {"\"", "\""},
    {"\"\"quoted\"\"", "\"\"quoted\"\""},
    {"two\nlines\r\nand a\ttab", "two\nlines\r\nand a\ttab"},
    {"\r", "\r"},
    {"\x01\x1f \\ / \x7f", "\x01\x1f \\ / \x7f"},
    {"\xce\xb1 \xf0\x9f\x8c\xb1", "\xce\xb1 \xf0\x9f\x8c\xb1"},
    {"odd \xff bytes", "odd \\xff bytes"},
    {"=1+1", "=1+1"},
    {"NaN", "NaN"},
    {"0x10", "0x10"},
};
enum { ODD = sizeof(odd) / sizeof(odd[0]) };

START_TEST(any_string_reads_back_from_csv)
{
    char *folder;
    store *store = filled_new(&folder);
    const store_value value = {"optimizer.rule", odd[_i].string};
    run_record record;

    run_record_init(&record);
    strcpy(record.reason, odd[_i].string);
    add_one(store, &record, &value, 1);
    char *csv = exported(store, folder, export_csv);
    const char *at = strchr(csv, '\n') + 1;
    for (int column = 0; column < 9; column++) {
        char *field = read_field(&at);
        if (column == 6 || column == 8)
            ck_assert_str_eq(field, odd[_i].string);
        free(field);
    }
    free(csv);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(any_string_reads_back_from_json)
{
    char *folder;
    store *store = filled_new(&folder);
    const store_value value = {"optimizer.rule", odd[_i].string};
    run_record record;

    run_record_init(&record);
    strcpy(record.reason, odd[_i].string);
    add_one(store, &record, &value, 1);
    char *json = exported(store, folder, export_jsonl);
    ck_assert_uint_eq(lines_of(json), 1);
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(object != NULL, "%s", json);
    ck_assert_str_eq(json_string_value(json_object_get(object, "optimizer.rule")), odd[_i].in_json);
    ck_assert_str_eq(json_string_value(json_object_get(object, "reason")), odd[_i].in_json);
    json_decref(object);
    free(json);
    store_close(store);
    free(folder);
}
END_TEST

/* --- where it goes --- */

START_TEST(a_path_that_cannot_be_written_is_told)
{
    export_function *const way[] = {export_csv, export_jsonl};
    char *folder;
    store *store = filled_new(&folder);
    char *path = memory_format("%s/no/out", folder);
    char *expected = memory_format("%s: cannot write: No such file or directory", path);
    plx_error error = {0}, fine = {0};

    ck_assert(!way[_i](store, path, &error));
    ck_assert_str_eq(error.text, expected);
    ck_assert_int_eq(error.code, ERROR_DATA);
    ck_assert_msg(filled_add(store, 0, 1, &fine), "%s", fine.text);
    free(path);
    free(expected);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(a_device_that_is_full_is_told)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};

    ck_assert(!export_csv(store, "/dev/full", &error));
    ck_assert_str_eq(error.text, "/dev/full: cannot write: No space left on device");
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(without_a_path_it_goes_to_standard_output)
{
    char *folder;
    store *store = filled_new(&folder);
    char *path = memory_format("%s/captured", folder);
    plx_error error = {0};
    size_t length;
    const int terminal = dup(STDOUT_FILENO);

    fflush(stdout);
    ck_assert_ptr_nonnull(freopen(path, "w", stdout));
    const bool ok = export_csv(store, NULL, &error);
    fflush(stdout);
    dup2(terminal, STDOUT_FILENO);
    ck_assert_msg(ok, "%s", error.text);
    char *bytes = file_read(path, 1 << 20, false, &length, &error);
    ck_assert_int_eq(strncmp(bytes, "cell,problem,optimizer,", 23), 0);
    free(bytes);
    free(path);
    store_close(store);
    free(folder);
}
END_TEST

START_TEST(a_full_standard_output_is_told)
{
    char *folder;
    store *store = filled_new(&folder);
    plx_error error = {0};
    const int terminal = dup(STDOUT_FILENO);

    fflush(stdout);
    ck_assert_ptr_nonnull(freopen("/dev/full", "w", stdout));
    const bool ok = export_csv(store, NULL, &error);
    dup2(terminal, STDOUT_FILENO);
    ck_assert(!ok);
    ck_assert_str_eq(error.text, "standard output: cannot write: No space left on device");
    store_close(store);
    free(folder);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/export");
    TCase *rows = tcase_create("rows"), *strings = tcase_create("strings"),
          *places = tcase_create("places");

    tcase_add_test(rows, csv_has_names_and_a_line_an_entry);
    tcase_add_test(rows, jsonl_has_an_object_an_entry);
    tcase_add_test(rows, what_there_is_not_is_empty_or_null);
    tcase_add_test(rows, an_empty_store_is_a_line_of_names_or_nothing);
    tcase_add_test(rows, every_line_is_a_whole_object);
    tcase_add_test(rows, settings_of_different_runs_have_columns_side_by_side);
    suite_add_tcase(suite, rows);
    tcase_add_loop_test(strings, any_string_reads_back_from_csv, 0, ODD);
    tcase_add_loop_test(strings, any_string_reads_back_from_json, 0, ODD);
    suite_add_tcase(suite, strings);
    tcase_add_loop_test(places, a_path_that_cannot_be_written_is_told, 0, 2);
    tcase_add_test(places, a_device_that_is_full_is_told);
    tcase_add_test(places, without_a_path_it_goes_to_standard_output);
    tcase_add_test(places, a_full_standard_output_is_told);
    suite_add_tcase(suite, places);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
