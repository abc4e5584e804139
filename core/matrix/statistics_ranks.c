/* statistics_ranks.c: many treatments over many problems, after Demsar 2006, "Statistical
 * comparisons of classifiers over multiple data sets"; see statistics.h.
 *
 * Scores are means over runs, and equal ones may differ by the order in which they were added up:
 * scores that agree to twelve digits are tied. */
#include <math.h>
#include <stdlib.h>

#include "matrix/statistics.h"
#include "support/memory.h"
#include "support/random.h"

/* A diagram of more treatments than these could not be read. */
enum { MOST_COMPARED = 20 };

/* Of Friedman's test: with fewer permutations the p would have too few digits; and the numbers that
 * all of them may draw, a fifth of a second's. */
enum { MOST_PERMUTATIONS = 99999, LEAST_PERMUTATIONS = 9999, MOST_DRAWN = 20000000 };

/* ---- ranks ----------------------------------------------------------------------------------- */

static bool tied(double a, double b)
{
    if (isinf(a) || isinf(b))
        return a == b;
    return fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

/* Every pair gives 1 to the rank of the smaller, or a half to both. */
void statistics_ranks(const double *x, size_t k, double *rank)
{
    for (size_t i = 0; i < k; i++)
        rank[i] = 1;
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < i; j++) {
            const bool equal = tied(x[i], x[j]);
            rank[i] += equal ? 0.5 : x[i] < x[j];
            rank[j] += equal ? 0.5 : x[i] > x[j];
        }
}

/* ---- Friedman -------------------------------------------------------------------------------- */

/* Where every problem ranks the treatments in the same way, F is infinite: the chance of that is 1
 * / (k!)^(problems - 1). */
static double chance_of_agreement(size_t problems, size_t k)
{
    double log_orders = 0;

    for (size_t i = 2; i <= k; i++)
        log_orders += log((double)i);
    return exp(-(double)(problems - 1) * log_orders);
}

/* From the sums of ranks. sum R^2 - k (k + 1)^2 / 4, R the mean ranks, is the sum of squares of R -
 * (k + 1) / 2: so written nothing cancels, and as sums of ranks are multiples of 1/2 the squares
 * are exact. */
static void test_rank_sums(const double *rank_sum, size_t problems, size_t k,
                           statistics_friedman_result *result)
{
    const double n = (double)problems, treatments = (double)k;
    double squares = 0;

    for (size_t j = 0; j < k; j++) {
        const double over = rank_sum[j] - 0.5 * n * (treatments + 1);
        squares += over * over;
    }
    result->chi2 = 12 * squares / (n * treatments * (treatments + 1));
    result->chi2_p = statistics_chi2_upper(result->chi2, treatments - 1);
    const double room = n * (treatments - 1) - result->chi2;
    if (room > 0) {
        result->f = (n - 1) * result->chi2 / room;
        result->f_p = statistics_f_upper(result->f, treatments - 1, (treatments - 1) * (n - 1));
    } else {
        result->f = HUGE_VAL;
        result->f_p = chance_of_agreement(problems, k);
    }
    if (k <= MOST_COMPARED)
        result->critical_difference = statistics_critical_difference(k, problems, 0.05);
}

bool statistics_friedman(const double *score, size_t problems, size_t k, double *mean_rank,
                         statistics_friedman_result *result, plx_error *error)
{
    const double none = (double)NAN;
    double *rank = memory_array(k, sizeof(*rank));

    *result = (statistics_friedman_result){none, none, none, none, none};
    if (rank == NULL)
        return error_memory(error);
    for (size_t j = 0; j < k; j++)
        mean_rank[j] = 0;
    for (size_t i = 0; i < problems; i++) {
        statistics_ranks(score + i * k, k, rank);
        for (size_t j = 0; j < k; j++)
            mean_rank[j] += rank[j];
    }
    if (problems > 1 && k > 1)
        test_rank_sums(mean_rank, problems, k, result);
    for (size_t j = 0; j < k; j++)
        mean_rank[j] = problems > 0 ? mean_rank[j] / (double)problems : none;
    free(rank);
    return true;
}

/* The sum of squares of rank sums around their mean: the statistic, but for a factor. */
static double squares_of_sums(const double *rank, size_t problems, size_t k)
{
    double squares = 0;

    for (size_t j = 0; j < k; j++) {
        double over = -0.5 * (double)problems * ((double)k + 1);
        for (size_t i = 0; i < problems; i++)
            over += rank[i * k + j];
        squares += over * over;
    }
    return squares;
}

/* Fisher and Yates within every problem but the first, which stands for itself: what counts is how
 * the others lie to it. */
static void shuffle_within(double *rank, size_t problems, size_t k, random_stream stream)
{
    uint32_t word[4];
    size_t drawn = 0;

    for (double *row = rank + k; row < rank + problems * k; row += k)
        for (size_t j = k - 1; j > 0; j--, drawn++) {
            if (drawn % 4 == 0)
                random_block(stream, drawn / 4, word);
            const size_t other = (size_t)((uint64_t)word[drawn % 4] * (j + 1) >> 32);
            const double moved = row[j];
            row[j] = row[other];
            row[other] = moved;
        }
}

bool statistics_friedman_permuted(const double *score, size_t problems, size_t k, uint64_t seed,
                                  double *p, plx_error *error)
{
    size_t as_high = 0;

    *p = (double)NAN;
    if (problems < 2 || k < 2 || problems > MOST_DRAWN / LEAST_PERMUTATIONS / k)
        return true;
    const size_t affordable = MOST_DRAWN / (problems * k);
    const size_t count = affordable < MOST_PERMUTATIONS ? affordable : MOST_PERMUTATIONS;
    double *rank = memory_array(problems, k * sizeof(*rank));
    if (rank == NULL)
        return error_memory(error);
    for (size_t i = 0; i < problems; i++)
        statistics_ranks(score + i * k, k, rank + i * k);
    const double seen = squares_of_sums(rank, problems, k);
    for (size_t r = 0; r < count; r++) {
        shuffle_within(rank, problems, k, random_open(seed, RANDOM_RESAMPLE, r));
        as_high += squares_of_sums(rank, problems, k) >= seen; /* exact: multiples of a quarter */
    }
    *p = (double)(as_high + 1) / (double)(count + 1);
    free(rank);
    return true;
}

/* ---- Nemenyi --------------------------------------------------------------------------------- */

/* P(range of k normal numbers <= width) = k integral phi(z) [Phi(z) - Phi(z - width)]^(k-1) dz, z
 * being the largest of them. Beyond 9 there is nothing to add; Simpson's rule converges faster than
 * any power of the step, as the integrand is smooth and vanishes at both ends. */
static double range_cdf(double width, double k)
{
    const double reach = 9, step = 0x1p-4;
    const int count = (int)(2 * reach / step);
    double sum = 0;

    for (int i = 0; i <= count; i++) {
        const double z = -reach + i * step;
        const double weight = i == 0 || i == count ? 1 : i % 2 == 1 ? 4 : 2;
        const double below = statistics_normal_cdf(z) - statistics_normal_cdf(z - width);
        sum += weight * exp(-0.5 * z * z) * pow(below, k - 1);
    }
    const double sqrt_2_pi = 2.5066282746310005024157652848110;
    return k * sum * step / 3 / sqrt_2_pi;
}

double statistics_nemenyi_q(size_t k, double alpha)
{
    const double root_2 = 1.4142135623730950488016887242097;
    double lo = 0, hi = 18;

    if (k < 2 || !(alpha > 0 && alpha < 1))
        return (double)NAN;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (lo + hi);
        if (range_cdf(middle, (double)k) < 1 - alpha)
            lo = middle;
        else
            hi = middle;
    }
    return lo / root_2;
}

double statistics_critical_difference(size_t k, size_t problems, double alpha)
{
    const double treatments = (double)k;

    if (problems == 0)
        return (double)NAN;
    return statistics_nemenyi_q(k, alpha) *
           sqrt(treatments * (treatments + 1) / (6 * (double)problems));
}

/* Treatments from the lowest to the highest rank, equal ones as they come. */
static void order_by_rank(const double *mean_rank, size_t k, size_t *order)
{
    for (size_t i = 0; i < k; i++) {
        size_t at = i;
        for (; at > 0 && mean_rank[order[at - 1]] > mean_rank[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}

size_t statistics_rank_groups(const double *mean_rank, size_t k, double cd, size_t *order,
                              size_t (*group)[2])
{
    size_t groups = 0, end = 0; /* end: one past the last group */

    order_by_rank(mean_rank, k, order);
    for (size_t first = 0; first < k && end < k; first++) {
        size_t last = first;
        while (last + 1 < k && !(mean_rank[order[last + 1]] - mean_rank[order[first]] > cd))
            last++;
        if (last < end)
            continue; /* within the group before */
        group[groups][0] = first;
        group[groups++][1] = last;
        end = last + 1;
    }
    return groups;
}
