/* matrix_protocol.c: how the results were come by, and whether all had the same chances: seeds,
 * budgets, search spaces, what was chosen, and where the best value lies at the end of its
 * range. */
#include <math.h>
#include <stdlib.h>

#include "report/matrix_sections.h"

/* ---- the protocol ---------------------------------------------------------------------------- */

/* "seeds 1 to 10", or the first of a list. */
static void add_seeds(text *out, const seed_list *seeds)
{
    enum { NAMED = 20 };
    bool rising = seeds->count > 2;

    text_add(out, seeds->count == 1 ? "seed " : "seeds ");
    for (size_t i = 1; i < seeds->count; i++)
        rising &= seeds->seed[i] == seeds->seed[i - 1] + 1;
    if (rising) {
        text_addf(out, "%llu to %llu", (unsigned long long)seeds->seed[0],
                  (unsigned long long)seeds->seed[seeds->count - 1]);
        return;
    }
    for (size_t i = 0; i < seeds->count && i < NAMED; i++)
        text_addf(out, "%s%llu", i > 0 ? ", " : "", (unsigned long long)seeds->seed[i]);
    if (seeds->count > NAMED)
        text_addf(out, " and %zu more", seeds->count - NAMED);
}

static void term_of_tuning(html *page, const spec_protocol *protocol)
{
    static const char *const samplers[] = {
        [SAMPLER_GRID] = "grid", [SAMPLER_RANDOM] = "random", [SAMPLER_SOBOL] = "Sobol"};
    text seeds = {0};

    if (!protocol->tune) {
        html_term(page, "tuning", "none: all settings are as the matrix file gives them");
        return;
    }
    add_seeds(&seeds, &protocol->tune_seeds);
    html_term(page, "tuning",
              "%s sampling, %s of each cell that searches, %s; the trial with the best mean "
              "%s%s of the validation rows is chosen, never by test rows",
              samplers[protocol->sampler], matrix_counted(protocol->trials, "trial").bytes,
              seeds.bytes == NULL ? "" : seeds.bytes,
              protocol->select_given ? metric_name(protocol->select)
                                     : "accuracy (without one, r2 or loss)",
              protocol->at_best_val ? ", at its best epoch," : "");
    page->out->failed |= seeds.failed;
    free(seeds.bytes);
}

static void term_of_final(html *page, const spec_protocol *protocol)
{
    text seeds = {0};

    add_seeds(&seeds, &protocol->final_seeds);
    html_term(
        page, "final runs", "%s; figures are those of %s", seeds.bytes == NULL ? "" : seeds.bytes,
        protocol->at_best_val ? "the epoch with the best validation figure" : "the last epoch");
    page->out->failed |= seeds.failed;
    free(seeds.bytes);
    if (protocol->untuned_row)
        html_term(page, "untuned",
                  "each cell that searches is also run with the defaults of its "
                  "components");
}

static void term_of_metric(html *page, const analysis *analysis)
{
    const metric_name_at *common = matrix_common_metric(analysis);
    text list = {0};
    char name[32];

    if (common != NULL) {
        html_term(page, "reported", "%s", spec_metric_name(*common, name));
        return;
    }
    for (size_t i = 0; analysis->reported != NULL && i < analysis->spec->problem_count; i++)
        text_addf(&list, "%s%s: %s", i > 0 ? ", " : "", analysis->spec->problem[i].name,
                  spec_metric_name(analysis->reported[i], name));
    if (list.bytes != NULL)
        html_term(page, "reported", "%s", list.bytes);
    page->out->failed |= list.failed;
    free(list.bytes);
}

static void term_of_statistics(html *page, const analysis *analysis)
{
    const spec_stats *stats = &analysis->spec->stats;
    char number[32];

    if (stats->compare < 0)
        html_term(page, "compared", "nothing: there is no axis");
    else if (analysis->treatment_count < 2)
        html_term(page, "compared", "nothing: there is but one %s", matrix_compared(analysis));
    else if (stats->control < 0)
        html_term(page, "compared", "each %s with each other", matrix_compared(analysis));
    else
        html_term(page, "compared", "each %s with %s", matrix_compared(analysis),
                  analysis->spec->axis[stats->compare].value[stats->control].label);
    html_term(page, "statistics",
              "interquartile means (IQM); intervals from %zu bootstrap samples; Wilcoxon "
              "signed-rank tests of pairs by seed%s, adjusted for their number; alpha %s",
              analysis->replicates, analysis->folds > 1 ? " and fold" : "",
              html_number(number, stats->alpha, 3));
}

static void term_of_limits(html *page, const spec_limits *limits)
{
    char seconds[32], memory[32];

    if (limits->memory > 0)
        html_term(page, "limits", "%s seconds and %s MiB a run",
                  html_number(seconds, limits->seconds, 6),
                  html_number(memory, (double)limits->memory / 1048576, 6));
    else
        html_term(page, "limits", "%s seconds a run", html_number(seconds, limits->seconds, 6));
}

static void add_terms(html *page, const analysis *analysis)
{
    const spec *spec = analysis->spec;

    html_terms_open(page);
    term_of_tuning(page, &spec->protocol);
    term_of_final(page, &spec->protocol);
    term_of_metric(page, analysis);
    term_of_statistics(page, analysis);
    term_of_limits(page, &spec->limits);
    html_term(page, "pairing",
              "runs of one seed have the same initial weights and order of rows in "
              "every cell of a problem");
    html_term(page, "scope", "p and intervals speak of other seeds on %s, not of %s",
              analysis->folds > 1 ? "these folds or splits" : "the same training and test rows",
              analysis->folds > 1 ? "other problems" : "other rows or problems");
    html_terms_close(page);
}

static void add_phases(html *page, const analysis *analysis)
{
    static const char *const titles[] = {"phase", "runs done", "planned"};

    html_table_open(page, NULL, titles, 3);
    for (int phase = 0; phase < RUN_PHASE_COUNT; phase++) {
        if (analysis->planned[phase] == 0)
            continue;
        html_row_open(page);
        html_cell_head(page, run_phase_name((run_phase)phase));
        html_cell_number(page, (double)analysis->runs[phase], 12);
        html_cell_number(page, (double)analysis->planned[phase], 12);
        html_row_close(page);
    }
    html_table_close(page);
}

/* ---- budgets --------------------------------------------------------------------------------- */

/* "4e-4 to 0.1, even in the logarithm" */
static void add_space(text *out, const search_range *range)
{
    enum { NAMED = 20 };
    char lo[32], hi[32];

    if (range->rule != RANGE_GRID) {
        text_addf(out, "%s to %s, %s%s", html_number(lo, range->lo, 6),
                  html_number(hi, range->hi, 6),
                  range->rule == RANGE_LOG ? "even in the logarithm" : "uniform",
                  range->whole ? ", whole numbers" : "");
        return;
    }
    text_addf(out, "%zu values: ", range->value_count);
    for (size_t i = 0; i < range->value_count && i < NAMED; i++)
        text_addf(out, "%s%s", i > 0 ? ", " : "",
                  range->value[i]->text == NULL ? "(a list or map)" : range->value[i]->text);
    if (range->value_count > NAMED)
        text_add(out, ", ...");
}

static void add_ranges(html *page, const char *whose, const search_range *range, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text space = {0};
        add_space(&space, &range[i]);
        html_row_open(page);
        html_cell_head(page, whose);
        html_cell_code(page, range[i].path);
        html_cell_wide(page, space.bytes, NULL);
        html_row_close(page);
        page->out->failed |= space.failed;
        free(space.bytes);
    }
}

static bool searches_anything(const spec *spec)
{
    bool any = spec->range_count > 0;

    for (size_t i = 0; i < spec->axis_count; i++)
        for (size_t k = 0; k < spec->axis[i].value_count; k++)
            any |= spec->axis[i].value[k].range_count > 0;
    return any;
}

static void add_spaces(html *page, const spec *spec)
{
    static const char *const titles[] = {"of", "setting", "search space"};

    html_heading(page, 3, "Search spaces");
    html_table_open(page, NULL, titles, 3);
    for (size_t i = 0; i < spec->axis_count; i++)
        for (size_t k = 0; k < spec->axis[i].value_count; k++)
            add_ranges(page, spec->axis[i].value[k].label, spec->axis[i].value[k].range,
                       spec->axis[i].value[k].range_count);
    add_ranges(page, "every cell", spec->range, spec->range_count);
    html_table_close(page);
}

/* Treatments that search nothing have no trials, which is no smaller budget of the same kind. */
static void add_budgets(html *page, const analysis *analysis)
{
    const char *const titles[] = {matrix_compared(analysis), "trials of each cell"};
    size_t least = SIZE_MAX, most = 0;

    for (size_t i = 0; i < analysis->treatment_count; i++) {
        const size_t trials = analysis->treatment[i].trials;
        least = trials > 0 && trials < least ? trials : least;
        most = trials > most ? trials : most;
    }
    if (most == 0)
        return;
    if (least == most)
        html_paragraph(page, "All that search anything had the same budget: %s of each cell.",
                       matrix_counted(most, "trial").bytes);
    else
        html_note(page, HTML_WARNING, "Budgets differ: from %zu to %zu trials of each cell.", least,
                  most);
    html_table_open(page, NULL, titles, 2);
    for (size_t i = 0; i < analysis->treatment_count && i < MATRIX_MOST_ROWS; i++) {
        html_row_open(page);
        html_cell_head(page, analysis->treatment[i].label);
        if (analysis->treatment[i].trials == 0)
            html_cell(page, "searches nothing");
        else
            html_cell_number(page, (double)analysis->treatment[i].trials, 9);
        html_row_close(page);
    }
    html_table_close(page);
    matrix_rest(page, analysis->treatment_count, MATRIX_MOST_ROWS, "treatment");
}

/* ---- what was chosen ------------------------------------------------------------------------- */

static void cell_of_choice(html *page, const analysis *analysis, size_t index)
{
    const analysis_cell *cell = &analysis->cell[index];
    const search_range *range[SPEC_MOST_RANGES];
    const size_t count = analysis_cell_ranges(analysis, index, range);
    text values = {0};

    if (cell->chosen >= cell->trial_count) {
        html_cell(page, "none");
        return;
    }
    for (size_t i = 0; i < count; i++)
        text_addf(&values, "%s%s = %s", i > 0 ? ", " : "", range[i]->path,
                  cell->trial[cell->chosen].value[i]);
    html_cell_wide(page, values.bytes, NULL);
    page->out->failed |= values.failed;
    free(values.bytes);
}

static void add_choice(html *page, const analysis *analysis, size_t index)
{
    const analysis_cell *cell = &analysis->cell[index];
    size_t failed = 0;

    for (size_t i = 0; i < cell->trial_count; i++)
        failed += isinf(cell->trial[i].score);
    html_row_open(page);
    html_cell_head(page, cell->label);
    cell_of_choice(page, analysis, index);
    html_cell_number(
        page, cell->chosen < cell->trial_count ? cell->trial[cell->chosen].score : (double)NAN, 4);
    html_cell(page, "%zu of %zu", failed, cell->trial_count);
    html_cell_number(page, cell->mean, 4);
    if (analysis->spec->protocol.untuned_row)
        html_cell_number(page, cell->untuned_mean, 4);
    html_row_close(page);
}

static void add_choices(html *page, const analysis *analysis)
{
    static const char *const titles[] = {"cell",
                                         "chosen",
                                         "score in tuning",
                                         "failed trials",
                                         "mean of runs that did not fail",
                                         "the same untuned"};
    size_t searching = 0;

    for (size_t i = 0; i < analysis->cell_count; i++)
        searching += analysis->cell[i].trial_count > 0;
    if (searching == 0)
        return;
    html_details_open(page, "What was chosen in each cell");
    html_table_open(page, NULL, titles, analysis->spec->protocol.untuned_row ? 6 : 5);
    for (size_t i = 0, shown = 0; i < analysis->cell_count && shown < MATRIX_MOST_ROWS; i++)
        if (analysis->cell[i].trial_count > 0) {
            add_choice(page, analysis, i);
            shown++;
        }
    html_table_close(page);
    matrix_rest(page, searching, MATRIX_MOST_ROWS, "cell");
    html_details_close(page);
}

static void add_edges(html *page, const analysis *analysis)
{
    static const char *const titles[] = {"cell", "setting", "chosen value", "end of its range"};

    if (analysis->edge_count == 0)
        return;
    html_note(page, HTML_WARNING,
              "In %s the best value lies at the end of its search space: a better one may lie "
              "beyond.",
              matrix_counted(analysis->edge_count, "case").bytes);
    html_details_open(page, "Best values at the end of their range");
    html_table_open(page, NULL, titles, 4);
    for (size_t i = 0; i < analysis->edge_count && i < MATRIX_MOST_ROWS; i++) {
        const analysis_edge *edge = &analysis->edge[i];
        html_row_open(page);
        html_cell_head(page, analysis->cell[edge->cell].label);
        html_cell_code(page, edge->path);
        html_cell(page, "%s", edge->value);
        html_cell(page, "%s", edge->low ? "lower" : "upper");
        html_row_close(page);
    }
    html_table_close(page);
    matrix_rest(page, analysis->edge_count, MATRIX_MOST_ROWS, "case");
    html_details_close(page);
}

void matrix_protocol(html *page, const analysis *analysis)
{
    html_heading(page, 2, "Protocol and fairness");
    add_terms(page, analysis);
    add_phases(page, analysis);
    if (!analysis->spec->protocol.tune || !searches_anything(analysis->spec))
        return;
    add_spaces(page, analysis->spec);
    add_budgets(page, analysis);
    add_edges(page, analysis);
    add_choices(page, analysis);
}
