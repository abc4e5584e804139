/* statistics_pairs.c: two treatments on the same problems; see statistics.h.
 *
 * Ranks are kept doubled, so that an average of tied ranks is an integer: the tied places first ..
 * last, counted from 1, have the doubled rank first + last. Then sums are exact, and sign patterns
 * can be counted by dynamic programming over them: of the 2^n patterns, ways[s] have s as the
 * (doubled) sum of their positive ranks.
 *
 * Differences of figures that are shares of the same rows, such as accuracies, and means of such
 * differences are often equal, or 0, but for rounding (0.94 - 0.92 and 0.96 - 0.94), and would be
 * ordered by it. Sizes that agree to nine digits are tied, and what is below 1e-12 of the median
 * size is 0: the median, as a single run may be off by many powers of ten. */
#include <math.h>
#include <stdlib.h>

#include "matrix/statistics.h"
#include "support/memory.h"

enum { MOST_EXACT = 50 };

/* ---- Wilcoxon -------------------------------------------------------------------------------- */

typedef struct ranked {
    double size; /* |difference| */
    bool positive;
    size_t doubled_rank;
} ranked;

static int by_size(const void *left, const void *right)
{
    const ranked *a = left, *b = right;

    return a->size < b->size ? -1 : a->size > b->size;
}

/* How many of n in ascending order are 0 but for rounding. */
static size_t count_noise(const ranked *item, size_t n)
{
    size_t finite = n, noise = 0;

    while (finite > 0 && isinf(item[finite - 1].size))
        finite--;
    while (noise < finite && item[noise].size < 1e-12 * item[finite / 2].size)
        noise++;
    return noise;
}

/* Gives each of n in ascending order its rank. */
static void rank_sizes(ranked *item, size_t n)
{
    for (size_t first = 0, end = 0; first < n; first = end) {
        while (end < n && item[end].size <= item[first].size * (1 + 1e-9))
            end++;
        for (size_t i = first; i < end; i++)
            item[i].doubled_rank = first + 1 + end;
    }
}

/* 2 P(W <= w), at most 1, over all sign patterns of n ranks, n at most MOST_EXACT; every count is
 * an integer below 2^53. Patterns come in pairs, all signs turned, so the two tails are equal. */
static double exact_p(const ranked *item, size_t n, size_t doubled_w)
{
    double ways[MOST_EXACT * (MOST_EXACT + 1) + 1] = {1};
    double least = 0;
    size_t reached = 0;

    for (size_t i = 0; i < n; i++) {
        reached += item[i].doubled_rank;
        for (size_t sum = reached; sum >= item[i].doubled_rank; sum--)
            ways[sum] += ways[sum - item[i].doubled_rank];
    }
    for (size_t sum = 0; sum <= doubled_w; sum++)
        least += ways[sum];
    return fmin(1, 2 * ldexp(least, -(int)n));
}

/* plus - minus has a variance of sum r^2 over the ranks r, ties included. Without a correction for
 * continuity: for n above 50 that is closer where p is small (and on the safe side). */
static void sum_ranks(const ranked *item, statistics_wilcoxon_result *result)
{
    double squares = 0;
    size_t doubled_plus = 0, doubled_minus = 0;

    for (size_t i = 0; i < result->used; i++) {
        if (item[i].positive)
            doubled_plus += item[i].doubled_rank;
        else
            doubled_minus += item[i].doubled_rank;
        squares += 0.25 * (double)item[i].doubled_rank * (double)item[i].doubled_rank;
    }
    result->plus = 0.5 * (double)doubled_plus;
    result->minus = 0.5 * (double)doubled_minus;
    result->z = (result->plus - result->minus) / sqrt(squares);
    result->exact = result->used <= MOST_EXACT;
    const size_t less = doubled_plus < doubled_minus ? doubled_plus : doubled_minus;
    result->p = result->exact ? exact_p(item, result->used, less)
                              : 2 * statistics_normal_cdf(-fabs(result->z));
}

bool statistics_wilcoxon(const double *difference, size_t n, statistics_wilcoxon_result *result,
                         plx_error *error)
{
    ranked *item = memory_array(n, sizeof(*item));

    *result = (statistics_wilcoxon_result){.p = 1, .exact = true};
    if (item == NULL)
        return error_memory(error);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (fabs(difference[i]) > 0)
            item[kept++] = (ranked){.size = fabs(difference[i]), .positive = difference[i] > 0};
    qsort(item, kept, sizeof(*item), by_size);
    const size_t noise = count_noise(item, kept);
    result->used = kept - noise;
    result->zeros = n - result->used;
    if (result->used > 0) {
        rank_sizes(item + noise, result->used);
        sum_ranks(item + noise, result);
    }
    free(item);
    return true;
}

/* ---- many comparisons ------------------------------------------------------------------------ */

typedef struct sorted_p {
    double p;
    size_t index;
} sorted_p;

static int by_p(const void *left, const void *right)
{
    const sorted_p *a = left, *b = right;

    return a->p < b->p ? -1 : a->p > b->p;
}

bool statistics_holm(double *p, size_t m, plx_error *error)
{
    sorted_p *sorted = memory_array(m, sizeof(*sorted));
    double adjusted = 0;

    if (sorted == NULL)
        return error_memory(error);
    for (size_t i = 0; i < m; i++)
        sorted[i] = (sorted_p){p[i], i};
    qsort(sorted, m, sizeof(*sorted), by_p);
    for (size_t i = 0; i < m; i++) {
        adjusted = fmax(adjusted, fmin(1, (double)(m - i) * sorted[i].p));
        p[sorted[i].index] = adjusted;
    }
    free(sorted);
    return true;
}

/* ---- how many pairs -------------------------------------------------------------------------- */

size_t statistics_least_pairs(double alpha, size_t comparisons)
{
    const double least = 2 * (double)(comparisons > 1 ? comparisons : 1);
    int n = 1;

    if (!(alpha > 0))
        return SIZE_MAX;
    while (ldexp(least, -n) > alpha)
        n++;
    return (size_t)n;
}

/* The signed-rank test is the t-test of the signed ranks but for a monotone transformation (Conover
 * and Iman 1981): with d the mean of the m signed ranks over their deviation and z as in the test,
 * d^2 = (m - 1) z^2 / (m (m - z^2)). Where z is 0, the number wanted is infinite. */
size_t statistics_pairs_needed(const double *difference, size_t n, double alpha, size_t comparisons)
{
    const double share = alpha / (double)(comparisons > 1 ? comparisons : 1);
    const size_t least = statistics_least_pairs(alpha, comparisons);
    statistics_wilcoxon_result seen;

    if (!statistics_wilcoxon(difference, n, &seen, NULL) || seen.used < 2)
        return SIZE_MAX;
    const double m = (double)seen.used, z2 = seen.z * seen.z;
    const double sum = statistics_normal_quantile(0.8) - statistics_normal_quantile(share / 2);
    const double wanted = sum * sum * m * (m - z2) / ((m - 1) * z2);
    const double needed = ceil(fmax(wanted, (double)least) * (double)n / m);
    return needed < 0x1p53 ? (size_t)needed : SIZE_MAX;
}

/* ---- effect sizes ---------------------------------------------------------------------------- */

/* With infinite differences, the limit of their growing: finite ones vanish beside them, so d is
 * that of their signs s, 0 for a finite one; sum s = plus - minus and sum s^2 = plus + minus. */
static double cohen_d_of_signs(size_t n, size_t minus, size_t plus)
{
    const double count = (double)n, sum = (double)plus - (double)minus;
    const double squares = (double)(plus + minus) - sum * sum / count;

    return sum / count / sqrt(squares / (count - 1));
}

double statistics_cohen_d(const double *difference, size_t n)
{
    const double deviation = statistics_deviation(difference, n);
    size_t minus = 0, plus = 0;

    if (isnan(deviation))
        return deviation;
    for (size_t i = 0; i < n; i++) {
        minus += difference[i] == -HUGE_VAL ? 1 : 0;
        plus += difference[i] == HUGE_VAL ? 1 : 0;
    }
    if (minus + plus > 0)
        return cohen_d_of_signs(n, minus, plus);
    const double mean = statistics_mean(difference, n);
    return mean == 0 ? 0 : mean / deviation;
}

double statistics_superiority(const double *a, size_t n, const double *b, size_t m)
{
    double wins = 0;

    if (n == 0 || m == 0)
        return (double)NAN;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < m; j++)
            wins += a[i] > b[j] ? 1 : a[i] == b[j] ? 0.5 : 0;
    return wins / ((double)n * (double)m);
}
