/* wellformed.c: see wellformed.h. A tag is pushed when it opens and popped when it closes; the
 * content of <style> is no markup. */
#include "report/wellformed.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

enum { DEPTH = 64, NAME = 32, IDS = 4096 };

typedef struct parser {
    const char *page, *at;
    char open[DEPTH][NAME];
    int depth;
    const char *id[IDS]; /* where each begins in the page                                         */
    size_t id_length[IDS], ids;
} parser;

/* The line about `at`, for messages. */
static const char *near(const parser *p)
{
    static char line[80];

    snprintf(line, sizeof(line), "%.60s", p->at);
    return line;
}

/* No assertion of Check's, which writes each of them down: pages have a million characters. */
static void demand(bool good, const char *otherwise, const parser *p)
{
    if (!good)
        ck_abort_msg("%s at: %s", otherwise, near(p));
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static void read_name(parser *p, char name[NAME])
{
    size_t n = 0;

    while (is_letter(*p->at) || (n > 0 && *p->at >= '0' && *p->at <= '9')) {
        demand(n < NAME - 1, "a long name", p);
        name[n++] = *p->at++;
    }
    name[n] = '\0';
    demand(n > 0, "a name is missing", p);
}

/* One of the references that need no declaration. */
static void read_reference(parser *p)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(p->at, known[i], strlen(known[i])) == 0) {
            p->at += strlen(known[i]);
            return;
        }
    ck_abort_msg("an unknown reference at: %s", near(p));
}

static bool same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

static void take_id(parser *p, const char *id, size_t length)
{
    for (size_t i = 0; i < p->ids; i++)
        if (same(p->id[i], p->id_length[i], id, length))
            ck_abort_msg("id %.*s twice", (int)length, id);
    demand(p->ids < IDS, "too many ids", p);
    p->id[p->ids] = id;
    p->id_length[p->ids++] = length;
}

static void read_attribute(parser *p)
{
    char name[NAME];

    read_name(p, name);
    demand(strncmp(name, "on", 2) != 0, "a script", p);
    demand(p->at[0] == '=' && p->at[1] == '"', "an unquoted value", p);
    p->at += 2;
    const char *value = p->at;
    while (*p->at != '"') {
        demand(*p->at != '\0' && *p->at != '<', "an open value", p);
        if (*p->at == '&')
            read_reference(p);
        else
            p->at++;
    }
    if (strcmp(name, "id") == 0)
        take_id(p, value, (size_t)(p->at - value));
    p->at++;
}

static void read_open(parser *p)
{
    char name[NAME];

    read_name(p, name);
    demand(strcmp(name, "script") != 0 && strcmp(name, "link") != 0 && strcmp(name, "img") != 0 &&
               strcmp(name, "iframe") != 0,
           "something foreign", p);
    while (*p->at == ' ' || *p->at == '\n') {
        p->at += strspn(p->at, " \n");
        if (is_letter(*p->at))
            read_attribute(p);
    }
    if (strncmp(p->at, "/>", 2) == 0) {
        p->at += 2;
        return;
    }
    demand(*p->at == '>', "an open tag", p);
    p->at++;
    demand(p->depth < DEPTH, "too deep", p);
    strcpy(p->open[p->depth++], name);
    if (strcmp(name, "style") == 0) {
        p->at = strstr(p->at, "</style>");
        ck_assert_ptr_nonnull(p->at);
    }
}

static void read_close(parser *p)
{
    char name[NAME];

    read_name(p, name);
    demand(*p->at == '>', "an open tag", p);
    p->at++;
    demand(p->depth > 0, "a tag closes nothing", p);
    if (strcmp(p->open[--p->depth], name) != 0)
        ck_abort_msg("</%s> closes <%s> at: %s", name, p->open[p->depth], near(p));
}

static void read_text(parser *p)
{
    for (; *p->at != '\0' && *p->at != '<' && *p->at != '&'; p->at++) {
        demand(p->depth > 0 || *p->at == '\n', "text outside the page", p);
        demand((unsigned char)*p->at >= 0x20 || *p->at == '\n', "a control character", p);
    }
}

/* "#n12" and "n11 n12" after `mark`, up to `end`. */
static void check_references(const parser *p, const char *mark, char end)
{
    for (const char *at = p->page; (at = strstr(at, mark)) != NULL;) {
        at += strlen(mark);
        while (*at != end) {
            const size_t length = strcspn(at, end == '"' ? " \"" : ")");
            bool found = false;
            for (size_t i = 0; i < p->ids; i++)
                found |= same(p->id[i], p->id_length[i], at, length);
            if (!found)
                ck_abort_msg("no id %.*s", (int)length, at);
            at += length;
            at += *at == ' ';
        }
    }
}

void wellformed_check(const char *page)
{
    static const char doctype[] = "<!DOCTYPE html>\n";
    parser *p = &(parser){.page = page, .at = page};

    ck_assert_int_eq(strncmp(page, doctype, strlen(doctype)), 0);
    p->at += strlen(doctype);
    while (*p->at != '\0') {
        if (strncmp(p->at, "</", 2) == 0) {
            p->at += 2;
            read_close(p);
        } else if (*p->at == '<') {
            p->at++;
            read_open(p);
        } else if (*p->at == '&') {
            read_reference(p);
        } else {
            read_text(p);
        }
    }
    ck_assert_msg(p->depth == 0, "<%s> is never closed", p->open[p->depth > 0 ? p->depth - 1 : 0]);
    check_references(p, "aria-labelledby=\"", '"');
    check_references(p, "url(#", ')');
    ck_assert_uint_eq(wellformed_count(page, "://"), 0);
    ck_assert_uint_eq(wellformed_count(page, "@import"), 0);
}

size_t wellformed_count(const char *page, const char *piece)
{
    size_t count = 0;

    for (const char *at = page; (at = strstr(at, piece)) != NULL; at += strlen(piece))
        count++;
    return count;
}
