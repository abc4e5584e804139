/* test_problems.c: every problem's gradient is its slope, its minimum is one, its noise is a step's
 * own. Weights are exact in float32 at each point looked at, or the differences are taken between
 * the float32 values that there are. */
#include "author/problems.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { MOST = 24 };

/* Weights and gradients of any problem. */
typedef struct point {
    float w_of[PROBLEM_TENSORS][MOST], g_of[PROBLEM_TENSORS][MOST];
    const float *w[PROBLEM_TENSORS];
    float *g[PROBLEM_TENSORS];
} point;

static void place_at_start(const problem *problem, point *p)
{
    for (size_t t = 0; t < problem->tensor_count; t++) {
        p->w[t] = p->w_of[t];
        p->g[t] = p->g_of[t];
        problem->start(problem, t, p->w_of[t]);
    }
}

static double slope(const problem *problem, int64_t step, point *p, size_t t, uint64_t i)
{
    const float at = p->w_of[t][i];
    const float up = at + 0x1p-10f, down = at - 0x1p-10f;

    p->w_of[t][i] = up;
    const double above = problem->value(problem, step, p->w, NULL);
    p->w_of[t][i] = down;
    const double below = problem->value(problem, step, p->w, NULL);
    p->w_of[t][i] = at;
    return (above - below) / ((double)up - (double)down);
}

/* At the start, and at a place near it that has no zeros. */
static void check_gradient(const problem *problem, int64_t step, double shift)
{
    point p;

    place_at_start(problem, &p);
    for (size_t t = 0; t < problem->tensor_count; t++)
        for (uint64_t i = 0; i < problems_elements(&problem->tensor[t]); i++)
            p.w_of[t][i] += (float)(shift * (double)(i + t + 1));
    problem->value(problem, step, p.w, p.g);
    for (size_t t = 0; t < problem->tensor_count; t++)
        for (uint64_t i = 0; i < problems_elements(&problem->tensor[t]); i++) {
            const double expected = slope(problem, step, &p, t, i);
            ck_assert_msg(fabs((double)p.g_of[t][i] - expected) <= 1e-3 + 1e-5 * fabs(expected),
                          "%s, tensor %zu, element %d: %g, not %g", problem->id, t, (int)i,
                          (double)p.g_of[t][i], expected);
        }
}

START_TEST(the_gradient_is_the_slope)
{
    const problem *problem = &problems_all[_i];

    check_gradient(problem, 0, 0);
    check_gradient(problem, 0, 0.03);
    check_gradient(problem, 5, -0.02);
}
END_TEST

START_TEST(the_minimum_of_a_plane_problem_is_where_it_says)
{
    const problem *problem = &problems_all[_i];
    const float *w[1];
    float g_of[2], *g[1] = {g_of};

    if (!problem->plane)
        return;
    const float at[2] = {(float)problem->minimum_at[0], (float)problem->minimum_at[1]};
    w[0] = at;
    ck_assert_double_eq(problem->value(problem, 0, w, g), problem->minimum);
    ck_assert(g_of[0] == 0);
    ck_assert(g_of[1] == 0);
    for (int k = 0; k < 2; k++)
        ck_assert(problem->lo[k] < problem->minimum_at[k] &&
                  problem->minimum_at[k] < problem->hi[k]);
}
END_TEST

START_TEST(every_start_lies_above_the_minimum_and_in_the_picture)
{
    const problem *problem = &problems_all[_i];
    point p;

    place_at_start(problem, &p);
    ck_assert_double_gt(problem->value(problem, 0, p.w, NULL), problem->minimum);
    for (int k = 0; k < 2 && problem->plane; k++)
        ck_assert(problem->lo[k] < (double)p.w_of[0][k] && (double)p.w_of[0][k] < problem->hi[k]);
}
END_TEST

/* Plain descent in small steps, far longer than any optimizer is given. */
static double descend(const problem *problem, float rate, int steps)
{
    point p;

    place_at_start(problem, &p);
    for (int step = 0; step < steps; step++) {
        problem->value(problem, 0, p.w, p.g);
        for (size_t t = 0; t < problem->tensor_count; t++)
            for (uint64_t i = 0; i < problems_elements(&problem->tensor[t]); i++)
                p.w_of[t][i] -= rate * p.g_of[t][i];
    }
    return problem->value(problem, 0, p.w, NULL);
}

START_TEST(the_minimum_of_each_other_problem_is_reached_and_not_passed)
{
    static const struct {
        const char *id;
        float rate;
        int steps;
    } cases[] = {{"quadratic_20d", 0.15f, 2000}, {"logistic", 3, 5000}, {"matrices", 0.2f, 5000}};
    const problem *problem = problems_find(cases[_i].id);
    const double reached = descend(problem, cases[_i].rate, cases[_i].steps);

    ck_assert_double_ge(reached, problem->minimum - 1e-12);
    ck_assert_double_le(reached, problem->minimum + 1e-6);
}
END_TEST

START_TEST(the_condition_number_is_the_ratio_of_the_curvatures)
{
    static const float far_u[2] = {1 + 0.866025404f, 1}, far_v[2] = {0.5f, 0.5f + 0.866025404f};
    const float *const along_u[1] = {far_u}, *const along_v[1] = {far_v};
    const problem *problem = problems_find("quadratic_10000");

    ck_assert_double_eq_tol(problem->value(problem, 0, along_u, NULL), 0.005, 1e-8);
    ck_assert_double_eq_tol(problem->value(problem, 0, along_v, NULL), 50, 1e-4);
}
END_TEST

START_TEST(noise_is_the_same_within_a_step_and_another_in_the_next)
{
    const problem *problem = problems_find("noisy_quadratic");
    point p;

    place_at_start(problem, &p);
    const double first = problem->value(problem, 1, p.w, NULL);
    ck_assert_double_eq(problem->value(problem, 1, p.w, p.g), first);
    ck_assert_double_ne(problem->value(problem, 2, p.w, NULL), first);
    ck_assert_double_ne(problem->value(problem, 0, p.w, NULL), first);
}
END_TEST

START_TEST(noise_has_mean_zero_and_its_deviation)
{
    enum { STEPS = 2000 };
    const problem *problem = problems_find("noisy_quadratic");
    double sum = 0, squares = 0;
    point p;

    place_at_start(problem, &p);
    problem->value(problem, 0, p.w, p.g);
    const double quiet = (double)p.g_of[0][0];
    for (int64_t step = 1; step <= STEPS; step++) {
        problem->value(problem, step, p.w, p.g);
        const double noise = (double)p.g_of[0][0] - quiet;
        sum += noise;
        squares += noise * noise;
    }
    ck_assert_double_eq_tol(sum / STEPS, 0, 0.05);
    ck_assert_double_eq_tol(sqrt(squares / STEPS), problem->noise, 0.05);
}
END_TEST

START_TEST(only_the_noisy_problem_has_noise)
{
    const problem *problem = &problems_all[_i];
    point p;

    place_at_start(problem, &p);
    const bool same =
        problem->value(problem, 7, p.w, NULL) == problem->value(problem, 0, p.w, NULL);
    ck_assert_int_eq(same, strcmp(problem->id, "noisy_quadratic") != 0);
}
END_TEST

START_TEST(weights_that_are_not_finite_give_no_finite_value)
{
    const problem *problem = &problems_all[_i];
    point p;

    place_at_start(problem, &p);
    p.w_of[0][1] = NAN;
    ck_assert(!isfinite(problem->value(problem, 1, p.w, p.g)));
}
END_TEST

START_TEST(a_problem_is_found_by_its_id)
{
    ck_assert_ptr_eq(problems_find("beale"), &problems_all[5]);
    ck_assert_ptr_null(problems_find("bael"));
}
END_TEST

static int count(void)
{
    int n = 0;

    while (problems_all[n].id != NULL)
        n++;
    return n;
}

static Suite *suite(void)
{
    Suite *s = suite_create("problems");
    TCase *each = tcase_create("each problem"), *some = tcase_create("some problems");

    tcase_add_loop_test(each, the_gradient_is_the_slope, 0, count());
    tcase_add_loop_test(each, the_minimum_of_a_plane_problem_is_where_it_says, 0, count());
    tcase_add_loop_test(each, every_start_lies_above_the_minimum_and_in_the_picture, 0, count());
    tcase_add_loop_test(each, only_the_noisy_problem_has_noise, 0, count());
    tcase_add_loop_test(each, weights_that_are_not_finite_give_no_finite_value, 0, count());
    tcase_add_loop_test(some, the_minimum_of_each_other_problem_is_reached_and_not_passed, 0, 3);
    tcase_add_test(some, the_condition_number_is_the_ratio_of_the_curvatures);
    tcase_add_test(some, noise_is_the_same_within_a_step_and_another_in_the_next);
    tcase_add_test(some, noise_has_mean_zero_and_its_deviation);
    tcase_add_test(some, a_problem_is_found_by_its_id);
    suite_add_tcase(s, each);
    suite_add_tcase(s, some);
    return s;
}

int main(void)
{
    return harness_run(suite());
}
