/* test_targets.c: whether a target holds is judged by its figure and bound alone, and what was not
 * measured never counts as held. */
#include "targets.h"

#include <math.h>
#include <stdlib.h>

#include "harness.h"
#include "workloads.h"

static const target some[] = {{"W1", FIGURE_PEERS, 3.2},
                              {"W1", FIGURE_PLAIN, 1},
                              {"W2", FIGURE_ROOFLINE, 0.85},
                              {"W5", FIGURE_START_UP, 30e-3},
                              {"W2", FIGURE_MEMORY, 120e6}};
enum { SOME = sizeof(some) / sizeof(some[0]) };

START_TEST(a_target_is_held_on_the_right_side_of_its_bound)
{
    static const struct {
        int target;
        double value;
        verdict verdict;
    } cases[] = {
        {0, 3.2, TARGET_HOLDS},    {0, 9, TARGET_HOLDS},       {0, 3.1999, TARGET_MISSED},
        {0, 0, TARGET_MISSED},     {1, 1.0001, TARGET_HOLDS},  {1, 1, TARGET_MISSED},
        {2, 0.85, TARGET_HOLDS},   {2, 0.8499, TARGET_MISSED}, {3, 29.9e-3, TARGET_HOLDS},
        {3, 0, TARGET_HOLDS},      {3, 30e-3, TARGET_MISSED},  {4, 119e6, TARGET_HOLDS},
        {4, 121e6, TARGET_MISSED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(target_judge(&some[cases[i].target], cases[i].value) == cases[i].verdict,
                      "case %zu", i);
}
END_TEST

START_TEST(what_was_not_measured_is_neither_held_nor_missed)
{
    for (size_t i = 0; i < SOME; i++)
        ck_assert_int_eq(target_judge(&some[i], (double)NAN), TARGET_NOT_MEASURED);
}
END_TEST

static void assert_summary(const double *value, size_t count, bool ok, const char *expected)
{
    text out = {0};

    ck_assert(target_summary(&out, some, value, count) == ok);
    ck_assert_str_eq(out.bytes, expected);
    free(out.bytes);
}

START_TEST(the_summary_counts_and_names_what_is_missed)
{
    const double all[] = {3.5, 1.2, 0.9, 0.01, 1e8};
    const double none_missed[] = {(double)NAN, 1.2, 0.9, 0.01, (double)NAN};
    const double missed[] = {3.1, 1.2, 0.8, (double)NAN, 130e6};

    assert_summary(all, SOME, true, "none missed: 5 of 5 targets hold");
    assert_summary(none_missed, SOME, true, "none missed: 3 of 5 targets hold, 2 not measured");
    assert_summary(
        missed, SOME, false,
        "missed: W1: speed over the faster peer 3.10 (at least 3.20), "
        "W2: share of the roofline 80.0 % (at least 85.0 %), "
        "W2: peak memory 130.0 MB (below 120.0 MB); 1 of 5 targets hold, 1 not measured");
}
END_TEST

START_TEST(a_target_is_shown_with_its_figure_and_bound)
{
    const double value[] = {3.5, 0.9, (double)NAN, 0.0123};
    const char *expected[] = {"holds         W1: speed over the faster peer 3.50 (at least 3.20)",
                              "missed        W1: speed over the plain loop 0.90 (above 1.00)",
                              "not measured  W2: share of the roofline (at least 85.0 %)",
                              "holds         W5: start-up 12.3 ms (below 30.0 ms)"};

    for (size_t i = 0; i < sizeof(value) / sizeof(value[0]); i++) {
        text out = {0};
        target_add(&out, &some[i], value[i]);
        ck_assert_str_eq(out.bytes, expected[i]);
        free(out.bytes);
    }
}
END_TEST

/* A workload that is renamed would take its targets with it, in silence. */
START_TEST(every_target_is_about_a_workload_and_a_figure_it_has)
{
    size_t count;
    const target *list = target_list(&count);

    ck_assert_uint_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        const workload *workload = workload_find(list[i].workload);
        ck_assert_ptr_nonnull(workload);
        if (list[i].figure == FIGURE_ROOFLINE)
            ck_assert(!workload->tiny);
        if (list[i].figure == FIGURE_START_UP || list[i].figure == FIGURE_MEMORY)
            ck_assert_ptr_nonnull(workload->optimizer);
    }
}
END_TEST

START_TEST(a_figure_is_taken_from_its_place_in_the_finding)
{
    finding found;

    finding_clear(&found);
    for (int f = 0; f < FIGURES; f++)
        ck_assert(isnan(finding_figure(&found, (figure)f)));
    found.ratio[RIVAL_TORCH] = 4;
    ck_assert_msg(isnan(finding_figure(&found, FIGURE_PEERS)), "one peer alone is not the faster");
    found.ratio[RIVAL_SKLEARN] = 3;
    found.ratio[RIVAL_PLAIN] = 2;
    found.share = 0.5;
    found.start_up = (spread){.median = 0.02, .min = 0.01, .max = 0.03};
    found.peak_memory = 7;
    ck_assert_double_eq(finding_figure(&found, FIGURE_PEERS), 3);
    ck_assert_double_eq(finding_figure(&found, FIGURE_PLAIN), 2);
    ck_assert_double_eq(finding_figure(&found, FIGURE_ROOFLINE), 0.5);
    ck_assert_double_eq(finding_figure(&found, FIGURE_START_UP), 0.02);
    ck_assert_double_eq(finding_figure(&found, FIGURE_MEMORY), 7);
}
END_TEST

START_TEST(a_spread_is_of_the_sorted_values)
{
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
    const spread three = spread_of(odd, 3), four = spread_of(even, 4);

    ck_assert_double_eq(three.min, 1);
    ck_assert_double_eq(three.median, 2);
    ck_assert_double_eq(three.max, 3);
    ck_assert_double_eq(four.median, 2.5);
}
END_TEST

static Suite *suite(void)
{
    Suite *suite = suite_create("bench/targets");
    TCase *tests = tcase_create("targets");

    tcase_add_test(tests, a_target_is_held_on_the_right_side_of_its_bound);
    tcase_add_test(tests, what_was_not_measured_is_neither_held_nor_missed);
    tcase_add_test(tests, the_summary_counts_and_names_what_is_missed);
    tcase_add_test(tests, a_target_is_shown_with_its_figure_and_bound);
    tcase_add_test(tests, every_target_is_about_a_workload_and_a_figure_it_has);
    tcase_add_test(tests, a_figure_is_taken_from_its_place_in_the_finding);
    tcase_add_test(tests, a_spread_is_of_the_sorted_values);
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return harness_run(suite());
}
