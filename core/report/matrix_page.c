/* matrix_page.c: see matrix_page.h. The order of the page, the verdict that opens it, and the lists
 * that close it: failures, skipped cells, provenance. */
#include "report/matrix_page.h"

#include <stdlib.h>
#include <string.h>

#include "report/matrix_sections.h"
#include "support/memory.h"

/* ---- the verdict ----------------------------------------------------------------------------- */

static html_tone tone_of(analysis_tone tone)
{
    return tone == TONE_GOOD      ? HTML_GOOD
           : tone == TONE_BAD     ? HTML_BAD
           : tone == TONE_WARNING ? HTML_WARNING
                                  : HTML_NEUTRAL;
}

static void add_gates(html *page, const analysis *analysis)
{
    static const char *const titles[] = {"gate", "outcome", "what was seen"};

    if (analysis->gate_count == 0)
        return;
    html_heading(page, 3, "Gates");
    html_table_open(page, NULL, titles, 3);
    for (size_t i = 0; i < analysis->gate_count; i++) {
        const analysis_gate *gate = &analysis->gate[i];
        html_row_open(page);
        html_cell_wide(page, gate->gate->text, NULL);
        html_cell_tone(page, gate->passed ? HTML_GOOD : HTML_BAD,
                       gate->passed ? "passed" : "failed");
        html_cell_wide(page, gate->detail, NULL);
        html_row_close(page);
    }
    html_table_close(page);
}

static void add_size(html *page, const analysis *analysis)
{
    const spec *spec = analysis->spec;
    text line = {0};

    if (spec->stats.compare >= 0)
        text_addf(&line, "%s of %s over ",
                  matrix_counted(analysis->treatment_count, "treatment").bytes,
                  matrix_compared(analysis));
    text_addf(&line, "%s: %s", matrix_counted(spec->problem_count, "problem").bytes,
              matrix_counted(analysis->cell_count, "cell").bytes);
    if (analysis->skipped_cells > 0)
        text_addf(&line, ", %zu of them skipped", analysis->skipped_cells);
    text_addf(&line, "; %zu of %s done.", analysis->runs[RUN_FINAL],
              matrix_counted(analysis->planned[RUN_FINAL], "final run").bytes);
    html_paragraph(page, "%s", line.bytes == NULL ? "" : line.bytes);
    page->out->failed |= line.failed;
    free(line.bytes);
}

void matrix_verdict(html *page, const analysis *analysis)
{
    const char *name = analysis->spec->name;

    html_heading(page, 1, name == NULL ? "Comparison matrix" : name);
    add_size(page, analysis);
    for (size_t i = 0; i < analysis->sentence_count; i++) {
        const analysis_sentence *sentence = &analysis->sentence[i];
        if (i == 0)
            html_verdict(page, tone_of(sentence->tone), "%s", sentence->text);
        else
            html_note(page, tone_of(sentence->tone), "%s", sentence->text);
    }
    if (analysis->runs[RUN_FINAL] == 0)
        html_note(page, HTML_NEUTRAL, "No final run is there yet.");
    add_gates(page, analysis);
}

/* ---- failures -------------------------------------------------------------------------------- */

/* As one word of a shell's command line: quoted where it must be. */
static void add_word(text *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./-+=:,@%";

    if (*word != '\0' && strspn(word, plain) == strlen(word)) {
        text_add(out, word);
        return;
    }
    text_add(out, "'");
    for (; *word != '\0'; word++)
        if (*word == '\'')
            text_add(out, "'\\''");
        else
            text_add_n(out, word, 1);
    text_add(out, "'");
}

/* What went wrong, and how to see it again. */
static void cell_of_reason(html *page, const analysis_failure *failure, const char *folder)
{
    text command = {0};

    text_add(&command, "plexus matrix repro ");
    add_word(&command, folder);
    text_addf(&command, " %.12s", failure->identity);
    html_cell_wide(page, failure->reason, command.bytes);
    page->out->failed |= command.failed;
    free(command.bytes);
}

static void add_failure(html *page, const analysis *analysis, const analysis_failure *failure,
                        const char *folder)
{
    char *status = failure->status == RUN_CRASHED && failure->signal != 0
                       ? memory_format("crashed, signal %d", failure->signal)
                       : memory_string(run_status_name(failure->status));

    html_row_open(page);
    html_cell_head(page,
                   failure->cell < analysis->cell_count ? analysis->cell[failure->cell].label : "");
    html_cell_tone(page, HTML_BAD, status);
    if (failure->phase == RUN_TUNE)
        html_cell(page, "tune, trial %zu, seed %llu", failure->trial,
                  (unsigned long long)failure->seed);
    else
        html_cell(page, "%s, seed %llu", run_phase_name(failure->phase),
                  (unsigned long long)failure->seed);
    html_cell_number(page, (double)failure->step, 16);
    cell_of_reason(page, failure, folder);
    html_row_close(page);
    page->out->failed |= status == NULL;
    free(status);
}

/* How many there are of each kind: a crash here and there is another finding than divergence. */
static void add_statuses(html *page, const analysis *analysis)
{
    size_t count[RUN_STATUS_COUNT] = {0};
    text list = {0};

    for (size_t i = 0; i < analysis->failure_count; i++)
        if (analysis->failure[i].status < RUN_STATUS_COUNT)
            count[analysis->failure[i].status]++;
    for (size_t s = 0; s < RUN_STATUS_COUNT; s++)
        if (count[s] > 0)
            text_addf(&list, "%s%zu %s", list.length > 0 ? ", " : "", count[s],
                      run_status_name((run_status)s));
    html_paragraph(
        page,
        "%s failed: %s. A run that failed ranks last; none is dropped. Each command does "
        "one of them again.",
        matrix_counted(analysis->failure_count, "run").bytes, list.bytes == NULL ? "" : list.bytes);
    page->out->failed |= list.failed;
    free(list.bytes);
}

void matrix_failures(html *page, const analysis *analysis, const char *folder)
{
    static const char *const titles[] = {"cell", "status", "run",
                                         "step", "reason", "to do it again"};
    const size_t shown = analysis->failure_count < MATRIX_MOST_FAILURES ? analysis->failure_count
                                                                        : MATRIX_MOST_FAILURES;

    html_heading(page, 2, "Failures");
    if (analysis->failure_count == 0) {
        html_paragraph(page, "No run failed.");
        return;
    }
    add_statuses(page, analysis);
    html_table_open(page, NULL, titles, 5);
    for (size_t i = 0; i < shown; i++)
        add_failure(page, analysis, &analysis->failure[i], folder);
    html_table_close(page);
    matrix_rest(page, analysis->failure_count, shown, "failed run");
}

/* ---- skipped cells --------------------------------------------------------------------------- */

static const char *reason_of(const analysis_cell *cell)
{
    return cell->skipped == NULL ? "skipped" : cell->skipped;
}

/* The skipped cells of one reason as a row, from the first of them on; marks them. */
static void add_reason(html *page, const analysis *analysis, size_t first, bool *told)
{
    enum { NAMED = 12 };
    const char *reason = reason_of(&analysis->cell[first]);
    text labels = {0};
    size_t count = 0;

    for (size_t i = first; i < analysis->cell_count; i++) {
        const analysis_cell *cell = &analysis->cell[i];
        if (told[i] || cell->state != CELL_SKIPPED || strcmp(reason_of(cell), reason) != 0)
            continue;
        told[i] = true;
        if (count++ < NAMED)
            text_addf(&labels, "%s%s", count > 1 ? "; " : "", cell->label);
    }
    if (count > NAMED)
        text_addf(&labels, "; and %zu more", count - NAMED);
    html_row_open(page);
    html_cell_wide(page, reason, NULL);
    html_cell_number(page, (double)count, 9);
    html_cell_wide(page, labels.bytes, NULL);
    html_row_close(page);
    page->out->failed |= labels.failed;
    free(labels.bytes);
}

void matrix_skipped(html *page, const analysis *analysis)
{
    static const char *const titles[] = {"reason", "cells", "which"};
    bool *told = memory_array(analysis->cell_count, sizeof(*told));
    size_t reasons = 0;

    html_heading(page, 2, "Skipped cells");
    if (analysis->skipped_cells == 0)
        html_paragraph(page, "Every cell of the matrix is run.");
    page->out->failed |= told == NULL;
    if (told == NULL || analysis->skipped_cells == 0) {
        free(told);
        return;
    }
    html_table_open(page, NULL, titles, 3);
    for (size_t i = 0; i < analysis->cell_count; i++)
        if (analysis->cell[i].state == CELL_SKIPPED && !told[i] && reasons++ < MATRIX_MOST_ROWS)
            add_reason(page, analysis, i, told);
    html_table_close(page);
    matrix_rest(page, reasons, MATRIX_MOST_ROWS, "skipped cell");
    free(told);
}

/* ---- provenance ------------------------------------------------------------------------------ */

void matrix_provenance(html *page, const analysis *analysis)
{
    html_heading(page, 2, "Provenance");
    html_terms_open(page);
    for (size_t i = 0; i < analysis->note_count; i++)
        html_term(page, analysis->note[i].key, "%s", analysis->note[i].value);
    html_terms_close(page);
    if (analysis->spec->bytes == NULL)
        return;
    html_details_open(page, "The matrix file");
    html_code(page, analysis->spec->bytes);
    html_details_close(page);
}

/* ---- the page -------------------------------------------------------------------------------- */

bool matrix_page(const analysis *analysis, const char *folder, text *out)
{
    const char *name = analysis->spec->name;
    html page;

    html_open(&page, out, name == NULL ? "Comparison matrix" : name);
    matrix_verdict(&page, analysis);
    matrix_protocol(&page, analysis);
    matrix_treatments(&page, analysis);
    matrix_cells(&page, analysis);
    matrix_targets(&page, analysis);
    matrix_sensitivity(&page, analysis);
    matrix_curves(&page, analysis);
    matrix_pairs(&page, analysis);
    matrix_failures(&page, analysis, folder);
    matrix_skipped(&page, analysis);
    matrix_provenance(&page, analysis);
    html_close(&page);
    return !out->failed;
}
