/* matrix_pairs.c: treatments against each other: the difference of each pair with its interval, the
 * test, the effect, the verdict in words; and ranks over many blocks, drawn only where the test has
 * the power to tell anything. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/intervals.h"
#include "report/matrix_sections.h"
#include "report/ranks.h"
#include "support/memory.h"

enum { MOST_DIFFERENCES = 40 };

/* ---- the table ------------------------------------------------------------------------------- */

/* "adam - sgd" */
static char *name_of(const analysis *analysis, const analysis_pair *pair)
{
    return memory_format("%s \xE2\x88\x92 %s", analysis->treatment[pair->a].label,
                         analysis->treatment[pair->b].label);
}

/* Why it is undecided, and what would decide it. */
static void cell_of_undecided(html *page, const analysis *analysis, const analysis_pair *pair)
{
    char words[128];

    if (pair->pairs == 0)
        snprintf(words, sizeof(words), "undecided; there is no pair yet");
    else if (pair->adjusted <= analysis->spec->stats.alpha)
        snprintf(words, sizeof(words), "undecided; the mean and the ranks point different ways");
    else if (pair->more == SIZE_MAX)
        snprintf(words, sizeof(words), "undecided; no number of seeds in sight");
    else
        snprintf(words, sizeof(words), "undecided; about %s would be needed",
                 matrix_counted(pair->more, "more seed").bytes);
    html_cell_wide(page, words, NULL);
}

static void cell_of_verdict(html *page, const analysis *analysis, const analysis_pair *pair)
{
    switch (pair->verdict) {
    case VERDICT_BETTER:
        html_cell_tone(page, HTML_GOOD, "better");
        break;
    case VERDICT_WORSE:
        html_cell_tone(page, HTML_BAD, "worse");
        break;
    case VERDICT_SAME:
        html_cell_tone(page, HTML_NEUTRAL, "same");
        break;
    case VERDICT_UNDECIDED:
        cell_of_undecided(page, analysis, pair);
        break;
    }
}

/* Where failures decide, in how many pairs they do, and the mean of the others. */
static void cell_of_difference(html *page, const analysis_pair *pair)
{
    char number[32];

    if (!isinf(pair->difference))
        matrix_cell_interval(page, pair->difference, pair->ci, 3);
    else if (isnan(pair->apart))
        html_cell(page, "failures decide, %zu to %zu", pair->won, pair->lost);
    else
        html_cell(page, "failures decide, %zu to %zu; else %s", pair->won, pair->lost,
                  html_number(number, pair->apart, 3));
}

static void add_row(html *page, const analysis *analysis, const analysis_pair *pair)
{
    char *name = name_of(analysis, pair);

    html_row_open(page);
    html_cell_head(page, name);
    cell_of_verdict(page, analysis, pair);
    cell_of_difference(page, pair);
    html_cell_number(page, pair->p, 3);
    html_cell_number(page, pair->adjusted, 3);
    html_cell_number(page, pair->cohen_d, 3);
    html_cell_number(page, pair->superiority, 3);
    html_cell_number(page, (double)pair->pairs, 9);
    html_cell_number(page, (double)pair->blocks, 9);
    html_row_close(page);
    page->out->failed |= name == NULL;
    free(name);
}

/* Pairs stand together by problem: those from `from` on, up to the next problem. */
static size_t end_of(const analysis *analysis, size_t from)
{
    size_t to = from;

    while (to < analysis->pair_count && analysis->pair[to].problem == analysis->pair[from].problem)
        to++;
    return to;
}

static void add_table(html *page, const analysis *analysis, size_t from, size_t to)
{
    char percent[32], interval[64];
    const char *const titles[] = {"pair",      "the first is", interval, "p",     "adj. p",
                                  "Cohen's d", "superiority",  "pairs",  "blocks"};
    const size_t last = to - from > MATRIX_MOST_ROWS ? from + MATRIX_MOST_ROWS : to;

    snprintf(interval, sizeof(interval), "%s, %s %% interval",
             analysis->pair[from].by_wins ? "net wins" : "difference",
             matrix_confidence(percent, analysis));
    html_table_open(page, NULL, titles, 9);
    for (size_t i = from; i < last; i++)
        add_row(page, analysis, &analysis->pair[i]);
    html_table_close(page);
    matrix_rest(page, to - from, MATRIX_MOST_ROWS, "pair");
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void free_names(interval_row *rows, char **names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++)
        free(names[i]);
    free(names);
    free(rows);
}

static void add_differences(html *page, const analysis *analysis, const char *title, size_t from,
                            size_t to)
{
    const size_t count = to - from < MOST_DIFFERENCES ? to - from : MOST_DIFFERENCES;
    interval_row *rows = memory_array(count, sizeof(*rows));
    static const char by_figure[] = "difference; above 0 the first is better";
    static const char by_wins[] = "blocks won less blocks lost, a share";
    char **names = memory_array(count, sizeof(*names));
    bool good = rows != NULL && names != NULL;

    for (size_t i = 0; good && i < count; i++) {
        const analysis_pair *pair = &analysis->pair[from + i];
        names[i] = name_of(analysis, pair);
        good = names[i] != NULL;
        rows[i] = (interval_row){names[i],
                                 pair->difference,
                                 pair->ci.lo,
                                 pair->ci.hi,
                                 isinf(pair->difference) ? "failures decide" : "no pair yet",
                                 2};
    }
    if (good)
        intervals_picture(page,
                          &(intervals){.title = title,
                                       .label = analysis->pair[from].by_wins ? by_wins : by_figure,
                                       .row = rows,
                                       .count = count,
                                       .mark_label = "no difference"});
    page->out->failed |= !good;
    free_names(rows, names, count);
}

static void add_problem(html *page, const analysis *analysis, size_t from, size_t to)
{
    const size_t problem = analysis->pair[from].problem;
    char title[96];

    snprintf(title, sizeof(title), "%s %.60s", problem == SIZE_MAX ? "All problems" : "On",
             problem == SIZE_MAX ? "" : analysis->spec->problem[problem].name);
    if (problem == SIZE_MAX) {
        html_figure_open(page);
        html_caption(page, "Over all problems");
        add_differences(page, analysis, "Differences over all problems", from, to);
        html_figure_close(page);
        add_table(page, analysis, from, to);
        return;
    }
    html_details_open(page, title);
    html_figure_open(page);
    add_differences(page, analysis, title, from, to);
    html_figure_close(page);
    add_table(page, analysis, from, to);
    html_details_close(page);
}

/* ---- ranks ----------------------------------------------------------------------------------- */

/* Those that are ranked, the best first: none that repeats another or takes no part. */
static size_t order_ranked(const analysis *analysis, size_t *order)
{
    size_t n = 0;

    for (size_t i = 0; i < analysis->treatment_count; i++) {
        const analysis_treatment *treatment = &analysis->treatment[analysis->order[i]];
        if (!treatment->repeats && !isnan(treatment->mean_rank))
            order[n++] = analysis->order[i];
    }
    return n;
}

static void draw_ranks(html *page, const analysis *analysis)
{
    const size_t count = analysis->treatment_count;
    const char **name = memory_array(count, sizeof(*name));
    double *mean_rank = memory_array(count, sizeof(*mean_rank));
    size_t *order = memory_array(count, sizeof(*order));
    const bool good = name != NULL && mean_rank != NULL && order != NULL;

    for (size_t i = 0; good && i < count; i++) {
        name[i] = analysis->treatment[i].label;
        mean_rank[i] = analysis->treatment[i].mean_rank;
    }
    if (good)
        ranks_figure(page, &(ranks){.title = "Mean ranks; bars join what is not told apart",
                                    .name = name,
                                    .mean_rank = mean_rank,
                                    .order = order,
                                    .count = order_ranked(analysis, order),
                                    .group = (const size_t(*)[2])analysis->group,
                                    .group_count = analysis->group_count,
                                    .critical_difference = analysis->friedman.critical_difference});
    page->out->failed |= !good;
    free(name);
    free(mean_rank);
    free(order);
}

static void add_friedman(html *page, const analysis *analysis)
{
    const statistics_friedman_result *f = &analysis->friedman;
    char number[5][32];

    html_paragraph(
        page,
        "Friedman over %s of %s (a block is a problem with one value of each other "
        "axis): \xCF\x87\xC2\xB2 = %s, p = %s by permutation. The approximations: p = %s "
        "of \xCF\x87\xC2\xB2, p = %s of Iman and Davenport's F = %s.%s",
        matrix_counted(analysis->friedman_blocks, "block").bytes,
        matrix_counted(analysis->friedman_problems, "problem").bytes,
        html_number(number[0], f->chi2, 4), html_number(number[1], analysis->friedman_p, 3),
        html_number(number[2], f->chi2_p, 3), html_number(number[3], f->f_p, 3),
        html_number(number[4], f->f, 4),
        analysis->friedman_problems < analysis->friedman_blocks
            ? " Blocks of one problem share rows and seeds and are not independent: "
              "p and the critical difference are smaller than they should be."
            : "");
}

static void add_ranks(html *page, const analysis *analysis)
{
    const double cd = analysis->friedman.critical_difference;
    char number[32];

    html_heading(page, 3, "Ranks over blocks");
    if (!analysis->has_friedman) {
        html_paragraph(page, "No ranks over blocks: they take at least 3 treatments that are not "
                             "the same, and 2 blocks that hold all of them.");
        return;
    }
    add_friedman(page, analysis);
    if (analysis->powered && analysis->order != NULL)
        draw_ranks(page, analysis);
    else if (isnan(cd))
        html_paragraph(page, "No critical-difference diagram: there are too many treatments for "
                             "its critical values.");
    else
        html_paragraph(page,
                       "No critical-difference diagram: with %s and %s mean ranks would have to "
                       "differ by %s of at most %zu.",
                       matrix_counted(analysis->ranked, "treatment").bytes,
                       matrix_counted(analysis->friedman_blocks, "block").bytes,
                       html_number(number, cd, 3), analysis->ranked - 1);
}

/* What the columns are. */
static void add_words(html *page, const analysis *analysis)
{
    const bool picked =
        analysis->spec->stats.control < 0 && analysis->treatment_count > ANALYSIS_MOST_COMPARED;

    html_paragraph(page,
                   "Differences are of the reported figure in its own direction of better, "
                   "paired by seed%s and averaged over the blocks that both have; cells that "
                   "come to the same weights count once. Where blocks have no unit in common "
                   "the difference is the share of blocks won less the share lost.",
                   analysis->folds > 1 ? " and fold" : "");
    html_paragraph(page,
                   "p is that of the signed-rank test, exact up to 50 pairs; the adjusted p, which "
                   "decides, is corrected by %s for the pairs of its own table, so that of many "
                   "tables of single problems some may err. Cohen's d is of the paired "
                   "differences, superiority the chance that a run of the first beats one of the "
                   "second. The seeds that would be needed are a rough guess: as many as show an "
                   "effect of just the size seen with a power of 0.8.",
                   picked ? "Bonferroni (the best was picked by looking)" : "Holm");
}

void matrix_pairs(html *page, const analysis *analysis)
{
    html_heading(page, 2, "Pairs");
    if (analysis->pair_count == 0) {
        html_paragraph(page, "There is no pair to compare.");
        return;
    }
    add_words(page, analysis);
    for (size_t from = 0, to; from < analysis->pair_count; from = to) {
        to = end_of(analysis, from);
        add_problem(page, analysis, from, to);
    }
    add_ranks(page, analysis);
}
