/* `plexus matrix` from its command line: what its parts say, write and answer, and how they end. What a
 * run of a matrix goes through is in test_matrix_trouble.c. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "run.h"
#include "sample.h"

/* Four cells with three runs each. */
static const char pairs[] = "axes:\n"
                            "  optimizer: [sgd, adam]\n"
                            "  loss: [mse, cross_entropy]\n"
                            "protocol: {final: {seeds: 3}}\n";

/* A folder with pairs.yaml and its results in `done`, made once; tests add to the folder, and leave
 * the results as they are. */
static char *folder;

static void make_results(void)
{
    folder = harness_memory_folder();
    sample_matrix(folder, "pairs", pairs);
    run_well(&(run_options){.folder = folder}, "matrix run pairs.yaml --out done");
}

static void free_results(void)
{
    free(folder);
}

/* The optimizer `trip` dies in its third step. */
static const char *const crashing[] = {"PLEXUS_TRIP=3 11 1", NULL};

static run *matrix(const char *line)
{
    return run_line(&(run_options){.folder = folder}, "matrix %s", line);
}

/* "matrix ..." ends well with exactly that on stdout. */
static void expect_out(const char *line, const char *expected)
{
    run *run = matrix(line);

    run_expect(run, 0);
    ck_assert_str_eq(run->out, expected);
    run_free(run);
}

/* A copy of a text with the digits behind each `before` left out: of times, which are never the same. */
static char *without_numbers(const char *text, const char *before)
{
    char *made = strdup(text);
    char *to = made;

    for (const char *at = text; *at != '\0';) {
        if (strncmp(at, before, strlen(before)) != 0) {
            *to++ = *at++;
            continue;
        }
        memcpy(to, before, strlen(before));
        to += strlen(before);
        at += strlen(before);
        at += strspn(at, "0123456789.");
    }
    *to = '\0';
    return made;
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct {
    const char *line, *err;
} refused[] = {
    {"", "usage: plexus matrix plan|run|status|report|repro|diff ..."},
    {"a b c d", "usage: plexus matrix plan|run|status|report|repro|diff ..."},
    {"plan", "usage: plexus matrix plan FILE.yaml"},
    {"run", "usage: plexus matrix run FILE.yaml"},
    {"run pairs.yaml done", "usage: plexus matrix run FILE.yaml"},
    {"status", "usage: plexus matrix status DIR"},
    {"report", "usage: plexus matrix report DIR"},
    {"repro done", "usage: plexus matrix repro DIR RUN"},
    {"diff done", "usage: plexus matrix diff DIR DIR"},
    {"stats done", "matrix has no 'stats'; did you mean 'status'?"},
    {"pln pairs.yaml", "matrix has no 'pln'; did you mean 'plan'?"},
    {"pairs.yaml",
     "matrix has no 'pairs.yaml'; there are plan, run, status, report, repro and diff"},
    {"run ''", "argument 2 of matrix is empty; an unset variable?"},
    {"plan pairs.yaml --out done", "matrix plan takes no option '--out'"},
    {"plan pairs.yaml --retry-failed", "matrix plan takes no option '--retry-failed'"},
    {"status done --html x.html", "matrix status takes no option '--html'"},
    {"report done --workers 2", "matrix report takes no option '--workers'"},
    {"report done --out elsewhere", "matrix report takes no option '--out'"},
    {"repro done 0123 --json", "matrix repro takes no option '--json'"},
    {"diff done done --csv x.csv", "matrix diff takes no option '--csv'"},
    {"run pairs.yaml --worker 2", "matrix has no option '--worker'; did you mean '--workers'?"},
    {"run pairs.yaml --seed 2",
     "matrix has no option '--seed'; `plexus help matrix` lists its options"},
    {"run pairs.yaml --workers 0", "--workers takes a whole number from 1 to 256, not '0'"},
    {"run pairs.yaml --workers 257", "--workers takes a whole number from 1 to 256, not '257'"},
    {"run pairs.yaml --workers two", "--workers takes a whole number from 1 to 256, not 'two'"},
    {"run pairs.yaml --workers", "--workers needs a value: --workers N"},
    {"run pairs.yaml --junit", "--junit needs a value: --junit FILE"},
    {"run pairs.yaml --csv=", "--csv needs a value: --csv FILE"},
    {"run pairs.yaml --retry-failed=yes", "--retry-failed takes no value"},
    {"run pairs.yaml --progress often", "--progress takes auto, always or never, not 'often'"},
    {"repro done zzzz", "zzzz is no run: a run is named by the first hexadecimal digits of its "
                        "identity, at least 4"},
    {"repro done abc", "abc is no run: a run is named by the first hexadecimal digits of its "
                       "identity, at least 4"},
};
enum { REFUSED = sizeof(refused) / sizeof(refused[0]) };

START_TEST(a_line_that_makes_no_sense_is_code_2)
{
    char *expected = NULL;
    run *run = matrix(refused[_i].line);

    ck_assert_int_gt(asprintf(&expected, "plexus: %s\n", refused[_i].err), 0);
    run_expect_error(run, 2, expected);
    free(expected);
    run_free(run);
}
END_TEST

static const struct {
    const char *rest, *err;
} bad_files[] = {
    {"axes: {optimizer: [sgd, adm]}\n",
     "bad.yaml:7:25: no optimizer 'adm' in " BUILTIN "; did you mean 'adam'?\n"},
    {"axis: {}\n", "bad.yaml:7:1: unknown key 'axis' in the file; did you mean 'axes'?\n"},
    {"axes: {optimizer: [sgd\n",
     "bad.yaml:8:1: a list '[' that is not closed; expected ',' or ']' here\n"},
    {"axes: {loss: [mse]}\nrules: [{exclude: {loss: mse}, why: \"not today\"}]\n",
     "bad.yaml: every cell is skipped; the first one because: not today\n"},
};
enum { BAD_FILES = sizeof(bad_files) / sizeof(bad_files[0]) };

START_TEST(a_mistake_in_the_matrix_file_is_code_3_with_its_place)
{
    static const char *const parts[] = {"plan bad.yaml", "run bad.yaml --out bad"};

    sample_matrix(folder, "bad", bad_files[_i].rest);
    for (size_t i = 0; i < 2; i++) {
        run *run = matrix(parts[i]);
        run_expect_error(run, 3, bad_files[_i].err);
        run_free(run);
    }
    ck_assert(!sample_exists(folder, "bad"));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_code_3)
{
    run *run = matrix("run nothing.yaml");

    run_expect_error(run, 3, "nothing.yaml: cannot read: No such file or directory\n");
    run_free(run);
}
END_TEST

START_TEST(results_in_the_place_of_the_matrix_file_are_code_3)
{
    run *run = matrix("run done");

    run_expect_error(run, 3, "done: is a folder; a file is needed\n");
    run_free(run);
}
END_TEST

/* The plug-in folder holds a plug-in that this program cannot load. */
START_TEST(a_plugin_that_is_none_is_code_4)
{
    char *plugins = harness_folder();

    free(harness_file(plugins, "spoiled.so", "no shared object"));
    sample_matrix(folder, "spoiled", "axes: {optimizer: [sgd, spoiled]}\n");
    run *run = run_line(&(run_options){.folder = folder},
                        "matrix run spoiled.yaml --out spoiled --plugin-dir %s", plugins);
    run_expect(run, 4);
    run_expect_in(run, run->err, "/spoiled.so: ");
    ck_assert_str_eq(run->out, "");
    ck_assert(!sample_exists(folder, "spoiled"));
    run_free(run);
    free(plugins);
}
END_TEST

/* Whatever reads results says the same of what holds none. */
static const char *const readers[] = {"status %s", "report %s", "repro %s abcd", "diff %s done",
                                      "diff done %s"};
enum { READERS = sizeof(readers) / sizeof(readers[0]) };

static void expect_no_results(const char *reader, const char *name, const char *format)
{
    char *line = NULL, *expected = NULL;

    ck_assert_int_gt(asprintf(&line, reader, name), 0);
    ck_assert_int_gt(asprintf(&expected, format, folder, name), 0);
    run *run = matrix(line);
    run_expect_error(run, 5, expected);
    run_free(run);
    free(expected);
    free(line);
}

START_TEST(what_holds_no_results_is_code_5)
{
    char *empty = sample_path(folder, "empty");

    mkdir(empty, 0755);
    for (size_t i = 0; i < 2; i++)
        expect_no_results(readers[_i], i == 0 ? "empty" : "nowhere",
                          "%s/%s/results.sqlite: there is no such file; `plexus matrix run` makes "
                          "it\n");
    ck_assert_uint_eq(sample_count(empty), 0);
    ck_assert(!sample_exists(folder, "nowhere"));
    free(empty);
}
END_TEST

START_TEST(a_matrix_file_in_the_place_of_results_is_code_5)
{
    expect_no_results(readers[_i], "pairs.yaml", "%s/%s: is no folder; results are in one\n");
}
END_TEST

/* ---- plan ------------------------------------------------------------------------------------ */

START_TEST(plan_shows_cells_runs_and_what_a_verdict_takes)
{
    static const char head[] =
        "pairs.yaml: 1 problem x 2 x 2 = 4 cells, 4 of them run\n"
        "  problem            base\n"
        "  optimizer          sgd, adam\n"
        "  loss               mse, cross_entropy\n"
        "\n"
        "runs of                     cells     tune  untuned    final      "
        "all\n"
        "sgd                             2        0        0        6        "
        "6\n"
        "adam                            2        0        0        6        "
        "6\n"
        "                                4                                  "
        "12\n"
        "\n"
        "a run takes about ";
    static const char tail[] = "\n"
                               "\n"
                               "warning: 3 paired runs can never reach p <= 0.05 with Holm's "
                               "correction over the comparisons; it takes 6: set "
                               "protocol.final.seeds to 6 or more\n";
    run *run = matrix("plan pairs.yaml --workers 3");

    run_expect(run, 0);
    ck_assert_str_eq(run->err, "");
    ck_assert_int_eq(strncmp(run->out, head, strlen(head)), 0);
    run_expect_in(run, run->out, " (2 tried); all of them on 3 workers about ");
    ck_assert_str_eq(run->out + strlen(run->out) - strlen(tail), tail);
    run_free(run);
}
END_TEST

START_TEST(plan_names_what_is_skipped_and_why)
{
    sample_matrix(folder, "fewer",
                  "axes:\n"
                  "  optimizer: [sgd, adam]\n"
                  "  loss: [mse, cross_entropy]\n"
                  "rules: [{exclude: {optimizer: sgd, loss: mse}, why: \"not today\"}]\n");
    run *run = matrix("plan fewer.yaml");

    run_expect(run, 0);
    run_expect_in(run, run->out, "fewer.yaml: 1 problem x 2 x 2 = 4 cells, 3 of them run\n");
    run_expect_in(run, run->out, "\nskipped\n  1 cell, such as base / sgd / mse:\n    not today\n");
    run_free(run);
}
END_TEST

START_TEST(plan_json_is_one_object)
{
    run *run = matrix("plan pairs.yaml --json");

    run_expect(run, 0);
    char *timeless = without_numbers(run->out, "\"seconds\":");
    ck_assert_str_eq(timeless,
                     "{\"matrix\":\"pairs.yaml\",\"cells\":4,\"cells_run\":4,\"runs\":12,"
                     "\"treatments\":[{\"name\":\"sgd\",\"cells\":2,\"tune\":0,\"untuned\":0,"
                     "\"final\":6},{\"name\":\"adam\",\"cells\":2,\"tune\":0,\"untuned\":0,"
                     "\"final\":6}],\"skipped\":[],\"pairs\":3,\"least_pairs\":6,\"seconds\":}\n");
    free(timeless);
    run_free(run);
}
END_TEST

START_TEST(plan_leaves_nothing_behind)
{
    char *inner = sample_path(folder, "planned");

    mkdir(inner, 0755);
    run_well(&(run_options){.folder = inner}, "matrix plan ../pairs.yaml");
    ck_assert_uint_eq(sample_count(inner), 0);
    free(inner);
}
END_TEST

/* ---- run ------------------------------------------------------------------------------------- */

START_TEST(run_leaves_results_and_a_report_and_nothing_else)
{
    char *done = sample_path(folder, "done");

    ck_assert_uint_eq(sample_count(done), 2);
    ck_assert(sample_exists(folder, "done/results.sqlite"));
    char *page = sample_read(folder, "done/report.html", NULL);
    ck_assert_int_eq(strncmp(page, "<!DOCTYPE html>\n", 16), 0);
    free(page);
    free(done);
}
END_TEST

START_TEST(run_prints_the_summary_and_where_the_report_is)
{
    char *last = NULL;
    run *run = matrix("run pairs.yaml --out summed --progress never");

    run_expect(run, 0);
    ck_assert_str_eq(run->err, "");
    ck_assert_int_eq(strncmp(run->out, "pairs: 12 of 12 final runs, 4 of 4 cells done\n\n", 46), 0);
    run_expect_in(run, run->out, "\ntreatment  test accuracy (IQM)  95 % interval");
    ck_assert_int_gt(asprintf(&last, "\nreport   %s/summed/report.html\n", folder), 0);
    run_expect_in(run, run->out, last);
    free(last);
    run_free(run);
}
END_TEST

START_TEST(run_tells_how_far_it_is)
{
    char *last = NULL;
    run *run = matrix("run pairs.yaml --out told");

    run_expect(run, 0);
    run_expect_in(run, run->err, " of 12 runs done, 0 failed  leads: ");
    run_expect_in(run, run->err, "\n12 of 12 runs done, 0 failed  leads: ");
    ck_assert_int_gt(asprintf(&last, " s; 0 failed; results in %s/told\n", folder), 0);
    run_expect_in(run, run->err, "\n12 runs, 12 of them now, in ");
    run_expect_in(run, run->err, last);
    ck_assert_ptr_null(strchr(run->err, '\033'));
    free(last);
    run_free(run);
}
END_TEST

START_TEST(run_again_has_nothing_to_do)
{
    char *expected = NULL;
    run_well(&(run_options){.folder = folder}, "matrix run pairs.yaml --out again");
    run *run = matrix("run pairs.yaml --out again");

    run_expect(run, 0);
    ck_assert_int_gt(asprintf(&expected,
                              "12 of 12 runs done, 0 failed\n"
                              "nothing to do: all 12 runs are done, 0 of them failed; results in "
                              "%s/again\n",
                              folder),
                     0);
    ck_assert_str_eq(run->err, expected);
    sample_same_results(folder, "again", "done");
    free(expected);
    run_free(run);
}
END_TEST

START_TEST(what_is_added_to_the_file_is_run_alone)
{
    run_well(&(run_options){.folder = folder}, "matrix run pairs.yaml --out grown");
    sample_matrix(folder, "larger",
                  "axes:\n"
                  "  optimizer: [sgd, adam, rmsprop]\n"
                  "  loss: [mse, cross_entropy]\n"
                  "protocol: {final: {seeds: 3}}\n");
    run *run = matrix("run larger.yaml --out grown");
    run_expect(run, 0);
    run_expect_in(run, run->err, "\n18 runs, 6 of them now, in ");
    run_free(run);
}
END_TEST

START_TEST(run_goes_to_a_folder_named_after_the_file)
{
    sample_matrix(folder, "named", "protocol: {final: {seeds: 1}}\n");
    run_well(&(run_options){.folder = folder}, "matrix run named.yaml");
    ck_assert(sample_exists(folder, "runs/named/results.sqlite"));
}
END_TEST

START_TEST(workers_change_no_bit)
{
    static const int workers[] = {1, 3, 7};
    char *out = NULL;

    ck_assert_int_gt(asprintf(&out, "workers-%d", workers[_i]), 0);
    run_well(&(run_options){.folder = folder}, "matrix run pairs.yaml --out %s --workers %d", out,
             workers[_i]);
    sample_same_results(folder, out, "done");
    free(out);
}
END_TEST

START_TEST(json_is_the_summary_alone)
{
    run *run = matrix("run pairs.yaml --out done --json");

    run_expect(run, 0);
    json_t *object = sample_object(run->out);
    ck_assert_str_eq(sample_string(object, "matrix"), "pairs");
    ck_assert(json_is_true(json_object_get(object, "passed")));
    json_decref(object);
    run_free(run);
}
END_TEST

/* A sentence begins with two characters, and so do its further lines; a table is as wide as it is. */
START_TEST(sentences_are_wrapped_where_the_terminal_ends)
{
    struct winsize size = {.ws_row = 24, .ws_col = 50};
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    char shown[4096] = "";

    ck_assert_int_eq(grantpt(master), 0);
    ck_assert_int_eq(unlockpt(master), 0);
    ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
    const int kept = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    run *run =
        run_line(&(run_options){.folder = folder, .output = ptsname(master)}, "matrix report done");
    run_expect(run, 0);
    ck_assert_int_gt(read(master, shown, sizeof(shown) - 1), 0);
    for (char *line = strtok(shown, "\r\n"); line != NULL; line = strtok(NULL, "\r\n"))
        if (strncmp(line, "  ", 2) == 0 || strncmp(line, "! ", 2) == 0)
            ck_assert_msg(strlen(line) <= 50, "%s", line);
    close(kept);
    close(master);
    run_free(run);
}
END_TEST

START_TEST(a_gate_that_fails_is_code_1)
{
    sample_matrix(folder, "gated",
                  "axes: {optimizer: [sgd, adam]}\n"
                  "protocol: {final: {seeds: 2}}\n"
                  "gate: [\"every cell: final test_accuracy >= 0.99\"]\n");
    for (int again = 0; again < 2; again++) {
        run *run = matrix(again ? "report gated" : "run gated.yaml --out gated --progress never");
        run_expect(run, 1);
        ck_assert_str_eq(run->err, "");
        run_expect_in(run, run->out, ", 0 of 1 gates hold\n");
        run_expect_in(run, run->out, "\nFAILS  every cell: final test_accuracy >= 0.99: ");
        run_free(run);
    }
}
END_TEST

/* ---- files ----------------------------------------------------------------------------------- */

static size_t count_lines(const char *text)
{
    size_t lines = 0;

    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

/* By `run` and by `report` alike. */
static const char *const writers[] = {"run pairs.yaml --out done", "report done"};

START_TEST(csv_and_jsonl_hold_a_row_a_run)
{
    run_well(&(run_options){.folder = folder}, "matrix %s --csv %d.csv --jsonl %d.jsonl",
             writers[_i], _i, _i);
    char *name = NULL;
    ck_assert_int_gt(asprintf(&name, "%d.csv", _i), 0);
    char *csv = sample_read(folder, name, NULL);
    ck_assert_uint_eq(count_lines(csv), 1 + 12);
    ck_assert_int_eq(strncmp(csv, "cell,problem,optimizer,loss,phase,trial,seed,status,", 52), 0);
    free(csv);
    free(name);
    ck_assert_int_gt(asprintf(&name, "%d.jsonl", _i), 0);
    char *jsonl = sample_read(folder, name, NULL);
    json_t *lines = sample_lines(jsonl);
    ck_assert_uint_eq(json_array_size(lines), 12);
    ck_assert_str_eq(sample_string(json_array_get(lines, 0), "cell"), "base / sgd / mse");
    json_decref(lines);
    free(jsonl);
    free(name);
}
END_TEST

START_TEST(markdown_and_html_go_where_they_are_told_to)
{
    run *run = run_line(&(run_options){.folder = folder},
                        "matrix %s --markdown %d.md --html %d.html", writers[_i], _i, _i);
    char *name = NULL, *last = NULL;

    run_expect(run, 0);
    ck_assert_int_gt(asprintf(&last, "\nreport   %d.html\n", _i), 0);
    run_expect_in(run, run->out, last);
    ck_assert_int_gt(asprintf(&name, "%d.md", _i), 0);
    char *markdown = sample_read(folder, name, NULL);
    ck_assert_int_eq(strncmp(markdown, "## pairs: passed\n", 17), 0);
    ck_assert_ptr_nonnull(strstr(markdown, "\n| sgd | "));
    free(markdown);
    free(name);
    ck_assert_int_gt(asprintf(&name, "%d.html", _i), 0);
    char *page = sample_read(folder, name, NULL);
    ck_assert_int_eq(strncmp(page, "<!DOCTYPE html>\n", 16), 0);
    free(page);
    free(name);
    free(last);
    run_free(run);
}
END_TEST

/* To the letter, which is well-formed. */
START_TEST(junit_has_cells_and_gates_with_how_they_ended)
{
    char *plugins = sample_plugins();

    sample_matrix(folder, "ends",
                  "axes:\n"
                  "  optimizer: [sgd, trip]\n"
                  "  loss: [mse, cross_entropy]\n"
                  "rules: [{exclude: {optimizer: sgd, loss: mse}, why: \"a < b & 'c'\"}]\n"
                  "protocol: {final: {seeds: 2}}\n"
                  "gate: [\"every cell: final test_accuracy >= 0\"]\n");
    run *run =
        run_line(&(run_options){.folder = folder, .environment = crashing},
                 "matrix run ends.yaml --out ends --junit ends.xml --plugin-dir %s", plugins);
    run_expect(run, 1);
    char *xml = sample_read(folder, "ends.xml", NULL);
    char *timeless = without_numbers(xml, "time=\"");
    char *worst = strstr(timeless, "; the worst is ");
    ck_assert_ptr_nonnull(worst);
    char *behind = strstr(worst, " with ") + 6; /* the figure depends on the machine              */
    memmove(behind, behind + strspn(behind, "0123456789."),
            strlen(behind + strspn(behind, "0123456789.")) + 1);
    static const char expected[] =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"ends\">\n"
        "  <testsuite name=\"cells\" tests=\"4\" failures=\"2\" errors=\"0\" skipped=\"1\">\n"
        "    <testcase classname=\"matrix.ends.cells\" name=\"base / sgd / mse\" time=\"\">\n"
        "      <skipped message=\"a &#60; b &#38; &#39;c&#39;\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"matrix.ends.cells\" name=\"base / sgd / cross_entropy\" "
        "time=\"\"/>\n"
        "    <testcase classname=\"matrix.ends.cells\" name=\"base / trip / mse\" time=\"\">\n"
        "      <failure message=\"2 of 2 runs failed; the first, seed 1, crashed of signal 11 at "
        "step 2: died of SIGSEGV in step 3\"/>\n"
        "    </testcase>\n"
        "    <testcase classname=\"matrix.ends.cells\" name=\"base / trip / cross_entropy\" "
        "time=\"\">\n"
        "      <failure message=\"2 of 2 runs failed; the first, seed 1, crashed of signal 11 at "
        "step 2: died of SIGSEGV in step 3\"/>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "  <testsuite name=\"gates\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">\n"
        "    <testcase classname=\"matrix.ends.gates\" name=\"every cell: final test_accuracy "
        "&#62;= 0\" time=\"\">\n"
        "      <failure message=\"1 of 3 cells; the worst is base / sgd / cross_entropy with ; 2 "
        "with failed runs; the first of these is base / trip / mse\"/>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n";
    ck_assert_msg(strcmp(timeless, expected) == 0, "%.3000s", timeless);
    free(plugins);
    free(timeless);
    free(xml);
    run_free(run);
}
END_TEST

static const char *const outputs[] = {"html", "csv", "jsonl", "junit", "markdown"};
enum { OUTPUTS = sizeof(outputs) / sizeof(outputs[0]) };

START_TEST(a_file_that_cannot_be_written_is_code_5)
{
    run *run = run_line(&(run_options){.folder = folder}, "matrix report done --%s no/such/folder",
                        outputs[_i]);

    run_expect(run, 5);
    run_expect_in(run, run->err, "no/such/folder: cannot write: No such file or directory\n");
    run_free(run);
}
END_TEST

START_TEST(results_can_be_taken_elsewhere)
{
    char *elsewhere = harness_memory_folder();
    char *from = sample_path(folder, "done/results.sqlite");
    char *to = sample_path(elsewhere, "results.sqlite");
    char *last = NULL;

    sample_copy(from, to);
    run *there = run_line(&(run_options){.folder = elsewhere}, "matrix report .");
    run *here = matrix("report done");
    run_expect(there, 0);
    ck_assert_int_gt(asprintf(&last, "report   ./report.html\n"), 0);
    const size_t same = strlen(there->out) - strlen(last);
    ck_assert_str_eq(there->out + same, last);
    ck_assert_int_eq(strncmp(there->out, here->out, same), 0);
    ck_assert(sample_exists(elsewhere, "report.html"));
    run_free(here);
    run_free(there);
    free(last);
    free(to);
    free(from);
    free(elsewhere);
}
END_TEST

/* ---- status ---------------------------------------------------------------------------------- */

START_TEST(status_tells_how_far_it_is)
{
    static const char head[] = "pairs.yaml: 4 cells, 0 of them skipped\n"
                               "runs      planned     done   failed\n"
                               "final          12       12        0\n"
                               "began 20";
    run *run = matrix("status done");

    run_expect(run, 0);
    ck_assert_str_eq(run->err, "");
    ck_assert_int_eq(strncmp(run->out, head, strlen(head)), 0);
    ck_assert_uint_eq(count_lines(run->out), 4);
    run_free(run);
}
END_TEST

START_TEST(status_json_is_one_object)
{
    static const char none[] = "\"early_stopped\":0,\"diverged\":0,\"crashed\":0,\"timed_out\":0,"
                               "\"out_of_memory\":0,\"failed\":0}";
    char *expected = NULL;

    ck_assert_int_gt(asprintf(&expected,
                              "{\"matrix\":\"pairs.yaml\",\"cells\":4,\"skipped\":0,"
                              "\"tune\":{\"planned\":0,\"done\":0,\"completed\":0,%s,"
                              "\"untuned\":{\"planned\":0,\"done\":0,\"completed\":0,%s,"
                              "\"final\":{\"planned\":12,\"done\":12,\"completed\":12,%s}\n",
                              none, none, none),
                     0);
    expect_out("status done --json", expected);
    free(expected);
}
END_TEST

/* ---- repro ----------------------------------------------------------------------------------- */

/* The first digits of the identity of the first run of a cell. */
static void find_run(const char *out, const char *cell, char prefix[13])
{
    run_well(&(run_options){.folder = folder}, "matrix report %s --jsonl found.jsonl", out);
    char *text = sample_read(folder, "found.jsonl", NULL);
    json_t *lines = sample_lines(text);

    *prefix = '\0';
    for (size_t i = json_array_size(lines); i-- > 0;)
        if (strcmp(sample_string(json_array_get(lines, i), "cell"), cell) == 0)
            snprintf(prefix, 13, "%.12s", sample_string(json_array_get(lines, i), "identity"));
    ck_assert_str_ne(prefix, "");
    json_decref(lines);
    free(text);
}

START_TEST(a_run_gives_the_same_bits_again)
{
    char prefix[13], *line = NULL, *expected = NULL;

    find_run("done", "base / adam / mse", prefix);
    ck_assert_int_gt(asprintf(&line, "repro done %s", prefix), 0);
    ck_assert_int_gt(asprintf(&expected, "run %s: the same bits (completed)\n", prefix), 0);
    expect_out(line, expected);
    free(expected);
    free(line);
}
END_TEST

START_TEST(a_changed_plugin_gives_other_bits_and_code_1)
{
    char *plugins = sample_plugins(), *object = sample_path(plugins, "optimizer/lynx.so");
    char prefix[13], *expected = NULL;

    sample_matrix(folder, "lynx", "axes: {optimizer: [lynx]}\nprotocol: {final: {seeds: 1}}\n");
    run_well(&(run_options){.folder = folder}, "matrix run lynx.yaml --out lynx --plugin-dir %s",
             plugins);
    find_run("lynx", "base / lynx", prefix);
    sample_copy(FIXTURES "/other_lynx.so", object);
    run *run = run_line(&(run_options){.folder = folder}, "matrix repro lynx %s --plugin-dir %s",
                        prefix, plugins);
    run_expect(run, 1);
    ck_assert_int_gt(asprintf(&expected, "run %s: not the same (completed)\nweights were ", prefix),
                     0);
    ck_assert_int_eq(strncmp(run->out, expected, strlen(expected)), 0);
    run_expect_in(run, run->out, "\nepoch 1: train_loss was ");
    free(expected);
    run_free(run);
    free(object);
    free(plugins);
}
END_TEST

/* Under the limits of the matrix file; else it would hang here. */
START_TEST(a_run_that_hung_ends_again)
{
    char prefix[13], *expected = NULL;

    sample_matrix(folder, "hung",
                  "axes: {optimizer: [hanger]}\n"
                  "protocol: {final: {seeds: 1}}\n"
                  "limits: {seconds: 0.5}\n");
    run_well(&(run_options){.folder = folder},
             "matrix run hung.yaml --out hung --plugin-dir " ENDS);
    find_run("hung", "base / hanger", prefix);
    run *run = run_line(&(run_options){.folder = folder}, "matrix repro hung %s --plugin-dir " ENDS,
                        prefix);
    run_expect(run, 0);
    ck_assert_int_gt(asprintf(&expected, "run %s: the same end (timed_out)\n", prefix), 0);
    ck_assert_str_eq(run->out, expected);
    free(expected);
    run_free(run);
}
END_TEST

/* ---- diff ------------------------------------------------------------------------------------ */

START_TEST(results_are_the_same_as_themselves)
{
    expect_out("diff done done",
               "12 runs in both, 12 the same; 0 only in the first, 0 only in the second\n");
    expect_out("diff done done --json",
               "{\"same\":true,\"runs_in_both\":12,\"runs_the_same\":12,\"runs_only_in_a\":0,"
               "\"runs_only_in_b\":0,\"cells\":[]}\n");
}
END_TEST

START_TEST(runs_that_only_one_has_are_code_1)
{
    sample_matrix(folder, "half",
                  "axes:\n"
                  "  optimizer: [sgd]\n"
                  "  loss: [mse, cross_entropy]\n"
                  "protocol: {final: {seeds: 4}}\n");
    run_well(&(run_options){.folder = folder}, "matrix run half.yaml --out half");
    run *run = matrix("diff done half");
    run_expect(run, 1);
    ck_assert_str_eq(run->out,
                     "6 runs in both, 6 the same; 6 only in the first, 2 only in the second\n");
    run_free(run);
}
END_TEST

START_TEST(runs_that_came_to_something_else_are_code_1)
{
    char *plugins = sample_plugins();

    sample_matrix(folder, "trip",
                  "axes: {optimizer: [sgd, trip]}\nprotocol: {final: {seeds: 2}}\n");
    run_well(&(run_options){.folder = folder}, "matrix run trip.yaml --out upright --plugin-dir %s",
             plugins);
    run_well(&(run_options){.folder = folder, .environment = crashing},
             "matrix run trip.yaml --out tripped --plugin-dir %s", plugins);
    run *run = matrix("diff upright tripped");
    run_expect(run, 1);
    run_expect_in(run, run->out,
                  "4 runs in both, 2 the same; 0 only in the first, 0 only in the second\n\ncell");
    run_expect_in(run, run->out, "\nbase / trip  test_accuracy ");
    run_expect_in(run, run->out, " 0 -> 2\n");
    run_free(run);
    free(plugins);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("matrix");
    TCase *no = tcase_create("what is refused");
    TCase *plan = tcase_create("plan");
    TCase *runs = tcase_create("run");
    TCase *files = tcase_create("files");
    TCase *status = tcase_create("status");
    TCase *repro = tcase_create("repro");
    TCase *diff = tcase_create("diff");

    tcase_add_loop_test(no, a_line_that_makes_no_sense_is_code_2, 0, REFUSED);
    tcase_add_loop_test(no, a_mistake_in_the_matrix_file_is_code_3_with_its_place, 0, BAD_FILES);
    tcase_add_test(no, a_file_that_is_not_there_is_code_3);
    tcase_add_test(no, results_in_the_place_of_the_matrix_file_are_code_3);
    tcase_add_test(no, a_plugin_that_is_none_is_code_4);
    tcase_add_loop_test(no, what_holds_no_results_is_code_5, 0, READERS);
    tcase_add_loop_test(no, a_matrix_file_in_the_place_of_results_is_code_5, 0, READERS);
    tcase_add_test(plan, plan_shows_cells_runs_and_what_a_verdict_takes);
    tcase_add_test(plan, plan_names_what_is_skipped_and_why);
    tcase_add_test(plan, plan_json_is_one_object);
    tcase_add_test(plan, plan_leaves_nothing_behind);
    tcase_add_test(runs, run_leaves_results_and_a_report_and_nothing_else);
    tcase_add_test(runs, run_prints_the_summary_and_where_the_report_is);
    tcase_add_test(runs, run_tells_how_far_it_is);
    tcase_add_test(runs, run_again_has_nothing_to_do);
    tcase_add_test(runs, what_is_added_to_the_file_is_run_alone);
    tcase_add_test(runs, run_goes_to_a_folder_named_after_the_file);
    tcase_add_loop_test(runs, workers_change_no_bit, 0, 3);
    tcase_add_test(runs, json_is_the_summary_alone);
    tcase_add_test(runs, sentences_are_wrapped_where_the_terminal_ends);
    tcase_add_test(runs, a_gate_that_fails_is_code_1);
    tcase_add_loop_test(files, csv_and_jsonl_hold_a_row_a_run, 0, 2);
    tcase_add_loop_test(files, markdown_and_html_go_where_they_are_told_to, 0, 2);
    tcase_add_test(files, junit_has_cells_and_gates_with_how_they_ended);
    tcase_add_loop_test(files, a_file_that_cannot_be_written_is_code_5, 0, OUTPUTS);
    tcase_add_test(files, results_can_be_taken_elsewhere);
    tcase_add_test(status, status_tells_how_far_it_is);
    tcase_add_test(status, status_json_is_one_object);
    tcase_add_test(repro, a_run_gives_the_same_bits_again);
    tcase_add_test(repro, a_changed_plugin_gives_other_bits_and_code_1);
    tcase_add_test(repro, a_run_that_hung_ends_again);
    tcase_add_test(diff, results_are_the_same_as_themselves);
    tcase_add_test(diff, runs_that_only_one_has_are_code_1);
    tcase_add_test(diff, runs_that_came_to_something_else_are_code_1);
    TCase *const all[] = {no, plan, runs, files, status, repro, diff};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        tcase_add_unchecked_fixture(all[i], make_results, free_results);
        tcase_set_timeout(all[i], 60);
        suite_add_tcase(suite, all[i]);
    }
    return harness_run(suite);
}
