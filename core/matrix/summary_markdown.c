/* summary_markdown.c: see summary.h. Every string from outside is escaped so that it reads as it
 * is: no link, no image, no heading, no HTML, no second cell. */
#include <stdlib.h>
#include <string.h>

#include "matrix/summary_internal.h"
#include "support/memory.h"

enum { MOST_FAILURES = 20, IDENTITY_SHOWN = 12 };

/* With control characters shown as \xNN, and everything that Markdown gives a meaning as an
 * entity or behind a backslash. */
static void add_escaped(text *out, const char *string)
{
    const size_t length = strlen(string);
    char *buffer = memory_array(length + 1, 4);

    if (buffer == NULL) {
        out->failed = true;
        return;
    }
    for (const char *c = text_shown(buffer, string, length, length); *c != '\0'; c++) {
        if (*c == '<' || *c == '>' || *c == '&')
            text_add(out, *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : "&amp;");
        else if (strchr("\\`*_{}[]|#!~@$", *c) != NULL)
            text_addf(out, "\\%c", *c);
        else
            text_add_n(out, c, 1);
    }
    free(buffer);
}

static void add_sentences(const analysis *a, text *out)
{
    static const char *const mark[] = {[TONE_NEUTRAL] = "",
                                       [TONE_GOOD] = "**Better.** ",
                                       [TONE_BAD] = "**Worse.** ",
                                       [TONE_WARNING] = "**Warning.** "};

    for (size_t i = 0; i < a->sentence_count; i++) {
        text_addf(out, "- %s", mark[a->sentence[i].tone]);
        add_escaped(out, a->sentence[i].text);
        text_add(out, "\n");
    }
}

static void add_row(text *out, char *const *cell, size_t columns)
{
    text_add(out, "|");
    for (size_t c = 0; c < columns; c++) {
        text_add(out, " ");
        add_escaped(out, cell[c]);
        text_add(out, " |");
    }
    text_add(out, "\n");
}

static void add_treatments(const analysis *a, text *out)
{
    grid grid = {0};

    grid_of_treatments(a, &grid);
    out->failed |= grid.failed;
    for (size_t row = 0; !out->failed && row < grid.count / grid.columns; row++) {
        add_row(out, grid.cell + row * grid.columns, grid.columns);
        if (row > 0)
            continue;
        text_add(out, "| --- |");
        for (size_t c = 1; c < grid.columns; c++)
            text_add(out, " ---: |");
        text_add(out, "\n");
    }
    grid_clear(&grid);
}

static void add_gates(const analysis *a, text *out)
{
    if (a->gate_count == 0)
        return;
    text_add(out, "\n### Gates\n\n| gate | | what was seen |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < a->gate_count; i++) {
        text_add(out, "| ");
        add_escaped(out, a->gate[i].gate->text);
        text_add(out, a->gate[i].passed ? " | holds | " : " | **fails** | ");
        add_escaped(out, a->gate[i].detail);
        text_add(out, " |\n");
    }
}

static void add_failure(const analysis *a, const analysis_failure *failure, text *out)
{
    text how = {0};

    text_addf(out, "| `%.*s` | ", IDENTITY_SHOWN, failure->identity);
    add_escaped(out, a->cell[failure->cell].label);
    text_addf(out, " | %s", run_phase_name(failure->phase));
    if (failure->phase == RUN_TUNE)
        text_addf(out, " %zu", failure->trial);
    text_addf(out, " | %llu | ", (unsigned long long)failure->seed);
    summary_failure(failure, &how);
    if (how.failed)
        out->failed = true;
    else
        add_escaped(out, how.bytes);
    text_add(out, " |\n");
    free(how.bytes);
}

/* Final runs first: those that the verdict is made of. */
static void add_failures(const analysis *a, text *out)
{
    size_t said = 0;

    if (a->failure_count == 0)
        return;
    text_add(out, "\n### Failed runs\n\n| run | cell | phase | seed | how |\n"
                  "| --- | --- | --- | ---: | --- |\n");
    for (int final = 1; final >= 0; final--)
        for (size_t i = 0; i < a->failure_count && said < MOST_FAILURES; i++)
            if ((a->failure[i].phase == RUN_FINAL) == (final == 1)) {
                add_failure(a, &a->failure[i], out);
                said++;
            }
    if (a->failure_count > said)
        text_addf(out, "\n%zu more are in the report.\n", a->failure_count - said);
}

bool summary_markdown(const analysis *a, text *out)
{
    text counts = {0};

    text_add(out, "## ");
    add_escaped(out, a->spec->name);
    text_add(out, analysis_passed(a) ? ": passed\n\n" : ": not passed\n\n");
    summary_counts(a, &counts);
    text_addf(out, "%s.\n\n", counts.failed ? "" : counts.bytes);
    out->failed |= counts.failed;
    free(counts.bytes);
    add_sentences(a, out);
    if (a->runs[RUN_FINAL] > 0) {
        text_add(out, "\n### Treatments\n\n");
        add_treatments(a, out);
    }
    add_gates(a, out);
    add_failures(a, out);
    return !out->failed;
}
