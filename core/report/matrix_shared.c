/* matrix_shared.c: what the sections of a matrix's page share; see matrix_sections.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/matrix_sections.h"

/* ---- names ----------------------------------------------------------------------------------- */

const char *matrix_compared(const analysis *analysis)
{
    const int compare = analysis->spec->stats.compare;

    return compare < 0 ? "treatment" : analysis->spec->axis[compare].path;
}

bool matrix_low_is_better(metric metric)
{
    return metric_is_better(metric, 0, 1);
}

const metric_name_at *matrix_common_metric(const analysis *analysis)
{
    const metric_name_at *first = analysis->reported;

    if (first == NULL || analysis->spec->problem_count == 0)
        return NULL;
    for (size_t i = 1; i < analysis->spec->problem_count; i++)
        if (first[i].part != first->part || first[i].metric != first->metric)
            return NULL;
    return first;
}

char *matrix_confidence(char buffer[32], const analysis *analysis)
{
    return html_number(buffer, 100 * (1 - analysis->spec->stats.alpha), 4);
}

/* ---- numbers --------------------------------------------------------------------------------- */

void matrix_cell_or(html *page, double value, int digits, const char *word)
{
    if (isinf(value))
        html_cell(page, "%s", word);
    else
        html_cell_number(page, value, digits);
}

void matrix_cell_interval(html *page, double value, statistics_interval ci, int digits)
{
    char number[3][32];

    if (!isfinite(value) || isnan(ci.lo) || isnan(ci.hi)) {
        matrix_cell_or(page, value, digits, "failures decide");
        return;
    }
    html_cell(page, "%s [%s, %s]", html_number(number[0], value, digits),
              html_number(number[1], ci.lo, digits), html_number(number[2], ci.hi, digits));
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void matrix_sort(double *numbers, size_t count)
{
    qsort(numbers, count, sizeof(*numbers), by_size);
}

matrix_count matrix_counted(size_t count, const char *noun)
{
    matrix_count text;

    snprintf(text.bytes, sizeof(text.bytes), "%zu %.30s%s", count, noun, count == 1 ? "" : "s");
    return text;
}

void matrix_rest(html *page, size_t count, size_t shown, const char *noun)
{
    if (count > shown)
        html_paragraph(page, "A further %s %s not shown here; results.sqlite holds all.",
                       matrix_counted(count - shown, noun).bytes,
                       count - shown == 1 ? "is" : "are");
}

/* ---- losses ---------------------------------------------------------------------------------- */

/* Another loss, or another setting of it. */
static bool varies_losses(const spec *spec)
{
    for (size_t i = 0; i < spec->axis_count; i++)
        if (spec->axis[i].value_count > 1 &&
            (strcmp(spec->axis[i].path, "loss") == 0 ||
             strncmp(spec->axis[i].path, "loss.", strlen("loss.")) == 0))
            return true;
    return false;
}

void matrix_note_losses(html *page, const analysis *analysis)
{
    if (varies_losses(analysis->spec))
        html_note(page, HTML_WARNING,
                  "Each kind of loss has a scale of its own: what is shown here of losses compares "
                  "only where the loss is the same.");
}
