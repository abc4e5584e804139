/* statistics_cli.c: the functions of matrix/statistics.h for a script. Each line of stdin is a name
 * and numbers, for instance `chi2_upper 3.84 1`; the answer is a line of numbers with all their
 * digits, or the program ends with 1 at a line that it does not understand. It is for
 * oracle_statistics.py, and trusts the numbers it gets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/statistics.h"

enum { MOST = 4096 };

/* Where what follows needs memory, a line has at most MOST numbers. */
static size_t read_numbers(char *text, double *x)
{
    size_t n = 0;

    for (char *end; n < MOST; text = end) {
        const double value = strtod(text, &end);
        if (end == text)
            break;
        x[n++] = value;
    }
    return n;
}

static void print(const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%s%.17g", i > 0 ? " " : "", x[i]);
    printf("\n");
}

/* Functions of the numbers of the line, as they are. */
static bool of_numbers(const char *name, const double *x, size_t n, double *value)
{
    if (strcmp(name, "normal_cdf") == 0 && n == 1)
        *value = statistics_normal_cdf(x[0]);
    else if (strcmp(name, "normal_quantile") == 0 && n == 1)
        *value = statistics_normal_quantile(x[0]);
    else if (strcmp(name, "chi2_upper") == 0 && n == 2)
        *value = statistics_chi2_upper(x[0], x[1]);
    else if (strcmp(name, "f_upper") == 0 && n == 3)
        *value = statistics_f_upper(x[0], x[1], x[2]);
    else if (strcmp(name, "nemenyi_q") == 0 && n == 2)
        *value = statistics_nemenyi_q((size_t)x[0], x[1]);
    else
        return false;
    return true;
}

/* Functions of all numbers of the line as values; `quantile` has its q first, `superiority` how
 * many belong to the first of its two groups. */
static bool of_values(const char *name, const double *x, size_t n, double *value)
{
    if (strcmp(name, "mean") == 0)
        *value = statistics_mean(x, n);
    else if (strcmp(name, "deviation") == 0)
        *value = statistics_deviation(x, n);
    else if (strcmp(name, "iqm") == 0)
        *value = statistics_iqm(x, n);
    else if (strcmp(name, "cohen_d") == 0)
        *value = statistics_cohen_d(x, n);
    else if (strcmp(name, "quantile") == 0 && n > 0)
        *value = statistics_quantile(x + 1, n - 1, x[0]);
    else if (strcmp(name, "superiority") == 0 && n > 0 && x[0] < (double)n)
        *value =
            statistics_superiority(x + 1, (size_t)x[0], x + 1 + (size_t)x[0], n - 1 - (size_t)x[0]);
    else
        return false;
    return true;
}

/* `wilcoxon` and `holm` of all numbers, `ranks` too. */
static bool lists(const char *name, double *x, size_t n)
{
    statistics_wilcoxon_result result;
    double rank[MOST];

    if (strcmp(name, "wilcoxon") == 0 && statistics_wilcoxon(x, n, &result, NULL)) {
        print((double[]){result.plus, result.minus, result.z, result.p}, 4);
        return true;
    }
    if (strcmp(name, "holm") == 0 && statistics_holm(x, n, NULL)) {
        print(x, n);
        return true;
    }
    if (strcmp(name, "ranks") == 0) {
        statistics_ranks(x, n, rank);
        print(rank, n);
        return true;
    }
    return false;
}

/* `friedman K` and the scores; `mean_interval` and `iqm_interval ALPHA REPLICATES SEED STRATA`, the
 * count of each stratum and the values. */
static bool tables(const char *name, const double *x, size_t n)
{
    statistics_friedman_result result;
    statistics_interval interval;
    double mean_rank[MOST];
    size_t count[MOST];
    const bool iqm = strcmp(name, "iqm_interval") == 0;

    if (strcmp(name, "friedman") == 0 && n > 1 && x[0] >= 2 &&
        statistics_friedman(x + 1, (n - 1) / (size_t)x[0], (size_t)x[0], mean_rank, &result,
                            NULL)) {
        print((double[]){result.chi2, result.chi2_p, result.f, result.f_p}, 4);
        return true;
    }
    if ((iqm || strcmp(name, "mean_interval") == 0) && n >= 4 && x[3] <= (double)n - 4) {
        const size_t strata = (size_t)x[3];
        for (size_t s = 0; s < strata; s++)
            count[s] = (size_t)x[4 + s];
        if (!statistics_bootstrap(x + 4 + strata, count, strata,
                                  iqm ? STATISTICS_IQM : STATISTICS_MEAN, x[0], (size_t)x[1],
                                  (uint64_t)x[2], &interval, NULL))
            return false;
        print((double[]){interval.lo, interval.hi}, 2);
        return true;
    }
    return false;
}

int main(void)
{
    char *line = NULL, name[32];
    size_t room = 0;
    double x[MOST], value;
    int at;

    while (getline(&line, &room, stdin) > 0) {
        if (sscanf(line, "%31s%n", name, &at) != 1)
            break;
        const size_t n = read_numbers(line + at, x);
        if (of_numbers(name, x, n, &value) || of_values(name, x, n, &value))
            print(&value, 1);
        else if (!lists(name, x, n) && !tables(name, x, n))
            break;
    }
    free(line);
    return feof(stdin) ? 0 : 1;
}
