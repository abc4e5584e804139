/* check_text.c: a report for a terminal. The plug-in, then a line for each test: a mark, its id,
 * and what was found; beneath a failure what was expected, what came, where to look. What was
 * not judged is one line for all. Lines that are too long go on below where they began. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "author/check.h"

enum { MARK = 12, ID = 16, LABEL = 10 };

typedef struct page {
    text *out;
    size_t width;
    bool colour;
} page;

static void add_spaces(text *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_add(out, " ");
}

static size_t columns(const char *bytes, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80; /* a character's first byte */
    return count;
}

/* Words from column `at` on, wrapped to `indent`, and the end of the line. */
static void add_wrapped(const page *page, size_t at, size_t indent, const char *words)
{
    const size_t start = at;

    while (*words != '\0') {
        const size_t length = strcspn(words, " \n"), wide = columns(words, length);
        if (at > start && at + 1 + wide > page->width) {
            text_add(page->out, "\n");
            add_spaces(page->out, indent);
            at = indent;
        } else if (at > start) {
            text_add(page->out, " ");
            at++;
        }
        text_add_n(page->out, words, length);
        at += wide;
        words += length;
        words += strspn(words, " \n");
        if (at == start)
            at++;
    }
    text_add(page->out, "\n");
}

static const char *mark_of(finding_status status)
{
    return status == FINDING_PASSED   ? "ok"
           : status == FINDING_FAILED ? "FAILED"
                                      : check_status(status);
}

static const char *colour_of(finding_status status)
{
    switch (status) {
    case FINDING_PASSED:
        return "\033[32m";
    case FINDING_FAILED:
        return "\033[1;31m";
    case FINDING_MEASURED:
        return "\033[36m";
    case FINDING_SKIPPED:
    case FINDING_UNJUDGED:
        break;
    }
    return "\033[2m";
}

/* "  expected  y within [0, 1], as domain says" */
static void add_detail(const page *page, const char *label, const char *words)
{
    const size_t indent = 2 + LABEL;

    if (words == NULL)
        return;
    text_addf(page->out, "  %-*s", LABEL, label);
    add_wrapped(page, indent, indent, words);
}

static void add_finding(const page *page, const finding *f)
{
    const size_t indent = 2 + MARK + ID;

    text_addf(page->out, "  %s%-*s%s%-*s", page->colour ? colour_of(f->status) : "", MARK,
              mark_of(f->status), page->colour ? "\033[0m" : "", ID, f->id);
    if (f->status == FINDING_FAILED || f->says == NULL || *f->says == '\0')
        add_wrapped(page, indent, indent, f->title);
    else
        add_wrapped(page, indent, indent, f->says);
    if (f->status != FINDING_FAILED)
        return;
    add_detail(page, "expected", f->expected);
    add_detail(page, "came", f->came);
    add_detail(page, "look at", f->look);
}

/* "  not judged  quiet, allocation, ...: what they stand on failed" */
static void add_unjudged(const page *page, const check_report *report)
{
    const size_t indent = 2 + MARK;
    text ids = {.bytes = NULL};

    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].status == FINDING_UNJUDGED)
            text_addf(&ids, "%s%s", ids.length > 0 ? ", " : "", report->findings[i].id);
    if (ids.bytes != NULL) {
        text_add(&ids, "; what they stand on failed");
        text_addf(page->out, "  %s%-*s%s", page->colour ? colour_of(FINDING_UNJUDGED) : "", MARK,
                  mark_of(FINDING_UNJUDGED), page->colour ? "\033[0m" : "");
        add_wrapped(page, indent, indent, ids.bytes);
    }
    page->out->failed = page->out->failed || ids.failed;
    free(ids.bytes);
}

static void add_header(const page *page, const check_report *report)
{
    char *head = NULL;

    if (report->name != NULL && asprintf(&head, "%s %s, %s %s: %s", report->name, report->version,
                                         report->kind == PLX_KIND_LOSS ? "a" : "an",
                                         catalog_kind_name(report->kind), report->summary) >= 0) {
        add_wrapped(page, 0, 0, head);
        free(head);
    }
    text_addf(page->out, "%s\n\n", text_show(report->path).bytes);
}

static size_t count_of(const check_report *report, finding_status status)
{
    size_t count = 0;

    for (size_t i = 0; i < report->count; i++)
        count += report->findings[i].status == status;
    return count;
}

/* "12 passed, 1 failed, 7 not judged" */
static void add_sum(const page *page, const check_report *report)
{
    static const finding_status order[] = {FINDING_PASSED, FINDING_FAILED, FINDING_MEASURED,
                                           FINDING_SKIPPED, FINDING_UNJUDGED};
    const char *separator = "\n";

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        const size_t count = count_of(report, order[i]);
        if (count == 0 && order[i] != FINDING_PASSED)
            continue;
        text_addf(page->out, "%s%zu %s", separator, count, check_status(order[i]));
        separator = ", ";
    }
    text_add(page->out, "\n");
}

bool check_text(const check_report *report, int width, bool colour, text *out)
{
    const page page = {.out = out, .width = width < 40 ? 40 : (size_t)width, .colour = colour};

    add_header(&page, report);
    for (size_t i = 0; i < report->count; i++)
        if (report->findings[i].status != FINDING_UNJUDGED)
            add_finding(&page, &report->findings[i]);
    add_unjudged(&page, report);
    add_sum(&page, report);
    return !out->failed;
}
