/* test_distributions.c: distributions against closed forms, tables and one another. */
#include <math.h>

#include "harness.h"
#include "matrix/statistics.h"

static void assert_close(double value, double expected, double relative)
{
    ck_assert_msg(fabs(value - expected) <= relative * fabs(expected), "%.17g is not %.17g", value,
                  expected);
}

/* ---- normal ---- */

START_TEST(the_normal_cdf_is_that_of_tables)
{
    const struct {
        double z, p;
    } table[] = {
        {0, 0.5},
        {1, 0.841344746068542949},
        {1.96, 0.975002104851779564},
        {-3, 0.001349898031630094527},
        {-10, 7.61985302416052606e-24},
        {-30, 4.90671392714819e-198},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_close(statistics_normal_cdf(table[i].z), table[i].p, 2e-13);
}
END_TEST

START_TEST(normal_quantiles_are_those_of_tables)
{
    const struct {
        double p, z;
    } table[] = {
        {0.8, 0.841621233572914205},  {0.95, 1.64485362695147271}, {0.975, 1.95996398454005424},
        {0.995, 2.57582930354890076}, {1e-10, -6.36134090240406},
    };

    ck_assert_double_eq(statistics_normal_quantile(0.5), 0);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_close(statistics_normal_quantile(table[i].p), table[i].z, 1e-14);
}
END_TEST

START_TEST(the_quantile_undoes_the_cdf_far_into_the_tail)
{
    for (double z = -37; z < 5; z += 0.25)
        ck_assert_double_eq_tol(statistics_normal_quantile(statistics_normal_cdf(z)), z, 1e-10);
}
END_TEST

START_TEST(normal_quantiles_end_in_infinities)
{
    ck_assert(statistics_normal_quantile(0) == -HUGE_VAL);
    ck_assert(statistics_normal_quantile(1) == HUGE_VAL);
    ck_assert(isnan(statistics_normal_quantile(-0.1)));
    ck_assert(isnan(statistics_normal_quantile(1.1)));
    ck_assert(isnan(statistics_normal_quantile((double)NAN)));
}
END_TEST

/* ---- chi-squared ---- */

/* exp(-x / 2) sum over i < freedom / 2 of (x / 2)^i / i! */
static double chi2_even(double x, int freedom)
{
    double term = 1, sum = 0;

    for (int i = 0; i < freedom / 2; i++) {
        sum += term;
        term *= x / 2 / (i + 1);
    }
    return exp(-x / 2) * sum;
}

START_TEST(even_degrees_have_a_closed_chi2)
{
    for (int freedom = 2; freedom <= 30; freedom += 2)
        for (double x = 0.125; x < 1300; x *= 1.5)
            assert_close(statistics_chi2_upper(x, freedom), chi2_even(x, freedom), 2e-12);
}
END_TEST

START_TEST(one_degree_of_chi2_is_a_squared_normal)
{
    for (double x = 0.001; x < 1000; x *= 2)
        assert_close(statistics_chi2_upper(x, 1), erfc(sqrt(x / 2)), 2e-13);
}
END_TEST

START_TEST(critical_values_of_chi2_are_those_of_tables)
{
    const struct {
        int freedom;
        double at_5, at_1;
    } table[] = {
        {1, 3.841, 6.635},   {2, 5.991, 9.210},    {3, 7.815, 11.345},   {5, 11.070, 15.086},
        {9, 16.919, 21.666}, {10, 18.307, 23.209}, {30, 43.773, 50.892},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        ck_assert_double_eq_tol(statistics_chi2_upper(table[i].at_5, table[i].freedom), 0.05, 2e-5);
        ck_assert_double_eq_tol(statistics_chi2_upper(table[i].at_1, table[i].freedom), 0.01, 2e-5);
    }
}
END_TEST

/* The sum of chi2_even from its last term down, until nothing is added any more. */
static double chi2_even_from_the_top(double x, double freedom)
{
    const double last = freedom / 2 - 1;
    double term = exp(last * log(x / 2) - x / 2 - lgamma(last + 1)), sum = 0;

    for (double i = last; i >= 0 && term > sum * 1e-18; i--) {
        sum += term;
        term *= i / (x / 2);
    }
    return sum;
}

/* At x = freedom it is 1/2 - 1 / (3 sqrt(pi freedom)), up to terms of freedom^(-3/2). */
START_TEST(many_degrees_of_chi2_converge)
{
    const double freedom = 1e6;

    assert_close(statistics_chi2_upper(freedom, freedom), 0.5 - 1 / (3 * sqrt(acos(-1) * freedom)),
                 1e-8);
    for (double x = freedom - 4000; x < freedom + 6000; x += 1000)
        assert_close(statistics_chi2_upper(x, freedom), chi2_even_from_the_top(x, freedom), 1e-8);
}
END_TEST

START_TEST(chi2_ends_in_1_and_0)
{
    ck_assert_double_eq(statistics_chi2_upper(0, 3), 1);
    ck_assert_double_eq(statistics_chi2_upper(-1, 3), 1);
    ck_assert_double_eq(statistics_chi2_upper(HUGE_VAL, 3), 0);
    ck_assert(isnan(statistics_chi2_upper(1, 0)));
    ck_assert(isnan(statistics_chi2_upper(1, HUGE_VAL)));
    ck_assert(isnan(statistics_chi2_upper((double)NAN, 1)));
}
END_TEST

/* ---- F ---- */

/* With thousands of degrees the logarithms are in the thousands, and leave twelve digits. */
START_TEST(two_degrees_have_a_closed_f)
{
    for (double other = 1; other < 3000; other *= 1.7)
        for (double x = 0.01; x < 200; x *= 1.9) {
            assert_close(statistics_f_upper(x, 2, other), pow(1 + 2 * x / other, -other / 2),
                         1e-11);
            assert_close(statistics_f_upper(x, other, 2),
                         -expm1(other / 2 * log1p(-2 / (2 + other * x))), 1e-11);
        }
}
END_TEST

START_TEST(one_and_one_degree_of_f_are_an_arc_tangent)
{
    for (double x = 0.01; x < 1e6; x *= 3)
        assert_close(statistics_f_upper(x, 1, 1), 2 / acos(-1) * atan(1 / sqrt(x)), 1e-13);
}
END_TEST

START_TEST(f_turned_over_is_the_other_tail)
{
    for (double x = 0.05; x < 20; x *= 1.3)
        for (double m = 1; m < 50; m += 7)
            for (double n = 1; n < 400; n *= 3)
                ck_assert_double_eq_tol(
                    statistics_f_upper(x, m, n) + statistics_f_upper(1 / x, n, m), 1, 1e-12);
}
END_TEST

/* Half of a last digit of a table is up to 6e-5 of p. */
START_TEST(critical_values_of_f_are_those_of_tables)
{
    const struct {
        int m, n;
        double at_5;
    } table[] = {{1, 10, 4.965}, {3, 39, 2.845},  {5, 20, 2.711},
                 {8, 32, 2.244}, {10, 60, 1.993}, {4, 5, 5.192}};

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        ck_assert_double_eq_tol(statistics_f_upper(table[i].at_5, table[i].m, table[i].n), 0.05,
                                1e-4);
}
END_TEST

START_TEST(f_ends_in_1_and_0)
{
    ck_assert_double_eq(statistics_f_upper(0, 2, 3), 1);
    ck_assert_double_eq(statistics_f_upper(-1, 2, 3), 1);
    ck_assert_double_eq(statistics_f_upper(HUGE_VAL, 2, 3), 0);
    ck_assert(isnan(statistics_f_upper(1, 0, 3)));
    ck_assert(isnan(statistics_f_upper(1, 2, -1)));
    ck_assert(isnan(statistics_f_upper(1, HUGE_VAL, 3)));
    ck_assert(isnan(statistics_f_upper((double)NAN, 2, 3)));
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("matrix/distributions");
    TCase *normal = tcase_create("normal"), *chi2 = tcase_create("chi2"), *f = tcase_create("f");

    tcase_add_test(normal, the_normal_cdf_is_that_of_tables);
    tcase_add_test(normal, normal_quantiles_are_those_of_tables);
    tcase_add_test(normal, the_quantile_undoes_the_cdf_far_into_the_tail);
    tcase_add_test(normal, normal_quantiles_end_in_infinities);
    tcase_add_test(chi2, even_degrees_have_a_closed_chi2);
    tcase_add_test(chi2, one_degree_of_chi2_is_a_squared_normal);
    tcase_add_test(chi2, critical_values_of_chi2_are_those_of_tables);
    tcase_add_test(chi2, many_degrees_of_chi2_converge);
    tcase_add_test(chi2, chi2_ends_in_1_and_0);
    tcase_add_test(f, two_degrees_have_a_closed_f);
    tcase_add_test(f, one_and_one_degree_of_f_are_an_arc_tangent);
    tcase_add_test(f, f_turned_over_is_the_other_tail);
    tcase_add_test(f, critical_values_of_f_are_those_of_tables);
    tcase_add_test(f, f_ends_in_1_and_0);
    suite_add_tcase(suite, normal);
    suite_add_tcase(suite, chi2);
    suite_add_tcase(suite, f);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
