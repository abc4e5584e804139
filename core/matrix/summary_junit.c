/* summary_junit.c: see summary.h. The format is that of the Apache Ant task, as CI systems read it:
 * testsuites, testsuite, testcase with failure, error or skipped. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/summary_internal.h"
#include "support/utf8.h"

/* XML 1.0: no control characters but tab, line feed and return, no U+FFFE and U+FFFF. */
static bool is_allowed(unsigned character)
{
    if (character < 0x20)
        return character == '\t' || character == '\n' || character == '\r';
    return character != 0xFFFE && character != 0xFFFF;
}

/* For an attribute; what XML may not hold becomes U+FFFD. */
static void add_escaped(text *out, const char *string)
{
    const size_t length = strlen(string);
    unsigned character;

    for (size_t i = 0; i < length;) {
        const size_t bytes = utf8_character(string + i, length - i, &character);
        if (bytes == 0 || !is_allowed(character))
            text_add(out, "\xEF\xBF\xBD");
        else if (character < 0x20 || strchr("<>&\"'", (int)character) != NULL)
            text_addf(out, "&#%u;", character);
        else
            text_add_n(out, string + i, bytes);
        i += bytes == 0 ? 1 : bytes;
    }
}

static void add_attribute(text *out, const char *name, const char *value)
{
    text_addf(out, " %s=\"", name);
    add_escaped(out, value);
    text_add(out, "\"");
}

/* <testcase ..>, or its end as well. `element` NULL: it passed. */
static void add_case(const analysis *a, const char *class, const char *name, double seconds,
                     const char *element, const text *message, text *out)
{
    text classname = {0};

    text_addf(&classname, "matrix.%s.%s", a->spec->name, class);
    text_add(out, "    <testcase");
    add_attribute(out, "classname", classname.failed ? "" : classname.bytes);
    add_attribute(out, "name", name);
    text_addf(out, " time=\"%.6f\"", isfinite(seconds) ? seconds : 0.0);
    if (element == NULL) {
        text_add(out, "/>\n");
    } else {
        text_addf(out, ">\n      <%s", element);
        add_attribute(out, "message", message->failed ? "" : message->bytes);
        text_add(out, "/>\n    </testcase>\n");
    }
    out->failed |= classname.failed || (element != NULL && message->failed);
    free(classname.bytes);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* "2 of 10 runs failed; the first, seed 3, diverged at step 31: .." */
static void describe_failures(const analysis *a, size_t cell, size_t first, text *message)
{
    text_addf(message, "%zu of %zu runs failed", a->cell[cell].failures, a->cell[cell].runs);
    if (first == SIZE_MAX)
        return;
    text_addf(message, "; the first, seed %llu, ", (unsigned long long)a->failure[first].seed);
    summary_failure(&a->failure[first], message);
}

/* `failure` is where the ledger, which is in the order of cells, has come to. */
static size_t first_failure(const analysis *a, size_t cell, size_t *failure)
{
    size_t first = SIZE_MAX;

    for (; *failure < a->failure_count && a->failure[*failure].cell <= cell; ++*failure)
        if (a->failure[*failure].cell == cell && a->failure[*failure].phase == RUN_FINAL &&
            first == SIZE_MAX)
            first = *failure;
    return first;
}

static void add_cell(const analysis *a, size_t index, size_t first, text *out)
{
    const analysis_cell *cell = &a->cell[index];
    const char *element = NULL;
    text message = {0};

    if (cell->state == CELL_SKIPPED) {
        element = "skipped";
        text_add(&message, cell->skipped);
    } else if (cell->failures > 0) {
        element = "failure";
        describe_failures(a, index, first, &message);
    } else if (cell->state != CELL_DONE) {
        element = "error";
        text_addf(&message, "incomplete: %zu of %zu runs are there", cell->runs, a->seeds);
    }
    if (message.bytes == NULL)
        text_add(&message, "");
    add_case(a, "cells", cell->label, cell->seconds, element, &message, out);
    free(message.bytes);
}

static void add_cells(const analysis *a, text *out)
{
    size_t failures = 0, errors = 0, ledger = 0;

    for (size_t i = 0; i < a->cell_count; i++) {
        const analysis_cell *cell = &a->cell[i];
        const bool run = cell->state != CELL_SKIPPED;
        failures += run && cell->failures > 0;
        errors += run && cell->failures == 0 && cell->state != CELL_DONE;
    }
    text_add(out, "  <testsuite name=\"cells\"");
    text_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
              a->cell_count, failures, errors, a->skipped_cells);
    for (size_t i = 0; i < a->cell_count; i++)
        add_cell(a, i, first_failure(a, i, &ledger), out);
    text_add(out, "  </testsuite>\n");
}

/* ---- gates ----------------------------------------------------------------------------------- */

static void add_gates(const analysis *a, text *out)
{
    text_addf(out,
              "  <testsuite name=\"gates\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" "
              "skipped=\"0\">\n",
              a->gate_count, a->gate_count - summary_gates_passed(a));
    for (size_t i = 0; i < a->gate_count; i++) {
        text message = {0};
        text_add(&message, a->gate[i].detail);
        add_case(a, "gates", a->gate[i].gate->text, 0, a->gate[i].passed ? NULL : "failure",
                 &message, out);
        free(message.bytes);
    }
    text_add(out, "  </testsuite>\n");
}

bool summary_junit(const analysis *a, text *out)
{
    text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(out, "name", a->spec->name);
    text_add(out, ">\n");
    add_cells(a, out);
    if (a->gate_count > 0)
        add_gates(a, out);
    text_add(out, "</testsuites>\n");
    return !out->failed;
}
