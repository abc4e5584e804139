/* verdict.c: see verdict.h. */
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static check_report *run(const char *folder, const char *name, const check_options *options)
{
    plx_error error = {.code = ERROR_NONE};
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s/%s.so", BROKEN, folder, name);
    check_report *report = check_run(path, options, &error);
    ck_assert_msg(report != NULL, "%s: %s", path, error.text);
    return report;
}

check_report *verdict_run(const char *folder, const char *name, const char *builtin)
{
    const check_options options = {.builtin = builtin};

    return run(folder, name, &options);
}

/* All that failed, for messages. */
static char *failures(const check_report *report)
{
    text t = {.bytes = NULL};

    text_add(&t, report->path);
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].status == FINDING_FAILED)
            text_addf(&t, "\n%s: expected %s; came %s; look at %s", report->findings[i].id,
                      report->findings[i].expected, report->findings[i].came,
                      report->findings[i].look);
    return t.bytes;
}

void verdict_expect_fault(const fault *fault, const char *builtin)
{
    const check_options options = {.limits = {.seconds = fault->seconds}, .builtin = builtin};
    check_report *report = run("broken", fault->name, &options);
    const finding *found = check_finding(report, fault->id);
    char *all = failures(report);

    ck_assert_msg(report->failed == 1, "%zu findings: %s", report->failed, all);
    ck_assert_msg(found != NULL && found->status == FINDING_FAILED, "not %s: %s", fault->id, all);
    ck_assert_msg(strstr(found->expected, fault->expected) != NULL, "not expected: %s", all);
    ck_assert_msg(strstr(found->came, fault->came) != NULL, "did not come: %s", all);
    ck_assert_ptr_nonnull(found->look);
    free(all);
    check_report_free(report);
}

void verdict_expect_pass(const char *name, const char *builtin)
{
    check_report *report = verdict_run("good", name, builtin);
    char *all = failures(report);

    ck_assert_msg(report->failed == 0, "%s", all);
    for (size_t i = 0; i < report->count; i++)
        ck_assert_msg(report->findings[i].status != FINDING_UNJUDGED, "%s: %s is not judged",
                      report->path, report->findings[i].id);
    free(all);
    check_report_free(report);
}
