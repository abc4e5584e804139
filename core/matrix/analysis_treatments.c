/* analysis_treatments.c: treatments over all their cells: figures, ranks within blocks, Friedman's
 * test, and what it cost them to reach the targets. Only blocks that repeat no other count. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

enum { MOST_NEMENYI = 20, LEAST_BLOCKS = 5 };

/* ---- which blocks count ---------------------------------------------------------------------- */

/* Whether neither cell is there, or both are and nothing tells them apart; *any is set by what shows
 * that they are the same. */
static bool agree(const work *w, size_t left, size_t right, bool *any)
{
    if (left == SIZE_MAX || right == SIZE_MAX)
        return left == right;
    const likeness alike = cells_compare(w, left, right);
    *any = *any || alike == CELLS_SAME;
    return alike != CELLS_DIFFER;
}

/* Whether these treatments have the same weights in both blocks, fold by fold. */
static bool blocks_are_same(const work *w, size_t a, size_t b, const size_t *treatment,
                            size_t count)
{
    bool any = false;

    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < w->a->folds; f++) {
            const size_t left = cell_at(w, treatment[i], a, f);
            const size_t right = cell_at(w, treatment[i], b, f);
            if (!agree(w, left, right, &any))
                return false;
        }
    return any;
}

/* A block that repeats another holds a cell that is the same as an earlier one. */
static bool may_repeat(const work *w, size_t block, const size_t *treatment, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t f = 0; f < w->a->folds; f++) {
            const size_t cell = cell_at(w, treatment[i], block, f);
            if (cell != SIZE_MAX && w->a->cell[cell].same_as != SIZE_MAX)
                return true;
        }
    return false;
}

bool block_repeats(const work *w, size_t block, const size_t *treatment, size_t count)
{
    const size_t problem = w->a->block_problem[block];

    if (!may_repeat(w, block, treatment, count))
        return false;
    for (size_t b = 0; b < block; b++)
        if (w->a->block_problem[b] == problem && blocks_are_same(w, b, block, treatment, count))
            return true;
    return false;
}

static bool holds(const work *w, size_t treatment, size_t block)
{
    for (size_t f = 0; f < w->a->folds; f++)
        if (cell_at(w, treatment, block, f) != SIZE_MAX)
            return true;
    return false;
}

static bool plays(const work *w, size_t treatment)
{
    for (size_t b = 0; b < w->a->block_count; b++)
        if (holds(w, treatment, b))
            return true;
    return false;
}

/* Whether two that play have the same weights in every block, fold by fold. Where all runs of both
 * diverged at once that shows nothing, so it takes a block where they did not. */
static bool treatments_are_same(const work *w, size_t left, size_t right)
{
    bool any = false;

    for (size_t b = 0; b < w->a->block_count; b++)
        for (size_t f = 0; f < w->a->folds; f++) {
            const size_t x = cell_at(w, left, b, f), y = cell_at(w, right, b, f);
            if (!agree(w, x, y, &any))
                return false;
        }
    return any;
}

/* The one that a treatment which plays is ranked as: the first that it repeats, or itself. */
static size_t ranked_as(const work *w, size_t treatment)
{
    for (size_t i = 0; i < w->a->ranked; i++)
        if (treatments_are_same(w, w->played[i], treatment))
            return w->played[i];
    return treatment;
}

/* Treatments that are skipped everywhere take no part: no block is complete with them. Those that
 * repeat another stand where that one does. */
static void find_played(const work *w)
{
    for (size_t t = 0; t < w->a->treatment_count; t++) {
        w->stands[t] = plays(w, t) ? ranked_as(w, t) : SIZE_MAX;
        if (w->stands[t] == t)
            w->played[w->a->ranked++] = t;
        w->a->treatment[t].repeats = w->stands[t] < t;
    }
}

static bool find_blocks(work *w, plx_error *error)
{
    analysis *a = w->a;

    w->played = memory_array(a->treatment_count, sizeof(*w->played));
    w->stands = memory_array(a->treatment_count, sizeof(*w->stands));
    w->counts = memory_array(a->block_count, sizeof(*w->counts));
    w->complete = memory_array(a->block_count, sizeof(*w->complete));
    if (w->played == NULL || w->stands == NULL || w->counts == NULL || w->complete == NULL)
        return error_memory(error);
    find_played(w);
    for (size_t b = 0; b < a->block_count; b++) {
        a->block_repeats[b] = block_repeats(w, b, w->played, a->ranked);
        w->counts[b] = w->complete[b] = !a->block_repeats[b];
        for (size_t i = 0; i < a->ranked && w->complete[b]; i++)
            w->complete[b] = holds(w, w->played[i], b);
        w->any_complete |= w->complete[b];
    }
    return true;
}

/* ---- figures --------------------------------------------------------------------------------- */

/* Median over the runs that did not fail; room for all final runs. */
static double median_of(const work *w, size_t treatment, int what, double *room)
{
    const size_t seeds = w->a->seeds, cells = w->a->block_count * w->a->folds;
    size_t n = 0;

    for (size_t i = 0; i < cells; i++) {
        const size_t cell = w->at[treatment * cells + i];
        for (size_t s = 0; s < seeds && cell != SIZE_MAX; s++) {
            const seen_run *run = w->final[cell * seeds + s];
            if (run != NULL && !run_status_is_failure(run->status))
                room[n++] = what == 0   ? run->seconds
                            : what == 1 ? (double)run->state_bytes
                                        : (double)run->steps;
        }
    }
    return n == 0 ? (double)NAN : statistics_quantile(room, n, 0.5);
}

/* The scores of a treatment, block by block, and how many there are of each block. */
static size_t gather(const work *w, size_t treatment, double *score, size_t *count, size_t *strata)
{
    size_t n = 0;

    *strata = 0;
    for (size_t b = 0; b < w->a->block_count; b++) {
        const size_t before = n;
        if (!(w->any_complete ? w->complete[b] : w->counts[b]))
            continue;
        for (size_t r = 0; r < replicate_count(w); r++) {
            const double value = score_at(w, &w->sheet, treatment, b, r);
            if (!isnan(value))
                score[n++] = value;
        }
        if (n > before)
            count[(*strata)++] = n - before;
    }
    return n;
}

static bool fill_iqm(const work *w, size_t t, double *score, size_t *count, plx_error *error)
{
    analysis_treatment *treatment = &w->a->treatment[t];
    size_t strata;

    treatment->iqm = (double)NAN;
    treatment->ci = no_interval();
    const size_t n = w->a->one_unit ? gather(w, t, score, count, &strata) : 0;
    treatment->counted = n;
    if (n == 0)
        return true;
    const metric metric = w->a->reported[w->a->block_problem[0]].metric;
    treatment->iqm = figure_turn(metric, statistics_iqm(score, n));
    if (n < 2)
        return true;
    if (!statistics_bootstrap(score, count, strata, STATISTICS_IQM, w->a->spec->stats.alpha,
                              w->a->replicates, (uint64_t)t + 1, &treatment->ci, error))
        return false;
    treatment->ci = figure_turn_interval(metric, treatment->ci);
    return true;
}

static void count_runs(const analysis *a)
{
    for (size_t i = 0; i < a->cell_count; i++) {
        const analysis_cell *cell = &a->cell[i];
        analysis_treatment *treatment = &a->treatment[cell->treatment];
        treatment->runs += cell->runs;
        treatment->failures += cell->failures;
        if (cell->trial_count > treatment->trials)
            treatment->trials = cell->trial_count;
    }
}

static bool fill_figures(const work *w, plx_error *error)
{
    analysis *a = w->a;
    double *room = memory_array(a->runs[RUN_FINAL], sizeof(*room));
    size_t *count = memory_array(a->block_count, sizeof(*count));
    bool ok = (room != NULL && count != NULL) || error_memory(error);

    count_runs(a);
    for (size_t t = 0; ok && t < a->treatment_count; t++) {
        a->treatment[t].median_seconds = median_of(w, t, 0, room);
        a->treatment[t].median_state_bytes = median_of(w, t, 1, room);
        a->treatment[t].median_steps = median_of(w, t, 2, room);
        ok = fill_iqm(w, t, room, count, error);
    }
    free(room);
    free(count);
    return ok;
}

/* ---- ranks ----------------------------------------------------------------------------------- */

/* How a treatment did in a block, over the replicates that all have. */
typedef struct standing {
    size_t index, failures; /* index: among those that play */
    double mean; /* of the scores that are finite                                                */
} standing;

static bool all_have(const work *w, size_t block, size_t replicate)
{
    for (size_t i = 0; i < w->a->ranked; i++)
        if (isnan(score_at(w, &w->sheet, w->played[i], block, replicate)))
            return false;
    return true;
}

static void add_replicate(const work *w, size_t block, size_t replicate, standing *of)
{
    for (size_t i = 0; i < w->a->ranked; i++) {
        const double score = score_at(w, &w->sheet, w->played[i], block, replicate);
        of[i].failures += isinf(score) ? 1 : 0;
        of[i].mean += isinf(score) ? 0 : score;
    }
}

/* False where no replicate is there for all. */
static bool find_standings(const work *w, size_t block, standing *of)
{
    size_t shared = 0;

    memset(of, 0, w->a->ranked * sizeof(*of));
    for (size_t r = 0; r < replicate_count(w); r++)
        if (all_have(w, block, r)) {
            add_replicate(w, block, r, of);
            shared++;
        }
    for (size_t i = 0; i < w->a->ranked; i++) {
        const size_t finite = shared - of[i].failures;
        of[i].index = i;
        of[i].mean = finite == 0 ? 0 : of[i].mean / (double)finite;
    }
    return shared > 0;
}

/* Below 0: a did better. */
static int by_standing(const void *left, const void *right)
{
    const standing *a = left, *b = right;

    if (a->failures != b->failures)
        return a->failures < b->failures ? -1 : 1;
    return (a->mean < b->mean) - (a->mean > b->mean);
}

/* As statistics_ranks has it: means are equal if they agree to twelve digits. */
static bool are_tied(const standing *a, const standing *b)
{
    return a->failures == b->failures &&
           fabs(a->mean - b->mean) <= 1e-12 * (fabs(a->mean) + fabs(b->mean));
}

/* The order within a block as scores: minus the number of treatments that did better. Those that
 * did equally well stay tied. */
static void score_order(standing *of, size_t k, double *score)
{
    size_t better = 0;

    qsort(of, k, sizeof(*of), by_standing);
    for (size_t i = 0; i < k; i++) {
        if (i > 0 && !are_tied(&of[i - 1], &of[i]))
            better = i;
        score[of[i].index] = -(double)better;
    }
}

/* score[block * k + index] of each complete block with results; counts them and their problems. */
static void score_blocks(const work *w, standing *room, double *score)
{
    analysis *a = w->a;
    size_t last = SIZE_MAX; /* blocks stand together by problem */

    for (size_t b = 0; b < a->block_count; b++) {
        if (!w->complete[b] || !find_standings(w, b, room))
            continue;
        score_order(room, a->ranked, score + a->friedman_blocks++ * a->ranked);
        a->friedman_problems += a->block_problem[b] != last;
        last = a->block_problem[b];
    }
}

static bool test_ranks(analysis *a, const double *score, double *mean_rank, plx_error *error)
{
    const size_t n = a->friedman_blocks, k = a->ranked;

    if (!statistics_friedman(score, n, k, mean_rank, &a->friedman, error) ||
        !statistics_friedman_permuted(score, n, k, 1, &a->friedman_p, error))
        return false;
    if (isnan(a->friedman_p))
        a->friedman_p = a->friedman.f_p;
    a->friedman.critical_difference =
        k > MOST_NEMENYI ? (double)NAN : statistics_critical_difference(k, n, a->spec->stats.alpha);
    a->powered = n >= LEAST_BLOCKS && a->friedman.critical_difference < (double)(k - 1);
    return true;
}

/* 1 for the largest score: of a single block, where there is nothing to test. */
static bool rank_blocks(analysis *a, const double *score, double *mean_rank, plx_error *error)
{
    const size_t n = a->friedman_blocks, k = a->ranked;

    a->has_friedman = n >= 2 && k >= 3;
    if (a->has_friedman)
        return test_ranks(a, score, mean_rank, error);
    double *rank = memory_array(k, sizeof(*rank));
    if (rank == NULL)
        return error_memory(error);
    for (size_t b = 0; b < n; b++) {
        statistics_ranks(score + b * k, k, rank);
        for (size_t t = 0; t < k; t++)
            mean_rank[t] += rank[t] / (double)n;
    }
    free(rank);
    return true;
}

/* Those that repeat another have its rank. */
static void keep_ranks(const work *w, const double *mean_rank)
{
    analysis *a = w->a;

    for (size_t t = 0; t < a->treatment_count; t++)
        a->treatment[t].mean_rank = (double)NAN;
    for (size_t i = 0; i < a->ranked && a->friedman_blocks > 0; i++)
        a->treatment[w->played[i]].mean_rank = mean_rank[i];
    for (size_t t = 0; t < a->treatment_count; t++)
        if (a->treatment[t].repeats)
            a->treatment[t].mean_rank = a->treatment[w->stands[t]].mean_rank;
}

static bool fill_ranks(const work *w, plx_error *error)
{
    analysis *a = w->a;
    const size_t k = a->ranked;
    standing *room = memory_array(k, sizeof(*room));
    double *score = memory_array(a->block_count, k * sizeof(*score));
    double *mean_rank = memory_array(k, sizeof(*mean_rank));
    bool ok = (room != NULL && score != NULL && mean_rank != NULL) || error_memory(error);

    if (ok) {
        score_blocks(w, room, score);
        ok = rank_blocks(a, score, mean_rank, error);
        keep_ranks(w, mean_rank);
    }
    free(room);
    free(score);
    free(mean_rank);
    return ok;
}

/* ---- the order of treatments ----------------------------------------------------------------- */

/* Above 0: b is better. Without a rank or an IQM a treatment comes last. */
static int compare_treatments(const analysis *a, const analysis_treatment *left,
                              const analysis_treatment *right)
{
    if (!isnan(left->mean_rank) || !isnan(right->mean_rank))
        if (left->mean_rank != right->mean_rank)
            return isnan(left->mean_rank) || left->mean_rank > right->mean_rank ? 1 : -1;
    if (isnan(left->iqm) || isnan(right->iqm))
        return isnan(left->iqm) - isnan(right->iqm);
    const metric metric = a->reported[a->block_problem[0]].metric;
    const double x = figure_turn(metric, left->iqm), y = figure_turn(metric, right->iqm);
    return (x < y) - (x > y);
}

static int by_merit(const void *left, const void *right, void *context)
{
    const analysis *a = context;
    const size_t x = *(const size_t *)left, y = *(const size_t *)right;
    const int order = compare_treatments(a, &a->treatment[x], &a->treatment[y]);

    return order == 0 ? (x > y) - (x < y) : order;
}

/* Groups of what is ordered already: positions in a group are positions in that order. */
static bool group_ranks(analysis *a, plx_error *error)
{
    const size_t k = a->ranked;
    double *mean_rank = memory_array(k, sizeof(*mean_rank));
    size_t *order = memory_array(k, sizeof(*order)), n = 0;
    const bool ok = mean_rank != NULL && order != NULL &&
                    (a->group = memory_array(k, sizeof(*a->group))) != NULL;

    for (size_t i = 0; ok && i < a->treatment_count; i++) {
        const analysis_treatment *treatment = &a->treatment[a->order[i]];
        if (!treatment->repeats && !isnan(treatment->mean_rank))
            mean_rank[n++] = treatment->mean_rank;
    }
    if (ok)
        a->group_count =
            statistics_rank_groups(mean_rank, n, a->friedman.critical_difference, order, a->group);
    free(mean_rank);
    free(order);
    return ok || error_memory(error);
}

static bool order_treatments(analysis *a, plx_error *error)
{
    for (size_t t = 0; t < a->treatment_count; t++)
        a->order[t] = t;
    qsort_r(a->order, a->treatment_count, sizeof(*a->order), by_merit, a);
    return !a->powered || group_ranks(a, error);
}

/* ---- cost profiles --------------------------------------------------------------------------- */

static double cost_at(const work *w, size_t treatment, size_t block, size_t replicate)
{
    const size_t cell = cell_at(w, treatment, block, replicate / w->a->seeds);

    return cell == SIZE_MAX ? (double)NAN : w->steps[cell * w->a->seeds + replicate % w->a->seeds];
}

/* The costs of a pair of block and replicate, at index `at`; false where one is not there. What
 * takes no part reaches nothing, what repeats another does as that one. */
static bool fill_cost(const work *w, size_t block, size_t replicate, size_t at)
{
    analysis *a = w->a;

    a->reference[at] = (double)INFINITY;
    for (size_t t = 0; t < a->treatment_count; t++)
        a->treatment[t].cost[at] = (double)INFINITY;
    for (size_t i = 0; i < a->ranked; i++) {
        const double cost = cost_at(w, w->played[i], block, replicate);
        if (isnan(cost))
            return false;
        a->treatment[w->played[i]].cost[at] = cost;
        a->reference[at] = fmin(a->reference[at], cost);
    }
    for (size_t t = 0; t < a->treatment_count; t++)
        if (a->treatment[t].repeats)
            a->treatment[t].cost[at] = a->treatment[w->stands[t]].cost[at];
    return true;
}

static size_t cost_pairs(const work *w)
{
    size_t blocks = 0;

    for (size_t i = 0; i < w->a->cell_count * w->a->seeds; i++)
        if (!isnan(w->steps[i])) {
            for (size_t b = 0; b < w->a->block_count; b++)
                blocks += w->complete[b];
            break;
        }
    return blocks * replicate_count(w);
}

static bool fill_costs(const work *w, plx_error *error)
{
    analysis *a = w->a;
    const size_t most = cost_pairs(w); /* 0 without any target */

    if (most == 0)
        return true;
    if ((a->reference = memory_array(most, sizeof(*a->reference))) == NULL)
        return error_memory(error);
    for (size_t t = 0; t < a->treatment_count; t++)
        if ((a->treatment[t].cost = memory_array(most, sizeof(double))) == NULL)
            return error_memory(error);
    for (size_t b = 0; b < a->block_count; b++)
        for (size_t r = 0; r < replicate_count(w) && w->complete[b]; r++)
            a->cost_count += fill_cost(w, b, r, a->cost_count);
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool analysis_treatments(work *w, plx_error *error)
{
    return find_blocks(w, error) && fill_figures(w, error) && fill_ranks(w, error) &&
           order_treatments(w->a, error) && fill_costs(w, error);
}
