/* analysis_pairs.c: treatments against each other, by replicate; analysis.h says how. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/analysis_internal.h"
#include "support/memory.h"

/* The same for all, gates as well: what is asked twice has the same interval twice. */
static const uint64_t bootstrap_seed = 1;

/* What a pair is worked out from. */
typedef struct pair_data {
    size_t *block; /* those that they share and that count                                       */
    size_t block_count;
    double *difference; /* one a pair                                                            */
    double *a, *b;      /* room for the scores of a block                                        */
    double sum_a, sum_b, sum;
    size_t finite; /* pairs that these sums are over                                             */
} pair_data;

static bool in_problem(const work *w, size_t block, size_t problem)
{
    return problem == SIZE_MAX || w->a->block_problem[block] == problem;
}

/* Whether both have a cell in some fold of a block. */
static bool meet_in(const work *w, size_t a, size_t b, size_t block)
{
    for (size_t f = 0; f < w->a->folds; f++)
        if (cell_at(w, a, block, f) != SIZE_MAX && cell_at(w, b, block, f) != SIZE_MAX)
            return true;
    return false;
}

bool pair_meets(const work *w, size_t a, size_t b, size_t problem)
{
    for (size_t block = 0; block < w->a->block_count; block++)
        if (in_problem(w, block, problem) && meet_in(w, a, b, block))
            return true;
    return false;
}

/* Whether their weights are equal wherever they meet. */
static bool are_same(const work *w, size_t a, size_t b, size_t problem)
{
    bool any = false;

    for (size_t block = 0; block < w->a->block_count; block++)
        for (size_t f = 0; f < w->a->folds && in_problem(w, block, problem); f++) {
            const size_t left = cell_at(w, a, block, f), right = cell_at(w, b, block, f);
            if (left == SIZE_MAX || right == SIZE_MAX)
                continue;
            const likeness alike = cells_compare(w, left, right);
            if (alike == CELLS_DIFFER)
                return false;
            any = any || alike == CELLS_SAME;
        }
    return any;
}

/* ---- differences ----------------------------------------------------------------------------- */

static void find_blocks(const work *w, const pair_question *question, pair_data *data)
{
    const size_t both[] = {question->a, question->b};

    for (size_t block = 0; block < w->a->block_count; block++)
        if (in_problem(w, block, question->problem) &&
            meet_in(w, question->a, question->b, block) && !block_repeats(w, block, both, 2))
            data->block[data->block_count++] = block;
}

/* Sums over the blocks of a replicate. */
typedef struct replicate_sums {
    size_t shared, failed_a, failed_b, both;
    double a, b; /* of the scores where both have a finite one                                   */
    double net_wins;
} replicate_sums;

static replicate_sums sum_replicate(const work *w, const score_sheet *sheet,
                                    const pair_question *question, const pair_data *data,
                                    size_t replicate)
{
    replicate_sums sums = {0};

    for (size_t i = 0; i < data->block_count; i++) {
        const double a = score_at(w, sheet, question->a, data->block[i], replicate);
        const double b = score_at(w, sheet, question->b, data->block[i], replicate);
        if (isnan(a) || isnan(b))
            continue;
        sums.shared++;
        sums.failed_a += isinf(a) ? 1 : 0;
        sums.failed_b += isinf(b) ? 1 : 0;
        sums.net_wins += (a > b) - (a < b);
        if (isinf(a) || isinf(b))
            continue;
        sums.both++;
        sums.a += a;
        sums.b += b;
    }
    return sums;
}

/* What rounding alone has left of equal sums is no difference: it would be ranked. */
static double difference_of(double a, double b)
{
    const double difference = a - b;

    return fabs(difference) <= 1e-12 * (fabs(a) + fabs(b)) ? 0 : difference;
}

/* Adds the difference of a replicate that has one. */
static void add_replicate(const replicate_sums *sums, pair_data *data, analysis_pair *pair)
{
    const double both = (double)sums->both;
    double difference;

    if (sums->shared == 0)
        return;
    if (pair->by_wins) {
        difference = sums->net_wins / (double)sums->shared;
    } else if (sums->failed_a != sums->failed_b) {
        difference = sums->failed_a > sums->failed_b ? -(double)INFINITY : (double)INFINITY;
    } else {
        difference = sums->both == 0 ? 0 : difference_of(sums->a, sums->b) / both;
        data->sum += difference;
        data->sum_a += sums->both == 0 ? 0 : sums->a / both;
        data->sum_b += sums->both == 0 ? 0 : sums->b / both;
        data->finite += sums->both > 0;
    }
    pair->won += sums->failed_b > sums->failed_a;
    pair->lost += sums->failed_a > sums->failed_b;
    data->difference[pair->pairs++] = difference;
}

/* ---- figures --------------------------------------------------------------------------------- */

/* Means over the pairs where neither failed more often than the other. */
static void fill_means(const work *w, const score_sheet *sheet, const pair_data *data,
                       analysis_pair *pair)
{
    if (pair->by_wins || data->finite == 0)
        return;
    const metric metric = sheet->figure[w->a->block_problem[data->block[0]]].metric;
    const double n = (double)data->finite;
    pair->apart = data->sum / n;
    pair->mean_a = figure_turn(metric, data->sum_a / n);
    pair->mean_b = figure_turn(metric, data->sum_b / n);
}

/* Within each block, then their mean: blocks need no common scale. */
static double superiority(const work *w, const score_sheet *sheet, const pair_question *question,
                          const pair_data *data)
{
    double sum = 0;
    size_t blocks = 0;

    for (size_t i = 0; i < data->block_count; i++) {
        size_t n = 0;
        for (size_t r = 0; r < replicate_count(w); r++) {
            data->a[n] = score_at(w, sheet, question->a, data->block[i], r);
            data->b[n] = score_at(w, sheet, question->b, data->block[i], r);
            n += !isnan(data->a[n]) && !isnan(data->b[n]);
        }
        if (n == 0)
            continue;
        sum += statistics_superiority(data->a, n, data->b, n);
        blocks++;
    }
    return blocks == 0 ? (double)NAN : sum / (double)blocks;
}

/* More seeds, for so many more pairs, of which each seed gives one a fold. */
static size_t more_seeds(const work *w, size_t needed, size_t pairs)
{
    if (needed == SIZE_MAX)
        return SIZE_MAX;
    const size_t more = needed > pairs ? needed - pairs : 1;
    return (more + w->a->folds - 1) / w->a->folds;
}

static bool fill_tests(const work *w, const pair_question *question, const double *difference,
                       analysis_pair *pair, plx_error *error)
{
    const spec_stats *stats = &w->a->spec->stats;
    const size_t n = pair->pairs;
    statistics_wilcoxon_result test;

    if (!statistics_wilcoxon(difference, n, &test, error))
        return false;
    pair->p = test.p;
    pair->plus = test.plus;
    pair->minus = test.minus;
    pair->more = more_seeds(
        w, statistics_pairs_needed(difference, n, stats->alpha, question->comparisons), n);
    pair->cohen_d = statistics_cohen_d(difference, n);
    pair->difference = statistics_mean(difference, n);
    return n < 2 || statistics_bootstrap(difference, &n, 1, STATISTICS_MEAN, stats->alpha,
                                         w->a->replicates, bootstrap_seed, &pair->ci, error);
}

static void blank_pair(const pair_question *question, analysis_pair *pair)
{
    *pair = (analysis_pair){
        .a = question->a,
        .b = question->b,
        .problem = question->problem,
        .difference = (double)NAN,
        .apart = (double)NAN,
        .mean_a = (double)NAN,
        .mean_b = (double)NAN,
        .ci = no_interval(),
        .p = 1,
        .adjusted = 1,
        .comparisons = question->comparisons,
        .cohen_d = (double)NAN,
        .superiority = (double)NAN,
        .more = SIZE_MAX,
        .verdict = VERDICT_UNDECIDED,
    };
}

static bool open_data(const work *w, pair_data *data)
{
    const size_t n = replicate_count(w);

    data->block = memory_array(w->a->block_count, sizeof(*data->block));
    data->difference = memory_array(n, sizeof(*data->difference));
    data->a = memory_array(n + 1, sizeof(*data->a)); /* one is tried before it counts */
    data->b = memory_array(n + 1, sizeof(*data->b));
    return data->block != NULL && data->difference != NULL && data->a != NULL && data->b != NULL;
}

static void close_data(pair_data *data)
{
    free(data->block);
    free(data->difference);
    free(data->a);
    free(data->b);
}

bool pair_compute(const work *w, const score_sheet *sheet, const pair_question *question,
                  analysis_pair *pair, plx_error *error)
{
    pair_data data = {0};
    bool ok = open_data(w, &data) || error_memory(error);

    blank_pair(question, pair);
    pair->by_wins = question->problem == SIZE_MAX ? !sheet->one_unit_overall
                                                  : !sheet->one_unit[question->problem];
    if (ok && are_same(w, question->a, question->b, question->problem))
        pair->verdict = VERDICT_SAME;
    if (ok) {
        find_blocks(w, question, &data);
        pair->blocks = data.block_count;
    }
    for (size_t r = 0; ok && r < replicate_count(w); r++) {
        const replicate_sums sums = sum_replicate(w, sheet, question, &data, r);
        add_replicate(&sums, &data, pair);
    }
    if (ok && pair->pairs > 0) {
        fill_means(w, sheet, &data, pair);
        pair->superiority = superiority(w, sheet, question, &data);
        ok = fill_tests(w, question, data.difference, pair, error);
    }
    close_data(&data);
    return ok;
}

void pair_decide(analysis_pair *pair, double p, double alpha)
{
    if (pair->verdict == VERDICT_SAME)
        return;
    pair->verdict = VERDICT_UNDECIDED;
    if (p > alpha)
        return;
    if (pair->difference > 0 && pair->plus > pair->minus)
        pair->verdict = VERDICT_BETTER;
    if (pair->difference < 0 && pair->plus < pair->minus)
        pair->verdict = VERDICT_WORSE;
}

/* ---- all pairs of a problem ------------------------------------------------------------------ */

/* The pairs of a problem, a against b: index 0, 1, ... until it returns false. */
static bool nth_pair(const analysis *a, size_t index, size_t *left, size_t *right)
{
    const size_t k = a->treatment_count;
    const bool each = a->spec->stats.control < 0 && k <= ANALYSIS_MOST_COMPARED;
    const size_t fixed = a->spec->stats.control >= 0 ? (size_t)a->spec->stats.control : a->order[0];

    if (!each) {
        if (index + 1 >= k)
            return false;
        *left = index < fixed ? index : index + 1;
        *right = fixed;
        if (a->spec->stats.control < 0) { /* the best against the others */
            *right = *left;
            *left = fixed;
        }
        return true;
    }
    for (*left = 0; *left + 1 < k; (*left)++) {
        const size_t with = k - 1 - *left; /* pairs that begin with this one */
        if (index < with) {
            *right = *left + 1 + index;
            return true;
        }
        index -= with;
    }
    return false;
}

bool analysis_is_picked(const analysis *a)
{
    return a->spec->stats.control < 0 && a->treatment_count > ANALYSIS_MOST_COMPARED;
}

/* How many comparisons are corrected for. */
static size_t count_comparisons(const work *w, size_t problem)
{
    const size_t k = w->a->treatment_count;
    size_t count = 0, a, b;

    if (analysis_is_picked(w->a))
        return k % 2 == 0 ? k / 2 * (k - 1) : (k - 1) / 2 * k;
    for (size_t i = 0; nth_pair(w->a, i, &a, &b); i++)
        count += pair_meets(w, a, b, problem) && !are_same(w, a, b, problem);
    return count;
}

/* Holm's correction of pairs first .. behind - 1, those that are the same apart. */
static bool adjust(analysis *a, size_t first, size_t behind, plx_error *error)
{
    double *p = memory_array(behind - first, sizeof(*p));
    size_t n = 0;

    if (p == NULL)
        return error_memory(error);
    for (size_t i = first; i < behind; i++)
        if (a->pair[i].verdict != VERDICT_SAME)
            p[n++] = a->pair[i].p;
    bool ok = true;
    if (analysis_is_picked(a))
        for (size_t i = 0; i < n; i++)
            p[i] = fmin(1, p[i] * (double)a->pair[first].comparisons);
    else
        ok = statistics_holm(p, n, error);
    n = 0;
    for (size_t i = first; ok && i < behind; i++)
        if (a->pair[i].verdict != VERDICT_SAME)
            a->pair[i].adjusted = p[n++];
    free(p);
    return ok;
}

static bool compare_all(work *w, size_t problem, size_t *capacity, plx_error *error)
{
    analysis *a = w->a;
    const size_t first = a->pair_count;
    pair_question question = {
        .problem = problem,
        .comparisons = count_comparisons(w, problem),
    };

    for (size_t i = 0; nth_pair(a, i, &question.a, &question.b); i++) {
        if (!pair_meets(w, question.a, question.b, problem))
            continue;
        if (memory_grow(&a->pair, capacity, a->pair_count + 1, sizeof(*a->pair)) == NULL)
            return error_memory(error);
        if (!pair_compute(w, &w->sheet, &question, &a->pair[a->pair_count], error))
            return false;
        a->pair_count++;
    }
    if (!adjust(a, first, a->pair_count, error))
        return false;
    for (size_t i = first; i < a->pair_count; i++) {
        analysis_pair *pair = &a->pair[i];
        pair_decide(pair, pair->adjusted, a->spec->stats.alpha);
        if (pair->verdict != VERDICT_UNDECIDED || pair->adjusted <= a->spec->stats.alpha)
            pair->more = SIZE_MAX; /* more of them is not what it lacks */
    }
    return true;
}

bool analysis_pairs(work *w, plx_error *error)
{
    size_t capacity = 0;

    if (w->a->treatment_count < 2)
        return true;
    if (!compare_all(w, SIZE_MAX, &capacity, error))
        return false;
    for (size_t p = 0; p < w->a->spec->problem_count && w->a->spec->problem_count > 1; p++)
        if (!compare_all(w, p, &capacity, error))
            return false;
    return true;
}
