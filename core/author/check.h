/* check.h: the conformance suite behind `plexus check`. The file is never loaded into the calling
 * process: each test is run in a child (sandbox.h) that loads it, finds out one thing and ends. A
 * child that crashes or does not end is itself the finding. */
#ifndef AUTHOR_CHECK_H
#define AUTHOR_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "author/exam.h"
#include "support/sandbox.h"

typedef enum {
    FINDING_PASSED,
    FINDING_FAILED,
    FINDING_MEASURED, /* reported, not judged                                                     */
    FINDING_SKIPPED,  /* means nothing for this plug-in                                           */
    FINDING_UNJUDGED, /* not looked at, as a test it stands on failed                             */
} finding_status;

typedef struct finding {
    const char *id, *title;
    finding_status status;
    char *says;                   /* what was measured, why it was skipped; or NULL              */
    char *expected, *came, *look; /* of a failure; else NULL                                     */
    json_t *figures;              /* or NULL                                                     */
} finding;

typedef struct check_report {
    char *path;
    uint32_t kind; /* 0 if it did not load                                                  */
    char *name, *version, *summary; /* NULL if it did not load                                    */
    char *formula; /* or NULL                                                               */
    finding *findings;
    size_t count, passed, failed;
} check_report;

typedef struct check_options {
    sandbox_limits limits; /* of each test; zero members: 30 s, 1 GiB                           */
    const char *builtin;   /* the built-in plug-in folder, or NULL                              */
    /* Told before each test; may be NULL. `count` is 0 while the kind is not yet known. */
    void (*progress)(void *context, size_t done, size_t count, const char *title);
    void *context;
} check_options;

/* Runs the suite on the file at `path`. NULL with ERROR_PLUGIN if there is no such file, or it is
 * no shared object at all; one that does not load is a report whose only finding says so. */
check_report *check_run(const char *path, const check_options *options, plx_error *error);
void check_report_free(check_report *report);
/* The finding of a test by its id, or NULL. */
const finding *check_finding(const check_report *report, const char *id);
/* "passed", "failed", "measured", "skipped" or "not judged". */
const char *check_status(finding_status status);

/* For a terminal, at most `width` columns; with `colour`, in colour. For machines, one JSON object
 * a line. As an HTML page. */
bool check_text(const check_report *report, int width, bool colour, text *out);
bool check_json(const check_report *report, text *out);
bool check_html(const check_report *report, text *out);

#endif
