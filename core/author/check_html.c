/* check_html.c: a report of the conformance suite as an HTML page. */
#include "author/check.h"

bool check_html(const check_report *report, text *out)
{
    (void)report;
    text_add(out, "<!doctype html>\n<title>plexus check</title>\n");
    return !out->failed;
}
