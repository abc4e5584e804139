/* analysis_gates.c: the conditions of a matrix file. A gate holds only if what it asks for has been
 * shown: one that judges nothing, or results that are not all there yet, does not. All of them have
 * to hold, so none needs a correction for the others (Berger 1982, intersection-union tests).
 *
 *   better, worse     p of the signed-rank test <= alpha, and the difference beyond the margin
 *   not worse by M    the lower bound of the 1 - alpha bootstrap interval of the difference is
 *                     above -M (non-inferiority); or there is no difference at all
 *   every cell        the mean of each cell is on the right side, and no run of it failed */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

static bool in_scope(const spec_gate *gate, const analysis_cell *cell)
{
    return gate->problem < 0 || cell->problem == (size_t)gate->problem;
}

/* ---- two treatments -------------------------------------------------------------------------- */

/* Adds "; incomplete: 12 of 20 runs are there" where some are missing; false then. */
static bool add_missing(const work *w, const spec_gate *gate, text *detail)
{
    size_t runs = 0, planned = 0;

    for (size_t i = 0; i < w->a->cell_count; i++) {
        const analysis_cell *cell = &w->a->cell[i];
        if (cell->skipped != NULL || !in_scope(gate, cell) ||
            (cell->treatment != gate->a && cell->treatment != gate->b))
            continue;
        runs += cell->runs;
        planned += w->a->seeds;
    }
    if (runs < planned)
        text_addf(detail, "; incomplete: %zu of %zu runs are there", runs, planned);
    return runs == planned;
}

static bool is_beyond(const spec_gate *gate, const analysis_pair *pair, double alpha)
{
    analysis_pair decided = *pair;

    pair_decide(&decided, pair->p, alpha);
    if (gate->rule == GATE_BETTER)
        return decided.verdict == VERDICT_BETTER && pair->difference > gate->value;
    return decided.verdict == VERDICT_WORSE && pair->difference < -gate->value;
}

/* Why the pair cannot be judged; NULL if it can. */
static const char *hindrance(const spec_gate *gate, const analysis_pair *pair)
{
    if (pair->verdict == VERDICT_SAME)
        return NULL;
    if (pair->pairs < 2)
        return "; at least 2 pairs are needed";
    if (pair->by_wins && gate->value > 0)
        return "; a margin has no meaning over figures of different units: name a problem";
    return NULL;
}

static bool pair_holds(const work *w, const spec_gate *gate, const analysis_pair *pair)
{
    if (gate->rule != GATE_NOT_WORSE)
        return is_beyond(gate, pair, w->a->spec->stats.alpha);
    if (pair->verdict == VERDICT_SAME || (pair->ci.lo == 0 && pair->ci.hi == 0))
        return true;
    return pair->ci.lo > -gate->value;
}

/* a - b as figures, so above 0 is not always better. */
static void describe_difference(const work *w, const score_sheet *sheet, const analysis_pair *pair,
                                text *detail)
{
    const size_t problem = pair->problem == SIZE_MAX ? w->a->block_problem[0] : pair->problem;
    const metric metric = pair->by_wins ? METRIC_ACCURACY : sheet->figure[problem].metric;

    words_number(detail, figure_turn(metric, pair->difference), 3);
    if (isnan(pair->ci.lo))
        return;
    text_add(detail, " ");
    words_interval(detail, figure_turn_interval(metric, pair->ci));
}

static void describe_pair(const work *w, const score_sheet *sheet, const spec_gate *gate,
                          const analysis_pair *pair, text *detail)
{
    const analysis *a = w->a;

    text_addf(detail, "%s - %s", a->treatment[gate->a].label, a->treatment[gate->b].label);
    if (pair->by_wins)
        text_add(detail, " in net share of blocks won");
    text_add(detail, " = ");
    describe_difference(w, sheet, pair, detail);
    text_add(detail, " over ");
    words_pairs(a, detail, pair->pairs);
    if (gate->rule != GATE_NOT_WORSE) {
        text_add(detail, ", p = ");
        words_number(detail, pair->p, 2);
    }
    if (pair->verdict == VERDICT_SAME)
        text_add(detail, "; their final weights are equal");
}

static bool judge_pair(const work *w, const score_sheet *sheet, analysis_gate *out, text *detail,
                       plx_error *error)
{
    const spec_gate *gate = out->gate;
    const pair_question question = {
        .a = gate->a,
        .b = gate->b,
        .problem = gate->problem < 0 ? SIZE_MAX : (size_t)gate->problem,
        .comparisons = 1,
    };
    analysis_pair pair;

    if (!pair_meets(w, question.a, question.b, question.problem)) {
        text_add(detail, "they do not meet in any cell");
        return true;
    }
    if (!pair_compute(w, sheet, &question, &pair, error))
        return false;
    describe_pair(w, sheet, gate, &pair, detail);
    const char *why = hindrance(gate, &pair);
    if (why != NULL)
        text_add(detail, why);
    const bool complete = add_missing(w, gate, detail);
    out->passed = complete && why == NULL && pair_holds(w, gate, &pair);
    return true;
}

/* ---- every cell ------------------------------------------------------------------------------ */

/* The mean of a cell's finite figures; NaN without any. */
static double cell_mean(const work *w, const score_sheet *sheet, size_t cell)
{
    const size_t seeds = w->a->seeds;
    double sum = 0;
    size_t n = 0;

    for (size_t s = 0; s < seeds; s++)
        if (isfinite(sheet->score[cell * seeds + s])) {
            sum += sheet->score[cell * seeds + s];
            n++;
        }
    return n == 0 ? (double)NAN : sum / (double)n;
}

static size_t cell_failures(const work *w, const score_sheet *sheet, size_t cell)
{
    size_t n = 0;

    for (size_t s = 0; s < w->a->seeds; s++)
        n += isinf(sheet->score[cell * w->a->seeds + s]) ? 1 : 0;
    return n;
}

static bool is_right(const spec_gate *gate, double mean)
{
    switch (gate->relation) {
    case GATE_AT_LEAST:
        return mean >= gate->value;
    case GATE_ABOVE:
        return mean > gate->value;
    case GATE_AT_MOST:
        return mean <= gate->value;
    case GATE_BELOW:
        return mean < gate->value;
    }
    return false;
}

/* How far a mean is on the right side; a cell with the least is the worst. */
static double margin_of(const spec_gate *gate, double mean)
{
    const bool up = gate->relation == GATE_AT_LEAST || gate->relation == GATE_ABOVE;

    return up ? mean - gate->value : gate->value - mean;
}

typedef struct cell_tally {
    size_t cells, right, failing, incomplete;
    size_t worst; /* SIZE_MAX: none has a mean                                                   */
    double worst_mean;
    size_t first_bad; /* the first that failed or is incomplete                                  */
} cell_tally;

static void tally_cell(const work *w, const score_sheet *sheet, const spec_gate *gate, size_t index,
                       cell_tally *tally)
{
    const analysis_cell *cell = &w->a->cell[index];
    const double mean =
        figure_turn(sheet->figure[cell->problem].metric, cell_mean(w, sheet, index));
    const bool failing = cell_failures(w, sheet, index) > 0;
    const bool incomplete = cell->runs < w->a->seeds;

    tally->cells++;
    tally->failing += failing;
    tally->incomplete += incomplete;
    tally->right += !failing && !incomplete && is_right(gate, mean);
    if ((failing || incomplete) && tally->first_bad == SIZE_MAX)
        tally->first_bad = index;
    if (!isnan(mean) &&
        (tally->worst == SIZE_MAX || margin_of(gate, mean) < margin_of(gate, tally->worst_mean))) {
        tally->worst = index;
        tally->worst_mean = mean;
    }
}

static void describe_cells(const work *w, const cell_tally *tally, text *detail)
{
    text_addf(detail, "%zu of %zu cells", tally->right, tally->cells);
    if (tally->worst != SIZE_MAX) {
        text_addf(detail, "; the worst is %s with ", w->a->cell[tally->worst].label);
        words_number(detail, tally->worst_mean, 4);
    }
    if (tally->failing > 0)
        text_addf(detail, "; %zu with failed runs", tally->failing);
    if (tally->incomplete > 0)
        text_addf(detail, "; %zu incomplete", tally->incomplete);
    if (tally->first_bad != SIZE_MAX)
        text_addf(detail, "; the first of these is %s", w->a->cell[tally->first_bad].label);
}

static void judge_cells(const work *w, const score_sheet *sheet, analysis_gate *out, text *detail)
{
    cell_tally tally = {.worst = SIZE_MAX, .first_bad = SIZE_MAX};

    for (size_t i = 0; i < w->a->cell_count; i++)
        if (w->a->cell[i].skipped == NULL && in_scope(out->gate, &w->a->cell[i]))
            tally_cell(w, sheet, out->gate, i, &tally);
    if (tally.cells == 0)
        text_add(detail, "there is no cell to judge");
    else
        describe_cells(w, &tally, detail);
    out->passed = tally.cells > 0 && tally.right == tally.cells;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Whether the figure is anywhere where the gate looks. */
static bool figure_in_scope(const work *w, const score_sheet *sheet, const spec_gate *gate)
{
    for (size_t b = 0; b < w->a->block_count; b++) {
        const size_t problem = w->a->block_problem[b];
        if ((gate->problem < 0 || problem == (size_t)gate->problem) && !sheet->there[problem])
            return false;
    }
    return true;
}

static bool judge_by(const work *w, const score_sheet *sheet, analysis_gate *out, text *detail,
                     plx_error *error)
{
    char name[32];

    if (w->a->runs[RUN_FINAL] > 0 && out->gate->metric_given &&
        !figure_in_scope(w, sheet, out->gate))
        text_addf(detail, "not every problem has a %s; ",
                  spec_metric_name(out->gate->metric, name));
    if (out->gate->rule != GATE_EVERY_CELL)
        return judge_pair(w, sheet, out, detail, error);
    judge_cells(w, sheet, out, detail);
    return true;
}

static bool judge(const work *w, size_t index, plx_error *error)
{
    analysis_gate *out = &w->a->gate[index];
    score_sheet own = {0};
    text detail = {0};
    bool ok = true;

    out->gate = &w->a->spec->gate[index];
    if (out->gate->metric_given)
        ok = sheet_fill(w, &out->gate->metric, &own, error);
    ok = ok && judge_by(w, out->gate->metric_given ? &own : &w->sheet, out, &detail, error);
    out->detail = detail.bytes;
    sheet_clear(&own);
    if (ok && (detail.failed || detail.bytes == NULL))
        ok = error_memory(error);
    return ok;
}

bool analysis_gates(work *w, plx_error *error)
{
    const size_t count = w->a->spec->gate_count;

    w->a->gate = memory_array(count, sizeof(*w->a->gate));
    if (w->a->gate == NULL)
        return error_memory(error);
    for (size_t i = 0; i < count; i++) {
        w->a->gate_count++;
        if (!judge(w, i, error))
            return false;
    }
    return true;
}
