/* summary.c: plain text for a terminal, and what it shares with Markdown. */
#include "matrix/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "matrix/summary_internal.h"
#include "support/memory.h"

enum { LEAST_WIDTH = 40, MOST_WORD = 1000 };

/* ---- tables ---------------------------------------------------------------------------------- */

void grid_add(grid *grid, text *cell)
{
    if (cell->bytes == NULL)
        text_add(cell, "");
    if (cell->failed ||
        memory_grow(&grid->cell, &grid->capacity, grid->count + 1, sizeof(*grid->cell)) == NULL) {
        grid->failed = true;
        free(cell->bytes);
        return;
    }
    grid->cell[grid->count++] = cell->bytes;
}

void grid_clear(grid *grid)
{
    for (size_t i = 0; i < grid->count; i++)
        free(grid->cell[i]);
    free(grid->cell);
    grid->cell = NULL;
    grid->count = grid->capacity = 0;
}

static void add_string(grid *grid, const char *string)
{
    text cell = {0};

    text_add(&cell, string);
    grid_add(grid, &cell);
}

static void add_number(grid *grid, double value, int digits)
{
    text cell = {0};

    if (isnan(value))
        text_add(&cell, "-");
    else if (isinf(value)) /* only failures are */
        text_add(&cell, "failed");
    else
        words_number(&cell, value, digits);
    grid_add(grid, &cell);
}

static void add_titles(const analysis *a, grid *grid)
{
    text figure = {0};

    add_string(grid, "treatment");
    if (a->one_unit && a->block_count > 0) {
        words_figure(&figure, a->reported[a->block_problem[0]]);
        text_add(&figure, " (IQM)");
        grid_add(grid, &figure);
        text interval = {0};
        words_number(&interval, 100 * (1 - a->spec->stats.alpha), 4);
        text_add(&interval, " % interval");
        grid_add(grid, &interval);
    }
    add_string(grid, "mean rank");
    add_string(grid, "failed");
    add_string(grid, "seconds");
    if (a->cost_count > 0)
        add_string(grid, "reached target");
    grid->columns = grid->count;
}

static void add_treatment(const analysis *a, const analysis_treatment *treatment, grid *grid)
{
    text failed = {0}, reached = {0};

    add_string(grid, treatment->label);
    if (a->one_unit && a->block_count > 0) {
        text interval = {0};
        add_number(grid, treatment->iqm, 4);
        if (isnan(treatment->ci.lo) || isinf(treatment->iqm))
            text_add(&interval, "-");
        else
            words_interval(&interval, treatment->ci);
        grid_add(grid, &interval);
    }
    add_number(grid, treatment->mean_rank, 3);
    text_addf(&failed, "%zu of %zu", treatment->failures, treatment->runs);
    grid_add(grid, &failed);
    add_number(grid, treatment->median_seconds, 3);
    if (a->cost_count == 0)
        return;
    size_t finite = 0;
    for (size_t i = 0; i < a->cost_count; i++)
        finite += isfinite(treatment->cost[i]) ? 1 : 0;
    text_addf(&reached, "%zu of %zu", finite, a->cost_count);
    grid_add(grid, &reached);
}

void grid_of_treatments(const analysis *a, grid *grid)
{
    add_titles(a, grid);
    for (size_t i = 0; i < a->treatment_count; i++)
        add_treatment(a, &a->treatment[a->order[i]], grid);
}

/* ---- counts ---------------------------------------------------------------------------------- */

size_t summary_cells(const analysis *a, cell_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < a->cell_count; i++)
        n += a->cell[i].state == state;
    return n;
}

size_t summary_gates_passed(const analysis *a)
{
    size_t n = 0;

    for (size_t i = 0; i < a->gate_count; i++)
        n += a->gate[i].passed;
    return n;
}

void summary_counts(const analysis *a, text *out)
{
    text_addf(out, "%zu of %zu final runs, %zu of %zu cells done", a->runs[RUN_FINAL],
              a->planned[RUN_FINAL], summary_cells(a, CELL_DONE), a->cell_count - a->skipped_cells);
    if (a->gate_count > 0)
        text_addf(out, ", %zu of %zu gates hold", summary_gates_passed(a), a->gate_count);
    if (a->skipped_cells > 0)
        text_addf(out, ", %zu cell%s skipped", a->skipped_cells, a->skipped_cells == 1 ? "" : "s");
}

void summary_failure(const analysis_failure *failure, text *out)
{
    for (const char *c = run_status_name(failure->status); *c != '\0'; c++)
        text_add_n(out, *c == '_' ? " " : c, 1);
    if (failure->signal != 0)
        text_addf(out, " of signal %d", failure->signal);
    text_addf(out, " at step %lld", (long long)failure->step);
    if (failure->reason != NULL && failure->reason[0] != '\0')
        text_addf(out, ": %s", failure->reason);
}

/* ---- a terminal ------------------------------------------------------------------------------ */

static size_t columns_of(const char *shown, size_t bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes; i++)
        n += ((unsigned char)shown[i] & 0xC0) != 0x80;
    return n;
}

/* What is safe to print of a string; NULL when out of memory. */
static char *shown(const char *string)
{
    const size_t length = strlen(string);
    char *buffer = memory_array(length + 1, 4);

    return buffer == NULL ? NULL : text_shown(buffer, string, length, length);
}

/* Words wrapped at `width`, further lines indented by `indent`; the first begins at column `at`. */
static void add_wrapped(text *out, const char *string, size_t width, size_t at, size_t indent)
{
    char *words = shown(string);
    bool first = true;

    if (words == NULL) {
        out->failed = true;
        return;
    }
    for (const char *word = words; *word != '\0';) {
        const size_t bytes = strcspn(word, " "), columns = columns_of(word, bytes);
        if (!first && at + 1 + columns > width) {
            text_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            text_add(out, " ");
            at++;
        }
        text_add_n(out, word, bytes);
        at += columns;
        first = false;
        word += bytes + strspn(word + bytes, " ");
    }
    text_add(out, "\n");
    free(words);
}

static void add_sentences(const analysis *a, size_t width, text *out)
{
    static const char *const mark[] = {
        [TONE_NEUTRAL] = "  ", [TONE_GOOD] = "+ ", [TONE_BAD] = "- ", [TONE_WARNING] = "! "};

    for (size_t i = 0; i < a->sentence_count; i++) {
        text_add(out, mark[a->sentence[i].tone]);
        add_wrapped(out, a->sentence[i].text, width, 2, 2);
    }
}

static void add_row(const grid *grid, size_t row, const size_t *width, text *out)
{
    for (size_t c = 0; c < grid->columns; c++) {
        char *cell = shown(grid->cell[row * grid->columns + c]);
        if (cell == NULL) {
            out->failed = true;
            return;
        }
        text_addf(out, "%s%s", c > 0 ? "  " : "", cell);
        const size_t columns = columns_of(cell, strlen(cell));
        if (c + 1 < grid->columns)
            text_addf(out, "%*s", (int)(width[c] - columns), "");
        free(cell);
    }
    text_add(out, "\n");
}

static void add_grid(const grid *grid, text *out)
{
    size_t *width = memory_array(grid->columns, sizeof(*width));

    for (size_t i = 0; width != NULL && i < grid->count; i++) {
        char *cell = shown(grid->cell[i]);
        const size_t columns = cell == NULL ? 0 : columns_of(cell, strlen(cell));
        if (columns > width[i % grid->columns])
            width[i % grid->columns] = columns;
        out->failed |= cell == NULL;
        free(cell);
    }
    out->failed |= width == NULL || grid->failed;
    for (size_t row = 0; !out->failed && row < grid->count / grid->columns; row++)
        add_row(grid, row, width, out);
    free(width);
}

static void add_gates(const analysis *a, size_t width, text *out)
{
    if (a->gate_count > 0)
        text_add(out, "\n");
    for (size_t i = 0; i < a->gate_count; i++) {
        text line = {0};
        text_addf(&line, "%s: %s", a->gate[i].gate->text, a->gate[i].detail);
        text_add(out, a->gate[i].passed ? "holds  " : "FAILS  ");
        if (line.failed)
            out->failed = true;
        else
            add_wrapped(out, line.bytes, width, 7, 7);
        free(line.bytes);
    }
}

bool summary_text(const analysis *a, int width, text *out)
{
    const size_t columns = width < LEAST_WIDTH ? LEAST_WIDTH : (size_t)width;
    text head = {0};
    grid grid = {0};

    text_addf(&head, "%s: ", a->spec->name);
    summary_counts(a, &head);
    if (head.failed)
        out->failed = true;
    else
        add_wrapped(out, head.bytes, columns, 0, 2);
    free(head.bytes);
    text_add(out, "\n");
    add_sentences(a, columns, out);
    if (a->runs[RUN_FINAL] > 0) {
        text_add(out, "\n");
        grid_of_treatments(a, &grid);
        add_grid(&grid, out);
        grid_clear(&grid);
    }
    add_gates(a, columns, out);
    return !out->failed;
}
