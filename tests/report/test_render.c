/* test_render.c: the page of a matrix in a browser, as wide as a telephone, a sheet of paper and a
 * screen: it never scrolls sideways, no text leaves its picture or lies on another. Skipped where
 * there is no Chromium.
 *
 * The page has no script. The test shows copies of it in frames of a page of its own, which looks
 * into them, opens whatever can be opened, and puts what it finds in place of itself; Chromium
 * writes that out. Of the copy that stands for paper the rules for print hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/html.h"
#include "report/matrix_sample.h"
#include "support/text.h"

static const char script[] =
    "<script>\n"
    "function touch(a, b) {\n"
    "  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&\n"
    "         Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;\n"
    "}\n"
    "function within(a, b) {\n"
    "  return a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 &&\n"
    "         a.bottom <= b.bottom + 1;\n"
    "}\n"
    "function look(frame, found) {\n"
    "  const root = frame.contentDocument.documentElement;\n"
    "  let seen = 0;\n"
    "  for (const part of root.querySelectorAll('details')) part.open = true;\n"
    "  if (root.scrollWidth > root.clientWidth)\n"
    "    found.push(frame.title + ' scrolls to ' + root.scrollWidth + ': ' +\n"
    "      [...root.querySelectorAll('body *')].filter(\n"
    "        e => e.getBoundingClientRect().right >= root.scrollWidth - 1).map(\n"
    "        e => e.tagName + ' ' + e.textContent.replace(/\\s+/g, ' ').slice(0, 60)).slice(0, "
    "3).join(', '));\n"
    "  for (const svg of root.querySelectorAll('svg')) {\n"
    "    const box = svg.getBoundingClientRect();\n"
    "    const texts = [...svg.querySelectorAll('text')];\n"
    "    const boxes = texts.map(text => text.getBoundingClientRect());\n"
    "    texts.forEach((text, i) => {\n"
    "      seen++;\n"
    "      if (!within(boxes[i], box))\n"
    "        found.push(frame.title + ' cuts ' + text.textContent);\n"
    "      for (let k = 0; k < i; k++)\n"
    "        if (touch(boxes[i], boxes[k]))\n"
    "          found.push(frame.title + ' overlays ' + text.textContent + ' and ' +\n"
    "                     texts[k].textContent);\n"
    "    });\n"
    "  }\n"
    "  return seen;\n"
    "}\n"
    "addEventListener('load', () => {\n"
    "  const found = [], frames = [...document.querySelectorAll('iframe')];\n"
    "  const seen = frames.map(frame => look(frame, found));\n"
    "  document.body.textContent = 'SEEN ' + Math.min(...seen) + ' FOUND [' +\n"
    "                              found.slice(0, 20).join('; ') + ']';\n"
    "});\n"
    "</script>\n";

/* ---- the page around the page ---------------------------------------------------------------- */

static void add_frame(text *out, const char *name, int width, const char *page)
{
    text_addf(out, "<iframe title=\"%s\" width=\"%d\" height=\"900\" srcdoc=\"", name, width);
    html_escape(out, page);
    text_add(out, "\"></iframe>\n");
}

/* A copy in which what holds for print holds everywhere. */
static char *on_paper(const char *page)
{
    static const char print[] = "@media print{", all[] = "@media all{";
    const char *at = strstr(page, print);
    text copy = {.bytes = NULL};

    if (at == NULL)
        return strdup(page);
    text_add_n(&copy, page, (size_t)(at - page));
    text_add(&copy, all);
    text_add(&copy, at + strlen(print));
    return copy.bytes;
}

/* A4 less margins of 15 mm, at 96 dots an inch. */
static char *frames_of(const char *page)
{
    enum { TELEPHONE = 400, PAPER = 680, SCREEN = 1280 };
    char *paper = on_paper(page);
    text out = {.bytes = NULL};

    text_add(&out, "<!DOCTYPE html><meta charset=\"utf-8\"/><body>\n");
    add_frame(&out, "telephone", TELEPHONE, page);
    add_frame(&out, "paper", PAPER, paper);
    add_frame(&out, "screen", SCREEN, page);
    text_add(&out, script);
    ck_assert(!out.failed);
    free(paper);
    return out.bytes;
}

/* ---- the browser ----------------------------------------------------------------------------- */

static bool has_browser(void)
{
    return system("command -v chromium >/dev/null 2>&1") == 0;
}

static char *output_of(const char *command)
{
    FILE *pipe = popen(command, "r");
    text out = {.bytes = NULL};
    char part[4096];

    ck_assert_ptr_nonnull(pipe);
    for (size_t n; (n = fread(part, 1, sizeof(part), pipe)) > 0;)
        text_add_n(&out, part, n);
    ck_assert_int_eq(pclose(pipe), 0);
    ck_assert_ptr_nonnull(out.bytes);
    return out.bytes;
}

/* What the script found in `page`, "SEEN 12 FOUND []". Free it. */
static char *looked_over(const char *page)
{
    char *folder = harness_folder(), *frames = frames_of(page);
    char *file = harness_file(folder, "page.html", frames), *command = NULL;

    ck_assert_int_gt(
        asprintf(&command,
                 "timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-quic "
                 "--no-first-run --disable-background-networking --disable-component-update "
                 "--disable-sync --disable-dev-shm-usage --user-data-dir='%s/browser' --dump-dom "
                 "'file://%s' 2>/dev/null",
                 folder, file),
        0);
    char *all = output_of(command), *from = strstr(all, "SEEN ");
    ck_assert_msg(from != NULL, "no answer: %.200s", all);
    char *answer = strndup(from, strcspn(from, "]") + 1);
    free(all);
    free(command);
    free(file);
    free(frames);
    free(folder);
    return answer;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static const sample_options shapes[] = {
    {.problems = 2,
     .treatments = 4,
     .others = 2,
     .values = 4,
     .seeds = 10,
     .trials = 12,
     .targets = true},
    {.problems = 3, .treatments = 4, .seeds = 10, .trials = 12, .targets = true},
    {.problems = 2, .treatments = 4, .others = 1, .values = 6, .seeds = 10, .loss = true},
    {.problems = 2,
     .treatments = 3,
     .others = 2,
     .values = 3,
     .seeds = 4,
     .trials = 8,
     .targets = true,
     .failed = true},
    {.problems = 1, .treatments = 20, .others = 2, .values = 5, .seeds = 100, .targets = true},
    {.problems = 1, .treatments = 10, .others = 2, .values = 10, .seeds = 10},
    {.problems = 2,
     .treatments = 4,
     .others = 2,
     .values = 3,
     .seeds = 10,
     .trials = 4,
     .targets = true,
     .hostile = "</title><script>alert(1)</script> a_long_name_without_a_break "},
    {.problems = 1, .seeds = 5, .not_run = true},
};

START_TEST(nothing_overlaps_or_overflows)
{
    char *page = sample_page(shapes[_i]), *answer = looked_over(page);
    int seen = 0;

    ck_assert_int_eq(sscanf(answer, "SEEN %d", &seen), 1);
    ck_assert_int_ge(seen, 1);
    ck_assert_msg(strstr(answer, "FOUND []") != NULL, "%s", answer);
    free(answer);
    free(page);
}
END_TEST

/* The test of the test. */
START_TEST(what_overlaps_or_overflows_is_found)
{
    char *answer = looked_over(
        "<!DOCTYPE html><html><body><div style=\"width:500px\">wide</div><svg width=\"200\" "
        "height=\"50\"><text x=\"10\" y=\"20\">under</text><text x=\"14\" y=\"22\">over</text>"
        "<text x=\"190\" y=\"40\">beyond</text></svg></body></html>");

    ck_assert_msg(strstr(answer, "SEEN 3 ") != NULL &&
                      strstr(answer, "telephone scrolls to 5") != NULL,
                  "%s", answer);
    ck_assert_ptr_nonnull(strstr(answer, "telephone scrolls to 5"));
    ck_assert_ptr_null(strstr(answer, "screen scrolls"));
    ck_assert_ptr_nonnull(strstr(answer, "screen overlays over and under"));
    ck_assert_ptr_nonnull(strstr(answer, "paper cuts beyond"));
    free(answer);
}
END_TEST

static Suite *suite(void)
{
    Suite *all = suite_create("report: in a browser");
    TCase *tests = tcase_create("render");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, what_overlaps_or_overflows_is_found);
    tcase_add_loop_test(tests, nothing_overlaps_or_overflows, 0,
                        sizeof(shapes) / sizeof(shapes[0]));
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    if (!has_browser()) {
        puts("1..0 # SKIP chromium is not installed");
        return 0;
    }
    return harness_run(suite());
}
