/* statistics.h: the numbers behind a verdict. Everything here is a plain function of arrays;
 * failures come in as values that rank last (-INFINITY where more is better), never as NaN, and
 * are never dropped. Each function names the source of its formula.
 *
 * "More is better" holds throughout: the caller negates what is to be small.
 *
 * An infinity stands for a number beyond all others, and a result is the limit of that number
 * growing: one -INFINITY among the values makes their mean -INFINITY, and as many of either sign
 * cancel. The difference of two failures is 0, which the caller sees to. Where a NaN comes in
 * nevertheless, a mean, deviation, quantile, IQM, d or interval is NaN. */
#ifndef MATRIX_STATISTICS_H
#define MATRIX_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/error.h"

/* ---- location and spread --------------------------------------------------------------------- */

/* All NaN for n = 0. Equal values have exactly themselves for a mean, IQM and quantile, and 0 for
 * a deviation. */
double statistics_mean(const double *x, size_t n);
/* With n - 1; NaN below 2; infinite where an infinity is among values that are not all equal. */
double statistics_deviation(const double *x, size_t n);
/* The quantile q in [0, 1] by linear interpolation between order statistics (Hyndman and Fan 1996,
 * type 7: R's and NumPy's default); does not interpolate into an infinity it does not touch. */
double statistics_quantile(const double *x, size_t n, double q);
/* The interquartile mean: sort, g = floor(n / 4), the mean of x[g .. n - 1 - g] (Agarwal et al.
 * 2021, "Deep RL at the edge of the statistical precipice"). {1, 2, 3, 4, 100} -> 3. */
double statistics_iqm(const double *x, size_t n);

typedef struct statistics_interval {
    double lo, hi;
} statistics_interval;

/* The interval between the alpha/2 and 1 - alpha/2 quantiles of `replicates` stratified bootstrap
 * means or IQMs: runs are resampled within each stratum (task). x holds the strata one after the
 * other, count[s] values each. The same seed gives the same bits. The interval is NaN without
 * values. False only without memory. Costs about n * replicates steps. */
typedef enum { STATISTICS_MEAN, STATISTICS_IQM } statistics_rule;
bool statistics_bootstrap(const double *x, const size_t *count, size_t strata, statistics_rule rule,
                          double alpha, size_t replicates, uint64_t seed,
                          statistics_interval *interval, plx_error *error);

/* ---- pairs ----------------------------------------------------------------------------------- */

/* Wilcoxon's signed-rank test of paired differences (Wilcoxon 1945). Zeros are dropped after they
 * are counted (Wilcoxon's own way), tied ranks are averaged; the two-sided p is exact, by counting
 * all sign patterns of the ranks as they are, ties included, up to 50 differences that are not 0
 * and by the normal approximation with tie correction above. Infinite differences take the largest
 * ranks. Rounding neither breaks a tie nor makes a difference: sizes that agree to nine digits are
 * tied, as 0.94 - 0.92 and 0.96 - 0.94 are, and one below 1e-12 of the median size is a zero. What
 * is no number counts as a zero, too. */
typedef struct statistics_wilcoxon_result {
    size_t used, zeros; /* differences that are not 0, and that are                               */
    double plus, minus; /* rank sums                                                             */
    double z;           /* (plus - minus) / sqrt(sum of squared ranks); 0 where none is left     */
    double p;           /* two-sided; 1 where no difference is left                               */
    bool exact;
} statistics_wilcoxon_result;
bool statistics_wilcoxon(const double *difference, size_t n, statistics_wilcoxon_result *result,
                         plx_error *error);

/* Holm's step-down adjustment (Holm 1979): adjusted p(i) = max over j <= i of (m - j + 1) p(j), at
 * most 1. In place, in the order given. */
bool statistics_holm(double *p, size_t m, plx_error *error);

/* The least n for which the exact signed-rank test can reach alpha at all when `comparisons` are
 * corrected for by Holm: comparisons * 2 / 2^n <= alpha. */
size_t statistics_least_pairs(double alpha, size_t comparisons);
/* How many pairs in all would be needed for the signed-rank test to show, with power 0.8, an effect
 * as large as that of the differences seen: ((z(1 - a/2) + z(0.8)) / d)^2, the t-test's normal
 * approximation, with a = alpha / comparisons and d the mean of the signed ranks over their
 * deviation, as the signed-rank test is the t-test of the signed ranks (Conover and Iman 1981,
 * "Rank transformations as a bridge between parametric and nonparametric statistics"). For small
 * shifts of normal numbers that is the t-test's number over 3 / pi. Never fewer than
 * statistics_least_pairs; both are over the share of differences that are not 0. It may be fewer
 * than the n that were seen. SIZE_MAX where no number is in sight: the signs are in balance, fewer
 * than 2 differences are not 0, or no memory is left. */
size_t statistics_pairs_needed(const double *difference, size_t n, double alpha,
                               size_t comparisons);

/* Effect sizes. Cohen's d of paired differences: mean / deviation; 0 where all are 0, infinite
 * where all are equal otherwise, NaN below 2. With infinite differences it is that of their signs,
 * 0 for a finite one: the limit. The probability of superiority (Vargha and Delaney 2000): the
 * share of pairs (i, j) with a[i] > b[j], ties half; NaN without pairs. */
double statistics_cohen_d(const double *difference, size_t n);
double statistics_superiority(const double *a, size_t n, const double *b, size_t m);

/* ---- many treatments over many problems (Demsar 2006) ---------------------------------------- */

/* Ranks of x[0 .. k-1], 1 for the largest, ties averaged. Values that agree to twelve digits are
 * tied: a mean depends in its last digits on the order of summation. */
void statistics_ranks(const double *x, size_t k, double *rank);

/* Friedman's test: score[problem * k + treatment]; ranks within each problem. chi2 = 12 N / (k (k +
 * 1)) (sum R^2 - k (k + 1)^2 / 4), Iman and Davenport's F = (N - 1) chi2 / (N (k - 1) - chi2), both
 * with their p; as in Demsar there is no correction for ties, which makes the p too large rather
 * than too small. Where all problems rank alike F is infinite and its p exact, 1 / (k!)^(N -
 * 1). mean_rank has room for k. All is NaN but the ranks for fewer than 2 problems or treatments.
 * False without memory. */
typedef struct statistics_friedman_result {
    double chi2, chi2_p, f, f_p;
    double critical_difference; /* Nemenyi at alpha 0.05; NaN for k above 20                      */
} statistics_friedman_result;
bool statistics_friedman(const double *score, size_t problems, size_t k, double *mean_rank,
                         statistics_friedman_result *result, plx_error *error);
/* The p of the same statistic by permutation: the share of shufflings of the ranks within each
 * problem that make it as large as it is, of up to 99,999 and the one that was seen, so never below
 * 1e-5. It takes ties as they are. Of few problems the approximations are off: of 6 problems and 3
 * treatments that agree but for one swap F's p is 5e-5, while 1.7e-3 of all orders do as well; of 3
 * they are 0.049 and 0.194. The same seed gives the same bits. NaN for fewer than 2 problems or
 * treatments, and where there are so many (problems times treatments above 2000) that it would take
 * long and F does. False without memory. */
bool statistics_friedman_permuted(const double *score, size_t problems, size_t k, uint64_t seed,
                                  double *p, plx_error *error);
/* q of the studentized range with infinite degrees of freedom over sqrt 2, for k treatments at
 * `alpha`, by Simpson's rule on k integral phi(z) [Phi(z) - Phi(z - q sqrt 2)]^(k-1) dz and
 * bisection; and CD = q sqrt(k (k + 1) / 6N). NaN for k below 2 or N = 0. */
double statistics_nemenyi_q(size_t k, double alpha);
double statistics_critical_difference(size_t k, size_t problems, double alpha);
/* Groups of treatments, by mean rank, that do not differ by more than cd: maximal runs in the order
 * of ranks. group[g] = {first, last} as positions in that order, at most k of them; returns how
 * many. A treatment that differs from all is a group of its own, first == last. `order` (k) gets
 * the treatments from best to worst. */
size_t statistics_rank_groups(const double *mean_rank, size_t k, double cd, size_t *order,
                              size_t (*group)[2]);

/* ---- profiles -------------------------------------------------------------------------------- */

/* Dolan and More 2002: rho(tau) of one treatment: the share of problems solved with a cost of at
 * most tau times the problem's reference. cost and reference hold one value a problem, INFINITY
 * where it was not solved; what nobody solved counts for nobody. NaN without problems. */
double statistics_profile(const double *cost, const double *reference, size_t problems, double tau);

/* ---- distributions --------------------------------------------------------------------------- */

/* NaN for what is outside: p not in [0, 1], freedom not above 0 and finite. */
double statistics_normal_cdf(double z);
double statistics_normal_quantile(double p);
double statistics_chi2_upper(double x, double freedom); /* P(X > x)                */
double statistics_f_upper(double x, double freedom_1, double freedom_2); /* P(X > x)              */

#endif
