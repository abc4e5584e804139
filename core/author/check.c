/* check.c: runs the suite. Each test is a child process (sandbox.h) that loads the plug-in, makes
 * the exam and runs one function; what it found comes back as JSON objects on its channel: notes of
 * what it is about to do ({"note": ...}), from the handler of faults {"fault": ..., "came": ...},
 * and at its end the finding. Where the last one is missing, the way the child ended is the
 * finding.
 *
 * One cause gives one finding: a test is judged only if the tests it stands on were passed.
 * There is one step backwards in that order. `runs` and `settings` come before `bounds`, as a
 * plug-in that cannot run at all has nothing to say about its bounds; but when they die of a
 * touch beside an array, it is `bounds` that looks closer, and only if it finds nothing the
 * death counts as theirs. */
#include "author/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/load.h"
#include "plugin/object.h"
#include "support/file.h"
#include "support/memory.h"

static const double usual_seconds = 30;
static const uint64_t usual_memory = (uint64_t)1 << 30;

static const exam_test load_test = {"load", "can be loaded", {NULL}, false, NULL};

/* ---- in the child ---- */

typedef struct job {
    const char *path, *builtin;
    const exam_test *test;
} job;

static void send_object(int channel, json_t *object)
{
    char *bytes = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

    if (bytes != NULL)
        sandbox_write(channel, bytes, strlen(bytes));
    free(bytes);
    json_decref(object);
}

/* Texts of a plug-in need not be UTF-8, which JSON wants. */
static json_t *shown(const char *string)
{
    if (string == NULL)
        return json_null();
    const size_t length = strlen(string);
    char *buffer = malloc(4 * length + 4);
    json_t *value = buffer != NULL ? json_string(text_shown(buffer, string, length, length)) : NULL;
    free(buffer);
    return value != NULL ? value : json_null();
}

static void send_failure(int channel, const char *look, const char *expected, const char *came)
{
    send_object(channel, json_pack("{s:s, s:o, s:o, s:o}", "status", "failed", "expected",
                                   shown(expected), "came", shown(came), "look", shown(look)));
}

static int count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;

    if (folder == NULL)
        return 0;
    for (const struct dirent *e; (e = readdir(folder)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void send_identity(int channel, const plugin *plugin)
{
    const plx_component *component = plugin->component;

    send_object(
        channel,
        json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "status", "passed", "kind", (int)plugin->kind,
                  "name", shown(plugin->name), "version", shown(plugin->version), "summary",
                  shown(component->summary), "formula",
                  component->formula != NULL ? json_string(component->formula) : json_null()));
}

static void send_verdict(int channel, const exam *exam)
{
    const char *status = exam->failed ? "failed" : exam->skipped ? "skipped" : "passed";
    json_t *object = json_pack("{s:s, s:O}", "status", status, "figures", exam->figures);

    json_object_set_new(object, "says", shown(exam->says.bytes));
    json_object_set_new(object, "expected", shown(exam->expected.bytes));
    json_object_set_new(object, "came", shown(exam->came.bytes));
    json_object_set_new(object, "look", shown(exam->look.bytes));
    send_object(channel, object);
}

static void run_test(void *context, int channel)
{
    const job *job = context;
    plx_error error = {.code = ERROR_NONE};
    guard *guard = guard_new(channel);
    const int threads = count_threads();
    loaded *item = load_plugin(job->path, 0, NULL, &error);

    if (item == NULL) {
        send_failure(channel, "the rules at the head of plugin.h", "a plug-in that can be loaded",
                     error.text);
        return;
    }
    if (count_threads() > threads) {
        send_failure(channel, "constructors", "it starts no thread as it is loaded",
                     "there are more threads after than before");
        return;
    }
    exam *exam =
        guard != NULL ? exam_new(&item->plugin, job->builtin, guard, channel, &error) : NULL;
    if (exam == NULL) {
        send_failure(channel, "validate; the settings table", "an instance with the defaults",
                     error.text);
        return;
    }
    if (job->test->run != NULL)
        job->test->run(exam);
    fflush(NULL);
    if (job->test->run != NULL)
        send_verdict(channel, exam);
    else
        send_identity(channel, &item->plugin);
    exam_free(exam);
    loaded_free(item);
}

/* ---- what came of it ---- */

/* The objects on a channel: the finding or the fault, and the last note before it. */
typedef struct answer {
    json_t *result, *note;
} answer;

static answer read_answer(const text *message)
{
    answer answer = {.result = NULL};
    const char *bytes = message->bytes;
    size_t left = message->length;

    while (left > 0 && answer.result == NULL) {
        json_error_t where;
        json_t *object = json_loadb(bytes, left, JSON_DISABLE_EOF_CHECK, &where);
        if (object == NULL)
            break;
        if (json_object_get(object, "note") != NULL) {
            json_decref(answer.note);
            answer.note = object;
        } else {
            answer.result = object;
        }
        bytes += where.position;
        left -= (size_t)where.position;
    }
    return answer;
}

static void clear_answer(answer *answer)
{
    json_decref(answer->result);
    json_decref(answer->note);
}

static char *member(const json_t *object, const char *key)
{
    return memory_string(json_string_value(json_object_get(object, key)));
}

static void fail(finding *finding, const char *look, const char *expected, char *came)
{
    finding->status = FINDING_FAILED;
    finding->look = memory_string(look);
    finding->expected = memory_string(expected);
    finding->came = came;
}

/* Takes the place over from a note: "a read at address 0x0 (size 7, the defaults)". */
static char *with_note(char *came, const answer *answer)
{
    const char *note = json_string_value(json_object_get(answer->note, "note"));
    char *whole = note != NULL && came != NULL ? memory_format("%s (%s)", came, note) : NULL;

    if (whole == NULL)
        return came;
    free(came);
    return whole;
}

static char *signal_text(int number)
{
    const char *name = sigabbrev_np(number);

    return name != NULL ? memory_format("it crashed with SIG%s", name)
                        : memory_format("it crashed with signal %d", number);
}

/* A fault that the guard has seen. */
static void judge_fault(finding *finding, const answer *answer)
{
    const char *signal = json_string_value(json_object_get(answer->result, "fault"));
    const char *came = json_string_value(json_object_get(answer->result, "came"));
    const bool array = came != NULL && strchr(came, '\'') != NULL;

    fail(finding,
         array ? "the arrays' sizes and strides, NULL for what was not asked for" : "the function",
         array ? "it touches nothing but the arrays it is given" : "it returns to its caller",
         with_note(memory_format("%s: %s", signal != NULL ? signal : "a crash",
                                 came != NULL ? came : "no more is known"),
                   answer));
}

/* An end without a verdict. */
static void judge_end(finding *finding, const sandbox_end *end, const answer *answer,
                      const sandbox_limits *limits)
{
    const char *const returns = "it returns to its caller";

    switch (end->outcome) {
    case SANDBOX_TIMED_OUT:
        fail(finding, "loops and their ends", "it finishes",
             with_note(memory_format("it did not finish within %g s", limits->seconds), answer));
        break;
    case SANDBOX_EXITED:
        fail(finding, "exit and _exit; rule 5 of plugin.h: to fail, call host->error", returns,
             with_note(memory_format("it ended the process with exit status %d", end->number),
                       answer));
        break;
    case SANDBOX_SIGNALLED:
        fail(finding, "the function", returns, with_note(signal_text(end->number), answer));
        break;
    case SANDBOX_RETURNED:
        fail(finding, "close and dup2; a plug-in leaves file descriptors alone",
             "the test's verdict", memory_string("there is none"));
        break;
    }
}

static void judge_verdict(finding *finding, const json_t *result)
{
    const char *status = json_string_value(json_object_get(result, "status"));
    json_t *figures = json_object_get(result, "figures");

    finding->status = status != NULL && strcmp(status, "passed") == 0    ? FINDING_PASSED
                      : status != NULL && strcmp(status, "skipped") == 0 ? FINDING_SKIPPED
                                                                         : FINDING_FAILED;
    finding->says = member(result, "says");
    finding->expected = member(result, "expected");
    finding->came = member(result, "came");
    finding->look = member(result, "look");
    if (json_object_size(figures) > 0)
        finding->figures = json_incref(figures);
}

static bool is_silent(const exam_test *test)
{
    return strcmp(test->id, "load") != 0 && strcmp(test->id, "quiet") != 0;
}

/* Writing past the C library's functions is seen here alone. */
static void judge_output(finding *finding, const exam_test *test, const sandbox_end *end)
{
    char line[4 * 60 + 4];

    if (is_silent(test) || finding->status != FINDING_PASSED || end->output.length == 0)
        return;
    text_shown(line, end->output.bytes, end->output.length, 60);
    free(finding->says);
    finding->says = NULL;
    fail(finding, "rule 5 of plugin.h; to fail it calls host->error", "it writes nothing anywhere",
         memory_format("it wrote '%s'", line));
}

/* A test that only measures cannot fail but by a crash. */
static void soften(finding *finding, const exam_test *test, const sandbox_end *end)
{
    if (!test->measure)
        return;
    if (finding->status == FINDING_PASSED)
        finding->status = FINDING_MEASURED;
    if (finding->status != FINDING_FAILED ||
        (end->outcome != SANDBOX_TIMED_OUT && end->outcome != SANDBOX_RETURNED))
        return;
    finding->status = FINDING_SKIPPED;
    free(finding->says);
    free(finding->expected);
    free(finding->look);
    finding->says = finding->came;
    finding->came = finding->expected = finding->look = NULL;
}

/* ---- the suite ---- */

typedef struct suite {
    check_report *report;
    const check_options *options;
    sandbox_limits limits;
} suite;

static bool examine(suite *suite, const exam_test *test, finding *finding, json_t **identity,
                    plx_error *error)
{
    job job = {.path = suite->report->path, .builtin = suite->options->builtin, .test = test};
    sandbox_end end = {.number = 0};

    if (!sandbox_run(&suite->limits, run_test, &job, &end, error)) {
        sandbox_end_clear(&end);
        return false;
    }
    answer answer = read_answer(&end.message);
    if (json_object_get(answer.result, "fault") != NULL)
        judge_fault(finding, &answer);
    else if (answer.result == NULL || end.outcome != SANDBOX_RETURNED)
        judge_end(finding, &end, &answer, &suite->limits);
    else
        judge_verdict(finding, answer.result);
    judge_output(finding, test, &end);
    soften(finding, test, &end);
    if (identity != NULL && finding->status == FINDING_PASSED)
        *identity = json_incref(answer.result);
    clear_answer(&answer);
    sandbox_end_clear(&end);
    return true;
}

/* The finding whose failure keeps a test from being judged; NULL: it can be. */
static const finding *in_the_way(const check_report *report, const exam_test *test)
{
    for (size_t i = 0; i < sizeof(test->after) / sizeof(test->after[0]); i++) {
        const finding *before =
            test->after[i] != NULL ? check_finding(report, test->after[i]) : NULL;
        if (before != NULL &&
            (before->status == FINDING_FAILED || before->status == FINDING_UNJUDGED))
            return before;
    }
    return NULL;
}

/* "stands on bounds", the one that failed and not one that stands on it, too. */
static char *stands_on(const finding *before)
{
    const char *const words = "stands on ";

    if (before->status == FINDING_UNJUDGED && before->says != NULL &&
        strncmp(before->says, words, strlen(words)) == 0)
        return memory_string(before->says);
    return memory_format("%s%s", words, before->id);
}

/* Whether a finding is a death by a touch beside an array, of which `bounds` knows more. */
static bool is_touch(const finding *finding)
{
    return finding->status == FINDING_FAILED && finding->came != NULL &&
           (strcmp(finding->id, "runs") == 0 || strcmp(finding->id, "settings") == 0) &&
           (strstr(finding->came, " of '") != NULL || strstr(finding->came, " to '") != NULL);
}

static void leave_to(finding *finding, const char *id)
{
    finding->status = FINDING_UNJUDGED;
    free(finding->says);
    finding->says = memory_format("it died; %s says of what", id);
}

/* After `bounds`: what was left to it, and was not found there, failed after all. */
static void settle_touch(check_report *report, finding *touched)
{
    const finding *bounds = check_finding(report, "bounds");

    if (touched == NULL)
        return;
    if (bounds != NULL && bounds->status != FINDING_FAILED) {
        touched->status = FINDING_FAILED;
        free(touched->says);
        touched->says = NULL;
        return;
    }
    free(touched->expected);
    free(touched->came);
    free(touched->look);
    touched->expected = touched->came = touched->look = NULL;
}

static void count_findings(check_report *report)
{
    report->passed = report->failed = 0;
    for (size_t i = 0; i < report->count; i++) {
        report->passed += report->findings[i].status == FINDING_PASSED;
        report->failed += report->findings[i].status == FINDING_FAILED;
    }
}

static bool is_bounds(const exam_test *test)
{
    return strcmp(test->id, "bounds") == 0;
}

/* One after another; findings are counted in as they come. */
static bool run_suite(suite *suite, const exam_test *const *tests, size_t count, plx_error *error)
{
    check_report *report = suite->report;
    finding *touched = NULL;

    for (size_t i = 0; i < count; i++) {
        finding *finding = &report->findings[report->count];
        const struct finding *before = in_the_way(report, tests[i]);
        *finding = (struct finding){.id = tests[i]->id, .title = tests[i]->title};
        if (suite->options->progress != NULL)
            suite->options->progress(suite->options->context, i + 1, count + 1, tests[i]->title);
        if (before != NULL && !(is_bounds(tests[i]) && touched != NULL)) {
            finding->status = FINDING_UNJUDGED;
            finding->says = stands_on(before);
        } else if (!examine(suite, tests[i], finding, NULL, error)) {
            return false;
        }
        report->count++;
        if (is_touch(finding)) {
            leave_to(finding, "bounds");
            touched = finding;
        }
        if (is_bounds(tests[i]))
            settle_touch(report, touched);
    }
    return true;
}

/* All tests of a kind, in order; the caller frees the array. */
static const exam_test **list_tests(uint32_t kind, size_t *count)
{
    const exam_test *const parts[] = {exam_shared, exam_kind_of(kind)->tests};
    const exam_test **tests = NULL;

    for (int pass = 0; pass < 2; pass++) {
        *count = 0;
        for (int p = 0; p < 2; p++)
            for (const exam_test *test = parts[p]; test->id != NULL; test++) {
                if (tests != NULL)
                    tests[*count] = test;
                (*count)++;
            }
        if (tests == NULL && (tests = memory_array(*count, sizeof(const exam_test *))) == NULL)
            return NULL;
    }
    return tests;
}

/* What a child says is not believed: a plug-in may have written to its channel. */
static bool take_identity(check_report *report, const json_t *identity, plx_error *error)
{
    report->kind = (uint32_t)json_integer_value(json_object_get(identity, "kind"));
    report->name = member(identity, "name");
    report->version = member(identity, "version");
    report->summary = member(identity, "summary");
    report->formula = member(identity, "formula");
    if (report->kind >= PLX_KIND_ACTIVATION && report->kind <= PLX_KIND_OPTIMIZER &&
        report->name != NULL && report->version != NULL && report->summary != NULL)
        return true;
    return error_set(error, ERROR_PLUGIN, "%s: it meddled with its own test", report->path);
}

static bool run_all(suite *suite, plx_error *error)
{
    check_report *report = suite->report;
    json_t *identity = NULL;
    size_t count = 0;

    report->findings = memory_array(1, sizeof(*report->findings));
    if (report->findings == NULL)
        return error_memory(error);
    report->findings[0] = (finding){.id = load_test.id, .title = load_test.title};
    if (suite->options->progress != NULL)
        suite->options->progress(suite->options->context, 0, 0, load_test.title);
    if (!examine(suite, &load_test, &report->findings[0], &identity, error))
        return false;
    report->count = 1;
    if (identity == NULL)
        return true;
    const bool known = take_identity(report, identity, error);
    json_decref(identity);
    if (!known)
        return false;

    const exam_test **tests = list_tests(report->kind, &count);
    finding *findings = tests != NULL ? memory_array(count + 1, sizeof(*findings)) : NULL;
    bool good = false;
    if (findings == NULL) {
        error_memory(error);
    } else {
        findings[0] = report->findings[0];
        free(report->findings);
        report->findings = findings;
        good = run_suite(suite, tests, count, error);
    }
    free(tests);
    return good;
}

/* Whether there is a shared object at all; what is wrong with one, is a finding. */
static bool is_object(const char *path, plx_error *error)
{
    struct stat status;
    const int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool good = false;

    if (file < 0 || fstat(file, &status) != 0)
        error_set(error, ERROR_PLUGIN, "%s cannot be read: %s", path, strerror(errno));
    else if (!S_ISREG(status.st_mode))
        error_set(error, ERROR_PLUGIN, "%s is %s; a plug-in is a shared object, such as lion.so",
                  path, S_ISDIR(status.st_mode) ? "a folder" : "a device, pipe or socket");
    else if (object_is_whole(file, error))
        good = true;
    else
        error_prefix(error, "%s is no plug-in", path);
    if (file >= 0)
        close(file);
    return good;
}

check_report *check_run(const char *path, const check_options *options, plx_error *error)
{
    suite suite = {.report = memory_array(1, sizeof(check_report)),
                   .options = options,
                   .limits = options->limits};
    check_report *report = suite.report;

    if (suite.limits.seconds <= 0)
        suite.limits.seconds = usual_seconds;
    if (suite.limits.memory == 0)
        suite.limits.memory = usual_memory;
    if (report == NULL || (report->path = file_absolute(path)) == NULL)
        error_memory(error);
    else if (is_object(report->path, error) && run_all(&suite, error)) {
        count_findings(report);
        return report;
    }
    check_report_free(report);
    return NULL;
}

void check_report_free(check_report *report)
{
    if (report == NULL)
        return;
    for (size_t i = 0; i < report->count; i++) {
        finding *finding = &report->findings[i];
        free(finding->says);
        free(finding->expected);
        free(finding->came);
        free(finding->look);
        json_decref(finding->figures);
    }
    free(report->findings);
    free(report->path);
    free(report->name);
    free(report->version);
    free(report->summary);
    free(report->formula);
    free(report);
}

const finding *check_finding(const check_report *report, const char *id)
{
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->findings[i].id, id) == 0)
            return &report->findings[i];
    return NULL;
}

const char *check_status(finding_status status)
{
    switch (status) {
    case FINDING_PASSED:
        return "passed";
    case FINDING_FAILED:
        return "failed";
    case FINDING_MEASURED:
        return "measured";
    case FINDING_SKIPPED:
        return "skipped";
    case FINDING_UNJUDGED:
        break;
    }
    return "not judged";
}
