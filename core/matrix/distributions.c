/* distributions.c: the distributions that tests of significance end in; see statistics.h.
 *
 * All tails are computed as tails: a p of 1e-30 is right in its digits, not a difference from 1.
 * "DLMF" is the NIST Digital Library of Mathematical Functions. Measured against scipy by
 * tests/matrix/oracle_statistics.py. */
#include <math.h>

#include "matrix/statistics.h"

#define SQRT_2    1.4142135623730950488016887242097
#define SQRT_2_PI 2.5066282746310005024157652848110
/* A sum or a fraction ends where a further term cannot change it, or after so many terms: the terms
 * needed grow with the root of the degrees of freedom. */
#define ENOUGH     0x1p-53
#define MOST_TERMS 100000
/* Stands for a denominator that happens to be 0. */
#define NEARLY_NOTHING 0x1p-1000

/* ---- the normal distribution ----------------------------------------------------------------- */

/* DLMF 7.2.2 and 7.17(iii): Phi(z) = erfc(-z / sqrt 2) / 2. */
double statistics_normal_cdf(double z)
{
    return 0.5 * erfc(-z / SQRT_2);
}

/* For p at most 1/2: a first guess within 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23), then
 * Halley's iteration on Phi(z) - p, which triples the digits each time: with f = Phi(z) - p, f' =
 * phi(z) and f'' = -z phi(z), the step is u / (1 + z u / 2) where u = f / f'. */
static double lower_quantile(double p)
{
    const double t = sqrt(-2 * log(p));
    double z = (2.515517 + t * (0.802853 + t * 0.010328)) /
                   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
               t;

    for (int i = 0; i < 3; i++) {
        const double u = (statistics_normal_cdf(z) - p) * SQRT_2_PI * exp(0.5 * z * z);
        z -= u / (1 + 0.5 * z * u);
    }
    return z;
}

double statistics_normal_quantile(double p)
{
    if (!(p >= 0 && p <= 1))
        return (double)NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -HUGE_VAL : HUGE_VAL;
    if (p == 0.5)
        return 0;
    return p < 0.5 ? lower_quantile(p) : -lower_quantile(1 - p);
}

/* ---- continued fractions --------------------------------------------------------------------- */

/* b0 + a1 / (b1 + a2 / (b2 + ...)) from the front, by the modified Lentz algorithm (Thompson and
 * Barnett 1986): c and d are ratios of successive numerators and denominators. */
typedef struct fraction {
    double value, c, d;
} fraction;

static double not_nothing(double x)
{
    return fabs(x) < NEARLY_NOTHING ? NEARLY_NOTHING : x;
}

static fraction fraction_open(double b0)
{
    const double value = not_nothing(b0);

    return (fraction){.value = value, .c = value, .d = 0};
}

/* Takes the next a and b in; false once they change nothing. */
static bool fraction_step(fraction *of, double a, double b)
{
    of->d = 1 / not_nothing(b + a * of->d);
    of->c = not_nothing(b + a / of->c);
    const double factor = of->c * of->d;
    of->value *= factor;
    return fabs(factor - 1) > ENOUGH;
}

/* ---- chi-squared ----------------------------------------------------------------------------- */

static double log_gamma(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

/* DLMF 8.11.4: P(a, x) = x^a e^-x / Gamma(a) sum over k of x^k / (a (a + 1) .. (a + k)); `front` is
 * what stands before the sum. */
static double gamma_series(double a, double x, double front)
{
    double term = 1 / a, sum = term;

    for (int k = 1; k < MOST_TERMS && term > sum * ENOUGH; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return front * sum;
}

/* DLMF 8.9.2, its even part: Q(a, x) = x^a e^-x / Gamma(a) * 1 / (x + 1 - a - 1 (1 - a) /
 * (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...))). */
static double gamma_fraction(double a, double x, double front)
{
    fraction of = fraction_open(x + 1 - a);

    for (int m = 1; m < MOST_TERMS; m++)
        if (!fraction_step(&of, -m * (m - a), x + 1 - a + 2.0 * m))
            break;
    return front / of.value;
}

/* P(X > x) = Q(freedom / 2, x / 2) (DLMF 8.2.4). The series converges fast below x = a + 1, the
 * fraction above. */
double statistics_chi2_upper(double x, double freedom)
{
    const double a = freedom / 2, half = x / 2;

    if (isnan(x) || !(freedom > 0) || isinf(freedom))
        return (double)NAN;
    if (x <= 0 || isinf(x))
        return x <= 0 ? 1 : 0;
    const double front = exp(a * log(half) - half - log_gamma(a));
    return half < a + 1 ? 1 - gamma_series(a, half, front) : gamma_fraction(a, half, front);
}

/* ---- F --------------------------------------------------------------------------------------- */

/* DLMF 8.17.22: I_x(a, b) = x^a y^b / (a B(a, b)) * 1 / (1 + d1 / (1 + d2 / (1 + ...))) with y = 1
 * - x, d(2m) = m (b - m) x / ((a + 2m - 1) (a + 2m)) and d(2m + 1) = -(a + m) (a + b + m) x / ((a +
 * 2m) (a + 2m + 1)); converges fast below x = (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x, double y)
{
    const double log_beta = log_gamma(a) + log_gamma(b) - log_gamma(a + b);
    fraction of = fraction_open(1);
    bool changes = fraction_step(&of, -(a + b) * x / (a + 1), 1);

    for (int m = 1; m < MOST_TERMS && changes; m++) {
        const double twice = a + 2.0 * m;
        changes = fraction_step(&of, m * (b - m) * x / ((twice - 1) * twice), 1);
        if (fraction_step(&of, -(a + m) * (a + b + m) * x / (twice * (twice + 1)), 1))
            changes = true;
    }
    return exp(a * log(x) + b * log(y) - log_beta) / (a * of.value);
}

/* P(X > x) = I_u(n / 2, m / 2) with u = n / (n + m x), m and n the degrees of freedom; where that
 * converges slowly 1 - I_(1 - u)(m / 2, n / 2) (DLMF 8.17.4). */
double statistics_f_upper(double x, double freedom_1, double freedom_2)
{
    const double a = freedom_2 / 2, b = freedom_1 / 2;

    if (isnan(x) || !(a > 0) || !(b > 0))
        return (double)NAN;
    if (x <= 0 || isinf(x))
        return x <= 0 ? 1 : 0;
    const double u = a / (a + b * x), v = b * x / (a + b * x);
    if (u < (a + 1) / (a + b + 2))
        return beta_fraction(a, b, u, v);
    return 1 - beta_fraction(b, a, v, u);
}
